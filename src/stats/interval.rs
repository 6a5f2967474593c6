//! Intervals and the functions behind them: Student's t, Wilson, bounds for what was never seen.
//!
//! All through `libm` and plain arithmetic, so that results do not depend on the platform (rule R1).

/// How sure an interval is: it misses with a probability of at most `alpha`.
///
/// [`P95`](Confidence::P95) is what results are reported at, by the usual approximations. Any other is for decisions, whose
/// error is stated: there intervals are exact where that is possible, and wider where an approximation would miss more
/// often than it says (rare events, ends of quantiles).
///
/// ```
/// use zonefall::stats::Confidence;
/// assert_eq!(Confidence::P95.to_string(), "95 %");
/// assert_eq!(Confidence::missing(0.001).unwrap().to_string(), "99.9 %");
/// assert_eq!(Confidence::missing(0.0), None);
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Confidence {
    alpha: f64,
    /// The 1 − α/2 quantile of the standard normal law.
    z: f64,
    /// Of the share of α that a one-sided bound may spend.
    ln_alpha: f64,
    decides: bool,
}

impl Confidence {
    /// What all results are reported at: 95 %.
    pub const P95: Confidence = Confidence {
        alpha: 0.05,
        z: 1.959_963_984_540_054,
        ln_alpha: -2.995_732_273_553_991,
        decides: false,
    };

    /// Intervals for decisions, that miss with a probability of `alpha`, from 1e-12 to 0.5; `None` beyond.
    pub fn missing(alpha: f64) -> Option<Confidence> {
        // Half of the error for each side, bounds of what was never seen included.
        let ln_alpha = libm::log(alpha / 2.0);
        let at = || Confidence { alpha, z: normal_quantile(alpha), ln_alpha, decides: true };
        (1e-12..=0.5).contains(&alpha).then(at)
    }

    /// Intervals for so many decisions that one of them is wrong with a probability of at most `error`, which is cut to 1e-6
    /// to 0.5: each has the same part of it (Bonferroni's inequality). Beyond what intervals are made for, at 1e-12 for
    /// each, there is no smaller part.
    ///
    /// ```
    /// use zonefall::stats::Confidence;
    /// assert_eq!(Confidence::shared(0.01, 10), Confidence::missing(0.001).unwrap());
    /// ```
    pub fn shared(error: f64, decisions: usize) -> Confidence {
        let alpha = error.clamp(1e-6, 0.5) / decisions.max(1) as f64;
        Confidence::missing(alpha.max(1e-12)).expect("a part of an error that intervals are made for")
    }

    /// Whether intervals are for decisions.
    pub(crate) fn decides(self) -> bool {
        self.decides
    }

    /// The probability of missing.
    pub fn alpha(self) -> f64 {
        self.alpha
    }

    /// How many standard errors a normal estimate may be off.
    pub fn z(self) -> f64 {
        self.z
    }
}

impl core::fmt::Display for Confidence {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        if self.alpha < 1e-6 {
            return write!(f, "all but {:.0e}", self.alpha);
        }
        // Two digits of what is missing: 99.9 %, 99.987 %.
        let mut scale = 1.0;
        while 100.0 * self.alpha * scale < 10.0 {
            scale *= 10.0;
        }
        write!(f, "{} %", (100.0 * (1.0 - self.alpha) * scale + 0.5).floor() / scale)
    }
}

/// How many standard deviations a normal value exceeds, to either side, with the probability `alpha`.
fn normal_quantile(alpha: f64) -> f64 {
    end_of(0.0, 40.0, |z| libm::erfc(z / core::f64::consts::SQRT_2) > alpha)
}

