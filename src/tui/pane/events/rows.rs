//! The list as it is drawn: title, rows, what is highlighted in them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

use super::columns::{self, When};
use super::{Events, SIDES};
use crate::engine::Hit;
use crate::event::Event;
use crate::event::field::Field;
use crate::tui::columns::Column;
use crate::tui::theme::Role;
use crate::tui::widget::{Look, draw_lines, draw_more, text, titled};

impl Events {
    pub fn view(&self, look: &Look<'_>, buf: &mut Buffer, area: Rect, empty: &[String]) {
        let area = titled(buf, area, self.title(look, area.width));
        if self.window.is_empty() {
            let width = usize::from(area.width.saturating_sub(4));
            let lines = empty.iter().flat_map(|line| look.wrap(line, width));
            let lines = lines.map(|line| Line::from(look.span(Role::Text, format!("    {line}"))));
            draw_lines(buf, area, std::iter::once(Line::default()).chain(lines));
            return;
        }
        let columns = self.columns.fitting(area.width.saturating_sub(SIDES));
        let above = self.offset > 0 || self.window.more_older;
        let shown = self.offset + usize::from(area.height);
        let below = shown < self.window.len() || self.window.more_newer;
        for (row, area) in area.rows().enumerate() {
            let index = self.offset + row;
            let Some(hit) = self.window.get(index) else {
                break;
            };
            let previous = index.checked_sub(1).filter(|_| row > 0);
            let previous = previous.and_then(|i| self.window.get(i)).map(|h| &*h.event);
            let selected = index == self.selected;
            buf.set_line(
                area.x,
                area.y,
                &self.row(look, hit, previous, &columns, selected),
                area.width,
            );
            if selected {
                let rest = Rect {
                    x: area.x + area.width.min(1),
                    width: area.width.saturating_sub(1),
                    ..area
                };
                buf.set_style(rest, look.theme.style(look.selected()));
            }
        }
        draw_more(look, buf, area, above, below);
    }

