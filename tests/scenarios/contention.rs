//! Hot items and lags where something else happens at the same time: throttling, cuts, the horizon.

use super::runs::outcome;
use super::support::{read, replications};
use zonefall::scenario::Scenario;
use zonefall::sim::observe::{Replication, StoreRun};

/// Regions a, b and c and a store in a and b that both write; `horizon` and more of the store and faults to be added.
fn scenario(horizon: &str, store: &str, workload: &str, faults: &str) -> Scenario {
    let region = |name| format!("[[region]]\nname = \"{name}\"\nzones = 3\nnodes_per_zone = 4\n");
    let regions: String = ["a", "b", "c"].map(region).concat();
    let text = format!(
        "[scenario]\nname = \"x\"\nhorizon = \"{horizon}\"\nreplications = 1\nseed = 1\n{regions}\
         [[link]]\nname = \"cable\"\nbetween = [\"c\", \"b\"]\n\
         [store.s]\npreset = \"cosmos-db\"\nregions = [{{ name = \"a\", zones = \"zone-redundant\" }}, \
         {{ name = \"b\", zones = \"zone-redundant\" }}]\npartitions = 10\n{store}\n\
         [store.s.workload]\n{workload}\n{faults}"
    );
    read(&text, &[])
}

fn simulate(scenario: &Scenario) -> Replication {
    replications(&scenario.variants[0].model, 1, 1).remove(0)
}

fn store(scenario: &Scenario) -> StoreRun {
    simulate(scenario).stores.remove(0)
}

/// What conflicts left does not depend on how long faults go on after the horizon, and the application reads the feed
/// once more: at the horizon, or at its next run.
#[test]
fn no_conflict_is_counted_after_the_horizon() {
    let run = |conflicts: &str, lasts: &str| {
        let settings = format!(
            "writes = \"multi-region\"\nlag = \"1s\"\nconflicts = {{ {conflicts} }}\n\
             failover = {{ mode = \"service-managed\" }}"
        );
        let workload =
            "writes_per_second = 100\nclients = { a = 0.5, b = 0.5 }\nhot = { share = 0.2, items = 100 }";
        let fault = format!("[fault.n]\ntarget = \"node:a/1/1\"\nat = \"1d\"\nduration = \"{lasts}\"\n");
        store(&scenario("2d", &settings, workload, &fault))
    };
    let expected = run("policy = \"last-writer-wins\"", "1h").superseded;
    assert!(expected > 0);
    for lasts in ["1h", "100d"] {
        assert_eq!(run("policy = \"last-writer-wins\"", lasts).superseded, expected, "{lasts}");
        for (every, recovered) in
            [("{ every = \"7h\" }", true), ("{ every = \"12h\" }", true), ("\"never\"", false)]
        {
            let feed = run(&format!("policy = \"feed\", handler = {every}"), lasts);
            let found = if recovered { (expected, 0) } else { (0, expected) };
            assert_eq!((feed.recovered, feed.missing), found, "{every} {lasts}");
        }
    }
}

/// The bound of a lane concerns the writes of that lane: 500 a second, 121 s late, are 60,500 of 100,000 allowed.
#[test]
fn c14_the_bound_of_a_lane_counts_its_own_writes() {
    let outages = |writes: u64, share: f64| {
        let settings = "writes = \"multi-region\"\nlag = \"1s\"\nconsistency = \"bounded-staleness\"\n\
                        max_lag_writes = 100_000\nmax_lag_time = \"1h\"\ncatch_up = 100_000\n\
                        failover = { mode = \"none\" }";
        let workload =
            format!("writes_per_second = {writes}\nclients = {{ a = {share}, b = {} }}", 1.0 - share);
        let fault = "[fault.l]\ntarget = \"region:b\"\neffect = \"lag\"\nextra = \"120s\"\nat = \"10h\"\n\
                     duration = \"10h\"\n";
        simulate(&scenario("2d", settings, &workload, fault)).outages.len()
    };
    // Ten partitions.
    assert_eq!(outages(10_000, 0.5), 0);
    assert!(outages(10_000, 0.9) > 0);
    assert!(outages(20_000, 0.5) > 0);
}

