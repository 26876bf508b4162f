//! Walking through the rows of the detail, and drawing the part around the cursor.

use ratatui::text::Line;

use super::draw::{Drawn, Pen};
use super::rows::Row;
use crate::tui::theme::Role;

/// A place in the rows: the row, and the line of it.
pub(super) type At = (usize, usize);

/// Rows as a person walks through them: row by row, but line by line through one that is taller than the pane.
pub(super) struct Walk<'a> {
    pen: Pen<'a>,
    rows: &'a [Row],
    pub height: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(pen: Pen<'a>, rows: &'a [Row], height: usize) -> Self {
        Self { pen, rows, height }
    }

    fn drawn(&self, row: usize) -> Vec<Drawn> {
        self.rows
            .get(row)
            .map(|r| self.pen.draw(r))
            .unwrap_or_default()
    }

    /// Lines of a row that the cursor stops at.
    fn stops(&self, row: usize) -> usize {
        let lines = self.drawn(row).len();
        if lines > self.height.max(1) { lines } else { 1 }
    }

    fn can_stop(&self, row: &usize) -> bool {
        self.rows.get(*row).is_some_and(Row::can_be_selected)
    }

    pub(super) fn down(&self, (mut row, mut line): At, mut count: usize) -> At {
        while count > 0 {
            let left = self.stops(row).saturating_sub(line + 1);
            if count <= left {
                return (row, line + count);
            }
            let Some(next) = (row + 1..self.rows.len()).find(|r| self.can_stop(r)) else {
                return (row, line + left);
            };
            count -= left + 1;
            (row, line) = (next, 0);
        }
        (row, line)
    }

    pub(super) fn up(&self, (mut row, mut line): At, mut count: usize) -> At {
        while count > 0 {
            if count <= line {
                return (row, line - count);
            }
            let Some(next) = (0..row.min(self.rows.len()))
                .rev()
                .find(|r| self.can_stop(r))
            else {
                return (row, 0);
            };
            count -= line + 1;
            (row, line) = (next, self.stops(next) - 1);
        }
        (row, line)
    }

    pub(super) fn first(&self) -> At {
        (
            (0..self.rows.len()).find(|r| self.can_stop(r)).unwrap_or(0),
            0,
        )
    }

    pub(super) fn last(&self) -> At {
        let last = (0..self.rows.len()).rev().find(|r| self.can_stop(r));
        last.map_or((0, 0), |row| (row, self.stops(row) - 1))
    }

    /// The first row of the next or the previous part.
    pub(super) fn part(&self, (row, line): At, forward: bool) -> At {
        let parts: Vec<usize> = std::iter::once(0)
            .chain((0..self.rows.len()).filter(|r| matches!(self.rows[*r], Row::Heading(_))))
            .filter_map(|start| (start..self.rows.len()).find(|r| self.can_stop(r)))
            .collect();
        let to = if forward {
            parts.into_iter().find(|p| *p > row)
        } else {
            parts.into_iter().rev().find(|p| *p < row)
        };
        to.map_or((row, line), |row| (row, 0))
    }

    /// Hits at a place: of its line in a tall row, else of the whole row.
    pub(super) fn hits(&self, (row, line): At) -> usize {
        let drawn = self.drawn(row);
        if drawn.len() > self.height.max(1) {
            drawn.get(line).map_or(0, |d| d.hits)
        } else {
            drawn.iter().map(|d| d.hits).sum()
        }
    }

    /// Every place with hits, and how many.
    fn places(&self) -> Vec<(At, usize)> {
        let mut places = Vec::new();
        for row in (0..self.rows.len()).filter(|r| self.can_stop(r)) {
            let drawn = self.drawn(row);
            let is_tall = drawn.len() > self.height.max(1);
            for (line, hits) in drawn
                .iter()
                .map(|d| d.hits)
                .enumerate()
                .filter(|(_, h)| *h > 0)
            {
                let at = (row, if is_tall { line } else { 0 });
                match places.last_mut() {
                    Some((last, n)) if *last == at => *n += hits,
                    _ => places.push((at, hits)),
                }
            }
        }
        places
    }

    /// The next place with a hit, and whether it was found from the other end.
    pub(super) fn hit(&self, from: At, forward: bool) -> Option<(At, bool)> {
        let places = self.places();
        let (near, far) = if forward {
            (places.iter().find(|(at, _)| *at > from), places.first())
        } else {
            (
                places.iter().rev().find(|(at, _)| *at < from),
                places.last(),
            )
        };
        near.map(|(at, _)| (*at, false))
            .or_else(|| far.map(|(at, _)| (*at, true)))
    }

    /// Hits before a place, and all of them.
    pub(super) fn count_hits(&self, here: At) -> (usize, usize) {
        let places = self.places();
        let before = places.iter().filter(|(at, _)| *at < here);
        (
            before.map(|(_, n)| n).sum(),
            places.iter().map(|(_, n)| n).sum(),
        )
    }

    /// The lines around a place, as many as can be seen, and which of them is the place.
    pub(super) fn around(&self, (row, line): At) -> (Vec<Line<'static>>, usize) {
        let look = self.pen.look;
        let own = self.drawn(row);
        let is_tall = own.len() > self.height.max(1);
        let line = if is_tall { line.min(own.len() - 1) } else { 0 };
        let mut lines: Vec<Line<'static>> = Vec::new();
        for (i, drawn) in own.into_iter().enumerate() {
            let selected = !is_tall || i == line;
            let mut line = drawn.line;
            if selected {
                line = line.patch_style(look.theme.style(look.selected()));
            }
            let bar = if selected { look.theme.glyphs.bar } else { " " };
            line.spans.insert(0, look.span(Role::Accent, bar));
            lines.push(line);
        }
        let plain = |drawn: Drawn| {
            let mut line = drawn.line;
            line.spans.insert(0, look.span(Role::Text, " "));
            line
        };
        let mut at = line;
        let mut above = row;
        while at < self.height && above > 0 {
            above -= 1;
            let drawn = self.drawn(above);
            at += drawn.len();
            lines.splice(0..0, drawn.into_iter().map(plain));
        }
        let mut below = row + 1;
        while lines.len() < at + 1 + self.height && below < self.rows.len() {
            lines.extend(self.drawn(below).into_iter().map(plain));
            below += 1;
        }
        (lines, at)
    }
}
