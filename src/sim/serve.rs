//! Who serves which requests: clients, redirects, throughput, blame (designs D12, D13).

use crate::model::{Effect, PROFILE_ONE, Redirect};
use crate::sim::driver::{Chance, word};
use crate::sim::faults::{Active, Culprit};
use crate::sim::flow::Failing;
use crate::sim::group::Ctx;
use crate::sim::layout::StoreTimer;
use crate::sim::observe::{Blame, Class, Kind, Party, Phase};
use crate::sim::phase::booked_to;
use crate::sim::record;
use crate::sim::state::{Follow, Offline, Reader, Step, StoreState, surviving};
use crate::units::{Duration, Time};

/// Clients a store can have; their states fit a word of bits.
pub(crate) const MOST_CLIENTS: usize = 64;

/// What one group does with its clients, as bits by client.
#[derive(Clone, Copy, Default)]
struct Served {
    writes: u64,
    apart: u64,
    reads: u64,
    /// Clients whose requests of each kind this group gets at all.
    asks: [u64; 2],
}

/// Load and capacity of one region, in volume units of request units.
#[derive(Clone, Copy, Default)]
pub(crate) struct Load {
    demand: i128,
    capacity: Option<i128>,
    provisioned: i128,
    culprit: Option<Culprit>,
}

impl Load {
    /// What is left of a rate after proportional throttling.
    fn accepted(&self, rate: u64) -> u64 {
        match self.capacity {
            Some(capacity) if self.demand > capacity => share(i128::from(rate), capacity, self.demand) as u64,
            _ => rate,
        }
    }
}

/// amount · part / whole, rounded down, for 0 ≤ part ≤ whole; the ratio is cut to 50 bits where the product does
/// not fit.
fn share(amount: i128, part: i128, whole: i128) -> i128 {
    amount.checked_mul(part).map_or_else(
        || {
            let shift = (128 - whole.leading_zeros()).saturating_sub(50);
            amount * (part >> shift) / (whole >> shift).max(1)
        },
        |product| product / whole,
    )
}

impl Reader {
    /// Where it goes now: back to a better region at once, on to a worse one when patience is over.
    pub(crate) fn moved(mut self, order: &[u8], best: Option<u8>, stuck: bool, now: Time) -> Reader {
        let place = |r: u8| order.iter().position(|&o| o == r);
        if let Some(best) = best
            && (!stuck || self.patience <= now || place(best) < place(self.region))
        {
            self.region = best;
            self.patience = Time::NEVER;
        }
        self
    }

    /// When its patience, or the first part of it, is over.
    pub(crate) fn due(&self, now: Time) -> Time {
        let next = if self.detect_until > now { self.detect_until } else { self.patience };
        if self.patience != Time::NEVER && next > now { next } else { Time::NEVER }
    }

    /// What it waits for, while it waits.
    pub(crate) fn phase(&self, now: Time) -> Option<Phase> {
        if now < self.detect_until {
            return Some(Phase::Detect);
        }
        (self.patience != Time::NEVER && self.patience > now).then_some(Phase::Redirect)
    }
}

impl<D: Chance> Ctx<'_, '_, D> {
    /// Whether region `r` answers reads of a client on a group.
    pub(crate) fn answers(&self, st: &StoreState, g: usize, r: usize, client: usize) -> bool {
        let c = g * self.layout.regions + r;
        let log = &st.logs[c];
        let w = r == usize::from(st.groups[g].write);
        let connected = self.domains.connected(self.store.clients[client].region, self.region(r));
        if self.layout.multi() {
            let set = self.layout.set(g);
            let paused = || self.layout.lanes_of(set).any(|lane| self.paused(st, lane));
            return st.quorums[c].service.read && connected && self.takes_part(st, set, r) && !paused();
        }
        if self.store.leader_reads() {
            return w && self.leader_answers(st, g, client);
        }
        if st.quorums[c].service.read && connected && self.splits_off(st, g, r) {
            return true;
        }
        st.quorums[c].service.read
            && log.offline == Offline::No
            && !log.behind
            && !matches!(log.follow, Follow::Empty(_))
            && (w || !self.rules.strong || log.in_sync || self.by_majority())
            && !(w && st.groups[g].fenced)
            && connected
            && !self.paused(st, g)
    }

