//! A step's query that a person changed: what was added and what was left out is shown until the step's own comes back, and
//! it can be kept as the step's own.

use super::Run;
use crate::query::Query;
use crate::runbook::InputError;

/// How the query in force differs from that of the step it was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Differs {
    step: usize,
    query: Query,
    pub(super) added: Vec<String>,
    pub(super) left_out: Vec<String>,
    /// What can be done now.
    pub(super) then: String,
}

impl Run {
    /// What a step asks for: as a person changed it, else as the runbook has it.
    pub(super) fn step_query(&self, step: usize) -> Result<Option<Query>, InputError> {
        let written = self.runbook.step_query(step, &self.inputs)?;
        let own = self.own(step).and_then(|own| Query::parse(own).ok());
        Ok(written.map(|written| own.unwrap_or(written)))
    }

    /// What a person made of the query of a step, and kept.
    pub fn own(&self, step: usize) -> Option<&str> {
        self.work.get(step)?.own.as_deref()
    }

    /// A person's own query is in force now. `then` = what can be done where it is a step's with changes.
    pub fn change(&mut self, query: &Query, then: String) {
        let step = self.applied.or(self.differs.as_ref().map(|d| d.step));
        self.set_aside();
        let Some(step) = step else {
            return;
        };
        let Ok(Some(before)) = self.step_query(step) else {
            return;
        };
        let (was, is) = (terms(&before), terms(query));
        let (added, left_out) = (only_in(&is, &was), only_in(&was, &is));
        if added.is_empty() && left_out.is_empty() {
            self.applied = Some(step);
            return;
        }
        self.differs = Some(Differs {
            step,
            query: query.clone(),
            added,
            left_out,
            then,
        });
    }

    /// Keeps the query in force as what its step asks for from now on; `false` if it is no step's with changes.
    pub fn keep_query(&mut self) -> bool {
        let Some(differs) = self.differs.take() else {
            return false;
        };
        self.step = differs.step;
        self.evidence[differs.step] = None;
        self.work[differs.step].own = Some(differs.query.to_string());
        true
    }

    /// Has the current step ask for what the runbook says again.
    pub fn drop_own_query(&mut self) {
        self.differs = None;
        if self.work[self.step].own.take().is_some() {
            self.evidence[self.step] = None;
        }
    }
}

/// The terms that all have to be met, as they are written: a time that was typed is another tree than the same time filled in.
fn terms(query: &Query) -> Vec<String> {
    let terms = query.conjuncts().into_iter();
    terms
        .map(|term| Query::from_conjuncts(vec![term]).to_string())
        .collect()
}

fn only_in(these: &[String], others: &[String]) -> Vec<String> {
    let only = these.iter().filter(|term| !others.contains(term));
    only.cloned().collect()
}
