//! Exit codes, part of the public interface (docs/command-line.md), and the errors that lead to them.

use std::fmt;
use std::io;
use std::path::Path;

/// The exit code of an interrupted run, as shells have it for SIGINT.
pub const INTERRUPTED: u8 = 130;

/// Why the command ends without success.
#[derive(Debug)]
pub enum Failure {
    /// Wrong usage or a wrong scenario.
    Input(String),
    /// The same, and everything has been said on standard error already.
    Reported,
    /// A replication reached a limit.
    Limit(String),
    /// A panic: a broken promise of this program.
    Broken(String),
    /// Files or streams.
    Io(String),
    /// A signal asked to stop.
    Interrupted,
    /// Whoever read standard output has gone; nobody is left to be told.
    BrokenPipe,
}

impl Failure {
    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Input(_) | Failure::Reported => 2,
            Failure::Limit(_) => 3,
            Failure::Broken(_) => 70,
            Failure::Io(_) => 74,
            Failure::Interrupted => INTERRUPTED,
            Failure::BrokenPipe => 0,
        }
    }

    /// A failed operation on a file: `verb` as in "cannot `verb` PATH".
    pub fn file(verb: &str, path: &Path, error: &io::Error) -> Failure {
        Failure::Io(format!("cannot {verb} {}: {error}", path.display()))
    }

    /// A failed write to standard output.
    pub fn stdout(error: &io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::BrokenPipe,
            _ => Failure::Io(format!("cannot write to standard output: {error}")),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Input(text) | Failure::Limit(text) | Failure::Broken(text) | Failure::Io(text) => {
                f.write_str(text)
            }
            Failure::Interrupted => f.write_str("interrupted"),
            Failure::Reported | Failure::BrokenPipe => Ok(()),
        }
    }
}
