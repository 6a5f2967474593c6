//! The quorum of one copy: the replicas of a placement group in one region (design D7).
//!
//! A copy commits while W(|C|) members of its configuration C live. After the delay `reconfigure` it drops dead
//! members, provided the survivors must include every acknowledged write. Deadlines that would not change what the
//! copy can do are applied late, when the copy is next looked at, so that an ordinary node fault costs no timer.

use crate::units::{Duration, Time};

/// How a store's quorums work; the same for all its copies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QuorumRules {
    pub(crate) replicas: u8,
    pub(crate) write_quorum: u8,
    pub(crate) read_quorum: u8,
    pub(crate) reconfigure: Option<Duration>,
    /// A copy that has all replicas but one still does everything, before and after it drops the lost one.
    pub(crate) spare: bool,
}

impl QuorumRules {
    pub(crate) fn new(
        replicas: u8,
        write_quorum: u8,
        read_quorum: u8,
        reconfigure: Option<Duration>,
    ) -> QuorumRules {
        let rules = QuorumRules { replicas, write_quorum, read_quorum, reconfigure, spare: false };
        let left = u32::from(replicas) - 1;
        let enough = left >= rules.commit(u32::from(replicas)) && left >= u32::from(read_quorum);
        QuorumRules { spare: enough && left >= rules.sure(u32::from(replicas)), ..rules }
    }

    /// W(n): members of a configuration of n that must store a write.
    fn commit(&self, members: u32) -> u32 {
        if members == u32::from(self.replicas) { u32::from(self.write_quorum) } else { members / 2 + 1 }
    }

    /// Fewest members of a configuration of n that are sure to include every acknowledged write.
    fn sure(&self, members: u32) -> u32 {
        members + 1 - self.commit(members)
    }
}

/// What a copy can do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub(crate) struct Service {
    /// Store writes.
    pub(crate) commit: bool,
    /// Answer reads.
    pub(crate) read: bool,
    /// Store writes as far as whoever watches the region can see: but for what hits this store alone.
    pub(crate) healthy: bool,
}

impl Service {
    const FULL: Service = Service { commit: true, read: true, healthy: true };
}

/// State of one copy. Bit i stands for replica i.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Quorum {
    /// Replicas whose node is up, as of this instant and as of the last [`Quorum::settle`].
    pub(crate) up: u16,
    settled: u16,
    /// Members of the configuration.
    config: u16,
    /// Replicas that hold their data.
    data: u16,
    /// Replicas whose data was destroyed since the last [`Quorum::settle`]: what fell due before comes first.
    destroyed: u16,
    /// Replicas whose node was drained before it went down.
    drained: u16,
    /// Replicas being rebuilt.
    rebuilding: u16,
    /// Reasons why this copy as a whole is down: `partial` faults, too few live zones, faults of the store.
    hit: u16,
    /// Those of them that hit this store alone.
    alone: u16,
    pub(crate) dirty: bool,
    /// The copy's data is gone: too few replicas are left to be sure of every acknowledged write.
    pub(crate) lost: bool,
    pub(crate) service: Service,
    /// All replicas hold data, everything is served, nothing is under way.
    calm: bool,
    /// When the configuration drops members that are gone by then.
    reconfigure_at: Time,
    /// When the replicas being rebuilt are complete.
    rebuilt_at: Time,
}

impl Quorum {
    pub(crate) fn new(rules: &QuorumRules) -> Quorum {
        let all = mask(rules.replicas);
        Quorum {
            up: all,
            settled: all,
            config: all,
            data: all,
            destroyed: 0,
            drained: 0,
            rebuilding: 0,
            hit: 0,
            alone: 0,
            dirty: false,
            lost: false,
            service: Service::FULL,
            calm: true,
            reconfigure_at: Time::NEVER,
            rebuilt_at: Time::NEVER,
        }
    }

    /// The same nodes without any data.
    pub(crate) fn emptied(self) -> Quorum {
        Quorum { data: 0, lost: true, service: Service::default(), calm: false, ..self }
    }

    /// A replica's node went down or came back (`changed`), drained or not, or its data is gone for ever.
    #[inline]
    pub(crate) fn node_changed(&mut self, bit: u16, changed: bool, drained: bool, destroyed: bool) {
        if changed {
            self.up ^= bit;
            self.drained = if drained { self.drained | bit } else { self.drained & !bit };
        }
        if destroyed {
            self.destroy(bit);
        }
    }

