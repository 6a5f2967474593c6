//! The state of one store in one replication: a plain value.

use crate::model::{Client, Consistency, FailoverMode, Profile, Store, World};
use crate::sim::backup::Vaults;
use crate::sim::contention::Contention;
use crate::sim::effects::Condition;
use crate::sim::faults::Culprit;
use crate::sim::flow::{Flow, REQUEST, Whose};
use crate::sim::history::History;
use crate::sim::layout::StorePlan;
use crate::sim::ledger::Ledger;
use crate::sim::observe::StoreRun;
use crate::sim::quorum::{Quorum, QuorumRules};
use crate::sim::restore::Restore;
use crate::units::{Duration, Time};

/// How a copy's log stands to the write region's (design D8).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) enum Follow {
    /// At the write region's position a lag ago. The write region's own copy is in this state, without lag.
    Following,
    /// Cut off: the position stands still.
    Frozen,
    /// Working off the backlog.
    CatchUp,
    /// Destroyed: nothing there; `true` while it is being seeded from another copy.
    Empty(bool),
}

/// Why a region takes no part in the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) enum Offline {
    /// It does.
    No,
    /// The service marked it offline; it returns by itself after catching up.
    ByService,
    /// An action took it out; only an action brings it back.
    ByAction,
    /// It is no part of the store yet; an action makes it one.
    NotYet,
}

/// What is going on about a lost region.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) enum Step {
    /// Nothing.
    Idle,
    /// The loss is not noticed yet.
    Detect,
    /// Nobody has decided yet.
    Decide,
    /// This region is being promoted.
    Promote(u8),
    /// No region is eligible; the first that is will be promoted.
    Wait,
    /// Lane of a lost region: what only it has is booked as missing until it is back.
    Gone,
}

/// The log of one copy and its region's part in the group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Log {
    pub(crate) follow: Follow,
    /// Position, where it is not that of the write region.
    pub(crate) position: i128,
    /// Everything acknowledged up to here is in it.
    pub(crate) complete_to: Time,
    pub(crate) offline: Offline,
    /// It has been away while the log went on: it must catch up before it serves.
    pub(crate) behind: bool,
    /// Position of the write region when this copy stopped committing.
    pub(crate) left_at: i128,
    pub(crate) committing: bool,
    /// What lag faults add to the lag behind the write region.
    pub(crate) extra: Duration,
    /// The lag is longer than the staleness bound allows: the copy does not follow.
    pub(crate) stalled: bool,
    /// Member of the sync set.
    pub(crate) in_sync: bool,
    /// Since this time it could be taken out of the sync set.
    pub(crate) evict_at: Time,
    /// When the copy is seeded, while it is being seeded.
    pub(crate) seeded_at: Time,
    /// The staleness bound is reached: writes are held until it has caught up.
    pub(crate) held: bool,
    pub(crate) step: Step,
    pub(crate) culprit: Option<Culprit>,
    /// One of the members that hold a leader-based store together.
    pub(crate) member: bool,
    /// When the member is given up, while it is lost.
    pub(crate) replace_at: Time,
}

impl Log {
    /// The same in a region that is no part of the store yet.
    fn not_yet(self) -> Log {
        let (follow, offline) = (Follow::Empty(false), Offline::NotYet);
        Log { follow, offline, behind: true, committing: false, in_sync: false, member: false, ..self }
    }

    /// The seeding of an empty copy is complete.
    pub(crate) fn is_seeded(&self, now: Time) -> bool {
        self.follow == Follow::Empty(true) && self.seeded_at <= now
    }
}

/// One placement group. Volumes are per partition.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Group {
    /// Its write region.
    pub(crate) write: u8,
    /// The lease of the write region has ended: it accepts nothing.
    pub(crate) fenced: bool,
    /// An action gives the write region up, whatever that loses.
    pub(crate) forced: bool,
    /// Clients use the write region from here on.
    pub(crate) redirect_until: Time,
    /// Writes the log takes, thousandths per second over the whole store.
    pub(crate) accept: u64,
    /// Clients whose writes it takes, as bits.
    pub(crate) writers: u64,
    /// Beyond them, writes that are acknowledged and overtaken by newer ones at once.
    pub(crate) overtaken: u64,
    pub(crate) acknowledged: i128,
    pub(crate) head: i128,
    /// Last instant at which a write was acknowledged.
    pub(crate) last_ack: Time,
    pub(crate) history: History,
    pub(crate) ledger: Ledger,
    /// What is done about lost or damaged data.
    pub(crate) restore: Option<Restore>,
    /// Whom failing requests of each kind are booked to.
    pub(crate) culprits: [Option<Culprit>; 2],
}

