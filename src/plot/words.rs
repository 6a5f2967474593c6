//! Findings in words, true whatever the data.

use super::font;
use super::scale::minutes;
use crate::experiment::catalogue::MINUTES_PER_YEAR;
use crate::experiment::sweep::{Axis, Coordinate};
use crate::experiment::{Outcome, VariantOutcome};
use crate::units::Duration;

/// What rates are told for: a year, or the horizon where it is shorter, as "15 d a year" misleads about 26 days.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Period {
    /// Its length.
    pub(crate) minutes: f64,
    /// `a year`, `in 26 d`.
    pub(crate) words: String,
    /// `in a year`, `in 26 d`.
    pub(crate) within: String,
}

impl Period {
    /// A year, unless all variants have the same shorter horizon.
    pub(crate) fn of(outcome: &Outcome) -> Period {
        let mut horizons = outcome.variants.iter().map(|v| v.horizon);
        let year = Period { minutes: MINUTES_PER_YEAR, words: "a year".into(), within: "in a year".into() };
        match horizons.next() {
            Some(first) if first < Duration::YEAR && horizons.all(|h| h == first) => {
                let length = first.as_secs_f64() / 60.0;
                let words = format!("in {}", minutes(length));
                Period { minutes: length, within: words.clone(), words }
            }
            _ => year,
        }
    }

    /// Minutes of a year as minutes of the period.
    pub(crate) fn scale(&self, per_year: f64) -> f64 {
        if self.minutes == MINUTES_PER_YEAR { per_year } else { per_year * self.minutes / MINUTES_PER_YEAR }
    }

    /// What fails of a share, with its period: `53 min a year`.
    pub(crate) fn told(&self, share: f64) -> String {
        format!("{} {}", minutes(share * self.minutes), self.words)
    }
}

/// A setting of a sweep, so that it is clear without its neighbours: `region-outage.per_year`.
pub(crate) fn setting(axis: &Axis) -> String {
    // Quoted parts may hold dots.
    let parts: Vec<&str> = axis.path.split('.').collect();
    if axis.label.contains('.') || axis.path.contains('"') || parts.len() < 2 {
        return axis.label.clone();
    }
    parts[parts.len() - 2..].join(".")
}

/// One name for variants that are drawn as one: what only the points of a sweep among them have in common, else all of
/// their names.
pub(crate) fn together(outcome: &Outcome, members: &[usize]) -> String {
    let variants: Vec<&VariantOutcome> = members.iter().map(|&i| &outcome.variants[i]).collect();
    let (points, others): (Vec<&VariantOutcome>, Vec<_>) =
        variants.into_iter().partition(|v| !v.point.is_empty());
    let mut names: Vec<String> = others.iter().map(|v| v.name.clone()).collect();
    let has =
        |v: &VariantOutcome, c: &Coordinate| v.point.iter().any(|d| d.path == c.path && d.label == c.label);
    let first = points.first().map_or(&[][..], |v| &v.point);
    let common: Vec<&Coordinate> = first.iter().filter(|c| points.iter().all(|v| has(v, c))).collect();
    let all = outcome.variants.iter().filter(|v| common.iter().all(|c| has(v, c))).count();
    if points.len() > 1 && !common.is_empty() && all == points.len() {
        names.push(format!("{} ({all})", outcome.name_point(common.into_iter())));
    } else {
        names.extend(points.iter().map(|v| v.name.clone()));
    }
    names.join(" / ")
}

/// A variant's figure that is better when smaller.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: f64,
    pub(crate) low: Option<f64>,
    pub(crate) high: Option<f64>,
}

/// Who comes first, and how certain that is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ranking<'a> {
    /// Nothing to rank.
    None,
    /// The only one.
    Only(Entry<'a>),
    /// All the same.
    Equal(f64),
    /// The least of them with its value, who else has it exactly, who is within the intervals, and the largest.
    Least { first: Entry<'a>, ties: usize, near: usize, most: Entry<'a> },
}

/// Ranks by value; the order of equals stays.
pub(crate) fn rank<'a>(mut entries: Vec<Entry<'a>>) -> Ranking<'a> {
    entries.retain(|e| e.value.is_finite());
    let Some(first) = entries.iter().min_by(|a, b| a.value.total_cmp(&b.value)).cloned() else {
        return Ranking::None;
    };
    if entries.len() == 1 {
        return Ranking::Only(first);
    }
    let ties = entries.iter().filter(|e| e.value == first.value).count() - 1;
    if ties + 1 == entries.len() {
        return Ranking::Equal(first.value);
    }
    let apart = |e: &Entry<'_>| matches!((first.high, e.low), (Some(high), Some(low)) if high < low);
    let near = entries.iter().filter(|e| e.value > first.value && !apart(e)).count();
    let most = entries.iter().rev().max_by(|a, b| a.value.total_cmp(&b.value)).cloned();
    let most = most.unwrap_or_else(|| first.clone());
    Ranking::Least { first, ties, near, most }
}

