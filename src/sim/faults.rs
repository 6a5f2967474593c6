//! Fault processes: strike, wait for a repair team, repair, cause others (design D5).
//!
//! Each process is blind to the others, so the fault history depends on the seed and the world alone (rule R2).

use crate::model::{Model, Schedule, Target};
use crate::sim::driver::{Chance, Draw, Mark, word};
use crate::sim::observe::{Blame, Class};
use crate::sim::plan::{Plan, Process};
use crate::units::Time;
use std::collections::VecDeque;

/// Where a process stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) enum Stage {
    /// Up; the slot is armed for the next strike, if there is one.
    Up,
    /// A cascade will strike here; the slot is armed.
    Pending,
    /// Down, a team at work (or none needed); the slot is armed for the repair.
    Repair,
    /// Down, waiting for a team.
    Waiting,
}

/// State of one process.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) struct ProcessState {
    pub(crate) stage: Stage,
    /// Number of the current or next occurrence.
    pub(crate) k: u64,
    /// Marks of the current occurrence.
    pub(crate) mark: Mark,
    pub(crate) started: Time,
    /// When the repair is complete (stage `Repair`).
    pub(crate) repaired: Time,
}

/// An occurrence that lasts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Active {
    pub(crate) process: u32,
    pub(crate) culprit: Culprit,
}

/// Somebody to blame, with the marks that everything following from it uses (design D4, D12).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Culprit {
    pub(crate) blame: Blame,
    pub(crate) class: Class,
    pub(crate) mark: Mark,
    pub(crate) started: Time,
}

/// Repair teams of one rule: how many work, and who waits, first failed first.
#[derive(Clone, PartialEq, Eq, Debug, Default, Hash)]
pub(crate) struct Crew {
    busy: u32,
    waiting: VecDeque<u32>,
}

impl Crew {
    /// Takes one of `n` teams for a process, or puts it in the queue.
    fn take(&mut self, n: u32, p: u32) -> bool {
        let free = self.busy < n;
        if free {
            self.busy += 1;
        } else {
            self.waiting.push_back(p);
        }
        free
    }

    /// A team is done; it goes to the process that waits longest.
    fn release(&mut self) -> Option<u32> {
        let next = self.waiting.pop_front();
        if next.is_none() {
            self.busy -= 1;
        }
        next
    }
}

/// All processes of a replication.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Faults {
    pub(crate) processes: Vec<ProcessState>,
    /// Number of the next strike of each fleet.
    pub(crate) fleets: Vec<u64>,
    /// Targets hit by the current occurrence of a common cause.
    pub(crate) hits: Vec<bool>,
    crews: Vec<Crew>,
    /// Processes whose occurrence lasts, in order of start.
    pub(crate) active: Vec<u32>,
    /// Occurrences within the measured time, their fault and repair events, and the digest of the history.
    pub(crate) occurrences: u64,
    pub(crate) events: u64,
    pub(crate) digest: u64,
}

/// What a process's slot firing means for the rest of the simulation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) enum Fired {
    /// Nothing yet (a script entry prolonged an occurrence).
    Nothing,
    /// An occurrence starts.
    Strike,
    /// An occurrence ends.
    Repair,
}

impl Faults {
    pub(crate) fn new(plan: &Plan) -> Faults {
        let up = ProcessState {
            stage: Stage::Up,
            k: 0,
            mark: Mark { purpose: 0, occurrence: 0 },
            started: Time::ZERO,
            repaired: Time::NEVER,
        };
        Faults {
            processes: vec![up; plan.processes.len()],
            fleets: vec![0; plan.fleets.len()],
            hits: vec![false; plan.hits as usize],
            crews: vec![Crew::default(); plan.model.faults.len()],
            active: Vec::with_capacity(16),
            occurrences: 0,
            events: 0,
            digest: 0,
        }
    }

    /// Everything up, nothing struck yet.
    pub(crate) fn clear(&mut self) {
        for p in &mut self.processes {
            *p = ProcessState { stage: Stage::Up, k: 0, started: Time::ZERO, repaired: Time::NEVER, ..*p };
        }
        self.fleets.fill(0);
        for crew in &mut self.crews {
            crew.busy = 0;
            crew.waiting.clear();
        }
        self.active.clear();
        (self.occurrences, self.events, self.digest) = (0, 0, 0);
    }

    /// Time of the next strike of an idle process, counted from `now`; none after the horizon (design D15).
    #[inline]
    pub(crate) fn next_strike(&self, plan: &Plan, p: u32, now: Time, chance: &mut impl Chance) -> Time {
        let state = &self.processes[p as usize];
        if plan.processes[p as usize].in_fleet {
            return Time::NEVER;
        }
        let at = match &plan.rule(p).schedule {
            Schedule::Cascaded => Time::NEVER,
            Schedule::Scripted(times) => {
                times.get(state.k as usize).map_or(Time::NEVER, |&t| (plan.start + t).max(now))
            }
            Schedule::Stochastic { uptime } => {
                let mark = Mark { purpose: plan.processes[p as usize].purpose, occurrence: state.k };
                now + chance.value(Draw { law: uptime, mark, word: word::UPTIME })
            }
        };
        if at < plan.end { at } else { Time::NEVER }
    }

