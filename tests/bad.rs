//! Wrong and doubtful scenarios with the diagnostics they must give: `tests/bad/NAME.toml`, `tests/bad/NAME.stderr`.
//!
//! `ZONEFALL_BLESS=1 cargo test --test bad` writes the expected files anew; read the difference before you commit it.
//! A first line `# set: PATH = VALUE` acts like `--set` on the command line.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use zonefall::scenario::{CODES, Loaded, Options, Severity, Source, load, render};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad")
}

fn cases() -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = fs::read_dir(folder())
        .expect("tests/bad exists")
        .map(|entry| entry.expect("readable folder").path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .map(|path| {
            let name = path.file_stem().and_then(|n| n.to_str()).expect("a plain name").to_owned();
            (name, fs::read_to_string(path).expect("readable file"))
        })
        .collect();
    found.sort();
    found
}

fn check(text: &str) -> Loaded {
    let set = text.lines().map_while(|l| l.strip_prefix("# set: ")).filter_map(|l| l.split_once(" = "));
    let loader = |name: &str| match name {
        "broken.csv" => Ok("minutes\n5\nabout an hour\n".to_owned()),
        other => Err(format!("there is no file {other:?}")),
    };
    load(Source { name: "scenario.toml", text }, &Options::new().settings(set).files(&loader))
}

fn shown(text: &str) -> String {
    let source = Source { name: "scenario.toml", text };
    check(text).diagnostics.iter().map(|d| render(source, d, false) + "\n\n").collect()
}

#[test]
fn every_wrong_scenario_gives_its_diagnostics() {
    #[expect(clippy::disallowed_methods, reason = "a switch for people, not an input of results")]
    let bless = std::env::var_os("ZONEFALL_BLESS").is_some();
    let cases = cases();
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for (name, text) in cases {
        let path = folder().join(format!("{name}.stderr"));
        let found = shown(&text);
        if bless {
            fs::write(path, found).expect("writable folder");
        } else if fs::read_to_string(path).unwrap_or_default() != found {
            wrong.push(format!("{name}:\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "diagnostics changed (see the top of this file):\n{}", wrong.join("\n"));
}

#[test]
fn warnings_do_not_stop_a_scenario_and_errors_do() {
    for (name, text) in cases() {
        let loaded = check(&text);
        let error = loaded.diagnostics.iter().any(|d| d.severity == Severity::Error);
        assert!(!loaded.diagnostics.is_empty(), "{name} has no problem");
        assert_eq!(loaded.scenario.is_none(), error, "{name}");
        assert_eq!(name.starts_with("warn-"), !error, "{name}");
    }
}

/// What the product's description forbids or advises against: refused or warned about by the rule, with a way out.
#[test]
fn forbidden_settings_name_the_rule_and_a_way_out() {
    let wanted = [
        ("several-write-regions", "c30", Severity::Error),
        ("preset-k-t", "c15", Severity::Error),
        ("preset-zonal", "c02", Severity::Error),
        ("action-set-zones", "c02", Severity::Error),
        ("preset-two-zones", "c01", Severity::Error),
        ("backup-preset", "c13", Severity::Error),
        ("per-partition", "c19", Severity::Error),
        ("warn-failover-off", "c17", Severity::Warning),
        ("warn-rpo-promise", "c15", Severity::Warning),
        ("warn-objective", "c15", Severity::Warning),
    ];
    let cases = cases();
    for (name, rule, severity) in wanted {
        let (_, text) = cases.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("no case {name}"));
        let says = |d: &zonefall::scenario::Diagnostic| {
            let all = format!("{} {}", d.message, d.help.as_deref().unwrap_or_default());
            d.severity == severity && d.help.is_some() && all.contains(&format!("(rule {rule})"))
        };
        assert!(check(text).diagnostics.iter().any(says), "{name} does not name {rule} and a way out");
    }
}

#[test]
fn every_code_has_a_case_and_a_chapter() {
    let used: BTreeSet<&str> =
        cases().iter().flat_map(|(_, text)| check(text).diagnostics).map(|d| d.code).collect();
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/diagnostics.md");
    let guide = fs::read_to_string(guide).expect("docs/diagnostics.md exists");
    let all: String = cases().iter().map(|(_, text)| shown(text)).collect();
    for (code, meaning) in CODES {
        // Only who computes the figures can report ZF0704; tests/scenario.rs shows it.
        assert!(used.contains(code) || *code == "ZF0704", "no case in tests/bad shows {code} ({meaning})");
        assert!(
            guide.contains(&format!("\n## {code}: {meaning}\n")),
            "docs/diagnostics.md lacks {code}: {meaning}"
        );
        let example = guide.split(&format!("\n## {code}: ")).nth(1).and_then(|c| c.split("```").nth(1));
        let example = example.and_then(|e| e.strip_prefix("text\n")).expect("a chapter has an example");
        assert!(
            all.contains(example.trim_end()) || *code == "ZF0704",
            "the example of {code} is out of date"
        );
    }
}

#[test]
fn places_are_inside_the_text() {
    for (name, text) in cases() {
        for d in check(&text).diagnostics {
            if let Some(span) = d.span {
                assert!(text.get(span.clone()).is_some(), "{name}: {span:?}");
                assert!(d.line >= 1 && d.column >= 1, "{name}");
            }
        }
    }
}
