//! What happens inside a placement group when the world around it has changed: replication between its regions,
//! who follows whom, who is to blame (design D8).

use crate::model::{Domain, DomainKind, Effect, RegionId, Store, Target};
use crate::sim::domains::Domains;
use crate::sim::driver::{Chance, Draw, Mark};
use crate::sim::faults::{Active, Culprit, Faults};
use crate::sim::history::LONGEST_LAG;
use crate::sim::layout::{StorePlan, StoreTimer};
use crate::sim::observe::Replication;
use crate::sim::plan::Plan;
use crate::sim::runbooks::Runbooks;
use crate::sim::state::{Follow, Offline, StoreRules, StoreState};
use crate::units::{Duration, Time};

/// Everything around one store while it is brought up to date.
pub(crate) struct Ctx<'c, 't, D> {
    pub(crate) plan: &'c Plan,
    pub(crate) s: usize,
    pub(crate) store: &'c Store,
    pub(crate) layout: &'c StorePlan,
    pub(crate) rules: &'c StoreRules,
    pub(crate) domains: &'c Domains,
    pub(crate) faults: &'c Faults,
    pub(crate) runbooks: &'c Runbooks,
    pub(crate) timers: &'c mut crate::engine::Timers<'t, D>,
    pub(crate) out: &'c mut Replication,
    pub(crate) record: bool,
    pub(crate) now: Time,
}

impl<D: Chance> Ctx<'_, '_, D> {
    pub(crate) fn arm(&mut self, timer: StoreTimer, at: Time) {
        let slot = self.layout.slot(self.plan.slots.stores[self.s], timer);
        if self.timers.armed(slot) != (at != Time::NEVER).then_some(at) {
            self.timers.at(slot, at);
        }
    }

    pub(crate) fn value(&mut self, law: &crate::rng::Law, mark: Mark, word: u32) -> Duration {
        self.timers.driver().value(Draw { law, mark, word })
    }

    pub(crate) fn region(&self, r: usize) -> RegionId {
        self.layout.world_region[r]
    }

    pub(crate) fn isolated(&self, r: usize) -> bool {
        self.domains.is_isolated(self.region(r))
    }

    pub(crate) fn connected(&self, a: usize, b: usize) -> bool {
        self.domains.connected(self.region(a), self.region(b))
    }

    /// Who is to blame for what a group suffers now: the last occurrence of this instant that touches the group,
    /// else the earliest that lasts; an action of this instant; else the last that touched the store.
    pub(crate) fn culprit(&self, st: &StoreState, g: usize) -> Option<Culprit> {
        use crate::sim::observe::Class;
        let touching = || self.faults.lasting(self.plan).filter(|a| self.touches(g, a)).map(|a| a.culprit);
        let fresh = || touching().filter(|c| c.started == self.now);
        let faults_first = |c: &Culprit| c.class != Class::Maintenance;
        fresh()
            .rfind(faults_first)
            .or(st.action)
            .or_else(|| fresh().next_back())
            .or_else(|| touching().find(faults_first))
            .or_else(|| touching().next())
            .or(st.last_culprit)
    }

    /// Notes the latest occurrence that lasts and touches the store, for what fails after its end.
    pub(crate) fn remember_culprit(&self, st: &mut StoreState) {
        let touching =
            |a: &Active| (0..self.layout.sets()).any(|set| self.touches(set * self.layout.lanes, a));
        let latest = self.faults.lasting(self.plan).rev().find(touching).map(|a| a.culprit);
        st.last_culprit = latest.or(st.last_culprit);
    }

    /// Whether an occurrence hits something this group uses, at any of the targets it took.
    pub(crate) fn touches(&self, g: usize, active: &Active) -> bool {
        let rule = self.plan.processes[active.process as usize].rule;
        self.faults.taken(self.plan, active.process).any(|target| self.reaches(g, rule, target))
    }

    /// Whether a rule that strikes this target hits something this group uses.
    fn reaches(&self, g: usize, rule: u32, target: Target) -> bool {
        let world = &self.plan.model.world;
        let effect = self.plan.model.faults[rule as usize].effect;
        let here = |r: RegionId| self.layout.world_region.contains(&r);
        let uses = |r: RegionId| here(r) || self.store.clients.iter().any(|c| c.region == r);
        match target {
            Target::Link(_) | Target::Domain(_) if matches!(effect, Effect::Lag { .. }) => {
                self.layout.lagging.contains(&rule) && self.layout.hits(rule, g)
            }
            _ if matches!(effect, Effect::Corrupt { .. }) => false, // takes nothing out of service
            Target::Link(link) => world.links[link.0 as usize].ends.iter().all(|&r| uses(r)),
            Target::Store { store, region } => {
                store as usize == self.s && region.is_none_or(here) && self.layout.hits(rule, g)
            }
            Target::Domain(d) if effect == Effect::Isolate => uses(world.domain(d).region),
            Target::Domain(d) => {
                let domain = world.domain(d);
                let mut here = (0..self.layout.regions).filter(|&r| self.region(r) == domain.region);
                here.any(|r| self.reaches_copy(g, r, rule, domain))
            }
        }
    }

