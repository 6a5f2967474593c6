//! Backups, restores and logical damage, against timelines worked out by hand.

use super::observe::{Class, Kind, Phase, Replication, Subject};
use super::tests::{model, rule, secs, store, world};
use super::tests_failover::parties;
use super::{Plan, Simulation};
use crate::model::*;
use crate::rng::Law;
use crate::units::Duration;

const HOUR: u64 = 3600;

fn constant(s: u64) -> Law {
    Law::constant(secs(s))
}

fn restore() -> Restore {
    Restore {
        notice: constant(0),
        decide: constant(600),
        request: constant(1200),
        per_terabyte: constant(HOUR),
        unusable_ppm: 0,
        reapply_ppm: 0,
        into: None,
        stops: false,
    }
}

/// A vault in each of the first regions, spread over zones or in the first zone.
fn vaults(w: &World, regions: &[u32], spread: bool) -> Vec<Vault> {
    let zone = |r: RegionId| (!spread).then(|| w.zones(r).next().unwrap());
    regions.iter().map(|&r| Vault { region: RegionId(r), zone: zone(RegionId(r)) }).collect()
}

fn continuous(w: &World, regions: &[u32]) -> Backup {
    Backup {
        policy: BackupPolicy::Continuous {
            period: secs(100),
            granularity: secs(1),
            retention: Duration::from_days(7),
        },
        vaults: vaults(w, regions, true),
        restore: restore(),
    }
}

/// Every four hours, usable after half an hour, two kept; also in the last region named.
fn periodic(w: &World, regions: &[u32]) -> Backup {
    Backup {
        policy: BackupPolicy::Periodic {
            interval: secs(4 * HOUR),
            duration: secs(HOUR / 2),
            copies: 2,
            fails_ppm: 0,
            skew: secs(0),
        },
        vaults: vaults(w, regions, true),
        restore: restore(),
    }
}

/// One store in the first `n` regions of a world with a backup; 1 TB; scripted faults (effect, target, second,
/// seconds).
fn scripted(
    w: &World,
    n: u32,
    backup: Option<Backup>,
    strikes: &[(Effect, Target, u64, u64)],
    change: impl FnOnce(&mut Store),
) -> Model {
    let mut s = store(w, &(0..n).collect::<Vec<_>>());
    (s.backup, s.data_bytes) = (backup, 1_000_000_000_000);
    s.rebuild = Some(Rebuild { bandwidth: 1_000_000_000_000 });
    change(&mut s);
    let strike = |(i, &(effect, target, at, lasts)): (usize, &(Effect, Target, u64, u64))| {
        rule(&format!("f{i}"), vec![target], effect, Schedule::Scripted(vec![secs(at)]), constant(lasts))
    };
    let faults = strikes.iter().enumerate().map(strike).collect();
    Model { horizon: Duration::from_days(10), ..model(w.clone(), faults, vec![s]) }
}

fn run(m: &Model) -> Replication {
    let plan = Plan::new(m).unwrap();
    let mut out = Replication::default();
    Simulation::new(&plan, 1).run(0, false, &mut out).unwrap();
    let st = &out.stores[0];
    let parts = st.surviving + st.missing + st.superseded + st.damaged + st.lost;
    assert_eq!(st.acknowledged, parts);
    out
}

fn region(w: &World, r: usize) -> Target {
    Target::Domain(w.regions[r])
}

/// Whole writes.
fn writes(out: &Replication, volume: i128) -> i128 {
    volume / out.stores[0].volume_per_request
}

/// Start, length and time in the phases decide, repair, request, restore and rebuild of the outages of writes.
fn outages(out: &Replication) -> Vec<[u64; 7]> {
    let of_kind = out.outages.iter().filter(|o| o.subject == Subject::Store(0, Kind::Write));
    let s = |d: Duration| d.ns() / 1_000_000_000;
    of_kind
        .map(|o| {
            let phase = |p: Phase| s(o.phases[p as usize]);
            let phases = [Phase::Decide, Phase::Repair, Phase::Request, Phase::Restore, Phase::Rebuild];
            let [decide, repair, request, restore, rebuild] = phases.map(phase);
            [o.start.ns() / 1_000_000_000, s(o.length), decide, repair, request, restore, rebuild]
        })
        .collect()
}

