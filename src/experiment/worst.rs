//! The worst replication of a variant: which one it is, and how it went.

use super::runner::{Experiment, Failure};
use super::tally::{BlockTally, share};
use crate::sim::observe::{Replication, Series, TimelineEntry, Track, requests};
use crate::sim::{Plan, Simulation};
use crate::units::Duration;
use core::cmp::Reverse;
use std::sync::atomic::{AtomicBool, Ordering};

/// Numbers of the worst replications of a variant; `None` where nothing of the kind happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Worst {
    /// The one with the largest share of failed requests, all services, stores and both kinds together; of equal ones that
    /// in which blocks were down longest, then that with more lost writes, then the first.
    pub by_failures: Option<u64>,
    /// The one with the most writes lost or still missing, all stores together; of equal ones the worst by failures.
    pub by_losses: Option<u64>,
}

/// How one replication went.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Timeline {
    /// Name of the variant.
    pub variant: String,
    /// Number of the replication.
    pub replication: u64,
    /// The command that shows it again.
    pub replay: String,
    /// The measured time; what was open then ran out after it.
    pub horizon: Duration,
    /// What happened, in order of time.
    pub entries: Vec<TimelineEntry>,
    /// What lasted.
    pub tracks: Vec<Track>,
    /// Numbers over time that were ever above 0.
    pub series: Vec<Series>,
}

/// What replications are compared by: failed share (in units of 2⁻⁶⁰), nanoseconds that blocks were down, lost writes.
type Figures = (i128, u64, i128);

/// The worst replications so far. Merging is exact and knows no order: the largest key wins.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub(crate) struct WorstTally {
    by_failures: Option<(Figures, Reverse<u64>)>,
    by_losses: Option<(i128, Figures, Reverse<u64>)>,
}

impl WorstTally {
    pub(super) fn add(&mut self, blocks: &[BlockTally], rep: &Replication) {
        let (mut failed, mut requested, mut lost) = (0, 0, 0);
        for run in rep.services.iter().chain(&rep.stores) {
            let whole = |volume| requests(volume, run.volume_per_request);
            failed += run.failed.map(whole).iter().sum::<i128>();
            requested += run.requested.map(whole).iter().sum::<i128>();
            lost += whole(run.lost + run.missing);
        }
        let blocks = rep.blocks.iter().zip(blocks).filter(|(_, tally)| tally.report);
        let down = blocks.fold(0u64, |sum, (block, _)| sum.saturating_add(block.down.ns()));
        let figures = (if failed > 0 { share(failed, requested) } else { 0 }, down, lost);
        if figures.0 > 0 || down > 0 {
            self.by_failures = self.by_failures.max(Some((figures, Reverse(rep.index))));
        }
        if lost > 0 {
            self.by_losses = self.by_losses.max(Some((lost, figures, Reverse(rep.index))));
        }
    }

    pub(super) fn merge(&mut self, other: &WorstTally) {
        self.by_failures = self.by_failures.max(other.by_failures);
        self.by_losses = self.by_losses.max(other.by_losses);
    }

    pub(super) fn worst(&self) -> Worst {
        Worst {
            by_failures: self.by_failures.map(|(_, index)| index.0),
            by_losses: self.by_losses.map(|(_, _, index)| index.0),
        }
    }
}

