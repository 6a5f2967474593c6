//! What `zonefall new` writes is valid, runs and keeps its promises, for every preset of a store.

use crate::cli::{expect, folder};
use std::fs;

/// Regions called `r1`, `r2` …
fn regions(n: usize) -> String {
    (1..=n).map(|i| format!("r{i}")).collect::<Vec<_>>().join(",")
}

#[test]
fn every_preset_makes_a_scenario() {
    let folder = folder("new-presets");
    let (presets, _) = expect(&folder, &["preset", "list"], 0);
    let stores = presets.lines().filter(|preset| *preset != "faults");
    assert!(stores.clone().count() >= 4);
    for preset in stores {
        for n in [1, 2, 3, 4, 16] {
            let file = format!("{preset}-{n}.toml");
            let made = ["new", &file, "--preset", preset, "--regions", &regions(n)];
            let (out, err) = expect(&folder, &made, 0);
            assert!(out.contains(&format!("zonefall run {file}\n")) && err.is_empty(), "{out}{err}");
            let (out, err) = expect(&folder, &["validate", &file], 0);
            assert_eq!((&*out, &*err), (&*format!("{file}: valid, 0 errors, 0 warnings\n"), ""));
            let text = fs::read_to_string(folder.join(&file)).unwrap();
            assert!(!text.contains('<'), "{text}");
            let set = "store.orders.partitions=2";
            let (out, err) = expect(&folder, &["run", &file, "--replications", "60", "--set", set], 0);
            assert!(out.contains("expectations: 1 of 1 met") && err.is_empty(), "{out}{err}");
            assert!(out.contains("writes 99.9 %: "), "{out}");
            expect(&folder, &["check", &file, "--replications", "60", "--set", set], 0);
        }
    }
}

#[test]
fn nothing_needs_to_be_said() {
    let folder = folder("new-plain");
    let (out, _) = expect(&folder, &["new"], 0);
    let commands: Vec<&str> = out.lines().filter_map(|line| line.trim().strip_prefix("zonefall ")).collect();
    assert_eq!(commands, ["run scenario.toml", "compare scenario.toml", "check scenario.toml"]);
    for command in commands {
        let args: Vec<&str> = command.split(' ').collect();
        let (out, err) = expect(&folder, &args, 0);
        let checks = command.starts_with("check");
        let kept = if checks { "\npassed: 3 promises met\n" } else { "expectations: 1 of 1 met" };
        assert!(out.contains(kept) && err.is_empty(), "{out}{err}");
    }
    let (text, _) = expect(&folder, &["new", "-"], 0);
    assert_eq!(text, fs::read_to_string(folder.join("scenario.toml")).unwrap());
    assert_eq!(crate::cli::contents(&folder).len(), 1, "drafts are left");
}

#[test]
fn a_file_is_replaced_only_by_force() {
    let folder = folder("new-force");
    fs::write(folder.join("scenario.toml"), "mine").unwrap();
    let (_, err) = expect(&folder, &["new"], 2);
    assert!(err.contains("scenario.toml exists already") && err.contains("--force"), "{err}");
    assert_eq!(fs::read_to_string(folder.join("scenario.toml")).unwrap(), "mine");
    expect(&folder, &["new", "--force"], 0);
    assert_ne!(fs::read_to_string(folder.join("scenario.toml")).unwrap(), "mine");
    // Names that could be mistaken for something else.
    expect(&folder, &["new", "a\nb.toml", "--regions", "FILE,FIRST"], 0);
    expect(&folder, &["run", "a\nb.toml", "--replications", "5"], 0);
    for (args, part) in [
        (&["new", "a", "--regions", "west,west"][..], "west is named twice"),
        (&["new", "a", "--regions", "we st"], "letters, digits"),
        (&["new", "a", "--regions", &regions(17)], "at most 16 regions"),
        (&["new", "a", "--preset", "faults"], "use = [\"faults\"]"),
        (&["new", "a", "--preset", "etc"], "did you mean `etcd`?"),
    ] {
        let (_, err) = expect(&folder, args, 2);
        assert!(err.contains(part), "{args:?}: {err}");
        assert!(!folder.join("a").exists());
    }
    let (_, err) = expect(&folder, &["new", "no/such/folder.toml"], 74);
    assert!(err.contains("error[ZF1302]: cannot write no/such/folder.toml"), "{err}");
}
