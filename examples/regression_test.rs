//! A regression test of a design: what it promises must hold, and a variant must be as much better as was decided.
//!
//!     cargo run --example regression_test --no-default-features
//!
//! In a package of yours, the body of `main` is a `#[test]`.

use zonefall::Run;
use zonefall::scenario::{Options, Scenario};

const ORDERS: &str = include_str!("orders.toml");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scenario = Scenario::read("orders.toml", ORDERS, &Options::new())?;

    // The promises of the file, each with as many replications as it needs.
    let checked = Run::of(&scenario).jobs(2).check()?;
    for judged in &checked.judged {
        println!("{}: {} {}", judged.decision.word(), judged.promise.metric, judged.promise.text);
    }
    assert!(checked.passed(true), "{:#?}", checked.judged);

    // An assertion that the file does not make: strong consistency loses nothing, at whatever price.
    let options = Options::new().set("store.orders.consistency", "strong");
    let strong = Scenario::read("orders.toml", ORDERS, &options)?;
    let outcome = Run::of(&strong).jobs(2).outcome()?;
    let lost = outcome.metric("base", "orders/writes_lost.max").expect("a figure of every store");
    assert_eq!(lost.estimate, Some(0.0));
    println!("strong: at most {:?} writes lost in {} replications", lost.estimate, outcome.replications);
    Ok(())
}
