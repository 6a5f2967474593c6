//! The documented table of tiers, and the same table simulated: every cell with a fault that passes and with one that
//! destroys, of the first region (where a single write region is) and of the second.

use crate::rules::figure;
use crate::runs::{Run, Settings, shipped};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The scenario whose variants are the tiers.
const SCENARIO: &str = "cosmos-db/tier-table";
/// The scenario whose availability is compared with the targets.
const TARGETS: &str = "cosmos-db/tiers";
const REGIONS: [(&str, &str); 2] = [("first", "westeurope"), ("second", "northeurope")];
const EFFECTS: [(&str, &str); 2] = [("down", "down"), ("destroy", "destroyed")];
/// How long the fault of the scenario lasts, in seconds.
const FAULT: f64 = 86_400.0;
/// A loss of more than this is not that of replication at session consistency.
const SESSION: f64 = 900.0;

/// The table as data.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Documented {
    pub source: String,
    pub tier: Vec<Tier>,
    pub target: Vec<Target>,
    pub row: Vec<Row>,
    /// By tier.
    pub price: BTreeMap<String, Price>,
}

/// What a tier costs, relative to the first; without a number where the documents give none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// In our words.
    pub says: String,
    pub factor: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// The variant of the scenario; documented under the name before a `-`.
    pub name: String,
    pub what: String,
    /// Its regions, 1 or 2.
    pub regions: usize,
}

/// Availability targets by tier.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// `read` or `write`.
    pub kind: String,
    pub percent: BTreeMap<String, f64>,
}

/// What a kind of fault does to data or to availability.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// `zone` or `region`.
    pub fault: String,
    pub of: Of,
    /// By tier.
    pub cell: BTreeMap<String, Cell>,
    /// Which rule decides where the simulation does something else.
    pub decides: Option<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Of {
    Data,
    Availability,
}

/// A documented cell: what becomes of data, or of reads and of writes, when the first and when the second region is
/// hit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// In our words.
    pub says: String,
    #[serde(default)]
    pub data: Vec<Fate>,
    #[serde(default)]
    pub reads: Vec<Fate>,
    #[serde(default)]
    pub writes: Vec<Fate>,
}

/// What becomes of data or of requests.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Nothing is lost; no request fails.
    Kept,
    /// Data: what replication had not carried over. Requests: until a failover.
    Partly,
    /// Data: everything. Requests: for the whole outage.
    Lost,
}

/// A table as text.
#[derive(Default)]
pub struct Table {
    pub text: String,
    pub differs: bool,
    pub problems: Vec<String>,
}

/// Simulates every cell.
pub fn table(documented: &Documented) -> Table {
    let mut table = Table::default();
    let _ = write!(
        table.text,
        "The table of tiers ({}), each cell simulated at session consistency with a fault of 24 h that passes (*down*)\n\
         and with one that destroys, of the first region (where a single write region is) and of the second:\n\n",
        documented.source
    );
    table.row("", documented.tier.iter().map(|t| format!("{}: {}", t.name, t.what)));
    table.row("---", documented.tier.iter().map(|_| "---".into()));
    for target in &documented.target {
        table.targets(documented, target);
    }
    for row in &documented.row {
        table.cells(documented, row);
    }
    table.prices(documented);
    table.text.push('\n');
    for row in &documented.row {
        if let Some(why) = &row.decides {
            let _ = writeln!(table.text, "- ≠ in {}: {why}", row.title());
        }
    }
    let _ = write!(
        table.text,
        "\nThe availability is that of [{TARGETS}](../scenarios/{TARGETS}.toml), whose fault rates are assumptions: it is\n\
         compared with the targets, but no verdict rests on it.\n\n"
    );
    table
}

impl Row {
    fn title(&self) -> String {
        let of = if self.of == Of::Data { "data" } else { "availability" };
        format!("{} fault, {of}", self.fault)
    }
}

impl Tier {
    /// What the documents call it.
    fn documented(&self) -> &str {
        self.name.split('-').next().unwrap_or_default()
    }
}

impl Table {
    pub fn row(&mut self, title: &str, cells: impl Iterator<Item = String>) {
        let _ = writeln!(self.text, "| {title} | {} |", cells.collect::<Vec<_>>().join(" | "));
    }

    fn targets(&mut self, documented: &Documented, target: &Target) {
        let run = shipped(TARGETS, &Settings::new());
        let percent = |t: &Tier| target.percent[t.documented()];
        self.row(
            &format!("{} availability: target", target.kind),
            documented.tier.iter().map(|t| format!("{} %", percent(t))),
        );
        let simulated = documented.tier.iter().map(|t| {
            let figure = figure(run, &t.name, &format!("availability.{}", target.kind));
            let met = figure.metric.estimate.is_some_and(|a| a * 100.0 >= percent(t));
            format!("{} ({})", figure.value(), if met { "met" } else { "missed" })
        });
        self.row("simulated", simulated);
    }

