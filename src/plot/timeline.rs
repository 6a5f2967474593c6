//! One replication as swim lanes: faults, the write region, outages by phase, and what waits or is missing.

use super::Picture;
use super::scale::{Scale, Tick, compact, seconds};
use super::scene::{Area, Scene, Type, ink};
use super::sheet::{Sheet, across};
use super::theme::{Colour, FAINT, GRID, INK, MARGIN, PAPER, QUIET, SERIES, SMALL, Sign, WIDTH, WRITE};
use super::window::{Window, is_outage, window};
use super::words::short;
use crate::experiment::Study;
use crate::experiment::worst::Timeline;
use crate::sim::observe::{Phase, Series, Span, Track};
use crate::stats::number::counted;
use crate::units::Time;

const LANE: f64 = 24.0;
const CHART: f64 = 40.0;
/// Lanes of faults and charts at most.
const MOST_FAULTS: usize = 10;
const MOST_CHARTS: usize = 8;
const NAMES: f64 = 184.0;

/// What is drawn: lanes and charts of a window.
struct Picked<'a> {
    window: Window,
    faults: Vec<&'a Track>,
    regions: Vec<&'a Track>,
    outages: Vec<&'a Track>,
    charts: Vec<(&'a Series, Vec<(Time, f64)>)>,
    left_out: usize,
}

/// The drawing, if a timeline was kept and anything lasted in it.
pub(super) fn picture(study: &Study) -> Option<Picture> {
    let down = |t: &&Timeline| -> u64 {
        let spans = t.tracks.iter().filter(|t| is_outage(t)).flat_map(|t| &t.spans);
        spans.fold(0, |sum, s| sum.saturating_add((s.to - s.from).ns()))
    };
    let candidates = study.timelines.iter().filter(|t| window(t).is_some());
    let timeline = candidates.rev().max_by_key(down)?;
    let picked = pick(timeline)?;
    let title = title(timeline, &picked);
    let from = picked.window.begin.since(Time::ZERO);
    let about = format!(
        "Variant {}, replication {}: its worst outage, from {from} after the start (time 0).",
        short(&timeline.variant),
        timeline.replication
    );
    let mut sheet = Sheet::new(&title, &about);
    draw(&mut sheet, &picked);
    if picked.left_out > 0 {
        sheet.note(&format!(
            "Not shown: {} with short faults or numbers in this time.",
            counted(picked.left_out as u64, "more object")
        ));
    }
    let alt = describe(&title, &picked);
    Some(Picture { name: "timeline", title, alt, scene: sheet.finish(&study.outcome) })
}

fn pick(timeline: &Timeline) -> Option<Picked<'_>> {
    let window = window(timeline)?;
    let meets = |track: &&Track| track.spans.iter().any(|s| window.meets(s.from, s.to));
    let of = |wanted: fn(&Track) -> bool| -> Vec<&Track> {
        timeline.tracks.iter().filter(|t| wanted(t)).filter(meets).collect()
    };
    let mut faults = of(|t| t.what == "fault");
    let all_faults = faults.len();
    faults.retain(|t| t.spans.iter().any(|s| worth_a_lane(s, window)));
    faults.sort_by_key(|t| (rank(&t.object), std::cmp::Reverse(visible(t, window))));
    let mut charts: Vec<(&Series, Vec<(Time, f64)>)> = timeline
        .series
        .iter()
        .map(|series| (series, cut(series, window)))
        .filter(|(_, points)| points.iter().any(|p| p.1 > 0.0))
        .collect();
    charts.sort_by_key(|(series, _)| match series.what {
        "failing-write" => 0,
        "failing-read" => 1,
        "missing" => 2,
        "damaged" => 3,
        _ => 4,
    });
    faults.truncate(MOST_FAULTS);
    let left_out = all_faults - faults.len() + charts.len().saturating_sub(MOST_CHARTS);
    charts.truncate(MOST_CHARTS);
    Some(Picked {
        window,
        faults,
        regions: of(|t| t.what == "write-region"),
        outages: of(is_outage),
        charts,
        left_out,
    })
}

/// Whether a fault has to do with the outage, or lasted long enough to be seen.
fn worth_a_lane(span: &Span, window: Window) -> bool {
    let (from, to) = (span.from.max(window.from), span.to.min(window.to));
    let seen = from <= to && (to - from).ns() >= (window.to - window.from).ns() / 200;
    seen || (span.from <= window.begin && span.to >= window.begin)
}

