//! A model made ready to run: dense tables that the event loop reads and never changes.

use crate::engine::Slot;
use crate::model::{Command, DomainId, DomainKind, Effect, FaultRule, Member, Model, Schedule, Target};
use crate::rng::{Law, Marks, Purpose, PurposeClash};
use crate::sim::backup::{MOST_VAULTS, UNUSABLE};
use crate::sim::cascades::expand_cascades;
use crate::sim::driver::word;
use crate::sim::faults::identities;
use crate::sim::front::FrontPlan;
use crate::sim::layout::{StorePlan, layout};
use crate::sim::runbooks::RunbookPlan;
use crate::sim::serve::MOST_CLIENTS;
use crate::sim::services::ServicePlan;
use crate::sim::state::StoreRules;
use crate::units::Time;
use core::ops::Range;

/// Who listens when a domain goes down or comes back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Watcher {
    /// A member of a redundancy block.
    Block { block: u32 },
    /// A zone of a store region that counts its live zones.
    Zone { store: u32, region: u8 },
    /// A zone that holds backups of a store.
    Vault { store: u32 },
    /// A node of a site of a tier.
    Site { site: u32 },
}

/// A replica on a node: this bit of this copy of the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Replica {
    pub(crate) store: u32,
    pub(crate) copy: u32,
    pub(crate) bit: u16,
}

/// One renewal process: a rule on one target, or a common-cause rule on all its targets.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Process {
    pub(crate) rule: u32,
    /// The targets it strikes: indices into the rule's list.
    pub(crate) targets: Range<u32>,
    pub(crate) purpose: u32,
    /// Where this process's hit flags start (common cause only).
    pub(crate) hits: u32,
    /// A fleet strikes for it.
    pub(crate) in_fleet: bool,
    /// The subtree of domains it holds down, and how, if that is all it does.
    pub(crate) holds: Option<(Range<u32>, Effect)>,
    /// Consequences, expanded to processes.
    pub(crate) cascades: Vec<CascadeEdge>,
}

/// Nodes of one zone (or datacenter) whose up times have no memory: one clock strikes for all of them, and each of
/// its strikes names the node. A strike at a node that this rule holds down already is none (thinning), so every
/// node is the renewal process that the rule describes.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Fleet {
    /// Its processes.
    pub(crate) processes: Range<u32>,
    pub(crate) purpose: u32,
    /// Time to the next strike of any of them.
    pub(crate) uptime: Law,
}

/// "An occurrence of this process may start that process."
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct CascadeEdge {
    /// Index into the rule's cascades.
    pub(crate) cascade: u32,
    pub(crate) process: u32,
    /// Words of the cause's mark: chance, then delay.
    pub(crate) word: u32,
    /// Stream of the caused occurrence's own marks, numbered by the cause.
    pub(crate) purpose: u32,
}

/// Ranges of slot ids. Their order is the order of classes within an instant (design D2).
#[derive(Clone, Debug)]
pub(crate) struct Slots {
    /// Start and end of measurement.
    pub(crate) start: Slot,
    pub(crate) end: Slot,
    /// The next entry of a recorded fault history, in place of processes and fleets.
    pub(crate) tape: Slot,
    pub(crate) processes: u32,
    pub(crate) fleets: u32,
    pub(crate) actions: u32,
    /// First slot of each store; [`StorePlan`] knows the order inside.
    pub(crate) stores: Vec<u32>,
    /// First slot of tiers and routers, and of runbooks.
    pub(crate) front: u32,
    pub(crate) runbooks: u32,
    pub(crate) count: u32,
}

