//! Simulations against formulas: each expected value lies inside the 99.9 % interval computed from the simulation's
//! own spread, and the interval is narrow. Seeds are those of the scenarios.

mod support;

use support::{Sample, expect_ratio, model, replications};
use zonefall::experiment::{Accumulator, VariantOutcome};
use zonefall::model::Model;
use zonefall::model::objective::Goal;
use zonefall::sim::observe::{Kind, Outage, Replication, Subject};
use zonefall::units::Duration;

const SEED: u64 = 42;

fn hours(d: Duration) -> f64 {
    d.as_secs_f64() / 3600.0
}

/// Index of a block by name.
fn block(model: &Model, name: &str) -> usize {
    model.blocks.iter().position(|b| b.name == name).unwrap()
}

/// Unavailability of a block in each replication.
fn unavailability(model: &Model, runs: &[Replication], name: &str) -> Sample {
    let b = block(model, name);
    Sample(runs.iter().map(|r| r.blocks[b].down.as_secs_f64() / model.horizon.as_secs_f64()).collect())
}

/// Outages of a block that begin before the horizon, in one replication.
fn outages<'r>(model: &'r Model, run: &'r Replication, name: &str) -> impl Iterator<Item = &'r Outage> {
    let b = block(model, name) as u32;
    run.outages.iter().filter(move |o| o.subject == Subject::Block(b) && (o.start.ns() < model.horizon.ns()))
}

/// Stationary distribution of a Markov chain given by its rates (from, to, rate), by elimination.
fn stationary(states: usize, rates: &[(usize, usize, f64)]) -> Vec<f64> {
    // Balance of every state but the last, and the sum of probabilities.
    let mut rows = vec![vec![0.0; states + 1]; states];
    for &(from, to, rate) in rates {
        rows[to][from] += rate;
        rows[from][from] -= rate;
    }
    rows[states - 1] = vec![1.0; states + 1];
    for pivot in 0..states {
        let best = (pivot..states).max_by(|&a, &b| rows[a][pivot].abs().total_cmp(&rows[b][pivot].abs()));
        rows.swap(pivot, best.unwrap());
        let lead = rows[pivot].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(i, _)| *i != pivot) {
            let factor = row[pivot] / lead[pivot];
            row.iter_mut().zip(&lead).for_each(|(x, y)| *x -= factor * y);
        }
    }
    (0..states).map(|i| rows[i][states] / rows[i][i]).collect()
}

/// Reference 1: any up and down times; and the variance of the time down (Weibull up, lognormal down).
#[test]
fn alternating_renewal() {
    let m = model("reference/alternating-renewal", "base", &[]);
    let runs = replications(&m, SEED, 1000);
    let down = unavailability(&m, &runs, "unit");
    down.expect("unavailability", 10.0 / 110.0, 0.02);
    // Weibull of shape 2: variance mean² (4/π − 1); lognormal of sigma 1: variance mean² (e − 1).
    let (u, d, t) = (100.0, 10.0, 10_000.0);
    let up_variance = u * u * (4.0 / core::f64::consts::PI - 1.0);
    let down_variance = d * d * (core::f64::consts::E - 1.0);
    let expected = (u * u * down_variance + d * d * up_variance) / ((u + d) * (u + d) * (u + d)) / t;
    let ratio = down.variance() / expected;
    assert!((0.8..1.2).contains(&ratio), "variance is {ratio} times the expected one");
}

/// Reference 1: the mean availability of the first hours of a new unit.
#[test]
fn first_hours_of_a_new_unit() {
    let m = model("reference/alternating-renewal", "first-hours", &[]);
    let runs = replications(&m, SEED, 100_000);
    let s: f64 = 1.0 + 1.0 / 9.0;
    let expected = 1.0 / s + 1.0 / 9.0 / (s * s * 3.0) * (1.0 - libm::exp(-s * 3.0));
    assert!((expected - 0.928_930).abs() < 1e-6);
    unavailability(&m, &runs, "unit").expect("unavailability", 1.0 - expected, 0.03);
}

