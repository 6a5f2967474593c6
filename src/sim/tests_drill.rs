//! What people do by hand: changes of the write region, drills, failback, regions taken out; against timelines worked
//! out by hand.

use super::observe::{Kind, Phase};
use super::tests::{secs, world};
use super::tests_failover::{account, of, parties, phase};
use super::tests_recovery::{outages, region, run, scripted};
use crate::model::*;

const HOUR: u64 = 3600;

/// An application that never redirects writes to the region it knows: the store is up an hour after the fault, the
/// application only when the customer has failed back.
#[test]
fn c29_an_application_that_never_redirects_is_down_until_failback() {
    let w = world(&["a", "b"], 3, 4);
    let strike = (Effect::Down, region(&w, 0), 10, 4);
    let change = |s: &mut Store| s.clients[1].redirect = Redirect::Never;
    let back = (20, Command::Failover { store: 0, to: 0 });
    let (out, wrong) = run(&scripted(w, change, &[strike], &[back]));
    assert!(wrong.is_empty(), "{wrong:#?}");
    let [write] = of(&out, Kind::Write)[..] else { panic!("{:?}", out.outages) };
    let failover = 90 + HOUR + 60;
    assert_eq!((write.length, phase(write, Phase::Redirect)), (secs(10 * HOUR), 10 * HOUR - failover));
    assert_eq!(parties(write), (failover, 10 * HOUR - failover));
    let unit = out.stores[0].volume_per_request;
    let failed = |client: usize| out.stores[0].client_failed[client][1] / unit;
    assert_eq!((failed(0), failed(1)), (i128::from(1000 * (failover + 30)), i128::from(1000 * 10 * HOUR)));
}

/// Without a fence the old write region keeps the writes of an application that knows no other, as long as it is cut off
/// from the new one: they come back with it.
#[test]
fn c29_an_unfenced_region_keeps_the_writes_of_who_never_redirects() {
    let mut w = world(&["a", "b"], 3, 4);
    w.links.push(Link { name: "a-b".into(), ends: [RegionId(0), RegionId(1)], rtt: None, bandwidth: None });
    let strike = (Effect::Isolate, Target::Link(LinkId(0)), 10, 4);
    let force = (11, Command::ForceFailover { store: 0, to: None });
    let change = |s: &mut Store| {
        (s.failover.mode, s.failover.fence) = (FailoverMode::None, false);
        s.clients[0].redirect = Redirect::Never;
    };
    let back = (20, Command::Failover { store: 0, to: 0 });
    let (out, wrong) = run(&scripted(w, change, &[strike], &[force, back]));
    assert!(wrong.is_empty(), "{wrong:#?}");
    // From the takeover to the end of the cut it writes on; from then on nobody listens, until failback.
    let unit = out.stores[0].volume_per_request;
    assert_eq!(out.stores[0].client_failed[0][1] / unit, i128::from(1000 * 6 * HOUR));
    let own = 1000 * (3 * HOUR - 60);
    let absent: i128 = out.losses.iter().map(|l| l.absent).sum();
    // What the takeover lacked: an hour of its own writes and the lag of 5 s of both clients'.
    assert_eq!(absent / unit, i128::from(own + 1000 * (HOUR + 60) + 2000 * 5));
}

/// Two regions, strong, the read region is down for four hours: writes stop until it is back, or until somebody takes it
/// out, whoever that is.
#[test]
fn c25_writes_stop_until_the_lost_read_region_is_taken_out() {
    let w = world(&["a", "b"], 3, 4);
    let strike = (Effect::Down, region(&w, 1), 10, 4);
    let (store, region) = (0, 1);
    let out_and_back = [(11, Command::Offline { store, region }), (20, Command::Online { store, region })];
    let managed = 90 + HOUR;
    for (mode, actions, length, by) in [
        (FailoverMode::None, &[][..], 4 * HOUR, (4 * HOUR, 0)),
        (FailoverMode::None, &out_and_back, HOUR, (HOUR, 0)),
        (FailoverMode::ServiceManaged, &[], managed, (managed, 0)),
        (FailoverMode::PerPartition, &[], managed, (managed, 0)),
        (FailoverMode::Customer, &[], managed, (0, managed)),
    ] {
        let change = |s: &mut Store| (s.consistency, s.failover.mode) = (Consistency::Strong, mode);
        let (out, wrong) = run(&scripted(w.clone(), change, &[strike], actions));
        assert!(wrong.is_empty(), "{wrong:#?}");
        let [write] = of(&out, Kind::Write)[..] else { panic!("{:?}", out.outages) };
        assert_eq!((write.length, parties(write)), (secs(length), by), "{mode:?} {actions:?}");
        assert_eq!((outages(&out, Kind::Read), out.losses.len()), (vec![], 0));
    }
}

