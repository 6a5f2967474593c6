//! Quantiles of pooled events from a fixed log-linear histogram of integers.

use super::interval::{Confidence, quantile_ranks};

/// Counts of one octave: 128 equal steps between a power of two and the next.
const STEPS: usize = 128;
const STEP_BITS: u32 = 7;
/// Octave 0 holds 0 ..= 127 exactly, octave o > 0 the values 2^(o+6) ..= 2^(o+7) − 1.
const OCTAVES: usize = 64 - STEP_BITS as usize + 1;
/// Below this many replications with an event a quantile is flagged (design D16).
pub const SMALL_SAMPLE: u64 = 30;

/// Histogram of `u64` values. Values below 256 are exact; above, a bucket is at most 1/128 of its values wide, and
/// what is read out is its middle: off by at most 1/256, never outside the exact least and largest value.
///
/// The buckets are fixed, so merging is exact and in any order. Memory is taken by octave, when first needed.
///
/// ```
/// use zonefall::stats::Histogram;
/// let mut h = Histogram::default();
/// (1..=100).for_each(|x| h.add(x));
/// assert_eq!(h.quantile(0.5), Some(50));
/// assert_eq!(h.quantile(1.0), Some(100));
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Histogram {
    n: u64,
    least: u64,
    largest: u64,
    octaves: Vec<Box<[u64]>>,
}

/// A quantile with its interval.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QuantileEstimate {
    /// The quantile of the pooled events.
    pub estimate: u64,
    /// Lower end; `None`: the sample is too small for one.
    pub low: Option<u64>,
    /// Upper end; `None`: the sample is too small for one.
    pub high: Option<u64>,
    /// Whether fewer than [`SMALL_SAMPLE`] replications had an event.
    pub small: bool,
}

fn place(value: u64) -> (usize, usize) {
    let octave = (64 - STEP_BITS).saturating_sub(value.leading_zeros());
    if octave == 0 {
        return (0, value as usize);
    }
    (octave as usize, (value >> (octave - 1)) as usize - STEPS)
}

/// What is read of a bucket.
type Read = fn(usize, usize) -> u64;

/// The least value of a bucket.
fn first(octave: usize, step: usize) -> u64 {
    if octave == 0 { step as u64 } else { ((STEPS + step) as u64) << (octave - 1) }
}

/// The largest value of a bucket.
fn last(octave: usize, step: usize) -> u64 {
    if octave == 0 { step as u64 } else { first(octave, step) + ((1u64 << (octave - 1)) - 1) }
}

/// Middle of a bucket, rounded down.
fn middle(octave: usize, step: usize) -> u64 {
    if octave == 0 {
        return step as u64;
    }
    let width = 1u64 << (octave - 1);
    ((STEPS + step) as u64) * width + (width - 1) / 2
}

impl Histogram {
    /// Counts one value.
    #[inline]
    pub fn add(&mut self, value: u64) {
        if self.n == 0 {
            (self.least, self.largest) = (value, value);
        }
        self.n += 1;
        self.least = self.least.min(value);
        self.largest = self.largest.max(value);
        let (octave, step) = place(value);
        self.octave(octave)[step] += 1;
    }

    /// The same values and as many zeros as make `n` of them; unchanged if there are `n` already.
    pub fn with_zeros(&self, n: u64) -> Histogram {
        let mut all = self.clone();
        if n > self.n {
            if self.n == 0 {
                all.largest = 0;
            }
            all.least = 0;
            all.octave(0)[0] += n - self.n;
            all.n = n;
        }
        all
    }

    fn octave(&mut self, octave: usize) -> &mut [u64] {
        if self.octaves.is_empty() {
            self.octaves = vec![Box::default(); OCTAVES];
        }
        let counts = &mut self.octaves[octave];
        if counts.is_empty() {
            *counts = vec![0; STEPS].into();
        }
        counts
    }

    #[cfg(test)]
    pub(crate) fn octaves_in_use(&self) -> usize {
        self.octaves.iter().filter(|o| !o.is_empty()).count()
    }

    /// Counts all of `other`'s values.
    pub fn merge(&mut self, other: &Histogram) {
        if other.n == 0 {
            return;
        }
        if self.n == 0 {
            (self.least, self.largest) = (other.least, other.largest);
        }
        self.n += other.n;
        self.least = self.least.min(other.least);
        self.largest = self.largest.max(other.largest);
        for (i, counts) in other.octaves.iter().enumerate().filter(|(_, c)| !c.is_empty()) {
            self.octave(i).iter_mut().zip(counts.iter()).for_each(|(a, b)| *a += b);
        }
    }

