//! Assets: data of the customer, simulated as stores (rules i06, i07, i10).

use super::action;
use super::backup;
use super::context::Problem;
use super::diagnostic::code;
use super::failover;
use super::law;
use super::reader::{Item, Named, Reader};
use super::store;
use super::world::region_of;
use crate::model::{
    Backup, BackupPolicy, Client, Conflicts, Consistency, OnReturn, Placement, Profile, Rebuild, Redirect,
    RegionId, Resolve, Restore, Routing, Store, StoreRegion, Tokens, Vault, World, Writes,
};
use crate::rng::Law;
use crate::units::Duration;

/// Replicas in a region, spread over its zones (rule i06).
const REPLICAS: u8 = 3;
/// At this rate a replica that was lost is made again, in bytes per second (assumption: documents say nothing).
const REBUILD: u64 = 100_000_000;
/// Highest rate per second.
const MAX_RATE: u64 = 1_000_000_000;
/// Most assets.
const MAX_ASSETS: usize = 1000;

/// Reads `[asset.NAME]`; assets come behind the stores.
pub(super) fn read(root: &Reader<'_>, world: &World, stores: &mut Vec<Store>) {
    let Some(table) = root.table("asset") else { return };
    let named = table.named();
    if named.len() > MAX_ASSETS {
        return table.error(Problem::new(
            code::LIMIT,
            "too many assets",
            format!("at most {MAX_ASSETS} are read"),
        ));
    }
    for Named { name, item, .. } in named {
        let Some(r) = item.table() else { continue };
        if stores.iter().any(|s| s.name == name) {
            let message = format!("`{name}` is a store and an asset");
            let problem = Problem::new(code::ASSET, message, "the name is taken by a store");
            item.error(problem.help("actions and results call both by their names: choose another one"));
        }
        let found = asset(name, &r, world, &action::destinations(root, name));
        r.close();
        stores.extend(found);
    }
}

