//! Objectives: `[objective.NAME]`.

use super::context::{Context, Problem};
use super::diagnostic::{Severity, code, positions};
use super::lint::place;
use super::reader::{Item, Named, Reader};
use super::suggest;
use super::tree::{Origin, Value};
use crate::model::objective::{Credit, Goal, Measure, Objective, Series, WHOLE, Watched};
use crate::model::{Block, Class, Consistency, Model, Service, Store, calendar};

/// Most objectives, and most credit bands of one.
const MAX_OBJECTIVES: usize = 1000;
const MAX_CREDITS: usize = 100;
/// Targets; each objective has one of them.
const GOALS: [&str; 3] = ["availability", "rto", "rpo"];
pub(super) const MEASURES: [&str; 2] = ["mean-hourly-error-rate", "requests"];

/// What an objective can be about.
pub(super) struct Subjects<'a> {
    pub(super) services: &'a [Service],
    pub(super) stores: &'a [Store],
    pub(super) blocks: &'a [Block],
    /// Whether all declared services could be read: those of a broken file are not here.
    pub(super) served: bool,
}

/// Reads `[objective.NAME]`. Problems with what it can be about hide unknown names: `complete` is false then.
pub(super) fn read(root: &Reader<'_>, of: &Subjects<'_>, complete: bool) -> Vec<Objective> {
    let Some(table) = root.table("objective") else { return Vec::new() };
    let named = table.named();
    if named.len() > MAX_OBJECTIVES {
        let label = format!("at most {MAX_OBJECTIVES} are read");
        table.error(Problem::new(code::LIMIT, "too many objectives", label));
        return Vec::new();
    }
    let mut found = Vec::new();
    for Named { name, item, .. } in &named {
        if item.cx.full() {
            break;
        }
        let Some(r) = item.table() else { continue };
        let stores = of.stores;
        let of = watched(&r, of, complete);
        let goal = goal(&r, matches!(of, Some(Watched::Block(_))));
        if let (Some(Goal::Rpo { within, .. }), Some(Watched::Store(s, _)), Some(item)) =
            (&goal, of, r.get("rpo"))
            && let Consistency::Bounded { max_time, .. } = stores[s as usize].consistency
            && stores[s as usize].regions.len() > 1
            && *within < max_time
        {
            item.warn(super::promised::beyond_staleness(max_time));
        }
        let required = r.get("required").map_or(Some(WHOLE), |i| percent(&i));
        r.close();
        if let (Some(of), Some(goal), Some(required)) = (of, goal, required) {
            found.push(Objective { name: (*name).to_owned(), of, goal, required });
        }
    }
    found
}

/// Where objectives begin in the file; 0 for those that are not in it.
pub(super) fn lines(text: &str, root: &Value, objectives: &[Objective]) -> Vec<(String, u32)> {
    let start = |objective: &Objective| {
        let at = place(root, &["objective", &objective.name]);
        at.range.filter(|_| at.origin == Origin::File).map(|range| range.start)
    };
    let starts: Vec<Option<usize>> = objectives.iter().map(start).collect();
    let places = positions(text, &starts.iter().map(|start| start.unwrap_or(0)).collect::<Vec<_>>());
    let line = |(start, place): (&Option<usize>, &(u32, u32))| start.map_or(0, |_| place.0);
    let lines = starts.iter().zip(&places).map(line);
    objectives.iter().zip(lines).map(|(o, line)| (o.name.clone(), line)).collect()
}

