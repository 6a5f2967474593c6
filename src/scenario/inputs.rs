//! What a scenario was made of, and how two of them differ.

use super::tree::{self, Kind, Value};
use crate::experiment::checked::InputChange;
use std::collections::BTreeMap;

/// Everything that a scenario was read from; reading it again gives the same scenario.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Inputs {
    /// What problems call the text.
    pub name: String,
    /// The text.
    pub text: String,
    /// Settings by dotted path, in TOML or as plain strings.
    pub settings: Vec<(String, String)>,
    /// Names and texts of the files it refers to.
    pub files: Vec<(String, String)>,
}

impl Inputs {
    /// Inputs of a text that refers to these files.
    pub fn new(
        name: impl Into<String>,
        text: impl Into<String>,
        settings: Vec<(String, String)>,
        files: Vec<(String, String)>,
    ) -> Inputs {
        Inputs { name: name.into(), text: text.into(), settings, files }
    }

    /// What is different in `now`, key by key: values, settings and files, not comments and layout. In order of keys.
    ///
    /// ```
    /// use zonefall::scenario::Inputs;
    /// let inputs = |text: &str| Inputs::new("t.toml", text, vec![], vec![]);
    /// let changes = inputs("a = 1\n[[r]]\nname = 'x'\nz = 2").changes(&inputs("[[r]]\nname = 'x'\nz = 3"));
    /// assert_eq!(changes[0].path, "a");
    /// assert_eq!((changes[1].path.as_str(), changes[1].after.as_deref()), ("r[x].z", Some("3")));
    /// ```
    pub fn changes(&self, now: &Inputs) -> Vec<InputChange> {
        let (before, after) = (self.values(), now.values());
        let mut paths: Vec<&String> = before.keys().chain(after.keys()).collect();
        paths.sort();
        paths.dedup();
        let change = |path: &String| {
            let (before, after) = (before.get(path).cloned(), after.get(path).cloned());
            (before != after).then(|| InputChange { path: path.clone(), before, after })
        };
        paths.into_iter().filter_map(change).collect()
    }

    fn values(&self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        if let Ok(root) = tree::parse(&self.text) {
            flatten(String::new(), &root, &mut found);
        }
        for (path, value) in &self.settings {
            // On top of the text, as when it is read.
            flatten(path.clone(), &tree::parse_setting(path, value), &mut found);
        }
        for (name, text) in &self.files {
            found.insert(
                name.clone(),
                format!("{} bytes, digest {:016x}", text.len(), super::digest(text, &[], &[])),
            );
        }
        found
    }
}

/// Every value below a path that is no table and no list of tables.
fn flatten(path: String, value: &Value, found: &mut BTreeMap<String, String>) {
    match &value.kind {
        Kind::Table(table) => {
            for entry in &table.entries {
                // Overrides are paths themselves.
                let key =
                    if entry.key.contains('.') { format!("{:?}", entry.key) } else { entry.key.clone() };
                let below = if path.is_empty() { key } else { format!("{path}.{key}") };
                flatten(below, &entry.value, found);
            }
        }
        Kind::List(items) if items.iter().any(|i| matches!(i.kind, Kind::Table(_))) => {
            let names: Vec<Option<&str>> = items.iter().map(name).collect();
            // Order may matter, as with the regions of a store.
            if let Some(order) = names.iter().copied().collect::<Option<Vec<&str>>>() {
                found.insert(format!("{path}[]"), order.join(", "));
            }
            for (index, item) in items.iter().enumerate() {
                let unique = names[index].filter(|n| names.iter().filter(|m| **m == Some(*n)).count() == 1);
                let place = unique.map_or_else(|| (index + 1).to_string(), str::to_owned);
                flatten(format!("{path}[{place}]"), item, found);
            }
        }
        kind => {
            found.insert(path, written(kind));
        }
    }
}

/// What an element of a list is called by.
fn name(item: &Value) -> Option<&str> {
    match &item.kind {
        Kind::Table(table) => table.text("name"),
        Kind::Text(text) => Some(text),
        _ => None,
    }
}

/// A value as TOML writes it.
fn written(kind: &Kind) -> String {
    match kind {
        Kind::Text(text) => format!("{text:?}"),
        Kind::Integer(number) => number.to_string(),
        Kind::Float(number) => number.to_string(),
        Kind::Boolean(truth) => truth.to_string(),
        Kind::Date => "a date".into(),
        Kind::List(items) => {
            let items: Vec<String> = items.iter().map(|i| written(&i.kind)).collect();
            format!("[{}]", items.join(", "))
        }
        Kind::Table(table) => {
            let entries = table.entries.iter().map(|e| format!("{} = {}", e.key, written(&e.value.kind)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}
