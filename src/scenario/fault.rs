//! Fault rules.

use super::context::Problem;
use super::diagnostic::code;
use super::law;
use super::reader::{Item, Named, Reader};
use super::selector::{self, Places};
use super::suggest;
use crate::model::{
    Cascade, CauseClass, Damages, DomainKind, Effect, FaultRule, Party, Schedule, Target, World,
};
use crate::rng::Law;
use crate::units::Duration;
use std::collections::BTreeMap;

/// Most scripted times of one rule.
const MAX_TIMES: u64 = 100_000;

/// Most rules, and most targets of all rules together.
const MAX_RULES: usize = 10_000;
const MAX_TARGETS: usize = 1_000_000;

/// Keys that say when a rule strikes; a rule has one of them, or is caused by another.
const SCHEDULE: [&str; 4] = ["at", "mtbf", "per_year", "uptime"];

pub(super) const EFFECTS: [&str; 8] =
    ["down", "destroy", "isolate", "degrade", "partial", "lag", "maintenance", "corrupt"];
/// What `corrupt` damages.
pub(super) const DAMAGES: [&str; 2] = ["data", "writes"];

pub(super) const CAUSES: [(&str, CauseClass); 12] = [
    ("unspecified", CauseClass::Unspecified),
    ("hardware", CauseClass::Hardware),
    ("power", CauseClass::Power),
    ("cooling", CauseClass::Cooling),
    ("network", CauseClass::Network),
    ("software", CauseClass::Software),
    ("configuration", CauseClass::Configuration),
    ("human", CauseClass::Human),
    ("earthquake", CauseClass::Earthquake),
    ("flood", CauseClass::Flood),
    ("fire", CauseClass::Fire),
    ("maintenance", CauseClass::Maintenance),
];

/// A rule with what is needed to link cascades.
struct Draft<'a> {
    item: Item<'a>,
    rule: FaultRule,
    scheduled: bool,
    cascades: Vec<(Item<'a>, &'a str, u32, Law, bool)>,
}

/// Reads `[fault.NAME]`.
pub(super) fn read(root: &Reader<'_>, places: &Places<'_>, horizon: Duration) -> Vec<FaultRule> {
    let Some(table) = root.table("fault") else { return Vec::new() };
    let mut drafts = Vec::new();
    let mut complete = true;
    let named = table.named();
    if named.len() > MAX_RULES {
        table.error(Problem::new(code::LIMIT, "too many faults", format!("at most {MAX_RULES} are read")));
        return Vec::new();
    }
    let mut targets = 0;
    for Named { name, item, .. } in named {
        let Some(r) = item.table() else { continue };
        let draft = draft(name, &item, &r, places, horizon);
        r.close();
        targets += draft.as_ref().map_or(0, |d| d.rule.targets.len());
        if targets > MAX_TARGETS {
            let label = format!("all rules together may have {MAX_TARGETS}");
            item.error(Problem::new(code::LIMIT, "too many targets", label));
            return Vec::new();
        }
        match draft {
            Some(draft) => drafts.push(draft),
            None => complete = false,
        }
    }
    link(&mut drafts, places.world, complete);
    drafts.into_iter().map(|d| d.rule).collect()
}

fn draft<'a>(
    name: &str,
    item: &Item<'a>,
    r: &Reader<'a>,
    places: &Places<'_>,
    horizon: Duration,
) -> Option<Draft<'a>> {
    let target = r.require("target", "\"zone:*\"");
    let targets = target.as_ref().map(|t| selector::all(places, &t.one_or_many())).unwrap_or_default();
    if let Some(t) = &target
        && t.is_list()
        && t.list().is_some_and(|l| l.is_empty())
    {
        t.error(Problem::new(code::NO_MATCH, format!("`{}` is empty", t.path), "names no target"));
    }
    let effect = effect(r);
    if let (Some(effect), Some(target)) = (effect, &target) {
        fits(effect, &targets, places, target);
    }
    let cause = match r.get("cause") {
        None => Some(usual_cause(effect)),
        Some(item) => item.word(&CAUSES.map(|(word, _)| word)).map(|i| CAUSES[i].1),
    };
    let party = match r.get("party") {
        None => Some(Party::Provider),
        Some(item) => item.word(&Party::ALL.map(Party::word)).map(|i| Party::ALL[i]),
    };
    let schedule = schedule(r, horizon);
    let duration = r.require("duration", "\"1h\"").and_then(|i| i.law());
    let together = match r.get("together") {
        None => Some(None),
        Some(item) => together(&item),
    };
    let crews = match r.get("crews") {
        None => Some(None),
        Some(item) => item.integer(1..=u64::from(u32::MAX)).map(|n| Some(n as u32)),
    };
    if let (Some(Some(crews)), Some(item)) = (crews, r.get("crews")) {
        if matches!(together, Some(Some(_))) {
            r.refuse("crews", "targets struck `together` return together, by one repair");
        } else if crews as usize >= targets.len() && !targets.is_empty() {
            let label = format!("the rule has {} targets", targets.len());
            item.warn(Problem::new(code::CREWS, "no repair ever waits for one of these crews", label));
        }
    }
    let cascades = cascades(r);
    let scheduled = !matches!(schedule, Some(Schedule::Cascaded));
    // A misspelt schedule is reported as an unknown key; that the rule never strikes follows from it.
    let slip = |key: &str| !SCHEDULE.contains(&key) && suggest::nearest(key, &SCHEDULE).is_some();
    if !scheduled && r.table.entries.iter().any(|e| slip(&e.key)) {
        return None;
    }
    if targets.is_empty() {
        return None;
    }
    let rule = FaultRule {
        name: name.to_owned(),
        cause: cause?,
        party: party?,
        effect: effect?,
        targets,
        schedule: schedule?,
        duration: duration?,
        crews: crews?,
        together_ppm: together?,
        cascades: Vec::new(),
    };
    Some(Draft { item: item.clone(), rule, scheduled, cascades: cascades? })
}

