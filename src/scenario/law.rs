//! Laws of durations as users write them.

use super::context::Problem;
use super::diagnostic::code;
use super::reader::{Item, Reader};
use crate::rng::{Law, LawError};
use crate::units::Duration;

/// No time at all.
pub(super) fn instant() -> Law {
    Law::constant(Duration::ZERO)
}

/// Words for the laws.
pub(super) const LAWS: [&str; 7] =
    ["constant", "exponential", "uniform", "weibull", "lognormal", "pareto", "empirical"];
/// Units of a file.
pub(super) const UNITS: [&str; 5] = ["ms", "s", "m", "h", "d"];
/// Parameters of any law.
const PARAMETERS: [&str; 17] = [
    "value", "mean", "mtbf", "per_year", "low", "high", "shape", "scale", "median", "p95", "sigma", "file",
    "values", "unit", "column", "shift", "law",
];
/// Most values of an empirical law.
const MAX_VALUES: usize = 1_000_000;

impl<'a> Item<'a> {
    /// A duration, or a table `{ law = … }`.
    pub fn law(&self) -> Option<Law> {
        if self.maybe_text().is_some() {
            return self.duration().map(Law::constant);
        }
        if !self.is_table() {
            let message = format!("`{}` must be a duration or a law", self.path);
            let label = "expected for example \"15m\" or { law = \"exponential\", mean = \"2h\" }";
            self.error(Problem::new(code::WRONG_TYPE, message, label));
            return None;
        }
        let reader = self.table()?;
        let law = read(&reader);
        reader.close();
        law
    }

    /// A law, or the word `never`.
    pub fn law_or_never(&self) -> Option<Option<Law>> {
        if self.maybe_text() == Some("never") { Some(None) } else { self.law().map(Some) }
    }
}

/// Reads the law in an open table; the caller may read further keys of it.
pub(super) fn read(r: &Reader<'_>) -> Option<Law> {
    let kind = r.require("law", "\"lognormal\"").and_then(|i| i.word(&LAWS));
    if kind.is_none() {
        // Which keys belong here depends on the law; do not call them unknown.
        r.know(&PARAMETERS);
    }
    let shift = r.get("shift").map_or(Some(Duration::ZERO), |i| i.duration());
    let law = match LAWS[kind?] {
        "constant" => r.require("value", "\"15m\"")?.duration().map(Law::constant),
        "exponential" => exponential(r),
        "uniform" => uniform(r),
        "weibull" => weibull(r),
        "lognormal" => lognormal(r),
        "pareto" => pareto(r),
        _ => empirical(r),
    }?;
    let shift = shift?;
    Some(if shift == Duration::ZERO { law } else { law.shifted(shift) })
}

/// Turns the refusal of a constructor into a diagnostic.
fn made(r: &Reader<'_>, law: Result<Law, LawError>) -> Option<Law> {
    match law {
        Ok(law) => Some(law),
        Err(error) => {
            let message = format!("`{}` is not a law", r.path);
            r.error(Problem::new(code::LAW, message, error.0));
            None
        }
    }
}

/// A positive duration under a key that must be there.
fn length(r: &Reader<'_>, key: &'static str, example: &str) -> Option<Duration> {
    r.require(key, example)?.positive_duration()
}

/// Exponential law of a yearly rate.
pub(super) fn per_year(item: &Item<'_>) -> Option<Law> {
    let rate = item.number(1e-9..=1e9)?;
    match Law::per_year(rate) {
        Ok(law) => Some(law),
        Err(error) => {
            item.error(Problem::new(code::LAW, format!("`{}` makes no law", item.path), error.0));
            None
        }
    }
}

fn exponential(r: &Reader<'_>) -> Option<Law> {
    r.exclusive(&["mean", "mtbf", "per_year"]);
    if let Some(item) = r.get("per_year") {
        return per_year(&item);
    }
    let mean = match r.get("mtbf") {
        Some(item) => item.positive_duration(),
        None => length(r, "mean", "\"2h\""),
    };
    made(r, Law::exponential(mean?))
}

fn uniform(r: &Reader<'_>) -> Option<Law> {
    let low = r.require("low", "\"1m\"").and_then(|i| i.duration());
    let high = r.require("high", "\"5m\"").and_then(|i| i.duration());
    made(r, Law::uniform(low?, high?))
}

fn weibull(r: &Reader<'_>) -> Option<Law> {
    r.exclusive(&["scale", "mean"]);
    let shape = r.require("shape", "1.5").and_then(|i| i.number(0.05..=100.0));
    if let Some(mean) = r.get("mean") {
        let mean = mean.positive_duration();
        return made(r, Law::weibull_mean(shape?, mean?));
    }
    let scale = length(r, "scale", "\"2h\"");
    made(r, Law::weibull(shape?, scale?))
}

