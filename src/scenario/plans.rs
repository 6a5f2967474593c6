//! Which variants there are, and what each overrides.

use super::context::{Context, Problem};
use super::diagnostic::{Severity, code};
use super::overrides::{self, Override};
use super::reader::{Item, Named, Reader};
use super::sweep;
use super::tree::{self, Kind, Value};
use crate::experiment::sweep::{Axis, Coordinate};

/// Most variants of a scenario besides the file as written.
pub(super) const MAX_VARIANTS: usize = 256;
/// Most bytes of text times variants: each variant is read from the whole text.
const MAX_WORK: usize = 200_000_000;

/// What the command line sets. Names of variants and promises belong to the file.
pub(super) fn settings(cx: &Context<'_>, set: &[(String, String)]) -> Vec<Override> {
    let mut found = Vec::new();
    for (path, text) in set {
        let value = tree::parse_setting(path, text);
        if path == "scenario.base" || ["variant", "expect", "sweep"].iter().any(|p| path.starts_with(p)) {
            let message = format!("`{path}` cannot be set on the command line");
            let problem = Problem::new(code::OVERRIDE, message, "belongs into the file");
            cx.report(Severity::Error, &value.at, path, problem);
            continue;
        }
        found.push(Override { path: path.clone(), at: value.at.clone(), value });
    }
    found
}

/// A variant before it is read.
pub(super) struct Plan {
    pub name: String,
    pub overrides: Vec<Override>,
    /// Where it stands in the sweep.
    pub point: Vec<Coordinate>,
}

/// The file as written, its variants and the points of its sweep, each with its overrides and the settings of the command
/// line on top; and the axes of the sweep.
pub(super) fn read(cx: &Context<'_>, file: &Value, settings: &[Override]) -> (Vec<Plan>, Vec<Axis>) {
    let root = Item { cx, value: file, path: String::new() };
    let mut plans = vec![Plan { name: "base".into(), overrides: settings.to_vec(), point: Vec::new() }];
    let Some(reader) = root.table() else { return (plans, Vec::new()) };
    // Wrong types are reported when `[scenario]` is read.
    if let Some(name) = reader.table.table("scenario").and_then(|s| s.text("base")) {
        plans[0].name = name.to_owned();
    }
    if let Some(table) = reader.table("variant") {
        declared(&table, settings, &mut plans);
    }
    let Some(table) = reader.table("sweep") else { return (plans, Vec::new()) };
    let sweep = sweep::read(&table, settings, (MAX_VARIANTS + 1).saturating_sub(plans.len()));
    if cx.text.len().saturating_mul(plans.len() + sweep.points.len()) > MAX_WORK {
        table.error(Problem::new(code::LIMIT, "too many variants of so large a file", "too many points"));
        return (plans, sweep.axes);
    }
    plans.extend(sweep.points.into_iter().map(|p| Plan {
        name: p.name,
        overrides: p.overrides.into_iter().chain(settings.iter().cloned()).collect(),
        point: p.coordinates,
    }));
    (plans, sweep.axes)
}

/// Each `[variant.NAME]`.
fn declared(table: &Reader<'_>, settings: &[Override], plans: &mut Vec<Plan>) {
    let cx = table.cx;
    for Named { name, item, .. } in table.named() {
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
        if cx.text.len().saturating_mul(plans.len()) > MAX_WORK {
            item.error(Problem::new(code::LIMIT, "too many variants of so large a file", "one too many"));
            break;
        }
        let Some(r) = item.table() else { continue };
        let mut overrides = Vec::new();
        flatten(&r, "", &mut overrides);
        overrides::refuse_shared(cx, &mut overrides);
        overrides.extend_from_slice(settings);
        plans.push(Plan { name: name.to_owned(), overrides, point: Vec::new() });
    }
}

/// Overrides of a variant. `"store.orders.consistency" = …` and the unquoted `store.orders.consistency = …` (which
/// TOML reads as nested tables) mean the same, except that inside the latter a table goes on as path.
pub(super) fn flatten(r: &Reader<'_>, prefix: &str, found: &mut Vec<Override>) {
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
