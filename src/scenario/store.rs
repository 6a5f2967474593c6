//! Replicated stores.

use super::action;
use super::backup;
use super::context::Problem;
use super::diagnostic::code;
use super::failover;
use super::layers;
use super::limits::Limits;
use super::members;
use super::price;
use super::reader::{Item, Named, Reader};
use super::routing::Setting;
use super::workload;
use super::world::{duplicate, region_of};
use super::writes;
use crate::model::{
    Billing, Consistency, DomainId, Members, Placement, Price, Rebuild, Store, StoreRegion, World,
};
use crate::rng::Law;
use crate::units::Duration;

pub(super) const LEVELS: [&str; 5] =
    ["strong", "bounded-staleness", "session", "consistent-prefix", "eventual"];
pub(super) const PLACEMENTS: [&str; 3] = ["zone-redundant", "unzoned", "zonal"];
/// Most stores.
const MAX_STORES: usize = 1000;
/// Most regions of a store, most replicas of a partition in a region.
pub(super) const MAX_REGIONS: usize = 16;
/// Largest bound on the lag in writes.
const MAX_LAG: u64 = 1_000_000_000_000;
/// Catch-up rate if none is given, in writes per second.
pub(super) const CATCH_UP: u64 = 100_000;

/// Reads `[store.NAME]`.
pub(super) fn read(root: &Reader<'_>, world: &World) -> Vec<Store> {
    let Some(table) = root.table("store") else { return Vec::new() };
    let mut stores = Vec::new();
    let named = table.named();
    if named.len() > MAX_STORES {
        table.error(Problem::new(code::LIMIT, "too many stores", format!("at most {MAX_STORES} are read")));
        return stores;
    }
    for Named { name, item, .. } in named {
        let Some(r) = item.table() else { continue };
        if let Some(preset) = r.get("preset").and_then(|i| i.maybe_text())
            && layers::preset(preset, "store", None).is_none()
        {
            // Reported already; without its defaults most of the store would be called missing.
            r.cx.incomplete.set(true);
            continue;
        }
        let later =
            Later { added: action::additions(root, name), restored: action::destinations(root, name) };
        let found = store(name, &r, world, &later);
        r.close();
        stores.extend(found);
    }
    stores
}

/// How a level is enforced and read in a region.
struct Copies {
    replicas: u8,
    write_quorum: u8,
    read_quorum: u8,
}

/// Where a store may come to later: tables of actions that add a region, and of what restores it somewhere.
struct Later<'a> {
    added: Vec<Item<'a>>,
    restored: Vec<Item<'a>>,
}

impl Later<'_> {
    /// Whether one region ever follows another. Where a store is only restored to, nothing follows before that.
    fn follow(&self, regions: &[StoreRegion]) -> bool {
        regions.iter().filter(|r| !r.joins_later).count() + self.added.len() > 1
    }
}

