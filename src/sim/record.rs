//! The timeline of a replication, kept only when somebody asks for it: what happened, what lasted, and numbers over
//! time.

use crate::sim::driver::Chance;
use crate::sim::flow::Flow;
use crate::sim::group::Ctx;
use crate::sim::observe::{Blame, Kind, Replication, Series, Span, Subject, TimelineEntry, Track, requests};
use crate::sim::plan::Plan;
use crate::sim::run::Run;
use crate::sim::state::{Follow, StoreState};
use crate::units::Time;

impl<D: Chance> Ctx<'_, '_, D> {
    /// Adds to the timeline, if one is kept. What several groups say at one instant in the same words is told once.
    pub(crate) fn note(&mut self, event: &'static str, detail: impl FnOnce() -> String) {
        if self.record && self.now >= self.plan.start {
            let at = Time::ZERO + (self.now - self.plan.start);
            let object = format!("store:{}", self.store.name);
            let entry = TimelineEntry { at, object, event, detail: detail() };
            let timeline = &mut self.out.timeline;
            if !timeline.iter().rev().take_while(|e| e.at == at).any(|e| *e == entry) {
                timeline.push(entry);
            }
        }
    }

    /// Adds how the store stands to the tracks and series, if a timeline is kept.
    pub(crate) fn note_standing(&mut self, st: &StoreState) {
        if self.record {
            standing(self.plan, self.s, st, self.now, self.out);
        }
    }
}

impl Run<'_> {
    pub(crate) fn note(&mut self, now: Time, entry: impl FnOnce() -> (String, &'static str, String)) {
        if self.record && now >= self.plan.start {
            let (object, event, detail) = entry();
            let at = Time::ZERO + (now - self.plan.start);
            self.out.timeline.push(TimelineEntry { at, object, event, detail });
        }
    }

    /// An occurrence of process `p` begins or ends.
    pub(crate) fn note_fault(&mut self, p: u32, event: &'static str, now: Time) {
        let (plan, process) = (self.plan, &self.plan.processes[p as usize]);
        let rule = plan.rule(p);
        let detail = format!("{} #{}", rule.name, self.state.faults.number(plan, p));
        for (i, t) in process.targets.clone().enumerate() {
            if self.state.faults.is_hit(plan, p, i) {
                let object = plan.model.selector(rule.targets[t as usize]);
                if event == "repair" && now >= plan.start {
                    self.note_hit(p, &object, &detail, now);
                }
                self.note(now, || (object, event, detail.clone()));
            }
        }
    }

    /// What an occurrence did to one target from its start until now.
    fn note_hit(&mut self, p: u32, object: &str, detail: &str, now: Time) {
        let plan = self.plan;
        let started = self.state.faults.processes[p as usize].started.max(plan.start);
        let span = Span {
            from: Time::ZERO + (started - plan.start),
            to: Time::ZERO + (now - plan.start),
            state: plan.rule(p).effect.word().into(),
            detail: detail.into(),
        };
        self.out.track(object, "fault").spans.push(span);
    }

    /// At the end of a replication: what still lasts ends here; what was never above 0 is left out.
    pub(crate) fn close_record(&mut self, now: Time) {
        if !self.record {
            return;
        }
        let plan = self.plan;
        let lasting: Vec<u32> = self.state.faults.active.clone();
        for p in lasting {
            let detail = format!("{} #{}", plan.rule(p).name, self.state.faults.number(plan, p));
            for (i, t) in plan.processes[p as usize].targets.clone().enumerate() {
                if self.state.faults.is_hit(plan, p, i) {
                    let object = plan.model.selector(plan.rule(p).targets[t as usize]);
                    self.note_hit(p, &object, &detail, now);
                }
            }
        }
        let out = &mut *self.out;
        for o in 0..out.outages.len() {
            let Subject::Block(b) = out.outages[o].subject else { continue };
            let outage = &out.outages[o];
            let span = Span {
                from: outage.start,
                to: outage.start + outage.length,
                state: "down".into(),
                detail: blamed(plan, outage.blame),
            };
            out.track(&format!("block:{}", plan.model.blocks[b as usize].name), "block").spans.push(span);
        }
        let at = Time::ZERO + (now - plan.start);
        let open = out.tracks.iter_mut().flat_map(|t| &mut t.spans).filter(|s| s.to == Time::NEVER);
        open.for_each(|span| span.to = at);
        out.tracks.iter_mut().for_each(|t| t.spans.retain(|s| s.from < s.to));
        out.tracks.retain(|t| !t.spans.is_empty());
        out.series.retain(|s| s.points.iter().any(|&(_, value)| value > 0));
    }
}

