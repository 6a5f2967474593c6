//! From replications to results: running them in parallel, exact accumulation.

pub mod accumulate;
pub mod blocks;
pub mod runner;

pub use accumulate::Accumulator;
pub use runner::{Experiment, Failure};
