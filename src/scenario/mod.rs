//! From text to validated models: parsing, presets, variants, validation, diagnostics.
//!
//! Two stages. The text becomes a tree of values that know their place; presets go underneath it and overrides on
//! top. Then a reader turns each variant's tree into a [`Model`] and notes every key it asks for: a key nobody
//! asked for is unknown, so no setting is accepted and ignored.

mod action;
mod asset;
mod backup;
mod block;
mod context;
mod diagnostic;
mod expect;
mod failover;
mod fault;
mod files;
mod front;
mod inputs;
mod language;
mod law;
mod layers;
mod limits;
mod lint;
mod members;
mod objective;
mod options;
mod overrides;
mod plans;
mod price;
mod problems;
mod promised;
mod range;
mod reader;
mod routing;
mod runbook;
mod selector;
mod service;
mod sources;
mod store;
mod suggest;
mod sweep;
mod tree;
mod vain;
mod workload;
mod world;
mod writes;

pub use diagnostic::{CODES, Diagnostic, Severity, render, unknown_metric};
pub use expect::Expect;
pub use inputs::Inputs;
pub use language::{Field, field, fields, schema};
pub use layers::presets;
pub use options::{Options, Setting};
pub use suggest::{help as suggestion, nearest};

use crate::experiment::about::Sources;
use crate::experiment::sweep::{Axis, Coordinate};
use crate::model::Model;
use crate::text::steers;
use crate::units::Duration;
use context::{Context, Problem};
use diagnostic::code;
use files::Opened;
use plans::Plan;
use problems::Problems;
use reader::{Item, Reader, check_name};
use tree::{At, Value};

/// Largest file that is read, in bytes.
pub const MAX_BYTES: usize = 10_000_000;
/// Most nodes of all variants together: each variant has a world of its own.
const MAX_NODES: usize = 2_000_000;
/// Longest horizon and warm-up: the clock ends after 584 years, and what is open at the end must run out.
const MAX_HORIZON: Duration = Duration::from_days(365 * 200);

/// Longest title, in characters.
const MAX_TITLE: usize = 1000;

/// A validated scenario.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Scenario {
    /// Title.
    pub name: String,
    /// The question it answers, if stated.
    pub question: Option<String>,
    /// More words about it, if stated.
    pub description: Option<String>,
    /// Seed of all randomness.
    pub seed: u64,
    /// Number of replications, at least 1.
    pub replications: u64,
    /// The file as written first, then each `[variant.NAME]` in order, then the points of `[sweep]`; never empty.
    pub variants: Vec<Variant>,
    /// What `[sweep]` varies, in order.
    pub axes: Vec<Axis>,
    /// Promises.
    pub expects: Vec<Expect>,
    /// Objectives of the file as written, with the line each begins at.
    pub objective_lines: Vec<(String, u32)>,
    /// What it was read from.
    pub inputs: Inputs,
    /// FNV-1a (64 bits) of the text, the settings and the files it refers to.
    pub digest: u64,
    /// What the comments of the text, and of the presets it uses, say of the numbers; the text first.
    pub sources: Vec<Sources>,
}

/// One variant of a scenario.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Variant {
    /// Name; that of the file as written is `base` unless `scenario.base` says otherwise.
    pub name: String,
    /// What is simulated.
    pub model: Model,
    /// Where it stands in the sweep; empty if it is no point of one.
    pub point: Vec<Coordinate>,
}

/// A text with the name diagnostics call it by.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// File name or the like.
    pub name: &'a str,
    /// The text.
    pub text: &'a str,
}

/// Why a text is no scenario: all its problems.
///
/// Shown as the command shows them, with file, line, key, reason and suggestion; in one line of each with `{:#}`.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Rejected {
    /// The problems, errors and warnings, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    name: String,
    text: String,
}

impl core::fmt::Display for Rejected {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let source = Source { name: &self.name, text: &self.text };
        for (index, d) in self.diagnostics.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            match f.alternate() {
                true => write!(f, "{end}{}:{}:{}: {} [{}]", self.name, d.line, d.column, d.message, d.code)?,
                false => write!(f, "{end}{}", render(source, d, false))?,
            }
        }
        Ok(())
    }
}

/// As it is shown: a test that returns it tells its reader what is wrong.
impl core::fmt::Debug for Rejected {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for Rejected {}

impl Scenario {
    /// The variant that an expectation is about: the file as written where it names none.
    pub fn variant_of<'a>(&'a self, expect: &'a Expect) -> &'a str {
        let written = || self.variants.first().map_or("", |v| v.name.as_str());
        expect.variant.as_deref().unwrap_or_else(written)
    }

