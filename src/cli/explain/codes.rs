//! Codes: the sections of docs/diagnostics.md.

use super::page;

const PAGE: &str = include_str!("../../../docs/diagnostics.md");

/// Code and text of each section.
fn sections() -> impl Iterator<Item = (&'static str, &'static str)> {
    PAGE.split("\n## ").skip(1).filter_map(|section| Some((section.split_once(':')?.0, section)))
}

/// The section of a code.
pub fn find(word: &str) -> Vec<String> {
    let section = sections().find(|(code, _)| code.eq_ignore_ascii_case(word));
    section.into_iter().map(|(_, text)| page::plain(text)).collect()
}

/// All codes.
pub fn words() -> Vec<String> {
    sections().map(|(code, _)| code.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_codes_of_scenarios_are_there() {
        for (code, meaning) in zonefall::scenario::CODES {
            let found = find(&code.to_lowercase()).concat();
            assert!(found.starts_with(&format!("{code}: {meaning}\n")), "{found}");
        }
    }
}
