//! Regions, zones, datacenters, nodes and links.

use super::context::{Context, Problem};
use super::diagnostic::{Severity, code};
use super::reader::{Item, Reader, check_name};
use super::tree::At;
use crate::model::{Domain, DomainId, DomainKind, Link, RegionId, World};

/// Most nodes of a world.
pub(super) const MAX_NODES: u64 = 100_000;

/// Most regions, most links.
const MAX_REGIONS: usize = 1000;
const MAX_LINKS: usize = 10_000;

/// A zone before it is built.
struct Zone {
    name: String,
    /// Names of datacenters; empty: nodes lie in the zone itself.
    datacenters: Vec<String>,
    /// Nodes of each datacenter, or of the zone if it has none.
    nodes: u64,
}

/// Reads `[[region]]` and `[[link]]`.
pub(super) fn read(root: &Reader<'_>) -> World {
    let mut world = World::default();
    let regions = match root.get("region") {
        None => Some(Vec::new()),
        Some(item) => item.list(),
    };
    if regions.as_ref().is_some_and(Vec::is_empty) {
        let problem = Problem::new(code::WORLD_SIZE, "there is no region", "needs at least one [[region]]");
        root.error(problem.help("add for example `[[region]]` with `name = \"westeurope\"` and `zones = 3`"));
    }
    let regions = regions.unwrap_or_default();
    let wanted = regions.len();
    if wanted > MAX_REGIONS {
        let label = format!("at most {MAX_REGIONS}");
        root.error(Problem::new(code::WORLD_SIZE, format!("{wanted} regions are too many"), label));
    }
    let mut nodes: u64 = 0;
    for item in regions.into_iter().take(MAX_REGIONS) {
        let Some(r) = item.table() else { continue };
        region(&mut world, &item, &r, &mut nodes);
        r.close();
    }
    root.cx.incomplete.set(world.regions.is_empty() || world.regions.len() < wanted);
    if let Some(item) = root.get("link") {
        let links = item.list().unwrap_or_default();
        if links.len() > MAX_LINKS {
            let label = format!("at most {MAX_LINKS}");
            item.error(Problem::new(code::LIMIT, format!("{} links are too many", links.len()), label));
        }
        for item in links.into_iter().take(MAX_LINKS) {
            let Some(r) = item.table() else { continue };
            if let Some(found) = link(&world, &item, &r) {
                world.links.push(found);
            }
            r.close();
        }
    }
    world
}

/// A checked name under a key.
pub(super) fn name<'a>(item: &Item<'a>) -> Option<&'a str> {
    let text = item.text()?;
    check_name(item.cx, &item.value.at, &item.path, text).then_some(text)
}

/// Reports a name that was given before.
pub(super) fn duplicate(item: &Item<'_>, what: &str, name: &str) {
    let message = format!("{what} `{name}` is given twice");
    item.error(Problem::new(code::DUPLICATE, message, "this name is taken"));
}

fn region(world: &mut World, item: &Item<'_>, r: &Reader<'_>, nodes: &mut u64) {
    let name_item = r.require("name", "\"westeurope\"");
    let name = name_item.as_ref().and_then(name);
    let zones = zones(r);
    let (Some(name), Some(name_item), Some(zones)) = (name, name_item, zones) else { return };
    if world.regions.iter().any(|&d| world.domain(d).path == name) {
        return duplicate(&name_item, "region", name);
    }
    let mut more: u64 = 0;
    for zone in &zones {
        more += zone.nodes.saturating_mul(zone.datacenters.len().max(1) as u64);
    }
    *nodes += more;
    if *nodes > MAX_NODES {
        let label = format!("with this region {nodes} nodes, the limit is {MAX_NODES}");
        return item.error(Problem::new(code::WORLD_SIZE, "too many nodes", label));
    }
    let region = RegionId(world.regions.len() as u32);
    let mut builder = Builder { world, region };
    let top = builder.add(None, DomainKind::Region, name.to_owned());
    for zone in &zones {
        let id = builder.add(Some(top), DomainKind::Zone, zone.name.clone());
        for datacenter in &zone.datacenters {
            let inner = builder.add(Some(id), DomainKind::Datacenter, datacenter.clone());
            builder.nodes(inner, zone.nodes);
        }
        if zone.datacenters.is_empty() {
            builder.nodes(id, zone.nodes);
        }
    }
    world.regions.push(top);
}

