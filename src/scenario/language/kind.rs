//! Types of keys, as `language.toml` writes them: alternatives joined by `or`.
//!
//! `any`; `text`, `name`, `duration` and the other kinds of texts in [`TEXTS`]; `boolean`; `integer A to B`, `number A to B`,
//! `number`; `"never"`, that word; `word LIST`, one of the words in [`words`]; `preset SECTION`, the name of one;
//! `table T`; `tables T`, tables by names that users choose. What follows `list of`, `N of` and `A to B of` is the type
//! of the elements, what follows `map of` that of the values by names of regions. `law` and `deed` stand for a
//! duration or any law, and for anything that can be done.

use super::super::{
    action, backup, failover, fault, front, law, layers, members, price, range, routing, runbook, selector,
    service, store, sweep, writes,
};
use crate::model::objective::Series;
use crate::model::{Class, Party};

/// A type.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Any,
    Text(&'static Text),
    Boolean,
    Integer(u64, u64),
    Number(Option<(f64, f64)>),
    Literal(String),
    Word(Vec<&'static str>),
    List {
        least: usize,
        most: Option<usize>,
        of: Vec<Kind>,
    },
    /// By names of regions.
    Map(Vec<Kind>),
    Table(String),
    /// By names that users choose.
    Tables(String),
}

/// A kind of text.
#[derive(Debug)]
pub(super) struct Text {
    word: &'static str,
    /// In words.
    pub says: &'static str,
    /// Regular expression that every such text matches.
    pub pattern: fn() -> Option<String>,
}

const TEXTS: [Text; 13] = [
    Text { word: "text", says: "a text", pattern: || None },
    Text { word: "name", says: "a name", pattern: || Some(NAME.into()) },
    Text {
        word: "duration",
        says: "a duration",
        pattern: || {
            let units = "ns|us|ms|s(ec(onds?)?)?|m(in(utes?)?)?|h(ours?)?|d(ays?)?|w(eeks?)?|y(ears?)?";
            Some(format!(r"^\s*({NUMBER}\s*({units})\s*)+$"))
        },
    },
    Text { word: "size", says: "a size", pattern: || Some(format!(r"^\s*{NUMBER}\s*(B|[kMGT]B)\s*$")) },
    Text {
        word: "bandwidth",
        says: "a bandwidth",
        pattern: || Some(format!(r"^\s*{NUMBER}\s*(B|[kMGT]B)\s*/s\s*$")),
    },
    Text {
        word: "selector",
        says: "a selector",
        pattern: || Some(format!("^({}):.+$", selector::words().join("|"))),
    },
    Text {
        word: "member",
        says: "a selector or `block:NAME`",
        pattern: || Some(format!("^({}|block):.+$", selector::words().join("|"))),
    },
    Text { word: "part", says: "a part", pattern: || Some(format!(r"^({})\..+$", service::KINDS.join("|"))) },
    Text { word: "metric", says: "the id of a figure", pattern: || Some("^[!-~]+$".into()) },
    Text {
        word: "comparison",
        says: "a comparison",
        pattern: || Some(r"^\s*((==|!=|<=?|>=?)\s*\S+|in\s*\[.*\]|undefined)\s*$".into()),
    },
    Text { word: "tolerance", says: "a percentage", pattern: || Some(r"^\s*[0-9.eE+-]+\s*%$".into()) },
    Text { word: "rule", says: "the id of a rule", pattern: || Some("^[cix][0-9]{2}$".into()) },
    Text { word: "currency", says: "a currency", pattern: || Some("^.{1,16}$".into()) },
];

/// Names that users choose.
pub(super) const NAME: &str = "^[A-Za-z0-9_-]{1,64}$";
/// Digits with at most one point, and `_` between.
const NUMBER: &str = r"[0-9_]*\.?[0-9_]*[0-9][0-9_]*\.?[0-9_]*";

/// Names that begin those of the forms of one thing, with what it is called.
pub(super) const FORMS: [(&str, &str); 2] = [("law", "a law"), ("do", "a table with one of the actions")];

/// What the table of this name is a form of.
pub(super) fn form(table: &str) -> Option<(&'static str, &'static str)> {
    let of = |(name, _): &(&str, &str)| table.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'));
    FORMS.into_iter().find(of)
}

/// The words of a list: those that the readers know.
fn words(list: &str) -> Option<Vec<&'static str>> {
    let found: &[&'static str] = match list {
        "apis" => &writes::APIS,
        "backup-modes" => &backup::MODES,
        "balances" => &front::BALANCES,
        "billings" => &price::BILLINGS,
        "causes" => return Some(fault::CAUSES.iter().map(|(word, _)| *word).collect()),
        "classes" => return Some(Class::ALL.map(Class::word).to_vec()),
        "damages" => &fault::DAMAGES,
        "effects" => &fault::EFFECTS,
        "failover-modes" => {
            let mut both = failover::MODES.to_vec();
            both.extend(failover::MODES_OF_MEMBERS.iter().filter(|w| !failover::MODES.contains(w)));
            return Some(both);
        }
        "fences" => &failover::FENCES,
        "hours" => &runbook::HOURS,
        "kinds" => return Some(Series::ALL.map(Series::word).to_vec()),
        "levels" => &store::LEVELS,
        "measures" => &super::super::objective::MEASURES,
        "owners" => &runbook::OWNERS,
        "parties" => return Some(Party::ALL.map(Party::word).to_vec()),
        "placements" => &store::PLACEMENTS,
        "policies" => &writes::POLICIES,
        "reads" => &members::READS,
        "redundancies" => &backup::REDUNDANCY,
        "replication" => &members::REPLICATION,
        "routings" => &routing::PATTERNS,
        "scales" => &range::SCALES,
        "sweep-modes" => &sweep::MODES,
        "tokens" => &routing::TOKENS,
        "units" => &law::UNITS,
        "waivers" => &price::WAIVERS,
        "while-restoring" => &backup::WHILE_RESTORING,
        "without-standby" => &members::WITHOUT_STANDBY,
        "writes" => &writes::WRITES,
        _ => return None,
    };
    Some(found.to_vec())
}

