//! Speed of three shipped scenarios on one thread, figures included: (a) tier T4 over a year, (b) W1 over ten times
//! a hundred years, (c) two of three over a year.
//!
//! `cargo bench` measures; `cargo bench -- --quick` runs small sizes. Either way each case must give the fault
//! digest that `zonefall run` gives, so that what is measured is what is shipped.

use std::process::Command;
use zonefall::experiment::{Accumulator, VariantOutcome};
use zonefall::model::Model;
use zonefall::scenario::{Options, Source, load};
use zonefall::sim::observe::Replication;
use zonefall::sim::{Plan, Simulation};

struct Case {
    file: &'static str,
    variant: &'static str,
    replications: u64,
    quick: u64,
    /// What one replication counts as, in the unit of the aim.
    unit: fn(&Totals) -> f64,
    aim: &'static str,
}

#[derive(Default)]
struct Totals {
    replications: u64,
    fault_events: u64,
}

const CASES: [Case; 3] = [
    Case {
        file: "scenarios/cosmos-db/tiers.toml",
        variant: "T4",
        replications: 20_000,
        quick: 200,
        unit: |t| t.replications as f64,
        aim: "simulated years per second (aim 50 000)",
    },
    Case {
        file: "scenarios/reference/w1.toml",
        variant: "base",
        replications: 10,
        quick: 1,
        unit: |t| t.fault_events as f64,
        aim: "fault and repair events per second (aim 10 000 000)",
    },
    Case {
        file: "scenarios/reference/two-of-three.toml",
        variant: "base",
        replications: 100_000,
        quick: 500,
        unit: |t| t.replications as f64,
        aim: "replications per second (aim 200 000)",
    },
];

fn model(case: &Case) -> (Model, u64) {
    let path = format!("{}/{}", env!("CARGO_MANIFEST_DIR"), case.file);
    let text = std::fs::read_to_string(&path).expect("shipped scenarios are readable");
    let loader = |_: &str| Err(String::new());
    let loaded = load(Source { name: case.file, text: &text }, &Options::new().files(&loader));
    let scenario = loaded.scenario.expect("shipped scenarios are valid");
    let variant = scenario.variants.into_iter().find(|v| v.name == case.variant).expect("the variant exists");
    (variant.model, scenario.seed)
}

/// The digest that the shipped binary prints for the same replications.
fn digest_of_run(case: &Case, replications: u64) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_zonefall"))
        .args(["run", case.file, "--variant", case.variant, "--format", "json", "-q", "--jobs", "1"])
        .args(["--replications", &replications.to_string()])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the binary runs");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the output is JSON");
    json["variants"][0]["fault_digest"].as_str().expect("a digest per variant").to_owned()
}

#[expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "a benchmark measures time")]
fn main() {
    let quick = std::env::args().any(|a| a == "--quick" || a == "--test");
    for case in &CASES {
        let (model, seed) = model(case);
        let replications = if quick { case.quick } else { case.replications };
        let plan = Plan::new(&model).expect("shipped scenarios can be planned");
        let (mut simulation, mut out) = (Simulation::new(&plan, seed), Replication::default());
        let mut figures = Accumulator::new(&model);
        let mut totals = Totals { replications, ..Totals::default() };
        let start = std::time::Instant::now();
        for i in 0..replications {
            simulation.run(i, false, &mut out).expect("shipped scenarios stay within their limits");
            figures.add(&out);
            totals.fault_events += out.fault_events;
        }
        let seconds = start.elapsed().as_secs_f64();
        let outcome = VariantOutcome::new(case.variant, &model, &figures);
        let digest = format!("{:016x}", outcome.fault_digest);
        assert_eq!(
            digest,
            digest_of_run(case, replications),
            "{}: the binary simulates something else",
            case.file
        );
        let rate = (case.unit)(&totals) / seconds;
        println!(
            "{:45} {rate:14.0} {}  digest {digest}",
            format!("{} {}", case.file, case.variant),
            case.aim
        );
    }
}