/// Nanoseconds of a track within the window.
fn visible(track: &Track, window: Window) -> u64 {
    let parts = track.spans.iter().map(|s| s.to.min(window.to).since(s.from.max(window.from)).ns());
    parts.fold(0, u64::saturating_add)
}

/// Larger things first.
fn rank(object: &str) -> usize {
    let kinds = ["region:", "link:", "store:", "zone:", "datacenter:", "node:"];
    kinds.iter().position(|kind| object.starts_with(kind)).unwrap_or(kinds.len())
}

/// The part of a series in a window: its values at both ends and what lies between.
fn cut(series: &Series, window: Window) -> Vec<(Time, f64)> {
    let value = |at: Time| {
        let after = series.points.partition_point(|p| p.0 <= at);
        match (after.checked_sub(1).map(|i| series.points[i]), series.points.get(after)) {
            (None, _) => 0.0,
            (Some(last), None) => last.1 as f64,
            (Some((t0, a)), Some(&(t1, b))) => {
                let share = at.since(t0).ns() as f64 / t1.since(t0).ns().max(1) as f64;
                a as f64 + (b - a) as f64 * share
            }
        }
    };
    let between = series.points.iter().filter(|p| p.0 > window.from && p.0 < window.to);
    let mut points = vec![(window.from, value(window.from))];
    points.extend(between.map(|&(at, value)| (at, value as f64)));
    points.push((window.to, value(window.to)));
    points
}

/// The phases of one lane within the window, longest first.
fn phases(track: &Track, window: Window) -> Vec<(&str, f64)> {
    let mut sums: Vec<(&str, f64)> = Vec::new();
    for span in track.spans.iter().filter(|s| s.from >= window.begin && s.from <= window.end) {
        let length = (span.to - span.from).as_secs_f64();
        match sums.iter_mut().find(|(state, _)| *state == span.state) {
            Some((_, sum)) => *sum += length,
            None => sums.push((&span.state, length)),
        }
    }
    sums.sort_by(|a, b| b.1.total_cmp(&a.1));
    sums
}

fn name(object: &str) -> &str {
    object.split_once(':').map_or(object, |(_, name)| name)
}

fn title(timeline: &Timeline, picked: &Picked<'_>) -> String {
    let total = |track: &Track| phases(track, picked.window).iter().map(|p| p.1).sum::<f64>();
    let Some(worst) = picked.outages.iter().rev().max_by(|a, b| total(a).total_cmp(&total(b))) else {
        return format!("Nothing is out in {}, whatever fails", short(&timeline.variant));
    };
    let parts = phases(worst, picked.window);
    let (all, subject) = (total(worst), short(name(&worst.object)));
    if worst.what == "block" {
        return format!("{subject} is down for {}", seconds(all));
    }
    let both = picked.outages.iter().filter(|t| t.object == worst.object && total(t) == all).count() > 1;
    let kinds = match (both, worst.what) {
        (true, _) => "Reads and writes",
        (_, "read") => "Reads",
        _ => "Writes",
    };
    let why = match parts.first() {
        Some((state, _)) if parts.len() == 1 => format!(", all of it {}", wait(state)),
        Some((state, length)) => {
            format!(", {:.0} % of it {}", (100.0 * length / all.max(1e-9)).round().min(99.0), wait(state))
        }
        None => String::new(),
    };
    format!("{kinds} of {subject} fail for {}{why}", seconds(all))
}

/// A phase as an activity.
fn wait(state: &str) -> &str {
    match state {
        "detect" => "until the loss is noticed",
        "decide" => "until somebody decides",
        "promote" => "until a region is promoted",
        "redirect" => "until clients use the new region",
        "reconfigure" => "until a quorum drops its lost members",
        "repair" => "until the fault ends",
        "request" => "until a restore is asked for",
        "restore" => "until a backup is copied",
        "rebuild" => "until replicas are filled",
        "catch-up" => "until a copy has caught up",
        "overload" => "from too little throughput",
        other => other,
    }
}

