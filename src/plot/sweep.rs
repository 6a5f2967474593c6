//! Figures against a swept setting, with intervals.

use super::Picture;
use super::scale::{Scale, Tick, compact, minutes, seconds};
use super::scene::{Area, Scene, Type, ink};
use super::sheet::{Sheet, across, up};
use super::theme::{self, FAINT, QUIET, SERIES, SIGNS, SMALL, TEXT};
use super::words::{Period, setting, short};
use crate::experiment::sweep::{Axis, Coordinate};
use crate::experiment::{Outcome, Study, VariantOutcome};
use crate::stats::number;

const HEIGHT: f64 = 170.0;
const MOST_PANELS: usize = 6;
/// Values whose ratio is larger than this need a logarithmic axis.
const WIDE: f64 = 15.0;

/// Figures that are shown where they vary, the first ones first, with words for them.
const FIGURES: [(&str, &str); 12] = [
    ("failed_minutes_per_year.write", "writes that fail"),
    ("failed_minutes_per_year.read", "reads that fail"),
    ("downtime_minutes_per_year.block", "time down"),
    ("rpo_seconds.mean", "RPO, mean of the loss events"),
    ("writes_lost.mean", "writes lost, mean of the replications"),
    ("cost_per_year", "cost of a year"),
    ("price_factor", "price, times one plain region"),
    ("rto_seconds.write.mean", "length of write outages, mean"),
    ("rto_seconds.read.mean", "length of read outages, mean"),
    ("restore_seconds.mean", "length of restores, mean"),
    ("conflicts_per_second", "conflicts per second"),
    ("stale_reads", "share of reads that are stale"),
];

/// One figure against one setting.
#[derive(Clone, Debug, PartialEq)]
struct Panel {
    heading: String,
    unit: &'static str,
    axis: String,
    /// The values of the setting, with where they lie.
    stops: Vec<Stop>,
    /// What the values are as numbers, if all are.
    numeric: bool,
    curves: Vec<Curve>,
}

#[derive(Clone, Debug, PartialEq)]
struct Stop {
    label: String,
    at: f64,
}

#[derive(Clone, Debug, PartialEq)]
struct Curve {
    label: String,
    points: Vec<Dot>,
}

#[derive(Clone, Debug, PartialEq)]
struct Dot {
    stop: usize,
    estimate: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
}

/// The drawing, if the variants are points of a sweep.
pub(super) fn picture(study: &Study) -> Option<Picture> {
    let outcome = &study.outcome;
    let several = study.outcome.subjects().len() > 1;
    let mut panels: Vec<Panel> = Vec::new();
    for axis in axes(outcome) {
        for subject in study.outcome.subjects() {
            let all = FIGURES.iter().filter_map(|figure| panel(outcome, axis, subject, figure, several));
            panels.extend(all);
        }
    }
    let varies = |p: &Panel| p.curves.iter().any(Curve::varies);
    if panels.iter().any(varies) {
        panels.retain(varies);
    } else {
        panels.truncate(1);
    }
    let left_out = panels.len().saturating_sub(MOST_PANELS);
    panels.truncate(MOST_PANELS);
    let title = title(panels.first()?);
    let mut sheet = Sheet::new(&title, "Estimates with 95 % intervals at each value of the setting.");
    let labels: Vec<String> = panels[0].curves.iter().map(|c| c.label.clone()).collect();
    let colours = theme::coloured(labels.len());
    if labels.len() > 1 {
        let entries = labels
            .iter()
            .zip(&colours)
            .filter_map(|(label, colour)| colour.map(|c| (SIGNS[c], SERIES[c], label.clone())));
        sheet.key(&entries.collect::<Vec<_>>());
    }
    for (place, panel) in sheet.grid(panels.len(), HEIGHT + 66.0).into_iter().zip(&panels) {
        draw(&mut sheet.scene, panel, place);
    }
    if left_out > 0 {
        sheet.note(&format!("Not shown: {left_out} more figures that vary; see sweep.csv."));
    }
    if colours.iter().any(Option::is_none) {
        sheet.note("Grey: settings between those that are named.");
    }
    let mut alt = vec![title.clone()];
    alt.extend(panels.iter().flat_map(|p| p.curves.iter().map(|c| describe(p, c))));
    Some(Picture { name: "sweep", title, alt: alt.join(". ") + ".", scene: sheet.finish(outcome) })
}

