//! Command lines that cannot be understood: what the parser says, with a code and with what to type instead.

use super::args::{Cli, Color};
use super::catalogue;
use super::exit::Code;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use clap::{CommandFactory, Parser};
use std::path::Path;

/// What the arguments of this process ask for.
///
/// # Errors
/// A text to show, and an exit code: help and the version are no errors of anybody.
pub fn parse() -> Result<Cli, (u8, String)> {
    let parsed = Cli::try_parse();
    match &parsed {
        Ok(cli) => cli.color.apply(),
        // What could be understood before the error may be about colours.
        Err(_) => {
            let matches = Cli::command().ignore_errors(true).try_get_matches();
            let color = matches.ok().and_then(|m| m.try_get_one::<Color>("color").ok().flatten().copied());
            color.unwrap_or(Color::Auto).apply();
        }
    }
    parsed.map_err(|mut error| {
        let code = match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => return (0, styled(&error)),
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => return (2, styled(&error)),
            ErrorKind::ArgumentConflict => Code::Together,
            _ => Code::Usage,
        };
        if let Some(tip) = tip(&error) {
            error.remove(ContextKind::SuggestedSubcommand);
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
        }
        (2, styled(&error).replacen("error:", &format!("error[{}]:", code.name()), 1))
    })
}

fn styled(error: &Error) -> String {
    error.render().ansi().to_string().trim_end().to_string()
}

/// What was probably meant, where the parser does not know.
fn tip(error: &Error) -> Option<String> {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(" ")),
        _ => None,
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let word = context(ContextKind::InvalidSubcommand)?;
            let scenario = Path::new(&word).is_file() || catalogue::find(&word).is_some();
            scenario.then(|| format!("to run it: zonefall run {word}"))
        }
        ErrorKind::MissingRequiredArgument if context(ContextKind::InvalidArg)?.contains("<FILE>") => Some(
            "`zonefall new` writes a scenario to start from, `zonefall scenario list` shows those that come along"
                .into(),
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        Cli::command().debug_assert();
    }
}
