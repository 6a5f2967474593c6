//! How far copies lag, and what that does to hot items: conflicts, the arbiter's queue, stale reads (rules c33, c34,
//! c35). Rates hold from one evaluation to the next; what drifts is looked at again when it has moved by a step.

use crate::model::{Client, Hot, PROFILE_ONE, Resolve, Routing, Tokens};
use crate::rng::math;
use crate::sim::driver::Chance;
use crate::sim::flow::Failing;
use crate::sim::group::Ctx;
use crate::sim::hot::{Item, Lags, Site};
use crate::sim::layout::{StorePlan, StoreTimer};
use crate::sim::observe::{Kind, Party, Phase};
use crate::sim::queue::Queue;
use crate::sim::serve::Load;
use crate::sim::state::{Follow, StoreState};
use crate::units::{Duration, NS_PER_SECOND, Time};

/// Rates of conflicts are kept in millionths per second.
const MICRO: f64 = 1e6;
/// A request, in volume per partition and partition of the store.
const REQUEST: f64 = 1e15;
/// Missed updates of an item beyond which a read is as good as sure to be stale.
const SURELY: f64 = 40.0;

/// Rates that hold until something changes.
#[derive(Clone, PartialEq, Eq, Debug, Default, Hash)]
pub(crate) struct Contention {
    /// Somebody watches.
    on: bool,
    /// What is added to the lag now: the average over pairs of regions and partitions, and the most.
    extra_mean: Duration,
    extra_most: Duration,
    /// Conflicts per second, in millionths.
    conflicts: u64,
    queue: Queue,
    /// What the arbiter adds to the lag.
    pub(crate) wait: Duration,
    /// By client, in volume per unit of workload time: stale reads, and reads that wait for the session's own writes.
    reads: Vec<[i128; 2]>,
}

impl Contention {
    pub(crate) fn new(layout: &StorePlan) -> Contention {
        let reads = if layout.lags.is_some() { vec![[0; 2]; layout.clients] } else { Vec::new() };
        Contention { on: layout.contended, reads, ..Contention::default() }
    }

    /// Takes over another state without allocating.
    pub(crate) fn copy_from(&mut self, other: &Contention) {
        let mut reads = core::mem::take(&mut self.reads);
        reads.copy_from_slice(&other.reads);
        *self = Contention { reads, ..*other };
    }
}

impl StoreState {
    /// Lets time pass to `now`, and `lambda` of workload time, under what was evaluated last.
    pub(crate) fn advance_contention(&mut self, lambda: i128, now: Time) {
        let contention = &mut self.contention;
        if !contention.on {
            return;
        }
        let elapsed = now - self.at;
        contention.queue.advance(elapsed);
        if !self.flow.measuring {
            return;
        }
        let run = &mut self.flow.run.contention;
        run.measured = run.measured.saturating_add(elapsed);
        run.extra_sum += i128::from(contention.extra_mean.ns()) * i128::from(elapsed.ns());
        run.extra_max = run.extra_max.max(contention.extra_most);
        run.extra_end = contention.extra_mean;
        run.conflicts += i128::from(contention.conflicts) * i128::from(elapsed.ns());
        for (sum, rate) in self.flow.run.client_reads.iter_mut().zip(&contention.reads) {
            for (sum, rate) in sum.iter_mut().zip(rate) {
                *sum += rate * lambda;
            }
        }
    }
}

/// Who updates the items of a replica set, region by region.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Updates {
    sites: [Site; 16],
    /// Share of a region's writes that are issued in all regions.
    everywhere: [f64; 16],
    /// Writes of the store per second that the region takes, as far as they go to hot items.
    writes: [f64; 16],
    arbiter: usize,
}

/// What becomes of a region's writes to hot items.
#[derive(Clone, Copy, Default)]
struct Fate {
    /// Share that a newer write overtakes.
    overtaken: f64,
    /// Share in a conflict of either sort; may exceed 1.
    conflicts: f64,
}