/// The settings that make an axis: where all are varied together, the one with most values; the others then tell
/// curves apart.
fn axes(outcome: &Outcome) -> Vec<&Axis> {
    let wide = |axis: &&Axis| axis.values.len() > 1;
    let together = outcome.variants.iter().any(|v| v.point.len() > 1);
    match together {
        true => outcome.axes.iter().rev().filter(wide).max_by_key(|a| a.values.len()).into_iter().collect(),
        false => outcome.axes.iter().filter(wide).collect(),
    }
}

fn panel(
    outcome: &Outcome,
    axis: &Axis,
    subject: &str,
    figure: &(&str, &str),
    several: bool,
) -> Option<Panel> {
    let (id, words) = figure;
    let period = Period::of(outcome);
    let numeric = axis.values.iter().all(|c| c.value.is_some());
    let mut values: Vec<&Coordinate> = axis.values.iter().collect();
    if numeric {
        values.sort_by(|a, b| a.value.unwrap_or(0.0).total_cmp(&b.value.unwrap_or(0.0)));
    }
    let stop = |(i, c): (usize, &&Coordinate)| Stop {
        label: c.label.clone(),
        at: c.value.filter(|_| numeric).unwrap_or(i as f64),
    };
    let stops = values.iter().enumerate().map(stop).collect();
    let mut unit = "";
    let mut dot = |here: &Coordinate, v: &VariantOutcome| {
        let stop = values.iter().position(|c| c.label == here.label)?;
        let m = v.metrics.iter().find(|m| m.subject == subject && m.id == *id)?;
        unit = m.unit;
        let [estimate, low, high] = [m.estimate, m.low, m.high].map(|x| match m.unit {
            "minutes/year" => x.map(|x| period.scale(x)),
            _ => x,
        });
        Some(Dot { stop, estimate, low, high })
    };
    let mut curves = Vec::new();
    for curve in outcome.curves(axis) {
        let mut points: Vec<Dot> = curve.points.iter().filter_map(|(here, v)| dot(here, v)).collect();
        points.sort_by_key(|d| d.stop);
        curves.push(Curve { label: curve.label, points });
    }
    let known = curves.iter().any(|c| c.points.iter().any(|d| d.estimate.is_some()));
    let words = if unit == "minutes/year" { format!("{words} {}", period.within) } else { words.to_string() };
    let heading = if several { format!("{subject}: {words}") } else { words };
    known.then(|| Panel { heading, unit, axis: setting(axis), stops, numeric, curves })
}

impl Curve {
    fn varies(&self) -> bool {
        let mut known = self.points.iter().filter_map(|d| d.estimate);
        known.next().is_some_and(|first| known.any(|x| x != first))
    }

    fn known(&self) -> impl DoubleEndedIterator<Item = (&Dot, f64)> {
        self.points.iter().filter_map(|d| Some((d, d.estimate?)))
    }
}

fn amount(unit: &str, x: f64) -> String {
    match unit {
        "minutes/year" => minutes(x),
        "seconds" => seconds(x),
        "fraction" => format!("{} %", number::significant(x * 100.0, 2)),
        _ => compact(x),
    }
}

