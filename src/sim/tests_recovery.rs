//! The recovery oracle: once every fault has ended and every timer has run out, a store serves everything again
//! with its whole configuration, whatever happened before.

use super::observe::{Kind, Replication, Subject};
use super::state::{Follow, Offline, Reader, Step};
use super::tests::{all, model, rule, secs, store, world};
use super::{Plan, Simulation};
use crate::model::*;
use crate::rng::Law;
use crate::units::{Duration, Time};

const MODES: [FailoverMode; 4] =
    [FailoverMode::None, FailoverMode::ServiceManaged, FailoverMode::PerPartition, FailoverMode::Customer];

/// A small generator for scenarios.
struct Pick(u64);

impl Pick {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize].clone()
    }
}

/// A store whose settings all let it recover: whatever was destroyed is rebuilt, catching up beats the writes.
fn recoverable_store(pick: &mut Pick, w: &World, regions: usize) -> Store {
    let mut s = store(w, &(0..regions as u32).collect::<Vec<_>>());
    let bounded = Consistency::Bounded { max_writes: 100_000, max_time: secs(300) };
    s.consistency = pick.of(&[Consistency::Strong, Consistency::Session, bounded]);
    s.failover.mode = pick.of(&MODES);
    s.failover.gray_ppm = pick.of(&[0, 500_000]);
    s.failover.fence = pick.below(2) == 0;
    s.failover.detect = Law::constant(secs(pick.of(&[0, 90])));
    s.failover.decide = Law::constant(secs(pick.of(&[0, 60, 3600])));
    s.failover.promote = Law::constant(secs(pick.of(&[0, 60, 1800])));
    s.failover.redirect = Law::constant(secs(pick.of(&[0, 30])));
    s.reconfigure = pick.of(&[None, Some(secs(0)), Some(secs(30))]);
    s.lag = Law::lognormal_p95(secs(5), secs(600)).unwrap();
    s.on_return.superseded_ppm = 100_000 * pick.below(3) as u32;
    s.on_return.merge_after = Some(Law::constant(secs(600)));
    s.rebuild = Some(Rebuild { bandwidth: pick.of(&[10_000, 1_000_000]) });
    s.catch_up_mps = pick.of(&[10_000_000, 100_000_000]);
    for region in &mut s.regions {
        region.min_zones = pick.of(&[1, 2]);
    }
    s.backup = random_backup(w, regions, &mut |n| pick.below(n));
    for client in &mut s.clients {
        let law = Law::constant(secs(30));
        client.redirect = pick.of(&[Redirect::After(law.clone()), Redirect::ByService(law), Redirect::Never]);
    }
    if regions > 1 && s.consistency != Consistency::Strong && pick.below(2) == 0 {
        s.writes = Writes::Multi;
        let handler = Resolve::Feed(Some(secs(3600)));
        s.conflicts.resolve = pick.of(&[Resolve::LastWriterWins, Resolve::Merge, handler]);
        for client in &mut s.clients {
            client.write_order = pick.of(&[client.order.clone(), (0..regions as u8).collect()]);
        }
    }
    s
}

/// Backups of some stores: of any kind, in vaults of either redundancy.
pub(super) fn random_backup(w: &World, regions: usize, next: &mut impl FnMut(u64) -> u64) -> Option<Backup> {
    if next(2) == 0 {
        return None;
    }
    let zone = |r: RegionId, spread: bool| (!spread).then(|| w.zones(r).next()).flatten();
    let mut vaults: Vec<Vault> = (0..regions as u32)
        .map(|r| Vault { region: RegionId(r), zone: zone(RegionId(r), next(2) == 0) })
        .collect();
    let policy = if next(2) == 0 {
        let granularity = secs([1, 60][next(2) as usize]);
        let retention = Duration::from_days(1 + 6 * next(2));
        BackupPolicy::Continuous { period: secs([100, 7000][next(2) as usize]), granularity, retention }
    } else {
        if next(2) == 0 {
            let region = RegionId(next(w.regions.len() as u64) as u32);
            vaults.push(Vault { region, zone: zone(region, next(2) == 0) });
        }
        let duration = secs(1800 * next(3));
        BackupPolicy::Periodic {
            interval: secs(3600 * (1 + next(10))),
            duration,
            copies: 1 + next(3) as u32,
            fails_ppm: 300_000 * next(2) as u32,
            skew: secs(duration.ns() / 2_000_000_000 * next(2)),
        }
    };
    let mut law = || Law::exponential(secs([60, 3600, 10_000][next(3) as usize])).unwrap();
    let (notice, decide, request, per_terabyte) = (law(), law(), law(), law());
    let restore = Restore {
        notice,
        decide,
        request,
        per_terabyte,
        unusable_ppm: 300_000 * next(2) as u32,
        reapply_ppm: 300_000 * next(2) as u32,
        into: (next(2) == 0).then(|| next(regions as u64) as u8),
        stops: next(2) == 0,
    };
    Some(Backup { policy, vaults, restore })
}

