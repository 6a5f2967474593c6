//! The results of an experiment as plain data: what reporters read.

use super::accumulate::Accumulator;
use super::attribution::{self, AttributionRow};
use super::catalogue::{self, MINUTES_PER_YEAR};
use super::distribution::{self, Distribution};
use super::metric::{self, Metric};
use super::months::MonthRow;
use super::objective::{self, ObjectiveResult};
use super::sweep::{Axis, Coordinate};
use super::tally::StoreTally;
use super::twin::{self, TwinRow};
use super::worst::Worst;
use crate::model::Model;
use crate::sim::observe::{Class, Kind, Party};
use crate::stats::{Confidence, Moments};
use crate::units::Duration;

/// Results of one scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Name of the scenario.
    pub scenario: String,
    /// Seed of the random streams.
    pub seed: u64,
    /// Replications of each variant.
    pub replications: u64,
    /// Number of the first of them; they are consecutive.
    pub first_replication: u64,
    /// Version of zonefall that computed this.
    pub version: String,
    /// Digest of the scenario as run.
    pub digest: u64,
    /// What a sweep varies, in order of declaration; empty without one.
    pub axes: Vec<Axis>,
    /// In order of declaration.
    pub variants: Vec<VariantOutcome>,
}

/// Results of one variant.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct VariantOutcome {
    /// Name of the variant.
    pub name: String,
    /// Where it stands in a sweep; empty if it is no point of one.
    pub point: Vec<Coordinate>,
    /// Measured time of each replication.
    pub horizon: Duration,
    /// The figures, in the order of the catalogue.
    pub metrics: Vec<Metric>,
    /// Who is to blame for what; only causes that did something.
    pub causes: Vec<CauseRow>,
    /// Who is to blame for what, and in which phase.
    pub attribution: Vec<AttributionRow>,
    /// The estimate of a spreadsheet beside the simulated value.
    pub twin: Vec<TwinRow>,
    /// Which replications went worst.
    pub worst: Worst,
    /// RTO and RPO of the events, by subject, figure and class; only those with an event.
    pub distributions: Vec<Distribution>,
    /// Availability by calendar month; empty where the horizon has no whole one.
    pub months: Vec<MonthRow>,
    /// What became of the objectives, in order of declaration.
    pub objectives: Vec<ObjectiveResult>,
    /// Remarks on the whole variant.
    pub notes: Vec<String>,
    /// Independent of the order of replications; equal for variants that met the same fault history.
    pub fault_digest: u64,
}

/// What one cause did to one kind of request of a service or store, or to a block.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CauseRow {
    /// Name of the service, store or block.
    pub subject: String,
    /// `read`, `write` or `block`.
    pub kind: &'static str,
    /// Name of the fault rule, or `(load)` or `(action)`.
    pub cause: String,
    /// Failed requests per replication; `None` for blocks.
    pub failed_requests: Option<f64>,
    /// Failing share of requests (blocks: share of time) as minutes of a year; `None` without requests.
    pub minutes_per_year: Option<f64>,
    /// Part of all that failed for this subject and kind, 0 to 1; `None` where nothing failed.
    pub share: Option<f64>,
    /// Writes lost or still missing, per replication; only in rows of kind `write`.
    pub writes_lost: Option<f64>,
    /// The same by the [`Party`] that answers for them.
    pub writes_lost_by: Option<[f64; Party::ALL.len()]>,
}

