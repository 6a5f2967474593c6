//! Failover of one group, phase by phase, and marking read regions offline (designs D8, D9, D11).

use crate::model::{Client, Command, FailoverMode, Redirect};
use crate::sim::driver::{Chance, Mark, word};
use crate::sim::faults::Culprit;
use crate::sim::group::Ctx;
use crate::sim::layout::StoreTimer;
use crate::sim::ledger::Segment;
use crate::sim::observe::Phase;
use crate::sim::state::{Follow, Offline, Step, StoreState};
use crate::units::{Duration, Time};

impl<D: Chance> Ctx<'_, '_, D> {
    pub(crate) fn name(&self, r: usize) -> String {
        self.store.place_name(&self.plan.model.world, r).to_string()
    }

    /// Whether a region's copy is lost. Who watches regions sees no fault of this store alone.
    pub(crate) fn is_lost(&self, st: &StoreState, g: usize, r: usize, watched: bool) -> bool {
        let base = g * self.layout.regions;
        let w = usize::from(st.groups[g].write);
        let service = st.quorums[base + r].service;
        let up = if watched { service.healthy } else { service.commit };
        let dead = !up || matches!(st.logs[base + r].follow, Follow::Empty(_));
        if self.store.members.is_some() {
            return dead || self.is_out_of_touch(st, g, r);
        }
        let silent =
            r != w && st.quorums[base + w].service.commit && !self.isolated(w) && !self.connected(w, r);
        dead || silent || self.isolated(r)
    }

    /// Whether a region is so degraded that it counts as lost. Who watches regions sees nothing of this store alone.
    pub(crate) fn is_gray(&self, st: &StoreState, r: usize) -> bool {
        if self.store.failover.gray_ppm == 0 || st.mode == FailoverMode::None || self.layout.multi() {
            return false;
        }
        let condition = &st.conditions[r];
        let own = if st.mode == FailoverMode::ServiceManaged { 1_000_000 } else { condition.own_ppm };
        condition.health_ppm * own / 1_000_000 < u64::from(self.store.failover.gray_ppm)
    }

    /// Whether a region can become the write region. A region that missed writes while it was away is the last
    /// resort: better than none, at the price of what it lacks.
    pub(crate) fn eligible(&self, st: &StoreState, g: usize, r: usize, last_resort: bool) -> bool {
        let log = &st.logs[g * self.layout.regions + r];
        let current = log.offline == Offline::No && !log.behind && !self.is_gray(st, r);
        r != usize::from(st.groups[g].write)
            && st.quorums[g * self.layout.regions + r].service.commit
            && (self.store.members.is_some() || !self.isolated(r))
            && log.offline != Offline::ByAction
            && (current || last_resort)
            && !matches!(log.follow, Follow::Empty(_))
            && match self.store.members {
                Some(_) => st.groups[g].forced || self.may_lead(st, g, r),
                None => !self.rules.strong || log.in_sync,
            }
    }

    /// Starts, cancels and redirects what the service does about lost regions.
    pub(crate) fn update_failover(&mut self, st: &mut StoreState, g: usize) {
        let base = g * self.layout.regions;
        let w = usize::from(st.groups[g].write);
        // A store of one region waits for it; regions that are not there yet do not help.
        let others = self.copies(g).any(|c| c != base + w && st.logs[c].offline != Offline::NotYet);
        let managed = st.mode != FailoverMode::None && others;
        for r in 0..self.layout.regions {
            let c = base + r;
            let watched = st.mode == FailoverMode::ServiceManaged;
            let lost = self.is_lost(st, g, r, watched) || self.is_gray(st, r);
            match st.logs[c].step {
                // Whoever follows a leader and is lost is missed by nobody.
                Step::Idle
                    if lost
                        && managed
                        && (r == w || self.store.members.is_none() && st.logs[c].offline == Offline::No) =>
                {
                    st.logs[c].culprit = self.culprit(st, g);
                    self.begin(st, c, Step::Detect);
                }
                Step::Detect | Step::Decide if !lost || !managed => self.begin(st, c, Step::Idle),
                Step::Promote(to) if !self.eligible(st, g, usize::from(to), true) => self.promote_next(st, g),
                Step::Wait => self.promote_next(st, g),
                _ => {}
            }
        }
    }

