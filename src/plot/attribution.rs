//! What fails, stacked by cause and by phase.

use super::Picture;
use super::scale::{Scale, minutes};
use super::scene::{Area, Type};
use super::sheet::{Sheet, across, name, names_width};
use super::theme::{Colour, FAINT, GRID, MARGIN, QUIET, SERIES, SMALL, Sign, TEXT, WIDTH};
use super::timeline::{phase_colour, readable_on};
use super::words::{Period, short};
use crate::experiment::{Study, VariantOutcome};
use crate::sim::observe::Phase;

const ROW: f64 = 25.0;
const TOTAL: f64 = 72.0;
const MOST_VARIANTS: usize = 25;
const MOST_PANELS: usize = 4;
const MOST_CAUSES: usize = 6;
const OTHER: &str = "other causes";

/// One subject and kind.
#[derive(Clone, Debug, PartialEq)]
struct Panel {
    subject: String,
    kind: &'static str,
    by_cause: Vec<Bar>,
    by_phase: Vec<Bar>,
}

/// Minutes of the period of one variant, in parts.
#[derive(Clone, Debug, PartialEq)]
struct Bar {
    variant: String,
    parts: Vec<(String, f64)>,
}

impl Bar {
    fn total(&self) -> f64 {
        self.parts.iter().map(|p| p.1).sum()
    }
}

impl Panel {
    fn total(&self) -> f64 {
        self.by_cause.iter().map(Bar::total).sum()
    }
}

/// The drawing, if anything ever failed.
pub(super) fn picture(study: &Study) -> Option<Picture> {
    let mut panels: Vec<Panel> = Vec::new();
    for subject in study.outcome.subjects() {
        panels.extend(["read", "write", "block"].into_iter().filter_map(|kind| panel(study, subject, kind)));
    }
    let main = panels.iter().rev().max_by(|a, b| a.total().total_cmp(&b.total()))?;
    let title = title(main);
    let period = Period::of(&study.outcome);
    let blocks = if panels.iter().any(|p| p.kind == "block") { " (blocks: time down)" } else { "" };
    let about = format!(
        "Requests that fail{blocks} {}, by the fault rule to blame and by what the rest waits for.",
        period.within
    );
    let left_out = panels.len().saturating_sub(MOST_PANELS);
    let mut order: Vec<f64> = panels.iter().map(Panel::total).collect();
    order.sort_by(|a, b| b.total_cmp(a));
    let least = order[MOST_PANELS.min(order.len()) - 1];
    panels.retain(|p| p.total() >= least);
    let causes = causes(&panels);
    let mut sheet = Sheet::new(&title, &about);
    let mut alt = vec![title.clone()];
    for panel in &panels {
        let what = kind_words(panel.kind);
        for (by, bars) in [("cause", &panel.by_cause), ("phase", &panel.by_phase)] {
            sheet.heading(&format!("{}, {what}, by {by}", panel.subject));
            draw(&mut sheet, bars, &causes, by == "phase");
        }
        alt.extend(panel.by_cause.iter().map(|bar| describe(panel, bar)));
    }
    let variants = study.outcome.variants.len();
    if variants > MOST_VARIANTS {
        sheet.note(&format!("The first {MOST_VARIANTS} of {variants} variants."));
    }
    if left_out > 0 {
        sheet.note(&format!(
            "Not shown: {left_out} more services, stores, blocks or kinds of request where less fails; see \
             attribution.csv."
        ));
    }
    Some(Picture {
        name: "attribution",
        title,
        alt: alt.join(". ") + ".",
        scene: sheet.finish(&study.outcome),
    })
}