fn describe(title: &str, picked: &Picked<'_>) -> String {
    let mut parts = vec![title.to_string()];
    for track in &picked.outages {
        let sums = phases(track, picked.window);
        let told: Vec<String> =
            sums.iter().map(|(state, length)| format!("{state} {}", seconds(*length))).collect();
        if !told.is_empty() {
            parts.push(format!("{}, {}: {}", name(&track.object), track.what, told.join(", ")));
        }
    }
    for (series, points) in &picked.charts {
        let most = points.iter().map(|p| p.1).fold(0.0, f64::max);
        parts.push(format!(
            "{}, {}: up to {}",
            name(&series.object),
            words(series.what),
            amount(series, most)
        ));
    }
    parts.join(". ") + "."
}

fn words(what: &str) -> &str {
    match what {
        "failing-write" => "failing writes",
        "failing-read" => "failing reads",
        "missing" => "missing writes",
        "damaged" => "damaged writes",
        "backlog" => "writes behind",
        "write-region" => "write region",
        "write" => "write outage",
        "read" => "read outage",
        other => other,
    }
}

fn amount(series: &Series, most: f64) -> String {
    match series.unit {
        "ppm" => format!("{} %", compact(most / 10_000.0)),
        _ => compact(most.max(0.0)),
    }
}

fn draw(sheet: &mut Sheet, picked: &Picked<'_>) {
    let window = picked.window;
    let area = Area { left: MARGIN + NAMES, top: sheet.y, right: WIDTH - MARGIN - 4.0, bottom: 0.0 };
    let since = |at: Time| signed(at, window.begin);
    let scale = Scale::linear(since(window.from), since(window.to), (area.left, area.right));
    let lanes = picked.faults.len() + picked.regions.len() + picked.outages.len();
    let heading = |groups: &[bool]| groups.iter().filter(|shown| **shown).count() as f64 * 20.0;
    let groups = [
        !picked.faults.is_empty(),
        !picked.regions.is_empty(),
        !picked.outages.is_empty(),
        !picked.charts.is_empty(),
    ];
    let height = lanes as f64 * LANE + picked.charts.len() as f64 * (CHART + 8.0) + heading(&groups) + 4.0;
    let area = Area { bottom: area.top + height, ..area };
    let outage = Area { left: scale.at(0.0), right: scale.at(since(window.end)), ..area };
    sheet.scene.rect(outage, WRITE, 0.07);
    across(&mut sheet.scene, area, &scale, &times(&scale, since(window.from), since(window.to)));
    let at = |time: Time| scale.at(since(time));
    for (group, tracks) in
        [("Faults", &picked.faults), ("Write region", &picked.regions), ("Outages", &picked.outages)]
    {
        if tracks.is_empty() {
            continue;
        }
        group_name(sheet, group);
        if group == "Outages" {
            phase_key(&mut sheet.scene, tracks, window, (area.left, sheet.y));
        }
        for track in tracks {
            lane(&mut sheet.scene, track, picked, sheet.y, &at);
            sheet.y += LANE;
        }
    }
    if !picked.charts.is_empty() {
        group_name(sheet, "Numbers");
    }
    for (series, points) in &picked.charts {
        let place =
            Area { left: area.left, right: area.right, top: sheet.y + 2.0, bottom: sheet.y + 2.0 + CHART };
        chart(&mut sheet.scene, series, points, place, &at);
        sheet.y += CHART + 8.0;
    }
    sheet.y = area.bottom + SMALL + 10.0;
}

fn group_name(sheet: &mut Sheet, name: &str) {
    sheet.y += 20.0;
    sheet.scene.text((MARGIN, sheet.y - 5.0), name, ink(SMALL).bold());
}

/// The phases that are seen, with their colours.
fn phase_key(scene: &mut Scene, tracks: &[&Track], window: Window, (left, y): (f64, f64)) {
    let mut x = left;
    for phase in Phase::ALL {
        let is = |span: &Span| span.state == phase.word() && window.meets(span.from, span.to);
        let wide = Type::new(SMALL, QUIET).width(phase.word()) + 28.0;
        if !tracks.iter().any(|t| t.what != "block" && t.spans.iter().any(is)) || x + wide > WIDTH - MARGIN {
            continue;
        }
        scene.sign(Sign::Square, (x + 5.0, y - 9.0), 4.5, phase_colour(phase.word()));
        scene.text((x + 14.0, y - 5.0), phase.word(), Type::new(SMALL, QUIET));
        x += wide;
    }
}

