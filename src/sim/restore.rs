//! Restoring a group from a backup: a process in phases (rules c12, c13, c16).

use crate::sim::backup::{Point, UNUSABLE, Wanted};
use crate::sim::driver::{Chance, Mark, word};
use crate::sim::faults::Culprit;
use crate::sim::group::Ctx;
use crate::sim::layout::StoreTimer;
use crate::sim::ledger::{Segment, Settled};
use crate::sim::loss::book;
use crate::sim::observe::{Phase, Restored};
use crate::sim::ordered::{Order, scaled, time_left};
use crate::sim::state::{Follow, StoreState};
use crate::units::{Duration, Time};

/// Where a restore stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub(crate) enum Stage {
    /// Nobody has decided yet.
    Decide,
    /// It was asked for.
    Request,
    /// It waits for the place to restore into, for the backup's place, or for the damage to end.
    Wait,
    /// Data is being copied.
    Copy,
}

/// What is wrong with the data.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) enum Of {
    /// No copy is left.
    Lost,
    /// What there is is damaged.
    Damaged,
    /// There is a copy, but the write region is lost, and somebody ordered to go on elsewhere.
    Apart,
}

/// A restore that is under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Restore {
    pub(crate) stage: Stage,
    /// End of the stage; never, while it waits.
    pub(crate) until: Time,
    pub(crate) culprit: Culprit,
    pub(crate) noticed: Time,
    pub(crate) of: Of,
    /// The state that is restored; chosen when it was decided or ordered, or at the destruction.
    pub(crate) point: Option<Point>,
    pub(crate) wanted: Wanted,
    /// Region that data is being copied to.
    pub(crate) into: u8,
    /// Entry in the replication's list of losses (destruction).
    pub(crate) loss: u32,
    /// An action or a step of a runbook had it done.
    pub(crate) order: Option<Order>,
    /// What is left to copy at the store's pace, as of an instant.
    pub(crate) left: Option<(u128, Time)>,
}

impl Restore {
    /// Whether data is being copied.
    pub(crate) fn is_copying(&self) -> bool {
        self.stage == Stage::Copy
    }

    /// What became of writes that are not in the state restored: some are written again, the rest is lost.
    pub(crate) fn settled(culprit: Culprit, loss: u32, absent: i128, again: i128, rpo: Duration) -> Settled {
        let segment = Segment {
            origin: 0,
            amount: absent,
            rpo,
            loss,
            phase: Phase::Restore,
            mark: culprit.mark,
            merge_at: Time::NEVER,
            growing: 0,
        };
        Settled { segment, recovered: again, superseded: 0, lost: absent - again }
    }
}

impl<D: Chance> Ctx<'_, '_, D> {
    /// Time of the earliest damage that was noticed and that a restore may help against.
    fn noticed_damage(&self, st: &StoreState, g: usize) -> Option<(Time, Culprit, Time)> {
        let events = st.groups[g].ledger.damage.iter();
        let first = events.filter(|e| e.noticed <= self.now && !e.hopeless).min_by_key(|e| e.at)?;
        Some((first.at, first.culprit, first.noticed))
    }

    /// The newest state that is good for something: from before the damage that is known, if there is one.
    pub(crate) fn choose(&mut self, st: &StoreState, g: usize, mark: Mark) -> (Wanted, Option<Point>) {
        let since = self.kept_since(st, g);
        let before = self.noticed_damage(st, g).map_or(Time::NEVER, |(at, _, _)| at);
        let wanted = Wanted { before, since, ..Wanted::any(mark) };
        let point = self.newest_point(st, g, wanted);
        (wanted, point)
    }

    /// No copy of a group is left: the backup that will be restored, if there is one.
    pub(crate) fn point_after_loss(
        &mut self,
        st: &StoreState,
        g: usize,
        mark: Mark,
    ) -> Option<(Wanted, Point)> {
        self.store.backup.as_ref()?;
        let (mut wanted, mut point) = self.choose(st, g, mark);
        if point.is_none() && wanted.before != Time::NEVER {
            wanted.before = Time::NEVER;
            point = self.newest_point(st, g, wanted);
        }
        point.map(|p| (wanted, p))
    }

