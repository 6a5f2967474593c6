//! Hot items: how often updates of one item meet (rules c33, c34). Pure formulas; docs/model.md derives them.
//!
//! Updates of an item are Poisson streams, one per region. A write travels from its region to the arbiter and from there
//! to the others, each hop a lag of its own, with an arbiter that may be busy. The chance that nothing else happens in a
//! window of length L is E[exp(−x L)], the Laplace transform of the lag at the rate x.

use crate::rng::{Law, math};
use crate::units::{Duration, NS_PER_SECOND};

/// Values of a law that stand for equal shares of its probability, and how often the last share is halved: tails are
/// where a law differs most inside a share.
const NODES: u64 = 128;
const HALVES: u32 = 24;

/// A law of lags as a few values, in seconds, each with its probability.
#[derive(Clone, Debug, PartialEq)]
pub struct Lags {
    values: Vec<(f64, f64)>,
}

impl Lags {
    /// Stands for `law`, where nothing counts as longer than `most`.
    pub fn new(law: &Law, most: Duration) -> Lags {
        // The value in the middle of a part of the words.
        let value = |from: u64, width: u64| {
            law.quantile(from + width / 2).min(most).ns() as f64 / NS_PER_SECOND as f64
        };
        if law.as_constant().is_some() {
            return Lags { values: vec![(value(0, u64::MAX), 1.0)] };
        }
        let mut width = u64::MAX / NODES;
        let mut share = 1.0 / NODES as f64;
        let mut values: Vec<(f64, f64)> = (0..NODES - 1).map(|i| (value(i * width, width), share)).collect();
        let mut from = (NODES - 1) * width;
        for _ in 0..HALVES {
            (width, share) = (width / 2, share / 2.0);
            values.push((value(from, width), share));
            from += width;
        }
        values.push((value(from, width), share));
        Lags { values }
    }

    /// E[exp(−rate · lag)].
    pub fn transform(&self, rate: f64) -> f64 {
        if rate <= 0.0 {
            return 1.0;
        }
        self.values.iter().map(|(lag, share)| share * math::exp(-rate * lag)).sum()
    }

    /// Mean in seconds.
    pub fn mean(&self) -> f64 {
        self.values.iter().map(|(lag, share)| share * lag).sum()
    }
}

/// One region as an item sees it.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Site {
    /// Updates of the item taken here, per second.
    pub rate: f64,
    /// Of them, per second: those that clients send to the regions in turn. The next update is never here again.
    pub in_turn: f64,
    /// Seconds that a hop between here and the arbiter takes longer.
    pub extra: f64,
}

/// Between which regions an item is updated, and how they hear of each other.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// Law of one hop.
    pub lags: &'a Lags,
    /// Regions, at least one.
    pub sites: &'a [Site],
    /// The one that settles conflicts.
    pub arbiter: usize,
    /// Seconds that the arbiter makes a write wait.
    pub wait: f64,
}

impl Item<'_> {
    /// Rate of updates in region `b` as a write in another region meets them.
    fn met(&self, b: usize) -> f64 {
        let site = self.sites[b];
        let n = self.sites.len() as f64;
        site.rate + site.in_turn / (n - 1.0).max(1.0)
    }

    /// Chance that a write in region `a` meets a newer one: another region updates the item before it hears of it.
    pub fn overtaken(&self, a: usize) -> f64 {
        let others = || (0..self.sites.len()).filter(move |&b| b != a);
        let all: f64 = others().map(|b| self.met(b)).sum();
        let mut undisturbed = math::exp(-all * self.wait);
        if a != self.arbiter {
            // One trip to the arbiter, before anybody else hears of it.
            undisturbed *= self.lags.transform(all) * math::exp(-all * self.sites[a].extra);
        }
        for b in others().filter(|&b| b != self.arbiter) {
            let rate = self.met(b);
            undisturbed *= self.lags.transform(rate) * math::exp(-rate * self.sites[b].extra);
        }
        1.0 - undisturbed
    }

    /// Chance that region `a` updates the item again before the arbiter has confirmed a write of it; 0 at the arbiter.
    pub fn unconfirmed(&self, a: usize) -> f64 {
        if a == self.arbiter {
            return 0.0;
        }
        let Site { rate, extra, .. } = self.sites[a];
        let hop = self.lags.transform(rate);
        1.0 - hop * hop * math::exp(-rate * (2.0 * extra + self.wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    #[test]
    fn transforms_are_those_of_the_laws() {
        for rate in [0.01, 0.1, 1.0, 10.0] {
            let constant = Lags::new(&Law::constant(secs(2)), Duration::YEAR);
            assert_eq!(constant.transform(rate), math::exp(-2.0 * rate));
            let exponential = Lags::new(&Law::exponential(secs(2)).unwrap(), Duration::YEAR);
            let (found, exact) = (1.0 - exponential.transform(rate), 2.0 * rate / (1.0 + 2.0 * rate));
            assert!((found - exact).abs() < 1e-3 * exact, "{rate}: {found} {exact}");
            let uniform = Lags::new(&Law::uniform(secs(1), secs(3)).unwrap(), Duration::YEAR);
            let exact = (math::exp(-rate) - math::exp(-3.0 * rate)) / (2.0 * rate);
            assert!((uniform.transform(rate) - exact).abs() < 1e-4, "{rate}");
        }
    }

    /// Two regions, constant lag ℓ, both updating at x: the satellite's writes and the arbiter's both wait one hop.
    #[test]
    fn two_regions_have_closed_forms() {
        let lags = Lags::new(&Law::constant(secs(3)), Duration::YEAR);
        let site = Site { rate: 0.1, ..Site::default() };
        let item = Item { lags: &lags, sites: &[site, site], arbiter: 0, wait: 0.0 };
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(near(item.overtaken(0), 1.0 - math::exp(-0.3)));
        assert!(near(item.overtaken(1), 1.0 - math::exp(-0.3)));
        assert!(near(item.unconfirmed(1), 1.0 - math::exp(-0.6)));
        assert_eq!(item.unconfirmed(0), 0.0);
        let busy = Item { wait: 7.0, ..item };
        assert!(near(busy.overtaken(0), 1.0 - math::exp(-1.0)));
        assert!(near(busy.unconfirmed(1), 1.0 - math::exp(-1.3)));
        // In turn: all of the item's updates are elsewhere.
        let turn = Site { in_turn: 0.1, ..site };
        let turns = Item { sites: &[turn, turn], ..item };
        assert!(near(turns.overtaken(0), 1.0 - math::exp(-0.6)));
    }
}
