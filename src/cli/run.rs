//! `zonefall run`.

use super::args::{Format, Rows, RunArgs};
use super::exit::Failure;
use super::files::Folder;
use super::input::{self, Text};
use super::progress::Progress;
use super::rows::{self, BlockRows};
use super::{print, replay};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use zonefall::experiment::runner::{self, BLOCK, Experiment, Subject};
use zonefall::experiment::{self, About, ExpectResult, Outcome, Study, expect};
use zonefall::report;
use zonefall::scenario::Scenario;

/// A scenario ready to run.
struct Job {
    file: String,
    scenario: Scenario,
    /// Where its files go.
    folder: Option<Folder>,
}

/// Runs every scenario named, one after the other, after all of them have been read and their folders tried.
pub fn run(args: &RunArgs) -> Result<(), Failure> {
    let mut set = input::settings(&args.set)?;
    if let Some(horizon) = &args.horizon {
        set.push(("scenario.horizon".into(), horizon.clone()));
    }
    let texts = args.files.iter().map(|name| input::find(name)).collect::<Result<Vec<Text>, Failure>>()?;
    let loaded: Vec<_> = texts.iter().map(|text| input::load(text, &set, !args.quiet).0).collect();
    let Some(scenarios) = loaded.into_iter().collect::<Option<Vec<Scenario>>>() else {
        return Err(Failure::Reported);
    };
    let folders = folders(args)?;
    let mut jobs = Vec::new();
    for ((text, mut scenario), path) in texts.into_iter().zip(scenarios).zip(folders) {
        select(&mut scenario, args, &text.name)?;
        let folder = path.map(|path| Folder::create(&path, &row_files(args))).transpose()?;
        jobs.push(Job { file: text.name, scenario, folder });
    }
    for (index, job) in jobs.into_iter().enumerate() {
        let separate = index > 0 && args.format == Format::Human;
        if separate {
            print(b"\n")?;
        }
        run_one(args, job)?;
    }
    Ok(())
}

/// Applies the options that choose variants, seed and number of replications.
fn select(scenario: &mut Scenario, args: &RunArgs, file: &str) -> Result<(), Failure> {
    scenario.seed = args.seed.unwrap_or(scenario.seed);
    scenario.replications = args.replications.unwrap_or(scenario.replications);
    if args.variant.is_empty() {
        return Ok(());
    }
    for wanted in &args.variant {
        if !scenario.variants.iter().any(|v| v.name == *wanted) {
            let names: Vec<&str> = scenario.variants.iter().map(|v| v.name.as_str()).collect();
            return Err(Failure::Input(format!(
                "{file} has no variant {wanted}; it has {}",
                names.join(", ")
            )));
        }
    }
    let base = scenario.variants[0].name.clone();
    scenario.variants.retain(|v| args.variant.contains(&v.name));
    // Promises about variants that do not run cannot be judged.
    scenario.expects.retain(|e| args.variant.iter().any(|v| v == e.variant.as_ref().unwrap_or(&base)));
    for expect in &mut scenario.expects {
        expect.variant.get_or_insert_with(|| base.clone());
    }
    Ok(())
}

/// The files of rows this run writes.
fn row_files(args: &RunArgs) -> Vec<&'static str> {
    let rows = args.rows.unwrap_or(Rows::Replications);
    let mut names = Vec::new();
    if rows != Rows::None {
        names.push("replications.csv");
    }
    if rows == Rows::All {
        names.extend(["outages.csv", "losses.csv"]);
    }
    if args.replication.is_some() {
        names.push("timeline.csv");
    }
    names
}

/// The output folder of each scenario: `--out` itself for one, folders in it named after the files for several.
fn folders(args: &RunArgs) -> Result<Vec<Option<PathBuf>>, Failure> {
    let Some(out) = &args.out else {
        if args.rows.is_some_and(|rows| rows != Rows::None) {
            return Err(Failure::Input("--rows says what to write into a folder: give --out as well".into()));
        }
        return Ok(args.files.iter().map(|_| None).collect());
    };
    if args.files.len() == 1 {
        return Ok(vec![Some(out.clone())]);
    }
    let mut taken: Vec<String> = Vec::new();
    for file in &args.files {
        let stem = Path::new(file).file_stem().and_then(|s| s.to_str()).unwrap_or("scenario");
        let free = |name: &String| !taken.contains(name);
        let name = std::iter::once(stem.to_string())
            .chain((2..=args.files.len() + 1).map(|n| format!("{stem}-{n}")))
            .find(free)
            .ok_or_else(|| Failure::Input(format!("no free folder name for {file}")))?;
        taken.push(name);
    }
    Ok(taken.into_iter().map(|name| Some(out.join(name))).collect())
}

