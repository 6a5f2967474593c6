//! Problems of a scenario, with stable codes, and how they are shown.

use super::{Expect, Source, suggest};
use crate::text::harmless;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use core::ops::Range;

/// How bad a problem is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// The scenario cannot be run.
    Error,
    /// It can, but something in it does not do what its author probably thinks.
    Warning,
}

/// One problem of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// Stable code; [`CODES`] lists all, docs/diagnostics.md explains each.
    pub code: &'static str,
    /// What is wrong, in one lower-case sentence without a full stop.
    pub message: String,
    /// Bytes of the text; `None` for problems of the whole file or of a command-line setting.
    pub span: Option<Range<usize>>,
    /// Dotted key, as in overrides: `store.orders.regions[westeurope].zones`.
    pub path: String,
    /// Line, from 1; 0 without a span.
    pub line: u32,
    /// Column in characters, from 1; 0 without a span.
    pub column: u32,
    /// The reason, shown at the caret.
    pub label: String,
    /// What to do instead.
    pub help: Option<String>,
}

/// Longer lines are not shown, in bytes.
const LONGEST_LINE: usize = 2_000;

/// Stable codes of all problems.
pub(super) mod code {
    pub const SYNTAX: &str = "ZF0001";
    pub const LIMIT: &str = "ZF0002";
    pub const UNKNOWN_KEY: &str = "ZF0101";
    pub const MISSING_KEY: &str = "ZF0102";
    pub const WRONG_TYPE: &str = "ZF0103";
    pub const OUT_OF_RANGE: &str = "ZF0104";
    pub const UNKNOWN_WORD: &str = "ZF0105";
    pub const UNREADABLE: &str = "ZF0106";
    pub const EXCLUSIVE: &str = "ZF0107";
    pub const NOT_HERE: &str = "ZF0108";
    pub const BAD_NAME: &str = "ZF0109";
    pub const DUPLICATE: &str = "ZF0110";
    pub const UNKNOWN_PRESET: &str = "ZF0111";
    pub const FILE: &str = "ZF0112";
    pub const OVERRIDE: &str = "ZF0113";
    pub const LAW: &str = "ZF0114";
    pub const MEMBERS: &str = "ZF0160";
    pub const ELECTION: &str = "ZF0161";
    pub const LAG_CAP: &str = "ZF0162";
    pub const NEED: &str = "ZF0170";
    pub const SERVICE: &str = "ZF0171";
    pub const TIER: &str = "ZF0172";
    pub const ROUTER: &str = "ZF0173";
    pub const STEP_ORDER: &str = "ZF0180";
    pub const RUNBOOK: &str = "ZF0181";
    pub const NO_BACKUP: &str = "ZF0182";
    pub const ASSET: &str = "ZF0183";
    pub const UNKNOWN_PLACE: &str = "ZF0201";
    pub const LINK: &str = "ZF0202";
    pub const WORLD_SIZE: &str = "ZF0203";
    pub const SELECTOR: &str = "ZF0301";
    pub const NO_MATCH: &str = "ZF0302";
    pub const EFFECT_TARGET: &str = "ZF0303";
    pub const NO_SCHEDULE: &str = "ZF0304";
    pub const CASCADE: &str = "ZF0305";
    pub const CASCADE_CYCLE: &str = "ZF0306";
    pub const PRODUCT_RULE: &str = "ZF0401";
    pub const QUORUM: &str = "ZF0402";
    pub const PLACEMENT: &str = "ZF0403";
    pub const WRITES: &str = "ZF0404";
    pub const TOO_LARGE: &str = "ZF0405";
    pub const BACKUP: &str = "ZF0406";
    pub const SHARES: &str = "ZF0501";
    pub const PROFILE: &str = "ZF0502";
    pub const BLOCK: &str = "ZF0601";
    pub const ACTION: &str = "ZF0602";
    pub const SWITCH_ZONES: &str = "ZF0603";
    pub const VARIANT: &str = "ZF0701";
    pub const COMPARISON: &str = "ZF0702";
    pub const NOT_PER_VARIANT: &str = "ZF0703";
    pub const METRIC: &str = "ZF0704";
    pub const RULE: &str = "ZF0705";
    pub const OBJECTIVE: &str = "ZF0706";
    pub const SWEEP: &str = "ZF0707";
    pub const FAILOVER_OFF: &str = "ZF0901";
    pub const NO_EFFECT: &str = "ZF0902";
    pub const FAULT_UNUSED: &str = "ZF0903";
    pub const AFTER_HORIZON: &str = "ZF0904";
    pub const SAME_LEVELS: &str = "ZF0905";
    pub const DEGRADE_UNLIMITED: &str = "ZF0906";
    pub const RPO_PROMISE: &str = "ZF0907";
    pub const CREWS: &str = "ZF0908";
    pub const EVEN_GROUP: &str = "ZF0909";
    pub const CATCH_UP: &str = "ZF0910";
    pub const CASCADE_APART: &str = "ZF0911";
    pub const MEMBER_SAFE: &str = "ZF0912";
    pub const OBJECTIVE_IDLE: &str = "ZF0913";
    pub const EVEN_MEMBERS: &str = "ZF0930";
    pub const MANY_MEMBERS: &str = "ZF0931";
    pub const PART_UNUSED: &str = "ZF0940";
    pub const OVERLOADED: &str = "ZF0941";
    pub const RUNBOOK_IDLE: &str = "ZF0950";
    pub const NEVER_RESTORED: &str = "ZF0951";
    pub const REGION_UNUSED: &str = "ZF0960";
    pub const LINK_MISSING: &str = "ZF0961";
    pub const NEVER_DEFINED: &str = "ZF0962";
    pub const FEW_REPLICATIONS: &str = "ZF0963";
    pub const BACKUPS_OVERLAP: &str = "ZF0964";
    pub const FENCE_IDLE: &str = "ZF0965";
}

