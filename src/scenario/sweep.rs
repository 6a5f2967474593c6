//! `[sweep]`: settings with several values each, and the variants that come of them.

use super::context::{Context, Problem};
use super::diagnostic::{Severity, code};
use super::overrides::{self, Override};
use super::plans::{MAX_VARIANTS, flatten};
use super::range;
use super::reader::{Item, Reader, parse_bytes};
use super::tree::{Kind, Value};
use crate::experiment::sweep::{Axis, Coordinate};
use crate::text::steers;
use crate::units::{Duration, NS_PER_SECOND};

/// Longest text of a value in the name of a variant, in characters.
const MAX_LABEL: usize = 60;

/// How settings are combined.
pub(super) const MODES: [&str; 2] = ["product", "one-at-a-time"];

/// What a sweep makes: its axes, and a variant per point.
#[derive(Default)]
pub(super) struct Sweep {
    pub axes: Vec<Axis>,
    pub points: Vec<Point>,
}

/// A point of a sweep: a variant before it is read.
pub(super) struct Point {
    pub name: String,
    pub overrides: Vec<Override>,
    pub coordinates: Vec<Coordinate>,
}

/// An axis with the overrides of its values.
struct Swept {
    axis: Axis,
    overrides: Vec<Override>,
}

/// Reads `[sweep]`; `room`: how many more variants there may be.
pub(super) fn read(r: &Reader<'_>, settings: &[Override], room: usize) -> Sweep {
    let mode = r.get("mode").map_or(Some(0), |item| item.word(&MODES));
    let mut found = Vec::new();
    flatten(r, "", &mut found);
    found.retain(|o| o.path != "mode");
    if found.is_empty() {
        let problem = Problem::new(code::SWEEP, "the sweep varies nothing", "no setting with values");
        r.error(problem.help("add for example `\"store.orders.backup.interval\" = [\"1h\", \"4h\"]`"));
        return Sweep::default();
    }
    if found.len() > MAX_VARIANTS {
        let label = format!("at most {MAX_VARIANTS} are read");
        r.error(Problem::new(code::LIMIT, format!("the sweep varies {} settings", found.len()), label));
        return Sweep::default();
    }
    for (i, over) in found.iter().enumerate() {
        if found[..i].iter().any(|o| o.path == over.path) {
            let message = format!("`{}` is varied twice", over.path);
            report(r.cx, over, Problem::new(code::DUPLICATE, message, "given before"));
        }
    }
    overrides::refuse_shared(r.cx, &mut found);
    let paths: Vec<&str> = found.iter().map(|o| o.path.as_str()).collect();
    let axes = found.iter().filter_map(|over| {
        if let Some(set) = settings.iter().find(|s| overrides::overlap(&s.path, &over.path)) {
            let message = format!("`{}` is varied by `[sweep]`", over.path);
            let label = format!("`{}` is set on the command line as well", set.path);
            report(r.cx, over, Problem::new(code::SWEEP, message, label).help("drop one of the two"));
        }
        let item = Item { cx: r.cx, value: &over.value, path: over.path.clone() };
        axis(&item, over, label_of_path(&over.path, &paths))
    });
    let axes: Vec<Swept> = axes.collect();
    let product = mode != Some(1);
    let sizes = axes.iter().map(|a| a.overrides.len());
    let count =
        if product { sizes.fold(1, usize::saturating_mul) } else { sizes.fold(0, usize::saturating_add) };
    let points = if count > room {
        let message = format!("the sweep has {count} points");
        let label = format!("a scenario has at most {MAX_VARIANTS} variants besides the file as written");
        let help = if product { "vary one at a time, or give fewer values" } else { "give fewer values" };
        r.error(Problem::new(code::LIMIT, message, label).help(help));
        Vec::new()
    } else if product {
        combinations(&axes)
    } else {
        axes.iter().flat_map(|a| (0..a.overrides.len()).map(move |i| point(&[(a, i)]))).collect()
    };
    Sweep { axes: axes.into_iter().map(|a| a.axis).collect(), points }
}

