//! Fault rules: what strikes what, when, for how long, with which consequences.

use super::world::{DomainId, DomainKind, LinkId, RegionId, World};
use crate::rng::Law;
use crate::units::Duration;

/// Something a fault can strike.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Target {
    /// A domain of the tree.
    Domain(DomainId),
    /// A declared link.
    Link(LinkId),
    /// One store, or its part in one region, and nothing around it.
    Store {
        /// Index of the store.
        store: u32,
        /// Only what it has in this region, which may be nothing; `None`: in all its regions.
        region: Option<RegionId>,
    },
}

impl Target {
    /// Selector that names exactly this target: `zone:westeurope/2`, `link:west-north`, `store:orders/westeurope`.
    pub fn selector<'s>(self, world: &World, store_name: impl Fn(u32) -> &'s str) -> String {
        match self {
            Target::Domain(id) => {
                let domain = world.domain(id);
                format!("{}:{}", domain.kind.word(), domain.path)
            }
            Target::Link(id) => format!("link:{}", world.links[id.0 as usize].name),
            Target::Store { store, region: None } => format!("store:{}", store_name(store)),
            Target::Store { store, region: Some(region) } => {
                format!("store:{}/{}", store_name(store), world.region_name(region))
            }
        }
    }

    /// Level of the struck domain; `None` for a link or a store.
    pub fn kind(self, world: &World) -> Option<DomainKind> {
        match self {
            Target::Domain(id) => Some(world.domain(id).kind),
            Target::Link(_) | Target::Store { .. } => None,
        }
    }
}

/// What an occurrence does to its target while it lasts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Unreachable; state is kept.
    Down,
    /// Unreachable, and the data on it is gone for ever: it returns empty.
    Destroy,
    /// A region or link is cut off while both sides run on. Targets: regions and links.
    Isolate,
    /// Capacity is multiplied by this many millionths (0 ..= 1_000_000), and a share of the requests fails.
    Degrade {
        /// Remaining capacity in millionths.
        capacity_ppm: u32,
        /// Share of the requests that fail, in millionths.
        errors_ppm: u32,
    },
    /// Only this share of the data partitions is down, in millionths (1 ..= 1_000_000). Targets: regions and stores.
    Partial {
        /// Share of partitions hit, in millionths.
        share_ppm: u32,
    },
    /// Replication into and out of a region, over a link, or of a store, takes longer. Targets: regions, links and stores.
    Lag {
        /// Added to the replication lag.
        extra: Duration,
        /// Share of partitions hit, in millionths (1 ..= 1_000_000).
        share_ppm: u32,
    },
    /// Announced and drained: configurations leave the target before it goes down. Targets: domains.
    Maintenance,
    /// The writers of the target's stores damage data; damage travels like any write. Targets: stores, and regions (where the
    /// writes of a partition are taken).
    Corrupt {
        /// Share of partitions hit, in millionths.
        share_ppm: u32,
        /// Which data.
        damages: Damages,
    },
}

impl Effect {
    /// Whether what it strikes is down or cut off while it lasts.
    pub fn takes_out(self) -> bool {
        matches!(self, Effect::Down | Effect::Destroy | Effect::Maintenance | Effect::Isolate)
    }

    /// Word used in scenarios and timelines.
    pub fn word(self) -> &'static str {
        match self {
            Effect::Down => "down",
            Effect::Destroy => "destroy",
            Effect::Isolate => "isolate",
            Effect::Degrade { .. } => "degrade",
            Effect::Partial { .. } => "partial",
            Effect::Lag { .. } => "lag",
            Effect::Maintenance => "maintenance",
            Effect::Corrupt { .. } => "corrupt",
        }
    }
}

/// What a `corrupt` fault damages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Damages {
    /// All that is stored when it strikes, and what is written while it lasts.
    Data,
    /// What is written while it lasts.
    Writes,
}

/// Why a fault happens; results can be split by it (rule c01).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum CauseClass {
    /// Not said.
    #[default]
    Unspecified,
    /// Broken machines.
    Hardware,
    /// Loss of electric power.
    Power,
    /// Loss of cooling.
    Cooling,
    /// Network equipment or fibre.
    Network,
    /// A software defect or a bad deployment.
    Software,
    /// A wrong configuration.
    Configuration,
    /// A mistake of a person.
    Human,
    /// Earthquake.
    Earthquake,
    /// Flood.
    Flood,
    /// Fire.
    Fire,
    /// Announced work.
    Maintenance,
}

/// Who answers for a second of an outage or a lost write (rule x02).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Party {
    /// Whoever runs the service.
    #[default]
    Provider = 0,
    /// Whoever uses it.
    Customer = 1,
}

impl Party {
    /// Both parties, in index order.
    pub const ALL: [Party; 2] = [Party::Provider, Party::Customer];

    /// `provider` or `customer`.
    pub fn word(self) -> &'static str {
        match self {
            Party::Provider => "provider",
            Party::Customer => "customer",
        }
    }
}

/// When a rule's targets are struck.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// At these times after the start of measurement, ascending; one occurrence each per target.
    Scripted(Vec<Duration>),
    /// A renewal process per target: up for a time that follows the law, then struck.
    Stochastic {
        /// Law of the time from the end of an occurrence (or the start) to the next strike.
        uptime: Law,
    },
    /// Only as a consequence of other rules' occurrences.
    Cascaded,
}

/// A possible consequence of an occurrence: another rule strikes.
#[derive(Clone, Debug, PartialEq)]
pub struct Cascade {
    /// Index of the rule that may strike (its schedule is [`Schedule::Cascaded`], and rules do not form a cycle).
    pub rule: u32,
    /// Chance in millionths, drawn once per caused target.
    pub probability_ppm: u32,
    /// Law of the time between cause and consequence.
    pub delay: Law,
    /// Strike only targets that contain, equal or lie within the causing target.
    pub same_place: bool,
}

/// One fault rule.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultRule {
    /// Name in the scenario; names the random streams, with the target (design D3).
    pub name: String,
    /// Why.
    pub cause: CauseClass,
    /// Who answers for the time until it is repaired, and for the writes it costs.
    pub party: Party,
    /// What it does.
    pub effect: Effect,
    /// What it can strike, in world order, without repetition, never empty.
    pub targets: Vec<Target>,
    /// When.
    pub schedule: Schedule,
    /// Law of the time to repair.
    pub duration: Law,
    /// Number of repair teams the rule's targets share; `None`: a team for each.
    pub crews: Option<u32>,
    /// `Some(p)`: common cause. One process for the whole rule; each occurrence takes every target with
    /// probability p (millionths), and all it took return together. `None`: a process per target.
    pub together_ppm: Option<u32>,
    /// What its occurrences may cause.
    pub cascades: Vec<Cascade>,
}
