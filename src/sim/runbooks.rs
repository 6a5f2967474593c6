//! Runbooks: how they are laid out, how they stand, and what a part waits for that one will bring back (rules i07, i09,
//! x02). How they proceed: `steps`.

use crate::model::{Command, DomainId, Model, Part, Party, RegionId, Step, Target, Trigger};
use crate::rng::Purpose;
use crate::sim::domains::Domains;
use crate::sim::driver::{Mark, word};
use crate::sim::faults::Culprit;
use crate::sim::observe::Phase;
use crate::sim::plan::{Plan, Process};
use crate::sim::run::Run;

/// Words of a step, from [`word::EXTRA`] on, three for each: time, whether it fails, time to the next attempt. Every
/// attempt is an occurrence of its own.
pub(super) const WORDS: u32 = 3;
pub(super) const TAKES: u32 = 0;
pub(super) const FAILS: u32 = 1;
pub(super) const RETRY: u32 = 2;
/// Numbers of attempts within the number of a run.
pub(super) const ATTEMPT_BITS: u32 = 16;
pub(super) const LAST_ATTEMPT: u32 = (1 << ATTEMPT_BITS) - 1;

/// A runbook laid out.
#[derive(Clone, Debug)]
pub(crate) struct RunbookPlan {
    /// Its first slot, from the first of all; those of its steps follow.
    pub(super) first: u32,
    /// The region whose loss or return starts it, with its zones.
    place: Option<(RegionId, DomainId, Vec<DomainId>)>,
    /// Stream of its marks where no loss gives them, and where an occurrence of a process is the loss.
    pub(super) own: u32,
    pub(super) causes: Vec<(u32, u32)>,
    /// What it works for, with the steps that bring that back: those that act on it, and what they wait for, as bits.
    pub(super) parts: Vec<(Part, u64)>,
}

impl RunbookPlan {
    /// Lays out all runbooks, with their streams.
    pub(crate) fn all(model: &Model, processes: &[Process], purposes: &mut Vec<Purpose>) -> Vec<RunbookPlan> {
        let mut first = 0;
        let mut found = Vec::new();
        for runbook in &model.runbooks {
            let words = word::EXTRA + WORDS * runbook.steps.len() as u32;
            let mut stream = |name: String| {
                purposes.push(Purpose { name, words });
                purposes.len() as u32 - 1
            };
            let own = stream(format!("runbook {}", runbook.name));
            let place = match runbook.trigger {
                Trigger::Lost(r) | Trigger::Back(r) => {
                    Some((r, model.world.regions[r.0 as usize], model.world.zones(r).collect::<Vec<_>>()))
                }
                Trigger::At(_) => None,
            };
            let mut causes = Vec::new();
            for (p, process) in processes.iter().enumerate() {
                let rule = &model.faults[process.rule as usize];
                let hits = |t: u32| match (&place, rule.targets[t as usize]) {
                    (Some((_, region, zones)), Target::Domain(d)) => d == *region || zones.contains(&d),
                    _ => false,
                };
                if rule.effect.takes_out() && process.targets.clone().any(hits) {
                    // One process of a rule strikes each target, or one all of them.
                    let target = model.selector(rule.targets[process.targets.start as usize]);
                    let name = format!("runbook {} < fault {} {target}", runbook.name, rule.name);
                    causes.push((p as u32, stream(name)));
                }
            }
            let parts = parts(runbook.steps.iter().map(|s| (s.does, &s.after[..])).collect());
            found.push(RunbookPlan { first, place, own, causes, parts });
            first += 1 + runbook.steps.len() as u32;
        }
        found
    }

    /// Slots of all runbooks.
    pub(crate) fn slots(model: &Model) -> u32 {
        model.runbooks.iter().map(|r| 1 + r.steps.len() as u32).sum()
    }

    /// Whether its region is down, cut off, or left without a zone.
    pub(super) fn is_lost(&self, domains: &Domains) -> bool {
        self.place.as_ref().is_some_and(|(region, domain, zones)| {
            domains.is_down(*domain)
                || domains.is_isolated(*region)
                || zones.iter().all(|&z| domains.is_down(z))
        })
    }
}

/// What steps work for, each with the steps that bring it back.
fn parts(steps: Vec<(Option<Command>, &[u32])>) -> Vec<(Part, u64)> {
    let mut needs: Vec<u64> = (0..steps.len()).map(|i| 1 << i).collect();
    for _ in 0..steps.len() {
        for i in 0..steps.len() {
            needs[i] = steps[i].1.iter().fold(needs[i], |all, &before| all | needs[before as usize]);
        }
    }
    let mut parts: Vec<(Part, u64)> = Vec::new();
    for (i, (does, _)) in steps.iter().enumerate() {
        let Some(part) = does.map(Command::part) else { continue };
        match parts.iter_mut().find(|(known, _)| *known == part) {
            Some((_, bits)) => *bits |= needs[i],
            None => parts.push((part, needs[i])),
        }
    }
    parts
}

