//! Fluid requests of one store or service (rule R4): rates that hold until something changes, and what they add up to.

use crate::model::{CauseClass, Client, Profile};
use crate::sim::faults::Culprit;
use crate::sim::months;
use crate::sim::observe::{Account, Blame, Cause, Kind, Loss, Outage, Party, Phase, StoreRun, Subject};
use crate::sim::plan::Plan;
use crate::units::{Duration, Time};

/// Volume of one request where every request counts once (stores: of one partition).
pub(crate) const REQUEST: i128 = 1_000 * 1_000 * 1_000_000_000;

/// Whom failing requests are blamed on, what they wait for, and who answers for the wait.
pub(crate) type Waits = (Culprit, Phase, Party);

/// Rates from one evaluation to the next, in volume per unit of workload time.
#[derive(Clone, Debug, PartialEq, Default, Hash)]
pub(crate) struct Rates {
    pub(crate) failed: [i128; 2],
    pub(crate) above: [i128; 2],
    pub(crate) below: [i128; 2],
    pub(crate) client_failed: Vec<[i128; 2]>,
    /// By account, in the order in which they turned up; only those with something to book.
    pub(crate) accounts: Vec<(Account, [i128; 2])>,
    /// Regions at which requests fail, and the first failing group's culprit, phase and party.
    pub(crate) regions: [u16; 2],
    pub(crate) first: [Option<Waits>; 2],
}

/// An outage that lasts.
#[derive(Clone, Copy, Debug, PartialEq, Hash)]
struct Open {
    start: Time,
    culprit: Culprit,
    peak_ppm: u32,
    failed: i128,
    phases: [Duration; Phase::ALL.len()],
    parties: [Duration; Party::ALL.len()],
    regions: u16,
    /// It began within the measured time.
    counted: bool,
}

/// Whose requests flow: index in the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Whose {
    Store(u32),
    Service(u32),
}

impl Whose {
    fn subject(self, kind: Kind) -> Subject {
        match self {
            Whose::Store(s) => Subject::Store(s, kind),
            Whose::Service(s) => Subject::Service(s, kind),
        }
    }
}

/// Flows of one store or service.
#[derive(Clone, Debug, PartialEq, Hash)]
pub(crate) struct Flow {
    whose: Whose,
    pub(crate) rates: Rates,
    /// Whether any rate is above 0.
    failing: bool,
    /// Requests of all clients, in volume per unit of workload time.
    total: [i128; 2],
    /// Failing share above which it is out, in tenths of millionths.
    threshold: i128,
    pub(crate) measuring: bool,
    /// When measurement began.
    start: Time,
    /// Losses before this one happened before measurement: they are not reported.
    pub(crate) first_loss: usize,
    /// To what the time of each kind is booked while it is out.
    account: [Account; 2],
    open: [Option<Open>; 2],
    pub(crate) run: StoreRun,
}

impl Flow {
    /// Requests of `total` volume per unit of workload time; `run` is empty and says how many clients there are.
    pub(crate) fn new(whose: Whose, run: StoreRun, total: [i128; 2], threshold_ppm: u32) -> Flow {
        // Shares of services are rounded up, by less than this: what only so gets above the threshold is not above it.
        let rounding = i128::from(matches!(whose, Whose::Service(_)) && threshold_ppm > 0);
        Flow {
            whose,
            rates: Rates { client_failed: run.client_failed.clone(), ..Rates::default() },
            failing: false,
            total,
            threshold: i128::from(threshold_ppm) * 10 + rounding,
            measuring: false,
            start: Time::ZERO,
            first_loss: 0,
            account: [Account { cause: Cause::Load, phase: Phase::Repair, party: Party::Provider }; 2],
            open: [None; 2],
            run,
        }
    }