    /// Everything but a backup is gone: what is in it is missing until it is restored.
    pub(crate) fn begin_restore(
        &mut self,
        st: &mut StoreState,
        g: usize,
        culprit: Culprit,
        (wanted, point): (Wanted, Point),
        loss: u32,
    ) {
        let ledger = &mut st.groups[g].ledger;
        ledger.stored = point.position - ledger.damaged;
        if let Some(ordered) = st.groups[g].restore.filter(|old| old.order.is_some_and(|order| order.empty)) {
            // Somebody starts from nothing already.
            return self.lose_stored(st, g, Restore { loss, ..ordered }, None);
        }
        self.start_restore(st, g, culprit, self.now, Some((wanted, point, loss)));
    }

    fn start_restore(
        &mut self,
        st: &mut StoreState,
        g: usize,
        culprit: Culprit,
        noticed: Time,
        loss: Option<(Wanted, Point, u32)>,
    ) {
        let Some(backup) = &self.store.backup else { return };
        let decide = match loss.is_some() && self.is_planned_for() {
            true => Duration::NEVER,
            false => self.value(&backup.restore.decide, culprit.mark, word::RESTORE_DECIDE),
        };
        // What was ordered before the rest was destroyed goes on.
        let order = st.groups[g].restore.and_then(|old| old.order).filter(|_| loss.is_some());
        let until = if order.is_some() { Time::NEVER } else { self.now + decide };
        st.groups[g].restore = Some(Restore {
            stage: if order.is_some() { Stage::Wait } else { Stage::Decide },
            until,
            culprit,
            noticed,
            of: if loss.is_some() { Of::Lost } else { Of::Damaged },
            point: loss.map(|(_, p, _)| p),
            wanted: loss.map_or(Wanted::any(culprit.mark), |(w, _, _)| w),
            into: 0,
            loss: loss.map_or(0, |(_, _, l)| l),
            order,
            left: None,
        });
        self.note_restore(if loss.is_some() {
            "nothing is left: decide"
        } else {
            "damage is noticed: decide"
        });
    }

    pub(crate) fn note_restore(&mut self, what: &'static str) {
        self.note("restore", || what.into());
    }

    /// Brings what is done about lost or damaged data up to date.
    pub(crate) fn update_restore(&mut self, st: &mut StoreState, g: usize) {
        if self.store.backup.is_none() && st.groups[g].restore.is_none() {
            return;
        }
        if st.groups[g].restore.is_none()
            && let Some((_, culprit, noticed)) = self.noticed_damage(st, g)
        {
            self.start_restore(st, g, culprit, noticed, None);
        }
        while let Some(restore) = st.groups[g].restore {
            if !self.advance_restore(st, g, restore) {
                break;
            }
        }
        if self.store.backup.is_some() {
            self.arm_restore(st, g);
        }
    }

    /// Arms the end of the stage, or the next notice of damage.
    pub(crate) fn arm_restore(&mut self, st: &StoreState, g: usize) {
        let due = st.groups[g].restore.map_or(Time::NEVER, |restore| restore.until);
        let notices = st.groups[g].ledger.damage.iter().map(|e| e.noticed).filter(|&at| at > self.now);
        let next = notices.min().unwrap_or(Time::NEVER).min(due);
        self.arm(StoreTimer::Restore(g as u32), next);
    }