/// Seconds from one instant to another, below 0 if it is earlier.
fn signed(at: Time, from: Time) -> f64 {
    if at >= from { (at - from).as_secs_f64() } else { -(from - at).as_secs_f64() }
}

/// Round lengths of time before and after the beginning.
fn times(scale: &Scale, from: f64, to: f64) -> Vec<Tick> {
    const STEPS: [f64; 22] = [
        1.0,
        2.0,
        5.0,
        10.0,
        15.0,
        30.0,
        60.0,
        120.0,
        300.0,
        600.0,
        900.0,
        1800.0,
        3600.0,
        7200.0,
        10_800.0,
        21_600.0,
        43_200.0,
        86_400.0,
        172_800.0,
        432_000.0,
        864_000.0,
        2_592_000.0,
    ];
    let room = |step: &f64| scale.at(from + step) - scale.at(from) >= 78.0;
    let step = STEPS.into_iter().find(room).unwrap_or((to - from) / 5.0);
    let first = libm::ceil(from / step) as i64;
    let last = libm::floor(to / step) as i64;
    // One unit for all of them.
    let (size, unit) = match step {
        s if s < 60.0 => (1.0, "s"),
        s if s < 3600.0 => (60.0, "min"),
        s if s < 86_400.0 => (3600.0, "h"),
        _ => (86_400.0, "d"),
    };
    let label = |at: f64| match at {
        0.0 => "0".to_string(),
        at => format!("{}{} {unit}", if at < 0.0 { "−" } else { "+" }, compact(at.abs() / size)),
    };
    (first..=last).map(|i| i as f64 * step).map(|at| Tick { at, label: label(at) }).collect()
}

fn lane(scene: &mut Scene, track: &Track, picked: &Picked<'_>, y: f64, at: &dyn Fn(Time) -> f64) {
    let window = picked.window;
    let label = match track.what {
        "read" | "write" => format!("{}: {}s", name(&track.object), track.what),
        "fault" => track.object.clone(),
        _ => name(&track.object).to_string(),
    };
    let base = y + LANE / 2.0 + SMALL * 0.36;
    scene.text_within((MARGIN + 10.0, base), &label, ink(SMALL), NAMES - 22.0);
    scene.rule((MARGIN, y + LANE), (WIDTH - MARGIN - 4.0, y + LANE), GRID);
    let mut written_to = f64::NEG_INFINITY;
    for span in track.spans.iter().filter(|s| window.meets(s.from, s.to)) {
        let (left, right) = (at(span.from.max(window.from)), at(span.to.min(window.to)));
        let bar = Area { left, right: right.max(left + 1.5), top: y + 4.0, bottom: y + LANE - 4.0 };
        let bar = Area { right: bar.right.min(WIDTH - MARGIN - 4.0), ..bar };
        let colour = colour(track, span);
        scene.rect(bar, colour, 1.0);
        scene.line(&[(bar.left, bar.top), (bar.left, bar.bottom)], 1.0, PAPER);
        let text = match (track.what, span.detail.as_str()) {
            ("fault", "") => span.state.clone(),
            ("fault", detail) => format!("{} · {detail}", span.state),
            _ => span.state.clone(),
        };
        let of = Type::new(SMALL, readable_on(colour));
        let shown = [text, span.state.clone()].into_iter().find(|t| of.width(t) <= bar.width() - 8.0);
        if let Some(shown) = shown.filter(|_| bar.left + 4.0 >= written_to) {
            scene.text((bar.left + 5.0, base), &shown, of);
            written_to = bar.left + 5.0 + of.width(&shown);
        }
    }
}