fn store(name: &str, r: &Reader<'_>, world: &World, later: &Later<'_>) -> Option<Store> {
    let limits = r.get("preset").and_then(|i| Limits::of(r.cx, &i));
    let copies = copies(r);
    let places =
        Places { world, limits: limits.as_ref(), replicas: copies.as_ref().map_or(1, |c| c.replicas) };
    let Shape { regions, members, several, consistency } = shape(r, &places, later);
    let writing = writes::read(r, several, consistency);
    let reconfigure = r.get("reconfigure").map_or(Some(None), |i| duration_or_never(&i));
    let rebuild = r.get("rebuild").map_or(Some(None), |i| rebuild(&i));
    let partitions = r.get("partitions").map_or(Some(1), |i| i.integer(1..=10_000_000));
    let data_bytes = r.get("data_size").map_or(Some(0), |i| i.bytes(""));
    let write_bytes = r.get("write_size").map_or(Some(1000), |i| i.bytes(""));
    let lag = lag(r, regions.as_ref().map_or(several, |all| later.follow(all)), consistency);
    let catch_up = r.get("catch_up").map_or(Some(CATCH_UP * 1000), |i| i.thousandths(10_000_000_000));
    let failover = failover::failover(r);
    failover::check_mode(r, limits.as_ref(), consistency, regions.as_ref().map_or(2, Vec::len));
    let noticed = || failover.as_ref().map(|f| f.detect.clone());
    let evict = r.get("evict").map_or_else(noticed, |item| item.law());
    let takes_writes = writing.as_ref().map(|w| w.writes);
    let backup = backup::read(r, world, regions.as_deref(), takes_writes, limits.as_ref());
    let throughput = r.get("throughput").map_or(Some(None), |i| throughput(&i));
    let cost = |key| r.get(key).map_or(Some(1000), |i: Item<'_>| i.thousandths(1_000_000));
    let (read_cost, write_cost) = (cost("read_cost"), cost("write_cost"));
    let threshold = r.get("outage_threshold").map_or(Some(0), |i| i.millionths());
    let commit_latency = r.get("commit_latency").map_or(Some(Duration::ZERO), |i| i.duration());
    let price = price::read(r, world, regions.as_deref(), takes_writes);
    let places = regions.as_deref().unwrap_or_default();
    let held = members.as_ref().and_then(Option::as_ref);
    let setting = Setting::new(writing.as_ref(), several, consistency, (members::is_led(r), held));
    let work = workload::of(r, world, places, partitions.unwrap_or(1), setting);
    idle(r, consistency, several, regions.as_deref(), price.as_ref().and_then(Option::as_ref));
    let (copies, work, writing, catch_up_mps) = (copies?, work?, writing?, catch_up?);
    writing.idle_without_items(r, work.hot);
    check_catch_up(r, catch_up_mps, &work, several);
    let store = Store {
        name: name.to_owned(),
        regions: regions?,
        asset: false,
        members: members?,
        writes: writing.writes,
        conflicts: writing.conflicts,
        replicas: copies.replicas,
        write_quorum: copies.write_quorum,
        read_quorum: copies.read_quorum,
        reconfigure: reconfigure?,
        rebuild: rebuild?,
        partitions: partitions? as u32,
        data_bytes: data_bytes?,
        write_bytes: write_bytes?,
        consistency: consistency?,
        lag: lag?,
        catch_up_mps,
        evict: evict?,
        failover: failover?,
        on_return: writing.on_return,
        backup: backup?,
        throughput_mru: throughput?,
        read_cost_mru: read_cost?,
        write_cost_mru: write_cost?,
        clients: work.clients,
        hot: work.hot,
        profile: work.profile,
        outage_threshold_ppm: threshold?,
        commit_latency: commit_latency?,
        rpo_promise: limits.and_then(|l| l.rpo_promise(consistency?, several)),
        price: price?,
    };
    members::check(r, &store);
    Some(store)
}

/// Where a store lies, and what holds its parts together.
struct Shape {
    regions: Option<Vec<StoreRegion>>,
    members: Option<Option<Members>>,
    several: bool,
    consistency: Option<Consistency>,
}

fn shape(r: &Reader<'_>, places: &Places<'_>, later: &Later<'_>) -> Shape {
    if members::is_led(r) {
        let led = members::read(r, places.world, places.replicas, places.limits, &later.added);
        let consistency = led.members.as_ref().map(members::level);
        return Shape { regions: led.regions, members: led.members.map(Some), several: true, consistency };
    }
    members::refuse(r);
    let regions = regions(r, places, later);
    // Of regions that cannot be read the number still counts.
    let listed = || r.get("regions").and_then(|i| i.length()).map(|n| n + later.added.len());
    let several = regions.as_ref().map(Vec::len).or_else(listed).is_none_or(|n| n > 1);
    let consistency = consistency(r, places.limits, several);
    Shape { regions, members: Some(None), several, consistency }
}

/// Warns about settings that change nothing beside the others.
fn idle(
    r: &Reader<'_>,
    level: Option<Consistency>,
    several: bool,
    regions: Option<&[StoreRegion]>,
    price: Option<&Price>,
) {
    if !several {
        for key in ["lag", "catch_up", "evict", "on_return"] {
            r.idle(key, "the store is in one region only");
        }
    } else if level.is_some_and(|l| l != Consistency::Strong) && !members::is_led(r) {
        r.idle("evict", "only \"strong\" has a set of regions to leave");
    }
    if several && members::is_led(r) {
        r.idle("on_return", "a leader that comes back gives up what the others lack");
    }
    if regions.is_some_and(|all| all.iter().all(|one| one.placement != Placement::ZoneRedundant)) {
        r.idle("min_zones", "no region of the store is zone-redundant");
    }
    let used = price.is_some_and(|p| p.billing == Billing::Serverless);
    if !used && r.get("throughput").is_none_or(|i| i.maybe_text() == Some("unlimited")) {
        for key in ["read_cost", "write_cost"] {
            r.idle(key, "`throughput` is unlimited");
        }
    }
}

fn duration_or_never(item: &Item<'_>) -> Option<Option<Duration>> {
    if item.maybe_text() == Some("never") { Some(None) } else { item.duration().map(Some) }
}

fn copies(r: &Reader<'_>) -> Option<Copies> {
    r.know(&["write_quorum", "read_quorum"]);
    let usual = if members::is_led(r) { 1 } else { 3 };
    let replicas = r.get("replicas").map_or(Some(usual), |i| i.integer(1..=16))?;
    let majority = replicas / 2 + 1;
    let write_item = r.get("write_quorum");
    let write = write_item.as_ref().map_or(Some(majority), |i| i.integer(1..=16))?;
    let read_item = r.get("read_quorum");
    let read = read_item.as_ref().map_or(Some(1), |i| i.integer(1..=16))?;
    for (item, quorum) in [(&write_item, write), (&read_item, read)] {
        if let Some(item) = item
            && quorum > replicas
        {
            let label = match replicas {
                1 => "there is only 1 replica".to_owned(),
                _ => format!("there are only {replicas} replicas"),
            };
            item.error(Problem::new(code::QUORUM, format!("`{}` can never be reached", item.path), label));
            return None;
        }
    }
    if let Some(item) = write_item.as_ref().filter(|_| write < majority) {
        let message = "two writes could be acknowledged by replicas that have nothing in common";
        let label = format!("must be a majority: at least {majority} of {replicas}");
        item.error(Problem::new(code::QUORUM, message, label));
        return None;
    }
    if let Some(item) = r.get("replicas").filter(|_| write_item.is_none() && replicas % 2 == 0) {
        let message = format!(
            "{replicas} replicas with a majority of {majority} stand no more losses than {}",
            replicas - 1
        );
        item.warn(Problem::new(code::EVEN_GROUP, message, "an even number of replicas"));
    }
    Some(Copies { replicas: replicas as u8, write_quorum: write as u8, read_quorum: read as u8 })
}

/// What decides where replicas can be.
struct Places<'l> {
    world: &'l World,
    limits: Option<&'l Limits>,
    replicas: u8,
}

