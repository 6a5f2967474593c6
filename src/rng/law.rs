//! Laws of durations, as data with a quantile function.

use crate::units::Duration;

/// A law of durations (placeholder until the sampler lands; see the tests for the contract).
#[derive(Clone, Debug, PartialEq)]
pub struct Law {
    constant: Duration,
}

/// Why parameters do not make a law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LawError(pub String);

impl Law {
    /// Always `d`.
    pub fn constant(d: Duration) -> Law {
        Law { constant: d }
    }
}
