//! The language as data against the readers, docs/scenario.md and the schema for editors.

use super::super::context::Context;
use super::super::files::Opened;
use super::super::{layers, plans, scenario};
use super::field::join;
use super::*;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The committed text of a file is what it must be; `ZONEFALL_BLESS=1` writes it anew.
#[expect(clippy::disallowed_methods, reason = "a switch for developers, not for results")]
fn same(path: &str, wanted: &str) {
    let path = file(path);
    if std::env::var_os("ZONEFALL_BLESS").is_some() {
        fs::write(&path, wanted).expect("writable file");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "{} is stale: ZONEFALL_BLESS=1 cargo test --lib language", path.display());
}

/// Scenarios that use the language: the shipped ones, and those that hold every key.
fn scenarios() -> Vec<(PathBuf, String)> {
    let entries =
        |folder: PathBuf| fs::read_dir(folder).expect("readable folder").flatten().map(|e| e.path());
    let folders = entries(file("scenarios")).filter(|path| path.is_dir());
    let mut found: Vec<PathBuf> = folders.flat_map(entries).collect();
    found.extend(HOLD_EVERY_KEY.map(file));
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(path).expect("readable file"))).collect()
}

const HOLD_EVERY_KEY: [&str; 2] = ["tests/full.toml", "tests/rest.toml"];

/// Keys that readers know only to refuse them, and where.
const REFUSED: [(&str, &str); 2] = [("", ".do.set-zones"), ("service", "].share")];

/// Paths of all described keys as the language writes them.
fn described() -> BTreeSet<String> {
    fields().into_iter().map(|f| f.path).collect()
}

/// The described key that a path leads to, as the language writes it; `None` if there is none.
fn leads_to(tables: &[Table], path: &str) -> Option<String> {
    let steps = field::steps(path)?;
    if let Some((table, key)) = field::within(tables, &tables[0], &steps) {
        return Some(join(&table.path, &key.name));
    }
    // A range of a sweep stands below the setting that it varies.
    let (setting, last) = path.strip_prefix("sweep.").unwrap_or(path).rsplit_once('.')?;
    let range = tables.iter().find(|t| t.name == "range")?;
    let key = range.keys.iter().find(|k| k.name == last)?;
    field::within(tables, &tables[0], &field::steps(setting)?).map(|_| join(&range.path, &key.name))
}

#[test]
fn readers_ask_for_what_is_described_and_nothing_else() {
    let tables = read();
    let mut asked = BTreeSet::new();
    let loader = |_: &str| Ok("scope,minutes\nzone,20\n".to_owned());
    let opened = Opened::new(&loader);
    for (path, text) in scenarios() {
        let whole = tree::parse(&text).unwrap_or_else(|_| panic!("{} is no TOML", path.display()));
        let cx = Context::new(&text, &opened);
        let (plans, _) = plans::read(&cx, &whole, &[]);
        let names: Vec<String> = plans.iter().map(|p| p.name.clone()).collect();
        asked.append(&mut cx.asked.take());
        for plan in &plans {
            let cx = Context::new(&text, &opened);
            let stacked = layers::stack(&cx, &whole, &plan.overrides);
            assert!(scenario(&cx, &stacked, &names).is_some(), "{}: {}", path.display(), plan.name);
            asked.append(&mut cx.asked.take());
        }
    }
    // The limits of a preset are no part of the language.
    asked.retain(|path| path.split('.').next() != Some("preset"));
    let (mut met, mut unknown) = (BTreeSet::new(), Vec::new());
    for path in asked {
        match leads_to(&tables, &path) {
            Some(key) => drop(met.insert(key)),
            None if REFUSED.iter().any(|(place, key)| path.starts_with(place) && path.ends_with(key)) => {}
            None => unknown.push(path),
        }
    }
    assert!(unknown.is_empty(), "readers ask for what language.toml does not describe: {unknown:?}");
    let ignored: Vec<String> = described().difference(&met).cloned().collect();
    assert!(ignored.is_empty(), "language.toml describes what no reader asks for: {ignored:?}");
}

/// The keys of a value, below a path.
fn keys(value: &Toml, path: &str, found: &mut Vec<String>) {
    match value {
        Toml::Table(table) => {
            for entry in &table.entries {
                let path = join(path, &entry.key);
                keys(&entry.value.kind, &path, found);
                found.push(path);
            }
        }
        Toml::List(items) => items.iter().for_each(|item| keys(&item.kind, path, found)),
        _ => {}
    }
}

#[test]
fn two_files_hold_every_key() {
    let tables = read();
    let mut given = Vec::new();
    for path in HOLD_EVERY_KEY {
        let text = fs::read_to_string(file(path)).expect("readable file");
        keys(&tree::parse(&text).expect("TOML").kind, "", &mut given);
    }
    let met: BTreeSet<String> = given.iter().filter_map(|path| leads_to(&tables, path)).collect();
    let missing: Vec<String> = described().difference(&met).cloned().collect();
    assert!(missing.is_empty(), "{HOLD_EVERY_KEY:?} lack {missing:?}");
}