    fn row(
        &self,
        look: &Look<'_>,
        hit: &Hit,
        previous: Option<&Event>,
        columns: &[(Column, u16)],
        selected: bool,
    ) -> Line<'static> {
        let bar = if selected { look.theme.glyphs.bar } else { " " };
        let mut spans = vec![look.span(Role::Accent, bar)];
        let event = &*hit.event;
        let matching = self.matcher.as_ref().map(|m| m.matches(event, hit.verdict));
        // In context mode the neighbours stand back, and a sign says which rows are the query's own.
        let neighbour = matching == Some(false);
        // The last sign stands where a blank would be before the first column.
        let mut signs = columns::signs(look, hit);
        if let [.., (role, sign)] = &mut signs
            && *sign == " "
            && matching == Some(true)
        {
            (*role, *sign) = (Role::Match, look.theme.glyphs.hit);
        }
        spans.extend(signs.map(|(role, sign)| look.span(role, sign)));
        let bare = event.actor.is_none() && event.action.is_none() && event.target.is_none();
        let is_words = |c: &Column| {
            matches!(
                c,
                Column::Field(Field::Actor | Field::Action | Field::Target)
            )
        };
        // Where nothing says who did what, the record's own line takes their place, unless columns were chosen.
        let spread = bare && !self.columns.is_chosen();
        let words: u16 = columns
            .iter()
            .filter(|(c, _)| is_words(c))
            .map(|(_, w)| w + 1)
            .sum();
        // What was done to nothing that has a name is told by the message, where no column has that.
        let has_message = |(c, _): &(Column, u16)| *c == Column::Field(Field::Message);
        let untold = event.target.is_none()
            && event.message.is_some()
            && !self.columns.is_chosen()
            && !columns.iter().any(has_message);
        let when = self.when();
        for (i, (column, width)) in columns.iter().enumerate() {
            let mut width = usize::from(*width);
            let is_actor = *column == Column::Field(Field::Actor);
            let (mut role, text, field) = if spread && is_words(column) {
                if !is_actor {
                    continue;
                }
                width = usize::from(words.saturating_sub(1));
                (Role::Text, event.summary(), Some(Field::Message))
            } else if bare && is_actor || untold && *column == Column::Field(Field::Target) {
                (Role::Text, event.summary(), Some(Field::Message))
            } else {
                let (role, text) = columns::cell(look, hit, previous, when, (column, width as u16));
                let field = match column {
                    Column::Field(field) => Some(*field),
                    Column::Attribute(_) => None,
                };
                (role, text, field)
            };
            if neighbour && role == Role::Text {
                role = Role::Dim;
            }
            let mut style = look.theme.style(role);
            if selected && *column == self.column {
                style = style.patch(look.theme.style(Role::Cell));
            }
            if i > 0 {
                spans.push(Span::raw(" "));
            }
            spans.extend(match field {
                Some(field) => self.highlighted(look, field, &text, width, style),
                None => vec![Span::styled(look.cell(&text, width), style)],
            });
        }
        Line::from(spans)
    }

    fn when(&self) -> When {
        When {
            style: self.style,
            selected: self.selected().and_then(|h| h.event.ts),
        }
    }

    /// A cell with what the query looks for in it set off.
    fn highlighted(
        &self,
        look: &Look<'_>,
        field: Field,
        text: &str,
        width: usize,
        style: Style,
    ) -> Vec<Span<'static>> {
        let cell = look.cell(text, width);
        if self.highlight.is_empty() {
            return vec![Span::styled(cell, style)];
        }
        // Found in the whole text as it is shown, since a cut may go through a match.
        let whole = look.safe(text);
        let same = cell
            .char_indices()
            .zip(whole.chars())
            .take_while(|((_, a), b)| a == b)
            .last()
            .map_or(0, |((at, c), _)| at + c.len_utf8());
        let mut spans = Vec::new();
        let mut at = 0;
        for found in self.highlight.ranges(field, &whole) {
            let (from, to) = (found.start.max(at), found.end.min(same));
            if from >= to {
                continue;
            }
            spans.push(Span::styled(cell[at..from].to_owned(), style));
            let set_off = style.patch(look.theme.style(Role::Match));
            spans.push(Span::styled(cell[from..to].to_owned(), set_off));
            at = to;
        }
        spans.push(Span::styled(cell[at..].to_owned(), style));
        spans
    }

    /// Pane title, the date on top of the screen, column titles or the state of following.
    fn title(&self, look: &Look<'_>, width: u16) -> Line<'static> {
        let mut spans = vec![look.span(look.title(), " ".to_owned())];
        let columns = self.columns.fitting(width.saturating_sub(SIDES));
        spans.push(look.span(look.title(), "EVENTS "));
        let mut used = 8;
        for (i, (column, width)) in columns.iter().enumerate() {
            let mut width = usize::from(*width) + 1;
            if i == 0 {
                width = (usize::from(super::GUTTER) + width).saturating_sub(used);
            }
            let (role, title) = if *column == Column::Field(Field::Ts) {
                let top = self.window.get(self.offset).and_then(|h| h.event.ts);
                let date = || top.map(|ts| look.zone.date(ts)).unwrap_or_default();
                let title = self.when().title().map(str::to_owned);
                (Role::Dim, title.unwrap_or_else(date))
            } else if *column == self.column && look.focused {
                (Role::Focus, column.name().to_owned())
            } else {
                (Role::Dim, column.name().to_owned())
            };
            spans.push(look.span(role, look.cell(&title, width.saturating_sub(1))));
            spans.push(Span::raw(" "));
            used += width;
        }
        let hidden = self.columns.chosen_beyond(width.saturating_sub(SIDES));
        let state = self.state(look, hidden);
        if state.is_empty() {
            return Line::from(spans);
        }
        let state = format!(" {state} ");
        let room = usize::from(width).saturating_sub(crate::text::width(&state));
        let head: String = spans.iter().map(|s| s.content.as_ref()).collect();
        let mut line = Vec::new();
        let mut left = room;
        for span in spans {
            let shown: String = cut_safe(&span.content, left);
            left = left.saturating_sub(crate::text::width(&shown));
            line.push(Span::styled(shown, span.style));
        }
        line.push(Span::raw(
            " ".repeat(room.saturating_sub(crate::text::width(&head))),
        ));
        line.push(look.span(Role::Accent, state));
        Line::from(line)
    }

    /// What has come below, else that chosen columns do not fit: the detail has them.
    fn state(&self, look: &Look<'_>, hidden: usize) -> String {
        let down = look.theme.glyphs.down;
        match (self.unseen, hidden) {
            (0, 0) => String::new(),
            (0, 1) => "+1 column".to_owned(),
            (0, hidden) => format!("+{hidden} columns"),
            (unseen, _) => format!("{} new {down}", text::number(unseen)),
        }
    }
}

/// Cuts text that is already safe.
fn cut_safe(text: &str, columns: usize) -> String {
    let mut used = 0;
    let fits = |g: &&str| {
        used += crate::text::width(g);
        used <= columns
    };
    text.graphemes(true).take_while(fits).collect()
}
