//! The files of a report that are made when all replications are done.

use super::{csv, json, page};
use crate::experiment::Study;

/// Every name that [`files`] may give.
pub const NAMES: [&str; 5] = ["summary.csv", "causes.csv", "run.json", "report.html", "report.md"];

/// Files of a study with their bytes, in the order of [`NAMES`]; those that have nothing to say are left out.
pub fn files(study: &Study) -> Vec<(&'static str, Vec<u8>)> {
    let outcome = &study.outcome;
    vec![
        ("summary.csv", csv::summary_csv(outcome)),
        ("causes.csv", csv::causes_csv(outcome)),
        ("run.json", json::run_json(outcome)),
        ("report.html", page::report_html(study)),
        ("report.md", page::report_md(study)),
    ]
}