    /// Number of values.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// The least value, exact; `None` without values.
    pub fn least(&self) -> Option<u64> {
        (self.n > 0).then_some(self.least)
    }

    /// The largest value, exact; `None` without values.
    pub fn largest(&self) -> Option<u64> {
        (self.n > 0).then_some(self.largest)
    }

    /// The value of the given rank (from 1) in ascending order, to the histogram's resolution.
    fn ranked(&self, rank: u64) -> Option<u64> {
        self.bucket(rank, middle)
    }

    /// The value of a rank, read from its bucket by `read`; never outside the exact least and largest.
    fn bucket(&self, rank: u64, read: fn(usize, usize) -> u64) -> Option<u64> {
        match rank {
            0 => return None,
            1 => return self.least(),
            r if r == self.n => return self.largest(),
            _ => {}
        }
        let mut seen = 0;
        for (octave, counts) in self.octaves.iter().enumerate() {
            for (step, &count) in counts.iter().enumerate() {
                seen += count;
                if seen >= rank {
                    return Some(read(octave, step).clamp(self.least, self.largest));
                }
            }
        }
        None
    }

    /// The distribution of the values: some of them in ascending order, each with the number of values at or below
    /// it, as [`Histogram::quantile`] has them. There is one at the least and the largest value and, in between,
    /// wherever another `parts`-th of the values is complete; all of them where they are few.
    pub fn cumulative(&self, parts: u64) -> Vec<(u64, u64)> {
        let part = |count: u64| u128::from(count) * u128::from(parts) / u128::from(self.n.max(1));
        let octaves = self.octaves.iter().enumerate();
        let buckets = octaves.flat_map(|(octave, counts)| {
            counts.iter().enumerate().map(move |(step, &count)| (middle(octave, step), count))
        });
        let mut points: Vec<(u64, u64)> = Vec::new();
        let mut seen = 0;
        for (value, count) in buckets.filter(|&(_, count)| count > 0) {
            let before = seen;
            seen += count;
            let value = match seen {
                1 => self.least,
                all if all == self.n => self.largest,
                _ => value.clamp(self.least, self.largest),
            };
            if before == 0 || part(seen) > part(before) || seen == self.n {
                points.push((value, seen));
            }
        }
        points
    }

    /// The p-quantile, 0 ≤ p ≤ 1: the least value with at least the share p of values at or below it. `None`
    /// without values.
    pub fn quantile(&self, p: f64) -> Option<u64> {
        // The slack keeps 0.99 · 100 = 99.00000000000001 at rank 99.
        let rank = (p * self.n as f64 * (1.0 - 1e-12)).ceil() as u64;
        self.ranked(rank.clamp(1, self.n.max(1)))
    }

