//! Tiers while they run: instances that serve, start again or are moved; and what a router sees of them.

use crate::engine::{Slot, Timers};
use crate::model::{Class, Command, DomainId, Effect, Model, NodeId, RegionId, Target, Tier};
use crate::rng::Law;
use crate::sim::blocks::{last_or_first, strikes};
use crate::sim::driver::{Chance, Draw, Mark, word};
use crate::sim::faults::{Active, Culprit};
use crate::sim::observe::{Blame, Party, Phase};
use crate::sim::phase::booked_to;
use crate::sim::plan::Plan;
use crate::sim::router::RouterState;
use crate::sim::run::Run;
use crate::sim::services::{ONE, Standing};
use crate::units::{Duration, Time};
use core::ops::Range;

/// Tiers and routers laid out. Sites, homes and targets of all of them lie side by side.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FrontPlan {
    pub(crate) sites: Vec<SitePlan>,
    pub(crate) homes: Vec<HomePlan>,
    /// The sites of each tier.
    pub(crate) tiers: Vec<Range<usize>>,
    pub(crate) targets: Vec<TargetPlan>,
    /// The targets of each router.
    pub(crate) routers: Vec<Range<usize>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SitePlan {
    pub(crate) tier: usize,
    pub(crate) region: RegionId,
    pub(crate) homes: Range<usize>,
}

/// A node with the instances that belong there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HomePlan {
    node: NodeId,
    domain: DomainId,
    /// Which instances of the site, ascending.
    instances: Vec<u32>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TargetPlan {
    /// The site it is, or is a part of.
    pub(crate) site: usize,
    nodes: Range<u32>,
}

impl FrontPlan {
    pub(crate) fn new(model: &Model) -> FrontPlan {
        let mut plan = FrontPlan {
            sites: Vec::new(),
            homes: Vec::new(),
            tiers: Vec::new(),
            targets: Vec::new(),
            routers: Vec::new(),
        };
        for (t, tier) in model.tiers.iter().enumerate() {
            let first = plan.sites.len();
            for site in &tier.sites {
                let start = plan.homes.len();
                for (i, &node) in site.nodes.iter().enumerate() {
                    let i = i as u32;
                    match plan.homes[start..].iter_mut().find(|home| home.node == node) {
                        Some(home) => home.instances.push(i),
                        None => {
                            let domain = model.world.nodes[node.0 as usize];
                            plan.homes.push(HomePlan { node, domain, instances: vec![i] });
                        }
                    }
                }
                let homes = start..plan.homes.len();
                plan.sites.push(SitePlan { tier: t, region: site.region, homes });
            }
            plan.tiers.push(first..plan.sites.len());
        }
        for router in &model.routers {
            let start = plan.targets.len();
            for &target in &router.targets {
                let domain = model.world.domain(target);
                let mut sites = plan.tiers[router.tier as usize].clone();
                let site = sites.find(|&s| plan.sites[s].region == domain.region);
                let site = site.expect("a tier runs where its router sends requests");
                plan.targets.push(TargetPlan { site, nodes: domain.nodes.clone() });
            }
            plan.routers.push(start..plan.targets.len());
        }
        plan
    }

    /// Timers: one for each site, one for each router.
    pub(crate) fn slots(&self) -> u32 {
        (self.sites.len() + self.routers.len()) as u32
    }

    /// Each domain whose state a site depends on, with the site.
    pub(crate) fn watched(&self) -> impl Iterator<Item = (DomainId, u32)> {
        let sites = self.sites.iter().enumerate();
        sites.flat_map(|(s, site)| self.homes[site.homes.clone()].iter().map(move |h| (h.domain, s as u32)))
    }
}

