//! `auditty runbook new`: something to begin with.

use std::path::PathBuf;

use crate::cli::app::App;
use crate::cli::exit::{Exit, Failure};
use crate::query::Query;
use crate::runbook::{Library, draft};
use crate::source;
use crate::state::{Slot, Store};

pub(super) fn run(
    id: &str,
    steps: &[String],
    history: &[PathBuf],
    app: &mut App,
) -> Result<Exit, Failure> {
    let mut queries = steps.to_vec();
    queries.extend(asked(history, app)?);
    for query in &queries {
        Query::parse(query).map_err(|error| Failure::Usage(format!("--step {query}: {error}")))?;
    }
    let text = draft(id, &queries).map_err(Failure::Usage)?;
    app.out.write_all(text.as_bytes())?;
    let library = Library::load(&app.settings.runbooks);
    if let Some(there) = library.runbooks.iter().find(|runbook| runbook.id == id) {
        app.talk(&format!(
            "there is a runbook {id} already ({}): this one would take its place in a folder of yours",
            there.origin
        ));
    }
    Ok(Exit::Ok)
}

/// The queries that were asked in the explorer on some paths, the oldest first, each once.
fn asked(paths: &[PathBuf], app: &App) -> Result<Vec<String>, Failure> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let state = app.paths.as_ref().map(|paths| &paths.state);
    let state = state.ok_or_else(|| {
        Failure::Failed("there is no place for sessions; set AUDITTY_HOME".into())
    })?;
    let roots = source::discover(paths).roots;
    let roots: Vec<PathBuf> = roots.into_iter().map(|root| root.path).collect();
    let session = Store::new(state)
        .load(&Slot::of_sources(&roots))
        .map_err(|error| Failure::Failed(error.to_string()))?;
    let mut queries: Vec<String> = Vec::new();
    for query in session.map(|s| s.history).unwrap_or_default() {
        if !query.trim().is_empty() && !queries.contains(&query) {
            queries.push(query);
        }
    }
    if queries.is_empty() {
        return Err(Failure::Usage(
            "nothing was asked in the explorer on these paths yet".into(),
        ));
    }
    Ok(queries)
}
