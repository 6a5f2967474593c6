//! Expectations: what a scenario promises of its own results.

use super::outcome::Outcome;
use core::fmt;

/// A plain comparison with a figure's estimate.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub enum Comparison {
    /// Equal.
    Eq(f64),
    /// Not equal (an undefined figure is not compared).
    Ne(f64),
    /// Less.
    Lt(f64),
    /// Less or equal.
    Le(f64),
    /// Greater.
    Gt(f64),
    /// Greater or equal.
    Ge(f64),
    /// Between two numbers, both included.
    In(f64, f64),
    /// The figure is undefined: nothing of the kind happened.
    Undefined,
}

/// How far from a limit is still near enough.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub enum Slack {
    /// In the unit of the figure.
    Units(f64),
    /// As a share of the limit.
    Share(f64),
}

impl Comparison {
    /// The comparison that is satisfied, too, by what misses this one by no more than `slack`; `None` for those without a
    /// limit to be near to: `!=` and `undefined`.
    ///
    /// ```
    /// use zonefall::experiment::{Comparison, expect::Slack};
    /// assert_eq!(Comparison::Le(60.0).with(Slack::Units(3.0)), Some(Comparison::Le(63.0)));
    /// assert_eq!(Comparison::Eq(200.0).with(Slack::Share(0.05)), Some(Comparison::In(190.0, 210.0)));
    /// assert_eq!(Comparison::Undefined.with(Slack::Units(1.0)), None);
    /// ```
    pub fn with(self, slack: Slack) -> Option<Comparison> {
        let by = |limit: f64| match slack {
            Slack::Units(units) => units,
            Slack::Share(share) => share * limit.abs(),
        };
        Some(match self {
            // Without any slack it stays a matter of what was seen.
            Comparison::Eq(x) if by(x) == 0.0 => self,
            Comparison::Eq(x) => Comparison::In(x - by(x), x + by(x)),
            Comparison::In(a, b) => Comparison::In(a - by(a), b + by(b)),
            Comparison::Lt(x) => Comparison::Lt(x + by(x)),
            Comparison::Le(x) => Comparison::Le(x + by(x)),
            Comparison::Gt(x) => Comparison::Gt(x - by(x)),
            Comparison::Ge(x) => Comparison::Ge(x - by(x)),
            Comparison::Ne(_) | Comparison::Undefined => return None,
        })
    }

    /// Whether an estimate satisfies the comparison; `None` where an undefined one is compared with a number.
    pub fn holds(self, estimate: Option<f64>) -> Option<bool> {
        if self == Comparison::Undefined {
            return Some(estimate.is_none());
        }
        estimate.map(|x| match self {
            Comparison::Eq(y) => x == y,
            Comparison::Ne(y) => x != y,
            Comparison::Lt(y) => x < y,
            Comparison::Le(y) => x <= y,
            Comparison::Gt(y) => x > y,
            Comparison::Ge(y) => x >= y,
            Comparison::In(a, b) => a <= x && x <= b,
            Comparison::Undefined => false,
        })
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Comparison::Eq(x) => write!(f, "== {x}"),
            Comparison::Ne(x) => write!(f, "!= {x}"),
            Comparison::Lt(x) => write!(f, "< {x}"),
            Comparison::Le(x) => write!(f, "<= {x}"),
            Comparison::Gt(x) => write!(f, "> {x}"),
            Comparison::Ge(x) => write!(f, ">= {x}"),
            Comparison::In(a, b) => write!(f, "in {a} ..= {b}"),
            Comparison::Undefined => f.write_str("undefined"),
        }
    }
}

/// A text that is no comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoComparison;

/// Reads `== 0`, `!= 0`, `<= 1_000`, `in [1, 2]`, `undefined`.
impl core::str::FromStr for Comparison {
    type Err = NoComparison;

    fn from_str(text: &str) -> Result<Comparison, NoComparison> {
        parse(text).ok_or(NoComparison)
    }
}

/// Makes a comparison of a number.
type Make = fn(f64) -> Comparison;

