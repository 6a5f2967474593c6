//! The pending events: at most one instant per slot, the earliest first.

use super::Slot;
use crate::units::Time;
use core::fmt;

/// Position of a slot that is not in the heap.
const ABSENT: u32 = u32::MAX;
/// Index of the root, so that the four children of any entry fill one [`Family`].
const ROOT: usize = 3;
/// An unused entry: greater than every real one.
const UNUSED: u128 = u128::MAX;

/// Four siblings in one cache line.
#[derive(Clone, Debug)]
#[repr(align(64))]
struct Family([u128; 4]);

/// A queue of slots by (time, slot id): an indexed 4-ary heap that never allocates after [`Queue::new`].
///
/// Each slot is armed with at most one instant. Two queues are equal if the same slots are armed with the same
/// instants, however that came about.
///
/// ```
/// use zonefall::engine::{Queue, Slot};
/// use zonefall::units::Time;
/// let mut queue = Queue::new(3);
/// queue.arm(Slot(2), Time::from_ns(10));
/// queue.arm(Slot(1), Time::from_ns(10));
/// queue.arm(Slot(2), Time::from_ns(5)); // moves it
/// assert_eq!(queue.fire(), Some((Time::from_ns(5), Slot(2))));
/// assert_eq!(queue.fire(), Some((Time::from_ns(10), Slot(1))));
/// assert_eq!(queue.fire(), None);
/// ```
#[derive(Clone)]
pub struct Queue {
    /// The heap: entry `i` is `families[i / 4].0[i % 4]`, from [`ROOT`] on; an entry is `time << 64 | slot`.
    families: Vec<Family>,
    /// Index of the first unused entry.
    end: usize,
    /// Index of each slot's entry, or [`ABSENT`].
    positions: Vec<u32>,
    /// The root is empty (its entry is 0): it was fired and nothing has taken its place yet. The next slot to be
    /// armed goes there with a single sift, the common case of a slot that arms itself again.
    hole: bool,
}

#[inline]
fn entry(time: Time, slot: Slot) -> u128 {
    u128::from(time.ns()) << 64 | u128::from(slot.0)
}

#[inline]
fn time_of(entry: u128) -> Time {
    Time::from_ns((entry >> 64) as u64)
}

#[inline]
fn slot_of(entry: u128) -> Slot {
    Slot(entry as u32)
}

/// The least of four siblings and its place among them.
#[inline]
fn least(family: &Family) -> (u128, usize) {
    // Selections of whole entries: loads by a computed place measured a fifth slower.
    let [a, b, c, d] = family.0;
    let (left, l) = if b < a { (b, 1) } else { (a, 0) };
    let (right, r) = if d < c { (d, 3) } else { (c, 2) };
    if right < left { (right, r) } else { (left, l) }
}

impl Queue {
    /// A queue for the slots `0 .. slots`, none of them armed.
    ///
    /// # Panics
    /// If `slots` exceeds 2³² − 8.
    pub fn new(slots: u32) -> Queue {
        assert!(slots <= u32::MAX - 7, "too many slots: {slots}");
        let entries = slots as usize + ROOT;
        Queue {
            families: vec![Family([UNUSED; 4]); entries.div_ceil(4).max(1)],
            end: ROOT,
            positions: vec![ABSENT; slots as usize],
            hole: false,
        }
    }

    /// Number of slots, armed or not.
    pub fn slots(&self) -> u32 {
        self.positions.len() as u32
    }

    /// Number of armed slots.
    #[inline]
    pub fn len(&self) -> usize {
        self.end - ROOT - usize::from(self.hole)
    }

    /// No slot is armed.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Disarms all slots; the cost is that of the armed ones.
    pub fn clear(&mut self) {
        for index in ROOT..self.end {
            if !(self.hole && index == ROOT) {
                let slot = slot_of(self.get(index));
                self.positions[slot.0 as usize] = ABSENT;
            }
            self.families[index / 4].0[index % 4] = UNUSED;
        }
        self.end = ROOT;
        self.hole = false;
    }

    /// Arms a slot, or moves it if it is armed. [`Time::NEVER`] disarms it.
    ///
    /// # Panics
    /// If the queue has no such slot.
    #[inline]
    pub fn arm(&mut self, slot: Slot, time: Time) {
        if time == Time::NEVER {
            return self.cancel(slot);
        }
        let new = entry(time, slot);
        let position = self.positions[slot.0 as usize];
        if position != ABSENT {
            self.replace(position as usize, new);
        } else if self.hole {
            self.hole = false;
            self.sift_down(ROOT, new);
        } else {
            let index = self.end;
            self.end += 1;
            self.sift_up(index, new);
        }
    }

    /// Disarms a slot; nothing happens if it is not armed.
    ///
    /// # Panics
    /// If the queue has no such slot.
    #[inline]
    pub fn cancel(&mut self, slot: Slot) {
        let position = self.positions[slot.0 as usize];
        if position != ABSENT {
            self.positions[slot.0 as usize] = ABSENT;
            self.remove(position as usize);
        }
    }