/// The service or store with its requests, or the block; if nothing is said the only service, without services the only
/// store.
fn watched(r: &Reader<'_>, of: &Subjects<'_>, complete: bool) -> Option<Watched> {
    let Subjects { services, stores, blocks, served } = *of;
    let called_complete = complete && served;
    r.exclusive(&["service", "store", "block"]);
    let names: Vec<&str> = stores.iter().map(|s| s.name.as_str()).collect();
    let called: Vec<&str> = services.iter().map(|s| s.name.as_str()).collect();
    if let Some(item) = r.get("block") {
        r.refuse("kind", "a block has no requests: it is up or down");
        let known: Vec<&str> = blocks.iter().map(|b| b.name.as_str()).collect();
        let index = item.index_in(code::OBJECTIVE, "block", &known, complete)?;
        if !blocks[index as usize].report {
            let message = format!("block `{}` is not among the results", known[index as usize]);
            item.error(Problem::new(code::OBJECTIVE, message, "it has `report = false`"));
            return None;
        }
        return Some(Watched::Block(index));
    }
    type Asked = fn(u32, Series) -> Watched;
    let found: Option<(Asked, u32)> = match (r.get("service"), r.get("store"), &called[..], &names[..]) {
        (Some(item), ..) => item
            .index_in(code::OBJECTIVE, "service", &called, called_complete)
            .map(|i| (Watched::Service as Asked, i)),
        (_, Some(item), ..) => {
            item.index_in(code::OBJECTIVE, "store", &names, complete).map(|i| (Watched::Store as Asked, i))
        }
        (None, None, [_], _) => Some((Watched::Service, 0)),
        (None, None, [], [_]) => Some((Watched::Store, 0)),
        _ => {
            if called_complete {
                let problem = Problem::new(
                    code::OBJECTIVE,
                    "an objective is about one service, store or block",
                    "of which?",
                );
                r.error(problem.help("add for example `store = \"orders\"` or `block = \"service\"`"));
            }
            None
        }
    };
    if r.get("rpo").is_some() {
        r.refuse("kind", "only writes are lost");
    }
    let series = r.get("kind").map_or(Some(2), |i| i.word(&Series::ALL.map(Series::word)));
    let (asked, index) = found?;
    Some(asked(index, Series::ALL[series?]))
}

fn goal(r: &Reader<'_>, of_block: bool) -> Option<Goal> {
    let given: Vec<&str> = GOALS.iter().copied().filter(|k| r.get(k).is_some()).collect();
    let [goal] = given[..] else {
        r.know(&["credits", "measure", "class"]);
        let label = if given.is_empty() { "names no target" } else { "names several targets" };
        let problem = Problem::new(code::OBJECTIVE, "an objective has one target", label);
        r.error(problem.help(format!("give one of {}", suggest::list(&GOALS))));
        return None;
    };
    if goal == "availability" {
        r.refuse("class", "availability counts whatever fails; `rto` and `rpo` can be about one class");
        let target = r.get("availability").and_then(|i| percent(&i));
        if of_block {
            r.refuse("measure", "a block has no requests: its availability is that of time");
        }
        let measure = r.get("measure").map_or(Some(0), |i| i.word(&MEASURES));
        let credits = credits(r, target);
        let measures = [Measure::MeanHourly, Measure::Requests];
        return Some(Goal::Availability { target: target?, measure: measures[measure?], credits: credits? });
    }
    for key in ["credits", "measure"] {
        r.refuse(key, "belongs to `availability`");
    }
    let class = r
        .get("class")
        .map_or(Some(None), |i| i.word(&Class::ALL.map(Class::word)).map(|class| Some(Class::ALL[class])));
    let within = r.get(goal).and_then(|i| i.duration());
    if goal == "rpo" && of_block {
        r.refuse("rpo", "a block holds no data");
        return None;
    }
    let (within, class) = (within?, class?);
    Some(if goal == "rto" { Goal::Rto { within, class } } else { Goal::Rpo { within, class } })
}

/// A percentage as parts of [`WHOLE`].
fn percent(item: &Item<'_>) -> Option<u64> {
    let number = item.number(0.0..=100.0)?;
    if number <= 1.0 {
        let message = format!("`{}` is in percent", item.path);
        let problem = Problem::new(code::OUT_OF_RANGE, message, format!("means {number} %"));
        item.error(problem.help(format!("write 99.9 for a share of 0.999; {number} is {} %", shown(number))));
        return None;
    }
    Some(parts(number))
}

/// A share as a percentage with the digits it was given in.
fn shown(share: f64) -> f64 {
    (share * 1e12 + 0.5).floor() / 1e10
}

fn parts(percent: f64) -> u64 {
    (percent * (WHOLE as f64 / 100.0) + 0.5) as u64
}