    pub(crate) fn copy_from(&mut self, other: &Flow) {
        let rates = &mut self.rates;
        rates.client_failed.copy_from_slice(&other.rates.client_failed);
        rates.accounts.clone_from(&other.rates.accounts);
        (rates.failed, rates.above, rates.below) = (other.rates.failed, other.rates.above, other.rates.below);
        (rates.regions, rates.first) = (other.rates.regions, other.rates.first);
        (self.failing, self.measuring, self.first_loss) = (other.failing, other.measuring, other.first_loss);
        (self.start, self.account, self.open) = (other.start, other.account, other.open);
        copy_run(&mut self.run, &other.run);
    }

    /// Requests count from here on, until [`Flow::stop`]; so do outages, unless they began earlier.
    pub(crate) fn start(&mut self, now: Time, losses: usize) {
        self.measuring = true;
        self.start = now;
        self.first_loss = losses;
        (self.run.missing_peak, self.run.damaged_peak) = (0, 0);
        self.run.accounts.clear();
        for open in self.open.iter_mut().flatten() {
            open.counted = open.start == now;
        }
    }

    /// Books lost or missing writes to whom they are blamed on, to the phase in which they went missing and to who
    /// answers for them, unless the loss happened before measurement.
    pub(crate) fn book_lost(&mut self, index: u32, loss: &mut Loss, phase: Phase, party: Party, lost: i128) {
        loss.parties[party as usize] += lost;
        if index as usize >= self.first_loss && lost > 0 {
            self.run.booked(Account { cause: loss.blame.into(), phase, party }).lost += lost;
        }
    }

    /// The horizon is reached; `lambda` is the workload time that was measured.
    pub(crate) fn stop(&mut self, clients: &[Client], partitions: u32, lambda: i128) {
        self.measuring = false;
        self.run.requested = self.total.map(|rate| rate * lambda);
        for (requested, client) in self.run.client_requested.iter_mut().zip(clients) {
            *requested = [client.reads_mps, client.writes_mps]
                .map(|mps| i128::from(mps) * i128::from(partitions) * lambda);
        }
        for (client, (failed, requested)) in
            self.run.client_failed.iter().zip(&self.run.client_requested).enumerate()
        {
            let within = failed.iter().zip(requested).all(|(failed, requested)| failed <= requested);
            assert!(within, "of client {client}, {failed:?} requests fail of {requested:?}");
        }
        let of_months = |k: usize| self.run.months.iter().map(|m| m.failed[k]).sum::<i128>();
        assert!(
            [of_months(0), of_months(1)] == self.run.failed,
            "requests of another number fail in the months than in all"
        );
    }

    /// Lets time pass under the current rates.
    pub(crate) fn advance(&mut self, profile: &Profile, lambda: i128, from: Time, to: Time) {
        if !self.failing {
            return;
        }
        if self.measuring {
            months::book(&mut self.run.months, profile, self.start, &self.rates, from, to);
        }
        for k in 0..2 {
            if let Some(open) = &mut self.open[k] {
                open.failed += self.rates.failed[k] * lambda;
                let Account { phase, party, .. } = self.account[k];
                for time in [&mut open.phases[phase as usize], &mut open.parties[party as usize]] {
                    *time = time.saturating_add(to - from);
                }
            }
            if !self.measuring {
                continue;
            }
            self.run.failed[k] += self.rates.failed[k] * lambda;
            self.run.throttled_above[k] += self.rates.above[k] * lambda;
            self.run.throttled_below[k] += self.rates.below[k] * lambda;
            if self.open[k].is_some() {
                self.run.down[k] = self.run.down[k].saturating_add(to - from);
                let down = &mut self.run.booked(self.account[k]).down[k];
                *down = down.saturating_add(to - from);
            }
            for (sum, rate) in self.run.client_failed.iter_mut().zip(&self.rates.client_failed) {
                sum[k] += rate[k] * lambda;
            }
        }
        if self.measuring {
            for (account, rate) in &self.rates.accounts {
                let failed = &mut self.run.booked(*account).failed;
                failed.iter_mut().zip(rate).for_each(|(sum, rate)| *sum += rate * lambda);
            }
        }
    }

