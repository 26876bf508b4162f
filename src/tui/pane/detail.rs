//! One event in full: its fields, its attributes as a tree, its session, what the chain check says of it in plain
//! words; or the record as it was read. What is there is made into rows when it is needed; only a place among them is
//! kept.

mod draw;
mod find;
mod raw;
pub mod related;
mod rows;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::HashSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::chain::{ChainReport, Finding};
use crate::engine::Hit;
use crate::event::EventId;
use crate::text::width;
use crate::tui::command::Command;
use crate::tui::marks::Entry;
use crate::tui::message::Intent;
use crate::tui::theme::Role;
use crate::tui::widget::zone::Zone;
use crate::tui::widget::{Look, centred_top, draw_scrolled, text, titled};
use draw::Pen;
use find::Needle;
use related::Related;
use rows::Row;
use walk::Walk;

/// What the detail is about, and everything known of it.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub hit: &'a Hit,
    pub finding: Option<&'a Finding>,
    /// The check of its source.
    pub chain: Option<&'a ChainReport>,
    pub related: &'a Related,
    /// What a person put on it.
    pub entry: Option<&'a Entry>,
    pub zone: &'a Zone,
}

impl Subject<'_> {
    /// Its source has a hash chain.
    pub fn is_chained(&self) -> bool {
        self.chain.is_some_and(ChainReport::is_chained)
    }
}

#[derive(Clone, Debug, Default)]
pub struct Detail {
    /// The row under the cursor.
    selected: usize,
    /// The line of that row, where it is taller than the pane.
    line: usize,
    /// Prefixes of attribute paths whose leaves are hidden; kept from event to event.
    folded: HashSet<String>,
    /// The record as read instead of the tree.
    raw: bool,
    /// What was searched for inside, as typed.
    search: String,
    /// Come here from a row for another event: the cursor goes to the row for this one in the same part, once it is
    /// known, so that a session can be walked through.
    land: Option<(EventId, &'static str)>,
    /// Columns and rows for the rows of the detail.
    size: (u16, u16),
}

/// A row of the detail, wherever it stands.
pub struct Anchor(Row);

/// Lines above the rows: title and summary.
const HEAD: u16 = 2;

impl Detail {
    /// Back to the top, for another event.
    pub fn reset(&mut self) {
        (self.selected, self.line) = (0, 0);
    }

    /// Back to the top, for an event that was chosen in the list.
    pub fn start_over(&mut self) {
        self.reset();
        self.land = None;
    }

    pub fn resize(&mut self, width: u16, height: u16) {
        self.size = (width, height.saturating_sub(HEAD));
    }

    /// What was searched for last.
    pub fn searched(&self) -> &str {
        &self.search
    }

    pub fn update(
        &mut self,
        command: Command,
        count: usize,
        subject: Option<Subject<'_>>,
        look: &Look<'_>,
    ) -> Option<Intent> {
        let subject = subject?;
        self.land = None;
        let rows = self.rows(&subject);
        let needle = self.needle(look);
        let walk = Walk::new(self.pen(look, &needle), &rows, usize::from(self.size.1));
        let here = (self.selected, self.line);
        let page = walk.height.saturating_sub(1).max(1);
        let to = match command {
            Command::Down => walk.down(here, count),
            Command::Up => walk.up(here, count),
            Command::PageDown => walk.down(here, count.saturating_mul(page)),
            Command::PageUp => walk.up(here, count.saturating_mul(page)),
            Command::Top => walk.first(),
            Command::Bottom => walk.last(),
            Command::NextPart => walk.part(here, true),
            Command::PreviousPart => walk.part(here, false),
            Command::NextHit => return self.go_to_hit(&walk, true),
            Command::PreviousHit => return self.go_to_hit(&walk, false),
            Command::ToggleRaw => {
                self.raw = !self.raw;
                self.reset();
                return None;
            }
            Command::Fold | Command::Open => return self.open(rows.get(self.selected)?),
            Command::FilterIn | Command::FilterOut => {
                let exclude = command == Command::FilterOut;
                return Some(match rows.get(self.selected)?.term(subject.hit, exclude) {
                    Ok(term) => Intent::AddTerm(term),
                    Err(why) => Intent::Say(why.to_owned()),
                });
            }
            _ => here,
        };
        (self.selected, self.line) = to;
        None
    }

    /// Name and value of the selected line, for copying.
    pub fn value(&self, subject: &Subject<'_>) -> Option<(String, String)> {
        let row = self.rows(subject).into_iter().nth(self.selected)?;
        row.copied(subject.hit)
    }

    fn open(&mut self, row: &Row) -> Option<Intent> {
        match row {
            Row::Group { path, .. } => {
                if !self.folded.remove(path) {
                    self.folded.insert(path.clone());
                }
                None
            }
            Row::Other(other) if other.is_this => {
                Some(Intent::Say("this is the event shown here".to_owned()))
            }
            Row::Other(other) => {
                self.land = Some((other.id, other.noun));
                Some(Intent::Visit {
                    id: other.id,
                    noun: other.noun,
                })
            }
            _ => None,
        }
    }

