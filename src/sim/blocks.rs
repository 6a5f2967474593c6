//! Redundancy blocks while they run: counters of live members, outages, time down.

use crate::model::{Effect, Member, Model, Target};
use crate::sim::faults::{Active, Culprit, Faults};
use crate::sim::flow::cause_class;
use crate::sim::months;
use crate::sim::observe::{Blame, BlockRun, Class, Outage, Party, Phase, Subject};
use crate::sim::phase::responsible;
use crate::sim::plan::Plan;
use crate::units::{Duration, Time};

/// One block.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
struct BlockState {
    /// Members up as of this instant.
    up: u32,
    need: u32,
    /// State as of the last settled instant.
    ok: bool,
    dirty: bool,
    report: bool,
    down_since: Time,
    culprit: Option<Culprit>,
}

/// All blocks of a replication.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Blocks {
    states: Vec<BlockState>,
    dirty: Vec<u32>,
    pub(crate) runs: Vec<BlockRun>,
}

impl Blocks {
    pub(crate) fn new(model: &Model) -> Blocks {
        let states: Vec<BlockState> = model
            .blocks
            .iter()
            .map(|b| BlockState {
                up: b.members.len() as u32,
                need: b.need,
                ok: true,
                dirty: false,
                report: b.report,
                down_since: Time::ZERO,
                culprit: None,
            })
            .collect();
        let causes = vec![Duration::ZERO; model.faults.len()];
        let run = BlockRun { down: Duration::ZERO, causes, months: Vec::new() };
        Blocks { dirty: Vec::with_capacity(states.len()), runs: vec![run; states.len()], states }
    }

    pub(crate) fn clear(&mut self, model: &Model) {
        for (state, block) in self.states.iter_mut().zip(&model.blocks) {
            *state = BlockState {
                up: block.members.len() as u32,
                ok: true,
                dirty: false,
                culprit: None,
                ..*state
            };
        }
        self.dirty.clear();
        for run in &mut self.runs {
            run.down = Duration::ZERO;
            run.causes.fill(Duration::ZERO);
            run.months.clear();
        }
    }

    /// Who holds a block down, while it is down.
    pub(crate) fn culprit(&self, block: u32) -> Option<Culprit> {
        let state = &self.states[block as usize];
        state.culprit.filter(|_| !state.ok)
    }

    /// A member went down or came back; takes effect when the instant is settled.
    #[inline]
    pub(crate) fn member(&mut self, block: u32, up: bool) {
        let state = &mut self.states[block as usize];
        state.up = if up { state.up + 1 } else { state.up - 1 };
        if (state.up >= state.need) != state.ok && !state.dirty {
            state.dirty = true;
            self.dirty.push(block);
        }
    }

    #[inline]
    pub(crate) fn is_settled(&self) -> bool {
        self.dirty.is_empty()
    }

    /// All events of the instant are applied: blocks change state, inner ones first.
    pub(crate) fn settle(&mut self, plan: &Plan, now: Time, faults: &Faults, out: &mut Vec<Outage>) {
        while !self.dirty.is_empty() {
            let at = (0..self.dirty.len()).min_by_key(|&i| self.dirty[i]).unwrap_or(0);
            let block = self.dirty.swap_remove(at);
            let state = &mut self.states[block as usize];
            state.dirty = false;
            let ok = state.up >= state.need;
            if ok == state.ok {
                continue;
            }
            state.ok = ok;
            if ok {
                self.end(plan, block, now, true, out);
            } else {
                self.begin(plan, block, now, faults);
            }
            for &parent in &plan.parents[block as usize] {
                self.member(parent, ok);
            }
        }
    }

    fn begin(&mut self, plan: &Plan, b: u32, now: Time, faults: &Faults) {
        let state = &mut self.states[b as usize];
        state.down_since = now;
        let touches = |a: &Active| strikes(plan, faults, a, |struck| holds(plan, b, struck));
        state.culprit = last_or_first(now, || faults.lasting(plan).filter(touches).map(|a| a.culprit));
    }

