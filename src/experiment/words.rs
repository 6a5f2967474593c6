//! What a comparison says, in words: honest about what is not settled.

use super::compare::{CompareVerdict, Difference, subjects};
use super::outcome::VariantOutcome;
use crate::stats::Confidence;
use crate::stats::histogram::SMALL_SAMPLE;
use crate::stats::interval::unseen_probability;
use crate::stats::number::{
    counted, decimals_of, fixed, list, percent_bound, rounded, significant, thousands,
};

/// Most replications that are ever recommended.
const MOST: f64 = 1e9;

/// A sentence or more for each subject of a variant; `rows` are this variant's.
pub(crate) fn verdicts(
    variant: &VariantOutcome,
    reference: &VariantOutcome,
    rows: &[Difference],
) -> Vec<CompareVerdict> {
    let verdict = |subject: &str| {
        let mut said = Said {
            variant,
            reference,
            rows,
            subject,
            settled: Vec::new(),
            beside: Vec::new(),
            open: Vec::new(),
            same: Vec::new(),
            n: 0,
            more: Vec::new(),
        };
        said.collect();
        CompareVerdict { variant: variant.name.clone(), subject: subject.into(), text: said.text() }
    };
    subjects(rows).into_iter().map(verdict).collect()
}

/// What is to be said of one subject.
struct Said<'a> {
    variant: &'a VariantOutcome,
    reference: &'a VariantOutcome,
    rows: &'a [Difference],
    subject: &'a str,
    /// What fails or is lost, where that is settled: verbs with their objects.
    settled: Vec<String>,
    /// The rest that is settled, which is never the whole finding: what is missing, objectives, the price.
    beside: Vec<String>,
    /// What is not settled, with what it looks like.
    open: Vec<String>,
    /// What was never different, and in how many replications.
    same: Vec<&'static str>,
    n: u64,
    /// Whole sentences after the first.
    more: Vec<String>,
}

/// One of the figures that a verdict is about, and its words.
struct Figure {
    id: &'static str,
    /// What it is about: `writes`.
    of: &'static str,
    /// Before and after the amount, as in `fails … min/year less`.
    verb: &'static str,
    unit: &'static str,
    less: &'static str,
    more: &'static str,
    /// Before the measured time; empty where it does not matter.
    when: &'static str,
}

const MINUTES: Figure =
    Figure { id: "", of: "", verb: "fails", unit: " min/year", less: "less", more: "more", when: "" };
const WRITES: Figure = Figure { id: "failed_minutes_per_year.write", of: "writes", ..MINUTES };
const READS: Figure = Figure { id: "failed_minutes_per_year.read", of: "reads", ..MINUTES };
const BOTH: Figure = Figure { of: "reads and writes", ..WRITES };
const BLOCK: Figure =
    Figure { id: "downtime_minutes_per_year.block", of: "time down", verb: "is down", ..MINUTES };
const LOST: Figure = Figure {
    id: "writes_lost.mean",
    of: "writes lost",
    verb: "loses",
    unit: "",
    less: "fewer writes",
    more: "more writes",
    when: " in ",
};
const MISSING: Figure = Figure {
    id: "writes_missing.mean",
    of: "writes missing",
    verb: "leaves",
    unit: "",
    less: "fewer writes missing",
    more: "more writes missing",
    when: " at the end of ",
};

