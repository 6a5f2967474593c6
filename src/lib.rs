//! Zonefall: a deterministic discrete-event simulator of zone and region failures.

pub mod engine;
pub mod experiment;
pub mod model;
pub mod report;
pub mod rng;
pub mod scenario;
pub mod sim;
pub mod stats;
pub mod units;
