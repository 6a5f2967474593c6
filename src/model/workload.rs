//! The course of request rates over a week, integrated exactly.

use crate::units::{Duration, Time};

/// A multiplier of 1 in a [`Profile`].
pub const PROFILE_ONE: u32 = 1000;
const HOURS: usize = 168;
const HOUR_NS: u64 = 3_600_000_000_000;

/// Multiplier of the request rates for each hour of the week, in thousandths; t = 0 is a Monday, 0 h (design D15).
///
/// [`Profile::integral`] is the "workload time" Λ(t) that has passed: the volume of a flow of constant rate r
/// between two instants is r · (Λ(t₂) − Λ(t₁)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    hours: Option<Box<[u32; HOURS]>>,
    /// Sum of the multipliers of the hours before each hour of the week.
    before: Box<[u64]>,
    /// How many of the hours before each hour of the week have requests; empty if all have.
    busy: Box<[u8]>,
}

impl Default for Profile {
    fn default() -> Profile {
        Profile::flat()
    }
}

impl Profile {
    /// Constant rates.
    pub fn flat() -> Profile {
        Profile { hours: None, before: Box::default(), busy: Box::default() }
    }

    /// One multiplier, in thousandths, for each hour of the week.
    pub fn weekly(hours: [u32; HOURS]) -> Profile {
        if hours.iter().all(|&h| h == PROFILE_ONE) {
            return Profile::flat();
        }
        let mut before = Vec::with_capacity(HOURS + 1);
        let mut sum = 0;
        before.push(0);
        for h in hours {
            sum += u64::from(h);
            before.push(sum);
        }
        let mut busy = Vec::new();
        if hours.contains(&0) {
            let count = |end: usize| hours[..end].iter().filter(|&&h| h > 0).count() as u8;
            busy.extend((0..=HOURS).map(count));
        }
        Profile { hours: Some(Box::new(hours)), before: before.into(), busy: busy.into() }
    }

    /// Whether all hours have the multiplier 1.
    pub fn is_flat(&self) -> bool {
        self.hours.is_none()
    }

    /// Multiplier at an instant, in thousandths.
    pub fn at(&self, t: Time) -> u32 {
        match &self.hours {
            None => PROFILE_ONE,
            Some(hours) => hours[(t.ns() / HOUR_NS % HOURS as u64) as usize],
        }
    }

    /// The largest multiplier, in thousandths.
    pub fn peak(&self) -> u32 {
        self.hours.as_ref().map_or(PROFILE_ONE, |h| h.iter().copied().max().unwrap_or(0))
    }

    /// Λ(t): thousandths × nanoseconds from the start to `t`.
    pub fn integral(&self, t: Time) -> i128 {
        let Some(hours) = &self.hours else {
            return i128::from(t.ns()) * i128::from(PROFILE_ONE);
        };
        let hour = t.ns() / HOUR_NS;
        let (week, in_week) = (hour / HOURS as u64, (hour % HOURS as u64) as usize);
        let whole = i128::from(week) * i128::from(self.before[HOURS]) + i128::from(self.before[in_week]);
        whole * i128::from(HOUR_NS) + i128::from(t.ns() % HOUR_NS) * i128::from(hours[in_week])
    }

    /// Nanoseconds from the start to `t` in hours with a multiplier above 0.
    pub fn busy(&self, t: Time) -> u64 {
        if self.busy.is_empty() {
            return t.ns();
        }
        let hour = t.ns() / HOUR_NS;
        let (week, in_week) = (hour / HOURS as u64, (hour % HOURS as u64) as usize);
        let before = |hour: usize| u64::from(self.busy[hour]);
        let rest = if before(in_week + 1) > before(in_week) { t.ns() % HOUR_NS } else { 0 };
        (week * before(HOURS) + before(in_week)) * HOUR_NS + rest
    }

    /// The next full hour after `t`.
    pub fn next_hour(t: Time) -> Time {
        Time::ZERO + Duration::from_ns((t.ns() / HOUR_NS).saturating_add(1).saturating_mul(HOUR_NS))
    }