/// The only region is destroyed at 10 h 50 s for two hours; its backups are in it: all is lost.
#[test]
fn c12_backups_inside_the_destroyed_region_are_lost_with_it() {
    let w = world(&["a", "b"], 3, 4);
    let strike = (Effect::Destroy, region(&w, 0), 36_050, 2 * HOUR);
    for backup in [None, Some(continuous(&w, &[0])), Some(periodic(&w, &[0]))] {
        let out = run(&scripted(&w, 1, backup, &[strike], |_| {}));
        assert_eq!(writes(&out, out.stores[0].lost), 36_050 * 1000);
        assert_eq!(outages(&out), [[36_050, 2 * HOUR, 0, 2 * HOUR, 0, 0, 0]]);
        assert_eq!((out.losses[0].rpo, out.restores.len()), (secs(36_050), 0));
    }
}

/// A copy elsewhere survives. Backups start at 0, 4, 8 h and are usable half an hour later; at 10 h 50 s the newest is
/// that of 8 h. The region is back two hours later; copying then takes an hour for a terabyte.
#[test]
fn c12_restored_from_the_newest_backup_outside_the_lost_region() {
    let w = world(&["a", "b"], 3, 4);
    let strike = (Effect::Destroy, region(&w, 0), 36_050, 2 * HOUR);
    let out = run(&scripted(&w, 1, Some(periodic(&w, &[0, 1])), &[strike], |_| {}));
    let lost = 2 * HOUR + 50;
    assert_eq!(writes(&out, out.stores[0].lost), i128::from(lost) * 1000);
    assert_eq!(out.losses.len(), 1);
    assert_eq!((out.losses[0].rpo, out.losses[0].rpo_final), (secs(lost), secs(lost)));
    assert_eq!(writes(&out, out.stores[0].recovered), i128::from(8 * HOUR) * 1000);
    assert_eq!(writes(&out, out.stores[0].missing_peak), i128::from(8 * HOUR) * 1000);
    // Asking for it goes on while the region is down: by then it has been decided and asked.
    assert_eq!(outages(&out), [[36_050, 3 * HOUR, 600, 2 * HOUR - 600, 0, HOUR, 0]]);
    assert_eq!((out.restores.len(), out.restores[0].took), (1, secs(3 * HOUR)));
    assert_eq!((out.stores[0].missing, out.stores[0].damaged), (0, 0));
}

/// Backups go on after a restore: destroyed again on the third day, it is back to the newest of that day.
#[test]
fn c12_backups_go_on_after_a_restore() {
    let w = world(&["a", "b"], 3, 4);
    let strikes = [10 * HOUR, 58 * HOUR].map(|at| (Effect::Destroy, region(&w, 0), at, 2 * HOUR));
    let out = run(&scripted(&w, 1, Some(periodic(&w, &[0, 1])), &strikes, |_| {}));
    assert_eq!(out.losses.iter().map(|l| l.rpo).collect::<Vec<_>>(), [secs(2 * HOUR); 2]);
    assert_eq!(out.restores.len(), 2);
}

/// A backup is usable once it is complete: at 8 h 29 m 59 s the newest is that of 4 h.
#[test]
fn c13_a_backup_is_usable_when_it_is_complete() {
    let w = world(&["a", "b"], 3, 4);
    for (at, age) in [(8 * HOUR + 1799, 4 * HOUR + 1799), (8 * HOUR + 1800, 1800)] {
        let strike = (Effect::Destroy, region(&w, 0), at, HOUR);
        let out = run(&scripted(&w, 1, Some(periodic(&w, &[0, 1])), &[strike], |_| {}));
        assert_eq!(out.losses[0].rpo, secs(age));
    }
}

/// A region that was down before it is destroyed has made no backups meanwhile.
#[test]
fn c13_a_region_that_is_down_makes_no_backups() {
    let w = world(&["a", "b"], 3, 4);
    let strikes = [
        (Effect::Down, region(&w, 0), 7 * HOUR, 10 * HOUR),
        (Effect::Destroy, region(&w, 0), 10 * HOUR, HOUR),
    ];
    let out = run(&scripted(&w, 1, Some(periodic(&w, &[0, 1])), &strikes, |_| {}));
    // Acknowledged until 7 h, restored to 4 h.
    assert_eq!((out.losses[0].rpo, writes(&out, out.stores[0].lost)), (secs(3 * HOUR), 10_800_000));
}

