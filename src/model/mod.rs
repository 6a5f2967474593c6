//! What is simulated, as plain validated data with dense ids: the world, its faults, the stores, redundancy
//! blocks and scripted actions. One [`Model`] is one variant of a scenario.
//!
//! The model knows no text format, no file, no terminal and draws no random number; [`Law`](crate::rng::Law)s
//! appear in it as data.

pub mod action;
pub mod backup;
pub mod block;
pub mod calendar;
pub mod class;
pub mod fault;
pub mod objective;
pub mod price;
pub mod runbook;
pub mod service;
pub mod store;
pub mod workload;
pub mod world;

pub use action::{Action, Command};
pub use backup::{Backup, BackupPolicy, Restore, Vault};
pub use block::{Block, Member};
pub use class::Class;
pub use fault::{Cascade, CauseClass, Damages, Effect, FaultRule, Party, Schedule, Target};
pub use objective::Objective;
pub use price::{Billing, Price};
pub use runbook::{Hours, Runbook, Step, Trigger};
pub use service::{Balance, Call, Need, Part, Router, Service, Tier, TierPrice, TierSite, calls};
pub use store::{
    Agreement, Client, Conflicts, Consistency, Failover, FailoverMode, Hot, Members, OnReturn, Placement,
    Rebuild, Redirect, Resolve, Routing, RpoPromise, Store, StoreRegion, Tokens, Writes,
};
pub use workload::{PROFILE_ONE, Profile};
pub use world::{Domain, DomainId, DomainKind, Link, LinkId, NodeId, RegionId, World};

use crate::units::Duration;

/// Everything one replication needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// The failure domains and links.
    pub world: World,
    /// Fault rules in order of declaration.
    pub faults: Vec<FaultRule>,
    /// Replicated stores in order of declaration.
    pub stores: Vec<Store>,
    /// Redundancy blocks; a block refers only to blocks before it.
    pub blocks: Vec<Block>,
    /// Stateless tiers in order of declaration.
    pub tiers: Vec<Tier>,
    /// Routers in order of declaration.
    pub routers: Vec<Router>,
    /// Services; a service refers only to services before it.
    pub services: Vec<Service>,
    /// Runbooks in order of declaration.
    pub runbooks: Vec<Runbook>,
    /// Scripted actions in order of time, ties in order of declaration.
    pub actions: Vec<Action>,
    /// What it is held to, in order of declaration.
    pub objectives: Vec<Objective>,
    /// The measured time.
    pub horizon: Duration,
    /// Simulated but not measured time before it.
    pub warmup: Duration,
    /// Most events one replication may handle before it is stopped.
    pub max_events: u64,
}

impl Model {
    /// Whether a target lies in a region of the store, or links two of them.
    pub fn is_in(&self, store: &Store, target: Target) -> bool {
        let here = |region: RegionId| store.regions.iter().any(|r| r.region == region);
        match target {
            Target::Domain(d) => here(self.world.domain(d).region),
            Target::Store { store: s, region } => {
                self.stores[s as usize].name == store.name && region.is_none_or(here)
            }
            Target::Link(l) => self.world.links[l.0 as usize].ends.iter().all(|&r| here(r)),
        }
    }

    /// Rules that lengthen the lag somewhere in a store; none where replication is synchronous.
    pub fn lag_faults(&self, store: &Store) -> impl Iterator<Item = u32> {
        let synchronous = store.regions.len() == 1 || store.consistency == Consistency::Strong;
        let lags = move |f: &FaultRule| {
            let here = f.targets.iter().any(|&t| self.is_in(store, t));
            matches!(f.effect, Effect::Lag { .. }) && here && !synchronous
        };
        self.faults.iter().enumerate().filter(move |(_, f)| lags(f)).map(|(i, _)| i as u32)
    }

    /// Everything that actions and steps of runbooks do.
    pub fn commands(&self) -> impl Iterator<Item = Command> + '_ {
        let steps = self.runbooks.iter().flat_map(|r| &r.steps);
        self.actions.iter().map(|a| a.command).chain(steps.filter_map(|s| s.does))
    }

    /// Selector that names exactly this target.
    pub fn selector(&self, target: Target) -> String {
        target.selector(&self.world, |store| &self.stores[store as usize].name)
    }

    /// Whether something depends on how far regions lag, item by item or write by write.
    pub fn watches_items(&self, store: &Store) -> bool {
        let waits = |c: &Client| c.tokens == Tokens::ReadsAndWrites && store.writes == Writes::Multi;
        let asynchronous = store.regions.len() > 1 && store.consistency != Consistency::Strong;
        asynchronous && (store.hot.is_some() || store.clients.iter().any(waits))
    }

    /// Whether results show the lags of a store.
    pub fn watches_lags(&self, store: &Store) -> bool {
        self.watches_items(store) || self.lag_faults(store).next().is_some()
    }
}