    /// When a slot fires, or `None` if it is not armed.
    ///
    /// # Panics
    /// If the queue has no such slot.
    #[inline]
    pub fn armed(&self, slot: Slot) -> Option<Time> {
        let position = self.positions[slot.0 as usize];
        (position != ABSENT).then(|| time_of(self.get(position as usize)))
    }

    /// The next slot and its instant, without taking it.
    #[inline]
    pub fn peek(&self) -> Option<(Time, Slot)> {
        if self.is_empty() {
            return None;
        }
        let first = if self.hole { least(&self.families[1]).0 } else { self.get(ROOT) };
        Some((time_of(first), slot_of(first)))
    }

    /// Disarms the next slot and returns it with its instant.
    #[inline]
    pub fn fire(&mut self) -> Option<(Time, Slot)> {
        if self.hole {
            self.hole = false;
            self.remove(ROOT);
        }
        if self.end == ROOT {
            return None;
        }
        let first = self.get(ROOT);
        self.positions[slot_of(first).0 as usize] = ABSENT;
        // Entry 0 is below every other, so nothing can rise above the hole.
        self.families[ROOT / 4].0[ROOT % 4] = 0;
        self.hole = true;
        Some((time_of(first), slot_of(first)))
    }

    /// A hash of what is armed: equal for equal queues.
    pub fn digest(&self) -> u64 {
        let mut hash = super::digest::Digest::new();
        hash.add(u64::from(self.slots()));
        for (slot, time) in self.iter() {
            hash.add(u64::from(slot.0));
            hash.add(time.ns());
        }
        hash.finish()
    }

    /// The armed slots and their instants, by slot.
    pub fn iter(&self) -> impl Iterator<Item = (Slot, Time)> + '_ {
        (0..self.slots()).filter_map(|slot| self.armed(Slot(slot)).map(|time| (Slot(slot), time)))
    }

    #[inline]
    fn get(&self, index: usize) -> u128 {
        self.families[index / 4].0[index % 4]
    }

    #[inline]
    fn put(&mut self, index: usize, entry: u128) {
        self.families[index / 4].0[index % 4] = entry;
        self.positions[slot_of(entry).0 as usize] = index as u32;
    }

    /// Takes the entry at `index` out; its slot's position is the caller's business.
    #[inline]
    fn remove(&mut self, index: usize) {
        self.end -= 1;
        let last = self.get(self.end);
        self.families[self.end / 4].0[self.end % 4] = UNUSED;
        if index < self.end {
            self.replace(index, last);
        }
    }

    /// Puts `new` where the entry at `index` was, then where it belongs.
    #[inline]
    fn replace(&mut self, index: usize, new: u128) {
        if index > ROOT && new < self.get(index / 4 + 2) {
            self.sift_up(index, new);
        } else {
            self.sift_down(index, new);
        }
    }

    #[inline]
    fn sift_up(&mut self, mut index: usize, new: u128) {
        while index > ROOT {
            let parent = index / 4 + 2;
            let above = self.get(parent);
            // Equal only if `new` is 0 and the root is the hole.
            if above <= new {
                break;
            }
            self.put(index, above);
            index = parent;
        }
        self.put(index, new);
    }

    #[inline]
    fn sift_down(&mut self, mut index: usize, new: u128) {
        while let Some(family) = self.families.get(index - 2) {
            let (below, place) = least(family);
            if new < below {
                break;
            }
            self.put(index, below);
            index = (index - 2) * 4 + place;
        }
        self.put(index, new);
    }
}

impl PartialEq for Queue {
    fn eq(&self, other: &Queue) -> bool {
        self.slots() == other.slots() && self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for Queue {}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(slot, time)| (slot.0, time.ns()))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const SLOTS: u32 = 23;

    /// The same promises, kept naively: a sorted set.
    #[derive(Default)]
    struct Naive(BTreeSet<(u64, u32)>);

    impl Naive {
        fn cancel(&mut self, slot: u32) {
            self.0.retain(|&(_, s)| s != slot);
        }
        fn arm(&mut self, slot: u32, time: u64) {
            self.cancel(slot);
            if time != u64::MAX {
                self.0.insert((time, slot));
            }
        }
        fn queue(&self) -> Queue {
            let mut queue = Queue::new(SLOTS);
            for &(time, slot) in self.0.iter().rev() {
                queue.arm(Slot(slot), Time::from_ns(time));
            }
            queue
        }
    }

    #[derive(Clone, Debug)]
    enum Op {
        Arm(u32, u64),
        Cancel(u32),
        Fire,
        /// Fire, then arm the same slot again this much later.
        Hold(u64),
        Clear,
    }

