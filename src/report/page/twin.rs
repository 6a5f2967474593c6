//! The estimate of a spreadsheet beside what was simulated.

use super::document::{Cell, Section, Table, about};
use crate::experiment::Study;
use crate::stats::number::significant;

/// Both values, and where the difference comes from.
pub(super) fn spreadsheet(study: &Study) -> Section {
    let mut section = Section::new("twin", "What a spreadsheet would say");
    let columns = [
        "Variant",
        "Of",
        "Spreadsheet#",
        "Simulated#",
        "Difference#",
        "Common causes#",
        "Failover#",
        "Restore#",
        "Overload#",
    ];
    let mut table =
        Table::new("Minutes of a year: products of availabilities beside the simulation", &columns);
    for variant in &study.outcome.variants {
        for row in &variant.twin {
            let mut cells = vec![Cell::text(&variant.name), Cell::text(about(&row.subject, row.kind))];
            let values = [
                row.spreadsheet,
                row.simulated,
                row.difference,
                row.common_cause,
                row.failover,
                row.restore,
                row.overload,
            ];
            for x in values {
                cells.push(match x {
                    Some(x) => Cell::number(significant(x, 3).replace('-', "−"), Some(x)),
                    None => table.undefined(&row.note),
                });
            }
            table.row(Some(&variant.name), cells);
        }
    }
    if !table.rows.is_empty() {
        section.text("A spreadsheet multiplies availabilities as if nothing failed together. The last four columns sum to the difference.");
    }
    section.table(table, "twin.csv");
    section
}
