//! What a store costs: known from the model, but for what is billed by use.

use super::metric::{Ceiling, Estimate};
use super::tally::StoreTally;
use crate::model::{Billing, Command, Model, Price, Store};
use crate::stats::Confidence;
use crate::units::Duration;

/// Id of the figure in money.
pub(super) const COST: &str = "cost_per_year";
const HOURS_PER_YEAR: f64 = 8760.0;
const MONTHS_PER_YEAR: f64 = 12.0;
const NANO: f64 = 1e9;
const PPM: f64 = 1e6;

const NO_RATE: &str = "the rate of several write regions is not published: give `price.multi_write_rate`";
const UNLIMITED: &str = "throughput is unlimited: there is nothing to bill";
const AUTOSCALE: &str =
    "at most: as if it always ran at its full throughput; what it really bills follows demand";

/// Throughput of each region over the measured time.
struct Provisioned {
    /// Thousandths of a request unit per second × nanoseconds; `None` where throughput was unlimited at some time.
    units: Option<Vec<i128>>,
    /// Nanoseconds.
    time: Vec<i128>,
}

/// Integrates what is provisioned, as declared and changed by actions.
fn provisioned(model: &Model, index: usize) -> Provisioned {
    let store = &model.stores[index];
    let regions = store.regions.len();
    let mut sums = Provisioned { units: Some(vec![0; regions]), time: vec![0; regions] };
    let mut throughput = store.throughput_mru;
    let in_use = store.members.as_ref().map_or(regions, |m| usize::from(m.in_use));
    let places = store.regions.iter().enumerate();
    let mut there: Vec<bool> = places.map(|(i, r)| !r.joins_later && i < in_use).collect();
    let mut from = Duration::ZERO;
    for action in model.actions.iter().filter(|a| a.at < model.horizon) {
        match action.command {
            Command::SetThroughput { store, throughput_mru } if store as usize == index => {
                sums.pass(action.at.ns() - from.ns(), &there, throughput);
                (from, throughput) = (action.at, throughput_mru);
            }
            Command::AddRegion { store, region } if store as usize == index => {
                sums.pass(action.at.ns() - from.ns(), &there, throughput);
                (from, there[usize::from(region)]) = (action.at, true);
            }
            _ => {}
        }
    }
    sums.pass(model.horizon.ns() - from.ns(), &there, throughput);
    sums
}

impl Provisioned {
    /// Some nanoseconds pass with this throughput in the regions that are there.
    fn pass(&mut self, ns: u64, there: &[bool], throughput: Option<u64>) {
        let add = |sums: &mut Vec<i128>, amount: i128| {
            sums.iter_mut().zip(there).filter(|(_, there)| **there).for_each(|(sum, _)| *sum += amount);
        };
        add(&mut self.time, i128::from(ns));
        match (&mut self.units, throughput) {
            (Some(units), Some(mru)) => add(units, i128::from(ns) * i128::from(mru)),
            _ if ns > 0 => self.units = None,
            _ => {}
        }
    }
}

/// a / b without loss where the quotient is whole.
fn ratio(a: i128, b: i128) -> f64 {
    (a / b) as f64 + (a % b) as f64 / b as f64
}

/// Each region's rate times its weight, in ones.
fn weighted(rates_ppm: &[u64], weights: impl Iterator<Item = f64>) -> f64 {
    rates_ppm.iter().zip(weights).map(|(&rate, weight)| rate as f64 * weight).sum::<f64>() / PPM
}

