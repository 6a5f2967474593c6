//! `zonefall new`: a scenario to start from, with each line explained.

use super::args::NewArgs;
use super::exit::{Code, Failure};
use super::{browse, files, print, replay};
use std::fmt::Write;
use std::path::Path;
use zonefall::scenario::presets;
use zonefall::text::harmless;

/// As many as a store may have.
const MOST_REGIONS: usize = 16;
/// Most members that a majority is spread over.
const MOST_VOTERS: usize = 7;

/// Writes a scenario to a file or to standard output.
///
/// # Errors
/// There is no such preset of a store; the file exists, or cannot be written.
pub fn new(args: &NewArgs) -> Result<(), Failure> {
    let store = Store::of(&args.preset)?;
    let names = &args.regions;
    if let Some(twice) = names.iter().enumerate().find(|(index, name)| names[..*index].contains(name)) {
        return Err(Failure::new(Code::Regions, format!("--regions: {} is named twice", twice.1)));
    }
    if names.len() > MOST_REGIONS {
        let text = format!("--regions: {} names; a store is in at most {MOST_REGIONS} regions", names.len());
        return Err(Failure::new(Code::Regions, text));
    }
    if args.file == "-" {
        return print(scenario(&args.preset, &store, &args.regions, "scenario.toml").as_bytes());
    }
    let path = Path::new(&args.file);
    if !args.force && path.symlink_metadata().is_ok() {
        let text =
            format!("{} exists already\n  name another file, or give --force to replace it", args.file);
        return Err(Failure::new(Code::Exists, text));
    }
    let word = replay::file(&args.file);
    files::write(path, scenario(&args.preset, &store, &args.regions, &word).as_bytes())?;
    let next = format!(
        "{} is written; next:\n  zonefall run {word}\n  zonefall compare {word}\n  zonefall check {word}\n",
        harmless(&args.file)
    );
    print(next.as_bytes())
}

/// What kind of store a preset makes, as far as a scenario has to know.
enum Store {
    /// Copies in regions, of which one takes the writes.
    Regions,
    /// A majority of members elects a leader.
    Majority,
    /// A leader with standbys, in so many zones of a region.
    Leader(usize),
}

impl Store {
    fn of(preset: &str) -> Result<Store, Failure> {
        let stores: Vec<_> =
            presets().iter().copied().filter(|(_, text)| text.contains("\n[store]\n")).collect();
        let Some((_, text)) = stores.iter().find(|(name, _)| *name == preset) else {
            if presets().iter().any(|(name, _)| *name == preset) {
                let text =
                    format!("preset {preset} makes no store; a file includes it with use = [\"{preset}\"]");
                return Err(Failure::new(Code::NoSuchPreset, text));
            }
            return Err(browse::unknown("preset", preset, Code::NoSuchPreset, &stores));
        };
        let table: toml::Table =
            text.parse().map_err(|_| Failure::new(Code::Broken, "a preset is no TOML"))?;
        let value = |key: &str| table["store"].get(key);
        Ok(match value("replication").and_then(|v| v.as_str()) {
            None => Store::Regions,
            Some("majority") => Store::Majority,
            Some(_) => {
                let in_use = value("in_use").and_then(|v| v.as_integer()).unwrap_or(2) as usize;
                // Where lost members are replaced, there is a free zone to do so.
                Store::Leader(
                    in_use + usize::from(value("replace").and_then(|v| v.as_str()) != Some("never")),
                )
            }
        })
    }

    /// The lines that say where the store is, and a variant to compare it with.
    fn places(&self, regions: &[String]) -> (String, &'static str) {
        match self {
            Store::Regions => {
                let mut text = String::from(
                    "# The first region takes the writes; the others follow, and one of them is promoted when it is lost.\n\
                     # `zone-redundant`: copies in all zones of the region. `unzoned`: perhaps all in the same zone.\nregions = [\n",
                );
                for (index, name) in regions.iter().enumerate() {
                    let zones = if index == 0 { "zone-redundant" } else { "unzoned" };
                    let _ = writeln!(text, "    {{ name = \"{name}\", zones = \"{zones}\" }},");
                }
                text += "]\n";
                if regions.len() == 1 {
                    return (text, NO_ZONES);
                }
                text += "# How old a read may be: `strong`, `bounded-staleness`, `session`, `consistent-prefix` or `eventual`.\n\
                         consistency = \"session\"\n\
                         # Who fails over when the first region is lost: its provider. Without this line nobody does.\n\
                         failover = { mode = \"service-managed\" }\n";
                (text, STRONG)
            }
            Store::Majority => {
                let voters = regions.len().min(MOST_VOTERS);
                // An odd number, at least three: further ones in other zones of the first region.
                let odd = (voters | 1).max(3);
                let extra = (2..).take(odd - voters).map(|zone| format!("{}/{zone}", regions[0]));
                let first = std::iter::once(format!("{}/1", regions[0])).chain(extra);
                let others = regions[1..voters].iter().map(|name| format!("{name}/1"));
                let members = list(first.chain(others));
                let text = format!(
                    "# One copy in each of these zones (REGION/ZONE). A majority of them elects the leader and stores each write.\n\
                     members = {members}\n"
                );
                (text, SLOW)
            }
            Store::Leader(zones) => {
                let members = list((1..=*zones).map(|zone| format!("{}/{zone}", regions[0])));
                let mut text = format!(
                    "# Zones of the leader and of its standbys (REGION/ZONE), the leader's first; zones beyond those in use take the\n\
                     # place of lost ones.\nmembers = {members}\n"
                );
                if regions.len() > 1 {
                    text += "# All of it is in the first region: in the others are clients.\n";
                }
                (text, SLOW)
            }
        }
    }
}

