//! Runbooks: steps of people, what starts them, what they wait for.

use super::action::{self, Known};
use super::context::{Context, Problem};
use super::diagnostic::{Severity, code};
use super::law;
use super::lint::place;
use super::reader::{Item, Named, Reader};
use super::tree::Value;
use super::world::{duplicate, region_of};
use crate::model::{
    Backup, Command, DomainKind, FaultRule, Hours, Model, Party, Runbook, Step, Target, Trigger,
};
use crate::rng::Law;
use crate::text::steers;
use crate::units::Duration;

/// Most runbooks, most steps of one: a step is a bit of a word.
const MAX_RUNBOOKS: usize = 100;
const MAX_STEPS: usize = 64;
/// When somebody is there; who carries a step out.
pub(super) const HOURS: [&str; 2] = ["always", "office"];
pub(super) const OWNERS: [&str; 2] = ["customer", "provider"];
/// An attempt that nearly always fails would be repeated for ever.
const MOST_FAILS: f64 = 0.999;

/// Reads `[runbook.NAME]`.
pub(super) fn read(root: &Reader<'_>, known: Known<'_>, horizon: Duration) -> Vec<Runbook> {
    let Some(table) = root.table("runbook") else { return Vec::new() };
    let named = table.named();
    if named.len() > MAX_RUNBOOKS {
        let label = format!("at most {MAX_RUNBOOKS} are read");
        table.error(Problem::new(code::LIMIT, "too many runbooks", label));
        return Vec::new();
    }
    let mut found = Vec::new();
    for Named { name, item, .. } in named {
        let Some(r) = item.table() else { continue };
        let runbook = runbook(name, &r, known, horizon);
        r.close();
        found.extend(runbook);
    }
    found
}

fn runbook(name: &str, r: &Reader<'_>, known: Known<'_>, horizon: Duration) -> Option<Runbook> {
    let trigger = r.require("on", "{ lost = \"us-south\" }").and_then(|i| trigger(&i, known, horizon));
    let notice = r.get("notice").map_or(Some(Some(law::instant())), |i| i.law_or_never());
    let hours = r.get("hours").map_or(Some(0), |i| i.word(&HOURS));
    let list = r.require("step", "[{ name = \"restore\", do = { … } }]");
    let items = list.as_ref().and_then(|i| i.list());
    if let (Some(list), Some(items)) = (&list, &items)
        && (items.is_empty() || items.len() > MAX_STEPS)
    {
        let message = format!("a runbook has 1 to {MAX_STEPS} steps");
        list.error(Problem::new(code::RUNBOOK, message, format!("found {}", items.len())));
        return None;
    }
    let steps = steps(&items?, known, trigger.as_ref());
    let restores = |s: &Step| matches!(s.does, Some(Command::Restore { .. }));
    // Steps that cannot be read may restore something, or not.
    let restores = steps.as_ref().map(|all| all.iter().any(restores));
    let bandwidth = bandwidth(r, restores);
    Some(Runbook {
        name: name.to_owned(),
        trigger: trigger?,
        notice: notice?.unwrap_or_else(|| Law::constant(Duration::NEVER)),
        hours: if hours? == 0 { Hours::Always } else { Hours::Office },
        bandwidth: bandwidth?,
        steps: steps?,
    })
}

fn trigger(item: &Item<'_>, known: Known<'_>, horizon: Duration) -> Option<Trigger> {
    let r = item.table()?;
    let region = |key| r.get(key).map(|i| region_of(known.world, &i));
    let (lost, back) = (region("lost"), region("back"));
    let at = r.get("at").map(|i| {
        let at = i.duration()?;
        if at > horizon {
            let label = format!("the horizon is {horizon}");
            i.warn(Problem::new(code::AFTER_HORIZON, "this runbook starts after the horizon", label));
        }
        Some(at)
    });
    r.close();
    let all = [
        lost.map(|r| r.map(Trigger::Lost)),
        back.map(|r| r.map(Trigger::Back)),
        at.map(|t| t.map(Trigger::At)),
    ];
    let given: Vec<Option<Trigger>> = all.into_iter().flatten().collect();
    match &given[..] {
        [one] => one.clone(),
        _ => {
            let label = if given.is_empty() { "nothing starts it" } else { "several things start it" };
            let problem = Problem::new(code::RUNBOOK, "a runbook is started by one thing", label);
            item.error(problem.help(
                "write `{ lost = \"REGION\" }`, `{ back = \"REGION\" }` or `{ at = \"100d\" }`; another runbook can do \
                 the same steps on another occasion",
            ));
            None
        }
    }
}

