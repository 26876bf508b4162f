//! The list of events, oldest to newest downwards. The selection stays on its event while others arrive.

pub mod columns;
pub mod window;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

use crate::engine::Hit;
use crate::event::field::Field;
use crate::event::{EventId, SortKey};
use crate::tui::columns::{Column, Columns};
use crate::tui::command::Command;
use crate::tui::message::Intent;
use crate::tui::theme::Role;
use crate::tui::widget::moment::TimeStyle;
use crate::tui::widget::{Look, draw_lines, text, titled};
use columns::When;
use window::{Arrival, Window};

/// Columns before the first cell: bar and three signs.
const GUTTER: u16 = 4;

#[derive(Clone, Debug, Default)]
pub struct Events {
    pub window: Window,
    selected: usize,
    /// First visible row.
    offset: usize,
    /// Size of the list itself, without title and gutter.
    height: usize,
    width: u16,
    pub columns: Columns,
    /// How times are shown.
    pub style: TimeStyle,
    /// The column under the cursor.
    column: Column,
    pub follow: bool,
    /// Arrived while not following.
    pub unseen: u64,
    /// The selection was put somewhere by a jump: show it in the middle.
    centre: bool,
}

/// An edge of the window that comes near.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    Older,
    Newer,
}

impl Events {
    /// An empty list that follows.
    pub fn following() -> Self {
        Self {
            follow: true,
            ..Self::default()
        }
    }

    pub fn selected(&self) -> Option<&Hit> {
        self.window.get(self.selected)
    }

    pub fn selected_key(&self) -> Option<SortKey> {
        self.selected().map(|h| h.event.sort_key())
    }

    fn selected_id(&self) -> Option<EventId> {
        self.selected().map(|h| h.event.id)
    }

    /// A new list. The selection stays on its event if that is still there, else goes to the last.
    pub fn replace(&mut self, window: Window, centre: bool) {
        let id = self.selected_id();
        self.window = window;
        let last = self.window.len().saturating_sub(1);
        self.selected = match id {
            Some(id) if !self.follow && !centre => self.window.position(id).unwrap_or(last),
            _ => last,
        };
        self.centre = centre;
        self.offset = self.selected.saturating_sub(self.height / 2);
        self.unseen = 0;
        self.settle();
    }

    pub fn clear(&mut self) {
        self.window = Window::default();
        self.selected = 0;
        self.settle();
    }

    /// Takes more hits into the list.
    pub fn merge(&mut self, hits: Vec<Hit>, arrival: Arrival) {
        let id = self.selected_id();
        let new = self.window.merge(hits, arrival);
        self.keep_in_place(id);
        let dropped = self.window.trim(self.selected);
        self.selected = self.selected.saturating_sub(dropped);
        self.offset = self.offset.saturating_sub(dropped);
        if arrival == Arrival::Live && !self.follow {
            self.unseen += new;
        }
        self.settle();
    }

    /// After rows came in above, moves selection and first row along, so that nothing moves on the screen.
    fn keep_in_place(&mut self, id: Option<EventId>) {
        if self.follow {
            self.selected = self.window.len().saturating_sub(1);
        } else if let Some(now) = id.and_then(|id| self.window.position(id)) {
            self.offset = (self.offset + now).saturating_sub(self.selected);
            self.selected = now;
        }
    }

    /// `height` rows and `width` columns for the whole pane, title included.
    pub fn resize(&mut self, width: u16, height: u16) {
        self.height = usize::from(height.saturating_sub(1));
        self.width = width.saturating_sub(GUTTER);
        self.settle();
    }

    /// Brings selection and scroll position within bounds.
    fn settle(&mut self) {
        let len = self.window.len();
        if self.follow && !self.window.more_newer {
            self.selected = len.saturating_sub(1);
        }
        self.selected = self.selected.min(len.saturating_sub(1));
        if self.centre {
            self.offset = self.selected.saturating_sub(self.height / 2);
        }
        let lowest = (self.selected + 1).saturating_sub(self.height);
        self.offset = self.offset.clamp(lowest, self.selected.max(lowest));
        self.offset = self.offset.min(len.saturating_sub(self.height));
        if !self.window.more_newer && self.offset + self.height >= len {
            self.unseen = 0;
        }
        let columns = self.columns.fitting(self.width);
        if self.width > 0 && !columns.iter().any(|(c, _)| *c == self.column) {
            let actor = columns.iter().find(|(c, _)| *c == Column::default());
            let first = actor.or(columns.first());
            self.column = first.map(|(c, _)| c.clone()).unwrap_or_default();
        }
    }

    /// The edge whose next page should be fetched now.
    pub fn near_edge(&self) -> Option<Edge> {
        let margin = self.height.max(10) * 2;
        if self.window.is_empty() {
            None
        } else if self.window.more_older && self.offset < margin {
            Some(Edge::Older)
        } else if self.window.more_newer && self.offset + self.height + margin > self.window.len() {
            Some(Edge::Newer)
        } else {
            None
        }
    }

    pub fn update(&mut self, command: Command, count: usize) -> Option<Intent> {
        self.centre = false;
        let page = self.height.saturating_sub(1).max(1);
        match command {
            Command::Down => self.step(count, true),
            Command::Up => self.step(count, false),
            Command::PageDown => self.step(count.saturating_mul(page), true),
            Command::PageUp => self.step(count.saturating_mul(page), false),
            Command::HalfPageDown => self.step(count.saturating_mul((page / 2).max(1)), true),
            Command::HalfPageUp => self.step(count.saturating_mul((page / 2).max(1)), false),
            Command::Top => {
                self.follow = false;
                if self.window.more_older {
                    return Some(Intent::LoadOldest);
                }
                self.selected = 0;
            }
            Command::Bottom => return self.jump_to_newest(),
            Command::Follow if self.follow => self.follow = false,
            Command::Follow => return self.jump_to_newest(),
            Command::Left => self.move_column(-1),
            Command::Right => self.move_column(1),
            Command::Open => return self.selected().map(|_| Intent::OpenDetail),
            Command::FilterIn => return self.cell_term(false),
            Command::FilterOut => return self.cell_term(true),
            _ => {}
        }
        self.settle();
        None
    }

