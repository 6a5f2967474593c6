//! How long outages take and how much writes takeovers lose: cumulative shares by class and variant.

use super::Picture;
use super::scale::{Scale, Tick, seconds};
use super::scene::{Area, Point, Scene, Type, ink};
use super::sheet::{Sheet, across, up};
use super::theme::{self, AXIS, FAINT, QUIET, SERIES, SIGNS, SMALL, TEXT};
use super::words::{short, together};
use crate::experiment::{Distribution, Study};
use crate::sim::observe::Class;
use crate::stats::number;

const MOST_PANELS: usize = 8;
const HEIGHT: f64 = 150.0;
/// Room for zeros, which a logarithmic axis has no place for.
const ZERO: f64 = 18.0;

/// The curves of one figure and class.
#[derive(Clone, Debug, PartialEq)]
struct Panel {
    subject: String,
    figure: &'static str,
    class: Option<Class>,
    curves: Vec<Curve>,
}

#[derive(Clone, Debug, PartialEq)]
struct Curve {
    /// Index of the variant, later of the variants drawn as one.
    variant: usize,
    events: u64,
    small: bool,
    median: f64,
    points: Vec<(f64, f64)>,
}

/// What all panels share.
struct Look<'a> {
    panels: &'a [Panel],
    colours: &'a [Option<usize>],
    /// Panels are about several subjects.
    several: bool,
}

/// Lengths of outages; none if there was no outage.
pub(super) fn rto(study: &Study) -> Option<Picture> {
    picture(study, "rto", "rto_seconds.", "Share of the outages that are over after a time (RTO)")
}

/// Writes lost by takeovers, as time; none if nothing of the kind happened.
pub(super) fn rpo(study: &Study) -> Option<Picture> {
    picture(study, "rpo", "rpo_seconds", "Share of the loss events that reach back at most a time (RPO)")
}

fn picture(study: &Study, name: &'static str, prefix: &str, about: &str) -> Option<Picture> {
    let (mut panels, left_out) = panels(study, prefix);
    let groups = merge(&mut panels, study);
    let names: Vec<String> = groups.iter().map(|members| together(&study.outcome, members)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let colours = theme::coloured(names.len());
    // What has no colour would have no name, either.
    panels.iter_mut().for_each(|p| p.curves.retain(|c| colours[c.variant].is_some()));
    panels.retain(|p| !p.curves.is_empty());
    let main = panels.iter().max_by_key(|p| p.curves.iter().map(|c| c.events).sum::<u64>())?;
    let several = panels.iter().any(|p| p.subject != main.subject);
    let title = named(main, several, title(main, &names));
    let drawn = |v: &usize| panels.iter().any(|p| p.curves.iter().any(|c| c.variant == *v));
    let shown: Vec<usize> = (0..names.len()).filter(drawn).collect();

    let about = format!("{about}, by what was to blame. Steeper and further left is better.");
    let mut sheet = Sheet::new(&title, &about);
    if study.outcome.variants.len() > 1 {
        let key =
            shown.iter().filter_map(|&v| colours[v].map(|c| (SIGNS[c], SERIES[c], names[v].to_string())));
        sheet.key(&key.collect::<Vec<_>>());
    }
    let look = Look { panels: &panels, colours: &colours, several };
    for (place, panel) in sheet.grid(panels.len(), HEIGHT + 52.0).into_iter().zip(&panels) {
        draw(&mut sheet.scene, panel, &look, place);
    }
    notes(&mut sheet, &panels, (shown.len(), names.len()), left_out);
    let mut alt = vec![title.clone()];
    alt.extend(panels.iter().map(|panel| describe(panel, &names)));
    Some(Picture { name, title, alt: alt.join(". ") + ".", scene: sheet.finish(&study.outcome) })
}

/// By subject, figure and class; those with most events if there are too many. Also how many are left out.
fn panels(study: &Study, prefix: &str) -> (Vec<Panel>, usize) {
    let mut panels: Vec<Panel> = Vec::new();
    for (variant, outcome) in study.outcome.variants.iter().enumerate() {
        for d in outcome.distributions.iter().filter(|d| d.figure.starts_with(prefix)) {
            // All classes together say nothing that the classes do not.
            let Some(class) = d.class else { continue };
            let same =
                |p: &&mut Panel| p.subject == d.subject && p.figure == d.figure && p.class == Some(class);
            let curve = curve(variant, d);
            match panels.iter_mut().find(same) {
                Some(panel) => panel.curves.push(curve),
                None => panels.push(Panel {
                    subject: d.subject.clone(),
                    figure: d.figure,
                    class: Some(class),
                    curves: vec![curve],
                }),
            }
        }
    }
    let events = |p: &Panel| p.curves.iter().map(|c| c.events).sum::<u64>();
    panels.sort_by_key(|p| std::cmp::Reverse(events(p)));
    let left_out = panels.len().saturating_sub(MOST_PANELS);
    panels.truncate(MOST_PANELS);
    panels.sort_by(|a, b| (&a.subject, a.figure, a.class).cmp(&(&b.subject, b.figure, b.class)));
    (panels, left_out)
}

/// Makes one curve of equal ones: points of a sweep that are alike in every panel. Gives the variants of each.
fn merge(panels: &mut [Panel], study: &Study) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for variant in 0..study.outcome.variants.len() {
        let of = |p: &Panel, v: usize| p.curves.iter().find(|c| c.variant == v).map(|c| c.points.clone());
        if panels.iter().all(|p| of(p, variant).is_none()) {
            continue;
        }
        let alike = |members: &&mut Vec<usize>| panels.iter().all(|p| of(p, members[0]) == of(p, variant));
        match groups.iter_mut().find(alike).filter(|_| !study.outcome.axes.is_empty()) {
            Some(members) => members.push(variant),
            None => groups.push(vec![variant]),
        }
    }
    for panel in panels {
        let mut curves: Vec<Curve> = Vec::new();
        for mut curve in panel.curves.drain(..) {
            let group = groups.iter().position(|members| members.contains(&curve.variant)).unwrap_or(0);
            curve.variant = group;
            match curves.iter_mut().find(|c| c.variant == group) {
                Some(first) => first.events += curve.events,
                None => curves.push(curve),
            }
        }
        panel.curves = curves;
    }
    groups
}

