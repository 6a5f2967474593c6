//! Differences of two figures that were seen together, replication by replication: exact sums of products.
//!
//! Two variants under the same faults move together, so that their difference is known far better than either of them:
//! Var(A − B) = Var A + Var B − 2 Cov(A, B).

use super::interval::{Confidence, Interval, t_quantile};
use super::moments::{Moments, Ratio, VALUE_LIMIT};
use super::wide::U256;

/// Pairs of non-negative integers: what is known of the difference of their means.
///
/// Equal for any order and grouping of the same pairs (rule R5); exact under the bounds of [`Moments`].
///
/// ```
/// use zonefall::stats::{Confidence, Pair};
/// let mut pair = Pair::default();
/// for (a, b) in [(10, 7), (20, 18), (60, 56)] {
///     pair.add(a, b);
/// }
/// assert_eq!(pair.difference(), Some(3.0));
/// let i = pair.interval(Confidence::P95).unwrap();
/// assert!((i.high - 3.0 - 4.302653 / 3f64.sqrt()).abs() < 1e-5);
/// assert_eq!(pair.variance_reduction(), Some(700.0 + 661.0));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pair {
    a: Moments,
    b: Moments,
    product: U256,
    differ: u64,
}

impl Pair {
    /// Counts one pair; values are cut to 0 ..= [`VALUE_LIMIT`].
    #[inline]
    pub fn add(&mut self, a: i128, b: i128) {
        let (a, b) = (a.clamp(0, VALUE_LIMIT), b.clamp(0, VALUE_LIMIT));
        self.a.add(a);
        self.b.add(b);
        self.differ += u64::from(a != b);
        if a != 0 && b != 0 {
            self.product = self.product.wrapping_add(U256::product(a.unsigned_abs(), b.unsigned_abs()));
        }
    }

    /// Counts all of `other`'s pairs.
    pub fn merge(&mut self, other: &Pair) {
        self.a.merge(&other.a);
        self.b.merge(&other.b);
        self.product = self.product.wrapping_add(other.product);
        self.differ += other.differ;
    }

    /// Number of pairs.
    pub fn n(&self) -> u64 {
        self.a.n()
    }

    /// Pairs of two different values.
    pub fn differ(&self) -> u64 {
        self.differ
    }

    /// Mean of the first minus mean of the second; `None` without pairs.
    pub fn difference(&self) -> Option<f64> {
        (self.n() > 0).then(|| (self.a.sum() - self.b.sum()) as f64 / self.n() as f64)
    }

    /// The sample covariance (divisor n − 1); `None` for fewer than two pairs.
    pub fn covariance(&self) -> Option<f64> {
        let n = self.n();
        // n·Σab − Σa·Σb: the difference of two exact integers.
        let together = self.product.wrapping_mul(n);
        let apart = U256::product(self.a.sum().unsigned_abs(), self.b.sum().unsigned_abs());
        let scale = n as f64 * n.saturating_sub(1) as f64;
        (n > 1).then(|| match together >= apart {
            true => together.wrapping_sub(apart).to_f64() / scale,
            false => -(apart.wrapping_sub(together).to_f64() / scale),
        })
    }

    /// The sample variance of the differences; `None` for fewer than two pairs.
    pub fn variance(&self) -> Option<f64> {
        let n = self.n();
        // Σ(a − b)² and (Σa − Σb)² are exact integers ≥ 0, and so is n times the first minus the second.
        let squares = self.a.sum_sq().wrapping_add(self.b.sum_sq());
        let squares = squares.wrapping_sub(self.product.wrapping_add(self.product));
        let sum = (self.a.sum() - self.b.sum()).unsigned_abs();
        let spread = squares.wrapping_mul(n).wrapping_sub(U256::product(sum, sum));
        (n > 1).then(|| spread.to_f64() / (n as f64 * (n - 1) as f64))
    }

