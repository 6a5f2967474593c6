//! Figures: the rows of the table in docs/outputs.md, which names families of ids: `rto_seconds.KIND[.CLASS].STAT`.

use super::page::{spoken, wrapped};

const PAGE: &str = include_str!("../../../docs/outputs.md");

/// A row of the table.
struct Row {
    /// Families of ids, mostly one.
    ids: Vec<&'static str>,
    unit: &'static str,
    /// Which subjects have it.
    of: &'static str,
    /// How its interval comes about.
    interval: &'static str,
    meaning: &'static str,
    undefined: &'static str,
}

/// The rows below a table's heading, as cells.
fn table(heading: &str) -> impl Iterator<Item = Vec<&'static str>> {
    let start = PAGE.find(heading).map_or("", |at| &PAGE[at..]);
    let rows = start.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
}

fn rows() -> impl Iterator<Item = Row> {
    table("| metric | unit |").filter_map(|cells| {
        let [ids, unit, of, interval, meaning, undefined] = cells[..] else { return None };
        let ids = ids.split(", ").map(|id| id.trim_matches('`')).collect();
        Some(Row { ids, unit, of, interval, meaning, undefined })
    })
}

/// A sentence of the page's list of words, such as `A *class* is …`.
fn sentence(begin: &str) -> &'static str {
    let rest = PAGE.find(begin).map_or("", |at| &PAGE[at..]);
    rest.split_once(". ").map_or(rest, |(sentence, _)| sentence)
}

/// One part of a family: a word or, in capitals, what stands for words.
struct Part {
    text: &'static str,
    optional: bool,
}

fn parts(family: &'static str) -> Vec<Part> {
    let pieces = family.split('.');
    let part = |piece: &'static str| Part {
        text: piece.trim_matches(['[', ']']),
        // The bracket that opens an optional part stands before its dot: at the end of the part before it.
        optional: piece.ends_with(']'),
    };
    pieces.map(part).collect()
}

