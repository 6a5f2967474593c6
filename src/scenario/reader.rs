//! Typed access to the tree that remembers which keys it was asked for: what nobody asked for is unknown.

use super::context::{Context, Problem};
use super::diagnostic::{Severity, code};
use super::suggest;
use super::tree::{At, Kind, Origin, Table, Value};
use crate::units::Duration;
use core::cell::RefCell;
use core::ops::RangeInclusive;

/// A value with its dotted path.
#[derive(Clone)]
pub(super) struct Item<'a> {
    pub cx: &'a Context<'a>,
    pub value: &'a Value,
    pub path: String,
}

impl<'a> Item<'a> {
    /// Place of what the text names among what is known. Where not all of it could be read, an unknown name is not reported:
    /// `complete` is false then.
    pub(super) fn index_in(
        &self,
        code: &'static str,
        what: &str,
        known: &[&str],
        complete: bool,
    ) -> Option<u32> {
        let text = self.text()?;
        let found = known.iter().position(|n| *n == text);
        if found.is_none() && complete {
            let problem = Problem::new(code, format!("unknown {what} `{text}`"), format!("no such {what}"));
            self.error(problem.did_you_mean(text, known));
        }
        found.map(|i| i as u32)
    }

    /// Notes an error at this value.
    pub fn error(&self, problem: Problem) {
        self.cx.report(Severity::Error, &self.value.at, &self.path, problem);
    }

    /// Notes a warning at this value.
    pub fn warn(&self, problem: Problem) {
        self.cx.report(Severity::Warning, &self.value.at, &self.path, problem);
    }

    /// Says what a value must be.
    pub fn wrong_type(&self, wanted: &str) {
        let message = format!("`{}` must be {wanted}", self.path);
        let label = format!("expected {wanted}, found {}", self.value.kind.word());
        self.error(Problem::new(code::WRONG_TYPE, message, label));
    }

