//! Availability by calendar month (rule c09): what is kept of it, and its figures.

use super::accumulate::SHARE_ONE;
use super::metric::{Ceiling, Estimate};
use super::tally::share;
use crate::model::calendar::{month_start, whole_months};
use crate::model::{Model, PROFILE_ONE, Profile};
use crate::sim::observe::{BlockMonth, MonthRun};
use crate::stats::{Confidence, Histogram, Moments};
use crate::units::Time;
use std::sync::Arc;

const SHARE: f64 = SHARE_ONE as f64;
const SERIES: [&str; 3] = ["read", "write", "all"];
/// Most months that are shown one by one: ten years. Results do not grow with longer horizons.
const SINGLE: usize = 120;
/// Months of a year.
pub(super) const YEAR: usize = 12;

/// Measures of a month: mean of hourly error rates, failed share of requests, the same as users see it. Blocks have time
/// only, in the place of the first.
const MEASURES: usize = 3;
/// Place of the second measure.
pub(super) const BY_REQUESTS: usize = 1;
/// Amounts by measure, then by series: reads, writes, all. Blocks have one series, the first.
pub(super) type Amounts = [[i128; 3]; MEASURES];

/// Availability of one subject in one calendar month, or in all of them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MonthRow {
    /// Name of the service, store or block.
    pub subject: String,
    /// `read`, `write`, `all` or `block`.
    pub series: &'static str,
    /// Number of the month from the start of measurement, from 1; `None`: all whole months together.
    pub month: Option<u32>,
    /// 1 − mean of the hourly error rates (blocks: share of time up), mean over replications.
    pub availability: Estimate,
    /// 1 − failed ÷ requested, without requests throttled above the provisioned throughput; undefined for blocks.
    pub by_requests: Estimate,
    /// The same with them; undefined for blocks.
    pub experienced: Estimate,
    /// Lowest availability that was seen.
    pub least: Option<f64>,
    /// Of all months together: the availability that 50, 10 and 1 % of them do not exceed.
    pub quantiles: Option<[Estimate; 3]>,
    /// Probability of missing each availability objective on this subject and series, by its name.
    pub missed: Vec<(String, Estimate)>,
}

/// Months of one store or block.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MonthsTally {
    series: usize,
    measures: usize,
    /// By month: what there is to fail; the same for all blocks.
    pub(super) wholes: Arc<[Amounts]>,
    /// Failing shares by month (at most [`SINGLE`]), series and measure, of replications in which something failed.
    by_month: Vec<Moments>,
    /// Their sums over the months of a replication.
    sums: [[Moments; 3]; MEASURES],
    /// Of the first measure, by series: pooled, without the months in which nothing failed.
    shares: Vec<Histogram>,
}

/// What failed in a month.
pub(super) fn failed(run: &MonthRun) -> Amounts {
    let with_all = |parts: [i128; 2]| [parts[0], parts[1], parts[0] + parts[1]];
    let above = run.throttled_above;
    [
        with_all(run.errors),
        with_all([run.failed[0] - above[0], run.failed[1] - above[1]]),
        with_all(run.failed),
    ]
}

/// Time down in a month.
pub(super) fn down(run: &BlockMonth) -> Amounts {
    let mut amounts = Amounts::default();
    amounts[0][0] = run.down.ns().into();
    amounts
}

/// What there is to fail in each whole month.
fn requested(model: &Model, [reads, writes]: [i128; 2], profile: &Profile) -> Vec<Amounts> {
    let start = Time::ZERO + model.warmup;
    let amounts = |month: u32| {
        let (from, to) = (start + month_start(month), start + month_start(month + 1));
        let times = |weight: i128| [reads, writes, reads + writes].map(|rate| rate * weight);
        let volume = times(profile.integral(to) - profile.integral(from));
        [times((to - from).ns().into()), volume, volume]
    };
    (0..whole_months(model.horizon)).map(amounts).collect()
}

impl MonthsTally {
    /// One for each service, for each store, then for each block; those of blocks that results do not show stay empty.
    pub(super) fn all(model: &Model) -> Vec<MonthsTally> {
        let asked = |demand, profile| MonthsTally::new(3, MEASURES, requested(model, demand, profile).into());
        let services = model.services.iter().map(|s| asked(s.demand(), &s.profile));
        let stores = model.stores.iter().map(|s| asked(s.demand(), &s.profile));
        let months = whole_months(model.horizon);
        let time = |month: u32| {
            let mut amounts = Amounts::default();
            amounts[0][0] = i128::from(month_start(month + 1).ns() - month_start(month).ns());
            amounts
        };
        let (shown, hidden): (Arc<[Amounts]>, Arc<[Amounts]>) =
            ((0..months).map(time).collect(), Arc::default());
        let blocks = model
            .blocks
            .iter()
            .map(|b| MonthsTally::new(1, 1, if b.report { &shown } else { &hidden }.clone()));
        services.chain(stores).chain(blocks).collect()
    }

