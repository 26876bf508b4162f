//! The one query language: query bar, live filter, runbook step, `search`. `parse` and `Display` are inverses;
//! the `Matcher` is the one authority on what a query means.
//!
//! A query goes text -> [`Query::parse`] -> [`Query`] -> [`Query::substitute`] (runbooks) -> [`Query::bind`] ->
//! [`Bound`] -> [`Matcher`] or an engine, which lowers the tree with the same [`value`] and [`token`] modules.
//!
//! What a person may not expect:
//! - `\` escapes the next character, but before a letter or a digit it stands for itself (`actor:CORP\alice`).
//! - A value is a regular expression only if it begins with a slash and its next unescaped slash ends it; `/var/log` and
//!   `/var/log/` are paths, `/tmp/` is an expression: quote it.
//! - A day (`2026-03-01`, `today`, `monday`) is a span for `ts:`: equal is within it, `>` is after its end; every other
//!   time is an instant. `since:` and `until:` take its start.

pub mod ast;
mod bind;
pub mod complete;
mod display;
mod glob;
mod highlight;
mod lexer;
mod matcher;
mod normal;
mod parser;
pub mod paste;
mod substitute;
pub mod time;
pub mod token;
pub mod value;

#[cfg(test)]
mod tests;

use crate::event::{Timestamp, Zone};
use ast::{Ast, FieldRef, Pattern, Test};

pub use highlight::Highlighter;
pub use matcher::Matcher;

/// Bytes of a query's text.
pub const MAX_BYTES: usize = 4096;
/// Levels of parentheses and negations.
pub const MAX_DEPTH: usize = 64;
/// Terms and values.
pub const MAX_CLAUSES: usize = 256;

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
    pub zone: Zone,
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

impl QueryError {
    /// An error in a tree, where there is no text to point at.
    fn of_tree(message: impl Into<String>) -> Self {
        Self {
            column: 1,
            width: 1,
            message: message.into(),
        }
    }
}

impl Query {
    /// Reads a query; the empty text matches everything.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        parser::parse(text).map(|ast| Self { ast })
    }

    /// Both queries.
    pub fn and(self, other: Self) -> Self {
        Self {
            ast: Ast::And(vec![self.ast, other.ast]).normalised(),
        }
    }

    /// The terms that all have to hold, in order; none for the query that matches everything.
    pub fn conjuncts(&self) -> Vec<Ast> {
        match &self.ast {
            Ast::All => Vec::new(),
            Ast::And(list) => list.clone(),
            other => vec![other.clone()],
        }
    }

    /// The inverse of [`Self::conjuncts`].
    pub fn from_conjuncts(conjuncts: Vec<Ast>) -> Self {
        Self {
            ast: Ast::And(conjuncts).normalised(),
        }
    }
}

impl Ast {
    /// The field has exactly this value.
    pub fn field_is(field: FieldRef, value: &str) -> Self {
        Self::Field(
            field,
            Test::Is(Pattern {
                text: value.to_owned(),
                quoted: true,
            }),
        )
    }

    /// What this does not match; a negation loses its NOT.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }
}

/// Any text as one literal term: what pasting into the query bar does.
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}
