//! A backend that writes little, for slow links: within a row the cursor moves by a distance instead of to a place,
//! and a change of style is one sequence with the short codes of the 16 colours.
//!
//! Sequences are those of ECMA-48 (CUP, CUF, SGR), which every terminal since the VT100 knows.

use std::fmt::Write as _;
use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};

/// Draws with few bytes; everything else is crossterm's.
pub struct Sparing<W: Write> {
    inner: CrosstermBackend<W>,
    out: String,
}

impl<W: Write> Sparing<W> {
    pub fn new(writer: W) -> Self {
        Self {
            inner: CrosstermBackend::new(writer),
            out: String::new(),
        }
    }
}

/// How the next character will look.
#[derive(Clone, Copy, Default, PartialEq)]
struct Pen {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

/// The codes that set a modifier, and that take it away.
const CODES: [(Modifier, u8, u8); 9] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::SLOW_BLINK, 5, 25),
    (Modifier::RAPID_BLINK, 6, 25),
    (Modifier::REVERSED, 7, 27),
    (Modifier::HIDDEN, 8, 28),
    (Modifier::CROSSED_OUT, 9, 29),
];

impl Pen {
    fn of(cell: &Cell) -> Self {
        Self {
            fg: cell.fg,
            bg: cell.bg,
            modifier: cell.modifier,
        }
    }

    /// The sequence that turns this pen into `to`.
    fn change(self, to: Self, out: &mut String) {
        if self == to {
            return;
        }
        out.push_str("\x1b[");
        let start = out.len();
        if to == Self::default() {
            out.push('m');
            return;
        }
        let mut kept = self.modifier;
        let gone = self.modifier.difference(to.modifier);
        let mut last = 0;
        for (modifier, _, off) in CODES {
            if gone.contains(modifier) {
                if off != last {
                    parameter(start, off, out);
                }
                last = off;
                // The other one of a pair went with it.
                for (other, _, code) in CODES {
                    if code == off {
                        kept.remove(other);
                    }
                }
            }
        }
        for (modifier, on, _) in CODES {
            if to.modifier.contains(modifier) && !kept.contains(modifier) {
                parameter(start, on, out);
            }
        }
        for (to, from, base) in [(to.fg, self.fg, 30), (to.bg, self.bg, 40)] {
            if to != from {
                colour(to, base, start, out);
            }
        }
        out.push('m');
    }
}

/// A parameter of the sequence whose parameters began at `start`.
fn parameter(start: usize, value: u8, out: &mut String) {
    let separator = if out.len() == start { "" } else { ";" };
    let _ = write!(out, "{separator}{value}");
}

/// The code of a colour; `base` is 30 for text and 40 for what is behind it.
fn colour(colour: Color, base: u8, start: usize, out: &mut String) {
    let plain = |n: u8| base + n;
    let bright = |n: u8| base + 60 + n;
    let code = match colour {
        Color::Reset => base + 9,
        Color::Black => plain(0),
        Color::Red => plain(1),
        Color::Green => plain(2),
        Color::Yellow => plain(3),
        Color::Blue => plain(4),
        Color::Magenta => plain(5),
        Color::Cyan => plain(6),
        Color::Gray => plain(7),
        Color::DarkGray => bright(0),
        Color::LightRed => bright(1),
        Color::LightGreen => bright(2),
        Color::LightYellow => bright(3),
        Color::LightBlue => bright(4),
        Color::LightMagenta => bright(5),
        Color::LightCyan => bright(6),
        Color::White => bright(7),
        Color::Indexed(n) => {
            parameter(start, base + 8, out);
            let _ = write!(out, ";5;{n}");
            return;
        }
        Color::Rgb(r, g, b) => {
            parameter(start, base + 8, out);
            let _ = write!(out, ";2;{r};{g};{b}");
            return;
        }
    };
    parameter(start, code, out);
}

/// Writes cells; they come in order of rows and columns.
fn write_cells<'a>(content: impl Iterator<Item = (u16, u16, &'a Cell)>, out: &mut String) {
    let mut pen = Pen::default();
    // Where the next cell is, and whether the cursor is there for certain: not after what terminals may hold to be
    // of another width.
    let mut next: Option<(u16, u16)> = None;
    let mut certain = false;
    for (x, y, cell) in content {
        match next {
            Some(next) if next == (x, y) => {}
            Some((column, row)) if row == y && column < x && certain => {
                let _ = match x - column {
                    1 => write!(out, "\x1b[C"),
                    n => write!(out, "\x1b[{n}C"),
                };
            }
            _ => {
                let _ = write!(out, "\x1b[{};{}H", y + 1, x + 1);
                certain = true;
            }
        }
        let to = Pen::of(cell);
        pen.change(to, out);
        pen = to;
        out.push_str(cell.symbol());
        certain &= cell.symbol().len() == 1 || is_drawing(cell.symbol());
        next = Some((x + 1, y));
    }
    pen.change(Pen::default(), out);
}

