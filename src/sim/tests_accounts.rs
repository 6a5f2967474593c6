//! What is booked to cause, phase and party together, against books kept by hand.

use super::observe::{Account, Cause, Party, Phase, Replication};
use super::tests::{secs, world};
use super::tests_recovery::{region, run, scripted};
use crate::model::*;

const HOUR: u64 = 3600;

/// Account; failed reads and writes; seconds down for reads and for writes; lost writes.
type Line = (Cause, Phase, Party, [i128; 2], [u64; 2], i128);

fn book(out: &Replication) -> Vec<Line> {
    let run = &out.stores[0];
    let whole = |volume: i128| {
        assert!(volume % run.volume_per_request == 0, "{volume}");
        volume / run.volume_per_request
    };
    let line = |b: &super::observe::Booked| {
        let Account { cause, phase, party } = b.account;
        let seconds = b.down.map(|d| d.ns() / 1_000_000_000);
        (cause, phase, party, b.failed.map(whole), seconds, whole(b.lost))
    };
    run.accounts.iter().map(line).collect()
}

/// 2000 writes a second fail while the service fails over, then while the clients do.
#[test]
fn a_failover_is_booked_phase_by_phase() {
    let w = world(&["a", "b"], 3, 4);
    let strike = (Effect::Down, region(&w, 0), 10, 4);
    let (out, _) = run(&scripted(w, |_| {}, &[strike], &[]));
    let line = |phase, party, seconds: u64| {
        (Cause::Rule(0), phase, party, [0, 2000 * i128::from(seconds)], [0, seconds], 0)
    };
    let expected = [
        line(Phase::Detect, Party::Provider, 90),
        line(Phase::Decide, Party::Provider, HOUR),
        line(Phase::Promote, Party::Provider, 60),
        line(Phase::Redirect, Party::Customer, 30),
    ];
    assert_eq!(book(&out), expected);
}

/// Each group lies on one node. Requests are booked to the fault of their own node, time to that of the first group.
#[test]
fn groups_that_fail_at_once_keep_their_own_causes() {
    let w = world(&["a"], 1, 4);
    let node = |n: usize| Target::Domain(w.nodes[n]);
    let single = |s: &mut Store| {
        (s.replicas, s.write_quorum, s.reconfigure, s.rebuild) = (1, 1, None, None);
        s.regions[0].min_zones = 1;
    };
    // Groups 1 and 3 of four, with a quarter of 1000 writes and 5000 reads a second each.
    let strikes = [(Effect::Down, node(3), 10, 4), (Effect::Down, node(1), 12, 4)];
    let (out, _) = run(&scripted(w.clone(), single, &strikes, &[]));
    let line = |rule, down: u64| {
        let failed = [5000, 1000].map(|rate| rate / 4 * i128::from(4 * HOUR));
        (Cause::Rule(rule), Phase::Repair, Party::Provider, failed, [down; 2], 0)
    };
    assert_eq!(book(&out), [line(0, 2 * HOUR), line(1, 4 * HOUR)]);
}

/// Lost writes: with the only copy; in the region that another took over from, by decision of an action; and between the
/// backup and the destruction.
#[test]
fn lost_writes_are_booked_to_the_phase_they_went_missing_in() {
    let lost = |out: &Replication| -> Vec<(Cause, Phase, Party, i128)> {
        let lines = book(out).into_iter().filter(|line| line.5 > 0);
        lines.map(|(cause, phase, party, _, _, lost)| (cause, phase, party, lost)).collect()
    };
    let w = world(&["a"], 3, 4);
    let destroy = [(Effect::Destroy, region(&w, 0), 10, 4)];
    let (out, _) = run(&scripted(w.clone(), |_| {}, &destroy, &[]));
    assert_eq!(lost(&out), [(Cause::Rule(0), Phase::Repair, Party::Provider, 36_000_000)]);

    let two = world(&["a", "b"], 3, 4);
    let down = [(Effect::Down, region(&two, 0), 10, 4)];
    let force = [(11, Command::ForceFailover { store: 0, to: None })];
    let manual = |s: &mut Store| {
        s.failover.mode = FailoverMode::None;
        s.on_return.merge_after = None;
    };
    let (out, _) = run(&scripted(two, manual, &down, &force));
    let cause = out.losses[0].blame.into();
    assert_eq!(lost(&out), [(cause, Phase::Promote, Party::Customer, 10_000)]);

    // A copy is made at 8 h, taken elsewhere: two hours of 1000 writes a second are gone.
    let zero = || crate::rng::Law::constant(secs(0));
    let backed_up = |s: &mut Store| {
        s.backup = Some(Backup {
            policy: BackupPolicy::Periodic {
                interval: secs(8 * HOUR),
                duration: secs(0),
                copies: 2,
                fails_ppm: 0,
                skew: secs(0),
            },
            vaults: vec![
                Vault { region: RegionId(0), zone: None },
                Vault { region: RegionId(1), zone: None },
            ],
            restore: Restore {
                notice: zero(),
                decide: zero(),
                request: zero(),
                per_terabyte: zero(),
                unusable_ppm: 0,
                reapply_ppm: 0,
                into: None,
                stops: false,
            },
        });
        s.regions.truncate(1);
        s.clients.truncate(1);
        s.clients[0].order.truncate(1);
    };
    let w = world(&["a", "vault"], 3, 4);
    let destroy = [(Effect::Destroy, region(&w, 0), 10, 4)];
    let (out, _) = run(&scripted(w, backed_up, &destroy, &[]));
    assert_eq!(lost(&out), [(Cause::Rule(0), Phase::Restore, Party::Provider, 2 * 3_600_000)]);
}
