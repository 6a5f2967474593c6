//! Good scenarios: what the text becomes; and that no text makes the reader panic.

use proptest::prelude::*;
use zonefall::experiment::Comparison;
use zonefall::model::objective::{Credit, Goal, Measure, Series, Watched};
use zonefall::model::{
    Agreement, Balance, Billing, Class, Command, Consistency, DomainId, Effect, FailoverMode, Hours, Member,
    Need, Part, Party, Placement, Redirect, RegionId, Schedule, Target, Trigger,
};
use zonefall::rng::Law;
use zonefall::scenario::{Loaded, Options, Scenario, Severity, Source, load, render, unknown_metric};
use zonefall::units::Duration;

const FULL: &str = include_str!("full.toml");

fn read(text: &str, set: &[(&str, &str)]) -> Loaded {
    let loader = |name: &str| match name {
        "repairs.csv" => Ok("scope,minutes\nzone,20\nzone,40\n".to_owned()),
        other => Err(format!("there is no file {other:?}")),
    };
    load(Source { name: "full.toml", text }, &Options::new().settings(set.iter().copied()).files(&loader))
}

fn good(text: &str, set: &[(&str, &str)]) -> Scenario {
    let loaded = read(text, set);
    let shown: String = loaded
        .diagnostics
        .iter()
        .map(|d| render(Source { name: "full.toml", text }, d, false) + "\n")
        .collect();
    match loaded.scenario {
        Some(scenario) if shown.is_empty() => scenario,
        _ => panic!("{shown}"),
    }
}

fn hours(h: u64) -> Duration {
    Duration::from_secs(h * 3600)
}

#[test]
fn the_world_is_a_tree_in_order() {
    let scenario = good(FULL, &[]);
    let world = &scenario.variants[0].model.world;
    assert_eq!(world.regions.len(), 3);
    assert_eq!(world.nodes.len(), 12 + 12 + 2 * 2 + 3);
    let paths: Vec<&str> = world.domains.iter().map(|d| d.path.as_str()).collect();
    assert_eq!(paths[0], "westeurope");
    assert!(paths.contains(&"south/a/dc1/2"), "{paths:?}");
    for domain in &world.domains {
        assert!(!domain.nodes.is_empty(), "{}", domain.path);
        if let Some(parent) = domain.parent {
            let parent = world.domain(parent);
            assert!(parent.nodes.start <= domain.nodes.start && domain.nodes.end <= parent.nodes.end);
        }
    }
    assert_eq!(world.links[0].name, "cable");
    assert_eq!(world.links[0].bandwidth, Some(100_000_000));
}

#[test]
fn a_store_has_members_instead_of_regions() {
    let scenario = good(FULL, &[]);
    let model = &scenario.variants[0].model;
    let led = model.stores.iter().find(|s| s.name == "led").unwrap();
    let names: Vec<&str> = (0..3).map(|r| led.place_name(&model.world, r)).collect();
    assert_eq!(names, ["westeurope/1", "westeurope/2", "south"]);
    assert_eq!(led.regions.iter().map(|r| r.joins_later).collect::<Vec<_>>(), [false, false, true]);
    let members = led.members.as_ref().unwrap();
    assert_eq!((members.agreement, members.in_use), (Agreement::Asynchronous, 2));
    assert_eq!((members.cap_bytes, members.cap_time), (Some(16_000_000), Some(Duration::from_secs(30))));
    assert_eq!((members.replace.clone(), members.leader_reads), (Some(Law::constant(hours(1))), false));
    assert_eq!((led.replicas, led.failover.mode), (1, FailoverMode::PerPartition));
    assert_eq!(led.clients[0].order, [1, 2, 0], "the leader last");
    let set = [("store.led.replication", "\"majority\""), ("store.led.in_use", "3")];
    let scenario = read(FULL, &set).scenario.unwrap();
    let led = scenario.variants[0].model.stores.iter().find(|s| s.name == "led").unwrap();
    let members = led.members.as_ref().unwrap();
    assert_eq!(
        (led.consistency, members.cap_bytes),
        (Consistency::Strong, None),
        "what does not lag needs no cap"
    );
}

