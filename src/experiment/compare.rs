//! Variants beside a reference: what differs, and by how much.

use super::accumulate::Accumulator;
use super::metric::Metric;
use super::outcome::{Outcome, VariantOutcome, distinct};
use super::paired::{Name, Sums};
use super::runner::Experiment;
use super::words;
use crate::stats::Confidence;
use crate::stats::histogram::SMALL_SAMPLE;
use crate::stats::interval::unseen_probability;
use crate::stats::number::{counted, percent_bound, thousands};
use std::collections::BTreeMap;

/// Every variant of an outcome compared with one of them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Comparison {
    /// Name of the variant that the others are compared with.
    pub reference: String,
    /// Whether all variants met the same fault history.
    pub same_faults: bool,
    /// Variant by variant but the reference, figures in the order of the catalogue.
    pub rows: Vec<Difference>,
    /// In words, variant by variant but the reference.
    pub verdicts: Vec<CompareVerdict>,
}

/// One figure of a variant beside that of the reference.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// Name of the variant.
    pub variant: String,
    /// Name of the store or block; empty for figures of the whole run.
    pub subject: String,
    /// Id of the figure in the catalogue.
    pub metric: String,
    /// Unit of the numbers.
    pub unit: &'static str,
    /// The variant's estimate.
    pub estimate: Option<f64>,
    /// The reference's estimate.
    pub reference: Option<f64>,
    /// The first minus the second.
    pub difference: Option<f64>,
    /// Lower end of the interval of the difference.
    pub low: Option<f64>,
    /// Upper end of the interval of the difference.
    pub high: Option<f64>,
    /// How many times the variance of the difference would be larger had the two run on faults of their own.
    pub variance_reduction: Option<f64>,
    /// Replications behind the difference; for means per event those with an event in either variant.
    pub n: u64,
    /// Of them: those in which the two differ. `None` for figures that are not seen in pairs.
    pub differ: Option<u64>,
    /// What a reader must know to use the numbers; may be empty.
    pub note: String,
}

/// What a variant is worth for a subject, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CompareVerdict {
    /// Name of the variant.
    pub variant: String,
    /// Name of the store or block.
    pub subject: String,
    /// One or two sentences.
    pub text: String,
}

/// Stores and blocks that some rows are about, in order.
pub(crate) fn subjects(rows: &[Difference]) -> Vec<&str> {
    distinct(rows.iter().map(|row| row.subject.as_str()).filter(|subject| !subject.is_empty()))
}

/// Name of a figure: subject and id.
type Id = (String, String);

impl Experiment<'_> {
    /// Every variant beside the reference, if there is one; `outcome` and `sums` are this experiment's. Intervals are
    /// of the confidence `at`.
    pub fn comparison(&self, outcome: &Outcome, sums: &[Accumulator], at: Confidence) -> Option<Comparison> {
        let reference = &outcome.variants[self.reference?];
        let mut comparison = Comparison {
            reference: reference.name.clone(),
            same_faults: outcome.variants.iter().all(|v| v.fault_digest == reference.fault_digest),
            rows: Vec::new(),
            verdicts: Vec::new(),
        };
        for ((subject, variant), acc) in self.subjects.iter().zip(&outcome.variants).zip(sums) {
            let Some(paired) = &acc.paired else { continue };
            let figures = paired.figures(subject.model, acc).into_iter();
            let figures: BTreeMap<Id, _> =
                figures.map(|(name, sums)| ((name.subject.clone(), name.id.clone()), (name, sums))).collect();
            let start = comparison.rows.len();
            for (mine, theirs) in beside(variant, reference) {
                let row = Row { variant, reference, mine, theirs };
                comparison.rows.extend(row.difference(&figures, at));
            }
            comparison.verdicts.extend(words::verdicts(variant, reference, &comparison.rows[start..]));
        }
        Some(comparison)
    }
}

fn id(m: &Metric) -> Id {
    (m.subject.clone(), m.id.clone())
}