/// Cause of a rule that names none.
fn usual_cause(effect: Option<Effect>) -> CauseClass {
    match effect {
        Some(Effect::Maintenance) => CauseClass::Maintenance,
        Some(Effect::Corrupt { .. }) => CauseClass::Software,
        _ => CauseClass::Unspecified,
    }
}

fn together(item: &Item<'_>) -> Option<Option<u32>> {
    use super::tree::Kind;
    match item.value.kind {
        Kind::Boolean(yes) => Some(yes.then_some(1_000_000)),
        Kind::Integer(_) | Kind::Float(_) => {
            let ppm = item.millionths()?;
            if ppm == 0 {
                let problem = Problem::new(
                    code::OUT_OF_RANGE,
                    "a common cause that takes no target",
                    "must be above 0 (at least one in a million)",
                );
                item.error(problem);
                return None;
            }
            Some(Some(ppm))
        }
        _ => {
            let message = format!("`{}` must be a probability, true or false", item.path);
            let label = format!("found {}", item.value.kind.word());
            item.error(Problem::new(code::WRONG_TYPE, message, label));
            None
        }
    }
}

fn effect(r: &Reader<'_>) -> Option<Effect> {
    r.know(&["capacity", "errors", "share", "extra", "damages"]);
    let word = match r.get("effect") {
        None => "down",
        Some(item) => EFFECTS[item.word(&EFFECTS)?],
    };
    if word != "degrade" {
        r.refuse("capacity", "`capacity` goes with `effect = \"degrade\"`");
        r.refuse("errors", "`errors` goes with `effect = \"degrade\"`");
    }
    if !matches!(word, "partial" | "lag" | "corrupt") {
        r.refuse("share", "`share` goes with `effect = \"partial\"`, `\"lag\"` and `\"corrupt\"`");
    }
    if word != "lag" {
        r.refuse("extra", "`extra` goes with `effect = \"lag\"`");
    }
    if word != "corrupt" {
        r.refuse("damages", "`damages` goes with `effect = \"corrupt\"`");
    }
    Some(match word {
        "down" => Effect::Down,
        "destroy" => Effect::Destroy,
        "isolate" => Effect::Isolate,
        "degrade" => {
            let errors = r.get("errors");
            let capacity = match (r.get("capacity"), &errors) {
                (None, Some(_)) => Some(1_000_000),
                _ => r.require("capacity", "0.5").and_then(|i| i.millionths()),
            };
            let errors = errors.map_or(Some(0), |i| i.millionths());
            Effect::Degrade { capacity_ppm: capacity?, errors_ppm: errors? }
        }
        "partial" => Effect::Partial { share_ppm: hit_share(&r.require("share", "0.1")?)? },
        "lag" => {
            let extra = r.require("extra", "\"1h\"").and_then(|i| i.positive_duration());
            let share_ppm = r.get("share").map_or(Some(1_000_000), |i| hit_share(&i));
            Effect::Lag { extra: extra?, share_ppm: share_ppm? }
        }
        "corrupt" => {
            let share_ppm = r.get("share").map_or(Some(1_000_000), |i| hit_share(&i));
            let damages = r.get("damages").map_or(Some(0), |i| i.word(&DAMAGES));
            let damages = if damages? == 0 { Damages::Data } else { Damages::Writes };
            Effect::Corrupt { share_ppm: share_ppm?, damages }
        }
        _ => Effect::Maintenance,
    })
}

/// Share of the partitions that a fault hits, above 0.
fn hit_share(item: &Item<'_>) -> Option<u32> {
    let ppm = item.millionths()?;
    if ppm == 0 {
        item.error(Problem::new(code::OUT_OF_RANGE, "a fault that hits no partition", "must be above 0"));
        return None;
    }
    Some(ppm)
}

