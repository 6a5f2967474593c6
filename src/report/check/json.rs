//! JSON, keys in fixed order of declaration; docs/ci.md describes it.

use super::Entry;
use crate::experiment::checked::{Against, Because, Shift, Trend};
use crate::experiment::promise::Source;
use crate::experiment::{Checked, Decision, Judged};
use serde::Serialize;

/// Number of the format: it rises when a key changes its meaning or goes; new keys may come without.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Whole<'a> {
    format: u32,
    zonefall: &'a str,
    passed: bool,
    undecided_counts_as: &'static str,
    checks: Vec<Check<'a>>,
}

#[derive(Serialize)]
struct Check<'a> {
    file: &'a str,
    scenario: &'a str,
    scenario_digest: String,
    seed: u64,
    passed: bool,
    met: usize,
    broken: usize,
    undecided: usize,
    false_alarm: f64,
    confidence: f64,
    looks: &'a [u64],
    promises: Vec<Promise<'a>>,
    baseline: Option<Baseline<'a>>,
}

#[derive(Serialize)]
struct Promise<'a> {
    variant: &'a str,
    metric: &'a str,
    is: &'a str,
    objective: Option<&'a str>,
    rules: &'a [String],
    line: Option<u32>,
    decision: &'static str,
    estimate: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    unit: &'static str,
    replications: u64,
    reason: &'a str,
    worst_replication: Option<u64>,
    replay: Option<&'a str>,
}

#[derive(Serialize)]
struct Baseline<'a> {
    zonefall: &'a str,
    replications: u64,
    false_alarm: f64,
    confidence: f64,
    threshold: f64,
    worse: usize,
    better: usize,
    inputs: Vec<Input<'a>>,
    figures: Vec<Figure<'a>>,
    gone: &'a [String],
    new: &'a [String],
}

#[derive(Serialize)]
struct Input<'a> {
    path: &'a str,
    before: Option<&'a str>,
    after: Option<&'a str>,
}

#[derive(Serialize)]
struct Figure<'a> {
    variant: &'a str,
    metric: &'a str,
    unit: &'static str,
    before: Option<f64>,
    after: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    detects: Option<f64>,
    trend: &'static str,
    because: &'static str,
}

/// Everything that is known, as one JSON document. What is undefined or has no bound is `null`.
///
/// `strict`: what is undecided counts as broken.
pub fn json(entries: &[Entry], strict: bool) -> String {
    let whole = Whole {
        format: FORMAT,
        zonefall: entries.first().map_or("", |e| &e.checked.version),
        passed: entries.iter().all(|e| e.checked.passed(strict)),
        undecided_counts_as: if strict { "fail" } else { "pass" },
        checks: entries.iter().map(|entry| check(entry, strict)).collect(),
    };
    // Plain data without maps: nothing of it can fail to be written.
    let mut text = serde_json::to_string_pretty(&whole).unwrap_or_default();
    text.push('\n');
    text
}

fn check(entry: &Entry, strict: bool) -> Check<'_> {
    let Entry { file, checked, replays } = entry;
    let Checked { scenario, looks, .. } = checked;
    let replays = replays.iter().map(Option::as_deref).chain(std::iter::repeat(None));
    Check {
        file,
        scenario,
        scenario_digest: format!("{:016x}", checked.digest),
        seed: checked.seed,
        passed: checked.passed(strict),
        met: checked.count(Decision::Met),
        broken: checked.count(Decision::Broken),
        undecided: checked.count(Decision::Undecided),
        false_alarm: checked.false_alarm,
        confidence: 1.0 - checked.confidence.alpha(),
        looks,
        promises: checked
            .judged
            .iter()
            .zip(replays)
            .map(|(judged, replay)| promise(judged, replay))
            .collect(),
        baseline: checked.against.as_ref().map(baseline),
    }
}

fn promise<'a>(judged: &'a Judged, replay: Option<&'a str>) -> Promise<'a> {
    let promise = &judged.promise;
    Promise {
        variant: &promise.variant,
        metric: &promise.metric,
        is: &promise.text,
        objective: match &promise.source {
            Source::Expectation => None,
            Source::Objective(name) => Some(name),
        },
        rules: &promise.rules,
        line: Some(promise.line).filter(|&line| line > 0),
        decision: judged.decision.word(),
        estimate: judged.estimate,
        low: judged.low,
        high: judged.high,
        unit: judged.unit,
        replications: judged.replications,
        reason: &judged.reason,
        worst_replication: judged.worst,
        replay,
    }
}

fn baseline(against: &Against) -> Baseline<'_> {
    Baseline {
        zonefall: &against.version,
        replications: against.replications,
        false_alarm: against.false_alarm,
        confidence: 1.0 - against.confidence.alpha(),
        threshold: against.threshold,
        worse: against.count(Trend::Worse),
        better: against.count(Trend::Better),
        inputs: against
            .inputs
            .iter()
            .map(|i| Input { path: &i.path, before: i.before.as_deref(), after: i.after.as_deref() })
            .collect(),
        figures: against.shifts.iter().map(figure).collect(),
        gone: &against.gone,
        new: &against.new,
    }
}

fn figure(shift: &Shift) -> Figure<'_> {
    Figure {
        variant: &shift.variant,
        metric: &shift.metric,
        unit: shift.unit,
        before: shift.before,
        after: shift.after,
        low: shift.low,
        high: shift.high,
        detects: shift.detects,
        trend: shift.trend.word(),
        because: match shift.because {
            Because::Inputs => "inputs",
            Because::Program => "program",
        },
    }
}