/// Reference 2: availability, rate and mean length of outages; the first two for any law of repairs.
#[test]
fn k_of_n() {
    for variant in ["base", "constant-repair"] {
        let m = model("reference/k-of-n", variant, &[]);
        let runs = replications(&m, SEED, 500);
        for (name, u, rate, length) in
            [("two-of-three", 0.028, 0.054, 0.518_519), ("three-of-five", 0.008_56, 0.0243, 0.352_263)]
        {
            let what = format!("{variant} {name}");
            unavailability(&m, &runs, name).expect(&what, u, 0.05);
            let count = |r: &Replication| outages(&m, r, name).count() as f64;
            Sample(runs.iter().map(|r| count(r) / 1000.0).collect()).expect(&what, rate, 0.05);
            let total = |r: &Replication| outages(&m, r, name).map(|o| hours(o.length)).sum();
            let pairs: Vec<(f64, f64)> = runs.iter().map(|r| (total(r), count(r))).collect();
            expect_ratio(&what, &pairs, length, 0.05);
        }
    }
}

/// Two of three with rare faults (bench c): the same formulas.
#[test]
fn two_of_three() {
    let m = model("reference/two-of-three", "base", &[]);
    let runs = replications(&m, SEED, 20_000);
    let a: f64 = 1000.0 / 1010.0;
    let u = 3.0 * (1.0 - a) * (1.0 - a) - 2.0 * (1.0 - a) * (1.0 - a) * (1.0 - a);
    unavailability(&m, &runs, "service").expect("unavailability", u, 0.06);
    let rate = 6.0 * a * a * (1.0 - a) / 1000.0 * 8760.0;
    let count = |r: &Replication| outages(&m, r, "service").count() as f64;
    Sample(runs.iter().map(count).collect()).expect("outages a year", rate, 0.06);
}

/// Reference 3: a shared repair crew, first failed first served.
#[test]
fn repairman() {
    for (variant, crews) in [("base", 1.0), ("two-crews", 2.0)] {
        let m = model("reference/repairman", variant, &[]);
        let runs = replications(&m, SEED, 500);
        let rates: Vec<(usize, usize, f64)> = (0..3)
            .flat_map(|j: usize| {
                [(j, j + 1, (3 - j) as f64 * 0.1), (j + 1, j, f64::min(crews, (j + 1) as f64))]
            })
            .collect();
        let p = stationary(4, &rates);
        unavailability(&m, &runs, "service").expect(variant, p[2] + p[3], 0.05);
    }
}

/// Reference 7: failover with cancellation, waiting for a target, one crew.
#[test]
fn warm_standby() {
    let m = model("reference/warm-standby", "base", &[]);
    let runs = replications(&m, SEED, 500);
    const STATES: [&str; 6] = ["2", "F", "1", "0F", "0B", "0B'"];
    let s = |name: &str| STATES.iter().position(|x| *x == name).unwrap();
    let (fail, repair, failover) = (0.05, 0.5, 5.0);
    let rates = [
        ("2", "F", fail),
        ("2", "1", fail),
        ("F", "1", failover),
        ("F", "2", repair),
        ("F", "0F", fail),
        ("1", "2", repair),
        ("1", "0B", fail),
        ("0F", "1", repair),
        ("0B", "F", repair),
        ("0B", "0B'", failover),
        ("0B'", "1", repair),
    ]
    .map(|(a, b, rate)| (s(a), s(b), rate));
    let p = stationary(6, &rates);
    let available = p[s("2")] + p[s("1")];
    assert!((available - 0.976_094).abs() < 1e-6, "{available}");
    let failed = |r: &Replication| {
        let store = &r.stores[0];
        store.failed[Kind::Write as usize] as f64 / store.requested[Kind::Write as usize] as f64
    };
    Sample(runs.iter().map(failed).collect()).expect("failed writes", 1.0 - available, 0.05);
}

