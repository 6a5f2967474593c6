//! The events of a replication: what each slot means, and bringing up to date what an instant touched.

use crate::engine::{Slot, System, Timers};
use crate::model::{Command, Part, Profile};
use crate::sim::driver::{Chance, Draw, Mark};
use crate::sim::faults::{Culprit, Fired, Stage};
use crate::sim::group::Ctx;
use crate::sim::layout::StoreTimer;
use crate::sim::observe::{Blame, BlockRun, Class, Loss, Replication, StoreRun};
use crate::sim::plan::Plan;
use crate::sim::state::StoreState;
use crate::sim::tape::Tape;
use crate::sim::{State, flow, record};
use crate::units::Time;

/// The model as the engine sees it.
pub(crate) struct Run<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) state: &'a mut State,
    pub(crate) out: &'a mut Replication,
    pub(crate) record: bool,
    /// Where the fault history is written to, or read from if it is complete.
    pub(crate) tape: Option<&'a mut Tape>,
}

impl<D: Chance> System<D> for Run<'_> {
    #[inline]
    fn fire(&mut self, slot: Slot, timers: &mut Timers<'_, D>) {
        let slots = &self.plan.slots;
        match slot.0 {
            i if i >= slots.fleets && i < slots.actions => self.fleet_fired(i - slots.fleets, timers),
            i if i >= slots.processes && i < slots.fleets => self.process_fired(i - slots.processes, timers),
            i if i >= slots.runbooks => self.runbook_fired(i - slots.runbooks, timers),
            i if i >= slots.front => self.front_fired(i - slots.front),
            i if i >= slots.actions => match slots.stores.iter().rposition(|&first| first <= i) {
                Some(s) => self.store_fired(s, i - slots.stores[s], timers),
                None => self.act((i - slots.actions) as usize, timers),
            },
            i if i == slots.tape.0 => self.replay(timers),
            i => self.measure(i == slots.start.0),
        }
    }

    #[inline]
    fn settle(&mut self, timers: &mut Timers<'_, D>) {
        let now = timers.now();
        loop {
            for s in 0..self.state.stores.len() {
                if self.state.stores[s].dirty || !self.state.stores[s].dirty_copies.is_empty() {
                    self.settle_store(s, timers);
                }
            }
            // Whoever is done with a step changes what stores wait for.
            if !self.settle_runbooks(timers) {
                break;
            }
        }
        if !self.state.blocks.is_settled() {
            let State { blocks, faults, .. } = &mut *self.state;
            blocks.settle(self.plan, now, faults, &mut self.out.outages);
        }
        self.settle_front(timers);
        self.settle_services(timers);
    }
}

