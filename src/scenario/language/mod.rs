//! The language as data: `language.toml` says of every table and key what it is. From it come the schema for editors,
//! what `explain` tells of a key, and the tables of docs/scenario.md.

mod field;
mod kind;
mod schema;
#[cfg(test)]
mod tests;

pub use field::{Field, field, fields};
pub use schema::schema;

use super::tree::{self, Kind as Toml, Table as TomlTable};
use kind::Kind;

const TEXT: &str = include_str!("language.toml");

/// A table of the language; several may stand at the same place, each a form of it.
struct Table {
    /// What types call it by.
    name: String,
    /// Where it stands: keys joined by dots, `[]` for an element of a list, words in capitals for names users choose.
    path: String,
    title: String,
    /// Of one form among several: its keys in words, and an example.
    meaning: String,
    example: String,
    /// Lists of keys of which exactly one is given.
    one_of: Vec<Vec<String>>,
    /// Keys of which at least one is given.
    any_of: Vec<String>,
    /// A key of the root with which a preset may give those that are required.
    given_by: Option<String>,
    /// Types of the values of other keys; empty: there are none.
    open: Vec<Kind>,
    keys: Vec<Key>,
}

/// A key of a table.
struct Key {
    name: String,
    /// The types that its value may have.
    is: Vec<Kind>,
    meaning: String,
    usual: Usual,
    examples: Vec<String>,
}

/// What holds without a key.
enum Usual {
    /// This TOML value.
    Value(String),
    /// Nothing: it must be there.
    Required,
    /// This, in words.
    Words(String),
}

/// All tables, the root first.
fn read() -> Vec<Table> {
    let Ok(tree::Value { kind: Toml::Table(file), .. }) = tree::parse(TEXT) else {
        unreachable!("language.toml is TOML");
    };
    let tables = file.entries.iter().filter_map(|entry| match &entry.value.kind {
        Toml::Table(found) => Some(table(&entry.key, found)),
        _ => None,
    });
    tables.collect()
}

fn table(name: &str, found: &TomlTable) -> Table {
    let text = |key| found.text(key).unwrap_or_default().to_owned();
    let lists = match found.get("one_of").map(|v| &v.kind) {
        Some(Toml::List(lists)) => lists.iter().map(|list| texts(Some(&list.kind))).collect(),
        _ => Vec::new(),
    };
    let keys = found.table("keys").into_iter().flat_map(|keys| &keys.entries);
    let keys = keys.filter_map(|entry| match &entry.value.kind {
        Toml::Table(found) => Some(key(&entry.key, found)),
        _ => None,
    });
    Table {
        name: name.to_owned(),
        path: text("path"),
        title: text("title"),
        meaning: text("meaning"),
        example: text("example"),
        one_of: lists,
        any_of: texts(found.get("any_of").map(|v| &v.kind)),
        given_by: found.text("given_by").map(str::to_owned),
        open: kind(name, found.text("open").unwrap_or_default()),
        keys: keys.collect(),
    }
}

fn key(name: &str, found: &TomlTable) -> Key {
    let text = |key| found.text(key).unwrap_or_default().to_owned();
    let usual = match (found.text("default"), found.text("absent")) {
        (Some(value), _) => Usual::Value(value.to_owned()),
        (None, Some("required")) => Usual::Required,
        (None, words) => Usual::Words(words.unwrap_or_default().to_owned()),
    };
    Key {
        name: name.to_owned(),
        is: kind(name, found.text("is").unwrap_or_default()),
        meaning: text("meaning"),
        usual,
        examples: texts(found.get("example").map(|v| &v.kind)),
    }
}

/// The types that a text stands for.
fn kind(name: &str, text: &str) -> Vec<Kind> {
    kind::parse(text).unwrap_or_else(|| unreachable!("`{name}` has a type: {text:?}"))
}

/// The strings of a list, or the string itself.
fn texts(value: Option<&Toml>) -> Vec<String> {
    match value {
        Some(Toml::Text(text)) => vec![text.clone()],
        Some(Toml::List(items)) => items.iter().flat_map(|item| texts(Some(&item.kind))).collect(),
        _ => Vec::new(),
    }
}
