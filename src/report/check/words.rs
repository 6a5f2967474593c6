//! The words that all formats share.

use super::Entry;
use crate::experiment::checked::{Against, Because, InputChange, Shift, Trend};
use crate::experiment::promise::Source;
use crate::experiment::{Checked, Decision, Judged};
use crate::report::figure::plain;
use crate::stats::number::{counted, list, percent_bound, significant, thousands};

/// A promise on one line: `strong: orders/rpo_seconds.max == 0`.
pub(super) fn title(judged: &Judged) -> String {
    let promise = &judged.promise;
    match &promise.source {
        Source::Expectation => format!("{}: {} {}", promise.variant, promise.metric, promise.text),
        Source::Objective(name) => {
            let subject = promise.metric.split('/').next().unwrap_or_default();
            format!("{}: objective {name} of {subject}: {}", promise.variant, promise.text)
        }
    }
}

/// The documented rules that a promise shows: ` [c14, x03]`.
pub(super) fn rules(judged: &Judged) -> String {
    match judged.promise.rules.join(", ") {
        none if none.is_empty() => none,
        some => format!(" [{some}]"),
    }
}

/// A number with its unit, as it would be compared.
fn quantity(x: Option<f64>, unit: &str) -> String {
    let Some(x) = x else { return "undefined".into() };
    match unit {
        "" | "fraction" | "probability" | "nines" => plain(x),
        unit => format!("{} {unit}", plain(x)),
    }
}

/// The figure of a promise: `3607 seconds`; of an objective how often it is missed or kept.
pub(super) fn figure(judged: &Judged) -> String {
    let percent = |share: f64| format!("{} %", significant(share * 100.0, 3));
    match (&judged.promise.source, judged.estimate) {
        (Source::Objective(_), Some(share)) if judged.promise.metric.ends_with(".months_missed") => {
            format!("missed in {} of months", percent(share))
        }
        (Source::Objective(_), Some(share)) => format!("kept in {} of replications", percent(share)),
        _ => quantity(judged.estimate, judged.unit),
    }
}

/// The figure of a promise, and what is known of it: `3607 seconds (600 replications); the figure lies between …`.
pub(super) fn finding(judged: &Judged, checked: &Checked) -> String {
    let sampled = judged.low.or(judged.high).is_some() && !judged.reason.starts_with("judged by");
    let sure = if sampled { format!(" ({} confidence)", checked.confidence) } else { String::new() };
    let drawn = counted(judged.replications, "replication");
    match judged.estimate {
        Some(_) => format!("{} ({drawn}); {}{sure}", figure(judged), judged.reason),
        None => format!("{} in {drawn}", judged.reason),
    }
}

/// What would help with what is undecided.
pub(super) fn help(checked: &Checked) -> String {
    let most =
        checked.looks.last().map_or_else(String::new, |&n| format!(" than {}", counted(n, "replication")));
    let undecided = || checked.judged.iter().filter(|j| j.decision == Decision::Undecided);
    let mut ways = vec![format!("allow more{most} (--most-replications N)")];
    if undecided().any(|j| j.estimate.is_some()) {
        ways.push("give the promise a `tolerance`".into());
    }
    if undecided().any(|j| j.estimate.is_none()) {
        ways.push("where nothing happens, promise that it is `undefined`".into());
    }
    ways.push("or say what undecided counts as (--undecided fail|pass)".into());
    format!("to decide what is undecided: {}", ways.join("; "))
}

/// How a check errs.
pub(super) fn guarantee(checked: &Checked) -> String {
    let rate = percent_bound(checked.false_alarm);
    format!(
        "False alarms: at most {rate} of checks of a scenario call a promise broken that is kept, or kept that is broken"
    )
}

/// A figure before and now: `base: orders/rto_seconds.write.mean`.
pub(super) fn shifted(shift: &Shift) -> String {
    format!("{}: {}", shift.variant, shift.metric)
}

/// What became of a figure: `60 -> 75 seconds`.
pub(super) fn step(shift: &Shift) -> String {
    let before = shift.before.map_or_else(|| "undefined".into(), plain);
    format!("{before} -> {}", quantity(shift.after, shift.unit))
}

/// The difference and how sure it is: `+15.0, between +12.0 and +18.0`.
pub(super) fn difference(shift: &Shift) -> String {
    let mut parts = Vec::new();
    if let (Some(before), Some(after)) = (shift.before, shift.after) {
        parts.push(signed(after - before));
    }
    match (shift.low, shift.high) {
        (Some(low), Some(high)) => parts.push(format!("between {} and {}", signed(low), signed(high))),
        (Some(low), None) => parts.push(format!("at least {}", signed(low))),
        (None, Some(high)) => parts.push(format!("at most {}", signed(high))),
        (None, None) => {}
    }
    parts.join(", ")
}

