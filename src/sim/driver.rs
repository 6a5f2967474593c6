//! Who decides when a timer fires (design D1): the model names a law and a mark, the driver answers with a time.

use crate::engine::{Driver, Slot};
use crate::rng::{Law, Marks};
use crate::units::Duration;

/// The words of an occurrence's marks, by use (design D4; contract in docs/randomness.md).
pub(crate) mod word {
    pub(crate) const UPTIME: u32 = 0;
    pub(crate) const DURATION: u32 = 1;
    pub(crate) const LAG: u32 = 2;
    pub(crate) const DETECT: u32 = 3;
    pub(crate) const DECIDE: u32 = 4;
    pub(crate) const PROMOTE: u32 = 5;
    pub(crate) const REDIRECT: u32 = 6;
    pub(crate) const MERGE: u32 = 7;
    pub(crate) const NOTICE: u32 = 8;
    pub(crate) const RESTORE_DECIDE: u32 = 9;
    pub(crate) const REQUEST: u32 = 10;
    pub(crate) const COPY: u32 = 11;
    pub(crate) const ARBITER: u32 = 12;
    pub(crate) const REPLACE: u32 = 13;
    pub(crate) const START: u32 = 14;
    pub(crate) const RESCHEDULE: u32 = 15;
    pub(crate) const BACK: u32 = 16;
    pub(crate) const STALE: u32 = 17;
    /// First of the words that a rule adds for common causes and cascades.
    pub(crate) const EXTRA: u32 = 18;
}

/// Address of the marks of one occurrence: a stream and a number in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Mark {
    pub(crate) purpose: u32,
    pub(crate) occurrence: u64,
}

/// "After a time that follows this law, at this mark."
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draw<'l> {
    pub(crate) law: &'l Law,
    pub(crate) mark: Mark,
    pub(crate) word: u32,
}

/// What the model may ask of a driver. Today [`Dice`] samples; an enumeration of rates would be another driver.
/// (Fault histories are replayed a level above, event by event: `sim/tape.rs`.)
pub(crate) trait Chance: for<'l> Driver<Draw<'l>> {
    /// The value of a law at a mark.
    fn value(&mut self, draw: Draw<'_>) -> Duration;
    /// One of `n`, by the bits of the words for up time and duration that their laws do not use.
    fn choose(&mut self, mark: Mark, n: u32) -> u32;
    /// Whether something of this chance (in millionths) happens, by one word of a mark.
    fn happens(&mut self, mark: Mark, word: u32, ppm: u32) -> bool;
}

/// The sampling driver.
#[derive(Clone)]
pub(crate) struct Dice {
    pub(crate) marks: Marks,
}

impl Chance for Dice {
    #[inline]
    fn value(&mut self, draw: Draw<'_>) -> Duration {
        match draw.law.as_constant() {
            Some(d) => d,
            None => draw.law.quantile(self.marks.word(draw.mark.purpose, draw.mark.occurrence, draw.word)),
        }
    }

    #[inline]
    fn choose(&mut self, mark: Mark, n: u32) -> u32 {
        // Laws take the upper 52 bits of a word; 24 spare bits name one of n with a bias below n / 2^24.
        let low = |marks: &mut Marks, word| marks.word(mark.purpose, mark.occurrence, word) & 0xfff;
        let bits = (low(&mut self.marks, word::UPTIME) << 12) | low(&mut self.marks, word::DURATION);
        ((bits * u64::from(n)) >> 24) as u32
    }

    fn happens(&mut self, mark: Mark, word: u32, ppm: u32) -> bool {
        let u = self.marks.word(mark.purpose, mark.occurrence, word);
        // u / 2^64 < ppm / 10^6, in integers.
        u128::from(u) * 1_000_000 < u128::from(ppm) << 64
    }
}

impl Driver<Draw<'_>> for Dice {
    #[inline]
    fn delay(&mut self, _slot: Slot, draw: Draw<'_>) -> Duration {
        self.value(draw)
    }
}
