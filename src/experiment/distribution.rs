//! How long outages took and how much writes were lost, as distributions over the events of all replications.

use super::accumulate::Accumulator;
use super::tally::{ByClass, Events};
use crate::model::Model;
use crate::sim::observe::{Class, Kind};
use crate::stats::histogram::SMALL_SAMPLE;
use crate::units::NS_PER_SECOND;

/// Points of a distribution at most, but for the first and the last: one at every half per cent of the events.
const POINTS: u64 = 200;

/// The distribution of one figure over pooled events; only figures with an event have one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Distribution {
    /// Name of the store or block.
    pub subject: String,
    /// Name in the catalogue without the statistic: `rto_seconds.read`, `rto_seconds.write`, `rto_seconds.block` or
    /// `rpo_seconds`.
    pub figure: &'static str,
    /// What was to blame; `None`: all classes together.
    pub class: Option<Class>,
    /// Unit of the values.
    pub unit: &'static str,
    /// Number of events.
    pub events: u64,
    /// Replications with an event: how many independent observations there are.
    pub n: u64,
    /// Values in ascending order, each with the share of the events at or below it; the last share is 1.
    pub points: Vec<(f64, f64)>,
}

impl Distribution {
    /// Whether fewer than 30 replications had an event.
    pub fn small(&self) -> bool {
        self.n < SMALL_SAMPLE
    }

    /// The least value with at least the share `p` of the events at or below it, as far as the points tell.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        let reached = self.points.iter().find(|(_, share)| *share >= p);
        reached.or(self.points.last()).map(|(value, _)| *value)
    }
}

/// The distributions of RTO and RPO that `acc` holds: by subject, figure and class, all classes first.
pub(crate) fn distributions(model: &Model, acc: &Accumulator) -> Vec<Distribution> {
    let mut list = Vec::new();
    for (name, tally) in acc.asked(model) {
        for kind in Kind::ALL {
            let figure = match kind {
                Kind::Read => "rto_seconds.read",
                Kind::Write => "rto_seconds.write",
            };
            push(&mut list, name, figure, &tally.outages[kind as usize].lengths);
        }
        push(&mut list, name, "rpo_seconds", &tally.losses.rpo);
    }
    for (block, tally) in model.blocks.iter().zip(&acc.blocks).filter(|(b, _)| b.report) {
        push(&mut list, &block.name, "rto_seconds.block", &tally.outages.lengths);
    }
    list
}

fn push(list: &mut Vec<Distribution>, subject: &str, figure: &'static str, tally: &ByClass) {
    let of = |class, events: &Events| Distribution {
        subject: subject.into(),
        figure,
        class,
        unit: "seconds",
        events: events.values.n(),
        n: events.ratio.clusters(),
        points: points(events),
    };
    let classes = Class::ALL.into_iter().zip(&tally.classes).map(|(class, events)| (Some(class), events));
    let all = core::iter::once((None, &tally.all)).chain(classes);
    list.extend(all.filter(|(_, events)| events.values.n() > 0).map(|(class, events)| of(class, events)));
}

fn points(events: &Events) -> Vec<(f64, f64)> {
    let n = events.values.n() as f64;
    let point = |(value, count): (u64, u64)| (value as f64 / NS_PER_SECOND as f64, count as f64 / n);
    events.values.cumulative(POINTS).into_iter().map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture;

    #[test]
    fn made_up_outages() {
        let model = fixture::model();
        let mut acc = Accumulator::new(&model);
        (0..12).for_each(|i| acc.add(&fixture::replication(i)));
        let list = distributions(&model, &acc);
        let shown: Vec<_> = list.iter().map(|d| (d.subject.as_str(), d.figure, d.class, d.n)).collect();
        assert_eq!(
            shown,
            [
                ("orders", "rto_seconds.write", None, 8),
                ("orders", "rto_seconds.write", Some(Class::Zone), 6),
                ("orders", "rto_seconds.write", Some(Class::Region), 4),
                ("orders", "rpo_seconds", None, 4),
                ("orders", "rpo_seconds", Some(Class::Region), 4),
                ("quorum", "rto_seconds.block", None, 6),
                ("quorum", "rto_seconds.block", Some(Class::Zone), 6),
            ]
        );
        // Zone outages last 60 + index % 17 seconds in even replications.
        let zone = &list[1];
        let expected: Vec<f64> = [0, 2, 4, 6, 8, 10].iter().map(|i| 60.0 + f64::from(*i)).collect();
        for ((value, share), (i, exact)) in zone.points.iter().zip(expected.iter().enumerate()) {
            assert!((value / exact - 1.0).abs() <= 1.0 / 256.0, "{value} for {exact}");
            assert_eq!(*share, (i + 1) as f64 / 6.0);
        }
        assert_eq!(zone.points.len(), 6);
        assert_eq!((zone.points[0].0, zone.points[5].0), (60.0, 70.0));
        assert_eq!((zone.events, zone.small()), (6, true));
        assert_eq!(zone.quantile(0.5), Some(zone.points[2].0));
        assert_eq!(zone.quantile(1.0), Some(70.0));
    }
}