fn asset(name: &str, r: &Reader<'_>, world: &World, restored: &[Item<'_>]) -> Option<Store> {
    r.know(&["restore"]);
    let home = r.require("region", "\"us-south\"");
    let region = home.as_ref().and_then(|i| region_of(world, i));
    let data_bytes = r.get("size").map_or(Some(0), |i| i.bytes(""));
    let rate = |key, default| r.get(key).map_or(Some(default), |i: Item<'_>| i.thousandths(MAX_RATE));
    let (writes_mps, reads_mps) = (rate("changes_per_second", 0), rate("reads_per_second", 1000));
    let sync = sync(r, world, region);
    let own = backup(r, world);
    let (home, region, sync) = (home?, region?, sync?);
    let fits =
        |at: &Item<'_>, region: RegionId| store::fits(at, world, world.regions[region.0 as usize], REPLICAS);
    let mut regions = Vec::new();
    for at in core::iter::once(region).chain(sync.as_ref().map(|(to, _)| *to)) {
        fits(&home, at)?;
        regions.push(whole(at));
    }
    for item in restored {
        let to = region_of(world, &item.table()?.get("in")?)?;
        if regions.iter().all(|r| r.region != to) {
            fits(item, to)?;
            regions.push(StoreRegion { joins_later: true, ..whole(to) });
        }
    }
    if regions.len() > store::MAX_REGIONS {
        let label = format!("it would be in {}", regions.len());
        home.error(Problem::new(code::LIMIT, "an asset is restored to too many regions", label));
        return None;
    }
    let restore = own_restore(r, world, &regions, own.as_ref()?.is_some());
    let (own, restore) = (own?, restore?);
    let backup = own.map(|(policy, to)| {
        // Wherever the asset is: its backups lie where the customer keeps them, or beside it.
        let vault = |r: &StoreRegion| Vault { region: to.unwrap_or(r.region), zone: None };
        Backup { policy, vaults: regions.iter().map(vault).collect(), restore }
    });
    let order: Vec<u8> = (0..regions.len() as u8).collect();
    let client = Client {
        region,
        writes_mps: writes_mps?,
        reads_mps: reads_mps?,
        write_order: order.clone(),
        order,
        redirect: Redirect::After(law::instant()),
        routing: Routing::Fixed,
        tokens: Tokens::None,
        timeout: Duration::ZERO,
    };
    let lag = sync.map_or_else(law::instant, |(_, lag)| lag);
    Some(lowered(name, regions, client, data_bytes?, lag, backup))
}

/// A region in which an asset is spread over all zones.
fn whole(region: RegionId) -> StoreRegion {
    StoreRegion {
        region,
        placement: Placement::ZoneRedundant,
        min_zones: 1,
        spread_ppm: 0,
        joins_later: false,
    }
}

/// The store that an asset is.
fn lowered(
    name: &str,
    regions: Vec<StoreRegion>,
    client: Client,
    data_bytes: u64,
    lag: Law,
    backup: Option<Backup>,
) -> Store {
    Store {
        name: name.to_owned(),
        asset: true,
        regions,
        members: None,
        writes: Writes::Single,
        conflicts: Conflicts { resolve: Resolve::LastWriterWins, capacity_mps: None, threshold_ppm: 0 },
        replicas: REPLICAS,
        write_quorum: REPLICAS / 2 + 1,
        read_quorum: 1,
        reconfigure: None,
        rebuild: Some(Rebuild { bandwidth: REBUILD }),
        partitions: 1,
        data_bytes,
        write_bytes: 1000,
        consistency: Consistency::Eventual,
        lag,
        catch_up_mps: store::CATCH_UP * 1000,
        evict: law::instant(),
        failover: failover::nobody(),
        on_return: OnReturn { merge_after: None, superseded_ppm: 0 },
        backup,
        throughput_mru: None,
        read_cost_mru: 1000,
        write_cost_mru: 1000,
        clients: vec![client],
        hot: None,
        profile: Profile::flat(),
        outage_threshold_ppm: 0,
        commit_latency: Duration::ZERO,
        rpo_promise: None,
        price: None,
    }
}

/// Reads `sync`: a copy in another region that follows.
fn sync(r: &Reader<'_>, world: &World, home: Option<RegionId>) -> Option<Option<(RegionId, Law)>> {
    let Some(item) = r.get("sync").filter(|i| i.maybe_text() != Some("none")) else { return Some(None) };
    let r = item.table()?;
    let to = r.require("to", "\"eu-de\"");
    let region = to.as_ref().and_then(|i| region_of(world, i));
    let lag = r.require("lag", "\"15m\"").and_then(|i| i.law());
    r.close();
    if let (Some(item), true) = (&to, region.is_some() && region == home) {
        let problem = Problem::new(code::ASSET, "an asset is kept in sync with itself", "its own region");
        item.error(problem.help("name another region, which the loss of its own leaves alone"));
        return None;
    }
    Some(Some((region?, lag?)))
}

/// Reads `backup`: what is kept where; no region means beside the asset.
fn backup(r: &Reader<'_>, world: &World) -> Option<Option<(BackupPolicy, Option<RegionId>)>> {
    let Some(item) = r.get("backup").filter(|i| i.maybe_text() != Some("none")) else { return Some(None) };
    let r = item.table()?;
    let every = r.require("every", "\"1d\"").and_then(|i| i.positive_duration().map(|every| (i, every)));
    let takes = r.get("takes").map_or(Some(Duration::ZERO), |i| i.duration());
    let keep = r.get("keep").map_or(Some(2), |i| i.integer(1..=1000));
    let fails = r.get("fails").map_or(Some(0), |i| i.millionths());
    let to = r.get("to").map_or(Some(None), |i| region_of(world, &i).map(Some));
    r.close();
    let ((item, interval), duration, keep) = (every?, takes?, keep?);
    let reach = interval.ns().saturating_mul(keep + 1).saturating_add(duration.ns());
    backup::within_history(&item, Duration::from_ns(reach))?;
    let policy = BackupPolicy::Periodic {
        interval,
        duration,
        copies: keep as u32,
        fails_ppm: fails?,
        skew: Duration::ZERO,
    };
    Some(Some((policy, to?)))
}

/// Reads `restore`: without it nobody restores but runbooks and actions.
fn own_restore(r: &Reader<'_>, world: &World, regions: &[StoreRegion], needed: bool) -> Option<Restore> {
    let never = || Law::constant(Duration::NEVER);
    let nobody = || Restore {
        notice: never(),
        decide: never(),
        request: law::instant(),
        per_terabyte: law::instant(),
        unusable_ppm: 0,
        reapply_ppm: 0,
        into: None,
        stops: false,
    };
    if r.get("restore").is_none() {
        return Some(nobody());
    }
    let mode = if needed { "periodic" } else { "none" };
    let found = backup::restore(r, world, Some(regions), Some(Writes::Single), Some(mode), false)?;
    Some(found.unwrap_or_else(nobody))
}