/// What becomes of the instances of a home.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
enum Stage {
    Serving,
    /// Their node is down; from this time on they may run elsewhere.
    Lost(Time),
    /// Their node is up; they serve from this time on.
    Starting(Time),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
struct Home {
    stage: Stage,
    /// The home whose node they run on, or ran on last.
    host: usize,
    /// Who took them down, until they serve again.
    culprit: Option<Culprit>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
struct Site {
    /// Instances that run or would if their nodes were up, and as many as were asked for.
    running: u32,
    asked: u32,
    /// When those that are asked for run.
    scaled_at: Time,
    dirty: bool,
}

/// All tiers and routers of a replication.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Front {
    sites: Vec<Site>,
    homes: Vec<Home>,
    /// How each tier stands, and who scaled it last.
    pub(crate) tiers: Vec<Standing>,
    pub(crate) scaled: Vec<Option<Culprit>>,
    pub(crate) routers: Vec<RouterState>,
    /// Something changed since the last settled instant.
    pub(crate) dirty: bool,
}

impl Front {
    pub(crate) fn new(plan: &Plan) -> Front {
        let model = &plan.model;
        let sites = model.tiers.iter().flat_map(|t| &t.sites).map(|site| {
            let (running, asked) = (site.running, site.running);
            Site { running, asked, scaled_at: Time::NEVER, dirty: true }
        });
        let home = |host| Home { stage: Stage::Serving, host, culprit: None };
        let mut front = Front {
            sites: sites.collect(),
            homes: (0..plan.front.homes.len()).map(home).collect(),
            tiers: vec![Standing::default(); model.tiers.len()],
            scaled: vec![None; model.tiers.len()],
            routers: Vec::new(),
            dirty: !model.tiers.is_empty(),
        };
        let routers = model.routers.iter().zip(&plan.front.routers).map(|(router, targets)| {
            let targets = plan.front.targets[targets.clone()].iter();
            RouterState::new(router, targets.map(|t| front.serving(&plan.front, t.site, Some(&t.nodes)) > 0))
        });
        front.routers = routers.collect();
        front
    }

    /// Takes over the state at time zero without allocating.
    pub(crate) fn reset(&mut self, fresh: &Front) {
        self.sites.copy_from_slice(&fresh.sites);
        self.homes.copy_from_slice(&fresh.homes);
        self.tiers.copy_from_slice(&fresh.tiers);
        self.scaled.copy_from_slice(&fresh.scaled);
        self.routers.iter_mut().zip(&fresh.routers).for_each(|(router, from)| router.copy_from(from));
        self.dirty = fresh.dirty;
    }

    /// A node of this site went down or came back.
    #[inline]
    pub(crate) fn touch(&mut self, site: u32) {
        self.sites[site as usize].dirty = true;
        self.dirty = true;
    }

    /// Instances that belong to a home.
    fn instances(&self, plan: &FrontPlan, site: usize, home: usize) -> u64 {
        let running = self.sites[site].running;
        plan.homes[home].instances.partition_point(|&i| i < running) as u64
    }

    /// Instances of a site that serve, on these nodes.
    fn serving(&self, plan: &FrontPlan, site: usize, nodes: Option<&Range<u32>>) -> u64 {
        let homes = plan.sites[site].homes.clone();
        let here = |h: &usize| {
            let host = plan.homes[self.homes[*h].host].node.0;
            self.homes[*h].stage == Stage::Serving && nodes.is_none_or(|nodes| nodes.contains(&host))
        };
        homes.filter(here).map(|h| self.instances(plan, site, h)).sum()
    }

    /// Who keeps instances of a site from serving that belong to these nodes, or ran there.
    pub(crate) fn suspects<'s>(
        &'s self,
        plan: &'s FrontPlan,
        site: usize,
        target: Option<&'s TargetPlan>,
    ) -> impl Iterator<Item = Culprit> + Clone + 's {
        let homes = plan.sites[site].homes.clone();
        homes.filter_map(move |h| {
            let home = self.homes[h];
            let near = |home: usize| target.is_none_or(|t| t.nodes.contains(&plan.homes[home].node.0));
            home.culprit.filter(|_| self.instances(plan, site, h) > 0 && (near(h) || near(home.host)))
        })
    }
}

/// Of those who keep something from serving: who did so before while that lasts; else whoever came last when it began,
/// and the earliest later (design D12).
pub(crate) fn blamed(
    before: Option<Culprit>,
    suspects: impl Iterator<Item = Culprit> + Clone,
) -> Option<Culprit> {
    match before {
        Some(old) if suspects.clone().any(|c| c == old) => Some(old),
        Some(_) => suspects.min_by_key(|c| c.started),
        None => suspects.reduce(|a, b| if b.started > a.started { b } else { a }),
    }
}