/// The regions a store is in, then those that actions add to it, then those that it is restored to.
fn regions(r: &Reader<'_>, places: &Places<'_>, later: &Later<'_>) -> Option<Vec<StoreRegion>> {
    let added = &later.added;
    let world = places.world;
    let min_zones = r.get("min_zones").map_or(Some(1), |i| i.integer(1..=1000));
    let list = r.require("regions", "[\"westeurope\"]")?;
    let items = list.list()?;
    let all = items.len() + added.len();
    if items.is_empty() || all > MAX_REGIONS {
        let message = format!("`{}` must name 1 to {MAX_REGIONS} regions", list.path);
        list.error(Problem::new(code::OUT_OF_RANGE, message, format!("found {all}")));
        return None;
    }
    let mut found: Vec<StoreRegion> = Vec::new();
    for (i, item) in items.iter().chain(added).enumerate() {
        let later = i >= items.len();
        let key = if later { Some("region") } else { None };
        let Some(mut region) = region(item, places, min_zones.unwrap_or(1) as u32, key) else {
            continue;
        };
        if found.iter().any(|f| f.region == region.region) {
            match later {
                true => action::there_already(item, world.region_name(region.region)),
                false => duplicate(item, "region", world.region_name(region.region)),
            }
            continue;
        }
        region.joins_later = later;
        found.push(region);
    }
    let min_zones = min_zones? as u32;
    let complete = found.len() == all && restored(&mut found, places, min_zones, &later.restored);
    complete.then_some(found)
}

