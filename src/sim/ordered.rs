//! Restores that an action or a step of a runbook has done: elsewhere, although the old region may still have the data,
//! or from nothing (rules i07, i09).

use crate::sim::backup::{Point, Wanted};
use crate::sim::driver::Chance;
use crate::sim::faults::Culprit;
use crate::sim::group::Ctx;
use crate::sim::ledger::Segment;
use crate::sim::loss::book;
use crate::sim::observe::Phase;
use crate::sim::restore::{Of, Restore, Stage};
use crate::sim::state::{Follow, Step, StoreState};
use crate::units::{Duration, Time};

/// What was ordered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Order {
    /// Region that is restored into.
    pub(crate) into: u8,
    /// It starts from nothing.
    pub(crate) empty: bool,
}

/// Divided by any number of restores up to 16 without a rest, in nanoseconds of a second.
const PARTS: u128 = 720_720;

/// Bytes in the unit in which copying is counted: a byte per second is [`PARTS`] of it in a nanosecond.
pub(crate) fn scaled(bytes: u64) -> u128 {
    u128::from(bytes) * 1_000_000_000 * PARTS
}

/// Share of a bandwidth in bytes per second, per nanosecond.
pub(crate) fn shared(bandwidth: u64, restores: u32) -> u128 {
    u128::from(bandwidth) * PARTS / u128::from(restores.max(1))
}

/// Time to copy what is left, rounded up.
pub(crate) fn time_left(left: u128, pace: u128) -> Duration {
    match (left, pace) {
        (0, _) => Duration::ZERO,
        (_, 0) => Duration::NEVER,
        _ => Duration::from_ns(u64::try_from(left.div_ceil(pace)).unwrap_or(u64::MAX)),
    }
}

impl<D: Chance> Ctx<'_, '_, D> {
    /// Whether a runbook will restore this store, now that its region is lost: then nobody else does.
    pub(crate) fn is_planned_for(&self) -> bool {
        self.runbooks.restores(self.plan, self.domains, self.s as u32)
    }

    /// Restores every group whose write region is lost into a region, or starts it from nothing there.
    pub(crate) fn order_restore(&mut self, st: &mut StoreState, into: u8, empty: bool, culprit: Culprit) {
        let order = Some(Order { into, empty });
        for g in 0..self.layout.groups() {
            let old = st.groups[g].restore;
            let ordered = old.is_some_and(|r| r.order.is_some());
            if ordered || !self.is_lost(st, g, usize::from(st.groups[g].write), false) {
                continue;
            }
            if let Some(lost) = old.filter(|r| r.of == Of::Lost) {
                if !empty {
                    let (stage, until) = (Stage::Wait, Time::NEVER);
                    st.groups[g].restore = Some(Restore { stage, until, order, ..lost });
                    continue;
                }
                self.lose_stored(st, g, lost, None);
            }
            let (wanted, point) = match empty {
                true => (Wanted::any(culprit.mark), None),
                false => self.choose_readable(st, g, usize::from(into), culprit),
            };
            if point.is_none() && !empty {
                st.groups[g].restore = None;
                self.note_restore("there is no backup to restore");
                continue;
            }
            st.groups[g].restore = Some(Restore {
                stage: Stage::Wait,
                until: Time::NEVER,
                culprit,
                noticed: self.now,
                of: Of::Apart,
                point,
                wanted,
                into,
                loss: 0,
                order,
                left: None,
            });
        }
    }

    /// The newest state in a vault that can be read now, else the newest of all.
    fn choose_readable(
        &mut self,
        st: &StoreState,
        g: usize,
        into: usize,
        culprit: Culprit,
    ) -> (Wanted, Option<Point>) {
        let (any, newest) = self.choose(st, g, culprit.mark);
        let vaults = self.store.backup.as_ref().map_or(0, |b| b.vaults.len());
        let readable = (0..vaults).filter(|&v| self.vault_readable(v, into));
        let wanted = Wanted { vaults: readable.fold(0, |bits, v| bits | 1 << v), ..any };
        match self.newest_point(st, g, wanted) {
            None => (any, newest),
            point => (wanted, point),
        }
    }

