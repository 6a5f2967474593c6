//! What came out: the verdict, the figures side by side, outages and losses by class, promises.

use super::document::{Block, Cell, Section, Sentence, Table};
use crate::experiment::{ExpectResult, Metric, Outcome, Study, VariantOutcome, Verdict};
use crate::report::figure::{Figures, plain, subjects, with_interval};
use crate::sim::observe::Class;
use crate::stats::histogram::SMALL_SAMPLE;
use crate::stats::number::{counted, duration, fixed, percent, significant};

/// Most variants that get a sentence; the tables have all.
const MOST_VERDICTS: usize = 12;

/// The statements the whole page is about.
pub(super) fn verdict(study: &Study) -> Section {
    let mut section = Section::new("verdict", "Verdict");
    let outcome = &study.outcome;
    let mut sentences = Vec::new();
    let compared = study.comparison.iter().flat_map(|c| &c.verdicts).take(MOST_VERDICTS);
    sentences.extend(compared.map(|v| Sentence::new(Some(&v.variant), &v.text)));
    let compared = !sentences.is_empty();
    for subject in every_subject(outcome) {
        match outcome.variants.as_slice() {
            [only] => sentences.extend(alone(Figures { variant: only, subject })),
            _ if compared => {}
            several => sentences.extend(side_by_side(several, subject)),
        }
    }
    if let Some(text) = kept(&study.promises) {
        sentences.push(Sentence::new(None, &text));
    }
    if !sentences.is_empty() {
        section.blocks.push(Block::Verdict { sentences });
    }
    section
}

/// Stores and blocks of all variants, in order of first appearance.
pub(super) fn every_subject(outcome: &Outcome) -> Vec<&str> {
    let mut all: Vec<&str> = Vec::new();
    for subject in outcome.variants.iter().flat_map(subjects) {
        if !all.contains(&subject) {
            all.push(subject);
        }
    }
    all
}

/// Id of the minutes of a year in which a kind of request fails, and words for it.
const KINDS: [(&str, &str, &str); 3] = [
    ("write", "failed_minutes_per_year.write", "writes fail"),
    ("read", "failed_minutes_per_year.read", "reads fail"),
    ("block", "downtime_minutes_per_year.block", "it is down"),
];

/// What is to be said of one variant.
fn alone(f: Figures) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    let mut say = |text: String| sentences.push(Sentence::new(None, &text));
    for (kind, id, fails) in KINDS {
        let Some(m) = f.get(id).filter(|m| m.estimate.is_some()) else { continue };
        let subject = f.subject;
        if m.estimate == Some(0.0) {
            say(match m.high {
                Some(most) if most > 0.0 => format!(
                    "{subject}: never seen that {fails}; at most {} minutes a year (95 %).",
                    significant(most, 2)
                ),
                _ => format!("{subject}: never seen that {fails}."),
            });
            continue;
        }
        let mut text = format!("{subject}: {fails} for {} minutes a year", with_interval(m));
        let time = |q: &str| f.estimate(&format!("rto_seconds.{kind}.{q}")).map(duration);
        if let (Some(median), Some(long), Some(rate)) =
            (time("p50"), time("p99"), f.get(&format!("outages_per_year.{kind}")))
        {
            text.push_str(&format!(
                "; {} outages a year, half of them over within {median}, one in a hundred longer than {long}",
                with_interval(rate)
            ));
        }
        say(text + ".");
    }
    if let Some(text) = loss(f) {
        say(text);
    }
    sentences
}

/// What is to be said of lost writes.
fn loss(f: Figures) -> Option<String> {
    let chance = f.get("probability_loss")?;
    let share = |x: f64| format!("{} %", significant(x * 100.0, 2));
    Some(match (chance.estimate?, chance.low, chance.high) {
        (0.0, _, Some(high)) => format!(
            "{}: no write is lost for ever in {}; at most {} of them lose any (95 %).",
            f.subject,
            counted(chance.n, "replication"),
            share(high)
        ),
        (x, Some(low), Some(high)) => format!(
            "{}: writes are lost for ever in {} of replications (95 %: {} to {}).",
            f.subject,
            share(x),
            share(low),
            share(high)
        ),
        (x, _, _) => format!("{}: writes are lost for ever in {} of replications.", f.subject, share(x)),
    })
}

