//! The engine's promises: order of events, passes, limits, plain state.

use super::*;
use proptest::prelude::*;

/// Answers every law with itself.
struct Literal;

impl Driver<Duration> for Literal {
    fn delay(&mut self, _: Slot, law: Duration) -> Duration {
        law
    }
}

/// What happened: `Some(slot)` fired, `None` settled.
type Log = Vec<(u64, Option<u32>)>;

/// Does to the timers what a table says, and writes down what happens.
#[derive(Clone, Default)]
struct Scripted {
    /// By slot: what to arm (slot, delay in ns) when it fires, the first time only.
    on_fire: Vec<Vec<(u32, u64)>>,
    /// The same for the n-th settle.
    on_settle: Vec<Vec<(u32, u64)>>,
    settled: usize,
    log: Log,
}

fn arm_all<D: Driver<Duration>>(timers: &mut Timers<'_, D>, list: &[(u32, u64)]) {
    for &(slot, delay) in list {
        timers.after(Slot(slot), Duration::from_ns(delay));
    }
}

impl<D: Driver<Duration>> System<D> for Scripted {
    fn fire(&mut self, slot: Slot, timers: &mut Timers<'_, D>) {
        assert_eq!(timers.armed(slot), None);
        self.log.push((timers.now().ns(), Some(slot.0)));
        if let Some(list) = self.on_fire.get_mut(slot.0 as usize) {
            arm_all(timers, &core::mem::take(list));
        }
    }

    fn settle(&mut self, timers: &mut Timers<'_, D>) {
        self.log.push((timers.now().ns(), None));
        if let Some(list) = self.on_settle.get(self.settled) {
            arm_all(timers, list);
        }
        self.settled += 1;
    }
}

fn engine(slots: u32, armed: &[(u32, u64)]) -> Engine {
    let mut engine = Engine::new(slots);
    arm_all(&mut engine.timers(&mut Literal), armed);
    engine
}

fn run(armed: &[(u32, u64)], mut system: Scripted) -> Log {
    let mut engine = engine(8, armed);
    engine
        .run_until(Time::NEVER, &Limits { events: 1000, time: Time::NEVER }, &mut system, &mut Literal)
        .unwrap();
    system.log
}

#[test]
fn slots_of_an_instant_fire_by_id_then_settle_once() {
    let log = run(&[(5, 10), (2, 10), (7, 3), (0, 10)], Scripted::default());
    let expected = [(3, Some(7)), (3, None), (10, Some(0)), (10, Some(2)), (10, Some(5)), (10, None)];
    assert_eq!(log, expected);
}

#[test]
fn slots_armed_now_by_an_event_join_its_pass() {
    let on_fire = vec![vec![], vec![], vec![(6, 0), (1, 0)]];
    let log = run(&[(2, 4), (5, 4)], Scripted { on_fire, ..Scripted::default() });
    assert_eq!(log, [(4, Some(2)), (4, Some(1)), (4, Some(5)), (4, Some(6)), (4, None)]);
}

#[test]
fn slots_armed_now_by_settle_make_a_further_pass() {
    let on_settle = vec![vec![(3, 0), (1, 0)], vec![(1, 2)]];
    let log = run(&[(2, 4)], Scripted { on_settle, ..Scripted::default() });
    let expected = [(4, Some(2)), (4, None), (4, Some(1)), (4, Some(3)), (4, None), (6, Some(1)), (6, None)];
    assert_eq!(log, expected);
}

#[test]
fn never_and_the_past() {
    let mut engine = engine(4, &[(1, 9)]);
    let mut system = Scripted::default();
    assert_eq!(engine.step(&Limits::NONE, &mut system, &mut Literal), Ok(Some(Time::from_ns(9))));
    let mut driver = Literal;
    let mut timers = engine.timers(&mut driver);
    timers.at(Slot(0), Time::from_ns(2));
    assert_eq!(timers.armed(Slot(0)), Some(Time::from_ns(9)));
    assert_eq!(timers.after(Slot(2), Duration::NEVER), Time::NEVER);
    timers.at(Slot(0), Time::NEVER);
    timers.at(Slot(3), Time::from_ns(11));
    timers.cancel(Slot(3));
    assert_eq!(engine.step(&Limits::NONE, &mut system, &mut Literal), Ok(None));
    assert_eq!((engine.now(), engine.events()), (Time::from_ns(9), 1));
}

#[test]
fn the_limit_on_events_ends_endless_instants() {
    // Within a pass, and pass after pass.
    struct Restless {
        in_settle: bool,
    }
    impl System<Literal> for Restless {
        fn fire(&mut self, slot: Slot, timers: &mut Timers<'_, Literal>) {
            if !self.in_settle {
                timers.at(slot, timers.now());
            }
        }
        fn settle(&mut self, timers: &mut Timers<'_, Literal>) {
            timers.at(Slot(0), timers.now());
        }
    }
    for in_settle in [false, true] {
        let mut engine = engine(1, &[(0, 7)]);
        let limits = Limits { events: 50, time: Time::NEVER };
        let result = engine.run_until(Time::NEVER, &limits, &mut Restless { in_settle }, &mut Literal);
        assert_eq!(result, Err(LimitHit::Events { limit: 50, at: Time::from_ns(7) }));
        assert_eq!(engine.events(), 50);
    }
}

#[test]
fn the_limit_on_time_is_named() {
    let mut engine = engine(2, &[(0, 1_000_000_000), (1, 2_000_000_000)]);
    let limits = Limits { events: u64::MAX, time: Time::from_ns(1_000_000_000) };
    let mut system = Scripted::default();
    let hit = engine.run_until(Time::NEVER, &limits, &mut system, &mut Literal).unwrap_err();
    assert_eq!(hit.to_string(), "limit of simulated time 1s reached: the next event is due at 2s");
    assert_eq!(engine.events(), 1);
    let events = LimitHit::Events { limit: 3, at: Time::from_ns(1_000_000_000) };
    assert_eq!(events.to_string(), "limit of 3 events reached at simulated time 1s");
}

