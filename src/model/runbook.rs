//! Runbooks: what people do, step by step, about the loss of a region (rules i07, i09).

use super::action::Command;
use super::fault::Party;
use super::world::RegionId;
use crate::rng::Law;
use crate::units::{Duration, Time};

/// What starts a runbook.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// A region is lost: down, destroyed or cut off.
    Lost(RegionId),
    /// A region that was lost is back.
    Back(RegionId),
    /// It is started at this time after the start of measurement (a drill).
    At(Duration),
}

/// When people work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hours {
    /// Always.
    Always,
    /// Monday to Friday, from 9 to 17 h.
    Office,
}

impl Hours {
    /// The first instant from `t` on at which somebody is there; t = 0 is a Monday, 0 h.
    ///
    /// ```
    /// use zonefall::{model::Hours, units::{Duration, Time}};
    /// let at = |hours: u64| Time::ZERO + Duration::from_secs(3600 * hours);
    /// assert_eq!(Hours::Office.from(at(10)), at(10));
    /// assert_eq!(Hours::Office.from(at(4 * 24 + 17)), at(7 * 24 + 9)); // from Friday, 17 h, to Monday, 9 h
    /// assert_eq!(Hours::Always.from(at(3)), at(3));
    /// ```
    pub fn from(self, t: Time) -> Time {
        let (day, nine, five) = (Duration::DAY.ns(), 9 * Duration::HOUR.ns(), 17 * Duration::HOUR.ns());
        let of_day = t.ns() % day;
        let midnight = t.ns() - of_day;
        let weekday = midnight / day % 7;
        if self == Hours::Always || t == Time::NEVER {
            return t;
        }
        let wait = match weekday {
            0..5 if of_day < nine => return Time::from_ns(midnight) + Duration::from_ns(nine),
            0..5 if of_day < five => return t,
            0..4 => 1,
            other => 7 - other,
        };
        Time::from_ns(midnight) + Duration::from_ns(wait * day + nine)
    }
}

/// Timed steps of people.
#[derive(Clone, Debug, PartialEq)]
pub struct Runbook {
    /// Name in the scenario; names its random stream.
    pub name: String,
    /// What starts it.
    pub trigger: Trigger,
    /// From the trigger until somebody notices; what ends before was never noticed. Always never: there is no plan.
    pub notice: Law,
    /// When somebody is there to notice it and to start steps.
    pub hours: Hours,
    /// Bytes per second that its restores share, at least 1.
    pub bandwidth: u64,
    /// Its steps in order of declaration, never empty, at most 64.
    pub steps: Vec<Step>,
}

impl Runbook {
    /// Whether nobody ever notices: as if there were no such runbook.
    pub fn never_noticed(&self) -> bool {
        self.notice.as_constant() == Some(Duration::NEVER)
    }
}

/// One step of a runbook.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Name in the scenario, once in its runbook.
    pub name: String,
    /// Who carries it out and answers for the time.
    pub owner: Party,
    /// Time that it takes, for each attempt.
    pub takes: Law,
    /// Steps (indices) that must be complete before it starts; others run beside it. None waits for itself, by
    /// whatever way.
    pub after: Vec<u32>,
    /// Chance that an attempt fails, in millionths, below 1_000_000.
    pub fails_ppm: u32,
    /// From a failed attempt to the next.
    pub retry: Law,
    /// What is done when an attempt succeeds. The step is complete when that is: a restore once its data is copied.
    pub does: Option<Command>,
}
