//! What stands in front of stores: `[tier.NAME]`, `[router.NAME]`, and what actions do to them.

use super::action;
use super::context::Problem;
use super::diagnostic::code;
use super::failover;
use super::law;
use super::price as money;
use super::reader::{Item, Named, Reader};
use super::store;
use super::suggest;
use super::world::{duplicate, unknown_region};
use crate::model::{
    Balance, Command, DomainId, DomainKind, NodeId, RegionId, Router, Tier, TierPrice, TierSite, World,
};
use crate::units::Duration;

/// Most tiers and routers of each, instances of a tier, and targets of a router.
const MAX_PARTS: usize = 1000;
const MAX_INSTANCES: u64 = 10_000;
const MAX_TARGETS: usize = 32;
pub(super) const BALANCES: [&str; 3] = ["spread", "first", "manual"];

/// Entries of a table of tables, unless there are too many.
fn entries<'a>(root: &Reader<'a>, key: &'static str) -> Vec<Named<'a>> {
    let Some(table) = root.table(key) else { return Vec::new() };
    let named = table.named();
    if named.len() > MAX_PARTS {
        let label = format!("at most {MAX_PARTS} are read");
        table.error(Problem::new(code::LIMIT, format!("too many {key}s"), label));
        return Vec::new();
    }
    named
}

/// Reads `[tier.NAME]`; `None` if one cannot be read.
pub(super) fn tiers(root: &Reader<'_>, world: &World) -> Option<Vec<Tier>> {
    let named = entries(root, "tier");
    let read = named.iter().map(|Named { name, item, .. }| {
        let r = item.table()?;
        let found = tier(root, name, &r, world);
        r.close();
        found
    });
    let read: Vec<Option<Tier>> = read.collect();
    read.into_iter().collect()
}

fn tier(root: &Reader<'_>, name: &str, r: &Reader<'_>, world: &World) -> Option<Tier> {
    let sites_item = r.require("sites", "{ westeurope = 3 }");
    let running = sites_item.as_ref().and_then(|i| counts(i, world));
    let most = r.get("most").map_or(Some(Vec::new()), |i| counts(&i, world));
    let needed_item = r.require("needed", "2");
    let needed = needed_item.as_ref().and_then(|i| i.integer(1..=MAX_INSTANCES));
    let start = r.get("start").map_or(Some(law::instant()), |i| i.law());
    let reschedule = match r.get("reschedule") {
        None => Some(None),
        Some(item) if item.maybe_text() == Some("never") => Some(None),
        Some(item) => item.law().map(Some),
    };
    let zone = r.get("zone");
    let price = r.get("price").map_or(Some(None), |i| price(&i).map(Some));
    let (running, most, needed) = (running?, most?, needed?);
    if running.is_empty() {
        let problem = Problem::new(code::TIER, format!("tier `{name}` runs nowhere"), "names no region");
        sites_item?.error(problem);
        return None;
    }
    let mut sites = Vec::new();
    for &(region, running) in &running {
        let mut zones: Vec<DomainId> = world.zones(region).collect();
        if let Some(zone) = &zone {
            zones = vec![store::zone(zone, world, &zones)?];
        }
        let asked = most.iter().find(|(r, _)| *r == region).map(|(_, most)| *most);
        let scaled = asked_for(root, name, world.region_name(region)).max(running);
        let most = asked.unwrap_or(scaled);
        if most < scaled {
            let message =
                format!("more than {most} instances of `{name}` in `{}`", world.region_name(region));
            let label = format!("{scaled} run there, at the start or once an action asks for them");
            r.get("most")?.error(Problem::new(code::TIER, message, label));
            return None;
        }
        sites.push(TierSite { region, nodes: nodes(world, &zones, most), running: running as u32 });
    }
    if let Some((region, _)) = most.iter().find(|(r, _)| running.iter().all(|(known, _)| known != r)) {
        let message = format!("tier `{name}` has no site in `{}`", world.region_name(*region));
        let problem = Problem::new(code::TIER, message, "not among `sites`");
        r.get("most")?.error(problem.help("add it to `sites`, with 0 instances if none runs at the start"));
        return None;
    }
    let all: u64 = sites.iter().map(|s| s.nodes.len() as u64).sum();
    if all < needed {
        let message =
            format!("tier `{name}` needs {needed} of at most {all} instances: it can never carry its load");
        needed_item?.error(Problem::new(
            code::TIER,
            message,
            format!("at most {all} run at all sites together"),
        ));
        return None;
    }
    Some(Tier {
        name: name.to_owned(),
        sites,
        needed: needed as u32,
        start: start?,
        reschedule: reschedule?,
        price: price?,
    })
}