    /// Lets the readers of a replica set move to the region they should use now.
    pub(crate) fn update_readers(&mut self, st: &mut StoreState, set: usize) {
        let (clients, g) = (self.layout.clients, set * self.layout.lanes);
        for client in 0..clients {
            let i = set * clients + client;
            if self.store.leader_reads() {
                st.readers[i].region = st.groups[g].write;
                continue;
            }
            let order = &self.store.clients[client].order;
            let best = order.iter().copied().find(|&r| self.answers(st, g, usize::from(r), client));
            let mut reader = st.readers[i];
            let stuck = !self.answers(st, g, usize::from(reader.region), client);
            if stuck && reader.patience == Time::NEVER {
                let (detect, wait) = self.patience(st, g, client, reader.region);
                reader.detect_until = self.now + detect;
                reader.patience = self.now + wait;
            }
            st.readers[i] = reader.moved(order, best, stuck, self.now);
            self.arm(StoreTimer::Read(i as u32), st.readers[i].due(self.now));
        }
    }

    /// Time until a client leaves a region that does not answer; the first part is the service noticing it.
    fn patience(&mut self, st: &StoreState, g: usize, client: usize, region: u8) -> (Duration, Duration) {
        let mark = self.mark(st, g);
        match &self.store.clients[client].redirect {
            Redirect::Never => (Duration::ZERO, Duration::NEVER),
            Redirect::After(law) => (Duration::ZERO, self.value(law, mark, word::REDIRECT)),
            Redirect::ByService(law) => {
                // Nobody watches this store by itself, nor how it catches up.
                let c = g * self.layout.regions + usize::from(region);
                let (service, log) = (st.quorums[c].service, &st.logs[c]);
                if service.healthy && (!service.read || log.behind && log.offline == Offline::No) {
                    return (Duration::NEVER, Duration::NEVER);
                }
                let detect = self.value(&self.store.failover.detect, mark, word::DETECT);
                (detect, detect.saturating_add(self.value(law, mark, word::REDIRECT)))
            }
        }
    }

    /// Whether the group's write region accepts writes at all.
    pub(crate) fn accepts(&self, st: &StoreState, g: usize) -> bool {
        let part = || self.takes_part(st, self.layout.set(g), usize::from(st.groups[g].write));
        self.leads(st, g)
            && (!self.layout.multi() || part())
            && !self.paused(st, g)
            && st.groups[g].redirect_until <= self.now
            && self.sync_ok(st, g)
            && !self.held(st, g)
    }

    fn served(&self, st: &StoreState, g: usize) -> Served {
        let mut served = Served { asks: self.asks(st, g), ..Served::default() };
        let accepts = self.accepts(st, g);
        let w = usize::from(st.groups[g].write);
        for (client, population) in self.store.clients.iter().enumerate() {
            let bit = 1u64 << client;
            let reader = self.reader(st, g, client);
            if self.answers(st, g, usize::from(reader.region), client) {
                served.reads |= bit;
            }
            if self.writes_apart(st, g, client) {
                served.apart |= bit;
            } else if accepts && self.sends_to(population, w) && self.token_holds(st, g, client).is_none() {
                served.writes |= bit;
            }
        }
        let [reads, writes] = served.asks;
        (served.reads, served.writes) = (served.reads & reads, served.writes & writes);
        served
    }

