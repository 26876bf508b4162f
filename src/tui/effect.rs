//! What `update` wants done: plain data, carried out by the runner, asserted by tests.

use crate::engine::{SearchRequest, Watermark};
use crate::event::{SortKey, Timestamp};
use crate::query::Query;
use crate::state::Session;

/// Numbers requests, so that replies to older ones can be told apart and dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(pub u64);

/// Work to do outside of `update`.
#[derive(Debug)]
pub enum Effect {
    /// Replaces a search that waits and cancels the one that runs.
    Search(Box<Search>),
    CancelSearch,
    Info,
    /// Replaces the tail before it.
    Tail {
        generation: Generation,
        query: Query,
        from: Watermark,
    },
    /// Keeps the session, under a name if there is one.
    SaveSession {
        name: Option<String>,
        session: Box<Session>,
    },
    OpenSession {
        name: String,
    },
    Redraw,
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
    /// Total and facets only.
    Counts,
    Jump(Jump),
}

/// Where a new list begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Newest,
    Oldest,
    /// Up to and including this place.
    Around(SortKey),
}

/// A search for the nearest event of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    pub target: Target,
    pub forward: bool,
    /// Not only among what the query matches.
    pub everything: bool,
    /// From the other end, because there was none from here on.
    pub wrapped: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Break,
    Failure,
}

impl Target {
    pub fn noun(self) -> &'static str {
        match self {
            Self::Break => "break",
            Self::Failure => "failure",
        }
    }
}
