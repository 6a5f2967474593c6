//! The page for people: `report.html`, one file that needs nothing else, and `report.md` with the same facts.
//!
//! `document` says what there is to say; `html` and `markdown` write it down.

mod against;
mod blame;
mod document;
mod html;
mod markdown;
mod origin;
mod results;
mod sweep;
mod targets;
mod twin;
mod verdict;
mod worst;

use crate::experiment::Study;
use crate::stats::number::counted;
use document::{Block, Document, Section};

/// A drawing for the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What it is: `availability`, …
    pub name: &'static str,
    /// What it shows, a sentence.
    pub title: String,
    /// What there is to see, for those who cannot see it.
    pub alt: String,
    /// An SVG element that refers to nothing outside; it is trusted.
    pub svg: String,
}

/// `report.html`, one self-contained file that is readable without JavaScript, and `report.md`, the same facts for a
/// pull request.
pub fn report(study: &Study, figures: Vec<Figure>) -> (Vec<u8>, Vec<u8>) {
    let document = document(study, figures);
    (html::render(&document).into_bytes(), markdown::render(&document).into_bytes())
}

/// Which section a drawing belongs to.
const PLACES: [(&str, &str); 7] = [
    ("availability", "figures"),
    ("price", "figures"),
    ("rto", "classes"),
    ("rpo", "classes"),
    ("sweep", "sweep"),
    ("attribution", "attribution"),
    ("timeline", "worst"),
];

/// The facts, in the order in which a stranger needs them; sections without content are left out.
fn document(study: &Study, figures: Vec<Figure>) -> Document {
    let outcome = &study.outcome;
    let horizon = outcome.variants.first().map_or_else(String::new, |v| format!(" × {}", v.horizon));
    let variants = match outcome.variants.len() {
        0 | 1 => Vec::new(),
        _ => outcome.variants.iter().map(|v| v.name.clone()).collect(),
    };
    let sections: [fn(&Study) -> Section; 15] = [
        verdict::verdict,
        // Of a sweep the points are what matters.
        sweep::points,
        results::key_figures,
        against::differences,
        targets::objectives,
        blame::what_would_help,
        blame::attribution,
        results::by_class,
        worst::replications,
        twin::spreadsheet,
        results::checks,
        origin::sources,
        origin::beyond,
        origin::provenance,
        origin::glossary,
    ];
    let mut sections: Vec<Section> = sections.iter().map(|section| section(study)).collect();
    for Figure { name, title, alt, svg } in figures.into_iter().rev() {
        let place = PLACES.iter().find(|(known, _)| *known == name).map(|(_, place)| *place);
        if let Some(section) = sections.iter_mut().find(|s| Some(s.id) == place) {
            // Below the words the section begins with.
            let at = usize::from(matches!(section.blocks.first(), Some(Block::Text { .. })));
            section.blocks.insert(at, Block::Figure { file: format!("{name}.svg"), svg, title, alt });
        }
    }
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
        sections: sections.into_iter().filter(|s| !s.blocks.is_empty()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::compare::{CompareVerdict, Comparison, Difference};
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
        Study { about, outcome, promises: vec![], comparison: None, what_if: vec![], timelines: vec![] }
    }

    #[test]
    fn names_are_escaped_in_both() {
        let html = String::from_utf8(report(&hostile(), vec![]).0).unwrap();
        for part in ["<script>1", "<img", "</title><b>"] {
            assert!(!html.contains(part), "{part}");
        }
        assert!(html.contains("data-variant=\"&quot;&gt;&lt;img onerror=x&gt;|`y`\""));
        assert!(html.contains("&lt;script&gt;1|2: what each variant gives"));
        let page = String::from_utf8(report(&hostile(), vec![]).1).unwrap();
        assert!(page.starts_with("# &lt;/title&gt;&lt;b&gt; \\# x\n\n\\*why\\* &amp; &#64;you?\n"), "{page}");
        let rows: Vec<&str> =
            page.lines().filter(|l| l.starts_with("| \"&gt;&lt;img onerror=x&gt;\\|\\`y\\`")).collect();
        let cells = rows[0].replace("\\|", "").matches('|').count();
        let head = page.lines().find(|l| l.starts_with("| Variant")).unwrap();
        assert_eq!(cells, head.matches('|').count());
        assert!(!page.contains("<script") && !page.contains("<img"));
    }

    #[test]
    fn times_in_tables_are_durations_and_verdicts_say_of_what() {
        let mut study = hostile();
        for m in study.outcome.variants.iter_mut().flat_map(|v| &mut v.metrics) {
            m.subject = "orders".into();
        }
        study.outcome.variants[1].name = "slow".into();
        let reference = study.outcome.variants[0].name.clone();
        let row = Difference {
            variant: "slow".into(),
            subject: "orders".into(),
            metric: "rto_seconds.write.mean".into(),
            unit: "seconds",
            estimate: Some(7800.0),
            reference: Some(600.0),
            difference: Some(7200.0),
            low: None,
            high: None,
            variance_reduction: None,
            n: 40,
            differ: Some(40),
            note: String::new(),
        };
        let verdict = |subject: &str| CompareVerdict {
            variant: "slow".into(),
            subject: subject.into(),
            text: "slow is slower.".into(),
        };
        let verdicts = vec![verdict("search"), verdict("orders")];
        study.comparison = Some(Comparison { reference, same_faults: true, rows: vec![row], verdicts });
        let page = String::from_utf8(report(&study, vec![]).1).unwrap();
        assert!(page.contains("writes: mean RTO |") && page.contains("| +2h |"), "{page}");
        assert!(
            page.contains("orders: slow is slower.") && page.contains("search: slow is slower."),
            "{page}"
        );
    }

    #[test]
    fn what_has_no_content_has_no_section() {
        let titles =
            |study: &Study| document(study, vec![]).sections.iter().map(|s| s.id).collect::<Vec<_>>();
        let mut study = hostile();
        assert!(!titles(&study).contains(&"checks") && !titles(&study).contains(&"beyond"));
        study.about.beyond.push("x".into());
        assert!(titles(&study).contains(&"beyond"));
    }
}
