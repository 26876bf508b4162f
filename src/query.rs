//! The one query language: query bar, live filter, runbook step, `search`. `parse` and `Display` are inverses;
//! the `Matcher` is the one authority on what a query means.

pub mod ast;

use crate::event::{Event, Timestamp, Verdict};
use ast::Ast;

/// A query as typed. `Display` prints text that parses to the same tree.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Query {
    pub ast: Ast,
}

impl Default for Query {
    fn default() -> Self {
        Self { ast: Ast::All }
    }
}

/// What binding needs to know.
pub struct BindContext<'a> {
    pub now: Timestamp,
    /// Seconds east of UTC for times typed without a zone.
    pub zone_offset: i32,
    /// The attribute paths seen here; `None` = unknown, then every path is taken as typed.
    pub paths: Option<&'a dyn PathTable>,
}

/// Looks up attribute paths.
pub trait PathTable {
    /// The path itself if it was seen exactly so, else the only one that equals it ignoring case.
    fn resolve(&self, path: &str) -> Option<String>;
}

/// A query with every time absolute and every path resolved: what engines and the matcher take.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bound {
    pub ast: Ast,
    pub notices: Vec<Notice>,
}

/// Something a person should know about a query that is not an error.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Notice {
    /// `field` was seen nowhere: the term matches nothing. `quoted` is the term as plain text.
    UnknownField { field: String, quoted: String },
    /// Everything is older than `since`; the newest event is at this time.
    AllOlder { newest: Timestamp },
}

/// Why a query can't be read: where, and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("query error at column {column}: {message}")]
pub struct QueryError {
    /// 1-based, in characters.
    pub column: usize,
    /// Length of the offending part, in characters (at least 1).
    pub width: usize,
    pub message: String,
}

impl Query {
    /// Reads a query; the empty text matches everything.
    pub fn parse(_text: &str) -> Result<Self, QueryError> {
        unimplemented!()
    }

    /// Settles times against `now` and names against the paths seen.
    pub fn bind(&self, _context: &BindContext<'_>) -> Result<Bound, QueryError> {
        unimplemented!()
    }
}

/// A bound query applied to one event: the one authority on what a query means.
pub struct Matcher {}

impl Matcher {
    pub fn new(_bound: &Bound) -> Result<Self, QueryError> {
        unimplemented!()
    }

    pub fn matches(&self, _event: &Event, _verdict: Verdict) -> bool {
        unimplemented!()
    }
}