/// The figures of a store's price: id, unit, estimate. None if nothing is known about its price.
pub(super) fn figures(
    model: &Model,
    index: usize,
    tally: &StoreTally,
    at: Confidence,
) -> Vec<(&'static str, &'static str, Estimate)> {
    let store = &model.stores[index];
    let Some(price) = &store.price else { return Vec::new() };
    let unit = match price.billing {
        Billing::Serverless => "units/year",
        Billing::Provisioned | Billing::Autoscale => "unit-hours/year",
        Billing::Instances => "instance-hours/year",
    };
    let provisioned = provisioned(model, index);
    let (factor, billed) = match &price.rates_ppm {
        None => (Estimate::undefined(NO_RATE), Estimate::undefined(NO_RATE)),
        Some(_) if model.horizon == Duration::ZERO => {
            (Estimate::undefined("nothing was measured"), Estimate::undefined("nothing was measured"))
        }
        Some(rates) if price.billing == Billing::Serverless => by_use(model, rates, tally, at),
        Some(rates) if price.billing == Billing::Instances => {
            by_instances(store, rates, &provisioned, model.horizon)
        }
        Some(rates) => by_throughput(price, rates, &provisioned, model.horizon),
    };
    let copies = weighted(&vec![1_000_000; store.regions.len()], shares(&provisioned.time, model.horizon));
    let cost = cost(store, price, copies, &billed);
    vec![
        ("price_factor", "factor", factor),
        ("billed_units_per_year", unit, billed),
        (COST, "money/year", cost),
    ]
}

/// The cost of a service: of its stores and of its tiers, each once; `None` if nothing is known about any of them. Of the
/// tiers it counts the instances that run at the start.
pub(super) fn of_service(
    model: &Model,
    service: u32,
    stores: &[StoreTally],
    at: Confidence,
) -> Option<Estimate> {
    let (mut sum, mut unpriced) = (exact(0.0), Vec::new());
    let mut currencies = Vec::new();
    for s in model.stores_of(service) {
        let store = &model.stores[s as usize];
        let Some(price) = &store.price else {
            unpriced.push(store.name.as_str());
            continue;
        };
        let figures = figures(model, s as usize, &stores[s as usize], at);
        let cost = figures.into_iter().find(|(id, ..)| *id == COST).map(|(_, _, cost)| cost)?;
        if cost.estimate.is_none() {
            return Some(Estimate::undefined(&format!("{}: {}", store.name, cost.note)));
        }
        currencies.push(&price.currency);
        let add = |a: Option<f64>, b: Option<f64>| a.zip(b).map(|(a, b)| a + b);
        let ends = |e: &Estimate| [e.low.or(e.estimate), e.high.or(e.estimate)];
        let varies = cost.low.is_some() || sum.low.is_some();
        let ([low, high], [more_low, more_high]) = (ends(&sum), ends(&cost));
        sum.estimate = add(sum.estimate, cost.estimate);
        (sum.low, sum.high) = if varies { (add(low, more_low), add(high, more_high)) } else { (None, None) };
        sum.n = sum.n.max(cost.n);
    }
    for t in model.tiers_of(service) {
        let tier = &model.tiers[t as usize];
        let Some(price) = &tier.price else {
            unpriced.push(tier.name.as_str());
            continue;
        };
        currencies.push(&price.currency);
        let running: f64 = tier.sites.iter().map(|s| f64::from(s.running)).sum();
        let more = running * price.instance_nano as f64 / NANO * HOURS_PER_YEAR;
        for end in [&mut sum.estimate, &mut sum.low, &mut sum.high].into_iter().flatten() {
            *end += more;
        }
    }
    let first = *currencies.first()?;
    if currencies.iter().any(|c| *c != first) {
        return Some(Estimate::undefined("its parts are priced in several currencies"));
    }
    let mut notes: Vec<String> = first.iter().map(|currency| format!("in {currency}")).collect();
    if !unpriced.is_empty() {
        notes.push(format!("without {}, which have no price", unpriced.join(", ")));
    }
    Some(Estimate { note: notes.join("; "), ..sum })
}

fn exact(value: f64) -> Estimate {
    Estimate { estimate: Some(value), ..Estimate::default() }
}

fn by_use(model: &Model, rates: &[u64], tally: &StoreTally, at: Confidence) -> (Estimate, Estimate) {
    let factor = weighted(rates, core::iter::repeat(1.0));
    let years = model.horizon.ns() as f64 / Duration::YEAR.ns() as f64;
    (exact(factor), Estimate::mean(at, &tally.used, years, Ceiling::Open).scaled(factor))
}

