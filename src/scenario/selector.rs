//! Selectors: which domains and links a fault or block means.

use super::context::Problem;
use super::diagnostic::code;
use super::reader::{Item, Reader};
use super::suggest;
use super::tree::Kind;
use crate::model::{DomainId, DomainKind, LinkId, RegionId, Target, World};

/// Most names that are compared with a selector that matched nothing.
const MAX_SUGGESTIONS: usize = 1000;

/// What a selector can name.
#[derive(Clone, Copy)]
enum Named {
    Domain(DomainKind),
    Link,
    Store,
}

/// Kinds a selector can name.
const KINDS: [(&str, Named); 6] = [
    ("region", Named::Domain(DomainKind::Region)),
    ("zone", Named::Domain(DomainKind::Zone)),
    ("datacenter", Named::Domain(DomainKind::Datacenter)),
    ("node", Named::Domain(DomainKind::Node)),
    ("link", Named::Link),
    ("store", Named::Store),
];

/// Words of the kinds.
pub(super) fn words() -> [&'static str; 6] {
    KINDS.map(|(word, _)| word)
}

/// Where faults can strike: the world, and the stores by name.
pub(super) struct Places<'a> {
    pub(super) world: &'a World,
    /// In order of declaration, assets behind stores.
    pub(super) stores: Vec<&'a str>,
}

impl<'a> Places<'a> {
    /// The world with the stores that the file declares, whatever they look like.
    pub(super) fn new(root: &Reader<'a>, world: &'a World) -> Places<'a> {
        let names = |key| match root.table.get(key).map(|v| &v.kind) {
            Some(Kind::Table(stores)) => stores.entries.iter().map(|e| e.key.as_str()).collect(),
            _ => Vec::new(),
        };
        Places { world, stores: [names("store"), names("asset")].concat() }
    }

    /// Selector that names exactly this target.
    pub(super) fn selector(&self, target: Target) -> String {
        target.selector(self.world, |store| self.stores[store as usize])
    }
}

/// Targets of one selector, in world order; problems are reported and give nothing.
pub(super) fn targets(places: &Places<'_>, item: &Item<'_>) -> Vec<Target> {
    let world = places.world;
    let Some(text) = item.text() else { return Vec::new() };
    let split = text.split_once(':');
    let kind = split.and_then(|(kind, _)| KINDS.iter().find(|(word, _)| *word == kind));
    let (Some((_, pattern)), Some((word, kind))) = (split, kind) else {
        let words = words();
        let problem = Problem::new(
            code::SELECTOR,
            format!("{text:?} is not a selector"),
            "expected a kind, a colon, and a name or pattern",
        );
        let near = split.and_then(|(kind, _)| suggest::nearest(kind, &words));
        item.error(problem.help(match (near, split) {
            (Some(near), Some((_, rest))) => format!("did you mean `{near}:{rest}`?"),
            _ => {
                "write for example `zone:*`, `zone:westeurope/2`, `node:westeurope/*`, `link:NAME`, `store:NAME`"
                    .to_owned()
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
        Named::Domain(kind) => domains(world, *kind, pattern),
        Named::Link => links(world, pattern),
        Named::Store => stores(places, pattern),
    };
    if found.is_empty() && !item.cx.incomplete.get() {
        let names: Vec<String> = match kind {
            Named::Domain(kind) => {
                let names = world.domains.iter().filter(|d| d.kind == *kind).map(|d| d.path.clone());
                names.take(MAX_SUGGESTIONS).collect()
            }
            Named::Link => world.links.iter().map(|l| l.name.clone()).collect(),
            Named::Store => {
                let all = stores(places, "*").into_iter().chain(stores(places, "*/*"));
                let names =
                    all.take(MAX_SUGGESTIONS).map(|t| places.selector(t)["store:".len()..].to_owned());
                names.collect()
            }
        };
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
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
pub(super) fn all(places: &Places<'_>, items: &[Item<'_>]) -> Vec<Target> {
    let mut found: Vec<Target> = items.iter().flat_map(|i| targets(places, i)).collect();
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

/// `STORE` is a store as a whole, `STORE/REGION` its part in a region of the world; `*` stands for one name.
fn stores(places: &Places<'_>, pattern: &str) -> Vec<Target> {
    let world = places.world;
    let (name, region) = pattern.split_once('/').map_or((pattern, None), |(name, r)| (name, Some(r)));
    let fits = |pattern: &str, name: &str| pattern == "*" || pattern == name;
    let named = places.stores.iter().enumerate().filter(|(_, store)| fits(name, store));
    let found = named.flat_map(|(store, _)| {
        let regions = (0..world.regions.len() as u32).map(RegionId).map(Some);
        let in_one =
            regions.filter(move |r| region.zip(*r).is_some_and(|(p, r)| fits(p, world.region_name(r))));
        let whole = core::iter::once(None).filter(move |_| region.is_none());
        whole.chain(in_one).map(move |region| Target::Store { store: store as u32, region })
    });
    found.collect()
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
