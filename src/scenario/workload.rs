//! The requests of a store.

use super::context::Problem;
use super::diagnostic::code;
use super::members;
use super::reader::{Item, Named, Reader};
use super::routing::{self, Pattern, Session, Setting};
use super::tree::At;
use super::world::{duplicate, unknown_region};
use crate::model::service::MOST_VOLUME;
use crate::model::{Client, Hot, PROFILE_ONE, Profile, Redirect, RegionId, StoreRegion, World};
use crate::rng::Law;
use crate::units::Duration;

/// Highest rate per second of a store or service.
pub(super) const MAX_RATE: u64 = 1_000_000_000;
/// Shares are read to a billionth; this is 1.
const WHOLE: u128 = 1_000_000_000;
/// Shares may miss 1 by this many billionths.
const SLACK: u128 = 1_000;
/// Most client populations of a store.
const MAX_CLIENTS: usize = 64;
/// Highest multiplier of a profile.
const MAX_FACTOR: f64 = 1000.0;

/// Clients and course of the rates.
pub(super) struct Workload {
    pub clients: Vec<Client>,
    pub hot: Option<Hot>,
    pub profile: Profile,
}

/// One population before the rates are split.
struct Population {
    region: RegionId,
    share: u128,
    order: Vec<u8>,
    write_order: Vec<u8>,
    redirect: Redirect,
    pattern: Pattern,
    session: Session,
}

/// Reads `[store.NAME.workload]` of a store, which lies in these regions; without it there are no requests.
pub(super) fn of(
    store: &Reader<'_>,
    world: &World,
    regions: &[StoreRegion],
    partitions: u64,
    setting: Setting,
) -> Option<Workload> {
    let Some(item) = store.get("workload") else {
        return Some(Workload { clients: Vec::new(), hot: None, profile: Profile::flat() });
    };
    let r = item.table()?;
    let found = read(&r, world, regions, partitions, setting);
    r.close();
    found
}

fn read(
    r: &Reader<'_>,
    world: &World,
    regions: &[StoreRegion],
    partitions: u64,
    setting: Setting,
) -> Option<Workload> {
    let rate = |key| r.get(key).map_or(Some(0), |i| i.thousandths(MAX_RATE));
    let (writes, reads) = (rate("writes_per_second"), rate("reads_per_second"));
    let profile = r.get("profile").map_or(Some(Profile::flat()), |i| profile(&i));
    let clients = r.require("clients", "{ westeurope = 1.0 }");
    let populations = clients.as_ref().and_then(|i| populations(i, world, regions, setting));
    let hot = routing::hot(r, setting);
    let (writes, reads, profile, populations) = (writes?, reads?, profile?, populations?);
    let most = u128::from(writes + reads) * u128::from(profile.peak()) * u128::from(partitions);
    if most > MOST_VOLUME {
        let message = "rates × peak of the profile × partitions are too large to be counted exactly";
        r.error(Problem::new(code::TOO_LARGE, message, "at most 10^11 requests per second × partitions"));
        return None;
    }
    let writes = split(writes, &populations);
    let reads = split(reads, &populations);
    let clients = populations.into_iter().zip(writes.into_iter().zip(reads));
    let clients: Vec<Client> = clients
        .flat_map(|(p, (writes_mps, reads_mps))| {
            let Population { region, order, write_order, redirect, pattern, session, .. } = p;
            let rates = routing::Rates { writes_mps, reads_mps };
            routing::Population { region, order, write_order, redirect, pattern, session }.clients(rates)
        })
        .collect();
    if clients.len() > MAX_CLIENTS {
        routing::too_many(r, MAX_CLIENTS);
        return None;
    }
    Some(Workload { clients, hot: hot?, profile })
}

/// Splits a rate by shares into integers that add up to it exactly: the largest remainders get what is left over.
fn split(total: u64, populations: &[Population]) -> Vec<u64> {
    let sum: u128 = populations.iter().map(|p| p.share).sum();
    let exact: Vec<(u128, u128)> = populations
        .iter()
        .map(|p| (u128::from(total) * p.share / sum.max(1), u128::from(total) * p.share % sum.max(1)))
        .collect();
    let mut left = u128::from(total).saturating_sub(exact.iter().map(|e| e.0).sum());
    let mut order: Vec<usize> = (0..exact.len()).collect();
    order.sort_by_key(|&i| (core::cmp::Reverse(exact[i].1), i));
    let mut rates: Vec<u64> = exact.iter().map(|e| e.0 as u64).collect();
    for i in order {
        if left == 0 {
            break;
        }
        rates[i] += 1;
        left -= 1;
    }
    rates
}

