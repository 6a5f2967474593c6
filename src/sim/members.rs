//! Leader-based stores: what holds their members together, who may lead, and how a lost one is replaced.
//!
//! A member is one of the store's regions, with its log, lag and failover. What is different is here: the members are
//! counted with the lost ones, a standby that lags too far is not promoted, and places are exchanged.

use crate::model::{Agreement, Redirect};
use crate::sim::driver::{Chance, word};
use crate::sim::group::Ctx;
use crate::sim::restore::Of;
use crate::sim::state::{Follow, Offline, StoreState};
use crate::units::Time;

impl<D: Chance> Ctx<'_, '_, D> {
    /// Whether a majority of the members commits and elects.
    pub(crate) fn by_majority(&self) -> bool {
        self.store.members.as_ref().is_some_and(|m| m.agreement == Agreement::Majority)
    }

    /// Members, lost ones included.
    fn members(&self, st: &StoreState, g: usize) -> usize {
        self.copies(g).filter(|&c| st.logs[c].member).count()
    }

    /// Members that hold data, can add to it and are reached from `r`.
    fn voices(&self, st: &StoreState, g: usize, r: usize) -> usize {
        let votes = |&o: &usize| {
            let log = &st.logs[g * self.layout.regions + o];
            log.member
                && (o == r || log.offline != Offline::ByAction)
                && self.stores_writes(st, g, o)
                && self.connected(o, r)
        };
        (0..self.layout.regions).filter(votes).count()
    }

    fn reaches_majority(&self, st: &StoreState, g: usize, r: usize) -> bool {
        self.voices(st, g, r) > self.members(st, g) / 2
    }

    /// Whether a leader is there and those whom it needs to change who is a member.
    pub(crate) fn agree(&self, st: &StoreState, g: usize) -> bool {
        !self.by_majority()
            || self.leads(st, g) && self.reaches_majority(st, g, usize::from(st.groups[g].write))
    }

    /// Whether a majority takes the leader's writes.
    pub(crate) fn commits(&self, st: &StoreState, g: usize) -> bool {
        let w = g * self.layout.regions + usize::from(st.groups[g].write);
        let follows = |&c: &usize| c != w && st.logs[c].member && st.logs[c].follow == Follow::Following;
        self.copies(g).filter(follows).count() + usize::from(st.logs[w].member) > self.members(st, g) / 2
    }

    /// Whether a member that is up has lost touch with the others: without a majority while another member has one;
    /// else in a region that is cut off with no more than half of them.
    pub(crate) fn is_out_of_touch(&self, st: &StoreState, g: usize, r: usize) -> bool {
        if r != usize::from(st.groups[g].write) {
            return !self.connected(usize::from(st.groups[g].write), r);
        }
        if self.by_majority() {
            let others = (0..self.layout.regions).any(|o| self.eligible(st, g, o, true));
            return !self.reaches_majority(st, g, r) && others;
        }
        self.is_cut_off_with_few(st, g, r)
    }

    /// Whether a member's region is cut off, and no more than half of the members with it.
    fn is_cut_off_with_few(&self, st: &StoreState, g: usize, r: usize) -> bool {
        let near = |&o: &usize| st.logs[g * self.layout.regions + o].member && self.connected(o, r);
        self.isolated(r) && (0..self.layout.regions).filter(near).count() * 2 <= self.members(st, g)
    }

    /// Whether a member may be promoted without anybody's order: it lacks nothing, or at least not too much.
    pub(crate) fn may_lead(&self, st: &StoreState, g: usize, r: usize) -> bool {
        let (Some(members), log) = (&self.store.members, &st.logs[g * self.layout.regions + r]) else {
            return false;
        };
        let group = &st.groups[g];
        let position = if log.follow == Follow::Following { group.head } else { log.position };
        let cut = group.ledger.cut_by;
        let lacks = group.head - position + cut.map_or(0, |c| c.amount);
        match members.agreement {
            Agreement::Asynchronous | Agreement::Synchronous { .. } if self.is_cut_off_with_few(st, g, r) => {
                false
            }
            _ if !log.member => false,
            Agreement::Majority => lacks == 0 && self.reaches_majority(st, g, r),
            Agreement::Synchronous { .. } => lacks == 0,
            Agreement::Asynchronous => {
                let volume = self.rules.cap.is_none_or(|cap| lacks <= cap);
                let age = || {
                    self.rpo(st, g, position, Some(r))
                        .max(cut.map_or(crate::units::Duration::ZERO, |c| c.rpo))
                };
                volume && members.cap_time.is_none_or(|cap| age() <= cap)
            }
        }
    }

    /// Whether the leader answers a client's reads.
    pub(crate) fn leader_answers(&self, st: &StoreState, g: usize, client: usize) -> bool {
        let w = usize::from(st.groups[g].write);
        let client = &self.store.clients[client];
        let goes = w == 0 || client.redirect != Redirect::Never;
        st.quorums[g * self.layout.regions + w].service.read
            && self.leads(st, g)
            && goes
            && self.domains.connected(client.region, self.region(w))
            && st.groups[g].redirect_until <= self.now
            && self.agree(st, g)
            && !self.paused(st, g)
    }

