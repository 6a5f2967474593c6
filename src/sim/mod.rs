//! One replication: the model running on the engine.
//!
//! [`Plan`] lays a model out, [`Simulation`] runs replications of it. All events of an instant are applied first
//! (fault processes, actions, timers); then what they touched is settled once: quorums, groups, flows, blocks.

mod backup;
mod blocks;
mod books;
mod cascades;
mod contention;
mod damage;
mod domains;
mod driver;
mod effects;
mod failover;
mod faults;
mod flow;
mod front;
mod group;
mod history;
pub mod hot;
mod lag;
mod lanes;
pub mod latency;
mod layout;
mod ledger;
mod loss;
mod members;
mod months;
pub mod observe;
mod ordered;
mod phase;
mod plan;
mod queue;
mod quorum;
mod record;
mod restore;
mod router;
mod run;
mod runbooks;
mod serve;
mod services;
mod state;
mod steps;
mod sync;
mod tape;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_accounts;
#[cfg(test)]
mod tests_backup;
#[cfg(test)]
mod tests_drill;
#[cfg(test)]
mod tests_failover;
#[cfg(test)]
mod tests_front;
#[cfg(test)]
mod tests_lanes;
#[cfg(test)]
mod tests_members;
#[cfg(test)]
mod tests_months;
#[cfg(test)]
mod tests_placement;
#[cfg(test)]
mod tests_record;
#[cfg(test)]
mod tests_recovery;
#[cfg(test)]
mod tests_runbook;
#[cfg(test)]
mod tests_services;

pub use crate::engine::LimitHit;
pub(crate) use faults::scramble;
pub use plan::Plan;
pub use tape::Tape;

use crate::engine::{Digest, Engine, Limits, System};
use crate::rng::Marks;
use blocks::Blocks;
use domains::Domains;
use driver::Dice;
use faults::Faults;
use front::Front;
use observe::Replication;
use run::Run;
use runbooks::Runbooks;
use services::Services;
use state::StoreState;

use crate::units::Time;
use core::hash::Hash;

/// Everything that changes while a replication runs, as a plain value.
#[derive(Clone, Debug, PartialEq, Hash)]
struct State {
    domains: Domains,
    faults: Faults,
    stores: Vec<StoreState>,
    blocks: Blocks,
    runbooks: Runbooks,
    front: Front,
    services: Services,
}

/// Runs replications of one plan. Reusable; nothing is allocated from one replication to the next once buffers
/// have grown.
#[derive(Clone)]
pub struct Simulation<'p> {
    plan: &'p Plan,
    engine: Engine,
    dice: Dice,
    state: State,
    /// Stores, tiers, routers and services as they stand at time zero.
    fresh: Vec<StoreState>,
    fresh_front: Front,
    fresh_services: Services,
    /// Whether a timeline is kept.
    record: bool,
    /// Whether the books of the current replication are closed.
    finished: bool,
}

