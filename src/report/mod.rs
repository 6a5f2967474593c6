//! Reporters: pure functions from results to bytes. They open no file and know no clock (rule R9).

pub mod beside;
pub mod check;
#[cfg(feature = "report")]
pub mod csv;
mod escape;
pub(crate) mod figure;
#[cfg(feature = "report")]
pub mod files;
pub mod json;
#[cfg(feature = "report")]
pub mod page;
mod swept;
pub(crate) mod table;
pub mod terminal;
pub mod what_if;