fn by_instances(
    store: &Store,
    rates: &[u64],
    provisioned: &Provisioned,
    horizon: Duration,
) -> (Estimate, Estimate) {
    let time = &provisioned.time;
    let factor = weighted(rates, time.iter().map(|&t| ratio(t, time[0])));
    let regions = weighted(rates, shares(time, horizon));
    (exact(factor), exact(regions * f64::from(store.replicas) * HOURS_PER_YEAR))
}

fn by_throughput(
    price: &Price,
    rates: &[u64],
    provisioned: &Provisioned,
    horizon: Duration,
) -> (Estimate, Estimate) {
    let weights = provisioned.units.as_ref().filter(|all| all[0] > 0).unwrap_or(&provisioned.time);
    // The first region is there from the start.
    let factor = weighted(rates, weights.iter().map(|&w| ratio(w, weights[0])));
    let billed = match &provisioned.units {
        None => Estimate::undefined(UNLIMITED),
        Some(units) => {
            let mean_units = shares(units, horizon).map(|mru| mru / 1000.0);
            let billed = exact(weighted(rates, mean_units) * HOURS_PER_YEAR);
            match price.billing {
                Billing::Autoscale => Estimate { high: billed.estimate, ..Estimate::undefined(AUTOSCALE) },
                _ => billed,
            }
        }
    };
    (exact(factor), billed)
}

/// Mean over the horizon of what was summed up over it, for each region.
fn shares(sums: &[i128], horizon: Duration) -> impl Iterator<Item = f64> {
    sums.iter().map(move |&sum| ratio(sum, i128::from(horizon.ns()).max(1)))
}