/// The arbiter of one replica set: the region that the writes of the others go through.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Arbiter {
    pub(crate) region: u8,
    /// It is lost: nothing passes through it.
    pub(crate) out: bool,
    /// When another region takes over from it, as soon as one can.
    pub(crate) moves_at: Time,
    /// An action moves it, there or not, to this region if it can take over.
    pub(crate) forced: Option<Option<u8>>,
}

/// One client population reading (or writing) the partitions of one replica set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Reader {
    /// Region it uses.
    pub(crate) region: u8,
    /// It waits for an answer until here before it goes elsewhere.
    pub(crate) patience: Time,
    /// Part of the wait that is detection by the service.
    pub(crate) detect_until: Time,
}

/// One store.
#[derive(Clone, Debug, PartialEq, Hash)]
pub(crate) struct StoreState {
    pub(crate) quorums: Vec<Quorum>,
    pub(crate) logs: Vec<Log>,
    pub(crate) groups: Vec<Group>,
    pub(crate) readers: Vec<Reader>,
    /// Who writes where, and the arbiters: empty with a single write region.
    pub(crate) writers: Vec<Reader>,
    pub(crate) arbiters: Vec<Arbiter>,
    pub(crate) vaults: Vaults,
    pub(crate) zones_down: Vec<u16>,
    /// What degradations leave of each region.
    pub(crate) conditions: Vec<Condition>,
    pub(crate) mode: FailoverMode,
    pub(crate) throughput_mru: Option<u64>,
    /// What a restore copies in a nanosecond while a runbook has it done; see [`scaled`](crate::sim::ordered::scaled).
    pub(crate) pace: Option<u128>,
    pub(crate) dirty_copies: Vec<u32>,
    /// Something besides quorums changed.
    pub(crate) dirty: bool,
    /// An action in this instant, to blame if requests start to fail.
    pub(crate) action: Option<Culprit>,
    /// The last occurrence that touched the store, for failures after its end.
    pub(crate) last_culprit: Option<Culprit>,
    /// Time and workload time up to which everything is integrated.
    pub(crate) at: Time,
    pub(crate) lambda: i128,
    pub(crate) flow: Flow,
    pub(crate) contention: Contention,
}

/// Constants of a store, derived once.
#[derive(Clone, Debug)]
pub(crate) struct StoreRules {
    pub(crate) quorum: QuorumRules,
    /// Time to rebuild a replica of each group.
    pub(crate) rebuild: Vec<Option<Duration>>,
    pub(crate) strong: bool,
    /// Staleness bound: volume per partition and time.
    pub(crate) bound: Option<(i128, Duration)>,
    /// Volume per partition that a member may lack and be promoted.
    pub(crate) cap: Option<i128>,
    /// Volume of one request.
    pub(crate) volume_per_request: i128,
    /// Catch-up rate from region w to region r, at w · regions + r.
    pub(crate) catch_up: Vec<u64>,
    /// Demand on each region while everything is up, in volume units of request units before the profile.
    pub(crate) normal_demand: Vec<i128>,
}

impl StoreRules {
    pub(crate) fn new(world: &World, store: &Store, plan: &StorePlan) -> StoreRules {
        let volume_per_request = REQUEST * i128::from(store.partitions);
        let bytes =
            |weight: u32| u128::from(store.data_bytes) * u128::from(weight) / u128::from(store.partitions);
        StoreRules {
            quorum: QuorumRules::new(
                store.replicas,
                store.write_quorum,
                store.read_quorum,
                store.reconfigure,
            ),
            rebuild: plan
                .weights
                .iter()
                .map(|&w| store.rebuild.map(|r| transfer(bytes(w), u128::from(r.bandwidth))))
                .collect(),
            strong: store.consistency == Consistency::Strong && store.regions.len() > 1,
            bound: match store.consistency {
                Consistency::Bounded { max_writes, max_time } if store.regions.len() > 1 => {
                    Some((i128::from(max_writes) * volume_per_request, max_time))
                }
                _ => None,
            },
            cap: store
                .members
                .as_ref()
                .and_then(|m| m.cap_bytes)
                .map(|bytes| i128::from(bytes) * volume_per_request / i128::from(store.write_bytes.max(1))),
            volume_per_request,
            catch_up: catch_up(world, store),
            normal_demand: normal_demand(store),
        }
    }
}

