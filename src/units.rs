//! Times, durations and the volumes of fluid requests, all integers (rule R1 of the design: results never
//! depend on rounding modes, platforms or the order of additions).

use core::fmt;

/// Nanoseconds in a second.
pub const NS_PER_SECOND: u64 = 1_000_000_000;

/// An instant: nanoseconds since the start of the simulation (`u64`, ends after 584 years).
///
/// Arithmetic saturates: an instant that `u64` cannot hold is [`Time::NEVER`].
///
/// ```
/// use zonefall::units::{Duration, Time};
/// let t = Time::ZERO + Duration::from_secs(90);
/// assert_eq!(t - Time::ZERO, Duration::from_secs(90));
/// assert_eq!(Time::NEVER + Duration::from_secs(1), Time::NEVER);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Time(u64);

/// A length of time in nanoseconds (`u64`).
///
/// ```
/// use zonefall::units::Duration;
/// assert_eq!(Duration::from_days(365), Duration::YEAR);
/// assert_eq!(Duration::from_secs(90).to_string(), "1m 30s");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Duration(u64);

impl Time {
    /// The start of the simulation.
    pub const ZERO: Time = Time(0);
    /// An instant that never comes.
    pub const NEVER: Time = Time(u64::MAX);

    /// The instant `ns` nanoseconds after the start.
    pub const fn from_ns(ns: u64) -> Time {
        Time(ns)
    }

    /// Nanoseconds since the start.
    pub const fn ns(self) -> u64 {
        self.0
    }

    /// The time that has passed since `earlier`; zero if `earlier` is later.
    pub const fn since(self, earlier: Time) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl core::ops::Add<Duration> for Time {
    type Output = Time;
    fn add(self, d: Duration) -> Time {
        Time(self.0.saturating_add(d.0))
    }
}

impl core::ops::Sub<Duration> for Time {
    type Output = Time;
    /// Saturates at [`Time::ZERO`].
    fn sub(self, d: Duration) -> Time {
        Time(self.0.saturating_sub(d.0))
    }
}

impl core::ops::Sub for Time {
    type Output = Duration;
    /// Zero if the right side is later.
    fn sub(self, earlier: Time) -> Duration {
        self.since(earlier)
    }
}

impl Duration {
    /// No time at all.
    pub const ZERO: Duration = Duration(0);
    /// Longer than any simulation: "never" where a duration is asked for.
    pub const NEVER: Duration = Duration(u64::MAX);
    /// One hour.
    pub const HOUR: Duration = Duration::from_secs(3600);
    /// One day of 24 hours.
    pub const DAY: Duration = Duration::from_secs(86_400);
    /// One year of 365 days (design D15).
    pub const YEAR: Duration = Duration::from_days(365);

    /// `ns` nanoseconds.
    pub const fn from_ns(ns: u64) -> Duration {
        Duration(ns)
    }

    /// `secs` seconds; saturates.
    pub const fn from_secs(secs: u64) -> Duration {
        Duration(secs.saturating_mul(NS_PER_SECOND))
    }

    /// `days` days of 24 hours; saturates.
    pub const fn from_days(days: u64) -> Duration {
        Duration::from_secs(days.saturating_mul(86_400))
    }

    /// The nearest duration to `secs` seconds; zero below zero and for NaN, [`Duration::NEVER`] above the range.
    pub fn from_secs_f64(secs: f64) -> Duration {
        // `as` saturates and maps NaN to 0; + 0.5 rounds to nearest for the range that matters.
        Duration((secs * 1e9 + 0.5) as u64)
    }

    /// Nanoseconds.
    pub const fn ns(self) -> u64 {
        self.0
    }

    /// Seconds, rounded to `f64`.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The sum, or [`Duration::NEVER`] if it does not fit.
    pub const fn saturating_add(self, other: Duration) -> Duration {
        Duration(self.0.saturating_add(other.0))
    }
}

/// Units that durations are written in, from the largest on, with their nanoseconds.
pub(crate) const UNITS: [(u64, &str); 8] = [
    (365 * 86_400_000_000_000, "y"),
    (86_400_000_000_000, "d"),
    (3_600_000_000_000, "h"),
    (60_000_000_000, "m"),
    (1_000_000_000, "s"),
    (1_000_000, "ms"),
    (1_000, "us"),
    (1, "ns"),
];

/// Human form with at most two units, rounded down: `2h 5m`, `1m 30s`, `250ms`, `never`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Duration::NEVER {
            return f.pad("never");
        }
        let Some(first) = UNITS.iter().position(|&(size, _)| self.0 >= size) else {
            return f.pad("0s");
        };
        let (size, unit) = UNITS[first];
        let mut text = format!("{}{unit}", self.0 / size);
        if let Some(&(next, name)) = UNITS.get(first + 1) {
            let rest = self.0 % size / next;
            if rest > 0 {
                text.push_str(&format!(" {rest}{name}"));
            }
        }
        f.pad(&text)
    }
}