    /// Enters a step and arms its end.
    pub(crate) fn begin(&mut self, st: &mut StoreState, c: usize, step: Step) {
        let g = c / self.layout.regions;
        let mark = st.logs[c].culprit.map_or_else(|| self.mark(st, g), |c| c.mark);
        let failover = &self.store.failover;
        let wait = match step {
            Step::Idle | Step::Wait | Step::Gone => None,
            Step::Detect => Some(self.value(&failover.detect, mark, word::DETECT)),
            Step::Decide => Some(self.value(&failover.decide, mark, word::DECIDE)),
            Step::Promote(_) => Some(self.value(&failover.promote, mark, word::PROMOTE)),
        };
        if step == Step::Idle && c % self.layout.regions == usize::from(st.groups[g].write) {
            st.groups[g].forced = false;
        }
        st.logs[c].step = step;
        self.arm(StoreTimer::Phase(c as u32), wait.map_or(Time::NEVER, |d| self.now + d));
        self.note_step(c, step);
    }

    /// Of lanes the timeline shows what becomes of their own regions.
    fn note_step(&mut self, c: usize, step: Step) {
        let (g, r) = (c / self.layout.regions, c % self.layout.regions);
        if !self.record || self.layout.multi() && g % self.layout.lanes != r {
            return;
        }
        let what = match step {
            Step::Idle => return,
            Step::Detect => "is lost: detect",
            Step::Decide => "is lost: decide",
            Step::Promote(_) => "is lost: promote another region",
            Step::Wait if self.layout.multi() => "is lost, and so are the others",
            Step::Wait => "is lost: wait for a region to promote",
            Step::Gone => "is lost: what only it has is missing",
        };
        let name = self.name(r);
        self.note("phase", || format!("{name} {what}"));
    }

    /// The timer of a phase fired.
    pub(crate) fn phase_ended(&mut self, st: &mut StoreState, c: usize) {
        let g = c / self.layout.regions;
        match st.logs[c].step {
            Step::Detect
                if self.layout.multi() && c % self.layout.regions == usize::from(st.groups[g].write) =>
            {
                self.book_missing(st, g);
            }
            Step::Detect => self.begin(st, c, Step::Decide),
            Step::Decide if c - g * self.layout.regions == usize::from(st.groups[g].write) => {
                if st.mode == FailoverMode::Customer {
                    self.start_all(st, g);
                } else {
                    self.start_promotion(st, g);
                }
            }
            Step::Decide => {
                st.logs[c].offline = Offline::ByService;
                self.begin(st, c, Step::Idle);
            }
            Step::Promote(to) => {
                self.stand_still(st, g);
                // How far the members are is known only now.
                match self.store.members.is_none() || self.eligible(st, g, usize::from(to), true) {
                    true => self.take_over(st, g, usize::from(to)),
                    false => self.promote_next(st, g),
                }
            }
            Step::Idle | Step::Wait | Step::Gone => {}
        }
    }

    /// A customer cannot move single partitions: all that write to the region of group `first` leave it.
    fn start_all(&mut self, st: &mut StoreState, first: usize) {
        let w = st.groups[first].write;
        let culprit = st.logs[first * self.layout.regions + usize::from(w)].culprit;
        for g in 0..self.layout.groups() {
            let log = &mut st.logs[g * self.layout.regions + usize::from(w)];
            if st.groups[g].write == w && !matches!(log.step, Step::Promote(_) | Step::Wait) {
                log.culprit = culprit;
                self.start_promotion(st, g);
            }
        }
    }

    /// Ends the write region's lease and promotes the next region.
    fn start_promotion(&mut self, st: &mut StoreState, g: usize) {
        st.groups[g].fenced = self.store.failover.fence;
        self.promote_next(st, g);
    }