    /// The first instant from `from` on at which `constant`·(t − from)·1000 + `scaled`·(Λ(t) − Λ(from)) ≥ `goal`:
    /// when a backlog is worked off or a bound reached. [`Time::NEVER`] if that does not happen within 584 years.
    ///
    /// `constant` is a rate that does not follow the profile, `scaled` one that does; either may be negative.
    pub fn first_reach(&self, from: Time, goal: i128, constant: i128, scaled: i128) -> Time {
        if goal <= 0 {
            return from;
        }
        let one = i128::from(PROFILE_ONE);
        let step =
            |rate: i128, left: i128| -> u64 { u64::try_from((left + rate - 1) / rate).unwrap_or(u64::MAX) };
        if self.is_flat() {
            let rate = (constant + scaled) * one;
            return if rate <= 0 { Time::NEVER } else { from + Duration::from_ns(step(rate, goal)) };
        }
        let week_gain =
            (constant * one * HOURS as i128 + scaled * i128::from(self.before[HOURS])) * i128::from(HOUR_NS);
        let (mut t, mut left) = (from, goal);
        let mut highest = 0; // best progress inside one week, to know how many whole weeks can be skipped
        for pass in 0..2 {
            let mut gained = 0;
            for _ in 0..=HOURS {
                let rate = constant * one + scaled * i128::from(self.at(t));
                let next = Profile::next_hour(t);
                if next == Time::NEVER {
                    return Time::NEVER;
                }
                let room = i128::from((next - t).ns()) * rate;
                if rate > 0 && left <= room {
                    return t + Duration::from_ns(step(rate, left));
                }
                left -= room;
                gained += room;
                highest = highest.max(gained);
                t = next;
            }
            if pass == 0 {
                if week_gain <= 0 {
                    return Time::NEVER;
                }
                let weeks = ((left - highest) / week_gain).max(0);
                let Ok(skip) = u64::try_from(weeks * i128::from(HOUR_NS) * HOURS as i128) else {
                    return Time::NEVER;
                };
                t = t + Duration::from_ns(skip);
                left -= weeks * week_gain;
            }
        }
        // Rounding left less than a few weeks: walk them.
        for _ in 0..8 * HOURS {
            let rate = constant * one + scaled * i128::from(self.at(t));
            let next = Profile::next_hour(t);
            let room = i128::from((next - t).ns()) * rate;
            if rate > 0 && left <= room {
                return t + Duration::from_ns(step(rate, left));
            }
            left -= room;
            t = next;
        }
        Time::NEVER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn office() -> Profile {
        let mut hours = [200; HOURS];
        for day in 0..5 {
            for h in 8..18 {
                hours[day * 24 + h] = 2000;
            }
        }
        Profile::weekly(hours)
    }

    #[test]
    fn integral_adds_up_hour_by_hour() {
        let p = office();
        let mut sum = 0;
        for h in 0..400u64 {
            let t = Time::from_ns(h * HOUR_NS);
            assert_eq!(p.integral(t), sum);
            sum += i128::from(p.at(t)) * i128::from(HOUR_NS);
        }
    }

    #[test]
    fn first_reach_is_the_first_instant() {
        for p in [Profile::flat(), office()] {
            for (constant, scaled) in [(5i128, -2i128), (0, 3), (7, 0), (1, -1)] {
                for goal in [1i128, 10_i128.pow(15), 10_i128.pow(19), 10_i128.pow(21)] {
                    let from = Time::from_ns(123_456_789_012_345);
                    let t = p.first_reach(from, goal, constant, scaled);
                    let f = |t: Time| {
                        constant * 1000 * i128::from((t - from).ns())
                            + scaled * (p.integral(t) - p.integral(from))
                    };
                    if t != Time::NEVER {
                        assert!(f(t) >= goal, "{constant} {scaled} {goal}");
                        assert!(f(t - Duration::from_ns(1)) < goal, "{constant} {scaled} {goal}");
                    }
                }
            }
        }
    }
}
