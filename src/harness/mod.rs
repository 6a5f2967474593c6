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
