//! Services while they run: what fails because something that they need fails (rule x01).
//!
//! A part that fails a share of its requests is taken to be down for that share of a service's requests, the same ones
//! wherever it is called for them, and up for the others. Whether a call with a share below 1 is made is independent
//! from call to call.

use crate::engine::Timers;
use crate::model::objective::Series;
use crate::model::service::{Call, Ends, MOST_PARTS, MOST_SHARED, calls};
use crate::model::{Model, Part};
use crate::sim::driver::Chance;
use crate::sim::flow::{Flow, REQUEST, Waits, Whose};
use crate::sim::observe::{Kind, Party, Phase, Replication, StoreRun, TimelineEntry};
use crate::sim::phase::responsible;
use crate::sim::plan::Plan;
use crate::sim::record;
use crate::sim::run::Run;
use crate::units::Time;

/// A share of 1. Shares are rounded up, by less than one part of it wherever two are multiplied.
pub(crate) const ONE: u64 = 1 << BITS;
const BITS: u32 = 30;

/// All services laid out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ServicePlan {
    /// What requests end at, each once; of blocks and the like the kind does not matter.
    leaves: Vec<(Part, Kind)>,
    layouts: Vec<Layout>,
}

#[derive(Clone, Debug, PartialEq)]
struct Layout {
    /// Volume of the requests of each kind per unit of workload time.
    demand: [i128; 2],
    paths: [Path; 2],
}

/// What requests of a kind go through.
#[derive(Clone, Debug, PartialEq, Default)]
struct Path {
    /// Each with the place of its part in `leaves`, which says nothing for services.
    calls: Vec<(Call, u8)>,
    /// Places in the list of all leaves, in the order in which they are called first.
    leaves: Vec<u32>,
    /// Places in `leaves` of what every request needs, and of what is called in several places although it is not.
    needed: Vec<u8>,
    shared: Vec<u8>,
}

impl ServicePlan {
    /// # Panics
    /// If a service makes more calls than [`calls`] counts, or ends at too many parts.
    pub(crate) fn new(model: &Model) -> ServicePlan {
        let mut leaves = Vec::new();
        let layouts = model.services.iter().enumerate().map(|(s, service)| {
            let path = |kind| path(model, s as u32, kind, &mut leaves);
            Layout { demand: service.demand(), paths: Kind::ALL.map(path) }
        });
        let layouts = layouts.collect();
        ServicePlan { leaves, layouts }
    }
}

fn path(model: &Model, service: u32, kind: Kind, all: &mut Vec<(Part, Kind)>) -> Path {
    let own = &model.services[service as usize];
    let (rate, series) = match kind {
        Kind::Read => (own.reads_mps, Series::Read),
        Kind::Write => (own.writes_mps, Series::Write),
    };
    if rate == 0 {
        return Path::default();
    }
    let calls = calls(&model.services, service, series).expect("few enough calls");
    let ends = Ends::of(&calls);
    assert!(ends.parts.len() <= MOST_PARTS, "a service ends at too many parts");
    assert!(ends.shared.len() <= MOST_SHARED, "a service calls too many parts in several places");
    let at = |call: &Call| ends.parts.iter().position(|p| *p == call.on).unwrap_or_default() as u8;
    let leaf = |part: &Part| {
        let kind = if matches!(part, Part::Store(_)) { kind } else { Kind::Read };
        place(all, (*part, kind)) as u32
    };
    Path {
        calls: calls.iter().map(|call| (*call, at(call))).collect(),
        leaves: ends.parts.iter().map(leaf).collect(),
        needed: ends.needed.iter().map(|&at| at as u8).collect(),
        shared: ends.shared.iter().map(|&at| at as u8).collect(),
    }
}

/// Place of an element in a list of distinct ones, where it is put if it is new.
fn place<T: PartialEq>(list: &mut Vec<T>, element: T) -> usize {
    list.iter().position(|known| *known == element).unwrap_or_else(|| {
        list.push(element);
        list.len() - 1
    })
}

/// How a part stands: what share of its requests fails, and whom the first of them wait for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub(crate) struct Standing {
    pub(crate) share: u64,
    pub(crate) waits: Option<Waits>,
}

/// One service.
#[derive(Clone, PartialEq, Debug, Hash)]
struct ServiceState {
    flow: Flow,
    /// Time and workload time up to which everything is integrated.
    at: Time,
    lambda: i128,
}