impl Run<'_> {
    /// A timer of a tier or router fired.
    pub(crate) fn front_fired(&mut self, offset: u32) {
        if (offset as usize) < self.plan.front.sites.len() {
            self.state.front.touch(offset);
        }
        self.state.front.dirty = true;
    }

    /// A tier is scaled, or a router told where to send requests.
    pub(crate) fn act_on_front<D: Chance>(
        &mut self,
        command: Command,
        culprit: Culprit,
        timers: &mut Timers<'_, D>,
    ) {
        let (plan, front) = (self.plan, &mut self.state.front);
        front.dirty = true;
        match command {
            Command::Scale { tier, site, instances } => {
                let s = plan.front.tiers[tier as usize].start + usize::from(site);
                let law = &plan.model.tiers[tier as usize].start;
                let takes = timers.driver().value(Draw { law, mark: culprit.mark, word: word::START });
                let at = if instances > front.sites[s].running { timers.now() + takes } else { timers.now() };
                let site = &mut front.sites[s];
                (site.asked, site.scaled_at, site.dirty) = (instances, at, true);
                front.scaled[tier as usize] = Some(culprit);
            }
            Command::Route { router, to } => front.routers[router as usize].route(to, culprit),
            _ => unreachable!("no other command is about tiers and routers"),
        }
    }

    /// Brings tiers and routers up to date after all events of the instant.
    #[inline]
    pub(crate) fn settle_front<D: Chance>(&mut self, timers: &mut Timers<'_, D>) {
        if !self.state.front.dirty {
            return;
        }
        self.state.front.dirty = false;
        for s in 0..self.plan.front.sites.len() {
            if self.state.front.sites[s].dirty {
                self.state.front.sites[s].dirty = false;
                let next = self.settle_site(s, timers);
                timers.at(Slot(self.plan.slots.front + s as u32), next);
            }
        }
        for t in 0..self.plan.front.tiers.len() {
            self.state.front.tiers[t] = self.tier_standing(t);
        }
        for r in 0..self.plan.front.routers.len() {
            let next = self.settle_router(r, timers);
            let slot = self.plan.slots.front + (self.plan.front.sites.len() + r) as u32;
            timers.at(Slot(slot), next);
        }
    }

    /// Instances of a site stop, start or move; gives the time of the next such change.
    fn settle_site<D: Chance>(&mut self, s: usize, timers: &mut Timers<'_, D>) -> Time {
        let (plan, now) = (self.plan, timers.now());
        let site = &mut self.state.front.sites[s];
        if site.scaled_at <= now {
            (site.running, site.scaled_at) = (site.asked, Time::NEVER);
        }
        let mut next = site.scaled_at;
        let tier = &plan.model.tiers[plan.front.sites[s].tier];
        for h in plan.front.sites[s].homes.clone() {
            let mut home = self.state.front.homes[h];
            if self.is_down(home.host) && !matches!(home.stage, Stage::Lost(_)) {
                home.culprit = self.holder(home.host, now).or(home.culprit);
                home.stage = Stage::Lost(moves_at(tier, home.culprit, timers));
            }
            if let Stage::Lost(moves) = home.stage {
                let host = match self.is_down(h) {
                    false => Some(h),
                    true => self.next_up(s, h).filter(|_| moves <= now),
                };
                if let Some(host) = host {
                    // Moving includes starting; where nothing was up to move to, it begins only now.
                    let moved = host != h && moves == now;
                    let start = drawn(&tier.start, home.culprit, word::START, timers);
                    let ready = if moved { now } else { now + start };
                    (home.host, home.stage) = (host, Stage::Starting(ready));
                }
            }
            match home.stage {
                Stage::Starting(ready) if ready <= now => (home.stage, home.culprit) = (Stage::Serving, None),
                Stage::Starting(at) | Stage::Lost(at) if at > now => next = next.min(at),
                _ => {}
            }
            if home.stage == Stage::Serving && !self.is_down(h) {
                // Home again: what runs elsewhere serves until it has started here.
                home.host = h;
            }
            self.state.front.homes[h] = home;
        }
        next
    }

    fn is_down(&self, home: usize) -> bool {
        self.state.domains.is_down(self.plan.front.homes[home].domain)
    }

    /// The next home of a site, in order and around, whose node is up.
    fn next_up(&self, site: usize, home: usize) -> Option<usize> {
        let homes = self.plan.front.sites[site].homes.clone();
        (home + 1..homes.end).chain(homes.start..home).find(|&h| !self.is_down(h))
    }

    /// Who holds the node of a home down.
    fn holder(&self, home: usize, now: Time) -> Option<Culprit> {
        let (plan, faults) = (self.plan, &self.state.faults);
        let node = plan.front.homes[home].node.0;
        last_or_first(now, || {
            let strikes = |a: &Active| strikes(plan, faults, a, |struck| struck.contains(&node));
            faults.lasting(plan).filter(strikes).map(|a| a.culprit)
        })
    }

    /// Instances that can be reached and serve: of a site, or of a part of it.
    pub(crate) fn live(&self, site: usize, target: Option<&TargetPlan>) -> u64 {
        if self.state.domains.is_isolated(self.plan.front.sites[site].region) {
            return 0;
        }
        self.state.front.serving(&self.plan.front, site, target.map(|t| &t.nodes))
    }

    /// Who cuts a site off.
    pub(crate) fn cut_by(&self, site: usize) -> Option<Culprit> {
        let (plan, faults) = (self.plan, &self.state.faults);
        let region = plan.front.sites[site].region;
        if !self.state.domains.is_isolated(region) {
            return None;
        }
        let domain = Target::Domain(plan.model.world.regions[region.0 as usize]);
        let cuts = |a: &Active| {
            plan.rule(a.process).effect == Effect::Isolate
                && faults.taken(plan, a.process).any(|target| target == domain)
        };
        faults.lasting(plan).find(cuts).map(|a| a.culprit)
    }

    /// A tier by itself: its load is spread over all its instances.
    fn tier_standing(&self, t: usize) -> Standing {
        let (plan, front) = (self.plan, &self.state.front);
        let sites = || plan.front.tiers[t].clone();
        let needed = u64::from(plan.model.tiers[t].needed);
        let live: u64 = sites().map(|s| self.live(s, None)).sum();
        if live >= needed {
            return Standing::default();
        }
        let before = front.tiers[t].waits.map(|(culprit, ..)| culprit);
        let suspects = sites().flat_map(|s| front.suspects(&plan.front, s, None).chain(self.cut_by(s)));
        let culprit = blamed(before, suspects).or(front.scaled[t]).or(before);
        let phase = if live == 0 { Phase::Repair } else { Phase::Overload };
        let share = ((needed - live) * ONE).div_ceil(needed);
        self.front_standing(share, culprit, phase)
    }

    /// A share fails, and waits for a phase; whom nobody is to blame for, demand is.
    pub(crate) fn front_standing(&self, share: u64, culprit: Option<Culprit>, phase: Phase) -> Standing {
        let mark = Mark { purpose: self.plan.action_purpose, occurrence: 0 };
        let load = Culprit { blame: Blame::Load, class: Class::Load, mark, started: self.plan.start };
        let culprit = culprit.unwrap_or(load);
        let party = booked_to(&self.plan.model, phase, culprit.blame, Party::Provider);
        Standing { share, waits: Some((culprit, phase, party)) }
    }
}

/// A value of a law at the mark of whoever is to blame; those that nobody is to blame for last no time.
pub(crate) fn drawn<D: Chance>(
    law: &Law,
    culprit: Option<Culprit>,
    word: u32,
    timers: &mut Timers<'_, D>,
) -> Duration {
    culprit.map_or(Duration::ZERO, |c| timers.driver().value(Draw { law, mark: c.mark, word }))
}

/// When lost instances may run elsewhere. Maintenance drains: they have moved by then.
fn moves_at<D: Chance>(tier: &Tier, culprit: Option<Culprit>, timers: &mut Timers<'_, D>) -> Time {
    match &tier.reschedule {
        None => Time::NEVER,
        Some(_) if culprit.is_some_and(|c| c.class == Class::Maintenance) => timers.now(),
        Some(law) => timers.now() + drawn(law, culprit, word::RESCHEDULE, timers),
    }
}