    fn promote_next(&mut self, st: &mut StoreState, g: usize) {
        let w = usize::from(st.groups[g].write);
        let c = g * self.layout.regions + w;
        let (lost, gray) = (self.is_lost(st, g, w, false), self.is_gray(st, w));
        if st.logs[c].step == Step::Wait && !lost && !gray {
            st.groups[g].fenced = false;
            return self.begin(st, c, Step::Idle);
        }
        let first = |last_resort| (0..self.layout.regions).find(|&r| self.eligible(st, g, r, last_resort));
        // A write region that is only degraded is not left for one that is no better, or lacks writes.
        let to = first(false).or_else(|| if gray && !lost { None } else { first(true) });
        match to {
            Some(to) => {
                st.groups[g].fenced = self.store.failover.fence;
                self.begin(st, c, Step::Promote(to as u8));
            }
            None if !lost => {
                // No other region can take over, and the write region is there: it goes on, as well as it can.
                st.groups[g].fenced = false;
                let step = if gray { Step::Wait } else { Step::Idle };
                if st.logs[c].step != step {
                    self.begin(st, c, step);
                }
            }
            None if st.logs[c].step != Step::Wait => self.begin(st, c, Step::Wait),
            None => {}
        }
    }

    /// A degraded write region waits for another that has caught up: perhaps one has now.
    pub(crate) fn leave_degraded(&mut self, st: &mut StoreState, g: usize) {
        let w = usize::from(st.groups[g].write);
        if st.logs[g * self.layout.regions + w].step == Step::Wait && self.is_gray(st, w) {
            self.promote_next(st, g);
        }
    }

    /// Whoever still followed the write region that is being given up stands still, a lag behind.
    fn stand_still(&mut self, st: &mut StoreState, g: usize) {
        let base = g * self.layout.regions;
        let w = usize::from(st.groups[g].write);
        let culprit = st.logs[base + w].culprit.or_else(|| self.culprit(st, g));
        for r in (0..self.layout.regions).filter(|&r| r != w) {
            if st.logs[base + r].follow == Follow::Following {
                let mark = culprit.map_or_else(|| self.mark(st, g), |c| c.mark);
                let (position, complete_to) = self.lagging(st, g, r, mark);
                let log = &mut st.logs[base + r];
                (log.position, log.complete_to, log.follow) = (position, complete_to, Follow::Frozen);
            }
        }
    }

    /// Region `n` becomes the write region; what it does not have is missing (or lost with its only copy).
    fn take_over(&mut self, st: &mut StoreState, g: usize, n: usize) {
        let base = g * self.layout.regions;
        let w = usize::from(st.groups[g].write);
        let culprit = st.logs[base + w].culprit.or_else(|| self.culprit(st, g));
        let reachable =
            |r: usize| r != w && st.quorums[base + r].service.commit && (r == n || self.connected(r, n));
        let (from, position) = self.best_copy(st, g, reachable).unwrap_or((n, st.logs[base + n].position));
        let absent = st.groups[g].head - position;
        let rpo = self.rpo(st, g, position, Some(from));
        let loss = self.record_takeover(st, g, culprit, rpo, absent);
        let origin = self.best_copy(st, g, |_| true).map_or(w, |(r, _)| r);
        let growing = self.split_brain_rate(st, g, n);
        if absent > 0 || growing > 0 {
            let mark = culprit.map_or_else(|| self.mark(st, g), |c| c.mark);
            st.groups[g].ledger.open.push(Segment {
                origin: if growing > 0 { w } else { origin } as u8,
                amount: absent,
                rpo,
                loss,
                phase: Phase::Promote,
                mark,
                merge_at: Time::NEVER,
                growing,
            });
        }
        let complete_to = st.logs[base + from].complete_to;
        st.groups[g].ledger.cut(position, Some(complete_to));
        let forced = st.groups[g].forced;
        self.switch(st, g, n, position);
        if forced && !self.agree(st, g) {
            self.stand_alone(st, g, n);
        }
        match culprit {
            Some(c) => self.redirect_clients(st, g, c.mark),
            None => st.groups[g].redirect_until = self.now,
        }
        if self.record {
            let (from, to) = (self.name(w), self.name(n));
            self.note("takeover", || format!("{to} takes over from {from}, RPO {rpo}"));
        }
    }

    /// Clients do not know the new write region yet.
    pub(crate) fn redirect_clients(&mut self, st: &mut StoreState, g: usize, mark: Mark) {
        let wait = self.value(&self.store.failover.redirect, mark, word::REDIRECT);
        st.groups[g].redirect_until = self.now + wait;
        let until = if wait > Duration::ZERO { self.now + wait } else { Time::NEVER };
        self.arm(StoreTimer::Redirect(g as u32), until);
    }

