//! What drives the explorer: input, time, and replies stamped with the generation of their request.

use crossterm::event::KeyEvent;

use super::effect::{Generation, Purpose};
use super::share::News;
use crate::engine::{EngineError, Info, SearchPage, TailItem};
use crate::event::{EventId, Timestamp};
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
    /// What became of something that was shared.
    Shared(News),
    /// Somebody asked the program to stop for now.
    Suspend,
    /// It goes on after it was stopped.
    Continued,
}

/// What a pane asks of the whole.
#[derive(Clone, Debug, PartialEq)]
pub enum Intent {
    /// A person's own query.
    SetQuery(Query),
    /// Adds a term to the query.
    AddTerm(Ast),
    /// Only events from a time on (`15m`), or of any time.
    SetSince(Option<&'static str>),
    /// Opens the query bar on a text, with the cursor at a byte index.
    EditQuery(String, usize),
    /// Counts again: other values are wanted.
    Recount,
    /// Asks for a field to be counted in the filter pane.
    AddFacet,
    OpenDetail,
    /// Goes to an event; `noun` says what it is in a sentence.
    Visit {
        id: EventId,
        noun: &'static str,
    },
    /// Newest events again.
    LoadNewest,
    /// Oldest events.
    LoadOldest,
    /// Ask for a runbook's inputs, or begin it if there are none.
    OpenRunbook(usize),
    /// The runbook ends, in these words.
    Ended(String),
    /// Show what the current step of the runbook looks for.
    ApplyStep,
    Say(String),
}