fn populations(
    item: &Item<'_>,
    world: &World,
    regions: &[StoreRegion],
    setting: Setting,
) -> Option<Vec<Population>> {
    let table = item.table()?;
    let mut found = Vec::new();
    let mut complete = true;
    for Named { name, at, item: client } in table.named() {
        if item.cx.full() {
            return None;
        }
        match population(name, at, &client, world, regions, setting) {
            Some(population) => found.push(population),
            None => complete = false,
        }
    }
    if !complete {
        return None;
    }
    let sum: u128 = found.iter().map(|p| p.share).sum();
    if sum.abs_diff(WHOLE) > SLACK {
        let message = format!("the shares of `{}` do not sum to 1", item.path);
        let label = format!("they sum to {}", sum as f64 / WHOLE as f64);
        item.error(Problem::new(code::SHARES, message, label));
        return None;
    }
    Some(found)
}

fn population(
    name: &str,
    at: &At,
    item: &Item<'_>,
    world: &World,
    regions: &[StoreRegion],
    setting: Setting,
) -> Option<Population> {
    let names: Vec<&str> = world.regions.iter().map(|&d| world.domain(d).path.as_str()).collect();
    let region = names.iter().position(|n| *n == name).map(|i| RegionId(i as u32));
    if region.is_none() {
        unknown_region(item.cx, at, &item.path, name, &names);
    }
    let share_of = |i: &Item<'_>| i.number(0.0..=1.0).map(|n| (n * WHOLE as f64 + 0.5) as u128);
    if !item.is_table() {
        let share = share_of(item);
        let region = region?;
        let order = order(world, regions, region, None);
        let write_order = write_order(regions, region, &[]);
        return Some(Population {
            region,
            share: share?,
            order,
            write_order,
            redirect: at_once(),
            pattern: Pattern::Fixed,
            session: Session::usual(setting),
        });
    }
    let r = item.table()?;
    let share = r.require("share", "0.5").and_then(|i| share_of(&i));
    let preferred = match r.get("preferred") {
        None => Some(None),
        Some(item) => preferred(&item, world, regions, setting).map(Some),
    };
    let writes_to =
        r.get("writes_to").map_or(Some(Vec::new()), |i| self::preferred(&i, world, regions, setting));
    if setting.single {
        r.idle("writes_to", "the store has a single write region");
    }
    let redirect = r.get("redirect").map_or(Some(at_once()), |i| redirect(&i));
    if setting.leader_reads {
        for key in ["preferred", "routing"] {
            r.idle(key, "`reads` is \"leader\": nobody else answers");
        }
        if r.get("redirect").is_some_and(|i| i.maybe_text() != Some("never")) {
            r.idle("redirect", "`reads` is \"leader\": clients go there when `failover.redirect` is over");
        }
    }
    let place = |i: &Item<'_>| self::preferred_one(i, world, regions, setting);
    let pattern = routing::pattern(&r, setting, place);
    let session = Session::read(&r, setting);
    r.close();
    let region = region?;
    let order = order(world, regions, region, preferred?.as_deref());
    let write_order = write_order(regions, region, &writes_to?);
    let (pattern, session) = (pattern?, session?);
    Some(Population { region, share: share?, order, write_order, redirect: redirect?, pattern, session })
}

fn at_once() -> Redirect {
    Redirect::After(Law::constant(Duration::ZERO))
}

/// The order in which clients read: preferred regions, then the others, the write region last; without
/// preferences their own region, then by priority.
fn order(world: &World, regions: &[StoreRegion], home: RegionId, preferred: Option<&[u8]>) -> Vec<u8> {
    debug_assert!(home.0 < world.regions.len() as u32);
    let all = 0..regions.len() as u8;
    match preferred {
        Some(first) => {
            let mut order = first.to_vec();
            order.extend(all.clone().filter(|i| *i != 0 && !first.contains(i)));
            order.extend(all.filter(|i| *i == 0 && !first.contains(i)));
            order
        }
        None => {
            let mut order: Vec<u8> = all.collect();
            order.sort_by_key(|&i| regions[usize::from(i)].region != home);
            order
        }
    }
}

