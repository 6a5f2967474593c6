//! An independent simulator, request by request, beside the fluid model: both must count the same.
//!
//! It follows docs/model.md, not the code under test, and shares nothing with it but the model that a scenario is
//! read into. Every write is an entry of its own; what is missing, lost or recovered is counted, not computed.

mod compare;
mod copy;
mod faults;
mod generate;
mod layout;
mod part;
mod promotion;
mod properties;
mod run;

use zonefall::model::Model;
use zonefall::scenario::{Options, Source, load, render};
use zonefall::sim::observe::Replication;
use zonefall::sim::{Plan, Simulation};
use zonefall::units::Duration;

/// Milliseconds.
pub type Ms = u64;

/// A length of time in whole milliseconds; "never" stays beyond every run.
pub fn ms(d: Duration) -> Ms {
    assert!(d == Duration::NEVER || d.ns().is_multiple_of(1_000_000), "{d} is not a number of milliseconds");
    if d == Duration::NEVER { 1 << 50 } else { d.ns() / 1_000_000 }
}

/// The model a text describes.
fn read(text: &str) -> Model {
    let options = Options { set: &[], loader: &|_| Err("no files".into()) };
    let source = Source { name: "random.toml", text };
    let loaded = load(source, &options);
    let problems: Vec<String> = loaded.diagnostics.iter().map(|d| render(source, d, false)).collect();
    let Some(mut scenario) = loaded.scenario else { panic!("{}\n{text}", problems.join("\n")) };
    scenario.variants.remove(0).model
}

fn fluid(model: &Model) -> Replication {
    let plan = Plan::new(model).unwrap();
    let mut out = Replication::default();
    Simulation::new(&plan, 42).run(0, false, &mut out).unwrap();
    out
}

/// Both simulators on one scenario; what they disagree on.
fn differences(text: &str) -> Vec<String> {
    let model = read(text);
    let brute = run::run(&model);
    match std::panic::catch_unwind(|| fluid(&model)) {
        Ok(fluid) => {
            let mut found = compare::compare(&model, &brute, &fluid);
            properties::check(&fluid, &mut found);
            found
        }
        Err(_) => vec!["the fluid model panicked".into()],
    }
}

#[test]
fn random_scenarios_agree() {
    // Others on demand: BRUTE_SEED=7, or BRUTE_SEED=1000..2000.
    let wanted = std::env::var("BRUTE_SEED").ok();
    let number = |s: &str| s.parse::<u64>().expect("a number");
    let seeds = wanted.as_deref().map_or(0..250, |s| match s.split_once("..") {
        Some((from, to)) => number(from)..number(to),
        None => number(s)..number(s) + 1,
    });
    let only = seeds.end - seeds.start == 1;
    let mut bad = 0;
    for seed in seeds {
        let text = generate::scenario(seed);
        let found = differences(&text);
        if !found.is_empty() {
            bad += 1;
            println!("scenario {seed}:\n  {}", found.join("\n  "));
            if only {
                println!("{text}");
            }
        }
    }
    assert_eq!(bad, 0, "scenarios in which the simulators disagree");
}
