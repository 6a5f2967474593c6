//! Leader-based and majority stores against timelines worked out by hand.
//!
//! 1000 writes and 5000 reads a second; detect 10 s, promote 5 s, redirect 3 s; lag 2 s; a write has 1000 bytes.

use super::observe::{Kind, Phase, Replication};
use super::state::{Follow, Offline, Step};
use super::tests::{secs, store, world};
use super::tests_failover::{of, parties, phase};
use super::tests_recovery::{outages, region, run, scripted};
use super::{Plan, Simulation};
use crate::model::*;
use crate::rng::Law;
use crate::units::{Duration, Time};

const HOUR: u64 = 3600;
const ASYNCHRONOUS: Agreement = Agreement::Asynchronous;

/// A store of members in zones 1, 2, … of the first region, with clients there.
fn led(w: &World, agreement: Agreement, places: usize, in_use: u8) -> Store {
    let mut s = store(w, &[0]);
    let zones: Vec<DomainId> = w.zones(RegionId(0)).take(places).collect();
    let member = |(i, &zone): (usize, &DomainId)| StoreRegion {
        region: RegionId(0),
        placement: Placement::Zonal(zone),
        min_zones: 1,
        spread_ppm: 0,
        joins_later: i >= usize::from(in_use),
    };
    s.regions = zones.iter().enumerate().map(member).collect();
    hold(&mut s, agreement, in_use);
    s
}

/// Makes members of a store's regions.
fn hold(s: &mut Store, agreement: Agreement, in_use: u8) {
    let c = |s| Law::constant(secs(s));
    s.members = Some(Members {
        agreement,
        in_use,
        replace: None,
        cap_bytes: None,
        cap_time: None,
        leader_reads: true,
    });
    s.consistency =
        if agreement == ASYNCHRONOUS { Consistency::ConsistentPrefix } else { Consistency::Strong };
    (s.replicas, s.write_quorum, s.partitions) = (1, 1, 1);
    (s.lag, s.evict, s.on_return.merge_after) = (c(2), c(30), None);
    s.failover = Failover {
        mode: FailoverMode::PerPartition,
        detect: c(10),
        decide: c(0),
        promote: c(5),
        redirect: c(3),
        gray_ppm: 0,
        fence: true,
    };
    let all: Vec<u8> = (0..s.regions.len() as u8).collect();
    s.clients.iter_mut().for_each(|c| c.order = all.clone());
}

fn zone(w: &World, z: usize) -> Target {
    Target::Domain(w.zones(RegionId(0)).nth(z - 1).unwrap())
}

/// Down from one hour of the clock for some hours.
fn down(w: &World, z: usize, at: u64, hours: u64) -> (Effect, Target, u64, u64) {
    (Effect::Down, zone(w, z), at, hours)
}

fn lost(w: &World, z: usize, at: u64, hours: u64) -> (Effect, Target, u64, u64) {
    (Effect::Destroy, zone(w, z), at, hours)
}

fn simulate(
    w: &World,
    s: Store,
    strikes: &[(Effect, Target, u64, u64)],
    actions: &[(u64, Command)],
) -> Replication {
    run(&scripted(w.clone(), |made| *made = s, strikes, actions)).0
}

/// Writes that were lost and that are still missing.
fn gone(out: &Replication) -> (i128, i128) {
    let run = &out.stores[0];
    (run.lost / run.volume_per_request, run.missing / run.volume_per_request)
}

fn force(to: u8) -> Command {
    Command::ForceFailover { store: 0, to: Some(to) }
}

