//! Axes: where values lie, and which of them are named.

use super::theme::SMALL;
use super::words::Period;
use super::{font, scene::Point};
use crate::stats::number::{self, significant};

/// Where values lie along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    /// Values at the two ends, in the units of the axis.
    from: f64,
    to: f64,
    logarithmic: bool,
    /// Pixels of the two ends.
    ends: Point,
}

/// A value of an axis with its label.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub(crate) at: f64,
    pub(crate) label: String,
}

impl Scale {
    /// Equal steps for equal differences.
    pub(crate) fn linear(from: f64, to: f64, ends: Point) -> Scale {
        Scale { from, to: if to > from { to } else { from + 1.0 }, logarithmic: false, ends }
    }

    /// Equal steps for equal ratios; both values are positive.
    pub(crate) fn logarithmic(from: f64, to: f64, ends: Point) -> Scale {
        let from = from.max(f64::MIN_POSITIVE);
        Scale { from, to: if to > from { to } else { from * 10.0 }, logarithmic: true, ends }
    }

    /// The pixel of a value; values outside lie at the ends.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let value = value.clamp(self.from, self.to);
        let share = match self.logarithmic {
            true => libm::log(value / self.from) / libm::log(self.to / self.from),
            false => (value - self.from) / (self.to - self.from),
        };
        self.ends.0 + share * (self.ends.1 - self.ends.0)
    }

    fn holds(&self, value: f64) -> bool {
        let slack = 1e-9 * (self.to - self.from);
        value >= self.from - slack && value <= self.to + slack
    }

    /// The ticks that lie on the axis and whose labels leave each other room, the first ones first.
    pub(crate) fn thin(&self, candidates: impl IntoIterator<Item = Tick>) -> Vec<Tick> {
        let mut kept: Vec<(f64, f64, Tick)> = Vec::new();
        for tick in candidates.into_iter().filter(|t| self.holds(t.at)) {
            let label = tick.label.lines().map(|line| font::width(line, SMALL, false)).fold(0.0, f64::max);
            let (at, half) = (self.at(tick.at), label / 2.0 + 5.0);
            if kept.iter().all(|(other, room, _)| (at - other).abs() >= half + room) {
                kept.push((at, half, tick));
            }
        }
        kept.sort_by(|a, b| a.2.at.total_cmp(&b.2.at));
        kept.into_iter().map(|(_, _, tick)| tick).collect()
    }

    /// Round numbers, about `wanted` of them (logarithmic axes: powers of ten and what fits between).
    pub(crate) fn ticks(&self, wanted: f64) -> Vec<Tick> {
        let tick = |at: f64, decimals: usize| Tick { at, label: number::fixed(at, decimals) };
        if !self.logarithmic {
            let step = round_step((self.to - self.from) / wanted);
            let decimals = (-libm::floor(libm::log10(step) + 1e-9)).clamp(0.0, 9.0) as usize;
            let first = libm::ceil(self.from / step - 1e-9);
            let count = libm::floor((self.to - first * step) / step + 1e-9).clamp(0.0, 1000.0) as usize;
            return (0..=count).map(|i| tick((first + i as f64) * step, decimals)).collect();
        }
        self.thin(self.decimal())
    }

    /// Powers of ten on a logarithmic axis, and 3, 2 and 5 times them.
    pub(crate) fn decimal(&self) -> Vec<Tick> {
        let (low, high) = (libm::floor(libm::log10(self.from)), libm::ceil(libm::log10(self.to)));
        let powers = || (0..=(high - low) as i32).map(move |i| low as i32 + i);
        let named = |digit: f64| {
            powers().map(move |p| {
                let at = digit * power_of_ten(p);
                Tick { at, label: significant(at, 1) }
            })
        };
        [1.0, 3.0, 2.0, 5.0].into_iter().flat_map(named).collect()
    }

    /// The ticks that lie on an axis upwards and leave each other room, the first ones first.
    pub(crate) fn climb(&self, candidates: impl IntoIterator<Item = Tick>) -> Vec<Tick> {
        let mut kept: Vec<Tick> = Vec::new();
        for tick in candidates.into_iter().filter(|t| self.holds(t.at)) {
            if kept.iter().all(|other| (self.at(other.at) - self.at(tick.at)).abs() >= 20.0) {
                kept.push(tick);
            }
        }
        kept.sort_by(|a, b| a.at.total_cmp(&b.at));
        kept
    }

    /// Lengths of time that people say, on an axis of seconds.
    pub(crate) fn times(&self) -> Vec<Tick> {
        self.thin(Scale::all_times())
    }

    /// All of them, the most usual ones first.
    pub(crate) fn all_times() -> impl Iterator<Item = Tick> {
        const TIMES: [&[(f64, &str)]; 3] = [
            &[
                (1.0, "1 s"),
                (60.0, "1 min"),
                (3600.0, "1 h"),
                (86_400.0, "1 d"),
                (0.001, "1 ms"),
                (31_536_000.0, "1 y"),
            ],
            &[
                (10.0, "10 s"),
                (600.0, "10 min"),
                (36_000.0, "10 h"),
                (864_000.0, "10 d"),
                (0.1, "100 ms"),
                (0.01, "10 ms"),
            ],
            &[
                (30.0, "30 s"),
                (300.0, "5 min"),
                (1800.0, "30 min"),
                (7200.0, "2 h"),
                (18_000.0, "5 h"),
                (172_800.0, "2 d"),
                (432_000.0, "5 d"),
                (2_592_000.0, "30 d"),
                (8_640_000.0, "100 d"),
                (2.0, "2 s"),
                (5.0, "5 s"),
                (20.0, "20 s"),
                (120.0, "2 min"),
                (1200.0, "20 min"),
            ],
        ];
        let named = TIMES.iter().flat_map(|level| level.iter());
        named.map(|&(at, label)| Tick { at, label: label.into() })
    }

    /// Lengths of time in one unit on an axis from zero; a second is so much of the axis's unit.
    pub(crate) fn lengths(&self, second: f64) -> Vec<Tick> {
        let most = self.to / second;
        let (size, unit) = match most {
            m if m < 120.0 => (1.0, "s"),
            m if m < 9000.0 => (60.0, "min"),
            m if m < 180_000.0 => (3600.0, "h"),
            _ => (86_400.0, "d"),
        };
        let step = round_step(most / size / 5.0);
        let count = libm::floor(most / size / step + 1e-9).clamp(0.0, 20.0) as usize;
        let tick = |i: usize| {
            let x = i as f64 * step;
            Tick { at: x * size * second, label: format!("{} {unit}", compact(x)) }
        };
        (0..=count).map(tick).collect()
    }

    /// Availabilities on an axis of nines, each with the downtime it leaves in a period.
    pub(crate) fn nines(&self, period: &Period) -> Vec<Tick> {
        let level = |digit: f64| {
            (0..13).map(move |whole| {
                let unavailability = digit * power_of_ten(-whole);
                let decimals = (whole - 2 + i32::from(digit < 1.0)).max(0) as usize;
                let label = format!(
                    "{:.decimals$} %\n{}",
                    100.0 - 100.0 * unavailability,
                    period.told(unavailability)
                );
                Tick { at: nines(unavailability), label }
            })
        };
        self.thin([1.0, 0.5, 0.2].into_iter().flat_map(level).filter(|t| t.at <= 12.0))
    }
}

