//! A runbook being stepped through: where one is, what each step found, and where that leads.

use std::sync::Arc;

use ratatui::text::{Line, Span};

use crate::query::Query;
use crate::runbook::{Evidence, Expect, InputError, Inputs, Runbook, Step, fill};
use crate::state;
use crate::tui::command::Command;
use crate::tui::message::Intent;
use crate::tui::theme::Role;
use crate::tui::widget::{Look, text};

#[derive(Clone, Debug)]
pub struct Run {
    runbook: Arc<Runbook>,
    inputs: Inputs,
    step: usize,
    /// What each step's query gave, for those that were looked at.
    evidence: Vec<Option<Evidence>>,
    /// The step whose query is in force exactly as the runbook has it.
    applied: Option<usize>,
    /// Lines of the step that are scrolled past.
    scroll: usize,
}

/// Values that are kept of what one step found.
const KEPT_VALUES: usize = 1_000;
/// Lines that one key scrolls a step by.
const SCROLL: usize = 6;

impl Run {
    pub fn new(runbook: Arc<Runbook>, inputs: Inputs) -> Self {
        let evidence = vec![None; runbook.steps.len()];
        Self {
            runbook,
            inputs,
            step: 0,
            evidence,
            applied: None,
            scroll: 0,
        }
    }

    /// At the step where another run of the runbook was.
    #[must_use]
    pub fn at_step_of(mut self, other: Option<&Self>) -> Self {
        self.step = other.map_or(0, |run| run.step);
        self
    }

    pub fn runbook(&self) -> &Arc<Runbook> {
        &self.runbook
    }

    pub fn is_of(&self, runbook: &Runbook) -> bool {
        self.runbook.id == runbook.id
    }

    /// Of the same runbook.
    pub fn is_same(&self, other: &Self) -> bool {
        self.is_of(&other.runbook)
    }

    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// To be kept.
    pub fn kept(&self) -> state::Run {
        state::Run {
            id: self.runbook.id.clone(),
            inputs: self.inputs.clone(),
            step: self.step,
            applied: self.applied == Some(self.step),
            found: self.found(),
        }
    }

    /// What a step looks for, as a query; empty if for nothing.
    fn query_of(&self, step: usize) -> String {
        let query = self.runbook.step_query(step, &self.inputs);
        query
            .ok()
            .flatten()
            .map_or_else(String::new, |q| q.to_string())
    }

    /// What the steps found, as far as it is short.
    fn found(&self) -> Vec<state::Found> {
        let steps = self.evidence.iter().enumerate();
        let found = steps.filter_map(|(step, evidence)| {
            let evidence = evidence.as_ref()?;
            let values: usize = evidence.values.values().map(Vec::len).sum();
            (values <= KEPT_VALUES).then(|| state::Found {
                step,
                query: self.query_of(step),
                rows: evidence.rows,
                values: evidence.values.clone(),
                complete: evidence.complete,
            })
        });
        found.collect()
    }

    /// As it was kept; what was too much to keep is found again when its step is looked at.
    pub fn resumed(runbook: Arc<Runbook>, inputs: Inputs, kept: &state::Run) -> Self {
        let mut run = Self::new(runbook, inputs);
        run.step = kept.step.min(run.runbook.steps.len().saturating_sub(1));
        run.applied = kept.applied.then_some(run.step);
        for found in &kept.found {
            // A runbook that was edited since asks for something else.
            if found.query != run.query_of(found.step) {
                continue;
            }
            if let Some(slot) = run.evidence.get_mut(found.step) {
                *slot = Some(Evidence {
                    rows: found.rows,
                    values: found.values.clone(),
                    complete: found.complete,
                });
            }
        }
        run
    }

    pub fn title(&self) -> &str {
        &self.runbook.title
    }

    /// `2/6`
    pub fn place(&self) -> String {
        format!("{}/{}", self.step + 1, self.runbook.steps.len())
    }

    /// The step whose query is in force.
    pub fn applied(&self) -> Option<usize> {
        self.applied
    }

    /// The query of the current step. It counts as applied from now on.
    pub fn apply(&mut self) -> Result<Option<Query>, InputError> {
        let query = self.runbook.step_query(self.step, &self.inputs)?;
        if query.is_some() {
            self.applied = Some(self.step);
        }
        Ok(query)
    }

    /// The query of the current step with the inputs filled in, for copying.
    pub fn value(&self) -> Option<(String, String)> {
        let query = self.runbook.step_query(self.step, &self.inputs).ok()??;
        Some(("the step's query".to_owned(), query.to_string()))
    }

    /// Another query than a step's is in force now.
    pub fn set_aside(&mut self) {
        self.applied = None;
    }

    /// The fields whose values have to be counted for the applied step.
    pub fn fields_needed(&self) -> Vec<String> {
        self.applied
            .map(|step| self.runbook.fields_needed(step))
            .unwrap_or_default()
    }

