//! The catalogue of figures: which are computed, under which names. Documented in docs/outputs.md.

use super::accumulate::{Accumulator, SHARE_ONE};
use super::metric::{Ceiling, Estimate, Metric};
use super::tally::{BlockTally, ByClass, Events, OutageTally, RestoreTally, StoreTally};
use crate::model::Model;
use crate::model::objective::Watched;
use crate::sim::latency::Latency;
use crate::sim::observe::{Class, Kind, Party, Phase};
use crate::stats::{Confidence, Moments};
use crate::units::{Duration, NS_PER_SECOND};

/// Minutes in a year of 365 days.
pub const MINUTES_PER_YEAR: f64 = 525_600.0;
const SHARE: f64 = SHARE_ONE as f64;
const SECOND: f64 = NS_PER_SECOND as f64;

struct Catalogue {
    at: Confidence,
    n: u64,
    horizon_ns: f64,
    years: f64,
    subject: String,
    metrics: Vec<Metric>,
}

/// Every figure of the catalogue with its interval, in order: services, stores, blocks, the run.
pub(crate) fn metrics(model: &Model, acc: &Accumulator, at: Confidence) -> Vec<Metric> {
    let horizon_ns = model.horizon.ns() as f64;
    let mut c = Catalogue {
        at,
        n: acc.replications,
        horizon_ns,
        years: horizon_ns / Duration::YEAR.ns() as f64,
        subject: String::new(),
        metrics: Vec::new(),
    };
    // Outer services before those they need.
    for (index, (service, tally)) in model.services.iter().zip(&acc.services).enumerate().rev() {
        c.subject.clone_from(&service.name);
        c.store(&tally.requests, &[]);
        if let Some(cost) = super::price::of_service(model, index as u32, &acc.stores, at) {
            c.push(super::price::COST, "money/year", cost);
        }
        c.objectives(model, acc, |of| matches!(of, Watched::Service(s, _) if s as usize == index));
    }
    for (index, (store, tally)) in model.stores.iter().zip(&acc.stores).enumerate() {
        c.subject.clone_from(&store.name);
        let clients: Vec<&str> =
            store.client_regions().into_iter().map(|r| model.world.region_name(r)).collect();
        c.store(tally, &clients);
        for (id, unit, estimate) in tally.contention.metrics(store, &clients, at) {
            c.push(id, unit, estimate);
        }
        c.latencies(&crate::sim::latency::by_region(&model.world, store), &clients);
        for (id, unit, estimate) in super::price::figures(model, index, tally, at) {
            c.push(id, unit, estimate);
        }
        c.objectives(model, acc, |of| matches!(of, Watched::Store(s, _) if s as usize == index));
    }
    for (index, (block, tally)) in model.blocks.iter().zip(&acc.blocks).enumerate() {
        if block.report {
            c.subject.clone_from(&block.name);
            c.block(tally);
            c.objectives(model, acc, |of| of == Watched::Block(index as u32));
        }
    }
    c.subject.clear();
    let years = c.years;
    c.push("occurrences_per_year", "1/year", Estimate::rate(at, &acc.occurrences, c.n, years));
    c.push("fault_events_per_year", "1/year", Estimate::rate(at, &acc.fault_events, c.n, years));
    c.metrics
}

impl Catalogue {
    fn push(&mut self, id: impl Into<String>, unit: &'static str, e: Estimate) {
        self.metrics.push(Metric {
            id: id.into(),
            subject: self.subject.clone(),
            unit,
            estimate: e.estimate,
            low: e.low,
            high: e.high,
            n: e.n,
            note: e.note,
        });
    }

