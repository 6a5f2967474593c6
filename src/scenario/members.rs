//! Leader-based stores: their members, what holds these together, and where lost ones are rebuilt.

use super::context::Problem;
use super::diagnostic::code;
use super::limits::Limits;
use super::reader::{Item, Reader};
use super::tree::Origin;
use super::world::duplicate;
use crate::model::{
    Agreement, Consistency, DomainId, DomainKind, FailoverMode, Members, Placement, Profile, Store,
    StoreRegion, World,
};
use crate::units::Duration;

pub(super) const REPLICATION: [&str; 3] = ["asynchronous", "synchronous", "majority"];
pub(super) const READS: [&str; 2] = ["leader", "any"];
pub(super) const WITHOUT_STANDBY: [&str; 2] = ["block", "continue"];
/// Most members of a store.
const MAX_MEMBERS: usize = 16;
/// Keys that only make sense for a store of regions, and those that only do for one of members.
const OF_REGIONS: [&str; 8] =
    ["regions", "consistency", "max_lag_writes", "max_lag_time", "writes", "api", "conflicts", "min_zones"];
const OF_MEMBERS: [&str; 5] = ["in_use", "replace", "lag_cap", "without_standby", "reads"];

/// Whether a store has a leader and members instead of regions.
pub(super) fn is_led(r: &Reader<'_>) -> bool {
    r.get("members").is_some() || r.get("replication").is_some()
}

/// What the members of a store are and what holds them together.
pub(super) struct Led {
    pub regions: Option<Vec<StoreRegion>>,
    pub members: Option<Members>,
}

/// The consistency level that replication between members amounts to.
pub(super) fn level(members: &Members) -> Consistency {
    match members.agreement {
        Agreement::Asynchronous => Consistency::ConsistentPrefix,
        Agreement::Synchronous { .. } | Agreement::Majority => Consistency::Strong,
    }
}

/// Refuses what only a store with members has.
pub(super) fn refuse(r: &Reader<'_>) {
    OF_MEMBERS.iter().for_each(|key| r.refuse(key, "only a store with `members` has it"));
}