/// A model with every table the simulation needs; shared by all replications and threads.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(crate) model: Model,
    pub(crate) purposes: Vec<Purpose>,
    /// Stream of each scripted action.
    pub(crate) action_purpose: u32,
    /// Stream of each store, for marks that no occurrence gives.
    pub(crate) store_purpose: u32,
    /// Stream of each store's backups (of its own stream, if there are none), numbered by backup.
    pub(crate) backup_purpose: Vec<u32>,
    pub(crate) has_backups: bool,
    pub(crate) runbooks: Vec<RunbookPlan>,
    pub(crate) processes: Vec<Process>,
    pub(crate) fleets: Vec<Fleet>,
    pub(crate) hits: u32,
    /// What each target of a process is called and what is done to it, hashed; in the places of the hit flags.
    pub(crate) identities: Vec<u64>,
    /// One past the last descendant of each domain (domains are in depth-first order).
    pub(crate) subtree_end: Vec<u32>,
    pub(crate) watcher_start: Vec<u32>,
    pub(crate) watchers: Vec<Watcher>,
    pub(crate) replica_start: Vec<u32>,
    pub(crate) replicas: Vec<Replica>,
    pub(crate) stores: Vec<StorePlan>,
    pub(crate) rules: Vec<StoreRules>,
    pub(crate) services: ServicePlan,
    pub(crate) front: FrontPlan,
    /// Blocks that contain each block.
    pub(crate) parents: Vec<Vec<u32>>,
    pub(crate) slots: Slots,
    /// Start and end of measurement.
    pub(crate) start: Time,
    pub(crate) end: Time,
}

impl Plan {
    /// Lays out a model.
    ///
    /// # Errors
    /// Two random streams whose names have the same 128-bit hash (not seen in practice).
    ///
    /// # Panics
    /// If a store has no region, more than 16 regions or replicas, or more than 64 client populations.
    pub fn new(model: &Model) -> Result<Plan, PurposeClash> {
        let model = model.clone();
        let mut purposes = Vec::new();
        let (mut processes, fleets) = processes(&model, &mut purposes);
        for store in &model.stores {
            assert!(store.clients.len() <= MOST_CLIENTS, "at most {MOST_CLIENTS} client populations");
            assert!((1..=16).contains(&store.regions.len()) && (1..=16).contains(&store.replicas));
        }
        let hits = assign_hits(&mut processes);
        let identities = identities(&model, &processes);
        let subtree_end = subtree_ends(&model);
        assign_holds(&model, &subtree_end, &mut processes);
        expand_cascades(&model, &mut processes, &mut purposes);
        let action_purpose = add_purpose(&mut purposes, "action".into(), word::EXTRA);
        let store_purpose = purposes.len() as u32;
        for store in &model.stores {
            add_purpose(&mut purposes, format!("store {}", store.name), word::EXTRA);
        }
        let backup_purpose = backup_purposes(&model, store_purpose, &mut purposes);
        let runbooks = RunbookPlan::all(&model, &processes, &mut purposes);
        Marks::new(0, &purposes)?;
        let stores: Vec<StorePlan> = model.stores.iter().map(|s| layout(&model, s)).collect();
        let rules =
            model.stores.iter().zip(&stores).map(|(m, s)| StoreRules::new(&model.world, m, s)).collect();
        let (services, front) = (ServicePlan::new(&model), FrontPlan::new(&model));
        let (watcher_start, watchers) = in_rows(watchers(&model, &front));
        let (replica_start, replicas) = in_rows(replicas(&model, &stores));
        let slots = slots(&model, &processes, fleets.len(), &stores, &front);
        let start = Time::ZERO + model.warmup;
        let end = start + model.horizon;
        let parents = parents(&model);
        let has_backups = model.stores.iter().any(|s| s.backup.is_some());
        Ok(Plan {
            model,
            purposes,
            action_purpose,
            store_purpose,
            backup_purpose,
            has_backups,
            runbooks,
            processes,
            fleets,
            hits,
            identities,
            subtree_end,
            watcher_start,
            watchers,
            replica_start,
            replicas,
            stores,
            rules,
            services,
            front,
            parents,
            slots,
            start,
            end,
        })
    }

    /// The model this plan was made from.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Whether a store must be looked at every hour: its demand follows a profile and may exceed its throughput.
    pub(crate) fn hourly(&self, s: usize) -> bool {
        let store = &self.model.stores[s];
        let throttles = store.throughput_mru.is_some()
            || self.model.commands().any(|c| matches!(c, Command::SetThroughput { .. }));
        (throttles || self.stores[s].lags.is_some()) && !store.profile.is_flat()
    }

    #[inline]
    pub(crate) fn watchers_of(&self, domain: u32) -> &[Watcher] {
        let d = domain as usize;
        &self.watchers[self.watcher_start[d] as usize..self.watcher_start[d + 1] as usize]
    }

