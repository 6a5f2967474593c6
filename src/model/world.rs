//! Failure domains: a tree region > zone > datacenter > node, and links between regions.

use crate::units::Duration;
use core::ops::Range;

/// Index of a domain in [`World::domains`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DomainId(pub u32);
/// Index of a region in [`World::regions`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RegionId(pub u32);
/// Index of a node among all nodes of the world.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub u32);
/// Index of a link in [`World::links`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LinkId(pub u32);

/// The level of a domain in the tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DomainKind {
    /// A machine.
    Node,
    /// A building inside a zone; only where the scenario names datacenters.
    Datacenter,
    /// An availability zone.
    Zone,
    /// A region.
    Region,
}

impl DomainKind {
    /// The word used in selectors and outputs: `node`, `datacenter`, `zone`, `region`.
    pub fn word(self) -> &'static str {
        match self {
            DomainKind::Node => "node",
            DomainKind::Datacenter => "datacenter",
            DomainKind::Zone => "zone",
            DomainKind::Region => "region",
        }
    }
}

/// One failure domain.
#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    /// Path of names from the region down, joined by `/`: `westeurope/2/1`.
    pub path: String,
    /// Level in the tree.
    pub kind: DomainKind,
    /// The domain that contains this one; `None` for regions.
    pub parent: Option<DomainId>,
    /// The region this domain lies in (a region lies in itself).
    pub region: RegionId,
    /// All nodes inside, contiguous in node order. Never empty for zones, datacenters and nodes.
    pub nodes: Range<u32>,
}

/// A connection between two regions.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Declared name.
    pub name: String,
    /// The two ends; they differ, and no other link joins them.
    pub ends: [RegionId; 2],
    /// Round-trip time, if declared.
    pub rtt: Option<Duration>,
    /// Bytes per second available to catch-up and re-seeding, if declared.
    pub bandwidth: Option<u64>,
}

/// The tree of failure domains and the links.
///
/// Domains are in depth-first order of declaration (a parent before its children), nodes in the same order.
/// Two regions without a declared link are connected by one that never fails and whose round trip is unknown.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct World {
    /// Every domain.
    pub domains: Vec<Domain>,
    /// The regions, in order of declaration.
    pub regions: Vec<DomainId>,
    /// The domain of each node, by [`NodeId`].
    pub nodes: Vec<DomainId>,
    /// Declared links.
    pub links: Vec<Link>,
}

impl World {
    /// The domain with this id.
    pub fn domain(&self, id: DomainId) -> &Domain {
        &self.domains[id.0 as usize]
    }

    /// Name of a region.
    pub fn region_name(&self, id: RegionId) -> &str {
        &self.domain(self.regions[id.0 as usize]).path
    }

    /// The region's zones in order.
    pub fn zones(&self, region: RegionId) -> impl Iterator<Item = DomainId> + '_ {
        self.domains
            .iter()
            .enumerate()
            .filter(move |(_, d)| d.kind == DomainKind::Zone && d.region == region)
            .map(|(i, _)| DomainId(i as u32))
    }

    /// The zone a node lies in.
    pub fn zone_of(&self, node: NodeId) -> DomainId {
        let mut id = self.nodes[node.0 as usize];
        loop {
            let domain = self.domain(id);
            match domain.parent {
                Some(parent) if domain.kind != DomainKind::Zone => id = parent,
                _ => return id,
            }
        }
    }

    /// The declared link between two regions.
    pub fn link_between(&self, a: RegionId, b: RegionId) -> Option<LinkId> {
        self.links.iter().position(|l| l.ends == [a, b] || l.ends == [b, a]).map(|i| LinkId(i as u32))
    }
}
