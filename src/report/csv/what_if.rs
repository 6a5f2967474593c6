//! `what-if.csv`.

use super::{number, text, whole_file};
use crate::experiment::WhatIf;

/// Columns of `what-if.csv`.
pub const WHAT_IF: [&str; 12] = [
    "variant",
    "subject",
    "kind",
    "without",
    "name",
    "down_minutes_per_year_change",
    "low",
    "high",
    "writes_lost_change",
    "writes_lost_low",
    "writes_lost_high",
    "n",
];

/// `what-if.csv`: one row per variant, subject, kind of request and thing left out, what helps most first.
pub fn what_if_csv(list: &[WhatIf]) -> Vec<u8> {
    let rows = list.iter().map(|w| {
        let (without, name) = w.without.words();
        let lost = w.writes_lost.as_ref();
        vec![
            text(&w.variant),
            text(&w.subject),
            w.kind.into(),
            without.into(),
            text(name),
            number(w.down.difference),
            number(w.down.low),
            number(w.down.high),
            number(lost.and_then(|d| d.difference)),
            number(lost.and_then(|d| d.low)),
            number(lost.and_then(|d| d.high)),
            w.down.n.to_string(),
        ]
    });
    whole_file(&WHAT_IF, rows)
}
