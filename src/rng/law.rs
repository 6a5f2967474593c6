//! Laws of durations, as data with a quantile function.

use super::math;
use crate::units::{Duration, NS_PER_SECOND};
use core::fmt;
use std::sync::Arc;

/// 95 % quantile of the standard normal law.
const Z95: f64 = 1.644_853_626_951_472_2;

/// A law of durations: plain data, shared by all who draw from it.
///
/// [`Law::quantile`] turns a uniform word into a duration; the law itself draws nothing. Every quantile is
/// non-decreasing in the word, so the same mark gives comparable durations under different laws (design D4).
///
/// ```
/// use zonefall::rng::Law;
/// use zonefall::units::Duration;
/// let law = Law::lognormal_p95(Duration::HOUR, Duration::from_secs(6 * 3600))?.shifted(Duration::HOUR);
/// assert_eq!(law.quantile(u64::MAX / 2).as_secs_f64().round(), 7200.0);
/// assert_eq!(law.to_string(), "lognormal(median 1h, p95 6h) + 1h");
/// # Ok::<(), zonefall::rng::LawError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Law {
    kind: Kind,
    shift: Duration,
}

/// The families; lengths of time in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Constant(Duration),
    Exponential { mean: f64 },
    Uniform { low: Duration, high: Duration },
    Weibull { scale: f64, shape: f64, inverse: f64 },
    Lognormal { median: f64, sigma: f64 },
    Pareto { scale: f64, shape: f64, inverse: f64 },
    Empirical(Arc<[Duration]>),
}

/// Why parameters do not make a law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LawError(pub String);

impl fmt::Display for LawError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for LawError {}

fn fail<T>(message: String) -> Result<T, LawError> {
    Err(LawError(message))
}

/// A length of time that must be positive and finite, in nanoseconds.
fn positive(name: &str, d: Duration) -> Result<f64, LawError> {
    match d {
        Duration::ZERO => fail(format!("{name} must be longer than 0s")),
        Duration::NEVER => fail(format!("{name} must not be \"never\"")),
        d => Ok(d.ns() as f64),
    }
}

/// A number that must be positive and finite.
fn positive_number(name: &str, x: f64) -> Result<f64, LawError> {
    if x > 0.0 && x.is_finite() { Ok(x) } else { fail(format!("{name} must be a positive number, not {x}")) }
}

/// A derived scale, in nanoseconds: refused where doubles end.
fn derived(name: &str, ns: f64) -> Result<f64, LawError> {
    if (1e-6..1e30).contains(&ns) {
        Ok(ns)
    } else {
        fail(format!("these parameters give an impossible {name}"))
    }
}

/// A number in (0, 1), symmetric around one half: neither it nor its complement is ever 0.
#[inline]
fn unit(word: u64) -> f64 {
    ((word >> 12) as f64 + 0.5) * (1.0 / (1u64 << 52) as f64)
}

/// 1 − `unit(word)`, exactly.
#[inline]
fn complement(word: u64) -> f64 {
    unit(!word)
}

/// The nearest nanosecond; beyond the clock it is never.
#[inline]
fn nearest(ns: f64) -> Duration {
    Duration::from_ns((ns + 0.5) as u64)
}

/// `below` integers, all equally likely (to 2⁻⁶⁴ each).
#[inline]
fn pick(word: u64, below: u128) -> u64 {
    ((u128::from(word) * below) >> 64) as u64
}

/// Construction: every way people know the parameters.
impl Law {
    /// Always `d`; [`Duration::NEVER`] is allowed.
    pub fn constant(d: Duration) -> Law {
        Law { kind: Kind::Constant(d), shift: Duration::ZERO }
    }

    fn of(kind: Kind) -> Result<Law, LawError> {
        Ok(Law { kind, shift: Duration::ZERO })
    }

    /// Exponential with this mean.
    ///
    /// # Errors
    /// The mean is zero or never.
    pub fn exponential(mean: Duration) -> Result<Law, LawError> {
        Law::of(Kind::Exponential { mean: positive("mean", mean)? })
    }

    /// Exponential, `rate` times in a year of 365 days on average.
    ///
    /// # Errors
    /// The rate is not a positive number, or so small or large that its mean leaves the clock's range.
    pub fn per_year(rate: f64) -> Result<Law, LawError> {
        let mean = Duration::YEAR.ns() as f64 / positive_number("per_year", rate)?;
        Law::of(Kind::Exponential { mean: derived("mean", mean)? })
    }

