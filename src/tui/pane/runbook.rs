//! The runbook pane: pick a runbook, fill its inputs in, and step through it while each step filters the list.

pub mod fit;
pub mod form;
pub mod run;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::event::{Timestamp, Zone};
use crate::runbook::{Inputs, Library, Runbook};
use crate::state;
use crate::tui::command::Command;
use crate::tui::message::Intent;
use crate::tui::theme::Role;
use crate::tui::widget::{Look, centred_top, draw_scrolled, titled};
use fit::{Fit, Scene, fit};
use form::{Beside, Form};
use run::Run;

#[derive(Clone, Debug, Default)]
pub struct Runbooks {
    library: Library,
    /// Place in the list, the broken ones after the good ones.
    selected: usize,
    stage: Stage,
    /// Runs that were left, to be gone on with, the last one last; of a runbook there may be several.
    paused: Vec<Run>,
    /// Inputs that were begun and not used yet.
    drafts: Vec<Form>,
    /// The runbooks as the list shows them, the best fit first; empty = as they were found.
    order: Vec<(usize, Fit)>,
    /// Runs whose runbook is not here, or does not take their inputs any more: kept as they are.
    orphans: Vec<state::Run>,
    /// It was asked to drop this, and not yet again.
    dropping: Option<Dropping>,
}

/// What a person made and would lose.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Dropping {
    /// The run, by its runbook's id.
    Run(String),
    /// The text to hand over, as it was changed.
    Letter,
}

/// Runbooks that one key pages by in the list.
const PAGE: usize = 5;