    /// The interval of the difference by Student's t; `None` for fewer than two pairs.
    pub fn interval(&self, at: Confidence) -> Option<Interval> {
        around(
            self.difference()?,
            t_quantile(self.n().saturating_sub(1), at),
            self.variance()? / self.n() as f64,
        )
    }

    /// How many times the variance would be larger had the two been seen apart: (Var A + Var B) / Var(A − B). `None`
    /// where nothing varies.
    pub fn variance_reduction(&self) -> Option<f64> {
        let paired = self.variance().filter(|&v| v > 0.0)?;
        Some((self.a.variance()? + self.b.variance()?) / paired)
    }
}

/// Pairs of (total, count): what is known of the difference of two means per event, where each replication has several
/// events, and the two need not have the same number of them.
///
/// The difference of two ratio estimators, each linearised as in [`Ratio`]; replications with an event on either side
/// are independent, not events.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RatioPair {
    a: Ratio,
    b: Ratio,
    clusters: u64,
    differ: u64,
    total_total: U256,
    total_count: U256,
    count_total: U256,
    count_count: U256,
}

impl RatioPair {
    /// Counts one replication: the sum of so many values on each side; totals are cut to 0 ..= [`VALUE_LIMIT`].
    pub fn add(&mut self, a: (i128, u64), b: (i128, u64)) {
        if a.1 == 0 && b.1 == 0 {
            return;
        }
        let cut = |(total, count): (i128, u64)| (total.clamp(0, VALUE_LIMIT), count);
        let (a, b) = (cut(a), cut(b));
        self.clusters += 1;
        self.differ += u64::from(a != b);
        if a.1 > 0 {
            self.a.add(a.0, a.1);
        }
        if b.1 > 0 {
            self.b.add(b.0, b.1);
        }
        if a.1 > 0 && b.1 > 0 {
            let (ta, ca) = (a.0.unsigned_abs(), u128::from(a.1));
            let (tb, cb) = (b.0.unsigned_abs(), u128::from(b.1));
            for (sum, x, y) in [
                (&mut self.total_total, ta, tb),
                (&mut self.total_count, ta, cb),
                (&mut self.count_total, ca, tb),
                (&mut self.count_count, ca, cb),
            ] {
                *sum = sum.wrapping_add(U256::product(x, y));
            }
        }
    }

    /// Counts all of `other`'s replications.
    pub fn merge(&mut self, other: &RatioPair) {
        self.a.merge(&other.a);
        self.b.merge(&other.b);
        self.clusters += other.clusters;
        self.differ += other.differ;
        for (sum, more) in [
            (&mut self.total_total, other.total_total),
            (&mut self.total_count, other.total_count),
            (&mut self.count_total, other.count_total),
            (&mut self.count_count, other.count_count),
        ] {
            *sum = sum.wrapping_add(more);
        }
    }

    /// Replications with an event on either side.
    pub fn clusters(&self) -> u64 {
        self.clusters
    }

    /// Of them: those whose two sides differ.
    pub fn differ(&self) -> u64 {
        self.differ
    }

    /// First mean per event minus second; `None` if one of them is undefined.
    pub fn difference(&self) -> Option<f64> {
        Some(self.a.mean()? - self.b.mean()?)
    }

    /// The interval of the difference; `None` for fewer than two clusters, or where a mean is undefined.
    pub fn interval(&self, at: Confidence) -> Option<Interval> {
        let (paired, _) = self.variances()?;
        around(self.difference()?, t_quantile(self.clusters - 1, at), paired)
    }

    /// How many times the variance would be larger had the two been seen apart; `None` where nothing varies.
    pub fn variance_reduction(&self) -> Option<f64> {
        let (paired, apart) = self.variances()?;
        (paired > 0.0).then(|| apart / paired)
    }

