//! Runbooks, and restores that they order, against timelines worked out by hand.

use super::observe::{Booked, Kind, Outage, Phase, Replication, StoreRun, Subject};
use super::tests::{model, rule, secs, store, world};
use super::tests_failover::parties;
use super::tests_services::{need, service};
use super::{Plan, Simulation};
use crate::model::*;
use crate::rng::Law;
use crate::units::Duration;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
/// Monday of the second week, noon.
const LOST: u64 = 7 * DAY + 12 * HOUR;

fn constant(s: u64) -> Law {
    Law::constant(secs(s))
}

/// An asset in the first region, which a runbook restores in the second; daily backups of an hour, kept in the second.
fn asset(w: &World, name: &str, gigabytes: u64) -> Store {
    let mut s = store(w, &[0, 1]);
    s.regions[1].joins_later = true;
    s.regions.iter_mut().for_each(|r| r.min_zones = 1);
    s.clients.truncate(1);
    (s.name, s.asset, s.data_bytes) = (name.into(), true, gigabytes * 1_000_000_000);
    (s.replicas, s.write_quorum, s.partitions) = (3, 2, 1);
    s.failover.mode = FailoverMode::None;
    s.failover.redirect = constant(0);
    s.on_return.merge_after = None;
    s.backup = Some(Backup {
        policy: BackupPolicy::Periodic {
            interval: secs(DAY),
            duration: secs(HOUR),
            copies: 7,
            fails_ppm: 0,
            skew: secs(0),
        },
        vaults: vec![Vault { region: RegionId(1), zone: None }; 2],
        restore: Restore {
            notice: Law::constant(Duration::NEVER),
            decide: Law::constant(Duration::NEVER),
            request: constant(0),
            per_terabyte: constant(0),
            unusable_ppm: 0,
            reapply_ppm: 0,
            into: None,
            stops: false,
        },
    });
    s
}

fn step(name: &str, takes: u64, after: &[u32], does: Option<Command>) -> Step {
    Step {
        name: name.into(),
        owner: Party::Customer,
        takes: constant(takes),
        after: after.to_vec(),
        fails_ppm: 0,
        retry: constant(0),
        does,
    }
}

/// A quarter of an hour until it is noticed; restores share 100 MB/s.
fn plan_of(trigger: Trigger, steps: Vec<Step>) -> Runbook {
    Runbook {
        name: "move".into(),
        trigger,
        notice: constant(900),
        hours: Hours::Always,
        bandwidth: 100_000_000,
        steps,
    }
}

fn restore(store: u32) -> Option<Command> {
    Some(Command::Restore { store, into: 1 })
}

/// The first region is struck at noon of the eighth day, for so many seconds.
fn struck(effect: Effect, lasts: u64, stores: Vec<Store>, runbook: Runbook) -> Model {
    let w = world(&["a", "b"], 3, 4);
    let region = Target::Domain(w.regions[0]);
    let strike = rule("strike", vec![region], effect, Schedule::Scripted(vec![secs(LOST)]), constant(lasts));
    Model { horizon: Duration::from_days(100), runbooks: vec![runbook], ..model(w, vec![strike], stores) }
}

fn run(m: &Model) -> Replication {
    let plan = Plan::new(m).unwrap();
    let mut out = Replication::default();
    Simulation::new(&plan, 1).run(0, false, &mut out).unwrap();
    out
}

/// The only outage of writes of a store.
fn outage(out: &Replication, store: u32) -> &Outage {
    let mut found = out.outages.iter().filter(|o| o.subject == Subject::Store(store, Kind::Write));
    let first = found.next().unwrap();
    assert!(found.next().is_none(), "one outage");
    first
}

fn length(out: &Replication, store: u32) -> u64 {
    outage(out, store).length.ns() / 1_000_000_000
}

fn phases(o: &Outage) -> Vec<(Phase, u64)> {
    let all = Phase::ALL.into_iter().map(|p| (p, o.phases[p as usize].ns() / 1_000_000_000));
    all.filter(|(_, s)| *s > 0).collect()
}

fn writes(out: &Replication, volume: i128) -> i128 {
    volume / out.stores[0].volume_per_request
}

