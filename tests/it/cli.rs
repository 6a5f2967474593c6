//! The built command, as its users meet it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Two variants of one store under frequent faults; 600 replications make ten blocks.
pub const ORDERS: &str = r#"
[scenario]
name = "Orders"
horizon = "90d"
replications = 600

[[region]]
name = "west"
zones = 3
nodes_per_zone = 4
[[region]]
name = "north"
zones = 3
nodes_per_zone = 4

[store.orders]
preset = "cosmos-db"
regions = [{ name = "west", zones = "unzoned" }, { name = "north", zones = "unzoned" }]
consistency = "session"
failover = { mode = "service-managed" }

[store.orders.workload]
writes_per_second = 100
reads_per_second = 500
clients = { west = 1.0 }

[fault.region]
target = "region:*"
per_year = 6
duration = { law = "lognormal", median = "3h", p95 = "12h" }

[variant.strong]
"store.orders.consistency" = "strong"

[[expect]]
variant = "strong"
metric = "orders/rpo_seconds.max"
is = "== 0"
[[expect]]
metric = "orders/rpo_seconds.max"
is = "== 0"
"#;

/// A folder of this test's own, empty.
pub fn folder(test: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// The names of files: drawings, and the others.
fn names(files: &[(String, Vec<u8>)]) -> (Vec<&str>, Vec<&str>) {
    let names = files.iter().map(|(name, _)| name.as_str());
    names.partition(|name| name.ends_with(".svg") || name.ends_with(".png"))
}

/// A folder with [`ORDERS`] as `orders.toml`.
pub fn with_orders(test: &str) -> PathBuf {
    let path = folder(test);
    fs::write(path.join("orders.toml"), ORDERS).unwrap();
    path
}

fn zonefall(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zonefall"));
    command.current_dir(folder).args(args).env_remove("ZONEFALL_JOBS").env_remove("CLICOLOR_FORCE");
    command.stdin(Stdio::null()).output().expect("the command starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is UTF-8")
}

/// Runs the command and checks its exit code.
pub fn expect(folder: &Path, args: &[&str], code: i32) -> (String, String) {
    let output = zonefall(folder, args);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{args:?}\n{out}\n{err}");
    (out, err)
}

/// Names and contents of the files in a folder, by name.
pub fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn results_go_to_stdout_and_nothing_else_does() {
    let folder = with_orders("streams");
    let (out, err) = expect(&folder, &["run", "orders.toml", "--replications", "30"], 0);
    assert!(out.starts_with("Orders\n") && out.ends_with('\n'), "{out}");
    assert!(!out.contains('\x1b'), "colours in a pipe");
    assert_eq!(err, "", "no progress where there is no terminal");
    // A broken promise is told, and does not change the exit code.
    assert!(out.contains("expectations: 1 of 2 met"), "{out}");
    let (json, _) = expect(&folder, &["run", "orders.toml", "--replications", "30", "--format", "json"], 0);
    assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{json}");
    let (csv, _) = expect(&folder, &["run", "orders.toml", "--replications", "30", "--format", "csv"], 0);
    assert!(csv.starts_with("variant,subject,metric,unit,"), "{csv}");
}

#[test]
fn bytes_do_not_depend_on_jobs() {
    let folder = with_orders("jobs");
    let mut seen = Vec::new();
    for (run, jobs) in ["1", "2", "8", "1"].iter().enumerate() {
        let out = format!("out{run}");
        let args = ["run", "orders.toml", "--jobs", jobs, "--rows", "all", "--out", &out];
        let (stdout, _) = expect(&folder, &args, 0);
        seen.push((stdout, contents(&folder.join(&out))));
    }
    let (drawings, names) = names(&seen[0].1);
    assert!(drawings.contains(&"availability.png") && drawings.contains(&"availability.svg"), "{drawings:?}");
    assert_eq!(
        names,
        [
            "attribution.csv",
            "causes.csv",
            "losses.csv",
            "months.csv",
            "outages.csv",
            "replications.csv",
            "report.html",
            "report.md",
            "run.json",
            "summary.csv",
            "twin.csv",
            "what-if.csv"
        ]
    );
    for (name, bytes) in &seen[0].1 {
        assert!(bytes.iter().filter(|&&b| b == b'\n').count() > 1, "{name} is empty");
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "bytes differ between runs");
    // The comparison can fail: another seed gives other bytes.
    expect(&folder, &["run", "orders.toml", "--seed", "0x2b", "--rows", "all", "--out", "other"], 0);
    assert_ne!(contents(&folder.join("other")), seen[0].1);
}

#[test]
fn rows_are_in_order_of_replication() {
    let folder = with_orders("order");
    expect(&folder, &["run", "orders.toml", "--jobs", "3", "--out", "out"], 0);
    let file = fs::read_to_string(folder.join("out/replications.csv")).unwrap();
    let columns: Vec<&str> = file.lines().next().unwrap().split(',').collect();
    let column = columns.iter().position(|c| *c == "replication").expect("a column `replication`");
    let numbers: Vec<u64> =
        file.lines().skip(1).map(|line| line.split(',').nth(column).unwrap().parse().unwrap()).collect();
    assert!(numbers.is_sorted());
    assert_eq!((numbers.first(), numbers.last()), (Some(&0), Some(&599)));
}

#[test]
fn one_replication_is_the_same_alone() {
    let folder = with_orders("alone");
    expect(&folder, &["run", "orders.toml", "--out", "all"], 0);
    let (out, _) = expect(&folder, &["run", "orders.toml", "--replication", "123", "--out", "one"], 0);
    assert!(out.contains("timeline of replication 123"), "{out}");
    assert!(folder.join("one/timeline.csv").exists());
    let run = fs::read_to_string(folder.join("one/run.json")).unwrap();
    assert!(run.contains("\"replications\": 1,") && run.contains("\"first_replication\": 123,"), "{run}");
    let rows = |file: &str| -> Vec<String> {
        let file = fs::read_to_string(folder.join(file)).unwrap();
        file.lines().filter(|line| line.split(',').any(|field| field == "123")).map(str::to_string).collect()
    };
    assert!(!rows("one/replications.csv").is_empty());
    for row in rows("one/replications.csv") {
        assert!(rows("all/replications.csv").contains(&row), "{row}");
    }
}

#[test]
fn a_folder_describes_one_run() {
    let folder = with_orders("replace");
    expect(&folder, &["run", "orders.toml", "--replication", "1", "--rows", "all", "--out", "out"], 0);
    fs::write(folder.join("out/notes.txt"), "mine").unwrap();
    let first = fs::read(folder.join("out/summary.csv")).unwrap();
    expect(&folder, &["run", "orders.toml", "--replications", "64", "--rows", "none", "--out", "out"], 0);
    let files = contents(&folder.join("out"));
    let (_, names) = names(&files);
    assert_eq!(
        names,
        [
            "attribution.csv",
            "causes.csv",
            "months.csv",
            "notes.txt",
            "report.html",
            "report.md",
            "run.json",
            "summary.csv",
            "twin.csv",
            "what-if.csv"
        ]
    );
    assert_ne!(fs::read(folder.join("out/summary.csv")).unwrap(), first);
}

#[test]
fn an_unwritable_folder_fails_at_once() {
    let folder = with_orders("unwritable");
    fs::write(folder.join("file"), "").unwrap();
    // A billion replications: it would not come back if it simulated first.
    let many = ["run", "orders.toml", "--replications", "1000000000", "--out", "file/out"];
    let (out, err) = expect(&folder, &many, 74);
    assert_eq!(out, "");
    assert!(err.contains("cannot create folder file/out"), "{err}");
}

#[test]
fn several_scenarios_have_folders_of_their_own() {
    let folder = with_orders("several");
    fs::create_dir(folder.join("b")).unwrap();
    fs::copy(folder.join("orders.toml"), folder.join("b/orders.toml")).unwrap();
    let args = ["run", "orders.toml", "b/orders.toml", "--replications", "10", "--out", "out"];
    let (out, _) = expect(&folder, &args, 0);
    assert_eq!(out.matches("Orders\n").count(), 2);
    assert!(folder.join("out/orders/summary.csv").exists());
    assert!(folder.join("out/orders-2/summary.csv").exists());
    // Nothing runs if one of them is wrong.
    fs::write(folder.join("b/orders.toml"), ORDERS.replace("zones = 3", "zones = 0")).unwrap();
    let args = ["run", "orders.toml", "b/orders.toml", "--replications", "10", "--out", "none"];
    let (out, _) = expect(&folder, &args, 2);
    assert_eq!(out, "");
    assert!(!folder.join("none").exists());
}

#[test]
fn all_problems_are_shown_at_once() {
    let folder = folder("problems");
    let wrong = ORDERS
        .replace("consistency = \"session\"", "consistancy = \"session\"")
        .replace("target = \"region:*\"", "target = \"region:east\"")
        .replace("horizon = \"90d\"", "horizon = \"3M\"");
    fs::write(folder.join("wrong.toml"), wrong).unwrap();
    let (out, err) = expect(&folder, &["validate", "wrong.toml"], 2);
    assert!(out.starts_with("wrong.toml: invalid, "), "{out}");
    for part in ["error[ZF", "consistancy", "region:east", "months differ", "wrong.toml:4:"] {
        assert!(err.contains(part), "{part} in\n{err}");
    }
    assert!(err.matches("error[ZF").count() >= 3, "{err}");
    let (out, err) = expect(&folder, &["run", "wrong.toml"], 2);
    assert_eq!(out, "");
    assert!(err.matches("error[ZF").count() >= 3, "{err}");
    fs::write(folder.join("right.toml"), ORDERS).unwrap();
    let (out, _) = expect(&folder, &["validate", "right.toml"], 0);
    assert!(out.starts_with("right.toml: valid, 0 errors"), "{out}");
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let folder = with_orders("usage");
    for (args, part) in [
        (&["run"][..], "`zonefall new` writes a scenario"),
        (&["orders.toml"], "to run it: zonefall run orders.toml\n\nUsage"),
        (&["run", "no-such.toml"], "no file and no shipped scenario is called no-such.toml"),
        (&["run", "orders.toml", "--sed", "1"], "--seed"),
        (&["run", "orders.toml", "--seed", "-1"], "-1"),
        (&["run", "orders.toml", "--seed", "1.5"], "whole number"),
        (&["run", "orders.toml", "--replications", "0"], "0"),
        (&["run", "orders.toml", "--replication", "1", "--replications", "2"], "cannot be used with"),
        (&["run", "orders.toml", "--jobs", "0"], "0"),
        (&["run", "orders.toml", "--rows", "all"], "--out"),
        (&["run", "orders.toml", "--horizon", "3M"], "months differ"),
        (&["run", "orders.toml", "--set", "seed"], "KEY=VALUE"),
        (&["run", "orders.toml", "--set", "scenario.sed=1"], "sed"),
        (&["run", "orders.toml", "--variant", "weak"], "it has base, strong"),
        (&["preset", "show", "nothing"], "there is no preset nothing"),
        (&["scenario", "show", "nothing"], "there is no scenario nothing"),
    ] {
        let (out, err) = expect(&folder, args, 2);
        assert_eq!(out, "", "{args:?}");
        assert!(err.contains(part), "{args:?}: {part} in\n{err}");
    }
}

#[test]
fn options_reach_the_simulation() {
    let folder = with_orders("options");
    let run = |args: &[&str]| {
        expect(&folder, &[&["run", "orders.toml", "--replications", "20"], args].concat(), 0).0
    };
    let plain = run(&[]);
    assert_eq!(run(&["--rows", "none"]), plain);
    assert!(plain.contains("strong") && plain.contains("20 replications × 90d · seed 42"), "{plain}");
    assert_eq!(run(&["--seed", "0x2A"]), plain);
    assert!(!run(&["--variant", "base"]).contains("strong"));
    assert!(run(&["--horizon", "30d"]).contains("× 30d"));
    assert!(run(&["--set", "scenario.seed=7"]).contains("seed 7"));
    assert_ne!(run(&["--set", "fault.region.per_year=50"]), plain);
}

#[test]
fn variants_meet_the_same_faults_and_do_not_touch_each_other() {
    let folder = with_orders("variants");
    let run = |args: &[&str]| {
        let args = [&["run", "orders.toml", "--replications", "100"], args].concat();
        expect(&folder, &args, 0).0
    };
    let json: serde_json::Value = serde_json::from_str(&run(&["--format", "json"])).unwrap();
    let digests: Vec<&str> =
        json["variants"].as_array().unwrap().iter().map(|v| v["fault_digest"].as_str().unwrap()).collect();
    assert_eq!(digests.len(), 2);
    assert_eq!(digests[0], digests[1]);
    let of = |csv: &str, variant: &str| -> Vec<String> {
        csv.lines().filter(|l| l.starts_with(variant)).map(str::to_string).collect()
    };
    let both = run(&["--format", "csv"]);
    for variant in ["base", "strong"] {
        let alone = run(&["--format", "csv", "--variant", variant]);
        assert_eq!(of(&alone, variant), of(&both, variant));
        assert!(of(&both, variant).len() > 20);
    }
}

#[test]
fn a_limit_names_the_replication_and_how_to_replay_it() {
    let folder = with_orders("limit");
    for jobs in ["1", "3"] {
        let args = ["run", "orders.toml", "--set", "scenario.max_events=20", "--jobs", jobs, "--out", "out"];
        let (out, err) = expect(&folder, &args, 3);
        assert_eq!(out, "");
        assert_eq!(contents(&folder.join("out")), [], "half-written files are left");
        let command = err.lines().find_map(|l| l.split("to replay it: zonefall ").nth(1)).expect("a command");
        let words: Vec<&str> = command.split(' ').collect();
        let (_, again) = expect(&folder, &words, 3);
        let said = |text: &str| text.lines().next().unwrap_or_default().to_string();
        assert_eq!(said(&again), said(&err), "the replay fails elsewhere");
    }
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let folder = with_orders("pipe");
    for args in [&["preset", "show", "cosmos-db"][..], &["run", "orders.toml", "--replications", "10"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zonefall"));
        command.current_dir(&folder).args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(text(&output.stderr), "", "{args:?}");
        assert_eq!(output.status.code(), Some(0), "{args:?}");
    }
}

#[test]
fn presets_and_scenarios_are_on_the_shelf() {
    let folder = folder("shelf");
    let (names, _) = expect(&folder, &["preset", "list"], 0);
    assert!(names.lines().any(|name| name == "cosmos-db"), "{names}");
    assert!(expect(&folder, &["preset", "show", "cosmos-db"], 0).0.contains("[store]"));
    let (names, _) = expect(&folder, &["scenario", "list"], 0);
    for name in names.lines() {
        assert!(expect(&folder, &["scenario", "show", name], 0).0.contains("[scenario]"), "{name}");
        assert!(expect(&folder, &["validate", name], 0).0.contains(": valid"), "{name}");
    }
    if let Some(name) = names.lines().next() {
        assert!(expect(&folder, &["run", name, "--replications", "2", "-q"], 0).0.contains("2 replications"));
    }
}

#[test]
fn colours_only_on_request() {
    let folder = with_orders("colours");
    let run = |variable: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zonefall"));
        command.current_dir(&folder).args(["run", "orders.toml", "--replications", "5"]);
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env(variable, "1");
        text(&command.output().unwrap().stdout)
    };
    assert!(run("CLICOLOR_FORCE").contains('\x1b'));
    assert!(!run("NO_COLOR").contains('\x1b'));
}

/// Names of files, of what is in them and what is set reach the terminal without what would steer it.
#[test]
fn nothing_that_was_read_steers_the_terminal() {
    let folder = folder("steering");
    let hostile = "a\u{1b}[31m\u{202e}";
    let file = format!("{hostile}.toml");
    fs::write(folder.join(&file), ORDERS.replace("\"Orders\"", "\"Orders\" # \u{202e}")).unwrap();
    fs::write(folder.join("broken.toml"), ORDERS.replace("\"Orders\"", "\"\u{1b}[31m\"")).unwrap();
    fs::write(folder.join("orders.toml"), ORDERS).unwrap();
    let set = format!("store.{hostile}.x={hostile}");
    let names = ["--variant", hostile];
    for (args, code) in [
        (&["validate", &file, "broken.toml"][..], 2),
        (&["validate", &file, "--set", &set], 2),
        (&["run", hostile], 2),
        (&["run", &file, names[0], names[1]], 2),
        (&["run", &file, "--set", "scenario.max_events=20"], 3),
        (&["compare", &file, "orders.toml", "--replications", "20"], 0),
        (&["run", &file, "orders.toml", "--replications", "20", "--out", hostile], 0),
        (
            &[
                "run",
                &file,
                "--replications",
                "20",
                "--out",
                "out",
                "--set",
                "scenario.question=\"\u{202e}\"",
            ],
            0,
        ),
    ] {
        let (out, err) = expect(&folder, args, code);
        let steers = |c: char| c != '\n' && zonefall::text::steers(c);
        assert!(!out.contains(steers) && !err.contains(steers), "{args:?}\n{out:?}\n{err:?}");
    }
    assert!(folder.join(hostile).join("a_[31m_").is_dir());
}

#[test]
fn the_schema_is_the_committed_one() {
    let folder = folder("schema");
    let (out, _) = expect(&folder, &["schema"], 0);
    let committed = fs::read_to_string(crate::source::root().join("scenarios/zonefall.schema.json")).unwrap();
    assert!(out == committed, "ZONEFALL_BLESS=1 cargo test --lib language");
}
