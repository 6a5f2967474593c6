//! `attribution.csv`.

use super::{number, text, whole_file};
use crate::experiment::Outcome;

/// Columns of `attribution.csv`.
pub const ATTRIBUTION: [&str; 14] = [
    "variant",
    "subject",
    "kind",
    "cause",
    "phase",
    "party",
    "down_minutes_per_year",
    "low",
    "high",
    "down_share",
    "failed_requests_mean",
    "failed_minutes_per_year",
    "failed_share",
    "writes_lost_mean",
];

/// `attribution.csv`: one row per variant, subject, kind of request, cause, phase and party that something was booked to.
pub fn attribution_csv(outcome: &Outcome) -> Vec<u8> {
    let rows = outcome.variants.iter().flat_map(|variant| {
        variant.attribution.iter().map(|row| {
            vec![
                text(&variant.name),
                text(&row.subject),
                row.kind.into(),
                text(&row.cause),
                row.phase.into(),
                row.party.into(),
                number(row.minutes_per_year),
                number(row.interval.map(|[low, _]| low)),
                number(row.interval.map(|[_, high]| high)),
                number(row.share),
                number(row.failed_requests),
                number(row.failed_minutes_per_year),
                number(row.failed_share),
                number(row.writes_lost),
            ]
        })
    });
    whole_file(&ATTRIBUTION, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture;

    /// Six of twelve replications see a zone outage (60, 62, … 70 s), four a lost region (3600, 3780, 3960, 4140 s).
    #[test]
    fn bytes_of_a_small_outcome() {
        let csv = String::from_utf8(attribution_csv(&fixture::outcome(12))).unwrap();
        let rows: Vec<Vec<&str>> = csv.lines().map(|l| l.split(',').collect()).collect();
        assert!(rows.iter().all(|row| row.len() == ATTRIBUTION.len()), "{csv}");
        let keys: Vec<String> = rows[1..].iter().map(|row| row[1..6].join(" ")).collect();
        let expected = [
            "orders write zone-power repair provider",
            "orders write '=region-lost promote provider",
            "orders write '=region-lost repair provider",
            "quorum block zone-power repair provider",
        ];
        assert_eq!(keys, expected, "{csv}");
        // 390 s and 15480 s in twelve years.
        let cell = |row: usize, column: usize| rows[row][column].parse::<f64>().unwrap();
        for (row, seconds) in [(1, 390.0), (3, 15_480.0), (4, 390.0)] {
            assert!((cell(row, 6) * 60.0 * 12.0 - seconds).abs() < 1e-6, "{csv}");
            assert!(cell(row, 7) <= cell(row, 6) && cell(row, 6) <= cell(row, 8), "{csv}");
        }
        assert_eq!(cell(1, 9) + cell(3, 9), 1.0);
        assert_eq!((cell(1, 10) * 12.0, cell(3, 10) * 12.0), (390_000.0, 15_480_000.0));
        // 500 (i mod 5) writes in replications 0, 3, 6, 9.
        assert_eq!((cell(2, 6), rows[2][10], cell(2, 13) * 12.0), (0.0, "0", 4000.0));
    }
}
