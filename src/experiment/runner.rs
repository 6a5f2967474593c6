//! All replications of all variants, in parallel, in pairs.

use super::accumulate::Accumulator;
use super::blocks::{self, ItemError, Split, Stop};
use super::outcome::{Outcome, VariantOutcome};
use super::paired::{Paired, Reading};
use crate::model::Model;
use crate::sim::observe::Replication;
use crate::sim::{LimitHit, Plan, Simulation, Tape};
use std::convert::Infallible;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::AtomicBool;

/// Replications in a block unless said otherwise.
pub const BLOCK: u64 = 64;

/// A variant to run: its name and what is simulated.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Name, for messages.
    pub name: &'a str,
    /// What is simulated.
    pub model: &'a Model,
}

/// What to run, and how.
#[derive(Clone, Debug)]
pub struct Experiment<'a> {
    /// The variants; every one runs every replication.
    pub subjects: Vec<Subject<'a>>,
    /// Seed of all randomness.
    pub seed: u64,
    /// Numbers of the replications.
    pub replications: Range<u64>,
    /// Replications in a block; 0 counts as 1. Results do not depend on it.
    pub block: u64,
    /// Threads; 0 counts as 1. Results do not depend on it.
    pub jobs: usize,
    /// Whether replications record their timelines.
    pub timeline: bool,
    /// Index of the subject that the others are compared with, pair by pair; `None`: no comparison.
    pub reference: Option<usize>,
}

/// Why there is no outcome.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure<D> {
    /// The model of a variant cannot be laid out.
    Plan {
        /// The variant.
        variant: String,
        /// Why.
        why: String,
    },
    /// A replication reached a limit.
    Limit {
        /// The variant.
        variant: String,
        /// The replication.
        replication: u64,
        /// Which limit, and when.
        hit: LimitHit,
    },
    /// A replication panicked: an invariant of this program is broken.
    Broken {
        /// The variant.
        variant: String,
        /// The replication.
        replication: u64,
        /// The panic's message.
        message: String,
    },
    /// The receiver of rows refused them.
    Delivery(D),
    /// The cancel flag was set.
    Cancelled,
}

impl<D: fmt::Display> fmt::Display for Failure<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Plan { variant, why } => write!(f, "variant {variant}: {why}"),
            Failure::Limit { variant, replication, hit } => {
                write!(f, "variant {variant}, replication {replication}: {hit}")
            }
            Failure::Broken { variant, replication, message } => {
                write!(f, "variant {variant}, replication {replication}: {message}")
            }
            Failure::Delivery(error) => error.fmt(f),
            Failure::Cancelled => f.write_str("cancelled"),
        }
    }
}

impl Failure<Infallible> {
    /// The same failure of a run whose receiver may refuse rows.
    pub fn of_any<D>(self) -> Failure<D> {
        match self {
            Failure::Plan { variant, why } => Failure::Plan { variant, why },
            Failure::Limit { variant, replication, hit } => Failure::Limit { variant, replication, hit },
            Failure::Broken { variant, replication, message } => {
                Failure::Broken { variant, replication, message }
            }
            Failure::Delivery(never) => match never {},
            Failure::Cancelled => Failure::Cancelled,
        }
    }
}

impl<D> Failure<D> {
    /// The variant it happened in, if it happened in one.
    pub(crate) fn variant_mut(&mut self) -> Option<&mut String> {
        match self {
            Failure::Plan { variant, .. }
            | Failure::Limit { variant, .. }
            | Failure::Broken { variant, .. } => Some(variant),
            Failure::Delivery(_) | Failure::Cancelled => None,
        }
    }
}

impl<D: fmt::Debug + fmt::Display> std::error::Error for Failure<D> {}

