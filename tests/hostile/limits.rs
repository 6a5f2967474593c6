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

/// The start and so many more parts.
fn many(n: usize, part: impl Fn(usize) -> String) -> String {
    HEAD.to_string() + &(0..n).map(part).collect::<String>()
}

/// As many of something as may be, or one more than that.
fn counts() -> Vec<(&'static str, String, &'static str)> {
    let promise = |_| "[[expect]]\nmetric = \"fault_events_per_year\"\nis = \">= 0\"\n".to_string();
    let action = |_| "[[action]]\nat = \"1d\"\ndo = { failover = \"x\", to = \"a\" }\n".to_string();
    let variant = |i| format!("[variant.v{i}]\n\"fault.f.per_year\" = {}\n", i + 2);
    let values = |n: usize| (2..n + 2).map(|i| i.to_string()).collect::<Vec<_>>().join(", ");
    let sweep = |sizes: &[(&str, usize)]| {
        let axes = sizes.iter().map(|(path, n)| format!("\"{path}\" = [{}]\n", values(*n)));
        HEAD.to_string() + "[sweep]\n" + &axes.collect::<String>()
    };
    let (rate, crews) = ("fault.f.per_year", "fault.f.crews");
    let settings =
        many(1, |_| "[sweep]\n".into()) + &(0..257).map(|i| format!("x{i} = [1]\n")).collect::<String>();
    vec![
        ("expects", many(10_000, promise), "valid, 0 errors, 0 warnings"),
        ("expects-more", many(10_001, promise), "10001 expectations"),
        ("actions-more", many(10_001, action), "10001 actions"),
        ("variants", many(256, variant), "valid, 0 errors, 0 warnings"),
        ("variants-more", many(257, variant), "more than 256 variants"),
        ("values", sweep(&[(rate, 256)]), "valid, 0 errors, 0 warnings"),
        ("values-more", sweep(&[(rate, 257)]), "`fault.f.per_year` has 257 values"),
        ("points-more", sweep(&[(rate, 17), (crews, 16)]), "the sweep has 272 points"),
        ("settings-more", settings, "the sweep varies 257 settings"),
    ]
}

#[test]
fn large_texts_are_read_or_refused_within_bounds() {
    all_say("limits", cases());
}

#[test]
fn more_of_a_kind_than_may_be_is_refused_by_its_limit() {
    all_say("counts", counts());
}

/// Each text is read or refused, and this is said of it.
fn all_say(test: &str, cases: Vec<(&str, String, &str)>) {
    let folder = folder(test);
    for (name, text, wanted) in cases {
        let file = format!("{name}.toml");
        fs::write(folder.join(&file), text).unwrap();
        let (code, text) = said(&zonefall(&folder, &["validate", &file]));
        let end: String = text.chars().skip(text.chars().count().saturating_sub(2000)).collect();
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
