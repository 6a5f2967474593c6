//! Routers while they run: targets that are taken for alive, and clients that still ask those that no longer are.
//!
//! Each client asks DNS once in every `ttl`, evenly spread: of an answer that held until some time ago, a share is left
//! that falls evenly to nothing. It is counted in four steps of equal length, each with its mean (7, 5, 3 and 1 eighths),
//! so that its integral is exact and the last client leaves in time.

use crate::engine::Timers;
use crate::model::{Balance, Router};
use crate::sim::driver::{Chance, word};
use crate::sim::faults::Culprit;
use crate::sim::front::{blamed, drawn};
use crate::sim::observe::Phase;
use crate::sim::run::Run;
use crate::sim::services::{ONE, Standing};
use crate::units::{Duration, Time};

/// Steps in which the clients of an old answer leave.
const STEPS: u64 = 4;
/// Eighths of a share.
const EIGHTHS: u64 = 2 * STEPS;
/// Answers that are remembered; clients of older ones count to the oldest of these.
const ANSWERS: usize = 16;
const MILLION: u64 = 1_000_000;
/// Eighths of millionths of the clients.
const WHOLE: u64 = EIGHTHS * MILLION;

/// What DNS answers from some instant on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
struct Answer {
    from: Time,
    /// Bit i: target i is among the answers; each as likely.
    targets: u32,
    /// How much longer some clients keep the one before.
    stale: Duration,
}

/// A target as it is and as the router sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
struct Health {
    alive: bool,
    seen: bool,
    /// When the router notices.
    noticed_at: Time,
    /// Who killed it last.
    culprit: Option<Culprit>,
}

/// One router.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub(crate) struct RouterState {
    targets: Vec<Health>,
    /// The oldest stands for all before it.
    answers: Vec<Answer>,
    /// What it was told to use, and by whom.
    chosen: u8,
    told: Option<Culprit>,
    pub(crate) standing: Standing,
}

impl RouterState {
    /// At time zero, when it knows which of its targets are alive.
    pub(crate) fn new(router: &Router, alive: impl Iterator<Item = bool>) -> RouterState {
        let health = |alive| Health { alive, seen: alive, noticed_at: Time::NEVER, culprit: None };
        let targets: Vec<Health> = alive.map(health).collect();
        let mut answers = Vec::with_capacity(ANSWERS);
        let first = chosen(router.balance, &targets, 0);
        answers.push(Answer { from: Time::ZERO, targets: first, stale: Duration::ZERO });
        RouterState { targets, answers, chosen: 0, told: None, standing: Standing::default() }
    }

    pub(crate) fn copy_from(&mut self, other: &RouterState) {
        self.targets.copy_from_slice(&other.targets);
        self.answers.clear();
        self.answers.extend_from_slice(&other.answers);
        (self.chosen, self.told, self.standing) = (other.chosen, other.told, other.standing);
    }

    /// Requests are to go to this target from now on.
    pub(crate) fn route(&mut self, to: u8, culprit: Culprit) {
        (self.chosen, self.told) = (to, Some(culprit));
    }

    /// Answers that no client has any more are forgotten; the oldest that is kept stands for all before it.
    fn forget(&mut self, ttl: Duration, now: Time) {
        let gone = |a: &Answer| left(ttl, now - a.from) == 0 && left_stale(ttl, a, now) == 0;
        let keep = self.answers.iter().rposition(gone).unwrap_or(0);
        self.answers.drain(..keep.max((self.answers.len() + 1).saturating_sub(ANSWERS)));
    }

    /// Share of the requests that clients send to target `i`, in parts of [`ONE`] × [`WHOLE`].
    fn asked(&self, router: &Router, i: usize, now: Time) -> u64 {
        let stale_ppm = u64::from(router.stale_ppm);
        let (mut newer, mut newer_stale, mut sum) = (EIGHTHS, EIGHTHS, 0);
        for (at, answer) in self.answers.iter().enumerate().rev() {
            // Clients that still have an answer before this one; before the oldest there was none.
            let (older, stale) = match at {
                0 => (0, 0),
                _ => (left(router.ttl, now - answer.from), left_stale(router.ttl, answer, now)),
            };
            let (older, stale) = (older.min(newer), stale.min(newer_stale));
            let clients = (newer - older) * (MILLION - stale_ppm) + (newer_stale - stale) * stale_ppm;
            if answer.targets >> i & 1 == 1 {
                sum += clients * ONE / u64::from(answer.targets.count_ones());
            }
            (newer, newer_stale) = (older, stale);
        }
        sum
    }

    /// When the next clients leave, or the next change is noticed.
    fn next(&self, ttl: Duration, now: Time) -> Time {
        let mut next = Time::NEVER;
        for answer in &self.answers[1..] {
            for base in [answer.from, answer.from + answer.stale] {
                for step in 0..=STEPS {
                    let at = base + part(ttl, step);
                    next = if at > now { next.min(at) } else { next };
                }
            }
        }
        self.targets
            .iter()
            .fold(next, |next, t| if t.noticed_at > now { next.min(t.noticed_at) } else { next })
    }
}

/// The targets that DNS answers with: those that seem alive, all of them if none does.
fn chosen(balance: Balance, targets: &[Health], told: u8) -> u32 {
    let seen = targets.iter().enumerate().fold(0, |bits, (i, t)| bits | u32::from(t.seen) << i);
    match balance {
        Balance::Manual => 1 << told,
        _ if seen == 0 => u32::MAX >> (32 - targets.len()),
        Balance::Spread => seen,
        Balance::First => seen & seen.wrapping_neg(),
    }
}