/// While nobody settles conflicts, those writes fail that would have been taken. Ten writes a second of c's clients
/// never arrive for eight hours: they fail once, whatever becomes of others.
#[test]
fn c32_without_an_arbiter_no_write_fails_twice() {
    let settings = "writes = \"multi-region\"\nlag = \"10s\"\nconflicts = { threshold = 0.0 }\n\
                    failover = { mode = \"service-managed\", detect = \"1h\", promote = \"1h\", redirect = \"1h\" }";
    let workload = "writes_per_second = 100\nhot = { share = 1.0, items = 100 }\n\
                    clients = { a = 0.1, b = 0.8, c = { share = 0.1, writes_to = [\"b\"] } }";
    let faults = "[fault.arbiter]\ntarget = \"region:a\"\nat = \"1h\"\nduration = \"8h\"\n\
                  [fault.cut]\ntarget = \"link:cable\"\neffect = \"isolate\"\nat = \"1h\"\nduration = \"8h\"\n";
    let run = store(&scenario("10h", settings, workload, faults));
    let [b, c] = [1, 2].map(|client| run.client_failed[client][1] / run.volume_per_request);
    // Between b and an arbiter that is not there all of b's writes are sure to meet others, nearly.
    assert!(b > 0 && b <= 80 * 2 * 3600, "{b}");
    assert_eq!(c, 10 * 8 * 3600);
}

/// A read that is throttled is not stale: b's clients get 600 of their 900 reads a second, a's are all answered.
#[test]
fn c34_only_answered_reads_are_stale() {
    let share = |throughput: &str| {
        let settings = format!(
            "lag = \"10s\"\nread_cost = 1\nwrite_cost = 1\n{throughput}failover = {{ mode = \"service-managed\" }}"
        );
        let workload = "writes_per_second = 100\nreads_per_second = 1000\nclients = { a = 0.1, b = 0.9 }\n\
                        hot = { share = 0.5, items = 1000 }";
        let run = store(&scenario("2d", &settings, workload, ""));
        let answered = run.requested[0] - run.failed[0];
        (run.client_reads[1][0] as f64 / answered as f64, run.failed[0])
    };
    let ((all, none), (some, failed)) = (share(""), share("throughput = 600\n"));
    assert!(none == 0 && failed > 0 && all > 0.0);
    let (asked_by_b, answered_of_b) = (0.9, 600.0 / 700.0);
    assert!((some / answered_of_b - all / asked_by_b).abs() < 1e-6, "{all} {some}");
}

/// A write that is both overtaken and unconfirmed is in two conflicts; a share of more than one is shown.
#[test]
fn c33_a_write_in_two_conflicts_counts_twice() {
    let settings = "writes = \"multi-region\"\nlag = \"100s\"\nfailover = { mode = \"service-managed\" }";
    let workload =
        "writes_per_second = 1000\nclients = { a = 0.1, b = 0.9 }\nhot = { share = 1.0, items = 1 }";
    let outcome = outcome(&scenario("1h", settings, workload, ""), |_, _| {});
    let value = |figure| outcome.metric("base", figure).and_then(|m| m.estimate).unwrap();
    let (share, rate) = (value("conflict_share"), value("conflicts_per_second"));
    assert!(share > 1.8 && (share - rate / 1000.0).abs() < 1e-6, "{share} {rate}");
}

/// Writes that wait at the arbiter stop nothing, and the figure says so where the bound is exceeded.
#[test]
fn c33_waiting_beyond_the_bound_is_said() {
    let note = |capacity: &str| {
        let settings = format!(
            "writes = \"multi-region\"\nlag = \"1s\"\nconsistency = \"bounded-staleness\"\n\
             max_lag_writes = 1_000_000_000\nmax_lag_time = \"300s\"\nconflicts = {{ capacity = {capacity} }}\n\
             failover = {{ mode = \"service-managed\" }}"
        );
        let workload =
            "writes_per_second = 1000\nclients = { a = 0.5, b = 0.5 }\nhot = { share = 0.5, items = 100 }";
        let outcome = outcome(&scenario("6h", &settings, workload, ""), |_, _| {});
        outcome.metric("base", "replication_lag_seconds.max").unwrap().note.clone()
    };
    assert!(note("100").contains("beyond the staleness bound"));
    assert!(!note("100_000").contains("bound"));
}
