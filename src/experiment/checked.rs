//! What a check of a scenario came to, as plain data: promises, and figures beside those of a baseline.

use super::promise::{Decision, Judged};
use crate::stats::Confidence;

/// The results of checking one scenario.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Checked {
    /// Name of the scenario.
    pub scenario: String,
    /// Seed of the random streams.
    pub seed: u64,
    /// Digest of the scenario as run.
    pub digest: u64,
    /// Version of zonefall that ran it.
    pub version: String,
    /// Highest probability that any promise is called broken or met and is not.
    pub false_alarm: f64,
    /// The confidence of the intervals that decided.
    pub confidence: Confidence,
    /// Replications at which was looked, as far as the rule goes.
    pub looks: Vec<u64>,
    /// Every promise: expectations in the order of the file, then the objectives of each variant.
    pub judged: Vec<Judged>,
    /// Beside a baseline, if there was one.
    pub against: Option<Against>,
}

impl Checked {
    /// Promises of a decision.
    pub fn count(&self, decision: Decision) -> usize {
        self.judged.iter().filter(|j| j.decision == decision).count()
    }

    /// Whether there was something to check and nothing is broken: no promise, no figure worse than in the baseline. What is
    /// undecided counts as broken where `strict`.
    pub fn passed(&self, strict: bool) -> bool {
        // A gate without anything to look at lets everything through.
        if self.judged.is_empty() && self.against.is_none() {
            return false;
        }
        let worse = self.against.as_ref().is_some_and(|a| a.count(Trend::Worse) > 0);
        !worse && self.count(Decision::Broken) == 0 && !(strict && self.count(Decision::Undecided) > 0)
    }
}

/// Figures beside those of a baseline.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Against {
    /// Version of zonefall that made the baseline.
    pub version: String,
    /// Replications of either side, under the seed of the baseline.
    pub replications: u64,
    /// Highest probability that any figure is called worse or better and is not.
    pub false_alarm: f64,
    /// The confidence of the intervals.
    pub confidence: Confidence,
    /// Changes of a figure up to this share of it never count.
    pub threshold: f64,
    /// What is different in the scenario; empty: nothing.
    pub inputs: Vec<InputChange>,
    /// The figures of variants that both have, in the order of the variants and of the catalogue.
    pub shifts: Vec<Shift>,
    /// Variants, and subjects of a variant with the number of their figures, that only the baseline has.
    pub gone: Vec<String>,
    /// The same that only the scenario has.
    pub new: Vec<String>,
}

impl Against {
    /// Figures of a trend.
    pub fn count(&self, trend: Trend) -> usize {
        self.shifts.iter().filter(|s| s.trend == trend).count()
    }
}

/// One difference between the baseline's scenario and the one that is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InputChange {
    /// Dotted key, or the name of a file that the scenario refers to.
    pub path: String,
    /// The value in the baseline, in TOML; `None`: it was not there.
    pub before: Option<String>,
    /// The value now; `None`: it is gone.
    pub after: Option<String>,
}

/// One figure beside that of the baseline.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Shift {
    /// Name of the variant.
    pub variant: String,
    /// The figure, as `SUBJECT/ID`.
    pub metric: String,
    /// Unit of the numbers.
    pub unit: &'static str,
    /// The baseline's estimate; `None`: undefined.
    pub before: Option<f64>,
    /// The estimate now; `None`: undefined.
    pub after: Option<f64>,
    /// Lower end of the interval of the difference, after − before; `None`: no interval.
    pub low: Option<f64>,
    /// Upper end of it.
    pub high: Option<f64>,
    /// The smallest difference that would be called one in 90 % of checks; `None` where nothing is known of the spread.
    pub detects: Option<f64>,
    /// What to think of it.
    pub trend: Trend,
    /// What changed: the scenario, or this program.
    pub because: Because,
}

/// What to think of a figure beside that of a baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trend {
    /// Worse by more than the threshold, and not by chance.
    Worse,
    /// Better by more than the threshold, and not by chance.
    Better,
    /// Different by more than the threshold, which may be chance.
    Unsettled,
    /// No more different than the threshold.
    Same,
    /// Undefined on one side: such events happen in one of the two.
    OneSided,
}

impl Trend {
    /// `worse`, `better`, `unsettled`, `same`, `one-sided`.
    pub fn word(self) -> &'static str {
        match self {
            Trend::Worse => "worse",
            Trend::Better => "better",
            Trend::Unsettled => "unsettled",
            Trend::Same => "same",
            Trend::OneSided => "one-sided",
        }
    }
}

/// Why a figure is different.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Because {
    /// The scenario, its settings or its files.
    Inputs,
    /// The same scenario gives other results in this version of the program.
    Program,
}
