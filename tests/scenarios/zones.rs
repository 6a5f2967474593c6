//! The documented table of what zone redundancy buys, and the same table from paired differences: each case with and
//! without zones, under the same zone faults.

use crate::runs::{Settings, compared, pairs};
use crate::support::{read, text};
use crate::tiers::Table;
use serde::Deserialize;
use std::fmt::Write;
use zonefall::experiment::compare::{Comparison, Difference};
use zonefall::stats::interval::unseen_probability;
use zonefall::stats::number::{decimals_of, fixed, percent_bound};

/// The scenario whose variants are the cases.
const SCENARIO: &str = "cosmos-db/zone-redundancy";

/// The table as data.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Documented {
    pub source: String,
    pub case: Vec<Case>,
}

/// Zones in one place, at one level.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Which region has them.
    pub on: String,
    pub level: String,
    /// The variant without zones; with them it is called `NAME-zones`.
    pub name: String,
    #[serde(default)]
    pub set: Settings,
    pub buys: Buys,
    /// In our words.
    pub says: String,
}

/// What zones do for the availability of writes, and of reads.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "kebab-case")]
pub enum Buys {
    /// No difference: both intervals contain 0.
    Nothing,
    /// Writes not fewer, and less than in every later case; reads as before.
    Little,
    /// Writes, by an interval above 0; reads as before.
    Writes,
    /// Reads and writes fail without, never with.
    Everything,
}

/// Minutes a year that zones save, with an interval.
struct Saved {
    without: f64,
    with: f64,
    middle: f64,
    low: f64,
    high: f64,
    /// The replications, if none ever differed.
    never: Option<u64>,
}

impl Saved {
    fn of(comparison: &Comparison, kind: &str) -> Saved {
        let id = format!("failed_minutes_per_year.{kind}");
        let row = comparison.rows.iter().find(|r| r.metric == id).expect("a figure of the catalogue");
        let Difference { estimate: Some(with), reference: Some(without), difference: Some(x), .. } = *row
        else {
            panic!("{id} is undefined: {row:?}")
        };
        let never = (row.differ == Some(0)).then_some(row.n);
        let end = |end: Option<f64>| if never.is_some() { 0.0 } else { -end.expect("an interval") };
        Saved { without, with, middle: 0.0 - x, low: end(row.high), high: end(row.low), never }
    }

    fn contains_zero(&self) -> bool {
        self.low <= 0.0 && self.high >= 0.0
    }

    fn words(&self) -> String {
        match self.never {
            Some(n) => {
                let most = percent_bound(
                    unseen_probability(n, zonefall::stats::Confidence::P95).expect("some were run"),
                );
                format!("0 (at most {most} of years differ)")
            }
            None => {
                let half = (self.high - self.low) / 2.0;
                let decimals = decimals_of(half);
                format!("{} ± {}", fixed(self.middle, decimals), fixed(half, decimals))
            }
        }
    }
}

fn simulate(case: &Case) -> [Saved; 2] {
    let mut scenario = read(&text(SCENARIO), &pairs(&case.set));
    let names = [case.name.clone(), format!("{}-zones", case.name)];
    scenario.variants.retain(|v| names.contains(&v.name));
    let order: Vec<&String> = scenario.variants.iter().map(|v| &v.name).collect();
    assert_eq!(order, names.iter().collect::<Vec<_>>());
    let comparison = compared(&scenario);
    assert!(comparison.same_faults);
    ["write", "read"].map(|kind| Saved::of(&comparison, kind))
}

/// Simulates every case.
pub fn table(documented: &Documented) -> Table {
    let mut table = Table::default();
    let _ = write!(
        table.text,
        "What zone redundancy buys ({}), each case of [{SCENARIO}](../scenarios/{SCENARIO}.toml)\n\
         simulated with and without zones under the same zone faults. Failed minutes a year; what zones save is the mean\n\
         of the differences in pairs, with its 95 % interval:\n\n",
        documented.source
    );
    let titles = ["consistency", "documented", "writes without", "with", "writes saved", "reads saved"];
    table.row("zones on", titles.iter().map(|t| t.to_string()));
    table.row("---", titles.iter().map(|_| "---".into()));
    let found: Vec<[Saved; 2]> = documented.case.iter().map(simulate).collect();
    for (i, (case, [writes, reads])) in documented.case.iter().zip(&found).enumerate() {
        let shown = |x: f64| if x == 0.0 { "0".to_owned() } else { fixed(x, 1) };
        let cells = [
            case.level.clone(),
            case.says.clone(),
            shown(writes.without),
            shown(writes.with),
            writes.words(),
            reads.words(),
        ];
        table.row(&case.on, cells.into_iter());
        let more = documented.case.iter().zip(&found).skip(i + 1).filter(|(c, _)| c.buys != Buys::Nothing);
        let agrees = match case.buys {
            Buys::Nothing => writes.contains_zero() && reads.contains_zero(),
            Buys::Little => {
                writes.low >= 0.0
                    && reads.contains_zero()
                    && more.map(|(_, [later, _])| later.low).all(|low| writes.high < low)
            }
            Buys::Writes => writes.low > 0.0 && reads.contains_zero(),
            Buys::Everything => {
                [writes, reads].iter().all(|s| s.low > 0.0 && s.with == 0.0)
                    && writes.without == reads.without
            }
        };
        if !agrees {
            table.problems.push(format!("zones: {} ({}) do not buy {:?}", case.on, case.level, case.buys));
        }
    }
    table.text.push('\n');
    table
}
