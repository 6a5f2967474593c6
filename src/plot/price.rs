//! Price against downtime: what each variant costs and what fails of it, and which are worth considering.

use super::Picture;
use super::scale::{Scale, Tick, minutes};
use super::scene::{Area, Point, Scene, Type, ink};
use super::sheet::{Sheet, across, up};
use super::theme::{AXIS, Colour, FAINT, MARGIN, QUIET, SERIES, SMALL, Sign, TEXT, WIDTH};
use super::words::{Period, short, together};
use crate::experiment::{Study, VariantOutcome};
use crate::stats::number;

const HEIGHT: f64 = 300.0;
const FRONT: Colour = SERIES[2];
/// Values whose ratio is larger than this need a logarithmic axis.
const WIDE: f64 = 15.0;

/// One store in all variants with a price.
#[derive(Clone, Debug, PartialEq)]
struct Panel {
    subject: String,
    /// Requests that fail: `reads` or `writes`.
    kind: &'static str,
    /// Variants whose price is not known.
    unpriced: Vec<String>,
    /// Words below the axis of prices.
    axis: String,
    places: Vec<Place>,
}

#[derive(Clone, Debug, PartialEq)]
struct Place {
    variant: String,
    price: f64,
    /// The price is a bound: it may be less.
    at_most: bool,
    /// Minutes of the period that fail, with the interval.
    fails: f64,
    low: Option<f64>,
    high: Option<f64>,
    /// No other is as good in one respect and better in the other.
    front: bool,
}

/// The drawing, if variants of a store differ in price or in what fails.
pub(super) fn picture(study: &Study) -> Option<Picture> {
    let panels: Vec<Panel> =
        study.outcome.subjects().iter().flat_map(|subject| panels(study, subject)).collect();
    let first = panels.first()?;
    let period = Period::of(&study.outcome);
    let several = panels.iter().any(|p| p.subject != first.subject);
    let title = title(first, several, &period);
    let what = match panels.iter().all(|p| p.kind == first.kind) {
        true => first.kind,
        false => "requests",
    };
    let about = format!(
        "Price against {what} that fail {}, with 95 % intervals. Cheaper is further left, better further down. \
         Filled: no other variant costs less and fails less.",
        period.within
    );
    let mut sheet = Sheet::new(&title, &about);
    let mut alt = vec![title.clone()];
    for panel in &panels {
        if panels.len() > 1 {
            sheet.heading(&format!("{}, failing {}", panel.subject, panel.kind));
        }
        draw(&mut sheet, panel, &period);
        alt.extend(panel.places.iter().map(|p| {
            let price = number::significant(p.price, 3);
            let bound = if p.at_most { "at most " } else { "" };
            format!(
                "{}, {}: {bound}{price} ({}), {} of the {} fail {}",
                panel.subject,
                p.variant,
                panel.axis,
                minutes(p.fails),
                panel.kind,
                period.within
            )
        }));
    }
    Some(Picture { name: "price", title, alt: alt.join(". ") + ".", scene: sheet.finish(&study.outcome) })
}

/// Failing writes of a store, and reads where others fail.
fn panels(study: &Study, subject: &str) -> Vec<Panel> {
    let mut panels: Vec<Panel> =
        ["writes", "reads"].into_iter().filter_map(|kind| panel(study, subject, kind)).collect();
    if matches!(panels.as_slice(), [writes, reads] if writes.places == reads.places) {
        panels.truncate(1);
    }
    panels
}

