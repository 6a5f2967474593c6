//! The language as a JSON Schema, for editors. Never stricter than the readers: what they accept, it accepts.

use super::super::tree::{self, Kind as Toml};
use super::kind::{self, Kind};
use super::{Key, Table, Usual, read};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// The draft that editors for TOML understand best.
const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// JSON whose objects keep their order: that of declaration, in which editors offer keys.
enum Node {
    Boolean(bool),
    Integer(i128),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Node::Boolean(b) => to.serialize_bool(*b),
            Node::Integer(n) => match u64::try_from(*n) {
                Ok(n) => to.serialize_u64(n),
                Err(_) => to.serialize_i64(i64::try_from(*n).unwrap_or(i64::MIN)),
            },
            Node::Number(x) => to.serialize_f64(*x),
            Node::Text(text) => to.serialize_str(text),
            Node::List(items) => to.collect_seq(items),
            Node::Object(entries) => {
                let mut map = to.serialize_map(Some(entries.len()))?;
                entries.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                map.end()
            }
        }
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Node {
        Node::Text(text.to_owned())
    }
}

/// An object of some entries.
fn object<const N: usize>(entries: [(&str, Node); N]) -> Vec<(String, Node)> {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn list<'a>(items: impl IntoIterator<Item = &'a String>) -> Node {
    Node::List(items.into_iter().map(|item| Node::Text(item.clone())).collect())
}

/// The JSON Schema (draft 7) of a scenario, pretty-printed with a line end: what editors need to complete, explain and
/// check one. It says what can be said without knowing the whole file, so that `validate` finds more, and it refuses
/// nothing that `validate` accepts. The same bytes in every build.
///
/// ```
/// assert!(zonefall::scenario::schema().contains("\"consistency\""));
/// ```
pub fn schema() -> String {
    let tables = read();
    let mut whole = object([("$schema", DRAFT.into())]);
    let Some((root, others)) = tables.split_first() else { return String::new() };
    whole.extend(of_table(root));
    whole.extend(others.iter().find_map(unless).into_iter().flatten());
    let mut definitions: Vec<(String, Node)> = kind::FORMS.iter().map(|f| forms(f, others)).collect();
    definitions.extend(others.iter().map(|t| (t.name.clone(), Node::Object(of_table(t)))));
    whole.push(("definitions".to_owned(), Node::Object(definitions)));
    let text = serde_json::to_string_pretty(&Node::Object(whole)).unwrap_or_default();
    text + "\n"
}

/// All forms of one thing.
fn forms((name, called): &(&str, &str), tables: &[Table]) -> (String, Node) {
    let all = tables.iter().filter(|t| kind::form(&t.name).is_some_and(|(of, _)| of == *name));
    let all = all.map(|t| Node::Object(reference(&t.name))).collect();
    (name.to_string(), Node::Object(object([("title", (*called).into()), ("oneOf", Node::List(all))])))
}

/// Without a key at the root, tables that a preset could complete need their required keys.
fn unless(table: &Table) -> Option<Vec<(String, Node)>> {
    let given = object([("required", list([table.given_by.as_ref()?]))]);
    let each = object([("required", list(&required(table)))]);
    let complete = object([("additionalProperties", Node::Object(each))]);
    let there = object([("properties", Node::Object(vec![(table.name.clone(), Node::Object(complete))]))]);
    Some(object([("if", Node::Object(given)), ("else", Node::Object(there))]))
}

fn required(table: &Table) -> Vec<String> {
    let needed = table.keys.iter().filter(|k| matches!(k.usual, Usual::Required));
    needed.map(|k| k.name.clone()).collect()
}

fn of_table(table: &Table) -> Vec<(String, Node)> {
    let mut found = object([("title", table.title.as_str().into())]);
    let keys = table.keys.iter().enumerate().map(|(i, key)| {
        // A form is told where it is chosen: at its first key.
        let form = (i == 0 && !table.meaning.is_empty())
            .then(|| format!("`{}`: {}. Example: `{}`", table.title, table.meaning, table.example));
        (key.name.clone(), Node::Object(property(key, form)))
    });
    let keys = keys.collect();
    let others = match table.open.is_empty() {
        true => Node::Boolean(false),
        false => Node::Object(of_kinds(&table.open)),
    };
    found.extend(object([
        ("type", "object".into()),
        ("properties", Node::Object(keys)),
        ("additionalProperties", others),
    ]));
    let required = required(table);
    if !required.is_empty() && table.given_by.is_none() {
        found.push(("required".to_owned(), list(&required)));
    }
    // No `allOf`: tables with one are not completed by some editors.
    let given = |keys: &[&String]| Node::Object(object([("required", list(keys.iter().copied()))]));
    if !table.one_of.is_empty() {
        found.push((
            "oneOf".to_owned(),
            Node::List(choices(&table.one_of).iter().map(|keys| given(keys)).collect()),
        ));
    }
    if !table.any_of.is_empty() {
        found.push(("anyOf".to_owned(), Node::List(table.any_of.iter().map(|key| given(&[key])).collect())));
    }
    found
}

