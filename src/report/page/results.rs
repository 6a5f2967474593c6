//! What came out: the figures side by side, outages and losses by class, checks.

use super::document::{Cell, Section, Table};
use crate::experiment::{Metric, Outcome, Study, VariantOutcome, Verdict};
use crate::report::figure::{Figures, plain, with_interval};
use crate::sim::observe::Class;
use crate::stats::histogram::SMALL_SAMPLE;
use crate::stats::number::{duration, percent};

/// Columns of the table of figures: the words above, and the label.
const KEY_COLUMNS: [(&str, &str); 10] = [
    ("", "Price#"),
    ("Availability", "writes#"),
    ("Availability", "reads#"),
    ("Failing, minutes a year", "writes#"),
    ("Failing, minutes a year", "reads#"),
    ("RTO of writes", "median#"),
    ("RTO of writes", "worst#"),
    ("RPO at takeover", "median#"),
    ("RPO at takeover", "worst#"),
    ("", "Writes lost for ever, mean#"),
];

/// All variants side by side.
pub(super) fn key_figures(study: &Study) -> Section {
    let mut section = Section::new("figures", "Figures side by side");
    for subject in study.outcome.subjects() {
        let variants: Vec<&VariantOutcome> =
            study.outcome.variants.iter().filter(|v| v.subjects().contains(&subject)).collect();
        let is_block =
            variants.iter().any(|v| Figures { variant: v, subject }.get("availability.block").is_some());
        let table = if is_block { block_table(&variants, subject) } else { store_table(&variants, subject) };
        section.table(table, "summary.csv");
    }
    section
}

fn store_table(variants: &[&VariantOutcome], subject: &str) -> Table {
    let priced = variants.iter().any(|v| Figures { variant: v, subject }.get("price_factor").is_some());
    let shown = &KEY_COLUMNS[usize::from(!priced)..];
    let labels: Vec<&str> = core::iter::once("Variant").chain(shown.iter().map(|c| c.1)).collect();
    let mut table = Table::new(format!("{subject}: what each variant gives"), &labels);
    table.groups.push((String::new(), 1));
    for (group, _) in shown {
        match table.groups.last_mut() {
            Some((last, span)) if last == group => *span += 1,
            _ => table.groups.push((group.to_string(), 1)),
        }
    }
    for variant in variants {
        let f = Figures { variant, subject };
        let mut cells = vec![Cell::text(&variant.name)];
        if priced {
            cells.push(cell(&mut table, f.get("price_factor"), |_, x| format!("{} ×", plain(x))));
        }
        for kind in ["write", "read"] {
            cells.push(cell(&mut table, f.get(&format!("availability.{kind}")), |m, x| {
                if m.high.is_some_and(|h| h >= 1.0) && x == 1.0 { "100 %".into() } else { percent(x) }
            }));
        }
        for kind in ["write", "read"] {
            let m = f.get(&format!("failed_minutes_per_year.{kind}"));
            cells.push(cell(&mut table, m, |m, _| with_interval(m)));
        }
        for value in ["rto_seconds.write", "rpo_seconds"] {
            for stat in ["p50", "max"] {
                cells.push(cell(&mut table, f.get(&format!("{value}.{stat}")), |_, x| duration(x)));
            }
        }
        cells.push(cell(&mut table, f.get("writes_lost.mean"), |m, _| with_interval(m)));
        table.row(Some(&variant.name), cells);
    }
    table
}

fn block_table(variants: &[&VariantOutcome], subject: &str) -> Table {
    let columns = ["Variant", "Availability#", "Down, minutes a year#", "Outages a year#"];
    let rto = ["RTO median#", "RTO p99#", "RTO worst#"];
    let mut table =
        Table::new(format!("{subject}: what each variant gives"), &[&columns[..], &rto[..]].concat());
    for variant in variants {
        let f = Figures { variant, subject };
        let mut cells = vec![Cell::text(&variant.name)];
        cells.push(cell(&mut table, f.get("availability.block"), |_, x| percent(x)));
        for id in ["downtime_minutes_per_year.block", "outages_per_year.block"] {
            cells.push(cell(&mut table, f.get(id), |m, _| with_interval(m)));
        }
        for stat in ["p50", "p99", "max"] {
            cells.push(cell(&mut table, f.get(&format!("rto_seconds.block.{stat}")), |_, x| duration(x)));
        }
        table.row(Some(&variant.name), cells);
    }
    table
}