    /// All rates to 0, before an evaluation.
    pub(crate) fn reset(&mut self) {
        if self.failing {
            let rates = &mut self.rates;
            rates.client_failed.fill([0; 2]);
            rates.accounts.clear();
            (rates.failed, rates.above, rates.below) = ([0; 2], [0; 2], [0; 2]);
            (rates.regions, rates.first) = ([0; 2], [None; 2]);
        }
        self.failing = false;
    }

    /// Requests of one client on one group fail at this rate; see [`Failing`].
    pub(crate) fn fail(&mut self, failing: Failing) {
        let Failing { kind, client, region, rate, culprit, phase, party } = failing;
        if rate == 0 {
            return;
        }
        self.rates.client_failed[client][kind as usize] += rate;
        self.rates.regions[kind as usize] |= 1 << region;
        self.add(kind, rate, (culprit, phase, party));
    }

    /// Requests fail at this rate, whoever makes them.
    pub(crate) fn add(&mut self, kind: Kind, rate: i128, waits: Waits) {
        self.failing = true;
        let (k, (culprit, phase, party)) = (kind as usize, waits);
        self.rates.failed[k] += rate;
        let account = Account { cause: culprit.blame.into(), phase, party };
        match self.rates.accounts.iter_mut().find(|(known, _)| *known == account) {
            Some((_, rates)) => rates[k] += rate,
            None => {
                let mut rates = [0; 2];
                rates[k] = rate;
                self.rates.accounts.push((account, rates));
            }
        }
        if self.rates.first[k].is_none() {
            self.rates.first[k] = Some(waits);
        }
    }

    /// After an evaluation: outages begin, go on or end.
    pub(crate) fn update_outages(&mut self, plan: &Plan, now: Time, done: &mut Vec<Outage>) {
        for kind in Kind::ALL {
            let (k, subject) = (kind as usize, self.whose.subject(kind));
            let failed = self.rates.failed[k];
            let out = failed > 0 && failed * 10_000_000 > self.threshold * self.total[k];
            match (&mut self.open[k], out) {
                (None, false) => {}
                (Some(_), false) => self.close(plan, kind, now, true, done),
                (open, true) => {
                    let (culprit, phase, party) =
                        self.rates.first[k].expect("failing requests have a culprit");
                    self.account[k] = Account { cause: culprit.blame.into(), phase, party };
                    let fresh = Open {
                        start: now,
                        culprit,
                        peak_ppm: 0,
                        failed: 0,
                        phases: [Duration::ZERO; Phase::ALL.len()],
                        parties: [Duration::ZERO; Party::ALL.len()],
                        regions: 0,
                        counted: self.measuring && now < plan.end,
                    };
                    let open = open
                        .get_or_insert_with(|| resume(plan, subject, now, culprit, done).unwrap_or(fresh));
                    let ppm = (failed * 1_000_000 + self.total[k] - 1) / self.total[k];
                    open.peak_ppm = open.peak_ppm.max(ppm as u32);
                    open.regions |= self.rates.regions[k];
                }
            }
        }
    }

    /// Failing share of each kind while it is out, in millionths.
    pub(crate) fn out_ppm(&self) -> [Option<i128>; 2] {
        let ppm = |k: usize| self.open[k].map(|_| self.rates.failed[k] * 1_000_000 / self.total[k].max(1));
        [ppm(0), ppm(1)]
    }

    /// Failing share of a kind, in millionths, rounded up.
    pub(crate) fn failing_ppm(&self, kind: Kind) -> i64 {
        let (failed, total) = (self.rates.failed[kind as usize], self.total[kind as usize].max(1));
        ((failed * 1_000_000 + total - 1) / total) as i64
    }

    /// Failing share of a kind in parts of `one`, rounded up, and whom the first of what fails waits for.
    pub(crate) fn failing(&self, kind: Kind, one: u64) -> (u64, Option<Waits>) {
        let k = kind as usize;
        let (failed, total, one) = (self.rates.failed[k], self.total[k].max(1), i128::from(one));
        (((failed * one + total - 1) / total) as u64, self.rates.first[k])
    }

