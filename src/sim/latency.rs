//! Steady latency of requests (design §5): round trips and constants while everything is up.

use crate::model::{Agreement, Client, Consistency, RegionId, Store, Tokens, World, Writes};
use crate::units::Duration;

/// Steady latencies of one client population. `None`: a round trip on the way is not declared, or a lag has no mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Latency {
    /// Round trip to the region the client writes to first, plus that from there to the farthest region if replication is synchronous
    /// (of a majority of members: to the farthest of the nearest that make one), plus the commit time.
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
            let there = store.regions.iter().filter(|r| !r.joins_later);
            let all: Option<Vec<Duration>> = there.map(|r| rtt(first, r.region)).collect();
            all.and_then(|mut all| {
                // A majority waits for its nearer half only.
                let majority = store.members.as_ref().is_some_and(|m| m.agreement == Agreement::Majority);
                all.sort_unstable();
                let last = if majority { all.len() / 2 } else { all.len() - 1 };
                all.get(last).copied()
            })
        }
        _ => Some(Duration::ZERO),
    };
    let latency = |client: &Client| Latency {
        write: rtt(client.region, store.regions[store.first_write_region(client)].region)
            .zip(farthest)
            .map(|(a, b)| a.saturating_add(b).saturating_add(store.commit_latency))
            .zip(token_wait(store, client))
            .map(|(latency, wait)| latency.saturating_add(wait)),
        read: rtt(client.region, store.regions[usize::from(store.first_read_region(client))].region),
    };
    store.clients.iter().map(latency).collect()
}

/// Steady latencies by region of the clients, in the order of [`Store::client_regions`]: the mean over requests where a
/// population spreads them over several regions.
pub fn by_region(world: &World, store: &Store) -> Vec<Latency> {
    let all: Vec<_> = store.clients.iter().zip(steady(world, store)).collect();
    let of = |region: RegionId| {
        let here = || all.iter().filter(move |(c, _)| c.region == region);
        Latency {
            write: mean(here().map(|(c, l)| (c.writes_mps, l.write))),
            read: mean(here().map(|(c, l)| (c.reads_mps, l.read))),
        }
    };
    store.client_regions().into_iter().map(of).collect()
}

/// Mean latency of some clients' requests, by rate; that of the first if there are no requests.
fn mean(clients: impl Iterator<Item = (u64, Option<Duration>)>) -> Option<Duration> {
    let (mut sum, mut requests, mut first) = (0u128, 0u128, None);
    for (rate, latency) in clients {
        first = first.or(Some(latency));
        if rate > 0 {
            sum += u128::from(rate) * u128::from(latency?.ns());
            requests += u128::from(rate);
        }
    }
    sum.checked_div(requests).map_or(first.flatten(), |ns| Some(Duration::from_ns(ns as u64)))
}

/// Mean time that a write waits until the region it goes to has what its session read elsewhere (rule c35): a lag, or
/// two with the arbiter between them; 0 without tokens on writes, and with a single write region. `None`: the lag has no
/// mean.
fn token_wait(store: &Store, client: &Client) -> Option<Duration> {
    let (w, r) = (store.first_write_region(client), usize::from(client.order[0]));
    if store.writes == Writes::Single || client.tokens != Tokens::ReadsAndWrites || w == r {
        return Some(Duration::ZERO);
    }
    let links = if w == 0 || r == 0 { 1.0 } else { 2.0 };
    store.lag.mean().map(|mean| Duration::from_ns((links * mean * 1e9) as u64))
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
