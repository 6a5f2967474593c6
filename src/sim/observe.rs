//! What one replication reports: plain integers, no statistics (rule R9).
//!
//! Volumes of requests are `i128` in units of thousandths of a request per second × thousandths of the profile
//! × nanoseconds × partitions; [`StoreRun::volume_per_request`] of them are one request. They are exact.

mod accounts;

use crate::model::{CauseClass, Command, Step, Target};
pub use crate::model::{Class, Party};
use crate::units::{Duration, Time};
pub use accounts::{Account, Booked, Cause};

/// Kind of request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// Reads.
    Read = 0,
    /// Writes.
    Write = 1,
}

impl Kind {
    /// Both kinds, in index order.
    pub const ALL: [Kind; 2] = [Kind::Read, Kind::Write];

    /// `read` or `write`.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Read => "read",
            Kind::Write => "write",
        }
    }
}

/// What is to blame for failing requests or lost writes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Blame {
    /// An occurrence of a fault rule.
    Fault {
        /// Index of the rule in the model.
        rule: u32,
        /// What it struck (the first target, for a common cause).
        target: Target,
        /// Number of the occurrence in its stream, from 0: that of (rule, target), or of the fleet the node is in.
        k: u64,
    },
    /// Demand above the provisioned throughput, nothing else.
    Load,
    /// A scripted action (index in the model).
    Action(u32),
    /// A runbook (index in the model) that no loss started.
    Runbook(u32),
}

/// Phases that partition every outage (rule x02), in declared order: at each instant the first unfinished one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Phase {
    /// The loss has not been noticed yet.
    Detect = 0,
    /// Nobody has decided yet.
    Decide,
    /// What is to serve elsewhere is being provided.
    Provision,
    /// A region is being promoted, or none is eligible.
    Promote,
    /// Clients do not use the new region yet.
    Redirect,
    /// A quorum waits to drop its lost members.
    Reconfigure,
    /// Waiting for the fault to end.
    Repair,
    /// A restore is asked for.
    Request,
    /// Data is copied from a backup.
    Restore,
    /// Empty replicas or copies are being filled.
    Rebuild,
    /// A copy catches up, or writes are held until it has.
    CatchUp,
    /// Demand exceeds throughput.
    Overload,
}

impl Phase {
    /// All phases, in declared order.
    pub const ALL: [Phase; 12] = [
        Phase::Detect,
        Phase::Decide,
        Phase::Provision,
        Phase::Promote,
        Phase::Redirect,
        Phase::Reconfigure,
        Phase::Repair,
        Phase::Request,
        Phase::Restore,
        Phase::Rebuild,
        Phase::CatchUp,
        Phase::Overload,
    ];

    /// The phase of an outage that waits for a step of a runbook.
    pub(crate) fn of_step(step: &Step) -> Phase {
        match step.does {
            Some(Command::Restore { .. } | Command::StartEmpty { .. }) => Phase::Restore,
            Some(Command::Failover { .. } | Command::ForceFailover { .. }) => Phase::Promote,
            Some(Command::Route { .. }) => Phase::Redirect,
            Some(Command::Scale { .. } | Command::SetThroughput { .. } | Command::AddRegion { .. }) => {
                Phase::Provision
            }
            Some(Command::Offline { .. } | Command::Online { .. } | Command::SetFailover { .. }) | None => {
                Phase::Decide
            }
        }
    }

    /// Word used in outputs.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Detect => "detect",
            Phase::Decide => "decide",
            Phase::Provision => "provision",
            Phase::Promote => "promote",
            Phase::Redirect => "redirect",
            Phase::Reconfigure => "reconfigure",
            Phase::Repair => "repair",
            Phase::Request => "request",
            Phase::Restore => "restore",
            Phase::Rebuild => "rebuild",
            Phase::CatchUp => "catch-up",
            Phase::Overload => "overload",
        }
    }
}