/// Reference 8: own failures and a common cause as overlapping processes.
#[test]
fn common_cause() {
    let m = model("reference/common-cause", "base", &[]);
    let runs = replications(&m, SEED, 500);
    let (own, common) = (0.08 / 1.08, 0.02 / 1.02);
    let expected = common + (1.0 - common) * own * own;
    assert!((expected - 0.024_987_2f64).abs() < 1e-7);
    unavailability(&m, &runs, "pair").expect("both down", expected, 0.06);
}

/// Reference 9: nodes, zones and the region over the same nodes.
#[test]
fn unequal_zones() {
    let m = model("reference/unequal-zones", "base", &[]);
    let runs = replications(&m, SEED, 500);
    let (node, zone, region) = (10.0 / 11.0, 50.0 / 52.0, 200.0 / 202.0);
    let mut available = 0.0;
    for up in 0..8u32 {
        let zones = [2, 2, 1].iter().enumerate();
        let left: i32 = zones.filter(|(z, _)| up >> z & 1 == 1).map(|(_, n)| n).sum();
        let weight: f64 = (0..3).map(|z| if up >> z & 1 == 1 { zone } else { 1.0 - zone }).product();
        available += weight * at_least(3, left, node);
    }
    let expected = region * available;
    assert!((expected - 0.961_021_0f64).abs() < 1e-7, "{expected}");
    unavailability(&m, &runs, "majority").expect("majority", 1.0 - expected, 0.03);
}

/// Probability that at least `k` of `n` are up, each with probability `a`.
fn at_least(k: i32, n: i32, a: f64) -> f64 {
    let mut p = vec![1.0];
    for _ in 0..n {
        let mut next = vec![0.0; p.len() + 1];
        for (j, x) in p.iter().enumerate() {
            next[j] += x * (1.0 - a);
            next[j + 1] += x * a;
        }
        p = next;
    }
    p.iter().skip(k as usize).sum()
}

/// Reference 4: three replicas lose a disk now and then; data is lost with the last one. Mean time to it, and the
/// probability within the horizon, by following the chain in small steps.
#[test]
fn time_to_data_loss() {
    for (variant, crews, mean_time) in [("base", 1.0, 251.67), ("parallel", 3.0, 468.33)] {
        let m = model("reference/data-loss", variant, &[]);
        let (lose, repair) = ([0.3, 0.2, 0.1], [0.0, 1.0, f64::min(crews, 2.0)]);
        // Probability of 3, 2, 1, 0 replicas left.
        let mut p = [1.0, 0.0, 0.0, 0.0];
        let (mut survived, mut loss) = (0.0, 0.0);
        const STEP: f64 = 0.005;
        for step in 0..2_000_000 {
            let flow = |i: usize| lose[i] * p[i] - if i < 2 { repair[i + 1] * p[i + 1] } else { 0.0 };
            let flows = [flow(0), flow(1), flow(2)];
            for (i, f) in flows.into_iter().enumerate() {
                p[i] -= STEP * f;
                p[i + 1] += STEP * f;
            }
            survived += STEP * (1.0 - p[3]);
            if step + 1 == (240.0 / STEP) as u32 {
                loss = p[3];
            }
        }
        assert!((survived - mean_time).abs() < 0.1, "{variant}: mean time {survived}");
        let runs = replications(&m, SEED, 5000);
        let lost = |r: &Replication| if r.stores[0].lost > 0 { 1.0 } else { 0.0 };
        Sample(runs.iter().map(lost).collect()).expect(variant, loss, 0.06);
    }
}

/// Reference 6: probes every 30 s, three misses.
#[test]
fn detection() {
    let m = model("reference/detection", "base", &[]);
    let runs = replications(&m, SEED, 2000);
    let lengths: Vec<f64> = runs.iter().flat_map(|r| &r.outages).map(|o| o.length.as_secs_f64()).collect();
    assert_eq!(lengths.len(), 2000);
    assert!(lengths.iter().all(|&l| l > 60.0 && l <= 90.0));
    let sample = Sample(lengths);
    sample.expect("detection", 75.0, 0.02);
    assert!((0.9..1.1).contains(&(sample.variance() / 75.0)), "uniform: 30²/12");
}

