//! Many replications: run them in parallel, gather what they report.

pub mod blocks;