/// The leader's zone is down: reads and writes go on in the standby's after 18 s, without the last 2 s of writes. They
/// are in the old leader's log, which nobody merges.
#[test]
fn a_standby_takes_over_without_what_had_not_arrived() {
    let w = world(&["a"], 3, 2);
    let out = simulate(&w, led(&w, ASYNCHRONOUS, 2, 2), &[down(&w, 1, 10, 4)], &[]);
    for kind in Kind::ALL {
        assert_eq!(outages(&out, kind), [(10 * HOUR, 18)], "{kind:?}");
        let o = of(&out, kind)[0];
        let parts = [Phase::Detect, Phase::Promote, Phase::Redirect].map(|p| phase(o, p));
        assert_eq!(parts, [10, 5, 3]);
        assert_eq!(parties(o), (15, 3));
    }
    let [loss] = &out.losses[..] else { panic!("{:?}", out.losses) };
    assert_eq!((loss.rpo, gone(&out)), (secs(2), (2000, 0)), "discarded when it is back");
}

/// The other zone is down: nobody notices. Both are: the leader goes on when it is back.
#[test]
fn a_lost_standby_is_missed_by_nobody() {
    let w = world(&["a"], 3, 2);
    let s = led(&w, ASYNCHRONOUS, 2, 2);
    assert_eq!(simulate(&w, s.clone(), &[down(&w, 2, 10, 4)], &[]).outages, []);
    let out = simulate(&w, s, &[down(&w, 2, 10, 4), down(&w, 1, 11, 1)], &[]);
    assert_eq!(outages(&out, Kind::Write), [(11 * HOUR, HOUR)]);
    assert_eq!((gone(&out), out.losses.len()), ((0, 0), 0));
}

/// Ten minutes after its loss the old leader is given up, with what only it had, and rebuilt in the third zone, which can
/// take over next. When the first zone is back, it is free; a third loss is rebuilt there.
#[test]
fn a_lost_member_is_rebuilt_in_the_next_free_place() {
    let w = world(&["a"], 3, 2);
    let mut s = led(&w, ASYNCHRONOUS, 3, 2);
    s.members.as_mut().unwrap().replace = Some(Law::constant(secs(600)));
    let strikes = [down(&w, 1, 10, 4), down(&w, 2, 11, 6), down(&w, 3, 15, 2)];
    let out = simulate(&w, s.clone(), &strikes[..2], &[]);
    assert_eq!(outages(&out, Kind::Write), [(10 * HOUR, 18), (11 * HOUR, 18)]);
    // What the second leader had is given up as soon as the first zone is a free place, at 14 h.
    assert_eq!(gone(&out), (4000, 0));
    let out = simulate(&w, s.clone(), &strikes, &[]);
    assert_eq!(outages(&out, Kind::Write), [(10 * HOUR, 18), (11 * HOUR, 18), (15 * HOUR, 18)]);
    // Without a free place the second loss is one of the only copy left: down until the first zone is back, which goes on
    // without an hour of writes. Nobody limits how far a standby may lag.
    s.regions.pop();
    let out = simulate(&w, s, &strikes[..2], &[]);
    assert_eq!(outages(&out, Kind::Write), [(10 * HOUR, 18), (11 * HOUR, 3 * HOUR + 8)]);
}

/// A standby is filled before it counts: 100 MB at 1 MB/s in 100 s. Until then the leader is the only copy.
#[test]
fn a_rebuilt_member_counts_when_it_has_been_filled() {
    let w = world(&["a"], 3, 2);
    let mut s = led(&w, ASYNCHRONOUS, 3, 2);
    (s.data_bytes, s.rebuild) = (100_000_000, Some(Rebuild { bandwidth: 1_000_000 }));
    for (after, lost_all) in [(3600 - 99, true), (3600 - 110, false)] {
        s.members.as_mut().unwrap().replace = Some(Law::constant(secs(after)));
        // The standby is lost at 10 h, the leader destroyed at 11 h.
        let out = simulate(&w, s.clone(), &[down(&w, 2, 10, 100), lost(&w, 1, 11, 100)], &[]);
        let written = 11 * HOUR as i128 * 1000;
        // What the standby in the third zone has is 2 s old.
        assert_eq!(gone(&out).0, if lost_all { written } else { 2000 }, "{after}");
        assert_eq!(outages(&out, Kind::Write).len(), 1);
    }
}