/// A name that is not too long for a sentence.
pub(crate) fn short(name: &str) -> String {
    const MOST: usize = 52;
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= MOST { name.into() } else { font::shorten(&letters, MOST - 1) }
}

/// `and 2 others` for the ones that share a place.
pub(crate) fn and_others(name: &str, others: usize) -> String {
    match others {
        0 => short(name),
        1 => format!("{} and one other", short(name)),
        n => format!("{} and {n} others", short(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture;

    fn entry(name: &str, value: f64, half: f64) -> Entry<'_> {
        Entry { name, value, low: Some(value - half), high: Some(value + half) }
    }

    #[test]
    fn ranks() {
        assert_eq!(rank(vec![]), Ranking::None);
        assert_eq!(rank(vec![entry("a", f64::NAN, 0.0)]), Ranking::None);
        assert_eq!(rank(vec![entry("a", 1.0, 0.0)]), Ranking::Only(entry("a", 1.0, 0.0)));
        assert_eq!(rank(vec![entry("a", 2.0, 0.0), entry("b", 2.0, 0.0)]), Ranking::Equal(2.0));
        let list =
            vec![entry("a", 9.0, 1.0), entry("b", 2.0, 1.0), entry("c", 3.0, 1.0), entry("d", 9.0, 1.0)];
        let Ranking::Least { first, ties, near, most } = rank(list) else { panic!("not ranked") };
        assert_eq!((first.name, ties, near, most.name), ("b", 0, 1, "a"));
        // Without intervals nothing is told apart.
        let bare = |name, value| Entry { name, value, low: None, high: None };
        let Ranking::Least { near, .. } = rank(vec![bare("a", 1.0), bare("b", 5.0)]) else {
            panic!("not ranked")
        };
        assert_eq!(near, 1);
    }

    #[test]
    fn names_in_sentences() {
        assert_eq!(and_others("a", 0), "a");
        assert_eq!(and_others("a", 2), "a and 2 others");
        let long = short(&format!("{}begin and end{}", "x".repeat(30), "y".repeat(30)));
        assert_eq!(long.chars().count(), 52);
        assert!(long.starts_with('x') && long.contains('…') && long.ends_with('y'), "{long}");
    }

    #[test]
    fn settings_are_clear_alone() {
        let axis = |path: &str, label: &str| Axis {
            path: path.into(),
            label: label.into(),
            unit: "",
            values: vec![],
        };
        for (path, label, shown) in [
            ("fault.region-outage.per_year", "per_year", "region-outage.per_year"),
            ("store.orders.backup.interval", "orders.backup.interval", "orders.backup.interval"),
            ("fault.\"a.b\".mtbf", "mtbf", "mtbf"),
            ("seed", "seed", "seed"),
        ] {
            assert_eq!(setting(&axis(path, label)), shown);
        }
    }

    #[test]
    fn rates_are_told_for_what_was_simulated() {
        let mut outcome = fixture::outcome(3);
        outcome.variants[0].horizon = Duration::YEAR;
        let year = Period::of(&outcome);
        assert_eq!((year.told(1e-4).as_str(), year.scale(7.0)), ("53 min a year", 7.0));
        outcome.variants[0].horizon = Duration::from_secs(26 * 86_400);
        let short = Period::of(&outcome);
        // 1/24 of 26 d; 365/24 d of a year.
        assert_eq!(short.told(1.0 / 24.0), "26 h in 26 d");
        assert!((short.scale(365.0 * 60.0) - 1560.0).abs() < 1e-9);
    }

    #[test]
    fn variants_drawn_as_one_have_one_name() {
        let mut outcome = fixture::outcome(3);
        let first = outcome.variants[0].clone();
        let at = |path: &str, label: &str| Coordinate {
            path: path.into(),
            label: label.into(),
            value: None,
            unit: "",
        };
        let variant = |(a, b): (&str, &str)| VariantOutcome {
            name: format!("{a}{b}"),
            point: vec![at("s.a", a), at("s.b", b)],
            ..first.clone()
        };
        outcome.variants = [("1", "x"), ("2", "x"), ("1", "y")].map(variant).into();
        assert_eq!(together(&outcome, &[0]), "1x");
        assert_eq!(together(&outcome, &[0, 1]), "s.b = x (2)");
        assert_eq!(together(&outcome, &[1, 2]), "2x / 1y");
        outcome.variants.push(VariantOutcome { name: "base".into(), point: vec![], ..first });
        assert_eq!(together(&outcome, &[0, 1, 3]), "base / s.b = x (2)");
    }
}
