//! What the scripted faults do to the world, instant by instant.

use crate::{Ms, ms};
use zonefall::model::{DomainKind, Effect, Model, Schedule, Target};
use zonefall::rng::Law;

/// A stretch in which one rule strikes one target.
pub struct Strike {
    pub rule: usize,
    pub target: Target,
    pub from: Ms,
    pub to: Ms,
}

/// The value of a law that is constant.
pub fn constant(law: &Law) -> Ms {
    assert_eq!(law.quantile(0), law.quantile(u64::MAX), "brute force knows constant laws only");
    ms(law.quantile(0))
}

/// All strikes of a model, in the order of rules; an entry that falls into an occurrence prolongs it.
pub fn strikes(model: &Model) -> Vec<Strike> {
    let (start, end) = (ms(model.warmup), ms(model.warmup) + ms(model.horizon));
    let mut found: Vec<Strike> = Vec::new();
    for (rule, fault) in model.faults.iter().enumerate() {
        let Schedule::Scripted(times) = &fault.schedule else { panic!("scripted faults only") };
        let length = constant(&fault.duration);
        for &target in &fault.targets {
            let first = found.len();
            for at in times.iter().map(|&d| start + ms(d)).filter(|&t| t < end) {
                match found[first..].last_mut() {
                    Some(last) if at < last.to => last.to = at + length,
                    _ => found.push(Strike { rule, target, from: at, to: at + length }),
                }
            }
        }
    }
    found
}

/// The state of the world between two instants at which a strike begins or ends.
#[derive(Default)]
pub struct Env {
    /// By node: unreachable.
    pub down: Vec<bool>,
    /// By node: announced work holds it.
    pub drained: Vec<bool>,
    /// By node: struck by a `destroy` at this very instant.
    pub destroyed: Vec<bool>,
    /// By domain: held down, itself or around it.
    pub held: Vec<bool>,
    /// By region: cut off.
    isolated: Vec<bool>,
    /// By link: cut.
    cut: Vec<bool>,
    /// Partial strikes that last: (rule, region of the world).
    pub partial: Vec<(usize, u32)>,
    /// By region of the world: capacity in millionths.
    pub capacity: Vec<u64>,
}

impl Env {
    pub fn at(model: &Model, strikes: &[Strike], t: Ms) -> Env {
        let world = &model.world;
        let nodes = world.nodes.len();
        let mut env = Env {
            down: vec![false; nodes],
            drained: vec![false; nodes],
            destroyed: vec![false; nodes],
            held: vec![false; world.domains.len()],
            isolated: vec![false; world.regions.len()],
            cut: vec![false; world.links.len()],
            partial: Vec::new(),
            capacity: Vec::new(),
        };
        let mut speed = vec![1_000_000u64; nodes];
        for strike in strikes.iter().filter(|s| s.from <= t && t < s.to) {
            env.apply(model, strike, t, &mut speed);
        }
        for &d in &world.regions {
            let range = world.domain(d).nodes.clone();
            let count = u64::from(range.end - range.start);
            env.capacity.push(range.map(|n| speed[n as usize]).sum::<u64>() / count);
        }
        env
    }

    fn apply(&mut self, model: &Model, strike: &Strike, t: Ms, speed: &mut [u64]) {
        let world = &model.world;
        let effect = model.faults[strike.rule].effect;
        let d = match strike.target {
            Target::Link(l) => {
                self.cut[l.0 as usize] = true;
                return;
            }
            Target::Domain(d) => d,
            Target::Store { .. } => unreachable!("no generated scenario strikes a store alone"),
        };
        let domain = world.domain(d);
        let nodes = domain.nodes.start as usize..domain.nodes.end as usize;
        match effect {
            Effect::Isolate => self.isolated[domain.region.0 as usize] = true,
            Effect::Partial { .. } => self.partial.push((strike.rule, domain.region.0)),
            Effect::Lag { .. } | Effect::Corrupt { .. } => unreachable!("not generated"),
            Effect::Degrade { capacity_ppm, .. } => {
                for n in nodes {
                    speed[n] = speed[n] * u64::from(capacity_ppm) / 1_000_000;
                }
            }
            Effect::Down | Effect::Destroy | Effect::Maintenance => {
                for (i, inner) in world.domains.iter().enumerate() {
                    let inside =
                        inner.path == domain.path || inner.path.starts_with(&format!("{}/", domain.path));
                    self.held[i] |= inside;
                }
                for n in nodes {
                    self.down[n] = true;
                    self.drained[n] |= effect == Effect::Maintenance;
                    self.destroyed[n] |= effect == Effect::Destroy && strike.from == t;
                }
            }
        }
    }

    /// Whether packets pass between two regions of the world.
    pub fn connected(&self, model: &Model, a: u32, b: u32) -> bool {
        let cut = |l: usize| {
            let ends = model.world.links[l].ends.map(|r| r.0);
            self.cut[l] && (ends == [a, b] || ends == [b, a])
        };
        a == b || !(self.isolated(a) || self.isolated(b) || (0..self.cut.len()).any(cut))
    }

    pub fn isolated(&self, region: u32) -> bool {
        self.isolated[region as usize]
    }

    /// Zones of a region that nothing holds down.
    pub fn live_zones(&self, model: &Model, region: u32) -> u32 {
        let zone = |&(i, d): &(usize, &zonefall::model::Domain)| {
            d.kind == DomainKind::Zone && d.region.0 == region && !self.held[i]
        };
        model.world.domains.iter().enumerate().filter(zone).count() as u32
    }
}
