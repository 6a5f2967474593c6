//! Baselines: results with all they were made of, to hold a changed scenario against.
//!
//! A baseline holds the scenario itself, not only its figures. So it can be run again beside the changed one, under the
//! same seed and on the same faults: the differences are seen in pairs. And what the same scenario gives now, beside
//! what it gave then, tells changes of the scenario from changes of this program.

use super::{Run, RunError};
use crate::experiment::against::{Sides, more_is_worse, trend};
use crate::experiment::catalogue;
use crate::experiment::checked::{Against, Because, Shift, Trend};
use crate::experiment::metric::{self, Metric};
use crate::experiment::runner::{self, BLOCK, Experiment, Subject};
use crate::model::Model;
use crate::scenario::{Inputs, Options, Scenario};
use crate::stats::Confidence;
use serde_json::{Value, json};
use std::fmt;

/// What the first line of a baseline says it is.
const FORMAT: &str = "zonefall baseline 1";
/// The two sides of a comparison.
const BEFORE: &str = "before";
const AFTER: &str = "after";
/// Most bytes that are kept of the files a scenario refers to.
const MAX_FILES: usize = 10_000_000;

/// Results of scenarios, each with what it was made of.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Baseline {
    /// The scenarios, by the names of their files.
    scenarios: Vec<Recorded>,
}

/// The results of one scenario, with what it was made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    version: String,
    seed: u64,
    replications: u64,
    inputs: Inputs,
    variants: Vec<(String, Vec<Kept>)>,
}

/// One watched figure; interval of 95 %, for whoever reads the file.
#[derive(Clone, Debug, PartialEq)]
struct Kept {
    id: String,
    unit: String,
    ends: [Option<f64>; 3],
}

/// Why nothing can be held against a baseline.
#[derive(Debug)]
#[non_exhaustive]
pub enum BaselineError {
    /// The text is no baseline: why.
    Format(String),
    /// The scenario of the baseline is none for this version of the program any more: its problems.
    Outdated(String),
    /// The files that the scenario refers to are too large to be kept.
    TooLarge {
        /// Their bytes.
        bytes: usize,
    },
    /// A run failed.
    Run(RunError),
}

