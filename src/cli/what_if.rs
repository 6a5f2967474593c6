//! What would help most: which variants are run again without what.

use super::args::RunOptions;
use super::exit::{Code, Failure};
use super::{interrupt, say};
use zonefall::experiment::runner::Experiment;
use zonefall::experiment::{self, Outcome, WhatIf, whatif};
use zonefall::scenario::suggestion;

/// Replications used where nobody asked for it.
const BY_THE_WAY: u64 = 1000;

/// Which variants are run again: by index, and whether somebody asked for it.
pub struct Chosen {
    variants: Vec<usize>,
    pub asked: bool,
}

impl Chosen {
    /// What the options say of these variants: by default the reference if `files` are written, else none.
    ///
    /// # Errors
    /// There is no variant of the name given.
    pub fn of(
        options: &RunOptions,
        names: &[&str],
        reference: usize,
        files: bool,
    ) -> Result<Chosen, Failure> {
        let chosen = |variants, asked| Ok(Chosen { variants, asked });
        let Some(wanted) = options.what_if.as_deref() else {
            return chosen(if files { vec![reference] } else { Vec::new() }, false);
        };
        match (names.iter().position(|name| *name == wanted), wanted) {
            (Some(index), _) => chosen(vec![index], true),
            (None, "all") => chosen((0..names.len()).collect(), true),
            (None, "none") => chosen(Vec::new(), true),
            (None, _) => {
                let help = suggestion(wanted, names).unwrap_or_default();
                let text = format!("--what-if: no variant {wanted} runs; {help}");
                Err(Failure::new(Code::NoSuchVariant, text))
            }
        }
    }

    /// Runs them. `replay` tells how to do so again with one of them, and nothing else.
    ///
    /// # Errors
    /// A replication failed.
    pub fn run(
        &self,
        experiment: &Experiment<'_>,
        outcome: &Outcome,
        replay: impl Fn(&str) -> String,
    ) -> Result<Vec<WhatIf>, Failure> {
        let mut experiment = experiment.clone();
        if !self.asked {
            let numbers = &mut experiment.replications;
            numbers.end = numbers.end.min(numbers.start.saturating_add(BY_THE_WAY));
        }
        let mut found = Vec::new();
        for &index in &self.variants {
            let attribution = &outcome.variants[index].attribution;
            match whatif::what_if(&experiment, interrupt::flag(), index, attribution) {
                Ok(effects) => found.extend(effects),
                // Nobody asked: what was asked for is not to be lost over it.
                Err(failure @ experiment::Failure::Limit { .. }) if !self.asked => {
                    say(&format!(
                        "note: what would help most is left out, as a limit was reached: {failure}"
                    ));
                }
                Err(failure) => return Err(explain(failure, &replay(experiment.subjects[index].name))),
            }
        }
        Ok(found)
    }
}

fn explain(failure: experiment::Failure<Failure>, replay: &str) -> Failure {
    match failure {
        experiment::Failure::Delivery(failure) => failure,
        experiment::Failure::Cancelled => Failure::interrupted(),
        experiment::Failure::Limit { .. } => {
            let text = format!("a limit was reached: {failure} (`--what-if none` leaves this out){replay}");
            Failure::new(Code::Limit, text)
        }
        failure => {
            Failure::new(Code::Broken, format!("a bug in zonefall, please report it: {failure}{replay}"))
        }
    }
}