    fn new(series: usize, measures: usize, wholes: Arc<[Amounts]>) -> MonthsTally {
        MonthsTally {
            series,
            measures,
            by_month: vec![Moments::default(); wholes.len().min(SINGLE) * series * measures],
            wholes,
            sums: Default::default(),
            shares: vec![Histogram::default(); series],
        }
    }

    /// Counts the months of a replication in which something failed.
    pub(super) fn add(&mut self, months: impl Iterator<Item = (u32, Amounts)>) {
        let mut sums = [[0; 3]; MEASURES];
        let mut any = false;
        for (month, parts) in months {
            let Some(wholes) = self.wholes.get(month as usize) else { break };
            any = true;
            for series in 0..self.series {
                let mut last = 0;
                for measure in 0..self.measures {
                    let (part, whole) = (parts[measure][series], wholes[measure][series]);
                    if whole == 0 {
                        continue;
                    }
                    // Most often the measures agree: divided once then.
                    let alike = measure > 0 && {
                        let factor = if measure == 1 { i128::from(PROFILE_ONE) } else { 1 };
                        part == parts[measure - 1][series] * factor
                            && whole == wholes[measure - 1][series] * factor
                    };
                    last = if alike { last } else { share(part, whole) };
                    let place = (month as usize * self.series + series) * self.measures + measure;
                    if let Some(single) = self.by_month.get_mut(place) {
                        single.add(last);
                    }
                    sums[measure][series] += last;
                    if measure == 0 {
                        self.shares[series].add(last as u64);
                    }
                }
            }
        }
        if any {
            let all = self.sums.iter_mut().flatten().zip(sums.iter().flatten());
            all.for_each(|(moments, &sum)| moments.add(sum));
        }
    }

    pub(super) fn merge(&mut self, other: &MonthsTally) {
        self.by_month.iter_mut().zip(&other.by_month).for_each(|(a, b)| a.merge(b));
        self.sums.iter_mut().flatten().zip(other.sums.iter().flatten()).for_each(|(a, b)| a.merge(b));
        self.shares.iter_mut().zip(&other.shares).for_each(|(a, b)| a.merge(b));
    }

    /// Whether anything can fail.
    fn asked(&self, series: usize) -> bool {
        self.wholes.iter().any(|w| w[0][series] > 0)
    }

    /// Rows of a subject after `n` replications: each series month by month, then all months together.
    pub(super) fn rows(&self, subject: &str, n: u64) -> Vec<MonthRow> {
        let mut rows = Vec::new();
        for series in (0..self.series).filter(|&s| self.asked(s)) {
            let months = (0..self.wholes.len().min(SINGLE)).map(|m| self.month(subject, series, m, n));
            rows.extend(months);
            rows.push(self.total(subject, series, n));
        }
        rows
    }

    fn word(&self, series: usize) -> &'static str {
        if self.series == 1 { "block" } else { SERIES[series] }
    }

    fn month(&self, subject: &str, series: usize, month: usize, n: u64) -> MonthRow {
        let moments = |measure: usize| {
            self.by_month[(month * self.series + series) * self.measures + measure].with_zeros(n)
        };
        let mean = |measure: usize| {
            if measure >= self.measures || self.wholes[month][measure][series] == 0 {
                return Estimate::undefined("no requests");
            }
            Estimate::mean(Confidence::P95, &moments(measure), SHARE, Ceiling::At(1.0)).complement()
        };
        MonthRow {
            subject: subject.into(),
            series: self.word(series),
            month: Some(month as u32 + 1),
            availability: mean(0),
            by_requests: mean(1),
            experienced: mean(2),
            least: moments(0).largest().map(|worst| 1.0 - worst as f64 / SHARE),
            quantiles: None,
            missed: Vec::new(),
        }
    }

    fn total(&self, subject: &str, series: usize, n: u64) -> MonthRow {
        let mean = |measure: usize| {
            let months =
                self.wholes.iter().filter(|w| measure < self.measures && w[measure][series] > 0).count();
            if months == 0 {
                return Estimate::undefined("no requests");
            }
            let sums = self.sums[measure][series].with_zeros(n);
            Estimate::mean(Confidence::P95, &sums, SHARE * months as f64, Ceiling::At(1.0)).complement()
        };
        let pool = Pool::new(&self.shares[series], self.wholes.len() as u64, n, Confidence::P95);
        MonthRow {
            subject: subject.into(),
            series: self.word(series),
            month: None,
            availability: mean(0),
            by_requests: mean(1),
            experienced: mean(2),
            least: pool.worst().estimate.map(|worst| 1.0 - worst),
            quantiles: Some([0.5, 0.9, 0.99].map(|p| pool.quantile(p).complement())),
            missed: Vec::new(),
        }
    }
}

