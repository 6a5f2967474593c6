//! Several write regions, by hand: positions, losses, outages and merges on small worlds.

use super::observe::{Kind, Outage, Phase, Replication, Subject};
use super::tests::{model, rule, secs, store, world};
use super::{Plan, Simulation};
use crate::model::*;
use crate::rng::Law;
use crate::units::Duration;

/// A fault strikes day 10; times below count from there.
const STRIKE: u64 = 864_000;

/// Something happens to a region (or link): effect, target, after seconds, for seconds.
type Blow = (Effect, Target, u64, u64);

fn region(w: &World, r: usize) -> Target {
    Target::Domain(w.regions[r])
}

/// Every region writes 1000 a second to itself, else to the first that takes it; lag 5 s, detect 90 s, promote 60 s,
/// redirect 30 s, catch-up 10,000 a second.
fn several(w: &World) -> Store {
    let mut s = store(w, &(0..w.regions.len() as u32).collect::<Vec<_>>());
    s.writes = Writes::Multi;
    s.failover.mode = FailoverMode::None;
    for client in &mut s.clients {
        client.write_order = client.order.clone();
    }
    s
}

fn scenario(
    names: &[&str],
    change: impl Fn(&mut Store),
    blows: impl Fn(&World) -> Vec<Blow>,
    actions: &[(u64, Command)],
) -> Model {
    let w = world(names, 3, 4);
    let mut s = several(&w);
    change(&mut s);
    let strike = |(i, (effect, target, at, lasts)): (usize, Blow)| {
        let at = Schedule::Scripted(vec![secs(STRIKE + at)]);
        rule(&format!("f{i}"), vec![target], effect, at, Law::constant(secs(lasts)))
    };
    let faults = blows(&w).into_iter().enumerate().map(strike).collect();
    let actions = actions.iter().map(|&(at, command)| Action { at: secs(STRIKE + at), command }).collect();
    Model { horizon: Duration::from_days(20), actions, ..model(w, faults, vec![s]) }
}

fn run(m: &Model) -> Replication {
    let plan = Plan::new(m).unwrap();
    let (mut sim, mut out) = (Simulation::new(&plan, 1), Replication::default());
    sim.run(0, true, &mut out).unwrap();
    out
}

fn simulate(names: &[&str], change: impl Fn(&mut Store), blows: impl Fn(&World) -> Vec<Blow>) -> Replication {
    run(&scenario(names, change, blows, &[]))
}

/// Start, length in seconds and peak share in percent of the outages of one kind.
fn outages(out: &Replication, kind: Kind) -> Vec<(u64, u64, u32)> {
    let of_kind = |o: &&Outage| o.subject == Subject::Store(0, kind);
    let all = out.outages.iter().filter(of_kind);
    all.map(|o| {
        (o.start.ns() / 1_000_000_000 - STRIKE, o.length.ns() / 1_000_000_000, o.peak_ppm.div_ceil(10_000))
    })
    .collect()
}

fn writes(out: &Replication, volume: i128) -> i128 {
    assert_eq!(volume % out.stores[0].volume_per_request, 0);
    volume / out.stores[0].volume_per_request
}

/// Second at which the timeline says something for the first time, and what.
fn told(out: &Replication, event: &str) -> Vec<(u64, String)> {
    let of_event = out.timeline.iter().filter(|e| e.event == event);
    of_event.map(|e| (e.at.ns() / 1_000_000_000 - STRIKE, e.detail.clone())).collect()
}

fn losses(out: &Replication) -> Vec<(u64, i128, i128, i128, i128, i128)> {
    let all = out.losses.iter().map(|l| {
        let [absent, recovered, superseded, missing, lost] =
            [l.absent, l.recovered, l.superseded, l.missing, l.lost].map(|v| writes(out, v));
        (l.rpo.ns() / 1_000_000_000, absent, recovered, superseded, missing, lost)
    });
    all.collect()
}

