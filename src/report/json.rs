//! JSON: `run.json` and the outcome for `--format json`. Keys in fixed order of declaration.

use crate::experiment::compare::Comparison;
use crate::experiment::{
    AttributionRow, Coordinate, Estimate, MonthRow, ObjectiveResult, Outcome, Study, Verdict,
};
use serde::Serialize;

#[derive(Serialize)]
struct Run<'a> {
    zonefall: &'a str,
    scenario: &'a str,
    scenario_digest: String,
    seed: u64,
    replications: u64,
    first_replication: u64,
    variants: Vec<RunVariant<'a>>,
}

#[derive(Serialize)]
struct RunVariant<'a> {
    name: &'a str,
    horizon_s: f64,
    fault_digest: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    point: Vec<Place<'a>>,
}

/// A value that a sweep gives a setting.
#[derive(Serialize)]
struct Place<'a> {
    parameter: &'a str,
    value: &'a str,
    number: Option<f64>,
    unit: &'a str,
}

#[derive(Serialize)]
struct Full<'a> {
    #[serde(flatten)]
    run: Run<'a>,
    results: Vec<Results<'a>>,
    expectations: Vec<Expectation<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<Compared<'a>>,
}

#[derive(Serialize)]
struct Compared<'a> {
    reference: &'a str,
    same_faults: bool,
    differences: Vec<Differs<'a>>,
    verdicts: Vec<Says<'a>>,
}

#[derive(Serialize)]
struct Differs<'a> {
    variant: &'a str,
    subject: &'a str,
    metric: &'a str,
    unit: &'a str,
    estimate: Option<f64>,
    reference_estimate: Option<f64>,
    difference: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    variance_reduction: Option<f64>,
    n: u64,
    differ: Option<u64>,
    note: &'a str,
}

#[derive(Serialize)]
struct Says<'a> {
    variant: &'a str,
    subject: &'a str,
    text: &'a str,
}

#[derive(Serialize)]
struct Results<'a> {
    variant: &'a str,
    metrics: Vec<Figure<'a>>,
    causes: Vec<Cause<'a>>,
    attribution: Vec<Booked<'a>>,
    worst_by_failures: Option<u64>,
    worst_by_losses: Option<u64>,
    months: Vec<Month<'a>>,
    objectives: Vec<Objective<'a>>,
    notes: &'a [String],
}

/// An estimate with its interval.
#[derive(Serialize)]
struct Value {
    estimate: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
}

#[derive(Serialize)]
struct Month<'a> {
    subject: &'a str,
    series: &'a str,
    /// `null`: all months together.
    month: Option<u32>,
    availability: Value,
    availability_min: Option<f64>,
    availability_p50: Option<f64>,
    availability_p10: Option<f64>,
    availability_p1: Option<f64>,
    availability_requests: Value,
    availability_experienced: Value,
    missed: Vec<Missed<'a>>,
    n: u64,
    note: &'a str,
}

#[derive(Serialize)]
struct Missed<'a> {
    objective: &'a str,
    missed: Value,
}

#[derive(Serialize)]
struct Objective<'a> {
    objective: &'a str,
    subject: &'a str,
    kind: &'a str,
    class: Option<&'a str>,
    goal: &'a str,
    target: &'a str,
    per: &'a str,
    met: Value,
    missed: Value,
    years_missed: Option<Value>,
    events_kept: Option<Value>,
    credit_percent: Option<Value>,
    budget_left: Option<Value>,
    n: u64,
    note: &'a str,
    verdict: &'a str,
}

#[derive(Serialize)]
struct Figure<'a> {
    subject: &'a str,
    metric: &'a str,
    unit: &'a str,
    estimate: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    n: u64,
    note: &'a str,
}

#[derive(Serialize)]
struct Cause<'a> {
    subject: &'a str,
    kind: &'a str,
    cause: &'a str,
    failed_requests_mean: Option<f64>,
    minutes_per_year: Option<f64>,
    share: Option<f64>,
    writes_lost_mean: Option<f64>,
    writes_lost_provider_mean: Option<f64>,
    writes_lost_customer_mean: Option<f64>,
}

#[derive(Serialize)]
struct Booked<'a> {
    subject: &'a str,
    kind: &'a str,
    cause: &'a str,
    phase: &'a str,
    party: &'a str,
    down_minutes_per_year: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    down_share: Option<f64>,
    failed_requests_mean: Option<f64>,
    failed_minutes_per_year: Option<f64>,
    failed_share: Option<f64>,
    writes_lost_mean: Option<f64>,
}