/// Two seconds are 2000 writes or 2 MB: a cap of as much allows the takeover, one of less leaves everybody waiting for the
/// leader, or for somebody who forces it.
#[test]
fn a_standby_that_lags_too_far_is_not_promoted() {
    let w = world(&["a"], 3, 2);
    let caps =
        [(Some(2_000_000), None), (None, Some(secs(2))), (Some(1_999_999), None), (None, Some(secs(1)))];
    for (i, (bytes, time)) in caps.into_iter().enumerate() {
        let mut s = led(&w, ASYNCHRONOUS, 2, 2);
        let members = s.members.as_mut().unwrap();
        (members.cap_bytes, members.cap_time) = (bytes, time);
        let strike = [down(&w, 1, 10, 4)];
        let out = simulate(&w, s.clone(), &strike, &[]);
        let (allowed, length) = if i < 2 { (true, 18) } else { (false, 4 * HOUR) };
        assert_eq!(outages(&out, Kind::Write), [(10 * HOUR, length)], "{bytes:?} {time:?}");
        assert_eq!(gone(&out), (if allowed { 2000 } else { 0 }, 0));
        if !allowed {
            let out = simulate(&w, s, &strike, &[(11, force(1))]);
            assert_eq!(outages(&out, Kind::Write), [(10 * HOUR, HOUR + 5 + 3)]);
            assert_eq!(gone(&out), (2000, 0));
        }
    }
}

/// Destroying the leader does not make a standby that lagged too far a good one.
#[test]
fn a_destroyed_leader_is_not_followed_by_a_standby_beyond_the_cap() {
    let w = world(&["a"], 3, 2);
    let mut s = led(&w, ASYNCHRONOUS, 2, 2);
    for cap in [(Some(1_999_999), None), (None, Some(secs(1)))] {
        let members = s.members.as_mut().unwrap();
        (members.cap_bytes, members.cap_time) = cap;
        let out = simulate(&w, s.clone(), &[lost(&w, 1, 10, 4)], &[(12, force(1))]);
        assert_eq!(outages(&out, Kind::Write), [(10 * HOUR, 2 * HOUR + 8)], "{cap:?}");
        assert_eq!(gone(&out), (2000, 0));
    }
    s.members.as_mut().unwrap().cap_time = None;
    let out = simulate(&w, s, &[lost(&w, 1, 10, 4)], &[]);
    assert_eq!((outages(&out, Kind::Write), gone(&out)), (vec![(10 * HOUR, 18)], (2000, 0)));
}

/// The only standby is silent: writes wait 30 s for it, then the leader goes on alone, or not at all. Two standbys: one
/// is enough. No write is ever lost.
#[test]
fn synchronous_writes_wait_for_a_silent_standby() {
    let w = world(&["a"], 3, 2);
    for (blocks, members, length) in [(false, 2, 30), (true, 2, 4 * HOUR), (true, 3, 30)] {
        let s = led(&w, Agreement::Synchronous { blocks }, members, members as u8);
        let out = simulate(&w, s.clone(), &[down(&w, 2, 10, 4)], &[]);
        assert_eq!(outages(&out, Kind::Write), [(10 * HOUR, length)], "{blocks} {members}");
        let o = of(&out, Kind::Write)[0];
        assert_eq!((phase(o, Phase::Detect), phase(o, Phase::Repair)), (30, length - 30));
        assert_eq!(outages(&out, Kind::Read), []);
        // The leader is lost: with another standby, or alone if that is allowed, it goes on at once.
        let out = simulate(&w, s, &[down(&w, 1, 10, 4)], &[]);
        let length = match (blocks, members) {
            (true, 2) => 4 * HOUR,
            // The other standby takes the writes with the one promoted.
            _ => 18,
        };
        assert_eq!(outages(&out, Kind::Write), [(10 * HOUR, length)], "{blocks} {members}");
        assert_eq!(out.losses.iter().map(|l| l.rpo).max(), Some(secs(0)));
        assert_eq!(gone(&out), (0, 0));
    }
}

