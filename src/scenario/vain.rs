//! What was written in vain: regions that nothing uses, links that leave a region out, backups that overlap, choices that
//! change nothing.

use super::context::{Context, Problem};
use super::diagnostic::{Severity, code};
use super::lint::place;
use super::tree::{At, Kind, Origin, Value};
use crate::model::{
    Agreement, BackupPolicy, Command, DomainId, DomainKind, Effect, FaultRule, Member, Model, Placement,
    RegionId, Store, StoreRegion, Target, Trigger,
};
use core::ops::Range;

/// Warnings about one variant.
pub(super) fn lint(cx: &Context<'_>, root: &Value, model: &Model) {
    regions(cx, root, model);
    for (index, store) in model.stores.iter().enumerate() {
        links(cx, root, model, store);
        overlap(cx, root, store);
        fence(cx, root, model, index);
    }
}

/// Where a store or asset says something.
fn key(root: &Value, store: &Store, keys: &[&str]) -> (At, String) {
    let kind = if store.asset { "asset" } else { "store" };
    let keys: Vec<&str> = [kind, &store.name].into_iter().chain(keys.iter().copied()).collect();
    (place(root, &keys), keys.join("."))
}

/// Regions in which there is nothing.
fn regions(cx: &Context<'_>, root: &Value, model: &Model) {
    let world = &model.world;
    let mut used = vec![false; world.regions.len()];
    let mut note = |region: RegionId| used[region.0 as usize] = true;
    for store in &model.stores {
        store.regions.iter().for_each(|r| note(r.region));
        store.clients.iter().for_each(|c| note(c.region));
        store.backup.iter().flat_map(|b| &b.vaults).for_each(|v| note(v.region));
    }
    model.tiers.iter().flat_map(|t| &t.sites).for_each(|s| note(s.region));
    for member in model.blocks.iter().flat_map(|b| &b.members) {
        if let Member::Domain(d) = *member {
            note(world.domain(d).region);
        }
    }
    for runbook in &model.runbooks {
        if let Trigger::Lost(region) | Trigger::Back(region) = runbook.trigger {
            note(region);
        }
    }
    // A rule that strikes nothing else is told so itself.
    for target in model.faults.iter().flat_map(|f| &f.targets) {
        if let Target::Domain(d) = *target {
            note(world.domain(d).region);
        }
    }
    let Kind::Table(table) = &root.kind else { return };
    let Some(Kind::List(declared)) = table.get("region").map(|v| &v.kind) else { return };
    // The reader made one region of each element, in order.
    for ((value, id), _) in declared.iter().zip(0..).zip(used).filter(|(_, used)| !used) {
        let name = world.region_name(RegionId(id));
        let message = format!("nothing uses region `{name}`");
        let label = "nothing is there, nobody asks from there, and no fault strikes it";
        let problem = Problem::new(code::REGION_UNUSED, message, label)
            .help("add it to the `regions` of a store, or remove it");
        cx.report(Severity::Warning, &value.at, &format!("region[{name}]"), problem);
    }
}

/// Regions that declared links leave out, while other regions of the store have some.
fn links(cx: &Context<'_>, root: &Value, model: &Model, store: &Store) {
    let mut around: Vec<RegionId> = store.regions.iter().map(|r| r.region).collect();
    around.extend(store.clients.iter().map(|c| c.region));
    around.sort_unstable();
    around.dedup();
    let inside = model.world.links.iter().filter(|l| l.ends.iter().all(|end| around.contains(end)));
    let reached: Vec<RegionId> = inside.flat_map(|l| l.ends).collect();
    let left_out = store.regions.iter().find(|r| !reached.contains(&r.region));
    let (Some(region), false) = (left_out, reached.is_empty()) else { return };
    let name = model.world.region_name(region.region);
    let list = match (store.asset, &store.members) {
        (true, _) => "region",
        (_, Some(_)) => "members",
        _ => "regions",
    };
    let (at, path) = key(root, store, &[list]);
    let message = format!("no link reaches `{name}`, although links join other regions of `{}`", store.name);
    let label = format!("what goes to `{name}` never fails, and its round trip is unknown");
    let problem = Problem::new(code::LINK_MISSING, message, label);
    cx.report(
        Severity::Warning,
        &at,
        &path,
        problem.help(format!("declare a `[[link]]` with `{name}` at one end")),
    );
}

