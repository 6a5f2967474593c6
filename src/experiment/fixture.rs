//! Made-up models and replications for the tests of statistics and reports.

use super::runner::{self, Experiment};
use super::sweep::{Axis, Coordinate};
use super::{Accumulator, Outcome, VariantOutcome};
use crate::model::objective::{Credit, Goal, Measure, Series, WHOLE, Watched};
use crate::model::*;
use crate::rng::Law;
use crate::scenario::{Options, Source, load};
use crate::sim::observe::*;
use crate::units::{Duration, Time};
use std::sync::atomic::AtomicBool;

fn secs(s: u64) -> Duration {
    Duration::from_secs(s)
}

fn rule(name: &str, target: Target) -> FaultRule {
    FaultRule {
        name: name.into(),
        cause: CauseClass::Power,
        party: Party::Provider,
        effect: Effect::Down,
        targets: vec![target],
        schedule: Schedule::Stochastic { uptime: Law::constant(Duration::DAY) },
        duration: Law::constant(Duration::HOUR),
        crews: None,
        together_ppm: None,
        cascades: vec![],
    }
}

/// The variants of a scenario without problems, by name.
pub(crate) fn read(text: &str) -> Vec<(String, Model)> {
    let options = Options::new();
    let loaded = load(Source { name: "t", text }, &options);
    let scenario = loaded.scenario.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    scenario.variants.into_iter().map(|v| (v.name, v.model)).collect()
}

/// The first variant of a scenario.
pub(crate) fn read_one(text: &str) -> Model {
    read(text).swap_remove(0).1
}

/// Runs an experiment.
pub(crate) fn run(experiment: &Experiment<'_>) -> Outcome {
    let sums = runner::sums(experiment, &AtomicBool::new(false), |_| {});
    let sums = sums.unwrap_or_else(|failure| panic!("{failure}"));
    experiment.outcome("t", 0, &sums)
}

/// Two regions of one zone and one node each; rules `zone-power` (zone) and `=region-lost` (region); one store, one
/// block; a year.
pub(crate) fn model() -> Model {
    let mut world = World::default();
    for (r, name) in ["west", "north"].into_iter().enumerate() {
        let (region, base) = (RegionId(r as u32), 3 * r as u32);
        let node = r as u32;
        world.regions.push(DomainId(base));
        world.nodes.push(DomainId(base + 2));
        for (kind, path, parent) in [
            (DomainKind::Region, name.to_string(), None),
            (DomainKind::Zone, format!("{name}/1"), Some(DomainId(base))),
            (DomainKind::Node, format!("{name}/1/1"), Some(DomainId(base + 1))),
        ] {
            world.domains.push(Domain { path, kind, parent, region, nodes: node..node + 1 });
        }
    }
    Model {
        world,
        faults: vec![
            rule("zone-power", Target::Domain(DomainId(1))),
            rule("=region-lost", Target::Domain(DomainId(0))),
        ],
        stores: vec![store()],
        blocks: vec![Block {
            name: "quorum".into(),
            need: 1,
            members: vec![Member::Domain(DomainId(1))],
            report: true,
        }],
        tiers: vec![],
        routers: vec![],
        services: vec![],
        runbooks: vec![],
        actions: vec![],
        objectives: vec![],
        horizon: Duration::YEAR,
        warmup: Duration::ZERO,
        max_events: 1000,
    }
}

/// A target of each sort.
pub(crate) fn objectives() -> Vec<Objective> {
    let writes = Watched::Store(0, Series::Write);
    let credits = vec![Credit { below: WHOLE / 10_000 * 9_999, share_ppm: 100_000 }];
    let month =
        |measure| Goal::Availability { target: WHOLE / 10_000 * 9_999, measure, credits: credits.clone() };
    let (hour, class) = (Duration::HOUR, Some(Class::Region));
    [
        (writes, month(Measure::MeanHourly)),
        (Watched::Store(0, Series::All), month(Measure::Requests)),
        (Watched::Block(0), month(Measure::MeanHourly)),
        (writes, Goal::Rto { within: hour, class }),
        (writes, Goal::Rpo { within: secs(2), class: None }),
    ]
    .into_iter()
    .enumerate()
    .map(|(i, (of, goal))| Objective { name: format!("target-{i}"), of, goal, required: WHOLE })
    .collect()
}