#[test]
fn run_until_includes_its_end_and_can_go_on() {
    let mut engine = engine(4, &[(0, 5), (1, 6), (2, 7)]);
    let mut system = Scripted::default();
    engine.run_until(Time::from_ns(6), &Limits::NONE, &mut system, &mut Literal).unwrap();
    assert_eq!((engine.events(), engine.now()), (2, Time::from_ns(6)));
    engine.run_until(Time::NEVER, &Limits::NONE, &mut system, &mut Literal).unwrap();
    assert_eq!((engine.events(), engine.now()), (3, Time::from_ns(7)));
    engine.clear();
    assert_eq!(engine, Engine::new(4));
    assert_eq!(engine.digest(), Engine::new(4).digest());
}

#[test]
fn the_digest_sees_clock_events_and_slots() {
    let one = engine(4, &[(0, 5)]);
    let mut other = one.clone();
    assert_eq!(one.digest(), other.digest());
    other.events = 1;
    assert_ne!(one.digest(), other.digest());
    other = one.clone();
    other.now = Time::from_ns(1);
    assert_ne!(one.digest(), other.digest());
    assert_ne!(one.digest(), engine(4, &[(1, 5)]).digest());
}

/// A system whose reactions follow from a hash of its past: it arms, moves and cancels slots.
#[derive(Clone, PartialEq, Debug)]
struct Noise {
    slots: u32,
    state: u64,
    log: Log,
}

/// What an engine offers; so that the same noise can drive the engine and the list.
trait Hands {
    fn at(&mut self, slot: u32, time: u64);
    fn cancel(&mut self, slot: u32);
    fn now(&self) -> u64;
}

impl<D> Hands for Timers<'_, D> {
    fn at(&mut self, slot: u32, time: u64) {
        Timers::at(self, Slot(slot), Time::from_ns(time));
    }
    fn cancel(&mut self, slot: u32) {
        Timers::cancel(self, Slot(slot));
    }
    fn now(&self) -> u64 {
        Timers::now(self).ns()
    }
}

impl Noise {
    fn new(slots: u32, state: u64) -> Noise {
        Noise { slots, state, log: Vec::new() }
    }

    fn next(&mut self, below: u64) -> u64 {
        let mut digest = Digest::new();
        digest.add(self.state);
        self.state = digest.finish();
        (self.state >> 20) % below
    }

    fn react(&mut self, slot: Option<u32>, hands: &mut impl Hands) {
        self.log.push((hands.now(), slot));
        let tries = if slot.is_some() { 2 } else { 1 };
        for _ in 0..tries {
            let other = self.next(u64::from(self.slots)) as u32;
            match self.next(8) {
                0 | 1 => hands.cancel(other),
                2 => hands.at(other, hands.now()),
                3 if slot.is_none() => {}
                _ => hands.at(slot.unwrap_or(other), hands.now() + self.next(6)),
            }
        }
    }
}

impl System<()> for Noise {
    fn fire(&mut self, slot: Slot, timers: &mut Timers<'_, ()>) {
        self.react(Some(slot.0), timers);
    }
    fn settle(&mut self, timers: &mut Timers<'_, ()>) {
        self.react(None, timers);
    }
}

/// The event loop over a sorted list.
struct List {
    pending: Vec<(u64, u32)>,
    now: u64,
}

impl Hands for List {
    fn at(&mut self, slot: u32, time: u64) {
        self.cancel(slot);
        self.pending.push((time.max(self.now), slot));
        self.pending.sort_unstable();
    }
    fn cancel(&mut self, slot: u32) {
        self.pending.retain(|p| p.1 != slot);
    }
    fn now(&self) -> u64 {
        self.now
    }
}

impl List {
    fn pass(&mut self, noise: &mut Noise) -> Option<u64> {
        self.now = self.pending.first()?.0;
        while let Some(&(time, slot)) = self.pending.first() {
            if time != self.now {
                break;
            }
            self.pending.remove(0);
            noise.react(Some(slot), self);
        }
        noise.react(None, self);
        Some(self.now)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

    #[test]
    fn agrees_with_an_event_loop_over_a_list(slots in 1u32..20, seed in any::<u64>(), start in prop::collection::vec(0u64..9, 1..20)) {
        let mut engine = Engine::new(slots);
        let mut list = List { pending: Vec::new(), now: 0 };
        for (slot, &time) in (0..slots).zip(&start) {
            engine.timers(&mut ()).at(Slot(slot), Time::from_ns(time));
            list.at(slot, time);
        }
        let (mut system, mut noise) = (Noise::new(slots, seed), Noise::new(slots, seed));
        for _ in 0..60 {
            let stepped = engine.step(&Limits::NONE, &mut system, &mut ()).unwrap();
            prop_assert_eq!(stepped.map(Time::ns), list.pass(&mut noise));
            prop_assert_eq!(&system, &noise);
            let mut again = Engine::new(slots);
            for &(time, slot) in &list.pending {
                again.timers(&mut ()).at(Slot(slot), Time::from_ns(time));
            }
            prop_assert_eq!(engine.queue(), again.queue());
            prop_assert_eq!(engine.queue().digest(), again.queue().digest());
        }
        let fired = noise.log.iter().filter(|entry| entry.1.is_some()).count();
        prop_assert_eq!(engine.events(), fired as u64);
    }
}
