//! Scripted actions.

use super::context::Problem;
use super::diagnostic::code;
use super::reader::{Item, Reader};
use super::store::throughput;
use super::suggest;
use super::tree::Entry;
use super::{failover, front};
use crate::model::{Action, Command, Router, Store, Tier, World, Writes};
use crate::units::Duration;

/// The verbs; each is a key whose value names the store, the tier or the router.
pub(super) const VERBS: [&str; 11] = [
    "failover",
    "force-failover",
    "offline",
    "online",
    "set-failover",
    "set-throughput",
    "add-region",
    "scale",
    "route",
    "restore",
    "start-empty",
];
/// What people try and no store can do, known only to be refused.
const SWITCH_ZONES: &str = "set-zones";

/// The tables of all that is done, by actions and by steps of runbooks. What is wrong with them is said elsewhere.
pub(super) fn deeds<'a>(root: &Reader<'a>) -> Vec<Item<'a>> {
    let list = |r: &Reader<'a>, key| {
        let list = r.get(key).filter(Item::is_list).and_then(|i| i.list()).unwrap_or_default();
        list.into_iter().filter(Item::is_table)
    };
    let runbooks = root.get("runbook").filter(Item::is_table).and_then(|i| i.table());
    let inside = runbooks.iter().flat_map(|all| {
        let item = |e: &'a Entry| Item { cx: all.cx, value: &e.value, path: all.sub(&e.key) };
        all.table.entries.iter().map(item).filter(Item::is_table)
    });
    let steps = inside.filter_map(|i| i.table()).flat_map(|r| list(&r, "step").collect::<Vec<_>>());
    let entries = list(root, "action").chain(steps);
    entries.filter_map(|entry| entry.table()?.get("do")).filter(Item::is_table).collect()
}

/// The tables of what adds a region to a store.
pub(super) fn additions<'a>(root: &Reader<'a>, store: &str) -> Vec<Item<'a>> {
    // One that names no region adds none: it is refused, the store is not.
    let adds = |item: &Item<'_>| {
        let Some(r) = item.table() else { return false };
        let verb = r.get("add-region");
        verb.is_some_and(|i| i.maybe_text() == Some(store)) && r.get("region").is_some()
    };
    deeds(root).into_iter().filter(adds).collect()
}

/// The tables of what restores a store, or starts it from nothing, somewhere.
pub(super) fn destinations<'a>(root: &Reader<'a>, store: &str) -> Vec<Item<'a>> {
    let goes = |item: &Item<'_>| {
        let Some(r) = item.table() else { return false };
        let mut named = ["restore", "start-empty"].into_iter().filter_map(|verb| r.get(verb));
        r.get("in").is_some() && named.any(|i| i.maybe_text() == Some(store))
    };
    deeds(root).into_iter().filter(goes).collect()
}

/// The region that an action adds is there already.
pub(super) fn there_already(item: &Item<'_>, region: &str) {
    let message = format!("the store is in `{region}` already, or another action adds it");
    let problem = Problem::new(code::ACTION, message, "a region is added once");
    item.error(problem.help("the zones of a region cannot be switched later (rule c02): add another region"));
}

/// What a command can be about.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub root: &'a Reader<'a>,
    pub world: &'a World,
    /// Stores and assets.
    pub stores: &'a [Store],
    /// `None` if not all could be read.
    pub tiers: Option<&'a [Tier]>,
    pub routers: Option<&'a [Router]>,
    /// Whether all stores that were declared could be read; if not, unknown names are not reported.
    pub complete: bool,
}

/// Most actions of a scenario.
const MAX_ACTIONS: usize = 10_000;

/// Reads `[[action]]`, sorted by time.
pub(super) fn read(root: &Reader<'_>, known: Known<'_>, horizon: Duration) -> Vec<Action> {
    let Some(list) = root.get("action") else { return Vec::new() };
    let mut actions = Vec::new();
    let items = list.list().unwrap_or_default();
    if items.len() > MAX_ACTIONS {
        let label = format!("at most {MAX_ACTIONS} are read");
        list.error(Problem::new(code::LIMIT, format!("{} actions", items.len()), label));
        return actions;
    }
    for item in items {
        if item.cx.full() {
            break;
        }
        let Some(r) = item.table() else { continue };
        let at_item = r.require("at", "\"100d\"");
        let at = at_item.as_ref().and_then(|i| i.duration());
        let command = r.require("do", "{ failover = \"orders\", to = \"northeurope\" }").and_then(|i| {
            let command = command(&i, known)?;
            if let Command::Restore { store, .. } = command {
                has_pace(&i, &known.stores[store as usize]);
            }
            Some(command)
        });
        if let (Some(at), Some(item)) = (at, &at_item)
            && at > horizon
        {
            let label = format!("the horizon is {horizon}");
            item.warn(Problem::new(code::AFTER_HORIZON, "this action comes after the horizon", label));
        }
        r.close();
        if let (Some(at), Some(command)) = (at, command) {
            actions.push(Action { at, command });
        }
    }
    actions.sort_by_key(|a| a.at);
    actions
}