    /// Time of the next strike of a fleet, counted from `now`.
    #[inline]
    pub(crate) fn next_fleet_strike(&self, plan: &Plan, f: u32, now: Time, chance: &mut impl Chance) -> Time {
        let fleet = &plan.fleets[f as usize];
        let mark = Mark { purpose: fleet.purpose, occurrence: self.fleets[f as usize] };
        let at = now + chance.value(Draw { law: &fleet.uptime, mark, word: word::UPTIME });
        if at < plan.end { at } else { Time::NEVER }
    }

    /// A fleet's clock fired: the process that is struck, if the node it names is up.
    #[inline]
    pub(crate) fn fleet_strikes(&mut self, plan: &Plan, f: u32, chance: &mut impl Chance) -> Option<u32> {
        let fleet = &plan.fleets[f as usize];
        let mark = Mark { purpose: fleet.purpose, occurrence: self.fleets[f as usize] };
        self.fleets[f as usize] += 1;
        let p = fleet.processes.start + chance.choose(mark, fleet.processes.len() as u32);
        let state = &mut self.processes[p as usize];
        (state.stage == Stage::Up).then(|| {
            state.mark = mark;
            p
        })
    }

    /// The slot of process `p` fired: what happens?
    #[inline]
    pub(crate) fn fire(&mut self, plan: &Plan, p: u32, now: Time, chance: &mut impl Chance) -> Fired {
        let state = self.processes[p as usize];
        match state.stage {
            Stage::Repair if state.repaired <= now => Fired::Repair,
            Stage::Repair | Stage::Waiting => {
                self.prolong(plan, p, now, chance);
                Fired::Nothing
            }
            Stage::Up => {
                let own = plan.processes[p as usize].purpose;
                self.processes[p as usize].mark = Mark { purpose: own, occurrence: state.k };
                Fired::Strike
            }
            Stage::Pending => Fired::Strike,
        }
    }

    /// Starts an occurrence: takes a repair team if one is free. The caller applies the effect and arms the slot.
    #[inline]
    pub(crate) fn strike(&mut self, plan: &Plan, p: u32, now: Time, chance: &mut impl Chance) {
        self.begin(plan, p, now, chance);
        let rule = plan.rule(p);
        let crew = &mut self.crews[plan.processes[p as usize].rule as usize];
        let free = rule.crews.is_none_or(|n| crew.take(n, p));
        let state = &mut self.processes[p as usize];
        if free {
            let draw = Draw { law: &rule.duration, mark: state.mark, word: word::DURATION };
            state.stage = Stage::Repair;
            state.repaired = now + chance.value(draw);
        } else {
            state.stage = Stage::Waiting;
            state.repaired = Time::NEVER;
        }
    }

    /// Books the start of an occurrence, whose marks are known: what it hits, who is to blame.
    #[inline]
    pub(crate) fn begin(&mut self, plan: &Plan, p: u32, now: Time, chance: &mut impl Chance) {
        let state = &mut self.processes[p as usize];
        state.started = now;
        if let Some(ppm) = plan.rule(p).together_ppm {
            let (process, mark) = (&plan.processes[p as usize], state.mark);
            for i in 0..process.targets.len() as u32 {
                self.hits[(process.hits + i) as usize] = chance.happens(mark, word::EXTRA + i, ppm);
            }
        }
        self.active.push(p);
        if now >= plan.start {
            self.occurrences += 1;
            self.events += 1;
        }
    }

    /// Whether the current occurrence of a process hits its `i`-th target.
    #[inline]
    pub(crate) fn is_hit(&self, plan: &Plan, p: u32, i: usize) -> bool {
        plan.rule(p).together_ppm.is_none() || self.hits[plan.processes[p as usize].hits as usize + i]
    }

    /// The targets that the current occurrence of a process took.
    #[inline]
    pub(crate) fn taken(&self, plan: &Plan, p: u32) -> impl Iterator<Item = Target> {
        let targets = &plan.rule(p).targets;
        let all = plan.processes[p as usize].targets.clone().enumerate();
        all.filter(move |&(i, _)| self.is_hit(plan, p, i)).map(move |(_, t)| targets[t as usize])
    }