    fn jump_to_newest(&mut self) -> Option<Intent> {
        self.follow = true;
        self.unseen = 0;
        if self.window.more_newer {
            return Some(Intent::LoadNewest);
        }
        self.settle();
        None
    }

    fn step(&mut self, count: usize, down: bool) {
        if down {
            self.selected = self.selected.saturating_add(count);
            return;
        }
        self.follow = false;
        self.selected = self.selected.saturating_sub(count);
    }

    /// Selects an event if it is loaded, and stops following.
    pub fn select(&mut self, id: EventId) -> bool {
        let Some(index) = self.window.position(id) else {
            return false;
        };
        self.follow = false;
        self.selected = index;
        self.centre = true;
        self.settle();
        true
    }

    /// Puts the columns in another set or order.
    pub fn choose_columns(&mut self, columns: Vec<Column>) {
        self.columns.choose(columns);
        self.settle();
    }

    /// The columns meant to be shown now.
    pub fn columns_meant(&self) -> Vec<Column> {
        self.columns.meant(self.width)
    }

    /// Selects the first event of what is loaded.
    pub fn select_first(&mut self) {
        self.selected = 0;
        self.settle();
    }

    fn move_column(&mut self, by: isize) {
        let columns = self.columns.fitting(self.width);
        let at = columns
            .iter()
            .position(|(c, _)| *c == self.column)
            .unwrap_or(0);
        let to = at
            .saturating_add_signed(by)
            .min(columns.len().saturating_sub(1));
        if let Some((column, _)) = columns.get(to) {
            self.column = column.clone();
        }
    }

    /// The term that filters by the cell under the column cursor.
    fn cell_term(&self, exclude: bool) -> Option<Intent> {
        Some(match self.column.term(self.selected()?, exclude) {
            Some(term) => Intent::AddTerm(term),
            None => Intent::Say(format!(
                "no filter can be made of this event's {}",
                self.column.name()
            )),
        })
    }

    pub fn view(&self, look: &Look<'_>, buf: &mut Buffer, area: Rect, empty: &[String]) {
        let area = titled(buf, area, self.title(look, area.width));
        if self.window.is_empty() {
            let width = usize::from(area.width.saturating_sub(4));
            let lines = empty.iter().flat_map(|line| look.wrap(line, width));
            let lines = lines.map(|line| Line::from(look.span(Role::Text, format!("    {line}"))));
            draw_lines(buf, area, std::iter::once(Line::default()).chain(lines));
            return;
        }
        let columns = self.columns.fitting(area.width.saturating_sub(GUTTER));
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
    }

    fn row(
        &self,
        look: &Look<'_>,
        hit: &Hit,
        previous: Option<&crate::event::Event>,
        columns: &[(Column, u16)],
        selected: bool,
    ) -> Line<'static> {
        let bar = if selected { look.theme.glyphs.bar } else { " " };
        let mut spans = vec![look.span(Role::Accent, bar)];
        // The last sign stands where a blank would be before the first column.
        spans.extend(columns::signs(look, hit).map(|(role, sign)| look.span(role, sign)));
        let event = &*hit.event;
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
        let when = self.when();
        for (i, (column, width)) in columns.iter().enumerate() {
            let here = selected && *column == self.column;
            let mut width = usize::from(*width);
            let is_actor = *column == Column::Field(Field::Actor);
            let (role, text) = if spread && is_words(column) {
                if !is_actor {
                    continue;
                }
                width = usize::from(words.saturating_sub(1));
                (Role::Text, event.summary())
            } else if bare && is_actor {
                (Role::Text, event.summary())
            } else {
                columns::cell(look, hit, previous, when, (column, width as u16))
            };
            let mut style = look.theme.style(role);
            if here {
                style = style.patch(look.theme.style(Role::Cell));
            }
            if i > 0 {
                spans.push(Span::raw(" "));
            }
            spans.push(Span::styled(look.cell(&text, width), style));
        }
        Line::from(spans)
    }

    fn when(&self) -> When {
        When {
            style: self.style,
            selected: self.selected().and_then(|h| h.event.ts),
        }
    }

    /// Pane title, the date on top of the screen, column titles or the state of following.
    fn title(&self, look: &Look<'_>, width: u16) -> Line<'static> {
        let mut spans = vec![look.span(look.title(), " ".to_owned())];
        let columns = self.columns.fitting(width.saturating_sub(GUTTER));
        spans.push(look.span(look.title(), "EVENTS "));
        let mut used = 8;
        for (i, (column, width)) in columns.iter().enumerate() {
            let mut width = usize::from(*width) + 1;
            if i == 0 {
                width = (usize::from(GUTTER) + width).saturating_sub(used);
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
            spans.push(look.span(role, look.cell(&title, width)));
            used += width;
        }
        let state = self.state(look);
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

    fn state(&self, look: &Look<'_>) -> String {
        let down = look.theme.glyphs.down;
        if self.unseen > 0 {
            format!("{} new {down}", text::number(self.unseen))
        } else {
            String::new()
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