    /// Uniform between `low` and `high`, both included.
    ///
    /// # Errors
    /// `low` is greater than `high`, or `high` is never.
    pub fn uniform(low: Duration, high: Duration) -> Result<Law, LawError> {
        if low > high {
            return fail(format!("low ({low}) must not be greater than high ({high})"));
        }
        if high == Duration::NEVER {
            return fail("high must not be \"never\"".into());
        }
        if low == high {
            return Ok(Law::constant(low));
        }
        Law::of(Kind::Uniform { low, high })
    }

    /// Weibull: survival exp(−(t/scale)^shape).
    ///
    /// # Errors
    /// The scale is zero or never, or the shape is not a positive number.
    pub fn weibull(shape: f64, scale: Duration) -> Result<Law, LawError> {
        Law::weibull_ns(positive_number("shape", shape)?, positive("scale", scale)?)
    }

    /// Weibull with this shape and mean.
    ///
    /// # Errors
    /// The mean is zero or never, the shape is not a positive number, or so small that the scale vanishes.
    pub fn weibull_mean(shape: f64, mean: Duration) -> Result<Law, LawError> {
        let shape = positive_number("shape", shape)?;
        Law::weibull_ns(shape, positive("mean", mean)? / math::gamma(1.0 + 1.0 / shape))
    }

    fn weibull_ns(shape: f64, scale: f64) -> Result<Law, LawError> {
        Law::of(Kind::Weibull { scale: derived("scale", scale)?, shape, inverse: 1.0 / shape })
    }

    /// Lognormal with this median; `sigma` is the standard deviation of the logarithm.
    ///
    /// # Errors
    /// The median is zero or never, or sigma is negative or not a number.
    pub fn lognormal(median: Duration, sigma: f64) -> Result<Law, LawError> {
        Law::lognormal_ns(positive("median", median)?, sigma)
    }

    /// Lognormal with this median and 95 % quantile.
    ///
    /// # Errors
    /// One is zero or never, or p95 is less than the median.
    pub fn lognormal_p95(median: Duration, p95: Duration) -> Result<Law, LawError> {
        let (m, p) = (positive("median", median)?, positive("p95", p95)?);
        if p95 < median {
            return fail(format!("p95 ({p95}) must not be less than the median ({median})"));
        }
        Law::lognormal_ns(m, math::ln(p / m) / Z95)
    }

    /// Lognormal with this mean; `sigma` is the standard deviation of the logarithm.
    ///
    /// # Errors
    /// The mean is zero or never, sigma is negative or not a number, or so large that the median vanishes.
    pub fn lognormal_mean(mean: Duration, sigma: f64) -> Result<Law, LawError> {
        Law::lognormal_ns(positive("mean", mean)? * math::exp(-0.5 * sigma * sigma), sigma)
    }

    /// Lognormal with this mean and 95 % quantile; of the two such laws, the one with the smaller sigma.
    ///
    /// # Errors
    /// One is zero or never, p95 is less than the mean, or more than 3.86 times the mean (no such law).
    pub fn lognormal_mean_p95(mean: Duration, p95: Duration) -> Result<Law, LawError> {
        let (m, p) = (positive("mean", mean)?, positive("p95", p95)?);
        // ln p95 = µ + Z95 σ and ln mean = µ + σ²/2.
        let square = Z95 * Z95 - 2.0 * math::ln(p / m);
        if p95 < mean || square < 0.0 {
            return fail(format!("p95 ({p95}) must be between 1 and 3.86 times the mean ({mean})"));
        }
        let sigma = Z95 - square.sqrt();
        Law::lognormal_ns(m * math::exp(-0.5 * sigma * sigma), sigma)
    }

    fn lognormal_ns(median: f64, sigma: f64) -> Result<Law, LawError> {
        if !(sigma >= 0.0 && sigma.is_finite()) {
            return fail(format!("sigma must be a number of at least 0, not {sigma}"));
        }
        let median = derived("median", median)?;
        if sigma == 0.0 {
            return Ok(Law::constant(nearest(median)));
        }
        Law::of(Kind::Lognormal { median, sigma })
    }

    /// Pareto: survival (scale/t)^shape from `scale` on. The mean is infinite for shapes up to 1, the variance
    /// up to 2.
    ///
    /// # Errors
    /// The scale is zero or never, or the shape is not a positive number.
    pub fn pareto(scale: Duration, shape: f64) -> Result<Law, LawError> {
        Law::pareto_ns(positive("scale", scale)?, positive_number("shape", shape)?)
    }