/// Every value of each axis with every value of the others; the last axis turns fastest.
fn combinations(axes: &[Swept]) -> Vec<Point> {
    let mut chosen: Vec<Vec<(&Swept, usize)>> = vec![Vec::new()];
    for axis in axes {
        let longer = chosen.iter().flat_map(|head| {
            (0..axis.overrides.len()).map(move |i| {
                let mut longer = head.clone();
                longer.push((axis, i));
                longer
            })
        });
        chosen = longer.collect();
    }
    chosen.retain(|c| !c.is_empty());
    chosen.iter().map(|c| point(c)).collect()
}

fn point(chosen: &[(&Swept, usize)]) -> Point {
    let name = |(a, i): &(&Swept, usize)| format!("{} = {}", a.axis.label, a.axis.values[*i].label);
    Point {
        name: chosen.iter().map(name).collect::<Vec<_>>().join(", "),
        overrides: chosen.iter().map(|(a, i)| a.overrides[*i].clone()).collect(),
        coordinates: chosen.iter().map(|(a, i)| a.axis.values[*i].clone()).collect(),
    }
}

fn report(cx: &Context<'_>, over: &Override, problem: Problem) {
    cx.report(Severity::Error, &over.at, &over.path, problem);
}

/// The values of one setting.
fn axis(item: &Item<'_>, over: &Override, label: String) -> Option<Swept> {
    let values = match &item.value.kind {
        Kind::List(items) if items.is_empty() => {
            let message = format!("`{}` has no values", item.path);
            item.error(Problem::new(code::SWEEP, message, "an empty list").help("remove it, or give values"));
            return None;
        }
        Kind::List(items) if items.len() > MAX_VARIANTS => {
            let label = format!("at most {MAX_VARIANTS} are read");
            let message = format!("`{}` has {} values", item.path, items.len());
            item.error(Problem::new(code::LIMIT, message, label));
            return None;
        }
        Kind::List(items) => items.clone(),
        Kind::Table(_) => range::values(item)?,
        _ => {
            item.wrong_type("a list of values, or a range such as { from = 1, to = 10, step = 1 }");
            return None;
        }
    };
    let mut coordinates: Vec<Coordinate> = Vec::new();
    for (i, value) in values.iter().enumerate() {
        let (number, unit) = number(&value.kind);
        let label = label_of(&value.kind);
        let same =
            |c: &&Coordinate| c.label == label || number.is_some() && (c.value, c.unit) == (number, unit);
        if let Some(before) = coordinates.iter().find(same) {
            let message = format!("`{}` has the value {label} twice", item.path);
            let problem = Problem::new(code::DUPLICATE, message, format!("the same as {}", before.label));
            item.cx.report(Severity::Error, &value.at, &format!("{}[{i}]", item.path), problem);
        }
        coordinates.push(Coordinate { path: over.path.clone(), label, value: number, unit });
    }
    for (i, c) in coordinates.iter_mut().enumerate() {
        if c.label.chars().count() > MAX_LABEL {
            c.label = c.label.chars().take(MAX_LABEL).collect::<String>() + &format!("… #{}", i + 1);
        }
    }
    let unit = coordinates.iter().find(|c| c.value.is_some()).map_or("", |c| c.unit);
    let overrides = values.into_iter().map(|value| Override { value, ..over.clone() }).collect();
    let axis = Axis { path: over.path.clone(), label, unit, values: coordinates };
    Some(Swept { axis, overrides })
}

/// The shortest end of a path that no other path has.
fn label_of_path(path: &str, all: &[&str]) -> String {
    let ends = path.char_indices().rev().filter(|&(_, c)| c == '.').map(|(i, _)| &path[i + 1..]);
    let ends_so = |p: &str, end: &str| p.strip_suffix(end).is_some_and(|s| s.is_empty() || s.ends_with('.'));
    let mut short = ends.filter(|end| all.iter().all(|p| *p == path || !ends_so(p, end)));
    short.next().unwrap_or(path).to_owned()
}

