//! Backups of a store and restoring from them.

use super::context::Problem;
use super::diagnostic::code;
use super::limits::Limits;
use super::members;
use super::reader::{Item, Reader};
use super::tree::Origin;
use super::world::region_of;
use crate::model::{Backup, BackupPolicy, Placement, RegionId, Restore, StoreRegion, Vault, World, Writes};
use crate::rng::Law;
use crate::units::Duration;

pub(super) const MODES: [&str; 3] = ["none", "continuous", "periodic"];
pub(super) const REDUNDANCY: [&str; 2] = ["zone", "local"];
pub(super) const WHILE_RESTORING: [&str; 2] = ["serve", "down"];
/// The history of a log is kept this long: nothing older can be restored.
const LONGEST: Duration = Duration::from_days(30);
/// Keys of one mode only.
const CONTINUOUS: [&str; 3] = ["period", "granularity", "retention"];
const PERIODIC: [&str; 6] = ["interval", "duration", "copies", "fails", "skew", "copy_to"];
/// Bytes that `per_tb` is about.
const TERABYTE: u128 = 1_000_000_000_000;

/// Reads `backup` and `restore` of a store.
pub(super) fn read(
    store: &Reader<'_>,
    world: &World,
    regions: Option<&[StoreRegion]>,
    writes: Option<Writes>,
    limits: Option<&Limits>,
) -> Option<Option<Backup>> {
    let table = store.get("backup").map(|item| item.table());
    let mode = match &table {
        None => Some("none"),
        Some(None) => None,
        Some(Some(r)) => r.require("mode", "\"continuous\"").and_then(|i| i.word(&MODES)).map(|w| MODES[w]),
    };
    let restore = restore(store, world, regions, writes, mode, members::is_led(store));
    let Some(r) = table.flatten() else { return (mode? == "none").then_some(None) };
    let policy = match mode {
        Some("continuous") => continuous(&r, limits),
        Some("periodic") => periodic(&r, limits),
        _ => None,
    };
    let vaults = vaults(&r, world, regions);
    match mode {
        Some("continuous") => PERIODIC.iter().for_each(|k| r.idle(k, "`mode` is \"continuous\"")),
        Some("periodic") => CONTINUOUS.iter().for_each(|k| r.idle(k, "`mode` is \"periodic\"")),
        _ => r.know(&CONTINUOUS.into_iter().chain(PERIODIC).collect::<Vec<_>>()),
    }
    r.close();
    if mode? == "none" {
        return Some(None);
    }
    let (policy, mut vaults) = (policy?, vaults?);
    if mode == Some("continuous") {
        vaults.truncate(regions?.len());
    }
    Some(Some(Backup { policy, vaults, restore: restore?? }))
}

