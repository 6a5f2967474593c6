//! CSV files, one schema each; the columns are documented in docs/outputs.md.

use crate::experiment::Outcome;

/// Columns of `summary.csv`.
pub const SUMMARY: [&str; 9] =
    ["variant", "subject", "metric", "unit", "estimate", "low", "high", "n", "note"];

/// One record: fields with commas, quotes or line breaks are quoted, the line ends with `\n`.
fn record(out: &mut Vec<u8>, fields: &[String]) {
    let mut writer = csv::WriterBuilder::new().from_writer(out);
    // Writing to a vector cannot fail, and every record is written whole.
    let written = writer.write_record(fields).and_then(|()| Ok(writer.flush()?));
    debug_assert!(written.is_ok());
}

/// Text that a spreadsheet would take for a formula gets a leading apostrophe.
fn text(field: &str) -> String {
    if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{field}") } else { field.into() }
}

/// A number in shortest form that reads back the same; empty if undefined.
fn number(x: Option<f64>) -> String {
    x.map_or_else(String::new, |x| format!("{x}"))
}

/// `summary.csv`: one row per variant, subject and figure.
pub fn summary_csv(outcome: &Outcome) -> Vec<u8> {
    let mut out = Vec::new();
    record(&mut out, &SUMMARY.map(String::from));
    for variant in &outcome.variants {
        for m in &variant.metrics {
            record(
                &mut out,
                &[
                    text(&variant.name),
                    text(&m.subject),
                    text(&m.id),
                    m.unit.into(),
                    number(m.estimate),
                    number(m.low),
                    number(m.high),
                    m.n.to_string(),
                    text(&m.note),
                ],
            );
        }
    }
    out
}