impl Updates {
    fn fate(&self, lags: &Lags, regions: usize, a: usize, wait: f64) -> Fate {
        let item = Item { lags, sites: &self.sites[..regions], arbiter: self.arbiter, wait };
        let alone = item.overtaken(a);
        // Of a write issued everywhere one copy wins, if nothing newer meets it.
        let together = 1.0 - (1.0 - alone) / regions as f64;
        let overtaken = alone + self.everywhere[a] * (together - alone);
        Fate { overtaken, conflicts: overtaken + item.unconfirmed(a) }
    }
}

impl<D: Chance> Ctx<'_, '_, D> {
    /// Evaluates what depends on the lags, after the flows of a change are known.
    pub(crate) fn evaluate_contention(&mut self, st: &mut StoreState, loads: &[Load; 16]) {
        if !self.layout.contended {
            return;
        }
        if let (Some(hot), Some(lags)) = (self.store.hot, self.layout.lags.as_ref()) {
            let (mut next, mut due) = (Time::NEVER, Time::NEVER);
            if self.layout.multi() {
                next = self.evaluate_conflicts(st, &hot, lags, loads);
                due = self.feed_due(st);
            }
            next = next.min(self.evaluate_reads(st, &hot, lags, loads));
            // What drifts without end is left alone once nothing is measured; the feed is still read.
            let next = if next < self.plan.end { next } else { Time::NEVER };
            let at = next.min(due).max(self.now);
            self.arm(StoreTimer::Items, at);
        }
        let (mut sum, mut most) = (0u128, Duration::ZERO);
        let wait = st.contention.wait;
        for g in 0..self.layout.groups() {
            let w = usize::from(st.groups[g].write);
            for r in (0..self.layout.regions).filter(|&r| r != w) {
                let extra = st.logs[g * self.layout.regions + r].extra.saturating_add(wait);
                sum += u128::from(self.layout.weights[g]) * u128::from(extra.ns());
                most = most.max(extra);
            }
        }
        let pairs = self.layout.lanes as u128 * (self.layout.regions as u128 - 1);
        st.contention.extra_mean =
            Duration::from_ns((sum / (u128::from(self.store.partitions) * pairs)) as u64);
        st.contention.extra_most = most;
    }

    /// Conflicts of all partitions per second if the arbiter makes writes wait for so long.
    fn conflict_rate(&self, st: &StoreState, hot: &Hot, lags: &Lags, wait: f64) -> f64 {
        let mut known: Option<(Updates, f64)> = None;
        let mut sum = 0.0;
        for set in 0..self.layout.sets() {
            let updates = self.updates(st, hot, set);
            let rate = match &known {
                Some((same, rate)) if *same == updates => *rate,
                _ => {
                    let fate =
                        |a| updates.writes[a] * updates.fate(lags, self.layout.regions, a, wait).conflicts;
                    (0..self.layout.regions).map(fate).sum()
                }
            };
            known = Some((updates, rate));
            sum += rate * f64::from(self.layout.weights[set * self.layout.lanes]);
        }
        sum / f64::from(self.store.partitions)
    }

    /// Updates of the hot items of a replica set.
    fn updates(&self, st: &StoreState, hot: &Hot, set: usize) -> Updates {
        let arbiter = usize::from(st.arbiters[set].region);
        let mut updates =
            Updates { sites: [Site::default(); 16], everywhere: [0.0; 16], writes: [0.0; 16], arbiter };
        let factor = f64::from(self.store.profile.at(self.now)) / f64::from(PROFILE_ONE);
        let share = f64::from(hot.share_ppm) / 1e6;
        for g in self.layout.lanes_of(set) {
            let a = usize::from(st.groups[g].write);
            updates.writes[a] = st.groups[g].accept as f64 / 1000.0 * factor * share;
            let rate = updates.writes[a] / hot.items as f64;
            let extra = self.extra(g, a, arbiter).0.as_secs_f64();
            let in_turn = rate * self.share_of(st, g, |c| c.routing == Routing::InTurn);
            updates.sites[a] = Site { rate, in_turn, extra };
            updates.everywhere[a] = self.share_of(st, g, |c| c.routing == Routing::Everywhere);
        }
        updates
    }

