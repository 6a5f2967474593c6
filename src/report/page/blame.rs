//! Who and what is to blame, and what would help most.

use super::document::{Cell, Section, Table};
use crate::experiment::attribution::AttributionRow;
use crate::experiment::{Study, WhatIf};
use crate::report::figure::difference;
use crate::stats::number::{decimals_of, fixed, significant};

/// Most rows of a subject and kind in a variant; the file has all.
const MOST: usize = 8;

/// What would change without one fault rule, or with one phase that takes no time.
pub(super) fn what_would_help(study: &Study) -> Section {
    let mut section = Section::new("helps", "What would help most");
    let columns = ["Variant", "Of", "Without", "Time down, minutes a year#", "Writes lost for ever#"];
    let mut table = Table::new("Change of time down and of lost writes, on the same faults", &columns);
    for w in &study.what_if {
        let WhatIf { variant, subject, kind, without, down, writes_lost } = w;
        let (sort, name) = without.words();
        let of = if *kind == "block" { subject.clone() } else { format!("{subject}, {kind}s") };
        let lost = writes_lost.as_ref();
        table.row(
            Some(variant),
            vec![
                Cell::text(variant),
                Cell::text(of),
                Cell::text(format!("{sort} {name}")),
                Cell::number(difference(down), down.difference),
                Cell::number(lost.map_or_else(|| "–".into(), difference), lost.and_then(|l| l.difference)),
            ],
        );
    }
    if !table.rows.is_empty() {
        section.text(
            "The variant run again, on the same faults, without one fault rule or with one phase that takes no time. \
             Below 0 is better; what helps most comes first.",
        );
    }
    section.table(table, "what-if.csv");
    section
}

/// Time down by cause, phase and party.
pub(super) fn attribution(study: &Study) -> Section {
    let mut section = Section::new("attribution", "Who and what is to blame");
    let columns = [
        "Variant",
        "Of",
        "Cause",
        "Waited for",
        "Answers for it",
        "Time down, minutes a year#",
        "Share#",
        "Writes lost or missing#",
    ];
    let mut table = Table::new("Time down and lost writes by cause, phase and party", &columns);
    let mut left = false;
    for variant in &study.outcome.variants {
        let same = |a: &AttributionRow, b: &AttributionRow| a.subject == b.subject && a.kind == b.kind;
        for group in variant.attribution.chunk_by(same) {
            let mut rows: Vec<&AttributionRow> = group.iter().collect();
            let key =
                |row: &AttributionRow| (row.minutes_per_year.unwrap_or(0.0), row.writes_lost.unwrap_or(0.0));
            rows.sort_by(|a, b| {
                let (a, b) = (key(a), key(b));
                b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1))
            });
            left |= rows.len() > MOST;
            for row in rows.into_iter().take(MOST) {
                table.row(Some(&variant.name), cells(&variant.name, row));
            }
        }
    }
    if left {
        table.note(&format!("The {MOST} largest of each variant and kind; attribution.csv has all."));
    }
    section.table(table, "attribution.csv");
    section
}

fn cells(variant: &str, row: &AttributionRow) -> Vec<Cell> {
    let of =
        if row.kind == "block" { row.subject.clone() } else { format!("{}, {}s", row.subject, row.kind) };
    let minutes = match (row.minutes_per_year, row.interval) {
        (None, _) => "–".into(),
        (Some(x), Some([low, high])) if high > low => {
            let decimals = decimals_of((high - low) / 2.0);
            format!("{} ({} to {})", fixed(x, decimals), fixed(low, decimals), fixed(high, decimals))
        }
        (Some(x), _) => significant(x, 3),
    };
    let share = row.share.map_or_else(|| "–".into(), |x| format!("{} %", fixed(x * 100.0, 1)));
    let lost = row.writes_lost.map_or_else(|| "–".into(), |x| significant(x, 3));
    vec![
        Cell::text(variant),
        Cell::text(of),
        Cell::text(&row.cause),
        Cell::text(row.phase),
        Cell::text(row.party),
        Cell::number(minutes, row.minutes_per_year),
        Cell::number(share, row.share),
        Cell::number(lost, row.writes_lost),
    ]
}
