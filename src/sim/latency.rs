//! Steady latency of requests (design §5): round trips and constants while everything is up.

use crate::model::{Consistency, RegionId, Store, World};
use crate::units::Duration;

/// Steady latencies of one client population. `None`: a round trip on the way is not declared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Latency {
    /// Round trip to the region the client writes to first, plus that from there to the farthest region if replication is synchronous,
    /// plus the commit time.
    pub write: Option<Duration>,
    /// Round trip to the region the client reads from first.
    pub read: Option<Duration>,
}

/// Steady latencies of a store's clients, in their order.
///
/// A round trip inside a region counts as zero; one between regions is the `rtt` of the link declared between them.
pub fn steady(world: &World, store: &Store) -> Vec<Latency> {
    let rtt = |a: RegionId, b: RegionId| match world.link_between(a, b) {
        _ if a == b => Some(Duration::ZERO),
        Some(link) => world.links[link.0 as usize].rtt,
        None => None,
    };
    let farthest = match store.consistency {
        Consistency::Strong => {
            let first = store.regions[0].region;
            let all: Option<Vec<Duration>> = store.regions.iter().map(|r| rtt(first, r.region)).collect();
            all.and_then(|all| all.into_iter().max())
        }
        _ => Some(Duration::ZERO),
    };
    let latency = |client: &crate::model::Client| Latency {
        write: rtt(client.region, store.regions[store.first_write_region(client)].region)
            .zip(farthest)
            .map(|(a, b)| a.saturating_add(b).saturating_add(store.commit_latency)),
        read: rtt(client.region, store.regions[usize::from(client.order[0])].region),
    };
    store.clients.iter().map(latency).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Link, RegionId};
    use crate::sim::tests::{store, world};

    #[test]
    fn strong_writes_wait_for_the_farthest_region() {
        let ms = |n: u64| Duration::from_ns(n * 1_000_000);
        let mut w = world(&["a", "b", "c"], 3, 4);
        for (x, y, rtt) in [(0, 1, 20), (0, 2, 90)] {
            let ends = [RegionId(x), RegionId(y)];
            w.links.push(Link { name: format!("{x}-{y}"), ends, rtt: Some(ms(rtt)), bandwidth: None });
        }
        let mut s = store(&w, &[0, 1, 2]);
        s.commit_latency = ms(5);
        let session: Vec<_> = steady(&w, &s).iter().map(|l| l.write).collect();
        assert_eq!(session, [Some(ms(5)), Some(ms(25)), Some(ms(95))]);
        s.consistency = crate::model::Consistency::Strong;
        let strong: Vec<_> = steady(&w, &s).iter().map(|l| l.write).collect();
        assert_eq!(strong, [Some(ms(95)), Some(ms(115)), Some(ms(185))]);
        assert_eq!(steady(&w, &s)[1].read, Some(Duration::ZERO));
        w.links[1].rtt = None;
        assert_eq!(steady(&w, &s)[0].write, None);
    }
}
