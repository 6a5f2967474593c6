//! The promises of a scenario: its expectations, and the objectives of each variant.

use super::RunError;
use crate::experiment::Accumulator;
use crate::experiment::expect::{Comparison, Verdict, evaluate};
use crate::experiment::promise::{Promise, Source, about_loss};
use crate::experiment::runner::{Experiment, Subject};
use crate::model::objective::{Goal, Objective, WHOLE, Watched};
use crate::scenario::Scenario;

/// All promises about the variants of an experiment; those about others cannot be judged.
pub(super) fn promises(scenario: &Scenario, experiment: &Experiment<'_>) -> Vec<Promise> {
    let first = scenario.variants.first().map_or("", |v| v.name.as_str());
    let expected = scenario.expects.iter().map(|e| Promise {
        source: Source::Expectation,
        variant: e.variant.as_deref().unwrap_or(first).into(),
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

/// Whether every promise is about a figure that there is.
///
/// # Errors
/// The first that is not, with what it may have meant.
pub(super) fn known(promises: &[Promise], experiment: &Experiment<'_>) -> Result<(), RunError> {
    let none: Vec<Accumulator> = experiment.subjects.iter().map(|s| Accumulator::new(s.model)).collect();
    let outcome = experiment.outcome("", 0, &none);
    for promise in promises {
        let Promise { variant, metric, comparison, .. } = promise;
        if let Verdict::Unknown { close } = evaluate(&outcome, variant, metric, *comparison).verdict {
            let near = close.first().map_or_else(String::new, |near| format!("; did you mean {near}?"));
            let why = format!(
                "an expectation is about {metric}, which is no figure or that of several subjects{near}"
            );
            return Err(RunError::Plan { variant: variant.clone(), why });
        }
    }
    Ok(())
}

/// An objective as a promise about how often its target is met.
fn target(scenario: &Scenario, subject: &Subject<'_>, objective: &Objective) -> Promise {
    let of = match objective.of {
        Watched::Service(s, _) => &subject.model.services[s as usize].name,
        Watched::Store(s, _) => &subject.model.stores[s as usize].name,
        Watched::Block(b) => &subject.model.blocks[b as usize].name,
    };
    let always = objective.required == WHOLE;
    let share = objective.required as f64 / WHOLE as f64;
    let (figure, per, target) = match &objective.goal {
        Goal::Availability { target, .. } => {
            ("months_missed", "month", format!("{} %", *target as f64 / (WHOLE as f64 / 100.0)))
        }
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
            format!("{target} in at least {} % of {per}s", objective.required as f64 / (WHOLE as f64 / 100.0))
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
