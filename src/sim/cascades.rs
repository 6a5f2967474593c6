//! Cascades of rules as edges between processes.

use crate::model::{DomainKind, Model, Target};
use crate::rng::Purpose;
use crate::sim::driver::word;
use crate::sim::plan::{CascadeEdge, Process, add_purpose};

/// Whether one target contains, equals or lies within the other.
fn related(model: &Model, a: Target, b: Target) -> bool {
    // A store as a whole is everywhere.
    let region = |target| match target {
        Target::Store { region, .. } => region,
        Target::Domain(d) => Some(model.world.domain(d).region),
        Target::Link(_) => None,
    };
    match (a, b) {
        (Target::Store { store, .. }, Target::Store { store: other, .. }) if store != other => false,
        (Target::Store { .. }, Target::Link(l)) | (Target::Link(l), Target::Store { .. }) => {
            let ends = model.world.links[l.0 as usize].ends;
            region(a).or(region(b)).is_none_or(|r| ends.contains(&r))
        }
        (Target::Store { .. }, _) | (_, Target::Store { .. }) => {
            region(a).zip(region(b)).is_none_or(|(a, b)| a == b)
        }
        (Target::Link(a), Target::Link(b)) => a == b,
        (Target::Domain(a), Target::Domain(b)) => {
            let (a, b) = (&model.world.domain(a).nodes, &model.world.domain(b).nodes);
            a.start < b.end && b.start < a.end
        }
        (Target::Domain(d), Target::Link(l)) | (Target::Link(l), Target::Domain(d)) => {
            let domain = model.world.domain(d);
            domain.kind == DomainKind::Region && model.world.links[l.0 as usize].ends.contains(&domain.region)
        }
    }
}

/// Turns cascades of rules into edges between processes, each with its words and its stream.
pub(crate) fn expand_cascades(model: &Model, processes: &mut [Process], purposes: &mut Vec<Purpose>) {
    for p in 0..processes.len() {
        let rule = &model.faults[processes[p].rule as usize];
        let mut next_word =
            word::EXTRA + if rule.together_ppm.is_some() { rule.targets.len() as u32 } else { 0 };
        let mut edges = Vec::new();
        for (c, cascade) in rule.cascades.iter().enumerate() {
            for (q, caused) in processes.iter().enumerate() {
                let caused_rule = &model.faults[caused.rule as usize];
                let near = processes[p].targets.clone().any(|i| {
                    caused
                        .targets
                        .clone()
                        .any(|j| related(model, rule.targets[i as usize], caused_rule.targets[j as usize]))
                });
                if caused.rule != cascade.rule || (cascade.same_place && !near) {
                    continue;
                }
                let cause = &purposes[processes[p].purpose as usize].name;
                let name = format!("{} < {cause}", purposes[caused.purpose as usize].name);
                let words = purposes[caused.purpose as usize].words;
                // Members of a fleet share it: the number of the cause says which of them it was.
                let known = purposes.iter().position(|p| p.name == name).map(|i| i as u32);
                let purpose = known.unwrap_or_else(|| add_purpose(purposes, name, words));
                edges.push(CascadeEdge { cascade: c as u32, process: q as u32, word: next_word, purpose });
                next_word += 2;
            }
        }
        let own = processes[p].purpose as usize;
        purposes[own].words = purposes[own].words.max(next_word);
        processes[p].cascades = edges;
    }
    // A caused occurrence may itself hit several targets or cause others: it needs as many words.
    for p in 0..processes.len() {
        for e in 0..processes[p].cascades.len() {
            let edge = &processes[p].cascades[e];
            let words = purposes[processes[edge.process as usize].purpose as usize].words;
            purposes[edge.purpose as usize].words = words;
        }
    }
}