/// The satellite of two regions goes and comes back. Its clients write elsewhere after 90 + 30 s; the other region
/// lacks 5 s of its writes. It has missed 5 s + 120 s at 1000 a second and 14,280 s at 2000; it works that off at 8000
/// a second net, then serves, and its 5000 writes are merged, a fifth of them too late.
#[test]
fn c31_c36_a_satellite_goes_and_comes_back() {
    let fifth = |s: &mut Store| s.on_return.superseded_ppm = 200_000;
    let out = simulate(&["a", "b"], fifth, |w| vec![(Effect::Down, region(w, 1), 0, 14_400)]);
    assert_eq!(outages(&out, Kind::Write), [(0, 120, 50)]);
    assert_eq!(outages(&out, Kind::Read), []);
    assert_eq!(losses(&out), [(5, 5000, 4000, 1000, 0, 0)]);
    let back = 14_400 + (5_000 + 120_000 + 14_280 * 2000) / 8000;
    assert_eq!(told(&out, "merged")[0].0, back);
    let run = &out.stores[0];
    assert_eq!(writes(&out, run.acknowledged), 2000 * 86_400 * 20 - 1000 * 120);
    assert_eq!(writes(&out, run.surviving), writes(&out, run.acknowledged) - 1000);
    assert_eq!(writes(&out, run.missing_peak), 5000);
}

/// The same with a feed that somebody reads every hour, with one that nobody reads, with a procedure that merges.
#[test]
fn c37_who_resolves_conflicts_says_when_writes_come_back() {
    let with = |resolve| {
        let change = move |s: &mut Store| {
            s.conflicts.resolve = resolve;
            s.on_return.superseded_ppm = 200_000;
        };
        simulate(&["a", "b"], change, |w| vec![(Effect::Down, region(w, 1), 0, 14_400)])
    };
    let feed = with(Resolve::Feed(Some(secs(3600))));
    assert_eq!(told(&feed, "merged")[0].0, 18_000, "the full hour after 17,985 s");
    assert_eq!(losses(&feed), [(5, 5000, 5000, 0, 0, 0)]);
    let never = with(Resolve::Feed(None));
    assert_eq!(losses(&never), [(5, 5000, 0, 0, 5000, 0)]);
    assert_eq!(told(&never, "merged"), []);
    let merge = with(Resolve::Merge);
    assert_eq!(told(&merge, "merged")[0].0, 17_985);
    assert_eq!(losses(&merge), [(5, 5000, 5000, 0, 0, 0)]);
}

/// Destroyed: what no other region had is lost at once; nothing more is booked when the loss is noticed.
#[test]
fn c31_a_destroyed_satellite_loses_its_lag() {
    let out = simulate(&["a", "b"], |_| {}, |w| vec![(Effect::Destroy, region(w, 1), 0, 14_400)]);
    assert_eq!(losses(&out), [(5, 5000, 0, 0, 0, 5000)]);
    assert_eq!(outages(&out, Kind::Write), [(0, 120, 50)]);
    let down_first = |w: &World| {
        vec![(Effect::Down, region(w, 1), 0, 14_400), (Effect::Destroy, region(w, 1), 3600, 7200)]
    };
    assert_eq!(losses(&simulate(&["a", "b"], |_| {}, down_first)), [(5, 5000, 0, 0, 0, 5000)]);
}

