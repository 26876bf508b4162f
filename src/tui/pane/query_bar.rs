//! The query bar: the query in force with its counts, and the editor in its place.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::query::ast::Ast;
use crate::query::{Query, QueryError};
use crate::text::width;
use crate::tui::command::Command;
use crate::tui::message::Intent;
use crate::tui::term;
use crate::tui::theme::Role;
use crate::tui::widget::line_editor::LineEditor;
use crate::tui::widget::{Look, draw_lines};

#[derive(Clone, Debug, Default)]
pub struct QueryBar {
    /// The query in force, as typed.
    text: String,
    editor: Option<LineEditor>,
    error: Option<QueryError>,
}

/// What the bar says beside the query.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// `1,204 of 1,208,331`
    pub matching: String,
    /// Why another query than the person's own is in force.
    pub mark: Option<String>,
}

impl QueryBar {
    pub fn set_text(&mut self, text: String) {
        self.text = text;
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn is_editing(&self) -> bool {
        self.editor.is_some()
    }

    /// Opens the editor on the query in force.
    pub fn edit(&mut self) {
        let mut text = self.text.clone();
        if !text.is_empty() && !text.ends_with(' ') {
            text.push(' ');
        }
        self.editor = Some(LineEditor::new(text));
        self.check();
    }

    pub fn insert(&mut self, text: &str) {
        if let Some(editor) = &mut self.editor {
            editor.insert(text);
            self.check();
        }
    }

    /// Inserts what was pasted, as one quoted value if the language would read it as something else.
    pub fn paste(&mut self, text: &str) {
        if self.editor.is_none() {
            self.edit();
        }
        let Some(editor) = &mut self.editor else {
            return;
        };
        let pasted = text.trim();
        // A whole query pasted into an empty bar stays one.
        let is_query = editor.text().trim().is_empty()
            && pasted.contains(' ')
            && Query::parse(pasted).is_ok_and(|q| {
                q.conjuncts()
                    .iter()
                    .all(|t| matches!(t, Ast::Field(..) | Ast::Not(_)))
            });
        if is_query || term::is_plain(pasted) {
            editor.insert(pasted);
        } else {
            editor.insert(&crate::query::quote(pasted));
        }
        self.check();
    }

    fn check(&mut self) {
        let text = self.editor.as_ref().map(LineEditor::text);
        self.error = text.and_then(|text| Query::parse(text).err());
    }

    pub fn update(&mut self, command: Command) -> Option<Intent> {
        let editor = self.editor.as_mut()?;
        let edit = match command {
            Command::Apply => {
                let text = editor.text().trim().to_owned();
                match Query::parse(&text) {
                    Ok(query) => {
                        self.editor = None;
                        self.error = None;
                        self.text = text;
                        return Some(Intent::SetQuery(query));
                    }
                    Err(error) => {
                        self.error = Some(error);
                        return None;
                    }
                }
            }
            Command::Close => {
                self.editor = None;
                self.error = None;
                return None;
            }
            _ => command.edit()?,
        };
        editor.edit(edit);
        self.check();
        None
    }

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
            let room = columns.saturating_sub(lead + 1);
            let wrong = self.error.as_ref().map(|e| {
                let from = e.column.saturating_sub(1);
                (from, from + e.width.max(1))
            });
            let (spans, cursor) = editor.view(look.theme, room, wrong);
            let mut line = vec![look.span(Role::Focus, prompt)];
            line.extend(spans);
            draw_lines(buf, area, [Line::from(line)]);
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

    /// What is wrong with the text being written, under the place where it is wrong.
    pub fn error_line(&self, look: &Look<'_>, columns: usize) -> Option<Line<'static>> {
        let error = self.error.as_ref()?;
        let message = look.cut(&error.message, columns.saturating_sub(4));
        let at = (2 + error.column).min(columns.saturating_sub(width(&message) + 2));
        let text = format!("{}^ {message}", " ".repeat(at));
        Some(Line::from(look.span(Role::Alarm, look.cut(&text, columns))))
    }
}
