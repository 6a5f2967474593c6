//! Conflicts that wait for the arbiter: the fluid of a queue with one server (Wang, Tipper and Banerjee 1996), moved in
//! quantised steps (Kofman and Junco 2001).

use crate::units::{Duration, NS_PER_SECOND};

/// Parts of a conflict that amounts and drifts are kept in.
const ONE: f64 = (1u64 << 20) as f64;
/// Steps shorter than this many seconds are taken at once.
const INSTANT: f64 = 1e-3;

/// How many conflicts wait, and how fast that changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub(crate) struct Queue {
    /// In parts of a conflict, times nanoseconds of a second.
    amount: i128,
    /// In parts of a conflict per second.
    drift: i128,
}

impl Queue {
    pub(crate) fn advance(&mut self, elapsed: Duration) {
        self.amount = (self.amount + self.drift * i128::from(elapsed.ns())).max(0);
    }

    /// Conflicts that wait.
    pub(crate) fn waiting(&self) -> f64 {
        self.amount as f64 / NS_PER_SECOND as f64 / ONE
    }

    /// Sets the drift for conflicts that come at a rate which depends on how many wait, and are settled at up to
    /// `capacity` per second. Returns when it must be set anew: after a step of a sixteenth, or at the equilibrium.
    pub(crate) fn drift_towards(&mut self, capacity: f64, arrivals: impl Fn(f64) -> f64) -> Duration {
        let slope = |x: f64| arrivals(x) - capacity * x / (1.0 + x);
        self.drift = 0;
        loop {
            let x = self.waiting();
            let near = x / 1024.0 + 1e-4;
            let low = (x - near).max(0.0);
            if (slope(low) >= 0.0 || low == 0.0) && slope(x + near) <= 0.0 {
                return Duration::NEVER;
            }
            let now = slope(x);
            let step = x.max(1.0) / 16.0;
            let mut target = if now > 0.0 { x + step } else { (x - step).max(0.0) };
            let balanced = (slope(target) > 0.0) != (now > 0.0);
            if balanced {
                target = equilibrium(x.min(target), x.max(target), slope);
            }
            let seconds = (target - x) / now;
            if seconds >= INSTANT {
                let drift = now * ONE;
                self.drift = if drift >= 0.0 { (drift + 0.5) as i128 } else { -((0.5 - drift) as i128) };
                return Duration::from_ns((seconds * NS_PER_SECOND as f64).min(1e18) as u64 + 1);
            }
            // So fast that it is there at once.
            self.amount = (target * ONE * NS_PER_SECOND as f64) as i128;
            if balanced {
                return Duration::NEVER;
            }
        }
    }
}

/// Where the slope changes from up to down.
fn equilibrium(mut low: f64, mut high: f64, slope: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..32 {
        let middle = 0.5 * (low + high);
        if slope(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets the queue run for some seconds; returns how often it was looked at.
    fn run(queue: &mut Queue, capacity: f64, arrivals: f64, seconds: f64) -> u32 {
        let (mut left, mut steps) = (seconds, 0);
        loop {
            let next = queue.drift_towards(capacity, |_| arrivals);
            steps += 1;
            assert!(steps < 10_000);
            if next == Duration::NEVER || next.as_secs_f64() >= left {
                queue.advance(Duration::from_ns((left * 1e9) as u64));
                return steps;
            }
            queue.advance(next);
            left -= next.as_secs_f64();
        }
    }

    #[test]
    fn the_equilibrium_is_that_of_one_server() {
        for load in [0.01f64, 0.3, 0.5, 0.9, 0.99] {
            let mut queue = Queue::default();
            let steps = run(&mut queue, 100.0, 100.0 * load, 1e6);
            let expected = load / (1.0 - load);
            assert!(
                (queue.waiting() - expected).abs() < 2e-3 * expected + 2e-4,
                "{load}: {}",
                queue.waiting()
            );
            assert!(steps < 200, "{load}: {steps} steps");
        }
    }

    #[test]
    fn a_fast_arbiter_is_at_its_equilibrium_at_once() {
        let mut queue = Queue::default();
        assert_eq!(run(&mut queue, 1e6, 10.0, 1e6), 1);
        assert!(queue.waiting() < 1e-4, "{}", queue.waiting());
        // A flood fills it, and when it is over it drains, in few steps.
        assert!(run(&mut queue, 1e6, 3e6, 10.0) < 500);
        assert!(run(&mut queue, 1e6, 10.0, 100.0) < 500);
        assert!(queue.waiting() < 1e-3, "{}", queue.waiting());
    }

    #[test]
    fn an_overload_grows_by_the_difference_and_drains_by_it() {
        let mut queue = Queue::default();
        run(&mut queue, 100.0, 150.0, 1000.0);
        assert!((queue.waiting() - 50_000.0).abs() < 50.0, "{}", queue.waiting());
        let steps = run(&mut queue, 100.0, 50.0, 990.0);
        assert!((queue.waiting() - 500.0).abs() < 50.0, "{}", queue.waiting());
        assert!(steps < 200);
        run(&mut queue, 100.0, 50.0, 20.0);
        assert!((queue.waiting() - 1.0).abs() < 0.01, "{}", queue.waiting());
    }
}
