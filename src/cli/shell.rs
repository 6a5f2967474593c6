//! What the command line's grammar is good for besides reading arguments: completions and manual pages.

use super::args::Cli;
use super::exit::{Code, Failure};
use super::print;
use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

/// Completions for a shell.
///
/// # Errors
/// Standard output cannot be written.
pub fn completions(shell: Shell) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "zonefall", &mut bytes);
    print(&bytes)
}

/// The manual page of the program, or of one of its commands.
///
/// # Errors
/// There is no such command, or standard output cannot be written.
pub fn man(name: Option<&str>) -> Result<(), Failure> {
    let mut program = Cli::command();
    program.build();
    let command = match name {
        None => &program,
        Some(name) => program.find_subcommand(name).ok_or_else(|| {
            Failure::new(Code::Usage, format!("there is no command {name}; `zonefall --help` lists them"))
        })?,
    };
    let mut bytes = Vec::new();
    Man::new(command.clone()).render(&mut bytes).map_err(|error| Failure::stdout(&error))?;
    print(&bytes)
}
