//! The font of the drawings: how wide texts are, and how to make them fit.

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};
use std::sync::Once;

/// Fonts that SVG files ask for. The first two have letters as wide as the embedded ones.
pub(crate) const FAMILY: &str = "DejaVu Sans, Verdana, Helvetica, sans-serif";
/// A line of the embedded fonts is this many times as high as their letters' em (assets/font/README.md).
pub(crate) const LINE: f64 = 1.24;
/// Texts are measured this many times as large: the drawing library knows whole pixels only.
const FINE: f64 = 16.0;

const REGULAR: &[u8] = include_bytes!("../../assets/font/ZonefallSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../assets/font/ZonefallSans-Bold.ttf");

fn embed() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        for (style, bytes) in [(FontStyle::Normal, REGULAR), (FontStyle::Bold, BOLD)] {
            assert!(register_font(FAMILY, style, bytes).is_ok(), "the embedded font can be read");
        }
    });
}

/// The font at a size in pixels per em.
pub(crate) fn of(size: f64, bold: bool) -> FontDesc<'static> {
    embed();
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    FontDesc::new(FontFamily::Name(FAMILY), size * LINE, style)
}

/// A text without line breaks and what else XML does not take.
pub(crate) fn printable(text: &str) -> String {
    let safe = |c: char| match c {
        '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        c if c.is_control() => ' ',
        c => c,
    };
    text.chars().map(safe).collect()
}

/// Width of a text in pixels. Letters that the embedded fonts lack are taken for a full em, as other fonts draw
/// the widest of them.
pub(crate) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let narrow = |c: &char| matches!(u32::from(*c), 0..0x250 | 0x370..0x400 | 0x2000..0x2300);
    let known: String = text.chars().filter(narrow).collect();
    let others = text.chars().count() - known.chars().count();
    let measured = of(size * FINE, bold).box_size(&known).map_or(0.0, |(w, _)| f64::from(w));
    measured / FINE + others as f64 * size
}

/// The text, or as much of its beginning and its end as fits, with an ellipsis between: names differ at either end.
pub(crate) fn fit(text: &str, size: f64, bold: bool, room: f64) -> String {
    if width(text, size, bold) <= room {
        return text.into();
    }
    let letters: Vec<char> = text.chars().collect();
    let cut = |n: usize| shorten(&letters, n);
    let (mut fits, mut too_long) = (0, letters.len());
    while fits + 1 < too_long {
        let middle = (fits + too_long) / 2;
        match width(&cut(middle), size, bold) <= room {
            true => fits = middle,
            false => too_long = middle,
        }
    }
    cut(fits)
}

/// So many of the letters, more than half of them from the beginning, with an ellipsis for the others.
pub(crate) fn shorten(letters: &[char], kept: usize) -> String {
    let end = kept / 2;
    let begin: String = letters[..kept - end].iter().collect();
    let end: String = letters[letters.len() - end..].iter().collect();
    format!("{}…{}", begin.trim_end(), end.trim_start())
}

/// Words that stay on a line with what is before them: the units of numbers.
fn is_unit(word: &str) -> bool {
    let word = word.trim_end_matches([',', ';', '.', ')', ':']);
    ["ms", "s", "min", "h", "d", "y", "%", "times", "M", "G"].contains(&word)
}

/// Words of a text; a number and its unit are one, and so are a setting and its value.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_ascii_whitespace() {
        match words.last_mut() {
            Some(before)
                if word == "="
                    || before.ends_with(" =")
                    || (is_unit(word) && before.ends_with(|c: char| c.is_ascii_digit())) =>
            {
                before.push(' ');
                before.push_str(word);
            }
            _ => words.push(word.into()),
        }
    }
    words
}

/// The text in lines that fit, at most `most` of them; the last one is cut if need be.
pub(crate) fn wrap(text: &str, size: f64, bold: bool, room: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words(text) {
        let full = lines.len() == most;
        match lines.last_mut() {
            Some(line) if full || width(&format!("{line} {word}"), size, bold) <= room => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines.iter().map(|line| fit(line, size, bold, room)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_measured_and_cut() {
        // The advance of a digit is 1303 of 2048 units.
        assert!((width("0000", 100.0, false) - 4.0 * 100.0 * 1303.0 / 2048.0).abs() < 0.5);
        assert!(width("mm", 12.0, true) > width("mm", 12.0, false));
        assert_eq!(width("\u{4e16}\u{754c}", 12.0, false), 24.0);
        assert_eq!(fit("short", 12.0, false, 100.0), "short");
        let cut = fit("a very long name of a variant", 12.0, false, 100.0);
        assert!(cut.starts_with("a very") && cut.ends_with("ariant") && cut.contains('…'), "{cut}");
        assert!(width(&cut, 12.0, false) <= 100.0, "{cut}");
        assert_eq!(fit("x", 12.0, false, 0.0), "…");
    }

    #[test]
    fn texts_are_wrapped() {
        let text = "some words that do not fit into one line of that width";
        let lines = wrap(text, 12.0, false, 120.0, 9);
        assert!(lines.len() > 2 && lines.iter().all(|l| width(l, 12.0, false) <= 120.0), "{lines:?}");
        assert_eq!(lines.join(" "), text);
        let two = wrap(text, 12.0, false, 120.0, 2);
        assert!(two.len() == 2 && two[1].contains('…') && two[1].ends_with("width"), "{two:?}");
        assert_eq!(wrap("", 12.0, false, 120.0, 2), [""; 0]);
        assert_eq!(wrap("it takes 3 h, or 12 %", 12.0, false, 60.0, 9), ["it takes", "3 h, or", "12 %"]);
        assert_eq!(wrap("at decide = 1h", 12.0, false, 80.0, 9), ["at", "decide = 1h"]);
    }
}