/// Adds how a store stands now to its tracks and series.
pub(crate) fn standing(plan: &Plan, s: usize, st: &StoreState, now: Time, out: &mut Replication) {
    if now < plan.start {
        return;
    }
    let (at, store, layout) = (Time::ZERO + (now - plan.start), &plan.model.stores[s], &plan.stores[s]);
    let object = format!("store:{}", store.name);
    let name = |r: usize| store.place_name(&plan.model.world, r);
    let per_request = plan.rules[s].volume_per_request;
    let whole = |volume| i64::try_from(requests(volume, per_request)).unwrap_or(i64::MAX);
    let groups = || st.groups.iter().zip(&layout.weights).map(|(group, &weight)| (group, i128::from(weight)));
    for r in 0..layout.regions {
        let backlog = groups().enumerate().map(|(g, (group, weight))| {
            let log = &st.logs[g * layout.regions + r];
            let waits = matches!(log.follow, Follow::Frozen | Follow::CatchUp);
            if waits && r != usize::from(group.write) { (group.head - log.position) * weight } else { 0 }
        });
        out.level(at, &format!("{object}/{}", name(r)), "backlog", "writes", whole(backlog.sum()));
    }
    let missing = groups().map(|(group, weight)| group.ledger.missing() * weight).sum();
    out.level(at, &object, "missing", "writes", whole(missing));
    let damaged = groups().map(|(group, weight)| group.ledger.damaged * weight).sum();
    out.level(at, &object, "damaged", "writes", whole(damaged));
    requests_fail(plan, &object, &st.flow, at, out);
    if !layout.multi() {
        let writes = |&r: &usize| st.groups.iter().any(|group| usize::from(group.write) == r);
        let names: Vec<&str> = (0..layout.regions).filter(writes).map(name).collect();
        out.enter(at, &object, "write-region", Some((names.join(" + "), String::new())));
    }
}

/// Adds how a service stands now to its tracks and series.
pub(crate) fn service(plan: &Plan, s: usize, flow: &Flow, now: Time, out: &mut Replication) {
    if now >= plan.start {
        let object = format!("service:{}", plan.model.services[s].name);
        requests_fail(plan, &object, flow, Time::ZERO + (now - plan.start), out);
    }
}

fn requests_fail(plan: &Plan, object: &str, flow: &Flow, at: Time, out: &mut Replication) {
    for (kind, what) in Kind::ALL.into_iter().zip(["failing-read", "failing-write"]) {
        out.level(at, object, what, "ppm", flow.failing_ppm(kind));
        out.enter(at, object, kind.word(), waiting(plan, flow, kind));
    }
}

/// Event and detail if an outage of a kind begins or ends, given what fails while it is out, in millionths.
pub(crate) fn turned(
    kind: Kind,
    before: [Option<i128>; 2],
    after: [Option<i128>; 2],
) -> Option<(&'static str, String)> {
    let word = kind.word();
    match (before[kind as usize], after[kind as usize]) {
        (None, Some(ppm)) => {
            Some(("outage-start", format!("{}.{:02} % of {word}s fail", ppm / 10_000, ppm / 100 % 100)))
        }
        (Some(_), None) => Some(("outage-end", format!("{word}s are served again"))),
        _ => None,
    }
}

/// The phase that requests of a kind wait for while they are out, and who is to blame.
fn waiting(plan: &Plan, flow: &Flow, kind: Kind) -> Option<(String, String)> {
    let (culprit, phase, _) = flow.waiting(kind)?;
    Some((phase.word().into(), blamed(plan, culprit.blame)))
}

fn blamed(plan: &Plan, blame: Blame) -> String {
    match blame {
        Blame::Fault { rule, k, .. } => format!("{} #{k}", plan.model.faults[rule as usize].name),
        Blame::Load => "(load)".into(),
        Blame::Action(i) => format!("action:{i}"),
        Blame::Runbook(i) => format!("runbook:{}", plan.model.runbooks[i as usize].name),
    }
}

impl Replication {
    fn track(&mut self, object: &str, what: &'static str) -> &mut Track {
        let found = self.tracks.iter().position(|t| t.what == what && t.object == object);
        let i = found.unwrap_or_else(|| {
            self.tracks.push(Track { object: object.into(), what, spans: Vec::new() });
            self.tracks.len() - 1
        });
        &mut self.tracks[i]
    }

    /// From here on an object is in this state (with whom to blame), or in none.
    fn enter(&mut self, at: Time, object: &str, what: &'static str, state: Option<(String, String)>) {
        let spans = &mut self.track(object, what).spans;
        if let Some(last) = spans.last_mut().filter(|s| s.to == Time::NEVER) {
            if state.as_ref().is_some_and(|(state, detail)| *state == last.state && *detail == last.detail) {
                return;
            }
            last.to = at;
        }
        // States of zero length are not observed; those that touch are one.
        if spans.last().is_some_and(|s| s.from == at) {
            spans.pop();
        }
        let Some((state, detail)) = state else { return };
        match spans.last_mut() {
            Some(last) if last.to == at && last.state == state && last.detail == detail => {
                last.to = Time::NEVER;
            }
            _ => spans.push(Span { from: at, to: Time::NEVER, state, detail }),
        }
    }

    /// A number has this value now. What it had before in the same instant stays as the foot of a jump.
    fn level(&mut self, at: Time, object: &str, what: &'static str, unit: &'static str, value: i64) {
        let found = self.series.iter().position(|s| s.what == what && s.object == object);
        let i = found.unwrap_or_else(|| {
            self.series.push(Series { object: object.into(), what, unit, points: Vec::new() });
            self.series.len() - 1
        });
        let points = &mut self.series[i].points;
        match points[..] {
            [.., (_, a), (t, b)] if t < at && a == b && b == value => points.pop(),
            [.., (first, _), (t, _)] if t == at && first == at => points.pop(),
            _ => None,
        };
        if points.last() != Some(&(at, value)) {
            points.push((at, value));
        }
    }
}
