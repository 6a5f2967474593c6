//! What an accumulator keeps of objectives: months and events against targets.

use super::accumulate::SHARE_ONE;
use super::months::{Amounts, BY_REQUESTS, MonthsTally, YEAR, down, failed};
use super::service;
use super::tally::share;
use crate::model::calendar::{month_start, whole_months};
use crate::model::objective::{Goal, Objective, Series, WHOLE, Watched};
use crate::model::{Class, Model};
use crate::sim::observe::{Kind, Replication, Subject};
use crate::stats::{Histogram, Moments, Ratio};
use crate::units::Duration;

/// What is kept of one objective.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ObjectiveTally {
    Months(Box<MonthlyTally>),
    Events(EventsTally),
}

/// Months against a target.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MonthlyTally {
    /// Which of the accumulated subjects, which measure and series of it.
    pub(super) subject: usize,
    pub(super) measure: usize,
    pub(super) series: usize,
    /// Largest failing share that meets the target.
    pub(super) budget: i128,
    /// Failing shares above which a credit is due, and its millionths.
    pub(super) credits: Vec<(i128, u32)>,
    pub(super) missed: Moments,
    pub(super) years_missed: Moments,
    /// Replications that missed each month.
    pub(super) by_month: Vec<u64>,
    /// Millionths credited, summed over the months of a replication.
    pub(super) credit: Moments,
    /// The same for months of whole years, each times its days.
    pub(super) year_credit: Moments,
    /// Months in which each credit was due, per replication with a credit.
    pub(super) bands: Vec<Moments>,
    bands_now: Vec<u64>,
    pub(super) months: SharesTally,
    pub(super) years: SharesTally,
    /// Failing shares of requests, summed over months: the value beside that of the measure.
    pub(super) by_requests: Moments,
}

/// Failing shares: pooled without zeros, and summed over a replication.
#[derive(Clone, Debug, PartialEq, Default)]
pub(super) struct SharesTally {
    pub(super) shares: Histogram,
    pub(super) sums: Moments,
}

/// Outages or losses against a target.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EventsTally {
    pub(super) of: Watched,
    /// Stores whose losses count.
    stores: Vec<u32>,
    pub(super) within: u64,
    pub(super) class: Option<Class>,
    pub(super) rpo: bool,
    /// Replications in which an event went beyond the target.
    pub(super) broken: u64,
    /// Events beyond the target, per replication with an event.
    pub(super) events: Ratio,
}

/// What of a share of parts of [`WHOLE`] may fail, in units of 2⁻⁶⁰, rounded down.
fn allowed(availability: u64) -> i128 {
    i128::from(WHOLE - availability) * SHARE_ONE / i128::from(WHOLE)
}

impl ObjectiveTally {
    pub(super) fn new(model: &Model, objective: &Objective) -> ObjectiveTally {
        let events = |within: Duration, class, rpo| {
            let (of, within) = (objective.of, within.ns());
            let stores = match of {
                Watched::Service(service, _) => model.stores_of(service),
                Watched::Store(store, _) => vec![store],
                Watched::Block(_) => Vec::new(),
            };
            ObjectiveTally::Events(EventsTally {
                of,
                stores,
                within,
                class,
                rpo,
                broken: 0,
                events: Ratio::default(),
            })
        };
        match objective.goal {
            Goal::Rto { within, class } => events(within, class, false),
            Goal::Rpo { within, class } => events(within, class, true),
            Goal::Availability { target, measure, ref credits } => {
                let (subject, measure, series) = match objective.of {
                    Watched::Service(s, series) => (s as usize, measure as usize, series as usize),
                    Watched::Store(s, series) => {
                        (model.services.len() + s as usize, measure as usize, series as usize)
                    }
                    Watched::Block(b) => (model.services.len() + model.stores.len() + b as usize, 0, 0),
                };
                ObjectiveTally::Months(Box::new(MonthlyTally {
                    subject,
                    measure,
                    series,
                    budget: allowed(target),
                    credits: credits.iter().map(|c| (allowed(c.below), c.share_ppm)).collect(),
                    missed: Moments::default(),
                    years_missed: Moments::default(),
                    by_month: vec![0; whole_months(model.horizon) as usize],
                    credit: Moments::default(),
                    year_credit: Moments::default(),
                    bands: vec![Moments::default(); credits.len()],
                    bands_now: vec![0; credits.len()],
                    months: SharesTally::default(),
                    years: SharesTally::default(),
                    by_requests: Moments::default(),
                }))
            }
        }
    }

