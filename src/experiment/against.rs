//! Figures beside those of a baseline: which are watched, and when one is worse or better.

use super::checked::{Because, Shift, Trend};
use super::compare::Difference;
use super::metric::Metric;
use crate::stats::Confidence;
use crate::stats::number::counted;
use std::collections::{BTreeMap, BTreeSet};

/// The standard normal quantile of 90 %: the power that [`Shift::detects`] promises.
const Z_90: f64 = 1.281_551_565_544_600_4;

/// Whether more of a figure is worse (`Some(true)`), better (`Some(false)`), or the figure is not watched.
///
/// Watched are the figures that say how a subject fares as a whole, each once: not the parts by class, phase and party that
/// make them up, not those that are the same in other words, and no largest values, which say nothing of what was not seen.
pub(crate) fn more_is_worse(metric: &Metric) -> Option<bool> {
    let id = metric.id.as_str();
    if let Some(rest) = id.strip_prefix("objective.") {
        let (_, figure) = rest.rsplit_once('.')?;
        return match figure {
            "months_missed" => Some(true),
            "kept" => Some(false),
            _ => None,
        };
    }
    let events =
        ["rto_seconds.read", "rto_seconds.write", "rto_seconds.block", "rpo_seconds", "restore_seconds"];
    let event = |name: &&str| {
        let rest = id.strip_prefix(*name).and_then(|rest| rest.strip_prefix('.'));
        rest.is_some_and(|stat| ["mean", "p50", "p90", "p99"].contains(&stat))
    };
    let whole = [
        "failed_minutes_per_year",
        "failed_minutes_per_year.read",
        "failed_minutes_per_year.write",
        "downtime_minutes_per_year.block",
        "probability_loss",
        "writes_lost.mean",
        "cost_per_year",
    ];
    (whole.contains(&id) || events.iter().any(event)).then_some(true)
}

/// One variant before and after a change, and how sure to be.
pub(crate) struct Sides<'a> {
    pub(crate) variant: &'a str,
    /// The figures of both, with intervals of the confidence.
    pub(crate) before: &'a [Metric],
    pub(crate) after: &'a [Metric],
    /// Differences of what is seen in pairs, after − before, with intervals of the confidence.
    pub(crate) pairs: &'a [Difference],
    pub(crate) at: Confidence,
    pub(crate) threshold: f64,
}

impl Sides<'_> {
    /// Every watched figure that both sides have.
    pub(crate) fn shifts(&self) -> Vec<Shift> {
        let before: BTreeMap<String, &Metric> = self.before.iter().map(|m| (m.full_id(), m)).collect();
        let both = self.after.iter().filter_map(|after| Some((*before.get(&after.full_id())?, after)));
        both.filter_map(|(before, after)| self.shift(more_is_worse(after)?, before, after)).collect()
    }

    /// Subjects with watched figures that only the one or only the other side has, with how many: `base: orders (28 figures)`.
    pub(crate) fn apart(&self) -> (Vec<String>, Vec<String>) {
        let only = |mine: &[Metric], theirs: &[Metric]| {
            let theirs: BTreeSet<String> = theirs.iter().map(Metric::full_id).collect();
            let alone = |m: &&Metric| more_is_worse(m).is_some() && !theirs.contains(&m.full_id());
            let mut subjects: BTreeMap<&str, u64> = BTreeMap::new();
            for m in mine.iter().filter(alone) {
                *subjects.entry(m.subject.as_str()).or_default() += 1;
            }
            let told =
                |(subject, n): (&str, u64)| format!("{}: {subject} ({})", self.variant, counted(n, "figure"));
            subjects.into_iter().map(told).collect()
        };
        (only(self.before, self.after), only(self.after, self.before))
    }

    /// `None` where there is nothing to say: undefined before and now, or held to something else.
    fn shift(&self, more_is_worse: bool, before: &Metric, after: &Metric) -> Option<Shift> {
        let mut shift = Shift {
            variant: self.variant.into(),
            metric: after.full_id(),
            unit: after.unit,
            before: before.estimate,
            after: after.estimate,
            low: None,
            high: None,
            detects: None,
            trend: Trend::OneSided,
            because: Because::Inputs,
        };
        let (Some(from), Some(to)) = (before.estimate, after.estimate) else {
            return (before.estimate.is_some() || after.estimate.is_some()).then_some(shift);
        };
        let pair = self.pairs.iter().find(|d| d.subject == after.subject && d.metric == after.id);
        if pair.is_some_and(|d| d.difference.is_none()) {
            return None;
        }
        (shift.low, shift.high) = match pair.filter(|d| d.differ.is_some()) {
            Some(pair) if pair.is_nothing() => (Some(0.0), Some(0.0)),
            Some(pair) => (pair.low, pair.high),
            None if before == after => (Some(0.0), Some(0.0)),
            // Known without sampling.
            None if after.n == 0 => (Some(to - from), Some(to - from)),
            // Seen apart: the two intervals together.
            None => {
                let minus = |a: Option<f64>, b: Option<f64>| a.zip(b).map(|(a, b)| a - b);
                (minus(after.low, before.high), minus(after.high, before.low))
            }
        };
        if pair.is_some_and(|d| d.differ.is_some()) {
            let half = shift.low.zip(shift.high).map(|(low, high)| (high - low) / 2.0);
            shift.detects = half.map(|half| half * (1.0 + Z_90 / self.at.z()));
        }
        shift.trend = trend(&shift, self.threshold, more_is_worse);
        Some(shift)
    }
}