/// Three regions: the arbiter lacks one lag of a satellite's writes, the other satellite two; the furthest counts.
#[test]
fn c31_a_write_passes_through_the_arbiter() {
    let lost = |r| move |w: &World| vec![(Effect::Down, region(w, r), 0, 14_400)];
    for r in 0..3 {
        let out = simulate(&["a", "b", "c"], |_| {}, lost(r));
        assert_eq!(losses(&out), [(5, 5000, 5000, 0, 0, 0)], "region {r}");
        assert_eq!(outages(&out, Kind::Write), [(0, 120, 34)], "region {r}");
        assert_eq!(outages(&out, Kind::Read), []);
    }
    // The link between the satellites carries nothing, that to the arbiter does: without it c has what it got by then.
    let cut = |ends: [u32; 2]| {
        let mut m = scenario(&["a", "b", "c"], |_| {}, |_| vec![], &[]);
        let link = Link { name: "l".into(), ends: ends.map(RegionId), rtt: None, bandwidth: None };
        m.world.links.push(link);
        let strike = |name, target, effect, at, lasts| {
            let at = Schedule::Scripted(vec![secs(STRIKE + at)]);
            rule(name, vec![target], effect, at, Law::constant(secs(lasts)))
        };
        m.faults.push(strike("cut", Target::Link(LinkId(0)), Effect::Isolate, 0, 10_000));
        m.faults.push(strike("lost", region(&m.world, 1), Effect::Down, 1000, 14_400));
        run(&m)
    };
    assert_eq!(losses(&cut([1, 2])), [(5, 5000, 5000, 0, 0, 0)]);
    // b writes on alone from -5 s to 1000 s.
    assert_eq!(losses(&cut([0, 1])), [(1005, 1_005_000, 1_005_000, 0, 0, 0)]);
}

/// The arbiter goes: the satellites lose no writes, but until the next one is arbiter, 90 + 60 s later, neither has
/// the other's. A second loss in that time costs two lags and what came after; later it costs one lag again.
#[test]
fn c32_while_the_arbiter_is_out_nothing_is_replicated() {
    let both = |second: u64| {
        move |w: &World| {
            vec![(Effect::Down, region(w, 0), 0, 14_400), (Effect::Down, region(w, 2), second, 14_400)]
        }
    };
    let early = simulate(&["a", "b", "c"], |_| {}, both(100));
    assert_eq!(told(&early, "arbiter"), [(150, "b is the arbiter".to_string())]);
    let absent = 110 * 1000;
    assert_eq!(losses(&early), [(5, 5000, 5000, 0, 0, 0), (110, absent, absent, 0, 0, 0)]);
    // By 200 s region b has worked off 160 s of writes, at 9000 a second net.
    let late = simulate(&["a", "b", "c"], |_| {}, both(200));
    assert_eq!(losses(&late), [(5, 5000, 5000, 0, 0, 0), (5, 5000, 5000, 0, 0, 0)]);
    // A short absence changes nothing.
    let short = simulate(&["a", "b", "c"], |_| {}, |w| vec![(Effect::Down, region(w, 0), 0, 149)]);
    assert_eq!(told(&short, "arbiter"), []);
}

/// Cut off, both sides run on and nothing is lost; the arbiter's role moves all the same.
#[test]
fn isolated_regions_go_on() {
    for (r, moved) in [(0, 1), (1, 0)] {
        for mode in [FailoverMode::None, FailoverMode::ServiceManaged] {
            let change = |s: &mut Store| s.failover.mode = mode;
            let out =
                simulate(&["a", "b", "c"], change, |w| vec![(Effect::Isolate, region(w, r), 0, 14_400)]);
            assert!(out.outages.is_empty() && out.losses.is_empty(), "{r} {:?}", out.outages);
            assert_eq!(told(&out, "arbiter").len(), moved);
            assert_eq!(out.stores[0].acknowledged, out.stores[0].surviving);
        }
    }
}

/// The staleness bound holds in each lane: 5 s of lag and 295 s of silence. The region that was cut off waits for the
/// link; the others until the service takes it off the list.
#[test]
fn the_staleness_bound_holds_per_lane() {
    let bounded = |mode| {
        move |s: &mut Store| {
            s.consistency = Consistency::Bounded { max_writes: 10_000_000, max_time: secs(300) };
            s.failover.mode = mode;
            s.catch_up_mps = 1_000_000_000;
        }
    };
    let isolated = |w: &World| vec![(Effect::Isolate, region(w, 1), 0, 14_400)];
    let managed = simulate(&["a", "b"], bounded(FailoverMode::ServiceManaged), isolated);
    assert_eq!(outages(&managed, Kind::Write), [(295, 14_400 - 295, 100)]);
    let [a, b] = [0, 1].map(|c| writes(&managed, managed.stores[0].client_failed[c][1]) / 1000);
    assert_eq!((a, b), (3690 - 295, 14_400 - 295));
    let none = simulate(&["a", "b"], bounded(FailoverMode::None), isolated);
    let [a, b] = [0, 1].map(|c| writes(&none, none.stores[0].client_failed[c][1]) / 1000);
    assert_eq!((a, b), (14_400 - 295, 14_400 - 295));
    assert!(none.losses.is_empty());
}

