//! For the terminal.

use super::words::{self, Sum};
use super::{Entry, Style};
use crate::experiment::Decision;
use crate::experiment::checked::{Against, Shift, Trend};
use crate::report::escape::terminal;
use crate::report::terminal::Page;
use crate::stats::number::list;

/// What a check came to, to read: for each file what is not kept and why, the rest in short; at the end the verdict.
///
/// Lines are at most 100 columns long, but for commands to copy. `strict`: what is undecided counts as broken.
pub fn human(entries: &[Entry], strict: bool, style: Style) -> String {
    let mut page = Page::new(style);
    for entry in entries {
        let sum = Sum::of(std::slice::from_ref(entry), strict);
        page.line(0, &style.bold(&terminal(&format!("{} ({})", entry.checked.scenario, entry.file))));
        for decision in [Decision::Broken, Decision::Undecided, Decision::Met] {
            promises(&mut page, entry, decision, style);
        }
        if entry.checked.count(Decision::Undecided) > 0 {
            page.wrapped(2, 2, &style.dim(&words::help(&entry.checked)));
        }
        if let Some(against) = &entry.checked.against {
            baseline(&mut page, entry, against, style);
        }
        if entries.len() > 1 {
            page.wrapped(2, 2, &format!("{}: {}", verdict(&sum, style), sum.counts()));
        }
        page.blank();
    }
    let sum = Sum::of(entries, strict);
    page.wrapped(0, 2, &format!("{}: {}", verdict(&sum, style), sum.counts()));
    if let Some(first) = entries.first() {
        page.wrapped(0, 2, &style.dim(&words::guarantee(&first.checked)));
    }
    page.text
}

fn verdict(sum: &Sum, style: Style) -> String {
    style.paint(if sum.passed { "32" } else { "1;31" }, sum.word())
}

/// Room for the longest word in front of a promise or a figure.
const MARK: usize = 9;

fn mark(word: &str, colour: &str, style: Style) -> String {
    let room = " ".repeat(MARK - word.len());
    format!("{}{room}", style.paint(colour, word))
}

fn promises(page: &mut Page, entry: &Entry, decision: Decision, style: Style) {
    let colour = match decision {
        Decision::Met => "32",
        Decision::Broken => "31",
        Decision::Undecided => "33",
    };
    for (judged, replay) in entry.decided(decision) {
        let head = format!("{}{}", words::title(judged), words::rules(judged));
        let mark = mark(decision.word(), colour, style);
        if decision == Decision::Met {
            page.wrapped(2, MARK + 2, &format!("{mark}  {} ({})", terminal(&head), words::figure(judged)));
            continue;
        }
        let line = match judged.promise.line {
            0 => String::new(),
            line => format!(", line {line}"),
        };
        page.wrapped(2, MARK + 2, &format!("{mark}  {}{line}", terminal(&head)));
        let indent = MARK + 4;
        let finding = words::finding(judged, &entry.checked);
        page.wrapped(indent, 0, &terminal(&finding));
        if let Some(replay) = replay {
            // Whole, so that it can be copied.
            page.line(indent, &style.dim(&format!("to look at the worst: {}", terminal(replay))));
        }
    }
}

fn baseline(page: &mut Page, entry: &Entry, against: &Against, style: Style) {
    page.wrapped(2, 4, &format!("beside the baseline {}", words::trends(against)));
    page.wrapped(4, 0, &style.dim(&terminal(&words::baseline(against))));
    for trend in words::TRENDS {
        let colour = match trend {
            Trend::Worse => "31",
            Trend::Better => "32",
            _ => "33",
        };
        for shift in against.shifts.iter().filter(|s| s.trend == trend) {
            self::shift(page, shift, &mark(trend.word(), colour, style));
        }
    }
    for change in &against.inputs {
        page.wrapped(4, 4, &terminal(&format!("because {}", words::input(change))));
    }
    if let Some(program) = words::program(&entry.checked, against) {
        page.wrapped(4, 4, &terminal(&format!("because {program}")));
    }
    for (variants, side) in [(&against.gone, "the baseline"), (&against.new, "the scenario")] {
        if !variants.is_empty() {
            page.wrapped(4, 4, &terminal(&format!("only in {side}: {}", list(variants))));
        }
    }
}

fn shift(page: &mut Page, shift: &Shift, mark: &str) {
    let mut text = format!("{}: {}", words::shifted(shift), words::step(shift));
    let more: Vec<String> =
        [words::difference(shift), words::power(shift)].into_iter().filter(|t| !t.is_empty()).collect();
    if !more.is_empty() {
        text += &format!(" ({})", more.join("; "));
    }
    page.wrapped(4, MARK + 2, &format!("{mark}  {}", terminal(&text)));
}