fn faults(pick: &mut Pick, w: &World) -> Vec<FaultRule> {
    let up = |hours: u64| Schedule::Stochastic { uptime: Law::exponential(secs(3600 * hours)).unwrap() };
    let mut all_rules = Vec::new();
    let places = [
        (all(w, DomainKind::Node), vec![Effect::Down, Effect::Destroy, Effect::Maintenance]),
        (all(w, DomainKind::Zone), vec![Effect::Down, Effect::Destroy, Effect::Maintenance]),
        (
            all(w, DomainKind::Region),
            vec![
                Effect::Down,
                Effect::Destroy,
                Effect::Isolate,
                Effect::Partial { share_ppm: 300_000 },
                Effect::Corrupt { share_ppm: 300_000, damages: Damages::Writes },
                Effect::Corrupt { share_ppm: 1_000_000, damages: Damages::Data },
                Effect::Degrade { capacity_ppm: 0, errors_ppm: 0 },
                Effect::Degrade { capacity_ppm: 900_000, errors_ppm: 400_000 },
                Effect::Degrade { capacity_ppm: 700_000, errors_ppm: 600_000 },
            ],
        ),
        ((0..w.links.len() as u32).map(|l| Target::Link(LinkId(l))).collect(), vec![Effect::Isolate]),
        (
            [None]
                .into_iter()
                .chain((0..w.regions.len() as u32).map(|r| Some(RegionId(r))))
                .map(account)
                .collect(),
            vec![
                Effect::Down,
                Effect::Partial { share_ppm: 500_000 },
                Effect::Degrade { capacity_ppm: 300_000, errors_ppm: 200_000 },
            ],
        ),
    ];
    for i in 0..2 + pick.below(4) {
        let (targets, effects) = pick.of(&places);
        if targets.is_empty() {
            continue;
        }
        let effect = pick.of(&effects);
        let schedule = up(pick.of(&[100, 300, 1000]));
        let lasts = pick.of(&[600, 7200, 40_000]);
        let mut r = rule(&format!("f{i}"), targets, effect, schedule, Law::exponential(secs(lasts)).unwrap());
        r.crews = pick.of(&[None, None, Some(1)]);
        r.together_ppm = pick.of(&[None, None, Some(300_000)]);
        all_rules.push(r);
    }
    all_rules
}

fn account(region: Option<RegionId>) -> Target {
    Target::Store { store: 0, region }
}

fn actions(pick: &mut Pick, regions: u64, days: u64) -> Vec<Action> {
    let mut list = Vec::new();
    for i in 0..pick.below(4) {
        let to = pick.below(regions) as u8;
        let at = secs(days * 86_400 * (i + 1) / 5 + pick.below(86_400));
        let command = match pick.below(4) {
            0 => Command::Failover { store: 0, to },
            1 => Command::ForceFailover { store: 0, to: pick.of(&[None, Some(to)]) },
            2 => Command::SetFailover { store: 0, mode: pick.of(&MODES) },
            _ => {
                // Out and back again some time later.
                list.push(Action {
                    at: at.saturating_add(secs(pick.of(&[0, 60, 86_400]))),
                    command: Command::Online { store: 0, region: to },
                });
                Command::Offline { store: 0, region: to }
            }
        };
        list.insert(
            list.len() - usize::from(matches!(command, Command::Offline { .. })),
            Action { at, command },
        );
    }
    list.sort_by_key(|a| a.at);
    list
}

