//! Drawings of results, as SVG and PNG.
//!
//! A drawing is first a scene, plain data in pixels of a page, then bytes: both formats come from the same scene
//! through the same code. What a picture says stands in its title, made from the data.

mod attribution;
mod availability;
mod cdf;
mod font;
mod price;
mod render;
mod scale;
mod scene;
mod sheet;
mod sweep;
mod theme;
mod timeline;
mod window;
mod words;

use crate::experiment::Study;
use scene::Scene;

/// A drawing of results.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// What it is, a word: `availability`, …; at most one drawing of a study has it.
    pub name: &'static str,
    /// What it shows, a sentence; it is written in the drawing, too.
    pub title: String,
    /// What there is to see, for those who cannot see it.
    pub alt: String,
    /// The drawing as an SVG element. It refers to nothing outside, and its ids begin with `plot-NAME`.
    pub svg: String,
    scene: Scene,
}

impl Drawing {
    /// The drawing as an SVG file.
    pub fn svg_file(&self) -> Vec<u8> {
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", self.svg).into_bytes()
    }

    /// The drawing as a PNG file, with two pixels for each of a page.
    pub fn png(&self) -> Vec<u8> {
        render::png(&self.scene)
    }
}

/// A drawing before it is bytes.
struct Picture {
    name: &'static str,
    title: String,
    alt: String,
    scene: Scene,
}

/// Every drawing that the study has something to show in.
pub fn svg(study: &Study) -> Vec<Drawing> {
    let pictures = [
        availability::picture,
        cdf::rto,
        cdf::rpo,
        price::picture,
        attribution::picture,
        timeline::picture,
        sweep::picture,
    ];
    pictures.iter().filter_map(|picture| picture(study)).map(drawing).collect()
}

fn drawing(picture: Picture) -> Drawing {
    let Picture { name, title, alt, scene } = picture;
    let svg = render::svg(&scene, &format!("plot-{name}"), &title, &alt);
    Drawing { name, title, alt, svg, scene }
}

#[cfg(test)]
mod tests;
