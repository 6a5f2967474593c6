//! SIGINT (Ctrl-C) and SIGTERM: the first asks a run to stop and tidy up, the second ends the program at once.

use super::exit::{Failure, INTERRUPTED};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

static FLAG: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| {
    let seen = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: a signal that finds the flag set ends the program. Where a system refuses, the signals keep their
        // default action, which leaves no more behind than temporary files.
        let second = flag::register_conditional_shutdown(signal, i32::from(INTERRUPTED), seen.clone());
        let _ = second.and_then(|_| flag::register(signal, seen.clone()));
    }
    seen
});

/// The flag that signals set: what runs for long takes it as its cancel flag. Signals have their default action, which
/// ends the program, until this is called for the first time: what has nothing to tidy up need not call it.
pub fn flag() -> &'static AtomicBool {
    &FLAG
}

/// Whether to go on.
///
/// # Errors
/// A signal asked to stop.
pub fn check() -> Result<(), Failure> {
    if flag().load(Ordering::Relaxed) { Err(Failure::interrupted()) } else { Ok(()) }
}
