//! Colours as they are written in a theme, and what is nearest to them on a terminal with fewer.

use ratatui::style::Color;

use crate::config::Depth;

/// The sixteen by name, in the order of their numbers.
const NAMES: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright-black",
    "bright-red",
    "bright-green",
    "bright-yellow",
    "bright-blue",
    "bright-magenta",
    "bright-cyan",
    "bright-white",
];

const SIXTEEN: [Color; 16] = [
    Color::Black,
    Color::Red,
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::Magenta,
    Color::Cyan,
    Color::Gray,
    Color::DarkGray,
    Color::LightRed,
    Color::LightGreen,
    Color::LightYellow,
    Color::LightBlue,
    Color::LightMagenta,
    Color::LightCyan,
    Color::White,
];

/// What the sixteen usually look like.
const USUAL: [[u8; 3]; 16] = [
    [0, 0, 0],
    [205, 0, 0],
    [0, 205, 0],
    [205, 205, 0],
    [0, 0, 238],
    [205, 0, 205],
    [0, 205, 205],
    [229, 229, 229],
    [127, 127, 127],
    [255, 0, 0],
    [0, 255, 0],
    [255, 255, 0],
    [92, 92, 255],
    [255, 0, 255],
    [0, 255, 255],
    [255, 255, 255],
];

/// How a colour may be written.
pub(super) const ALLOWED: &str = "a name (black red green yellow blue magenta cyan white, bright-red …), a number from 0 to 255, \"#rrggbb\" or \"default\"";

/// Reads one colour; the inner `None` = the terminal's own.
pub(super) fn read(text: &str) -> Option<Option<Color>> {
    if text == "default" {
        return Some(None);
    }
    if let Some(at) = NAMES.iter().position(|name| *name == text) {
        return Some(Some(SIXTEEN[at]));
    }
    if let Some(hex) = text.strip_prefix('#') {
        let part = |from: usize| u8::from_str_radix(hex.get(from..from + 2)?, 16).ok();
        let whole = hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit());
        return whole
            .then(|| Some(Color::Rgb(part(0)?, part(2)?, part(4)?)))
            .filter(Option::is_some);
    }
    text.parse().ok().map(|number| Some(Color::Indexed(number)))
}

/// The colour itself, or the nearest one that a terminal of `depth` has.
pub(super) fn fitted(colour: Color, depth: Depth) -> Option<Color> {
    match (depth, colour) {
        (Depth::None, _) => None,
        (Depth::True, _) => Some(colour),
        (Depth::Indexed, Color::Rgb(r, g, b)) => {
            let nearest = nearest([r, g, b], 16..=255);
            Some(Color::Indexed(nearest))
        }
        (Depth::Sixteen, Color::Rgb(..) | Color::Indexed(_)) => {
            let nearest = nearest(rgb(colour)?, 0..=15);
            SIXTEEN.get(usize::from(nearest)).copied()
        }
        _ => Some(colour),
    }
}

/// What a colour looks like; `None` for the terminal's own.
pub(super) fn rgb(colour: Color) -> Option<[u8; 3]> {
    match colour {
        Color::Rgb(r, g, b) => Some([r, g, b]),
        Color::Indexed(number) => Some(indexed(number)),
        named => {
            let at = SIXTEEN.iter().position(|c| *c == named)?;
            Some(USUAL[at])
        }
    }
}

/// The 256 colours: sixteen, a cube of 6 by 6 by 6, 24 greys.
fn indexed(number: u8) -> [u8; 3] {
    match number {
        0..=15 => USUAL[usize::from(number)],
        16..=231 => {
            let n = number - 16;
            [n / 36, n / 6 % 6, n % 6].map(|level| if level == 0 { 0 } else { 55 + 40 * level })
        }
        232.. => [8 + 10 * (number - 232); 3],
    }
}

fn nearest(wanted: [u8; 3], among: std::ops::RangeInclusive<u8>) -> u8 {
    let distance = |number: &u8| -> u32 {
        let have = indexed(*number);
        let parts = wanted.iter().zip(have);
        parts.map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
    };
    among.min_by_key(distance).unwrap_or(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_in_three_spellings() {
        for (text, colour) in [
            ("default", Some(None)),
            ("cyan", Some(Some(Color::Cyan))),
            ("bright-white", Some(Some(Color::White))),
            ("208", Some(Some(Color::Indexed(208)))),
            ("#ff8700", Some(Some(Color::Rgb(255, 135, 0)))),
            ("#ff87", None),
            ("#ff87é", None),
            ("#+f8700", None),
            ("256", None),
            ("pink", None),
            ("", None),
        ] {
            assert_eq!(read(text), colour, "{text}");
        }
    }

    #[test]
    fn fewer_colours_give_the_nearest() {
        let orange = Color::Rgb(255, 135, 0);
        assert_eq!(fitted(orange, Depth::True), Some(orange));
        assert_eq!(fitted(orange, Depth::Indexed), Some(Color::Indexed(208)));
        assert_eq!(
            fitted(Color::Rgb(200, 5, 5), Depth::Sixteen),
            Some(Color::Red)
        );
        assert_eq!(
            fitted(Color::Indexed(231), Depth::Sixteen),
            Some(Color::White)
        );
        assert_eq!(fitted(Color::Red, Depth::None), None);
    }
}
