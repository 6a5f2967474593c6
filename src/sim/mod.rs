//! One replication: the model running on the engine.
//!
//! [`Plan`] lays a model out, [`Simulation`] runs replications of it. All events of an instant are applied first
//! (fault processes, actions, timers); then what they touched is settled once: quorums, groups, flows, blocks.

mod blocks;
mod domains;
mod driver;
mod failover;
mod faults;
mod flow;
mod group;
mod history;
mod layout;
mod ledger;
pub mod observe;
mod plan;
mod quorum;
mod serve;
mod state;
#[cfg(test)]
mod tests;

pub use crate::engine::LimitHit;
pub use plan::Plan;

use crate::engine::{Engine, Limits, Slot, System, Timers};
use crate::model::{Command, Effect, Target};
use crate::rng::Marks;
use blocks::Blocks;
use domains::Domains;
use driver::{Chance, Dice, Draw, Mark};
use faults::{Culprit, Faults, Fired, Stage};
use group::Ctx;
use layout::StoreTimer;
use observe::{Blame, Class, Loss, Replication, TimelineEntry};
use plan::Watcher;
use state::{Follow, StoreState};

use crate::units::Time;

/// Everything that changes while a replication runs, as a plain value.
#[derive(Clone, Debug, PartialEq)]
struct State {
    domains: Domains,
    faults: Faults,
    stores: Vec<StoreState>,
    blocks: Blocks,
}

/// Runs replications of one plan. Reusable; nothing is allocated from one replication to the next once buffers
/// have grown.
#[derive(Clone)]
pub struct Simulation<'p> {
    plan: &'p Plan,
    engine: Engine,
    dice: Dice,
    state: State,
    /// The stores as they stand at time zero.
    fresh: Vec<StoreState>,
}

impl<'p> Simulation<'p> {
    /// A simulation of `plan` under a seed.
    pub fn new(plan: &'p Plan, seed: u64) -> Simulation<'p> {
        let marks = Marks::new(seed, &plan.purposes).expect("Plan::new checked the streams");
        let stores = || -> Vec<StoreState> {
            plan.model
                .stores
                .iter()
                .zip(&plan.stores)
                .zip(&plan.rules)
                .map(|((m, s), r)| StoreState::new(m, s, r, plan.model.faults.len()))
                .collect()
        };
        let state = State {
            domains: Domains::new(&plan.model),
            faults: Faults::new(plan),
            stores: stores(),
            blocks: Blocks::new(&plan.model),
        };
        let mut simulation = Simulation {
            plan,
            engine: Engine::new(plan.slots.count),
            dice: Dice { marks },
            state,
            fresh: stores(),
        };
        simulation.settle_fresh();
        simulation
    }

    /// Evaluates the stores at time zero once; every replication starts from there.
    fn settle_fresh(&mut self) {
        let mut out = Replication::default();
        let mut run = Run { plan: self.plan, state: &mut self.state, out: &mut out, record: false };
        for store in &mut run.state.stores {
            for group in &mut store.groups {
                group.history.restart(Time::ZERO, 0, 0, 0);
            }
        }
        run.settle(&mut self.engine.timers(&mut self.dice));
        self.fresh.clone_from(&self.state.stores);
        self.engine.clear();
    }

    /// Runs one replication and reports it in `out`, whose buffers are reused.
    ///
    /// # Errors
    /// The limit of events that the model sets, if it is reached.
    ///
    /// # Panics
    /// If an invariant is broken: writes not conserved, time counted twice. That is a bug in this program.
    pub fn run(&mut self, replication: u64, timeline: bool, out: &mut Replication) -> Result<(), LimitHit> {
        let plan = self.plan;
        self.engine.clear();
        self.dice.marks.begin(replication);
        self.state.domains.clear();
        self.state.faults.clear();
        self.state.blocks.clear(&plan.model);
        for (store, fresh) in self.state.stores.iter_mut().zip(&self.fresh) {
            store.copy_from(fresh);
        }
        out.index = replication;
        out.outages.clear();
        out.losses.clear();
        out.timeline.clear();
        let mut run = Run { plan, state: &mut self.state, out, record: timeline };
        run.arm_first(&mut self.engine.timers(&mut self.dice));
        let limits = Limits { events: plan.model.max_events, time: Time::NEVER };
        self.engine.run_until(Time::NEVER, &limits, &mut run, &mut self.dice)?;
        run.finish(self.engine.now().max(plan.end));
        out.events = self.engine.events();
        Ok(())
    }
}

/// The model as the engine sees it.
struct Run<'a> {
    plan: &'a Plan,
    state: &'a mut State,
    out: &'a mut Replication,
    record: bool,
}

