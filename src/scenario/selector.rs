//! Selectors: which domains and links a fault or block means.

use super::context::Problem;
use super::diagnostic::code;
use super::reader::Item;
use super::suggest;
use crate::model::{DomainId, DomainKind, LinkId, Target, World};

/// Most names that are compared with a selector that matched nothing.
const MAX_SUGGESTIONS: usize = 1000;

/// Kinds a selector can name.
const KINDS: [(&str, Option<DomainKind>); 5] = [
    ("region", Some(DomainKind::Region)),
    ("zone", Some(DomainKind::Zone)),
    ("datacenter", Some(DomainKind::Datacenter)),
    ("node", Some(DomainKind::Node)),
    ("link", None),
];

/// Targets of one selector, in world order; problems are reported and give nothing.
pub(super) fn targets(world: &World, item: &Item<'_>) -> Vec<Target> {
    let Some(text) = item.text() else { return Vec::new() };
    let split = text.split_once(':');
    let kind = split.and_then(|(kind, _)| KINDS.iter().find(|(word, _)| *word == kind));
    let (Some((_, pattern)), Some((word, kind))) = (split, kind) else {
        let words: Vec<&str> = KINDS.iter().map(|(w, _)| *w).collect();
        let problem = Problem::new(
            code::SELECTOR,
            format!("{text:?} is not a selector"),
            "expected a kind, a colon, and a name or pattern",
        );
        let near = split.and_then(|(kind, _)| suggest::nearest(kind, &words));
        item.error(problem.help(match (near, split) {
            (Some(near), Some((_, rest))) => format!("did you mean `{near}:{rest}`?"),
            _ => {
                "write for example `zone:*`, `zone:westeurope/2`, `node:westeurope/*`, `link:NAME`".to_owned()
            }
        }));
        return Vec::new();
    };
    if item.cx.full() {
        return Vec::new();
    }
    if !item.cx.afford(world.domains.len()) {
        let problem = Problem::new(code::LIMIT, "too many selectors for so large a world", "one too many");
        item.error(problem.help("match several targets with one selector: `node:westeurope/*`"));
        return Vec::new();
    }
    let found = match kind {
        Some(kind) => domains(world, *kind, pattern),
        None => links(world, pattern),
    };
    if found.is_empty() && !item.cx.incomplete.get() {
        let names: Vec<&str> = match kind {
            Some(kind) => {
                let names = world.domains.iter().filter(|d| d.kind == *kind).map(|d| d.path.as_str());
                names.take(MAX_SUGGESTIONS).collect()
            }
            None => world.links.iter().map(|l| l.name.as_str()).collect(),
        };
        let label =
            if names.is_empty() { format!("there is no {word}") } else { format!("matches no {word}") };
        let problem = Problem::new(code::NO_MATCH, format!("`{text}` matches nothing"), label);
        let problem = match suggest::nearest(pattern, &names) {
            Some(near) => problem.help(format!("did you mean `{word}:{near}`?")),
            None => problem.did_you_mean(pattern, &names),
        };
        item.error(problem);
    }
    found
}

/// Targets of a list of selectors: in world order, without repetition.
pub(super) fn all(world: &World, items: &[Item<'_>]) -> Vec<Target> {
    let mut found: Vec<Target> = items.iter().flat_map(|i| targets(world, i)).collect();
    found.sort();
    found.dedup();
    found
}

fn domains(world: &World, kind: DomainKind, pattern: &str) -> Vec<Target> {
    let matching =
        world.domains.iter().enumerate().filter(|(_, d)| d.kind == kind && matches(pattern, &d.path));
    matching.map(|(i, _)| Target::Domain(DomainId(i as u32))).collect()
}

fn links(world: &World, pattern: &str) -> Vec<Target> {
    let matching = world.links.iter().enumerate().filter(|(_, l)| pattern == "*" || l.name == pattern);
    matching.map(|(i, _)| Target::Link(LinkId(i as u32))).collect()
}

/// `*` stands for one name, at the end for one or more.
fn matches(pattern: &str, path: &str) -> bool {
    let mut names = path.split('/');
    let mut parts = pattern.split('/').peekable();
    while let Some(part) = parts.next() {
        let Some(name) = names.next() else { return false };
        if part == "*" {
            if parts.peek().is_none() {
                return true;
            }
        } else if part != name {
            return false;
        }
    }
    names.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stand_for_names() {
        for (pattern, path, yes) in [
            ("*", "a/1/2", true),
            ("a/*", "a/1/2", true),
            ("a/*", "b/1/2", false),
            ("*/1/*", "a/1/2", true),
            ("*/1/*", "a/2/2", false),
            ("*/1", "a/1", true),
            ("*/1", "a/1/1", false),
            ("a", "a/1", false),
            ("a/1/2", "a/1/2", true),
            ("a/1/2/*", "a/1/2", false),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, path), yes, "{pattern} {path}");
        }
    }
}
