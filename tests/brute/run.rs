//! The brute-force simulation of a store: every request of every client is sent, one by one.

use crate::Ms;
use crate::copy::Copy;
use crate::faults::{Env, Strike, constant, strikes};
use crate::layout::places;
use crate::ms;
use crate::part::{Event, Part, Rules};
use zonefall::model::{Action, Client, Command, FailoverMode, Model, Redirect};

/// Step of time: states change at multiples of it.
pub const TICK: Ms = 100;
pub const READ: usize = 0;
pub const WRITE: usize = 1;

/// What became of the requests and writes, counted.
#[derive(Default, Debug)]
pub struct Counts {
    pub requested: [u64; 2],
    pub failed: [u64; 2],
    pub client_failed: Vec<[u64; 2]>,
    pub throttled: [u64; 2],
    /// Of the throttled ones: expected number beyond the provisioned throughput.
    pub above: [f64; 2],
    /// Acknowledged over the whole run.
    pub acknowledged: u64,
    pub surviving: u64,
    pub missing: u64,
    pub superseded: u64,
    pub lost: u64,
    pub recovered: u64,
    pub missing_peak: u64,
    /// By kind: start and end of each outage, from the start of measurement; `None`: open at the end.
    pub outages: [Vec<(Ms, Option<Ms>)>; 2],
    /// By kind: time above the threshold up to the horizon.
    pub down: [Ms; 2],
    pub events: Vec<Event>,
    /// Instants at which some request began or ceased to succeed.
    pub changes: u64,
    /// Instants that followed from a backlog, over all partitions.
    pub computed: u64,
}

/// Where a client's reads of one partition go.
#[derive(Clone, Default)]
struct Route {
    /// Place in the client's order.
    at: usize,
    silent_since: Option<Ms>,
}

struct Stream {
    client: usize,
    kind: usize,
    rate: u64,
    next: u64,
    /// Throttled requests not yet failed, a fraction of one; by region.
    owed: Vec<f64>,
}

impl Stream {
    /// When request `k` is sent; streams are shifted against each other.
    fn at(&self, k: u64) -> Ms {
        (k * 1_000_000 + 137_000 * (1 + self.client as u64) + 61_000 * self.kind as u64) / self.rate
    }
}

pub struct Brute<'a> {
    model: &'a Model,
    strikes: Vec<Strike>,
    parts: Vec<Part>,
    rules: Vec<Rules<'a>>,
    routes: Vec<Vec<Route>>,
    streams: Vec<Stream>,
    throughput: Option<u64>,
    /// Where a request of (stream, partition) is served now, if it is.
    served: Vec<Vec<Option<usize>>>,
    /// By region: share of requests throttled, and share that is the demand's fault.
    shares: Vec<[f64; 2]>,
    open: [Option<Ms>; 2],
    counts: Counts,
}

/// Runs the first store of a model.
pub fn run(model: &Model) -> Counts {
    let mut brute = Brute::new(model);
    let (start, horizon) = (ms(model.warmup), ms(model.warmup) + ms(model.horizon));
    let last = brute.strikes.iter().map(|s| s.to).max().unwrap_or(0).max(horizon);
    let end = last + brute.patience();
    let mut edges: Vec<Ms> = brute.strikes.iter().flat_map(|s| [s.from, s.to]).collect();
    edges.push(0);
    let mut env = Env::default();
    let mut actions = model.actions.iter().peekable();
    let mut now = 0;
    while now < end {
        if edges.contains(&now) {
            env = Env::at(model, &brute.strikes, now);
        } else {
            env.destroyed.fill(false);
        }
        let mut passed = TICK;
        while let Some(action) = actions.next_if(|a| start + ms(a.at) <= now) {
            // Actions find the faults of their instant applied.
            brute.step(&env, now, std::mem::take(&mut passed));
            brute.act(action);
        }
        brute.step(&env, now, passed);
        brute.route(&env, now);
        brute.throttle(&env);
        brute.watch(now, start, horizon);
        brute.requests(now, start..horizon);
        now += TICK;
    }
    brute.finish()
}