/// What an outage or figure is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Subject {
    /// A store and a kind of request.
    Store(u32, Kind),
    /// A service and a kind of request.
    Service(u32, Kind),
    /// A redundancy block.
    Block(u32),
}

/// A maximal interval in which the failing share of a subject exceeded its threshold (design D14).
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Outage {
    /// Of what.
    pub subject: Subject,
    /// First instant, measured from the start of measurement.
    pub start: Time,
    /// Length (RTO); not cut off at the horizon.
    pub length: Duration,
    /// `false`: still open when nothing more could happen. Nobody would have ended it; the length is a lower bound.
    pub ended: bool,
    /// From the start of the blamed occurrence to the start of the outage.
    pub time_to_impact: Duration,
    /// Largest failing share, in millionths (always 1_000_000 for blocks).
    pub peak_ppm: u32,
    /// Failed requests, as a volume (0 for blocks).
    pub failed: i128,
    /// Who is to blame.
    pub blame: Blame,
    /// Its disruption class.
    pub class: Class,
    /// Its cause class ([`CauseClass::Unspecified`] for load and actions).
    pub cause: CauseClass,
    /// Time in each phase, by [`Phase`]; sums to `length`. Blocks: all of it `Repair`.
    pub phases: [Duration; Phase::ALL.len()],
    /// Time that each party answers for (rule x02), by [`Party`]; sums to `length`.
    pub parties: [Duration; Party::ALL.len()],
    /// Bit r: requests to the store's region r failed at some instant.
    pub regions: u16,
}

/// A takeover by another copy, or data destroyed for ever: an RPO is defined.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Loss {
    /// Index of the store.
    pub store: u32,
    /// When, measured from the start of measurement.
    pub at: Time,
    /// Who is to blame.
    pub blame: Blame,
    /// Its disruption class.
    pub class: Class,
    /// Its cause class.
    pub cause: CauseClass,
    /// RPO at takeover: maximum over partitions.
    pub rpo: Duration,
    /// RPO over the writes that never came back (still missing, superseded or lost).
    pub rpo_final: Duration,
    /// Writes absent from the copy that took over, as a volume: the sum of the four below.
    pub absent: i128,
    /// Of them: merged after the region's return.
    pub recovered: i128,
    /// Of them: overtaken by newer writes.
    pub superseded: i128,
    /// Of them: still missing at the end.
    pub missing: i128,
    /// Of them: gone for ever.
    pub lost: i128,
    /// Of them: missing or lost, by the [`Party`] that answers for it; sums to `missing` + `lost`.
    pub parties: [i128; Party::ALL.len()],
}

impl Loss {
    /// At the end of a replication: what was absent is what became of it (an unfenced region may have gone on).
    pub(crate) fn close(&mut self) {
        let sum = self.recovered + self.superseded + self.missing + self.lost;
        assert!(sum >= self.absent, "writes absent at a takeover were not all accounted for");
        self.absent = sum;
        let booked: i128 = self.parties.iter().sum();
        assert!(booked == self.missing + self.lost, "lost writes were not all booked to a party");
    }
}

/// A restore that was completed.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Restored {
    /// Index of the store.
    pub store: u32,
    /// When it was complete, measured from the start of measurement.
    pub at: Time,
    /// Who destroyed or damaged the data.
    pub blame: Blame,
    /// Its disruption class.
    pub class: Class,
    /// From when it was noticed until the restore was complete.
    pub took: Duration,
    /// Instants of the oldest and the newest partition of what was restored (since the start of the simulation).
    pub oldest: Time,
    /// The newest.
    pub newest: Time,
}

/// How far copies lagged and what that did to single items, in the measured time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub struct ContentionRun {
    /// Measured time in which lags were watched.
    pub measured: Duration,
    /// What was added to the replication lag, in nanoseconds, averaged over pairs of regions and partitions, times
    /// the nanoseconds it lasted.
    pub extra_sum: i128,
    /// The most that was added between any two regions.
    pub extra_max: Duration,
    /// The average over pairs of regions and partitions at the horizon.
    pub extra_end: Duration,
    /// Conflicts, in millionths times nanoseconds of a second.
    pub conflicts: i128,
}

