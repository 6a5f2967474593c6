//! How drawings look: colours that colour-blind people tell apart and that print, sizes of type, widths.

/// A colour of the drawings, opaque: red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colour(pub(crate) u8, pub(crate) u8, pub(crate) u8);

pub(crate) const PAPER: Colour = Colour(255, 255, 255);
pub(crate) const INK: Colour = Colour(33, 37, 41);
/// Text of less weight; contrast 7:1 on paper.
pub(crate) const QUIET: Colour = Colour(84, 91, 97);
pub(crate) const GRID: Colour = Colour(226, 229, 232);
pub(crate) const AXIS: Colour = Colour(130, 138, 145);
/// What is drawn for context only.
pub(crate) const FAINT: Colour = Colour(190, 196, 202);

/// Okabe and Ito's palette without its yellow, which is not seen on paper; the most distinct ones first.
pub(crate) const SERIES: [Colour; 7] = [
    Colour(0, 114, 178),
    Colour(213, 94, 0),
    Colour(0, 158, 115),
    Colour(204, 121, 167),
    Colour(230, 159, 0),
    Colour(86, 180, 233),
    Colour(60, 60, 60),
];

pub(crate) const READ: Colour = SERIES[0];
pub(crate) const WRITE: Colour = SERIES[1];
pub(crate) const BLOCK: Colour = SERIES[2];

/// Width of every drawing in pixels of a page; PNG files have twice as many.
pub(crate) const WIDTH: f64 = 760.0;
pub(crate) const MARGIN: f64 = 16.0;

pub(crate) const TITLE: f64 = 17.0;
pub(crate) const TEXT: f64 = 12.5;
pub(crate) const SMALL: f64 = 11.0;

/// Signs that tell series apart where colours do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    Disc,
    Square,
    Triangle,
    Diamond,
    Cross,
    Ring,
    Down,
}

/// One for each colour of [`SERIES`].
pub(crate) const SIGNS: [Sign; 7] =
    [Sign::Disc, Sign::Square, Sign::Triangle, Sign::Diamond, Sign::Cross, Sign::Ring, Sign::Down];

/// Colours of so many series: an index into [`SERIES`] and [`SIGNS`], or none for those drawn for context only. More
/// than there are colours: the first, the last and some evenly between.
pub(crate) fn coloured(series: usize) -> Vec<Option<usize>> {
    let most = SERIES.len();
    if series <= most {
        return (0..series).map(Some).collect();
    }
    let mut colours = vec![None; series];
    for i in 0..most {
        colours[i * (series - 1) / (most - 1)] = Some(i);
    }
    colours
}