/// Causes that are named somewhere, those that cost most first: a cause has one colour in all panels.
fn causes(panels: &[Panel]) -> Vec<String> {
    let mut sums: Vec<(String, f64)> = Vec::new();
    for (name, minutes) in panels.iter().flat_map(|p| &p.by_cause).flat_map(|b| &b.parts) {
        match sums.iter_mut().find(|(known, _)| known == name) {
            _ if name == OTHER => {}
            Some((_, sum)) => *sum += minutes,
            None => sums.push((name.clone(), *minutes)),
        }
    }
    sums.sort_by(|a, b| b.1.total_cmp(&a.1));
    sums.into_iter().map(|(name, _)| name).collect()
}

fn kind_words(kind: &str) -> &'static str {
    match kind {
        "read" => "failing reads",
        "write" => "failing writes",
        _ => "time down",
    }
}

fn panel(study: &Study, subject: &str, kind: &'static str) -> Option<Panel> {
    let variants = &study.outcome.variants[..study.outcome.variants.len().min(MOST_VARIANTS)];
    let period = Period::of(&study.outcome);
    let bars = |phase: bool| -> Vec<Bar> {
        let bar = |v: &VariantOutcome| {
            let parts = parts(v, subject, kind, phase);
            let parts = parts.into_iter().map(|(name, m)| (name, period.scale(m))).collect();
            Bar { variant: v.name.clone(), parts }
        };
        variants.iter().map(bar).collect()
    };
    let mut by_phase = bars(true);
    for bar in &mut by_phase {
        bar.parts.sort_by_key(|p| Phase::ALL.iter().position(|phase| phase.word() == p.0));
    }
    let panel = Panel { subject: subject.into(), kind, by_cause: largest(bars(false)), by_phase };
    (panel.total() > 0.0).then_some(panel)
}

/// Failing requests (blocks: time down) as minutes of a year, by cause or by phase.
fn parts(variant: &VariantOutcome, subject: &str, kind: &str, phase: bool) -> Vec<(String, f64)> {
    let mut parts: Vec<(String, f64)> = Vec::new();
    for row in variant.attribution.iter().filter(|r| r.subject == subject && r.kind == kind) {
        let minutes = if kind == "block" { row.minutes_per_year } else { row.failed_minutes_per_year };
        let Some(minutes) = minutes.filter(|&m| m > 0.0) else { continue };
        let name = if phase { row.phase } else { row.cause.as_str() };
        match parts.iter_mut().find(|(known, _)| known == name) {
            Some((_, sum)) => *sum += minutes,
            None => parts.push((name.to_string(), minutes)),
        }
    }
    parts
}

/// The largest causes of all bars in one order, the others together.
fn largest(bars: Vec<Bar>) -> Vec<Bar> {
    let mut sums: Vec<(String, f64)> = Vec::new();
    for (name, minutes) in bars.iter().flat_map(|b| &b.parts) {
        match sums.iter_mut().find(|(known, _)| known == name) {
            Some((_, sum)) => *sum += minutes,
            None => sums.push((name.clone(), *minutes)),
        }
    }
    sums.sort_by(|a, b| b.1.total_cmp(&a.1));
    let named: Vec<&String> = sums.iter().take(MOST_CAUSES).map(|s| &s.0).collect();
    let bar = |bar: Bar| {
        let of = |name: &String| bar.parts.iter().filter(|p| p.0 == *name).map(|p| p.1).sum::<f64>();
        let mut parts: Vec<(String, f64)> = named.iter().map(|name| ((*name).clone(), of(name))).collect();
        let rest = bar.parts.iter().filter(|p| !named.contains(&&p.0)).map(|p| p.1).sum();
        parts.push((OTHER.into(), rest));
        parts.retain(|p| p.1 > 0.0);
        Bar { variant: bar.variant.clone(), parts }
    };
    bars.into_iter().map(bar).collect()
}