    /// Reads a scenario; warnings are left aside ([`load`] gives them). `name` is what problems call the text.
    ///
    /// # Errors
    /// All problems of the text, the settings and the files, at once.
    pub fn read(name: &str, text: &str, options: &Options<'_>) -> Result<Scenario, Rejected> {
        let loaded = load(Source { name, text }, options);
        let diagnostics = loaded.diagnostics;
        loaded.scenario.ok_or_else(|| Rejected { diagnostics, name: name.into(), text: text.into() })
    }
}

/// A scenario, or why there is none, or warnings about it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Loaded {
    /// `None` if a diagnostic is an error.
    pub scenario: Option<Scenario>,
    /// All problems, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a scenario; reports all problems at once.
///
/// ```
/// use zonefall::scenario::{Options, Source, load};
/// let text = r#"
/// [scenario]
/// name = "one node"
/// horizon = "1y"
/// [[region]]
/// name = "here"
/// [fault.node]
/// target = "node:*"
/// mtbf = "1000h"
/// duration = "10h"
/// [block.service]
/// k = 1
/// of = ["node:*"]
/// "#;
/// let loaded = load(Source { name: "one.toml", text }, &Options::new());
/// assert_eq!(loaded.diagnostics, []);
/// assert_eq!(loaded.scenario.unwrap().variants[0].model.world.nodes.len(), 1);
/// ```
pub fn load(source: Source<'_>, options: &Options<'_>) -> Loaded {
    let files = Opened::new(options.files);
    let cx = Context::new(source.text, &files);
    if source.text.len() > MAX_BYTES {
        let problem =
            Problem::new(code::LIMIT, "the file is too large", format!("at most {MAX_BYTES} bytes are read"));
        cx.report(Severity::Error, &At::default(), "", problem);
        return Loaded { scenario: None, diagnostics: cx.problems.into_inner() };
    }
    let file = match tree::parse(source.text) {
        Ok(file) => file,
        Err(found) => {
            return Loaded { scenario: None, diagnostics: problems::placed(source.text, found) };
        }
    };
    let settings = plans::settings(&cx, &options.set);
    let (plans, axes) = plans::read(&cx, &file, &settings);
    let mut problems = Problems::new(plans.len());
    problems.add(&cx);
    let read = variants(source.text, &files, &file, &plans, &mut problems);
    let cx = Context::new(source.text, &files);
    if !problems.failed() {
        lint::variants(&cx, &file, &read.variants);
    }
    let diagnostics = problems.finish(cx);
    let files = files.all();
    let failed = diagnostics.iter().any(|d| d.severity == Severity::Error);
    let scenario = read.head.filter(|_| !failed).map(|head| Scenario {
        name: head.name,
        question: head.question,
        description: head.description,
        seed: head.seed,
        replications: head.replications,
        variants: read.variants,
        axes,
        expects: read.expects,
        objective_lines: read.objective_lines,
        digest: digest(source.text, &options.set, &files),
        inputs: Inputs::new(source.name, source.text, options.set.clone(), files),
        sources: sources::gather(source.name, source.text, &read.presets),
    });
    Loaded { scenario, diagnostics }
}

/// What was read of all variants; complete only if no error was noted.
#[derive(Default)]
struct Collected {
    head: Option<Head>,
    variants: Vec<Variant>,
    expects: Vec<Expect>,
    objective_lines: Vec<(String, u32)>,
    /// Names of the presets that any of them uses.
    presets: Vec<String>,
}

/// Reads each variant from the file with its overrides.
fn variants(
    text: &str,
    files: &Opened<'_>,
    file: &Value,
    plans: &[Plan],
    problems: &mut Problems,
) -> Collected {
    let names: Vec<String> = plans.iter().map(|p| p.name.clone()).collect();
    let mut collected = Collected::default();
    let mut nodes = 0;
    for plan in plans {
        let cx = Context::new(text, files);
        let stacked = layers::stack(&cx, file, &plan.overrides);
        sources::note_presets(&stacked, &mut collected.presets);
        if let Some((head, model, promised)) = scenario(&cx, &stacked, &names) {
            lint::model(&cx, &stacked, &model);
            let about =
                promised::Run { variant: &plan.name, base: &names[0], replications: head.replications };
            promised::lint(&promised, &about, &model);
            if collected.head.is_none() {
                collected.objective_lines = objective::lines(text, &stacked, &model.objectives);
                collected.expects = promised.into_iter().map(|(e, _)| e).collect();
                collected.head = Some(head);
            }
            nodes += model.world.nodes.len();
            collected.variants.push(Variant { name: plan.name.clone(), model, point: plan.point.clone() });
        }
        if nodes > MAX_NODES {
            let label = format!("all variants together may have {MAX_NODES}");
            let problem = Problem::new(code::LIMIT, "too many nodes in all variants together", label);
            cx.report(Severity::Error, &At::default(), "", problem);
        }
        problems.add(&cx);
        if nodes > MAX_NODES {
            break;
        }
    }
    collected
}

/// What `[scenario]` says apart from the model.
struct Head {
    name: String,
    question: Option<String>,
    description: Option<String>,
    seed: u64,
    replications: u64,
    horizon: Duration,
    warmup: Duration,
    max_events: u64,
}

type Read<'a> = (Head, Model, Vec<(Expect, Item<'a>)>);

