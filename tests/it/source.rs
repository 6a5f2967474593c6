//! The package's own source, for the tests that read it.

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the package.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder` (relative to the root) whose name ends in `.ext`, as (path relative to the root with
/// `/`, text), sorted by path. Empty where the folder does not exist.
pub fn files(folder: &str, ext: &str) -> Vec<(String, String)> {
    let mut paths = Vec::new();
    walk(&root().join(folder), &mut paths);
    let mut found: Vec<(String, String)> = paths
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == ext))
        .map(|path| {
            let text = fs::read_to_string(&path).expect("source files are readable text");
            let relative = path.strip_prefix(root()).expect("below the root");
            let parts: Vec<_> = relative.iter().map(|p| p.to_string_lossy().into_owned()).collect();
            (parts.join("/"), text)
        })
        .collect();
    found.sort();
    found
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("folders of the package are readable").path();
        if path.is_dir() {
            walk(&path, paths);
        } else {
            paths.push(path);
        }
    }
}

/// The part of a source text before its unit tests; nothing of a file that holds only those.
pub fn without_tests<'a>(path: &str, text: &'a str) -> &'a str {
    let name = path.rsplit('/').next().unwrap_or(path);
    if name.ends_with("tests.rs") || name == "fixture.rs" {
        return "";
    }
    // A unit-test module at the end; `#[cfg(test)] mod tests;` among the declarations cuts nothing off.
    text.match_indices("\n#[cfg(test)]\n")
        .find(|(at, found)| {
            let line = text[at + found.len()..].lines().next().unwrap_or_default();
            line.starts_with("mod ") && line.ends_with('{')
        })
        .map_or(text, |(at, _)| &text[..at])
}

/// The text with comments blanked out and string and character contents replaced by spaces; lines stay lines.
pub fn code_only(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let bytes: Vec<char> = text.chars().collect();
    let mut i = 0;
    while i < bytes.len() {
        let rest = &bytes[i..];
        let length = match rest {
            ['/', '/', ..] => rest.iter().position(|&c| c == '\n').unwrap_or(rest.len()),
            ['/', '*', ..] => end_of_block_comment(rest),
            ['r', '"' | '#', ..] if !bytes[..i].last().is_some_and(|c| c.is_alphanumeric() || *c == '_') => {
                end_of_raw_string(rest).unwrap_or(0)
            }
            ['"', ..] => end_of_string(rest),
            ['\'', '\\', ..] => rest.iter().skip(3).position(|&c| c == '\'').map_or(1, |p| p + 4),
            ['\'', _, '\'', ..] => 3,
            _ => 0,
        };
        if length == 0 {
            out.push(bytes[i]);
            i += 1;
            continue;
        }
        out.extend(rest[..length].iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
        i += length;
    }
    out
}

fn end_of_block_comment(rest: &[char]) -> usize {
    rest.windows(2).position(|w| w == ['*', '/']).map_or(rest.len(), |p| p + 2)
}

fn end_of_string(rest: &[char]) -> usize {
    let mut i = 1;
    while i < rest.len() && rest[i] != '"' {
        i += if rest[i] == '\\' { 2 } else { 1 };
    }
    (i + 1).min(rest.len())
}

fn end_of_raw_string(rest: &[char]) -> Option<usize> {
    let hashes = rest[1..].iter().take_while(|&&c| c == '#').count();
    if rest.get(1 + hashes) != Some(&'"') {
        return None;
    }
    let mut close = vec!['"'];
    close.extend(std::iter::repeat_n('#', hashes));
    let body = &rest[2 + hashes..];
    let end = body.windows(close.len()).position(|w| w == close)?;
    Some(2 + hashes + end + close.len())
}

#[test]
fn comments_and_strings_are_blanked() {
    let code = code_only("a // x{\nb \"}\\\"{\" c r#\"{\"# d '{' e '\\n' /* { */ f<'a>");
    assert!(!code.contains(['{', '}', 'x']), "{code}");
    for kept in ["a", "b", "c", "d", "e", "f<'a>"] {
        assert!(code.contains(kept), "{kept} in {code}");
    }
    assert_eq!(code.lines().count(), 2);
}

#[test]
fn unit_tests_are_cut_off() {
    assert_eq!(without_tests("src/a.rs", "a\n#[cfg(test)]\nmod tests {\nb }\n"), "a");
    assert_eq!(without_tests("src/a.rs", "#[cfg(test)]\nmod tests;\nb"), "#[cfg(test)]\nmod tests;\nb");
    let declared = "a\n#[cfg(test)]\nmod tests;\nb";
    assert_eq!(without_tests("src/a.rs", declared), declared);
    assert_eq!(without_tests("src/sim/tests.rs", "a"), "");
}
