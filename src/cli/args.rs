//! The command line's grammar.

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
use std::path::PathBuf;
use zonefall::units::Duration;

/// Simulates zone and region failures of replicated services: availability, RPO, RTO and data loss.
#[derive(Debug, Parser)]
#[command(name = "zonefall", version, max_term_width = 100, after_help = AFTER)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// Whether to use colours; `auto`: on a terminal, unless NO_COLOR is set
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        env = "ZONEFALL_COLOR",
        hide_env_values = true
    )]
    #[arg(default_value_t = Color::Auto)]
    pub color: Color,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// From now on, for both streams.
    pub fn apply(self) {
        let choice = match self {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}

const AFTER: &str = "\
To start: `zonefall new` writes a scenario, `zonefall run scenario.toml` runs it.\n\n\
Exit codes: 0 success; 2 wrong usage or scenario; 3 a limit was reached; 70 broken invariant (please report it); \
74 input/output; 130 interrupted. 1 a promise is broken (`check` only).";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run scenarios and print what happened
    Run(RunArgs),
    /// Put variants of one or several scenarios beside each other, under the same faults
    Compare(CompareArgs),
    /// Tell whether scenarios keep their promises: expectations, objectives and, if given, a baseline
    Check(CheckArgs),
    /// Report every problem of scenarios without running them
    Validate(ValidateArgs),
    /// Write a commented scenario to start from
    New(NewArgs),
    /// Say what a figure, a key of a scenario, a documented rule or a code means
    Explain {
        /// Such as `rto_seconds.write.max`, `store.orders.consistency`, `c14`, `ZF0302`
        #[arg(required = true, value_name = "WORD")]
        words: Vec<String>,
    },
    /// Products' documented behaviour, as TOML to read and to override
    #[command(subcommand)]
    Preset(Shelf),
    /// Scenarios that come with the program, which `run` also takes by name
    #[command(subcommand)]
    Scenario(Shelf),
    /// Print the JSON Schema of the scenario language, for editors
    Schema,
    /// Print completions of commands and options for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page of the program, or of one of its commands
    Man {
        /// The command
        command: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum Shelf {
    /// List the names
    List,
    /// Print one
    Show {
        /// Its name
        name: String,
    },
}

#[derive(Debug, Args)]
pub struct NewArgs {
    /// Where to write it; `-`: to standard output
    #[arg(default_value = "scenario.toml", value_hint = ValueHint::FilePath)]
    pub file: String,
    /// Which product the store is: a preset with a `[store]` (`zonefall preset list`)
    #[arg(long, value_name = "NAME", default_value = "cosmos-db")]
    pub preset: String,
    /// Names of 1 to 16 regions, the main one first
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = region, default_value = "west,north")]
    pub regions: Vec<String>,
    /// Replace the file if it exists
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// Scenario files, or names of shipped scenarios
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<String>,
    /// Override a value, as in `store.orders.consistency="strong"`; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Simulated time, as in `1y` or `90d` [default: the scenario's]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub horizon: Option<String>,
}

#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub options: RunOptions,
    /// Run just this replication (from 0) and show its timeline
    #[arg(long, value_name = "N", conflicts_with = "replications", value_parser = clap::value_parser!(u64).range(..u64::MAX))]
    pub replication: Option<u64>,
}

#[derive(Debug, Args)]
pub struct CompareArgs {
    #[command(flatten)]
    pub options: RunOptions,
    /// The variant that the others are compared with [default: the first]
    #[arg(long, value_name = "NAME")]
    pub reference: Option<String>,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    pub inputs: Inputs,
    /// Most replications of a variant with an undecided promise [default: 16 times as many as at first]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MAX_REPLICATIONS))]
    pub most_replications: Option<u64>,
    /// Highest probability that a check calls any promise broken that is kept
    #[arg(long, value_name = "P", default_value_t = 0.01, allow_negative_numbers = true, value_parser = probability)]
    pub false_alarm: f64,
    /// Hold the results against those in this file, too, which --update-baseline made
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub baseline: Option<PathBuf>,
    /// Write the results of now into the baseline, instead of comparing with it
    #[arg(long, requires = "baseline", conflicts_with = "variant")]
    pub update_baseline: bool,
    /// Changes of a figure up to this percentage of it never count
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, allow_negative_numbers = true, value_parser = percentage, requires = "baseline")]
    pub threshold: f64,
    /// What a promise counts as that stays undecided
    #[arg(long, value_enum, default_value_t = Undecided::Pass)]
    pub undecided: Undecided,
    /// What standard output gets
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    pub format: CheckFormat,
    /// Write a file as well, as in `junit=zonefall.xml`; may be repeated
    #[arg(long, value_name = "FORMAT=PATH", value_parser = report)]
    pub report: Vec<(CheckFormat, PathBuf)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// To read, what is broken first
    Human,
    /// Everything that is known, as JSON
    Json,
    /// JUnit XML, a test case for each promise
    Junit,
    /// Annotations of GitHub Actions, then the same to read
    Github,
    /// Markdown, for the summary of a step or a comment
    Markdown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Undecided {
    /// Reported, and no failure
    Pass,
    /// Broken
    Fail,
}