    /// Ends an occurrence: the team goes to the next that waits. Returns that process, whose slot is to be armed.
    #[inline]
    pub(crate) fn repair(&mut self, plan: &Plan, p: u32, now: Time, chance: &mut impl Chance) -> Option<u32> {
        self.end(plan, p, now);
        plan.rule(p).crews?;
        let next = self.crews[plan.processes[p as usize].rule as usize].release()?;
        let waiting = &mut self.processes[next as usize];
        waiting.stage = Stage::Repair;
        let draw = Draw { law: &plan.rule(next).duration, mark: waiting.mark, word: word::DURATION };
        waiting.repaired = now + chance.value(draw);
        Some(next)
    }

    /// Books the end of an occurrence.
    #[inline]
    pub(crate) fn end(&mut self, plan: &Plan, p: u32, now: Time) {
        // Sums, so that neither the order of targets nor that of simultaneous ends matters.
        let process = &plan.processes[p as usize];
        let hit = (0..process.targets.len()).filter(|&i| self.is_hit(plan, p, i));
        let who = hit.fold(0u64, |sum, i| sum.wrapping_add(plan.identities[process.hits as usize + i]));
        let state = &mut self.processes[p as usize];
        let what = mix(mix(mix(who, state.mark.occurrence), state.started.ns()), now.ns());
        self.digest = self.digest.wrapping_add(what);
        state.stage = Stage::Up;
        state.repaired = Time::NEVER;
        state.k += 1;
        if now >= plan.start && now <= plan.end {
            self.events += 1;
        }
        let at = self.active.iter().position(|&a| a == p).expect("an occurrence that ends was active");
        self.active.remove(at);
    }

    /// When the slot of a process that is down must fire: at its repair, or earlier at its next script entry.
    #[inline]
    pub(crate) fn due(&self, plan: &Plan, p: u32, now: Time) -> Time {
        let state = &self.processes[p as usize];
        match &plan.rule(p).schedule {
            Schedule::Scripted(times) if state.stage != Stage::Pending => {
                let next = times.get(state.k as usize + 1).map_or(Time::NEVER, |&t| plan.start + t);
                let next = if next >= now && next < plan.end { next } else { Time::NEVER };
                state.repaired.min(next)
            }
            _ => state.repaired,
        }
    }

    /// A script entry falls into an occurrence that still lasts: it prolongs it.
    fn prolong(&mut self, plan: &Plan, p: u32, now: Time, chance: &mut impl Chance) {
        let process = &plan.processes[p as usize];
        let state = &mut self.processes[p as usize];
        state.k += 1;
        let mark = Mark { purpose: process.purpose, occurrence: state.k };
        let end = now + chance.value(Draw { law: &plan.rule(p).duration, mark, word: word::DURATION });
        if state.stage == Stage::Repair {
            state.repaired = state.repaired.max(end);
        }
    }

    /// The occurrences that last, in order of start.
    pub(crate) fn lasting<'a>(&'a self, plan: &'a Plan) -> impl DoubleEndedIterator<Item = Active> + 'a {
        self.active.iter().map(move |&process| Active { process, culprit: self.culprit(plan, process) })
    }

    /// Number of a process's current occurrence: that of its marks, or, where several causes number theirs each for
    /// itself, its own count.
    #[inline]
    pub(crate) fn number(&self, plan: &Plan, p: u32) -> u64 {
        let state = &self.processes[p as usize];
        if plan.rule(p).schedule == Schedule::Cascaded { state.k } else { state.mark.occurrence }
    }

    fn culprit(&self, plan: &Plan, p: u32) -> Culprit {
        let state = &self.processes[p as usize];
        let process = &plan.processes[p as usize];
        let rule = plan.rule(p);
        let hit = (0..process.targets.len()).find(|&i| self.is_hit(plan, p, i)).unwrap_or(0);
        let target = rule.targets[process.targets.start as usize + hit];
        Culprit {
            blame: Blame::Fault { rule: process.rule, target, k: self.number(plan, p) },
            class: Class::of(&plan.model.world, rule, target),
            mark: state.mark,
            started: state.started,
        }
    }
}

/// Rule, effect and target of every process by name, so that histories can be told apart whatever else a model has.
pub(crate) fn identities(model: &Model, processes: &[Process]) -> Vec<u64> {
    let of = |process: &Process| {
        let rule = &model.faults[process.rule as usize];
        let targets = rule.targets[process.targets.start as usize..process.targets.end as usize].iter();
        let words = targets.map(move |&t| format!("{} {:?} {}", rule.name, rule.effect, model.selector(t)));
        words.map(|words| words.bytes().fold(0, |hash, byte| mix(hash, byte.into()))).collect::<Vec<u64>>()
    };
    processes.iter().flat_map(of).collect()
}

/// A fixed mixing of two words, for digests.
fn mix(a: u64, b: u64) -> u64 {
    scramble(a.rotate_left(23) ^ b.wrapping_add(0x9e37_79b9_7f4a_7c15))
}

/// Makes every bit depend on every other (the finaliser of SplitMix64: Steele, Lea and Flood 2014).
pub(crate) fn scramble(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
