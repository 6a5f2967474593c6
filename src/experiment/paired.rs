//! Figures of two variants seen together, replication by replication.
//!
//! Every figure that is a mean over replications, a mean per event or a probability has its sums in an accumulator;
//! what one replication adds to them is its part of the figure. So figures are paired by reading the sums after each
//! replication: what a figure means is said once, by the tallies.

use super::accumulate::{Accumulator, SHARE_ONE};
use super::catalogue::MINUTES_PER_YEAR;
use super::months::MonthsTally;
use super::tally::{BlockTally, ByClass, Events, OutageTally, StoreTally};
use super::targets::ObjectiveTally;
use crate::model::Model;
use crate::sim::observe::{Class, Kind, Party, Phase};
use crate::stats::{Moments, Pair, Ratio, RatioPair};
use crate::units::{Duration, NS_PER_SECOND};

const SHARE: f64 = SHARE_ONE as f64;
const SECOND: f64 = NS_PER_SECOND as f64;

/// The sums behind a figure.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'a> {
    /// A mean over the replications in which it is defined.
    Mean(&'a Moments),
    /// A mean over all replications; those that added nothing count as 0.
    OrZero(&'a Moments),
    /// How many replications had it.
    Chance(u64),
    /// A mean per event.
    PerEvent(&'a Ratio),
}

/// What the catalogue calls a figure, and how it is made of its sums.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Name {
    pub(crate) subject: String,
    pub(crate) id: String,
    /// The figure is a mean of integers divided by `per`, times `times`, plus something that does not vary.
    pub(crate) per: f64,
    pub(crate) times: f64,
}

/// Told of every figure that can be paired: its subject, its names (several where figures say the same in other words)
/// and its sums. Names are made on request only.
type Visit<'v> = dyn FnMut(&str, &dyn Fn() -> Vec<(String, f64, f64)>, Source<'_>) + 'v;

/// Shows all of them, in an order that depends on the model only.
fn walk(model: &Model, acc: &Accumulator, visit: &mut Visit<'_>) {
    let horizon_ns = model.horizon.ns() as f64;
    let mut w = Walk { horizon_ns, years: horizon_ns / Duration::YEAR.ns() as f64, subject: "", visit };
    for (service, tally) in model.services.iter().zip(&acc.services) {
        w.subject = &service.name;
        w.store(&tally.requests);
    }
    for (store, tally) in model.stores.iter().zip(&acc.stores) {
        w.subject = &store.name;
        w.store(tally);
        let region = |r: usize| model.world.region_name(store.client_regions()[r]);
        for (r, kinds) in tally.clients.iter().enumerate() {
            for (kind, failed) in Kind::ALL.iter().zip(kinds) {
                let id = || format!("availability.{}.client.{}", kind.word(), region(r));
                w.one(&id, SHARE, -1.0, Source::Mean(failed));
            }
        }
        for (r, stale) in tally.contention.stale_by_region().iter().enumerate() {
            w.one(&|| format!("stale_reads.client.{}", region(r)), SHARE, 1.0, Source::Mean(stale));
        }
    }
    for (block, tally) in model.blocks.iter().zip(&acc.blocks).filter(|(b, _)| b.report) {
        w.subject = &block.name;
        w.block(tally);
    }
    for (objective, tally) in model.objectives.iter().zip(&acc.objectives) {
        w.subject = objective.of.name(model);
        w.objective(&objective.name, tally, &acc.months);
    }
    w.subject = "";
    w.one(&|| "occurrences_per_year".into(), w.years, 1.0, Source::Mean(&acc.occurrences));
    w.one(&|| "fault_events_per_year".into(), w.years, 1.0, Source::Mean(&acc.fault_events));
}

struct Walk<'a, 'v, 'w> {
    horizon_ns: f64,
    years: f64,
    subject: &'a str,
    visit: &'v mut Visit<'w>,
}