/// W1 (bench b): regions, zones and nodes; events a year.
#[test]
fn w1() {
    let m = model("reference/w1", "base", &[]);
    let runs = replications(&m, SEED, 40);
    let mean = libm::exp(0.5); // of a lognormal with median 1 and sigma 1
    let share = |up_days: f64, median_hours: f64| {
        let down = median_hours * mean / 24.0;
        down / (up_days + down)
    };
    let (node, zone, region) = (share(121.75, 1.0 / 6.0), share(730.5, 1.0), share(3652.5, 3.0));
    assert!((node - 9.4032e-5).abs() < 1e-9);
    // A majority of 60 nodes is gone with two of three zones; single nodes do not matter.
    let two_zones = 3.0 * zone * zone * (1.0 - zone) + zone * zone * zone;
    let expected = region + (1.0 - region) * two_zones;
    assert!((expected - 5.6448e-5).abs() < 1e-8, "{expected}");
    let all = |r: &Replication| {
        (0..3).map(|b| r.blocks[b].down.as_secs_f64()).sum::<f64>() / 3.0 / m.horizon.as_secs_f64()
    };
    Sample(runs.iter().map(all).collect()).expect("region service", expected, 0.3);
    let rate = |up_days: f64, median_hours: f64| 365.0 / (up_days + median_hours * mean / 24.0);
    let events = 2.0 * (180.0 * rate(121.75, 1.0 / 6.0) + 9.0 * rate(730.5, 1.0) + 3.0 * rate(3652.5, 3.0));
    let found = |r: &Replication| r.fault_events as f64 / 100.0;
    Sample(runs.iter().map(found).collect()).expect("events a year", events, 0.01);
}

/// A store whose only region is destroyed once, at a moment that is uniform over ten days.
const DISASTER: &str = r#"
[scenario]
name         = "one disaster"
horizon      = "29d"
replications = 1
seed         = 42

[[region]]
name           = "a"
zones          = 3
nodes_per_zone = 4

[[region]]
name           = "b"

[fault.disaster]
target   = "region:a"
effect   = "destroy"
uptime   = { law = "uniform", low = "15d", high = "25d" }
duration = "15d"

[store.s]
regions   = [{ name = "a", zones = "zone-redundant" }]
data_size = "2TB"
backup    = { mode = "periodic", interval = "24h", duration = "3h", copies = 28, copy_to = "b" }
restore   = { per_tb = { law = "uniform", low = "45m", high = "75m" } }

[store.s.workload]
writes_per_second = 1
clients           = { a = 1 }
"#;

/// Age in hours of what is restored after the disaster, in each replication.
fn ages(set: &[(&str, &str)], replications_wanted: u64) -> Sample {
    let model = support::read(DISASTER, set).variants[0].model.clone();
    let runs = replications(&model, SEED, replications_wanted);
    assert!(runs.iter().all(|r| r.losses.len() == 1 && r.restores.len() == 1));
    Sample(runs.iter().map(|r| hours(r.losses[0].rpo)).collect())
}

/// Reference 5: backups every T, usable d after their start: the age is uniform on [d, d + T); where each fails with
/// p, d + T (U + G), with U uniform and G geometric.
#[test]
fn c13_age_of_the_newest_backup() {
    let sure = ages(&[], 4000);
    sure.expect("age", 15.0, 0.03);
    assert!(sure.0.iter().all(|age| (3.0..27.0).contains(age)));
    // Uniform on 24 h.
    let ratio = sure.variance() / (24.0 * 24.0 / 12.0);
    assert!((0.95..1.05).contains(&ratio), "variance is {ratio} times the expected one");
    let failing = ages(&[("store.s.backup.fails", "0.2")], 4000);
    failing.expect("age", 21.0, 0.05);
    // P(age > 30 h): n = 1, r = 3 h.
    let beyond = Sample(failing.0.iter().map(|&age| f64::from(u8::from(age > 30.0))).collect());
    let expected = 0.2 * (1.0 - 0.8 * 3.0 / 24.0);
    assert!((expected - 0.18f64).abs() < 1e-9);
    beyond.expect("P(age > 30 h)", expected, 0.2);
}

