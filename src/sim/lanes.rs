//! Several write regions (rules c31, c32, c36, c37). Every region takes the writes of the clients that write to it, in
//! a lane of its own: a group whose write region never changes. Lanes reach the other regions through the arbiter.

use crate::model::{Command, FailoverMode, Redirect, Resolve};
use crate::sim::driver::{Chance, Mark, word};
use crate::sim::faults::Culprit;
use crate::sim::group::Ctx;
use crate::sim::layout::StoreTimer;
use crate::sim::ledger::Segment;
use crate::sim::observe::Phase;
use crate::sim::state::{Follow, Offline, Step, StoreState, catch_up_rate};
use crate::units::{Duration, Time};

impl<D: Chance> Ctx<'_, '_, D> {
    /// Brings all lanes of a replica set up to date at `now`: what a region does depends on its copies in all of them.
    pub(crate) fn update_lanes(&mut self, st: &mut StoreState, set: usize) {
        self.update_arbiter(st, set);
        for g in self.layout.lanes_of(set) {
            self.update_copies(st, g);
            self.update_lost(st, g);
            self.restart_empty(st, g);
            self.resume(st, g);
            self.update_bound(st, g);
        }
        for g in self.layout.lanes_of(set) {
            self.schedule_merges(st, g);
        }
        self.update_writers(st, set);
        for g in self.layout.lanes_of(set) {
            self.note_missed(st, g);
            self.note_shipping(st, g);
        }
        self.update_readers(st, set);
    }

    /// The arbiter of a group's lanes; none with a single write region.
    pub(crate) fn arbiter(&self, st: &StoreState, g: usize) -> Option<usize> {
        st.arbiters.get(self.layout.set(g)).map(|a| usize::from(a.region))
    }

    /// The lag of region `r` behind a group's write region while no fault adds to it: one draw for each link.
    pub(crate) fn usual_lag(&mut self, st: &StoreState, g: usize, r: usize, mark: Mark) -> Duration {
        let w = usize::from(st.groups[g].write);
        let lag = self.value(&self.store.lag, mark, word::LAG);
        let through = self.arbiter(st, g).is_some_and(|a| a != w && a != r);
        if through { lag.saturating_add(lag) } else { lag }
    }

    /// Whether packets find their way from a group's write region to region `r`.
    pub(crate) fn has_path(&self, st: &StoreState, g: usize, r: usize) -> bool {
        let w = usize::from(st.groups[g].write);
        match self.arbiter(st, g) {
            Some(a) if a != w && a != r => {
                self.stores_writes(st, g, a) && self.connected(w, a) && self.connected(a, r)
            }
            _ => self.connected(w, r),
        }
    }

    /// Rate at which region `r` catches up with a group's log.
    pub(crate) fn catch_up(&self, st: &StoreState, g: usize, r: usize) -> u64 {
        let (w, regions) = (usize::from(st.groups[g].write), self.layout.regions);
        catch_up_rate(&self.rules.catch_up, regions, w, r, self.arbiter(st, g))
    }

    /// Whether region `r` holds data and a quorum in every lane of a replica set.
    fn is_there(&self, st: &StoreState, set: usize, r: usize) -> bool {
        self.layout.lanes_of(set).all(|g| self.stores_writes(st, g, r))
    }

    /// Whether region `r` has come back in every lane of a replica set, and nobody has taken it out.
    pub(crate) fn takes_part(&self, st: &StoreState, set: usize, r: usize) -> bool {
        self.layout.lanes_of(set).all(|g| {
            let log = &st.logs[g * self.layout.regions + r];
            let own = usize::from(st.groups[g].write) == r;
            !matches!(log.follow, Follow::Empty(_))
                && (own || !log.behind && log.offline != Offline::ByAction)
        })
    }

    /// Whether region `r` lacks writes that it missed in some lane, and is there to catch up.
    fn catches_up(&self, st: &StoreState, set: usize, r: usize) -> bool {
        let mut copies = self.layout.lanes_of(set).map(|g| g * self.layout.regions + r);
        copies.any(|c| st.quorums[c].service.commit && st.logs[c].behind)
    }

