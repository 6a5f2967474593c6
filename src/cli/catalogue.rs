//! Scenarios that come with the program, embedded when it is built.

/// A shipped scenario: its name and its text.
pub struct Shipped {
    /// Path below `scenarios/` without `.toml`: `cosmos-db/tiers`.
    pub name: &'static str,
    /// The file.
    pub text: &'static str,
}

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(Shipped { name: $name, text: include_str!(concat!("../../scenarios/", $name, ".toml")) }),*]
    };
}

/// All of them, by name in ascending order; a test compares the list with the folder.
pub const SCENARIOS: &[Shipped] = shipped![
    "cosmos-db/account-outage",
    "cosmos-db/add-region",
    "cosmos-db/arbiter",
    "cosmos-db/backup-continuous",
    "cosmos-db/backup-periodic",
    "cosmos-db/bad-deployment",
    "cosmos-db/conflicts",
    "cosmos-db/corruption",
    "cosmos-db/destroyed-single-region",
    "cosmos-db/drill",
    "cosmos-db/emergency",
    "cosmos-db/gray",
    "cosmos-db/lag",
    "cosmos-db/link-cut",
    "cosmos-db/maintenance",
    "cosmos-db/multi-write",
    "cosmos-db/multi-write-arbiter",
    "cosmos-db/node",
    "cosmos-db/overlap",
    "cosmos-db/partial",
    "cosmos-db/per-partition",
    "cosmos-db/price",
    "cosmos-db/read-region",
    "cosmos-db/return",
    "cosmos-db/routing",
    "cosmos-db/sla-months",
    "cosmos-db/strong",
    "cosmos-db/throughput",
    "cosmos-db/tier-table",
    "cosmos-db/tiers",
    "cosmos-db/tokens",
    "cosmos-db/write-latency",
    "cosmos-db/write-region",
    "cosmos-db/write-region-destroyed",
    "cosmos-db/write-region-isolated",
    "cosmos-db/zone-redundancy",
    "cosmos-db/zone-redundant",
    "cosmos-db/zone-unzoned",
    "cosmos-db/zones-together",
    "designs/active-active",
    "designs/active-passive",
    "designs/backup-restore",
    "designs/pilot-light",
    "designs/single-zone",
    "designs/three-region-quorum",
    "designs/three-zones",
    "designs/two-zones",
    "designs/warm-standby",
    "openscale/balancer",
    "openscale/composition",
    "openscale/corrupted-asset",
    "openscale/region-destroyed",
    "openscale/region-outage",
    "openscale/service-databases",
    "openscale/two-sites",
    "openscale/zone",
    "questions/backup-interval",
    "questions/failback",
    "questions/failover-phases",
    "questions/failover-time",
    "questions/four-hourly-backup",
    "questions/hour-of-lag",
    "questions/only-my-account",
    "questions/region-lost-for-ever",
    "questions/restore-2tb",
    "questions/two-regions-strong",
    "questions/zones-or-regions",
    "reference/alternating-renewal",
    "reference/common-cause",
    "reference/data-loss",
    "reference/detection",
    "reference/k-of-n",
    "reference/repairman",
    "reference/sla-month",
    "reference/two-of-three",
    "reference/unequal-zones",
    "reference/w1",
    "reference/warm-standby",
];

/// The scenario of this name.
pub fn find(name: &str) -> Option<&'static Shipped> {
    SCENARIOS.iter().find(|s| s.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn names_below(folder: &Path, prefix: &str, names: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_string();
            if path.is_dir() {
                names_below(&path, &format!("{prefix}{name}/"), names);
            } else if let Some(stem) = name.strip_suffix(".toml") {
                names.push(format!("{prefix}{stem}"));
            }
        }
    }

    #[test]
    fn the_list_is_the_folder() {
        let mut names = Vec::new();
        names_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"), "", &mut names);
        names.sort();
        let listed: Vec<&str> = SCENARIOS.iter().map(|s| s.name).collect();
        assert_eq!(listed, names);
    }
}