/// Runs one scenario and hands out its results.
fn run_one(args: &RunArgs, job: Job) -> Result<(), Failure> {
    let Job { file, scenario, mut folder } = job;
    let replications = match args.replication {
        Some(one) => one..one + 1,
        None => 0..scenario.replications,
    };
    let experiment = Experiment {
        subjects: scenario.variants.iter().map(|v| Subject { name: &v.name, model: &v.model }).collect(),
        seed: scenario.seed,
        replications: replications.clone(),
        block: BLOCK,
        jobs: args.jobs.map_or_else(processors, usize::from),
        timeline: args.replication.is_some(),
    };
    if let Some(folder) = &mut folder {
        rows::headers(folder)?;
    }
    let wanted = rows::Wanted::of(args, folder.as_ref());
    let bar = Progress::new(&scenario.name, replications.end - replications.start, args.quiet);
    let mut timelines = String::new();
    let sums = runner::run(
        &experiment,
        &AtomicBool::new(false),
        |variant, replication, block: &mut BlockRows| {
            block.add(wanted, &scenario.variants[variant], replication);
        },
        |block| {
            timelines += &block.write(folder.as_mut())?;
            Ok(())
        },
        |done| bar.set(done),
    );
    drop(bar);
    let sums = sums.map_err(|failure| explain(failure, args, &file, &scenario))?;
    let outcome = experiment.outcome(&scenario.name, scenario.digest, &sums);
    let promises = promises(&scenario, &outcome);
    let (question, description) = (scenario.question, scenario.description);
    let study = Study { about: About { question, description, files: vec![file] }, outcome, promises };
    if let Some(mut folder) = folder {
        for (name, bytes) in report::files::files(&study) {
            folder.add(name, &bytes)?;
        }
        folder.publish()?;
    }
    match args.format {
        Format::Csv => print(&report::csv::summary_csv(&study.outcome)),
        Format::Json => print(&report::json::outcome_json(&study.outcome, &study.promises)),
        Format::Human => human(&study, &timelines),
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Turns what stopped a run into a message with the command that replays it, and an exit code.
fn explain(
    failure: experiment::Failure<Failure>,
    args: &RunArgs,
    file: &str,
    scenario: &Scenario,
) -> Failure {
    let replay = |variant: &str, replication: u64| {
        let command = replay::command(args, file, variant, scenario.seed, replication);
        format!(
            "\n  scenario: {} ({file})\n  seed: {}\n  to replay it: {command}",
            scenario.name, scenario.seed
        )
    };
    match failure {
        experiment::Failure::Delivery(failure) => failure,
        experiment::Failure::Plan { .. } => Failure::Input(format!("{file}: {failure}")),
        experiment::Failure::Limit { ref variant, replication, .. } => {
            Failure::Limit(format!("a limit was reached: {failure}{}", replay(variant, replication)))
        }
        experiment::Failure::Broken { ref variant, replication, .. } => Failure::Broken(format!(
            "a bug in zonefall, please report it: {failure}{}",
            replay(variant, replication)
        )),
        experiment::Failure::Cancelled => Failure::Broken("cancelled by nobody".into()),
    }
}

/// What became of the scenario's promises.
fn promises(scenario: &Scenario, outcome: &Outcome) -> Vec<ExpectResult> {
    let first = scenario.variants.first().map_or("", |v| v.name.as_str());
    scenario
        .expects
        .iter()
        .map(|e| {
            let variant = e.variant.as_deref().unwrap_or(first);
            let result = expect::evaluate(outcome, variant, &e.metric, e.comparison);
            ExpectResult { rules: e.rules.clone(), ..result }
        })
        .collect()
}

/// The human form: timelines if there are any, then the summary.
fn human(study: &Study, timelines: &str) -> Result<(), Failure> {
    let colour = anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
    let summary =
        report::terminal::summary(&study.outcome, &study.promises, report::terminal::Style { colour });
    let end = if summary.ends_with('\n') { "" } else { "\n" };
    print(format!("{timelines}{summary}{end}").as_bytes())
}
