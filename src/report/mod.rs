//! Reporters: pure functions from results to bytes. They open no file and know no clock (rule R9).

#[cfg(feature = "report")]
pub mod csv;
#[cfg(feature = "report")]
pub mod files;
pub mod json;
pub(crate) mod table;
pub mod terminal;
