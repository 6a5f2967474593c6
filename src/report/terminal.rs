//! The human summary: plain text of at most 100 columns, in colour on request.

use super::figure::{Figures, plain, with_interval};
use super::table::Table;
use crate::experiment::{ExpectResult, Metric, Outcome, VariantOutcome, Verdict};
use crate::sim::observe::Class;
use crate::stats::number::{counted, duration, fixed, percent, significant, thousands};

/// Whether to use colours (ANSI escape codes).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Style {
    /// Colours on.
    pub colour: bool,
}

impl Style {
    pub(super) fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.into() }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }
}

pub(super) const WIDTH: usize = 100;

/// The summary of an outcome with its expectations, ready to print.
pub fn summary(outcome: &Outcome, expectations: &[ExpectResult], style: Style) -> String {
    let mut page = Page::new(style);
    page.head(outcome);
    for variant in outcome.variants.iter().filter(|v| v.point.is_empty()) {
        page.variant(variant, outcome.variants.len() > 1);
    }
    super::swept::sweep(&mut page, outcome, style);
    page.expectations(expectations);
    page.text
}

/// Text under way.
pub(super) struct Page {
    style: Style,
    pub(super) text: String,
}

impl Page {
    pub(super) fn new(style: Style) -> Page {
        Page { style, text: String::new() }
    }

    /// What was run.
    pub(super) fn head(&mut self, outcome: &Outcome) {
        // A title must not steer the terminal it is printed on.
        let title = outcome.scenario.replace(char::is_control, " ");
        self.line(0, &self.style.bold(&title));
        let horizon = outcome.variants.first().map_or_else(String::new, |v| format!(" × {}", v.horizon));
        self.line(
            0,
            &self.style.dim(&format!(
                "{}{horizon} · seed {} · zonefall {}",
                counted(outcome.replications, "replication"),
                outcome.seed,
                outcome.version
            )),
        );
    }

    /// A title in a rule across the page.
    pub(super) fn title(&mut self, title: &str) {
        let rule = "─".repeat(WIDTH.saturating_sub(title.chars().count() + 4));
        self.line(0, &self.style.bold(&format!("── {title} {rule}")));
    }

    pub(super) fn line(&mut self, indent: usize, text: &str) {
        if !text.is_empty() {
            self.text.push_str(&" ".repeat(indent));
            self.text.push_str(text);
        }
        self.text.push('\n');
    }

    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// A table under its dim head.
    pub(super) fn table(&mut self, indent: usize, table: &Table) {
        for (i, line) in table.lines().iter().enumerate() {
            let line = if i == 0 { self.style.dim(line) } else { line.clone() };
            self.line(indent, &line);
        }
    }