impl<'a> Brute<'a> {
    fn new(model: &'a Model) -> Brute<'a> {
        let store = &model.stores[0];
        let regions = store.regions.len();
        let (mut parts, mut rules) = (Vec::new(), Vec::new());
        for place in places(model, store) {
            let bytes = store.data_bytes * place.alike / u64::from(store.partitions);
            let rebuild = store.rebuild.map(|r| (bytes * 1000).div_ceil(r.bandwidth));
            let copies = place.nodes.iter().map(|n| Copy::new(n, rebuild)).collect();
            parts.push(Part::new(copies, store));
            rules.push(Rules {
                model,
                store,
                world: store.regions.iter().map(|r| r.region.0).collect(),
                bytes,
                hit_by: place.hit_by,
            });
        }
        let mut streams = Vec::new();
        for (client, c) in store.clients.iter().enumerate() {
            for (kind, rate) in [(READ, c.reads_mps), (WRITE, c.writes_mps)] {
                if rate > 0 {
                    streams.push(Stream { client, kind, rate, next: 0, owed: vec![0.0; regions] });
                }
            }
        }
        let count = parts.len();
        Brute {
            model,
            strikes: strikes(model),
            routes: vec![vec![Route::default(); count]; store.clients.len()],
            served: vec![vec![None; count]; streams.len()],
            shares: vec![[0.0; 2]; regions],
            throughput: store.throughput_mru,
            counts: Counts { client_failed: vec![[0; 2]; store.clients.len()], ..Counts::default() },
            open: [None; 2],
            parts,
            rules,
            streams,
        }
    }

    /// How long after the last fault something may still be going on.
    fn patience(&self) -> Ms {
        let store = &self.model.stores[0];
        let f = &store.failover;
        let laws = [&f.detect, &f.decide, &f.promote, &f.redirect, &store.evict, &store.lag];
        let merge = store.on_return.merge_after.as_ref().map_or(0, constant);
        600_000 + merge + laws.map(constant).iter().sum::<Ms>()
    }

    fn step(&mut self, env: &Env, now: Ms, passed: Ms) {
        for (part, rules) in self.parts.iter_mut().zip(&self.rules) {
            part.step(rules, env, now, passed);
        }
        let missing = self.parts.iter().map(|p| p.missing() as u64).sum();
        self.counts.missing_peak = self.counts.missing_peak.max(missing);
    }

    fn act(&mut self, action: &Action) {
        let able = |to| self.parts.iter().all(|p| p.can_hand_over(usize::from(to)));
        if let Command::Failover { to, .. } = action.command
            && !able(to)
        {
            return;
        }
        for part in &mut self.parts {
            match action.command {
                Command::Failover { to, .. } => part.hand_over(usize::from(to)),
                Command::ForceFailover { to, .. } => part.force(to.map(usize::from)),
                Command::SetFailover { mode, .. } => part.service = mode == FailoverMode::ServiceManaged,
                Command::SetThroughput { throughput_mru, .. } => self.throughput = throughput_mru,
                _ => {
                    panic!("not simulated by brute force")
                }
            }
        }
    }

    /// Decides where each client's requests for each partition go.
    fn route(&mut self, env: &Env, now: Ms) {
        let store = &self.model.stores[0];
        for s in 0..self.streams.len() {
            let Stream { client, kind, .. } = self.streams[s];
            let c = &store.clients[client];
            for p in 0..self.parts.len() {
                let (part, rules) = (&self.parts[p], &self.rules[p]);
                let to = if kind == WRITE {
                    // An application that never redirects knows the first write region only.
                    let follows = part.write == 0 || c.redirect != Redirect::Never;
                    (follows && part.writes(rules, env, c.region.0, now)).then_some(part.write)
                } else {
                    let answers = |r: u8| part.reads(rules, env, c.region.0, usize::from(r));
                    self.routes[client][p].read(c, store_wait(self.model), now, answers)
                };
                self.counts.changes += u64::from(self.served[s][p] != to);
                self.served[s][p] = to;
            }
        }
    }

    /// Shares of each region's requests that exceed its throughput.
    fn throttle(&mut self, env: &Env) {
        let store = &self.model.stores[0];
        let Some(provisioned) = self.throughput else {
            self.shares.fill([0.0; 2]);
            return;
        };
        for r in 0..store.regions.len() {
            let mut demand = 0.0;
            for (stream, served) in self.streams.iter().zip(&self.served) {
                let cost = if stream.kind == READ { store.read_cost_mru } else { store.write_cost_mru };
                let here = served.iter().filter(|s| **s == Some(r)).count() as f64 / served.len() as f64;
                demand += here * stream.rate as f64 * cost as f64 / 1000.0;
            }
            let world = store.regions[r].region.0 as usize;
            let capacity = provisioned as f64 * env.capacity[world] as f64 / 1e6;
            let over = |limit: f64| if demand > limit { 1.0 - limit / demand } else { 0.0 };
            self.shares[r] = [over(capacity), over(provisioned as f64).min(over(capacity))];
        }
    }

    /// Keeps the book of outages.
    fn watch(&mut self, now: Ms, start: Ms, horizon: Ms) {
        let threshold = f64::from(self.model.stores[0].outage_threshold_ppm) / 1e6;
        for kind in [READ, WRITE] {
            let (mut failing, mut all) = (0.0, 0.0);
            for (stream, served) in self.streams.iter().zip(&self.served).filter(|(s, _)| s.kind == kind) {
                let each = stream.rate as f64 / served.len() as f64;
                all += stream.rate as f64;
                failing += served.iter().map(|to| to.map_or(each, |r| each * self.shares[r][0])).sum::<f64>();
            }
            let out = failing > threshold * all + 1e-9;
            if out && (start..horizon).contains(&now) {
                self.counts.down[kind] += TICK;
            }
            match self.open[kind] {
                None if out && now < horizon => self.open[kind] = Some(now),
                Some(from) if !out => {
                    self.open[kind] = None;
                    // Outages that began before the measurement are not part of it.
                    if from >= start {
                        self.counts.outages[kind].push((from - start, Some(now - start)));
                    }
                }
                _ => {}
            }
        }
    }

    /// Sends all requests of one tick, in order of time.
    fn requests(&mut self, now: Ms, measured: std::ops::Range<Ms>) {
        let mut due = Vec::new();
        for (s, stream) in self.streams.iter_mut().enumerate() {
            while stream.at(stream.next) < now + TICK {
                due.push((stream.at(stream.next), s, stream.next));
                stream.next += 1;
            }
        }
        due.sort_unstable();
        for (at, s, k) in due {
            self.request(at, s, k, measured.contains(&at));
        }
    }

    fn request(&mut self, at: Ms, s: usize, k: u64, counted: bool) {
        let stream = &mut self.streams[s];
        let (client, kind) = (stream.client, stream.kind);
        let p = (k % self.parts.len() as u64) as usize;
        let mut ok = false;
        if let Some(r) = self.served[s][p] {
            stream.owed[r] += self.shares[r][0];
            ok = stream.owed[r] < 1.0;
            if !ok {
                stream.owed[r] -= 1.0;
                self.counts.throttled[kind] += u64::from(counted);
            }
            self.counts.above[kind] += f64::from(u8::from(counted)) * self.shares[r][1];
        }
        if ok && kind == WRITE {
            self.parts[p].acknowledge(k * 64 + s as u64, at);
            self.counts.acknowledged += 1;
        }
        if counted {
            self.counts.requested[kind] += 1;
            self.counts.failed[kind] += u64::from(!ok);
            self.counts.client_failed[client][kind] += u64::from(!ok);
        }
    }

    /// Counts what is where at the end, and that no write got lost on the way or is there twice.
    fn finish(mut self) -> Counts {
        let start = ms(self.model.warmup);
        for kind in [READ, WRITE] {
            if let Some(from) = self.open[kind].filter(|&from| from >= start) {
                self.counts.outages[kind].push((from - start, None));
            }
        }
        let mut ids = Vec::new();
        for part in &mut self.parts {
            self.counts.surviving += part.log.len() as u64;
            self.counts.missing += part.missing() as u64;
            self.counts.superseded += part.superseded.len() as u64;
            self.counts.lost += part.lost.len() as u64;
            self.counts.recovered += part.recovered;
            self.counts.computed += part.computed;
            let segments = part.segments.iter().flat_map(|s| &s.entries);
            let everywhere = part.log.iter().chain(&part.superseded).chain(&part.lost).chain(segments);
            ids.extend(everywhere.map(|e| e.id));
            self.counts.events.append(&mut part.events);
        }
        let total = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), total, "an acknowledged write is in two places");
        assert_eq!(total as u64, self.counts.acknowledged, "an acknowledged write vanished");
        self.counts.events = merged(std::mem::take(&mut self.counts.events), start);
        self.counts
    }
}