    /// Whether the service sees that a region's copy is gone.
    fn looks_dead(&self, st: &StoreState, g: usize, r: usize) -> bool {
        let c = g * self.layout.regions + r;
        !st.quorums[c].service.healthy || matches!(st.logs[c].follow, Follow::Empty(_))
    }

    fn arbiter_lost(&self, st: &StoreState, set: usize, a: usize) -> bool {
        self.isolated(a) || !self.is_there(st, set, a)
    }

    /// Watches the arbiter of a replica set; another region takes over from a lost one.
    fn update_arbiter(&mut self, st: &mut StoreState, set: usize) {
        let mut arbiter = st.arbiters[set];
        let a = usize::from(arbiter.region);
        arbiter.out = self.arbiter_lost(st, set, a);
        // Who watches regions sees no fault of this store alone.
        let seen = self.isolated(a) || self.layout.lanes_of(set).any(|g| self.looks_dead(st, g, a));
        if seen && arbiter.moves_at == Time::NEVER {
            let mark = self.mark(st, set * self.layout.lanes);
            let detect = self.value(&self.store.failover.detect, mark, word::DETECT);
            let wait = detect.saturating_add(self.value(&self.store.failover.promote, mark, word::ARBITER));
            arbiter.moves_at = self.now + wait;
        } else if !seen && arbiter.forced.is_none() {
            arbiter.moves_at = Time::NEVER;
        }
        if arbiter.moves_at <= self.now {
            let next = self.next_arbiter(st, set, a, arbiter.forced.flatten());
            if let Some(next) = next {
                (arbiter.region, arbiter.out) = (next as u8, false);
                self.note_arbiter(next);
            }
            if next.is_some() || !seen {
                (arbiter.moves_at, arbiter.forced) = (Time::NEVER, None);
            }
        }
        st.arbiters[set] = arbiter;
        let due = if arbiter.moves_at > self.now { arbiter.moves_at } else { Time::NEVER };
        self.arm(StoreTimer::Arbiter(set as u32), due);
    }

    fn note_arbiter(&mut self, a: usize) {
        if self.record {
            let name = self.name(a);
            self.note("arbiter", || format!("{name} is the arbiter"));
        }
    }

    /// Who takes over from the arbiter: the region wished for if it can, else the first that can, best one that has
    /// nothing to catch up with.
    fn next_arbiter(&self, st: &StoreState, set: usize, a: usize, wish: Option<u8>) -> Option<usize> {
        let out = |r: usize| {
            let mut copies = self.layout.lanes_of(set).map(|g| g * self.layout.regions + r);
            copies.any(|c| st.logs[c].offline == Offline::ByAction)
        };
        let able = |r: &usize| *r != a && !self.arbiter_lost(st, set, *r) && !out(*r);
        let first = |current: bool| {
            (0..self.layout.regions).filter(able).find(|&r| !current || self.takes_part(st, set, r))
        };
        wish.map(usize::from).filter(able).or_else(|| first(true)).or_else(|| first(false))
    }

    /// What is done about regions that are lost for a lane. Its own region: once the loss is noticed, what no other
    /// has is missing. The others: somebody who fails over sees to it that they no longer count for the staleness bound.
    fn update_lost(&mut self, st: &mut StoreState, g: usize) {
        let base = g * self.layout.regions;
        let w = usize::from(st.groups[g].write);
        for r in 0..self.layout.regions {
            let c = base + r;
            let dead = if r == w { !self.stores_writes(st, g, r) } else { self.looks_dead(st, g, r) };
            let lost = dead || (r != w && (self.isolated(r) || self.is_cut_off(st, g, r)));
            let watched = r == w || st.mode != FailoverMode::None;
            match st.logs[c].step {
                Step::Idle if lost && watched && (r == w || st.logs[c].offline == Offline::No) => {
                    st.logs[c].culprit = self.culprit(st, g);
                    self.begin(st, c, Step::Detect);
                }
                Step::Idle => {}
                _ if !lost || !watched => self.begin(st, c, Step::Idle),
                Step::Wait => self.book_missing(st, g),
                _ => {}
            }
        }
    }