    /// One step, if there is one to make now.
    fn advance_restore(&mut self, st: &mut StoreState, g: usize, restore: Restore) -> bool {
        let idle = match restore.of {
            Of::Lost => false,
            // A copy that never got the damage has taken over.
            Of::Damaged => self.noticed_damage(st, g).is_none(),
            // It is back, or another has taken over.
            Of::Apart => !self.is_lost(st, g, usize::from(st.groups[g].write), false),
        };
        if idle {
            st.groups[g].restore = None;
            return true;
        }
        if restore.point.is_some_and(|p| !self.point_kept(st, &p)) {
            self.fall_back(st, g, restore);
            return true;
        }
        let due = restore.until <= self.now;
        let ready = || self.restorable(st, g, &restore);
        match restore.stage {
            Stage::Decide if due => self.decided(st, g, restore),
            Stage::Request if due => self.set_stage(st, g, Stage::Wait, Duration::NEVER),
            Stage::Wait if ready() && restore.point.is_none() => self.go_on_elsewhere(st, g, restore),
            Stage::Wait if ready() => self.begin_copy(st, g, restore),
            // What was copied is of no use elsewhere.
            Stage::Copy if !ready() || usize::from(restore.into) != self.destination(st, g) => {
                self.set_stage(st, g, Stage::Wait, Duration::NEVER);
            }
            Stage::Copy if due => self.copied_over(st, g, restore),
            _ => return false,
        }
        true
    }

    fn begin_copy(&mut self, st: &mut StoreState, g: usize, restore: Restore) {
        let into = self.destination(st, g) as u8;
        let pace = st.pace.filter(|_| restore.order.is_some());
        let left = pace.map(|_| (scaled(self.store.data_bytes), self.now));
        let time = match left {
            None => self.copy_time(restore.culprit.mark),
            Some((left, _)) => time_left(left, pace.unwrap_or_default()),
        };
        self.set_stage(st, g, Stage::Copy, time);
        if let Some(restore) = &mut st.groups[g].restore {
            (restore.into, restore.left) = (into, left);
        }
        self.note_restore("data is being copied");
    }

    fn set_stage(&self, st: &mut StoreState, g: usize, stage: Stage, time: Duration) {
        let until = if time == Duration::NEVER { Time::NEVER } else { self.now + time };
        if let Some(restore) = &mut st.groups[g].restore {
            (restore.stage, restore.until) = (stage, until);
        }
    }

    /// It was decided: damage is repaired from the newest backup that lacks it.
    fn decided(&mut self, st: &mut StoreState, g: usize, restore: Restore) {
        if restore.of == Of::Damaged {
            let (wanted, point) = self.choose(st, g, restore.culprit.mark);
            if let Some(restore) = &mut st.groups[g].restore {
                (restore.wanted, restore.point) = (wanted, point);
            }
            if point.is_none() {
                return self.give_up(st, g, restore);
            }
        }
        let Some(backup) = &self.store.backup else { return };
        let time = self.value(&backup.restore.request, restore.culprit.mark, word::REQUEST);
        self.set_stage(st, g, Stage::Request, time);
        self.note_restore("a restore is asked for");
    }

    /// The region that is restored into.
    fn destination(&self, st: &StoreState, g: usize) -> usize {
        if let Some(order) = st.groups[g].restore.and_then(|r| r.order) {
            return usize::from(order.into);
        }
        // With several write regions each has its own log, which is taken in its own region.
        let into = self.store.backup.as_ref().and_then(|b| b.restore.into).filter(|_| !self.layout.multi());
        match into {
            Some(into) => usize::from(into),
            None if self.store.members.is_some() => self.restore_place(st, g),
            None => usize::from(st.groups[g].write),
        }
    }

    /// Whether data can be copied now.
    fn restorable(&self, st: &StoreState, g: usize, restore: &Restore) -> bool {
        let into = self.destination(st, g);
        let readable = match &restore.point {
            Some(point) => {
                self.vault_readable(usize::from(point.vault), into)
                    && !st.groups[g].ledger.damage.iter().any(|e| e.lasts)
            }
            None => restore.order.is_some_and(|order| order.empty),
        };
        self.can_hold(st, g, into) && readable
    }

    fn can_hold(&self, st: &StoreState, g: usize, r: usize) -> bool {
        st.quorums[g * self.layout.regions + r].can_hold(&self.rules.quorum)
    }