impl Walk<'_, '_, '_> {
    fn one(&mut self, id: &dyn Fn() -> String, per: f64, times: f64, source: Source<'_>) {
        (self.visit)(self.subject, &|| vec![(id(), per, times)], source);
    }

    fn store(&mut self, tally: &StoreTally) {
        for (suffix, i) in [("", 2), (".read", 0), (".write", 1)] {
            self.share(suffix, SHARE, "failed_minutes_per_year", Source::Mean(&tally.failed[i]));
            let sla = Source::Mean(&tally.failed_sla[i]);
            self.one(&|| format!("availability_sla{suffix}"), SHARE, -1.0, sla);
        }
        for kind in Kind::ALL {
            let (word, i, horizon) = (kind.word(), kind as usize, self.horizon_ns);
            if let Some(throttled) = &tally.throttled {
                self.one(&|| format!("throttled.{word}"), SHARE, 1.0, Source::Mean(&throttled[i]));
            }
            let names = || {
                vec![
                    (format!("availability_time.{word}"), horizon, -1.0),
                    (format!("downtime_minutes_per_year.{word}"), horizon, MINUTES_PER_YEAR),
                ]
            };
            (self.visit)(self.subject, &names, Source::Mean(&tally.outages[i].down));
            self.outages(word, &tally.outages[i]);
            for (phase, time) in Phase::ALL.iter().zip(&tally.outages[i].phases) {
                self.minutes(&|| format!("phase_minutes_per_year.{word}.{}", phase.word()), time);
            }
        }
        if !tally.holds_data {
            return;
        }
        self.rates("loss_events_per_year", "", &tally.losses.rpo);
        self.means("rpo_seconds", "", SECOND, &tally.losses.rpo);
        self.means("rpo_final_seconds", "", SECOND, &tally.losses.rpo_final);
        self.means("rpo_writes", "", 1.0, &tally.losses.absent);
        for (name, moments) in tally.writes.named() {
            self.one(&|| format!("{name}.mean"), 1.0, 1.0, Source::Mean(moments));
        }
        for (name, k) in [
            ("probability_loss", tally.writes.with_lost),
            ("probability_missing", tally.writes.with_missing),
            ("probability_damage", tally.writes.with_damage),
        ] {
            self.one(&|| name.into(), 1.0, 1.0, Source::Chance(k));
        }
        if let Some(restores) = &tally.restores {
            self.one(&|| "restores_per_year".into(), self.years, 1.0, Source::OrZero(&restores.took.counts));
            let took = Source::PerEvent(&restores.took.ratio);
            self.one(&|| "restore_seconds.mean".into(), SECOND, 1.0, took);
        }
        for (id, per, moments) in tally.contention.means() {
            self.one(&|| id.into(), per, 1.0, Source::Mean(moments));
        }
    }

    fn block(&mut self, tally: &BlockTally) {
        let down = Source::Mean(&tally.outages.down);
        self.share(".block", self.horizon_ns, "downtime_minutes_per_year", down);
        self.outages("block", &tally.outages);
    }

    fn objective(&mut self, name: &str, tally: &ObjectiveTally, months: &[MonthsTally]) {
        match tally {
            ObjectiveTally::Events(tally) => {
                self.one(&|| id(&["objective", name, "kept"]), 1.0, -1.0, Source::Chance(tally.broken));
                let kept = Source::PerEvent(&tally.events);
                self.one(&|| id(&["objective", name, "events_kept"]), 1.0, -1.0, kept);
            }
            ObjectiveTally::Months(tally) => {
                let wholes = &months[tally.subject].wholes;
                for (word, per, times, moments) in tally.means(wholes) {
                    self.one(&|| id(&["objective", name, word]), per, times, Source::OrZero(moments));
                }
                let (per, bands) = tally.credited(wholes);
                for (percent, months) in bands {
                    let id = || format!("objective.{name}.months_credited.{percent}");
                    self.one(&id, per, 1.0, Source::OrZero(months));
                }
            }
        }
    }

    /// A failing share and what is said in its terms.
    fn share(&mut self, suffix: &str, whole: f64, minutes: &str, source: Source<'_>) {
        let names = || {
            vec![
                (format!("availability{suffix}"), whole, -1.0),
                (format!("unavailability{suffix}"), whole, 1.0),
                (format!("{minutes}{suffix}"), whole, MINUTES_PER_YEAR),
            ]
        };
        (self.visit)(self.subject, &names, source);
    }

    fn outages(&mut self, word: &str, tally: &OutageTally) {
        let with = Source::Chance(tally.lengths.all.ratio.clusters());
        self.one(&|| format!("probability_outage.{word}"), 1.0, 1.0, with);
        self.rates("outages_per_year", word, &tally.lengths);
        self.means("rto_seconds", word, SECOND, &tally.lengths);
        let impact = Source::PerEvent(&tally.impact.ratio);
        self.one(&|| format!("time_to_impact_seconds.{word}.mean"), SECOND, 1.0, impact);
        for (party, time) in Party::ALL.iter().zip(&tally.parties) {
            self.minutes(&|| format!("party_minutes_per_year.{word}.{}", party.word()), time);
        }
    }

    fn minutes(&mut self, id: &dyn Fn() -> String, time: &Moments) {
        self.one(id, 60.0 * SECOND * self.years, 1.0, Source::OrZero(time));
    }

    fn rates(&mut self, name: &str, word: &str, tally: &ByClass) {
        for (class, events) in by_class(tally) {
            let id = || id(&[name, word, class, ""]);
            self.one(&id, self.years, 1.0, Source::OrZero(&events.counts));
        }
    }

    fn means(&mut self, name: &str, word: &str, per: f64, tally: &ByClass) {
        for (class, events) in by_class(tally) {
            let id = || id(&[name, word, class, "mean"]);
            self.one(&id, per, 1.0, Source::PerEvent(&events.ratio));
        }
    }
}