    /// The arbiter is there but does not reach this region.
    fn is_cut_off(&self, st: &StoreState, g: usize, r: usize) -> bool {
        let arbiter = st.arbiters[self.layout.set(g)];
        !arbiter.out && !self.connected(usize::from(arbiter.region), r)
    }

    /// The loss of a lane's region is noticed: its writes that no region has which is there are missing.
    pub(crate) fn book_missing(&mut self, st: &mut StoreState, g: usize) {
        let w = usize::from(st.groups[g].write);
        let c = g * self.layout.regions + w;
        if matches!(st.logs[c].follow, Follow::Empty(_)) {
            self.begin(st, c, Step::Gone); // destroyed: booked already
            return;
        }
        let Some((from, position)) = self.best_copy(st, g, |r| r != w && self.stores_writes(st, g, r)) else {
            if st.logs[c].step != Step::Wait {
                self.begin(st, c, Step::Wait);
            }
            return;
        };
        let culprit = st.logs[c].culprit;
        let absent = st.groups[g].head - position;
        let rpo = self.rpo(st, g, position, Some(from));
        let loss = self.record_loss(st, g, culprit, rpo, absent);
        if absent > 0 {
            let mark = culprit.map_or_else(|| self.mark(st, g), |c| c.mark);
            let (origin, merge_at, growing) = (w as u8, Time::NEVER, 0);
            let phase = Phase::Repair;
            let segment = Segment { origin, amount: absent, rpo, loss, phase, mark, merge_at, growing };
            st.groups[g].ledger.open.push(segment);
            let complete_to = st.logs[g * self.layout.regions + from].complete_to;
            st.groups[g].ledger.cut(position, Some(complete_to));
            self.rewind(st, g, position);
        }
        self.begin(st, c, Step::Gone);
    }

    /// When the missing writes of a region that is back are merged.
    pub(crate) fn resolved_at(&self) -> Option<Time> {
        match self.store.conflicts.resolve {
            Resolve::LastWriterWins | Resolve::Merge => Some(self.now),
            Resolve::Feed(every) => every.map(|every| {
                // The application's runs are counted from the start of measurement, in both directions.
                let (now, every) = (self.now.ns(), every.ns());
                let phase = (now % every + every - self.plan.start.ns() % every) % every;
                self.now + Duration::from_ns((every - phase) % every)
            }),
        }
    }

    /// Share of missing writes that newer ones have overtaken when they are merged.
    pub(crate) fn superseded_ppm(&self) -> u32 {
        match self.store.conflicts.resolve {
            _ if !self.layout.multi() => self.store.on_return.superseded_ppm,
            Resolve::LastWriterWins => self.store.on_return.superseded_ppm,
            Resolve::Merge | Resolve::Feed(_) => 0,
        }
    }

    /// Lets the clients of a replica set move to the region they should write to now.
    fn update_writers(&mut self, st: &mut StoreState, set: usize) {
        let clients = self.layout.clients;
        for client in 0..clients {
            let i = set * clients + client;
            let population = &self.store.clients[client];
            let takes = |r: u8| {
                self.accepts(st, set * self.layout.lanes + usize::from(r))
                    && self.domains.connected(population.region, self.region(usize::from(r)))
            };
            let mut writer = st.writers[i];
            let best = population.write_order.iter().copied().find(|&r| takes(r));
            let stuck = !takes(writer.region);
            if stuck && writer.patience == Time::NEVER && population.redirect != Redirect::Never {
                let mark = self.mark(st, set * self.layout.lanes);
                let detect = self.value(&self.store.failover.detect, mark, word::DETECT);
                let redirect = self.value(&self.store.failover.redirect, mark, word::REDIRECT);
                writer.detect_until = self.now + detect;
                writer.patience = self.now + detect.saturating_add(redirect);
            }
            st.writers[i] = writer.moved(&population.write_order, best, stuck, self.now);
            self.arm(StoreTimer::Write(i as u32), st.writers[i].due(self.now));
        }
    }

