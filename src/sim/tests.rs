//! Whole replications on small worlds built by hand.

use super::observe::Replication;
use super::{Plan, Simulation};
use crate::model::*;
use crate::rng::Law;
use crate::units::Duration;

pub(super) fn world(regions: &[&str], zones: u32, nodes: u32) -> World {
    let mut w = World::default();
    for (r, name) in regions.iter().enumerate() {
        let region = RegionId(r as u32);
        let at = DomainId(w.domains.len() as u32);
        w.regions.push(at);
        let first = w.nodes.len() as u32;
        let push = |w: &mut World, path: String, kind, parent, nodes| {
            w.domains.push(Domain { path, kind, parent, region, nodes });
            DomainId(w.domains.len() as u32 - 1)
        };
        push(&mut w, name.to_string(), DomainKind::Region, None, first..first + zones * nodes);
        for z in 1..=zones {
            let start = w.nodes.len() as u32;
            let zone = push(&mut w, format!("{name}/{z}"), DomainKind::Zone, Some(at), start..start + nodes);
            for n in 1..=nodes {
                let i = w.nodes.len() as u32;
                let id = push(&mut w, format!("{name}/{z}/{n}"), DomainKind::Node, Some(zone), i..i + 1);
                w.nodes.push(id);
            }
        }
    }
    w
}

pub(super) fn secs(s: u64) -> Duration {
    Duration::from_secs(s)
}

pub(super) fn all(w: &World, kind: DomainKind) -> Vec<Target> {
    (0..w.domains.len())
        .filter(|&i| w.domains[i].kind == kind)
        .map(|i| Target::Domain(DomainId(i as u32)))
        .collect()
}

fn failover() -> Failover {
    let c = |s| Law::constant(secs(s));
    Failover {
        mode: FailoverMode::ServiceManaged,
        detect: c(90),
        decide: c(3600),
        promote: c(60),
        redirect: c(30),
        gray_ppm: 0,
        fence: true,
    }
}

pub(super) fn store(w: &World, regions: &[u32]) -> Store {
    let c = |s| Law::constant(secs(s));
    Store {
        name: "s".into(),
        regions: regions
            .iter()
            .map(|&r| StoreRegion {
                region: RegionId(r),
                placement: Placement::ZoneRedundant,
                min_zones: 2,
                spread_ppm: 0,
                joins_later: false,
            })
            .collect(),
        asset: false,
        members: None,
        writes: Writes::Single,
        conflicts: Conflicts { resolve: Resolve::LastWriterWins, capacity_mps: None, threshold_ppm: 0 },
        replicas: 4,
        write_quorum: 3,
        read_quorum: 1,
        reconfigure: Some(Duration::ZERO),
        rebuild: Some(Rebuild { bandwidth: 100_000_000 }),
        partitions: 100,
        data_bytes: 1_000_000_000,
        write_bytes: 1000,
        consistency: Consistency::Session,
        lag: c(5),
        catch_up_mps: 10_000_000,
        evict: c(90),
        failover: failover(),
        on_return: OnReturn { merge_after: Some(c(600)), superseded_ppm: 0 },
        backup: None,
        throughput_mru: None,
        read_cost_mru: 1000,
        write_cost_mru: 5000,
        clients: regions
            .iter()
            .map(|&r| Client {
                region: RegionId(r),
                writes_mps: 1_000_000,
                reads_mps: 5_000_000,
                order: regions
                    .iter()
                    .position(|&x| x == r)
                    .into_iter()
                    .chain((0..regions.len()).filter(|&x| regions[x] != r))
                    .map(|x| x as u8)
                    .collect(),
                write_order: vec![0],
                redirect: Redirect::After(c(0)),
                routing: Routing::Fixed,
                tokens: Tokens::None,
                timeout: Duration::ZERO,
            })
            .collect(),
        hot: None,
        profile: Profile::flat(),
        outage_threshold_ppm: 0,
        commit_latency: secs(0),
        rpo_promise: None,
        price: None,
    }
    .checked(w)
}

impl Store {
    fn checked(self, w: &World) -> Store {
        assert!(self.regions.iter().all(|r| (r.region.0 as usize) < w.regions.len()));
        self
    }
}