/// A leader that went on alone is not followed by the standby that lacks what it took, unless somebody forces it.
#[test]
fn a_standby_that_missed_writes_waits_for_the_leader() {
    let w = world(&["a"], 3, 2);
    let s = led(&w, Agreement::Synchronous { blocks: false }, 2, 2);
    let strikes = [down(&w, 2, 10, 1), down(&w, 1, 11, 3)];
    // The standby is back in the instant in which the leader goes.
    let out = simulate(&w, s.clone(), &strikes, &[]);
    assert_eq!(outages(&out, Kind::Write), [(10 * HOUR, 30), (11 * HOUR, 3 * HOUR)]);
    assert_eq!(gone(&out), (0, 0));
    let out = simulate(&w, s, &strikes, &[(12, force(1))]);
    assert_eq!(outages(&out, Kind::Write), [(10 * HOUR, 30), (11 * HOUR, HOUR + 8)]);
    assert_eq!(gone(&out), ((HOUR as i128 - 30) * 1000, 0));
}

/// Followers are missed by nobody while a majority is there. A lost leader costs an election; a lost majority the time
/// until one is back, with an election if the leader is not; reads are the leader's and need it too.
#[test]
fn a_majority_commits_and_elects() {
    let w = world(&["a"], 3, 2);
    let s = led(&w, Agreement::Majority, 3, 3);
    let (ten, twelve) = (10 * HOUR, 12 * HOUR);
    for (strikes, writes, reads) in [
        (vec![down(&w, 2, 10, 4)], vec![], vec![]),
        (vec![down(&w, 1, 10, 4)], vec![(ten, 18)], vec![(ten, 18)]),
        (vec![down(&w, 2, 10, 4), down(&w, 3, 10, 2)], vec![(ten, 2 * HOUR)], vec![(ten, 2 * HOUR)]),
        (vec![down(&w, 1, 10, 4), down(&w, 2, 10, 2)], vec![(ten, 2 * HOUR + 8)], vec![(ten, 2 * HOUR + 8)]),
        (vec![down(&w, 1, 10, 2), down(&w, 2, 10, 4)], vec![(ten, 2 * HOUR)], vec![(ten, 2 * HOUR)]),
        // One after the other: the second leader's loss leaves one of three, the first leader's return two. Elected in 5 s,
        // the third answers reads 3 s later, and waits with writes until the first has the 7 182 000 that it missed, at
        // 10 000 a second.
        (
            vec![down(&w, 1, 10, 4), down(&w, 2, 12, 4)],
            vec![(ten, 18), (twelve, 2 * HOUR + 5 + 718)],
            vec![(ten, 18), (twelve, 2 * HOUR + 8)],
        ),
    ] {
        let out = simulate(&w, s.clone(), &strikes, &[]);
        assert_eq!(outages(&out, Kind::Write), writes, "{strikes:?}");
        assert_eq!(outages(&out, Kind::Read), reads, "{strikes:?}");
        assert_eq!(gone(&out), (0, 0));
    }
}

/// Three of five: two losses are nothing, also one after the other.
#[test]
fn three_of_five_stand_two_losses() {
    let w = world(&["a"], 5, 1);
    let s = led(&w, Agreement::Majority, 5, 5);
    let two = [down(&w, 2, 10, 4), down(&w, 3, 11, 4)];
    assert_eq!(simulate(&w, s.clone(), &two, &[]).outages, []);
    let three = [two[0], two[1], down(&w, 4, 12, 4)];
    // The first that returns, at 14 h, has missed two hours of 1000 writes a second, caught up at 10 000.
    assert_eq!(outages(&simulate(&w, s, &three, &[]), Kind::Write), [(12 * HOUR, 2 * HOUR + 720)]);
}

/// Reads of any member need nobody else.
#[test]
fn reads_of_any_member_go_on_without_a_majority() {
    let w = world(&["a"], 3, 2);
    let mut s = led(&w, Agreement::Majority, 3, 3);
    s.members.as_mut().unwrap().leader_reads = false;
    let out = simulate(&w, s, &[down(&w, 1, 10, 4), down(&w, 2, 10, 4)], &[]);
    assert_eq!(outages(&out, Kind::Write), [(10 * HOUR, 4 * HOUR)]);
    assert_eq!(outages(&out, Kind::Read), []);
}