/// Two steps one after the other, then 200 GB at 100 MB/s; the backup of that midnight is the newest.
#[test]
fn i07_destroyed_region_is_left_step_by_step() {
    let w = world(&["a", "b"], 3, 4);
    let mut steps = vec![step("instance", HOUR, &[], None), step("data", HOUR / 2, &[0], restore(0))];
    steps[1].owner = Party::Provider;
    let runbook = plan_of(Trigger::Lost(RegionId(0)), steps);
    let out = run(&struck(Effect::Destroy, 30 * DAY, vec![asset(&w, "x", 200)], runbook));
    let o = outage(&out, 0);
    assert_eq!(length(&out, 0), 900 + HOUR + HOUR / 2 + 2000);
    assert_eq!(phases(o), [(Phase::Detect, 900), (Phase::Decide, HOUR), (Phase::Restore, HOUR / 2 + 2000)]);
    assert_eq!(parties(o), (HOUR / 2 + 2000, 900 + HOUR));
    // Noon, and the backup started at midnight.
    assert_eq!(writes(&out, out.stores[0].lost), i128::from(12 * HOUR) * 1000);
    assert_eq!(writes(&out, out.stores[0].recovered), i128::from(7 * DAY) * 1000);
    assert_eq!((out.losses[0].rpo, out.stores[0].missing), (secs(12 * HOUR), 0));
    // His own backup lacked it.
    assert_eq!(out.losses[0].parties[Party::Customer as usize], out.losses[0].lost);
    assert_eq!(out.restores.len(), 1);
}

/// The region is only down: what the backup lacks is missing, and still there when it is back after a month. Nobody writes
/// it again, or somebody does at once.
#[test]
fn i07_what_a_backup_lacks_of_a_region_that_is_down_is_missing() {
    let w = world(&["a", "b"], 3, 4);
    for merge in [None, Some(constant(0))] {
        let mut a = asset(&w, "x", 200);
        a.on_return.merge_after = merge.clone();
        let runbook = plan_of(Trigger::Lost(RegionId(0)), vec![step("data", 100, &[], restore(0))]);
        let out = run(&struck(Effect::Down, 30 * DAY, vec![a], runbook));
        assert_eq!(length(&out, 0), 900 + 100 + 2000);
        let absent = i128::from(12 * HOUR) * 1000;
        let (missing, recovered) = if merge.is_some() { (0, absent) } else { (absent, 0) };
        assert_eq!(writes(&out, out.stores[0].missing), missing);
        assert_eq!(writes(&out, out.losses[0].recovered), recovered);
        assert_eq!((out.stores[0].lost, out.losses[0].rpo), (0, secs(12 * HOUR)));
    }
}

/// 100 GB and 300 GB at once: 50 MB/s each for 2000 s, then the rest of the larger at 100 MB/s for 2000 s. If the smaller
/// begins 1000 s late, the larger has 200 GB left then: 2000 s together, then 1000 s alone.
#[test]
fn restores_share_the_bandwidth() {
    let w = world(&["a", "b"], 3, 4);
    for (late, small, large) in [(0, 2000, 4000), (1000, 3000, 4000)] {
        let stores = vec![asset(&w, "small", 100), asset(&w, "large", 300)];
        let steps = vec![step("small", late, &[], restore(0)), step("large", 0, &[], restore(1))];
        let runbook = plan_of(Trigger::Lost(RegionId(0)), steps);
        let out = run(&struck(Effect::Destroy, 30 * DAY, stores, runbook));
        assert_eq!((length(&out, 0), length(&out, 1)), (900 + small, 900 + large), "{late}");
    }
}

/// Two plans, the second slower and with two steps for one asset, restore the same: it is copied once, as the first does.
#[test]
fn a_store_that_several_restore_is_copied_by_the_first() {
    let w = world(&["a", "b"], 3, 4);
    let restores = |n| (0..n).map(|_| step("data", 100, &[], restore(0))).collect();
    let runbook = plan_of(Trigger::Lost(RegionId(0)), restores(1));
    let mut m = struck(Effect::Destroy, 30 * DAY, vec![asset(&w, "x", 200)], runbook.clone());
    m.runbooks.push(Runbook { name: "second".into(), bandwidth: 10_000_000, steps: restores(2), ..runbook });
    assert_eq!(length(&run(&m), 0), 900 + 100 + 2000);
    m.runbooks.remove(0);
    assert_eq!(length(&run(&m), 0), 900 + 100 + 20_000);
}

