//! `auditty [PATH…]`: the explorer, as it was left on these sources.

use std::path::PathBuf;

use super::app::App;
use super::args::Cli;
use super::exit::{Exit, Failure};
use super::look::Look;
use super::open::{self, Mode, Opened};
use super::start;
use crate::config::ConfigError;
use crate::runbook::Library;
use crate::state::{Keeper, Mark, Session, Slot, StateError, Store};
use crate::text::Charset;
use crate::tui::Options;

/// What was kept, and where it goes.
#[derive(Default)]
pub(super) struct Kept {
    session: Option<Session>,
    keeper: Option<Keeper>,
    /// Why what was kept cannot be used.
    problem: Option<String>,
}

impl Kept {
    fn marks(&self) -> Vec<Mark> {
        let session = self.session.as_ref();
        session.map(|s| s.marks.clone()).unwrap_or_default()
    }
}

pub(super) fn run(cli: &Cli, app: &mut App) -> Result<Exit, Failure> {
    check_terminal(app)?;
    let store = app.paths.as_ref().map(|paths| Store::new(&paths.state));
    let slot = cli.session.as_deref().map(Slot::named).transpose();
    let slot = slot.map_err(|error| Failure::Usage(error.to_string()))?;
    let mut named = load(slot.as_ref(), store.as_ref());
    let mut paths = app.sources(&cli.paths);
    if let (true, Some(session)) = (paths.is_empty(), &named.session) {
        paths = session.sources.iter().map(PathBuf::from).collect();
    }
    if paths.is_empty() {
        if let Some(slot) = &slot {
            return Err(no_such_session(slot, store.as_ref(), named.problem));
        }
        return match start::choose(store.as_ref(), app)? {
            None => Ok(Exit::Ok),
            Some(start::Choice::Demo) => super::demo::run(app),
            Some(start::Choice::Open(paths)) => open_paths(&paths, named, cli, store, app),
        };
    }
    if let (Some(slot), Some(store)) = (slot, &store) {
        named.keeper = Some(Keeper::new(store.clone(), slot, named.marks()));
    }
    open_paths(&paths, named, cli, store, app)
}

fn open_paths(
    paths: &[PathBuf],
    named: Kept,
    cli: &Cli,
    store: Option<Store>,
    app: &mut App,
) -> Result<Exit, Failure> {
    let opened = open::open(paths, &app.settings, Mode::Explore)?;
    let mut kept = match store {
        Some(store) if named.keeper.is_none() && !opened.sources.is_empty() => {
            let slot = Slot::of_sources(&opened.sources);
            let mut kept = load(Some(&slot), Some(&store));
            if cli.fresh {
                // Marks and notes are of the events and runs hold evidence: neither is how the log was looked at.
                kept.session = kept.session.map(|session| Session {
                    sources: session.sources,
                    marks: session.marks,
                    paused: session.paused.into_iter().chain(session.run).collect(),
                    ..Session::default()
                });
            }
            let marks = kept.marks();
            kept.keeper = Some(Keeper::new(store, slot, marks));
            kept
        }
        _ => named,
    };
    // What is said on the command line holds now.
    if let (Some(_), Some(session)) = (cli.global.tz, &mut kept.session) {
        session.zone = None;
    }
    show(opened, kept, app)
}

fn load(slot: Option<&Slot>, store: Option<&Store>) -> Kept {
    let (Some(slot), Some(store)) = (slot, store) else {
        return Kept::default();
    };
    let (session, problem) = match store.load(slot) {
        Ok(session) => (session, None),
        Err(error) => (None, Some(error.to_string())),
    };
    Kept {
        session,
        problem,
        keeper: None,
    }
}

fn no_such_session(slot: &Slot, store: Option<&Store>, problem: Option<String>) -> Failure {
    let names = store.map(Store::names).unwrap_or_default();
    let missing = StateError::Missing(slot.name().to_owned());
    let known = if names.is_empty() {
        String::new()
    } else {
        format!("; there is {}", names.join(", "))
    };
    Failure::Usage(problem.unwrap_or_else(|| {
        format!("{missing}{known}; to begin one, name the paths to open as well")
    }))
}

/// The explorer on what is open.
pub(super) fn show(opened: Opened, kept: Kept, app: &mut App) -> Result<Exit, Failure> {
    let look = Look::load(app).map_err(|error| Failure::Failed(error.to_string()))?;
    // One line has no room for the folder, which is where it always is.
    let folder = app
        .paths
        .as_ref()
        .map(|paths| format!("{}/", paths.config.display()));
    let short = |error: &ConfigError| {
        let told = error.to_string();
        let inside = folder.as_ref().and_then(|f| told.strip_prefix(f.as_str()));
        inside.unwrap_or(&told).to_owned()
    };
    let wrong = app.errors.iter().chain(&look.errors);
    let problems = kept.problem.into_iter().chain(wrong.map(short));
    let store = kept.keeper.as_ref().map(|keeper| &keeper.store);
    let names = store.map(Store::names).unwrap_or_default();
    let options = Options {
        title: opened.title.clone(),
        zone: app.settings.zone,
        columns: app.settings.columns.clone(),
        share: open::sharing(&opened, app),
        colour: app.style.colour,
        depth: look.depth,
        palette: look.palette,
        ascii: app.style.charset == Charset::Ascii,
        problems: problems.collect(),
        keymap: Some(look.keymap),
        tip: opened.tip.clone(),
        sources: opened
            .sources
            .iter()
            .map(|path| path.to_string_lossy().into_owned())
            .collect(),
        session: kept.session,
        session_names: names,
        ..Options::default()
    };
    let library = Library::load(&app.settings.runbooks);
    if let Some(message) = open::explore(opened, library, options, kept.keeper)? {
        app.talk(&message);
    }
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
