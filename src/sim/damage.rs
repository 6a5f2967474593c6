//! Logical damage: a `corrupt` fault is an event in the log, and travels with it (rule c16).

use crate::model::{Damages, Effect, Target};
use crate::sim::driver::{Chance, word};
use crate::sim::faults::Culprit;
use crate::sim::group::Ctx;
use crate::sim::ledger::Ledger;
use crate::sim::state::StoreState;
use crate::units::Time;

/// An occurrence that damaged a group. A copy is damaged by it once its log has passed the event.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Damage {
    process: u32,
    pub(crate) culprit: Culprit,
    pub(crate) at: Time,
    /// Position of the log when it struck.
    event: i128,
    /// Everything before the event is damaged too.
    all: bool,
    /// What is written now is damaged.
    pub(crate) lasts: bool,
    /// When somebody notices it.
    pub(crate) noticed: Time,
    /// No backup helps.
    pub(crate) hopeless: bool,
}

impl Ledger {
    /// Damaged writes among the first `position` of the log.
    pub(crate) fn damage_within(&self, position: i128) -> i128 {
        let base = self.damage.iter().filter(|e| e.all).map(|e| e.event).max().unwrap_or(0).min(position);
        let part = |&(from, to): &(i128, i128)| (to.min(position) - from.max(base)).max(0);
        base + self.spoilt.iter().map(part).sum::<i128>()
    }

    /// The log grew from `head` by `taken`.
    pub(crate) fn spoil(&mut self, head: i128, taken: i128) {
        if taken == 0 || !self.damage.iter().any(|e| e.lasts) {
            return;
        }
        self.damaged += taken;
        match self.spoilt.last_mut() {
            Some((_, to)) if *to == head => *to += taken,
            _ => self.spoilt.push((head, head + taken)),
        }
    }

    /// The log is that of a copy at `position`, complete up to an instant (`None`: nothing is in it): events that
    /// have not reached it never happened.
    pub(crate) fn cut(&mut self, position: i128, complete_to: Option<Time>) {
        self.damage.retain(|e| complete_to.is_some_and(|to| position > e.event || to >= e.at));
        self.spoilt.retain(|&(from, _)| from < position);
        if let Some((_, to)) = self.spoilt.last_mut() {
            *to = (*to).min(position);
        }
        self.damaged = self.damage_within(position);
    }
}

impl<D: Chance> Ctx<'_, '_, D> {
    /// Notes damage that begins or ends now.
    pub(crate) fn update_damage(&mut self, st: &mut StoreState, g: usize) {
        if !self.layout.corrupts {
            return;
        }
        let write = st.groups[g].write;
        let lasting = |e: &Damage| {
            let same =
                self.faults.lasting(self.plan).any(|a| a.process == e.process && a.culprit == e.culprit);
            same && self.damages(e.process, g, write)
        };
        for event in &mut st.groups[g].ledger.damage {
            event.lasts = event.lasts && lasting(event);
        }
        if !self.leads(st, g) {
            return; // nobody writes
        }
        for i in 0..self.faults.active.len() {
            let process = self.faults.active[i];
            let Effect::Corrupt { damages, .. } = self.plan.rule(process).effect else { continue };
            if !self.damages(process, g, write) {
                continue;
            }
            let Some(active) = self.faults.lasting(self.plan).find(|a| a.process == process) else {
                continue;
            };
            let known = |e: &Damage| e.process == process && e.culprit == active.culprit && e.lasts;
            if !st.groups[g].ledger.damage.iter().any(known) {
                self.damage(st, g, process, active.culprit, damages == Damages::Data);
            }
        }
    }

    /// Whether a `corrupt` process strikes the writers of a group.
    fn damages(&self, process: u32, g: usize, write: u8) -> bool {
        let rule = self.plan.processes[process as usize].rule;
        let hit = self.layout.hits(rule, g);
        let place = self.region(usize::from(write));
        let here = |target| match target {
            Target::Domain(d) => self.plan.model.world.domain(d).region == place,
            Target::Store { store, region } => store as usize == self.s && region.is_none_or(|r| r == place),
            Target::Link(_) => false,
        };
        hit && self.faults.taken(self.plan, process).any(here)
    }

    fn damage(&mut self, st: &mut StoreState, g: usize, process: u32, culprit: Culprit, all: bool) {
        let noticed = match &self.store.backup {
            Some(backup) => self.now + self.value(&backup.restore.notice, culprit.mark, word::NOTICE),
            None => Time::NEVER,
        };
        let group = &mut st.groups[g];
        let (at, event) = (self.now, group.head);
        let ledger = &mut group.ledger;
        ledger.damage.push(Damage {
            process,
            culprit,
            at,
            event,
            all,
            lasts: true,
            noticed,
            hopeless: false,
        });
        ledger.damaged = ledger.damage_within(event);
        self.note("damage", || {
            if all { "stored data is damaged" } else { "damaged writes are stored" }.into()
        });
    }
}
