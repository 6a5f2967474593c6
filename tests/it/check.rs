//! `zonefall check` at the terminal.

use crate::cli::{ORDERS, expect, with_orders};
use std::fs;
use std::path::Path;

/// The same with few replications.
fn check(folder: &Path, more: &[&str], code: i32) -> (String, String) {
    let args =
        [&["check", "orders.toml", "--replications", "60", "--most-replications", "60"], more].concat();
    expect(folder, &args, code)
}

#[test]
fn exit_codes_tell_what_came_of_it() {
    let folder = with_orders("check-codes");
    let (out, err) = check(&folder, &[], 1);
    assert!(out.contains("\nFAILED: 1 promise broken and 1 met\n") && err.is_empty(), "{out}{err}");
    check(&folder, &["--variant", "strong"], 0);
    check(&folder, &["--set", "store.orders.consistency=strong"], 0);
    let (_, err) = check(&folder, &["--set", "store.orders.consistency=stronk"], 2);
    assert!(err.contains("error[ZF0"), "{err}");
    let (_, err) = check(&folder, &["--set", "scenario.max_events=20"], 3);
    assert!(err.contains("error[ZF1101]"), "{err}");
}

#[test]
fn what_is_undecided_counts_as_the_user_says() {
    let folder = with_orders("check-undecided");
    // In one replication of a day nothing happens.
    let day = ["check", "orders.toml", "--horizon", "1d", "--replications", "1", "--most-replications", "1"];
    let (out, _) = expect(&folder, &day, 0);
    assert!(out.contains("\npassed: 2 promises undecided\n"), "{out}");
    assert!(
        out.contains("  to decide what is undecided: allow more than 1 replication (--most-replications N);"),
        "{out}"
    );
    let (out, _) = expect(&folder, &[&day[..], &["--undecided", "fail"]].concat(), 1);
    assert!(out.contains("\nFAILED: 2 promises undecided\n"), "{out}");
    // More replications decide.
    let (out, _) = expect(&folder, &[&day[..6], &["--most-replications", "4000"]].concat(), 1);
    assert!(out.contains("\nFAILED: 1 promise broken and 1 met\n"), "{out}");
}

#[test]
fn reports_are_whole_and_the_same_for_any_number_of_threads() {
    let folder = with_orders("check-reports");
    let formats = ["human", "json", "junit", "github", "markdown"];
    for jobs in ["1", "2"] {
        let reports: Vec<String> = formats.iter().map(|f| format!("--report={f}={f}-{jobs}")).collect();
        let mut args: Vec<&str> = reports.iter().map(String::as_str).collect();
        args.extend(["--jobs", jobs, "--format", "json"]);
        let (out, _) = check(&folder, &args, 1);
        assert_eq!(out, fs::read_to_string(folder.join(format!("json-{jobs}"))).unwrap());
    }
    for format in formats {
        let [one, two] = ["1", "2"].map(|jobs| fs::read(folder.join(format!("{format}-{jobs}"))).unwrap());
        assert!(one == two && !one.is_empty(), "{format}");
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 11, "no temporary file stays");
}

#[test]
fn reports_that_cannot_be_written_are_told_first() {
    let folder = with_orders("check-refused");
    fs::create_dir(folder.join("taken")).unwrap();
    for (report, code, exit) in [
        ("junit=missing/zonefall.xml", "ZF1302", 74),
        ("junit=taken", "ZF1302", 74),
        ("xml=zonefall.xml", "ZF1001", 2),
        ("junit", "ZF1001", 2),
        ("junit=", "ZF1001", 2),
    ] {
        let (out, err) = check(&folder, &["--report", report], exit);
        assert!(out.is_empty() && err.contains(&format!("error[{code}]")), "{report}: {err}");
    }
    let (_, err) = check(&folder, &["--report=junit=a", "--report=json=a"], 2);
    assert!(err.contains("error[ZF1002]") && !folder.join("a").exists(), "{err}");
}

#[test]
fn several_files_have_one_verdict() {
    let folder = with_orders("check-several");
    let (kept, _) = ORDERS.rsplit_once("[[expect]]").unwrap();
    fs::write(folder.join("kept.toml"), kept).unwrap();
    let (out, _) = check(&folder, &["kept.toml"], 1);
    assert!(out.contains("\nOrders (kept.toml)\n") && out.contains("\n  passed: 1 promise met\n"), "{out}");
    assert!(out.contains("\nFAILED: 1 promise broken and 2 met in 2 files\n"), "{out}");
}