    /// Takes what the applied step's query gave.
    pub fn learn(&mut self, evidence: Evidence) {
        if let Some(slot) = self.applied.and_then(|step| self.evidence.get_mut(step)) {
            *slot = Some(evidence);
        }
    }

    fn current(&self) -> Option<&Step> {
        self.runbook.steps.get(self.step)
    }

    /// The branch that what was found points to.
    fn decided(&self) -> Option<usize> {
        let nothing = Evidence::default();
        let evidence = self
            .evidence
            .get(self.step)
            .and_then(Option::as_ref)
            .unwrap_or(&nothing);
        self.runbook.decide(self.step, evidence, &self.inputs)
    }

    pub fn update(&mut self, command: Command, count: usize) -> Option<Intent> {
        let last = self.runbook.steps.len().saturating_sub(1);
        let to = match command {
            Command::Down => self.step.saturating_add(count).min(last),
            Command::Up => self.step.saturating_sub(count),
            Command::Top => 0,
            Command::Bottom => last,
            Command::PageDown => {
                self.scroll = self.scroll.saturating_add(SCROLL);
                return None;
            }
            Command::PageUp => {
                self.scroll = self.scroll.saturating_sub(SCROLL);
                return None;
            }
            Command::Open => return self.take_decided(),
            Command::Branch1 => return self.take(0),
            Command::Branch2 => return self.take(1),
            Command::Branch3 => return self.take(2),
            Command::Branch4 => return self.take(3),
            _ => return None,
        };
        self.go(to)
    }

    fn go(&mut self, step: usize) -> Option<Intent> {
        // Also when it is the same step: a query changed meanwhile comes back.
        self.step = step;
        self.scroll = 0;
        Some(Intent::ApplyStep)
    }

    fn take_decided(&mut self) -> Option<Intent> {
        let branches = self.current().map_or(0, |s| s.branches.len());
        match (self.decided(), branches) {
            (Some(branch), _) => self.take(branch),
            (None, 0) if self.step + 1 < self.runbook.steps.len() => self.go(self.step + 1),
            (None, 0) => Some(Intent::Say("this is the last step".to_owned())),
            (None, 1) => self.take(0),
            // The branches may be below the screen: they are named.
            (None, n) => {
                let branches = self.current().map_or(&[][..], |s| &s.branches);
                let named = branches
                    .iter()
                    .zip(1..)
                    .map(|(b, i)| format!("{i} {}", b.text));
                let named = named.collect::<Vec<_>>().join("; ");
                Some(Intent::Say(format!("you decide: press 1 to {n}: {named}")))
            }
        }
    }

    fn take(&mut self, branch: usize) -> Option<Intent> {
        let branch = self.current()?.branches.get(branch)?;
        match branch.goto {
            Some(step) => self.go(step),
            None => Some(Intent::Say("the runbook ends here".to_owned())),
        }
    }

    /// All lines, and which of them is the topmost shown in `height` rows: the current step as a whole if it fits, else
    /// from its heading on, as far as it is scrolled.
    pub fn lines(
        &self,
        look: &Look<'_>,
        columns: usize,
        height: usize,
    ) -> (Vec<Line<'static>>, usize) {
        let mut lines = Vec::new();
        let (mut start, mut end) = (0, 0);
        for (i, step) in self.runbook.steps.iter().enumerate() {
            let current = i == self.step;
            if current {
                start = lines.len();
            }
            lines.push(self.heading(look, i, step, columns));
            if current {
                self.body(look, step, columns, &mut lines);
                end = lines.len();
            }
        }
        let last_top = lines.len().saturating_sub(height);
        let top = if end - start <= height {
            // What came before it stays in view as far as there is room.
            start
                .saturating_sub((height - (end - start)) / 2)
                .min(last_top)
        } else {
            start + self.scroll.min(end - start - height)
        };
        (lines, top)
    }

    /// Whether the current step goes on below what `height` rows show of it from line `top` on.
    pub fn goes_on(&self, look: &Look<'_>, columns: usize, height: usize, top: usize) -> bool {
        let before = self.step;
        let Some(step) = self.current() else {
            return false;
        };
        let mut body = Vec::new();
        self.body(look, step, columns, &mut body);
        before + 1 + body.len() > top + height
    }

    fn evidence_of(&self, step: usize) -> Option<&Evidence> {
        self.evidence.get(step).and_then(Option::as_ref)
    }

