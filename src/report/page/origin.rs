//! Where the results come from, and what stands between them and the world.

use super::document::{Block, Cell, Section, Table};
use crate::experiment::{SourceNote, Sources, Study};
use crate::stats::number::{counted, thousands};

/// What files and presets say of their numbers: assumptions in full view, the rest to unfold.
pub(super) fn sources(study: &Study) -> Section {
    let mut section = Section::new("sources", "Assumptions and sources");
    for sources in &study.about.sources {
        let blocks = texts(sources, study.about.question.is_some());
        if blocks.is_empty() {
            continue;
        }
        if sources.preset {
            let assumed = sources.notes.iter().filter(|n| n.assumption).count();
            let summary = format!(
                "Preset {}: {} with a comment, {assumed} of them assumptions",
                sources.origin,
                counted(sources.notes.len() as u64, "value")
            );
            section.blocks.push(Block::Details { summary, printed: false, blocks });
        } else {
            section.blocks.extend(blocks);
        }
    }
    if study.about.sources.iter().any(|s| s.preset && !s.notes.is_empty()) {
        section.text("What the scenario states itself goes before what a preset says.");
    }
    section
}

/// What one text says.
fn texts(sources: &Sources, has_question: bool) -> Vec<Block> {
    let mut blocks = Vec::new();
    let header: Vec<(String, String)> = sources
        .header
        .iter()
        .filter(|(label, _)| !(has_question && label == "Question"))
        .map(|(label, words)| match label.as_str() {
            "" => ("About".into(), words.clone()),
            "Answer" => ("Answer, as its author puts it".into(), words.clone()),
            label => (label.into(), words.clone()),
        })
        .collect();
    if !header.is_empty() {
        blocks.push(Block::Facts { facts: header });
    }
    let assumed = notes(sources, "assumptions", |n| n.assumption);
    blocks.extend(assumed.block(&sources.origin));
    let stated = notes(sources, "other values with a comment", |n| !n.assumption);
    if let Some(block) = stated.block(&sources.origin) {
        if sources.preset {
            blocks.push(block);
        } else {
            let summary = format!("Other values of {} with a comment", sources.origin);
            blocks.push(Block::Details { summary, printed: true, blocks: vec![block] });
        }
    }
    if sources.left_out > 0 {
        let left = counted(sources.left_out as u64, "more comment");
        blocks.push(Block::Text { text: format!("{left} in {} are not shown.", sources.origin) });
    }
    blocks
}

fn notes(sources: &Sources, what: &str, wanted: impl Fn(&SourceNote) -> bool) -> Table {
    let caption = format!("{}: {what}", sources.origin);
    let mut table = Table::new(caption, &["Setting", "What the file says of it", "Line#"]);
    for note in sources.notes.iter().filter(|n| wanted(n)) {
        let line = Cell::number(note.line.to_string(), Some(note.line as f64));
        table.row(None, vec![Cell::code(&note.text), Cell::text(&note.comment), line]);
    }
    table
}

/// What the simulation leaves out.
pub(super) fn beyond(study: &Study) -> Section {
    let mut section = Section::new("beyond", "What the model leaves out");
    if !study.about.beyond.is_empty() {
        section.blocks.push(Block::List { items: study.about.beyond.clone() });
    }
    section
}

/// What was run: enough to get the same bytes again.
pub(super) fn provenance(study: &Study) -> Section {
    let mut section = Section::new("provenance", "Where this comes from");
    let outcome = &study.outcome;
    let last = outcome.first_replication + outcome.replications.saturating_sub(1);
    let fact = |term: &str, words: String| (term.to_string(), words);
    let mut facts = vec![
        fact("Version", format!("zonefall {}", outcome.version)),
        fact("Scenario", study.about.files.join(", ")),
        fact("Digest of the scenario", format!("{:016x}", outcome.digest)),
        fact("Seed", outcome.seed.to_string()),
        fact(
            "Replications",
            format!("{} (numbers {} to {last})", thousands(outcome.replications), outcome.first_replication),
        ),
    ];
    if !study.about.settings.is_empty() {
        facts.push(fact("Set on the command line", study.about.settings.join(" · ")));
    }
    // Variants that met the same faults stand together.
    let mut histories: Vec<(u64, Vec<&str>)> = Vec::new();
    for v in &outcome.variants {
        match histories.iter_mut().find(|(digest, _)| *digest == v.fault_digest) {
            Some((_, names)) => names.push(&v.name),
            None => histories.push((v.fault_digest, vec![&v.name])),
        }
    }
    for (digest, names) in histories {
        facts.push(fact("Digest of the faults", format!("{digest:016x} ({})", names.join(", "))));
    }
    section.blocks.push(Block::Facts { facts });
    section.text(
        "The same scenario, seed and version give the same bytes, on any machine and for any number of threads. \
         Variants with the same digest of the faults met the same ones, so their differences are the designs'.",
    );
    section
}

/// Words a stranger needs, in the order in which the page uses them.
const WORDS: [(&str, &str); 12] = [
    ("variant", "one of the designs that are compared"),
    (
        "replication",
        "one simulated history of faults; variants with the same digest of the faults meet the same ones",
    ),
    ("availability", "the share of requests that are answered: 1 − failed / all, mean over replications"),
    ("minutes a year", "the share of requests that fail, as minutes of a year of 525 600 minutes"),
    ("RTO", "length of an outage: for how long requests of that kind fail"),
    (
        "RPO",
        "age of the oldest acknowledged write that the copy that took over does not have; 0 if it has all of them",
    ),
    ("median, p90, p99", "half, nine in ten, 99 in a hundred of all events stay at or below it"),
    ("worst", "the largest value seen in all replications; what was not seen can be worse"),
    ("lost for ever", "acknowledged writes of which no copy is left; missing ones may still come back"),
    ("46.2 ± 3.1", "95 % interval of the mean: from 43.1 to 49.3"),
    ("0 (< 0.3)", "never seen; at most 0.3 with 95 % confidence"),
    (
        "–",
        "undefined, which is not 0: nothing of the kind happened, or it cannot be known; the footnote says why",
    ),
];

/// The words the page uses.
pub(super) fn glossary(_: &Study) -> Section {
    let mut section = Section::new("words", "Words");
    let facts = WORDS.iter().map(|(word, meaning)| (word.to_string(), meaning.to_string())).collect();
    section.blocks.push(Block::Facts { facts });
    section
}
