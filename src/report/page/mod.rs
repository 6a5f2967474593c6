//! The page for people: `report.html`, one file that needs nothing else, and `report.md` with the same facts.
//!
//! [`document`] says what there is to say; [`html`] and [`markdown`] write it down.

mod document;
mod html;
mod markdown;
mod origin;
mod results;

use crate::experiment::Study;
use crate::stats::number::counted;
use document::{Document, Section};

/// `report.html`: one self-contained file, readable without JavaScript.
pub fn report_html(study: &Study) -> Vec<u8> {
    html::render(&document(study)).into_bytes()
}

/// `report.md`: the same facts for a pull request.
pub fn report_md(study: &Study) -> Vec<u8> {
    markdown::render(&document(study)).into_bytes()
}

/// The facts, in the order in which a stranger needs them; sections without content are left out.
fn document(study: &Study) -> Document {
    let outcome = &study.outcome;
    let horizon = outcome.variants.first().map_or_else(String::new, |v| format!(" × {}", v.horizon));
    let variants = match outcome.variants.len() {
        0 | 1 => Vec::new(),
        _ => outcome.variants.iter().map(|v| v.name.clone()).collect(),
    };
    let sections: [fn(&Study) -> Section; 8] = [
        results::verdict,
        results::key_figures,
        results::by_class,
        results::promises,
        origin::sources,
        origin::beyond,
        origin::provenance,
        origin::glossary,
    ];
    Document {
        title: outcome.scenario.clone(),
        question: study.about.question.clone(),
        description: study.about.description.clone(),
        extent: format!(
            "{}{horizon} · {} · seed {} · zonefall {}",
            counted(outcome.replications, "replication"),
            counted(outcome.variants.len() as u64, "variant"),
            outcome.seed,
            outcome.version
        ),
        variants,
        sections: sections.iter().map(|section| section(study)).filter(|s| !s.blocks.is_empty()).collect(),
    }
}
