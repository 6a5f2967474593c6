//! Where a store's replicas lie: placement groups (design D6).
//!
//! The nodes that may hold a region's replicas form a ring that alternates between zones; a group's replicas are
//! consecutive nodes of it ("chained"), so a region has at most one group per node. Groups with the same replicas
//! everywhere are one. Partitions are dealt out evenly. Where `partial` faults exist, groups are cut along the
//! shares that can be hit, so that a group is always hit as a whole.

use crate::engine::Slot;
use crate::model::{
    Consistency, Effect, Model, NodeId, Placement, RegionId, Store, StoreRegion, Target, Writes,
};
use crate::sim::history::LONGEST_LAG;
use crate::sim::hot::Lags;
use crate::units::Duration;
use core::ops::Range;

/// The frozen layout of one store.
#[derive(Clone, Debug)]
pub(crate) struct StorePlan {
    pub(crate) regions: usize,
    pub(crate) clients: usize,
    /// Groups of each replica set: one, or with several write regions one per region, side by side. Such a *lane*
    /// holds the writes that were taken in its region.
    pub(crate) lanes: usize,
    /// Partitions in each group.
    pub(crate) weights: Vec<u32>,
    /// Node of replica `bit` of copy (group, region), at (group · regions + region) · replicas + bit.
    pub(crate) nodes: Vec<NodeId>,
    /// For each fault rule that hits a share of the partitions: (rule, groups hit).
    pub(crate) partial: Vec<(u32, Vec<u32>)>,
    /// Rules that lengthen the replication lag between regions of the store.
    pub(crate) lagging: Vec<u32>,
    /// Lags are watched: something lengthens them, or asks for them.
    pub(crate) contended: bool,
    /// The law of the lag, where items are hot or writes wait for tokens.
    pub(crate) lags: Option<Lags>,
    /// Whether one of them damages data instead.
    pub(crate) corrupts: bool,
    /// Whether the store is backed up.
    pub(crate) backed_up: bool,
    /// Zones of each region.
    pub(crate) zones: Vec<u32>,
    /// World region of each region.
    pub(crate) world_region: Vec<RegionId>,
}

/// Timers of a store, as offsets from its first slot. Order inside an instant follows this order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum StoreTimer {
    /// A quorum drops lost members, or a replica is rebuilt: (copy).
    Quorum(u32),
    /// A copy has caught up, is seeded, reaches the staleness bound or leaves the sync set: (copy).
    Log(u32),
    /// A phase of failover or of marking a region offline ends: (copy).
    Phase(u32),
    /// Clients use the new write region: (group).
    Redirect(u32),
    /// Missing writes are merged: (group).
    Merge(u32),
    /// Clients read elsewhere than in a region that does not answer: (replica set · clients + client).
    Read(u32),
    /// Clients write elsewhere than in a region that does not accept: (replica set · clients + client).
    Write(u32),
    /// Another region becomes the arbiter: (replica set).
    Arbiter(u32),
    /// A stage of a restore ends, or damage is noticed: (group; only of stores with backups).
    Restore(u32),
    /// The hour of the profile changes.
    Hour,
    /// What happens to hot items has drifted.
    Items,
}

impl StorePlan {
    pub(crate) fn groups(&self) -> usize {
        self.weights.len()
    }

    pub(crate) fn copies(&self) -> usize {
        self.groups() * self.regions
    }

    /// Whether a rule that hits a region of the store hits this group.
    pub(crate) fn hits(&self, rule: u32, g: usize) -> bool {
        self.partial.iter().find(|(i, _)| *i == rule).is_none_or(|(_, groups)| groups.contains(&(g as u32)))
    }

    /// Replica sets: groups without their repetition as lanes.
    pub(crate) fn sets(&self) -> usize {
        self.set(self.groups())
    }

    /// The replica set of a group.
    #[inline]
    pub(crate) fn set(&self, g: usize) -> usize {
        // Most stores have one lane, and this is asked often.
        if self.lanes == 1 { g } else { g / self.lanes }
    }

    /// The groups of a replica set.
    pub(crate) fn lanes_of(&self, set: usize) -> Range<usize> {
        set * self.lanes..(set + 1) * self.lanes
    }

    /// Whether every region takes writes.
    pub(crate) fn multi(&self) -> bool {
        self.lanes > 1
    }