/// Back before anybody noticed, before the first step that does something has begun, and after that: then it runs to its
/// end, and restores nothing, because the region is there.
#[test]
fn a_region_that_is_back_in_time_calls_it_off() {
    let w = world(&["a", "b"], 3, 4);
    for (lasts, steps_begun) in [(800, 0), (1000, 1), (900 + HOUR + 10, 2)] {
        let steps = vec![step("instance", HOUR, &[], None), step("data", HOUR, &[0], restore(0))];
        let runbook = plan_of(Trigger::Lost(RegionId(0)), steps);
        let m = struck(Effect::Down, lasts, vec![asset(&w, "x", 200)], runbook);
        let plan = Plan::new(&m).unwrap();
        let mut out = Replication::default();
        Simulation::new(&plan, 1).run(0, true, &mut out).unwrap();
        assert_eq!(length(&out, 0), lasts);
        assert_eq!((out.losses.len(), out.restores.len()), (0, 0));
        let told = |what: &str| out.timeline.iter().filter(|e| e.detail.ends_with(what)).count();
        assert_eq!(told(": begins"), steps_begun);
        let (off, done) = if steps_begun < 2 { (1, 0) } else { (0, 1) };
        assert_eq!((told("called off"), told("done")), (off, done));
    }
}

/// It is destroyed, and its place is back before anybody noticed: the data does not come back with it, so the plan goes on.
#[test]
fn an_empty_region_that_is_back_calls_nothing_off() {
    let w = world(&["a", "b"], 3, 4);
    let runbook = plan_of(Trigger::Lost(RegionId(0)), vec![step("data", 100, &[], restore(0))]);
    let out = run(&struck(Effect::Destroy, 60, vec![asset(&w, "x", 200)], runbook));
    assert_eq!((length(&out, 0), out.restores.len()), (900 + 100 + 2000, 1));
}

/// Lost on Friday at 16:50, noticed a quarter of an hour later: Monday, 9 h. The first step takes until 16:30, the second
/// is begun then; the third would begin at 17:30: Tuesday, 9 h.
#[test]
fn office_hours_wait_for_monday() {
    let w = world(&["a", "b"], 3, 4);
    let steps = vec![
        step("first", 7 * HOUR + 1800, &[], None),
        step("second", HOUR, &[0], None),
        step("data", 0, &[1], restore(0)),
    ];
    let runbook = Runbook { hours: Hours::Office, ..plan_of(Trigger::Lost(RegionId(0)), steps) };
    let mut m = struck(Effect::Destroy, 30 * DAY, vec![asset(&w, "x", 200)], runbook);
    let friday = 11 * DAY + 16 * HOUR + 50 * 60;
    m.faults[0].schedule = Schedule::Scripted(vec![secs(friday)]);
    let out = run(&m);
    assert_eq!(friday + length(&out, 0), 15 * DAY + 9 * HOUR + 2000);
    assert_eq!(phases(outage(&out, 0))[0], (Phase::Detect, 14 * DAY + 9 * HOUR - friday));
}

/// Each attempt takes an hour and fails with chance 1/2, the next comes after half an hour: with n attempts the data is
/// there after n hours and n − 1 halves. So n is geometric: 2 on average, and every replication fits.
#[test]
fn attempts_fail_by_marks_of_their_own() {
    let w = world(&["a", "b"], 3, 4);
    let mut steps = vec![step("data", HOUR, &[], restore(0))];
    (steps[0].fails_ppm, steps[0].retry) = (500_000, constant(HOUR / 2));
    let runbook = plan_of(Trigger::Lost(RegionId(0)), steps);
    let m = struck(Effect::Destroy, 90 * DAY, vec![asset(&w, "x", 200)], runbook);
    let plan = Plan::new(&m).unwrap();
    let mut simulation = Simulation::new(&plan, 1);
    let mut out = Replication::default();
    let mut counts = [0u32; 64];
    for replication in 0..4000 {
        simulation.run(replication, false, &mut out).unwrap();
        let work = length(&out, 0) - 900 - 2000 + HOUR / 2;
        assert_eq!(work % (HOUR + HOUR / 2), 0);
        counts[(work / (HOUR + HOUR / 2)) as usize] += 1;
    }
    // Four standard deviations of the shares of 1 and 2 attempts.
    for (n, share) in [(1, 0.5), (2, 0.25), (3, 0.125)] {
        let seen = f64::from(counts[n]) / 4000.0;
        assert!((seen - share).abs() < 4.0 * (share * (1.0 - share) / 4000.0).sqrt(), "{n}: {seen}");
    }
    assert_eq!(counts[0], 0);
}

