//! What must not change a result, and what must change it in a known way. All on scenarios with losses.

mod support;

use support::{read, replications};
use zonefall::model::Model;
use zonefall::sim::observe::{Kind, Replication};
use zonefall::sim::{Plan, Simulation, Tape};

const BASE: &str = r#"
[scenario]
name         = "random faults on two regions"
horizon      = "200d"
replications = 1
seed         = 42

[[region]]
name           = "a"
zones          = 3
nodes_per_zone = 4

[[region]]
name           = "b"
zones          = 3
nodes_per_zone = 4

[[link]]
name    = "ab"
between = ["a", "b"]

[fault.node]
target   = "node:*"
mtbf     = "20d"
duration = { law = "lognormal", median = "1h", p95 = "8h" }

[fault.disk]
target   = "node:*"
effect   = "destroy"
mtbf     = "60d"
duration = "3h"

[fault.zone]
target   = "zone:*"
mtbf     = "50d"
duration = { law = "exponential", mean = "5h" }

[fault.region]
target   = "region:*"
mtbf     = "40d"
duration = { law = "exponential", mean = "8h" }

[fault.fire]
target   = "region:*"
effect   = "destroy"
mtbf     = "150d"
duration = "1d"

[fault.cut]
target   = "link:ab"
effect   = "isolate"
mtbf     = "30d"
duration = { law = "exponential", mean = "3h" }

[store.s]
regions      = [{ name = "a", zones = "zone-redundant" }, { name = "b", zones = "zone-redundant" }]
replicas     = 3
reconfigure  = "10s"
rebuild      = { bandwidth = "50MB/s" }
partitions   = 10
data_size    = "1TB"
lag          = { law = "lognormal", median = "5s", p95 = "1m" }
failover     = { mode = "service-managed", detect = "90s", decide = { law = "exponential", mean = "1h" }, promote = "1m", redirect = "30s" }
on_return    = { merge_after = { law = "exponential", mean = "2h" }, superseded = 0.1 }

[store.s.workload]
writes_per_second = 100
reads_per_second  = 300
clients           = { a = 0.7, b = 0.3 }
"#;

const SEED: u64 = 42;

fn base(text: &str) -> Model {
    read(text, &[]).variants[0].model.clone()
}

/// Replications with takeovers, with missing and with lost writes among them.
fn runs(model: &Model) -> Vec<Replication> {
    let runs = replications(model, SEED, 20);
    assert!(runs.iter().any(|r| r.stores[0].lost > 0), "nothing is lost: the comparison would say little");
    assert!(runs.iter().any(|r| r.stores[0].recovered > 0), "nothing is missing for a time");
    runs
}

#[test]
fn an_unused_region_or_a_variant_changes_nothing() {
    let expected = runs(&base(BASE));
    // Behind the others, and before them; with zones of its own, but no fault strikes there.
    let unused = "[[region]]\nname = \"unused\"\nzones = 2\nnodes_per_zone = 3\n";
    let narrow = |text: &str| {
        text.replace("\"node:*\"", "[\"node:a/*\", \"node:b/*\"]")
            .replace("\"zone:*\"", "[\"zone:a/*\", \"zone:b/*\"]")
            .replace("\"region:*\"", "[\"region:a\", \"region:b\"]")
    };
    let behind = narrow(BASE).replace("[[link]]", &format!("{unused}\n[[link]]"));
    assert_eq!(without_targets(runs(&base(&behind))), without_targets(expected.clone()));
    // Even where faults strike the unused region, the store meets the same ones as before.
    let struck = BASE.replace("[[link]]", &format!("{unused}\n[[link]]"));
    let others = runs(&base(&struck));
    for (a, b) in others.iter().zip(&expected) {
        assert!(a.occurrences > b.occurrences);
        assert_eq!((&a.stores, &a.losses), (&b.stores, &b.losses));
    }
    let variant = format!("{BASE}\n[variant.strong]\n\"store.s.consistency\" = \"strong\"\n");
    let scenario = read(&variant, &[]);
    assert_eq!(replications(&scenario.variants[0].model, SEED, 20), expected);
    let strong = replications(&scenario.variants[1].model, SEED, 20);
    assert!(strong.iter().zip(&expected).all(|(a, b)| a.fault_digest == b.fault_digest));
    assert!(strong.iter().zip(&expected).any(|(a, b)| a.stores != b.stores));
}