/// The same with T = 100 s and the lag of shipping as d; and a documented four hours: 120 minutes, at most 240.
#[test]
fn c13_age_of_what_was_shipped_and_of_a_four_hourly_copy() {
    let four = ages(&[("store.s.backup.interval", "\"4h\""), ("store.s.backup.duration", "\"0s\"")], 2000);
    four.expect("age", 2.0, 0.05);
    assert!(four.0.iter().all(|&age| age < 4.0));
    // The zone with the replicas is destroyed, the backup lies in all three.
    let shipped = ages(
        &[
            ("fault.disaster.target", "\"zone:a/1\""),
            ("store.s.regions", "[\"a\"]"),
            ("store.s.backup", "{ mode = \"continuous\", retention = \"7d\", redundancy = \"zone\" }"),
        ],
        2000,
    );
    shipped.expect("age", 50.0 / 3600.0, 0.05);
    assert!(shipped.0.iter().all(|&age| age < 100.0 / 3600.0));
}

/// Two terabytes at 45 to 75 minutes each, once the region is back after 15 days.
#[test]
fn c13_time_to_restore() {
    let model = support::read(DISASTER, &[]).variants[0].model.clone();
    let runs = replications(&model, SEED, 2000);
    let took = Sample(runs.iter().map(|r| hours(r.restores[0].took) - 15.0 * 24.0).collect());
    took.expect("hours", 2.0, 0.02);
    assert!(took.0.iter().all(|hours| (1.5..=2.5).contains(hours)));
}

/// P(n outages of exponential lengths with mean `theta` last at most x): Erlang's law.
fn erlang(n: u32, theta: f64, x: f64) -> f64 {
    1.0 - (0..n).map(|k| poisson(k, x / theta)).sum::<f64>()
}

fn poisson(n: u32, mean: f64) -> f64 {
    (1..=n).fold(libm::exp(-mean), |p, k| p * mean / f64::from(k))
}

/// Reference 10: months of a compound Poisson process, of an alternating renewal process and of outages of one length,
/// against the months that miss a target.
#[test]
fn c09_months_that_miss_a_target() {
    // Outages come while the service is up, T − x hours of a month in which it is down for just x.
    let down_longer = |rate: f64, x: f64, lasts_at_most: &dyn Fn(u32, f64) -> f64| {
        1.0 - (0..60).map(|n| poisson(n, rate * (744.0 - x)) * lasts_at_most(n, x)).sum::<f64>()
    };
    // The reference's figures are those of half an outage, whenever it comes: close by, as the time down is short.
    for (x, known) in [(43.8, 0.125_743), (4.38, 0.351_534)] {
        let compound = 1.0 - (0..60).map(|n| poisson(n, 0.5) * erlang(n, 30.0, x)).sum::<f64>();
        assert!((compound - known).abs() < 1e-6);
        let exact = down_longer(0.5 / 744.0, x / 60.0, &|n, x| erlang(n, 0.5, x));
        assert!((exact - known).abs() < 2e-4, "{exact}");
    }
    let thrice = |n: u32, x: f64| if f64::from(n) * 20.0 <= x * 60.0 { 1.0 } else { 0.0 };
    assert!((1.0 - (0..3).map(|n| poisson(n, 0.5)).sum::<f64>() - 0.014_388).abs() < 1e-6);
    for (variant, objective, x, expected) in [
        ("base", "three-nines", 0.73, down_longer(0.5 / 744.0, 0.73, &|n, x| erlang(n, 0.5, x))),
        ("base", "four-nines", 0.073, down_longer(0.5 / 744.0, 0.073, &|n, x| erlang(n, 0.5, x))),
        ("fixed-length", "three-nines", 0.73, down_longer(0.5 / 744.0, 0.73, &thrice)),
        ("busy", "nine-tenths", 74.4, down_longer(0.01, 74.4, &|n, x| erlang(n, 10.0, x))),
    ] {
        let m = model("reference/sla-month", variant, &[]);
        let goal = &m.objectives.iter().find(|o| o.name == objective).unwrap().goal;
        let Goal::Availability { target, .. } = goal else { panic!("{goal:?}") };
        assert!(((1.0 - *target as f64 / 1e12) * 744.0 - x).abs() < 1e-9, "{objective}");
        let n = 50_000;
        let runs = replications(&m, SEED, n);
        let mut figures = Accumulator::new(&m);
        runs.iter().for_each(|r| figures.add(r));
        let outcome = VariantOutcome::new(variant, &m, &figures);
        let missed = outcome.metric(&format!("objective.{objective}.months_missed")).unwrap();
        // One month a replication: independent.
        let spread = (expected * (1.0 - expected) / n as f64).sqrt();
        let estimate = missed.estimate.unwrap();
        assert!((estimate - expected).abs() < 3.3 * spread, "{variant}: {estimate} and {expected}");
        assert!(missed.low.unwrap() < estimate && estimate < missed.high.unwrap());
        // The same from the outages themselves.
        let down = |r: &Replication| r.blocks[0].down.as_secs_f64() / 3600.0 > x;
        assert_eq!((estimate * n as f64).round() as usize, runs.iter().filter(|r| down(r)).count());
    }
}