impl<'a> From<&'a AttributionRow> for Booked<'a> {
    fn from(row: &'a AttributionRow) -> Booked<'a> {
        Booked {
            subject: &row.subject,
            kind: row.kind,
            cause: &row.cause,
            phase: row.phase,
            party: row.party,
            down_minutes_per_year: row.minutes_per_year,
            low: row.interval.map(|[low, _]| low),
            high: row.interval.map(|[_, high]| high),
            down_share: row.share,
            failed_requests_mean: row.failed_requests,
            failed_minutes_per_year: row.failed_minutes_per_year,
            failed_share: row.failed_share,
            writes_lost_mean: row.writes_lost,
        }
    }
}

#[derive(Serialize)]
struct Expectation<'a> {
    variant: &'a str,
    metric: &'a str,
    is: String,
    estimate: Option<f64>,
    verdict: &'static str,
    rules: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    close: &'a [String],
}

fn place(c: &Coordinate) -> Place<'_> {
    Place { parameter: &c.path, value: &c.label, number: c.value, unit: c.unit }
}

fn run(outcome: &Outcome) -> Run<'_> {
    let variants = outcome.variants.iter().map(|v| RunVariant {
        name: &v.name,
        horizon_s: v.horizon.as_secs_f64(),
        fault_digest: format!("{:016x}", v.fault_digest),
        point: v.point.iter().map(place).collect(),
    });
    Run {
        zonefall: &outcome.version,
        scenario: &outcome.scenario,
        scenario_digest: format!("{:016x}", outcome.digest),
        seed: outcome.seed,
        replications: outcome.replications,
        first_replication: outcome.first_replication,
        variants: variants.collect(),
    }
}

/// `run.json`: what was run. No time, host or path: equal runs give equal bytes.
pub fn run_json(outcome: &Outcome) -> Vec<u8> {
    bytes(&run(outcome))
}

/// A whole study: outcome, expectations, comparison if there is one; undefined figures are `null`.
pub fn study_json(study: &Study) -> Vec<u8> {
    let outcome = &study.outcome;
    let results = outcome.variants.iter().map(|v| Results {
        variant: &v.name,
        metrics: v
            .metrics
            .iter()
            .map(|m| Figure {
                subject: &m.subject,
                metric: &m.id,
                unit: m.unit,
                estimate: m.estimate,
                low: m.low,
                high: m.high,
                n: m.n,
                note: &m.note,
            })
            .collect(),
        causes: v
            .causes
            .iter()
            .map(|c| Cause {
                subject: &c.subject,
                kind: c.kind,
                cause: &c.cause,
                failed_requests_mean: c.failed_requests,
                minutes_per_year: c.minutes_per_year,
                share: c.share,
                writes_lost_mean: c.writes_lost,
                writes_lost_provider_mean: c.writes_lost_by.map(|by| by[0]),
                writes_lost_customer_mean: c.writes_lost_by.map(|by| by[1]),
            })
            .collect(),
        attribution: v.attribution.iter().map(Booked::from).collect(),
        worst_by_failures: v.worst.by_failures,
        worst_by_losses: v.worst.by_losses,
        months: v.months.iter().map(month).collect(),
        objectives: v.objectives.iter().map(objective).collect(),
        notes: &v.notes,
    });
    let expectations = study.promises.iter().map(|e| Expectation {
        variant: &e.variant,
        metric: &e.metric,
        is: e.comparison.to_string(),
        estimate: e.estimate,
        verdict: match e.verdict {
            Verdict::Met => "met",
            Verdict::Broken => "broken",
            Verdict::Undefined => "undefined",
            Verdict::Unknown { .. } => "unknown",
        },
        rules: &e.rules,
        close: match &e.verdict {
            Verdict::Unknown { close } => close,
            _ => &[],
        },
    });
    bytes(&Full {
        run: run(outcome),
        results: results.collect(),
        expectations: expectations.collect(),
        comparison: study.comparison.as_ref().map(compared),
    })
}

