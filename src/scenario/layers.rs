//! Layers of settings: presets underneath, the file above them, overrides (variants, `--set`) on top.

use super::diagnostic::{Severity, code};
use super::reader::{Context, Problem};
use super::suggest;
use super::tree::{At, Entry, Kind, Origin, Table, Value, relocate};

/// Embedded store presets and the shared fault preset, as commented TOML.
const PRESETS: &[(&str, &str)] = &[
    ("cosmos-db", include_str!("../presets/cosmos-db.toml")),
    ("faults", include_str!("../presets/faults.toml")),
];

/// Every embedded preset: its name and its text, which names the source of each number.
///
/// A preset with a `[store]` table serves `preset = "NAME"` in a store, one with `[fault.*]` tables `use = ["NAME"]`.
///
/// ```
/// assert!(zonefall::scenario::presets().iter().any(|(name, _)| *name == "cosmos-db"));
/// ```
pub fn presets() -> &'static [(&'static str, &'static str)] {
    PRESETS
}

/// Tables inside a store that a file completes key by key; every other table (laws above all) replaces the whole.
const MERGED: [&str; 2] = ["failover", "on_return"];
/// Keys of a fault that say when it strikes: a file that gives one replaces them all.
const SCHEDULE: [&str; 5] = ["at", "every", "mtbf", "per_year", "uptime"];
/// Keys of `[scenario]` that all variants share: paired comparison needs one seed and one number of replications.
const SHARED: [&str; 6] = ["name", "question", "description", "seed", "replications", "base"];

/// One override: where and what.
#[derive(Clone, Debug)]
pub(super) struct Override {
    pub path: String,
    pub at: At,
    pub value: Value,
}

/// The file with its presets underneath and the overrides on top.
pub(super) fn stack(cx: &Context<'_>, file: &Value, overrides: &[Override]) -> Value {
    let mut root = file.clone();
    // An override of the preset decides which one comes underneath, so it goes first.
    let (early, late): (Vec<&Override>, Vec<&Override>) =
        overrides.iter().partition(|o| o.path == "use" || o.path.ends_with(".preset"));
    early.iter().for_each(|o| apply(cx, &mut root, o));
    add_presets(cx, &mut root);
    late.iter().for_each(|o| apply(cx, &mut root, o));
    add_conditions(&mut root);
    root
}

/// Parsed text of an embedded preset, if there is one of this name with this section.
pub(super) fn preset(name: &str, section: &str, range: Option<core::ops::Range<usize>>) -> Option<Value> {
    let (name, text) = PRESETS.iter().find(|(n, _)| *n == name)?;
    let mut value = super::tree::parse(text).ok()?;
    let Kind::Table(table) = &value.kind else { return None };
    table.get(section)?;
    relocate(&mut value, &At { range, origin: Origin::Preset(name) });
    Some(value)
}

/// Names of the presets that have a section.
fn preset_names(section: &str) -> Vec<&'static str> {
    PRESETS.iter().map(|(n, _)| *n).filter(|n| preset(n, section, None).is_some()).collect()
}

fn add_presets(cx: &Context<'_>, root: &mut Value) {
    let Kind::Table(root) = &mut root.kind else { return };
    if let Some(Value { kind: Kind::Table(stores), .. }) = root.get_mut("store") {
        for entry in &mut stores.entries {
            let path = format!("store.{}.preset", entry.key);
            let Kind::Table(store) = &mut entry.value.kind else { continue };
            let Some(Value { at, kind: Kind::Text(name) }) = store.get("preset").cloned() else { continue };
            match preset(&name, "store", at.range.clone()) {
                Some(Value { kind: Kind::Table(found), .. }) => {
                    if let Some(base) = found.table("store") {
                        complete(store, base, &MERGED);
                    }
                }
                _ => unknown_preset(cx, &at, &path, &name, "store"),
            }
        }
    }
    let Some(Value { kind: Kind::List(used), .. }) = root.get("use").cloned() else { return };
    for item in used {
        let Kind::Text(name) = &item.kind else { continue };
        match preset(name, "fault", item.at.range.clone()) {
            Some(Value { kind: Kind::Table(found), .. }) => add_faults(root, &found, &item.at),
            _ => unknown_preset(cx, &item.at, "use", name, "fault"),
        }
    }
}

