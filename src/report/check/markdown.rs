//! Markdown, for the summary of a step or a comment.

use super::Entry;
use super::words::{self, Sum};
use crate::experiment::checked::{Against, Shift, Trend};
use crate::experiment::{Decision, Judged};
use crate::report::escape::{fenced, markdown as text};
use crate::stats::number::{counted, list};
use std::fmt::Write;

/// Most rows of a table: hosts cut long texts off.
const MOST: usize = 100;

/// The verdict, then for each file a table of what is not kept and of what moved beside the baseline; the rest is folded.
///
/// `strict`: what is undecided counts as broken.
pub fn markdown(entries: &[Entry], strict: bool) -> String {
    let sum = Sum::of(entries, strict);
    let mut out = format!("## zonefall check {}\n\n{}\n", sum.word(), text(&sum.counts()));
    for entry in entries {
        let head = format!("{} ({})", entry.checked.scenario, entry.file);
        let _ = writeln!(out, "\n### {}", text(&head));
        let not_kept: Vec<_> =
            entry.decided(Decision::Broken).chain(entry.decided(Decision::Undecided)).collect();
        if !not_kept.is_empty() {
            out.push_str(&format!("\n{}", promises(entry, not_kept.iter().map(|&(judged, _)| judged))));
            replays(&mut out, &not_kept);
        }
        if let Some(against) = &entry.checked.against {
            baseline(&mut out, entry, against);
        }
        let met: Vec<&Judged> = entry.decided(Decision::Met).map(|(judged, _)| judged).collect();
        if !met.is_empty() {
            let title = format!("{} met", counted(met.len() as u64, "promise"));
            folded(&mut out, &title, &promises(entry, met.into_iter()));
        }
    }
    if let Some(first) = entries.first() {
        let _ = writeln!(out, "\n{}", text(&words::guarantee(&first.checked)));
    }
    out
}

/// What opens at a click.
fn folded(out: &mut String, title: &str, body: &str) {
    let _ = write!(out, "\n<details><summary>{}</summary>\n\n{body}\n</details>\n", text(title));
}

/// A table of at most so many rows.
fn table(columns: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut out = format!("| {} |\n|{}\n", columns.join(" | "), ":--|".repeat(columns.len()));
    let mut left = 0;
    for (n, row) in rows.enumerate() {
        if n < MOST {
            let cells: Vec<String> = row.iter().map(|cell| text(cell)).collect();
            let _ = writeln!(out, "| {} |", cells.join(" | "));
        } else {
            left += 1;
        }
    }
    if left > 0 {
        let _ = writeln!(out, "\nand {left} more");
    }
    out
}

fn promises<'a>(entry: &Entry, judged: impl Iterator<Item = &'a Judged>) -> String {
    let row = |judged: &Judged| {
        let line = judged.promise.line;
        vec![
            judged.decision.word().into(),
            format!("{}{}", words::title(judged), words::rules(judged)),
            if line == 0 { String::new() } else { line.to_string() },
            words::finding(judged, &entry.checked),
        ]
    };
    table(&["", "promise", "line", "figure"], judged.map(row))
}

fn replays(out: &mut String, not_kept: &[(&Judged, Option<&str>)]) {
    let with = not_kept.iter().filter_map(|&(judged, replay)| Some((judged, replay?)));
    let mut body = String::new();
    for (judged, replay) in with.take(MOST) {
        let _ = write!(body, "{}\n\n{}\n\n", text(&words::title(judged)), fenced(replay));
    }
    if !body.is_empty() {
        folded(out, "To look at the worst replications", body.trim_end());
    }
}

fn baseline(out: &mut String, entry: &Entry, against: &Against) {
    let _ = writeln!(out, "\nBeside the baseline {}\n", text(&words::trends(against)));
    let moved = |shift: &&Shift| shift.trend != Trend::Same;
    if against.shifts.iter().any(|shift| moved(&shift)) {
        let in_order = words::TRENDS.into_iter();
        let rows = in_order.flat_map(|trend| against.shifts.iter().filter(move |s| s.trend == trend));
        let row = |shift: &Shift| {
            vec![
                shift.trend.word().into(),
                words::shifted(shift),
                words::step(shift),
                words::difference(shift),
                words::power(shift),
            ]
        };
        out.push_str(&table(&["", "figure", "before -> after", "difference", "power"], rows.map(row)));
        out.push('\n');
    }
    let program = words::program(&entry.checked, against);
    for because in against.inputs.iter().map(words::input).chain(program).take(MOST) {
        let _ = writeln!(out, "- because {}", text(&because));
    }
    for (variants, side) in [(&against.gone, "the baseline"), (&against.new, "the scenario")] {
        if !variants.is_empty() {
            let _ = writeln!(out, "- only in {side}: {}", text(&list(variants)));
        }
    }
    folded(out, "How figures were compared", &text(&words::baseline(against)));
}
