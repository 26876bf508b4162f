//! What is shown where nothing was named to open: what was open before, logs that are there, and what to type.

use std::io::IsTerminal;

use crossterm::event::{Event as TermEvent, EventStream, KeyEventKind};
use futures::StreamExt;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::TuiError;
use super::command::Command;
use super::keymap::{Context, Keymap};
use super::layout::{MIN_HEIGHT, MIN_WIDTH};
use super::marks::Marks;
use super::pane::footer;
use super::terminal;
use super::theme::{Role, Theme};
use super::widget::zone::Zone;
use super::widget::{Look, centred_top, draw_lines, draw_scrolled};
use crate::event::Timestamp;

/// What can be typed instead, and what it does.
const TO_TYPE: [(&str, &str); 4] = [
    ("auditty /var/log/audit", "a file, a directory or a pattern"),
    ("zcat audit.log.gz | auditty -", "standard input"),
    ("auditty search 'outcome:failure' .", "without the explorer"),
    ("auditty --help", "everything else"),
];

/// Something that can be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Entries of one heading stand together.
    pub heading: &'static str,
    pub name: String,
    /// More about it; for what cannot be opened, why.
    pub detail: String,
    pub ready: bool,
}

#[derive(Clone, Debug)]
pub struct StartPage {
    entries: Vec<Entry>,
    selected: usize,
    said: String,
}

/// What a key led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The entry of this number.
    Chosen(usize),
    Left,
}

impl StartPage {
    pub fn new(entries: Vec<Entry>) -> Self {
        let selected = entries.iter().position(|e| e.ready).unwrap_or(0);
        Self {
            entries,
            selected,
            said: String::new(),
        }
    }

    pub fn update(&mut self, command: Command) -> Option<Outcome> {
        self.said.clear();
        let last = self.entries.len().saturating_sub(1);
        self.selected = match command {
            Command::Down | Command::NextPane => (self.selected + 1).min(last),
            Command::Up | Command::PreviousPane => self.selected.saturating_sub(1),
            Command::Top | Command::PageUp => 0,
            Command::Bottom | Command::PageDown => last,
            Command::Quit | Command::Interrupt | Command::Close => return Some(Outcome::Left),
            Command::Open => {
                let entry = self.entries.get(self.selected)?;
                if entry.ready {
                    return Some(Outcome::Chosen(self.selected));
                }
                self.said = "this cannot be opened as it is".to_owned();
                self.selected
            }
            _ => self.selected,
        };
        None
    }

    pub fn view(&self, theme: &Theme, keymap: &Keymap, buf: &mut Buffer, area: Rect) {
        let (zone, marks) = (Zone::default(), Marks::default());
        let look = Look {
            theme,
            zone: &zone,
            now: Timestamp::default(),
            marks: &marks,
            focused: true,
        };
        let columns = usize::from(area.width);
        if area.width < MIN_WIDTH || area.height < MIN_HEIGHT {
            let text = format!("auditty needs {MIN_WIDTH} columns and {MIN_HEIGHT} rows");
            draw_lines(buf, area, [Line::from(look.cut(&text, columns))]);
        } else {
            let head = Line::from(vec![
                look.span(Role::Focus, " auditty  "),
                look.span(Role::Text, "the audit-log explorer"),
            ]);
            draw_lines(buf, area, [head]);
            let body = Rect {
                y: area.y + 2,
                height: area.height - 4,
                ..area
            };
            let (lines, at) = self.lines(&look, columns);
            let top = centred_top(at, lines.len(), usize::from(body.height));
            draw_scrolled(&look, buf, body, lines, top);
            let foot = Rect {
                y: area.bottom() - 1,
                height: 1,
                ..area
            };
            let hint = (Role::Warning, self.said.as_str());
            footer::view(&look, buf, foot, Context::Start, keymap, hint);
        }
        theme.ground(buf, area);
    }

    /// All lines, and which of them is selected.
    fn lines(&self, look: &Look<'_>, columns: usize) -> (Vec<Line<'static>>, usize) {
        let mut lines = Vec::new();
        let mut at = 0;
        let longest = self.entries.iter().map(|e| crate::text::width(&e.name));
        let name_width = longest.max().unwrap_or(0).clamp(20, columns * 2 / 5);
        let room = columns.saturating_sub(name_width + 6);
        let mut heading = "";
        for (i, entry) in self.entries.iter().enumerate() {
            if entry.heading != heading {
                if !heading.is_empty() {
                    lines.push(Line::default());
                }
                heading = entry.heading;
                lines.push(Line::from(look.span(Role::Accent, format!(" {heading}"))));
            }
            let selected = i == self.selected;
            if selected {
                at = lines.len();
            }
            let bar = if selected { look.theme.glyphs.bar } else { " " };
            let (role, detail) = match (selected, entry.ready) {
                (true, _) => (Role::Selected, Role::Selected),
                (false, true) => (Role::Text, Role::Dim),
                (false, false) => (Role::Dim, Role::Dim),
            };
            // What stands in the way is said in full where it is selected.
            let told = match selected && !entry.ready {
                true => look.wrap(&entry.detail, room),
                false => vec![look.cut(&entry.detail, room)],
            };
            for (row, told) in told.into_iter().enumerate() {
                let name = if row == 0 { entry.name.as_str() } else { "" };
                lines.push(Line::from(vec![
                    look.span(Role::Accent, format!(" {bar}")),
                    look.span(role, format!(" {}  ", look.cell(name, name_width))),
                    look.span(detail, told),
                ]));
            }
        }
        lines.push(Line::default());
        lines.push(Line::from(look.span(Role::Accent, " OR LEAVE, AND TYPE")));
        for (typed, meaning) in TO_TYPE {
            lines.push(Line::from(vec![
                look.span(Role::Text, format!("   {}", look.cell(typed, 36))),
                look.span(Role::Dim, look.cut(meaning, columns.saturating_sub(40))),
            ]));
        }
        (lines, at)
    }
}

/// Shows the page until something is chosen; `None` = the person left.
pub async fn choose(
    mut page: StartPage,
    theme: &Theme,
    keymap: &Keymap,
) -> Result<Option<usize>, TuiError> {
    if !std::io::stdout().is_terminal() {
        return Err(TuiError::NoTerminal);
    }
    let (_guard, mut terminal) = terminal::Guard::enter().map_err(TuiError::Terminal)?;
    let mut input = EventStream::new();
    let mut shutdown = std::pin::pin!(terminal::asked_to_end());
    loop {
        let drawn = terminal.draw(|frame| {
            let area = frame.area();
            page.view(theme, keymap, frame.buffer_mut(), area);
        });
        drawn.map_err(TuiError::Terminal)?;
        let event = tokio::select! {
            biased;
            _ = &mut shutdown => return Ok(None),
            event = input.next() => event,
        };
        let Some(event) = event else {
            return Ok(None);
        };
        let TermEvent::Key(key) = event.map_err(TuiError::Terminal)? else {
            continue;
        };
        if key.kind == KeyEventKind::Release {
            continue;
        }
        let command = keymap.resolve(Context::Start, key);
        match command.and_then(|command| page.update(command)) {
            Some(Outcome::Chosen(entry)) => return Ok(Some(entry)),
            Some(Outcome::Left) => return Ok(None),
            None => {}
        }
    }
}
