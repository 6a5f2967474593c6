//! Any bytes as a scenario: read or refused, and every problem can be shown.

#![no_main]

#[path = "../../hostile/checks.rs"]
#[allow(dead_code)]
mod checks;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    checks::read(text, &[], "s\n1\n2.5\n");
});