/// Money for what is billed, and for so many copies of the data.
fn cost(store: &Store, price: &Price, copies: f64, billed: &Estimate) -> Estimate {
    let Some(unit_nano) = price.unit_nano else {
        return Estimate::undefined("no unit price is given");
    };
    let units = match price.billing {
        Billing::Serverless => 1e6,
        Billing::Provisioned | Billing::Autoscale => 100.0,
        Billing::Instances => 1.0,
    };
    let storage = price.storage_nano.map_or(0.0, |nano| {
        let gigabytes = store.data_bytes as f64 / 1e9;
        gigabytes * copies * nano as f64 / NANO * MONTHS_PER_YEAR
    });
    let money =
        |units_billed: Option<f64>| units_billed.map(|x| x / units * unit_nano as f64 / NANO + storage);
    let mut note = billed.note.clone();
    if let (Some(currency), true) = (&price.currency, billed.estimate.is_some() || billed.high.is_some()) {
        note = if note.is_empty() { format!("in {currency}") } else { format!("in {currency}; {note}") };
    }
    Estimate {
        estimate: money(billed.estimate),
        low: money(billed.low),
        high: money(billed.high),
        n: billed.n,
        note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Accumulator, Metric, VariantOutcome, fixture};
    use crate::model::objective::Series;
    use crate::model::{
        Action, Agreement, Members, Need, NodeId, Part, Profile, RegionId, Service, Tier, TierPrice, TierSite,
    };
    use crate::rng::Law;

    /// The made-up store of two regions at these rates, 10 000 request units a second, 2 TB.
    fn model(billing: Billing, rates_ppm: Option<Vec<u64>>) -> Model {
        let mut model = fixture::model();
        let store = &mut model.stores[0];
        store.throughput_mru = Some(10_000_000);
        store.data_bytes = 2_000_000_000_000;
        store.price = Some(Price {
            billing,
            rates_ppm,
            currency: Some("EUR".into()),
            unit_nano: Some(8_000_000),
            storage_nano: None,
        });
        model
    }

    fn figure(model: &Model, id: &str) -> Metric {
        let mut acc = Accumulator::new(model);
        (0..6).for_each(|i| acc.add(&fixture::replication(i)));
        VariantOutcome::new("v", model, &acc).metric(id).expect("in the catalogue").clone()
    }

    fn throughput(model: &mut Model, hour: u64, mru: Option<u64>) {
        let command = Command::SetThroughput { store: 0, throughput_mru: mru };
        model.actions.push(Action { at: Duration::from_secs(3600 * hour), command });
    }

    #[test]
    fn c08_regions_bill_the_whole_throughput_each_at_its_rate() {
        let m = model(Billing::Provisioned, Some(vec![1_250_000, 1_100_000]));
        assert_eq!(figure(&m, "price_factor").estimate, Some(2.35));
        // 2.35 × 10 000 units × 8760 hours; 0.008 for an hour of 100.
        assert_eq!(figure(&m, "billed_units_per_year").estimate, Some(205_860_000.0));
        let cost = figure(&m, "cost_per_year");
        assert!((cost.estimate.unwrap() - 16_468.8).abs() < 1e-6);
        assert_eq!(cost.note, "in EUR");
    }

    /// 10 000 for 100 h, 12 000 for 10 h, 8000 to the end of the year; what comes after the horizon costs nothing.
    #[test]
    fn c28_raises_and_lowers_cost_what_they_cost() {
        let mut m = model(Billing::Provisioned, Some(vec![1_000_000, 1_000_000]));
        throughput(&mut m, 100, Some(12_000_000));
        throughput(&mut m, 110, Some(8_000_000));
        throughput(&mut m, 9000, Some(1));
        assert_eq!(figure(&m, "price_factor").estimate, Some(2.0), "at the same throughput");
        let hours = 10_000.0 * 100.0 + 12_000.0 * 10.0 + 8000.0 * 8650.0;
        let billed = figure(&m, "billed_units_per_year").estimate.unwrap();
        assert!((billed - 2.0 * hours).abs() < 1e-3, "{billed}");
    }

    #[test]
    fn storage_is_paid_in_every_region() {
        let mut m = model(Billing::Provisioned, Some(vec![1_000_000, 1_000_000]));
        let plain = figure(&m, "cost_per_year").estimate.unwrap();
        m.stores[0].price.as_mut().unwrap().storage_nano = Some(250_000_000);
        let with = figure(&m, "cost_per_year").estimate.unwrap();
        assert!((with - plain - 2.0 * 2000.0 * 0.25 * 12.0).abs() < 1e-6);
    }

    /// Two instances of a tier beside a store that costs 0.5 for an hour of each of six machines; another store has no price.
    #[test]
    fn a_service_costs_what_its_parts_cost() {
        let mut m = model(Billing::Instances, Some(vec![1_000_000; 2]));
        m.stores[0].replicas = 3;
        m.stores[0].price.as_mut().unwrap().unit_nano = Some(500_000_000);
        let (nodes, region) = (vec![NodeId(0); 4], RegionId(0));
        let price = TierPrice { instance_nano: 100_000_000, currency: Some("EUR".into()) };
        m.tiers.push(Tier {
            name: "web".into(),
            sites: vec![TierSite { region, nodes, running: 2 }],
            needed: 1,
            start: Law::constant(Duration::ZERO),
            reschedule: None,
            price: Some(price),
        });
        let need = |on| Need { on, path: Series::All, share_ppm: 1_000_000 };
        m.services.push(Service {
            name: "shop".into(),
            needs: vec![need(Part::Store(0)), need(Part::Tier(0)), need(Part::Store(0))],
            reads_mps: 1,
            writes_mps: 1,
            profile: Profile::flat(),
            outage_threshold_ppm: 0,
        });
        let cost = |m: &Model| of_service(m, 0, &Accumulator::new(m).stores, Confidence::P95);
        let found = cost(&m).unwrap();
        assert_eq!((found.estimate, found.low), (Some((6.0 * 0.5 + 2.0 * 0.1) * 8760.0), None));
        assert_eq!(found.note, "in EUR");
        m.tiers[0].price.as_mut().unwrap().currency = None;
        assert_eq!(cost(&m).unwrap().estimate, None);
        m.tiers[0].price = None;
        assert_eq!(cost(&m).unwrap().note, "in EUR; without web, which have no price");
        m.stores[0].price = None;
        assert!(cost(&m).is_none());
    }

    /// A leader, a standby and a place where a lost one would be rebuilt.
    #[test]
    fn instances_in_use_are_billed_by_the_hour() {
        let mut m = model(Billing::Instances, Some(vec![1_000_000, 1_500_000]));
        m.stores[0].replicas = 3;
        m.stores[0].price.as_mut().unwrap().unit_nano = Some(500_000_000);
        assert_eq!(figure(&m, "price_factor").estimate, Some(2.5));
        assert_eq!(figure(&m, "billed_units_per_year").estimate, Some(7.5 * 8760.0));
        assert_eq!(figure(&m, "cost_per_year").estimate, Some(7.5 * 8760.0 * 0.5));
        m.stores[0].members = Some(Members {
            agreement: Agreement::Asynchronous,
            in_use: 1,
            replace: None,
            cap_bytes: None,
            cap_time: None,
            leader_reads: true,
        });
        assert_eq!(figure(&m, "billed_units_per_year").estimate, Some(3.0 * 8760.0));
    }

    /// What cannot be known is undefined, with the reason.
    #[test]
    fn unknown_prices_are_undefined() {
        let mut m = model(Billing::Provisioned, None);
        for id in ["price_factor", "billed_units_per_year", "cost_per_year"] {
            let figure = figure(&m, id);
            assert_eq!((figure.estimate, figure.note.as_str()), (None, NO_RATE), "{id}");
        }
        m.stores[0].price.as_mut().unwrap().rates_ppm = Some(vec![1_000_000; 2]);
        throughput(&mut m, 10, None);
        assert_eq!(figure(&m, "price_factor").estimate, Some(2.0), "also where throughput is unlimited");
        assert_eq!(figure(&m, "cost_per_year").note, UNLIMITED);
        m.actions.clear();
        m.stores[0].price.as_mut().unwrap().unit_nano = None;
        assert_eq!(figure(&m, "cost_per_year").estimate, None);
        m.stores[0].price = None;
        let mut acc = Accumulator::new(&m);
        acc.add(&fixture::replication(0));
        assert!(VariantOutcome::new("v", &m, &acc).metric("price_factor").is_none());
    }

    #[test]
    fn c08_autoscale_costs_at_most_its_full_throughput() {
        let m = model(Billing::Autoscale, Some(vec![1_000_000, 1_000_000]));
        let cost = figure(&m, "cost_per_year");
        assert_eq!(cost.estimate, None);
        assert!((cost.high.unwrap() - 2.0 * 100.0 * 8760.0 * 0.008).abs() < 1e-6);
    }

    /// Reads cost 1 unit, writes 5: 2000 and 1000 a second but for what failed.
    #[test]
    fn c08_serverless_bills_what_is_served() {
        let mut m = model(Billing::Serverless, Some(vec![1_250_000]));
        m.stores[0].price.as_mut().unwrap().unit_nano = Some(250_000_000);
        assert_eq!(figure(&m, "price_factor").estimate, Some(1.25));
        let failed: i128 =
            (0..6).map(|i| fixture::replication(i).stores[0].failed[1] / fixture::REQUEST).sum();
        let units = 7000.0 * 31_536_000.0 - 5.0 * failed as f64 / 6.0;
        let billed = figure(&m, "billed_units_per_year");
        assert!((billed.estimate.unwrap() / (1.25 * units) - 1.0).abs() < 1e-12);
        assert!(billed.low < billed.estimate && billed.estimate < billed.high);
        let cost = figure(&m, "cost_per_year").estimate.unwrap();
        assert!((cost / (1.25 * units / 1e6 * 0.25) - 1.0).abs() < 1e-12);
    }
}