/// What each region is asked for while everything is up: reads by the clients that prefer it, and the writes of those
/// that write there.
fn normal_demand(store: &Store) -> Vec<i128> {
    let mut demand = vec![0; store.regions.len()];
    for client in &store.clients {
        let units = |mps: u64, cost: u64| i128::from(mps) * i128::from(cost) * i128::from(store.partitions);
        demand[usize::from(store.first_read_region(client))] += units(client.reads_mps, store.read_cost_mru);
        demand[store.first_write_region(client)] += units(client.writes_mps, store.write_cost_mru);
    }
    demand
}

/// Catch-up rates between all pairs of regions: the store's own, bounded by the link.
fn catch_up(world: &World, store: &Store) -> Vec<u64> {
    let mut rates = Vec::new();
    for from in &store.regions {
        for to in &store.regions {
            let link = world.link_between(from.region, to.region);
            let bandwidth = link.and_then(|l| world.links[l.0 as usize].bandwidth);
            let limit = bandwidth.map_or(u64::MAX, |b| b.saturating_mul(1000) / store.write_bytes.max(1));
            rates.push(store.catch_up_mps.min(limit));
        }
    }
    rates
}

/// Catch-up rate of region `r` from the log of region `w`: through the arbiter, if there is one, the slower way counts.
pub(crate) fn catch_up_rate(
    rates: &[u64],
    regions: usize,
    w: usize,
    r: usize,
    arbiter: Option<usize>,
) -> u64 {
    match arbiter {
        Some(a) if a != w && a != r => rates[w * regions + a].min(rates[a * regions + r]),
        _ => rates[w * regions + r],
    }
}

/// Position of the furthest copy that holds data, without the damaged writes in it.
pub(crate) fn surviving(group: &Group, copies: &[Log]) -> i128 {
    let position = |(r, log): (usize, &Log)| match log.follow {
        Follow::Empty(_) => None,
        Follow::Following => Some(group.head),
        _ if r == usize::from(group.write) => Some(group.head),
        Follow::Frozen | Follow::CatchUp => Some(log.position),
    };
    let furthest = copies.iter().enumerate().filter_map(position).max().unwrap_or(0);
    let ledger = &group.ledger;
    if ledger.damage.is_empty() { furthest } else { furthest - ledger.damage_within(furthest) }
}

/// Time to move some bytes.
pub(crate) fn transfer(bytes: u128, bandwidth: u128) -> Duration {
    Duration::from_ns(u64::try_from(bytes * 1_000_000_000 / bandwidth.max(1)).unwrap_or(u64::MAX))
}

impl StoreState {
    pub(crate) fn new(s: u32, store: &Store, plan: &StorePlan, rules: &StoreRules) -> StoreState {
        let log = Log {
            follow: Follow::Following,
            position: 0,
            complete_to: Time::ZERO,
            offline: Offline::No,
            behind: false,
            left_at: 0,
            committing: true,
            extra: Duration::ZERO,
            stalled: false,
            in_sync: rules.strong,
            evict_at: Time::NEVER,
            seeded_at: Time::NEVER,
            held: false,
            step: Step::Idle,
            culprit: None,
            member: true,
            replace_at: Time::NEVER,
        };
        let group = Group {
            write: 0,
            fenced: false,
            forced: false,
            redirect_until: Time::ZERO,
            accept: 0,
            writers: 0,
            overtaken: 0,
            acknowledged: 0,
            head: 0,
            last_ack: Time::ZERO,
            history: History::default(),
            ledger: Ledger::default(),
            restore: None,
            culprits: [None; 2],
        };
        let users = |first: &dyn Fn(&Client) -> u8| -> Vec<Reader> {
            let regions = store.clients.iter().map(first);
            let user = |region| Reader { region, patience: Time::NEVER, detect_until: Time::ZERO };
            let set: Vec<Reader> = regions.map(user).collect();
            set.repeat(plan.sets())
        };
        let arbiter = Arbiter { region: 0, out: false, moves_at: Time::NEVER, forced: None };
        let (several, joins_later) = (plan.multi(), |c: usize| store.regions[c % plan.regions].joins_later);
        let (quorum, copies) = (Quorum::new(&rules.quorum), 0..plan.copies());
        StoreState {
            quorums: copies.clone().map(|c| if joins_later(c) { quorum.emptied() } else { quorum }).collect(),
            logs: copies.map(|c| if joins_later(c) { log.not_yet() } else { log }).collect(),
            groups: (0..plan.groups())
                .map(|g| Group { write: (g % plan.lanes) as u8, ..group.clone() })
                .collect(),
            readers: users(&|c| store.first_read_region(c)),
            writers: if several { users(&|c| c.write_order[0]) } else { Vec::new() },
            arbiters: vec![arbiter; if several { plan.sets() } else { 0 }],
            vaults: store.backup.as_ref().map_or_else(Vaults::default, |b| Vaults::new(b.vaults.len(), plan)),
            zones_down: vec![0; plan.regions],
            conditions: vec![Condition::GOOD; plan.regions],
            mode: store.failover.mode,
            throughput_mru: store.throughput_mru,
            pace: None,
            dirty_copies: Vec::with_capacity(plan.copies()),
            dirty: true,
            action: None,
            last_culprit: None,
            at: Time::ZERO,
            lambda: 0,
            flow: Flow::new(Whose::Store(s), no_run(plan, rules), store.demand(), store.outage_threshold_ppm),
            contention: Contention::new(plan),
        }
    }

