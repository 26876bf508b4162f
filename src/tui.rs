//! The explorer: one model, changed by messages, drawn by `view`; work goes out as effects and comes back as messages.
//!
//! Inside, imports point one way: `theme`, `marks` < `term`, `widget` < `columns`, `command`, `message`, `effect` <
//! `keymap`, `pane`, `overlay` < `model` < `layout` < `view`, `update` < `runner` < `runtime`, `terminal`. Panes never
//! import panes.

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
pub mod term;
pub mod terminal;
#[cfg(test)]
mod tests;
pub mod theme;
pub mod update;
pub mod view;
pub mod widget;

use std::io::IsTerminal;
use std::sync::Arc;

use crossterm::event::EventStream;

use crate::engine::Engine;
use crate::event::Timestamp;
use crate::query::{Query, QueryError};
use crate::runbook::Library;
use columns::Columns;
use keymap::Keymap;
use model::Model;
use runner::Runner;
use runtime::{Pace, Runtime};
use theme::Theme;
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
    /// Only ASCII signs, and everything else shown as escapes.
    pub ascii: bool,
    /// Shown at the bottom right while there is nothing else to say (`demo: press R`).
    pub tip: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            title: String::new(),
            query: String::new(),
            zone: crate::event::Zone::Utc,
            columns: Vec::new(),
            colour: true,
            ascii: false,
            tip: None,
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
}

/// The model at the start; public so that tests draw the real explorer.
pub fn model(library: Library, options: Options) -> Result<Model, TuiError> {
    let query = Query::parse(&options.query)?;
    let zone = Zone::new(options.zone);
    let theme = Theme::new(options.colour, options.ascii);
    let mut model = Model::new(options.title, zone, theme, Keymap::standard()?, library);
    model.query_bar.set_text(options.query.trim().to_owned());
    model.filters.set_query(&query);
    model.query = query;
    model.tip = options.tip;
    model.events.columns = Columns::from_names(&options.columns);
    Ok(model)
}

/// Runs the explorer until it is left; the terminal is given back whatever happens. Needs a tokio runtime with time
/// and IO enabled. Keys come from the terminal even where standard input is a pipe.
pub async fn run(
    engine: Arc<dyn Engine>,
    library: Library,
    options: Options,
) -> Result<(), TuiError> {
    if !std::io::stdout().is_terminal() {
        return Err(TuiError::NoTerminal);
    }
    let model = model(library, options)?;
    let (_guard, terminal) = terminal::Guard::enter().map_err(TuiError::Terminal)?;
    let runner = Runner::new(engine, Timestamp::now);
    let mut runtime = Runtime::new(terminal, EventStream::new(), model, runner, Pace::default());
    let shutdown = async {
        if terminal::asked_to_end().await.is_err() {
            // Without signal handlers the explorer still ends by its keys.
            std::future::pending::<()>().await;
        }
    };
    runtime.run(shutdown).await?;
    Ok(())
}