#[test]
fn the_preset_lies_under_the_file_and_the_variant_on_top() {
    let scenario = good(FULL, &[]);
    let names: Vec<&str> = scenario.variants.iter().map(|v| v.name.as_str()).collect();
    assert_eq!(names[..4], ["as-written", "strong", "unzoned", "quick"]);
    assert_eq!(names[4..], ["partitions = 10", "partitions = 30"]);
    let store = |i: usize| &scenario.variants[i].model.stores[0];
    let base = store(0);
    assert_eq!((base.replicas, base.write_quorum, base.read_quorum), (4, 3, 1));
    assert_eq!(base.consistency, Consistency::Session);
    assert_eq!(base.failover.mode, FailoverMode::ServiceManaged);
    assert_eq!(base.failover.promote, Law::constant(Duration::from_secs(60)), "from the preset");
    assert_eq!(base.failover.decide, Law::constant(hours(2)), "from the file");
    assert_eq!(base.evict, base.failover.detect);
    assert_eq!(base.regions[0].placement, Placement::ZoneRedundant);
    assert_eq!((base.regions[0].min_zones, base.regions[1].min_zones), (2, 1));

    assert_eq!(store(1).consistency, Consistency::Strong);
    assert_eq!((store(1).read_quorum, store(1).read_cost_mru), (2, 2000), "defaults that follow the level");
    assert!(matches!(store(2).regions[0].placement, Placement::Unzoned(_)));
    assert_eq!(store(3).failover.decide, Law::constant(Duration::from_secs(60)));
    assert_eq!(store(3).replicas, 3, "dotted keys without quotes");
    let first = &scenario.variants[0].model;
    for variant in &scenario.variants {
        assert_eq!((&variant.model.world, &variant.model.faults), (&first.world, &first.faults));
    }
}

#[test]
fn assets_are_stores_behind_the_others_and_runbooks_have_steps() {
    let scenario = good(FULL, &[]);
    let model = &scenario.variants[0].model;
    let names: Vec<&str> = model.stores.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["orders", "plain", "everywhere", "led", "together", "models"]);
    let asset = &model.stores[5];
    assert!(asset.asset && asset.regions.iter().all(|r| r.placement == Placement::ZoneRedundant));
    assert_eq!((asset.replicas, asset.write_quorum, asset.data_bytes), (3, 2, 200_000_000_000));
    assert_eq!((asset.clients[0].writes_mps, asset.clients[0].reads_mps), (500, 2000));
    let backup = asset.backup.as_ref().expect("backed up");
    let kept: Vec<RegionId> = backup.vaults.iter().map(|v| v.region).collect();
    assert_eq!(kept, [RegionId(1), RegionId(1)], "wherever the asset is, its backups are in northeurope");
    assert!(backup.survives(&asset.regions, RegionId(0)) && !backup.survives(&asset.regions, RegionId(1)));
    // Started from nothing where it was not before, placed as the step says.
    let plain = &model.stores[1].regions;
    assert_eq!((plain[1].region, plain[1].joins_later), (RegionId(1), true));
    assert_eq!(plain[1].placement, Placement::ZoneRedundant);

    let [moved, drill] = &model.runbooks[..] else { panic!("two runbooks") };
    assert_eq!((&moved.trigger, moved.hours), (&Trigger::Lost(RegionId(0)), Hours::Office));
    assert_eq!(moved.bandwidth, 200_000_000);
    let after: Vec<&[u32]> = moved.steps.iter().map(|s| &s.after[..]).collect();
    assert_eq!(after, [&[][..], &[0], &[]]);
    let owners: Vec<Party> = moved.steps.iter().map(|s| s.owner).collect();
    assert_eq!(owners, [Party::Provider, Party::Customer, Party::Customer]);
    assert_eq!(
        (moved.steps[1].fails_ppm, &moved.steps[1].retry),
        (100_000, &Law::constant(Duration::from_secs(1800)))
    );
    assert_eq!(moved.steps[1].does, Some(Command::Restore { store: 5, into: 1 }));
    assert_eq!(moved.steps[2].does, Some(Command::StartEmpty { store: 1, into: 1 }));
    assert_eq!(drill.trigger, Trigger::At(Duration::from_days(100)));

    let changed = good(
        FULL,
        &[
            ("runbook.move.notice", "never"),
            ("runbook.move.step[restore models].fails", "0.5"),
            ("asset.models.backup.every", "2d"),
        ],
    );
    let model = &changed.variants[0].model;
    assert!(model.runbooks[0].never_noticed());
    assert_eq!(model.runbooks[0].steps[1].fails_ppm, 500_000);
    assert_ne!(model.stores[5].backup, asset.backup);
}

