//! A runbook being stepped through: where one is, what each step found, and where that leads.

mod draw;

use std::sync::Arc;

use crate::query::Query;
use crate::runbook::{Evidence, InputError, Inputs, Runbook, Step};
use crate::state;
use crate::tui::command::Command;
use crate::tui::message::Intent;

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
}
