//! Writes that are not where they should be (design D10): an acknowledged write that the surviving log does not
//! contain is in exactly one segment or one of the final sums.

use crate::sim::damage::Damage;
use crate::sim::driver::Mark;
use crate::sim::observe::Phase;
use crate::units::{Duration, Time};

/// Acknowledged writes that only one region's copy has. Amounts are per partition of the group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Segment {
    /// Region (of the store) whose copy has them.
    pub(crate) origin: u8,
    pub(crate) amount: i128,
    /// Age of the oldest of them when the other copy took over.
    pub(crate) rpo: Duration,
    /// Entry in the replication's list of losses.
    pub(crate) loss: u32,
    /// What was going on when they went missing.
    pub(crate) phase: Phase,
    pub(crate) mark: Mark,
    /// When they are merged; never, until the region is back.
    pub(crate) merge_at: Time,
    /// Still growing, at this rate: the old write region goes on alone (no fence).
    pub(crate) growing: u64,
}

/// The ledger of one placement group.
#[derive(Clone, PartialEq, Eq, Debug, Default, Hash)]
pub(crate) struct Ledger {
    /// Temporarily missing.
    pub(crate) open: Vec<Segment>,
    /// Losers of conflicts that wait in the feed for the application, and the rate at which more come.
    pub(crate) feed: i128,
    pub(crate) feeding: u64,
    /// Missing until a backup is restored: no copy has anything.
    pub(crate) stored: i128,
    /// Damaged writes in the log; what damaged it, in order of time; where, besides all before an event.
    pub(crate) damaged: i128,
    pub(crate) damage: Vec<Damage>,
    pub(crate) spoilt: Vec<(i128, i128)>,
    pub(crate) recovered: i128,
    pub(crate) superseded: i128,
    pub(crate) lost: i128,
    /// The destruction that cost the log its end, until another copy takes over or it goes on itself.
    pub(crate) cut_by: Option<CutBy>,
}

/// What a destruction took from the end of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) struct CutBy {
    /// Entry in the replication's list of losses.
    pub(crate) loss: u32,
    pub(crate) amount: i128,
    /// Age of the oldest of these writes.
    pub(crate) rpo: Duration,
}

/// What became of a segment; amounts per partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Settled {
    pub(crate) segment: Segment,
    pub(crate) recovered: i128,
    pub(crate) superseded: i128,
    pub(crate) lost: i128,
}

impl Ledger {
    /// Takes over another ledger without allocating, once the buffer has grown.
    pub(crate) fn copy_from(&mut self, other: &Ledger) {
        self.open.clear();
        self.open.extend_from_slice(&other.open);
        (self.feed, self.feeding) = (other.feed, other.feeding);
        (self.recovered, self.superseded, self.lost) = (other.recovered, other.superseded, other.lost);
        (self.stored, self.damaged, self.cut_by) = (other.stored, other.damaged, other.cut_by);
        self.damage.clear();
        self.damage.extend_from_slice(&other.damage);
        self.spoilt.clear();
        self.spoilt.extend_from_slice(&other.spoilt);
    }

    /// What the ledger accounts for: everything acknowledged but what survives.
    pub(crate) fn elsewhere(&self) -> i128 {
        self.missing() + self.superseded + self.damaged + self.lost
    }

    /// Writes now temporarily missing.
    pub(crate) fn missing(&self) -> i128 {
        self.feed + self.stored + self.open.iter().map(|s| s.amount).sum::<i128>()
    }

    /// Lets growing segments and the feed grow by a span of workload time.
    pub(crate) fn grow(&mut self, lambda: i128) -> i128 {
        let mut grown = i128::from(self.feeding) * lambda;
        self.feed += grown;
        for segment in self.open.iter_mut().filter(|s| s.growing > 0) {
            let more = i128::from(segment.growing) * lambda;
            segment.amount += more;
            grown += more;
        }
        grown
    }

    /// The application wrote again what was in the feed; returns how much.
    pub(crate) fn settle_feed(&mut self) -> i128 {
        let settled = core::mem::take(&mut self.feed);
        self.recovered += settled;
        settled
    }

    /// The next merge that is due.
    pub(crate) fn next_merge(&self) -> Time {
        self.open.iter().map(|s| s.merge_at).min().unwrap_or(Time::NEVER)
    }

    /// Takes the segments due by `now` out: a share is superseded, the rest recovered.
    pub(crate) fn merge(&mut self, now: Time, superseded_ppm: u32, mut settled: impl FnMut(Settled)) {
        let (mut recovered, mut superseded) = (0, 0);
        self.open.retain(|s| {
            if s.merge_at > now {
                return true;
            }
            let over = s.amount * i128::from(superseded_ppm) / 1_000_000;
            superseded += over;
            recovered += s.amount - over;
            settled(Settled { segment: *s, recovered: s.amount - over, superseded: over, lost: 0 });
            false
        });
        self.recovered += recovered;
        self.superseded += superseded;
    }

    /// The copy of a region is destroyed: what only it had is lost.
    pub(crate) fn destroy(&mut self, origin: u8, mut settled: impl FnMut(Settled)) {
        let mut lost = 0;
        self.open.retain(|s| {
            if s.origin != origin {
                return true;
            }
            lost += s.amount;
            settled(Settled { segment: *s, recovered: 0, superseded: 0, lost: s.amount });
            false
        });
        self.lost += lost;
    }
}
