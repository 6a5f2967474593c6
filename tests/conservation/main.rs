//! Random scenarios that use every feature of stores at once, with services in front of them: whatever happens, no write is unaccounted for and no
//! second is counted twice (rules x02, x03). The simulation asserts it at every evaluation; what a replication
//! reports is checked again here.

mod front;
mod generate;
mod people;
#[path = "../brute/properties.rs"]
mod properties;

use std::collections::BTreeMap;
use zonefall::scenario::{Options, Source, load, render};
use zonefall::sim::observe::{Phase, Replication};
use zonefall::sim::{Plan, Simulation};
use zonefall::units::Duration;

/// What is wrong with one case: nothing.
fn check(case: u64, seen: &mut Seen) -> Vec<String> {
    let text = generate::scenario(case);
    let source = Source { name: "random.toml", text: &text };
    let loaded = load(source, &Options::new());
    let Some(scenario) = loaded.scenario else {
        return loaded.diagnostics.iter().map(|d| render(source, d, false)).collect();
    };
    let mut found = Vec::new();
    for variant in &scenario.variants {
        let run = || -> Result<Replication, String> {
            let plan = Plan::new(&variant.model).map_err(|e| format!("{e:?}"))?;
            let mut out = Replication::default();
            let mut simulation = Simulation::new(&plan, scenario.seed);
            simulation.run(0, false, &mut out).map_err(|e| format!("{e:?}"))?;
            if case.is_multiple_of(8) {
                // Again, after another replication: nothing may be left over from it.
                let (mut again, mut other) = (Replication::default(), Replication::default());
                simulation.run(1, false, &mut other).map_err(|e| format!("{e:?}"))?;
                simulation.run(0, false, &mut again).map_err(|e| format!("{e:?}"))?;
                if again != out {
                    return Err("a replication run again differs".into());
                }
            }
            Ok(out)
        };
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)) {
            Ok(Ok(out)) => {
                properties::check(&out, variant.model.warmup > Duration::ZERO, &mut found);
                front::check(&variant.model, &out, &mut found);
                seen.add(&out);
            }
            Ok(Err(error)) => found.push(error),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                found.push(format!("panicked: {text}"));
            }
        }
    }
    found
}

/// How often what was meant to happen did happen: a test of quiet scenarios would say nothing.
#[derive(Default)]
struct Seen(BTreeMap<&'static str, u64>);

impl Seen {
    fn add(&mut self, out: &Replication) {
        let run = &out.stores[0];
        for (what, happened) in [
            ("outages", !out.outages.is_empty()),
            ("losses", !out.losses.is_empty()),
            ("lost", run.lost > 0),
            ("missing", run.missing > 0),
            ("superseded", run.superseded > 0),
            ("recovered", run.recovered > 0),
            ("damaged", run.damaged_peak > 0),
            ("restored", !out.restores.is_empty()),
            ("restored assets", out.restores.iter().any(|r| r.store > 0)),
            ("assets missed", out.stores[1..].iter().any(|s| s.missing > 0)),
            ("conflicts", run.contention.conflicts > 0),
            ("stale reads", run.client_reads.iter().any(|reads| reads[0] > 0)),
            ("dead targets", front::waited(out, Phase::Detect)),
            ("old answers", front::waited(out, Phase::Redirect)),
            ("too few instances", front::waited(out, Phase::Overload)),
            ("longer lags", run.contention.extra_max > Duration::ZERO),
        ] {
            *self.0.entry(what).or_default() += u64::from(happened);
        }
    }
}

#[test]
fn x03_random_scenarios_lose_nothing_silently() {
    // More on demand: CONSERVATION_CASES=0..100000.
    #[expect(clippy::disallowed_methods, reason = "picks cases for a person who looks for bugs")]
    let wanted = std::env::var("CONSERVATION_CASES").ok();
    let number = |s: &str| s.parse::<u64>().expect("a number");
    let cases = wanted.as_deref().map_or(0..400, |s| match s.split_once("..") {
        Some((from, to)) => number(from)..number(to),
        None => number(s)..number(s) + 1,
    });
    let total = cases.end - cases.start;
    let (mut seen, mut bad) = (Seen::default(), 0);
    for case in cases {
        if total == 1 {
            println!("{}", generate::scenario(case)); // before it runs: it may not end
        }
        let found = check(case, &mut seen);
        if !found.is_empty() {
            bad += 1;
            println!("case {case}:\n  {}", found.join("\n  "));
        }
    }
    println!("{total} cases: {:?}", seen.0);
    assert_eq!(bad, 0, "cases with something wrong");
    if total >= 400 {
        let rare: Vec<_> = seen.0.iter().filter(|&(_, &n)| n * 50 < total).collect();
        assert!(rare.is_empty(), "seen in fewer than one case of fifty: {rare:?}");
    }
}
