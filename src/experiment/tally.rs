//! What an accumulator keeps of stores, blocks, outages and losses.

use super::accumulate::SHARE_ONE;
use super::attribution::{self, Accounts};
use super::contention::ContentionTally;
use crate::model::{Billing, Client, Effect, Model, Store};
use crate::sim::observe::{BlockRun, Class, Loss, Outage, Party, Phase, Restored, StoreRun, requests};
use crate::stats::{Histogram, Moments, Ratio, U256};
use crate::units::Duration;

const CLASSES: usize = Class::ALL.len();
const PHASES: usize = Phase::ALL.len();
const PARTIES: usize = Party::ALL.len();

/// Figures of one store.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StoreTally {
    pub(crate) volume_per_request: i128,
    /// By kind, then both together: failed share of the requests.
    pub(crate) failed: [Moments; 3],
    /// The same without requests throttled above the provisioned throughput.
    pub(crate) failed_sla: [Moments; 3],
    /// Throttled share, above and below the provisioned throughput together; not of services, whose parts tell.
    pub(crate) throttled: Option<[Moments; 2]>,
    /// Failed share by region of clients and kind.
    pub(crate) clients: Vec<[Moments; 2]>,
    /// Which entry of `clients` each client of the model adds to.
    place: Vec<usize>,
    /// Requested volume, summed.
    pub(crate) requested: [U256; 2],
    pub(crate) outages: [OutageTally; 2],
    pub(crate) losses: LossTally,
    /// Absent for a store without backups.
    pub(crate) restores: Option<RestoreTally>,
    /// Whether some fault damages data.
    pub(crate) corruptible: bool,
    /// Whether there is data that can be lost; not in services without stores.
    pub(crate) holds_data: bool,
    pub(crate) writes: WritesTally,
    pub(crate) contention: ContentionTally,
    /// Request units of the requests that were served, in whole units; counted only where they are billed.
    pub(crate) used: Moments,
    /// Thousandths of a request unit of a read and of a write, where use is billed.
    costs_mru: Option<[u64; 2]>,
    /// By cause, phase and party.
    pub(crate) accounts: Accounts,
}

/// Whole writes per replication.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct WritesTally {
    pub(crate) acknowledged: Moments,
    pub(crate) lost: Moments,
    pub(crate) missing: Moments,
    pub(crate) missing_peak: Moments,
    pub(crate) recovered: Moments,
    pub(crate) superseded: Moments,
    pub(crate) damaged: Moments,
    pub(crate) damaged_peak: Moments,
    /// Replications with any write damaged at some time.
    pub(crate) with_damage: u64,
    /// Lost or still missing, by party.
    pub(crate) lost_by: [Moments; PARTIES],
    /// Replications with any write lost for ever, and with any still missing at the end.
    pub(crate) with_lost: u64,
    pub(crate) with_missing: u64,
}

/// Writes absent at a takeover.
pub(super) fn whole_writes(loss: &Loss, per_request: i128) -> u64 {
    requests(loss.absent, per_request).clamp(0, i128::from(u64::MAX)) as u64
}

impl LossTally {
    pub(super) fn push(&mut self, class: Class, rpo: u64, rpo_final: u64, writes: u64) {
        self.rpo.push(class, rpo);
        self.rpo_final.push(class, rpo_final);
        self.absent.push(class, writes);
    }
}

/// Figures of one block.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BlockTally {
    /// Whether results show it.
    pub(crate) report: bool,
    pub(crate) outages: OutageTally,
    /// Nanoseconds down, by rule.
    pub(crate) causes: Vec<Moments>,
}

/// Outages of one subject.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OutageTally {
    /// Nanoseconds down in the measured time.
    pub(crate) down: Moments,
    /// Lengths, all classes together and by class.
    pub(crate) lengths: ByClass,
    /// Time to impact, all classes together.
    pub(crate) impact: Events,
    /// Nanoseconds in each phase, per replication with an outage.
    pub(crate) phases: [Moments; PHASES],
    phases_now: [u64; PHASES],
    /// The same by party.
    pub(crate) parties: [Moments; PARTIES],
    parties_now: [u64; PARTIES],
}

/// Takeovers and destructions of one store.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LossTally {
    pub(crate) rpo: ByClass,
    pub(crate) rpo_final: ByClass,
    pub(crate) absent: ByClass,
}

/// Restores of one store.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct RestoreTally {
    /// Nanoseconds from notice to done.
    pub(crate) took: Events,
    /// Nanoseconds between the oldest and the newest partition restored.
    pub(crate) skew: Events,
}

/// Events with a value, all together and by disruption class.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ByClass {
    pub(crate) all: Events,
    /// By [`Class`]; `possible` tells which the model can produce.
    pub(crate) classes: Vec<Events>,
}

