//! Losses of one group: destruction, the loss events, seeding of empty copies, merging of missing writes
//! (design D10).

use crate::model::Model;
use crate::sim::driver::{Chance, word};
use crate::sim::faults::Culprit;
use crate::sim::flow::{Flow, cause_class};
use crate::sim::group::Ctx;
use crate::sim::layout::StoreTimer;
use crate::sim::ledger::{CutBy, Segment, Settled};
use crate::sim::observe::{Loss, Phase, Replication};
use crate::sim::phase::lost_by;
use crate::sim::restore::Of;
use crate::sim::state::{Follow, Offline, StoreState};
use crate::units::{Duration, Time};

impl<D: Chance> Ctx<'_, '_, D> {
    /// Data destroyed for ever: what no other copy has is lost.
    pub(crate) fn book_destruction(&mut self, st: &mut StoreState, g: usize) {
        for c in self.copies(g) {
            if st.quorums[c].lost && !matches!(st.logs[c].follow, Follow::Empty(_)) {
                st.logs[c].follow = Follow::Empty(false);
                st.logs[c].behind = true;
                self.lose_origin(st, g, (c - g * self.layout.regions) as u8);
                self.lose_head(st, g);
            }
        }
    }

    /// What only this region's copy had is lost.
    pub(crate) fn lose_origin(&mut self, st: &mut StoreState, g: usize, origin: u8) {
        let weight = i128::from(self.layout.weights[g]);
        let (model, out, flow) = (&self.plan.model, &mut *self.out, &mut st.flow);
        st.groups[g].ledger.destroy(origin, |settled| book(model, out, flow, settled, weight));
    }

    /// The furthest copy left is the log now; the rest of the old one is gone.
    pub(crate) fn lose_head(&mut self, st: &mut StoreState, g: usize) {
        let w = usize::from(st.groups[g].write);
        let top = self.best_copy(st, g, |_| true);
        let culprit = self.culprit(st, g);
        let stored = match top {
            None => {
                let mark = self.mark(st, g);
                self.point_after_loss(st, g, mark)
            }
            Some(_) => None,
        };
        let position = stored.map_or_else(|| top.map_or(0, |(_, p)| p), |(_, point)| point.position);
        let had = !matches!(st.logs[g * self.layout.regions + w].follow, Follow::Empty(_));
        let absent = st.groups[g].head - position;
        if had || (absent <= 0 && stored.is_none()) {
            return;
        }
        let floor = stored.map_or(position, |(_, point)| point.floor);
        let rpo = self.rpo(st, g, floor, top.map(|(r, _)| r));
        let loss = self.record_loss(st, g, culprit, rpo, absent);
        let settled = Settled {
            segment: Segment {
                origin: w as u8,
                amount: absent,
                rpo,
                loss,
                // What no backup has is lost with the data, the rest by going back to the backup.
                phase: if stored.is_some() { Phase::Restore } else { Phase::Repair },
                mark: self.mark(st, g),
                merge_at: Time::NEVER,
                growing: 0,
            },
            recovered: 0,
            superseded: 0,
            lost: absent,
        };
        let weight = i128::from(self.layout.weights[g]);
        book(&self.plan.model, self.out, &mut st.flow, settled, weight);
        let complete_to = match (top, stored) {
            (Some((r, _)), _) => Some(st.logs[g * self.layout.regions + r].complete_to),
            (None, stored) => stored.map(|(_, point)| point.complete_to),
        };
        st.groups[g].ledger.cut(position, complete_to);
        st.groups[g].ledger.lost += absent;
        let before = st.groups[g].ledger.cut_by;
        let (amount, oldest) = before.map_or((0, Duration::ZERO), |cut| (cut.amount, cut.rpo));
        st.groups[g].ledger.cut_by = Some(CutBy { loss, amount: amount + absent, rpo: rpo.max(oldest) });
        self.rewind(st, g, position);
        if let (Some(stored), Some(culprit)) = (stored, culprit) {
            self.begin_restore(st, g, culprit, stored, loss);
        }
    }