fn parse(text: &str) -> Option<Comparison> {
    let text = text.trim();
    let number = |t: &str| {
        let clean: String = t.trim().chars().filter(|&c| c != '_').collect();
        clean.parse::<f64>().ok().filter(|n| n.is_finite())
    };
    if text == "undefined" {
        return Some(Comparison::Undefined);
    }
    if let Some(rest) = text.strip_prefix("in") {
        let (low, high) = rest.trim().strip_prefix('[')?.strip_suffix(']')?.split_once(',')?;
        let (low, high) = (number(low)?, number(high)?);
        return (low <= high).then_some(Comparison::In(low, high));
    }
    let operators: [(&str, Make); 6] = [
        ("==", Comparison::Eq),
        ("!=", Comparison::Ne),
        ("<=", Comparison::Le),
        (">=", Comparison::Ge),
        ("<", Comparison::Lt),
        (">", Comparison::Gt),
    ];
    operators.iter().find_map(|(word, make)| Some(make(number(text.strip_prefix(word)?)?)))
}

/// What became of an expectation.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// It holds.
    Met,
    /// It does not.
    Broken,
    /// The figure is undefined, so the comparison says nothing.
    Undefined,
    /// There is no such figure (or variant, or the bare id belongs to several subjects); names that come close.
    Unknown {
        /// Up to five ids, the closest first.
        close: Vec<String>,
    },
}

/// An expectation with what became of it.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct ExpectResult {
    /// The variant it is about.
    pub variant: String,
    /// The figure, as written.
    pub metric: String,
    /// What was promised.
    pub comparison: Comparison,
    /// The estimate it was compared with.
    pub estimate: Option<f64>,
    /// The result.
    pub verdict: Verdict,
    /// Documented rules that the promise shows (`c14`); the comparison itself knows of none.
    pub rules: Vec<String>,
}

/// Compares one figure of one variant with what was promised.
pub fn evaluate(outcome: &Outcome, variant: &str, metric: &str, comparison: Comparison) -> ExpectResult {
    let found = outcome.metric(variant, metric);
    let estimate = found.and_then(|m| m.estimate);
    let verdict = match found {
        None if class_cannot_happen(outcome, variant, metric) => match comparison.holds(None) {
            Some(true) => Verdict::Met,
            _ => Verdict::Undefined,
        },
        None => Verdict::Unknown { close: close_names(outcome, variant, metric) },
        Some(_) => match comparison.holds(estimate) {
            Some(true) => Verdict::Met,
            Some(false) => Verdict::Broken,
            None => Verdict::Undefined,
        },
    };
    let (variant, metric) = (variant.into(), metric.into());
    ExpectResult { variant, metric, comparison, estimate, verdict, rules: Vec::new() }
}

/// Whether the id only names a disruption class that this model cannot produce: a good name, nothing to show.
fn class_cannot_happen(outcome: &Outcome, variant: &str, metric: &str) -> bool {
    crate::sim::observe::Class::ALL.iter().any(|class| {
        let part = format!(".{}", class.word());
        let without = metric.replacen(&format!("{part}."), ".", 1);
        let without = if without == metric { metric.strip_suffix(&part).unwrap_or(metric) } else { &without };
        without != metric && outcome.metric(variant, without).is_some()
    })
}

fn close_names(outcome: &Outcome, variant: &str, metric: &str) -> Vec<String> {
    let Some(variant) = outcome.variant(variant) else {
        return Vec::new();
    };
    let wanted = metric.rsplit('/').next().unwrap_or(metric);
    let mut names: Vec<(usize, String)> =
        variant.metrics.iter().map(|m| (distance(wanted, &m.id), m.full_id())).collect();
    names.sort();
    names.truncate(5);
    names.into_iter().filter(|(d, _)| *d <= wanted.len().max(4) / 2).map(|(_, name)| name).collect()
}