    /// The p-quantile with its interval. Events of one replication are not independent, so the interval is
    /// that of a sample of `independent` values, the number of replications with an event (design D16).
    pub fn estimate(&self, p: f64, independent: u64, at: Confidence) -> Option<QuantileEstimate> {
        let estimate = self.quantile(p)?;
        let (low, high) = quantile_ranks(independent, p, at);
        // Rank r of the independent sample is the share r/n of the pooled one.
        let independent = independent.max(1);
        let share = |rank: u64| u128::from(rank) * u128::from(self.n);
        // The lower end is rounded down, the upper one up: the interval only grows.
        // Decisions do without the precision that a bucket does not have.
        let (from, to): (Read, Read) = if at.decides() { (first, last) } else { (middle, middle) };
        let lower =
            |rank| self.bucket(((share(rank) / u128::from(independent)) as u64).clamp(1, self.n), from);
        let upper =
            |rank| self.bucket((share(rank).div_ceil(u128::from(independent)) as u64).clamp(1, self.n), to);
        Some(QuantileEstimate {
            estimate,
            low: low.and_then(lower),
            high: high.and_then(upper),
            small: independent < SMALL_SAMPLE,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn buckets_cover_the_range_without_gap() {
        for value in (0..70_000).chain([u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) - 1]) {
            let (octave, step) = place(value);
            assert!(octave < OCTAVES && step < STEPS, "{value}");
            let shown = middle(octave, step);
            assert!(shown.abs_diff(value) <= value / 256, "{value} shown as {shown}");
            assert!(value >= 256 || shown == value);
        }
    }

    #[test]
    fn one_value_is_shown_exactly() {
        let mut h = Histogram::default();
        h.add(3_600_000_000_001);
        h.add(3_600_000_000_001);
        assert_eq!(h.quantile(0.5), Some(3_600_000_000_001));
        let e = h.estimate(0.5, 2, Confidence::P95).unwrap();
        assert_eq!((e.low, e.high, e.small), (None, None, true));
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn decisions_read_the_ends_of_buckets() {
        let mut h = Histogram::default();
        (1..=100u64).for_each(|x| h.add(if x < 50 { 1_000 + x } else { 10_800 }));
        h.add(20_000);
        let usual = h.estimate(0.9, 101, Confidence::P95).unwrap();
        let sure = h.estimate(0.9, 101, Confidence::missing(0.05).unwrap()).unwrap();
        assert_ne!(usual.low, Some(10_800), "the middle of a bucket");
        assert!(sure.low <= Some(10_800) && Some(10_800) <= sure.high, "{sure:?}");
        assert_eq!(sure.estimate, usual.estimate);
    }

    #[test]
    fn interval_of_the_median_of_a_hundred() {
        let mut h = Histogram::default();
        (1..=100).for_each(|x| h.add(x));
        // Order statistics 40 and 61 enclose the median of 100 with 96.5 %.
        let e = h.estimate(0.5, 100, Confidence::P95).unwrap();
        assert_eq!((e.estimate, e.low, e.high, e.small), (50, Some(40), Some(61), false));
        // Ten independent replications of ten events each: a much wider interval.
        let e = h.estimate(0.5, 10, Confidence::P95).unwrap();
        assert_eq!((e.low, e.high, e.small), (Some(20), Some(90), true));
    }

    #[test]
    fn few_points_of_many_values() {
        let mut h = Histogram::default();
        assert_eq!(h.cumulative(10), []);
        h.add(7);
        assert_eq!(h.cumulative(10), [(7, 1)]);
        (1..=100).filter(|&x| x != 7).for_each(|x| h.add(x));
        let tenths = [(1, 1), (10, 10), (20, 20), (30, 30), (40, 40), (50, 50), (60, 60), (70, 70)];
        assert_eq!(h.cumulative(10)[..8], tenths);
        assert_eq!(h.cumulative(10).last(), Some(&(100, 100)));
        assert_eq!(h.cumulative(1000).len(), 100);
        (0..900).for_each(|_| h.add(150));
        assert_eq!(h.cumulative(10), [(1, 1), (100, 100), (150, 1000)]);
    }

    proptest! {
        #[test]
        fn points_are_quantiles(mut values in proptest::collection::vec(any::<u64>(), 1..300), shift in 0u32..64) {
            values.iter_mut().for_each(|v| *v >>= shift);
            let mut h = Histogram::default();
            values.iter().for_each(|&v| h.add(v));
            let points = h.cumulative(20);
            prop_assert!(points.len() <= 22 && points.is_sorted());
            prop_assert_eq!(points.last(), Some(&(*values.iter().max().unwrap(), values.len() as u64)));
            for (value, count) in points {
                prop_assert_eq!(h.ranked(count), Some(value));
                // As many values are at or below its bucket.
                let below = values.iter().filter(|&&v| place(v) <= place(value)).count() as u64;
                prop_assert_eq!(below, count);
            }
        }

        #[test]
        fn merging_is_exact_and_quantiles_are_close(
            mut values in proptest::collection::vec(any::<u64>(), 1..60),
            shift in 0u32..64,
            cut in 0usize..60,
        ) {
            values.iter_mut().for_each(|v| *v >>= shift);
            let of = |part: &[u64]| {
                let mut h = Histogram::default();
                part.iter().for_each(|&v| h.add(v));
                h
            };
            let cut = cut.min(values.len());
            let (mut left, right) = (of(&values[cut..]), of(&values[..cut]));
            left.merge(&right);
            prop_assert_eq!(&left, &of(&values));
            values.sort_unstable();
            for (p, rank) in [(0.5, values.len().div_ceil(2)), (1.0, values.len())] {
                let (shown, exact) = (left.quantile(p).unwrap(), values[rank - 1]);
                prop_assert!(shown.abs_diff(exact) <= exact / 128, "{} {}", shown, exact);
            }
        }
    }
}
