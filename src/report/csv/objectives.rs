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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture;

    /// As many fields as columns; a target of each sort; what does not apply is empty.
    #[test]
    fn a_row_for_each_objective() {
        let bytes = objectives_csv(&fixture::outcome_of(&fixture::objectives(), 60));
        let mut reader = ::csv::Reader::from_reader(&bytes[..]);
        assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), OBJECTIVES);
        let rows: Vec<::csv::StringRecord> = reader.records().map(|r| r.unwrap()).collect();
        assert_eq!(rows.len(), 5);
        let column = |name: &str| OBJECTIVES.iter().position(|c| *c == name).unwrap();
        let field = |row: usize, name: &str| rows[row][column(name)].to_owned();
        assert_eq!([0, 3, 4].map(|row| field(row, "goal")), ["availability", "rto", "rpo"]);
        assert_eq!([0, 3].map(|row| field(row, "target")), ["99.99 %", "1h"]);
        assert_eq!([0, 1, 2, 4].map(|row| field(row, "kind")), ["write", "all", "block", "write"]);
        assert_eq!((field(0, "events_kept"), field(3, "years_missed")), (String::new(), String::new()));
        assert!(field(0, "verdict").starts_with("missed in "), "{}", field(0, "verdict"));
        // The region's outages, an hour and more, in every third replication; exactly an hour keeps the target.
        let missed: f64 = field(3, "missed").parse().unwrap();
        let beyond = (0..60).filter(|i| i % 3 == 0 && i % 29 > 0).count();
        assert!((missed - beyond as f64 / 60.0).abs() < 1e-12);
    }
}