    fn prices(&mut self, documented: &Documented) {
        let run = shipped(SCENARIO, &Settings::new());
        let price = |t: &Tier| &documented.price[t.documented()];
        self.row("price: documented", documented.tier.iter().map(|t| price(t).says.clone()));
        let simulated: Vec<String> = documented
            .tier
            .iter()
            .map(|t| {
                let figure = figure(run, &t.name, "price_factor");
                if figure.metric.estimate != price(t).factor {
                    self.problems.push(format!("tiers: the price of {} is {}", t.name, figure.value()));
                }
                figure.metric.estimate.map_or("an input".into(), |x| format!("× {x}"))
            })
            .collect();
        self.row("price factor", simulated.into_iter());
    }

    fn cells(&mut self, documented: &Documented, row: &Row) {
        let title = format!("{}: documented", row.title());
        self.row(&title, documented.tier.iter().map(|t| row.cell[t.documented()].says.clone()));
        let mut differs = false;
        for (i, (position, region)) in REGIONS.iter().enumerate() {
            for (effect, word) in EFFECTS {
                let place = if row.fault == "zone" { format!("{region}/1") } else { region.to_string() };
                let set = [("target", format!("{}:{place}", row.fault)), ("effect", effect.to_owned())];
                let set: Settings = set.map(|(k, v)| (format!("fault.hit.{k}"), v)).into();
                let run = shipped(SCENARIO, &set);
                let cell = |t: &Tier| {
                    if i >= t.regions {
                        return ("–".to_owned(), true);
                    }
                    row.cell[t.documented()].compare(row.of, effect, i, run, &t.name)
                };
                let cells: Vec<(String, bool)> = documented.tier.iter().map(cell).collect();
                differs |= cells.iter().any(|(_, agrees)| !agrees);
                let mark =
                    |(text, agrees): &(String, bool)| format!("{text}{}", if *agrees { "" } else { " ≠" });
                self.row(&format!("{position} region {word}"), cells.iter().map(mark));
            }
        }
        self.differs |= differs;
        if differs != row.decides.is_some() {
            self.problems.push(format!("tiers: {title}: a cell differs and nothing decides, or the reverse"));
        }
    }
}

impl Cell {
    /// What is simulated, and whether it agrees.
    fn compare(&self, of: Of, effect: &str, region: usize, run: &Run, tier: &str) -> (String, bool) {
        let get = |id: &str| figure(run, tier, id);
        if of == Of::Data {
            let (lost, rpo) = (get("writes_lost.max"), get("rpo_seconds.max"));
            let (peak, end) = (get("writes_missing_peak.max"), get("writes_missing.max"));
            let fate = match (lost.metric.estimate, rpo.metric.estimate) {
                (Some(0.0), _) => Fate::Kept,
                (_, Some(seconds)) if seconds < SESSION => Fate::Partly,
                _ => Fate::Lost,
            };
            let text = match fate {
                Fate::Kept if end.metric.estimate > Some(0.0) => format!("none lost, {}", end.phrase()),
                Fate::Kept if peak.metric.estimate > Some(0.0) => {
                    format!("none lost, up to {} writes missing for a time", peak.value())
                }
                Fate::Kept => "kept".into(),
                Fate::Partly => format!("{} ({})", lost.phrase(), rpo.phrase()),
                Fate::Lost => format!("all {} writes lost", lost.value()),
            };
            // What is not destroyed comes back: a documented loss is that of a disaster.
            let said = if effect == "down" { Fate::Kept } else { self.data[region] };
            return (text, fate == said || (said == Fate::Partly && fate == Fate::Kept));
        }
        let mut text = Vec::new();
        let mut agrees = true;
        for (kind, said) in [("read", self.reads[region]), ("write", self.writes[region])] {
            let longest = get(&format!("rto_seconds.{kind}.max"));
            let fate = match longest.metric.estimate {
                None => Fate::Kept,
                Some(longest) if longest < FAULT => Fate::Partly,
                Some(_) => Fate::Lost,
            };
            agrees &= fate == said;
            match fate {
                Fate::Kept => {}
                Fate::Partly => text.push(get(&format!("rto_seconds.{kind}.p50")).phrase()),
                Fate::Lost => text.push(format!("{kind}s down for {}", longest.value())),
            }
        }
        (if text.is_empty() { "kept".into() } else { text.join(", ") }, agrees)
    }
}