    /// The log goes on from what was restored, or from nothing, in another region. As after any takeover, what the old
    /// one has beyond that is missing.
    pub(crate) fn go_on_elsewhere(&mut self, st: &mut StoreState, g: usize, restore: Restore) {
        let (into, culprit) = (self.ordered_into(&restore), restore.culprit);
        let (position, floor) = restore.point.map_or((0, 0), |p| (p.position, p.floor));
        let complete_to = restore.point.map(|p| p.complete_to);
        // What only the copy that is overwritten had goes with it.
        self.lose_origin(st, g, into as u8);
        let keeper = self.best_copy(st, g, |r| r != into).filter(|&(_, has)| has > position);
        let absent = st.groups[g].head - position;
        if absent > 0 {
            let rpo = self.rpo(st, g, floor, None);
            let loss = self.record_takeover(st, g, Some(culprit), rpo, absent);
            match keeper {
                Some((origin, _)) => st.groups[g].ledger.open.push(Segment {
                    origin: origin as u8,
                    amount: absent,
                    rpo,
                    loss,
                    phase: Phase::Restore,
                    mark: culprit.mark,
                    merge_at: Time::NEVER,
                    growing: 0,
                }),
                None => {
                    let weight = i128::from(self.layout.weights[g]);
                    st.groups[g].ledger.lost += absent;
                    let settled = Restore::settled(culprit, loss, absent, 0, rpo);
                    book(&self.plan.model, self.out, &mut st.flow, settled, weight);
                }
            }
        }
        st.groups[g].ledger.cut(position, complete_to);
        self.rewind(st, g, position);
        st.groups[g].restore = None;
        st.groups[g].ledger.cut_by = None;
        st.action = st.action.or(Some(culprit));
        let w = usize::from(st.groups[g].write);
        let spare = self.is_free(st, g, into);
        if into != w {
            st.logs[g * self.layout.regions + into].complete_to = complete_to.unwrap_or(Time::ZERO);
            self.switch(st, g, into, position);
            self.redirect_clients(st, g, culprit.mark);
        }
        self.fill(st, g, into, position);
        self.found(st, g, into);
        if spare {
            self.give_up_place(st, g, w);
        }
        if self.record {
            let to = self.name(into);
            self.note("takeover", || format!("{to} goes on from what was restored there"));
        }
    }

    /// A region holds the data up to a position and nothing else, on all its replicas that are up.
    pub(crate) fn fill(&self, st: &mut StoreState, g: usize, into: usize, position: i128) {
        let c = g * self.layout.regions + into;
        let quorum = &mut st.quorums[c];
        quorum.wipe();
        quorum.restart();
        quorum.settle(&self.rules.quorum, self.rules.rebuild[g], self.now);
        let log = &mut st.logs[c];
        (log.follow, log.position, log.complete_to) = (Follow::Following, position, self.now);
        (log.behind, log.committing) = (false, quorum.service.commit);
    }

    fn ordered_into(&self, restore: &Restore) -> usize {
        usize::from(restore.order.map_or(restore.into, |order| order.into))
    }

    /// Whether the store is in use again, or still: what a step that restores it or fails it over waits for.
    pub(crate) fn is_in_use(&self, st: &StoreState) -> bool {
        (0..self.layout.groups()).all(|g| {
            let w = usize::from(st.groups[g].write);
            let moving = matches!(st.logs[g * self.layout.regions + w].step, Step::Promote(_) | Step::Wait);
            !moving && !self.is_lost(st, g, w, false)
        })
    }

    /// What was ordered is copied at another pace from now on.
    pub(crate) fn set_pace(&mut self, st: &mut StoreState, pace: Option<u128>) {
        if st.pace == pace {
            return;
        }
        for g in 0..self.layout.groups() {
            let Some(restore) = &mut st.groups[g].restore else { continue };
            let (Some((left, since)), Stage::Copy) = (restore.left, restore.stage) else { continue };
            let done = st.pace.unwrap_or_default() * u128::from((self.now - since).ns());
            let left = left.saturating_sub(done);
            restore.left = Some((left, self.now));
            let wait = time_left(left, pace.unwrap_or_default());
            restore.until = if wait == Duration::NEVER { Time::NEVER } else { self.now + wait };
            self.arm_restore(st, g);
        }
        st.pace = pace;
    }
}

impl StoreState {
    /// Whether data is being copied at the store's pace.
    pub(crate) fn is_copying(&self) -> bool {
        let copies = |r: &Restore| r.stage == Stage::Copy && r.left.is_some();
        self.groups.iter().any(|g| g.restore.as_ref().is_some_and(copies))
    }

    /// Whether no copy of some group is left, and a backup of it.
    pub(crate) fn is_stored_only(&self) -> bool {
        self.groups.iter().any(|g| g.restore.is_some_and(|r| r.of == Of::Lost))
    }
}
