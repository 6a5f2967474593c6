//! `months.csv`: availability by calendar month.

use super::{number, text, whole_file};
use crate::experiment::{Estimate, MonthRow, Outcome};

/// Columns of `months.csv`.
pub const MONTHS: [&str; 23] = [
    "variant",
    "subject",
    "series",
    "month",
    "objective",
    "availability",
    "availability_low",
    "availability_high",
    "availability_min",
    "availability_p50",
    "availability_p10",
    "availability_p1",
    "availability_requests",
    "availability_requests_low",
    "availability_requests_high",
    "availability_experienced",
    "availability_experienced_low",
    "availability_experienced_high",
    "missed",
    "missed_low",
    "missed_high",
    "n",
    "note",
];

/// `months.csv`: one row per variant, subject, series, month and objective on it (one without if there is none), then
/// one for all months together.
pub fn months_csv(outcome: &Outcome) -> Vec<u8> {
    let rows = outcome.variants.iter().flat_map(|variant| {
        variant.months.iter().flat_map(|row| {
            let objectives: Vec<Option<&(String, Estimate)>> =
                if row.missed.is_empty() { vec![None] } else { row.missed.iter().map(Some).collect() };
            objectives.into_iter().map(|missed| fields(&variant.name, row, missed)).collect::<Vec<_>>()
        })
    });
    whole_file(&MONTHS, rows)
}

/// An estimate with its interval, as three fields.
pub(super) fn three(e: Option<&Estimate>) -> [String; 3] {
    e.map_or_else(Default::default, |e| [e.estimate, e.low, e.high].map(number))
}

fn fields(variant: &str, row: &MonthRow, missed: Option<&(String, Estimate)>) -> Vec<String> {
    let mut fields = vec![
        text(variant),
        text(&row.subject),
        row.series.into(),
        row.month.map_or_else(|| "all".into(), |m| m.to_string()),
        missed.map_or_else(String::new, |(name, _)| text(name)),
    ];
    fields.extend(three(Some(&row.availability)));
    fields.push(number(row.least));
    let quantile = |i: usize| number(row.quantiles.as_ref().and_then(|q| q[i].estimate));
    fields.extend([0, 1, 2].map(quantile));
    fields.extend(three(Some(&row.by_requests)));
    fields.extend(three(Some(&row.experienced)));
    fields.extend(three(missed.map(|(_, e)| e)));
    fields.push(row.availability.n.to_string());
    fields.push(text(&row.availability.note));
    fields
}