    /// Pareto with this mean and shape.
    ///
    /// # Errors
    /// The mean is zero or never, or the shape is not above 1.
    pub fn pareto_mean(mean: Duration, shape: f64) -> Result<Law, LawError> {
        let (mean, shape) = (positive("mean", mean)?, positive_number("shape", shape)?);
        if shape <= 1.0 {
            return fail(format!(
                "a Pareto law of shape {shape} has no mean; give a scale, or a shape above 1"
            ));
        }
        Law::pareto_ns(mean * (shape - 1.0) / shape, shape)
    }

    fn pareto_ns(scale: f64, shape: f64) -> Result<Law, LawError> {
        Law::of(Kind::Pareto { scale: derived("scale", scale)?, shape, inverse: 1.0 / shape })
    }

    /// One of these values, each equally likely; repeat a value to give it more weight.
    ///
    /// # Errors
    /// There is no value.
    pub fn empirical(mut values: Vec<Duration>) -> Result<Law, LawError> {
        values.sort_unstable();
        match (values.first(), values.last()) {
            (Some(low), Some(high)) if low == high => Ok(Law::constant(*low)),
            (Some(_), Some(_)) => Law::of(Kind::Empirical(values.into())),
            _ => fail("an empirical law needs at least one value".into()),
        }
    }

    /// This law plus a fixed duration (added to an earlier shift).
    #[must_use]
    pub fn shifted(mut self, by: Duration) -> Law {
        match &mut self.kind {
            Kind::Constant(d) => *d = d.saturating_add(by),
            _ => self.shift = self.shift.saturating_add(by),
        }
        self
    }
}

/// Use: values and figures.
impl Law {
    /// The value for a uniform word: the inverse of the distribution function at (word + ½) / 2⁶⁴.
    ///
    /// Non-decreasing in the word. A value beyond the clock is [`Duration::NEVER`].
    #[inline]
    pub fn quantile(&self, word: u64) -> Duration {
        let value = match &self.kind {
            Kind::Constant(d) => return *d,
            Kind::Exponential { mean } => nearest(-math::ln(complement(word)) * mean),
            Kind::Uniform { low, high } => {
                let width = u128::from(high.ns() - low.ns()) + 1;
                Duration::from_ns(low.ns() + pick(word, width))
            }
            Kind::Weibull { scale, inverse, .. } => {
                nearest(math::exp(math::ln(-math::ln(complement(word))) * inverse) * scale)
            }
            Kind::Lognormal { median, sigma } => {
                nearest(math::exp(math::normal_quantile(unit(word)) * sigma) * median)
            }
            Kind::Pareto { scale, inverse, .. } => {
                nearest(math::exp(-math::ln(complement(word)) * inverse) * scale)
            }
            Kind::Empirical(values) => values[pick(word, values.len() as u128) as usize],
        };
        value.saturating_add(self.shift)
    }

    /// The law of the time until the first of `n` independent clocks of this law fires, if the law has no memory
    /// (exponential without a shift); `None` otherwise or for no clock.
    ///
    /// ```
    /// use zonefall::{rng::Law, units::Duration};
    /// let node = Law::exponential(Duration::from_days(120))?;
    /// assert_eq!(node.first_of(4), Some(Law::exponential(Duration::from_days(30))?));
    /// # Ok::<(), zonefall::rng::LawError>(())
    /// ```
    pub fn first_of(&self, n: u32) -> Option<Law> {
        match &self.kind {
            Kind::Exponential { mean } if self.shift == Duration::ZERO && n > 0 => {
                Some(Law { kind: Kind::Exponential { mean: mean / f64::from(n) }, ..self.clone() })
            }
            _ => None,
        }
    }

    /// The value, if the law has only one.
    #[inline]
    pub fn as_constant(&self) -> Option<Duration> {
        match self.kind {
            Kind::Constant(d) => Some(d),
            _ => None,
        }
    }

