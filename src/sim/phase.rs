//! What a failing request waits for, and who answers for the wait (rule x02).

use crate::model::{Effect, FailoverMode, Model, Part, Party, Store, Target};
use crate::sim::driver::Chance;
use crate::sim::faults::Culprit;
use crate::sim::group::Ctx;
use crate::sim::observe::{Blame, Phase};
use crate::sim::state::{Follow, Step, StoreState};
use crate::units::Time;

/// Who answers for what somebody is to blame for: the party its rule names; demand and actions are the customer's.
pub(crate) fn responsible(model: &Model, blame: Blame) -> Party {
    match blame {
        Blame::Fault { rule, .. } => model.faults[rule as usize].party,
        Blame::Load | Blame::Action(_) | Blame::Runbook(_) => Party::Customer,
    }
}

/// Who answers for writes that were lost, or went missing, in a phase: whoever is responsible for the cause; of an asset
/// the customer, for what his own backup or copy lacked.
pub(crate) fn lost_by(model: &Model, store: &Store, phase: Phase, blame: Blame) -> Party {
    match phase {
        Phase::Promote | Phase::Restore if store.asset => Party::Customer,
        _ => responsible(model, blame),
    }
}

/// Whom a phase of an outage is booked to, where `failover` is who runs the failover: what an action started is the
/// customer's throughout, redirecting is the application's own, deciding on a restore (`failover` is the customer then)
/// and asking for it is the customer's, and all else waits for whoever is responsible for the cause.
pub(crate) fn booked_to(model: &Model, phase: Phase, blame: Blame, failover: Party) -> Party {
    match phase {
        _ if matches!(blame, Blame::Action(_) | Blame::Runbook(_)) => Party::Customer,
        Phase::Detect | Phase::Decide | Phase::Promote => failover,
        Phase::Provision | Phase::Redirect | Phase::Request => Party::Customer,
        Phase::Reconfigure
        | Phase::Repair
        | Phase::Restore
        | Phase::Rebuild
        | Phase::CatchUp
        | Phase::Overload => responsible(model, blame),
    }
}

impl<D: Chance> Ctx<'_, '_, D> {
    /// Phase and party of a client's writes that fail. With several write regions, as for reads: where another region
    /// would take them it is for the client to go there.
    pub(crate) fn write_state(
        &self,
        st: &StoreState,
        g: usize,
        client: usize,
        culprit: &Culprit,
    ) -> (Phase, Party) {
        if let Some(state) = self.planned_state(st, g).or_else(|| self.restore_state(st, g, culprit)) {
            return state;
        }
        if self.accepts(st, g)
            && let Some(phase) = self.token_holds(st, g, client)
        {
            return (phase, responsible(&self.plan.model, culprit.blame));
        }
        if let Some(phase) = self.lane_phase(st, g, client) {
            let customer = self.accepted_elsewhere(st, g, client);
            return (
                phase,
                if customer { Party::Customer } else { responsible(&self.plan.model, culprit.blame) },
            );
        }
        let (home, w) = (self.store.clients[client].region, usize::from(st.groups[g].write));
        if self.accepts(st, g) && self.domains.connected(home, self.region(w)) {
            // The store is up, the application is not: it does not go where it would be served.
            return (Phase::Redirect, Party::Customer);
        }
        self.leader_state(st, g, culprit)
    }

    /// Phase and party of what waits for the write region.
    fn leader_state(&self, st: &StoreState, g: usize, culprit: &Culprit) -> (Phase, Party) {
        let phase = self.write_phase(st, g);
        (phase, booked_to(&self.plan.model, phase, culprit.blame, self.failover_party(st, g)))
    }

    /// Phase and party of requests that fail in a region that answers, but is degraded.
    pub(crate) fn degraded_state(
        &self,
        st: &StoreState,
        g: usize,
        r: usize,
        culprit: &Culprit,
    ) -> (Phase, Party) {
        let phase = match st.logs[g * self.layout.regions + r].step {
            Step::Detect => Phase::Detect,
            Step::Decide => Phase::Decide,
            Step::Promote(_) | Step::Wait | Step::Gone | Step::Idle => Phase::Repair,
        };
        (phase, booked_to(&self.plan.model, phase, culprit.blame, self.failover_party(st, g)))
    }

    /// Who makes requests fail in a region that answers: the earliest that lasts there.
    pub(crate) fn degrader(&self, st: &StoreState, g: usize, r: usize) -> Option<Culprit> {
        let world = &self.plan.model.world;
        let here = |target| match target {
            Target::Domain(d) => world.domain(d).region == self.region(r),
            Target::Store { store, region } => {
                store as usize == self.s && region.is_none_or(|region| region == self.region(r))
            }
            Target::Link(_) => false,
        };
        let found = self.faults.lasting(self.plan).find(|a| {
            let errors = matches!(self.plan.rule(a.process).effect, Effect::Degrade { errors_ppm: 1.., .. });
            errors && self.faults.taken(self.plan, a.process).any(here)
        });
        found.map(|a| a.culprit).or_else(|| self.culprit(st, g))
    }

    /// Phase and party while a group's write region is lost and people are at work about it, by their runbook.
    fn planned_state(&self, st: &StoreState, g: usize) -> Option<(Phase, Party)> {
        let waits = self.runbooks.waits(self.plan, Part::Store(self.s as u32))?;
        let w = usize::from(st.groups[g].write);
        (!self.layout.multi() && self.is_lost(st, g, w, false)).then_some(waits)
    }

