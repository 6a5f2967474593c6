//! The recent course of a log: how far it had come at an instant, when it passed a position, and where it was written.

use crate::model::Profile;
use crate::units::{Duration, Time};

/// Lags longer than this are cut to it, which bounds the history that must be kept.
pub(crate) const LONGEST_LAG: Duration = Duration::from_days(30);

/// From `at` on the log grew from `head` by `rate` per unit of workload time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
struct Break {
    at: Time,
    lambda: i128,
    head: i128,
    rate: u64,
}

/// Breakpoints of a piecewise linear log, oldest first; never empty after [`History::restart`].
#[derive(Clone, PartialEq, Eq, Debug, Default, Hash)]
pub(crate) struct History {
    breaks: Vec<Break>,
    /// Length at which old breakpoints are dropped again.
    tidy_at: usize,
}

impl History {
    /// Takes over another history without allocating, once the buffer has grown.
    pub(crate) fn copy_from(&mut self, other: &History) {
        self.breaks.clear();
        self.breaks.extend_from_slice(&other.breaks);
        self.tidy_at = other.tidy_at;
    }

    /// Forgets the past: the log starts at `head`.
    pub(crate) fn restart(&mut self, at: Time, lambda: i128, head: i128, rate: u64) {
        self.breaks.clear();
        self.breaks.push(Break { at, lambda, head, rate });
    }

    /// The log is that of a copy at `position`: what came after it never happened.
    pub(crate) fn clip(&mut self, profile: &Profile, at: Time, lambda: i128, position: i128) {
        let keep = self.breaks.partition_point(|b| b.head <= position);
        self.breaks.truncate(keep);
        let Some(last) = self.breaks.last() else { return self.restart(at, lambda, position, 0) };
        let passed = profile.first_reach(last.at, position - last.head, 0, i128::from(last.rate)).min(at);
        self.push(passed, profile.integral(passed), position, 0);
    }

    /// The log goes on from `head` at another rate.
    pub(crate) fn push(&mut self, at: Time, lambda: i128, head: i128, rate: u64) {
        if self.breaks.len() >= self.tidy_at.max(64) {
            // Keep the last break before the longest lag: it still tells the position at that time. What is kept may
            // be long where much happens in that time, so look again only when it has doubled.
            let keep = self.breaks.partition_point(|b| b.at + LONGEST_LAG <= at).saturating_sub(1);
            self.breaks.drain(..keep);
            self.tidy_at = 2 * self.breaks.len();
        }
        match self.breaks.last_mut() {
            Some(last) if last.at == at => *last = Break { at, lambda, head, rate },
            Some(last)
                if last.rate == rate && last.head + i128::from(rate) * (lambda - last.lambda) == head => {}
            _ => self.breaks.push(Break { at, lambda, head, rate }),
        }
    }

    /// Position of the log at an instant; `None` before the oldest breakpoint.
    pub(crate) fn head_at(&self, profile: &Profile, t: Time) -> Option<i128> {
        let b = &self.breaks[..self.breaks.partition_point(|b| b.at <= t)].last()?;
        Some(b.head + i128::from(b.rate) * (profile.integral(t) - b.lambda))
    }

    /// The instant from which on the log was beyond `position`; `None` if that is before the oldest breakpoint.
    pub(crate) fn passed(&self, profile: &Profile, position: i128) -> Option<Time> {
        // Heads never fall between restarts.
        let after = self.breaks.partition_point(|b| b.head <= position);
        let b = &self.breaks[..after].last()?;
        let reached = profile.first_reach(b.at, position - b.head, 0, i128::from(b.rate));
        // Where missing writes were merged the log went on from beyond the position.
        Some(self.breaks.get(after).map_or(reached, |next| reached.min(next.at)))
    }
}

/// Which regions a group was written in, and since when; oldest first, never empty, as far back as the history.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Leaders {
    since: Vec<(Time, u8)>,
    /// Length at which old ones are dropped again.
    tidy_at: usize,
}

impl Leaders {
    pub(crate) fn new(first: u8) -> Leaders {
        Leaders { since: vec![(Time::ZERO, first)], tidy_at: 0 }
    }

