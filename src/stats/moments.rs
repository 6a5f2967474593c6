//! Sums, sums of squares and of products, exact.

use super::interval::{Confidence, Interval, poisson_limits, t_quantile};
use super::wide::U256;

/// Largest magnitude a value may have; larger ones are clamped. 2⁹⁵: sums of 2³² of them fit their integers.
pub const VALUE_LIMIT: i128 = 1 << 95;

/// Below this many events of different size nothing bounds their mean from above, in decisions.
const FEW: f64 = 30.0;

/// Count, sum, sum of squares, least and largest of integers.
///
/// Equal for any order and grouping of the same values (rule R5). Exact for up to 2³² values of magnitude up to
/// [`VALUE_LIMIT`].
///
/// ```
/// use zonefall::stats::Moments;
/// let mut all = Moments::default();
/// for x in [1, 2, 3, 4] {
///     all.add(x);
/// }
/// assert_eq!(all.mean(), Some(2.5));
/// assert_eq!(all.variance(), Some(5.0 / 3.0));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Moments {
    n: u64,
    sum: i128,
    sum_sq: U256,
    least: i128,
    largest: i128,
}

impl Moments {
    /// Counts one value.
    #[inline]
    pub fn add(&mut self, value: i128) {
        let value = value.clamp(-VALUE_LIMIT, VALUE_LIMIT);
        if self.n == 0 {
            (self.least, self.largest) = (value, value);
        }
        self.n += 1;
        if value != 0 {
            self.sum += value;
            let size = value.unsigned_abs();
            self.sum_sq = self.sum_sq.wrapping_add(U256::product(size, size));
        }
        self.least = self.least.min(value);
        self.largest = self.largest.max(value);
    }

    /// Counts all of `other`'s values.
    pub fn merge(&mut self, other: &Moments) {
        if other.n == 0 {
            return;
        }
        if self.n == 0 {
            *self = *other;
            return;
        }
        self.n += other.n;
        self.sum += other.sum;
        self.sum_sq = self.sum_sq.wrapping_add(other.sum_sq);
        self.least = self.least.min(other.least);
        self.largest = self.largest.max(other.largest);
    }

    /// The same values and as many zeros as make `n` of them; unchanged if there are `n` already.
    pub fn with_zeros(mut self, n: u64) -> Moments {
        if n > self.n {
            if self.n == 0 {
                (self.least, self.largest) = (0, 0);
            }
            self.n = n;
            self.least = self.least.min(0);
            self.largest = self.largest.max(0);
        }
        self
    }

    /// Number of values.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Sum of the values.
    pub fn sum(&self) -> i128 {
        self.sum
    }

    /// Sum of the squares.
    pub(super) fn sum_sq(&self) -> U256 {
        self.sum_sq
    }

    /// The least value; `None` without values.
    pub fn least(&self) -> Option<i128> {
        (self.n > 0).then_some(self.least)
    }

    /// The largest value; `None` without values.
    pub fn largest(&self) -> Option<i128> {
        (self.n > 0).then_some(self.largest)
    }

    /// The mean; `None` without values.
    pub fn mean(&self) -> Option<f64> {
        (self.n > 0).then(|| self.sum as f64 / self.n as f64)
    }

    /// The sample variance (divisor n − 1); `None` for fewer than two values.
    pub fn variance(&self) -> Option<f64> {
        if self.n < 2 {
            return None;
        }
        // n·Σx² − (Σx)² is an exact integer ≥ 0: no cancellation.
        let square = U256::product(self.sum.unsigned_abs(), self.sum.unsigned_abs());
        let spread = self.sum_sq.wrapping_mul(self.n).wrapping_sub(square);
        Some(spread.to_f64() / (self.n as f64 * (self.n - 1) as f64))
    }

    /// The interval of the mean by Student's t; `None` for fewer than two values. For decisions about non-negative values of
    /// which few are not 0, it reaches as far as the limits of a Poisson law, and without end
    /// where fewer than 30 events were seen.
    pub fn interval(&self, at: Confidence) -> Option<Interval> {
        let mean = self.mean()?;
        let half = t_quantile(self.n - 1, at) * (self.variance()? / self.n as f64).sqrt();
        let usual = Interval { low: mean - half, high: mean + half };
        // Of rare events, Student's t knows too little: as many equal ones as vary as much, by the law of rare events.
        let events = (self.sum as f64) * (self.sum as f64) / self.sum_sq.to_f64();
        if at.decides() && self.least >= 0 && events > 0.0 && events < 100.0 && 2.0 * events < self.n as f64 {
            let i = poisson_limits(events, at.alpha() / 2.0);
            let low = mean * i.low / events;
            // So few of them do not tell how large they can be.
            let high = if events < FEW { f64::INFINITY } else { mean * i.high / events };
            return Some(Interval { low: usual.low.min(low), high: usual.high.max(high) });
        }
        Some(usual)
    }

    /// Replications needed for a 95 % interval of ±10 % of the mean: ⌈(1.96 s / (0.1 mean))²⌉. `None` where the
    /// mean is 0 or nothing is known of the spread.
    pub fn needed_for_ten_percent(&self) -> Option<u64> {
        let (mean, variance) = (self.mean()?, self.variance()?);
        (mean != 0.0).then(|| {
            let needed = 1.96 * 1.96 * variance / (0.01 * mean * mean);
            needed.ceil() as u64
        })
    }
}

/// A ratio of two sums over clusters: the mean length of events that come several to a replication.
///
/// Each cluster (a replication with at least one event) contributes a total and a count. The interval treats
/// clusters, not events, as independent: the linearised ratio estimator (Cochran 1977, chapter 6).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ratio {
    clusters: u64,
    total: i128,
    count: u64,
    total_sq: U256,
    count_sq: U256,
    product: U256,
}