/// What failed in a calendar month of the measured time (design D15).
///
/// The SLA counts each hour's error rate: failed ÷ requested, without requests throttled above the provisioned
/// throughput, 0 in an hour without requests. Rates of requests hold for whole hours of the clock, so the sum of the
/// hourly error rates is the time integral of the failing share, and needs no division hour by hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub struct MonthRun {
    /// Number of the month from the start of measurement, from 0. The horizon may cut off the last one.
    pub month: u32,
    /// By [`Kind`]: failing rate in thousandths of a request per second × partitions, without what is throttled above
    /// the provisioned throughput, times nanoseconds in hours with requests. Divided by the requested rate and the
    /// month's nanoseconds: the mean of the hourly error rates.
    pub errors: [i128; 2],
    /// Failed volume by [`Kind`], throttled requests included.
    pub failed: [i128; 2],
    /// Of it: throttled because demand exceeded the provisioned throughput.
    pub throttled_above: [i128; 2],
}

/// Whole requests of a volume, rounded to nearest, halves up.
pub(crate) fn requests(volume: i128, per_request: i128) -> i128 {
    if volume == 0 || per_request <= 0 { 0 } else { (volume + per_request / 2).div_euclid(per_request) }
}

/// What one store or service saw in one replication. Requests count from the start of measurement to the horizon.
#[derive(Clone, Debug, PartialEq, Default, Hash)]
pub struct StoreRun {
    /// Volume of one request.
    pub volume_per_request: i128,
    /// Requested volume by [`Kind`].
    pub requested: [i128; 2],
    /// Failed volume by [`Kind`], throttled requests included.
    pub failed: [i128; 2],
    /// Of it: throttled because demand exceeded the provisioned throughput (the user's share of the blame).
    pub throttled_above: [i128; 2],
    /// Of it: throttled although demand was within the provisioned throughput (degraded capacity).
    pub throttled_below: [i128; 2],
    /// Requested volume by client and [`Kind`].
    pub client_requested: Vec<[i128; 2]>,
    /// Failed volume by client and [`Kind`].
    pub client_failed: Vec<[i128; 2]>,
    /// By client, where items are hot: volume of stale reads, and of reads that waited for the session's own writes.
    pub client_reads: Vec<[i128; 2]>,
    /// Time with a failing share above the threshold, by [`Kind`], up to the horizon.
    pub down: [Duration; 2],
    /// In order, and only those with something on them. Sums equal `failed`, `down`, and what is lost or missing of the
    /// losses of the measured time.
    pub accounts: Vec<Booked>,
    /// Months in which requests failed, in order; the failed volumes sum to `failed`.
    pub months: Vec<MonthRun>,
    /// Acknowledged writes over the whole run, but for those lost or superseded before measurement began, as a
    /// volume; equals the sum of the five below (rule R3).
    pub acknowledged: i128,
    /// Of them: in the surviving log, computed from the copies' positions.
    pub surviving: i128,
    /// Of them: temporarily missing at the end of the run.
    pub missing: i128,
    /// Of them: superseded.
    pub superseded: i128,
    /// Of them: damaged at the end of the run.
    pub damaged: i128,
    /// Of them: permanently lost.
    pub lost: i128,
    /// Missing at some time and merged later (part of `surviving`).
    pub recovered: i128,
    /// Largest volume missing at one instant.
    pub missing_peak: i128,
    /// Lag and what it did to single items.
    pub contention: ContentionRun,
    /// Largest volume damaged at one instant.
    pub damaged_peak: i128,
}

