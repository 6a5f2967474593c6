//! CSV files, one schema each; the columns are documented in docs/outputs.md.
//!
//! Rows of the large files are written as they come, into any [`io::Write`]; nothing is kept.

mod attribution;
mod compare;
mod months;
mod objectives;
mod sweep;
mod twin;
mod what_if;

pub use attribution::{ATTRIBUTION, attribution_csv};
pub use compare::{COMPARE, compare_csv};
pub use months::{MONTHS, months_csv};
pub use objectives::{OBJECTIVES, objectives_csv};
pub use sweep::{SWEEP, sweep_csv};
pub use twin::{TWIN, twin_csv};
pub use what_if::{WHAT_IF, what_if_csv};

use crate::experiment::{Metric, Outcome};
use crate::model::{CauseClass, Model};
use crate::sim::observe::{
    Blame, Kind, Loss, Outage, Party, Phase, Replication, StoreRun, Subject, requests,
};
use std::io;

/// Columns of `summary.csv`.
pub const SUMMARY: [&str; 9] =
    ["variant", "subject", "metric", "unit", "estimate", "low", "high", "n", "note"];

/// Columns of `causes.csv`.
pub const CAUSES: [&str; 10] = [
    "variant",
    "subject",
    "kind",
    "cause",
    "failed_requests_mean",
    "minutes_per_year",
    "share",
    "writes_lost_mean",
    "writes_lost_provider_mean",
    "writes_lost_customer_mean",
];

/// Columns of `replications.csv`.
pub const REPLICATIONS: [&str; 26] = [
    "variant",
    "replication",
    "subject",
    "occurrences",
    "fault_events",
    "fault_digest",
    "read_requests",
    "read_failed",
    "read_throttled_above",
    "read_throttled_below",
    "read_down_s",
    "write_requests",
    "write_failed",
    "write_throttled_above",
    "write_throttled_below",
    "write_down_s",
    "writes_acknowledged",
    "writes_lost",
    "writes_missing",
    "writes_missing_peak",
    "writes_recovered",
    "writes_superseded",
    "writes_damaged",
    "writes_damaged_peak",
    "restores",
    "block_down_s",
];

/// Columns of `outages.csv`, before one column per phase and one per party.
pub const OUTAGES: [&str; 16] = [
    "variant",
    "replication",
    "subject",
    "kind",
    "start_s",
    "length_s",
    "ended",
    "time_to_impact_s",
    "peak_share",
    "failed_requests",
    "class",
    "cause",
    "rule",
    "target",
    "occurrence",
    "regions",
];

/// Columns of `losses.csv`.
pub const LOSSES: [&str; 18] = [
    "variant",
    "replication",
    "subject",
    "at_s",
    "rpo_s",
    "rpo_final_s",
    "writes_absent",
    "writes_recovered",
    "writes_superseded",
    "writes_missing",
    "writes_lost",
    "class",
    "cause",
    "rule",
    "target",
    "occurrence",
    "writes_provider",
    "writes_customer",
];

/// Columns of `timeline.csv`.
pub const TIMELINE: [&str; 6] = ["variant", "replication", "at_s", "object", "event", "detail"];

/// What the row writers need to name things.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Name of the variant.
    pub variant: &'a str,
    /// Its model.
    pub model: &'a Model,
}

/// One record: fields with commas, quotes or line breaks are quoted, the line ends with `\n`.
fn record(out: &mut impl io::Write, fields: &[String]) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().buffer_capacity(512).from_writer(out);
    writer.write_record(fields).map_err(io::Error::other)?;
    writer.flush()
}

/// Text that a spreadsheet would take for a formula gets a leading apostrophe; also where it would begin a field if another
/// character than the comma separated fields, as in some countries.
fn text(field: &str) -> String {
    if field.parse::<f64>().is_ok_and(f64::is_finite) {
        return field.into();
    }
    let mut out = String::with_capacity(field.len());
    let mut begins = true;
    for c in field.chars() {
        let formula = matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠');
        if begins && formula {
            out.push('\'');
        }
        out.push(c);
        begins = matches!(c, ',' | ';' | '"' | '\t' | '\r' | '\n');
    }
    out
}

/// A number in the shortest form that reads back the same; empty if undefined.
fn number(x: Option<f64>) -> String {
    x.map_or_else(String::new, |x| format!("{x}"))
}