fn title(panel: &Panel) -> String {
    let varied = panel.curves.iter().find(|c| c.varies()).or(panel.curves.first());
    let ends = varied.and_then(|c| Some((c, c.known().next()?, c.known().next_back()?)));
    let Some((curve, (a, x), (b, y))) = ends else { return format!("{}: undefined", panel.heading) };
    let of = |d: &Dot| short(&panel.stops[d.stop].label);
    let (x, y) = (amount(panel.unit, x), amount(panel.unit, y));
    let with = match panel.curves.len() {
        1 => String::new(),
        _ => format!(" with {}", short(&curve.label)),
    };
    let mut heading = panel.heading.chars();
    let heading = heading.next().map_or_else(String::new, |c| c.to_uppercase().chain(heading).collect());
    let between = |(_, z): &(&Dot, f64)| amount(panel.unit, *z) == x;
    if curve.known().all(|dot| between(&dot)) {
        return format!("{heading}: {x} whatever {} is{with}", panel.axis);
    }
    if x != y {
        return format!("{heading}: {x} at {} = {}, {y} at {}{with}", panel.axis, of(a), of(b));
    }
    // Both ends are alike, and something between them is not.
    let least = curve.known().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((a, 0.0));
    let most = curve.known().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((b, 0.0));
    let [(least, x), (most, y)] = [least, most].map(|(dot, z)| (of(dot), amount(panel.unit, z)));
    format!("{heading}: {x} at {} = {least}, {y} at {most}{with}", panel.axis)
}

fn describe(panel: &Panel, curve: &Curve) -> String {
    let points: Vec<String> = curve
        .known()
        .map(|(d, x)| format!("{} {}", panel.stops[d.stop].label, amount(panel.unit, x)))
        .collect();
    let label = if curve.label.is_empty() { String::new() } else { format!(", {}", curve.label) };
    format!("{} by {}{label}: {}", panel.heading, panel.axis, points.join(", "))
}

fn draw(scene: &mut Scene, panel: &Panel, place: Area) {
    scene.text_within(
        (place.left, place.top + TEXT + 4.0),
        &panel.heading,
        ink(TEXT).bold(),
        place.right - place.left,
    );
    let area = Area {
        left: place.left + 58.0,
        top: place.top + 28.0,
        right: place.right - 10.0,
        bottom: place.top + 20.0 + HEIGHT,
    };
    let (values, ticks) = values(panel, (area.bottom, area.top));
    up(scene, area, &values, &ticks);
    let stops = stops(panel, (area.left + 12.0, area.right - 12.0));
    let named =
        panel.stops.iter().map(|s| Tick { at: s.at, label: super::font::fit(&s.label, SMALL, false, 90.0) });
    across(scene, area, &stops, &stops.thin(named));
    let axis = Type::new(SMALL, QUIET).end();
    scene.text_within(
        (area.right, area.bottom + 2.0 * SMALL + 9.0),
        &panel.axis,
        axis,
        area.right - area.left,
    );
    let colours = theme::coloured(panel.curves.len());
    let mut order: Vec<(usize, &Curve)> = panel.curves.iter().enumerate().collect();
    order.sort_by_key(|(i, _)| colours[*i].is_some());
    let count = order.len() as f64;
    for (rank, (i, curve)) in order.into_iter().enumerate() {
        // Where curves coincide, the larger ones below show.
        let larger = 1.0 - (rank as f64 + 1.0) / count;
        let colour = colours[i].map_or(FAINT, |c| SERIES[c]);
        let x = |d: &Dot| stops.at(panel.stops[d.stop].at);
        for pair in curve.points.windows(2) {
            if let (Some(a), Some(b)) = (pair[0].estimate, pair[1].estimate) {
                scene.line(
                    &[(x(&pair[0]), values.at(a)), (x(&pair[1]), values.at(b))],
                    1.5 + 2.0 * larger,
                    colour,
                );
            }
        }
        for (dot, estimate) in curve.known() {
            if let (Some(low), Some(high)) = (dot.low, dot.high) {
                let (low, high) = (values.at(low), values.at(high));
                scene.line(&[(x(dot), low), (x(dot), high)], 1.25, colour);
                for y in [low, high] {
                    scene.line(&[(x(dot) - 3.0, y), (x(dot) + 3.0, y)], 1.25, colour);
                }
            }
            if let Some(sign) = colours[i] {
                scene.sign(SIGNS[sign], (x(dot), values.at(estimate)), 3.5 + 2.5 * larger, colour);
            }
        }
    }
}