fn colour(track: &Track, span: &Span) -> Colour {
    match track.what {
        "fault" => match span.state.as_str() {
            "destroy" => INK,
            "degrade" | "partial" | "maintenance" | "lag" => Colour(150, 157, 163),
            _ => Colour(95, 102, 108),
        },
        // Neighbours differ, the same region always looks the same.
        "write-region" => {
            let mut names: Vec<&str> = track.spans.iter().map(|s| s.state.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            let index = names.iter().position(|n| *n == span.state).unwrap_or(0);
            [Colour(198, 219, 239), Colour(199, 233, 217), Colour(243, 217, 232), Colour(233, 227, 199)]
                [index % 4]
        }
        "block" => SERIES[2],
        _ => phase_colour(&span.state),
    }
}

/// The colour of a phase, the same in every drawing.
pub(super) fn phase_colour(word: &str) -> Colour {
    let phase = Phase::ALL.iter().find(|p| p.word() == word);
    match phase {
        Some(Phase::Detect) => SERIES[4],
        Some(Phase::Decide) => SERIES[3],
        Some(Phase::Provision) => Colour(150, 150, 40),
        Some(Phase::Promote) => SERIES[0],
        Some(Phase::Redirect) => SERIES[5],
        Some(Phase::Reconfigure) => SERIES[2],
        Some(Phase::Repair) => SERIES[1],
        Some(Phase::Request) => Colour(170, 136, 95),
        Some(Phase::Restore) => Colour(120, 80, 40),
        Some(Phase::Rebuild) => Colour(100, 110, 160),
        Some(Phase::CatchUp) => Colour(120, 170, 60),
        Some(Phase::Overload) => SERIES[6],
        None => FAINT,
    }
}

/// Ink or paper, whichever is read more easily on a colour.
pub(super) fn readable_on(Colour(r, g, b): Colour) -> Colour {
    let light = 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b);
    if light > 140.0 { INK } else { PAPER }
}

fn chart(scene: &mut Scene, series: &Series, points: &[(Time, f64)], place: Area, at: &dyn Fn(Time) -> f64) {
    let colour = match series.what {
        "failing-write" => WRITE,
        "failing-read" => SERIES[0],
        "missing" => SERIES[3],
        "damaged" => SERIES[6],
        _ => SERIES[5],
    };
    let most = points.iter().map(|p| p.1).fold(0.0, f64::max);
    let scale = Scale::linear(0.0, most, (place.bottom, place.top + 3.0));
    let line: Vec<(f64, f64)> = points.iter().map(|&(time, value)| (at(time), scale.at(value))).collect();
    let mut under = line.clone();
    under.extend([(place.right, place.bottom), (place.left, place.bottom)]);
    scene.fill(&under, colour, 0.25);
    scene.line(&line, 1.5, colour);
    scene.rule((MARGIN, place.bottom), (place.right, place.bottom), GRID);
    let middle = (place.top + place.bottom) / 2.0;
    let object = name(&series.object);
    scene.text_within((MARGIN + 10.0, middle - 3.0), object, ink(SMALL), NAMES - 22.0);
    let text = format!("{}, max {}", words(series.what), amount(series, most));
    scene.text_within((MARGIN + 10.0, middle + SMALL + 1.0), &text, Type::new(SMALL, QUIET), NAMES - 20.0);
    scene.sign(Sign::Square, (MARGIN + 3.0, middle + SMALL - 3.0), 3.0, colour);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Duration;

    #[test]
    fn series_are_cut_at_the_window() {
        let at = |s: u64| Time::ZERO + Duration::from_secs(s);
        let series = Series {
            object: "store:orders".into(),
            what: "missing",
            unit: "writes",
            points: vec![(at(10), 0), (at(20), 100), (at(20), 40), (at(40), 0)],
        };
        let window = Window { from: at(15), to: at(30), begin: at(16), end: at(20) };
        assert_eq!(cut(&series, window), [(at(15), 50.0), (at(20), 100.0), (at(20), 40.0), (at(30), 20.0)]);
        let later = Window { from: at(50), to: at(60), begin: at(50), end: at(60) };
        assert_eq!(cut(&series, later), [(at(50), 0.0), (at(60), 0.0)]);
        let before = Window { from: at(0), to: at(5), begin: at(0), end: at(5) };
        assert_eq!(cut(&series, before), [(at(0), 0.0), (at(5), 0.0)]);
    }

    #[test]
    fn ticks_count_from_the_beginning() {
        let scale = Scale::linear(-700.0, 4000.0, (0.0, 500.0));
        let labels: Vec<String> = times(&scale, -700.0, 4000.0).into_iter().map(|t| t.label).collect();
        assert_eq!(labels, ["0", "+15 min", "+30 min", "+45 min", "+60 min"]);
    }
}
