//! The files of a report that are made when all replications are done.

use super::{csv, json, page};
use crate::experiment::Study;

/// Every name that [`files`] may give.
pub const NAMES: &[&str] = &[
    "summary.csv",
    "causes.csv",
    "months.csv",
    "objectives.csv",
    "run.json",
    "compare.csv",
    "report.html",
    "report.md",
    "availability.svg",
    "availability.png",
    "rto.svg",
    "rto.png",
    "rpo.svg",
    "rpo.png",
    "price.svg",
    "price.png",
    "timeline.svg",
    "timeline.png",
];

/// Files of a study with their bytes; those that have nothing to say are left out.
pub fn files(study: &Study) -> Vec<(&'static str, Vec<u8>)> {
    let outcome = &study.outcome;
    let mut files =
        vec![("summary.csv", csv::summary_csv(outcome)), ("causes.csv", csv::causes_csv(outcome))];
    if outcome.variants.iter().any(|v| !v.months.is_empty()) {
        files.push(("months.csv", csv::months_csv(outcome)));
    }
    if outcome.variants.iter().any(|v| !v.objectives.is_empty()) {
        files.push(("objectives.csv", csv::objectives_csv(outcome)));
    }
    files.push(("run.json", json::run_json(outcome)));
    files.extend(study.comparison.iter().map(|c| ("compare.csv", csv::compare_csv(c))));
    files.extend([("report.html", page::report_html(study)), ("report.md", page::report_md(study))]);
    #[cfg(feature = "plot")]
    let files = with_drawings(files, study);
    files
}

#[cfg(feature = "plot")]
fn with_drawings(mut files: Vec<(&'static str, Vec<u8>)>, study: &Study) -> Vec<(&'static str, Vec<u8>)> {
    for drawing in crate::plot::svg(study) {
        let named = |ending| {
            let name = format!("{}.{ending}", drawing.name);
            NAMES.iter().find(|known| **known == name).expect("every drawing has names for its files")
        };
        files.extend([(*named("svg"), drawing.svg_file()), (*named("png"), drawing.png())]);
    }
    files
}