/// A store in both regions, written to from both.
fn store() -> Store {
    let zero = || Law::constant(Duration::ZERO);
    let region = |r| StoreRegion {
        region: RegionId(r),
        placement: Placement::ZoneRedundant,
        min_zones: 1,
        spread_ppm: 0,
        joins_later: false,
    };
    let client = |r, order| Client {
        region: RegionId(r),
        writes_mps: 500_000,
        reads_mps: 1_000_000,
        order,
        write_order: vec![0],
        redirect: Redirect::After(zero()),
        routing: Routing::Fixed,
        tokens: Tokens::None,
        timeout: Duration::ZERO,
    };
    Store {
        name: "orders".into(),
        regions: vec![region(0), region(1)],
        asset: false,
        members: None,
        writes: Writes::Single,
        conflicts: Conflicts { resolve: Resolve::LastWriterWins, capacity_mps: None, threshold_ppm: 0 },
        replicas: 4,
        write_quorum: 3,
        read_quorum: 1,
        reconfigure: Some(secs(10)),
        rebuild: None,
        partitions: 1,
        data_bytes: 0,
        write_bytes: 1,
        consistency: Consistency::Session,
        lag: zero(),
        catch_up_mps: 2_000_000,
        evict: zero(),
        failover: Failover {
            mode: FailoverMode::ServiceManaged,
            detect: zero(),
            decide: zero(),
            promote: zero(),
            redirect: zero(),
            gray_ppm: 0,
            fence: true,
        },
        on_return: OnReturn { merge_after: Some(zero()), superseded_ppm: 0 },
        backup: None,
        throughput_mru: None,
        read_cost_mru: 1000,
        write_cost_mru: 5000,
        clients: vec![client(0, vec![0, 1]), client(1, vec![1, 0])],
        hot: None,
        profile: Profile::flat(),
        outage_threshold_ppm: 0,
        commit_latency: Duration::ZERO,
        rpo_promise: None,
        price: None,
    }
}

/// Volume of one request: a thousandth per second × a thousandth of the profile × nanoseconds.
pub(crate) const REQUEST: i128 = 1_000 * 1_000 * 1_000_000_000;

/// A replication whose figures vary with its number: even ones see a zone outage, every third a lost region.
pub(crate) fn replication(index: u64) -> Replication {
    let year = i128::from(Duration::YEAR.ns() / 1_000_000_000);
    let requested = [2000 * year * REQUEST, 1000 * year * REQUEST];
    let mut rep = Replication {
        index,
        occurrences: 3 + index % 4,
        fault_events: 6 + 2 * (index % 4),
        events: 40 + index,
        fault_digest: index.wrapping_mul(0x1234_5678_9abc_def1),
        ..Replication::default()
    };
    let mut run = StoreRun {
        volume_per_request: REQUEST,
        requested,
        failed: [0, 0],
        throttled_above: [0, 0],
        throttled_below: [0, 0],
        client_requested: vec![[requested[0] / 2, requested[1] / 2]; 2],
        client_failed: vec![[0, 0]; 2],
        client_reads: Vec::new(),
        down: [Duration::ZERO; 2],
        accounts: Vec::new(),
        months: Vec::new(),
        acknowledged: requested[1],
        surviving: requested[1],
        missing: 0,
        superseded: 0,
        damaged: 0,
        lost: 0,
        recovered: 0,
        missing_peak: 0,
        contention: ContentionRun::default(),
        damaged_peak: 0,
    };
    let mut block = BlockRun { down: Duration::ZERO, causes: vec![Duration::ZERO; 2], months: Vec::new() };
    if index.is_multiple_of(2) {
        let length = secs(60 + index % 17);
        outage(&mut rep, &mut run, 0, Class::Zone, length);
        block.down = length;
        block.causes[0] = length;
        block.months.push(BlockMonth { month: 0, down: length });
        let mut down = rep.outages[0].clone();
        down.subject = Subject::Block(0);
        down.failed = 0;
        rep.outages.push(down);
    }
    if index.is_multiple_of(3) {
        outage(&mut rep, &mut run, 1, Class::Region, secs(3_600 + 60 * (index % 29)));
        lose(&mut rep, &mut run, i128::from(index % 5));
    }
    rep.stores.push(run);
    rep.blocks.push(block);
    rep
}