/// Every way to take one of each list.
fn choices(lists: &[Vec<String>]) -> Vec<Vec<&String>> {
    let Some((first, others)) = lists.split_first() else { return vec![Vec::new()] };
    let rest = choices(others);
    first.iter().flat_map(|key| rest.iter().map(move |r| [&[key], &r[..]].concat())).collect()
}

fn property(key: &Key, form: Option<String>) -> Vec<(String, Node)> {
    // The meaning tells the words that it may be.
    let kind = match key.is[..] {
        [Kind::Word(_) | Kind::Table(_)] => String::new(),
        _ => format!("Type: {}. ", kind::says(&key.is)),
    };
    let usual = match &key.usual {
        Usual::Required => "Required.".to_owned(),
        Usual::Value(value) => format!("Default: `{value}`."),
        Usual::Words(words) => match words.strip_prefix("required") {
            Some(when) => format!("Required{when}."),
            None if words.is_empty() => String::new(),
            None => format!("Default: {words}."),
        },
    };
    let says = form.unwrap_or_else(|| format!("{}\n\n{kind}{usual}", key.meaning));
    let mut about = object([("description", says.trim_end().into())]);
    if let Usual::Value(value) = &key.usual {
        about.push(("default".to_owned(), json(value)));
    }
    if !key.examples.is_empty() {
        about.push(("examples".to_owned(), Node::List(key.examples.iter().map(|e| json(e)).collect())));
    }
    let is = of_kinds(&key.is);
    // Beside a reference nothing else counts.
    let refers = is.iter().any(|(word, _)| word == "$ref");
    about.extend(if refers { any_of(vec![is]) } else { is });
    about
}

/// A TOML value as JSON.
fn json(toml: &str) -> Node {
    fn of(kind: Toml) -> Node {
        match kind {
            Toml::Text(text) => Node::Text(text),
            Toml::Integer(n) => Node::Integer(n),
            Toml::Float(x) => Node::Number(x),
            Toml::Boolean(b) => Node::Boolean(b),
            Toml::Date => Node::Boolean(false),
            Toml::List(items) => Node::List(items.into_iter().map(|v| of(v.kind)).collect()),
            Toml::Table(table) => {
                Node::Object(table.entries.into_iter().map(|e| (e.key, of(e.value.kind))).collect())
            }
        }
    }
    of(tree::parse_setting("", toml).kind)
}

fn reference(name: &str) -> Vec<(String, Node)> {
    object([("$ref", Node::Text(format!("#/definitions/{name}")))])
}

/// What a value of one of these types must be.
fn of_kinds(kinds: &[Kind]) -> Vec<(String, Node)> {
    let mut found: Vec<Vec<(String, Node)>> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for kind in kinds {
        // The forms of one thing stand together.
        if let Kind::Table(name) = kind {
            let name = kind::form(name).map_or(name.as_str(), |(of, _)| of);
            if !seen.contains(&name) {
                seen.push(name);
                found.push(reference(name));
            }
        } else {
            found.push(of_kind(kind));
        }
    }
    match found.len() {
        1 => found.remove(0),
        _ => any_of(found),
    }
}

fn any_of(all: Vec<Vec<(String, Node)>>) -> Vec<(String, Node)> {
    object([("anyOf", Node::List(all.into_iter().map(Node::Object).collect()))])
}

fn of_kind(kind: &Kind) -> Vec<(String, Node)> {
    let typed = |word: &str| object([("type", word.into())]);
    let names = || Node::Object(object([("pattern", kind::NAME.into())]));
    match kind {
        Kind::Any | Kind::Table(_) => Vec::new(),
        Kind::Text(text) => {
            let mut found = typed("string");
            if let Some(pattern) = (text.pattern)() {
                found.push(("pattern".to_owned(), Node::Text(pattern)));
            }
            found
        }
        Kind::Boolean => typed("boolean"),
        Kind::Integer(low, high) => {
            let mut found = typed("integer");
            found.push(("minimum".to_owned(), Node::Integer(i128::from(*low))));
            if *high < u64::MAX {
                found.push(("maximum".to_owned(), Node::Integer(i128::from(*high))));
            }
            found
        }
        Kind::Number(None) => typed("number"),
        Kind::Number(Some((low, high))) => object([
            ("type", "number".into()),
            ("minimum", Node::Number(*low)),
            ("maximum", Node::Number(*high)),
        ]),
        Kind::Literal(word) => object([("const", word.as_str().into())]),
        Kind::Word(words) => object([("enum", Node::List(words.iter().map(|w| (*w).into()).collect()))]),
        Kind::List { least, most, of } => {
            let mut found = typed("array");
            found.push(("items".to_owned(), Node::Object(of_kinds(of))));
            if *least > 0 {
                found.push(("minItems".to_owned(), Node::Integer(*least as i128)));
            }
            if let Some(most) = most {
                found.push(("maxItems".to_owned(), Node::Integer(*most as i128)));
            }
            found
        }
        Kind::Map(of) => object([
            ("type", "object".into()),
            ("propertyNames", names()),
            ("additionalProperties", Node::Object(of_kinds(of))),
        ]),
        Kind::Tables(name) => object([
            ("type", "object".into()),
            ("propertyNames", names()),
            ("additionalProperties", Node::Object(reference(name))),
        ]),
    }
}
