//! The promises of a scenario: its expectations, and the objectives of each variant.

use super::RunError;
use crate::experiment::expect::{Comparison, Verdict, evaluate};
use crate::experiment::promise::{Promise, Source, about_loss};
use crate::experiment::runner::{Experiment, Subject};
use crate::experiment::{Accumulator, Outcome, VariantOutcome};
use crate::model::objective::{Goal, Objective, WHOLE, in_percent};
use crate::scenario::{Expect, Scenario, Variant};

/// All promises about the variants of an experiment; those about others cannot be judged.
pub(super) fn promises(scenario: &Scenario, experiment: &Experiment<'_>) -> Vec<Promise> {
    let expected = scenario.expects.iter().map(|e| Promise {
        source: Source::Expectation,
        variant: scenario.variant_of(e).into(),
        metric: e.metric.clone(),
        comparison: e.comparison,
        text: e.text.clone(),
        rules: e.rules.clone(),
        about_loss: about_loss(&e.metric),
        line: e.line,
    });
    let runs = |p: &Promise| experiment.subjects.iter().any(|s| s.name == p.variant);
    let targets = experiment.subjects.iter().flat_map(|subject| {
        subject.model.objectives.iter().map(|objective| target(scenario, subject, objective))
    });
    expected.filter(runs).chain(targets).collect()
}

/// Expectations about what is no figure of their variant, or one of several subjects, each with ids that come close, the
/// closest first.
pub fn unknown_figures(scenario: &Scenario) -> Vec<(&Expect, Vec<String>)> {
    // The figures there are, without a replication.
    let nothing_seen = |v: &Variant| VariantOutcome::new(&v.name, &v.model, &Accumulator::new(&v.model));
    let outcome = Outcome {
        scenario: scenario.name.clone(),
        seed: scenario.seed,
        first_replication: 0,
        replications: 0,
        version: String::new(),
        digest: scenario.digest,
        axes: Vec::new(),
        variants: scenario.variants.iter().map(nothing_seen).collect(),
    };
    let close = |e: &Expect| match evaluate(&outcome, scenario.variant_of(e), &e.metric, e.comparison).verdict
    {
        Verdict::Unknown { close } => Some(close),
        _ => None,
    };
    scenario.expects.iter().filter_map(|e| Some((e, close(e)?))).collect()
}

/// Whether every expectation that is judged is about a figure that there is.
///
/// # Errors
/// The first that is not, with what it may have meant.
pub(super) fn known(scenario: &Scenario, experiment: &Experiment<'_>) -> Result<(), RunError> {
    let runs = |name: &str| experiment.subjects.iter().any(|s| s.name == name);
    let unknown = unknown_figures(scenario).into_iter().find(|(e, _)| runs(scenario.variant_of(e)));
    let Some((expect, close)) = unknown else { return Ok(()) };
    let near = close.first().map_or_else(String::new, |near| format!("; did you mean {near}?"));
    let metric = &expect.metric;
    let why =
        format!("an expectation is about {metric}, which is no figure or that of several subjects{near}");
    Err(RunError::Plan { variant: scenario.variant_of(expect).into(), why })
}

/// An objective as a promise about how often its target is met.
fn target(scenario: &Scenario, subject: &Subject<'_>, objective: &Objective) -> Promise {
    let of = objective.of.name(subject.model);
    let always = objective.required == WHOLE;
    let share = objective.required as f64 / WHOLE as f64;
    let (figure, per, target) = match &objective.goal {
        Goal::Availability { target, .. } => ("months_missed", "month", in_percent(*target)),
        Goal::Rto { within, .. } => ("kept", "replication", format!("RTO within {within}")),
        Goal::Rpo { within, .. } => ("kept", "replication", format!("RPO within {within}")),
    };
    // A single miss breaks what must always be met, so that is judged by what was seen.
    let comparison = match (figure, always) {
        ("kept", true) => Comparison::Eq(1.0),
        ("kept", false) => Comparison::Ge(share),
        (_, true) => Comparison::Eq(0.0),
        (_, false) => Comparison::Le((WHOLE - objective.required) as f64 / WHOLE as f64),
    };
    let text = match always {
        true => format!("{target} in every {per}"),
        false => {
            format!("{target} in at least {} of {per}s", in_percent(objective.required))
        }
    };
    let line = scenario.objective_lines.iter().find(|(name, _)| *name == objective.name);
    Promise {
        source: Source::Objective(objective.name.clone()),
        variant: subject.name.into(),
        metric: format!("{of}/objective.{}.{figure}", objective.name),
        comparison,
        text,
        rules: Vec::new(),
        about_loss: matches!(objective.goal, Goal::Rpo { .. }),
        line: line.map_or(0, |&(_, line)| line),
    }
}
