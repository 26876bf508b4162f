//! The runbook pane: pick a runbook, fill its inputs in, and step through it while each step filters the list.

pub mod form;
pub mod run;

use crate::event::Zone;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::event::{Event, Timestamp};
use crate::runbook::{Inputs, Library, Runbook};
use crate::state;
use crate::tui::command::Command;
use crate::tui::message::Intent;
use crate::tui::theme::Role;
use crate::tui::widget::{Look, centred_top, draw_lines, titled};
use form::Form;
use run::Run;

#[derive(Clone, Debug, Default)]
pub struct Runbooks {
    library: Library,
    /// Place in the list, the broken ones after the good ones.
    selected: usize,
    stage: Stage,
}

#[derive(Clone, Debug, Default)]
enum Stage {
    #[default]
    List,
    Form(Form),
    Run(Box<Run>),
}

impl Runbooks {
    pub fn new(library: Library) -> Self {
        Self {
            library,
            ..Self::default()
        }
    }

    pub fn library(&self) -> &Library {
        &self.library
    }

    pub fn is_form(&self) -> bool {
        matches!(self.stage, Stage::Form(_))
    }

    pub fn run(&self) -> Option<&Run> {
        match &self.stage {
            Stage::Run(run) => Some(run),
            _ => None,
        }
    }

    pub fn run_mut(&mut self) -> Option<&mut Run> {
        match &mut self.stage {
            Stage::Run(run) => Some(run),
            _ => None,
        }
    }

    /// Asks for the runbook's inputs, with offers from an event; begins at once if there are none. Returns whether
    /// it began.
    pub fn open(&mut self, index: usize, event: Option<&Event>) -> bool {
        let Some(runbook) = self.library.runbooks.get(index).cloned() else {
            return false;
        };
        if runbook.inputs.is_empty() {
            self.begin(runbook, Inputs::new());
            return true;
        }
        self.stage = Stage::Form(Form::new(runbook, event));
        false
    }

    /// The run, to be kept.
    pub fn kept(&self) -> Option<state::Run> {
        self.run().map(Run::kept)
    }

    /// Goes on with a run that was kept, if the runbook is still there and takes its inputs.
    pub fn resume(&mut self, kept: &state::Run, now: Timestamp, zone: Zone) {
        let found = self.library.runbooks.iter().find(|r| r.id == kept.id);
        let Some(runbook) = found.cloned() else {
            return;
        };
        if let Ok(inputs) = runbook.check_inputs_in(&kept.inputs, now, zone) {
            let run = Run::resumed(runbook, inputs, kept);
            self.stage = Stage::Run(Box::new(run));
        }
    }

    fn begin(&mut self, runbook: Arc<Runbook>, inputs: Inputs) {
        self.stage = Stage::Run(Box::new(Run::new(runbook, inputs)));
    }

    /// Goes one stage back. Returns whether there was one.
    pub fn back(&mut self) -> bool {
        let was_deeper = !matches!(self.stage, Stage::List);
        self.stage = Stage::List;
        was_deeper
    }

    pub fn insert(&mut self, text: &str) {
        if let Stage::Form(form) = &mut self.stage {
            form.insert(text);
        }
    }

    /// `now` and `zone` are what dates typed into the form count from.
    pub fn update(
        &mut self,
        command: Command,
        count: usize,
        now: Timestamp,
        zone: Zone,
    ) -> Option<Intent> {
        match &mut self.stage {
            Stage::List => self.update_list(command, count),
            Stage::Run(run) => run.update(command, count),
            Stage::Form(form) => {
                let inputs = form.update(command, now, zone)?;
                let runbook = form.runbook().clone();
                self.begin(runbook, inputs);
                Some(Intent::ApplyStep)
            }
        }
    }

    fn update_list(&mut self, command: Command, count: usize) -> Option<Intent> {
        let last = (self.library.runbooks.len() + self.library.errors.len()).saturating_sub(1);
        match command {
            Command::Down => self.selected = self.selected.saturating_add(count).min(last),
            Command::Up => self.selected = self.selected.saturating_sub(count),
            Command::Top | Command::PageUp => self.selected = 0,
            Command::Bottom | Command::PageDown => self.selected = last,
            Command::Open => {
                let known = self.selected < self.library.runbooks.len();
                return known.then_some(Intent::OpenRunbook(self.selected));
            }
            _ => {}
        }
        None
    }

    pub fn view(&self, look: &Look<'_>, buf: &mut Buffer, area: Rect) {
        let columns = usize::from(area.width);
        let height = usize::from(area.height).saturating_sub(1);
        let centred = |(lines, at): (Vec<Line<'static>>, usize)| {
            let top = centred_top(at, lines.len(), height);
            (lines, top)
        };
        let (name, place, (lines, top)) = match &self.stage {
            Stage::List => (
                "RUNBOOKS".to_owned(),
                String::new(),
                centred(self.list(look, columns)),
            ),
            Stage::Form(form) => (
                format!("RUNBOOK  {}", form.runbook().title),
                "inputs".to_owned(),
                centred(form.lines(look, columns)),
            ),
            Stage::Run(run) => {
                let (lines, top) = run.lines(look, columns, height);
                let more = run.goes_on(look, columns, height, top);
                let place = if more {
                    format!("PgDn: more  {}", run.place())
                } else {
                    run.place()
                };
                (format!("RUNBOOK  {}", run.title()), place, (lines, top))
            }
        };
        let title = look.justified(
            (look.title(), &format!(" {name}")),
            (Role::Dim, &place),
            columns.saturating_sub(1),
        );
        let area = titled(buf, area, title);
        draw_lines(buf, area, lines.into_iter().skip(top));
    }

    fn list(&self, look: &Look<'_>, columns: usize) -> (Vec<Line<'static>>, usize) {
        let mut lines = Vec::new();
        let mut at = 0;
        if self.library.runbooks.is_empty() && self.library.errors.is_empty() {
            let text =
                "No runbooks were found. A runbook is a Markdown file whose steps carry queries.";
            lines.extend(
                look.wrap(text, columns.saturating_sub(2))
                    .into_iter()
                    .map(|l| Line::from(format!(" {l}"))),
            );
        }
        let good = self
            .library
            .runbooks
            .iter()
            .map(|r| (Role::Text, r.title.clone()));
        let glyph = look.theme.glyphs.bad;
        let bad = self
            .library
            .errors
            .iter()
            .map(|e| (Role::Warning, format!("{glyph} {e}")));
        for (i, (role, text)) in good.chain(bad).enumerate() {
            let selected = i == self.selected;
            if selected {
                at = lines.len();
            }
            let role = if selected && look.focused && role == Role::Text {
                Role::Selected
            } else {
                role
            };
            let bar = if selected { look.theme.glyphs.bar } else { " " };
            for part in look.wrap(&text, columns.saturating_sub(2)) {
                lines.push(Line::from(vec![
                    look.span(Role::Accent, bar),
                    look.span(role, part),
                ]));
            }
        }
        (lines, at)
    }
}
