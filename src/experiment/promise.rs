//! What a scenario promises, and whether its results keep it: for certain, for certain not, or undecided.

use super::expect::Comparison;
use super::metric::Metric;
use super::worst::Worst;
use crate::stats::Confidence;
use crate::stats::interval::unseen_probability;
use crate::stats::number::significant;

/// A promise about one figure of one variant.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Promise {
    /// Where it is made.
    pub source: Source,
    /// The variant it is about.
    pub variant: String,
    /// The figure, as `ID` or `SUBJECT/ID`.
    pub metric: String,
    /// What is promised of it.
    pub comparison: Comparison,
    /// The same as written: `<= 60 (tolerance 5 %)`, `within 1h in 99 % of replications`.
    pub text: String,
    /// Documented rules that it shows (`c14`).
    pub rules: Vec<String>,
    /// Whether it is about what is lost, not about what fails.
    pub about_loss: bool,
    /// Line of the scenario, from 1; 0 if it is not there.
    pub line: u32,
}

/// Whether a figure is about what is lost, by its id.
pub(crate) fn about_loss(metric: &str) -> bool {
    let figure = metric.rsplit('/').next().unwrap_or_default();
    let losses = ["rpo_", "loss_", "writes_", "probability_loss", "probability_missing", "restore"];
    losses.iter().any(|start| figure.starts_with(start))
}

/// Where a promise is made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// `[[expect]]`.
    Expectation,
    /// `[objective.NAME]`, with its name.
    Objective(String),
}

/// What is known of a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is kept.
    Met,
    /// It is broken.
    Broken,
    /// The replications that ran do not tell.
    Undecided,
}

impl Decision {
    /// `met`, `broken`, `undecided`.
    pub fn word(self) -> &'static str {
        match self {
            Decision::Met => "met",
            Decision::Broken => "broken",
            Decision::Undecided => "undecided",
        }
    }
}

/// A promise with what is known of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Judged {
    /// The promise.
    pub promise: Promise,
    /// What is known.
    pub decision: Decision,
    /// The figure's estimate; `None`: undefined, nothing of the kind happened.
    pub estimate: Option<f64>,
    /// Lower end of the interval that decided, of the confidence in force; `None`: no bound is known.
    pub low: Option<f64>,
    /// Upper end of it.
    pub high: Option<f64>,
    /// Unit of the figure; empty where there is no such figure.
    pub unit: &'static str,
    /// Replications that ran.
    pub replications: u64,
    /// The replication that went worst, to look at; `None` where nothing went wrong.
    pub worst: Option<u64>,
    /// Why, in one sentence without a full stop.
    pub reason: String,
}

/// What promises of a variant are judged with, besides figures.
pub(crate) struct Judging {
    /// Replications that ran.
    pub(crate) replications: u64,
    /// Those that went worst.
    pub(crate) worst: Worst,
    /// The confidence of the intervals.
    pub(crate) at: Confidence,
    /// Whether chance decides what strikes: then what was never seen may yet happen.
    pub(crate) chance: bool,
}

/// How sure one may be of a figure.
enum Range {
    /// The figure is known, or it says what was seen and nothing of what was not.
    Seen(f64),
    /// It is sampled: between these with the confidence in force.
    Between(f64, f64),
    /// It was the same in every observation, which says little of rare exceptions: between the others with the confidence
    /// in force.
    Constant(f64, f64, f64),
    /// Nothing of the kind happened.
    Nothing,
}

impl Range {
    fn of(metric: &Metric, judging: &Judging) -> Range {
        let Some(estimate) = metric.estimate else { return Range::Nothing };
        // The largest and the least say what was seen; nothing bounds what was not.
        let extreme = metric.id.ends_with(".max") || metric.id.ends_with(".min");
        match (metric.low, metric.high) {
            (None, None) if extreme || metric.n == 0 => Range::Seen(estimate),
            (Some(low), Some(high)) if low == high && metric.n > 1 && judging.chance => {
                let unseen = unseen_probability(metric.n, judging.at).unwrap_or(1.0);
                let share = matches!(metric.unit, "fraction" | "probability");
                let high = if share { low + unseen * (1.0 - low) } else { f64::INFINITY };
                Range::Constant(low, low * (1.0 - unseen), high)
            }
            (low, high) => Range::Between(low.unwrap_or(f64::NEG_INFINITY), high.unwrap_or(f64::INFINITY)),
        }
    }
}

