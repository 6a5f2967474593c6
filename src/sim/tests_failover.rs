//! Failover as it really is, against timelines worked out by hand.

use super::observe::{Class, Kind, Outage, Party, Phase, Replication, Subject};
use super::tests::{secs, world};
use super::tests_recovery::{outages, region, run, scripted};
use crate::model::*;
use crate::rng::Law;

const HOUR: u64 = 3600;

pub(super) fn of(out: &Replication, kind: Kind) -> Vec<&Outage> {
    out.outages.iter().filter(|o| o.subject == Subject::Store(0, kind)).collect()
}

/// Seconds of an outage in a phase.
pub(super) fn phase(o: &Outage, phase: Phase) -> u64 {
    o.phases[phase as usize].ns() / 1_000_000_000
}

/// Seconds that provider and customer answer for.
pub(super) fn parties(o: &Outage) -> (u64, u64) {
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
        let strike = (Effect::Degrade { capacity_ppm: 500_000, errors_ppm: 0 }, region(&w, 0), 10, 2);
        let change = |s: &mut Store| s.throughput_mru = Some(provisioned * 1000);
        let (out, _) = run(&scripted(w, change, &[strike], &[]));
        let [write] = of(&out, Kind::Write)[..] else { panic!("{:?}", out.outages) };
        assert_eq!(
            (phase(write, Phase::Overload), parties(write)),
            (write.length.ns() / 1_000_000_000, expected)
        );
    }
}

pub(super) fn account(region: Option<u32>) -> Target {
    Target::Store { store: 0, region: region.map(RegionId) }
}

/// Only this account is down, its region is not: the service sees a sound region and does nothing; reads go elsewhere,
/// and a forced failover helps.
#[test]
fn c17_service_managed_failover_does_not_see_one_account() {
    let w = world(&["a", "b"], 3, 4);
    let force = (11, Command::ForceFailover { store: 0, to: None });
    for (actions, length) in [(&[][..], 4 * HOUR), (&[force][..], HOUR + 60 + 30)] {
        let strike = (Effect::Down, account(Some(0)), 10, 4);
        let (out, wrong) = run(&scripted(w.clone(), |_| {}, &[strike], actions));
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_eq!(outages(&out, Kind::Write), [(10 * HOUR, length)]);
        assert_eq!(outages(&out, Kind::Read), []);
        let [write] = of(&out, Kind::Write)[..] else { unreachable!() };
        assert_eq!((write.class, write.regions & 1), (Class::Store, 1));
        assert_eq!(out.losses.len(), actions.len());
    }
}

/// The whole account is down: nothing helps, and nobody but the provider can do anything.
#[test]
fn c17_a_whole_account_down_is_down_everywhere() {
    let w = world(&["a", "b"], 3, 4);
    let strike = (Effect::Down, account(None), 10, 4);
    let (out, wrong) = run(&scripted(w, |_| {}, &[strike], &[]));
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(outages(&out, Kind::Write), [(10 * HOUR, 4 * HOUR)]);
    assert_eq!(outages(&out, Kind::Read), [(10 * HOUR, 4 * HOUR)]);
    assert_eq!(parties(of(&out, Kind::Read)[0]), (4 * HOUR, 0));
}

/// The region fails while the account is down in it: now the service sees a lost region, from that moment on. What it
/// saw does not go away with the region's return while the account is still down; the write region does.
#[test]
fn c17_a_lost_region_is_seen_whatever_hits_the_account() {
    let w = world(&["a", "b"], 3, 4);
    let account = (Effect::Down, account(Some(0)), 10, 8);
    for (hours, length) in [(4, HOUR + 90 + HOUR + 60 + 30), (1, 8 * HOUR)] {
        let strikes = [account, (Effect::Down, region(&w, 0), 11, hours)];
        let (out, wrong) = run(&scripted(w.clone(), |_| {}, &strikes, &[]));
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_eq!(outages(&out, Kind::Write), [(10 * HOUR, length)], "{hours}");
    }
}