fn price(item: &Item<'_>) -> Option<TierPrice> {
    let r = item.table()?;
    let hour = r.require("per_instance_hour", "0.1").and_then(|i| money::nano(&i));
    let currency = r.get("currency").map_or(Some(None), |i| money::currency(&i).map(Some));
    r.close();
    Some(TierPrice { instance_nano: hour?, currency: currency? })
}

/// Instances by region.
fn counts(item: &Item<'_>, world: &World) -> Option<Vec<(RegionId, u64)>> {
    let names: Vec<&str> = (0..world.regions.len() as u32).map(|r| world.region_name(RegionId(r))).collect();
    let named = item.table()?.named();
    let read = named.iter().map(|Named { name, at, item }| {
        let region = names.iter().position(|n| n == name).map(|i| RegionId(i as u32));
        if region.is_none() {
            unknown_region(item.cx, at, &item.path, name, &names);
        }
        let count = item.integer(0..=MAX_INSTANCES);
        region.zip(count)
    });
    let read: Vec<Option<(RegionId, u64)>> = read.collect();
    read.into_iter().collect()
}

/// The most instances that anything asks for in a region.
fn asked_for(root: &Reader<'_>, tier: &str, region: &str) -> u64 {
    let asked = action::deeds(root).into_iter().filter_map(|deed| {
        let r = deed.table()?;
        let text = |key| r.get(key).and_then(|i| i.maybe_text());
        let named = text("scale") == Some(tier) && text("in") == Some(region);
        r.get("instances").filter(|_| named)?.maybe_integer()
    });
    asked.filter(|n| *n <= MAX_INSTANCES).max().unwrap_or(0)
}

/// The node of each instance: one zone after the other, in each zone one node after the other.
fn nodes(world: &World, zones: &[DomainId], most: u64) -> Vec<NodeId> {
    let of_zone = |i: u64| {
        let nodes = &world.domain(zones[(i % zones.len() as u64) as usize]).nodes;
        NodeId(nodes.start + (i / zones.len() as u64 % nodes.len() as u64) as u32)
    };
    (0..most).map(of_zone).collect()
}

/// Reads `[router.NAME]`; `None` if one cannot be read.
pub(super) fn routers(root: &Reader<'_>, world: &World, tiers: Option<&[Tier]>) -> Option<Vec<Router>> {
    let named = entries(root, "router");
    let read = named.iter().map(|Named { name, item, .. }| {
        let r = item.table()?;
        let found = router(name, &r, world, tiers);
        r.close();
        found
    });
    let read: Vec<Option<Router>> = read.collect();
    read.into_iter().collect()
}

fn router(name: &str, r: &Reader<'_>, world: &World, tiers: Option<&[Tier]>) -> Option<Router> {
    let tier = r.require("tier", "\"api\"").and_then(|i| tier_named(&i, code::ROUTER, tiers?));
    let targets = r.require("targets", "[\"westeurope/1\", \"westeurope/2\"]");
    let targets = targets.and_then(|i| self::targets(&i, world, &tiers?[tier? as usize]));
    let balance = r.get("balance").map_or(Some(0), |i| i.word(&BALANCES));
    let detect = r.get("detect").map_or(Some(law::instant()), |i| failover::detect(&i));
    let ttl = r.get("ttl").map_or(Some(Duration::ZERO), |i| i.duration());
    let stale = match r.get("ignore_ttl") {
        None => Some((0, law::instant())),
        Some(item) => item.table().and_then(|t| {
            let share = t.require("share", "0.05").and_then(|i| i.millionths());
            let law = t.require("for", "\"1h\"").and_then(|i| i.law());
            t.close();
            share.zip(law)
        }),
    };
    let (stale_ppm, stale_for) = stale?;
    Some(Router {
        name: name.to_owned(),
        tier: tier?,
        targets: targets?,
        balance: [Balance::Spread, Balance::First, Balance::Manual][balance?],
        detect: detect?,
        ttl: ttl?,
        stale_ppm,
        stale_for,
    })
}