    /// One more or one less reason for the whole copy to be down; `alone`: nothing around this store is hit.
    pub(crate) fn hit_changed(&mut self, more: bool, alone: bool) {
        let count = |n: u16| if more { n + 1 } else { n - 1 };
        self.hit = count(self.hit);
        if alone {
            self.alone = count(self.alone);
        }
        self.calm = false;
    }

    fn destroy(&mut self, replicas: u16) {
        self.destroyed |= replicas;
        self.calm = false;
    }

    /// Brings the copy up to date where nothing can have changed what it does: at most one replica is missing, and
    /// nothing else is under way. Returns `false` if it takes [`Quorum::settle`].
    #[inline]
    pub(crate) fn settle_easy(&mut self, rules: &QuorumRules, now: Time) -> bool {
        let all = mask(rules.replicas);
        let gone = all & !self.up;
        if !(self.calm && rules.spare && gone & gone.wrapping_sub(1) == 0) {
            return false;
        }
        if gone == 0 {
            self.config = all;
        } else if self.config == all {
            match rules.reconfigure {
                None => {}
                Some(delay) if delay == Duration::ZERO || gone & !self.drained == 0 => self.config = self.up,
                Some(delay) => {
                    self.reconfigure_at = now + delay;
                    self.calm = false;
                }
            }
        } else {
            return false;
        }
        self.settled = self.up;
        true
    }

    /// Brings the copy up to date at `now`, after all events of the instant. `rebuild` is the time to rebuild a
    /// replica. Returns whether the copy's service or loss changed; always for a lost copy, since the return of
    /// its nodes may let it start again.
    pub(crate) fn settle(&mut self, rules: &QuorumRules, rebuild: Option<Duration>, now: Time) -> bool {
        self.apply_deadlines(rules, now);
        self.settled = self.up;
        self.data &= !self.destroyed;
        self.rebuilding &= !self.destroyed;
        self.destroyed = 0;
        let before = (self.service, self.lost);
        if !self.lost {
            self.rebuilding &= self.up;
            self.join(rules, self.up);
            self.start_rebuild(rules, rebuild, now);
            if self.rebuilding == 0 {
                self.rebuilt_at = Time::NEVER;
            }
            self.drop_lost(rules, now);
            let holders = (self.config & self.data).count_ones();
            self.lost = holders < rules.sure(self.config.count_ones());
        }
        let live = (self.config & self.up & self.data).count_ones();
        let able = !self.lost && self.hit == 0;
        let quorum = live >= rules.commit(self.config.count_ones());
        self.service = Service {
            commit: able && quorum,
            read: able && live >= u32::from(rules.read_quorum),
            healthy: !self.lost && self.hit == self.alone && quorum,
        };
        self.calm = self.service == Service::FULL
            && self.data == mask(rules.replicas)
            && self.reconfigure_at == Time::NEVER
            && self.rebuilt_at == Time::NEVER;
        self.lost || before != (self.service, self.lost)
    }

    /// The next instant at which this copy must be looked at by itself: only while something it does is missing.
    pub(crate) fn deadline(&self) -> Time {
        if self.service.commit && self.service.read {
            Time::NEVER
        } else {
            self.reconfigure_at.min(self.rebuilt_at)
        }
    }

    /// Whether the copy waits for its configuration to drop lost members.
    pub(crate) fn reconfiguring(&self) -> bool {
        self.reconfigure_at != Time::NEVER
    }

    /// Whether replicas are being rebuilt.
    pub(crate) fn rebuilding(&self) -> bool {
        self.rebuilding != 0
    }

    /// Enough replicas are up to start again from nothing or from another copy.
    pub(crate) fn can_restart(&self, rules: &QuorumRules) -> bool {
        self.lost && self.can_hold(rules)
    }

    /// Whether enough replicas are up for a copy that starts anew.
    pub(crate) fn can_hold(&self, rules: &QuorumRules) -> bool {
        self.hit == 0 && self.up.count_ones() >= u32::from(rules.write_quorum)
    }

    /// The data of this copy is given up.
    pub(crate) fn wipe(&mut self) {
        (self.lost, self.service, self.calm) = (true, Service::default(), false);
        self.rebuilding = 0;
        (self.reconfigure_at, self.rebuilt_at) = (Time::NEVER, Time::NEVER);
    }

    /// Starts again: all replicas that are up hold the same data.
    pub(crate) fn restart(&mut self) {
        self.lost = false;
        self.data = self.up;
        self.config = self.up;
        self.rebuilding = 0;
        self.reconfigure_at = Time::NEVER;
        self.rebuilt_at = Time::NEVER;
    }