    /// Phase and party while a restore keeps a group from serving, whatever is asked of it.
    fn restore_state(&self, st: &StoreState, g: usize, culprit: &Culprit) -> Option<(Phase, Party)> {
        let phase = self.restore_phase(st, g)?;
        Some((phase, booked_to(&self.plan.model, phase, culprit.blame, Party::Customer)))
    }

    /// Phase and party of a client's reads that fail. Where another region would answer them, it is for the client
    /// to go there, once the service has noticed if that is what it waits for.
    pub(crate) fn read_state(
        &self,
        st: &StoreState,
        g: usize,
        client: usize,
        culprit: &Culprit,
    ) -> (Phase, Party) {
        if let Some(state) = self.planned_state(st, g).or_else(|| self.restore_state(st, g, culprit)) {
            return state;
        }
        if self.store.leader_reads() {
            let w = usize::from(st.groups[g].write);
            let reached = self.domains.connected(self.store.clients[client].region, self.region(w));
            if self.leads(st, g) && st.groups[g].redirect_until <= self.now && reached && self.agree(st, g) {
                return (Phase::Redirect, Party::Customer); // it does not go there
            }
            return self.leader_state(st, g, culprit);
        }
        let phase = self.read_phase(st, g, client);
        let elsewhere = || {
            let mut order = self.store.clients[client].order.iter();
            order.any(|&r| self.answers(st, g, usize::from(r), client))
        };
        let party = match phase {
            Phase::Detect => booked_to(&self.plan.model, phase, culprit.blame, Party::Provider),
            _ if elsewhere() => Party::Customer,
            // Nobody answers: redirecting would not help.
            Phase::Redirect => responsible(&self.plan.model, culprit.blame),
            _ => booked_to(&self.plan.model, phase, culprit.blame, Party::Provider),
        };
        (phase, party)
    }

    /// Who runs the failover of a group. Taking silent members out of the sync set is no failover, but the
    /// service's own work.
    fn failover_party(&self, st: &StoreState, g: usize) -> Party {
        let mut acted = st.logs[self.copies(g)].iter().filter(|log| log.step != Step::Idle);
        let own = acted.any(|log| {
            st.mode == FailoverMode::Customer
                || log.culprit.is_some_and(|c| matches!(c.blame, Blame::Action(_) | Blame::Runbook(_)))
        });
        if own { Party::Customer } else { Party::Provider }
    }

    /// The first unfinished phase of what keeps writes from succeeding.
    fn write_phase(&self, st: &StoreState, g: usize) -> Phase {
        let base = g * self.layout.regions;
        let group = &st.groups[g];
        let w = base + usize::from(group.write);
        let steps = || core::iter::once(w).chain((base..base + self.layout.regions).filter(move |&c| c != w));
        let blocked_by_others = st.quorums[w].service.commit && !group.fenced;
        for c in steps().take(if blocked_by_others { usize::MAX } else { 1 }) {
            match st.logs[c].step {
                Step::Detect => return Phase::Detect,
                Step::Decide => return Phase::Decide,
                Step::Promote(_) => return Phase::Promote,
                Step::Wait if !self.layout.multi() => return Phase::Promote,
                Step::Wait | Step::Gone | Step::Idle => {}
            }
        }
        if group.redirect_until > self.now && st.quorums[w].service.commit {
            return Phase::Redirect;
        }
        if blocked_by_others
            && steps().any(|c| {
                st.logs[c].in_sync && (self.now < st.logs[c].evict_at && st.logs[c].evict_at != Time::NEVER)
            })
        {
            return Phase::Detect;
        }
        if blocked_by_others && steps().any(|c| st.logs[c].held && st.logs[c].follow == Follow::CatchUp) {
            return Phase::CatchUp;
        }
        if blocked_by_others && self.store.members.is_some() && !self.sync_ok(st, g) {
            // Followers that are on their way back are what it waits for.
            let back = steps()
                .map(|c| st.logs[c].follow)
                .find(|f| matches!(f, Follow::CatchUp | Follow::Empty(true)));
            return match back {
                Some(Follow::CatchUp) => Phase::CatchUp,
                Some(_) => Phase::Rebuild,
                None => Phase::Repair,
            };
        }
        self.copy_phase(st, w)
    }

    /// The first unfinished phase of what keeps a client's reads from succeeding.
    fn read_phase(&self, st: &StoreState, g: usize, client: usize) -> Phase {
        let reader = self.reader(st, g, client);
        if let Some(phase) = reader.phase(self.now) {
            return phase;
        }
        let c = g * self.layout.regions + usize::from(reader.region);
        if self.layout.multi() {
            let returning = self.returning(st, self.layout.set(g), usize::from(reader.region));
            return returning.unwrap_or_else(|| self.copy_phase(st, c));
        }
        if st.quorums[c].service.read && st.logs[c].behind {
            return Phase::CatchUp;
        }
        self.copy_phase(st, c)
    }

    fn copy_phase(&self, st: &StoreState, c: usize) -> Phase {
        if matches!(st.logs[c].follow, Follow::Empty(true)) || st.quorums[c].rebuilding() {
            Phase::Rebuild
        } else if st.quorums[c].reconfiguring() {
            Phase::Reconfigure
        } else {
            Phase::Repair
        }
    }
}
