//! Random marks and the laws that turn them into values (design D3, D4).
//!
//! Marks are addressed, not consumed: see [`Marks`] and docs/randomness.md. Laws are data: see [`Law`].

pub mod law;
pub mod marks;
pub mod math;

pub use law::{Law, LawError};
pub use marks::{Marks, Purpose, PurposeClash};
