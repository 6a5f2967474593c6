//! A tier, a router, a block and services over all of them for random scenarios, and what must hold between them.

use super::generate::{Pick, Shape};
use std::fmt::Write as _;
use zonefall::model::Model;
use zonefall::sim::observe::{Kind, Phase, Replication, Subject};
use zonefall::units::Duration;

/// Adds them to a scenario with a store `s`.
pub fn add(text: &mut String, pick: &mut Pick, shape: &Shape) {
    let names = shape.names();
    let sites: Vec<String> =
        names.iter().map(|name| format!("{name} = {}", pick.of(&[3, 6, 7, 24]))).collect();
    let needed = pick.of(&[1, 2, 3]) * names.len();
    writeln!(text, "[tier.api]\nsites = {{ {} }}\nneeded = {needed}", sites.join(", ")).unwrap();
    writeln!(text, "start = {}", pick.of(&["\"0s\"", "\"2m\"", "{ law = \"exponential\", mean = \"1h\" }"]))
        .unwrap();
    writeln!(text, "reschedule = {}", pick.of(&["\"never\"", "\"0s\"", "\"5m\""])).unwrap();
    let zones: Vec<String> =
        names.iter().flat_map(|name| (1..=3).map(move |z| format!("\"{name}/{z}\""))).collect();
    let whole: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let targets = if pick.chance(50) { zones } else { whole };
    let balance = pick.of(&["spread", "first", "manual"]);
    writeln!(
        text,
        "[router.entry]\ntier = \"api\"\ntargets = [{}]\nbalance = \"{balance}\"",
        targets.join(", ")
    )
    .unwrap();
    let detect = pick.of(&["\"0s\"", "{ every = \"10s\", misses = 3 }", "\"20m\""]);
    writeln!(text, "detect = {detect}\nttl = \"{}\"", pick.of(&["0s", "60s", "2h"])).unwrap();
    if pick.chance(50) {
        let law = pick.of(&["\"1h\"", "{ law = \"exponential\", mean = \"6h\" }"]);
        writeln!(text, "ignore_ttl = {{ share = 0.1, for = {law} }}").unwrap();
    }
    writeln!(text, "[block.zones]\nk = 2\nof = [\"zone:a/*\"]\nreport = false").unwrap();
    let service = |text: &mut String, name: &str, needs: &str| {
        writeln!(text, "[service.{name}]\n{needs}\nreads_per_second = 30\nwrites_per_second = 0.5").unwrap();
    };
    for part in ["store.s", "tier.api", "router.entry", "block.zones"] {
        service(text, &part.replace('.', "-"), &format!("needs = [\"{part}\"]"));
    }
    let uses = "uses = [{ on = \"tier.api\", share = 0.5 }, { on = \"service.router-entry\", share = 0.25 }]";
    service(text, "twice", "needs = [\"service.store-s\", \"store.s\"]");
    service(text, "all", &format!("needs = [\"service.twice\", \"router.entry\", \"block.zones\"]\n{uses}"));
    for _ in 0..pick.below(4) {
        let name = pick.of(names);
        let deed = match pick.below(2) {
            0 if balance == "manual" => {
                format!("route = \"entry\", to = {}", targets[pick.below(targets.len() as u64) as usize])
            }
            _ => format!("scale = \"api\", in = \"{name}\", instances = {}", pick.below(12)),
        };
        writeln!(text, "[[action]]\nat = \"{}h\"\ndo = {{ {deed} }}", 1 + pick.below(1400)).unwrap();
    }
}

/// What services must show, whatever happened.
pub fn check(model: &Model, out: &Replication, found: &mut Vec<String>) {
    let place = |name: &str| model.services.iter().position(|s| s.name == name).expect("a service of ours");
    for kind in Kind::ALL {
        let k = kind as usize;
        let share = |name: &str| {
            let run = &out.services[place(name)];
            run.failed[k] as f64 / run.requested[k] as f64
        };
        let store = &out.stores[0];
        let alone = share("store-s");
        // Rates of services are constant, those of the store may not be.
        let same = (store.failed[k] as f64 / store.requested[k] as f64 - alone).abs() < 1e-8;
        if model.stores[0].profile.is_flat() && !same {
            found.push(format!("{kind:?}: a store and what needs only it differ: {alone}"));
        }
        if out.services[place("twice")].failed != out.services[place("store-s")].failed {
            found.push(format!("{kind:?}: a store that is needed twice fails twice"));
        }
        let parts = [alone, share("router-entry"), share("block-zones")];
        let all = share("all");
        let (least, most) = (parts.iter().fold(0.0f64, |a, b| a.max(*b)), parts.iter().sum::<f64>());
        let used = 0.5 * share("tier-api") + 0.25 * share("router-entry");
        if all < least - 1e-8 || all > most + used + 1e-8 {
            found.push(format!("{kind:?}: {all} of all fail, of the parts {parts:?} and {used}"));
        }
    }
}

/// Whether an outage of a service waited for a phase.
pub fn waited(out: &Replication, phase: Phase) -> bool {
    let of_service = |o: &&zonefall::sim::observe::Outage| matches!(o.subject, Subject::Service(..));
    out.outages.iter().filter(of_service).any(|o| o.phases[phase as usize] > Duration::ZERO)
}
