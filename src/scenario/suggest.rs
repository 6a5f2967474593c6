//! "Did you mean": the nearest of some words.

/// Longest list of candidates that is shown whole.
const SHOWN: usize = 12;

/// Number of insertions, deletions, replacements and swaps of neighbours between two words.
pub(super) fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = changed.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

/// The candidate nearest to `wrong`, if one is near enough to be what was meant.
pub fn nearest<'a>(wrong: &str, candidates: &[&'a str]) -> Option<&'a str> {
    // Names are at most 64 long; longer input is no slip of the finger and would only cost time.
    if wrong.chars().count() > 64 {
        return None;
    }
    // One of two letters is as likely another word as a slip.
    let limit = match wrong.chars().count() {
        0..3 => 0,
        length => (length / 3).max(1),
    };
    let plain = |s: &str| s.to_ascii_lowercase().replace('-', "_");
    let wrong = plain(wrong);
    candidates
        .iter()
        .map(|c| (distance(&wrong, &plain(c)), *c))
        .filter(|&(d, _)| d <= limit)
        .min_by_key(|&(d, _)| d)
        .map(|(_, c)| c)
}

/// Help for a wrong word: the nearest candidate, else all of them if they are few.
pub fn help(wrong: &str, candidates: &[&str]) -> Option<String> {
    if let Some(near) = nearest(wrong, candidates) {
        return Some(format!("did you mean `{near}`?"));
    }
    match candidates {
        [] => None,
        few if few.len() <= SHOWN => Some(format!("known here: {}", few.join(", "))),
        many => Some(format!("known here: {}, … ({} in all)", many[..SHOWN].join(", "), many.len())),
    }
}

/// `"a", "b" or "c"`.
pub(super) fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|w| format!("{w:?}")).collect();
    match quoted.split_last() {
        None => "nothing".into(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found() {
        assert_eq!(nearest("consistancy", &["consistency", "replicas"]), Some("consistency"));
        assert_eq!(nearest("replica", &["consistency", "replicas"]), Some("replicas"));
        assert_eq!(nearest("nodes-per-zone", &["nodes_per_zone"]), Some("nodes_per_zone"));
        assert_eq!(nearest("banana", &["consistency", "replicas"]), None);
        assert_eq!(distance("ab", "ba"), 1);
    }
}
