//! One partition: its log of acknowledged writes, its copies in the regions, replication and failover.
//!
//! Every write is an entry of its own. What is missing, lost or recovered is counted by moving entries about.

use crate::Ms;
use crate::copy::{Around, Copy};
use crate::faults::{Env, constant};
use zonefall::model::{Consistency, FailoverMode, Model, Store};

/// An acknowledged write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub id: u64,
    /// When it entered the log.
    pub at: Ms,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Follow {
    Following,
    Stopped,
    CatchUp,
    /// Destroyed; the time at which it is filled again, once that has begun.
    Empty(Option<Ms>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Over {
    No,
    /// The lease has ended, nobody is eligible.
    Waiting,
    Promoting {
        to: usize,
        until: Ms,
    },
}

/// What a region knows of the log, and its standing in the store.
#[derive(Clone, Debug)]
pub struct Region {
    pub copy: Copy,
    pub follow: Follow,
    /// Entries of the log it has, from the front.
    pub pos: usize,
    /// Part of an entry caught up already, in thousandths of an entry × milliseconds.
    carry: u128,
    /// It serves nothing before it has caught up.
    pub must: bool,
    pub offline: bool,
    /// By action: it does not come back by itself.
    pub taken_out: bool,
    /// In the sync set.
    pub member: bool,
    pub silent_since: Option<Ms>,
    pub lost_since: Option<Ms>,
    /// Reached the staleness bound.
    pub bound: bool,
}

/// Writes that only a failed write region had.
#[derive(Clone, Debug)]
pub struct Segment {
    pub origin: usize,
    pub entries: Vec<Entry>,
    pub due: Option<Ms>,
}

/// Entries absent from the copy that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    pub at: Ms,
    pub absent: usize,
    pub rpo: Ms,
}

pub struct Rules<'a> {
    pub model: &'a Model,
    pub store: &'a Store,
    /// By region of the store: region of the world.
    pub world: Vec<u32>,
    /// Data of the partition's group.
    pub bytes: u64,
    /// The `partial` rules that hit this partition.
    pub hit_by: Vec<usize>,
}

pub struct Part {
    pub regions: Vec<Region>,
    pub log: Vec<Entry>,
    pub write: usize,
    pub over: Over,
    pub redirect_until: Ms,
    pub segments: Vec<Segment>,
    pub events: Vec<Event>,
    /// The event of a destruction that shortened the log, until somebody goes on.
    pub shortened: Option<usize>,
    pub superseded: Vec<Entry>,
    pub lost: Vec<Entry>,
    pub recovered: u64,
    /// Waits for a forced failover.
    pub forced: Option<usize>,
    pub service: bool,
    /// Instants that followed from a backlog: the end of a catch-up, a staleness bound.
    pub computed: u64,
}

impl Part {
    pub fn new(copies: Vec<Copy>, store: &Store) -> Part {
        let region = |copy| Region {
            copy,
            follow: Follow::Following,
            pos: 0,
            carry: 0,
            must: false,
            offline: false,
            taken_out: false,
            member: true,
            silent_since: None,
            lost_since: None,
            bound: false,
        };
        Part {
            regions: copies.into_iter().map(region).collect(),
            log: Vec::new(),
            write: 0,
            over: Over::No,
            redirect_until: 0,
            segments: Vec::new(),
            events: Vec::new(),
            shortened: None,
            superseded: Vec::new(),
            lost: Vec::new(),
            recovered: 0,
            forced: None,
            service: store.failover.mode == FailoverMode::ServiceManaged,
            computed: 0,
        }
    }

    /// Brings the partition to this instant.
    pub fn step(&mut self, rules: &Rules<'_>, env: &Env, now: Ms, tick: Ms) {
        self.replicate(rules, now, tick);
        for r in 0..self.regions.len() {
            let around = self.around(rules, env, now, r);
            if self.regions[r].copy.update(&around) {
                self.destroyed(r, now);
            }
        }
        self.seed(rules, env, now);
        // Phases of zero length follow each other within one instant.
        while self.follow(rules, env)
            | self.sync(rules, now)
            | self.failover(rules, env, now)
            | self.merge(rules, now)
        {}
        self.bounds(rules, now);
    }

