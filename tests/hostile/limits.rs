//! Texts that are as large as they may be, or ask for more than there is: each is refused with the limit it hits, or read, in
//! bounded time and memory.

#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Seconds of processor time and kilobytes of memory for one `validate`, on any machine of the gate and with all assertions.
const LIMITS: &str = "ulimit -t 40 && ulimit -v 1500000 && exec \"$0\" \"$@\"";

const HEAD: &str = "[scenario]\nname = \"x\"\nhorizon = \"1y\"\n[[region]]\nname = \"a\"\nnodes_per_zone = 3\n\
    [[region]]\nname = \"b\"\nnodes_per_zone = 3\n[fault.f]\ntarget = \"region:*\"\nper_year = 1\nduration = \"1h\"\n\
    [block.b]\nk = 1\nof = [\"region:*\"]\n";

/// A folder of this test's own, empty.
pub fn folder(test: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hostile-{test}"));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// Runs the command under the limits.
pub fn zonefall(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new("sh");
    command.current_dir(folder).args(["-c", LIMITS, env!("CARGO_BIN_EXE_zonefall")]).args(args);
    command.stdin(Stdio::null()).output().expect("there is a shell")
}

/// The exit code, and everything that was said.
pub fn said(output: &Output) -> (Option<i32>, String) {
    let text = [&output.stdout[..], &output.stderr].concat();
    (output.status.code(), String::from_utf8(text).expect("output is UTF-8"))
}

/// Ten million bytes that begin like this and go on like that.
fn full(start: &str, part: &str) -> String {
    start.to_string() + &part.repeat((9_999_000 - start.len()) / part.len())
}

/// Name, text and what must be said of it.
fn cases() -> Vec<(&'static str, String, &'static str)> {
    vec![
        ("too-large", full(HEAD, "#\n") + &"#".repeat(10_000), "at most 10000000 bytes are read"),
        ("comments", full(HEAD, "# assumption x = 1\n"), "valid"),
        ("nested-lists", full("x = ", "["), "ZF0001"),
        ("nested-tables", full("x = ", "{a="), "ZF0001"),
        ("dotted", full("", "a.") + "a = 1", "ZF0001"),
        ("every", HEAD.replace("per_year = 1", "at = \"0s\"\nevery = \"1ns\""), "ZF0104"),
    ]
}

#[test]
fn large_texts_are_read_or_refused_within_bounds() {
    let folder = folder("limits");
    for (name, text, wanted) in cases() {
        let file = format!("{name}.toml");
        fs::write(folder.join(&file), text).unwrap();
        let (code, text) = said(&zonefall(&folder, &["validate", &file]));
        let end = &text[text.floor_char_boundary(text.len().saturating_sub(2000))..];
        assert!(matches!(code, Some(0 | 2)), "{name}: {code:?}\n{end}");
        assert!(text.contains(wanted), "{name}: no `{wanted}` in\n{end}");
        assert!(text.len() < 1_000_000, "{name}: {} bytes are said", text.len());
        fs::remove_file(folder.join(&file)).unwrap();
    }
}

/// What is open when time ends does not run over.
#[test]
fn times_at_the_end_of_the_clock_run() {
    let folder = folder("times");
    let late = "at = [\"199y\", \"200y\"]";
    let text =
        HEAD.replace("\"1y\"", "\"200y\"\nwarmup = \"200y\"\nreplications = 2").replace("per_year = 1", late);
    fs::write(folder.join("late.toml"), text.replace("\"1h\"", "\"584y\"")).unwrap();
    let (code, text) = said(&zonefall(&folder, &["run", "late.toml", "--out", "out"]));
    assert_eq!(code, Some(0), "{text}");
}
