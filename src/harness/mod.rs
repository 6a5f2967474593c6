//! Scenarios run from code: in a test, in a service's own checks, in a report of one's own.
//!
//! A [`Run`] says what to run of a [`Scenario`] and how; what it gives back is plain data.
//!
//! ```
//! use zonefall::scenario::{Options, Scenario};
//! use zonefall::Run;
//!
//! let text = r#"
//! [scenario]
//! name = "two of three"
//! horizon = "1y"
//! replications = 200
//! [[region]]
//! name = "here"
//! nodes_per_zone = 3
//! [fault.node]
//! target = "node:*"
//! mtbf = "1000h"
//! duration = { law = "exponential", mean = "10h" }
//! [block.service]
//! k = 2
//! of = ["node:*"]
//! [[expect]]
//! metric = "availability.block"
//! is = ">= 0.999"
//! "#;
//! let scenario = Scenario::read("two-of-three.toml", text, &Options::new())?;
//! let outcome = Run::of(&scenario).jobs(2).outcome()?;
//! let up = outcome.metric("base", "service/availability.block").expect("a figure of the block");
//! assert!(up.estimate > Some(0.999));
//!
//! let checked = Run::of(&scenario).jobs(2).check()?;
//! assert!(checked.passed(true), "{:?}", checked.judged);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod baseline;
mod promises;

pub use baseline::{Baseline, BaselineError, Recorded};
pub use promises::unknown_figures;

use crate::experiment::checked::Checked;
use crate::experiment::compare::Comparison;
use crate::experiment::runner::{self, BLOCK, Experiment, Failure, Subject};
use crate::experiment::sequential::{self, Rule};
use crate::experiment::{Accumulator, Outcome};
use crate::scenario::{Scenario, Variant};
use crate::stats::Confidence;
use std::convert::Infallible;
use std::sync::atomic::AtomicBool;

/// Why a run gave no results.
pub type RunError = Failure<Infallible>;

/// Told how many replications are done, and of how many.
type Progress<'a> = &'a dyn Fn(u64, u64);

/// What to run of a scenario, and how. All but the scenario has a default.
#[derive(Clone)]
pub struct Run<'a> {
    scenario: &'a Scenario,
    variants: Vec<&'a str>,
    seed: u64,
    replications: u64,
    jobs: usize,
    most: Option<u64>,
    false_alarm: f64,
    cancel: Option<&'a AtomicBool>,
    progress: Progress<'a>,
}

