//! What came out, in words.

use super::document::{Block, Section, Sentence};
use crate::experiment::compare::CompareVerdict;
use crate::experiment::outcome::distinct;
use crate::experiment::{ExpectResult, Metric, ObjectiveResult, Outcome, Study, VariantOutcome, Verdict};
use crate::report::figure::{Figures, with_interval};
use crate::stats::number::{counted, duration, list, significant};

/// Most sentences of a kind that are in view at once; the rest is to unfold.
const MOST: usize = 12;

/// Most names in a sentence.
const MOST_NAMES: usize = 4;

/// The statements the whole page is about.
pub(super) fn verdict(study: &Study) -> Section {
    let mut section = Section::new("verdict", "Verdict");
    let outcome = &study.outcome;
    let swept = !outcome.axes.is_empty();
    let mut compared = compared(study);
    let mut objectives: Vec<Sentence> =
        outcome.variants.iter().filter_map(|v| objectives(outcome, v)).collect();
    // Neighbours in a sweep say nearly the same: the ends are in view.
    let in_view = if swept { 0 } else { MOST };
    let rest: Vec<Sentence> = [&mut compared, &mut objectives]
        .into_iter()
        .flat_map(|all| all.split_off(all.len().min(in_view)))
        .collect();
    let mut sentences = Vec::new();
    if compared.is_empty() {
        for subject in outcome.subjects() {
            match outcome.variants.as_slice() {
                [only] => sentences.extend(alone(Figures { variant: only, subject })),
                several => sentences.extend(side_by_side(several, subject)),
            }
        }
    }
    sentences.append(&mut compared);
    sentences.append(&mut objectives);
    if swept {
        sentences.extend(objectives_of_all(outcome));
    }
    sentences.extend(not_met(&study.promises));
    if !sentences.is_empty() {
        section.blocks.push(Block::Verdict { sentences });
    }
    if !rest.is_empty() {
        let summary = if swept { "Variant by variant" } else { "More variants" };
        section.blocks.push(Block::Details {
            summary: summary.into(),
            printed: true,
            blocks: vec![Block::Verdict { sentences: rest }],
        });
    }
    section
}

/// Variants beside the reference: subject by subject, named where there are several.
fn compared(study: &Study) -> Vec<Sentence> {
    let subjects = study.outcome.subjects();
    let mut all: Vec<_> = study.comparison.iter().flat_map(|c| &c.verdicts).collect();
    all.sort_by_key(|v| subjects.iter().position(|s| *s == v.subject));
    let several = all.iter().any(|v| v.subject != all[0].subject);
    let said =
        |v: &CompareVerdict| if several { format!("{}: {}", v.subject, v.text) } else { v.text.clone() };
    all.into_iter().map(|v| Sentence::new(Some(&v.variant), &said(v))).collect()
}

/// What became of the objectives of a variant.
fn objectives(outcome: &Outcome, variant: &VariantOutcome) -> Option<Sentence> {
    let target = |o: &ObjectiveResult| match o.goal {
        "availability" => o.target.clone(),
        goal => format!("{} {}", goal.to_uppercase(), o.target),
    };
    let each = variant.objectives.iter().map(|o| format!("{} {} {}", o.name, target(o), o.headline));
    let all = each.collect::<Vec<_>>().join("; ");
    let about = if outcome.variants.len() == 1 { "Objectives" } else { variant.name.as_str() };
    (!all.is_empty()).then(|| Sentence::new(Some(&variant.name), &format!("{about}: {all}")))
}

/// How many variants miss each objective.
fn objectives_of_all(outcome: &Outcome) -> Vec<Sentence> {
    let names = distinct(outcome.variants.iter().flat_map(|v| &v.objectives).map(|o| o.name.as_str()));
    let sentence = |name: &str| {
        let all = outcome.variants.iter().flat_map(|v| &v.objectives).filter(|o| o.name == name);
        let missed = all.clone().filter(|o| o.missed.estimate.is_some_and(|x| x > 0.0)).count();
        let text = match missed {
            0 => format!("{name} is missed in no variant"),
            n => {
                format!("{name} is missed at some time in {n} of {}", counted(all.count() as u64, "variant"))
            }
        };
        Sentence::new(None, &text)
    };
    names.into_iter().map(sentence).collect()
}