/// Every figure of either: the variant's in the order of the catalogue, then those that only the reference has.
fn beside<'a>(
    variant: &'a VariantOutcome,
    reference: &'a VariantOutcome,
) -> impl Iterator<Item = (Option<&'a Metric>, Option<&'a Metric>)> {
    let by_id = |v: &'a VariantOutcome| v.metrics.iter().map(|m| (id(m), m)).collect::<BTreeMap<Id, _>>();
    let (mine, theirs) = (by_id(variant), by_id(reference));
    let both = variant.metrics.iter().map(move |m| (Some(m), theirs.get(&id(m)).copied()));
    both.chain(reference.metrics.iter().filter(move |m| !mine.contains_key(&id(m))).map(|m| (None, Some(m))))
}

/// One figure of a variant and of the reference; at least one of them has it.
struct Row<'a> {
    variant: &'a VariantOutcome,
    reference: &'a VariantOutcome,
    mine: Option<&'a Metric>,
    theirs: Option<&'a Metric>,
}

impl Row<'_> {
    fn difference(&self, figures: &BTreeMap<Id, (Name, &Sums)>, at: Confidence) -> Option<Difference> {
        let metric = self.mine.or(self.theirs)?;
        let value = |m: Option<&Metric>| m.and_then(|m| m.estimate);
        let mut row = Difference {
            variant: self.variant.name.clone(),
            subject: metric.subject.clone(),
            metric: metric.id.clone(),
            unit: metric.unit,
            estimate: value(self.mine),
            reference: value(self.theirs),
            difference: None,
            low: None,
            high: None,
            variance_reduction: None,
            n: 0,
            differ: None,
            note: String::new(),
        };
        match (row.estimate, row.reference) {
            (Some(a), Some(b)) => {
                if let Some(note) = self.other_target(&metric.id) {
                    return Some(Difference { note, ..row });
                }
                row.difference = Some(a - b);
                match figures.get(&id(metric)) {
                    Some((name, sums)) => row.in_pairs(name, sums, at),
                    None => row.apart(self),
                }
            }
            (None, None) => row.note = "undefined in both".into(),
            (None, _) => row.note = format!("undefined in {}", self.variant.name),
            (_, None) => row.note = format!("undefined in {}", self.reference.name),
        }
        Some(row)
    }

    /// Why a figure of an objective cannot be compared: held to something else, a variant is no better or worse for it.
    fn other_target(&self, id: &str) -> Option<String> {
        let (name, figure) = id.strip_prefix("objective.")?.split_once('.')?;
        if figure.starts_with("availability") {
            return None; // what it is held to does not enter
        }
        let objectives = [self.variant, self.reference].map(|v| v.objectives.iter().find(|o| o.name == name));
        let [Some(mine), Some(theirs)] = objectives else { return None };
        let differ = (mine.goal, &mine.target) != (theirs.goal, &theirs.target);
        differ.then(|| format!("the targets differ: {} and {}", mine.target, theirs.target))
    }
}

impl Difference {
    /// Whether the two were never different.
    pub fn is_nothing(&self) -> bool {
        self.differ == Some(0) || (self.differ.is_none() && self.difference == Some(0.0))
    }

    /// Whether the interval rests on too few replications that differ to be trusted.
    pub fn is_rough(&self) -> bool {
        self.low.is_some() && self.differ.is_some_and(|n| n < SMALL_SAMPLE)
    }

    /// Without pairs: known exactly, or without an interval.
    fn apart(&mut self, row: &Row<'_>) {
        let figures = [row.mine, row.theirs].into_iter().flatten();
        self.n = figures.map(|m| m.n).max().unwrap_or(0);
        // Figures that no replication was needed for have none behind them.
        let known = "known without sampling";
        self.note = if self.n == 0 { known } else { "difference of two estimates: no interval" }.into();
    }

