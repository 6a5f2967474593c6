//! Findings in words, true whatever the data.

/// A variant's figure that is better when smaller.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: f64,
    pub(crate) low: Option<f64>,
    pub(crate) high: Option<f64>,
}

/// Who comes first, and how certain that is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ranking<'a> {
    /// Nothing to rank.
    None,
    /// The only one.
    Only(Entry<'a>),
    /// All the same.
    Equal(f64),
    /// The least of them with its value, who else has it exactly, who is within the intervals, and the largest.
    Least { first: Entry<'a>, ties: usize, near: usize, most: Entry<'a> },
}

/// Ranks by value; the order of equals stays.
pub(crate) fn rank<'a>(mut entries: Vec<Entry<'a>>) -> Ranking<'a> {
    entries.retain(|e| e.value.is_finite());
    let Some(first) = entries.iter().min_by(|a, b| a.value.total_cmp(&b.value)).cloned() else {
        return Ranking::None;
    };
    if entries.len() == 1 {
        return Ranking::Only(first);
    }
    let ties = entries.iter().filter(|e| e.value == first.value).count() - 1;
    if ties + 1 == entries.len() {
        return Ranking::Equal(first.value);
    }
    let apart = |e: &Entry<'_>| matches!((first.high, e.low), (Some(high), Some(low)) if high < low);
    let near = entries.iter().filter(|e| e.value > first.value && !apart(e)).count();
    let most = entries.iter().rev().max_by(|a, b| a.value.total_cmp(&b.value)).cloned();
    let most = most.unwrap_or_else(|| first.clone());
    Ranking::Least { first, ties, near, most }
}

/// A name that is not too long for a sentence.
pub(crate) fn short(name: &str) -> String {
    let letters = name.chars().count();
    if letters <= 32 { name.into() } else { name.chars().take(31).collect::<String>() + "…" }
}

/// `and 2 others` for the ones that share a place.
pub(crate) fn and_others(name: &str, others: usize) -> String {
    match others {
        0 => short(name),
        1 => format!("{} and one other", short(name)),
        n => format!("{} and {n} others", short(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, value: f64, half: f64) -> Entry<'_> {
        Entry { name, value, low: Some(value - half), high: Some(value + half) }
    }

    #[test]
    fn ranks() {
        assert_eq!(rank(vec![]), Ranking::None);
        assert_eq!(rank(vec![entry("a", f64::NAN, 0.0)]), Ranking::None);
        assert_eq!(rank(vec![entry("a", 1.0, 0.0)]), Ranking::Only(entry("a", 1.0, 0.0)));
        assert_eq!(rank(vec![entry("a", 2.0, 0.0), entry("b", 2.0, 0.0)]), Ranking::Equal(2.0));
        let list =
            vec![entry("a", 9.0, 1.0), entry("b", 2.0, 1.0), entry("c", 3.0, 1.0), entry("d", 9.0, 1.0)];
        let Ranking::Least { first, ties, near, most } = rank(list) else { panic!("not ranked") };
        assert_eq!((first.name, ties, near, most.name), ("b", 0, 1, "a"));
        // Without intervals nothing is told apart.
        let bare = |name, value| Entry { name, value, low: None, high: None };
        let Ranking::Least { near, .. } = rank(vec![bare("a", 1.0), bare("b", 5.0)]) else {
            panic!("not ranked")
        };
        assert_eq!(near, 1);
    }

    #[test]
    fn names_in_sentences() {
        assert_eq!(and_others("a", 0), "a");
        assert_eq!(and_others("a", 2), "a and 2 others");
        assert_eq!(short(&"x".repeat(40)).chars().count(), 32);
    }
}