/// Every code with what it means, in order. Codes from `ZF0901` are warnings.
pub const CODES: &[(&str, &str)] = &[
    (code::SYNTAX, "the text is not valid TOML"),
    (code::LIMIT, "the file is too large, too deep, or has too many problems"),
    (code::UNKNOWN_KEY, "unknown key"),
    (code::MISSING_KEY, "a required key is missing"),
    (code::WRONG_TYPE, "a value of the wrong type"),
    (code::OUT_OF_RANGE, "a number out of range"),
    (code::UNKNOWN_WORD, "a word that is not one of those allowed"),
    (code::UNREADABLE, "a text that is no duration, size or rate"),
    (code::EXCLUSIVE, "keys that exclude each other"),
    (code::NOT_HERE, "a key that means nothing beside the others"),
    (code::BAD_NAME, "a name with characters that are not allowed"),
    (code::DUPLICATE, "a name or value given twice"),
    (code::UNKNOWN_PRESET, "an unknown preset"),
    (code::FILE, "a file the scenario refers to cannot be used"),
    (code::OVERRIDE, "an override whose path leads nowhere"),
    (code::LAW, "parameters that make no law"),
    (code::MEMBERS, "members that cannot hold a store together"),
    (code::ELECTION, "a majority that does not elect its leader"),
    (code::LAG_CAP, "a lag cap that no standby ever meets"),
    (code::NEED, "a service that needs something that is not there, or that cannot tell whether it serves"),
    (code::SERVICE, "a service that needs nothing, or itself, or that nobody calls"),
    (code::TIER, "a tier that runs nowhere, or can never carry its load"),
    (code::ROUTER, "a router to what is not there, or to nothing that would answer"),
    (code::STEP_ORDER, "a step of a runbook waits for one that is not there, or for itself"),
    (code::RUNBOOK, "a runbook that cannot be carried out"),
    (code::NO_BACKUP, "nothing to restore: no backup, or none that would survive"),
    (code::ASSET, "an asset that cannot be"),
    (code::UNKNOWN_PLACE, "an unknown region or zone"),
    (code::LINK, "a link that joins nothing, or what is joined already"),
    (code::WORLD_SIZE, "a world without regions or with too many nodes"),
    (code::SELECTOR, "a selector that cannot be read"),
    (code::NO_MATCH, "a selector that matches nothing"),
    (code::EFFECT_TARGET, "an effect that its target cannot suffer"),
    (code::NO_SCHEDULE, "a fault that nothing ever causes"),
    (code::CASCADE, "a cascade to a rule that cannot be caused"),
    (code::CASCADE_CYCLE, "cascades that go in a circle"),
    (code::PRODUCT_RULE, "a setting the preset's product does not offer"),
    (code::QUORUM, "a quorum that cannot be reached or cannot protect a write"),
    (code::PLACEMENT, "replicas that do not fit on the nodes or zones"),
    (code::WRITES, "what a store with several write regions does not offer"),
    (code::TOO_LARGE, "rates, partitions and profile too large to be counted exactly"),
    (code::BACKUP, "backups that cannot be made, kept or restored as described"),
    (code::SHARES, "client shares that do not sum to 1"),
    (code::PROFILE, "a profile with the wrong number of values"),
    (code::BLOCK, "a block that needs more members than it has, or contains itself"),
    (code::ACTION, "an action that does not say what to do, or to whom"),
    (code::SWITCH_ZONES, "a switch of the zones of an existing region"),
    (code::VARIANT, "an unknown variant, or a variant name that cannot be used"),
    (code::COMPARISON, "an expectation that cannot be read"),
    (code::NOT_PER_VARIANT, "a setting that must be the same for all variants"),
    (code::METRIC, "an expectation about a figure that does not exist"),
    (code::RULE, "an expectation that names no rule"),
    (code::OBJECTIVE, "an objective that does not say of what, or what"),
    (code::SWEEP, "a sweep that makes no points"),
    (code::FAILOVER_OFF, "read regions, but nothing fails over to them"),
    (code::NO_EFFECT, "a setting without effect"),
    (code::FAULT_UNUSED, "a fault that touches no store and no block"),
    (code::AFTER_HORIZON, "something scripted after the horizon"),
    (code::SAME_LEVELS, "variants that cannot differ in this version"),
    (code::DEGRADE_UNLIMITED, "lost capacity where throughput is unlimited"),
    (code::RPO_PROMISE, "an RPO promised below the allowed staleness"),
    (code::CREWS, "as many repair crews as targets, or more"),
    (code::EVEN_GROUP, "an even number of replicas with majority quorum"),
    (code::CATCH_UP, "catch-up that is not faster than the writes"),
    (code::CASCADE_APART, "a cascade between places that share nothing"),
    (code::MEMBER_SAFE, "a member of a block that no fault takes down"),
    (code::OBJECTIVE_IDLE, "an objective that nothing can put to the test"),
    (code::EVEN_MEMBERS, "an even number of members with a majority"),
    (code::MANY_MEMBERS, "more members than the product's description advises"),
    (code::PART_UNUSED, "a tier or router that no service needs"),
    (code::OVERLOADED, "targets of a router that cannot carry what they get"),
    (code::RUNBOOK_IDLE, "a runbook that nothing starts, or for a place where nothing is"),
    (code::NEVER_RESTORED, "a backup that nobody restores"),
    (code::REGION_UNUSED, "a region that nothing uses"),
    (code::LINK_MISSING, "a region that no declared link reaches"),
    (code::NEVER_DEFINED, "an expectation on a figure that is never defined"),
    (code::FEW_REPLICATIONS, "too few replications for a quantile"),
    (code::BACKUPS_OVERLAP, "a backup that begins before the last one is complete"),
    (code::FENCE_IDLE, "a fence left out where no leader goes on alone"),
];

