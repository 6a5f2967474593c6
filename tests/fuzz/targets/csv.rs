//! Any text as the file of an empirical law.

#![no_main]

#[path = "../../hostile/checks.rs"]
mod checks;

use libfuzzer_sys::fuzz_target;

const SCENARIO: &str = r#"
[scenario]
name = "values from a file"
horizon = "1y"
[[region]]
name = "here"
[fault.node]
target = "node:*"
mtbf = "30d"
duration = { law = "empirical", file = "data.csv", column = "s" }
[block.b]
k = 1
of = ["node:*"]
"#;

fuzz_target!(|data: &str| {
    if let Some(scenario) = checks::read(SCENARIO, &[], data) {
        checks::run(&scenario);
    }
});
