//! Texts that come with the program, by name.

use super::args::Shelf;
use super::exit::{Code, Failure};
use super::print;
use zonefall::scenario::nearest;

/// All names, or the text of one; `what` they are is also the command that shows them.
///
/// # Errors
/// There is none of that name: `code`.
pub fn browse(what: &str, code: Code, texts: &[(&str, &str)], shelf: Shelf) -> Result<(), Failure> {
    match shelf {
        Shelf::List => {
            print(texts.iter().map(|(name, _)| format!("{name}\n")).collect::<String>().as_bytes())
        }
        Shelf::Show { name } => match texts.iter().find(|(own, _)| *own == name) {
            Some((_, text)) => print(text.as_bytes()),
            None => Err(unknown(what, &name, code, texts)),
        },
    }
}

/// The error for a name that none of the texts has.
pub fn unknown(what: &str, name: &str, code: Code, texts: &[(&str, &str)]) -> Failure {
    let names: Vec<&str> = texts.iter().map(|(name, _)| *name).collect();
    let near = nearest(name, &names).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    Failure::new(code, format!("there is no {what} {name}{near}\n  `zonefall {what} list` shows the names"))
}