/// Box drawing and block elements, which every terminal that knows them shows in one column.
fn is_drawing(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    matches!(
        (chars.next(), chars.next()),
        (Some('\u{2500}'..='\u{259f}'), None)
    )
}

impl<W: Write> Backend for Sparing<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        self.out.clear();
        write_cells(content, &mut self.out);
        self.inner.write_all(self.out.as_bytes())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        // Ratatui asks for it last of all, and prints an error: to a terminal that is gone, which would be a panic.
        let _ = self.inner.show_cursor();
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.inner.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.inner.clear()
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.inner.clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        self.inner.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.inner)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    const SYMBOLS: [&str; 12] = [
        "a", "Z", " ", "7", "─", "█", "日", "é", "e\u{301}", "⌁", "●", "x",
    ];
    const COLOURS: [Color; 8] = [
        Color::Reset,
        Color::Red,
        Color::Cyan,
        Color::DarkGray,
        Color::White,
        Color::Black,
        Color::Indexed(130),
        Color::Rgb(1, 2, 3),
    ];
    const MODIFIERS: [Modifier; 5] = [
        Modifier::BOLD,
        Modifier::DIM,
        Modifier::ITALIC,
        Modifier::UNDERLINED,
        Modifier::REVERSED,
    ];

    type Word = (u16, u16, usize, usize, usize, u8);

    /// A screen with words in any style at any place.
    fn screen(words: &[Word]) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 30, 6));
        for (x, y, symbol, fg, bg, modifiers) in words {
            let mut style = Style::new().fg(COLOURS[*fg]).bg(COLOURS[*bg]);
            for (n, modifier) in MODIFIERS.iter().enumerate() {
                if modifiers >> n & 1 == 1 {
                    style = style.add_modifier(*modifier);
                }
            }
            let text = SYMBOLS[*symbol].repeat(1 + usize::from(modifiers % 4));
            buffer.set_string(*x, *y, text, style);
        }
        // Bold and dim at once are one or the other, as the terminal likes.
        for cell in &mut buffer.content {
            if cell.modifier.contains(Modifier::BOLD) {
                cell.modifier.remove(Modifier::DIM);
            }
        }
        buffer
    }

    fn parser() -> vt100::Parser {
        vt100::Parser::new(6.try_into().unwrap(), 30.try_into().unwrap(), 0)
    }

    fn looks(parser: &vt100::Parser) -> Vec<String> {
        let cell = |row, column| {
            let cell = parser.screen().cell(row, column).unwrap();
            let contents = if cell.contents().is_empty() {
                " "
            } else {
                cell.contents()
            };
            format!(
                "{contents} {:?} {:?} {}{}{}{}{}",
                cell.fgcolor(),
                cell.bgcolor(),
                cell.bold(),
                cell.dim(),
                cell.italic(),
                cell.underline(),
                cell.inverse()
            )
        };
        (0..6)
            .flat_map(|row| (0..30).map(move |column| cell(row, column)))
            .collect()
    }

    proptest! {
        /// A terminal shows the same as with crossterm's own backend, whatever was there before, in fewer bytes.
        #[test]
        fn a_terminal_shows_what_crossterm_would(
            before in prop::collection::vec((0u16..28, 0u16..6, 0usize..12, 0usize..8, 0usize..8, 0u8..32), 0..20),
            after in prop::collection::vec((0u16..28, 0u16..6, 0usize..12, 0usize..8, 0usize..8, 0u8..32), 0..20),
        ) {
            let (mut spare, mut usual) = (parser(), parser());
            let mut last = Buffer::empty(Rect::new(0, 0, 30, 6));
            for words in [before, after] {
                let next = screen(&words);
                let mut ours = Vec::new();
                Sparing::new(&mut ours).draw(last.diff(&next).into_iter()).unwrap();
                let mut theirs = Vec::new();
                CrosstermBackend::new(&mut theirs).draw(last.diff(&next).into_iter()).unwrap();
                prop_assert!(ours.len() <= theirs.len());
                spare.process(&ours);
                usual.process(&theirs);
                for (ours, theirs) in looks(&spare).iter().zip(looks(&usual)) {
                    prop_assert_eq!(ours, &theirs);
                }
                last = next;
            }
        }
    }

    #[test]
    fn moves_are_short_and_styles_one_sequence() {
        let mut out = String::new();
        let buffer = screen(&[
            (0, 0, 0, 1, 0, 1),
            (4, 0, 0, 0, 0, 0),
            (5, 2, 6, 0, 0, 0),
            (7, 2, 0, 0, 0, 0),
        ]);
        let empty = Buffer::empty(Rect::new(0, 0, 30, 6));
        write_cells(empty.diff(&buffer).into_iter(), &mut out);
        assert_eq!(
            out,
            "\x1b[1;1H\x1b[1;31maa\x1b[2C\x1b[ma\x1b[3;6H日\x1b[3;8Ha"
        );
    }
}
