//! Legal but pointless: warnings about what does not do what its author probably thinks.

use super::Variant;
use super::context::{Context, Problem};
use super::diagnostic::{Severity, code};
use super::tree::{At, Kind, Origin, Value};
use super::vain;
use crate::model::{
    Balance, Block, Command, Consistency, DomainId, Effect, FailoverMode, FaultRule, Member, Model, Part,
    Store, Target, Tokens, Writes,
};
use crate::rng::Law;
use crate::units::Duration;

/// Why variants may be unable to differ.
const WEAK_LEVELS: &str = "session differs from consistent-prefix and eventual in its tokens, which count where items \
                           are `hot` or writes carry tokens; the other two differ in the order of what single reads \
                           see, which is not simulated";

/// Most stores of pairs of variants that are compared to find variants that are alike.
const MOST_COMPARED: usize = 5_000_000;

/// Place of a dotted key, as near as the tree gets.
pub(super) fn place(root: &Value, keys: &[&str]) -> At {
    let mut value = root;
    for key in keys {
        match &value.kind {
            Kind::Table(table) => match table.get(key) {
                Some(next) => value = next,
                None => break,
            },
            _ => break,
        }
    }
    value.at.clone()
}

/// Warnings about one variant.
pub(super) fn model(cx: &Context<'_>, root: &Value, model: &Model) {
    for (index, store) in model.stores.iter().enumerate() {
        let acts = model.commands().any(|command| match command {
            Command::ForceFailover { store, .. } | Command::SetFailover { store, .. } => {
                store as usize == index
            }
            _ => false,
        });
        // One that the store is only restored to is none.
        let joins = |r: u8| {
            let adds = |c: Command| c == Command::AddRegion { store: index as u32, region: r };
            !store.regions[usize::from(r)].joins_later || model.commands().any(adds)
        };
        let several = (0..store.regions.len() as u8).filter(|&r| joins(r)).count() > 1;
        let read_regions = several && store.writes == Writes::Single;
        if read_regions && store.failover.mode == FailoverMode::None && !acts {
            let (others, leader, help) = match store.members {
                _ if store.asset => ("a copy", "region", "let a step of a runbook do `force-failover`"),
                Some(_) => ("standbys", "leader", "write `failover.mode = \"automatic\"`"),
                None => (
                    "read regions",
                    "write region",
                    "`failover.mode = \"service-managed\"` is recommended for production (rule c17)",
                ),
            };
            let (kind, them, keys) = match store.asset {
                true => ("asset", "it", &["asset", &store.name, "sync"][..]),
                false => ("store", "them", &["store", &store.name, "failover", "mode"][..]),
            };
            let (path, at) = (keys.join("."), place(root, keys));
            let name = &store.name;
            let message = format!("{kind} `{name}` has {others}, but nothing ever fails over to {them}");
            let label = format!("writes stop until the {leader} is back");
            let problem = Problem::new(code::FAILOVER_OFF, message, label).help(help);
            cx.report(Severity::Warning, &at, &path, problem);
        }
        never_decided(cx, root, model, index);
    }
    for rule in &model.faults {
        fault(cx, root, model, rule);
    }
    for block in &model.blocks {
        members(cx, root, model, block);
    }
    front(cx, root, model);
    vain::lint(cx, root, model);
    super::objective::lint(cx, root, model);
    super::runbook::lint(cx, root, model);
}

/// Settings of a failover by service that nobody ever switches on.
fn never_decided(cx: &Context<'_>, root: &Value, model: &Model, index: usize) {
    let store = &model.stores[index];
    let switched =
        model.commands().any(|c| matches!(c, Command::SetFailover { store, .. } if store as usize == index));
    if store.failover.mode != FailoverMode::None || switched || store.regions.len() < 2 {
        return;
    }
    let instant = Law::constant(Duration::ZERO);
    let (key, given, why) = match store.writes {
        Writes::Single => {
            ("gray", store.failover.gray_ppm > 0, "nobody gives a region up: `mode` is \"none\"")
        }
        Writes::Multi => {
            ("decide", store.failover.decide != instant, "nobody takes a region out: `mode` is \"none\"")
        }
    };
    let at = place(root, &["store", &store.name, "failover", key]);
    if given && !matches!(at.origin, Origin::Preset(_)) {
        let path = format!("store.{}.failover.{key}", store.name);
        let problem = Problem::new(code::NO_EFFECT, format!("`{path}` has no effect"), why);
        cx.report(Severity::Warning, &at, &path, problem);
    }
}