/// Why a text is not a duration; the message says what would be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DurationError(String);

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for DurationError {}

/// Reads `90s`, `1h 30m`, `1.5h`, `121.75d`, `2w`, `1y` (365 days); units `ns us ms s m h d w y`.
///
/// # Errors
/// An empty text, a missing or unknown unit (`M` is refused: months differ in length), a negative number, or a
/// sum above 584 years.
impl core::str::FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Duration, DurationError> {
        let fail = |why: String| Err(DurationError(why));
        let mut rest = text.trim();
        if rest.is_empty() {
            return fail("empty duration; write for example \"15m\" or \"1h 30m\"".into());
        }
        let mut total: u128 = 0;
        while !rest.is_empty() {
            let digits =
                rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_').unwrap_or(rest.len());
            let (number, tail) = rest.split_at(digits);
            let tail = tail.trim_start();
            let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(letters);
            rest = tail.trim_start();
            if number.is_empty() {
                return fail(format!(
                    "expected a number in {text:?}; write for example \"15m\" or \"1h 30m\""
                ));
            }
            let size: u128 = match unit {
                "ns" => 1,
                "us" => 1_000,
                "ms" => 1_000_000,
                "s" | "sec" | "second" | "seconds" => 1_000_000_000,
                "m" | "min" | "minute" | "minutes" => 60_000_000_000,
                "h" | "hour" | "hours" => 3_600_000_000_000,
                "d" | "day" | "days" => 86_400_000_000_000,
                "w" | "week" | "weeks" => 7 * 86_400_000_000_000,
                "y" | "year" | "years" => 365 * 86_400_000_000_000,
                "M" | "month" | "months" => {
                    return fail("months differ in length; write days, for example \"30d\"".into());
                }
                "" => {
                    return fail(format!(
                        "{number} has no unit; write for example \"{number}s\" or \"{number}m\""
                    ));
                }
                other => return fail(format!("unknown unit {other:?}; known: ns us ms s m h d w y")),
            };
            total = total.saturating_add(decimal_times(number, size).map_err(DurationError)?);
        }
        match u64::try_from(total) {
            Ok(ns) if ns < u64::MAX => Ok(Duration(ns)),
            _ => fail(format!("{text:?} is longer than 584 years, the range of the clock")),
        }
    }
}

/// `number` (decimal digits with at most one point) times `size`, exact in integers, rounded down.
fn decimal_times(number: &str, size: u128) -> Result<u128, String> {
    let clean: String = number.chars().filter(|&c| c != '_').collect();
    let (whole, fraction) = clean.split_once('.').unwrap_or((&clean, ""));
    if fraction.contains('.') || (whole.is_empty() && fraction.is_empty()) {
        return Err(format!("{number:?} is not a number"));
    }
    if whole.len() > 20 || fraction.len() > 15 {
        return Err(format!("{number:?} has too many digits"));
    }
    let digits = |s: &str| if s.is_empty() { 0 } else { s.parse::<u128>().unwrap_or(0) };
    let scale = 10u128.pow(fraction.len() as u32);
    Ok(digits(whole).saturating_mul(size).saturating_add(digits(fraction) * size / scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_parse_exactly() {
        for (text, ns) in [
            ("90s", 90_000_000_000),
            ("1h 30m", 5_400_000_000_000),
            ("1h30m", 5_400_000_000_000),
            ("1.5h", 5_400_000_000_000),
            ("121.75d", 10_519_200_000_000_000),
            ("1y", 31_536_000_000_000_000),
            ("0s", 0),
        ] {
            assert_eq!(text.parse::<Duration>(), Ok(Duration::from_ns(ns)), "{text}");
        }
    }

    #[test]
    fn bad_durations_say_what_to_write() {
        for (text, part) in [
            ("", "empty"),
            ("15", "no unit"),
            ("3M", "days"),
            ("-1s", "number"),
            ("1 fortnight", "unknown unit"),
            ("600y", "584"),
        ] {
            let error = text.parse::<Duration>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn durations_print_two_units() {
        for (text, shown) in
            [("0s", "0s"), ("90s", "1m 30s"), ("1.5h", "1h 30m"), ("250ms", "250ms"), ("400d", "1y 35d")]
        {
            assert_eq!(text.parse::<Duration>().unwrap().to_string(), shown);
        }
    }
}