/// The nodes of the only region are destroyed, its zone-redundant vault is not: what was shipped up to 100 s ago comes
/// back. Zone 1 alone is destroyed: a vault spread over zones survives, a local one does not.
#[test]
fn c13_continuous_backup_survives_a_zone_if_the_region_has_zones() {
    let w = world(&["a"], 3, 4);
    let zone = Target::Domain(w.zones(RegionId(0)).next().unwrap());
    let strike = (Effect::Destroy, zone, 36_050, HOUR);
    for (spread, lost) in [(true, 50), (false, 36_050)] {
        let mut backup = continuous(&w, &[0]);
        backup.vaults = vaults(&w, &[0], spread);
        let unzoned = |s: &mut Store| {
            let Target::Domain(zone) = zone else { unreachable!() };
            s.regions[0].placement = Placement::Unzoned(zone);
            s.regions[0].min_zones = 1;
        };
        let out = run(&scripted(&w, 1, Some(backup), &[strike], unzoned));
        assert_eq!(writes(&out, out.stores[0].lost), lost * 1000, "spread {spread}");
    }
}

/// Region b shipped at 10 h what it had: that of a lag (5 s) before. Both regions are destroyed at 10 h 50 s, the
/// first vault with its region; the second is that of another building in b.
#[test]
fn c13_restoring_from_another_region_gives_what_it_had_committed() {
    let w = world(&["a", "b", "c"], 3, 4);
    let strikes =
        [(Effect::Destroy, region(&w, 0), 36_050, HOUR), (Effect::Destroy, region(&w, 1), 36_050, HOUR)];
    let mut backup = continuous(&w, &[0, 1]);
    backup.vaults[1].region = RegionId(2);
    let out = run(&scripted(&w, 2, Some(backup), &strikes, |_| {}));
    assert_eq!(writes(&out, out.stores[0].lost), 55 * 2000);
    assert_eq!(out.losses.iter().map(|l| l.rpo).max(), Some(secs(55)));
    assert_eq!(out.restores.len(), 1);
}

/// Restored into the read region, while the old write region stays away for a week.
#[test]
fn c13_restored_into_another_region_while_the_old_one_is_gone() {
    let w = world(&["a", "b"], 3, 4);
    let strikes = [
        (Effect::Destroy, region(&w, 1), 36_000, HOUR),
        (Effect::Destroy, region(&w, 0), 36_050, 7 * 24 * HOUR),
    ];
    let mut backup = continuous(&w, &[0, 1]);
    // Seeding b again would take longer than it takes until a is lost.
    let link =
        Link { name: "l".into(), ends: [RegionId(0), RegionId(1)], rtt: None, bandwidth: Some(1_000_000) };
    backup.restore.into = Some(1);
    backup.vaults[1].zone = None;
    let mut w2 = w.clone();
    w2.links.push(link);
    // What b had shipped went with b; what a had shipped went with a: nothing is left.
    let out = run(&scripted(&w2, 2, Some(backup.clone()), &strikes, |_| {}));
    assert_eq!((out.restores.len(), writes(&out, out.stores[0].lost)), (0, 36_050 * 2000));
    // The vault of a survives: restored into b as soon as b is back, copied in an hour; clients follow 30 s later.
    let mut w3 = world(&["a", "b", "c"], 3, 4);
    w3.links.clone_from(&w2.links);
    backup.vaults[0].region = RegionId(2);
    let out = run(&scripted(&w3, 2, Some(backup), &strikes, |_| {}));
    assert_eq!((out.restores.len(), writes(&out, out.stores[0].lost)), (1, 50 * 2000));
    let back = 36_000 + HOUR + HOUR - 36_050 + 30;
    assert_eq!(outages(&out).iter().map(|o| o[1]).collect::<Vec<_>>(), [back]);
}