/// A zone or region counts as down only when it is struck itself, or something around it: nodes inside do not count.
fn members(cx: &Context<'_>, root: &Value, model: &Model, block: &Block) {
    let holds =
        |rule: &&FaultRule| matches!(rule.effect, Effect::Down | Effect::Destroy | Effect::Maintenance);
    let takes_down = |member: DomainId| {
        let inside = &model.world.domain(member).nodes;
        let kind = model.world.domain(member).kind;
        model.faults.iter().filter(holds).flat_map(|rule| &rule.targets).any(|target| match target {
            Target::Domain(struck) => {
                let struck = model.world.domain(*struck);
                struck.kind >= kind && struck.nodes.start <= inside.start && inside.end <= struck.nodes.end
            }
            Target::Link(_) | Target::Store { .. } => false,
        })
    };
    let safe = block.members.iter().find_map(|m| match *m {
        Member::Domain(d) if !takes_down(d) => Some(d),
        _ => None,
    });
    let (Some(member), false) = (safe, model.faults.is_empty()) else { return };
    let name = model.selector(Target::Domain(member));
    let message = format!("no fault ever takes `{name}` down, a member of block `{}`", block.name);
    let label = "faults of what lies inside a member do not count against it";
    let problem = Problem::new(code::MEMBER_SAFE, message, label)
        .help("count the nodes instead (`node:REGION/ZONE/*`), or let a fault strike the member itself");
    let at = place(root, &["block", &block.name, "of"]);
    cx.report(Severity::Warning, &at, &format!("block.{}.of", block.name), problem);
}

fn fault(cx: &Context<'_>, root: &Value, model: &Model, rule: &FaultRule) {
    let path = format!("fault.{}", rule.name);
    if !model.stores.is_empty() || !model.blocks.is_empty() || !model.tiers.is_empty() {
        let used = rule.targets.iter().any(|&t| vain::touches(model, rule, t));
        if !used && rule.cascades.is_empty() {
            let at = place(root, &["fault", &rule.name, "target"]);
            let message = format!("fault `{}` touches no store and no block", rule.name);
            let problem = Problem::new(code::FAULT_UNUSED, message, "nothing is measured there");
            cx.report(Severity::Warning, &at, &format!("{path}.target"), problem);
        }
    }
    let lags = |s: &Store| s.regions.len() > 1 && s.consistency != Consistency::Strong;
    if matches!(rule.effect, Effect::Lag { .. }) && !model.stores.iter().any(lags) {
        let at = place(root, &["fault", &rule.name, "effect"]);
        let message = format!("fault `{}` lengthens a lag that no store has", rule.name);
        let problem = Problem::new(code::NO_EFFECT, message, "changes nothing");
        let problem = problem.help("replication is synchronous at strong consistency, and needs two regions");
        cx.report(Severity::Warning, &at, &format!("{path}.effect"), problem);
    }
    let limited = model.stores.iter().any(|s| s.throughput_mru.is_some())
        || model.commands().any(|c| matches!(c, Command::SetThroughput { .. }));
    let watched = model.stores.iter().any(|s| s.failover.gray_ppm > 0);
    if matches!(rule.effect, Effect::Degrade { errors_ppm: 0, .. }) && !limited && !watched {
        let at = place(root, &["fault", &rule.name, "effect"]);
        let problem = Problem::new(
            code::DEGRADE_UNLIMITED,
            format!("fault `{}` takes capacity, but no store has limited `throughput`", rule.name),
            "changes nothing",
        );
        let problem = problem.help("give the store a `throughput`");
        cx.report(Severity::Warning, &at, &format!("{path}.effect"), problem);
    }
}

