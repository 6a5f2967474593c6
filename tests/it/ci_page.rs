//! docs/ci.md: its workflow and its commands do what the page says, in a repository with nothing but a scenario.

use crate::cli::{ORDERS, folder};
use crate::source;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The page's blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    let page = fs::read_to_string(source::root().join("docs/ci.md")).unwrap();
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).map(|rest| rest.split("```\n").next().unwrap().to_string()).collect()
}

/// A step of the workflow that runs commands.
#[derive(Debug)]
struct Step {
    name: String,
    condition: String,
    run: String,
}

/// The steps that run commands, in order. Reads no more of YAML than the page uses, and refuses the rest.
fn steps(yaml: &str) -> Vec<Step> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut found: Vec<Step> = Vec::new();
    let mut lines = yaml.lines().skip_while(|l| l.trim() != "steps:").skip(1).peekable();
    while let Some(line) = lines.next() {
        let (depth, words) = (indent(line), line.trim_start());
        let item = words.strip_prefix("- ");
        if item.is_some() {
            assert_eq!(depth, 6, "steps are items of one list: {line}");
            found.push(Step { name: String::new(), condition: String::new(), run: String::new() });
        }
        if depth + 2 * usize::from(item.is_some()) != 8 {
            continue;
        }
        let step = found.last_mut().expect("a key belongs to a step");
        let (key, value) = item.unwrap_or(words).split_once(':').expect("a key and its value");
        let value = value.trim();
        match key {
            "name" => step.name = value.into(),
            "if" => step.condition = value.into(),
            "run" if value == "|" => {
                while let Some(more) = lines.next_if(|l| indent(l) >= 10) {
                    step.run += &format!("{}\n", &more[10..]);
                }
            }
            "run" => step.run = format!("{value}\n"),
            "uses" | "id" | "with" => assert!(!value.starts_with(['|', '>', '&', '*']), "{line}"),
            other => panic!("{other} is no key of a step"),
        }
    }
    found.retain(|step| !step.run.is_empty());
    found
}

/// Indents of two blanks, no tabs, no blanks at ends, each line a key, an item or text of a block.
fn well_formed(yaml: &str) {
    let mut text_from = usize::MAX;
    for line in yaml.lines() {
        let depth = line.len() - line.trim_start().len();
        assert!(depth % 2 == 0 && !line.contains('\t') && line.trim_end() == line, "{line:?}");
        if depth >= text_from {
            continue;
        }
        text_from = if line.ends_with(": |") { depth + 2 } else { usize::MAX };
        let words = line.trim_start().trim_start_matches("- ");
        let key = words.split_once(':').map(|(key, value)| (key, value.is_empty() || value.starts_with(' ')));
        let plain = |key: &str| key.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        assert!(key.is_some_and(|(key, good)| good && plain(key)), "{line:?} is no key");
    }
}

/// A repository with this scenario alone.
fn repository(name: &str, scenario: &str) -> PathBuf {
    let path = folder(name);
    fs::write(path.join("scenario.toml"), scenario).unwrap();
    path
}

/// Runs commands as the host does; the built program is on the path. The exit code, and what was printed.
fn shell(folder: &Path, commands: &str) -> (i32, String) {
    let program = Path::new(env!("CARGO_BIN_EXE_zonefall")).parent().unwrap();
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", program.display());
    let mut bash = Command::new("bash");
    let bash = bash.args(["-e", "-c", commands]).current_dir(folder).env_clear().env("PATH", path);
    let output = bash.env("GITHUB_STEP_SUMMARY", "summary.md").output().expect("bash is there");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().expect("no signal"), String::from_utf8(said).unwrap())
}

/// Runs the workflow: the exit code of each step that ran, by name, and what `Check` printed.
fn workflow(folder: &Path) -> (Vec<(String, i32)>, String) {
    let [yaml] = &blocks("yaml")[..] else { panic!("the page has one workflow") };
    well_formed(yaml);
    let steps = steps(yaml);
    let names: Vec<&str> = steps.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["Install zonefall", "Validate", "Check", "Summary"]);
    assert!(steps[0].run.starts_with("cargo install --locked --git "), "{}", steps[0].run);
    let (mut codes, mut checked) = (Vec::new(), String::new());
    for step in &steps[1..] {
        let failed = codes.iter().any(|&(_, code)| code != 0);
        if failed && step.condition != "${{ !cancelled() }}" {
            continue;
        }
        let (code, said) = shell(folder, &step.run);
        codes.push((step.name.clone(), code));
        if step.name == "Check" {
            checked = said;
        }
    }
    (codes, checked)
}

fn codes(of: &[(&str, i32)]) -> Vec<(String, i32)> {
    of.iter().map(|&(name, code)| (name.to_string(), code)).collect()
}

/// [`ORDERS`] with the promises that hold.
fn kept() -> String {
    let (scenario, _) = ORDERS.rsplit_once("[[expect]]").unwrap();
    scenario.into()
}

#[test]
fn the_workflow_passes_where_promises_are_kept() {
    let folder = repository("ci-kept", &kept());
    let (ran, said) = workflow(&folder);
    assert_eq!(ran, codes(&[("Validate", 0), ("Check", 0), ("Summary", 0)]), "{said}");
    assert!(!said.contains("::") && said.contains("\npassed: 1 promise met\n"), "{said}");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    assert!(read("zonefall.xml").contains("tests=\"1\" failures=\"0\""));
    assert_eq!(read("summary.md"), read("zonefall.md"));
}

#[test]
fn the_workflow_fails_where_one_is_broken() {
    let folder = repository("ci-broken", ORDERS);
    let (ran, said) = workflow(&folder);
    assert_eq!(ran, codes(&[("Validate", 0), ("Check", 1), ("Summary", 0)]), "{said}");
    let line = ORDERS.lines().count() - 2;
    let annotation = format!(
        "::error file=scenario.toml,line={line},title=broken%3A base%3A orders/rpo_seconds.max == 0::"
    );
    assert!(said.starts_with(&annotation), "{said}");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    assert!(read("zonefall.xml").contains("tests=\"2\" failures=\"1\""));
    assert!(read("summary.md").starts_with("## zonefall check FAILED\n"));
}

#[test]
fn the_workflow_fails_where_the_scenario_is_wrong() {
    let folder = repository("ci-wrong", &ORDERS.replace("horizon", "horizont"));
    let (ran, _) = workflow(&folder);
    assert_eq!(ran, codes(&[("Validate", 2), ("Summary", 0)]));
    assert!(!folder.join("summary.md").exists());
}

/// The commands for other systems, and those about baselines.
#[test]
fn the_commands_of_the_page_work() {
    let [check, make, hold] = &blocks("sh")[..] else { panic!("the page has three pieces of shell") };
    let folder = repository("ci-shell", &kept());
    for commands in [check, make, hold] {
        let (code, said) = shell(&folder, commands);
        assert_eq!(code, 0, "{commands}{said}");
    }
    assert!(folder.join("zonefall.xml").exists() && folder.join("zonefall-baseline.json").exists());
    // More regional failures make it worse.
    let changed = kept().replace("per_year = 6", "per_year = 30");
    fs::write(folder.join("scenario.toml"), changed).unwrap();
    let (code, said) = shell(&folder, hold);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("    because fault.region.per_year: 6 -> 30\n"), "{said}");
    let (code, said) = shell(&repository("ci-shell-broken", ORDERS), check);
    assert_eq!(code, 1, "{said}");
}
