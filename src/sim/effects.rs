//! Effects of occurrences on the world: what goes down, is cut off, loses capacity (design D5).

use crate::model::{Effect, Target};
use crate::sim::backup::destroys;
use crate::sim::faults::Faults;
use crate::sim::plan::{Plan, Watcher};
use crate::sim::run::Run;
use core::ops::Range;

/// What degradations leave of a store's region, in millionths.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Condition {
    /// Of the provisioned throughput.
    pub(crate) capacity_ppm: u64,
    /// Share of the requests that fail.
    pub(crate) errors_ppm: u64,
    /// Health as whoever watches the region sees it: capacity times the share that does not fail.
    pub(crate) health_ppm: u64,
    /// The same of what hits this store alone.
    pub(crate) own_ppm: u64,
}

impl Condition {
    pub(crate) const GOOD: Condition =
        Condition { capacity_ppm: 1_000_000, errors_ppm: 0, health_ppm: 1_000_000, own_ppm: 1_000_000 };
}

impl Run<'_> {
    /// Applies the effect of an occurrence to its targets, or takes it back.
    #[inline]
    pub(crate) fn apply(&mut self, p: u32, on: bool) {
        let process = &self.plan.processes[p as usize];
        // Most rules hold one domain down per process: no need to look further.
        if let Some((subtree, effect)) = &process.holds {
            self.hold(subtree.clone(), on, *effect);
            return;
        }
        self.apply_rare(p, on);
    }

    #[inline(never)]
    fn apply_rare(&mut self, p: u32, on: bool) {
        let process = &self.plan.processes[p as usize];
        let rule = self.plan.rule(p);
        for (i, t) in process.targets.clone().enumerate() {
            if !self.state.faults.is_hit(self.plan, p, i) {
                continue;
            }
            let target = rule.targets[t as usize];
            match (rule.effect, target) {
                (Effect::Down | Effect::Maintenance | Effect::Destroy, Target::Domain(d)) => {
                    self.hold(d.0..self.plan.subtree_end[d.0 as usize], on, rule.effect);
                }
                (Effect::Partial { .. }, _) => self.hit_partitions(process.rule, target, on),
                (Effect::Degrade { .. }, _) => self.update_conditions(),
                (Effect::Lag { .. } | Effect::Corrupt { .. }, _) => self.touch_all(),
                (_, Target::Store { .. }) => self.hit_partitions(process.rule, target, on),
                (Effect::Isolate | Effect::Down | Effect::Destroy | Effect::Maintenance, _) => {
                    self.state.domains.isolate(&self.plan.model, target, on);
                    self.state.front.dirty = true;
                    self.touch_all();
                }
            }
        }
    }

    fn touch_all(&mut self) {
        for st in &mut self.state.stores {
            st.dirty = true;
        }
    }

    /// Holds a subtree of domains down, or lets go of it.
    #[inline]
    fn hold(&mut self, subtree: Range<u32>, on: bool, effect: Effect) {
        let plan = self.plan;
        let drained = effect == Effect::Maintenance;
        let destroyed = on && effect == Effect::Destroy;
        let struck = subtree.clone();
        for d in subtree {
            let changed = if on { self.state.domains.hold(d) } else { self.state.domains.release(d) };
            if !changed && !destroyed {
                continue;
            }
            for replica in plan.replicas_of(d) {
                let st = &mut self.state.stores[replica.store as usize];
                let quorum = &mut st.quorums[replica.copy as usize];
                quorum.node_changed(replica.bit, changed, on && drained, destroyed);
                st.touch(replica.copy);
            }
            if !changed {
                continue;
            }
            for &watcher in plan.watchers_of(d) {
                match watcher {
                    Watcher::Block { block } => self.state.blocks.member(block, !on),
                    Watcher::Zone { store, region } => self.zone(store, region, on),
                    Watcher::Site { site } => self.state.front.touch(site),
                    Watcher::Vault { store } => self.state.stores[store as usize].dirty = true,
                }
            }
        }
        if destroyed && plan.has_backups {
            self.destroy_vaults(struck);
        }
    }

    /// Backups are lost with the zone or region they lie in.
    fn destroy_vaults(&mut self, struck: Range<u32>) {
        let world = &self.plan.model.world;
        for (store, st) in self.plan.model.stores.iter().zip(&mut self.state.stores) {
            let vaults = store.backup.iter().flat_map(|b| b.vaults.iter().enumerate());
            for (v, vault) in vaults {
                if destroys(world, &self.state.domains, vault, struck.clone()) {
                    st.vaults.struck |= 1 << v;
                    st.dirty = true;
                }
            }
        }
    }

    /// A zone of a store region went down or came back: with too few left, the whole region counts as lost.
    fn zone(&mut self, store: u32, region: u8, down: bool) {
        let layout = &self.plan.stores[store as usize];
        let r = usize::from(region);
        let need = self.plan.model.stores[store as usize].regions[r].min_zones;
        let st = &mut self.state.stores[store as usize];
        let enough = |down: u16| layout.zones[r] - u32::from(down) >= need;
        let before = enough(st.zones_down[r]);
        st.zones_down[r] = if down { st.zones_down[r] + 1 } else { st.zones_down[r] - 1 };
        let after = enough(st.zones_down[r]);
        for g in 0..layout.groups() {
            let copy = g * layout.regions + r;
            match (before, after) {
                (true, false) => st.quorums[copy].hit_changed(true, false),
                (false, true) => st.quorums[copy].hit_changed(false, false),
                _ => continue,
            }
            st.touch(copy as u32);
        }
    }

    /// Partitions are hit, or no longer: the share of a rule, or all, in a region or of one store.
    fn hit_partitions(&mut self, rule: u32, target: Target, on: bool) {
        let (only, region) = match target {
            Target::Domain(d) => (None, Some(self.plan.model.world.domain(d).region)),
            Target::Store { store, region } => (Some(store as usize), region),
            Target::Link(_) => return,
        };
        for (s, (layout, st)) in self.plan.stores.iter().zip(&mut self.state.stores).enumerate() {
            if only.is_some_and(|only| only != s) {
                continue;
            }
            for r in 0..layout.regions {
                if region.is_some_and(|region| layout.world_region[r] != region) {
                    continue;
                }
                for g in (0..layout.groups()).filter(|&g| layout.hits(rule, g)) {
                    let copy = g * layout.regions + r;
                    st.quorums[copy].hit_changed(on, only.is_some());
                    st.touch(copy as u32);
                }
            }
        }
    }

    /// Recomputes the condition of every region from the degradations that last: the mean over its nodes of the
    /// product of all that hold on a node, times those that hold on the store alone.
    fn update_conditions(&mut self) {
        let plan = self.plan;
        let world = &plan.model.world;
        let faults = &self.state.faults;
        for (s, (layout, st)) in plan.stores.iter().zip(&mut self.state.stores).enumerate() {
            for (r, condition) in st.conditions.iter_mut().enumerate() {
                let here = layout.world_region[r];
                let nodes = world.domain(plan.model.stores[s].place(world, r)).nodes.clone();
                let count = nodes.len().max(1) as u64;
                let on_node = |node: u32| {
                    degraded(plan, faults, |target| match target {
                        Target::Domain(d) => world.domain(d).nodes.contains(&node),
                        Target::Link(_) | Target::Store { .. } => false,
                    })
                };
                let sums = nodes.map(on_node).fold([0; 3], |sum, ppm| {
                    let health = ppm.capacity * ppm.success / 1_000_000;
                    [sum[0] + ppm.capacity, sum[1] + ppm.success, sum[2] + health]
                });
                let [capacity, success, health_ppm] = sums.map(|sum| sum / count);
                let own = degraded(plan, faults, |target| match target {
                    Target::Store { store, region } => {
                        store as usize == s && region.is_none_or(|region| region == here)
                    }
                    Target::Domain(_) | Target::Link(_) => false,
                });
                *condition = Condition {
                    capacity_ppm: capacity * own.capacity / 1_000_000,
                    errors_ppm: 1_000_000 - success * own.success / 1_000_000,
                    health_ppm,
                    own_ppm: own.capacity * own.success / 1_000_000,
                };
            }
            st.dirty = true;
        }
    }
}

/// What is left, in millionths, of capacity and of the requests that succeed.
struct Left {
    capacity: u64,
    success: u64,
}

/// The product of the degradations that last at the targets that hold something.
fn degraded(plan: &Plan, faults: &Faults, holds: impl Fn(Target) -> bool) -> Left {
    let mut left = Left { capacity: 1_000_000, success: 1_000_000 };
    for &p in &faults.active {
        let Effect::Degrade { capacity_ppm, errors_ppm } = plan.rule(p).effect else { continue };
        for _ in faults.taken(plan, p).filter(|&target| holds(target)) {
            left.capacity = left.capacity * u64::from(capacity_ppm) / 1_000_000;
            left.success = left.success * (1_000_000 - u64::from(errors_ppm)) / 1_000_000;
        }
    }
    left
}