impl Experiment<'_> {
    /// The results as plain data; `sums` are what [`run`] gave, `scenario` and `digest` name what was run.
    pub fn outcome(&self, scenario: &str, digest: u64, sums: &[Accumulator]) -> Outcome {
        let variant = |(s, sum): (&Subject<'_>, _)| VariantOutcome::new(s.name, s.model, sum);
        Outcome {
            scenario: scenario.to_string(),
            seed: self.seed,
            replications: self.replications.end.saturating_sub(self.replications.start),
            first_replication: self.replications.start,
            version: env!("CARGO_PKG_VERSION").to_string(),
            digest,
            axes: Vec::new(),
            variants: self.subjects.iter().zip(sums).map(variant).collect(),
        }
    }
}

/// One thread's belongings.
struct Worker<'p> {
    simulations: Vec<Simulation<'p>>,
    sums: Vec<Accumulator>,
    tapes: Vec<Tape>,
    out: Replication,
    /// Of each variant, where pairs are compared; else empty.
    readings: Vec<Reading>,
}

impl Worker<'_> {
    /// Pairs a replication, one variant of which has just been counted; complete with the last of them.
    fn pair(&mut self, subjects: &[Subject<'_>], reference: usize, index: usize) {
        self.readings[index].read(subjects[index].model, &self.sums[index]);
        if index + 1 == subjects.len() {
            for (sum, reading) in self.sums.iter_mut().zip(&self.readings) {
                if let Some(paired) = &mut sum.paired {
                    paired.add(reading, &self.readings[reference]);
                }
            }
        }
    }
}

/// An accumulator for each variant; those beside a reference keep pairs.
fn accumulators(experiment: &Experiment<'_>) -> Vec<Accumulator> {
    let one = |(index, s): (usize, &Subject<'_>)| {
        let other = experiment.reference.filter(|&r| r != index).map(|r| experiment.subjects[r].model);
        let paired = other.map(|other| Paired::new(s.model, other));
        Accumulator { paired, ..Accumulator::new(s.model) }
    };
    experiment.subjects.iter().enumerate().map(one).collect()
}

/// The sums of every variant, for those who want no rows.
///
/// # Panics
/// As [`run`].
///
/// # Errors
/// As [`run`], but that nobody refuses rows.
pub fn sums(
    experiment: &Experiment<'_>,
    cancel: &AtomicBool,
    progress: impl FnMut(u64),
) -> Result<Vec<Accumulator>, Failure<Infallible>> {
    run(experiment, cancel, |_, _, (): &mut ()| {}, |()| Ok(()), progress)
}

