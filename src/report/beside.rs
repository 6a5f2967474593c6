//! The human form of a comparison: variants beside a reference, plain text of at most 100 columns.

use super::figure::{difference, plain, with_interval};
use super::table::Table;
use super::terminal::{Page, Style};
use crate::experiment::compare::{Comparison, Difference, subjects};
use crate::experiment::{Metric, Study};
use crate::stats::Confidence;
use crate::stats::interval::unseen_probability;
use crate::stats::number::{counted, percent_bound, significant};

/// The figures that are shown of every subject, with their titles and what they are divided by; the rest is in
/// `compare.csv`.
const ALWAYS: [(&str, &str, f64); 11] = [
    ("failed_minutes_per_year.write", "writes: failed minutes per year", 1.0),
    ("failed_minutes_per_year.read", "reads: failed minutes per year", 1.0),
    ("downtime_minutes_per_year.block", "minutes down per year", 1.0),
    ("rto_seconds.write.mean", "writes: mean RTO, minutes", 60.0),
    ("rto_seconds.block.mean", "mean RTO, minutes", 60.0),
    ("writes_lost.mean", "writes lost for ever, per replication", 1.0),
    ("writes_missing.mean", "writes missing at the end, per replication", 1.0),
    ("probability_loss", "probability of losing writes", 1.0),
    ("rpo_seconds.mean", "mean RPO, seconds", 1.0),
    ("price_factor", "price, × one region without zones", 1.0),
    ("cost_per_year", "cost per year", 1.0),
];

/// A figure that is shown beside that of the reference.
pub(super) struct Shown {
    /// Id in the catalogue.
    pub(super) id: String,
    /// Title, with the unit.
    pub(super) title: String,
    /// What the figure is divided by.
    per: f64,
}

/// The figures that are shown of a subject: the same for all, and what becomes of its objectives.
pub(super) fn shown(study: &Study, subject: &str) -> Vec<Shown> {
    let always = ALWAYS.map(|(id, title, per)| Shown { id: id.into(), title: title.into(), per });
    let mut shown: Vec<Shown> = always.into();
    for o in study.outcome.variants.iter().flat_map(|v| &v.objectives).filter(|o| o.subject == subject) {
        let (id, title) = match o.goal {
            "availability" => ("months_missed", "share of months that miss it"),
            _ => ("kept", "share of replications that keep it"),
        };
        let id = format!("objective.{}.{id}", o.name);
        if !shown.iter().any(|s| s.id == id) {
            shown.push(Shown { id, title: format!("{}: {title}", o.name), per: 1.0 });
        }
    }
    shown
}

impl Shown {
    /// The difference in the unit of the title.
    pub(super) fn difference(&self, row: &Difference) -> Difference {
        let per = |x: Option<f64>| x.map(|x| x / self.per);
        Difference { difference: per(row.difference), low: per(row.low), high: per(row.high), ..row.clone() }
    }

    fn metric(&self, metric: &Metric) -> Metric {
        let per = |x: Option<f64>| x.map(|x| x / self.per);
        Metric {
            estimate: per(metric.estimate),
            low: per(metric.low),
            high: per(metric.high),
            ..metric.clone()
        }
    }
}

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
    let mut few = false;
    for subject in subjects(&comparison.rows) {
        page.blank();
        page.line(0, &style.bold(subject));
        let mut same = Vec::new();
        for shown in shown(study, subject) {
            let rows = || comparison.rows.iter().filter(|r| r.subject == subject && r.metric == shown.id);
            if rows().next().is_some() && rows().all(Difference::is_nothing) {
                same.push(shown.title);
            } else if let Some((table, rough)) = table(study, comparison, subject, &shown) {
                page.blank();
                page.table(2, &table);
                few |= rough;
            }
        }
        if !same.is_empty() {
            page.blank();
            page.wrapped(2, 4, &format!("never different: {}", same.join("; ")));
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
    if page.text.contains(NONE_SEEN) {
        let most = percent_bound(unseen_probability(outcome.replications, Confidence::P95).unwrap_or(1.0));
        let n = counted(outcome.replications, "replication");
        page.wrapped(2, 2, &style.dim(&format!("{NONE_SEEN} in {n}: at most {most} have any (95 %)")));
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
fn table(study: &Study, comparison: &Comparison, subject: &str, shown: &Shown) -> Option<(Table, bool)> {
    let id = shown.id.as_str();
    let mut table = Table::new(&[&shown.title, "", "difference", "pairing"]);
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
        let mut cells = vec![variant.name.clone(), value(&shown.metric(metric))];
        match row {
            None => cells.push("reference  ".into()),
            Some(row) => {
                let rough = row.is_rough();
                few |= rough;
                cells.push(format!(
                    "{}{}",
                    difference(&shown.difference(row)),
                    if rough { " *" } else { "  " }
                ));
                cells.extend(row.variance_reduction.map(|x| format!("× {}", significant(x, 2))));
            }
        }
        table.row(cells);
    }
    seen.then_some((table, few))
}

/// A bound beside an estimate would look like a chance to be many times worse: it is told once, below.
const NONE_SEEN: &str = "none seen";

fn none_seen(metric: &Metric) -> bool {
    metric.estimate == Some(0.0) && metric.high.is_some_and(|high| high > 0.0)
}

fn value(metric: &Metric) -> String {
    match metric.n {
        // Known without sampling: as it is.
        0 => metric.estimate.map_or_else(|| "–".into(), plain),
        _ if none_seen(metric) => NONE_SEEN.into(),
        _ => with_interval(metric),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_seen_is_no_bound_in_a_table() {
        let metric = |estimate: f64, high: f64| Metric {
            id: "failed_minutes_per_year.read".into(),
            subject: "orders".into(),
            unit: "minutes/year",
            estimate: Some(estimate),
            low: Some(0.0),
            high: Some(high),
            n: 200,
            note: String::new(),
        };
        assert_eq!(value(&metric(0.0, 393.0)), NONE_SEEN);
        assert_eq!(value(&metric(0.0, 0.0)), "0");
        assert_eq!(value(&metric(10.0, 20.0)), "10 (0 to 20)");
    }
}
