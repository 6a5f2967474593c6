//! The human form of a comparison: variants beside a reference, plain text of at most 100 columns.

use super::figure::{difference, plain, with_interval};
use super::table::Table;
use super::terminal::{Page, Style};
use crate::experiment::compare::Comparison;
use crate::experiment::{Metric, Study};
use crate::stats::histogram::SMALL_SAMPLE;
use crate::stats::number::significant;

/// The figures that are shown, with their titles; the rest is in `compare.csv`.
pub(super) const SHOWN: [(&str, &str); 10] = [
    ("failed_minutes_per_year.write", "writes: failed minutes per year"),
    ("failed_minutes_per_year.read", "reads: failed minutes per year"),
    ("downtime_minutes_per_year.block", "minutes down per year"),
    ("rto_seconds.write.mean", "writes: mean RTO, seconds"),
    ("rto_seconds.block.mean", "mean RTO, seconds"),
    ("writes_lost.mean", "writes lost for ever, per replication"),
    ("probability_loss", "probability of losing writes"),
    ("rpo_seconds.mean", "mean RPO, seconds"),
    ("price_factor", "price, × one region without zones"),
    ("cost_per_year", "cost per year"),
];

/// A comparison with its verdicts and the scenario's expectations, ready to print.
pub fn comparison(study: &Study, comparison: &Comparison, style: Style) -> String {
    let outcome = &study.outcome;
    let mut page = Page::new(style);
    page.head(outcome);
    page.wrapped(
        0,
        2,
        &style.dim(&format!("compared with {}: {}", comparison.reference, faults(study, comparison))),
    );
    let mut subjects: Vec<&str> = Vec::new();
    for row in comparison.rows.iter().filter(|r| !r.subject.is_empty()) {
        if !subjects.contains(&row.subject.as_str()) {
            subjects.push(&row.subject);
        }
    }
    let mut few = false;
    for subject in subjects {
        page.blank();
        page.line(0, &style.bold(subject));
        for (id, title) in SHOWN {
            if let Some((table, rough)) = table(study, comparison, subject, id, title) {
                page.blank();
                page.table(2, &table);
                few |= rough;
            }
        }
        page.blank();
        for verdict in comparison.verdicts.iter().filter(|v| v.subject == subject) {
            page.wrapped(2, 2, &verdict.text);
        }
    }
    page.blank();
    let pairing = "pairing: how many times as many replications would be needed on faults of their own";
    page.wrapped(2, 2, &style.dim(pairing));
    if few {
        page.line(2, &style.dim("* fewer than 30 replications differ: read these intervals with care"));
    }
    page.expectations(&study.promises);
    page.text
}

pub(super) fn faults(study: &Study, comparison: &Comparison) -> String {
    if comparison.same_faults {
        return "all variants meet the same faults".into();
    }
    let variants = &study.outcome.variants;
    let digest = variants.iter().find(|v| v.name == comparison.reference).map(|v| v.fault_digest);
    let others = variants.iter().filter(|v| Some(v.fault_digest) != digest);
    let others: Vec<&str> = others.map(|v| v.name.as_str()).collect();
    format!("other faults strike {}: differences include those of the faults", others.join(", "))
}

/// A figure in every variant that has it, and whether some difference rests on few replications; `None` where it is
/// 0 or undefined in all.
fn table(
    study: &Study,
    comparison: &Comparison,
    subject: &str,
    id: &str,
    title: &str,
) -> Option<(Table, bool)> {
    let mut table = Table::new(&[title, "", "difference", "pairing"]);
    let (mut seen, mut few) = (false, false);
    for variant in &study.outcome.variants {
        let Some(metric) = variant.metrics.iter().find(|m| m.subject == subject && m.id == id) else {
            continue;
        };
        seen |= metric.estimate.is_some_and(|x| x != 0.0);
        let row = comparison
            .rows
            .iter()
            .find(|r| r.variant == variant.name && r.subject == subject && r.metric == id);
        let mut cells = vec![variant.name.clone(), value(metric)];
        match row {
            None => cells.push("reference  ".into()),
            Some(row) => {
                let rough = row.low.is_some() && row.differ.is_some_and(|n| n < SMALL_SAMPLE);
                few |= rough;
                cells.push(format!("{}{}", difference(row), if rough { " *" } else { "  " }));
                cells.extend(row.variance_reduction.map(|x| format!("× {}", significant(x, 2))));
            }
        }
        table.row(cells);
    }
    seen.then_some((table, few))
}

fn value(metric: &Metric) -> String {
    match metric.n {
        // Known without sampling: as it is.
        0 => metric.estimate.map_or_else(|| "–".into(), plain),
        _ => with_interval(metric),
    }
}