/// Seconds, exact to the nanosecond, without trailing zeros.
fn seconds(ns: u64) -> String {
    let (whole, fraction) = (ns / 1_000_000_000, ns % 1_000_000_000);
    if fraction == 0 {
        return whole.to_string();
    }
    format!("{whole}.{fraction:09}").trim_end_matches('0').to_string()
}

/// The header line of a file with these columns.
///
/// # Errors
/// Those of `out`.
pub fn header(out: &mut impl io::Write, columns: &[&str]) -> io::Result<()> {
    record(out, &columns.iter().map(|&c| c.into()).collect::<Vec<_>>())
}

/// The header line of `outages.csv`, which ends with a column `phase_…_s` per phase and `party_…_s` per party.
///
/// # Errors
/// Those of `out`.
pub fn outages_header(out: &mut impl io::Write) -> io::Result<()> {
    record(out, &outage_columns())
}

fn outage_columns() -> Vec<String> {
    let phases = Phase::ALL.map(phase_column);
    let parties = Party::ALL.map(|party| format!("party_{}_s", party.word()));
    OUTAGES.iter().map(|&c| c.into()).chain(phases).chain(parties).collect()
}

fn phase_column(phase: Phase) -> String {
    format!("phase_{}_s", phase.word().replace('-', "_"))
}

/// `summary.csv`: one row per variant, subject and figure.
pub fn summary_csv(outcome: &Outcome) -> Vec<u8> {
    let rows = outcome.variants.iter().flat_map(|variant| {
        variant.metrics.iter().map(|m| {
            let mut row = vec![text(&variant.name)];
            row.extend(figure(m));
            row
        })
    });
    whole_file(&SUMMARY, rows)
}

/// The fields of a figure: the columns of `summary.csv` after `variant`.
fn figure(m: &Metric) -> [String; 8] {
    let [estimate, low, high] = [m.estimate, m.low, m.high].map(number);
    [text(&m.subject), text(&m.id), m.unit.into(), estimate, low, high, m.n.to_string(), text(&m.note)]
}

/// `causes.csv`: one row per variant, subject, kind of request and cause that did something.
pub fn causes_csv(outcome: &Outcome) -> Vec<u8> {
    let rows = outcome.variants.iter().flat_map(|variant| {
        variant.causes.iter().map(|c| {
            vec![
                text(&variant.name),
                text(&c.subject),
                c.kind.into(),
                text(&c.cause),
                number(c.failed_requests),
                number(c.minutes_per_year),
                number(c.share),
                number(c.writes_lost),
                number(c.writes_lost_by.map(|by| by[Party::Provider as usize])),
                number(c.writes_lost_by.map(|by| by[Party::Customer as usize])),
            ]
        })
    });
    whole_file(&CAUSES, rows)
}

fn whole_file(columns: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let mut out = Vec::new();
    let write = || -> io::Result<()> {
        header(&mut out, columns)?;
        for row in rows {
            record(&mut out, &row)?;
        }
        Ok(())
    };
    write().expect("records of one length, written to memory");
    out
}

/// Rows of `replications.csv`: one per service, one per store, then one per reported block.
///
/// # Errors
/// Those of `out`.
pub fn replication_rows(out: &mut impl io::Write, cx: Context, rep: &Replication) -> io::Result<()> {
    let start = |subject: &str| {
        vec![
            text(cx.variant),
            rep.index.to_string(),
            text(subject),
            rep.occurrences.to_string(),
            rep.fault_events.to_string(),
            format!("{:016x}", rep.fault_digest),
        ]
    };
    for (service, run) in cx.model.services.iter().zip(&rep.services) {
        let mut row = start(&service.name);
        row.extend(request_fields(run));
        row.resize(REPLICATIONS.len(), String::new());
        record(out, &row)?;
    }
    for (s, (store, run)) in cx.model.stores.iter().zip(&rep.stores).enumerate() {
        let mut row = start(&store.name);
        row.extend(request_fields(run));
        row.extend(write_fields(run));
        row.push(rep.restores.iter().filter(|r| r.store as usize == s).count().to_string());
        row.push(String::new());
        record(out, &row)?;
    }
    for (block, run) in cx.model.blocks.iter().zip(&rep.blocks).filter(|(b, _)| b.report) {
        let mut row = start(&block.name);
        row.resize(REPLICATIONS.len() - 1, String::new());
        row.push(seconds(run.down.ns()));
        record(out, &row)?;
    }
    Ok(())
}

