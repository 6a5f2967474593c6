//! docs/diagnostics.md shows the errors of the command as they are.

use crate::cli::{ORDERS, folder};
use crate::source;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// What there is to go wrong with.
fn prepare() -> std::path::PathBuf {
    let folder = folder("errors");
    let write = |name: &str, text: &[u8]| fs::write(folder.join(name), text).unwrap();
    write("orders.toml", ORDERS.as_bytes());
    write("short.toml", ORDERS.replace("90d", "30d").as_bytes());
    write("silent.toml", ORDERS.split("[[expect]]").next().unwrap().as_bytes());
    write("latin-1.toml", b"[scenario]\nname = \"M\xfcnchen\"\n");
    fs::create_dir(folder.join("folder")).unwrap();
    folder
}

/// What a command says on standard error; it must say nothing else.
fn told(folder: &Path, words: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zonefall"));
    command.args(words.split(' ')).current_dir(folder).env_clear().stdin(Stdio::null());
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{words}");
    String::from_utf8(output.stderr).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a switch for developers, not for results")]
fn bless() -> bool {
    std::env::var_os("ZONEFALL_BLESS").is_some()
}

#[test]
fn the_examples_are_what_the_command_says() {
    const OPEN: &str = "```console\n$ zonefall ";
    let path = source::root().join("docs/diagnostics.md");
    let page = fs::read_to_string(&path).unwrap();
    let folder = prepare();
    let mut pieces = page.split(OPEN);
    let mut blessed = pieces.next().unwrap().to_string();
    let mut without = 0;
    for piece in pieces {
        let (command, rest) = piece.split_once('\n').expect("a command is a line");
        let (_, after) = rest.split_once("```\n").expect("the block is closed");
        let said = told(&folder, command);
        assert!(said.starts_with("error[ZF1"), "{command}: {said}");
        blessed += &format!("{OPEN}{command}\n{said}```\n{after}");
        without += 1;
    }
    assert!(without >= 12);
    if bless() {
        fs::write(&path, &blessed).unwrap();
    } else {
        assert!(blessed == page, "docs/diagnostics.md is out of date; ZONEFALL_BLESS=1 cargo test renews it");
    }
    // Each example shows the code of its chapter.
    for chapter in blessed.split("\n## ").filter(|c| c.starts_with("ZF1") && c.contains("```")) {
        assert!(chapter.contains(&format!("\nerror[{}]: ", &chapter[..6])), "{chapter}");
    }
}

/// A device that is always full, where there is one.
#[test]
fn a_full_disk_behind_standard_output_is_told() {
    let Ok(full) = fs::File::options().write(true).open("/dev/full") else { return };
    let mut command = Command::new(env!("CARGO_BIN_EXE_zonefall"));
    let output = command.args(["scenario", "list"]).env_clear().stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(74));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("error[ZF1303]: "));
}