/// Two of three lose their data for ever. One returns empty and knows nothing: what is left waits for somebody who makes it
/// the only member, and grows from there.
#[test]
fn a_destroyed_majority_waits_for_somebody() {
    let w = world(&["a"], 3, 2);
    let s = led(&w, Agreement::Majority, 3, 3);
    for (strikes, to) in
        [([lost(&w, 2, 10, 1), lost(&w, 3, 10, 1)], 0), ([lost(&w, 1, 10, 1), lost(&w, 2, 10, 1)], 2)]
    {
        let out = simulate(&w, s.clone(), &strikes, &[]);
        let [o] = of(&out, Kind::Write)[..] else { panic!("{:?}", out.outages) };
        assert!(!o.ended && gone(&out) == (0, 0));
        // At 20 h the survivor is lost too: those filled from it make a majority of two.
        let again = [strikes[0], strikes[1], down(&w, usize::from(to) + 1, 20, 1)];
        let out = simulate(&w, s.clone(), &again, &[(12, force(to))]);
        let first = if to == 0 { 2 * HOUR } else { 2 * HOUR + 8 };
        assert_eq!(outages(&out, Kind::Write), [(10 * HOUR, first), (20 * HOUR, 18)]);
        assert_eq!(gone(&out), (0, 0));
    }
}

/// With a backup they start again from it: what came after it is lost, and all members are filled from one.
#[test]
fn a_destroyed_majority_is_restored_from_the_last_backup() {
    let w = world(&["a", "b"], 3, 2);
    let mut s = led(&w, Agreement::Majority, 3, 3);
    let vault = |r, z| Vault { region: RegionId(r), zone: w.zones(RegionId(r)).nth(z) };
    let c = |s| Law::constant(secs(s));
    s.backup = Some(Backup {
        policy: BackupPolicy::Periodic {
            interval: secs(4 * HOUR),
            duration: secs(0),
            copies: 2,
            fails_ppm: 0,
            skew: secs(0),
        },
        vaults: vec![vault(0, 0), vault(0, 1), vault(0, 2), vault(1, 0)],
        restore: Restore {
            notice: c(0),
            decide: c(600),
            request: c(300),
            per_terabyte: c(HOUR),
            unusable_ppm: 0,
            reapply_ppm: 0,
            into: None,
            stops: true,
        },
    });
    s.data_bytes = 1_000_000_000_000;
    s.rebuild = Some(Rebuild { bandwidth: 1_000_000_000_000 });
    // The leader's place is gone for long: the third member's serves, where the survivor was.
    let strikes = [lost(&w, 1, 10, 20), lost(&w, 2, 10, 10), down(&w, 3, 50, 1)];
    let out = simulate(&w, s, &strikes, &[]);
    // Redirect of the clients to the new place; at 50 h an election.
    assert_eq!(outages(&out, Kind::Write), [(10 * HOUR, 600 + 300 + HOUR + 3), (50 * HOUR, 18)]);
    assert_eq!(gone(&out), (2 * HOUR as i128 * 1000, 0));
    assert_eq!(out.losses[0].rpo, secs(2 * HOUR));
}

/// All three are down, and somebody starts from nothing in a free place: it takes the old leader's, whose place is free
/// from then on, so that three count as before. Two of them are a majority, whatever becomes of the first zone.
#[test]
fn a_store_that_goes_on_in_a_free_place_has_as_many_members_as_before() {
    let w = world(&["a", "b"], 3, 2);
    let mut s = led(&w, Agreement::Majority, 3, 3);
    let far = Placement::Zonal(w.zones(RegionId(1)).next().unwrap());
    s.regions.push(StoreRegion { region: RegionId(1), placement: far, joins_later: true, ..s.regions[0] });
    s.clients.iter_mut().for_each(|c| c.order = vec![0, 1, 2, 3]);
    let begin = Command::StartEmpty { store: 0, into: 3 };
    let all = (Effect::Down, region(&w, 0), 30, 10);
    let out = simulate(&w, s, &[all, down(&w, 1, 60, 10), down(&w, 2, 62, 2)], &[(31, begin)]);
    assert_eq!(outages(&out, Kind::Write), [(30 * HOUR, HOUR + 3)]);
    // What the others had is given up too.
    assert_eq!(gone(&out), (30 * HOUR as i128 * 1000, 0));
}