#[test]
fn descriptions_are_complete() {
    let tables = read();
    for table in &tables {
        assert!(!table.title.is_empty(), "{}", table.name);
        for key in &table.keys {
            let name = format!("{}.{}", table.name, key.name);
            assert!(!key.meaning.is_empty() && !key.is.is_empty(), "{name}");
            // Every word is explained where it may be written, so that no list of words is told twice.
            for word in key.is.iter().flat_map(field::words) {
                let told = key.meaning.contains(&format!("`{word}`"))
                    || name.ends_with(".preset")
                    || name == "root.use";
                assert!(told, "{name} does not explain `{word}`");
            }
            // What a type refers to exists.
            let mut refers = Vec::new();
            tables_of(&key.is, &mut refers);
            for other in refers {
                assert!(tables.iter().any(|t| t.name == other), "{name} refers to {other}");
            }
            for value in key.examples.iter().chain(match &key.usual {
                Usual::Value(value) => Some(value),
                _ => None,
            }) {
                assert!(tree::parse(&format!("x = {value}")).is_ok(), "{name}: {value} is no TOML");
            }
        }
        let known = |key: &String| table.keys.iter().any(|k| k.name == *key);
        assert!(table.one_of.iter().flatten().chain(&table.any_of).all(known), "{}", table.name);
    }
}

fn tables_of(kinds: &[Kind], found: &mut Vec<String>) {
    for kind in kinds {
        match kind {
            Kind::Table(name) | Kind::Tables(name) => found.push(name.clone()),
            Kind::List { of, .. } | Kind::Map(of) => tables_of(of, found),
            _ => {}
        }
    }
}

#[test]
fn keys_are_found_by_the_paths_that_people_write() {
    let kind = |path: &str| field(path).map(|f| f.kind);
    assert_eq!(kind("scenario.horizon").as_deref(), Some("a duration"));
    assert_eq!(kind("region[north].zones[a].nodes"), kind("region[].zones[].nodes"));
    assert_eq!(kind("region.zones.nodes"), kind("region[].zones[].nodes"));
    assert_eq!(kind("store.NAME.failover.detect.every"), kind("router.r.detect.every"));
    assert_eq!(kind("store.a.workload.clients.north.redirect.after").as_deref(), Some("a duration or a law"));
    assert_eq!(kind("LAW.sigma").as_deref(), Some("a number from 0 to 10"));
    assert_eq!(kind("fault.x.cascade[0].delay.sigma"), kind("LAW.sigma"));
    assert_eq!(kind("action[3].do.instances").as_deref(), Some("an integer from 0 to 10000"));
    for nothing in
        ["", ".", "LAW", "store.a", "store.a.", "store.a.colour", "store.a.replicas.x", "LAW.x", "[", "]"]
    {
        assert!(field(nothing).is_none(), "{nothing}");
    }
}

#[test]
fn the_committed_schema_is_what_is_printed() {
    same("scenarios/zonefall.schema.json", &schema());
}

/// Between the prose of docs/scenario.md stand the tables that `<!-- keys: TABLE -->` asks for.
#[test]
fn the_page_lists_what_there_is() {
    let page = fs::read_to_string(file("docs/scenario.md")).expect("readable page");
    let tables = read();
    let mut wanted = String::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        wanted += &format!("{line}\n");
        if let Some(asked) = line.strip_prefix("<!-- keys: ").and_then(|l| l.strip_suffix(" -->")) {
            while lines.next_if(|line| line.starts_with('|')).is_some() {}
            wanted += &rows(&tables, asked);
        }
    }
    same("docs/scenario.md", &wanted);
}

/// A table of the page: the keys of a table, or those `before` one or `from` one on, or all forms of one thing.
fn rows(tables: &[Table], asked: &str) -> String {
    let forms = tables.iter().filter(|t| kind::form(&t.name).is_some_and(|(of, _)| of == asked));
    match asked {
        "law" => {
            let row = |t: &Table| format!("| `\"{}\"` | {} | `{}` |\n", t.title, t.meaning, t.example);
            return forms
                .map(row)
                .fold("| `law` | parameters | example |\n|---|---|---|\n".into(), |a, b| a + &b);
        }
        "do" => {
            let row = |t: &Table| format!("| `{}` | {} |\n", t.example, t.meaning);
            return forms.map(row).fold("| `do` | meaning |\n|---|---|\n".into(), |a, b| a + &b);
        }
        _ => {}
    }
    let words: Vec<&str> = asked.split(' ').collect();
    let table = tables.iter().find(|t| t.name == words[0]).unwrap_or_else(|| panic!("no table {asked}"));
    let place = |key: &str| table.keys.iter().position(|k| k.name == key).expect("a key of the table");
    let keys = match words[1..] {
        ["before", key] => &table.keys[..place(key)],
        ["from", key] => &table.keys[place(key)..],
        _ => &table.keys[..],
    };
    let examples = keys.iter().any(|k| !k.examples.is_empty());
    let mut found = "| key | meaning | default |".to_owned();
    found += if examples { " example |\n|---|---|---|---|\n" } else { "\n|---|---|---|\n" };
    for key in keys {
        let usual = match &key.usual {
            Usual::Value(value) => format!("`{value}`"),
            Usual::Required => "required".to_owned(),
            Usual::Words(words) => words.clone(),
        };
        let cell = |text: &str| if text.is_empty() { " |".to_owned() } else { format!(" {text} |") };
        found += &format!("| `{}` |{}{}", key.name, cell(&key.meaning), cell(&usual));
        if examples {
            let all: Vec<String> = key.examples.iter().map(|e| format!("`{e}`")).collect();
            found += &cell(&all.join(", "));
        }
        found += "\n";
    }
    found
}
