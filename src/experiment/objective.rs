//! Objectives: how often targets are missed, what that costs, what is left of the error budget.

use super::accumulate::SHARE_ONE;
use super::metric::{Ceiling, Estimate};
use super::months::{Amounts, BY_REQUESTS, MonthRow, MonthsTally, Pool, YEAR};
use super::targets::{MonthlyTally, ObjectiveTally};
use crate::model::objective::{Goal, Objective, Series, WHOLE, Watched, in_percent};
use crate::model::{Class, Model};
use crate::stats::number::{counted, percent, percent_bound, significant};
use crate::stats::{Confidence, Moments};

const SHARE: f64 = SHARE_ONE as f64;
const PPM: f64 = 1e6;

/// What became of one objective in one variant.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ObjectiveResult {
    /// Name of the objective.
    pub name: String,
    /// Name of the store or block.
    pub subject: String,
    /// `read`, `write`, `all` or `block`.
    pub kind: &'static str,
    /// Disruption class it is restricted to.
    pub class: Option<&'static str>,
    /// `availability`, `rto` or `rpo`.
    pub goal: &'static str,
    /// The target in words: `99.995 %`, `1h`.
    pub target: String,
    /// The target as a number: a share, or seconds.
    pub value: f64,
    /// What `met` is about: `month` or `replication`.
    pub per: &'static str,
    /// Probability that the target is met.
    pub met: Estimate,
    /// The complement.
    pub missed: Estimate,
    /// Availability: probability that at least one month of a year misses it.
    pub years_missed: Option<Estimate>,
    /// RTO and RPO: share of events within the target.
    pub events_kept: Option<Estimate>,
    /// Availability with credits: mean share of a month's bill that is paid back, in percent.
    pub credit_percent: Option<Estimate>,
    /// Availability: what is left of a month's error budget, mean; negative where more failed than was allowed.
    pub budget_left: Option<Estimate>,
    /// The result in few words: `missed in 0.91 % of months`.
    pub headline: String,
    /// The result in words.
    pub verdict: String,
}

