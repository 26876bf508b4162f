//! Looks by role: one accent colour on 16 colours, attributes alone without colour, and ASCII twins of glyphs.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;

use crate::text::Charset;

/// What a piece of text is, so that how it looks is decided in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Data.
    Text,
    /// Chrome: labels, hints, separators.
    Dim,
    /// The one accent colour.
    Accent,
    /// Title of a pane without the focus.
    Title,
    /// Title of the pane that has the focus.
    Focus,
    /// The selected row of the pane that has the focus.
    Selected,
    /// The selected row elsewhere.
    Marked,
    /// The cell under the column cursor.
    Cell,
    /// What the query looks for.
    Match,
    Failure,
    Alarm,
    Warning,
    Good,
    /// The part of a text that is wrong.
    Wrong,
    /// A key in the footer and the help.
    Key,
    /// What was searched for inside a text.
    Found,
}

/// Roles to styles, and the glyphs that go with them.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    colour: bool,
    pub charset: Charset,
    pub glyphs: &'static Glyphs,
}

impl Theme {
    pub fn new(colour: bool, ascii: bool) -> Self {
        let (charset, glyphs) = if ascii {
            (Charset::Ascii, &ASCII)
        } else {
            (Charset::Unicode, &UNICODE)
        };
        Self {
            colour,
            charset,
            glyphs,
        }
    }

    pub fn is_ascii(&self) -> bool {
        self.charset == Charset::Ascii
    }

    /// A span of text that is already safe.
    pub fn span(&self, role: Role, safe: impl Into<String>) -> Span<'static> {
        Span::styled(safe.into(), self.style(role))
    }

    pub fn style(&self, role: Role) -> Style {
        let (colour, modifier) = match role {
            Role::Text => (None, Modifier::empty()),
            Role::Dim => (None, Modifier::DIM),
            Role::Accent => (Some(Color::Cyan), Modifier::empty()),
            Role::Title => (None, Modifier::DIM),
            Role::Focus => (Some(Color::Cyan), Modifier::BOLD),
            Role::Selected => (None, Modifier::REVERSED),
            Role::Marked => (None, Modifier::BOLD),
            Role::Cell => (None, Modifier::UNDERLINED),
            Role::Match => (Some(Color::Cyan), Modifier::BOLD),
            Role::Failure | Role::Warning => (Some(Color::Yellow), Modifier::empty()),
            Role::Alarm => (Some(Color::Red), Modifier::BOLD),
            Role::Good => (Some(Color::Green), Modifier::empty()),
            Role::Wrong => (Some(Color::Red), Modifier::UNDERLINED),
            Role::Key => (Some(Color::Cyan), Modifier::empty()),
            Role::Found => (Some(Color::Yellow), Modifier::REVERSED),
        };
        let style = Style::new().add_modifier(modifier);
        match colour {
            Some(colour) if self.colour => style.fg(colour),
            _ => style,
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
    note: "\"",
    here: ">",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_only_attributes_are_left() {
        let theme = Theme::new(false, true);
        for role in [
            Role::Alarm,
            Role::Failure,
            Role::Focus,
            Role::Wrong,
            Role::Key,
        ] {
            assert_eq!(theme.style(role).fg, None);
        }
        assert_eq!(
            Theme::new(true, false).style(Role::Alarm).fg,
            Some(Color::Red)
        );
        assert!(format!("{ASCII:?}").is_ascii());
    }
}
