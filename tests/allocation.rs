//! The event loop allocates nothing: once its buffers have grown, replications run without asking for memory.

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::sync::atomic::AtomicBool;
use zonefall::experiment::runner::{Subject, run};
use zonefall::experiment::{Accumulator, Experiment};
use zonefall::model::Model;
use zonefall::sim::observe::Replication;
use zonefall::sim::{Plan, Simulation, Tape};

#[path = "support/mod.rs"]
mod support;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Runs the same replications twice; the second time nothing may be allocated.
fn allocates_nothing(file: &str, variant: &str, replications: u64) {
    no_allocations(&support::model(file, variant, &[]), &format!("{file} {variant}"), replications);
}

fn no_allocations(model: &Model, what: &str, replications: u64) {
    let plan = Plan::new(model).unwrap();
    let (mut simulation, mut out) = (Simulation::new(&plan, 42), Replication::default());
    let mut figures = Accumulator::new(model);
    let mut events = 0;
    let mut pass = || {
        for i in 0..replications {
            simulation.run(i, false, &mut out).unwrap();
            figures.add(&out);
            events += out.events;
        }
    };
    pass();
    let region = Region::new(ALLOCATOR);
    pass();
    let change = region.change();
    assert!(events > 1_000, "{what} does too little to tell: {events} events");
    assert_eq!(
        (change.allocations, change.reallocations),
        (0, 0),
        "{what}: {} bytes allocated in the second pass",
        change.bytes_allocated
    );
}

/// The same for two variants that share the fault histories.
fn sharing_allocates_nothing(file: &str, variants: [&str; 2], replications: u64) {
    let plans = variants.map(|v| Plan::new(&support::model(file, v, &[])).unwrap());
    let mut simulations = [&plans[0], &plans[1]].map(|plan| Simulation::new(plan, 42));
    let (mut tape, mut out) = (Tape::default(), Replication::default());
    let mut pass = || {
        for i in 0..replications {
            for simulation in &mut simulations {
                simulation.run_with(i, &mut tape, &mut out).unwrap();
            }
        }
    };
    pass();
    let region = Region::new(ALLOCATOR);
    pass();
    let change = region.change();
    assert_eq!((change.allocations, change.reallocations), (0, 0), "{file} {variants:?}");
}

/// Reading pairs off the sums of each replication takes no memory: what a comparison allocates beyond a run does not
/// depend on how many replications there are.
fn pairs_allocate_nothing(file: &str) {
    let scenario = support::read(&support::text(file), &[]);
    let allocated = |replications: u64, reference: Option<usize>| {
        let experiment = Experiment {
            subjects: scenario.variants.iter().map(|v| Subject { name: &v.name, model: &v.model }).collect(),
            seed: 42,
            replications: 0..replications,
            block: u64::MAX,
            jobs: 1,
            timeline: false,
            reference,
        };
        let region = Region::new(ALLOCATOR);
        let nothing = |_: usize, _: &Replication, (): &mut ()| {};
        let sums = run(&experiment, &AtomicBool::new(false), nothing, |()| Ok::<(), String>(()), |_| {});
        assert_eq!(sums.unwrap().len(), scenario.variants.len());
        region.change().allocations
    };
    let extra = |replications| allocated(replications, Some(0)) - allocated(replications, None);
    assert!(extra(10) > 0);
    assert_eq!(extra(10), extra(300), "{file}");
}

/// A tier behind a router, and services over them and a store.
const SERVICES: &str = r#"
use = ["faults"]
[scenario]
name = "services"
horizon = "1y"
[[region]]
name = "a"
zones = 3
nodes_per_zone = 2
[store.s]
regions = [{ name = "a", zones = "zone-redundant" }]
[store.s.workload]
reads_per_second = 10
clients = { a = 1.0 }
[tier.api]
sites = { a = 12 }
needed = 8
start = "2m"
reschedule = "5m"
[router.entry]
tier = "api"
targets = ["a/1", "a/2", "a/3"]
detect = { every = "10s", misses = 3 }
ttl = "60s"
ignore_ttl = { share = 0.05, for = "1h" }
[service.inner]
needs = ["router.entry"]
reads_per_second = 10
[service.outer]
needs = ["store.s"]
uses = [{ on = "service.inner", share = 0.5 }, { on = "tier.api", share = 0.1 }]
reads_per_second = 10
"#;

/// Stores with a leader that lose members, are rebuilt and restored.
const MEMBERS: &str = r#"
    [scenario]
    name = "members"
    horizon = "1y"
    [[region]]
    name = "a"
    zones = 3
    [[region]]
    name = "b"
    [store.pair]
    preset = "ibm-postgresql"
    members = ["a/1", "a/2", "a/3"]
    backup = { mode = "periodic", copy_to = "b" }
    [store.pair.workload]
    writes_per_second = 10
    reads_per_second = 10
    clients = { a = 1.0 }
    [store.quorum]
    preset = "etcd"
    members = ["a/1", "a/2", "a/3"]
    backup = { mode = "periodic", copy_to = "b" }
    [store.quorum.workload]
    writes_per_second = 10
    clients = { a = 1.0 }
    [fault.zone]
    target = "zone:a/*"
    mtbf = "20d"
    duration = "12h"
    [fault.disk]
    target = "node:a/*"
    effect = "destroy"
    mtbf = "10d"
    duration = "6h"
"#;

// One test: the counters are those of the whole process.
#[test]
fn replications_run_without_allocating() {
    allocates_nothing("cosmos-db/tiers", "T4", 500);
    allocates_nothing("cosmos-db/tiers", "T1", 500);
    allocates_nothing("cosmos-db/corruption", "periodic", 500);
    allocates_nothing("cosmos-db/conflicts", "burst", 2);
    allocates_nothing("cosmos-db/tokens", "without", 40);
    allocates_nothing("reference/w1", "base", 1);
    allocates_nothing("reference/warm-standby", "base", 50);
    let services = support::read(SERVICES, &[]);
    no_allocations(&services.variants[0].model, "services", 50);
    no_allocations(&support::read(MEMBERS, &[]).variants[0].model, "members", 50);
    sharing_allocates_nothing("cosmos-db/tiers", ["T1", "T4"], 200);
    pairs_allocate_nothing("cosmos-db/tiers");
}
