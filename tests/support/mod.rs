//! What the tests of simulated results share: loading scenarios, running replications, judging means.
#![allow(dead_code)] // each test binary uses its part

use std::path::{Path, PathBuf};
use zonefall::model::Model;
use zonefall::scenario::{Options, Scenario};
use zonefall::sim::observe::Replication;
use zonefall::sim::{Plan, Simulation};

/// The folder of shipped scenarios.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// Names of the shipped scenarios, as `cosmos-db/tiers`, in ascending order.
pub fn names() -> Vec<String> {
    let mut names = Vec::new();
    for kind in std::fs::read_dir(folder()).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()) {
        for file in std::fs::read_dir(&kind).unwrap().map(|e| e.unwrap().path()) {
            if file.extension().is_some_and(|e| e == "toml") {
                let stem = file.file_stem().unwrap().to_str().unwrap();
                names.push(format!("{}/{stem}", kind.file_name().unwrap().to_str().unwrap()));
            }
        }
    }
    names.sort();
    names
}

/// Text of a shipped scenario.
pub fn text(name: &str) -> String {
    std::fs::read_to_string(folder().join(format!("{name}.toml"))).unwrap()
}

/// Reads a scenario under settings; problems fail the test.
pub fn read(text: &str, set: &[(&str, &str)]) -> Scenario {
    let options = Options::new().settings(set.iter().copied());
    Scenario::read("test.toml", text, &options).unwrap_or_else(|rejected| panic!("{rejected}"))
}

/// The model of a variant (of the file as written: the first) of a shipped scenario.
pub fn model(name: &str, variant: &str, set: &[(&str, &str)]) -> Model {
    let scenario = read(&text(name), set);
    let found = scenario.variants.into_iter().find(|v| v.name == variant);
    found.unwrap_or_else(|| panic!("{name} has no variant {variant}")).model
}

/// Replications 0 to `n` − 1.
pub fn replications(model: &Model, seed: u64, n: u64) -> Vec<Replication> {
    let plan = Plan::new(model).unwrap();
    let mut simulation = Simulation::new(&plan, seed);
    (0..n)
        .map(|i| {
            let mut out = Replication::default();
            simulation.run(i, false, &mut out).unwrap();
            out
        })
        .collect()
}

/// Independent observations of one figure.
pub struct Sample(pub Vec<f64>);

impl Sample {
    pub fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.0.len() as f64
    }

    pub fn variance(&self) -> f64 {
        let mean = self.mean();
        self.0.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (self.0.len() - 1) as f64
    }

    pub fn standard_error(&self) -> f64 {
        (self.variance() / self.0.len() as f64).sqrt()
    }

    /// Fails unless `expected` lies inside the 99.9 % interval of the mean, and the interval is narrower than
    /// ± `precision` × `expected` (else the test could not tell much).
    pub fn expect(&self, what: &str, expected: f64, precision: f64) {
        let (mean, error) = (self.mean(), self.standard_error());
        assert!(3.29 * error < precision * expected.abs(), "{what}: {mean} ± {error} is too vague");
        let z = (mean - expected) / error;
        assert!(z.abs() < 3.29, "{what}: expected {expected}, found {mean} ± {error} (z = {z:.2})");
    }
}

/// The same for a ratio of sums over replications, for example the mean length of outages.
pub fn expect_ratio(what: &str, pairs: &[(f64, f64)], expected: f64, precision: f64) {
    let count = pairs.iter().map(|p| p.1).sum::<f64>() / pairs.len() as f64;
    // The mean of (sum − expected × count) is 0 where the ratio is as expected.
    let residuals = Sample(pairs.iter().map(|(sum, n)| (sum - expected * n) / count + expected).collect());
    residuals.expect(what, expected, precision);
}
