//! What a text says, in its comments, about where its numbers come from.
//!
//! The text is read line by line, beside the parser, which knows no comments. A comment belongs to the setting on its
//! line. Comments on lines of their own belong to what stands right below them; those right below a setting belong
//! to that setting if nothing follows, or if they begin with the names of some of its parts (`detect, decide: …`).

use super::tree::{Kind, Value};
use crate::experiment::about::{SourceNote, Sources};

/// Most notes that are kept of a text.
const MAX_NOTES: usize = 500;
/// Most characters of a setting, and of a comment.
const MAX_TEXT: usize = 200;
const MAX_COMMENT: usize = 1_000;

/// What the file and the presets it uses say.
pub(super) fn gather(name: &str, text: &str, presets: &[String]) -> Vec<Sources> {
    let mut all = vec![read(name, false, text)];
    let known = super::presets().iter().filter(|(preset, _)| presets.iter().any(|p| p == preset));
    all.extend(known.map(|(preset, text)| read(preset, true, text)));
    all
}

/// Adds the names of the presets that a variant uses.
pub(super) fn note_presets(root: &Value, names: &mut Vec<String>) {
    let Kind::Table(root) = &root.kind else { return };
    let stores = root.table("store").into_iter().flat_map(|stores| &stores.entries);
    let of_stores = stores.filter_map(|store| match &store.value.kind {
        Kind::Table(store) => store.text("preset"),
        _ => None,
    });
    let used = match root.get("use").map(|v| &v.kind) {
        Some(Kind::List(items)) => items.as_slice(),
        _ => &[],
    };
    let of_faults = used.iter().filter_map(|item| match &item.kind {
        Kind::Text(name) => Some(name.as_str()),
        _ => None,
    });
    for name in of_stores.chain(of_faults) {
        if !names.iter().any(|n| n == name) {
            names.push(name.to_string());
        }
    }
}

/// A line of the text.
enum Line<'a> {
    Blank,
    /// A comment alone, and whether it is indented: then it goes on with the one beside the setting above.
    Comment {
        text: &'a str,
        indented: bool,
    },
    /// A head of a table: the path in it.
    Head {
        path: &'a str,
        comment: Option<&'a str>,
    },
    /// The first line of a setting, or a later one of a setting on several lines.
    Setting {
        code: &'a str,
        comment: Option<&'a str>,
        first: bool,
    },
}

/// What one text says.
fn read(origin: &str, preset: bool, text: &str) -> Sources {
    let mut reader = Reader::default();
    let mut state = State::default();
    let mut lines = text.lines().enumerate().peekable();
    let mut head: Vec<&str> = Vec::new();
    while let Some((_, line)) = lines.next_if(|(_, line)| line.starts_with('#')) {
        // `#:schema …` is for editors.
        if !line.starts_with("#:") {
            head.push(line.trim_start_matches('#'));
        }
    }
    for (number, line) in lines {
        reader.line(number + 1, classify(line, &mut state));
    }
    reader.blank();
    let left_out = reader.notes.len().saturating_sub(MAX_NOTES);
    reader.notes.truncate(MAX_NOTES);
    let notes = reader.notes.into_iter().map(Note::finish).collect();
    Sources { origin: origin.into(), preset, header: header(&head), notes, left_out }
}

/// Where in a value a line ends: inside which quotes, and how many brackets are open.
#[derive(Clone, Copy, Default, PartialEq)]
struct State {
    quotes: Option<(char, usize)>,
    depth: usize,
}

