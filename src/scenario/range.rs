//! Ranges of a sweep: `{ from = 1, to = 10, step = 1 }`, `{ from = "1h", to = "24h", points = 5, scale = "log" }`.

use super::context::Problem;
use super::diagnostic::code;
use super::plans::MAX_VARIANTS;
use super::reader::{Item, Reader};
use super::tree::{Kind, Value};
use crate::rng::math;
use crate::units::UNITS;

/// Largest whole number of a range: sums and products of two stay far inside their integers.
const MAX_WHOLE: i128 = 1 << 62;

/// How points are spaced.
pub(super) const SCALES: [&str; 2] = ["linear", "log"];

/// An end of a range, or its step.
#[derive(Clone, Copy)]
enum Quantity {
    Integer(i128),
    Number(f64),
    /// In nanoseconds.
    Time(i128),
}

/// How a range is cut.
enum Cut {
    Step(Quantity),
    Points { n: usize, log: bool },
}

/// The values of a range: integers between integers, else numbers or durations.
pub(super) fn values(item: &Item<'_>) -> Option<Vec<Value>> {
    let r = item.table()?;
    let ends = (r.require("from", "1"), r.require("to", "10"));
    let cut = cut(&r);
    let (from, to) = (ends.0.and_then(|i| quantity(&i)), ends.1.and_then(|i| quantity(&i)));
    let largest = largest_unit(&r);
    r.close();
    let (from, to, cut) = (from?, to?, cut?);
    let time = |ns| Kind::Text(written(ns, largest));
    let kinds = match (from, to, &cut) {
        (Quantity::Time(a), Quantity::Time(b), Cut::Step(Quantity::Time(step))) => {
            whole_steps(item, a, b, *step)?.into_iter().map(time).collect()
        }
        (Quantity::Time(a), Quantity::Time(b), Cut::Points { n, log }) => {
            whole_points(item, (a, b), *n, *log, rounded)?.into_iter().map(time).collect()
        }
        (Quantity::Integer(a), Quantity::Integer(b), Cut::Step(Quantity::Integer(step))) => {
            whole_steps(item, a, b, *step)?.into_iter().map(Kind::Integer).collect()
        }
        (Quantity::Integer(a), Quantity::Integer(b), Cut::Points { n, log }) => {
            let nearest = |x: f64| (x + 0.5).floor() as i128;
            whole_points(item, (a, b), *n, *log, nearest)?.into_iter().map(Kind::Integer).collect()
        }
        _ => numbers(item, from, to, cut)?,
    };
    distinct(item, kinds)
}

fn numbers(item: &Item<'_>, from: Quantity, to: Quantity, cut: Cut) -> Option<Vec<Kind>> {
    let number = |q: Quantity| match q {
        Quantity::Integer(n) => Some(n as f64),
        Quantity::Number(x) => Some(x),
        Quantity::Time(_) => None,
    };
    let step = match cut {
        Cut::Step(step) => number(step),
        Cut::Points { .. } => Some(0.0),
    };
    let (Some(a), Some(b), Some(step)) = (number(from), number(to), step) else {
        let message = format!("`{}` mixes durations and numbers", item.path);
        item.error(Problem::new(code::WRONG_TYPE, message, "all must be durations, or all numbers"));
        return None;
    };
    let (values, digits) = match cut {
        Cut::Step(_) => {
            let count = ascending(item, a < b, step > 0.0).then(|| ((b - a) / step + 1e-9).floor())?;
            fits(item, count < MAX_VARIANTS as f64)?;
            ((0..=count as u32).map(|i| a + f64::from(i) * step).collect(), 12)
        }
        Cut::Points { n, log } => (points(item, a, b, n, log)?, 4),
    };
    let last = values.len() - 1;
    let exact = |i: usize| matches!(cut, Cut::Points { .. }) && (i == 0 || i == last);
    let round = |(i, x): (usize, f64)| Kind::Float(if exact(i) { x } else { digits_of(x, digits) });
    Some(values.into_iter().enumerate().map(round).collect())
}

/// `step` or `points`, and the scale.
fn cut(r: &Reader<'_>) -> Option<Cut> {
    r.exclusive(&["step", "points"]);
    let log = r.get("scale").map_or(Some(0), |i| i.word(&SCALES)).map(|i| i == 1);
    match (r.get("step"), r.get("points")) {
        (None, None) => {
            let message = format!("`{}` does not say how many values there are", r.path);
            r.error(Problem::new(code::MISSING_KEY, message, "needs `step` or `points`"));
            None
        }
        (Some(step), _) => {
            r.refuse("scale", "steps are equal; give `points` to space values by a scale");
            quantity(&step).map(Cut::Step)
        }
        (None, Some(n)) => {
            let n = n.integer(2..=MAX_VARIANTS as u64)?;
            log.map(|log| Cut::Points { n: n as usize, log })
        }
    }
}

