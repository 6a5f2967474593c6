//! What a service is held to. Nothing that is simulated depends on it.

use super::{Class, Model};
use crate::units::Duration;

/// A share of 1 in [`Goal::Availability`] and [`Credit`].
pub const WHOLE: u64 = 1_000_000_000_000;

/// A target on availability by calendar month, on the length of outages or on what they lose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objective {
    /// Name in the scenario.
    pub name: String,
    /// What it is about.
    pub of: Watched,
    /// The target.
    pub goal: Goal,
    /// Share of the months (availability) or replications (RTO and RPO) that must meet it, in parts of [`WHOLE`].
    pub required: u64,
}

/// What an objective is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// Requests of a store (index in the model).
    Store(u32, Series),
    /// Requests of a service (index in the model).
    Service(u32, Series),
    /// A redundancy block (index in the model), by time.
    Block(u32),
}

impl Watched {
    /// The name of the store, service or block.
    pub fn name(self, model: &Model) -> &str {
        match self {
            Watched::Store(store, _) => &model.stores[store as usize].name,
            Watched::Service(service, _) => &model.services[service as usize].name,
            Watched::Block(block) => &model.blocks[block as usize].name,
        }
    }
}

/// A share in parts of [`WHOLE`] as a percentage: `99.995 %`.
pub fn in_percent(parts: u64) -> String {
    format!("{} %", parts as f64 / (WHOLE as f64 / 100.0))
}

/// Requests that are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Series {
    Read = 0,
    Write,
    All,
}

impl Series {
    /// All, in index order.
    pub const ALL: [Series; 3] = [Series::Read, Series::Write, Series::All];

    /// Word used in scenarios and outputs.
    pub fn word(self) -> &'static str {
        ["read", "write", "all"][self as usize]
    }
}

/// How the availability of a month is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// 1 − the mean of the hourly error rates.
    MeanHourly = 0,
    /// 1 − failed requests ÷ requests.
    Requests,
}

/// A target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Each calendar month is up for at least this share.
    Availability {
        /// In parts of [`WHOLE`].
        target: u64,
        /// How it is measured; blocks have time only, which both measures are.
        measure: Measure,
        /// What is paid back, by falling availability and rising credit.
        credits: Vec<Credit>,
    },
    /// No outage is longer.
    Rto {
        /// Longest outage.
        within: Duration,
        /// Only outages of this class.
        class: Option<Class>,
    },
    /// No takeover, destruction or restore loses more.
    Rpo {
        /// Largest RPO at takeover.
        within: Duration,
        /// Only losses of this class.
        class: Option<Class>,
    },
}

/// What is paid back for a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credit {
    /// Availability below this, in parts of [`WHOLE`].
    pub below: u64,
    /// Share of the month's bill, in millionths.
    pub share_ppm: u32,
}
