//! The text to hand over, and what a person makes of it: a line is changed or added; what was changed stays until it is
//! asked to be filled in anew.

use ratatui::text::Line;

use super::Run;
use crate::runbook::Inputs;
use crate::tui::command::Command;
use crate::tui::theme::Role;
use crate::tui::widget::Look;

/// The text as it is now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Letter {
    lines: Vec<String>,
    /// The inputs it was filled in for.
    inputs: Inputs,
    /// The line that is changed next.
    at: usize,
    /// A person changed it: it is no longer what the runbook fills in.
    edited: bool,
    /// It is on the screen.
    shown: bool,
    /// What can be done, in a sentence.
    then: String,
}

impl Letter {
    pub(super) fn edited(text: &str, inputs: Inputs) -> Self {
        Self {
            inputs,
            lines: text.lines().map(str::to_owned).collect(),
            edited: true,
            ..Self::default()
        }
    }

    fn text(&self) -> String {
        self.lines.join("\n")
    }

    fn go(&mut self, command: Command, count: usize) {
        let last = self.lines.len().saturating_sub(1);
        self.at = match command {
            Command::Down => self.at.saturating_add(count).min(last),
            Command::Up => self.at.saturating_sub(count),
            Command::Top => 0,
            Command::Bottom => last,
            Command::PageDown => self.at.saturating_add(PAGE).min(last),
            Command::PageUp => self.at.saturating_sub(PAGE),
            _ => self.at,
        };
    }

    /// All lines as shown, and the first and the last of them that the current line is.
    fn draw(
        &self,
        look: &Look<'_>,
        columns: usize,
        was: Option<&str>,
    ) -> (Vec<Line<'static>>, usize, usize) {
        let room = columns.saturating_sub(3);
        let mut lines = Vec::new();
        let mut say = |mark: bool, role: Role, text: &str| {
            let start = if mark { look.theme.glyphs.bar } else { " " };
            let parts = look.wrap(text, room).into_iter();
            let parts = parts.map(|part| {
                let start = look.span(Role::Focus, format!("{start} "));
                Line::from(vec![start, look.span(role, part)])
            });
            let before = lines.len();
            lines.extend(parts);
            (before, lines.len().saturating_sub(1))
        };
        say(false, Role::Focus, "To hand over");
        say(false, Role::Dim, &self.then);
        if self.edited {
            say(false, Role::Warning, "As you changed it.");
        }
        if let Some(was) = was {
            let words = format!("NOT of the inputs as they are now: you changed it when {was}.");
            say(false, Role::Alarm, &look.safe(&words));
        }
        say(false, Role::Dim, "");
        let (mut first, mut last) = (0, 0);
        for (i, line) in self.lines.iter().enumerate() {
            let current = i == self.at;
            let (from, to) = say(current, Role::Text, &look.safe(line));
            if current {
                // What is said above the first line is seen with it.
                (first, last) = (if i == 0 { 0 } else { from }, to);
            }
        }
        (lines, first, last)
    }

    /// The lines, and the topmost that is shown in `height` rows; `was` = what the inputs were that it is of, if others.
    pub(super) fn lines(
        &self,
        look: &Look<'_>,
        columns: usize,
        height: usize,
        was: Option<&str>,
    ) -> (Vec<Line<'static>>, usize) {
        let (lines, first, last) = self.draw(look, columns, was);
        let middle = (first + last) / 2;
        let top = middle.saturating_sub(height / 2).min(first);
        let top = top.min(lines.len().saturating_sub(height));
        (lines, top)
    }
}

/// Lines that one key pages by.
const PAGE: usize = 10;

impl Run {
    /// Shows the text to hand over, until the next step or [`Self::end_hand_over`]. What a person made of it stays.
    pub fn show_hand_over(&mut self, filled: &str, then: String) {
        let kept = self.letter.take().filter(|letter| letter.edited);
        let letter = kept.unwrap_or_else(|| Letter {
            edited: false,
            ..Letter::edited(filled, self.inputs.clone())
        });
        self.letter = Some(Letter {
            shown: true,
            at: 0,
            then,
            ..letter
        });
    }

    /// `false` if it was not shown.
    pub fn end_hand_over(&mut self) -> bool {
        let letter = self.letter.as_mut();
        letter.is_some_and(|letter| std::mem::take(&mut letter.shown))
    }

    pub fn is_handing_over(&self) -> bool {
        self.letter().is_some()
    }

    /// The text as a person changed it.
    pub fn edited_letter(&self) -> Option<String> {
        let letter = self.letter.as_ref().filter(|letter| letter.edited);
        letter.map(Letter::text)
    }

    /// The inputs that the text is of, where a person changed it.
    pub(super) fn letter_inputs(&self) -> Option<Inputs> {
        let letter = self.letter.as_ref().filter(|letter| letter.edited);
        letter.map(|letter| letter.inputs.clone())
    }

    /// What the inputs were when a person changed the text, if they are others now.
    pub fn letter_was(&self) -> Option<String> {
        let of = self.letter_inputs()?;
        self.runbook.what_was(&of, &self.inputs)
    }

    /// The line that would be changed now.
    pub fn letter_line(&self) -> &str {
        let line = self.letter().and_then(|letter| letter.lines.get(letter.at));
        line.map_or("", String::as_str)
    }

    /// Changes the current line; without text it is taken out.
    pub fn change_line(&mut self, text: &str) {
        let Some(letter) = &mut self.letter else {
            return;
        };
        if text.is_empty() && letter.at < letter.lines.len() {
            letter.lines.remove(letter.at);
        } else if let Some(line) = letter.lines.get_mut(letter.at) {
            text.clone_into(line);
        } else {
            letter.lines.push(text.to_owned());
        }
        letter.edited = true;
        letter.at = letter.at.min(letter.lines.len().saturating_sub(1));
    }

    /// Adds a line below the current one.
    pub fn add_line(&mut self, text: &str) {
        if let Some(letter) = &mut self.letter {
            letter.at = (letter.at + 1).min(letter.lines.len());
            letter.lines.insert(letter.at, text.to_owned());
            letter.edited = true;
        }
    }

    /// Forgets what a person made of it.
    pub fn drop_letter(&mut self) {
        self.letter = None;
    }

    /// The text while it is shown.
    pub(super) fn letter(&self) -> Option<&Letter> {
        self.letter.as_ref().filter(|letter| letter.shown)
    }

    pub(super) fn letter_text(&self) -> Option<String> {
        self.letter().map(Letter::text)
    }

    /// Moves in the text; `false` if it is not shown.
    pub(super) fn move_in_letter(&mut self, command: Command, count: usize) -> bool {
        let letter = self.letter.as_mut().filter(|letter| letter.shown);
        letter.map(|letter| letter.go(command, count)).is_some()
    }
}
