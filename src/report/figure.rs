//! Figures as people read them, the same words on the terminal and on the page.

use crate::experiment::compare::Difference;
use crate::experiment::{Metric, VariantOutcome};
use crate::stats::number::{estimate, rounded, significant};

/// The figures of one subject, by id.
#[derive(Clone, Copy)]
pub(crate) struct Figures<'a> {
    pub(crate) variant: &'a VariantOutcome,
    pub(crate) subject: &'a str,
}

impl<'a> Figures<'a> {
    pub(crate) fn get(&self, id: &str) -> Option<&'a Metric> {
        self.variant.metrics.iter().find(|m| m.subject == self.subject && m.id == id)
    }

    pub(crate) fn estimate(&self, id: &str) -> Option<f64> {
        self.get(id)?.estimate
    }

    /// Whether the figure exists and something of the kind happened.
    pub(crate) fn happened(&self, id: &str) -> bool {
        self.estimate(id).is_some_and(|x| x > 0.0)
    }
}

/// As written in a comparison: the shortest form, cut to six digits if it is longer.
pub(crate) fn plain(x: f64) -> String {
    let short = format!("{x}");
    if short.len() <= 9 { short } else { significant(x, 6) }
}

/// `46.2 ± 3.1`, or the bound when nothing was seen; probabilities and shares in percent.
pub(crate) fn with_interval(m: &Metric) -> String {
    let Some(x) = m.estimate else {
        return "–".into();
    };
    let (times, unit) = if is_share(m.unit) { (100.0, " %") } else { (1.0, "") };
    let (x, low, high) = (x * times, m.low.map(|x| x * times), m.high.map(|x| x * times));
    match (low, high) {
        (_, Some(high)) if x == 0.0 && high > 0.0 => format!("0{unit} (< {}{unit})", significant(high, 2)),
        (Some(low), Some(high)) if high > low => {
            let (below, above) = (x - low, high - x);
            let half = above.max(below);
            // One half for both would promise too much, or even less than nothing.
            if low == 0.0 || (above - below).abs() > half / LOPSIDED {
                let low = if low == 0.0 { "0".into() } else { rounded(low, half) };
                return format!("{}{unit} ({low} to {})", rounded(x, half), rounded(high, half));
            }
            format!("{} ± {}{unit}", rounded(x, half), rounded(half, half))
        }
        (low, high) => format!("{}{unit}", estimate(x, low, high)),
    }
}

/// Halves of an interval that differ by more than this part of the larger are told apart.
const LOPSIDED: f64 = 5.0;

/// Whether a figure of this unit is told in percent.
fn is_share(unit: &str) -> bool {
    matches!(unit, "probability" | "fraction")
}

/// A difference to the reference: `−16.4 ± 1.9`.
pub(crate) fn difference(row: &Difference) -> String {
    let Some(x) = row.difference else {
        return "–".into();
    };
    let sign = match x {
        x if x < 0.0 => "−",
        x if x > 0.0 => "+",
        _ => "",
    };
    // Percentages differ by points.
    let (times, unit) = if is_share(row.unit) { (100.0, " points") } else { (1.0, "") };
    let x = x.abs() * times;
    match (row.low, row.high, row.differ) {
        (_, _, Some(0)) => "never different".into(),
        (Some(low), Some(high), _) if high > low => {
            let half = (high - low) / 2.0 * times;
            format!("{sign}{} ± {}{unit}", rounded(x, half), rounded(half, half))
        }
        // Known without sampling.
        (_, _, None) => format!("{sign}{}{unit}", plain(x)),
        _ => format!("{sign}{}{unit}", significant(x, 3)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(unit: &'static str, x: f64, low: f64, high: f64) -> String {
        with_interval(&Metric {
            subject: "s".into(),
            id: "m".into(),
            unit,
            estimate: Some(x),
            low: Some(low),
            high: Some(high),
            n: 100,
            note: String::new(),
        })
    }

    #[test]
    fn intervals_promise_no_more_than_they_hold() {
        assert_eq!(told("minutes/year", 46.24, 43.1, 49.4), "46.2 ± 3.2");
        assert_eq!(told("writes", 12_345.0, 9_135.0, 15_555.0), "12 300 ± 3 200");
        assert_eq!(told("writes", 10.0, 0.0, 21.0), "10 (0 to 21)");
        assert_eq!(told("writes", 0.0, 0.0, 5.0), "0 (< 5.0)");
        assert_eq!(told("probability", 0.010, 0.003, 0.036), "1.0 % (0.3 to 3.6)");
        assert_eq!(told("probability", 1.0, 0.9981, 1.0), "100.00 % (99.81 to 100.00)");
        assert_eq!(told("probability", 0.5, 0.45, 0.55), "50.0 ± 5.0 %");
    }
}