/// The best and the worst variant by each kind.
fn side_by_side(variants: &[VariantOutcome], subject: &str) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    for (_, id, fails) in KINDS {
        let mut figures: Vec<(f64, &VariantOutcome, &Metric)> = variants
            .iter()
            .filter_map(|variant| Some((variant, Figures { variant, subject }.get(id)?)))
            .filter_map(|(variant, m)| Some((m.estimate?, variant, m)))
            .collect();
        figures.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (Some(best), Some(worst)) = (figures.first(), figures.last()) else { continue };
        let first: Vec<&str> =
            figures.iter().take_while(|f| f.0 == best.0).map(|f| f.1.name.as_str()).collect();
        let amount = with_interval(best.2);
        let text = if best.0 == worst.0 {
            format!("{subject}: {fails} equally long in all variants: {amount} minutes a year.")
        } else {
            format!(
                "{subject}: {fails} least in {} ({amount} minutes a year) and most in {} ({}).",
                listed(&first),
                worst.1.name,
                with_interval(worst.2)
            )
        };
        sentences.push(Sentence::new(None, &text));
    }
    sentences
}

/// `A`, `A and B`, `A, B and C`.
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => one.to_string(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// How many promises are kept.
fn kept(promises: &[ExpectResult]) -> Option<String> {
    let met = promises.iter().filter(|p| p.verdict == Verdict::Met).count();
    match promises.len() {
        0 => None,
        n if n == met => Some(format!("All {n} promises of the scenario are kept.")),
        n => Some(format!("{met} of {n} promises of the scenario are kept.")),
    }
}

/// Columns of the table of figures: the words above, the label, and the figure.
const KEY_COLUMNS: [(&str, &str); 13] = [
    ("Availability", "writes#"),
    ("Availability", "reads#"),
    ("Failing, minutes a year", "writes#"),
    ("Failing, minutes a year", "reads#"),
    ("RTO of write outages", "median#"),
    ("RTO of write outages", "p99#"),
    ("RTO of write outages", "worst#"),
    ("RPO at takeover", "median#"),
    ("RPO at takeover", "p99#"),
    ("RPO at takeover", "worst#"),
    ("Writes lost for ever", "mean#"),
    ("Writes lost for ever", "worst#"),
    ("Price", "factor#"),
];

/// All variants side by side.
pub(super) fn key_figures(study: &Study) -> Section {
    let mut section = Section::new("figures", "Figures side by side");
    for subject in every_subject(&study.outcome) {
        let variants: Vec<&VariantOutcome> =
            study.outcome.variants.iter().filter(|v| subjects(v).contains(&subject)).collect();
        let is_block =
            variants.iter().any(|v| Figures { variant: v, subject }.get("availability.block").is_some());
        let table = if is_block { block_table(&variants, subject) } else { store_table(&variants, subject) };
        section.table(table, "summary.csv");
    }
    section
}

fn store_table(variants: &[&VariantOutcome], subject: &str) -> Table {
    let priced = variants.iter().any(|v| Figures { variant: v, subject }.get("price_factor").is_some());
    let shown = KEY_COLUMNS.len() - usize::from(!priced);
    let labels: Vec<&str> =
        core::iter::once("Variant").chain(KEY_COLUMNS[..shown].iter().map(|c| c.1)).collect();
    let mut table = Table::new(format!("{subject}: what each variant gives"), &labels);
    table.groups.push((String::new(), 1));
    for (group, _) in &KEY_COLUMNS[..shown] {
        match table.groups.last_mut() {
            Some((last, span)) if last == group => *span += 1,
            _ => table.groups.push((group.to_string(), 1)),
        }
    }
    for variant in variants {
        let f = Figures { variant, subject };
        let mut cells = vec![Cell::text(&variant.name)];
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
            for stat in ["p50", "p99", "max"] {
                cells.push(cell(&mut table, f.get(&format!("{value}.{stat}")), |_, x| duration(x)));
            }
        }
        cells.push(cell(&mut table, f.get("writes_lost.mean"), |m, _| with_interval(m)));
        cells.push(cell(&mut table, f.get("writes_lost.max"), |_, x| fixed(x, 0)));
        if priced {
            cells.push(cell(&mut table, f.get("price_factor"), |_, x| format!("{} ×", plain(x))));
        }
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
        let why = if m.note.is_empty() { "undefined" } else { m.note.as_str() };
        return Cell { mark: Some(table.note(why)), tone: Some("dim"), ..Cell::text("–") };
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
        for subject in every_subject(&study.outcome) {
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

/// What the scenario promised, and what became of it.
pub(super) fn promises(study: &Study) -> Section {
    let mut section = Section::new("promises", "Promises of the scenario");
    let mut table = Table::new(
        "What the scenario promises of its own results",
        &["Variant", "Figure", "Promise", "Is#", "Verdict", "Rules"],
    );
    for p in &study.promises {
        let (word, tone) = match p.verdict {
            Verdict::Met => ("kept", "good"),
            Verdict::Broken => ("broken", "bad"),
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