impl fmt::Display for BaselineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BaselineError::Format(why) => write!(f, "this is no baseline: {why}"),
            BaselineError::Outdated(why) => {
                write!(f, "this version cannot run the scenario of the baseline any more:\n{why}")
            }
            BaselineError::TooLarge { bytes } => {
                write!(
                    f,
                    "the files of the scenario have {bytes} bytes; a baseline keeps at most {MAX_FILES}"
                )
            }
            BaselineError::Run(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for BaselineError {}

impl From<RunError> for BaselineError {
    fn from(failure: RunError) -> BaselineError {
        BaselineError::Run(failure)
    }
}

impl Run<'_> {
    /// The results of the variants that run, to be kept as a baseline.
    ///
    /// # Errors
    /// A failed run, or files too large to be kept.
    pub fn record(&self) -> Result<Recorded, BaselineError> {
        let inputs = self.scenario.inputs.clone();
        let bytes = inputs.files.iter().map(|(_, text)| text.len()).sum();
        if bytes > MAX_FILES {
            return Err(BaselineError::TooLarge { bytes });
        }
        let outcome = self.outcome()?;
        let kept =
            |m: &Metric| Kept { id: m.full_id(), unit: m.unit.into(), ends: [m.estimate, m.low, m.high] };
        let figures =
            |metrics: &[Metric]| metrics.iter().filter(|m| more_is_worse(m).is_some()).map(kept).collect();
        Ok(Recorded {
            version: outcome.version,
            seed: outcome.seed,
            replications: outcome.replications,
            inputs,
            variants: outcome.variants.into_iter().map(|v| (v.name, figures(&v.metrics))).collect(),
        })
    }

    /// Holds the variants that run against those of a baseline that have the same names, under the baseline's seed and with
    /// its number of replications. A figure is worse or better where it differs by more than `threshold`, as a share of what
    /// it was, and the interval of the difference leaves out 0; the intervals are so wide that any figure at all is called so
    /// by chance with at most the probability of [`false_alarm`](Run::false_alarm).
    ///
    /// # Errors
    /// A failed run, or a baseline whose scenario this version cannot read.
    pub fn against(&self, baseline: &Recorded, threshold: f64) -> Result<Against, BaselineError> {
        let threshold = threshold.max(0.0);
        let then = baseline.scenario()?;
        let chosen = self.chosen()?;
        let mut pairs = Vec::new();
        for variant in &chosen {
            let old = then.variants.iter().find(|v| v.name == variant.name);
            let kept = baseline.variants.iter().find(|(name, _)| *name == variant.name);
            pairs.extend(old.zip(kept).map(|(old, kept)| (*variant, &old.model, &kept.1)));
        }
        // As many as can be wrong: each watched figure, because of the scenario or of the program.
        let watched: usize = pairs.iter().map(|(.., kept)| 2 * kept.len()).sum();
        let at = Confidence::shared(self.false_alarm, watched);
        let mut against = Against {
            version: baseline.version.clone(),
            replications: baseline.replications,
            false_alarm: self.false_alarm,
            confidence: at,
            threshold,
            inputs: baseline.inputs.changes(&self.scenario.inputs),
            shifts: Vec::new(),
            gone: Vec::new(),
            new: Vec::new(),
        };
        for (variant, old, kept) in &pairs {
            let experiment = self.pair(baseline, old, &variant.model);
            let told = |done| (self.progress)(done, baseline.replications);
            let sums = runner::sums(&experiment, self.flag(), told);
            let sums = sums.map_err(|failure| blame(failure, &variant.name))?;
            let before = catalogue::metrics(old, &sums[0], at);
            against.shifts.extend(by_program(&variant.name, kept, &before, threshold));
            // The same model gives the same, so it ran once.
            let after =
                sums.get(1).map_or_else(|| before.clone(), |sum| catalogue::metrics(&variant.model, sum, at));
            let comparison = experiment.comparison(&experiment.outcome("", 0, &sums), &sums, at);
            let differences = comparison.map(|c| c.rows).unwrap_or_default();
            let name = &variant.name;
            let sides =
                Sides { variant: name, before: &before, after: &after, pairs: &differences, at, threshold };
            against.shifts.extend(sides.shifts());
            let (gone, new) = sides.apart();
            against.gone.extend(gone);
            against.new.extend(new);
        }
        let all = self.variants.is_empty();
        let had = |name: &String| baseline.variants.iter().any(|(n, _)| n == name);
        let has = |name: &String| chosen.iter().any(|v| v.name == *name);
        against.new.extend(chosen.iter().map(|v| v.name.clone()).filter(|name| !had(name)));
        let gone = baseline.variants.iter().map(|v| v.0.clone()).filter(|name| all && !has(name));
        against.gone.extend(gone);
        Ok(against)
    }

    /// The baseline's variant and, where it is not the same, that of now, in pairs.
    fn pair<'m>(&self, baseline: &Recorded, old: &'m Model, now: &'m Model) -> Experiment<'m> {
        let mut subjects = vec![Subject { name: BEFORE, model: old }];
        if old != now {
            subjects.push(Subject { name: AFTER, model: now });
        }
        Experiment {
            subjects,
            seed: baseline.seed,
            replications: 0..baseline.replications,
            block: BLOCK,
            jobs: self.jobs,
            timeline: false,
            reference: Some(0),
        }
    }
}

/// What went wrong on one of the two sides, in words of the variant.
fn blame(mut failure: RunError, variant: &str) -> BaselineError {
    match failure.variant_mut() {
        Some(side) if side == BEFORE => {
            BaselineError::Outdated(format!("variant {variant} as it was: {failure}"))
        }
        Some(side) => {
            variant.clone_into(side);
            failure.into()
        }
        None => failure.into(),
    }
}

