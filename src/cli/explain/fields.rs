//! Keys of scenarios, as the library describes its language.

use super::page::{spoken, wrapped};
use zonefall::scenario::{Field, field, fields};

/// The key at a path, with names of one's own or without; or the keys whose paths end so.
pub fn find(word: &str) -> Vec<String> {
    let all = fields();
    let ends = format!(".{word}");
    let mut found: Vec<&Field> = all.iter().filter(|f| f.path == word).collect();
    let own = if found.is_empty() { field(word) } else { None };
    found.extend(own.iter());
    if found.is_empty() {
        found = all.iter().filter(|f| f.path.ends_with(&ends)).collect();
    }
    let mut paths: Vec<&str> = found.iter().map(|f| f.path.as_str()).collect();
    paths.dedup();
    match paths[..] {
        [] => Vec::new(),
        [_] => found.into_iter().map(told).collect(),
        _ => {
            let lines =
                found.iter().map(|f| wrapped(&format!("- `{}` ({}), {}", f.path, f.table, f.kind), "  "));
            vec![format!(
                "Keys called `{word}`; the whole path explains one:\n\n{}",
                lines.collect::<String>()
            )]
        }
    }
}

fn told(field: &Field) -> String {
    let mut text = format!("`{}`: a key ({})\n\n{}\n", field.path, field.table, sentence(&field.meaning));
    let mut fact = |name: &str, value: &str| text += &wrapped(&format!("- {name}: {}", spoken(value)), "  ");
    fact("type", &field.kind);
    match (&field.default, field.required) {
        (Some(default), _) => fact("default", default),
        (None, true) => fact("required", "yes"),
        (None, false) => {}
    }
    for example in &field.examples {
        fact("example", &format!("`{} = {example}`", field.path.rsplit('.').next().unwrap_or(&field.path)));
    }
    text
}

/// Markdown as a sentence of plain text.
fn sentence(markdown: &str) -> String {
    let text = spoken(markdown);
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    wrapped(&format!("{first}{}.", letters.as_str()), "")
}

/// The last part of every path.
pub fn words() -> Vec<String> {
    let last = |f: &Field| f.path.rsplit('.').next().unwrap_or_default().to_string();
    let mut words: Vec<String> = fields().iter().map(last).filter(|word| !word.is_empty()).collect();
    words.sort();
    words.dedup();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_explained() {
        for field in fields() {
            let found = find(&field.path).concat();
            assert!(found.starts_with(&format!("`{}`: a key (", field.path)), "{found}");
            assert!(found.contains("- type: "), "{found}");
        }
    }

    #[test]
    fn paths_may_hold_names_or_only_end_so() {
        let told = |word: &str| find(word).concat();
        assert!(told("store.orders.consistency").contains("- default: `\"session\"`"));
        assert!(told("consistency").starts_with("`store.NAME.consistency`: "));
        assert!(told("failover.gray").starts_with("`store.NAME.failover.gray`: "));
        assert!(told("store.orders.regions[west].zones").contains("zone-redundant"));
        let several = told("every");
        assert!(
            several.starts_with("Keys called `every`") && several.contains("- `fault.NAME.every`"),
            "{several}"
        );
        assert!(find("store.orders.colour").is_empty() && find("").is_empty());
    }
}
