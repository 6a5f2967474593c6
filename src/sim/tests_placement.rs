//! Where replicas are, and when: regions spread by luck, regions that are added (rule c02).

use super::observe::{Kind, Phase, Replication};
use super::tests::{secs, world};
use super::tests_recovery::{outages, region, run, scripted};
use crate::model::*;

const HOUR: u64 = 3600;

/// One region of which nobody knows where its replicas are; its first zone is lost for an hour.
fn unzoned(spread_ppm: u32, partitions: u32) -> Replication {
    let w = world(&["a"], 3, 4);
    let zone = w.zones(RegionId(0)).next().unwrap();
    let strike = (Effect::Down, Target::Domain(zone), 10, 1);
    let change = |s: &mut Store| {
        let (placement, min_zones) = (Placement::Unzoned(zone), 1);
        s.regions[0] = StoreRegion { placement, min_zones, spread_ppm, ..s.regions[0] };
        s.partitions = partitions;
    };
    let (out, wrong) = run(&scripted(w, change, &[strike], &[]));
    assert!(wrong.is_empty(), "{wrong:#?}");
    out
}

#[test]
fn c02_spread_by_luck_saves_that_share_of_the_partitions() {
    for (spread, partitions, saved) in [
        (0, 100, 0),
        (300_000, 100, 30),
        (1_000_000, 100, 100),
        (300_000, 7, 2), // 2.1 partitions
        (500_000, 7, 4), // 3.5 partitions
    ] {
        let out = unzoned(spread, partitions);
        let run = &out.stores[0];
        let failed = [run.failed[0] * i128::from(partitions), run.failed[1] * i128::from(partitions)];
        let hit = run.volume_per_request * i128::from(HOUR) * i128::from(partitions - saved);
        assert_eq!(failed, [5000 * hit, 1000 * hit], "{spread} of {partitions}");
    }
}

/// Two regions; the second is added after ten hours, and two hours later it is full: 720 GB at 100 MB/s.
fn later(
    change: impl FnOnce(&mut Store),
    strikes: &[(u64, u64, u64)],
    more: &[(u64, Command)],
) -> Replication {
    let mut w = world(&["a", "b"], 3, 4);
    let ends = [RegionId(0), RegionId(1)];
    w.links.push(Link { name: "a-b".into(), ends, rtt: None, bandwidth: Some(100_000_000) });
    let strikes: Vec<_> =
        strikes.iter().map(|&(r, at, hours)| (Effect::Down, region(&w, r as usize), at, hours)).collect();
    let mut actions = vec![(10, Command::AddRegion { store: 0, region: 1 })];
    actions.extend_from_slice(more);
    let with = |s: &mut Store| {
        s.regions[1].joins_later = true;
        s.data_bytes = 720_000_000_000;
        change(s);
    };
    let (out, wrong) = run(&scripted(w, with, &strikes, &actions));
    assert!(wrong.is_empty(), "{wrong:#?}");
    out
}

/// From detection to redirect.
const FAILOVER: u64 = 90 + HOUR + 60 + 30;

#[test]
fn c02_an_added_region_serves_once_its_copy_is_complete() {
    // Before it is there, while it is being filled, and after.
    let out = later(|_| {}, &[(0, 2, 1), (0, 20, 4)], &[]);
    assert_eq!(outages(&out, Kind::Write), [(2 * HOUR, HOUR), (20 * HOUR, FAILOVER)]);
    assert_eq!(outages(&out, Kind::Read), [(2 * HOUR, HOUR)], "all read in a at first, later elsewhere");
    let first = &out.outages[0];
    assert_eq!(first.phases[Phase::Repair as usize], secs(HOUR), "a store of one region waits for it");
    // Filling stops with its source and starts anew: complete 2 h after the return, not 2 h after the action.
    let nobody = |s: &mut Store| s.failover.mode = FailoverMode::None;
    let out = later(nobody, &[(0, 11, 1), (0, 15, 1)], &[]);
    assert_eq!(outages(&out, Kind::Write), [(11 * HOUR, HOUR), (15 * HOUR, HOUR)]);
    assert_eq!(outages(&out, Kind::Read), [(11 * HOUR, HOUR)]);
    let out = later(nobody, &[(0, 11, 1), (0, 13, 1)], &[]);
    assert_eq!(outages(&out, Kind::Read), [(11 * HOUR, HOUR), (13 * HOUR, HOUR)], "nothing to read in b yet");
}

#[test]
fn c02_a_region_does_not_count_before_it_is_there() {
    let strong = |s: &mut Store| (s.consistency, s.failover.mode) = (Consistency::Strong, FailoverMode::None);
    // Of two regions none may go (c25), but of one, with the other still to come, the other may.
    let out = later(strong, &[(1, 2, 5), (1, 20, 5)], &[]);
    assert_eq!(outages(&out, Kind::Write), [(20 * HOUR, 5 * HOUR)]);
    let bounded = |s: &mut Store| {
        s.consistency = Consistency::Bounded { max_writes: 1_000_000_000, max_time: secs(300) };
        s.failover.mode = FailoverMode::None;
    };
    let out = later(bounded, &[(1, 2, 5)], &[]);
    assert_eq!(outages(&out, Kind::Write), []);
    // Actions on a region that is not there yet do nothing.
    let too_early = [
        (1, Command::Failover { store: 0, to: 1 }),
        (2, Command::Offline { store: 0, region: 1 }),
        (3, Command::Online { store: 0, region: 1 }),
        (4, Command::AddRegion { store: 0, region: 0 }),
    ];
    let out = later(strong, &[(1, 5, 1), (1, 20, 1)], &too_early);
    assert_eq!(outages(&out, Kind::Write), [(20 * HOUR, HOUR)]);
}