/// What to think of a difference: it counts if it is beyond the threshold and its interval leaves out 0.
pub(crate) fn trend(shift: &Shift, threshold: f64, more_is_worse: bool) -> Trend {
    let (Some(before), Some(after)) = (shift.before, shift.after) else { return Trend::OneSided };
    let difference = after - before;
    if difference.abs() <= threshold * before.abs() {
        return Trend::Same;
    }
    let sure = match difference > 0.0 {
        true => shift.low.is_some_and(|low| low > 0.0),
        false => shift.high.is_some_and(|high| high < 0.0),
    };
    match (sure, (difference > 0.0) == more_is_worse) {
        (false, _) => Trend::Unsettled,
        (true, true) => Trend::Worse,
        (true, false) => Trend::Better,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(id: &str, estimate: f64, low: f64, high: f64) -> Metric {
        Metric {
            id: id.into(),
            subject: "orders".into(),
            unit: "minutes/year",
            estimate: Some(estimate),
            low: Some(low),
            high: Some(high),
            n: 100,
            note: String::new(),
        }
    }

    fn trend_of(id: &str, before: (f64, f64, f64), after: (f64, f64, f64), threshold: f64) -> Trend {
        let side = |(x, low, high)| [metric(id, x, low, high)];
        let (before, after) = (side(before), side(after));
        let at = Confidence::P95;
        let sides = Sides { variant: "base", before: &before, after: &after, pairs: &[], at, threshold };
        sides.shifts()[0].trend
    }

    #[test]
    fn threshold_and_interval_both_have_to_say_so() {
        let id = "failed_minutes_per_year.write";
        let old = (100.0, 95.0, 105.0);
        assert_eq!(trend_of(id, old, (120.0, 115.0, 125.0), 0.05), Trend::Worse);
        assert_eq!(trend_of(id, old, (80.0, 75.0, 85.0), 0.05), Trend::Better);
        assert_eq!(trend_of(id, old, (120.0, 104.0, 136.0), 0.05), Trend::Unsettled);
        assert_eq!(trend_of(id, old, (120.0, 115.0, 125.0), 0.25), Trend::Same);
        // Where more is better.
        let kept = "objective.rto.kept";
        assert_eq!(trend_of(kept, (0.9, 0.88, 0.92), (0.7, 0.65, 0.75), 0.05), Trend::Worse);
        assert_eq!(trend_of(kept, (0.7, 0.65, 0.75), (0.9, 0.88, 0.92), 0.05), Trend::Better);
        // From nothing, everything is beyond the threshold.
        assert_eq!(trend_of(id, (0.0, 0.0, 1.0), (5.0, 4.0, 6.0), 0.05), Trend::Worse);
    }

    #[test]
    fn what_is_watched() {
        let watched = |id: &str| more_is_worse(&metric(id, 0.0, 0.0, 0.0));
        for id in [
            "failed_minutes_per_year",
            "rto_seconds.write.p99",
            "rpo_seconds.mean",
            "objective.sla.months_missed",
        ] {
            assert_eq!(watched(id), Some(true), "{id}");
        }
        for id in [
            "rto_seconds.write.max",
            "rto_seconds.write.zone.mean",
            "availability.write",
            "nines",
            "rpo_final_seconds.mean",
        ] {
            assert_eq!(watched(id), None, "{id}");
        }
    }
}
