//! The suggestions under the bar: when they show, and which one is chosen.

use crate::query::complete::{Kind, Note, Suggestion, place, suggest};
use crate::tui::widget::offers::Offer;
use crate::tui::widget::text::number;

#[derive(Clone, Debug, Default)]
pub(super) struct Offers {
    items: Vec<Suggestion>,
    chosen: Option<usize>,
    /// Where what is being written begins.
    start: usize,
    /// They show without being asked for.
    unasked: bool,
    /// They were asked for.
    asked: bool,
    /// They were closed while this was being written; they stay so until something else is.
    closed: Option<usize>,
}

impl Offers {
    /// Works them out for a text and cursor.
    pub(super) fn refresh<'a>(
        &mut self,
        text: &str,
        cursor: usize,
        paths: impl Iterator<Item = &'a str>,
        values: &[(String, u64)],
    ) {
        let place = place(text, cursor);
        let chosen = self.chosen.and_then(|i| self.items.get(i)).cloned();
        self.items = suggest(text, cursor, paths, values);
        self.chosen = chosen.and_then(|c| self.items.iter().position(|s| s.label == c.label));
        let start = place.as_ref().map_or(cursor, |p| p.span.start);
        if start != self.start {
            (self.start, self.asked) = (start, false);
        }
        if self.closed.is_some_and(|at| at != start) {
            self.closed = None;
        }
        self.unasked = place.is_some_and(|p| p.kind != Kind::Term || !p.typed.is_empty());
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// What was typed decides anew.
    pub(super) fn typed(&mut self) {
        self.chosen = None;
    }

    pub(super) fn are_shown(&self) -> bool {
        let wanted = self.asked || (self.unasked && self.closed.is_none());
        wanted && !self.items.is_empty()
    }

    pub(super) fn chosen(&self) -> Option<&Suggestion> {
        let chosen = self.chosen.filter(|_| self.are_shown())?;
        self.items.get(chosen)
    }

    /// Closes them, and keeps them closed for what is being written.
    pub(super) fn close(&mut self) {
        (self.asked, self.chosen, self.closed) = (false, None, Some(self.start));
    }

    /// Keeps them closed for what is written from here on.
    pub(super) fn close_at(&mut self, start: usize) {
        (self.start, self.closed) = (start, Some(start));
    }

    /// Shows them, or chooses the next one, around from the last to the first. The only one is taken at once.
    pub(super) fn next(&mut self) -> Option<Suggestion> {
        if let [only] = &self.items[..] {
            return Some(only.clone());
        }
        if !self.are_shown() {
            (self.asked, self.chosen) = (true, None);
            return None;
        }
        let next = self.chosen.map_or(0, |i| i + 1);
        self.chosen = Some(if next < self.items.len() { next } else { 0 });
        None
    }

    pub(super) fn previous(&mut self) {
        if self.are_shown() {
            let last = self.items.len() - 1;
            self.chosen = Some(self.chosen.and_then(|i| i.checked_sub(1)).unwrap_or(last));
        }
    }

    /// One up; above the first none is chosen.
    pub(super) fn up(&mut self) {
        self.chosen = self.chosen.and_then(|i| i.checked_sub(1));
    }

    /// One down, if there is one.
    pub(super) fn down(&mut self) {
        let next = self.chosen.map_or(0, |i| i + 1);
        self.chosen = Some(next.min(self.items.len().saturating_sub(1)));
    }

    pub(super) fn start(&self) -> usize {
        self.start
    }

    pub(super) fn chosen_index(&self) -> Option<usize> {
        self.chosen
    }

    pub(super) fn rows(&self) -> Vec<Offer> {
        let note = |note: &Note| match note {
            Note::Count(n) => number(*n),
            Note::Meaning(text) => text.clone(),
        };
        let offer = |s: &Suggestion| Offer {
            label: s.label.clone(),
            note: note(&s.note),
        };
        self.items.iter().map(offer).collect()
    }
}
