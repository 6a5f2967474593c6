//! What a sweep varies, and what comes of it.

use super::document::{Cell, Section, Table};
use super::results::cell;
use crate::experiment::Study;
use crate::report::figure::{Figures, plain, with_interval};
use crate::stats::number::{duration, fixed};

/// Every point of the sweep with its values and the figures people look at first.
pub(super) fn points(study: &Study) -> Section {
    let mut section = Section::new("sweep", "The settings that were varied");
    let axes = &study.outcome.axes;
    if axes.is_empty() {
        return section;
    }
    let paths: Vec<&str> = axes.iter().map(|axis| axis.path.as_str()).collect();
    section.text(format!("Varied: {}.", paths.join(", ")));
    let labels = axes
        .iter()
        .map(|axis| if axis.unit.is_empty() { axis.label.clone() } else { axis.label.clone() + "#" });
    let figures =
        ["Writes fail, minutes a year#", "RTO of writes, p99#", "RPO, p99#", "Writes lost, mean#", "Price#"];
    let columns: Vec<String> =
        core::iter::once("Variant".to_string()).chain(labels).chain(figures.map(str::to_string)).collect();
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    for subject in study.outcome.subjects() {
        let mut table = Table::new(format!("{subject}: point by point"), &columns);
        for variant in study.outcome.variants.iter().filter(|v| !v.point.is_empty()) {
            let f = Figures { variant, subject };
            let mut cells = vec![Cell::text(&variant.name)];
            for axis in axes {
                let at = variant.point.iter().find(|c| c.path == axis.path);
                cells.push(at.map_or_else(|| Cell::text("–"), |c| Cell::number(&c.label, c.value)));
            }
            let minutes = f.get("failed_minutes_per_year.write").or(f.get("downtime_minutes_per_year.block"));
            let rto = f.get("rto_seconds.write.p99").or(f.get("rto_seconds.block.p99"));
            cells.push(cell(&mut table, minutes, |m, _| with_interval(m)));
            cells.push(cell(&mut table, rto, |_, x| duration(x)));
            cells.push(cell(&mut table, f.get("rpo_seconds.p99"), |_, x| duration(x)));
            cells.push(cell(&mut table, f.get("writes_lost.mean"), |m, _| with_interval(m)));
            cells.push(match (f.get("cost_per_year").and_then(|m| m.estimate), f.get("price_factor")) {
                (Some(cost), _) => Cell::number(fixed(cost, 2), Some(cost)),
                (None, factor) => cell(&mut table, factor, |_, x| format!("{} ×", plain(x))),
            });
            table.row(Some(&variant.name), cells);
        }
        section.table(table, "sweep.csv");
    }
    section
}
