//! Services while they run: what fails because something that they need fails (rule x01).

use crate::engine::Timers;
use crate::sim::driver::Chance;
use crate::sim::run::Run;

impl Run<'_> {
    /// Brings services up to date after stores, blocks, tiers and routers.
    pub(crate) fn settle_services<D: Chance>(&mut self, _timers: &mut Timers<'_, D>) {}
}
