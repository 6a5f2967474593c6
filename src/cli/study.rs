//! From options and files to a study, and from a study to files and standard output: what `run` and `compare` share.

use super::args::{Format, Inputs, Rows, RunOptions};
use super::exit::{Code, Failure};
use super::files::Folder;
use super::input::{self, Text};
use super::interrupt;
use super::progress::Progress;
use super::rows::{self, BlockRows};
use super::what_if::Chosen;
use super::{print, replay};
use std::path::Path;
use zonefall::experiment::beyond::beyond;
use zonefall::experiment::runner::{self, BLOCK, Experiment, Subject};
use zonefall::experiment::{self, About, ExpectResult, Outcome, Study, expect, worst};
use zonefall::harness;
use zonefall::report;
use zonefall::scenario::{Scenario, nearest};
use zonefall::stats::Confidence;
use zonefall::text::steers;

/// Variants whose worst replications are told about.
const MOST_TIMELINES: usize = 6;

/// Variants that run together and make one study.
pub struct Batch {
    /// All of them, with their promises.
    pub scenario: Scenario,
    /// Where each variant comes from.
    pub origins: Vec<Origin>,
    /// The files they come from, as named by the user.
    pub files: Vec<String>,
    /// Index of the variant that the others are compared with, if they are compared.
    pub reference: Option<usize>,
}

/// Where a variant comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The file, as named by the user.
    pub file: String,
    /// Its name in that file.
    pub variant: String,
}

/// Reads every scenario named and applies the options that override what it says.
///
/// # Errors
/// A file cannot be read, or a scenario has errors: all of them are shown.
pub fn load(inputs: &Inputs) -> Result<Vec<Scenario>, Failure> {
    let set = input::settings(&inputs.set, inputs.horizon.as_deref())?;
    let texts = inputs.files.iter().map(|name| input::find(name)).collect::<Result<Vec<Text>, Failure>>()?;
    let loaded: Vec<_> = texts.iter().map(|text| input::load(text, &set, !inputs.quiet).0).collect();
    let mut scenarios = loaded.into_iter().collect::<Option<Vec<Scenario>>>().ok_or(Failure::Reported)?;
    for scenario in &mut scenarios {
        scenario.seed = inputs.seed.unwrap_or(scenario.seed);
        scenario.replications = inputs.replications.unwrap_or(scenario.replications);
    }
    Ok(scenarios)
}

/// Every scenario named as a batch of its own, with the variants that are chosen.
///
/// # Errors
/// As [`load`], or there is no variant of a name.
pub fn batches(inputs: &Inputs) -> Result<Vec<Batch>, Failure> {
    let mut batches = Vec::new();
    for (file, scenario) in inputs.files.iter().zip(load(inputs)?) {
        let mut batch = Batch::of(file, scenario);
        batch.select(inputs)?;
        batches.push(batch);
    }
    Ok(batches)
}

/// How texts for people look on standard output.
pub fn style() -> report::terminal::Style {
    let colour = anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
    report::terminal::Style { colour }
}

impl Batch {
    /// The variants of one file.
    pub fn of(file: &str, scenario: Scenario) -> Batch {
        let origin = |v: &zonefall::scenario::Variant| Origin { file: file.into(), variant: v.name.clone() };
        Batch {
            origins: scenario.variants.iter().map(origin).collect(),
            scenario,
            files: vec![file.into()],
            reference: None,
        }
    }

    /// Where a variant that ran comes from.
    pub fn origin(&self, variant: &str) -> &Origin {
        let index = self.scenario.variants.iter().position(|v| v.name == variant);
        &self.origins[index.expect("a variant that ran is one of the batch")]
    }

    /// Keeps the variants that the options name, and the promises about them.
    ///
    /// # Errors
    /// There is no variant of a name.
    pub fn select(&mut self, inputs: &Inputs) -> Result<(), Failure> {
        let (wanted, scenario) = (&inputs.variant, &mut self.scenario);
        if wanted.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = scenario.variants.iter().map(|v| v.name.clone()).collect();
        if let Some(missing) = wanted.iter().find(|w| !names.contains(w)) {
            let known: Vec<&str> = names.iter().map(String::as_str).collect();
            let (files, names) = (self.files.join(" and "), names.join(", "));
            let (have, they_have) =
                if self.files.len() == 1 { ("has", "it has") } else { ("have", "they have") };
            let near = nearest(missing, &known);
            let near = near.map_or_else(|| ";".into(), |near| format!(", did you mean `{near}`?"));
            let text = format!("{files} {have} no variant {missing}{near} {they_have} {names}");
            return Err(Failure::new(Code::NoSuchVariant, text));
        }
        let kept = |name: &String| wanted.contains(name);
        let mut keep = names.iter().map(kept);
        self.origins.retain(|_| keep.next() == Some(true));
        scenario.variants.retain(|v| kept(&v.name));
        // Promises about variants that do not run cannot be judged.
        for expect in &mut scenario.expects {
            expect.variant.get_or_insert_with(|| names[0].clone());
        }
        scenario.expects.retain(|e| e.variant.as_ref().is_some_and(kept));
        Ok(())
    }
}