impl<'a> Said<'a> {
    fn row(&self, id: &str) -> Option<&'a Difference> {
        self.rows.iter().find(|r| r.subject == self.subject && r.metric == id)
    }

    fn collect(&mut self) {
        let one = match (self.row(WRITES.id), self.row(READS.id)) {
            (Some(w), Some(r)) => alike(w, r),
            _ => false,
        };
        let requests: &[&Figure] = if one { &[&BOTH] } else { &[&WRITES, &READS] };
        for figure in requests.iter().chain([&&BLOCK, &&LOST, &&MISSING]) {
            if let Some(row) = self.row(figure.id) {
                self.figure(figure, row);
            }
        }
        self.objectives();
        self.price();
    }

    fn figure(&mut self, figure: &Figure, row: &Difference) {
        // Undefined: there are no such requests, and nothing to say.
        let (Some(difference), Some(differ)) = (row.difference, row.differ) else { return };
        if differ == 0 {
            match figure.of {
                // Nothing is ever missing: not worth a word.
                of if of == MISSING.of && row.estimate == Some(0.0) => return,
                of if of == BOTH.of => self.same.extend([READS.of, WRITES.of]),
                of => self.same.push(of),
            }
            self.n = row.n;
            return;
        }
        let (Some(low), Some(high)) = (row.low, row.high) else {
            self.open.push(figure.of.into());
            self.more.push(format!("{}one replication settles nothing.", about(figure)));
            return;
        };
        let half = (high - low) / 2.0;
        if low <= 0.0 && high >= 0.0 {
            let seems = match difference {
                x if x.abs() < half / 2.0 => "",
                x if x < 0.0 => " (probably less)",
                _ => " (probably more)",
            };
            self.open.push(format!("{}{seems}", figure.of));
            self.more.push(unsettled(figure, row, difference, half));
            return;
        }
        let word = if difference < 0.0 { figure.less } else { figure.more };
        let side = figure.of == MISSING.of;
        let named = if side { self.named() } else { !self.settled.is_empty() };
        let than = if named { String::new() } else { format!(" than {}", self.reference.name) };
        let end = if !figure.when.is_empty() {
            format!("{than}{}{}", figure.when, self.variant.horizon)
        } else if figure.of == BLOCK.of {
            than
        } else {
            format!("{than} for {}", figure.of)
        };
        // A verb once: fails … for writes and … for reads.
        let again = figure.id == READS.id && !self.settled.is_empty();
        let verb = if again { String::new() } else { format!("{} ", figure.verb) };
        let amount = amount(difference.abs(), half);
        let text = format!("{verb}{amount}{} {word}{end}{}", figure.unit, rough(differ));
        if side { &mut self.beside } else { &mut self.settled }.push(text);
    }

    /// Whether the reference has been named.
    fn named(&self) -> bool {
        [&self.settled, &self.open, &self.beside].iter().any(|said| !said.is_empty()) || !self.same.is_empty()
    }

    /// Targets that are missed or kept more or less often, where that is settled.
    fn objectives(&mut self) {
        for row in self.rows.iter().filter(|r| r.subject == self.subject) {
            let Some(id) = row.metric.strip_prefix("objective.") else { continue };
            let (verb, name, of) = match id.rsplit_once('.') {
                Some((name, "months_missed")) => ("misses", name, "months"),
                Some((name, "kept")) => ("keeps", name, "replications"),
                _ => continue,
            };
            let (Some(mine), Some(theirs)) = (row.estimate, row.reference) else { continue };
            let (Some(low), Some(high), Some(differ)) = (row.low, row.high, row.differ) else { continue };
            if high <= low || (low <= 0.0 && high >= 0.0) {
                continue;
            }
            let decimals = decimals_of((high - low) * 50.0);
            let [mine, theirs] =
                [mine, theirs].map(|x| if x == 0.0 { "0".into() } else { fixed(x * 100.0, decimals) });
            let than = if self.named() { String::new() } else { format!(" in {}", self.reference.name) };
            self.beside.push(format!(
                "{verb} {name} in {mine} % of {of} instead of {theirs} %{than}{}",
                rough(differ)
            ));
        }
    }

    /// By money if that is known, else by the factor.
    fn price(&mut self) {
        let ids = ["cost_per_year", "price_factor"];
        let known = |row: &&Difference| row.estimate.is_some() && row.reference.is_some_and(|r| r > 0.0);
        let row = ids.iter().filter_map(|id| self.row(id)).find(known);
        if let Some((Some(mine), Some(theirs))) = row.map(|r| (r.estimate, r.reference)) {
            let percent = (mine / theirs - 1.0) * 100.0;
            let than = match self.named() {
                false if percent == 0.0 => format!(" as {}", self.reference.name),
                false => format!(" than {}", self.reference.name),
                true => String::new(),
            };
            self.beside.push(match percent {
                0.0 => format!("costs the same{than}"),
                x if x > 0.0 => format!("costs {} % more{than}", significant(x, 2)),
                x => format!("costs {} % less{than}", significant(-x, 2)),
            });
            return;
        }
        let Some(row) = self.row("price_factor") else { return };
        for (value, of) in [(row.estimate, self.variant), (row.reference, self.reference)] {
            if !of.metrics.iter().any(|m| m.subject == self.subject) {
                continue; // it has no such store
            }
            let note = of.metric(&format!("{}/price_factor", self.subject)).map_or("", |m| &m.note);
            match value {
                None if note.is_empty() => self.more.push(format!("What {} costs is not known.", of.name)),
                None => self.more.push(format!("What {} costs is not known: {note}.", of.name)),
                Some(_) => {}
            }
        }
    }

    /// First all figures that matter, settled or not; then how far the rest is known.
    fn text(mut self) -> String {
        let (name, reference) = (&self.variant.name, &self.reference.name);
        let n = counted(self.n, "replication");
        let (settled, open, same) = (list(&self.settled), list(&self.open), list(&self.same));
        let mut parts = Vec::new();
        let mut beside = core::mem::take(&mut self.beside);
        if !self.settled.is_empty() {
            let all: Vec<String> = self.settled.into_iter().chain(beside.drain(..)).collect();
            parts.push(format!("{name} {}", list(&all)));
        }
        match (settled.is_empty(), open.is_empty()) {
            (_, true) => {}
            (true, false) => {
                parts.push(format!("{name}: nothing is settled against {reference} for {open}"));
            }
            (false, false) => parts.push(format!("not settled: {open}")),
        }
        if !same.is_empty() {
            parts.push(match parts.is_empty() {
                true => format!("{name}: no difference to {reference} was seen in {n} ({same})"),
                false => format!("no difference was seen in {n} ({same})"),
            });
            let most = percent_bound(unseen_probability(self.n, Confidence::P95).unwrap_or(1.0));
            self.more
                .insert(0, format!("Where none was seen, at most {most} of replications differ (95 %)."));
        }
        if !beside.is_empty() {
            let subject = if parts.is_empty() { name.as_str() } else { "it" };
            parts.push(format!("{subject} {}", list(&beside)));
        }
        if parts.is_empty() && !self.more.is_empty() {
            parts.push(format!("{name}: nothing can be told against {reference}"));
        }
        let lead = if parts.is_empty() { String::new() } else { format!("{}.", parts.join("; ")) };
        let sentences: Vec<String> = core::iter::once(lead).chain(self.more).collect();
        sentences.join(" ").trim().into()
    }
}

