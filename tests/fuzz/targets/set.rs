//! Settings as on the command line, one `PATH=VALUE` a line, on top of the file that has every key.

#![no_main]

#[path = "../../hostile/checks.rs"]
mod checks;

use libfuzzer_sys::fuzz_target;

const FULL: &str = include_str!("../../full.toml");

fuzz_target!(|text: &str| {
    let pair = |line: &str| line.split_once('=').map(|(a, b)| (a.trim().to_string(), b.trim().to_string()));
    let set: Vec<(String, String)> = text.lines().filter_map(pair).collect();
    if let Some(scenario) = checks::read(FULL, &set, "s\n1\n2.5\n") {
        checks::run(&scenario);
    }
});
