//! What happens inside a placement group when the world around it has changed: replication between its regions,
//! the sync set, the staleness bound, losses (designs D8 and D10).

use crate::model::{RegionId, Store};
use crate::sim::domains::Domains;
use crate::sim::driver::{Chance, Draw, Mark, word};
use crate::sim::faults::{Culprit, Faults};
use crate::sim::flow::{cause_class, cause_index};
use crate::sim::history::LONGEST_LAG;
use crate::sim::layout::{StorePlan, StoreTimer};
use crate::sim::ledger::{Segment, Settled};
use crate::sim::observe::{Loss, Replication, TimelineEntry};
use crate::sim::plan::Plan;
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

    /// Adds to the timeline, if one is kept.
    pub(crate) fn note(&mut self, event: &'static str, detail: impl FnOnce() -> String) {
        if self.record && self.now >= self.plan.start {
            self.out.timeline.push(TimelineEntry {
                at: Time::ZERO + (self.now - self.plan.start),
                object: format!("store:{}", self.store.name),
                event,
                detail: detail(),
            });
        }
    }

    /// Who is to blame for what a group suffers now: the last occurrence of this instant that touches the group,
    /// else the earliest that lasts; an action of this instant; else the last that touched the store.
    pub(crate) fn culprit(&self, st: &StoreState, g: usize) -> Option<Culprit> {
        use crate::sim::observe::Class;
        let touching = || self.faults.active.iter().map(|a| a.culprit).filter(|c| self.touches(g, c));
        let fresh = touching().filter(|c| c.started == self.now);
        let faults_first = |c: &Culprit| c.class != Class::Maintenance;
        fresh
            .clone()
            .filter(faults_first)
            .last()
            .or(st.action)
            .or(fresh.last())
            .or_else(|| touching().find(faults_first))
            .or_else(|| touching().next())
            .or(st.last_culprit)
    }

    /// Whether an occurrence hits something this group uses.
    pub(crate) fn touches(&self, g: usize, culprit: &Culprit) -> bool {
        use crate::model::{Effect, Target};
        use crate::sim::observe::Blame;
        let Blame::Fault { rule, target, .. } = culprit.blame else { return false };
        let world = &self.plan.model.world;
        match target {
            Target::Link(link) => {
                let ends = world.links[link.0 as usize].ends;
                let uses = |r: RegionId| {
                    self.layout.local_region[r.0 as usize].is_some()
                        || self.store.clients.iter().any(|c| c.region == r)
                };
                ends.iter().all(|&r| uses(r))
            }
            Target::Domain(d) => {
                let domain = world.domain(d);
                let Some(r) = self.layout.local_region[domain.region.0 as usize] else { return false };
                if let Effect::Partial { .. } = self.plan.model.faults[rule as usize].effect {
                    let hit = self.layout.partial.iter().find(|(i, _)| *i == rule);
                    return hit.is_some_and(|(_, groups)| groups.contains(&(g as u32)));
                }
                let replicas = usize::from(self.store.replicas);
                let first = (g * self.layout.regions + usize::from(r)) * replicas;
                domain.kind == crate::model::DomainKind::Region
                    || self.store.regions[usize::from(r)].min_zones > 1
                        && domain.kind == crate::model::DomainKind::Zone
                    || self.layout.nodes[first..first + replicas].iter().any(|n| domain.nodes.contains(&n.0))
            }
        }
    }

    /// Brings one group up to date at `now`.
    pub(crate) fn update_group(&mut self, st: &mut StoreState, g: usize) {
        self.note_departures(st, g);
        self.freeze(st, g);
        self.book_destruction(st, g);
        self.update_failover(st, g);
        self.update_split_brain(st, g);
        self.restart_empty(st, g);
        self.resume(st, g);
        self.update_sync(st, g);
        self.update_bound(st, g);
        self.schedule_merges(st, g);
    }

    fn copies(&self, g: usize) -> core::ops::Range<usize> {
        g * self.layout.regions..(g + 1) * self.layout.regions
    }

    /// Whether the write region's log reaches region `r` now.
    pub(crate) fn replicates(&self, st: &StoreState, g: usize, r: usize) -> bool {
        let (w, base) = (usize::from(st.groups[g].write), g * self.layout.regions);
        let ready = |r: usize| {
            st.quorums[base + r].service.commit && !matches!(st.logs[base + r].follow, Follow::Empty(_))
        };
        r != w
            && !st.groups[g].fenced
            && ready(w)
            && ready(r)
            && st.logs[base + r].offline != Offline::ByAction
            && self.connected(w, r)
    }

    /// A copy that stops committing remembers how far the log was; if the log goes on without it, it is behind.
    fn note_departures(&mut self, st: &mut StoreState, g: usize) {
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

    /// Copies that the log no longer reaches stand still, a lag behind.
    fn freeze(&mut self, st: &mut StoreState, g: usize) {
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

    /// Where a following copy is: a lag behind, by the mark of whoever is to blame, within the staleness bound.
    pub(crate) fn lagging(&mut self, st: &StoreState, g: usize, r: usize, mark: Mark) -> (i128, Time) {
        let group = &st.groups[g];
        let log = &st.logs[g * self.layout.regions + r];
        if self.rules.strong {
            return (group.head, self.now);
        }
        let mut lag = self.value(&self.store.lag, mark, word::LAG).min(LONGEST_LAG);
        let mut floor = log.position;
        if let Some((volume, time)) = self.rules.bound {
            lag = lag.min(time);
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

    /// Data destroyed for ever: what no other copy has is lost.
    fn book_destruction(&mut self, st: &mut StoreState, g: usize) {
        for c in self.copies(g) {
            if st.quorums[c].lost && !matches!(st.logs[c].follow, Follow::Empty(_)) {
                st.logs[c].follow = Follow::Empty(false);
                st.logs[c].behind = true;
                self.lose_origin(st, g, (c - g * self.layout.regions) as u8);
                self.lose_head(st, g);
            }
        }
    }

    fn lose_origin(&mut self, st: &mut StoreState, g: usize, origin: u8) {
        let weight = i128::from(self.layout.weights[g]);
        let out = &mut *self.out;
        let flow = &mut st.flow;
        st.groups[g].ledger.destroy(origin, |settled| book(out, &mut flow.run.causes, settled, weight));
    }

    /// The furthest copy left is the log now; the rest of the old one is gone.
    fn lose_head(&mut self, st: &mut StoreState, g: usize) {
        let w = usize::from(st.groups[g].write);
        let top = self.best_copy(st, g, |_| true);
        let position = top.map_or(0, |(_, p)| p);
        let had = !matches!(st.logs[g * self.layout.regions + w].follow, Follow::Empty(_));
        let absent = st.groups[g].head - position;
        if had || absent <= 0 {
            return;
        }
        let rpo = self.rpo(st, g, position, top.map(|(r, _)| r));
        let culprit = self.culprit(st, g);
        let loss = self.record_loss(st, g, culprit, rpo, absent);
        let settled = Settled {
            segment: Segment {
                origin: w as u8,
                amount: absent,
                rpo,
                loss,
                mark: self.mark(st, g),
                merge_at: Time::NEVER,
                growing: 0,
            },
            recovered: 0,
            superseded: 0,
            lost: absent,
        };
        book(self.out, &mut st.flow.run.causes, settled, i128::from(self.layout.weights[g]));
        st.groups[g].ledger.lost += absent;
        self.rewind(st, g, position);
    }

    /// The log starts again from an earlier position; copies beyond it are cut back.
    pub(crate) fn rewind(&mut self, st: &mut StoreState, g: usize, position: i128) {
        let group = &mut st.groups[g];
        group.head = position;
        group.accept = 0;
        group.history.restart(self.now, st.lambda, position, 0);
        for c in self.copies(g) {
            let log = &mut st.logs[c];
            log.position = log.position.min(position);
            log.left_at = log.left_at.min(position);
        }
    }

    /// The copy with the furthest position among those that hold data and satisfy a condition.
    pub(crate) fn best_copy(
        &self,
        st: &StoreState,
        g: usize,
        allow: impl Fn(usize) -> bool,
    ) -> Option<(usize, i128)> {
        let w = usize::from(st.groups[g].write);
        (0..self.layout.regions)
            .filter(|&r| !matches!(st.logs[g * self.layout.regions + r].follow, Follow::Empty(_)) && allow(r))
            .map(|r| (r, if r == w { st.groups[g].head } else { self.position(st, g, r) }))
            .max_by_key(|&(r, position)| (position, core::cmp::Reverse(r)))
    }

    /// Position of a copy other than the write region's. A following copy is taken at the log's end: whoever needs
    /// it exactly has frozen it first.
    fn position(&self, st: &StoreState, g: usize, r: usize) -> i128 {
        let log = &st.logs[g * self.layout.regions + r];
        if log.follow == Follow::Following { st.groups[g].head } else { log.position }
    }

    /// Age of the oldest write beyond `position`, counted back from the last acknowledgement.
    pub(crate) fn rpo(&self, st: &StoreState, g: usize, position: i128, copy: Option<usize>) -> Duration {
        let group = &st.groups[g];
        if position >= group.head {
            return Duration::ZERO;
        }
        let oldest = group
            .history
            .passed(&self.store.profile, position)
            .or_else(|| copy.map(|r| st.logs[g * self.layout.regions + r].complete_to));
        group.last_ack - oldest.unwrap_or(Time::ZERO)
    }

    /// Adds a group's share to the loss event of this instant and culprit; returns its index.
    pub(crate) fn record_loss(
        &mut self,
        st: &StoreState,
        g: usize,
        culprit: Option<Culprit>,
        rpo: Duration,
        absent: i128,
    ) -> u32 {
        let culprit =
            culprit.or(st.last_culprit).expect("only faults and actions cause takeovers or destruction");
        let at = Time::ZERO + (self.now - self.plan.start);
        let (s, blame) = (self.s as u32, culprit.blame);
        let absent = absent * i128::from(self.layout.weights[g]);
        let found = self.out.losses.iter().rposition(|l| l.at == at && l.store == s && l.blame == blame);
        let index = found.unwrap_or_else(|| {
            self.out.losses.push(Loss {
                store: s,
                at,
                blame,
                class: culprit.class,
                cause: cause_class(self.plan, blame),
                rpo: Duration::ZERO,
                rpo_final: Duration::ZERO,
                absent: 0,
                recovered: 0,
                superseded: 0,
                missing: 0,
                lost: 0,
            });
            self.out.losses.len() - 1
        });
        let loss = &mut self.out.losses[index];
        loss.rpo = loss.rpo.max(rpo);
        loss.absent += absent;
        index as u32
    }

    /// Copies that lost everything are seeded from the furthest copy they reach, or, if no copy is left anywhere,
    /// start again from nothing.
    fn restart_empty(&mut self, st: &mut StoreState, g: usize) {
        for c in self.copies(g) {
            let Follow::Empty(seeding) = st.logs[c].follow else { continue };
            let r = c - g * self.layout.regions;
            let ready = st.quorums[c].can_restart(&self.rules.quorum);
            let base = g * self.layout.regions;
            let source =
                self.best_copy(st, g, |o| st.quorums[base + o].service.commit && self.connected(o, r));
            let anything = self.best_copy(st, g, |_| true).is_some();
            match source {
                _ if ready && !anything => self.seeded(st, g, r),
                Some((from, _)) if ready && !seeding => {
                    st.logs[c].follow = Follow::Empty(true);
                    let at = self.seed_time(g, from, r).map_or(Time::NEVER, |d| self.now + d);
                    self.arm(StoreTimer::Log(c as u32), at);
                }
                Some(_) if ready => {}
                _ => {
                    st.logs[c].follow = Follow::Empty(false);
                    self.arm(StoreTimer::Log(c as u32), Time::NEVER);
                }
            }
        }
    }

    fn seed_time(&self, g: usize, from: usize, to: usize) -> Option<Duration> {
        let world = &self.plan.model.world;
        let link = world.link_between(self.region(from), self.region(to));
        match link.and_then(|l| world.links[l.0 as usize].bandwidth) {
            Some(bandwidth) => {
                Some(crate::sim::state::transfer(u128::from(self.store.data_bytes), u128::from(bandwidth)))
            }
            None => self.rules.rebuild[g],
        }
    }

    /// A copy holds data again: that of the furthest copy, or nothing at all if it is the only one.
    pub(crate) fn seeded(&mut self, st: &mut StoreState, g: usize, r: usize) {
        let c = g * self.layout.regions + r;
        let position = self.best_copy(st, g, |_| true).map_or(0, |(_, p)| p);
        let quorum = &mut st.quorums[c];
        quorum.restart();
        quorum.settle(&self.rules.quorum, self.rules.rebuild[g], true, self.now);
        let log = &mut st.logs[c];
        (log.follow, log.position, log.complete_to) = (Follow::Frozen, position, self.now);
        log.committing = quorum.service.commit;
        if r == usize::from(st.groups[g].write) {
            log.follow = Follow::Following;
            log.behind = false;
        }
    }

    /// Copies that the log reaches again catch up, and then serve.
    fn resume(&mut self, st: &mut StoreState, g: usize) {
        let base = g * self.layout.regions;
        let w = usize::from(st.groups[g].write);
        st.logs[base + w].behind = false;
        for r in (0..self.layout.regions).filter(|&r| r != w) {
            let head = st.groups[g].head;
            if !self.replicates(st, g, r) {
                continue;
            }
            let log = &mut st.logs[base + r];
            if log.follow == Follow::Frozen {
                log.follow = Follow::CatchUp;
            }
            if log.follow == Follow::CatchUp && log.position >= head {
                (log.follow, log.behind, log.held) = (Follow::Following, false, false);
                if log.offline == Offline::ByService {
                    log.offline = Offline::No;
                }
            }
            if log.follow == Follow::Following {
                log.behind = false;
            }
        }
    }

    /// Members that do not answer leave the sync set while a majority stays; copies that caught up enter it.
    fn update_sync(&mut self, st: &mut StoreState, g: usize) {
        if !self.rules.strong {
            return;
        }
        let base = g * self.layout.regions;
        let w = usize::from(st.groups[g].write);
        for r in (0..self.layout.regions).filter(|&r| r != w) {
            let c = base + r;
            if st.logs[c].follow == Follow::Following && st.logs[c].offline == Offline::No {
                st.logs[c].in_sync = true;
                st.logs[c].evict_at = Time::NEVER;
            } else if st.logs[c].offline != Offline::No {
                st.logs[c].in_sync = false;
                st.logs[c].evict_at = Time::NEVER;
            } else if st.logs[c].in_sync && st.logs[c].evict_at == Time::NEVER {
                let others = (0..self.layout.regions)
                    .filter(|&o| o != w && o != r && st.logs[base + o].in_sync)
                    .filter(|&o| st.logs[base + o].follow == Follow::Following)
                    .count();
                let wait = if others >= 2 {
                    Duration::ZERO
                } else {
                    let mark = self.mark(st, g);
                    self.value(&self.store.evict, mark, word::DETECT)
                };
                st.logs[c].evict_at = self.now + wait;
                self.arm(
                    StoreTimer::Log(c as u32),
                    if wait == Duration::ZERO { Time::NEVER } else { self.now + wait },
                );
            }
            if st.logs[c].in_sync
                && st.logs[c].evict_at <= self.now
                && self.sync_size(st, g) > self.majority(st, g)
            {
                st.logs[c].in_sync = false;
                st.logs[c].evict_at = Time::NEVER;
            }
        }
    }

    fn sync_size(&self, st: &StoreState, g: usize) -> usize {
        let w = usize::from(st.groups[g].write);
        self.copies(g).filter(|&c| st.logs[c].in_sync || c == g * self.layout.regions + w).count()
    }

    /// Majority of the regions that count as configured.
    fn majority(&self, st: &StoreState, g: usize) -> usize {
        self.copies(g).filter(|&c| st.logs[c].offline == Offline::No).count() / 2 + 1
    }

    /// Whether every member of the sync set gets the writes, and the set is large enough.
    pub(crate) fn sync_ok(&self, st: &StoreState, g: usize) -> bool {
        let base = g * self.layout.regions;
        let w = usize::from(st.groups[g].write);
        !self.rules.strong
            || (0..self.layout.regions)
                .filter(|&r| r != w && st.logs[base + r].in_sync)
                .all(|r| st.logs[base + r].follow == Follow::Following)
                && self.sync_size(st, g) >= self.majority(st, g)
    }

    /// Whether a region that counts lags by as much as the staleness bound allows.
    pub(crate) fn held(&self, st: &StoreState, g: usize) -> bool {
        self.rules.bound.is_some()
            && self.copies(g).any(|c| st.logs[c].held && st.logs[c].offline == Offline::No)
    }

    /// Watches the staleness bound.
    fn update_bound(&mut self, st: &mut StoreState, g: usize) {
        let base = g * self.layout.regions;
        let w = usize::from(st.groups[g].write);
        for r in (0..self.layout.regions).filter(|&r| r != w) {
            let log = st.logs[base + r];
            if self.rules.bound.is_some() && matches!(log.follow, Follow::Frozen | Follow::Empty(_)) {
                let reached = self.bound_reached(st, g, r);
                if reached <= self.now && log.offline == Offline::No {
                    st.logs[base + r].held = true;
                }
            }
        }
    }

    /// When the copy's lag reaches the bound if writes go on as now.
    pub(crate) fn bound_reached(&self, st: &StoreState, g: usize, r: usize) -> Time {
        let (Some((volume, time)), group) = (self.rules.bound, &st.groups[g]) else { return Time::NEVER };
        let log = &st.logs[g * self.layout.regions + r];
        let backlog = group.head - log.position;
        let oldest = if backlog > 0 {
            group.history.passed(&self.store.profile, log.position).unwrap_or(log.complete_to)
        } else if group.accept > 0 {
            self.now
        } else {
            return Time::NEVER;
        };
        let by_volume =
            self.store.profile.first_reach(self.now, volume - backlog, 0, i128::from(group.accept));
        (oldest + time).min(by_volume)
    }

    /// Missing writes whose region is back and caught up will be merged.
    fn schedule_merges(&mut self, st: &mut StoreState, g: usize) {
        if st.groups[g].ledger.open.is_empty() {
            return;
        }
        let base = g * self.layout.regions;
        for i in 0..st.groups[g].ledger.open.len() {
            let segment = st.groups[g].ledger.open[i];
            let origin = usize::from(segment.origin);
            let log = &st.logs[base + origin];
            let back = log.follow == Follow::Following && st.quorums[base + origin].service.commit;
            if !back || segment.merge_at != Time::NEVER {
                continue;
            }
            if let Some(law) = &self.store.on_return.merge_after {
                let wait = self.value(law, segment.mark, word::MERGE);
                st.groups[g].ledger.open[i].merge_at = self.now + wait;
            }
        }
        self.merge_due(st, g);
        let next = st.groups[g].ledger.next_merge();
        self.arm(StoreTimer::Merge(g as u32), next);
    }

    fn merge_due(&mut self, st: &mut StoreState, g: usize) {
        let weight = i128::from(self.layout.weights[g]);
        let group = &mut st.groups[g];
        let before = group.ledger.recovered;
        let (out, causes) = (&mut *self.out, &mut st.flow.run.causes);
        let ppm = self.store.on_return.superseded_ppm;
        group.ledger.merge(self.now, ppm, |settled| book(out, causes, settled, weight));
        let merged = group.ledger.recovered - before;
        if merged > 0 {
            group.head += merged;
            group.history.push(self.now, st.lambda, group.head, group.accept);
            self.note("merged", || "missing writes of a returned region are merged".into());
        }
    }
}

/// Books what became of a segment to its loss event and cause; amounts become whole-store volumes.
pub(crate) fn book(
    out: &mut Replication,
    causes: &mut [crate::sim::observe::CauseRun],
    settled: Settled,
    weight: i128,
) {
    let loss = &mut out.losses[settled.segment.loss as usize];
    loss.recovered += settled.recovered * weight;
    loss.superseded += settled.superseded * weight;
    loss.lost += settled.lost * weight;
    if settled.lost + settled.superseded > 0 {
        loss.rpo_final = loss.rpo_final.max(settled.segment.rpo);
    }
    causes[cause_index(causes.len(), loss.blame)].lost += settled.lost * weight;
}