fn compared(comparison: &Comparison) -> Compared<'_> {
    let differences = comparison.rows.iter().map(|d| Differs {
        variant: &d.variant,
        subject: &d.subject,
        metric: &d.metric,
        unit: d.unit,
        estimate: d.estimate,
        reference_estimate: d.reference,
        difference: d.difference,
        low: d.low,
        high: d.high,
        variance_reduction: d.variance_reduction,
        n: d.n,
        differ: d.differ,
        note: &d.note,
    });
    let verdicts = comparison.verdicts.iter();
    let verdicts = verdicts.map(|v| Says { variant: &v.variant, subject: &v.subject, text: &v.text });
    Compared {
        reference: &comparison.reference,
        same_faults: comparison.same_faults,
        differences: differences.collect(),
        verdicts: verdicts.collect(),
    }
}

fn value(e: &Estimate) -> Value {
    Value { estimate: e.estimate, low: e.low, high: e.high }
}

fn month(row: &MonthRow) -> Month<'_> {
    let quantile = |i: usize| row.quantiles.as_ref().and_then(|q| q[i].estimate);
    Month {
        subject: &row.subject,
        series: row.series,
        month: row.month,
        availability: value(&row.availability),
        availability_min: row.least,
        availability_p50: quantile(0),
        availability_p10: quantile(1),
        availability_p1: quantile(2),
        availability_requests: value(&row.by_requests),
        availability_experienced: value(&row.experienced),
        missed: row.missed.iter().map(|(name, e)| Missed { objective: name, missed: value(e) }).collect(),
        n: row.availability.n,
        note: &row.availability.note,
    }
}

fn objective(o: &ObjectiveResult) -> Objective<'_> {
    Objective {
        objective: &o.name,
        subject: &o.subject,
        kind: o.kind,
        class: o.class,
        goal: o.goal,
        target: &o.target,
        per: o.per,
        met: value(&o.met),
        missed: value(&o.missed),
        years_missed: o.years_missed.as_ref().map(value),
        events_kept: o.events_kept.as_ref().map(value),
        credit_percent: o.credit_percent.as_ref().map(value),
        budget_left: o.budget_left.as_ref().map(value),
        n: o.missed.n,
        note: &o.missed.note,
        verdict: &o.verdict,
    }
}

fn bytes(value: &impl Serialize) -> Vec<u8> {
    // Maps with text keys, numbers (not finite ones become null) and text: nothing that can fail.
    let mut out = serde_json::to_vec_pretty(value).expect("plain data is representable in JSON");
    out.push(b'\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{About, Comparison, ExpectResult, expect::evaluate, fixture};

    #[test]
    fn run_json_bytes() {
        let outcome = fixture::outcome(0);
        let text = String::from_utf8(run_json(&outcome)).unwrap();
        let expected = "{\n  \"zonefall\": \"0.1.0\",\n  \"scenario\": \"Orders: two regions\",\n  \
            \"scenario_digest\": \"0000000000000abc\",\n  \"seed\": 42,\n  \"replications\": 0,\n  \"first_replication\": 0,\n  \
            \"variants\": [\n    {\n      \"name\": \"base\",\n      \"horizon_s\": 31536000.0,\n      \
            \"fault_digest\": \"0000000000000000\"\n    }\n  ]\n}\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn undefined_is_null_and_expectations_are_listed() {
        let outcome = fixture::outcome(12);
        let promises = vec![
            evaluate(&outcome, "base", "availability.write", Comparison::Ge(0.99)),
            ExpectResult {
                rules: vec!["c14".into(), "x03".into()],
                ..evaluate(&outcome, "base", "availability.wirte", Comparison::Ge(0.99))
            },
        ];
        let study = Study {
            about: About::default(),
            outcome,
            promises,
            comparison: None,
            what_if: vec![],
            timelines: vec![],
        };
        let json: serde_json::Value = serde_json::from_slice(&study_json(&study)).unwrap();
        assert_eq!(json["expectations"][0]["verdict"], "met");
        assert_eq!(json["expectations"][0]["rules"], serde_json::json!([]));
        assert_eq!(json["expectations"][1]["close"][0], "orders/availability.write");
        assert_eq!(json["expectations"][1]["rules"], serde_json::json!(["c14", "x03"]));
        let metrics = json["results"][0]["metrics"].as_array().unwrap();
        let find = |id: &str| metrics.iter().find(|m| m["metric"] == id).unwrap();
        assert!(find("rto_seconds.read.mean")["estimate"].is_null());
        assert_eq!(find("probability_outage.write")["n"], 12);
    }
}
