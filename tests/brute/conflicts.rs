//! How often updates of one item meet: write by write, against the formulas of docs/model.md.

use crate::Ms;
use zonefall::rng::{Law, math};
use zonefall::sim::hot::{Item, Lags, Site};
use zonefall::units::Duration;

/// A generator of its own (xorshift64*: Vigna 2016).
struct Random(u64);

impl Random {
    fn word(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// In (0, 1).
    fn unit(&mut self) -> f64 {
        ((self.word() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * math::ln(self.unit())
    }
}

/// How long a hop takes, in seconds.
#[derive(Clone, Copy, Debug)]
enum Hop {
    Always(f64),
    Exponential(f64),
    Uniform(f64, f64),
}

impl Hop {
    fn draw(self, random: &mut Random) -> f64 {
        match self {
            Hop::Always(s) => s,
            Hop::Exponential(mean) => random.exponential(mean),
            Hop::Uniform(low, high) => low + (high - low) * random.unit(),
        }
    }

    fn law(self) -> Law {
        let secs = |s: f64| Duration::from_ns((s * 1e9) as u64);
        match self {
            Hop::Always(s) => Law::constant(secs(s)),
            Hop::Exponential(mean) => Law::exponential(secs(mean)).unwrap(),
            Hop::Uniform(low, high) => Law::uniform(secs(low), secs(high)).unwrap(),
        }
    }
}

struct Case {
    rates: &'static [f64],
    arbiter: usize,
    hop: Hop,
    /// By region, on each hop between it and the arbiter.
    extra: &'static [f64],
    wait: f64,
}

/// Shares of the writes of each region that another region's newer write meets, and that the region itself updates
/// before they are confirmed.
fn simulate(case: &Case, random: &mut Random, horizon: f64) -> Vec<[f64; 2]> {
    let n = case.rates.len();
    let stream = |rate: f64, random: &mut Random| {
        let mut times = Vec::new();
        let mut t = random.exponential(1.0 / rate);
        while t < horizon {
            times.push(t);
            t += random.exponential(1.0 / rate);
        }
        times
    };
    let writes: Vec<Vec<f64>> = case.rates.iter().map(|&rate| stream(rate, random)).collect();
    let updated = |b: usize, from: f64, to: f64| {
        let next = writes[b].partition_point(|&t| t <= from);
        writes[b].get(next).is_some_and(|&t| t < to)
    };
    let mut shares = Vec::new();
    for a in 0..n {
        let (mut met, mut again) = (0, 0);
        for &t in &writes[a] {
            let mut at_arbiter = t + case.wait;
            if a != case.arbiter {
                at_arbiter += case.hop.draw(random) + case.extra[a];
            }
            let arrives: Vec<f64> = (0..n)
                .map(|b| match b == case.arbiter {
                    true => at_arbiter,
                    false => at_arbiter + case.hop.draw(random) + case.extra[b],
                })
                .collect();
            met += usize::from((0..n).any(|b| b != a && updated(b, t, arrives[b])));
            again += usize::from(a != case.arbiter && updated(a, t, arrives[a]));
        }
        shares.push([met, again].map(|k| k as f64 / writes[a].len() as f64));
    }
    shares
}

fn check(case: &Case, seed: u64) {
    const RUNS: usize = 40;
    let lags = Lags::new(&case.hop.law(), Duration::YEAR);
    let sites: Vec<Site> =
        case.rates.iter().zip(case.extra).map(|(&rate, &extra)| Site { rate, extra, in_turn: 0.0 }).collect();
    let item = Item { lags: &lags, sites: &sites, arbiter: case.arbiter, wait: case.wait };
    let mut random = Random(seed);
    let horizon = 3000.0 / case.rates.iter().fold(f64::MAX, |a, &b| a.min(b));
    let runs: Vec<_> = (0..RUNS).map(|_| simulate(case, &mut random, horizon)).collect();
    for a in 0..sites.len() {
        for (k, expected) in [item.overtaken(a), item.unconfirmed(a)].into_iter().enumerate() {
            let mean = runs.iter().map(|r| r[a][k]).sum::<f64>() / RUNS as f64;
            let off = |r: &Vec<[f64; 2]>| (r[a][k] - mean) * (r[a][k] - mean);
            let variance = runs.iter().map(off).sum::<f64>() / (RUNS - 1) as f64;
            let error = (variance / RUNS as f64).sqrt();
            // The formula stands for a law by 128 values of it: off by less than a thousandth.
            let off = (mean - expected).abs();
            assert!(
                off <= 3.5 * error + 5e-4 * expected,
                "rates {:?}, {:?}: region {a}, {k}: simulated {mean} ± {error}, formula {expected}",
                case.rates,
                case.hop
            );
        }
    }
}

#[test]
fn updates_meet_as_often_as_the_formula_says() {
    let hops = [Hop::Always(2.0), Hop::Exponential(2.0), Hop::Uniform(0.5, 3.5)];
    let mut seed: Ms = 7;
    for hop in hops {
        for rates in [&[0.05, 0.05][..], &[0.3, 0.1], &[0.02, 0.1, 0.3], &[0.5, 0.5, 0.5]] {
            for (arbiter, extra, wait) in [(0, &[0.0, 0.0, 0.0][..], 0.0), (1, &[1.0, 0.0, 0.5], 0.7)] {
                seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
                let extra = &extra[..rates.len()];
                check(&Case { rates, arbiter, hop, extra, wait }, seed);
            }
        }
    }
}
