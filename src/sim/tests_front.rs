//! Tiers and routers, by hand. A service needs them; what it sees is theirs.

use super::observe::{Blame, Kind, Outage, Phase, Replication};
use super::tests::{model, rule, secs, world};
use super::tests_services::{failed, need, outages, run, service};
use crate::model::*;
use crate::rng::Law;
use crate::units::{Duration, Time};

const DAYS: Duration = Duration::from_days(10);
const HOUR: u64 = 3600;

fn c(s: u64) -> Law {
    Law::constant(secs(s))
}

fn at(after: u64) -> Schedule {
    Schedule::Scripted(vec![DAYS.saturating_add(secs(after))])
}

/// Instances of a site, one node after the other around its zones.
fn site(w: &World, region: u32, running: u32, most: u32) -> TierSite {
    let region = RegionId(region);
    let nodes = w.domain(w.regions[region.0 as usize]).nodes.clone();
    TierSite { region, nodes: nodes.cycle().take(most as usize).map(NodeId).collect(), running }
}

/// Three zones of one node each in `a`, and the same in `b`. Two instances on each node of `a`, none in `b`; a router sends
/// requests to the zones of `a`. Zone a/1 is down from day 10 on for four hours.
fn three_zones() -> Model {
    let w = world(&["a", "b"], 3, 1);
    let zones: Vec<DomainId> = w.zones(RegionId(0)).collect();
    let zone = Target::Domain(zones[0]);
    let tier = Tier {
        name: "api".into(),
        sites: vec![site(&w, 0, 6, 6), site(&w, 1, 0, 6)],
        needed: 2,
        start: c(0),
        reschedule: None,
        price: None,
    };
    let router = Router {
        name: "entry".into(),
        tier: 0,
        targets: zones,
        balance: Balance::Spread,
        detect: c(0),
        ttl: Duration::ZERO,
        stale_ppm: 0,
        stale_for: c(0),
    };
    let faults = vec![rule("zone", vec![zone], Effect::Down, at(0), c(4 * HOUR))];
    let mut m = model(w, faults, vec![]);
    m.horizon = Duration::from_days(60);
    (m.tiers, m.routers) = (vec![tier], vec![router]);
    m.services =
        vec![service("direct", vec![need(Part::Tier(0))]), service("routed", vec![need(Part::Router(0))])];
    m
}

const DIRECT: usize = 0;
const ROUTED: usize = 1;

/// Seconds in which all requests of a service would have failed.
fn lost(out: &Replication, service: usize) -> f64 {
    failed(out, service, Kind::Read) / 100.0
}

fn only(out: &Replication, service: usize) -> &Outage {
    let seen = outages(out, service as u32, Kind::Read);
    let [outage] = seen[..] else { panic!("{seen:?}") };
    outage
}

fn phase(outage: &Outage, phase: Phase) -> Duration {
    outage.phases[phase as usize]
}

fn near(seen: f64, expected: f64) {
    assert!((seen - expected).abs() <= 1e-4 * expected.max(1.0), "{seen} instead of {expected}");
}

#[test]
fn spare_instances_take_over_and_missing_ones_fail_their_share() {
    let mut m = three_zones();
    m.tiers[0].needed = 4;
    let out = run(&m);
    assert!(out.outages.is_empty() && out.services.iter().all(|s| s.failed == [0; 2]));
    (m.tiers[0].needed, m.tiers[0].start) = (5, c(120));
    let out = run(&m);
    let outage = only(&out, DIRECT);
    assert_eq!(outage.length, secs(4 * HOUR + 120), "until the instances have started again");
    assert_eq!(phase(outage, Phase::Overload), outage.length);
    near(lost(&out, DIRECT), (4 * HOUR + 120) as f64 / 5.0);
    m.tiers[0].reschedule = Some(c(300));
    let out = run(&m);
    assert_eq!(only(&out, DIRECT).length, secs(300), "they run elsewhere, and go home without a gap");
    near(lost(&out, DIRECT), 60.0);
}

#[test]
fn instances_that_moved_are_lost_with_the_node_they_moved_to() {
    let mut m = three_zones();
    let zones: Vec<DomainId> = m.world.zones(RegionId(0)).collect();
    (m.tiers[0].needed, m.tiers[0].reschedule) = (6, Some(c(300)));
    // Those of a/1 run in a/2 when that goes down; all of both run in a/3 five minutes later.
    m.faults.push(rule("second", vec![Target::Domain(zones[1])], Effect::Down, at(HOUR), c(HOUR)));
    let out = run(&m);
    let seen: Vec<(Duration, u32)> =
        outages(&out, 0, Kind::Read).iter().map(|o| (o.length, o.peak_ppm / 1000)).collect();
    assert_eq!(seen, [(secs(300), 333), (secs(300), 666)]);
}