    fn heading(&self, look: &Look<'_>, index: usize, step: &Step, columns: usize) -> Line<'static> {
        let glyphs = look.theme.glyphs;
        let current = index == self.step;
        let evidence = self.evidence_of(index);
        let sign = match evidence.map(|e| self.runbook.is_met(index, e)) {
            _ if current => glyphs.closed,
            Some(Some(true)) => glyphs.good,
            Some(Some(false)) => glyphs.bad,
            Some(None) => glyphs.dot,
            None => " ",
        };
        let rows = evidence
            .map(|e| text::counted(e.rows, "row", "rows"))
            .unwrap_or_default();
        let role = if current { look.selected() } else { Role::Dim };
        let title = format!("{sign} {} {}", index + 1, step.title);
        let mut line = look.justified(
            (role, &title),
            (Role::Dim, &rows),
            columns.saturating_sub(2),
        );
        let bar = if current { glyphs.bar } else { " " };
        line.spans.insert(0, look.span(Role::Accent, bar));
        line
    }

    fn body(&self, look: &Look<'_>, step: &Step, columns: usize, lines: &mut Vec<Line<'static>>) {
        let glyphs = look.theme.glyphs;
        let room = columns.saturating_sub(5);
        let say = |lines: &mut Vec<Line<'static>>, role: Role, text: &str| {
            let filled = fill(text, |name| self.inputs.get(name).cloned());
            lines.extend(
                look.wrap(&filled, room)
                    .into_iter()
                    .map(|part| Line::from(vec![Span::raw("    "), look.span(role, part)])),
            );
        };
        if let Some(expect) = step.query.as_ref().and_then(|q| q.expect.as_ref()) {
            let evidence = self.evidence_of(self.step);
            let (role, verdict) = match evidence.and_then(|e| self.runbook.is_met(self.step, e)) {
                Some(true) => (Role::Good, format!("count met {}", glyphs.good)),
                Some(false) => (Role::Failure, format!("count not met {}", glyphs.bad)),
                None if evidence.is_some() => (Role::Dim, "not known yet".to_owned()),
                None => (Role::Dim, String::new()),
            };
            let mut line = look.justified(
                (
                    Role::Dim,
                    &format!("expect {}", expected(expect, glyphs.at_least)),
                ),
                (role, &verdict),
                room,
            );
            line.spans.insert(0, Span::raw("    "));
            lines.push(line);
        }
        let decided = self.decided();
        let branches = step.branches.len();
        if decided.is_none() && branches > 1 {
            // They may be below the screen.
            let words = format!("you decide: 1 to {branches}, at the end of the step");
            lines.extend(
                look.wrap(&words, room)
                    .into_iter()
                    .map(|part| Line::from(vec![Span::raw("    "), look.span(Role::Accent, part)])),
            );
        }
        for (label, text) in [
            ("Scenario", &step.scenario),
            ("Action", &step.action),
            ("Expect", &step.expect),
            ("Outcome", &step.outcome),
        ] {
            if !text.is_empty() {
                say(lines, Role::Dim, label);
                say(lines, Role::Text, text);
            }
            // A list of what to do stands below the words that announce it.
            if label == "Action" {
                for paragraph in &step.prose {
                    say(lines, Role::Text, paragraph);
                }
            }
        }
        for (i, branch) in step.branches.iter().enumerate() {
            let chosen = decided == Some(i);
            let key = if chosen {
                "Enter".to_owned()
            } else {
                (i + 1).to_string()
            };
            let filled = fill(&branch.text, |name| self.inputs.get(name).cloned());
            let role = if chosen { Role::Focus } else { Role::Text };
            for (n, part) in look
                .wrap(&filled, room.saturating_sub(6))
                .into_iter()
                .enumerate()
            {
                let lead = if n == 0 {
                    format!("{key:>5}")
                } else {
                    " ".repeat(5)
                };
                let bar = if chosen { glyphs.bar } else { " " };
                lines.push(Line::from(vec![
                    look.span(Role::Accent, format!("  {bar}")),
                    look.span(Role::Key, lead),
                    Span::raw(" "),
                    look.span(role, part),
                ]));
            }
        }
        lines.push(Line::default());
    }
}

/// `≥ 1`, `0`, `2 to 5`, with what is counted.
fn expected(expect: &Expect, at_least: &str) -> String {
    let what = match &expect.distinct {
        Some(field) => format!("different {field}"),
        None if expect.min == 1 && expect.max.is_none_or(|max| max == 1) => "row".to_owned(),
        None => "rows".to_owned(),
    };
    let amount = match (expect.min, expect.max) {
        (min, None) => format!("{at_least} {}", text::number(min)),
        (min, Some(max)) if min == max => text::number(min),
        (min, Some(max)) => format!("{} to {}", text::number(min), text::number(max)),
    };
    format!("{amount} {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expectations_say_what_they_count() {
        let expect = |distinct: Option<&str>, min, max| Expect {
            distinct: distinct.map(str::to_owned),
            min,
            max,
        };
        assert_eq!(expected(&expect(None, 1, None), "≥"), "≥ 1 row");
        assert_eq!(expected(&expect(None, 0, Some(0)), "≥"), "0 rows");
        assert_eq!(
            expected(&expect(Some("ip"), 2, Some(5)), "≥"),
            "2 to 5 different ip"
        );
    }
}
