//! How the query bar looks: the query with its counts, or the editor with what is said of what is typed.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::{Counts, QueryBar};
use crate::text::width;
use crate::tui::theme::Role;
use crate::tui::widget::text::number;
use crate::tui::widget::{self, Look, draw_lines};

/// Columns of the sign before the text.
const LEAD: usize = 3;
/// Columns kept for the live count, so that the text does not move when it changes.
const COUNT_ROOM: usize = 18;

impl QueryBar {
    /// Draws the bar and returns where the cursor stands, if it is being edited.
    pub fn view(
        &self,
        look: &Look<'_>,
        buf: &mut Buffer,
        area: Rect,
        counts: &Counts,
    ) -> Option<Position> {
        let prompt = format!(" {} ", look.theme.glyphs.prompt);
        let lead = width(&prompt);
        let columns = usize::from(area.width);
        if let Some(editor) = &self.editor {
            let count = self.count_text(look);
            let room = columns.saturating_sub(lead + COUNT_ROOM);
            let wrong = self.error.as_ref().map(|e| {
                let from = e.column.saturating_sub(1);
                (from, from + e.width.max(1))
            });
            let (spans, cursor) = editor.view(look.theme, room, wrong);
            let mut line = vec![look.span(Role::Focus, prompt)];
            line.extend(spans);
            draw_lines(buf, area, [Line::from(line)]);
            let right = Rect {
                x: area.right() - (width(&count) as u16).min(area.width),
                width: (width(&count) as u16).min(area.width),
                ..area
            };
            draw_lines(buf, right, [Line::from(look.span(Role::Dim, count))]);
            let x = (lead + cursor).min(columns.saturating_sub(1));
            return (area.width > 0).then(|| Position::new(area.x + x as u16, area.y));
        }
        let mark = counts
            .mark
            .as_deref()
            .map(|m| format!("  {m}"))
            .unwrap_or_default();
        // Two blanks keep the counts apart from a query or mark that fills its room.
        let right = format!("  {} ", counts.matching);
        let right = look.cut(&right, columns.saturating_sub(lead));
        let room = columns.saturating_sub(lead + width(&right));
        let mark = look.cut(&mark, room * 2 / 3);
        let room = room - width(&mark);
        let empty = self.text.is_empty();
        let shown = if empty { "all events" } else { &self.text };
        let query = look.cut(shown, room);
        let gap = room - width(&query);
        let line = Line::from(vec![
            look.span(Role::Accent, prompt),
            look.span(if empty { Role::Dim } else { Role::Text }, query),
            look.span(Role::Warning, mark),
            Span::raw(" ".repeat(gap)),
            look.span(Role::Dim, right),
        ]);
        draw_lines(buf, area, [line]);
        None
    }

    /// `1,204 match`; an ellipsis while what is typed now is being counted.
    fn count_text(&self, look: &Look<'_>) -> String {
        let Some(shown) = self.count.shown.filter(|_| self.typed.is_some()) else {
            return String::new();
        };
        let end = if self.count.current {
            " "
        } else {
            look.theme.glyphs.ellipsis
        };
        look.cut(&format!("  {} match{end}", number(shown)), COUNT_ROOM)
    }

    /// Draws the suggestions over the top of `body`; `cursor` is where the text's cursor stands.
    pub fn view_offers(&self, look: &Look<'_>, buf: &mut Buffer, body: Rect, cursor: Position) {
        let Some(editor) = self.editor.as_ref().filter(|_| self.offers.are_shown()) else {
            return;
        };
        let written = editor.text().get(self.offers.start()..editor.cursor());
        let written = width(&look.safe(written.unwrap_or_default())) as u16;
        // The edge and the blank stand before what is written.
        let x = cursor.x.saturating_sub(written + 2);
        let (rows, chosen) = (self.offers.rows(), self.offers.chosen_index());
        widget::offers::view(look, buf, body, x, &rows, chosen);
    }

    /// What is wrong with the text being written, under the place where it is wrong.
    pub fn error_line(&self, look: &Look<'_>, columns: usize) -> Option<Line<'static>> {
        let Some(error) = &self.error else {
            let notice = self.count.notice.as_ref()?;
            let text = look.cut(&format!("   {notice}"), columns);
            return Some(Line::from(look.span(Role::Warning, text)));
        };
        // What only lacks its end is no mistake while the end is being offered.
        let editor = self.editor.as_ref()?;
        let length = editor.text().chars().count();
        if self.offers.are_shown() && error.column > length {
            return None;
        }
        let message = look.cut(&error.message, columns.saturating_sub(4));
        let room = columns.saturating_sub(LEAD + COUNT_ROOM);
        let column = editor.column_of(look.theme, room, error.column.saturating_sub(1));
        let at = (LEAD + column).min(columns.saturating_sub(1));
        let needed = width(&message) + 2;
        // Where there is no room behind the sign, the message stands before it.
        let text = if at + needed > columns && at + 1 >= needed {
            format!("{}{message} ^", " ".repeat(at + 1 - needed))
        } else {
            format!("{}^ {message}", " ".repeat(at))
        };
        Some(Line::from(look.span(Role::Alarm, look.cut(&text, columns))))
    }
}
