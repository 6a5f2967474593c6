//! Services over stores and blocks, by hand.

use super::observe::{Blame, Kind, Outage, Phase, Replication, Subject};
use super::tests::{model, rule, secs, store, world};
use super::{Plan, Simulation};
use crate::model::objective::Series;
use crate::model::*;
use crate::rng::Law;
use crate::units::{Duration, Time};

const DAYS: Duration = Duration::from_days(10);
const HALF: u64 = 1800;

/// A store of 100 partitions with one replica each in a zone: `[reads, writes]` per second of its own.
pub(super) fn single(w: &World, name: &str, zone: DomainId) -> Store {
    let mut s = store(w, &[w.domain(zone).region.0]);
    s.name = name.into();
    (s.replicas, s.write_quorum, s.read_quorum) = (1, 1, 1);
    (s.regions[0].placement, s.regions[0].min_zones) = (Placement::Zonal(zone), 1);
    s.failover.mode = FailoverMode::None;
    s
}

pub(super) fn service(name: &str, needs: Vec<Need>) -> Service {
    Service {
        name: name.into(),
        needs,
        reads_mps: 100_000,
        writes_mps: 10_000,
        profile: Profile::flat(),
        outage_threshold_ppm: 0,
    }
}

pub(super) fn need(on: Part) -> Need {
    Need { on, path: Series::All, share_ppm: 1_000_000 }
}

fn uses(on: Part, share_ppm: u32) -> Need {
    Need { share_ppm, ..need(on) }
}

/// Two zones with a store each; the first is down for an hour from day 10 on, the second half an hour later.
fn two_zones(services: Vec<Service>) -> Model {
    let w = world(&["a"], 2, 1);
    let zones: Vec<DomainId> = w.zones(RegionId(0)).collect();
    let at = |after| Schedule::Scripted(vec![Duration::from_secs(10 * 86400 + after)]);
    let down = |name: &str, z: usize, after| {
        rule(name, vec![Target::Domain(zones[z])], Effect::Down, at(after), Law::constant(Duration::HOUR))
    };
    let faults = vec![down("first", 0, 0), down("second", 1, HALF)];
    let stores = vec![single(&w, "x", zones[0]), single(&w, "y", zones[1])];
    let mut m = model(w, faults, stores);
    m.faults[1].party = Party::Customer;
    m.horizon = Duration::from_days(60);
    let block = |name: &str, need| Block {
        name: name.into(),
        need,
        members: zones.iter().map(|&z| Member::Domain(z)).collect(),
        report: true,
    };
    m.blocks = vec![block("both", 2), block("any", 1)];
    m.services = services;
    m
}

pub(super) fn run(m: &Model) -> Replication {
    let plan = Plan::new(m).unwrap();
    let mut simulation = Simulation::new(&plan, 1);
    let (mut out, mut again) = (Replication::default(), Replication::default());
    simulation.run(0, true, &mut out).unwrap();
    simulation.run(0, true, &mut again).unwrap();
    assert_eq!(out, again, "a simulation keeps nothing from one replication to the next");
    out
}

pub(super) fn outages(out: &Replication, service: u32, kind: Kind) -> Vec<&Outage> {
    out.outages.iter().filter(|o| o.subject == Subject::Service(service, kind)).collect()
}

/// Failed requests of a kind.
pub(super) fn failed(out: &Replication, service: usize, kind: Kind) -> f64 {
    let run = &out.services[service];
    run.failed[kind as usize] as f64 / run.volume_per_request as f64
}

fn near(seen: f64, expected: f64) {
    assert!((seen - expected).abs() <= 1e-6 * expected.max(1.0), "{seen} instead of {expected}");
}

#[test]
fn a_service_is_up_while_everything_it_needs_is() {
    let both = service("both", vec![need(Part::Store(0)), need(Part::Store(1))]);
    let any = service("any", vec![need(Part::Block(1))]);
    let strict = service("strict", vec![need(Part::Block(0))]);
    let out = run(&two_zones(vec![both, any, strict]));
    for kind in Kind::ALL {
        let seen = outages(&out, 0, kind);
        let [outage] = seen[..] else { panic!("{seen:?}") };
        assert_eq!((outage.start, outage.length), (Time::ZERO + DAYS, secs(3 * HALF)));
        assert_eq!((outage.peak_ppm, outage.time_to_impact), (1_000_000, Duration::ZERO));
        assert!(matches!(outage.blame, Blame::Fault { rule: 0, .. }));
        // The first hour is booked to what the first part waits for, the rest to the second.
        assert_eq!(outage.phases[Phase::Repair as usize], secs(3 * HALF));
        assert_eq!(outage.parties, [secs(2 * HALF), secs(HALF)]);
        assert_eq!(out.services[0].down[kind as usize], secs(3 * HALF));
        let seen = outages(&out, 1, kind);
        let [outage] = seen[..] else { panic!("{seen:?}") };
        assert_eq!((outage.start, outage.length), (Time::ZERO + DAYS + secs(HALF), secs(HALF)));
        assert_eq!(out.services[2].down, out.services[0].down);
    }
    assert_eq!(failed(&out, 0, Kind::Read), (100 * 3 * HALF) as f64);
    assert_eq!(failed(&out, 0, Kind::Write), (10 * 3 * HALF) as f64);
    let run = &out.services[0];
    assert_eq!(run.requested[0] / run.volume_per_request, 100 * 60 * 86400);
    assert!(run.client_failed.is_empty() && run.acknowledged == 0);
}

