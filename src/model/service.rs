//! What stands in front of stores and is made of them: stateless tiers, routers and services.

use super::Model;
use super::objective::Series;
use super::workload::Profile;
use super::world::{DomainId, NodeId, RegionId};
use crate::rng::Law;
use crate::units::Duration;

/// Instances without state, placed on nodes. An instance serves while its node is up.
#[derive(Clone, Debug, PartialEq)]
pub struct Tier {
    /// Name in the scenario.
    pub name: String,
    /// Where it runs, each region once, never empty.
    pub sites: Vec<TierSite>,
    /// Instances that carry the whole load of the service, at least 1.
    pub needed: u32,
    /// From the return of its node until an instance serves again.
    pub start: Law,
    /// After this time the instances of lost nodes of a site run on its other nodes; `None`: they wait for their nodes.
    pub reschedule: Option<Law>,
}

/// The instances of a tier in one region.
#[derive(Clone, Debug, PartialEq)]
pub struct TierSite {
    /// Where.
    pub region: RegionId,
    /// The node of every instance that there can be, spread over zones first.
    pub nodes: Vec<NodeId>,
    /// How many of them, from the first on, run at the start; 0: none until [`Command::Scale`](super::Command::Scale).
    pub running: u32,
}

/// How a router chooses among targets that it takes for alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balance {
    /// All of them, each with the same share.
    Spread,
    /// The first of them.
    First,
    /// None by itself: the target that [`Command::Route`](super::Command::Route) named last; at the start the first.
    Manual,
}

/// A load balancer with DNS in front of a tier: it sends requests to targets that it takes for alive.
#[derive(Clone, Debug, PartialEq)]
pub struct Router {
    /// Name in the scenario.
    pub name: String,
    /// The tier it sends requests to (index in the model).
    pub tier: u32,
    /// Zones or regions in which the tier runs, in order of preference, no node twice, never empty.
    pub targets: Vec<DomainId>,
    /// How it chooses.
    pub balance: Balance,
    /// Time until it notices that a target died, or came back (probes as in [`Failover::detect`](super::Failover::detect)).
    pub detect: Law,
    /// How long clients keep an answer of DNS; they learn of a change evenly over this time.
    pub ttl: Duration,
    /// Share of the clients, in millionths, that keep it longer.
    pub stale_ppm: u32,
    /// How much longer.
    pub stale_for: Law,
}

/// What a service can need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A store or asset (index in the model).
    Store(u32),
    /// A redundancy block.
    Block(u32),
    /// A tier, whose load is spread over all its instances at once.
    Tier(u32),
    /// A router with the tier behind it.
    Router(u32),
    /// Another service, declared before.
    Service(u32),
}

/// A dependency of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// On what.
    pub on: Part,
    /// Requests of the service that go this way. Of a store, the requests of the same kind must be served.
    pub path: Series,
    /// Share of those requests, in millionths, that fails while the part is down; 1_000_000: it is needed.
    pub share_ppm: u32,
}

/// Something that users call: up while everything it needs is (rule x01).
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Name in the scenario.
    pub name: String,
    /// What it needs, in order of declaration.
    pub needs: Vec<Need>,
    /// Reads, in thousandths of a request per second.
    pub reads_mps: u64,
    /// Writes, in thousandths of a request per second.
    pub writes_mps: u64,
    /// Course of the rates over the week.
    pub profile: Profile,
    /// Failing share, in millionths, above which it counts as out (design D14).
    pub outage_threshold_ppm: u32,
}

impl Service {
    /// Reads and writes, in thousandths of a request per second.
    pub(crate) fn demand(&self) -> [i128; 2] {
        [self.reads_mps.into(), self.writes_mps.into()]
    }
}

impl Model {
    /// Stores that a service needs, by itself or through other services, each once, in order.
    pub fn stores_of(&self, service: u32) -> Vec<u32> {
        let mut found = Vec::new();
        let mut left = vec![service];
        while let Some(service) = left.pop() {
            for need in &self.services[service as usize].needs {
                match need.on {
                    Part::Store(store) => found.push(store),
                    Part::Service(inner) => left.push(inner),
                    Part::Block(_) | Part::Tier(_) | Part::Router(_) => {}
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}
