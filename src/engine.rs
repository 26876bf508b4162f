//! What answers queries (`Engine`) and what feeds it (`EventSink`).

pub mod local;
pub mod memory;
pub mod page;
pub mod sink;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::chain::ChainReport;
use crate::event::Verdict;
use crate::event::field::Field;
use crate::event::time::earlier;
use crate::event::{Event, EventId, SortKey, Timestamp, Zone};
use crate::query::ast::{Ast, TimeExpr};
use crate::query::{Bound, Notice, Query};

/// Newest or oldest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    Asc,
    #[default]
    Desc,
}

/// Where a page starts: just beyond `key` in the direction of `sort`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub key: SortKey,
    /// `true`: the hit at `key` itself is part of the page.
    pub inclusive: bool,
}

/// What to count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetRequest {
    pub field: FacetField,
    /// How many values to return.
    pub limit: usize,
    pub order: FacetOrder,
    /// Only values with this text in them, whatever the case; empty = all.
    pub holding: String,
}

/// Which values of a field come first, and so which are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FacetOrder {
    /// Most frequent first.
    #[default]
    Frequent,
    /// Rarest first: what is odd about a result.
    Rare,
}

impl FacetRequest {
    /// The `limit` most frequent values.
    pub fn new(field: FacetField, limit: usize) -> Self {
        Self {
            field,
            limit,
            order: FacetOrder::default(),
            holding: String::new(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FacetField {
    Normal(Field),
    /// Any attribute path.
    Attribute(String),
}

impl FacetField {
    /// As in a query: normalised names and aliases win, `.name` reaches the attribute of that name.
    pub fn named(name: &str) -> Self {
        match Field::find(name) {
            Some(field) => Self::Normal(field),
            None => Self::Attribute(name.strip_prefix('.').unwrap_or(name).to_owned()),
        }
    }
}

/// One search: a page of events, and counts over everything the query matches.
#[derive(Clone, Debug)]
pub struct SearchRequest {
    pub query: Query,
    /// What "now" is for relative times.
    pub now: Timestamp,
    /// Display zone, for times typed without one: seconds east of UTC.
    pub zone: Zone,
    pub sort: Sort,
    /// Hits on the page; 0 for counts only.
    pub limit: usize,
    pub cursor: Option<Cursor>,
    pub facets: Vec<FacetRequest>,
    /// Number of histogram buckets wanted.
    pub histogram: Option<usize>,
    /// Counting everything may be left out when only a page is needed.
    pub want_total: bool,
}

impl SearchRequest {
    /// A page of the newest `limit` events and the total.
    pub fn new(query: Query, now: Timestamp) -> Self {
        Self {
            query,
            now,
            zone: Zone::Utc,
            sort: Sort::Desc,
            limit: 100,
            cursor: None,
            facets: Vec::new(),
            histogram: None,
            want_total: true,
        }
    }
}

/// An event as a search result.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub event: Arc<Event>,
    pub verdict: Verdict,
}

/// Counts of one field's values over everything the query matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facet {
    pub field: FacetField,
    /// In the order asked for, equal counts by value.
    pub values: Vec<(String, u64)>,
    /// Events counted under values that are not listed.
    pub other: u64,
    /// Events without the field.
    pub missing: u64,
}

/// Events over time: bucket `i` covers `[start + i * step, start + (i + 1) * step)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    pub start: Timestamp,
    /// Nanoseconds, > 0.
    pub step: i64,
    pub total: Vec<u64>,
    pub failures: Vec<u64>,
}

/// Which part of what is open an answer speaks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Covers {
    /// Everything was searched.
    pub complete: bool,
    /// While indexing: events from here on are complete (the least advanced source's horizon).
    pub since: Option<Timestamp>,
    /// Bytes indexed and bytes known.
    pub done: u64,
    pub total: u64,
    /// Events that were read only after their time had been shown as complete.
    pub late: u64,
    /// Why indexing stopped, if it did (disk full, size bound).
    pub stopped: Option<String>,
    /// A part of this answer is in no index and was read from the files.
    pub scanned: bool,
}