pub(super) fn rule(
    name: &str,
    targets: Vec<Target>,
    effect: Effect,
    schedule: Schedule,
    duration: Law,
) -> FaultRule {
    FaultRule {
        name: name.into(),
        cause: CauseClass::Unspecified,
        party: Party::Provider,
        effect,
        targets,
        schedule,
        duration,
        crews: None,
        together_ppm: None,
        cascades: vec![],
    }
}

pub(super) fn model(world: World, faults: Vec<FaultRule>, stores: Vec<Store>) -> Model {
    Model {
        world,
        faults,
        stores,
        blocks: vec![],
        tiers: vec![],
        routers: vec![],
        services: vec![],
        runbooks: vec![],
        actions: vec![],
        objectives: vec![],
        horizon: Duration::YEAR,
        warmup: Duration::ZERO,
        max_events: 10_000_000,
    }
}

fn run(model: &Model, n: u64) -> Vec<Replication> {
    let plan = Plan::new(model).unwrap();
    let mut sim = Simulation::new(&plan, 42);
    (0..n)
        .map(|i| {
            let mut out = Replication::default();
            sim.run(i, true, &mut out).unwrap();
            out
        })
        .collect()
}

fn day(n: u64) -> Schedule {
    Schedule::Scripted(vec![Duration::from_days(n)])
}

#[test]
fn write_region_lost_fails_over_in_phases() {
    let w = world(&["a", "b"], 3, 4);
    let region = vec![Target::Domain(w.regions[0])];
    let fault = rule("lost", region, Effect::Down, day(10), Law::constant(secs(4 * 3600)));
    let s = store(&w, &[0, 1]);
    let m = model(w, vec![fault], vec![s]);
    let out = run(&m, 1).remove(0);
    let outage = &out.outages[0];
    assert_eq!(outage.length, secs(90 + 3600 + 60 + 30));
    assert_eq!(out.outages.len(), 1);
    assert_eq!(out.losses[0].rpo, secs(5));
    assert_eq!(out.losses[0].absent, out.stores[0].volume_per_request * 2000 * 5);
    assert_eq!(out.losses[0].recovered, out.losses[0].absent);
}

/// Lengths of the write outages, in seconds.
fn write_outages(out: &Replication) -> Vec<u64> {
    let writes = |o: &&super::observe::Outage| {
        matches!(o.subject, super::observe::Subject::Store(_, super::observe::Kind::Write))
    };
    out.outages.iter().filter(writes).map(|o| o.length.ns() / 1_000_000_000).collect()
}

fn region_down(w: &World, r: usize, hours: u64) -> FaultRule {
    rule("lost", vec![Target::Domain(w.regions[r])], Effect::Down, day(10), Law::constant(secs(3600 * hours)))
}

fn with_store(
    names: &[&str],
    change: impl Fn(&mut Store),
    faults: impl Fn(&World) -> Vec<FaultRule>,
) -> Replication {
    let w = world(names, 3, 4);
    let mut s = store(&w, &(0..names.len() as u32).collect::<Vec<_>>());
    change(&mut s);
    let faults = faults(&w);
    run(&model(w, faults, vec![s]), 1).remove(0)
}

#[test]
fn the_timeline_tells_the_story() {
    let out = with_store(&["a", "b"], |_| {}, |w| vec![region_down(w, 0, 4)]);
    let story: Vec<(u64, &str)> =
        out.timeline.iter().map(|e| ((e.at.ns() / 1_000_000_000) - 864_000, e.event)).collect();
    let expected = [
        (0, "fault"),
        (0, "phase"),
        (0, "outage-start"),
        (90, "phase"),
        (3690, "phase"),
        (3750, "takeover"),
        (3780, "outage-end"),
        (14_400, "repair"),
    ];
    assert_eq!(story[..expected.len()], expected, "{:?}", out.timeline);
}