/// Without what counts domains of the whole world: the digest of the history.
fn without_targets(mut runs: Vec<Replication>) -> Vec<Replication> {
    runs.iter_mut().for_each(|r| r.fault_digest = 0);
    runs
}

#[test]
fn the_order_of_tables_changes_nothing() {
    let expected = runs(&base(BASE));
    let head = BASE.find("[scenario]").unwrap();
    let mut tables: Vec<String> = Vec::new();
    for line in BASE[head..].lines() {
        // Sub-tables and list elements keep their order.
        if line.starts_with("[scenario")
            || line.starts_with("[[region]]") && tables.len() == 1
            || line.starts_with("[[link]]")
            || line.starts_with("[store.s]")
        {
            tables.push(String::new());
        }
        let current = tables.last_mut().unwrap();
        current.push_str(line);
        current.push('\n');
    }
    assert_eq!(tables.len(), 4);
    tables.reverse();
    let reversed = tables.concat();
    assert_ne!(reversed, BASE);
    assert_eq!(runs(&base(&reversed)), expected);
}

/// Fault rules in another order: the same occurrences, of rules with other numbers.
#[test]
fn the_order_of_rules_changes_no_figure() {
    let expected = runs(&base(BASE));
    let node = &BASE[BASE.find("[fault.node]").unwrap()..BASE.find("[fault.disk]").unwrap()];
    let moved = BASE.replace(node, "").replace("[store.s]\n", &format!("{node}\n[store.s]\n"));
    assert_ne!(moved, BASE);
    same_figures(&runs(&base(&moved)), &expected);
}

/// Regions of the world in another order: their faults go by name.
#[test]
fn the_order_of_regions_changes_no_figure() {
    let expected = runs(&base(BASE));
    let b = &BASE[BASE.find("[[region]]\nname           = \"b\"").unwrap()..BASE.find("[[link]]").unwrap()];
    let moved = BASE.replace(b, "").replacen("[[region]]", &format!("{b}[[region]]"), 1);
    assert_ne!(moved, BASE);
    same_figures(&runs(&base(&moved)), &expected);
}

fn same_figures(some: &[Replication], others: &[Replication]) {
    for (a, b) in some.iter().zip(others) {
        let figures = |r: &Replication| {
            let s = &r.stores[0];
            (r.occurrences, s.failed, s.down, s.acknowledged, s.lost, s.missing, s.recovered, s.superseded)
        };
        assert_eq!(figures(a), figures(b), "replication {}", a.index);
    }
}

/// All times of a scenario multiplied by a whole number; rates of requests divided by it.
fn scaled(text: &str, factor: u64) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('"') {
        let close = open + 1 + rest[open + 1..].find('"').unwrap();
        let (word, quoted) = (&rest[..=open], &rest[open + 1..close]);
        out.push_str(word);
        match quoted.parse::<zonefall::units::Duration>() {
            Ok(d) => out.push_str(&format!("{}ns", d.ns() * factor)),
            Err(_) => out.push_str(quoted),
        }
        out.push('"');
        rest = &rest[close + 1..];
    }
    out.push_str(rest);
    out
}