/// Line and column (both from 1, column in characters) of a byte.
fn position(text: &str, byte: usize) -> (u32, u32) {
    positions(text, &[byte])[0]
}

/// Lines and columns of many bytes: the text is gone through once.
pub(super) fn positions(text: &str, bytes: &[usize]) -> Vec<(u32, u32)> {
    let mut order: Vec<usize> = (0..bytes.len()).collect();
    order.sort_by_key(|&i| bytes[i]);
    let mut found = vec![(1, 1); bytes.len()];
    let (mut at, mut line, mut column) = (0, 1, 1);
    for i in order {
        let mut end = bytes[i].min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let passed = &text.as_bytes()[at.min(end)..end];
        let lines = passed.iter().filter(|&&b| b == b'\n').count();
        let last = passed.iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
        // A character has one byte that does not continue another.
        let characters = passed[last..].iter().filter(|&&b| b & 0xc0 != 0x80).count();
        line += lines;
        column = if lines > 0 { 1 } else { column } + characters;
        at = end.max(at);
        found[i] = (line as u32, column as u32);
    }
    found
}

/// The error for a promise about a figure that does not exist; who computes the figures knows which do.
pub fn unknown_metric(source: Source<'_>, expect: &Expect, known: &[&str]) -> Diagnostic {
    let (line, column) = expect.metric_span.as_ref().map_or((0, 0), |s| position(source.text, s.start));
    Diagnostic {
        severity: Severity::Error,
        code: code::METRIC,
        message: format!("there is no figure `{}`", expect.metric),
        span: expect.metric_span.clone(),
        path: "expect.metric".into(),
        line,
        column,
        label: "no such figure".into(),
        help: suggest::help(&expect.metric, known),
    }
}

