//! An independent simulator, request by request, beside the fluid model: both must count the same.
//!
//! It follows docs/model.md, not the code under test, and shares nothing with it but the model that a scenario is
//! read into. Every write is an entry of its own; what is missing, lost or recovered is counted, not computed.

mod compare;
mod conflicts;
mod copy;
mod faults;
mod generate;
mod lanes;
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
    let options = Options::new();
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
            properties::check(&fluid, model.warmup > Duration::ZERO, &mut found);
            found
        }
        Err(_) => vec!["the fluid model panicked".into()],
    }
}

#[test]
fn random_scenarios_agree() {
    // Others on demand: BRUTE_SEED=7, or BRUTE_SEED=1000..2000.
    #[expect(clippy::disallowed_methods, reason = "picks one scenario for a person who debugs it")]
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

/// Two regions, three nodes each, one zone each; `rest` adds settings of the store, then faults and actions.
fn two_regions(store: &str, rest: &str) -> String {
    format!(
        r#"
[scenario]
name = "named"
horizon = "1000s"
[[region]]
name = "a"
nodes_per_zone = 3
[[region]]
name = "b"
nodes_per_zone = 3
[store.s]
regions = ["a", "b"]
replicas = 3
partitions = 3
lag = "5s"
data_size = "600kB"
rebuild = {{ bandwidth = "50kB/s" }}
catch_up = 600
{store}
[store.s.workload]
writes_per_second = 30
reads_per_second = 30
[store.s.workload.clients]
a = {{ share = 0.5, redirect = "20s" }}
b = {{ share = 0.5, redirect = "never" }}
{rest}
"#
    )
}

fn fault(name: &str, target: &str, effect: &str, at: u64, length: u64) -> String {
    format!(
        "[fault.{name}]\ntarget = \"{target}\"\neffect = \"{effect}\"\nat = \"{at}s\"\nduration = \"{length}s\"\n"
    )
}

const MANAGED: &str = r#"failover = { mode = "service-managed", detect = "10.3s", decide = "20s", promote = "5.2s", redirect = "4.1s" }
on_return = { merge_after = "30.7s", superseded = 0.25 }
"#;

#[test]
fn a_destroyed_region_starts_again_when_its_nodes_are_back() {
    let text = two_regions("", &fault("f", "region:a", "destroy", 100, 50));
    assert_eq!(differences(&text), Vec::<String>::new());
}

#[test]
fn a_rebuilt_replica_is_a_member_before_the_next_node_goes() {
    let faults = fault("f", "node:a/1/1", "destroy", 100, 20) + &fault("g", "node:a/1/2", "down", 300, 50);
    let text = two_regions("reconfigure = \"35s\"", &faults);
    assert_eq!(differences(&text), Vec::<String>::new());
}

#[test]
fn a_drained_node_leaves_while_another_still_counts() {
    let faults =
        fault("f", "node:a/1/1", "down", 100, 60) + &fault("g", "node:a/1/2", "maintenance", 120, 60);
    let text = two_regions("reconfigure = \"35s\"", &faults);
    assert_eq!(differences(&text), Vec::<String>::new());
}

#[test]
fn merges_wait_until_somebody_takes_writes() {
    // What `a` has alone is due while `b`, the write region since 135 s, is down.
    let faults = fault("f", "region:a", "isolate", 100, 60) + &fault("g", "region:b", "destroy", 180, 50);
    assert_eq!(differences(&two_regions(MANAGED, &faults)), Vec::<String>::new());
}

#[test]
fn a_forced_failover_without_a_target_ends_at_once() {
    let action = "[[action]]\nat = \"100s\"\ndo = { force-failover = \"s\", to = \"b\" }\n";
    let text = two_regions(MANAGED, &(fault("f", "region:b", "down", 103, 60) + action));
    assert_eq!(differences(&text), Vec::<String>::new());
}

#[test]
fn a_silent_member_is_voted_out_in_time() {
    let store = format!("consistency = \"strong\"\nevict = \"60s\"\n{MANAGED}").replace("lag = \"5s\"", "");
    let text =
        two_regions(&store, &fault("f", "region:b", "destroy", 100, 200)).replace("lag = \"5s\"\n", "");
    assert_eq!(differences(&text), Vec::<String>::new());
}

#[test]
fn missing_writes_are_lost_with_the_region_that_has_them() {
    let faults = fault("f", "region:a", "isolate", 100, 80) + &fault("g", "region:a", "destroy", 190, 50);
    let text = two_regions(MANAGED, &faults);
    assert!(run::run(&read(&text)).lost > 0);
    assert_eq!(differences(&text), Vec::<String>::new());
}