fn quantity(item: &Item<'_>) -> Option<Quantity> {
    match item.value.kind {
        Kind::Integer(n) if n.abs() <= MAX_WHOLE => Some(Quantity::Integer(n)),
        Kind::Float(x) if x.is_finite() => Some(Quantity::Number(x)),
        Kind::Text(_) => item.duration().map(|d| Quantity::Time(i128::from(d.ns()))),
        Kind::Integer(_) | Kind::Float(_) => {
            let message = format!("`{}` is out of range", item.path);
            item.error(Problem::new(code::OUT_OF_RANGE, message, "too large to count from"));
            None
        }
        _ => {
            item.wrong_type("a number or a duration");
            None
        }
    }
}

/// Whether a range goes upwards in upward steps; else that is reported.
fn ascending(item: &Item<'_>, ends: bool, step: bool) -> bool {
    if !ends {
        let message = format!("`{}` does not go upwards", item.path);
        let problem = Problem::new(code::SWEEP, message, "`to` must be more than `from`");
        item.error(problem.help("a list may have any order"));
    } else if !step {
        let message = format!("`{}` never arrives", item.path);
        item.error(Problem::new(code::SWEEP, message, "`step` must be more than 0"));
    }
    ends && step
}

fn fits(item: &Item<'_>, fits: bool) -> Option<()> {
    if !fits {
        let message = format!("`{}` has too many values", item.path);
        let label = format!("a scenario has at most {MAX_VARIANTS} variants besides the file as written");
        item.error(Problem::new(code::LIMIT, message, label).help("take a larger step, or give `points`"));
    }
    fits.then_some(())
}

/// From one end in equal steps as far as the other.
fn whole_steps(item: &Item<'_>, from: i128, to: i128, step: i128) -> Option<Vec<i128>> {
    let count = ascending(item, from < to, step > 0).then(|| (to - from) / step)?;
    fits(item, count < MAX_VARIANTS as i128)?;
    Some((0..=count).map(|i| from + i * step).collect())
}

/// So many whole values, both ends among them as they are.
fn whole_points(
    item: &Item<'_>,
    (from, to): (i128, i128),
    n: usize,
    log: bool,
    round: impl Fn(f64) -> i128,
) -> Option<Vec<i128>> {
    let values = points(item, from as f64, to as f64, n, log)?;
    let mut whole: Vec<i128> = values.into_iter().map(round).collect();
    (whole[0], whole[n - 1]) = (from, to);
    Some(whole)
}

/// So many values, both ends among them.
fn points(item: &Item<'_>, from: f64, to: f64, n: usize, log: bool) -> Option<Vec<f64>> {
    if !ascending(item, from < to, true) {
        return None;
    }
    if log && from <= 0.0 {
        let message = format!("`{}` cannot be spaced by a logarithm", item.path);
        let problem = Problem::new(code::SWEEP, message, "`from` must be more than 0");
        item.error(problem.help("begin above 0, or take `scale = \"linear\"`"));
        return None;
    }
    let last = (n - 1) as f64;
    let between = |i: usize| match i as f64 / last {
        _ if i == 0 => from,
        _ if i == n - 1 => to,
        share if log => from * math::pow(to / from, share),
        share => from + (to - from) * share,
    };
    Some((0..n).map(between).collect())
}

/// Nanoseconds, rounded so that people can read them: to the hour from a day on, to the minute from an hour on, to the
/// second from a minute on, to the millisecond from a second on.
fn rounded(ns: f64) -> i128 {
    const GRAINS: [(f64, f64); 4] = [(86_400e9, 3_600e9), (3_600e9, 60e9), (60e9, 1e9), (1e9, 1e6)];
    let unit = GRAINS.iter().find(|(from, _)| ns >= *from).map_or(1.0, |(_, unit)| *unit);
    ((ns / unit + 0.5).floor() * unit) as i128
}

/// The largest unit that somebody uses who writes a range: values between are written alike, `36h` and not `1d 12h`.
fn largest_unit(r: &Reader<'_>) -> usize {
    let texts = r.table.entries.iter().filter_map(|e| match &e.value.kind {
        Kind::Text(text) => Some(text.as_str()),
        _ => None,
    });
    let words: Vec<&str> = texts.flat_map(|t| t.split(|c: char| !c.is_ascii_alphabetic())).collect();
    UNITS.iter().position(|(_, unit)| words.contains(unit)).unwrap_or(0)
}

/// A duration as it is written, exactly, in units from this one on.
fn written(ns: i128, largest: usize) -> String {
    let mut rest = ns;
    let mut parts = Vec::new();
    for &(size, unit) in &UNITS[largest..] {
        let size = i128::from(size);
        if rest >= size {
            parts.push(format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    if parts.is_empty() { "0s".into() } else { parts.join(" ") }
}

/// A number rounded to so many significant digits.
fn digits_of(x: f64, digits: usize) -> f64 {
    format!("{x:.*e}", digits - 1).parse().unwrap_or(x)
}

/// The values at the place of the range; equal ones are reported.
fn distinct(item: &Item<'_>, kinds: Vec<Kind>) -> Option<Vec<Value>> {
    if kinds.windows(2).any(|pair| pair[0] == pair[1]) {
        let message = format!("`{}` has more values than there are between its ends", item.path);
        let label = "some are equal once rounded";
        item.error(Problem::new(code::DUPLICATE, message, label).help("give fewer `points`"));
        return None;
    }
    Some(kinds.into_iter().map(|kind| Value { at: item.value.at.clone(), kind }).collect())
}