/// All members in a region that is cut off reach each other: clients inside notice nothing. In two regions the leader's is
/// given up; of three, a leader that reaches nobody, while clients elsewhere reach the new one.
#[test]
fn members_that_reach_each_other_go_on() {
    let w = world(&["a"], 3, 2);
    let cut = (Effect::Isolate, region(&w, 0), 10, 4);
    for agreement in [ASYNCHRONOUS, Agreement::Synchronous { blocks: true }, Agreement::Majority] {
        let out = simulate(&w, led(&w, agreement, 3, 3), &[cut], &[]);
        assert_eq!(out.outages, [], "{agreement:?}");
    }
    let mut w = world(&["a", "b", "c"], 1, 1);
    for (x, y) in [(0, 1), (0, 2), (1, 2)] {
        let ends = [RegionId(x), RegionId(y)];
        w.links.push(Link { name: format!("{x}{y}"), ends, rtt: None, bandwidth: None });
    }
    let mut s = store(&w, &[0, 1, 2]);
    s.regions.iter_mut().for_each(|r| r.min_zones = 1);
    hold(&mut s, Agreement::Majority, 3);
    s.clients.remove(0);
    let link = |i| (Effect::Isolate, Target::Link(LinkId(i)), 10, 4);
    // One link: the leader still has a majority; only its clients at the other end suffer.
    let out = simulate(&w, s.clone(), &[link(0)], &[]);
    assert_eq!(outages(&out, Kind::Write), [(10 * HOUR, 4 * HOUR)]);
    assert_eq!(of(&out, Kind::Write)[0].peak_ppm, 500_000);
    // Both: the others elect, their clients are served after 18 s.
    let out = simulate(&w, s, &[link(0), link(1)], &[]);
    assert_eq!(outages(&out, Kind::Write), [(10 * HOUR, 18)]);
    assert_eq!(gone(&out), (0, 0));
}

/// A small generator for scenarios.
struct Pick(u64);

impl Pick {
    fn of<T: Clone>(&mut self, list: &[T]) -> T {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        list[((self.0 >> 33) % list.len() as u64) as usize].clone()
    }
}

