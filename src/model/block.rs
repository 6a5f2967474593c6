//! Redundancy blocks: `k` of `n`, for questions of availability without data.

use super::world::DomainId;

/// What a block counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Member {
    /// A domain: up while no fault holds it or a domain around it down.
    Domain(DomainId),
    /// Another block, declared before (index into [`Model::blocks`](super::Model::blocks)).
    Block(u32),
}

/// Up while at least `need` of its members are up.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Name in the scenario.
    pub name: String,
    /// Members that must be up, 1 ..= members.
    pub need: u32,
    /// What is counted; never empty.
    pub members: Vec<Member>,
    /// Whether results show it (`report = false` for blocks that only serve others).
    pub report: bool,
}