/// One partition of ten is hit, and it need not be the first: its failover is told, once for all that share its way.
#[test]
fn the_timeline_tells_of_a_tenth_of_the_partitions() {
    let tenth = Effect::Partial { share_ppm: 100_000 };
    let faults = |w: &World| vec![FaultRule { effect: tenth, ..region_down(w, 0, 4) }];
    let out = with_store(&["a", "b"], |s| s.partitions = 10, faults);
    let story: Vec<&str> = out.timeline.iter().map(|e| e.event).collect();
    let expected = [
        "fault",
        "phase",
        "outage-start",
        "phase",
        "phase",
        "takeover",
        "outage-end",
        "repair",
        "caught-up",
        "merged",
    ];
    assert_eq!(story, expected, "{:?}", out.timeline);
}

#[test]
fn without_failover_writes_wait_for_the_region() {
    let out =
        with_store(&["a", "b"], |s| s.failover.mode = FailoverMode::None, |w| vec![region_down(w, 0, 4)]);
    assert_eq!(write_outages(&out), [4 * 3600]);
    assert!(out.losses.is_empty());
    assert_eq!(out.stores[0].failed[0], 0, "reads go elsewhere at once");
}

#[test]
fn strong_waits_for_the_lost_read_region() {
    let strong = |mode| {
        move |s: &mut Store| {
            (s.consistency, s.failover.mode) = (Consistency::Strong, mode);
        }
    };
    let two = |mode| write_outages(&with_store(&["a", "b"], strong(mode), |w| vec![region_down(w, 1, 4)]));
    assert_eq!(two(FailoverMode::None), [4 * 3600]);
    assert_eq!(two(FailoverMode::ServiceManaged), [90 + 3600]);
    let three = with_store(&["a", "b", "c"], strong(FailoverMode::None), |w| vec![region_down(w, 1, 4)]);
    assert_eq!(write_outages(&three), [90], "one read region left of two: a pause of the eviction time");
    let four = with_store(&["a", "b", "c", "d"], strong(FailoverMode::None), |w| vec![region_down(w, 1, 4)]);
    assert_eq!(write_outages(&four), [0; 0], "two read regions left: no pause");
    let both = with_store(&["a", "b", "c"], strong(FailoverMode::None), |w| {
        vec![region_down(w, 1, 4), region_down(w, 2, 2)]
    });
    assert_eq!(write_outages(&both), [2 * 3600], "of three regions only one may go");
}

#[test]
fn strong_loses_nothing_with_its_write_region() {
    let out = with_store(
        &["a", "b"],
        |s| s.consistency = Consistency::Strong,
        |w| vec![FaultRule { effect: Effect::Destroy, ..region_down(w, 0, 4) }],
    );
    assert_eq!(write_outages(&out), [90 + 3600 + 60 + 30]);
    assert_eq!((out.losses[0].rpo, out.losses[0].absent, out.stores[0].lost), (secs(0), 0, 0));
}

#[test]
fn destroyed_write_region_loses_the_lag() {
    let out = with_store(
        &["a", "b"],
        |_| {},
        |w| vec![FaultRule { effect: Effect::Destroy, ..region_down(w, 0, 4) }],
    );
    let request = out.stores[0].volume_per_request;
    assert_eq!(out.stores[0].lost, request * 2000 * 5);
    assert_eq!(out.losses.iter().map(|l| l.rpo).max(), Some(secs(5)));
    assert_eq!(out.losses.iter().map(|l| l.lost).sum::<i128>(), request * 2000 * 5);
}

#[test]
fn bounded_staleness_stops_writes_at_the_bound() {
    let bounded = |s: &mut Store| {
        s.consistency = Consistency::Bounded { max_writes: 1_000_000_000, max_time: secs(300) };
        s.failover.mode = FailoverMode::None;
    };
    let out = with_store(&["a", "b"], bounded, |w| vec![region_down(w, 1, 1)]);
    // Reached 300 s after the oldest write that b lacks, which is 5 s older than the loss; then b catches up:
    // 295 + 5 s of writes at 2000/s, by 10 000/s.
    assert_eq!(write_outages(&out), [3600 - 295 + 60]);
}

