//! A replicated store: placement, quorum, replication between regions, consistency, failover, throughput.

use super::backup::Backup;
use super::price::Price;
use super::workload::Profile;
use super::world::{DomainId, RegionId, World};
use crate::rng::Law;
use crate::units::Duration;

/// Where a region's replicas may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Placement {
    /// Spread over the zones of the region, as evenly as the replica count allows.
    ZoneRedundant,
    /// Unknown to the user; simulated as the worst case, all replicas in this one zone (rule c02).
    Unzoned(DomainId),
    /// Pinned to this zone by choice.
    Zonal(DomainId),
}

/// One region of a store. The order of regions is the failover priority; the first is the write region, or the arbiter
/// where every region takes writes.
#[derive(Clone, Debug, PartialEq)]
pub struct StoreRegion {
    /// Which region of the world; no region appears twice, unless the store has [`Members`].
    pub region: RegionId,
    /// Placement of the replicas.
    pub placement: Placement,
    /// Fewer live zones than this count as the loss of the region (1 = no such rule).
    pub min_zones: u32,
    /// Share of the partitions, in millionths, whose replicas are spread over all zones although the region is
    /// [`Placement::Unzoned`].
    pub spread_ppm: u32,
    /// No part of the store until [`AddRegion`](super::Command::AddRegion) makes it one.
    pub joins_later: bool,
}

impl StoreRegion {
    /// Where it lies: in a region of the world or, for a member of a leader-based store, perhaps in a zone.
    pub fn place(&self, world: &World, member: bool) -> DomainId {
        match self.placement {
            Placement::Zonal(zone) if member => zone,
            _ => world.regions[self.region.0 as usize],
        }
    }
}

/// Consistency levels, strongest first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Consistency {
    /// Linearizable: synchronous replication between regions.
    Strong,
    /// Asynchronous, but writes stop before any region lags by more than K writes of a partition or T.
    Bounded {
        /// K: writes a partition may lag.
        max_writes: u64,
        /// T: time a region may lag.
        max_time: Duration,
    },
    /// Asynchronous with session guarantees.
    Session,
    /// Asynchronous, in order.
    ConsistentPrefix,
    /// Asynchronous.
    Eventual,
}

impl Consistency {
    /// Word used in scenarios and outputs.
    pub fn word(self) -> &'static str {
        match self {
            Consistency::Strong => "strong",
            Consistency::Bounded { .. } => "bounded-staleness",
            Consistency::Session => "session",
            Consistency::ConsistentPrefix => "consistent-prefix",
            Consistency::Eventual => "eventual",
        }
    }
}

/// Who decides that another region becomes the write region.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FailoverMode {
    /// Nobody, unless a scripted action does.
    None,
    /// The provider's service, after detect and decide. It watches regions, and sees no fault of one store alone.
    ServiceManaged,
    /// The partitions, each for itself.
    PerPartition,
    /// The customer, who forces all partitions over together.
    Customer,
}

impl FailoverMode {
    /// Word used in scenarios.
    pub fn word(self) -> &'static str {
        match self {
            FailoverMode::None => "none",
            FailoverMode::ServiceManaged => "service-managed",
            FailoverMode::PerPartition => "per-partition",
            FailoverMode::Customer => "customer",
        }
    }

    /// Word used in scenarios for a store: what partitions do by themselves is automatic where there are members.
    pub fn word_in(self, store: &Store) -> &'static str {
        match (self, &store.members) {
            (FailoverMode::PerPartition, Some(_)) => "automatic",
            _ => self.word(),
        }
    }
}

/// The phases of a failover, each a law of time, and the fencing of the old write region.
#[derive(Clone, Debug, PartialEq)]
pub struct Failover {
    /// Who decides.
    pub mode: FailoverMode,
    /// Time until the loss is noticed (probes are the uniform law on ((misses − 1)·every, misses·every]).
    pub detect: Law,
    /// Time until somebody decides.
    pub decide: Law,
    /// Time to promote a region.
    pub promote: Law,
    /// Time until clients write to the new write region.
    pub redirect: Law,
    /// A region whose health (capacity × share of requests that do not fail, in millionths) is below this counts as
    /// lost; 0: none does.
    pub gray_ppm: u32,
    /// `true`: an isolated write region's lease ends before another is promoted; `false`: it goes on
    /// acknowledging writes of the clients it can reach (split brain).
    pub fence: bool,
}

/// What becomes of writes that only a failed write region had, once it is back and caught up.
#[derive(Clone, Debug, PartialEq)]
pub struct OnReturn {
    /// Law of the time until they are merged; `None`: never, they stay temporarily missing. With several write regions
    /// [`Conflicts`] decides instead.
    pub merge_after: Option<Law>,
    /// Share of them that newer writes have overtaken, in millionths: superseded, not recovered.
    pub superseded_ppm: u32,
}