/// Only constant laws: others round a draw to a nanosecond, which does not scale.
#[test]
fn scaling_all_times_scales_all_durations() {
    const SCRIPTED: &str = r#"
[scenario]
name    = "scripted"
horizon = "40d"
[[region]]
name           = "a"
zones          = 3
nodes_per_zone = 4
[[region]]
name           = "b"
zones          = 3
nodes_per_zone = 4
[fault.node]
target   = "node:*"
uptime   = { law = "empirical", values = ["1d", "3d", "7d"] }
duration = { law = "empirical", values = ["1h", "5h"] }
[fault.region]
target   = "region:a"
at       = ["3d", "20d"]
duration = "12h"
[fault.fire]
target   = "region:b"
effect   = "destroy"
at       = ["12d"]
duration = "1d"
[store.s]
regions      = [{ name = "a", zones = "zone-redundant" }, { name = "b", zones = "zone-redundant" }]
reconfigure  = "1m"
partitions   = 12
lag          = "10s"
catch_up     = 3000
failover     = { mode = "service-managed", detect = "2m", decide = "30m", promote = "1m", redirect = "1m" }
on_return    = { merge_after = "1h", superseded = 0.5 }
[store.s.workload]
writes_per_second = 600
reads_per_second  = 300
clients           = { a = 0.5, b = 0.5 }
"#;
    const FACTOR: u64 = 3;
    let slow = scaled(SCRIPTED, FACTOR)
        .replace("catch_up     = 3000", "catch_up = 1000")
        .replace("per_second = 600", "per_second = 200")
        .replace("per_second  = 300", "per_second = 100");
    let one = replications(&base(SCRIPTED), SEED, 10);
    let other = replications(&base(&slow), SEED, 10);
    assert!(one.iter().any(|r| !r.losses.is_empty() && r.stores[0].lost + r.stores[0].superseded > 0));
    for (a, b) in one.iter().zip(&other) {
        assert_eq!(a.occurrences, b.occurrences);
        assert_eq!(a.outages.len(), b.outages.len());
        for (x, y) in a.outages.iter().zip(&b.outages) {
            assert_eq!((x.start.ns() * FACTOR, x.length.ns() * FACTOR), (y.start.ns(), y.length.ns()));
            assert_eq!(x.phases.map(|d| d.ns() * FACTOR), y.phases.map(|d| d.ns()));
        }
        for (x, y) in a.losses.iter().zip(&b.losses) {
            assert_eq!((x.at.ns() * FACTOR, x.rpo.ns() * FACTOR), (y.at.ns(), y.rpo.ns()));
        }
        // A third of the writes per second, three times as long: as many writes.
        let (x, y) = (&a.stores[0], &b.stores[0]);
        assert_eq!(x.volume_per_request, y.volume_per_request);
        assert_eq!((x.acknowledged, x.lost, x.missing), (y.acknowledged, y.lost, y.missing));
        assert_eq!((x.recovered, x.superseded, x.failed), (y.recovered, y.superseded, y.failed));
    }
}

#[test]
fn a_tenth_of_ten_thousand_partitions_is_a_tenth() {
    let m = support::model("cosmos-db/partial", "no-failover", &[]);
    let run = &replications(&m, SEED, 1)[0];
    let s = &run.stores[0];
    // A tenth for 1 d of 10 d, to the last request.
    assert_eq!(s.failed[Kind::Write as usize] * 100, s.requested[Kind::Write as usize]);
    let writes = run.outages.iter().filter(|o| o.failed > 0);
    assert_eq!(writes.map(|o| o.peak_ppm).collect::<Vec<_>>(), [100_000]);
}

/// A node's fault fails the partitions that have a replica there, no others: one replica, so its share is seen.
#[test]
fn a_node_touches_only_its_groups() {
    let text = |node: u32| {
        format!(
            "[scenario]\nname = \"t\"\nhorizon = \"10d\"\n[[region]]\nname = \"a\"\nzones = 3\nnodes_per_zone = 4\n\
             [fault.n]\ntarget = \"node:a/{}/{}\"\nat = \"1d\"\nduration = \"1d\"\n\
             [store.s]\nregions = [{{ name = \"a\", zones = \"zone-redundant\" }}]\nreplicas = 1\n\
             partitions = 1200\n[store.s.workload]\nwrites_per_second = 120\nclients = {{ a = 1.0 }}\n",
            node / 4 + 1,
            node % 4 + 1
        )
    };
    for node in 0..12 {
        let run = &replications(&base(&text(node)), SEED, 1)[0];
        let s = &run.stores[0];
        // One of twelve nodes for 1 d of 10 d.
        assert_eq!(s.failed[Kind::Write as usize] * 120, s.requested[Kind::Write as usize], "node {node}");
    }
}

