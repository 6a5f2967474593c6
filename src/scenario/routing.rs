//! How clients spread their requests over regions, the items many of them go to, and session tokens.

use super::context::Problem;
use super::diagnostic::code;
use super::reader::{Item, Reader};
use super::writes::Writing;
use crate::model::{Client, Consistency, Hot, Members, Redirect, RegionId, Routing, Tokens, Writes};
use crate::units::Duration;

pub(super) const PATTERNS: [&str; 4] = ["local", "all-regions", "random-per-request", "round-robin"];
pub(super) const TOKENS: [&str; 3] = ["none", "reads", "reads-and-writes"];
/// Longest wait of a write for its token if none is given.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What a store's other settings make of the requests.
#[derive(Clone, Copy)]
pub(super) struct Setting {
    /// A single write region.
    pub single: bool,
    pub several: bool,
    pub level: Option<Consistency>,
    /// The regions are members of a leader-based store.
    pub led: bool,
    /// Only whichever takes the writes answers reads.
    pub leader_reads: bool,
}

impl Setting {
    pub fn new(
        writing: Option<&Writing>,
        several: bool,
        level: Option<Consistency>,
        (led, members): (bool, Option<&Members>),
    ) -> Setting {
        let leader_reads = members.is_some_and(|m| m.leader_reads);
        let single = writing.is_some_and(|w| w.writes == Writes::Single);
        Setting { single, several, level, led, leader_reads }
    }
}

/// How a population uses the regions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pattern {
    Fixed,
    Spread(Routing),
    /// Writes in one region, reads in another (as places in the store's list; nothing can be written elsewhere than in
    /// a single write region).
    Apart {
        write: Option<u8>,
        read: u8,
    },
}

/// Session tokens of a population.
#[derive(Clone, Copy)]
pub(super) struct Session {
    pub tokens: Tokens,
    pub timeout: Duration,
}

impl Session {
    /// What clients do who say nothing.
    pub fn usual(setting: Setting) -> Session {
        let session = setting.level == Some(Consistency::Session);
        let tokens = if session { Tokens::Reads } else { Tokens::None };
        Session { tokens, timeout: TIMEOUT }
    }

    /// Reads `tokens` and `timeout`.
    pub fn read(r: &Reader<'_>, setting: Setting) -> Option<Session> {
        let usual = Session::usual(setting);
        let tokens = r.get("tokens").map_or(Some(None), |i| i.word(&TOKENS).map(Some));
        let timeout = r.get("timeout").map_or(Some(TIMEOUT), |i| i.positive_duration());
        if setting.level.is_some_and(|l| l != Consistency::Session) {
            r.idle("tokens", "only \"session\" has session tokens");
            r.idle("timeout", "only \"session\" has session tokens to wait for");
            return Some(Session { tokens: Tokens::None, timeout: timeout? });
        }
        let tokens = match tokens? {
            None => usual.tokens,
            Some(0) => Tokens::None,
            Some(1) => Tokens::Reads,
            Some(_) => Tokens::ReadsAndWrites,
        };
        if tokens != Tokens::ReadsAndWrites {
            r.idle("timeout", "only writes that carry a token wait for it");
        } else if setting.single {
            r.idle("timeout", "the single write region has whatever a token asks for");
        }
        Some(Session { tokens, timeout: timeout? })
    }
}

/// Reads `hot`.
pub(super) fn hot(r: &Reader<'_>, setting: Setting) -> Option<Option<Hot>> {
    let Some(table) = r.table("hot") else { return Some(None).filter(|_| r.get("hot").is_none()) };
    let share = table.require("share", "0.2").and_then(|i| i.millionths());
    let items = table.require("items", "100").and_then(|i| i.integer(1..=1_000_000_000_000));
    if share == Some(0) {
        table.idle("items", "no request goes to them: `share` is 0");
    }
    table.close();
    if !setting.several {
        r.idle("hot", "the store is in one region only");
    } else if setting.level == Some(Consistency::Strong) {
        r.idle("hot", "replication is synchronous: nothing lags");
    }
    Some(Some(Hot { share_ppm: share?, items: items? }))
}

