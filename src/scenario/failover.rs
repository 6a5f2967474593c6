//! Failover policy.

use super::context::Problem;
use super::diagnostic::code;
use super::law;
use super::limits::Limits;
use super::reader::{Item, Reader};
use super::tree::Kind;
use crate::model::{Consistency, Failover, FailoverMode, Store};
use crate::rng::Law;
use crate::units::Duration;

/// Words of the modes.
pub(super) const MODES: [&str; 4] = ["none", "service-managed", PER_PARTITION, "customer"];
const PER_PARTITION: &str = "per-partition";

/// Words of those that a store with members has.
pub(super) const MODES_OF_MEMBERS: [&str; 3] = ["none", "automatic", "customer"];

/// Whether an isolated write region stops.
pub(super) const FENCES: [&str; 2] = ["lease", "none"];

/// The mode a word names, for a store with members (`led`) or with regions.
pub(super) fn mode(item: &Item<'_>, led: bool) -> Option<FailoverMode> {
    use FailoverMode::{Customer, None, PerPartition, ServiceManaged};
    if led {
        return item.word(&MODES_OF_MEMBERS).map(|i| [None, PerPartition, Customer][i]);
    }
    let modes = [None, ServiceManaged, PerPartition, Customer];
    item.word(&MODES).map(|i| modes[i])
}

/// Checks the mode against what the product of the preset offers.
pub(super) fn check_mode(
    store: &Reader<'_>,
    limits: Option<&Limits>,
    level: Option<Consistency>,
    regions: usize,
) {
    let table = store.get("failover").filter(Item::is_table);
    if let (Some(limits), Some(level), Some(mode)) =
        (limits, level, table.and_then(|t| t.table()).and_then(|t| t.get("mode")))
        && mode.maybe_text() == Some(PER_PARTITION)
    {
        let writes = store.get("writes").and_then(|i| i.maybe_text()).unwrap_or("single-region");
        limits.per_partition(&mode, level.word(), writes, regions);
    }
}

/// Checks the mode that an action switches to.
pub(super) fn check_switch(root: &Reader<'_>, mode: &Item<'_>, store: &Store) {
    let Some(Kind::Table(stores)) = root.table.get("store").map(|v| &v.kind) else { return };
    let Some(value) = stores.get(&store.name) else { return };
    let path = format!("store.{}", store.name);
    let Some(r) = (Item { cx: root.cx, value, path }).table() else { return };
    let limits = r.get("preset").and_then(|i| Limits::of(r.cx, &i));
    if let (Some(limits), Some(PER_PARTITION)) = (limits, mode.maybe_text()) {
        let writes = r.get("writes").and_then(|i| i.maybe_text()).unwrap_or("single-region");
        limits.per_partition(mode, store.consistency.word(), writes, store.regions.len());
    }
}

/// Nobody fails over, unless an action does, in no time.
pub(super) fn nobody() -> Failover {
    Failover {
        mode: FailoverMode::None,
        detect: law::instant(),
        decide: law::instant(),
        promote: law::instant(),
        redirect: law::instant(),
        gray_ppm: 0,
        fence: true,
    }
}

/// Reads `failover` of a store.
pub(super) fn failover(store: &Reader<'_>) -> Option<Failover> {
    let Some(item) = store.get("failover") else { return Some(nobody()) };
    let r = item.table()?;
    let mode = match r.get("mode") {
        None => Some(FailoverMode::None),
        Some(item) => mode(&item, super::members::is_led(store)),
    };
    let phase = |key| match r.get(key) {
        None => Some(law::instant()),
        Some(item) => item.law(),
    };
    let detect = match r.get("detect") {
        Some(item) => detect(&item),
        None if mode.is_some_and(|mode| mode != FailoverMode::None) => {
            r.require("detect", "{ every = \"30s\", misses = 3 }").and(None)
        }
        None => Some(law::instant()),
    };
    let (decide, promote, redirect) = (phase("decide"), phase("promote"), phase("redirect"));
    let fence = r.get("fence").map_or(Some(true), |i| i.word(&FENCES).map(|w| w == 0));
    let gray = r.get("gray").map_or(Some(0), |i| i.millionths());
    if store.get("writes").and_then(|i| i.maybe_text()) == Some("multi-region") {
        r.idle("gray", "with several write regions none is given up for being slow");
    }
    r.close();
    Some(Failover {
        mode: mode?,
        detect: detect?,
        decide: decide?,
        promote: promote?,
        redirect: redirect?,
        gray_ppm: gray?,
        fence: fence?,
    })
}

/// A law, or probes `{ every, misses }`: from the loss to the probe that is missed as the last one, uniform on
/// ((misses − 1)·every, misses·every].
pub(super) fn detect(item: &Item<'_>) -> Option<Law> {
    if !item.is_table() {
        return item.law();
    }
    let r = item.table()?;
    if r.get("law").is_some() {
        r.refuse("every", "probes and `law` exclude each other");
        r.refuse("misses", "probes and `law` exclude each other");
        let law = super::law::read(&r);
        r.close();
        return law;
    }
    let every = r.require("every", "\"30s\"").and_then(|i| i.positive_duration());
    let misses = r.require("misses", "3").and_then(|i| i.integer(1..=1_000_000));
    r.close();
    let (every, misses) = (every?, misses?);
    let Some(high) = every.ns().checked_mul(misses) else {
        let problem =
            Problem::new(code::OUT_OF_RANGE, "detection takes longer than the clock can hold", "too long");
        item.error(problem);
        return None;
    };
    let low = Duration::from_ns(high - every.ns() + 1);
    match Law::uniform(low, Duration::from_ns(high)) {
        Ok(law) => Some(law),
        Err(error) => {
            item.error(Problem::new(code::LAW, format!("`{}` makes no law", item.path), error.0));
            None
        }
    }
}