    /// Applies what fell due since the copy was last settled, in order of time, as things stood then.
    fn apply_deadlines(&mut self, rules: &QuorumRules, now: Time) {
        for _ in 0..2 {
            if self.reconfigure_at <= now && self.reconfigure_at <= self.rebuilt_at {
                self.shrink(rules, self.settled);
                self.reconfigure_at = Time::NEVER;
            }
            if self.rebuilt_at <= now {
                self.data |= self.rebuilding;
                self.rebuilding = 0;
                self.join(rules, self.settled);
                self.rebuilt_at = Time::NEVER;
            }
        }
    }

    /// Replicas that are up and hold data join, once the configuration can commit by itself.
    fn join(&mut self, rules: &QuorumRules, up: u16) {
        let able = up & self.data;
        if (self.config & able).count_ones() >= rules.commit(self.config.count_ones()) {
            self.config |= able;
        }
    }

    fn start_rebuild(&mut self, rules: &QuorumRules, rebuild: Option<Duration>, now: Time) {
        let empty = self.up & !self.data & !self.rebuilding;
        let (true, Some(time)) = (empty != 0, rebuild) else { return };
        let sources = (self.config & self.up & self.data).count_ones();
        if sources >= rules.sure(self.config.count_ones()) {
            // Replicas of one copy that are rebuilt together are complete together.
            self.rebuilding |= empty;
            self.rebuilt_at = now + time;
        }
    }

    /// Drops members that are gone: drained ones at once, others after the delay.
    fn drop_lost(&mut self, rules: &QuorumRules, now: Time) {
        let gone = self.config & !(self.up & self.data);
        if gone == 0 {
            self.reconfigure_at = Time::NEVER;
            return;
        }
        let Some(delay) = rules.reconfigure else { return };
        let survivors = (self.config & self.up & self.data).count_ones();
        if survivors < rules.sure(self.config.count_ones()) {
            // Too few are up to agree on a smaller configuration: the delay starts when they are back.
            self.reconfigure_at = Time::NEVER;
            return;
        }
        self.config &= !(gone & self.drained);
        if delay == Duration::ZERO || self.config & gone == 0 {
            self.shrink(rules, self.up);
            self.reconfigure_at = Time::NEVER;
        } else if self.reconfigure_at == Time::NEVER {
            self.reconfigure_at = now + delay;
        }
    }

    fn shrink(&mut self, rules: &QuorumRules, up: u16) {
        let survivors = self.config & up & self.data;
        if survivors.count_ones() >= rules.sure(self.config.count_ones()) {
            self.config = survivors;
        }
    }
}