/// No backup survives: the step waits; what does not wait for it goes on. When the region is back after 30 days the asset
/// is there again, empty.
#[test]
fn i09_a_step_without_a_backup_waits_for_the_region() {
    let w = world(&["a", "b"], 3, 4);
    let mut a = asset(&w, "x", 200);
    a.backup.as_mut().unwrap().vaults = vec![Vault { region: RegionId(0), zone: None }; 2];
    let mut other = asset(&w, "y", 100);
    other.backup.as_mut().unwrap().restore.per_terabyte = constant(0);
    let steps = vec![step("x", 60, &[], restore(0)), step("y", 60, &[], restore(1))];
    let runbook = plan_of(Trigger::Lost(RegionId(0)), steps);
    let out = run(&struck(Effect::Destroy, 30 * DAY, vec![a, other], runbook));
    assert_eq!((length(&out, 0), length(&out, 1)), (30 * DAY, 900 + 60 + 1000));
    assert_eq!(writes(&out, out.stores[0].lost), i128::from(LOST) * 1000);
    // No backup was made elsewhere: what is lost is put down to what destroyed it.
    let loss = out.losses.iter().find(|l| l.store == 0).unwrap();
    assert_eq!(loss.parties[Party::Provider as usize], loss.lost);
    assert_eq!(phases(outage(&out, 0)), [(Phase::Detect, 900), (Phase::Restore, 30 * DAY - 900)]);
}

/// Without backups a plan starts from nothing: all is lost if the region was destroyed, missing if it was down; what only
/// a backup has is given up as well.
#[test]
fn i09_starting_from_nothing_gives_everything_up() {
    let w = world(&["a", "b"], 3, 4);
    for (effect, backed_up) in [(Effect::Destroy, false), (Effect::Down, false), (Effect::Destroy, true)] {
        let mut a = asset(&w, "x", 200);
        a.backup = a.backup.filter(|_| backed_up);
        let does = Some(Command::StartEmpty { store: 0, into: 1 });
        let runbook = plan_of(Trigger::Lost(RegionId(0)), vec![step("data", 100, &[], does)]);
        let out = run(&struck(effect, 30 * DAY, vec![a], runbook));
        assert_eq!(length(&out, 0), 900 + 100);
        let all = i128::from(LOST) * 1000;
        let gone = if effect == Effect::Destroy { (all, 0) } else { (0, all) };
        assert_eq!((writes(&out, out.stores[0].lost), writes(&out, out.stores[0].missing)), gone);
        assert_eq!((out.stores[0].recovered, out.restores.len()), (0, 0));
    }
}

/// A copy kept in sync, half an hour behind: forced over by a step, it lacks the last half hour.
#[test]
fn i07_the_last_sync_bounds_the_loss() {
    let w = world(&["a", "b"], 3, 4);
    let mut a = asset(&w, "x", 200);
    (a.regions[1].joins_later, a.lag, a.backup) = (false, constant(1800), None);
    let does = Some(Command::ForceFailover { store: 0, to: Some(1) });
    let runbook = plan_of(Trigger::Lost(RegionId(0)), vec![step("use the copy", 100, &[], does)]);
    let out = run(&struck(Effect::Destroy, 30 * DAY, vec![a], runbook));
    // Promoting takes a minute; nobody reads the copy before.
    assert_eq!(length(&out, 0), 900 + 100 + 60);
    let reads = out.outages.iter().find(|o| o.subject == Subject::Store(0, Kind::Read)).unwrap();
    assert_eq!(reads.length, secs(900 + 100 + 60));
    assert_eq!(writes(&out, out.stores[0].lost), 1800 * 1000);
    assert_eq!(phases(outage(&out, 0)), [(Phase::Detect, 900), (Phase::Promote, 160)]);
}

