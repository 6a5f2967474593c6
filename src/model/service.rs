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
    /// What an instance costs, if that is known.
    pub price: Option<TierPrice>,
}

/// What the instances of a tier cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierPrice {
    /// Billionths of the money for an hour of an instance.
    pub instance_nano: u64,
    /// Name of the money.
    pub currency: Option<String>,
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

/// Rates in thousandths per second × peak of the profile in thousandths × partitions (of services: × weight) may be
/// this much: volumes of 400 years, and sums of them, fit into `i128` then.
pub const MOST_VOLUME: u128 = 100_000_000_000_000_000;

impl Service {
    /// How many times each request is counted, so that shares of requests are whole numbers: a power of two, 2^30 at
    /// most, that leaves volumes countable.
    pub fn weight(&self) -> i128 {
        let rates = u128::from(self.reads_mps) + u128::from(self.writes_mps);
        let fits = |bits: &u32| (rates * u128::from(self.profile.peak())) << bits <= MOST_VOLUME;
        1 << (0..=30).rev().find(fits).unwrap_or(0)
    }

    /// Reads and writes, in thousandths of a request per second × [`Service::weight`].
    pub(crate) fn demand(&self) -> [i128; 2] {
        [self.reads_mps, self.writes_mps].map(|mps| i128::from(mps) * self.weight())
    }
}

impl Model {
    /// Stores that a service needs, by itself or through other services, each once, in order.
    pub fn stores_of(&self, service: u32) -> Vec<u32> {
        self.parts_of(service, |part| match part {
            Part::Store(store) => Some(store),
            _ => None,
        })
    }

    /// Tiers that a service needs, by itself, behind routers or through other services, each once, in order.
    pub fn tiers_of(&self, service: u32) -> Vec<u32> {
        self.parts_of(service, |part| match part {
            Part::Tier(tier) => Some(tier),
            Part::Router(router) => Some(self.routers[router as usize].tier),
            _ => None,
        })
    }

    fn parts_of(&self, service: u32, wanted: impl Fn(Part) -> Option<u32>) -> Vec<u32> {
        let mut found = Vec::new();
        let mut left = vec![service];
        while let Some(service) = left.pop() {
            for need in &self.services[service as usize].needs {
                found.extend(wanted(need.on));
                if let Part::Service(inner) = need.on {
                    left.push(inner);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// A call that a service makes for a request: of a part, or of another service, whose own calls follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Of what.
    pub on: Part,
    /// Share of the requests, in millionths, that make it and fail if it does.
    pub share_ppm: u32,
    /// How many of the calls that follow are made by it; 0 unless it is of a service.
    pub inner: u32,
}

/// Most parts, services apart, that requests of one kind of a service may end at.
pub const MOST_PARTS: usize = 64;
/// Most of them that may be called in several places without being needed.
pub const MOST_SHARED: usize = 8;
/// Most calls that one request may lead to.
pub const MOST_CALLS: usize = 10_000;

/// What a request of a service leads to, in order of declaration: services that are called by every request are
/// replaced by their calls, so that a call outside of all others that has a whole share is needed. `path` is
/// [`Series::Read`] or [`Series::Write`]. `None` if there are more than [`MOST_CALLS`], services included.
pub fn calls(services: &[Service], service: u32, path: Series) -> Option<Vec<Call>> {
    let (mut found, mut left) = (Vec::new(), MOST_CALLS);
    add_calls(services, service, path, &mut found, &mut left)?;
    Some(found)
}

fn add_calls(
    services: &[Service],
    service: u32,
    path: Series,
    found: &mut Vec<Call>,
    left: &mut usize,
) -> Option<()> {
    let needs = services[service as usize].needs.iter();
    for &Need { on, share_ppm, .. } in needs.filter(|n| n.path == path || n.path == Series::All) {
        *left = left.checked_sub(1)?;
        let (at, whole) = (found.len(), share_ppm == 1_000_000);
        let Part::Service(inner) = on else {
            found.push(Call { on, share_ppm, inner: 0 });
            continue;
        };
        if whole {
            add_calls(services, inner, path, found, left)?;
        } else {
            found.push(Call { on, share_ppm, inner: 0 });
            add_calls(services, inner, path, found, left)?;
            found[at].inner = (found.len() - at - 1) as u32;
        }
    }
    Some(())
}

/// What requests end at, each once, in the order in which it is called first.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Ends {
    /// The parts; no services.
    pub parts: Vec<Part>,
    /// Those that every request needs, as places in `parts`.
    pub needed: Vec<usize>,
    /// The others that are called in several places.
    pub shared: Vec<usize>,
}

impl Ends {
    /// What these calls (see [`calls`]) end at.
    pub fn of(calls: &[Call]) -> Ends {
        let mut ends = Ends::default();
        let (mut uses, mut outside) = (Vec::new(), 0);
        for (i, call) in calls.iter().enumerate() {
            if matches!(call.on, Part::Service(_)) {
                outside = outside.max(i + 1 + call.inner as usize);
                continue;
            }
            let at = ends.parts.iter().position(|p| *p == call.on).unwrap_or_else(|| {
                ends.parts.push(call.on);
                uses.push(0);
                ends.parts.len() - 1
            });
            uses[at] += 1;
            if i >= outside && call.share_ppm == 1_000_000 && !ends.needed.contains(&at) {
                ends.needed.push(at);
            }
        }
        ends.shared = (0..uses.len()).filter(|at| uses[*at] > 1 && !ends.needed.contains(at)).collect();
        ends
    }
}