/// Names in order of first appearance, each once.
pub(crate) fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    for name in names {
        if found.last() != Some(&name) && !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

impl Outcome {
    /// Services, stores and blocks that have figures in some variant, in order of first appearance.
    pub fn subjects(&self) -> Vec<&str> {
        distinct(self.variants.iter().flat_map(VariantOutcome::subjects))
    }

    /// A figure by `ID` or `SUBJECT/ID`. A bare id must belong to one subject only.
    pub fn metric(&self, variant: &str, id: &str) -> Option<&Metric> {
        self.variant(variant)?.metric(id)
    }

    /// A variant by name.
    pub fn variant(&self, name: &str) -> Option<&VariantOutcome> {
        self.variants.iter().find(|v| v.name == name)
    }
}

impl VariantOutcome {
    /// The results that `acc` holds of `model`'s replications.
    pub fn new(name: &str, model: &Model, acc: &Accumulator) -> VariantOutcome {
        let objectives = objective::results(model, &acc.objectives, &acc.months, acc.replications);
        let metrics = catalogue::metrics(model, acc, Confidence::P95);
        let attribution = attribution::rows(model, acc);
        VariantOutcome {
            name: name.into(),
            months: months(model, acc, &objectives),
            objectives,
            point: Vec::new(),
            horizon: model.horizon,
            twin: twin::rows(model, &metrics, &attribution),
            metrics,
            causes: causes(model, acc),
            attribution,
            worst: acc.worst.worst(),
            distributions: distribution::distributions(model, acc),
            notes: notes(model, acc),
            fault_digest: acc.fault_digest,
        }
    }

    /// Services, stores and blocks that have figures, in order.
    pub fn subjects(&self) -> Vec<&str> {
        distinct(self.metrics.iter().map(|m| m.subject.as_str()).filter(|subject| !subject.is_empty()))
    }

    /// A figure by `ID` or `SUBJECT/ID`; `None` if there is none or a bare id belongs to several subjects.
    pub fn metric(&self, id: &str) -> Option<&Metric> {
        metric::find(&self.metrics, id)
    }
}

fn months(model: &Model, acc: &Accumulator, objectives: &[ObjectiveResult]) -> Vec<MonthRow> {
    let services = model.services.iter().map(|s| s.name.as_str());
    let stores = model.stores.iter().map(|s| s.name.as_str());
    let names = services.chain(stores).chain(model.blocks.iter().map(|b| b.name.as_str()));
    let subjects = names.zip(&acc.months);
    let mut rows: Vec<MonthRow> =
        subjects.flat_map(|(name, tally)| tally.rows(name, acc.replications)).collect();
    objective::add_missed(&mut rows, model, &acc.objectives, objectives, acc.replications);
    rows
}

fn causes(model: &Model, acc: &Accumulator) -> Vec<CauseRow> {
    let n = acc.replications as f64;
    let mut rows = Vec::new();
    for (name, tally) in acc.asked(model) {
        for kind in Kind::ALL {
            let k = kind as usize;
            let requested = tally.requested[k].to_f64();
            let by_cause = tally.accounts.by_cause();
            let total: f64 = by_cause.iter().map(|c| c.failed[k].to_f64()).sum();
            for sums in by_cause {
                let lost = if kind == Kind::Write { sums.lost } else { Default::default() };
                if sums.failed[k].is_zero() && lost.iter().all(|l| l.is_zero()) {
                    continue;
                }
                let failed = sums.failed[k].to_f64();
                let per_request = tally.volume_per_request as f64 * n;
                let writes_lost_by = (kind == Kind::Write && per_request > 0.0)
                    .then(|| lost.map(|l| l.to_f64() / per_request));
                rows.push(CauseRow {
                    subject: name.into(),
                    kind: kind.word(),
                    cause: sums.cause.name(&model.faults).into(),
                    failed_requests: (per_request > 0.0).then(|| failed / per_request),
                    minutes_per_year: (requested > 0.0).then(|| failed / requested * MINUTES_PER_YEAR),
                    share: (total > 0.0).then(|| failed / total),
                    writes_lost: writes_lost_by.map(|_| lost[0].wrapping_add(lost[1]).to_f64() / per_request),
                    writes_lost_by,
                });
            }
        }
    }
    for (block, tally) in model.blocks.iter().zip(&acc.blocks).filter(|(b, _)| b.report) {
        let total: i128 = tally.causes.iter().map(Moments::sum).sum();
        let measured = model.horizon.ns() as f64 * n;
        for (rule, down) in model.faults.iter().zip(&tally.causes).filter(|(_, down)| down.sum() > 0) {
            let down = down.sum();
            rows.push(CauseRow {
                subject: block.name.clone(),
                kind: "block",
                cause: rule.name.clone(),
                failed_requests: None,
                minutes_per_year: (measured > 0.0).then(|| down as f64 / measured * MINUTES_PER_YEAR),
                share: Some(down as f64 / total as f64),
                writes_lost: None,
                writes_lost_by: None,
            });
        }
    }
    rows
}

fn notes(model: &Model, acc: &Accumulator) -> Vec<String> {
    let mut notes = Vec::new();
    if acc.replications == 1 {
        notes.push("one replication: no interval can be given".into());
    } else if acc.replications < crate::stats::histogram::SMALL_SAMPLE {
        notes.push(format!("only {} replications: intervals are rough", acc.replications));
    }
    for (store, tally) in model.stores.iter().zip(&acc.stores) {
        let worst = worst_by_lag(tally);
        if let (Some(promise), Some(worst)) = (&store.rpo_promise, worst)
            && worst > promise.within
        {
            let (name, within, rule) = (&store.name, promise.within, &promise.rule);
            notes.push(format!(
                "the promise of an RPO within {within} (rule {rule}) is broken: {name} lost up to {worst}"
            ));
        }
    }
    for (what, moments, name) in sample_advice(model, acc) {
        if let Some(needed) = moments.needed_for_ten_percent().filter(|&n| n > acc.replications) {
            let needed = crate::stats::number::thousands(needed);
            notes.push(format!("for ±10 % on {what} of {name}, run {needed} replications"));
        }
    }
    notes
}

/// The largest RPO that is a matter of replication. Going back to before damage is none: no promise is about that. (Where
/// software can damage data, its class holds both.)
fn worst_by_lag(tally: &StoreTally) -> Option<Duration> {
    let rpo = &tally.losses.rpo;
    let restores = |class: Class| tally.corruptible && class == Class::Software;
    let counted = Class::ALL.into_iter().filter(|&class| !restores(class));
    counted.filter_map(|class| rpo.classes[class as usize].values.largest()).max().map(Duration::from_ns)
}

/// Figures a reader wants sharp: the failing share of each kind, or of each block.
fn sample_advice<'a>(
    model: &'a Model,
    acc: &'a Accumulator,
) -> Vec<(&'static str, &'a crate::stats::Moments, &'a str)> {
    let mut list = Vec::new();
    for (name, tally) in acc.asked(model) {
        list.push(("read unavailability", &tally.failed[0], name));
        list.push(("write unavailability", &tally.failed[1], name));
        list.push(("mean writes lost", &tally.writes.lost, name));
    }
    for (block, tally) in model.blocks.iter().zip(&acc.blocks).filter(|(b, _)| b.report) {
        list.push(("unavailability", &tally.outages.down, block.name.as_str()));
    }
    list
}
