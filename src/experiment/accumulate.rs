//! Adding up replications, exactly and in any order (rule R5).

use super::months::{self, MonthsTally};
use super::paired::Paired;
use super::service::ServiceTally;
use super::tally::{BlockTally, OutageTally, StoreTally};
use super::targets::ObjectiveTally;
use super::worst::WorstTally;
use crate::model::Model;
use crate::sim::observe::{Class, Replication, Subject};
use crate::sim::scramble;
use crate::stats::Moments;

/// A share of 1 in the integers a replication's shares are kept in.
pub const SHARE_ONE: i128 = 1 << 60;

/// Everything kept of the replications of one variant: integers only, of a size that does not grow with them.
///
/// Two accumulators that have seen the same replications are equal, whatever the order and grouping.
#[derive(Clone, Debug, PartialEq)]
pub struct Accumulator {
    pub(crate) replications: u64,
    /// Wrapping sum of the scrambled digests of the replications' fault histories.
    pub(crate) fault_digest: u64,
    pub(crate) occurrences: Moments,
    pub(crate) fault_events: Moments,
    pub(crate) events: Moments,
    pub(crate) stores: Vec<StoreTally>,
    pub(crate) services: Vec<ServiceTally>,
    pub(crate) blocks: Vec<BlockTally>,
    pub(crate) worst: WorstTally,
    /// Beside the reference of a comparison, if there is one; filled by the runner.
    pub(crate) paired: Option<Paired>,
    /// Calendar months of the services, then of the stores, then of the blocks.
    pub(crate) months: Vec<MonthsTally>,
    pub(crate) objectives: Vec<ObjectiveTally>,
}

impl Accumulator {
    /// An accumulator that has seen nothing, for replications of this model.
    pub fn new(model: &Model) -> Accumulator {
        let possible = model.possible_classes();
        let faults_only = possible & !(1 << Class::Load as u16) & !(1 << Class::Action as u16);
        Accumulator {
            replications: 0,
            fault_digest: 0,
            occurrences: Moments::default(),
            fault_events: Moments::default(),
            events: Moments::default(),
            stores: model.stores.iter().map(|s| StoreTally::new(model, s, possible)).collect(),
            services: (0..model.services.len() as u32)
                .map(|s| ServiceTally::new(model, s, possible))
                .collect(),
            blocks: model
                .blocks
                .iter()
                .map(|block| BlockTally {
                    report: block.report,
                    outages: OutageTally::new(faults_only),
                    causes: vec![Moments::default(); model.faults.len()],
                })
                .collect(),
            worst: WorstTally::default(),
            paired: None,
            months: MonthsTally::all(model),
            objectives: model.objectives.iter().map(|o| ObjectiveTally::new(model, o)).collect(),
        }
    }

