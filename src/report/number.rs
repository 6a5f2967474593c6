//! Numbers for people: digits by the uncertainty, separators, durations.

use crate::units::Duration;

/// A whole number with a thin grouping: `12 345 678`.
pub fn thousands(x: u64) -> String {
    let digits = x.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// A number with `significant` digits, without exponent between 1e-6 and 1e15, thousands grouped.
pub fn significant(x: f64, significant: i32) -> String {
    if x == 0.0 {
        return "0".into();
    }
    let magnitude = libm::floor(libm::log10(x.abs())) as i32;
    if !(-6..15).contains(&magnitude) {
        return format!("{:.*e}", (significant - 1).max(0) as usize, x);
    }
    fixed(x, (significant - 1 - magnitude).clamp(0, 18) as usize)
}

/// A number with `decimals` digits after the point, thousands grouped.
pub fn fixed(x: f64, decimals: usize) -> String {
    let text = format!("{x:.decimals$}");
    let (sign, rest) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let whole = whole.parse::<u64>().map_or_else(|_| whole.to_string(), thousands);
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// An estimate with as many digits as its interval supports (two digits of the half width), three without one.
pub fn estimate(x: f64, low: Option<f64>, high: Option<f64>) -> String {
    match (low, high) {
        (Some(low), Some(high)) if high > low => fixed(x, decimals_of((high - low) / 2.0)),
        _ => significant(x, 3),
    }
}

/// Decimals that show two significant digits of a half width.
pub fn decimals_of(half: f64) -> usize {
    (1 - libm::floor(libm::log10(half)) as i32).clamp(0, 12) as usize
}

/// A share as a percentage with enough digits to tell it from 100 %: two significant digits of what is missing.
pub fn percent(share: f64) -> String {
    let missing = (1.0 - share) * 100.0;
    if missing <= 0.0 {
        return "100 %".into();
    }
    let decimals = (1 - libm::floor(libm::log10(missing)) as i32).clamp(1, 12) as usize;
    format!("{:.decimals$} %", share * 100.0)
}

/// A small share as a percentage with two significant digits.
pub fn percent_bound(share: f64) -> String {
    format!("{} %", significant(share * 100.0, 2))
}

/// Seconds as a duration of at most two units; `0s` for zero.
pub fn duration(seconds: f64) -> String {
    Duration::from_secs_f64(seconds).to_string()
}