    /// Variance of the difference, in pairs and as if seen apart.
    fn variances(&self) -> Option<(f64, f64)> {
        let (ra, rb) = (self.a.mean()?, self.b.mean()?);
        if self.clusters < 2 {
            return None;
        }
        let (ca, cb) = (self.a.count() as f64, self.b.count() as f64);
        let apart = self.a.residual() / (ca * ca) + self.b.residual() / (cb * cb);
        // Σ (Ta − Ra·ca)·(Tb − Rb·cb): events of one side only have no partner and add nothing.
        let together =
            self.total_total.to_f64() - rb * self.total_count.to_f64() - ra * self.count_total.to_f64()
                + ra * rb * self.count_count.to_f64();
        let paired = apart - 2.0 * together / (ca * cb);
        // Below the rounding error of the terms the rest is noise.
        let noise = 1e-14 * (self.a.scale() / (ca * ca) + self.b.scale() / (cb * cb));
        let paired = if paired < noise { 0.0 } else { paired };
        let m = self.clusters as f64;
        Some((m / (m - 1.0) * paired, m / (m - 1.0) * apart))
    }
}

fn around(middle: f64, t: f64, variance: f64) -> Option<Interval> {
    let half = t * variance.sqrt();
    Some(Interval { low: middle - half, high: middle + half })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Events = (i128, u64);

    fn of(values: &[(i128, i128)]) -> Pair {
        let mut pair = Pair::default();
        values.iter().for_each(|&(a, b)| pair.add(a, b));
        pair
    }

    fn ratio_of(values: &[(Events, Events)]) -> RatioPair {
        let mut pair = RatioPair::default();
        values.iter().for_each(|&(a, b)| pair.add(a, b));
        pair
    }

    #[test]
    fn nothing_is_undefined_not_zero() {
        let none = Pair::default();
        assert_eq!((none.difference(), none.variance(), none.covariance()), (None, None, None));
        assert_eq!((of(&[(1, 2)]).interval(Confidence::P95), of(&[(1, 2)]).difference()), (None, Some(-1.0)));
        let one_sided = ratio_of(&[((5, 1), (0, 0)), ((7, 2), (0, 0))]);
        assert_eq!((one_sided.difference(), one_sided.interval(Confidence::P95)), (None, None));
        assert_eq!(RatioPair::default().clusters(), 0);
    }

    #[test]
    fn a_large_common_part_cancels_exactly() {
        let base = 1i128 << 90;
        let pair = of(&[(base + 2, base), (base << 1, (base << 1) - 4), (5, 5)]);
        assert_eq!((pair.difference(), pair.variance(), pair.differ()), (Some(2.0), Some(4.0), 2));
        // Never different: no spread, whatever the values.
        let same = of(&[(base, base), (3, 3)]);
        assert_eq!((same.variance(), same.variance_reduction(), same.differ()), (Some(0.0), None, 0));
    }

    /// What moves against each other is known worse in pairs.
    #[test]
    fn negative_covariance_has_its_sign() {
        let pair = of(&[(0, 10), (10, 0)]);
        assert_eq!(pair.covariance(), Some(-50.0));
        assert_eq!(pair.variance_reduction(), Some(0.5));
    }

    #[test]
    fn single_events_are_plain_pairs() {
        let values = [(10, 7), (30, 31), (80, 60), (5, 5)];
        let plain = of(&values);
        let events: Vec<_> = values.iter().map(|&(a, b)| ((a, 1), (b, 1))).collect();
        let ratio = ratio_of(&events);
        let (x, y) = (plain.interval(Confidence::P95).unwrap(), ratio.interval(Confidence::P95).unwrap());
        assert!((x.low - y.low).abs() < 1e-9 && (x.high - y.high).abs() < 1e-9, "{x:?} {y:?}");
        let (x, y) = (plain.variance_reduction().unwrap(), ratio.variance_reduction().unwrap());
        assert!((x - y).abs() < 1e-9, "{x} {y}");
    }

    /// Events of fixed lengths on both sides: their means, and so the difference, have no spread.
    #[test]
    fn fixed_lengths_leave_no_spread() {
        let long = 3_600_000_000_007;
        let pair = ratio_of(&[((long * 3, 3), (20, 2)), ((long, 1), (0, 0)), ((0, 0), (10, 1))]);
        let i = pair.interval(Confidence::P95).unwrap();
        assert_eq!((i.low, i.high), (long as f64 - 10.0, long as f64 - 10.0));
        assert_eq!((pair.clusters(), pair.differ()), (3, 3));
    }

    proptest! {
        #[test]
        fn any_order_and_grouping_gives_the_same(
            values in proptest::collection::vec((0i128..1 << 95, 0i128..1 << 95), 0..40),
            cut in 0usize..40,
        ) {
            let cut = cut.min(values.len());
            let (mut left, right) = (of(&values[cut..]), of(&values[..cut]));
            left.merge(&right);
            prop_assert_eq!(left, of(&values));
            let events: Vec<_> = values.iter().map(|&(a, b)| ((a, a as u64 % 3), (b, b as u64 % 4))).collect();
            let (mut left, right) = (ratio_of(&events[cut..]), ratio_of(&events[..cut]));
            left.merge(&right);
            prop_assert_eq!(left, ratio_of(&events));
        }

        /// The differences themselves, as one sample.
        #[test]
        fn agrees_with_the_sample_of_differences(
            values in proptest::collection::vec((0i128..1 << 90, 0i128..1 << 90), 2..30),
        ) {
            let pair = of(&values);
            let mut differences = Moments::default();
            values.iter().for_each(|&(a, b)| differences.add(a - b));
            prop_assert_eq!(pair.difference(), differences.mean());
            prop_assert_eq!(pair.variance(), differences.variance());
            let (x, y) = (pair.interval(Confidence::P95).unwrap(), differences.interval(Confidence::P95).unwrap());
            prop_assert!(x == y);
        }

        /// The definition in floating point.
        #[test]
        fn covariance_agrees_with_its_definition(
            values in proptest::collection::vec((0i128..1000, 0i128..1000), 2..30),
        ) {
            let n = values.len() as f64;
            let mean = |of: fn(&(i128, i128)) -> i128| values.iter().map(of).sum::<i128>() as f64 / n;
            let (ma, mb) = (mean(|v| v.0), mean(|v| v.1));
            let plain = values.iter().map(|&(a, b)| (a as f64 - ma) * (b as f64 - mb)).sum::<f64>() / (n - 1.0);
            prop_assert!((of(&values).covariance().unwrap() - plain).abs() < 1e-6);
        }

        /// Residuals of each replication, summed up one by one.
        #[test]
        fn ratios_agree_with_their_residuals(
            values in proptest::collection::vec(((0i128..1000, 0u64..4), (0i128..1000, 0u64..4)), 2..30),
        ) {
            let clean = |(t, c): Events| if c == 0 { (0, 0) } else { (t, c) };
            let values: Vec<_> = values.into_iter().map(|(a, b)| (clean(a), clean(b))).collect();
            let pair = ratio_of(&values);
            let sum = |of: fn(&(Events, Events)) -> i128| values.iter().map(of).sum::<i128>() as f64;
            let (ta, ca) = (sum(|v| v.0.0), sum(|v| i128::from(v.0.1)));
            let (tb, cb) = (sum(|v| v.1.0), sum(|v| i128::from(v.1.1)));
            let m = values.iter().filter(|v| v.0.1 + v.1.1 > 0).count() as f64;
            if ca == 0.0 || cb == 0.0 || m < 2.0 {
                prop_assert!(pair.interval(Confidence::P95).is_none());
                return Ok(());
            }
            let residual = |v: &(Events, Events)| {
                (v.0.0 as f64 - ta / ca * v.0.1 as f64) / ca - (v.1.0 as f64 - tb / cb * v.1.1 as f64) / cb
            };
            let variance = m / (m - 1.0) * values.iter().map(|v| residual(v) * residual(v)).sum::<f64>();
            let half = t_quantile(m as u64 - 1, Confidence::P95) * variance.sqrt();
            let i = pair.interval(Confidence::P95).unwrap();
            prop_assert!(((i.high - i.low) / 2.0 - half).abs() < 1e-4 + 1e-6 * half, "{i:?} {half}");
        }
    }
}