    /// A string.
    pub fn text(&self) -> Option<&'a str> {
        match &self.value.kind {
            Kind::Text(text) => Some(text),
            _ => {
                self.wrong_type("a string");
                None
            }
        }
    }

    /// The string, if it is one.
    pub fn maybe_text(&self) -> Option<&'a str> {
        match &self.value.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// How many elements the value has, if it is a list.
    pub fn length(&self) -> Option<usize> {
        match &self.value.kind {
            Kind::List(items) => Some(items.len()),
            _ => None,
        }
    }

    /// Whether the value is a table.
    pub fn is_table(&self) -> bool {
        matches!(self.value.kind, Kind::Table(_))
    }

    /// Whether the value is a list.
    pub fn is_list(&self) -> bool {
        matches!(self.value.kind, Kind::List(_))
    }

    pub fn boolean(&self) -> Option<bool> {
        match self.value.kind {
            Kind::Boolean(b) => Some(b),
            _ => {
                self.wrong_type("true or false");
                None
            }
        }
    }

    /// One of some words; gives its index.
    pub fn word(&self, words: &[&str]) -> Option<usize> {
        let text = self.text()?;
        let found = words.iter().position(|w| *w == text);
        if found.is_none() {
            let message = format!("`{}` cannot be {text:?}", self.path);
            let label = format!("expected {}", suggest::list(words));
            let problem = Problem::new(code::UNKNOWN_WORD, message, label);
            self.error(match suggest::nearest(text, words) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem,
            });
        }
        found
    }

    /// An integer within a range.
    pub fn integer(&self, range: RangeInclusive<u64>) -> Option<u64> {
        let (low, high) = (*range.start(), *range.end());
        match self.value.kind {
            Kind::Integer(n) => match u64::try_from(n) {
                Ok(n) if range.contains(&n) => Some(n),
                _ => {
                    let message = format!("`{}` is out of range", self.path);
                    let bounds = match (low, high) {
                        (_, u64::MAX) => format!("must be {low} or more"),
                        _ => format!("must be from {low} to {high}"),
                    };
                    self.error(Problem::new(code::OUT_OF_RANGE, message, bounds));
                    None
                }
            },
            _ => {
                self.wrong_type("an integer");
                None
            }
        }
    }

    /// The integer, if it is one that is not negative.
    pub fn maybe_integer(&self) -> Option<u64> {
        match self.value.kind {
            Kind::Integer(n) => u64::try_from(n).ok(),
            _ => None,
        }
    }

    /// A number within a range.
    pub fn number(&self, range: RangeInclusive<f64>) -> Option<f64> {
        let number = match self.value.kind {
            Kind::Integer(n) => n as f64,
            Kind::Float(n) => n,
            _ => {
                self.wrong_type("a number");
                return None;
            }
        };
        if range.contains(&number) {
            return Some(number);
        }
        let message = format!("`{}` is out of range", self.path);
        let label = format!("must be from {} to {}", range.start(), range.end());
        self.error(Problem::new(code::OUT_OF_RANGE, message, label));
        None
    }

    /// A rate or cost as thousandths, exact for integers, rounded to nearest for fractions.
    pub fn thousandths(&self, most: u64) -> Option<u64> {
        match self.value.kind {
            Kind::Integer(_) => self.integer(0..=most).and_then(|n| n.checked_mul(1000)),
            _ => self.number(0.0..=most as f64).map(|n| (n * 1000.0 + 0.5) as u64),
        }
    }

    /// A probability or share as millionths.
    pub fn millionths(&self) -> Option<u32> {
        self.number(0.0..=1.0).map(|n| (n * 1e6 + 0.5) as u32)
    }

    /// A duration text.
    pub fn duration(&self) -> Option<Duration> {
        let Kind::Text(text) = &self.value.kind else {
            self.wrong_type("a duration such as \"15m\" or \"1h 30m\"");
            return None;
        };
        match text.parse::<Duration>() {
            Ok(duration) => Some(duration),
            Err(error) => {
                let message = format!("`{}` is not a duration", self.path);
                self.error(Problem::new(code::UNREADABLE, message, error.to_string()));
                None
            }
        }
    }

    /// A duration above zero.
    pub fn positive_duration(&self) -> Option<Duration> {
        let duration = self.duration()?;
        if duration == Duration::ZERO {
            let message = format!("`{}` must be longer than 0", self.path);
            self.error(Problem::new(code::OUT_OF_RANGE, message, "must be longer than 0s"));
            return None;
        }
        Some(duration)
    }

    /// A size such as `"50GB"` in bytes; `suffix` is `""` or `"/s"`.
    pub fn bytes(&self, suffix: &str) -> Option<u64> {
        let example = format!("\"50GB{suffix}\"");
        let Kind::Text(text) = &self.value.kind else {
            self.wrong_type(&format!("a size such as {example}"));
            return None;
        };
        let parsed = parse_bytes(text, suffix);
        if parsed.is_none() {
            let message = format!("`{}` is not a size", self.path);
            let label = format!("expected a number with a unit of B, kB, MB, GB, TB{}", {
                if suffix.is_empty() { String::new() } else { format!(" and {suffix:?}") }
            });
            let problem = Problem::new(code::UNREADABLE, message, label);
            self.error(problem.help(format!("write for example {example}; 1 kB is 1000 B")));
        }
        parsed
    }

    /// The elements of a list.
    pub fn list(&self) -> Option<Vec<Item<'a>>> {
        match &self.value.kind {
            Kind::List(items) => Some(
                items
                    .iter()
                    .enumerate()
                    .map(|(i, value)| Item {
                        cx: self.cx,
                        value,
                        path: format!("{}[{}]", self.path, label_of(value, i)),
                    })
                    .collect(),
            ),
            _ => {
                self.wrong_type("a list");
                None
            }
        }
    }

    /// The elements of a list, or the value itself as the only one.
    pub fn one_or_many(&self) -> Vec<Item<'a>> {
        if self.is_list() { self.list().unwrap_or_default() } else { vec![self.clone()] }
    }

    /// A table.
    pub fn table(&self) -> Option<Reader<'a>> {
        match &self.value.kind {
            Kind::Table(table) => Some(Reader::of(self.cx, table, self.value.at.clone(), self.path.clone())),
            _ => {
                self.wrong_type("a table");
                None
            }
        }
    }
}

/// How an override addresses an element: by its name, else by its number.
fn label_of(value: &Value, index: usize) -> String {
    match &value.kind {
        Kind::Table(table) => match table.text("name") {
            Some(name) => name.to_owned(),
            None => index.to_string(),
        },
        _ => index.to_string(),
    }
}

/// Reads a size; decimal units.
pub(super) fn parse_bytes(text: &str, suffix: &str) -> Option<u64> {
    let text = text.trim().strip_suffix(suffix)?.trim();
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(split);
    let factor = match unit {
        "B" => 1u64,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => return None,
    };
    let number: String = number.trim().chars().filter(|&c| c != '_').collect();
    if !number.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return None;
    }
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(factor).filter(|&b| b <= 1_000_000_000_000_000_000);
    }
    let bytes = number.parse::<f64>().ok()? * factor as f64;
    (bytes <= 1e18).then_some((bytes + 0.5) as u64)
}

/// An entry whose key is a name the user chose.
pub(super) struct Named<'a> {
    pub name: &'a str,
    /// Place of the name.
    pub at: &'a At,
    pub item: Item<'a>,
}

