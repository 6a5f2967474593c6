//! What a comparison says, in words: honest about what is not settled.

use super::compare::{CompareVerdict, Difference};
use super::outcome::VariantOutcome;
use crate::stats::histogram::SMALL_SAMPLE;
use crate::stats::interval::unseen_probability;
use crate::stats::number::{counted, decimals_of, fixed, percent_bound, significant, thousands};

/// Most replications that are ever recommended.
const MOST: f64 = 1e9;

/// A sentence or more for each subject of a variant; `rows` are this variant's.
pub(crate) fn verdicts(
    variant: &VariantOutcome,
    reference: &VariantOutcome,
    rows: &[Difference],
) -> Vec<CompareVerdict> {
    let mut subjects: Vec<&str> = Vec::new();
    for row in rows.iter().filter(|r| !r.subject.is_empty()) {
        if !subjects.contains(&row.subject.as_str()) {
            subjects.push(&row.subject);
        }
    }
    let verdict = |subject: &str| {
        let mut said = Said {
            variant,
            reference,
            rows,
            subject,
            settled: Vec::new(),
            same: Vec::new(),
            n: 0,
            open: Vec::new(),
        };
        said.collect();
        CompareVerdict { variant: variant.name.clone(), subject: subject.into(), text: said.text() }
    };
    subjects.into_iter().map(verdict).collect()
}

/// What is to be said of one subject.
struct Said<'a> {
    variant: &'a VariantOutcome,
    reference: &'a VariantOutcome,
    rows: &'a [Difference],
    subject: &'a str,
    /// Settled, as verbs with their objects.
    settled: Vec<String>,
    /// What was never different, and in how many replications.
    same: Vec<&'static str>,
    n: u64,
    /// Whole sentences about the rest.
    open: Vec<String>,
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
const BLOCK: Figure = Figure { id: "downtime_minutes_per_year.block", verb: "is down", ..MINUTES };
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
        self.price();
    }

    fn figure(&mut self, figure: &Figure, row: &Difference) {
        // Undefined: there are no such requests, and nothing to say.
        let (Some(difference), Some(differ)) = (row.difference, row.differ) else { return };
        if differ == 0 {
            match figure.of {
                // Nothing is ever missing: not worth a word.
                of if of == MISSING.of && row.estimate == Some(0.0) => return,
                "" => self.same.push("downtime"),
                of if of == BOTH.of => self.same.extend([READS.of, WRITES.of]),
                of => self.same.push(of),
            }
            self.n = row.n;
            return;
        }
        let (Some(low), Some(high)) = (row.low, row.high) else {
            self.open.push(format!("{}one replication settles nothing.", about(figure)));
            return;
        };
        let half = (high - low) / 2.0;
        if low <= 0.0 && high >= 0.0 {
            self.open.push(unsettled(figure, row, difference, half));
            return;
        }
        let word = if difference < 0.0 { figure.less } else { figure.more };
        let rough = if differ < SMALL_SAMPLE {
            format!(" (roughly: only {} replications differ)", thousands(differ))
        } else {
            String::new()
        };
        let than =
            if self.settled.is_empty() { format!(" than {}", self.reference.name) } else { String::new() };
        let end = if !figure.when.is_empty() {
            format!("{than}{}{}", figure.when, self.variant.horizon)
        } else if figure.of.is_empty() {
            than
        } else {
            format!("{than} for {}", figure.of)
        };
        // A verb once: fails … for writes and … for reads.
        let again = figure.id == READS.id && !self.settled.is_empty();
        let verb = if again { String::new() } else { format!("{} ", figure.verb) };
        let amount = amount(difference.abs(), half);
        self.settled.push(format!("{verb}{amount}{} {word}{end}{rough}", figure.unit));
    }

    /// By money if that is known, else by the factor.
    fn price(&mut self) {
        let ids = ["cost_per_year", "price_factor"];
        let known = |row: &&Difference| row.estimate.is_some() && row.reference.is_some_and(|r| r > 0.0);
        let row = ids.iter().filter_map(|id| self.row(id)).find(known);
        if let Some((Some(mine), Some(theirs))) = row.map(|r| (r.estimate, r.reference)) {
            let percent = (mine / theirs - 1.0) * 100.0;
            let than = match self.settled.is_empty() {
                true if percent == 0.0 => format!(" as {}", self.reference.name),
                true => format!(" than {}", self.reference.name),
                false => String::new(),
            };
            self.settled.push(match percent {
                0.0 => format!("costs the same{than}"),
                x if x > 0.0 => format!("costs {} % more{than}", significant(x, 2)),
                x => format!("costs {} % less{than}", significant(-x, 2)),
            });
            return;
        }
        let Some(row) = self.row("price_factor") else { return };
        for (value, of) in [(row.estimate, self.variant), (row.reference, self.reference)] {
            let note = of.metric(&format!("{}/price_factor", self.subject)).map_or("", |m| &m.note);
            match value {
                None if note.is_empty() => self.open.push(format!("What {} costs is not known.", of.name)),
                None => self.open.push(format!("What {} costs is not known: {note}.", of.name)),
                Some(_) => {}
            }
        }
    }

    fn text(self) -> String {
        let mut sentences = Vec::new();
        if !self.settled.is_empty() {
            sentences.push(format!("{} {}.", self.variant.name, list(&self.settled)));
        }
        if !self.same.is_empty() {
            let most = percent_bound(unseen_probability(self.n).unwrap_or(1.0));
            let of = list(&self.same);
            let n = counted(self.n, "replication");
            let from = if sentences.is_empty() {
                format!(" between {} and {}", self.variant.name, self.reference.name)
            } else {
                String::new()
            };
            sentences.push(format!(
                "No difference{from} was seen in {n} ({of}): at most {most} of them differ (95 %)."
            ));
        }
        sentences.extend(self.open);
        sentences.join(" ")
    }
}

