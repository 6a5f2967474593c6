//! The text as a tree of values that know where they come from.

use super::diagnostic::{Diagnostic, Severity, code};
use core::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Deepest nesting of tables and lists that is read.
const MAX_DEPTH: usize = 32;

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct At {
    /// Bytes of the file; for a value of a preset, those of the line that asks for the preset.
    pub range: Option<Range<usize>>,
    /// The file itself, or what else supplied the value.
    pub origin: Origin,
}

/// Who wrote a value.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) enum Origin {
    /// The scenario file.
    #[default]
    File,
    /// An embedded preset, by name.
    Preset(&'static str),
    /// `--set`, with its path.
    Set(String),
}

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Value {
    pub at: At,
    pub kind: Kind,
}

/// What TOML can say; dates are kept only to be refused.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Text(String),
    Integer(i128),
    Float(f64),
    Boolean(bool),
    Date,
    List(Vec<Value>),
    Table(Table),
}

impl Kind {
    /// Name of the type for messages.
    pub fn word(&self) -> &'static str {
        match self {
            Kind::Text(_) => "a string",
            Kind::Integer(_) => "an integer",
            Kind::Float(_) => "a number",
            Kind::Boolean(_) => "a boolean",
            Kind::Date => "a date",
            Kind::List(_) => "a list",
            Kind::Table(_) => "a table",
        }
    }
}

/// A table in the order of the text.
#[derive(Clone, Debug, PartialEq, Default)]
pub(super) struct Table {
    pub entries: Vec<Entry>,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub key: String,
    pub key_at: At,
    pub value: Value,
}

impl Table {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.iter().find(|e| e.key == key).map(|e| &e.value)
    }

    /// The value of a key, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.entries.iter_mut().find(|e| e.key == key).map(|e| &mut e.value)
    }

    /// Sets a key, in place if it exists.
    pub fn set(&mut self, key: &str, key_at: At, value: Value) {
        match self.entries.iter_mut().find(|e| e.key == key) {
            Some(entry) => *entry = Entry { key: key.to_owned(), key_at, value },
            None => self.entries.push(Entry { key: key.to_owned(), key_at, value }),
        }
    }

    /// Removes a key.
    pub fn remove(&mut self, key: &str) {
        self.entries.retain(|e| e.key != key);
    }

    /// The sub-table of a key.
    pub fn table(&self, key: &str) -> Option<&Table> {
        match self.get(key).map(|v| &v.kind) {
            Some(Kind::Table(table)) => Some(table),
            _ => None,
        }
    }

    /// The string of a key.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key).map(|v| &v.kind) {
            Some(Kind::Text(text)) => Some(text),
            _ => None,
        }
    }
}

/// Parses a whole file; every syntax error is reported.
pub(super) fn parse(text: &str) -> Result<Value, Vec<Diagnostic>> {
    let (root, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(errors.iter().map(|e| syntax_error(e.message(), e.span())).collect());
    }
    let mut problems = Vec::new();
    let range = root.span();
    let table = convert_table(root.into_inner(), 0, &mut problems);
    if problems.is_empty() {
        Ok(Value { at: At { range: Some(range), origin: Origin::File }, kind: Kind::Table(table) })
    } else {
        Err(problems)
    }
}

/// Parses the value of a `--set`; what is no TOML value is a string.
pub(super) fn parse_setting(path: &str, text: &str) -> Value {
    let mut problems = Vec::new();
    let parsed = DeValue::parse(text).ok().map(|v| convert(v, 0, &mut problems));
    let mut value = match parsed {
        Some(value) if problems.is_empty() => value,
        _ => Value { at: At::default(), kind: Kind::Text(text.to_owned()) },
    };
    relocate(&mut value, &At { range: None, origin: Origin::Set(path.to_owned()) });
    value
}

/// Gives a value and all inside it another place.
pub(super) fn relocate(value: &mut Value, at: &At) {
    value.at = at.clone();
    match &mut value.kind {
        Kind::List(items) => items.iter_mut().for_each(|v| relocate(v, at)),
        Kind::Table(table) => {
            for entry in &mut table.entries {
                entry.key_at = at.clone();
                relocate(&mut entry.value, at);
            }
        }
        _ => {}
    }
}

fn syntax_error(message: &str, range: Option<Range<usize>>) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        code: code::SYNTAX,
        message: format!("not valid TOML: {message}"),
        span: range,
        path: String::new(),
        line: 0,
        column: 0,
        label: message.to_owned(),
        help: None,
    }
}

fn convert_table(table: DeTable<'_>, depth: usize, problems: &mut Vec<Diagnostic>) -> Table {
    let mut entries: Vec<Entry> = table
        .into_iter()
        .map(|(key, value)| Entry {
            key_at: At { range: Some(key.span()), origin: Origin::File },
            key: key.into_inner().into_owned(),
            value: convert(value, depth + 1, problems),
        })
        .collect();
    // The parser sorts by key; the order of the text is the order of declaration.
    entries.sort_by_key(|e| e.key_at.range.as_ref().map_or(0, |r| r.start));
    Table { entries }
}

fn convert(value: Spanned<DeValue<'_>>, depth: usize, problems: &mut Vec<Diagnostic>) -> Value {
    let range = value.span();
    let mut refuse = |message: &str| {
        let mut problem = syntax_error(message, Some(range.clone()));
        problem.code = code::LIMIT;
        problem.message = message.to_owned();
        problems.push(problem);
        Kind::Boolean(false)
    };
    let kind = if depth > MAX_DEPTH {
        refuse("nested too deep: at most 32 levels are read")
    } else {
        match value.into_inner() {
            DeValue::String(text) => Kind::Text(text.into_owned()),
            DeValue::Integer(number) => {
                let digits: String = number.as_str().chars().filter(|&c| c != '_').collect();
                match i128::from_str_radix(&digits, number.radix()) {
                    Ok(number) => Kind::Integer(number),
                    Err(_) => refuse("this integer is too large"),
                }
            }
            DeValue::Float(number) => {
                let digits: String = number.as_str().chars().filter(|&c| c != '_').collect();
                match digits.parse::<f64>() {
                    Ok(number) => Kind::Float(number),
                    Err(_) => refuse("this number cannot be read"),
                }
            }
            DeValue::Boolean(b) => Kind::Boolean(b),
            DeValue::Datetime(_) => Kind::Date,
            DeValue::Array(items) => {
                Kind::List(items.into_iter().map(|v| convert(v, depth + 1, problems)).collect())
            }
            DeValue::Table(table) => Kind::Table(convert_table(table, depth, problems)),
        }
    };
    Value { at: At { range: Some(range), origin: Origin::File }, kind }
}