/// Reads the whole tree of one variant; `None` if an error was noted.
fn scenario<'a>(cx: &'a Context<'a>, root: &'a Value, names: &[String]) -> Option<Read<'a>> {
    let root = Item { cx, value: root, path: String::new() }.table()?;
    let head = head(&root);
    if let Some(item) = root.get("use") {
        for element in item.list().unwrap_or_default() {
            element.text();
        }
    }
    // Read by `plans`; asked for here so that it is known.
    root.know(&["variant", "sweep"]);
    let horizon = head.as_ref().map_or(MAX_HORIZON, |h| h.horizon);
    let world = world::read(&root);
    let places = selector::Places::new(&root, &world);
    let faults = fault::read(&root, &places, horizon);
    let before = cx.problems.borrow().len();
    let mut stores = store::read(&root, &world);
    asset::read(&root, &world, &mut stores);
    let flawless = || cx.problems.borrow()[before..].iter().all(|p| p.severity == Severity::Warning);
    let sound = flawless();
    let blocks = block::read(&root, &places);
    let whole = flawless();
    let sound = sound && !cx.incomplete.get();
    let tiers = front::tiers(&root, &world);
    let routers = front::routers(&root, &world, tiers.as_deref());
    let services = service::read(
        &root,
        &service::Known {
            stores: &stores,
            blocks: &blocks,
            tiers: tiers.as_deref().unwrap_or_default(),
            routers: routers.as_deref().unwrap_or_default(),
            complete: whole && sound && tiers.is_some() && routers.is_some(),
        },
    );
    let served = flawless();
    let known = action::Known {
        root: &root,
        world: &world,
        stores: &stores,
        tiers: tiers.as_deref(),
        routers: routers.as_deref(),
        complete: sound,
    };
    let actions = action::read(&root, known, horizon);
    let runbooks = runbook::read(&root, known, horizon);
    let of = objective::Subjects { services: &services, stores: &stores, blocks: &blocks, served };
    let objectives = objective::read(&root, &of, whole && sound);
    let expects = expect::read(&root, names);
    root.close();
    if cx.failed() {
        return None;
    }
    let head = head?;
    let model = Model {
        world,
        faults,
        stores,
        blocks,
        tiers: tiers?,
        routers: routers?,
        services,
        runbooks,
        actions,
        objectives,
        horizon: head.horizon,
        warmup: head.warmup,
        max_events: head.max_events,
    };
    Some((head, model, expects))
}

fn head(root: &Reader<'_>) -> Option<Head> {
    let item = root.require("scenario", "{ name = \"…\", horizon = \"1y\" }")?;
    let r = item.table()?;
    let text = |key| match r.get(key) {
        None => Some(None),
        Some(item) => item.text().map(|t| Some(t.to_owned())),
    };
    let name = r.require("name", "\"orders in two regions\"").and_then(|i| title(&i));
    let (question, description) = (text("question"), text("description"));
    let horizon = r.require("horizon", "\"1y\"").and_then(|i| bounded(&i, i.positive_duration()?));
    let warmup = r.get("warmup").map_or(Some(Duration::ZERO), |i| bounded(&i, i.duration()?));
    let replications = r.get("replications").map_or(Some(1000), |i| i.integer(1..=1_000_000_000));
    let seed = r.get("seed").map_or(Some(42), |i| i.integer(0..=u64::MAX));
    let max_events = r.get("max_events").map_or(Some(100_000_000), |i| i.integer(1..=u64::MAX));
    if let Some(base) = r.get("base")
        && let Some(text) = base.text()
    {
        check_name(r.cx, &base.value.at, &base.path, text);
    }
    r.close();
    Some(Head {
        name: name?.to_owned(),
        question: question?,
        description: description?,
        seed: seed?,
        replications: replications?,
        horizon: horizon?,
        warmup: warmup?,
        max_events: max_events?,
    })
}

/// Titles stand above results, on terminals too.
fn title<'a>(item: &Item<'a>) -> Option<&'a str> {
    let text = item.text()?;
    if text.contains(steers) || text.chars().count() > MAX_TITLE {
        let message = format!("{text:.80?} cannot be a title");
        let label = format!("one line of at most {MAX_TITLE} characters, without control characters");
        item.error(Problem::new(code::BAD_NAME, message, label));
        return None;
    }
    Some(text)
}

fn bounded(item: &Item<'_>, duration: Duration) -> Option<Duration> {
    if duration <= MAX_HORIZON {
        return Some(duration);
    }
    let message = format!("`{}` is too long", item.path);
    item.error(Problem::new(code::OUT_OF_RANGE, message, "at most 200y"));
    None
}

/// FNV-1a over everything the scenario was made of, each part with its length.
fn digest(text: &str, set: &[(String, String)], files: &[(String, String)]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut add = |part: &str| {
        let length = (part.len() as u64).to_le_bytes();
        for byte in length.iter().chain(part.as_bytes()) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    };
    add(text);
    for (a, b) in set.iter().chain(files) {
        add(a);
        add(b);
    }
    hash
}