/// An action copies as the store's `restore` says, a runbook with its own bandwidth.
fn has_pace(item: &Item<'_>, store: &Store) {
    let restore = store.backup.as_ref().map(|b| &b.restore);
    if store.asset && restore.is_some_and(|r| r.decide.as_constant() == Some(Duration::NEVER)) {
        let message = format!("nothing says how fast `{}` is restored", store.name);
        let problem = Problem::new(code::ACTION, message, "by an action, at the asset's own bandwidth");
        item.error(problem.help("give the asset `restore = { bandwidth = \"100MB/s\" }`"));
    }
}

/// The one verb of a command, with the name of what it is done to.
fn verb<'a>(item: &Item<'a>, r: &Reader<'a>) -> Option<(&'static str, Item<'a>)> {
    let mut given: Vec<(&str, Item<'_>)> =
        VERBS.iter().filter_map(|verb| Some((*verb, r.get(verb)?))).collect();
    if given.len() == 1 {
        return given.pop();
    }
    let label = if given.is_empty() { "says nothing to do" } else { "says several things to do" };
    let problem = Problem::new(code::ACTION, "an action does one thing", label);
    let misspelt = r.table.entries.iter().find_map(|e| suggest::nearest(&e.key, &VERBS));
    item.error(match misspelt {
        Some(verb) if given.is_empty() => problem.help(format!("did you mean `{verb}`?")),
        _ => problem.help(format!("give one of {}", suggest::list(&VERBS))),
    });
    None
}

/// Reads one thing to do: of an action, or of a step of a runbook.
pub(super) fn command(item: &Item<'_>, known: Known<'_>) -> Option<Command> {
    let Known { root, world, stores, complete, .. } = known;
    let r = item.table()?;
    if let Some(name) = r.get(SWITCH_ZONES) {
        switch_zones(&name, &r);
        return None;
    }
    let (verb, name) = verb(item, &r)?;
    let in_front = match verb {
        "scale" => Some(front::scale(&name, &r, world, known.tiers)),
        "route" => Some(front::route(&name, &r, world, known.routers)),
        _ => None,
    };
    if let Some(command) = in_front {
        r.close();
        return command;
    }
    let names: Vec<&str> = stores.iter().map(|s| s.name.as_str()).collect();
    let index = name.index_in(code::ACTION, "store", &names, complete);
    let found = index.map(|i| &stores[i as usize]);
    let region = |key| {
        let item = r.require(key, "\"westeurope\"")?;
        region(&item, world, found?)
    };
    let command = match verb {
        "failover" => region("to").zip(index).map(|(to, store)| Command::Failover { store, to }),
        "force-failover" => match r.get("to") {
            None => index.map(|store| Command::ForceFailover { store, to: None }),
            Some(_) => {
                region("to").zip(index).map(|(to, store)| Command::ForceFailover { store, to: Some(to) })
            }
        },
        "offline" => region("region").zip(index).map(|(region, store)| Command::Offline { store, region }),
        "online" => region("region").zip(index).map(|(region, store)| Command::Online { store, region }),
        "add-region" => {
            r.know(&["zones", "zone", "spread_probability"]);
            let region = region("region");
            if let (Some(store), Some(region)) = (found, region) {
                can_be_added(item, world, store, region);
            }
            region.zip(index).map(|(region, store)| Command::AddRegion { store, region })
        }
        verb @ ("restore" | "start-empty") => {
            let into = region("in");
            know_placement(&r, found, into);
            found.zip(index).and_then(|(own, store)| match verb {
                "restore" => restorable(item, own).and(into).map(|into| Command::Restore { store, into }),
                _ => moves_whole(item, own).and(into).map(|into| Command::StartEmpty { store, into }),
            })
        }
        "set-failover" => {
            let item = r.require("mode", "\"none\"");
            let led = found.is_some_and(|s| s.members.is_some());
            let mode = item.as_ref().and_then(|item| failover::mode(item, led));
            if let (Some(item), Some(store)) = (&item, found) {
                failover::check_switch(root, item, store);
            }
            mode.zip(index).map(|(mode, store)| Command::SetFailover { store, mode })
        }
        _ => {
            let value = r.require("value", "10_000").and_then(|i| throughput(&i));
            value.zip(index).map(|(throughput_mru, store)| Command::SetThroughput { store, throughput_mru })
        }
    };
    r.close();
    command
}