/// Splits a line into code and comment. Quotes and brackets may go on over lines.
fn classify<'a>(line: &'a str, state: &mut State) -> Line<'a> {
    let inside = *state != State::default();
    let mut comment_at = None;
    let bytes = line.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let c = char::from(bytes[at]);
        let run = bytes[at..].iter().take_while(|&&b| char::from(b) == c).count();
        match (state.quotes, c) {
            (Some((quote, 1)), _) if quote == c => state.quotes = None,
            (Some((quote, _)), _) if quote == c && run >= 3 => {
                // Up to two quotes may stand before the three that close.
                (state.quotes, at) = (None, at + run - 1);
            }
            (Some(('"', _)), '\\') => at += 1,
            (Some(_), _) => {}
            (None, '"' | '\'') if run >= 6 => at += 5,
            (None, '"' | '\'') if run >= 3 => (state.quotes, at) = (Some((c, 3)), at + 2),
            (None, '"' | '\'') => state.quotes = Some((c, 1)),
            (None, '#') => {
                comment_at = Some(at);
                break;
            }
            (None, '[' | '{') => state.depth += 1,
            (None, ']' | '}') => state.depth = state.depth.saturating_sub(1),
            (None, _) => {}
        }
        at += 1;
    }
    // Only the long kind goes on in the next line.
    state.quotes = state.quotes.filter(|(_, n)| *n == 3);
    let code = line[..comment_at.unwrap_or(line.len())].trim();
    let comment = comment_at.map(|at| line[at..].trim_start_matches('#').trim()).filter(|c| !c.is_empty());
    match (code, comment) {
        ("", None) if !inside => Line::Blank,
        ("", Some(text)) if !inside => Line::Comment { text, indented: !line.starts_with('#') },
        _ if !inside && code.starts_with('[') && code.ends_with(']') => {
            Line::Head { path: code.trim_matches(['[', ']', ' ']), comment }
        }
        _ => Line::Setting { code, comment, first: !inside },
    }
}

#[derive(Default)]
struct Reader {
    notes: Vec<Note>,
    /// Path of the table the settings are in.
    table: String,
    /// Comment lines that wait for what they belong to, with the line of the first.
    waiting: Vec<String>,
    /// What stands right above: its line and words, and whether it has a note, which then is the last one.
    above: Option<(usize, String, bool)>,
    /// Whether comments below that have begun to speak of its parts.
    of_parts: bool,
    /// When the settings of a preset's `[[when]]` hold, in words.
    condition: String,
    /// The setting on several lines that the line is in.
    setting: String,
}

/// A note being read.
struct Note {
    line: usize,
    text: String,
    comment: Vec<String>,
}

impl Note {
    fn finish(self) -> SourceNote {
        let comment = cut(&self.comment.join(" "), MAX_COMMENT);
        let assumption = comment.to_lowercase().contains("assum");
        SourceNote { line: self.line, text: cut(&self.text, MAX_TEXT), comment, assumption }
    }
}

impl Reader {
    fn line(&mut self, number: usize, line: Line<'_>) {
        match line {
            Line::Blank => self.blank(),
            Line::Comment { text, indented } => self.comment(text, indented),
            Line::Head { path, comment } => {
                self.table = path.to_string();
                self.setting.clear();
                if path == "when" {
                    self.condition.clear();
                }
                self.place(number, format!("[{path}]"), comment);
            }
            Line::Setting { code, comment, first } => {
                let text = if first { self.path(code) } else { format!("{} … {code}", self.setting) };
                if first && self.table == "when" {
                    self.condition(code);
                }
                if first {
                    self.setting = text.split('=').next().unwrap_or_default().trim().to_string();
                }
                self.place(number, text, comment);
            }
        }
    }

    /// The setting with the path of its table, blanks before `=` as one.
    fn path(&self, code: &str) -> String {
        let code = match code.split_once('=') {
            Some((key, value)) => format!("{} = {}", key.trim(), value.trim()),
            None => code.to_string(),
        };
        match self.table.strip_prefix("when.") {
            Some(table) => format!("{table}.{code} (where {})", self.condition),
            None if self.table.is_empty() => code,
            None => format!("{}.{code}", self.table),
        }
    }

    /// Notes a condition of `[[when]]`: a setting and the words it may be.
    fn condition(&mut self, code: &str) {
        if let Some((key, value)) = code.split_once('=') {
            let and = if self.condition.is_empty() { "" } else { " and " };
            let words = value.trim().trim_matches(['[', ']']).replace(',', " or").replace('"', "");
            self.condition.push_str(&format!("{and}{} is {words}", key.trim().trim_matches('"')));
        }
    }

    /// Something comments can belong to: takes those that wait above it, and its own.
    fn place(&mut self, line: usize, text: String, comment: Option<&str>) {
        let mut words = core::mem::take(&mut self.waiting);
        words.extend(comment.map(str::to_string));
        let noted = !words.is_empty() && !self.in_promises();
        self.of_parts = false;
        self.above = Some((line, text.clone(), noted));
        if noted {
            self.notes.push(Note { line, text, comment: words });
        }
    }