fn outage(rep: &mut Replication, run: &mut StoreRun, rule: u32, class: Class, length: Duration) {
    let failed = 1000 * i128::from(length.ns()) * 1_000_000;
    run.failed[1] += failed;
    // All of it is in January.
    if run.months.is_empty() {
        run.months.push(MonthRun::default());
    }
    run.months[0].failed[1] += failed;
    run.months[0].errors[1] += failed / 1000;
    run.client_failed[0][1] += failed / 2;
    run.client_failed[1][1] += failed / 2;
    run.down[1] = run.down[1].saturating_add(length);
    let account = Account { cause: Cause::Rule(rule), phase: Phase::Repair, party: Party::Provider };
    let booked = run.booked(account);
    booked.failed[1] += failed;
    booked.down[1] = booked.down[1].saturating_add(length);
    let mut phases = [Duration::ZERO; Phase::ALL.len()];
    phases[Phase::Repair as usize] = length;
    rep.outages.push(Outage {
        ended: true,
        subject: Subject::Store(0, Kind::Write),
        start: Time::ZERO + Duration::from_days(10 + u64::from(rule)),
        length,
        time_to_impact: secs(u64::from(rule) * 2),
        peak_ppm: 1_000_000,
        failed,
        blame: Blame::Fault { rule, target: Target::Domain(DomainId(1 - rule)), k: rep.index },
        class,
        cause: CauseClass::Power,
        phases,
        parties: [length, Duration::ZERO],
        regions: 0b01,
    });
}

fn lose(rep: &mut Replication, run: &mut StoreRun, seconds: i128) {
    let absent = 1000 * seconds * REQUEST;
    run.surviving -= absent / 2;
    run.lost += absent / 2;
    run.recovered += absent - absent / 2;
    run.missing_peak = absent;
    let account = Account { cause: Cause::Rule(1), phase: Phase::Promote, party: Party::Provider };
    if absent > 0 {
        run.booked(account).lost += absent / 2;
    }
    rep.losses.push(Loss {
        store: 0,
        at: Time::ZERO + Duration::from_days(11),
        blame: Blame::Fault { rule: 1, target: Target::Domain(DomainId(0)), k: rep.index },
        class: Class::Region,
        cause: CauseClass::Power,
        rpo: secs(seconds as u64),
        rpo_final: secs(seconds as u64 / 2),
        absent,
        recovered: absent - absent / 2,
        superseded: 0,
        missing: 0,
        lost: absent / 2,
        parties: [absent / 2, 0],
    });
}

/// Results of the first `n` made-up replications in one variant `base`.
pub(crate) fn outcome(n: u64) -> Outcome {
    outcome_of(&[], n)
}

/// The same under objectives.
pub(crate) fn outcome_of(objectives: &[Objective], n: u64) -> Outcome {
    let model = Model { objectives: objectives.to_vec(), ..model() };
    let mut acc = Accumulator::new(&model);
    (0..n).for_each(|i| acc.add(&replication(i)));
    Outcome {
        scenario: "Orders: two regions".into(),
        seed: 42,
        replications: n,
        first_replication: 0,
        version: "0.1.0".into(),
        axes: Vec::new(),
        digest: 0xabc,
        variants: vec![VariantOutcome::new("base", &model, &acc)],
    }
}

/// The same as a sweep of two settings, one of them with a value that a spreadsheet would take for a formula: four
/// points after the file as written.
pub(crate) fn swept(n: u64) -> Outcome {
    let coordinate = |path: &str, label: &str, value: Option<f64>| Coordinate {
        path: path.into(),
        label: label.into(),
        value,
        unit: if value.is_some() { "seconds" } else { "" },
    };
    let interval = "store.s.backup.interval";
    let level = "store.s.consistency";
    let intervals = vec![coordinate(interval, "1h", Some(3600.0)), coordinate(interval, "4h", Some(14400.0))];
    let levels = vec![coordinate(level, "strong", None), coordinate(level, "=1+1", None)];
    let mut outcome = outcome(n);
    for a in &intervals {
        for b in &levels {
            outcome.variants.push(VariantOutcome {
                name: format!("interval = {}, consistency = {}", a.label, b.label),
                point: vec![a.clone(), b.clone()],
                ..outcome.variants[0].clone()
            });
        }
    }
    let axis =
        |path: &str, label: &str, unit, values| Axis { path: path.into(), label: label.into(), unit, values };
    outcome.axes =
        vec![axis(interval, "interval", "seconds", intervals), axis(level, "consistency", "", levels)];
    outcome
}