    fn in_pairs(&mut self, name: &Name, sums: &Sums, at: Confidence) {
        let (n, differ, interval, reduction) = match sums {
            Sums::Mean(p) => (p.n(), p.differ(), p.interval(at), p.variance_reduction()),
            Sums::PerEvent(p) => (p.clusters(), p.differ(), p.interval(at), p.variance_reduction()),
        };
        (self.n, self.differ) = (n, Some(differ));
        if differ == 0 {
            let most = percent_bound(unseen_probability(n, at).unwrap_or(1.0));
            let seen = counted(n, "replication");
            self.note = format!("never different in {seen}: at most {most} of them differ ({at})");
            return;
        }
        // Around the difference of the estimates: what does not vary (the usual lag) has no part in the pairs.
        let half = interval.map(|i| (i.high - i.low) / 2.0 / name.per * name.times.abs());
        self.low = self.difference.zip(half).map(|(x, half)| x - half);
        self.high = self.difference.zip(half).map(|(x, half)| x + half);
        self.variance_reduction = reduction;
        if n == 1 {
            self.note = "one replication: no interval".into();
        } else if differ < SMALL_SAMPLE {
            let (differ, n) = (thousands(differ), counted(n, "replication"));
            self.note = format!("small sample: {differ} of {n} differ");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture;
    use crate::experiment::runner::{Subject, run};
    use crate::model::objective::Goal;
    use crate::model::{DomainId, Effect, FaultRule, Model, Schedule, Target};
    use crate::sim::observe::Replication;
    use crate::units::Duration;
    use std::convert::Infallible;
    use std::sync::atomic::AtomicBool;

    /// One store with backups and hot items under all sorts of faults, and a block.
    const SCENARIO: &str = r#"
[scenario]
name = "t"
horizon = "1y"
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
failover = { mode = "service-managed" }
throughput = 4_000
[store.orders.workload]
writes_per_second = 100
reads_per_second = 500
clients = { west = 0.7, north = 0.3 }
hot = { share = 0.1, items = 1_000 }
[fault.region]
target = "region:*"
per_year = 2
duration = { law = "lognormal", median = "3h", p95 = "12h" }
[fault.zone]
target = "zone:*"
per_year = 3
effect = "destroy"
duration = { law = "exponential", mean = "2h" }
[fault.bad]
target = "store:orders"
effect = "corrupt"
share = 0.1
per_year = 1
duration = "1h"
[block.front]
k = 1
of = ["zone:west/1", "zone:west/2"]
[objective.sla]
store = "orders"
kind = "write"
availability = 99.9
credits = [{ below = 99.9, percent = 10 }, { below = 99, percent = 25 }]
[objective.rto]
store = "orders"
kind = "write"
rto = "1h"
[objective.rpo]
store = "orders"
rpo = "5m"
[objective.up]
block = "front"
availability = 99.99
[variant.strong]
"store.orders.consistency" = "strong"
[variant.zones]
"store.orders.regions[west].zones" = "zone-redundant"
"block.front.k" = 2
"#;

    fn models() -> Vec<(String, Model)> {
        fixture::read(SCENARIO)
    }

    fn experiment(models: &[(String, Model)], n: u64, jobs: usize) -> Experiment<'_> {
        Experiment {
            subjects: models.iter().map(|(name, model)| Subject { name, model }).collect(),
            seed: 1,
            replications: 0..n,
            block: 8,
            jobs,
            timeline: false,
            reference: Some(0),
        }
    }

    type Seen = Vec<(usize, Replication)>;

    fn compared(experiment: &Experiment<'_>) -> (Comparison, Vec<Accumulator>, Seen) {
        let mut seen = Seen::new();
        let observe = |v: usize, r: &Replication, rows: &mut Seen| rows.push((v, r.clone()));
        let deliver = |rows: Seen| -> Result<(), Infallible> {
            seen.extend(rows);
            Ok(())
        };
        let sums = run(experiment, &AtomicBool::new(false), observe, deliver, |_| {}).unwrap();
        let outcome = experiment.outcome("t", 0, &sums);
        (experiment.comparison(&outcome, &sums, Confidence::P95).unwrap(), sums, seen)
    }

    fn row<'a>(comparison: &'a Comparison, variant: &str, subject: &str, metric: &str) -> &'a Difference {
        let wanted = |r: &&Difference| r.variant == variant && r.subject == subject && r.metric == metric;
        comparison.rows.iter().find(wanted).unwrap_or_else(|| panic!("no {variant} {metric}"))
    }

    /// Every figure is tied to the sums that the catalogue makes it of: its pairs give the difference of its estimates.
    #[test]
    fn pairs_agree_with_the_catalogue() {
        let models = models();
        let experiment = experiment(&models, 60, 2);
        let (comparison, sums, _) = compared(&experiment);
        let mut seen = 0;
        for (subject, acc) in experiment.subjects.iter().zip(&sums).skip(1) {
            for (name, sums) in acc.paired.as_ref().unwrap().figures(subject.model, acc) {
                let wanted = |r: &&Difference| {
                    r.variant == subject.name && r.subject == name.subject && r.metric == name.id
                };
                let Some(row) = comparison.rows.iter().find(wanted) else { continue };
                let difference = match sums {
                    Sums::Mean(p) => p.difference(),
                    Sums::PerEvent(p) => p.difference(),
                };
                let scaled = difference.map(|x| x / name.per * name.times);
                match (scaled, row.difference) {
                    (Some(a), Some(b)) => {
                        assert!((a - b).abs() <= 1e-9 * b.abs() + 1e-12, "{name:?} {a} {b}")
                    }
                    (a, b) => assert!(a.is_none() && b.is_none(), "{name:?} {a:?} {b:?}"),
                }
                seen += 1;
            }
        }
        assert!(seen > 200, "{seen}");
        // What the catalogue has and pairs have not is no mean: quantiles, extremes, nines, or known beforehand.
        for row in comparison.rows.iter().filter(|r| r.difference.is_some() && r.differ.is_none()) {
            let fits = [".p", ".max", ".min", "nines", "latency_", "price", "billed", "cost"];
            assert!(fits.iter().any(|part| row.metric.contains(part)), "{row:?}");
        }
    }

    /// Read off the replications one by one, in floating point.
    #[test]
    fn differences_agree_with_the_replications() {
        let models = models();
        let (comparison, _, seen) = compared(&experiment(&models, 60, 2));
        let of = |variant: usize, figure: &dyn Fn(&Replication) -> f64| -> Vec<f64> {
            seen.iter().filter(|(v, _)| *v == variant).map(|(_, r)| figure(r)).collect()
        };
        let share = |r: &Replication| r.stores[0].failed[1] as f64 / r.stores[0].requested[1] as f64;
        let lost = |r: &Replication| (r.stores[0].lost / r.stores[0].volume_per_request) as f64;
        let down = |r: &Replication| r.blocks[0].down.as_secs_f64() / 60.0;
        for (variant, metric, subject, times, figure) in [
            (1, "failed_minutes_per_year.write", "orders", 525_600.0, &share as &dyn Fn(&Replication) -> f64),
            (1, "availability.write", "orders", -1.0, &share),
            (2, "availability.write", "orders", -1.0, &share),
            (2, "writes_lost.mean", "orders", 1.0, &lost),
            (2, "downtime_minutes_per_year.block", "front", 1.0, &down),
        ] {
            let row = row(&comparison, &models[variant].0, subject, metric);
            let (a, b) = (of(variant, figure), of(0, figure));
            let n = a.len() as f64;
            let mean = |x: &[f64]| x.iter().sum::<f64>() / n;
            let variance =
                |x: &[f64]| x.iter().map(|y| (y - mean(x)) * (y - mean(x))).sum::<f64>() / (n - 1.0);
            let d: Vec<f64> = a.iter().zip(&b).map(|(a, b)| (a - b) * times).collect();
            let half = crate::stats::interval::t_quantile(59, Confidence::P95) * (variance(&d) / n).sqrt();
            let apart = (variance(&a) + variance(&b)) * times * times;
            // Requests are rounded to whole ones.
            let near = |a: f64, b: f64| (a - b).abs() < 1e-6 * b.abs() + 1e-9;
            assert!(near(row.difference.unwrap(), mean(&d)), "{row:?} {}", mean(&d));
            assert!(near(row.high.unwrap() - row.low.unwrap(), 2.0 * half), "{row:?} {half}");
            assert!(near(row.variance_reduction.unwrap(), apart / variance(&d)), "{row:?}");
            assert_eq!(row.differ, Some(d.iter().filter(|&&d| d != 0.0).count() as u64), "{metric}");
            assert_eq!(row.n, 60);
        }
    }

    #[test]
    fn pairs_depend_on_neither_blocks_nor_jobs() {
        let models = models();
        let mut one = experiment(&models, 40, 1);
        let (expected, sums, _) = compared(&one);
        for (block, jobs) in [(1, 3), (7, 2), (1000, 4)] {
            (one.block, one.jobs) = (block, jobs);
            let (other, other_sums, _) = compared(&one);
            assert!(other == expected && other_sums == sums, "{block} {jobs}");
        }
        // Without a comparison nothing is kept of pairs.
        one.reference = None;
        let plain =
            run(&one, &AtomicBool::new(false), |_, _, (): &mut ()| {}, |()| Ok::<(), Infallible>(()), |_| {});
        assert!(plain.unwrap().iter().all(|acc| acc.paired.is_none()));
    }

    /// Two names of one model: no difference, and how much that says.
    #[test]
    fn what_never_differs_gets_a_bound_and_no_interval() {
        let mut models = models();
        models[1].1 = models[0].1.clone();
        let (comparison, ..) = compared(&experiment(&models, 20, 2));
        assert!(comparison.same_faults);
        for row in comparison.rows.iter().filter(|r| r.variant == "strong") {
            assert!(row.difference.is_none_or(|d| d == 0.0), "{row:?}");
            assert_eq!((row.low, row.high, row.variance_reduction), (None, None, None));
        }
        let row = row(&comparison, "strong", "orders", "availability.write");
        assert_eq!(row.note, "never different in 20 replications: at most 14 % of them differ (95 %)");
        let text = &comparison.verdicts[0].text;
        assert!(text.contains("strong: no difference to base was seen in 20 replications (reads"), "{text}");
    }

    #[test]
    fn other_faults_are_noticed() {
        let mut models = models();
        models[2].1.faults.pop();
        let (comparison, ..) = compared(&experiment(&models, 20, 2));
        assert!(!comparison.same_faults);
        // The same instants, but something else strikes, or elsewhere.
        for change in [
            |rule: &mut FaultRule| rule.effect = Effect::Partial { share_ppm: 500_000 },
            |rule: &mut FaultRule| rule.targets = vec![Target::Domain(DomainId(0))],
        ] {
            let mut models = self::models();
            let scripted = |rule: &mut FaultRule| rule.schedule = Schedule::Scripted(vec![Duration::DAY]);
            models.iter_mut().for_each(|(_, m)| m.faults.iter_mut().for_each(scripted));
            assert!(compared(&experiment(&models, 5, 1)).0.same_faults);
            let rule = models[2].1.faults.iter_mut().find(|r| r.targets != [Target::Domain(DomainId(0))]);
            change(rule.expect("a rule that strikes something else"));
            assert!(!compared(&experiment(&models, 5, 1)).0.same_faults);
        }
    }

    /// Held to another target, a variant is no better or worse for missing it: its figures have no difference.
    #[test]
    fn objectives_with_other_targets_are_not_compared() {
        let mut models = models();
        let target = |models: &mut [(String, Model)], variant: usize, within| {
            let all = models[variant].1.objectives.iter_mut();
            all.filter(|o| o.name == "rto").for_each(|o| o.goal = Goal::Rto { within, class: None });
        };
        target(&mut models, 1, Duration::from_secs(60));
        let (comparison, ..) = compared(&experiment(&models, 20, 1));
        let kept = row(&comparison, "strong", "orders", "objective.rto.kept");
        assert!(kept.estimate.is_some() && kept.reference.is_some());
        assert_eq!((kept.difference, kept.note.as_str()), (None, "the targets differ: 1m and 1h"));
        assert!(row(&comparison, "zones", "orders", "objective.rto.kept").difference.is_some());
    }

    /// A figure that only one of the two has stands there, without a difference.
    #[test]
    fn figures_of_one_side_are_shown() {
        let mut models = models();
        models[1].1.blocks[0].name = "back".into();
        let (comparison, ..) = compared(&experiment(&models, 5, 1));
        let mine = row(&comparison, "strong", "back", "availability.block");
        assert!(mine.estimate.is_some() && mine.reference.is_none() && mine.difference.is_none());
        assert_eq!(mine.note, "undefined in base");
        let theirs = row(&comparison, "strong", "front", "availability.block");
        assert!(theirs.estimate.is_none() && theirs.reference.is_some());
        let other = row(&comparison, "zones", "front", "availability.block");
        assert_eq!(theirs.reference, other.reference);
    }
}
