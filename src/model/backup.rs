//! Backups of a store and how it is restored from them.

use super::store::StoreRegion;
use super::world::{DomainId, RegionId};
use crate::rng::Law;
use crate::units::Duration;

/// Where backups are kept. A vault loses what is in it when its place is destroyed, and cannot be read while its
/// place is down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Vault {
    /// Region it lies in.
    pub region: RegionId,
    /// The zone it lies in; `None`: spread over the zones of the region, so that it survives the loss of one.
    pub zone: Option<DomainId>,
}

/// What is backed up when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BackupPolicy {
    /// Every region ships what is committed there at every multiple of `period`; any instant up to the last
    /// shipment, to the `granularity`, can be restored for the time of `retention`.
    Continuous {
        /// Time between shipments, above 0.
        period: Duration,
        /// Step of the instants that can be asked for, above 0.
        granularity: Duration,
        /// How far back they go.
        retention: Duration,
    },
    /// The write region makes a full copy at every multiple of `interval`.
    Periodic {
        /// Time between starts, above 0.
        interval: Duration,
        /// A copy is usable this long after its start.
        duration: Duration,
        /// Copies kept, at least 1: the latest that were made.
        copies: u32,
        /// Chance that a copy is not made, in millionths.
        fails_ppm: u32,
        /// Partitions are copied at instants spread evenly over this time from the start on.
        skew: Duration,
    },
}

/// How a store is restored: phases one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Restore {
    /// From damage until somebody notices it. Destruction is noticed at once.
    pub notice: Law,
    /// Until somebody decides to restore.
    pub decide: Law,
    /// Until somebody starts it (a support request).
    pub request: Law,
    /// Time to copy 10^12 bytes.
    pub per_terabyte: Law,
    /// Chance that a copy turns out to be unusable once it was copied, in millionths.
    pub unusable_ppm: u32,
    /// Share of the writes since the point restored that is written again, in millionths; the rest is lost.
    pub reapply_ppm: u32,
    /// Region of the store that is restored into; `None`: its write region.
    pub into: Option<u8>,
    /// Whether a damaged store stops serving once it was decided to restore it.
    pub stops: bool,
}

impl Backup {
    /// Whether some backup of a store with these regions can be left when a region is lost, while it is written where it
    /// was at the start.
    pub fn survives(&self, regions: &[StoreRegion], lost: RegionId) -> bool {
        let made = |v: usize| match self.policy {
            _ if v == regions.len() => true,
            BackupPolicy::Continuous { .. } => !regions[v].joins_later,
            BackupPolicy::Periodic { .. } => v == 0,
        };
        self.vaults.iter().enumerate().any(|(v, vault)| made(v) && vault.region != lost)
    }
}

/// Backups of a store.
#[derive(Clone, Debug, PartialEq)]
pub struct Backup {
    /// What is backed up when.
    pub policy: BackupPolicy,
    /// Where: a vault of each of the store's regions, in their order, then a further one that holds a copy of all
    /// periodic backups, if there is one.
    pub vaults: Vec<Vault>,
    /// How the store is restored.
    pub restore: Restore,
}
