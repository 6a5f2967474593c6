//! Downtime, failed requests and lost writes by cause, phase and party together (design D12).

use super::accumulate::Accumulator;
use super::catalogue::MINUTES_PER_YEAR;
use super::tally::{StoreTally, add_volume};
use crate::model::{Model, Party};
use crate::sim::observe::{Account, Booked, Cause, Kind, Phase};
use crate::stats::{Confidence, Moments, U256};

/// What one cause did to one kind of request of a store, or to a block, in one phase and at the cost of one party.
///
/// Rows of a subject and kind sum to its totals; only those with something to tell exist.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AttributionRow {
    /// Name of the service, store or block.
    pub subject: String,
    /// `read`, `write` or `block`.
    pub kind: &'static str,
    /// Name of the fault rule, or `(load)` or `(action)`.
    pub cause: String,
    /// Word of the [`Phase`].
    pub phase: &'static str,
    /// Word of the [`Party`].
    pub party: &'static str,
    /// Time down, in minutes of a year of 365 days; `None` if nothing was measured.
    pub minutes_per_year: Option<f64>,
    /// Ends of its 95 % interval, never below 0; `None` for fewer than two replications.
    pub interval: Option<[f64; 2]>,
    /// Part of all time down of this subject and kind, 0 to 1; `None` where it was never down.
    pub share: Option<f64>,
    /// Failed requests per replication; `None` for blocks.
    pub failed_requests: Option<f64>,
    /// Failing share of requests as minutes of a year; `None` for blocks and without requests.
    pub failed_minutes_per_year: Option<f64>,
    /// Part of all requests of this kind that failed, 0 to 1; `None` for blocks and where nothing failed.
    pub failed_share: Option<f64>,
    /// Writes lost or still missing, per replication; only in rows of kind `write`.
    pub writes_lost: Option<f64>,
}

/// Sums of what was booked to one account of a store.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct AccountTally {
    pub(crate) account: Account,
    pub(crate) failed: [U256; 2],
    /// Nanoseconds, of replications with something booked.
    down: [Moments; 2],
    pub(crate) lost: U256,
}

/// What one cause did to a store: failed volume by kind, lost writes by party.
pub(super) struct CauseSums {
    pub(super) cause: Cause,
    pub(super) failed: [U256; 2],
    pub(super) lost: [U256; Party::ALL.len()],
}

/// Accounts of a store over all replications, in order.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Accounts(pub(crate) Vec<AccountTally>);

impl Accounts {
    fn entry(&mut self, account: Account) -> &mut AccountTally {
        let at = match self.0.binary_search_by_key(&account, |a| a.account) {
            Ok(at) => at,
            Err(at) => {
                let fresh = AccountTally {
                    account,
                    failed: [U256::default(); 2],
                    down: Default::default(),
                    lost: U256::default(),
                };
                self.0.insert(at, fresh);
                at
            }
        };
        &mut self.0[at]
    }

    /// Sums over phases and parties, in order of cause.
    pub(super) fn by_cause(&self) -> Vec<CauseSums> {
        let mut sums: Vec<CauseSums> = Vec::new();
        for from in &self.0 {
            let cause = from.account.cause;
            if sums.last().is_none_or(|s| s.cause != cause) {
                sums.push(CauseSums { cause, failed: Default::default(), lost: Default::default() });
            }
            let Some(to) = sums.last_mut() else { continue };
            for k in 0..2 {
                to.failed[k] = to.failed[k].wrapping_add(from.failed[k]);
            }
            let lost = &mut to.lost[from.account.party as usize];
            *lost = lost.wrapping_add(from.lost);
        }
        sums
    }

    pub(super) fn add(&mut self, booked: &[Booked]) {
        for from in booked {
            let to = self.entry(from.account);
            for k in 0..2 {
                add_volume(&mut to.failed[k], from.failed[k]);
                to.down[k].add(i128::from(from.down[k].ns()));
            }
            add_volume(&mut to.lost, from.lost);
        }
    }

    /// Counts lost writes alone, as a volume.
    pub(super) fn add_lost(&mut self, account: Account, volume: i128) {
        add_volume(&mut self.entry(account).lost, volume);
    }