/// A region that is down holds the others back in the same way, until the service takes it off the list or it has
/// caught up: 300 s of a thousand writes a second and 14,400 s less what was held, at a million a second.
#[test]
fn the_staleness_bound_waits_for_a_lost_region() {
    let bounded = |mode| {
        move |s: &mut Store| {
            s.consistency = Consistency::Bounded { max_writes: 10_000_000, max_time: secs(300) };
            s.failover.mode = mode;
            s.catch_up_mps = 1_000_000_000;
        }
    };
    let down = |w: &World| vec![(Effect::Down, region(w, 1), 0, 14_400)];
    let managed = simulate(&["a", "b"], bounded(FailoverMode::ServiceManaged), down);
    assert_eq!(outages(&managed, Kind::Write), [(0, 120, 50), (295, 3690 - 295, 100)]);
    let none = simulate(&["a", "b"], bounded(FailoverMode::None), down);
    assert_eq!(outages(&none, Kind::Write), [(0, 120, 50), (295, 14_400 - 295, 100)]);
    for out in [managed, none] {
        assert_eq!(losses(&out), [(5, 5000, 5000, 0, 0, 0)]);
        assert_eq!(outages(&out, Kind::Read), []);
    }
}

/// A tenth of a region's partitions: a tenth of its clients' writes go elsewhere, a tenth of its lag is missing, and
/// where the arbiter is hit only those partitions get another one.
#[test]
fn partitions_are_lost_one_by_one() {
    for r in [0, 1] {
        let tenth = Effect::Partial { share_ppm: 100_000 };
        let out = simulate(&["a", "b", "c"], |_| {}, |w| vec![(tenth, region(w, r), 0, 14_400)]);
        assert_eq!(outages(&out, Kind::Write), [(0, 120, 4)]);
        assert_eq!(writes(&out, out.stores[0].failed[1]), 1000 / 10 * 120);
        assert_eq!(losses(&out), [(5, 500, 500, 0, 0, 0)]);
        assert_eq!(outages(&out, Kind::Read), []);
    }
}

/// Both regions gone: nothing is missing before one of them is back without the other.
#[test]
fn with_all_regions_lost_the_first_to_return_counts() {
    let both =
        |w: &World| vec![(Effect::Down, region(w, 0), 0, 7200), (Effect::Down, region(w, 1), 0, 14_400)];
    let out = simulate(&["a", "b"], |_| {}, both);
    assert_eq!(losses(&out), [(5, 5000, 5000, 0, 0, 0)]);
    assert_eq!(out.losses[0].at.ns() / 1_000_000_000, STRIKE + 7200);
    assert_eq!(outages(&out, Kind::Write), [(0, 7200, 100)]);
}

