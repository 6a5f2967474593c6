//! Pages of the documentation as plain text for a terminal.

/// Longest line of text; tables and code stay as they are.
const WIDTH: usize = 100;

/// A piece of Markdown as plain text: links by their words, no emphasis, paragraphs and items of lists as long as fits.
pub fn plain(markdown: &str) -> String {
    let mut out = String::new();
    let mut open: Option<(String, &str)> = None;
    let mut code = false;
    let close = |open: &mut Option<(String, &str)>, out: &mut String| {
        if let Some((text, indent)) = open.take() {
            *out += &wrapped(&spoken(&text), indent);
        }
    };
    for line in markdown.trim_end().lines() {
        if line.starts_with("```") {
            close(&mut open, &mut out);
            code = !code;
        } else if code {
            out += format!("    {line}").trim_end();
            out.push('\n');
        } else if line.is_empty() || line.starts_with('|') {
            close(&mut open, &mut out);
            // Rules of tables are for machines.
            if !line.starts_with("|--") {
                out += &spoken(line);
                out.push('\n');
            }
        } else if let (Some((text, _)), false) = (&mut open, line.starts_with("- ")) {
            text.push(' ');
            *text += line.trim_start();
        } else {
            close(&mut open, &mut out);
            open = Some((line.to_string(), if line.starts_with("- ") { "  " } else { "" }));
        }
    }
    close(&mut open, &mut out);
    out
}

/// Without links and emphasis; code in backticks stays.
pub fn spoken(text: &str) -> String {
    let mut out = String::new();
    for (index, piece) in text.split('`').enumerate() {
        if index > 0 {
            out.push('`');
        }
        // Between backticks asterisks and brackets mean themselves.
        out += &if index % 2 == 1 { piece.to_string() } else { piece.replace('*', "") };
    }
    let mut rest = out.as_str();
    let mut linked = String::new();
    while let Some(at) = rest.find("](") {
        let Some(end) = rest[at..].find(')') else { break };
        let (before, after) = (&rest[..at], &rest[at + end + 1..]);
        match before.rfind('[') {
            Some(open) => linked += &[&before[..open], &before[open + 1..]].concat(),
            None => linked += before,
        }
        rest = after;
    }
    linked + rest
}

/// Text in lines of at most [`WIDTH`] characters; those after the first begin with `indent`.
pub fn wrapped(text: &str, indent: &str) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.trim().is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            out += line.trim_end();
            out.push('\n');
            line = indent.to_string();
        } else if !line.is_empty() {
            line.push(' ');
        }
        line += word;
    }
    out + &line + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_text() {
        let page = "ZF1: a title\n\nSee [model.md](model.md#x), **now**: `zone:*` and `[[expect]]`.\n\n```text\n  as *it* is\n```\n\n- one\n- two\n  goes on\n\n| a | b |\n|---|---|\n| `x` | [y](z) |\n";
        let text = "ZF1: a title\n\nSee model.md, now: `zone:*` and `[[expect]]`.\n\n      as *it* is\n\n- one\n- two goes on\n\n| a | b |\n| `x` | y |\n";
        assert_eq!(plain(page), text);
    }

    #[test]
    fn long_lines_are_broken() {
        let text = wrapped(&"word ".repeat(60), "  ");
        assert_eq!(text.lines().count(), 4);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
        assert!(text.lines().skip(1).all(|line| line.starts_with("  word")));
    }
}
