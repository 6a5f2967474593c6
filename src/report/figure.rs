//! Figures as people read them, the same words on the terminal and on the page.

use crate::experiment::compare::Difference;
use crate::experiment::{Metric, VariantOutcome};
use crate::stats::number::{decimals_of, estimate, fixed, significant};

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

/// Stores and blocks that have figures, in order.
pub(crate) fn subjects(variant: &VariantOutcome) -> Vec<&str> {
    let mut subjects: Vec<&str> = Vec::new();
    for m in variant.metrics.iter().filter(|m| !m.subject.is_empty()) {
        if !subjects.contains(&m.subject.as_str()) {
            subjects.push(&m.subject);
        }
    }
    subjects
}

/// As written in a comparison: the shortest form, cut to six digits if it is longer.
pub(crate) fn plain(x: f64) -> String {
    let short = format!("{x}");
    if short.len() <= 9 { short } else { significant(x, 6) }
}

/// `46.2 ± 3.1`, or the bound when nothing was seen.
pub(crate) fn with_interval(m: &Metric) -> String {
    let Some(x) = m.estimate else {
        return "–".into();
    };
    match (m.low, m.high) {
        (_, Some(high)) if x == 0.0 && high > 0.0 => format!("0 (< {})", significant(high, 2)),
        // Cut off at zero: a symmetric ± would promise less than nothing.
        (Some(low), Some(high)) if low == 0.0 && high > 0.0 => {
            let decimals = decimals_of(high - x);
            format!("{} (0 to {})", fixed(x, decimals), fixed(high, decimals))
        }
        (Some(low), Some(high)) if high > low => {
            let half = (high - x).max(x - low);
            let decimals = decimals_of(half);
            format!("{} ± {}", fixed(x, decimals), fixed(half, decimals))
        }
        (low, high) => estimate(x, low, high),
    }
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
    match (row.low, row.high, row.differ) {
        (_, _, Some(0)) => "never different".into(),
        (Some(low), Some(high), _) if high > low => {
            let half = (high - low) / 2.0;
            let decimals = decimals_of(half);
            format!("{sign}{} ± {}", fixed(x.abs(), decimals), fixed(half, decimals))
        }
        // Known without sampling.
        (_, _, None) => format!("{sign}{}", plain(x.abs())),
        _ => format!("{sign}{}", significant(x.abs(), 3)),
    }
}