/// Regions that a store is restored to, where it is not yet; `false` if something is wrong with one.
fn restored(found: &mut Vec<StoreRegion>, places: &Places<'_>, min_zones: u32, items: &[Item<'_>]) -> bool {
    let mut complete = true;
    for item in items {
        let name = item.table().and_then(|r| r.get("in")).and_then(|i| i.maybe_text());
        if found.iter().any(|f| name == Some(places.world.region_name(f.region))) {
            continue;
        }
        match region(item, places, min_zones, Some("in")) {
            Some(region) => found.push(StoreRegion { joins_later: true, ..region }),
            None => complete = false,
        }
    }
    if found.len() > MAX_REGIONS
        && let Some(item) = items.first()
    {
        let message = format!("the store would be in more than {MAX_REGIONS} regions");
        item.error(Problem::new(code::OUT_OF_RANGE, message, "restored to too many"));
        return false;
    }
    complete
}

/// A region of a store: a name or a table; or what takes it there later, which names it by this key.
fn region(
    item: &Item<'_>,
    places: &Places<'_>,
    min_zones: u32,
    later: Option<&'static str>,
) -> Option<StoreRegion> {
    let world = places.world;
    let reader = if item.maybe_text().is_some() { None } else { Some(item.table()?) };
    let name = match (&reader, later) {
        (None, _) => Some(item.clone()),
        (Some(r), Some(key)) => r.get(key),
        (Some(r), None) => r.require("name", "\"westeurope\""),
    };
    let get = |key| reader.as_ref().and_then(|r| r.get(key));
    let (mode_item, zone_item, spread_item) = (get("zones"), get("zone"), get("spread_probability"));
    let mode = mode_item.as_ref().map_or(Some("unzoned"), |i| i.word(&PLACEMENTS).map(|w| PLACEMENTS[w]));
    let spread = spread_item.as_ref().map_or(Some(0), |i| i.millionths());
    for (item, other) in
        [(&zone_item, "zone-redundant"), (&spread_item, "zone-redundant"), (&spread_item, "zonal")]
    {
        // A warning, not an error: a variant can switch the placement, but not remove a key.
        if let (Some(item), true) = (item, mode == Some(other)) {
            let message = format!("`{}` has no effect", item.path);
            let label = if other == "zonal" {
                "the zone is known"
            } else {
                "a zone-redundant region uses all its zones"
            };
            item.warn(Problem::new(code::NO_EFFECT, message, label));
        }
    }
    if let Some(r) = reader.filter(|_| later.is_none()) {
        r.close();
    }
    let region = region_of(world, &name?)?;
    let mode = mode?;
    let zones: Vec<DomainId> = world.zones(region).collect();
    let at = mode_item.as_ref().unwrap_or(item);
    if let Some(limits) = places.limits {
        limits.placement(at, mode, zones.len());
    }
    let plain =
        |placement| StoreRegion { region, placement, min_zones: 1, spread_ppm: 0, joins_later: false };
    if mode == "zone-redundant" {
        if zones.len() < min_zones as usize {
            let label = format!(
                "{} has {} zones, `min_zones` is {min_zones}",
                world.region_name(region),
                zones.len()
            );
            at.error(Problem::new(code::PLACEMENT, "this region would be down from the start", label));
            return None;
        }
        fits(at, world, world.regions[region.0 as usize], places.replicas)?;
        return Some(StoreRegion { min_zones, ..plain(Placement::ZoneRedundant) });
    }
    let zone = match zone_item {
        None => *zones.first()?,
        Some(item) => zone(&item, world, &zones)?,
    };
    fits(at, world, zone, places.replicas)?;
    if mode == "zonal" {
        return Some(plain(Placement::Zonal(zone)));
    }
    Some(StoreRegion { spread_ppm: spread?, ..plain(Placement::Unzoned(zone)) })
}

pub(super) fn zone(item: &Item<'_>, world: &World, zones: &[DomainId]) -> Option<DomainId> {
    let text = item.text()?;
    let names: Vec<&str> =
        zones.iter().map(|&z| world.domain(z).path.rsplit('/').next().unwrap_or_default()).collect();
    let found = names.iter().position(|n| *n == text);
    if found.is_none() {
        let problem = Problem::new(
            code::UNKNOWN_PLACE,
            format!("unknown zone `{text}`"),
            "no such zone in this region",
        );
        item.error(problem.did_you_mean(text, &names));
    }
    found.map(|i| zones[i])
}

