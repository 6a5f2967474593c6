//! Scripted actions of people or automation.

use super::Model;
use super::service::Part;
use super::store::FailoverMode;
use crate::units::Duration;

/// Something done at a scripted time.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Time after the start of measurement.
    pub at: Duration,
    /// What is done.
    pub command: Command,
}

/// What an action does. Stores and regions are indices; regions into [`Store::regions`](super::Store::regions).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Command {
    /// Change the write region; needs both regions, loses nothing, fails while either is down (rules c20, c21).
    Failover {
        /// Index of the store.
        store: u32,
        /// The new write region.
        to: u8,
    },
    /// Promote a region although the write region is gone, accepting loss; takes the promote and redirect phases.
    ForceFailover {
        /// Index of the store.
        store: u32,
        /// The new write region; `None`: the next in the priority list.
        to: Option<u8>,
    },
    /// Take a read region out of the store until it is put back online by action.
    Offline {
        /// Index of the store.
        store: u32,
        /// The region.
        region: u8,
    },
    /// Put a region taken offline by action back; it catches up first.
    Online {
        /// Index of the store.
        store: u32,
        /// The region.
        region: u8,
    },
    /// Make a region part of the store: empty at first, it serves once it has been seeded and has caught up
    /// (rule c02).
    AddRegion {
        /// Index of the store.
        store: u32,
        /// The region, which [joins later](super::StoreRegion::joins_later).
        region: u8,
    },
    /// Switch the failover policy.
    SetFailover {
        /// Index of the store.
        store: u32,
        /// The new mode.
        mode: FailoverMode,
    },
    /// Restore a store from its newest backup that survives, into a region, and go on there. Needs a backup whose place
    /// can be read and nodes to restore to; waits for both.
    Restore {
        /// Index of the store.
        store: u32,
        /// The region restored into.
        into: u8,
    },
    /// Give up what a store held and start again from nothing in a region.
    StartEmpty {
        /// Index of the store.
        store: u32,
        /// The region.
        into: u8,
    },
    /// Change how many instances of a tier run at one of its sites.
    Scale {
        /// Index of the tier.
        tier: u32,
        /// Index of the site.
        site: u8,
        /// Instances.
        instances: u32,
    },
    /// Send a router's requests to one target.
    Route {
        /// Index of the router.
        router: u32,
        /// Index of the target.
        to: u8,
    },
    /// Change the provisioned throughput of every region.
    SetThroughput {
        /// Index of the store.
        store: u32,
        /// Thousandths of a request unit per second; `None`: unlimited.
        throughput_mru: Option<u64>,
    },
}

impl Command {
    /// What it is done to.
    pub fn part(self) -> Part {
        match self {
            Command::Failover { store, .. }
            | Command::ForceFailover { store, .. }
            | Command::Offline { store, .. }
            | Command::Online { store, .. }
            | Command::AddRegion { store, .. }
            | Command::SetFailover { store, .. }
            | Command::Restore { store, .. }
            | Command::StartEmpty { store, .. }
            | Command::SetThroughput { store, .. } => Part::Store(store),
            Command::Scale { tier, .. } => Part::Tier(tier),
            Command::Route { router, .. } => Part::Router(router),
        }
    }

    /// What is done, in the words of a scenario: `failover orders to northeurope`.
    pub fn describe(self, model: &Model) -> String {
        let name = |store: u32| &model.stores[store as usize].name;
        let place = |store: u32, region: u8| {
            model.stores[store as usize].place_name(&model.world, usize::from(region))
        };
        match self {
            Command::Failover { store, to } => format!("failover {} to {}", name(store), place(store, to)),
            Command::ForceFailover { store, to: Some(to) } => {
                format!("force-failover {} to {}", name(store), place(store, to))
            }
            Command::ForceFailover { store, to: None } => {
                format!("force-failover {} to the next", name(store))
            }
            Command::Offline { store, region } => {
                format!("offline {} in {}", name(store), place(store, region))
            }
            Command::Online { store, region } => {
                format!("online {} in {}", name(store), place(store, region))
            }
            Command::AddRegion { store, region } => {
                format!("add-region {} in {}", name(store), place(store, region))
            }
            Command::Restore { store, into } => format!("restore {} in {}", name(store), place(store, into)),
            Command::StartEmpty { store, into } => {
                format!("start-empty {} in {}", name(store), place(store, into))
            }
            Command::Scale { tier, site, instances } => {
                let tier = &model.tiers[tier as usize];
                let region = model.world.region_name(tier.sites[usize::from(site)].region);
                format!("scale {} in {region} to {instances}", tier.name)
            }
            Command::Route { router, to } => {
                let router = &model.routers[router as usize];
                let target = &model.world.domain(router.targets[usize::from(to)]).path;
                format!("route {} to {target}", router.name)
            }
            Command::SetThroughput { store, throughput_mru: Some(mru) } => {
                format!("set-throughput {} to {}", name(store), mru as f64 / 1000.0)
            }
            Command::SetThroughput { store, throughput_mru: None } => {
                format!("set-throughput {} to unlimited", name(store))
            }
            Command::SetFailover { store, mode } => {
                format!("set-failover {} to {}", name(store), mode.word_in(&model.stores[store as usize]))
            }
        }
    }
}