#[test]
fn isolated_write_region_is_fenced_before_the_takeover() {
    let isolate = |w: &World| vec![FaultRule { effect: Effect::Isolate, ..region_down(w, 0, 4) }];
    let out = with_store(&["a", "b"], |_| {}, isolate);
    // The other region's clients are cut off at once; a's own go on until the lease ends.
    assert_eq!(write_outages(&out), [4 * 3600]);
    let request = out.stores[0].volume_per_request;
    assert_eq!(out.losses[0].absent, request * (1000 * (90 + 3600) + 2000 * 5));
    assert_eq!(out.losses[0].recovered, out.losses[0].absent);
    let split = with_store(&["a", "b"], |s| s.failover.fence = false, isolate);
    let b_waits = 90 + 3600 + 60 + 30;
    assert_eq!(split.losses[0].absent, request * (1000 * 4 * 3600 + 2000 * 5));
    assert_eq!(write_outages(&split), [b_waits]);
    let strong = |s: &mut Store| (s.failover.fence, s.consistency) = (false, Consistency::Strong);
    assert_eq!(with_store(&["a", "b"], strong, isolate).losses[0].absent, 0);
    assert_eq!(split.stores[0].failed[0], 0, "the clients of the old write region read there as before");
}

#[test]
fn partial_faults_hit_their_share_exactly() {
    let out = with_store(
        &["a"],
        |s| s.partitions = 10_000,
        |w| vec![FaultRule { effect: Effect::Partial { share_ppm: 100_000 }, ..region_down(w, 0, 1) }],
    );
    assert_eq!(out.outages[0].peak_ppm, 100_000);
    assert_eq!(out.stores[0].failed[1], out.stores[0].volume_per_request * 100 * 3600);
}

#[test]
fn degraded_capacity_throttles_a_proportional_share() {
    // Demand on the only region: 5000 reads of 1 and 1000 writes of 5 request units, together 10 000.
    let half = |w: &World| {
        vec![FaultRule {
            effect: Effect::Degrade { capacity_ppm: 500_000, errors_ppm: 0 },
            ..region_down(w, 0, 1)
        }]
    };
    let out = with_store(&["a"], |s| s.throughput_mru = Some(10_000_000), half);
    let request = out.stores[0].volume_per_request;
    assert_eq!(out.stores[0].throttled_below, [request * 2500 * 3600, request * 500 * 3600]);
    assert_eq!(out.stores[0].throttled_above, [0, 0]);
    let above = with_store(&["a"], |s| s.throughput_mru = Some(8_000_000), |_| vec![]);
    assert_eq!(above.stores[0].throttled_above[0], request * 1000 * 365 * 86_400);
    assert_eq!(above.outages[0].class, super::observe::Class::Load);
    // With two regions, 10 000 units each of reads and all writes at a: the loss of b drives its reads to a.
    let pushed =
        with_store(&["a", "b"], |s| s.throughput_mru = Some(16_000_000), |w| vec![region_down(w, 1, 1)]);
    assert_eq!(pushed.outages[0].class, super::observe::Class::Region);
    // A fifth of 20 000 units is refused, until b has caught up with 3600 s of 1600 writes/s and 5 s of 2000.
    let catch_up = (1600 * 3600 + 2000 * 5) as f64 / (10_000 - 1600) as f64;
    let refused = pushed.stores[0].throttled_above[0] as f64 / request as f64;
    assert!((refused - 10_000.0 * 0.2 * (3600.0 + catch_up)).abs() < 1.0, "{refused}");
}

/// Two causes with the same number lead to the same consequence: what that causes in turn is drawn anew each time.
#[test]
fn consequences_of_different_causes_share_no_mark() {
    let w = world(&["a"], 3, 1);
    let zone = |z: u32| vec![Target::Domain(DomainId(1 + 2 * z))];
    let hour = || Law::constant(secs(3600));
    let then = |rule| {
        vec![Cascade { rule, probability_ppm: 1_000_000, delay: Law::constant(secs(60)), same_place: false }]
    };
    let faults = vec![
        FaultRule { cascades: then(2), ..rule("first", zone(0), Effect::Down, day(1), hour()) },
        FaultRule { cascades: then(2), ..rule("second", zone(0), Effect::Down, day(10), hour()) },
        FaultRule { cascades: then(3), ..rule("spread", zone(1), Effect::Down, Schedule::Cascaded, hour()) },
        rule("last", zone(2), Effect::Down, Schedule::Cascaded, Law::exponential(secs(3600)).unwrap()),
    ];
    let mut m = model(w, faults, vec![]);
    let Target::Domain(third) = zone(2)[0] else { unreachable!() };
    m.blocks.push(Block {
        name: "third".into(),
        need: 1,
        members: vec![Member::Domain(third)],
        report: true,
    });
    let out = run(&m, 1).remove(0);
    let lengths: Vec<Duration> = out.outages.iter().map(|o| o.length).collect();
    assert_eq!(lengths.len(), 2);
    assert_ne!(lengths[0], lengths[1]);
}