/// How an id fits a family.
#[derive(Debug, PartialEq)]
enum Fit {
    /// It is one of its ids: what stands for the parts in capitals.
    Whole(Vec<(&'static str, String)>),
    /// It is the beginning of some.
    Beginning,
}

fn fit(id: &[&str], parts: &[Part], row: &Row) -> Option<Fit> {
    match (id, parts) {
        ([], rest) if rest.iter().all(|part| part.optional) => Some(Fit::Whole(Vec::new())),
        ([], _) => Some(Fit::Beginning),
        (_, []) => None,
        ([word, id @ ..], [part, parts @ ..]) => {
            let skipped = || if part.optional { fit(&[&[*word], id].concat(), parts, row) } else { None };
            if part.text == "PERCENT" && *word != part.text {
                // The only one that may have a dot in it.
                let whole = [&[*word], id].concat().join(".");
                return whole.parse::<f64>().ok().map(|_| Fit::Whole(vec![(part.text, whole)]));
            }
            if !part.matches(word, row) {
                return skipped();
            }
            match fit(id, parts, row) {
                Some(Fit::Whole(mut filled)) => {
                    if part.stands_for_words() && part.text != *word {
                        filled.insert(0, (part.text, word.to_string()));
                    }
                    Some(Fit::Whole(filled))
                }
                other => other,
            }
        }
    }
}

impl Part {
    fn stands_for_words(&self) -> bool {
        self.text.chars().all(|c| c.is_ascii_uppercase())
    }

    fn matches(&self, word: &str, row: &Row) -> bool {
        let among = |text: &str| text.contains(&format!("`{word}`"));
        self.text == word
            || match self.text {
                "KIND" => among(sentence("A *kind* is")),
                "CLASS" => among(sentence("A *class* is")),
                "REGION" | "NAME" => true,
                "STAT" => statistics(row).contains(&word) || quantile(word),
                text => self.stands_for_words() && text.len() > 1 && among(row.meaning),
            }
    }
}

fn quantile(word: &str) -> bool {
    word.strip_prefix('p').is_some_and(|digits| digits.parse::<f64>().is_ok())
}

/// The statistics that a family has.
fn statistics(row: &Row) -> &'static [&'static str] {
    match row.interval {
        "events" => &["mean", "p50", "p90", "p99", "max"],
        "months" => &["mean", "p50", "p10", "p1", "min"],
        _ if row.meaning.contains("`end`") => &["mean", "max", "end"],
        _ => &["mean", "max"],
    }
}

/// What there is to say about an id, with its subject or without, or about a family; nothing if it is none.
pub fn find(word: &str) -> Vec<String> {
    let id: Vec<&str> = word.rsplit('/').next().unwrap_or(word).split('.').collect();
    let mut whole = Vec::new();
    let mut longer = Vec::new();
    for row in rows() {
        for family in row.ids.clone() {
            match fit(&id, &parts(family), &row) {
                Some(Fit::Whole(filled)) => whole.push(told(family, &row, &filled)),
                Some(Fit::Beginning) => longer.push((family, row.unit)),
                None => {}
            }
        }
    }
    match (&whole[..], &longer[..]) {
        (_, []) => whole,
        // The only one that begins so.
        ([], [(only, _)]) => {
            let row = rows().find(|row| row.ids.contains(only));
            row.iter().map(|row| told(only, row, &[])).collect()
        }
        _ => {
            let lines: String = longer.iter().map(|(id, unit)| format!("- `{id}`, {unit}\n")).collect();
            whole.push(format!("Figures that begin with `{}.`:\n{lines}", id.join(".")));
            whole
        }
    }
}

fn told(family: &str, row: &Row, filled: &[(&str, String)]) -> String {
    let mut text = format!("`{family}`: a figure, unit {}\n\n", row.unit);
    let meaning = spoken(row.meaning);
    let mut letters = meaning.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    text += &wrapped(&format!("{first}{}.", letters.as_str()), "");
    text.push('\n');
    let mut fact = |name: &str, value: &str| {
        if !value.is_empty() {
            text += &wrapped(&format!("- {name}: {}", spoken(value)), "  ");
        }
    };
    fact("of", row.of);
    let how = table("| interval | how |").find(|cells| cells[0] == row.interval);
    fact("95 % interval", how.map_or(row.interval, |cells| cells[1]));
    fact("undefined when", row.undefined);
    if family.contains("KIND") {
        fact("KIND", sentence("A *kind* is"));
    }
    if family.contains("CLASS") {
        fact("CLASS", sentence("A *class* is"));
    }
    if family.contains("STAT") {
        fact("STAT", &statistics(row).join(", "));
    }
    let here: Vec<String> = filled.iter().map(|(part, word)| format!("{part} is {word}")).collect();
    fact("here", &here.join(", "));
    for (_, word) in
        filled.iter().filter(|(part, word)| *part == "STAT" && !statistics(row).contains(&word.as_str()))
    {
        fact("beware", &format!("{word} is not computed"));
    }
    text
}

/// The first part of every family, or of an objective's its last.
pub fn words() -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for family in rows().flat_map(|row| row.ids) {
        let begin = match family.strip_prefix("objective.NAME.") {
            Some(_) => family,
            None => family.split(['.', '[']).next().unwrap_or(family),
        };
        if !words.iter().any(|word| word == begin) {
            words.push(begin.to_string());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_find_their_families() {
        for (id, family, here) in [
            (
                "orders/rto_seconds.write.zone.p99",
                "rto_seconds.KIND[.CLASS].STAT",
                "KIND is write, CLASS is zone, STAT is p99",
            ),
            ("rto_seconds.read.max", "rto_seconds.KIND[.CLASS].STAT", "KIND is read, STAT is max"),
            ("rpo_seconds.max", "rpo_seconds[.CLASS].STAT", "STAT is max"),
            ("availability.write.client.west", "availability.KIND.client.REGION", "REGION is west"),
            ("availability.write", "availability[.KIND]", "KIND is write"),
            ("objective.sla.budget_left.year.p10", "objective.NAME.budget_left.PER.STAT", "PER is year"),
            ("objective.sla.months_credited.2.5", "objective.NAME.months_credited.PERCENT", "PERCENT is 2.5"),
            (
                "phase_minutes_per_year.write.catch-up",
                "phase_minutes_per_year.KIND.PHASE",
                "PHASE is catch-up",
            ),
            ("stale_reads.client.west", "stale_reads.client.REGION", "REGION is west"),
            ("restore_skew_seconds.max", "restore_skew_seconds.max", "no restore"),
            ("rto_seconds.write.p95", "rto_seconds.KIND[.CLASS].STAT", "p95 is not computed"),
        ] {
            let found = find(id);
            assert!(found[0].starts_with(&format!("`{family}`: ")), "{id}: {found:?}");
            assert!(found[0].contains(here), "{id}: {found:?}");
        }
        for wrong in
            ["rto_seconds.write.zone.mea", "rto_seconds.foo.max", "availability.write.zone", "nonsense", ""]
        {
            assert!(find(wrong).is_empty(), "{wrong}: {:?}", find(wrong));
        }
    }

    #[test]
    fn a_family_is_told_or_its_members_listed() {
        assert!(find("rto_seconds").concat().contains("Length of an outage"));
        let both = find("availability").concat();
        assert!(both.contains("1 − failed requests / requests") && both.contains("client.REGION"), "{both}");
        assert!(find("objective").concat().contains("`objective.NAME.kept`, probability"));
    }

    #[test]
    fn each_row_says_all() {
        let intervals: Vec<&str> = table("| interval | how |").map(|cells| cells[0]).collect();
        assert!(intervals.len() == 5 && rows().count() > 50);
        for row in rows() {
            let known = intervals.iter().any(|i| row.interval.starts_with(i));
            assert!(known && !row.of.is_empty() && !row.unit.is_empty(), "{:?}", row.ids);
        }
        assert_eq!(rows().count(), table("| metric | unit |").count());
    }
}
