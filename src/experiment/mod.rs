//! From replications to results: running them in parallel, exact accumulation, the catalogue of figures,
//! expectations.

pub mod about;
pub mod accumulate;
pub(crate) mod against;
pub mod attribution;
pub mod beyond;
pub mod blocks;
pub mod catalogue;
pub mod checked;
pub mod compare;
mod contention;
pub mod distribution;
pub mod expect;
#[cfg(test)]
pub(crate) mod fixture;
pub mod metric;
pub mod months;
pub mod objective;
pub mod outcome;
mod paired;
mod price;
pub mod promise;
pub mod runner;
pub mod sequential;
mod service;
pub mod study;
pub mod sweep;
pub(crate) mod tally;
mod targets;
pub mod twin;
pub mod whatif;
mod words;
pub mod worst;

pub use about::{About, SourceNote, Sources};
pub use accumulate::Accumulator;
pub use attribution::AttributionRow;
pub use checked::{Against, Because, Checked, InputChange, Shift, Trend};
pub use distribution::Distribution;
pub use expect::{Comparison, ExpectResult, Verdict};
pub use metric::{Estimate, Metric};
pub use months::MonthRow;
pub use objective::ObjectiveResult;
pub use outcome::{CauseRow, Outcome, VariantOutcome};
pub use promise::{Decision, Judged, Promise};
pub use runner::{Experiment, Failure};
pub use study::Study;
pub use sweep::{Axis, Coordinate, Curve};
pub use twin::TwinRow;
pub use whatif::{WhatIf, Without};
pub use worst::{Timeline, Worst};
