//! What is down, cut off or degraded: counts over the domain tree and the links (design D5).

use crate::model::{DomainId, LinkId, Model, RegionId, Target};

/// Counters of everything a fault can hold down. A domain is down while its count, over itself and its ancestors,
/// is above 0; overlapping faults add up and end independently.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub(crate) struct Domains {
    down: Vec<u16>,
    isolated: Vec<u16>,
    cut: Vec<u16>,
    /// For each pair of world regions: the declared link between them, if any.
    links: Vec<Option<LinkId>>,
    regions: usize,
}

impl Domains {
    pub(crate) fn new(model: &Model) -> Domains {
        let regions = model.world.regions.len();
        let mut links = vec![None; regions * regions];
        for (i, link) in model.world.links.iter().enumerate() {
            let [a, b] = link.ends.map(|r| r.0 as usize);
            links[a * regions + b] = Some(LinkId(i as u32));
            links[b * regions + a] = Some(LinkId(i as u32));
        }
        Domains {
            down: vec![0; model.world.domains.len()],
            isolated: vec![0; regions],
            cut: vec![0; model.world.links.len()],
            links,
            regions,
        }
    }

    /// Forgets everything: all is up.
    pub(crate) fn clear(&mut self) {
        self.down.fill(0);
        self.isolated.fill(0);
        self.cut.fill(0);
    }

    /// One more fault holds this domain down; `true` if it was up.
    #[inline]
    pub(crate) fn hold(&mut self, domain: u32) -> bool {
        let count = &mut self.down[domain as usize];
        *count += 1;
        *count == 1
    }

    /// One fault less holds this domain down; `true` if it is up now.
    #[inline]
    pub(crate) fn release(&mut self, domain: u32) -> bool {
        let count = &mut self.down[domain as usize];
        assert!(*count > 0, "domain {domain} released more often than held");
        *count -= 1;
        *count == 0
    }

    /// Whether a fault holds this domain, or one around it, down.
    pub(crate) fn is_down(&self, domain: DomainId) -> bool {
        self.down[domain.0 as usize] > 0
    }

    /// Cuts a link or a region off (`true`) or joins it again.
    pub(crate) fn isolate(&mut self, model: &Model, target: Target, cut: bool) {
        let count = match target {
            Target::Link(link) => &mut self.cut[link.0 as usize],
            Target::Domain(d) => &mut self.isolated[model.world.domain(d).region.0 as usize],
            Target::Store { .. } => unreachable!("a store is no place that could be cut off"),
        };
        if cut {
            *count += 1;
        } else {
            assert!(*count > 0, "joined more often than cut off");
            *count -= 1;
        }
    }

    pub(crate) fn is_isolated(&self, region: RegionId) -> bool {
        self.isolated[region.0 as usize] > 0
    }

    /// Whether packets pass between two regions; no detours over third regions.
    pub(crate) fn connected(&self, a: RegionId, b: RegionId) -> bool {
        a == b
            || (!self.is_isolated(a)
                && !self.is_isolated(b)
                && self.links[a.0 as usize * self.regions + b.0 as usize]
                    .is_none_or(|link| self.cut[link.0 as usize] == 0))
    }
}