    fn around<'a>(&self, rules: &'a Rules<'_>, env: &'a Env, now: Ms, r: usize) -> Around<'a> {
        let region = &rules.store.regions[r];
        let hit = env.partial.iter().any(|&(rule, w)| w == rules.world[r] && rules.hit_by.contains(&rule));
        let zones = region.min_zones <= 1 || env.live_zones(rules.model, rules.world[r]) >= region.min_zones;
        Around { env, store: rules.store, whole: zones && !hit, now }
    }

    pub fn connected(rules: &Rules<'_>, env: &Env, a: usize, b: usize) -> bool {
        env.connected(rules.model, rules.world[a], rules.world[b])
    }

    pub fn empty(&self, r: usize) -> bool {
        matches!(self.regions[r].follow, Follow::Empty(_))
    }

    /// Moves positions on: what was acknowledged a lag ago, or as much as catch-up carries in a tick.
    fn replicate(&mut self, rules: &Rules<'_>, now: Ms, tick: Ms) {
        let end = self.log.len();
        let (lag, most) = match rules.store.consistency {
            Consistency::Strong => (0, usize::MAX),
            Consistency::Bounded { max_writes, max_time } => {
                (constant(&rules.store.lag).min(crate::ms(max_time)), max_writes as usize)
            }
            _ => (constant(&rules.store.lag), usize::MAX),
        };
        let arrived = self.log.partition_point(|e| e.at + lag < now);
        for r in 0..self.regions.len() {
            let region = &mut self.regions[r];
            if r == self.write && !matches!(region.follow, Follow::Empty(_)) {
                region.pos = end;
            } else if region.follow == Follow::Following {
                region.pos = region.pos.max(arrived).max(end.saturating_sub(most));
            } else if region.follow == Follow::CatchUp {
                let rate = rules.catch_up(self.write, r);
                region.carry += u128::from(rate) * u128::from(tick);
                let whole = u128::from(rules.store.partitions) * 1_000_000;
                region.pos = (region.pos + (region.carry / whole) as usize).min(end);
                region.carry %= whole;
            }
        }
    }

    /// A copy was lost: so are segments that only it had, and, if it took the writes, what nobody else has.
    fn destroyed(&mut self, r: usize, now: Ms) {
        self.regions[r].follow = Follow::Empty(None);
        let mut kept = Vec::new();
        for segment in self.segments.drain(..) {
            if segment.origin == r { self.lost.extend(segment.entries) } else { kept.push(segment) }
        }
        self.segments = kept;
        if self.empty(self.write) {
            let rest = (0..self.regions.len()).filter(|&o| !self.empty(o));
            let keep = rest.map(|o| self.regions[o].pos).max().unwrap_or(0);
            let gone = self.log.split_off(keep);
            self.cut_back(keep);
            if !gone.is_empty() {
                self.report(&gone, now);
                self.shortened = Some(self.events.len() - 1);
                self.lost.extend(gone);
            }
        }
    }

    /// The log is shorter now. A destroyed copy keeps its place: the staleness bound counts from there.
    pub fn cut_back(&mut self, end: usize) {
        for region in &mut self.regions {
            region.pos = region.pos.min(end);
        }
    }

    /// A takeover: where the copy left behind was destroyed, and writes with it, it is the same event.
    pub fn report_takeover(&mut self, gone: &[Entry], now: Ms) {
        let Some(before) = self.shortened else { return self.report(gone, now) };
        self.report(gone, now);
        let more = self.events.pop().expect("just reported");
        let event = &mut self.events[before];
        (event.absent, event.rpo) = (event.absent + more.absent, event.rpo.max(more.rpo));
    }

    fn report(&mut self, gone: &[Entry], now: Ms) {
        let rpo = gone.last().map_or(0, |last| last.at - gone[0].at);
        self.events.push(Event { at: now, absent: gone.len(), rpo });
    }

    /// Copies that were destroyed start again from another one, or empty if there is none.
    fn seed(&mut self, rules: &Rules<'_>, env: &Env, now: Ms) {
        for r in 0..self.regions.len() {
            let Follow::Empty(due) = self.regions[r].follow else { continue };
            if self.regions[r].copy.up() < usize::from(rules.store.write_quorum) {
                self.regions[r].follow = Follow::Empty(None);
                continue;
            }
            let none_left = (0..self.regions.len()).all(|o| self.empty(o));
            let fits = |&o: &usize| {
                o != r && !self.empty(o) && self.regions[o].copy.commits && Self::connected(rules, env, o, r)
            };
            let source = (0..self.regions.len())
                .filter(fits)
                .max_by_key(|&o| (self.regions[o].pos, o == self.write, usize::MAX - o));
            let ready = match (none_left, source) {
                (true, _) => r == self.write,
                (false, None) => {
                    self.regions[r].follow = Follow::Empty(None);
                    false
                }
                (false, Some(o)) => {
                    let at = due.or_else(|| rules.seeding(o, r).map(|d| now + d));
                    self.regions[r].follow = Follow::Empty(at);
                    at.is_some_and(|at| now >= at)
                }
            };
            if ready {
                let around = self.around(rules, env, now, r);
                let pos = source.map_or(0, |o| self.regions[o].pos);
                let write = r == self.write;
                let region = &mut self.regions[r];
                region.copy.refill(&around);
                region.pos = pos;
                region.must = !write;
                region.member &= write;
                region.follow = if write { Follow::Following } else { Follow::Stopped };
                if write {
                    self.shortened = None;
                }
            }
        }
    }

    /// Who follows the log, who has been cut off from it, who catches up.
    fn follow(&mut self, rules: &Rules<'_>, env: &Env) -> bool {
        let (w, end) = (self.write, self.log.len());
        let mut changed = false;
        for r in (0..self.regions.len()).filter(|&r| r != w) {
            if self.empty(r) {
                continue;
            }
            let can = self.over == Over::No
                && self.regions[r].copy.commits
                && self.regions[w].copy.commits
                && !self.empty(w)
                && Self::connected(rules, env, r, w);
            let region = &mut self.regions[r];
            let next = match (region.follow, can) {
                (_, false) => Follow::Stopped,
                (Follow::Stopped | Follow::CatchUp, true) if region.pos >= end => Follow::Following,
                (Follow::Stopped, true) => Follow::CatchUp,
                (same, true) => same,
            };
            if next == region.follow {
                continue;
            }
            changed = true;
            self.computed += u64::from(region.follow == Follow::CatchUp && next == Follow::Following);
            region.follow = next;
            region.carry = 0;
            if next == Follow::Following {
                region.must = false;
                region.offline = region.taken_out;
                region.member = !region.offline;
                region.bound = false;
            }
        }
        changed
    }

    /// Silent members leave the sync set.
    fn sync(&mut self, rules: &Rules<'_>, now: Ms) -> bool {
        if rules.store.consistency != Consistency::Strong {
            return false;
        }
        let evict = constant(&rules.store.evict);
        let w = self.write;
        let others: Vec<usize> = (0..self.regions.len()).filter(|&r| r != w).collect();
        for &r in &others {
            let region = &mut self.regions[r];
            let silent = region.follow != Follow::Following;
            region.silent_since = if silent { region.silent_since.or(Some(now)) } else { None };
        }
        let rest =
            others.iter().filter(|&&r| self.regions[r].member && self.regions[r].follow == Follow::Following);
        let rest = rest.count();
        let total = self.regions.iter().filter(|r| !r.offline).count();
        if !self.regions[w].copy.commits || (rest + 1) * 2 <= total {
            return false;
        }
        let mut changed = false;
        for &r in &others {
            let region = &mut self.regions[r];
            let Some(since) = region.silent_since.filter(|_| region.member) else { continue };
            if rest >= 2 || now >= since + evict {
                region.member = false;
                changed = true;
            }
        }
        changed
    }

    /// Bounded staleness: a region that lags too far stops the writes.
    fn bounds(&mut self, rules: &Rules<'_>, now: Ms) {
        let Consistency::Bounded { max_writes, max_time } = rules.store.consistency else { return };
        let end = self.log.len();
        for r in (0..self.regions.len()).filter(|&r| r != self.write) {
            let first = self.log.get(self.regions[r].pos).map(|e| e.at);
            let region = &mut self.regions[r];
            if region.offline || region.follow == Follow::Following {
                region.bound = false;
            } else if let Some(first) = first {
                let reached = now >= first + crate::ms(max_time) || (end - region.pos) as u64 >= max_writes;
                self.computed += u64::from(reached && !region.bound);
                region.bound |= reached;
            }
        }
    }

    /// Missing writes come back, some time after their region has caught up.
    fn merge(&mut self, rules: &Rules<'_>, now: Ms) -> bool {
        let open = self.over == Over::No && self.regions[self.write].copy.commits && !self.empty(self.write);
        let policy = &rules.store.on_return;
        let Some(after) = policy.merge_after.as_ref().map(constant) else { return false };
        let mut changed = false;
        for mut segment in std::mem::take(&mut self.segments) {
            let back = self.regions[segment.origin].follow == Follow::Following;
            if back {
                segment.due = segment.due.or(Some(now + after));
            }
            if !open || segment.due.is_none_or(|due| now < due) {
                self.segments.push(segment);
                continue;
            }
            let share = segment.entries.len() as u64 * u64::from(policy.superseded_ppm) / 1_000_000;
            for (i, entry) in segment.entries.into_iter().enumerate() {
                if (i as u64) < share {
                    self.superseded.push(entry);
                } else {
                    self.log.push(Entry { id: entry.id, at: now });
                    self.recovered += 1;
                }
            }
            changed = true;
        }
        changed
    }

    /// Whether writes from a region of the world succeed.
    pub fn writes(&self, rules: &Rules<'_>, env: &Env, client: u32, now: Ms) -> bool {
        let w = self.write;
        let strong = rules.store.consistency == Consistency::Strong;
        let others = || (0..self.regions.len()).filter(|&r| r != w).map(|r| &self.regions[r]);
        self.regions[w].copy.commits
            && !self.empty(w)
            && env.connected(rules.model, client, rules.world[w])
            && self.over == Over::No
            && now >= self.redirect_until
            && !(strong && others().any(|r| r.member && r.follow != Follow::Following))
            && !others().any(|r| r.bound && !r.offline)
    }

    /// Whether region `r` answers reads from a region of the world.
    pub fn reads(&self, rules: &Rules<'_>, env: &Env, client: u32, r: usize) -> bool {
        let region = &self.regions[r];
        region.copy.reads
            && !region.offline
            && !region.must
            && !self.empty(r)
            && env.connected(rules.model, client, rules.world[r])
            && (r != self.write || self.over == Over::No)
            && (rules.store.consistency != Consistency::Strong || region.member)
    }

    /// A write is acknowledged.
    pub fn acknowledge(&mut self, id: u64, at: Ms) {
        self.log.push(Entry { id, at });
        for (r, region) in self.regions.iter_mut().enumerate() {
            if r != self.write && !region.copy.commits {
                region.must = true;
            }
        }
    }

    pub fn missing(&self) -> usize {
        self.segments.iter().map(|s| s.entries.len()).sum()
    }
}

impl Rules<'_> {
    /// Writes per second at which a region catches up, in thousandths, over the whole store.
    fn catch_up(&self, from: usize, to: usize) -> u64 {
        let store = self.store;
        let link = self.bandwidth(from, to).map(|b| b * 1000 / store.write_bytes.max(1));
        link.map_or(store.catch_up_mps, |most| most.min(store.catch_up_mps))
    }

    fn bandwidth(&self, a: usize, b: usize) -> Option<u64> {
        let ends = [self.world[a], self.world[b]];
        let link = self.model.world.links.iter().find(|l| {
            let found = l.ends.map(|r| r.0);
            found == ends || [found[1], found[0]] == ends
        });
        link.and_then(|l| l.bandwidth)
    }

    fn seeding(&self, from: usize, to: usize) -> Option<Ms> {
        let over = |bytes: u64, rate: u64| (bytes * 1000).div_ceil(rate);
        match (self.bandwidth(from, to), self.store.rebuild) {
            (Some(rate), _) => Some(over(self.store.data_bytes, rate)),
            (None, rebuild) => rebuild.map(|r| over(self.bytes, r.bandwidth)),
        }
    }
}