#[test]
fn what_is_lost_before_measurement_is_not_reported() {
    let w = world(&["a", "b"], 3, 4);
    // Struck an hour after the start, in a warm-up of a day.
    let region = vec![Target::Domain(w.regions[0])];
    let up = Schedule::Stochastic { uptime: Law::constant(secs(3600)) };
    let lost = rule("lost", region, Effect::Destroy, up, Law::constant(Duration::from_days(400)));
    let s = store(&w, &[0, 1]);
    let m = Model { warmup: Duration::DAY, horizon: Duration::from_days(5), ..model(w, vec![lost], vec![s]) };
    let out = run(&m, 1).remove(0);
    assert_eq!((out.losses.len(), out.outages.len(), out.stores[0].lost), (0, 0, 0));
    let m = Model { warmup: Duration::ZERO, ..m };
    let out = run(&m, 1).remove(0);
    assert!(!out.losses.is_empty() && out.stores[0].lost > 0);
}

#[test]
fn the_state_is_a_plain_value() {
    let w = world(&["a", "b"], 3, 4);
    let up = Schedule::Stochastic { uptime: Law::exponential(Duration::from_days(20)).unwrap() };
    let fault =
        rule("zone", all(&w, DomainKind::Zone), Effect::Destroy, up, Law::exponential(secs(7200)).unwrap());
    let s = store(&w, &[0, 1]);
    let m = model(w, vec![fault], vec![s]);
    let plan = Plan::new(&m).unwrap();
    let (mut one, mut out) = (Simulation::new(&plan, 42), Replication::default());
    one.start(3, false, &mut out);
    for _ in 0..100 {
        one.step(&mut out).unwrap().unwrap();
    }
    let (mut copy, mut copy_out) = (one.clone(), out.clone());
    assert!(one == copy && one.digest() == copy.digest());
    copy.step(&mut copy_out).unwrap();
    assert!(one != copy && one.digest() != copy.digest());
    while one.step(&mut out).unwrap().is_some() {}
    while copy.step(&mut copy_out).unwrap().is_some() {}
    assert!(one == copy && out == copy_out);
    let mut whole = Replication::default();
    Simulation::new(&plan, 42).run(3, false, &mut whole).unwrap();
    assert_eq!(out, whole, "stepping and running agree");
}

/// Breaks the books on purpose: the next evaluation must notice.
#[test]
#[should_panic(expected = "conservation of writes broken")]
fn a_dropped_ledger_segment_is_noticed() {
    let w = world(&["a", "b"], 3, 4);
    let fault = region_down(&w, 0, 4);
    let s = store(&w, &[0, 1]);
    let m = model(w, vec![fault], vec![s]);
    let plan = Plan::new(&m).unwrap();
    let (mut sim, mut out) = (Simulation::new(&plan, 42), Replication::default());
    sim.start(0, false, &mut out);
    while sim.step(&mut out).unwrap().is_some() {
        if let Some(group) = sim.state.stores[0].groups.iter_mut().find(|g| !g.ledger.open.is_empty()) {
            group.ledger.open.clear();
        }
    }
}

