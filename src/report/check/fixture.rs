//! A check with one of everything, for tests.

use super::Entry;
use crate::experiment::checked::{Against, Because, Checked, InputChange, Shift, Trend};
use crate::experiment::promise::{Decision, Judged, Promise, Source};
use crate::stats::Confidence;

pub(super) fn judged(decision: Decision, source: Source, text: &str, line: u32) -> Judged {
    let metric = match &source {
        Source::Expectation => "orders/rto_seconds.write.mean".into(),
        Source::Objective(name) => format!("orders/objective.{name}.kept"),
    };
    Judged {
        promise: Promise {
            source,
            variant: "base".into(),
            metric,
            comparison: "<= 60".parse().unwrap(),
            text: text.into(),
            rules: vec!["c14".into()],
            about_loss: false,
            line,
        },
        decision,
        estimate: Some(61.5),
        low: Some(59.0),
        high: Some(64.25),
        unit: "seconds",
        replications: 16_000,
        worst: Some(7),
        reason: "the figure lies between 59 and 64.25".into(),
    }
}

fn shift(metric: &str, trend: Trend, because: Because) -> Shift {
    Shift {
        variant: "base".into(),
        metric: format!("orders/{metric}"),
        unit: "seconds",
        before: Some(60.0).filter(|_| trend != Trend::OneSided),
        after: Some(75.0),
        low: Some(12.0).filter(|_| trend != Trend::OneSided),
        high: Some(18.0).filter(|_| trend != Trend::OneSided),
        detects: Some(2.0),
        trend,
        because,
    }
}

pub(super) fn entry(file: &str) -> Entry {
    let undefined = Judged {
        estimate: None,
        low: None,
        high: None,
        unit: "",
        reason: "no such event was seen".into(),
        ..judged(Decision::Undecided, Source::Expectation, ">= 5", 0)
    };
    let judged = vec![
        judged(Decision::Met, Source::Expectation, "<= 70", 30),
        judged(Decision::Broken, Source::Expectation, "<= 58", 34),
        undefined,
        Judged {
            estimate: Some(0.9915),
            low: Some(0.985),
            high: Some(0.996),
            unit: "probability",
            reason: "the figure lies between 0.985 and 0.996: that does not tell whether it is >= 0.99"
                .into(),
            ..judged(
                Decision::Undecided,
                Source::Objective("quick".into()),
                "RTO within 1h in at least 99 % of replications",
                40,
            )
        },
    ];
    let replay = |n| Some(format!("zonefall run {file} --variant=base --seed 42 --replication {n}"));
    Entry {
        file: file.into(),
        checked: Checked {
            scenario: "Orders".into(),
            seed: 42,
            digest: 0xabc,
            version: "0.2.0".into(),
            false_alarm: 0.01,
            confidence: Confidence::missing(0.0005).unwrap(),
            looks: vec![1000, 16_000],
            judged,
            against: None,
        },
        replays: vec![replay(1), replay(2), None, replay(7)],
    }
}

pub(super) fn with_baseline(file: &str) -> Entry {
    let mut entry = entry(file);
    let shifts = vec![
        shift("rto_seconds.write.mean", Trend::Same, Because::Inputs),
        shift("rto_seconds.read.mean", Trend::Better, Because::Inputs),
        shift("rto_seconds.read.p99", Trend::Unsettled, Because::Program),
        shift("rpo_seconds.mean", Trend::OneSided, Because::Inputs),
        shift("rto_seconds.write.p99", Trend::Worse, Because::Inputs),
    ];
    entry.checked.against = Some(Against {
        version: "0.1.0".into(),
        replications: 1000,
        false_alarm: 0.01,
        confidence: Confidence::missing(0.0001).unwrap(),
        threshold: 0.05,
        inputs: vec![InputChange {
            path: "store.orders.consistency".into(),
            before: Some("\"session\"".into()),
            after: Some("\"strong\"".into()),
        }],
        shifts,
        gone: vec!["old".into()],
        new: Vec::new(),
    });
    entry
}

/// Whatever can be written in a scenario, or in the name of its file.
pub(super) const HOSTILE: &str =
    "::error::x\n::stop-commands::y\r##[error]z\u{1b}[31m<b>&\"'|`]]>\u{0}\u{ffff}\u{202e}%0A,title=t";

pub(super) fn hostile() -> Entry {
    let mut entry = with_baseline(HOSTILE);
    entry.checked.scenario = HOSTILE.into();
    for judged in &mut entry.checked.judged {
        judged.promise.variant = HOSTILE.into();
        judged.promise.text = HOSTILE.into();
        judged.reason = HOSTILE.into();
    }
    if let Some(against) = &mut entry.checked.against {
        against.version = HOSTILE.into();
        against.gone = vec![HOSTILE.into()];
        against.inputs[0].path = HOSTILE.into();
        against.inputs[0].after = Some(HOSTILE.into());
        against.shifts.iter_mut().for_each(|s| s.variant = HOSTILE.into());
    }
    entry
}
