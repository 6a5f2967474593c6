//! The estimate that people make in a spreadsheet, beside the simulated value, and where the difference comes from (part
//! of rule x01).

use super::attribution::AttributionRow;
use super::catalogue::MINUTES_PER_YEAR;
use super::metric::Metric;
use crate::model::objective::Series;
use crate::model::service::{Call, calls};
use crate::model::{
    Agreement, Balance, Block, Client, DomainId, Effect, FailoverMode, FaultRule, Member, Members, Model,
    NodeId, Part, Placement, Redirect, Router, Schedule, Store, Target, Tier, TierSite, Writes,
};
use crate::rng::Law;
use crate::sim::observe::{Kind, Phase};
use crate::units::Duration;

/// A service or store and kind, or a block: time without service in minutes of a year, as a spreadsheet has it and as simulated.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TwinRow {
    /// Name of the service, store or block.
    pub subject: String,
    /// `read`, `write` or `block`.
    pub kind: &'static str,
    /// By products of availabilities; `None` if a law on the way has no mean: see `note`.
    pub spreadsheet: Option<f64>,
    /// Failing share of requests (blocks: of time); `None` without requests.
    pub simulated: Option<f64>,
    /// 95 % interval of the simulated value, or a bound.
    pub interval: [Option<f64>; 2],
    /// Simulated minus spreadsheet; the sum of the four parts.
    pub difference: Option<f64>,
    /// What the spreadsheet does not know besides the next three: shared domains above all.
    pub common_cause: Option<f64>,
    /// Phases detect, decide, provision, promote, redirect and reconfigure.
    pub failover: Option<f64>,
    /// Phases request, restore, rebuild and catch-up.
    pub restore: Option<f64>,
    /// Phase overload.
    pub overload: Option<f64>,
    /// Why there is no estimate; else empty.
    pub note: String,
}

/// All rows of a variant: services by kind, stores by kind, then blocks.
pub(super) fn rows(model: &Model, metrics: &[Metric], attribution: &[AttributionRow]) -> Vec<TwinRow> {
    let sheet = Sheet::new(model);
    let row = |subject: &str, kind: &'static str, available: f64| {
        let (id, failed) = match kind {
            "block" => ("downtime_minutes_per_year.block".into(), false),
            kind => (format!("failed_minutes_per_year.{kind}"), true),
        };
        let metric = metrics.iter().find(|m| m.subject == subject && m.id == id);
        let own: Vec<&AttributionRow> =
            attribution.iter().filter(|r| r.subject == subject && r.kind == kind).collect();
        let minutes =
            |r: &AttributionRow| if failed { r.failed_minutes_per_year } else { r.minutes_per_year };
        let sum = |phases: &[Phase]| -> f64 {
            let here = |r: &&&AttributionRow| phases.iter().any(|phase| phase.word() == r.phase);
            own.iter().filter(here).filter_map(|r| minutes(r)).fold(0.0, |sum, part| sum + part)
        };
        let simulated = metric.filter(|m| m.n > 0 && m.estimate.is_some()).map(|_| sum(&Phase::ALL));
        let spreadsheet = sheet.reason.is_none().then_some((1.0 - available) * MINUTES_PER_YEAR);
        let difference = simulated.zip(spreadsheet).map(|(simulated, spreadsheet)| simulated - spreadsheet);
        let part = |phases: &[Phase]| difference.map(|_| sum(phases));
        let failover = part(&[
            Phase::Detect,
            Phase::Decide,
            Phase::Provision,
            Phase::Promote,
            Phase::Redirect,
            Phase::Reconfigure,
        ]);
        let restore = part(&[Phase::Request, Phase::Restore, Phase::Rebuild, Phase::CatchUp]);
        let overload = part(&[Phase::Overload]);
        let known = [failover, restore, overload].into_iter().flatten().sum::<f64>();
        TwinRow {
            subject: subject.into(),
            kind,
            spreadsheet,
            simulated,
            interval: metric.map_or([None; 2], |m| [m.low, m.high]),
            difference,
            common_cause: difference.map(|d| d - known),
            failover,
            restore,
            overload,
            note: sheet.reason.clone().unwrap_or_default(),
        }
    };
    let mut rows = Vec::new();
    let blocks = sheet.blocks();
    for (s, service) in (0..).zip(&model.services) {
        for kind in Kind::ALL {
            rows.push(row(&service.name, kind.word(), sheet.service(s, kind, &blocks)));
        }
    }
    for store in &model.stores {
        for kind in Kind::ALL {
            rows.push(row(&store.name, kind.word(), sheet.store(store, kind)));
        }
    }
    let reported = model.blocks.iter().zip(blocks).filter(|(block, _)| block.report);
    rows.extend(reported.map(|(block, available)| row(&block.name, "block", available)));
    rows
}