    pub(super) fn add(&mut self, rep: &Replication, months: &[MonthsTally]) {
        match self {
            ObjectiveTally::Events(tally) => tally.add(rep),
            ObjectiveTally::Months(tally) => {
                let wholes = &months[tally.subject].wholes;
                let mut asked = rep.services.iter().chain(&rep.stores);
                match asked.nth(tally.subject) {
                    Some(run) => tally.add(wholes, run.months.iter().map(|m| (m.month, failed(m)))),
                    None => {
                        let block = tally.subject - rep.services.len() - rep.stores.len();
                        tally.add(wholes, rep.blocks[block].months.iter().map(|m| (m.month, down(m))));
                    }
                }
            }
        }
    }

    pub(super) fn merge(&mut self, other: &ObjectiveTally) {
        match (self, other) {
            (ObjectiveTally::Months(a), ObjectiveTally::Months(b)) => a.merge(b),
            (ObjectiveTally::Events(a), ObjectiveTally::Events(b)) => {
                a.broken += b.broken;
                a.events.merge(&b.events);
            }
            _ => unreachable!("accumulators of one model hold the same objectives"),
        }
    }
}

impl EventsTally {
    fn add(&mut self, rep: &Replication) {
        let wanted = |class| self.class.is_none_or(|c| c == class);
        let (mut events, mut beyond) = (0, 0);
        if self.rpo {
            let mut count = |class, rpo| {
                if wanted(class) {
                    events += 1;
                    beyond += i128::from(rpo > self.within);
                }
            };
            match self.of {
                Watched::Service(..) => {
                    service::losses(rep, &self.stores).for_each(|l| count(l.class, l.rpo));
                }
                _ => {
                    let own = rep.losses.iter().filter(|l| self.stores.contains(&l.store));
                    own.for_each(|l| count(l.class, l.rpo.ns()));
                }
            }
        } else {
            let about = |subject| match (self.of, subject) {
                (Watched::Block(a), Subject::Block(b)) => a == b,
                (Watched::Store(a, series), Subject::Store(b, kind))
                | (Watched::Service(a, series), Subject::Service(b, kind)) => {
                    let kinds = match series {
                        Series::Read => kind == Kind::Read,
                        Series::Write => kind == Kind::Write,
                        Series::All => true,
                    };
                    a == b && kinds
                }
                _ => false,
            };
            for outage in rep.outages.iter().filter(|o| about(o.subject) && wanted(o.class)) {
                events += 1;
                // What nobody would have ended is longer than any target.
                beyond += i128::from(outage.length.ns() > self.within || !outage.ended);
            }
        }
        if events > 0 {
            self.events.add(beyond, events);
            self.broken += u64::from(beyond > 0);
        }
    }
}

/// A year while it is added up.
#[derive(Clone, Copy, Default)]
struct Year {
    part: i128,
    missed: bool,
}

impl MonthlyTally {
    fn add(&mut self, wholes: &[Amounts], months: impl Iterator<Item = (u32, Amounts)>) {
        let (mut missed, mut years_missed, mut credit, mut year_credit) = (0, 0, 0, 0);
        let (mut sum, mut year_sum, mut by_requests) = (0, 0, 0);
        let (mut at, mut year) = (0, Year::default());
        let years = wholes.len() / YEAR;
        let mut any = false;
        for (month, parts) in months {
            let m = month as usize;
            let Some(whole) = wholes.get(m) else { break };
            any = true;
            if m / YEAR != at {
                self.close(wholes, at, core::mem::take(&mut year), &mut years_missed, &mut year_sum);
                at = m / YEAR;
            }
            let (part, whole_requests) = (parts[self.measure][self.series], whole[BY_REQUESTS][self.series]);
            if whole[self.measure][self.series] == 0 {
                continue;
            }
            let failing = share(part, whole[self.measure][self.series]);
            self.months.shares.add(failing as u64);
            sum += failing;
            if whole_requests > 0 {
                by_requests += share(parts[BY_REQUESTS][self.series], whole_requests);
            }
            let miss = failing > self.budget;
            missed += i128::from(miss);
            self.by_month[m] += u64::from(miss);
            let band = self.credits.iter().rposition(|&(limit, _)| failing > limit);
            if let Some(band) = band {
                let ppm = i128::from(self.credits[band].1);
                credit += ppm;
                if at < years {
                    year_credit += ppm * days(m);
                }
                self.bands_now[band] += 1;
            }
            year.part += part;
            year.missed |= miss;
        }
        if any {
            self.close(wholes, at, year, &mut years_missed, &mut year_sum);
            self.missed.add(missed);
            self.years_missed.add(years_missed);
            self.credit.add(credit);
            self.year_credit.add(year_credit);
            self.months.sums.add(sum);
            self.years.sums.add(year_sum);
            self.by_requests.add(by_requests);
            for (sum, now) in self.bands.iter_mut().zip(&mut self.bands_now) {
                sum.add(i128::from(core::mem::take(now)));
            }
        }
    }

