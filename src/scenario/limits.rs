//! What a product does not offer, read from the `[limits]` of its preset.

use super::context::{Context, Problem};
use super::diagnostic::code;
use super::layers;
use super::reader::{Item, Reader};
use crate::model::{Consistency, RpoPromise};
use crate::units::Duration;

/// Limits of a preset, each with the rule that states it.
pub(super) struct Limits {
    placements: Option<(Vec<String>, String)>,
    zones: Option<(u64, String)>,
    lag_writes: Option<(u64, u64, String)>,
    lag_time: Option<(Duration, Duration, String)>,
    rpo: Option<RpoPromise>,
    backup_interval: Option<(Duration, Duration, String)>,
    backup_copies: Option<(u64, String)>,
    retention: Option<(Vec<Duration>, String)>,
    per_partition: Option<PerPartition>,
    members: Option<(u64, String)>,
    synchronous: Option<(u64, String)>,
}

/// What partitions that fail over by themselves ask for.
struct PerPartition {
    levels: Vec<String>,
    writes: String,
    regions: u64,
    rule: String,
}

impl Limits {
    /// The limits of the preset that a store names; `None` if it has none or does not exist (reported elsewhere).
    pub fn of(cx: &Context<'_>, item: &Item<'_>) -> Option<Limits> {
        let name = item.text()?;
        let value = layers::preset(name, "limits", item.value.at.range.clone())?;
        let root = Item { cx, value: &value, path: "preset".into() }.table()?;
        Some(Limits::read(&root.table("limits")?))
    }