#[test]
fn prices_have_factors_from_the_preset_and_money_from_the_file() {
    let rates = |set: &[(&str, &str)]| {
        let loaded = read(FULL, set);
        loaded.scenario.expect("valid").variants[0].model.stores[0].price.clone().expect("a price")
    };
    let price = rates(&[]);
    assert_eq!(price.rates_ppm, Some(vec![1_250_000, 1_100_000, 1_000_000]));
    assert_eq!((price.billing, price.currency.as_deref()), (Billing::Provisioned, Some("EUR")));
    assert_eq!((price.unit_nano, price.storage_nano), (Some(8_000_000), Some(250_000_000)));
    let autoscale = rates(&[("store.orders.price.billing", "autoscale")]);
    assert_eq!(
        autoscale.rates_ppm,
        Some(vec![1_000_000, 1_100_000, 1_000_000]),
        "c08: zones are free with autoscale"
    );
    let both = [("store.orders.price.region_factor.westeurope", "0.9")];
    assert_eq!(rates(&both).rates_ppm, Some(vec![1_125_000, 1_100_000, 1_000_000]));
}

#[test]
fn settings_go_over_file_and_variants() {
    let settings = [
        ("store.orders.consistency", "eventual"),
        ("scenario.horizon", "30d"),
        ("fault.zone-power.per_year", "2"),
        ("store.orders.regions[northeurope].zones", "zone-redundant"),
    ];
    let loaded = read(FULL, &settings);
    let scenario = loaded.scenario.expect("valid");
    for variant in &scenario.variants {
        assert_eq!(variant.model.stores[0].consistency, Consistency::Eventual);
        assert_eq!(variant.model.horizon, Duration::from_days(30));
        assert_eq!(variant.model.stores[0].regions[1].placement, Placement::ZoneRedundant);
        let rule = variant.model.faults.iter().find(|f| f.name == "zone-power").expect("declared");
        assert_eq!(rule.schedule, Schedule::Stochastic { uptime: Law::per_year(2.0).unwrap() });
    }
    assert_ne!(scenario.digest, good(FULL, &[]).digest);
}

#[test]
fn the_digest_follows_text_settings_and_files() {
    let digest = good(FULL, &[]).digest;
    assert_eq!(digest, good(FULL, &[]).digest);
    assert_ne!(digest, good(&format!("{FULL}\n"), &[]).digest);
    assert_ne!(digest, good(FULL, &[("scenario.seed", "7")]).digest);
    assert_eq!(good(FULL, &[("scenario.seed", "7")]).seed, 7);
}

#[test]
fn faults_have_targets_schedules_and_consequences() {
    let scenario = good(FULL, &[]);
    let model = &scenario.variants[0].model;
    let rule = |name: &str| model.faults.iter().find(|f| f.name == name).unwrap_or_else(|| panic!("{name}"));
    assert_eq!(rule("zone-power").targets.len(), 3 + 3 + 2);
    let weekly = rule("deployment");
    let Schedule::Scripted(times) = &weekly.schedule else { panic!("scripted") };
    assert_eq!(times.len(), 1 + 52, "0 d, then every week up to the horizon");
    assert_eq!(weekly.effect, Effect::Partial { share_ppm: 100_000 });
    assert_eq!(model.selector(weekly.targets[0]), "region:westeurope");
    assert_eq!(rule("quake").together_ppm, Some(300_000));
    let cascade = &rule("quake").cascades[0];
    assert_eq!(model.faults[cascade.rule as usize].name, "fire");
    assert_eq!(cascade.probability_ppm, 10_000);
    assert_eq!(rule("fire").schedule, Schedule::Cascaded);
    assert!(matches!(rule("cut").targets[..], [Target::Link(_)]));
    assert_eq!(rule("node-crash").crews, Some(2), "the file's key over the shared preset");
    let repair = &rule("overheated").duration;
    assert_eq!(
        *repair,
        Law::empirical(vec![Duration::from_secs(1200), Duration::from_secs(2400)]).unwrap().shifted(hours(1))
    );
}

#[test]
fn clients_have_exact_rates_and_read_orders() {
    let scenario = good(FULL, &[]);
    let store = &scenario.variants[0].model.stores[0];
    let writes: u64 = store.clients.iter().map(|c| c.writes_mps).sum();
    assert_eq!(writes, 1_000_001, "1000.001 per second");
    assert_eq!(store.clients[0].order, [0, 1, 2]);
    assert_eq!(store.clients[1].order, [1, 0, 2], "own region first, the one that is added last");
    assert_eq!(store.clients[2].order, [1, 2, 0], "preferred, then the others, the write region last");
    assert!(matches!(store.clients[2].redirect, Redirect::ByService(_)));
    assert!(!store.profile.is_flat());
}