/// Figures that the same scenario gave differently when the baseline was made.
fn by_program(variant: &str, kept: &[Kept], now: &[Metric], threshold: f64) -> Vec<Shift> {
    let mut shifts = Vec::new();
    for old in kept {
        let (before, metric) = (old.ends[0], metric::find(now, &old.id));
        if before == metric.and_then(|m| m.estimate) {
            continue;
        }
        // Other draws, perhaps: then the two estimates differ by at most both intervals, which are about as wide.
        let estimate = metric.and_then(|m| m.estimate);
        let reach = metric.and_then(|m| if m.n == 0 { Some(0.0) } else { Some(m.high? - m.low?) });
        let difference = estimate.zip(before).map(|(a, b)| a - b);
        let mut shift = Shift {
            variant: variant.into(),
            metric: old.id.clone(),
            unit: metric.map_or("", |m| m.unit),
            before,
            after: estimate,
            low: difference.zip(reach).map(|(d, reach)| d - reach),
            high: difference.zip(reach).map(|(d, reach)| d + reach),
            detects: None,
            trend: Trend::Same,
            because: Because::Program,
        };
        shift.trend = trend(&shift, threshold, metric.and_then(more_is_worse).unwrap_or(true));
        shifts.push(shift);
    }
    shifts
}

impl Recorded {
    /// Seed of its random streams.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Name of the scenario's file.
    pub fn file(&self) -> &str {
        &self.inputs.name
    }

    fn scenario(&self) -> Result<Scenario, BaselineError> {
        let Inputs { name, text, settings, files } = &self.inputs;
        let find = |wanted: &str| {
            let found = files.iter().find(|(name, _)| name == wanted).map(|(_, text)| text.clone());
            found.ok_or_else(|| "the baseline does not hold it".to_string())
        };
        let options = Options::new().settings(settings.iter().cloned()).files(&find);
        Scenario::read(name, text, &options).map_err(|rejected| BaselineError::Outdated(rejected.to_string()))
    }
}

impl Baseline {
    /// The results of a scenario's file, if the baseline has them.
    pub fn find(&self, file: &str) -> Option<&Recorded> {
        self.scenarios.iter().find(|r| plain(r.file()) == plain(file))
    }

    /// Puts results in, instead of those of the same file.
    pub fn put(&mut self, recorded: Recorded) {
        self.scenarios.retain(|r| plain(r.file()) != plain(recorded.file()));
        self.scenarios.push(recorded);
        self.scenarios.sort_by(|a, b| a.file().cmp(b.file()));
    }

    /// The baseline as text to commit: JSON, one figure and one line of the scenario in each line.
    pub fn to_json(&self) -> String {
        let scenarios: Vec<String> = self.scenarios.iter().map(Recorded::to_json).collect();
        format!("{{\n  \"format\": {},\n  \"scenarios\": {}\n}}\n", json!(FORMAT), lines(&scenarios, 2))
    }

    /// Reads what [`to_json`](Baseline::to_json) wrote.
    ///
    /// # Errors
    /// The text is no baseline of this format.
    pub fn from_json(text: &str) -> Result<Baseline, BaselineError> {
        let wrong = |why: String| BaselineError::Format(why);
        let all: Value = serde_json::from_str(text).map_err(|e| wrong(e.to_string()))?;
        if all["format"] != FORMAT {
            return Err(wrong(format!("`format` is not \"{FORMAT}\"")));
        }
        let list = all["scenarios"].as_array().ok_or_else(|| wrong("there is no list `scenarios`".into()))?;
        let scenarios: Option<Vec<Recorded>> = list.iter().map(Recorded::from_json).collect();
        let scenarios = scenarios.ok_or_else(|| wrong("a scenario in it is not complete".into()))?;
        Ok(Baseline { scenarios })
    }
}

/// A file named from the same folder is the same file.
fn plain(file: &str) -> &str {
    file.trim_start_matches("./")
}

/// A list in JSON, each element in a line of its own; `indent` is that of the list's own line.
fn lines(items: &[String], indent: usize) -> String {
    let (inner, outer) = (" ".repeat(indent + 2), " ".repeat(indent));
    let each: Vec<String> = items.iter().map(|item| format!("{inner}{item}")).collect();
    if items.is_empty() { "[]".into() } else { format!("[\n{}\n{outer}]", each.join(",\n")) }
}