    fn store(&mut self, tally: &StoreTally, clients: &[&str]) {
        for (suffix, i) in [("", 2), (".read", 0), (".write", 1)] {
            let failed = self.failed_share(&tally.failed[i]);
            self.shares(suffix, &failed);
            self.push(
                format!("failed_minutes_per_year{suffix}"),
                "minutes/year",
                failed.scaled(MINUTES_PER_YEAR),
            );
            let sla = self.failed_share(&tally.failed_sla[i]).complement();
            self.push(format!("availability_sla{suffix}"), "fraction", sla);
        }
        for kind in Kind::ALL {
            let (word, i) = (kind.word(), kind as usize);
            if let Some(throttled) = &tally.throttled {
                self.push(format!("throttled.{word}"), "fraction", self.failed_share(&throttled[i]));
            }
            for (client, name) in tally.clients.iter().zip(clients) {
                let e = self.failed_share(&client[i]).complement();
                self.push(format!("availability.{word}.client.{name}"), "fraction", e);
            }
            self.outages(word, &tally.outages[i]);
        }
        if tally.holds_data {
            self.losses(tally);
            self.writes(tally);
        }
        if tally.corruptible {
            let e = Estimate::probability(self.at, tally.writes.with_damage, self.n);
            self.push("probability_damage", "probability", e);
        }
        if let Some(restores) = &tally.restores {
            self.restores(restores);
        }
    }

    /// Objectives on one subject.
    fn objectives(&mut self, model: &Model, acc: &Accumulator, about: impl Fn(Watched) -> bool) {
        for (objective, tally) in model.objectives.iter().zip(&acc.objectives) {
            if about(objective.of) {
                for (id, unit, estimate) in
                    super::objective::figures(objective, tally, &acc.months, self.n, self.at)
                {
                    self.push(format!("objective.{}.{id}", objective.name), unit, estimate);
                }
            }
        }
    }

    /// Latencies while everything is up: known without sampling.
    fn latencies(&mut self, steady: &[Latency], clients: &[&str]) {
        for (latency, name) in steady.iter().zip(clients) {
            for (kind, value) in [(Kind::Read, latency.read), (Kind::Write, latency.write)] {
                let e = match value {
                    Some(d) => Estimate { estimate: Some(d.as_secs_f64()), ..Estimate::default() },
                    None => Estimate::undefined(
                        "the round trip of a link on the way is not declared, or the lag has no mean",
                    ),
                };
                self.push(format!("latency_seconds.{}.client.{name}", kind.word()), "seconds", e);
            }
        }
    }

    fn block(&mut self, tally: &BlockTally) {
        let down = self.down_share(&tally.outages.down);
        self.shares(".block", &down);
        self.outages("block", &tally.outages);
    }

    /// Availability, its complement and its nines from the failing share.
    fn shares(&mut self, suffix: &str, failing: &Estimate) {
        self.push(format!("availability{suffix}"), "fraction", failing.complement());
        self.push(format!("unavailability{suffix}"), "fraction", failing.clone());
        self.push(format!("nines{suffix}"), "nines", failing.nines());
    }

    fn failed_share(&self, m: &Moments) -> Estimate {
        if m.n() == 0 {
            return Estimate::undefined("no requests");
        }
        Estimate::mean(self.at, m, SHARE, Ceiling::At(1.0))
    }

    /// Share of the measured time.
    fn down_share(&self, down: &Moments) -> Estimate {
        if self.horizon_ns <= 0.0 {
            return Estimate::undefined("nothing was measured");
        }
        Estimate::mean(self.at, down, self.horizon_ns, Ceiling::At(1.0))
    }

    fn outages(&mut self, word: &str, tally: &OutageTally) {
        let down = self.down_share(&tally.down);
        if word != "block" {
            self.push(format!("availability_time.{word}"), "fraction", down.complement());
        }
        self.push(format!("downtime_minutes_per_year.{word}"), "minutes/year", down.scaled(MINUTES_PER_YEAR));
        let with = tally.lengths.all.ratio.clusters();
        self.push(
            format!("probability_outage.{word}"),
            "probability",
            Estimate::probability(self.at, with, self.n),
        );
        self.rates(&format!("outages_per_year.{word}"), &tally.lengths);
        self.by_class(&format!("rto_seconds.{word}"), "seconds", SECOND, &tally.lengths);
        self.events(&format!("time_to_impact_seconds.{word}"), "seconds", SECOND, &tally.impact);
        for (party, time) in Party::ALL.iter().zip(&tally.parties) {
            let e = self.minutes(time);
            self.push(format!("party_minutes_per_year.{word}.{}", party.word()), "minutes/year", e);
        }
        if word == "block" {
            return;
        }
        for (phase, time) in Phase::ALL.iter().zip(&tally.phases) {
            let e = self.minutes(time);
            self.push(format!("phase_minutes_per_year.{word}.{}", phase.word()), "minutes/year", e);
        }
    }