/// A client that waits for the service to redirect it waits for the end; a tenth of the partitions, a tenth of the reads.
#[test]
fn c24_nobody_redirects_clients_of_one_account() {
    let w = world(&["a", "b"], 3, 4);
    let tenth = Effect::Partial { share_ppm: 100_000 };
    for (effect, ppm) in [(Effect::Down, 500_000), (tenth, 50_000)] {
        let change = |s: &mut Store| {
            s.failover.mode = FailoverMode::None;
            s.clients.iter_mut().for_each(|c| c.redirect = Redirect::ByService(Law::constant(secs(0))));
        };
        let (out, wrong) = run(&scripted(w.clone(), change, &[(effect, account(Some(1)), 10, 4)], &[]));
        assert!(wrong.is_empty(), "{wrong:#?}");
        // 4 h 5 s (the lag) of 2000 writes a second take 3601.25 s to catch up, at 8000 a second more than are written.
        let length = 5 * HOUR + 1;
        assert_eq!(outages(&out, Kind::Read), [(10 * HOUR, length)]);
        let read = of(&out, Kind::Read)[0];
        assert_eq!((read.peak_ppm, phase(read, Phase::Detect), parties(read)), (ppm, length, (length, 0)));
        assert_eq!(outages(&out, Kind::Write), []);
    }
}

/// Faults of a store in a region it does not have hit nothing; other stores never notice.
#[test]
fn a_store_is_hit_alone_and_only_where_it_is() {
    let w = world(&["a", "b", "c"], 3, 4);
    let strikes = [(Effect::Down, account(Some(2)), 10, 4), (Effect::Down, account(None), 20, 4)];
    let mut m = scripted(w, |_| {}, &strikes, &[]);
    let mut other = m.stores[0].clone();
    other.name = "other".into();
    m.stores[0].regions.pop();
    m.stores[0].clients.pop();
    m.stores[0].clients.iter_mut().for_each(|c| c.order.retain(|&r| r < 2));
    m.stores.push(other);
    let (out, wrong) = run(&m);
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(out.occurrences, 2);
    assert!(out.outages.iter().all(|o| o.start.ns() == 20 * HOUR * 1_000_000_000));
    assert_eq!(out.stores[1].failed, [0, 0]);
}

/// Half of one account's capacity: the other account in the region keeps its own.
#[test]
fn degrading_a_store_takes_its_own_capacity() {
    let w = world(&["a"], 3, 4);
    let strike = (Effect::Degrade { capacity_ppm: 500_000, errors_ppm: 0 }, account(Some(0)), 10, 2);
    let mut m = scripted(w, |s| s.throughput_mru = Some(10_000_000), &[strike], &[]);
    let mut other = m.stores[0].clone();
    other.name = "other".into();
    m.stores.push(other);
    let (out, _) = run(&m);
    // Asked for 5000 + 5 · 1000 = 10 000 units a second, it takes 5000.
    assert_eq!(outages(&out, Kind::Write), [(10 * HOUR, 2 * HOUR)]);
    assert_eq!(of(&out, Kind::Write)[0].peak_ppm, 500_000);
    assert_eq!(out.stores[1].failed, [0, 0]);
}

/// A tenth of the partitions, or one account: partitions see their own writes fail, and nobody has to decide.
#[test]
fn c19_partitions_fail_over_by_themselves() {
    let w = world(&["a", "b"], 3, 4);
    let mode = |s: &mut Store| {
        (s.failover.mode, s.failover.decide) = (FailoverMode::PerPartition, Law::constant(secs(0)));
    };
    let tenth = Effect::Partial { share_ppm: 100_000 };
    for (effect, target, ppm) in [
        (tenth, region(&w, 0), 100_000),
        (tenth, account(Some(0)), 100_000),
        (Effect::Down, account(Some(0)), 1_000_000),
        (Effect::Down, region(&w, 0), 1_000_000),
    ] {
        let (out, wrong) = run(&scripted(w.clone(), mode, &[(effect, target, 10, 4)], &[]));
        assert!(wrong.is_empty(), "{wrong:#?}");
        let write = of(&out, Kind::Write)[0];
        assert_eq!((write.length, write.peak_ppm), (secs(90 + 60 + 30), ppm), "{effect:?} {target:?}");
        assert_eq!(parties(write), (90 + 60, 30));
    }
}