/// The start of a sentence; without a subject where only one thing can be meant.
fn about(figure: &Figure) -> &'static str {
    match figure.of {
        "reads" => "Reads: ",
        "writes" => "Writes: ",
        "writes lost" => "Writes lost: ",
        "writes missing" => "Writes missing: ",
        "reads and writes" => "Reads and writes: ",
        _ => "",
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
    format!("{}the difference is not settled by {n}: {range}{more}.", about(figure))
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

/// A number to two digits of a half width, also where that is large.
fn rounded(x: f64, half: f64) -> String {
    let grain = libm::pow(10.0, libm::floor(libm::log10(half)) - 1.0);
    let x = if grain > 1.0 { libm::round(x / grain) * grain } else { x };
    fixed(x, decimals_of(half))
}

/// The next number of two digits and zeros.
fn rounded_up(x: f64) -> u64 {
    let grain = libm::pow(10.0, (libm::floor(libm::log10(x)) - 1.0).max(0.0));
    // A whole number may come out of divisions a little above itself.
    (libm::ceil(x / grain - 1e-9) * grain) as u64
}

/// `a, b and c`.
fn list(words: &[impl AsRef<str>]) -> String {
    match words.split_last() {
        None => String::new(),
        Some((only, [])) => only.as_ref().into(),
        Some((last, rest)) => {
            let rest: Vec<&str> = rest.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", rest.join(", "), last.as_ref())
        }
    }
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
             12 replications differ), loses 1 230 ± 320 fewer writes in 1y and costs 25 % more."
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
            "Writes: the difference is not settled by 200 replications: between 1.20 min/year less and 0.60 min/year \
             more (95 %); if it is as large as it seems, 3 600 replications would settle it."
        );
        // Nothing can be recommended where nothing is seen, or too much would be needed.
        for x in [0.0, 1e-6] {
            assert!(said(&[row(WRITES.id, x, 0.9, 150)]).ends_with("more (95 %)."), "{x}");
        }
    }

    #[test]
    fn what_was_never_different_is_bounded() {
        let rows = [row(WRITES.id, 0.0, 0.0, 0), row(READS.id, 0.0, 0.0, 0), row(LOST.id, 0.0, 0.0, 0)];
        assert_eq!(
            said(&rows),
            "No difference between b and a was seen in 200 replications (reads, writes and writes lost): at most \
             1.5 % of them differ (95 %)."
        );
        let mut one = row(WRITES.id, 4.0, 0.0, 1);
        (one.low, one.high, one.n) = (None, None, 1);
        assert_eq!(said(&[one]), "Writes: one replication settles nothing.");
    }

    #[test]
    fn prices() {
        let mut same = row("price_factor", 0.0, 0.0, 0);
        assert_eq!(said(std::slice::from_ref(&same)), "b costs the same as a.");
        same.reference = None;
        assert_eq!(said(std::slice::from_ref(&same)), "What a costs is not known.");
        // Money goes before factors.
        let rows = [row("price_factor", 50.0, 0.0, 0), row("cost_per_year", -10.0, 0.0, 0)];
        assert_eq!(said(&rows), "b costs 20 % less than a.");
    }
}
