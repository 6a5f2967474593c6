//! Runbooks: what people do, step by step, about the loss of a region (rules i07, i09).

use super::action::Command;
use super::fault::Party;
use super::world::RegionId;
use crate::rng::Law;
use crate::units::Duration;

/// What starts a runbook.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// A region is lost: down, destroyed or cut off.
    Lost(RegionId),
    /// A region that was lost is back.
    Back(RegionId),
    /// It is started at this time after the start of measurement (a drill).
    At(Duration),
}

/// When people work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hours {
    /// Always.
    Always,
    /// Monday to Friday, from 9 to 17 h.
    Office,
}

/// Timed steps of people.
#[derive(Clone, Debug, PartialEq)]
pub struct Runbook {
    /// Name in the scenario; names its random stream.
    pub name: String,
    /// What starts it.
    pub trigger: Trigger,
    /// From the trigger until somebody notices; what ends before was never noticed.
    pub notice: Law,
    /// When somebody is there to notice it and to start steps.
    pub hours: Hours,
    /// Bytes per second that its restores share.
    pub bandwidth: u64,
    /// Its steps in order of declaration, never empty; a step comes after those it waits for.
    pub steps: Vec<Step>,
}

/// One step of a runbook.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Name in the scenario, once in its runbook.
    pub name: String,
    /// Who carries it out and answers for the time.
    pub owner: Party,
    /// Time that it takes, for each attempt.
    pub takes: Law,
    /// Steps (indices) that must be complete before it starts; others run beside it.
    pub after: Vec<u32>,
    /// Chance that an attempt fails, in millionths, below 1_000_000.
    pub fails_ppm: u32,
    /// From a failed attempt to the next.
    pub retry: Law,
    /// What is done when an attempt succeeds. The step is complete when that is: a restore once its data is copied.
    pub does: Option<Command>,
}
