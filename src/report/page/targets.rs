//! Objectives and calendar months: what SLAs are about.

use super::document::{Cell, Section, Table};
use crate::experiment::Study;
use crate::experiment::metric::Estimate;
use crate::stats::number::{fixed, percent};

/// Objectives first, then the months they are about.
pub(super) fn objectives(study: &Study) -> Section {
    let mut section = Section::new("targets", "Targets and calendar months");
    section.table(objectives_table(study), "objectives.csv");
    section.table(months_table(study), "months.csv");
    section
}

fn objectives_table(study: &Study) -> Table {
    let columns = [
        "Variant",
        "Objective",
        "About",
        "Target",
        "What became of it",
        "Error budget left (mean of months)#",
    ];
    let mut table = Table::new("Objectives of the scenario", &columns);
    for variant in &study.outcome.variants {
        for o in &variant.objectives {
            let class = o.class.map_or_else(String::new, |class| format!(", {class}"));
            let goal = match o.goal {
                "availability" => "availability",
                "rto" => "RTO",
                _ => "RPO",
            };
            let sign = if o.goal == "availability" { "at least" } else { "at most" };
            let tone = (o.missed.estimate == Some(0.0)).then_some("good");
            let budget = match &o.budget_left {
                Some(e) => {
                    share_cell(&mut table, e, |x| format!("{} %", fixed(x * 100.0, 1).replace('-', "−")))
                }
                None => Cell { tone: Some("dim"), ..Cell::text("–") },
            };
            table.row(
                Some(&variant.name),
                vec![
                    Cell::text(&variant.name),
                    Cell::text(&o.name),
                    Cell::text(format!("{}, {}{class}", o.subject, o.kind)),
                    Cell::text(format!("{goal} {sign} {}", o.target)),
                    Cell { tone, ..Cell::number(&o.verdict, o.met.estimate) },
                    budget,
                ],
            );
        }
    }
    table
}

fn months_table(study: &Study) -> Table {
    let columns = [
        "Variant",
        "Of",
        "mean#",
        "by requests#",
        "median month#",
        "worst tenth: at or below#",
        "worst hundredth: at or below#",
        "worst month#",
    ];
    let mut table = Table::new(
        "Availability by calendar month, as SLAs count it: 1 − mean of the hourly error rates",
        &columns,
    );
    for variant in &study.outcome.variants {
        for row in variant.months.iter().filter(|row| row.month.is_none()) {
            let kind = if row.series == "block" { String::new() } else { format!(", {}", row.series) };
            let mut cells = vec![Cell::text(&variant.name), Cell::text(format!("{}{kind}", row.subject))];
            cells.push(share_cell(&mut table, &row.availability, percent));
            cells.push(share_cell(&mut table, &row.by_requests, percent));
            match &row.quantiles {
                Some(all) => cells.extend(all.iter().map(|e| share_cell(&mut table, e, percent))),
                None => cells.extend([(); 3].map(|()| Cell::text("–"))),
            }
            cells.push(match row.least {
                Some(x) => Cell::number(percent(x), Some(x)),
                None => Cell::text("–"),
            });
            table.row(Some(&variant.name), cells);
        }
    }
    table
}

/// An estimate, or a dash whose footnote says why there is none.
fn share_cell(table: &mut Table, estimate: &Estimate, text: impl Fn(f64) -> String) -> Cell {
    match estimate.estimate {
        Some(x) => Cell::number(text(x), Some(x)),
        None => table.undefined(&estimate.note),
    }
}
