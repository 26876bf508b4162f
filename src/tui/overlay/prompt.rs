//! One line that is asked for, in the place of the query bar.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use crate::event::{EventId, SortKey};
use crate::text::width;
use crate::tui::command::Command;
use crate::tui::theme::Role;
use crate::tui::widget::line_editor::LineEditor;
use crate::tui::widget::offers::Offer;
use crate::tui::widget::{self, Look, draw_lines};

/// What the line is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A moment to go to.
    Time,
    /// A field to count in the filter pane.
    Facet,
    /// A text inside the detail.
    Inside,
    /// A note on an event.
    Note(EventId, SortKey),
    /// A note on the runbook's step.
    StepNote,
    /// Another text of the current line of what is handed over.
    LetterLine,
    /// One more line of it.
    LetterNew,
    /// The name to keep the session under.
    SaveSession,
    /// The name of the session to come back to.
    OpenSession,
    /// The format to read a source as.
    Format(Arc<str>),
}

/// Offers that are worth showing.
const MOST: usize = 100;

#[derive(Clone, Debug)]
pub struct Prompt {
    pub ask: Ask,
    label: String,
    editor: LineEditor,
    /// Why the last answer was refused.
    error: Option<String>,
    /// Every answer there is, as far as they are known.
    known: Vec<Offer>,
    /// Those that hold what is typed.
    offers: Vec<Offer>,
    chosen: Option<usize>,
}

impl Prompt {
    /// Asks with `text` to begin with.
    pub fn new(ask: Ask, label: String, text: String) -> Self {
        Self {
            ask,
            label,
            editor: LineEditor::new(text),
            error: None,
            known: Vec::new(),
            offers: Vec::new(),
            chosen: None,
        }
    }

    /// Offers answers to choose from.
    #[must_use]
    pub fn with_offers(mut self, known: Vec<Offer>) -> Self {
        self.known = known;
        self.offer();
        self
    }

    /// The answer: the offer that was chosen, else what is typed.
    pub fn text(&self) -> &str {
        let chosen = self.chosen.and_then(|i| self.offers.get(i));
        chosen.map_or(self.editor.text(), |offer| &offer.label)
    }

    pub fn insert(&mut self, text: &str) {
        self.error = None;
        self.editor.insert(text);
        self.offer();
    }

    fn offer(&mut self) {
        let typed = self.editor.text().trim().to_lowercase();
        let place = |offer: &&Offer| offer.label.to_lowercase().find(&typed);
        let fitting = self.known.iter().filter(|offer| place(offer).is_some());
        let mut fitting: Vec<&Offer> = fitting.collect();
        fitting.sort_by_key(|offer| place(offer) != Some(0));
        self.offers = fitting.into_iter().take(MOST).cloned().collect();
        self.chosen = None;
    }

    fn step(&mut self, forward: bool) {
        let len = self.offers.len();
        if len > 0 {
            let before = || self.chosen.unwrap_or(0) + len - 1;
            let next = if forward {
                self.chosen.map_or(0, |i| i + 1)
            } else {
                before()
            };
            self.chosen = Some(next % len);
        }
    }

    /// Keeps the prompt open and says why.
    pub fn refuse(&mut self, error: impl Into<String>) {
        self.error = Some(error.into());
    }

    /// Edits; applying and closing are the owner's.
    pub fn update(&mut self, command: Command) {
        match command {
            Command::NextSuggestion => self.step(true),
            Command::PreviousSuggestion => self.step(false),
            _ => {
                if let Some(edit) = command.edit() {
                    self.error = None;
                    self.editor.edit(edit);
                    self.offer();
                }
            }
        }
    }

    /// Draws the offers at the top of `body`.
    pub fn view_offers(&self, look: &Look<'_>, buf: &mut Buffer, body: Rect) {
        let x = (width(&self.label) + 1) as u16;
        widget::offers::view(look, buf, body, x, &self.offers, self.chosen);
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
