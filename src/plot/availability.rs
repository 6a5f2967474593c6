//! Availability of each variant on a scale of nines.

use super::Picture;
use super::scale::{Scale, minutes, minutes_within, nines};
use super::scene::{Area, Scene, Type, ink};
use super::sheet::{Sheet, across, interval, name, names_width};
use super::theme::{BLOCK, Colour, FAINT, GRID, INK, MARGIN, PAPER, QUIET, READ, SMALL, Sign, WIDTH, WRITE};
use super::words::{Entry, Period, Ranking, and_others, rank, short};
use crate::experiment::{Study, VariantOutcome};
use crate::stats::number;

const LINE: f64 = 17.0;
/// Height of the name of a target.
const TARGET: f64 = 15.0;
/// Room for the percentage and for the minutes beside the axis.
const PERCENT: f64 = 92.0;
const MINUTES: f64 = 138.0;
const MOST_VARIANTS: usize = 40;
const MOST_TARGETS: usize = 5;

/// What is shown of one store or block.
#[derive(Clone, Debug, PartialEq)]
struct Panel {
    subject: String,
    rows: Vec<Row>,
    targets: Vec<Target>,
}

/// An availability that an objective asks for.
#[derive(Clone, Debug, PartialEq)]
struct Target {
    label: String,
    /// What may fail.
    share: f64,
}

#[derive(Clone, Debug, PartialEq)]
struct Row {
    variant: String,
    /// By kind: `read`, `write` or `block`.
    shares: Vec<(&'static str, Share)>,
}

/// An unavailability: a share, with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Share {
    estimate: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
}