/// Ten to a whole power, as exact as a decimal number can be.
fn power_of_ten(power: i32) -> f64 {
    format!("1e{power}").parse().unwrap_or(1.0)
}

/// The nines of an unavailability: −log₁₀ of it.
pub(crate) fn nines(unavailability: f64) -> f64 {
    0.0 - libm::log10(unavailability.max(1e-15))
}

/// A number with up to three digits, large ones in millions and thousand millions.
pub(crate) fn compact(x: f64) -> String {
    let (size, unit) = match x {
        x if x >= 1e9 => (1e9, " G"),
        x if x >= 1e6 => (1e6, " M"),
        x if x >= 1000.0 => return number::fixed(x, 0),
        _ => (1.0, ""),
    };
    let text = significant(x / size, 3);
    let short = match text.contains('.') && !text.contains('e') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    format!("{short}{unit}")
}

/// The nearest of 1, 2 and 5 times a power of ten that is not smaller.
pub(crate) fn round_step(step: f64) -> f64 {
    let power = power_of_ten(libm::floor(libm::log10(step.max(1e-300))) as i32);
    let digit = [1.0, 2.0, 5.0].into_iter().find(|digit| digit * power >= step * (1.0 - 1e-9));
    digit.unwrap_or(10.0) * power
}

/// Minutes as a length of time with two digits: `45 s`, `5.3 min`, `3.7 d`.
pub(crate) fn minutes(minutes: f64) -> String {
    let (size, unit) = unit(minutes);
    format!("{} {unit}", two_digits(minutes / size))
}