    /// The write region changes; the log goes on from `position`.
    pub(crate) fn switch(&mut self, st: &mut StoreState, g: usize, n: usize, position: i128) {
        let base = g * self.layout.regions;
        let w = usize::from(st.groups[g].write);
        let complete_to = st.logs[base + n].complete_to;
        st.groups[g].ledger.cut_by = None;
        self.rewind(st, g, position);
        let old = &mut st.logs[base + w];
        if !matches!(old.follow, Follow::Empty(_)) {
            old.follow = Follow::Frozen;
        }
        (old.position, old.complete_to, old.offline) = (position, complete_to, Offline::ByService);
        (old.behind, old.in_sync, old.culprit) = (true, false, None);
        self.begin(st, base + w, Step::Idle);
        let new = &mut st.logs[base + n];
        new.member = true;
        (new.follow, new.offline, new.behind, new.held) = (Follow::Following, Offline::No, false, false);
        (new.in_sync, new.evict_at) = (self.rules.strong, Time::NEVER);
        self.begin(st, base + n, Step::Idle);
        st.groups[g].write = n as u8;
        st.groups[g].fenced = false;
    }

    /// Writes that the old write region goes on acknowledging after the takeover, where nothing fences it.
    fn split_brain_rate(&self, st: &StoreState, g: usize, n: usize) -> u64 {
        let w = usize::from(st.groups[g].write);
        if self.rules.strong // cut off from its sync set, it acknowledges nothing
            || self.store.failover.fence
            || !st.quorums[g * self.layout.regions + w].service.commit
            || self.connected(w, n)
        {
            return 0;
        }
        let apart = |c: &&Client| self.is_apart(c, w, n);
        self.store.clients.iter().filter(apart).map(|c| c.writes_mps).sum()
    }

    /// The old write region hears of the new one, or stops: its own log no longer grows. Until then it takes the
    /// writes of the clients that reach only it.
    pub(crate) fn update_split_brain(&mut self, st: &mut StoreState, g: usize) {
        let w = usize::from(st.groups[g].write);
        for i in 0..st.groups[g].ledger.open.len() {
            let segment = st.groups[g].ledger.open[i];
            if segment.growing == 0 {
                continue;
            }
            let origin = usize::from(segment.origin);
            let alive = st.quorums[g * self.layout.regions + origin].service.commit;
            let apart = |c: &&Client| self.is_apart(c, origin, w);
            let rate = self.store.clients.iter().filter(apart).map(|c| c.writes_mps).sum();
            let ends = !alive || self.connected(origin, w);
            st.groups[g].ledger.open[i].growing = if ends { 0 } else { rate };
        }
    }

    fn is_apart(&self, client: &Client, origin: usize, w: usize) -> bool {
        self.sends_to(client, origin) && !self.sends_to(client, w)
    }

    /// Whether a client's writes arrive at write region `r`. An application that never redirects goes on sending them to
    /// the region that it has known from the start.
    pub(crate) fn sends_to(&self, client: &Client, r: usize) -> bool {
        let follows = r == 0 || self.layout.multi() || client.redirect != Redirect::Never;
        follows && self.domains.connected(client.region, self.region(r))
    }

    /// Region `r` goes on as if it were the write region: nothing has fenced it.
    pub(crate) fn splits_off(&self, st: &StoreState, g: usize, r: usize) -> bool {
        st.groups[g].ledger.open.iter().any(|s| s.growing > 0 && usize::from(s.origin) == r)
    }

    /// A client's writes go to the old write region's own log.
    pub(crate) fn writes_apart(&self, st: &StoreState, g: usize, client: usize) -> bool {
        let w = usize::from(st.groups[g].write);
        let client = &self.store.clients[client];
        let ledger = &st.groups[g].ledger;
        ledger.open.iter().any(|s| s.growing > 0 && self.is_apart(client, usize::from(s.origin), w))
    }

