//! Annotations of GitHub Actions: workflow commands in the log.

use super::{Entry, Style, human, words};
use crate::experiment::checked::{Shift, Trend};
use crate::experiment::{Decision, Judged};
use crate::report::escape::{command, no_command};

/// How loud, the loudest first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Error,
    Warning,
    Notice,
}

/// The host shows as many of each level in a step.
const MOST: usize = 10;

struct Annotation<'a> {
    level: Level,
    file: &'a str,
    line: u32,
    title: String,
    message: String,
}

/// Errors at the lines of what is broken, warnings where a promise is undecided (errors where `strict`), notices of what
/// became better than in a baseline; then the same to read as [`human`] has it. Of more than ten of a kind, which the host
/// would not show, the last says how many there are.
pub fn github(entries: &[Entry], strict: bool, style: Style) -> String {
    let mut out = String::new();
    let all: Vec<Annotation<'_>> = entries.iter().flat_map(|entry| annotations(entry, strict)).collect();
    for level in [Level::Error, Level::Warning, Level::Notice] {
        let these: Vec<&Annotation<'_>> = all.iter().filter(|a| a.level == level).collect();
        let shown = if these.len() > MOST { MOST - 1 } else { these.len() };
        these[..shown].iter().for_each(|a| write(&mut out, a));
        if let Some(next) = these.get(shown) {
            let title = format!("{} more", these.len() - shown);
            let message = "all of them are in the log of this step".into();
            write(&mut out, &Annotation { title, message, file: next.file, line: 0, level });
        }
    }
    for line in human(entries, strict, style).lines() {
        out.push_str(&no_command(line));
        out.push('\n');
    }
    out
}

fn write(out: &mut String, annotation: &Annotation<'_>) {
    let Annotation { level, file, line, title, message } = annotation;
    let word = match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Notice => "notice",
    };
    let line = if *line == 0 { String::new() } else { format!(",line={line}") };
    let (file, title) = (command(file, true), command(title, true));
    out.push_str(&format!("::{word} file={file}{line},title={title}::{}\n", command(message, false)));
}

/// All of a file, what is broken first.
fn annotations(entry: &Entry, strict: bool) -> Vec<Annotation<'_>> {
    let mut found = Vec::new();
    for decision in [Decision::Broken, Decision::Undecided] {
        let level = if decision == Decision::Broken || strict { Level::Error } else { Level::Warning };
        for (judged, replay) in entry.decided(decision) {
            found.push(promise(entry, level, judged, replay));
        }
    }
    let gone = entry.checked.against.iter().flat_map(|a| &a.gone);
    found.extend(gone.map(|what| Annotation {
        level: Level::Warning,
        file: &entry.file,
        line: 0,
        title: "only in the baseline".into(),
        message: format!("{what}: nothing watches it until the baseline is made anew"),
    }));
    let shifts = entry.checked.against.iter().flat_map(|a| &a.shifts);
    found.extend(shifts.filter_map(|shift| {
        let level = match shift.trend {
            Trend::Worse => Level::Error,
            Trend::Better => Level::Notice,
            _ => return None,
        };
        Some(baseline(entry, level, shift))
    }));
    found
}

fn promise<'a>(entry: &'a Entry, level: Level, judged: &Judged, replay: Option<&str>) -> Annotation<'a> {
    let mut message = words::finding(judged, &entry.checked);
    if let Some(replay) = replay {
        message += &format!("\nto look at the worst: {replay}");
    }
    Annotation {
        level,
        file: &entry.file,
        line: judged.promise.line,
        title: format!("{}: {}", judged.decision.word(), words::title(judged)),
        message,
    }
}

fn baseline<'a>(entry: &'a Entry, level: Level, shift: &Shift) -> Annotation<'a> {
    Annotation {
        level,
        file: &entry.file,
        line: 0,
        title: format!("{} than in the baseline: {}", shift.trend.word(), words::shifted(shift)),
        message: words::moved(shift),
    }
}
