//! Zonefall: a deterministic discrete-event simulator of zone and region failures.
//!
//! Data flows one way: [`scenario`] turns text into a [`model`] for each variant, [`sim`] runs replications of it on
//! the [`engine`] with the marks of [`rng`], [`experiment`] adds them up with the help of [`stats`], and [`report`]
//! turns the outcome into bytes. The library prints nothing, opens no file and reads no clock; texts, loaders of files
//! and callbacks come from the caller.
//!
//! [`Run`] is the short way from a scenario to results:
//!
//! ```
//! use zonefall::scenario::{Options, Scenario};
//! use zonefall::Run;
//!
//! let text = r#"
//! [scenario]
//! name = "two of three"
//! horizon = "1y"
//! replications = 200
//! [[region]]
//! name = "here"
//! nodes_per_zone = 3
//! [fault.node]
//! target = "node:*"
//! mtbf = "1000h"
//! duration = { law = "exponential", mean = "10h" }
//! [block.service]
//! k = 2
//! of = ["node:*"]
//! "#;
//! let scenario = Scenario::read("two-of-three.toml", text, &Options::new())?;
//! let outcome = Run::of(&scenario).outcome()?;
//! let availability = outcome.metric("base", "service/availability.block").expect("a figure of the block");
//! assert!(availability.estimate.is_some_and(|a| a > 0.999 && a < 1.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
pub mod engine;
pub mod experiment;
pub mod harness;
pub mod model;
#[cfg(feature = "plot")]
pub mod plot;
pub mod report;
pub mod rng;
pub mod scenario;
pub mod sim;
pub mod stats;
pub mod text;
pub mod units;

pub use harness::{Baseline, BaselineError, Recorded, Run, RunError};
pub use scenario::{Options, Scenario};