    /// A comment on a line of its own.
    fn comment(&mut self, text: &str, indented: bool) {
        let goes_on = indented && self.waiting.is_empty() && self.above.as_ref().is_some_and(|a| a.2);
        let names_parts = self.waiting.is_empty() && self.above.as_ref().is_some_and(|a| names(text, &a.1));
        self.of_parts |= names_parts;
        if goes_on || self.of_parts {
            self.add_above(vec![text.to_string()]);
        } else {
            self.waiting.push(text.to_string());
        }
    }

    /// Nothing follows: what waits belongs to what is above it, if it is right above.
    fn blank(&mut self) {
        let words = core::mem::take(&mut self.waiting);
        if !words.is_empty() {
            self.add_above(words);
        }
        (self.above, self.of_parts) = (None, false);
    }

    /// Adds words to the note on what is above, if anything is.
    fn add_above(&mut self, words: Vec<String>) {
        if self.in_promises() {
            return;
        }
        let Some((line, text, noted)) = &mut self.above else { return };
        match (*noted, self.notes.last_mut()) {
            (true, Some(note)) => note.comment.extend(words),
            _ => self.notes.push(Note { line: *line, text: text.clone(), comment: words }),
        }
        *noted = true;
    }

    /// Promises are shown with their results.
    fn in_promises(&self) -> bool {
        self.table == "expect"
    }
}

/// Whether a comment begins with names of parts of a setting: `detect, decide: …`.
fn names(comment: &str, setting: &str) -> bool {
    let Some((before, _)) = comment.split_once(':') else { return false };
    let is_name = |word: &str| {
        let mut parts = setting.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'));
        !word.is_empty() && parts.any(|part| part == word)
    };
    before.split(',').all(|word| is_name(word.trim()))
}

/// The comment at the head of a text by its labels: a capitalised word and a colon at the start of a line.
fn header(lines: &[&str]) -> Vec<(String, String)> {
    let mut parts: Vec<(String, String)> = Vec::new();
    for line in lines {
        let text = line.trim();
        let label = line.strip_prefix(' ').and_then(|l| l.split_once(':')).filter(|(word, _)| {
            word.starts_with(char::is_uppercase) && word.chars().all(char::is_alphabetic)
        });
        match (label, parts.last_mut()) {
            (Some((word, rest)), _) => parts.push((word.into(), rest.trim().into())),
            (None, Some((_, words))) if !text.is_empty() => {
                let separate = if words.is_empty() { "" } else { " " };
                words.push_str(&format!("{separate}{text}"));
            }
            (None, None) if !text.is_empty() => parts.push((String::new(), text.into())),
            _ => {}
        }
    }
    parts.into_iter().map(|(label, words)| (label, cut(&words, 3 * MAX_COMMENT))).collect()
}