    #[inline]
    pub(crate) fn replicas_of(&self, domain: u32) -> &[Replica] {
        let d = domain as usize;
        &self.replicas[self.replica_start[d] as usize..self.replica_start[d + 1] as usize]
    }

    #[inline]
    pub(crate) fn rule(&self, process: u32) -> &FaultRule {
        &self.model.faults[self.processes[process as usize].rule as usize]
    }
}

/// A stream for each store with backups.
fn backup_purposes(model: &Model, store_purpose: u32, purposes: &mut Vec<Purpose>) -> Vec<u32> {
    let words = UNUSABLE + MOST_VAULTS;
    let streams = model.stores.iter().zip(store_purpose..).map(|(store, own)| match store.backup {
        Some(_) => add_purpose(purposes, format!("backup {}", store.name), words),
        None => own,
    });
    streams.collect()
}

pub(crate) fn add_purpose(purposes: &mut Vec<Purpose>, name: String, words: u32) -> u32 {
    purposes.push(Purpose { name, words });
    purposes.len() as u32 - 1
}

/// A process per (rule, target), or one per common-cause rule; streams are named by rule and target, those of
/// fleets by rule and the domain around them.
fn processes(model: &Model, purposes: &mut Vec<Purpose>) -> (Vec<Process>, Vec<Fleet>) {
    let (mut all, mut fleets) = (Vec::new(), Vec::new());
    for (rule, fault) in model.faults.iter().enumerate() {
        let n = fault.targets.len() as u32;
        let mut first = 0;
        while first < n {
            let size = if fault.together_ppm.is_some() { n } else { fleet_size(model, fault, first) };
            let target = fault.targets[first as usize];
            let place = match (fault.together_ppm, target) {
                (Some(_), _) => "*".to_string(),
                (None, Target::Domain(d)) if size > 1 => {
                    let around = model.world.domain(d).parent.expect("a node has a domain around it");
                    format!("{}/*", model.selector(Target::Domain(around)))
                }
                _ => model.selector(target),
            };
            let purpose = add_purpose(purposes, format!("fault {} {place}", fault.name), word::EXTRA);
            let each = if fault.together_ppm.is_some() { size } else { 1 };
            let start = all.len() as u32;
            for targets in (first..first + size).step_by(each as usize).map(|t| t..t + each) {
                let in_fleet = size > 1 && each == 1;
                all.push(Process {
                    rule: rule as u32,
                    targets,
                    purpose,
                    hits: 0,
                    in_fleet,
                    holds: None,
                    cascades: Vec::new(),
                });
            }
            if let (Schedule::Stochastic { uptime }, true) = (&fault.schedule, size > each)
                && let Some(uptime) = uptime.first_of(size)
            {
                fleets.push(Fleet { processes: start..all.len() as u32, purpose, uptime });
            }
            first += size;
        }
    }
    (all, fleets)
}

/// How many targets from `first` on form a fleet: nodes side by side in one domain, under a law without memory.
fn fleet_size(model: &Model, fault: &FaultRule, first: u32) -> u32 {
    let Schedule::Stochastic { uptime } = &fault.schedule else { return 1 };
    let home = |target: Target| match target {
        Target::Domain(d) if model.world.domain(d).kind == DomainKind::Node => model.world.domain(d).parent,
        _ => None,
    };
    let here = home(fault.targets[first as usize]);
    if here.is_none() || uptime.first_of(1).is_none() {
        return 1;
    }
    fault.targets[first as usize..].iter().take_while(|&&t| home(t) == here).count() as u32
}

fn assign_hits(processes: &mut [Process]) -> u32 {
    let mut hits = 0;
    for process in processes {
        process.hits = hits;
        hits += process.targets.len() as u32;
    }
    hits
}

fn assign_holds(model: &Model, subtree_end: &[u32], processes: &mut [Process]) {
    for process in processes {
        let rule = &model.faults[process.rule as usize];
        let holds = matches!(rule.effect, Effect::Down | Effect::Destroy | Effect::Maintenance);
        if let (true, None, Target::Domain(d)) =
            (holds, rule.together_ppm, rule.targets[process.targets.start as usize])
        {
            process.holds = Some((d.0..subtree_end[d.0 as usize], rule.effect));
        }
    }
}