/// Runs every replication of every variant and returns the sums, by variant.
///
/// The variants of a replication run in turn on the same thread, so that pairs stay together. `observe` is told of
/// each result, on the worker's thread, with the variant's index, and may add to the rows of its block; `deliver`
/// gets the rows of each block in order of replication, on the caller's thread; `progress` is told how many
/// replications are done.
///
/// # Panics
/// If the reference is not among the subjects.
///
/// # Errors
/// A limit or a panic, always that of the first replication it happens in, an error of `deliver`, or that `cancel`
/// was set.
pub fn run<R, D>(
    experiment: &Experiment<'_>,
    cancel: &AtomicBool,
    observe: impl Fn(usize, &Replication, &mut R) + Sync,
    deliver: impl FnMut(R) -> Result<(), D>,
    progress: impl FnMut(u64),
) -> Result<Vec<Accumulator>, Failure<D>>
where
    R: Default + Send,
{
    let plans = plans(experiment)?;
    let (shared, tapes) =
        if experiment.timeline { (vec![None; plans.len()], 0) } else { shared_faults(&plans) };
    let make = || Worker {
        simulations: plans.iter().map(|plan| Simulation::new(plan, experiment.seed)).collect(),
        sums: accumulators(experiment),
        tapes: Tape::several(tapes),
        out: Replication::default(),
        readings: experiment.reference.map_or_else(Vec::new, |_| vec![Reading::default(); plans.len()]),
    };
    // An item is one variant of one replication, so that the number of a failing item names both. Blocks hold whole
    // replications.
    let variants = (experiment.subjects.len() as u64).max(1);
    let split = Split {
        items: 0..(experiment.replications.end.saturating_sub(experiment.replications.start))
            .saturating_mul(variants),
        block: experiment.block.max(1).saturating_mul(variants),
        jobs: experiment.jobs,
    };
    let locate = |item: u64| ((item % variants) as usize, experiment.replications.start + item / variants);
    let work = |worker: &mut Worker<'_>, item: u64, rows: &mut R| {
        let (index, replication) = locate(item);
        let simulation = &mut worker.simulations[index];
        match shared[index] {
            Some(tape) => simulation.run_with(replication, &mut worker.tapes[tape], &mut worker.out)?,
            None => simulation.run(replication, experiment.timeline, &mut worker.out)?,
        }
        worker.sums[index].add(&worker.out);
        if let Some(reference) = experiment.reference {
            worker.pair(&experiment.subjects, reference, index);
        }
        observe(index, &worker.out, rows);
        Ok(())
    };
    let mut progress = progress;
    let progress = |done: u64| progress(done / variants);
    let stop = match blocks::run(&split, cancel, make, work, deliver, progress) {
        Ok(workers) => return Ok(merge(workers)),
        Err(stop) => stop,
    };
    Err(match stop {
        Stop::Item { item, why } => {
            let (index, replication) = locate(item);
            let variant = experiment.subjects.get(index).map_or_else(String::new, |s| s.name.to_string());
            match why {
                ItemError::Failed(hit) => Failure::Limit { variant, replication, hit },
                ItemError::Panicked(message) => Failure::Broken { variant, replication, message },
            }
        }
        Stop::Delivery(error) => Failure::Delivery(error),
        Stop::Cancelled => Failure::Cancelled,
    })
}

fn plans<D>(experiment: &Experiment<'_>) -> Result<Vec<Plan>, Failure<D>> {
    let plan = |s: &Subject<'_>| {
        Plan::new(s.model).map_err(|why| Failure::Plan { variant: s.name.to_string(), why: why.to_string() })
    };
    experiment.subjects.iter().map(plan).collect()
}

/// Which tape holds the fault history of each variant, for those that meet the same as another; and how many tapes.
fn shared_faults(plans: &[Plan]) -> (Vec<Option<usize>>, usize) {
    let first = |plan: &Plan| plans.iter().position(|p| p.same_faults(plan)).unwrap_or_default();
    let firsts: Vec<usize> = plans.iter().map(first).collect();
    let mut tapes: Vec<usize> = firsts.clone();
    tapes.sort_unstable();
    tapes.dedup();
    tapes.retain(|&first| firsts.iter().filter(|&&f| f == first).count() > 1);
    (firsts.iter().map(|first| tapes.binary_search(first).ok()).collect(), tapes.len())
}