fn mask(replicas: u8) -> u16 {
    ((1u32 << replicas) - 1) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn four() -> QuorumRules {
        QuorumRules::new(4, 3, 1, Some(Duration::from_secs(30)))
    }

    fn plain() -> QuorumRules {
        QuorumRules::new(3, 2, 1, None)
    }

    fn at(s: u64) -> Time {
        Time::ZERO + Duration::from_secs(s)
    }

    fn settle(q: &mut Quorum, rules: &QuorumRules, up: u16, s: u64) -> (bool, bool) {
        q.up = up;
        if !q.settle_easy(rules, at(s)) {
            q.settle(rules, None, at(s));
        }
        (q.service.commit, q.service.read)
    }

    #[test]
    fn one_node_of_four_is_not_noticed_and_dropped_late() {
        let mut q = Quorum::new(&four());
        assert_eq!(settle(&mut q, &four(), 0b0111, 10), (true, true));
        assert_eq!(q.deadline(), Time::NEVER);
        // Dropped at 40 s though nobody looked: the second loss at 50 s leaves 2 of 3.
        assert_eq!(settle(&mut q, &four(), 0b0011, 50), (true, true));
        // {0, 1} needs both; the survivor is enough once it is alone, 30 s later.
        assert_eq!(settle(&mut q, &four(), 0b0001, 90), (false, true));
        assert_eq!(settle(&mut q, &four(), 0b0001, 120), (true, true));
    }

    #[test]
    fn two_at_once_wait_for_the_reconfiguration() {
        let mut q = Quorum::new(&four());
        assert_eq!(settle(&mut q, &four(), 0b0011, 10), (false, true));
        assert_eq!(q.deadline(), at(40));
        assert_eq!(settle(&mut q, &four(), 0b0011, 40), (true, true));
    }

    #[test]
    fn three_at_once_wait_for_their_return() {
        let mut q = Quorum::new(&four());
        assert_eq!(settle(&mut q, &four(), 0b0001, 10), (false, true));
        assert_eq!(settle(&mut q, &four(), 0b0001, 40), (false, true));
        assert_eq!(settle(&mut q, &four(), 0b0111, 50), (true, true));
    }

    /// The short cut must agree with the full treatment on every course of single and double losses.
    #[test]
    fn easy_settling_changes_nothing() {
        for rules in [
            four(),
            plain(),
            QuorumRules::new(4, 3, 2, Some(Duration::ZERO)),
            QuorumRules::new(2, 2, 1, None),
        ] {
            let all = mask(rules.replicas);
            let (mut easy, mut full) = (Quorum::new(&rules), Quorum::new(&rules));
            let mut word = 7u64;
            for step in 0..20_000 {
                word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let replica = |shift: u32| 1u16 << ((word >> shift) % u64::from(rules.replicas));
                let up = match word >> 61 {
                    0 | 1 => all,
                    2 => all & !replica(33) & !replica(40),
                    _ => all & !replica(33),
                };
                (easy.up, full.up) = (up, up);
                let now = at(step * 17);
                let by_short_cut = easy.settle_easy(&rules, now);
                if !by_short_cut {
                    easy.settle(&rules, None, now);
                }
                let changed = full.settle(&rules, None, now);
                assert!(!(by_short_cut && changed));
                assert_eq!(easy, full, "step {step}");
            }
        }
    }

    #[test]
    fn plain_majority_never_shrinks() {
        let mut q = Quorum::new(&plain());
        assert_eq!(settle(&mut q, &plain(), 0b110, 10), (true, true));
        assert_eq!(settle(&mut q, &plain(), 0b100, 1000), (false, true));
        assert_eq!(settle(&mut q, &plain(), 0b101, 2000), (true, true));
    }

    #[test]
    fn a_member_dropped_earlier_cannot_save_a_dead_configuration() {
        let mut q = Quorum::new(&four());
        settle(&mut q, &four(), 0b1110, 10); // replica 0 dropped at 40 s
        settle(&mut q, &four(), 0b0000, 100); // all gone at once: {1, 2, 3} is the last configuration
        assert_eq!(
            settle(&mut q, &four(), 0b0001, 200),
            (false, false),
            "replica 0 misses acknowledged writes"
        );
        assert_eq!(settle(&mut q, &four(), 0b0111, 300), (true, true));
    }

    #[test]
    fn a_rebuilt_replica_joins_when_it_is_complete_not_when_next_looked_at() {
        let mut q = Quorum::new(&four());
        let rebuild = Some(Duration::from_secs(100));
        q.destroy(0b0001);
        settle(&mut q, &four(), 0b1110, 10);
        q.up = 0b1111;
        q.settle(&four(), rebuild, at(60)); // complete at 160 s; nobody looks then
        // Two of the old members go: replica 0 is the third of four, so two are sure to know everything.
        q.up = 0b1001;
        q.settle(&four(), rebuild, at(1000));
        assert!(!q.service.commit);
        q.settle(&four(), rebuild, at(1030));
        assert_eq!((q.config, q.service.commit), (0b1001, true));
    }

    #[test]
    fn a_rebuilt_replica_is_a_member_before_its_source_is_destroyed() {
        let (rules, rebuild) =
            (QuorumRules::new(3, 2, 1, Some(Duration::ZERO)), Some(Duration::from_secs(9)));
        let mut q = Quorum::new(&rules);
        q.destroy(0b001);
        q.up = 0b110;
        q.settle(&rules, rebuild, at(5));
        q.destroy(0b010);
        q.up = 0b100;
        q.settle(&rules, rebuild, at(6));
        q.up = 0b110;
        q.settle(&rules, rebuild, at(10));
        assert_eq!((q.config, q.rebuilding), (0b100, 0b010));
        // Complete at 19 s, not looked at before the source goes at 100 s.
        q.destroy(0b100);
        q.up = 0b010;
        q.settle(&rules, rebuild, at(100));
        assert_eq!((q.lost, q.config, q.service.commit), (false, 0b010, true));
    }

    #[test]
    fn destroyed_beyond_doubt_is_lost_and_rebuild_restores_one() {
        let mut q = Quorum::new(&four());
        q.destroy(0b0001);
        assert_eq!(settle(&mut q, &four(), 0b1110, 10), (true, true));
        q.up = 0b1111;
        assert!(!q.settle(&four(), Some(Duration::from_secs(100)), at(60)));
        assert!(q.rebuilding());
        q.settle(&four(), None, at(160));
        assert_eq!(q.config, 0b1111);
        q.destroy(0b0111);
        q.settle(&four(), None, at(200));
        assert!(q.lost && !q.service.commit);
    }
}
