//! What fails by calendar month of the measured time (rule c09). Nothing is done while nothing fails.

use crate::model::{Profile, calendar};
use crate::sim::flow::Rates;
use crate::sim::observe::{BlockMonth, MonthRun};
use crate::units::{Duration, Time};

/// The parts of an interval of the measured time, month by month: number, from, to.
fn parts(start: Time, from: Time, to: Time) -> impl Iterator<Item = (u32, Time, Time)> {
    let mut at = from;
    core::iter::from_fn(move || {
        if at >= to {
            return None;
        }
        let month = calendar::month_at(at - start);
        let (begin, end) = (at, to.min(start + calendar::month_start(month + 1)));
        at = end;
        Some((month, begin, end))
    })
}

/// Books requests that fail at these rates, in volume per unit of workload time, from one instant to another;
/// measurement began at `start`.
pub(crate) fn book(
    months: &mut Vec<MonthRun>,
    profile: &Profile,
    start: Time,
    rates: &Rates,
    from: Time,
    to: Time,
) {
    for (month, from, to) in parts(start, from, to) {
        if months.last().is_none_or(|last| last.month != month) {
            months.push(MonthRun { month, ..MonthRun::default() });
        }
        let run = months.last_mut().expect("pushed if there was none");
        let lambda = profile.integral(to) - profile.integral(from);
        let busy = i128::from(profile.busy(to) - profile.busy(from));
        for k in 0..2 {
            run.errors[k] += (rates.failed[k] - rates.above[k]) * busy;
            run.failed[k] += rates.failed[k] * lambda;
            run.throttled_above[k] += rates.above[k] * lambda;
        }
    }
}

/// Books time down from one instant to another; measurement began at `start`.
pub(crate) fn book_down(months: &mut Vec<BlockMonth>, start: Time, from: Time, to: Time) {
    for (month, from, to) in parts(start, from, to) {
        if months.last().is_none_or(|last| last.month != month) {
            months.push(BlockMonth { month, down: Duration::ZERO });
        }
        let run = months.last_mut().expect("pushed if there was none");
        run.down = run.down.saturating_add(to - from);
    }
}