/// What restores share; only they need it.
fn bandwidth(r: &Reader<'_>, restores: Option<bool>) -> Option<u64> {
    if restores == Some(false) {
        r.idle("restore_bandwidth", "no step restores anything");
    }
    let item = match r.get("restore_bandwidth") {
        Some(item) => item,
        None if restores == Some(true) => return r.require("restore_bandwidth", "\"200MB/s\"").and(None),
        None => return Some(1),
    };
    let bytes = item.bytes("/s")?;
    if bytes == 0 {
        let problem =
            Problem::new(code::OUT_OF_RANGE, "a restore without bandwidth never ends", "must be above 0");
        item.error(problem);
        return None;
    }
    Some(bytes)
}

fn steps(items: &[Item<'_>], known: Known<'_>, trigger: Option<&Trigger>) -> Option<Vec<Step>> {
    let tables: Vec<Reader<'_>> = items.iter().filter_map(|i| i.table()).collect();
    if tables.len() < items.len() {
        return None;
    }
    let names: Vec<Option<&str>> = tables
        .iter()
        .map(|r| r.require("name", "\"restore the data\"").and_then(|i| step_name(&i)))
        .collect();
    for (i, r) in tables.iter().enumerate() {
        if let (Some(name), Some(item)) = (names[i], r.get("name"))
            && names[..i].contains(&Some(name))
        {
            duplicate(&item, "step", name);
        }
    }
    let all = tables.iter().enumerate();
    let found: Vec<Option<Step>> = all.map(|(i, r)| step(r, i, &names, known, trigger)).collect();
    tables.into_iter().for_each(Reader::close);
    let found: Vec<Step> = found.into_iter().collect::<Option<_>>()?;
    in_order(items, &found)?;
    Some(found)
}

/// Names of steps are for people; overrides call them by it.
fn step_name<'a>(item: &Item<'a>) -> Option<&'a str> {
    let text = item.text()?;
    let good = (1..=64).contains(&text.chars().count())
        && !text.contains(['.', '[', ']'])
        && text.trim() == text
        && !text.contains(steers);
    if !good {
        let label = "1 to 64 characters, no `.`, `[`, `]`, no control characters, no space at its ends";
        item.error(Problem::new(code::BAD_NAME, format!("{text:?} cannot be the name of a step"), label));
    }
    good.then_some(text)
}

fn step(
    r: &Reader<'_>,
    i: usize,
    names: &[Option<&str>],
    known: Known<'_>,
    trigger: Option<&Trigger>,
) -> Option<Step> {
    let owner = r.get("owner").map_or(Some(0), |i| i.word(&OWNERS));
    let takes = r.get("takes").map_or(Some(law::instant()), |i| i.law());
    let fails =
        r.get("fails").map_or(Some(0), |i| i.number(0.0..=MOST_FAILS).map(|n| (n * 1e6 + 0.5) as u32));
    let retry = r.get("retry").map_or(Some(law::instant()), |i| i.law());
    if fails == Some(0) {
        r.idle("retry", "no attempt fails: `fails` is 0");
    }
    let after = match r.get("after") {
        Some(item) => after(&item, names),
        None => Some(i.checked_sub(1).map(|before| before as u32).into_iter().collect()),
    };
    let does = match r.get("do") {
        None => Some(None),
        Some(item) => action::command(&item, known).map(|command| {
            survives(&item, command, known, trigger);
            Some(command)
        }),
    };
    Some(Step {
        name: names[i]?.to_owned(),
        owner: if owner? == 0 { Party::Customer } else { Party::Provider },
        takes: takes?,
        after: after?,
        fails_ppm: fails?,
        retry: retry?,
        does: does?,
    })
}

fn after(item: &Item<'_>, names: &[Option<&str>]) -> Option<Vec<u32>> {
    let items = item.list()?;
    let mut found: Vec<u32> = Vec::new();
    for element in &items {
        let text = element.text()?;
        match names.iter().position(|n| *n == Some(text)) {
            Some(step) if found.contains(&(step as u32)) => duplicate(element, "step", text),
            Some(step) => found.push(step as u32),
            // One of the names could not be read: it may be that.
            None if names.contains(&None) => return None,
            None => {
                let message = format!("no step of this runbook is named `{text}`");
                let known: Vec<&str> = names.iter().copied().flatten().collect();
                let problem = Problem::new(code::STEP_ORDER, message, "nothing to wait for");
                element.error(problem.did_you_mean(text, &known));
            }
        }
    }
    (found.len() == items.len()).then_some(found)
}

