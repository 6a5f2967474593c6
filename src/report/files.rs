//! The files of a report that are made when all replications are done.

use super::{csv, json, page};
use crate::experiment::Study;

/// Every name that [`files`] may give.
pub const NAMES: &[&str] = &[
    "summary.csv",
    "causes.csv",
    "attribution.csv",
    "what-if.csv",
    "twin.csv",
    "months.csv",
    "objectives.csv",
    "run.json",
    "compare.csv",
    "sweep.csv",
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
    "attribution.svg",
    "attribution.png",
    "timeline.svg",
    "timeline.png",
    "sweep.svg",
    "sweep.png",
];

/// Files of a study with their bytes; those that have nothing to say are left out.
pub fn files(study: &Study) -> Vec<(&'static str, Vec<u8>)> {
    let outcome = &study.outcome;
    let mut files = vec![
        ("summary.csv", csv::summary_csv(outcome)),
        ("causes.csv", csv::causes_csv(outcome)),
        ("attribution.csv", csv::attribution_csv(outcome)),
        ("twin.csv", csv::twin_csv(outcome)),
    ];
    if !study.what_if.is_empty() {
        files.push(("what-if.csv", csv::what_if_csv(&study.what_if)));
    }
    if outcome.variants.iter().any(|v| !v.months.is_empty()) {
        files.push(("months.csv", csv::months_csv(outcome)));
    }
    if outcome.variants.iter().any(|v| !v.objectives.is_empty()) {
        files.push(("objectives.csv", csv::objectives_csv(outcome)));
    }
    files.push(("run.json", json::run_json(outcome)));
    files.extend(study.comparison.iter().map(|c| ("compare.csv", csv::compare_csv(c))));
    if outcome.variants.iter().any(|v| !v.point.is_empty()) && !outcome.axes.is_empty() {
        files.push(("sweep.csv", csv::sweep_csv(outcome)));
    }
    let figures = drawings(study, &mut files);
    let (html, markdown) = page::report(study, figures);
    files.extend([("report.html", html), ("report.md", markdown)]);
    files
}

/// Adds the files of drawings; gives the drawings for the page.
#[cfg(feature = "plot")]
fn drawings(study: &Study, files: &mut Vec<(&'static str, Vec<u8>)>) -> Vec<page::Figure> {
    let figure = |drawing: crate::plot::Drawing| {
        let named = |ending| {
            let name = format!("{}.{ending}", drawing.name);
            NAMES.iter().find(|known| **known == name).expect("every drawing has names for its files")
        };
        files.extend([(*named("svg"), drawing.svg_file()), (*named("png"), drawing.png())]);
        page::Figure { name: drawing.name, title: drawing.title, alt: drawing.alt, svg: drawing.svg }
    };
    crate::plot::svg(study).into_iter().map(figure).collect()
}

/// There are none without the feature.
#[cfg(not(feature = "plot"))]
fn drawings(_: &Study, _: &mut Vec<(&'static str, Vec<u8>)>) -> Vec<page::Figure> {
    Vec::new()
}
