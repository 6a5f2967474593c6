//! `sweep.csv`.

use super::{figure, number, text, whole_file};
use crate::experiment::Outcome;

/// Columns of `sweep.csv`.
pub const SWEEP: [&str; 14] = [
    "variant",
    "parameter",
    "value",
    "number",
    "number_unit",
    "others",
    "subject",
    "metric",
    "unit",
    "estimate",
    "low",
    "high",
    "n",
    "note",
];

/// `sweep.csv`: one row per varied setting, point, subject and figure; the rows of one curve lie together.
pub fn sweep_csv(outcome: &Outcome) -> Vec<u8> {
    let mut rows = Vec::new();
    for axis in &outcome.axes {
        for curve in outcome.curves(axis) {
            for (at, variant) in &curve.points {
                rows.extend(variant.metrics.iter().map(|m| {
                    let mut row = vec![
                        text(&variant.name),
                        text(&axis.path),
                        text(&at.label),
                        number(at.value),
                        at.unit.into(),
                        text(&curve.label),
                    ];
                    row.extend(figure(m));
                    row
                }));
            }
        }
    }
    whole_file(&SWEEP, rows.into_iter())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture;

    /// Fields of a line: the only ones with commas are quoted names at its start.
    fn fields(line: &str) -> Vec<&str> {
        match line.strip_prefix('"').and_then(|l| l.split_once('"')) {
            Some((name, rest)) => [name].into_iter().chain(rest.split(',').skip(1)).collect(),
            None => line.split(',').collect(),
        }
    }

    #[test]
    fn every_figure_of_every_point_has_a_row_per_axis() {
        let outcome = fixture::swept(50);
        let file = String::from_utf8(sweep_csv(&outcome)).unwrap();
        let figures: usize = outcome.variants[1..].iter().map(|v| v.metrics.len()).sum();
        assert_eq!(file.lines().count(), 1 + 2 * figures);
        let rows: Vec<Vec<&str>> = file.lines().map(fields).collect();
        let place = |r: &Vec<&str>| (r[1].to_string(), r[5].to_string(), r[2].to_string(), r[3].to_string());
        let mut places: Vec<_> = rows[1..].iter().map(place).collect();
        places.dedup();
        let row = |path: &str, others: &str, value: &str, number: &str| {
            (path.to_string(), others.to_string(), value.to_string(), number.to_string())
        };
        let wanted = [
            row("store.s.backup.interval", "consistency = strong", "1h", "3600"),
            row("store.s.backup.interval", "consistency = strong", "4h", "14400"),
            row("store.s.backup.interval", "consistency = =1+1", "1h", "3600"),
            row("store.s.backup.interval", "consistency = =1+1", "4h", "14400"),
            row("store.s.consistency", "interval = 1h", "strong", ""),
            row("store.s.consistency", "interval = 1h", "'=1+1", ""),
            row("store.s.consistency", "interval = 4h", "strong", ""),
            row("store.s.consistency", "interval = 4h", "'=1+1", ""),
        ];
        assert_eq!(places, wanted);
        // The figures are those of summary.csv.
        let summary = String::from_utf8(crate::report::csv::summary_csv(&outcome)).unwrap();
        let last = file.lines().last().unwrap();
        let end = fields(last)[6..].join(",");
        assert!(summary.lines().last().unwrap().ends_with(&end), "{last}");
    }
}
