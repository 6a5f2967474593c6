//! Backups: which earlier states of a group they hold (rule c13).
//!
//! Nothing is stored when a backup is made. Backups are made at multiples of a time, so which exist follows from the
//! clock, from when each vault last lost everything, and from since when a region commits nothing; what is in them
//! follows from the history of the log.

use crate::model::{BackupPolicy, Vault, World};
use crate::sim::domains::Domains;
use crate::sim::driver::{Chance, Mark};
use crate::sim::group::Ctx;
use crate::sim::history::{LONGEST_LAG, Leaders};
use crate::sim::layout::StorePlan;
use crate::sim::state::{Follow, StoreState};
use crate::units::{Duration, Time};

/// Words of a backup's own marks: whether it fails, then, by vault, whether the copy there is unusable.
pub(crate) const FAILS: u32 = 0;
pub(crate) const UNUSABLE: u32 = 2;
/// Vaults a store can have: one for each region and one more.
pub(crate) const MOST_VAULTS: u32 = 17;

/// What is known about a store's vaults; empty without backups.
#[derive(Clone, PartialEq, Eq, Debug, Default, Hash)]
pub(crate) struct Vaults {
    /// When each last lost what was in it.
    lost_at: Vec<Option<Time>>,
    /// Bit v: destroyed in this instant.
    pub(crate) struck: u32,
    /// By copy, since when nothing is committed there; never, if it is.
    stopped: Vec<Time>,
    /// By group.
    leaders: Vec<Leaders>,
}

/// A state of a group that can be restored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Point {
    /// Number of the backup.
    pub(crate) number: u64,
    pub(crate) vault: u8,
    /// Position of the log: the mean over the group's partitions, and that of the oldest of them.
    pub(crate) position: i128,
    pub(crate) floor: i128,
    /// Instants of its oldest and newest partition.
    pub(crate) oldest: Time,
    pub(crate) newest: Time,
    /// Everything acknowledged up to here is in it.
    pub(crate) complete_to: Time,
}

/// Which states are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Wanted {
    /// Marks of who is to blame: they say how far a region lagged.
    pub(crate) mark: Mark,
    /// Earlier than this instant in every partition.
    pub(crate) before: Time,
    /// From this instant on: what is older is not kept any more.
    pub(crate) since: Time,
    /// After this one in the order of preference: (number, vault).
    pub(crate) after: Option<(u64, u8)>,
    /// In these vaults, as bits.
    pub(crate) vaults: u32,
}

impl Wanted {
    /// The newest of all.
    pub(crate) fn any(mark: Mark) -> Wanted {
        Wanted { mark, before: Time::NEVER, since: Time::ZERO, after: None, vaults: u32::MAX }
    }
}

impl Vaults {
    pub(crate) fn new(vaults: usize, plan: &StorePlan) -> Vaults {
        // The write region of a group at time zero: that of its lane.
        let leaders = (0..plan.groups()).map(|g| Leaders::new((g % plan.lanes) as u8)).collect();
        Vaults { lost_at: vec![None; vaults], struck: 0, stopped: vec![Time::NEVER; plan.copies()], leaders }
    }

    pub(crate) fn copy_from(&mut self, other: &Vaults) {
        self.lost_at.copy_from_slice(&other.lost_at);
        self.stopped.copy_from_slice(&other.stopped);
        for (leaders, from) in self.leaders.iter_mut().zip(&other.leaders) {
            leaders.copy_from(from);
        }
        self.struck = other.struck;
    }

    /// What was destroyed in this instant is gone from now on.
    pub(crate) fn settle(&mut self, now: Time) {
        if self.struck != 0 {
            for (v, lost_at) in self.lost_at.iter_mut().enumerate() {
                if self.struck >> v & 1 == 1 {
                    *lost_at = Some(now);
                }
            }
            self.struck = 0;
        }
    }

    /// Whether what was put into a vault at this time is still there.
    fn keeps(&self, vault: usize, since: Time) -> bool {
        self.lost_at[vault].is_none_or(|lost| since > lost)
    }
}

/// Whether a vault loses what is in it when `struck`, a domain, is destroyed: its zone or its region, or, if it is
/// spread over the zones of a region, the last zone that is up.
pub(crate) fn destroys(
    world: &World,
    domains: &Domains,
    vault: &Vault,
    struck: core::ops::Range<u32>,
) -> bool {
    let region = world.regions[vault.region.0 as usize];
    if struck.contains(&region.0) {
        return true;
    }
    match vault.zone {
        Some(zone) => struck.contains(&zone.0),
        None => {
            let zone_struck = world.zones(vault.region).any(|z| struck.contains(&z.0));
            zone_struck && world.zones(vault.region).all(|z| domains.is_down(z))
        }
    }
}