/// Availabilities of single domains, from the means of what strikes them.
struct Sheet<'a> {
    model: &'a Model,
    /// By domain, nothing around it counted: product over the rules that hold it down, and over those and all others that
    /// keep a tier, or a store, from using it.
    up: Vec<f64>,
    reached: Vec<f64>,
    usable: Vec<f64>,
    /// The same for the parts of stores that rules strike by name.
    parts: Vec<(Target, f64)>,
    /// Why a mean is missing.
    reason: Option<String>,
}

impl<'a> Sheet<'a> {
    fn new(model: &'a Model) -> Sheet<'a> {
        let mut sheet = Sheet {
            model,
            up: vec![1.0; model.world.domains.len()],
            reached: vec![1.0; model.world.domains.len()],
            usable: vec![1.0; model.world.domains.len()],
            parts: Vec::new(),
            reason: None,
        };
        for rule in &model.faults {
            let share = match rule.effect {
                Effect::Down | Effect::Destroy | Effect::Maintenance | Effect::Isolate => 1.0,
                Effect::Partial { share_ppm } => f64::from(share_ppm) / 1e6,
                Effect::Degrade { .. } | Effect::Lag { .. } | Effect::Corrupt { .. } => continue,
            };
            let Some(out) = sheet.out(rule) else {
                sheet.reason = Some(format!("a law of fault {} has no mean", rule.name));
                return sheet;
            };
            let holds = matches!(rule.effect, Effect::Down | Effect::Destroy | Effect::Maintenance);
            let cut = holds || matches!(rule.effect, Effect::Isolate);
            for &target in &rule.targets {
                match target {
                    Target::Domain(d) => {
                        sheet.reached[d.0 as usize] *= if cut { 1.0 - out } else { 1.0 };
                        sheet.usable[d.0 as usize] *= 1.0 - share * out;
                        sheet.up[d.0 as usize] *= if holds { 1.0 - out } else { 1.0 };
                    }
                    Target::Store { .. } => sheet.parts.push((target, 1.0 - share * out)),
                    Target::Link(_) => {}
                }
            }
        }
        sheet
    }

    /// Share of the time for which a rule takes one of its targets out; `None` if a mean is missing.
    fn out(&self, rule: &FaultRule) -> Option<f64> {
        let mean = |law: &Law| law.mean();
        let taken = rule.together_ppm.map_or(1.0, |ppm| f64::from(ppm) / 1e6);
        let share = match &rule.schedule {
            // What follows from other faults is not in a spreadsheet.
            Schedule::Cascaded => return Some(0.0),
            Schedule::Scripted(times) if times.is_empty() => return Some(0.0),
            Schedule::Scripted(times) => {
                let down = mean(&rule.duration)? * times.len() as f64;
                (down / seconds(self.model.horizon)).min(1.0)
            }
            Schedule::Stochastic { uptime } => {
                let (up, down) = (mean(uptime)?, mean(&rule.duration)?);
                down / (up + down)
            }
        };
        Some(share * taken)
    }

    /// A domain with everything around it, as if each had to itself what surrounds it, short of `within`.
    fn chain(&self, of: &[f64], domain: DomainId, within: Option<DomainId>) -> f64 {
        let mut product = 1.0;
        let mut next = Some(domain);
        while next != within {
            let Some(d) = next else { break };
            product *= of[d.0 as usize];
            next = self.model.world.domain(d).parent;
        }
        product
    }

    /// A replica somewhere in a zone, short of `within`: the mean over its nodes.
    fn replica(&self, zone: DomainId, within: DomainId) -> f64 {
        let nodes = self.model.world.domain(zone).nodes.clone();
        let count = nodes.len() as f64;
        nodes.map(|n| self.node(&self.usable, NodeId(n), Some(within))).sum::<f64>() / count
    }

    /// A store's copy in a region: enough of its replicas, taken as independent, in series with what surrounds all of
    /// them.
    fn copy(&self, store: &Store, r: usize, quorum: u8) -> f64 {
        let region = &store.regions[r];
        let (within, zones): (DomainId, Vec<DomainId>) = match region.placement {
            Placement::Unzoned(zone) | Placement::Zonal(zone) => (zone, vec![zone]),
            Placement::ZoneRedundant => (
                self.model.world.regions[region.region.0 as usize],
                self.model.world.zones(region.region).collect(),
            ),
        };
        let replicas = (0..usize::from(store.replicas)).map(|i| self.replica(zones[i % zones.len()], within));
        let struck = |target: Target| match target {
            Target::Store { store: s, region: part } => {
                self.model.stores[s as usize].name == store.name && part.is_none_or(|p| p == region.region)
            }
            Target::Domain(_) | Target::Link(_) => false,
        };
        let parts = self.parts.iter().filter(|(target, _)| struck(*target));
        let around = self.chain(&self.usable, within, None);
        at_least(usize::from(quorum), replicas) * around * parts.map(|(_, up)| up).product::<f64>()
    }

    fn store(&self, store: &Store, kind: Kind) -> f64 {
        let rate = |c: &Client| if kind == Kind::Read { c.reads_mps } else { c.writes_mps } as f64;
        let quorum = if kind == Kind::Read { store.read_quorum } else { store.write_quorum };
        let copies: Vec<f64> = (0..store.regions.len())
            .map(|r| if store.regions[r].joins_later { 0.0 } else { self.copy(store, r, quorum) })
            .collect();
        let any = |regions: &[u8]| at_least(1, regions.iter().map(|&r| copies[usize::from(r)]));
        let all: Vec<u8> = (0..store.regions.len() as u8).collect();
        let enough = match &store.members {
            Some(members) => led(members, kind),
            None => 1,
        };
        let client = |c: &Client| match (kind, store.writes) {
            // Whoever leads, enough of the members in use must be up.
            _ if store.members.is_some() && (kind == Kind::Write || store.leader_reads()) => {
                let leads = c.redirect != Redirect::Never && store.failover.mode != FailoverMode::None;
                if leads {
                    at_least(enough, copies.iter().copied())
                } else {
                    copies[0] * at_least(enough - 1, copies[1..].iter().copied())
                }
            }
            (Kind::Read, _) if c.redirect == Redirect::Never => {
                copies[usize::from(store.first_read_region(c))]
            }
            (Kind::Read, _) => any(&c.order),
            (Kind::Write, Writes::Multi) => any(&c.write_order),
            (Kind::Write, Writes::Single) if store.failover.mode == FailoverMode::None => copies[0],
            (Kind::Write, Writes::Single) => any(&all),
        };
        let rates: f64 = store.clients.iter().map(rate).sum();
        if rates == 0.0 {
            return 1.0; // nothing is simulated to set beside it
        }
        store.clients.iter().map(|c| rate(c) * client(c)).sum::<f64>() / rates
    }

    /// A service: the product over all that its requests call, each as often as it is called.
    fn service(&self, service: u32, kind: Kind, blocks: &[f64]) -> f64 {
        let path = [Series::Read, Series::Write][kind as usize];
        let calls = calls(&self.model.services, service, path).unwrap_or_default();
        self.all(&calls, kind, blocks)
    }

    fn all(&self, mut calls: &[Call], kind: Kind, blocks: &[f64]) -> f64 {
        let mut product = 1.0;
        while let Some((call, after)) = calls.split_first() {
            let (inner, next) = after.split_at(call.inner as usize);
            let up = match call.on {
                Part::Store(s) => self.store(&self.model.stores[s as usize], kind),
                Part::Block(b) => blocks[b as usize],
                Part::Tier(t) => self.tier(&self.model.tiers[t as usize]),
                Part::Router(r) => self.router(&self.model.routers[r as usize]),
                Part::Service(_) => self.all(inner, kind, blocks),
            };
            product *= 1.0 - f64::from(call.share_ppm) / 1e6 * (1.0 - up);
            calls = next;
        }
        product
    }

    /// A tier: enough of the instances that run at the start, each with all that is around it to itself.
    fn tier(&self, tier: &Tier) -> f64 {
        let running = tier.sites.iter().flat_map(running);
        at_least(tier.needed as usize, running.map(|n| self.node(&self.reached, n, None)))
    }

    /// A router: any of its targets (by hand: the first), each up with one of its instances.
    fn router(&self, router: &Router) -> f64 {
        let tier = &self.model.tiers[router.tier as usize];
        let target = |&within: &DomainId| {
            let nodes = &self.model.world.domain(within).nodes;
            let here = tier.sites.iter().flat_map(running).filter(|n| nodes.contains(&n.0));
            let any = at_least(1, here.map(|n| self.node(&self.reached, n, Some(within))));
            any * self.chain(&self.reached, within, None)
        };
        let targets = match router.balance {
            Balance::Manual => &router.targets[..1],
            Balance::Spread | Balance::First => &router.targets[..],
        };
        at_least(1, targets.iter().map(target))
    }

    /// A node with what surrounds it, short of `within`.
    fn node(&self, of: &[f64], node: NodeId, within: Option<DomainId>) -> f64 {
        self.chain(of, self.model.world.nodes[node.0 as usize], within)
    }

    /// Every block, inner ones first, members taken as independent.
    fn blocks(&self) -> Vec<f64> {
        let mut values: Vec<f64> = Vec::new();
        for Block { need, members, .. } in &self.model.blocks {
            let member = |m: &Member| match *m {
                Member::Domain(d) => self.chain(&self.up, d, None),
                Member::Block(b) => values[b as usize],
            };
            let value = at_least(*need as usize, members.iter().map(member));
            values.push(value);
        }
        values
    }
}

/// Members of a leader-based store that must be up for its leader to do something.
fn led(members: &Members, kind: Kind) -> usize {
    match (members.agreement, kind) {
        (Agreement::Majority, _) => usize::from(members.in_use) / 2 + 1,
        (Agreement::Synchronous { blocks: true }, Kind::Write) => 2,
        _ => 1,
    }
}

/// The nodes of the instances that run at the start.
fn running(site: &TierSite) -> impl Iterator<Item = NodeId> {
    site.nodes[..site.running as usize].iter().copied()
}

/// Chance that at least `k` of independent components with these availabilities are up.
fn at_least(k: usize, components: impl Iterator<Item = f64>) -> f64 {
    // up[j]: chance that j are up, all of `k` and more together in the last.
    let mut up = vec![0.0; k + 1];
    up[0] = 1.0;
    for p in components {
        for j in (0..=k).rev() {
            let below = if j > 0 { up[j - 1] * p } else { 0.0 };
            up[j] = if j == k { up[j] + below } else { up[j] * (1.0 - p) + below };
        }
    }
    up[k]
}

fn seconds(d: Duration) -> f64 {
    d.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::runner::{Experiment, Subject};
    use crate::experiment::{Outcome, fixture};

    fn outcome(text: &str, n: u64) -> Outcome {
        let model = fixture::read_one(text);
        let subjects = vec![Subject { name: "base", model: &model }];
        let experiment = Experiment {
            subjects,
            seed: 3,
            replications: 0..n,
            block: 8,
            jobs: 2,
            timeline: false,
            reference: None,
        };
        fixture::run(&experiment)
    }

    fn row<'a>(outcome: &'a Outcome, subject: &str, kind: &str) -> &'a TwinRow {
        outcome.variants[0].twin.iter().find(|r| r.subject == subject && r.kind == kind).unwrap()
    }

    /// Nodes are up for 90 h and down for 10 h on average; a zone is for 99 h and 1 h.
    const NODES: &str = r#"
        [scenario]
        name = "t"
        horizon = "1y"
        [[region]]
        name = "a"
        zones = 2
        nodes_per_zone = 4
        [fault.node]
        target = "node:*"
        mtbf = "90h"
        duration = { law = "exponential", mean = "10h" }
        [block.two-of-three]
        k = 2
        of = ["node:a/1/1", "node:a/1/2", "node:a/1/3"]
        [block.both]
        k = 2
        of = ["block:two-of-three", "node:a/2/1"]
        [store.s]
        preset = "cosmos-db"
        regions = [{ name = "a", zones = "unzoned" }]
        reconfigure = "never"
        consistency = "session"
        [store.s.workload]
        writes_per_second = 10
        reads_per_second = 10
        clients = { a = 1.0 }
    "#;
    const ZONE: &str = r#"
        [fault.zone]
        target = "zone:a/1"
        mtbf = "99h"
        duration = { law = "exponential", mean = "1h" }
    "#;

    #[test]
    fn series_and_parallel_by_hand() {
        assert!((at_least(2, [0.9, 0.8, 0.7].into_iter()) - 0.902).abs() < 1e-15);
        assert!((at_least(1, [0.9, 0.8].into_iter()) - 0.98).abs() < 1e-15);
        assert!((at_least(2, [0.9, 0.8].into_iter()) - 0.72).abs() < 1e-15);
        assert_eq!((at_least(0, [].into_iter()), at_least(1, [].into_iter())), (1.0, 0.0));
        let outcome = outcome(&(NODES.to_string() + ZONE), 4);
        let available =
            |subject, kind| 1.0 - row(&outcome, subject, kind).spreadsheet.unwrap() / MINUTES_PER_YEAR;
        let p: f64 = 0.99 * 0.9;
        let two_of_three = 3.0 * p * p * (1.0 - p) + p * p * p;
        // The zone is around the whole copy, so that it counts once; the block's members have it each to themselves.
        let (n, q): (f64, f64) = (0.9, 0.1);
        for (subject, kind, expected) in [
            ("two-of-three", "block", two_of_three),
            ("both", "block", two_of_three * 0.9),
            ("s", "write", 0.99 * n * n * n * (n + 4.0 * q)),
            ("s", "read", 0.99 * (1.0 - q * q * q * q)),
        ] {
            let seen = available(subject, kind);
            assert!((seen - expected).abs() < 1e-12, "{subject} {kind}: {seen} {expected}");
        }
    }

    /// Nothing shared, no failover, no restore: the spreadsheet is right. With a zone in common it is not.
    #[test]
    fn independent_components_agree_and_shared_ones_do_not() {
        let alone = outcome(NODES, 200);
        for (subject, kind) in [("two-of-three", "block"), ("both", "block"), ("s", "write"), ("s", "read")] {
            let row = row(&alone, subject, kind);
            let [low, high] = row.interval.map(Option::unwrap);
            let sheet = row.spreadsheet.unwrap();
            // A replication starts with all up, which takes off less than a tenth of a percent.
            assert!(low * 0.999 < sheet && sheet < high * 1.003, "{row:?}");
            assert_eq!((row.failover, row.restore, row.overload), (Some(0.0), Some(0.0), Some(0.0)));
            assert_eq!(row.common_cause, row.difference);
        }
        let shared = outcome(&(NODES.to_string() + ZONE), 200);
        // 1 − 0.99 (0.9³ + 3 · 0.9² · 0.1) = 0.0377 in truth, 1 − (0.891³ + 3 · 0.891² · 0.109) = 0.0331 on the sheet.
        let row = row(&shared, "two-of-three", "block");
        assert!(row.common_cause.unwrap() > 0.003 * MINUTES_PER_YEAR, "{row:?}");
        assert!(row.interval[0].unwrap() > row.spreadsheet.unwrap());
    }

    #[test]
    fn a_law_without_a_mean_leaves_no_estimate() {
        let text = NODES.replace(
            "duration = { law = \"exponential\", mean = \"10h\" }",
            "duration = { law = \"pareto\", scale = \"1h\", shape = 0.9 }",
        );
        let outcome = outcome(&text, 2);
        let row = row(&outcome, "s", "write");
        assert_eq!((row.spreadsheet, row.difference, row.common_cause), (None, None, None));
        assert_eq!(row.note, "a law of fault node has no mean");
        assert!(row.simulated.is_some());
    }

    /// A service of a store, twice by way of another service, a block, a tier and a router.
    const SERVICES: &str = r#"
        [tier.api]
        sites = { a = 4 }
        needed = 3
        [router.entry]
        tier = "api"
        targets = ["a/1", "a/2"]
        [service.inner]
        needs = ["store.s"]
        reads_per_second = 1
        [service.outer]
        needs = ["service.inner", "store.s", "block.both", { on = "router.entry", path = "read" }]
        uses = [{ on = "tier.api", share = 0.5 }]
        reads_per_second = 1
        writes_per_second = 1
        [service.both]
        needs = ["service.inner", "store.s"]
        reads_per_second = 1
    "#;

    #[test]
    fn what_does_not_touch_tiers_does_not_count_for_them() {
        let part = r#"
            [fault.part]
            target = "region:a"
            effect = "partial"
            share = 0.5
            mtbf = "9d"
            duration = "1d"
        "#;
        let of = |text: &str| {
            let outcome = outcome(&format!("{NODES}{ZONE}{SERVICES}{text}"), 2);
            ["s", "outer"].map(|name| row(&outcome, name, "write").spreadsheet.unwrap() / MINUTES_PER_YEAR)
        };
        let ([store, service], [halved, less]) = (of(""), of(part));
        assert!((1.0 - halved - (1.0 - store) * 0.95).abs() < 1e-12, "of the store, half for a tenth");
        // The service calls it twice, and nothing else that the rule hits.
        assert!((1.0 - less - (1.0 - service) * 0.95 * 0.95).abs() < 1e-12, "{less} {service}");
    }

    #[test]
    fn services_multiply_what_is_named() {
        let outcome =
            outcome(&format!("{NODES}{ZONE}{SERVICES}").replace("service.both", "service.twice"), 100);
        let minutes = |subject, kind| row(&outcome, subject, kind).spreadsheet.unwrap();
        let available = |subject, kind| 1.0 - minutes(subject, kind) / MINUTES_PER_YEAR;
        // Two instances in zone 1, which is up for 0.99, two in zone 2, on nodes that are for 0.9.
        let (far, near): (f64, f64) = (0.9, 0.9 * 0.99);
        let (two, one) = ([far * far, near * near], [2.0 * far * 0.1, 2.0 * near * (1.0 - near)]);
        let tier = two[0] * two[1] + two[0] * one[1] + one[0] * two[1];
        let router = 1.0 - (1.0 - 0.99 * 0.99) * (1.0 - 0.99);
        let (read, write, both) =
            (available("s", "read"), available("s", "write"), available("both", "block"));
        for (kind, expected) in [
            ("read", read * read * both * router * (1.0 - 0.5 * (1.0 - tier))),
            ("write", write * write * both * (1.0 - 0.5 * (1.0 - tier))),
        ] {
            let seen = available("outer", kind);
            assert!((seen - expected).abs() < 1e-12, "{kind}: {seen} {expected}");
        }
        // Rule x01: simulated, what stands below both counts once.
        let [inner, both] = ["inner", "twice"].map(|subject| row(&outcome, subject, "read"));
        assert_eq!(inner.simulated, both.simulated);
        assert!(both.common_cause.unwrap() < inner.common_cause.unwrap());
    }
}
