//! What can be said of a key: for `explain` and the like.

use super::kind::{self, Kind};
use super::{Key, Table, Usual, read};

/// A key of the scenario language.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field {
    /// Where it stands: `store.NAME.consistency`, `region[].zones`. Words in capitals are names that users choose, `[]`
    /// is any element of a list; `LAW` is any place where a law may stand.
    pub path: String,
    /// Title of its table: `A replicated store`, or the name of the form it belongs to: `uniform`.
    pub table: String,
    /// The types its value may have, in words: `a duration or a law`.
    pub kind: String,
    /// What it means, with its unit; Markdown.
    pub meaning: String,
    /// Whether it must be there.
    pub required: bool,
    /// What holds without it, in Markdown: a TOML value such as `` `"session"` ``, or words; `None` if it is required or
    /// nothing can be said.
    pub default: Option<String>,
    /// Examples of its value, in TOML.
    pub examples: Vec<String>,
    /// The words it may be, if it is one of some.
    pub words: Vec<&'static str>,
}

impl Field {
    fn new(path: String, table: &Table, key: &Key) -> Field {
        let default = match &key.usual {
            Usual::Value(value) => Some(format!("`{value}`")),
            Usual::Words(words) if !words.is_empty() => Some(words.clone()),
            Usual::Words(_) | Usual::Required => None,
        };
        Field {
            path,
            table: table.title.clone(),
            kind: kind::says(&key.is),
            meaning: key.meaning.clone(),
            required: matches!(key.usual, Usual::Required),
            default,
            examples: key.examples.clone(),
            words: key.is.iter().flat_map(words).collect(),
        }
    }
}

pub(super) fn words(kind: &Kind) -> Vec<&'static str> {
    match kind {
        Kind::Word(words) => words.clone(),
        Kind::List { of, .. } => of.iter().flat_map(words).collect(),
        _ => Vec::new(),
    }
}

/// Path of a key in a table.
pub(super) fn join(table: &str, key: &str) -> String {
    if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") }
}

/// Every key of the scenario language, in the order of docs/scenario.md. Where a table has several forms, as laws have,
/// a path occurs once for each form that has the key.
///
/// ```
/// let fields = zonefall::scenario::fields();
/// let level = fields.iter().find(|f| f.path == "store.NAME.consistency").unwrap();
/// assert_eq!(level.default.as_deref(), Some("`\"session\"`"));
/// assert_eq!(level.words[0], "strong");
/// ```
pub fn fields() -> Vec<Field> {
    let tables = read();
    let all = tables.iter().flat_map(|t| t.keys.iter().map(move |k| (t, k)));
    all.map(|(table, key)| Field::new(join(&table.path, &key.name), table, key)).collect()
}

/// The key at a path: as [`Field::path`] says it, or as `--set` and diagnostics do, with the user's names and anything or
/// nothing in brackets. A law is looked into wherever one may stand. `None` if there is no such key.
///
/// ```
/// use zonefall::scenario::field;
/// assert_eq!(field("store.orders.regions[westeurope].zones").unwrap().words[1], "unzoned");
/// assert_eq!(field("store.orders.lag.median").unwrap().kind, "a duration");
/// assert_eq!(field("store.orders.colour"), None);
/// ```
pub fn field(path: &str) -> Option<Field> {
    let tables = read();
    let steps = steps(path)?;
    let found = match steps.split_first() {
        Some((first, rest)) if first == "LAW" => {
            let laws = tables.iter().filter(|t| t.path == "LAW");
            laws.into_iter().find_map(|law| within(&tables, law, rest))
        }
        _ => within(&tables, tables.first()?, &steps),
    };
    found.map(|(table, key)| Field::new(path.to_owned(), table, key))
}

/// The keys of a path, without what stands in brackets.
pub(super) fn steps(path: &str) -> Option<Vec<String>> {
    let mut steps = vec![String::new()];
    let mut inside = false;
    for c in path.chars() {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            _ if inside => {}
            '.' => steps.push(String::new()),
            _ => steps.last_mut()?.push(c),
        }
    }
    Some(steps)
}

/// The key that steps lead to from a table.
pub(super) fn within<'t>(
    tables: &'t [Table],
    table: &'t Table,
    steps: &[String],
) -> Option<(&'t Table, &'t Key)> {
    let (first, rest) = steps.split_first()?;
    match table.keys.iter().find(|k| k.name == *first) {
        Some(key) if rest.is_empty() => Some((table, key)),
        Some(key) => below(tables, &key.is, rest),
        None => below(tables, &table.open, rest),
    }
}

/// The key that steps lead to from a value of one of these types.
fn below<'t>(tables: &'t [Table], kinds: &[Kind], steps: &[String]) -> Option<(&'t Table, &'t Key)> {
    let table = |name: &str| tables.iter().find(|t| t.name == name);
    kinds.iter().find_map(|kind| match kind {
        Kind::Table(name) => within(tables, table(name)?, steps),
        // The first step is a name of the user's.
        Kind::Tables(name) => within(tables, table(name)?, steps.get(1..)?),
        Kind::Map(of) => below(tables, of, steps.get(1..)?),
        Kind::List { of, .. } => below(tables, of, steps),
        _ => None,
    })
}