    /// Time to copy the store's data.
    fn copy_time(&mut self, mark: Mark) -> Duration {
        let Some(backup) = &self.store.backup else { return Duration::ZERO };
        let each = self.value(&backup.restore.per_terabyte, mark, word::COPY);
        let all = u128::from(each.ns()) * u128::from(self.store.data_bytes) / 1_000_000_000_000;
        Duration::from_ns(u64::try_from(all).unwrap_or(u64::MAX))
    }

    /// A copy is complete: it is used, or it turns out that it cannot be.
    fn copied_over(&mut self, st: &mut StoreState, g: usize, restore: Restore) {
        let (Some(backup), Some(point)) = (&self.store.backup, restore.point) else { return };
        let mark = Mark { purpose: self.plan.backup_purpose[self.s], occurrence: point.number };
        let chance = backup.restore.unusable_ppm;
        if self.timers.driver().happens(mark, UNUSABLE + u32::from(point.vault), chance) {
            self.note_restore("the backup is unusable");
            return self.fall_back(st, g, restore);
        }
        match restore.of {
            Of::Lost => {
                let ledger = &mut st.groups[g].ledger;
                ledger.recovered += core::mem::take(&mut ledger.stored);
                self.install(st, g, restore.culprit, usize::from(restore.into));
            }
            Of::Damaged => {
                self.roll_back(st, g, restore.culprit, &point);
                self.install(st, g, restore.culprit, usize::from(restore.into));
            }
            Of::Apart => self.go_on_elsewhere(st, g, restore),
        }
        st.groups[g].restore = None;
        self.record_restore(restore, &point);
        self.note_restore("restored");
    }

    /// The next older state, or none: then everything that only backups had is lost, or damaged data stays.
    fn fall_back(&mut self, st: &mut StoreState, g: usize, restore: Restore) {
        let Some(old) = restore.point else { return };
        let wanted = Wanted { after: Some((old.number, old.vault)), ..restore.wanted };
        let mut point = self.newest_point(st, g, wanted);
        if let Some(point) = &mut point {
            // Another region's backup of an earlier number may hold more; what was given up stays given up.
            point.position = point.position.min(old.position);
            point.floor = point.floor.min(old.floor);
        }
        if restore.of == Of::Lost {
            self.lose_stored(st, g, restore, point);
        }
        let Some(next) = point else { return self.give_up(st, g, restore) };
        if let Some(restore) = &mut st.groups[g].restore {
            (restore.point, restore.wanted) = (Some(next), wanted);
            if restore.stage == Stage::Copy {
                (restore.stage, restore.until) = (Stage::Wait, Time::NEVER);
            }
        }
    }

    /// Nothing can be restored.
    fn give_up(&mut self, st: &mut StoreState, g: usize, restore: Restore) {
        if restore.of == Of::Damaged {
            for event in st.groups[g].ledger.damage.iter_mut().filter(|e| e.noticed <= self.now) {
                event.hopeless = true;
            }
        }
        st.groups[g].restore = None;
        self.note_restore("there is no backup to restore");
    }

    /// What is in the backup that was to be restored but not in the next one is lost.
    pub(crate) fn lose_stored(
        &mut self,
        st: &mut StoreState,
        g: usize,
        restore: Restore,
        next: Option<Point>,
    ) {
        let (position, complete_to) = next.map_or((0, Time::ZERO), |p| (p.position, p.complete_to));
        let absent = st.groups[g].head - position;
        let rpo = self.rpo(st, g, next.map_or(0, |p| p.floor), None);
        st.groups[g].ledger.cut(position, next.is_some().then_some(complete_to));
        let group = &mut st.groups[g];
        group.ledger.stored = position - group.ledger.damaged;
        group.ledger.lost += absent;
        let weight = i128::from(self.layout.weights[g]);
        let loss = &mut self.out.losses[restore.loss as usize];
        loss.rpo = loss.rpo.max(rpo);
        book(
            &self.plan.model,
            self.out,
            &mut st.flow,
            Restore::settled(restore.culprit, restore.loss, absent, 0, rpo),
            weight,
        );
        self.rewind(st, g, position);
    }