/// The sums of all workers, by variant. Exact, so that the order of workers does not matter.
fn merge(workers: Vec<Worker<'_>>) -> Vec<Accumulator> {
    let mut workers = workers.into_iter().map(|w| w.sums);
    let mut total = workers.next().unwrap_or_default();
    for sums in workers {
        for (sum, other) in total.iter_mut().zip(&sums) {
            sum.merge(other);
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture;
    use crate::units::Duration;

    fn model(max_events: u64) -> Model {
        let text = format!(
            "[scenario]\nname = \"t\"\nhorizon = \"1y\"\nmax_events = {max_events}\n\
             [[region]]\nname = \"r\"\nnodes_per_zone = 3\n\
             [fault.node]\ntarget = \"node:*\"\nmtbf = \"1000h\"\nduration = \"10h\"\n\
             [block.b]\nk = 2\nof = [\"node:*\"]\n"
        );
        fixture::read_one(&text)
    }

    fn experiment(models: &[Model], replications: Range<u64>, block: u64, jobs: usize) -> Experiment<'_> {
        let subjects = models.iter().zip(["first", "second"]).map(|(model, name)| Subject { name, model });
        Experiment {
            subjects: subjects.collect(),
            seed: 1,
            replications,
            block,
            jobs,
            timeline: false,
            reference: None,
        }
    }

    type Rows = Vec<(usize, u64, u64)>;

    fn sums(experiment: &Experiment<'_>) -> (Vec<Accumulator>, Rows) {
        let mut all: Rows = Vec::new();
        let observe = |v: usize, r: &Replication, rows: &mut Rows| rows.push((v, r.index, r.fault_digest));
        let deliver = |rows| -> Result<(), String> {
            all.extend::<Rows>(rows);
            Ok(())
        };
        let sums = run(experiment, &AtomicBool::new(false), observe, deliver, |_| {}).unwrap();
        (sums, all)
    }

    #[test]
    fn sums_and_rows_depend_on_neither_blocks_nor_jobs() {
        let models = [model(u64::MAX), model(u64::MAX)];
        let (expected, rows) = sums(&experiment(&models, 5..105, 64, 1));
        assert_eq!(expected[0].replications(), 100);
        let order: Vec<(usize, u64)> = rows.iter().map(|r| (r.0, r.1)).collect();
        assert_eq!(order, (5..105).flat_map(|r| [(0, r), (1, r)]).collect::<Vec<_>>());
        // The same model under two names meets the same faults.
        assert!(rows.chunks(2).all(|pair| pair[0].2 == pair[1].2));
        for (block, jobs) in [(1, 1), (1, 3), (7, 2), (0, 0), (1000, 8)] {
            let other = sums(&experiment(&models, 5..105, block, jobs));
            assert!(other == (expected.clone(), rows.clone()), "block {block}, jobs {jobs}");
        }
        // Two halves merge to the whole.
        let (mut half, _) = sums(&experiment(&models, 5..50, 8, 2));
        let (rest, _) = sums(&experiment(&models, 50..105, 8, 2));
        half.iter_mut().zip(&rest).for_each(|(a, b)| a.merge(b));
        assert_eq!(half, expected);
    }

    #[test]
    fn variants_with_the_same_faults_share_a_tape() {
        let plan = |change: fn(&mut Model)| {
            let mut model = model(u64::MAX);
            change(&mut model);
            Plan::new(&model).unwrap()
        };
        let plans = [
            plan(|m| m.blocks.clear()),
            plan(|m| m.faults[0].crews = Some(1)),
            plan(|m| m.max_events = 7),
            plan(|m| m.horizon = Duration::from_days(3)),
            plan(|m| m.faults[0].name = "other".into()),
            plan(|m| m.warmup = Duration::HOUR),
            plan(|m| m.faults[0].crews = Some(1)),
            plan(|_| ()),
        ];
        let (shared, tapes) = shared_faults(&plans);
        assert_eq!(shared, [Some(0), Some(1), Some(0), None, None, None, Some(1), Some(0)]);
        assert_eq!(tapes, 2);
    }

    #[test]
    fn failures_name_variant_and_replication() {
        let models = [model(u64::MAX), model(3)];
        for jobs in [1, 4] {
            let experiment = experiment(&models, 10..500, 4, jobs);
            let cancel = AtomicBool::new(false);
            let limit = run(&experiment, &cancel, |_, _, (): &mut ()| {}, |()| Ok::<(), String>(()), |_| {});
            match limit {
                Err(Failure::Limit { variant, replication: 10, .. }) => assert_eq!(variant, "second"),
                other => panic!("{other:?}"),
            }
            let models = [model(u64::MAX), model(u64::MAX)];
            let experiment = self::experiment(&models, 10..500, 4, jobs);
            let panics = |variant: usize, r: &Replication, (): &mut ()| {
                assert!((variant, r.index) != (1, 77), "odd at {}", r.index);
            };
            let broken = run(&experiment, &cancel, panics, |()| Ok::<(), String>(()), |_| {});
            match broken {
                Err(Failure::Broken { variant, replication: 77, message }) => {
                    assert_eq!((variant.as_str(), message.as_str()), ("second", "odd at 77"));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