/// Where a step stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(super) enum StepStage {
    /// Steps before it are not complete.
    Waiting,
    /// Its next attempt begins when somebody is there, or it is time for it.
    Due,
    /// Somebody is at it.
    Working,
    /// What it does is under way.
    Doing,
    /// It is complete.
    Done,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(super) struct StepState {
    pub(super) stage: StepStage,
    pub(super) attempt: u32,
}

impl StepState {
    /// Whether what it does has not begun.
    fn is_to_come(&self) -> bool {
        !matches!(self.stage, StepStage::Doing | StepStage::Done)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(super) enum RunStage {
    Idle,
    /// Nobody has noticed yet.
    Unnoticed,
    UnderWay,
}

/// Why a runbook runs: whom its steps' doings are blamed on, and its marks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(super) struct Cause {
    pub(super) culprit: Culprit,
    pub(super) mark: Mark,
}

/// One runbook.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub(super) struct RunState {
    pub(super) stage: RunStage,
    /// Whether its region was lost when last looked at.
    pub(super) lost: bool,
    /// What took the region last.
    pub(super) loss: Option<Cause>,
    /// Its region was lost again while it was under way.
    pub(super) again: bool,
    pub(super) cause: Option<Cause>,
    pub(super) steps: Vec<StepState>,
}

/// All runbooks of a replication.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Runbooks {
    pub(super) runs: Vec<RunState>,
}

impl Runbooks {
    pub(crate) fn new(model: &Model) -> Runbooks {
        let idle = StepState { stage: StepStage::Waiting, attempt: 0 };
        let runs = model.runbooks.iter().map(|runbook| RunState {
            stage: RunStage::Idle,
            lost: false,
            loss: None,
            again: false,
            cause: None,
            steps: vec![idle; runbook.steps.len()],
        });
        Runbooks { runs: runs.collect() }
    }

    pub(crate) fn clear(&mut self) {
        for run in &mut self.runs {
            (run.stage, run.lost, run.loss, run.again, run.cause) =
                (RunStage::Idle, false, None, false, None);
            run.rewind();
        }
    }

    /// What a part that is down waits for, and who answers for it, where a runbook that is under way will bring it back:
    /// the first of the steps in question that is not complete. A drill brings nothing back.
    pub(crate) fn waits(&self, plan: &Plan, part: Part) -> Option<(Phase, Party)> {
        let all = self.runs.iter().zip(&plan.runbooks).zip(&plan.model.runbooks);
        for ((run, layout), runbook) in all {
            if run.stage == RunStage::Idle || matches!(runbook.trigger, Trigger::At(_)) {
                continue;
            }
            let Some(&(_, needed)) = layout.parts.iter().find(|(known, _)| *known == part) else { continue };
            if run.stage == RunStage::Unnoticed {
                return Some((Phase::Detect, Party::Customer));
            }
            let mut steps = run.steps.iter().zip(&runbook.steps).enumerate();
            let open = steps.find(|(i, (s, _))| needed >> i & 1 == 1 && s.stage != StepStage::Done);
            if let Some((_, (_, step))) = open {
                return Some((Phase::of_step(step), step.owner));
            }
        }
        None
    }

    /// Whether somebody is still going to restore a store because its region is lost.
    pub(crate) fn restores(&self, plan: &Plan, domains: &Domains, store: u32) -> bool {
        let restores = |step: &Step| {
            matches!(step.does, Some(Command::Restore { store: s, .. } | Command::StartEmpty { store: s, .. })
                if s == store)
        };
        let all = self.runs.iter().zip(&plan.runbooks).zip(&plan.model.runbooks);
        all.filter(|((_, layout), runbook)| !runbook.never_noticed() && layout.is_lost(domains)).any(
            |((run, _), runbook)| {
                // It begins in this instant, when this run has ended, or when the region is back.
                let to_begin = !run.lost || run.again || matches!(runbook.trigger, Trigger::Back(_));
                let to_come = |(s, step): (&StepState, &Step)| restores(step) && s.is_to_come();
                let in_run = run.stage != RunStage::Idle && run.steps.iter().zip(&runbook.steps).any(to_come);
                in_run || to_begin && runbook.steps.iter().any(restores)
            },
        )
    }
}

impl RunState {
    pub(super) fn rewind(&mut self) {
        self.steps.fill(StepState { stage: StepStage::Waiting, attempt: 0 });
    }

    /// Whether a step that does something has begun: too late to call it off.
    pub(super) fn has_begun(&self, does: impl Fn(usize) -> bool) -> bool {
        let begun = |s: &StepState| !matches!(s.stage, StepStage::Waiting | StepStage::Due) || s.attempt > 0;
        self.steps.iter().enumerate().any(|(i, s)| does(i) && begun(s))
    }

    /// Marks of the next attempt of a step.
    pub(super) fn mark(&self, step: usize) -> Option<Mark> {
        let mark = self.cause?.mark;
        Some(Mark { occurrence: mark.occurrence | u64::from(self.steps[step].attempt), ..mark })
    }
}

impl Run<'_> {
    /// What a part that is down waits for, and who answers for it, where a runbook that is under way will bring it back.
    pub(crate) fn runbook_waits(&self, part: Part) -> Option<(Phase, Party)> {
        self.state.runbooks.waits(self.plan, part)
    }
}
