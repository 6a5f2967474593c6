//! How far copies lag, and what that does to single items (rules c33, c34).

use crate::sim::driver::Chance;
use crate::sim::group::Ctx;
use crate::sim::layout::StorePlan;
use crate::sim::observe::ContentionRun;
use crate::sim::state::StoreState;
use crate::units::{Duration, Time};

/// Rates that hold until something changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub(crate) struct Contention {
    /// Somebody watches.
    on: bool,
    /// What is added to the lag now: the average over pairs of regions and partitions, and the most.
    extra_mean: Duration,
    extra_most: Duration,
}

impl Contention {
    pub(crate) fn new(layout: &StorePlan) -> Contention {
        Contention { on: layout.contended, ..Contention::default() }
    }

    /// Lets measured time pass.
    pub(crate) fn advance(&self, run: &mut ContentionRun, elapsed: Duration) {
        run.measured = run.measured.saturating_add(elapsed);
        run.extra_sum += i128::from(self.extra_mean.ns()) * i128::from(elapsed.ns());
        run.extra_max = run.extra_max.max(self.extra_most);
        run.extra_end = self.extra_mean;
    }
}

impl<D: Chance> Ctx<'_, '_, D> {
    /// Evaluates what depends on the lags, after a change.
    pub(crate) fn evaluate_contention(&mut self, st: &mut StoreState) {
        if !self.layout.contended {
            return;
        }
        let (mut sum, mut most) = (0u128, Duration::ZERO);
        for g in 0..self.layout.groups() {
            let logs = &st.logs[self.copies(g)];
            let extras = logs.iter().map(|log| u128::from(log.extra.ns())).sum::<u128>();
            sum += u128::from(self.layout.weights[g]) * extras;
            most = logs.iter().map(|log| log.extra).fold(most, Duration::max);
        }
        let pairs = self.layout.lanes as u128 * (self.layout.regions as u128 - 1);
        let pairs = u128::from(self.store.partitions) * pairs;
        st.contention.extra_mean = Duration::from_ns((sum / pairs.max(1)) as u64);
        st.contention.extra_most = most;
    }
}

impl StoreState {
    /// Lets time pass to `now` under what was evaluated last.
    pub(crate) fn advance_contention(&mut self, now: Time) {
        if self.contention.on && self.flow.measuring {
            self.contention.advance(&mut self.flow.run.contention, now - self.at);
        }
    }
}
