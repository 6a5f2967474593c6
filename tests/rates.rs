//! How often `check` is wrong, and how often it sees what is there, against closed forms.
//!
//! A promise whose limit is exactly the true value is the hardest one to keep: it must not be called broken in more than
//! the stated share of checks. The truth is known for one machine that fails with the rate λ and is repaired with the rate
//! μ (exponential both): the mean downtime to a horizon T, the chance of an outage, and the mean number of them.
//! `ZONEFALL_CASES=3000 cargo test --release --test rates -- --nocapture` prints the figures of reports/check.

use zonefall::experiment::{Decision, Trend};
use zonefall::scenario::{Options, Scenario};
use zonefall::{Recorded, Run};

/// Failures a year: often, and so rarely that most replications see none.
const OFTEN: f64 = 0.5;
const RARELY: f64 = 0.003;
/// Repairs a year, years.
const MU: f64 = 876.0;
const T: f64 = 1.0;

#[expect(clippy::disallowed_methods, reason = "a switch for developers, not for results")]
fn cases() -> u64 {
    std::env::var("ZONEFALL_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(200)
}

/// One machine that fails with the rate `lambda`; `rule` names the draws, `slower` lengthens the repairs, and limits are `off` times the truth.
fn text(lambda: f64, rule: &str, slower: f64, off: f64) -> String {
    let rate = lambda + MU;
    // Mean over [0, T] of λ/(λ+μ)·(1 − e^(−(λ+μ)t)).
    let down = lambda / rate * (1.0 - (1.0 - libm::exp(-rate * T)) / (rate * T));
    let outage = 1.0 - libm::exp(-lambda * T);
    // Renewals of up time and repair: λμ/(λ+μ)·T and a start that is always up.
    let share = lambda / rate;
    let many = lambda * (1.0 - share) * T + lambda * share * (1.0 - libm::exp(-rate * T)) / rate;
    let mean = 8760.0 / MU * slower;
    format!(
        r#"
[scenario]
name = "one machine"
horizon = "1y"
replications = 100
[[region]]
name = "here"
[fault.{rule}]
target = "node:*"
per_year = {lambda:?}
duration = {{ law = "exponential", mean = "{mean}h" }}
[block.service]
k = 1
of = ["node:*"]
[[expect]]
metric = "unavailability.block"
is = "<= {:.17}"
[[expect]]
metric = "probability_outage.block"
is = "<= {:.17}"
[[expect]]
metric = "outages_per_year.block"
is = "<= {:.17}"
"#,
        down * off,
        outage * off,
        many * off
    )
}

fn read(text: &str) -> Scenario {
    Scenario::read("one.toml", text, &Options::new()).unwrap_or_else(|rejected| panic!("{rejected}"))
}

/// Of so many checks, those in which a promise is called broken, met, and left undecided.
fn called(lambda: f64, off: f64) -> [u64; 3] {
    let scenario = read(&text(lambda, "power", 1.0, off));
    let mut counts = [0; 3];
    for seed in 0..cases() {
        let checked = Run::of(&scenario).seed(seed).check().unwrap();
        let decisions = [Decision::Broken, Decision::Met, Decision::Undecided];
        for (count, decision) in counts.iter_mut().zip(decisions) {
            *count += u64::from(checked.count(decision) > 0);
        }
    }
    counts
}

/// The stated rate, and room for luck: four standard deviations.
fn most(rate: f64) -> u64 {
    let n = cases() as f64;
    (n * rate + 4.0 * (n * rate).sqrt()) as u64
}

#[test]
fn promises_that_are_just_kept_are_rarely_called_broken() {
    for lambda in [OFTEN, RARELY] {
        let [broken, _, undecided] = called(lambda, 1.0);
        println!("{lambda} a year, limits at the truth: {broken} of {} checks broken", cases());
        assert!(broken <= most(0.01), "{broken} of {}", cases());
        // Right at the limit nothing can be decided: whoever decides there is guessing.
        assert!(undecided * 10 > cases() * 9);
    }
}

#[test]
fn promises_that_are_just_missed_are_rarely_called_met() {
    for lambda in [OFTEN, RARELY] {
        let [_, met, _] = called(lambda, 0.999);
        println!("{lambda} a year, limits just below the truth: {met} of {} checks met", cases());
        assert!(met <= most(0.01), "{met} of {}", cases());
    }
}

#[test]
fn promises_that_are_missed_by_far_are_called_broken() {
    let [missed, ..] = called(OFTEN, 0.7);
    println!("limits at 0.7 of the truth: {missed} of {} checks broken", cases());
    assert!(missed * 10 > cases() * 9, "{missed} of {}", cases());
}

/// The same scenario with a rule of another name: the same laws, other draws. Nothing is worse or better.
#[test]
fn the_same_design_drawn_anew_is_rarely_called_different() {
    let (then, now) = (read(&text(OFTEN, "power", 1.0, 1.0)), read(&text(OFTEN, "cooling", 1.0, 1.0)));
    let (mut plain, mut beyond) = (0, 0);
    for seed in 0..cases() {
        let recorded = Run::of(&then).seed(seed).replications(400).record().unwrap();
        let called = |threshold| different(&now, &recorded, threshold);
        plain += u64::from(called(0.0));
        beyond += u64::from(called(0.05));
    }
    println!("drawn anew: {plain} of {} called different, {beyond} beyond 5 %", cases());
    assert!(plain <= most(0.01) && beyond <= plain, "{plain} and {beyond} of {}", cases());
}

fn different(now: &Scenario, then: &Recorded, threshold: f64) -> bool {
    let against = Run::of(now).against(then, threshold).unwrap();
    against.count(Trend::Worse) + against.count(Trend::Better) > 0
}

/// Repairs that take half as long again, on the same faults: pairs see it, and as often as they say.
#[test]
fn a_change_is_seen_as_often_as_is_stated() {
    let then = read(&text(OFTEN, "power", 1.0, 1.0));
    let slower = read(&text(OFTEN, "power", 1.5, 1.0));
    let (mut seen, mut stated) = (0, 0);
    for seed in 0..cases() {
        let recorded = Run::of(&then).seed(seed).replications(400).record().unwrap();
        let against = Run::of(&slower).against(&recorded, 0.0).unwrap();
        let id = "service/downtime_minutes_per_year.block";
        let down = against.shifts.iter().find(|s| s.metric == id).unwrap();
        let difference = down.after.unwrap() - down.before.unwrap();
        seen += u64::from(down.trend == Trend::Worse);
        stated += u64::from(down.detects.unwrap() <= difference);
    }
    println!("repairs half as long again: worse in {seen} of {} checks, promised in {stated}", cases());
    assert!(seen >= stated && seen * 10 > cases() * 9, "{seen} and {stated} of {}", cases());
}