fn subtree_ends(model: &Model) -> Vec<u32> {
    let domains = &model.world.domains;
    let mut ends: Vec<u32> = (1..=domains.len() as u32).collect();
    for (i, domain) in domains.iter().enumerate().rev() {
        if let Some(DomainId(parent)) = domain.parent {
            ends[parent as usize] = ends[parent as usize].max(ends[i]);
        }
    }
    ends
}

/// Who listens to each domain.
fn watchers(model: &Model, front: &FrontPlan) -> Vec<Vec<Watcher>> {
    let mut by_domain: Vec<Vec<Watcher>> = vec![Vec::new(); model.world.domains.len()];
    for (b, block) in model.blocks.iter().enumerate() {
        for member in &block.members {
            if let Member::Domain(d) = member {
                by_domain[d.0 as usize].push(Watcher::Block { block: b as u32 });
            }
        }
    }
    for (s, store) in model.stores.iter().enumerate() {
        for (r, region) in store.regions.iter().enumerate().filter(|(_, region)| region.min_zones > 1) {
            for zone in model.world.zones(region.region) {
                by_domain[zone.0 as usize].push(Watcher::Zone { store: s as u32, region: r as u8 });
            }
        }
    }
    for (s, store) in model.stores.iter().enumerate() {
        let mut zones: Vec<DomainId> = Vec::new();
        for vault in store.backup.iter().flat_map(|b| &b.vaults) {
            zones.extend(model.world.zones(vault.region).filter(|&z| vault.zone.is_none_or(|own| own == z)));
        }
        zones.sort();
        zones.dedup();
        for zone in zones {
            by_domain[zone.0 as usize].push(Watcher::Vault { store: s as u32 });
        }
    }
    for (node, site) in front.watched() {
        by_domain[node.0 as usize].push(Watcher::Site { site });
    }
    by_domain
}

/// The replicas on each domain (on nodes, that is).
fn replicas(model: &Model, stores: &[StorePlan]) -> Vec<Vec<Replica>> {
    let mut by_domain: Vec<Vec<Replica>> = vec![Vec::new(); model.world.domains.len()];
    for (s, (plan, store)) in stores.iter().zip(&model.stores).enumerate() {
        for (copy, nodes) in plan.nodes.chunks(store.replicas as usize).enumerate() {
            for (i, node) in nodes.iter().enumerate() {
                let domain = model.world.nodes[node.0 as usize];
                by_domain[domain.0 as usize].push(Replica {
                    store: s as u32,
                    copy: copy as u32,
                    bit: 1 << i,
                });
            }
        }
    }
    by_domain
}

/// Lists side by side, with the start of each.
fn in_rows<T>(lists: Vec<Vec<T>>) -> (Vec<u32>, Vec<T>) {
    let mut start = vec![0];
    let mut all = Vec::new();
    for list in lists {
        all.extend(list);
        start.push(all.len() as u32);
    }
    (start, all)
}

fn slots(
    model: &Model,
    processes: &[Process],
    fleets: usize,
    stores: &[StorePlan],
    front: &FrontPlan,
) -> Slots {
    let processes_at = 3;
    let fleets_at = processes_at + processes.len() as u32;
    let actions = fleets_at + fleets as u32;
    let mut next = actions + model.actions.len() as u32;
    let mut at = Vec::new();
    for store in stores {
        at.push(next);
        next += store.slots();
    }
    Slots {
        start: Slot(0),
        end: Slot(1),
        tape: Slot(2),
        processes: processes_at,
        fleets: fleets_at,
        actions,
        stores: at,
        front: next,
        runbooks: next + front.slots(),
        count: next + front.slots() + RunbookPlan::slots(model),
    }
}

fn parents(model: &Model) -> Vec<Vec<u32>> {
    let mut parents = vec![Vec::new(); model.blocks.len()];
    for (b, block) in model.blocks.iter().enumerate() {
        for member in &block.members {
            if let Member::Block(child) = member {
                parents[*child as usize].push(b as u32);
            }
        }
    }
    parents
}
