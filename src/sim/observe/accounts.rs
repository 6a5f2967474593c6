//! To whom and what failures and losses are booked: cause, phase and party together (design D12).

use super::{Blame, Party, Phase, StoreRun};
use crate::model::FaultRule;
use crate::units::Duration;

/// What is to blame, without which occurrence of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Cause {
    /// A fault rule, by index in the model.
    Rule(u32),
    /// Demand.
    Load,
    /// Scripted actions, and runbooks that no loss started.
    Action,
}

impl Cause {
    /// Name of the rule, `(load)` or `(action)`.
    pub fn name(self, rules: &[FaultRule]) -> &str {
        match self {
            Cause::Rule(rule) => &rules[rule as usize].name,
            Cause::Load => "(load)",
            Cause::Action => "(action)",
        }
    }
}

impl From<Blame> for Cause {
    fn from(blame: Blame) -> Cause {
        match blame {
            Blame::Fault { rule, .. } => Cause::Rule(rule),
            Blame::Load => Cause::Load,
            Blame::Action(_) | Blame::Runbook(_) => Cause::Action,
        }
    }
}

/// To whom and what something is booked (design D12).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Account {
    /// What is to blame.
    pub cause: Cause,
    /// What is waited for.
    pub phase: Phase,
    /// Who answers for it.
    pub party: Party,
}

/// What is booked to one account of a store.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Booked {
    /// The account.
    pub account: Account,
    /// Failed volume by [`Kind`](super::Kind).
    pub failed: [i128; 2],
    /// Time with a failing share above the threshold, by [`Kind`](super::Kind), up to the horizon. Each instant is booked once: to
    /// the account of the first placement group whose requests fail.
    pub down: [Duration; 2],
    /// Writes lost or still missing, as a volume. Their phase is the one in which they went missing.
    pub lost: i128,
}

impl Booked {
    /// Nothing yet.
    pub fn new(account: Account) -> Booked {
        Booked { account, failed: [0; 2], down: [Duration::ZERO; 2], lost: 0 }
    }
}

impl StoreRun {
    /// The entry of an account; a new one takes its place in the order of accounts.
    pub(crate) fn booked(&mut self, account: Account) -> &mut Booked {
        let at = match self.accounts.binary_search_by_key(&account, |b| b.account) {
            Ok(at) => at,
            Err(at) => {
                self.accounts.insert(at, Booked::new(account));
                at
            }
        };
        &mut self.accounts[at]
    }

    /// At the end of a replication: accounts hold all that failed, all time down, and all writes of measured losses.
    pub(crate) fn check_accounts(&self, lost: i128) {
        let (mut failed, mut down, mut writes) = ([0; 2], [Duration::ZERO; 2], 0);
        for booked in &self.accounts {
            for k in 0..2 {
                failed[k] += booked.failed[k];
                down[k] = down[k].saturating_add(booked.down[k]);
            }
            writes += booked.lost;
        }
        assert!(failed == self.failed, "requests fail {:?}, on accounts {failed:?}", self.failed);
        assert!(down == self.down, "time down is {:?}, on accounts {down:?}", self.down);
        assert!(writes == lost, "writes lost are {lost}, on accounts {writes}");
    }
}