    fn op() -> impl Strategy<Value = Op> {
        // Few distinct times: ties are common. Zero and never are among them.
        let time =
            prop_oneof![12 => 0..8u64, 4 => any::<u64>(), 1 => Just(u64::MAX), 1 => Just(u64::MAX - 1)];
        prop_oneof![
            8 => (0..SLOTS, time).prop_map(|(s, t)| Op::Arm(s, t)),
            3 => (0..SLOTS).prop_map(Op::Cancel),
            3 => Just(Op::Fire),
            4 => (0..8u64).prop_map(Op::Hold),
            1 => Just(Op::Clear),
        ]
    }

    fn apply(queue: &mut Queue, naive: &mut Naive, op: &Op) {
        match *op {
            Op::Arm(slot, time) => {
                queue.arm(Slot(slot), Time::from_ns(time));
                naive.arm(slot, time);
            }
            Op::Cancel(slot) => {
                queue.cancel(Slot(slot));
                naive.cancel(slot);
            }
            Op::Fire | Op::Hold(_) => {
                let fired = queue.fire();
                assert_eq!(fired, naive.0.pop_first().map(|(t, s)| (Time::from_ns(t), Slot(s))));
                if let (Op::Hold(later), Some((time, slot))) = (op, fired) {
                    let again = time.ns().saturating_add(*later);
                    queue.arm(slot, Time::from_ns(again));
                    naive.arm(slot.0, again);
                }
            }
            Op::Clear => {
                queue.clear();
                naive.0.clear();
            }
        }
    }

    fn agree(queue: &Queue, naive: &Naive) {
        assert_eq!(queue.len(), naive.0.len());
        assert_eq!(queue.is_empty(), naive.0.is_empty());
        assert_eq!(queue.peek(), naive.0.first().map(|&(t, s)| (Time::from_ns(t), Slot(s))));
        for slot in 0..SLOTS {
            let expected = naive.0.iter().find(|e| e.1 == slot).map(|e| Time::from_ns(e.0));
            assert_eq!(queue.armed(Slot(slot)), expected);
        }
        let other = naive.queue();
        assert_eq!(*queue, other, "equal whatever the history");
        assert_eq!(queue.digest(), other.digest());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..Default::default() })]

        #[test]
        fn agrees_with_a_sorted_set(ops in prop::collection::vec(op(), 0..200)) {
            let (mut queue, mut naive) = (Queue::new(SLOTS), Naive::default());
            for op in &ops {
                apply(&mut queue, &mut naive, op);
                agree(&queue, &naive);
            }
            while queue.fire().is_some() {
                naive.0.pop_first();
            }
            prop_assert!(naive.0.is_empty());
        }

        #[test]
        fn a_clone_goes_its_own_way(before in prop::collection::vec(op(), 0..40), after in prop::collection::vec(op(), 0..40)) {
            let (mut queue, mut naive) = (Queue::new(SLOTS), Naive::default());
            before.iter().for_each(|op| apply(&mut queue, &mut naive, op));
            let kept = queue.clone();
            let mut copy = Naive(naive.0.clone());
            after.iter().for_each(|op| apply(&mut queue, &mut naive, op));
            agree(&kept, &copy);
            let mut other = kept.clone();
            after.iter().for_each(|op| apply(&mut other, &mut copy, op));
            prop_assert_eq!(other, queue);
        }
    }

    #[test]
    fn nothing_rises_above_the_hole() {
        // Slot 0 at time 0 has the same bits as the hole that firing leaves.
        let mut queue = Queue::new(12);
        for slot in 0..12 {
            queue.arm(Slot(slot), Time::from_ns(u64::from(12 - slot)));
        }
        assert_eq!(queue.fire(), Some((Time::from_ns(1), Slot(11))));
        queue.arm(Slot(0), Time::ZERO);
        assert_eq!((queue.len(), queue.peek()), (11, Some((Time::ZERO, Slot(0)))));
        let mut without = queue.clone();
        without.cancel(Slot(0));
        assert_eq!((without.armed(Slot(0)), without.fire()), (None, Some((Time::from_ns(2), Slot(10)))));
        assert_eq!(queue.fire(), Some((Time::ZERO, Slot(0))));
        assert_eq!(queue.fire(), Some((Time::from_ns(2), Slot(10))));
    }

    #[test]
    fn unequal_contents_differ() {
        let with = |pairs: &[(u32, u64)]| {
            let mut queue = Queue::new(4);
            pairs.iter().for_each(|&(s, t)| queue.arm(Slot(s), Time::from_ns(t)));
            queue
        };
        let one = with(&[(0, 5), (1, 6)]);
        for other in [with(&[(0, 5)]), with(&[(0, 6), (1, 5)]), with(&[(0, 5), (2, 6)]), Queue::new(5)] {
            assert_ne!(one, other);
            assert_ne!(one.digest(), other.digest());
        }
    }

    #[test]
    fn a_queue_without_slots_is_empty() {
        let mut queue = Queue::new(0);
        assert_eq!((queue.peek(), queue.fire(), queue.len()), (None, None, 0));
        queue.clear();
        assert_eq!(queue, Queue::new(0));
    }
}