/// Names after the stems of files, each of them once: `tiers`, `tiers-2`.
pub fn unique(files: &[String]) -> Vec<String> {
    let mut taken: Vec<String> = Vec::new();
    for file in files {
        let stem = Path::new(file).file_stem().and_then(|s| s.to_str()).unwrap_or("scenario");
        let stem = stem.replace(steers, "_");
        let numbered = (2..).map(|n| format!("{stem}-{n}"));
        let mut names = std::iter::once(stem.clone()).chain(numbered);
        // Of endless names one is free.
        taken.extend(names.find(|name| !taken.contains(name)));
    }
    taken
}

/// The folder of a study at `path`, if files are wanted, with a draft of each file of rows.
///
/// # Errors
/// Rows are asked for and no folder, or the folder cannot be written to.
pub fn folder(
    options: &RunOptions,
    path: Option<&Path>,
    replication: Option<u64>,
) -> Result<Option<Folder>, Failure> {
    // From here on there is something to tidy up.
    interrupt::check()?;
    let Some(path) = path else {
        return match options.rows {
            None | Some(Rows::None) => Ok(None),
            _ => Err(Failure::new(
                Code::Together,
                "--rows says what to write into a folder: give --out DIR as well",
            )),
        };
    };
    let rows = options.rows.unwrap_or(Rows::Replications);
    let mut names = Vec::new();
    if rows != Rows::None {
        names.push("replications.csv");
    }
    if rows == Rows::All {
        names.extend(["outages.csv", "losses.csv"]);
    }
    if replication.is_some() {
        names.push("timeline.csv");
    }
    Folder::create(path, &names).map(Some)
}

/// Runs a batch and hands out its results; `replication`: only this one, with its timeline.
///
/// # Errors
/// A replication failed, or an output.
pub fn run(
    options: &RunOptions,
    replication: Option<u64>,
    batch: Batch,
    mut folder: Option<Folder>,
) -> Result<(), Failure> {
    let (study, timelines) = simulate(options, replication, batch, folder.as_mut())?;
    if let Some(mut folder) = folder {
        for (name, bytes) in report::files::files(&study) {
            folder.add(name, &bytes)?;
        }
        // The last moment at which none of them is visible.
        interrupt::check()?;
        folder.publish()?;
    }
    match (options.format, &study.comparison) {
        (Format::Csv, None) => print(&report::csv::summary_csv(&study.outcome)),
        (Format::Csv, Some(comparison)) => print(&report::csv::compare_csv(comparison)),
        (Format::Json, _) => print(&report::json::study_json(&study)),
        (Format::Human, _) => human(&study, &timelines, options.what_if.is_some()),
    }
}

/// Simulates a batch: what came of it, and the timelines to read, if any. Rows go to the folder on the way.
fn simulate(
    options: &RunOptions,
    replication: Option<u64>,
    batch: Batch,
    mut folder: Option<&mut Folder>,
) -> Result<(Study, String), Failure> {
    let (inputs, scenario) = (&options.inputs, &batch.scenario);
    let replications = match replication {
        Some(one) => one..one + 1,
        None => 0..scenario.replications,
    };
    let names: Vec<&str> = scenario.variants.iter().map(|v| v.name.as_str()).collect();
    let files = folder.is_some() && replication.is_none();
    let chosen = Chosen::of(options, &names, batch.reference.unwrap_or(0), files)?;
    let experiment = Experiment {
        subjects: scenario.variants.iter().map(|v| Subject { name: &v.name, model: &v.model }).collect(),
        seed: scenario.seed,
        replications: replications.clone(),
        block: BLOCK,
        jobs: options.inputs.jobs.map_or_else(processors, usize::from),
        timeline: replication.is_some(),
        reference: batch.reference,
    };
    if let Some(folder) = folder.as_deref_mut() {
        rows::headers(folder)?;
    }
    let read = replication.is_some() && options.format == Format::Human;
    let wanted = rows::Wanted::of(folder.as_deref(), read);
    let bar = Progress::new(&scenario.name, replications.end - replications.start, options.inputs.quiet);
    let mut text = String::new();
    let sums = runner::run(
        &experiment,
        interrupt::flag(),
        |variant, replication, block: &mut BlockRows| {
            block.add(wanted, &scenario.variants[variant], replication);
        },
        |block| {
            text += &block.write(folder.as_deref_mut())?;
            Ok(())
        },
        |done| bar.set(done),
    );
    drop(bar);
    let sums = sums.map_err(|failure| explain(failure, inputs, &batch, batch.scenario.seed))?;
    let outcome = harness::outcome(scenario, &experiment, &sums);
    let promises = promises(scenario, &outcome);
    let worst = if folder.is_some() { worst(&outcome) } else { Vec::new() };
    let recorded = worst::timelines(&experiment, interrupt::flag(), &worst, |variant, replication| {
        let Origin { file, variant } = batch.origin(variant);
        replay::command(inputs, file, variant, scenario.seed, replication)
    });
    let timelines = recorded.map_err(|failure| explain(failure, inputs, &batch, batch.scenario.seed))?;
    let again = |variant: &str| replay_what_if(inputs, &batch, variant, replication);
    let what_if = chosen.run(&experiment, &outcome, again)?;
    let about = About {
        question: scenario.question.clone(),
        description: scenario.description.clone(),
        files: batch.files,
        settings: settings(&options.inputs),
        sources: scenario.sources.clone(),
        beyond: beyond(&scenario.variants.iter().map(|v| &v.model).collect::<Vec<_>>()),
    };
    let comparison = experiment.comparison(&outcome, &sums, Confidence::P95);
    Ok((Study { about, outcome, promises, comparison, what_if, timelines }, text))
}