/// Time that a block was down in a calendar month of the measured time (design D15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlockMonth {
    /// Number of the month from the start of measurement, from 0. The horizon may cut off the last one.
    pub month: u32,
    /// Time down in it.
    pub down: Duration,
}

/// What one redundancy block saw in one replication.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct BlockRun {
    /// Time down, up to the horizon.
    pub down: Duration,
    /// Time down by who is to blame: by rule index.
    pub causes: Vec<Duration>,
    /// Months in which it was down, in order; sums to `down`. Only of blocks that results show.
    pub months: Vec<BlockMonth>,
}

/// An entry of the timeline of one replication.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct TimelineEntry {
    /// When, measured from the start of measurement (warm-up is not shown).
    pub at: Time,
    /// What it is about: a selector (`zone:a/1`), `store:orders`, `service:shop`, `block:service` or `action:3`.
    pub object: String,
    /// What happened: `fault`, `repair`, `outage-start`, `outage-end`, `phase`, `takeover`, …
    pub event: &'static str,
    /// Human detail; may be empty.
    pub detail: String,
}

/// Something that lasted, on a [`Track`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// First instant, measured from the start of measurement.
    pub from: Time,
    /// Last instant.
    pub to: Time,
    /// What it was: see [`Track::what`].
    pub state: String,
    /// Who was to blame, if anybody: rule and number of the occurrence.
    pub detail: String,
}

/// What one thing went through: a swim lane of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Track {
    /// What it is about: a selector (`zone:a/1`), `store:orders`, `service:shop` or `block:service`.
    pub object: String,
    /// What its spans tell:
    /// - `fault`: the effect of a fault on the object, in the scenario's words (`down`, `isolate`, …); spans of several
    ///   rules may overlap;
    /// - `write-region`: which region takes the writes of a store (regions joined by ` + ` where its partitions
    ///   differ); there is none where every region does;
    /// - `read`, `write`: while such requests of a store or service were out, the [`Phase`] they waited for;
    /// - `block`: `down`.
    pub what: &'static str,
    /// In order of end, for all but `fault` also in order of start and without overlap.
    pub spans: Vec<Span>,
}

/// A number over time. Between two points it moves in a straight line; a jump is two points of one instant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Series {
    /// `store:orders`, or its part in one region: `store:orders/northeurope`; `service:shop`.
    pub object: String,
    /// - `backlog`: writes that the copy in a region lacks while it does not follow (copies without data: none);
    /// - `missing`, `damaged`: writes of the store that are now missing or damaged;
    /// - `failing-read`, `failing-write`: share of such requests that fail.
    pub what: &'static str,
    /// `writes`, or `ppm` for millionths.
    pub unit: &'static str,
    /// In order of time, measured from the start of measurement.
    pub points: Vec<(Time, i64)>,
}

/// Result of one replication. Reused from one to the next, so that memory does not grow.
#[derive(Clone, Debug, PartialEq, Default, Hash)]
pub struct Replication {
    /// Its number.
    pub index: u64,
    /// Occurrences that struck within the measured time.
    pub occurrences: u64,
    /// Fault and repair events handled.
    pub fault_events: u64,
    /// All events handled.
    pub events: u64,
    /// Digest of the fault history: (rule, target, k, start, end) of every occurrence in order of end.
    pub fault_digest: u64,
    /// By store.
    pub stores: Vec<StoreRun>,
    /// By service: as of a store without clients and data.
    pub services: Vec<StoreRun>,
    /// By block.
    pub blocks: Vec<BlockRun>,
    /// In order of end.
    pub outages: Vec<Outage>,
    /// In order of time.
    pub losses: Vec<Loss>,
    /// In order of time.
    pub restores: Vec<Restored>,
    /// Filled only when a timeline was asked for.
    pub timeline: Vec<TimelineEntry>,
    /// What things went through; filled like the timeline.
    pub tracks: Vec<Track>,
    /// Numbers over time that were ever above 0; filled like the timeline.
    pub series: Vec<Series>,
}
