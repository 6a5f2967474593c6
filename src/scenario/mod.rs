//! From text to validated models: parsing, presets, variants, validation, diagnostics.
//!
//! Two stages. The text becomes a tree of values that know their place; presets go underneath it and overrides on
//! top. Then a reader turns each variant's tree into a [`Model`] and notes every key it asks for: a key nobody
//! asked for is unknown, so no setting is accepted and ignored.

mod action;
mod block;
mod diagnostic;
mod expect;
mod failover;
mod fault;
mod law;
mod layers;
mod limits;
mod lint;
mod reader;
mod selector;
mod store;
mod suggest;
mod tree;
mod workload;
mod world;

pub use diagnostic::{CODES, Diagnostic, Severity, render};
pub use expect::{Comparison, Expect};
pub use layers::presets;

use crate::model::Model;
use crate::units::Duration;
use diagnostic::code;
use layers::Override;
use reader::{Context, Item, Problem, Reader, check_name};
use tree::{At, Kind, Value};

/// Largest file that is read, in bytes.
pub const MAX_BYTES: usize = 10_000_000;
/// Most variants of a scenario.
const MAX_VARIANTS: usize = 256;
/// Longest horizon and warm-up: the clock ends after 584 years, and what is open at the end must run out.
const MAX_HORIZON: Duration = Duration::from_days(365 * 200);

/// A validated scenario.
#[derive(Clone, Debug, PartialEq)]
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
    /// The file as written first, then each `[variant.NAME]` in order; never empty.
    pub variants: Vec<Variant>,
    /// Promises.
    pub expects: Vec<Expect>,
    /// FNV-1a (64 bits) of the text, the settings and the files it refers to.
    pub digest: u64,
}

/// One variant of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Name; that of the file as written is `base` unless `scenario.base` says otherwise.
    pub name: String,
    /// What is simulated.
    pub model: Model,
}

/// A text with the name diagnostics call it by.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// File name or the like.
    pub name: &'a str,
    /// The text.
    pub text: &'a str,
}

/// What else goes into a scenario.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Settings by dotted path, on top of file and variants; values are TOML, else strings.
    pub set: &'a [(String, String)],
    /// Gives the text of a file the scenario refers to, or says why it cannot.
    pub loader: &'a dyn Fn(&str) -> Result<String, String>,
}

/// A scenario, or why there is none, or warnings about it.
#[derive(Clone, Debug, PartialEq)]
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
/// let options = Options { set: &[], loader: &|_| Err("no files here".into()) };
/// let loaded = load(Source { name: "one.toml", text }, &options);
/// assert_eq!(loaded.diagnostics, []);
/// assert_eq!(loaded.scenario.unwrap().variants[0].model.world.nodes.len(), 1);
/// ```
pub fn load(source: Source<'_>, options: &Options<'_>) -> Loaded {
    let cx = Context::new(source.text, options.loader);
    if source.text.len() > MAX_BYTES {
        let problem =
            Problem::new(code::LIMIT, "the file is too large", format!("at most {MAX_BYTES} bytes are read"));
        cx.report(Severity::Error, &At::default(), "", problem);
        return Loaded { scenario: None, diagnostics: cx.problems.into_inner() };
    }
    let file = match tree::parse(source.text) {
        Ok(file) => file,
        Err(mut diagnostics) => {
            for problem in &mut diagnostics {
                if let Some(span) = &problem.span {
                    (problem.line, problem.column) = diagnostic::position(source.text, span.start);
                }
            }
            return Loaded { scenario: None, diagnostics };
        }
    };
    let settings: Vec<Override> = options
        .set
        .iter()
        .map(|(path, text)| {
            let value = tree::parse_setting(path, text);
            Override { path: path.clone(), at: value.at.clone(), value }
        })
        .collect();
    let plans = plans(&cx, &file, &settings);
    let mut problems = Problems::new(plans.len());
    problems.add(&cx);
    let mut variants = Vec::new();
    let mut heads = Vec::new();
    let mut files = Vec::new();
    let names: Vec<String> = plans.iter().map(|p| p.name.clone()).collect();
    let mut expects = Vec::new();
    for (index, plan) in plans.iter().enumerate() {
        let cx = Context::new(source.text, options.loader);
        let stacked = layers::stack(&cx, &file, &plan.overrides);
        let read = scenario(&cx, &stacked, &names);
        if let Some((head, model, promised)) = read {
            lint::model(&cx, &stacked, &model);
            lint::promises(&cx, &promised, &plan.name, &names[0], &model);
            if index == 0 {
                expects = promised.into_iter().map(|(e, _)| e).collect();
            }
            heads.push(head);
            variants.push(Variant { name: plan.name.clone(), model });
        }
        problems.add(&cx);
        files.append(&mut cx.files.take());
    }
    let cx = Context::new(source.text, options.loader);
    lint::variants(&cx, &file, &variants);
    let diagnostics = problems.finish(cx);
    let failed = diagnostics.iter().any(|d| d.severity == Severity::Error);
    let digest = digest(source.text, options.set, &files);
    let scenario = match heads.into_iter().next() {
        Some(head) if !failed => Some(Scenario {
            name: head.name,
            question: head.question,
            description: head.description,
            seed: head.seed,
            replications: head.replications,
            variants,
            expects,
            digest,
        }),
        _ => None,
    };
    Loaded { scenario, diagnostics }
}