    /// Conflicts, what they do to the writes, and the arbiter's queue; returns when to look again.
    fn evaluate_conflicts(
        &mut self,
        st: &mut StoreState,
        hot: &Hot,
        lags: &Lags,
        loads: &[Load; 16],
    ) -> Time {
        self.resolve_feed(st);
        let rate = |wait: f64| self.conflict_rate(st, hot, lags, wait);
        let mut queue = st.contention.queue;
        let mut next = Time::NEVER;
        if let Some(capacity) = self.store.conflicts.capacity_mps {
            let capacity = capacity as f64 / 1000.0;
            let after = queue.drift_towards(capacity, |waiting| rate(waiting / capacity));
            next = self.now + after;
            let wait = Duration::from_ns((queue.waiting() / capacity * NS_PER_SECOND as f64) as u64);
            st.contention.queue = queue;
            self.change_wait(st, wait);
        }
        let wait = st.contention.wait.as_secs_f64();
        let total = self.conflict_rate(st, hot, lags, wait);
        st.contention.conflicts = (total * MICRO + 0.5) as u64;
        for set in 0..self.layout.sets() {
            let updates = self.updates(st, hot, set);
            for g in self.layout.lanes_of(set) {
                let a = usize::from(st.groups[g].write);
                let fate = updates.fate(lags, self.layout.regions, a, wait);
                self.settle_conflicts(st, hot, g, fate, &loads[a]);
            }
        }
        next
    }

    /// What conflicts do to the writes of one lane.
    fn settle_conflicts(&self, st: &mut StoreState, hot: &Hot, g: usize, fate: Fate, load: &Load) {
        let share = f64::from(hot.share_ppm) / 1e6;
        let arbiter = st.arbiters[self.layout.set(g)];
        let threshold = f64::from(self.store.conflicts.threshold_ppm) / 1e6;
        let conflicting = (share * fate.conflicts).min(1.0);
        let group = &mut st.groups[g];
        (group.overtaken, group.ledger.feeding) = (0, 0);
        if arbiter.out {
            // Nobody settles them: with many of them, they fail until somebody does.
            if conflicting > threshold {
                self.fail_conflicts(st, g, conflicting, load);
            }
            return;
        }
        if self.now >= self.plan.end {
            return;
        }
        let overtaken = (group.accept as f64 * share * fate.overtaken + 0.5) as u64;
        let overtaken = overtaken.min(group.accept);
        match self.store.conflicts.resolve {
            Resolve::LastWriterWins => group.overtaken = overtaken,
            Resolve::Feed(_) => group.ledger.feeding = overtaken,
            Resolve::Merge => return,
        }
        group.accept -= overtaken;
    }

    fn fail_conflicts(&self, st: &mut StoreState, g: usize, conflicting: f64, load: &Load) {
        let Some(culprit) = self.culprit(st, g) else { return };
        let weight = i128::from(self.layout.weights[g]);
        let (region, writers) = (st.groups[g].write, st.groups[g].writers);
        for (client, population) in self.written(writers) {
            let (accepted, failing) = self.taken(st, region, population.writes_mps, load);
            let failed = ((accepted - failing) as f64 * conflicting) as u64;
            st.groups[g].accept -= failed;
            let rate = i128::from(failed) * weight;
            let (kind, phase, party) = (Kind::Write, Phase::Promote, Party::Provider);
            st.flow.fail(Failing { kind, client, region, rate, culprit, phase, party });
        }
    }

    /// Those of the clients that the bits name.
    fn written(&self, writers: u64) -> impl Iterator<Item = (usize, &Client)> {
        self.store.clients.iter().enumerate().filter(move |(i, _)| writers >> i & 1 == 1)
    }

    /// The arbiter makes writes wait longer or shorter; no position falls.
    fn change_wait(&mut self, st: &mut StoreState, wait: Duration) {
        if wait > st.contention.wait {
            for g in 0..self.layout.groups() {
                let w = usize::from(st.groups[g].write);
                for r in (0..self.layout.regions).filter(|&r| r != w) {
                    let c = g * self.layout.regions + r;
                    if st.logs[c].follow == Follow::Following {
                        let mark = self.mark(st, g);
                        let (position, complete_to) = self.lagging(st, g, r, mark);
                        (st.logs[c].position, st.logs[c].complete_to) = (position, complete_to);
                    }
                }
            }
        }
        st.contention.wait = wait;
    }