fn title(panel: &Panel) -> String {
    let most = |bar: &Bar| {
        let part = bar.parts.iter().rev().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let percent = (100.0 * part.1 / bar.total()).round();
        Some((part.0.clone(), format!("{percent:.0} %")))
    };
    let down: Vec<&Bar> = panel.by_cause.iter().filter(|b| b.total() > 0.0).collect();
    let worst = down.iter().rev().max_by(|a, b| a.total().total_cmp(&b.total()));
    let best = down.iter().min_by(|a, b| a.total().total_cmp(&b.total()));
    let (Some(worst), Some(best)) = (worst, best) else { return String::new() };
    let what = format!("the {} of {}", kind_words(panel.kind), short(&panel.subject));
    match (most(worst), most(best)) {
        (Some((cause, share)), _) if panel.by_cause.len() == 1 => {
            format!("{} causes {share} of {what}", short(&cause))
        }
        (Some((a, x)), Some((b, y))) if a == b && worst.variant != best.variant => format!(
            "{} is the first cause of {what}: {x} in {}, {y} in {}",
            short(&a),
            short(&worst.variant),
            short(&best.variant)
        ),
        (Some((a, x)), Some((b, y))) if worst.variant != best.variant => format!(
            "{} causes {x} of {what} in {}; in {} {} is first with {y}",
            short(&a),
            short(&worst.variant),
            short(&best.variant),
            short(&b)
        ),
        (Some((cause, share)), _) => {
            format!("{} causes {share} of {what} in {}", short(&cause), short(&worst.variant))
        }
        _ => String::new(),
    }
}

fn describe(panel: &Panel, bar: &Bar) -> String {
    let parts: Vec<String> = bar.parts.iter().map(|(name, m)| format!("{name} {}", minutes(*m))).collect();
    let parts = if parts.is_empty() { "none".into() } else { parts.join(", ") };
    format!("{}, {}, {}: {parts}", panel.subject, kind_words(panel.kind), bar.variant)
}

fn colour(causes: &[String], name: &str, phase: bool) -> Colour {
    match causes.iter().position(|n| n == name) {
        // A tint: no cause looks the same.
        _ if phase => tint(phase_colour(name)),
        Some(i) => SERIES[i % SERIES.len()],
        None => FAINT,
    }
}

/// Half as strong.
fn tint(Colour(r, g, b): Colour) -> Colour {
    let half = |x: u8| x / 2 + 127;
    Colour(half(r), half(g), half(b))
}

/// What most of a bar is, with its share if there is more.
fn leading(bar: &Bar) -> Option<String> {
    let (name, most) = bar.parts.iter().rev().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let percent = (100.0 * most / bar.total()).round();
    Some(if bar.parts.len() > 1 { format!("{name} {percent:.0} %") } else { name.clone() })
}

