//! What holds writes back between regions: the sync set at strong consistency, the bound at bounded staleness
//! (design D8).

use crate::model::{Agreement, PROFILE_ONE};
use crate::sim::driver::{Chance, word};
use crate::sim::group::Ctx;
use crate::sim::state::{Follow, Offline, StoreState};
use crate::units::{Duration, Time};

impl<D: Chance> Ctx<'_, '_, D> {
    /// Members that do not answer leave the sync set while a majority stays; copies that caught up enter it.
    pub(crate) fn update_sync(&mut self, st: &mut StoreState, g: usize) {
        if !self.rules.strong {
            return;
        }
        let base = g * self.layout.regions;
        let w = usize::from(st.groups[g].write);
        let agreement = self.store.members.as_ref().map(|m| m.agreement);
        for r in (0..self.layout.regions).filter(|&r| r != w) {
            let c = base + r;
            if agreement == Some(Agreement::Majority) {
                st.logs[c].in_sync = st.logs[c].follow == Follow::Following;
            } else if st.logs[c].follow == Follow::Following && st.logs[c].offline == Offline::No {
                st.logs[c].in_sync = true;
                st.logs[c].evict_at = Time::NEVER;
            } else if st.logs[c].offline != Offline::No {
                st.logs[c].in_sync = false;
                st.logs[c].evict_at = Time::NEVER;
            } else if st.logs[c].in_sync && st.logs[c].evict_at == Time::NEVER {
                let others = (0..self.layout.regions)
                    .filter(|&o| o != w && o != r && st.logs[base + o].in_sync)
                    .filter(|&o| st.logs[base + o].follow == Follow::Following)
                    .count();
                let wait = if others >= 2 && agreement.is_none() {
                    Duration::ZERO
                } else {
                    let mark = self.mark(st, g);
                    self.value(&self.store.evict, mark, word::DETECT)
                };
                st.logs[c].evict_at = self.now + wait;
            }
            if st.logs[c].in_sync
                && st.logs[c].evict_at <= self.now
                && match agreement {
                    None => self.answering(st, g) >= self.majority(st, g),
                    // Whether anybody else has to take part is for the writes to say.
                    Some(_) => self.leads(st, g),
                }
            {
                st.logs[c].in_sync = false;
                st.logs[c].evict_at = Time::NEVER;
            }
        }
    }

    /// Members that hear each other: who is silent cannot be voted out by a write region that is lost itself.
    fn answering(&self, st: &StoreState, g: usize) -> usize {
        let w = g * self.layout.regions + usize::from(st.groups[g].write);
        if !st.quorums[w].service.commit {
            return 0;
        }
        let follows = |c: &usize| st.logs[*c].in_sync && st.logs[*c].follow == Follow::Following;
        1 + self.copies(g).filter(|&c| c != w).filter(follows).count()
    }

    fn sync_size(&self, st: &StoreState, g: usize) -> usize {
        let w = usize::from(st.groups[g].write);
        self.copies(g).filter(|&c| st.logs[c].in_sync || c == g * self.layout.regions + w).count()
    }

    /// Majority of the regions that count as configured.
    fn majority(&self, st: &StoreState, g: usize) -> usize {
        self.copies(g).filter(|&c| st.logs[c].offline == Offline::No).count() / 2 + 1
    }

    /// Whether every member of the sync set gets the writes, and the set is large enough.
    pub(crate) fn sync_ok(&self, st: &StoreState, g: usize) -> bool {
        if !self.rules.strong {
            return true;
        }
        let base = g * self.layout.regions;
        let w = usize::from(st.groups[g].write);
        let least = match self.store.members.as_ref().map(|m| m.agreement) {
            Some(Agreement::Majority) => return self.commits(st, g),
            Some(Agreement::Synchronous { blocks: true }) => 2,
            Some(_) => 1,
            None => self.majority(st, g),
        };
        let mut members = (0..self.layout.regions).filter(|&r| r != w && st.logs[base + r].in_sync);
        members.all(|r| st.logs[base + r].follow == Follow::Following) && self.sync_size(st, g) >= least
    }

    /// Whether a region that counts lags by as much as the staleness bound allows.
    pub(crate) fn held(&self, st: &StoreState, g: usize) -> bool {
        self.rules.bound.is_some()
            && self.copies(g).any(|c| st.logs[c].held && st.logs[c].offline == Offline::No)
    }

    /// Watches the staleness bound.
    pub(crate) fn update_bound(&mut self, st: &mut StoreState, g: usize) {
        let base = g * self.layout.regions;
        let w = usize::from(st.groups[g].write);
        for r in (0..self.layout.regions).filter(|&r| r != w) {
            let log = st.logs[base + r];
            if self.rules.bound.is_some() && log.follow != Follow::Following {
                let reached = self.bound_reached(st, g, r);
                if reached <= self.now && log.offline == Offline::No {
                    st.logs[base + r].held = true;
                }
            }
        }
    }

    /// When the copy's lag reaches the bound if writes go on as now.
    pub(crate) fn bound_reached(&self, st: &StoreState, g: usize, r: usize) -> Time {
        let (Some((volume, time)), group) = (self.rules.bound, &st.groups[g]) else { return Time::NEVER };
        let log = &st.logs[g * self.layout.regions + r];
        let backlog = group.head - log.position;
        let oldest = if backlog > 0 {
            group.history.passed(&self.store.profile, log.position).unwrap_or(log.complete_to)
        } else if group.accept > 0 {
            self.now
        } else {
            return Time::NEVER;
        };
        // A copy that catches up moves on while the log grows; one that gains on it never reaches the bound.
        let gain = match log.follow {
            Follow::CatchUp => i128::from(self.catch_up(st, g, r)),
            _ => 0,
        };
        if gain > i128::from(group.accept) * i128::from(self.store.profile.peak()) / i128::from(PROFILE_ONE) {
            return Time::NEVER;
        }
        let left = volume - backlog;
        let by_volume = self.store.profile.first_reach(self.now, left, -gain, i128::from(group.accept));
        // The age of a moving copy creeps up to the bound: the last hundredth counts as reached.
        let slack = if gain > 0 { Duration::from_ns(time.ns() / 100) } else { Duration::ZERO };
        let by_time = (oldest + time) - slack;
        by_time.min(by_volume)
    }
}