    /// Whom the outage of a kind waits for now, while there is one.
    pub(crate) fn waiting(&self, kind: Kind) -> Option<Waits> {
        self.open[kind as usize].and(self.rates.first[kind as usize])
    }

    /// At the end of a replication: what is still open ends here.
    pub(crate) fn close_all(&mut self, plan: &Plan, now: Time, done: &mut Vec<Outage>) {
        for kind in Kind::ALL {
            self.close(plan, kind, now, false, done);
        }
    }

    fn close(&mut self, plan: &Plan, kind: Kind, now: Time, ended: bool, done: &mut Vec<Outage>) {
        let Some(open) = self.open[kind as usize].take() else { return };
        let length = now - open.start;
        for (what, parts) in [("phases", &open.phases[..]), ("parties", &open.parties[..])] {
            let sum = parts.iter().fold(Duration::ZERO, |a, &b| a.saturating_add(b));
            assert!(sum == length, "{what} of an outage last {sum}, the outage {length}");
        }
        if !open.counted || length == Duration::ZERO {
            return;
        }
        done.push(Outage {
            subject: self.whose.subject(kind),
            start: Time::ZERO + (open.start - plan.start),
            length,
            ended,
            time_to_impact: open.start - open.culprit.started,
            peak_ppm: open.peak_ppm,
            failed: open.failed,
            blame: open.culprit.blame,
            class: open.culprit.class,
            cause: cause_class(plan, open.culprit.blame),
            phases: open.phases,
            parties: open.parties,
            regions: open.regions,
        });
    }
}

/// Outages that touch are one (design D2): takes back the one that ended at this very instant.
fn resume(
    plan: &Plan,
    subject: Subject,
    now: Time,
    culprit: Culprit,
    done: &mut Vec<Outage>,
) -> Option<Open> {
    let at = done.iter().rposition(|o| o.subject == subject)?;
    let start = plan.start + (done[at].start - Time::ZERO);
    if start + done[at].length != now {
        return None;
    }
    let old = done.remove(at);
    let culprit =
        Culprit { blame: old.blame, class: old.class, started: start - old.time_to_impact, ..culprit };
    Some(Open {
        start,
        culprit,
        peak_ppm: old.peak_ppm,
        failed: old.failed,
        phases: old.phases,
        parties: old.parties,
        regions: old.regions,
        counted: true,
    })
}

/// Requests that fail.
pub(crate) struct Failing {
    pub(crate) kind: Kind,
    pub(crate) client: usize,
    pub(crate) region: u8,
    pub(crate) rate: i128,
    pub(crate) culprit: Culprit,
    pub(crate) phase: Phase,
    pub(crate) party: Party,
}

/// Cause class of whoever is to blame.
pub(crate) fn cause_class(plan: &Plan, blame: Blame) -> CauseClass {
    match blame {
        Blame::Fault { rule, .. } => plan.model.faults[rule as usize].cause,
        Blame::Load | Blame::Action(_) | Blame::Runbook(_) => CauseClass::Unspecified,
    }
}

/// Copies figures without allocating.
pub(crate) fn copy_run(to: &mut StoreRun, from: &StoreRun) {
    let mut client_requested = core::mem::take(&mut to.client_requested);
    let mut client_failed = core::mem::take(&mut to.client_failed);
    let mut client_reads = core::mem::take(&mut to.client_reads);
    let mut accounts = core::mem::take(&mut to.accounts);
    let mut months = core::mem::take(&mut to.months);
    client_requested.clone_from(&from.client_requested);
    client_failed.clone_from(&from.client_failed);
    client_reads.clone_from(&from.client_reads);
    accounts.clone_from(&from.accounts);
    months.clone_from(&from.months);
    *to = StoreRun { client_requested, client_failed, client_reads, accounts, months, ..*from };
}
