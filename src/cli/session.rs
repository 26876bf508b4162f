//! `auditty session`: what the explorer keeps between two runs.

use super::app::App;
use super::args::{SessionArgs, SessionCommand};
use super::exit::{Exit, Failure};
use crate::state::{Listed, StateError, Store};

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

fn list(sessions: &[Listed], app: &mut App) -> Result<Exit, Failure> {
    if sessions.is_empty() {
        app.talk("nothing is kept yet");
        return Ok(Exit::NoMatch);
    }
    let charset = app.style.charset;
    let cell = |text: &str, columns| charset.table_cell(text, columns);
    let saved = format!("saved ({})", app.style.zone);
    let head = ["name", saved.as_str(), "open", "query"];
    let rows = sessions.iter().map(|Listed { slot, session }| {
        let saved = app.style.zone.format(session.saved);
        let minute = saved.get(..16).unwrap_or_default().to_owned();
        let title = charset.line(&session.title, usize::MAX);
        let query = charset.line(&session.query, usize::MAX);
        (charset.line(slot.name(), usize::MAX), minute, title, query)
    });
    let rows: Vec<_> = rows.collect();
    let widest = |column: &dyn Fn(&(String, String, String, String)) -> usize, head: &str| {
        rows.iter().map(column).max().unwrap_or(0).max(head.len())
    };
    let name_width = widest(&|row| crate::text::width(&row.0), head[0]);
    let saved_width = widest(&|row| row.1.len(), head[1]);
    let title_width = widest(&|row| crate::text::width(&row.2), head[2]).min(50);
    let line = |name: &str, saved: &str, title: &str, query: &str| {
        let (name, saved) = (cell(name, name_width), cell(saved, saved_width));
        let line = format!("{name}  {saved}  {}  {query}", cell(title, title_width));
        line.trim_end().to_owned()
    };
    let mut lines = vec![line(head[0], head[1], head[2], head[3])];
    lines.extend(rows.iter().map(|(a, b, c, d)| line(a, b, c, d)));
    for line in lines {
        writeln!(app.out, "{line}")?;
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