/// What is to be said of an interval that few replications gave.
fn rough(differ: u64) -> String {
    if differ < SMALL_SAMPLE {
        format!(" (roughly: only {} replications differ)", thousands(differ))
    } else {
        String::new()
    }
}

/// The start of a sentence.
fn about(figure: &Figure) -> &'static str {
    match figure.of {
        "reads" => "Reads: ",
        "writes" => "Writes: ",
        "writes lost" => "Writes lost: ",
        "writes missing" => "Writes missing: ",
        "reads and writes" => "Reads and writes: ",
        _ => "Time down: ",
    }
}

fn unsettled(figure: &Figure, row: &Difference, difference: f64, half: f64) -> String {
    let end = |x: f64, word| format!("{}{} {word}", rounded(x.abs(), half), figure.unit);
    let (low, high) = (end(difference - half, figure.less), end(difference + half, figure.more));
    let range = format!("between {low} and {high} (95 %)");
    let n = counted(row.n, "replication");
    // Twice what moves the end of the interval to 0: such a difference is then settled more often than not.
    let needed = 2.0 * row.n as f64 * (half / difference) * (half / difference);
    let more = if needed.is_finite() && needed < MOST {
        format!(
            "; if it is as large as it seems, {} replications would settle it",
            thousands(rounded_up(needed))
        )
    } else {
        String::new()
    };
    format!("{}by {n} {range}{more}.", about(figure))
}