fn request_fields(run: &StoreRun) -> Vec<String> {
    let count = |volume| requests(volume, run.volume_per_request).to_string();
    let mut fields = Vec::with_capacity(10);
    for kind in Kind::ALL {
        let k = kind as usize;
        for volume in [run.requested[k], run.failed[k], run.throttled_above[k], run.throttled_below[k]] {
            fields.push(count(volume));
        }
        fields.push(seconds(run.down[k].ns()));
    }
    fields
}

fn write_fields(run: &StoreRun) -> [String; 8] {
    let count = |volume| requests(volume, run.volume_per_request).to_string();
    let writes = [
        run.acknowledged,
        run.lost,
        run.missing,
        run.missing_peak,
        run.recovered,
        run.superseded,
        run.damaged,
        run.damaged_peak,
    ];
    writes.map(count)
}

/// Rows of `outages.csv`: one per outage of a service, store or reported block, in order of end.
///
/// # Errors
/// Those of `out`.
pub fn outage_rows(out: &mut impl io::Write, cx: Context, rep: &Replication) -> io::Result<()> {
    for outage in &rep.outages {
        if let Some(row) = outage_row(cx, rep, outage) {
            record(out, &row)?;
        }
    }
    Ok(())
}

fn outage_row(cx: Context, rep: &Replication, outage: &Outage) -> Option<Vec<String>> {
    let (name, kind, failed, regions) = match outage.subject {
        Subject::Store(store, kind) => {
            let failed = requests(outage.failed, rep.stores[store as usize].volume_per_request);
            let store = &cx.model.stores[store as usize];
            let hit = store.regions.iter().enumerate().filter(|(r, _)| outage.regions >> r & 1 == 1);
            let names: Vec<&str> = hit.map(|(r, _)| store.place_name(&cx.model.world, r)).collect();
            (&store.name, kind.word(), failed.to_string(), names.join(" "))
        }
        Subject::Service(service, kind) => {
            let failed = requests(outage.failed, rep.services[service as usize].volume_per_request);
            (&cx.model.services[service as usize].name, kind.word(), failed.to_string(), String::new())
        }
        Subject::Block(block) => {
            let block = &cx.model.blocks[block as usize];
            if !block.report {
                return None;
            }
            (&block.name, "block", String::new(), String::new())
        }
    };
    let mut row = vec![
        text(cx.variant),
        rep.index.to_string(),
        text(name),
        kind.into(),
        seconds(outage.start.ns()),
        seconds(outage.length.ns()),
        outage.ended.to_string(),
        seconds(outage.time_to_impact.ns()),
        format!("{}", f64::from(outage.peak_ppm) / 1e6),
        failed,
        outage.class.word().into(),
        cause_word(outage.cause).into(),
    ];
    row.extend(blame_fields(cx.model, outage.blame));
    row.push(text(&regions));
    row.extend(outage.phases.map(|p| seconds(p.ns())));
    row.extend(outage.parties.map(|p| seconds(p.ns())));
    Some(row)
}

/// Rows of `losses.csv`: one per takeover or destruction, in order of time.
///
/// # Errors
/// Those of `out`.
pub fn loss_rows(out: &mut impl io::Write, cx: Context, rep: &Replication) -> io::Result<()> {
    for loss in &rep.losses {
        record(out, &loss_row(cx, rep, loss))?;
    }
    Ok(())
}

fn loss_row(cx: Context, rep: &Replication, loss: &Loss) -> Vec<String> {
    let per_request = rep.stores[loss.store as usize].volume_per_request;
    let mut row = vec![
        text(cx.variant),
        rep.index.to_string(),
        text(&cx.model.stores[loss.store as usize].name),
        seconds(loss.at.ns()),
        seconds(loss.rpo.ns()),
        seconds(loss.rpo_final.ns()),
    ];
    let volumes = [loss.absent, loss.recovered, loss.superseded, loss.missing, loss.lost];
    row.extend(volumes.map(|v| requests(v, per_request).to_string()));
    row.push(loss.class.word().into());
    row.push(cause_word(loss.cause).into());
    row.extend(blame_fields(cx.model, loss.blame));
    row.extend(loss.parties.map(|v| requests(v, per_request).to_string()));
    row
}

