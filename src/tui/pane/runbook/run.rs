//! A runbook being stepped through: where one is, what each step found, and where that leads.

mod draw;
mod letter;
mod narrow;
mod way;
mod work;

use std::sync::Arc;

use crate::event::field::Field;
use crate::event::{EventId, SortKey, Timestamp};
use crate::query::Query;
use crate::runbook::{Evidence, InputError, Inputs, Runbook, Step, fill};
use crate::state;
pub use work::{Mark, Note, Pin, TakenBack, Work};

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
    /// What a person did at each step.
    work: Vec<Work>,
    /// The text to hand over, if it is shown or was changed.
    letter: Option<letter::Letter>,
    /// What went since the inputs were changed, until that was said.
    taken_back: TakenBack,
    /// How it ended, while one stands there.
    ended: Option<Ending>,
    /// A branch that what was found contradicts was asked for once.
    doubted: Option<usize>,
    /// The query in force is a step's with changes.
    differs: Option<narrow::Differs>,
}

/// The end of a runbook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Ending {
    /// What the branch that led there says; empty where there was none, or it says nothing.
    words: String,
    /// What can be done now, in a sentence; empty if that was not said.
    then: String,
}

/// Bytes that are kept at most of the values that one step found, and those that each takes besides.
const KEPT_BYTES: usize = 64 << 10;
const KEPT_EACH: usize = 16;

impl Run {
    pub fn new(runbook: Arc<Runbook>, inputs: Inputs) -> Self {
        let evidence = vec![None; runbook.steps.len()];
        let work = vec![Work::default(); runbook.steps.len()];
        Self {
            runbook,
            inputs,
            step: 0,
            evidence,
            applied: None,
            scroll: 0,
            work,
            letter: None,
            taken_back: TakenBack::default(),
            ended: None,
            doubted: None,
            differs: None,
        }
    }

    /// At the step where another run of the runbook was, with what a person did there.
    #[must_use]
    pub fn at_step_of(mut self, other: Option<&Self>) -> Self {
        let Some(other) = other else { return self };
        self.step = other.step;
        self.work.clone_from(&other.work);
        self.letter = other.letter.clone();
        self.end_hand_over();
        for step in 0..self.work.len() {
            if self.asks(step) == other.asks(step) {
                // It does not depend on what is different now: a name that was found here is for later steps.
                self.evidence[step].clone_from(&other.evidence[step]);
            } else {
                self.work[step].asks_anew(&mut self.taken_back);
            }
        }
        self
    }

    /// What went since the inputs were changed; told once.
    pub fn take_taken_back(&mut self) -> TakenBack {
        std::mem::take(&mut self.taken_back)
    }

    /// What the inputs were when events were kept at a step or a note was written, if they are others now.
    pub fn was_kept_when(&self, step: usize) -> Option<String> {
        let work = self.work.get(step)?;
        let pins = work.pins.iter().map(|pin| &pin.of);
        let all = pins.chain(work.note.iter().map(|note| &note.of));
        let mut were: Vec<String> = Vec::new();
        for was in all.filter_map(|was| self.runbook.what_was(was, &self.inputs)) {
            if !were.contains(&was) {
                were.push(was);
            }
        }
        (!were.is_empty()).then(|| were.join(", or "))
    }

    pub fn runbook(&self) -> &Arc<Runbook> {
        &self.runbook
    }