/// Edits (insert, delete, replace) between two words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture;

    fn verdict(metric: &str, comparison: Comparison) -> Verdict {
        evaluate(&fixture::outcome(12), "base", metric, comparison).verdict
    }

    #[test]
    fn comparisons() {
        let cases = [
            (Comparison::Eq(60.0), true),
            (Comparison::Ne(60.0), false),
            (Comparison::Lt(60.0), false),
            (Comparison::Le(60.0), true),
            (Comparison::Gt(59.0), true),
            (Comparison::Ge(61.0), false),
            (Comparison::In(60.0, 61.0), true),
            (Comparison::In(0.0, 59.0), false),
            (Comparison::Undefined, false),
        ];
        for (comparison, holds) in cases {
            assert_eq!(comparison.holds(Some(60.0)), Some(holds), "{comparison}");
            let undefined = (comparison == Comparison::Undefined).then_some(true);
            assert_eq!(comparison.holds(None), undefined, "{comparison}");
        }
    }

    #[test]
    fn comparisons_are_read() {
        assert_eq!("== 0".parse(), Ok(Comparison::Eq(0.0)));
        assert_eq!(">=99.99".parse(), Ok(Comparison::Ge(99.99)));
        assert_eq!("< 1_000".parse(), Ok(Comparison::Lt(1000.0)));
        assert_eq!("in [1, 2.5]".parse(), Ok(Comparison::In(1.0, 2.5)));
        assert_eq!("undefined".parse(), Ok(Comparison::Undefined));
        for bad in ["", "0", "= 0", "== ", "== nan", "< inf", "in [2, 1]", "in 1, 2", "about 5"] {
            assert_eq!(bad.parse::<Comparison>(), Err(NoComparison), "{bad}");
        }
    }

    #[test]
    fn names_with_and_without_subject() {
        assert_eq!(verdict("availability.write", Comparison::Gt(0.999)), Verdict::Met);
        assert_eq!(verdict("orders/availability.write", Comparison::Gt(0.999)), Verdict::Met);
        assert_eq!(verdict("quorum/availability.block", Comparison::Eq(1.0)), Verdict::Broken);
        assert_eq!(verdict("occurrences_per_year", Comparison::Eq(4.5)), Verdict::Met);
    }

    #[test]
    fn what_did_not_happen_is_undefined() {
        assert_eq!(verdict("rto_seconds.read.max", Comparison::Eq(0.0)), Verdict::Undefined);
        assert_eq!(verdict("rto_seconds.read.max", Comparison::Undefined), Verdict::Met);
        assert_eq!(verdict("rto_seconds.write.max", Comparison::Undefined), Verdict::Broken);
        // The model has no link faults: a known name all the same.
        assert_eq!(verdict("rto_seconds.write.link.max", Comparison::Undefined), Verdict::Met);
        assert_eq!(verdict("rto_seconds.write.link.max", Comparison::Le(1.0)), Verdict::Undefined);
        assert_eq!(verdict("outages_per_year.write.link", Comparison::Undefined), Verdict::Met);
    }

    #[test]
    fn unknown_names_get_suggestions() {
        let Verdict::Unknown { close } = verdict("availabilty.wriet", Comparison::Gt(0.0)) else {
            panic!("a wrong name was found");
        };
        assert_eq!(close[0], "orders/availability.write");
        let stranger = evaluate(&fixture::outcome(2), "nobody", "availability", Comparison::Gt(0.0));
        assert_eq!(stranger.verdict, Verdict::Unknown { close: vec![] });
    }

    #[test]
    fn a_bare_name_of_two_subjects_is_ambiguous() {
        let mut outcome = fixture::outcome(2);
        let mut twin = outcome.variants[0].metric("availability.write").unwrap().clone();
        twin.subject = "carts".into();
        outcome.variants[0].metrics.push(twin);
        let result = evaluate(&outcome, "base", "availability.write", Comparison::Gt(0.0));
        let Verdict::Unknown { close } = result.verdict else { panic!("ambiguous, yet found") };
        assert_eq!(close[..2], ["carts/availability.write", "orders/availability.write"]);
    }
}