    /// Takes over another list without allocating, once the buffer has grown.
    pub(crate) fn copy_from(&mut self, other: &Leaders) {
        self.since.clear();
        self.since.extend_from_slice(&other.since);
        self.tidy_at = other.tidy_at;
    }

    /// From now on it is this region; nothing happens if it was already.
    pub(crate) fn note(&mut self, now: Time, region: u8) {
        match self.since.last_mut() {
            Some(last) if last.1 == region => {}
            Some(last) if last.0 == now => last.1 = region,
            _ => {
                if self.since.len() >= self.tidy_at.max(64) {
                    let keep = self.since.partition_point(|s| s.0 + LONGEST_LAG <= now).saturating_sub(1);
                    self.since.drain(..keep);
                    self.tidy_at = 2 * self.since.len();
                }
                self.since.push((now, region));
            }
        }
    }

    /// The write region at an instant; `None` before the oldest that is known.
    pub(crate) fn at(&self, t: Time) -> Option<u8> {
        Some(self.since[..self.since.partition_point(|s| s.0 <= t)].last()?.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_times_are_inverse() {
        let p = Profile::flat();
        let at = |s: u64| Time::ZERO + Duration::from_secs(s);
        let mut h = History::default();
        h.restart(at(0), 0, 0, 5);
        let head = 5 * p.integral(at(100));
        h.push(at(100), p.integral(at(100)), head, 0);
        h.push(at(200), p.integral(at(200)), head, 7);
        assert_eq!(h.head_at(&p, at(50)), Some(5 * p.integral(at(50))));
        assert_eq!(h.head_at(&p, at(150)), Some(head));
        assert_eq!(h.passed(&p, 5 * p.integral(at(40))), Some(at(40)));
        assert_eq!(h.passed(&p, head), Some(at(200)), "nothing was written during the stop");
        assert_eq!(h.head_at(&p, at(300)), Some(head + 7 * (p.integral(at(300)) - p.integral(at(200)))));
    }

    /// Write regions that change every second: known for as long as the history, in as little room.
    #[test]
    fn leaders_are_known_for_the_longest_lag() {
        let at = |s: u64| Time::ZERO + Duration::from_secs(s);
        let kept = LONGEST_LAG.ns() / 1_000_000_000;
        let mut leaders = Leaders::new(0);
        let end = 2 * kept + 7;
        for s in 1..=end {
            leaders.note(at(s), (s % 3) as u8);
            leaders.note(at(s), (s % 3) as u8);
            assert_eq!(leaders.at(at(s)), Some((s % 3) as u8));
            if let Some(then) = s.checked_sub(kept) {
                assert_eq!(leaders.at(at(then) + Duration::from_ns(1)), Some((then % 3) as u8));
            }
        }
        assert!((kept as usize..=2 * kept as usize + 64).contains(&leaders.since.len()));
        leaders.note(at(end), 5);
        assert_eq!((leaders.at(at(end)), leaders.at(at(end - 1))), (Some(5), Some(((end - 1) % 3) as u8)));
    }

    /// A log that stops and goes on every second, and is asked for the longest lag each time: a step must not cost
    /// more the longer the history is, or this takes for ever.
    #[test]
    fn a_long_history_stays_cheap() {
        let p = Profile::flat();
        let at = |s: u64| Time::ZERO + Duration::from_secs(s);
        let second = p.integral(at(1));
        let kept = LONGEST_LAG.ns() / 1_000_000_000;
        let end = kept + 500_000;
        let mut h = History::default();
        h.restart(at(0), 0, 0, 1);
        for s in 1..=end {
            // It grows in even seconds only.
            h.push(at(s), p.integral(at(s)), second * i128::from(s.div_ceil(2)), 1 - s % 2);
            if let Some(then) = s.checked_sub(kept) {
                assert_eq!(h.head_at(&p, at(then)), Some(second * i128::from(then.div_ceil(2))));
                assert_eq!(
                    h.passed(&p, second * i128::from(then.div_ceil(2))),
                    Some(at(then.div_ceil(2) * 2))
                );
            }
        }
        assert!((kept as usize..=2 * kept as usize + 64).contains(&h.breaks.len()));
    }
}
