//! Checking promises with as many replications as they need.
//!
//! The replications of a check are looked at a few times: at first those of the scenario, then, for the variants with
//! a promise that is still undecided, twice as many, and so on up to a limit. Each look uses intervals so wide that all
//! looks at all promises together are wrong with at most the stated probability (Bonferroni's inequality: the error is
//! shared out evenly). So a promise that holds is called broken in at most that share of checks, whatever is looked
//! at and however often. The looks depend on the scenario and the rule only: a check is as reproducible as a run.

use super::accumulate::Accumulator;
use super::catalogue;
use super::metric;
use super::promise::{Decision, Judged, Judging, Promise};
use super::runner::{self, Experiment, Failure, Subject};
use crate::model::{FaultRule, Schedule};
use crate::stats::Confidence;
use std::convert::Infallible;
use std::sync::atomic::AtomicBool;

/// How a check draws replications.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// Replications at the first look, at least 1.
    pub first: u64,
    /// Replications at the last look; less than `first` counts as `first`.
    pub most: u64,
    /// Highest probability, over all looks and promises, that a promise is called broken or met and is not; 1e-6 to 0.5.
    pub false_alarm: f64,
}

/// The false-alarm rate of a check unless another one is asked for.
pub const FALSE_ALARM: f64 = 0.01;

impl Rule {
    /// Looks at `first` replications, then at 2, 4, 8 and at most 16 times as many, with [`FALSE_ALARM`].
    pub fn new(first: u64) -> Rule {
        Rule { first, most: first.saturating_mul(16), false_alarm: FALSE_ALARM }
    }

    /// The numbers of replications at which is looked, rising.
    ///
    /// ```
    /// use zonefall::experiment::sequential::Rule;
    /// assert_eq!(Rule { most: 5000, ..Rule::new(1000) }.looks(), [1000, 2000, 4000, 5000]);
    /// ```
    pub fn looks(&self) -> Vec<u64> {
        let first = self.first.max(1);
        let most = self.most.max(first);
        let mut looks: Vec<u64> =
            std::iter::successors(Some(first), |n| n.checked_mul(2)).take_while(|&n| n < most).collect();
        looks.push(most);
        looks
    }

    /// The confidence of each interval where so many promises are judged.
    pub fn confidence(&self, promises: usize) -> Confidence {
        Confidence::shared(self.false_alarm, self.looks().len() * promises)
    }
}

/// What a sequential check came to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Looked {
    /// Every promise, in order.
    pub(crate) judged: Vec<Judged>,
    /// The confidence of the intervals.
    pub(crate) confidence: Confidence,
}

/// Runs an experiment until its promises are decided or the rule ends it. `progress` is told how many replications of the
/// variants are done, and of how many as far as is known.
pub(crate) fn check(
    experiment: &Experiment<'_>,
    promises: &[Promise],
    rule: &Rule,
    cancel: &AtomicBool,
    mut progress: impl FnMut(u64, u64),
) -> Result<Looked, Failure<Infallible>> {
    let subjects = &experiment.subjects;
    let confidence = rule.confidence(promises.len());
    let mut sums: Vec<Accumulator> = subjects.iter().map(|s| Accumulator::new(s.model)).collect();
    let mut judged: Vec<Option<Judged>> = vec![None; promises.len()];
    let promised = |s: &Subject<'_>| promises.iter().any(|p| p.variant == s.name);
    let mut open: Vec<usize> = (0..subjects.len()).filter(|&i| promised(&subjects[i])).collect();
    if open.is_empty() {
        return Ok(Looked { judged: Vec::new(), confidence });
    }
    let mut done = 0;
    for n in rule.looks() {
        let from = sums[open[0]].replications;
        let run = Experiment {
            subjects: open.iter().map(|&i| subjects[i]).collect(),
            replications: from..n,
            reference: None,
            timeline: false,
            ..*experiment
        };
        let all = done + (n - from) * open.len() as u64;
        let told = |r| progress(done + r * open.len() as u64, all);
        let more = runner::sums(&run, cancel, told)?;
        done = all;
        for (&i, more) in open.iter().zip(&more) {
            sums[i].merge(more);
            look(&subjects[i], &sums[i], promises, confidence, &mut judged);
        }
        open.retain(|&i| {
            let about =
                |j: &Judged| j.promise.variant == subjects[i].name && j.decision == Decision::Undecided;
            judged.iter().flatten().any(about)
        });
        if open.is_empty() {
            break;
        }
    }
    // Every promise is about a variant that runs: who asks sees to that.
    Ok(Looked { judged: judged.into_iter().flatten().collect(), confidence })
}

/// Whether it takes luck for a rule to strike, and whom. (What is drawn for an occurrence that is certain varies visibly.)
fn by_chance(rule: &FaultRule) -> bool {
    let sometimes = |ppm: u32| ppm < 1_000_000;
    matches!(rule.schedule, Schedule::Stochastic { .. })
        || rule.together_ppm.is_some_and(sometimes)
        || rule.cascades.iter().any(|c| sometimes(c.probability_ppm))
}

/// Judges what is undecided of a variant. What was decided stays so: the error of its look is spent.
fn look(
    subject: &Subject<'_>,
    sum: &Accumulator,
    promises: &[Promise],
    at: Confidence,
    judged: &mut [Option<Judged>],
) {
    let metrics = catalogue::metrics(subject.model, sum, at);
    let chance = subject.model.faults.iter().any(by_chance);
    let judging = Judging { replications: sum.replications, worst: sum.worst.worst(), at, chance };
    for (promise, slot) in promises.iter().zip(judged) {
        let undecided = slot.as_ref().is_none_or(|j| j.decision == Decision::Undecided);
        if promise.variant == subject.name && undecided {
            *slot = Some(promise.judge(metric::find(&metrics, &promise.metric), &judging));
        }
    }
}
