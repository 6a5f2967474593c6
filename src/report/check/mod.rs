//! What a check came to, for people and for other programs.

mod human;

pub use human::human;

use crate::experiment::Checked;

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
