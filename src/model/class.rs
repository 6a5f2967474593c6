//! Disruption classes: what kind of thing is to blame.

use super::{CauseClass, DomainKind, Effect, FaultRule, Model, Runbook, Schedule, Target, Trigger, World};

/// Disruption class of an outage or a loss (design D12): what kind of thing was to blame.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs)]
pub enum Class {
    Node = 0,
    Datacenter,
    Zone,
    Region,
    Store,
    Link,
    Software,
    Maintenance,
    Load,
    Action,
}

impl Class {
    /// All classes, in index order.
    pub const ALL: [Class; 10] = [
        Class::Node,
        Class::Datacenter,
        Class::Zone,
        Class::Region,
        Class::Store,
        Class::Link,
        Class::Software,
        Class::Maintenance,
        Class::Load,
        Class::Action,
    ];

    /// Class of what a rule does to a target: software by cause, maintenance by effect, else the target's scope.
    pub fn of(world: &World, rule: &FaultRule, target: Target) -> Class {
        match target {
            _ if rule.effect == Effect::Maintenance => Class::Maintenance,
            _ if rule.cause == CauseClass::Software || matches!(rule.effect, Effect::Corrupt { .. }) => {
                Class::Software
            }
            Target::Link(_) => Class::Link,
            Target::Store { .. } => Class::Store,
            Target::Domain(d) => match world.domain(d).kind {
                DomainKind::Node => Class::Node,
                DomainKind::Datacenter => Class::Datacenter,
                DomainKind::Zone => Class::Zone,
                DomainKind::Region => Class::Region,
            },
        }
    }

    /// Word used in outputs.
    pub fn word(self) -> &'static str {
        match self {
            Class::Node => "node",
            Class::Datacenter => "datacenter",
            Class::Zone => "zone",
            Class::Region => "region",
            Class::Store => "store",
            Class::Link => "link",
            Class::Software => "software",
            Class::Maintenance => "maintenance",
            Class::Load => "load",
            Class::Action => "action",
        }
    }
}

impl Model {
    /// Disruption classes (as bits, by [`Class`]) that the rules and actions can produce (design D12).
    pub fn possible_classes(&self) -> u16 {
        let mut bits = 0;
        let mut set = |class: Class| bits |= 1u16 << class as u16;
        for rule in &self.faults {
            let never = matches!(&rule.schedule, Schedule::Scripted(times) if times.is_empty());
            if never {
                continue;
            }
            rule.targets.iter().for_each(|&t| set(Class::of(&self.world, rule, t)));
        }
        if self.stores.iter().any(|s| s.throughput_mru.is_some()) {
            set(Class::Load);
        }
        let own = |r: &Runbook| !matches!(r.trigger, Trigger::Lost(_));
        if !self.actions.is_empty() || self.runbooks.iter().any(own) {
            set(Class::Action);
        }
        bits
    }
}
