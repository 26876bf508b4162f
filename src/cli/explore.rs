//! `auditty [PATH…]`: the explorer.

use std::path::PathBuf;

use super::app::App;
use super::exit::{Exit, Failure};
use super::open::{self, Mode, Opened};

pub(super) fn run(paths: &[PathBuf], app: &mut App) -> Result<Exit, Failure> {
    check_terminal(app)?;
    let opened = open::open(&app.sources(paths), &app.settings, Mode::Explore)?;
    show(opened, app)
}

/// The explorer on what is open.
pub(super) fn show(opened: Opened, app: &mut App) -> Result<Exit, Failure> {
    open::explore(opened, app)?;
    Ok(Exit::Ok)
}

pub(super) fn check_terminal(app: &App) -> Result<(), Failure> {
    if app.style.terminal {
        return Ok(());
    }
    Err(Failure::Usage(
        "the explorer needs a terminal; for pipes and files there is auditty search QUERY PATH"
            .into(),
    ))
}