/// Rows of `timeline.csv`.
///
/// # Errors
/// Those of `out`.
pub fn timeline_rows(out: &mut impl io::Write, cx: Context, rep: &Replication) -> io::Result<()> {
    for entry in &rep.timeline {
        let row = [
            text(cx.variant),
            rep.index.to_string(),
            seconds(entry.at.ns()),
            text(&entry.object),
            entry.event.into(),
            text(&entry.detail),
        ];
        record(out, &row)?;
    }
    Ok(())
}

/// Rule, target and number of the occurrence to blame.
fn blame_fields(model: &Model, blame: Blame) -> [String; 3] {
    match blame {
        Blame::Fault { rule, target, k } => {
            [text(&model.faults[rule as usize].name), text(&model.selector(target)), k.to_string()]
        }
        Blame::Load => ["(load)".into(), String::new(), String::new()],
        Blame::Action(index) => ["(action)".into(), format!("action:{index}"), String::new()],
        Blame::Runbook(index) => {
            let name = &model.runbooks[index as usize].name;
            ["(action)".into(), text(&format!("runbook:{name}")), String::new()]
        }
    }
}

fn cause_word(cause: CauseClass) -> &'static str {
    match cause {
        CauseClass::Unspecified => "unspecified",
        CauseClass::Hardware => "hardware",
        CauseClass::Power => "power",
        CauseClass::Cooling => "cooling",
        CauseClass::Network => "network",
        CauseClass::Software => "software",
        CauseClass::Configuration => "configuration",
        CauseClass::Human => "human",
        CauseClass::Earthquake => "earthquake",
        CauseClass::Flood => "flood",
        CauseClass::Fire => "fire",
        CauseClass::Maintenance => "maintenance",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture;
    use crate::sim::observe::TimelineEntry;
    use crate::units::{Duration, Time};

    fn text_of(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn rows_of_one_replication() {
        let (model, rep) = (fixture::model(), fixture::replication(6));
        let cx = Context { variant: "base", model: &model };
        assert_eq!(
            text_of(|o| replication_rows(o, cx, &rep)),
            "base,6,orders,5,10,6d3a06d3a06d39a6,63072000000,0,0,0,0,31536000000,4026000,0,0,4026,\
             31536000000,500,0,1000,500,0,0,0,0,\nbase,6,quorum,5,10,6d3a06d3a06d39a6,,,,,,,,,,,,,,,,,,,,66\n"
        );
        assert_eq!(
            text_of(|o| outage_rows(o, cx, &rep)),
            "base,6,orders,write,864000,66,true,0,1,66000,zone,power,zone-power,zone:west/1,6,west,0,0,0,0,0,0,66,0,0,0,0,0,66,0\n\
             base,6,quorum,block,864000,66,true,0,1,,zone,power,zone-power,zone:west/1,6,,0,0,0,0,0,0,66,0,0,0,0,0,66,0\n\
             base,6,orders,write,950400,3960,true,2,1,3960000,region,power,'=region-lost,region:west,6,west,\
             0,0,0,0,0,0,3960,0,0,0,0,0,3960,0\n"
        );
        assert_eq!(
            text_of(|o| loss_rows(o, cx, &rep)),
            "base,6,orders,950400,1,0,1000,500,0,0,500,region,power,'=region-lost,region:west,6,500,0\n"
        );
    }

    #[test]
    fn headers_and_rows_have_equal_lengths() {
        let (model, mut rep) = (fixture::model(), fixture::replication(6));
        rep.timeline.push(TimelineEntry {
            at: Time::ZERO + Duration::from_ns(1_500_000_000),
            object: "store:orders".into(),
            event: "takeover",
            detail: "north, \"second\"".into(),
        });
        let cx = Context { variant: "base", model: &model };
        let width = |line: &str| {
            csv::ReaderBuilder::new()
                .has_headers(false)
                .from_reader(line.as_bytes())
                .records()
                .map(|r| r.unwrap().len())
                .collect::<Vec<_>>()
        };
        for (columns, rows) in [
            (REPLICATIONS.len(), text_of(|o| replication_rows(o, cx, &rep))),
            (outage_columns().len(), text_of(|o| outage_rows(o, cx, &rep))),
            (LOSSES.len(), text_of(|o| loss_rows(o, cx, &rep))),
            (TIMELINE.len(), text_of(|o| timeline_rows(o, cx, &rep))),
        ] {
            assert!(!rows.is_empty());
            assert!(width(&rows).iter().all(|&w| w == columns), "{rows}");
        }
        assert_eq!(
            text_of(|o| timeline_rows(o, cx, &rep)),
            "base,6,1.5,store:orders,takeover,\"north, \"\"second\"\"\"\n"
        );
    }

    #[test]
    fn summary_bytes_of_a_small_outcome() {
        let bytes = summary_csv(&fixture::outcome(12));
        let text = String::from_utf8(bytes).unwrap();
        for line in [
            "variant,subject,metric,unit,estimate,low,high,n,note",
            "base,orders,availability.read,fraction,1,0.779077808054444,1,12,none in",
        ] {
            assert!(text.lines().any(|l| l.starts_with(line)), "{line}\n{text}");
        }
        assert!(text.contains("base,quorum,probability_outage.block,probability,0.5,"));
        assert!(text.contains("base,orders,rto_seconds.read.p99,seconds,,,,0,no event\n"), "{text}");
        assert!(text.contains("base,,occurrences_per_year,1/year,4.5,"));
    }

    #[test]
    fn formulas_are_defused() {
        let causes = String::from_utf8(causes_csv(&fixture::outcome(12))).unwrap();
        assert!(causes.contains(",'=region-lost,"), "{causes}");
        for bad in ["=1+1", "+x", "-1h", "@x", "\tx", "\rx", "＝1"] {
            assert_eq!(super::text(bad), format!("'{bad}"));
        }
        // Behind what separates fields elsewhere.
        for (field, written) in
            [("a;=cmd()", "a;'=cmd()"), ("a\",\"@b", "a\",\"'@b"), ("a\n+b", "a\n'+b"), ("\t=1", "'\t'=1")]
        {
            assert_eq!(super::text(field), written);
        }
        for good in ["a=b", "a = b - c, d", "-1.5", "+1"] {
            assert_eq!(super::text(good), good);
        }
    }

    #[test]
    fn seconds_are_exact() {
        assert_eq!([0, 1, 1_500_000_000, 60_000_000_000].map(seconds), ["0", "0.000000001", "1.5", "60"]);
    }

    /// Every column that is written is documented, with its unit, and every metric family too.
    #[test]
    fn all_columns_and_metrics_are_documented() {
        let docs = include_str!("../../docs/outputs.md");
        let section = |file: &str| {
            let start = docs.find(&format!("## `{file}`")).unwrap_or_else(|| panic!("no section {file}"));
            let rest = &docs[start + 3..];
            &rest[..rest.find("\n## ").unwrap_or(rest.len())]
        };
        let strings = |columns: &[&str]| columns.iter().map(|&c| c.to_string()).collect::<Vec<_>>();
        let files = [
            ("summary.csv", strings(&SUMMARY)),
            ("causes.csv", strings(&CAUSES)),
            ("months.csv", strings(&MONTHS)),
            ("objectives.csv", strings(&OBJECTIVES)),
            ("attribution.csv", strings(&ATTRIBUTION)),
            ("what-if.csv", strings(&WHAT_IF)),
            ("sweep.csv", strings(&SWEEP)),
            ("twin.csv", strings(&TWIN)),
            ("compare.csv", strings(&COMPARE)),
            ("replications.csv", strings(&REPLICATIONS)),
            ("outages.csv", outage_columns()),
            ("losses.csv", strings(&LOSSES)),
            ("timeline.csv", strings(&TIMELINE)),
        ];
        for name in crate::report::files::NAMES.iter().filter(|name| name.ends_with(".csv")) {
            assert!(files.iter().any(|(file, _)| file == name), "{name} is not checked");
        }
        for (file, columns) in files {
            for column in columns {
                assert!(section(file).contains(&format!("| `{column}` |")), "{file}: {column}");
            }
        }
        for metric in &fixture::outcome(6).variants[0].metrics {
            let family: String = metric.id.split('.').next().unwrap_or("").into();
            assert!(section("summary.csv").contains(&format!("`{family}")), "{family}");
        }
    }
}