/// Events of one sort: pooled values and counts per replication.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Events {
    pub(crate) values: Histogram,
    /// Sum and count per replication with an event.
    pub(crate) ratio: Ratio,
    /// Count per replication with an event.
    pub(crate) counts: Moments,
    /// Whether results show it although it never happened.
    pub(crate) possible: bool,
    // Of the replication being added; zero between two of them.
    now_count: u64,
    now_sum: i128,
}

impl Events {
    pub(super) fn push(&mut self, value: u64) {
        self.values.add(value);
        self.now_count += 1;
        self.now_sum += i128::from(value);
    }

    fn close(&mut self) {
        if self.now_count > 0 {
            self.ratio.add(self.now_sum, self.now_count);
            self.counts.add(i128::from(self.now_count));
            (self.now_count, self.now_sum) = (0, 0);
        }
    }

    pub(super) fn merge(&mut self, other: &Events) {
        self.values.merge(&other.values);
        self.ratio.merge(&other.ratio);
        self.counts.merge(&other.counts);
        self.possible |= other.possible;
    }
}

impl ByClass {
    pub(super) fn new(possible: u16) -> ByClass {
        let events = |possible| Events { possible, ..Events::default() };
        ByClass { all: events(true), classes: (0..CLASSES).map(|c| events(possible >> c & 1 == 1)).collect() }
    }

    pub(super) fn push(&mut self, class: Class, value: u64) {
        self.all.push(value);
        self.classes[class as usize].push(value);
    }

    fn close(&mut self) {
        if self.all.now_count > 0 {
            self.all.close();
            self.classes.iter_mut().for_each(Events::close);
        }
    }

    pub(super) fn merge(&mut self, other: &ByClass) {
        self.all.merge(&other.all);
        self.classes.iter_mut().zip(&other.classes).for_each(|(a, b)| a.merge(b));
    }
}

impl OutageTally {
    pub(super) fn new(possible: u16) -> OutageTally {
        OutageTally {
            down: Moments::default(),
            lengths: ByClass::new(possible),
            impact: Events { possible: true, ..Events::default() },
            phases: [Moments::default(); PHASES],
            phases_now: [0; PHASES],
            parties: [Moments::default(); PARTIES],
            parties_now: [0; PARTIES],
        }
    }

    pub(super) fn push(&mut self, outage: &Outage) {
        self.lengths.push(outage.class, outage.length.ns());
        self.impact.push(outage.time_to_impact.ns());
        let add = |now: &mut [u64], parts: &[Duration]| {
            now.iter_mut().zip(parts).for_each(|(now, part)| *now = now.saturating_add(part.ns()));
        };
        add(&mut self.phases_now, &outage.phases);
        add(&mut self.parties_now, &outage.parties);
    }

    fn close(&mut self, down: Duration) {
        self.down.add(i128::from(down.ns()));
        if self.lengths.all.now_count > 0 {
            self.lengths.close();
            self.impact.close();
            let phases = self.phases.iter_mut().zip(&mut self.phases_now);
            for (sum, now) in phases.chain(self.parties.iter_mut().zip(&mut self.parties_now)) {
                sum.add(i128::from(core::mem::take(now)));
            }
        }
    }

    pub(super) fn merge(&mut self, other: &OutageTally) {
        self.down.merge(&other.down);
        self.lengths.merge(&other.lengths);
        self.impact.merge(&other.impact);
        self.phases.iter_mut().zip(&other.phases).for_each(|(a, b)| a.merge(b));
        self.parties.iter_mut().zip(&other.parties).for_each(|(a, b)| a.merge(b));
    }
}

/// part/whole in units of 2⁻⁶⁰, rounded down; a part above the whole counts as the whole. `whole` > 0.
pub(super) fn share(part: i128, whole: i128) -> i128 {
    if part <= 0 {
        return 0;
    }
    if part >= whole {
        return SHARE_ONE;
    }
    // Unsigned, so that even the largest `whole` leaves a bit to shift by.
    let (mut rest, whole) = (part.unsigned_abs(), whole.unsigned_abs());
    let (mut quotient, mut bits) = (0, 60);
    while bits > 0 {
        // As many bits at a time as fit before the rest, which is below `whole`, would overflow.
        let step = whole.leading_zeros().min(bits);
        rest <<= step;
        // One division: the remainder by multiplication is cheaper than a second one.
        let digit = rest / whole;
        quotient = (quotient << step) + digit as i128;
        rest -= digit * whole;
        bits -= step;
    }
    quotient
}

