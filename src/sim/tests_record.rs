//! What a recorded timeline shows besides its entries: tracks and series, against values worked out by hand.

use super::observe::{Replication, Series, Track};
use super::tests::{secs, world};
use super::tests_recovery::{region, scripted};
use super::{Plan, Simulation};
use crate::model::*;
use crate::units::Duration;

const START: u64 = 10 * 3600;

fn run(m: &Model) -> Replication {
    let plan = Plan::new(m).unwrap();
    let mut out = Replication::default();
    Simulation::new(&plan, 1).run(0, true, &mut out).unwrap();
    out
}

/// Seconds since the fault struck.
fn after(t: crate::units::Time) -> i64 {
    (t.ns() / 1_000_000_000) as i64 - START as i64
}

fn spans(out: &Replication, object: &str, what: &str) -> Vec<(i64, i64, String)> {
    let found: Vec<&Track> = out.tracks.iter().filter(|t| t.object == object && t.what == what).collect();
    assert!(found.len() < 2, "{found:?}");
    let spans = found.iter().flat_map(|t| &t.spans);
    spans.map(|s| (after(s.from), after(s.to), format!("{} {}", s.state, s.detail).trim().into())).collect()
}

fn points(out: &Replication, object: &str, what: &str) -> Vec<(i64, i64)> {
    let found: Vec<&Series> = out.series.iter().filter(|s| s.object == object && s.what == what).collect();
    assert!(found.len() < 2, "{found:?}");
    found.iter().flat_map(|s| &s.points).map(|&(t, value)| (after(t), value)).collect()
}

/// The write region is down for four hours; another takes over after 3750 s, clients use it after 3780 s, and the old one
/// catches up at 10 000 writes a second while 2000 come in.
#[test]
fn a_failover_seen_as_tracks_and_series() {
    let w = world(&["a", "b"], 3, 4);
    let out = run(&scripted(w.clone(), |_| {}, &[(Effect::Down, region(&w, 0), 10, 4)], &[]));
    let text = |list: &[(i64, i64, &str)]| -> Vec<(i64, i64, String)> {
        list.iter().map(|&(from, to, state)| (from, to, state.into())).collect()
    };
    let name = "f0 #0";
    assert_eq!(spans(&out, "region:a", "fault"), text(&[(0, 14_400, "down f0 #0")]));
    let phases = [(0, 90, "detect"), (90, 3690, "decide"), (3690, 3750, "promote"), (3750, 3780, "redirect")];
    let phases = phases.map(|(from, to, phase)| (from, to, format!("{phase} {name}")));
    assert_eq!(spans(&out, "store:s", "write"), phases);
    assert_eq!(spans(&out, "store:s", "read"), []);
    let end = after(crate::units::Time::ZERO + Duration::from_days(10));
    let begin = -(START as i64);
    assert_eq!(spans(&out, "store:s", "write-region"), text(&[(begin, 3750, "a"), (3750, end, "b")]));

    // 5 s of writes are missing in the region that takes over, until they are merged 600 s after the old one is back: it
    // lacks the writes of 10 620 s and gains 8000 a second, so that takes 2655 s.
    let done = 14_400 + 2655;
    assert_eq!(
        points(&out, "store:s", "missing"),
        [(begin, 0), (3750, 0), (3750, 10_000), (done + 600, 10_000), (done + 600, 0), (end, 0)]
    );
    let backlog = points(&out, "store:s/b", "backlog");
    assert_eq!(backlog[..5], [(begin, 0), (0, 0), (0, 10_000), (3750, 10_000), (3750, 0)], "{backlog:?}");
    let backlog = points(&out, "store:s/a", "backlog");
    let most = 2000 * (14_400 - 3780);
    assert_eq!(backlog, [(begin, 0), (3780, 0), (14_400, most), (done, 0), (end, 0)]);
    assert_eq!(
        points(&out, "store:s", "failing-write"),
        [(begin, 0), (0, 0), (0, 1_000_000), (3780, 1_000_000), (3780, 0), (end, 0)]
    );
    assert!(
        points(&out, "store:s", "damaged").is_empty() && points(&out, "store:s", "failing-read").is_empty()
    );
}

/// Nothing of the warm-up is shown, but what lasts into the measured time begins with it; and without a timeline
/// nothing is kept, with the same results.
#[test]
fn recording_starts_with_measurement_and_changes_nothing() {
    let w = world(&["a"], 3, 4);
    let mut m = scripted(w.clone(), |_| {}, &[(Effect::Down, region(&w, 0), 0, 4)], &[]);
    m.faults[0].schedule = Schedule::Stochastic { uptime: crate::rng::Law::constant(secs(START)) };
    m.faults[0].duration = crate::rng::Law::constant(secs(4 * 3600));
    m.warmup = secs(START + 3600);
    let out = run(&m);
    let first = &spans(&out, "region:a", "fault")[0];
    assert_eq!((first.0 + START as i64, first.1 + START as i64), (0, 3 * 3600));
    assert_eq!(spans(&out, "store:s", "write")[0].1 + START as i64, 3 * 3600);
    let plan = Plan::new(&m).unwrap();
    let mut plain = Replication::default();
    Simulation::new(&plan, 1).run(0, false, &mut plain).unwrap();
    assert!(plain.tracks.is_empty() && plain.series.is_empty());
    assert_eq!((&plain.stores, &plain.outages), (&out.stores, &out.outages));
}