/// A variant before it is read.
struct Plan {
    name: String,
    overrides: Vec<Override>,
}

/// The file as written and its variants, each with its overrides and the settings of the command line on top.
fn plans(cx: &Context<'_>, file: &Value, settings: &[Override]) -> Vec<Plan> {
    let root = Item { cx, value: file, path: String::new() };
    let mut plans = vec![Plan { name: "base".into(), overrides: settings.to_vec() }];
    let Some(reader) = root.table() else { return plans };
    // Wrong types are reported when `[scenario]` is read.
    if let Some(name) = reader.table.table("scenario").and_then(|s| s.text("base")) {
        plans[0].name = name.to_owned();
    }
    let Some(table) = reader.table("variant") else { return plans };
    for (name, item) in table.named() {
        if plans.iter().any(|p| p.name == name) {
            let problem = Problem::new(
                code::VARIANT,
                format!("two variants are named `{name}`"),
                "taken by the file as written",
            );
            item.error(problem.help("`scenario.base` names the file as written"));
            continue;
        }
        if plans.len() > MAX_VARIANTS {
            let message = format!("more than {MAX_VARIANTS} variants");
            item.error(Problem::new(code::LIMIT, message, "one too many"));
            break;
        }
        let Some(r) = item.table() else { continue };
        let mut overrides = Vec::new();
        flatten(&r, "", &mut overrides);
        for over in &overrides {
            if !layers::variant_may_change(&over.path) {
                let message = format!("`{}` is the same for all variants", over.path);
                cx.report(
                    Severity::Error,
                    &over.at,
                    &over.path,
                    Problem::new(code::NOT_PER_VARIANT, message, "cannot be changed by a variant"),
                );
            }
        }
        overrides.retain(|o| layers::variant_may_change(&o.path));
        overrides.extend_from_slice(settings);
        plans.push(Plan { name: name.to_owned(), overrides });
    }
    plans
}

/// Overrides of a variant. `"store.orders.consistency" = …` and the unquoted `store.orders.consistency = …` (which
/// TOML reads as nested tables) mean the same, except that inside the latter a table goes on as path.
fn flatten(r: &Reader<'_>, prefix: &str, found: &mut Vec<Override>) {
    for entry in &r.table.entries {
        let path = if prefix.is_empty() { entry.key.clone() } else { format!("{prefix}.{}", entry.key) };
        let dotted = entry.key.contains('.') || !prefix.is_empty();
        let item = Item { cx: r.cx, value: &entry.value, path: path.clone() };
        if !dotted
            && item.is_table()
            && let Some(inner) = item.table()
        {
            flatten_unquoted(&inner, &path, found);
            continue;
        }
        found.push(Override { path, at: entry.key_at.clone(), value: entry.value.clone() });
    }
}

