//! Where the results come from.

use super::document::{Block, Section};
use crate::experiment::Study;
use crate::stats::number::thousands;

/// What was run: enough to get the same bytes again.
pub(super) fn provenance(study: &Study) -> Section {
    let mut section = Section::new("provenance", "Where this comes from");
    let outcome = &study.outcome;
    let last = outcome.first_replication + outcome.replications.saturating_sub(1);
    let mut facts = vec![
        ("Version".to_string(), format!("zonefall {}", outcome.version)),
        ("Scenario files".to_string(), study.about.files.join(", ")),
        ("Scenario digest".to_string(), format!("{:016x}", outcome.digest)),
        ("Seed".to_string(), outcome.seed.to_string()),
        (
            "Replications".to_string(),
            format!("{} (numbers {} to {last})", thousands(outcome.replications), outcome.first_replication),
        ),
    ];
    for v in &outcome.variants {
        facts.push((format!("Fault history of {}", v.name), format!("{:016x}", v.fault_digest)));
    }
    section.blocks.push(Block::Facts { facts });
    section.text(
        "The same scenario, seed and version give the same bytes, on any machine and for any number of threads. \
         Variants with the same digest of the fault history met the same faults.",
    );
    section
}

/// Words a stranger needs, in the order in which the page uses them.
const WORDS: [(&str, &str); 12] = [
    ("variant", "one of the designs that are compared"),
    ("replication", "one simulated history of faults; every variant meets the same ones"),
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
