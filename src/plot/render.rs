//! From a scene to SVG and PNG, through the same code.

use super::font;
use super::scene::{Anchor, Scene, Shape};
use super::theme::{Colour, PAPER};
use crate::text::xml;
use plotters::prelude::{BitMapBackend, DrawingBackend, RGBColor, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, ShapeStyle, TextStyle};
use std::error::Error;

/// The drawing library knows whole pixels only: it gets four for each of the page.
const SCALE: f64 = 4.0;
/// How far above its base line a text is placed, in ems: what "top" means to the two back ends.
const SVG_TOP: f64 = 0.76;
const BITMAP_TOP: f64 = font::LINE / 2.0;

fn whole(x: f64) -> i32 {
    (x * SCALE).round() as i32
}

fn style(colour: Colour, opacity: f64, width: f64) -> ShapeStyle {
    let Colour(r, g, b) = colour;
    let colour = RGBColor(r, g, b).mix(opacity);
    ShapeStyle { color: colour, filled: true, stroke_width: whole(width).max(1) as u32 }
}

fn draw<B>(scene: &Scene, to: &mut B, top: f64) -> Result<(), Box<dyn Error>>
where
    B: DrawingBackend<ErrorType: 'static>,
{
    let size = (whole(scene.width), whole(scene.height));
    to.draw_rect((0, 0), size, &style(PAPER, 1.0, 0.0), true)?;
    let places = |points: &[(f64, f64)]| {
        let mut places: Vec<(i32, i32)> = points.iter().map(|&(x, y)| (whole(x), whole(y))).collect();
        places.dedup();
        places
    };
    for shape in &scene.shapes {
        match shape {
            Shape::Line { points, width, colour } => {
                let places = places(points);
                if places.len() > 1 {
                    to.draw_path(places, &style(*colour, 1.0, *width))?;
                }
            }
            Shape::Fill { points, colour, opacity } => {
                let places = places(points);
                if places.len() > 2 {
                    to.fill_polygon(places, &style(*colour, *opacity, 0.0))?;
                }
            }
            Shape::Disc { at, radius, colour } => {
                let style = style(*colour, 1.0, 0.0);
                to.draw_circle((whole(at.0), whole(at.1)), whole(*radius) as u32, &style, true)?;
            }
            Shape::Text { at, text, of } => {
                let Colour(r, g, b) = of.colour;
                let colour = RGBColor(r, g, b);
                let across = match of.anchor {
                    Anchor::Start => HPos::Left,
                    Anchor::Middle => HPos::Center,
                    Anchor::End => HPos::Right,
                };
                let style = TextStyle::from(font::of(of.size * SCALE, of.bold))
                    .color(&colour)
                    .pos(Pos::new(across, VPos::Top));
                to.draw_text(text, &style, (whole(at.0), whole(at.1 - top * of.size)))?;
            }
        }
    }
    Ok(to.present()?)
}

/// An SVG element that may stand in a page: with a role, a title and a description, and without references to
/// anything outside. `id` must be unique in the page.
pub(crate) fn svg(scene: &Scene, id: &str, title: &str, description: &str) -> String {
    let size = (whole(scene.width), whole(scene.height));
    let mut drawn = String::new();
    let mut backend = SVGBackend::with_string(&mut drawn, (size.0 as u32, size.1 as u32));
    draw(scene, &mut backend, SVG_TOP).expect("writing to memory");
    drop(backend);
    let body = drawn.split_once(">\n").map_or("", |(_, body)| body);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {} {}\" role=\"img\" \
         aria-labelledby=\"{id}-title {id}-desc\">\n<title id=\"{id}-title\">{}</title>\n\
         <desc id=\"{id}-desc\">{}</desc>\n{body}",
        scene.width,
        scene.height,
        size.0,
        size.1,
        escape(title),
        escape(description)
    )
}

fn escape(text: &str) -> String {
    xml(&font::printable(text))
}

/// A PNG file with two pixels for each of the page, each the mean of four: smooth edges.
pub(crate) fn png(scene: &Scene) -> Vec<u8> {
    let (width, height) = (whole(scene.width) as usize & !1, whole(scene.height) as usize & !1);
    let mut fine = vec![255; width * height * 3];
    let mut backend = BitMapBackend::with_buffer(&mut fine, (width as u32, height as u32));
    draw(scene, &mut backend, BITMAP_TOP).expect("drawing in memory");
    drop(backend);
    let halved = halve(&fine, width);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width as u32 / 2, height as u32 / 2);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // 192 dots per inch, in dots per metre: shown at the size of a page.
    let dots = 7559;
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: dots, yppu: dots, unit: png::Unit::Meter }));
    let mut writer = encoder.write_header().expect("writing to memory");
    writer.write_image_data(&halved).expect("a whole picture, written to memory");
    writer.finish().expect("writing to memory");
    file
}

/// The picture at half its size; width and height are even.
fn halve(fine: &[u8], width: usize) -> Vec<u8> {
    let row = width * 3;
    let mut out = Vec::with_capacity(fine.len() / 4);
    for rows in fine.chunks_exact(2 * row) {
        let (upper, lower) = rows.split_at(row);
        for (a, b) in upper.chunks_exact(6).zip(lower.chunks_exact(6)) {
            for c in 0..3 {
                let sum = u16::from(a[c]) + u16::from(a[c + 3]) + u16::from(b[c]) + u16::from(b[c + 3]);
                out.push(((sum + 2) / 4) as u8);
            }
        }
    }
    out
}
