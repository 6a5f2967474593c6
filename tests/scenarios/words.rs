//! Figures in words that a reader of the page understands without the catalogue.

use zonefall::experiment::Metric;
use zonefall::stats::number::{duration, percent, percent_bound, significant, thousands};
use zonefall::units::Duration;

const YEAR: Duration = Duration::from_days(365);

/// A figure with the time it was measured over.
pub struct Figure {
    pub metric: Metric,
    pub horizon: Duration,
}

impl Figure {
    /// The value with its unit.
    pub fn value(&self) -> String {
        let Some(x) = self.metric.estimate else {
            return "none".into();
        };
        match self.metric.unit {
            "seconds" => duration(x),
            "minutes/year" => self.rate(x, "minutes"),
            "1/year" => self.rate(x, ""),
            "1/s" => format!("{} a second", short(x)),
            "fraction" | "probability" if x > 0.9 => percent(x),
            "fraction" | "probability" if x == 0.0 => "0 %".into(),
            "fraction" | "probability" => percent_bound(x),
            "writes" => whole(x),
            "" | "factor" => short(x),
            unit => format!("{} {unit}", short(x)),
        }
    }

    /// Of one run where that is shorter than a year: a scripted fault strikes once, not 36.5 times a year.
    fn rate(&self, per_year: f64, unit: &str) -> String {
        let (x, per) = match self.horizon < YEAR {
            true => (per_year * self.horizon.as_secs_f64() / YEAR.as_secs_f64(), "a run"),
            false => (per_year, "a year"),
        };
        let x = short(x);
        let unit = if x == "1" { unit.trim_end_matches('s') } else { unit };
        if unit.is_empty() { format!("{x} {per}") } else { format!("{x} {unit} {per}") }
    }

    /// Name and value as a phrase.
    pub fn phrase(&self) -> String {
        let name = Name::of(&self.metric.id);
        let (kind, by, stat) = (name.kind, &name.by, name.stat);
        let (value, x) = (self.value(), self.metric.estimate);
        let nothing = x == Some(0.0);
        let requests = match kind {
            "" => "requests",
            "read" => "reads",
            _ => "writes",
        };
        let kind = if kind.is_empty() { String::new() } else { format!("{kind} ") };
        let largest = if stat == "longest" { "largest" } else { stat };
        match name.base {
            "rto_seconds" if x.is_none() => format!("no {kind}outage{by}"),
            "rto_seconds" => format!("{stat} {kind}outage{by} {value}"),
            "outages_per_year" if nothing || x.is_none() => format!("no {kind}outage{by}"),
            "outages_per_year" => format!("{kind}outages{by}: {value}"),
            "time_to_impact_seconds" => format!("{stat} time from fault to {kind}outage {value}"),
            "rpo_seconds" | "rpo_final_seconds" | "rpo_writes" if x.is_none() => "no takeover".into(),
            "rpo_seconds" => format!("{largest} RPO{by} {value}"),
            "rpo_final_seconds" => format!("{largest} RPO after all returns {value}"),
            "rpo_writes" => format!("{largest} RPO {value} writes"),
            "loss_events_per_year" if nothing => "no takeover, no data destroyed".into(),
            "loss_events_per_year" => format!("takeovers or destructions of data: {value}"),
            "availability" => format!("{kind}availability{by} {value}"),
            "unavailability" | "throttled" => {
                let what = if name.base == "throttled" { "throttled" } else { "failed" };
                if nothing {
                    format!("no {requests} {what}")
                } else {
                    format!("{value} of {requests} {what}")
                }
            }
            "failed_minutes_per_year" => format!("failed {requests}: {value}"),
            "downtime_minutes_per_year" => format!("{kind}outage time: {value}"),
            "party_minutes_per_year" => format!("{kind}outage time{by}: {value}"),
            "phase_minutes_per_year" => format!("{kind}outage time{by}: {value}"),
            "latency_seconds" => format!("{kind}latency{by} {value}"),
            "probability_loss" => format!("runs with writes lost for ever {value}"),
            "probability_damage" => format!("runs with writes damaged {value}"),
            "probability_missing" => format!("runs with writes missing at the end {value}"),
            "probability_outage" => format!("runs with a {kind}outage {value}"),
            "price_factor" => x.map_or("price not known".into(), |x| format!("price factor {}", short(x))),
            "cost_per_year" => x.map_or("cost not known".into(), |x| format!("cost {} a year", whole(x))),
            "conflicts_per_second" => format!("{} conflicts a second", x.map_or("unknown".into(), short)),
            "conflict_share" => format!("{value} of writes in conflict"),
            "stale_reads" => format!("{value} of reads stale{by}"),
            "token_waits" => format!("{value} of reads wait for their session's writes"),
            "restores_per_year" if nothing => "no restore".into(),
            "restores_per_year" => format!("restores: {value}"),
            "restore_seconds" => format!("{stat} restore {value}"),
            "restore_skew_seconds" => format!("{largest} skew of a restored state {value}"),
            "replication_lag_seconds" if stat.is_empty() => format!("replication lag at the end {value}"),
            "replication_lag_seconds" => format!("{largest} replication lag {value}"),
            base => match writes(base) {
                Some(what) if nothing => format!("no writes {what}{by}"),
                Some(what) if stat == "longest" => format!("up to {value} writes {what}{by}"),
                Some(what) if stat == "mean" => format!("on average {value} writes {what}{by}"),
                Some(what) => format!("{value} writes {what}{by}"),
                None => format!("`{}` {value}", self.metric.id),
            },
        }
    }
}