/// A figure by the last part of its id, with its unit.
pub(super) type Figure = (String, &'static str, Estimate);

/// The figures of an objective after `n` replications.
pub(super) fn figures(
    objective: &Objective,
    tally: &ObjectiveTally,
    months: &[MonthsTally],
    n: u64,
    at: Confidence,
) -> Vec<Figure> {
    match tally {
        ObjectiveTally::Events(tally) => vec![
            ("kept".into(), "probability", Estimate::probability(at, tally.broken, n).without(at)),
            ("events_kept".into(), "fraction", Estimate::event_share(at, &tally.events).complement()),
        ],
        ObjectiveTally::Months(tally) => tally.figures(objective, &months[tally.subject].wholes, n, at),
    }
}

impl MonthlyTally {
    /// Months in which there is something to fail by a measure.
    fn asked(&self, wholes: &[Amounts], measure: usize) -> u64 {
        wholes.iter().filter(|w| w[measure][self.series] > 0).count() as u64
    }

    fn figures(&self, objective: &Objective, wholes: &[Amounts], n: u64, at: Confidence) -> Vec<Figure> {
        let (per, years) = (self.asked(wholes, self.measure), (wholes.len() / YEAR) as u64);
        let mut all: Vec<Figure> = vec![
            ("months_missed".into(), "probability", Estimate::chance(at, &self.missed, per, n)),
            ("years_missed".into(), "probability", Estimate::chance(at, &self.years_missed, years, n)),
        ];
        let months = Pool::new(&self.months.shares, per, n, at);
        let of_months = mean_share(at, &self.months.sums, per, n);
        all.push(("availability.mean".into(), "fraction", of_months.complement()));
        for (word, p) in [("p50", 0.5), ("p10", 0.9), ("p1", 0.99)] {
            let e = months.quantile(p).complement();
            all.push((format!("availability.{word}"), "fraction", e));
        }
        all.push(("availability.min".into(), "fraction", months.worst().complement()));
        if matches!(objective.of, Watched::Store(..)) {
            let e = mean_share(at, &self.by_requests, self.asked(wholes, BY_REQUESTS), n).complement();
            all.push(("availability_requests.mean".into(), "fraction", e));
        }
        let year_pool = Pool::new(&self.years.shares, years, n, at);
        self.budget(&mut all, "month", &of_months, &months);
        self.budget(&mut all, "year", &mean_share(at, &self.years.sums, years, n), &year_pool);
        if !self.credits.is_empty() {
            self.paid_back(&mut all, per, years, n, at);
        }
        all
    }

    /// Means over replications by name, with divisor and factor; what is not there has no figure of the name.
    pub(super) fn means(&self, wholes: &[Amounts]) -> [(&'static str, f64, f64, &Moments); 8] {
        let asked = |measure| self.asked(wholes, measure) as f64;
        let (per, years) = (asked(self.measure), (wholes.len() / YEAR) as f64);
        let (percent, budget) = (PPM / 100.0, self.budget as f64);
        [
            ("months_missed", per, 1.0, &self.missed),
            ("years_missed", years, 1.0, &self.years_missed),
            ("availability.mean", SHARE * per, -1.0, &self.months.sums),
            ("availability_requests.mean", SHARE * asked(BY_REQUESTS), -1.0, &self.by_requests),
            ("budget_left.month.mean", budget * per, -1.0, &self.months.sums),
            ("budget_left.year.mean", budget * years, -1.0, &self.years.sums),
            ("credit_percent.month", percent * per, 1.0, &self.credit),
            ("credit_percent.year", percent * 365.0 * years, 1.0, &self.year_credit),
        ]
    }

    /// Months of a replication, and those of each credit in percent.
    pub(super) fn credited(&self, wholes: &[Amounts]) -> (f64, impl Iterator<Item = (f64, &Moments)>) {
        let per = self.asked(wholes, self.measure) as f64;
        let percent = self.credits.iter().map(|&(_, ppm)| f64::from(ppm) / PPM * 100.0);
        (per, percent.zip(&self.bands))
    }

    /// What is left of the error budget.
    fn budget(&self, all: &mut Vec<Figure>, word: &str, mean: &Estimate, pool: &Pool) {
        let left = |used: &Estimate| match self.budget {
            0 => Estimate::undefined("nothing may fail: there is no budget"),
            budget => used.scaled(SHARE / budget as f64).complement(),
        };
        all.push((format!("budget_left.{word}.mean"), "fraction", left(mean)));
        for (q, p) in [("p50", 0.5), ("p10", 0.9)] {
            all.push((format!("budget_left.{word}.{q}"), "fraction", left(&pool.quantile(p))));
        }
        all.push((format!("budget_left.{word}.min"), "fraction", left(&pool.worst())));
    }

    /// Credits; a month's bill goes by its days.
    fn paid_back(&self, all: &mut Vec<Figure>, per: u64, years: u64, n: u64, at: Confidence) {
        let most = self.credits.last().map_or(0.0, |c| f64::from(c.1) / PPM * 100.0);
        let mean = |moments: &Moments, unit: f64| match unit {
            0.0 => Estimate::undefined("nothing was measured"),
            unit => Estimate::mean(at, &moments.with_zeros(n), unit * PPM / 100.0, Ceiling::At(most)),
        };
        all.push(("credit_percent.month".into(), "percent", mean(&self.credit, per as f64)));
        let year = mean(&self.year_credit, 365.0 * years as f64);
        all.push(("credit_percent.year".into(), "percent", year));
        for (&(_, ppm), months) in self.credits.iter().zip(&self.bands) {
            let e = Estimate::chance(at, months, per, n);
            all.push((format!("months_credited.{}", f64::from(ppm) / PPM * 100.0), "probability", e));
        }
    }
}

/// Mean failing share of months or years of which each replication has `per`.
fn mean_share(at: Confidence, sums: &Moments, per: u64, n: u64) -> Estimate {
    match per {
        0 => Estimate::undefined("nothing was measured"),
        per => Estimate::mean(at, &sums.with_zeros(n), SHARE * per as f64, Ceiling::At(1.0)),
    }
}

/// Results of all objectives, in order of declaration.
pub(super) fn results(
    model: &Model,
    tallies: &[ObjectiveTally],
    months: &[MonthsTally],
    n: u64,
) -> Vec<ObjectiveResult> {
    let each = model.objectives.iter().zip(tallies);
    each.map(|(objective, tally)| {
        result(model, objective, &figures(objective, tally, months, n, Confidence::P95))
    })
    .collect()
}

fn result(model: &Model, objective: &Objective, figures: &[Figure]) -> ObjectiveResult {
    let find = |id: &str| figures.iter().find(|f| f.0 == id).map(|f| f.2.clone());
    let kind = match objective.of {
        Watched::Service(_, series) | Watched::Store(_, series) => series.word(),
        Watched::Block(_) => "block",
    };
    let (goal, value, target, class) = match objective.goal {
        Goal::Availability { target, .. } => {
            let share = target as f64 / WHOLE as f64;
            ("availability", share, in_percent(target), None)
        }
        Goal::Rto { within, class } => ("rto", within.as_secs_f64(), within.to_string(), class),
        Goal::Rpo { within, class } => ("rpo", within.as_secs_f64(), within.to_string(), class),
    };
    // Only writes are lost.
    let kind = if goal == "rpo" { Series::Write.word() } else { kind };
    let (per, missed) = match find("months_missed") {
        Some(missed) => ("month", missed),
        None => ("replication", find("kept").unwrap_or_default().complement()),
    };
    let mut result = ObjectiveResult {
        name: objective.name.clone(),
        subject: objective.of.name(model).into(),
        kind,
        class: class.map(Class::word),
        goal,
        target,
        value,
        per,
        met: missed.complement(),
        missed,
        years_missed: find("years_missed"),
        events_kept: find("events_kept"),
        credit_percent: find("credit_percent.month"),
        budget_left: find("budget_left.month.mean"),
        headline: String::new(),
        verdict: String::new(),
    };
    (result.headline, result.verdict) = verdict(&result);
    result
}

/// What became of an objective, in words: what a title says, and with all that is known.
fn verdict(result: &ObjectiveResult) -> (String, String) {
    let ObjectiveResult { missed, per, .. } = result;
    let Some(chance) = missed.estimate else {
        let text = format!("undecided: {}", missed.note);
        return (text.clone(), text);
    };
    let whole = counted(missed.n, "replication");
    let unseen = result.events_kept.as_ref().is_some_and(|e| e.estimate.is_none());
    let short = match *per {
        _ if chance > 0.0 => format!("missed in {} of {per}s", part(chance)),
        _ if unseen => format!("met: no such event in {whole}"),
        "month" => format!("met in every month of {whole}"),
        _ => format!("met in all {whole}"),
    };
    let mut text = short.clone();
    match (missed.low, missed.high) {
        (Some(low), Some(high)) if chance > 0.0 => {
            text += &format!(" ({}–{})", part(low).trim_end_matches(" %"), part(high));
        }
        (_, Some(bound)) if chance == 0.0 => {
            text += &format!(" (missed in at most {})", percent_bound(bound))
        }
        _ => {}
    }
    let known = |e: &Option<Estimate>| e.as_ref().and_then(|e| e.estimate);
    if let Some(years) = known(&result.years_missed).filter(|&y| y > 0.0) {
        text += &format!(", {} of years", part(years));
    }
    if let Some(kept) = known(&result.events_kept) {
        text += &format!(
            "; {} of {} keep it",
            part(kept),
            if result.goal == "rto" { "outages" } else { "losses" }
        );
    }
    if let Some(credit) = known(&result.credit_percent).filter(|&c| c > 0.0) {
        text += &format!("; credits {} % of the bill", significant(credit, 2));
    }
    (short, text)
}

/// A share in percent, with digits at whichever end it is near.
fn part(share: f64) -> String {
    if share < 0.5 { percent_bound(share) } else { percent(share) }
}

/// Adds the chance of missing each availability objective to the months of its subject and series.
pub(super) fn add_missed(
    rows: &mut [MonthRow],
    model: &Model,
    tallies: &[ObjectiveTally],
    results: &[ObjectiveResult],
    n: u64,
) {
    for ((objective, tally), result) in model.objectives.iter().zip(tallies).zip(results) {
        let ObjectiveTally::Months(tally) = tally else { continue };
        for row in rows.iter_mut().filter(|r| r.subject == result.subject && r.series == result.kind) {
            let missed = match row.month {
                Some(month) => Estimate::probability(Confidence::P95, tally.by_month[month as usize - 1], n),
                None => result.missed.clone(),
            };
            row.missed.push((objective.name.clone(), missed));
        }
    }
}