/// Backups that begin before the last one is complete.
fn overlap(cx: &Context<'_>, root: &Value, store: &Store) {
    let Some(BackupPolicy::Periodic { interval, duration, .. }) = store.backup.as_ref().map(|b| b.policy)
    else {
        return;
    };
    let takes = if store.asset { "takes" } else { "duration" };
    let (at, path) = key(root, store, &["backup", takes]);
    if duration > interval && !matches!(at.origin, Origin::Preset(_)) {
        let message = format!("a backup of `{}` begins before the last one is complete", store.name);
        let label = format!("one begins every {interval}");
        let problem = Problem::new(code::BACKUPS_OVERLAP, message, label);
        let problem = problem.help("several are made at the same time: back up less often, or faster");
        cx.report(Severity::Warning, &at, &path, problem);
    }
}

/// A fence that is left out where a leader cannot go on alone anyway.
fn fence(cx: &Context<'_>, root: &Value, model: &Model, index: usize) {
    let store = &model.stores[index];
    let others = match store.members.as_ref().map(|m| m.agreement) {
        Some(Agreement::Synchronous { .. }) => "its standbys",
        Some(Agreement::Majority) => "a majority",
        _ => return,
    };
    // A leader that is well when it is replaced would go on until then.
    let forced = |c| matches!(c, Command::ForceFailover { store, .. } if store as usize == index);
    if store.failover.fence || store.failover.gray_ppm > 0 || model.commands().any(forced) {
        return;
    }
    let (at, path) = key(root, store, &["failover", "fence"]);
    let message = format!("`{path}` makes no split brain");
    let label = format!("a leader that is cut off from {others} acknowledges nothing");
    let problem = Problem::new(code::FENCE_IDLE, message, label);
    let help =
        "leave it out; with \"asynchronous\" replication it decides whether an isolated leader goes on";
    cx.report(Severity::Warning, &at, &path, problem.help(help));
}

/// Whether a rule strikes something that is measured or watched.
pub(super) fn touches(model: &Model, rule: &FaultRule, target: Target) -> bool {
    let world = &model.world;
    match target {
        Target::Store { store, region } => {
            let store = &model.stores[store as usize];
            region.is_none_or(|region| store.regions.iter().any(|r| r.region == region))
        }
        Target::Link(id) => world.links[id.0 as usize].ends.iter().any(|&end| talks(model, end)),
        Target::Domain(id) => {
            let domain = world.domain(id);
            // Clients in a region go on when it is down, but not when it is cut off.
            if rule.effect == Effect::Isolate && talks(model, domain.region) {
                return true;
            }
            let overlaps =
                |other: &Range<u32>| other.start < domain.nodes.end && domain.nodes.start < other.end;
            let on = |d| overlaps(&world.domain(d).nodes);
            let vaults = model.stores.iter().flat_map(|s| &s.backup).flat_map(|b| &b.vaults);
            let watched = |t: &Trigger| match t {
                Trigger::Lost(r) | Trigger::Back(r) => *r == domain.region && domain.kind >= DomainKind::Zone,
                Trigger::At(_) => false,
            };
            model.stores.iter().flat_map(|s| &s.regions).any(|r| on(holds(model, r)))
                || vaults.into_iter().any(|v| on(v.zone.unwrap_or(world.regions[v.region.0 as usize])))
                || model
                    .blocks
                    .iter()
                    .flat_map(|b| &b.members)
                    .any(|m| matches!(m, Member::Domain(d) if on(*d)))
                || model.runbooks.iter().any(|r| watched(&r.trigger))
                || tier_in(model, &domain.nodes)
        }
    }
}

/// Where replicas of a store in one of its regions may lie, or zones that count for it.
fn holds(model: &Model, region: &StoreRegion) -> DomainId {
    match region.placement {
        Placement::Zonal(zone) | Placement::Unzoned(zone)
            if region.spread_ppm == 0 && region.min_zones <= 1 =>
        {
            zone
        }
        _ => model.world.regions[region.region.0 as usize],
    }
}

/// Whether a store or its clients are in a region.
fn talks(model: &Model, region: RegionId) -> bool {
    let here = |s: &Store| {
        s.regions.iter().any(|r| r.region == region) || s.clients.iter().any(|c| c.region == region)
    };
    model.stores.iter().any(here)
}

/// Whether a tier has instances on any of these nodes.
fn tier_in(model: &Model, nodes: &Range<u32>) -> bool {
    let sites = model.tiers.iter().flat_map(|t| &t.sites);
    sites.flat_map(|s| &s.nodes).any(|n| nodes.contains(&n.0))
}
