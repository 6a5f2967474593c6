//! `zonefall compare`: variants of one or several files beside each other, as one study.

use super::args::CompareArgs;
use super::exit::Failure;
use super::study::{self, Batch, Origin, unique};
use zonefall::engine::Digest;
use zonefall::experiment::{Axis, Sources};
use zonefall::scenario::{Scenario, Variant, suggestion};

/// Runs all variants of all files on the same faults and compares them with one of them.
pub fn compare(args: &CompareArgs) -> Result<(), Failure> {
    let options = &args.options;
    let mut batch = together(&options.files, study::load(options)?)?;
    batch.select(options)?;
    let names: Vec<&str> = batch.scenario.variants.iter().map(|v| v.name.as_str()).collect();
    if let [only] = names[..] {
        let files = batch.files.join(" and ");
        return Err(Failure::Input(format!(
            "nothing to compare: of {files} only the variant {only} runs; name another file or add a [variant.NAME]"
        )));
    }
    let reference = match &args.reference {
        None => 0,
        Some(name) => names.iter().position(|n| n == name).ok_or_else(|| {
            let help = suggestion(name, &names).unwrap_or_default();
            Failure::Input(format!("--reference: no variant {name} is compared; {help}"))
        })?,
    };
    batch.reference = Some(reference);
    let folder = study::folder(options, options.out.as_deref(), None)?;
    study::run(options, None, batch, folder)
}

/// All variants as those of one scenario: those of several files under names that tell where they come from.
///
/// # Errors
/// The scenarios do not run alike.
fn together(files: &[String], mut scenarios: Vec<Scenario>) -> Result<Batch, Failure> {
    alike(files, &scenarios)?;
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
    for ((file, stem), scenario) in files.iter().zip(unique(files)).zip(scenarios.iter_mut()) {
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
        let full = |name: &str| if single { stem.clone() } else { format!("{stem}/{name}") };
        let first = scenario.variants[0].name.clone();
        for mut expect in scenario.expects.drain(..) {
            expect.variant = Some(full(expect.variant.as_ref().unwrap_or(&first)));
            expects.push(expect);
        }
        axes.append(&mut scenario.axes);
        for Variant { name, model, point } in scenario.variants.drain(..) {
            variants.push(Variant { name: full(&name), model, point });
            origins.push(Origin { file: file.clone(), variant: name });
        }
    }
    let [name, question, description] = words.map(|texts| texts.join(" / "));
    let some = |text: String| (!text.is_empty()).then_some(text);
    let scenario = Scenario {
        name,
        question: some(question),
        description: some(description),
        seed: scenarios[0].seed,
        replications: scenarios[0].replications,
        variants,
        axes,
        expects,
        digest: digest.finish(),
        sources,
    };
    Ok(Batch { scenario, origins, files: files.to_vec(), reference: None })
}

/// Pairs need the same seed, as many replications and the same horizon.
fn alike(files: &[String], scenarios: &[Scenario]) -> Result<(), Failure> {
    let differ = |what: &str, a: (String, String), b: (String, String), flag: &str| {
        let ((a, x), (b, y)) = (a, b);
        Err(Failure::Input(format!(
            "{a} and {b} cannot be compared: {what} {x} and {y}; give {flag} for both"
        )))
    };
    let first = (&files[0], &scenarios[0]);
    let horizon = first.1.variants[0].model.horizon;
    for (file, scenario) in files.iter().zip(scenarios) {
        let both = |a: String, b: String| ((first.0.clone(), a), (file.clone(), b));
        if scenario.seed != first.1.seed {
            let (a, b) = both(first.1.seed.to_string(), scenario.seed.to_string());
            return differ("their seeds are", a, b, "--seed N");
        }
        if scenario.replications != first.1.replications {
            let (a, b) = both(first.1.replications.to_string(), scenario.replications.to_string());
            return differ("their replications are", a, b, "--replications N");
        }
        if let Some(variant) = scenario.variants.iter().find(|v| v.model.horizon != horizon) {
            let name = |file: &str, variant: &Variant| format!("{} of {file}", variant.name);
            let a = (name(first.0, &first.1.variants[0]), horizon.to_string());
            let b = (name(file, variant), variant.model.horizon.to_string());
            return differ("their horizons are", a, b, "--horizon D");
        }
    }
    Ok(())
}
