//! Runbooks, and restores that they order, against timelines worked out by hand.

use super::observe::{Kind, Outage, Phase, Replication, Subject};
use super::tests::{model, rule, secs, store, world};
use super::tests_failover::parties;
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