#[test]
fn instances_that_moved_are_blamed_on_what_takes_the_node_they_moved_to() {
    let mut m = three_zones();
    let zones: Vec<DomainId> = m.world.zones(RegionId(0)).collect();
    // The only instance moves from a/1 to a/2, where none is at home, and then to a/3.
    m.tiers[0].sites = vec![TierSite { running: 1, ..m.tiers[0].sites[0].clone() }];
    (m.tiers[0].needed, m.tiers[0].reschedule) = (1, Some(c(300)));
    m.faults.push(rule("second", vec![Target::Domain(zones[1])], Effect::Down, at(HOUR), c(HOUR)));
    m.faults[1].party = Party::Customer;
    let out = run(&m);
    for service in [DIRECT, ROUTED] {
        let seen = outages(&out, service as u32, Kind::Read);
        let rules: Vec<Blame> = seen.iter().map(|o| o.blame).collect();
        assert!(
            matches!(rules[..], [Blame::Fault { rule: 0, .. }, Blame::Fault { rule: 1, .. }]),
            "{service}: {rules:?}"
        );
        assert_eq!(seen[1].parties, [Duration::ZERO, secs(300)]);
    }
}

#[test]
fn maintenance_drains_a_node_whose_instances_can_move() {
    let mut m = three_zones();
    (m.tiers[0].needed, m.faults[0].effect) = (6, Effect::Maintenance);
    assert_eq!(only(&run(&m), DIRECT).length, secs(4 * HOUR));
    m.tiers[0].reschedule = Some(c(300));
    assert!(outages(&run(&m), 0, Kind::Read).is_empty());
}

#[test]
fn without_detection_and_caches_nothing_fails() {
    let out = run(&three_zones());
    assert!(out.outages.is_empty());
    assert_eq!(out.services[ROUTED].failed, [0; 2], "rule i02");
    assert_eq!(out.services[ROUTED].down, [Duration::ZERO; 2]);
}

#[test]
fn a_dead_target_fails_its_share_until_noticed_and_then_as_caches_run_out() {
    let mut m = three_zones();
    (m.routers[0].detect, m.routers[0].ttl) = (c(30), secs(60));
    let out = run(&m);
    let outage = only(&out, ROUTED);
    assert_eq!((outage.start, outage.length), (Time::ZERO + DAYS, secs(90)));
    assert_eq!((phase(outage, Phase::Detect), phase(outage, Phase::Redirect)), (secs(30), secs(60)));
    assert_eq!(outage.parties, [secs(30), secs(60)]);
    assert_eq!(outage.peak_ppm, 333_334);
    near(lost(&out, ROUTED), (30.0 + 60.0 / 2.0) / 3.0);
    // The same for all requests, if all go to the first target.
    m.routers[0].balance = Balance::First;
    near(lost(&run(&m), ROUTED), 30.0 + 60.0 / 2.0);
}

#[test]
fn some_clients_keep_an_answer_longer_or_until_the_target_is_back() {
    let mut m = three_zones();
    let router = &mut m.routers[0];
    (router.detect, router.ttl, router.stale_ppm, router.stale_for) = (c(30), secs(60), 50_000, c(HOUR));
    let out = run(&m);
    near(lost(&out, ROUTED), (0.95 * 60.0 + 0.05 * (30.0 + HOUR as f64 + 30.0)) / 3.0);
    assert_eq!(only(&out, ROUTED).length, secs(30 + HOUR + 60));
    m.faults[0].duration = c(HOUR / 2);
    let out = run(&m);
    near(lost(&out, ROUTED), (0.95 * 60.0 + 0.05 * HOUR as f64 / 2.0) / 3.0);
    assert_eq!(only(&out, ROUTED).length, secs(HOUR / 2));
}

