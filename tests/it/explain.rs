//! `zonefall explain` has something to say about all that the program says.

use crate::cli::{expect, folder};
use crate::source;
use std::collections::BTreeSet;

/// Ids of figures that the shipped scenarios yield, without their subjects.
fn figures() -> BTreeSet<String> {
    let folder = folder("figures");
    let (names, _) = expect(&folder, &["scenario", "list"], 0);
    let mut ids = BTreeSet::new();
    for name in names.lines() {
        let (csv, _) = expect(&folder, &["run", name, "--replications", "1", "--format", "csv", "-q"], 0);
        let third = |line: &str| Some(fields(line)[2].clone()).filter(|id| !id.is_empty());
        ids.extend(csv.lines().skip(1).filter_map(third));
    }
    ids
}

/// Fields of a line whose first may be quoted.
fn fields(line: &str) -> Vec<String> {
    let mut fields = Vec::new();
    let mut rest = line;
    while let Some(quoted) = rest.strip_prefix('"') {
        let end = quoted.find("\",").expect("the quote is closed");
        fields.push(quoted[..end].to_string());
        rest = &quoted[end + 2..];
    }
    fields.extend(rest.split(',').map(str::to_string));
    fields
}

#[test]
fn every_figure_of_every_scenario_is_explained() {
    let ids: Vec<String> = figures().into_iter().collect();
    assert!(ids.len() > 300, "only {} figures", ids.len());
    let args: Vec<&str> = ["explain"].into_iter().chain(ids.iter().map(String::as_str)).collect();
    expect(&folder("explained"), &args, 0);
}

#[test]
fn rules_and_codes_are_explained() {
    let folder = folder("words");
    let rules = std::fs::read_to_string(source::root().join("tests/scenarios/rules.toml")).unwrap();
    let ids: Vec<&str> = rules.lines().filter_map(|l| l.strip_prefix("id")?.split('"').nth(1)).collect();
    assert_eq!(ids.len(), 50);
    let args: Vec<&str> = ["explain"].into_iter().chain(ids.iter().copied()).collect();
    let (out, _) = expect(&folder, &args, 0);
    for id in ids {
        assert!(out.contains(&format!("{id}: ")), "{id}");
    }
    for (word, part) in [
        ("zf0302", "a selector that matches nothing"),
        ("ZF1003", "no file and no shipped scenario"),
        ("orders/rto_seconds.write.zone.p99", "STAT is p99"),
        ("store.orders.consistency", "`store.orders.consistency`: a key"),
    ] {
        let (out, err) = expect(&folder, &["explain", word], 0);
        assert!(out.contains(part) && err.is_empty(), "{word}: {out}{err}");
    }
    let (out, err) = expect(&folder, &["explain", "c14", "rto_secnds"], 2);
    assert!(out.is_empty() && err.contains("did you mean `rto_seconds` (figure)"), "{out}{err}");
}
