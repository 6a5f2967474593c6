//! Failover policy.

use super::context::Problem;
use super::diagnostic::code;
use super::reader::{Item, Reader};
use crate::model::{Failover, FailoverMode};
use crate::rng::Law;
use crate::units::Duration;

/// Words of the modes.
pub(super) const MODES: [&str; 2] = ["none", "service-managed"];

/// The mode a word names.
pub(super) fn mode(item: &Item<'_>) -> Option<FailoverMode> {
    let modes = [FailoverMode::None, FailoverMode::ServiceManaged];
    item.word(&MODES).map(|i| modes[i])
}

/// Reads `failover` of a store.
pub(super) fn failover(store: &Reader<'_>) -> Option<Failover> {
    let instant = || Law::constant(Duration::ZERO);
    let Some(item) = store.get("failover") else {
        return Some(Failover {
            mode: FailoverMode::None,
            detect: instant(),
            decide: instant(),
            promote: instant(),
            redirect: instant(),
            fence: true,
        });
    };
    let r = item.table()?;
    let mode = match r.get("mode") {
        None => Some(FailoverMode::None),
        Some(item) => mode(&item),
    };
    let phase = |key| match r.get(key) {
        None => Some(instant()),
        Some(item) => item.law(),
    };
    let detect = match r.get("detect") {
        Some(item) => detect(&item),
        None if mode == Some(FailoverMode::ServiceManaged) => {
            r.require("detect", "{ every = \"30s\", misses = 3 }").and(None)
        }
        None => Some(instant()),
    };
    let (decide, promote, redirect) = (phase("decide"), phase("promote"), phase("redirect"));
    let fence = r.get("fence").map_or(Some(true), |i| i.word(&["lease", "none"]).map(|w| w == 0));
    r.close();
    Some(Failover {
        mode: mode?,
        detect: detect?,
        decide: decide?,
        promote: promote?,
        redirect: redirect?,
        fence: fence?,
    })
}

/// A law, or probes `{ every, misses }`: from the loss to the probe that is missed as the last one, uniform on
/// ((misses − 1)·every, misses·every].
fn detect(item: &Item<'_>) -> Option<Law> {
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
