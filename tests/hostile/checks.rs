//! What holds for any text, however hostile: problems that can be shown, or a scenario that can be run. Shared by the tests
//! and the fuzzer.

use zonefall::experiment::{Accumulator, Outcome, VariantOutcome, expect};
use zonefall::scenario::{CODES, Loaded, Options, Scenario, Severity, Source, load, render};
use zonefall::sim::observe::Replication;
use zonefall::sim::{Plan, Simulation};

/// Most events of a replication: enough to get everywhere, too few to wait for.
const EVENTS: u64 = 20_000;
/// Larger worlds and longer lists of variants are read and not run.
const NODES: usize = 300;
const VARIANTS: usize = 3;

/// Reads a text whose empirical laws come from `data`, and checks what is said about it.
pub fn read(text: &str, set: &[(String, String)], data: &str) -> Option<Scenario> {
    let source = Source { name: "hostile.toml", text };
    let loader = |_: &str| Ok(data.to_string());
    let Loaded { scenario, diagnostics, .. } =
        load(source, &Options::new().settings(set.iter().cloned()).files(&loader));
    for problem in &diagnostics {
        assert!(CODES.iter().any(|(code, _)| *code == problem.code), "unknown code {}", problem.code);
        assert!(!problem.message.is_empty());
        if let Some(span) = &problem.span {
            assert!(
                span.start <= span.end && span.end <= text.len(),
                "{span:?} of {}: {problem:?}",
                text.len()
            );
            assert!(problem.line >= 1 && problem.column >= 1, "{problem:?}");
        }
        assert!(render(source, problem, false).contains(problem.code));
    }
    let failed = diagnostics.iter().any(|d| d.severity == Severity::Error);
    assert_eq!(scenario.is_none(), failed, "{diagnostics:#?}");
    scenario
}

/// Runs one replication of the first variants, within limits; returns how many ran.
pub fn run(scenario: &Scenario) -> usize {
    let mut ran = 0;
    for variant in scenario.variants.iter().take(VARIANTS) {
        let mut model = variant.model.clone();
        if model.world.nodes.len() > NODES {
            continue;
        }
        model.max_events = model.max_events.min(EVENTS);
        let Ok(plan) = Plan::new(&model) else { continue };
        let mut out = Replication::default();
        let mut sums = Accumulator::new(&model);
        if Simulation::new(&plan, scenario.seed).run(0, true, &mut out).is_ok() {
            sums.add(&out);
        }
        let outcome = Outcome {
            scenario: scenario.name.clone(),
            seed: scenario.seed,
            first_replication: 0,
            replications: 1,
            version: String::new(),
            digest: scenario.digest,
            axes: Vec::new(),
            variants: vec![VariantOutcome::new(&variant.name, &model, &sums)],
        };
        for promise in &scenario.expects {
            expect::evaluate(&outcome, &variant.name, &promise.metric, promise.comparison);
        }
        ran += 1;
    }
    ran
}