/// Id of the minutes of a year in which a kind of request fails, and words for it.
const KINDS: [(&str, &str, &str); 3] = [
    ("write", "failed_minutes_per_year.write", "writes fail"),
    ("read", "failed_minutes_per_year.read", "reads fail"),
    ("block", "downtime_minutes_per_year.block", "it is down"),
];

/// What is to be said of one variant.
fn alone(f: Figures) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    let mut say = |text: String| sentences.push(Sentence::new(None, &text));
    for (kind, id, fails) in KINDS {
        let Some(m) = f.get(id).filter(|m| m.estimate.is_some()) else { continue };
        let subject = f.subject;
        if m.estimate == Some(0.0) {
            say(match m.high {
                Some(most) if most > 0.0 => format!(
                    "{subject}: never seen that {fails}; at most {} minutes a year (95 %).",
                    significant(most, 2)
                ),
                _ => format!("{subject}: never seen that {fails}."),
            });
            continue;
        }
        let mut text = format!("{subject}: {fails} for {} minutes a year", with_interval(m));
        let time = |q: &str| f.estimate(&format!("rto_seconds.{kind}.{q}")).map(duration);
        if let (Some(median), Some(long), Some(rate)) =
            (time("p50"), time("p99"), f.get(&format!("outages_per_year.{kind}")))
        {
            text.push_str(&format!(
                "; {} outages a year, half of them over within {median}, one in a hundred longer than {long}",
                with_interval(rate)
            ));
        }
        say(text + ".");
    }
    if let Some(text) = loss(f) {
        say(text);
    }
    sentences
}

/// What is to be said of lost writes.
fn loss(f: Figures) -> Option<String> {
    let chance = f.get("probability_loss")?;
    let share = |x: f64| format!("{} %", significant(x * 100.0, 2));
    Some(match (chance.estimate?, chance.low, chance.high) {
        (0.0, _, Some(high)) => format!(
            "{}: no write is lost for ever in {}; at most {} of them lose any (95 %).",
            f.subject,
            counted(chance.n, "replication"),
            share(high)
        ),
        (x, Some(low), Some(high)) => format!(
            "{}: writes are lost for ever in {} of replications (95 %: {} to {}).",
            f.subject,
            share(x),
            share(low),
            share(high)
        ),
        (x, _, _) => format!("{}: writes are lost for ever in {} of replications.", f.subject, share(x)),
    })
}

/// The best and the worst variants by each kind, and by what is lost.
fn side_by_side(variants: &[VariantOutcome], subject: &str) -> Vec<Sentence> {
    let failing = KINDS.map(|(_, id, fails)| (id, fails, "minutes a year"));
    let lost = ("writes_lost.mean", "writes are lost for ever", "in a replication");
    let mut sentences = Vec::new();
    for (id, what, unit) in failing.into_iter().chain([lost]) {
        let mut figures: Vec<(f64, &VariantOutcome, &Metric)> = variants
            .iter()
            .filter_map(|variant| Some((variant, Figures { variant, subject }.get(id)?)))
            .filter_map(|(variant, m)| Some((m.estimate?, variant, m)))
            .collect();
        figures.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (Some(best), Some(worst)) = (figures.first(), figures.last()) else { continue };
        let all = |x: f64| -> Vec<&str> {
            figures.iter().filter(|f| f.0 == x).map(|f| f.1.name.as_str()).collect()
        };
        let amount = with_interval(best.2);
        let text = if best.0 == worst.0 {
            format!("{subject}: {what} equally in all variants: {amount} {unit}.")
        } else {
            format!(
                "{subject}: {what} least in {} ({amount} {unit}) and most in {} ({}).",
                listed(&all(best.0)),
                listed(&all(worst.0)),
                with_interval(worst.2)
            )
        };
        sentences.push(Sentence::new(None, &text));
    }
    sentences
}

/// `A`, `A and B`, `A, B and C`; many are counted.
fn listed(names: &[&str]) -> String {
    if names.len() > MOST_NAMES { counted(names.len() as u64, "variant") } else { list(names) }
}

/// How many checks of the scenario are not met, if any.
fn not_met(checks: &[ExpectResult]) -> Option<Sentence> {
    let broken = checks.iter().filter(|c| c.verdict != Verdict::Met).count();
    (broken > 0).then(|| {
        let text = format!(
            "{broken} of {} of the scenario (`[[expect]]`) are not met",
            counted(checks.len() as u64, "check")
        );
        Sentence::new(None, &text)
    })
}
