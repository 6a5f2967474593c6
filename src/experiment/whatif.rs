//! What would help most: a variant run again, on the same faults, without one fault rule or with one phase that takes no
//! time.

use super::attribution::AttributionRow;
use super::compare::Difference;
use super::runner::{self, Experiment, Failure, Subject};
use crate::model::{Command, Model, Redirect, Schedule};
use crate::rng::Law;
use crate::sim::observe::Phase;
use crate::stats::Confidence;
use crate::units::Duration;
use std::sync::atomic::AtomicBool;

/// Most things that are left out of one variant, one after the other: those that cost most.
pub const MOST: usize = 8;

/// Writes per second, in thousandths, at which copies catch up when that takes no time.
const AT_ONCE_MPS: u64 = 1_000_000_000_000_000;

/// What a variant is run without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Without {
    /// A fault rule never strikes, nor what only it causes.
    Rule(String),
    /// A phase takes no time (`overload`: throughput is unlimited, one instance of a tier carries the whole load).
    Phase(Phase),
}

impl Without {
    /// `fault` or `phase`, and the name.
    pub fn words(&self) -> (&'static str, &str) {
        match self {
            Without::Rule(name) => ("fault", name),
            Without::Phase(phase) => ("phase", phase.word()),
        }
    }
}

/// What would change for one subject and kind.
#[derive(Clone, Debug, PartialEq)]
pub struct WhatIf {
    /// Name of the variant.
    pub variant: String,
    /// Name of the service, store or block.
    pub subject: String,
    /// `read`, `write` or `block`.
    pub kind: &'static str,
    /// What is left out.
    pub without: Without,
    /// Time down without it beside time down as it is, in minutes of a year: a difference below 0 is better.
    pub down: Difference,
    /// The same for writes lost for ever, per replication; only for kind `write`.
    pub writes_lost: Option<Difference>,
}

impl WhatIf {
    /// Whether every replication is as it was.
    pub fn changes_nothing(&self) -> bool {
        self.down.is_nothing() && self.writes_lost.as_ref().is_none_or(Difference::is_nothing)
    }

    /// What is about the same variant, subject and kind, together.
    pub fn groups(list: &[WhatIf]) -> impl Iterator<Item = &[WhatIf]> {
        list.chunk_by(|a, b| (&a.variant, &a.subject, a.kind) == (&b.variant, &b.subject, b.kind))
    }
}

/// What to leave out of a variant, by its attribution: rules and phases with any part in what failed or was lost, those
/// with most minutes down first, at most [`MOST`].
pub fn candidates(model: &Model, attribution: &[AttributionRow]) -> Vec<Without> {
    let rules = model.faults.iter().map(|rule| Without::Rule(rule.name.clone()));
    // Repair ends with the fault; its rules are there already.
    let phases = Phase::ALL.into_iter().filter(|&phase| phase != Phase::Repair).map(Without::Phase);
    let mut found: Vec<(f64, Without)> = Vec::new();
    for without in rules.chain(phases) {
        let (sort, name) = without.words();
        let own =
            |row: &&AttributionRow| name == if sort == "fault" { row.cause.as_str() } else { row.phase };
        if attribution.iter().any(|row| own(&row)) && removed(model, &without) != *model {
            let minutes = attribution.iter().filter(own).filter_map(|row| row.minutes_per_year).sum();
            found.push((minutes, without));
        }
    }
    // Stable: of equals the first declared.
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().take(MOST).map(|(_, without)| without).collect()
}

/// The model without something. Indices stay, and so do all random numbers of what is left.
pub fn removed(model: &Model, without: &Without) -> Model {
    let mut model = model.clone();
    match without {
        Without::Rule(name) => {
            let index = model.faults.iter().position(|rule| rule.name == *name);
            for rule in &mut model.faults {
                for cascade in rule.cascades.iter_mut().filter(|c| Some(c.rule as usize) == index) {
                    // Kept, with its place among the marks: the others draw what they drew.
                    cascade.probability_ppm = 0;
                }
            }
            if let Some(index) = index {
                model.faults[index].schedule = Schedule::Scripted(Vec::new());
            }
        }
        Without::Phase(phase) => shorten(&mut model, *phase),
    }
    model
}

