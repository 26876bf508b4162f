//! The explorer: one model, changed by messages, drawn by `view`; work goes out as effects and comes back as messages.
//!
//! Inside, imports point one way: `theme`, `marks`, `clipboard`, `verb` < `term`, `share`, `widget` < `columns`, `command`,
//! `message`, `effect` < `keymap`, `pane`, `overlay` < `model` < `layout` < `view`, `update` < `runner` < `runtime` < `terminal` <
//! `start_page`. Panes never import panes.

pub mod clipboard;
pub mod columns;
pub mod command;
pub mod effect;
pub mod keymap;
pub mod layout;
pub mod marks;
pub mod message;
pub mod model;
pub mod overlay;
pub mod pane;
pub mod runner;
pub mod runtime;
pub mod share;
pub mod start_page;
pub mod term;
pub mod terminal;
#[cfg(test)]
mod tests;
pub mod theme;
pub mod update;
pub mod verb;
pub mod view;
pub mod widget;

use std::io::IsTerminal;
use std::sync::Arc;

use crossterm::event::EventStream;

use crate::config::Depth;
use crate::engine::Engine;
use crate::event::Timestamp;
use crate::query::{Query, QueryError};
use crate::runbook::Library;
use crate::state::{Keeper, Session, StateError};
use columns::Columns;
use keymap::Keymap;
use model::Model;
use runner::{ReadAs, Runner};
use runtime::{Pace, Runtime};
use theme::Theme;
use theme::palette::Palette;
use update::session;
use widget::zone::Zone;

/// How the explorer starts.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is open (`/var/log/audit +3 sources`).
    pub title: String,
    /// The query in force at the start, as typed; empty = all events.
    pub query: String,
    /// Display zone.
    pub zone: crate::event::Zone,
    /// Columns of the list by name (`time`, `actor`, an attribute's path); none = by the width of the screen.
    pub columns: Vec<String>,
    /// Without colours only bold, dim, reverse and underline are used (`NO_COLOR`).
    pub colour: bool,
    /// How many colours, where there are any.
    pub depth: Depth,
    pub palette: Palette,
    /// Only ASCII signs, and everything else shown as escapes.
    pub ascii: bool,
    /// `None` = the built-in keys.
    pub keymap: Option<Keymap>,
    /// What is wrong with the settings, shown until it is closed.
    pub problems: Vec<String>,
    /// What is open, canonical paths.
    pub sources: Vec<String>,
    /// As the explorer was left.
    pub session: Option<Session>,
    /// Names under which views are kept, the latest first.
    pub session_names: Vec<String>,
    /// Shown at the bottom right while there is nothing else to say (`demo: press R`).
    pub tip: Option<String>,
    /// What is open and where copies go.
    pub share: share::Setup,
    /// Formats that a source can be read as, id and title, and who does it.
    pub formats: Vec<(String, String)>,
    pub read_as: Option<ReadAs>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            title: String::new(),
            query: String::new(),
            zone: crate::event::Zone::Utc,
            columns: Vec::new(),
            colour: true,
            depth: Depth::Sixteen,
            palette: Palette::default(),
            ascii: false,
            keymap: None,
            problems: Vec::new(),
            sources: Vec::new(),
            session: None,
            session_names: Vec::new(),
            tip: None,
            share: share::Setup::default(),
            formats: Vec::new(),
            read_as: None,
        }
    }
}

/// Why the explorer could not run, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    #[error("standard output is no terminal; use `auditty search` for output that can be piped")]
    NoTerminal,
    #[error("cannot take the terminal over: {0}")]
    Terminal(#[source] std::io::Error),
    #[error(transparent)]
    Runtime(#[from] runtime::RuntimeError),
    #[error(transparent)]
    Keymap(#[from] keymap::KeymapError),
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error("the session was not saved: {0}")]
    Session(#[from] StateError),
}

/// The model at the start; public so that tests draw the real explorer.
pub fn model(library: Library, options: Options) -> Result<Model, TuiError> {
    let query = Query::parse(&options.query)?;
    let zone = Zone::new(options.zone);
    let depth = if options.colour {
        options.depth
    } else {
        Depth::None
    };
    let theme = Theme::of(options.palette, depth, options.ascii);
    let keymap = match options.keymap {
        Some(keymap) => keymap,
        None => Keymap::standard()?,
    };
    let mut model = Model::new(options.title, zone, theme, keymap, library);
    model.problems = options.problems;
    session::preset(&mut model, query, options.query.trim());
    model.tip = options.tip;
    model.events.columns = Columns::from_names(&options.columns);
    model.keeping.columns = model.events.columns.names().unwrap_or_default();
    model.keeping.names = options.session_names;
    model.share.setup = options.share;
    model.keeping.sources = options.sources;
    model.formats = options.formats;
    if let Some(session) = &options.session {
        session::restore(&mut model, session);
    }
    Ok(model)
}

/// Runs the explorer until it is left; the terminal is given back whatever happens. Needs a tokio runtime with time
/// and IO enabled. Keys come from the terminal even where standard input is a pipe. The session goes to `keeper`, at
/// the latest when the explorer ends, however it ends.
pub async fn run(
    engine: Arc<dyn Engine>,
    library: Library,
    options: Options,
    keeper: Option<Keeper>,
) -> Result<(), TuiError> {
    if !std::io::stdout().is_terminal() {
        return Err(TuiError::NoTerminal);
    }
    let read_as = options.read_as.clone();
    let mut model = model(library, options)?;
    model.keeping.enabled = keeper.is_some();
    model.keeping.nowhere = keeper.is_none();
    let (guard, terminal) = terminal::Guard::enter().map_err(TuiError::Terminal)?;
    let (mut runner, messages) = Runner::new(engine, Timestamp::now);
    runner.read_by(read_as);
    if let Some(keeper) = keeper {
        runner.keep_in(Arc::new(keeper));
    }
    let runner = (runner, messages);
    let mut runtime = Runtime::new(terminal, EventStream::new(), model, runner, Pace::default())
        .with_wire(std::io::stdout())
        .with_job(terminal::ShellJob);
    // Without these signals the explorer still works, only not as a job.
    let sender = runtime.runner.sender();
    let stops = tokio::spawn(terminal::tell_of_stops(sender));
    let shutdown = async {
        if terminal::asked_to_end().await.is_err() {
            // Without signal handlers the explorer still ends by its keys.
            std::future::pending::<()>().await;
        }
    };
    let ended = runtime.run(shutdown).await;
    stops.abort();
    // A terminal that went away ends the loop with an error: what was done on it is kept all the same.
    let saved = runtime.runner.save_last(session::capture(&runtime.model));
    drop(guard);
    ended?;
    Ok(saved?)
}