/// Reads `routing`; `place` finds a region of the store by name.
pub(super) fn pattern(
    r: &Reader<'_>,
    setting: Setting,
    place: impl Fn(&Item<'_>) -> Option<u8>,
) -> Option<Pattern> {
    let Some(item) = r.get("routing") else { return Some(Pattern::Fixed) };
    for key in ["preferred", "writes_to"] {
        if r.get(key).is_some() && item.maybe_text() != Some("local") {
            r.refuse(key, "`routing` says where requests go");
        }
    }
    if item.is_table() {
        let table = item.table()?;
        let write = table.require("write", "\"westeurope\"").and_then(|i| place(&i));
        let read = table.require("read", "\"northeurope\"").and_then(|i| place(&i));
        if setting.single {
            table.idle("write", "the store has a single write region");
        }
        table.close();
        return Some(Pattern::Apart { write: Some(write?).filter(|_| !setting.single), read: read? });
    }
    let word = item.word(&PATTERNS)?;
    if word == 1 && setting.single {
        r.idle("routing", "the store has a single write region");
        return Some(Pattern::Fixed);
    }
    Some(match word {
        0 => Pattern::Fixed,
        1 => Pattern::Spread(Routing::Everywhere),
        2 => Pattern::Spread(Routing::Random),
        _ => Pattern::Spread(Routing::InTurn),
    })
}

/// How a population uses the regions.
pub(super) struct Population {
    pub region: RegionId,
    pub order: Vec<u8>,
    pub write_order: Vec<u8>,
    pub redirect: Redirect,
    pub pattern: Pattern,
    pub session: Session,
}

/// Rates of a population, in thousandths of a request per second.
#[derive(Clone, Copy)]
pub(super) struct Rates {
    pub writes_mps: u64,
    pub reads_mps: u64,
}

impl Population {
    /// The clients that the population is simulated as: one for each region it spreads its requests over.
    pub fn clients(self, rates: Rates) -> Vec<Client> {
        let Rates { writes_mps: all_writes, reads_mps: all_reads } = rates;
        let client = |order: &[u8], write_order: &[u8], routing, writes_mps, reads_mps| Client {
            region: self.region,
            writes_mps,
            reads_mps,
            order: order.to_vec(),
            write_order: write_order.to_vec(),
            redirect: self.redirect.clone(),
            routing,
            tokens: self.session.tokens,
            timeout: self.session.timeout,
        };
        let n = self.order.len() as u64;
        let part = |rate: u64, i: u64| rate / n + u64::from(i < rate % n);
        match self.pattern {
            Pattern::Fixed => {
                vec![client(&self.order, &self.write_order, Routing::Fixed, all_writes, all_reads)]
            }
            Pattern::Apart { write, read } => {
                let order = first(read, &self.order);
                let write_order = write.map_or(self.write_order.clone(), |w| first(w, &self.write_order));
                vec![client(&order, &write_order, Routing::Fixed, all_writes, all_reads)]
            }
            Pattern::Spread(routing) => (0..n)
                .map(|i| {
                    let here = first(i as u8, &self.order);
                    let write_order = first(i as u8, &self.write_order);
                    match routing {
                        Routing::Everywhere => {
                            let reads = if i == 0 { all_reads } else { 0 };
                            client(&self.order, &write_order, routing, all_writes, reads)
                        }
                        _ => {
                            let (writes, reads) = (part(all_writes, i), part(all_reads, i));
                            client(&here, &write_order, routing, writes, reads)
                        }
                    }
                })
                .collect(),
        }
    }
}

/// An order with another region first.
fn first(region: u8, order: &[u8]) -> Vec<u8> {
    let others = order.iter().copied().filter(|&r| r != region);
    core::iter::once(region).chain(others).collect()
}

/// More populations than a store can have.
pub(super) fn too_many(r: &Reader<'_>, most: usize) {
    let label = format!("at most {most}, each counted once for every region it spreads its requests over");
    r.error(Problem::new(code::LIMIT, "too many client populations", label));
}