/// Eighths of the clients that still have an answer that ended so long ago.
fn left(ttl: Duration, age: Duration) -> u64 {
    let passed = (1..=STEPS).filter(|&step| part(ttl, step) <= age).count() as u64;
    if passed == STEPS { 0 } else { EIGHTHS - 1 - 2 * passed }
}

/// The same of the clients that keep it longer.
fn left_stale(ttl: Duration, answer: &Answer, now: Time) -> u64 {
    let from = answer.from + answer.stale;
    if now < from { EIGHTHS } else { left(ttl, now - from) }
}

/// The first steps of a duration.
fn part(ttl: Duration, steps: u64) -> Duration {
    Duration::from_ns((u128::from(ttl.ns()) * u128::from(steps) / u128::from(STEPS)) as u64)
}

impl Run<'_> {
    /// Brings a router up to date; gives the time of its next change.
    pub(crate) fn settle_router<D: Chance>(&mut self, r: usize, timers: &mut Timers<'_, D>) -> Time {
        let (plan, now) = (self.plan, timers.now());
        let router = &plan.model.routers[r];
        let mut cause = None;
        for (i, t) in plan.front.routers[r].clone().enumerate() {
            let health = self.health(r, i, t, timers);
            let noticed = health.seen != self.state.front.routers[r].targets[i].seen;
            cause = cause.or(health.culprit.filter(|_| noticed));
            self.state.front.routers[r].targets[i] = health;
        }
        let state = &mut self.state.front.routers[r];
        state.forget(router.ttl, now);
        let targets = chosen(router.balance, &state.targets, state.chosen);
        if state.answers.last().is_none_or(|last| last.targets != targets) {
            let stale = match router.stale_ppm {
                0 => Duration::ZERO,
                _ => drawn(&router.stale_for, cause.or(state.told), word::STALE, timers),
            };
            state.answers.push(Answer { from: now, targets, stale });
            state.forget(router.ttl, now);
        }
        let next = state.next(router.ttl, now);
        let standing = self.router_standing(r, now);
        self.state.front.routers[r].standing = standing;
        next
    }

    /// Target `i` of a router, `t` of all, as it is now and as the router sees it.
    fn health<D: Chance>(&self, r: usize, i: usize, t: usize, timers: &mut Timers<'_, D>) -> Health {
        let (plan, front, now) = (self.plan, &self.state.front, timers.now());
        let (router, target) = (&plan.model.routers[r], &plan.front.targets[t]);
        let mut health = front.routers[r].targets[i];
        let alive = self.live(target.site, Some(target)) > 0;
        let scaled = front.scaled[router.tier as usize];
        let died = !alive && health.alive;
        if !alive {
            let suspects = front.suspects(&plan.front, target.site, Some(target));
            let before = health.culprit.filter(|_| !died);
            let culprit = blamed(before, suspects.chain(self.cut_by(target.site)));
            health.culprit = culprit.or(before).or(scaled);
        }
        if alive != health.alive {
            health.alive = alive;
            let word = if alive { word::BACK } else { word::DETECT };
            health.noticed_at = match health.seen == alive {
                true => Time::NEVER,
                false => now + drawn(&router.detect, health.culprit.or(scaled), word, timers),
            };
        }
        if health.noticed_at <= now {
            (health.seen, health.noticed_at) = (alive, Time::NEVER);
        }
        health
    }

    /// What fails of the requests of a router: those at targets that are dead, and what is too much for the others.
    fn router_standing(&self, r: usize, now: Time) -> Standing {
        let (plan, front) = (self.plan, &self.state.front);
        let (router, state) = (&plan.model.routers[r], &front.routers[r]);
        let needed = u64::from(plan.model.tiers[router.tier as usize].needed);
        let elsewhere = state.targets.iter().any(|t| t.alive && t.seen);
        let (mut share, mut too_much, mut first) = (0, 0, None);
        for (i, t) in plan.front.routers[r].clone().enumerate() {
            let (asked, health) = (state.asked(router, i, now), state.targets[i]);
            if asked == 0 {
                continue;
            }
            if !health.alive {
                let phase = match router.balance {
                    Balance::Spread | Balance::First if health.seen => Phase::Detect,
                    Balance::Spread | Balance::First if elsewhere => Phase::Redirect,
                    Balance::Manual if i != usize::from(state.chosen) => Phase::Redirect,
                    _ => Phase::Repair,
                };
                share += asked.div_ceil(WHOLE);
                first = first.or(Some((health.culprit.or(state.told), phase)));
                continue;
            }
            let target = &plan.front.targets[t];
            let capacity = (self.live(target.site, Some(target)) * ONE).div_ceil(needed);
            too_much += (asked / WHOLE).saturating_sub(capacity);
        }
        let share = (share + too_much).min(ONE);
        match first {
            _ if share == 0 => Standing::default(),
            Some((culprit, phase)) => self.front_standing(share, culprit, phase),
            None => self.front_standing(share, self.overloads(r), Phase::Overload),
        }
    }

    /// Who makes a router's targets get more than they can take: whoever took instances away, or made it send
    /// requests elsewhere.
    fn overloads(&self, r: usize) -> Option<Culprit> {
        let (plan, front) = (self.plan, &self.state.front);
        let (tier, state) = (plan.model.routers[r].tier as usize, &front.routers[r]);
        let before = state.standing.waits.map(|(culprit, ..)| culprit);
        let of_sites = plan.front.tiers[tier]
            .clone()
            .flat_map(|s| front.suspects(&plan.front, s, None).chain(self.cut_by(s)));
        let unseen = state.targets.iter().filter(|t| !t.seen).filter_map(|t| t.culprit);
        let found = blamed(before, of_sites.chain(unseen).chain(state.told));
        found.or(front.scaled[tier]).or(before)
    }
}
