//! Calendar months against sums worked out by hand (rule c09), and against going through them hour by hour.

use super::observe::{BlockMonth, MonthRun, Replication, StoreRun};
use super::tests::{model, rule, secs, store, world};
use super::tests_recovery::region;
use super::{Plan, Simulation};
use crate::model::*;
use crate::rng::Law;
use crate::units::{Duration, Time};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
/// 1000 writes and 5000 reads a second, on 100 partitions.
const RATES: [i128; 2] = [5_000_000 * 100, 1_000_000 * 100];

fn run(m: &Model) -> Replication {
    let plan = Plan::new(m).unwrap();
    let mut out = Replication::default();
    Simulation::new(&plan, 42).run(0, false, &mut out).unwrap();
    out
}

/// A store in one region that is down at each of these times, for as long, in seconds.
fn outages(times: &[(u64, u64)], change: impl Fn(&mut Model)) -> StoreRun {
    let w = world(&["a"], 3, 4);
    let down = |&(at, length): &(u64, u64)| {
        let schedule = Schedule::Scripted(vec![secs(at)]);
        let name = format!("down-{at}");
        rule(&name, vec![region(&w, 0)], Effect::Down, schedule, Law::constant(secs(length)))
    };
    let faults = times.iter().map(down).collect();
    let s = store(&w, &[0]);
    let mut m = model(w, faults, vec![s]);
    change(&mut m);
    run(&m).stores.remove(0)
}

/// Seconds of the month's errors at full rate: of reads, of writes.
fn error_seconds(month: &MonthRun) -> [i128; 2] {
    [0, 1].map(|k| {
        assert_eq!(month.errors[k] % (RATES[k] * 1_000_000_000), 0, "not whole seconds");
        month.errors[k] / (RATES[k] * 1_000_000_000)
    })
}

fn failed(run: &StoreRun, month: usize) -> [i128; 2] {
    run.months[month].failed.map(|volume| volume / run.volume_per_request)
}

/// 20 minutes of January: one hour of error rate 1/3, or two of 1/6, among 744.
#[test]
fn c09_an_outage_is_its_share_of_the_month() {
    for at in [10 * DAY + HOUR, 10 * DAY + HOUR - 600] {
        let run = outages(&[(at, 1200)], |_| {});
        let [month] = &run.months[..] else { panic!("{:?}", run.months) };
        assert_eq!((month.month, error_seconds(month)), (0, [1200, 1200]));
        assert_eq!(failed(&run, 0), [5000 * 1200, 1000 * 1200]);
        let requested = run.requested.map(|volume| volume / run.volume_per_request);
        assert_eq!(requested, [5000 * 365 * 86_400, 1000 * 365 * 86_400]);
    }
}

/// The last minute of January, all of February and the first two of March.
#[test]
fn months_share_an_outage_by_the_calendar() {
    let times = [(31 * DAY - 60, 28 * DAY + 180), (364 * DAY, 2 * DAY)];
    let run = outages(&times, |_| {});
    let seconds: Vec<(u32, i128)> = run.months.iter().map(|m| (m.month, error_seconds(m)[1])).collect();
    assert_eq!(seconds, [(0, 60), (1, 28 * 86_400), (2, 120), (11, 86_400)], "nothing beyond the horizon");
    // The horizon cuts off March, the warm-up what came before it.
    let run = outages(&times, |m| (m.horizon, m.warmup) = (secs(60 * DAY), secs(10 * DAY)));
    let seconds: Vec<(u32, i128)> = run.months.iter().map(|m| (m.month, error_seconds(m)[1])).collect();
    assert_eq!(seconds, [(0, 60), (1, 28 * 86_400), (2, 120)]);
}

fn office() -> Profile {
    let mut hours = [0; 168];
    for day in 0..5 {
        hours[day * 24 + 8..day * 24 + 18].fill(2000);
        hours[day * 24 + 18..day * 24 + 20].fill(500);
    }
    Profile::weekly(hours)
}

/// An hour counts by its share of failures, whatever is asked in it: twice the rate, a quarter of that, nothing.
#[test]
fn c09_hours_count_alike_whatever_their_load() {
    // On Monday the 8th: from 17:40 to 18:10, and from 19:50 to 20:40.
    let monday = 7 * DAY;
    let times = [(monday + 17 * HOUR + 2400, 1800), (monday + 19 * HOUR + 3000, 3000)];
    let run = outages(&times, |m| m.stores[0].profile = office());
    // 1/3 at 17 h, 1/6 at 18 h, 1/6 at 19 h, and 0 from 20 h on, where nothing is asked.
    assert_eq!(error_seconds(&run.months[0]), [1200 + 600 + 600; 2]);
    let writes = 1200 * 2000 + 600 * 500 + 600 * 500;
    assert_eq!(failed(&run, 0), [5 * writes, writes]);
}