/// At most so many characters.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(text: &str) -> Vec<(usize, String, String)> {
        read("x.toml", false, text).notes.into_iter().map(|n| (n.line, n.text, n.comment)).collect()
    }

    fn note(line: usize, text: &str, comment: &str) -> (usize, String, String) {
        (line, text.into(), comment.into())
    }

    #[test]
    fn a_comment_belongs_to_the_setting_on_its_line() {
        let text = "a = 1\n[fault.zone]\nmtbf   = \"5y\"  # assumption\n\nduration = '1h' #C: documented\n";
        assert_eq!(
            notes(text),
            [
                note(3, "fault.zone.mtbf = \"5y\"", "assumption"),
                note(5, "fault.zone.duration = '1h'", "C: documented"),
            ]
        );
        assert_eq!(
            read("x", false, text).notes.iter().map(|n| n.assumption).collect::<Vec<_>>(),
            [true, false]
        );
    }

    #[test]
    fn what_is_for_editors_says_nothing() {
        let with = read("x", false, "#:schema ../a.json\n# Why.\n#\n# More.\na = 1\n");
        let without = read("x", false, "# Why.\n#\n# More.\na = 1\n");
        assert_eq!(with.header, without.header);
        assert!(!with.header.is_empty());
    }

    #[test]
    fn a_hash_in_quotes_is_no_comment() {
        let text = "a = \"x # y\"\nb = 'it # \\'  # one\nc = \"\\\" # \\\\\"  # two\n\
                    d = \"\"\"\n# text \"quoted\" # text\n\"\"\"  # three\ne = '''x # ''' # four\nf = \"\" # five\ng = \"\"\"\"\"\" # six\n";
        let found: Vec<String> = notes(text).into_iter().map(|n| n.2).collect();
        assert_eq!(found, ["one", "two", "three", "four", "five", "six"]);
    }

    #[test]
    fn comments_on_lines_of_their_own() {
        let text = "[[region]]\n# why two\nname = \"a\"\n\n# Beyond the preset.\n# Twice.\n[fault.lost] # rare\n\
                    x = { detect = 1, decide = 2 } # first\n# detect, decide: assumption\n#   on both\n# other: too\ny = 1\n\
                    z = 2 # why\n      # and more\nq = 3\n# Right below.\n\n# Alone.\n\nw = 4\n";
        assert_eq!(
            notes(text),
            [
                note(3, "region.name = \"a\"", "why two"),
                note(7, "[fault.lost]", "Beyond the preset. Twice. rare"),
                note(
                    8,
                    "fault.lost.x = { detect = 1, decide = 2 }",
                    "first detect, decide: assumption on both other: too"
                ),
                note(13, "fault.lost.z = 2", "why and more"),
                note(15, "fault.lost.q = 3", "Right below."),
            ]
        );
    }

    #[test]
    fn lists_on_several_lines_and_promises() {
        let text = "a = [ # all\n  1, # one\n  2,\n] # end\n[[expect]]\nis = \"== 0\" # promised\n# so\n\n[b]\nc = 1 # is one\n";
        assert_eq!(
            notes(text),
            [
                note(1, "a = [", "all"),
                note(2, "a … 1,", "one"),
                note(4, "a … ]", "end"),
                note(10, "b.c = 1", "is one"),
            ]
        );
    }

    #[test]
    fn settings_of_a_preset_under_a_condition() {
        let text = "[[when]]\n\"a.b\" = [\"x\", \"y\"]\nc = [\"z\"]\n[when.store]\nlag = 1 # why\n\
                    [[when]]\nc = [\"x\"]\n[when.store.failover]\n# of detect\ndetect = 2\n";
        assert_eq!(
            notes(text),
            [
                note(5, "store.lag = 1 (where a.b is x or y and c is z)", "why"),
                note(10, "store.failover.detect = 2 (where c is x)", "of detect"),
            ]
        );
    }

    #[test]
    fn the_header_has_labels() {
        let text = "# Title, over\n# two lines.\n#\n# Question: why?\n# Numbers: one:\n#   two.\n\nx = 1\n";
        let pair = |a: &str, b: &str| (a.to_string(), b.to_string());
        assert_eq!(
            read("x", false, text).header,
            [pair("", "Title, over two lines."), pair("Question", "why?"), pair("Numbers", "one: two.")]
        );
    }

    #[test]
    fn long_texts_are_bounded() {
        let text: String = (0..10_000).map(|i| format!("k{i} = {i} # {}\n", "é".repeat(2_000))).collect();
        let sources = read("x", false, &text);
        assert_eq!((sources.notes.len(), sources.left_out), (MAX_NOTES, 10_000 - MAX_NOTES));
        assert!(sources.notes.iter().all(|n| n.comment.chars().count() <= MAX_COMMENT + 1));
    }

    /// Every preset states where its numbers come from, and nothing of it is lost on the way.
    #[test]
    fn presets_speak() {
        for (name, text) in crate::scenario::presets() {
            let sources = read(name, true, text);
            assert!(sources.notes.len() >= 5 && sources.left_out == 0, "{name}");
            let said: String = sources.notes.iter().map(|n| format!("{} ", n.comment)).collect();
            let body: Vec<&str> = text.lines().skip_while(|l| l.starts_with('#')).collect();
            let comments = body.iter().filter(|l| l.contains('#'));
            for words in comments.map(|l| l.split_once('#').map_or("", |(_, words)| words.trim())) {
                assert!(said.contains(words), "{name}: {words}");
            }
        }
    }
}