impl Comparison {
    /// Whether what is known of a figure decides the comparison.
    ///
    /// A limit is decided where all of the interval lies on one side of it. `==`, `!=` and `undefined` are about what was
    /// seen: no interval could ever show that a figure is exactly a number.
    fn decide(self, range: &Range, seen: f64) -> Decision {
        let plain = |holds: Option<bool>| match holds {
            Some(true) => Decision::Met,
            Some(false) => Decision::Broken,
            None => Decision::Undecided,
        };
        let (low, high) = match (self, range) {
            (_, Range::Nothing) => return plain(self.holds(None)),
            (_, &Range::Seen(x)) => return plain(self.holds(Some(x))),
            (Comparison::Eq(_) | Comparison::Ne(_) | Comparison::Undefined, _) => {
                return plain(self.holds(Some(seen)));
            }
            // What never varied keeps a promise as far as anybody saw; to break one, exceptions must not matter.
            (_, &Range::Constant(x, low, high)) if self.holds(Some(x)) == Some(false) => (low, high),
            (_, &Range::Constant(x, ..)) => (x, x),
            (_, &Range::Between(low, high)) => (low, high),
        };
        let (inside, outside) = match self {
            Comparison::Lt(x) => (high < x, low >= x),
            Comparison::Le(x) => (high <= x, low > x),
            Comparison::Gt(x) => (low > x, high <= x),
            Comparison::Ge(x) => (low >= x, high < x),
            Comparison::In(a, b) => (low >= a && high <= b, high < a || low > b),
            Comparison::Eq(_) | Comparison::Ne(_) | Comparison::Undefined => (false, false),
        };
        match (inside, outside) {
            (true, _) => Decision::Met,
            (_, true) => Decision::Broken,
            _ => Decision::Undecided,
        }
    }
}

impl Promise {
    /// Judges the promise by the figures of its variant; their intervals are of the confidence in force.
    pub(crate) fn judge(&self, metric: Option<&Metric>, judging: &Judging) -> Judged {
        let mut judged = Judged {
            promise: self.clone(),
            decision: Decision::Undecided,
            estimate: metric.and_then(|m| m.estimate),
            low: metric.and_then(|m| m.low),
            high: metric.and_then(|m| m.high),
            unit: metric.map_or("", |m| m.unit),
            replications: judging.replications,
            worst: metric.and_then(|m| m.estimate).and_then(|_| self.worst(judging.worst)),
            reason: String::new(),
        };
        let range = metric.map_or(Range::Nothing, |m| Range::of(m, judging));
        judged.decision = self.comparison.decide(&range, judged.estimate.unwrap_or_default());
        judged.reason = judged.why(metric, &range);
        judged
    }

    /// The replication to look at: for what is lost the one with the largest loss, else the one that failed most.
    fn worst(&self, worst: Worst) -> Option<u64> {
        match self.about_loss {
            true => worst.by_losses.or(worst.by_failures),
            false => worst.by_failures.or(worst.by_losses),
        }
    }
}