/// Whether two differences are the same as far as anybody is told.
fn alike(a: &Difference, b: &Difference) -> bool {
    let said = |d: &Difference| match (d.difference, d.low, d.high) {
        (Some(x), Some(low), Some(high)) => Some((x < 0.0, amount(x.abs(), (high - low) / 2.0))),
        _ => None,
    };
    let never = |d: &Difference| d.differ == Some(0);
    (a.n == b.n && never(a) && never(b)) || (said(a).is_some() && said(a) == said(b))
}

/// `16.4 ± 1.9`.
fn amount(x: f64, half: f64) -> String {
    if half > 0.0 { format!("{} ± {}", rounded(x, half), rounded(half, half)) } else { significant(x, 3) }
}

/// The next number of two digits and zeros.
fn rounded_up(x: f64) -> u64 {
    let grain = libm::pow(10.0, (libm::floor(libm::log10(x)) - 1.0).max(0.0));
    // A whole number may come out of divisions a little above itself.
    (libm::ceil(x / grain - 1e-9) * grain) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture;
    use crate::units::Duration;

    /// A figure that differs by `x` ± `half` in `differ` of 200 replications.
    fn row(metric: &str, x: f64, half: f64, differ: u64) -> Difference {
        Difference {
            variant: "b".into(),
            subject: "orders".into(),
            metric: metric.into(),
            unit: "",
            estimate: Some(50.0 + x),
            reference: Some(50.0),
            difference: Some(x),
            low: (differ > 0).then_some(x - half),
            high: (differ > 0).then_some(x + half),
            variance_reduction: None,
            n: 200,
            differ: Some(differ),
            note: String::new(),
        }
    }

    fn said(rows: &[Difference]) -> String {
        let mut variant = fixture::outcome(2).variants.remove(0);
        let reference = VariantOutcome { name: "a".into(), ..variant.clone() };
        variant.name = "b".into();
        variant.horizon = Duration::YEAR;
        let mut found = verdicts(&variant, &reference, rows);
        assert_eq!(found.len(), 1);
        found.remove(0).text
    }

    #[test]
    fn settled_differences_are_told_with_their_price() {
        let rows = [
            row(WRITES.id, -16.42, 1.9, 190),
            row(READS.id, 3.04, 0.21, 12),
            row(LOST.id, -1_234.0, 321.0, 100),
            row("price_factor", 12.5, 0.0, 0),
        ];
        assert_eq!(
            said(&rows),
            "b fails 16.4 ± 1.9 min/year less than a for writes, 3.04 ± 0.21 min/year more for reads (roughly: only \
             12 replications differ), loses 1 234 ± 321 fewer writes in 1y and costs 25 % more."
        );
    }

    #[test]
    fn one_sentence_where_reads_and_writes_go_alike() {
        let rows = [row(WRITES.id, -16.421, 1.9, 190), row(READS.id, -16.422, 1.9, 190)];
        assert_eq!(said(&rows), "b fails 16.4 ± 1.9 min/year less than a for reads and writes.");
        let block = [row(BLOCK.id, 3.1, 0.2, 90)];
        assert_eq!(said(&block), "b is down 3.10 ± 0.20 min/year more than a.");
        let missing = [row(MISSING.id, 116.0, 22.0, 90)];
        assert_eq!(said(&missing), "b leaves 116 ± 22 more writes missing than a at the end of 1y.");
    }

    #[test]
    fn what_is_not_settled_is_no_difference() {
        let text = said(&[row(WRITES.id, -0.3, 0.9, 150)]);
        assert_eq!(
            text,
            "b: nothing is settled against a for writes. Writes: by 200 replications between 1.20 min/year less and \
             0.60 min/year more (95 %); if it is as large as it seems, 3 600 replications would settle it."
        );
        // Nothing can be recommended where nothing is seen, or too much would be needed.
        for x in [0.0, 1e-6] {
            assert!(said(&[row(WRITES.id, x, 0.9, 150)]).ends_with("more (95 %)."), "{x}");
        }
    }

    /// Neither the price nor what is missing is a finding while what fails is open.
    #[test]
    fn the_first_sentence_names_all_that_matters() {
        let open = row(WRITES.id, -0.7, 0.9, 150);
        let price = row("price_factor", 12.5, 0.0, 0);
        let first = |rows: &[Difference]| {
            let text = said(rows);
            text.split_once(". ").map_or(text.clone(), |(first, _)| first.into())
        };
        let missing = row(MISSING.id, 550.0, 40.0, 90);
        let rows = [open.clone(), row(LOST.id, 0.0, 0.0, 0), missing, price.clone()];
        assert_eq!(
            first(&rows),
            "b: nothing is settled against a for writes (probably less); no difference was seen in 200 replications \
             (writes lost); it leaves 550 ± 40 more writes missing at the end of 1y and costs 25 % more"
        );
        let rows = [open, row(READS.id, 3.04, 0.21, 90), row(LOST.id, 7.0, 9.0, 90), price];
        assert_eq!(
            first(&rows),
            "b fails 3.04 ± 0.21 min/year more than a for reads and costs 25 % more; not settled: writes (probably \
             less) and writes lost (probably more)"
        );
    }

    #[test]
    fn objectives_are_told_where_they_differ() {
        let share = |id: &str, mine: f64, theirs: f64, half: f64| Difference {
            estimate: Some(mine),
            reference: Some(theirs),
            ..row(id, mine - theirs, half, 90)
        };
        let rows = [
            row(WRITES.id, -16.42, 1.9, 190),
            share("objective.write-sla.months_missed", 0.0052, 0.0101, 0.0013),
            share("objective.back.kept", 0.986, 0.927, 0.012),
            share("objective.open.kept", 0.986, 0.980, 0.012),
            share("objective.back.events_kept", 0.986, 0.927, 0.012),
        ];
        assert_eq!(
            said(&rows),
            "b fails 16.4 ± 1.9 min/year less than a for writes, misses write-sla in 0.52 % of months instead of \
             1.01 % and keeps back in 98.6 % of replications instead of 92.7 %."
        );
    }

    #[test]
    fn what_was_never_different_is_bounded() {
        let rows = [row(WRITES.id, 0.0, 0.0, 0), row(READS.id, 0.0, 0.0, 0), row(LOST.id, 0.0, 0.0, 0)];
        assert_eq!(
            said(&rows),
            "b: no difference to a was seen in 200 replications (reads, writes and writes lost). Where none was seen, \
             at most 1.5 % of replications differ (95 %)."
        );
        let mut one = row(WRITES.id, 4.0, 0.0, 1);
        (one.low, one.high, one.n) = (None, None, 1);
        assert_eq!(
            said(&[one]),
            "b: nothing is settled against a for writes. Writes: one replication settles nothing."
        );
    }

    #[test]
    fn prices() {
        let mut same = row("price_factor", 0.0, 0.0, 0);
        assert_eq!(said(std::slice::from_ref(&same)), "b costs the same as a.");
        same.reference = None;
        assert_eq!(
            said(std::slice::from_ref(&same)),
            "b: nothing can be told against a. What a costs is not known."
        );
        // Money goes before factors.
        let rows = [row("price_factor", 50.0, 0.0, 0), row("cost_per_year", -10.0, 0.0, 0)];
        assert_eq!(said(&rows), "b costs 20 % less than a.");
    }
}
