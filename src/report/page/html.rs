//! The document as one HTML file. The template escapes everything by default; only drawings are trusted.

use super::document::Document;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};

/// The ending makes the template escape what it is given.
const NAME: &str = "page.html";
const PAGE: &str = include_str!("../templates/page.html");
const STYLE: &str = include_str!("../templates/page.css");
const SCRIPT: &str = include_str!("../templates/page.js");

/// The whole file.
pub(super) fn render(document: &Document) -> String {
    const SOUND: &str = "the embedded template is well-formed and fits the document";
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // Lines with nothing but a tag leave no blank lines behind.
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().expect(SOUND);
    environment.set_syntax(syntax);
    // For our own words, and for those of the scenario.
    environment.add_filter("prose", |text: &str| Value::from_safe_string(prose(text, true)));
    environment.add_filter("quoted", |text: &str| Value::from_safe_string(prose(text, false)));
    environment.add_template(NAME, PAGE).expect(SOUND);
    let page = Value::from(Serde(document));
    let values = minijinja::context! { page, style => STYLE.trim_end(), script => SCRIPT.trim_end() };
    environment.get_template(NAME).expect(SOUND).render(values).expect(SOUND)
}

/// Escaped text whose numbers stay on one line and, if wanted, whose words in backticks are code.
fn prose(text: &str, marks: bool) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut code = false;
    let pairs = if marks { text.matches('`').count() / 2 } else { 0 };
    let mut ticks = 0;
    for (at, c) in text.char_indices() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#x27;"),
            '`' if ticks < 2 * pairs => {
                ticks += 1;
                code = !code;
                out.push_str(if code { "<code>" } else { "</code>" });
            }
            ' ' if !code && tied(&text[..at], &text[at + 1..]) => out.push('\u{a0}'),
            c => out.push(c),
        }
    }
    out
}

/// Whether a blank between the two belongs to a number: `12 345`, `± 3`, `4 %`, `1h 20m`.
fn tied(before: &str, after: &str) -> bool {
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let grouped =
        digit(before.chars().next_back()) && after.chars().take_while(char::is_ascii_digit).count() == 3;
    let timed = digit(after.chars().next()) && before.ends_with(['d', 'h', 'm', 's']) && {
        let unit = before.trim_end_matches(|c: char| c.is_ascii_lowercase());
        before.len() - unit.len() <= 2 && digit(unit.chars().next_back())
    };
    grouped || timed || after.starts_with(['±', '%', '×']) || before.ends_with(['±', '×', '<', '≤', '≥'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_escaped_and_numbers_stay_together() {
        assert_eq!(prose("12 345 ± 1 of 3 in 20 runs", true), "12\u{a0}345\u{a0}±\u{a0}1 of 3 in 20 runs");
        assert_eq!(prose("< 3 &'\"> 4 %", true), "&lt;\u{a0}3 &amp;&#x27;&quot;&gt; 4\u{a0}%");
        assert_eq!(prose("give `a 1 000<b>` and `", true), "give <code>a 1 000&lt;b&gt;</code> and `");
        assert_eq!(prose("as 1h 20m and", true), "as 1h\u{a0}20m and");
        assert_eq!(prose("`a`", false), "`a`");
    }
}
