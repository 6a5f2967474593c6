//! Words that somebody wrote, for readers that take some characters for more than words.

/// Whether a character steers a terminal, breaks a line or turns the direction of what follows.
///
/// ```
/// assert!(zonefall::text::steers('\u{1b}') && zonefall::text::steers('\n') && !zonefall::text::steers('é'));
/// ```
pub fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text for a terminal: characters that [steer](steers) it are written as `\u{1b}`. Line feeds stay.
///
/// ```
/// assert_eq!(zonefall::text::harmless("a\u{7}b\n"), "a\\u{7}b\n");
/// ```
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && steers(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Text and values of attributes of XML 1.0. What it has no way to write becomes U+FFFD.
///
/// ```
/// assert_eq!(zonefall::text::xml("a < \"b\"\n\0"), "a &lt; &quot;b&quot;&#10;\u{fffd}");
/// ```
pub fn xml(words: &str) -> String {
    let mut out = String::with_capacity(words.len() + 8);
    for c in words.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // In attributes they would be blanks.
            '\t' | '\n' | '\r' => out.push_str(&format!("&#{};", u32::from(c))),
            '\u{fffe}' | '\u{ffff}' => out.push(char::REPLACEMENT_CHARACTER),
            c if c < ' ' => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out
}