/// A customer cannot move single partitions: all of them stop writing for as long as promoting and redirecting take.
#[test]
fn c19_a_customer_moves_the_whole_account() {
    let w = world(&["a", "b"], 3, 4);
    let strike = (Effect::Partial { share_ppm: 100_000 }, region(&w, 0), 10, 4);
    let (out, wrong) = run(&scripted(w, |s| s.failover.mode = FailoverMode::Customer, &[strike], &[]));
    assert!(wrong.is_empty(), "{wrong:#?}");
    let [write] = of(&out, Kind::Write)[..] else { panic!("{:?}", out.outages) };
    assert_eq!((write.length, write.peak_ppm), (secs(90 + HOUR + 60 + 30), 1_000_000));
    assert_eq!(parties(write), (0, 90 + HOUR + 60 + 30), "from end to end the customer's");
    // 2000 writes a second: a tenth of them while the customer noticed and decided, then all.
    let unit = out.stores[0].volume_per_request;
    assert_eq!(write.failed, unit * i128::from(2000 * ((90 + HOUR) / 10 + 60 + 30)));
    // Sound partitions lose their lag too: it is merged when they have caught up.
    assert_eq!(out.losses.iter().map(|l| l.absent).sum::<i128>(), unit * 2000 * 5);
}

/// Whoever runs it, the failover of a lost region takes the same course; only who answers for it differs.
#[test]
fn x02_the_customers_failover_is_the_services_but_for_who_answers() {
    let w = world(&["a", "b", "c"], 3, 4);
    let strikes = [(Effect::Down, region(&w, 0), 10, 4), (Effect::Down, region(&w, 1), 40, 4)];
    let by = |mode| run(&scripted(w.clone(), |s| s.failover.mode = mode, &strikes, &[])).0;
    let (mut service, mut customer) = (by(FailoverMode::ServiceManaged), by(FailoverMode::Customer));
    let sum = |out: &Replication| out.outages.iter().map(|o| parties(o).0).sum::<u64>();
    assert_eq!((sum(&service), sum(&customer)), (2 * (90 + HOUR + 60), 0));
    for out in [&mut service, &mut customer] {
        out.outages.iter_mut().for_each(|o| o.parties = Default::default());
        let accounts = out.stores.iter_mut().flat_map(|run| &mut run.accounts);
        accounts.for_each(|booked| booked.account.party = Party::Provider);
    }
    let course = |out: &Replication| (out.stores.clone(), out.outages.clone(), out.losses.clone());
    assert_eq!(course(&service), course(&customer));
}

/// The mode can be switched while an account is down; the laws stay the store's.
#[test]
fn c29_switching_the_mode_decides_who_sees_what() {
    let w = world(&["a", "b"], 3, 4);
    let strike = (Effect::Down, account(Some(0)), 10, 8);
    for (mode, length) in [
        (FailoverMode::None, 8 * HOUR),
        (FailoverMode::ServiceManaged, 8 * HOUR),
        (FailoverMode::PerPartition, HOUR + 90 + HOUR + 60 + 30),
        (FailoverMode::Customer, HOUR + 90 + HOUR + 60 + 30),
    ] {
        let switch = (11, Command::SetFailover { store: 0, mode });
        let (out, wrong) = run(&scripted(w.clone(), |_| {}, &[strike], &[switch]));
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_eq!(outages(&out, Kind::Write), [(10 * HOUR, length)], "{mode:?}");
    }
}