/// The region restored into is down while the data is copied, after 500 s of 2000: it is copied anew.
#[test]
fn x03_a_copy_that_is_interrupted_begins_anew() {
    let w = world(&["a", "b"], 3, 4);
    let runbook = plan_of(Trigger::Lost(RegionId(0)), vec![step("data", 100, &[], restore(0))]);
    let mut m = struck(Effect::Destroy, 30 * DAY, vec![asset(&w, "x", 200)], runbook);
    let there = Target::Domain(w.regions[1]);
    let at = Schedule::Scripted(vec![secs(LOST + 900 + 100 + 500)]);
    m.faults.push(rule("there", vec![there], Effect::Down, at, constant(300)));
    assert_eq!(length(&run(&m), 0), 900 + 100 + 500 + 300 + 2000);
}

/// A drill restores nothing that is in use; its failover there and a return that fails back lose nothing.
#[test]
fn drills_and_returns_lose_nothing() {
    let w = world(&["a", "b"], 3, 4);
    let drill = plan_of(Trigger::At(secs(DAY)), vec![step("data", 100, &[], restore(0))]);
    let mut m = struck(Effect::Destroy, 10 * DAY, vec![asset(&w, "x", 200)], drill);
    let steps = vec![step("data", 100, &[], restore(0))];
    m.runbooks.push(Runbook { name: "move".into(), ..plan_of(Trigger::Lost(RegionId(0)), steps) });
    // Seeding takes 2000 s, at the asset's own rate.
    let back = Some(Command::Failover { store: 0, to: 0 });
    let steps = vec![step("back", DAY, &[], back)];
    m.runbooks.push(Runbook { name: "return".into(), ..plan_of(Trigger::Back(RegionId(0)), steps) });
    m.runbooks[0].name = "drill".into();
    // Lost again much later: the backup of that midnight counts, so the asset was in the first region.
    m.faults[0].schedule = Schedule::Scripted(vec![secs(LOST), secs(LOST + 40 * DAY)]);
    let out = run(&m);
    let lengths: Vec<Duration> = out
        .outages
        .iter()
        .filter(|o| o.subject == Subject::Store(0, Kind::Write))
        .map(|o| o.length)
        .collect();
    assert_eq!(lengths, [secs(3000), secs(3000)]);
    assert_eq!(writes(&out, out.stores[0].lost), 2 * i128::from(12 * HOUR) * 1000);
    assert_eq!(out.losses.len(), 2);
}

/// A runbook that nobody ever notices changes nothing: the outage is that of the region.
#[test]
fn a_plan_that_nobody_follows_is_none() {
    let w = world(&["a", "b"], 3, 4);
    let mut runbook = plan_of(Trigger::Lost(RegionId(0)), vec![step("data", 100, &[], restore(0))]);
    runbook.notice = Law::constant(Duration::NEVER);
    let with = run(&struck(Effect::Down, 3 * DAY, vec![asset(&w, "x", 200)], runbook.clone()));
    let without =
        Model { runbooks: vec![], ..struck(Effect::Down, 3 * DAY, vec![asset(&w, "x", 200)], runbook) };
    let without = run(&without);
    assert_eq!((&with.outages, &with.stores), (&without.outages, &without.stores));
}

/// The store is up again, but too small, until the last step: it says so itself, and so does the service that needs it.
#[test]
fn a_service_waits_for_what_its_store_waits_for() {
    let w = world(&["a", "b"], 3, 4);
    let mut s = store(&w, &[0, 1]);
    (s.failover.mode, s.throughput_mru) = (FailoverMode::None, Some(1));
    let steps = vec![
        step("promote", 60, &[], Some(Command::ForceFailover { store: 0, to: Some(1) })),
        step("grow", HOUR, &[0], Some(Command::SetThroughput { store: 0, throughput_mru: None })),
    ];
    let mut m = struck(Effect::Down, 30 * DAY, vec![s], plan_of(Trigger::Lost(RegionId(0)), steps));
    m.services = vec![service("s", vec![need(Part::Store(0))])];
    let out = run(&m);
    let booked = |run: &StoreRun| {
        let down = |b: &Booked| b.down[Kind::Write as usize];
        let mut all: Vec<_> = run.accounts.iter().map(|b| (b.account, down(b))).collect();
        all.retain(|(_, down)| *down > Duration::ZERO);
        all.sort();
        all
    };
    assert_eq!(booked(&out.services[0]), booked(&out.stores[0]));
    assert!(booked(&out.stores[0]).iter().any(|(account, _)| account.phase == Phase::Promote));
}

