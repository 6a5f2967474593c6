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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{About, fixture};

    /// Names of variants, subjects and causes are restricted where scenarios are read, but not in the library.
    fn hostile() -> Study {
        let mut outcome = fixture::outcome(40);
        let mut twin = outcome.variants[0].clone();
        twin.name = "\"><img onerror=x>|`y`".into();
        outcome.variants.push(twin);
        for m in outcome.variants.iter_mut().flat_map(|v| &mut v.metrics).filter(|m| m.subject == "orders") {
            m.subject = "<script>1|2".into();
        }
        outcome.scenario = "</title><b>\n# x".into();
        let about = About { question: Some("*why* & @you?".into()), ..About::default() };
        Study { about, outcome, promises: vec![], comparison: None, timelines: vec![] }
    }

    #[test]
    fn names_are_escaped_in_both() {
        let html = String::from_utf8(report_html(&hostile())).unwrap();
        for part in ["<script>1", "<img", "</title><b>"] {
            assert!(!html.contains(part), "{part}");
        }
        assert!(html.contains("data-variant=\"&quot;&gt;&lt;img onerror=x&gt;|`y`\""));
        assert!(html.contains("&lt;script&gt;1|2: what each variant gives"));
        let page = String::from_utf8(report_md(&hostile())).unwrap();
        assert!(page.starts_with("# &lt;/title&gt;&lt;b&gt; \\# x\n\n\\*why\\* &amp; &#64;you?\n"), "{page}");
        let rows: Vec<&str> =
            page.lines().filter(|l| l.starts_with("| \"&gt;&lt;img onerror=x&gt;\\|\\`y\\`")).collect();
        let cells = rows[0].replace("\\|", "").matches('|').count();
        let head = page.lines().find(|l| l.starts_with("| Variant")).unwrap();
        assert_eq!(cells, head.matches('|').count());
        assert!(!page.contains("<script") && !page.contains("<img"));
    }

    #[test]
    fn what_has_no_content_has_no_section() {
        let titles = |study: &Study| document(study).sections.iter().map(|s| s.id).collect::<Vec<_>>();
        let mut study = hostile();
        assert!(!titles(&study).contains(&"promises") && !titles(&study).contains(&"beyond"));
        study.about.beyond.push("x".into());
        assert!(titles(&study).contains(&"beyond"));
    }
}