/// Members at nodes of a region of zones, one node each, and what happens to them.
fn members(zones: u32, store: &str, fault: &str) -> Model {
    let places: Vec<String> = (1..=zones).map(|z| format!("\"a/{z}\"")).collect();
    let text = format!(
        "[scenario]\nname = \"members\"\nwarmup = \"200h\"\nhorizon = \"2000h\"\n[[region]]\nname = \"a\"\nzones = {zones}\n\
         [[region]]\nname = \"b\"\n[store.s]\nmembers = [{}]\nrebuild = {{ bandwidth = \"1GB/s\" }}\n\
         catch_up = 10_000_000\n{store}\n[store.s.workload]\nwrites_per_second = 1\nclients = {{ a = 1.0 }}\n{fault}",
        places.join(", ")
    );
    support::read(&text, &[]).variants[0].model.clone()
}

/// Reference 2 by majorities of members, with an election that takes no time.
#[test]
fn a_majority_of_members_is_k_of_n() {
    let fault = "[fault.unit]\ntarget = \"node:a/*\"\nmtbf = \"9h\"\nduration = { law = \"exponential\", mean = \"1h\" }\n";
    let store = "replication = \"majority\"\nfailover = { mode = \"automatic\", detect = \"0s\" }";
    for (n, u, rate) in [(3, 0.028, 0.054), (5, 0.008_56, 0.0243)] {
        let m = members(n, store, fault);
        let runs = replications(&m, SEED, 400);
        let down = |r: &Replication| hours(r.stores[0].down[Kind::Write as usize]) / 2000.0;
        Sample(runs.iter().map(down).collect()).expect(&format!("{n}"), u, 0.05);
        let own = |o: &&Outage| {
            o.subject == Subject::Store(0, Kind::Write)
                && hours(o.start - zonefall::units::Time::ZERO) < 2000.0
        };
        let count = |r: &Replication| r.outages.iter().filter(own).count() as f64 / 2000.0;
        Sample(runs.iter().map(count).collect()).expect(&format!("{n}"), rate, 0.05);
        assert!(runs.iter().all(|r| r.stores[0].lost == 0 && r.stores[0].missing == 0));
    }
}