/// Zones or regions in which a tier runs.
fn targets(item: &Item<'_>, world: &World, tier: &Tier) -> Option<Vec<DomainId>> {
    let items = item.list()?;
    if items.is_empty() || items.len() > MAX_TARGETS {
        let message = format!("`{}` has {} targets", item.path, items.len());
        item.error(Problem::new(code::ROUTER, message, format!("from 1 to {MAX_TARGETS}")));
        return None;
    }
    let mut found: Vec<DomainId> = Vec::new();
    for element in &items {
        let Some(target) = target(element, world, tier) else { continue };
        let nodes = &world.domain(target).nodes;
        let overlaps = |other: &&DomainId| {
            let other = &world.domain(**other).nodes;
            other.start < nodes.end && nodes.start < other.end
        };
        match found.iter().find(overlaps) {
            Some(&other) if other == target => duplicate(element, "target", element.text()?),
            Some(&other) => {
                let message = format!("`{}` lies in another target, or around it", element.text()?);
                let label = format!("`{}` is a target too", world.domain(other).path);
                element.error(Problem::new(code::ROUTER, message, label));
            }
            None => found.push(target),
        }
    }
    (found.len() == items.len()).then_some(found)
}

fn target(item: &Item<'_>, world: &World, tier: &Tier) -> Option<DomainId> {
    let text = item.text()?;
    let can_be = |kind| matches!(kind, DomainKind::Region | DomainKind::Zone);
    let found = world.domains.iter().position(|d| d.path == text && can_be(d.kind));
    let Some(found) = found else {
        let places = world.domains.iter().filter(|d| can_be(d.kind)).map(|d| d.path.as_str());
        let places: Vec<&str> = places.collect();
        let problem =
            Problem::new(code::UNKNOWN_PLACE, format!("unknown zone or region `{text}`"), "no such place");
        item.error(problem.did_you_mean(text, &places));
        return None;
    };
    let domain = &world.domains[found];
    let site = tier.sites.iter().find(|s| s.region == domain.region);
    if !site.is_some_and(|s| s.nodes.iter().any(|n| domain.nodes.contains(&n.0))) {
        let message = format!("tier `{}` has no instances in `{text}`", tier.name);
        let problem = Problem::new(code::ROUTER, message, "nothing there would answer");
        item.error(match site {
            None => problem.help(format!("add `{}` to its `sites`", world.region_name(domain.region))),
            Some(_) => problem.help("instances go to the zones of a region in turn: give it more of them"),
        });
        return None;
    }
    Some(DomainId(found as u32))
}

fn tier_named(item: &Item<'_>, code: &'static str, tiers: &[Tier]) -> Option<u32> {
    let names: Vec<&str> = tiers.iter().map(|t| t.name.as_str()).collect();
    item.index_in(code, "tier", &names, true)
}

/// Reads `{ scale = TIER, in = REGION, instances = N }`.
pub(super) fn scale(
    name: &Item<'_>,
    r: &Reader<'_>,
    world: &World,
    tiers: Option<&[Tier]>,
) -> Option<Command> {
    let region = r.require("in", "\"westeurope\"");
    let instances = r.require("instances", "6").and_then(|i| i.integer(0..=MAX_INSTANCES));
    let index = tier_named(name, code::ACTION, tiers?)?;
    let tier = &tiers?[index as usize];
    let region = region?;
    let text = region.text()?;
    let sites: Vec<&str> = tier.sites.iter().map(|s| world.region_name(s.region)).collect();
    let Some(site) = sites.iter().position(|s| *s == text) else {
        let message = format!("tier `{}` has no site in `{text}`", tier.name);
        region.error(Problem::new(code::ACTION, message, "not among its `sites`").did_you_mean(text, &sites));
        return None;
    };
    Some(Command::Scale { tier: index, site: site as u8, instances: instances? as u32 })
}

/// Reads `{ route = ROUTER, to = TARGET }`.
pub(super) fn route(
    name: &Item<'_>,
    r: &Reader<'_>,
    world: &World,
    routers: Option<&[Router]>,
) -> Option<Command> {
    let to = r.require("to", "\"westeurope\"");
    let names: Vec<&str> = routers?.iter().map(|r| r.name.as_str()).collect();
    let index = name.index_in(code::ACTION, "router", &names, true)?;
    let router = &routers?[index as usize];
    if router.balance != Balance::Manual {
        let message = format!("router `{}` chooses its targets itself", router.name);
        let problem = Problem::new(code::ACTION, message, "nobody tells it");
        name.error(problem.help("give it `balance = \"manual\"`"));
        return None;
    }
    let to = to?;
    let text = to.text()?;
    let targets: Vec<&str> = router.targets.iter().map(|&t| world.domain(t).path.as_str()).collect();
    let Some(target) = targets.iter().position(|t| *t == text) else {
        let message = format!("router `{}` has no target `{text}`", router.name);
        let problem = Problem::new(code::ACTION, message, format!("expected {}", suggest::list(&targets)));
        to.error(problem);
        return None;
    };
    Some(Command::Route { router: index, to: target as u8 })
}