    /// A year is over, if it is a whole one.
    fn close(&mut self, wholes: &[Amounts], at: usize, year: Year, missed: &mut i128, sum: &mut i128) {
        let Some(months) = wholes.get(at * YEAR..(at + 1) * YEAR) else { return };
        let whole: i128 = months.iter().map(|w| w[self.measure][self.series]).sum();
        if whole > 0 {
            let failing = share(year.part, whole);
            self.years.shares.add(failing as u64);
            *sum += failing;
            *missed += i128::from(year.missed);
        }
    }

    fn merge(&mut self, other: &MonthlyTally) {
        self.missed.merge(&other.missed);
        self.years_missed.merge(&other.years_missed);
        self.by_month.iter_mut().zip(&other.by_month).for_each(|(a, b)| *a += b);
        self.credit.merge(&other.credit);
        self.year_credit.merge(&other.year_credit);
        self.bands.iter_mut().zip(&other.bands).for_each(|(a, b)| a.merge(b));
        for (a, b) in [(&mut self.months, &other.months), (&mut self.years, &other.years)] {
            a.shares.merge(&b.shares);
            a.sums.merge(&b.sums);
        }
        self.by_requests.merge(&other.by_requests);
    }
}

/// Days of a month.
fn days(month: usize) -> i128 {
    let ns = month_start(month as u32 + 1).ns() - month_start(month as u32).ns();
    i128::from(ns / Duration::DAY.ns())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Accumulator, VariantOutcome, fixture};

    /// Even replications see an outage of the zone of at least a minute, every third one of the region, of an hour and
    /// more, with an RPO of as many seconds as its number has beyond fives.
    #[test]
    fn events_are_compared_exactly_with_their_targets() {
        let mut model = fixture::model();
        let store = Watched::Store(0, Series::Write);
        let rto = |within, class| Goal::Rto { within: Duration::from_secs(within), class };
        let rpo = |within| Goal::Rpo { within: Duration::from_secs(within), class: Some(Class::Region) };
        let goals = [
            (store, rto(70, Some(Class::Zone))),
            (store, rto(70, None)),
            (Watched::Store(0, Series::Read), rto(0, None)),
            (Watched::Block(0), rto(70, None)),
            (store, rpo(3)),
            (store, rto(7200, Some(Class::Zone))),
        ];
        let named = |(i, (of, goal)): (usize, (Watched, Goal))| Objective {
            name: format!("o{i}"),
            of,
            goal,
            required: WHOLE,
        };
        model.objectives = goals.into_iter().enumerate().map(named).collect();
        let mut acc = Accumulator::new(&model);
        let n = 60;
        let unended = |i: u64| {
            let mut rep = fixture::replication(i);
            // Somebody who does not come: longer than anything.
            if i == 2 {
                rep.outages[0].ended = false;
            }
            rep
        };
        (0..n).for_each(|i| acc.add(&unended(i)));
        let outcome = VariantOutcome::new("v", &model, &acc);
        let count = |f: &dyn Fn(u64) -> bool| (0..n).filter(|&i| f(i)).count() as f64;
        let zone = |i: u64| i.is_multiple_of(2);
        let long = |i: u64| zone(i) && (60 + i % 17 > 70 || i == 2);
        let region = |i: u64| i.is_multiple_of(3);
        let both = count(&zone) + count(&region);
        for (name, beyond, events_beyond, events) in [
            ("o0", count(&long), count(&long), count(&zone)),
            ("o1", count(&|i| long(i) || region(i)), count(&long) + count(&region), both),
            (
                "o3",
                count(&|i| zone(i) && 60 + i % 17 > 70),
                count(&|i| zone(i) && 60 + i % 17 > 70),
                count(&zone),
            ),
            ("o4", count(&|i| region(i) && i % 5 > 3), count(&|i| region(i) && i % 5 > 3), count(&region)),
            ("o5", 1.0, 1.0, count(&zone)),
        ] {
            let id =
                |what: &str| outcome.metric(&format!("objective.{name}.{what}")).unwrap().estimate.unwrap();
            assert!((id("kept") - (1.0 - beyond / n as f64)).abs() < 1e-12, "{name}");
            assert!((id("events_kept") - (1.0 - events_beyond / events)).abs() < 1e-12, "{name}");
        }
        // Nothing to keep: kept by all, by no event.
        let none = |what: &str| outcome.metric(&format!("objective.o2.{what}")).unwrap();
        assert_eq!((none("kept").estimate, none("events_kept").estimate), (Some(1.0), None));
        assert!(none("kept").low.is_some_and(|low| (0.9..1.0).contains(&low)));
    }
}
