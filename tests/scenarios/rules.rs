//! The documented rules as data (`rules.toml`), and what simulation says of each.

use crate::runs::{Run, Settings, extended, pairs, shipped};
use crate::support::{names, read, text};
use crate::words::Figure;
use serde::Deserialize;
use std::sync::OnceLock;
use zonefall::experiment::expect::{Verdict, evaluate};
use zonefall::experiment::{Comparison, Metric};
use zonefall::scenario::{Diagnostic, Options, Severity, Source, load};

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Rules of the list that nothing shows yet: exactly those.
    pub pending: Vec<String>,
    pub document: Vec<Document>,
    /// The documented table of tiers.
    pub tiers: crate::tiers::Documented,
    /// The documented table of what zone redundancy buys.
    pub zones: crate::zones::Documented,
    pub rule: Vec<Rule>,
}

/// A published description that states something.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// How claims name it.
    pub letter: String,
    pub what: String,
}

/// A documented rule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub id: String,
    /// The rule in a sentence.
    pub says: String,
    #[serde(default)]
    pub claim: Vec<Claim>,
}

/// A statement that a figure, or the reader of scenarios, confirms or not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The document that states it, and where: it may be wrong of our simulation. Without: it must hold.
    pub source: Option<String>,
    /// The statement in our words.
    pub says: String,
    /// Which rule decides, and why, where the simulation does not do what the document says.
    pub decides: Option<String>,
    /// The scenario that shows it, under settings.
    pub scenario: String,
    #[serde(default)]
    pub set: Settings,
    pub variant: Option<String>,
    /// Text that is added to the scenario.
    #[serde(default)]
    pub add: String,
    /// The figure, and how it must compare: with a number, or with another figure.
    pub metric: Option<String>,
    pub is: Option<String>,
    pub than: Option<Than>,
    /// Instead of a figure: the scenario is refused under the settings, with this rule as the reason.
    pub refused: Option<String>,
    /// Instead of a figure: the scenario is warned about, with this code.
    pub warned: Option<String>,
}

/// The other figure of a comparison; what is not given is as in the claim.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Than {
    pub scenario: Option<String>,
    pub set: Option<Settings>,
    pub variant: Option<String>,
    pub metric: Option<String>,
}

/// What a claim met.
pub struct Found {
    pub holds: bool,
    /// What was simulated, in words.
    pub simulated: String,
}

/// A promise of a shipped scenario that shows a rule.
pub struct Promise {
    pub scenario: String,
    pub variant: String,
    pub figure: Figure,
    pub met: bool,
}

/// The rules of the file.
pub fn rules() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(|| {
        let rules: Rules = toml::from_str(include_str!("rules.toml")).unwrap();
        assert!(rules.rule.is_sorted_by_key(|r| &r.id), "rules stand in order");
        rules
    })
}

/// A rule by its id.
pub fn rule(id: &str) -> &'static Rule {
    rules().rule.iter().find(|r| r.id == id).unwrap_or_else(|| panic!("rules.toml has no {id}"))
}

/// The promises of all shipped scenarios that name a rule.
pub fn promises(id: &str) -> Vec<Promise> {
    let shows = |name: &String| {
        read(&text(name), &[]).expects.iter().any(|e| e.rules.iter().any(|r| r == id)).then(|| name.clone())
    };
    let mut found = Vec::new();
    for name in names().iter().filter_map(shows) {
        let run = shipped(&name, &Settings::new());
        for e in run.scenario.expects.iter().filter(|e| e.rules.iter().any(|r| r == id)) {
            let variant = run.variant(e.variant.as_deref());
            let result = evaluate(&run.outcome, variant, &e.metric, e.comparison);
            let figure = figure(run, variant, &e.metric);
            let (scenario, variant) = (name.clone(), variant.to_owned());
            found.push(Promise { scenario, variant, figure, met: result.verdict == Verdict::Met });
        }
    }
    found
}

/// A figure; without a value where nothing of the kind can happen.
pub fn figure(run: &Run, variant: &str, id: &str) -> Figure {
    let of =
        run.outcome.variant(variant).unwrap_or_else(|| panic!("{:?} has no {variant}", run.scenario.name));
    let metric = of.metric(id).cloned().unwrap_or_else(|| {
        let mut none = Metric::default();
        none.id = id.rsplit('/').next().unwrap_or(id).to_owned();
        none
    });
    Figure { metric, horizon: of.horizon }
}

impl Claim {
    /// Compares what is claimed with what is simulated.
    pub fn check(&self) -> Found {
        match (&self.metric, &self.refused, &self.warned) {
            (Some(metric), None, None) => self.compare(metric),
            (None, Some(rule), None) => self.diagnosed(Severity::Error, &format!("rule {rule}")),
            (None, None, Some(code)) => self.diagnosed(Severity::Warning, code),
            _ => panic!("{:?} claims nothing, or several things", self.says),
        }
    }

    fn compare(&self, metric: &str) -> Found {
        let run = extended(&self.scenario, &self.set, &self.add);
        let variant = run.variant(self.variant.as_deref());
        let is = self.is.as_deref().unwrap_or_else(|| panic!("{:?}: is what?", self.says));
        let mine = figure(run, variant, metric).phrase();
        let (is, simulated) = match &self.than {
            None => (is.to_owned(), mine),
            Some(than) => {
                let scenario = than.scenario.as_ref().unwrap_or(&self.scenario);
                let run = extended(scenario, than.set.as_ref().unwrap_or(&self.set), &self.add);
                let variant = run.variant(than.variant.as_deref().or(self.variant.as_deref()));
                let other = figure(run, variant, than.metric.as_deref().unwrap_or(metric));
                let Some(value) = other.metric.estimate else {
                    return Found { holds: false, simulated: format!("{mine}; nothing to compare it with") };
                };
                (format!("{is} {value}"), format!("{mine}, against {}", other.value()))
            }
        };
        let comparison: Comparison = is.parse().unwrap_or_else(|_| panic!("{:?}: is {is:?}?", self.says));
        let result = evaluate(&run.outcome, variant, metric, comparison);
        if let Verdict::Unknown { close } = &result.verdict {
            panic!("{:?}: {} has no figure {metric}; close: {close:?}", self.says, self.scenario);
        }
        Found { holds: result.verdict == Verdict::Met, simulated }
    }

    /// Whether the reader says so, and (of errors) nothing else.
    fn diagnosed(&self, severity: Severity, with: &str) -> Found {
        let text = text(&self.scenario) + &self.add;
        let options = Options::new().settings(pairs(&self.set));
        let loaded = load(Source { name: &self.scenario, text: &text }, &options);
        let about: Vec<_> = loaded.diagnostics.iter().filter(|d| d.severity == severity).collect();
        let names = |text: &str| text.contains(with);
        let says = |d: &&&Diagnostic| match severity {
            Severity::Warning => d.code == with,
            Severity::Error => names(&d.message) || names(&d.label) || d.help.as_deref().is_some_and(names),
        };
        let wanted = about.iter().filter(says).count();
        let holds = wanted > 0 && (severity == Severity::Warning || wanted == about.len());
        let word = if severity == Severity::Error { "refused" } else { "warned about" };
        let simulated = match about.iter().find(says).or(about.first()) {
            Some(d) => format!("{word}: {} ({})", d.message, d.code),
            None => format!("not {word}"),
        };
        Found { holds, simulated }
    }
}