impl<D: Chance> System<D> for Run<'_> {
    #[inline]
    fn fire(&mut self, slot: Slot, timers: &mut Timers<'_, D>) {
        let slots = &self.plan.slots;
        match slot.0 {
            i if i >= slots.processes && i < slots.actions => self.process_fired(i - slots.processes, timers),
            i if i >= slots.actions => match slots.stores.iter().rposition(|&first| first <= i) {
                Some(s) => self.store_fired(s, i - slots.stores[s], timers),
                None => self.act((i - slots.actions) as usize, timers),
            },
            i => self.measure(i == slots.start.0),
        }
    }

    #[inline]
    fn settle(&mut self, timers: &mut Timers<'_, D>) {
        let now = timers.now();
        for s in 0..self.state.stores.len() {
            if self.state.stores[s].dirty || !self.state.stores[s].dirty_copies.is_empty() {
                self.settle_store(s, timers);
            }
        }
        if !self.state.blocks.is_settled() {
            let State { blocks, faults, .. } = &mut *self.state;
            blocks.settle(self.plan, now, &faults.active, &mut self.out.outages);
        }
    }
}

impl Run<'_> {
    /// Arms what is known at time zero.
    fn arm_first<D: Chance>(&mut self, timers: &mut Timers<'_, D>) {
        let plan = self.plan;
        timers.at(plan.slots.start, plan.start);
        timers.at(plan.slots.end, plan.end);
        for p in 0..plan.processes.len() as u32 {
            let at = self.state.faults.next_strike(plan, p, Time::ZERO, timers.driver());
            timers.at(Slot(plan.slots.processes + p), at);
        }
        for (i, action) in plan.model.actions.iter().enumerate() {
            timers.at(Slot(plan.slots.actions + i as u32), plan.start + action.at);
        }
        for s in 0..plan.stores.len() {
            if plan.hourly(s) {
                let slot = plan.stores[s].slot(plan.slots.stores[s], StoreTimer::Hour);
                timers.at(slot, crate::model::Profile::next_hour(Time::ZERO));
            }
        }
    }

    /// Measurement starts or ends: everything up to here is settled under the old regime.
    fn measure(&mut self, start: bool) {
        let plan = self.plan;
        for (s, st) in self.state.stores.iter_mut().enumerate() {
            let store = &plan.model.stores[s];
            let now = if start { plan.start } else { plan.end };
            st.advance(&store.profile, plan.stores[s].regions, &plan.rules[s].catch_up, now);
            if start {
                st.flow.start();
            } else {
                let lambda = store.profile.integral(plan.end) - store.profile.integral(plan.start);
                st.flow.stop(store, lambda);
            }
            st.dirty = true;
        }
    }

    #[inline]
    fn process_fired<D: Chance>(&mut self, p: u32, timers: &mut Timers<'_, D>) {
        let now = timers.now();
        match self.state.faults.fire(self.plan, p, now, timers.driver()) {
            Fired::Nothing => {}
            Fired::Strike => {
                let culprit = self.state.faults.strike(self.plan, p, now, timers.driver());
                self.apply(p, true, Some(culprit));
                self.log_fault(p, "fault", now);
                self.cascade(p, timers);
            }
            Fired::Repair => {
                self.log_fault(p, "repair", now);
                let next = self.state.faults.repair(self.plan, p, now, timers.driver());
                self.apply(p, false, None);
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

    /// Consequences of an occurrence: other processes that are idle may strike after a delay.
    fn cascade<D: Chance>(&mut self, p: u32, timers: &mut Timers<'_, D>) {
        let plan = self.plan;
        let mark = self.state.faults.processes[p as usize].mark;
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
                target.mark = Mark { purpose: edge.purpose, occurrence: mark.occurrence };
                timers.at(Slot(plan.slots.processes + edge.process), at);
            }
        }
    }

    /// Applies the effect of an occurrence to its targets, or takes it back.
    #[inline]
    fn apply(&mut self, p: u32, on: bool, culprit: Option<Culprit>) {
        let process = &self.plan.processes[p as usize];
        let rule = self.plan.rule(p);
        for (i, t) in process.targets.clone().enumerate() {
            if !self.state.faults.hits[process.hits as usize + i] {
                continue;
            }
            let target = rule.targets[t as usize];
            match (rule.effect, target) {
                (Effect::Down | Effect::Maintenance | Effect::Destroy, Target::Domain(d)) => {
                    self.hold(d.0, on, rule.effect, culprit);
                }
                (Effect::Partial { .. }, _) => self.hit_partitions(process.rule, target, on, culprit),
                (Effect::Degrade { .. }, _) => self.update_capacity(culprit),
                (Effect::Isolate | Effect::Down | Effect::Destroy | Effect::Maintenance, _) => {
                    self.state.domains.isolate(&self.plan.model, target, on);
                    self.touch_all(culprit);
                }
            }
        }
    }

    fn touch_all(&mut self, culprit: Option<Culprit>) {
        for st in &mut self.state.stores {
            st.dirty = true;
            st.last_culprit = culprit.or(st.last_culprit);
        }
    }

    /// Holds a subtree of domains down, or lets go of it.
    #[inline]
    fn hold(&mut self, domain: u32, on: bool, effect: Effect, culprit: Option<Culprit>) {
        let plan = self.plan;
        let drained = effect == Effect::Maintenance;
        for d in domain..plan.subtree_end[domain as usize] {
            let changed = if on { self.state.domains.hold(d) } else { self.state.domains.release(d) };
            let destroyed = on && effect == Effect::Destroy;
            if !changed && !destroyed {
                continue;
            }
            for &watcher in plan.watchers_of(d) {
                match watcher {
                    Watcher::Block { block } if changed => self.state.blocks.member(block, !on),
                    Watcher::Zone { store, region } if changed => self.zone(store, region, on, culprit),
                    Watcher::Replica { store, copy, bit } => {
                        let st = &mut self.state.stores[store as usize];
                        st.replica(copy, 1 << bit, on, changed, drained, destroyed);
                        st.last_culprit = culprit.or(st.last_culprit);
                    }
                    Watcher::Block { .. } | Watcher::Zone { .. } => {}
                }
            }
        }
    }

    fn zone(&mut self, store: u32, region: u8, down: bool, culprit: Option<Culprit>) {
        let layout = &self.plan.stores[store as usize];
        let st = &mut self.state.stores[store as usize];
        let count = &mut st.zones_down[usize::from(region)];
        *count = if down { *count + 1 } else { *count - 1 };
        st.last_culprit = culprit.or(st.last_culprit);
        for g in 0..layout.groups() {
            st.touch((g * layout.regions + usize::from(region)) as u32);
        }
    }

    /// A share of the partitions of a region is hit, or no longer.
    fn hit_partitions(&mut self, rule: u32, target: Target, on: bool, culprit: Option<Culprit>) {
        let Target::Domain(d) = target else { return };
        let region = self.plan.model.world.domain(d).region;
        for (layout, st) in self.plan.stores.iter().zip(&mut self.state.stores) {
            let Some(r) = layout.local_region[region.0 as usize] else { continue };
            let Some((_, groups)) = layout.partial.iter().find(|(i, _)| *i == rule) else { continue };
            st.last_culprit = culprit.or(st.last_culprit);
            for &g in groups {
                let copy = g as usize * layout.regions + usize::from(r);
                let hit = &mut st.quorums[copy].hit;
                *hit = if on { *hit + 1 } else { *hit - 1 };
                st.touch(copy as u32);
            }
        }
    }

    /// Recomputes every region's capacity from the degradations that last: the mean over its nodes of the product
    /// of all that hold on a node.
    fn update_capacity(&mut self, culprit: Option<Culprit>) {
        let plan = self.plan;
        let world = &plan.model.world;
        let factor = |node: u32| -> u64 {
            let mut ppm = 1_000_000u64;
            for active in &self.state.faults.active {
                let process = &plan.processes[active.process as usize];
                let rule = plan.rule(active.process);
                let Effect::Degrade { capacity_ppm } = rule.effect else { continue };
                for (i, t) in process.targets.clone().enumerate() {
                    let Target::Domain(d) = rule.targets[t as usize] else { continue };
                    if self.state.faults.hits[process.hits as usize + i]
                        && world.domain(d).nodes.contains(&node)
                    {
                        ppm = ppm * u64::from(capacity_ppm) / 1_000_000;
                    }
                }
            }
            ppm
        };
        for (layout, st) in plan.stores.iter().zip(&mut self.state.stores) {
            for (r, capacity) in st.capacity_ppm.iter_mut().enumerate() {
                let nodes = world.domain(world.regions[layout.world_region[r].0 as usize]).nodes.clone();
                let count = nodes.len().max(1) as u64;
                *capacity = nodes.map(factor).sum::<u64>() / count;
            }
            st.dirty = true;
            st.last_culprit = culprit.or(st.last_culprit);
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
            StoreTimer::Log(copy)
                if self.state.stores[s].logs[copy as usize].follow == Follow::Empty(true) =>
            {
                let (mut ctx, st) = self.context(s, timers);
                let regions = ctx.layout.regions;
                ctx.seeded(st, copy as usize / regions, copy as usize % regions);
            }
            StoreTimer::Hour if now < self.plan.end => {
                timers
                    .at(layout.slot(self.plan.slots.stores[s], timer), crate::model::Profile::next_hour(now));
            }
            _ => {}
        }
    }

    fn advance(&mut self, s: usize, now: Time) {
        let store = &self.plan.model.stores[s];
        let plan = self.plan;
        self.state.stores[s].advance(&store.profile, plan.stores[s].regions, &plan.rules[s].catch_up, now);
    }

    fn context<'x, 't, D>(
        &'x mut self,
        s: usize,
        timers: &'x mut Timers<'t, D>,
    ) -> (Ctx<'x, 't, D>, &'x mut StoreState) {
        let plan = self.plan;
        let now = timers.now();
        let State { domains, faults, stores, .. } = &mut *self.state;
        let ctx = Ctx {
            plan,
            s,
            store: &plan.model.stores[s],
            layout: &plan.stores[s],
            rules: &plan.rules[s],
            domains,
            faults,
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
        let s = match command {
            Command::Failover { store, .. }
            | Command::ForceFailover { store, .. }
            | Command::Offline { store, .. }
            | Command::Online { store, .. }
            | Command::SetFailover { store, .. }
            | Command::SetThroughput { store, .. } => store as usize,
        };
        let mark = Mark { purpose: self.plan.action_purpose, occurrence: i as u64 };
        let culprit = Culprit { blame: Blame::Action(i as u32), class: Class::Action, mark, started: now };
        self.note(now, || (format!("action:{i}"), "action", format!("{command:?}")));
        self.advance(s, now);
        let (mut ctx, st) = self.context(s, timers);
        ctx.act(st, command, culprit);
    }

    /// Brings a store up to date after all events of the instant.
    fn settle_store<D: Chance>(&mut self, s: usize, timers: &mut Timers<'_, D>) {
        let (mut ctx, st) = self.context(s, timers);
        let mut changed = st.dirty;
        for i in 0..st.dirty_copies.len() {
            let c = st.dirty_copies[i] as usize;
            let (g, r) = (c / ctx.layout.regions, c % ctx.layout.regions);
            let live_zones = ctx.layout.zones[r] - u32::from(st.zones_down[r]);
            let zones_ok = live_zones >= ctx.store.regions[r].min_zones.min(ctx.layout.zones[r]);
            let quorum = &mut st.quorums[c];
            quorum.dirty = false;
            changed |= quorum.settle(&ctx.rules.quorum, ctx.rules.rebuild[g], zones_ok, ctx.now);
            let deadline = quorum.deadline();
            ctx.arm(StoreTimer::Quorum(c as u32), deadline);
        }
        st.dirty_copies.clear();
        if !changed {
            return;
        }
        st.dirty = false;
        st.advance(&ctx.store.profile, ctx.layout.regions, &ctx.rules.catch_up, ctx.now);
        for g in 0..ctx.layout.groups() {
            ctx.update_group(st, g);
            ctx.update_readers(st, g);
        }
        ctx.evaluate(st);
        st.action = None;
    }

    /// Closes the books at the end of a replication.
    fn finish(&mut self, now: Time) {
        let plan = self.plan;
        for s in 0..self.state.stores.len() {
            self.advance(s, now);
            let weights = &plan.stores[s].weights;
            let st = &mut self.state.stores[s];
            st.close(plan, s as u32, now, weights, self.out);
        }
        self.state.blocks.finish(plan, now, &mut self.out.outages);
        let out = &mut *self.out;
        out.stores.resize_with(self.state.stores.len(), observe::StoreRun::default);
        for (to, from) in out.stores.iter_mut().zip(&self.state.stores) {
            flow::copy_run(to, &from.flow.run);
        }
        out.blocks.clone_from(&self.state.blocks.runs);
        out.occurrences = self.state.faults.occurrences;
        out.fault_events = self.state.faults.events;
        out.fault_digest = self.state.faults.digest;
        out.losses.iter_mut().for_each(Loss::close);
    }

    fn log_fault(&mut self, p: u32, event: &'static str, now: Time) {
        if !self.record {
            return;
        }
        let process = &self.plan.processes[p as usize];
        for (i, t) in process.targets.clone().enumerate() {
            if self.state.faults.hits[process.hits as usize + i] {
                let rule = self.plan.rule(p);
                let object = rule.targets[t as usize].selector(&self.plan.model.world);
                let k = self.state.faults.processes[p as usize].k;
                self.note(now, || (object, event, format!("{} #{k}", rule.name)));
            }
        }
    }

    fn note(&mut self, now: Time, entry: impl FnOnce() -> (String, &'static str, String)) {
        if self.record && now >= self.plan.start {
            let (object, event, detail) = entry();
            let at = Time::ZERO + (now - self.plan.start);
            self.out.timeline.push(TimelineEntry { at, object, event, detail });
        }
    }
}