fn scenario(case: u64) -> Model {
    let pick = &mut Pick(case.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let names = &["a", "b", "c", "d"][..1 + pick.below(4) as usize];
    let mut w = world(names, 3, 2);
    for a in 0..names.len() as u32 {
        for b in 0..a {
            let bandwidth = pick.of(&[None, Some(50_000_000)]);
            let ends = [RegionId(b), RegionId(a)];
            w.links.push(Link { name: format!("{b}-{a}"), ends, rtt: None, bandwidth });
        }
    }
    // Some cases have a region without the store: what strikes there must not matter.
    let used = (names.len() - usize::from(names.len() > 1 && pick.below(3) == 0)).max(1);
    let mut s = recoverable_store(pick, &w, used);
    let rules = faults(pick, &w);
    let mut list = actions(pick, used as u64, 60);
    // In others the last region is added some day.
    if used > 1 && s.writes == Writes::Single && pick.below(4) == 0 {
        let region = used as u8 - 1;
        s.regions[usize::from(region)].joins_later = true;
        let at = secs(pick.below(50 * 86_400));
        list.push(Action { at, command: Command::AddRegion { store: 0, region } });
        list.sort_by_key(|a| a.at);
    }
    // An application that never redirects is down until somebody fails back.
    let back = Command::Failover { store: 0, to: 0 };
    list.push(Action { at: Duration::from_days(1000), command: back });
    Model { horizon: Duration::from_days(60), actions: list, ..model(w, rules, vec![s]) }
}

/// What is not as it was before the first fault.
fn wrong(sim: &Simulation<'_>, out: &Replication) -> Vec<String> {
    let mut wrong = Vec::new();
    wrong.extend(out.outages.iter().filter(|o| !o.ended).map(|o| format!("open: {o:?}")));
    assert!(sim.state.faults.active.is_empty());
    let st = &sim.state.stores[0];
    let regions = sim.plan.stores[0].regions;
    let strong = sim.plan.rules[0].strong;
    for (c, (log, quorum)) in st.logs.iter().zip(&st.quorums).enumerate() {
        let write = usize::from(st.groups[c / regions].write) == c % regions;
        let out = log.offline != Offline::No || (log.behind && !write) || log.held;
        let stuck = log.follow != Follow::Following || log.step != Step::Idle;
        if out
            || stuck
            || !quorum.service.commit
            || !quorum.service.read
            || (strong && !log.in_sync && !write)
        {
            wrong.push(format!("copy {c} (write region: {write}): {log:?} {quorum:?}"));
        }
    }
    for (g, group) in st.groups.iter().enumerate() {
        let restoring = group.restore.is_some() || group.ledger.stored != 0;
        if group.fenced || !group.ledger.open.is_empty() || restoring {
            wrong.push(format!("group {g}: {group:?}"));
        }
    }
    let (layout, clients) = (&sim.plan.stores[0], &sim.plan.model.stores[0].clients);
    for set in 0..layout.sets() {
        let accepted: u64 = st.groups[layout.lanes_of(set)].iter().map(|g| g.accept).sum();
        if accepted != clients.iter().map(|c| c.writes_mps).sum::<u64>() {
            wrong.push(format!("replica set {set} accepts {accepted}"));
        }
    }
    let users = |users: &[Reader], order: fn(&Client) -> &Vec<u8>| {
        let settled = |(i, user): (usize, &Reader)| {
            user.patience == Time::NEVER && user.region == order(&clients[i % clients.len()])[0]
        };
        users.iter().enumerate().all(settled)
    };
    if !users(&st.readers, |c| &c.order) || !users(&st.writers, |c| &c.write_order) {
        wrong.push(format!("{:?} {:?}", st.readers, st.writers));
    }
    if st.arbiters.iter().any(|a| a.out || a.moves_at != Time::NEVER || a.forced.is_some()) {
        wrong.push(format!("{:?}", st.arbiters));
    }
    wrong
}

/// What is wrong after one replication of a scenario: nothing.
fn check(case: u64) -> Vec<String> {
    let m = scenario(case);
    let plan = Plan::new(&m).unwrap();
    let (mut sim, mut out) = (Simulation::new(&plan, case), Replication::default());
    sim.run(0, false, &mut out).unwrap();
    wrong(&sim, &out)
}

#[test]
fn everything_recovers_from_random_faults() {
    for case in 0..400 {
        let wrong = check(case);
        assert!(wrong.is_empty(), "case {case}: {:#?}", &wrong[..wrong.len().min(3)]);
    }
}

/// One store in the regions of a world, scripted faults and actions: (effect, target, hour, hours).
pub(super) fn scripted(
    w: World,
    change: impl FnOnce(&mut Store),
    strikes: &[(Effect, Target, u64, u64)],
    actions: &[(u64, Command)],
) -> Model {
    let mut s = store(&w, &(0..w.regions.len() as u32).collect::<Vec<_>>());
    change(&mut s);
    let strike = |(i, &(effect, target, at, hours)): (usize, &(Effect, Target, u64, u64))| {
        let at = Schedule::Scripted(vec![secs(3600 * at)]);
        rule(&format!("f{i}"), vec![target], effect, at, Law::constant(secs(3600 * hours)))
    };
    let faults = strikes.iter().enumerate().map(strike).collect();
    let actions = actions.iter().map(|&(at, command)| Action { at: secs(3600 * at), command }).collect();
    Model { horizon: Duration::from_days(10), actions, ..model(w, faults, vec![s]) }
}

pub(super) fn run(m: &Model) -> (Replication, Vec<String>) {
    let plan = Plan::new(m).unwrap();
    let (mut sim, mut out) = (Simulation::new(&plan, 1), Replication::default());
    sim.run(0, false, &mut out).unwrap();
    let wrong = wrong(&sim, &out);
    (out, wrong)
}

/// Start and length, in seconds, of the outages of one kind.
pub(super) fn outages(out: &Replication, kind: Kind) -> Vec<(u64, u64)> {
    let of_kind = out.outages.iter().filter(|o| o.subject == Subject::Store(0, kind));
    of_kind.map(|o| (o.start.ns() / 1_000_000_000, o.length.ns() / 1_000_000_000)).collect()
}

pub(super) fn region(w: &World, r: usize) -> Target {
    Target::Domain(w.regions[r])
}

/// The nodes of a destroyed copy come back without any change of what it serves: it must start again all the same.
#[test]
fn a_destroyed_region_without_peers_starts_again_empty() {
    let w = world(&["a"], 3, 4);
    let strike = (Effect::Destroy, region(&w, 0), 10, 4);
    let (out, wrong) = run(&scripted(w, |_| {}, &[strike], &[]));
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(outages(&out, Kind::Write), [(36_000, 4 * 3600)]);
    assert!(out.stores[0].lost > 0);
}

#[test]
fn a_region_put_back_in_the_instant_it_was_taken_out_serves() {
    let w = world(&["a", "b"], 3, 4);
    let (store, region) = (0, 1);
    let both = [(5, Command::Offline { store, region }), (5, Command::Online { store, region })];
    let (_, wrong) = run(&scripted(w, |_| {}, &[], &both));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A common cause that strikes several places is to blame wherever it struck, not only at the first of them.
#[test]
fn a_common_cause_is_to_blame_at_all_its_targets() {
    let w = world(&["a", "b"], 3, 4);
    let mut m = scripted(w, |_| {}, &[], &[]);
    let places = vec![region(&m.world, 0), region(&m.world, 1)];
    let at = Schedule::Scripted(vec![secs(3600)]);
    let mut both = rule("both", places, Effect::Destroy, at, Law::constant(secs(3600)));
    both.together_ppm = Some(1_000_000);
    m.faults.push(both);
    m.stores[0] = store(&m.world, &[1]);
    let Target::Domain(b) = region(&m.world, 1) else { unreachable!() };
    m.blocks.push(Block { name: "b".into(), need: 1, members: vec![Member::Domain(b)], report: true });
    let (out, wrong) = run(&m);
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(out.outages.len(), 3, "reads, writes and the block");
    assert!(out.blocks[0].causes[0] == secs(3600) && out.blocks[0].down == secs(3600));
    assert_eq!(out.losses.len(), 1);
}

/// The pause that takes a destroyed read region out of the sync set ends on time, whatever happens meanwhile.
#[test]
fn a_destroyed_read_region_leaves_the_sync_set_on_time() {
    let w = world(&["a", "b", "c"], 3, 4);
    let strikes = [
        (Effect::Destroy, region(&w, 1), 10, 4),
        (Effect::Degrade { capacity_ppm: 900_000, errors_ppm: 0 }, region(&w, 0), 9, 1),
    ];
    let strong = |s: &mut Store| {
        (s.consistency, s.failover.mode) = (Consistency::Strong, FailoverMode::None);
        s.evict = Law::constant(secs(7200));
    };
    let mut m = scripted(w, strong, &strikes, &[]);
    let at = Schedule::Scripted(vec![secs(11 * 3600)]);
    let other = region(&m.world, 0);
    m.faults.push(rule(
        "x",
        vec![other],
        Effect::Degrade { capacity_ppm: 900_000, errors_ppm: 0 },
        at,
        Law::constant(secs(1800)),
    ));
    let (out, wrong) = run(&m);
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(outages(&out, Kind::Write), [(36_000, 7200)]);
}

/// While the write region is down nobody leaves the sync set: the first region of the list takes over.
#[test]
fn at_strong_consistency_the_list_decides_who_takes_over() {
    let w = world(&["a", "b", "c"], 3, 4);
    for effect in [Effect::Down, Effect::Isolate] {
        let strikes = [(effect, region(&w, 0), 10, 4)];
        let m = scripted(w.clone(), |s| s.consistency = Consistency::Strong, &strikes, &[]);
        let plan = Plan::new(&m).unwrap();
        let (mut sim, mut out) = (Simulation::new(&plan, 1), Replication::default());
        sim.run(0, false, &mut out).unwrap();
        assert!(sim.state.stores[0].groups.iter().all(|g| g.write == 1), "{effect:?}");
        assert!(wrong(&sim, &out).is_empty());
        assert!(out.losses.iter().all(|l| l.absent == 0));
    }
}

/// A configuration that cannot shrink does not ask again and again while the fault lasts.
#[test]
fn long_faults_cost_no_events() {
    let w = world(&["a"], 3, 4);
    let strikes = [(Effect::Down, region(&w, 0), 10, 100)];
    let m = scripted(w, |s| s.reconfigure = Some(secs(1)), &strikes, &[]);
    let (out, wrong) = run(&m);
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(out.events < 200, "{} events", out.events);
}

/// A copy is filled with what it can reach, not with what a region that is down still has.
#[test]
fn a_copy_is_seeded_only_from_copies_it_reaches() {
    let w = world(&["a", "b", "c"], 3, 4);
    let strikes = [
        (Effect::Down, region(&w, 0), 10, 10),
        (Effect::Destroy, region(&w, 2), 10, 1),
        (Effect::Destroy, region(&w, 0), 15, 1),
    ];
    let (out, wrong) = run(&scripted(w, |s| s.failover.mode = FailoverMode::None, &strikes, &[]));
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(out.stores[0].lost, out.stores[0].volume_per_request * 3000 * 5);
}

/// A second entry for the same instant prolongs the first instead of striking again after it.
#[test]
fn a_repeated_script_entry_strikes_once() {
    let w = world(&["a"], 3, 4);
    let mut m = scripted(w, |_| {}, &[(Effect::Down, region(&world(&["a"], 3, 4), 0), 10, 1)], &[]);
    let Schedule::Scripted(times) = &mut m.faults[0].schedule else { unreachable!() };
    times.push(times[0]);
    let (out, _) = run(&m);
    assert_eq!(outages(&out, Kind::Write), [(36_000, 3600)]);
    assert_eq!(out.occurrences, 1);
}

/// The nodes of a copy go down in the instant in which it is filled: it stays empty and is filled again later.
#[test]
fn a_copy_struck_in_the_instant_it_is_filled_is_filled_again() {
    let mut w = world(&["a", "b"], 3, 4);
    let ends = [RegionId(0), RegionId(1)];
    w.links.push(Link { name: "a-b".into(), ends, rtt: None, bandwidth: Some(1_000_000) });
    let strikes = [(Effect::Destroy, region(&w, 1), 10, 1), (Effect::Down, region(&w, 1), 12, 1)];
    let (_, wrong) = run(&scripted(w, |s| s.data_bytes = 3_600_000_000, &strikes, &[]));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The write region is destroyed while the furthest other copy is cut off: it is not filled from a lesser one, which
/// would pass for complete, but waits.
#[test]
fn a_write_region_is_filled_from_all_that_is_left() {
    let mut w = world(&["a", "b", "c"], 3, 4);
    for (x, y) in [(0, 1), (0, 2), (1, 2)] {
        let ends = [RegionId(x), RegionId(y)];
        w.links.push(Link { name: format!("{x}-{y}"), ends, rtt: None, bandwidth: None });
    }
    let change = |s: &mut Store| s.failover.mode = FailoverMode::None;
    let isolate = |link| (Effect::Isolate, Target::Link(LinkId(link)));
    let (ab, ac) = (isolate(0), isolate(1));
    // c is cut off from a first and is an hour behind; then b is cut off from a, when a is destroyed for an hour.
    let strikes = [(ac.0, ac.1, 10, 2), (ab.0, ab.1, 11, 6), (Effect::Destroy, region(&w, 0), 11, 1)];
    let (out, wrong) = run(&scripted(w, change, &strikes, &[]));
    assert!(wrong.is_empty(), "{wrong:#?}");
    // Only what b lacked is lost: 5 s of what clients of a and b wrote. a waits for b, until hour 17.
    let unit = out.stores[0].volume_per_request;
    assert_eq!(out.stores[0].lost / unit, 5 * 2000);
    let failed = out.stores[0].client_failed[0][1] / unit;
    assert!(failed >= 6 * 3600 * 1000, "clients in a are served before a has all that is left: {failed}");
}
