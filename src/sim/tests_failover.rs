//! Failover as it really is, against timelines worked out by hand.

use super::observe::{Kind, Outage, Party, Phase, Replication, Subject};
use super::tests::{secs, world};
use super::tests_recovery::{outages, region, run, scripted};
use crate::model::*;
use crate::rng::Law;

const HOUR: u64 = 3600;

fn of(out: &Replication, kind: Kind) -> Vec<&Outage> {
    out.outages.iter().filter(|o| o.subject == Subject::Store(0, kind)).collect()
}

/// Seconds of an outage in a phase.
fn phase(o: &Outage, phase: Phase) -> u64 {
    o.phases[phase as usize].ns() / 1_000_000_000
}

/// Seconds that provider and customer answer for.
fn parties(o: &Outage) -> (u64, u64) {
    let [provider, customer] = o.parties.map(|d| d.ns() / 1_000_000_000);
    (provider, customer)
}

/// Writes that provider and customer answer for.
fn booked(out: &Replication) -> (i128, i128) {
    let by = |p: Party| out.losses.iter().map(|l| l.parties[p as usize]).sum::<i128>();
    let unit = out.stores[0].volume_per_request;
    (by(Party::Provider) / unit, by(Party::Customer) / unit)
}

/// The write region is down for four hours: 90 s + 1 h + 60 s of the service, 30 s of the clients.
#[test]
fn x02_service_managed_failover_is_the_providers_redirecting_the_customers() {
    let w = world(&["a", "b"], 3, 4);
    let strike = (Effect::Down, region(&w, 0), 10, 4);
    let (out, wrong) = run(&scripted(w, |_| {}, &[strike], &[]));
    assert!(wrong.is_empty(), "{wrong:#?}");
    let [write] = of(&out, Kind::Write)[..] else { panic!("{:?}", out.outages) };
    assert_eq!(write.length, secs(90 + HOUR + 60 + 30));
    assert_eq!(parties(write), (90 + HOUR + 60, 30));
    assert_eq!(booked(&out), (0, 0), "all came back");
}

/// Nobody fails over for an hour, then an action forces it: waiting was the provider's, promoting is the customer's.
#[test]
fn x02_a_forced_failover_is_the_customers() {
    let w = world(&["a", "b"], 3, 4);
    let strike = (Effect::Down, region(&w, 0), 10, 4);
    let force = (11, Command::ForceFailover { store: 0, to: None });
    let manual = |s: &mut Store| {
        s.failover.mode = FailoverMode::None;
        s.on_return.merge_after = None;
    };
    let (out, _) = run(&scripted(w, manual, &[strike], &[force]));
    let [write] = of(&out, Kind::Write)[..] else { panic!("{:?}", out.outages) };
    assert_eq!(write.length, secs(HOUR + 60 + 30));
    assert_eq!(parties(write), (HOUR, 60 + 30));
    // 5 s of 2000 writes a second wait in the returned region for somebody who writes them again.
    assert_eq!(booked(&out), (0, 10_000));
}

/// The region is destroyed, and everything in it; by the customer's own doing if its rule says so.
#[test]
fn x02_a_rule_says_who_answers_for_repair_and_loss() {
    let w = world(&["a"], 3, 4);
    let strike = (Effect::Destroy, region(&w, 0), 10, 4);
    let mut m = scripted(w, |_| {}, &[strike], &[]);
    for (party, (time, lost)) in [
        (Party::Provider, ((4 * HOUR, 0), (36_000_000, 0))),
        (Party::Customer, ((0, 4 * HOUR), (0, 36_000_000))),
    ] {
        m.faults[0].party = party;
        let (out, _) = run(&m);
        assert_eq!((parties(of(&out, Kind::Read)[0]), parties(of(&out, Kind::Write)[0])), (time, time));
        assert_eq!(booked(&out), lost);
    }
}

/// Reads wait for their clients to go elsewhere: the customer's, but for what the service takes to notice. A client
/// that never goes is the customer's as long as another region would have answered it.
#[test]
fn x02_reads_that_could_go_elsewhere_are_the_customers() {
    let after = || Law::constant(secs(45));
    for (redirect, length, (provider, customer)) in [
        (Redirect::After(after()), 45, (0, 45)),
        (Redirect::ByService(after()), 90 + 45, (90, 45)),
        // Three hours of 1000 writes a second, caught up at 9000 a second more than are written.
        (Redirect::Never, 4 * HOUR + 1200, (HOUR, 3 * HOUR + 1200)),
    ] {
        let w = world(&["a", "b"], 3, 4);
        let mut strikes = vec![(Effect::Down, region(&w, 1), 10, 4)];
        if redirect == Redirect::Never {
            // For an hour of the four nobody answers.
            strikes.push((Effect::Down, region(&w, 0), 11, 1));
        }
        let change = |s: &mut Store| {
            s.failover.mode = FailoverMode::None;
            s.clients.remove(0);
            s.clients[0].redirect = redirect.clone();
        };
        let (out, _) = run(&scripted(w, change, &strikes, &[]));
        let reads = outages(&out, Kind::Read);
        assert_eq!(reads, [(10 * HOUR, length)], "{redirect:?}");
        assert_eq!(parties(of(&out, Kind::Read)[0]), (provider, customer), "{redirect:?}");
    }
}

/// Half the capacity is gone: within what was provisioned it is the service's, beyond it the customer's.
#[test]
fn x02_overload_is_the_customers_beyond_what_was_provisioned() {
    // 5000 reads of 1 and 1000 writes of 5 units a second.
    for (provisioned, expected) in [(15_000, (2 * HOUR, 0)), (9_000, (0, 240 * HOUR))] {
        let w = world(&["a"], 3, 4);
        let strike = (Effect::Degrade { capacity_ppm: 500_000 }, region(&w, 0), 10, 2);
        let change = |s: &mut Store| s.throughput_mru = Some(provisioned * 1000);
        let (out, _) = run(&scripted(w, change, &[strike], &[]));
        let [write] = of(&out, Kind::Write)[..] else { panic!("{:?}", out.outages) };
        assert_eq!(
            (phase(write, Phase::Overload), parties(write)),
            (write.length.ns() / 1_000_000_000, expected)
        );
    }
}