const NO_ZONES: &str = r#"# What if nobody had asked for zones?
[variant.no-zones]
"store.orders.regions[<FIRST>].zones" = "unzoned"
"#;
const STRONG: &str = r#"# What if no write could ever be lost, at the price of waiting for the other regions?
[variant.strong]
"store.orders.consistency" = "strong"
"#;
const SLOW: &str = r#"# What if it took ten minutes to see that the leader is gone?
[variant.slow-detection]
"store.orders.failover.detect" = "10m"
"#;

fn list(names: impl Iterator<Item = String>) -> String {
    let quoted: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
    format!("[{}]", quoted.join(", "))
}

/// Equal shares of the clients, which sum to exactly 1.
fn shares(regions: &[String]) -> String {
    let others = 10_000 / regions.len();
    let first = 10_000 - others * (regions.len() - 1);
    let share = |index: usize| if index == 0 { first } else { others } as f64 / 10_000.0;
    let each: Vec<String> =
        regions.iter().enumerate().map(|(i, name)| format!("{name} = {:?}", share(i))).collect();
    format!("{{ {} }}", each.join(", "))
}

/// The text of the scenario; `file` is what it is called in commands.
fn scenario(preset: &str, store: &Store, regions: &[String], file: &str) -> String {
    let mut world = String::new();
    for name in regions {
        let _ = write!(world, "[[region]]\nname = \"{name}\"\nzones = 3\nnodes_per_zone = 4\n\n");
    }
    let (places, variant) = store.places(regions);
    // Names have no angle brackets, and the name of the file comes last.
    TEMPLATE
        .replace("<WORLD>", &world)
        .replace("<PRESET>", preset)
        .replace("<PLACES>", places.trim_end())
        .replace("<CLIENTS>", &shares(regions))
        .replace("<VARIANT>", variant.trim_end())
        .replace("<FIRST>", &regions[0])
        .replace("<FILE>", file)
}

const TEMPLATE: &str = r##"# A scenario to start from. What is marked `assumption` is nobody's fact: put your own numbers there.
#
#   zonefall run <FILE>                  what happens in a year, and how sure that is
#   zonefall compare <FILE>              the variant further down beside it, under the same faults
#   zonefall run <FILE> --out results    as files, with a page to read: results/report.html
#   zonefall validate <FILE>             whether the file is right, after changing it
#   zonefall explain mtbf rto_seconds    what a key or a figure means
#
# For help while typing, in editors that know schemas of TOML: `zonefall schema > zonefall.schema.json`, and as the first
# line of this file `#:schema ./zonefall.schema.json`.

[scenario]
name = "Orders"
question = "how long are orders down in a year, and what is lost?"
# Each replication is one year with its own faults. More of them make the figures sharper: the results say how many.
horizon = "1y"
replications = 1000
# The same seed gives the same faults, on any machine.
seed = 42

# The world: regions, the zones in each, and the nodes in each zone (assumption).
<WORLD># The store. Everything its preset says can be read with `zonefall preset show <PRESET>`, each number with its source;
# what stands here overrides it.
[store.orders]
preset = "<PRESET>"
<PLACES>

# What is asked of it, per second, and from where: shares that sum to 1 (assumption).
[store.orders.workload]
writes_per_second = 100
reads_per_second = 500
clients = <CLIENTS>

# What breaks. How often is an assumption: public sources tell how long outages last, not how often they come. The
# durations are those of the preset `faults`: half of the outages end before the median, 95 % before p95. `zone:*` is
# each zone by itself, up for `mtbf` in the mean before the next outage.
[fault.node]
target = "node:*"
mtbf = "180d"
duration = { law = "lognormal", median = "10m", p95 = "1h" }

[fault.zone]
target = "zone:*"
mtbf = "5y"
duration = { law = "lognormal", median = "3h", p95 = "20h" }
cause = "power"

[fault.region]
target = "region:*"
mtbf = "10y"
duration = { law = "lognormal", median = "6h", p95 = "1d" }
cause = "configuration"

<VARIANT>

# What you owe your users (assumption): at least this percentage of writes succeeds, in each calendar month. The results
# say how many months miss it.
[objective.writes]
store = "orders"
kind = "write"
availability = 99.9
required = 90   # keeps its promise to `check` where 90 % of months do; without it a single month breaks it

# What you expect to come out; the results say whether it does. `zonefall explain availability` says what the figure is;
# all others are in the results of `zonefall run <FILE> --format csv`.
[[expect]]
metric = "availability.write"
is = ">= 0.99"
"##;