fn draw(sheet: &mut Sheet, bars: &[Bar], causes: &[String], phase: bool) {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in bars.iter().flat_map(|b| &b.parts) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    if phase {
        names.sort_by_key(|n| Phase::ALL.iter().position(|p| p.word() == *n));
    }
    let entry = |name: &&str| (Sign::Square, colour(causes, name, phase), name.to_string());
    sheet.y -= 4.0;
    sheet.key(&names.iter().map(entry).collect::<Vec<_>>());
    let wide = names_width(bars.iter().map(|b| b.variant.as_str()));
    let area = Area {
        left: MARGIN + wide + 14.0,
        top: sheet.y,
        right: WIDTH - MARGIN - TOTAL,
        bottom: sheet.y + bars.len() as f64 * ROW + 2.0,
    };
    let most = bars.iter().map(Bar::total).fold(0.0, f64::max);
    let scale = Scale::linear(0.0, most, (area.left, area.right));
    across(&mut sheet.scene, area, &scale, &scale.thin(scale.lengths(1.0 / 60.0)));
    for (i, bar) in bars.iter().enumerate() {
        let y = area.top + i as f64 * ROW;
        let base = y + ROW / 2.0 + TEXT * 0.36;
        name(&mut sheet.scene, &bar.variant, (area.left - 8.0, y + ROW / 2.0 + 0.5), wide);
        let (mut sum, mut named) = (0.0, None);
        for (part, value) in &bar.parts {
            let (left, right) = (scale.at(sum), scale.at(sum + value));
            sum += value;
            let colour = colour(causes, part, phase);
            sheet.scene.rect(Area { left, right, top: y + 4.0, bottom: y + ROW - 3.0 }, colour, 1.0);
            let of = Type::new(SMALL, readable_on(colour));
            if of.width(part) < right - left - 8.0 {
                sheet.scene.text((left + 4.0, base - 0.5), part, of);
                named = named.or(Some(part));
            }
        }
        // A bar too small for names says beside it what most of it is.
        let total = match leading(bar) {
            Some(leading) if named.is_none() => format!("{} · {leading}", minutes(sum)),
            Some(_) => minutes(sum),
            None => "none".into(),
        };
        let x = scale.at(sum) + 6.0;
        sheet.scene.text_within((x, base - 0.5), &total, Type::new(SMALL, QUIET), WIDTH - MARGIN - x);
    }
    sheet.scene.rule((area.left, area.top), (area.left, area.bottom), GRID);
    sheet.y = area.bottom + SMALL + 12.0;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(variant: &str, parts: &[(&str, f64)]) -> Bar {
        Bar { variant: variant.into(), parts: parts.iter().map(|(n, m)| (n.to_string(), *m)).collect() }
    }

    #[test]
    fn small_causes_are_added_up() {
        let causes: Vec<String> = (0..9).map(|i| format!("cause {i}")).collect();
        let parts: Vec<(&str, f64)> =
            causes.iter().enumerate().map(|(i, c)| (c.as_str(), 1.0 + i as f64)).collect();
        let bars = largest(vec![bar("a", &parts), bar("b", &parts[..1])]);
        assert_eq!(bars[0].parts[0], ("cause 8".to_string(), 9.0));
        assert_eq!(bars[0].parts[6], (OTHER.to_string(), 6.0));
        assert_eq!(bars[1].parts, [(OTHER.to_string(), 1.0)]);
        assert_eq!(bars[0].total(), 45.0);
    }

    #[test]
    fn causes_keep_their_order_in_all_panels() {
        let panel = |kind, by_cause| Panel { subject: "s".into(), kind, by_cause, by_phase: vec![] };
        let panels = [
            panel("read", vec![bar("a", &[("x", 3.0), ("y", 1.0), (OTHER, 9.0)])]),
            panel("write", vec![bar("a", &[("y", 5.0)])]),
        ];
        let order = causes(&panels);
        assert_eq!(order, ["y", "x"]);
        assert!(colour(&order, "x", false) != colour(&order, "y", false));
        assert!(colour(&order, OTHER, false) == FAINT);
    }

    #[test]
    fn small_bars_say_what_most_of_them_is() {
        assert_eq!(leading(&bar("a", &[("x", 1.0), ("y", 3.0)])).as_deref(), Some("y 75 %"));
        assert_eq!(leading(&bar("a", &[("x", 1.0)])).as_deref(), Some("x"));
        assert_eq!(leading(&bar("a", &[])), None);
    }

    #[test]
    fn no_phase_looks_like_a_cause() {
        for phase in Phase::ALL {
            assert!(!SERIES.contains(&colour(&[], phase.word(), true)), "{}", phase.word());
        }
    }

    #[test]
    fn titles() {
        let said = |bars: Vec<Bar>| {
            title(&Panel { subject: "s".into(), kind: "write", by_cause: bars, by_phase: vec![] })
        };
        assert_eq!(
            said(vec![bar("a", &[("x", 3.0), ("y", 1.0)])]),
            "x causes 75 % of the failing writes of s"
        );
        assert_eq!(
            said(vec![bar("a", &[("x", 3.0), ("y", 1.0)]), bar("b", &[("y", 1.0)])]),
            "x causes 75 % of the failing writes of s in a; in b y is first with 100 %"
        );
        assert_eq!(
            said(vec![bar("a", &[("x", 3.0), ("y", 1.0)]), bar("b", &[])]),
            "x causes 75 % of the failing writes of s in a"
        );
    }
}
