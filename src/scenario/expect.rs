//! What a scenario promises.

use super::diagnostic::code;
use super::reader::{Item, Problem, Reader};

/// How a figure is compared with a promise.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Comparison {
    /// `== x`: equal.
    Equal(f64),
    /// `!= x`: different.
    NotEqual(f64),
    /// `< x`: less.
    Less(f64),
    /// `<= x`: at most.
    AtMost(f64),
    /// `> x`: more.
    More(f64),
    /// `>= x`: at least.
    AtLeast(f64),
    /// `in [a, b]`: from a to b, both included.
    Within(f64, f64),
    /// `undefined`: there is no such figure, because nothing happened.
    Undefined,
}

impl Comparison {
    /// Whether a figure keeps the promise; `None` is an undefined figure, which keeps only
    /// [`Comparison::Undefined`].
    ///
    /// ```
    /// use zonefall::scenario::Comparison;
    /// assert!(Comparison::AtLeast(99.99).holds(Some(99.995)));
    /// assert!(!Comparison::Equal(0.0).holds(None));
    /// ```
    pub fn holds(self, figure: Option<f64>) -> bool {
        let Some(x) = figure else { return self == Comparison::Undefined };
        match self {
            Comparison::Equal(y) => x == y,
            Comparison::NotEqual(y) => x != y,
            Comparison::Less(y) => x < y,
            Comparison::AtMost(y) => x <= y,
            Comparison::More(y) => x > y,
            Comparison::AtLeast(y) => x >= y,
            Comparison::Within(low, high) => (low..=high).contains(&x),
            Comparison::Undefined => false,
        }
    }

    /// Reads `== 0`, `in [1, 2]`, `undefined`.
    fn read(text: &str) -> Option<Comparison> {
        let text = text.trim();
        let number = |t: &str| {
            let clean: String = t.trim().chars().filter(|&c| c != '_').collect();
            clean.parse::<f64>().ok().filter(|n| n.is_finite())
        };
        if text == "undefined" {
            return Some(Comparison::Undefined);
        }
        if let Some(rest) = text.strip_prefix("in") {
            let (low, high) = rest.trim().strip_prefix('[')?.strip_suffix(']')?.split_once(',')?;
            let (low, high) = (number(low)?, number(high)?);
            return (low <= high).then_some(Comparison::Within(low, high));
        }
        let operators: [(&str, fn(f64) -> Comparison); 6] = [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::AtMost),
            (">=", Comparison::AtLeast),
            ("<", Comparison::Less),
            (">", Comparison::More),
        ];
        operators.iter().find_map(|(word, make)| Some(make(number(text.strip_prefix(word)?)?)))
    }
}

/// A promise of the scenario: `[[expect]]`.
#[derive(Clone, PartialEq, Debug)]
pub struct Expect {
    /// The variant it is about; `None`: the file as written.
    pub variant: Option<String>,
    /// Name of the figure.
    pub metric: String,
    /// How it must compare.
    pub comparison: Comparison,
    /// The comparison as written.
    pub text: String,
    /// Line of the file, from 1.
    pub line: u32,
}

/// Reads `[[expect]]`; gives the place of each `is` along.
pub(super) fn read<'a>(root: &Reader<'a>, variants: &[String]) -> Vec<(Expect, Item<'a>)> {
    let Some(list) = root.get("expect") else { return Vec::new() };
    let mut found = Vec::new();
    for item in list.list().unwrap_or_default() {
        let Some(r) = item.table() else { continue };
        let variant = r.get("variant").map_or(Some(None), |i| known(&i, variants).map(Some));
        let metric = r.require("metric", "\"orders.write.availability_percent\"").and_then(|i| metric(&i));
        let is = r.require("is", "\"== 0\"");
        let comparison = is.as_ref().and_then(|i| comparison(i));
        r.close();
        if let (Some(variant), Some(metric), Some(is), Some((comparison, text))) =
            (variant, metric, is, comparison)
        {
            let line = match &item.value.at.range {
                Some(range) => super::diagnostic::position(item.cx.text, range.start).0,
                None => 0,
            };
            found.push((Expect { variant, metric, comparison, text, line }, is));
        }
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
    let found = Comparison::read(text);
    if found.is_none() {
        let message = format!("{text:?} is not a comparison");
        let problem = Problem::new(code::COMPARISON, message, "cannot be read");
        let help = "write for example \"== 0\", \"< 5\", \">= 99.99\", \"in [1, 2]\" or \"undefined\"";
        item.error(problem.help(help));
    }
    found.map(|c| (c, text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_are_read() {
        assert_eq!(Comparison::read("== 0"), Some(Comparison::Equal(0.0)));
        assert_eq!(Comparison::read(">=99.99"), Some(Comparison::AtLeast(99.99)));
        assert_eq!(Comparison::read("< 1_000"), Some(Comparison::Less(1000.0)));
        assert_eq!(Comparison::read("in [1, 2.5]"), Some(Comparison::Within(1.0, 2.5)));
        assert_eq!(Comparison::read("undefined"), Some(Comparison::Undefined));
        for bad in ["", "0", "= 0", "== ", "== nan", "< inf", "in [2, 1]", "in 1, 2", "about 5"] {
            assert_eq!(Comparison::read(bad), None, "{bad}");
        }
    }
}
