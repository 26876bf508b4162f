//! What drives the explorer: input, time, and replies stamped with the generation of their request.

use crossterm::event::KeyEvent;

use super::effect::{Generation, Purpose};
use crate::engine::{EngineError, Info, SearchPage, TailItem};
use crate::event::Timestamp;
use crate::query::Query;
use crate::query::ast::Ast;
use crate::state::Session;

#[derive(Debug)]
pub enum Message {
    Key(KeyEvent),
    Paste(String),
    /// Columns, rows.
    Resize(u16, u16),
    Tick(Timestamp),
    Searched {
        generation: Generation,
        purpose: Purpose,
        result: Result<Box<SearchPage>, EngineError>,
    },
    Info(Box<Info>),
    Tailed {
        generation: Generation,
        item: TailItem,
    },
    /// A session was saved, under a name if there is one; or why not.
    SessionSaved {
        name: Option<String>,
        error: Option<String>,
    },
    SessionOpened(Result<Box<Session>, String>),
    /// The tail is over, with the reason if it failed.
    TailEnded {
        generation: Generation,
        error: Option<String>,
    },
}

/// What a pane asks of the whole.
#[derive(Clone, Debug, PartialEq)]
pub enum Intent {
    /// A person's own query.
    SetQuery(Query),
    /// Adds a term to the query.
    AddTerm(Ast),
    OpenDetail,
    /// Newest events again.
    LoadNewest,
    /// Oldest events.
    LoadOldest,
    /// Ask for a runbook's inputs, or begin it if there are none.
    OpenRunbook(usize),
    /// Show what the current step of the runbook looks for.
    ApplyStep,
    Say(String),
}
