//! docs/conformance.md: what the documents say and what is simulated, rule by rule.

use crate::conformance::Verdict;
use crate::rules::{Claim, Rule, promises, rules};
use crate::{tiers, zones};
use std::fmt::Write;

/// What the page says of one rule.
pub struct Section {
    pub text: String,
    pub verdict: Verdict,
    /// Why the rule fails; empty if it does not.
    pub problems: Vec<String>,
}

impl Section {
    /// Runs what shows the rule.
    pub fn of(rule: &Rule) -> Section {
        let mut section =
            Section { text: String::new(), verdict: Verdict::NotSimulated, problems: Vec::new() };
        let mut body = section.promised(&rule.id);
        let ours: String = section.claims(rule.claim.iter().filter(|c| c.source.is_none()));
        let theirs: String = section.claims(rule.claim.iter().filter(|c| c.source.is_some()));
        if !ours.is_empty() {
            let _ = write!(body, "Also checked:\n\n{ours}\n");
        }
        if !theirs.is_empty() {
            let _ = write!(body, "Documented:\n\n{theirs}\n");
        }
        let table = match rule.id.as_str() {
            "c06" => Some(zones::table(&rules().zones)),
            "c07" => Some(tiers::table(&rules().tiers)),
            _ => None,
        };
        if let Some(table) = table {
            section.seen(table.differs);
            section.problems.extend(table.problems);
            body += &table.text;
        }
        if body.is_empty() {
            body = "Nothing shows this rule yet.\n\n".into();
        }
        let verdict = section.verdict.words();
        section.text = format!("### {}: {verdict}\n\n{}\n\n{body}", rule.id, rule.says);
        section
    }

    /// Something was simulated, and agreed with the documents or did not.
    fn seen(&mut self, differs: bool) {
        if differs {
            self.verdict = Verdict::DocumentsDiffer;
        } else if self.verdict == Verdict::NotSimulated {
            self.verdict = Verdict::Holds;
        }
    }

    /// The promises that name the rule: an item for each scenario and variant.
    fn promised(&mut self, id: &str) -> String {
        let mut items: Vec<(String, Vec<String>)> = Vec::new();
        for p in promises(id) {
            let place = format!("{} `{}`", link(&p.scenario), p.variant);
            let words = p.figure.phrase();
            if !p.met {
                self.problems.push(format!("{place}: a promise is broken: {words}"));
            }
            self.seen(false);
            match items.iter_mut().find(|(at, _)| *at == place) {
                // Two promises of one figure, a lower and an upper bound, are one fact.
                Some((_, list)) if list.contains(&words) => {}
                Some((_, list)) => list.push(words),
                None => items.push((place, vec![words])),
            }
        }
        let mut text: String =
            items.iter().map(|(place, list)| format!("- {place}: {}\n", list.join("; "))).collect();
        if !text.is_empty() {
            text = format!("Simulated:\n\n{text}\n");
        }
        text
    }

    /// Statements beside what is simulated.
    fn claims<'a>(&mut self, claims: impl Iterator<Item = &'a Claim>) -> String {
        claims.map(|claim| self.claim(claim)).collect()
    }

    fn claim(&mut self, claim: &Claim) -> String {
        let found = claim.check();
        let documented = claim.source.is_some();
        let mut outcome = match (found.holds, documented, &claim.decides) {
            (true, _, None) => "agrees".to_owned(),
            (false, true, Some(why)) => format!("**differs**; {why}"),
            (true, ..) => {
                self.problems
                    .push(format!("{:?} agrees: nothing to decide ({})", claim.says, found.simulated));
                String::new()
            }
            (false, ..) => {
                self.problems.push(format!("{:?}: not what is simulated: {}", claim.says, found.simulated));
                String::new()
            }
        };
        self.seen(documented && !found.holds);
        if !documented {
            outcome = String::new();
        }
        let source = claim.source.as_ref().map_or(String::new(), |s| format!("*{s}:* "));
        let mut place = link(&claim.scenario);
        if let Some(variant) = &claim.variant {
            let _ = write!(place, " `{variant}`");
        }
        for (key, value) in claim.set.iter().filter(|_| claim.refused.is_none() && claim.warned.is_none()) {
            let _ = write!(place, " `{key}={value}`");
        }
        let end = if outcome.is_empty() { String::new() } else { format!("; {outcome}") };
        format!("- {source}{} {place}: {}{end}\n", claim.says, found.simulated)
    }
}

fn link(scenario: &str) -> String {
    format!("[{scenario}](../scenarios/{scenario}.toml)")
}

/// The whole page.
pub fn page() -> String {
    let rules = rules();
    let sections: Vec<Section> = rules.rule.iter().map(Section::of).collect();
    let mut page = String::from(
        "# Conformance\n\n\
         What the published descriptions of two systems say, Azure Cosmos DB for NoSQL (rules c01 to c37) and IBM Watson\n\
         OpenScale (i01 to i10), beside what is simulated; x01 to x03 are needed for both. Made from the promises of\n\
         the scenarios and from `tests/scenarios/rules.toml` by the tests, which fail when it is out of date\n\
         (CONTRIBUTING.md says how to write it anew). The sentences are ours; the facts are the documents'.\n\n\
         A rule *holds* when every promise that names it and every documented statement beside it agrees with the\n\
         simulation. *Documents differ* when its promises hold, but some statement, often one that another part of the\n\
         same documents contradicts, does not agree: it stands beside the simulated figure, with the rule that decides.\n\n\
         Documents:\n\n",
    );
    for d in &rules.document {
        let _ = writeln!(page, "- {}: {}", d.letter, d.what);
    }
    let count = |verdict| sections.iter().filter(|s| s.verdict == verdict).count();
    let (holds, differ) = (count(Verdict::Holds), count(Verdict::DocumentsDiffer));
    let rest = match count(Verdict::NotSimulated) {
        0 => String::new(),
        n => format!("; {n} are not simulated yet"),
    };
    let all = sections.len();
    let _ = writeln!(
        page,
        "\n## Verdicts\n\nOf {all} rules, {holds} hold, and documents differ in {differ}{rest}."
    );
    page += "\n| rule | in a sentence | verdict |\n|---|---|---|\n";
    for (rule, section) in rules.rule.iter().zip(&sections) {
        let verdict = section.verdict.words();
        let anchor = format!("{}-{}", rule.id, verdict.replace(' ', "-"));
        let _ = writeln!(page, "| [{}](#{anchor}) | {} | {verdict} |", rule.id, rule.says);
    }
    page += "\n## Rule by rule\n\n";
    for section in &sections {
        page += &section.text;
    }
    page.trim_end().to_owned() + "\n"
}