/// Adds domains in depth-first order.
struct Builder<'w> {
    world: &'w mut World,
    region: RegionId,
}

impl Builder<'_> {
    fn add(&mut self, parent: Option<DomainId>, kind: DomainKind, name: String) -> DomainId {
        let path = match parent {
            None => name,
            Some(parent) => format!("{}/{name}", self.world.domain(parent).path),
        };
        let first = self.world.nodes.len() as u32;
        let id = DomainId(self.world.domains.len() as u32);
        self.world.domains.push(Domain { path, kind, parent, region: self.region, nodes: first..first });
        id
    }

    fn nodes(&mut self, parent: DomainId, count: u64) {
        for n in 1..=count {
            let id = self.add(Some(parent), DomainKind::Node, n.to_string());
            self.world.nodes.push(id);
            let mut at = Some(id);
            while let Some(around) = at {
                let domain = &mut self.world.domains[around.0 as usize];
                domain.nodes.end = self.world.nodes.len() as u32;
                at = domain.parent;
            }
        }
    }
}

/// The zones of a region, from `zones` and the counts beside it.
fn zones(r: &Reader<'_>) -> Option<Vec<Zone>> {
    let count = |key: &'static str, low: u64| match r.get(key) {
        None => Some(None),
        Some(item) => item.integer(low..=MAX_NODES).map(Some),
    };
    r.exclusive(&["nodes_per_zone", "datacenters_per_zone"]);
    let per_zone = count("nodes_per_zone", 1);
    let datacenters = count("datacenters_per_zone", 1);
    let per_datacenter = count("nodes_per_datacenter", 1);
    let item = r.get("zones");
    let (per_zone, datacenters, per_datacenter) = (per_zone?, datacenters?, per_datacenter?);
    let defaults = Defaults { per_zone, datacenters, per_datacenter };
    let mut found = Vec::new();
    match item {
        None => found.push(defaults.zone("1".into())),
        Some(item) if item.is_list() => {
            let list = item.list()?;
            let wanted = list.len();
            for element in list {
                let zone = zone(&element, &defaults);
                if let Some(zone) = zone {
                    if found.iter().any(|z: &Zone| z.name == zone.name) {
                        duplicate(&element, "zone", &zone.name);
                        return None;
                    }
                    found.push(zone);
                }
            }
            if found.len() < wanted {
                return None;
            }
        }
        Some(item) => {
            let n = item.integer(1..=1000)?;
            found.extend((1..=n).map(|i| defaults.zone(i.to_string())));
        }
    }
    if found.is_empty() || found.len() > 1000 {
        let message = format!("`{}` must name 1 to 1000 zones", r.sub("zones"));
        r.error(Problem::new(code::OUT_OF_RANGE, message, "from 1 to 1000 zones"));
        return None;
    }
    if per_datacenter.is_some() && found.iter().all(|z| z.datacenters.is_empty()) {
        r.refuse("nodes_per_datacenter", "no zone of this region has datacenters");
    }
    Some(found)
}

/// Counts given for the whole region.
struct Defaults {
    per_zone: Option<u64>,
    datacenters: Option<u64>,
    per_datacenter: Option<u64>,
}

impl Defaults {
    fn zone(&self, name: String) -> Zone {
        match self.datacenters {
            Some(n) => Zone {
                name,
                datacenters: (1..=n).map(|i| i.to_string()).collect(),
                nodes: self.per_datacenter.unwrap_or(1),
            },
            None => Zone { name, datacenters: Vec::new(), nodes: self.per_zone.unwrap_or(1) },
        }
    }
}