    /// Looks for a text inside from here on; an empty one ends the search.
    pub fn search(
        &mut self,
        text: &str,
        subject: Option<Subject<'_>>,
        look: &Look<'_>,
    ) -> Option<Intent> {
        self.search = text.to_owned();
        let subject = subject?;
        let needle = self.needle(look);
        if needle.is_empty() {
            return None;
        }
        // What is folded away is searched too, and opened where something was found.
        let event = &subject.hit.event;
        let found = event.attributes.iter().filter(|(path, value)| {
            let is_in = |text: &str| !needle.ranges(&look.safe(text)).is_empty();
            is_in(path) || is_in(value.text)
        });
        for (path, _) in found {
            self.folded.retain(|group| {
                path.strip_prefix(group.as_str())
                    .is_none_or(|r| !r.starts_with('.'))
            });
        }
        let rows = self.rows(&subject);
        let walk = Walk::new(self.pen(look, &needle), &rows, usize::from(self.size.1));
        if walk.hits((self.selected, self.line)) > 0 {
            // Found where the cursor stands already.
            let words = self.place_of_hit(&walk);
            return Some(Intent::Say(words));
        }
        self.go_to_hit(&walk, true)
    }

    fn go_to_hit(&mut self, walk: &Walk<'_>, forward: bool) -> Option<Intent> {
        if self.search.is_empty() {
            return Some(Intent::Say("nothing was searched for in here".to_owned()));
        }
        let Some((to, wrapped)) = walk.hit((self.selected, self.line), forward) else {
            let what = &self.search;
            let where_else = if self.raw {
                ""
            } else {
                "; the raw record may hold it"
            };
            return Some(Intent::Say(format!("{what:?} is not in here{where_else}")));
        };
        (self.selected, self.line) = to;
        let words = self.place_of_hit(walk);
        Some(Intent::Say(match (wrapped, forward) {
            (false, _) => words,
            (true, true) => format!("{words}: went on from the top"),
            (true, false) => format!("{words}: went on from the bottom"),
        }))
    }

    /// `hit 3 of 12`
    fn place_of_hit(&self, walk: &Walk<'_>) -> String {
        let (before, all) = walk.count_hits((self.selected, self.line));
        format!("hit {} of {}", before + 1, all)
    }

    /// The row under the cursor, to be found again after rows came in above it.
    pub fn anchor(&self, subject: &Subject<'_>) -> Option<Anchor> {
        self.rows(subject)
            .into_iter()
            .nth(self.selected)
            .map(Anchor)
    }

    /// Keeps the cursor on its row.
    pub fn stay_on(&mut self, anchor: Option<Anchor>, subject: &Subject<'_>) {
        let rows = self.rows(subject);
        let land = self.land.filter(|(id, _)| *id == subject.hit.event.id);
        let here = |row: &Row| match (row, land) {
            (Row::Other(other), Some((_, noun))) => other.is_this && other.noun == noun,
            _ => false,
        };
        if let Some(place) = rows.iter().position(here) {
            self.selected = place;
        } else if let Some(anchor) = anchor
            && let Some(place) = rows.iter().position(|r| *r == anchor.0)
        {
            self.selected = place;
        }
    }

    fn needle(&self, look: &Look<'_>) -> Needle {
        Needle::new(&look.safe(&self.search))
    }

    fn pen<'a>(&self, look: &'a Look<'a>, needle: &'a Needle) -> Pen<'a> {
        Pen {
            look,
            columns: usize::from(self.size.0).saturating_sub(2),
            needle,
        }
    }

    fn rows(&self, subject: &Subject<'_>) -> Vec<Row> {
        if self.raw {
            rows::raw(&subject.hit.event).collect()
        } else {
            rows::tree(&self.folded, subject)
        }
    }

    pub fn view(
        &self,
        look: &Look<'_>,
        buf: &mut Buffer,
        area: Rect,
        subject: Option<Subject<'_>>,
    ) {
        let columns = usize::from(area.width);
        let mut title = vec![look.span(look.title(), look.cut(" DETAIL  ", columns))];
        let room = columns.saturating_sub(10);
        let Some(subject) = subject else {
            title.push(look.span(Role::Dim, look.cut("no event is selected", room)));
            titled(buf, area, Line::from(title));
            return;
        };
        let event = &*subject.hit.event;
        let needle = self.needle(look);
        let rows = self.rows(&subject);
        let selected = self.selected.min(rows.len().saturating_sub(1));
        let state = if self.raw {
            let (line, lines) = (selected as u64 + 1, rows.len() as u64);
            format!(
                "raw {} {} of {} ",
                look.theme.glyphs.dot,
                text::number(line),
                text::counted(lines, "line", "lines")
            )
        } else {
            String::new()
        };
        let state = look.cut(&state, room);
        let headline = draw::headline(event);
        title.push(look.span(Role::Text, look.cell(&headline, room - width(&state))));
        title.push(look.span(Role::Accent, state));
        let area = titled(buf, area, Line::from(title));
        let area = titled(buf, area, draw::summary(look, event, columns));
        let pen = Pen {
            columns: columns.saturating_sub(2),
            ..self.pen(look, &needle)
        };
        let height = usize::from(area.height);
        let walk = Walk::new(pen, &rows, height);
        let (lines, at) = walk.around((selected, self.line));
        let top = centred_top(at, lines.len(), height);
        draw_scrolled(look, buf, area, lines, top);
    }
}
