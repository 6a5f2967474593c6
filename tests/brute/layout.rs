//! Where each partition's replicas lie.

use zonefall::model::{Effect, Model, Placement, Store, StoreRegion};

/// By partition.
pub struct Place {
    /// By region of the store: nodes.
    pub nodes: Vec<Vec<usize>>,
    /// `partial` rules that hit it.
    pub hit_by: Vec<usize>,
    /// Partitions that share all of this, itself included.
    pub alike: u64,
}

/// The nodes a region uses, one zone after the other in turn.
fn ring(model: &Model, region: &StoreRegion) -> Vec<usize> {
    let world = &model.world;
    let zones: Vec<_> = match region.placement {
        Placement::ZoneRedundant => world.zones(region.region).collect(),
        Placement::Unzoned(zone) | Placement::Zonal(zone) => vec![zone],
    };
    let mut left: Vec<Vec<usize>> =
        zones.iter().map(|&z| world.domain(z).nodes.clone().map(|n| n as usize).rev().collect()).collect();
    let mut found = Vec::new();
    while left.iter().any(|z| !z.is_empty()) {
        found.extend(left.iter_mut().filter_map(Vec::pop));
    }
    found
}

/// All partitions, dealt out evenly over the starting points.
pub fn places(model: &Model, store: &Store) -> Vec<Place> {
    let rings: Vec<Vec<usize>> = store.regions.iter().map(|r| ring(model, r)).collect();
    let starts = rings.iter().map(Vec::len).max().unwrap_or(1);
    let partitions = store.partitions as usize;
    assert_eq!(partitions % starts, 0, "every starting point gets as many partitions as any other");
    let each = partitions / starts;
    let mut places: Vec<Place> = Vec::new();
    for start in 0..starts {
        let nodes: Vec<Vec<usize>> = rings
            .iter()
            .map(|ring| {
                let first = start * ring.len() / starts;
                let mut set: Vec<usize> =
                    (0..usize::from(store.replicas)).map(|i| ring[(first + i) % ring.len()]).collect();
                set.sort_unstable();
                set
            })
            .collect();
        for i in 0..each {
            places.push(Place { nodes: nodes.clone(), hit_by: hits(model, i, each), alike: 0 });
        }
    }
    for p in 0..places.len() {
        let same = |o: &&Place| o.nodes == places[p].nodes && o.hit_by == places[p].hit_by;
        places[p].alike = places.iter().filter(same).count() as u64;
    }
    places
}

/// Which `partial` rules hit the `i`th of `each` partitions of a starting point; smaller shares lie in larger ones.
fn hits(model: &Model, i: usize, each: usize) -> Vec<usize> {
    let hit = |effect: &Effect| match *effect {
        Effect::Partial { share_ppm } => {
            let part = u64::from(share_ppm) * each as u64;
            assert_eq!(part % 1_000_000, 0, "a partial rule hits as many partitions of every starting point");
            (i as u64) < part / 1_000_000
        }
        _ => false,
    };
    model.faults.iter().enumerate().filter(|(_, f)| hit(&f.effect)).map(|(r, _)| r).collect()
}
