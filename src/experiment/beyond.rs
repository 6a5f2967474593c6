//! What stays outside the simulation: said once here, and only as far as it matters for what was run.

use crate::model::{Effect, FaultRule, Model, Schedule, Store, Writes};

/// Statements on what the models leave out, in the order of importance. Each is true of at least one of them.
pub fn beyond(models: &[&Model]) -> Vec<String> {
    let store = |what: &dyn Fn(&Store) -> bool| models.iter().flat_map(|m| &m.stores).any(what);
    let rule = |what: &dyn Fn(&FaultRule) -> bool| models.iter().flat_map(|m| &m.faults).any(what);
    let any_store = store(&|_| true);
    let statements = [
        (
            true,
            "Only what the scenario declares can fail. What is around it (networks inside a zone, names, identities, the \
                applications themselves) works all the time.",
        ),
        (
            rule(&|r| matches!(r.schedule, Schedule::Stochastic { .. })),
            "How often things break does not depend on the season, the hour or the load, and rules do not know of each \
             other, except for common causes, cascades and repair crews that the scenario states.",
        ),
        (
            any_store || models.iter().any(|m| !m.services.is_empty()),
            "Requests are a flow, not single ones: nobody tries again after a failure, and a request that would time out \
                     counts as failed at once.",
        ),
        (
            any_store,
            "Latency is the steady one while everything is up. That faults and load make answers slower is not simulated; \
             who counts slow answers as failures sees more of them.",
        ),
        (
            store(&|s| s.throughput_mru.is_none()),
            "Throughput is unlimited where the scenario gives none: no surviving region is ever too small for what moves to it.",
        ),
        (
            store(&|s| s.clients.iter().all(|c| c.writes_mps == 0 && c.reads_mps == 0)),
            "A store without requests has no availability: only what happens to its copies is simulated.",
        ),
        (
            store(&|s| s.backup.is_none()),
            "There are no backups where the scenario declares none: what is destroyed in every region is lost for ever.",
        ),
        (
            store(&|s| s.hot.is_none() && s.regions.len() > 1 && s.writes != Writes::Single),
            "Without hot items no two clients meet at one item: conflicts and stale reads are not counted.",
        ),
        (
            store(&|s| s.price.is_some()),
            "Prices are for throughput, instances and storage alone: no traffic, backups, support, reservations or discounts.",
        ),
        (
            models.iter().any(|m| !m.actions.is_empty()),
            "Actions of people happen at their scripted times, as written: nobody is late, forgets a step or improvises.",
        ),
        (
            models.iter().any(|m| !m.services.is_empty()),
            "A service has neither queues nor caches; parts that fail in part do so independently, and instances of a tier are \
             as fast as ever in a degraded region.",
        ),
        (
            models.iter().any(|m| !m.runbooks.is_empty()),
            "Runbooks are carried out as written: nobody forgets a step or improvises, and what they add is not in the price.",
        ),
    ];
    let mut said: Vec<String> =
        statements.into_iter().filter(|(true_here, _)| *true_here).map(|(_, words)| words.into()).collect();
    let absent: Vec<&str> =
        EFFECTS.iter().filter(|(_, is)| !rule(&|r| is(&r.effect))).map(|(words, _)| *words).collect();
    if !absent.is_empty() {
        said.push(format!("No rule of this scenario strikes with: {}.", absent.join("; ")));
    }
    said
}

/// What a fault can do, in words, and how to tell it.
type Told = (&'static str, fn(&Effect) -> bool);

const EFFECTS: [Told; 8] = [
    ("something that goes down and comes back", |e| matches!(e, Effect::Down)),
    ("data that is destroyed", |e| matches!(e, Effect::Destroy)),
    ("regions that are cut off while they run", |e| matches!(e, Effect::Isolate)),
    ("gray failures (less capacity, or errors in part of the answers)", |e| {
        matches!(e, Effect::Degrade { .. })
    }),
    ("outages of part of the partitions", |e| matches!(e, Effect::Partial { .. })),
    ("replication that lags behind", |e| matches!(e, Effect::Lag { .. })),
    ("announced maintenance", |e| matches!(e, Effect::Maintenance)),
    ("software that damages data", |e| matches!(e, Effect::Corrupt { .. })),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture;
    use crate::model::{Need, Part, Profile, Service, objective::Series};

    #[test]
    fn only_what_matters_here_is_said() {
        let mut model = fixture::model();
        let told = |model: &Model, part: &str| beyond(&[model]).iter().any(|s| s.contains(part));
        assert!(told(&model, "Throughput is unlimited") && told(&model, "There are no backups"));
        assert!(told(&model, "gray failures") && !told(&model, "comes back"));
        model.stores[0].throughput_mru = Some(1);
        model.faults[0].effect = Effect::Degrade { capacity_ppm: 1, errors_ppm: 0 };
        assert!(!told(&model, "Throughput is unlimited") && !told(&model, "gray failures"));
        // What is true of one variant is said.
        assert!(beyond(&[&model, &fixture::model()]).iter().any(|s| s.contains("Throughput is unlimited")));
        model.stores.clear();
        let need = Need { on: Part::Block(0), path: Series::All, share_ppm: 1_000_000 };
        let service = Service {
            name: "s".into(),
            needs: vec![need],
            reads_mps: 1,
            writes_mps: 0,
            profile: Profile::flat(),
            outage_threshold_ppm: 0,
        };
        model.services = vec![service];
        assert!(told(&model, "Requests are a flow") && !told(&model, "Latency"));
        model.services.clear();
        assert!(!told(&model, "Latency") && told(&model, "Only what the scenario declares"));
    }
}
