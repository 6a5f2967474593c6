//! One figure with its uncertainty, and the rules by which estimates are made (rule R6).

use crate::stats::histogram::SMALL_SAMPLE;
use crate::stats::interval::{Interval, poisson_limits, proportion, unseen_probability, unseen_rate};
use crate::stats::number::{counted, percent_bound};
use crate::stats::{Confidence, Histogram, Moments, Ratio};

/// A figure of the results. Undefined is `None`, never 0.
#[derive(Clone, Debug, PartialEq, Default)]
#[non_exhaustive]
pub struct Metric {
    /// Name in the catalogue (docs/outputs.md), for example `availability.write`.
    pub id: String,
    /// Name of the store or block it is about; empty for figures of the whole run.
    pub subject: String,
    /// Unit of the numbers.
    pub unit: &'static str,
    /// Best estimate.
    pub estimate: Option<f64>,
    /// Lower end of the 95 % interval, or a lower 95 % bound.
    pub low: Option<f64>,
    /// Upper end of the 95 % interval, or an upper 95 % bound.
    pub high: Option<f64>,
    /// Independent observations behind the estimate: replications, or replications with an event.
    pub n: u64,
    /// What a reader must know to use the number; may be empty.
    pub note: String,
}

impl Metric {
    /// `SUBJECT/ID`, or the bare id for figures of the whole run.
    pub fn full_id(&self) -> String {
        if self.subject.is_empty() { self.id.clone() } else { format!("{}/{}", self.subject, self.id) }
    }
}

/// A figure by `SUBJECT/ID`, or by an id that belongs to one subject only.
pub(crate) fn find<'a>(metrics: &'a [Metric], id: &str) -> Option<&'a Metric> {
    // Exact names first: a subject's name may contain a slash.
    if let Some(metric) = metrics.iter().find(|m| !m.subject.is_empty() && m.full_id() == id) {
        return Some(metric);
    }
    let mut found = metrics.iter().filter(|m| m.id == id);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// An estimate without its name, as in [`Metric`].
#[derive(Clone, Debug, PartialEq, Default)]
#[non_exhaustive]
pub struct Estimate {
    /// Best estimate; `None`: undefined.
    pub estimate: Option<f64>,
    /// Lower end of the 95 % interval, or a lower 95 % bound.
    pub low: Option<f64>,
    /// Upper end of the 95 % interval, or an upper 95 % bound.
    pub high: Option<f64>,
    /// Independent observations behind the estimate.
    pub n: u64,
    /// What a reader must know to use the number; may be empty.
    pub note: String,
}

/// How large a per-replication figure can get, for the bound when it was 0 throughout.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Ceiling {
    /// At most this.
    At(f64),
    /// Unknown.
    Open,
}

const ONE_REPLICATION: &str = "one replication: no interval";

fn replications(n: u64) -> String {
    counted(n, "replication")
}

impl Estimate {
    /// The estimate of a figure that is larger by a known amount.
    pub(crate) fn plus(self, known: f64) -> Estimate {
        let add = |x: Option<f64>| x.map(|x| x + known);
        Estimate { estimate: add(self.estimate), low: add(self.low), high: add(self.high), ..self }
    }

    /// Nothing can be said, and why.
    pub(crate) fn undefined(note: &str) -> Estimate {
        Estimate { note: note.into(), ..Estimate::default() }
    }