    pub(crate) fn reader<'s>(&self, st: &'s StoreState, g: usize, client: usize) -> &'s Reader {
        &st.readers[self.layout.set(g) * self.layout.clients + client]
    }

    /// Clients whose requests a group gets, by kind: all of them, or those that write to the region of a lane; the
    /// first lane stands for the reads of all.
    pub(crate) fn asks(&self, st: &StoreState, g: usize) -> [u64; 2] {
        if !self.layout.multi() {
            return [u64::MAX; 2];
        }
        let set = self.layout.set(g) * self.layout.clients;
        let writers = st.writers[set..set + self.layout.clients].iter().enumerate();
        let here = writers.filter(|(_, writer)| writer.region == st.groups[g].write);
        let first = usize::from(st.groups[g].write) == 0;
        [if first { u64::MAX } else { 0 }, here.fold(0, |bits, (client, _)| bits | 1 << client)]
    }

    /// Evaluates all flows of the store after a change.
    pub(crate) fn evaluate(&mut self, st: &mut StoreState) {
        st.flow.reset();
        let loads = self.loads(st);
        for g in 0..self.layout.groups() {
            let served = self.served(st, g);
            self.evaluate_group(st, g, served, &loads);
        }
        self.evaluate_contention(st, &loads);
        for group in &mut st.groups {
            group.history.push(self.now, st.lambda, group.head, group.accept);
        }
        self.arm_logs(st);
        let before = st.flow.out_ppm();
        st.flow.update_outages(self.plan, self.now, &mut self.out.outages);
        self.note_outages(before, st.flow.out_ppm());
        self.check_conservation(st);
    }

    fn note_outages(&mut self, before: [Option<i128>; 2], after: [Option<i128>; 2]) {
        if !self.record {
            return;
        }
        for (event, detail) in Kind::ALL.into_iter().filter_map(|kind| record::turned(kind, before, after)) {
            self.note(event, || detail);
        }
    }

    /// Rule R3: every acknowledged write is in the surviving log or in the ledger, exactly once.
    fn check_conservation(&self, st: &mut StoreState) {
        let (mut missing_now, mut damaged_now) = (0, 0);
        for g in 0..self.layout.groups() {
            let group = &st.groups[g];
            let base = g * self.layout.regions;
            let surviving = surviving(group, &st.logs[base..base + self.layout.regions]);
            let ledger = &group.ledger;
            let missing = ledger.missing();
            assert!(
                group.acknowledged == surviving + ledger.elsewhere(),
                "conservation of writes broken in store {} group {g} at {} ns: acknowledged {} surviving {surviving} \
                 missing {missing} superseded {} damaged {} lost {}",
                self.store.name,
                self.now.ns(),
                group.acknowledged,
                ledger.superseded,
                ledger.damaged,
                ledger.lost,
            );
            missing_now += missing * i128::from(self.layout.weights[g]);
            damaged_now += ledger.damaged * i128::from(self.layout.weights[g]);
        }
        let run = &mut st.flow.run;
        run.missing_peak = run.missing_peak.max(missing_now);
        run.damaged_peak = run.damaged_peak.max(damaged_now);
    }

    /// Demand on each region; none is computed where throughput is unlimited.
    fn loads(&self, st: &StoreState) -> [Load; 16] {
        let mut loads = [Load::default(); 16];
        let Some(throughput) = st.throughput_mru else { return loads };
        for g in 0..self.layout.groups() {
            let (served, weight) = (self.served(st, g), i128::from(self.layout.weights[g]));
            let w = usize::from(st.groups[g].write);
            for (client, population) in self.store.clients.iter().enumerate() {
                if served.writes >> client & 1 == 1 {
                    let units = i128::from(population.writes_mps) * i128::from(self.store.write_cost_mru);
                    loads[w].demand += weight * units;
                }
                if served.reads >> client & 1 == 1 {
                    let r = usize::from(self.reader(st, g, client).region);
                    let units = i128::from(population.reads_mps) * i128::from(self.store.read_cost_mru);
                    loads[r].demand += weight * units;
                }
            }
        }
        let factor = i128::from(self.store.profile.at(self.now));
        for (r, load) in loads.iter_mut().enumerate().take(self.layout.regions) {
            load.demand *= factor;
            let scale = i128::from(PROFILE_ONE) * 1000 * i128::from(self.store.partitions);
            load.provisioned = i128::from(throughput) * scale;
            let capacity = load.provisioned * i128::from(st.conditions[r].capacity_ppm) / 1_000_000;
            load.capacity = Some(capacity);
            if load.demand > capacity && self.rules.normal_demand[r] * factor <= load.provisioned {
                load.culprit = self.throttle_culprit(st, load.demand <= load.provisioned);
            }
        }
        loads
    }

    /// Who made a region's demand exceed its capacity although it would not by itself: whoever degraded it, or
    /// whoever drove other regions' load here.
    fn throttle_culprit(&self, st: &StoreState, degraded: bool) -> Option<Culprit> {
        let degrades = |c: &Culprit| match c.blame {
            Blame::Fault { rule, .. } => {
                let effect = self.plan.model.faults[rule as usize].effect;
                matches!(effect, Effect::Degrade { capacity_ppm: ..1_000_000, .. })
            }
            Blame::Load | Blame::Action(_) | Blame::Runbook(_) => false,
        };
        let touching =
            |a: &Active| (0..self.layout.sets()).any(|set| self.touches(set * self.layout.lanes, a));
        let caused = |a: &Active| degrades(&a.culprit) == degraded && touching(a);
        let cause = self.faults.lasting(self.plan).find(caused).map(|a| a.culprit);
        cause.or(st.action).or(st.last_culprit)
    }

    fn evaluate_group(&self, st: &mut StoreState, g: usize, served: Served, loads: &[Load; 16]) {
        let weight = i128::from(self.layout.weights[g]);
        let w = st.groups[g].write;
        let mut accept = 0;
        for kind in Kind::ALL {
            self.update_blame(st, g, kind, served);
        }
        for (client, population) in self.store.clients.iter().enumerate() {
            let bit = 1u64 << client;
            if served.writes & bit != 0 {
                accept += self.serve(st, g, Kind::Write, client, w, &loads[usize::from(w)]);
            } else if served.asks[1] & !served.apart & bit != 0 {
                let rate = weight * i128::from(population.writes_mps);
                self.fail(st, g, Kind::Write, client, w, rate);
            }
            let r = self.reader(st, g, client).region;
            if served.reads & bit != 0 {
                self.serve(st, g, Kind::Read, client, r, &loads[usize::from(r)]);
            } else if served.asks[0] & bit != 0 {
                self.fail(st, g, Kind::Read, client, r, weight * i128::from(population.reads_mps));
            }
        }
        (st.groups[g].accept, st.groups[g].writers) = (accept, served.writes);
    }

    /// What a region does not throttle of a rate, and what fails of that in a degraded region.
    pub(crate) fn taken(&self, st: &StoreState, region: u8, rate: u64, load: &Load) -> (u64, u64) {
        let accepted = load.accepted(rate);
        let errors = st.conditions[usize::from(region)].errors_ppm;
        (accepted, (u128::from(accepted) * u128::from(errors) / 1_000_000) as u64)
    }

    /// What a region takes of a client's requests; the rest is throttled, or fails in a degraded region.
    fn serve(
        &self,
        st: &mut StoreState,
        g: usize,
        kind: Kind,
        client: usize,
        region: u8,
        load: &Load,
    ) -> u64 {
        let population = &self.store.clients[client];
        let rate = if kind == Kind::Write { population.writes_mps } else { population.reads_mps };
        let (accepted, failing) = self.taken(st, region, rate, load);
        self.throttle(st, g, kind, client, region, rate - accepted, load);
        if failing > 0 {
            let culprit = self.degrader(st, g, usize::from(region)).unwrap_or_else(|| self.load_culprit());
            let (phase, party) = self.degraded_state(st, g, usize::from(region), &culprit);
            let rate = i128::from(failing) * i128::from(self.layout.weights[g]);
            st.flow.fail(Failing { kind, client, region, rate, culprit, phase, party });
        }
        accepted - failing
    }

    /// D12: whoever turned serving into failing is to blame until it and its phases end, then the earliest that
    /// still lasts.
    fn update_blame(&self, st: &mut StoreState, g: usize, kind: Kind, served: Served) {
        let k = kind as usize;
        let failing = self.store.clients.iter().enumerate().any(|(client, population)| match kind {
            Kind::Write => {
                (served.asks[1] & !(served.writes | served.apart)) >> client & 1 == 1
                    && population.writes_mps > 0
            }
            Kind::Read => (served.asks[0] & !served.reads) >> client & 1 == 1 && population.reads_mps > 0,
        });
        st.groups[g].culprits[k] = match (failing, st.groups[g].culprits[k]) {
            (false, _) => None,
            (true, None) if self.paused(st, g) => st.groups[g].restore.map(|r| r.culprit),
            (true, None) => self.culprit(st, g),
            (true, Some(old)) if self.lasts(st, g, &old) => Some(old),
            (true, Some(old)) => {
                let lasting =
                    || self.faults.lasting(self.plan).filter(|a| self.touches(g, a)).map(|a| a.culprit);
                let fault = lasting().find(|c| c.class != Class::Maintenance);
                fault.or_else(|| lasting().next()).or(Some(old))
            }
        };
    }

    /// Whether an occurrence, or a phase it started, goes on.
    fn lasts(&self, st: &StoreState, g: usize, culprit: &Culprit) -> bool {
        let lanes = self.layout.lanes_of(self.layout.set(g));
        self.faults.lasting(self.plan).any(|a| a.culprit == *culprit)
            || st.groups[g].redirect_until > self.now
            || st.groups[g].restore.is_some_and(|r| r.culprit == *culprit)
            || (lanes.start * self.layout.regions..lanes.end * self.layout.regions).any(|c| {
                let own = st.logs[c].culprit == Some(*culprit) && st.logs[c].step != Step::Idle;
                own || matches!(st.logs[c].follow, Follow::CatchUp | Follow::Empty(true))
            })
    }

    fn fail(&self, st: &mut StoreState, g: usize, kind: Kind, client: usize, region: u8, rate: i128) {
        if rate == 0 {
            return;
        }
        let culprit = st.groups[g].culprits[kind as usize].unwrap_or_else(|| self.load_culprit());
        let (phase, party) = match kind {
            Kind::Write => self.write_state(st, g, client, &culprit),
            Kind::Read => self.read_state(st, g, client, &culprit),
        };
        st.flow.fail(Failing { kind, client, region, rate, culprit, phase, party });
    }

    #[allow(clippy::too_many_arguments)]
    fn throttle(
        &self,
        st: &mut StoreState,
        g: usize,
        kind: Kind,
        client: usize,
        region: u8,
        rate: u64,
        load: &Load,
    ) {
        if rate == 0 {
            return;
        }
        let rate = i128::from(rate) * i128::from(self.layout.weights[g]);
        let capacity = load.capacity.unwrap_or(load.demand);
        let above = (load.demand - load.provisioned).max(0);
        let share = share(rate, above, (load.demand - capacity).max(1));
        let k = kind as usize;
        st.flow.rates.above[k] += share;
        st.flow.rates.below[k] += rate - share;
        let culprit = load.culprit.unwrap_or_else(|| self.load_culprit());
        let phase = Phase::Overload;
        // Whoever asks for more than was provisioned would be refused a part by a sound service too.
        let party = match above {
            0 => booked_to(&self.plan.model, phase, culprit.blame, Party::Provider),
            _ => Party::Customer,
        };
        st.flow.fail(Failing { kind, client, region, rate, culprit, phase, party });
    }

    /// Demand itself.
    fn load_culprit(&self) -> Culprit {
        let mark =
            crate::sim::driver::Mark { purpose: self.plan.store_purpose + self.s as u32, occurrence: 0 };
        Culprit { blame: Blame::Load, class: Class::Load, mark, started: self.now }
    }

    /// Arms what comes first for each log: seeded, caught up, at the staleness bound, or due to leave the sync set.
    fn arm_logs(&mut self, st: &mut StoreState) {
        for g in 0..self.layout.groups() {
            let w = usize::from(st.groups[g].write);
            for r in 0..self.layout.regions {
                let c = g * self.layout.regions + r;
                let log = st.logs[c];
                let mut at = match log.follow {
                    Follow::Empty(true) => log.seeded_at,
                    Follow::CatchUp if r != w => {
                        let rate = self.catch_up(st, g, r);
                        let backlog = st.groups[g].head - log.position;
                        let accept = i128::from(st.groups[g].accept);
                        self.store.profile.first_reach(self.now, backlog, i128::from(rate), -accept)
                    }
                    _ => Time::NEVER,
                };
                let away = r != w && log.follow != Follow::Following;
                if away && self.rules.bound.is_some() && !log.held && log.offline == Offline::No {
                    at = at.min(self.bound_reached(st, g, r));
                }
                if r != w && log.in_sync && log.evict_at > self.now {
                    at = at.min(log.evict_at);
                }
                if log.replace_at > self.now {
                    at = at.min(log.replace_at);
                }
                self.arm(StoreTimer::Log(c as u32), at.max(self.now));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn shares_of_huge_demands_do_not_overflow() {
        assert_eq!(share(7, 2, 3), 4);
        let (amount, whole) = (10i128.pow(20), 10i128.pow(26));
        assert_eq!(share(amount, whole, whole), amount);
        let half = share(amount, whole / 2, whole);
        assert!((half - amount / 2).abs() < amount >> 48);
    }
}