    pub fn is_of(&self, runbook: &Runbook) -> bool {
        self.runbook.id == runbook.id
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
            at: self.step_id(self.step),
            applied: self.applied == Some(self.step),
            found: self.found(),
            steps: self.kept_work(),
            letter: self.edited_letter(),
            letter_inputs: self.letter_inputs(),
            ended: self.ended.as_ref().map(|end| end.words.clone()),
        }
    }

    fn kept_work(&self) -> Vec<state::StepKept> {
        let steps = self.work.iter().enumerate();
        let worked = steps.filter(|(_, work)| **work != Work::default());
        let kept = worked.map(|(step, work)| state::StepKept {
            step,
            id: self.step_id(step),
            looked: work.looked,
            looked_before: work.looked_before,
            mark: work.mark.map(|(mark, at)| (mark.name().to_owned(), at)),
            note: work.note.as_ref().map(|note| note.text.clone()),
            note_of: work.note.as_ref().map(|note| note.of.clone()),
            branch: self.branch_text(step, work.took),
            query: work.own.clone(),
            pins: work
                .pins
                .iter()
                .map(|pin| state::Pin {
                    at: state::Place::new(pin.id, &pin.key),
                    of: Some(pin.of.clone()),
                })
                .collect(),
        });
        kept.collect()
    }

    fn branch_text(&self, step: usize, branch: Option<usize>) -> Option<String> {
        let step = self.runbook.steps.get(step)?;
        Some(step.branches.get(branch?)?.text.clone())
    }

    /// What a step looks for, as a query; `None` if for nothing.
    pub fn query_text(&self, step: usize) -> Option<String> {
        Some(self.query_of(step)).filter(|query| !query.is_empty())
    }

    /// What a step looks for, as a query; empty if for nothing.
    fn query_of(&self, step: usize) -> String {
        let query = self.step_query(step).ok().flatten();
        query.map_or_else(String::new, |q| q.to_string())
    }

    /// What the runbook has a step look for, as a query; empty if nothing.
    pub fn written(&self, step: usize) -> String {
        let query = self.runbook.step_query(step, &self.inputs).ok().flatten();
        query.map_or_else(String::new, |q| q.to_string())
    }

    /// Why a step cannot be asked, where that is so.
    pub fn unasked(&self, step: usize) -> Option<String> {
        let query = self.runbook.step_query(step, &self.inputs);
        query.err().map(|error| error.to_string())
    }

    /// What a step is about: what the runbook has it look for, where it looks for nothing what it tells a person.
    fn asks(&self, step: usize) -> String {
        let written = self.written(step);
        match self.runbook.steps.get(step) {
            Some(step) if written.is_empty() => {
                let prose = step.prose.iter();
                let texts = [&step.title, &step.scenario, &step.action];
                let told = |text: &String| fill(text, |name| self.inputs.get(name).cloned());
                texts.into_iter().chain(prose).map(told).collect()
            }
            _ => written,
        }
    }

    fn step_id(&self, step: usize) -> String {
        let step = self.runbook.steps.get(step);
        step.map(|step| step.id.clone()).unwrap_or_default()
    }

    /// The step that was kept, also where the runbook was edited since; `None` if it is gone.
    fn found_step(&self, id: &str, step: usize) -> Option<usize> {
        if id.is_empty() {
            return (step < self.runbook.steps.len()).then_some(step);
        }
        self.runbook.steps.iter().position(|step| step.id == id)
    }

    /// What the steps found, as far as it is short.
    fn found(&self) -> Vec<state::Found> {
        let steps = self.evidence.iter().enumerate();
        let found = steps.filter_map(|(step, evidence)| {
            let evidence = evidence.as_ref()?;
            let values = evidence.values.values().flatten();
            let bytes = values
                .map(|(value, _)| value.len() + KEPT_EACH)
                .sum::<usize>();
            let is_whole = evidence.more.is_empty() && evidence.missing.is_empty();
            let is_short = bytes <= KEPT_BYTES && is_whole;
            is_short.then(|| state::Found {
                step,
                id: self.step_id(step),
                query: self.query_of(step),
                rows: evidence.rows,
                values: evidence.values.clone(),
                complete: evidence.complete,
                doubt: evidence.doubt.clone(),
            })
        });
        found.collect()
    }

    /// As it was kept; what was too much to keep is found again when its step is looked at.
    pub fn resumed(runbook: Arc<Runbook>, inputs: Inputs, kept: &state::Run) -> Self {
        let mut run = Self::new(runbook, inputs);
        let at = run.found_step(&kept.at, kept.step);
        run.step = at.unwrap_or(0);
        run.letter = kept.letter.as_deref().map(|text| {
            let inputs = kept.letter_inputs.as_ref().unwrap_or(&kept.inputs);
            letter::Letter::edited(text, inputs.clone())
        });
        run.ended = kept
            .ended
            .clone()
            .filter(|_| at.is_some())
            .map(|words| Ending {
                words,
                then: String::new(),
            });
        for worked in &kept.steps {
            let found = run.found_step(&worked.id, worked.step);
            // Evidence of a step that is gone is not lost: it goes to the first one.
            if let Some(work) = run.work.get_mut(found.unwrap_or(0)) {
                work.take_evidence(worked, &kept.inputs);
            }
            let step = found.and_then(|step| Some((step, run.runbook.steps.get(step)?)));
            if let Some((index, step)) = step
                && let Some(work) = run.work.get_mut(index)
            {
                work.take_in(worked, step);
            }
        }
        for found in &kept.found {
            let Some(step) = run.found_step(&found.id, found.step) else {
                continue;
            };
            // A runbook that was edited since asks for something else.
            if found.query != run.query_of(step) {
                continue;
            }
            run.evidence[step] = Some(Evidence {
                rows: found.rows,
                values: found.values.clone(),
                complete: found.complete,
                doubt: found.doubt.clone(),
                ..Evidence::default()
            });
        }
        // The query in force is the step's own only if the step still asks for the same.
        let is_same = at.is_some() && run.evidence(run.step).is_some();
        run.applied = (kept.applied && is_same).then_some(run.step);
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
        let query = self.step_query(self.step)?;
        if query.is_some() {
            self.differs = None;
            self.applied = Some(self.step);
        }
        Ok(query)
    }

    /// What a person did at a step.
    pub fn work(&self, step: usize) -> Option<&Work> {
        self.work.get(step)
    }

    /// The steps that were looked at, or said to be dealt with, and the current one, in the runbook's order.
    pub fn looked_at(&self) -> Vec<usize> {
        let steps = 0..self.work.len();
        let is_so = |step: &usize| {
            *step == self.step
                || self.work[*step] != Work::default()
                || self.evidence[*step].is_some()
        };
        steps.filter(is_so).collect()
    }

    /// The steps that were looked at for other inputs only, as numbers from 1 on.
    pub fn looked_before(&self) -> Vec<usize> {
        let steps = self.work.iter().zip(1..);
        let before = steps.filter(|(work, _)| work.looked_before);
        before.map(|(_, number)| number).collect()
    }

    /// What the inputs were when an event was kept, if they are others now.
    pub fn was_pinned_when(&self, pin: &Pin) -> Option<String> {
        self.runbook.what_was(&pin.of, &self.inputs)
    }

    /// The current step (from 0 on).
    pub fn at(&self) -> usize {
        self.step
    }

    /// The current step is looked at now.
    pub fn look(&mut self, now: Timestamp) {
        if let Some(work) = self.work.get_mut(self.step) {
            work.looked.get_or_insert(now);
            work.looked_before = false;
        }
    }

    /// Keeps an event as evidence of the current step, or no longer; returns whether it is kept now.
    pub fn pin(&mut self, id: EventId, key: SortKey) -> bool {
        let Some(work) = self.work.get_mut(self.step) else {
            return false;
        };
        let before = work.pins.len();
        work.pins.retain(|pin| pin.id != id);
        let is_new = work.pins.len() == before;
        if is_new {
            let of = self.inputs.clone();
            work.pins.push(Pin { id, key, of });
        }
        is_new
    }

    /// The events kept as evidence of any step.
    pub fn pins(&self) -> impl Iterator<Item = EventId> + Clone + '_ {
        let pins = self.work.iter().flat_map(|work| &work.pins);
        pins.map(|pin| pin.id)
    }

    /// Says what became of the current step; the same again takes it back.
    pub fn mark(&mut self, mark: Mark, now: Timestamp) -> bool {
        let Some(work) = self.work.get_mut(self.step) else {
            return false;
        };
        let same = work.mark.is_some_and(|(before, _)| before == mark);
        work.mark = (!same).then_some((mark, now));
        !same
    }

    pub fn note(&self) -> &str {
        let note = self.work.get(self.step).and_then(|w| w.note.as_ref());
        note.map_or("", |note| &note.text)
    }

    /// Writes a note on the current step; an empty one deletes it.
    pub fn annotate(&mut self, text: &str) {
        let text = text.trim();
        if let Some(work) = self.work.get_mut(self.step) {
            work.note = (!text.is_empty()).then(|| Note {
                text: text.to_owned(),
                of: self.inputs.clone(),
            });
        }
    }

    /// What the query of a step gave.
    pub fn evidence(&self, step: usize) -> Option<&Evidence> {
        self.evidence.get(step).and_then(Option::as_ref)
    }

    /// The text to hand over while it is shown, else the query of the current step with the inputs filled in; for
    /// copying.
    pub fn value(&self) -> Option<(String, String)> {
        if let Some(text) = self.letter_text() {
            let of = self
                .letter_was()
                .map(|was| format!(" (written when {was})"));
            let name = format!("the text to hand over{}", of.unwrap_or_default());
            return Some((name, text));
        }
        let query = self.query_text(self.step)?;
        Some(("the step's query".to_owned(), query))
    }

    /// Number (from 1 on) and expectation of the step whose query is in force; `None` = none is.
    pub fn expects(&self) -> Option<(usize, Option<String>)> {
        let step = self.applied?;
        let query = self.runbook.steps.get(step)?.query.as_ref()?;
        let expected = query.expect.as_ref().map(ToString::to_string);
        Some((step + 1, expected))
    }

    /// Another query than a step's is in force now.
    pub fn set_aside(&mut self) {
        self.differs = None;
        self.applied = None;
    }

    /// The fields whose values have to be counted for the applied step: for what decides, for what it shows, and what
    /// the chain check says.
    pub fn fields_needed(&self) -> Vec<String> {
        self.applied
            .map(|step| {
                let mut fields = self.runbook.fields_needed(step);
                let query = self.runbook.steps[step].query.as_ref();
                let group = query.and_then(|query| query.group.as_ref());
                let chain = Field::Chain.name().to_owned();
                for name in group.cloned().into_iter().chain([chain]) {
                    if !fields.contains(&name) {
                        fields.push(name);
                    }
                }
                fields
            })
            .unwrap_or_default()
    }

    /// The columns that the current step asks for; empty if it leaves that to the person.
    pub fn columns(&self) -> &[String] {
        let query = self.current().and_then(|step| step.query.as_ref());
        query.map_or(&[], |query| &query.show)
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
}