#[test]
fn a_path_and_a_share() {
    let reads = Need { path: Series::Read, ..need(Part::Store(0)) };
    let one_way = service("one-way", vec![reads]);
    let weak = service("weak", vec![uses(Part::Store(0), 300_000), uses(Part::Store(1), 500_000)]);
    let mut dull = weak.clone();
    (dull.name, dull.outage_threshold_ppm) = ("dull".into(), 500_000);
    let out = run(&two_zones(vec![one_way, weak, dull]));
    assert_eq!((outages(&out, 0, Kind::Read).len(), outages(&out, 0, Kind::Write).len()), (1, 0));
    assert_eq!(out.services[0].failed[1], 0);
    // Half an hour each of the first alone, of both, of the second alone.
    let shares = 0.3 + (1.0 - 0.7 * 0.5) + 0.5;
    near(failed(&out, 1, Kind::Read), 100.0 * HALF as f64 * shares);
    assert_eq!(outages(&out, 1, Kind::Read)[0].peak_ppm, 650_001, "rounded up");
    let seen = outages(&out, 2, Kind::Read);
    assert_eq!((seen.len(), seen[0].length), (1, secs(HALF)), "above half: only with both");
}

#[test]
fn a_share_equal_to_the_threshold_is_not_above_it() {
    let at = |threshold| {
        let mut s = service("s", vec![uses(Part::Store(0), 300_000)]);
        s.outage_threshold_ppm = threshold;
        outages(&run(&two_zones(vec![s])), 0, Kind::Read).len()
    };
    assert_eq!([299_999, 300_000].map(at), [1, 0]);
}

/// Hits a quarter of the first store's partitions instead of its zone.
fn quarter(services: Vec<Service>) -> Model {
    let mut m = two_zones(services);
    let effect = Effect::Partial { share_ppm: 250_000 };
    let target = Target::Store { store: 0, region: None };
    let at = Schedule::Scripted(vec![DAYS]);
    m.faults = vec![rule("some", vec![target], effect, at, Law::constant(Duration::HOUR))];
    m
}

#[test]
fn a_part_that_several_ways_lead_to_fails_once() {
    let direct = service("direct", vec![need(Part::Store(0))]);
    let twice = service("twice", vec![need(Part::Service(0)), need(Part::Service(0)), need(Part::Store(0))]);
    // Half of the requests go to each of two services, both on the same store: some call neither.
    let left = service("left", vec![need(Part::Store(0)), need(Part::Store(1))]);
    let right = service("right", vec![need(Part::Store(0))]);
    let halves = vec![uses(Part::Service(2), 500_000), uses(Part::Service(3), 500_000)];
    let split = service("split", halves);
    let out = run(&quarter(vec![direct, twice, left, right, split]));
    let hour = 100.0 * 3600.0;
    let share = |run: &super::observe::StoreRun| run.failed[0] as f64 / run.requested[0] as f64;
    assert!((share(&out.services[0]) - share(&out.stores[0])).abs() < 1e-18);
    assert_eq!(failed(&out, 0, Kind::Read), hour * 0.25);
    assert_eq!(out.services[1].failed, out.services[0].failed);
    near(failed(&out, 4, Kind::Read), hour * 0.25 * (1.0 - 0.5 * 0.5));
}

#[test]
fn a_used_service_fails_its_share_however_much_of_it_is_down() {
    let inner = service("inner", vec![need(Part::Store(0)), need(Part::Store(1))]);
    let outer = service("outer", vec![uses(Part::Service(0), 300_000)]);
    let out = run(&two_zones(vec![inner, outer]));
    near(failed(&out, 1, Kind::Read), 0.3 * 100.0 * 3.0 * HALF as f64);
}

#[test]
fn the_order_of_needs_changes_blame_alone() {
    let needs = vec![need(Part::Store(0)), uses(Part::Store(1), 400_000), need(Part::Block(1))];
    let mut turned = needs.clone();
    turned.reverse();
    let [a, b] = [needs, turned].map(|needs| run(&two_zones(vec![service("s", needs)])));
    let [x, y] = [&a, &b].map(|out| &out.services[0]);
    assert_eq!((x.failed, x.requested, x.down, &x.months), (y.failed, y.requested, y.down, &y.months));
    for kind in Kind::ALL {
        let [x, y] = [&a, &b].map(|out| outages(out, 0, kind)[0]);
        assert_eq!((x.start, x.length, x.failed, x.peak_ppm), (y.start, y.length, y.failed, y.peak_ppm));
    }
}

#[test]
fn what_began_before_measurement_or_lasts_beyond_it() {
    let mut m = two_zones(vec![service("s", vec![need(Part::Store(0))])]);
    m.faults.truncate(1);
    m.faults[0].schedule = Schedule::Scripted(vec![Duration::ZERO, DAYS]);
    m.horizon = DAYS.saturating_add(secs(600));
    let out = run(&m);
    let lengths: Vec<Duration> = outages(&out, 0, Kind::Read).iter().map(|o| o.length).collect();
    assert_eq!(lengths, [Duration::HOUR, Duration::HOUR]);
    assert_eq!(out.services[0].down[0], secs(3600 + 600));
    assert_eq!(failed(&out, 0, Kind::Read), 100.0 * 4200.0);
}