fn shorten(model: &mut Model, phase: Phase) {
    let none = || Law::constant(Duration::ZERO);
    for store in &mut model.stores {
        let failover = &mut store.failover;
        let restore = store.backup.as_mut().map(|b| &mut b.restore);
        match phase {
            Phase::Detect => (failover.detect, store.evict) = (none(), none()),
            Phase::Decide => {
                failover.decide = none();
                restore.into_iter().for_each(|r| r.decide = none());
            }
            Phase::Promote => failover.promote = none(),
            Phase::Redirect => {
                failover.redirect = none();
                for client in &mut store.clients {
                    match &mut client.redirect {
                        Redirect::After(law) | Redirect::ByService(law) => *law = none(),
                        Redirect::Never => {}
                    }
                }
            }
            Phase::Reconfigure => store.reconfigure = store.reconfigure.map(|_| Duration::ZERO),
            Phase::Request => restore.into_iter().for_each(|r| r.request = none()),
            Phase::Restore => restore.into_iter().for_each(|r| r.per_terabyte = none()),
            Phase::Rebuild => store.rebuild.iter_mut().for_each(|r| r.bandwidth = u64::MAX),
            Phase::CatchUp => store.catch_up_mps = AT_ONCE_MPS,
            Phase::Overload => store.throughput_mru = None,
            Phase::Provision | Phase::Repair => {}
        }
    }
    for router in &mut model.routers {
        match phase {
            Phase::Detect => router.detect = none(),
            Phase::Redirect => (router.ttl, router.stale_ppm) = (Duration::ZERO, 0),
            _ => {}
        }
    }
    if phase == Phase::Overload {
        model.tiers.iter_mut().for_each(|tier| tier.needed = 1);
    }
    for runbook in &mut model.runbooks {
        match phase {
            Phase::Detect if !runbook.never_noticed() => runbook.notice = none(),
            Phase::Restore => runbook.bandwidth = u64::MAX,
            _ => {}
        }
        for step in runbook.steps.iter_mut().filter(|step| Phase::of_step(step) == phase) {
            (step.takes, step.fails_ppm) = (none(), 0);
        }
    }
    if phase == Phase::Overload {
        for action in &mut model.actions {
            if let Command::SetThroughput { throughput_mru, .. } = &mut action.command {
                *throughput_mru = None;
            }
        }
    }
}

/// Runs subject `index` of an experiment again without each of its [`candidates`], pair by pair with itself as it is.
/// Sorted by subject and kind, what saves most time down first.
///
/// # Errors
/// As for [`run`](runner::run).
pub fn what_if<D>(
    experiment: &Experiment<'_>,
    cancel: &AtomicBool,
    index: usize,
    attribution: &[AttributionRow],
) -> Result<Vec<WhatIf>, Failure<D>> {
    let base = experiment.subjects[index];
    let candidates = candidates(base.model, attribution);
    let models: Vec<Model> = candidates.iter().map(|without| removed(base.model, without)).collect();
    let named = |without: &Without| {
        let (sort, name) = without.words();
        format!("{} without {sort} {name}", base.name)
    };
    let names: Vec<String> = candidates.iter().map(named).collect();
    let others = names.iter().zip(&models).map(|(name, model)| Subject { name, model });
    let again = Experiment {
        subjects: core::iter::once(base).chain(others).collect(),
        timeline: false,
        reference: Some(0),
        ..experiment.clone()
    };
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    let sums = runner::sums(&again, cancel, |_| {}).map_err(Failure::of_any)?;
    let outcome = again.outcome("", 0, &sums);
    let rows = again.comparison(&outcome, &sums, Confidence::P95).map(|c| c.rows).unwrap_or_default();
    let mut found = Vec::new();
    for (subject, kind) in subjects(base.model) {
        let first = found.len();
        for (name, without) in names.iter().zip(&candidates) {
            let row = |metric: &str| {
                rows.iter().find(|r| r.variant == *name && r.subject == subject && r.metric == metric)
            };
            let Some(down) = row(&format!("downtime_minutes_per_year.{kind}")) else { continue };
            let lost = if kind == "write" { row("writes_lost.mean") } else { None };
            found.push(WhatIf {
                variant: base.name.into(),
                subject: subject.into(),
                kind,
                without: without.clone(),
                down: down.clone(),
                writes_lost: lost.cloned(),
            });
        }
        let effect = |w: &WhatIf| w.down.difference.unwrap_or(f64::INFINITY);
        let lost = |w: &WhatIf| w.writes_lost.as_ref().and_then(|d| d.difference).unwrap_or(0.0);
        found[first..].sort_by(|a, b| effect(a).total_cmp(&effect(b)).then(lost(a).total_cmp(&lost(b))));
    }
    Ok(found)
}

