//! Runbooks while they run: what people do step by step.

use crate::engine::Timers;
use crate::model::{Part, Party};
use crate::sim::driver::Chance;
use crate::sim::observe::Phase;
use crate::sim::run::Run;

impl Run<'_> {
    /// A timer of a runbook fired.
    pub(crate) fn runbook_fired<D: Chance>(&mut self, _offset: u32, _timers: &mut Timers<'_, D>) {}

    /// Brings runbooks up to date after all events of the instant.
    pub(crate) fn settle_runbooks<D: Chance>(&mut self, _timers: &mut Timers<'_, D>) {}

    /// What a part that is down waits for, and who answers for it, where a runbook that is under way will bring it back.
    pub(crate) fn runbook_waits(&self, _part: Part) -> Option<(Phase, Party)> {
        None
    }
}