/// The vault is destroyed while it is being copied from: back to the older copy elsewhere, which lacks two hours more.
#[test]
fn c13_a_vault_destroyed_during_the_restore_leaves_the_next_older() {
    let w = world(&["a", "b"], 3, 4);
    let strikes = [
        (Effect::Destroy, region(&w, 0), 36_050, HOUR),
        // The only copy goes while it is read.
        (Effect::Destroy, region(&w, 1), 36_050 + HOUR + 1800, HOUR),
    ];
    let out = run(&scripted(&w, 1, Some(periodic(&w, &[0, 1])), &strikes, |_| {}));
    assert_eq!((out.restores.len(), writes(&out, out.stores[0].lost)), (0, 36_050 * 1000));
    assert_eq!(outages(&out), [[36_050, HOUR + 1800, 600, 3000, 0, 1800, 0]], "it starts again with nothing");
    assert_eq!(out.losses[0].rpo, secs(36_050));
}

/// Copies turn out to be unusable, one after the other: nothing is left in the end.
#[test]
fn c13_unusable_copies_cost_their_time_and_leave_older_ones() {
    let w = world(&["a", "b"], 3, 4);
    let strike = (Effect::Destroy, region(&w, 0), 36_050, HOUR);
    let mut backup = periodic(&w, &[0, 1]);
    backup.restore.unusable_ppm = 1_000_000;
    let out = run(&scripted(&w, 1, Some(backup), &[strike], |_| {}));
    assert_eq!((out.restores.len(), writes(&out, out.stores[0].lost)), (0, 36_050 * 1000));
    assert_eq!(outages(&out), [[36_050, 3 * HOUR, 600, 3000, 0, 2 * HOUR, 0]], "two copies were tried");
}

/// Partitions are copied over half an hour: the mean loss is that of the middle, the RPO that of the first.
#[test]
fn c13_skew_of_a_periodic_backup() {
    let w = world(&["a", "b"], 3, 4);
    let strike = (Effect::Destroy, region(&w, 0), 36_050, HOUR);
    let mut backup = periodic(&w, &[0, 1]);
    let BackupPolicy::Periodic { skew, .. } = &mut backup.policy else { unreachable!() };
    *skew = secs(1800);
    let out = run(&scripted(&w, 1, Some(backup), &[strike], |_| {}));
    let (restored, loss) = (&out.restores[0], &out.losses[0]);
    assert_eq!((restored.newest - restored.oldest, loss.rpo), (secs(1800), secs(7250)));
    let lost = out.stores[0].lost - i128::from(7250 - 900u32) * 1000 * out.stores[0].volume_per_request;
    assert!(lost.abs() < out.stores[0].volume_per_request, "{lost}");
}

fn corrupt(damages: Damages, share_ppm: u32) -> Effect {
    Effect::Corrupt { share_ppm, damages }
}

/// At 10 h everything is damaged, and what follows for an hour. Noticed after two hours, decided and asked in half an
/// hour, copied in an hour: at 13 h 30 m back to 9 h 59 m 59 s, the last instant before. Half of the writes since then
/// is written again.
#[test]
fn c16_damage_is_undone_by_a_restore_to_the_instant_before() {
    let w = world(&["a", "b"], 3, 4);
    let strike = (corrupt(Damages::Data, 1_000_000), region(&w, 0), 10 * HOUR, HOUR);
    for stops in [false, true] {
        let mut backup = continuous(&w, &[0, 1]);
        backup.restore.notice = constant(2 * HOUR);
        backup.restore.reapply_ppm = 500_000;
        backup.restore.stops = stops;
        let out = run(&scripted(&w, 2, Some(backup), &[strike], |_| {}));
        let st = &out.stores[0];
        assert_eq!(writes(&out, st.damaged_peak), i128::from(11 * HOUR) * 2000, "{:?}", outages(&out));
        assert_eq!(st.damaged, 0);
        // Without a stop writes go on for three and a half hours, else until it was decided, after 2 h 10 m.
        let since = if stops { 2 * HOUR + 600 } else { 3 * HOUR + 1800 };
        assert_eq!(writes(&out, st.lost), i128::from(since + 1) * 1000);
        assert_eq!(writes(&out, st.recovered), i128::from(since + 1) * 1000);
        let loss = &out.losses[0];
        assert_eq!((loss.rpo, loss.class, out.losses.len()), (secs(since + 1), Class::Software, 1));
        assert_eq!(out.restores[0].took, secs(HOUR + 1800));
        let down = [[12 * HOUR + 600, 1200 + HOUR, 0, 0, 1200, HOUR, 0]];
        assert_eq!(outages(&out), if stops { &down[..] } else { &[] });
    }
}