/// Time the service takes to notice and decide, for clients that wait for it.
fn store_wait(model: &Model) -> Ms {
    let failover = &model.stores[0].failover;
    constant(&failover.detect)
}

impl Route {
    /// The region that serves a client's reads of one partition now.
    fn read(&mut self, client: &Client, wait: Ms, now: Ms, answers: impl Fn(u8) -> bool) -> Option<usize> {
        let first = client.order.iter().position(|&r| answers(r));
        if let Some(better) = first.filter(|&f| f <= self.at) {
            self.at = better;
            self.silent_since = None;
            return Some(usize::from(client.order[better]));
        }
        if answers(client.order[self.at]) {
            self.silent_since = None;
            return Some(usize::from(client.order[self.at]));
        }
        let since = *self.silent_since.get_or_insert(now);
        let delay = match &client.redirect {
            Redirect::After(law) => Some(constant(law)),
            Redirect::ByService(law) => Some(wait + constant(law)),
            Redirect::Never => None,
        };
        let next = first.filter(|_| delay.is_some_and(|d| now >= since + d))?;
        self.at = next;
        self.silent_since = None;
        Some(usize::from(client.order[next]))
    }
}

/// Events of one instant are one: absent writes add up, the longest RPO counts.
fn merged(mut events: Vec<Event>, start: Ms) -> Vec<Event> {
    events.sort_by_key(|e| e.at);
    let mut found: Vec<Event> = Vec::new();
    for event in events {
        match found.last_mut() {
            Some(last) if last.at + start == event.at => {
                last.absent += event.absent;
                last.rpo = last.rpo.max(event.rpo);
            }
            _ => found.push(Event { at: event.at.saturating_sub(start), ..event }),
        }
    }
    found
}
