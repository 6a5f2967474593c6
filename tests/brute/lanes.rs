//! Several write regions, second by second and write by write, from docs/model.md alone. Catching up is made so fast
//! that it takes no time here; all times are whole seconds.

use zonefall::scenario::{Options, Source, load};
use zonefall::sim::observe::{Kind, Replication};
use zonefall::sim::{Plan, Simulation};

const LAG: usize = 5;
const DETECT: usize = 90;
const PROMOTE: usize = 60;
const REDIRECT: usize = 30;
const END: usize = 20_000;
const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// A region is down, or cut off, for some time.
struct Blow {
    region: usize,
    isolated: bool,
    at: usize,
    until: usize,
}

struct Case {
    regions: usize,
    blows: Vec<Blow>,
}

impl Case {
    fn new(case: u64) -> Case {
        let mut state = case.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut below = move |n: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % n
        };
        let regions = 2 + below(3);
        let mut blows: Vec<Blow> = Vec::new();
        for _ in 0..1 + below(4) {
            let at = 100 + [below(300), below(3000)][below(2)];
            let length = [1 + below(300), 1 + below(10_000)][below(2)];
            // A return in the instant in which its loss is noticed is a tie that is not looked at here.
            let length = if length == DETECT { DETECT + 1 } else { length };
            let region = below(regions);
            // One process of a region at a time.
            blows.retain(|b| b.region != region);
            blows.push(Blow { region, isolated: below(3) == 0, at, until: at + length });
        }
        Case { regions, blows }
    }

    fn struck(&self, region: usize, isolated: bool, t: usize) -> bool {
        self.blows
            .iter()
            .any(|b| b.region == region && b.isolated == isolated && (b.at..b.until).contains(&t))
    }

    fn text(&self) -> String {
        let names = &NAMES[..self.regions];
        let mut text = format!("[scenario]\nname = \"x\"\nhorizon = \"{END}s\"\n");
        for name in names {
            text += &format!("[[region]]\nname = \"{name}\"\n");
        }
        for (i, b) in self.blows.iter().enumerate() {
            let effect = if b.isolated { "isolate" } else { "down" };
            let (name, at, length) = (NAMES[b.region], b.at, b.until - b.at);
            text += &format!("[fault.f{i}]\ntarget = \"region:{name}\"\neffect = \"{effect}\"\n");
            text += &format!("at = \"{at}s\"\nduration = \"{length}s\"\n");
        }
        text += &format!(
            "[store.s]\nregions = {names:?}\nwrites = \"multi-region\"\nreplicas = 1\nlag = \"{LAG}s\"\n"
        );
        text += "catch_up = 10_000_000\n[store.s.failover]\n";
        text += &format!("detect = \"{DETECT}s\"\npromote = \"{PROMOTE}s\"\nredirect = \"{REDIRECT}s\"\n");
        let share = 1.0 / self.regions as f64;
        let clients: Vec<String> = names.iter().map(|n| format!("{n} = {share}")).collect();
        let rate = self.regions;
        text += &format!("[store.s.workload]\nwrites_per_second = {rate}\nreads_per_second = {rate}\n");
        text + &format!("clients = {{ {} }}\n", clients.join(", "))
    }
}

/// The writes of one region: when each was taken, and how many of them the copies have.
#[derive(Clone)]
struct Lane {
    writes: Vec<usize>,
    have: Vec<usize>,
    follows: Vec<bool>,
    behind: Vec<bool>,
    down_since: Option<usize>,
    booked: bool,
    missing: usize,
}

#[derive(Debug, Default, PartialEq)]
struct Seen {
    failed: [Vec<usize>; 2],
    /// When, RPO, writes.
    losses: Vec<(usize, usize, usize)>,
    surviving: usize,
    missing: usize,
}

/// What is up, and what is cut off, in one second.
struct Now {
    t: usize,
    up: Vec<bool>,
    alone: Vec<bool>,
}

impl Now {
    fn connected(&self, x: usize, y: usize) -> bool {
        x == y || !self.alone[x] && !self.alone[y]
    }
}