/// Reports targets that the effect cannot strike.
fn fits(effect: Effect, targets: &[Target], places: &Places<'_>, item: &Item<'_>) {
    if effect == Effect::Down {
        return;
    }
    let word = effect.word();
    let kind = |t: Target| t.kind(places.world);
    let in_region = |t: Target| kind(t) == Some(DomainKind::Region);
    let (good, allowed): (&dyn Fn(Target) -> bool, &str) = match effect {
        Effect::Isolate => (&|t| in_region(t) || matches!(t, Target::Link(_)), "regions and links"),
        Effect::Lag { .. } => (&|t| in_region(t) || kind(t).is_none(), "regions, links and stores"),
        Effect::Partial { .. } | Effect::Corrupt { .. } => {
            (&|t| in_region(t) || matches!(t, Target::Store { .. }), "regions and stores")
        }
        Effect::Degrade { .. } => {
            (&|t| !matches!(t, Target::Link(_)), "regions, zones, datacenters, nodes and stores")
        }
        _ => (&|t| kind(t).is_some(), "regions, zones, datacenters and nodes"),
    };
    if let Some(bad) = targets.iter().find(|&&t| !good(t)) {
        let message = format!("`effect = {word:?}` cannot strike `{}`", places.selector(*bad));
        item.error(Problem::new(code::EFFECT_TARGET, message, format!("can strike {allowed} only")));
    }
}

fn schedule(r: &Reader<'_>, horizon: Duration) -> Option<Schedule> {
    r.know(&["every"]);
    r.exclusive(&SCHEDULE);
    if let Some(item) = r.get("at") {
        return times(r, &item, horizon).map(Schedule::Scripted);
    }
    r.refuse("every", "`every` repeats what `at` starts");
    let uptime = if let Some(item) = r.get("mtbf") {
        let mean = item.positive_duration()?;
        exponential(&item, mean)?
    } else if let Some(item) = r.get("per_year") {
        law::per_year(&item)?
    } else if let Some(item) = r.get("uptime") {
        let law = item.law()?;
        if law == Law::constant(Duration::ZERO) {
            item.error(Problem::new(code::OUT_OF_RANGE, "an up time of 0", "must be longer than 0s"));
            return None;
        }
        law
    } else {
        return Some(Schedule::Cascaded);
    };
    Some(Schedule::Stochastic { uptime })
}

fn exponential(item: &Item<'_>, mean: Duration) -> Option<Law> {
    match Law::exponential(mean) {
        Ok(law) => Some(law),
        Err(error) => {
            item.error(Problem::new(code::LAW, format!("`{}` makes no law", item.path), error.0));
            None
        }
    }
}

/// Scripted times, repeated by `every` up to the horizon.
fn times(r: &Reader<'_>, at: &Item<'_>, horizon: Duration) -> Option<Vec<Duration>> {
    let items = at.one_or_many();
    if items.is_empty() {
        at.error(Problem::new(code::OUT_OF_RANGE, format!("`{}` is empty", at.path), "names no time"));
        return None;
    }
    let every = match r.get("every") {
        None => None,
        Some(item) => Some((item.positive_duration()?, item)),
    };
    let mut found = Vec::new();
    for item in &items {
        let first = item.duration()?;
        if first > horizon {
            let label = format!("the horizon is {horizon}");
            item.warn(Problem::new(
                code::AFTER_HORIZON,
                "this fault strikes after the horizon: never",
                label,
            ));
        }
        found.push(first);
        if let Some((step, every)) = &every {
            let count = horizon.ns().saturating_sub(first.ns()) / step.ns();
            if count + found.len() as u64 > MAX_TIMES {
                let label = format!("at most {MAX_TIMES} scripted times per rule");
                every.error(Problem::new(code::OUT_OF_RANGE, "too many scripted times", label));
                return None;
            }
            found.extend((1..=count).map(|k| Duration::from_ns(first.ns() + k * step.ns())));
        }
    }
    found.sort();
    found.dedup();
    Some(found)
}

#[allow(clippy::type_complexity)]
fn cascades<'a>(r: &Reader<'a>) -> Option<Vec<(Item<'a>, &'a str, u32, Law, bool)>> {
    let Some(list) = r.get("cascade") else { return Some(Vec::new()) };
    let items = list.one_or_many();
    let wanted = items.len();
    let mut found = Vec::new();
    for item in items {
        let Some(c) = item.table() else { continue };
        let fault = c.require("fault", "\"fire\"");
        let name = fault.as_ref().and_then(|i| i.text());
        let probability = c.get("probability").map_or(Some(1_000_000), |i| i.millionths());
        let delay = c.get("delay").map_or(Some(Law::constant(Duration::ZERO)), |i| i.law());
        let same_place = c.get("same_place").map_or(Some(true), |i| i.boolean());
        c.close();
        if let (Some(fault), Some(name), Some(p), Some(delay), Some(same)) =
            (fault, name, probability, delay, same_place)
        {
            found.push((fault, name, p, delay, same));
        }
    }
    (found.len() == wanted).then_some(found)
}

