//! What `update` wants done: plain data, carried out by the runner, asserted by tests.

use std::sync::Arc;

use super::share::Share;
use crate::engine::{SearchRequest, TailRequest};
use crate::event::{BreakKind, EventId, SortKey, Timestamp};
use crate::state::Session;

/// Numbers requests, so that replies to older ones can be told apart and dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(pub u64);

/// Why there is no session to save or to open.
pub const NOTHING_KEPT: &str = "nothing is kept here: this is the demo, or read from a pipe";

/// Work to do outside of `update`.
#[derive(Debug)]
pub enum Effect {
    /// Replaces a search of its lane that waits and cancels the one that runs.
    Search(Box<Search>),
    /// Of the list.
    CancelSearch,
    /// Of another lane.
    CancelLane(Lane),
    Info,
    /// Replaces the tail before it.
    Tail {
        generation: Generation,
        request: Box<TailRequest>,
    },
    /// Keeps the session, under a name if there is one.
    SaveSession {
        name: Option<String>,
        session: Box<Session>,
    },
    OpenSession {
        name: String,
    },
    /// Reads a source again, as a format or by its content.
    ReadAs {
        source: Arc<str>,
        format: Option<String>,
    },
    Redraw,
    /// Gives the terminal back and stops, until the shell lets it go on.
    Suspend,
    /// Takes the terminal over again, after something else had it.
    TakeOver,
    /// Exports, copies into files, counts of what is typed.
    Share(Box<Share>),
    /// Bytes for the terminal beside the drawing; only `clipboard` makes them.
    Wire(Vec<u8>),
    Quit,
}

/// One search and what it is for.
#[derive(Clone, Debug)]
pub struct Search {
    pub generation: Generation,
    pub purpose: Purpose,
    /// `now` is set by the runner, unless `now` below is given.
    pub request: SearchRequest,
    /// What relative times count from instead of the clock.
    pub now: Option<Timestamp>,
}

/// What a reply is used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A new list.
    Page(Place),
    /// Events before the first one loaded.
    Older,
    /// Events after the last one loaded.
    Newer,
    /// The loaded events again: their verdicts may have changed.
    Refresh,
    /// Total, facets and timeline only.
    Counts,
    Jump(Jump),
    /// The count of the query that is being written.
    Preview,
    /// Values of the field at the cursor.
    Values,
    /// Counts of the fields that a person added to the filter pane.
    Added,
    /// How many events an empty list would hold without one part of its query.
    Without,
    Visit(Visit),
    /// What belongs to the event in the detail.
    Related(EventId, Question),
}

/// Searches of one lane are done one at a time, the latest wish winning; those of different lanes side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    List,
    Preview,
    Values,
    Added,
    Without,
}

impl Lane {
    pub const ALL: [Self; 5] = [
        Self::List,
        Self::Preview,
        Self::Values,
        Self::Added,
        Self::Without,
    ];
}

impl Purpose {
    pub fn lane(&self) -> Lane {
        match self {
            Self::Preview => Lane::Preview,
            Self::Values => Lane::Values,
            Self::Added => Lane::Added,
            Self::Without => Lane::Without,
            _ => Lane::List,
        }
    }
}

/// Where a new list begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Newest,
    Oldest,
    /// Up to and including this place.
    Around(SortKey),
    /// From this place on.
    From(SortKey),
}

/// A search for the nearest event of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jump {
    pub target: Target,
    pub forward: bool,
    /// Not only among what the query matches.
    pub everything: bool,
    /// From the other end, because there was none from here on.
    pub wrapped: bool,
    /// Only in this source.
    pub source: Option<Arc<str>>,
    /// So many of them onwards; at least 1.
    pub count: usize,
}

impl Jump {
    /// To the next one, or the one before, among what the query matches.
    pub fn new(target: Target, forward: bool, count: usize) -> Self {
        Self {
            target,
            forward,
            everything: false,
            wrapped: false,
            source: None,
            count: count.max(1),
        }
    }
}

/// Going to one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    pub id: EventId,
    /// What it is, in a sentence.
    pub noun: &'static str,
    /// Not only among what the query matches.
    pub everything: bool,
}

/// What can be asked about the event in the detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// The events of its session before it, and how many the session has.
    SessionBefore,
    SessionAfter {
        rows: usize,
    },
    /// The records on the lines before and after it.
    RecordsBeside,
    /// The records nearest in time, where the lines do not tell.
    RecordBefore,
    RecordAfter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Break,
    Failure,
    /// What the query matches, among its neighbours.
    Match,
    /// The record that a finding of the chain check is about.
    Finding(Spot),
}

/// Where a finding is, in its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    pub kind: BreakKind,
    pub generation: i32,
    pub offset: u64,
    pub line: u64,
}

impl Spot {
    /// The line to go to: where the end was cut off no record stands, and the last one left is what there is to see.
    pub fn line_to_see(&self) -> u64 {
        match self.kind {
            BreakKind::TailTruncated => self.line.saturating_sub(1).max(1),
            _ => self.line,
        }
    }
}

impl Target {
    pub fn noun(self) -> &'static str {
        match self {
            Self::Break | Self::Finding(_) => "break",
            Self::Failure => "failure",
            Self::Match => "match",
        }
    }
}