fn stops(panel: &Panel, ends: (f64, f64)) -> Scale {
    let values = || panel.stops.iter().map(|s| s.at);
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    match panel.numeric && low > 0.0 && high / low >= 8.0 {
        true => Scale::logarithmic(low, high, ends),
        false => Scale::linear(low, high, ends),
    }
}

/// The axis of values with its ticks: from zero, or logarithmic where they differ a lot.
fn values(panel: &Panel, ends: (f64, f64)) -> (Scale, Vec<Tick>) {
    let all = || panel.curves.iter().flat_map(|c| c.known());
    let most = all().flat_map(|(d, x)| [Some(x), d.high]).flatten().fold(0.0, f64::max);
    let least = all().map(|(_, x)| x).filter(|&x| x > 0.0).fold(f64::INFINITY, f64::min);
    let label = |t: Tick| Tick { label: amount(panel.unit, t.at), ..t };
    if least.is_finite() && most / least > WIDE && all().all(|(_, x)| x > 0.0) {
        let scale = Scale::logarithmic(least / 1.5, most * 1.2, ends);
        let ticks = match panel.unit {
            "seconds" => scale.climb(Scale::all_times()),
            "minutes/year" => scale.climb(Scale::all_times().map(|t| Tick { at: t.at / 60.0, ..t })),
            _ => scale.climb(scale.decimal().into_iter().map(label)),
        };
        return (scale, ticks);
    }
    let scale = Scale::linear(0.0, if most > 0.0 { most } else { 1.0 }, ends);
    let ticks = match panel.unit {
        "seconds" => scale.lengths(1.0),
        "minutes/year" => scale.lengths(1.0 / 60.0),
        _ => scale.ticks(5.0).into_iter().map(label).collect(),
    };
    (scale, ticks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(values: &[Option<f64>]) -> Panel {
        let dot = |(stop, &estimate): (usize, &Option<f64>)| Dot { stop, estimate, low: None, high: None };
        let curve = Curve { label: String::new(), points: values.iter().enumerate().map(dot).collect() };
        let stops = ["1h", "4h", "16h"].iter().zip([1.0, 4.0, 16.0]);
        Panel {
            heading: "writes that fail in a year".into(),
            unit: "minutes/year",
            axis: "interval".into(),
            stops: stops.map(|(label, at)| Stop { label: label.to_string(), at }).collect(),
            numeric: true,
            curves: vec![curve],
        }
    }

    #[test]
    fn titles() {
        let said = |values: &[Option<f64>]| title(&panel(values));
        assert_eq!(
            said(&[Some(5.0), Some(6.0), Some(180.0)]),
            "Writes that fail in a year: 5 min at interval = 1h, 3 h at 16h"
        );
        assert_eq!(said(&[None, Some(6.0), None]), "Writes that fail in a year: 6 min whatever interval is");
        // The ends do not tell what lies between them.
        assert_eq!(
            said(&[Some(6.0), Some(180.0), Some(6.0)]),
            "Writes that fail in a year: 6 min at interval = 1h, 3 h at 4h"
        );
        assert_eq!(
            said(&[Some(6.0), Some(6.0), Some(6.0)]),
            "Writes that fail in a year: 6 min whatever interval is"
        );
        assert_eq!(said(&[None, None, None]), "writes that fail in a year: undefined");
    }

    #[test]
    fn axes_are_logarithmic_where_values_differ_a_lot() {
        let log = stops(&panel(&[]), (0.0, 100.0));
        assert!((log.at(4.0) - 50.0).abs() < 1e-9);
        let (scale, _) = values(&panel(&[Some(1.0), Some(10.0), Some(100.0)]), (100.0, 0.0));
        assert!((scale.at(10.0) - 50.0).abs() < 10.0);
        let (scale, ticks) = values(&panel(&[Some(0.0), Some(10.0), Some(100.0)]), (100.0, 0.0));
        assert_eq!((scale.at(50.0), ticks[0].at), (50.0, 0.0));
    }
}
