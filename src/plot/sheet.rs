//! What every drawing has: the finding on top, what is shown below it, where it comes from at the bottom.

use super::font;
use super::scale::{Scale, Tick};
use super::scene::{Area, Point, Scene, Type, ink};
use super::theme::{AXIS, Colour, GRID, MARGIN, QUIET, SMALL, Sign, TEXT, TITLE, WIDTH};
use crate::experiment::Outcome;
use crate::stats::number;

/// Between panels side by side.
const GAP: f64 = 22.0;

/// A drawing that grows downwards.
pub(crate) struct Sheet {
    pub(crate) scene: Scene,
    /// Where the next thing begins.
    pub(crate) y: f64,
}

impl Sheet {
    /// Begins with a finding and with words about what is shown.
    pub(crate) fn new(title: &str, about: &str) -> Sheet {
        let mut sheet = Sheet { scene: Scene { width: WIDTH, ..Scene::default() }, y: MARGIN };
        let room = WIDTH - 2.0 * MARGIN;
        sheet.y += 2.0;
        for line in font::wrap(title, TITLE, true, room, 3) {
            sheet.y += TITLE;
            sheet.scene.text((MARGIN, sheet.y), &line, ink(TITLE).bold());
            sheet.y += 5.0;
        }
        for line in font::wrap(about, TEXT, false, room, 3) {
            sheet.y += TEXT + 1.0;
            sheet.scene.text((MARGIN, sheet.y), &line, Type::new(TEXT, QUIET));
            sheet.y += 3.0;
        }
        sheet.y += 10.0;
        sheet
    }

    /// A heading of one part.
    pub(crate) fn heading(&mut self, text: &str) {
        self.y += TEXT + 4.0;
        self.scene.text_within((MARGIN, self.y), text, ink(TEXT).bold(), WIDTH - 2.0 * MARGIN);
        self.y += 8.0;
    }

    /// Entries of a key, side by side in as many lines as they need.
    pub(crate) fn key(&mut self, entries: &[(Sign, Colour, String)]) {
        let (mut x, room) = (MARGIN, WIDTH - 2.0 * MARGIN - 40.0);
        self.y += TEXT;
        for (sign, colour, text) in entries {
            let shown = font::fit(text, SMALL, false, room);
            let wide = 16.0 + font::width(&shown, SMALL, false) + 18.0;
            if x > MARGIN && x + wide - 18.0 > WIDTH - MARGIN {
                (x, self.y) = (MARGIN, self.y + SMALL + 6.0);
            }
            self.scene.sign(*sign, (x + 5.0, self.y - 4.0), 4.5, *colour);
            self.scene.text((x + 16.0, self.y), &shown, ink(SMALL));
            x += wide;
        }
        self.y += 10.0;
    }

    /// Places of panels that stand two in a row, or one over the whole width; each begins at the top of its row, and rows
    /// are this far apart.
    pub(crate) fn grid(&mut self, panels: usize, row: f64) -> Vec<Area> {
        let columns = if panels == 1 { 1 } else { 2 };
        let wide = (WIDTH - 2.0 * MARGIN - GAP * (columns - 1) as f64) / columns as f64;
        let top = self.y;
        self.y += row * panels.div_ceil(columns) as f64;
        let place = |i: usize| {
            let (left, top) =
                (MARGIN + (i % columns) as f64 * (wide + GAP), top + row * (i / columns) as f64);
            Area { left, top, right: left + wide, bottom: top }
        };
        (0..panels).map(place).collect()
    }

    /// Small words for the reader.
    pub(crate) fn note(&mut self, text: &str) {
        for line in font::wrap(text, SMALL, false, WIDTH - 2.0 * MARGIN, 3) {
            self.y += SMALL + 3.0;
            self.scene.text((MARGIN, self.y), &line, Type::new(SMALL, QUIET));
        }
        self.y += 4.0;
    }

    /// The finished drawing, with where it comes from.
    pub(crate) fn finish(mut self, outcome: &Outcome) -> Scene {
        self.y += 6.0;
        let run = number::counted(outcome.replications, "replication");
        let text = format!("{run} · seed {} · zonefall {}", outcome.seed, outcome.version);
        let right = Type::new(SMALL, QUIET).end();
        let room = WIDTH - 2.0 * MARGIN - right.width(&text) - 20.0;
        self.y += SMALL + 6.0;
        self.scene.rule((MARGIN, self.y - SMALL - 6.0), (WIDTH - MARGIN, self.y - SMALL - 6.0), GRID);
        self.scene.text_within((MARGIN, self.y), &outcome.scenario, Type::new(SMALL, QUIET), room);
        self.scene.text((WIDTH - MARGIN, self.y), &text, right);
        self.scene.height = (self.y + 12.0).ceil();
        self.scene
    }
}

/// An axis along the bottom of an area, with a line upwards at each tick.
pub(crate) fn across(scene: &mut Scene, area: Area, scale: &Scale, ticks: &[Tick]) {
    for tick in ticks {
        let x = scale.at(tick.at);
        scene.rule((x, area.top), (x, area.bottom), GRID);
        for (i, line) in tick.label.lines().enumerate() {
            let of = Type::new(SMALL, QUIET).middle();
            scene.text((x, area.bottom + SMALL + 4.0 + i as f64 * (SMALL + 3.0)), line, of);
        }
    }
    scene.rule((area.left, area.bottom), (area.right, area.bottom), AXIS);
}

/// An axis along the left of an area, with a line to the right at each tick.
pub(crate) fn up(scene: &mut Scene, area: Area, scale: &Scale, ticks: &[Tick]) {
    for tick in ticks {
        let y = scale.at(tick.at);
        scene.rule((area.left, y), (area.right, y), GRID);
        scene.text((area.left - 6.0, y + SMALL * 0.36), &tick.label, Type::new(SMALL, QUIET).end());
    }
}

/// An interval along a line of text: a bar from `low` to `high` with ends; heads where it goes on beyond the axis.
pub(crate) fn interval(scene: &mut Scene, low: (f64, bool), high: (f64, bool), y: f64, colour: Colour) {
    scene.line(&[(low.0, y), (high.0, y)], 1.75, colour);
    for ((x, beyond), towards) in [(low, -1.0), (high, 1.0)] {
        match beyond {
            true => scene.head((x, y), (towards, 0.0), colour),
            false => scene.line(&[(x, y - 3.5), (x, y + 3.5)], 1.75, colour),
        }
    }
}

/// Width of the column of names: as much as they need, within bounds.
pub(crate) fn names_width<'a>(names: impl IntoIterator<Item = &'a str>) -> f64 {
    names.into_iter().map(|name| font::width(name, TEXT, true)).fold(0.0, f64::max).min(170.0)
}

/// A name that ends at `right`, with its middle at `y`: in two small lines if it is too long for one.
pub(crate) fn name(scene: &mut Scene, text: &str, (right, y): Point, room: f64) {
    if font::width(text, TEXT, true) <= room {
        scene.text((right, y + TEXT * 0.36), text, ink(TEXT).bold().end());
        return;
    }
    let size = SMALL - 0.5;
    let lines = font::wrap(text, size, true, room, 2);
    for (i, line) in lines.iter().enumerate() {
        let up = if lines.len() > 1 { 0.5 } else { 0.0 };
        let base = y + size * 0.36 + (i as f64 - up) * (size + 1.0);
        scene.text((right, base), line, ink(size).bold().end());
    }
}
