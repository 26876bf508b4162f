//! What a person did at one step of a run.

use crate::event::{EventId, SortKey, Timestamp};
use crate::runbook::{Inputs, Step};
use crate::state;

/// What a person did at one step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work {
    /// When it was looked at first.
    pub looked: Option<Timestamp>,
    /// It was looked at for other inputs, and not since they were changed.
    pub looked_before: bool,
    pub mark: Option<(Mark, Timestamp)>,
    pub note: Option<Note>,
    /// The branch that was taken last.
    pub took: Option<usize>,
    /// Events kept as evidence, in the order in which they were.
    pub pins: Vec<Pin>,
    /// What it asks for instead of what the runbook says.
    pub(super) own: Option<String>,
}

/// An event kept as evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Pin {
    pub id: EventId,
    pub key: SortKey,
    /// What the inputs were then.
    pub(super) of: Inputs,
}

/// A note on a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    pub text: String,
    /// What the inputs were when it was written last.
    pub(super) of: Inputs,
}

/// What a person said or changed at steps, and goes with the inputs that it was for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TakenBack {
    /// Steps that were said to be dealt with.
    pub marks: usize,
    /// Steps whose query was changed.
    pub queries: usize,
    /// Steps that were looked at.
    pub looked: usize,
}

impl Work {
    /// The evidence and the note that were kept of it; `inputs` = those of the run.
    pub(super) fn take_evidence(&mut self, kept: &state::StepKept, inputs: &Inputs) {
        let of = |of: &Option<Inputs>| of.clone().unwrap_or_else(|| inputs.clone());
        let pins = kept.pins.iter();
        self.pins.extend(pins.filter_map(|pin| {
            Some(Pin {
                id: pin.at.id()?,
                key: pin.at.key(),
                of: of(&pin.of),
            })
        }));
        if let Some(more) = &kept.note {
            let note = self.note.get_or_insert_with(|| Note {
                text: String::new(),
                of: of(&kept.note_of),
            });
            if !note.text.is_empty() {
                note.text.push_str("; ");
            }
            note.text.push_str(more);
        }
    }

    /// What else was kept of it.
    pub(super) fn take_in(&mut self, kept: &state::StepKept, step: &Step) {
        let mark = kept.mark.as_ref().and_then(|(name, at)| {
            let mark = Mark::ALL.into_iter().find(|mark| mark.name() == name)?;
            Some((mark, *at))
        });
        self.looked = self.looked.or(kept.looked);
        self.looked_before |= kept.looked_before;
        self.mark = self.mark.or(mark);
        let is_it = |text: &String| step.branches.iter().position(|b| b.text == *text);
        self.took = self.took.or(kept.branch.as_ref().and_then(is_it));
        self.own = self.own.take().or_else(|| kept.query.clone());
    }

    /// The step asks for something else than before: what was looked at and decided is gone and counted, what a person kept
    /// and wrote stays and knows what it is of.
    pub(super) fn asks_anew(&mut self, taken_back: &mut TakenBack) {
        taken_back.marks += usize::from(self.mark.take().is_some());
        taken_back.queries += usize::from(self.own.take().is_some());
        self.looked_before |= self.looked.is_some();
        taken_back.looked += usize::from(self.looked.is_some());
        (self.looked, self.took) = (None, None);
    }
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Done,
    Skipped,
    Blocked,
}

impl Mark {
    pub(super) const ALL: [Self; 3] = [Self::Done, Self::Skipped, Self::Blocked];

    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::Blocked => "blocked",
        }
    }
}