impl Recorded {
    fn to_json(&self) -> String {
        let each = |items: &mut dyn Iterator<Item = Value>| -> Vec<String> {
            items.map(|v| v.to_string()).collect()
        };
        let settings = each(&mut self.inputs.settings.iter().map(|(path, value)| json!([path, value])));
        let text = each(&mut self.inputs.text.split('\n').map(|line| json!(line)));
        let files =
            each(&mut self.inputs.files.iter().map(|(name, text)| json!({ "name": name, "text": text })));
        let variants = self.variants.iter().map(|(name, figures)| {
            let figures = figures.iter().map(|k| json!([k.id, k.unit, k.ends[0], k.ends[1], k.ends[2]]));
            format!("{{ \"name\": {}, \"figures\": {} }}", json!(name), lines(&each(&mut { figures }), 8))
        });
        let (file, version) = (json!(self.inputs.name), json!(self.version));
        let (seed, n) = (json!(self.seed.to_string()), self.replications);
        let variants = lines(&variants.collect::<Vec<_>>(), 6);
        format!(
            "{{\n      \"file\": {file},\n      \"version\": {version},\n      \"seed\": {seed},\n      \
             \"replications\": {n},\n      \"variants\": {variants},\n      \"settings\": {},\n      \
             \"text\": {},\n      \"files\": {}\n    }}",
            lines(&settings, 6),
            lines(&text, 6),
            lines(&files, 6),
        )
    }

