//! `zonefall compare`: variants of one or several files beside each other, as one study.

use super::args::CompareArgs;
use super::exit::{Code, Failure};
use super::study::{self, Batch, Origin, unique};
use zonefall::engine::Digest;
use zonefall::experiment::{Axis, Sources};
use zonefall::scenario::{Scenario, Variant, suggestion};

/// Runs all variants of all files on the same faults and compares them with one of them.
pub fn compare(args: &CompareArgs) -> Result<(), Failure> {
    let mut options = args.options.clone();
    // Which variants run decides which have to be alike; the others are nothing without the reference.
    let mut wanted = options.inputs.variant.clone();
    if !wanted.is_empty() {
        wanted.extend(args.reference.clone());
    }
    let mut batch = together(&options.inputs.files, study::load(&options.inputs)?, &wanted)?;
    if let Some(name) = &args.reference {
        let names: Vec<&str> = batch.scenario.variants.iter().map(|v| v.name.as_str()).collect();
        if !names.contains(&name.as_str()) {
            let help = suggestion(name, &names).unwrap_or_default();
            let text = format!("--reference: no variant {name} is compared; {help}");
            return Err(Failure::new(Code::NoSuchVariant, text));
        }
    }
    options.inputs.variant = wanted;
    let all = batch.scenario.variants.len();
    batch.select(&options.inputs)?;
    let names: Vec<&str> = batch.scenario.variants.iter().map(|v| v.name.as_str()).collect();
    if let [only] = names[..] {
        let files = batch.files.join(" and ");
        let help = match all {
            1 => "name another file or add a [variant.NAME]",
            _ => "name what to compare it with: --reference VARIANT, or another --variant",
        };
        let text = format!("nothing to compare: of {files} only the variant {only} runs; {help}");
        return Err(Failure::new(Code::NothingToCompare, text));
    }
    let wanted = args.reference.as_deref();
    let reference = names.iter().position(|n| Some(*n) == wanted).unwrap_or(0);
    batch.reference = Some(reference);
    let folder = study::folder(&options, options.out.as_deref(), None)?;
    study::run(&options, None, batch, folder)
}

/// All variants as those of one scenario: those of several files under names that tell where they come from. Those
/// `wanted` run; all, if none are named.
///
/// # Errors
/// The scenarios do not run alike.
fn together(files: &[String], mut scenarios: Vec<Scenario>, wanted: &[String]) -> Result<Batch, Failure> {
    let stems = unique(files);
    let full = |index: usize, single: bool, name: &str| match (files.len(), single) {
        (1, _) => name.to_string(),
        (_, true) => stems[index].clone(),
        _ => format!("{}/{name}", stems[index]),
    };
    alike(files, &scenarios, |index, scenario, name| {
        wanted.is_empty() || wanted.contains(&full(index, scenario.variants.len() == 1, name))
    })?;
    if scenarios.len() == 1 {
        return Ok(Batch::of(&files[0], scenarios.remove(0)));
    }
    // A curve joins points of one file: what else its neighbour has may be different.
    if scenarios.iter().filter(|s| !s.axes.is_empty()).count() > 1 {
        scenarios.iter_mut().for_each(|s| s.axes.clear());
    }
    let mut origins = Vec::new();
    let mut variants: Vec<Variant> = Vec::new();
    let mut axes: Vec<Axis> = Vec::new();
    let mut expects = Vec::new();
    let mut sources: Vec<Sources> = Vec::new();
    let mut digest = Digest::new();
    let mut words: [Vec<String>; 3] = Default::default();
    for (index, (file, scenario)) in files.iter().zip(scenarios.iter_mut()).enumerate() {
        digest.add(scenario.digest);
        let texts = [Some(scenario.name.clone()), scenario.question.take(), scenario.description.take()];
        for (all, text) in words.iter_mut().zip(texts) {
            all.extend(text.filter(|text| !all.contains(text)));
        }
        for source in scenario.sources.drain(..) {
            // A preset that two files use is told about once.
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        let single = scenario.variants.len() == 1;
        let full = |name: &str| full(index, single, name);
        let first = scenario.variants[0].name.clone();
        for mut expect in scenario.expects.drain(..) {
            expect.variant = Some(full(expect.variant.as_ref().unwrap_or(&first)));
            expects.push(expect);
        }
        axes.append(&mut scenario.axes);
        for mut variant in scenario.variants.drain(..) {
            origins.push(Origin { file: file.clone(), variant: variant.name.clone() });
            variant.name = full(&variant.name);
            variants.push(variant);
        }
    }
    let [name, question, description] = words.map(|texts| texts.join(" / "));
    let some = |text: String| (!text.is_empty()).then_some(text);
    let mut scenario = scenarios.swap_remove(0);
    (scenario.name, scenario.question, scenario.description) = (name, some(question), some(description));
    (scenario.variants, scenario.axes, scenario.expects) = (variants, axes, expects);
    (scenario.sources, scenario.digest) = (sources, digest.finish());
    Ok(Batch { scenario, origins, files: files.to_vec(), reference: None })
}

/// Pairs need the same seed, as many replications and, of the variants that run, the same horizon.
fn alike(
    files: &[String],
    scenarios: &[Scenario],
    runs: impl Fn(usize, &Scenario, &str) -> bool,
) -> Result<(), Failure> {
    let first = (&files[0], &scenarios[0]);
    let running = |index: usize| {
        let scenario = &scenarios[index];
        scenario.variants.iter().filter(|v| runs(index, scenario, &v.name)).collect::<Vec<_>>()
    };
    let one = (0..scenarios.len()).find_map(|index| running(index).first().copied());
    let mut problems: Vec<String> = Vec::new();
    for (index, (file, scenario)) in files.iter().zip(scenarios).enumerate() {
        let mut differ = Vec::new();
        let mut flags = Vec::new();
        if scenario.seed != first.1.seed {
            differ.push(format!("their seeds are {} and {}", first.1.seed, scenario.seed));
            flags.push("--seed N");
        }
        if scenario.replications != first.1.replications {
            let (a, b) = (first.1.replications, scenario.replications);
            differ.push(format!("their replications are {a} and {b}"));
            flags.push("--replications N");
        }
        let other = |one: &Variant| running(index).into_iter().find(|v| v.model.horizon != one.model.horizon);
        if let Some((a, b)) = one.and_then(|one| Some((one, other(one)?))) {
            let horizons = [a, b].map(|v| format!("{} ({})", v.model.horizon, v.name)).join(" and ");
            differ.push(format!("their horizons are {horizons}"));
            flags.push("--horizon D");
        }
        if !differ.is_empty() {
            problems.push(format!(
                "{} and {file} cannot be compared: {}; give {} for both",
                first.0,
                differ.join(", "),
                flags.join(" ")
            ));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Failure::new(Code::NotAlike, problems.join("\n  "))) }
}
