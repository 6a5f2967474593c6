//! Which regions of a store take writes, how conflicts between them are resolved, what becomes of writes that come
//! back late.

use super::context::Problem;
use super::diagnostic::code;
use super::reader::{Item, Reader};
use crate::model::{Conflicts, Consistency, Hot, OnReturn, Resolve, Writes};
use crate::rng::Law;
use crate::units::Duration;

pub(super) const POLICIES: [&str; 3] = ["last-writer-wins", "merge", "feed"];
pub(super) const APIS: [&str; 2] = ["nosql", "other"];
pub(super) const WRITES: [&str; 2] = ["single-region", "multi-region"];

/// Whether the product's own interface is used, or one of another database that it imitates (rules c23, c37).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Api {
    NoSql,
    Other,
}

/// Who takes writes, and what becomes of those that contradict each other or come late.
pub(super) struct Writing {
    pub writes: Writes,
    pub conflicts: Conflicts,
    pub on_return: OnReturn,
}

impl Writing {
    /// Warns about what only hot items can come to.
    pub fn idle_without_items(&self, r: &Reader<'_>, hot: Option<Hot>) {
        if self.writes == Writes::Multi
            && hot.is_none_or(|hot| hot.share_ppm == 0)
            && let Some(table) = r.table("conflicts")
        {
            for key in ["capacity", "threshold"] {
                table.idle(key, "writes meet in `hot` items only, and none are");
            }
        }
    }
}

/// Reads `writes`, `api`, `conflicts` and `on_return` of a store.
pub(super) fn read(r: &Reader<'_>, several: bool, consistency: Option<Consistency>) -> Option<Writing> {
    let (writes, api) = (writes(r, several, consistency), api(r));
    let conflicts = conflicts(r, writes, api);
    let on_return = on_return(r, api, writes);
    Some(Writing { writes: writes?, conflicts: conflicts?, on_return: on_return? })
}

/// Reads `api`.
fn api(r: &Reader<'_>) -> Option<Api> {
    let word = r.get("api").map_or(Some(0), |i| i.word(&APIS))?;
    Some(if word == 0 { Api::NoSql } else { Api::Other })
}

/// Reads `writes`.
fn writes(r: &Reader<'_>, several: bool, consistency: Option<Consistency>) -> Option<Writes> {
    let Some(item) = r.get("writes") else { return Some(Writes::Single) };
    if item.word(&WRITES)? == 0 {
        return Some(Writes::Single);
    }
    if !several {
        r.idle("writes", "the store is in one region only");
        return Some(Writes::Single);
    }
    if consistency == Some(Consistency::Strong) {
        let message = "several write regions cannot be strongly consistent (rule c30)";
        let problem = Problem::new(code::WRITES, message, "the store is \"strong\"");
        item.error(problem.help(
            "use \"bounded-staleness\" or a weaker level, or `writes = \"single-region\"` with a short failover",
        ));
        return None;
    }
    Some(Writes::Multi)
}

/// Reads `conflicts`; says what it, or other settings beside it, cannot change.
fn conflicts(r: &Reader<'_>, writes: Option<Writes>, api: Option<Api>) -> Option<Conflicts> {
    let found = match r.table("conflicts") {
        Some(table) => {
            let found = policy(&table, api);
            table.close();
            found
        }
        None => Some(Conflicts { resolve: Resolve::LastWriterWins, capacity_mps: None, threshold_ppm: 0 }),
    };
    if writes == Some(Writes::Single) {
        r.idle("conflicts", "the store has a single write region");
    }
    if let (Some(Writes::Multi), Some(found)) = (writes, found) {
        if let Some(table) = r.table("on_return") {
            table.idle("merge_after", "with several write regions `conflicts` says when writes are merged");
            if found.resolve != Resolve::LastWriterWins {
                table.idle("superseded", "only \"last-writer-wins\" lets newer writes win");
            }
        }
        if let Some(table) = r.table("failover") {
            table.idle("fence", "with several write regions an isolated one goes on");
        }
    }
    found
}

fn policy(r: &Reader<'_>, api: Option<Api>) -> Option<Conflicts> {
    let item = r.get("policy");
    let word = item.as_ref().map_or(Some(0), |i| i.word(&POLICIES));
    let handler = r.get("handler").map_or(Some(None), |i| handler(&i));
    if word.is_some_and(|w| w != 2) {
        r.idle("handler", "only the policy \"feed\" waits for the application");
    }
    let capacity = match r.get("capacity") {
        Some(item) if item.maybe_text() != Some("unlimited") => capacity(&item).map(Some),
        _ => Some(None),
    };
    let threshold = r.get("threshold").map_or(Some(0), |i| i.millionths());
    let word = word?;
    if let (Some(item), Some(Api::Other), true) = (&item, api, word != 0) {
        let message = "this API resolves conflicts by \"last-writer-wins\" only (rule c37)";
        let problem = Problem::new(code::WRITES, message, "`api` is \"other\"");
        item.error(problem.help("leave `policy` out, or use `api = \"nosql\"`"));
        return None;
    }
    let resolve = match word {
        0 => Resolve::LastWriterWins,
        1 => Resolve::Merge,
        _ => Resolve::Feed(handler?),
    };
    Some(Conflicts { resolve, capacity_mps: capacity?, threshold_ppm: threshold? })
}

/// Conflicts that the arbiter settles per second, in thousandths, above 0.
fn capacity(item: &Item<'_>) -> Option<u64> {
    let capacity = item.thousandths(1_000_000_000)?;
    if capacity == 0 {
        let problem =
            Problem::new(code::OUT_OF_RANGE, "an arbiter that never settles a conflict", "must be above 0");
        item.error(problem.help("write `capacity = \"unlimited\"` if conflicts need no time"));
        return None;
    }
    Some(capacity)
}

/// How often the application reads the feed.
fn handler(item: &Item<'_>) -> Option<Option<Duration>> {
    if item.maybe_text() == Some("never") {
        return Some(None);
    }
    if !item.is_table() {
        item.wrong_type("\"never\" or a table such as { every = \"1h\" }");
        return None;
    }
    let r = item.table()?;
    let every = r.require("every", "\"1h\"").and_then(|i| i.positive_duration());
    r.close();
    every.map(Some)
}

/// Reads `on_return` of a store. Unless it says so, the product's own interface leaves it to the application when writes
/// come back; the others merge them by themselves (rule c23). With several write regions that is a matter of conflicts.
fn on_return(store: &Reader<'_>, api: Option<Api>, writes: Option<Writes>) -> Option<OnReturn> {
    let merges = api == Some(Api::Other) && writes != Some(Writes::Multi);
    let by_itself = merges.then(|| Law::constant(Duration::ZERO));
    let Some(item) = store.get("on_return") else {
        return Some(OnReturn { merge_after: by_itself, superseded_ppm: 0 });
    };
    let r = item.table()?;
    let merge_after = r.get("merge_after").map_or(Some(by_itself), |i| i.law_or_never());
    let superseded = r.get("superseded").map_or(Some(0), |i| i.millionths());
    r.close();
    let merge_after = merge_after?.filter(|_| writes != Some(Writes::Multi));
    Some(OnReturn { merge_after, superseded_ppm: superseded? })
}
