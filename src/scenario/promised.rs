//! Doubtful promises: what the allowed staleness breaks, figures without a value, quantiles of too few replications.

use super::context::Problem;
use super::diagnostic::code;
use super::expect::Expect;
use super::reader::Item;
use crate::experiment::expect::Comparison;
use crate::model::{Command, Consistency, Effect, Model, Store};
use crate::units::Duration;

/// Independent values that should lie beyond a quantile, so that its interval has an end there.
const BEYOND: u64 = 10;
/// Quantiles of figures: their words, and of how many values one lies beyond.
const QUANTILES: [(&str, u64); 3] = [(".p50", 2), (".p90", 10), (".p99", 100)];
/// Figures of single events, over which quantiles are taken.
const EVENTS: [&str; 4] = ["rto_seconds", "rpo_", "time_to_impact_seconds", "restore_seconds"];
/// Figures of takeovers and losses.
const LOSSES: &[&str] = &["rpo_"];
/// Figures of restores.
const RESTORES: &[&str] = &["restore_"];
/// Figures of outages.
const OUTAGES: &[&str] = &["rto_seconds", "time_to_impact_seconds"];
/// Figures of requests of one kind.
const REQUESTS: &[&str] = &["availability", "unavailability", "nines"];

/// The variant that was read.
pub(super) struct Run<'a> {
    pub variant: &'a str,
    /// Name of the file as written, which promises without a variant are about.
    pub base: &'a str,
    pub replications: u64,
}

/// Warnings about the promises of one variant.
pub(super) fn lint(promised: &[(Expect, Item<'_>)], run: &Run<'_>, model: &Model) {
    let allowed = model.stores.iter().filter_map(|s| match s.consistency {
        Consistency::Bounded { max_time, .. } => Some(max_time),
        _ => None,
    });
    let allowed = allowed.max();
    let possible = Possible::of(model);
    for (expect, item) in promised {
        if expect.variant.as_deref().unwrap_or(run.base) != run.variant {
            continue;
        }
        if let Some(allowed) = allowed {
            staleness(expect, item, allowed);
        }
        few(expect, item, run.replications);
        if let Some(why) = possible.never(expect) {
            let message = format!("`{}` is never defined, whatever happens", expect.metric);
            let problem = Problem::new(code::NEVER_DEFINED, message, why);
            item.warn(problem.help("add what the expectation is about, or write `is = \"undefined\"`"));
        }
    }
}

/// An RPO below what bounded staleness allows to lose.
fn staleness(expect: &Expect, item: &Item<'_>, allowed: Duration) {
    let limit = match expect.comparison {
        Comparison::Lt(x) | Comparison::Le(x) | Comparison::Eq(x) | Comparison::In(_, x) => x,
        _ => return,
    };
    if expect.metric.contains("rpo_s") && limit < allowed.as_secs_f64() {
        item.warn(beyond_staleness(allowed));
    }
}

/// The warning about an RPO below what bounded staleness allows to lose.
pub(super) fn beyond_staleness(allowed: Duration) -> Problem {
    let message = "bounded staleness cannot promise this: it allows to lose more (rule c15)";
    let seconds = allowed.as_secs_f64();
    Problem::new(code::RPO_PROMISE, message, format!("`max_lag_time` is {allowed}")).help(format!(
        "promise no less than {seconds} seconds, or use \"strong\", which loses nothing when a region is lost"
    ))
}

/// A quantile that so few replications hardly tell. Who expects one exact value says that there is but one.
fn few(expect: &Expect, item: &Item<'_>, replications: u64) {
    let figure = expect.metric.rsplit('/').next().unwrap_or_default();
    let quantile = QUANTILES.iter().find(|(end, _)| figure.ends_with(end));
    let (Some((end, of)), true) = (quantile, EVENTS.iter().any(|e| figure.starts_with(e))) else { return };
    let exact = matches!(expect.comparison, Comparison::Eq(_) | Comparison::Ne(_) | Comparison::Undefined);
    let wanted = BEYOND * of;
    if exact || replications >= wanted {
        return;
    }
    let message = format!("{replications} replications hardly tell a {}", &end[1..]);
    let label = format!("one value in {of} lies beyond it");
    let problem = Problem::new(code::FEW_REPLICATIONS, message, label);
    item.warn(problem.help(format!(
        "run {wanted} or more (`replications = {wanted}`), so that at least {BEYOND} lie beyond; still more where the event \
         is rare"
    )));
}

/// What can happen at all, whatever is drawn.
struct Possible<'a> {
    model: &'a Model,
    /// Something destroys or damages data.
    damage: bool,
    /// People or scripts act.
    acts: bool,
    /// A backup is restored because somebody says so.
    ordered: bool,
    /// Nothing ever fails.
    quiet: bool,
}

impl Possible<'_> {
    fn of(model: &Model) -> Possible<'_> {
        let damage =
            model.faults.iter().any(|f| matches!(f.effect, Effect::Destroy | Effect::Corrupt { .. }));
        let acts = model.commands().next().is_some();
        let limited = model.stores.iter().any(|s| s.throughput_mru.is_some());
        Possible {
            model,
            damage,
            acts,
            ordered: model.commands().any(|c| matches!(c, Command::Restore { .. })),
            quiet: model.faults.is_empty() && !acts && !limited && model.tiers.is_empty(),
        }
    }

    /// Why there never is a value to compare with a number; `None`: there may be, as far as can be told here.
    fn never(&self, expect: &Expect) -> Option<String> {
        if expect.comparison == Comparison::Undefined {
            return None;
        }
        let (store, figure) = self.subject(&expect.metric)?;
        let name = &store.name;
        let about = |figures: &[&str]| figures.iter().any(|f| figure.starts_with(f));
        let demand = |kind: usize| store.demand()[kind] == 0;
        if about(OUTAGES) && self.quiet {
            Some("nothing ever fails: there are no faults and no actions".into())
        } else if about(LOSSES) && store.regions.len() == 1 && !self.damage && !self.acts {
            Some(format!("`{name}` is in one region, and no fault destroys or damages data"))
        } else if about(RESTORES) && !self.damage && !self.ordered {
            Some("no fault destroys or damages data, and nobody orders a restore".into())
        } else if about(REQUESTS) && figure.ends_with(".read") && demand(0) {
            Some(format!("nobody reads from `{name}`"))
        } else if about(REQUESTS) && figure.ends_with(".write") && demand(1) {
            Some(format!("nobody writes to `{name}`"))
        } else {
            None
        }
    }

    /// The store that a figure is about. A bare name is about the only one; whose figures services have as well, it must say.
    fn subject<'e>(&self, metric: &'e str) -> Option<(&Store, &'e str)> {
        match metric.split_once('/') {
            Some((subject, figure)) => Some((self.model.stores.iter().find(|s| s.name == subject)?, figure)),
            None => match &self.model.stores[..] {
                [store] if self.model.services.is_empty() => Some((store, metric)),
                _ => None,
            },
        }
    }
}