    /// First offsets of the timers, by kind, in order; the last is that of the hour, which the items follow.
    fn offsets(&self) -> [u32; 9] {
        let (c, g, s) = (self.copies() as u32, self.groups() as u32, self.sets() as u32);
        let (readers, lanes) = (s * self.clients as u32, u32::from(self.multi()));
        let read = 3 * c + 2 * g;
        let write = read + readers;
        let arbiter = write + lanes * readers;
        let restore = arbiter + lanes * s;
        let hour = restore + if self.backed_up { g } else { 0 };
        [c, 2 * c, 3 * c, 3 * c + g, read, write, arbiter, restore, hour]
    }

    pub(crate) fn slots(&self) -> u32 {
        self.offsets()[8] + 2
    }

    /// First and last partition of a group, and the last of all.
    pub(crate) fn spread(&self, g: usize) -> (u64, u64, u64) {
        let count = |sets: usize| (0..sets).map(|s| u64::from(self.weights[s * self.lanes])).sum::<u64>();
        let first = count(self.set(g));
        (first, first + u64::from(self.weights[g].max(1)) - 1, count(self.sets()).max(1) - 1)
    }

    pub(crate) fn slot(&self, first: u32, timer: StoreTimer) -> Slot {
        let at = self.offsets();
        Slot(
            first
                + match timer {
                    StoreTimer::Quorum(i) => i,
                    StoreTimer::Log(i) => at[0] + i,
                    StoreTimer::Phase(i) => at[1] + i,
                    StoreTimer::Redirect(i) => at[2] + i,
                    StoreTimer::Merge(i) => at[3] + i,
                    StoreTimer::Read(i) => at[4] + i,
                    StoreTimer::Write(i) => at[5] + i,
                    StoreTimer::Arbiter(i) => at[6] + i,
                    StoreTimer::Restore(i) => at[7] + i,
                    StoreTimer::Hour => at[8],
                    StoreTimer::Items => at[8] + 1,
                },
        )
    }

    pub(crate) fn timer(&self, offset: u32) -> StoreTimer {
        let at = self.offsets();
        match offset {
            i if i < at[0] => StoreTimer::Quorum(i),
            i if i < at[1] => StoreTimer::Log(i - at[0]),
            i if i < at[2] => StoreTimer::Phase(i - at[1]),
            i if i < at[3] => StoreTimer::Redirect(i - at[2]),
            i if i < at[4] => StoreTimer::Merge(i - at[3]),
            i if i < at[5] => StoreTimer::Read(i - at[4]),
            i if i < at[6] => StoreTimer::Write(i - at[5]),
            i if i < at[7] => StoreTimer::Arbiter(i - at[6]),
            i if i < at[8] => StoreTimer::Restore(i - at[7]),
            i if i == at[8] => StoreTimer::Hour,
            _ => StoreTimer::Items,
        }
    }
}

/// Lays out one store.
pub(crate) fn layout(model: &Model, store: &Store) -> StorePlan {
    let sets = deal(model, store);
    let lanes = if store.writes == Writes::Multi { store.regions.len() } else { 1 };
    let (weights, nodes, partial) = cut(model, store, sets, lanes);
    let lagging: Vec<u32> = model.lag_faults(store).collect();
    StorePlan {
        regions: store.regions.len(),
        lanes,
        clients: store.clients.len(),
        weights,
        nodes,
        corrupts: partial
            .iter()
            .any(|&(rule, _)| matches!(model.faults[rule as usize].effect, Effect::Corrupt { .. })),
        backed_up: store.backup.is_some(),
        partial,
        contended: model.watches_lags(store),
        lags: model.watches_items(store).then(|| Lags::new(&store.lag, longest_lag(store))),
        lagging,
        zones: store.regions.iter().map(|r| model.world.zones(r.region).count() as u32).collect(),
        world_region: store.regions.iter().map(|r| r.region).collect(),
    }
}

/// Lags count as no longer than this.
fn longest_lag(store: &Store) -> Duration {
    match store.consistency {
        Consistency::Bounded { max_time, .. } => max_time.min(LONGEST_LAG),
        _ => LONGEST_LAG,
    }
}