fn panel(study: &Study, subject: &str, kind: &'static str) -> Option<Panel> {
    let variants = &study.outcome.variants;
    let known = |id: &str| {
        variants.iter().filter(|v| metric(v, subject, id).is_some_and(|m| m.0.or(m.2).is_some())).count()
    };
    let (id, axis) = match known("cost_per_year") >= known("price_factor").max(2) {
        true => ("cost_per_year", cost_axis(variants, subject)),
        false => {
            ("price_factor", "price, times that of one region without zones at the same throughput".into())
        }
    };
    let period = Period::of(&study.outcome);
    let known: Vec<(usize, Place)> = variants
        .iter()
        .enumerate()
        .filter_map(|(i, v)| Some((i, place(v, subject, (id, kind), &period)?)))
        .collect();
    let priced = |i: &usize| known.iter().any(|(known, _)| known == i);
    let unpriced = (0..variants.len()).filter(|i| !priced(i)).map(|i| short(&variants[i].name)).collect();
    let mut places = merged(study, &known);
    let first = places.first().map(|p| (p.price, p.fails));
    if places.iter().all(|p| Some((p.price, p.fails)) == first) {
        return None;
    }
    let others = places.clone();
    for place in &mut places {
        let beaten = |other: &Place| {
            other.price <= place.price
                && other.fails <= place.fails
                && (other.price, other.fails) != (place.price, place.fails)
        };
        place.front = !others.iter().any(beaten);
    }
    Some(Panel { subject: subject.into(), kind, unpriced, axis, places })
}

/// Points of a sweep at the same place as one, with the index of each.
fn merged(study: &Study, known: &[(usize, Place)]) -> Vec<Place> {
    let mut groups: Vec<(Vec<usize>, Place)> = Vec::new();
    for (i, place) in known {
        let same = |p: &Place| Place { variant: String::new(), ..p.clone() };
        let found = groups.iter_mut().find(|(_, p)| same(p) == same(place));
        match found.filter(|_| !study.outcome.axes.is_empty()) {
            Some((members, _)) => members.push(*i),
            None => groups.push((vec![*i], place.clone())),
        }
    }
    let named = |(members, place): (Vec<usize>, Place)| Place {
        variant: together(&study.outcome, &members),
        ..place
    };
    groups.into_iter().map(named).collect()
}

/// Money a year, in the currency that the figure's note names.
fn cost_axis(variants: &[VariantOutcome], subject: &str) -> String {
    let notes =
        variants.iter().flat_map(|v| &v.metrics).filter(|m| m.subject == subject && m.id == "cost_per_year");
    let currency = notes.filter_map(|m| m.note.strip_prefix("in ")).next();
    match currency.and_then(|note| note.split(';').next()) {
        Some(currency) => format!("{currency} a year"),
        None => "money a year".into(),
    }
}

fn metric(
    variant: &VariantOutcome,
    subject: &str,
    id: &str,
) -> Option<(Option<f64>, Option<f64>, Option<f64>)> {
    let m = variant.metrics.iter().find(|m| m.subject == subject && m.id == id)?;
    Some((m.estimate, m.low, m.high))
}

fn place(
    variant: &VariantOutcome,
    subject: &str,
    (id, kind): (&str, &str),
    period: &Period,
) -> Option<Place> {
    let (estimate, _, at_most) = metric(variant, subject, id)?;
    let failing = match kind {
        "reads" => "failed_minutes_per_year.read",
        _ => "failed_minutes_per_year.write",
    };
    let (fails, low, high) = metric(variant, subject, failing)?;
    let [fails, low, high] = [fails, low, high].map(|x| x.map(|x| period.scale(x)));
    Some(Place {
        variant: variant.name.clone(),
        price: estimate.or(at_most)?,
        at_most: estimate.is_none(),
        fails: fails?,
        low,
        high,
        front: false,
    })
}