fn continuous(r: &Reader<'_>, limits: Option<&Limits>) -> Option<BackupPolicy> {
    let time = |key, default| r.get(key).map_or(Some(default), |i: Item<'_>| i.positive_duration());
    let period = time("period", Duration::from_secs(100));
    let granularity = time("granularity", Duration::from_secs(1));
    let retention = r.require("retention", "\"7d\"").and_then(|item| {
        let retention = item.positive_duration()?;
        if let Some(limits) = limits {
            limits.retention(&item, retention);
        }
        within_history(&item, retention)
    });
    Some(BackupPolicy::Continuous { period: period?, granularity: granularity?, retention: retention? })
}

pub(super) fn within_history(item: &Item<'_>, time: Duration) -> Option<Duration> {
    if time > LONGEST {
        let message = format!("`{}` reaches back further than the simulation remembers", item.path);
        let label = format!("this is {time}, at most {LONGEST} are kept");
        item.error(Problem::new(code::BACKUP, message, label));
        return None;
    }
    Some(time)
}

fn periodic(r: &Reader<'_>, limits: Option<&Limits>) -> Option<BackupPolicy> {
    let time = |key| r.get(key).map_or(Some(Duration::ZERO), |i: Item<'_>| i.duration());
    let item = r.require("interval", "\"4h\"");
    let interval = item.as_ref().and_then(|i| i.positive_duration());
    let (duration, skew) = (time("duration"), time("skew"));
    let copies = r.get("copies").map_or(Some(2), |i| i.integer(1..=1000));
    let fails = r.get("fails").map_or(Some(0), |i| i.millionths());
    let (item, interval, duration, skew, copies) = (item?, interval?, duration?, skew?, copies?);
    if let Some(limits) = limits {
        limits.backup_interval(&item, interval);
        if let Some(copies_item) = r.get("copies") {
            limits.backup_copies(&copies_item, copies);
        }
    }
    if let Some(skew_item) = r.get("skew").filter(|_| skew > duration) {
        let message = "a backup is complete before its last partition was copied";
        let problem = Problem::new(code::BACKUP, message, format!("`duration` is {duration}"));
        skew_item.error(problem.help("raise `duration` to at least `skew`"));
        return None;
    }
    // One more interval may pass before the newest of them is complete.
    let reach = interval.ns().saturating_mul(copies + 1).saturating_add(duration.ns());
    within_history(&item, Duration::from_ns(reach))?;
    let copies = copies as u32;
    Some(BackupPolicy::Periodic { interval, duration, copies, fails_ppm: fails?, skew })
}

/// Vaults of the store's regions, then that of `copy_to`.
fn vaults(r: &Reader<'_>, world: &World, regions: Option<&[StoreRegion]>) -> Option<Vec<Vault>> {
    let redundancy = match r.get("redundancy") {
        None => Some(None),
        Some(item) => item.word(&REDUNDANCY).map(Some),
    };
    let first_zone = |region: RegionId| world.zones(region).next();
    let copy_to = match r.get("copy_to") {
        None => Some(None),
        Some(item) => region_of(world, &item).map(Some),
    };
    let (redundancy, copy_to) = (redundancy?, copy_to?);
    let mut vaults = Vec::new();
    for StoreRegion { region, placement, .. } in regions? {
        let zone = match (redundancy, *placement) {
            (Some(0), _) | (None, Placement::ZoneRedundant) => None,
            (_, Placement::Unzoned(zone) | Placement::Zonal(zone)) => Some(zone),
            (_, Placement::ZoneRedundant) => first_zone(*region),
        };
        vaults.push(Vault { region: *region, zone });
    }
    if let Some(region) = copy_to {
        let zone = if redundancy == Some(0) { None } else { first_zone(region) };
        vaults.push(Vault { region, zone });
    }
    Some(vaults)
}

/// Reads `restore`; only a store with backups needs it. `led`: it has members.
pub(super) fn restore(
    store: &Reader<'_>,
    world: &World,
    regions: Option<&[StoreRegion]>,
    writes: Option<Writes>,
    mode: Option<&str>,
    led: bool,
) -> Option<Option<Restore>> {
    if matches!(mode, Some("none")) {
        store.idle("restore", "the store has no backup to restore");
    }
    let needed = matches!(mode, Some("continuous" | "periodic"));
    let item = match store.get("restore") {
        Some(item) => item,
        None if needed => return store.require("restore", "{ per_tb = \"60m\" }").and(None),
        None => return Some(None),
    };
    let r = item.table()?;
    let phase = |key| r.get(key).map_or(Some(Law::constant(Duration::ZERO)), |i: Item<'_>| i.law());
    let (notice, decide, request) = (phase("notice"), phase("decide"), phase("request"));
    let per_terabyte = copying(&r, needed);
    let unusable = r.get("unusable").map_or(Some(0), |i| i.millionths());
    let reapply = r.get("reapply").map_or(Some(0), |i| i.millionths());
    if writes == Some(Writes::Multi) {
        r.idle("into", "with several write regions the writes taken in each are restored there");
    }
    let into = r.get("into").map_or(Some(None), |i| into(&i, world, regions, led));
    let stops = r.get("while_restoring").map_or(Some(0), |i| i.word(&WHILE_RESTORING));
    r.close();
    Some(Some(Restore {
        notice: notice?,
        decide: decide?,
        request: request?,
        per_terabyte: per_terabyte?,
        unusable_ppm: unusable?,
        reapply_ppm: reapply?,
        into: into?,
        stops: stops? == 1,
    }))
}

/// How long data is copied: a law per terabyte, or a bandwidth.
fn copying(r: &Reader<'_>, needed: bool) -> Option<Law> {
    let own = |key| r.get(key).filter(|i| !matches!(i.value.at.origin, Origin::Preset(_)));
    if own("per_tb").is_some() {
        r.exclusive(&["per_tb", "bandwidth"]);
    }
    if let Some(item) = r.get("bandwidth") {
        let bytes = item.bytes("/s")?;
        if bytes == 0 {
            let message = "a restore without bandwidth never ends";
            item.error(Problem::new(code::OUT_OF_RANGE, message, "must be above 0"));
            return None;
        }
        let ns = TERABYTE * 1_000_000_000 / u128::from(bytes);
        return Some(Law::constant(Duration::from_ns(u64::try_from(ns).unwrap_or(u64::MAX))));
    }
    match r.get("per_tb") {
        Some(item) => item.law(),
        None if needed => r.require("per_tb", "\"60m\"").and(None),
        None => Some(Law::constant(Duration::ZERO)),
    }
}

/// The region restored into: `same`, or a region of the store from its start.
fn into(item: &Item<'_>, world: &World, regions: Option<&[StoreRegion]>, led: bool) -> Option<Option<u8>> {
    if item.maybe_text() == Some("same") {
        return Some(None);
    }
    if led {
        return members::find(item, world, regions?).map(Some);
    }
    let region = region_of(world, item)?;
    let regions = regions?;
    let found = regions.iter().position(|r| r.region == region);
    if found.is_some_and(|r| regions[r].joins_later) {
        let message = format!("`{}` names a region that the store gets only later", item.path);
        let problem = Problem::new(code::BACKUP, message, "an action adds it");
        item.error(problem.help("name one of `regions`, or \"same\""));
        return None;
    }
    if found.is_none() {
        let message = format!("`{}` names a region without the store", item.path);
        let problem = Problem::new(code::BACKUP, message, "not one of the store's regions");
        item.error(problem.help("name one of `regions`, or \"same\""));
    }
    found.map(|r| Some(r as u8))
}