/// Each replica of a partition needs a node of its own.
pub(super) fn fits(at: &Item<'_>, world: &World, domain: DomainId, replicas: u8) -> Option<()> {
    let domain = world.domain(domain);
    if domain.nodes.len() >= usize::from(replicas) {
        return Some(());
    }
    let message = format!("{replicas} replicas do not fit: each needs a node of its own");
    let nodes = domain.nodes.len();
    let s = if nodes == 1 { "" } else { "s" };
    let label = format!("{} `{}` has {nodes} node{s}", domain.kind.word(), domain.path);
    let problem = Problem::new(code::PLACEMENT, message, label);
    at.error(problem.help("raise `nodes_per_zone` of the region"));
    None
}

fn consistency(r: &Reader<'_>, limits: Option<&Limits>, several: bool) -> Option<Consistency> {
    r.know(&["max_lag_writes", "max_lag_time"]);
    let level = match r.get("consistency") {
        None => "session",
        Some(item) => LEVELS[item.word(&LEVELS)?],
    };
    if level == "bounded-staleness" {
        let writes = r.require("max_lag_writes", "100_000");
        let time = r.require("max_lag_time", "\"5m\"");
        let k = writes.as_ref().and_then(|i| i.integer(1..=MAX_LAG));
        let t = time.as_ref().and_then(|i| i.positive_duration());
        if let (Some(limits), Some(writes), Some(k)) = (limits, &writes, k) {
            limits.lag_writes(writes, k, several);
        }
        if let (Some(limits), Some(time), Some(t)) = (limits, &time, t) {
            limits.lag_time(time, t, several);
        }
        return Some(Consistency::Bounded { max_writes: k?, max_time: t? });
    }
    let k = r.get("max_lag_writes").is_none_or(|i| i.integer(1..=MAX_LAG).is_some());
    let t = r.get("max_lag_time").is_none_or(|i| i.positive_duration().is_some());
    if k && t {
        r.idle("max_lag_writes", "only \"bounded-staleness\" bounds the lag");
        r.idle("max_lag_time", "only \"bounded-staleness\" bounds the lag");
    }
    Some(match level {
        "strong" => Consistency::Strong,
        "session" => Consistency::Session,
        "consistent-prefix" => Consistency::ConsistentPrefix,
        _ => Consistency::Eventual,
    })
}

fn lag(r: &Reader<'_>, several: bool, consistency: Option<Consistency>) -> Option<Law> {
    match r.get("lag") {
        Some(item) => item.law(),
        None if !several || consistency == Some(Consistency::Strong) => Some(Law::constant(Duration::ZERO)),
        // Whether it is needed depends on a level that could not be read.
        None if consistency.is_none() => None,
        None => r.require("lag", "{ law = \"lognormal\", median = \"2s\", p95 = \"10s\" }").and(None),
    }
}

fn rebuild(item: &Item<'_>) -> Option<Option<Rebuild>> {
    if item.maybe_text() == Some("never") {
        return Some(None);
    }
    let r = item.table()?;
    let bandwidth = r.require("bandwidth", "\"100MB/s\"");
    r.close();
    let bandwidth = bandwidth?;
    let bytes = bandwidth.bytes("/s")?;
    if bytes == 0 {
        let problem =
            Problem::new(code::OUT_OF_RANGE, "a rebuild without bandwidth never ends", "must be above 0");
        bandwidth.error(problem.help("write `rebuild = \"never\"` if that is meant"));
        return None;
    }
    Some(Some(Rebuild { bandwidth: bytes }))
}

/// Request units per second, or `unlimited`, as thousandths.
pub(super) fn throughput(item: &Item<'_>) -> Option<Option<u64>> {
    match item.maybe_text() {
        Some("unlimited") => Some(None),
        Some(_) => {
            let message = format!("`{}` must be a number or \"unlimited\"", item.path);
            item.error(Problem::new(code::WRONG_TYPE, message, "expected request units per second"));
            None
        }
        None => item.thousandths(1_000_000_000_000).map(Some),
    }
}

fn check_catch_up(r: &Reader<'_>, rate: u64, work: &workload::Workload, several: bool) {
    let writes: u64 = work.clients.iter().map(|c| c.writes_mps).sum();
    if several && writes > 0 && rate <= writes {
        let problem = Problem::new(
            code::CATCH_UP,
            "a region that has fallen behind can hardly catch up",
            format!("writes come at {} per second, catch-up does {}", writes / 1000, rate / 1000),
        );
        match r.get("catch_up") {
            Some(item) => item.warn(problem),
            None => r.warn(problem),
        }
    }
}