fn lognormal(r: &Reader<'_>) -> Option<Law> {
    r.exclusive(&["median", "mean"]);
    r.exclusive(&["p95", "sigma"]);
    let by_mean = r.get("mean");
    let sigma = r.get("sigma");
    let middle = match &by_mean {
        Some(mean) => mean.positive_duration(),
        None => length(r, "median", "\"20m\""),
    };
    if let Some(sigma) = sigma {
        let sigma = sigma.number(0.0..=10.0);
        let make = if by_mean.is_some() { Law::lognormal_mean } else { Law::lognormal };
        return made(r, make(middle?, sigma?));
    }
    let p95 = length(r, "p95", "\"2h\"");
    let make = if by_mean.is_some() { Law::lognormal_mean_p95 } else { Law::lognormal_p95 };
    made(r, make(middle?, p95?))
}

fn pareto(r: &Reader<'_>) -> Option<Law> {
    r.exclusive(&["scale", "mean"]);
    let shape = r.require("shape", "2.5").and_then(|i| i.number(0.05..=1000.0));
    if let Some(mean) = r.get("mean") {
        let mean = mean.positive_duration();
        return made(r, Law::pareto_mean(mean?, shape?));
    }
    let scale = length(r, "scale", "\"10m\"");
    made(r, Law::pareto(scale?, shape?))
}

fn empirical(r: &Reader<'_>) -> Option<Law> {
    r.exclusive(&["file", "values"]);
    r.know(&["unit", "column"]);
    let values = if let Some(item) = r.get("file") {
        from_file(r, &item)?
    } else {
        let items = r.require("values", "[\"5m\", \"1h\"]")?.list()?;
        let count = items.len();
        let values: Vec<Duration> = items.iter().filter_map(|i| i.duration()).collect();
        if values.len() < count {
            return None;
        }
        r.refuse("unit", "`unit` goes with `file`");
        r.refuse("column", "`column` goes with `file`");
        values
    };
    if values.is_empty() || values.len() > MAX_VALUES {
        let message = format!("`{}` is not a law", r.path);
        r.error(Problem::new(code::LAW, message, format!("needs 1 to {MAX_VALUES} values")));
        return None;
    }
    if let Err(why) = r.cx.files.count(values.len()) {
        r.error(Problem::new(code::LIMIT, "too many values of empirical laws", why));
        return None;
    }
    made(r, Law::empirical(values))
}

/// The values of one column of a CSV file.
fn from_file(r: &Reader<'_>, file: &Item<'_>) -> Option<Vec<Duration>> {
    let name = file.text()?;
    let unit = match r.get("unit") {
        None => 1.0,
        Some(item) => [0.001, 1.0, 60.0, 3600.0, 86_400.0][item.word(&UNITS)?],
    };
    let column = match r.get("column") {
        None => None,
        Some(item) => Some(item.text()?),
    };
    let refuse = |why: String| {
        let message = format!("`{name}` cannot be used");
        file.error(Problem::new(code::FILE, message, why));
        None
    };
    let text = match r.cx.files.text(name) {
        Ok(text) => text,
        Err(why) => return refuse(why),
    };
    match values(&text, column, unit) {
        Ok(values) => Some(values),
        Err(why) => refuse(why),
    }
}

/// Reads a column of numbers: by name from the header line, else the first one, with or without a header.
fn values(text: &str, column: Option<&str>, unit: f64) -> Result<Vec<Duration>, String> {
    let mut lines =
        text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty() && !l.starts_with('#')).peekable();
    let cell = |line: &str, index: usize| {
        line.split(',').nth(index).map(|c| c.trim().trim_matches('"').to_owned()).unwrap_or_default()
    };
    let mut index = 0;
    if let Some(column) = column {
        let (_, header) = lines.next().ok_or("the file is empty")?;
        index = (0..header.split(',').count())
            .find(|&i| cell(header, i) == column)
            .ok_or_else(|| format!("no column {column:?} in its first line"))?;
    } else if lines.peek().is_some_and(|(_, l)| cell(l, 0).parse::<f64>().is_err()) {
        lines.next();
    }
    let mut found = Vec::new();
    for (number, line) in lines {
        let cell = cell(line, index);
        match cell.parse::<f64>() {
            Ok(v) if (0.0..1e9).contains(&v) => found.push(Duration::from_secs_f64(v * unit)),
            _ => return Err(format!("line {}: {cell:?} is no number from 0 to a billion", number + 1)),
        }
        if found.len() > MAX_VALUES {
            return Err(format!("more than {MAX_VALUES} values"));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name() {
        let text = "# outages\nscope,minutes\nzone,20\n\nregion,75\n";
        assert_eq!(
            values(text, Some("minutes"), 60.0),
            Ok(vec![Duration::from_secs(1200), Duration::from_secs(4500)])
        );
        assert!(values(text, Some("hours"), 60.0).unwrap_err().contains("no column"));
        assert!(values(text, None, 1.0).unwrap_err().contains("line 3"));
        assert_eq!(values("5\n7", None, 1.0), Ok(vec![Duration::from_secs(5), Duration::from_secs(7)]));
        assert_eq!(
            values("minutes\n5\n7", None, 1.0),
            Ok(vec![Duration::from_secs(5), Duration::from_secs(7)])
        );
        assert!(values("5\n-7", None, 1.0).is_err());
        assert!(values("5\ninf", None, 1.0).is_err());
    }
}
