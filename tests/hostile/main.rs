//! Hostile input: whatever a text says, it is read or refused, in bounded time and memory, and nothing panics.
//!
//! `ZONEFALL_CASES=100000 cargo test --test hostile` tries more random changes than the gate does; the fuzzer in tests/fuzz
//! goes on from there.

mod checks;
mod files;
mod limits;
mod mutate;
#[path = "../support/mod.rs"]
mod support;

use mutate::{Numbers, mutate};
use proptest::prelude::*;
use std::cell::Cell;

/// Every shipped scenario, and the file that has every key.
fn texts() -> Vec<String> {
    let full = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/full.toml");
    let full = std::fs::read_to_string(full).expect("tests/full.toml exists");
    support::names().iter().map(|name| support::text(name)).chain([full]).collect()
}

fn cases() -> u32 {
    #[expect(clippy::disallowed_methods, reason = "a switch for people, not an input of results")]
    let asked = std::env::var("ZONEFALL_CASES");
    asked.ok().and_then(|n| n.parse().ok()).unwrap_or(300)
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

#[test]
fn changed_scenarios_are_read_or_refused() {
    let texts = texts();
    let change = (0..texts.len(), any::<u64>(), 1..6usize);
    let (read, ran) = (Cell::new(0), Cell::new(0));
    proptest::test_runner::TestRunner::new(config(cases()))
        .run(&change, |(text, seed, rounds)| {
            let text = mutate(&texts[text], &mut Numbers(seed), rounds);
            if let Some(scenario) = checks::read(&text, &[], "s\n1\n2.5\n") {
                read.set(read.get() + 1);
                ran.set(ran.get() + checks::run(&scenario));
            }
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    let (read, ran) = (read.get(), ran.get());
    println!("{read} of {} are valid, {ran} variants ran", cases());
    assert!(read > 0 && ran > 0, "all changes make nonsense");
}

/// Settings of the command line: any path of any file with any value, and nonsense.
#[test]
fn settings_are_taken_or_refused() {
    let texts = texts();
    let full = texts.last().expect("tests/full.toml").clone();
    let paths: Vec<String> = texts
        .iter()
        .flat_map(|text| text.lines())
        .filter_map(|line| line.strip_prefix('"')?.split_once('"').map(|(path, _)| path.to_string()))
        .chain(
            [
                "scenario.horizon",
                "fault.*",
                "store..x",
                "",
                "region[]",
                "a]b[",
                "store.orders.regions[\u{1b}]",
            ]
            .map(Into::into),
        )
        .collect();
    let change = (0..paths.len(), any::<u64>());
    proptest::test_runner::TestRunner::new(config(cases() / 4))
        .run(&change, |(path, seed)| {
            let value = mutate("x = \"1h\"", &mut Numbers(seed), 2);
            let set = [(paths[path].clone(), value.trim_start_matches("x = ").to_string())];
            if let Some(scenario) = checks::read(&full, &set, "minutes\n1\n2.5\n") {
                checks::run(&scenario);
            }
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}