/// The least number from which on something is no longer true: bisected until the ends are neighbours.
fn end_of(mut low: f64, mut high: f64, still: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..2000 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if still(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// An interval of a real figure.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// The interval of x / `divisor`, a positive number.
    pub fn divided(self, divisor: f64) -> Interval {
        Interval { low: self.low / divisor, high: self.high / divisor }
    }

    /// Cut to what is possible.
    pub fn clamp(self, least: f64, largest: f64) -> Interval {
        Interval { low: self.low.clamp(least, largest), high: self.high.clamp(least, largest) }
    }
}

/// Interval of a probability after `k` of `n`: Wilson's (1927), for decisions the exact one of Clopper and Pearson (1934);
/// `None` for n = 0.
///
/// ```
/// use zonefall::stats::{Confidence, interval::proportion};
/// let i = proportion(5, 10, Confidence::P95).unwrap();
/// assert!((i.low - 0.236593).abs() < 1e-6 && (i.high - 0.763407).abs() < 1e-6);
/// ```
pub fn proportion(k: u64, n: u64, at: Confidence) -> Option<Interval> {
    if n == 0 {
        return None;
    }
    if at.decides {
        return Some(clopper_pearson(k, n, at.alpha / 2.0));
    }
    let (n_f, p, z2) = (n as f64, k as f64 / n as f64, at.z * at.z);
    let centre = p + z2 / (2.0 * n_f);
    let half = at.z * (p * (1.0 - p) / n_f + z2 / (4.0 * n_f * n_f)).sqrt();
    let scale = 1.0 + z2 / n_f;
    let low = if k == 0 { 0.0 } else { ((centre - half) / scale).max(0.0) };
    let high = if k == n { 1.0 } else { ((centre + half) / scale).min(1.0) };
    Some(Interval { low, high })
}

/// The probabilities under which so many successes or more, and so many or fewer, have the chance `tail` each.
fn clopper_pearson(k: u64, n: u64, tail: f64) -> Interval {
    let (a, b) = (k as f64, (n - k) as f64);
    let low = match k {
        0 => 0.0,
        _ => end_of(0.0, 1.0, |p| incomplete_beta(a, b + 1.0, p) <= tail),
    };
    let high = match n - k {
        0 => 1.0,
        _ => end_of(0.0, 1.0, |p| incomplete_beta(a + 1.0, b, p) < 1.0 - tail),
    };
    Interval { low, high }
}

/// The mean of a Poisson law between these bounds gives so many events, and more or fewer, the chance `tail` each (Garwood
/// 1936); for a sum of events of different size `k` is the number of equal ones that would vary as much.
pub(crate) fn poisson_limits(k: f64, tail: f64) -> Interval {
    let most = 2.0 * k + 200.0;
    let low = end_of(0.0, most, |x| incomplete_gamma(k, x) <= tail);
    let high = end_of(0.0, most, |x| incomplete_gamma(k + 1.0, x) < 1.0 - tail);
    Interval { low, high }
}

/// The regularised lower incomplete gamma function P(a, x) for a > 0, x ≥ 0, by its series or its continued fraction.
fn incomplete_gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let front = libm::exp(a * libm::log(x) - x - libm::lgamma(a));
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0 / a, 1.0 / a);
        for step in 1..10_000 {
            term *= x / (a + f64::from(step));
            sum += term;
            if term < sum * 1e-16 {
                break;
            }
        }
        return front * sum;
    }
    const TINY: f64 = 1e-300;
    let guard = |y: f64| if y.abs() < TINY { TINY } else { y };
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / guard(b);
    let mut value = d;
    for step in 1..10_000 {
        let i = f64::from(step);
        let an = -i * (i - a);
        b += 2.0;
        d = 1.0 / guard(an * d + b);
        c = guard(b + an / c);
        value *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    1.0 - front * value
}

/// Upper bound of a probability never seen in `n` trials: 1 − α^(1/n), exact. `None` for n = 0.
///
/// ```
/// use zonefall::stats::{Confidence, interval::unseen_probability};
/// assert!((unseen_probability(100, Confidence::P95).unwrap() - 0.029513).abs() < 1e-6);
/// ```
pub fn unseen_probability(n: u64, at: Confidence) -> Option<f64> {
    (n > 0).then(|| -libm::expm1(at.ln_alpha / n as f64))
}

/// Upper bound of the rate of a Poisson process without an event in `exposure` (its unit is the bound's):
/// −ln α / exposure, exact. `None` for no exposure.
pub fn unseen_rate(exposure: f64, at: Confidence) -> Option<f64> {
    (exposure > 0.0).then(|| -at.ln_alpha / exposure)
}

/// The 1 − α/2 quantile of Student's t with `df` ≥ 1 degrees of freedom; infinite for 0.
///
/// Relative error below 1e-11 at 95 % and 1e-8 at 99.9999 % (inverted incomplete beta up to 1000 degrees, Cornish–Fisher
/// expansion above).
pub fn t_quantile(df: u64, at: Confidence) -> f64 {
    if df == 0 {
        return f64::INFINITY;
    }
    let v = df as f64;
    if df > 1000 {
        let (z, z2) = (at.z, at.z * at.z);
        let first = z * (z2 + 1.0) / 4.0;
        let second = z * ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0;
        let third = z * (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / 384.0;
        return z + first / v + second / (v * v) + third / (v * v * v);
    }
    // P(|T| > t) falls in t. With one degree of freedom, the widest of all, t is below 2/(π α).
    end_of(0.0, 1.0 / at.alpha, |t| incomplete_beta(v / 2.0, 0.5, v / (v + t * t)) > at.alpha)
}

/// The regularised incomplete beta function I_x(a, b) for a, b > 0, by its continued fraction (Lentz's method).
pub fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front =
        libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * libm::log(x) + b * libm::log1p(-x);
    let front = libm::exp(front);
    // The fraction converges fast on one side of the mean; the other side by symmetry.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(a, b, x) / a
    } else {
        1.0 - front * beta_fraction(b, a, 1.0 - x) / b
    }
}

fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |y: f64| if y.abs() < TINY { TINY } else { y };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for step in 1..10_000 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        value *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        let change = d * c;
        value *= change;
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}

/// Ranks (from 1) of the order statistics of a sample of `n` that enclose its p-quantile with at least the
/// confidence asked for, by the binomial law; `None` on a side where the sample is too small for a bound.
///
/// Exact for decisions and up to n = 5000, else the normal approximation rounded outwards.
pub fn quantile_ranks(n: u64, p: f64, at: Confidence) -> (Option<u64>, Option<u64>) {
    // P(at least r of n lie at or below the quantile).
    let at_least = |r: u64| -> f64 {
        match r {
            0 => 1.0,
            r if r > n => 0.0,
            r => incomplete_beta(r as f64, (n - r + 1) as f64, p),
        }
    };
    if n > 5000 && !at.decides {
        let (centre, half) = (n as f64 * p, at.z * (n as f64 * p * (1.0 - p)).sqrt());
        let (low, high) = ((centre - half).floor(), (centre + half).ceil() + 1.0);
        return ((low >= 1.0).then_some(low as u64), (high <= n as f64).then_some(high as u64));
    }
    // Largest rank with P(fewer than r below) ≤ α/2, i.e. at_least(r) ≥ 1 − α/2; at_least falls in r.
    let first_below = |level: f64| -> u64 {
        let (mut low, mut high) = (0, n + 1);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if at_least(middle) >= level { low = middle } else { high = middle }
        }
        high
    };
    let low = first_below(1.0 - at.alpha / 2.0) - 1;
    // Least rank with at_least(r) ≤ α/2.
    let high = first_below(at.alpha / 2.0 + 1e-15);
    ((low >= 1).then_some(low), (high <= n).then_some(high))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tabulated quantiles, to ten digits.
    #[test]
    fn t_quantiles_are_the_published_ones() {
        for (df, t) in [
            (1, 12.706_204_736),
            (2, 4.302_652_730),
            (3, 3.182_446_305),
            (4, 2.776_445_105),
            (9, 2.262_157_163),
            (29, 2.045_229_642),
            (100, 1.983_971_519),
            (999, 1.962_341_461),
        ] {
            assert!(
                (t_quantile(df, Confidence::P95) - t).abs() < 1e-8,
                "{df}: {}",
                t_quantile(df, Confidence::P95)
            );
        }
        // The two methods meet.
        assert!((t_quantile(1000, Confidence::P95) - t_quantile(1001, Confidence::P95)).abs() < 3e-6);
        assert!(t_quantile(1000, Confidence::P95) > t_quantile(1001, Confidence::P95));
        assert!((t_quantile(u64::MAX, Confidence::P95) - Confidence::P95.z()).abs() < 1e-12);
    }

    #[test]
    fn incomplete_beta_closed_forms() {
        for x in [0.01, 0.3, 0.5, 0.77, 0.999] {
            assert!((incomplete_beta(1.0, 1.0, x) - x).abs() < 1e-14);
            assert!((incomplete_beta(2.0, 1.0, x) - x * x).abs() < 1e-14);
            assert!((incomplete_beta(1.0, 3.0, x) - (1.0 - (1.0 - x) * (1.0 - x) * (1.0 - x))).abs() < 1e-14);
        }
        assert_eq!((incomplete_beta(2.0, 3.0, 0.0), incomplete_beta(2.0, 3.0, 1.0)), (0.0, 1.0));
    }

    #[test]
    fn proportion_ends() {
        let none = proportion(0, 50, Confidence::P95).unwrap();
        assert_eq!(none.low, 0.0);
        assert!((none.high - 0.071_348).abs() < 1e-6, "{none:?}");
        assert_eq!(proportion(50, 50, Confidence::P95).unwrap().high, 1.0);
        assert_eq!(proportion(0, 0, Confidence::P95), None);
    }

    #[test]
    fn unseen_bounds() {
        assert!((unseen_probability(1, Confidence::P95).unwrap() - 0.95).abs() < 1e-15);
        assert!((unseen_probability(10_000, Confidence::P95).unwrap() - 2.995_283_6e-4).abs() < 1e-10);
        assert_eq!(unseen_probability(0, Confidence::P95), None);
        assert!((unseen_rate(100.0, Confidence::P95).unwrap() - 0.029_957_322_736).abs() < 1e-12);
    }

    /// Ranks by summing the binomial law, for every small sample.
    #[test]
    fn ranks_agree_with_the_summed_binomial() {
        for n in 1u64..60 {
            for p in [0.5, 0.9, 0.99] {
                let mut mass = vec![0.0; n as usize + 1];
                mass[0] = 1.0;
                for _ in 0..n {
                    for i in (0..=n as usize).rev() {
                        mass[i] = mass[i] * (1.0 - p) + if i > 0 { mass[i - 1] * p } else { 0.0 };
                    }
                }
                let below = |r: u64| mass[..r as usize].iter().sum::<f64>();
                let low = (1..=n).rev().find(|&r| below(r) <= 0.025);
                let high = (1..=n).find(|&r| 1.0 - below(r) <= 0.025);
                assert_eq!(quantile_ranks(n, p, Confidence::P95), (low, high), "{n} {p}");
            }
        }
    }

    #[test]
    fn large_samples_use_the_normal_law() {
        let (low, high) = quantile_ranks(1_000_000, 0.5, Confidence::P95);
        assert_eq!((low, high), (Some(499_020), Some(500_981)));
    }

    /// Published quantiles at other levels: Student's t and the normal law.
    #[test]
    fn other_levels() {
        let at = |alpha| Confidence::missing(alpha).unwrap();
        assert!((at(0.01).z() - 2.575_829_303_549).abs() < 1e-11, "{}", at(0.01).z());
        assert!((at(1e-6).z() - 4.891_638_475_699).abs() < 1e-10, "{}", at(1e-6).z());
        for (df, alpha, t) in
            [(1, 0.01, 63.656_741_163), (9, 0.01, 3.249_835_542), (29, 0.001, 3.659_405_019)]
        {
            assert!((t_quantile(df, at(alpha)) - t).abs() < 1e-8, "{df}: {}", t_quantile(df, at(alpha)));
        }
        assert!((t_quantile(1000, at(1e-4)) - t_quantile(1001, at(1e-4))).abs() < 1e-4);
        assert!((unseen_rate(1.0, at(0.01)).unwrap() - 5.298_317_367).abs() < 1e-9);
        // The median of a hundred: more confidence, wider ranks; no bound from a sample that is too small for it.
        let (low, high) = quantile_ranks(100, 0.5, at(0.001));
        assert!(low < Some(40) && high > Some(61));
        assert_eq!(quantile_ranks(9, 0.5, at(0.001)), (None, None));
        assert_eq!((Confidence::missing(0.6), Confidence::missing(f64::NAN)), (None, None));
    }

    /// Exact limits against sums of the laws they invert.
    #[test]
    fn limits_for_decisions_are_exact() {
        let at = Confidence::missing(0.01).unwrap();
        for (k, n) in [(0u64, 20u64), (1, 20), (7, 20), (20, 20)] {
            let i = proportion(k, n, at).unwrap();
            let mass = |p: f64, x: u64| {
                let choose = (0..x).fold(1.0, |c, j| c * (n - j) as f64 / (j + 1) as f64);
                choose * libm::pow(p, x as f64) * libm::pow(1.0 - p, (n - x) as f64)
            };
            let (least, most): (f64, f64) =
                ((k..=n).map(|x| mass(i.low, x)).sum(), (0..=k).map(|x| mass(i.high, x)).sum());
            assert!(k == 0 || (least - 0.005).abs() < 1e-9, "{k} of {n}: {least}");
            assert!(k == n || (most - 0.005).abs() < 1e-9, "{k} of {n}: {most}");
        }
        for k in [1u32, 4, 30] {
            let i = poisson_limits(f64::from(k), 0.005);
            let below = |mean: f64, k: u32| {
                let mass = |x: u32| {
                    libm::exp(-mean + f64::from(x) * libm::log(mean) - libm::lgamma(f64::from(x) + 1.0))
                };
                (0..k).map(mass).sum::<f64>()
            };
            assert!((1.0 - below(i.low, k) - 0.005).abs() < 1e-9, "{k}: {i:?}");
            assert!((below(i.high, k + 1) - 0.005).abs() < 1e-9, "{k}: {i:?}");
        }
        // What was never seen spends half of the error, too; no seam in the ranks of large samples.
        assert!((unseen_probability(100, at).unwrap() - proportion(0, 100, at).unwrap().high).abs() < 1e-9);
        let at = Confidence::missing(1e-6).unwrap();
        let (a, b) = (quantile_ranks(5000, 0.99, at).0.unwrap(), quantile_ranks(5001, 0.99, at).0.unwrap());
        assert!(b - a <= 1, "{a} {b}");
    }
}
