//! `auditty session`: what the explorer keeps between two runs.

use super::app::App;
use super::args::{SessionArgs, SessionCommand};
use super::exit::{Exit, Failure};
use crate::state::{Listed, StateError, Store};
use crate::text;

pub(super) fn run(args: &SessionArgs, app: &mut App) -> Result<Exit, Failure> {
    let Some(paths) = &app.paths else {
        return Err(Failure::Failed(
            "there is no place for sessions; set AUDITTY_HOME".into(),
        ));
    };
    let store = Store::new(&paths.state);
    match &args.command {
        SessionCommand::List => list(&store.list(), app),
        SessionCommand::Delete { names } => delete(&store, names, app),
    }
}

/// Widest title shown.
const TITLE: usize = 50;

fn list(sessions: &[Listed], app: &mut App) -> Result<Exit, Failure> {
    if sessions.is_empty() {
        app.talk("nothing is kept yet");
        return Ok(Exit::NoMatch);
    }
    let charset = app.style.charset;
    let zone = app.style.zone;
    let safe = |text: &str| charset.line(text, usize::MAX);
    let head = ["name", &format!("saved ({zone})"), "open", "query"].map(str::to_owned);
    let rows = sessions.iter().map(|Listed { slot, session }| {
        let saved = zone.format(session.saved);
        let minute = saved.get(..16).unwrap_or_default().to_owned();
        let title = charset.line(&session.title, TITLE);
        [safe(slot.name()), minute, title, safe(&session.query)]
    });
    let rows: Vec<[String; 4]> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| text::width(&row[column]));
        widths.max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2), 0];
    for row in &rows {
        let cells = row.iter().zip(widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| charset.fit(cell, width.max(text::width(cell))))
            .collect();
        writeln!(app.out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(Exit::Ok)
}

fn delete(store: &Store, names: &[String], app: &mut App) -> Result<Exit, Failure> {
    let sessions = store.list();
    let find = |name: &String| {
        let found = sessions.iter().find(|listed| listed.slot.name() == name);
        found.ok_or_else(|| Failure::Usage(StateError::Missing(name.clone()).to_string()))
    };
    // All or none, as far as names go.
    let found = names.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    for listed in found {
        let deleted = store.delete(&listed.slot);
        deleted.map_err(|error| Failure::Failed(error.to_string()))?;
        let name = app.style.charset.line(listed.slot.name(), usize::MAX);
        writeln!(app.out, "deleted {name}")?;
    }
    Ok(Exit::Ok)
}
