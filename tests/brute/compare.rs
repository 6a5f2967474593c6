//! What the two simulators must agree on, and how closely.
//!
//! A request in flight while the state changes may be counted on either side, so each change of a stream of
//! requests is worth a request or two. Instants that depend on a backlog (catch-up, staleness bounds) are off by
//! the tick and the time of a few writes; that is worth as many requests as are sent meanwhile.

use crate::Ms;
use crate::run::{Counts, READ, TICK, WRITE};
use zonefall::model::Model;
use zonefall::sim::observe::{Kind, Replication, Subject};

pub fn compare(model: &Model, brute: &Counts, fluid: &Replication) -> Vec<String> {
    let mut found = Vec::new();
    requests(model, brute, fluid, &mut found);
    writes(model, brute, fluid, &mut found);
    outages(model, brute, fluid, &mut found);
    losses(model, brute, fluid, &mut found);
    found
}

/// How far an instant that follows from a backlog may be off: a tick or two, and the time of two writes of a
/// partition, at the rate of writes (a bound is reached) or of catch-up (a backlog is worked off).
fn late(model: &Model) -> f64 {
    let store = &model.stores[0];
    let links = model.world.links.iter().filter_map(|l| l.bandwidth);
    let slowest = links.map(|b| b * 1000 / store.write_bytes.max(1)).min().unwrap_or(u64::MAX);
    let writes: u64 = store.clients.iter().map(|c| c.writes_mps).sum();
    let net = store.catch_up_mps.min(slowest).saturating_sub(writes).max(1).min(writes);
    2.0 * TICK as f64 + 2e6 * f64::from(store.partitions) / net as f64
}

/// Requests that may be counted differently.
fn slack(model: &Model, brute: &Counts) -> f64 {
    let store = &model.stores[0];
    let rate: u64 = store.clients.iter().map(|c| c.writes_mps + c.reads_mps).sum();
    let each = rate as f64 / f64::from(store.partitions) / 1e6;
    6.0 + 0.02 * brute.changes as f64 + 0.5 * each * late(model) * brute.computed as f64
}

fn check(found: &mut Vec<String>, what: &str, brute: f64, fluid: f64, slack: f64) {
    if (brute - fluid).abs() > slack {
        found.push(format!("{what}: brute {brute:.1}, fluid {fluid:.1}, may differ by {slack:.1}"));
    }
}

fn requests(model: &Model, brute: &Counts, fluid: &Replication, found: &mut Vec<String>) {
    let run = &fluid.stores[0];
    let one = run.volume_per_request as f64;
    let slack = slack(model, brute);
    for kind in Kind::ALL {
        let k = kind as usize;
        let word = kind.word();
        check(
            found,
            &format!("requested {word}"),
            brute.requested[k] as f64,
            run.requested[k] as f64 / one,
            6.0,
        );
        check(found, &format!("failed {word}"), brute.failed[k] as f64, run.failed[k] as f64 / one, slack);
        let throttled = (run.throttled_above[k] + run.throttled_below[k]) as f64 / one;
        check(found, &format!("throttled {word}"), brute.throttled[k] as f64, throttled, slack);
        let above = run.throttled_above[k] as f64 / one;
        check(found, &format!("throttled above {word}"), brute.above[k], above, slack);
        for c in 0..model.stores[0].clients.len() {
            let what = format!("failed {word} of client {c}");
            let theirs = run.client_failed[c][k] as f64 / one;
            check(found, &what, brute.client_failed[c][k] as f64, theirs, slack);
        }
    }
}

fn writes(model: &Model, brute: &Counts, fluid: &Replication, found: &mut Vec<String>) {
    let run = &fluid.stores[0];
    let one = run.volume_per_request as f64;
    let parts = f64::from(model.stores[0].partitions);
    let slack = 3.0 + brute.events.len() as f64 * parts * 2.0;
    let mut compare = |what, brute: u64, fluid: i128| {
        check(found, what, brute as f64, fluid as f64 / one, slack);
    };
    compare("missing", brute.missing, run.missing);
    compare("superseded", brute.superseded, run.superseded);
    compare("lost", brute.lost, run.lost);
    compare("recovered", brute.recovered, run.recovered);
    compare("missing at most", brute.missing_peak, run.missing_peak);
}

fn outages(model: &Model, brute: &Counts, fluid: &Replication, found: &mut Vec<String>) {
    for (kind, k) in [(Kind::Read, READ), (Kind::Write, WRITE)] {
        let theirs: Vec<(Ms, Ms)> = fluid
            .outages
            .iter()
            .filter(|o| o.subject == Subject::Store(0, kind))
            .map(|o| (o.start.ns() / 1_000_000, (o.start.ns() + o.length.ns()) / 1_000_000))
            .collect();
        let ours = &brute.outages[k];
        let most = TICK + if brute.computed > 0 { late(model) as Ms } else { 0 };
        let near = |a: Ms, b: Ms| a.abs_diff(b) <= most;
        let same = ours.len() == theirs.len()
            && ours.iter().zip(&theirs).all(|(o, t)| near(o.0, t.0) && o.1.is_none_or(|end| near(end, t.1)));
        if !same {
            found.push(format!("{} outages: brute {ours:?}, fluid {theirs:?}", kind.word()));
        }
    }
}

fn losses(model: &Model, brute: &Counts, fluid: &Replication, found: &mut Vec<String>) {
    let one = fluid.stores[0].volume_per_request as f64;
    let rate: u64 = model.stores[0].clients.iter().map(|c| c.writes_mps).sum();
    let parts = f64::from(model.stores[0].partitions);
    let between = 1e6 * parts / rate as f64;
    let ours: Vec<(Ms, f64, f64)> =
        brute.events.iter().map(|e| (e.at, e.absent as f64, e.rpo as f64)).collect();
    let theirs: Vec<(Ms, f64, f64)> = fluid
        .losses
        .iter()
        .map(|l| (l.at.ns() / 1_000_000, l.absent as f64 / one, l.rpo.ns() as f64 / 1e6))
        .collect();
    let near = |a: &(Ms, f64, f64), b: &(Ms, f64, f64)| {
        a.0.abs_diff(b.0) <= 3 * TICK
            && (a.1 - b.1).abs() <= 2.0 * parts
            && (a.2 - b.2).abs() <= 2.0 * between + 3.0 * TICK as f64
    };
    if ours.len() != theirs.len() || !ours.iter().zip(&theirs).all(|(a, b)| near(a, b)) {
        found.push(format!("losses (at, absent, rpo): brute {ours:?}, fluid {theirs:?}"));
    }
}