fn add_faults(root: &mut Table, preset: &Table, at: &At) {
    let Some(rules) = preset.table("fault") else { return };
    if root.get("fault").is_none() {
        let empty = Value { at: at.clone(), kind: Kind::Table(Table::default()) };
        root.set("fault", at.clone(), empty);
    }
    let Some(Value { kind: Kind::Table(faults), .. }) = root.get_mut("fault") else { return };
    for Entry { key, key_at, value } in &rules.entries {
        match (faults.get_mut(key).map(|v| &mut v.kind), &value.kind) {
            (Some(Kind::Table(own)), Kind::Table(base)) => {
                let mut base = base.clone();
                if SCHEDULE.iter().any(|k| own.get(k).is_some()) {
                    SCHEDULE.iter().for_each(|k| base.remove(k));
                }
                complete(own, &base, &[]);
            }
            (Some(_), _) => {}
            (None, _) => faults.set(key, key_at.clone(), value.clone()),
        }
    }
}

/// Adds what is missing; tables named in `merged` are completed inside.
fn complete(own: &mut Table, base: &Table, merged: &[&str]) {
    for Entry { key, key_at, value } in &base.entries {
        match (own.get_mut(key).map(|v| &mut v.kind), &value.kind) {
            (None, _) => own.set(key, key_at.clone(), value.clone()),
            (Some(Kind::Table(inner)), Kind::Table(more)) if merged.contains(&key.as_str()) => {
                complete(inner, more, &[]);
            }
            _ => {}
        }
    }
}

/// Adds the defaults of a preset that depend on other settings of the store (`[[when]]`).
fn add_conditions(root: &mut Value) {
    let Kind::Table(root) = &mut root.kind else { return };
    let Some(Value { kind: Kind::Table(stores), .. }) = root.get_mut("store") else { return };
    for entry in &mut stores.entries {
        let Kind::Table(store) = &mut entry.value.kind else { continue };
        let Some(Value { at, kind: Kind::Text(name) }) = store.get("preset").cloned() else { continue };
        let Some(Value { kind: Kind::Table(found), .. }) = preset(&name, "store", at.range.clone()) else {
            continue;
        };
        let Some(Value { kind: Kind::List(conditions), .. }) = found.get("when") else { continue };
        for condition in conditions {
            let Kind::Table(condition) = &condition.kind else { continue };
            let Some(Value { kind: Kind::List(levels), .. }) = condition.get("consistency") else { continue };
            let level = store.text("consistency").unwrap_or_default();
            if levels.iter().any(|l| matches!(&l.kind, Kind::Text(l) if l == level))
                && let Some(base) = condition.table("store")
            {
                complete(store, base, &MERGED);
            }
        }
    }
}

fn unknown_preset(cx: &Context<'_>, at: &At, path: &str, name: &str, section: &str) {
    let what = if section == "store" { "a store" } else { "faults" };
    let problem =
        Problem::new(code::UNKNOWN_PRESET, format!("no preset {name:?} for {what}"), "no such preset");
    cx.report(Severity::Error, at, path, problem.did_you_mean(name, &preset_names(section)));
}

/// A step of an override's path: a key, or an element of a list.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Step<'a> {
    Key(&'a str),
    Element(&'a str),
}

/// `store.orders.regions[westeurope].zones` as steps.
fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    let mut found = Vec::new();
    for part in path.split('.') {
        let (key, mut rest) = match part.find('[') {
            Some(i) => part.split_at(i),
            None => (part, ""),
        };
        if key.is_empty() {
            return None;
        }
        found.push(Step::Key(key));
        while !rest.is_empty() {
            let inside = rest.strip_prefix('[')?;
            let end = inside.find(']')?;
            if end == 0 {
                return None;
            }
            found.push(Step::Element(&inside[..end]));
            rest = &inside[end + 1..];
        }
    }
    (found.len() <= 16).then_some(found)
}

/// Whether a variant may change what this path names.
pub(super) fn variant_may_change(path: &str) -> bool {
    match steps(path).as_deref() {
        Some([Step::Key("scenario"), Step::Key(key), ..]) => !SHARED.contains(key),
        Some([Step::Key("scenario" | "variant" | "expect"), ..]) => false,
        _ => true,
    }
}

