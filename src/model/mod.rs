//! What is simulated, as plain validated data with dense ids: the world, its faults, the stores, redundancy
//! blocks and scripted actions. One [`Model`] is one variant of a scenario.
//!
//! The model knows no text format, no file, no terminal and draws no random number; [`Law`](crate::rng::Law)s
//! appear in it as data.

pub mod action;
pub mod block;
pub mod fault;
pub mod store;
pub mod workload;
pub mod world;

pub use action::{Action, Command};
pub use block::{Block, Member};
pub use fault::{Cascade, CauseClass, Effect, FaultRule, Party, Schedule, Target};
pub use store::{
    Client, Consistency, Failover, FailoverMode, OnReturn, Placement, Rebuild, Redirect, Store, StoreRegion,
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
    /// Scripted actions in order of time, ties in order of declaration.
    pub actions: Vec<Action>,
    /// The measured time.
    pub horizon: Duration,
    /// Simulated but not measured time before it.
    pub warmup: Duration,
    /// Most events one replication may handle before it is stopped.
    pub max_events: u64,
}