/// Which regions take writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Writes {
    /// The write region only.
    Single,
    /// Every region; the first is the arbiter that the writes of the others go through.
    Multi,
}

/// Who settles the writes that a lost region had and the others had not, once it is back (several write regions).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resolve {
    /// The store, at once: newer writes of the others win.
    LastWriterWins,
    /// The store, at once, by a procedure of the customer: nothing is superseded.
    Merge,
    /// The application, which reads the feed of conflicts this often; `None`: never.
    Feed(Option<Duration>),
}

/// Conflicts between write regions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Conflicts {
    /// How they are resolved.
    pub resolve: Resolve,
    /// Conflicts that the arbiter settles, in thousandths per second; `None`: as many as come.
    pub capacity_mps: Option<u64>,
    /// Share of a region's writes in conflict, in millionths, above which they fail while there is no arbiter.
    pub threshold_ppm: u32,
}

/// Rebuild of a replica that came back empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rebuild {
    /// Bytes per second into one replica of one placement group; at least 1.
    pub bandwidth: u64,
}

/// When a client stops asking a region that does not answer and reads from the next one.
#[derive(Clone, Debug, PartialEq)]
pub enum Redirect {
    /// By itself, after this time.
    After(Law),
    /// When the service has marked the region offline (detect, decide), after this time more.
    ByService(Law),
    /// Never.
    Never,
}

/// Items that many requests go to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hot {
    /// Share of reads and of writes that go to them, in millionths.
    pub share_ppm: u32,
    /// How many there are in the store, at least 1; all alike.
    pub items: u64,
}

/// How a population spreads its requests over regions. All but the first stand for one of several [`Client`]s that a
/// population was split into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Routing {
    /// Each kind of request goes to one region.
    Fixed,
    /// Every write is issued in every region.
    Everywhere,
    /// Each request goes to a region chosen at random.
    Random,
    /// Requests go to the regions in turn.
    InTurn,
}

/// Which requests carry session tokens (rule c35).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tokens {
    /// None.
    None,
    /// Reads: a session sees its own writes, and waits for them.
    Reads,
    /// Writes too: the region written to must have what the session has read.
    ReadsAndWrites,
}

/// The clients in one region.
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    /// Where they sit.
    pub region: RegionId,
    /// Their writes, in thousandths of a request per second, over the whole store.
    pub writes_mps: u64,
    /// Their reads, in thousandths of a request per second, over the whole store.
    pub reads_mps: u64,
    /// Regions they read from, best first, as indices into [`Store::regions`]; never empty.
    pub order: Vec<u8>,
    /// Regions they write to where every region takes writes, best first, as indices into [`Store::regions`]; never
    /// empty.
    pub write_order: Vec<u8>,
    /// How they leave a region that does not answer.
    pub redirect: Redirect,
    /// How they came to use these regions.
    pub routing: Routing,
    /// Which requests carry session tokens.
    pub tokens: Tokens,
    /// Longest time a write waits for its token.
    pub timeout: Duration,
}

/// What holds the members of a leader-based store together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Agreement {
    /// The leader acknowledges alone; standbys follow.
    Asynchronous,
    /// A write is acknowledged once every standby that takes part has it.
    Synchronous {
        /// Without any standby the leader takes no writes; else it goes on alone.
        blocks: bool,
    },
    /// A write is acknowledged, and a leader elected, by a majority of the members in use, lost ones included.
    Majority,
}

/// A leader and its followers: the members are [`Store::regions`], the first is the leader at the start. Unlike regions,
/// several may lie in zones of the same region.
#[derive(Clone, Debug, PartialEq)]
pub struct Members {
    /// What holds them together.
    pub agreement: Agreement,
    /// How many are in use, leader included, the first ones; the others are places where a lost one can be rebuilt.
    pub in_use: u8,
    /// From the loss of a member until it is given up and another is rebuilt in the next free place; `None`: never.
    pub replace: Option<Law>,
    /// A standby that lacks more bytes than this is not promoted.
    pub cap_bytes: Option<u64>,
    /// A standby that lags by more than this is not promoted.
    pub cap_time: Option<Duration>,
    /// Only the leader answers reads.
    pub leader_reads: bool,
}

/// What a product promises about the RPO of a takeover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpoPromise {
    /// No longer than this.
    pub within: Duration,
    /// Id of the rule that states it.
    pub rule: String,
}