/// A figure as a cell: undefined is a dash whose footnote says why, and a small sample is flagged.
pub(super) fn cell(
    table: &mut Table,
    metric: Option<&Metric>,
    text: impl Fn(&Metric, f64) -> String,
) -> Cell {
    let Some(m) = metric else {
        return Cell { mark: Some(table.note("not a figure of this variant")), ..Cell::text("–") };
    };
    let Some(x) = m.estimate else {
        return table.undefined(&m.note);
    };
    let mark = m
        .note
        .starts_with("small sample")
        .then(|| table.note(&format!("fewer than {SMALL_SAMPLE} replications saw one: read with care")));
    Cell { mark, ..Cell::number(text(m, x), Some(x)) }
}

/// RTO and RPO by what broke.
pub(super) fn by_class(study: &Study) -> Section {
    let mut section = Section::new("classes", "Outages and losses by what broke");
    for (title, rate, value) in [
        ("RTO of write outages", "outages_per_year.write", "rto_seconds.write"),
        ("RTO of read outages", "outages_per_year.read", "rto_seconds.read"),
        ("RTO of outages", "outages_per_year.block", "rto_seconds.block"),
        ("RPO at takeover", "loss_events_per_year", "rpo_seconds"),
    ] {
        for subject in study.outcome.subjects() {
            let table = class_table(&study.outcome, subject, &format!("{subject}: {title}"), rate, value);
            section.table(table, "summary.csv");
        }
    }
    section
}

fn class_table(outcome: &Outcome, subject: &str, title: &str, rate: &str, value: &str) -> Table {
    let mut table = Table::new(
        title,
        &["Variant", "What broke", "per year#", "median#", "p90#", "p99#", "worst#", "seen in#"],
    );
    for variant in &outcome.variants {
        let f = Figures { variant, subject };
        for class in Class::ALL {
            let word = class.word();
            if !f.happened(&format!("{rate}.{word}")) {
                continue;
            }
            let mut cells = vec![Cell::text(&variant.name), Cell::text(word)];
            cells.push(cell(&mut table, f.get(&format!("{rate}.{word}")), |m, _| with_interval(m)));
            for stat in ["p50", "p90", "p99", "max"] {
                let m = f.get(&format!("{value}.{word}.{stat}"));
                cells.push(cell(&mut table, m, |_, x| duration(x)));
            }
            let n = f.get(&format!("{value}.{word}.p50")).map_or(0, |m| m.n);
            cells.push(Cell::number(crate::stats::number::thousands(n), Some(n as f64)));
            table.row(Some(&variant.name), cells);
        }
    }
    table
}

/// What the scenario expects of its own results, and what became of it.
pub(super) fn checks(study: &Study) -> Section {
    let mut section = Section::new("checks", "Checks of the scenario");
    let mut table = Table::new(
        "What the scenario expects of its own results, [[expect]]",
        &["Variant", "Figure", "Expected", "Is#", "Verdict", "Rules"],
    );
    for p in &study.promises {
        let (word, tone) = match p.verdict {
            Verdict::Met => ("met", "good"),
            Verdict::Broken => ("not met", "bad"),
            Verdict::Undefined => ("undefined: nothing of the kind happened", "dim"),
            Verdict::Unknown { .. } => ("no such figure", "bad"),
        };
        let is = match p.estimate {
            Some(x) => Cell::number(plain(x), Some(x)),
            None => Cell::text("–"),
        };
        table.row(
            Some(&p.variant),
            vec![
                Cell::text(&p.variant),
                Cell::text(&p.metric),
                Cell::text(p.comparison.to_string()),
                is,
                Cell { tone: Some(tone), ..Cell::text(word) },
                Cell::text(p.rules.join(", ")),
            ],
        );
    }
    section.table(table, "the scenario");
    section
}