impl Run<'_> {
    /// Arms what is known at time zero.
    pub(crate) fn arm_first<D: Chance>(&mut self, timers: &mut Timers<'_, D>) {
        let plan = self.plan;
        timers.at(plan.slots.start, plan.start);
        timers.at(plan.slots.end, plan.end);
        if self.replays() {
            self.arm_tape(timers);
        } else {
            self.arm_faults(timers);
        }
        for (i, action) in plan.model.actions.iter().enumerate() {
            timers.at(Slot(plan.slots.actions + i as u32), plan.start + action.at);
        }
        self.arm_runbooks(timers);
        for s in 0..plan.stores.len() {
            if plan.hourly(s) {
                let slot = plan.stores[s].slot(plan.slots.stores[s], StoreTimer::Hour);
                timers.at(slot, Profile::next_hour(Time::ZERO));
            }
            if plan.stores[s].lags.is_some() {
                let slot = plan.stores[s].slot(plan.slots.stores[s], StoreTimer::Items);
                timers.at(slot, Time::ZERO);
            }
        }
    }

    fn arm_faults<D: Chance>(&mut self, timers: &mut Timers<'_, D>) {
        let plan = self.plan;
        for p in 0..plan.processes.len() as u32 {
            let at = self.state.faults.next_strike(plan, p, Time::ZERO, timers.driver());
            timers.at(Slot(plan.slots.processes + p), at);
        }
        for f in 0..plan.fleets.len() as u32 {
            let at = self.state.faults.next_fleet_strike(plan, f, Time::ZERO, timers.driver());
            timers.at(Slot(plan.slots.fleets + f), at);
        }
    }

    /// Measurement starts or ends: everything up to here is settled under the old regime.
    fn measure(&mut self, start: bool) {
        let plan = self.plan;
        for (s, st) in self.state.stores.iter_mut().enumerate() {
            let store = &plan.model.stores[s];
            let now = if start { plan.start } else { plan.end };
            st.advance(&store.profile, plan.stores[s].regions, &plan.rules[s].catch_up, now);
            if self.record {
                record::standing(plan, s, st, now, self.out);
            }
            if start {
                st.forget_settled();
                st.flow.start(now, self.out.losses.len());
            } else {
                let lambda = store.profile.integral(plan.end) - store.profile.integral(plan.start);
                st.flow.stop(&store.clients, store.partitions, lambda);
                // Conflicts are not counted from here on.
                st.dirty |= plan.stores[s].multi() && plan.stores[s].lags.is_some();
            }
        }
        self.measure_services(start, if start { plan.start } else { plan.end });
    }

    #[inline]
    fn process_fired<D: Chance>(&mut self, p: u32, timers: &mut Timers<'_, D>) {
        let now = timers.now();
        match self.state.faults.fire(self.plan, p, now, timers.driver()) {
            Fired::Nothing => self.keep(p, Fired::Nothing, now),
            Fired::Strike => {
                self.strike(p, timers);
                return;
            }
            Fired::Repair => {
                if self.record {
                    self.note_fault(p, "repair", now);
                }
                self.keep(p, Fired::Repair, now);
                let next = self.state.faults.repair(self.plan, p, now, timers.driver());
                self.apply(p, false);
                let strike = self.state.faults.next_strike(self.plan, p, now, timers.driver());
                timers.at(Slot(self.plan.slots.processes + p), strike);
                if let Some(next) = next {
                    let due = self.state.faults.due(self.plan, next, now);
                    timers.at(Slot(self.plan.slots.processes + next), due);
                }
                return;
            }
        }
        let due = self.state.faults.due(self.plan, p, now);
        timers.at(Slot(self.plan.slots.processes + p), due);
    }

    /// An occurrence starts: its effect, its consequences, its end.
    #[inline]
    fn strike<D: Chance>(&mut self, p: u32, timers: &mut Timers<'_, D>) {
        let now = timers.now();
        self.keep(p, Fired::Strike, now);
        self.state.faults.strike(self.plan, p, now, timers.driver());
        self.apply(p, true);
        if self.record {
            self.note_fault(p, "fault", now);
        }
        self.cascade(p, timers);
        let due = self.state.faults.due(self.plan, p, now);
        timers.at(Slot(self.plan.slots.processes + p), due);
    }

    #[inline]
    fn fleet_fired<D: Chance>(&mut self, f: u32, timers: &mut Timers<'_, D>) {
        let struck = self.state.faults.fleet_strikes(self.plan, f, timers.driver());
        let next = self.state.faults.next_fleet_strike(self.plan, f, timers.now(), timers.driver());
        timers.at(Slot(self.plan.slots.fleets + f), next);
        match struck {
            Some(p) => self.strike(p, timers),
            None => self.keep(self.plan.fleets[f as usize].processes.start, Fired::Nothing, timers.now()),
        }
    }

    /// Consequences of an occurrence: other processes that are idle may strike after a delay.
    fn cascade<D: Chance>(&mut self, p: u32, timers: &mut Timers<'_, D>) {
        let plan = self.plan;
        let mark = self.state.faults.processes[p as usize].mark;
        let number = self.state.faults.number(plan, p);
        for edge in &plan.processes[p as usize].cascades {
            let cascade = &plan.rule(p).cascades[edge.cascade as usize];
            let target = &mut self.state.faults.processes[edge.process as usize];
            if target.stage != Stage::Up || !timers.driver().happens(mark, edge.word, cascade.probability_ppm)
            {
                continue;
            }
            let at =
                timers.now() + timers.driver().value(Draw { law: &cascade.delay, mark, word: edge.word + 1 });
            if at < plan.end {
                target.stage = Stage::Pending;
                target.mark = Mark { purpose: edge.purpose, occurrence: number };
                timers.at(Slot(plan.slots.processes + edge.process), at);
            }
        }
    }

    /// A timer of a store fired. What it means is read from the state when the store is settled; only phases of
    /// failover and seeding are acted upon here.
    fn store_fired<D: Chance>(&mut self, s: usize, offset: u32, timers: &mut Timers<'_, D>) {
        let now = timers.now();
        let layout = &self.plan.stores[s];
        let timer = layout.timer(offset);
        if let StoreTimer::Quorum(copy) = timer {
            self.state.stores[s].touch(copy);
            return;
        }
        self.state.stores[s].dirty = true;
        self.advance(s, now);
        match timer {
            StoreTimer::Phase(copy) => {
                let (mut ctx, st) = self.context(s, timers);
                ctx.phase_ended(st, copy as usize);
            }
            StoreTimer::Log(copy) if self.state.stores[s].logs[copy as usize].is_seeded(now) => {
                let (mut ctx, st) = self.context(s, timers);
                let regions = ctx.layout.regions;
                ctx.seeded(st, copy as usize / regions, copy as usize % regions);
            }
            StoreTimer::Hour if now < self.plan.end => {
                timers.at(layout.slot(self.plan.slots.stores[s], timer), Profile::next_hour(now));
            }
            _ => {}
        }
    }

    fn advance(&mut self, s: usize, now: Time) {
        let store = &self.plan.model.stores[s];
        let plan = self.plan;
        let st = &mut self.state.stores[s];
        st.advance(&store.profile, plan.stores[s].regions, &plan.rules[s].catch_up, now);
        if self.record {
            record::standing(plan, s, st, now, self.out);
        }
    }

    pub(crate) fn context<'x, 't, D>(
        &'x mut self,
        s: usize,
        timers: &'x mut Timers<'t, D>,
    ) -> (Ctx<'x, 't, D>, &'x mut StoreState) {
        let plan = self.plan;
        let now = timers.now();
        let State { domains, faults, stores, runbooks, .. } = &mut *self.state;
        let ctx = Ctx {
            plan,
            s,
            store: &plan.model.stores[s],
            layout: &plan.stores[s],
            rules: &plan.rules[s],
            domains,
            faults,
            runbooks,
            timers,
            out: self.out,
            record: self.record,
            now,
        };
        (ctx, &mut stores[s])
    }

    fn act<D: Chance>(&mut self, i: usize, timers: &mut Timers<'_, D>) {
        let now = timers.now();
        let command = self.plan.model.actions[i].command;
        let mark = Mark { purpose: self.plan.action_purpose, occurrence: i as u64 };
        let culprit = Culprit { blame: Blame::Action(i as u32), class: Class::Action, mark, started: now };
        self.note(now, || (format!("action:{i}"), "action", command.describe(&self.plan.model)));
        self.carry_out(command, culprit, timers);
    }

    /// Does what a scripted action or a step of a runbook says.
    pub(crate) fn carry_out<D: Chance>(
        &mut self,
        command: Command,
        culprit: Culprit,
        timers: &mut Timers<'_, D>,
    ) {
        let Part::Store(s) = command.part() else { return self.act_on_front(command, culprit, timers) };
        let s = s as usize;
        self.advance(s, timers.now());
        let (mut ctx, st) = self.context(s, timers);
        ctx.act(st, command, culprit);
    }

    /// Brings a store up to date after all events of the instant.
    #[inline]
    fn settle_store<D: Chance>(&mut self, s: usize, timers: &mut Timers<'_, D>) {
        let rules = &self.plan.rules[s].quorum;
        let st = &mut self.state.stores[s];
        let now = timers.now();
        // Most events touch a few replicas and change nothing that anybody could notice.
        let mut hard = 0;
        for i in 0..st.dirty_copies.len() {
            let c = st.dirty_copies[i];
            let quorum = &mut st.quorums[c as usize];
            if quorum.settle_easy(rules, now) {
                quorum.dirty = false;
            } else {
                st.dirty_copies[hard] = c;
                hard += 1;
            }
        }
        st.dirty_copies.truncate(hard);
        if hard > 0 || st.dirty {
            self.settle_changes(s, timers);
        }
    }

    #[inline(never)]
    fn settle_changes<D: Chance>(&mut self, s: usize, timers: &mut Timers<'_, D>) {
        let (mut ctx, st) = self.context(s, timers);
        let mut changed = st.dirty;
        for i in 0..st.dirty_copies.len() {
            let c = st.dirty_copies[i] as usize;
            let quorum = &mut st.quorums[c];
            quorum.dirty = false;
            changed |= quorum.settle(&ctx.rules.quorum, ctx.rules.rebuild[c / ctx.layout.regions], ctx.now);
            let deadline = quorum.deadline();
            ctx.arm(StoreTimer::Quorum(c as u32), deadline);
        }
        st.dirty_copies.clear();
        if !changed {
            return;
        }
        st.dirty = false;
        st.vaults.settle(ctx.now);
        st.advance(&ctx.store.profile, ctx.layout.regions, &ctx.rules.catch_up, ctx.now);
        ctx.note_standing(st);
        ctx.remember_culprit(st);
        for set in 0..ctx.layout.sets() {
            if ctx.layout.multi() {
                ctx.update_lanes(st, set);
            } else {
                ctx.update_group(st, set);
                ctx.update_readers(st, set);
            }
        }
        ctx.evaluate(st);
        ctx.note_standing(st);
        st.action = None;
    }

    /// Closes the books at the end of a replication.
    pub(crate) fn finish(&mut self, now: Time) {
        let plan = self.plan;
        for s in 0..self.state.stores.len() {
            self.advance(s, now);
            let weights = &plan.stores[s].weights;
            let st = &mut self.state.stores[s];
            st.close(plan, s as u32, now, weights, self.out);
        }
        self.state.blocks.finish(plan, now, &mut self.out.outages);
        self.finish_services(now);
        self.close_record(now);
        let out = &mut *self.out;
        out.stores.resize_with(self.state.stores.len(), StoreRun::default);
        for (to, from) in out.stores.iter_mut().zip(&self.state.stores) {
            flow::copy_run(to, &from.flow.run);
        }
        out.services.resize_with(self.state.services.runs().len(), StoreRun::default);
        for (to, from) in out.services.iter_mut().zip(self.state.services.runs()) {
            flow::copy_run(to, from);
        }
        out.blocks.resize_with(self.state.blocks.runs.len(), BlockRun::default);
        for (to, from) in out.blocks.iter_mut().zip(&self.state.blocks.runs) {
            to.down = from.down;
            to.causes.clone_from(&from.causes);
            to.months.clone_from(&from.months);
        }
        out.occurrences = self.state.faults.occurrences;
        out.fault_events = self.state.faults.events;
        out.fault_digest = self.state.faults.digest;
        let before = self.state.stores.first().map_or(0, |s| s.flow.first_loss);
        out.losses.drain(..before);
        out.losses.iter_mut().for_each(Loss::close);
    }
}