/// Words joined by dots; empty ones are left out.
fn id(words: &[&str]) -> String {
    words.iter().filter(|w| !w.is_empty()).copied().collect::<Vec<_>>().join(".")
}

/// All classes together, then those that the model can produce.
fn by_class(tally: &ByClass) -> impl Iterator<Item = (&'static str, &Events)> {
    let classes = Class::ALL.iter().zip(&tally.classes).filter(|(_, events)| events.possible);
    core::iter::once(("", &tally.all)).chain(classes.map(|(class, events)| (class.word(), events)))
}

/// The names of a variant's figures, by source.
fn names(model: &Model, acc: &Accumulator) -> Vec<Vec<Name>> {
    let mut all = Vec::new();
    walk(model, acc, &mut |subject, names, _| {
        let name = |(id, per, times)| Name { subject: subject.into(), id, per, times };
        all.push(names().into_iter().map(name).collect());
    });
    all
}

/// What one replication added to each source of a variant: a sum, and how often.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    before: Vec<(i128, u64)>,
    added: Vec<(i128, u64)>,
}

impl Reading {
    /// Reads what the last replication added to an accumulator; called after each of them.
    pub(crate) fn read(&mut self, model: &Model, acc: &Accumulator) {
        let mut index = 0;
        let (before, added) = (&mut self.before, &mut self.added);
        walk(model, acc, &mut |_, _, source| {
            let now = match source {
                Source::Mean(m) => (m.sum(), m.n()),
                Source::OrZero(m) => (m.sum(), acc.replications),
                Source::Chance(k) => (i128::from(k), acc.replications),
                Source::PerEvent(r) => (r.total(), r.count()),
            };
            if index == before.len() {
                before.push((0, 0));
                added.push((0, 0));
            }
            added[index] = (now.0 - before[index].0, now.1 - before[index].1);
            before[index] = now;
            index += 1;
        });
    }
}

/// Sums of products of the figures of a variant and those of the reference, exact and mergeable in any order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Paired {
    pairs: Vec<(usize, usize, Sums)>,
}

/// Of one figure. Where one variant has it by name and the other not, there is none.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sums {
    /// Of means over replications.
    Mean(Pair),
    /// Of means per event.
    PerEvent(RatioPair),
}

impl Paired {
    /// Nothing seen yet of a variant and the reference; figures are matched by name.
    pub(crate) fn new(variant: &Model, reference: &Model) -> Paired {
        let (acc, other) = (Accumulator::new(variant), Accumulator::new(reference));
        let theirs = names(reference, &other);
        let mut pairs = Vec::new();
        let mut names = names(variant, &acc).into_iter().enumerate();
        walk(variant, &acc, &mut |_, _, source| {
            let Some((mine, names)) = names.next() else { return };
            // Scaled alike: figures of different horizons are no pairs.
            let Some(other) = theirs.iter().position(|other| *other == names) else { return };
            let sums = match source {
                Source::PerEvent(_) => Sums::PerEvent(RatioPair::default()),
                _ => Sums::Mean(Pair::default()),
            };
            pairs.push((mine, other, sums));
        });
        Paired { pairs }
    }

    /// Counts a replication of both.
    pub(crate) fn add(&mut self, variant: &Reading, reference: &Reading) {
        for (mine, other, sums) in &mut self.pairs {
            let (a, b) = (variant.added[*mine], reference.added[*other]);
            match sums {
                // Undefined on one side (no request of a kind): no pair.
                Sums::Mean(pair) if a.1 > 0 && b.1 > 0 => pair.add(a.0, b.0),
                Sums::Mean(_) => {}
                Sums::PerEvent(pair) => pair.add(a, b),
            }
        }
    }

    /// Counts everything `other` has seen.
    pub(crate) fn merge(&mut self, other: &Paired) {
        for ((_, _, sums), (_, _, more)) in self.pairs.iter_mut().zip(&other.pairs) {
            match (sums, more) {
                (Sums::Mean(a), Sums::Mean(b)) => a.merge(b),
                (Sums::PerEvent(a), Sums::PerEvent(b)) => a.merge(b),
                _ => unreachable!("pairs of different models"),
            }
        }
    }

    /// Every figure with its sums; `model` and `acc` are the variant's.
    pub(crate) fn figures(&self, model: &Model, acc: &Accumulator) -> Vec<(Name, &Sums)> {
        let names = names(model, acc);
        let mut all = Vec::new();
        for (mine, _, sums) in &self.pairs {
            all.extend(names[*mine].iter().map(|name| (name.clone(), sums)));
        }
        all
    }
}
