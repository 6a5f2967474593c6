//! Layers of settings: presets underneath, the file above them, overrides (variants, `--set`) on top.

use super::context::{Context, Problem};
use super::diagnostic::{Severity, code};
use super::overrides::{self, Override};
use super::tree::{At, Entry, Kind, Origin, Table, Value, relocate};

/// Embedded store presets and the shared fault preset, as commented TOML.
const PRESETS: &[(&str, &str)] = &[
    ("azure-postgresql", include_str!("../presets/azure-postgresql.toml")),
    ("cosmos-db", include_str!("../presets/cosmos-db.toml")),
    ("etcd", include_str!("../presets/etcd.toml")),
    ("faults", include_str!("../presets/faults.toml")),
    ("ibm-postgresql", include_str!("../presets/ibm-postgresql.toml")),
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
const MERGED: [&str; 6] = ["failover", "on_return", "conflicts", "backup", "restore", "price"];
/// Keys of a fault that say when it strikes: a file that gives one replaces them all.
const SCHEDULE: [&str; 5] = ["at", "every", "mtbf", "per_year", "uptime"];
/// The file with its presets underneath and the overrides on top.
pub(super) fn stack(cx: &Context<'_>, file: &Value, overrides: &[Override]) -> Value {
    let mut root = file.clone();
    // An override of the preset decides which one comes underneath, so it goes first.
    let (early, late): (Vec<&Override>, Vec<&Override>) =
        overrides.iter().partition(|o| o.path == "use" || o.path.ends_with(".preset"));
    early.iter().for_each(|o| overrides::apply(cx, &mut root, o));
    add_presets(cx, &mut root);
    late.iter().for_each(|o| overrides::apply(cx, &mut root, o));
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
pub(super) fn preset_names(section: &str) -> Vec<&'static str> {
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

/// Adds the defaults of a preset that depend on other settings of the store (`[[when]]`: each key besides `store` is
/// the dotted path of a setting, with the words it may be).
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
            let holds = condition.entries.iter().filter(|e| e.key != "store").all(|e| {
                let Kind::List(words) = &e.value.kind else { return false };
                let found = word(store, &e.key);
                words.iter().any(|w| matches!(&w.kind, Kind::Text(w) if w == found))
            });
            if let (true, Some(base)) = (holds, condition.table("store")) {
                complete(store, base, &MERGED);
            }
        }
    }
}

/// The word at a dotted path of a table; empty where there is none.
fn word<'a>(mut table: &'a Table, path: &str) -> &'a str {
    let mut keys = path.split('.').peekable();
    while let Some(key) = keys.next() {
        match (table.get(key).map(|v| &v.kind), keys.peek()) {
            (Some(Kind::Table(inner)), Some(_)) => table = inner,
            (Some(Kind::Text(word)), None) => return word,
            _ => break,
        }
    }
    ""
}

fn unknown_preset(cx: &Context<'_>, at: &At, path: &str, name: &str, section: &str) {
    let what = if section == "store" { "a store" } else { "faults" };
    let problem =
        Problem::new(code::UNKNOWN_PRESET, format!("no preset {name:?} for {what}"), "no such preset");
    cx.report(Severity::Error, at, path, problem.did_you_mean(name, &preset_names(section)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_parses() {
        for (name, text) in presets() {
            assert!(crate::scenario::tree::parse(text).is_ok(), "{name}");
            assert!(preset(name, "store", None).is_some() || preset(name, "fault", None).is_some(), "{name}");
        }
    }
}
