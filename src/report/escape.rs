//! Names and words of a scenario in texts that others read by rules of their own.

use crate::text::steers;

/// Text that means nothing to Markdown or HTML, on one line.
pub(super) fn markdown(words: &str) -> String {
    let mut out = String::with_capacity(words.len() + 8);
    for c in words.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '#' | '~' | '!' | '$' => out.extend(['\\', c]),
            '@' => out.push_str("&#64;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Code between more backticks than it holds in a row, in a block of its own.
pub(super) fn fenced(code: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}\n{}\n{fence}", code.replace(char::is_control, " "))
}

/// Text on one line that steers no terminal.
pub(super) fn terminal(words: &str) -> String {
    words.replace(steers, " ")
}

/// The message of a workflow command (GitHub Actions), on one line; in a property the ends of properties are escaped too.
pub(super) fn command(words: &str, property: bool) -> String {
    let mut out = String::with_capacity(words.len() + 8);
    for c in no_old_command(words).chars() {
        match c {
            '%' => out.push_str("%25"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            ':' if property => out.push_str("%3A"),
            ',' if property => out.push_str("%2C"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A line that is no workflow command, whatever words it holds.
pub(super) fn no_command(line: &str) -> String {
    let line = no_old_command(line);
    let blanks = line.len() - line.trim_start().len();
    match line[blanks..].strip_prefix("::") {
        Some(rest) => format!("{}: :{rest}", &line[..blanks]),
        None => line,
    }
}

/// The older form of a command counts anywhere in a line.
fn no_old_command(line: &str) -> String {
    line.replace("##[", "# #[")
}