/// What is followed, and how times typed in its query are read: as in the [`SearchRequest`] beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct TailRequest {
    pub query: Query,
    pub from: Watermark,
    /// What `2h` counts from.
    pub now: Timestamp,
    /// Zone of times that name none.
    pub zone: Zone,
}

impl TailRequest {
    /// With times in UTC, counted from the current time.
    pub fn new(query: Query, from: Watermark) -> Self {
        Self {
            query,
            from,
            now: Timestamp::now(),
            zone: Zone::Utc,
        }
    }
}

/// A point in the stream of live events; `tail` from here goes on without gap or double.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Watermark(pub u64);

/// The answer to a [`SearchRequest`].
#[derive(Clone, Debug, Default)]
pub struct SearchPage {
    /// In the order asked for.
    pub hits: Vec<Hit>,
    pub total: u64,
    pub facets: Vec<Facet>,
    pub histogram: Option<Histogram>,
    /// More hits beyond the last one.
    pub more: bool,
    pub covers: Covers,
    pub watermark: Watermark,
    /// What a person should know about the query (an unknown field, everything is older than `since`).
    pub notices: Vec<Notice>,
}

/// What a tail delivers.
#[derive(Clone, Debug)]
pub enum TailItem {
    /// Events that match, in order of arrival. An event with an id seen before replaces it.
    Events(Vec<Hit>),
    /// Indexing moved on, a source appeared, a verdict changed: ask `info` or search again.
    Changed,
    /// The receiver was too slow and `n` events were skipped: search again.
    Lagged(u64),
}

/// A stream of live events; dropping it ends it.
pub trait Tail: Send {
    /// Ends a wait of this tail from another thread: it returns `Ok(None)`, or what has come. One that only waits for moments
    /// need not be woken.
    fn waker(&self) -> TailWaker {
        Box::new(|| ())
    }

    /// Waits up to `timeout`; `Ok(None)` when nothing came, `Err` when the engine is gone.
    fn recv(&mut self, timeout: std::time::Duration) -> Result<Option<TailItem>, EngineError>;
}

/// Wakes a tail that waits.
pub type TailWaker = Box<dyn Fn() + Send + Sync>;

/// Stops a search early: a deadline, or somebody's wish.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    flag: Arc<AtomicBool>,
    deadline: Option<Instant>,
}

impl Cancel {
    pub fn with_deadline(deadline: Instant) -> Self {
        Self {
            flag: Arc::default(),
            deadline: Some(deadline),
        }
    }

    pub fn cancel(&self) {
        self.flag.store(true, Ordering::Relaxed);
    }

    /// Whether work should stop now.
    pub fn is_cancelled(&self) -> bool {
        self.flag.load(Ordering::Relaxed) || self.deadline.is_some_and(|d| Instant::now() >= d)
    }
}

