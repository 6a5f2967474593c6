//! Exit codes and the codes of errors, both part of the public interface (docs/command-line.md, docs/diagnostics.md).

use std::fmt;
use std::io;
use std::path::Path;
use zonefall::text::harmless;

/// The exit code of an interrupted run, as shells have it for SIGINT.
pub const INTERRUPTED: u8 = 130;

/// What kind of error ends the command. A scenario's problems have codes of their own, in the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Words that the command line's grammar does not know.
    Usage,
    /// Each option alone would do.
    Together,
    /// A name that is neither.
    NoSuchScenario,
    /// A preset that is not there.
    NoSuchPreset,
    /// `--variant`, `--reference`, `--what-if`.
    NoSuchVariant,
    /// `--set`.
    Setting,
    /// Pairs of replications cannot be made.
    NotAlike,
    /// Only one variant is left.
    NothingToCompare,
    /// A scenario that is valid, but too large to be simulated.
    TooLarge,
    /// A file that is no text.
    NotText,
    /// `explain`.
    NoSuchWord,
    /// `new`: a file that is there.
    Exists,
    /// `new`: regions.
    Regions,
    /// `check` of a scenario without promises.
    NoPromise,
    /// `check`: a baseline that is none, or not of this scenario.
    Baseline,
    /// A replication reached a limit.
    Limit,
    /// A panic: a broken promise of this program.
    Broken,
    /// A file that is there and cannot be read.
    Unreadable,
    /// A file or folder.
    NotWritable,
    /// Standard output, for another reason than that its reader has gone.
    Output,
    /// A signal asked to stop.
    Interrupted,
}

impl Code {
    /// Its stable name, which docs/diagnostics.md explains, and the exit code.
    fn facts(self) -> (&'static str, u8) {
        match self {
            Code::Usage => ("ZF1001", 2),
            Code::Together => ("ZF1002", 2),
            Code::NoSuchScenario => ("ZF1003", 2),
            Code::NoSuchPreset => ("ZF1004", 2),
            Code::NoSuchVariant => ("ZF1005", 2),
            Code::Setting => ("ZF1006", 2),
            Code::NotAlike => ("ZF1007", 2),
            Code::NothingToCompare => ("ZF1008", 2),
            Code::TooLarge => ("ZF1009", 2),
            Code::NotText => ("ZF1010", 2),
            Code::NoSuchWord => ("ZF1011", 2),
            Code::Exists => ("ZF1012", 2),
            Code::Regions => ("ZF1013", 2),
            Code::NoPromise => ("ZF1014", 2),
            Code::Baseline => ("ZF1015", 2),
            Code::Limit => ("ZF1101", 3),
            Code::Broken => ("ZF1201", 70),
            Code::Unreadable => ("ZF1301", 74),
            Code::NotWritable => ("ZF1302", 74),
            Code::Output => ("ZF1303", 74),
            Code::Interrupted => ("ZF1401", INTERRUPTED),
        }
    }

    /// `ZF1001` and so on.
    pub fn name(self) -> &'static str {
        self.facts().0
    }
}

/// Why the command ends without success.
#[derive(Debug)]
pub enum Failure {
    /// A promise is broken, and that has been said.
    Promise,
    /// Something to tell.
    Error(Code, String),
    /// A wrong scenario, and everything has been said on standard error already.
    Reported,
    /// Whoever read standard output has gone; nobody is left to be told.
    BrokenPipe,
}

impl Failure {
    /// The exit code.
    pub fn exit(&self) -> u8 {
        match self {
            Failure::Promise => 1,
            Failure::Error(code, _) => code.facts().1,
            Failure::Reported => 2,
            Failure::BrokenPipe => 0,
        }
    }

    /// An error with its code.
    pub fn new(code: Code, text: impl Into<String>) -> Failure {
        Failure::Error(code, text.into())
    }

    /// A signal asked to stop.
    pub fn interrupted() -> Failure {
        Failure::new(Code::Interrupted, "interrupted")
    }

    /// A file or folder that could not be written: `verb` as in "cannot `verb` PATH".
    pub fn file(verb: &str, path: &Path, error: &io::Error) -> Failure {
        Failure::new(Code::NotWritable, format!("cannot {verb} {}: {error}", path.display()))
    }

    /// A failed write to standard output.
    pub fn stdout(error: &io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::BrokenPipe,
            _ => Failure::new(Code::Output, format!("cannot write to standard output: {error}")),
        }
    }
}

/// The error with its code in bold red, as problems of scenarios are told.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Error(code, text) => {
                write!(f, "\x1b[1m\x1b[91merror[{}]\x1b[0m: {}", code.name(), harmless(text))
            }
            Failure::Promise | Failure::Reported | Failure::BrokenPipe => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All of them, in order of their names.
    const CODES: [Code; 21] = [
        Code::Usage,
        Code::Together,
        Code::NoSuchScenario,
        Code::NoSuchPreset,
        Code::NoSuchVariant,
        Code::Setting,
        Code::NotAlike,
        Code::NothingToCompare,
        Code::TooLarge,
        Code::NotText,
        Code::NoSuchWord,
        Code::Exists,
        Code::Regions,
        Code::NoPromise,
        Code::Baseline,
        Code::Limit,
        Code::Broken,
        Code::Unreadable,
        Code::NotWritable,
        Code::Output,
        Code::Interrupted,
    ];

    #[test]
    fn codes_are_those_with_a_chapter() {
        let guide = include_str!("../../docs/diagnostics.md");
        let chapters = guide.lines().filter_map(|l| l.strip_prefix("## ")?.split_once(':'));
        let explained: Vec<&str> = chapters.map(|(code, _)| code).filter(|c| c.starts_with("ZF1")).collect();
        assert_eq!(explained, CODES.map(Code::name));
    }
}