/// A value for people, on one line.
fn label_of(kind: &Kind) -> String {
    let all = |values: &mut dyn Iterator<Item = &Value>, between: &str| {
        values.map(|v| label_of(&v.kind)).collect::<Vec<_>>().join(between)
    };
    match kind {
        Kind::Text(text) => text.chars().map(|c| if steers(c) { ' ' } else { c }).collect(),
        Kind::Integer(n) => n.to_string(),
        Kind::Float(x) => x.to_string(),
        Kind::Boolean(b) => b.to_string(),
        Kind::Date => "a date".into(),
        Kind::List(items) if items.is_empty() => "none".into(),
        Kind::List(items) => all(&mut items.iter(), " + "),
        Kind::Table(table) => match table.text("name") {
            Some(name) if table.entries.len() == 1 => name.into(),
            Some(name) => {
                let rest = table.entries.iter().filter(|e| e.key != "name");
                format!("{name} ({})", all(&mut rest.map(|e| &e.value), ", "))
            }
            None => all(&mut table.entries.iter().map(|e| &e.value), " "),
        },
    }
}

/// A value as a number with its unit, if it is one.
fn number(kind: &Kind) -> (Option<f64>, &'static str) {
    match kind {
        Kind::Integer(n) => (Some(*n as f64), ""),
        Kind::Float(x) if x.is_finite() => (Some(*x), ""),
        Kind::Text(text) => {
            if let Ok(duration) = text.parse::<Duration>() {
                return (Some(duration.ns() as f64 / NS_PER_SECOND as f64), "seconds");
            }
            match (parse_bytes(text, ""), parse_bytes(text, "/s")) {
                (Some(bytes), _) => (Some(bytes as f64), "bytes"),
                (None, Some(bytes)) => (Some(bytes as f64), "bytes/s"),
                (None, None) => (None, ""),
            }
        }
        _ => (None, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_named_by_the_shortest_end_that_tells_them_apart() {
        let all =
            ["store.a.backup.interval", "store.b.backup.interval", "store.a.lag", "lag", "store.a[x].zones"];
        let labels = all.map(|p| label_of_path(p, &all));
        assert_eq!(labels, ["a.backup.interval", "b.backup.interval", "a.lag", "lag", "zones"]);
    }

    #[test]
    fn numbers_have_units() {
        let text = |t: &str| number(&Kind::Text(t.into()));
        assert_eq!(text("1h 30m"), (Some(5400.0), "seconds"));
        assert_eq!(text("2TB"), (Some(2e12), "bytes"));
        assert_eq!(text("50MB/s"), (Some(5e7), "bytes/s"));
        assert_eq!(text("never"), (None, ""));
        assert_eq!(number(&Kind::Integer(3)), (Some(3.0), ""));
        assert_eq!(number(&Kind::Float(f64::NAN)), (None, ""));
    }

    #[test]
    fn values_are_named_on_one_line() {
        let list = crate::scenario::tree::parse(
            "x = [[\"a\", \"b\"], [{ name = \"a\", zones = \"unzoned\" }], { law = \"uniform\", low = \"1m\" }, \
             \"two\\nlines\", [], 0.5, true]",
        );
        let Ok(Value { kind: Kind::Table(table), .. }) = list else { panic!("{list:?}") };
        let Some(Value { kind: Kind::List(items), .. }) = table.get("x") else { panic!() };
        let labels: Vec<String> = items.iter().map(|v| label_of(&v.kind)).collect();
        let wanted = ["a + b", "a (unzoned)", "uniform 1m", "two lines", "none", "0.5", "true"];
        assert_eq!(labels, wanted);
    }
}