fn gray(capacity: u32, errors: u32) -> Effect {
    Effect::Degrade { capacity_ppm: capacity * 10_000, errors_ppm: errors * 10_000 }
}

/// A third of what one region answers are errors. Nobody is told to call that lost: nothing fails over.
#[test]
fn c19_errors_alone_fail_over_nothing() {
    let w = world(&["a", "b"], 3, 4);
    for threshold in [0, 600_000] {
        let change = |s: &mut Store| s.failover.gray_ppm = threshold;
        let (out, wrong) = run(&scripted(w.clone(), change, &[(gray(100, 30), region(&w, 0), 10, 4)], &[]));
        assert!(wrong.is_empty(), "{wrong:#?}");
        // Of 2000 writes a second 600; of 10 000 reads, 5000 of them there, 1500.
        for (kind, ppm) in [(Kind::Write, 300_000), (Kind::Read, 150_000)] {
            let [one] = of(&out, kind)[..] else { panic!("{:?}", out.outages) };
            assert_eq!((one.length, one.peak_ppm, one.class), (secs(4 * HOUR), ppm, Class::Region));
            assert_eq!((phase(one, Phase::Repair), parties(one)), (4 * HOUR, (4 * HOUR, 0)));
        }
        assert_eq!(out.losses, []);
        assert_eq!(out.stores[0].acknowledged, out.stores[0].requested[1] - out.stores[0].failed[1]);
    }
}

/// Below the threshold the region counts as lost: errors until somebody decides, then an ordinary failover, and the
/// region stays out of use until it is sound again.
#[test]
fn c17_a_gray_region_below_the_threshold_is_lost() {
    let w = world(&["a", "b"], 3, 4);
    for (effect, failing) in [(gray(100, 70), 700), (gray(60, 20), 200), (gray(40, 0), 0)] {
        let change = |s: &mut Store| s.failover.gray_ppm = 500_000;
        let (out, wrong) = run(&scripted(w.clone(), change, &[(effect, region(&w, 0), 10, 4)], &[]));
        assert!(wrong.is_empty(), "{wrong:#?}");
        let [write] = of(&out, Kind::Write)[..] else { panic!("{:?}", out.outages) };
        let unit = out.stores[0].volume_per_request;
        let noticing = 90 + HOUR;
        assert_eq!(write.failed, unit * i128::from(2 * failing * noticing + 2000 * (60 + 30)), "{effect:?}");
        if failing > 0 {
            assert_eq!(write.length, secs(noticing + 60 + 30));
            let phases = [Phase::Detect, Phase::Decide, Phase::Promote, Phase::Redirect];
            assert_eq!(phases.map(|p| phase(write, p)), [90, HOUR, 60, 30]);
            // Readers leave when the lease ends, and stay away for the rest of the four hours.
            assert_eq!(outages(&out, Kind::Read), [(10 * HOUR, noticing)]);
        }
        assert_eq!(out.losses.len(), 1);
    }
}

/// Errors of one account: the service sees none of them, partitions and customers do.
#[test]
fn c17_a_gray_account_is_seen_by_those_who_watch_it() {
    let w = world(&["a", "b"], 3, 4);
    for (mode, length) in [
        (FailoverMode::ServiceManaged, 4 * HOUR),
        (FailoverMode::PerPartition, 90 + HOUR + 60 + 30),
        (FailoverMode::Customer, 90 + HOUR + 60 + 30),
    ] {
        let change = |s: &mut Store| (s.failover.mode, s.failover.gray_ppm) = (mode, 500_000);
        let (out, wrong) =
            run(&scripted(w.clone(), change, &[(gray(100, 70), account(Some(0)), 10, 4)], &[]));
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_eq!(outages(&out, Kind::Write), [(10 * HOUR, length)], "{mode:?}");
        assert_eq!(of(&out, Kind::Write)[0].class, Class::Store);
    }
}