    /// Time of outages in minutes of a year.
    fn minutes(&self, time: &Moments) -> Estimate {
        match self.years {
            y if y > 0.0 => {
                Estimate::mean(self.at, &time.with_zeros(self.n), 60.0 * SECOND * y, Ceiling::Open)
            }
            _ => Estimate::undefined("nothing was measured"),
        }
    }

    fn losses(&mut self, tally: &StoreTally) {
        let losses = &tally.losses;
        self.rates("loss_events_per_year", &losses.rpo);
        self.by_class("rpo_seconds", "seconds", SECOND, &losses.rpo);
        self.by_class("rpo_final_seconds", "seconds", SECOND, &losses.rpo_final);
        self.by_class("rpo_writes", "writes", 1.0, &losses.absent);
    }

    fn writes(&mut self, tally: &StoreTally) {
        let w = &tally.writes;
        for (name, moments) in w.named() {
            if name.starts_with("writes_damaged") && !tally.corruptible {
                continue;
            }
            self.push(format!("{name}.mean"), "writes", Estimate::mean(self.at, moments, 1.0, Ceiling::Open));
            let largest = Estimate {
                estimate: moments.largest().map(|x| x as f64),
                n: moments.n(),
                note: "largest of the replications".into(),
                ..Estimate::default()
            };
            self.push(format!("{name}.max"), "writes", largest);
        }
        self.push("probability_loss", "probability", Estimate::probability(self.at, w.with_lost, self.n));
        self.push(
            "probability_missing",
            "probability",
            Estimate::probability(self.at, w.with_missing, self.n),
        );
    }

    /// Figures of stores with backups.
    fn restores(&mut self, tally: &RestoreTally) {
        let e = Estimate::rate(self.at, &tally.took.counts, self.n, self.years);
        self.push("restores_per_year", "1/year", e);
        self.events("restore_seconds", "seconds", SECOND, &tally.took);
        let skew = Estimate::event_max(&tally.skew.values, &tally.skew.ratio, SECOND);
        self.push("restore_skew_seconds.max", "seconds", skew);
    }

    fn rates(&mut self, name: &str, tally: &ByClass) {
        for (class, events) in shown(tally) {
            let e = Estimate::rate(self.at, &events.counts, self.n, self.years);
            self.push(format!("{name}{class}"), "1/year", e);
        }
    }

    fn by_class(&mut self, name: &str, unit: &'static str, per: f64, tally: &ByClass) {
        for (class, events) in shown(tally) {
            self.events(&format!("{name}{class}"), unit, per, events);
        }
    }

    fn events(&mut self, name: &str, unit: &'static str, per: f64, events: &Events) {
        self.push(format!("{name}.mean"), unit, Estimate::event_mean(self.at, &events.ratio, per));
        for (word, p) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)] {
            let e = Estimate::event_quantile(self.at, &events.values, &events.ratio, p, per);
            self.push(format!("{name}.{word}"), unit, e);
        }
        self.push(format!("{name}.max"), unit, Estimate::event_max(&events.values, &events.ratio, per));
    }
}

/// All classes together, then those that the model can produce (or that were seen).
fn shown(tally: &ByClass) -> impl Iterator<Item = (String, &Events)> {
    let classes = Class::ALL.iter().zip(&tally.classes);
    let classes = classes.filter(|(_, e)| e.possible || e.values.n() > 0);
    core::iter::once((String::new(), &tally.all)).chain(classes.map(|(c, e)| (format!(".{}", c.word()), e)))
}