    fn from_json(value: &Value) -> Option<Recorded> {
        let text = |v: &Value| v.as_str().map(str::to_owned);
        let list = |v: &Value| v.as_array().cloned();
        let lines: Option<Vec<String>> = list(&value["text"])?.iter().map(text).collect();
        let pair = |a: &Value, b: &Value| Some((text(a)?, text(b)?));
        let settings: Option<Vec<_>> = list(&value["settings"])?.iter().map(|s| pair(&s[0], &s[1])).collect();
        let files: Option<Vec<_>> =
            list(&value["files"])?.iter().map(|f| pair(&f["name"], &f["text"])).collect();
        let kept = |figure: &Value| {
            let ends = [2, 3, 4].map(|i| figure[i].as_f64());
            Some(Kept { id: text(&figure[0])?, unit: text(&figure[1])?, ends })
        };
        let variant = |v: &Value| {
            let figures: Option<Vec<Kept>> = list(&v["figures"])?.iter().map(kept).collect();
            Some((text(&v["name"])?, figures?))
        };
        let variants: Option<Vec<_>> = list(&value["variants"])?.iter().map(variant).collect();
        Some(Recorded {
            version: text(&value["version"])?,
            seed: value["seed"].as_str()?.parse().ok()?,
            replications: value["replications"].as_u64().filter(|n| (1..=1_000_000_000).contains(n))?,
            inputs: Inputs::new(text(&value["file"])?, lines?.join("\n"), settings?, files?),
            variants: variants?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::InputChange;

    /// One node of a zone, that fails `per_year` times for `hours`; `rule` names the draws.
    fn text(rule: &str, per_year: f64, hours: u32) -> String {
        format!(
            "[scenario]\nname = \"one node\"\nhorizon = \"1y\"\nreplications = 400\n[[region]]\nname = \"here\"\n\
             [fault.{rule}]\ntarget = \"node:*\"\nper_year = {per_year:?}\n\
             duration = {{ law = \"exponential\", mean = \"{hours}h\" }}\n[block.service]\nk = 1\nof = [\"node:*\"]\n"
        )
    }

    fn read(text: &str) -> Scenario {
        Scenario::read("one.toml", text, &Options::new()).unwrap()
    }

    fn recorded(text: &str) -> Recorded {
        Run::of(&read(text)).record().unwrap()
    }

    fn against(then: &str, now: &str) -> Against {
        Run::of(&read(now)).against(&recorded(then), 0.05).unwrap()
    }

    #[test]
    fn the_text_is_read_again_to_the_bit() {
        let mut baseline = Baseline::default();
        baseline.put(recorded(&text("power", 3.0, 5)));
        let again = Baseline::from_json(&baseline.to_json()).unwrap();
        assert_eq!(again, baseline);
        assert_eq!(again.to_json(), baseline.to_json());
        let figures = &again.find("one.toml").unwrap().variants[0].1;
        assert!(figures.iter().any(|k| k.id == "service/downtime_minutes_per_year.block"), "{figures:?}");
        let replaced = recorded(&text("power", 4.0, 5));
        baseline.put(replaced.clone());
        assert_eq!(baseline.scenarios, [replaced]);
    }

    #[test]
    fn what_is_no_baseline_is_said_to_be_none() {
        for bad in
            ["", "{}", "{\"format\": \"zonefall baseline 9\"}", "{\"format\": \"zonefall baseline 1\"}"]
        {
            assert!(matches!(Baseline::from_json(bad), Err(BaselineError::Format(_))), "{bad}");
        }
        let mut broken = recorded(&text("power", 3.0, 5));
        broken.inputs.text += "[nonsense]";
        let error = Run::of(&read(&text("power", 3.0, 5))).against(&broken, 0.05).unwrap_err();
        assert!(error.to_string().contains("ZF0101"), "{error}");
    }

    #[test]
    fn the_same_scenario_has_no_shifts() {
        let against = against(&text("power", 3.0, 5), &(text("power", 3.0, 5) + "# a comment\n"));
        assert_eq!(against.inputs, []);
        assert!(
            against.shifts.len() > 3 && against.count(Trend::Same) == against.shifts.len(),
            "{against:#?}"
        );
    }

    /// Twice as long repairs are seen, in pairs: each difference is the old downtime.
    #[test]
    fn a_change_is_seen_and_told_with_its_reason() {
        let against = against(&text("power", 3.0, 5), &text("power", 3.0, 10));
        let path = "fault.power.duration.mean".to_string();
        let (before, after) = (Some("\"5h\"".to_string()), Some("\"10h\"".to_string()));
        assert_eq!(against.inputs, [InputChange { path, before, after }]);
        let id = "service/downtime_minutes_per_year.block";
        let down = against.shifts.iter().find(|s| s.metric == id).unwrap();
        assert_eq!((down.trend, down.because), (Trend::Worse, Because::Inputs));
        let (before, after) = (down.before.unwrap(), down.after.unwrap());
        assert!((1.8..2.2).contains(&(after / before)), "{before} {after}");
        assert!(down.detects.unwrap() < after - before, "{down:?}");
    }

    /// Figures that were others when the baseline was made: the program's doing.
    #[test]
    fn another_program_is_told_from_another_scenario() {
        let text = text("power", 3.0, 5);
        let mut old = recorded(&text);
        for kept in &mut old.variants[0].1 {
            kept.ends[0] = kept.ends[0].map(|x| x / 2.0);
        }
        let against = Run::of(&read(&text)).against(&old, 0.05).unwrap();
        assert!(against.inputs.is_empty() && !against.shifts.is_empty());
        let other = against.shifts.iter().filter(|s| s.trend != Trend::Same);
        assert!(other.clone().count() > 0 && other.clone().all(|s| s.because == Because::Program));
        let id = "service/downtime_minutes_per_year.block";
        assert!(against.shifts.iter().any(|s| s.metric == id && s.trend == Trend::Worse), "{against:#?}");
    }

    /// A block of another name is another block: that is said, and nothing is called worse or better.
    #[test]
    fn what_was_renamed_is_on_one_side_only() {
        let then = text("power", 3.0, 5);
        let against = against(&then, &then.replace("block.service", "block.cart"));
        assert_eq!(against.shifts, []);
        let one = |side: &[String], what: &str| side.len() == 1 && side[0].starts_with(what);
        assert!(one(&against.gone, "base: service (") && one(&against.new, "base: cart ("), "{against:#?}");
    }
}