/// The arbiter's role is moved by hand without loss; forced, it moves after the promotion; who holds it cannot be
/// taken out, another region can and comes back.
#[test]
fn actions_move_the_arbiter_and_take_regions_out() {
    let store = 0;
    let moved = [(0, Command::Failover { store, to: 2 }), (10, Command::Offline { store, region: 2 })];
    let out = run(&scenario(&["a", "b", "c"], |_| {}, |_| vec![], &moved));
    assert_eq!(told(&out, "arbiter"), [(0, "c is the arbiter".to_string())]);
    assert_eq!(told(&out, "action-failed").len(), 1);
    assert!(out.outages.is_empty() && out.losses.is_empty());

    let forced = [(0, Command::ForceFailover { store, to: None })];
    let out = run(&scenario(&["a", "b", "c"], |_| {}, |_| vec![], &forced));
    assert_eq!(told(&out, "arbiter"), [(60, "b is the arbiter".to_string())]);
    assert!(out.outages.is_empty() && out.losses.is_empty());

    let out_and_in =
        [(0, Command::Offline { store, region: 1 }), (3600, Command::Online { store, region: 1 })];
    let out = run(&scenario(&["a", "b", "c"], |_| {}, |_| vec![], &out_and_in));
    // Its clients write elsewhere once they have noticed.
    assert_eq!(outages(&out, Kind::Write), [(0, 120, 34)]);
    assert_eq!(writes(&out, out.stores[0].client_failed[1][1]), 120_000);
    assert!(out.losses.is_empty());
}

/// If everybody writes to the first region and nothing fails there, it does not matter that others could take writes.
#[test]
fn writing_to_one_region_is_a_single_write_region() {
    let both = |blows: &dyn Fn(&World) -> Vec<Blow>| {
        [Writes::Single, Writes::Multi].map(|writes| {
            let change = |s: &mut Store| {
                s.writes = writes;
                s.throughput_mru = Some(40_000_000);
                s.clients.iter_mut().for_each(|c| c.write_order = vec![0, 1, 2]);
            };
            simulate(&["a", "b", "c"], change, blows)
        })
    };
    let [single, multi] = both(&|_| vec![]);
    assert_eq!(single.stores, multi.stores);
    assert_eq!(single.outages, multi.outages);
    assert!(writes(&single, single.stores[0].failed[1]) == 0);
    let [single, multi] = both(&|w| vec![(Effect::Down, region(w, 2), 0, 7200)]);
    assert_eq!(single.stores, multi.stores);
    assert_eq!(single.outages, multi.outages);
}

/// Damage in both regions, undone from backups: nothing is served from the decision on, reads neither; then each region
/// waits until its copy of the other's lane is filled again.
#[test]
fn c16_lanes_that_are_restored_serve_nothing() {
    let hour = |h: u64| Law::constant(secs(3600 * h));
    let restore = Restore {
        notice: hour(0),
        decide: hour(1),
        request: hour(2),
        per_terabyte: hour(3),
        unusable_ppm: 0,
        reapply_ppm: 0,
        into: None,
        stops: true,
    };
    let policy = BackupPolicy::Continuous {
        period: secs(100),
        granularity: secs(1),
        retention: Duration::from_days(7),
    };
    let backed_up = |s: &mut Store| {
        let vaults = s.regions.iter().map(|r| Vault { region: r.region, zone: None }).collect();
        s.backup = Some(Backup { policy, vaults, restore: restore.clone() });
        // A group has a twelfth of the data: it is filled in 20 minutes.
        (s.data_bytes, s.rebuild) =
            (1_000_000_000_000, Some(Rebuild { bandwidth: 1_000_000_000_000 / 14_400 }));
        s.partitions = 12;
    };
    let corrupt = Effect::Corrupt { share_ppm: 1_000_000, damages: Damages::Data };
    let all = |_: &World| vec![(corrupt, Target::Store { store: 0, region: None }, 0, 60)];
    let out = simulate(&["a", "b"], backed_up, all);
    for kind in Kind::ALL {
        let outage = out.outages.iter().find(|o| o.subject == Subject::Store(0, kind)).expect("out");
        assert_eq!(outages(&out, kind), [(3600, 5 * 3600 + 1200, 100)], "{kind:?}");
        let phase = |p: Phase| secs(outage.phases[p as usize].ns() / 1_000_000_000);
        assert_eq!(phase(Phase::Request), secs(2 * 3600), "{kind:?}");
        assert_eq!(phase(Phase::Restore), secs(3 * 3600), "{kind:?}");
        assert_eq!(phase(Phase::Rebuild), secs(1200), "{kind:?}");
    }
}
