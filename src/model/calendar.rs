//! The calendar: years of 365 days and the usual months, from 1 January on (design D15).

use crate::units::Duration;

const MONTHS: u64 = 12;
/// Days of a year before each month, and of the whole year.
const BEFORE: [u64; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

/// Start of a month, numbered from 0 over all years; [`Duration::NEVER`] beyond the range.
///
/// ```
/// use zonefall::{model::calendar, units::Duration};
/// assert_eq!(calendar::month_start(2), Duration::from_days(31 + 28));
/// assert_eq!(calendar::month_start(13), Duration::from_days(365 + 31));
/// ```
pub fn month_start(month: u32) -> Duration {
    let (year, month) = (u64::from(month) / MONTHS, u64::from(month) % MONTHS);
    Duration::from_days(year * BEFORE[12] + BEFORE[month as usize])
}

/// Number of the month in which an instant lies, from 0 over all years.
pub fn month_at(since: Duration) -> u32 {
    let day = since.ns() / Duration::DAY.ns();
    let (year, day) = (day / BEFORE[12], day % BEFORE[12]);
    let month = BEFORE[1..].iter().take_while(|&&before| before <= day).count() as u64;
    (year * MONTHS + month) as u32
}

/// How many whole months a time has.
pub fn whole_months(time: Duration) -> u32 {
    month_at(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_each_other_without_gap() {
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let mut day = 0;
        for month in 0..7000 {
            let start = month_start(month);
            assert_eq!(start, Duration::from_days(day), "month {month}");
            assert_eq!(month_at(start), month);
            day += lengths[month as usize % 12];
            assert_eq!(month_at(Duration::from_ns(Duration::from_days(day).ns() - 1)), month);
        }
    }

    #[test]
    fn only_whole_months_count() {
        for (days, months) in [(0, 0), (30, 0), (31, 1), (58, 1), (59, 2), (364, 11), (365, 12), (730, 24)] {
            assert_eq!(whole_months(Duration::from_days(days)), months, "{days} days");
        }
        assert!(month_start(7200) == Duration::NEVER && month_at(Duration::NEVER) < 7200);
    }
}
