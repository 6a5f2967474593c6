//! Figures of lags and of what they do to single items.

use super::metric::{Ceiling, Estimate};
use crate::model::{Model, Store};
use crate::sim::observe::ContentionRun;
use crate::stats::Moments;
use crate::units::{Duration, NS_PER_SECOND};

/// What an accumulator keeps, in nanoseconds beyond the usual lag. Empty where nobody watches lags.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct ContentionTally {
    /// Whether results show them.
    shown: bool,
    mean: Moments,
    max: Moments,
    end: Moments,
}

impl ContentionTally {
    pub(super) fn new(model: &Model, store: &Store) -> ContentionTally {
        ContentionTally { shown: model.lag_faults(store).next().is_some(), ..ContentionTally::default() }
    }

    pub(super) fn add(&mut self, run: &ContentionRun) {
        if run.measured > Duration::ZERO {
            self.mean.add(run.extra_sum / i128::from(run.measured.ns()));
            self.max.add(i128::from(run.extra_max.ns()));
            self.end.add(i128::from(run.extra_end.ns()));
        }
    }

    pub(super) fn merge(&mut self, other: &ContentionTally) {
        self.mean.merge(&other.mean);
        self.max.merge(&other.max);
        self.end.merge(&other.end);
    }

    /// The figures of a store, if its lags were watched.
    pub(super) fn metrics(&self, store: &Store) -> Vec<(&'static str, &'static str, Estimate)> {
        if !self.shown {
            return Vec::new();
        }
        let second = NS_PER_SECOND as f64;
        let lag = |e: Estimate| match store.lag.mean() {
            Some(usual) => e.plus(usual),
            None => Estimate::undefined("the law of the lag has no mean"),
        };
        let largest = Estimate {
            estimate: self.max.largest().map(|x| x as f64 / second),
            n: self.max.n(),
            note: "largest of the replications".into(),
            ..Estimate::default()
        };
        let mean = |m: &Moments| Estimate::mean(m, second, Ceiling::Open);
        vec![
            ("replication_lag_seconds.mean", "seconds", lag(mean(&self.mean))),
            ("replication_lag_seconds.max", "seconds", lag(largest)),
            ("replication_lag_seconds.end", "seconds", lag(mean(&self.end))),
        ]
    }
}
