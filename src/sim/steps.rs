//! Runbooks while they run: what people do step by step.
//!
//! A runbook is idle, waits to be noticed, or is under way. Stores are settled first; a step that waits for a store then
//! sees whether it is in use again.

use crate::engine::{Slot, Timers};
use crate::model::{Command, Part, Trigger};
use crate::rng::Law;
use crate::sim::driver::{Chance, Draw, Mark, word};
use crate::sim::faults::Culprit;
use crate::sim::observe::{Blame, Class};
use crate::sim::ordered::shared;
use crate::sim::run::Run;
use crate::sim::runbooks::{
    ATTEMPT_BITS, Cause, FAILS, LAST_ATTEMPT, RETRY, RunStage, StepStage, TAKES, WORDS,
};
use crate::units::{Duration, Time};

impl Run<'_> {
    fn runbook_slot(&self, b: usize, offset: u32) -> Slot {
        Slot(self.plan.slots.runbooks + self.plan.runbooks[b].first + offset)
    }

    /// Arms runbooks that start at a set time.
    pub(crate) fn arm_runbooks<D: Chance>(&mut self, timers: &mut Timers<'_, D>) {
        for (b, runbook) in self.plan.model.runbooks.iter().enumerate() {
            if let Trigger::At(at) = runbook.trigger {
                timers.at(self.runbook_slot(b, 0), self.plan.start + at);
            }
        }
    }

    /// A timer of a runbook fired.
    pub(crate) fn runbook_fired<D: Chance>(&mut self, offset: u32, timers: &mut Timers<'_, D>) {
        let b = self.plan.runbooks.partition_point(|r| r.first <= offset) - 1;
        match (offset - self.plan.runbooks[b].first).checked_sub(1) {
            Some(step) => self.step_fired(b, step as usize, timers),
            None if self.state.runbooks.runs[b].stage == RunStage::Idle => {
                let cause = self.own_cause(b, None, timers.now());
                self.begin_run(b, cause, timers);
            }
            None => {
                self.state.runbooks.runs[b].stage = RunStage::UnderWay;
                self.touch_parts(b);
                self.note_run(b, timers.now(), "noticed");
            }
        }
    }

    fn note_run(&mut self, b: usize, now: Time, what: &'static str) {
        let name = &self.plan.model.runbooks[b].name;
        self.note(now, || (format!("runbook:{name}"), "runbook", what.into()));
    }

    fn note_step(&mut self, b: usize, i: usize, now: Time, what: &str) {
        let runbook = &self.plan.model.runbooks[b];
        self.note(now, || {
            (format!("runbook:{}", runbook.name), "step", format!("{}: {what}", runbook.steps[i].name))
        });
    }

    /// A cause that is no loss: the runbook itself is to blame for what it does.
    fn own_cause(&self, b: usize, loss: Option<Cause>, now: Time) -> Cause {
        let own = Mark { purpose: self.plan.runbooks[b].own, occurrence: 0 };
        let mark = loss.map_or(own, |c| c.mark);
        let culprit = Culprit { blame: Blame::Runbook(b as u32), class: Class::Action, mark, started: now };
        Cause { culprit, mark }
    }

    /// Who took the region of a runbook: the latest that lasts there.
    fn taker(&self, b: usize) -> Option<Cause> {
        let layout = &self.plan.runbooks[b];
        let mut lasting = self.state.faults.lasting(self.plan).rev();
        lasting.find_map(|active| {
            let &(p, purpose) = layout.causes.iter().find(|(p, _)| *p == active.process)?;
            let occurrence = self.state.faults.processes[p as usize].k << ATTEMPT_BITS;
            Some(Cause { culprit: active.culprit, mark: Mark { purpose, occurrence } })
        })
    }

    /// Stores that a runbook works for are looked at anew: what they wait for has changed.
    fn touch_parts(&mut self, b: usize) {
        for (part, _) in &self.plan.runbooks[b].parts {
            if let Part::Store(s) = part {
                self.state.stores[*s as usize].dirty = true;
            }
        }
    }

    fn value<D: Chance>(law: &Law, mark: Mark, word: u32, timers: &mut Timers<'_, D>) -> Duration {
        timers.driver().value(Draw { law, mark, word })
    }

    /// It was started, and will be noticed.
    fn begin_run<D: Chance>(&mut self, b: usize, cause: Cause, timers: &mut Timers<'_, D>) {
        let runbook = &self.plan.model.runbooks[b];
        let notice = Self::value(&runbook.notice, cause.mark, word::NOTICE, timers);
        if notice == Duration::NEVER {
            return;
        }
        let noticed = runbook.hours.from(timers.now() + notice);
        let run = &mut self.state.runbooks.runs[b];
        run.rewind();
        (run.stage, run.cause, run.again) = (RunStage::Unnoticed, Some(cause), false);
        timers.at(self.runbook_slot(b, 0), noticed);
        self.touch_parts(b);
        self.note_run(b, timers.now(), "started");
    }

    fn end_run<D: Chance>(&mut self, b: usize, what: &'static str, timers: &mut Timers<'_, D>) {
        let run = &mut self.state.runbooks.runs[b];
        run.stage = RunStage::Idle;
        for offset in 0..=run.steps.len() as u32 {
            timers.cancel(self.runbook_slot(b, offset));
        }
        self.touch_parts(b);
        self.note_run(b, timers.now(), what);
    }

    /// Brings runbooks up to date after stores; `true` if a store is to be settled again.
    pub(crate) fn settle_runbooks<D: Chance>(&mut self, timers: &mut Timers<'_, D>) -> bool {
        for b in 0..self.plan.runbooks.len() {
            self.watch(b, timers);
            if self.state.runbooks.runs[b].stage == RunStage::UnderWay {
                self.proceed(b, timers);
                self.share_bandwidth(b, timers);
            }
        }
        !self.plan.runbooks.is_empty() && self.state.stores.iter().any(|st| st.dirty)
    }

    /// Starts a runbook when its region is lost or back, and calls it off when it is in time for that.
    fn watch<D: Chance>(&mut self, b: usize, timers: &mut Timers<'_, D>) {
        let (layout, trigger) = (&self.plan.runbooks[b], self.plan.model.runbooks[b].trigger.clone());
        let lost = layout.is_lost(&self.state.domains);
        let loss = if lost { self.taker(b) } else { None };
        let run = &mut self.state.runbooks.runs[b];
        let before = core::mem::replace(&mut run.lost, lost);
        if lost && !before {
            run.loss = loss.or(run.loss);
        }
        let starts = match trigger {
            Trigger::Lost(_) => lost && !before,
            Trigger::Back(_) => !lost && before,
            Trigger::At(_) => false,
        };
        let (stage, last) = (run.stage, run.loss);
        run.again = (run.again || starts) && lost == matches!(trigger, Trigger::Lost(_));
        match stage {
            RunStage::Idle if starts => {
                let cause = match trigger {
                    Trigger::Lost(_) => last,
                    _ => Some(self.own_cause(b, last, timers.now())),
                };
                if let Some(cause) = cause {
                    self.begin_run(b, cause, timers);
                }
            }
            RunStage::Unnoticed | RunStage::UnderWay if self.is_over(b, lost) => {
                self.end_run(b, "called off", timers);
            }
            _ => {}
        }
    }

    /// What started a runbook is over before anything was done about it. Data that only a backup has does not come back
    /// with its region.
    fn is_over(&self, b: usize, lost: bool) -> bool {
        let runbook = &self.plan.model.runbooks[b];
        let over = match runbook.trigger {
            Trigger::Lost(_) => !lost,
            Trigger::Back(_) => lost,
            Trigger::At(_) => false,
        };
        let needed = || {
            runbook.steps.iter().any(|s| match s.does {
                Some(Command::Restore { store, .. } | Command::StartEmpty { store, .. }) => {
                    self.state.stores[store as usize].is_stored_only()
                }
                _ => false,
            })
        };
        let begun = |i: usize| runbook.steps[i].does.is_some();
        over && !self.state.runbooks.runs[b].has_begun(begun) && !needed()
    }

    /// Steps that can begin do so, those whose doing is done are complete, until nothing changes.
    fn proceed<D: Chance>(&mut self, b: usize, timers: &mut Timers<'_, D>) {
        let runbook = &self.plan.model.runbooks[b];
        loop {
            let mut changed = false;
            for (i, step) in runbook.steps.iter().enumerate() {
                let stage = |i: usize, run: &Run<'_>| run.state.runbooks.runs[b].steps[i].stage;
                let ready = |run: &Run<'_>| {
                    step.after.iter().all(|&before| stage(before as usize, run) == StepStage::Done)
                };
                match stage(i, self) {
                    StepStage::Waiting if ready(self) => self.begin_step(b, i, Duration::ZERO, timers),
                    StepStage::Doing if self.is_done(step.does, timers) => self.complete(b, i, timers.now()),
                    _ => continue,
                }
                changed = true;
            }
            if !changed {
                break;
            }
        }
        if self.state.runbooks.runs[b].steps.iter().all(|s| s.stage == StepStage::Done) {
            self.end_run(b, "done", timers);
            let run = &self.state.runbooks.runs[b];
            if let (true, Some(loss)) = (run.again, run.loss) {
                let lost = matches!(runbook.trigger, Trigger::Lost(_));
                let cause = if lost { loss } else { self.own_cause(b, Some(loss), timers.now()) };
                self.begin_run(b, cause, timers);
            }
        }
    }

    /// An attempt begins after a wait, as soon as somebody is there.
    fn begin_step<D: Chance>(&mut self, b: usize, i: usize, wait: Duration, timers: &mut Timers<'_, D>) {
        let now = timers.now();
        let at = self.plan.model.runbooks[b].hours.from(now + wait);
        self.state.runbooks.runs[b].steps[i].stage = StepStage::Due;
        if at == now {
            self.work(b, i, timers);
        } else {
            timers.at(self.runbook_slot(b, 1 + i as u32), at);
        }
    }

    fn work<D: Chance>(&mut self, b: usize, i: usize, timers: &mut Timers<'_, D>) {
        let run = &mut self.state.runbooks.runs[b];
        run.steps[i].stage = StepStage::Working;
        let Some(mark) = run.mark(i) else { return };
        let word = word::EXTRA + WORDS * i as u32 + TAKES;
        let takes = Self::value(&self.plan.model.runbooks[b].steps[i].takes, mark, word, timers);
        timers.at(self.runbook_slot(b, 1 + i as u32), timers.now() + takes);
        self.note_step(b, i, timers.now(), "begins");
    }

    /// An attempt begins or ends.
    fn step_fired<D: Chance>(&mut self, b: usize, i: usize, timers: &mut Timers<'_, D>) {
        let step = &self.plan.model.runbooks[b].steps[i];
        let run = &self.state.runbooks.runs[b];
        let (state, Some(mark)) = (run.steps[i], run.mark(i)) else { return };
        if state.stage == StepStage::Due {
            return self.work(b, i, timers);
        }
        let word = word::EXTRA + WORDS * i as u32;
        let fails = timers.driver().happens(mark, word + FAILS, step.fails_ppm);
        if fails && state.attempt < LAST_ATTEMPT {
            let retry = Self::value(&step.retry, mark, word + RETRY, timers);
            self.state.runbooks.runs[b].steps[i].attempt += 1;
            self.note_step(b, i, timers.now(), "fails");
            return self.begin_step(b, i, retry, timers);
        }
        self.state.runbooks.runs[b].steps[i].stage = StepStage::Doing;
        if let (Some(command), Some(cause)) = (step.does, self.state.runbooks.runs[b].cause) {
            if self.record {
                self.note_step(b, i, timers.now(), &command.describe(&self.plan.model));
            }
            self.carry_out(command, cause.culprit, timers);
            if let Command::Restore { store, .. } = command {
                let st = &mut self.state.stores[store as usize];
                st.pace = st.pace.or(Some(0));
            }
        }
        self.touch_parts(b);
    }

    /// Whether what a step does is done: a store that it brings back is in use, all else is done at once.
    fn is_done<D: Chance>(&mut self, does: Option<Command>, timers: &mut Timers<'_, D>) -> bool {
        match does {
            Some(
                Command::Restore { store, .. }
                | Command::StartEmpty { store, .. }
                | Command::ForceFailover { store, .. },
            ) if !self.plan.stores[store as usize].multi() => {
                let (ctx, st) = self.context(store as usize, timers);
                !st.dirty && ctx.is_in_use(st)
            }
            _ => true,
        }
    }

    fn complete(&mut self, b: usize, i: usize, now: Time) {
        self.state.runbooks.runs[b].steps[i].stage = StepStage::Done;
        if let Some(Command::Restore { store, .. }) = self.plan.model.runbooks[b].steps[i].does {
            self.state.stores[store as usize].pace = None;
        }
        self.touch_parts(b);
        self.note_step(b, i, now, "complete");
    }

    /// The store that a step restores now. Where several restore one, the first of them does.
    fn restored(&self, b: usize, i: usize) -> Option<u32> {
        let (runbooks, runs) = (&self.plan.model.runbooks, &self.state.runbooks.runs);
        let store = |(b, i): (usize, usize)| match runbooks[b].steps[i].does {
            Some(Command::Restore { store, .. }) if runs[b].steps[i].stage == StepStage::Doing => Some(store),
            _ => None,
        };
        let found = store((b, i))?;
        let all = (0..=b).flat_map(|b| (0..runbooks[b].steps.len()).map(move |i| (b, i)));
        let taken = all.take_while(|&at| at != (b, i)).any(|at| store(at) == Some(found));
        (!taken).then_some(found)
    }

    /// Restores that copy at the same time share the bandwidth.
    fn share_bandwidth<D: Chance>(&mut self, b: usize, timers: &mut Timers<'_, D>) {
        let runbook = &self.plan.model.runbooks[b];
        let stores = (0..runbook.steps.len()).filter_map(|i| self.restored(b, i));
        let copying = stores.filter(|&s| self.state.stores[s as usize].is_copying()).count() as u32;
        for i in 0..runbook.steps.len() {
            let Some(s) = self.restored(b, i) else { continue };
            let (mut ctx, st) = self.context(s as usize, timers);
            ctx.set_pace(st, Some(shared(runbook.bandwidth, copying)));
        }
    }
}