/// Credit bands from the target down; the first is below the target unless it says otherwise.
fn credits(r: &Reader<'_>, target: Option<u64>) -> Option<Vec<Credit>> {
    let Some(item) = r.get("credits") else { return Some(Vec::new()) };
    let list = item.list()?;
    if list.len() > MAX_CREDITS {
        let label = format!("at most {MAX_CREDITS} are read");
        item.error(Problem::new(code::LIMIT, "too many credits", label));
        return None;
    }
    let (mut bands, mut good) = (Vec::<Credit>::new(), true);
    for (i, item) in list.iter().enumerate() {
        let Some(r) = item.table() else {
            good = false;
            continue;
        };
        let below = match r.get("below") {
            Some(item) => percent(&item),
            None if i == 0 => target,
            None => r.require("below", "99").and_then(|i| percent(&i)),
        };
        let share = r.require("percent", "10").and_then(|i| i.number(0.0..=100.0));
        r.close();
        let (Some(below), Some(share)) = (below, share) else {
            good = false;
            continue;
        };
        let band = Credit { below, share_ppm: (share * 1e4 + 0.5) as u32 };
        let wrong = match bands.last() {
            None if target.is_some_and(|t| band.below > t) => Some("begins above the target"),
            Some(last) if band.below >= last.below => Some("`below` does not fall"),
            Some(last) if band.share_ppm <= last.share_ppm => Some("`percent` does not rise"),
            _ => None,
        };
        if let Some(label) = wrong {
            let problem =
                Problem::new(code::OBJECTIVE, "credits fall in availability and rise in percent", label);
            let help = "write for example `credits = [{ percent = 10 }, { below = 99, percent = 25 }]`; the first \
                        band is below the target";
            item.error(problem.help(help));
            good = false;
        }
        bands.push(band);
    }
    good.then_some(bands)
}

/// Warnings about objectives that nothing can put to the test.
pub(super) fn lint(cx: &Context<'_>, root: &Value, model: &Model) {
    for objective in &model.objectives {
        let Some((key, label)) = untested(model, objective) else { continue };
        let message = format!("nothing can put objective `{}` to the test", objective.name);
        let at = place(root, &["objective", &objective.name, key]);
        let path = format!("objective.{}.{key}", objective.name);
        cx.report(Severity::Warning, &at, &path, Problem::new(code::OBJECTIVE_IDLE, message, label));
    }
}

/// The key at which an objective comes to nothing, and why.
fn untested(model: &Model, objective: &Objective) -> Option<(&'static str, String)> {
    let requests = match objective.of {
        Watched::Service(s, series) => Some((model.services[s as usize].demand(), series)),
        Watched::Store(s, series) => Some((model.stores[s as usize].demand(), series)),
        Watched::Block(_) => None,
    };
    if let Some(([reads, writes], series)) = requests.filter(|_| !matches!(objective.goal, Goal::Rpo { .. }))
    {
        let asked = match series {
            Series::Read => reads > 0,
            Series::Write => writes > 0,
            Series::All => reads + writes > 0,
        };
        if !asked {
            return Some(("kind", "there are no such requests".into()));
        }
    }
    match objective.goal {
        Goal::Availability { .. } if calendar::whole_months(model.horizon) == 0 => {
            Some(("availability", format!("a horizon of {} has no whole month", model.horizon)))
        }
        Goal::Rto { class: Some(class), .. } | Goal::Rpo { class: Some(class), .. } => {
            let block = matches!(objective.of, Watched::Block(_));
            let rpo = matches!(objective.goal, Goal::Rpo { .. });
            let never = match class {
                Class::Load => block || rpo,
                Class::Action => block,
                _ => false,
            };
            let possible = model.possible_classes() >> class as u16 & 1 == 1 && !never;
            (!possible).then(|| ("class", format!("no fault or action here is of class {}", class.word())))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_exact() {
        for (percent, exact) in [
            (99.995, 999_950_000_000),
            (99.99, 999_900_000_000),
            (100.0, WHOLE),
            (99.9999999, 999_999_999_000),
        ] {
            assert_eq!(parts(percent), exact);
        }
        assert_eq!(shown(0.99995).to_string(), "99.995");
        assert_eq!(shown(0.999).to_string(), "99.9");
    }
}