impl Judged {
    fn why(&self, metric: Option<&Metric>, range: &Range) -> String {
        let number = |x: f64| significant(x, 5);
        let sign = self.decision;
        let note = metric.map_or("", |m| m.note.as_str());
        match (range, self.promise.comparison) {
            (Range::Nothing, _) if note.is_empty() => "no such event was seen".into(),
            (Range::Nothing, _) => format!("undefined: {note}"),
            (Range::Seen(_), _) | (_, Comparison::Eq(_) | Comparison::Ne(_) | Comparison::Undefined) => {
                "judged by what was seen".into()
            }
            (Range::Constant(x, ..), comparison) => match sign {
                Decision::Undecided => {
                    let x = number(*x);
                    format!(
                        "the figure was always {x}: that does not tell whether rare exceptions make it {comparison}"
                    )
                }
                _ => format!("the figure was always {}", number(*x)),
            },
            (&Range::Between(low, high), comparison) => {
                let ends = match (low.is_finite(), high.is_finite()) {
                    (true, true) if low == high => format!("is {}", number(low)),
                    (true, true) => format!("lies between {} and {}", number(low), number(high)),
                    (true, false) => format!("is at least {}, with no upper bound yet", number(low)),
                    (false, true) => format!("is at most {}, with no lower bound yet", number(high)),
                    (false, false) => "has no bound yet".into(),
                };
                match sign {
                    Decision::Undecided => {
                        format!("the figure {ends}: that does not tell whether it is {comparison}")
                    }
                    _ => format!("the figure {ends}"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(id: &str, estimate: Option<f64>, low: Option<f64>, high: Option<f64>) -> Metric {
        let (subject, note) = ("orders".into(), String::new());
        Metric { id: id.into(), subject, unit: "seconds", estimate, low, high, n: 100, note }
    }

    fn decision(comparison: &str, metric: &Metric) -> Decision {
        let promise = Promise {
            source: Source::Expectation,
            variant: "base".into(),
            metric: metric.id.clone(),
            comparison: comparison.parse().unwrap(),
            text: comparison.into(),
            rules: Vec::new(),
            about_loss: false,
            line: 7,
        };
        let (replications, worst) = (100, Worst::default());
        let at = Confidence::missing(0.01).unwrap();
        promise.judge(Some(metric), &Judging { replications, worst, at, chance: true }).decision
    }

    /// 5 % of what was never seen otherwise may be otherwise (100 observations, 99 %).
    #[test]
    fn what_never_varied_breaks_no_promise_that_exceptions_could_keep() {
        let always = metric("rto_seconds.write.mean", Some(3600.0), Some(3600.0), Some(3600.0));
        assert_eq!(decision("<= 3600", &always), Decision::Met);
        assert_eq!(decision(">= 10000", &always), Decision::Undecided);
        assert_eq!(decision("<= 3500", &always), Decision::Undecided);
        assert_eq!(decision("<= 3400", &always), Decision::Broken);
        let up = Metric { unit: "fraction", ..metric("availability.write", Some(0.9), Some(0.9), Some(0.9)) };
        assert_eq!(decision(">= 0.91", &up), Decision::Broken);
        assert_eq!(decision(">= 0.902", &up), Decision::Undecided);
    }

    #[test]
    fn an_interval_on_one_side_decides() {
        use Decision::{Broken, Met, Undecided};
        let m = metric("rto_seconds.write.mean", Some(60.0), Some(50.0), Some(70.0));
        for (comparison, wanted) in [
            ("<= 70", Met),
            ("< 70", Undecided),
            ("<= 69", Undecided),
            ("< 50", Broken),
            ("<= 49.9", Broken),
            ("<= 50", Undecided),
            (">= 50", Met),
            ("> 50", Undecided),
            ("> 70", Broken),
            (">= 70", Undecided),
            (">= 71", Broken),
            ("in [50, 70]", Met),
            ("in [55, 80]", Undecided),
            ("in [71, 80]", Broken),
            ("in [1, 49]", Broken),
            // Judged by what was seen.
            ("== 60", Met),
            ("!= 60", Broken),
            ("undefined", Broken),
        ] {
            assert_eq!(decision(comparison, &m), wanted, "{comparison}");
        }
    }

    #[test]
    fn missing_bounds_are_no_bounds() {
        let open = metric("rto_seconds.write.p99", Some(60.0), Some(50.0), None);
        assert_eq!(decision("<= 1000", &open), Decision::Undecided);
        assert_eq!(decision("<= 40", &open), Decision::Broken);
        assert_eq!(decision(">= 40", &open), Decision::Met);
        let nothing = metric("rto_seconds.write.p99", Some(60.0), None, None);
        assert_eq!(decision("<= 1000", &nothing), Decision::Undecided);
        // What was seen is all that a largest value says.
        let max = metric("rto_seconds.write.max", Some(60.0), None, None);
        assert_eq!(decision("<= 60", &max), Decision::Met);
        assert_eq!(decision("< 60", &max), Decision::Broken);
    }

    #[test]
    fn what_never_happened_decides_nothing_but_itself() {
        let none = metric("rpo_seconds.mean", None, None, None);
        assert_eq!(decision("<= 60", &none), Decision::Undecided);
        assert_eq!(decision("undefined", &none), Decision::Met);
    }
}