fn curve(variant: usize, d: &Distribution) -> Curve {
    Curve {
        variant,
        events: d.events,
        small: d.small(),
        median: d.quantile(0.5).unwrap_or(0.0),
        points: d.points.clone(),
    }
}

/// What the events are, in the plural.
fn events(figure: &str) -> &'static str {
    match figure {
        "rto_seconds.read" => "read outages",
        "rto_seconds.write" => "write outages",
        "rto_seconds.block" => "outages",
        _ => "loss events",
    }
}

fn after(class: Option<Class>) -> &'static str {
    match class {
        None => "after anything",
        Some(Class::Node) => "after node faults",
        Some(Class::Datacenter) => "after datacenter faults",
        Some(Class::Zone) => "after zone faults",
        Some(Class::Region) => "after region faults",
        Some(Class::Store) => "after faults of the store",
        Some(Class::Link) => "after link faults",
        Some(Class::Software) => "after software faults",
        Some(Class::Maintenance) => "after maintenance",
        Some(Class::Load) => "by overload",
        Some(Class::Action) => "after actions",
    }
}

/// A title that says of which subject it is, where there are several.
fn named(panel: &Panel, several: bool, title: String) -> String {
    if several && !title.is_empty() { format!("{}: {title}", short(&panel.subject)) } else { title }
}

fn title(panel: &Panel, names: &[&str]) -> String {
    // Variants with few events say little; they count only where there are no others.
    let all_small = panel.curves.iter().all(|c| c.small);
    let known = || panel.curves.iter().filter(|c| all_small || !c.small);
    let best = known().min_by(|a, b| a.median.total_cmp(&b.median));
    let worst = known().rev().max_by(|a, b| a.median.total_cmp(&b.median));
    let (Some(best), Some(worst)) = (best, worst) else { return String::new() };
    let what = format!("alf of the {} {}", events(panel.figure), after(panel.class));
    let said = match (panel.figure, best.median) {
        ("rpo_seconds", m) if m <= 0.0 => "cost no write".to_string(),
        ("rpo_seconds", m) => format!("reach back at most {}", seconds(m)),
        (_, m) => format!("are over within {}", seconds(m)),
    };
    let few = if all_small { " (few events)" } else { "" };
    match seconds(best.median) == seconds(worst.median) {
        true if known().count() == 1 && names.len() > 1 => {
            format!("In {} h{what} {said}{few}", short(names[best.variant]))
        }
        true => format!("H{what} {said}{few}"),
        false => {
            let (a, b) = (short(names[best.variant]), short(names[worst.variant]));
            format!("H{what} {said} in {a}, {} in {b}{few}", seconds(worst.median))
        }
    }
}

