//! All replications of all variants, in parallel, in pairs.

use super::accumulate::Accumulator;
use super::blocks::{self, ItemError, Split, Stop};
use crate::model::Model;
use crate::sim::observe::Replication;
use crate::sim::{LimitHit, Plan, Simulation};
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
}

/// Why there is no outcome.
#[derive(Debug)]
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

impl<D: fmt::Debug + fmt::Display> std::error::Error for Failure<D> {}

/// One thread's belongings.
struct Worker<'p> {
    simulations: Vec<Simulation<'p>>,
    sums: Vec<Accumulator>,
    out: Replication,
}

/// Runs every replication of every variant and returns the sums, by variant.
///
/// The variants of a replication run in turn on the same thread, so that pairs stay together. `observe` is told of
/// each result, on the worker's thread, with the variant's index, and may add to the rows of its block; `deliver`
/// gets the rows of each block in order of replication, on the caller's thread; `progress` is told how many
/// replications are done.
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
    let make = || Worker {
        simulations: plans.iter().map(|plan| Simulation::new(plan, experiment.seed)).collect(),
        sums: experiment.subjects.iter().map(|s| Accumulator::new(s.model)).collect(),
        out: Replication::default(),
    };
    // An item is one variant of one replication, so that the number of a failing item names both. Blocks hold whole
    // replications.
    let variants = (experiment.subjects.len() as u64).max(1);
    let split = Split {
        items: 0..(experiment.replications.end.saturating_sub(experiment.replications.start)).saturating_mul(variants),
        block: experiment.block.max(1).saturating_mul(variants),
        jobs: experiment.jobs,
    };
    let locate = |item: u64| ((item % variants) as usize, experiment.replications.start + item / variants);
    let work = |worker: &mut Worker<'_>, item: u64, rows: &mut R| {
        let (index, replication) = locate(item);
        worker.simulations[index].run(replication, experiment.timeline, &mut worker.out)?;
        worker.sums[index].add(&worker.out);
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
