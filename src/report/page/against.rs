//! Variants beside the reference they are compared with.

use super::document::{Block, Cell, Section, Table};
use crate::experiment::compare::{Comparison, Difference};
use crate::experiment::{Study, VariantOutcome};
use crate::report::beside::{Shown, faults, shown};
use crate::report::figure::difference;
use crate::stats::histogram::SMALL_SAMPLE;
use crate::stats::number::{duration, significant};

/// Differences to the reference, and what it helps that all meet the same faults.
pub(super) fn differences(study: &Study) -> Section {
    let mut section = Section::new("differences", "Differences to the reference");
    let Some(comparison) = &study.comparison else { return section };
    if comparison.rows.is_empty() {
        return section;
    }
    section.text(format!(
        "Each variant minus {}, replication by replication: {}.",
        comparison.reference,
        faults(study, comparison)
    ));
    for subject in study.outcome.subjects() {
        let mut shown = shown(study, subject);
        shown.retain(|s| differs(comparison, subject, &s.id));
        if shown.is_empty() {
            continue;
        }
        let others: Vec<&VariantOutcome> =
            study.outcome.variants.iter().filter(|v| v.name != comparison.reference).collect();
        let caption = format!("{subject}: difference to {}", comparison.reference);
        section.table(table(comparison, &others, subject, &shown, caption, difference_cell), "compare.csv");
        let caption =
            format!("{subject}: how many times as many replications it would take on faults of their own");
        let pairing = table(comparison, &others, subject, &shown, caption, pairing_cell);
        if pairing.rows.iter().any(|row| row.cells[1..].iter().any(|cell| cell.sort.is_some())) {
            let summary = format!("{subject}: what pairing helps");
            let blocks = pairing.block("compare.csv").into_iter().collect();
            section.blocks.push(Block::Details { summary, printed: true, blocks });
        }
    }
    section
}

/// Whether the figure is more than 0 somewhere.
fn differs(comparison: &Comparison, subject: &str, id: &str) -> bool {
    let nonzero = |x: Option<f64>| x.is_some_and(|x| x != 0.0);
    let mut rows = comparison.rows.iter().filter(|r| r.subject == subject && r.metric == id);
    rows.any(|r| nonzero(r.estimate) || nonzero(r.reference))
}

type MakeCell = fn(&mut Table, &Difference) -> Cell;

/// A row for each variant, a column for each figure.
fn table(
    comparison: &Comparison,
    variants: &[&VariantOutcome],
    subject: &str,
    shown: &[Shown],
    caption: String,
    cell: MakeCell,
) -> Table {
    // Times stand as durations, whatever unit a line of text would give them.
    let plain = |s: &Shown| s.title.trim_end_matches(", seconds").trim_end_matches(", minutes").to_owned();
    let titles: Vec<String> = shown.iter().map(|s| format!("{}#", plain(s))).collect();
    let columns: Vec<&str> = core::iter::once("Variant").chain(titles.iter().map(String::as_str)).collect();
    let mut table = Table::new(caption, &columns);
    for variant in variants {
        let rows = comparison.rows.iter().filter(|r| r.variant == variant.name && r.subject == subject);
        let rows: Vec<&Difference> = rows.collect();
        if rows.is_empty() {
            continue;
        }
        let mut cells = vec![Cell::text(&variant.name)];
        for shown in shown {
            let row = rows.iter().find(|r| r.metric == shown.id);
            cells.push(row.map_or_else(|| Cell::text("–"), |row| cell(&mut table, row)));
        }
        table.row(Some(&variant.name), cells);
    }
    table
}

fn difference_cell(table: &mut Table, row: &Difference) -> Cell {
    if row.difference.is_none() {
        let why = if row.note.is_empty() { "undefined in one of the two" } else { row.note.as_str() };
        return table.undefined(why);
    }
    let mark = row
        .is_rough()
        .then(|| table.note(&format!("fewer than {SMALL_SAMPLE} replications differ: read with care")));
    // Settled by chance or not: that is what the interval is for.
    let settled = row.low.zip(row.high).is_some_and(|(low, high)| low > 0.0 || high < 0.0);
    let tone = (!settled && row.low.is_some()).then_some("dim");
    Cell { mark, tone, ..Cell::number(amount(row), row.difference) }
}

/// A difference; of times as durations.
fn amount(row: &Difference) -> String {
    let Some(x) = row.difference.filter(|x| row.unit == "seconds" && *x != 0.0) else {
        return difference(row);
    };
    let sign = if x < 0.0 { "−" } else { "+" };
    let text = format!("{sign}{}", duration(x.abs()));
    match (row.low, row.high) {
        (Some(low), Some(high)) if high > low => format!("{text} ± {}", duration((high - low) / 2.0)),
        _ => text,
    }
}

fn pairing_cell(_: &mut Table, row: &Difference) -> Cell {
    match row.variance_reduction {
        Some(x) => Cell::number(format!("× {}", significant(x, 2)), Some(x)),
        None => Cell::text("–"),
    }
}
