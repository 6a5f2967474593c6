//! Random marks and the laws that turn them into values (design D3, D4).

pub mod law;

pub use law::{Law, LawError};
