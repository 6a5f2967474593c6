//! Numbers for people: digits by the uncertainty, separators, durations.

use crate::units::Duration;

/// A whole number with a thin grouping: `12 345 678`.
pub fn thousands(x: u64) -> String {
    let digits = x.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// A count with its noun, in the plural if need be: `1 replication`, `2 000 replications`.
pub fn counted(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", thousands(n), if n == 1 { "" } else { "s" })
}

/// Words as a list: `A`, `A and B`, `A, B and C`.
pub fn list(words: &[impl AsRef<str>]) -> String {
    match words.split_last() {
        None => String::new(),
        Some((only, [])) => only.as_ref().into(),
        Some((last, rest)) => {
            let rest: Vec<&str> = rest.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", rest.join(", "), last.as_ref())
        }
    }
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

/// A number to two significant digits of a half width, also where that is in the thousands: `12 300` for 12 345 ± 3 210.
pub fn rounded(x: f64, half: f64) -> String {
    let grain = libm::pow(10.0, libm::floor(libm::log10(half)) - 1.0);
    let x = if grain > 10.0 { libm::round(x / grain) * grain } else { x };
    fixed(x, decimals_of(half))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(thousands(1_234_567), "1 234 567");
        assert_eq!(thousands(999), "999");
        assert_eq!(counted(1, "replication"), "1 replication");
        assert_eq!(counted(2_000, "event"), "2 000 events");
        let lists: [&[&str]; 4] = [&[], &["a"], &["a", "b"], &["a", "b", "c"]];
        assert_eq!(lists.map(list), ["", "a", "a and b", "a, b and c"]);
        assert_eq!(significant(1234.5678, 3), "1 235");
        assert_eq!(significant(0.012_345, 3), "0.0123");
        assert_eq!(significant(0.0, 3), "0");
        assert_eq!(significant(1.5e-9, 2), "1.5e-9");
        assert_eq!(fixed(-1234.5, 1), "-1 234.5");
        assert_eq!(estimate(46.237, Some(43.1), Some(49.3)), "46.2");
        assert_eq!(estimate(46.237, None, None), "46.2");
        assert_eq!(rounded(12_345.0, 3_210.0), "12 300");
        assert_eq!(rounded(404.0, 396.0), "404");
        assert_eq!(rounded(1.234, 0.21), "1.23");
        assert_eq!(duration(5400.0), "1h 30m");
    }

    #[test]
    fn percentages_show_what_is_missing() {
        assert_eq!(percent(0.999_95), "99.9950 %");
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(0.5), "50.0 %");
        assert_eq!(percent_bound(0.000_299_5), "0.030 %");
    }
}