    /// Whether a rule that strikes a domain of a region hits a group's copy there.
    fn reaches_copy(&self, g: usize, r: usize, rule: u32, domain: &Domain) -> bool {
        match self.plan.model.faults[rule as usize].effect {
            Effect::Partial { .. } => self.layout.hits(rule, g),
            // Capacity is the mean over all nodes of a region, wherever the replicas lie.
            Effect::Degrade { .. } => {
                let place = &self.plan.model.world.domain(self.store.place(&self.plan.model.world, r)).nodes;
                domain.nodes.start < place.end && place.start < domain.nodes.end
            }
            _ => {
                let replicas = usize::from(self.store.replicas);
                let first = (g * self.layout.regions + r) * replicas;
                domain.kind == DomainKind::Region
                    || self.store.regions[r].min_zones > 1 && domain.kind == DomainKind::Zone
                    || self.layout.nodes[first..first + replicas].iter().any(|n| domain.nodes.contains(&n.0))
            }
        }
    }

    /// What becomes of a group's copies and of what is in them, before anybody acts on it; for lanes as for single groups.
    pub(crate) fn update_copies(&mut self, st: &mut StoreState, g: usize) {
        self.note_departures(st, g);
        self.update_lag(st, g);
        self.freeze(st, g);
        self.note_shipping(st, g);
        self.book_destruction(st, g);
        self.lose_majority(st, g);
        self.update_damage(st, g);
        self.update_restore(st, g);
    }

    /// Brings one group up to date at `now`.
    pub(crate) fn update_group(&mut self, st: &mut StoreState, g: usize) {
        self.update_copies(st, g);
        let write = st.groups[g].write;
        self.update_failover(st, g);
        if st.groups[g].write != write {
            // What is restored, or where to, may have become another.
            self.update_restore(st, g);
        }
        self.update_lag(st, g);
        self.update_split_brain(st, g);
        self.update_members(st, g);
        self.restart_empty(st, g);
        self.resume(st, g);
        self.leave_degraded(st, g);
        self.update_sync(st, g);
        self.update_bound(st, g);
        self.schedule_merges(st, g);
        self.note_missed(st, g);
        self.note_shipping(st, g);
    }

    pub(crate) fn copies(&self, g: usize) -> core::ops::Range<usize> {
        g * self.layout.regions..(g + 1) * self.layout.regions
    }

    /// Whether the write region's log reaches region `r` now.
    pub(crate) fn replicates(&self, st: &StoreState, g: usize, r: usize) -> bool {
        r != usize::from(st.groups[g].write)
            && self.leads(st, g)
            && self.stores_writes(st, g, r)
            && st.logs[g * self.layout.regions + r].offline != Offline::ByAction
            && !st.logs[g * self.layout.regions + r].stalled
            && self.has_path(st, g, r)
    }

    /// Whether the write region holds its lease, its data and a quorum to write to.
    pub(crate) fn leads(&self, st: &StoreState, g: usize) -> bool {
        self.stores_writes(st, g, usize::from(st.groups[g].write)) && !st.groups[g].fenced
    }

    /// Whether a region's copy holds data and a quorum to add to it.
    pub(crate) fn stores_writes(&self, st: &StoreState, g: usize, r: usize) -> bool {
        let c = g * self.layout.regions + r;
        st.quorums[c].service.commit && !matches!(st.logs[c].follow, Follow::Empty(_))
    }

    /// A copy that stops committing remembers how far the log was; if the log goes on without it, it is behind.
    pub(crate) fn note_departures(&mut self, st: &mut StoreState, g: usize) {
        let head = st.groups[g].head;
        for c in self.copies(g) {
            let (log, commit) = (&mut st.logs[c], st.quorums[c].service.commit);
            if log.committing && !commit {
                log.left_at = head;
            } else if !log.committing && commit && head > log.left_at {
                log.behind = true;
            }
            log.committing = commit;
        }
    }