    /// The data of so many members is gone that the rest does not know what was acknowledged: a backup is all there is.
    /// Without one they wait for somebody to force one of them.
    pub(crate) fn lose_majority(&mut self, st: &mut StoreState, g: usize) {
        if !self.by_majority() || st.groups[g].restore.is_some_and(|r| r.of == Of::Lost) {
            return;
        }
        let holds = |&c: &usize| !matches!(st.logs[c].follow, Follow::Empty(_));
        let voting = self.copies(g).filter(|&c| st.logs[c].member).filter(holds).count();
        let left = self.copies(g).any(|c| holds(&c));
        if voting > self.members(st, g) / 2 || !left {
            return;
        }
        let mark = self.mark(st, g);
        if self.point_after_loss(st, g, mark).is_none() {
            return;
        }
        for r in 0..self.layout.regions {
            self.empty(st, g, r);
        }
        self.lose_head(st, g);
    }

    /// What a copy holds is given up.
    fn empty(&mut self, st: &mut StoreState, g: usize, r: usize) {
        let c = g * self.layout.regions + r;
        self.lose_origin(st, g, r as u8);
        st.quorums[c].wipe();
        (st.logs[c].follow, st.logs[c].behind) = (Follow::Empty(false), true);
    }

    /// A copy that started anew is the only member; the others join when they have been filled.
    pub(crate) fn found(&self, st: &mut StoreState, g: usize, r: usize) {
        if self.store.members.is_some() {
            let base = g * self.layout.regions;
            self.copies(g).for_each(|c| st.logs[c].member = c == base + r);
        }
    }

    /// Whether a place of a store with members is free.
    pub(crate) fn is_free(&self, st: &StoreState, g: usize, r: usize) -> bool {
        self.store.members.is_some() && st.logs[g * self.layout.regions + r].offline == Offline::NotYet
    }

    /// A place is free from now on; nothing of what was there is used again.
    pub(crate) fn give_up_place(&mut self, st: &mut StoreState, g: usize, r: usize) {
        self.empty(st, g, r);
        let log = &mut st.logs[g * self.layout.regions + r];
        (log.offline, log.member, log.in_sync) = (Offline::NotYet, false, false);
        (log.evict_at, log.replace_at) = (Time::NEVER, Time::NEVER);
    }

    /// Somebody decides that one member goes on without the others.
    pub(crate) fn stand_alone(&mut self, st: &mut StoreState, g: usize, n: usize) {
        for r in (0..self.layout.regions).filter(|&r| r != n) {
            self.give_up_place(st, g, r);
        }
        st.logs[g * self.layout.regions + n].member = true;
        self.note_member(n, "goes on as the only member");
    }

    fn note_member(&mut self, r: usize, what: &str) {
        if self.record {
            let name = self.name(r);
            self.note("members", || format!("{name} {what}"));
        }
    }

    /// Where a backup is restored to: the leader's place, else the first that is there, members before free places.
    pub(crate) fn restore_place(&self, st: &StoreState, g: usize) -> usize {
        let (base, w) = (g * self.layout.regions, usize::from(st.groups[g].write));
        let able = |r: &usize| st.quorums[base + r].can_hold(&self.rules.quorum);
        let begun = st.groups[g].restore.filter(|r| r.is_copying()).map(|r| usize::from(r.into));
        let spare = |r: &usize| st.logs[base + r].offline == Offline::NotYet;
        let all = || (0..self.layout.regions).filter(able);
        let wanted = begun.filter(able).or_else(|| Some(w).filter(able));
        wanted.or_else(|| all().find(|r| !spare(r))).or_else(|| all().next()).unwrap_or(w)
    }

    /// Members are given up when they have been lost for too long, and rebuilt in free places; they count from when they have
    /// caught up.
    pub(crate) fn update_members(&mut self, st: &mut StoreState, g: usize) {
        let Some(members) = &self.store.members else { return };
        let (base, w) = (g * self.layout.regions, usize::from(st.groups[g].write));
        for r in 0..self.layout.regions {
            let log = &mut st.logs[base + r];
            if matches!(log.offline, Offline::NotYet | Offline::ByAction) {
                log.replace_at = Time::NEVER;
                continue;
            }
            let up = st.quorums[base + r].service.commit || st.quorums[base + r].can_hold(&self.rules.quorum);
            if up && (r == w || self.connected(w, r)) {
                st.logs[base + r].replace_at = Time::NEVER;
            } else if let (Some(law), Time::NEVER) = (&members.replace, st.logs[base + r].replace_at) {
                let mark = self.mark(st, g);
                st.logs[base + r].replace_at = self.now + self.value(law, mark, word::REPLACE);
            }
        }
        if !self.leads(st, g) || !self.agree(st, g) {
            return;
        }
        for r in (0..self.layout.regions).filter(|&r| r != w) {
            if st.logs[base + r].replace_at <= self.now && self.free_place(st, g).is_some() {
                self.note_member(r, "is given up");
                self.give_up_place(st, g, r);
            }
        }
        let mut used = self.copies(g).filter(|&c| st.logs[c].offline != Offline::NotYet).count();
        while let (true, Some(r)) = (used < usize::from(members.in_use), self.free_place(st, g)) {
            used += 1;
            st.logs[base + r].offline = Offline::ByService;
            self.note_member(r, "gets a member");
        }
    }

    /// The first free place that could take a member.
    fn free_place(&self, st: &StoreState, g: usize) -> Option<usize> {
        let (base, w) = (g * self.layout.regions, usize::from(st.groups[g].write));
        (0..self.layout.regions).find(|&r| {
            st.logs[base + r].offline == Offline::NotYet
                && st.quorums[base + r].can_hold(&self.rules.quorum)
                && self.connected(w, r)
        })
    }
}