pub(super) fn add_share(to: &mut Moments, part: i128, whole: i128) {
    // Without requests the share is undefined: nothing is counted.
    if whole > 0 {
        to.add(share(part, whole));
    }
}

/// Two shares of one whole, most often equal: divided once then.
fn add_shares(to: &mut Moments, to_sla: &mut Moments, part: i128, sla: i128, whole: i128) {
    if whole > 0 {
        let of_all = share(part, whole);
        to.add(of_all);
        to_sla.add(if sla == part { of_all } else { share(sla, whole) });
    }
}

pub(super) fn add_volume(to: &mut U256, volume: i128) {
    if volume > 0 {
        *to = to.wrapping_add(U256::from(volume.unsigned_abs()));
    }
}

impl StoreTally {
    pub(super) fn new(model: &Model, of: &Store, possible: u16) -> StoreTally {
        let billed_by_use = of.price.as_ref().is_some_and(|p| p.billing == Billing::Serverless);
        let regions = of.client_regions();
        let place = |c: &Client| regions.iter().position(|&r| r == c.region).unwrap_or(0);
        StoreTally {
            clients: vec![Default::default(); regions.len()],
            place: of.clients.iter().map(place).collect(),
            restores: of.backup.as_ref().map(|_| RestoreTally::default()),
            contention: ContentionTally::new(model, of),
            throttled: Some(Default::default()),
            costs_mru: billed_by_use.then_some([of.read_cost_mru, of.write_cost_mru]),
            ..StoreTally::of_service(model, possible, true)
        }
    }

    /// What a service has of it: no copies, no clients by region, nothing that is throttled or billed.
    pub(super) fn of_service(model: &Model, possible: u16, holds_data: bool) -> StoreTally {
        let outages = || OutageTally::new(possible);
        let losses = || ByClass::new(possible & !(1 << Class::Load as u16));
        StoreTally {
            volume_per_request: 0,
            failed: Default::default(),
            failed_sla: Default::default(),
            throttled: None,
            clients: Vec::new(),
            place: Vec::new(),
            requested: Default::default(),
            outages: [outages(), outages()],
            losses: LossTally { rpo: losses(), rpo_final: losses(), absent: losses() },
            restores: None,
            corruptible: holds_data
                && model.faults.iter().any(|f| matches!(f.effect, Effect::Corrupt { .. })),
            holds_data,
            writes: WritesTally::default(),
            contention: ContentionTally::default(),
            used: Moments::default(),
            costs_mru: None,
            accounts: Accounts::default(),
        }
    }

    /// Counts a replication; `data` are the runs that hold its data.
    pub(super) fn add<'r>(&mut self, run: &StoreRun, data: impl Iterator<Item = &'r StoreRun> + Clone) {
        self.volume_per_request = run.volume_per_request;
        let both = |parts: [i128; 2]| parts[0] + parts[1];
        let requested = run.requested;
        let billed = [0, 1].map(|k| run.failed[k] - run.throttled_above[k]);
        for k in 0..2 {
            add_shares(&mut self.failed[k], &mut self.failed_sla[k], run.failed[k], billed[k], requested[k]);
            if let Some(throttled) = &mut self.throttled {
                let volume = run.throttled_above[k] + run.throttled_below[k];
                add_share(&mut throttled[k], volume, requested[k]);
            }
            add_volume(&mut self.requested[k], requested[k]);
            self.outages[k].close(run.down[k]);
        }
        let whole = both(requested);
        add_shares(&mut self.failed[2], &mut self.failed_sla[2], both(run.failed), both(billed), whole);
        for (region, tally) in self.clients.iter_mut().enumerate() {
            let here = || (0..self.place.len()).filter(|&c| self.place[c] == region);
            for (k, moments) in tally.iter_mut().enumerate() {
                let failed = here().map(|c| run.client_failed[c][k]).sum();
                add_share(moments, failed, here().map(|c| run.client_requested[c][k]).sum());
            }
        }
        self.losses.rpo.close();
        self.losses.rpo_final.close();
        self.losses.absent.close();
        if let Some(restores) = &mut self.restores {
            restores.took.close();
            restores.skew.close();
        }
        self.writes.add(data);
        self.contention.add(run, &self.place);
        if let Some(costs) = self.costs_mru {
            let units = |k: usize| {
                requests(run.requested[k] - run.failed[k], run.volume_per_request) * i128::from(costs[k])
            };
            self.used.add((units(0) + units(1) + 500) / 1000);
        }
        self.accounts.add(&run.accounts);
    }

    pub(super) fn push_loss(&mut self, loss: &Loss, per_request: i128) {
        let writes = whole_writes(loss, per_request);
        self.losses.push(loss.class, loss.rpo.ns(), loss.rpo_final.ns(), writes);
    }

    pub(super) fn push_restore(&mut self, restored: &Restored) {
        if let Some(restores) = &mut self.restores {
            restores.took.push(restored.took.ns());
            restores.skew.push((restored.newest - restored.oldest).ns());
        }
    }

    pub(super) fn merge(&mut self, other: &StoreTally) {
        // Zero while nothing has been added; the same for every replication of a model.
        self.volume_per_request = self.volume_per_request.max(other.volume_per_request);
        let merge_all = |a: &mut [Moments], b: &[Moments]| a.iter_mut().zip(b).for_each(|(a, b)| a.merge(b));
        merge_all(&mut self.failed, &other.failed);
        merge_all(&mut self.failed_sla, &other.failed_sla);
        if let (Some(throttled), Some(more)) = (&mut self.throttled, &other.throttled) {
            merge_all(throttled, more);
        }
        self.clients.iter_mut().zip(&other.clients).for_each(|(a, b)| merge_all(a, b));
        for k in 0..2 {
            self.requested[k] = self.requested[k].wrapping_add(other.requested[k]);
            self.outages[k].merge(&other.outages[k]);
        }
        self.losses.rpo.merge(&other.losses.rpo);
        self.losses.rpo_final.merge(&other.losses.rpo_final);
        self.losses.absent.merge(&other.losses.absent);
        if let (Some(restores), Some(more)) = (&mut self.restores, &other.restores) {
            restores.took.merge(&more.took);
            restores.skew.merge(&more.skew);
        }
        self.writes.merge(&other.writes);
        self.contention.merge(&other.contention);
        self.used.merge(&other.used);
        self.accounts.merge(&other.accounts);
    }
}