/// What has time down: services and stores by kind, and blocks that results show.
fn subjects(model: &Model) -> impl Iterator<Item = (&str, &'static str)> {
    let names =
        model.services.iter().map(|s| s.name.as_str()).chain(model.stores.iter().map(|s| s.name.as_str()));
    let asked = names.flat_map(|name| ["read", "write"].map(|kind| (name, kind)));
    asked.chain(model.blocks.iter().filter(|b| b.report).map(|b| (b.name.as_str(), "block")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Outcome, fixture};

    /// Two regions, a rule of their own each, and nodes whose faults may cause trouble in the zone.
    const TEXT: &str = r#"
        [scenario]
        name = "t"
        horizon = "90d"
        [[region]]
        name = "west"
        zones = 3
        nodes_per_zone = 4
        [[region]]
        name = "north"
        zones = 3
        nodes_per_zone = 4
        [store.orders]
        preset = "cosmos-db"
        regions = [{ name = "west", zones = "unzoned" }, { name = "north", zones = "unzoned" }]
        failover = { mode = "service-managed", decide = "DECIDE" }
        [store.orders.workload]
        writes_per_second = 100
        reads_per_second = 500
        clients = { west = 1.0 }
        [fault.region]
        target = "region:*"
        per_year = 6
        duration = { law = "lognormal", median = "3h", p95 = "12h" }
    "#;
    const ZONE: &str = r#"
        [fault.zone]
        target = "zone:west/1"
        per_year = 12
        duration = { law = "exponential", mean = "2h" }
    "#;

    fn model(decide: &str, zone: bool) -> Model {
        let text = TEXT.replace("DECIDE", decide) + if zone { ZONE } else { "" };
        fixture::read_one(&text)
    }

    fn experiment(model: &Model) -> Experiment<'_> {
        let subjects = vec![Subject { name: "base", model }];
        Experiment {
            subjects,
            seed: 7,
            replications: 0..40,
            block: 8,
            jobs: 2,
            timeline: false,
            reference: None,
        }
    }

    fn outcome(model: &Model) -> Outcome {
        fixture::run(&experiment(model))
    }

    #[test]
    fn without_a_rule_is_a_file_without_it() {
        let with = model("1h", true);
        let removed = outcome(&removed(&with, &Without::Rule("zone".into())));
        assert_eq!(removed, outcome(&model("1h", false)));
        assert_ne!(removed.variants[0].metrics, outcome(&with).variants[0].metrics);
    }

    #[test]
    fn a_phase_without_time_is_a_law_of_zero() {
        let with = model("1h", true);
        assert_eq!(removed(&with, &Without::Phase(Phase::Decide)), model("0s", true));
        // Nothing to shorten twice.
        let rows = outcome(&with).variants[0].attribution.clone();
        assert!(candidates(&with, &rows).contains(&Without::Phase(Phase::Decide)));
        assert!(!candidates(&model("0s", true), &rows).contains(&Without::Phase(Phase::Decide)));
    }

    #[test]
    fn phases_of_routers_and_tiers_are_shortened_too() {
        let front = |needed: u32, detect: &str, ttl: &str, share: &str| {
            let rest = TEXT.split_once("[store.orders]").unwrap().0;
            let fault = TEXT.split_once("[fault.region]").unwrap().1;
            fixture::read_one(&format!(
                "{rest}[fault.region]{fault}
                [tier.api]
                sites = {{ west = 3, north = 2 }}
                needed = {needed}
                [router.entry]
                tier = \"api\"
                targets = [\"west\", \"north\"]
                balance = \"first\"
                detect = \"{detect}\"
                ttl = \"{ttl}\"
                ignore_ttl = {{ share = {share}, for = \"1h\" }}
                [service.shop]
                needs = [\"router.entry\"]
                writes_per_second = 1"
            ))
        };
        let with = front(3, "1m", "5m", "0.1");
        let found = candidates(&with, &outcome(&with).variants[0].attribution);
        for (phase, without) in [
            (Phase::Detect, front(3, "0s", "5m", "0.1")),
            (Phase::Redirect, front(3, "1m", "0s", "0.0")),
            (Phase::Overload, front(1, "1m", "5m", "0.1")),
        ] {
            assert!(found.contains(&Without::Phase(phase)), "{found:?}");
            let shown = outcome(&removed(&with, &Without::Phase(phase)));
            assert_eq!(shown, outcome(&without), "{phase:?}");
        }
    }

    #[test]
    fn what_causes_most_helps_most_and_nothing_hurts() {
        let model = model("1h", true);
        let attribution = outcome(&model).variants[0].attribution.clone();
        let found = what_if::<String>(&experiment(&model), &AtomicBool::new(false), 0, &attribution).unwrap();
        let writes: Vec<&WhatIf> = found.iter().filter(|w| w.kind == "write").collect();
        assert!(writes.len() > 3 && writes.len() <= MOST, "{writes:?}");
        let effects: Vec<f64> = writes.iter().filter_map(|w| w.down.difference).collect();
        assert!(effects.is_sorted() && effects.len() == writes.len(), "{effects:?}");
        assert!(effects.iter().all(|&x| x <= 0.0), "{effects:?}");
        // One hour is waited for after each loss of the write region: with both rules it decides over most of the time.
        let of = |without: Without| writes.iter().find(|w| w.without == without).unwrap();
        for without in [Without::Rule("zone".into()), Without::Phase(Phase::Decide)] {
            let down = &of(without).down;
            assert!(down.difference.unwrap() < 0.0 && down.high.unwrap() < 0.0, "{down:?}");
            assert_eq!(down.n, 40);
        }
        // What is left without a rule is what a run without it has.
        let metric = |model: &Model| {
            let id = "orders/downtime_minutes_per_year.write";
            outcome(model).metric("base", id).and_then(|m| m.estimate).unwrap()
        };
        let expected = metric(&removed(&model, &Without::Rule("zone".into()))) - metric(&model);
        let seen = of(Without::Rule("zone".into())).down.difference.unwrap();
        assert!((seen - expected).abs() < 1e-9 * expected.abs(), "{seen} {expected}");
    }
}
