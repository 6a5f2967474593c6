//! What holds of every replication, exactly.

use zonefall::sim::observe::{Kind, Outage, Replication, Subject};
use zonefall::units::Duration;

/// Checks sums that must agree to the last unit; adds what does not.
///
/// `warm`: there was a warm-up. What went missing then stays on the books, but is nobody's blame.
pub fn check(out: &Replication, warm: bool, found: &mut Vec<String>) {
    let mut claim = |what: &str, holds: bool| {
        if !holds {
            found.push(format!("property broken: {what}"));
        }
    };
    for run in &out.stores {
        let placed = run.surviving + run.missing + run.superseded + run.damaged + run.lost;
        claim("acknowledged = surviving + missing + superseded + damaged + lost", run.acknowledged == placed);
        for kind in Kind::ALL {
            let k = kind as usize;
            let by_account: i128 = run.accounts.iter().map(|b| b.failed[k]).sum();
            let down = run.accounts.iter().fold(Duration::ZERO, |sum, b| sum.saturating_add(b.down[k]));
            claim("time down = sum over accounts", run.down[k] == down);
            let by_client: i128 = run.client_failed.iter().map(|c| c[k]).sum();
            let requested: i128 = run.client_requested.iter().map(|c| c[k]).sum();
            claim("failed = sum over accounts", run.failed[k] == by_account);
            claim("failed = sum over clients", run.failed[k] == by_client);
            claim("requested = sum over clients", run.requested[k] == requested);
            claim("failed <= requested", run.failed[k] <= run.requested[k]);
            let throttled = run.throttled_above[k] + run.throttled_below[k];
            claim("throttled <= failed", throttled <= run.failed[k]);
        }
        let lost: i128 = run.accounts.iter().map(|b| b.lost).sum();
        claim(
            "accounts hold lost and still missing writes",
            lost == run.lost + run.missing || warm && lost < run.lost + run.missing,
        );
    }
    for outage in &out.outages {
        let phases = outage.phases.iter().fold(Duration::ZERO, |sum, &d| sum.saturating_add(d));
        claim("phases sum to the outage", phases == outage.length);
        let [provider, customer] = outage.parties;
        claim("parties sum to the outage", provider.saturating_add(customer) == outage.length);
        claim("an outage has a length", outage.length > Duration::ZERO);
        claim("an outage fails something", outage.failed > 0);
    }
    for kind in Kind::ALL {
        let mut mine: Vec<&Outage> =
            out.outages.iter().filter(|o| o.subject == Subject::Store(0, kind)).collect();
        mine.sort_by_key(|o| o.start);
        let apart = mine.windows(2).all(|w| w[0].start + w[0].length < w[1].start);
        claim("outages of a kind neither overlap nor touch", apart);
    }
    for loss in &out.losses {
        let sum = loss.recovered + loss.superseded + loss.missing + loss.lost;
        claim("absent = recovered + superseded + missing + lost", loss.absent == sum);
        claim("final RPO <= RPO", loss.rpo_final <= loss.rpo);
    }
}
