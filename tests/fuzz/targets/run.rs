//! Changed scenarios; the valid ones run a replication.

#![no_main]

#[path = "../../hostile/checks.rs"]
mod checks;
#[path = "../../hostile/mutate.rs"]
mod mutate;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_target!(|text: &str| {
    if let Some(scenario) = checks::read(text, &[], "s\n1\n2.5\n") {
        checks::run(&scenario);
    }
});

// Token by token, as most changes of bytes leave no scenario; sometimes bytes all the same.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut numbers = mutate::Numbers(u64::from(seed));
    match std::str::from_utf8(&data[..size]) {
        Ok(text) if numbers.below(8) > 0 => {
            let rounds = 1 + numbers.below(4);
            let changed = mutate::mutate(text, &mut numbers, rounds);
            let kept = changed.floor_char_boundary(max_size.min(data.len()));
            data[..kept].copy_from_slice(&changed.as_bytes()[..kept]);
            kept
        }
        _ => fuzzer_mutate(data, size, max_size),
    }
});
