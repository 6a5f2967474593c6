//! Scripted actions.

use super::context::Problem;
use super::diagnostic::code;
use super::failover;
use super::reader::{Item, Reader};
use super::store::throughput;
use super::suggest;
use crate::model::{Action, Command, Store, World};
use crate::units::Duration;

/// The verbs; each is a key whose value names the store.
const VERBS: [&str; 6] =
    ["failover", "force-failover", "offline", "online", "set-failover", "set-throughput"];

/// Reads `[[action]]`, sorted by time. Problems with the stores hide unknown names: `complete` is false then.
pub(super) fn read(
    root: &Reader<'_>,
    world: &World,
    stores: &[Store],
    complete: bool,
    horizon: Duration,
) -> Vec<Action> {
    let Some(list) = root.get("action") else { return Vec::new() };
    let mut actions = Vec::new();
    for item in list.list().unwrap_or_default() {
        if item.cx.full() {
            break;
        }
        let Some(r) = item.table() else { continue };
        let at_item = r.require("at", "\"100d\"");
        let at = at_item.as_ref().and_then(|i| i.duration());
        let command = r
            .require("do", "{ failover = \"orders\", to = \"northeurope\" }")
            .and_then(|i| command(root, &i, world, stores, complete));
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

fn command(
    root: &Reader<'_>,
    item: &Item<'_>,
    world: &World,
    stores: &[Store],
    complete: bool,
) -> Option<Command> {
    let r = item.table()?;
    let given: Vec<(usize, Item<'_>)> =
        VERBS.iter().enumerate().filter_map(|(i, verb)| Some((i, r.get(verb)?))).collect();
    let [(verb, name)] = &given[..] else {
        let label = if given.is_empty() { "says nothing to do" } else { "says several things to do" };
        let problem = Problem::new(code::ACTION, "an action does one thing", label);
        let misspelt = r.table.entries.iter().find_map(|e| suggest::nearest(&e.key, &VERBS));
        item.error(match misspelt {
            Some(verb) if given.is_empty() => problem.help(format!("did you mean `{verb}`?")),
            _ => problem.help(format!("give one of {}", suggest::list(&VERBS))),
        });
        return None;
    };
    let index = store(name, stores, complete);
    let found = index.map(|i| &stores[i as usize]);
    let region = |key| {
        let item = r.require(key, "\"westeurope\"")?;
        region(&item, world, found?)
    };
    let command = match VERBS[*verb] {
        "failover" => region("to").zip(index).map(|(to, store)| Command::Failover { store, to }),
        "force-failover" => match r.get("to") {
            None => index.map(|store| Command::ForceFailover { store, to: None }),
            Some(_) => {
                region("to").zip(index).map(|(to, store)| Command::ForceFailover { store, to: Some(to) })
            }
        },
        "offline" => region("region").zip(index).map(|(region, store)| Command::Offline { store, region }),
        "online" => region("region").zip(index).map(|(region, store)| Command::Online { store, region }),
        "set-failover" => {
            let item = r.require("mode", "\"none\"");
            let mode = item.as_ref().and_then(failover::mode);
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

fn store(item: &Item<'_>, stores: &[Store], complete: bool) -> Option<u32> {
    let text = item.text()?;
    let found = stores.iter().position(|s| s.name == text);
    if found.is_none() && complete {
        let names: Vec<&str> = stores.iter().map(|s| s.name.as_str()).collect();
        let problem = Problem::new(code::ACTION, format!("unknown store `{text}`"), "no such store");
        item.error(problem.did_you_mean(text, &names));
    }
    found.map(|i| i as u32)
}

fn region(item: &Item<'_>, world: &World, store: &Store) -> Option<u8> {
    let text = item.text()?;
    let names: Vec<&str> = store.regions.iter().map(|r| world.region_name(r.region)).collect();
    let found = names.iter().position(|n| *n == text);
    if found.is_none() {
        let message = format!("store `{}` is not in a region `{text}`", store.name);
        let problem = Problem::new(code::ACTION, message, "no region of this store");
        item.error(problem.did_you_mean(text, &names));
    }
    found.map(|i| i as u8)
}