/// Rounds down to a multiple.
fn floor(t: Time, step: Duration) -> Time {
    Time::ZERO + Duration::from_ns(t.ns() / step.ns() * step.ns())
}

/// A multiple of a time, as an instant.
fn nth(number: u64, step: Duration) -> Time {
    Time::ZERO + Duration::from_ns(number.saturating_mul(step.ns()))
}

impl<D: Chance> Ctx<'_, '_, D> {
    /// Notes since when each copy gives nothing to its vault, and which region is written to.
    pub(crate) fn note_shipping(&self, st: &mut StoreState, g: usize) {
        if self.store.backup.is_none() {
            return;
        }
        st.vaults.leaders[g].note(self.now, st.groups[g].write);
        for c in self.copies(g) {
            let committing = st.quorums[c].service.commit && !matches!(st.logs[c].follow, Follow::Empty(_));
            let stopped = &mut st.vaults.stopped[c];
            *stopped = if committing { Time::NEVER } else { self.now.min(*stopped) };
        }
    }

    /// Whether a vault can be read from region `r` of the store.
    pub(crate) fn vault_readable(&self, vault: usize, r: usize) -> bool {
        let Some(backup) = &self.store.backup else { return false };
        let vault = &backup.vaults[vault];
        let up = match vault.zone {
            Some(zone) => !self.domains.is_down(zone),
            None => self.plan.model.world.zones(vault.region).any(|z| !self.domains.is_down(z)),
        };
        up && self.domains.connected(vault.region, self.region(r))
    }

    /// Whether the backup that a point lies in is still there.
    pub(crate) fn point_kept(&self, st: &StoreState, point: &Point) -> bool {
        let Some(backup) = &self.store.backup else { return false };
        let made = match backup.policy {
            BackupPolicy::Continuous { period, .. } => nth(point.number, period),
            BackupPolicy::Periodic { interval, .. } => nth(point.number, interval),
        };
        st.vaults.keeps(usize::from(point.vault), made)
    }

    /// The oldest instant whose backup is kept now.
    pub(crate) fn kept_since(&mut self, st: &StoreState, g: usize) -> Time {
        let Some(backup) = &self.store.backup else { return Time::NEVER };
        let oldest = Time::ZERO + (self.now - (Time::ZERO + LONGEST_LAG));
        match backup.policy {
            BackupPolicy::Continuous { retention, .. } => {
                oldest.max(Time::ZERO + (self.now - (Time::ZERO + retention)))
            }
            BackupPolicy::Periodic { interval, copies, .. } => {
                let (mut left, mut since) = (copies, Time::NEVER);
                for number in (oldest.ns().div_ceil(interval.ns())..=self.now.ns() / interval.ns()).rev() {
                    if self.made(st, g, number) {
                        since = nth(number, interval);
                        left -= 1;
                        if left == 0 {
                            break;
                        }
                    }
                }
                since
            }
        }
    }

    /// The newest state of a group that satisfies what is wanted. Newer backups come first; of one number, that of
    /// the write region, then the others in order.
    pub(crate) fn newest_point(&mut self, st: &StoreState, g: usize, wanted: Wanted) -> Option<Point> {
        let backup = self.store.backup.as_ref()?;
        let w = usize::from(st.groups[g].write);
        let rank = move |v: usize| (v != w, v);
        let mut best: Option<Point> = None;
        for v in (0..backup.vaults.len()).filter(|v| wanted.vaults >> v & 1 == 1) {
            // The highest number that comes after the one named.
            let most = match wanted.after {
                None => Some(u64::MAX),
                Some((n, than)) if rank(v) > rank(usize::from(than)) => Some(n),
                Some((n, _)) => n.checked_sub(1),
            };
            let Some(most) = most else { continue };
            let found = match backup.policy {
                BackupPolicy::Continuous { .. } => self.shipped(st, g, v, most, wanted),
                BackupPolicy::Periodic { .. } => self.copied(st, g, v, most, wanted),
            };
            if let Some(point) = found {
                let order = |p: &Point| (p.number, core::cmp::Reverse(rank(usize::from(p.vault))));
                if best.as_ref().is_none_or(|b| order(&point) > order(b)) {
                    best = Some(point);
                }
            }
        }
        best
    }