/// Seconds as a length of time with two digits: `250 ms`, `41 s`, `5.3 min`.
pub(crate) fn seconds(seconds: f64) -> String {
    match seconds {
        s if s <= 0.0 => "0 s".into(),
        s if s < 0.9995 => format!("{} ms", two_digits(s * 1000.0)),
        s if s < 120.0 => format!("{} s", two_digits(s)),
        s => minutes(s / 60.0),
    }
}

/// Minutes with their interval, in one unit: `5.3 min (4.9–5.7)`.
pub(crate) fn minutes_within(estimate: f64, low: f64, high: f64) -> String {
    let (size, unit) = unit(estimate);
    let [estimate, low, high] = [estimate, low, high].map(|x| two_digits(x / size));
    format!("{estimate} {unit} ({low}–{high})")
}

/// The unit for so many minutes, and minutes in it.
fn unit(minutes: f64) -> (f64, &'static str) {
    match minutes {
        m if m > 0.0 && m < 1.0 => (1.0 / 60.0, "s"),
        m if m < 120.0 && m != 60.0 => (1.0, "min"),
        m if m < 48.0 * 60.0 => (60.0, "h"),
        _ => (1440.0, "d"),
    }
}

fn two_digits(value: f64) -> String {
    let shown = match value {
        v if v < 0.095 => significant(v, 2),
        // Halves up, as people do.
        v if v < 9.95 => number::fixed(libm::floor(v * 10.0 + 0.5) / 10.0, 1),
        v => number::fixed(libm::floor(v + 0.5), 0),
    };
    shown.strip_suffix(".0").map_or(shown.clone(), str::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: Vec<Tick>) -> Vec<String> {
        ticks.into_iter().map(|t| t.label.replace('\n', ", ")).collect()
    }

    fn year() -> Period {
        Period { minutes: 525_600.0, words: "a year".into(), within: "in a year".into() }
    }

    #[test]
    fn nines_are_named_as_percentages() {
        let scale = Scale::linear(1.0, 5.0, (0.0, 400.0));
        assert_eq!(
            labels(scale.nines(&year())),
            [
                "90 %, 37 d a year",
                "99 %, 3.7 d a year",
                "99.9 %, 8.8 h a year",
                "99.99 %, 53 min a year",
                "99.999 %, 5.3 min a year"
            ]
        );
        let near = Scale::linear(3.0, 4.5, (0.0, 600.0));
        let shown = labels(near.nines(&year()));
        for part in ["99.9 %", "99.95 %", "99.98 %", "99.99 %", "99.995 %"] {
            assert!(shown.iter().any(|label| label.starts_with(part)), "{part} in {shown:?}");
        }
        assert_eq!(labels(Scale::linear(0.0, 1.0, (0.0, 400.0)).nines(&year()))[0], "0 %, 365 d a year");
    }

    #[test]
    fn round_numbers() {
        let ticks = |from, to| labels(Scale::linear(from, to, (0.0, 300.0)).ticks(5.0));
        assert_eq!(ticks(0.0, 46.0), ["0", "10", "20", "30", "40"]);
        assert_eq!(ticks(0.3, 0.9), ["0.4", "0.6", "0.8"]);
        assert_eq!(ticks(0.0, 0.0), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        let log = labels(Scale::logarithmic(0.5, 2000.0, (0.0, 300.0)).ticks(5.0));
        assert!(["1", "10", "100", "1 000"].iter().all(|t| log.contains(&t.to_string())), "{log:?}");
    }

    #[test]
    fn lengths_have_one_unit() {
        let ticks = |most, second| labels(Scale::linear(0.0, most, (0.0, 300.0)).lengths(second));
        assert_eq!(ticks(22_000.0, 1.0 / 60.0), ["0 d", "5 d", "10 d", "15 d"]);
        assert_eq!(ticks(170.0, 1.0 / 60.0), ["0 h", "1 h", "2 h"]);
        assert_eq!(ticks(0.5, 1.0 / 60.0), ["0 s", "10 s", "20 s", "30 s"]);
        assert_eq!(ticks(7300.0, 1.0), ["0 min", "50 min", "100 min"]);
    }

    #[test]
    fn labels_leave_each_other_room() {
        for (from, to) in [(1.0, 86_400.0), (0.001, 1e8), (55.0, 70.0), (3600.0, 7200.0)] {
            let scale = Scale::logarithmic(from, to, (0.0, 250.0));
            let ticks = scale.times();
            for pair in ticks.windows(2) {
                let room = |t: &Tick| font::width(&t.label, SMALL, false) / 2.0;
                assert!(scale.at(pair[1].at) - scale.at(pair[0].at) > room(&pair[0]) + room(&pair[1]));
            }
        }
        let day = Scale::logarithmic(1.0, 86_400.0, (0.0, 250.0)).times();
        assert!(["1 s", "1 min", "1 h", "1 d"].iter().all(|l| day.iter().any(|t| t.label == *l)), "{day:?}");
    }

    #[test]
    fn lengths_of_time() {
        for (given, shown) in [
            (0.0, "0 min"),
            (0.7, "42 s"),
            (5.256, "5.3 min"),
            (52.56, "53 min"),
            (525.6, "8.8 h"),
            (5256.0, "3.7 d"),
        ] {
            assert_eq!(minutes(given), shown);
        }
        for (given, shown) in
            [(0.0, "0 s"), (0.25, "250 ms"), (41.2, "41 s"), (200.0, "3.3 min"), (9e4, "25 h")]
        {
            assert_eq!(seconds(given), shown);
        }
    }

    #[test]
    fn intervals_share_a_unit() {
        assert_eq!(minutes_within(5.256, 0.5, 120.0), "5.3 min (0.5–120)");
        assert_eq!(minutes_within(190.0, 150.0, 216.0), "3.2 h (2.5–3.6)");
        assert_eq!(minutes_within(0.0067, 0.0, 0.0105), "0.4 s (0–0.6)");
    }

    #[test]
    fn large_numbers_are_short() {
        for (given, shown) in [
            (0.0, "0"),
            (2.5, "2.5"),
            (2.0, "2"),
            (4477.0, "4 477"),
            (1.18e6, "1.18 M"),
            (2e9, "2 G"),
            (0.01, "0.01"),
        ] {
            assert_eq!(compact(given), shown);
        }
    }

    #[test]
    fn values_outside_lie_at_the_ends() {
        let scale = Scale::logarithmic(1.0, 100.0, (10.0, 30.0));
        assert_eq!([0.0, 1.0, 10.0, 100.0, 1e9].map(|x| scale.at(x)), [10.0, 10.0, 20.0, 30.0, 30.0]);
    }
}