    /// Whether another region than a group's own would take a client's writes.
    pub(crate) fn accepted_elsewhere(&self, st: &StoreState, g: usize, client: usize) -> bool {
        let reached = |g: usize| {
            let region = self.region(usize::from(st.groups[g].write));
            self.domains.connected(self.store.clients[client].region, region)
        };
        self.layout
            .lanes_of(self.layout.set(g))
            .any(|lane| lane != g && self.accepts(st, lane) && reached(lane))
    }

    /// The first unfinished phase of what keeps a client's writes from succeeding, if it is one of several write regions.
    pub(crate) fn lane_phase(&self, st: &StoreState, g: usize, client: usize) -> Option<Phase> {
        let set = self.layout.set(g);
        let writer = st.writers.get(set * self.layout.clients + client)?;
        let waits = writer.phase(self.now);
        waits.or_else(|| self.returning(st, set, usize::from(writer.region)))
    }

    /// What keeps a region that is there from taking part again, if that is what it lacks in some lane.
    pub(crate) fn returning(&self, st: &StoreState, set: usize, r: usize) -> Option<Phase> {
        let mut lanes = self.layout.lanes_of(set);
        let filled = lanes.any(|g| st.logs[g * self.layout.regions + r].follow == Follow::Empty(true));
        let behind = || self.catches_up(st, set, r).then_some(Phase::CatchUp);
        if filled { Some(Phase::Rebuild) } else { behind() }
    }

    /// Carries out an action that means something else with several write regions.
    pub(crate) fn act_on_lanes(&mut self, st: &mut StoreState, command: Command, culprit: Culprit) {
        match command {
            Command::Failover { to, .. } => self.change_arbiter(st, usize::from(to)),
            Command::ForceFailover { to, .. } => {
                let wait = self.value(&self.store.failover.promote, culprit.mark, word::ARBITER);
                for arbiter in st.arbiters.iter_mut().filter(|a| Some(a.region) != to) {
                    arbiter.moves_at = arbiter.moves_at.min(self.now + wait);
                    arbiter.forced = Some(to);
                }
            }
            Command::Offline { region, .. } => {
                if st.arbiters.iter().any(|a| a.region == region) {
                    self.note("action-failed", || "the arbiter cannot be taken out".into());
                    return;
                }
                for c in self.copies_elsewhere(region) {
                    st.logs[c].offline = Offline::ByAction;
                }
            }
            Command::Online { region, .. } => {
                for c in self.copies_elsewhere(region) {
                    let log = &mut st.logs[c];
                    if log.offline == Offline::ByAction {
                        (log.offline, log.behind) = (Offline::ByService, true); // it catches up first
                    }
                }
            }
            _ => {}
        }
    }

    /// Copies that a region keeps of the lanes of the others.
    fn copies_elsewhere(&self, region: u8) -> impl Iterator<Item = usize> {
        let (groups, regions, lanes) = (self.layout.groups(), self.layout.regions, self.layout.lanes);
        let others = (0..groups).filter(move |g| g % lanes != usize::from(region));
        others.map(move |g| g * regions + usize::from(region))
    }

    /// Another region becomes the arbiter by hand: both must be there and reach each other, and the new one must have
    /// caught up. Nothing is lost, nothing stops.
    fn change_arbiter(&mut self, st: &mut StoreState, n: usize) {
        let able = (0..self.layout.sets()).all(|set| {
            let a = usize::from(st.arbiters[set].region);
            let there = |r| !self.arbiter_lost(st, set, r) && self.takes_part(st, set, r);
            there(a) && there(n) && (a == n || self.connected(a, n))
        });
        if !able {
            self.note("action-failed", || "change of the arbiter needs both regions".into());
            return;
        }
        for arbiter in &mut st.arbiters {
            (arbiter.region, arbiter.moves_at, arbiter.forced) = (n as u8, Time::NEVER, None);
        }
        self.note_arbiter(n);
    }
}
