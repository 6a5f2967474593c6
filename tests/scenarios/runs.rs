//! Each scenario is run once for each set of settings, whichever tests ask for it.

use crate::support::{read, text};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, OnceLock};
use zonefall::experiment::compare::Comparison;
use zonefall::experiment::runner::{Subject, run};
use zonefall::experiment::{Experiment, Outcome};
use zonefall::scenario::Scenario;
use zonefall::sim::observe::Replication;

/// Settings by dotted path, as with `--set`.
pub type Settings = BTreeMap<String, String>;

/// A scenario with its results.
pub struct Run {
    pub scenario: Scenario,
    pub outcome: Outcome,
}

impl Run {
    /// A variant's name; that of the file as written where none is given.
    pub fn variant<'a>(&'a self, name: Option<&'a str>) -> &'a str {
        name.unwrap_or(&self.scenario.variants[0].name)
    }
}

/// The settings as pairs.
pub fn pairs(set: &Settings) -> Vec<(&str, &str)> {
    set.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect()
}

type Cell = &'static OnceLock<Run>;
static RUNS: Mutex<BTreeMap<(String, Settings, String), Cell>> = Mutex::new(BTreeMap::new());

/// A shipped scenario with all its replications under settings; later calls share what the first one ran.
pub fn shipped(name: &str, set: &Settings) -> &'static Run {
    extended(name, set, "")
}

/// The same with text added to the scenario.
pub fn extended(name: &str, set: &Settings, add: &str) -> &'static Run {
    let key = (name.to_owned(), set.clone(), add.to_owned());
    // The lock is gone before the run begins: other scenarios need not wait.
    let cell: Cell = RUNS.lock().unwrap().entry(key).or_insert_with(|| Box::leak(Box::default()));
    cell.get_or_init(|| {
        let scenario = read(&(text(name) + add), &pairs(set));
        let outcome = outcome(&scenario, |_, _| {});
        Run { scenario, outcome }
    })
}

/// Runs all replications of all variants; `observe` sees each result.
pub fn outcome(scenario: &Scenario, observe: impl Fn(usize, &Replication) + Sync) -> Outcome {
    let experiment = experiment(scenario, None);
    let seen = |v: usize, r: &Replication, (): &mut ()| observe(v, r);
    let sums = run(&experiment, &AtomicBool::new(false), seen, |()| Ok::<(), String>(()), |_| {}).unwrap();
    Outcome { version: String::new(), ..experiment.outcome(&scenario.name, scenario.digest, &sums) }
}

/// Runs a scenario and compares its variants with the first.
pub fn compared(scenario: &Scenario) -> Comparison {
    let experiment = experiment(scenario, Some(0));
    let nothing = |_: usize, _: &Replication, (): &mut ()| {};
    let sums = run(&experiment, &AtomicBool::new(false), nothing, |()| Ok::<(), String>(()), |_| {}).unwrap();
    let outcome = experiment.outcome(&scenario.name, scenario.digest, &sums);
    experiment.comparison(&outcome, &sums, zonefall::stats::Confidence::P95).unwrap()
}

fn experiment(scenario: &Scenario, reference: Option<usize>) -> Experiment<'_> {
    Experiment {
        subjects: scenario.variants.iter().map(|v| Subject { name: &v.name, model: &v.model }).collect(),
        seed: scenario.seed,
        replications: 0..scenario.replications,
        block: 64,
        jobs: 2,
        timeline: false,
        reference,
    }
}