#[test]
fn seeds_differ() {
    let m = base(BASE);
    let (one, two) = (replications(&m, 1, 20), replications(&m, 2, 20));
    let digests = |runs: &[Replication]| runs.iter().map(|r| r.fault_digest).collect::<Vec<_>>();
    let (one, two) = (digests(&one), digests(&two));
    assert!(one.iter().all(|d| !two.contains(d)), "seeds share a history");
}

/// Rule R2: whatever is simulated on it, the same world meets the same faults.
#[test]
fn the_fault_history_does_not_depend_on_the_store() {
    let expected = runs(&base(BASE));
    let store = &BASE[BASE.find("[store.s]").unwrap()..];
    let others = [
        BASE.replace(store, ""),
        BASE.replace("replicas     = 3", "replicas     = 2"),
        BASE.replace("lag          = { law = \"lognormal\", median = \"5s\", p95 = \"1m\" }", "lag = \"0s\""),
        BASE.replace("zone-redundant", "unzoned"),
        BASE.replace("mode = \"service-managed\"", "mode = \"none\""),
        BASE.replace("{ a = 0.7, b = 0.3 }", "{ b = 1.0 }"),
        BASE.replace("[store.s", "[store.another"),
        // Streams and histories go by names: the other order of regions moves every index.
        BASE.replace("name           = \"a\"", "name           = \"?\"")
            .replace("name           = \"b\"", "name           = \"a\"")
            .replace("name           = \"?\"", "name           = \"b\""),
    ];
    for text in &others {
        assert_ne!(text, BASE);
        for (a, b) in replications(&base(text), SEED, 20).iter().zip(&expected) {
            assert_eq!((a.fault_digest, a.occurrences), (b.fault_digest, b.occurrences), "{text}");
        }
    }
}

/// Rule R2 at work: variants with the same fault processes share one drawing of them, and nobody can tell.
#[test]
fn a_history_read_from_a_tape_is_the_one_that_was_drawn() {
    let faults = "[fault.common]\ntarget = \"zone:*\"\nmtbf = \"60d\"\nduration = \"3h\"\ntogether = 0.4\n\
                  [fault.again]\ntarget = \"region:a\"\nat = [\"10d\", \"10d 1h\", \"20d\"]\nduration = \"2h\"\n\
                  [fault.cause]\ntarget = \"region:*\"\nmtbf = \"30d\"\nduration = \"0s\"\n\
                  cascade = [{ fault = \"result\", probability = 0.5, delay = \"0s\" }]\n\
                  [fault.result]\ntarget = \"zone:*\"\nduration = \"1h\"\n\
                  [fault.queue]\ntarget = \"node:*\"\nmtbf = \"20d\"\nduration = \"1d\"\ncrews = 1\n";
    let text = BASE.replace("[store.s]", &format!("{faults}\n[store.s]"));
    let first = read(&text, &[]).variants.remove(0).model;
    let sets: [&[(&str, &str)]; 3] = [
        &[("store.s.replicas", "2")],
        &[("store.s.failover.mode", "\"none\"")],
        &[("store.s.regions", "[{ name = \"a\", zones = \"unzoned\" }]")],
    ];
    let models = sets.map(|set| read(&text, set).variants.remove(0).model);
    let plans: Vec<Plan> = std::iter::once(&first).chain(&models).map(|m| Plan::new(m).unwrap()).collect();
    let mut simulations: Vec<Simulation> = plans.iter().map(|p| Simulation::new(p, SEED)).collect();
    let (mut tape, mut alone, mut shared) = (Tape::default(), Replication::default(), Replication::default());
    let mut fault_events = 0;
    // Back and forth: the tape must notice that it holds another replication.
    for (replication, order) in [(0, [0, 1, 2, 3]), (1, [3, 2, 1, 0]), (0, [2, 0, 3, 1]), (7, [1, 1, 0, 0])] {
        for v in order {
            simulations[v].run(replication, false, &mut alone).unwrap();
            simulations[v].run_with(replication, &mut tape, &mut shared).unwrap();
            assert_eq!(shared, alone, "variant {v}, replication {replication}");
            fault_events += alone.fault_events;
        }
    }
    assert!(fault_events > 1000, "{fault_events}");
}