/// Failing shares of months or years of `n` replications, pooled.
pub(super) struct Pool {
    shares: Histogram,
    n: u64,
    at: Confidence,
}

impl Pool {
    /// Of shares that leave out those that are 0, `per` in each replication.
    pub(super) fn new(shares: &Histogram, per: u64, n: u64, at: Confidence) -> Pool {
        Pool { shares: shares.with_zeros(n * per), n, at }
    }

    /// The share that the part `p` of them does not exceed.
    pub(super) fn quantile(&self, p: f64) -> Estimate {
        Estimate::quantile(self.at, &self.shares, p, self.n, SHARE)
            .unwrap_or_else(|| Estimate::undefined("nothing was measured"))
    }

    /// The largest; nothing bounds what was not seen.
    pub(super) fn worst(&self) -> Estimate {
        let largest = self.shares.largest().map(|x| x as f64 / SHARE);
        Estimate { estimate: largest, n: self.n, ..Estimate::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Accumulator, VariantOutcome, fixture};
    use crate::model::objective::{Credit, Goal, Measure, Objective, Series, WHOLE, Watched};
    use crate::sim::observe::Replication;

    const HOUR: i128 = 3_600_000_000_000;
    /// Writes of the made-up store.
    const WRITES: i128 = 1_000_000;

    /// A replication in which all writes fail for so many hours of these months, in hours of ordinary load.
    fn replication(index: u64, hours: &[(u32, i128)]) -> Replication {
        let mut rep = fixture::replication(1);
        rep.index = index;
        let month = |&(month, hours): &(u32, i128)| MonthRun {
            month,
            errors: [0, WRITES * hours * HOUR],
            failed: [0, WRITES * hours * HOUR * 1000],
            throttled_above: [0, 0],
        };
        rep.stores[0].months = hours.iter().map(month).collect();
        rep
    }

    fn objective(target: u64, measure: Measure) -> Objective {
        let credits = [(target, 100_000), (WHOLE / 100 * 99, 250_000)];
        let credits = credits.map(|(below, share_ppm)| Credit { below, share_ppm }).to_vec();
        let goal = Goal::Availability { target, measure, credits };
        Objective { name: "sla".into(), of: Watched::Store(0, Series::Write), goal, required: WHOLE }
    }

    fn outcome(model: &Model, of: &[&[(u32, i128)]]) -> VariantOutcome {
        let mut acc = Accumulator::new(model);
        of.iter().enumerate().for_each(|(i, hours)| acc.add(&replication(i as u64, hours)));
        VariantOutcome::new("v", model, &acc)
    }

    /// Two years, target 99.5 %: 3.72 h of January, 3.36 h of February. Two replications: 4 h and 8 h fail in the first
    /// year of one, 3 h in its second year, nothing in the other.
    #[test]
    fn c09_targets_credits_and_budgets_by_hand() {
        let mut model = fixture::model();
        model.horizon = crate::units::Duration::from_days(730);
        model.objectives = vec![objective(WHOLE / 1000 * 995, Measure::MeanHourly)];
        let outcome = outcome(&model, &[&[(0, 4), (1, 8), (13, 3)], &[]]);
        let estimate = |id: &str| outcome.metric(&format!("objective.sla.{id}")).unwrap().estimate.unwrap();
        let close =
            |id: &str, x: f64| assert!((estimate(id) - x).abs() < 1e-12, "{id}: {} not {x}", estimate(id));
        close("months_missed", 2.0 / 48.0);
        close("years_missed", 1.0 / 4.0);
        close("months_credited.10", 1.0 / 48.0);
        close("months_credited.25", 1.0 / 48.0);
        close("credit_percent.month", 35.0 / 48.0);
        close("credit_percent.year", (10.0 * 31.0 + 25.0 * 28.0) / 365.0 / 4.0);
        let failing = 4.0 / 744.0 + 8.0 / 672.0 + 3.0 / 672.0;
        close("availability.mean", 1.0 - failing / 48.0);
        close("availability_requests.mean", 1.0 - failing / 48.0);
        close("availability.min", 1.0 - 8.0 / 672.0);
        close("availability.p50", 1.0);
        close("budget_left.month.mean", 1.0 - failing / 48.0 / 0.005);
        close("budget_left.month.min", 1.0 - 8.0 / 672.0 / 0.005);
        close("budget_left.year.mean", 1.0 - (12.0 + 3.0) / 8760.0 / 4.0 / 0.005);
        close("budget_left.year.min", 1.0 - 12.0 / 8760.0 / 0.005);
        let row = |month| outcome.months.iter().find(|r| r.series == "write" && r.month == month).unwrap();
        assert_eq!(row(Some(2)).missed[0].1.estimate, Some(0.5));
        assert_eq!((row(Some(14)).missed[0].1.estimate, row(Some(3)).missed[0].1.n), (Some(0.0), 2));
        // Two reads to a write.
        let all = outcome.months.iter().find(|r| r.series == "all" && r.month == Some(1)).unwrap();
        assert!((all.availability.estimate.unwrap() - (1.0 - 4.0 / 744.0 / 6.0)).abs() < 1e-15);
        assert!(outcome.months.iter().all(|r| r.series != "block" || r.by_requests.estimate.is_none()));
        assert_eq!(outcome.months.len(), 4 * 25);
    }

    /// Exactly on the target is met, the least beyond it is not.
    #[test]
    fn c09_a_target_that_is_just_kept_is_kept() {
        let mut model = fixture::model();
        model.objectives = vec![objective(WHOLE / 4 * 3, Measure::MeanHourly)];
        let missed = |hours: i128| {
            let months: &[(u32, i128)] = &[(0, hours)];
            outcome(&model, &[months]).metric("objective.sla.months_missed").unwrap().estimate.unwrap()
        };
        assert_eq!((missed(186), missed(187)), (0.0, 1.0 / 12.0));
    }

    /// By hours and by requests: a failure at three times the load counts three times by requests.
    #[test]
    fn measures_differ_where_load_does() {
        let mut model = fixture::model();
        let mut hours = [1000; 168];
        hours[10] = 3000;
        model.stores[0].profile = Profile::weekly(hours);
        model.objectives = vec![
            objective(WHOLE / 1000 * 999, Measure::MeanHourly),
            Objective { name: "req".into(), ..objective(WHOLE / 1000 * 999, Measure::Requests) },
        ];
        let mut acc = Accumulator::new(&model);
        let mut rep = replication(0, &[(0, 1)]);
        rep.stores[0].months[0].errors[1] /= 2;
        rep.stores[0].months[0].failed[1] = WRITES * HOUR * 3000 / 2;
        rep.stores[0].months[0].throttled_above[1] = WRITES * HOUR * 1000 / 2;
        acc.add(&rep);
        let outcome = VariantOutcome::new("v", &model, &acc);
        let row = &outcome.months.iter().find(|r| r.series == "write").unwrap();
        let is = |e: &Estimate, x: f64| assert!((e.estimate.unwrap() - (1.0 - x)).abs() < 1e-15, "{e:?}");
        // January has 744 hours, with five Mondays.
        let requested = 744.0 + 5.0 * 2.0;
        is(&row.availability, 0.5 / 744.0);
        is(&row.by_requests, 1.0 / requested);
        is(&row.experienced, 1.5 / requested);
        let missed =
            |name: &str| outcome.metric(&format!("objective.{name}.months_missed")).unwrap().estimate;
        assert_eq!((missed("sla"), missed("req")), (Some(0.0), Some(1.0 / 12.0)));
    }

    /// Months are listed for ten years, and counted for ever.
    #[test]
    fn long_horizons_are_counted_whole_and_shown_in_part() {
        let mut model = fixture::model();
        model.horizon = crate::units::Duration::from_days(365 * 200);
        model.objectives = vec![objective(WHOLE / 1000 * 995, Measure::MeanHourly)];
        let outcome = outcome(&model, &[&[(119, 4), (2399, 6)]]);
        assert_eq!(outcome.months.len(), 4 * (SINGLE + 1));
        let missed = outcome.metric("objective.sla.months_missed").unwrap().estimate.unwrap();
        assert!((missed - 2.0 / 2400.0).abs() < 1e-15, "{missed}");
        let last = outcome.months.iter().find(|r| r.series == "write" && r.month == Some(120)).unwrap();
        assert_eq!(last.missed[0].1.estimate, Some(1.0));
    }

    /// Shorter than a month: nothing to say, nothing said.
    #[test]
    fn a_horizon_without_a_whole_month_has_none() {
        let mut model = fixture::model();
        model.horizon = crate::units::Duration::from_days(30);
        model.objectives = vec![objective(WHOLE / 1000 * 999, Measure::MeanHourly)];
        let outcome = outcome(&model, &[&[(0, 4)]]);
        assert!(outcome.months.is_empty());
        let metric = outcome.metric("objective.sla.months_missed").unwrap();
        assert_eq!((metric.estimate, outcome.objectives[0].met.estimate), (None, None));
        assert!(outcome.objectives[0].verdict.starts_with("undecided"));
    }
}