/// One element of a list of zones.
fn zone(item: &Item<'_>, defaults: &Defaults) -> Option<Zone> {
    if item.maybe_text().is_some() {
        return name(item).map(|n| defaults.zone(n.to_owned()));
    }
    let r = item.table()?;
    let zone_name = r.require("name", "\"1\"").and_then(|i| name(&i).map(str::to_owned));
    let datacenters = r.get("datacenters").map(|i| {
        if i.is_list() {
            let items = i.list()?;
            let names: Vec<String> = items.iter().filter_map(|d| name(d).map(str::to_owned)).collect();
            let mut sorted = names.clone();
            sorted.sort();
            sorted.dedup();
            if sorted.len() < items.len() {
                i.error(Problem::new(
                    code::DUPLICATE,
                    "datacenters must have different names",
                    "given twice",
                ));
                return None;
            }
            Some(names)
        } else {
            i.integer(1..=MAX_NODES).map(|n| (1..=n).map(|i| i.to_string()).collect())
        }
    });
    let nodes = r.get("nodes").map(|i| i.integer(1..=MAX_NODES));
    r.close();
    let mut zone = defaults.zone(zone_name?);
    if let Some(names) = datacenters {
        zone.datacenters = names?;
        zone.nodes = defaults.per_datacenter.unwrap_or(1);
    }
    if let Some(nodes) = nodes {
        zone.nodes = nodes?;
    }
    Some(zone)
}

/// The region a text names.
pub(super) fn region_of(world: &World, item: &Item<'_>) -> Option<RegionId> {
    let text = item.text()?;
    let names: Vec<&str> = world.regions.iter().map(|&d| world.domain(d).path.as_str()).collect();
    let found = names.iter().position(|n| *n == text);
    if found.is_none() {
        unknown_region(item.cx, &item.value.at, &item.path, text, &names);
    }
    found.map(|i| RegionId(i as u32))
}

/// Reports a name that is none of the regions, unless regions are missing anyway.
pub(super) fn unknown_region(cx: &Context<'_>, at: &At, path: &str, name: &str, known: &[&str]) {
    if !cx.incomplete.get() {
        let problem = Problem::new(code::UNKNOWN_PLACE, format!("unknown region `{name}`"), "no such region");
        cx.report(Severity::Error, at, path, problem.did_you_mean(name, known));
    }
}

fn link(world: &World, item: &Item<'_>, r: &Reader<'_>) -> Option<Link> {
    let between = r.require("between", "[\"westeurope\", \"northeurope\"]");
    let rtt = r.get("rtt").map(|i| i.duration());
    let bandwidth = r.get("bandwidth").map(|i| (i.bytes("/s"), i));
    let own_name = r.get("name").map(|i| (name(&i), i));
    let between = between?;
    let ends = between.list()?;
    let [a, b] = &ends[..] else {
        between.error(Problem::new(code::LINK, "a link joins two regions", "expected two names of regions"));
        return None;
    };
    let (a, b) = (region_of(world, a), region_of(world, b));
    let ends = [a?, b?];
    if ends[0] == ends[1] {
        between.error(Problem::new(
            code::LINK,
            "a link joins two different regions",
            "both ends are the same",
        ));
        return None;
    }
    if let Some(other) = world.link_between(ends[0], ends[1]) {
        let label = format!("joined by link `{}` already", world.links[other.0 as usize].name);
        between.error(Problem::new(code::LINK, "two links between the same regions", label));
        return None;
    }
    let link_name = match &own_name {
        Some((name, _)) => (*name)?.to_owned(),
        None => format!("{}-{}", world.region_name(ends[0]), world.region_name(ends[1])),
    };
    if world.links.iter().any(|l| l.name == link_name) {
        duplicate(own_name.as_ref().map_or(item, |(_, i)| i), "link", &link_name);
        return None;
    }
    if let Some((Some(0), item)) = &bandwidth {
        let problem =
            Problem::new(code::OUT_OF_RANGE, "a link without bandwidth carries nothing", "must be above 0");
        item.error(problem.help("cut a link with a fault: `target = \"link:NAME\"`"));
        return None;
    }
    let bandwidth = match bandwidth {
        None => None,
        Some((bytes, _)) => Some(bytes?),
    };
    Some(Link { name: link_name, ends, rtt: rtt.map_or(Some(None), |d| d.map(Some))?, bandwidth })
}