    /// Newest instant that a region has shipped, of backups up to number `most`.
    fn shipped(&mut self, st: &StoreState, g: usize, r: usize, most: u64, wanted: Wanted) -> Option<Point> {
        let BackupPolicy::Continuous { period, granularity, .. } = self.store.backup.as_ref()?.policy else {
            return None;
        };
        if r >= self.layout.regions {
            return None;
        }
        let stopped = st.vaults.stopped[g * self.layout.regions + r];
        let mut number = (self.now.min(stopped).ns() / period.ns()).min(most);
        let mut limit = Time::NEVER;
        if wanted.before != Time::NEVER {
            limit = floor(Time::ZERO + Duration::from_ns(wanted.before.ns().checked_sub(1)?), granularity);
            number = number.min(limit.ns().div_ceil(period.ns()));
        }
        let at = nth(number, period).min(limit);
        if at < wanted.since || !st.vaults.keeps(r, nth(number, period)) {
            return None;
        }
        let (position, complete_to) = self.committed_at(st, g, r, at, wanted.mark)?;
        Some(Point { number, vault: r as u8, position, floor: position, oldest: at, newest: at, complete_to })
    }

    /// What region `r` had committed at an instant.
    fn committed_at(
        &mut self,
        st: &StoreState,
        g: usize,
        r: usize,
        at: Time,
        mark: Mark,
    ) -> Option<(i128, Time)> {
        let c = g * self.layout.regions + r;
        let (group, log) = (&st.groups[g], &st.logs[c]);
        let profile = &self.store.profile;
        if self.rules.strong || st.vaults.leaders[g].at(at) == Some(r as u8) {
            return Some((group.history.head_at(profile, at)?, at));
        }
        let least = match self.rules.bound {
            Some((volume, _)) => group.history.head_at(profile, at)? - volume,
            None => 0,
        };
        let lag = self.lag(st, g, r, mark);
        let then = Time::ZERO + (at - (Time::ZERO + lag));
        let position = group.history.head_at(profile, then)?.max(least);
        Some(match log.follow {
            Follow::Following => (position, then),
            _ if log.position < position => (log.position, log.complete_to.min(then)),
            _ => (position, then),
        })
    }

    /// Whether the periodic backup of this number was made and is complete by now.
    fn made(&mut self, st: &StoreState, g: usize, number: u64) -> bool {
        let Some(backup) = &self.store.backup else { return false };
        let BackupPolicy::Periodic { interval, duration, fails_ppm, .. } = backup.policy else {
            return false;
        };
        let start = nth(number, interval);
        let complete = start + duration;
        let Some(leader) = st.vaults.leaders[g].at(start) else { return false };
        let there = complete <= st.vaults.stopped[g * self.layout.regions + usize::from(leader)];
        let mark = Mark { purpose: self.plan.backup_purpose[self.s], occurrence: number };
        complete <= self.now && there && !self.timers.driver().happens(mark, FAILS, fails_ppm)
    }

    /// Newest periodic backup in a vault, of numbers up to `most`.
    fn copied(&mut self, st: &StoreState, g: usize, v: usize, most: u64, wanted: Wanted) -> Option<Point> {
        let BackupPolicy::Periodic { interval, skew, .. } = self.store.backup.as_ref()?.policy else {
            return None;
        };
        let mut number = (self.now.ns() / interval.ns()).min(most);
        loop {
            let start = nth(number, interval);
            if start < wanted.since || !st.vaults.keeps(v, start) {
                return None;
            }
            let here = v == self.layout.regions || st.vaults.leaders[g].at(start) == Some(v as u8);
            if here && start + skew < wanted.before && self.made(st, g, number) {
                return self.copied_state(st, g, v, number, start, skew);
            }
            number = number.checked_sub(1)?;
        }
    }

    /// What a periodic backup holds of a group: its partitions at instants spread over the skew.
    fn copied_state(
        &self,
        st: &StoreState,
        g: usize,
        v: usize,
        number: u64,
        start: Time,
        skew: Duration,
    ) -> Option<Point> {
        let (first, last, all) = self.layout.spread(g);
        let instant = |halves: u64| {
            let part = u128::from(skew.ns()) * u128::from(halves) / u128::from((2 * all).max(1));
            start + Duration::from_ns(part as u64)
        };
        let (oldest, newest) = (instant(2 * first), instant(2 * last));
        let head_at = |t| st.groups[g].history.head_at(&self.store.profile, t);
        Some(Point {
            number,
            vault: v as u8,
            position: head_at(instant(first + last))?,
            floor: head_at(oldest)?,
            oldest,
            newest,
            complete_to: oldest,
        })
    }
}