/// The drawing, unless nothing has an availability.
pub(super) fn picture(study: &Study) -> Option<Picture> {
    let panels = panels(study);
    let first = panels.first()?;
    let period = Period::of(&study.outcome);
    let title = title(first, panels.len() > 1, &period);
    let any = |wanted: fn(&(&'static str, Share)) -> bool| {
        panels.iter().any(|p| p.rows.iter().any(|r| r.shares.iter().any(wanted)))
    };
    let blocks = if any(|s| s.0 == "block") { " (blocks: of time up)" } else { "" };
    let about = format!(
        "Share of requests answered{blocks} with 95 % intervals; below, what fails {}.",
        period.within
    );
    let mut sheet = Sheet::new(&title, &about);
    let mut alt = vec![title.clone()];
    for panel in &panels {
        draw(&mut sheet, panel, panels.len() > 1, &period);
        alt.extend(panel.rows.iter().map(|row| describe(panel, row, &period)));
    }
    if any(|s| s.1.estimate == Some(0.0)) {
        sheet.note("Open marks: no failure was seen. It may be as bad as ≥ and ≤ say all the same (95 % confidence; there the \
             faint line begins); more replications narrow that.");
    }
    Some(Picture {
        name: "availability",
        title,
        alt: alt.join(". ") + ".",
        scene: sheet.finish(&study.outcome),
    })
}

fn panels(study: &Study) -> Vec<Panel> {
    let variants = &study.outcome.variants;
    let panel = |subject: &str| {
        let row = |v: &VariantOutcome| Row { variant: v.name.clone(), shares: shares(v, subject) };
        let rows: Vec<Row> =
            variants.iter().take(MOST_VARIANTS).map(row).filter(|r| !r.shares.is_empty()).collect();
        Panel { rows, targets: targets(variants, subject), subject: subject.into() }
    };
    let shown = |panel: &Panel| panel.rows.iter().any(|r| r.shares.iter().any(|(_, s)| s.estimate.is_some()));
    study.outcome.subjects().into_iter().map(panel).filter(shown).collect()
}

/// Targets of all objectives about a subject, each value once, the lowest first.
fn targets(variants: &[VariantOutcome], subject: &str) -> Vec<Target> {
    let mut found: Vec<(f64, &str, Vec<&str>)> = Vec::new();
    let objectives = variants.iter().flat_map(|v| &v.objectives);
    for o in objectives.filter(|o| o.subject == subject && o.goal == "availability" && o.value < 1.0) {
        match found.iter_mut().find(|(value, ..)| *value == o.value) {
            Some((_, _, names)) if names.contains(&o.name.as_str()) => {}
            Some((_, _, names)) => names.push(&o.name),
            None => found.push((o.value, &o.target, vec![&o.name])),
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.truncate(MOST_TARGETS);
    let target = |(value, words, names): (f64, &str, Vec<&str>)| Target {
        label: format!("{words} ({})", names.join(", ")),
        share: 1.0 - value,
    };
    found.into_iter().map(target).collect()
}

fn shares(variant: &VariantOutcome, subject: &str) -> Vec<(&'static str, Share)> {
    let share = |kind: &'static str| {
        let id = format!("unavailability.{kind}");
        let m = variant.metrics.iter().find(|m| m.subject == subject && m.id == id)?;
        Some((kind, Share { estimate: m.estimate, low: m.low, high: m.high }))
    };
    ["read", "write", "block"].into_iter().filter_map(share).collect()
}

/// The kind that the title is about: the one that fails more.
fn main_kind(panel: &Panel) -> &'static str {
    let worst = |kind: &str| {
        let all = panel.rows.iter().flat_map(|r| &r.shares).filter(|(k, _)| *k == kind);
        all.filter_map(|(_, s)| s.estimate).fold(-1.0, f64::max)
    };
    let kinds = ["write", "read", "block"];
    kinds.into_iter().rev().max_by(|a, b| worst(a).total_cmp(&worst(b))).unwrap_or("write")
}

fn title(panel: &Panel, several: bool, period: &Period) -> String {
    let kind = main_kind(panel);
    let shares = panel.rows.iter().filter_map(|row| {
        let (_, share) = row.shares.iter().find(|(k, _)| *k == kind)?;
        Some((row.variant.as_str(), *share))
    });
    let shares: Vec<(&str, Share)> = shares.collect();
    let entries = shares
        .iter()
        .filter_map(|&(name, s)| Some(Entry { name, value: s.estimate?, low: s.low, high: s.high }));
    let subject = short(&panel.subject);
    // Blocks are named in the sentence.
    let named = several && kind != "block";
    let (verbs, what) = match kind {
        "block" => (["has the least downtime of", "have the least downtime of"], subject.as_str()),
        "read" => (["fails the fewest reads", "fail the fewest reads"], "reads"),
        _ => (["fails the fewest writes", "fail the fewest writes"], "writes"),
    };
    let year = |share: f64| period.told(share);
    let bound = shares.iter().filter_map(|(_, s)| s.high).fold(0.0, f64::max);
    let said = match rank(entries.collect()) {
        Ranking::None => "Nothing was measured".into(),
        Ranking::Only(Entry { value: 0.0, .. }) | Ranking::Equal(0.0) => {
            none_failed(kind, &subject, &year(bound))
        }
        Ranking::Only(e) if kind == "block" => format!("{subject} is down {}", year(e.value)),
        Ranking::Only(e) => {
            format!("{} of {what} are answered; {} fail", number::percent(1.0 - e.value), year(e.value))
        }
        Ranking::Equal(value) if kind == "block" => {
            format!("{subject} is down as long in every variant: {}", year(value))
        }
        Ranking::Equal(value) => format!("Every variant fails as many {what}: {}", year(value)),
        Ranking::Least { first, ties, near, most } => {
            let who = and_others(first.name, ties);
            let verb = verbs[usize::from(ties > 0)];
            let of = if kind == "block" { format!(" {subject}") } else { String::new() };
            let value = if first.value == 0.0 { "none seen".into() } else { year(first.value) };
            let doubt = if near > 0 { " (others may be as good)" } else { "" };
            format!("{who} {verb}{of}: {value}{doubt}; {} the most: {}", short(most.name), year(most.value))
        }
    };
    if named { format!("{subject}: {said}") } else { said }
}

fn none_failed(kind: &str, subject: &str, bound: &str) -> String {
    let what = match kind {
        "block" => format!("No outage of {subject} was seen"),
        "read" => "No read failed".into(),
        _ => "No write failed".into(),
    };
    format!("{what}: at most {bound} on average, with 95 % confidence")
}

fn describe(panel: &Panel, row: &Row, period: &Period) -> String {
    let shares = row.shares.iter().map(|(kind, share)| {
        let (percent, minutes) = numbers(*share, period);
        format!("{kind} {percent} ({minutes})")
    });
    format!("{}, {}: {}", panel.subject, row.variant, shares.collect::<Vec<_>>().join(", "))
}

/// Availability and what fails in the period, for people.
fn numbers(share: Share, period: &Period) -> (String, String) {
    let year = |x: f64| minutes(x * period.minutes);
    match (share.estimate, share.low, share.high) {
        (None, ..) => ("undefined".into(), "no requests".into()),
        (Some(0.0), _, Some(high)) => {
            (format!("≥ {}", number::percent(1.0 - high)), format!("none seen, ≤ {}", year(high)))
        }
        (Some(0.0), ..) => ("100 %".into(), "none seen".into()),
        (Some(x), Some(low), Some(high)) => (
            number::percent(1.0 - x),
            minutes_within(x * period.minutes, low * period.minutes, high * period.minutes),
        ),
        (Some(x), ..) => (number::percent(1.0 - x), format!("{}, no interval", year(x))),
    }
}

fn look(kind: &str) -> (Sign, Colour) {
    match kind {
        "read" => (Sign::Disc, READ),
        "write" => (Sign::Square, WRITE),
        _ => (Sign::Diamond, BLOCK),
    }
}

fn draw(sheet: &mut Sheet, panel: &Panel, several: bool, period: &Period) {
    if several {
        sheet.heading(&panel.subject);
    }
    let kinds: Vec<&'static str> =
        panel.rows.first().map_or(vec![], |r| r.shares.iter().map(|s| s.0).collect());
    if kinds.len() > 1 {
        let entry = |kind: &&'static str| (look(kind).0, look(kind).1, format!("{kind}s"));
        sheet.key(&kinds.iter().map(entry).collect::<Vec<_>>());
    }
    let names = names_width(panel.rows.iter().map(|r| r.variant.as_str()));
    let top = sheet.y;
    sheet.y += TARGET * panel.targets.len() as f64;
    let height: f64 = panel.rows.iter().map(row_height).sum();
    let area = Area {
        left: MARGIN + names + 26.0,
        top: sheet.y,
        right: WIDTH - MARGIN - PERCENT - MINUTES - 20.0,
        bottom: sheet.y + height + 4.0,
    };
    let (from, to) = range(panel);
    let scale = Scale::linear(from, to, (area.left, area.right));
    across(&mut sheet.scene, area, &scale, &scale.nines(period));
    lines(&mut sheet.scene, panel, &scale, area, top);
    let mut y = area.top + 2.0;
    for row in &panel.rows {
        let height = row_height(row);
        let middle = y + height / 2.0;
        name(&mut sheet.scene, &row.variant, (area.left - 14.0, middle), names);
        for (i, (kind, share)) in row.shares.iter().enumerate() {
            let line = middle + (i as f64 - (row.shares.len() as f64 - 1.0) / 2.0) * LINE;
            point(&mut sheet.scene, &scale, area, (*share, line), look(kind));
            label(&mut sheet.scene, area.right + 16.0, (*share, line), period);
        }
        y += height;
        sheet.scene.rule((MARGIN, y), (WIDTH - MARGIN, y), GRID);
    }
    sheet.y = area.bottom + 2.0 * (SMALL + 4.0) + 6.0;
}

/// Lines of the targets with their names above the axis, one below the other.
fn lines(scene: &mut Scene, panel: &Panel, scale: &Scale, area: Area, top: f64) {
    for (i, target) in panel.targets.iter().enumerate() {
        let (x, y) = (scale.at(nines(target.share)), top + TARGET * i as f64);
        scene.dashes(&[(x, y + 2.0), (x, area.bottom)], (4.0, 3.0), 1.25, INK);
        // To the right, where no line of a lower target comes by.
        scene.text_within((x + 5.0, y + SMALL), &target.label, ink(SMALL), WIDTH - MARGIN - x - 5.0);
    }
}

fn row_height(row: &Row) -> f64 {
    LINE * row.shares.len() as f64 + 12.0
}

/// Nines at both ends of the axis: everything known, out to halves.
fn range(panel: &Panel) -> (f64, f64) {
    let shares = panel.rows.iter().flat_map(|r| r.shares.iter().map(|s| s.1));
    let known = shares.flat_map(|s| match s.estimate {
        None => [None; 3],
        Some(0.0) => [s.high, None, None],
        Some(_) => [s.estimate, s.low, s.high],
    });
    let targets = panel.targets.iter().map(|t| Some(t.share));
    let known: Vec<f64> = known.chain(targets).flatten().filter(|&x| x > 0.0).map(nines).collect();
    let low = known.iter().copied().fold(f64::INFINITY, f64::min);
    let high = known.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if low > high {
        return (2.0, 5.0);
    }
    let from = (libm::floor(low * 2.0 - 0.1) / 2.0).max(0.0);
    (from, (libm::ceil(high * 2.0 + 0.1) / 2.0).max(from + 1.0))
}

fn point(
    scene: &mut Scene,
    scale: &Scale,
    area: Area,
    (share, y): (Share, f64),
    (sign, colour): (Sign, Colour),
) {
    let at = |x: f64| scale.at(nines(x));
    match (share.estimate, share.low, share.high) {
        (None, ..) => {}
        (Some(0.0), _, high) => {
            // Nothing failed: the availability is above a bound, and nobody knows how far. No result, so no heavy mark.
            scene.rule((high.map_or(area.left, at), y), (area.right, y), FAINT);
            scene.sign(sign, (area.right, y), 4.5, colour);
            scene.sign(sign, (area.right, y), 2.5, PAPER);
        }
        (Some(x), low, high) => {
            if let (Some(low), Some(high)) = (low, high) {
                interval(scene, (at(high), false), (at(low), low <= 0.0), y, colour);
            }
            scene.sign(sign, (at(x), y), 4.5, colour);
        }
    }
}

/// The numbers beside the axis, from `x` on.
fn label(scene: &mut Scene, x: f64, (share, y): (Share, f64), period: &Period) {
    let (percent, minutes) = numbers(share, period);
    let base = y + SMALL * 0.36;
    let colour = if share.estimate.is_none() { FAINT } else { QUIET };
    scene.text((x + PERCENT - 8.0, base), &percent, ink(SMALL).end());
    scene.text_within((x + PERCENT, base), &minutes, Type::new(SMALL, colour), MINUTES);
}
