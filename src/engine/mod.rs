//! The event loop. It knows slots and times, and neither randomness nor what the slots mean.
//!
//! A *slot* is a timer with a fixed id. A [`System`] arms slots, either at an instant or "after a law"; a
//! [`Driver`] turns laws into delays, so that the system itself draws nothing (it can be driven by a sampler, a
//! recorded history or a test).
//!
//! # Order of events
//! 1. Instants are handled in order of time.
//! 2. Within an instant, slots fire in order of their id. Classes of events are ranges of ids, so this is the
//!    order (time, class, slot); nothing depends on the order in which slots were armed.
//! 3. A slot armed at the current instant while slots of it are still firing takes part in the same pass, in
//!    order of id among those still to fire.
//! 4. When no slot of the instant is left, [`System::settle`] is called once. If it arms slots at the current
//!    instant, they make up a further pass, with its own `settle`, of the same instant.
//! 5. A slot armed in the past fires at the current instant; one armed at [`Time::NEVER`] never fires.
//!
//! Passes and instants without end are stopped by the limit on events ([`Limits`]).

mod digest;
mod queue;

pub use digest::Digest;
pub use queue::Queue;

use crate::units::{Duration, Time};
use core::fmt;

/// Id of a timer. Lower ids fire first among those of one instant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Slot(pub u32);

/// Decides how long a slot armed with a law waits.
pub trait Driver<L> {
    /// The delay from now; [`Duration::NEVER`] leaves the slot unarmed.
    fn delay(&mut self, slot: Slot, law: L) -> Duration;
}

/// What the engine runs.
pub trait System<D> {
    /// `slot` fires at `timers.now()`; it is no longer armed and may be armed again.
    fn fire(&mut self, slot: Slot, timers: &mut Timers<'_, D>);

    /// Every slot of this instant has fired.
    fn settle(&mut self, timers: &mut Timers<'_, D>);
}

/// The system's hands on the queue while it handles an event.
pub struct Timers<'a, D> {
    queue: &'a mut Queue,
    now: Time,
    driver: &'a mut D,
}

impl<D> Timers<'_, D> {
    /// The current instant.
    #[inline]
    pub fn now(&self) -> Time {
        self.now
    }

    /// Arms a slot, or moves it. An instant in the past means now, [`Time::NEVER`] disarms.
    ///
    /// # Panics
    /// If the engine has no such slot.
    #[inline]
    pub fn at(&mut self, slot: Slot, time: Time) {
        self.queue.arm(slot, time.max(self.now));
    }

    /// Arms a slot, or moves it, by a law; returns the instant the driver chose.
    ///
    /// # Panics
    /// If the engine has no such slot.
    #[inline]
    pub fn after<L>(&mut self, slot: Slot, law: L) -> Time
    where
        D: Driver<L>,
    {
        let time = self.now + self.driver.delay(slot, law);
        self.queue.arm(slot, time);
        time
    }

    /// Disarms a slot; nothing happens if it is not armed.
    ///
    /// # Panics
    /// If the engine has no such slot.
    #[inline]
    pub fn cancel(&mut self, slot: Slot) {
        self.queue.cancel(slot);
    }

    /// When a slot fires, or `None` if it is not armed.
    ///
    /// # Panics
    /// If the engine has no such slot.
    #[inline]
    pub fn armed(&self, slot: Slot) -> Option<Time> {
        self.queue.armed(slot)
    }

    /// The driver.
    #[inline]
    pub fn driver(&mut self) -> &mut D {
        self.driver
    }
}

/// How far a run may go (rule R8).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Most events since [`Engine::new`] or [`Engine::clear`].
    pub events: u64,
    /// No instant after this one is handled.
    pub time: Time,
}

impl Limits {
    /// No limit at all: only for systems known to come to rest.
    pub const NONE: Limits = Limits { events: u64::MAX, time: Time::NEVER };
}