/// Figures that count writes.
fn writes(base: &str) -> Option<&'static str> {
    Some(match base {
        "writes_lost" => "lost for ever",
        "writes_lost_by" => "lost or missing",
        "writes_missing" => "missing at the end",
        "writes_missing_peak" => "missing at worst",
        "writes_recovered" => "recovered",
        "writes_superseded" => "superseded",
        "writes_damaged" => "damaged at the end",
        "writes_damaged_peak" => "damaged at worst",
        _ => return None,
    })
}

/// The parts of a figure's id.
struct Name<'a> {
    base: &'a str,
    /// `read`, `write`, `block`, or nothing.
    kind: &'a str,
    /// Class, client, party or phase, as the end of a phrase.
    by: String,
    /// A word for the statistic, or nothing.
    stat: &'static str,
}

impl Name<'_> {
    fn of(id: &str) -> Name<'_> {
        let mut parts: Vec<&str> = id.split('.').collect();
        let base = parts.remove(0);
        let stat = parts.last().and_then(|word| statistic(word));
        if stat.is_some() {
            parts.pop();
        }
        let kind = parts.first().copied().filter(|k| ["read", "write", "block"].contains(k));
        if kind.is_some() {
            parts.remove(0);
        }
        let by = match (base, parts.as_slice()) {
            (_, []) => String::new(),
            (_, ["client", region]) => format!(" for clients in {region}"),
            ("party_minutes_per_year" | "writes_lost_by", [party]) => {
                format!(" that the {party} answers for")
            }
            ("phase_minutes_per_year", [phase]) => format!(" in phase {phase}"),
            (_, [class]) => format!(" by {class}"),
            (_, rest) => format!(" ({})", rest.join(", ")),
        };
        Name { base, kind: kind.unwrap_or_default(), by, stat: stat.unwrap_or_default() }
    }
}

fn statistic(word: &str) -> Option<&'static str> {
    Some(match word {
        "max" => "longest",
        "mean" => "mean",
        "p50" => "median",
        "p90" => "90 % quantile of the",
        "p99" => "99 % quantile of the",
        "end" => "",
        _ => return None,
    })
}

fn whole(x: f64) -> String {
    thousands((x + 0.5) as u64)
}

/// Without digits that say nothing: `1`, `36.5`, `0.463`.
fn short(x: f64) -> String {
    let near = (x + 0.5).floor();
    if (x - near).abs() <= 1e-9 * near { whole(x) } else { significant(x, 3) }
}