    /// What takes requests: names and tallies. Services come first, the outer ones before those they need.
    pub(crate) fn asked<'a>(&'a self, model: &'a Model) -> impl Iterator<Item = (&'a str, &'a StoreTally)> {
        let services = model.services.iter().zip(&self.services);
        let stores = model.stores.iter().zip(&self.stores);
        services
            .rev()
            .map(|(service, tally)| (service.name.as_str(), &tally.requests))
            .chain(stores.map(|(store, tally)| (store.name.as_str(), tally)))
    }

    /// Number of replications seen.
    pub fn replications(&self) -> u64 {
        self.replications
    }

    /// Counts one replication of the model this accumulator was made for.
    ///
    /// # Panics
    /// If the replication has other stores, blocks or clients than the model.
    pub fn add(&mut self, rep: &Replication) {
        assert_eq!(self.stores.len(), rep.stores.len(), "replication {} of another model", rep.index);
        assert_eq!(self.services.len(), rep.services.len(), "replication {} of another model", rep.index);
        assert_eq!(self.blocks.len(), rep.blocks.len(), "replication {} of another model", rep.index);
        self.replications += 1;
        // The number enters, so that swapped histories of two replications do not cancel.
        let digest = scramble(rep.fault_digest ^ scramble(rep.index.wrapping_add(0x9e37_79b9_7f4a_7c15)));
        self.fault_digest = self.fault_digest.wrapping_add(digest);
        self.occurrences.add(i128::from(rep.occurrences));
        self.fault_events.add(i128::from(rep.fault_events));
        self.events.add(i128::from(rep.events));
        for outage in &rep.outages {
            match outage.subject {
                Subject::Store(store, kind) => {
                    self.stores[store as usize].outages[kind as usize].push(outage);
                }
                Subject::Service(service, kind) => {
                    self.services[service as usize].requests.outages[kind as usize].push(outage);
                }
                Subject::Block(block) => self.blocks[block as usize].outages.push(outage),
            }
        }
        for loss in &rep.losses {
            let per_request = rep.stores[loss.store as usize].volume_per_request;
            self.stores[loss.store as usize].push_loss(loss, per_request);
        }
        for restored in &rep.restores {
            self.stores[restored.store as usize].push_restore(restored);
        }
        let own = |run| core::iter::once(run);
        self.stores.iter_mut().zip(&rep.stores).for_each(|(tally, run)| tally.add(run, own(run)));
        self.services.iter_mut().zip(&rep.services).for_each(|(tally, run)| tally.add(run, rep));
        self.blocks.iter_mut().zip(&rep.blocks).for_each(|(tally, run)| tally.add(run));
        self.worst.add(&self.blocks, rep);
        let requests = rep.services.iter().chain(&rep.stores);
        let (asked, blocks) = self.months.split_at_mut(rep.services.len() + rep.stores.len());
        for (tally, run) in asked.iter_mut().zip(requests) {
            tally.add(run.months.iter().map(|m| (m.month, months::failed(m))));
        }
        for (tally, run) in blocks.iter_mut().zip(&rep.blocks) {
            tally.add(run.months.iter().map(|m| (m.month, months::down(m))));
        }
        self.objectives.iter_mut().for_each(|tally| tally.add(rep, &self.months));
    }

    /// Counts everything `other` has seen; both are for the same model.
    ///
    /// # Panics
    /// If `other` was made for a model with other stores or blocks.
    pub fn merge(&mut self, other: &Accumulator) {
        assert_eq!(self.stores.len(), other.stores.len(), "accumulators of different models");
        assert_eq!(self.blocks.len(), other.blocks.len(), "accumulators of different models");
        self.replications += other.replications;
        self.fault_digest = self.fault_digest.wrapping_add(other.fault_digest);
        self.occurrences.merge(&other.occurrences);
        self.fault_events.merge(&other.fault_events);
        self.events.merge(&other.events);
        self.worst.merge(&other.worst);
        self.stores.iter_mut().zip(&other.stores).for_each(|(a, b)| a.merge(b));
        self.services.iter_mut().zip(&other.services).for_each(|(a, b)| a.merge(b));
        for (a, b) in self.blocks.iter_mut().zip(&other.blocks) {
            a.outages.merge(&b.outages);
            a.causes.iter_mut().zip(&b.causes).for_each(|(x, y)| x.merge(y));
        }
        if let (Some(paired), Some(more)) = (&mut self.paired, &other.paired) {
            paired.merge(more);
        }
        self.months.iter_mut().zip(&other.months).for_each(|(a, b)| a.merge(b));
        self.objectives.iter_mut().zip(&other.objectives).for_each(|(a, b)| a.merge(b));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::tally::share;
    use crate::experiment::{VariantOutcome, fixture};
    use crate::model::{CauseClass, Effect};
    use crate::sim::observe::*;
    use proptest::prelude::*;

    #[test]
    fn shares_are_exact() {
        assert_eq!(share(0, 7), 0);
        assert_eq!(share(7, 7), SHARE_ONE);
        assert_eq!(share(9, 7), SHARE_ONE);
        assert_eq!(share(1, 2), SHARE_ONE / 2);
        assert_eq!(share(1, 3), SHARE_ONE / 3);
        let huge = i128::MAX / 3;
        assert_eq!(share(huge, huge * 3), SHARE_ONE / 3);
        assert_eq!(share(i128::MAX - 1, i128::MAX), SHARE_ONE - 1);
    }

    #[test]
    fn requests_round_to_nearest() {
        assert_eq!([0, 4, 5, 14, 15].map(|v| requests(v, 10)), [0, 0, 1, 1, 2]);
        assert_eq!(requests(5, 0), 0);
    }

    #[test]
    fn only_classes_of_the_model_are_possible() {
        let mut model = fixture::model();
        let bit = |c: Class| 1u16 << c as u16;
        assert_eq!(model.possible_classes(), bit(Class::Zone) | bit(Class::Region));
        model.faults[0].cause = CauseClass::Software;
        model.faults[1].effect = Effect::Maintenance;
        model.stores[0].throughput_mru = Some(1);
        let expected = bit(Class::Software) | bit(Class::Maintenance) | bit(Class::Load);
        assert_eq!(model.possible_classes(), expected);
    }

    #[test]
    fn digests_tell_histories_apart() {
        let model = fixture::model();
        let digest = |change: &dyn Fn(&mut Replication)| {
            let mut acc = Accumulator::new(&model);
            for i in 0..4 {
                let mut rep = fixture::replication(i);
                change(&mut rep);
                acc.add(&rep);
            }
            acc.fault_digest
        };
        let plain = digest(&|_| ());
        assert_ne!(plain, digest(&|r| r.fault_digest ^= u64::from(r.index == 2)));
        // The same histories, dealt to other replications.
        assert_ne!(plain, digest(&|r| r.fault_digest = fixture::replication(r.index ^ 1).fault_digest));
    }

    /// A replication costs about a microsecond to add: counted here in a way that no busy machine can break.
    #[test]
    fn adding_takes_no_memory_once_all_octaves_are_there() {
        let model = fixture::model();
        let mut acc = Accumulator::new(&model);
        (0..60).for_each(|i| acc.add(&fixture::replication(i)));
        let before = acc.stores[0].outages[1].lengths.all.values.octaves_in_use();
        (0..600).for_each(|i| acc.add(&fixture::replication(i)));
        assert_eq!(acc.stores[0].outages[1].lengths.all.values.octaves_in_use(), before);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn any_order_and_grouping_gives_the_same_state_and_bytes(
            order in Just((0..40u64).collect::<Vec<_>>()).prop_shuffle(),
            groups in proptest::collection::vec(0usize..4, 40),
        ) {
            let mut model = fixture::model();
            model.objectives = fixture::objectives();
            let mut plain = Accumulator::new(&model);
            (0..40).for_each(|i| plain.add(&fixture::replication(i)));
            let mut parts = vec![Accumulator::new(&model); 4];
            for (&i, &group) in order.iter().zip(&groups) {
                parts[group].add(&fixture::replication(i));
            }
            let mut merged = Accumulator::new(&model);
            parts.iter().rev().for_each(|part| merged.merge(part));
            prop_assert_eq!(&merged, &plain);
            prop_assert_eq!(
                VariantOutcome::new("v", &model, &merged),
                VariantOutcome::new("v", &model, &plain)
            );
        }
    }
}