    fn end(&mut self, plan: &Plan, b: u32, now: Time, ended: bool, out: &mut Vec<Outage>) {
        let state = self.states[b as usize];
        self.count(plan, b, now.min(plan.end));
        let Some(culprit) = state.culprit else { return };
        if !state.report
            || state.down_since < plan.start
            || state.down_since >= plan.end
            || state.down_since == now
        {
            return;
        }
        let length = now - state.down_since;
        let mut phases = [Duration::ZERO; Phase::ALL.len()];
        phases[Phase::Repair as usize] = length;
        let mut parties = [Duration::ZERO; Party::ALL.len()];
        parties[responsible(&plan.model, culprit.blame) as usize] = length;
        out.push(Outage {
            subject: Subject::Block(b),
            start: Time::ZERO + (state.down_since - plan.start),
            length,
            ended,
            time_to_impact: state.down_since - culprit.started,
            peak_ppm: 1_000_000,
            failed: 0,
            blame: culprit.blame,
            class: culprit.class,
            cause: cause_class(plan, culprit.blame),
            phases,
            parties,
            regions: 0,
        });
    }

    /// Adds the measured part of an outage up to `until` to the time down.
    fn count(&mut self, plan: &Plan, b: u32, until: Time) {
        let state = &self.states[b as usize];
        let since = state.down_since.max(plan.start);
        let time = until - since;
        let run = &mut self.runs[b as usize];
        if state.report {
            months::book_down(&mut run.months, plan.start, since, until);
        }
        run.down = run.down.saturating_add(time);
        if let Some(Culprit { blame: Blame::Fault { rule, .. }, .. }) = state.culprit {
            let cause = &mut run.causes[rule as usize];
            *cause = cause.saturating_add(time);
        }
    }

    /// End of a replication: blocks still down are down until now.
    pub(crate) fn finish(&mut self, plan: &Plan, now: Time, out: &mut Vec<Outage>) {
        for b in 0..self.states.len() {
            if !self.states[b].ok {
                self.end(plan, b as u32, now, false, out);
            }
        }
    }
}

/// Whom to blame for what goes down now: the last occurrence of this instant that touches it, maintenance last; else the
/// earliest that lasts.
pub(crate) fn last_or_first<I>(now: Time, touching: impl Fn() -> I) -> Option<Culprit>
where
    I: DoubleEndedIterator<Item = Culprit>,
{
    let fault = |c: &Culprit| c.class != Class::Maintenance;
    let fresh = || touching().filter(|c| c.started == now);
    fresh()
        .rfind(fault)
        .or_else(|| fresh().next_back())
        .or_else(|| touching().find(fault))
        .or_else(|| touching().next())
}

/// Whether an occurrence holds down, at any of the targets it took, nodes of which this is true.
pub(crate) fn strikes(
    plan: &Plan,
    faults: &Faults,
    active: &Active,
    held: impl Fn(&core::ops::Range<u32>) -> bool,
) -> bool {
    let effect = plan.rule(active.process).effect;
    if !matches!(effect, Effect::Down | Effect::Destroy | Effect::Maintenance) {
        return false;
    }
    faults.taken(plan, active.process).any(|target| match target {
        Target::Domain(d) => held(&plan.model.world.domain(d).nodes),
        Target::Link(_) | Target::Store { .. } => false,
    })
}

/// Whether a member of the block lies within a struck domain.
fn holds(plan: &Plan, b: u32, struck: &core::ops::Range<u32>) -> bool {
    plan.model.blocks[b as usize].members.iter().any(|m| match *m {
        Member::Block(inner) => holds(plan, inner, struck),
        Member::Domain(d) => {
            let nodes = &plan.model.world.domain(d).nodes;
            struck.start <= nodes.start && nodes.end <= struck.end
        }
    })
}