impl Ratio {
    /// Counts one cluster of `count` ≥ 1 events that sum to `total` ≥ 0 (clamped to [`VALUE_LIMIT`]).
    pub fn add(&mut self, total: i128, count: u64) {
        let total = total.clamp(0, VALUE_LIMIT);
        let size = total.unsigned_abs();
        self.clusters += 1;
        self.total += total;
        self.count += count;
        self.total_sq = self.total_sq.wrapping_add(U256::product(size, size));
        self.count_sq = self.count_sq.wrapping_add(U256::product(count.into(), count.into()));
        self.product = self.product.wrapping_add(U256::product(size, count.into()));
    }

    /// Counts all of `other`'s clusters.
    pub fn merge(&mut self, other: &Ratio) {
        self.clusters += other.clusters;
        self.total += other.total;
        self.count += other.count;
        self.total_sq = self.total_sq.wrapping_add(other.total_sq);
        self.count_sq = self.count_sq.wrapping_add(other.count_sq);
        self.product = self.product.wrapping_add(other.product);
    }

    /// Clusters: replications with at least one event.
    pub fn clusters(&self) -> u64 {
        self.clusters
    }

    /// Events.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Sum over all events.
    pub fn total(&self) -> i128 {
        self.total
    }

    /// Mean per event; `None` without events.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.total as f64 / self.count as f64)
    }

    /// Interval of the mean; `None` for fewer than two clusters.
    pub fn interval(&self, at: Confidence) -> Option<Interval> {
        let mean = self.mean()?;
        if self.clusters < 2 {
            return None;
        }
        let m = self.clusters as f64;
        let count = self.count as f64;
        let half = t_quantile(self.clusters - 1, at) * (m / (m - 1.0) * self.residual()).sqrt() / count;
        Some(Interval { low: mean - half, high: mean + half })
    }

    /// Σ(T − R·c)² with R the ratio; 0 without events.
    pub(super) fn residual(&self) -> f64 {
        let mean = self.mean().unwrap_or(0.0);
        let residual =
            self.scale() - 2.0 * mean * self.product.to_f64() + mean * mean * self.count_sq.to_f64();
        // Below the rounding error of the three terms the residual is noise (it may even be negative): all clusters
        // have one ratio.
        if residual < self.scale() * 1e-14 { 0.0 } else { residual }
    }

    /// ΣT²: what rounding errors of the residual are relative to.
    pub(super) fn scale(&self) -> f64 {
        self.total_sq.to_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[i128]) -> Moments {
        let mut m = Moments::default();
        values.iter().for_each(|&x| m.add(x));
        m
    }

    #[test]
    fn nothing_is_undefined_not_zero() {
        let none = Moments::default();
        assert_eq!((none.mean(), none.variance(), none.least(), none.largest()), (None, None, None, None));
        assert_eq!(of(&[7]).variance(), None);
        assert_eq!(of(&[7]).interval(Confidence::P95), None);
        assert_eq!(of(&[0, 0]).needed_for_ten_percent(), None);
    }

    #[test]
    fn variance_survives_a_large_offset() {
        let base = 1i128 << 90;
        assert_eq!(of(&[base, base + 1, base + 2]).variance(), Some(1.0));
        assert_eq!(of(&[-base, -base - 2]).variance(), Some(2.0));
    }

    #[test]
    fn interval_of_a_textbook_sample() {
        // Mean 3, s² = 2.5, n = 5: half width t(0.975; 4)·√0.5 = 2.776445·0.707107.
        let i = of(&[1, 2, 3, 4, 5]).interval(Confidence::P95).unwrap();
        assert!((i.high - 3.0 - 1.963_243_161).abs() < 1e-8, "{i:?}");
        assert!((3.0 - i.low - 1.963_243_161).abs() < 1e-8);
        assert_eq!(of(&[1, 2, 3, 4, 5]).needed_for_ten_percent(), Some(107));
    }

    #[test]
    fn ratio_of_single_events_is_the_plain_mean() {
        let values = [10, 30, 80, 5];
        let (mut ratio, plain) = (Ratio::default(), of(&values));
        values.iter().for_each(|&x| ratio.add(x, 1));
        assert_eq!(ratio.mean(), plain.mean());
        let (a, b) = (ratio.interval(Confidence::P95).unwrap(), plain.interval(Confidence::P95).unwrap());
        assert!((a.low - b.low).abs() < 1e-9 && (a.high - b.high).abs() < 1e-9);
    }

    #[test]
    fn equal_clusters_leave_no_spread() {
        let mut ratio = Ratio::default();
        ratio.add(3_600_000_000_007 * 3, 3);
        ratio.add(3_600_000_000_007 * 2, 2);
        let i = ratio.interval(Confidence::P95).unwrap();
        assert_eq!((i.low, i.high), (3_600_000_000_007.0, 3_600_000_000_007.0));
    }

    proptest! {
        #[test]
        fn any_order_and_grouping_gives_the_same(
            values in proptest::collection::vec(-(1i128 << 96)..(1i128 << 96), 0..40),
            cut in 0usize..40,
        ) {
            let cut = cut.min(values.len());
            let (mut left, right) = (of(&values[cut..]), of(&values[..cut]));
            left.merge(&right);
            prop_assert_eq!(left, of(&values));
            let padded = of(&values).with_zeros(50);
            let mut by_hand = of(&values);
            (values.len()..50).for_each(|_| by_hand.add(0));
            prop_assert_eq!(padded, by_hand);
        }
    }
}