/// All services of a replication.
#[derive(Clone, PartialEq, Debug, Hash)]
pub(crate) struct Services {
    states: Vec<ServiceState>,
    /// By leaf, as of the last settled instant.
    standings: Vec<Standing>,
}

impl Services {
    pub(crate) fn new(plan: &Plan) -> Services {
        let states = plan.model.services.iter().zip(&plan.services.layouts).enumerate();
        let states = states.map(|(s, (service, layout))| {
            let run = StoreRun { volume_per_request: REQUEST * service.weight(), ..StoreRun::default() };
            let threshold = service.outage_threshold_ppm;
            let flow = Flow::new(Whose::Service(s as u32), run, layout.demand, threshold);
            ServiceState { flow, at: Time::ZERO, lambda: 0 }
        });
        Services {
            states: states.collect(),
            standings: vec![Standing::default(); plan.services.leaves.len()],
        }
    }

    /// Takes over the state at time zero without allocating.
    pub(crate) fn reset(&mut self, fresh: &Services) {
        for (state, from) in self.states.iter_mut().zip(&fresh.states) {
            state.flow.copy_from(&from.flow);
            (state.at, state.lambda) = (from.at, from.lambda);
        }
        self.standings.copy_from_slice(&fresh.standings);
    }

    /// What each of them saw.
    pub(crate) fn runs(&self) -> impl ExactSizeIterator<Item = &StoreRun> {
        self.states.iter().map(|state| &state.flow.run)
    }
}

/// Whether failing shares are those of a path with these standings: the share that fails, and the first failing leaf.
fn failing(path: &Path, standings: &[Standing]) -> (u64, Option<Waits>) {
    let mut shares = [0; MOST_PARTS];
    let mut first = None;
    for (share, &leaf) in shares.iter_mut().zip(&path.leaves) {
        let standing = standings[leaf as usize];
        *share = standing.share;
        first = first.or(standing.waits.filter(|_| standing.share > 0));
    }
    if first.is_none() {
        return (0, None);
    }
    let mut served = ONE;
    for &at in &path.needed {
        // Of the requests for which it is up, the others see it up.
        let share = core::mem::take(&mut shares[usize::from(at)]);
        served = times(served, ONE - share);
    }
    (ONE - times(served, mixed(path, &path.shared, &mut shares)), first)
}

/// The share that is served, given that of each leaf which fails: a leaf that is called in several places is down in
/// all of them or in none.
fn mixed(path: &Path, shared: &[u8], shares: &mut [u64; MOST_PARTS]) -> u64 {
    let Some((&at, others)) = shared.split_first() else { return served(&path.calls, shares) };
    let at = usize::from(at);
    let share = shares[at];
    if share == 0 || share == ONE {
        return mixed(path, others, shares);
    }
    shares[at] = ONE;
    let while_down = mixed(path, others, shares);
    shares[at] = 0;
    let while_up = mixed(path, others, shares);
    shares[at] = share;
    times(share, while_down) + times(ONE - share, while_up)
}

/// The share for which all calls succeed or are not made.
fn served(mut calls: &[(Call, u8)], shares: &[u64; MOST_PARTS]) -> u64 {
    let mut ok = ONE;
    while let Some(((call, at), after)) = calls.split_first() {
        let (inner, next) = after.split_at(call.inner as usize);
        let fails = match call.on {
            Part::Service(_) => ONE - served(inner, shares),
            _ => shares[usize::from(*at)],
        };
        ok = times(ok, ONE - (fails * u64::from(call.share_ppm)).div_ceil(1_000_000));
        calls = next;
    }
    ok
}

/// Product of two shares, rounded down.
fn times(a: u64, b: u64) -> u64 {
    (a * b) >> BITS
}