#[test]
fn blocks_come_after_their_members_and_actions_in_time() {
    let scenario = good(FULL, &[]);
    let model = &scenario.variants[0].model;
    for (i, block) in model.blocks.iter().enumerate() {
        for member in &block.members {
            assert!(!matches!(member, Member::Block(b) if *b as usize >= i), "{}", block.name);
        }
    }
    assert!(model.actions.is_sorted_by_key(|a| a.at));
    assert_eq!(
        model.actions[0].command,
        Command::SetThroughput { store: 0, throughput_mru: Some(20_000_000) }
    );
    let added = Command::AddRegion { store: 0, region: 2 };
    assert!(model.actions.iter().any(|a| a.command == added && a.at == Duration::from_days(150)));
    let store = &model.stores[0];
    assert_eq!((store.regions[2].joins_later, store.regions[1].spread_ppm), (true, 250_000));
    assert_eq!(scenario.expects[0].variant.as_deref(), Some("strong"));
    assert_eq!(scenario.expects[0].comparison, Comparison::In(-0.5, 0.5), "with its tolerance");
    assert_eq!(scenario.expects[0].rules, ["c14", "x03"]);
}

const SWEPT: &str = r#"
[scenario]
name    = "swept"
horizon = "1y"
[[region]]
name           = "a"
nodes_per_zone = 4
[fault.node]
target   = "node:*"
mtbf     = "90d"
duration = "1h"
[block.b]
k  = 1
of = ["node:*"]
[variant.other]
"block.b.k" = 4
"#;

fn points(sweep: &str) -> Vec<String> {
    let scenario = good(&format!("{SWEPT}{sweep}"), &[]);
    let names: Vec<String> = scenario.variants.into_iter().map(|v| v.name).collect();
    assert_eq!(names[..2], ["base", "other"]);
    names[2..].to_vec()
}

#[test]
fn a_sweep_makes_variants_of_all_values() {
    let sweep =
        "[sweep]\n\"fault.node.duration\" = [\"30m\", \"2h\"]\nblock.b.k = { from = 1, to = 3, step = 2 }\n";
    let scenario = good(&format!("{SWEPT}{sweep}"), &[]);
    let found: Vec<_> = scenario.variants[2..]
        .iter()
        .map(|v| {
            let model = &v.model;
            (
                v.name.as_str(),
                model.faults[0].duration.as_constant().unwrap().to_string(),
                model.blocks[0].need,
            )
        })
        .collect();
    let wanted = [
        ("duration = 30m, k = 1", "30m".to_string(), 1),
        ("duration = 30m, k = 3", "30m".to_string(), 3),
        ("duration = 2h, k = 1", "2h".to_string(), 1),
        ("duration = 2h, k = 3", "2h".to_string(), 3),
    ];
    assert_eq!(found, wanted);
    let axis = |i: usize| {
        let axis = &scenario.axes[i];
        let values: Vec<_> = axis.values.iter().map(|c| (c.label.as_str(), c.value.unwrap())).collect();
        (axis.path.as_str(), axis.label.as_str(), axis.unit, values)
    };
    assert_eq!(
        axis(0),
        ("fault.node.duration", "duration", "seconds", vec![("30m", 1800.0), ("2h", 7200.0)])
    );
    assert_eq!(axis(1), ("block.b.k", "k", "", vec![("1", 1.0), ("3", 3.0)]));
    let point = &scenario.variants[5].point;
    assert_eq!(*point, [scenario.axes[0].values[1].clone(), scenario.axes[1].values[1].clone()]);
    assert!(scenario.variants[..2].iter().all(|v| v.point.is_empty()));
    // One at a time: the other setting stays as in the file.
    let alone = sweep.replace("[sweep]", "[sweep]\nmode = \"one-at-a-time\"");
    assert_eq!(points(&alone), ["duration = 30m", "duration = 2h", "k = 1", "k = 3"]);
}