/// A table being read. [`Reader::close`] reports every key nobody asked for.
pub(super) struct Reader<'a> {
    pub cx: &'a Context<'a>,
    pub table: &'a Table,
    pub at: At,
    pub path: String,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Reader<'a> {
    /// Reads a table that lies at a path.
    pub fn of(cx: &'a Context<'a>, table: &'a Table, at: At, path: String) -> Reader<'a> {
        Reader { cx, table, at, path, known: RefCell::default() }
    }

    /// Path of a key in this table.
    pub fn sub(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The value of a key; the key is known from now on.
    pub fn get(&self, key: &'static str) -> Option<Item<'a>> {
        let mut known = self.known.borrow_mut();
        if !known.contains(&key) {
            known.push(key);
            #[cfg(test)]
            self.cx.asked.borrow_mut().insert(self.sub(key));
        }
        self.table.get(key).map(|value| Item { cx: self.cx, value, path: self.sub(key) })
    }

    /// Makes keys known that the reading may not come to because of an error elsewhere in the table.
    pub fn know(&self, keys: &[&'static str]) {
        for key in keys {
            self.get(key);
        }
    }

    /// The value of a key that must be there.
    pub fn require(&self, key: &'static str, example: &str) -> Option<Item<'a>> {
        let item = self.get(key);
        if item.is_none() {
            let message = format!("`{}` is missing", self.sub(key));
            let problem = Problem::new(code::MISSING_KEY, message, format!("needs `{key}`"));
            self.error(problem.help(format!("add for example `{key} = {example}`")));
        }
        item
    }

    /// A sub-table, if the key is there.
    pub fn table(&self, key: &'static str) -> Option<Reader<'a>> {
        self.get(key)?.table()
    }

    /// Notes that a known key means nothing here.
    pub fn refuse(&self, key: &'static str, why: &str) {
        if let Some(item) = self.get(key) {
            let message = format!("`{}` means nothing here", item.path);
            item.error(Problem::new(code::NOT_HERE, message, why).help(format!("remove `{key}`")));
        }
    }

    /// Warns that a key changes nothing, unless a preset gave it or it is not there. No error, because a variant can
    /// change the other settings, but not take a key away.
    pub fn idle(&self, key: &'static str, why: &str) {
        if let Some(item) = self.get(key)
            && !matches!(item.value.at.origin, Origin::Preset(_))
        {
            let message = format!("`{}` has no effect", item.path);
            item.warn(Problem::new(code::NO_EFFECT, message, why));
        }
    }

    /// At most one of these keys may be there.
    pub fn exclusive(&self, keys: &[&'static str]) {
        let given: Vec<&'static str> = keys.iter().copied().filter(|k| self.get(k).is_some()).collect();
        if let [first, second, ..] = given[..]
            && let Some(item) = self.get(second)
        {
            let message = format!("`{first}` and `{second}` exclude each other");
            let label = format!("`{first}` is given too");
            item.error(Problem::new(code::EXCLUSIVE, message, label).help("keep one of them"));
        }
    }

    /// Notes an error at the table itself.
    pub fn error(&self, problem: Problem) {
        self.cx.report(Severity::Error, &self.at, &self.path, problem);
    }

    /// Notes a warning at the table itself.
    pub fn warn(&self, problem: Problem) {
        self.cx.report(Severity::Warning, &self.at, &self.path, problem);
    }

    /// The entries of a table whose keys are names the user chose; bad names are reported and left out.
    pub fn named(&self) -> Vec<Named<'a>> {
        let mut found = Vec::new();
        for entry in &self.table.entries {
            let item = Item { cx: self.cx, value: &entry.value, path: self.sub(&entry.key) };
            if check_name(self.cx, &entry.key_at, &item.path, &entry.key) {
                found.push(Named { name: &entry.key, at: &entry.key_at, item });
            }
        }
        found
    }

    /// Ends the reading: every key nobody asked for is an error.
    pub fn close(self) {
        let known = self.known.borrow();
        for entry in &self.table.entries {
            if known.contains(&entry.key.as_str()) {
                continue;
            }
            if self.cx.full() {
                break;
            }
            let message = format!("unknown key `{}`", self.sub(&entry.key));
            let problem = Problem::new(code::UNKNOWN_KEY, message, "not a key of this table");
            let problem = match (self.path.as_str(), entry.key.as_str()) {
                ("scenario", "use") => problem.help("`use` stands above the first table of the file"),
                (_, key) => problem.did_you_mean(key, &known),
            };
            self.cx.report(Severity::Error, &entry.key_at, &self.sub(&entry.key), problem);
        }
    }
}

/// Whether a name is usable in paths and selectors; if not, that is reported.
pub(super) fn check_name(cx: &Context<'_>, at: &At, path: &str, name: &str) -> bool {
    let good = !name.is_empty()
        && name.len() <= 64
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if !good {
        let message = format!("{name:?} cannot be a name");
        let label = "names are made of 1 to 64 letters, digits, `-` and `_`";
        cx.report(Severity::Error, at, path, Problem::new(code::BAD_NAME, message, label));
    }
    good
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_decimal_units() {
        for (text, suffix, bytes) in [
            ("50GB", "", Some(50_000_000_000)),
            ("1.5 kB", "", Some(1500)),
            ("100MB/s", "/s", Some(100_000_000)),
            ("100MB", "/s", None),
            ("100", "", None),
            ("GB", "", None),
            ("-1GB", "", None),
            ("1Gbit", "", None),
            ("99999999TB", "", None),
            ("1e3B", "", None),
        ] {
            assert_eq!(parse_bytes(text, suffix), bytes, "{text}");
        }
    }
}
