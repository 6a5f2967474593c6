//! Zonefall: a deterministic discrete-event simulator of zone and region failures.
//!
//! Data flows one way: [`scenario`] turns text into a [`model`] for each variant, [`sim`] runs replications of it on
//! the [`engine`] with the marks of [`rng`], [`experiment`] adds them up with the help of [`stats`], and [`report`]
//! turns the outcome into bytes. The library prints nothing, opens no file and reads no clock; texts, loaders of files
//! and callbacks come from the caller.
//!
//! ```
//! use std::sync::atomic::AtomicBool;
//! use zonefall::experiment::runner::{self, BLOCK, Experiment, Subject};
//! use zonefall::scenario::{Options, Source, load};
//!
//! let text = r#"
//! [scenario]
//! name = "two of three"
//! horizon = "1y"
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
//! let options = Options { set: &[], loader: &|_| Err("no files here".into()) };
//! let scenario = load(Source { name: "two-of-three.toml", text }, &options).scenario.expect("valid");
//! let variants = scenario.variants.iter();
//! let experiment = Experiment {
//!     subjects: variants.map(|v| Subject { name: &v.name, model: &v.model }).collect(),
//!     seed: scenario.seed,
//!     replications: 0..200,
//!     block: BLOCK,
//!     jobs: 2,
//!     timeline: false,
//!     reference: None,
//! };
//! let go_on = AtomicBool::new(false);
//! let no_rows = |_| Ok::<(), std::convert::Infallible>(());
//! let sums = runner::run(&experiment, &go_on, |_, _, _: &mut ()| {}, no_rows, |_| {}).expect("no limit");
//! let outcome = experiment.outcome(&scenario.name, scenario.digest, &sums);
//! let availability = outcome.metric("base", "service/availability.block").expect("a figure of the block");
//! assert!(availability.estimate.is_some_and(|a| a > 0.999 && a < 1.0));
//! ```

pub mod engine;
pub mod experiment;
pub mod model;
#[cfg(feature = "plot")]
pub mod plot;
pub mod report;
pub mod rng;
pub mod scenario;
pub mod sim;
pub mod stats;
pub mod units;