#[test]
fn ranges_are_written_as_people_would() {
    let values = |range: &str| {
        let names = points(&format!("[sweep]\nfault.node.mtbf = {range}\n"));
        names.iter().map(|n| n.strip_prefix("mtbf = ").unwrap().to_owned()).collect::<Vec<_>>().join(" | ")
    };
    let range =
        |from: &str, to: &str, rest: &str| values(&format!("{{ from = \"{from}\", to = \"{to}\", {rest} }}"));
    assert_eq!(range("12h", "60h", "step = \"24h\""), "12h | 36h | 60h");
    // The last step stops short of the end.
    assert_eq!(range("1d", "4d", "step = \"36h\""), "1d | 2d 12h | 4d");
    assert_eq!(range("1d", "3d", "step = \"36h\""), "1d | 2d 12h");
    // 24^(1/4) = 2.2134 hours and so on, to the minute.
    assert_eq!(range("1h", "24h", "points = 5, scale = \"log\""), "1h | 2h 13m | 4h 54m | 10h 51m | 24h");
    assert_eq!(range("1h", "1h 30m", "points = 3"), "1h | 1h 15m | 1h 30m");
    let numbers = |key: &str, range: &str| {
        let names = points(&format!("[sweep]\n{key} = {range}\n"));
        names.iter().map(|n| n.rsplit(' ').next().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(numbers("fault.node.per_year", "{ from = 0.1, to = 0.5, step = 0.1 }"), "0.1 0.2 0.3 0.4 0.5");
    let thirds = numbers("fault.node.per_year", "{ from = 1.0, to = 2, points = 4 }");
    assert_eq!(thirds, "1 1.333 1.667 2");
    assert_eq!(numbers("block.b.k", "{ from = 1, to = 4, points = 3, scale = \"log\" }"), "1 2 4");
}

#[test]
fn objectives_are_exact_and_may_vary() {
    let scenario = good(FULL, &[]);
    let [base, strong] = [0, 1].map(|v: usize| &scenario.variants[v].model.objectives);
    let Goal::Availability { target, measure, credits } = &base[0].goal else { panic!("{base:?}") };
    assert_eq!(
        (base[0].of, *target, *measure),
        (Watched::Store(0, Series::Write), 999_950_000_000, Measure::Requests)
    );
    let band = |below, share_ppm| Credit { below, share_ppm };
    assert_eq!(*credits, [band(999_950_000_000, 100_000), band(990_000_000_000, 250_000)]);
    let Goal::Availability { target, credits, .. } = &strong[0].goal else { panic!("{strong:?}") };
    assert_eq!(
        (*target, credits[0].below),
        (999_990_000_000, 999_990_000_000),
        "credits begin below the target"
    );
    let minutes = |m: u64| Duration::from_secs(60 * m);
    assert_eq!(base[1].goal, Goal::Rto { within: minutes(5), class: Some(Class::Zone) });
    assert_eq!(base[1].of, Watched::Store(0, Series::All));
    assert_eq!(base[2].goal, Goal::Rpo { within: minutes(15), class: None });
    assert!(matches!(base[3].of, Watched::Block(_)));
}

#[test]
fn an_unknown_figure_is_shown_where_it_stands() {
    let scenario = good(FULL, &[]);
    let source = Source { name: "full.toml", text: FULL };
    let problem = unknown_metric(source, &scenario.expects[0], &["orders.rpo_seconds.max"]);
    let shown = render(source, &problem, false);
    assert!(shown.contains("error[ZF0704]") && shown.contains("orders.rpo_second.max"), "{shown}");
    assert!(shown.contains("did you mean `orders.rpo_seconds.max`?"), "{shown}");
}

/// Whatever is read without errors must be a model others can rely on.
fn sound(scenario: &Scenario) {
    for model in scenario.variants.iter().map(|v| &v.model) {
        for rule in &model.faults {
            assert!(!rule.targets.is_empty() && rule.targets.is_sorted());
            assert!(rule.cascades.iter().all(|c| (c.rule as usize) < model.faults.len()));
        }
        for store in &model.stores {
            assert!((1..=16).contains(&store.regions.len()) && (1..=16).contains(&store.replicas));
            assert!(store.write_quorum > store.replicas / 2 && store.write_quorum <= store.replicas);
            for client in &store.clients {
                assert_eq!(client.order.len(), store.regions.len());
            }
        }
        for tier in &model.tiers {
            let most: usize = tier.sites.iter().map(|s| s.nodes.len()).sum();
            assert!(tier.needed >= 1 && tier.needed as usize <= most);
            assert!(tier.sites.iter().all(|s| s.running as usize <= s.nodes.len()));
        }
        for (s, service) in (0..).zip(&model.services) {
            let before = |need: &Need| !matches!(need.on, Part::Service(other) if other >= s);
            assert!(!service.needs.is_empty() && service.needs.iter().all(before));
        }
        for block in &model.blocks {
            assert!(block.need >= 1 && block.need as usize <= block.members.len());
        }
    }
}

/// Words and numbers that hurt.
const SNIPPETS: [&str; 24] = [
    "\"",
    "[",
    "]",
    "{",
    "}",
    "=",
    "\n",
    "nan",
    "-1",
    "1e400",
    "inf",
    "99999999999999999999",
    "\"0s\"",
    "\"584y\"",
    "true",
    "[[region]]\n",
    "\"never\"",
    "{ law = \"empirical\", values = [] }",
    "\"zone:*/*/*/*\"",
    "ä",
    "1979-05-27",
    "\u{0}",
    "'''",
    "18446744073709551615",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    /// Cutting, doubling and replacing parts of a good scenario gives diagnostics, never a panic.
    #[test]
    fn mutations_never_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0usize..4), 1..4),
    ) {
        let mut text = FULL.to_owned();
        for (place, what, kind) in edits {
            let tokens: Vec<(usize, usize)> = tokens(&text);
            if tokens.is_empty() {
                break;
            }
            let (start, end) = tokens[place.index(tokens.len())];
            match kind {
                0 => text.replace_range(start..end, ""),
                1 => text.replace_range(start..end, SNIPPETS[what.index(SNIPPETS.len())]),
                2 => {
                    let (a, b) = tokens[what.index(tokens.len())];
                    let other = text[a..b].to_owned();
                    text.replace_range(start..end, &other);
                }
                _ => text.insert_str(start, SNIPPETS[what.index(SNIPPETS.len())]),
            }
        }
        let loaded = read(&text, &[]);
        let source = Source { name: "mutated.toml", text: &text };
        let failed = loaded.diagnostics.iter().any(|d| d.severity == Severity::Error);
        for d in &loaded.diagnostics {
            prop_assert!(render(source, d, false).contains(d.code));
        }
        prop_assert_eq!(loaded.scenario.is_none(), failed);
        if let Some(scenario) = loaded.scenario {
            sound(&scenario);
        }
    }

    /// Any path and value on the command line give diagnostics, never a panic.
    #[test]
    fn settings_never_panic(path in "[a-z_.\\[\\]]{0,24}", tail in 0usize..12, value in "\\PC{0,12}") {
        let paths = [
            "store.orders.replicas", "store.orders.regions", "store.orders.regions[westeurope].zones",
            "scenario.horizon", "scenario.warmup", "fault.quake.together", "fault.cut.at", "fault.cut.duration",
            "block.all.k", "region[westeurope].zones", "region[westeurope].nodes_per_zone", "use",
        ];
        read(FULL, &[(&path, &value)]);
        read(FULL, &[(paths[tail], &value)]);
        read(FULL, &[(&format!("{}.{path}", paths[tail]), SNIPPETS[tail])]);
        read(FULL, &[(paths[tail], SNIPPETS[tail])]);
    }
}