fn title(panel: &Panel, several: bool, period: &Period) -> String {
    let front: Vec<&Place> = sorted_front(panel);
    let names = |places: &[&Place]| {
        let names: Vec<String> = places.iter().map(|p| short(&p.variant)).collect();
        match names.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
            None => String::new(),
        }
    };
    let year = |p: &Place| match p.fails {
        0.0 => "nothing seen".to_string(),
        fails => format!("{} {}", minutes(fails), period.words),
    };
    let kind = panel.kind;
    let (cheapest, best) = (front[0], front[front.len() - 1]);
    let same_price = panel.places.iter().all(|p| p.price == cheapest.price);
    let said = match front.len() {
        n if n == panel.places.len() && cheapest.fails == best.fails => {
            format!("All variants cost the same and fail as many {kind}")
        }
        n if n == panel.places.len() => {
            let times = number::significant(best.price / cheapest.price, 2);
            let (a, b) = (short(&cheapest.variant), short(&best.variant));
            format!(
                "Fewer {kind} fail where more is paid: {} in {a}, {} in {b} for {times} times the price",
                year(cheapest),
                year(best)
            )
        }
        _ if same_price => {
            format!("All cost the same; fewest {kind} fail in {}: {}", names(&front), year(best))
        }
        1 => format!("{} is the cheapest and fails the fewest {kind}: {}", short(&best.variant), year(best)),
        n if n <= 5 => {
            format!("No other costs less and fails fewer {kind} than {}; {}", names(&front), beaten(panel))
        }
        n => {
            let (a, b) = (short(&cheapest.variant), short(&best.variant));
            format!(
                "No other costs less and fails fewer {kind} than {n} of {}, from {a} to {b}; {}",
                panel.places.len(),
                beaten(panel)
            )
        }
    };
    if several { format!("{}: {said}", short(&panel.subject)) } else { said }
}

/// Who is beaten and by whom: the first of them in words, the others by number.
fn beaten(panel: &Panel) -> String {
    let mut others = panel.places.iter().filter(|p| !p.front);
    let better = |p: &Place| {
        let known = sorted_front(panel).into_iter().rev();
        known
            .filter(|f| f.price <= p.price && f.fails <= p.fails)
            .max_by(|a, b| a.price.total_cmp(&b.price))
            .cloned()
    };
    let Some((place, by)) = others.next().and_then(|p| Some((p, better(p)?))) else { return String::new() };
    let how = if by.price == place.price { "at the same price" } else { "at a lower price" };
    let more = match others.count() {
        0 => String::new(),
        1 => ", and one more is beaten".into(),
        n => format!(", and {n} more are beaten"),
    };
    format!("{} is beaten by {} {how}{more}", short(&place.variant), short(&by.variant))
}

fn sorted_front(panel: &Panel) -> Vec<&Place> {
    let mut front: Vec<&Place> = panel.places.iter().filter(|p| p.front).collect();
    front.sort_by(|a, b| a.price.total_cmp(&b.price).then(b.fails.total_cmp(&a.fails)));
    front
}

fn draw(sheet: &mut Sheet, panel: &Panel, period: &Period) {
    sheet.y += SMALL;
    let axis = format!("{} that fail {}", panel.kind, period.within);
    sheet.scene.text((MARGIN, sheet.y), &axis, Type::new(SMALL, QUIET));
    sheet.y += 8.0;
    let area =
        Area { left: MARGIN + 64.0, top: sheet.y, right: WIDTH - MARGIN - 8.0, bottom: sheet.y + HEIGHT };
    let inner = Area {
        left: area.left + 14.0,
        right: area.right - 60.0,
        top: area.top + 16.0,
        bottom: area.bottom - 14.0,
    };
    let prices = prices(panel, (inner.left, inner.right));
    let (fails, ticks) = failing(panel, (inner.bottom, inner.top));
    across(&mut sheet.scene, area, &prices, &prices.ticks(7.0));
    up(&mut sheet.scene, area, &fails, &ticks);
    sheet.scene.rule((area.left, area.top), (area.left, area.bottom), AXIS);
    let at = |p: &Place| (prices.at(p.price), fails.at(p.fails));
    let front: Vec<Point> = sorted_front(panel).into_iter().map(at).collect();
    let stairs: Vec<Point> = front.windows(2).flat_map(|w| [w[0], (w[1].0, w[0].1), w[1]]).collect();
    sheet.scene.dashes(&stairs, (4.0, 3.0), 1.5, FRONT);
    for place in &panel.places {
        mark(&mut sheet.scene, place, at(place), &fails, area);
    }
    let missing = labels(&mut sheet.scene, panel, &at, (&stairs, area));
    sheet.y = area.bottom + SMALL + 4.0 + SMALL + 8.0;
    sheet.scene.text_within((area.right, sheet.y), &panel.axis, Type::new(SMALL, QUIET).end(), area.width());
    sheet.y += 4.0;
    if missing > 0 {
        sheet
            .note(&format!("{missing} names have no room here; report.md and summary.csv have all figures."));
    }
    if !panel.unpriced.is_empty() {
        sheet.note(&format!("Of unknown price: {}.", panel.unpriced.join(", ")));
    }
    if panel.places.iter().any(|p| p.at_most) {
        sheet.note("Arrows to the left: at most this price.");
    }
}

