//! `zonefall compare`, as its users meet it.

use crate::cli::{ORDERS, contents, expect, folder, with_orders};
use std::fs;
use std::path::{Path, PathBuf};

/// Columns of a row of `compare.csv`, by name.
fn row(csv: &str, variant: &str, metric: &str) -> Vec<(String, String)> {
    let mut lines = csv.lines();
    let columns: Vec<&str> = lines.next().unwrap().split(',').collect();
    let fields = |line: &str| -> Vec<String> { line.split(',').map(str::to_string).collect() };
    let found = lines.map(fields).find(|f| f[0] == variant && f[3] == metric);
    let found = found.unwrap_or_else(|| panic!("no {metric} of {variant} in\n{csv}"));
    columns.into_iter().map(str::to_string).zip(found).collect()
}

fn number(row: &[(String, String)], column: &str) -> f64 {
    let field = &row.iter().find(|(name, _)| name == column).unwrap_or_else(|| panic!("no {column}")).1;
    field.parse().unwrap_or_else(|_| panic!("{column} is {field:?} in {row:?}"))
}

fn compare(folder: &Path, args: &[&str]) -> String {
    expect(folder, &[&["compare"], args].concat(), 0).0
}

/// [`ORDERS`] as `orders.toml`, and beside it one variant of its own in `near/orders.toml`: changed by `change`.
fn two_files(test: &str, change: impl Fn(String) -> String) -> PathBuf {
    let folder = with_orders(test);
    let single = ORDERS.replace("[variant.strong]\n\"store.orders.consistency\" = \"strong\"\n", "");
    let single = single.replace("variant = \"strong\"\n", "");
    fs::create_dir(folder.join("near")).unwrap();
    fs::write(folder.join("near/orders.toml"), change(single)).unwrap();
    folder
}

#[test]
fn differences_are_paired_and_turn_with_the_reference() {
    let folder = with_orders("compare-csv");
    let csv = compare(&folder, &["orders.toml", "--format", "csv", "--out", "out"]);
    assert_eq!(fs::read_to_string(folder.join("out/compare.csv")).unwrap(), csv);
    assert!(csv.lines().skip(1).all(|line| line.starts_with("strong,base,")), "{csv}");
    let there = row(&csv, "strong", "failed_minutes_per_year.write");
    let difference = number(&there, "difference");
    assert_eq!(difference, number(&there, "estimate") - number(&there, "reference_estimate"));
    assert!(number(&there, "low") < difference && difference < number(&there, "high"));
    assert_eq!((number(&there, "n"), number(&there, "differ") > 30.0), (600.0, true));
    let back = compare(&folder, &["orders.toml", "--reference", "strong", "--format", "csv"]);
    let back = row(&back, "base", "failed_minutes_per_year.write");
    assert_eq!(number(&back, "difference"), -difference);
    assert_eq!(number(&back, "variance_reduction"), number(&there, "variance_reduction"));
    // Both lose the write region at the same instants: pairs tell more than their number.
    let outages = row(&csv, "strong", "outages_per_year.write.region");
    assert!(number(&outages, "variance_reduction") > 1.0, "{outages:?}");
    // What pairs cannot tell says so.
    let quantile = row(&csv, "strong", "rto_seconds.write.p90");
    assert_eq!(quantile.last().unwrap().1, "difference of two estimates: no interval");
}

