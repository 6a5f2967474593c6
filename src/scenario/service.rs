//! Services: `[service.NAME]`, what they need and what they use.

use super::context::Problem;
use super::diagnostic::code;
use super::reader::{Item, Named, Reader};
use super::suggest;
use super::workload::{self, MAX_RATE};
use super::world::duplicate;
use crate::model::objective::Series;
use crate::model::service::{Ends, MOST_CALLS, MOST_PARTS, MOST_SHARED, MOST_VOLUME, calls};
use crate::model::{Block, Need, Part, Profile, Router, Service, Store, Tier};

/// Most services.
const MAX_SERVICES: usize = 1000;
/// What a service can need.
pub(super) const KINDS: [&str; 6] = ["store", "asset", "block", "tier", "router", "service"];

/// What is there to be needed. Problems with them hide unknown names: `complete` is false then.
pub(super) struct Known<'a> {
    pub stores: &'a [Store],
    pub blocks: &'a [Block],
    pub tiers: &'a [Tier],
    pub routers: &'a [Router],
    pub complete: bool,
}

/// A service whose needs on others are places among drafts.
struct Draft<'a> {
    name: &'a str,
    item: Item<'a>,
    needs: Vec<Need>,
    reads_mps: u64,
    writes_mps: u64,
    profile: Profile,
    outage_threshold_ppm: u32,
}

impl Draft<'_> {
    /// The services that it needs or uses.
    fn others(&self) -> impl Iterator<Item = usize> {
        self.needs.iter().filter_map(|need| match need.on {
            Part::Service(s) => Some(s as usize),
            _ => None,
        })
    }
}

/// Reads `[service.NAME]`; a service comes after those that it needs.
pub(super) fn read(root: &Reader<'_>, known: &Known<'_>) -> Vec<Service> {
    let Some(table) = root.table("service") else { return Vec::new() };
    let named = table.named();
    if named.len() > MAX_SERVICES {
        let label = format!("at most {MAX_SERVICES} are read");
        table.error(Problem::new(code::LIMIT, "too many services", label));
        return Vec::new();
    }
    let names: Vec<&str> = named.iter().map(|n| n.name).collect();
    let mut drafts = Vec::new();
    for Named { name, item, .. } in &named {
        if item.cx.full() {
            break;
        }
        if known.stores.iter().any(|s| s.name == *name) {
            let problem = Problem::new(
                code::DUPLICATE,
                format!("`{name}` is a store and a service"),
                "a store has this name",
            );
            item.error(problem.help("results call both by their names: choose another one"));
        }
        let Some(r) = item.table() else { continue };
        drafts.extend(draft(name, item, &r, known, &names));
        r.close();
    }
    // With a broken service the places of the others do not fit; its own errors are reported already.
    if drafts.len() < names.len() { Vec::new() } else { ordered(&drafts) }
}

fn draft<'a>(
    name: &'a str,
    item: &Item<'a>,
    r: &Reader<'a>,
    known: &Known<'_>,
    names: &[&str],
) -> Option<Draft<'a>> {
    let rate = |key| r.get(key).map_or(Some(0), |i| i.thousandths(MAX_RATE));
    let (reads, writes) = (rate("reads_per_second"), rate("writes_per_second"));
    let profile = r.get("profile").map_or(Some(Profile::flat()), |i| workload::profile(&i));
    let threshold = r.get("outage_threshold").map_or(Some(0), |i| i.millionths());
    let rates = reads.zip(writes);
    let needs = needs(r, known, names, rates);
    let ((reads_mps, writes_mps), profile) = (rates?, profile?);
    if reads_mps + writes_mps == 0 {
        let problem =
            Problem::new(code::SERVICE, format!("service `{name}` has no requests"), "nobody calls it");
        r.error(problem.help("add `reads_per_second`, `writes_per_second` or both"));
        return None;
    }
    if u128::from(reads_mps + writes_mps) * u128::from(profile.peak()) > MOST_VOLUME {
        let message = "rates × peak of the profile are too large to be counted exactly";
        r.error(Problem::new(code::TOO_LARGE, message, "at most 10^11 requests per second"));
        return None;
    }
    Some(Draft {
        name,
        item: item.clone(),
        needs: needs?,
        reads_mps,
        writes_mps,
        profile,
        outage_threshold_ppm: threshold?,
    })
}