/// No step waits for itself, by whatever way.
fn in_order(items: &[Item<'_>], steps: &[Step]) -> Option<()> {
    let mut can_start = vec![false; steps.len()];
    while let Some(next) = (0..steps.len())
        .find(|&i| !can_start[i] && steps[i].after.iter().all(|&before| can_start[before as usize]))
    {
        can_start[next] = true;
    }
    let Some(first) = can_start.iter().position(|can| !can) else { return Some(()) };
    let stuck: Vec<&str> =
        (0..steps.len()).filter(|&i| !can_start[i]).map(|i| steps[i].name.as_str()).collect();
    let label = format!("steps that wait for each other: {}", stuck.join(", "));
    let problem = Problem::new(code::STEP_ORDER, "this step can never start", label);
    items[first].error(
        problem.help("leave one of them out of `after`; `after = []` starts at once, beside the others"),
    );
    None
}

/// A backup in the region that is lost is lost with it.
fn survives(item: &Item<'_>, command: Command, known: Known<'_>, trigger: Option<&Trigger>) {
    let (Command::Restore { store, .. }, Some(Trigger::Lost(region))) = (command, trigger) else { return };
    let store = &known.stores[store as usize];
    if store.backup.as_ref().is_none_or(|b| b.survives(&store.regions, *region)) {
        return;
    }
    let message = format!("no backup of `{}` survives the loss of its region", store.name);
    let label = format!("all are kept in {}", known.world.region_name(*region));
    let help = match store.asset {
        true => {
            "keep them elsewhere: `backup = { …, to = \"REGION\" }`, or let it start from nothing: `start-empty`"
        }
        false => "keep a copy elsewhere: `backup.copy_to`, or let it start from nothing: `start-empty`",
    };
    item.error(Problem::new(code::NO_BACKUP, message, label).help(help));
}

/// Warnings about runbooks that change nothing, and backups that nobody restores.
pub(super) fn lint(cx: &Context<'_>, root: &Value, model: &Model) {
    for runbook in &model.runbooks {
        let (Trigger::Lost(region) | Trigger::Back(region)) = runbook.trigger else { continue };
        let name = model.world.region_name(region);
        let here = |target: &Target| match *target {
            Target::Domain(d) => {
                let domain = model.world.domain(d);
                domain.region == region && domain.kind >= DomainKind::Zone
            }
            Target::Link(_) | Target::Store { .. } => false,
        };
        let takes_out = |f: &FaultRule| f.effect.takes_out() && f.targets.iter().any(here);
        let stores = model.stores.iter().flat_map(|s| &s.regions).filter(|r| !r.joins_later);
        let tiers = model.tiers.iter().flat_map(|t| &t.sites).map(|s| s.region);
        let used = stores.map(|r| r.region).chain(tiers).any(|r| r == region);
        let (message, label) = if !used {
            let message = format!("runbook `{}` is about a region that nothing uses", runbook.name);
            (message, format!("no store, asset or tier is in `{name}`"))
        } else if !model.faults.iter().any(takes_out) {
            let message = format!("nothing ever starts runbook `{}`", runbook.name);
            (message, format!("no fault takes `{name}` or its zones down or cuts it off"))
        } else {
            continue;
        };
        let at = place(root, &["runbook", &runbook.name, "on"]);
        let problem = Problem::new(code::RUNBOOK_IDLE, message, label);
        cx.report(Severity::Warning, &at, &format!("runbook.{}.on", runbook.name), problem);
    }
    for (index, store) in model.stores.iter().enumerate() {
        let nobody = |b: &Backup| b.restore.decide.as_constant() == Some(Duration::NEVER);
        let ordered = |c: Command| matches!(c, Command::Restore { store, .. } if store as usize == index);
        if store.backup.as_ref().is_some_and(nobody) && !model.commands().any(ordered) {
            let at = place(root, &["asset", &store.name, "backup"]);
            let message = format!("nobody ever restores a backup of asset `{}`", store.name);
            let problem = Problem::new(code::NEVER_RESTORED, message, "made in vain").help(
                "let a step of a runbook do `restore`, or say who does: `restore = { notice = \"2h\", bandwidth = … }`",
            );
            cx.report(Severity::Warning, &at, &format!("asset.{}.backup", store.name), problem);
        }
    }
}
