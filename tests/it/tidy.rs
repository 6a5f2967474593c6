//! House rules that decay without a check.

use crate::source;

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 70;

/// Spelled in pieces, so that the word does not find itself.
const UNFINISHED: &[&str] =
    &[concat!("todo", "!("), concat!("unimplemented", "!("), concat!("TO", "DO"), concat!("FIX", "ME")];

/// Presets carry products' names, the code never does.
const PRODUCTS: &[&str] = &["cosmos", "openscale", "azure", "ibm", "postgres", "watson"];

/// (name, first line, number of lines) of each function with a body.
fn functions(text: &str) -> Vec<(String, usize, usize)> {
    let code = source::code_only(text);
    let lines: Vec<&str> = code.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let mut depth = 0i32;
        let mut parentheses = 0i32;
        'body: for (offset, body) in lines[start..].iter().enumerate() {
            for c in body.chars() {
                match c {
                    '(' | '[' => parentheses += 1,
                    ')' | ']' => parentheses -= 1,
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ';' if depth == 0 && parentheses == 0 => break 'body,
                    _ => {}
                }
                if c == '}' && depth == 0 {
                    found.push((name.to_string(), start + 1, offset + 1));
                    break 'body;
                }
            }
        }
    }
    found
}

fn function_name(line: &str) -> Option<&str> {
    let at = line.find("fn ")?;
    let before = line[..at].trim();
    let modifiers = [
        "",
        "pub",
        "pub(crate)",
        "pub(super)",
        "const",
        "pub const",
        "async",
        "pub(crate) const",
        "pub(super) const",
    ];
    if !modifiers.contains(&before) {
        return None;
    }
    let name = &line[at + 3..];
    let end = name.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
    (end > 0).then(|| &name[..end])
}

fn untidy(path: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let lines = source::without_tests(path, text).lines().count();
    if path.starts_with("src/") && lines > FILE_LINES {
        problems.push(format!("{path}: {lines} lines before the tests, at most {FILE_LINES}"));
    }
    for (name, line, length) in functions(text) {
        if length > FUNCTION_LINES {
            problems.push(format!("{path}:{line}: `{name}` has {length} lines, at most {FUNCTION_LINES}"));
        }
    }
    for word in UNFINISHED {
        if let Some(line) = text.lines().position(|l| l.contains(word)) {
            problems.push(format!("{path}:{}: {word}", line + 1));
        }
    }
    let nameless = ["src/model/", "src/sim/", "src/engine/", "src/rng/", "src/stats/", "src/experiment/"];
    if nameless.iter().any(|folder| path.starts_with(folder)) {
        let lower = source::without_tests(path, text).to_lowercase();
        for product in PRODUCTS {
            if lower.split(|c: char| !c.is_alphanumeric()).any(|word| word == *product) {
                problems.push(format!("{path}: names the product {product}"));
            }
        }
    }
    problems
}

#[test]
fn the_source_is_tidy() {
    let mut problems = Vec::new();
    for folder in ["src", "tests", "benches"] {
        for (path, text) in source::files(folder, "rs") {
            problems.extend(untidy(&path, &text));
        }
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn untidiness_is_found() {
    let long = format!("pub fn long() {{\n{}}}\n", "    work();\n".repeat(FUNCTION_LINES));
    assert!(untidy("src/a.rs", &long)[0].contains("`long` has 72 lines"));
    let fits = format!("fn fits() {{\n{}}}\n", "    work();\n".repeat(FUNCTION_LINES - 2));
    assert_eq!(untidy("src/a.rs", &fits), [""; 0]);
    let file = "const A: u8 = 1;\n".repeat(FILE_LINES + 1);
    assert!(untidy("src/a.rs", &file)[0].contains("501 lines"));
    assert_eq!(untidy("src/a.rs", &format!("#![x]\n#[cfg(test)]\nmod tests {{\n{file}")), [""; 0]);
    assert_eq!(untidy("src/a.rs", &format!("fn f() {{ {}) }}", UNFINISHED[0])).len(), 1);
    assert_eq!(untidy("src/sim/a.rs", "// as Cosmos DB does").len(), 1);
    assert_eq!(untidy("src/sim/a.rs", "// bimodal, cosmosis").len(), 0);
}

#[test]
fn the_index_of_scenarios_lists_each_file() {
    let scenarios = source::files("scenarios", "toml");
    if scenarios.is_empty() {
        return;
    }
    let index = std::fs::read_to_string(source::root().join("scenarios/README.md"))
        .expect("scenarios/README.md exists");
    let missing: Vec<&str> = scenarios
        .iter()
        .map(|(path, _)| path.trim_start_matches("scenarios/"))
        .filter(|path| !index.contains(&format!("]({path})")))
        .collect();
    assert!(missing.is_empty(), "scenarios/README.md has no link to {missing:?}");
}

/// The first line lets editors complete, explain and check a scenario: the schema relative to the file.
#[test]
fn every_scenario_begins_with_its_schema() {
    for (path, text) in source::files("scenarios", "toml") {
        let up = "../".repeat(path.matches('/').count() - 1);
        let line = format!("#:schema {up}zonefall.schema.json\n");
        assert!(text.starts_with(&line), "{path} must begin with {line}");
    }
}
