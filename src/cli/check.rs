//! `zonefall check`: whether scenarios keep their promises.

use super::args::{CheckArgs, Undecided};
use super::exit::{Code, Failure};
use super::progress::Progress;
use super::study::{self, Batch, Origin, processors};
use super::{interrupt, print, replay};
use zonefall::Run;
use zonefall::experiment::{Checked, Judged};
use zonefall::report::check::{Entry, Style, human};

/// Checks every scenario named, after all of them have been read.
pub fn check(args: &CheckArgs) -> Result<(), Failure> {
    let inputs = &args.inputs;
    let mut batches = Vec::new();
    for (file, scenario) in inputs.files.iter().zip(study::load(inputs)?) {
        let mut batch = Batch::of(file, scenario);
        batch.select(inputs)?;
        batches.push(batch);
    }
    let strict = args.undecided == Undecided::Fail;
    let mut entries = Vec::new();
    for batch in &batches {
        entries.push(one(args, batch)?);
    }
    let colour = anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
    print(human(&entries, strict, Style { colour }).as_bytes())?;
    if entries.iter().all(|e| e.checked.passed(strict)) { Ok(()) } else { Err(Failure::Promise) }
}

/// Checks one scenario.
fn one(args: &CheckArgs, batch: &Batch) -> Result<Entry, Failure> {
    let (inputs, scenario) = (&args.inputs, &batch.scenario);
    let bar = Progress::new(&scenario.name, scenario.replications, inputs.quiet);
    let told = |done, total| bar.of(done, total);
    let mut run = Run::of(scenario)
        .jobs(inputs.jobs.map_or_else(processors, usize::from))
        .false_alarm(args.false_alarm)
        .cancel(interrupt::flag())
        .progress(&told);
    if let Some(most) = args.most_replications {
        run = run.most_replications(most);
    }
    let checked = run.check();
    let checked = checked.map_err(|failure| study::explain(failure.of_any(), inputs, batch))?;
    if checked.judged.is_empty() {
        let text = "promises nothing: add an [[expect]] or an [objective.NAME] to check";
        return Err(Failure::Error(Code::NoPromise, format!("{}: {text}", batch.files[0])));
    }
    let replays = checked.judged.iter().map(|judged| replay(args, batch, &checked, judged)).collect();
    Ok(Entry { file: batch.files[0].clone(), checked, replays })
}

/// The command that shows the replication to look at.
fn replay(args: &CheckArgs, batch: &Batch, checked: &Checked, judged: &Judged) -> Option<String> {
    let Origin { file, variant } = batch.origin(&judged.promise.variant);
    judged.worst.map(|worst| replay::command(&args.inputs, file, variant, checked.seed, worst))
}