#[test]
fn a_comparison_reads_well_and_does_not_depend_on_jobs() {
    let folder = with_orders("compare-human");
    let run = |jobs: &str, out: &str| {
        let text = compare(&folder, &["orders.toml", "--jobs", jobs, "--rows", "all", "--out", out]);
        (text, contents(&folder.join(out)))
    };
    let one = run("1", "a");
    assert_eq!(one, run("3", "b"));
    let text = &one.0;
    for part in [
        "Orders\n600 replications × 90d · seed 42",
        "compared with base: all variants meet the same faults",
        "reference",
        "strong fails ",
        " min/year more than base for writes",
        "expectations: 1 of 2 met",
    ] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let json = compare(&folder, &["orders.toml", "--replications", "50", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let comparison = &json["comparison"];
    assert_eq!((&comparison["reference"], &comparison["same_faults"]), (&"base".into(), &true.into()));
    assert!(comparison["differences"].as_array().unwrap().len() > 100);
    assert_eq!(comparison["verdicts"][0]["subject"], "orders");
    // A run has none.
    let run = expect(&folder, &["run", "orders.toml", "--replications", "5", "--format", "json"], 0).0;
    assert!(!run.contains("\"comparison\""));
}

/// Files of one name, paired by the names of what fails; promises of each are judged.
#[test]
fn several_files_are_one_comparison() {
    let folder = two_files("compare-files", |text| text);
    let files = ["orders.toml", "near/orders.toml", "--replications", "100"];
    let text = compare(&folder, &files);
    assert!(text.contains("compared with orders/base: all variants meet the same faults"), "{text}");
    assert!(text.contains("orders-2: no difference to orders/base was seen in 100"), "{text}");
    assert!(text.contains("expectations: 1 of 4 met"), "{text}");
    let only = [&files[..], &["--variant", "orders-2", "--variant", "orders/strong"]].concat();
    let text = compare(&folder, &only);
    assert!(text.contains("compared with orders/strong") && !text.contains("orders/base"), "{text}");
}

#[test]
fn other_faults_are_told() {
    let folder = two_files("compare-faults", |text| text.replace("per_year = 6", "per_year = 7"));
    let text = compare(&folder, &["orders.toml", "near/orders.toml", "--replications", "50"]);
    assert!(text.contains("other faults strike orders-2: differences include those of the faults"), "{text}");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let folder = two_files("compare-refused", |text| text);
    let single = folder.join("near/orders.toml");
    let refuse = |args: &[&str], parts: &[&str]| {
        let (out, err) = expect(&folder, &[&["compare"], args].concat(), 2);
        assert_eq!(out, "", "{args:?}");
        for part in parts {
            assert!(err.contains(part), "{args:?}: {part} in\n{err}");
        }
    };
    refuse(&["near/orders.toml"], &["nothing to compare", "only the variant base", "[variant.NAME]"]);
    refuse(&["orders.toml", "--reference", "strnog"], &["no variant strnog", "did you mean `strong`?"]);
    refuse(&["orders.toml", "--variant", "weak"], &["it has base, strong"]);
    refuse(&["orders.toml", "--variant", "storng"], &["no variant storng, did you mean `strong`?"]);
    refuse(&["orders.toml", "--variant", "strong"], &["only the variant strong", "--reference VARIANT"]);
    refuse(&["cosmos-db/teirs"], &["did you mean `cosmos-db/tiers`?"]);
    // The reference runs without being asked for.
    let one = ["orders.toml", "--variant", "base", "--reference", "strong", "--replications", "20"];
    assert!(compare(&folder, &one).contains("compared with strong"));
    refuse(&["orders.toml", "--replication", "3"], &["--replication"]);
    let both = ["orders.toml", "near/orders.toml"];
    let few = "--replications=20";
    for (from, to, parts, settled) in [
        ("replications = 600", "replications = 60", ["600 and 60", "give --replications N"], few),
        ("[[region]]", "seed = 7\n[[region]]", ["42 and 7", "give --seed N"], "--seed=1"),
        ("\"90d\"", "\"60d\"", ["90d (base) and 60d (base)", "give --horizon D"], "--horizon=30d"),
    ] {
        let text = fs::read_to_string(&single).unwrap();
        fs::write(&single, text.replacen(from, to, 1)).unwrap();
        refuse(&both, &[&both[..], &parts].concat());
        compare(&folder, &[both[0], both[1], settled]);
        fs::write(&single, text).unwrap();
    }
    let text = fs::read_to_string(&single).unwrap();
    let text = text.replacen("replications = 600", "replications = 60", 1).replacen("\"90d\"", "\"60d\"", 1);
    fs::write(&single, text).unwrap();
    refuse(&both, &["600 and 60", "90d (base) and 60d (base)", "give --replications N --horizon D for both"]);
}

/// What does not run need not be alike.
#[test]
fn only_what_runs_has_to_be_alike() {
    let longer = "[variant.longer]\n\"scenario.horizon\" = \"180d\"\n[[expect]]";
    let folder = two_files("compare-alike", |text| text);
    fs::write(folder.join("orders.toml"), ORDERS.replacen("[[expect]]", longer, 1)).unwrap();
    let all = ["compare", "orders.toml", "--replications", "20"];
    let (_, err) = expect(&folder, &all, 2);
    assert!(err.contains("90d (base) and 180d (longer)"), "{err}");
    let some = [&all[1..], &["--variant", "base", "--reference", "strong"]].concat();
    assert!(compare(&folder, &some).contains("compared with strong"));
    let two = ["orders.toml", "near/orders.toml", "--variant", "orders/base", "--variant", "orders-2"];
    assert!(compare(&folder, &two).contains("compared with orders/base"));
}

/// The command that replays a failure names the file and the variant as that file calls it.
#[test]
fn a_limit_in_one_of_several_files_can_be_replayed() {
    let folder = two_files("compare-limit", |text| {
        text.replace("replications = 600", "replications = 600\nmax_events = 20")
    });
    let args = ["compare", "orders.toml", "near/orders.toml"];
    let (_, err) = expect(&folder, &args, 3);
    let command = err.lines().find_map(|l| l.split("to replay it: zonefall ").nth(1)).expect("a command");
    assert!(command.starts_with("run near/orders.toml --variant=base --seed 42"), "{command}");
    let words: Vec<&str> = command.split(' ').collect();
    expect(&folder, &words, 3);
}

#[test]
fn a_shipped_scenario_is_compared_by_its_name() {
    let folder = folder("compare-shipped");
    let text = compare(&folder, &["cosmos-db/tiers", "--replications", "20", "--reference", "T4"]);
    assert!(text.contains("compared with T4") && text.contains("costs 60 % less"), "{text}");
}

/// A curve joins points of one file: two files that vary something have none.
#[test]
fn sweeps_of_two_files_make_no_curves() {
    let sweep = "\n[sweep]\n\"store.orders.workload.writes_per_second\" = [10, 20]\n";
    let folder = two_files("compare-sweeps", |text| text + sweep);
    let files = |out: &str| -> Vec<String> {
        contents(&folder.join(out))
            .into_iter()
            .map(|(name, _)| name)
            .filter(|n| n.starts_with("sweep"))
            .collect()
    };
    let run =
        |args: &[&str]| compare(&folder, &[args, &["-q", "--rows", "none", "--replications", "20"]].concat());
    run(&["orders.toml", "near/orders.toml", "--out", "one"]);
    assert!(files("one").contains(&"sweep.csv".to_string()), "{:?}", files("one"));
    fs::write(folder.join("orders.toml"), ORDERS.to_string() + sweep).unwrap();
    run(&["orders.toml", "near/orders.toml", "--out", "two"]);
    assert_eq!(files("two"), [""; 0]);
}

/// Region outages that are over before anybody decides: if deciding takes no time, each of them is a failover, and far more
/// happens in a replication.
const BRIEF: &str = r#"
[scenario]
name = "Brief outages"
horizon = "95d"
replications = 10
seed = 3
max_events = 500
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
failover = { mode = "service-managed" }
[store.orders.workload]
writes_per_second = 100
reads_per_second = 500
clients = { west = 0.7, north = 0.3 }
[fault.r]
target = "region:*"
per_year = 200
duration = "20m"
"#;

/// What was asked for is not lost over what was not: only who asks what would help fails at the limit that this meets.
#[test]
fn a_limit_met_by_the_way_costs_nothing_else() {
    let folder = folder("what-if-limit");
    fs::write(folder.join("brief.toml"), BRIEF).unwrap();
    let (_, said) = expect(&folder, &["run", "brief.toml", "-q", "--out", "out"], 0);
    assert!(said.contains("note: what would help most is left out, as a limit was reached"), "{said}");
    let has = |name: &str| contents(&folder.join("out")).iter().any(|(file, _)| file == name);
    assert!(has("report.html") && !has("what-if.csv"));
    let asked = ["run", "brief.toml", "-q", "--out", "asked", "--what-if", "base"];
    let (_, said) = expect(&folder, &asked, 3);
    assert!(said.contains("`--what-if none` leaves this out"), "{said}");
    assert!(contents(&folder.join("asked")).is_empty());
    // The command that is named fails in the same way.
    let command = said.lines().find_map(|l| l.split("to replay it: zonefall ").nth(1)).expect("a command");
    let (_, again) = expect(&folder, &command.split(' ').collect::<Vec<_>>(), 3);
    assert_eq!(again.lines().next(), said.lines().next());
    assert!(said.contains("without"), "{said}");
}

/// The only fault is what helps most; the file says what the terminal says.
#[test]
fn what_would_help_most_is_told_to_who_asks() {
    let folder = with_orders("what-if");
    let run = ["run", "orders.toml", "-q", "--variant", "base", "--out", "out"];
    let (silent, _) = expect(&folder, &run, 0);
    assert!(!silent.contains("what would help most"), "{silent}");
    let (told, _) = expect(&folder, &[&run[..], &["--what-if", "base"]].concat(), 0);
    let of_writes = told.split("base: what would help most, orders write").nth(1).expect("told of writes");
    let first = of_writes.lines().nth(2).expect("a row");
    assert!(first.trim_start().starts_with("fault region"), "{of_writes}");
    let csv = fs::read_to_string(folder.join("out/what-if.csv")).unwrap();
    assert!(csv.contains("base,orders,write,fault,region,"), "{csv}");
    let (_, said) = expect(&folder, &["run", "orders.toml", "-q", "--what-if", "bose"], 2);
    assert!(said.contains("no variant bose runs; did you mean `base`?"), "{said}");
}