impl WritesTally {
    /// The counts of writes by name.
    pub(super) fn named(&self) -> [(&'static str, &Moments); 10] {
        [
            ("writes_acknowledged", &self.acknowledged),
            ("writes_lost", &self.lost),
            ("writes_missing", &self.missing),
            ("writes_missing_peak", &self.missing_peak),
            ("writes_recovered", &self.recovered),
            ("writes_superseded", &self.superseded),
            ("writes_damaged", &self.damaged),
            ("writes_damaged_peak", &self.damaged_peak),
            ("writes_lost_by.provider", &self.lost_by[Party::Provider as usize]),
            ("writes_lost_by.customer", &self.lost_by[Party::Customer as usize]),
        ]
    }

    /// Counts a replication: the sums over these runs, each rounded to whole writes.
    fn add<'r>(&mut self, runs: impl Iterator<Item = &'r StoreRun> + Clone) {
        let whole = |of: &dyn Fn(&StoreRun) -> i128| -> i128 {
            runs.clone().map(|run| requests(of(run), run.volume_per_request)).sum()
        };
        let any = |of: &dyn Fn(&StoreRun) -> i128| u64::from(runs.clone().any(|run| of(run) > 0));
        self.acknowledged.add(whole(&|r| r.acknowledged));
        self.lost.add(whole(&|r| r.lost));
        self.missing.add(whole(&|r| r.missing));
        self.missing_peak.add(whole(&|r| r.missing_peak));
        self.recovered.add(whole(&|r| r.recovered));
        self.superseded.add(whole(&|r| r.superseded));
        for (sum, party) in self.lost_by.iter_mut().zip(Party::ALL) {
            sum.add(whole(&|r| attribution::lost_by(&r.accounts, party)));
        }
        self.damaged.add(whole(&|r| r.damaged));
        self.damaged_peak.add(whole(&|r| r.damaged_peak));
        self.with_damage += any(&|r| r.damaged_peak);
        self.with_lost += any(&|r| r.lost);
        self.with_missing += any(&|r| r.missing);
    }

    pub(super) fn merge(&mut self, other: &WritesTally) {
        self.acknowledged.merge(&other.acknowledged);
        self.lost.merge(&other.lost);
        self.missing.merge(&other.missing);
        self.missing_peak.merge(&other.missing_peak);
        self.recovered.merge(&other.recovered);
        self.superseded.merge(&other.superseded);
        self.lost_by.iter_mut().zip(&other.lost_by).for_each(|(a, b)| a.merge(b));
        self.damaged.merge(&other.damaged);
        self.damaged_peak.merge(&other.damaged_peak);
        self.with_damage += other.with_damage;
        self.with_lost += other.with_lost;
        self.with_missing += other.with_missing;
    }
}

impl BlockTally {
    pub(super) fn add(&mut self, run: &BlockRun) {
        self.outages.close(run.down);
        for (sum, down) in self.causes.iter_mut().zip(&run.causes) {
            sum.add(i128::from(down.ns()));
        }
    }
}