#[test]
fn what_is_too_much_for_the_others_fails_as_overload() {
    let mut m = three_zones();
    (m.tiers[0].needed, m.routers[0].detect, m.routers[0].ttl) = (6, c(30), secs(60));
    let out = run(&m);
    let outage = only(&out, ROUTED);
    // Until the return has been noticed and the last client knows.
    assert_eq!(outage.length, secs(4 * HOUR + 90));
    // A third fails throughout: at the dead target, then more and more at those that are left.
    near(lost(&out, ROUTED), (4.0 * HOUR as f64 + 30.0 + 60.0 / 2.0) / 3.0);
    assert_eq!((phase(outage, Phase::Detect), phase(outage, Phase::Redirect)), (secs(30), secs(60)));
    assert_eq!(phase(outage, Phase::Overload), secs(4 * HOUR));
    assert_eq!(outage.parties, [secs(4 * HOUR + 30), secs(60)]);
    m.routers[0].ttl = Duration::ZERO;
    assert_eq!(only(&run(&m), ROUTED).length, secs(4 * HOUR + 30));
}

#[test]
fn changes_while_caches_run_out_add_up() {
    let mut m = three_zones();
    m.routers[0].ttl = secs(60);
    let zones: Vec<DomainId> = m.world.zones(RegionId(0)).collect();
    m.faults.push(rule("second", vec![Target::Domain(zones[1])], Effect::Down, at(20), c(HOUR)));
    // Each client asks once in a minute: at t those who asked before are left. Of the first zone, the integral of
    // (1 − t/60)/3; of the second, from 20 s on, that and half of those who asked in the first 20 s.
    let first = 60.0 / 2.0 / 3.0;
    let second = 40.0 * 40.0 / 120.0 / 3.0 + 0.5 * (40.0 / 3.0 + 20.0 / 3.0 / 2.0);
    let seen = lost(&run(&m), ROUTED);
    assert!((seen - (first + second)).abs() < 0.1, "{seen} instead of {}, up to four steps", first + second);
    assert_eq!(only(&run(&m), ROUTED).length, secs(80));
}

#[test]
fn with_nothing_alive_all_targets_are_tried() {
    let mut m = three_zones();
    (m.routers[0].detect, m.routers[0].ttl) = (c(30), secs(60));
    m.faults[0].targets = vec![Target::Domain(m.world.regions[0])];
    let out = run(&m);
    let outage = only(&out, ROUTED);
    assert_eq!(outage.length, secs(4 * HOUR), "what comes back serves at once");
    assert_eq!((phase(outage, Phase::Detect), phase(outage, Phase::Repair)), (secs(30), secs(4 * HOUR - 30)));
    near(lost(&out, ROUTED), 4.0 * HOUR as f64);
    assert_eq!(phase(only(&out, DIRECT), Phase::Repair), secs(4 * HOUR));
    // Cut off is as good as dead.
    m.faults[0].effect = Effect::Isolate;
    assert_eq!(run(&m).services, out.services);
}

#[test]
fn by_hand_to_another_region() {
    let mut m = three_zones();
    m.faults[0].targets = vec![Target::Domain(m.world.regions[0])];
    m.routers[0].targets = m.world.regions.clone();
    m.routers[0].balance = Balance::Manual;
    m.tiers[0].start = c(600);
    let after = |s| DAYS.saturating_add(secs(s));
    let action = |s, command| Action { at: after(s), command };
    m.actions = vec![
        action(HOUR / 2, Command::Scale { tier: 0, site: 1, instances: 6 }),
        action(HOUR, Command::Route { router: 0, to: 1 }),
        action(8 * HOUR, Command::Route { router: 0, to: 0 }),
        action(9 * HOUR, Command::Scale { tier: 0, site: 1, instances: 0 }),
    ];
    let out = run(&m);
    assert_eq!(only(&out, ROUTED).length, secs(HOUR));
    assert_eq!(phase(only(&out, ROUTED), Phase::Repair), secs(HOUR));
    assert_eq!(only(&out, DIRECT).length, secs(HOUR / 2 + 600));
    // Too early: nothing runs there yet.
    m.actions[1].at = after(HOUR / 2);
    assert_eq!(only(&run(&m), ROUTED).length, secs(HOUR / 2 + 600));
    // Nobody sends them back: what ends the other site takes them down, and that is the customer's doing.
    m.actions.remove(2);
    let out = run(&m);
    let seen = outages(&out, 1, Kind::Read);
    assert_eq!((seen.len(), seen[1].start), (2, Time::ZERO + after(9 * HOUR)));
    assert_eq!((seen[1].class, seen[1].ended), (Class::Action, false));
    assert_eq!(seen[1].parties[Party::Customer as usize], seen[1].length);
}
