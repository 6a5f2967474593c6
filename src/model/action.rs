//! Scripted actions of people or automation.

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
    /// Switch the failover policy.
    SetFailover {
        /// Index of the store.
        store: u32,
        /// The new mode.
        mode: FailoverMode,
    },
    /// Change the provisioned throughput of every region.
    SetThroughput {
        /// Index of the store.
        store: u32,
        /// Thousandths of a request unit per second; `None`: unlimited.
        throughput_mru: Option<u64>,
    },
}