/// Large wrong files end soon, with a limit named.
#[test]
fn hostile_files_are_bounded() {
    let head = "[scenario]\nname = \"x\"\nhorizon = \"1y\"\n";
    let big = "[[region]]\nname = \"a\"\nzones = 10\nnodes_per_zone = 10_000\n";
    let region = "[[region]]\nname = \"a\"\n";
    let repeat = |n: usize, f: &dyn Fn(usize) -> String| (0..n).map(f).collect::<String>();
    let cases = [
        format!(
            "{head}{region}[block.x]\nk = 1\nof = \"node:*\"\n{}",
            repeat(50_000, &|i| format!("k{i} = 1\n"))
        ),
        format!(
            "{head}{big}{}",
            repeat(9_000, &|i| format!(
                "[fault.f{i}]\ntarget = \"node:b/{i}\"\nmtbf = \"1y\"\nduration = \"1h\"\n"
            ))
        ),
        format!(
            "{head}{big}{}",
            repeat(9_000, &|i| format!(
                "[fault.f{i}]\ntarget = \"node:*\"\nmtbf = \"1y\"\nduration = \"1h\"\n"
            ))
        ),
        format!("{head}{big}{}", repeat(2_000, &|i| format!("[block.b{i}]\nk = 1\nof = \"node:*\"\n"))),
        format!(
            "{head}{region}{}",
            repeat(400, &|i| format!("[variant.v{i}]\n\"fault.f{i}.mtbf\" = \"1y\"\n"))
        ),
        format!(
            "{head}{big}{}",
            repeat(30, &|i| format!("[variant.v{i}]\n\"scenario.horizon\" = \"{}d\"\n", i + 1))
        ),
        format!("{head}{region}clients = [{}]\n", "[],".repeat(200_000)),
        "[".repeat(100_000),
        "a = 1\n".repeat(10_000),
    ];
    for (i, text) in cases.iter().enumerate() {
        let loaded = read(text, &[]);
        assert!(loaded.scenario.is_none(), "{i}");
        assert!(loaded.diagnostics.len() <= 201, "{i}");
    }
    let long = " ".repeat(zonefall::scenario::MAX_BYTES + 1);
    assert_eq!(read(&long, &[]).diagnostics[0].code, "ZF0002");
}

