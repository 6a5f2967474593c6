//! What a drawing consists of, in pixels of a page: lines, areas, discs and texts, in the order they are drawn.

use super::font;
use super::theme::{Colour, INK, Sign};

/// A place: to the right, down.
pub(crate) type Point = (f64, f64);

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Area {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

impl Area {
    pub(crate) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(crate) fn meets(&self, other: &Area) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

/// Which end of a text its place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Type {
    pub(crate) size: f64,
    pub(crate) bold: bool,
    pub(crate) colour: Colour,
    pub(crate) anchor: Anchor,
}

impl Type {
    pub(crate) fn new(size: f64, colour: Colour) -> Type {
        Type { size, bold: false, colour, anchor: Anchor::Start }
    }

    pub(crate) fn bold(self) -> Type {
        Type { bold: true, ..self }
    }

    pub(crate) fn middle(self) -> Type {
        Type { anchor: Anchor::Middle, ..self }
    }

    pub(crate) fn end(self) -> Type {
        Type { anchor: Anchor::End, ..self }
    }

    /// Width of a text.
    pub(crate) fn width(&self, text: &str) -> f64 {
        font::width(text, self.size, self.bold)
    }

    /// What a text covers whose base line is at `at`.
    pub(crate) fn covers(&self, text: &str, at: Point) -> Area {
        let width = self.width(text);
        let left = match self.anchor {
            Anchor::Start => at.0,
            Anchor::Middle => at.0 - width / 2.0,
            Anchor::End => at.0 - width,
        };
        Area { left, top: at.1 - 0.76 * self.size, right: left + width, bottom: at.1 + 0.22 * self.size }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    Line {
        points: Vec<Point>,
        width: f64,
        colour: Colour,
    },
    Fill {
        points: Vec<Point>,
        colour: Colour,
        opacity: f64,
    },
    Disc {
        at: Point,
        radius: f64,
        colour: Colour,
    },
    /// The base line of the text is at `at`.
    Text {
        at: Point,
        text: String,
        of: Type,
    },
}

/// A drawing as data.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Scene {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) shapes: Vec<Shape>,
}

impl Scene {
    pub(crate) fn line(&mut self, points: &[Point], width: f64, colour: Colour) {
        self.shapes.push(Shape::Line { points: points.to_vec(), width, colour });
    }

    /// A line across, for grids and axes.
    pub(crate) fn rule(&mut self, from: Point, to: Point, colour: Colour) {
        self.line(&[from, to], 1.0, colour);
    }

    /// Strokes and gaps of these lengths along a path.
    pub(crate) fn dashes(&mut self, points: &[Point], (stroke, gap): (f64, f64), width: f64, colour: Colour) {
        let mut pen = vec![];
        let (mut on, mut left) = (true, stroke);
        for pair in points.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let length = ((b.0 - a.0) * (b.0 - a.0) + (b.1 - a.1) * (b.1 - a.1)).sqrt();
            let mut done = 0.0;
            let at = |done: f64| match length > 0.0 {
                true => (a.0 + (b.0 - a.0) * done / length, a.1 + (b.1 - a.1) * done / length),
                false => a,
            };
            while done < length {
                if on && pen.is_empty() {
                    pen.push(at(done));
                }
                let step = left.min(length - done);
                done += step;
                left -= step;
                if on {
                    pen.push(at(done));
                }
                if left <= 0.0 {
                    if on {
                        self.line(&std::mem::take(&mut pen), width, colour);
                    }
                    on = !on;
                    left = if on { stroke } else { gap };
                }
            }
        }
        if pen.len() > 1 {
            self.line(&pen, width, colour);
        }
    }

    pub(crate) fn fill(&mut self, points: &[Point], colour: Colour, opacity: f64) {
        self.shapes.push(Shape::Fill { points: points.to_vec(), colour, opacity });
    }

    pub(crate) fn rect(&mut self, a: Area, colour: Colour, opacity: f64) {
        let corners = [(a.left, a.top), (a.right, a.top), (a.right, a.bottom), (a.left, a.bottom)];
        self.fill(&corners, colour, opacity);
    }

    pub(crate) fn text(&mut self, at: Point, text: &str, of: Type) {
        if !text.is_empty() {
            self.shapes.push(Shape::Text { at, text: font::printable(text), of });
        }
    }

    /// A text cut off to the room it has.
    pub(crate) fn text_within(&mut self, at: Point, text: &str, of: Type, room: f64) {
        self.text(at, &font::fit(text, of.size, of.bold, room), of);
    }

    /// A sign whose size is about twice `r`.
    pub(crate) fn sign(&mut self, sign: Sign, at: Point, r: f64, colour: Colour) {
        let (x, y) = at;
        let shape = |corners: &[Point]| -> Vec<Point> {
            corners.iter().map(|(dx, dy)| (x + dx * r, y + dy * r)).collect()
        };
        match sign {
            Sign::Disc => self.shapes.push(Shape::Disc { at, radius: r, colour }),
            Sign::Ring => {
                self.shapes.push(Shape::Disc { at, radius: r, colour });
                self.shapes.push(Shape::Disc { at, radius: r * 0.5, colour: super::theme::PAPER });
            }
            Sign::Square => {
                self.fill(&shape(&[(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)]), colour, 1.0)
            }
            Sign::Triangle => self.fill(&shape(&[(0.0, -1.15), (1.1, 0.8), (-1.1, 0.8)]), colour, 1.0),
            Sign::Down => self.fill(&shape(&[(0.0, 1.15), (1.1, -0.8), (-1.1, -0.8)]), colour, 1.0),
            Sign::Diamond => {
                self.fill(&shape(&[(0.0, -1.25), (1.1, 0.0), (0.0, 1.25), (-1.1, 0.0)]), colour, 1.0)
            }
            Sign::Cross => {
                let width = r * 0.7;
                self.line(&shape(&[(-0.9, -0.9), (0.9, 0.9)]), width, colour);
                self.line(&shape(&[(-0.9, 0.9), (0.9, -0.9)]), width, colour);
            }
        }
    }

    /// An arrow head at `tip` that points along a direction of length 1.
    pub(crate) fn head(&mut self, tip: Point, towards: Point, colour: Colour) {
        let (dx, dy) = towards;
        let back = |side: f64| (tip.0 - 7.0 * dx - side * 4.0 * dy, tip.1 - 7.0 * dy + side * 4.0 * dx);
        self.fill(&[tip, back(1.0), back(-1.0)], colour, 1.0);
    }
}

/// Text in ink at a size.
pub(crate) fn ink(size: f64) -> Type {
    Type::new(size, INK)
}