    /// Takes over the state at time zero without allocating.
    pub(crate) fn reset(&mut self, other: &StoreState) {
        self.quorums.copy_from_slice(&other.quorums);
        self.logs.copy_from_slice(&other.logs);
        for (group, from) in self.groups.iter_mut().zip(&other.groups) {
            group.copy_from(from);
        }
        self.readers.copy_from_slice(&other.readers);
        self.writers.copy_from_slice(&other.writers);
        self.arbiters.copy_from_slice(&other.arbiters);
        self.vaults.copy_from(&other.vaults);
        self.zones_down.copy_from_slice(&other.zones_down);
        self.conditions.copy_from_slice(&other.conditions);
        self.mode = other.mode;
        (self.throughput_mru, self.pace) = (other.throughput_mru, other.pace);
        self.dirty_copies.clear();
        self.dirty_copies.extend_from_slice(&other.dirty_copies);
        self.dirty = other.dirty;
        self.action = other.action;
        self.last_culprit = other.last_culprit;
        self.at = other.at;
        self.lambda = other.lambda;
        self.flow.copy_from(&other.flow);
        self.contention.copy_from(&other.contention);
    }

    /// This copy must be settled.
    #[inline]
    pub(crate) fn touch(&mut self, copy: u32) {
        let quorum = &mut self.quorums[copy as usize];
        if !quorum.dirty {
            quorum.dirty = true;
            self.dirty_copies.push(copy);
        }
    }

    /// Lets time pass to `now` under the flows of the last evaluation.
    pub(crate) fn advance(&mut self, profile: &Profile, regions: usize, catch_up: &[u64], now: Time) {
        if now == self.at {
            return;
        }
        let lambda = profile.integral(now);
        let passed = lambda - self.lambda;
        let elapsed = i128::from((now - self.at).ns()) * i128::from(crate::model::PROFILE_ONE);
        for (g, group) in self.groups.iter_mut().enumerate() {
            let taken = i128::from(group.accept) * passed;
            let overtaken = i128::from(group.overtaken) * passed;
            if !group.ledger.damage.is_empty() {
                group.ledger.spoil(group.head, taken);
            }
            group.head += taken;
            group.ledger.superseded += overtaken;
            group.acknowledged += taken + overtaken + group.ledger.grow(passed);
            if group.accept > 0 {
                group.last_ack = now;
            }
            let arbiter = self.arbiters.get(g / regions).map(|a| usize::from(a.region));
            for r in 0..regions {
                let log = &mut self.logs[g * regions + r];
                if log.follow == Follow::CatchUp {
                    let rate = catch_up_rate(catch_up, regions, usize::from(group.write), r, arbiter);
                    log.position = (log.position + i128::from(rate) * elapsed).min(group.head);
                }
            }
        }
        self.flow.advance(profile, passed, self.at, now);
        self.advance_contention(passed, now);
        self.at = now;
        self.lambda = lambda;
    }
}

/// What a store saw before anything was requested.
fn no_run(plan: &StorePlan, rules: &StoreRules) -> StoreRun {
    StoreRun {
        volume_per_request: rules.volume_per_request,
        client_requested: vec![[0; 2]; plan.clients],
        client_failed: vec![[0; 2]; plan.clients],
        client_reads: vec![[0; 2]; if plan.lags.is_some() { plan.clients } else { 0 }],
        ..StoreRun::default()
    }
}

impl Group {
    /// Takes over another group's state, keeping this one's buffers.
    fn copy_from(&mut self, other: &Group) {
        let (mut history, mut ledger) =
            (core::mem::take(&mut self.history), core::mem::take(&mut self.ledger));
        history.copy_from(&other.history);
        ledger.copy_from(&other.ledger);
        *self = Group { history, ledger, ..*other };
    }
}
