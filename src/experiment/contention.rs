//! Figures of lags and of what they do to hot items.

use super::accumulate::SHARE_ONE;
use super::metric::{Ceiling, Estimate};
use super::tally::add_share;
use crate::model::{Consistency, Model, Store, Writes};
use crate::sim::observe::StoreRun;
use crate::stats::{Confidence, Moments};
use crate::units::{Duration, NS_PER_SECOND};

const SECOND: f64 = NS_PER_SECOND as f64;
/// Conflicts are kept in millionths per second.
const MICRO: f64 = 1e6;

/// What an accumulator keeps. Empty where nobody watches lags.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct ContentionTally {
    /// Whether results show lags, hot items, conflicts between regions.
    lags: bool,
    items: bool,
    conflicts: bool,
    /// Nanoseconds beyond the usual lag.
    mean: Moments,
    max: Moments,
    end: Moments,
    /// Millionths of a conflict per second, and conflicts as a share of the most that the accepted writes can be in.
    rate: Moments,
    share: Moments,
    /// Shares of the answered reads that were stale, and that waited for a token: all, and the stale ones by region.
    stale: Moments,
    waits: Moments,
    by_region: Vec<Moments>,
}

type Figure = (String, &'static str, Estimate);

impl ContentionTally {
    pub(super) fn new(model: &Model, store: &Store) -> ContentionTally {
        let items = model.watches_items(store) && store.hot.is_some();
        ContentionTally {
            lags: model.watches_lags(store),
            items,
            conflicts: items && store.writes == Writes::Multi,
            by_region: vec![Moments::default(); if items { store.client_regions().len() } else { 0 }],
            ..ContentionTally::default()
        }
    }

    /// Counts a replication; `place` says which region each client belongs to.
    pub(super) fn add(&mut self, run: &StoreRun, place: &[usize]) {
        let lag = &run.contention;
        if lag.measured == Duration::ZERO {
            return;
        }
        let measured = i128::from(lag.measured.ns());
        self.mean.add(lag.extra_sum / measured);
        self.max.add(i128::from(lag.extra_max.ns()));
        self.end.add(i128::from(lag.extra_end.ns()));
        if self.conflicts {
            self.rate.add(lag.conflicts / measured);
            // A conflict is 10^6 millionths × 10^9 ns, a request 10^15 per partition.
            let partitions = run.volume_per_request / 1_000_000_000_000_000;
            // A write may be in two of them.
            add_share(&mut self.share, lag.conflicts * partitions, 2 * (run.requested[1] - run.failed[1]));
        }
        if !self.items || run.client_reads.is_empty() {
            return;
        }
        let sum = |part: usize| run.client_reads.iter().map(|reads| reads[part]).sum();
        let answered = run.requested[0] - run.failed[0];
        add_share(&mut self.stale, sum(0), answered);
        add_share(&mut self.waits, sum(1), answered);
        for (region, moments) in self.by_region.iter_mut().enumerate() {
            let here = || (0..place.len()).filter(|&c| place[c] == region);
            let answered = here().map(|c| run.client_requested[c][0] - run.client_failed[c][0]).sum();
            add_share(moments, here().map(|c| run.client_reads[c][0]).sum(), answered);
        }
    }

    pub(super) fn merge(&mut self, other: &ContentionTally) {
        for (to, from) in [
            (&mut self.mean, &other.mean),
            (&mut self.max, &other.max),
            (&mut self.end, &other.end),
            (&mut self.rate, &other.rate),
            (&mut self.share, &other.share),
            (&mut self.stale, &other.stale),
            (&mut self.waits, &other.waits),
        ] {
            to.merge(from);
        }
        self.by_region.iter_mut().zip(&other.by_region).for_each(|(to, from)| to.merge(from));
    }

    /// Means over replications by name, with their divisors. That of the lag lacks the usual lag, which does not vary.
    pub(super) fn means(&self) -> impl Iterator<Item = (&'static str, f64, &Moments)> {
        let lags = [
            ("replication_lag_seconds.mean", SECOND, &self.mean),
            ("replication_lag_seconds.end", SECOND, &self.end),
        ];
        let half = SHARE_ONE as f64 / 2.0;
        let conflicts = [("conflicts_per_second", MICRO, &self.rate), ("conflict_share", half, &self.share)];
        let items =
            [("stale_reads", SHARE_ONE as f64, &self.stale), ("token_waits", SHARE_ONE as f64, &self.waits)];
        let shown = [(self.lags, lags), (self.conflicts, conflicts), (self.items, items)];
        shown.into_iter().filter(|(shown, _)| *shown).flat_map(|(_, figures)| figures)
    }

    /// Shares of stale reads by region of clients.
    pub(super) fn stale_by_region(&self) -> &[Moments] {
        &self.by_region
    }

    /// The figures of a store; `clients` are the regions its clients sit in.
    pub(super) fn metrics(&self, store: &Store, clients: &[&str], at: Confidence) -> Vec<Figure> {
        let mut figures = Vec::new();
        if self.lags {
            self.lag(store, at, &mut figures);
        }
        if self.conflicts {
            let rate = Estimate::mean(at, &self.rate, MICRO, Ceiling::Open);
            figures.push(("conflicts_per_second".into(), "1/s", rate));
            figures.push(("conflict_share".into(), "fraction", share(at, &self.share, 2.0)));
        }
        if self.items {
            figures.push(("stale_reads".into(), "fraction", share(at, &self.stale, 1.0)));
            for (moments, name) in self.by_region.iter().zip(clients) {
                figures.push((format!("stale_reads.client.{name}"), "fraction", share(at, moments, 1.0)));
            }
            figures.push(("token_waits".into(), "fraction", share(at, &self.waits, 1.0)));
        }
        figures
    }

    /// The replication lag: the mean of its law, and what was added to it.
    fn lag(&self, store: &Store, at: Confidence, figures: &mut Vec<Figure>) {
        let lag = |e: Estimate| match store.lag.mean() {
            Some(usual) => e.plus(usual),
            None => Estimate::undefined("the law of the lag has no mean"),
        };
        let mean = |m: &Moments| lag(Estimate::mean(at, m, SECOND, Ceiling::Open));
        let beyond = match store.consistency {
            Consistency::Bounded { max_time, .. } if store.conflicts.capacity_mps.is_some() => {
                self.max.largest() > Some(i128::from(max_time.ns()))
            }
            _ => false,
        };
        let note = match beyond {
            true => "beyond the staleness bound: waiting at the arbiter stops no writes",
            false => "largest of the replications",
        };
        let largest = Estimate {
            estimate: self.max.largest().map(|x| x as f64 / SECOND),
            n: self.max.n(),
            note: note.into(),
            ..Estimate::default()
        };
        for (stat, e) in [("mean", mean(&self.mean)), ("max", lag(largest)), ("end", mean(&self.end))] {
            figures.push((format!("replication_lag_seconds.{stat}"), "seconds", e));
        }
    }
}

/// A mean of shares of what comes to `most`.
fn share(at: Confidence, m: &Moments, most: f64) -> Estimate {
    if m.n() == 0 {
        return Estimate::undefined("no such requests");
    }
    Estimate::mean(at, m, SHARE_ONE as f64 / most, Ceiling::At(most))
}