/// The limit that stopped a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LimitHit {
    /// One more event than allowed was due.
    Events {
        /// The limit.
        limit: u64,
        /// When the event was due.
        at: Time,
    },
    /// An event after the last allowed instant was due.
    Time {
        /// The limit.
        limit: Time,
        /// When the event was due.
        at: Time,
    },
}

impl fmt::Display for LimitHit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            LimitHit::Events { limit, at } => {
                write!(f, "limit of {limit} events reached at simulated time {}", at - Time::ZERO)
            }
            LimitHit::Time { limit, at } => write!(
                f,
                "limit of simulated time {} reached: the next event is due at {}",
                limit - Time::ZERO,
                at - Time::ZERO
            ),
        }
    }
}

impl core::error::Error for LimitHit {}

/// The clock, the armed slots and the number of events handled: a plain value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Engine {
    queue: Queue,
    now: Time,
    events: u64,
}

impl Engine {
    /// An engine for the slots `0 .. slots` at time zero. Nothing is allocated later.
    ///
    /// # Panics
    /// If `slots` exceeds 2³² − 8.
    pub fn new(slots: u32) -> Engine {
        Engine { queue: Queue::new(slots), now: Time::ZERO, events: 0 }
    }

    /// Back to the state after [`Engine::new`].
    pub fn clear(&mut self) {
        self.queue.clear();
        self.now = Time::ZERO;
        self.events = 0;
    }

    /// The current instant.
    #[inline]
    pub fn now(&self) -> Time {
        self.now
    }

    /// Number of events handled.
    #[inline]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The armed slots.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Access to the timers from outside an event: to arm the first slots, or to intervene.
    pub fn timers<'a, D>(&'a mut self, driver: &'a mut D) -> Timers<'a, D> {
        Timers { queue: &mut self.queue, now: self.now, driver }
    }

    /// A hash of the state: equal for equal engines.
    pub fn digest(&self) -> u64 {
        let mut digest = Digest::new();
        digest.add(self.now.ns());
        digest.add(self.events);
        digest.add(self.queue.digest());
        digest.finish()
    }

    /// Handles the next pass (all slots of the next instant, then `settle`) and returns its instant, or `None`
    /// if no slot is armed. A further pass of the same instant is the next step.
    ///
    /// # Errors
    /// The limit hit; the due event stays armed, and nothing that was done is undone.
    #[inline]
    pub fn step<D, S: System<D>>(
        &mut self,
        limits: &Limits,
        system: &mut S,
        driver: &mut D,
    ) -> Result<Option<Time>, LimitHit> {
        match self.queue.peek() {
            Some((time, _)) => self.pass(time, limits, system, driver).map(|()| Some(time)),
            None => Ok(None),
        }
    }

    /// Handles every instant up to and including `end`; afterwards [`now`](Engine::now) is the last instant
    /// handled.
    ///
    /// # Errors
    /// The limit hit; the due event stays armed, and nothing that was done is undone.
    #[inline]
    pub fn run_until<D, S: System<D>>(
        &mut self,
        end: Time,
        limits: &Limits,
        system: &mut S,
        driver: &mut D,
    ) -> Result<(), LimitHit> {
        while let Some((time, _)) = self.queue.peek() {
            if time > end {
                break;
            }
            self.pass(time, limits, system, driver)?;
        }
        Ok(())
    }

    /// All slots due at `time`, which is the earliest, then `settle`.
    #[inline]
    fn pass<D, S: System<D>>(
        &mut self,
        time: Time,
        limits: &Limits,
        system: &mut S,
        driver: &mut D,
    ) -> Result<(), LimitHit> {
        if time > limits.time {
            return Err(LimitHit::Time { limit: limits.time, at: time });
        }
        self.now = time;
        while let Some((next, _)) = self.queue.peek() {
            if next != time {
                break;
            }
            if self.events >= limits.events {
                return Err(LimitHit::Events { limit: limits.events, at: time });
            }
            self.events += 1;
            if let Some((_, slot)) = self.queue.fire() {
                system.fire(slot, &mut Timers { queue: &mut self.queue, now: time, driver });
            }
        }
        system.settle(&mut Timers { queue: &mut self.queue, now: time, driver });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
