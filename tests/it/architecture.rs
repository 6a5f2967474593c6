//! The layers (rule R9 of the design): who may use what. ARCHITECTURE.md says the same in words.

use crate::source;

/// Layer and the prefixes of `crate::` paths it may use; its own is always allowed.
const LAYERS: &[(&str, &[&str])] = &[
    ("units", &[]),
    ("error", &["units"]),
    ("engine", &["units"]),
    ("rng", &["units"]),
    ("model", &["units", "rng::law", "rng::Law"]),
    ("sim", &["engine", "model", "rng", "units"]),
    ("stats", &["units"]),
    ("text", &[]),
    ("experiment", &["sim", "model", "stats", "rng", "units", "error"]),
    (
        "scenario",
        &[
            "model",
            "rng",
            "text",
            "units",
            "experiment::about",
            "experiment::checked",
            "experiment::expect",
            "experiment::sweep",
            "error",
        ],
    ),
    ("harness", &["scenario", "experiment", "model", "stats", "units"]),
    ("plot", &["experiment", "stats", "text", "units", "sim::observe"]),
    ("report", &["experiment", "stats", "text", "units", "model", "sim::observe", "plot", "error"]),
    // The command line is a crate of its own: it sees the library only through its public API.
    ("cli", &["cli", "args"]),
];

/// What only the command line may touch.
const OUTSIDE_WORLD: &[&str] = &[
    "std::fs",
    "std::env",
    "std::process",
    "std::net",
    "std::io::stdout",
    "std::io::stderr",
    "std::io::stdin",
    "io::stdout(",
    "io::stderr(",
    "Instant",
    "SystemTime",
    "println!",
    "eprintln!",
    "print!(",
    "eprint!(",
    "dbg!(",
];

/// What would make a result depend on something else than scenario and seed.
const CHANCE: &[&str] =
    &["HashMap", "HashSet", "RandomState", "ThreadId", "rand::rng(", "OsRng", "thread_rng"];

fn layer(path: &str) -> &str {
    let inner = path.trim_start_matches("src/");
    inner.split_once('/').map_or(inner.trim_end_matches(".rs"), |(folder, _)| folder)
}

/// Paths after `crate::` in code (not comments): `model::World`; braces are opened: `crate::{a, b::c}` gives both.
fn crate_paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        expand("", &code[at + "crate::".len()..], &mut found);
    }
    found
}

fn expand(prefix: &str, text: &str, found: &mut Vec<String>) -> usize {
    let word = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(text.len());
    let path = format!("{prefix}{}", &text[..word]);
    if !text[word..].starts_with('{') {
        found.push(path);
        return word;
    }
    let mut at = word + 1;
    loop {
        at += text[at..].find(|c: char| !(c.is_whitespace() || c == ',')).unwrap_or(text.len() - at);
        if at >= text.len() || text[at..].starts_with('}') {
            return at + 1;
        }
        let step = expand(&path, &text[at..], found);
        at += step.max(1);
    }
}

fn forbidden(path: &str, text: &str) -> Vec<String> {
    let layer = layer(path);
    if matches!(layer, "lib" | "main") {
        return Vec::new();
    }
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
        return vec![format!("{path}: layer `{layer}` is not in the table of tests/it/architecture.rs")];
    };
    // Unit tests may look wherever they like.
    let code = source::code_only(source::without_tests(path, text));
    let mut problems = Vec::new();
    for used in crate_paths(&code) {
        let fits = |prefix: &str| used == prefix || used.starts_with(&format!("{prefix}::"));
        if !fits(layer) && !allowed.iter().any(|prefix| fits(prefix)) {
            problems.push(format!("{path}: `{layer}` must not use `crate::{used}`"));
        }
    }
    let mut words: Vec<&str> = CHANCE.to_vec();
    if layer != "cli" {
        words.extend(OUTSIDE_WORLD);
    }
    for word in words {
        if code.contains(word) {
            problems.push(format!("{path}: `{layer}` must not use `{word}`"));
        }
    }
    problems
}

#[test]
fn layers_keep_to_their_edges() {
    let files = source::files("src", "rs");
    assert!(files.len() > 10, "the source was not found");
    let problems: Vec<String> = files.iter().flat_map(|(path, text)| forbidden(path, text)).collect();
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn the_command_line_is_a_crate_of_its_own() {
    let read = |name: &str| std::fs::read_to_string(source::root().join(name)).expect("exists");
    assert!(read("src/main.rs").contains("mod cli;"));
    assert!(!source::code_only(&read("src/lib.rs")).contains("mod cli"));
}

#[test]
fn a_forbidden_edge_is_found() {
    for (path, text, part) in [
        ("src/engine/queue.rs", "use crate::rng::Law;", "`engine` must not use `crate::rng::Law`"),
        ("src/model/mod.rs", "use crate::{units::Time, rng::{Law, stream::Key}};", "crate::rng::stream::Key"),
        ("src/stats/mod.rs", "fn f() { crate::model::x() }", "crate::model::x"),
        ("src/report/csv.rs", "use crate::sim::Plan;", "crate::sim::Plan"),
        ("src/plot/mod.rs", "use crate::model::Model;", "crate::model::Model"),
        ("src/sim/mod.rs", "let t = std::time::Instant::now();", "Instant"),
        ("src/scenario/mod.rs", "use std::fs;", "std::fs"),
        ("src/rng/mod.rs", "use std::collections::HashMap;", "HashMap"),
        ("src/new/mod.rs", "", "not in the table"),
    ] {
        let problems = forbidden(path, text);
        assert!(problems.iter().any(|p| p.contains(part)), "{path}: {problems:?}");
    }
    assert_eq!(forbidden("src/engine/queue.rs", "// use crate::rng\nuse crate::units::Time;"), [""; 0]);
    assert_eq!(forbidden("src/report/csv.rs", "use crate::sim::observe::{Kind, Phase};"), [""; 0]);
}