    /// The application has read the feed: what it wrote again is in the log.
    fn resolve_feed(&mut self, st: &mut StoreState) {
        let due = matches!(self.store.conflicts.resolve, Resolve::Feed(Some(_)))
            && self.resolved_at() == Some(self.now);
        if !due {
            return;
        }
        for g in 0..self.layout.groups() {
            if st.groups[g].ledger.feed > 0 && self.leads(st, g) {
                let group = &mut st.groups[g];
                group.head += group.ledger.settle_feed();
            }
        }
    }

    /// When the application reads the feed next, if it will find anything.
    fn feed_due(&self, st: &StoreState) -> Time {
        let Resolve::Feed(Some(every)) = self.store.conflicts.resolve else { return Time::NEVER };
        let any = (0..self.layout.groups()).any(|g| {
            let ledger = &st.groups[g].ledger;
            (ledger.feed > 0 || ledger.feeding > 0) && self.leads(st, g)
        });
        match self.resolved_at() {
            Some(at) if any => {
                if at > self.now {
                    at
                } else {
                    self.now + every
                }
            }
            _ => Time::NEVER,
        }
    }

    /// Reads of hot items that miss an update; returns when to look again.
    fn evaluate_reads(&self, st: &mut StoreState, hot: &Hot, lags: &Lags, loads: &[Load; 16]) -> Time {
        let mut next = Time::NEVER;
        let share = f64::from(hot.share_ppm) / 1e6;
        for client in 0..self.layout.clients {
            let (mut sums, asked) = ([0.0; 2], self.store.clients[client].reads_mps);
            for set in 0..self.layout.sets() {
                let g = set * self.layout.lanes;
                let r = usize::from(st.readers[set * self.layout.clients + client].region);
                if self.answers(st, g, r, client) {
                    let (accepted, failing) = self.taken(st, r as u8, asked, &loads[r]);
                    let answered = (accepted - failing) as f64 / asked.max(1) as f64;
                    let weight = f64::from(self.layout.weights[g]) * answered;
                    let shares = self.missed(st, hot, lags, set, r, client, &mut next);
                    sums[0] += weight * shares[0];
                    sums[1] += weight * shares[1];
                }
            }
            let rate = asked as f64 * share;
            st.contention.reads[client] = sums.map(|sum| (rate * sum + 0.5) as i128);
        }
        next
    }

    /// Shares of a client's reads of hot items in region `r` that are stale, and that wait for the session's own writes.
    #[allow(clippy::too_many_arguments)]
    fn missed(
        &self,
        st: &StoreState,
        hot: &Hot,
        lags: &Lags,
        set: usize,
        r: usize,
        client: usize,
        next: &mut Time,
    ) -> [f64; 2] {
        let factor = f64::from(self.store.profile.at(self.now)) / f64::from(PROFILE_ONE);
        let per_item = f64::from(hot.share_ppm) / 1e6 / hot.items as f64;
        let tokens = self.store.clients[client].tokens != Tokens::None;
        let mut undisturbed = [1.0; 2];
        for g in self.layout.lanes_of(set) {
            let group = &st.groups[g];
            let log = &st.logs[g * self.layout.regions + r];
            if usize::from(group.write) == r {
                continue;
            }
            // What is written everywhere at once is here as soon as anywhere.
            let elsewhere = 1.0 - self.share_of(st, g, |c| c.routing == Routing::Everywhere);
            let written = (group.accept + group.overtaken + group.ledger.feeding) as f64 / 1000.0;
            let rate = written * factor * per_item * elsewhere;
            let own = if tokens { self.own_share(st, g, client) } else { 0.0 };
            let backlog = self.backlog(st, g, r, per_item, next);
            for (part, undisturbed) in [1.0 - own, own].into_iter().zip(&mut undisturbed) {
                let extra = log.extra.saturating_add(st.contention.wait).as_secs_f64();
                let mut steady = math::exp(-rate * part * extra);
                for _ in 0..self.hops(st, g, r) {
                    steady *= lags.transform(rate * part);
                }
                let missed = backlog.map(|updates| math::exp(-updates * part));
                *undisturbed *= match (missed, log.follow) {
                    (None, _) => steady,
                    // A longer lag lets no more be missing than what came since it began.
                    (Some(missed), Follow::Following) => steady.max(missed),
                    (Some(missed), _) => missed,
                };
            }
        }
        undisturbed.map(|u| 1.0 - u)
    }