/// "Change write region" needs both sides, and what lies between them: refused, it leaves everything as it was.
#[test]
fn c20_a_change_is_refused_while_either_side_is_away() {
    let mut w = world(&["a", "b"], 3, 4);
    w.links.push(Link { name: "a-b".into(), ends: [RegionId(0), RegionId(1)], rtt: None, bandwidth: None });
    let change = (11, Command::Failover { store: 0, to: 1 });
    for strike in [
        (Effect::Down, region(&w, 0), 10, 4),
        (Effect::Down, region(&w, 1), 10, 4),
        (Effect::Isolate, region(&w, 0), 10, 4),
        (Effect::Isolate, Target::Link(LinkId(0)), 10, 4),
        (Effect::Partial { share_ppm: 100_000 }, region(&w, 1), 10, 4),
        (Effect::Down, account(Some(1)), 10, 4),
    ] {
        let of = |actions: &[(u64, Command)]| {
            let (out, wrong) =
                run(&scripted(w.clone(), |s| s.failover.mode = FailoverMode::None, &[strike], actions));
            assert!(wrong.is_empty(), "{wrong:#?}");
            (out.stores, out.outages, out.losses)
        };
        assert_eq!(of(&[change]), of(&[]), "{strike:?}");
    }
}

/// A region that was cut off serves at once when it is back, but has much to catch up with: until then the change is
/// refused, since it would lose that.
#[test]
fn c20_a_change_is_refused_until_the_target_has_caught_up() {
    let mut w = world(&["a", "b"], 3, 4);
    w.links.push(Link { name: "a-b".into(), ends: [RegionId(0), RegionId(1)], rtt: None, bandwidth: None });
    let cut = (Effect::Isolate, Target::Link(LinkId(0)), 10, 4);
    // Four hours of 2000 writes a second at 6000 a second while 2000 go on: two hours, until hour 16.
    let change = |s: &mut Store| (s.failover.mode, s.catch_up_mps) = (FailoverMode::None, 6_000_000);
    let lost = (Effect::Down, region(&w, 0), 20, 4);
    let writes_fail = |at| {
        let (out, wrong) =
            run(&scripted(w.clone(), change, &[cut, lost], &[(at, Command::Failover { store: 0, to: 1 })]));
        assert!(wrong.is_empty(), "{wrong:#?}");
        // Clients of b cannot write during the cut; what fails from hour 20 on tells who the write region is then.
        of(&out, Kind::Write).iter().any(|o| o.start.ns() >= secs(20 * HOUR).ns())
    };
    assert!(writes_fail(15), "refused: a still is the write region");
    assert!(!writes_fail(17), "b is the write region");
}

/// With all regions healthy the change costs nothing, at any level, there and back again.
#[test]
fn c21_a_change_between_healthy_regions_costs_nothing() {
    let w = world(&["a", "b", "c"], 3, 4);
    let to = |at, to| (at, Command::Failover { store: 0, to });
    let bounded = Consistency::Bounded { max_writes: 100_000, max_time: secs(300) };
    for level in [Consistency::Strong, bounded, Consistency::Session] {
        let drill = [to(10, 1), to(12, 2), to(14, 0)];
        let (out, wrong) = run(&scripted(w.clone(), |s| s.consistency = level, &[], &drill));
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_eq!((&out.outages, &out.losses), (&vec![], &vec![]), "{level:?}");
        assert_eq!(out.stores[0].acknowledged, out.stores[0].requested[1]);
    }
}

/// The old write region is a read region when it is back, until somebody fails back: a fault there concerns no write.
#[test]
fn c22_nobody_fails_back_by_itself() {
    let w = world(&["a", "b"], 3, 4);
    let strikes = [(Effect::Down, region(&w, 0), 10, 4), (Effect::Down, region(&w, 0), 100, 4)];
    let back = (50, Command::Failover { store: 0, to: 0 });
    let failover = 90 + HOUR + 60 + 30;
    for (actions, expected) in [
        (&[][..], vec![(10 * HOUR, failover)]),
        (&[back], vec![(10 * HOUR, failover), (100 * HOUR, failover)]),
    ] {
        let (out, wrong) = run(&scripted(w.clone(), |_| {}, &strikes, actions));
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_eq!(outages(&out, Kind::Write), expected);
    }
}

/// A drill switches the service's failover off: a fault meanwhile is the customer's to notice. Failing back is refused
/// while the region is down, and works once it has caught up; the same fault after the drill fails over as ever.
#[test]
fn c29_a_fault_during_the_drill_waits_for_its_end() {
    let w = world(&["a", "b"], 3, 4);
    let mode = |mode| Command::SetFailover { store: 0, mode };
    let to = |to| Command::Failover { store: 0, to };
    let drill = [
        (10, mode(FailoverMode::None)),
        (11, to(1)),
        (13, to(0)), // refused: the write region is down
        (20, to(0)),
        (21, mode(FailoverMode::ServiceManaged)),
    ];
    let strikes = [(Effect::Down, region(&w, 1), 12, 3), (Effect::Down, region(&w, 0), 30, 3)];
    let (out, wrong) = run(&scripted(w, |_| {}, &strikes, &drill));
    assert!(wrong.is_empty(), "{wrong:#?}");
    let managed = 90 + HOUR + 60 + 30;
    assert_eq!(outages(&out, Kind::Write), [(12 * HOUR, 3 * HOUR), (30 * HOUR, managed)]);
    assert_eq!(outages(&out, Kind::Read), []);
}
