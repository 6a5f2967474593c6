//! Overrides by dotted path: of variants and of the command line.

use super::context::{Context, Problem};
use super::diagnostic::{Severity, code};
use super::tree::{At, Kind, Table, Value};

/// Keys that say when a fault strikes, and exclude each other.
const STARTS: [&str; 4] = ["at", "mtbf", "per_year", "uptime"];
/// Keys of `[scenario]` that all variants share: paired comparison needs one seed and one number of replications.
const SHARED: [&str; 6] = ["name", "question", "description", "seed", "replications", "base"];

/// One override: where and what.
#[derive(Clone, Debug)]
pub(super) struct Override {
    pub path: String,
    pub at: At,
    pub value: Value,
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

/// Reports and takes out the overrides of what all variants share.
pub(super) fn refuse_shared(cx: &Context<'_>, overrides: &mut Vec<Override>) {
    overrides.retain(|over| {
        let may = variant_may_change(&over.path);
        if !may {
            let message = format!("`{}` is the same for all variants", over.path);
            let problem = Problem::new(code::NOT_PER_VARIANT, message, "cannot be changed by a variant");
            cx.report(Severity::Error, &over.at, &over.path, problem);
        }
        may
    });
}

/// Whether one path is the other, or leads further into it.
pub(super) fn overlap(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Whether a variant may change what this path names.
fn variant_may_change(path: &str) -> bool {
    match steps(path).as_deref() {
        Some([Step::Key("scenario"), Step::Key(key), ..]) => !SHARED.contains(key),
        Some([Step::Key("scenario" | "variant" | "expect" | "sweep"), ..]) => false,
        _ => true,
    }
}

/// Puts one override into the tree; a path that leads nowhere is reported.
pub(super) fn apply(cx: &Context<'_>, root: &mut Value, over: &Override) {
    if cx.full() {
        return;
    }
    let Some(steps) = steps(&over.path) else {
        let problem =
            Problem::new(code::OVERRIDE, format!("{:?} is not a path", over.path), "cannot be read");
        let help = "write keys joined by dots, elements of a list by name: \
                    `store.orders.regions[westeurope].zones`";
        return cx.report(Severity::Error, &over.at, &over.path, problem.help(help));
    };
    let mut place = root;
    let mut walked = String::new();
    for depth in 0..steps.len() - 1 {
        match enter(place, &steps, depth, &mut walked, over) {
            Ok(next) => place = next,
            Err(problem) => return cx.report(Severity::Error, &over.at, &over.path, problem),
        }
    }
    if let Err(problem) = put(place, &steps, &walked, over) {
        cx.report(Severity::Error, &over.at, &over.path, problem);
    }
}

/// One step down, making tables that may be made.
fn enter<'v>(
    place: &'v mut Value,
    steps: &[Step<'_>],
    depth: usize,
    walked: &mut String,
    over: &Override,
) -> Result<&'v mut Value, Problem> {
    match steps[depth] {
        Step::Key(key) => {
            let table = table_at(place, key, walked)?;
            if table.get(key).is_none() {
                if !creates(&steps[..depth], steps[depth + 1]) {
                    return Err(nothing(table, key, walked));
                }
                let empty = Value { at: over.at.clone(), kind: Kind::Table(Table::default()) };
                table.set(key, over.at.clone(), empty);
            }
            if !walked.is_empty() {
                walked.push('.');
            }
            walked.push_str(key);
            let missing = || Problem::new(code::OVERRIDE, format!("nothing at `{walked}`"), "leads nowhere");
            table.get_mut(key).ok_or_else(missing)
        }
        Step::Element(name) => {
            let item = element_at(place, name, walked)?;
            walked.push_str(&format!("[{name}]"));
            // `regions = ["a", "b"]` is short for tables with nothing but a name.
            if let Value { at, kind: Kind::Text(text) } = &*item {
                let mut table = Table::default();
                table.set("name", at.clone(), Value { at: at.clone(), kind: Kind::Text(text.clone()) });
                *item = Value { at: at.clone(), kind: Kind::Table(table) };
            }
            Ok(item)
        }
    }
}

/// The last step: the value goes into its place.
fn put(place: &mut Value, steps: &[Step<'_>], walked: &str, over: &Override) -> Result<(), Problem> {
    match *steps {
        [.., Step::Element(name)] => *element_at(place, name, walked)? = over.value.clone(),
        [.., Step::Key(key)] => {
            let table = table_at(place, key, walked)?;
            if let [Step::Key("fault"), Step::Key(_), Step::Key(key)] = *steps
                && STARTS.contains(&key)
            {
                // A rule has one schedule: another replaces it, as it does that of a preset.
                STARTS.iter().for_each(|k| table.remove(k));
                if key != "at" {
                    table.remove("every");
                }
            }
            table.set(key, over.at.clone(), over.value.clone());
        }
        [] => {}
    }
    Ok(())
}

fn table_at<'v>(place: &'v mut Value, key: &str, walked: &str) -> Result<&'v mut Table, Problem> {
    let word = place.kind.word();
    match &mut place.kind {
        Kind::Table(table) => Ok(table),
        _ => {
            let message = format!("`{walked}` is {word}, it has no key `{key}`");
            Err(Problem::new(code::OVERRIDE, message, "leads into something that is no table"))
        }
    }
}

fn element_at<'v>(place: &'v mut Value, name: &str, walked: &str) -> Result<&'v mut Value, Problem> {
    let word = place.kind.word();
    let Kind::List(items) = &mut place.kind else {
        return Err(Problem::new(code::OVERRIDE, format!("`{walked}` is {word}, not a list"), "not a list"));
    };
    match element(items, name) {
        Some(index) => Ok(&mut items[index]),
        None => {
            let names: Vec<&str> = items.iter().filter_map(name_of).collect();
            let message = format!("`{walked}` has no element named `{name}`");
            Err(Problem::new(code::OVERRIDE, message, "leads nowhere").did_you_mean(name, &names))
        }
    }
}

fn nothing(table: &Table, key: &str, walked: &str) -> Problem {
    let keys: Vec<&str> = table.entries.iter().map(|e| e.key.as_str()).collect();
    let inside = if walked.is_empty() { "in the scenario".to_owned() } else { format!("in `{walked}`") };
    let message = format!("nothing named `{key}` {inside}");
    Problem::new(code::OVERRIDE, message, "leads nowhere").did_you_mean(key, &keys)
}

/// Whether a missing table below `parents` may be made by an override: not where users choose the names, nor
/// where a list is meant.
fn creates(parents: &[Step<'_>], next: Step<'_>) -> bool {
    match parents {
        []
        | [
            Step::Key(
                "store" | "asset" | "fault" | "block" | "tier" | "router" | "service" | "runbook" | "variant",
            ),
        ] => false,
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
}
