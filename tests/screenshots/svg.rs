//! A terminal's buffer as SVG: one text element for each run of cells that look alike, held on the grid by its length, so
//! that it looks the same whatever monospace font the reader has.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// Pixels a cell is wide and high, and the empty border around all of them.
const CELL: (usize, usize) = (8, 18);
const BORDER: usize = 16;

/// A monospace letter is 0.6 of this wide: one cell.
const FONT: &str = "13.3";

const BACKGROUND: &str = "#16181d";
const FOREGROUND: &str = "#d8dbe2";
const DIM: &str = "#7d8492";

pub(super) fn picture(buffer: &Buffer) -> String {
    let (columns, rows) = (
        usize::from(buffer.area.width),
        usize::from(buffer.area.height),
    );
    let width = columns * CELL.0 + 2 * BORDER;
    let height = rows * CELL.1 + 2 * BORDER;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n\
         <g font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace\" font-size=\"{FONT}\" xml:space=\"preserve\">\n"
    );
    for (y, row) in buffer.content().chunks(columns).enumerate() {
        let mut x = 0;
        while x < columns {
            let look = look(&row[x]);
            let start = x;
            let mut text = String::new();
            // A symbol two cells wide is followed by a cell that only keeps its place.
            while x < columns && self::look(&row[x]) == look {
                text.push_str(row[x].symbol());
                x += auditty::text::width(row[x].symbol()).max(1);
            }
            run(&mut out, &look, &text, start, x - start, y);
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// What terminals draw themselves, so that it joins from cell to cell.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Horizontal,
    Vertical,
    Bar,
}

/// How a cell looks: colour of its text, of what is behind it, and the rest.
#[derive(PartialEq)]
struct Look {
    text: &'static str,
    behind: Option<&'static str>,
    bold: bool,
    underlined: bool,
    shape: Option<Shape>,
}

fn look(cell: &Cell) -> Look {
    let has = |modifier| cell.modifier.contains(modifier);
    let text = match cell.fg {
        Color::Red => "#ff6b68",
        Color::Green => "#8fcf7a",
        Color::Yellow => "#e5c05c",
        Color::Cyan => "#5cc8d7",
        Color::Reset if has(Modifier::DIM) => DIM,
        Color::Reset => FOREGROUND,
        other => panic!("the picture has no colour for {other:?}"),
    };
    let (text, behind) = if has(Modifier::REVERSED) {
        (BACKGROUND, Some(text))
    } else {
        (text, None)
    };
    Look {
        text,
        behind,
        bold: has(Modifier::BOLD),
        underlined: has(Modifier::UNDERLINED),
        shape: match cell.symbol() {
            "─" => Some(Shape::Horizontal),
            "│" => Some(Shape::Vertical),
            "▌" => Some(Shape::Bar),
            _ => None,
        },
    }
}

fn run(out: &mut String, look: &Look, text: &str, column: usize, cells: usize, row: usize) {
    let (x, top) = (BORDER + column * CELL.0, BORDER + row * CELL.1);
    let width = cells * CELL.0;
    if let Some(behind) = look.behind {
        rect(out, [x, top, width, CELL.1], behind);
    }
    match look.shape {
        Some(Shape::Horizontal) => rect(out, [x, top + CELL.1 / 2, width, 1], look.text),
        Some(Shape::Vertical) => rect(out, [x + CELL.0 / 2, top, 1, CELL.1], look.text),
        Some(Shape::Bar) => rect(out, [x, top, CELL.0 / 2, CELL.1], look.text),
        None if look.underlined => words(out, look, text, x, top),
        None => {
            // What stands apart gets a place of its own, for readers that know nothing of a text's length.
            let mut left = text;
            let mut x = x;
            while !left.is_empty() {
                let gap = left.len() - left.trim_start_matches(' ').len();
                x += gap * CELL.0;
                left = &left[gap..];
                let (word, rest) = left.split_at(left.find("  ").unwrap_or(left.len()));
                words(out, look, word.trim_end(), x, top);
                x += auditty::text::width(word) * CELL.0;
                left = rest;
            }
        }
    }
}

fn rect(out: &mut String, [x, y, width, height]: [usize; 4], fill: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"/>"
    );
}

fn words(out: &mut String, look: &Look, text: &str, x: usize, top: usize) {
    if text.is_empty() {
        return;
    }
    let weight = if look.bold {
        " font-weight=\"bold\""
    } else {
        ""
    };
    let line = if look.underlined {
        " text-decoration=\"underline\""
    } else {
        ""
    };
    let _ = writeln!(
        out,
        "<text x=\"{x}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{weight}{line}>{}</text>",
        top + 13,
        auditty::text::width(text) * CELL.0,
        look.text,
        escaped(text)
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[test]
fn a_run_is_one_element_on_the_grid() {
    use ratatui::style::Style;
    let mut buffer = Buffer::empty(ratatui::layout::Rect::new(0, 0, 8, 1));
    buffer.set_string(0, 0, "a<b", Style::new());
    buffer.set_string(
        3,
        0,
        "界!",
        Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
    );
    buffer.set_string(6, 0, "──", Style::new());
    let drawn = picture(&buffer);
    assert!(
        drawn.contains("x=\"16\" y=\"29\" textLength=\"24\""),
        "{drawn}"
    );
    assert!(drawn.contains(">a&lt;b</text>"), "{drawn}");
    assert!(
        drawn.contains("x=\"40\" y=\"29\" textLength=\"24\""),
        "{drawn}"
    );
    assert!(
        drawn.contains("fill=\"#ff6b68\" font-weight=\"bold\">界!</text>"),
        "{drawn}"
    );
    assert!(
        drawn.contains("<rect x=\"64\" y=\"25\" width=\"16\" height=\"1\""),
        "{drawn}"
    );
    assert_eq!(drawn.matches("<text").count(), 2);
}
