//! The human form of a sweep: a row per value with the figures people ask for first; all others are in `sweep.csv`.

use super::figure::{Figures, plain, with_interval};
use super::table::Table;
use super::terminal::{Page, Style, WIDTH};
use crate::experiment::sweep::{Axis, Curve};
use crate::experiment::{Metric, Outcome, VariantOutcome};
use crate::stats::histogram::SMALL_SAMPLE;
use crate::stats::number::duration;

/// The figures that are shown, most important first, with their heads.
const SHOWN: [(&str, &str); 11] = [
    ("failed_minutes_per_year.write", "writes, min/year"),
    ("failed_minutes_per_year.read", "reads, min/year"),
    ("downtime_minutes_per_year.block", "down, min/year"),
    ("rpo_seconds.p50", "RPO p50"),
    ("rpo_seconds.max", "RPO max"),
    ("rto_seconds.write.p50", "RTO p50"),
    ("rto_seconds.block.p50", "RTO p50"),
    ("price_factor", "price"),
    ("cost_per_year", "cost/year"),
    ("writes_lost.mean", "writes lost"),
    ("restore_seconds.p50", "restore p50"),
];

/// Adds the tables of a sweep, if there is one.
pub(super) fn sweep(page: &mut Page, outcome: &Outcome, style: Style) {
    let points: Vec<&VariantOutcome> = outcome.variants.iter().filter(|v| !v.point.is_empty()).collect();
    let Some(first) = points.first() else { return };
    let names: Vec<&str> = outcome.axes.iter().map(|a| a.label.as_str()).collect();
    page.blank();
    // With one axis the modes are the same.
    let product = first.point.len() == outcome.axes.len();
    let mode = if product { "" } else { ", one at a time" };
    page.title(&format!("sweep of {}{mode}", names.join(", ")));
    // A long axis goes down the page, and the others make tables.
    let longest = outcome.axes.iter().rev().max_by_key(|a| a.values.len());
    let axes: Vec<&Axis> =
        if product { longest.into_iter().collect() } else { outcome.axes.iter().collect() };
    let mut few = false;
    for (i, subject) in first.subjects().into_iter().enumerate() {
        if i > 0 {
            page.blank();
        }
        page.line(0, &style.bold(subject));
        let shown = shown(&points, subject);
        for (i, axis) in axes.iter().enumerate() {
            for (j, curve) in outcome.curves(axis).iter().enumerate() {
                if i + j > 0 {
                    page.blank();
                }
                if !curve.label.is_empty() {
                    page.wrapped(2, 2, &curve.label);
                }
                let base = outcome.variants.first().filter(|v| !product && v.point.is_empty());
                few |= table(page, axis, curve, base, subject, &shown);
            }
        }
    }
    page.blank();
    let mut words = "all figures with intervals: sweep.csv, under --out DIR".to_string();
    if few {
        words += &format!("; * fewer than {SMALL_SAMPLE} replications saw one");
    }
    page.wrapped(2, 2, &style.dim(&words));
}

/// The figures that tell something somewhere in the sweep.
fn shown(points: &[&VariantOutcome], subject: &str) -> Vec<(&'static str, &'static str)> {
    let tells = |id: &str| points.iter().any(|variant| Figures { variant, subject }.happened(id));
    SHOWN.into_iter().filter(|(id, _)| tells(id)).collect()
}

/// One table with as many figures as fit; whether one of them rests on few events.
fn table(
    page: &mut Page,
    axis: &Axis,
    curve: &Curve<'_>,
    base: Option<&VariantOutcome>,
    subject: &str,
    shown: &[(&str, &str)],
) -> bool {
    for count in (0..=shown.len()).rev() {
        let mut few = false;
        let shown = &shown[..count];
        let heads = shown.iter().map(|(_, head)| *head);
        let mut table = Table::new(&[axis.label.as_str()].into_iter().chain(heads).collect::<Vec<_>>());
        let as_written = base.map(|v| (format!("({})", v.name), v));
        let points = curve.points.iter().map(|(at, v)| (at.label.clone(), *v));
        for (label, variant) in as_written.into_iter().chain(points) {
            let figures = Figures { variant, subject };
            let cell =
                |(id, _): &(&str, &str)| figures.get(id).map_or_else(String::new, |m| cell(m, &mut few));
            table.row([label].into_iter().chain(shown.iter().map(cell)).collect());
        }
        let fits = table.lines().iter().all(|line| line.chars().count() + 2 <= WIDTH);
        if fits || count == 0 {
            page.table(2, &table);
            return few;
        }
    }
    false
}

fn cell(m: &Metric, few: &mut bool) -> String {
    let Some(x) = m.estimate else { return "–".into() };
    if m.unit != "seconds" {
        return if m.low.is_some() || m.high.is_some() { with_interval(m) } else { plain(x) };
    }
    let rough = m.n < SMALL_SAMPLE;
    *few |= rough;
    duration(x) + if rough { " *" } else { "" }
}

#[cfg(test)]
mod tests {
    use crate::experiment::fixture;
    use crate::report::terminal::{Style, summary};

    #[test]
    fn points_are_rows_and_the_file_as_written_stays_whole() {
        let page = summary(&fixture::swept(50), &[], Style::default());
        let rules = page.lines().filter(|l| l.starts_with("──")).count();
        assert_eq!(rules, 2, "{page}");
        let rows: Vec<&str> =
            page.lines().filter(|l| l.starts_with("  1h ") || l.starts_with("  4h ")).collect();
        // Two curves of two values, for the store and for the block.
        assert_eq!(rows.len(), 8, "{page}");
        assert!(page.contains("\n  consistency = strong\n  interval  writes, min/year"), "{page}");
        assert!(page.lines().all(|l| l.chars().count() <= 100 && l.trim_end() == l), "{page}");
    }
}