/// Replicas do not help: without a backup the damage stays, in every region.
#[test]
fn c16_replicas_do_not_help() {
    let w = world(&["a", "b"], 3, 4);
    let strike = (corrupt(Damages::Writes, 1_000_000), region(&w, 0), 10 * HOUR, HOUR);
    let out = run(&scripted(&w, 2, None, &[strike], |_| {}));
    assert_eq!(writes(&out, out.stores[0].damaged), i128::from(HOUR) * 2000);
    assert_eq!((out.stores[0].lost, out.outages.len()), (0, 0));
    // A fault of writers elsewhere damages nothing.
    let strike = (corrupt(Damages::Writes, 1_000_000), region(&w, 1), 10 * HOUR, HOUR);
    let out = run(&scripted(&w, 2, None, &[strike], |_| {}));
    assert_eq!(out.stores[0].damaged_peak, 0);
    // A tenth of the partitions.
    let strike = (corrupt(Damages::Data, 100_000), region(&w, 0), 10 * HOUR, HOUR);
    let out = run(&scripted(&w, 2, None, &[strike], |_| {}));
    assert_eq!(writes(&out, out.stores[0].damaged), i128::from(11 * HOUR) * 200);
}

/// Damage travels with the replication lag of 5 s: a region that takes over without it undoes it.
#[test]
fn c16_damage_travels_with_the_lag() {
    let w = world(&["a", "b"], 3, 4);
    for (after, left) in [(4, 0), (6, 36_001)] {
        let strikes = [
            (corrupt(Damages::Data, 1_000_000), region(&w, 0), 10 * HOUR, 10 * HOUR),
            (Effect::Down, region(&w, 0), 10 * HOUR + after, 10 * HOUR),
        ];
        let out = run(&scripted(&w, 2, None, &strikes, |s| s.on_return.merge_after = None));
        assert_eq!(writes(&out, out.stores[0].damaged), left * 2000, "{after} s later");
        assert_eq!(writes(&out, out.stores[0].missing), 5 * 2000);
    }
}

/// Two copies every four hours: damage noticed after eight hours is in both, after two hours it is not.
#[test]
fn c16_damage_noticed_too_late_stays() {
    let w = world(&["a", "b"], 3, 4);
    let strike = (corrupt(Damages::Data, 1_000_000), region(&w, 0), 10 * HOUR, HOUR);
    for (notice, restored) in [(2 * HOUR, true), (5 * HOUR, true), (7 * HOUR, false)] {
        let mut backup = periodic(&w, &[0, 1]);
        backup.restore.notice = constant(notice);
        let out = run(&scripted(&w, 1, Some(backup), &[strike], |_| {}));
        assert_eq!(out.restores.len(), usize::from(restored), "noticed after {notice} s");
        assert_eq!(out.stores[0].damaged == 0, restored);
        if restored {
            assert_eq!(out.restores[0].oldest.ns(), secs(8 * HOUR).ns());
        }
    }
}

/// The write region is down from 10 h on; 5 s of 2000 writes a second, which only it has, are missing from the takeover
/// on. At 15 h damage strikes the other region, at 16:30 it is back to the backup of 12 h, and all other copies are
/// wiped: what was missing is gone, for good, and by the first fault.
#[test]
fn c16_a_restore_wipes_missing_writes_with_their_only_copy() {
    let w = world(&["a", "b"], 3, 4);
    let strikes = [
        (Effect::Down, region(&w, 0), 10 * HOUR, 20 * HOUR),
        (corrupt(Damages::Data, 1_000_000), region(&w, 1), 15 * HOUR, 60),
    ];
    let out = run(&scripted(&w, 2, Some(periodic(&w, &[0, 1])), &strikes, |_| {}));
    let [takeover, back] = &out.losses[..] else { panic!("{:?}", out.losses) };
    let of = [takeover.absent, takeover.recovered, takeover.lost].map(|volume| writes(&out, volume));
    assert_eq!((of, takeover.rpo_final), ([10_000, 0, 10_000], secs(5)));
    assert_eq!((back.rpo, out.stores[0].recovered), (secs(4 * HOUR + 1800), 0));
    assert_ne!(takeover.blame, back.blame);
}