/// Two ways to say the same: a store that never reconfigures is a group that needs its quorum.
#[test]
fn a_store_with_a_fixed_quorum_is_a_block() {
    let text = support::text("reference/unequal-zones")
        + r#"
[block.readable]
k  = 2
of = ["node:*"]

[store.s]
regions     = [{ name = "here", zones = "zone-redundant" }]
replicas    = 5
read_quorum = 2

[store.s.workload]
writes_per_second = 1
reads_per_second  = 1
clients           = { here = 1.0 }
"#;
    let m = base(&text);
    for r in replications(&m, SEED, 50) {
        let down = |name: &str| r.blocks[m.blocks.iter().position(|b| b.name == name).unwrap()].down;
        let s = &r.stores[0];
        assert_eq!(
            (s.down[Kind::Write as usize], s.down[Kind::Read as usize]),
            (down("majority"), down("readable"))
        );
        assert!(down("majority") > down("readable"));
        // One request of each kind a second: the failed ones are the seconds down.
        for kind in Kind::ALL {
            let k = kind as usize;
            let per_second = s.requested[k] / i128::from(m.horizon.ns());
            assert_eq!(s.failed[k], i128::from(s.down[k].ns()) * per_second);
        }
    }
}

/// One region with backups: destroyed again and again, damaged now and then.
fn backed_up(set: &[(&str, &str)]) -> Vec<Replication> {
    let damage = "[fault.damage]\ntarget = \"region:a\"\neffect = \"corrupt\"\nshare = 0.3\nmtbf = \"40d\"\n\
                  duration = \"2h\"\n";
    let text = BASE.replace("[store.s]", &format!("{damage}\n[store.s]"));
    let mut all = vec![
        ("store.s.regions", "[{ name = \"a\", zones = \"zone-redundant\" }]"),
        ("store.s.backup", "{ mode = \"periodic\", interval = \"4h\", copies = 20, copy_to = \"b\" }"),
        ("store.s.restore", "{ notice = \"3h\", decide = \"1h\", per_tb = \"1h\" }"),
    ];
    all.extend_from_slice(set);
    replications(&read(&text, &all).variants[0].model, SEED, 20)
}

#[test]
fn c13_what_changes_with_a_backup_and_what_does_not() {
    let base = backed_up(&[]);
    assert!(base.iter().any(|r| r.restores.len() > 2), "hardly anything is restored");
    // Without one: the same faults; nothing of the backup is drawn.
    let none = backed_up(&[("store.s.backup.mode", "\"none\"")]);
    assert!(none.iter().zip(&base).all(|(a, b)| a.fault_digest == b.fault_digest && a.restores.is_empty()));
    let lost = |runs: &[Replication]| runs.iter().map(|r| r.stores[0].lost).sum::<i128>();
    let damaged = |runs: &[Replication]| runs.iter().map(|r| r.stores[0].damaged).sum::<i128>();
    assert!(lost(&base) * 3 < lost(&none) && damaged(&none) > 0 && damaged(&base) < damaged(&none));
    // Twice as many copies in between: the same outages, and in no replication more is lost.
    let denser = backed_up(&[("store.s.backup.interval", "\"2h\""), ("store.s.backup.copies", "40")]);
    for (a, b) in denser.iter().zip(&base) {
        assert_eq!(a.outages, b.outages);
        assert!(a.stores[0].lost <= b.stores[0].lost);
    }
    assert!(lost(&denser) < lost(&base));
    // Writing half of them again: the same restores.
    let again = backed_up(&[("store.s.restore.reapply", "0.5")]);
    for (a, b) in again.iter().zip(&base) {
        assert_eq!(a.restores, b.restores);
        assert!(a.stores[0].lost <= b.stores[0].lost);
    }
}
