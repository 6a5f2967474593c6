//! The document as Markdown of the kind that code hosts show in pull requests.

use super::document::{Block, Cell, Document, Table};
use crate::report::escape::{fenced, markdown as text};

/// Most bytes: hosts cut off comments at 65 536 characters.
const MAX_BYTES: usize = 64_000;

/// The whole file.
pub(super) fn render(document: &Document) -> String {
    let mut out = format!("# {}\n\n", text(&document.title));
    for words in [&document.question, &document.description].into_iter().flatten() {
        out.push_str(&format!("{}\n\n", paragraph(words)));
    }
    out.push_str(&format!("{}\n", paragraph(&document.extent)));
    for section in &document.sections {
        let head = format!("\n## {}\n", section.title);
        let mut body = String::new();
        section.blocks.iter().for_each(|b| block(&mut body, b));
        // Room for the remarks themselves.
        if out.len() + head.len() + body.len() > MAX_BYTES - 2_000 {
            body = "\nLeft out here for its length; it is in report.html.\n".into();
        }
        out.push_str(&head);
        out.push_str(&body);
    }
    out
}

fn block(out: &mut String, block: &Block) {
    match block {
        Block::Part { title, blocks, .. } => {
            out.push_str(&format!("\n### {}\n", text(title)));
            blocks.iter().for_each(|b| self::block(out, b));
        }
        Block::Text { text: words } => out.push_str(&format!("\n{}\n", paragraph(words))),
        Block::Verdict { sentences } => {
            out.push('\n');
            for s in sentences {
                let more = if s.more.is_empty() { String::new() } else { format!(" {}", text(&s.more)) };
                out.push_str(&format!("- **{}**{more}\n", text(&s.text)));
            }
        }
        Block::List { items } => {
            out.push('\n');
            items.iter().for_each(|item| out.push_str(&format!("- {}\n", paragraph(item))));
        }
        Block::Facts { facts } => {
            out.push('\n');
            for (term, fact) in facts {
                out.push_str(&format!("- {}: {}\n", paragraph(term), text(fact)));
            }
        }
        Block::Table(t) => table(out, t),
        // The numbers stand in the tables: the finding is enough beside them.
        Block::Figure { file, title, .. } => out.push_str(&format!("\n![{}]({file})\n", text(title))),
        Block::Code { text: code } => out.push_str(&format!("\n{}\n", fenced(code))),
        Block::Details { summary, blocks, .. } => {
            out.push_str(&format!("\n<details><summary>{}</summary>\n", text(summary)));
            blocks.iter().for_each(|b| self::block(out, b));
            out.push_str("\n</details>\n");
        }
    }
}

fn table(out: &mut String, table: &Table) {
    let mark = table.mark.map_or_else(String::new, |m| format!(" ({m})"));
    out.push_str(&format!("\n{}{mark}\n\n", paragraph(&table.caption)));
    let mut groups = table.groups.iter().flat_map(|(words, span)| core::iter::repeat_n(words, *span));
    for column in &table.columns {
        let label = match groups.next() {
            Some(group) if !group.is_empty() => format!("{}: {}", text(group), text(&column.label)),
            _ => text(&column.label),
        };
        out.push_str(&format!("| {label} "));
    }
    out.push_str("|\n");
    for column in &table.columns {
        out.push_str(if column.number { "|--:" } else { "|:--" });
    }
    out.push_str("|\n");
    for row in &table.rows {
        for Cell { text: words, mark, .. } in &row.cells {
            let mark = mark.map_or_else(String::new, |m| format!(" ({m})"));
            out.push_str(&format!("| {}{mark} ", text(words)));
        }
        out.push_str("|\n");
    }
    if !table.notes.is_empty() {
        out.push('\n');
        for (i, note) in table.notes.iter().enumerate() {
            out.push_str(&format!("({}) {}  \n", i + 1, text(note)));
        }
    }
}

/// Text at the start of a line, where it must not begin a list, a heading or code either.
fn paragraph(words: &str) -> String {
    let words = words.trim_start();
    let number = words.trim_start_matches(|c: char| c.is_ascii_digit());
    let begins_list = |rest: &str| matches!(rest.chars().next(), None | Some(' ' | '\t' | '\n'));
    let digits = words.len() - number.len();
    if words.starts_with(['-', '+', '=']) {
        format!("\\{}", text(words))
    } else if digits > 0 && number.starts_with(['.', ')']) && begins_list(&number[1..]) {
        format!("{}\\{}", &words[..digits], text(number))
    } else {
        text(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_begin_neither_lists_nor_headings() {
        for (words, written) in [
            ("- a", "\\- a"),
            ("+ a", "\\+ a"),
            ("===", "\\==="),
            ("---", "\\---"),
            ("12. a", "12\\. a"),
            ("1) a", "1\\) a"),
            ("1.5 minutes", "1.5 minutes"),
            ("    code", "code"),
            ("* a", "\\* a"),
            ("# a", "\\# a"),
            ("a - b", "a - b"),
        ] {
            assert_eq!(paragraph(words), written);
        }
        assert_eq!(text("a | b\n| c [x](y)"), "a \\| b \\| c \\[x\\](y)");
    }
}