/// Lines that a runbook's name takes in the list at most, and what is wrong with one.
const NAME_LINES: usize = 3;
const ERROR_LINES: usize = 12;

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

    /// Puts those that fit first. The list stays as it is while somebody looks at it, so that nothing jumps: this is
    /// for the moment in which it is opened. The selected one is then the first.
    pub fn rank(&mut self, scene: &Scene) {
        let books = self.library.runbooks.iter().enumerate();
        let mut order: Vec<(usize, Fit)> = books.map(|(i, book)| (i, fit(book, scene))).collect();
        // What one is in the middle of comes before what would fit as well.
        let is_idle = |book: &Runbook| self.count_of(book) == 0;
        order.sort_by_key(|(i, fit)| {
            let idle = is_idle(&self.library.runbooks[*i]);
            (idle, std::cmp::Reverse(fit.score), *i)
        });
        self.order = order;
        self.selected = 0;
    }

    /// The runbook at a place of the list, by its number in the library.
    fn at(&self, place: usize) -> Option<usize> {
        match self.order.get(place) {
            Some((index, _)) => Some(*index),
            None => (place < self.library.runbooks.len()).then_some(place),
        }
    }

    fn chosen(&self) -> Option<&Arc<Runbook>> {
        self.library.runbooks.get(self.at(self.selected)?)
    }

    /// Nothing is stepped through or asked: the list is what is shown.
    pub fn is_list(&self) -> bool {
        matches!(self.stage, Stage::List)
    }

    pub fn library(&self) -> &Library {
        &self.library
    }

    pub fn is_form(&self) -> bool {
        matches!(self.stage, Stage::Form(_))
    }

    pub fn form_mut(&mut self) -> Option<&mut Form> {
        match &mut self.stage {
            Stage::Form(form) => Some(form),
            _ => None,
        }
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

    /// Goes on with the runbook's run if one was left; else asks for its inputs, with offers from an event, or begins
    /// at once if there are none. Returns whether there is a run now.
    pub fn open(&mut self, index: usize, beside: Beside<'_>) -> bool {
        let Some(runbook) = self.library.runbooks.get(index).cloned() else {
            return false;
        };
        self.back();
        if let Some(run) = self.take_last(&runbook) {
            self.stage = Stage::Run(Box::new(run));
            return true;
        }
        if runbook.inputs.is_empty() {
            self.begin(runbook, Inputs::new(), None);
            return true;
        }
        self.ask(runbook, beside);
        false
    }

    /// The runbook of the run that is open, else the one that is selected.
    fn meant(&self) -> Option<Arc<Runbook>> {
        let of_run = self.run().map(Run::runbook);
        of_run.or_else(|| self.chosen()).cloned()
    }

    /// The run of a runbook that was left last.
    fn last_of(&self, runbook: &Runbook) -> Option<&Run> {
        self.paused.iter().rfind(|run| run.is_of(runbook))
    }

    fn take_last(&mut self, runbook: &Runbook) -> Option<Run> {
        let at = self.paused.iter().rposition(|run| run.is_of(runbook))?;
        Some(self.paused.remove(at))
    }

    /// How many runs of the runbook there are.
    fn count_of(&self, runbook: &Runbook) -> usize {
        let open = self.run().is_some_and(|run| run.is_of(runbook));
        let paused = self.paused.iter().filter(|run| run.is_of(runbook));
        paused.count() + usize::from(open)
    }

    /// Asks for the inputs of another run, beside that which is open or those of the runbook that is selected. `Err` = why
    /// there is nothing to ask.
    pub fn another_run(&mut self, beside: Beside<'_>) -> Result<(), &'static str> {
        let runbook = self.meant().ok_or("there is no runbook")?;
        if runbook.inputs.is_empty() {
            return Err("this runbook asks for nothing: a second run would be the same");
        }
        let form = match self.run() {
            Some(run) => Form::beside(runbook, run.inputs(), beside),
            None => Form::new(runbook, beside),
        };
        self.back();
        self.stage = Stage::Form(form);
        Ok(())
    }

    /// Goes on with the run of the same runbook that was left the longest ago; `false` if there is no other.
    pub fn next_run(&mut self) -> bool {
        let Some(runbook) = self.run().map(|run| run.runbook().clone()) else {
            return false;
        };
        let Some(at) = self.paused.iter().position(|run| run.is_of(&runbook)) else {
            return false;
        };
        let next = self.paused.remove(at);
        self.back();
        self.stage = Stage::Run(Box::new(next));
        true
    }

    /// Asks for the inputs: as far as they were written, else as an event offers them.
    fn ask(&mut self, runbook: Arc<Runbook>, beside: Beside<'_>) {
        let begun = self
            .drafts
            .iter()
            .position(|f| f.runbook().id == runbook.id);
        let form = match begun {
            Some(at) => self.drafts.remove(at),
            None => Form::new(runbook, beside),
        };
        self.stage = Stage::Form(form);
    }

    /// The inputs again, of the run or of the runbook that is selected: the run goes on with what they become.
    /// `Err` = why there is nothing to ask.
    pub fn edit_inputs(&mut self, beside: Beside<'_>) -> Result<(), &'static str> {
        let runbook = self.meant().ok_or("there is no runbook")?;
        if runbook.inputs.is_empty() {
            return Err("this runbook asks for nothing");
        }
        self.back();
        match self.last_of(&runbook) {
            Some(run) => {
                self.stage = Stage::Form(Form::filled(runbook, run.inputs(), beside));
            }
            None => self.ask(runbook, beside),
        }
        Ok(())
    }

    /// Whether there is a run that would be dropped, and it was not asked before.
    pub fn must_ask_to_drop(&mut self) -> bool {
        let id = self.dropped_next().map(|run| run.runbook().id.clone());
        self.must_ask(id.map(Dropping::Run))
    }

    /// Whether there is a text to hand over that a person changed, and it was not asked before whether to drop it.
    pub fn must_ask_to_fill_anew(&mut self) -> bool {
        let is_changed = self.run().is_some_and(|run| run.edited_letter().is_some());
        self.must_ask(is_changed.then_some(Dropping::Letter))
    }

    fn must_ask(&mut self, dropping: Option<Dropping>) -> bool {
        let asked = self.dropping.take();
        if dropping.is_none() || asked == dropping {
            return false;
        }
        self.dropping = dropping;
        true
    }

    /// Something else was done: nothing is dropped by what was asked before.
    pub fn forget_dropping(&mut self) {
        self.dropping = None;
    }

    /// The run that would be dropped now: the open one, else the one of the selected runbook that was left last.
    pub fn dropped_next(&self) -> Option<&Run> {
        let paused = || self.last_of(self.chosen()?);
        self.run().or_else(paused)
    }

    /// Drops the run that is open, or that of the selected runbook: the next one begins anew. `false` if there is none.
    pub fn drop_run(&mut self) -> bool {
        self.back();
        let Some(runbook) = self.chosen().cloned() else {
            return false;
        };
        self.take_last(&runbook).is_some()
    }

    /// Shows the step again after the text to hand over; `false` if that was not shown.
    pub fn end_hand_over(&mut self) -> bool {
        self.run_mut().is_some_and(Run::end_hand_over)
    }

    /// The run, to be kept.
    pub fn kept(&self) -> Option<state::Run> {
        self.run().map(Run::kept)
    }

    /// The runs that were left, to be kept.
    pub fn kept_paused(&self) -> Vec<state::Run> {
        let paused = self.paused.iter().map(Run::kept);
        paused.chain(self.orphans.iter().cloned()).collect()
    }

    /// Goes on with a run that was kept, if the runbook is still there and takes its inputs.
    pub fn resume(&mut self, kept: &state::Run, now: Timestamp) {
        match self.found_again(kept, now) {
            Some(run) => {
                self.select(&run);
                self.stage = Stage::Run(Box::new(run));
            }
            None => self.orphans.push(kept.clone()),
        }
    }

    /// The same for one that was left.
    pub fn resume_paused(&mut self, kept: &state::Run, now: Timestamp) {
        match self.found_again(kept, now) {
            Some(run) => self.pause(run),
            None => self.orphans.push(kept.clone()),
        }
    }

    fn found_again(&self, kept: &state::Run, now: Timestamp) -> Option<Run> {
        let found = self.library.runbooks.iter().find(|r| r.id == kept.id);
        let runbook = found.cloned()?;
        // Checked ones hold days of UTC, whatever zone they were typed in.
        let inputs = runbook.check_inputs(&kept.inputs, now).ok()?;
        Some(Run::resumed(runbook, inputs, kept))
    }

    /// Forgets every run.
    pub fn forget(&mut self) {
        self.stage = Stage::List;
        (self.paused, self.drafts) = (Vec::new(), Vec::new());
        self.orphans.clear();
    }

    fn pause(&mut self, mut run: Run) {
        run.set_aside();
        self.paused.push(run);
    }

    fn select(&mut self, run: &Run) {
        let mut places = 0..self.library.runbooks.len();
        let is_it = |place: &usize| {
            let book = self.at(*place).and_then(|i| self.library.runbooks.get(i));
            book.is_some_and(|book| run.is_of(book))
        };
        self.selected = places.find(is_it).unwrap_or(self.selected);
    }

    /// With other inputs the run `of` those it had goes on at its step, and finds everything again; so does one that has
    /// the same inputs already.
    fn begin(&mut self, runbook: Arc<Runbook>, inputs: Inputs, of: Option<&Inputs>) {
        let had = of.unwrap_or(&inputs);
        let mut runs = self.paused.iter();
        let before = runs.position(|run| run.is_of(&runbook) && run.inputs() == had);
        let before = before.map(|at| self.paused.remove(at));
        let run = Run::new(runbook, inputs).at_step_of(before.as_ref());
        self.stage = Stage::Run(Box::new(run));
    }

    /// Goes one stage back; nothing of what was done is lost. Returns whether there was one.
    pub fn back(&mut self) -> bool {
        match std::mem::take(&mut self.stage) {
            Stage::List => return false,
            Stage::Form(form) => {
                self.drafts.retain(|f| f.runbook().id != form.runbook().id);
                // What was only offered is offered anew, by the event that is selected then.
                if form.is_touched() {
                    self.drafts.push(form);
                }
            }
            Stage::Run(run) => {
                self.select(&run);
                self.pause(*run);
            }
        }
        true
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
                let (runbook, of) = (form.runbook().clone(), form.of().cloned());
                self.begin(runbook, inputs, of.as_ref());
                Some(Intent::ApplyStep)
            }
        }
    }

    fn update_list(&mut self, command: Command, count: usize) -> Option<Intent> {
        let last = (self.library.runbooks.len() + self.library.errors.len()).saturating_sub(1);
        match command {
            Command::Down => self.selected = self.selected.saturating_add(count).min(last),
            Command::Up => self.selected = self.selected.saturating_sub(count),
            Command::PageDown => self.selected = self.selected.saturating_add(PAGE).min(last),
            Command::PageUp => self.selected = self.selected.saturating_sub(PAGE),
            Command::Top => self.selected = 0,
            Command::Bottom => self.selected = last,
            Command::Open => {
                return self.at(self.selected).map(Intent::OpenRunbook);
            }
            _ => {}
        }
        None
    }

    /// Columns and rows of a pane below its title.
    pub fn room(pane: Rect) -> (usize, usize) {
        let height = usize::from(pane.height).saturating_sub(1);
        (usize::from(pane.width), height)
    }

    pub fn view(&self, look: &Look<'_>, buf: &mut Buffer, area: Rect) {
        let (columns, height) = Self::room(area);
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
                let more = if more { "PgDn: more  " } else { "" };
                let place = format!("{more}{}", run.place());
                (
                    format!("RUNBOOK  {}", self.name_of(run)),
                    place,
                    (lines, top),
                )
            }
        };
        let title = look.justified(
            (look.title(), &format!(" {name}")),
            (Role::Dim, &place),
            columns.saturating_sub(1),
        );
        let area = titled(buf, area, title);
        draw_scrolled(look, buf, area, lines, top);
    }

    /// The runbook's title, after what tells the run from the others of it.
    fn name_of(&self, run: &Run) -> String {
        let title = run.title();
        let others = self
            .paused
            .iter()
            .filter(|other| other.is_of(run.runbook()));
        let others: Vec<&Run> = others.collect();
        if others.is_empty() {
            return title.to_owned();
        }
        let inputs = run.runbook().inputs.iter();
        let mut values = inputs.filter_map(|input| {
            let value = run.inputs().get(&input.name)?;
            let is_own = |other: &&Run| other.inputs().get(&input.name) != Some(value);
            others.iter().any(is_own).then_some(value)
        });
        let runs = others.len() + 1;
        match values.next() {
            Some(value) => format!("{runs} runs, this of {}: {title}", short(value)),
            None => format!("{runs} runs with the same inputs: {title}"),
        }
    }

    /// Whether another run of the runbook that is open has the same inputs.
    pub fn has_twin(&self) -> bool {
        let Some(run) = self.run() else {
            return false;
        };
        let mut others = self
            .paused
            .iter()
            .filter(|other| other.is_of(run.runbook()));
        others.any(|other| other.inputs() == run.inputs())
    }

    /// How many runs there are of the runbook that is open or selected.
    pub fn runs(&self) -> usize {
        self.meant().map_or(0, |runbook| self.count_of(&runbook))
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
        let place = |runbook: &Arc<Runbook>| {
            let run = self.last_of(runbook)?;
            let runs = match self.count_of(runbook) {
                1 => String::new(),
                runs => format!("{runs} runs, the last "),
            };
            Some(format!("({runs}at step {})", run.place()))
        };
        let books = &self.library.runbooks;
        let name = |book: &Runbook| match books.iter().filter(|b| b.title == book.title).count() {
            1 => book.title.clone(),
            _ => format!("{} ({})", book.title, book.id),
        };
        let title = |book: &Arc<Runbook>| match place(book) {
            Some(place) => format!("{}  {place}", name(book)),
            None => name(book),
        };
        let good = (0..self.library.runbooks.len()).filter_map(|place| {
            let book = self.library.runbooks.get(self.at(place)?)?;
            let fit = self.order.get(place).map(|(_, fit)| fit);
            let role = match fit {
                Some(fit) if fit.score == 0 => Role::Dim,
                _ => Role::Text,
            };
            let why = fit.map(|fit| fit.why.clone()).unwrap_or_default();
            Some((role, title(book), why))
        });
        let glyph = look.theme.glyphs.bad;
        let bad = self.library.errors.iter();
        let bad = bad.map(|e| (Role::Warning, format!("{glyph} {e}"), String::new()));
        for (i, (role, text, why)) in good.chain(bad).enumerate() {
            let selected = i == self.selected;
            if selected {
                at = lines.len();
            }
            let role = if selected && look.focused && role != Role::Warning {
                Role::Selected
            } else {
                role
            };
            let bar = if selected { look.theme.glyphs.bar } else { " " };
            let room = columns.saturating_sub(2);
            let most = if role == Role::Warning {
                ERROR_LINES
            } else {
                NAME_LINES
            };
            let parts = look.wrap(&text, room).into_iter().take(most);
            let parts = parts.map(|part| (role, part));
            let why = (!why.is_empty()).then(|| look.wrap(&why, room.saturating_sub(2)));
            let why = why.into_iter().flatten();
            let why = why.map(|part| (Role::Dim, format!("  {part}")));
            for (role, part) in parts.chain(why) {
                lines.push(Line::from(vec![
                    look.span(Role::Accent, bar),
                    look.span(role, part),
                ]));
            }
        }
        (lines, at)
    }
}

/// The begin of a value, which tells it from others in most cases.
fn short(value: &str) -> &str {
    /// Characters.
    const SHOWN: usize = 14;
    match value.char_indices().nth(SHOWN) {
        Some((end, _)) => &value[..end],
        None => value,
    }
}
