//! `compare.csv`.

use super::{number, text, whole_file};
use crate::experiment::compare::Comparison;

/// Columns of `compare.csv`.
pub const COMPARE: [&str; 14] = [
    "variant",
    "reference",
    "subject",
    "metric",
    "unit",
    "estimate",
    "reference_estimate",
    "difference",
    "low",
    "high",
    "variance_reduction",
    "n",
    "differ",
    "note",
];

/// `compare.csv`: one row per variant but the reference, subject and figure.
pub fn compare_csv(comparison: &Comparison) -> Vec<u8> {
    let rows = comparison.rows.iter().map(|d| {
        vec![
            text(&d.variant),
            text(&comparison.reference),
            text(&d.subject),
            text(&d.metric),
            d.unit.into(),
            number(d.estimate),
            number(d.reference),
            number(d.difference),
            number(d.low),
            number(d.high),
            number(d.variance_reduction),
            d.n.to_string(),
            d.differ.map_or_else(String::new, |differ| differ.to_string()),
            text(&d.note),
        ]
    });
    whole_file(&COMPARE, rows)
}