fn apply(cx: &Context<'_>, root: &mut Value, over: &Override) {
    let fail = |message: String, label: String, help: Option<String>| {
        let mut problem = Problem::new(code::OVERRIDE, message, label);
        if let Some(help) = help {
            problem = problem.help(help);
        }
        cx.report(Severity::Error, &over.at, &over.path, problem);
    };
    let Some(steps) = steps(&over.path) else {
        let help =
            "write keys joined by dots, elements of a list by name: `store.orders.regions[westeurope].zones`";
        return fail(format!("{:?} is not a path", over.path), "cannot be read".into(), Some(help.into()));
    };
    let mut place = root;
    let mut walked = String::new();
    for (depth, step) in steps.iter().enumerate() {
        let last = depth + 1 == steps.len();
        match *step {
            Step::Key(key) => {
                let word = place.kind.word();
                let Kind::Table(table) = &mut place.kind else {
                    let message = format!("`{walked}` is {word}, it has no key `{key}`");
                    return fail(message, "leads into something that is no table".into(), None);
                };
                if last {
                    return table.set(key, over.at.clone(), over.value.clone());
                }
                if table.get(key).is_none() {
                    if !creates(&steps[..depth], steps[depth + 1]) {
                        let keys: Vec<&str> = table.entries.iter().map(|e| e.key.as_str()).collect();
                        let inside = if walked.is_empty() {
                            "in the scenario".into()
                        } else {
                            format!("in `{walked}`")
                        };
                        let message = format!("nothing named `{key}` {inside}");
                        return fail(message, "leads nowhere".into(), suggest::help(key, &keys));
                    }
                    let empty = Value { at: over.at.clone(), kind: Kind::Table(Table::default()) };
                    table.set(key, over.at.clone(), empty);
                }
                if !walked.is_empty() {
                    walked.push('.');
                }
                walked.push_str(key);
                let Some(next) = table.get_mut(key) else { return };
                place = next;
            }
            Step::Element(name) => {
                let word = place.kind.word();
                let Kind::List(items) = &mut place.kind else {
                    return fail(format!("`{walked}` is {word}, not a list"), "not a list".into(), None);
                };
                let Some(index) = element(items, name) else {
                    let names: Vec<&str> = items.iter().filter_map(name_of).collect();
                    let message = format!("`{walked}` has no element named `{name}`");
                    return fail(message, "leads nowhere".into(), suggest::help(name, &names));
                };
                walked.push_str(&format!("[{name}]"));
                if last {
                    items[index] = over.value.clone();
                    return;
                }
                // `regions = ["a", "b"]` is short for tables with nothing but a name.
                if let Value { at, kind: Kind::Text(text) } = &items[index] {
                    let mut table = Table::default();
                    table.set("name", at.clone(), Value { at: at.clone(), kind: Kind::Text(text.clone()) });
                    items[index] = Value { at: at.clone(), kind: Kind::Table(table) };
                }
                place = &mut items[index];
            }
        }
    }
}

/// Whether a missing table below `parents` may be made by an override: not where users choose the names, nor
/// where a list is meant.
fn creates(parents: &[Step<'_>], next: Step<'_>) -> bool {
    match parents {
        [] | [Step::Key("store" | "fault" | "block" | "variant")] => false,
        _ => matches!(next, Step::Key(_)),
    }
}

fn name_of(value: &Value) -> Option<&str> {
    match &value.kind {
        Kind::Text(text) => Some(text),
        Kind::Table(table) => table.text("name"),
        _ => None,
    }
}

fn element(items: &[Value], name: &str) -> Option<usize> {
    items
        .iter()
        .position(|v| name_of(v) == Some(name))
        .or_else(|| name.parse::<usize>().ok().filter(|&i| i < items.len() && name_of(&items[i]).is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_keys_and_elements() {
        use Step::{Element, Key};
        assert_eq!(
            steps("store.orders.regions[westeurope].zones"),
            Some(vec![Key("store"), Key("orders"), Key("regions"), Element("westeurope"), Key("zones")])
        );
        for bad in ["", ".", "a..b", "a[", "a[]", "a[x]y", "[a]"] {
            assert_eq!(steps(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_preset_parses() {
        for (name, text) in presets() {
            assert!(crate::scenario::tree::parse(text).is_ok(), "{name}");
            assert!(preset(name, "store", None).is_some() || preset(name, "fault", None).is_some(), "{name}");
        }
    }
}