fn prices(panel: &Panel, ends: Point) -> Scale {
    let values = || panel.places.iter().map(|p| p.price);
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
    match low > 0.0 && high / low > WIDE {
        true => Scale::logarithmic(low, high, ends),
        false => Scale::linear(
            (low - (high - low) * 0.15).max(0.0),
            if high > low { high } else { high + 1.0 },
            ends,
        ),
    }
}

/// The axis of what fails: logarithmic if it has to be, then zeros lie at its bottom.
fn failing(panel: &Panel, ends: Point) -> (Scale, Vec<Tick>) {
    let known = |p: &Place| [Some(p.fails), p.low.filter(|&low| low > 0.0), p.high];
    let values = || panel.places.iter().flat_map(known).flatten().filter(|&x| x > 0.0);
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
    if low > high {
        let scale = Scale::linear(0.0, 1.0, ends);
        return (scale, vec![Tick { at: 0.0, label: "0 min".into() }]);
    }
    if high / low <= WIDE && low.is_finite() {
        let scale = Scale::linear(0.0, high, ends);
        let ticks = scale.lengths(1.0 / 60.0);
        return (scale, ticks);
    }
    let scale = Scale::logarithmic(low / 1.5, high * 1.2, ends);
    const LENGTHS: [f64; 17] = [
        1e-4,
        1e-3,
        1.0 / 60.0,
        1.0 / 6.0,
        0.5,
        1.0,
        5.0,
        10.0,
        30.0,
        60.0,
        120.0,
        300.0,
        720.0,
        1440.0,
        7200.0,
        43_200.0,
        525_600.0,
    ];
    let ticks = LENGTHS.into_iter().map(|at| Tick { at, label: minutes(at) });
    let ticks = scale.climb(ticks);
    (scale, ticks)
}

fn mark(scene: &mut Scene, place: &Place, at: Point, fails: &Scale, area: Area) {
    let colour = if place.front { FRONT } else { QUIET };
    match (place.low, place.high) {
        (_, Some(high)) if place.fails == 0.0 => {
            // Nothing failed: below a bound, nobody knows how far.
            let top = fails.at(high);
            scene.line(&[(at.0, top), (at.0, area.bottom - 1.0)], 1.75, colour);
            scene.line(&[(at.0 - 3.5, top), (at.0 + 3.5, top)], 1.75, colour);
            scene.head((at.0, area.bottom), (0.0, 1.0), colour);
            return;
        }
        (Some(low), Some(high)) => {
            let (low, high) = (fails.at(low), fails.at(high));
            scene.line(&[(at.0, low), (at.0, high)], 1.75, colour);
            for y in [low, high] {
                scene.line(&[(at.0 - 3.5, y), (at.0 + 3.5, y)], 1.75, colour);
            }
        }
        _ => {}
    }
    if place.at_most {
        let end = (at.0 - 22.0).max(area.left);
        scene.line(&[(end, at.1), at], 1.75, colour);
        scene.head((end, at.1), (-1.0, 0.0), colour);
    }
    scene.sign(if place.front { Sign::Disc } else { Sign::Ring }, at, 5.0, colour);
}

