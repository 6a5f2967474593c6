//! What a check came to, for people and for other programs. Each format is a function from entries to text.

mod github;
mod human;
mod json;
mod junit;
mod markdown;
mod words;

pub use github::github;
pub use human::human;
pub use json::json;
pub use junit::junit;
pub use markdown::markdown;

use crate::experiment::{Checked, Decision, Judged};

pub use super::terminal::Style;

/// What a check of one file came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The file, as named by the user.
    pub file: String,
    /// What came of it.
    pub checked: Checked,
    /// For each promise the command that shows the replication to look at.
    pub replays: Vec<Option<String>>,
}

impl Entry {
    /// The promises of a decision, each with the command that shows the replication to look at.
    fn decided(&self, decision: Decision) -> impl Iterator<Item = (&Judged, Option<&str>)> {
        let replays = self.replays.iter().map(Option::as_deref).chain(std::iter::repeat(None));
        self.checked.judged.iter().zip(replays).filter(move |(judged, _)| judged.decision == decision)
    }
}

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
