//! The command line: the only part that knows files, the terminal, the clock and the environment. It sees the
//! library through its public API only.

mod args;
mod exit;
mod files;
mod progress;

use std::process::ExitCode;

pub fn main() -> ExitCode { ExitCode::SUCCESS }
