//! `objectives.csv`: targets and what became of them.

use super::months::three;
use super::{text, whole_file};
use crate::experiment::{ObjectiveResult, Outcome};

/// Columns of `objectives.csv`.
pub const OBJECTIVES: [&str; 29] = [
    "variant",
    "objective",
    "subject",
    "kind",
    "class",
    "goal",
    "target",
    "per",
    "met",
    "met_low",
    "met_high",
    "missed",
    "missed_low",
    "missed_high",
    "years_missed",
    "years_missed_low",
    "years_missed_high",
    "events_kept",
    "events_kept_low",
    "events_kept_high",
    "credit_percent",
    "credit_percent_low",
    "credit_percent_high",
    "budget_left",
    "budget_left_low",
    "budget_left_high",
    "n",
    "note",
    "verdict",
];

/// `objectives.csv`: one row per variant and objective.
pub fn objectives_csv(outcome: &Outcome) -> Vec<u8> {
    let rows = outcome
        .variants
        .iter()
        .flat_map(|variant| variant.objectives.iter().map(|objective| fields(&variant.name, objective)));
    whole_file(&OBJECTIVES, rows)
}

fn fields(variant: &str, o: &ObjectiveResult) -> Vec<String> {
    let mut fields = vec![
        text(variant),
        text(&o.name),
        text(&o.subject),
        o.kind.into(),
        o.class.unwrap_or_default().into(),
        o.goal.into(),
        o.target.clone(),
        o.per.into(),
    ];
    let optional = [&o.years_missed, &o.events_kept, &o.credit_percent, &o.budget_left];
    for estimate in [Some(&o.met), Some(&o.missed)].into_iter().chain(optional.map(Option::as_ref)) {
        fields.extend(three(estimate));
    }
    fields.extend([o.missed.n.to_string(), text(&o.missed.note), text(&o.verdict)]);
    fields
}
