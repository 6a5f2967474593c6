//! What a store costs: relative factors, from a preset as a rule, and money where the scenario gives it.

use super::context::Problem;
use super::diagnostic::code;
use super::reader::{Item, Reader};
use super::world::unknown_region;
use crate::model::{Billing, Placement, Price, StoreRegion, World, Writes};

/// Words for what the bill counts.
pub(super) const BILLINGS: [&str; 4] = ["provisioned", "autoscale", "serverless", "instances"];
/// What may take the zone premium away.
pub(super) const WAIVERS: [&str; 2] = ["autoscale", "multi-region"];
/// Largest factor and largest unit price.
const MOST: f64 = 1e4;
/// A factor of 1.
const ONE: u64 = 1_000_000;

/// Reads `price` of a store, which lies in these regions and writes in one or in all of them.
pub(super) fn read(
    store: &Reader<'_>,
    world: &World,
    regions: Option<&[StoreRegion]>,
    writes: Option<Writes>,
) -> Option<Option<Price>> {
    let Some(item) = store.get("price") else { return Some(None) };
    let r = item.table()?;
    r.know(&["zone_factor", "zone_factor_waived", "region_factor", "multi_write_rate"]);
    let billings = [Billing::Provisioned, Billing::Autoscale, Billing::Serverless, Billing::Instances];
    let billing =
        r.get("billing").map_or(Some(Billing::Provisioned), |i| i.word(&BILLINGS).map(|w| billings[w]));
    let several = writes == Some(Writes::Multi);
    let factors = factors(&r, world, several, billing);
    let nano = |key| r.get(key).map_or(Some(None), |i| nano(&i).map(Some));
    let (hour, million) = (nano("per_100_units_hour"), nano("per_million_units"));
    let instance = nano("per_instance_hour");
    let storage = nano("storage_per_gb_month");
    let currency = r.get("currency").map_or(Some(None), |i| currency(&i).map(Some));
    idle(&r, store, billing);
    let regions = regions?;
    if let (Some(Billing::Serverless), true, Some(item)) = (billing, regions.len() > 1, r.get("billing")) {
        let label = format!("the store has {} regions", regions.len());
        let problem = Problem::new(code::EXCLUSIVE, "a serverless store is in one region", label);
        item.error(problem.help("keep one region, or write `billing = \"provisioned\"`"));
    }
    r.close();
    let (billing, factors) = (billing?, factors?);
    Some(Some(Price {
        billing,
        rates_ppm: regions.iter().map(|region| factors.rate(region)).collect(),
        currency: currency?,
        unit_nano: match billing {
            Billing::Serverless => million?,
            Billing::Instances => instance?,
            Billing::Provisioned | Billing::Autoscale => hour?,
        },
        storage_nano: storage?,
    }))
}

/// Warns about what no bill shows.
fn idle(r: &Reader<'_>, store: &Reader<'_>, billing: Option<Billing>) {
    let money = ["per_100_units_hour", "per_million_units", "per_instance_hour", "storage_per_gb_month"];
    let used = match billing {
        Some(Billing::Serverless) => {
            Some(("per_million_units", "serverless is billed by `per_million_units`"))
        }
        Some(Billing::Instances) => {
            Some(("per_instance_hour", "instances are billed by `per_instance_hour`"))
        }
        Some(Billing::Provisioned | Billing::Autoscale) => {
            Some(("per_100_units_hour", "throughput is billed by `per_100_units_hour`"))
        }
        None => None,
    };
    if let Some((used, label)) = used {
        for key in money[..3].iter().filter(|key| **key != used) {
            r.idle(key, label);
        }
        let unlimited = store.get("throughput").is_none_or(|i| i.maybe_text() == Some("unlimited"));
        if unlimited && used == "per_100_units_hour" {
            r.idle("per_100_units_hour", "the store has no `throughput` to pay for");
        }
    }
    if money.iter().all(|key| r.get(key).is_none()) {
        r.idle("currency", "no price is given in it");
    }
}

/// Factors on the rate of one unzoned region with a single write region.
struct Factors {
    zones: u64,
    /// `None`: what several write regions cost is not given.
    writes: Option<u64>,
    regions: Vec<(u32, u64)>,
}

impl Factors {
    /// Rate of a region in millionths.
    fn rate(&self, region: &StoreRegion) -> Option<u64> {
        let zones = if region.placement == Placement::ZoneRedundant { self.zones } else { ONE };
        let own = self.regions.iter().find(|(r, _)| *r == region.region.0).map_or(ONE, |(_, f)| *f);
        let times = |a: u64, b: u64| {
            u64::try_from((u128::from(a) * u128::from(b) + u128::from(ONE) / 2) / u128::from(ONE)).ok()
        };
        times(times(zones, own)?, self.writes?)
    }
}

fn factors(r: &Reader<'_>, world: &World, several: bool, billing: Option<Billing>) -> Option<Factors> {
    let zones = r.get("zone_factor").map_or(Some(ONE), |i| scaled(&i, 1e6));
    let mut waived = false;
    for item in r.get("zone_factor_waived").map_or_else(Vec::new, |i| i.list().unwrap_or_default()) {
        waived |= match item.word(&WAIVERS) {
            Some(0) => billing == Some(Billing::Autoscale),
            Some(_) => several,
            None => false,
        };
    }
    let rate = r.get("multi_write_rate").map_or(Some(None), |i| scaled(&i, 1e6).map(Some));
    if !several {
        r.idle("multi_write_rate", "the store has a single write region");
    }
    let known: Vec<&str> = world.regions.iter().map(|&d| world.domain(d).path.as_str()).collect();
    let mut regions = Vec::new();
    for named in r.table("region_factor").map_or_else(Vec::new, |t| t.named()) {
        let region = known.iter().position(|n| *n == named.name);
        if region.is_none() {
            unknown_region(r.cx, named.at, &named.item.path, named.name, &known);
        }
        let factor = scaled(&named.item, 1e6);
        regions.push(region.zip(factor).map(|(r, f)| (r as u32, f)));
    }
    let regions = regions.into_iter().collect::<Option<Vec<_>>>()?;
    let writes = if several { rate? } else { rate.map(|_| ONE) };
    Some(Factors { zones: if waived { ONE } else { zones? }, writes, regions })
}

/// An amount of money in billionths.
pub(super) fn nano(item: &Item<'_>) -> Option<u64> {
    scaled(item, 1e9)
}

/// A number from 0 to ten thousand as an integer of so many parts.
fn scaled(item: &Item<'_>, parts: f64) -> Option<u64> {
    item.number(0.0..=MOST).map(|x| (x * parts + 0.5) as u64)
}

pub(super) fn currency(item: &Item<'_>) -> Option<String> {
    let text = item.text()?;
    let good = (1..=16).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if !good {
        let message = format!("{text:?} cannot be a currency");
        item.error(Problem::new(code::BAD_NAME, message, "1 to 16 characters, such as \"EUR\""));
    }
    good.then(|| text.to_owned())
}