    /// Share of a group's writes that come from the client's own region.
    fn own_share(&self, st: &StoreState, g: usize, client: usize) -> f64 {
        let home = self.store.clients[client].region;
        self.share_of(st, g, |c| c.region == home)
    }

    /// Share of the writes a group takes that come from some of the clients.
    fn share_of(&self, st: &StoreState, g: usize, some: impl Fn(&Client) -> bool) -> f64 {
        let writers = match st.groups[g].writers {
            // What others miss of it came from those who would write.
            0 => self.asks(st, g)[1],
            writers => writers,
        };
        let (mut part, mut all) = (0.0, 0.0);
        for (_, c) in self.written(writers) {
            all += c.writes_mps as f64;
            part += if some(c) { c.writes_mps as f64 } else { 0.0 };
        }
        if all > 0.0 { part / all } else { 0.0 }
    }

    /// Updates of an item that a copy misses which does not follow, or whose position stands still; as many as it will
    /// miss at the end of a step. `None` if the copy keeps its lag.
    fn backlog(&self, st: &StoreState, g: usize, r: usize, per_item: f64, next: &mut Time) -> Option<f64> {
        let log = &st.logs[g * self.layout.regions + r];
        if log.follow == Follow::Following && log.extra == Duration::ZERO {
            return None;
        }
        let group = &st.groups[g];
        let updates = |volume: i128| volume as f64 / REQUEST * per_item;
        let backlog = (group.head - log.position).max(0);
        if updates(backlog) > SURELY {
            return Some(SURELY);
        }
        let step = backlog / 8 + (REQUEST / per_item.max(1e-12) / 16.0) as i128;
        let accept = i128::from(group.accept);
        let gain = if log.follow == Follow::CatchUp { i128::from(self.catch_up(st, g, r)) } else { 0 };
        let grown = self.store.profile.first_reach(self.now, step, -gain, accept);
        let shrunk = self.store.profile.first_reach(self.now, step, gain, -accept);
        *next = (*next).min(grown).min(if gain > 0 { shrunk } else { Time::NEVER });
        Some(updates(if grown < Time::NEVER { backlog + step } else { backlog }))
    }

    /// Links between a group's write region and region `r`: one, or two with the arbiter between them.
    fn hops(&self, st: &StoreState, g: usize, r: usize) -> u32 {
        let w = usize::from(st.groups[g].write);
        1 + u32::from(self.arbiter(st, g).is_some_and(|a| a != w && a != r))
    }

    /// A client's writes carry tokens of a region whose writes do not arrive where it writes, or too late (rule c35).
    pub(crate) fn token_holds(&self, st: &StoreState, g: usize, client: usize) -> Option<Phase> {
        let population = &self.store.clients[client];
        if population.tokens != Tokens::ReadsAndWrites || !self.layout.multi() {
            return None;
        }
        let w = usize::from(st.groups[g].write);
        let reads = usize::from(self.reader(st, g, client).region);
        if reads == w {
            return None;
        }
        let lane = self.layout.set(g) * self.layout.lanes + reads;
        let log = &st.logs[lane * self.layout.regions + w];
        let lags = self.layout.lags.as_ref()?;
        let usual = lags.mean() * f64::from(self.hops(st, lane, w));
        let lag = usual + log.extra.saturating_add(st.contention.wait).as_secs_f64();
        match log.follow {
            Follow::CatchUp => Some(Phase::CatchUp),
            Follow::Following if lag <= population.timeout.as_secs_f64() => None,
            _ => Some(Phase::Repair),
        }
    }
}