fn region(item: &Item<'_>, world: &World, store: &Store) -> Option<u8> {
    let text = item.text()?;
    let names: Vec<&str> = (0..store.regions.len()).map(|r| store.place_name(world, r)).collect();
    let found = names.iter().position(|n| *n == text);
    if found.is_none() {
        let what = if store.members.is_some() { "member" } else { "region" };
        let message = match what {
            "member" => format!("store `{}` has no member `{text}`", store.name),
            _ => format!("store `{}` is not in a region `{text}`", store.name),
        };
        let problem = Problem::new(code::ACTION, message, format!("no {what} of this store"));
        item.error(problem.did_you_mean(text, &names));
    }
    found.map(|i| i as u8)
}

/// Where a store comes to only now, it is said how it lies there; an asset is always spread over all zones.
fn know_placement(r: &Reader<'_>, store: Option<&Store>, into: Option<u8>) {
    let new = |store: &Store| into.is_none_or(|r| store.regions[usize::from(r)].joins_later);
    if store.is_none_or(|s| !s.asset && new(s)) {
        r.know(&["zones", "zone", "spread_probability"]);
    }
}

/// With several write regions each has its own log, which is restored in its own region.
fn moves_whole(item: &Item<'_>, store: &Store) -> Option<()> {
    if store.writes == Writes::Multi {
        let message = format!("`{}` has several write regions: it cannot go on in one of them", store.name);
        let problem = Problem::new(code::ACTION, message, "every region takes writes");
        item.error(
            problem.help("the others go on by themselves; `restore` of the store brings back the rest"),
        );
        return None;
    }
    Some(())
}

fn restorable(item: &Item<'_>, store: &Store) -> Option<()> {
    moves_whole(item, store)?;
    if store.backup.is_none() {
        let message = format!("`{}` has no backup to restore", store.name);
        let problem = Problem::new(code::NO_BACKUP, message, "there is nothing to restore");
        item.error(problem.help("give it a `backup`, or let it start from nothing: `start-empty`"));
        return None;
    }
    Some(())
}

/// Zone redundancy is chosen when a region is added.
fn switch_zones(name: &Item<'_>, r: &Reader<'_>) {
    let text = |key| r.get(key).and_then(|i| i.maybe_text()).unwrap_or("…").to_owned();
    let message = "the zones of an existing region cannot be switched (rule c02)";
    let problem = Problem::new(code::SWITCH_ZONES, message, "zones are chosen when a region is added");
    let (store, zones) = (name.maybe_text().unwrap_or("…"), text("zones"));
    name.error(problem.help(format!(
        "add a region with zones instead: `do = {{ add-region = \"{store}\", region = \"…\", zones = \"{zones}\" }}`, \
         fail over to it, and take `{}` offline",
        text("region")
    )));
}

/// A region that is added gets its data over a link, or as fast as replicas are rebuilt, and takes no writes.
fn can_be_added(item: &Item<'_>, world: &World, store: &Store, region: u8) {
    if store.writes == Writes::Multi {
        let message = "a region cannot be added to a store with several write regions in this version";
        let problem = Problem::new(code::ACTION, message, "it would take writes as well");
        item.error(problem.help("list it in `regions` from the start, or use `writes = \"single-region\"`"));
    }
    let home = store.regions[usize::from(region)].region;
    let linked = store.regions.iter().filter_map(|r| world.link_between(home, r.region));
    let mut bandwidths = linked.map(|l| world.links[l.0 as usize].bandwidth);
    if store.rebuild.is_none() && !bandwidths.any(|b| b.is_some()) {
        let name = world.region_name(home);
        let problem = Problem::new(
            code::ACTION,
            format!("`{name}` would never get its data"),
            "no `rebuild`, and no link with `bandwidth`",
        );
        item.error(
            problem.help("give the store `rebuild = { bandwidth = \"100MB/s\" }`, or the link a `bandwidth`"),
        );
    }
}