/// Words, numbers, strings and single other characters of a text, by place.
fn tokens(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut start = None;
    for (i, c) in text.char_indices() {
        if c.is_alphanumeric() || matches!(c, '_' | '-' | '.') {
            start.get_or_insert(i);
            continue;
        }
        if let Some(s) = start.take() {
            found.push((s, i));
        }
        if !c.is_whitespace() {
            found.push((i, i + c.len_utf8()));
        }
    }
    found
}

#[test]
fn tiers_routers_and_services_are_read() {
    let scenario = good(FULL, &[]);
    let model = &scenario.variants[0].model;
    let names = |domains: &[DomainId]| -> Vec<String> {
        domains.iter().map(|d| model.world.domain(*d).path.clone()).collect()
    };
    let api = &model.tiers[0];
    let nodes = |site: usize| -> Vec<String> {
        let domains = api.sites[site].nodes.iter().map(|n| model.world.nodes[n.0 as usize]);
        names(&domains.collect::<Vec<_>>())
    };
    let west = ["1/1", "2/1", "3/1", "1/2", "2/2", "3/2"].map(|n| format!("westeurope/{n}"));
    assert_eq!((nodes(0), api.sites[0].running), (west.to_vec(), 6), "around the zones, then their nodes");
    assert_eq!(nodes(1), ["south/a/dc1/1", "south/b/1", "south/a/dc1/2", "south/b/2"]);
    assert_eq!((api.sites[1].running, api.needed), (0, 4), "as many as an action asks for");
    assert_eq!(api.start, Law::constant(Duration::from_secs(120)));
    assert!(api.reschedule.is_some() && model.tiers[1].reschedule.is_none());
    let [entry, by_hand] = &model.routers[..] else { panic!("two routers") };
    assert_eq!(names(&entry.targets), ["westeurope/1", "westeurope/2", "westeurope/3"]);
    assert_eq!(
        (entry.balance, entry.ttl, entry.stale_ppm),
        (Balance::Spread, Duration::from_secs(60), 50_000)
    );
    assert_eq!((by_hand.balance, by_hand.ttl, by_hand.stale_ppm), (Balance::Manual, Duration::ZERO, 0));
    assert_eq!(by_hand.detect, Law::constant(Duration::ZERO));
    // A service comes after those it needs.
    let [session, checkout] = &model.services[..] else { panic!("two services") };
    assert_eq!((session.name.as_str(), checkout.name.as_str()), ("session", "checkout"));
    let need = |on, path, share_ppm| Need { on, path, share_ppm };
    assert_eq!(
        session.needs,
        [need(Part::Store(2), Series::Write, 300_000), need(Part::Block(0), Series::All, 1_000_000)]
    );
    assert!(checkout.needs.contains(&need(Part::Service(0), Series::All, 1_000_000)));
    assert!(checkout.needs.contains(&need(Part::Router(1), Series::All, 1_000_000)));
    assert_eq!(
        (checkout.reads_mps, checkout.writes_mps, checkout.outage_threshold_ppm),
        (100_000, 20_500, 10_000)
    );
    let commands = model.actions.iter().map(|a| a.command);
    assert!(commands.clone().any(|c| c == Command::Scale { tier: 0, site: 1, instances: 4 }));
    assert!(commands.clone().any(|c| c == Command::Route { router: 1, to: 1 }));
}