/// Resolves cascades, and reports rules that nothing causes. With `complete` false some rules are missing because
/// they have errors of their own; what refers to them is not reported again.
fn link(drafts: &mut [Draft<'_>], world: &World, complete: bool) {
    let names: Vec<String> = drafts.iter().map(|d| d.rule.name.clone()).collect();
    let places: BTreeMap<&str, usize> = names.iter().enumerate().map(|(i, n)| (n.as_str(), i)).collect();
    let mut caused = vec![false; drafts.len()];
    for from in 0..drafts.len() {
        let cascades = core::mem::take(&mut drafts[from].cascades);
        for (item, name, probability_ppm, delay, same_place) in cascades {
            let Some(&to) = places.get(name) else {
                if complete && !item.cx.full() {
                    let all: Vec<&str> = names.iter().map(String::as_str).collect();
                    let problem =
                        Problem::new(code::CASCADE, format!("unknown fault `{name}`"), "no such fault");
                    item.error(problem.did_you_mean(name, &all));
                }
                continue;
            };
            caused[to] = true;
            if drafts[to].scheduled {
                let message =
                    format!("fault `{name}` strikes by its own schedule, it cannot be caused as well");
                let problem =
                    Problem::new(code::CASCADE, message, "has `at`, `mtbf`, `per_year` or `uptime`");
                item.error(problem.help("declare a second rule without a schedule for the consequence"));
                continue;
            }
            let (a, b) = (&drafts[from].rule.targets, &drafts[to].rule.targets);
            if same_place && !a.iter().any(|&x| b.iter().any(|&y| related(world, x, y))) {
                let problem = Problem::new(
                    code::CASCADE_APART,
                    format!("`{}` and `{name}` strike different places: this never happens", names[from]),
                    "no target of one lies in a target of the other",
                );
                item.warn(problem.help("`same_place = false` lets it strike all its targets"));
            }
            let cascade = Cascade { rule: to as u32, probability_ppm, delay, same_place };
            drafts[from].rule.cascades.push(cascade);
        }
    }
    report_cycle(drafts);
    for (draft, caused) in drafts.iter().zip(caused) {
        if complete && !draft.scheduled && !caused {
            let message = format!("fault `{}` never strikes", draft.rule.name);
            let problem = Problem::new(code::NO_SCHEDULE, message, "no schedule, and no cascade causes it");
            draft.item.error(problem.help("add `at`, `mtbf`, `per_year` or `uptime`, or a cascade to it"));
        }
    }
}

/// Whether one target contains, equals or lies within the other.
fn related(world: &World, a: Target, b: Target) -> bool {
    let (Target::Domain(x), Target::Domain(y)) = (a, b) else {
        // A store is at least a part of each region it may have; the simulation looks closer.
        return a == b || matches!((a, b), (Target::Store { .. }, _) | (_, Target::Store { .. }));
    };
    let inside = |mut low, high| loop {
        if low == high {
            return true;
        }
        match world.domain(low).parent {
            Some(parent) => low = parent,
            None => return false,
        }
    };
    inside(x, y) || inside(y, x)
}

/// Reports the first rule that can come back to itself.
fn report_cycle(drafts: &[Draft<'_>]) {
    // A rule is done when all it may cause is done; what never gets done lies on a circle or leads into one.
    let mut done = vec![false; drafts.len()];
    loop {
        let next = (0..drafts.len())
            .find(|&i| !done[i] && drafts[i].rule.cascades.iter().all(|c| done[c.rule as usize]));
        match next {
            Some(i) => done[i] = true,
            None => break,
        }
    }
    let Some(start) = done.iter().position(|d| !d) else { return };
    let mut walk = vec![start];
    loop {
        let here = walk[walk.len() - 1];
        let next = drafts[here].rule.cascades.iter().map(|c| c.rule as usize).find(|&i| !done[i]);
        let Some(next) = next else { return };
        if let Some(first) = walk.iter().position(|&i| i == next) {
            let mut names: Vec<&str> = walk[first..].iter().map(|&i| drafts[i].rule.name.as_str()).collect();
            names.push(&drafts[next].rule.name);
            let label = names.join(" -> ");
            let problem = Problem::new(code::CASCADE_CYCLE, "cascades go in a circle", label);
            return drafts[next].item.error(problem.help("remove one of these cascades"));
        }
        walk.push(next);
    }
}