#[test]
fn the_replay_command_shows_what_broke_the_promise() {
    let folder = with_orders("check-replay");
    let (out, _) = check(&folder, &["--set", "fault.region.per_year=20"], 1);
    let command =
        out.split("to look at the worst: zonefall ").nth(1).expect("there is one").lines().next().unwrap();
    let words: Vec<&str> = command.split(' ').collect();
    assert!(words.contains(&"--set=fault.region.per_year=20"), "{command}");
    let (shown, _) = expect(&folder, &words, 0);
    assert!(shown.contains("BROKEN     base: orders/rpo_seconds.max == 0, but it is "), "{shown}");
}

#[test]
fn the_readme_shows_what_check_says() {
    let readme = fs::read_to_string(crate::source::root().join("README.md")).unwrap();
    let block = |open: &str| readme.split(open).nth(1).unwrap().split("```\n").next().unwrap().to_string();
    let folder = crate::cli::folder("check-readme");
    fs::write(folder.join("orders.toml"), block("```toml\n")).unwrap();
    let (out, _) = expect(&folder, &["check", "orders.toml"], 0);
    let shown = block("if one is broken:\n\n```text\n");
    assert!(out.starts_with(&format!("{shown}False alarms: ")), "{out}");
}

#[test]
fn outputs_replace_neither_inputs_nor_each_other() {
    let folder = with_orders("check-places");
    let before = fs::read(folder.join("orders.toml")).unwrap();
    for report in ["junit=orders.toml", "junit=./orders.toml", "junit=-"] {
        let (_, err) = check(&folder, &["--report", report], 2);
        assert!(err.contains("error[ZF1002]"), "{report}: {err}");
    }
    let pairs = [
        ["--baseline", "b.json", "--update-baseline", "--report", "json=./b.json"],
        ["--report", "human=a", "--report", "json=./a", "--quiet"],
    ];
    for both in pairs {
        let (_, err) = check(&folder, &both, 2);
        assert!(err.contains("error[ZF1002]"), "{both:?}: {err}");
    }
    assert_eq!(fs::read(folder.join("orders.toml")).unwrap(), before);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    // Through a link, the file that it names is written; a device stays one.
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("there.xml", folder.join("link.xml")).unwrap();
        fs::write(folder.join("there.xml"), "old").unwrap();
        check(&folder, &["--report", "junit=link.xml", "--report", "json=/dev/null"], 1);
        assert!(folder.join("link.xml").is_symlink());
        assert!(fs::read_to_string(folder.join("there.xml")).unwrap().starts_with("<?xml"));
        assert!(!Path::new("/dev/null").is_file());
    }
}

#[test]
fn a_baseline_is_made_held_against_and_refused() {
    let folder = with_orders("check-baseline");
    let (_, err) = check(&folder, &["--baseline", "b.json"], 2);
    assert!(err.contains("error[ZF1015]"), "{err}");
    let (_, err) = check(&folder, &["--baseline", "b.json", "--update-baseline"], 1);
    assert!(err.contains("b.json is written"), "{err}");
    // Nothing changed.
    let held = ["--baseline", "b.json", "--variant", "strong"];
    let (out, _) = check(&folder, &held, 0);
    assert!(out.contains(" figures 17 same\n"), "{out}");
    // The promise is kept, and failovers take a day: worse, with the reason.
    let (out, _) = check(&folder, &[&held[..], &["--set", "store.orders.failover.promote=1d"]].concat(), 1);
    assert!(out.contains("\n    worse ") && out.contains(" met "), "{out}");
    assert!(out.contains("because store.orders.failover.promote: not there -> \"1d\""), "{out}");
    let (_, err) = check(&folder, &["--baseline", "b.json", "--update-baseline", "--variant", "strong"], 2);
    assert!(err.contains("cannot be used with"), "{err}");
    fs::write(folder.join("b.json"), "{}").unwrap();
    let (_, err) = check(&folder, &["--baseline", "b.json"], 2);
    assert!(err.contains("error[ZF1015]"), "{err}");
}

/// Who does not read on still wants to know: the code of a broken promise outlives the reader.
#[test]
#[cfg(unix)]
fn a_closed_pipe_hides_no_broken_promise() {
    let folder = with_orders("check-pipe");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_zonefall"));
    command.args(["check", "orders.toml", "--replications", "60", "--most-replications", "60", "-q"]);
    command.current_dir(&folder).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}