/// One instance is left of two that are needed: the same is waited for with and without a router in front of them.
#[test]
fn a_router_waits_for_instances_that_a_runbook_adds() {
    let w = world(&["a", "b"], 3, 4);
    let nodes = |r: usize| w.domain(w.regions[r]).nodes.clone().map(NodeId).take(6).collect();
    let site = |r: usize, running| TierSite { region: RegionId(r as u32), nodes: nodes(r), running };
    let steps = vec![step("grow", HOUR, &[], Some(Command::Scale { tier: 0, site: 1, instances: 6 }))];
    let mut m = struck(Effect::Down, 30 * DAY, vec![], plan_of(Trigger::Lost(RegionId(0)), steps));
    m.tiers = vec![Tier {
        name: "t".into(),
        sites: vec![site(0, 6), site(1, 1)],
        needed: 2,
        start: constant(0),
        reschedule: None,
        price: None,
    }];
    m.routers = vec![Router {
        name: "r".into(),
        tier: 0,
        targets: m.world.regions.clone(),
        balance: Balance::First,
        detect: constant(30),
        ttl: secs(0),
        stale_ppm: 0,
        stale_for: constant(0),
    }];
    m.services = vec![service("t", vec![need(Part::Tier(0))]), service("r", vec![need(Part::Router(0))])];
    let out = run(&m);
    for service in 0..2 {
        let found = out.outages.iter().find(|o| o.subject == Subject::Service(service, Kind::Write)).unwrap();
        assert_eq!(phases(found), [(Phase::Detect, 900), (Phase::Provision, HOUR)], "{service}");
    }
    // What the router itself has to notice is its own affair, even where nobody ever notices the loss.
    let routed = out.outages.iter().find(|o| o.subject == Subject::Service(1, Kind::Write)).unwrap();
    assert_eq!(parties(routed), (30, 900 - 30 + HOUR));
}

/// Somebody starts from nothing in a region that is not up yet when the rest is destroyed, too: what the backup has is
/// given up all the same.
#[test]
fn x03_what_starts_from_nothing_takes_no_backup() {
    let w = world(&["a", "b"], 3, 4);
    let does = Some(Command::StartEmpty { store: 0, into: 1 });
    let runbook = plan_of(Trigger::Lost(RegionId(0)), vec![step("data", 100, &[], does)]);
    let mut m = struck(Effect::Down, 30 * DAY, vec![asset(&w, "x", 200)], runbook);
    let mut strike = |name, region: usize, effect, at, lasts| {
        let target = vec![Target::Domain(w.regions[region])];
        m.faults.push(rule(name, target, effect, Schedule::Scripted(vec![secs(at)]), constant(lasts)));
    };
    strike("there", 1, Effect::Down, LOST, DAY);
    strike("wiped", 0, Effect::Destroy, LOST + HOUR, 30 * DAY);
    let out = run(&m);
    assert_eq!((length(&out, 0), out.restores.len()), (DAY, 0));
    assert_eq!(writes(&out, out.stores[0].lost), i128::from(LOST) * 1000);
    assert_eq!((out.stores[0].recovered, out.stores[0].missing), (0, 0));
}

/// Moved by its plan, then lost there as well while its first region is still away: the plan has done its part, and the
/// store's own restore is decided on after an hour.
#[test]
fn x03_a_plan_that_has_ended_leaves_the_next_loss_to_the_store() {
    let w = world(&["a", "b", "c"], 3, 4);
    let mut a = asset(&w, "x", 200);
    let backup = a.backup.as_mut().unwrap();
    backup.vaults = vec![Vault { region: RegionId(2), zone: None }; 2];
    (backup.restore.decide, backup.restore.per_terabyte) = (constant(HOUR), constant(5000));
    let runbook = plan_of(Trigger::Lost(RegionId(0)), vec![step("data", 100, &[], restore(0))]);
    let mut m = struck(Effect::Destroy, 60 * DAY, vec![a], runbook);
    let there = vec![Target::Domain(w.regions[1])];
    let at = Schedule::Scripted(vec![secs(LOST + 10 * DAY)]);
    m.world = w;
    m.faults.push(rule("there", there, Effect::Destroy, at, constant(60)));
    let lengths: Vec<Duration> = run(&m)
        .outages
        .iter()
        .filter(|o| o.subject == Subject::Store(0, Kind::Write))
        .map(|o| o.length)
        .collect();
    assert_eq!(lengths, [secs(900 + 100 + 2000), secs(HOUR + 1000)]);
}
