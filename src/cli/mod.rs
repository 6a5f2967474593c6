//! The command line: the only part that knows files, the terminal, the clock and the environment. It sees the
//! library through its public API only.

mod args;
mod catalogue;
mod compare;
mod exit;
mod files;
mod input;
mod interrupt;
mod progress;
mod replay;
mod rows;
mod run;
mod study;
mod what_if;

use args::{Cli, Command, Shelf, ValidateArgs};
use clap::Parser;
use exit::Failure;
use std::io::{self, Write};
use std::process::ExitCode;

/// Runs the command that the arguments ask for.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // Panics in replications are told by the runner, with the way to replay them; this is for all others.
    let result = std::panic::catch_unwind(|| dispatch(cli.command)).unwrap_or_else(|_| {
        Err(Failure::Broken("a bug in zonefall, please report it with this command".into()))
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let text = failure.to_string();
            if !text.is_empty() {
                say(&format!("error: {text}"));
            }
            ExitCode::from(failure.code())
        }
    }
}

fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Run(args) => run::run(&args),
        Command::Compare(args) => compare::compare(&args),
        Command::Validate(args) => validate(&args),
        Command::Preset(Shelf::List) => list(zonefall::scenario::presets().iter().map(|p| p.0)),
        Command::Preset(Shelf::Show { name }) => {
            let found = zonefall::scenario::presets().iter().find(|p| p.0 == name);
            show("preset", &name, found.map(|p| p.1))
        }
        Command::Scenario(Shelf::List) => list(catalogue::SCENARIOS.iter().map(|s| s.name)),
        Command::Scenario(Shelf::Show { name }) => {
            show("scenario", &name, catalogue::find(&name).map(|s| s.text))
        }
    }
}

/// A line on standard error, without colours where they are not wanted. If that stream is closed, nobody listens,
/// and there is nobody to be told so.
fn say(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Bytes on standard output.
fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| Failure::stdout(&error))
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
    print(names.map(|name| format!("{name}\n")).collect::<String>().as_bytes())
}

fn show(what: &str, name: &str, text: Option<&str>) -> Result<(), Failure> {
    match text {
        Some(text) => print(text.as_bytes()),
        None => {
            Err(Failure::Input(format!("there is no {what} {name}; `zonefall {what} list` shows the names")))
        }
    }
}

/// Shows every problem of every scenario; then one line for each on standard output.
fn validate(args: &ValidateArgs) -> Result<(), Failure> {
    let set = input::settings(&args.set)?;
    let mut lines = String::new();
    let mut failed = false;
    for name in &args.files {
        let text = input::find(name)?;
        let (scenario, problems) = input::load(&text, &set, true);
        failed |= scenario.is_none();
        let verdict = if scenario.is_some() { "valid" } else { "invalid" };
        lines += &format!("{name}: {verdict}, {problems}\n");
    }
    print(lines.as_bytes())?;
    if failed { Err(Failure::Reported) } else { Ok(()) }
}