/// Against the definition: the months' hours one by one, each with its failures and requests.
#[test]
fn c09_sums_equal_those_of_single_hours() {
    let (warmup, weeks) = (3 * DAY, 40);
    let times: Vec<(u64, u64)> =
        (0..9).map(|i| (i * 17 * DAY + 1234 * i, HOUR * (i * i * i + 1) + 777)).collect();
    let run = outages(&times, |m| {
        m.stores[0].profile = office();
        (m.horizon, m.warmup) = (secs(weeks * 7 * DAY), secs(warmup));
    });
    let profile = office();
    let mut hourly = [0.0; 12];
    for hour in 0..weeks * 7 * 24 {
        let (from, to) = (warmup + hour * HOUR, warmup + (hour + 1) * HOUR);
        let load = |from: u64, to: u64| {
            profile.integral(Time::ZERO + secs(to)) - profile.integral(Time::ZERO + secs(from))
        };
        let month = calendar::month_at(secs(hour * HOUR)) as usize;
        for &(at, length) in &times {
            let (a, b) = ((warmup + at).max(from), (warmup + at + length).min(to));
            if a < b && load(from, to) > 0 {
                hourly[month] += load(a, b) as f64 / load(from, to) as f64;
            }
        }
    }
    assert!(run.months.len() > 4);
    for month in &run.months {
        let mean = month.errors[1] as f64 / RATES[1] as f64 / Duration::HOUR.ns() as f64;
        let expected = hourly[month.month as usize];
        assert!((mean - expected).abs() < 1e-9, "month {}: {mean} and {expected}", month.month);
    }
    let all = run.months.iter().map(|m| m.errors[1] as f64).sum::<f64>();
    assert!((all / RATES[1] as f64 / 3.6e12 - hourly.iter().sum::<f64>()).abs() < 1e-6);
}

/// Demand is 10 000 request units. Half the capacity is gone for an hour: half is refused within what was
/// provisioned. With 8000 provisioned a fifth is refused all the time, which no SLA counts.
#[test]
fn c09_throttling_counts_below_the_provisioned_throughput_only() {
    let degrade = |m: &mut Model, provisioned: u64| {
        m.faults[0].effect = Effect::Degrade { capacity_ppm: 500_000, errors_ppm: 0 };
        m.stores[0].throughput_mru = Some(provisioned);
    };
    let below = outages(&[(DAY, HOUR)], |m| degrade(m, 10_000_000));
    assert_eq!(error_seconds(&below.months[0]), [1800, 1800]);
    assert_eq!(failed(&below, 0), [2500 * 3600, 500 * 3600]);
    let above = outages(&[], |m| m.stores[0].throughput_mru = Some(8_000_000));
    assert_eq!(above.months.len(), 12);
    for month in &above.months {
        assert_eq!(error_seconds(month), [0, 0]);
        assert_eq!(month.failed, month.throttled_above);
    }
    // 8000 provisioned, 4000 left: 2000 of 10 000 units are refused above, 4000 below.
    let both = outages(&[(DAY, HOUR)], |m| degrade(m, 8_000_000));
    assert_eq!(error_seconds(&both.months[0]), [1440, 1440]);
}

/// What nobody shows has no months.
#[test]
fn blocks_have_months_of_time() {
    let w = world(&["a"], 1, 1);
    let target = region(&w, 0);
    let Target::Domain(domain) = target else { panic!("a region is a domain") };
    let schedule = Schedule::Scripted(vec![secs(31 * DAY - 60), secs(100 * DAY)]);
    let fault = rule("down", vec![target], Effect::Down, schedule, Law::constant(secs(100)));
    let mut m = model(w, vec![fault], vec![]);
    let block = |report| Block { name: "b".into(), need: 1, members: vec![Member::Domain(domain)], report };
    m.blocks = vec![block(true), block(false)];
    let out = run(&m);
    let month = |month, s| BlockMonth { month, down: secs(s) };
    assert_eq!(out.blocks[0].months, [month(0, 60), month(1, 40), month(3, 100)]);
    assert_eq!(out.blocks[1].months, []);
}