impl Run<'_> {
    /// Brings services up to date after stores, blocks, tiers and routers.
    #[inline]
    pub(crate) fn settle_services<D: Chance>(&mut self, timers: &mut Timers<'_, D>) {
        let plan = self.plan;
        let mut changed = false;
        for (i, &(part, kind)) in plan.services.leaves.iter().enumerate() {
            let standing = self.standing(part, kind);
            changed |= standing != self.state.services.standings[i];
            self.state.services.standings[i] = standing;
        }
        if changed {
            self.evaluate_services(timers.now());
        }
    }

    fn evaluate_services(&mut self, now: Time) {
        let plan = self.plan;
        for s in 0..plan.services.layouts.len() {
            self.advance_service(s, now);
            let Services { states, standings } = &mut self.state.services;
            let (layout, flow) = (&plan.services.layouts[s], &mut states[s].flow);
            let before = flow.out_ppm();
            flow.reset();
            for (kind, demand) in Kind::ALL.into_iter().zip(layout.demand) {
                let (share, first) = failing(&layout.paths[kind as usize], standings);
                if let Some(waits) = first.filter(|_| share > 0) {
                    let exact = demand * i128::from(share);
                    flow.add(kind, (exact + i128::from(ONE) - 1) >> BITS, waits);
                }
            }
            flow.update_outages(plan, now, &mut self.out.outages);
            if self.record {
                let after = flow.out_ppm();
                note(plan, s, before, after, now, self.out);
                record::service(plan, s, flow, now, self.out);
            }
        }
    }

    fn advance_service(&mut self, s: usize, now: Time) {
        let state = &mut self.state.services.states[s];
        if now > state.at {
            let profile = &self.plan.model.services[s].profile;
            let lambda = profile.integral(now);
            state.flow.advance(profile, lambda - state.lambda, state.at, now);
            (state.at, state.lambda) = (now, lambda);
        }
        if self.record {
            record::service(self.plan, s, &state.flow, now, self.out);
        }
    }

    /// How something that services need stands now. A runbook that will bring it back is what it waits for.
    fn standing(&self, part: Part, kind: Kind) -> Standing {
        let pair = |standing: Standing| (standing.share, standing.waits);
        let (share, waits) = match part {
            Part::Store(s) => self.state.stores[s as usize].flow.failing(kind, ONE),
            Part::Block(b) => match self.state.blocks.culprit(b) {
                Some(culprit) => {
                    let party = responsible(&self.plan.model, culprit.blame);
                    (ONE, Some((culprit, Phase::Repair, party)))
                }
                None => (0, None),
            },
            Part::Tier(t) => pair(self.state.front.tiers[t as usize]),
            Part::Router(r) => pair(self.state.front.routers[r as usize].standing),
            Part::Service(_) => unreachable!("requests end at parts that are no services"),
        };
        let waits = waits.map(|(culprit, phase, party)| {
            let (phase, party) = self.planned(part, phase).unwrap_or((phase, party));
            (culprit, phase, party)
        });
        Standing { share, waits }
    }

    /// What a part that is in this phase waits for instead, by a runbook. Stores have looked themselves; a router whose
    /// targets are too few or all dead waits for its tier, but finds out and redirects by itself.
    fn planned(&self, part: Part, phase: Phase) -> Option<(Phase, Party)> {
        let behind = match part {
            Part::Router(r) if matches!(phase, Phase::Overload | Phase::Repair) => {
                Some(Part::Tier(self.plan.model.routers[r as usize].tier))
            }
            _ => None,
        };
        match part {
            Part::Store(_) => None,
            part => self.runbook_waits(part).or_else(|| behind.and_then(|behind| self.runbook_waits(behind))),
        }
    }

    /// Measurement of services starts or ends.
    pub(crate) fn measure_services(&mut self, start: bool, now: Time) {
        for s in 0..self.state.services.states.len() {
            self.advance_service(s, now);
            let flow = &mut self.state.services.states[s].flow;
            if start {
                flow.start(now, 0);
            } else {
                let profile = &self.plan.model.services[s].profile;
                flow.stop(&[], 1, profile.integral(self.plan.end) - profile.integral(self.plan.start));
            }
        }
    }

    /// At the end of a replication: what is still open ends here, and accounts are checked.
    pub(crate) fn finish_services(&mut self, now: Time) {
        for s in 0..self.state.services.states.len() {
            self.advance_service(s, now);
            let flow = &mut self.state.services.states[s].flow;
            flow.close_all(self.plan, now, &mut self.out.outages);
            flow.run.check_accounts(0);
        }
    }
}

/// Adds to the timeline that an outage of a service began or ended.
fn note(
    plan: &Plan,
    s: usize,
    before: [Option<i128>; 2],
    after: [Option<i128>; 2],
    now: Time,
    out: &mut Replication,
) {
    for (event, detail) in Kind::ALL.into_iter().filter_map(|kind| record::turned(kind, before, after)) {
        if now >= plan.start {
            let object = format!("service:{}", plan.model.services[s].name);
            out.timeline.push(TimelineEntry { at: Time::ZERO + (now - plan.start), object, event, detail });
        }
    }
}
