//! What the explorer keeps between two runs: where one was, what one looked for, and what one noted, for each set of
//! sources and under names of one's own.
//!
//! Every field may be missing, so that older and newer programs read each other's files as far as they understand them.

mod store;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::{Event, EventId, Order, SortKey, Timestamp};

pub use store::{Keeper, Listed, Slot, StateError, Store};

/// The explorer as it was left.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Session {
    /// What was open, canonical paths.
    pub sources: Vec<String>,
    /// The same in a few words.
    pub title: String,
    pub saved: Timestamp,

    /// The query in force, as typed.
    pub query: String,
    /// What relative times counted from instead of the clock.
    pub anchor: Option<Timestamp>,
    pub parked: Option<Parked>,
    /// Queries asked before, the latest last.
    pub history: Vec<String>,
    /// Terms that were switched off, as queries.
    pub chips_off: Vec<String>,
    /// Fields added to the filter pane, by name or path.
    pub facets: Vec<String>,

    pub panes: Panes,
    /// The selected event; `None` while following.
    pub selected: Option<Place>,
    /// The row of the screen that it stood on.
    pub row: Option<usize>,
    pub marks: Vec<Mark>,
    /// How the list shows what it has, by the names that settings use; `None` = as the settings say.
    pub columns: Option<Vec<String>>,
    pub zone: Option<String>,
    pub times: Option<String>,
    pub run: Option<Run>,
    /// Runs that were left and can be gone on with.
    pub paused: Vec<Run>,
}

/// A person's own query, kept while another one was in force.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Parked {
    pub query: String,
    pub anchor: Option<Timestamp>,
}

/// Which panes were open, by the names of their contexts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Panes {
    /// `None` = as the screen is wide enough.
    pub filters: Option<bool>,
    pub timeline: Option<bool>,
    pub detail: bool,
    pub runbook: bool,
    pub focus: String,
    /// The one beside the list on a narrow screen.
    pub side: String,
}

/// An event and where it stands among the others, so that its neighbours are found when it is gone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    pub id: String,
    pub source: String,
    pub ts: i64,
    pub generation: i32,
    pub offset: u64,
    pub sub: u32,
}

/// An event that was marked, or annotated.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mark {
    pub at: Place,
    /// Annotated only, where not.
    pub marked: bool,
    pub note: Option<String>,
}

/// A runbook that was being stepped through.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Run {
    pub id: String,
    pub inputs: BTreeMap<String, String>,
    /// Id of the step one stood at.
    pub at: String,
    /// From 0 on.
    pub step: usize,
    /// The query in force was the step's own.
    pub applied: bool,
    pub found: Vec<Found>,
    pub steps: Vec<StepKept>,
    /// The text to hand over, as a person changed it.
    pub letter: Option<String>,
    /// The inputs that text is of; `None` = those of the run.
    pub letter_inputs: Option<BTreeMap<String, String>>,
    /// One stood at the end, and it ended with these words.
    pub ended: Option<String>,
}

/// What a person did at a step of a runbook.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StepKept {
    /// From 0 on, where its id is not known any more.
    pub step: usize,
    /// Of the step.
    pub id: String,
    /// When it was looked at first.
    pub looked: Option<Timestamp>,
    /// It was looked at for other inputs only.
    pub looked_before: bool,
    /// `done`, `skipped` or `blocked`, and when that was said.
    pub mark: Option<(String, Timestamp)>,
    pub note: Option<String>,
    /// What the inputs were when it was written.
    pub note_of: Option<BTreeMap<String, String>>,
    /// The branch that was taken last, as the runbook words it.
    pub branch: Option<String>,
    /// What a person made of its query.
    pub query: Option<String>,
    /// Events kept as evidence.
    pub pins: Vec<Pin>,
}

/// An event kept as evidence of a runbook's step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pin {
    #[serde(flatten)]
    pub at: Place,
    /// What the inputs were then; `None` = what those of the run are.
    pub of: Option<BTreeMap<String, String>>,
}

/// What the query of a runbook's step gave.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Found {
    /// From 0 on.
    pub step: usize,
    /// Of the step.
    pub id: String,
    /// What it was found by.
    pub query: String,
    pub rows: u64,
    /// Distinct values with counts, by field.
    pub values: BTreeMap<String, Vec<(String, u64)>>,
    /// Whether everything was searched.
    pub complete: bool,
    /// Why finding nothing proves nothing all the same.
    pub doubt: Option<String>,
}

impl Place {
    pub fn new(id: EventId, key: &SortKey) -> Self {
        Self {
            id: id.to_string(),
            source: key.source.to_string(),
            ts: key.order.ts,
            generation: key.order.generation,
            offset: key.order.offset,
            sub: key.order.sub,
        }
    }

    pub fn of(event: &Event) -> Self {
        Self::new(event.id, &event.sort_key())
    }

    pub fn id(&self) -> Option<EventId> {
        self.id.parse().ok()
    }

    pub fn key(&self) -> SortKey {
        SortKey {
            source: self.source.as_str().into(),
            order: Order {
                ts: self.ts,
                generation: self.generation,
                offset: self.offset,
                sub: self.sub,
            },
        }
    }
}