    /// Damage is undone: the log goes on from the point restored, with what is written again.
    fn roll_back(&mut self, st: &mut StoreState, g: usize, culprit: Culprit, point: &Point) {
        let Some(backup) = &self.store.backup else { return };
        let absent = st.groups[g].head - point.position;
        let rpo = self.rpo(st, g, point.floor, None);
        let again = absent * i128::from(backup.restore.reapply_ppm) / 1_000_000;
        let loss = self.record_loss(st, g, Some(culprit), rpo, absent);
        let weight = i128::from(self.layout.weights[g]);
        let settled = Restore::settled(culprit, loss, absent, again, rpo);
        book(&self.plan.model, self.out, &mut st.flow, settled, weight);
        st.groups[g].ledger.cut(point.position, Some(point.complete_to));
        self.rewind(st, g, point.position);
        let group = &mut st.groups[g];
        group.ledger.lost += absent - again;
        group.ledger.recovered += again;
        group.head += again;
        let (head, rate) = (group.head, group.accept);
        group.history.push(self.now, st.lambda, head, rate);
    }

    /// The restored copy is the only one; the other regions are filled from it.
    fn install(&mut self, st: &mut StoreState, g: usize, culprit: Culprit, into: usize) {
        let base = g * self.layout.regions;
        let head = st.groups[g].head;
        // With a copy goes what only it had.
        for r in 0..self.layout.regions {
            self.lose_origin(st, g, r as u8);
        }
        for c in self.copies(g).filter(|&c| c != base + into) {
            st.quorums[c].wipe();
            (st.logs[c].follow, st.logs[c].behind) = (Follow::Empty(false), true);
        }
        self.fill(st, g, into, head);
        st.groups[g].ledger.cut_by = None;
        st.action = st.action.or(Some(culprit));
        let spare = self.is_free(st, g, into);
        let w = usize::from(st.groups[g].write);
        if into != w {
            self.switch(st, g, into, head);
            self.redirect_clients(st, g, culprit.mark);
        }
        self.found(st, g, into);
        if spare {
            self.give_up_place(st, g, w);
        }
    }

    /// Adds a group's share to the restore of this instant and culprit.
    fn record_restore(&mut self, restore: Restore, point: &Point) {
        if self.now < self.plan.start {
            return;
        }
        let at = Time::ZERO + (self.now - self.plan.start);
        let (store, blame) = (self.s as u32, restore.culprit.blame);
        let same = |r: &&mut Restored| r.at == at && r.store == store && r.blame == blame;
        match self.out.restores.iter_mut().rev().find(same) {
            Some(known) => {
                known.oldest = known.oldest.min(point.oldest);
                known.newest = known.newest.max(point.newest);
            }
            None => self.out.restores.push(Restored {
                store,
                at,
                blame,
                class: restore.culprit.class,
                took: self.now - restore.noticed,
                oldest: point.oldest,
                newest: point.newest,
            }),
        }
    }

    /// Whether a damaged group serves nothing because it is being restored.
    pub(crate) fn paused(&self, st: &StoreState, g: usize) -> bool {
        match (&self.store.backup, &st.groups[g].restore) {
            (Some(backup), Some(restore)) => {
                backup.restore.stops && restore.of == Of::Damaged && restore.stage > Stage::Decide
            }
            _ => false,
        }
    }

    /// The phase of an outage that a restore will end.
    pub(crate) fn restore_phase(&self, st: &StoreState, g: usize) -> Option<Phase> {
        let restore = st.groups[g].restore.as_ref().filter(|r| r.of != Of::Damaged || self.paused(st, g))?;
        Some(match restore.stage {
            Stage::Decide => Phase::Decide,
            _ if !self.can_hold(st, g, self.destination(st, g)) => Phase::Repair,
            Stage::Request => Phase::Request,
            Stage::Wait => Phase::Repair,
            Stage::Copy => Phase::Restore,
        })
    }
}
