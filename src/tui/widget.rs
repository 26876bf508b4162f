//! Small parts that panes are drawn with.

pub mod line_editor;
pub mod moment;
pub mod offers;
pub mod text;
pub mod zone;

use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};
use unicode_segmentation::UnicodeSegmentation;

use super::marks::Marks;
use super::theme::{Role, Theme};
use crate::event::Timestamp;
use crate::text::width;
use zone::Zone;

/// What every view needs to know to draw.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    pub theme: &'a Theme,
    pub zone: &'a Zone,
    pub now: Timestamp,
    pub marks: &'a Marks,
    pub focused: bool,
}

impl Look<'_> {
    /// The look of a pane's title.
    pub fn title(&self) -> Role {
        if self.focused {
            Role::Focus
        } else {
            Role::Title
        }
    }

    /// The look of a selected row.
    pub fn selected(&self) -> Role {
        if self.focused {
            Role::Selected
        } else {
            Role::Marked
        }
    }

    /// One safe line of at most `columns`, made from text that may come from a log.
    pub fn cut(&self, text: &str, columns: usize) -> String {
        self.theme.charset.line(text, columns)
    }

    /// One safe line, uncut.
    pub fn safe(&self, text: &str) -> String {
        self.theme.charset.line(text, usize::MAX)
    }

    /// One safe line of exactly `columns`.
    pub fn cell(&self, text: &str, columns: usize) -> String {
        self.theme.charset.table_cell(text, columns)
    }

    /// One safe line of at most `columns`, cut at its start: of a path its end tells more.
    pub fn tail(&self, text: &str, columns: usize) -> String {
        let safe = self.safe(text);
        if width(&safe) <= columns {
            return safe;
        }
        let ellipsis = self.theme.charset.ellipsis();
        let mut start = safe.len();
        for (at, _) in safe.grapheme_indices(true).rev() {
            if width(&safe[at..]) + 1 > columns {
                break;
            }
            start = at;
        }
        let end = &safe[start..];
        if columns > 0 {
            format!("{ellipsis}{end}")
        } else {
            String::new()
        }
    }

    /// Text that is safe already, cut or filled to exactly `columns`.
    pub fn fit(&self, safe: &str, columns: usize) -> String {
        self.theme.charset.fit(safe, columns)
    }

    /// Safe lines of at most `columns`.
    pub fn wrap(&self, text: &str, columns: usize) -> Vec<String> {
        text::wrap(self.theme.charset, text, columns)
    }

    /// A span of text that is already safe.
    pub fn span(&self, role: Role, safe: impl Into<String>) -> Span<'static> {
        self.theme.span(role, safe)
    }

    /// `left`, blanks, `right`: exactly `columns`, the left part cut if both do not fit.
    pub fn justified(
        &self,
        (left_role, left): (Role, &str),
        (right_role, right): (Role, &str),
        columns: usize,
    ) -> Line<'static> {
        let right = self.cut(right, columns);
        let room = columns - width(&right);
        let gap = usize::from(!right.is_empty() && room > 0);
        let left = self.cell(left, room - gap);
        Line::from(vec![
            self.span(left_role, left),
            Span::raw(" ".repeat(gap)),
            self.span(right_role, right),
        ])
    }
}

/// Draws `lines` from the top of `area`, cut at its edges.
pub fn draw_lines(buf: &mut Buffer, area: Rect, lines: impl IntoIterator<Item = Line<'static>>) {
    for (row, line) in area.rows().zip(lines) {
        buf.set_line(row.x, row.y, &line, row.width);
    }
}

/// Draws `lines` from line `top` on, with signs in the last column where there are more above or below.
pub fn draw_scrolled(
    look: &Look<'_>,
    buf: &mut Buffer,
    area: Rect,
    lines: Vec<Line<'static>>,
    top: usize,
) {
    let below = lines.len() > top.saturating_add(usize::from(area.height));
    draw_lines(buf, area, lines.into_iter().skip(top));
    draw_more(look, buf, area, top > 0, below);
}

/// Signs in the last column of the first and the last row: there is more above, or below.
pub fn draw_more(look: &Look<'_>, buf: &mut Buffer, area: Rect, above: bool, below: bool) {
    let Some(x) = area.right().checked_sub(1).filter(|_| !area.is_empty()) else {
        return;
    };
    let glyphs = look.theme.glyphs;
    let signs = [
        (above, area.y, glyphs.up),
        (below, area.bottom() - 1, glyphs.down),
    ];
    for (_, y, sign) in signs.into_iter().filter(|(more, ..)| *more) {
        buf.set_line(x, y, &Line::from(look.span(Role::Accent, sign)), 1);
    }
}

/// Clears a place of at most `width` by `height` for an overlay in the upper part of `body`, framed by hairlines, and
/// returns the area inside.
pub fn sheet(look: &Look<'_>, buf: &mut Buffer, body: Rect, (width, height): (u16, u16)) -> Rect {
    let width = width.saturating_add(2).min(body.width);
    let height = height.saturating_add(2).min(body.height);
    let area = Rect {
        x: body.x + (body.width - width) / 2,
        y: body.y + (body.height - height) / 4,
        width,
        height,
    };
    Clear.render(area, buf);
    let glyphs = look.theme.glyphs;
    let rule = glyphs.horizontal.repeat(usize::from(width));
    let blank = " ".repeat(usize::from(width.saturating_sub(2)));
    let side = format!("{0}{blank}{0}", glyphs.vertical);
    let last = area.height.saturating_sub(1);
    let lines = (0..area.height).map(|row| {
        let text = if row == 0 || row == last {
            &rule
        } else {
            &side
        };
        Line::from(look.span(Role::Accent, text.clone()))
    });
    draw_lines(buf, area, lines);
    area.inner(Margin::new(1, 1))
}

/// The first visible of `len` lines so that line `at` stands in the middle where possible.
pub fn centred_top(at: usize, len: usize, height: usize) -> usize {
    at.saturating_sub(height / 2)
        .min(len.saturating_sub(height))
}

/// Draws a pane's title line and returns the area below it.
pub fn titled(buf: &mut Buffer, area: Rect, line: Line<'static>) -> Rect {
    draw_lines(buf, area, [line]);
    let used = area.height.min(1);
    Rect {
        y: area.y + used,
        height: area.height - used,
        ..area
    }
}