impl<'a> Run<'a> {
    /// All variants of a scenario, with its seed and its replications, on one thread.
    pub fn of(scenario: &'a Scenario) -> Run<'a> {
        Run {
            scenario,
            variants: Vec::new(),
            seed: scenario.seed,
            replications: scenario.replications,
            jobs: 1,
            most: None,
            false_alarm: sequential::FALSE_ALARM,
            cancel: None,
            progress: &|_, _| {},
        }
    }

    /// Runs this variant; called again, that one too. An unknown name is an error of the run.
    pub fn variant(mut self, name: &'a str) -> Self {
        self.variants.push(name);
        self
    }

    /// Another seed.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Another number of replications, at least 1; for a check that of the first look.
    pub fn replications(mut self, n: u64) -> Self {
        self.replications = n.max(1);
        self
    }

    /// Threads, at least 1. No result depends on it.
    pub fn jobs(mut self, n: usize) -> Self {
        self.jobs = n.max(1);
        self
    }

    /// For a check: most replications of a variant with an undecided promise [default: 16 times as many as at first].
    pub fn most_replications(mut self, n: u64) -> Self {
        self.most = Some(n);
        self
    }

    /// For a check: highest probability, 1e-6 to 0.5, that it calls any promise broken that is kept [default:
    /// [`FALSE_ALARM`](sequential::FALSE_ALARM)].
    pub fn false_alarm(mut self, probability: f64) -> Self {
        self.false_alarm =
            if probability.is_nan() { sequential::FALSE_ALARM } else { probability.clamp(1e-6, 0.5) };
        self
    }

    /// Stops the run soon after the flag is set; its result is [`Failure::Cancelled`].
    pub fn cancel(mut self, flag: &'a AtomicBool) -> Self {
        self.cancel = Some(flag);
        self
    }

    /// Told on the caller's thread how many replications are done, and of how many; the latter grows where a check needs more.
    pub fn progress(mut self, told: &'a dyn Fn(u64, u64)) -> Self {
        self.progress = told;
        self
    }

    /// The results of every variant.
    ///
    /// # Errors
    /// An unknown variant, a limit of the scenario, a bug of this library, or that the run was cancelled.
    pub fn outcome(&self) -> Result<Outcome, RunError> {
        let experiment = self.experiment(None)?;
        let sums = self.sums(&experiment)?;
        Ok(outcome(self.scenario, &experiment, &sums))
    }

    /// The results of every variant, and each beside `reference` on the same faults, in pairs.
    ///
    /// # Errors
    /// As [`outcome`](Run::outcome); the reference must be among the variants that run.
    pub fn compare(&self, reference: &str) -> Result<(Outcome, Comparison), RunError> {
        let experiment = self.experiment(Some(reference))?;
        let sums = self.sums(&experiment)?;
        let outcome = outcome(self.scenario, &experiment, &sums);
        let comparison = experiment.comparison(&outcome, &sums, Confidence::P95);
        Ok((outcome, comparison.expect("an experiment with a reference compares")))
    }

    /// Checks the scenario's expectations and objectives, with as many replications as they need.
    ///
    /// # Errors
    /// As [`outcome`](Run::outcome), or an expectation about a figure that its variant does not have.
    pub fn check(&self) -> Result<Checked, RunError> {
        let experiment = self.experiment(None)?;
        let rule = self.rule();
        let promises = promises::promises(self.scenario, &experiment);
        promises::known(self.scenario, &experiment)?;
        let looked = sequential::check(&experiment, &promises, &rule, self.flag(), self.progress)?;
        Ok(Checked {
            scenario: self.scenario.name.clone(),
            seed: self.seed,
            digest: self.scenario.digest,
            version: env!("CARGO_PKG_VERSION").into(),
            false_alarm: rule.false_alarm,
            confidence: looked.confidence,
            looks: rule.looks(),
            judged: looked.judged,
            against: None,
        })
    }

    fn rule(&self) -> Rule {
        let rule = Rule::new(self.replications);
        Rule { most: self.most.unwrap_or(rule.most), false_alarm: self.false_alarm, ..rule }
    }

    fn flag(&self) -> &AtomicBool {
        static NEVER: AtomicBool = AtomicBool::new(false);
        self.cancel.unwrap_or(&NEVER)
    }

    /// The variants that run, in the order of the scenario.
    fn chosen(&self) -> Result<Vec<&'a Variant>, RunError> {
        let known = &self.scenario.variants;
        if let Some(name) = self.variants.iter().find(|name| !known.iter().any(|v| v.name == **name)) {
            let names: Vec<&str> = known.iter().map(|v| v.name.as_str()).collect();
            let why = format!("there is no such variant; the scenario has {}", names.join(", "));
            return Err(Failure::Plan { variant: (*name).into(), why });
        }
        let all = self.variants.is_empty();
        Ok(known.iter().filter(|v| all || self.variants.contains(&v.name.as_str())).collect())
    }

    fn experiment(&self, reference: Option<&str>) -> Result<Experiment<'a>, RunError> {
        let variants = self.chosen()?;
        let index = |name: &str| {
            let found = variants.iter().position(|v| v.name == name);
            let why = "it is to be compared with, and does not run".to_string();
            found.ok_or_else(|| Failure::Plan { variant: name.into(), why })
        };
        Ok(Experiment {
            reference: reference.map(index).transpose()?,
            subjects: variants.iter().map(|v| Subject { name: &v.name, model: &v.model }).collect(),
            seed: self.seed,
            replications: 0..self.replications,
            block: BLOCK,
            jobs: self.jobs,
            timeline: false,
        })
    }

    fn sums(&self, experiment: &Experiment<'_>) -> Result<Vec<Accumulator>, RunError> {
        let all = self.replications;
        let told = |done| (self.progress)(done, all);
        runner::sums(experiment, self.flag(), told)
    }
}