/// Copying for an hour begins at 15:30; at 16 h somebody fails over: it begins anew, in the new write region.
#[test]
fn c16_a_restore_into_a_new_write_region_copies_anew() {
    let w = world(&["a", "b"], 3, 4);
    let strike = (corrupt(Damages::Data, 1_000_000), region(&w, 0), 15 * HOUR, 60);
    let m = scripted(&w, 2, Some(periodic(&w, &[0, 1])), &[strike], |_| {});
    for (into, took) in [(None, 2 * HOUR), (Some(0), HOUR + 1800), (Some(1), HOUR + 1800)] {
        let mut m = Model { actions: failovers(&[(16, 1)]), ..m.clone() };
        m.stores[0].backup.as_mut().unwrap().restore.into = into;
        assert_eq!(run(&m).restores[0].took, secs(took), "{into:?}");
    }
}

/// Planned failovers: (hour, region).
fn failovers(list: &[(u64, u8)]) -> Vec<Action> {
    let action = |&(hour, to): &(u64, u8)| Action {
        at: secs(hour * HOUR),
        command: Command::Failover { store: 0, to },
    };
    list.iter().map(action).collect()
}

/// Deciding and asking take 600 s and 1200 s of the customer's; two hours without a region and an hour of copying are
/// of whoever destroyed or damaged the data.
#[test]
fn x02_asking_for_a_restore_is_the_customers_copying_whoevers_fault_it_is() {
    let w = world(&["a", "b"], 3, 4);
    let destroyed = (Effect::Destroy, region(&w, 0), 36_050, 2 * HOUR);
    let damaged = (corrupt(Damages::Data, 1_000_000), region(&w, 0), 10 * HOUR, 60);
    for (strike, cause, asking) in [(destroyed, 3 * HOUR - 600, 600), (damaged, HOUR, 1200)] {
        let stops = |s: &mut Store| s.backup.as_mut().unwrap().restore.stops = true;
        let mut m = scripted(&w, 1, Some(periodic(&w, &[0, 1])), &[strike], stops);
        for (party, time) in [(Party::Provider, (cause, asking)), (Party::Customer, (0, cause + asking))] {
            m.faults[0].party = party;
            let out = run(&m);
            let down = out.outages.iter().find(|o| o.subject == Subject::Store(0, Kind::Write)).unwrap();
            assert_eq!(parties(down), time, "{party:?}");
        }
    }
}

/// Written in b from 30 h to 40 h, in a before and after. Damage at 41 h is undone by the backup of 24 h, which a made
/// when it led before: at 42:30, 18 h and a half are lost.
#[test]
fn c13_backups_of_an_earlier_write_region_are_kept() {
    let w = world(&["a", "b"], 3, 4);
    let strike = (corrupt(Damages::Data, 1_000_000), region(&w, 0), 41 * HOUR, 60);
    let mut backup = periodic(&w, &[0, 1]);
    let BackupPolicy::Periodic { interval, copies, .. } = &mut backup.policy else { unreachable!() };
    (*interval, *copies) = (secs(24 * HOUR), 5);
    let m = scripted(&w, 2, Some(backup), &[strike], |_| {});
    let out = run(&Model { actions: failovers(&[(30, 1), (40, 0)]), ..m });
    assert_eq!(out.restores.len(), 1);
    assert_eq!(out.restores[0].oldest.ns(), secs(24 * HOUR).ns());
    assert_eq!(out.losses[0].rpo, secs(42 * HOUR + 1800 - 24 * HOUR));
}

/// Damage at 20 h is noticed at 42 h, after b led from 30 h to 40 h: a's vault holds what a had committed when it led,
/// without a lag. At 43:30 back to the second before.
#[test]
fn c13_an_earlier_write_region_shipped_all_it_had() {
    let w = world(&["a", "b"], 3, 4);
    let strike = (corrupt(Damages::Data, 1_000_000), region(&w, 0), 20 * HOUR, 60);
    let mut backup = continuous(&w, &[0, 1]);
    backup.restore.notice = constant(22 * HOUR);
    let m = scripted(&w, 2, Some(backup), &[strike], |_| {});
    let out = run(&Model { actions: failovers(&[(30, 1), (40, 0)]), ..m });
    assert_eq!(out.restores.len(), 1);
    assert_eq!(out.losses[0].rpo, secs(23 * HOUR + 1800 + 1));
}