/// Reads a type; `None` if it is none.
pub(super) fn parse(text: &str) -> Option<Vec<Kind>> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        // A list takes all that follows.
        if let Some((head, of)) = rest.split_once(" of ").filter(|(head, _)| !head.contains(" or ")) {
            let of = parse(of)?;
            found.push(match head {
                "map" => Kind::Map(of),
                "list" => Kind::List { least: 0, most: None, of },
                _ => {
                    let (least, most) = head.split_once(" to ").unwrap_or((head, head));
                    Kind::List { least: least.parse().ok()?, most: Some(most.parse().ok()?), of }
                }
            });
            break;
        }
        let (one, others) = rest.split_once(" or ").unwrap_or((rest, ""));
        found.extend(single(one)?);
        rest = others;
    }
    Some(found)
}

fn single(text: &str) -> Option<Vec<Kind>> {
    if let Some(kind) = TEXTS.iter().find(|t| t.word == text) {
        return Some(vec![Kind::Text(kind)]);
    }
    if let Some(word) = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
        return Some(vec![Kind::Literal(word.to_owned())]);
    }
    let table = |prefix: &str, name: &str| Kind::Table(format!("{prefix}{name}"));
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let ends = rest.split_once(" to ");
    Some(match word {
        "any" => vec![Kind::Any],
        "boolean" => vec![Kind::Boolean],
        "integer" => ends.map(|(a, b)| Some(vec![Kind::Integer(a.parse().ok()?, b.parse().ok()?)]))??,
        "number" if rest.is_empty() => vec![Kind::Number(None)],
        "number" => {
            ends.map(|(a, b)| Some(vec![Kind::Number(Some((a.parse().ok()?, b.parse().ok()?)))]))??
        }
        "word" => vec![Kind::Word(words(rest)?)],
        "preset" => vec![Kind::Word(layers::preset_names(rest))],
        "table" => vec![Kind::Table(rest.to_owned())],
        "tables" => vec![Kind::Tables(rest.to_owned())],
        "law" => {
            let duration = single("duration")?.into_iter();
            duration.chain(law::LAWS.map(|law| table("law-", law))).collect()
        }
        "deed" => action::VERBS.map(|verb| table("do-", verb)).to_vec(),
        _ => return None,
    })
}

/// A type in words: `a duration or a law`.
pub(super) fn says(kinds: &[Kind]) -> String {
    let mut found: Vec<String> = Vec::new();
    for kind in kinds {
        let text = match kind {
            Kind::Text(text) => text.says.to_owned(),
            Kind::Any => "anything".to_owned(),
            Kind::Boolean => "`true` or `false`".to_owned(),
            Kind::Integer(low, u64::MAX) => format!("an integer from {low}"),
            Kind::Integer(low, high) => format!("an integer from {low} to {high}"),
            Kind::Number(None) => "a number".to_owned(),
            Kind::Number(Some((low, high))) => format!("a number from {low} to {high}"),
            Kind::Literal(word) => format!("`\"{word}\"`"),
            Kind::Word(words) => {
                format!("one of {}", words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", "))
            }
            Kind::List { least, most, of } => match most {
                Some(most) if least == most => format!("a list of {most} elements, each {}", says(of)),
                Some(most) => format!("a list of {least} to {most} elements, each {}", says(of)),
                None => format!("a list, each element {}", says(of)),
            },
            Kind::Map(of) => format!("a table by regions, each value {}", says(of)),
            Kind::Table(name) => match form(name) {
                Some((_, called)) => called.to_owned(),
                None => "a table".to_owned(),
            },
            Kind::Tables(_) => "a table of tables, by names of your choice".to_owned(),
        };
        if !found.contains(&text) {
            found.push(text);
        }
    }
    found.join(" or ")
}
