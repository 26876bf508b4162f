//! The list of events, oldest to newest downwards. The selection stays on its event, and its event on its row, while
//! others arrive.

pub mod columns;
mod rows;
pub mod window;

use std::collections::HashSet;

use crate::engine::Hit;
use crate::event::{EventId, SortKey};
use crate::query::{Highlighter, Matcher};
use crate::tui::columns::{Column, Columns};
use crate::tui::command::Command;
use crate::tui::message::Intent;
use crate::tui::widget::moment::TimeStyle;
use window::{Arrival, Window};

/// Columns before the first cell: bar and three signs.
const GUTTER: u16 = 4;
/// The gutter, and the column at the right that says whether there is more above or below.
const SIDES: u16 = GUTTER + 1;

/// Rows above the selected event that are enough to see what came before it.
const ROWS_BEFORE: usize = 3;

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
    /// Arrived while not following, after everything that was there before.
    pub unseen: u64,
    /// Those counted, so that none is counted twice when it arrives again in its final form.
    counted: HashSet<EventId>,
    /// The newest event that was seen at the end of a list.
    newest: Option<SortKey>,
    /// The row of the screen that the selection is to stand on in the list that was asked for.
    wish: Option<usize>,
    /// The row that it is to stand on now, while pages around it come in.
    held: Option<usize>,
    /// What the query looks for, to be shown in the rows.
    pub highlight: Highlighter,
    /// In context mode: tells the query's own events from their neighbours.
    pub matcher: Option<Matcher>,
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

    /// The column under the cursor.
    pub fn column(&self) -> &Column {
        &self.column
    }

    fn selected_id(&self) -> Option<EventId> {
        self.selected().map(|h| h.event.id)
    }

    /// The row of the screen that the selection stands on.
    pub fn selected_row(&self) -> usize {
        self.selected.saturating_sub(self.offset)
    }

    /// In the next list the selection stands on this row of the screen.
    pub fn hold(&mut self, row: usize) {
        self.wish = Some(row);
    }

    /// In the next list the selection stands where it can be seen well.
    pub fn release(&mut self) {
        self.wish = None;
    }

    /// The same if it would stand at the very top, where nothing of what came before it is seen.
    pub fn release_from_top(&mut self) {
        self.wish = self.wish.filter(|row| *row >= ROWS_BEFORE);
    }

    /// A new list, to be entered at one place of it: its first, or else its last event.
    pub fn replace(&mut self, window: Window, at_first: bool) {
        self.window = window;
        self.selected = if at_first {
            0
        } else {
            self.window.len().saturating_sub(1)
        };
        let row = if at_first { 0 } else { self.height / 2 };
        let row = self.wish.take().unwrap_or(row);
        self.held = (!self.follow).then_some(row);
        self.offset = 0;
        self.forget_unseen();
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
        if arrival == Arrival::Live {
            self.count_unseen(&hits);
        }
        self.window.merge(hits, arrival);
        self.keep_in_place(id);
        let dropped = self.window.trim(self.selected);
        self.selected = self.selected.saturating_sub(dropped);
        self.offset = self.offset.saturating_sub(dropped);
        self.settle();
    }

    /// Takes in what is there now of the stretch that was asked again; see [`Window::refresh`].
    pub fn refresh(&mut self, hits: Vec<Hit>, more: bool) {
        let selected = self
            .selected()
            .map(|hit| (hit.event.id, hit.event.sort_key()));
        self.window.refresh(hits, more);
        let place = selected.map(|(id, key)| {
            let same = self.window.position(id);
            same.unwrap_or_else(|| self.window.nearest(&key))
        });
        if !self.follow
            && let Some(now) = place
        {
            self.offset = (self.offset + now).saturating_sub(self.selected);
            self.selected = now;
        }
        self.keep_in_place(None);
        let dropped = self.window.trim(self.selected);
        self.selected = self.selected.saturating_sub(dropped);
        self.offset = self.offset.saturating_sub(dropped);
        self.settle();
    }

    fn count_unseen(&mut self, hits: &[Hit]) {
        if self.follow {
            return;
        }
        for event in hits.iter().map(|h| &h.event) {
            let is_newer = self.newest.as_ref().is_none_or(|n| event.sort_key() > *n);
            if is_newer && self.counted.insert(event.id) {
                self.unseen += 1;
            }
        }
    }

    fn forget_unseen(&mut self) {
        self.unseen = 0;
        self.counted.clear();
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
        self.width = width.saturating_sub(SIDES);
        self.settle();
    }

    /// Brings selection and scroll position within bounds.
    fn settle(&mut self) {
        let len = self.window.len();
        if self.follow && !self.window.more_newer {
            self.selected = len.saturating_sub(1);
        }
        self.selected = self.selected.min(len.saturating_sub(1));
        if let Some(row) = self.held {
            self.offset = self.selected.saturating_sub(row);
        }
        let lowest = (self.selected + 1).saturating_sub(self.height);
        self.offset = self.offset.clamp(lowest, self.selected.max(lowest));
        // Rows below a held selection stay blank until their page is there: filling them must not move it.
        if self.held.is_none() || !self.window.more_newer {
            self.offset = self.offset.min(len.saturating_sub(self.height));
        }
        self.release_when_done();
        if !self.window.more_newer && self.offset + self.height >= len {
            self.forget_unseen();
            self.newest = self.newest.take().max(self.window.last_key());
        }
        let columns = self.columns.fitting(self.width);
        if self.width > 0 && !columns.iter().any(|(c, _)| *c == self.column) {
            let actor = columns.iter().find(|(c, _)| *c == Column::default());
            let first = actor.or(columns.first());
            self.column = first.map(|(c, _)| c.clone()).unwrap_or_default();
        }
    }

    /// A held selection is free once the screen below it is full, or nothing is left to fill it with.
    fn release_when_done(&mut self) {
        let filled = self.offset + self.height <= self.window.len();
        if filled || !self.window.more_newer {
            self.held = None;
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
        self.held = None;
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
        self.forget_unseen();
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
        self.held = Some(self.height / 2);
        self.settle();
        true
    }

    /// Puts the columns in another set or order.
    pub fn choose_columns(&mut self, columns: Vec<Column>) {
        self.columns.choose(columns);
        self.settle();
    }

    /// Columns as they were, with the cursor on one of them.
    pub fn restore_columns(&mut self, columns: Columns, column: Column) {
        (self.columns, self.column) = (columns, column);
        self.settle();
    }

    /// The columns meant to be shown now.
    pub fn columns_meant(&self) -> Vec<Column> {
        self.columns.meant(self.width)
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
}
