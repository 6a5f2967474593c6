//! Tiers and routers while they run: instances that serve, targets that are taken for alive, clients that still ask
//! dead ones.

use crate::engine::Timers;
use crate::model::Command;
use crate::sim::driver::Chance;
use crate::sim::faults::Culprit;
use crate::sim::run::Run;

impl Run<'_> {
    /// A timer of a tier or router fired.
    pub(crate) fn front_fired<D: Chance>(&mut self, _offset: u32, _timers: &mut Timers<'_, D>) {}

    /// A tier is scaled, or a router told where to send requests.
    pub(crate) fn act_on_front<D: Chance>(
        &mut self,
        _command: Command,
        _culprit: Culprit,
        _timers: &mut Timers<'_, D>,
    ) {
    }

    /// Brings tiers and routers up to date after all events of the instant.
    pub(crate) fn settle_front<D: Chance>(&mut self, _timers: &mut Timers<'_, D>) {}
}