/// A replicated store.
#[derive(Clone, Debug, PartialEq)]
pub struct Store {
    /// Name in the scenario.
    pub name: String,
    /// Data of the customer, which is his to keep elsewhere: what his backup or his copy lacks is his loss (rule i07).
    pub asset: bool,
    /// Regions in failover order, at most 16, never empty.
    pub regions: Vec<StoreRegion>,
    /// What makes it a leader-based store; `None`: its regions are what they are called.
    pub members: Option<Members>,
    /// Which regions take writes.
    pub writes: Writes,
    /// Conflicts between them.
    pub conflicts: Conflicts,
    /// Replicas of a partition in each region, 1 ..= 16.
    pub replicas: u8,
    /// Replicas that must store a write while all replicas are in the configuration; a smaller configuration
    /// needs its majority.
    pub write_quorum: u8,
    /// Replicas that must answer a read.
    pub read_quorum: u8,
    /// Time after which a configuration drops members that are gone; `None`: never.
    pub reconfigure: Option<Duration>,
    /// Rebuild of empty replicas; `None`: never.
    pub rebuild: Option<Rebuild>,
    /// Data partitions, at least 1.
    pub partitions: u32,
    /// Data of the whole store in one copy, in bytes.
    pub data_bytes: u64,
    /// Mean size of a write in bytes; with a link's bandwidth it bounds the catch-up rate.
    pub write_bytes: u64,
    /// Consistency level.
    pub consistency: Consistency,
    /// Law of the replication lag between regions.
    pub lag: Law,
    /// Writes per second, in thousandths, over the whole store, at which a region catches up.
    pub catch_up_mps: u64,
    /// Law of the time before a silent region leaves the sync set when fewer than two other read regions answer.
    pub evict: Law,
    /// Failover policy.
    pub failover: Failover,
    /// What becomes of missing writes.
    pub on_return: OnReturn,
    /// Backups; `None`: none are made.
    pub backup: Option<Backup>,
    /// Provisioned throughput of each region in thousandths of a request unit per second; `None`: unlimited.
    pub throughput_mru: Option<u64>,
    /// Request units of a read, in thousandths.
    pub read_cost_mru: u64,
    /// Request units of a write, in thousandths.
    pub write_cost_mru: u64,
    /// Clients, in order of declaration.
    pub clients: Vec<Client>,
    /// Items that many requests go to, if any.
    pub hot: Option<Hot>,
    /// Course of the request rates over the week.
    pub profile: Profile,
    /// Failing share, in millionths, above which the store counts as out (design D14).
    pub outage_threshold_ppm: u32,
    /// Commit time inside a region, part of the write latency.
    pub commit_latency: Duration,
    /// What the product promises about losses; results say where it is broken.
    pub rpo_promise: Option<RpoPromise>,
    /// What it costs, if anything is known about that.
    pub price: Option<Price>,
}

impl Store {
    /// Reads and writes of all clients, in thousandths of a request per second × partitions.
    pub(crate) fn demand(&self) -> [i128; 2] {
        let rate =
            |mps: fn(&Client) -> u64| -> i128 { self.clients.iter().map(|c| i128::from(mps(c))).sum() };
        [rate(|c| c.reads_mps), rate(|c| c.writes_mps)].map(|rate| rate * i128::from(self.partitions))
    }

    /// Where one of the store's regions lies.
    pub fn place(&self, world: &World, r: usize) -> DomainId {
        self.regions[r].place(world, self.members.is_some())
    }

    /// What one of the store's regions is called: the path of its place.
    pub fn place_name<'w>(&self, world: &'w World, r: usize) -> &'w str {
        &world.domain(self.place(world, r)).path
    }

    /// Whether all reads go to whichever region takes the writes. An asset is used in one place.
    pub fn leader_reads(&self) -> bool {
        self.asset || self.members.as_ref().is_some_and(|m| m.leader_reads)
    }

    /// The regions that clients sit in, each once, in order of declaration.
    pub fn client_regions(&self) -> Vec<RegionId> {
        let mut regions: Vec<RegionId> = self.clients.iter().map(|c| c.region).collect();
        // The clients that one population was split into lie side by side.
        regions.dedup();
        regions
    }

    /// The region a client writes to while everything is up, as an index into [`Store::regions`].
    pub fn first_write_region(&self, client: &Client) -> usize {
        match self.writes {
            Writes::Single => 0,
            Writes::Multi => usize::from(client.write_order[0]),
        }
    }

    /// The region a client reads from while everything is up and nothing has been added, as an index.
    pub fn first_read_region(&self, client: &Client) -> u8 {
        if self.leader_reads() {
            return 0;
        }
        let there = |r: &u8| !self.regions[usize::from(*r)].joins_later;
        client.order.iter().copied().find(there).unwrap_or_default()
    }
}
