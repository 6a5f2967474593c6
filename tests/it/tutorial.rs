//! docs/tutorial.md works as it says: its file is what the text builds up, its commands print what is shown.

use crate::source;
use std::fs;
use std::process::Command;

/// A fenced block: the word after the fence, where its text begins, the text.
struct Block<'a> {
    kind: &'a str,
    at: usize,
    text: &'a str,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut rest = 0;
    while let Some(open) = page[rest..].find("```") {
        let kind_at = rest + open + 3;
        let at = kind_at + page[kind_at..].find('\n').expect("a fence ends its line") + 1;
        let end = at + page[at..].find("```\n").expect("the block is closed");
        found.push(Block { kind: page[kind_at..at].trim_end(), at, text: &page[at..end] });
        rest = end + 3;
    }
    found
}

#[expect(clippy::disallowed_methods, reason = "a switch for developers, not for results")]
fn bless() -> bool {
    std::env::var_os("ZONEFALL_BLESS").is_some()
}

/// TOML blocks are written one after the other into `shop.toml`; of a console block the first line is the command, the
/// others are what it prints.
#[test]
fn the_tutorial_can_be_followed() {
    let path = source::root().join("docs/tutorial.md");
    let page = fs::read_to_string(&path).unwrap();
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("tutorial");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let mut file = String::new();
    let (mut blessed, mut copied) = (String::new(), 0);
    for block in blocks(&page) {
        match block.kind {
            "toml" => {
                file += block.text;
                fs::write(folder.join("shop.toml"), &file).unwrap();
            }
            "console" => {
                let (command, shown) = block.text.split_once('\n').expect("a command and what it prints");
                let words = command.strip_prefix("$ zonefall ").expect("commands begin with `$ zonefall`");
                let mut program = Command::new(env!("CARGO_BIN_EXE_zonefall"));
                let program =
                    program.args(words.split(' ')).current_dir(&folder).env_remove("CLICOLOR_FORCE");
                let output = program.output().unwrap();
                assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
                assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{command}");
                let printed = String::from_utf8(output.stdout).unwrap();
                let shown_at = block.at + command.len() + 1;
                blessed += &page[copied..shown_at];
                blessed += &printed;
                copied = shown_at + shown.len();
            }
            other => assert!(["text", "sh", "sql", "python"].contains(&other), "a block of {other:?}"),
        }
    }
    blessed += &page[copied..];
    if bless() {
        fs::write(&path, blessed).unwrap();
        return;
    }
    assert!(
        blessed == page,
        "docs/tutorial.md shows something else; ZONEFALL_BLESS=1 cargo test puts this in"
    );
}
