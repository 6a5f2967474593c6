//! Signals while the command runs: whole files or none.

#![cfg(unix)]

use crate::cli::{contents, expect, with_orders};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// Longer than anybody waits.
const LONG: [&str; 4] = ["--replications", "900000000", "--out", "out"];

fn start(folder: &Path, args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zonefall"));
    command.current_dir(folder).args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the command starts")
}

/// Waits, at most a minute, until this is so.
fn wait_until(what: &str, so: impl Fn() -> bool) {
    for _ in 0..12_000 {
        if so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("never: {what}");
}

/// Waits until the folder has a draft with rows in it, so that the simulation runs.
fn wait_for_rows(folder: &Path) {
    let draft = |entry: &std::fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        name.ends_with(".part") && entry.metadata().is_ok_and(|m| m.len() > 1000)
    };
    wait_until("rows", || {
        std::fs::read_dir(folder).is_ok_and(|all| all.flatten().any(|entry| draft(&entry)))
    });
}

fn signal(child: &Child, name: &str) {
    let sent =
        Command::new("kill").args(["-s", name, &child.id().to_string()]).status().expect("kill exists");
    assert!(sent.success());
}

fn end(child: Child) -> Output {
    child.wait_with_output().expect("it ends")
}

#[test]
fn an_interrupt_leaves_whole_files_or_none() {
    let folder = with_orders("interrupt");
    let out = folder.join("out");
    for (name, command) in [("INT", "run"), ("TERM", "run"), ("INT", "compare")] {
        let child = start(&folder, &[&[command, "orders.toml"], &LONG[..]].concat());
        wait_for_rows(&out);
        signal(&child, name);
        let output = end(child);
        assert_eq!(output.status.code(), Some(130), "{name} {command}");
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            "error[ZF1401]: interrupted\n",
            "{name} {command}"
        );
        assert!(output.stdout.is_empty());
        assert_eq!(contents(&out), [], "{name} {command}: files are left");
    }
    // The files of an earlier run stay as they were.
    expect(&folder, &["run", "orders.toml", "--replications", "30", "--out", "out"], 0);
    let before = contents(&out);
    let child = start(&folder, &[&["run", "orders.toml"], &LONG[..]].concat());
    wait_for_rows(&out);
    signal(&child, "INT");
    assert_eq!(end(child).status.code(), Some(130));
    assert!(contents(&out) == before, "files of an earlier run have changed");
}

/// What would help most and the worst timelines run after the rows have been written.
#[test]
fn what_runs_after_the_replications_is_interrupted_too() {
    let folder = with_orders("interrupt-later");
    let args =
        ["run", "orders.toml", "--replications", "3000", "--what-if", "all", "--out", "out", "--jobs", "1"];
    for delay in [0, 40, 80, 160, 320, 640] {
        let child = start(&folder, &args);
        wait_for_rows(&folder.join("out"));
        std::thread::sleep(Duration::from_millis(delay));
        signal(&child, "INT");
        let output = end(child);
        let whole = contents(&folder.join("out"));
        match output.status.code() {
            Some(130) => assert_eq!(whole, [], "after {delay} ms"),
            // It came too late.
            Some(0) => assert!(whole.iter().all(|(name, _)| !name.ends_with(".part")) && whole.len() > 6),
            code => panic!("{code:?} after {delay} ms"),
        }
        let _ = std::fs::remove_dir_all(folder.join("out"));
    }
}

/// One replication that goes on for minutes is not stopped by the first signal.
#[test]
fn a_second_signal_ends_at_once() {
    let folder = with_orders("interrupt-twice");
    let busy = "[fault.node]\ntarget = \"node:*\"\nmtbf = \"1s\"\nduration = \"1s\"\n";
    std::fs::write(folder.join("busy.toml"), format!("{}{busy}", crate::cli::ORDERS)).unwrap();
    let settings = ["--set", "scenario.max_events=100_000_000_000", "--horizon", "200y"];
    let child = start(&folder, &[&["run", "busy.toml", "--jobs", "1"], &settings[..], &LONG[..]].concat());
    wait_until("a folder", || folder.join("out").is_dir());
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, "INT");
    std::thread::sleep(Duration::from_millis(300));
    let mut child = child;
    assert!(child.try_wait().unwrap().is_none(), "one replication took less than a second");
    signal(&child, "INT");
    assert_eq!(end(child).status.code(), Some(130));
}
