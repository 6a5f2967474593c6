//! Whole replications on small worlds built by hand.

use super::observe::Replication;
use super::{Plan, Simulation};
use crate::model::*;
use crate::rng::Law;
use crate::units::{Duration, Time};

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

pub(super) fn store(w: &World, regions: &[u32]) -> Store {
    let c = |s| Law::constant(secs(s));
    Store {
        name: "s".into(),
        regions: regions
            .iter()
            .map(|&r| StoreRegion { region: RegionId(r), placement: Placement::ZoneRedundant, min_zones: 2 })
            .collect(),
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
        failover: Failover {
            mode: FailoverMode::ServiceManaged,
            detect: c(90),
            decide: c(3600),
            promote: c(60),
            redirect: c(30),
            fence: true,
        },
        on_return: OnReturn { merge_after: Some(c(600)), superseded_ppm: 0 },
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
                redirect: Redirect::After(c(0)),
            })
            .collect(),
        profile: Profile::flat(),
        outage_threshold_ppm: 0,
        commit_latency: secs(0),
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
        actions: vec![],
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
            sim.run(i, false, &mut out).unwrap();
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
    println!("{out:#?}");
    let outage = &out.outages[0];
    assert_eq!(outage.length, secs(90 + 3600 + 60 + 30));
    assert_eq!(out.outages.len(), 1);
    assert_eq!(out.losses[0].rpo, secs(5));
    assert_eq!(out.losses[0].absent, out.stores[0].volume_per_request * 2000 * 5);
    assert_eq!(out.losses[0].recovered, out.losses[0].absent);
}

#[test]
#[ignore]
fn speed() {
    let w = world(&["a", "b"], 3, 4);
    let ln = |m: u64, p: u64| Law::lognormal_p95(secs(m), secs(p)).unwrap();
    let exp = |d: u64| Schedule::Stochastic { uptime: Law::exponential(Duration::from_days(d)).unwrap() };
    let faults = vec![
        rule("node", all(&w, DomainKind::Node), Effect::Down, exp(121), ln(600, 3600)),
        rule("zone", all(&w, DomainKind::Zone), Effect::Down, exp(730), ln(3600, 6 * 3600)),
        rule("region", all(&w, DomainKind::Region), Effect::Down, exp(3650), ln(3 * 3600, 12 * 3600)),
    ];
    let s = store(&w, &[0, 1]);
    let m = model(w, faults, vec![s]);
    let plan = Plan::new(&m).unwrap();
    let mut sim = Simulation::new(&plan, 42);
    let mut out = Replication::default();
    let t = std::time::Instant::now();
    let (mut ev, mut occ) = (0, 0);
    for i in 0..20000 {
        sim.run(i, false, &mut out).unwrap();
        ev += out.fault_events;
        occ += out.events;
    }
    let dt = t.elapsed().as_secs_f64();
    println!(
        "T4: {} reps/s, {} fault events/rep, {} events/rep",
        20000.0 / dt,
        ev as f64 / 20000.0,
        occ as f64 / 20000.0
    );
    let w = world(&["a"], 1, 3);
    let f = rule(
        "node",
        all(&w, DomainKind::Node),
        Effect::Down,
        Schedule::Stochastic { uptime: Law::exponential(secs(3600000)).unwrap() },
        Law::exponential(secs(36000)).unwrap(),
    );
    let mut m = model(w, vec![f], vec![]);
    m.blocks.push(Block {
        name: "b".into(),
        need: 2,
        members: m.faults[0]
            .targets
            .iter()
            .map(|t| match t {
                Target::Domain(d) => Member::Domain(*d),
                _ => unreachable!(),
            })
            .collect(),
        report: true,
    });
    let plan = Plan::new(&m).unwrap();
    let mut sim = Simulation::new(&plan, 42);
    let t = std::time::Instant::now();
    for i in 0..100000 {
        sim.run(i, false, &mut out).unwrap();
    }
    println!("2of3: {} reps/s", 100000.0 / t.elapsed().as_secs_f64());
    let _ = Time::ZERO;
}