/// Reads `needs` and `uses`.
fn needs(r: &Reader<'_>, known: &Known<'_>, names: &[&str], rates: Option<(u64, u64)>) -> Option<Vec<Need>> {
    let given = [r.get("needs"), r.get("uses")];
    if given.iter().all(Option::is_none) {
        let problem = Problem::new(code::SERVICE, "a service needs something", "neither `needs` nor `uses`");
        r.error(problem.help("add for example `needs = [\"store.orders\"]`"));
        return None;
    }
    let mut found: Vec<Need> = Vec::new();
    let mut complete = true;
    for (item, needed) in given.iter().zip([true, false]) {
        for element in item.iter().flat_map(|i| i.list().unwrap_or_default()) {
            let Some(need) = need(&element, needed, known, names, rates) else {
                complete = false;
                continue;
            };
            let same = |other: &Need| {
                let all = other.path == Series::All || need.path == Series::All;
                other.on == need.on && (all || other.path == need.path)
            };
            if found.iter().any(same) {
                let text = on(&element).and_then(|i| i.maybe_text()).unwrap_or_default();
                duplicate(&element, "part", text);
                complete = false;
            }
            found.push(need);
        }
        complete &= item.as_ref().is_none_or(Item::is_list);
    }
    if found.is_empty() && complete {
        r.error(Problem::new(code::SERVICE, "a service needs something", "lists nothing"));
        return None;
    }
    complete.then_some(found)
}

/// Where an element names its part.
fn on<'a>(element: &Item<'a>) -> Option<Item<'a>> {
    if element.is_table() { element.table()?.get("on") } else { Some(element.clone()) }
}

/// One element of `needs` (the part, or a table) or `uses` (a table).
fn need(
    element: &Item<'_>,
    needed: bool,
    known: &Known<'_>,
    names: &[&str],
    rates: Option<(u64, u64)>,
) -> Option<Need> {
    if needed && !element.is_table() {
        let on = part(element, known, names)?;
        can_tell(element, on, Series::All, known, rates)?;
        return Some(Need { on, path: Series::All, share_ppm: 1_000_000 });
    }
    let r = element.table()?;
    let on = r.require("on", "\"store.orders\"");
    let path = r.get("path").map_or(Some(2), |i| i.word(&Series::ALL.map(Series::word)));
    let share = if needed {
        r.refuse(
            "share",
            "what is needed is needed by all requests; what a share of them can do without is `uses`",
        );
        Some(1_000_000)
    } else {
        r.require("share", "0.3").and_then(|i| share(&i))
    };
    let part = on.as_ref().and_then(|i| part(i, known, names));
    r.close();
    let path = Series::ALL[path?];
    can_tell(&on?, part?, path, known, rates)?;
    Some(Need { on: part?, path, share_ppm: share? })
}

/// A share above 0.
fn share(item: &Item<'_>) -> Option<u32> {
    let share = item.millionths()?;
    if share == 0 {
        let message = format!("`{}` is out of range", item.path);
        item.error(Problem::new(code::OUT_OF_RANGE, message, "no request would use it"));
        return None;
    }
    Some(share)
}

/// The part that a text such as `store.orders` names.
fn part(item: &Item<'_>, known: &Known<'_>, names: &[&str]) -> Option<Part> {
    let text = item.text()?;
    let Some((kind, name)) = text.split_once('.').filter(|(kind, _)| KINDS.contains(kind)) else {
        let problem = Problem::new(
            code::NEED,
            format!("{text:?} names no part"),
            format!("expected one of {}, a dot, and a name", suggest::list(&KINDS)),
        );
        let near = text
            .split_once(['.', ':'])
            .and_then(|(kind, name)| Some((suggest::nearest(kind, &KINDS)?, name)));
        item.error(match near {
            Some((kind, name)) => problem.help(format!("did you mean `{kind}.{name}`?")),
            None => problem.help("write for example `store.orders`"),
        });
        return None;
    };
    let candidates: Vec<&str> = match kind {
        "store" => known.stores.iter().map(|s| s.name.as_str()).collect(),
        "asset" => known.stores.iter().filter(|s| s.asset).map(|s| s.name.as_str()).collect(),
        "block" => known.blocks.iter().map(|b| b.name.as_str()).collect(),
        "tier" => known.tiers.iter().map(|t| t.name.as_str()).collect(),
        "router" => known.routers.iter().map(|r| r.name.as_str()).collect(),
        _ => names.to_vec(),
    };
    let among = |i: usize| match kind {
        // An asset is a store behind the others.
        "asset" => i + known.stores.iter().filter(|s| !s.asset).count(),
        _ => i,
    };
    let found = candidates.iter().position(|n| *n == name).map(|i| among(i) as u32);
    if found.is_none() && (known.complete || kind == "service") {
        let problem = Problem::new(code::NEED, format!("unknown {kind} `{name}`"), format!("no such {kind}"));
        item.error(problem.did_you_mean(name, &candidates));
    }
    found.map(match kind {
        "store" | "asset" => Part::Store,
        "block" => Part::Block,
        "tier" => Part::Tier,
        "router" => Part::Router,
        _ => Part::Service,
    })
}