    fn read(r: &Reader<'_>) -> Limits {
        let rule = |r: &Reader<'_>| r.get("rule").and_then(|i| i.text()).unwrap_or_default().to_owned();
        let words = |item: Item<'_>| -> Option<Vec<String>> {
            Some(item.list()?.iter().filter_map(|i| i.text().map(str::to_owned)).collect())
        };
        Limits {
            placements: r.table("placements").and_then(|t| Some((words(t.get("allowed")?)?, rule(&t)))),
            zones: r
                .table("zone_redundant_zones")
                .and_then(|t| Some((t.get("at_least")?.integer(1..=1000)?, rule(&t)))),
            lag_writes: r.table("max_lag_writes").and_then(|t| {
                let at_least = |key| t.get(key)?.integer(1..=u64::MAX);
                Some((at_least("one_region")?, at_least("several_regions")?, rule(&t)))
            }),
            lag_time: r.table("max_lag_time").and_then(|t| {
                let at_least = |key| t.get(key)?.duration();
                Some((at_least("one_region")?, at_least("several_regions")?, rule(&t)))
            }),
            rpo: r
                .table("rpo_promise")
                .and_then(|t| Some(RpoPromise { within: t.get("within")?.duration()?, rule: rule(&t) })),
            per_partition: r.table("per_partition").and_then(|t| {
                Some(PerPartition {
                    levels: words(t.get("levels")?)?,
                    writes: t.get("writes")?.text()?.to_owned(),
                    regions: t.get("regions")?.integer(1..=16)?,
                    rule: rule(&t),
                })
            }),
            members: r
                .table("members_advised")
                .and_then(|t| Some((t.get("at_most")?.integer(1..=16)?, rule(&t)))),
            synchronous: r
                .table("synchronous_members")
                .and_then(|t| Some((t.get("at_least")?.integer(2..=16)?, rule(&t)))),
            backup_interval: between(r, "backup_interval"),
            backup_copies: r
                .table("backup_copies")
                .and_then(|t| Some((t.get("at_least")?.integer(1..=1000)?, rule(&t)))),
            retention: r.table("continuous_retention").and_then(|t| {
                let allowed = t.get("allowed")?.list()?;
                Some((allowed.iter().filter_map(|i| i.duration()).collect(), rule(&t)))
            }),
        }
    }

    /// What the product promises about losses at a level that bounds nothing itself.
    pub fn rpo_promise(self, level: Consistency, several: bool) -> Option<RpoPromise> {
        let bounded = matches!(level, Consistency::Strong | Consistency::Bounded { .. });
        self.rpo.filter(|_| several && !bounded)
    }

    /// Checks where replicas may be.
    pub fn placement(&self, item: &Item<'_>, mode: &str, zones: usize) {
        if let Some((allowed, rule)) = &self.placements
            && !allowed.iter().any(|w| w == mode)
        {
            let words: Vec<&str> = allowed.iter().map(String::as_str).collect();
            let message = format!("the product of this preset does not offer `{mode}` regions (rule {rule})");
            let problem =
                Problem::new(code::PRODUCT_RULE, message, format!("offers {}", super::suggest::list(&words)));
            item.error(problem.help(
                "write `\"unzoned\"`, with `zone` for the one its replicas may all lie in, or study it without the preset",
            ));
        }
        if let Some((at_least, rule)) = &self.zones
            && mode == "zone-redundant"
            && (zones as u64) < *at_least
        {
            let message = format!("a zone-redundant region needs at least {at_least} zones (rule {rule})");
            let problem = Problem::new(code::PRODUCT_RULE, message, format!("this region has {zones}"));
            item.error(problem.help(format!(
                "give the `[[region]]` {at_least} zones, or write `zones = \"unzoned\"` here, in the store"
            )));
        }
    }

    /// Checks whether partitions may fail over by themselves in a store of this level and so many regions.
    pub fn per_partition(&self, item: &Item<'_>, level: &str, writes: &str, regions: usize) {
        let Some(limit) = &self.per_partition else { return };
        let service = "or leave it to the service: `mode = \"service-managed\"`";
        let (why, help) = if !limit.levels.iter().any(|l| l == level) {
            let levels: Vec<&str> = limit.levels.iter().map(String::as_str).collect();
            let levels = super::suggest::list(&levels);
            (format!("not at {level:?}"), format!("set `consistency` to {levels}, {service}"))
        } else if writes != limit.writes {
            let help = "leave `failover.mode` out: the other write regions go on by themselves".to_owned();
            (format!("only with writes = {:?}", limit.writes), help)
        } else if (regions as u64) < limit.regions {
            let (least, help) = (limit.regions, format!("add a region, {service}"));
            (format!("needs at least {least} regions"), help)
        } else {
            return;
        };
        let message =
            format!("partitions of this store cannot fail over by themselves (rule {})", limit.rule);
        item.error(Problem::new(code::PRODUCT_RULE, message, why).help(help));
    }

    /// Warns about more members than are advised.
    pub fn members(&self, item: &Item<'_>, members: usize) {
        let Some((most, rule)) = self.members.as_ref().filter(|(most, _)| members as u64 > *most) else {
            return;
        };
        let message =
            format!("{members} members are more than the product's description advises (rule {rule})");
        item.warn(Problem::new(code::MANY_MEMBERS, message, format!("at most {most} are advised")));
    }

    /// Checks how many members replicate synchronously.
    pub fn synchronous(&self, item: &Item<'_>, members: usize) -> bool {
        let least = self.synchronous.as_ref().filter(|(least, _)| (members as u64) < *least);
        if let Some((least, rule)) = least {
            let way_out = format!("use {least} members, or `replication = \"asynchronous\"`");
            not_offered(item, &format!("at least {least} with synchronous replication"), rule, &way_out);
        }
        least.is_none()
    }

    /// Checks the interval of periodic backups.
    pub fn backup_interval(&self, item: &Item<'_>, interval: Duration) {
        let Some((least, most, rule)) = &self.backup_interval else { return };
        if !(least..=most).contains(&&interval) {
            let way_out = if interval < *least {
                format!(
                    "write \"{least}\", or lose less with `mode = \"continuous\"`, which ships all the time"
                )
            } else {
                format!("write \"{most}\" or less")
            };
            not_offered(item, &format!("from \"{least}\" to \"{most}\""), rule, &way_out);
        }
    }

    /// Checks how many periodic backups are kept.
    pub fn backup_copies(&self, item: &Item<'_>, copies: u64) {
        let Some((least, rule)) = &self.backup_copies else { return };
        if copies < *least {
            not_offered(item, &format!("at least {least}"), rule, &format!("write {least} or more"));
        }
    }

    /// Checks how long continuous backups are kept.
    pub fn retention(&self, item: &Item<'_>, retention: Duration) {
        let Some((allowed, rule)) = &self.retention else { return };
        if !allowed.contains(&retention) {
            let words: Vec<String> = allowed.iter().map(|d| format!("\"{d}\"")).collect();
            let way_out = format!("write {}", words.join(" or "));
            not_offered(item, &words.join(" or "), rule, &way_out);
        }
    }

    /// Checks the bound on writes.
    pub fn lag_writes(&self, item: &Item<'_>, writes: u64, several: bool) {
        let Some((one, more, rule)) = &self.lag_writes else { return };
        let least = if several { *more } else { *one };
        if writes < least {
            below(item, several, &least.to_string(), rule);
        }
    }

    /// Checks the bound on time.
    pub fn lag_time(&self, item: &Item<'_>, time: Duration, several: bool) {
        let Some((one, more, rule)) = &self.lag_time else { return };
        let least = if several { *more } else { *one };
        if time < least {
            below(item, several, &format!("\"{least}\""), rule);
        }
    }
}

/// Two ends of a range of time, with the rule that states them.
fn between(r: &Reader<'_>, key: &'static str) -> Option<(Duration, Duration, String)> {
    let t = r.table(key)?;
    let end = |key| t.get(key)?.duration();
    let rule = t.get("rule").and_then(|i| i.text()).unwrap_or_default().to_owned();
    Some((end("at_least")?, end("at_most")?, rule))
}

fn not_offered(item: &Item<'_>, offered: &str, rule: &str, way_out: &str) {
    let message = format!("`{}` is not what the product of this preset offers (rule {rule})", item.path);
    item.error(Problem::new(code::PRODUCT_RULE, message, format!("must be {offered}")).help(way_out));
}

fn below(item: &Item<'_>, several: bool, least: &str, rule: &str) {
    let regions = if several { "several regions" } else { "one region" };
    let message = format!("`{}` is below what the product of this preset allows (rule {rule})", item.path);
    let problem = Problem::new(code::PRODUCT_RULE, message, format!("with {regions} at least {least}"));
    item.error(problem.help(format!("raise it to {least}, or use \"strong\" for a smaller loss")));
}
