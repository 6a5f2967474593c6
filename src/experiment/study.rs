//! What a report shows: the results of one command with everything a reader needs around them.

use super::about::About;
use super::compare::Comparison;
use super::expect::ExpectResult;
use super::outcome::Outcome;
use super::whatif::WhatIf;
use super::worst::Timeline;

/// Results with what is known about them: what every reporter reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Study {
    /// Where the results come from.
    pub about: About,
    /// The results.
    pub outcome: Outcome,
    /// What became of the scenario's promises.
    pub promises: Vec<ExpectResult>,
    /// The variants beside a reference, if a comparison was asked for.
    pub comparison: Option<Comparison>,
    /// What would help most, of some variants.
    pub what_if: Vec<WhatIf>,
    /// How single replications went, the worst of their variants.
    pub timelines: Vec<Timeline>,
}
