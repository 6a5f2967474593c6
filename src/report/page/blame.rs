//! Who and what is to blame, and what would help most.

use super::document::{Cell, Section, Table, about};
use crate::experiment::attribution::AttributionRow;
use crate::experiment::{Study, WhatIf};
use crate::report::figure::difference;
use crate::stats::number::{counted, decimals_of, fixed, significant, thousands};

/// Most rows of a subject and kind in a variant, apart from those with lost writes; the file has all.
const MOST: usize = 8;

/// What would change without one fault rule, or with one phase that takes no time.
pub(super) fn what_would_help(study: &Study) -> Section {
    let mut section = Section::new("helps", "What would help most");
    let columns = [
        "Variant",
        "Of",
        "Without",
        "Minutes down a year, as it is#",
        "Change#",
        "Writes lost for ever, as it is#",
        "Change#",
    ];
    let mut table = Table::new("Change of time down and of lost writes, on the same faults", &columns);
    let mut never: Vec<String> = Vec::new();
    let of = |w: &WhatIf| about(&w.subject, w.kind);
    for group in WhatIf::groups(&study.what_if) {
        if group.iter().all(WhatIf::changes_nothing) {
            never.push(format!("{}: {}", group[0].variant, of(&group[0])));
        }
        for w in group.iter().filter(|w| !w.changes_nothing()) {
            let (sort, name) = w.without.words();
            let mut cells =
                vec![Cell::text(&w.variant), Cell::text(of(w)), Cell::text(format!("{sort} {name}"))];
            for d in [Some(&w.down), w.writes_lost.as_ref()] {
                let as_it_is = d.and_then(|d| d.reference);
                cells
                    .push(Cell::number(as_it_is.map_or_else(|| "–".into(), |x| significant(x, 3)), as_it_is));
                cells.push(Cell::number(
                    d.map_or_else(|| "–".into(), difference),
                    d.and_then(|d| d.difference),
                ));
            }
            table.row(Some(&w.variant), cells);
        }
    }
    if let Some(first) = study.what_if.first() {
        let (n, all) = (first.down.n, study.outcome.replications);
        let part = if n < all {
            format!("on the first {} of {} and", thousands(n), counted(all, "replication"))
        } else {
            "on".into()
        };
        section.text(format!(
            "The variant run again, {part} the same faults, without one fault rule or with one phase that takes no \
             time. Below 0 is better; what helps most comes first, and what changes nothing is left out."
        ));
    }
    section.table(table, "what-if.csv");
    if !never.is_empty() {
        section.text(format!("Nothing that was left out changes anything for {}.", never.join("; ")));
    }
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
            let mut at = 0;
            let (shown, others): (Vec<&AttributionRow>, Vec<&AttributionRow>) =
                rows.iter().partition(|row| {
                    at += 1;
                    at <= MOST || row.writes_lost.is_some_and(|x| x > 0.0)
                });
            // A single one takes no more room by its own name.
            let shown = if others.len() == 1 { &rows } else { &shown };
            for row in shown {
                table.row(Some(&variant.name), cells(&variant.name, row));
            }
            if others.len() > 1 {
                left = true;
                table.row(Some(&variant.name), cells_of_others(&variant.name, &others));
            }
        }
    }
    if left {
        table.mark = Some(table.note(&format!(
            "The {MOST} largest of each variant and kind, and all with lost writes; the rest is summed up. \
             attribution.csv has all."
        )));
    }
    section.table(table, "attribution.csv");
    section
}

/// The sums of several rows.
fn cells_of_others(variant: &str, rows: &[&AttributionRow]) -> Vec<Cell> {
    let sum = |value: fn(&AttributionRow) -> Option<f64>| {
        rows.iter().filter_map(|row| value(row)).reduce(|a, b| a + b)
    };
    let row = AttributionRow {
        cause: counted(rows.len() as u64, "other"),
        phase: "–",
        party: "–",
        minutes_per_year: sum(|row| row.minutes_per_year),
        interval: None,
        share: sum(|row| row.share),
        writes_lost: sum(|row| row.writes_lost),
        ..rows[0].clone()
    };
    cells(variant, &row)
}

fn cells(variant: &str, row: &AttributionRow) -> Vec<Cell> {
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
        Cell::text(about(&row.subject, row.kind)),
        Cell::text(&row.cause),
        Cell::text(row.phase),
        Cell::text(row.party),
        Cell::number(minutes, row.minutes_per_year),
        Cell::number(share, row.share),
        Cell::number(lost, row.writes_lost),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{About, fixture};
    use crate::report::page::document::Block;

    #[test]
    fn rows_with_losses_stay_and_the_rest_is_summed_up() {
        let mut outcome = fixture::outcome(40);
        outcome.variants.truncate(1);
        let row = |i: u32| AttributionRow {
            subject: "orders".into(),
            kind: "write",
            cause: format!("cause-{i}"),
            phase: "detect",
            party: "provider",
            minutes_per_year: Some(f64::from(20 - i)),
            interval: None,
            share: Some(0.05),
            failed_requests: None,
            failed_minutes_per_year: None,
            failed_share: None,
            writes_lost: Some(if i == 12 { 7.0 } else { 0.0 }),
        };
        outcome.variants[0].attribution = (0..13).map(row).collect();
        let about = About::default();
        let study =
            Study { about, outcome, promises: vec![], comparison: None, what_if: vec![], timelines: vec![] };
        let section = attribution(&study);
        let Some(Block::Table(table)) = section.blocks.first() else { panic!("no table") };
        assert_eq!(table.rows.len(), MOST + 2);
        assert_eq!(table.rows[MOST].cells[2].text, "cause-12");
        assert_eq!(table.rows[MOST + 1].cells[2].text, "4 others");
        for (column, total) in [(5, 182.0), (6, 0.65), (7, 7.0)] {
            let sum: f64 = table.rows.iter().filter_map(|r| r.cells[column].sort).sum();
            assert!((sum - total).abs() < 1e-9, "{column}: {sum}");
        }
        assert_eq!((table.mark, table.notes.len()), (Some(1), 1));
    }
}