/// The results of an experiment with variants of a scenario, which say where they stand in its sweep; `sums` are what the
/// [runner](runner::run) gave.
pub fn outcome(scenario: &Scenario, experiment: &Experiment<'_>, sums: &[Accumulator]) -> Outcome {
    let mut outcome = experiment.outcome(&scenario.name, scenario.digest, sums);
    outcome.axes.clone_from(&scenario.axes);
    for variant in &mut outcome.variants {
        let read = scenario.variants.iter().find(|v| v.name == variant.name);
        variant.point = read.map_or_else(Vec::new, |v| v.point.clone());
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Decision, Judged};
    use crate::scenario::Options;
    use std::cell::RefCell;
    use std::sync::atomic::Ordering;

    /// A block that is down for an hour twice a year, as written, and once in `rare`; its target is half an hour.
    const TEXT: &str = r#"
[scenario]
name = "one node"
horizon = "1y"
replications = 20
[[region]]
name = "here"
[fault.node]
target = "node:*"
at = ["10d", "100d"]
duration = "1h"
[block.service]
k = 1
of = ["node:*"]
[objective.short]
block = "service"
rto = "30m"
[objective.monthly]
block = "service"
availability = 99.99
[variant.rare]
"fault.node.at" = "10d"
[[expect]]
metric = "outages_per_year.block"
is = "== 2"
[[expect]]
variant = "rare"
metric = "outages_per_year.block"
is = "<= 0.9"
tolerance = "20 %"
"#;

    fn read(options: &Options<'_>) -> Scenario {
        Scenario::read("one.toml", TEXT, options).unwrap()
    }

    fn decisions(judged: &[Judged]) -> Vec<(&str, &str, Decision)> {
        judged.iter().map(|j| (&*j.promise.variant, &*j.promise.metric, j.decision)).collect()
    }

    #[test]
    fn promises_are_those_of_the_variants_that_run() {
        use Decision::{Broken, Met};
        let scenario = read(&Options::new());
        let short = "service/objective.short.kept";
        let monthly = "service/objective.monthly.months_missed";
        let outages = "outages_per_year.block";
        let all = Run::of(&scenario).check().unwrap();
        assert_eq!(
            decisions(&all.judged),
            [
                ("base", outages, Met),
                ("rare", outages, Met),
                ("base", short, Broken),
                ("base", monthly, Broken),
                ("rare", short, Broken),
                ("rare", monthly, Broken),
            ]
        );
        assert!(!all.passed(false));
        let rare = Run::of(&scenario).variant("rare").check().unwrap();
        assert_eq!(
            decisions(&rare.judged),
            [("rare", outages, Met), ("rare", short, Broken), ("rare", monthly, Broken)]
        );
        // Lines of the text, from 1.
        assert_eq!(TEXT.lines().nth(all.judged[2].promise.line as usize - 1), Some("[objective.short]"));
        assert_eq!(all.judged[2].promise.text, "RTO within 30m in every replication");
    }

    /// One month of twelve misses 99.99 % in `rare`, two as written: 90 % are asked for.
    #[test]
    fn an_objective_may_be_missed_as_often_as_it_allows() {
        let allowed =
            Options::new().set("objective.monthly.required", 90u64).set("objective.short.rto", "2h");
        let checked = Run::of(&read(&allowed)).check().unwrap();
        let monthly = |variant: &str| {
            let of =
                |j: &&Judged| j.promise.variant == variant && j.promise.metric.ends_with("months_missed");
            checked.judged.iter().find(of).unwrap()
        };
        assert_eq!((monthly("base").decision, monthly("rare").decision), (Decision::Broken, Decision::Met));
        assert_eq!(monthly("rare").promise.text, "99.99 % in at least 90 % of months");
        let kept = checked.judged.iter().filter(|j| j.promise.metric.ends_with(".kept"));
        assert!(kept.clone().count() == 2 && kept.clone().all(|j| j.decision == Decision::Met));
    }

    #[test]
    fn runs_can_be_followed_and_stopped() {
        let scenario = read(&Options::new());
        let told = RefCell::new(Vec::new());
        let progress = |done, all| told.borrow_mut().push((done, all));
        let outcome = Run::of(&scenario).replications(300).seed(7).progress(&progress).outcome().unwrap();
        assert_eq!((outcome.replications, outcome.seed), (300, 7));
        assert_eq!(told.borrow().last(), Some(&(300, 300)));
        // From within, as soon as something is told.
        let flag = AtomicBool::new(false);
        let stop = |_, _| flag.store(true, Ordering::Relaxed);
        let stopped = Run::of(&scenario).replications(1_000_000).cancel(&flag).progress(&stop).outcome();
        assert!(matches!(stopped, Err(Failure::Cancelled)), "{stopped:?}");
        assert!(matches!(Run::of(&scenario).cancel(&flag).check(), Err(Failure::Cancelled)));
    }

    #[test]
    fn names_that_are_not_there_are_told() {
        let scenario = read(&Options::new());
        let error = Run::of(&scenario).variant("rarer").outcome().unwrap_err().to_string();
        assert!(error.contains("rarer") && error.contains("base, rare"), "{error}");
        assert!(Run::of(&scenario).variant("rare").compare("base").is_err());
        let (outcome, comparison) = Run::of(&scenario).compare("base").unwrap();
        assert_eq!((outcome.variants.len(), comparison.reference.as_str()), (2, "base"));
        let text =
            TEXT.replace("metric = \"outages_per_year.block\"\nis = \"<=", "metric = \"outages\"\nis = \"<=");
        let wrong = Scenario::read("one.toml", &text, &Options::new()).unwrap();
        let error = Run::of(&wrong).check().unwrap_err().to_string();
        assert!(error.contains("variant rare") && error.contains("outages, which is no figure"), "{error}");
        assert!(Run::of(&wrong).variant("base").check().is_ok());
    }

    #[test]
    fn nothing_to_check_is_not_passed() {
        let bare = TEXT.split("[objective.short]").next().unwrap();
        let scenario = Scenario::read("one.toml", bare, &Options::new()).unwrap();
        assert!(!Run::of(&scenario).check().unwrap().passed(false));
    }
}