/// The order in which clients write where every region takes writes: those named, their own, the others by priority.
fn write_order(regions: &[StoreRegion], home: RegionId, named: &[u8]) -> Vec<u8> {
    let mut order: Vec<u8> = (0..regions.len() as u8).collect();
    let place = |i: u8| named.iter().position(|&n| n == i).unwrap_or(named.len());
    order.sort_by_key(|&i| (place(i), regions[usize::from(i)].region != home));
    order
}

fn preferred(item: &Item<'_>, world: &World, regions: &[StoreRegion], setting: Setting) -> Option<Vec<u8>> {
    let mut found = Vec::new();
    let items = item.list()?;
    for element in &items {
        match preferred_one(element, world, regions, setting) {
            Some(i) if found.contains(&i) => duplicate(element, "region", element.text()?),
            found_one => found.extend(found_one),
        }
    }
    (found.len() == items.len()).then_some(found)
}

/// A region of the store by name, as its place in the list.
fn preferred_one(item: &Item<'_>, world: &World, regions: &[StoreRegion], setting: Setting) -> Option<u8> {
    if setting.led {
        return members::find(item, world, regions);
    }
    let names: Vec<&str> = regions.iter().map(|r| world.region_name(r.region)).collect();
    let text = item.text()?;
    let found = names.iter().position(|n| *n == text);
    if found.is_none() && !item.cx.incomplete.get() && !regions.is_empty() {
        let message = format!("the store is not in a region `{text}`");
        let problem = Problem::new(code::UNKNOWN_PLACE, message, "no region of this store");
        item.error(problem.did_you_mean(text, &names));
    }
    found.map(|i| i as u8)
}

fn redirect(item: &Item<'_>) -> Option<Redirect> {
    if item.maybe_text() == Some("never") {
        return Some(Redirect::Never);
    }
    if item.is_table() {
        let r = item.table()?;
        if let Some(by) = r.get("by") {
            let by = by.word(&["service"]);
            let after = r.get("after").map_or(Some(Law::constant(Duration::ZERO)), |i| i.law());
            r.close();
            by?;
            return after.map(Redirect::ByService);
        }
    }
    item.law().map(Redirect::After)
}

pub(super) fn profile(item: &Item<'_>) -> Option<Profile> {
    let r = item.table()?;
    let factors = |key: &'static str, count: usize| -> Option<Vec<f64>> {
        let Some(item) = r.get(key) else { return Some(vec![1.0; count]) };
        let items = item.list()?;
        if items.len() != count {
            let message = format!("`{}` needs {count} numbers", item.path);
            let what =
                if count == 24 { "one for each hour of the day" } else { "one for each day, Monday first" };
            item.error(Problem::new(code::PROFILE, message, format!("{what}, found {}", items.len())));
            return None;
        }
        let found: Vec<f64> = items.iter().filter_map(|i| i.number(0.0..=MAX_FACTOR)).collect();
        (found.len() == count).then_some(found)
    };
    let (daily, weekly) = (factors("daily", 24), factors("weekly", 7));
    r.close();
    let (daily, weekly) = (daily?, weekly?);
    let mut hours = [0u32; 168];
    for (i, hour) in hours.iter_mut().enumerate() {
        *hour = (daily[i % 24] * weekly[i / 24] * f64::from(PROFILE_ONE) + 0.5) as u32;
    }
    if hours.iter().all(|&h| h == 0) {
        let problem = Problem::new(code::PROFILE, "this profile leaves no request at all", "every hour is 0");
        item.error(problem.help("write factors around 1: they multiply the rates"));
        return None;
    }
    Some(Profile::weekly(hours))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Tokens;

    fn population(share: u128) -> Population {
        Population {
            region: RegionId(0),
            share,
            order: vec![0],
            write_order: vec![0],
            redirect: Redirect::Never,
            pattern: Pattern::Fixed,
            session: Session { tokens: Tokens::None, timeout: Duration::ZERO },
        }
    }

    #[test]
    fn rates_are_split_exactly() {
        let thirds: Vec<Population> = [333_333_333, 333_333_333, 333_333_334].map(population).into();
        assert_eq!(split(1000, &thirds), [333, 333, 334]);
        assert_eq!(split(2, &thirds), [1, 0, 1]);
        for total in 0..200 {
            assert_eq!(split(total, &thirds).iter().sum::<u64>(), total);
        }
    }
}
