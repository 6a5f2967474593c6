//! What the page says, apart from how it looks: HTML and Markdown are two renderings of one document, so that both
//! state the same facts.

use serde::Serialize;

/// Most rows of a table; the files of numbers hold all of them.
const MAX_ROWS: usize = 400;

/// The whole page.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(super) struct Document {
    pub(super) title: String,
    /// The question the scenario asks, and more words about it.
    pub(super) question: Option<String>,
    pub(super) description: Option<String>,
    /// One line: how much was simulated.
    pub(super) extent: String,
    /// Variants that rows can be hidden by.
    pub(super) variants: Vec<String>,
    pub(super) sections: Vec<Section>,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub(super) struct Section {
    /// Anchor, unique on the page.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(super) enum Block {
    /// A part of the section with a heading, perhaps about one variant.
    Part { title: String, variant: Option<String>, blocks: Vec<Block> },
    /// A paragraph.
    Text { text: String },
    /// The sentences the whole page is about.
    Verdict { sentences: Vec<Sentence> },
    /// Points of a list.
    List { items: Vec<String> },
    /// Terms, each with what is to be said of it.
    Facts { facts: Vec<(String, String)> },
    /// Rows and columns.
    Table(Table),
    /// A drawing: its file, a complete SVG element that needs no escaping, what it shows and what there is to see.
    Figure { file: String, svg: String, title: String, alt: String },
    /// Something to type.
    Code { text: String },
    /// What most readers need not see at once, and on paper perhaps not at all.
    Details { summary: String, printed: bool, blocks: Vec<Block> },
}

/// One statement, about a variant or about everything.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(super) struct Sentence {
    pub(super) variant: Option<String>,
    pub(super) text: String,
    /// What else there is to say, less loudly.
    pub(super) more: String,
}

impl Sentence {
    /// The first sentence of a text, and the rest.
    pub(super) fn new(variant: Option<&str>, text: &str) -> Sentence {
        let (text, more) = text.split_once(". ").map_or((text, ""), |(text, more)| (text, more));
        let end = if text.ends_with('.') { "" } else { "." };
        Sentence { variant: variant.map(str::to_string), text: format!("{text}{end}"), more: more.into() }
    }
}

#[derive(Clone, PartialEq, Debug, Serialize, Default)]
pub(super) struct Table {
    pub(super) caption: String,
    /// Footnote of the caption, from 1.
    pub(super) mark: Option<usize>,
    /// Words above several columns: the words and how many columns they span. Empty if there are none.
    pub(super) groups: Vec<(String, usize)>,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row>,
    /// Footnotes; a cell's mark counts them from 1.
    pub(super) notes: Vec<String>,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub(super) struct Column {
    pub(super) label: String,
    /// Whether its cells are numbers.
    pub(super) number: bool,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub(super) struct Row {
    /// The variant it is about, by which it can be hidden.
    pub(super) variant: Option<String>,
    pub(super) cells: Vec<Cell>,
}

/// A cell.
#[derive(Clone, PartialEq, Debug, Serialize, Default)]
pub(super) struct Cell {
    pub(super) text: String,
    /// What it is sorted by, where that is a number; undefined figures have none and sort last.
    pub(super) sort: Option<f64>,
    /// Footnote, from 1.
    pub(super) mark: Option<usize>,
    /// Whether it is something a scenario or a shell reads.
    pub(super) code: bool,
    /// `good`, `bad` or `dim`; never the only bearer of a meaning.
    pub(super) tone: Option<&'static str>,
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), ..Cell::default() }
    }

    pub(super) fn code(text: impl Into<String>) -> Cell {
        Cell { code: true, ..Cell::text(text) }
    }

    pub(super) fn number(text: impl Into<String>, sort: Option<f64>) -> Cell {
        Cell { text: text.into(), sort, ..Cell::default() }
    }
}

/// A store and the requests in question, or a block.
pub(super) fn about(subject: &str, kind: &str) -> String {
    if kind == "block" { subject.into() } else { format!("{subject}, {kind}s") }
}

impl Table {
    /// An empty table. Columns whose label ends with `#` hold numbers.
    pub(super) fn new(caption: impl Into<String>, columns: &[&str]) -> Table {
        let column = |label: &&str| match label.strip_suffix('#') {
            Some(label) => Column { label: label.into(), number: true },
            None => Column { label: (*label).into(), number: false },
        };
        Table { caption: caption.into(), columns: columns.iter().map(column).collect(), ..Table::default() }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, variant: Option<&str>, cells: Vec<Cell>) {
        debug_assert_eq!(cells.len(), self.columns.len());
        self.rows.push(Row { variant: variant.map(str::to_string), cells });
    }

    /// The mark of a footnote, the same for the same words.
    pub(super) fn note(&mut self, text: &str) -> usize {
        match self.notes.iter().position(|n| n == text) {
            Some(at) => at + 1,
            None => {
                self.notes.push(text.into());
                self.notes.len()
            }
        }
    }

    /// The cell of an undefined figure: a dash whose footnote says why, if that is known.
    pub(super) fn undefined(&mut self, why: &str) -> Cell {
        let why = if why.is_empty() { "undefined" } else { why };
        Cell { mark: Some(self.note(why)), tone: Some("dim"), ..Cell::text("–") }
    }

    /// The table as a block; none if it has no rows.
    pub(super) fn block(mut self, rest: &str) -> Option<Block> {
        if self.rows.is_empty() {
            return None;
        }
        let more = self.rows.len().saturating_sub(MAX_ROWS);
        if more > 0 {
            self.rows.truncate(MAX_ROWS);
            self.notes.push(format!("{more} more rows are in {rest}."));
        }
        Some(Block::Table(self))
    }
}

impl Section {
    pub(super) fn new(id: &'static str, title: &'static str) -> Section {
        Section { id, title, blocks: Vec::new() }
    }

    pub(super) fn text(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Text { text: text.into() });
    }

    /// Adds a table that has rows; `rest` names the file with all of them.
    pub(super) fn table(&mut self, table: Table, rest: &str) {
        self.blocks.extend(table.block(rest));
    }
}
