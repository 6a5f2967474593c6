//! Lag faults: replication that works, but takes longer (rule c34).

use crate::model::{Effect, Target};
use crate::sim::driver::{Chance, Mark};
use crate::sim::group::Ctx;
use crate::sim::state::{Follow, StoreState};
use crate::units::Duration;

impl<D: Chance> Ctx<'_, '_, D> {
    /// Takes over what lag faults add between the write region and the others.
    pub(crate) fn update_lag(&mut self, st: &mut StoreState, g: usize) {
        if self.layout.lagging.is_empty() {
            return;
        }
        let base = g * self.layout.regions;
        let w = usize::from(st.groups[g].write);
        for r in 0..self.layout.regions {
            let (extra, mark) = self.extra_on_the_way(st, g, r);
            let before = st.logs[base + r].extra;
            if extra == before {
                // More clients may write to this lane than when the lag changed.
                if let Some(mark) = mark.filter(|_| !st.logs[base + r].stalled) {
                    st.logs[base + r].stalled = self.exceeds_bound(st, g, r, extra, mark);
                }
                continue;
            }
            if st.logs[base + r].follow == Follow::Following && r != w {
                // The position stands still until the longer lag has passed; a shorter one leaves a backlog.
                let own = self.mark(st, g);
                let (position, complete_to) = self.lagging(st, g, r, mark.unwrap_or(own));
                let log = &mut st.logs[base + r];
                (log.position, log.complete_to) = (position, complete_to);
                if extra == Duration::ZERO {
                    log.follow = Follow::CatchUp;
                }
            }
            st.logs[base + r].extra = extra;
            let stalled = mark.is_some_and(|mark| self.exceeds_bound(st, g, r, extra, mark));
            st.logs[base + r].stalled = stalled;
            if g == 0 || st.logs[base + r - self.layout.regions].extra != extra {
                self.note_lag(r, extra);
            }
        }
    }

    /// What lasting faults add to the lag of region `r` behind a group's write region, over every link in between.
    fn extra_on_the_way(&self, st: &StoreState, g: usize, r: usize) -> (Duration, Option<Mark>) {
        let w = usize::from(st.groups[g].write);
        match self.arbiter(st, g) {
            _ if r == w => (Duration::ZERO, None),
            Some(a) if a != w && a != r => {
                let ((first, mark), (second, later)) = (self.extra(g, w, a), self.extra(g, a, r));
                (first.saturating_add(second), later.or(mark))
            }
            _ => self.extra(g, w, r),
        }
    }

    /// What lasting faults add to the lag between two regions, and the marks of the last of them.
    pub(crate) fn extra(&self, g: usize, a: usize, b: usize) -> (Duration, Option<Mark>) {
        let world = &self.plan.model.world;
        let ends = [self.region(a), self.region(b)];
        let (mut sum, mut mark) = (Duration::ZERO, None);
        for active in self.faults.lasting(self.plan) {
            let Effect::Lag { extra, .. } = self.plan.rule(active.process).effect else { continue };
            if !self.layout.hits(self.plan.processes[active.process as usize].rule, g) {
                continue;
            }
            for target in self.faults.taken(self.plan, active.process) {
                let between = match target {
                    Target::Store { store, region } => {
                        store as usize == self.s && region.is_none_or(|r| ends.contains(&r))
                    }
                    // Nothing lies between two members in one region.
                    _ if a != b && ends[0] == ends[1] => false,
                    Target::Domain(d) => ends.contains(&world.domain(d).region),
                    Target::Link(l) => world.links[l.0 as usize].ends.iter().all(|r| ends.contains(r)),
                };
                if between {
                    sum = sum.saturating_add(extra);
                    mark = Some(active.culprit.mark);
                }
            }
        }
        (sum, mark)
    }

    /// Whether a copy that lags by so much more cannot stay within the staleness bound.
    fn exceeds_bound(&mut self, st: &StoreState, g: usize, r: usize, extra: Duration, mark: Mark) -> bool {
        let Some((volume, time)) = self.rules.bound else { return false };
        let lag = self.usual_lag(st, g, r, mark).saturating_add(extra);
        let asks = self.asks(st, g)[1];
        let writers = self.store.clients.iter().enumerate().filter(|(i, _)| asks >> i & 1 == 1);
        let rate: u64 = writers.map(|(_, c)| c.writes_mps).sum();
        let peak = i128::from(rate) * i128::from(self.store.profile.peak());
        lag >= time || peak.saturating_mul(i128::from(lag.ns())) >= volume
    }

    fn note_lag(&mut self, r: usize, extra: Duration) {
        if self.record {
            let name = self.name(r);
            self.note("lag", || match extra {
                Duration::ZERO => format!("{name} lags no more than usual"),
                extra => format!("{name} lags by {extra} more"),
            });
        }
    }
}
