//! The language as data against docs/scenario.md and the schema for editors.

use super::*;
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