/// Reads what makes a store a leader-based one.
pub(super) fn read(
    r: &Reader<'_>,
    world: &World,
    replicas: u8,
    limits: Option<&Limits>,
    added: &[Item<'_>],
) -> Led {
    if !of_regions(r) {
        r.know(&OF_MEMBERS);
        return Led { regions: None, members: None };
    }
    for item in added {
        let message = "a store with `members` gets no region by an action";
        let problem = Problem::new(code::ACTION, message, "its places are those in `members`");
        item.error(problem.help("list the place in `members`, beyond `in_use` if it is to be free at first"));
    }
    let agreement = agreement(r);
    let places = places(r, world, replicas);
    let count = places.as_ref().map_or(MAX_MEMBERS, Vec::len);
    let in_use = r.get("in_use").map_or(Some(count as u64), |i| i.integer(1..=count as u64));
    let replace = r.get("replace").map_or(Some(None), |i| i.law_or_never());
    let cap = lag_cap(r, agreement);
    let reads = r.get("reads").map_or(Some(0), |i| i.word(&READS));
    let (Some(agreement), Some(in_use)) = (agreement, in_use) else {
        return Led { regions: None, members: None };
    };
    let all = Size { agreement, in_use: in_use as usize, places: count };
    let sound = all.check(r, limits).is_some();
    let regions = places.map(|mut places| {
        places.iter_mut().skip(in_use as usize).for_each(|spare| spare.joins_later = true);
        places
    });
    let members = replace.zip(cap).zip(reads).filter(|_| sound).map(|((replace, cap), reads)| Members {
        agreement,
        in_use: in_use as u8,
        replace,
        cap_bytes: cap.0,
        cap_time: cap.1,
        leader_reads: reads == 0,
    });
    if let (Some(regions), Some(true)) = (&regions, members.as_ref().map(|m| m.replace.is_some())) {
        can_be_rebuilt(r, world, regions);
    }
    Led { regions, members }
}

/// Refuses what belongs to a store of regions: one by one, or (`false`) the preset as a whole.
fn of_regions(r: &Reader<'_>) -> bool {
    let given = |key: &&'static str| r.get(key);
    let of_preset = |i: Item<'_>| matches!(i.value.at.origin, Origin::Preset(_));
    let preset = OF_REGIONS.map(|key| given(&key).is_some_and(of_preset)).contains(&true);
    if preset {
        let message = "the product of this preset has regions, not members";
        let problem = Problem::new(code::MEMBERS, message, "name `regions` instead");
        match r.get("members").or_else(|| r.get("replication")) {
            Some(item) => item.error(problem),
            None => r.error(problem),
        }
        return false;
    }
    OF_REGIONS
        .iter()
        .for_each(|key| r.refuse(key, "the store has `members`, and `replication` between them"));
    true
}

fn agreement(r: &Reader<'_>) -> Option<Agreement> {
    let word = r.require("replication", "\"asynchronous\"")?.word(&REPLICATION);
    let blocks = r.get("without_standby").map_or(Some(0), |i| i.word(&WITHOUT_STANDBY));
    if word.is_some_and(|w| w != 1) {
        r.idle("without_standby", "only \"synchronous\" replication waits for standbys");
        r.idle("evict", "only \"synchronous\" replication waits for a silent standby");
    }
    if word.is_some_and(|w| w != 0) {
        r.idle("lag_cap", "only \"asynchronous\" replication lags");
        r.idle("lag", "only \"asynchronous\" replication lags");
    }
    Some(match word? {
        0 => Agreement::Asynchronous,
        1 => Agreement::Synchronous { blocks: blocks? == 0 },
        _ => Agreement::Majority,
    })
}

/// `lag_cap = { bytes, time }`.
fn lag_cap(r: &Reader<'_>, agreement: Option<Agreement>) -> Option<(Option<u64>, Option<Duration>)> {
    let Some(item) = r.get("lag_cap") else { return Some((None, None)) };
    let cap = item.table()?;
    let bytes = cap.get("bytes").map_or(Some(None), |i| i.bytes("").map(Some));
    let time = cap.get("time").map_or(Some(None), |i| i.duration().map(Some));
    if cap.get("bytes").is_none() && cap.get("time").is_none() {
        cap.require("bytes", "\"16MB\"");
        cap.close();
        return None;
    }
    cap.close();
    // A cap means nothing where nothing lags.
    let lags = agreement == Some(Agreement::Asynchronous);
    Some((bytes?.filter(|_| lags), time?.filter(|_| lags)))
}

/// How many members there are, and what for.
struct Size {
    agreement: Agreement,
    in_use: usize,
    places: usize,
}

impl Size {
    fn check(&self, r: &Reader<'_>, limits: Option<&Limits>) -> Option<()> {
        let at = r.get("in_use").or_else(|| r.get("members"))?;
        let n = self.in_use;
        if self.in_use == self.places {
            r.idle("replace", "every place is in use: there is none where a lost member could be rebuilt");
        }
        if let Some(limits) = limits {
            limits.members(&at, n);
        }
        match self.agreement {
            Agreement::Synchronous { .. } => {
                if n < 2 {
                    let message = "synchronous replication needs a standby";
                    let problem =
                        Problem::new(code::MEMBERS, message, "the leader is the only member in use");
                    at.error(problem.help("name a second place in `members`"));
                    return None;
                }
                limits.is_none_or(|l| l.synchronous(&at, n)).then_some(())
            }
            Agreement::Majority if n.is_multiple_of(2) => {
                let (majority, fewer) = (n / 2 + 1, n - 1);
                let message = format!(
                    "{n} members with a majority of {majority} stand no more losses than {fewer} would"
                );
                at.warn(Problem::new(code::EVEN_MEMBERS, message, "an even number of members"));
                Some(())
            }
            Agreement::Majority | Agreement::Asynchronous => Some(()),
        }
    }
}

/// The places named by `members`: regions and zones that have nothing in common.
fn places(r: &Reader<'_>, world: &World, replicas: u8) -> Option<Vec<StoreRegion>> {
    let list = r.require("members", "[\"us-south/1\", \"us-south/2\"]")?;
    let items = list.list()?;
    if items.is_empty() || items.len() > MAX_MEMBERS {
        let message = format!("`{}` must name 1 to {MAX_MEMBERS} places", list.path);
        list.error(Problem::new(code::OUT_OF_RANGE, message, format!("found {}", items.len())));
        return None;
    }
    let mut found: Vec<DomainId> = Vec::new();
    for item in &items {
        let Some(place) = place(item, world, |d| matches!(d, DomainKind::Region | DomainKind::Zone)) else {
            continue;
        };
        let nodes = &world.domain(place).nodes;
        let beside = |other: &&DomainId| {
            let other = &world.domain(**other).nodes;
            other.start < nodes.end && nodes.start < other.end
        };
        match found.iter().find(beside) {
            Some(same) if *same == place => duplicate(item, "member", &world.domain(place).path),
            Some(other) => {
                let (a, b) = (&world.domain(place).path, &world.domain(*other).path);
                let message = format!("members `{a}` and `{b}` lie within each other");
                let problem = Problem::new(code::MEMBERS, message, "both would be lost together");
                item.error(problem.help("name zones beside each other, or regions"));
            }
            None if super::store::fits(item, world, place, replicas).is_some() => found.push(place),
            None => {}
        }
    }
    let region = |&place: &DomainId| {
        let domain = world.domain(place);
        let zone = domain.kind == DomainKind::Zone;
        let placement = if zone { Placement::Zonal(place) } else { Placement::ZoneRedundant };
        StoreRegion { region: domain.region, placement, min_zones: 1, spread_ppm: 0, joins_later: false }
    };
    (found.len() == items.len()).then(|| found.iter().map(region).collect())
}

/// A place by its path.
fn place(item: &Item<'_>, world: &World, allowed: impl Fn(DomainKind) -> bool) -> Option<DomainId> {
    let text = item.text()?;
    let all = || world.domains.iter().enumerate().filter(|(_, d)| allowed(d.kind));
    let found = all().find(|(_, d)| d.path == text);
    if found.is_none() && !item.cx.incomplete.get() {
        let problem =
            Problem::new(code::UNKNOWN_PLACE, format!("unknown place `{text}`"), "no region or zone");
        let names: Vec<&str> = all().map(|(_, d)| d.path.as_str()).collect();
        item.error(problem.did_you_mean(text, &names));
    }
    found.map(|(i, _)| DomainId(i as u32))
}

/// One of a store's members by its path, as its place in the list.
pub(super) fn find(item: &Item<'_>, world: &World, regions: &[StoreRegion]) -> Option<u8> {
    let text = item.text()?;
    let names: Vec<&str> = regions.iter().map(|r| world.domain(r.place(world, true)).path.as_str()).collect();
    let found = names.iter().position(|n| *n == text);
    if found.is_none() && !item.cx.incomplete.get() && !regions.is_empty() {
        let message = format!("the store has no member `{text}`");
        let problem = Problem::new(code::UNKNOWN_PLACE, message, "no member of this store");
        item.error(problem.did_you_mean(text, &names));
    }
    found.map(|i| i as u8)
}

/// A member in another place gets its data over a link, or as fast as replicas are rebuilt.
fn can_be_rebuilt(r: &Reader<'_>, world: &World, regions: &[StoreRegion]) {
    if r.get("rebuild").is_some_and(|i| i.maybe_text() != Some("never")) {
        return;
    }
    let carries = |a: &StoreRegion, b: &StoreRegion| {
        let link = world.link_between(a.region, b.region);
        link.is_some_and(|l| world.links[l.0 as usize].bandwidth.is_some())
    };
    let pairs = || regions.iter().enumerate().flat_map(|(i, a)| regions[..i].iter().map(move |b| (a, b)));
    if let Some(item) = r.get("replace")
        && !pairs().all(|(a, b)| carries(a, b))
    {
        let message = "a lost member would be given up and never be rebuilt";
        let problem = Problem::new(code::MEMBERS, message, "no `rebuild`, and no link with `bandwidth`");
        item.error(problem.help("give the store `rebuild = { bandwidth = \"100MB/s\" }`"));
    }
}

/// What its members make of a store's other settings.
pub(super) fn check(r: &Reader<'_>, store: &Store) {
    let Some(members) = &store.members else { return };
    if members.agreement == Agreement::Majority && store.failover.mode != FailoverMode::PerPartition {
        never_elects(r);
    }
    check_cap(r, members, store);
}

/// A majority elects its leader by itself.
fn never_elects(r: &Reader<'_>) {
    let mode = r.get("failover").filter(Item::is_table).and_then(|i| i.table()?.get("mode"));
    let message = "a majority elects its leader by itself";
    let problem = Problem::new(code::ELECTION, message, "`failover.mode` must be \"automatic\"");
    let help = "write `failover = { mode = \"automatic\", … }`: detect and promote together are the time of an election";
    let problem = problem.help(help);
    match mode.or_else(|| r.get("failover")).or_else(|| r.get("replication")) {
        Some(item) => item.error(problem),
        None => r.error(problem),
    }
}

/// A cap that the lag never meets would never let anybody take over.
fn check_cap(r: &Reader<'_>, members: &Members, store: &Store) {
    let least = store.lag.quantile(0);
    let writes: u64 = store.clients.iter().map(|c| c.writes_mps).sum();
    let behind = u128::from(writes) * u128::from(least.ns()) * u128::from(store.write_bytes)
        / (1_000_000_000_000 * u128::from(store.partitions));
    let steady = store.profile == Profile::flat();
    let late = members.cap_time.filter(|cap| least > *cap).map(|_| ("time", format!("{least}")));
    let large = members.cap_bytes.filter(|cap| steady && behind > u128::from(*cap));
    let large = large.map(|_| ("bytes", format!("{behind} bytes")));
    let cap = r.get("lag_cap").filter(Item::is_table).and_then(|i| i.table());
    let (Some((key, least)), Some(cap)) = (late.or(large), cap) else { return };
    if let Some(item) = cap.get(key) {
        let message = "no standby is ever near enough to be promoted";
        let problem = Problem::new(code::LAG_CAP, message, format!("the least lag is {least}"));
        item.error(problem.help("raise the cap, or shorten `lag`"));
    }
}
