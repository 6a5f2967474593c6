//! `zonefall check`: whether scenarios keep their promises.

use super::args::{CheckArgs, CheckFormat, Undecided};
use super::exit::{Code, Failure};
use super::progress::Progress;
use super::study::{self, Batch, Origin, processors};
use super::{files, input, interrupt, print, replay, say};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use zonefall::experiment::{Checked, Judged};
use zonefall::report::check::{Entry, Style, github, human, json, junit, markdown};
use zonefall::{Baseline, BaselineError, Recorded, Run};

/// Most bytes of a baseline.
const MAX_BYTES: u64 = 200_000_000;

/// Checks every scenario named, after all of them have been read.
pub fn check(args: &CheckArgs) -> Result<(), Failure> {
    try_outputs(args)?;
    let batches = study::batches(&args.inputs)?;
    let strict = args.undecided == Undecided::Fail;
    let mut baseline = Kept::read(args, &batches)?;
    let mut entries = Vec::new();
    for batch in &batches {
        entries.push(one(args, batch, baseline.as_mut())?);
    }
    interrupt::check()?;
    if let Some(kept) = baseline.filter(|_| args.update_baseline) {
        files::write(&kept.path, kept.baseline.to_json().as_bytes())?;
        if !args.inputs.quiet {
            say(&format!("{} is written; look at its difference before you commit it", kept.path.display()));
        }
    }
    for (format, path) in &args.report {
        files::write(path, render(*format, &entries, strict, Style::default()).as_bytes())?;
    }
    let printed = print(render(args.format, &entries, strict, study::style()).as_bytes());
    match printed {
        Err(failure) if !matches!(failure, Failure::BrokenPipe) => Err(failure),
        // Who does not read on still wants to know.
        _ if entries.iter().all(|e| e.checked.passed(strict)) => printed,
        _ => Err(Failure::Promise),
    }
}

/// Whether the reports and the baseline can be written, each to a place of its own, before the simulation and not after it.
fn try_outputs(args: &CheckArgs) -> Result<(), Failure> {
    let together = |text: String| Err(Failure::new(Code::Together, text));
    let mut taken: Vec<(PathBuf, String)> = Vec::new();
    for file in &args.inputs.files {
        taken.push((files::place(Path::new(file)), format!("the scenario {file}")));
    }
    let mut outputs: Vec<(&str, &PathBuf)> = args.baseline.iter().map(|path| ("--baseline", path)).collect();
    outputs.extend(args.report.iter().map(|(_, path)| ("--report", path)));
    for (option, path) in outputs {
        let (place, shown) = (files::place(path), path.display());
        if path.as_os_str() == "-" {
            return together(format!("{option}: standard output gets what --format says; name a file"));
        }
        if let Some((_, other)) = taken.iter().find(|(other, _)| *other == place) {
            return together(format!("{option}: {shown} is {other} already; name another file"));
        }
        taken.push((place, format!("the file of {option}")));
        if option == "--report" || args.update_baseline {
            files::trial(path)?;
        }
    }
    Ok(())
}

/// What the checks came to, in a format.
fn render(format: CheckFormat, entries: &[Entry], strict: bool, style: Style) -> String {
    match format {
        CheckFormat::Human => human(entries, strict, style),
        CheckFormat::Json => json(entries, strict),
        CheckFormat::Junit => junit(entries, strict),
        CheckFormat::Github => github(entries, strict, style),
        CheckFormat::Markdown => markdown(entries, strict),
    }
}

/// Checks one scenario.
fn one(args: &CheckArgs, batch: &Batch, baseline: Option<&mut Kept>) -> Result<Entry, Failure> {
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
    let mut checked = checked.map_err(|f| study::explain(f.of_any(), inputs, batch, scenario.seed))?;
    if checked.judged.is_empty() && baseline.is_none() {
        let text = "promises nothing: add an [[expect]] or an [objective.NAME] to check";
        return Err(Failure::Error(Code::NoPromise, format!("{}: {text}", batch.files[0])));
    }
    if let Some(kept) = baseline {
        let recorded = kept.baseline.find(&batch.scenario.inputs.name).filter(|_| !args.update_baseline);
        // Pairs run under the seed of the baseline.
        let seed = recorded.map_or(scenario.seed, Recorded::seed);
        let told = |error| match error {
            BaselineError::Run(failure) => study::explain(failure.of_any(), inputs, batch, seed),
            error => Failure::Error(Code::Baseline, format!("{}: {error}", kept.path.display())),
        };
        match recorded {
            Some(recorded) => {
                let mut against = run.against(recorded, args.threshold / 100.0).map_err(told)?;
                if !inputs.variant.is_empty() {
                    // They are there, and were not asked for.
                    against.gone.clear();
                }
                checked.against = Some(against);
            }
            None => {
                let recorded = run.record().map_err(told)?;
                kept.baseline.put(recorded);
            }
        }
    }
    let replays = checked.judged.iter().map(|judged| replay(args, batch, &checked, judged)).collect();
    Ok(Entry { file: batch.files[0].clone(), checked, replays })
}

/// A baseline with the file it lies in.
struct Kept {
    path: PathBuf,
    baseline: Baseline,
}

impl Kept {
    /// The baseline, if one is asked for. It may be missing, or miss scenarios, only where it is to be written.
    fn read(args: &CheckArgs, batches: &[Batch]) -> Result<Option<Kept>, Failure> {
        let Some(path) = args.baseline.clone() else { return Ok(None) };
        let shown = path.display();
        let wrong = |text: String| Failure::Error(Code::Baseline, text);
        let baseline = match input::read(&path, MAX_BYTES) {
            Ok(text) if text.len() as u64 > MAX_BYTES => {
                return Err(wrong(format!("{shown} has more than {MAX_BYTES} bytes")));
            }
            Ok(text) => Baseline::from_json(&text).map_err(|error| wrong(format!("{shown}: {error}")))?,
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Failure::file("read", &path, &error));
            }
            Err(_) if args.update_baseline => Baseline::default(),
            Err(_) => return Err(wrong(format!("there is no {shown}; add --update-baseline to make it"))),
        };
        let missing =
            batches.iter().map(|b| b.scenario.inputs.name.as_str()).find(|f| baseline.find(f).is_none());
        if let Some(file) = missing.filter(|_| !args.update_baseline) {
            return Err(wrong(format!("{shown} has nothing of {file}; add --update-baseline to put it in")));
        }
        Ok(Some(Kept { path, baseline }))
    }
}

/// The command that shows the replication to look at.
fn replay(args: &CheckArgs, batch: &Batch, checked: &Checked, judged: &Judged) -> Option<String> {
    let Origin { file, variant } = batch.origin(&judged.promise.variant);
    judged.worst.map(|worst| replay::command(&args.inputs, file, variant, checked.seed, worst))
}
