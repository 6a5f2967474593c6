//! What a scenario promises.

use super::context::Problem;
use super::diagnostic::{code, positions};
use super::reader::{Item, Reader};
use crate::experiment::expect::{Comparison, Slack};
use core::ops::Range;

/// Most promises of a scenario.
const MAX_EXPECTS: usize = 10_000;

/// A promise of the scenario: `[[expect]]`.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Expect {
    /// The variant it is about; `None`: the file as written.
    pub variant: Option<String>,
    /// Name of the figure.
    pub metric: String,
    /// How it must compare, with the tolerance that was granted.
    pub comparison: Comparison,
    /// The comparison as written, and its tolerance: `<= 60 (tolerance 5 %)`.
    pub text: String,
    /// Documented rules that the promise shows, as written: `c14`.
    pub rules: Vec<String>,
    /// Line of the file, from 1; 0 if it is not in the file.
    pub line: u32,
    /// Bytes of the metric's name in the file.
    pub metric_span: Option<Range<usize>>,
}

/// Reads `[[expect]]`; gives the place of each `is` along.
pub(super) fn read<'a>(root: &Reader<'a>, variants: &[String]) -> Vec<(Expect, Item<'a>)> {
    let Some(list) = root.get("expect") else { return Vec::new() };
    let (mut found, mut starts) = (Vec::new(), Vec::new());
    let items = list.list().unwrap_or_default();
    if items.len() > MAX_EXPECTS {
        let label = format!("at most {MAX_EXPECTS} are read");
        list.error(Problem::new(code::LIMIT, format!("{} expectations", items.len()), label));
        return found;
    }
    for item in items {
        if item.cx.full() {
            break;
        }
        let Some(r) = item.table() else { continue };
        let variant = r.get("variant").map_or(Some(None), |i| known(&i, variants).map(Some));
        let metric_item = r.require("metric", "\"rpo_seconds.max\"");
        let metric = metric_item.as_ref().and_then(metric);
        let metric_span = metric_item.and_then(|i| i.value.at.range.clone());
        let is = r.require("is", "\"== 0\"");
        let comparison = is.as_ref().and_then(|i| comparison(i));
        let comparison = match r.get("tolerance") {
            Some(item) => comparison.and_then(|c| tolerant(c, &item)),
            None => comparison,
        };
        let rules = r.get("rule").map_or_else(|| Some(Vec::new()), |i| rules(&i));
        r.close();
        if let (Some(variant), Some(metric), Some(is), Some((comparison, text)), Some(rules)) =
            (variant, metric, is, comparison, rules)
        {
            starts.push(item.value.at.range.as_ref().map_or(0, |range| range.start));
            found.push((Expect { variant, metric, comparison, text, rules, line: 0, metric_span }, is));
        }
    }
    for ((expect, _), (line, _)) in found.iter_mut().zip(positions(root.cx.text, &starts)) {
        expect.line = line;
    }
    found
}

fn known(item: &Item<'_>, variants: &[String]) -> Option<String> {
    let text = item.text()?;
    if variants.iter().any(|v| v == text) {
        return Some(text.to_owned());
    }
    let names: Vec<&str> = variants.iter().map(String::as_str).collect();
    let problem = Problem::new(code::VARIANT, format!("unknown variant `{text}`"), "no such variant");
    item.error(problem.did_you_mean(text, &names));
    None
}

fn metric(item: &Item<'_>) -> Option<String> {
    let text = item.text()?;
    let good = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
    if !good {
        let message = format!("{text:?} cannot be a metric");
        item.error(Problem::new(code::BAD_NAME, message, "names of metrics have no spaces"));
    }
    good.then(|| text.to_owned())
}

fn comparison(item: &Item<'_>) -> Option<(Comparison, String)> {
    let text = item.text()?;
    let found = text.parse::<Comparison>().ok();
    if found.is_none() {
        let message = format!("{text:?} is not a comparison");
        let problem = Problem::new(code::COMPARISON, message, "cannot be read");
        let help = "write for example \"== 0\", \"< 5\", \">= 0.9999\", \"in [1, 2]\" or \"undefined\"";
        item.error(problem.help(help));
    }
    found.map(|c| (c, text.to_owned()))
}

/// A comparison that grants as much as is written: a number in the figure's unit, or a percentage of the limit.
fn tolerant((comparison, text): (Comparison, String), item: &Item<'_>) -> Option<(Comparison, String)> {
    let (slack, written) = match item.maybe_text() {
        Some(words) => {
            let percent = words.strip_suffix('%').and_then(|p| p.trim().parse::<f64>().ok());
            let Some(percent) = percent.filter(|p| (0.0..=100.0).contains(p)) else {
                let message = format!("{words:?} is no tolerance");
                let problem = Problem::new(code::COMPARISON, message, "cannot be read");
                let help =
                    "write a number in the unit of the figure, or a percentage of the limit as in \"5 %\"";
                item.error(problem.help(help));
                return None;
            };
            (Slack::Share(percent / 100.0), words.to_owned())
        }
        None => item.number(0.0..=1e18).map(|x| (Slack::Units(x), x.to_string()))?,
    };
    let Some(comparison) = comparison.with(slack) else {
        let message = format!("`{}` means nothing beside {text:?}", item.path);
        let problem = Problem::new(code::NOT_HERE, message, "there is no limit to be near to");
        item.error(problem.help("a tolerance goes with ==, <, <=, >, >= and in"));
        return None;
    };
    Some((comparison, format!("{text} (tolerance {written})")))
}

/// Whether a text can be the id of a documented rule: `c`, `i` or `x` and two digits.
fn is_rule(text: &str) -> bool {
    matches!(text.as_bytes(), [b'c' | b'i' | b'x', a, b] if a.is_ascii_digit() && b.is_ascii_digit())
}

fn rules(item: &Item<'_>) -> Option<Vec<String>> {
    let mut rules: Vec<String> = Vec::new();
    let mut good = true;
    for item in item.one_or_many() {
        let Some(text) = item.text() else {
            good = false;
            continue;
        };
        let problem = if !is_rule(text) {
            let problem = Problem::new(code::RULE, format!("{text:?} is no id of a rule"), "cannot be read");
            problem.help("rules are `c`, `i` or `x` and two digits, as in \"c14\"")
        } else if rules.iter().any(|r| r == text) {
            Problem::new(code::DUPLICATE, format!("rule `{text}` is named twice"), "named before")
        } else {
            rules.push(text.to_owned());
            continue;
        };
        item.error(problem);
        good = false;
    }
    good.then_some(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_have_a_letter_and_two_digits() {
        assert!(["c01", "c37", "i10", "x03"].iter().all(|t| is_rule(t)));
        assert!(["", "c1", "c", "C14", "c140", "d14", "c1a", "c14 "].iter().all(|t| !is_rule(t)));
    }
}