fn describe(panel: &Panel, names: &[&str]) -> String {
    let medians = panel.curves.iter().map(|c| {
        format!("{} {} (of {})", names[c.variant], seconds(c.median), number::counted(c.events, "event"))
    });
    let of = format!("{}, {} {}", panel.subject, events(panel.figure), after(panel.class));
    format!("{of}, median: {}", medians.collect::<Vec<_>>().join(", "))
}

/// One axis for all panels, so that they can be compared.
fn shared_scale(panels: &[Panel], ends: Point) -> Scale {
    let values =
        || panels.iter().flat_map(|p| &p.curves).flat_map(|c| &c.points).map(|p| p.0).filter(|&x| x > 0.0);
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
    if low > high {
        return Scale::logarithmic(1.0, 3600.0, ends);
    }
    let (mut from, mut to) = (low / 1.3, high * 1.3);
    while to / from < 20.0 {
        (from, to) = (from / 1.5, to * 1.5);
    }
    // Begins at a time that has a name if there is one nearby.
    let near = [1.0, 60.0, 3600.0, 86_400.0].into_iter().find(|&unit| from >= unit && from < 2.5 * unit);
    from = near.unwrap_or(from);
    Scale::logarithmic(from, to, ends)
}

fn draw(scene: &mut Scene, panel: &Panel, look: &Look<'_>, place: Area) {
    let n: u64 = panel.curves.iter().map(|c| c.events).sum();
    let count = format!("n = {}", number::thousands(n));
    let heading = format!("{} {}", events(panel.figure), after(panel.class));
    let heading = if look.several { format!("{}: {heading}", panel.subject) } else { heading };
    let quiet = Type::new(SMALL, QUIET).end();
    let room = place.width() - quiet.width(&count) - 16.0;
    scene.text_within((place.left, place.top + TEXT + 4.0), &heading, ink(TEXT).bold(), room);
    scene.text((place.right, place.top + TEXT + 4.0), &count, quiet);
    let area = Area {
        left: place.left + 42.0,
        top: place.top + 28.0,
        right: place.right - 6.0,
        bottom: place.top + 20.0 + HEIGHT,
    };
    let zeros = panel.curves.iter().any(|c| c.points.first().is_some_and(|p| p.0 <= 0.0));
    let times = shared_scale(look.panels, (area.left + ZERO, area.right));
    let shares = Scale::linear(0.0, 1.0, (area.bottom, area.top));
    let percents = [0.0, 0.25, 0.5, 0.75, 1.0].map(|at| Tick { at, label: format!("{:.0} %", at * 100.0) });
    up(scene, area, &shares, &percents);
    let mut ticks = times.times();
    if zeros {
        let x = area.left + 4.0;
        ticks.retain(|t| times.at(t.at) > x + 30.0);
        scene.text((x, area.bottom + SMALL + 4.0), "0", Type::new(SMALL, QUIET).middle());
    }
    across(scene, area, &times, &ticks);
    scene.rule((area.left, area.bottom), (area.left + ZERO, area.bottom), AXIS);
    let lines = panel.curves.len();
    for (i, curve) in panel.curves.iter().enumerate() {
        let x = |value: f64| if value <= 0.0 { area.left + 4.0 } else { times.at(value) };
        let steps = steps(&curve.points, x, |share| shares.at(share));
        // Where curves coincide, the wider ones below show.
        let width = 1.5 + 2.0 * (lines - 1 - i) as f64 / lines as f64;
        let colour = look.colours[curve.variant].map_or(FAINT, |c| SERIES[c]);
        match curve.small {
            true => scene.dashes(&steps, (5.0, 4.0), width, colour),
            false => scene.line(&steps, width, colour),
        }
        if let Some(sign) = look.colours[curve.variant] {
            // Spread over the height, so that curves that coincide are told apart.
            let share = 0.2 + 0.7 * (sign as f64 + 0.5) / SIGNS.len() as f64;
            let at = curve.points.iter().find(|p| p.1 >= share).map_or(0.0, |p| p.0);
            scene.sign(SIGNS[sign], (x(at), shares.at(share)), 4.0, colour);
        }
    }
}

