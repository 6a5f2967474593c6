//! A report of one's own: what a longer detection costs, as a table of Markdown.
//!
//!     cargo run --example custom_report --no-default-features

use std::sync::atomic::AtomicBool;
use zonefall::Run;
use zonefall::scenario::{Options, Scenario};
use zonefall::units::Duration;

const ORDERS: &str = include_str!("orders.toml");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Whoever embeds a run can stop it (from another thread) and hear how far it is.
    let cancel = AtomicBool::new(false);
    println!("| detected after | availability of writes | 95 % interval | mean RTO |");
    println!("|---|---|---|---|");
    for minutes in [1, 5, 30] {
        let detect = Duration::from_secs(60 * minutes);
        let options = Options::new().set("store.orders.failover.detect", detect);
        let scenario = Scenario::read("orders.toml", ORDERS, &options)?;
        let told = |done: u64, all: u64| {
            if done == all {
                eprintln!("{minutes} min: {all} replications are done");
            }
        };
        let outcome =
            Run::of(&scenario).replications(200).jobs(2).cancel(&cancel).progress(&told).outcome()?;
        let figure = |id: &str| outcome.metric("base", id).expect("a figure of every store");
        let (up, rto) = (figure("availability.write"), figure("rto_seconds.write.mean"));
        // Undefined is nothing, never 0.
        let shown = |x: Option<f64>, digits: usize| x.map_or("–".into(), |x| format!("{x:.digits$}"));
        let rto = rto.estimate.map_or("–".into(), |s| Duration::from_secs(s as u64).to_string());
        let (low, high) = (shown(up.low, 6), shown(up.high, 6));
        println!("| {detect} | {} | {low} to {high} | {rto} |", shown(up.estimate, 6));
    }
    Ok(())
}
