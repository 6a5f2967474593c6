//! The library's public signatures name no type of another crate: who embeds it depends on it alone.

use crate::source;
use std::fs;

/// Crates that the library is built with; those of the standard library and of this package are nobody's business.
fn dependencies() -> Vec<String> {
    let manifest = fs::read_to_string(source::root().join("Cargo.toml")).unwrap();
    let (_, rest) = manifest.split_once("\n[dependencies]\n").expect("there are dependencies");
    let lines = rest.lines().take_while(|l| !l.starts_with('['));
    let names = lines.filter(|l| !l.starts_with('#')).filter_map(|l| l.split_once(" = "));
    names.map(|(name, _)| name.replace('-', "_")).collect()
}

/// Names that `use` lines of a file bring in from other crates.
fn imported(code: &str, crates: &[String]) -> Vec<String> {
    let mut names = Vec::new();
    for line in code.split(';').map(str::trim) {
        let Some(path) = line.rsplit('\n').next().and_then(|l| l.trim().strip_prefix("use ")) else {
            continue;
        };
        let foreign = crates.iter().any(|c| path.starts_with(&format!("{c}::")));
        if foreign {
            let words = path.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty());
            names.extend(words.filter(|w| w.starts_with(char::is_uppercase)).map(str::to_owned));
        }
    }
    names
}

/// Public signatures: from `pub fn`, `pub type`, a `pub` field or an `impl … for` to the end of the declaration.
fn signatures(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("pub ") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at..];
        let wanted = ["pub fn", "pub const fn", "pub type", "pub trait"].iter().any(|w| rest.starts_with(w));
        let field = rest.lines().next().is_some_and(|l| l.contains(": ") && l.ends_with(','));
        if wanted || field {
            let end = rest.find(if field { &['\n'][..] } else { &['{', ';'][..] }).unwrap_or(rest.len());
            found.push(rest[..end].split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    found
}

fn foreign(path: &str, code: &str, crates: &[String]) -> Vec<String> {
    let names = imported(code, crates);
    let mut found = Vec::new();
    for signature in signatures(code) {
        let words = signature.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        let named = words.clone().find(|w| names.iter().any(|n| n == w));
        let by_path = crates.iter().find(|c| signature.contains(&format!("{c}::")));
        if let Some(name) = named.or(by_path.map(String::as_str)) {
            found.push(format!("{path}: `{signature}` names {name}"));
        }
    }
    found
}

#[test]
fn public_signatures_name_no_foreign_types() {
    let crates = dependencies();
    assert!(crates.len() > 8 && crates.contains(&"toml".to_string()), "{crates:?}");
    let mut found = Vec::new();
    for (path, text) in source::files("src", "rs") {
        if path.starts_with("src/cli") || path.starts_with("src/main") {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or(&text);
        found.extend(foreign(&path, code, &crates));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn foreign_types_are_found() {
    let crates = ["toml".to_string()];
    let code = "use toml::Value;\npub fn read(text: &str) -> Value {\n}\npub struct A {\n    pub b: toml::Table,\n    c: Value,\n}\npub fn good() {}\n";
    assert_eq!(foreign("x.rs", code, &crates).len(), 2);
}