/// Runs single replications again and tells how they went: (index of the variant, number of the replication) each.
/// `cancel` is looked at before each, `replay` gives the command that shows one, by name of the variant and number.
///
/// # Errors
/// As for [`run`](super::runner::run).
pub fn timelines<D>(
    experiment: &Experiment<'_>,
    cancel: &AtomicBool,
    which: &[(usize, u64)],
    replay: impl Fn(&str, u64) -> String,
) -> Result<Vec<Timeline>, Failure<D>> {
    let mut found = Vec::new();
    for &(variant, replication) in which {
        if cancel.load(Ordering::Relaxed) {
            return Err(Failure::Cancelled);
        }
        let subject = &experiment.subjects[variant];
        let name = || subject.name.to_string();
        let plan = Plan::new(subject.model)
            .map_err(|why| Failure::Plan { variant: name(), why: why.to_string() })?;
        let mut out = Replication::default();
        Simulation::new(&plan, experiment.seed)
            .run(replication, true, &mut out)
            .map_err(|hit| Failure::Limit { variant: name(), replication, hit })?;
        found.push(Timeline {
            variant: name(),
            replication,
            replay: replay(subject.name, replication),
            horizon: subject.model.horizon,
            entries: out.timeline,
            tracks: out.tracks,
            series: out.series,
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Accumulator, fixture};

    fn worst(numbers: impl Iterator<Item = u64>, change: impl Fn(&mut Replication)) -> Worst {
        let mut acc = Accumulator::new(&fixture::model());
        for index in numbers {
            let mut rep = fixture::replication(index);
            change(&mut rep);
            acc.add(&rep);
        }
        acc.worst.worst()
    }

    /// Made-up replications: every third one sees a lost region for 3600 + 60 (i mod 29) seconds and loses 500 (i mod 5)
    /// writes, even ones a zone for 60 + i mod 17.
    #[test]
    fn the_worst_is_found_whatever_the_order() {
        // 57 lasts 5280 s, 84 lasts 5160 + 76 s. 54, 69 and 84 lose most; of them 84 fails most.
        let expected = Worst { by_failures: Some(57), by_losses: Some(84) };
        assert_eq!(worst(50..86, |_| {}), expected);
        assert_eq!(worst((50..86).rev(), |_| {}), expected);
        // Nothing lost, nothing failed, nothing at all.
        assert_eq!(worst([0].into_iter(), |_| {}), Worst { by_failures: Some(0), by_losses: None });
        assert_eq!(worst([1].into_iter(), |_| {}), Worst::default());
    }

    /// Stores behind a service may all be well, or there may be none.
    #[test]
    fn requests_of_services_count() {
        let text = r#"
            [scenario]
            name = "t"
            horizon = "30d"
            [[region]]
            name = "a"
            zones = 2
            [fault.zone]
            target = "zone:a/1"
            mtbf = "10d"
            duration = { law = "exponential", mean = "1h" }
            [tier.api]
            sites = { a = 2 }
            needed = 2
            [service.s]
            needs = ["tier.api"]
            reads_per_second = 1
        "#;
        let model = fixture::read_one(text);
        let plan = Plan::new(&model).unwrap();
        let (mut simulation, mut acc) = (Simulation::new(&plan, 1), Accumulator::new(&model));
        let mut failed = Vec::new();
        for index in 0..20 {
            let mut rep = Replication::default();
            simulation.run(index, false, &mut rep).unwrap();
            acc.add(&rep);
            failed.push((rep.services[0].failed[0], Reverse(index)));
        }
        let (most, index) = failed.into_iter().max().unwrap();
        assert!(most > 0);
        assert_eq!(acc.worst.worst(), Worst { by_failures: Some(index.0), by_losses: None });
    }

    #[test]
    fn of_equals_the_first_counts_unless_blocks_or_losses_differ() {
        let alike = |rep: &mut Replication| {
            let index = rep.index;
            *rep = Replication { index, ..fixture::replication(6) };
        };
        assert_eq!(worst([9, 7, 8].into_iter(), alike), Worst { by_failures: Some(7), by_losses: Some(7) });
        let longer = |rep: &mut Replication| {
            alike(rep);
            rep.blocks[0].down = Duration::from_ns(rep.index);
        };
        assert_eq!(worst([9, 7, 8].into_iter(), longer).by_failures, Some(9));
        let lossy = |rep: &mut Replication| {
            alike(rep);
            rep.stores[0].lost += i128::from(rep.index == 8) * fixture::REQUEST;
        };
        assert_eq!(worst([9, 7, 8].into_iter(), lossy), Worst { by_failures: Some(8), by_losses: Some(8) });
    }
}