    /// Prose, broken at blanks before the right margin, later lines indented by `hang` more.
    pub(super) fn wrapped(&mut self, indent: usize, hang: usize, text: &str) {
        let mut line = String::new();
        let mut margin = indent;
        for word in unbroken(text) {
            if !line.is_empty() && margin + visible(&line) + 1 + visible(&word) > WIDTH {
                let full = core::mem::take(&mut line);
                self.line(margin, &full);
                margin = indent + hang;
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
        self.line(margin, &line);
    }

    fn variant(&mut self, variant: &VariantOutcome, several: bool) {
        self.blank();
        if several {
            self.title(&variant.name);
        }
        for (i, subject) in variant.subjects().into_iter().enumerate() {
            if i > 0 {
                self.blank();
            }
            self.line(0, &self.style.bold(subject));
            let figures = Figures { variant, subject };
            self.availability(&figures);
            self.twin(variant, subject);
            for kind in ["write", "read", "block"] {
                self.outages(&figures, kind);
            }
            self.rpo(&figures);
            self.writes(&figures);
            self.price(&figures);
            self.objectives(variant, subject);
            self.causes(variant, subject);
        }
        if !variant.notes.is_empty() {
            self.blank();
        }
        for note in &variant.notes {
            self.wrapped(2, 6, &self.style.dim(&format!("note: {note}")));
        }
    }

    fn availability(&mut self, f: &Figures) {
        let mut table = Table::new(&["availability", "", "nines", "minutes per year", "time up"]);
        for (name, suffix, time) in [
            ("all requests", "", None),
            ("reads", ".read", Some("availability_time.read")),
            ("writes", ".write", Some("availability_time.write")),
            ("time up", ".block", None),
        ] {
            let Some(share) = f.get(&format!("availability{suffix}")) else { continue };
            let minutes_id = if suffix == ".block" {
                "downtime_minutes_per_year.block".into()
            } else {
                format!("failed_minutes_per_year{suffix}")
            };
            let Some(x) = share.estimate else {
                table.row(vec![name.into(), "no requests".into()]);
                continue;
            };
            let nines = f.get(&format!("nines{suffix}"));
            let nines = nines.map_or_else(String::new, |m| match (m.estimate, m.low) {
                (Some(x), _) => fixed(x, 2),
                (None, Some(low)) => format!("> {}", fixed(low, 2)),
                (None, None) => String::new(),
            });
            let minutes = f.get(&minutes_id).map_or_else(String::new, with_interval);
            let up = time.and_then(|id| f.estimate(id)).map_or_else(String::new, percent);
            table.row(vec![name.into(), percent(x), nines, minutes, up]);
        }
        self.table(2, &table);
    }

    /// What the product of availabilities says, for who would believe it.
    fn twin(&mut self, variant: &VariantOutcome, subject: &str) {
        let rows = variant.twin.iter().filter(|row| row.subject == subject && row.simulated.is_some());
        let said: Vec<String> = rows
            .filter_map(|row| {
                let minutes = significant(row.spreadsheet?, 3);
                Some(if row.kind == "block" { minutes } else { format!("{minutes} for {}s", row.kind) })
            })
            .collect();
        if !said.is_empty() {
            let text =
                format!("a spreadsheet of availabilities says, in minutes per year: {}", said.join(", "));
            self.wrapped(2, 4, &self.style.dim(&text));
        }
    }

    fn outages(&mut self, f: &Figures, kind: &str) {
        if !f.happened(&format!("outages_per_year.{kind}")) {
            if let Some(m) = f.get(&format!("outages_per_year.{kind}")) {
                let what = if kind == "block" { "" } else { kind };
                self.none_seen(&format!("no {what} outage").replace("  ", " "), m);
            }
            return;
        }
        let title = match kind {
            "block" => "RTO of outages".to_string(),
            _ => format!("RTO of {kind} outages"),
        };
        self.by_class(f, &title, &format!("outages_per_year.{kind}"), &format!("rto_seconds.{kind}"));
    }

    fn rpo(&mut self, f: &Figures) {
        if !f.happened("loss_events_per_year") {
            if let Some(m) = f.get("loss_events_per_year") {
                self.none_seen("no takeover and no loss: no RPO", m);
            }
            return;
        }
        self.by_class(f, "RPO at takeover", "loss_events_per_year", "rpo_seconds");
    }

    fn none_seen(&mut self, what: &str, rate: &Metric) {
        let bound = rate.high.map_or_else(String::new, |h| {
            format!(" in {}: at most {} per year (95 %)", counted(rate.n, "replication"), significant(h, 2))
        });
        self.blank();
        self.line(2, &format!("{what}{bound}"));
    }

    /// One row per disruption class that happened, the whole last.
    fn by_class(&mut self, f: &Figures, title: &str, rate: &str, value: &str) {
        let mut table = Table::new(&[title, "per year", "p50", "p90", "p99", "max", "seen in"]);
        let classes = Class::ALL.iter().map(|c| (c.word(), format!(".{}", c.word())));
        let classes: Vec<_> = classes.filter(|(_, c)| f.happened(&format!("{rate}{c}"))).collect();
        let mut small = false;
        let whole = (classes.len() > 1).then(|| ("all", String::new()));
        for (word, class) in classes.into_iter().chain(whole) {
            let mut row = vec![word.to_string()];
            row.push(f.get(&format!("{rate}{class}")).map_or_else(String::new, with_interval));
            for q in ["p50", "p90", "p99", "max"] {
                let x = f.estimate(&format!("{value}{class}.{q}"));
                row.push(x.map_or_else(|| "–".into(), duration));
            }
            let n = f.get(&format!("{value}{class}.p50")).map_or(0, |m| m.n);
            let few = n < crate::stats::histogram::SMALL_SAMPLE;
            small |= few;
            row.push(format!("{}{}", thousands(n), if few { " *" } else { "  " }));
            table.row(row);
        }
        self.blank();
        self.table(2, &table);
        if small {
            self.line(
                2,
                &self.style.dim("* fewer than 30 replications saw one: read these quantiles with care"),
            );
        }
    }

    fn writes(&mut self, f: &Figures) {
        if f.get("writes_lost.mean").is_none() {
            return;
        }
        let mut table = Table::new(&["writes", "mean per replication", "largest"]);
        for (name, id) in [
            ("acknowledged", "writes_acknowledged"),
            ("lost for ever", "writes_lost"),
            ("missing at the end", "writes_missing"),
            ("missing at worst", "writes_missing_peak"),
            ("missing, merged later", "writes_recovered"),
            ("superseded", "writes_superseded"),
            ("damaged at the end", "writes_damaged"),
            ("damaged at worst", "writes_damaged_peak"),
        ] {
            let (mean, max) = (f.get(&format!("{id}.mean")), f.estimate(&format!("{id}.max")));
            let shown = id == "writes_lost" || mean.and_then(|m| m.estimate).is_some_and(|x| x > 0.0);
            if let (Some(mean), true) = (mean, shown) {
                let max = max.map_or_else(String::new, |x| fixed(x, 0));
                table.row(vec![name.into(), with_interval(mean), max]);
            }
        }
        self.blank();
        self.table(2, &table);
        for id in ["probability_loss", "probability_missing"] {
            let what = if id == "probability_loss" { "lost for ever" } else { "still missing" };
            if let Some(m) = f.get(id) {
                self.chance(what, m);
            }
        }
    }

    fn chance(&mut self, what: &str, m: &Metric) {
        let pct = |x: f64| format!("{} %", significant(x * 100.0, 2));
        let text = match (m.estimate, m.low, m.high) {
            (Some(0.0), _, Some(high)) => {
                format!("no replication with writes {what}: at most {} have any (95 %)", pct(high))
            }
            (Some(x), Some(low), Some(high)) => {
                format!("{} of replications with writes {what} (95 %: {} to {})", pct(x), pct(low), pct(high))
            }
            _ => return,
        };
        self.line(2, &text);
    }

    /// What it costs, where that is known.
    fn price(&mut self, f: &Figures) {
        let Some(factor) = f.get("price_factor") else { return };
        let mut text = match factor.estimate {
            Some(x) => format!("price: {} × that of one region without zones", plain(x)),
            None => format!("price: unknown: {}", factor.note),
        };
        if let Some(cost) = f.get("cost_per_year") {
            let money = cost.note.split(';').next().unwrap_or_default();
            match (cost.estimate, cost.high) {
                (Some(x), _) => text.push_str(&format!("; {} a year {money}", fixed(x, 2))),
                (None, Some(most)) => text.push_str(&format!("; at most {} a year {money}", fixed(most, 2))),
                (None, None) => {}
            }
        }
        self.blank();
        self.wrapped(2, 2, text.trim_end());
    }

    /// Targets, and how often they are missed.
    fn objectives(&mut self, variant: &VariantOutcome, subject: &str) {
        let mut objectives = variant.objectives.iter().filter(|o| o.subject == subject).peekable();
        if objectives.peek().is_some() {
            self.blank();
        }
        for o in objectives {
            let target = match o.goal {
                "availability" => o.target.clone(),
                goal => format!("{} {}", goal.to_uppercase(), o.target),
            };
            let class = o.class.map_or_else(String::new, |c| format!(" ({c})"));
            self.wrapped(2, 4, &format!("{} {target}{class}: {}", o.name, o.verdict));
        }
    }

    /// The three causes that cost most of each kind.
    fn causes(&mut self, variant: &VariantOutcome, subject: &str) {
        let mut table =
            Table::new(&["what costs most", "", "share", "minutes per year", "writes lost or missing"]);
        for kind in ["write", "read", "block"] {
            let rows = variant.causes.iter().filter(|c| c.subject == subject && c.kind == kind);
            let mut rows: Vec<_> = rows.collect();
            rows.sort_by(|a, b| b.share.unwrap_or(0.0).total_cmp(&a.share.unwrap_or(0.0)));
            for cause in rows.into_iter().take(3) {
                let shown = |x: Option<f64>, digits| x.map_or_else(String::new, |x| significant(x, digits));
                table.row(vec![
                    cause.cause.clone(),
                    if kind == "block" { String::new() } else { format!("{kind}s") },
                    cause.share.map_or_else(String::new, |s| format!("{} %", fixed(s * 100.0, 1))),
                    shown(cause.minutes_per_year, 3),
                    shown(cause.writes_lost, 3),
                ]);
            }
        }
        if table.len() > 0 {
            self.blank();
            self.table(2, &table);
        }
    }

    pub(super) fn expectations(&mut self, results: &[ExpectResult]) {
        if results.is_empty() {
            return;
        }
        let met = results.iter().filter(|r| r.verdict == Verdict::Met).count();
        self.blank();
        let title = format!("expectations: {met} of {} met", results.len());
        self.line(0, &self.style.bold(&title));
        for r in results {
            let got = r.estimate.map_or_else(|| "undefined".into(), plain);
            let claim = format!("{}: {} {}", r.variant, r.metric, r.comparison);
            let (mark, colour, text) = match &r.verdict {
                Verdict::Met => ("met      ", "32", format!("{claim} (is {got})")),
                Verdict::Broken => ("BROKEN   ", "31", format!("{claim}, but it is {got}")),
                Verdict::Undefined => ("undefined", "33", format!("{claim}: nothing of the kind happened")),
                Verdict::Unknown { close } if close.is_empty() => {
                    ("unknown  ", "31", format!("{claim}: no such figure"))
                }
                Verdict::Unknown { close } => {
                    ("unknown  ", "31", format!("{claim}: no such figure; close: {}", close.join(", ")))
                }
            };
            let mark = self.style.paint(colour, mark);
            let rules = match r.rules.join(", ") {
                none if none.is_empty() => none,
                some => format!(" [{some}]"),
            };
            self.wrapped(2, 11, &format!("{mark}  {text}{rules}"));
        }
    }
}

/// Characters that take room: all but escape codes.
fn visible(text: &str) -> usize {
    let mut escape = false;
    let mut count = 0;
    for c in text.chars() {
        escape |= c == '\x1b';
        count += usize::from(!escape);
        escape &= c != 'm';
    }
    count
}

/// The words of a text between which a line may end: a number stays whole, and with its uncertainty and unit.
fn unbroken(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let digits = word.chars().take_while(char::is_ascii_digit).count();
        let before = words.last().and_then(|w| w.chars().last());
        let number = before.is_some_and(|c| c.is_ascii_digit());
        let joined = match before {
            Some('±' | '×') => true,
            _ if word.starts_with(['±', '%']) => true,
            _ => number && (digits == 3 || word.starts_with("min/year")),
        };
        match words.last_mut() {
            Some(last) if joined => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.into()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture;

    /// Objectives stand with their subject, in words.
    #[test]
    fn objectives_are_told_with_their_subject() {
        let outcome = fixture::outcome_of(&fixture::objectives(), 60);
        let text = summary(&outcome, &[], Style::default());
        let found: Vec<&str> = text.lines().filter(|l| l.starts_with("  target-")).collect();
        assert_eq!(found.len(), 5, "{text}");
        assert!(found[0].starts_with("  target-0 99.99 %: missed in "), "{}", found[0]);
        assert!(found[2].starts_with("  target-3 RTO 1h (region): missed in "), "{}", found[2]);
        let block = text.find("\nquorum").unwrap();
        assert!(text.find("  target-4").unwrap() < block && block < text.find("  target-2").unwrap());
    }

    #[test]
    fn lines_fit_and_end_without_blanks() {
        for n in [1, 2, 12, 200] {
            let text = summary(&fixture::outcome(n), &[], Style::default());
            for line in text.lines() {
                assert!(line.chars().count() <= WIDTH, "{n}: {line}");
                assert_eq!(line.trim_end(), line);
            }
        }
    }

    #[test]
    fn numbers_stay_whole() {
        let words = unbroken("fails 29 000 ± 1 900 min/year less, at most 0.30 % of 4 000 differ (95 %) × 2");
        let expected = [
            "fails",
            "29 000 ± 1 900 min/year",
            "less,",
            "at",
            "most",
            "0.30 %",
            "of",
            "4 000",
            "differ",
            "(95 %)",
            "× 2",
        ];
        assert_eq!(words, expected);
    }

    #[test]
    fn page_bytes() {
        use crate::experiment::{Comparison, expect::evaluate};
        let outcome = fixture::outcome(200);
        let results = [
            evaluate(&outcome, "base", "availability.write", Comparison::Gt(0.9999)),
            ExpectResult {
                rules: vec!["c14".into(), "x03".into()],
                ..evaluate(&outcome, "base", "rto_seconds.write.max", Comparison::Le(60.0))
            },
            evaluate(&outcome, "base", "rto_seconds.read.max", Comparison::Le(60.0)),
            evaluate(&outcome, "base", "rto_secnds.write.max", Comparison::Le(60.0)),
        ];
        let page = summary(&outcome, &results, Style::default());
        assert_eq!(page, include_str!("terminal_golden.txt"));
        assert!(page.lines().all(|line| visible(line) <= WIDTH));
        let colours = summary(&outcome, &results, Style { colour: true });
        assert!(colours.contains("\x1b[31mBROKEN"));
        let mut escape = false;
        let plain: String = colours
            .chars()
            .filter(|&c| {
                escape |= c == '\x1b';
                let seen = !escape;
                escape &= c != 'm';
                seen
            })
            .collect();
        assert_eq!(plain, page);
    }
}
