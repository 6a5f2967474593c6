//! Failover of a partition: who is lost, who takes over, what stays behind.

use crate::Ms;
use crate::faults::{Env, constant};
use crate::part::{Follow, Over, Part, Rules, Segment};
use zonefall::model::Consistency;

impl Part {
    /// Whether a region can be promoted; as a last resort also one that missed writes while it was away.
    fn eligible(&self, rules: &Rules<'_>, env: &Env, r: usize, last_resort: bool) -> bool {
        let region = &self.regions[r];
        r != self.write
            && region.copy.commits
            && !env.isolated(rules.world[r])
            && !region.taken_out
            && (last_resort || !(region.offline || region.must))
            && !self.empty(r)
            && (rules.store.consistency != Consistency::Strong || region.member)
    }

    /// Whether the service sees a region as lost.
    fn is_lost(&self, rules: &Rules<'_>, env: &Env, r: usize) -> bool {
        let w = self.write;
        let answers = self.regions[w].copy.commits && !env.isolated(rules.world[w]);
        let cut = r != w && answers && !Self::connected(rules, env, r, w);
        !self.regions[r].copy.commits || env.isolated(rules.world[r]) || cut
    }

    /// Losses are noticed, decided upon, answered by promotion or by marking a region offline.
    pub fn failover(&mut self, rules: &Rules<'_>, env: &Env, now: Ms) -> bool {
        let policy = &rules.store.failover;
        let wait = constant(&policy.detect) + constant(&policy.decide);
        let w = self.write;
        let alone = self.regions.len() == 1;
        let mut changed = false;
        for r in 0..self.regions.len() {
            let lost = self.is_lost(rules, env, r);
            let region = &mut self.regions[r];
            region.lost_since = if lost { region.lost_since.or(Some(now)) } else { None };
            let due = self.service && !alone && region.lost_since.is_some_and(|since| now >= since + wait);
            if due && r != w && !region.offline {
                (region.offline, region.member) = (true, false);
                changed = true;
            } else if due && r == w && self.over == Over::No {
                self.over = Over::Waiting;
                changed = true;
            }
        }
        match self.over {
            Over::No => {}
            Over::Waiting => {
                let wanted = self.forced.take();
                let any = |last| (0..self.regions.len()).find(|&r| self.eligible(rules, env, r, last));
                let wanted = wanted.filter(|&to| self.eligible(rules, env, to, true));
                if let Some(to) = wanted.or_else(|| any(false)).or_else(|| any(true)) {
                    self.over = Over::Promoting { to, until: now + constant(&policy.promote) };
                    changed = true;
                } else if !self.is_lost(rules, env, w) {
                    self.over = Over::No;
                    changed = true;
                }
            }
            Over::Promoting { to, until } => {
                if !self.eligible(rules, env, to, true) {
                    self.over = Over::Waiting;
                    changed = true;
                } else if now >= until {
                    self.take_over(rules, env, to, now);
                    changed = true;
                }
            }
        }
        changed
    }

    fn take_over(&mut self, rules: &Rules<'_>, env: &Env, to: usize, now: Ms) {
        let from = self.write;
        let fits = |&r: &usize| {
            r != from && !self.empty(r) && self.regions[r].copy.commits && Self::connected(rules, env, r, to)
        };
        let best = (0..self.regions.len()).filter(fits).map(|r| self.regions[r].pos).max().unwrap_or(0);
        let absent = self.log.split_off(best);
        self.report_takeover(&absent, now);
        if !absent.is_empty() {
            self.segments.push(Segment { origin: from, entries: absent, due: None });
        }
        self.cut_back(best);
        let old = &mut self.regions[from];
        (old.must, old.offline, old.member) = (true, true, false);
        if !matches!(old.follow, Follow::Empty(_)) {
            old.follow = Follow::Stopped;
        }
        self.make_write(to);
        self.redirect_until = now + constant(&rules.store.failover.redirect);
        (self.over, self.forced) = (Over::No, None);
    }

    fn make_write(&mut self, to: usize) {
        self.write = to;
        self.shortened = None;
        let end = self.log.len();
        let region = &mut self.regions[to];
        region.pos = end;
        region.follow = Follow::Following;
        region.must = false;
        region.offline = false;
        region.member = true;
        region.bound = false;
        region.lost_since = None;
    }

    /// Whether the customer can hand over to a region without loss: both sides must be there.
    pub fn can_hand_over(&self, to: usize) -> bool {
        let region = &self.regions[to];
        let both = self.over == Over::No
            && self.regions[self.write].lost_since.is_none()
            && region.follow == Follow::Following
            && !region.offline;
        both || to == self.write
    }

    pub fn hand_over(&mut self, to: usize) {
        if to != self.write {
            self.make_write(to);
        }
    }

    /// The customer promotes a region, accepting loss.
    pub fn force(&mut self, to: Option<usize>) {
        if self.over == Over::No && to != Some(self.write) {
            self.over = Over::Waiting;
            self.forced = to;
        }
    }
}