/// Names beside the points, where they cover nothing; gives the number of those without a place.
fn labels(
    scene: &mut Scene,
    panel: &Panel,
    at: &dyn Fn(&Place) -> Point,
    (stairs, area): (&[Point], Area),
) -> usize {
    let mut taken: Vec<Area> = panel.places.iter().map(|p| around(at(p), 6.5)).collect();
    taken.extend(stairs.windows(2).map(|w| Area {
        left: w[0].0.min(w[1].0) - 1.0,
        right: w[0].0.max(w[1].0) + 1.0,
        top: w[0].1.min(w[1].1) - 1.0,
        bottom: w[0].1.max(w[1].1) + 1.0,
    }));
    let mut missing = 0;
    let mut order: Vec<&Place> = panel.places.iter().collect();
    order.sort_by_key(|p| !p.front);
    for place in order {
        let (x, y) = at(place);
        let of = if place.front { ink(TEXT).bold() } else { Type::new(TEXT, QUIET) };
        let name = super::font::fit(&place.variant, of.size, of.bold, 330.0);
        let near = [1.0, 2.2, 3.6, 5.0, 6.5].into_iter().flat_map(|far| {
            let d = 9.0 * far;
            [
                (x + d * 0.9, y - d * 0.6, of),
                (x + d, y + 4.0, of),
                (x + d * 0.8, y + d * 0.8 + 8.0, of),
                (x - d, y + 4.0, of.end()),
                (x - d * 0.8, y - d * 0.8, of.end()),
                (x - d * 0.8, y + d * 0.8 + 8.0, of.end()),
            ]
            .map(|(x, y, of)| (far, (x, y), of))
        });
        let free = near.into_iter().find(|(_, place, of)| {
            let covers = of.covers(&name, *place);
            let inside = covers.left > area.left + 2.0
                && covers.right < WIDTH - MARGIN
                && covers.top > area.top - 12.0;
            inside && covers.bottom < area.bottom - 2.0 && !taken.iter().any(|t| t.meets(&covers))
        });
        let Some((far, place, of)) = free else {
            missing += 1;
            continue;
        };
        let covers = of.covers(&name, place);
        if far > 1.0 {
            let end = if covers.left > x { covers.left - 2.0 } else { covers.right + 2.0 };
            scene.line(&[(x, y), (end, place.1 - 4.0)], 0.75, FAINT);
        }
        scene.text(place, &name, of);
        taken.push(covers);
    }
    missing
}

fn around((x, y): Point, by: f64) -> Area {
    Area { left: x - by, top: y - by, right: x + by, bottom: y + by }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(list: &[(&str, f64, f64)]) -> Panel {
        let place = |&(variant, price, fails): &(&str, f64, f64)| Place {
            variant: variant.into(),
            price,
            at_most: false,
            fails,
            low: Some(fails * 0.9),
            high: Some(fails * 1.1),
            front: true,
        };
        Panel {
            subject: "orders".into(),
            kind: "writes",
            unpriced: vec![],
            axis: "price".into(),
            places: list.iter().map(place).collect(),
        }
    }

    #[test]
    fn titles_say_who_is_worth_the_price() {
        let said = |list, dominated: &[usize]| {
            let mut panel = places(list);
            dominated.iter().for_each(|&i| panel.places[i].front = false);
            let period = Period { minutes: 525_600.0, words: "a year".into(), within: "in a year".into() };
            title(&panel, false, &period)
        };
        assert_eq!(
            said(&[("T1", 1.0, 180.0), ("T3", 2.5, 9.0)], &[]),
            "Fewer writes fail where more is paid: 3 h a year in T1, 9 min a year in T3 for 2.5 times the price"
        );
        assert_eq!(
            said(&[("T1", 1.0, 9.0), ("T3", 2.0, 90.0)], &[1]),
            "T1 is the cheapest and fails the fewest writes: 9 min a year"
        );
        assert_eq!(
            said(&[("a", 1.0, 9.0), ("b", 1.0, 90.0)], &[1]),
            "All cost the same; fewest writes fail in a: 9 min a year"
        );
        assert_eq!(
            said(&[("a", 1.0, 9.0), ("b", 1.0, 9.0)], &[]),
            "All variants cost the same and fail as many writes"
        );
        assert_eq!(
            said(
                &[("T1", 1.0, 90.0), ("we-decide", 2.0, 9.0), ("two-regions", 2.0, 30.0), ("c", 3.0, 9.0)],
                &[2, 3]
            ),
            "No other costs less and fails fewer writes than T1 and we-decide; two-regions is beaten by we-decide at \
             the same price, and one more is beaten"
        );
    }
}
