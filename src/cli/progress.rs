//! Progress on standard error; the only user of indicatif.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt::Write;

/// A progress bar that shows itself only on a terminal.
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar for `total` replications of the scenario called `name`; silent if `quiet`.
    pub fn new(name: &str, total: u64, quiet: bool) -> Progress {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        let style = "{msg} {wide_bar} {human_pos}/{human_len} replications, {rate}/s, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(style) {
            let rate = |state: &ProgressState, out: &mut dyn Write| {
                // A bar that cannot be drawn hurts nobody.
                let _ = write!(out, "{:.0}", state.per_sec());
            };
            bar.set_style(style.with_key("rate", rate));
        }
        bar.set_message(name.to_string());
        Progress(bar)
    }

    /// `done` replications are done, of `total` as far as is known now.
    pub fn of(&self, done: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(done);
    }

    /// `done` replications are done.
    pub fn set(&self, done: u64) {
        self.0.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
