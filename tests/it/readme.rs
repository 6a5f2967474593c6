//! The README shows what the program does.

use crate::source;
use std::fs;
use std::process::Command;

/// The text between the line `open` and the next closing fence, with its place.
fn block<'a>(text: &'a str, open: &str) -> (usize, &'a str) {
    let start = text.find(open).unwrap_or_else(|| panic!("README.md has no block {open:?}")) + open.len();
    let end = text[start..].find("```\n").expect("the block is closed");
    (start, &text[start..start + end])
}

/// Whether golden texts are to be replaced by what the program does now.
#[expect(clippy::disallowed_methods, reason = "a switch for developers, not for results")]
fn bless() -> bool {
    std::env::var_os("ZONEFALL_BLESS").is_some()
}

#[test]
fn the_sample_is_what_the_scenario_gives() {
    let path = source::root().join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (_, scenario) = block(&readme, "```toml\n");
    let (at, shown) = block(&readme, "```text\n");
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme.toml");
    fs::write(&file, scenario).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_zonefall"));
    let output = command.arg("run").arg(&file).env_remove("CLICOLOR_FORCE").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    if bless() && printed != shown {
        let blessed = format!("{}{printed}{}", &readme[..at], &readme[at + shown.len()..]);
        fs::write(&path, blessed).unwrap();
        return;
    }
    assert_eq!(printed, shown, "README.md shows something else; ZONEFALL_BLESS=1 cargo test puts this in");
}

#[test]
fn the_verdict_is_what_compare_says() {
    let path = source::root().join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (_, scenario) = block(&readme, "```toml\n");
    let open = "what they are worth:\n\n```text\n";
    let (at, shown) = block(&readme, open);
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme-compare.toml");
    fs::write(&file, scenario).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_zonefall"));
    let output = command.arg("compare").arg(&file).env_remove("CLICOLOR_FORCE").output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let start = printed.find("  strong fails").expect("a verdict");
    let verdict = &printed[start..start + printed[start..].find("\n\n").unwrap() + 1];
    if bless() && verdict != shown {
        fs::write(&path, format!("{}{verdict}{}", &readme[..at], &readme[at + shown.len()..])).unwrap();
        return;
    }
    assert_eq!(verdict, shown, "README.md shows something else; ZONEFALL_BLESS=1 cargo test puts this in");
}

#[test]
fn files_it_links_to_exist() {
    let readme = fs::read_to_string(source::root().join("README.md")).unwrap();
    let links: Vec<&str> = readme
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|link| !link.starts_with("http"))
        .collect();
    assert!(links.len() > 3);
    for link in links {
        assert!(source::root().join(link).exists(), "README.md links to {link}");
    }
}