/// Deals the partitions out to replica sets: each set with the number of partitions dealt up to and with it.
///
/// Partitions that lie spread over the zones of an unzoned region by luck are the first ones, in every such region.
fn deal(model: &Model, store: &Store) -> Vec<(Vec<NodeId>, u64)> {
    let total = u64::from(store.partitions);
    let lucky = |r: &StoreRegion| (total * u64::from(r.spread_ppm) + 500_000) / 1_000_000;
    let mut bounds: Vec<u64> = store.regions.iter().map(lucky).chain([0, total]).collect();
    bounds.sort_unstable();
    bounds.dedup();
    let mut sets = Vec::new();
    for bound in bounds.windows(2) {
        let rings: Vec<Vec<NodeId>> =
            store.regions.iter().map(|r| ring(model, r, bound[1] <= lucky(r))).collect();
        let here = replica_sets(store, &rings);
        let shares: u64 = here.iter().map(|(_, share)| share).sum();
        let mut seen = 0;
        for (set, share) in here {
            seen += share;
            sets.push((set, bound[0] + (bound[1] - bound[0]) * seen / shares));
        }
    }
    sets
}

/// The nodes that may hold a region's replicas, alternating between zones.
fn ring(model: &Model, region: &StoreRegion, lucky: bool) -> Vec<NodeId> {
    let world = &model.world;
    let zones: Vec<_> = match region.placement {
        Placement::Unzoned(zone) | Placement::Zonal(zone) if !lucky => vec![zone],
        _ => world.zones(region.region).collect(),
    };
    let most = zones.iter().map(|&z| world.domain(z).nodes.len()).max().unwrap_or(0) as u32;
    (0..most)
        .flat_map(|i| {
            zones.iter().map(move |&z| &world.domain(z).nodes).filter_map(move |n| {
                let node = n.start + i;
                (node < n.end).then_some(NodeId(node))
            })
        })
        .collect()
}

/// The distinct replica sets (one per group, all regions side by side) with the share of the ring each stands for.
fn replica_sets(store: &Store, rings: &[Vec<NodeId>]) -> Vec<(Vec<NodeId>, u64)> {
    let count = rings.iter().map(Vec::len).max().unwrap_or(1);
    let mut sets: Vec<(Vec<NodeId>, u64)> = Vec::new();
    for g in 0..count {
        let mut set = Vec::with_capacity(rings.len() * store.replicas as usize);
        for ring in rings {
            let first = g * ring.len() / count;
            let mut here: Vec<NodeId> =
                (0..store.replicas as usize).map(|i| ring[(first + i) % ring.len()]).collect();
            here.sort();
            set.extend(here);
        }
        match sets.iter_mut().find(|(other, _)| *other == set) {
            Some((_, share)) => *share += 1,
            None => sets.push((set, 1)),
        }
    }
    sets
}

type Cut = (Vec<u32>, Vec<NodeId>, Vec<(u32, Vec<u32>)>);

/// Makes groups of the replica sets, cut along the shares of `partial` rules; each group then stands there once per lane.
fn cut(model: &Model, store: &Store, sets: Vec<(Vec<NodeId>, u64)>, lanes: usize) -> Cut {
    let here = |t: &Target| model.is_in(store, *t);
    let rules: Vec<(u32, u64)> = model
        .faults
        .iter()
        .enumerate()
        .filter_map(|(i, f)| match f.effect {
            Effect::Partial { share_ppm }
            | Effect::Lag { share_ppm, .. }
            | Effect::Corrupt { share_ppm, .. }
                if f.targets.iter().any(here) =>
            {
                let exact = u64::from(store.partitions) * u64::from(share_ppm);
                Some((i as u32, ((exact + 500_000) / 1_000_000).max(1)))
            }
            _ => None,
        })
        .collect();
    let total = u64::from(store.partitions);
    let (mut weights, mut nodes) = (Vec::new(), Vec::new());
    let mut partial: Vec<(u32, Vec<u32>)> = rules.iter().map(|&(rule, _)| (rule, Vec::new())).collect();
    let mut dealt = 0u64;
    for (set, until) in sets {
        // Partitions `dealt..until` belong to this set; of them each rule hits a share that sums to its total.
        let hit: Vec<u64> = rules.iter().map(|&(_, h)| h * until / total - h * dealt / total).collect();
        let mut cuts: Vec<u64> = hit.iter().copied().chain([0, until - dealt]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        for pair in cuts.windows(2) {
            for _ in 0..lanes {
                let group = weights.len() as u32;
                weights.push((pair[1] - pair[0]) as u32);
                nodes.extend_from_slice(&set);
                for (i, &h) in hit.iter().enumerate() {
                    if pair[1] <= h {
                        partial[i].1.push(group);
                    }
                }
            }
        }
        dealt = until;
    }
    (weights, nodes, partial)
}