/// Tiers and routers that nothing is seen of, and routers whose targets are too small from the start.
fn front(cx: &Context<'_>, root: &Value, model: &Model) {
    let needed = |part| model.services.iter().any(|s| s.needs.iter().any(|n| n.on == part));
    let routed =
        |tier| (0..).zip(&model.routers).any(|(r, router)| router.tier == tier && needed(Part::Router(r)));
    let unused = |kind: &str, name: &str| {
        let problem = Problem::new(
            code::PART_UNUSED,
            format!("no service needs {kind} `{name}`"),
            "nothing is seen of it",
        );
        let problem = problem.help(format!("let a service need it: `needs = [\"{kind}.{name}\"]`"));
        cx.report(Severity::Warning, &place(root, &[kind, name]), &format!("{kind}.{name}"), problem);
    };
    for (t, tier) in (0..).zip(&model.tiers) {
        if !needed(Part::Tier(t)) && !routed(t) {
            unused("tier", &tier.name);
        }
    }
    for (r, router) in (0..).zip(&model.routers) {
        if !needed(Part::Router(r)) {
            unused("router", &router.name);
            continue;
        }
        let tier = &model.tiers[router.tier as usize];
        let runs = |target: &DomainId| {
            let domain = model.world.domain(*target);
            let site = tier.sites.iter().find(|s| s.region == domain.region);
            let running = site.into_iter().flat_map(|s| &s.nodes[..s.running as usize]);
            running.filter(|n| domain.nodes.contains(&n.0)).count() as u64
        };
        let counts: Vec<u64> = router.targets.iter().map(runs).collect();
        let alive: Vec<u64> = counts.iter().copied().filter(|n| *n > 0).collect();
        let used = match router.balance {
            Balance::Spread => &alive[..],
            Balance::First => &alive[..alive.len().min(1)],
            Balance::Manual => &counts[..1],
        };
        let Some(least) = used.iter().min().filter(|n| **n * (used.len() as u64) < u64::from(tier.needed))
        else {
            continue;
        };
        let message = format!("router `{}` sends too much to its targets from the start", router.name);
        let of = used.len();
        let label =
            format!("one of {of} runs {least} of the {} instances that carry the whole load", tier.needed);
        let at = place(root, &["router", &router.name, "targets"]);
        let path = format!("router.{}.targets", router.name);
        let problem = Problem::new(code::OVERLOADED, message, label);
        let problem =
            problem.help(format!("run more instances of tier `{}`, or let fewer be `needed`", tier.name));
        cx.report(Severity::Warning, &at, &path, problem);
    }
}

/// Warnings about variants that differ in nothing this version simulates. A sweep may come by what the file or a
/// variant says; of its own points that are alike, one pair is named.
pub(super) fn variants(cx: &Context<'_>, file: &Value, variants: &[Variant]) {
    let stores = variants.iter().map(|v| v.model.stores.len()).max().unwrap_or(0);
    if variants.len().pow(2) * stores > MOST_COMPARED {
        return;
    }
    let along = |v: &Variant| v.point.iter().map(|c| c.path.clone()).collect::<Vec<_>>();
    for (i, b) in variants.iter().enumerate() {
        for a in variants[..i].iter().filter(|a| along(a) == along(b)) {
            let (what, label, help) = if a.model == b.model {
                ("are the same", "changes nothing", "remove one, or let an override change something")
            } else if alike(&a.model, &b.model) {
                ("cannot differ", "only a weak consistency level differs", WEAK_LEVELS)
            } else {
                continue;
            };
            let message = format!("variants `{}` and `{}` {what}", a.name, b.name);
            let problem = Problem::new(code::SAME_LEVELS, message, label).help(help);
            if !b.point.is_empty() {
                cx.report(Severity::Warning, &place(file, &["sweep"]), "sweep", problem);
                return;
            }
            let path = format!("variant.{}", b.name);
            cx.report(Severity::Warning, &place(file, &["variant", &b.name]), &path, problem);
            break;
        }
    }
}

/// Whether two models are equal but for weak consistency levels.
fn alike(a: &Model, b: &Model) -> bool {
    let plain = |store: &Store| {
        let mut store = store.clone();
        if matches!(store.consistency, Consistency::Session | Consistency::ConsistentPrefix) {
            store.consistency = Consistency::Eventual;
        }
        if !a.watches_items(&store) {
            // Nobody can tell what a token changes.
            store.clients.iter_mut().for_each(|c| (c.tokens, c.timeout) = (Tokens::None, Duration::ZERO));
        }
        store
    };
    // Stores last: to compare them costs most.
    (a.horizon, a.warmup, a.max_events) == (b.horizon, b.warmup, b.max_events)
        && (&a.actions, &a.runbooks, &a.blocks, &a.faults) == (&b.actions, &b.runbooks, &b.blocks, &b.faults)
        && (&a.tiers, &a.routers, &a.services, &a.objectives)
            == (&b.tiers, &b.routers, &b.services, &b.objectives)
        && a.world == b.world
        && a.stores.len() == b.stores.len()
        && a.stores.iter().zip(&b.stores).all(|(x, y)| x == y || plain(x) == plain(y))
}