    /// Mean over replications of a non-negative figure, in units of `unit` (dividing keeps whole results whole).
    ///
    /// Zero throughout: the chance p that a replication has any is below 1 − 0.05^(1/n), and the mean is at most p
    /// times the figure's ceiling; without a ceiling only p is given, in the note.
    pub(crate) fn mean(at: Confidence, m: &Moments, unit: f64, ceiling: Ceiling) -> Estimate {
        let Some(mean) = m.mean() else {
            return Estimate::undefined("never defined");
        };
        let n = m.n();
        if m.sum() == 0 {
            let p = unseen_probability(n, at).unwrap_or(1.0);
            return Estimate {
                estimate: Some(0.0),
                low: Some(0.0),
                high: match ceiling {
                    Ceiling::At(most) => Some(p * most),
                    Ceiling::Open => None,
                },
                n,
                note: format!(
                    "none in {}: at most {} of replications have any ({at})",
                    replications(n),
                    percent_bound(p)
                ),
            };
        }
        let interval = m.interval(at).map(|i| i.divided(unit)).map(|i| match ceiling {
            Ceiling::At(most) => i.clamp(0.0, most),
            Ceiling::Open => i.clamp(0.0, f64::INFINITY),
        });
        let note = if n < 2 { ONE_REPLICATION.into() } else { String::new() };
        let high = high(interval).filter(|high| high.is_finite());
        Estimate { estimate: Some(mean / unit), low: low(interval), high, n, note }
    }

    /// Events per unit of exposure; `exposure` is that of one replication. Zero throughout: the exact bound of a
    /// Poisson process.
    pub(crate) fn rate(at: Confidence, counts: &Moments, n: u64, exposure: f64) -> Estimate {
        if n == 0 || exposure <= 0.0 {
            return Estimate::undefined("nothing was measured");
        }
        let counts = counts.with_zeros(n);
        if counts.sum() == 0 {
            return Estimate {
                estimate: Some(0.0),
                low: Some(0.0),
                high: unseen_rate(exposure * n as f64, at),
                n,
                note: format!("none in {}: upper {at} bound of independent events", replications(n)),
            };
        }
        let estimate = Estimate::mean(at, &counts, exposure, Ceiling::Open);
        // Few events are enough to bound a count: they are alike.
        let unbounded = at.decides() && estimate.high.is_none() && n > 1;
        let limit = || poisson_limits(counts.sum() as f64, at.alpha() / 2.0).high / (exposure * n as f64);
        Estimate { high: if unbounded { Some(limit()) } else { estimate.high }, ..estimate }
    }

    /// k of n replications: Wilson's interval, or the exact bound when k = 0.
    pub(crate) fn probability(at: Confidence, k: u64, n: u64) -> Estimate {
        let Some(interval) = proportion(k, n, at) else {
            return Estimate::undefined("nothing was measured");
        };
        let (high, note) = match k {
            0 => (unseen_probability(n, at), format!("none in {}: exact upper {at} bound", replications(n))),
            _ => (Some(interval.high), String::new()),
        };
        Estimate { estimate: Some(k as f64 / n as f64), low: Some(interval.low), high, n, note }
    }

    /// Probability of something that each of `n` replications had `per` chances for and `counts` tells how often it
    /// happened. Chances of one replication are not independent: the interval is that of `n` replications.
    pub(crate) fn chance(at: Confidence, counts: &Moments, per: u64, n: u64) -> Estimate {
        if per == 0 || n == 0 {
            return Estimate::undefined("nothing was measured");
        }
        let counts = counts.with_zeros(n);
        let all = i128::from(per) * i128::from(n);
        match counts.sum() {
            sum if per == 1 => Estimate::probability(at, sum as u64, n),
            sum if sum == all => Estimate::chance(at, &Moments::default(), per, n).without(at),
            _ => Estimate::mean(at, &counts, per as f64, Ceiling::At(1.0)),
        }
    }

    /// The probability of the contrary; what was never seen was always otherwise.
    pub(crate) fn without(&self, at: Confidence) -> Estimate {
        let note = match self.estimate {
            Some(0.0) => format!("always in {}: lower {at} bound", replications(self.n)),
            _ => self.note.clone(),
        };
        Estimate { note, ..self.complement() }
    }

    /// Share of events that something is true of; `ratio` counts those as its totals. None or all: the exact bound for as
    /// many independent observations as replications with an event.
    pub(crate) fn event_share(at: Confidence, ratio: &Ratio) -> Estimate {
        let bound = unseen_probability(ratio.clusters(), at);
        let share = Estimate::event_mean(at, ratio, 1.0);
        match share.estimate {
            Some(0.0) => Estimate { high: bound, ..share },
            Some(1.0) => Estimate { low: bound.map(|p| 1.0 - p), ..share },
            _ => Estimate { high: share.high.map(|x| x.min(1.0)), ..share },
        }
    }