    /// The mean in seconds; `None` if it is infinite.
    pub fn mean(&self) -> Option<f64> {
        let ns = match &self.kind {
            Kind::Constant(Duration::NEVER) => return None,
            Kind::Constant(d) => d.ns() as f64,
            Kind::Exponential { mean } => *mean,
            Kind::Uniform { low, high } => 0.5 * (low.ns() as f64 + high.ns() as f64),
            Kind::Weibull { scale, shape, .. } => scale * math::gamma(1.0 + 1.0 / shape),
            Kind::Lognormal { median, sigma } => median * math::exp(0.5 * sigma * sigma),
            Kind::Pareto { shape, .. } if *shape <= 1.0 => return None,
            Kind::Pareto { scale, shape, .. } => scale * shape / (shape - 1.0),
            Kind::Empirical(values) if values.contains(&Duration::NEVER) => return None,
            Kind::Empirical(values) => empirical_mean(values, |ns| ns),
        };
        let shift = Some(self.shift).filter(|&d| d < Duration::NEVER)?;
        finite((ns + shift.ns() as f64) / NS_PER_SECOND as f64)
    }

    /// The variance in square seconds; `None` if it is infinite.
    pub fn variance(&self) -> Option<f64> {
        let ns = match &self.kind {
            _ if self.shift == Duration::NEVER => return None,
            Kind::Constant(Duration::NEVER) => return None,
            Kind::Constant(_) => 0.0,
            Kind::Exponential { mean } => mean * mean,
            Kind::Uniform { low, high } => {
                let width = (high.ns() - low.ns()) as f64;
                width * width / 12.0
            }
            Kind::Weibull { scale, shape, .. } => {
                let first = math::gamma(1.0 + 1.0 / shape);
                scale * scale * (math::gamma(1.0 + 2.0 / shape) - first * first)
            }
            Kind::Lognormal { median, sigma } => {
                let square = sigma * sigma;
                median * median * math::exp(square) * math::exp_m1(square)
            }
            Kind::Pareto { shape, .. } if *shape <= 2.0 => return None,
            Kind::Pareto { scale, shape, .. } => {
                scale * scale * shape / ((shape - 1.0) * (shape - 1.0) * (shape - 2.0))
            }
            Kind::Empirical(values) if values.contains(&Duration::NEVER) => return None,
            Kind::Empirical(values) => {
                let mean = empirical_mean(values, |ns| ns);
                empirical_mean(values, |ns| (ns - mean) * (ns - mean))
            }
        };
        finite(ns / (NS_PER_SECOND as f64 * NS_PER_SECOND as f64))
    }

    /// The largest value, if there is one below [`Duration::NEVER`].
    pub fn max(&self) -> Option<Duration> {
        let max = match &self.kind {
            Kind::Constant(d) => *d,
            Kind::Uniform { high, .. } => *high,
            Kind::Empirical(values) => *values.last()?,
            _ => return None,
        };
        Some(max.saturating_add(self.shift)).filter(|&d| d < Duration::NEVER)
    }
}

fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

/// Mean of a function of the values, in nanoseconds.
fn empirical_mean(values: &[Duration], f: impl Fn(f64) -> f64) -> f64 {
    values.iter().map(|d| f(d.ns() as f64)).sum::<f64>() / values.len() as f64
}

/// For people: `exponential(mean 2y)`, `lognormal(median 1h, p95 6h) + 1h`. Durations have two units.
impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |&ns: &f64| shown(ns);
        match &self.kind {
            Kind::Constant(d) => write!(f, "constant({d})")?,
            Kind::Exponential { mean } => write!(f, "exponential(mean {})", shown(mean))?,
            Kind::Uniform { low, high } => write!(f, "uniform({low} to {high})")?,
            Kind::Weibull { scale, shape, .. } => {
                write!(f, "weibull(shape {shape}, scale {})", shown(scale))?;
            }
            Kind::Lognormal { median, sigma } => {
                let p95 = median * math::exp(sigma * Z95);
                write!(f, "lognormal(median {}, p95 {})", shown(median), shown(&p95))?;
            }
            Kind::Pareto { scale, shape, .. } => {
                write!(f, "pareto(scale {}, shape {shape})", shown(scale))?;
            }
            Kind::Empirical(values) => {
                let (low, high) = (values[0], values[values.len() - 1]);
                write!(f, "empirical({} values, {low} to {high})", values.len())?;
            }
        }
        if self.shift > Duration::ZERO { write!(f, " + {}", self.shift) } else { Ok(()) }
    }
}

/// A length of time for people: rounded to 12 digits first, so that 6 h less a rounding error is not `5h 59m`.
fn shown(ns: f64) -> Duration {
    let mut step = 1.0;
    while ns / step >= 1e12 {
        step *= 10.0;
    }
    Duration::from_ns(((ns / step + 0.5) as u64).saturating_mul(step as u64))
}

#[cfg(test)]
#[path = "law_tests.rs"]
mod tests;