/// A staircase: from the bottom at the first value to the top at the last one.
fn steps(points: &[(f64, f64)], x: impl Fn(f64) -> f64, y: impl Fn(f64) -> f64) -> Vec<Point> {
    let mut path: Vec<Point> = Vec::new();
    let mut before = 0.0;
    for &(value, share) in points {
        path.extend([(x(value), y(before)), (x(value), y(share))]);
        before = share;
    }
    path
}

fn notes(sheet: &mut Sheet, panels: &[Panel], (shown, all): (usize, usize), left_out: usize) {
    let mut notes: Vec<String> = Vec::new();
    if panels.iter().any(|p| p.curves.iter().any(|c| c.small)) {
        notes.push("Dashed: fewer than 30 replications with such an event.".into());
    }
    if shown < all {
        notes.push(format!("Drawn are {shown} of {all}: the first, the last and some between."));
    }
    if left_out > 0 {
        notes.push(format!("Not shown: {left_out} more with fewer events."));
    }
    if !notes.is_empty() {
        sheet.note(&notes.join(" "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_staircase_begins_at_the_bottom_and_ends_at_the_top() {
        let path = steps(&[(1.0, 0.25), (3.0, 1.0)], |x| x, |y| y);
        assert_eq!(path, [(1.0, 0.0), (1.0, 0.25), (3.0, 0.25), (3.0, 1.0)]);
    }

    #[test]
    fn equal_curves_of_a_sweep_are_one() {
        let mut outcome = crate::experiment::fixture::outcome(3);
        let first = outcome.variants[0].clone();
        outcome.variants = vec![first; 3];
        let mut study = Study {
            about: crate::experiment::About::default(),
            outcome,
            promises: vec![],
            comparison: None,
            what_if: vec![],
            timelines: vec![],
        };
        let curve =
            |variant, x| Curve { variant, events: 2, small: false, median: x, points: vec![(x, 1.0)] };
        let panel = |curves| Panel { subject: "s".into(), figure: "rpo_seconds", class: None, curves };
        let panels = || vec![panel(vec![curve(0, 1.0), curve(1, 2.0), curve(2, 1.0)])];
        let mut apart = panels();
        assert_eq!(merge(&mut apart, &study), [[0], [1], [2]]);
        assert_eq!(apart, panels());
        study.outcome.axes.push(crate::experiment::sweep::Axis {
            path: "s.a".into(),
            label: "a".into(),
            unit: "",
            values: vec![],
        });
        let mut one = panels();
        assert_eq!(merge(&mut one, &study), [vec![0, 2], vec![1]]);
        let events: Vec<(usize, u64)> = one[0].curves.iter().map(|c| (c.variant, c.events)).collect();
        assert_eq!(events, [(0, 4), (1, 2)]);
    }

    #[test]
    fn medians_make_the_title() {
        let curve = |variant, median| Curve {
            variant,
            events: 40,
            small: false,
            median,
            points: vec![(median, 1.0)],
        };
        let panel =
            |figure, curves| Panel { subject: "orders".into(), figure, class: Some(Class::Zone), curves };
        let names = ["T1", "T2"];
        let said = |p: &Panel| title(p, &names);
        assert_eq!(
            said(&panel("rto_seconds.write", vec![curve(0, 4000.0), curve(1, 90.0)])),
            "Half of the write outages after zone faults are over within 90 s in T2, 67 min in T1"
        );
        assert_eq!(
            said(&panel("rto_seconds.block", vec![curve(0, 60.0), curve(1, 60.0)])),
            "Half of the outages after zone faults are over within 60 s"
        );
        assert_eq!(
            said(&panel("rpo_seconds", vec![curve(1, 0.0)])),
            "In T2 half of the loss events after zone faults cost no write"
        );
        let of = |several| named(&panel("rpo_seconds", vec![]), several, "In T2".into());
        assert_eq!([of(false), of(true)], ["In T2", "orders: In T2"]);
    }
}
