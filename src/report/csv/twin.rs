//! `twin.csv`.

use super::{number, text, whole_file};
use crate::experiment::Outcome;

/// Columns of `twin.csv`.
pub const TWIN: [&str; 13] = [
    "variant",
    "subject",
    "kind",
    "spreadsheet_minutes_per_year",
    "simulated_minutes_per_year",
    "low",
    "high",
    "difference",
    "common_cause",
    "failover",
    "restore",
    "overload",
    "note",
];

/// `twin.csv`: one row per variant, subject and kind of request.
pub fn twin_csv(outcome: &Outcome) -> Vec<u8> {
    let rows = outcome.variants.iter().flat_map(|variant| {
        variant.twin.iter().map(|row| {
            vec![
                text(&variant.name),
                text(&row.subject),
                row.kind.into(),
                number(row.spreadsheet),
                number(row.simulated),
                number(row.interval[0]),
                number(row.interval[1]),
                number(row.difference),
                number(row.common_cause),
                number(row.failover),
                number(row.restore),
                number(row.overload),
                text(&row.note),
            ]
        })
    });
    whole_file(&TWIN, rows)
}