    pub(super) fn merge(&mut self, other: &Accounts) {
        for from in &other.0 {
            let to = self.entry(from.account);
            for k in 0..2 {
                to.failed[k] = to.failed[k].wrapping_add(from.failed[k]);
                to.down[k].merge(&from.down[k]);
            }
            to.lost = to.lost.wrapping_add(from.lost);
        }
    }
}

/// All rows of a variant, in order of subject, kind, cause, phase and party.
pub(super) fn rows(model: &Model, acc: &Accumulator) -> Vec<AttributionRow> {
    let mut rows = Vec::new();
    for asked in acc.asked(model) {
        for kind in Kind::ALL {
            store_rows(model, acc, asked, kind, &mut rows);
        }
    }
    for (block, tally) in model.blocks.iter().zip(&acc.blocks).filter(|(b, _)| b.report) {
        let down = tally.causes.iter().map(Moments::sum).sum::<i128>();
        for (rule, moments) in tally.causes.iter().enumerate().filter(|(_, m)| m.sum() > 0) {
            // Nothing is done about a block: it waits for repair, and its rule says who answers for that.
            let party = model.faults[rule].party;
            let account = Account { cause: Cause::Rule(rule as u32), phase: Phase::Repair, party };
            rows.push(row(model, acc, (&block.name, "block"), account, (moments, down)));
        }
    }
    rows
}

fn store_rows(
    model: &Model,
    acc: &Accumulator,
    (name, tally): (&str, &StoreTally),
    kind: Kind,
    rows: &mut Vec<AttributionRow>,
) {
    let k = kind as usize;
    let accounts = &tally.accounts.0;
    let down = accounts.iter().map(|a| a.down[k].sum()).sum::<i128>();
    let failed = accounts.iter().fold(U256::default(), |sum, a| sum.wrapping_add(a.failed[k])).to_f64();
    let requested = tally.requested[k].to_f64();
    let per_request = tally.volume_per_request as f64 * acc.replications as f64;
    for booked in accounts {
        let lost = if kind == Kind::Write { booked.lost } else { U256::default() };
        if booked.failed[k].is_zero() && booked.down[k].sum() == 0 && lost.is_zero() {
            continue;
        }
        let part = booked.failed[k].to_f64();
        rows.push(AttributionRow {
            failed_requests: (per_request > 0.0).then(|| part / per_request),
            failed_minutes_per_year: (requested > 0.0).then(|| part / requested * MINUTES_PER_YEAR),
            failed_share: (failed > 0.0).then(|| part / failed),
            writes_lost: (kind == Kind::Write && per_request > 0.0).then(|| lost.to_f64() / per_request),
            ..row(model, acc, (name, kind.word()), booked.account, (&booked.down[k], down))
        });
    }
}

/// The row of an account with its time down, out of `all` the nanoseconds that its subject was down.
fn row(
    model: &Model,
    acc: &Accumulator,
    (subject, kind): (&str, &'static str),
    account: Account,
    (down, all): (&Moments, i128),
) -> AttributionRow {
    let down = down.with_zeros(acc.replications);
    let horizon = model.horizon.ns() as f64;
    let minutes = |ns: f64| ns / horizon * MINUTES_PER_YEAR;
    let ends = down.interval(Confidence::P95).filter(|_| horizon > 0.0);
    AttributionRow {
        subject: subject.into(),
        kind,
        cause: account.cause.name(&model.faults).into(),
        phase: account.phase.word(),
        party: account.party.word(),
        minutes_per_year: down.mean().filter(|_| horizon > 0.0).map(minutes),
        interval: ends.map(|i| [minutes(i.low.max(0.0)), minutes(i.high)]),
        share: (all > 0).then(|| down.sum() as f64 / all as f64),
        failed_requests: None,
        failed_minutes_per_year: None,
        failed_share: None,
        writes_lost: None,
    }
}

/// Lost volume of a store's run by the party that answers for it.
pub(super) fn lost_by(booked: &[Booked], party: Party) -> i128 {
    booked.iter().filter(|b| b.account.party == party).map(|b| b.lost).sum()
}