/// The smallest difference that would be noticed.
pub(super) fn power(shift: &Shift) -> String {
    shift.detects.map_or_else(String::new, |x| format!("noticed from {} on", significant(x, 3)))
}

/// A figure beside the baseline's on one line: `60 -> 75 seconds (+15, between +12 and +18)`.
pub(super) fn moved(shift: &Shift) -> String {
    match difference(shift) {
        none if none.is_empty() => step(shift),
        difference => format!("{} ({difference})", step(shift)),
    }
}

fn signed(x: f64) -> String {
    format!("{}{}", if x > 0.0 { "+" } else { "" }, significant(x, 3))
}

/// What a baseline was, and how surely figures are compared with it.
pub(super) fn baseline(against: &Against) -> String {
    let threshold = match against.threshold {
        none if none <= 0.0 => String::new(),
        share => format!(", changes up to {} do not count", percent_bound(share)),
    };
    format!(
        "made by zonefall {}; {} on either side; intervals of {} confidence{threshold}; a difference of the size given is \
         noticed in 90 % of checks; at most {} of checks call any figure worse or better that is not",
        against.version,
        counted(against.replications, "replication"),
        against.confidence,
        percent_bound(against.false_alarm)
    )
}

/// One difference of the scenarios: `store.orders.consistency: "session" -> "strong"`.
pub(super) fn input(change: &InputChange) -> String {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "not there".into());
    format!("{}: {} -> {}", change.path, value(&change.before), value(&change.after))
}

/// What made the figures differ, where it is not in the scenario.
pub(super) fn program(checked: &Checked, against: &Against) -> Option<String> {
    let by_program = |s: &Shift| s.trend != Trend::Same && s.because == Because::Program;
    against.shifts.iter().any(by_program).then(|| {
        format!(
            "the scenario is the same; zonefall {} gives other results than zonefall {}",
            checked.version, against.version
        )
    })
}

/// The trends that a reader looks at, the worst first.
pub(super) const TRENDS: [Trend; 4] = [Trend::Worse, Trend::OneSided, Trend::Unsettled, Trend::Better];

/// Figures of a trend in words: `2 figures worse`.
fn figures(n: usize, trend: Trend) -> String {
    format!("{} {}", counted(n as u64, "figure"), trend.word())
}

/// How many figures became what: `of 41 figures 1 worse, 40 same`.
pub(super) fn trends(against: &Against) -> String {
    let all = TRENDS.into_iter().chain([Trend::Same]).map(|t| (against.count(t), t));
    let parts: Vec<String> =
        all.filter(|&(n, _)| n > 0).map(|(n, t)| format!("{} {}", thousands(n as u64), t.word())).collect();
    format!("of {} {}", counted(against.shifts.len() as u64, "figure"), parts.join(", "))
}

/// What all checks together came to.
pub(super) struct Sum {
    met: usize,
    broken: usize,
    undecided: usize,
    worse: usize,
    better: usize,
    files: usize,
    /// Whether nothing is broken, as the user counts.
    pub(super) passed: bool,
}

impl Sum {
    pub(super) fn of(entries: &[Entry], strict: bool) -> Sum {
        let count = |d| entries.iter().map(|e| e.checked.count(d)).sum();
        let trend = |t| entries.iter().filter_map(|e| e.checked.against.as_ref()).map(|a| a.count(t)).sum();
        Sum {
            met: count(Decision::Met),
            broken: count(Decision::Broken),
            undecided: count(Decision::Undecided),
            worse: trend(Trend::Worse),
            better: trend(Trend::Better),
            files: entries.len(),
            passed: entries.iter().all(|e| e.checked.passed(strict)),
        }
    }

    /// `passed`, `FAILED`.
    pub(super) fn word(&self) -> &'static str {
        if self.passed { "passed" } else { "FAILED" }
    }

    /// `1 promise broken, 2 undecided and 5 met, 1 figure worse than in the baseline`.
    pub(super) fn counts(&self) -> String {
        let mut promises = Vec::new();
        for (n, word) in [(self.broken, "broken"), (self.undecided, "undecided"), (self.met, "met")] {
            match (n, promises.is_empty()) {
                (0, _) => {}
                (n, true) => promises.push(format!("{} {word}", counted(n as u64, "promise"))),
                (n, false) => promises.push(format!("{} {word}", thousands(n as u64))),
            }
        }
        let mut text = if promises.is_empty() { "no promises".into() } else { list(&promises) };
        if self.files > 1 {
            text += &format!(" in {} files", self.files);
        }
        let moved = [(self.worse, Trend::Worse), (self.better, Trend::Better)];
        let moved: Vec<String> = moved.into_iter().filter(|m| m.0 > 0).map(|(n, t)| figures(n, t)).collect();
        if !moved.is_empty() {
            text += &format!("; {} than in the baseline", list(&moved));
        }
        text
    }
}
