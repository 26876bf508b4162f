//! One line that is asked for, in the place of the query bar.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use crate::text::width;
use crate::tui::command::Command;
use crate::tui::theme::Role;
use crate::tui::widget::line_editor::LineEditor;
use crate::tui::widget::{Look, draw_lines};

/// What the line is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A moment to go to.
    Time,
    /// The name to keep the session under.
    SaveSession,
    /// The name of the session to come back to.
    OpenSession,
}

#[derive(Clone, Debug)]
pub struct Prompt {
    pub ask: Ask,
    label: &'static str,
    editor: LineEditor,
    /// Why the last answer was refused.
    error: Option<String>,
}

impl Prompt {
    /// Asks with `text` to begin with.
    pub fn new(ask: Ask, label: &'static str, text: String) -> Self {
        Self {
            ask,
            label,
            editor: LineEditor::new(text),
            error: None,
        }
    }

    pub fn text(&self) -> &str {
        self.editor.text()
    }

    pub fn insert(&mut self, text: &str) {
        self.error = None;
        self.editor.insert(text);
    }

    /// Keeps the prompt open and says why.
    pub fn refuse(&mut self, error: impl Into<String>) {
        self.error = Some(error.into());
    }

    /// Edits; applying and closing are the owner's.
    pub fn update(&mut self, command: Command) {
        if let Some(edit) = command.edit() {
            self.error = None;
            self.editor.edit(edit);
        }
    }

    /// Draws the line and returns where the cursor stands.
    pub fn view(&self, look: &Look<'_>, buf: &mut Buffer, area: Rect) -> Option<Position> {
        let lead = format!(" {}: ", self.label);
        let columns = usize::from(area.width);
        let room = columns.saturating_sub(width(&lead) + 1);
        let (spans, cursor) = self.editor.view(look.theme, room, None);
        let mut line = vec![look.span(Role::Focus, lead.clone())];
        line.extend(spans);
        draw_lines(buf, area, [Line::from(" ".repeat(columns))]);
        draw_lines(buf, area, [Line::from(line)]);
        let x = (width(&lead) + cursor).min(columns.saturating_sub(1));
        (area.width > 0).then(|| Position::new(area.x + x as u16, area.y))
    }

    /// Why the answer was refused.
    pub fn error_line(&self, look: &Look<'_>, columns: usize) -> Option<Line<'static>> {
        let error = self.error.as_ref()?;
        let text = look.cut(&format!("   {error}"), columns);
        Some(Line::from(look.span(Role::Alarm, text)))
    }
}