impl<'p> Simulation<'p> {
    /// A simulation of `plan` under a seed.
    pub fn new(plan: &'p Plan, seed: u64) -> Simulation<'p> {
        let marks = Marks::new(seed, &plan.purposes).expect("Plan::new checked the streams");
        let stores = || -> Vec<StoreState> {
            let all = plan.model.stores.iter().zip(&plan.stores).zip(&plan.rules);
            all.enumerate().map(|(s, ((m, p), r))| StoreState::new(s as u32, m, p, r)).collect()
        };
        let state = State {
            domains: Domains::new(&plan.model),
            faults: Faults::new(plan),
            stores: stores(),
            blocks: Blocks::new(&plan.model),
            runbooks: Runbooks::new(&plan.model),
            front: Front::new(plan),
            services: Services::new(plan),
        };
        let mut simulation = Simulation {
            plan,
            engine: Engine::new(plan.slots.count),
            dice: Dice { marks },
            state,
            fresh: stores(),
            fresh_front: Front::new(plan),
            fresh_services: Services::new(plan),
            record: false,
            finished: true,
        };
        simulation.settle_fresh();
        simulation
    }

    /// Evaluates the stores at time zero once; every replication starts from there.
    fn settle_fresh(&mut self) {
        let mut out = Replication::default();
        let mut run =
            Run { plan: self.plan, state: &mut self.state, out: &mut out, record: false, tape: None };
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
        self.start(replication, timeline, out);
        self.run_on(None, out)
    }

    /// As [`Simulation::run`], without a timeline; the fault history is read from the tape if it is there, and left
    /// on it otherwise. Results are the same. The tape belongs to simulations of one seed whose plans have the same
    /// faults (the same fault processes, in the same order).
    ///
    /// # Errors
    /// As `run`.
    ///
    /// # Panics
    /// As `run`.
    pub fn run_with(
        &mut self,
        replication: u64,
        tape: &mut Tape,
        out: &mut Replication,
    ) -> Result<(), LimitHit> {
        tape.turn_to(replication);
        self.reset(replication, false, out);
        self.arm_first(Some(&mut *tape), out);
        self.run_on(Some(&mut *tape), out)?;
        tape.complete(replication);
        Ok(())
    }

    fn run_on(&mut self, tape: Option<&mut Tape>, out: &mut Replication) -> Result<(), LimitHit> {
        let limits = self.limits();
        let mut run = Run { plan: self.plan, state: &mut self.state, out, record: self.record, tape };
        self.engine.run_until(Time::NEVER, &limits, &mut run, &mut self.dice)?;
        self.finish(out);
        Ok(())
    }

    /// Goes to the start of a replication, for stepping through it; empties `out`.
    ///
    /// ```
    /// # use zonefall::{scenario, sim::{Plan, Simulation, observe::Replication}};
    /// # let text = "[scenario]\nname = \"x\"\nhorizon = \"1y\"\n[[region]]\nname = \"a\"\nzones = 3\nnodes_per_zone = 1\n\
    /// #   [fault.n]\ntarget = \"node:*\"\nmtbf = \"10d\"\nduration = \"1h\"\n[block.b]\nk = 2\nof = [\"node:*\"]\n";
    /// # let options = scenario::Options::new();
    /// # let loaded = scenario::load(scenario::Source { name: "x", text }, &options).scenario.unwrap();
    /// let plan = Plan::new(&loaded.variants[0].model).unwrap();
    /// let mut simulation = Simulation::new(&plan, 42);
    /// let mut out = Replication::default();
    /// simulation.start(0, false, &mut out);
    /// while let Some(_at) = simulation.step(&mut out).unwrap() {}
    /// let mut other = Simulation::new(&plan, 42);
    /// other.run(0, false, &mut Replication::default()).unwrap();
    /// assert_eq!(simulation.digest(), other.digest());
    /// ```
    pub fn start(&mut self, replication: u64, timeline: bool, out: &mut Replication) {
        self.reset(replication, timeline, out);
        self.arm_first(None, out);
    }

    fn arm_first(&mut self, tape: Option<&mut Tape>, out: &mut Replication) {
        let mut run = Run { plan: self.plan, state: &mut self.state, out, record: self.record, tape };
        run.arm_first(&mut self.engine.timers(&mut self.dice));
    }

    /// Everything as at time zero.
    fn reset(&mut self, replication: u64, timeline: bool, out: &mut Replication) {
        self.record = timeline;
        self.finished = false;
        self.engine.clear();
        self.dice.marks.begin(replication);
        self.state.domains.clear();
        self.state.faults.clear();
        self.state.blocks.clear(&self.plan.model);
        self.state.runbooks.clear();
        for (store, fresh) in self.state.stores.iter_mut().zip(&self.fresh) {
            store.reset(fresh);
        }
        self.state.front.reset(&self.fresh_front);
        self.state.services.reset(&self.fresh_services);
        out.index = replication;
        out.outages.clear();
        out.losses.clear();
        out.restores.clear();
        out.timeline.clear();
        out.tracks.clear();
        out.series.clear();
    }

    /// Handles the next instant (or the next pass of it) and returns its time; `None` at the end, when `out` is
    /// complete.
    ///
    /// # Errors
    /// The limit of events that the model sets, if it is reached.
    ///
    /// # Panics
    /// If an invariant is broken.
    pub fn step(&mut self, out: &mut Replication) -> Result<Option<Time>, LimitHit> {
        let limits = self.limits();
        let mut run = Run { plan: self.plan, state: &mut self.state, out, record: self.record, tape: None };
        let at = self.engine.step(&limits, &mut run, &mut self.dice)?;
        if at.is_none() && !self.finished {
            self.finish(out);
        }
        Ok(at)
    }

    /// Hash of the whole state: clock, armed timers, world, stores. Equal states have equal digests.
    pub fn digest(&self) -> u64 {
        let mut digest = Digest::new();
        digest.add(self.engine.digest());
        self.state.hash(&mut digest);
        digest.finish()
    }

    fn limits(&self) -> Limits {
        Limits { events: self.plan.model.max_events, time: Time::NEVER }
    }

    fn finish(&mut self, out: &mut Replication) {
        self.finished = true;
        let mut run = Run { plan: self.plan, state: &mut self.state, out, record: self.record, tape: None };
        run.finish(self.engine.now().max(self.plan.end));
        out.events = self.engine.events();
    }
}

/// Two simulations are equal if they are of the same plan and in the same state.
impl PartialEq for Simulation<'_> {
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(self.plan, other.plan) && self.engine == other.engine && self.state == other.state
    }
}