    /// Mean per event.
    pub(crate) fn event_mean(at: Confidence, ratio: &Ratio, unit: f64) -> Estimate {
        let Some(mean) = ratio.mean() else {
            return Estimate::undefined("no event");
        };
        let interval = ratio.interval(at).map(|i| i.divided(unit).clamp(0.0, f64::INFINITY));
        Estimate {
            estimate: Some(mean / unit),
            low: low(interval),
            high: high(interval),
            n: ratio.clusters(),
            note: event_note(ratio),
        }
    }

    /// Quantile over pooled events.
    pub(crate) fn event_quantile(
        at: Confidence,
        values: &Histogram,
        ratio: &Ratio,
        p: f64,
        unit: f64,
    ) -> Estimate {
        let quantile = Estimate::quantile(at, values, p, ratio.clusters(), unit);
        quantile
            .map_or_else(|| Estimate::undefined("no event"), |e| Estimate { note: event_note(ratio), ..e })
    }

    /// Quantile over pooled values of so many independent replications; `None` without values.
    pub(crate) fn quantile(
        at: Confidence,
        values: &Histogram,
        p: f64,
        independent: u64,
        unit: f64,
    ) -> Option<Estimate> {
        let q = values.estimate(p, independent, at)?;
        let scaled = |x: u64| x as f64 / unit;
        Some(Estimate {
            estimate: Some(scaled(q.estimate)),
            low: q.low.map(scaled),
            high: q.high.map(scaled),
            n: independent,
            note: if q.small { "small sample".into() } else { String::new() },
        })
    }

    /// Largest event seen; nothing bounds what was not seen.
    pub(crate) fn event_max(values: &Histogram, ratio: &Ratio, unit: f64) -> Estimate {
        let Some(largest) = values.largest() else {
            return Estimate::undefined("no event");
        };
        Estimate {
            estimate: Some(largest as f64 / unit),
            n: ratio.clusters(),
            note: event_note(ratio),
            ..Estimate::default()
        }
    }

    /// The figure 1 − x of a share x.
    pub(crate) fn complement(&self) -> Estimate {
        let flip = |x: Option<f64>| x.map(|x| 1.0 - x);
        Estimate {
            estimate: flip(self.estimate),
            low: flip(self.high),
            high: flip(self.low),
            n: self.n,
            note: self.note.clone(),
        }
    }

    /// −log₁₀ of a share: the number of nines. A share of 0 has no finite number of nines, only a lower bound.
    pub(crate) fn nines(&self) -> Estimate {
        let nines = |x: Option<f64>| x.filter(|&x| x > 0.0).map(|x| 0.0 - libm::log10(x));
        Estimate {
            estimate: nines(self.estimate),
            low: nines(self.high),
            high: nines(self.low),
            n: self.n,
            note: self.note.clone(),
        }
    }

    /// The same times a positive factor.
    pub(crate) fn scaled(&self, factor: f64) -> Estimate {
        let times = |x: Option<f64>| x.map(|x| x * factor);
        Estimate {
            estimate: times(self.estimate),
            low: times(self.low),
            high: times(self.high),
            n: self.n,
            note: self.note.clone(),
        }
    }
}

fn low(i: Option<Interval>) -> Option<f64> {
    i.map(|i| i.low)
}

fn high(i: Option<Interval>) -> Option<f64> {
    i.map(|i| i.high)
}

fn event_note(ratio: &Ratio) -> String {
    let (events, clusters) = (ratio.count(), ratio.clusters());
    let flag = if clusters < SMALL_SAMPLE { "small sample: " } else { "" };
    format!("{flag}{} in {}", counted(events, "event"), replications(clusters))
}
