//! Looks by role, as a theme says: one accent colour, attributes alone without colour, and ASCII twins of glyphs.

mod colour;
pub mod palette;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::Span;

use crate::config::Depth;
use crate::text::Charset;
use palette::Palette;

macro_rules! roles {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal)*) => {
        /// What a piece of text is, so that how it looks is decided in one place.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Role {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Role {
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As in a theme's file.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

roles! {
    /// Data.
    Text "text"
    /// Chrome: labels, hints, separators.
    Dim "dim"
    /// The one accent colour.
    Accent "accent"
    /// Title of a pane without the focus.
    Title "title"
    /// Title of the pane that has the focus.
    Focus "focus"
    /// The selected row of the pane that has the focus.
    Selected "selected"
    /// The selected row elsewhere.
    Marked "marked"
    /// The cell under the column cursor.
    Cell "cell"
    /// What the query looks for.
    Match "match"
    Failure "failure"
    Alarm "alarm"
    Warning "warning"
    Good "good"
    /// The part of a text that is wrong.
    Wrong "wrong"
    /// A key in the footer and the help.
    Key "key"
    /// What was searched for inside a text.
    Found "found"
}

/// Roles to styles, and the glyphs that go with them.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    palette: Palette,
    depth: Depth,
    pub charset: Charset,
    pub glyphs: &'static Glyphs,
}

impl Theme {
    /// The dark theme, whose 16 colours read on a light ground too.
    pub fn new(colour: bool, ascii: bool) -> Self {
        let depth = if colour { Depth::Sixteen } else { Depth::None };
        Self::of(Palette::default(), depth, ascii)
    }

    pub fn of(palette: Palette, depth: Depth, ascii: bool) -> Self {
        let (charset, glyphs) = if ascii {
            (Charset::Ascii, &ASCII)
        } else {
            (Charset::Unicode, &UNICODE)
        };
        Self {
            palette,
            depth,
            charset,
            glyphs,
        }
    }

    /// Takes other colours, as many as before.
    pub fn set_palette(&mut self, palette: Palette) {
        self.palette = palette;
    }

    pub fn is_ascii(&self) -> bool {
        self.charset == Charset::Ascii
    }

    /// A span of text that is already safe.
    pub fn span(&self, role: Role, safe: impl Into<String>) -> Span<'static> {
        Span::styled(safe.into(), self.style(role))
    }

    pub fn style(&self, role: Role) -> Style {
        self.palette.style(role, self.depth)
    }

    /// Gives what has no colour of its own the theme's, where that is not the terminal's: also the blanks.
    pub fn ground(&self, buf: &mut Buffer, area: Rect) {
        let text = self.style(Role::Text);
        if text.fg.is_none() && text.bg.is_none() {
            return;
        }
        for position in area.positions() {
            let Some(cell) = buf.cell_mut(position) else {
                continue;
            };
            if let (Color::Reset, Some(fg)) = (cell.fg, text.fg) {
                cell.set_fg(fg);
            }
            if let (Color::Reset, Some(bg)) = (cell.bg, text.bg) {
                cell.set_bg(bg);
            }
        }
    }
}

/// The signs that are not letters.
#[derive(Debug)]
pub struct Glyphs {
    pub bar: &'static str,
    pub broken: &'static str,
    pub good: &'static str,
    pub bad: &'static str,
    pub on: &'static str,
    pub off: &'static str,
    pub paused: &'static str,
    pub vertical: &'static str,
    pub horizontal: &'static str,
    pub up: &'static str,
    pub down: &'static str,
    pub open: &'static str,
    pub closed: &'static str,
    pub prompt: &'static str,
    pub full: &'static str,
    pub empty: &'static str,
    pub provisional: &'static str,
    pub gone: &'static str,
    pub unparsed: &'static str,
    pub dot: &'static str,
    pub ellipsis: &'static str,
    pub at_least: &'static str,
    /// Heights of a bar, lowest first.
    pub bars: [&'static str; 8],
    /// Stands before an event that the query matches, among others.
    pub hit: &'static str,
    pub mark: &'static str,
    /// Kept as evidence.
    pub pin: &'static str,
    pub note: &'static str,
    pub here: &'static str,
}

const UNICODE: Glyphs = Glyphs {
    bar: "▌",
    broken: "⌁",
    good: "✓",
    bad: "✗",
    on: "●",
    off: "○",
    paused: "‖",
    vertical: "│",
    horizontal: "─",
    up: "▲",
    down: "▼",
    open: "▾",
    closed: "▸",
    prompt: "›",
    full: "▓",
    empty: "░",
    provisional: "◌",
    gone: "†",
    unparsed: "?",
    dot: "·",
    ellipsis: "…",
    at_least: "≥",
    bars: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    hit: "•",
    mark: "◆",
    pin: "●",
    note: "¶",
    here: "▸",
};

const ASCII: Glyphs = Glyphs {
    bar: ">",
    broken: "!",
    good: "ok",
    bad: "x",
    on: "*",
    off: "o",
    paused: "=",
    vertical: "|",
    horizontal: "-",
    up: "^",
    down: "v",
    open: "v",
    closed: ">",
    prompt: ">",
    full: "#",
    empty: ".",
    provisional: "~",
    gone: "x",
    unparsed: "?",
    dot: "-",
    ellipsis: "~",
    at_least: ">=",
    bars: [".", ":", "-", "=", "+", "*", "#", "@"],
    hit: "*",
    mark: "*",
    pin: "P",
    note: "\"",
    here: ">",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_only_attributes_are_left() {
        let theme = Theme::new(false, true);
        for role in Role::ALL {
            assert_eq!(theme.style(*role).fg, None);
        }
        assert_eq!(
            Theme::new(true, false).style(Role::Alarm).fg,
            Some(Color::Red)
        );
        assert!(format!("{ASCII:?}").is_ascii());
    }

    #[test]
    fn a_theme_with_a_ground_covers_the_whole_screen() {
        use palette::BuiltIn;
        let palette = Palette::built_in(BuiltIn::HighContrast);
        let theme = Theme::of(palette, Depth::True, false);
        let area = Rect::new(0, 0, 3, 2);
        let mut buf = Buffer::empty(area);
        buf.set_string(0, 0, "x", theme.style(Role::Alarm));
        theme.ground(&mut buf, area);
        for position in area.positions() {
            assert_eq!(buf[position].bg, Color::Rgb(0, 0, 0), "{position}");
            assert_ne!(buf[position].fg, Color::Reset);
        }
        assert_eq!(buf[(0, 0)].fg, theme.style(Role::Alarm).fg.unwrap());
    }
}
