//! The tree of a query, as typed (`Query`) and with times and names settled (`Bound`).

use crate::event::Timestamp;
use crate::event::field::Field;

/// A node of a query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ast {
    /// Matches everything (`*`, the empty query).
    All,
    And(Vec<Ast>),
    Or(Vec<Ast>),
    Not(Box<Ast>),
    /// A bare word or phrase: its tokens, adjacent, within one searched value.
    Words(Words),
    /// A test of one field's values: true if any value passes.
    Field(FieldRef, Test),
    /// Inclusive lower bound of `ts`.
    Since(TimeExpr),
    /// Exclusive upper bound of `ts`.
    Until(TimeExpr),
}

/// A bare word or phrase as typed; what is searched are its tokens (see `query::token`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Words {
    /// If not `quoted`, `*` stands for any run inside a token, `\*` and `\\` for themselves.
    pub text: String,
    /// Written with quotes: `*` is then literal (that is: no token character).
    pub quoted: bool,
}

/// Which field a test looks at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FieldRef {
    Normal(Field),
    /// An attribute by its own path, keys joined by dots, quotes taken off.
    Attribute(String),
}

/// A test of one value. Comparisons see the lower-cased text of a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Test {
    /// The field has a value.
    Exists,
    /// The whole value equals `text` (lower-cased); if not `quoted`, `*` stands for any run, and an address block
    /// (`10.0.0.0/8`) also matches the addresses in it.
    Is(Pattern),
    /// An unanchored regular expression, ignoring case.
    Regex(String),
    Compare(Op, String),
    /// `[a TO b]` inclusive, `{a TO b}` exclusive, `*` = open; each bound with its inclusiveness.
    Range {
        lo: Option<(String, bool)>,
        hi: Option<(String, bool)>,
    },
    /// `field:(a b c)`: any of them.
    Any(Vec<Test>),
}

/// Text a whole value is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// If not `quoted`, `*` stands for any run, `\*` and `\\` for themselves.
    pub text: String,
    /// Written with quotes: every character stands for itself.
    pub quoted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    Lt,
    Le,
    Gt,
    Ge,
}

/// A point in time as typed, until [`super::Query::bind`] settles it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TimeExpr {
    /// As typed (`2h`, `yesterday 14:00`, `2026-03-01T10:00Z`); kept so that a live view slides.
    Text(String),
    /// Settled.
    At(Timestamp),
}
