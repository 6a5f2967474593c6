//! `zonefall explain`: what a figure, a key, a rule or a code means. It reads the documentation, which is inside the
//! program: there is no second copy of any explanation.

mod codes;
mod fields;
mod figures;
mod page;
mod rules;

use super::exit::{Code, Failure};
use super::print;
use zonefall::scenario::nearest;

/// Most candidates that are named for a word that nothing explains.
const SHOWN: usize = 8;

/// What knows some of the words: everything it has to say about one, and the words it knows.
struct Book {
    what: &'static str,
    find: fn(&str) -> Vec<String>,
    words: fn() -> Vec<String>,
}

/// A word may stand in several: they all answer.
const BOOKS: [Book; 4] = [
    Book { what: "code", find: codes::find, words: codes::words },
    Book { what: "rule", find: rules::find, words: rules::words },
    Book { what: "figure", find: figures::find, words: figures::words },
    Book { what: "key", find: fields::find, words: fields::words },
];

/// Explains each word.
///
/// # Errors
/// Nothing explains one of them.
pub fn explain(words: &[String]) -> Result<(), Failure> {
    let mut sections = Vec::new();
    for word in words {
        let found: Vec<String> = BOOKS.iter().flat_map(|book| (book.find)(word.trim())).collect();
        if found.is_empty() {
            return Err(Failure::new(Code::NoSuchWord, unknown(word)));
        }
        sections.extend(found);
    }
    print(sections.join("\n").as_bytes())
}

/// What was probably meant.
fn unknown(word: &str) -> String {
    let known: Vec<(&str, Vec<String>)> = BOOKS.iter().map(|book| (book.what, (book.words)())).collect();
    let id = word.rsplit('/').next().unwrap_or(word);
    let (first, last) = (id.split('.').next().unwrap_or(id), id.rsplit('.').next().unwrap_or(id));
    let mut close: Vec<(String, &str)> = Vec::new();
    for (what, words) in &known {
        let names: Vec<&str> = words.iter().map(String::as_str).collect();
        // A part that is known is not what is wrong.
        let near = |part| nearest(part, &names).filter(|name| *name != part);
        let near = [word, last, first].into_iter().filter_map(near);
        let within = names.iter().copied().filter(|name| word.len() > 2 && name.contains(word));
        let alike = names.iter().copied().filter(|name| word.get(..4).is_some_and(|w| name.starts_with(w)));
        for name in near.chain(within).chain(alike) {
            if close.len() < SHOWN && !close.iter().any(|(known, _)| known == name) {
                close.push((name.to_string(), what));
            }
        }
    }
    let help = match &close[..] {
        [] => "words are figures (`rto_seconds.write.max`), keys of a scenario (`store.orders.consistency`), documented \
               rules (`c14`) and codes (`ZF0302`)"
            .to_string(),
        close => {
            let names: Vec<String> = close.iter().map(|(name, what)| format!("`{name}` ({what})")).collect();
            format!("did you mean {}?", names.join(", "))
        }
    };
    format!("nothing explains `{word}`\n  {help}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_explained() {
        for book in BOOKS {
            let words = (book.words)();
            assert!(words.len() > 20, "{}s: {words:?}", book.what);
            for word in words {
                assert!(!(book.find)(&word).is_empty(), "{} {word}", book.what);
            }
        }
    }

    #[test]
    fn near_words_are_named() {
        assert!(unknown("store.orders.consistancy").contains("`consistency` (key)"));
        assert!(unknown("rto_second").contains("`rto_seconds` (figure)"));
        assert!(unknown("ZF0309").contains("(code)"));
        assert!(unknown("orders/rto_secnds.write.max").contains("`rto_seconds` (figure)"));
        assert!(unknown("xyzzy").contains("words are figures"));
        assert!(unknown("outage").contains("`probability_outage` (figure)"));
    }
}
