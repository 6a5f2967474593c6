//! JUnit XML, as test-report viewers read it (the schema in tests/junit.xsd).

use super::{Entry, words};
use crate::experiment::checked::{Against, Shift, Trend};
use crate::experiment::{Decision, Judged};
use crate::text::xml;
use std::fmt::Write;

/// What becomes of a test case.
enum Fate {
    Passed,
    Failed(&'static str),
    Skipped,
}

struct Case {
    name: String,
    fate: Fate,
    /// In one line.
    message: String,
    /// The whole story.
    text: String,
}

/// A suite for each file, a test case for each promise, and one for each variant beside its baseline. Broken promises and
/// worse figures fail; what is undecided is skipped, and fails where `strict`. There is no clock in it: times are 0.
pub fn junit(entries: &[Entry], strict: bool) -> String {
    let suites: Vec<(&Entry, Vec<Case>)> = entries.iter().map(|e| (e, cases(e, strict))).collect();
    let all = suites.iter().flat_map(|(_, cases)| cases);
    let (tests, failures, _) = count(all);
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites name=\"zonefall check\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" time=\"0\">"
    );
    for (entry, cases) in &suites {
        let (tests, failures, skipped) = count(cases.iter());
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\" \
             time=\"0\">",
            xml(&entry.checked.scenario)
        );
        // A dot would be read as the end of a package.
        let class = xml(entry.file.strip_suffix(".toml").unwrap_or(&entry.file));
        cases.iter().for_each(|case| write(&mut out, &class, case));
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn count<'a>(cases: impl Iterator<Item = &'a Case>) -> (usize, usize, usize) {
    cases.fold((0, 0, 0), |(tests, failures, skipped), case| match case.fate {
        Fate::Passed => (tests + 1, failures, skipped),
        Fate::Failed(_) => (tests + 1, failures + 1, skipped),
        Fate::Skipped => (tests + 1, failures, skipped + 1),
    })
}

fn write(out: &mut String, class: &str, case: &Case) {
    let Case { name, fate, message, text } = case;
    let (name, message, text) = (xml(name), xml(message), xml(text).replace("&#10;", "\n"));
    let _ = writeln!(out, "    <testcase classname=\"{class}\" name=\"{name}\" time=\"0\">");
    let _ = match fate {
        Fate::Passed => writeln!(out, "      <system-out>{text}</system-out>"),
        Fate::Failed(kind) => {
            writeln!(out, "      <failure type=\"{kind}\" message=\"{message}\">{text}</failure>")
        }
        Fate::Skipped => {
            writeln!(out, "      <skipped message=\"{message}\"/>\n      <system-out>{text}</system-out>")
        }
    };
    out.push_str("    </testcase>\n");
}

fn cases(entry: &Entry, strict: bool) -> Vec<Case> {
    let replays = entry.replays.iter().map(Option::as_deref).chain(std::iter::repeat(None));
    let promises = entry.checked.judged.iter().zip(replays);
    let mut cases: Vec<Case> =
        promises.map(|(judged, replay)| promise(entry, judged, replay, strict)).collect();
    if let Some(against) = &entry.checked.against {
        cases.extend(baseline(entry, against));
    }
    cases
}

fn promise(entry: &Entry, judged: &Judged, replay: Option<&str>, strict: bool) -> Case {
    let finding = words::finding(judged, &entry.checked);
    let place = match judged.promise.line {
        0 => entry.file.clone(),
        line => format!("{}:{line}", entry.file),
    };
    let mut text = format!("{finding}\nwritten in {place}\n");
    if let Some(replay) = replay.filter(|_| judged.decision != Decision::Met) {
        let _ = writeln!(text, "to look at the worst: {replay}");
    }
    Case {
        name: format!("{}{}", words::title(judged), words::rules(judged)),
        fate: match judged.decision {
            Decision::Met => Fate::Passed,
            Decision::Undecided if !strict => Fate::Skipped,
            decision => Fate::Failed(decision.word()),
        },
        message: format!("{}: {finding}", judged.decision.word()),
        text,
    }
}

/// A case for each variant, the same from check to check, whatever its figures do.
fn baseline(entry: &Entry, against: &Against) -> Vec<Case> {
    let mut variants: Vec<&str> = against.shifts.iter().map(|s| s.variant.as_str()).collect();
    variants.dedup();
    let of = |variant: &str, trend| -> Vec<&Shift> {
        against.shifts.iter().filter(|s| s.variant == variant && s.trend == trend).collect()
    };
    let case = |variant: &str| {
        let worse = of(variant, Trend::Worse);
        let mut text = String::new();
        for trend in words::TRENDS {
            for shift in of(variant, trend) {
                let _ = writeln!(text, "{}: {}: {}", trend.word(), shift.metric, words::moved(shift));
            }
        }
        let _ = writeln!(text, "same: {}", of(variant, Trend::Same).len());
        for change in &against.inputs {
            let _ = writeln!(text, "because {}", words::input(change));
        }
        if let Some(program) = words::program(&entry.checked, against) {
            let _ = writeln!(text, "because {program}");
        }
        let named: Vec<String> = worse.iter().map(|s| format!("{} {}", s.metric, words::step(s))).collect();
        Case {
            name: format!("{variant}: baseline"),
            fate: if worse.is_empty() { Fate::Passed } else { Fate::Failed("worse") },
            message: format!("worse than in the baseline: {}", named.join("; ")),
            text,
        }
    };
    variants.into_iter().map(case).collect()
}