/// A store of members whose settings all let it recover, under random faults of everything it lies on.
fn random(case: u64) -> Model {
    let pick = &mut Pick(case.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let w = world(&["a", "b"], 3, 2);
    let blocks = Agreement::Synchronous { blocks: pick.of(&[false, true]) };
    let agreement = pick.of(&[ASYNCHRONOUS, blocks, Agreement::Majority]);
    let places = pick.of(&[2, 3]);
    let in_use = pick.of(&[2, places as u8]);
    let mut s = led(&w, agreement, places, in_use);
    if pick.of(&[false, true]) {
        let placement = Placement::Zonal(w.zones(RegionId(1)).next().unwrap());
        s.regions[1] = StoreRegion { region: RegionId(1), placement, ..s.regions[1].clone() };
    }
    let members = s.members.as_mut().unwrap();
    members.replace =
        pick.of(&[None, Some(Law::constant(secs(600))), Some(Law::exponential(secs(9000)).unwrap())]);
    members.leader_reads = pick.of(&[false, true]);
    (members.cap_bytes, members.cap_time) =
        pick.of(&[(None, None), (Some(100_000_000), None), (None, Some(secs(60)))]);
    s.lag = Law::lognormal_p95(secs(5), secs(120)).unwrap();
    s.failover.gray_ppm = pick.of(&[0, 500_000]);
    s.rebuild = Some(Rebuild { bandwidth: pick.of(&[1_000_000, 100_000_000]) });
    s.on_return.merge_after = Some(Law::constant(secs(600)));
    // A majority whose data is gone for ever needs a backup that survives.
    let mut below = |n: u64| pick.of(&(0..n).collect::<Vec<_>>());
    s.backup = (0..)
        .map(|_| super::tests_recovery::random_backup(&w, places, &mut below))
        .find(|b| b.is_some() || agreement != Agreement::Majority)
        .flatten();
    let safe = agreement == Agreement::Majority;
    for (i, vault) in s.backup.iter_mut().flat_map(|b| b.vaults.iter_mut().enumerate()) {
        let region = s.regions.get(i).map_or(RegionId(1), |r| r.region);
        vault.region = if safe { RegionId(1) } else { region };
        vault.zone = vault.zone.filter(|_| !safe).and_then(|_| w.zones(vault.region).next());
    }
    let regions = [region(&w, 0), region(&w, 1)];
    let zones = super::tests::all(&w, DomainKind::Zone);
    let nodes = super::tests::all(&w, DomainKind::Node);
    let up = |hours| Schedule::Stochastic { uptime: Law::exponential(secs(HOUR * hours)).unwrap() };
    let mut faults = Vec::new();
    for i in 0..pick.of(&[1, 2, 3]) {
        let gray = Effect::Degrade { capacity_ppm: 300_000, errors_ppm: 200_000 };
        let (targets, effects) = pick.of(&[
            (nodes.clone(), vec![Effect::Down, Effect::Destroy, Effect::Maintenance]),
            (zones.clone(), vec![Effect::Down, Effect::Destroy, gray]),
            (regions.to_vec(), vec![Effect::Down, Effect::Destroy, Effect::Isolate, gray]),
        ]);
        let effect = pick.of(&effects);
        let lasts = Law::exponential(secs(pick.of(&[600, 7200, 40_000]))).unwrap();
        faults.push(super::tests::rule(&format!("f{i}"), targets, effect, up(pick.of(&[100, 300])), lasts));
    }
    let at = |day: u64| secs(86_400 * day + 7);
    let force = Command::ForceFailover { store: 0, to: pick.of(&[None, Some(0), Some(1)]) };
    let mut actions = vec![Action { at: at(20), command: force }];
    if safe {
        // What held the majority's backups may have been destroyed with it.
        actions.push(Action { at: at(1000), command: Command::ForceFailover { store: 0, to: None } });
    }
    Model { horizon: Duration::from_days(60), actions, ..super::tests::model(w, faults, vec![s]) }
}

/// Once every fault has ended and every timer has run out, the leader serves and as many members as are meant to be in use
/// follow it.
#[test]
fn stores_of_members_recover_from_random_faults() {
    for case in 0..400 {
        let m = random(case);
        let plan = Plan::new(&m).unwrap();
        let (mut sim, mut out) = (Simulation::new(&plan, case), Replication::default());
        sim.run(0, false, &mut out).unwrap();
        let open: Vec<_> = out.outages.iter().filter(|o| !o.ended).collect();
        assert!(
            open.is_empty(),
            "case {case}: {open:?}\n{:?}\n{:?}",
            m.stores[0].members,
            sim.state.stores[0].logs
        );
        let st = &sim.state.stores[0];
        for (g, group) in st.groups.iter().enumerate() {
            let copies = g * st.logs.len() / st.groups.len()..(g + 1) * st.logs.len() / st.groups.len();
            let used: Vec<_> = st.logs[copies].iter().filter(|l| l.offline != Offline::NotYet).collect();
            let idle = !group.fenced && !group.forced && group.restore.is_none() && group.ledger.stored == 0;
            assert!(idle && group.accept == 1_000_000, "case {case}: {group:?}");
            assert_eq!(used.len(), usize::from(m.stores[0].members.as_ref().unwrap().in_use), "case {case}");
            for log in used {
                let sound =
                    log.offline == Offline::No && log.follow == Follow::Following && log.step == Step::Idle;
                assert!(sound && log.member && log.replace_at == Time::NEVER, "case {case}: {log:?}");
            }
        }
    }
}