    /// The log goes on from now: copies that do not commit miss it.
    pub(crate) fn note_missed(&self, st: &mut StoreState, g: usize) {
        if self.copies(g).all(|c| st.quorums[c].service.commit) || !self.accepts(st, g) {
            return;
        }
        let w = usize::from(st.groups[g].write);
        let asks = self.asks(st, g)[1];
        let mut writers = self.store.clients.iter().enumerate().filter(|(_, c)| c.writes_mps > 0);
        if writers.any(|(i, c)| asks >> i & 1 == 1 && self.sends_to(c, w)) {
            for c in self.copies(g).filter(|&c| !st.quorums[c].service.commit) {
                st.logs[c].behind = true;
            }
        }
    }

    /// Copies that the log no longer reaches stand still, a lag behind.
    pub(crate) fn freeze(&mut self, st: &mut StoreState, g: usize) {
        let base = g * self.layout.regions;
        for r in 0..self.layout.regions {
            if r == usize::from(st.groups[g].write) || self.replicates(st, g, r) {
                continue;
            }
            match st.logs[base + r].follow {
                Follow::Following => {
                    let mark = self.mark(st, g);
                    let (position, complete_to) = self.lagging(st, g, r, mark);
                    let log = &mut st.logs[base + r];
                    (log.position, log.complete_to, log.follow) = (position, complete_to, Follow::Frozen);
                }
                Follow::CatchUp => st.logs[base + r].follow = Follow::Frozen,
                Follow::Frozen | Follow::Empty(_) => {}
            }
        }
    }

    /// How far a copy is behind that follows, by a mark.
    pub(crate) fn lag(&mut self, st: &StoreState, g: usize, r: usize, mark: Mark) -> Duration {
        let extra = st.logs[g * self.layout.regions + r].extra;
        let lag = self.usual_lag(st, g, r, mark).saturating_add(extra);
        let lag = lag.saturating_add(st.contention.wait).min(LONGEST_LAG);
        self.rules.bound.map_or(lag, |(_, time)| lag.min(time))
    }

    /// Where a following copy is: a lag behind, by the mark of whoever is to blame, within the staleness bound.
    pub(crate) fn lagging(&mut self, st: &StoreState, g: usize, r: usize, mark: Mark) -> (i128, Time) {
        let group = &st.groups[g];
        let log = &st.logs[g * self.layout.regions + r];
        if self.rules.strong {
            return (group.head, self.now);
        }
        let lag = self.lag(st, g, r, mark);
        let mut floor = log.position;
        if let Some((volume, _)) = self.rules.bound {
            floor = floor.max(group.head - volume);
        }
        let then = self.now - lag;
        let position =
            group.history.head_at(&self.store.profile, then).unwrap_or(0).min(group.head).max(floor);
        (position, then.max(log.complete_to))
    }

    /// The marks to use for what follows now.
    pub(crate) fn mark(&self, st: &StoreState, g: usize) -> Mark {
        let own = Mark { purpose: self.plan.store_purpose + self.s as u32, occurrence: 0 };
        self.culprit(st, g).map_or(own, |c| c.mark)
    }

    /// Copies that the log reaches again catch up, and then serve.
    pub(crate) fn resume(&mut self, st: &mut StoreState, g: usize) {
        let base = g * self.layout.regions;
        let w = usize::from(st.groups[g].write);
        st.logs[base + w].behind = false;
        for r in (0..self.layout.regions).filter(|&r| r != w) {
            let head = st.groups[g].head;
            if !self.replicates(st, g, r) {
                continue;
            }
            let sound = !self.is_gray(st, r);
            let log = &mut st.logs[base + r];
            if log.extra > Duration::ZERO && matches!(log.follow, Follow::Frozen | Follow::CatchUp) {
                // What it lacks is on its way already and is never nearer than the lag.
                (log.follow, log.held) = (Follow::Following, false);
            }
            if log.follow == Follow::Frozen {
                log.follow = Follow::CatchUp;
            }
            if log.follow == Follow::CatchUp && log.position >= head {
                (log.follow, log.held) = (Follow::Following, false);
            }
            if log.follow == Follow::Following {
                log.behind = false;
                if log.offline == Offline::ByService && sound {
                    log.offline = Offline::No;
                    let name = self.store.place_name(&self.plan.model.world, r);
                    self.note("caught-up", || format!("{name} has caught up and takes part"));
                }
                let log = &mut st.logs[base + r];
                log.member |= log.offline == Offline::No;
            }
        }
    }
}
