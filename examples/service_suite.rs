//! Embedded in a service's own tests: the constants that the service is deployed with go into the model, so that a change
//! of either is checked against the other.
//!
//!     cargo run --example service_suite --no-default-features

use zonefall::experiment::Trend;
use zonefall::scenario::{Options, Scenario};
use zonefall::units::Duration;
use zonefall::{Baseline, Run};

const ORDERS: &str = include_str!("orders.toml");

/// What the service is deployed with; in real life from its own crate.
struct Deployment {
    probe_every: Duration,
    misses: u32,
    replicas_read_locally: bool,
}

impl Deployment {
    /// The model of the service under these constants.
    fn scenario(&self) -> Result<Scenario, zonefall::scenario::Rejected> {
        let consistency = if self.replicas_read_locally { "session" } else { "strong" };
        let options = Options::new()
            .set("store.orders.consistency", consistency)
            .set("store.orders.failover.detect.every", self.probe_every)
            .set("store.orders.failover.detect.misses", self.misses);
        Scenario::read("orders.toml", ORDERS, &options)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let deployed =
        Deployment { probe_every: Duration::from_secs(30), misses: 3, replicas_read_locally: true };
    let scenario = deployed.scenario()?;
    assert!(Run::of(&scenario).jobs(2).check()?.passed(false));

    // What is deployed today is the baseline; a service commits its text and reads it again.
    let mut baseline = Baseline::default();
    baseline.put(Run::of(&scenario).replications(200).jobs(2).record()?);
    let baseline = Baseline::from_json(&baseline.to_json())?;

    // Somebody makes probes ten times as rare.
    let rarer = Deployment { probe_every: Duration::from_secs(300), misses: 10, ..deployed };
    let changed = rarer.scenario()?;
    let recorded = baseline.find("orders.toml").expect("it was put in");
    let against = Run::of(&changed).jobs(2).against(recorded, 0.05)?;
    for change in &against.inputs {
        println!("{}: {:?} -> {:?}", change.path, change.before, change.after);
    }
    for shift in against.shifts.iter().filter(|s| s.trend == Trend::Worse) {
        println!("worse: {} {:?} -> {:?} {}", shift.metric, shift.before, shift.after, shift.unit);
    }
    assert!(against.count(Trend::Worse) > 0, "an hour more of every outage is seen");
    Ok(())
}
