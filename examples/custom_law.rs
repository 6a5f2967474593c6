//! A law of one's own: any law of durations can be given by its quantiles, as an empirical law of equally likely values.
//!
//!     cargo run --example custom_law --no-default-features
//!
//! Here repairs follow two kinds of outages: nine in ten are over within minutes, the tenth takes a day or so.

use zonefall::Run;
use zonefall::scenario::{Options, Scenario, Setting};
use zonefall::units::Duration;

const ORDERS: &str = include_str!("orders.toml");
/// Values of the table: the more, the closer the law.
const VALUES: u32 = 1000;

/// The length of outage that the share `p` of them, 0 to 1, does not exceed.
fn quantile(p: f64) -> Duration {
    let minutes = match p {
        p if p < 0.9 => 2.0 + 20.0 * p / 0.9,
        p => 720.0 + 1440.0 * (p - 0.9) / 0.1,
    };
    Duration::from_secs((60.0 * minutes) as u64)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The middle of each of the equal parts: means of the table come close to those of the law.
    let values: Vec<Duration> =
        (0..VALUES).map(|i| quantile((f64::from(i) + 0.5) / f64::from(VALUES))).collect();
    let mean = values.iter().map(|d| d.as_secs_f64()).sum::<f64>() / f64::from(VALUES);
    let list = Setting::from(values);
    let law = Setting::toml(format!("{{ law = \"empirical\", values = {} }}", list.as_toml()));
    let options = Options::new().set("fault.region.duration", law).set("store.orders.failover.mode", "none");
    let scenario = Scenario::read("orders.toml", ORDERS, &options)?;
    let outcome = Run::of(&scenario).jobs(2).outcome()?;

    // Without failover, an outage of the write region lasts as long as its fault.
    let rto = outcome.metric("base", "rto_seconds.write.region.mean").expect("regions fail in this scenario");
    let (low, high) = (rto.low.expect("an interval"), rto.high.expect("an interval"));
    println!("mean of the law: {mean:.0} s; simulated: {low:.0} to {high:.0} s");
    assert!(low < mean && mean < high, "{rto:?}");
    Ok(())
}
