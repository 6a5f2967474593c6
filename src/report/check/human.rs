//! For the terminal.

use super::{Entry, Style};
use crate::experiment::{Decision, Judged};
use std::fmt::Write;

/// What a check came to, to read: what is not kept with its reasons, then a line for each file.
pub fn human(entries: &[Entry], strict: bool, style: Style) -> String {
    let _ = style;
    let mut text = String::new();
    for entry in entries {
        let Entry { file, checked, .. } = entry;
        let _ = writeln!(text, "{} ({file})", checked.scenario);
        for (judged, replay) in checked.judged.iter().zip(&entry.replays) {
            let Judged { promise, decision, reason, replications, .. } = judged;
            let (word, line) = (decision.word(), promise.line);
            let _ = writeln!(
                text,
                "  {word}: {}: {} {}, line {line}",
                promise.variant, promise.metric, promise.text
            );
            if *decision != Decision::Met {
                let _ = writeln!(text, "    {reason} ({replications} replications)");
                if let Some(replay) = replay {
                    let _ = writeln!(text, "    to look at the worst: {replay}");
                }
            }
        }
        let passed = if checked.passed(strict) { "passed" } else { "FAILED" };
        let [met, broken, undecided] =
            [Decision::Met, Decision::Broken, Decision::Undecided].map(|d| checked.count(d));
        let _ = writeln!(text, "  {passed}: {met} met, {broken} broken, {undecided} undecided");
    }
    text
}