/// Walks down tables that unquoted dotted keys made: those with a single key, until the value.
fn flatten_unquoted(r: &Reader<'_>, prefix: &str, found: &mut Vec<Override>) {
    for entry in &r.table.entries {
        let path = format!("{prefix}.{}", entry.key);
        // A table made by a dotted key has no braces: its place in the text starts before its first key's.
        if let Kind::Table(inner) = &entry.value.kind
            && is_dotted(r.cx.text, &entry.value)
        {
            let inner = Reader::of(r.cx, inner, entry.value.at.clone(), path.clone());
            flatten_unquoted(&inner, &path, found);
            continue;
        }
        found.push(Override { path, at: entry.key_at.clone(), value: entry.value.clone() });
    }
}

/// Whether a table was made by a dotted key or a header, not by braces.
fn is_dotted(text: &str, value: &Value) -> bool {
    value.at.range.as_ref().is_none_or(|r| !text.get(r.clone()).unwrap_or_default().starts_with('{'))
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
    root.get("variant");
    let horizon = head.as_ref().map_or(MAX_HORIZON, |h| h.horizon);
    let world = world::read(&root);
    // Without regions every reference into the world would be reported again.
    let broken = world.regions.is_empty();
    let faults = if broken { skip(&root, "fault") } else { fault::read(&root, &world, horizon) };
    let before = cx.problems.borrow().len();
    let stores = if broken { skip(&root, "store") } else { store::read(&root, &world) };
    let sound = !broken && cx.problems.borrow()[before..].iter().all(|p| p.severity == Severity::Warning);
    let blocks = if broken { skip(&root, "block") } else { block::read(&root, &world) };
    let actions = action::read(&root, &world, &stores, sound, horizon);
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
        actions,
        horizon: head.horizon,
        warmup: head.warmup,
        max_events: head.max_events,
    };
    Some((head, model, expects))
}

/// Makes a section known without reading it.
fn skip<T>(root: &Reader<'_>, key: &'static str) -> Vec<T> {
    root.get(key);
    Vec::new()
}

fn head(root: &Reader<'_>) -> Option<Head> {
    let item = root.require("scenario", "{ name = \"…\", horizon = \"1y\" }")?;
    let r = item.table()?;
    let text = |key| match r.get(key) {
        None => Some(None),
        Some(item) => item.text().map(|t| Some(t.to_owned())),
    };
    let name = r.require("name", "\"orders in two regions\"").and_then(|i| i.text());
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

fn bounded(item: &Item<'_>, duration: Duration) -> Option<Duration> {
    if duration <= MAX_HORIZON {
        return Some(duration);
    }
    let message = format!("`{}` is too long", item.path);
    item.error(Problem::new(code::OUT_OF_RANGE, message, "at most 200y"));
    None
}

/// Problems of all variants: errors once each, warnings only if every variant gives them.
struct Problems {
    variants: usize,
    /// With the number of variants that gave it.
    found: Vec<(Diagnostic, usize)>,
    rounds: usize,
}

impl Problems {
    fn new(variants: usize) -> Problems {
        Problems { variants, found: Vec::new(), rounds: 0 }
    }

    /// Adds what one round found; the first round is about the file as such.
    fn add(&mut self, cx: &Context<'_>) {
        let counted = if self.rounds == 0 { self.variants } else { 1 };
        self.rounds += 1;
        let mut seen: Vec<(&'static str, String)> = Vec::new();
        for problem in cx.problems.take() {
            let key = (problem.code, problem.path.clone());
            let repeated = seen.contains(&key);
            seen.push(key);
            let known = self.found.iter_mut().find(|(p, _)| match problem.severity {
                Severity::Error => *p == problem,
                Severity::Warning => (p.code, &p.path) == (problem.code, &problem.path),
            });
            match known {
                Some((_, count)) if !repeated => *count += counted,
                Some(_) => {}
                None => self.found.push((problem, counted)),
            }
        }
    }

    /// All problems in the order of the text.
    fn finish(self, last: Context<'_>) -> Vec<Diagnostic> {
        let variants = self.variants;
        let kept = self.found.into_iter();
        let kept =
            kept.filter(|(p, count)| p.severity == Severity::Error || *count >= variants).map(|(p, _)| p);
        let mut all: Vec<Diagnostic> = kept.chain(last.problems.into_inner()).collect();
        all.sort_by_key(|p| (p.span.as_ref().map_or(usize::MAX, |s| s.start), p.code));
        all
    }
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
