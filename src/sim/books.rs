//! The books of one store at the end of a replication, and where they are opened again: at the start of measurement.

use crate::model::{Party, Resolve, Writes};
use crate::sim::observe::{Account, Cause, Phase, Replication};
use crate::sim::phase::lost_by;
use crate::sim::plan::Plan;
use crate::sim::restore::Of;
use crate::sim::state::{Follow, Step, StoreState, surviving};
use crate::units::Time;

impl StoreState {
    /// Measurement begins: writes lost, superseded or recovered so far are history; the others stay on the books.
    pub(crate) fn forget_settled(&mut self) {
        for group in &mut self.groups {
            let ledger = &mut group.ledger;
            group.acknowledged -= ledger.lost + ledger.superseded;
            (ledger.lost, ledger.superseded, ledger.recovered) = (0, 0, 0);
        }
    }

    /// Closes the books: whole-store sums of what the groups hold, and what is still missing.
    pub(crate) fn close(&mut self, plan: &Plan, s: u32, now: Time, weights: &[u32], out: &mut Replication) {
        self.flow.close_all(plan, now, &mut out.outages);
        let (regions, store) = (plan.stores[s as usize].regions, &plan.model.stores[s as usize]);
        let mut feeds = 0;
        for (g, (group, &weight)) in self.groups.iter().zip(weights).enumerate() {
            let weight = i128::from(weight);
            let ledger = &group.ledger;
            let copies = &self.logs[g * regions..(g + 1) * regions];
            let surviving = surviving(group, copies);
            assert!(
                group.acknowledged == surviving + ledger.elsewhere(),
                "conservation of writes broken at the end of a replication, group {g}"
            );
            let run = &mut self.flow.run;
            run.acknowledged += group.acknowledged * weight;
            run.surviving += surviving * weight;
            run.missing += ledger.missing() * weight;
            run.superseded += ledger.superseded * weight;
            run.damaged += ledger.damaged * weight;
            run.lost += ledger.lost * weight;
            run.recovered += ledger.recovered * weight;
            // Losers of conflicts that nobody has read yet: demand is to blame, the application has to act.
            let feed = Account { cause: Cause::Load, phase: Phase::CatchUp, party: Party::Customer };
            if ledger.feed > 0 {
                run.booked(feed).lost += ledger.feed * weight;
                feeds += ledger.feed * weight;
            }
            for segment in &ledger.open {
                let loss = &mut out.losses[segment.loss as usize];
                loss.missing += segment.amount * weight;
                loss.rpo_final = loss.rpo_final.max(segment.rpo);
                // What is back waits for the application, if it is for that to write it again.
                let origin = &copies[usize::from(segment.origin)];
                let back = origin.follow == Follow::Following && origin.step == Step::Idle;
                let unresolved = back
                    && match store.writes {
                        Writes::Single => store.on_return.merge_after.is_none(),
                        Writes::Multi => matches!(store.conflicts.resolve, Resolve::Feed(_)),
                    };
                let party = match unresolved {
                    true => Party::Customer,
                    false => lost_by(&plan.model, store, segment.phase, loss.blame),
                };
                self.flow.book_lost(segment.loss, loss, segment.phase, party, segment.amount * weight);
            }
            if let Some(restore) = group.restore.filter(|r| r.of == Of::Lost) {
                let loss = &mut out.losses[restore.loss as usize];
                loss.missing += ledger.stored * weight;
                let party = lost_by(&plan.model, store, Phase::Restore, loss.blame);
                self.flow.book_lost(restore.loss, loss, Phase::Restore, party, ledger.stored * weight);
            }
        }
        let losses = out.losses.iter().skip(self.flow.first_loss).filter(|l| l.store == s);
        self.flow.run.check_accounts(feeds + losses.map(|l| l.missing + l.lost).sum::<i128>());
    }
}