/// Whether a store would serve a request is told by its own requests of the kind: it must have some.
fn can_tell(
    item: &Item<'_>,
    on: Part,
    path: Series,
    known: &Known<'_>,
    rates: Option<(u64, u64)>,
) -> Option<()> {
    let (reads, writes) = rates?;
    let used = [reads > 0 && path != Series::Write, writes > 0 && path != Series::Read];
    if used == [false, false] && path != Series::All {
        let message = format!("the service has no {}s", path.word());
        item.warn(Problem::new(code::NO_EFFECT, message, "nothing goes this way"));
    }
    let Part::Store(s) = on else { return Some(()) };
    let store = &known.stores[s as usize];
    let silent = store.demand().map(|d| d == 0);
    let Some(k) = (0..2).find(|&k| used[k] && silent[k]) else { return Some(()) };
    let (word, other) = [("read", "write"), ("write", "read")][k];
    let message = format!("store `{}` has no {word}s that would tell whether they are served", store.name);
    let problem = Problem::new(code::NEED, message, format!("the service's {word}s go there"));
    item.error(if silent[1 - k] || path != Series::All {
        problem.help(format!("give the store a `workload` with `{word}s_per_second`"))
    } else {
        let name = &store.name;
        problem.help(format!(
            "write `{{ on = \"store.{name}\", path = \"{other}\" }}`, or give its `workload` `{word}s_per_second`"
        ))
    });
    None
}

/// Services in an order in which each comes after those it needs, else in that of declaration.
fn ordered(drafts: &[Draft<'_>]) -> Vec<Service> {
    let mut place: Vec<Option<u32>> = vec![None; drafts.len()];
    let mut found: Vec<Service> = Vec::new();
    while found.len() < drafts.len() {
        let ready = |i: &usize| place[*i].is_none() && drafts[*i].others().all(|s| place[s].is_some());
        let Some(i) = (0..drafts.len()).find(ready) else {
            needs_itself(drafts, &place);
            return Vec::new();
        };
        place[i] = Some(found.len() as u32);
        let draft = &drafts[i];
        let placed = |need: &Need| match need.on {
            Part::Service(s) => Need { on: Part::Service(place[s as usize].unwrap_or_default()), ..*need },
            _ => *need,
        };
        found.push(Service {
            name: draft.name.to_owned(),
            needs: draft.needs.iter().map(placed).collect(),
            reads_mps: draft.reads_mps,
            writes_mps: draft.writes_mps,
            profile: draft.profile.clone(),
            outage_threshold_ppm: draft.outage_threshold_ppm,
        });
        if !is_countable(&found, &draft.item) {
            return Vec::new();
        }
    }
    found
}

/// Says which services need each other in a circle.
fn needs_itself(drafts: &[Draft<'_>], place: &[Option<u32>]) {
    let Some(mut at) = place.iter().position(Option::is_none) else { return };
    let mut way = Vec::new();
    // Each that is left needs one that is left.
    while !way.contains(&at) {
        way.push(at);
        at = drafts[at].others().find(|&s| place[s].is_none()).unwrap_or(at);
    }
    let start = way.iter().position(|&s| s == at).unwrap_or_default();
    let circle: Vec<&str> = way[start..].iter().chain([&at]).map(|&s| drafts[s].name).collect();
    let message = format!("service `{}` needs itself", drafts[at].name);
    let problem = Problem::new(code::SERVICE, message, format!("by way of {}", circle.join(" > ")));
    drafts[at].item.error(problem.help("remove one of these needs"));
}

/// Whether what the last service leads to can be looked at one by one.
fn is_countable(services: &[Service], item: &Item<'_>) -> bool {
    let last = services.len() as u32 - 1;
    for path in [Series::Read, Series::Write] {
        let Some(calls) = calls(services, last, path) else {
            let label = format!("a request may lead to {MOST_CALLS} calls");
            item.error(Problem::new(code::LIMIT, "too many needs of needs", label));
            return false;
        };
        let ends = Ends::of(&calls);
        let (message, label) = if ends.parts.len() > MOST_PARTS {
            ("too many parts of a service", format!("at most {MOST_PARTS}, those of its services included"))
        } else if ends.shared.len() > MOST_SHARED {
            ("too many parts that a service uses in several ways", format!("at most {MOST_SHARED}"))
        } else {
            continue;
        };
        let problem = Problem::new(code::LIMIT, message, label);
        item.error(
            problem.help("count what always fails together as one: a `block`, or a service that it needs"),
        );
        return false;
    }
    true
}
