//! A one-line text editor: text, a cursor, and the usual editing keys.

use ratatui::text::Span;
use unicode_segmentation::UnicodeSegmentation;

use crate::text::width;
use crate::tui::theme::{Role, Theme};

/// A step of editing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    Left,
    Right,
    WordLeft,
    WordRight,
    Home,
    End,
    Backspace,
    Delete,
    DeleteWord,
    DeleteToStart,
    DeleteToEnd,
}

/// Text with a cursor that stands between graphemes.
#[derive(Clone, Debug, Default)]
pub struct LineEditor {
    text: String,
    /// Byte index, always on a grapheme boundary.
    cursor: usize,
}

/// Offers to keep what a person types in bounds; a query is limited to 4 KiB anyway.
pub const MAX_BYTES: usize = 8 << 10;

impl LineEditor {
    /// With the cursor at the end.
    pub fn new(text: String) -> Self {
        Self {
            cursor: text.len(),
            text,
        }
    }

    /// With the cursor at a byte index, or at the next place where it can stand.
    pub fn with_cursor(text: String, cursor: usize) -> Self {
        let mut editor = Self::new(text);
        if cursor < editor.text.len() {
            editor.cursor = if editor.is_boundary(cursor) {
                cursor
            } else {
                editor.next(cursor)
            };
        }
        editor
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the cursor stands, as a byte index.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Inserts at the cursor; line breaks and other control characters become blanks.
    pub fn insert(&mut self, text: &str) {
        let text: String = text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        if self.text.len() + text.len() > MAX_BYTES {
            return;
        }
        self.text.insert_str(self.cursor, &text);
        self.cursor += text.len();
        // What was inserted may have joined the grapheme that follows.
        if !self.is_boundary(self.cursor) {
            self.cursor = self.next(self.cursor);
        }
    }

    fn is_boundary(&self, at: usize) -> bool {
        at == self.text.len() || self.text.grapheme_indices(true).any(|(i, _)| i == at)
    }

    fn previous(&self, from: usize) -> usize {
        self.text
            .grapheme_indices(true)
            .map(|(i, _)| i)
            .take_while(|i| *i < from)
            .last()
            .unwrap_or(0)
    }

    fn next(&self, from: usize) -> usize {
        self.text
            .grapheme_indices(true)
            .map(|(i, _)| i)
            .find(|i| *i > from)
            .unwrap_or(self.text.len())
    }

    fn word_left(&self) -> usize {
        let before = self.text[..self.cursor].trim_end();
        let start = before.rfind(char::is_whitespace).map_or(0, |i| {
            i + before[i..].chars().next().map_or(0, char::len_utf8)
        });
        // A blank may carry the first marks of a word.
        if self.is_boundary(start) {
            start
        } else {
            self.previous(start)
        }
    }

    fn word_right(&self) -> usize {
        let rest = &self.text[self.cursor..];
        let blank = rest.len() - rest.trim_start().len();
        let word = rest.trim_start();
        let end = self.cursor + blank + word.find(char::is_whitespace).unwrap_or(word.len());
        if self.is_boundary(end) {
            end
        } else {
            self.next(end)
        }
    }

    pub fn edit(&mut self, edit: Edit) {
        match edit {
            Edit::Left => self.cursor = self.previous(self.cursor),
            Edit::Right => self.cursor = self.next(self.cursor),
            Edit::WordLeft => self.cursor = self.word_left(),
            Edit::WordRight => self.cursor = self.word_right(),
            Edit::Home => self.cursor = 0,
            Edit::End => self.cursor = self.text.len(),
            Edit::Backspace => self.delete(self.previous(self.cursor), self.cursor),
            Edit::Delete => self.delete(self.cursor, self.next(self.cursor)),
            Edit::DeleteWord => self.delete(self.word_left(), self.cursor),
            Edit::DeleteToStart => self.delete(0, self.cursor),
            Edit::DeleteToEnd => self.delete(self.cursor, self.text.len()),
        }
    }

    fn delete(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.cursor = from;
        if !self.is_boundary(self.cursor) {
            self.cursor = self.previous(self.cursor);
        }
    }

    /// The part around the cursor that fits `columns`, and the cursor's column in it. `wrong` marks characters
    /// `[from, to)`, counted from 0.
    pub fn view(
        &self,
        theme: &Theme,
        columns: usize,
        wrong: Option<(usize, usize)>,
    ) -> (Vec<Span<'static>>, usize) {
        let mut pieces = Vec::new();
        let (mut column, mut cursor_column, mut index) = (0, 0, 0);
        for (at, grapheme) in self.text.grapheme_indices(true) {
            if at == self.cursor {
                cursor_column = column;
            }
            let shown = theme.charset.line(grapheme, usize::MAX);
            let role = match wrong {
                Some((from, to)) if (from..to).contains(&index) => Role::Wrong,
                _ => Role::Text,
            };
            let columns = width(&shown);
            pieces.push((column, columns, Span::styled(shown, theme.style(role))));
            column += columns;
            index += grapheme.chars().count();
        }
        if self.cursor >= self.text.len() {
            cursor_column = column;
        }
        if wrong.is_some_and(|(from, _)| from >= index) {
            // The error is that something is missing at the end.
            pieces.push((column, 1, Span::styled(" ", theme.style(Role::Wrong))));
        }
        let room = columns.saturating_sub(1);
        let first = cursor_column.saturating_sub(room);
        let spans = pieces
            .into_iter()
            .filter(|(at, width, _)| *at >= first && at + width <= first + columns)
            .map(|(_, _, span)| span)
            .collect();
        (spans, cursor_column - first)
    }

    /// Where the character `index` stands in what [`Self::view`] shows, at the nearest edge if it is not shown.
    pub fn column_of(&self, theme: &Theme, columns: usize, index: usize) -> usize {
        let (mut column, mut chars) = (0, 0);
        let (mut cursor, mut place) = (None, None);
        for (at, grapheme) in self.text.grapheme_indices(true) {
            if at == self.cursor {
                cursor = Some(column);
            }
            if chars >= index {
                place = place.or(Some(column));
            }
            column += width(&theme.charset.line(grapheme, usize::MAX));
            chars += grapheme.chars().count();
        }
        let room = columns.saturating_sub(1);
        let first = cursor.unwrap_or(column).saturating_sub(room);
        place.unwrap_or(column).saturating_sub(first).min(columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EDITS: [Edit; 11] = [
        Edit::Left,
        Edit::Right,
        Edit::WordLeft,
        Edit::WordRight,
        Edit::Home,
        Edit::End,
        Edit::Backspace,
        Edit::Delete,
        Edit::DeleteWord,
        Edit::DeleteToStart,
        Edit::DeleteToEnd,
    ];

    #[test]
    fn words_are_deleted_one_by_one() {
        let mut e = LineEditor::new("actor:alice  outcome:failure ".into());
        e.edit(Edit::DeleteWord);
        assert_eq!(e.text(), "actor:alice  ");
        e.edit(Edit::WordLeft);
        e.insert("x ");
        assert_eq!(e.text(), "x actor:alice  ");
        e.edit(Edit::DeleteToEnd);
        assert_eq!(e.text(), "x ");
    }

    #[test]
    fn what_is_marked_is_found_where_it_is_shown() {
        let theme = Theme::new(true, false);
        let long = "x".repeat(50);
        let e = LineEditor::new(format!("{long}日本:y"));
        // Of 56 columns the last nine are shown, and the cursor behind them.
        assert_eq!(e.column_of(&theme, 10, 52), 7, "the colon");
        assert_eq!(e.column_of(&theme, 10, 3), 0);
        assert_eq!(e.column_of(&theme, 80, 3), 3);
        assert_eq!(e.column_of(&theme, 80, 99), 56);
    }

    #[test]
    fn a_blank_with_marks_is_one_step() {
        let mut e = LineEditor::new("a \u{301}b".to_owned());
        e.edit(Edit::WordLeft);
        assert_eq!(e.cursor(), 1);
        e.edit(Edit::Home);
        e.edit(Edit::WordRight);
        assert_eq!(e.cursor(), 1);
        e.edit(Edit::WordRight);
        assert_eq!(e.cursor(), e.text().len());
    }

    proptest! {
        #[test]
        fn no_edit_ever_panics(start in "\\PC{0,12}", steps in prop::collection::vec((0usize..12, "\\PC{0,3}"), 0..30)) {
            let theme = Theme::new(true, false);
            let mut e = LineEditor::new(start);
            for (step, text) in steps {
                match EDITS.get(step) {
                    Some(edit) => e.edit(*edit),
                    None => e.insert(&text),
                }
                for columns in [0, 1, 5, 80] {
                    let (_, cursor) = e.view(&theme, columns, Some((1, 3)));
                    prop_assert!(cursor <= columns);
                }
                let again = LineEditor::with_cursor(e.text().to_owned(), e.cursor());
                prop_assert_eq!(again.cursor(), e.cursor());
            }
        }
    }
}