struct World {
    lanes: Vec<Lane>,
    /// Where each client writes, and until when it waits.
    writers: Vec<(usize, Option<usize>)>,
    arbiter: usize,
    out_since: Option<usize>,
    seen: Seen,
}

impl World {
    fn takes_part(&self, r: usize) -> bool {
        (0..self.lanes.len()).all(|l| l == r || !self.lanes[l].behind[r])
    }

    fn takes(&self, now: &Now, client: usize, r: usize) -> bool {
        now.up[r] && self.takes_part(r) && now.connected(client, r)
    }

    fn move_arbiter(&mut self, now: &Now) {
        if now.up[self.arbiter] && !now.alone[self.arbiter] {
            self.out_since = None;
        } else if now.t >= *self.out_since.get_or_insert(now.t) + DETECT + PROMOTE {
            let able = |r: &usize| *r != self.arbiter && now.up[*r] && !now.alone[*r];
            let all = || (0..self.lanes.len()).filter(able);
            if let Some(next) = all().find(|&r| self.takes_part(r)).or_else(|| all().next()) {
                (self.arbiter, self.out_since) = (next, None);
            }
        }
    }

    /// What has arrived of a lane, and who still receives.
    fn replicate(&mut self, now: &Now, w: usize) {
        let (a, lane) = (self.arbiter, &mut self.lanes[w]);
        for r in (0..now.up.len()).filter(|&r| r != w) {
            let hops = if a == w || a == r { 1 } else { 2 };
            let through = || now.up[a] && now.connected(w, a) && now.connected(a, r);
            let way = if hops == 1 { now.connected(w, r) } else { through() };
            let arrived = lane.writes.partition_point(|&at| at + hops * LAG < now.t);
            if lane.follows[r] {
                lane.have[r] = lane.have[r].max(arrived);
            }
            lane.follows[r] = now.up[w] && now.up[r] && way;
            if lane.follows[r] && (lane.behind[r] || lane.have[r] < arrived) {
                (lane.have[r], lane.behind[r]) = (lane.writes.len(), false);
            }
        }
    }

    /// The loss of a lane's own region.
    fn notice_loss(&mut self, now: &Now, w: usize) {
        let lane = &mut self.lanes[w];
        if now.up[w] {
            (lane.down_since, lane.booked) = (None, false);
            return;
        }
        if lane.booked || now.t < *lane.down_since.get_or_insert(now.t) + DETECT {
            return;
        }
        let there = (0..now.up.len()).filter(|&r| r != w && now.up[r]);
        if let Some(furthest) = there.map(|r| lane.have[r]).max() {
            let absent = lane.writes.len() - furthest;
            let rpo = match (lane.writes.get(furthest), lane.writes.last()) {
                (Some(oldest), Some(newest)) => newest + 1 - oldest,
                _ => 0,
            };
            self.seen.losses.push((now.t, rpo, absent));
            lane.missing += absent;
            lane.writes.truncate(furthest);
            lane.have.iter_mut().for_each(|have| *have = (*have).min(furthest));
            lane.booked = true;
        }
    }

    /// A client chooses where to write, and writes.
    fn write(&mut self, now: &Now, client: usize) -> Option<usize> {
        let n = self.lanes.len();
        let order = || core::iter::once(client).chain((0..n).filter(|&r| r != client));
        let place = |r: usize| order().position(|o| o == r);
        let (mut region, mut patience) = self.writers[client];
        let stuck = !self.takes(now, client, region);
        if stuck && patience.is_none() {
            patience = Some(now.t + DETECT + REDIRECT);
        }
        if let Some(best) = order().find(|&r| self.takes(now, client, r))
            && (!stuck || patience.is_some_and(|p| p <= now.t) || place(best) < place(region))
        {
            (region, patience) = (best, None);
        }
        self.writers[client] = (region, patience);
        if self.takes(now, client, region) {
            self.lanes[region].writes.push(now.t);
            return Some(region);
        }
        self.seen.failed[1][client] += 1;
        None
    }