/// Reference 4: a pair that is rebuilt loses everything when the second is destroyed before the first is back. Up to a
/// time t it survives with (s₁ exp(s₂ t) − s₂ exp(s₁ t)) ÷ (s₁ − s₂), s the roots of s² + (3 λ + μ) s + 2 λ².
#[test]
fn a_pair_that_is_rebuilt_loses_its_data() {
    let (fail, repair, t) = (0.02f64, 1.0f64, 2200.0);
    assert!(((3.0 * fail + repair) / (2.0 * fail * fail) - 1325.0).abs() < 1e-9, "mean time to data loss");
    let (half, product) = ((3.0 * fail + repair) / 2.0, 2.0 * fail * fail);
    let root = (half * half - product).sqrt();
    let (one, two) = (-half + root, -half - root);
    let survives = (one * libm::exp(two * t) - two * libm::exp(one * t)) / (one - two);
    let fault = "[fault.unit]\ntarget = \"node:a/*\"\neffect = \"destroy\"\nmtbf = \"50h\"\n\
                 duration = { law = \"exponential\", mean = \"1h\" }\n";
    let store =
        "replication = \"asynchronous\"\nlag = \"0s\"\nfailover = { mode = \"automatic\", detect = \"0s\" }";
    let mut m = members(2, store, fault);
    (m.warmup, m.horizon) = (Duration::ZERO, Duration::from_secs(2200 * 3600));
    let runs = replications(&m, SEED, 4000);
    let lost = |r: &Replication| f64::from(u8::from(r.stores[0].lost > 0));
    Sample(runs.iter().map(lost).collect()).expect("lost", 1.0 - survives, 0.05);
}

/// Reference 5: what a single member loses when its data is destroyed, with daily backups that take three hours.
#[test]
fn a_member_without_standby_loses_what_no_backup_has() {
    for (fails, mean, beyond) in [("0.0", 15.0, 0.0), ("0.2", 21.0, 0.18)] {
        let store = format!(
            "replication = \"asynchronous\"\nlag = \"0s\"\nfailover = {{ mode = \"none\" }}\n\
             restore = {{ per_tb = \"1h\" }}\n[store.s.backup]\nmode = \"periodic\"\ninterval = \"24h\"\nduration = \"3h\"\n\
             copies = 20\ncopy_to = \"b\"\nfails = {fails}"
        );
        let fault =
            "[fault.unit]\ntarget = \"node:a/*\"\neffect = \"destroy\"\nmtbf = \"700h\"\nduration = \"1h\"\n";
        let mut m = members(1, &store, fault);
        m.warmup = Duration::from_secs(20 * 24 * 3600);
        let runs = replications(&m, SEED, 3000);
        let ages: Vec<f64> = runs.iter().filter_map(|r| r.losses.first()).map(|l| hours(l.rpo)).collect();
        let longer = ages.iter().map(|&age| f64::from(u8::from(age > 30.0))).collect();
        if beyond > 0.0 {
            Sample(longer).expect("older than 30 h", beyond, 0.2);
        } else {
            assert!(ages.iter().all(|age| (3.0..27.0).contains(age)));
        }
        Sample(ages).expect(fails, mean, 0.05);
    }
}

/// Reference 6: three missed probes, ten seconds apart, before another member is promoted.
#[test]
fn a_lost_leader_is_noticed_by_missed_probes() {
    let store = "replication = \"synchronous\"\nwithout_standby = \"continue\"\nevict = \"0s\"\n\
                 failover = { mode = \"automatic\", detect = { every = \"10s\", misses = 3 } }";
    let fault = "[fault.unit]\ntarget = \"node:a/1/*\"\nat = \"10h\"\nduration = \"1h\"\n";
    let runs = replications(&members(2, store, fault), SEED, 3000);
    let lengths: Vec<f64> = runs.iter().map(|r| r.outages[0].length.as_secs_f64()).collect();
    assert!(lengths.iter().all(|s| *s > 20.0 && *s <= 30.0));
    Sample(lengths).expect("seconds", 25.0, 0.01);
}

/// Reference 7 with two members.
#[test]
fn a_warm_standby_of_two_members() {
    let fault = "[fault.unit]\ntarget = \"node:a/*\"\nmtbf = \"20h\"\nduration = { law = \"exponential\", mean = \"2h\" }\ncrews = 1\n";
    let store = "replication = \"asynchronous\"\nlag = \"0s\"\n\
                 failover = { mode = \"automatic\", detect = { law = \"exponential\", mean = \"12m\" } }";
    let runs = replications(&members(2, store, fault), SEED, 500);
    let failed = |r: &Replication| {
        r.stores[0].failed[Kind::Write as usize] as f64 / r.stores[0].requested[Kind::Write as usize] as f64
    };
    Sample(runs.iter().map(failed).collect()).expect("failed writes", 1.0 - 0.976_094, 0.05);
}