/// A diagnostic as text, in the manner of rustc: `error[ZF0101]: …`, place, caret, help.
///
/// `color` adds ANSI colours. The text ends without a line break. What names and values hold cannot steer a terminal.
pub fn render(source: Source<'_>, diagnostic: &Diagnostic, color: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let [message, label, path] =
        [&diagnostic.message, &diagnostic.label, &diagnostic.path].map(|t| harmless(short(t)));
    let name = harmless(source.name).replace('\n', "\\u{a}");
    let title = level.primary_title(message).id(diagnostic.code);
    let mut group = match &diagnostic.span {
        Some(span) if line_around(source.text, span.start).len() > LONGEST_LINE => {
            let (line, column) = place(source.text, diagnostic, span);
            let origin = Origin::path(name).line(line as usize).char_column(column as usize);
            title.element(origin).element(Level::NOTE.message(label))
        }
        Some(whole) => {
            // Only the line that is shown: a large text need not be gone through for each problem.
            let span = visible(source.text, whole);
            let line = line_around(source.text, span.start);
            let start = span.start - line.start;
            let shown = &source.text[line];
            let span = start..(start + span.len()).min(shown.len());
            let label = Some(label).filter(|l| !l.is_empty());
            title.element(
                Snippet::source(shown)
                    .line_start(place(source.text, diagnostic, whole).0 as usize)
                    .path(name)
                    .annotation(AnnotationKind::Primary.span(span).label(label)),
            )
        }
        None => {
            let whole = if path.is_empty() { label } else { format!("in {path}: {label}") };
            Group::with_title(title).element(Level::NOTE.message(whole))
        }
    };
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(harmless(help)));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Ascii).render(&[group])
}

/// The start of a text: names may be as long as files.
fn short(text: &str) -> &str {
    text.char_indices().nth(LONGEST_LINE).map_or(text, |(end, _)| &text[..end])
}

/// Line and column of a problem: known for those that are shown together.
fn place(text: &str, diagnostic: &Diagnostic, span: &Range<usize>) -> (u32, u32) {
    match (diagnostic.line, diagnostic.column) {
        (0, _) => position(text, span.start),
        known => known,
    }
}

/// The line that a byte lies in, without its end.
fn line_around(text: &str, byte: usize) -> Range<usize> {
    let bytes = text.as_bytes();
    let at = byte.min(bytes.len());
    let start = bytes[..at].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
    let end = bytes[at..].iter().position(|&b| b == b'\n').map_or(bytes.len(), |i| at + i);
    let end = if end > start && bytes[end - 1] == b'\r' { end - 1 } else { end };
    start..end
}

/// The span cut to the text, to character boundaries and to its first line: carets over pages help nobody.
fn visible(text: &str, span: &Range<usize>) -> Range<usize> {
    let mut start = span.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = span.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let end = start + text[start..end].trim_end().lines().next().map_or(0, str::len);
    start..end.max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_ascending() {
        assert!(CODES.windows(2).all(|w| w[0].0 < w[1].0));
    }

    #[test]
    fn positions_count_characters() {
        assert_eq!(position("ä = 1\nb = 2", 0), (1, 1));
        assert_eq!(position("ä = 1\nb = 2", 3), (1, 3));
        assert_eq!(position("ä = 1\nb = 2", 7), (2, 1));
        assert_eq!(position("x", 99), (1, 2));
        let bytes = [7, 99, 0, 3, 5, 0];
        assert_eq!(positions("ä = 1\nb = 2", &bytes), [(2, 1), (2, 6), (1, 1), (1, 3), (1, 5), (1, 1)]);
    }
}