    fn second(&mut self, now: &Now) {
        let n = self.lanes.len();
        self.move_arbiter(now);
        for w in 0..n {
            self.replicate(now, w);
            self.notice_loss(now, w);
        }
        for w in 0..n {
            if now.up[w] && self.takes_part(w) {
                let back = core::mem::take(&mut self.lanes[w].missing);
                self.lanes[w].writes.extend(vec![now.t; back]);
            }
        }
        let taken: Vec<usize> = (0..n).filter_map(|client| self.write(now, client)).collect();
        for w in taken {
            for r in (0..n).filter(|&r| r != w && !now.up[r]) {
                self.lanes[w].behind[r] = true;
            }
        }
        for client in 0..n {
            self.seen.failed[0][client] += usize::from(!(0..n).any(|r| self.takes(now, client, r)));
        }
    }
}

fn brute(case: &Case) -> Seen {
    let n = case.regions;
    let lane = Lane {
        writes: vec![],
        have: vec![0; n],
        follows: vec![true; n],
        behind: vec![false; n],
        down_since: None,
        booked: false,
        missing: 0,
    };
    let mut world = World {
        lanes: vec![lane; n],
        writers: (0..n).map(|client| (client, None)).collect(),
        arbiter: 0,
        out_since: None,
        seen: Seen { failed: [vec![0; n], vec![0; n]], ..Seen::default() },
    };
    for t in 0..END {
        let struck = |isolated| (0..n).map(|r| case.struck(r, isolated, t)).collect::<Vec<bool>>();
        let up = struck(false).into_iter().map(|down| !down).collect();
        world.second(&Now { t, up, alone: struck(true) });
    }
    let mut seen = world.seen;
    seen.surviving = world.lanes.iter().map(|l| l.writes.len()).sum();
    seen.missing = world.lanes.iter().map(|l| l.missing).sum();
    seen
}

fn simulated(case: &Case) -> Seen {
    let text = case.text();
    let loaded = load(Source { name: "x", text: &text }, &Options::new());
    let scenario = loaded.scenario.unwrap_or_else(|| panic!("{:?}\n{text}", loaded.diagnostics));
    let plan = Plan::new(&scenario.variants[0].model).unwrap();
    let mut out = Replication::default();
    Simulation::new(&plan, 1).run(0, false, &mut out).unwrap();
    let run = &out.stores[0];
    let whole = |volume: i128| ((volume + run.volume_per_request / 2) / run.volume_per_request) as usize;
    let failed = |kind: Kind| run.client_failed.iter().map(|f| whole(f[kind as usize])).collect();
    let second = |ns: u64| ((ns + 500_000_000) / 1_000_000_000) as usize;
    let losses = out.losses.iter().map(|l| (second(l.at.ns()), second(l.rpo.ns()), whole(l.absent)));
    Seen {
        failed: [failed(Kind::Read), failed(Kind::Write)],
        losses: losses.collect(),
        surviving: whole(run.surviving),
        missing: whole(run.missing),
    }
}

/// Equal but for the instants that catching up takes.
fn close(a: &Seen, b: &Seen) -> bool {
    let near = |x: usize, y: usize| x.abs_diff(y) <= 2;
    let lists = a.failed.iter().flatten().zip(b.failed.iter().flatten());
    lists.into_iter().all(|(&x, &y)| near(x, y))
        && a.losses.len() == b.losses.len()
        && a.losses.iter().zip(&b.losses).all(|(x, y)| near(x.0, y.0) && near(x.1, y.1) && near(x.2, y.2))
        && a.surviving.abs_diff(b.surviving) <= 8
        && near(a.missing, b.missing)
}

#[test]
fn several_write_regions_agree_write_by_write() {
    let mut losses = 0;
    for number in 0..300 {
        let case = Case::new(number);
        let (mine, theirs) = (brute(&case), simulated(&case));
        losses += mine.losses.len();
        assert!(close(&mine, &theirs), "case {number}:\n{mine:?}\n{theirs:?}\n{}", case.text());
    }
    assert!(losses > 100, "{losses} losses");
}
