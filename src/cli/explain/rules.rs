//! Documented rules: the sections of docs/conformance.md.

use super::page;

const PAGE: &str = include_str!("../../../docs/conformance.md");

/// Name and text of each rule's section.
fn sections() -> impl Iterator<Item = (&'static str, &'static str)> {
    PAGE.split("\n### ").skip(1).filter_map(|section| Some((section.split_once(':')?.0, section)))
}

/// What a rule says, what is simulated and what the documents state, with the documents that are quoted.
pub fn find(word: &str) -> Vec<String> {
    let section = sections().find(|(rule, _)| rule.eq_ignore_ascii_case(word));
    section.into_iter().map(|(_, text)| page::plain(text) + &documents(text)).collect()
}

/// The documents that statements of a section come from, by their letters.
fn documents(section: &str) -> String {
    let start = PAGE.find("\nDocuments:\n").map_or("", |at| &PAGE[at..]);
    let list = start.lines().map_while(|line| match line.strip_prefix("- ") {
        Some(item) => Some(Some(item)),
        None => (!line.starts_with("## ")).then_some(None),
    });
    let cited = list.flatten().filter(|item| section.contains(&format!("- *{},", &item[..1])));
    let lines: String = cited.map(|item| format!("- {item}\n")).collect();
    if lines.is_empty() { lines } else { format!("\n{}", page::plain(&lines)) }
}

/// All rules.
pub fn words() -> Vec<String> {
    sections().map(|(rule, _)| rule.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_come_with_their_documents() {
        let found = find("C14").concat();
        for part in ["c14: ", "Simulated:", "Documented:", "- C: Azure Cosmos DB documentation"] {
            assert!(found.contains(part), "{part} in\n{found}");
        }
        assert!(!found.contains("](") && !found.contains("- E: "), "{found}");
        assert_eq!(words().len(), PAGE.matches("\n| [").count());
    }
}