/// A random store over all regions of a world.
fn random_store(w: &World, names: &[&str], next: &mut impl FnMut(u64) -> u64) -> Store {
    let mut s = store(w, &(0..names.len() as u32).collect::<Vec<_>>());
    let bounded = Consistency::Bounded { max_writes: 100_000, max_time: secs(300) };
    s.consistency = [Consistency::Strong, Consistency::Session, bounded][next(3) as usize];
    s.failover.mode = [FailoverMode::None, FailoverMode::ServiceManaged][next(2) as usize];
    s.failover.fence = next(2) == 0;
    s.failover.decide = Law::constant(secs([0, 60, 3600][next(3) as usize]));
    s.failover.redirect = Law::constant(secs([0, 30][next(2) as usize]));
    s.reconfigure = [None, Some(secs(0)), Some(secs(30))][next(3) as usize];
    s.lag = Law::lognormal_p95(secs(5), secs(600)).unwrap();
    s.on_return.superseded_ppm = 100_000 * next(3) as u32;
    s.on_return.merge_after = [None, Some(Law::constant(secs(600)))][next(2) as usize].clone();
    s.rebuild = [None, Some(Rebuild { bandwidth: 1_000_000 })][next(2) as usize];
    s.throughput_mru = [None, Some(12_000_000)][next(2) as usize];
    s.catch_up_mps = [1_000_000, 100_000_000][next(2) as usize];
    s.backup = super::tests_recovery::random_backup(w, names.len(), next);
    s.data_bytes = [1_000_000_000, 1_000_000_000_000][next(2) as usize];
    s
}

/// Every effect, on overlapping targets.
fn random_rules(w: &World, next: &mut impl FnMut(u64) -> u64) -> Vec<FaultRule> {
    let exp = |hours: u64| Law::exponential(secs(3600 * hours)).unwrap();
    let up = |hours: u64| Schedule::Stochastic { uptime: exp(hours) };
    let mut targets = all(w, [DomainKind::Node, DomainKind::Zone, DomainKind::Region][next(3) as usize]);
    targets.truncate(8);
    let regions = all(w, DomainKind::Region);
    let mild = [Effect::Down, Effect::Destroy][next(2) as usize];
    let harsh = [Effect::Isolate, Effect::Down, Effect::Destroy][next(3) as usize];
    let damages = [Damages::Data, Damages::Writes][next(2) as usize];
    let corrupt = Effect::Corrupt { share_ppm: [100_000, 1_000_000][next(2) as usize], damages };
    let mut faults = vec![
        rule("x", targets, mild, up(100), exp(1)),
        rule("y", all(w, DomainKind::Zone), Effect::Down, up(300), exp(2)),
        rule("z", regions.clone(), harsh, up(400), exp(2)),
        rule("p", regions.clone(), Effect::Partial { share_ppm: 300_000 }, up(300), exp(2)),
        rule("d", regions, Effect::Degrade { capacity_ppm: 300_000, errors_ppm: 0 }, up(300), exp(2)),
        rule("c", all(w, DomainKind::Region), corrupt, up(500), exp(2)),
        rule("m", all(w, DomainKind::Node), Effect::Maintenance, up(1000), exp(2)),
    ];
    faults[0].crews = [None, Some(1)][next(2) as usize];
    faults[1].together_ppm = [None, Some(500_000)][next(2) as usize];
    faults
}

/// Random worlds, stores and overlapping faults: nothing panics, books balance, phases add up.
#[test]
fn random_faults_break_nothing() {
    let mut word = 1u64;
    let mut next = move |n: u64| {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (word >> 33) % n
    };
    for case in 0..400 {
        let names = &["a", "b", "c", "d"][..1 + next(4) as usize];
        let w = world(names, 3, 2);
        let s = random_store(&w, names, &mut next);
        let faults = random_rules(&w, &mut next);
        let m = Model { horizon: Duration::from_days(60), ..model(w, faults, vec![s]) };
        let plan = Plan::new(&m).unwrap();
        let mut out = Replication::default();
        Simulation::new(&plan, case).run(0, next(2) == 0, &mut out).unwrap();
        let st = &out.stores[0];
        assert_eq!(
            st.acknowledged,
            st.surviving + st.missing + st.superseded + st.damaged + st.lost,
            "case {case}"
        );
        for k in 0..2 {
            assert_eq!(st.failed[k], st.accounts.iter().map(|b| b.failed[k]).sum::<i128>());
            assert_eq!(st.failed[k], st.client_failed.iter().map(|c| c[k]).sum::<i128>());
            assert!(st.failed[k] <= st.requested[k]);
        }
    }
}