    /// Carries out a scripted action on this store, on every group.
    pub(crate) fn act(&mut self, st: &mut StoreState, command: Command, culprit: Culprit) {
        st.action = Some(culprit);
        st.dirty = true;
        match command {
            Command::SetFailover { mode, .. } => st.mode = mode,
            Command::SetThroughput { throughput_mru, .. } => st.throughput_mru = throughput_mru,
            _ if self.layout.multi() => self.act_on_lanes(st, command, culprit),
            Command::Failover { to, .. } => self.change_write_region(st, usize::from(to)),
            Command::ForceFailover { to, .. } => {
                for g in 0..self.layout.groups() {
                    self.force(st, g, to.map(usize::from), culprit);
                }
            }
            Command::Offline { region, .. } => {
                for g in 0..self.layout.groups() {
                    let log = &mut st.logs[g * self.layout.regions + usize::from(region)];
                    if region != st.groups[g].write && log.offline != Offline::NotYet {
                        log.offline = Offline::ByAction;
                    }
                }
            }
            Command::Online { region, .. } => self.let_in(st, region, Offline::ByAction),
            Command::AddRegion { region, .. } => self.let_in(st, region, Offline::NotYet),
            Command::Restore { into, .. } => self.order_restore(st, into, false, culprit),
            Command::StartEmpty { into, .. } => self.order_restore(st, into, true, culprit),
            Command::Scale { .. } | Command::Route { .. } => unreachable!("no store is scaled or routed to"),
        }
    }

    /// A region that an action kept out takes part again, or for the first time: through the same door as one that the
    /// service took out, it catches up first.
    fn let_in(&self, st: &mut StoreState, region: u8, kept_out: Offline) {
        for g in 0..self.layout.groups() {
            let log = &mut st.logs[g * self.layout.regions + usize::from(region)];
            if log.offline == kept_out {
                log.offline = Offline::ByService;
            }
        }
    }

    /// "Change write region": both sides must be there, nothing is lost, nothing stops (rules c20, c21).
    fn change_write_region(&mut self, st: &mut StoreState, n: usize) {
        let able = (0..self.layout.groups()).all(|g| {
            let base = g * self.layout.regions;
            let w = usize::from(st.groups[g].write);
            let log = &st.logs[base + n];
            let current = log.follow == Follow::Following && log.extra == Duration::ZERO;
            let in_part = current && log.offline == Offline::No && !log.behind;
            n == w || (self.replicates(st, g, n) && in_part && st.logs[base + w].step == Step::Idle)
        });
        if !able {
            self.note("action-failed", || "change of write region needs both regions".into());
            return;
        }
        for g in 0..self.layout.groups() {
            let base = g * self.layout.regions;
            let w = usize::from(st.groups[g].write);
            if n == w {
                continue;
            }
            for r in (0..self.layout.regions).filter(|&r| r != w && r != n) {
                // The log's past is forgotten below; copies that follow know their place in it.
                if st.logs[base + r].follow == Follow::Following {
                    let mark = self.mark(st, g);
                    let (position, complete_to) = self.lagging(st, g, r, mark);
                    let log = &mut st.logs[base + r];
                    (log.position, log.complete_to) = (position, complete_to);
                }
            }
            let head = st.groups[g].head;
            st.logs[base + n].complete_to = self.now;
            self.switch(st, g, n, head);
            let old = &mut st.logs[base + w];
            (old.follow, old.offline, old.behind) = (Follow::Following, Offline::No, false);
            old.in_sync = self.rules.strong;
        }
        if self.record {
            let name = self.name(n);
            self.note("write-region", || format!("{name} is the write region, by action"));
        }
    }

    /// Forced failover: the write region is given up, whatever it has that others lack goes missing.
    fn force(&mut self, st: &mut StoreState, g: usize, to: Option<usize>, culprit: Culprit) {
        let w = usize::from(st.groups[g].write);
        let c = g * self.layout.regions + w;
        if self.store.members.is_some() {
            // A leader, too, may be told to go on without the others.
            if to.is_none_or(|to| to == w) && self.leads(st, g) && !self.agree(st, g) {
                return self.stand_alone(st, g, w);
            }
            if matches!(st.logs[c].step, Step::Wait) && to != Some(w) {
                self.begin(st, c, Step::Idle);
            }
        }
        if matches!(st.logs[c].step, Step::Promote(_) | Step::Wait) || to == Some(w) {
            return;
        }
        st.groups[g].forced = true;
        st.logs[c].culprit = Some(culprit);
        st.groups[g].fenced = self.store.failover.fence;
        match to.filter(|&r| self.eligible(st, g, r, true)) {
            Some(to) => self.begin(st, c, Step::Promote(to as u8)),
            None => self.promote_next(st, g),
        }
    }
}