/// Both regions are gray: nothing is gained by going from one to the other, however quick that would be.
#[test]
fn c17_a_gray_region_is_not_left_for_another() {
    let w = world(&["a", "b"], 3, 4);
    let strikes = [(gray(100, 70), region(&w, 0), 10, 4), (gray(100, 60), region(&w, 1), 10, 6)];
    let at_once = |s: &mut Store| {
        s.failover.gray_ppm = 500_000;
        let f = &mut s.failover;
        for phase in [&mut f.detect, &mut f.decide, &mut f.promote, &mut f.redirect] {
            *phase = Law::constant(secs(0));
        }
    };
    let (out, wrong) = run(&scripted(w, at_once, &strikes, &[]));
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(out.losses, []);
    let [write] = of(&out, Kind::Write)[..] else { panic!("{:?}", out.outages) };
    assert_eq!((write.length, write.peak_ppm), (secs(4 * HOUR), 700_000));
}

/// A gray read region is taken out, too, and its readers go elsewhere then, not before.
#[test]
fn c24_a_gray_read_region_is_taken_out() {
    let w = world(&["a", "b"], 3, 4);
    let change = |s: &mut Store| s.failover.gray_ppm = 500_000;
    let (out, wrong) = run(&scripted(w.clone(), change, &[(gray(100, 70), region(&w, 1), 10, 4)], &[]));
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(outages(&out, Kind::Read), [(10 * HOUR, 90 + HOUR)]);
    assert_eq!(outages(&out, Kind::Write), []);
}

/// With nobody to take over, a gray write region goes on as well as it can; as soon as somebody can who lacks nothing, it
/// is left. By then b lacks 5 s and an hour of 2000 writes a second and two hours of 600, and gains 10 000 − 600 a second.
#[test]
fn x03_a_gray_region_is_better_than_none() {
    let w = world(&["a", "b"], 3, 4);
    let strikes = [(gray(100, 70), region(&w, 0), 10, 8), (Effect::Down, region(&w, 1), 9, 3)];
    for phases in [0, 60] {
        let change = |s: &mut Store| {
            s.failover.gray_ppm = 500_000;
            let law = || Law::constant(secs(phases));
            (s.failover.detect, s.failover.decide) = (law(), law());
        };
        let (out, wrong) = run(&scripted(w.clone(), change, &strikes, &[]));
        assert!(wrong.is_empty(), "{wrong:#?}");
        let write = of(&out, Kind::Write)[0];
        let caught_up = 2 * HOUR + (2000 * (HOUR + 5) + 600 * 2 * HOUR) / 9400;
        let seconds = |ns: u64| ns / 1_000_000_000;
        let times = (seconds(write.start.ns()), seconds(write.length.ns()));
        assert_eq!(times, (10 * HOUR, caught_up + 60 + 30));
        assert!(out.events < 300, "{} events", out.events);
    }
}

/// Destroyed, then taken over from: one event, with the RPO of what was lost, though the takeover itself loses nothing
/// more (5 s of replication lag at 2000 writes a second).
#[test]
fn c23_a_destroyed_region_that_is_taken_over_from_is_one_loss() {
    let w = world(&["a", "b"], 3, 4);
    let strike = (Effect::Destroy, region(&w, 0), 10, 4);
    let (out, wrong) = run(&scripted(w, |_| {}, &[strike], &[]));
    assert!(wrong.is_empty(), "{wrong:#?}");
    let [loss] = &out.losses[..] else { panic!("{:?}", out.losses) };
    assert_eq!((loss.at.ns(), loss.rpo, loss.rpo_final), (secs(10 * HOUR).ns(), secs(5), secs(5)));
    assert_eq!(loss.lost / out.stores[0].volume_per_request, 10_000);
}
