//! The command line: the only part that knows files, the terminal, the clock and the environment. It sees the
//! library through its public API only.

mod args;
mod browse;
mod catalogue;
mod check;
mod compare;
mod exit;
mod explain;
mod files;
mod input;
mod interrupt;
mod new;
mod progress;
mod replay;
mod rows;
mod run;
mod shell;
mod study;
mod usage;
mod what_if;

use args::{Command, ValidateArgs};
use exit::{Code, Failure};
use std::io::{self, Write};
use std::process::ExitCode;
use zonefall::scenario::presets;
use zonefall::text::harmless;

/// Runs the command that the arguments ask for.
pub fn main() -> ExitCode {
    let cli = match usage::parse() {
        Ok(cli) => cli,
        Err((0, text)) => return leave(print_styled(&text)),
        Err((exit, text)) => {
            say(&text);
            return ExitCode::from(exit);
        }
    };
    // Panics in replications are told by the runner, with the way to replay them; this is for all others.
    leave(std::panic::catch_unwind(|| dispatch(cli.command)).unwrap_or_else(|_| {
        Err(Failure::new(Code::Broken, "a bug in zonefall, please report it with this command"))
    }))
}

/// Tells what went wrong, if anything did.
fn leave(result: Result<(), Failure>) -> ExitCode {
    let Err(failure) = result else { return ExitCode::SUCCESS };
    match &failure {
        // Who pressed Ctrl-C knows why.
        Failure::Error(Code::Interrupted, _) => say(&failure.to_string()),
        Failure::Error(code, _) => say(&format!("{failure}\n`zonefall explain {}` says more", code.name())),
        Failure::Reported => say("`zonefall explain CODE` says more about a code"),
        // The report has told.
        Failure::Promise | Failure::BrokenPipe => {}
    }
    ExitCode::from(failure.exit())
}

fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Run(args) => run::run(&args),
        Command::Compare(args) => compare::compare(&args),
        Command::Check(args) => check::check(&args),
        Command::Validate(args) => validate(&args),
        Command::New(args) => new::new(&args),
        Command::Completions { shell } => shell::completions(shell),
        Command::Man { command } => shell::man(command.as_deref()),
        Command::Explain { words } => explain::explain(&words),
        Command::Preset(shelf) => browse::browse("preset", Code::NoSuchPreset, presets(), shelf),
        Command::Scenario(shelf) => {
            let shipped: Vec<_> = catalogue::SCENARIOS.iter().map(|s| (s.name, s.text)).collect();
            browse::browse("scenario", Code::NoSuchScenario, &shipped, shelf)
        }
        Command::Schema => print(zonefall::scenario::schema().as_bytes()),
    }
}

/// A line on standard error, without colours where they are not wanted. If that stream is closed, nobody listens,
/// and there is nobody to be told so.
fn say(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Text on standard output, without its colours where they are not wanted.
fn print_styled(text: &str) -> Result<(), Failure> {
    let written = writeln!(anstream::stdout(), "{text}");
    written.map_err(|error| Failure::stdout(&error))
}

/// Bytes on standard output.
fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| Failure::stdout(&error))
}

/// Shows every problem of every scenario; then one line for each on standard output.
fn validate(args: &ValidateArgs) -> Result<(), Failure> {
    let set = input::settings(&args.set, args.horizon.as_deref())?;
    let mut lines = String::new();
    let mut failed = false;
    for name in &args.files {
        let text = input::find(name)?;
        let (scenario, problems) = input::load(&text, &set, true);
        failed |= scenario.is_none();
        let verdict = if scenario.is_some() { "valid" } else { "invalid" };
        lines += &format!("{}: {verdict}, {problems}\n", harmless(name));
    }
    match print(lines.as_bytes()) {
        // Who does not read on still wants to know.
        Ok(()) | Err(Failure::BrokenPipe) if failed => Err(Failure::Reported),
        printed => printed,
    }
}