/// Which scenarios, and what of them runs: what every command takes that runs scenarios.
#[derive(Clone, Debug, Args)]
pub struct Inputs {
    /// Scenario files, or names of shipped scenarios
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<String>,
    /// Run only this variant; may be repeated
    #[arg(long, value_name = "NAME")]
    pub variant: Vec<String>,
    /// Seed, decimal or 0x hexadecimal [default: the scenario's]
    #[arg(long, value_name = "N", value_parser = seed)]
    pub seed: Option<u64>,
    /// Number of replications [default: the scenario's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MAX_REPLICATIONS))]
    pub replications: Option<u64>,
    /// Simulated time, as in `1y` or `90d` [default: the scenario's]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub horizon: Option<String>,
    /// Number of threads; results do not depend on it [default: one for each processor]
    #[arg(long, short, value_name = "N", env = "ZONEFALL_JOBS", hide_env_values = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// Override a value, as in `store.orders.consistency="strong"`; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// No progress bar, and no warnings
    #[arg(long, short)]
    pub quiet: bool,
}

/// What `run` and `compare` take besides.
#[derive(Clone, Debug, Args)]
pub struct RunOptions {
    #[command(flatten)]
    pub inputs: Inputs,
    /// Write result files into this folder (`run`: a folder in it for each of several scenarios)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
    /// Rows to write into --out, besides summary.csv, causes.csv and run.json [default: replications]
    #[arg(long, value_enum)]
    pub rows: Option<Rows>,
    /// Run a variant again without each of what fails most, and tell what would help: its name, `all` or `none`
    /// [default: with --out the first or the reference, for at most 1000 replications; else none]
    #[arg(long, value_name = "VARIANT")]
    pub what_if: Option<String>,
    /// What standard output gets
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Rows {
    /// None
    None,
    /// replications.csv
    Replications,
    /// replications.csv, outages.csv and losses.csv
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A summary to read
    Human,
    /// Everything the summary knows, as JSON
    Json,
    /// The bytes of summary.csv (`compare`: of compare.csv)
    Csv,
}

/// Most replications of a run, as in scenarios.
const MAX_REPLICATIONS: u64 = 1_000_000_000;

/// Checked here, kept as written: replay commands repeat it.
fn duration(text: &str) -> Result<String, String> {
    text.parse::<Duration>().map(|_| text.to_string()).map_err(|error| error.to_string())
}

fn region(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match text.trim() {
        name if (1..=64).contains(&name.len()) && name.chars().all(allowed) => Ok(name.to_string()),
        _ => Err("names are made of 1 to 64 letters, digits, `-` and `_`".into()),
    }
}

fn percentage(text: &str) -> Result<f64, String> {
    let parsed = text.trim_end_matches('%').trim().parse().ok().filter(|p| (0.0..=1000.0).contains(p));
    parsed.ok_or_else(|| "expected a percentage from 0 to 1000, such as 5".into())
}

fn report(text: &str) -> Result<(CheckFormat, PathBuf), String> {
    let words: Vec<String> = CheckFormat::value_variants()
        .iter()
        .filter_map(|format| Some(format.to_possible_value()?.get_name().to_string()))
        .collect();
    let expected = || format!("expected FORMAT=PATH with a format of {}", words.join(", "));
    let (word, path) = text.split_once('=').ok_or_else(expected)?;
    let format = CheckFormat::from_str(word, false).map_err(|_| expected())?;
    if path.is_empty() { Err(expected()) } else { Ok((format, path.into())) }
}

fn probability(text: &str) -> Result<f64, String> {
    let parsed = text.parse().ok().filter(|p| (1e-6..=0.5).contains(p));
    parsed.ok_or_else(|| "expected a probability from 0.000001 to 0.5, such as 0.01".into())
}

fn seed(text: &str) -> Result<u64, String> {
    let parsed = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| {
        "expected a whole number from 0 to 18446744073709551615, or 0x and hexadecimal digits".into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds() {
        assert_eq!(seed("42"), Ok(42));
        assert_eq!(seed("0xff"), Ok(255));
        assert_eq!(seed("0xFFFFFFFFFFFFFFFF"), Ok(u64::MAX));
        for bad in ["", "0x", "-1", "1.5", "abc", "18446744073709551616"] {
            assert!(seed(bad).is_err(), "{bad}");
        }
    }
}