/// Why an engine could not answer.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("{0}")]
    Query(#[from] crate::query::QueryError),
    #[error("the search was cancelled")]
    Cancelled,
    #[error("cannot {action} {path}: {source}")]
    Io {
        action: &'static str,
        path: std::path::PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// Not a failure: a tail has delivered everything that will ever come.
    #[error("nothing more will come")]
    Ended,
    /// Nothing is written any more; searching goes on.
    #[error("indexing stopped: {0}")]
    Stopped(String),
    #[error("the index failed: {0}")]
    Index(String),
    /// What an answer was being made of has been dropped to make room; the next try does not see it any more.
    #[error("events were dropped from the index while they were read; try again")]
    Dropped,
    #[error("this engine cannot {0}")]
    Unsupported(&'static str),
}

/// One source as the engine knows it.
#[derive(Clone, Debug, Default)]
pub struct SourceInfo {
    pub name: Arc<str>,
    pub format: Arc<str>,
    /// A person chose the format.
    pub format_chosen: bool,
    pub events: u64,
    pub unparsed: u64,
    /// Times of the oldest and the newest event that has one.
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    /// What is wrong with it (unreadable, gone), with the way out.
    pub error: Option<String>,
    /// Files of it that could not be read to their end, with what is wrong with each.
    pub cut: Vec<String>,
    /// Result of the chain check so far; `None` = not begun.
    pub chain: Option<Arc<ChainReport>>,
}

impl SourceInfo {
    /// What is wrong with it and with its files, each in a sentence.
    pub fn troubles(&self) -> impl Iterator<Item = &str> {
        self.error.iter().chain(&self.cut).map(String::as_str)
    }

    /// Counts one more event of this time in.
    pub(crate) fn add(&mut self, ts: Option<Timestamp>) {
        self.events += 1;
        self.widen(ts, ts);
    }

    /// Makes the period wide enough for these two times.
    pub(crate) fn widen(&mut self, oldest: Option<Timestamp>, newest: Option<Timestamp>) {
        self.first = earlier(self.first, oldest);
        self.last = self.last.max(newest);
    }
}

/// What an engine can say of itself.
#[derive(Clone, Debug, Default)]
pub struct Info {
    pub sources: Vec<SourceInfo>,
    /// Attribute paths seen, with how often (an estimate).
    pub paths: BTreeMap<String, u64>,
    pub covers: Covers,
    /// Things a person should be told (skipped files, unreadable paths, index rebuilt).
    pub messages: Vec<String>,
    pub capabilities: Capabilities,
    pub watermark: Watermark,
}

/// What an engine can do, so that the interface greys out the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    pub tail: bool,
    pub verify: bool,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            tail: true,
            verify: true,
        }
    }
}

/// What answers queries. All calls block; callers run them off the UI thread.
pub trait Engine: Send + Sync {
    /// One page with total, facets and histogram, over everything the sink accepted, committed or not.
    fn search(&self, request: &SearchRequest, cancel: &Cancel) -> Result<SearchPage, EngineError>;

    /// One event by id.
    fn event(&self, id: EventId) -> Result<Option<Hit>, EngineError>;

    /// Live events that match, from a watermark on.
    fn tail(&self, request: &TailRequest) -> Result<Box<dyn Tail>, EngineError>;

    /// The chain reports as they stand.
    fn verify(&self) -> Result<Vec<Arc<ChainReport>>, EngineError>;

    fn info(&self) -> Info;

    /// The same; an engine that has to look for the paths may leave them out.
    fn status(&self) -> Info {
        self.info()
    }
}

/// Resolves an attribute path as typed against those seen: exactly, else ignoring case if only one fits.
pub fn resolve_path<'a>(
    paths: impl Iterator<Item = &'a str> + Clone,
    typed: &str,
) -> Option<String> {
    if paths.clone().any(|p| p == typed) {
        return Some(typed.to_owned());
    }
    let folded = typed.to_lowercase();
    let mut fitting = paths.filter(|p| p.to_lowercase() == folded);
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Some(only.to_owned()),
        _ => None,
    }
}

/// Narrows first and last time to what the query's own bounds leave.
pub fn clip_extent(bound: &Bound, (mut from, mut to): (i64, i64)) -> (i64, i64) {
    let mut clip = |ast: &Ast| match ast {
        Ast::Since(TimeExpr::At(since)) => from = from.max(since.0),
        Ast::Until(TimeExpr::At(until)) => to = to.min(until.0.saturating_sub(1)),
        _ => {}
    };
    match &bound.ast {
        Ast::And(parts) => parts.iter().for_each(&mut clip),
        other => clip(other),
    }
    (from, to.max(from))
}

/// Adds the notice that everything lies before the query's `since`, where that is why nothing was found.
pub fn notice_if_all_older(bound: &mut Bound, total: u64, newest: Option<Timestamp>) {
    let Some(newest) = newest.filter(|_| total == 0) else {
        return;
    };
    let too_late = |ast: &Ast| matches!(ast, Ast::Since(TimeExpr::At(since)) if *since > newest);
    let found = match &bound.ast {
        Ast::And(parts) => parts.iter().any(too_late),
        other => too_late(other),
    };
    if found {
        bound.notices.push(Notice::AllOlder { newest });
    }
}