    /// The log starts again from an earlier position; copies beyond it are cut back.
    pub(crate) fn rewind(&mut self, st: &mut StoreState, g: usize, position: i128) {
        let group = &mut st.groups[g];
        group.head = position;
        group.accept = 0;
        group.history.clip(&self.store.profile, self.now, st.lambda, position);
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
            .max_by_key(|&(r, position)| (position, r == w, core::cmp::Reverse(r)))
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
        let mut measured = self.out.losses[st.flow.first_loss..].iter();
        let found = measured.rposition(|l| l.at == at && l.store == s && l.blame == blame);
        let index = found.map(|i| st.flow.first_loss + i).unwrap_or_else(|| {
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
                parties: [0; 2],
            });
            self.out.losses.len() - 1
        });
        self.add_loss(index as u32, rpo, absent);
        index as u32
    }

    /// Adds a share to a loss event; `absent` is of all partitions of a group.
    fn add_loss(&mut self, index: u32, rpo: Duration, absent: i128) {
        let loss = &mut self.out.losses[index as usize];
        loss.rpo = loss.rpo.max(rpo);
        loss.absent += absent;
    }

    /// The loss event of a takeover. Where the copy that is left behind was destroyed, and writes with it, that is the
    /// other half of the same event.
    pub(crate) fn record_takeover(
        &mut self,
        st: &StoreState,
        g: usize,
        culprit: Option<Culprit>,
        rpo: Duration,
        absent: i128,
    ) -> u32 {
        match st.groups[g].ledger.cut_by {
            Some(CutBy { loss: index, .. }) if index as usize >= st.flow.first_loss => {
                self.add_loss(index, rpo, absent * i128::from(self.layout.weights[g]));
                index
            }
            _ => self.record_loss(st, g, culprit, rpo, absent),
        }
    }

    /// Copies that lost everything are seeded from the furthest copy they reach, or, if no copy is left anywhere,
    /// start again from nothing.
    pub(crate) fn restart_empty(&mut self, st: &mut StoreState, g: usize) {
        if st.groups[g].restore.is_some_and(|r| r.of == Of::Lost) {
            // What will be here comes from a backup.
            for c in self.copies(g) {
                st.logs[c].follow = Follow::Empty(false);
            }
            return;
        }
        for c in self.copies(g) {
            let Follow::Empty(seeding) = st.logs[c].follow else { continue };
            if st.logs[c].offline == Offline::NotYet {
                continue;
            }
            let r = c - g * self.layout.regions;
            let ready = st.quorums[c].can_restart(&self.rules.quorum);
            let source = self.seed_source(st, g, r);
            let anything = self.best_copy(st, g, |_| true).is_some();
            match source {
                _ if ready && !anything => {
                    self.seeded(st, g, r);
                    self.found(st, g, r);
                }
                Some((from, _)) if ready && !seeding => {
                    st.logs[c].follow = Follow::Empty(true);
                    st.logs[c].seeded_at = self.seed_time(g, from, r).map_or(Time::NEVER, |d| self.now + d);
                }
                Some(_) if ready => {}
                _ => st.logs[c].follow = Follow::Empty(false),
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

    /// The furthest copy that commits and reaches region `r`. The write region goes on where the log ended: it waits for
    /// the furthest copy of all.
    fn seed_source(&self, st: &StoreState, g: usize, r: usize) -> Option<(usize, i128)> {
        let base = g * self.layout.regions;
        if !self.agree(st, g) {
            return None;
        }
        let found = self.best_copy(st, g, |o| st.quorums[base + o].service.commit && self.connected(o, r));
        let enough = |position| r != usize::from(st.groups[g].write) || position >= st.groups[g].head;
        found.filter(|&(_, position)| enough(position))
    }

    /// A copy holds data again: that of the furthest copy it reaches, or nothing at all if no copy is left. If its
    /// source or its own nodes went away in this very instant, it stays empty.
    pub(crate) fn seeded(&mut self, st: &mut StoreState, g: usize, r: usize) {
        let c = g * self.layout.regions + r;
        let base = g * self.layout.regions;
        let w = usize::from(st.groups[g].write);
        let position = match (self.seed_source(st, g, r), self.best_copy(st, g, |_| true)) {
            // A copy that follows has what it had a lag ago, not all that the write region has.
            (Some((o, _)), _) if o != w && st.logs[base + o].follow == Follow::Following => {
                let mark = self.mark(st, g);
                self.lagging(st, g, o, mark).0
            }
            (Some((_, position)), _) => position,
            (None, None) if st.groups[g].restore.is_none_or(|r| r.of != Of::Lost) => 0,
            (None, _) => return,
        };
        if !st.quorums[c].can_restart(&self.rules.quorum) {
            return;
        }
        let quorum = &mut st.quorums[c];
        quorum.restart();
        quorum.settle(&self.rules.quorum, self.rules.rebuild[g], self.now);
        let log = &mut st.logs[c];
        (log.follow, log.position, log.complete_to) = (Follow::Frozen, position, self.now);
        log.committing = quorum.service.commit;
        if r == usize::from(st.groups[g].write) {
            (log.follow, log.behind, log.member) = (Follow::Following, false, true);
            st.groups[g].ledger.cut_by = None;
        }
    }

    /// Missing writes whose region is back and caught up will be merged.
    pub(crate) fn schedule_merges(&mut self, st: &mut StoreState, g: usize) {
        if st.groups[g].ledger.open.is_empty() {
            return;
        }
        let base = g * self.layout.regions;
        if self.store.members.is_some() {
            self.discard_tails(st, g);
        }
        for i in 0..st.groups[g].ledger.open.len() {
            let segment = st.groups[g].ledger.open[i];
            let origin = usize::from(segment.origin);
            let log = &st.logs[base + origin];
            let back = log.follow == Follow::Following && st.quorums[base + origin].service.commit;
            if !back || segment.merge_at != Time::NEVER {
                continue;
            }
            if self.layout.multi() {
                if self.takes_part(st, self.layout.set(g), origin) {
                    let at = self.resolved_at().unwrap_or(Time::NEVER);
                    st.groups[g].ledger.open[i].merge_at = at;
                }
            } else if let Some(law) = &self.store.on_return.merge_after {
                let wait = self.value(law, segment.mark, word::MERGE);
                st.groups[g].ledger.open[i].merge_at = self.now + wait;
            }
        }
        // They are written again, so they wait for a write region that takes writes.
        let next = if self.leads(st, g) {
            self.merge_due(st, g);
            st.groups[g].ledger.next_merge()
        } else {
            Time::NEVER
        };
        self.arm(StoreTimer::Merge(g as u32), next);
    }

    /// A leader that was left behind gives up what the others lack once it follows them.
    fn discard_tails(&mut self, st: &mut StoreState, g: usize) {
        for r in 0..self.layout.regions {
            let c = g * self.layout.regions + r;
            if st.logs[c].follow == Follow::Following && st.quorums[c].service.commit {
                self.lose_origin(st, g, r as u8);
            }
        }
    }

    fn merge_due(&mut self, st: &mut StoreState, g: usize) {
        let (weight, ppm) = (i128::from(self.layout.weights[g]), self.superseded_ppm());
        let group = &mut st.groups[g];
        let before = group.ledger.recovered;
        let (model, out, flow) = (&self.plan.model, &mut *self.out, &mut st.flow);
        group.ledger.merge(self.now, ppm, |settled| book(model, out, flow, settled, weight));
        let merged = group.ledger.recovered - before;
        if merged > 0 {
            group.head += merged;
            group.history.push(self.now, st.lambda, group.head, group.accept);
            self.note("merged", || "missing writes of a returned region are merged".into());
        }
    }
}

/// Books what became of a segment to its loss event and cause; amounts become whole-store volumes.
pub(crate) fn book(model: &Model, out: &mut Replication, flow: &mut Flow, settled: Settled, weight: i128) {
    let loss = &mut out.losses[settled.segment.loss as usize];
    loss.recovered += settled.recovered * weight;
    loss.superseded += settled.superseded * weight;
    loss.lost += settled.lost * weight;
    if settled.lost + settled.superseded > 0 {
        loss.rpo_final = loss.rpo_final.max(settled.segment.rpo);
    }
    let store = &model.stores[loss.store as usize];
    let party = lost_by(model, store, settled.segment.phase, loss.blame);
    flow.book_lost(settled.segment.loss, loss, settled.segment.phase, party, settled.lost * weight);
}