/// The replications to tell about: the worst of each of the first variants, by failures if anything failed.
fn worst(outcome: &Outcome) -> Vec<(usize, u64)> {
    let numbers = outcome.variants.iter().take(MOST_TIMELINES).enumerate();
    numbers.filter_map(|(i, v)| Some((i, v.worst.by_failures.or(v.worst.by_losses)?))).collect()
}

/// What the command line sets on top of the files, as it would be typed.
fn settings(inputs: &Inputs) -> Vec<String> {
    let horizon = inputs.horizon.iter().map(|horizon| format!("scenario.horizon={horizon}"));
    inputs.set.iter().cloned().chain(horizon).collect()
}

pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Turns what stopped a run into a message with the command that replays it, and an exit code.
pub fn explain(failure: experiment::Failure<Failure>, inputs: &Inputs, batch: &Batch, seed: u64) -> Failure {
    let scenario = &batch.scenario;
    let replay = |variant: &str, replication: u64| {
        let Origin { file, variant } = batch.origin(variant);
        told(scenario, file, seed, &replay::command(inputs, file, variant, seed, replication))
    };
    match failure {
        experiment::Failure::Delivery(failure) => failure,
        experiment::Failure::Plan { ref variant, .. } => {
            Failure::new(Code::TooLarge, format!("{}: {failure}", batch.origin(variant).file))
        }
        experiment::Failure::Limit { ref variant, replication, .. } => {
            let text = format!("a limit was reached: {failure}{}", replay(variant, replication));
            Failure::new(Code::Limit, text)
        }
        experiment::Failure::Broken { ref variant, replication, .. } => {
            let replay = replay(variant, replication);
            Failure::new(Code::Broken, format!("a bug in zonefall, please report it: {failure}{replay}"))
        }
        experiment::Failure::Cancelled => Failure::interrupted(),
        other => Failure::new(Code::Broken, format!("a failure that this command does not know: {other}")),
    }
}

/// The end of a message about something that failed in looking for what would help.
fn replay_what_if(inputs: &Inputs, batch: &Batch, variant: &str, replication: Option<u64>) -> String {
    let scenario = &batch.scenario;
    let Origin { file, variant } = batch.origin(variant);
    let which = match replication {
        Some(one) => format!("--replication {one}"),
        None => format!("--replications {}", scenario.replications),
    };
    let command = replay::what_if(inputs, file, variant, scenario.seed, &which);
    told(scenario, file, scenario.seed, &command)
}

/// The end of a message about something that failed: what it was, and the command that replays it.
fn told(scenario: &Scenario, file: &str, seed: u64, command: &str) -> String {
    let name = &scenario.name;
    format!("\n  scenario: {name} ({file})\n  seed: {seed}\n  to replay it: {command}")
}

/// What became of the scenario's promises.
fn promises(scenario: &Scenario, outcome: &Outcome) -> Vec<ExpectResult> {
    scenario
        .expects
        .iter()
        .map(|e| {
            let mut result = expect::evaluate(outcome, scenario.variant_of(e), &e.metric, e.comparison);
            result.rules.clone_from(&e.rules);
            result
        })
        .collect()
}

/// The human form: timelines if there are any, then the summary.
fn human(study: &Study, timelines: &str, asked: bool) -> Result<(), Failure> {
    let style = style();
    let summary = match &study.comparison {
        None => report::terminal::summary(&study.outcome, &study.promises, style),
        Some(comparison) => report::beside::comparison(study, comparison, style),
    };
    let end = if summary.ends_with('\n') { "" } else { "\n" };
    // What was not asked for is in the files.
    let helps = if asked { report::what_if::what_if(&study.what_if) } else { String::new() };
    print(format!("{timelines}{summary}{end}{helps}").as_bytes())
}
