//! What an accumulator keeps of services.

use super::tally::{StoreTally, whole_writes};
use crate::model::Model;
use crate::sim::observe::{Class, Loss, Replication, StoreRun, requests};

/// Figures of one service: its requests, and the data of the stores that it needs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ServiceTally {
    pub(crate) requests: StoreTally,
    /// Its stores (indices).
    stores: Vec<u32>,
}

/// What one occurrence cost a service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ServiceLoss {
    pub(super) class: Class,
    pub(super) rpo: u64,
    pub(super) rpo_final: u64,
    pub(super) writes: u64,
}

/// Losses of a service with these stores. What one occurrence cost several of them is one event: its RPO is the largest
/// of theirs, its writes are their sum.
pub(super) fn losses<'r>(rep: &'r Replication, stores: &'r [u32]) -> impl Iterator<Item = ServiceLoss> + 'r {
    let own = |l: &&Loss| stores.contains(&l.store);
    let first = move |&(i, loss): &(usize, &Loss)| {
        own(&loss) && !rep.losses[..i].iter().filter(own).any(|l| l.blame == loss.blame)
    };
    rep.losses.iter().enumerate().filter(first).map(move |(_, first)| {
        let nothing = ServiceLoss { class: first.class, rpo: 0, rpo_final: 0, writes: 0 };
        rep.losses.iter().filter(own).filter(|l| l.blame == first.blame).fold(nothing, |sum, l| {
            let writes = whole_writes(l, rep.stores[l.store as usize].volume_per_request);
            ServiceLoss {
                rpo: sum.rpo.max(l.rpo.ns()),
                rpo_final: sum.rpo_final.max(l.rpo_final.ns()),
                writes: sum.writes.saturating_add(writes),
                ..sum
            }
        })
    })
}

impl ServiceTally {
    pub(super) fn new(model: &Model, service: u32, possible: u16) -> ServiceTally {
        let stores = model.stores_of(service);
        let requests = StoreTally::of_service(model, possible, !stores.is_empty());
        ServiceTally { requests, stores }
    }

    /// Counts a replication, `run` of the service.
    pub(super) fn add(&mut self, run: &StoreRun, rep: &Replication) {
        for lost in losses(rep, &self.stores) {
            self.requests.losses.push(lost.class, lost.rpo, lost.rpo_final, lost.writes);
        }
        let data = self.stores.iter().map(|&s| &rep.stores[s as usize]);
        // Each party and phase answers for what it cost every store, in whole writes.
        for store in data.clone() {
            for booked in store.accounts.iter().filter(|b| b.lost > 0) {
                let writes = requests(booked.lost, store.volume_per_request);
                self.requests.accounts.add_lost(booked.account, writes * run.volume_per_request);
            }
        }
        self.requests.add(run, data);
    }

    pub(super) fn merge(&mut self, other: &ServiceTally) {
        self.requests.merge(&other.requests);
    }
}

#[cfg(test)]
mod tests {
    use crate::experiment::Accumulator;
    use crate::experiment::fixture;
    use crate::model::{Need, Part, Profile, Service, objective::Series};
    use crate::sim::observe::{Class, Loss, Replication};
    use crate::units::Duration;

    /// Two stores and a service that needs both, one of them twice.
    fn model() -> crate::model::Model {
        let mut model = fixture::model();
        let mut other = model.stores[0].clone();
        other.name = "other".into();
        model.stores.push(other);
        let need = |store| Need { on: Part::Store(store), path: Series::All, share_ppm: 1_000_000 };
        let service = |name: &str, needs| Service {
            name: name.into(),
            needs,
            reads_mps: 1000,
            writes_mps: 1000,
            profile: Profile::flat(),
            outage_threshold_ppm: 0,
        };
        model.services.push(service("inner", vec![need(1)]));
        let inner = Need { on: Part::Service(0), ..need(0) };
        model.services.push(service("outer", vec![need(0), inner, need(1)]));
        model
    }

    fn replication(losses: Vec<Loss>) -> Replication {
        let mut rep = fixture::replication(3);
        rep.stores.push(rep.stores[0].clone());
        let mut run = rep.stores[0].clone();
        run.accounts.iter_mut().for_each(|b| b.lost = 0);
        rep.services = vec![run; 2];
        rep.losses = losses;
        rep
    }

    #[test]
    fn what_an_occurrence_costs_several_stores_is_one_event() {
        let model = model();
        assert_eq!((model.stores_of(0), model.stores_of(1)), (vec![1], vec![0, 1]));
        let fixed = fixture::replication(3);
        let per_request = fixed.stores[0].volume_per_request;
        let base = fixture::replication(3).losses.first().cloned().expect("the fixture loses something");
        let loss = |store, rpo, writes: i128, k| Loss {
            store,
            rpo: Duration::from_secs(rpo),
            rpo_final: Duration::from_secs(rpo / 2),
            absent: writes * per_request,
            blame: match base.blame {
                crate::sim::observe::Blame::Fault { rule, target, .. } => {
                    crate::sim::observe::Blame::Fault { rule, target, k }
                }
                other => other,
            },
            ..base.clone()
        };
        let mut acc = Accumulator::new(&model);
        acc.add(&replication(vec![loss(0, 10, 5, 0), loss(1, 40, 7, 0), loss(0, 20, 1, 1)]));
        let events = |service: usize| {
            let losses = &acc.services[service].requests.losses;
            let largest = |tally: &crate::experiment::tally::ByClass| tally.all.values.largest();
            (losses.rpo.all.values.n(), largest(&losses.rpo), largest(&losses.absent))
        };
        let seconds = |s: u64| Some(Duration::from_secs(s).ns());
        assert_eq!(events(0), (1, seconds(40), Some(7)));
        assert_eq!(events(1), (2, seconds(40), Some(12)));
        let class = &acc.services[1].requests.losses.rpo.classes[base.class as usize];
        assert_eq!((class.values.n(), base.class == Class::Load), (2, false));
        let store = acc.stores[0].writes.lost.sum();
        assert_eq!(acc.services[1].requests.writes.lost.sum(), 2 * store);
        let booked = |accounts: &crate::experiment::attribution::Accounts| -> f64 {
            accounts.by_cause().iter().flat_map(|c| c.lost).map(|lost| lost.to_f64()).sum()
        };
        let (one, both) = (&acc.stores[0].accounts, &acc.services[1].requests.accounts);
        assert!(booked(one) > 0.0 && (booked(both) / booked(one) - 2.0).abs() < 1e-9);
    }
}
