//! `auditty runbook`: listing, printing, running, checking and beginning runbooks. A person steps through them in the
//! explorer.

mod cases;
mod lint;
mod new;
#[cfg(test)]
mod reports;
mod run;
mod show;

use std::path::Path;
use std::sync::Arc;

use super::app::App;
use super::args::{RunbookArgs, RunbookCommand};
use super::exit::{Exit, Failure};
use crate::runbook::{Library, Runbook};
use crate::text::suggest::hint;

pub(super) fn run(args: &RunbookArgs, app: &mut App) -> Result<Exit, Failure> {
    match &args.command {
        RunbookCommand::List => show::list(&load(app), app),
        RunbookCommand::Show { id } => {
            let runbook = find(id, app)?;
            show::show(&runbook, app)
        }
        RunbookCommand::Run(args) => run::run(args, app),
        RunbookCommand::Lint { paths } => lint::run(paths, app),
        RunbookCommand::New { id, steps, history } => new::run(id, steps, history, app),
    }
}

/// All runbooks; what is wrong with some is said.
fn load(app: &mut App) -> Library {
    let library = Library::load(&app.settings.runbooks);
    for error in &library.errors {
        app.talk(&error.to_string());
    }
    library
}

/// A runbook by its id, or by its file.
fn find(id: &str, app: &mut App) -> Result<Arc<Runbook>, Failure> {
    let path = Path::new(id);
    if path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("md"))
    {
        let read = Runbook::read(path);
        return match read {
            Ok(runbook) => Ok(Arc::new(runbook)),
            Err(error) => Err(Failure::Usage(error.to_string())),
        };
    }
    let library = Library::load(&app.settings.runbooks);
    if let Some(error) = library.broken.get(id) {
        // A sound one of the same name from elsewhere is not what was meant.
        return Err(Failure::Usage(error.to_string()));
    }
    if let Some(runbook) = library.get(id) {
        if let Some(of) = library.overridden.get(id) {
            let origin = &runbook.origin;
            app.talk(&format!(
                "runbook {id} is the one from {origin}, in place of the one from {of}"
            ));
        }
        return Ok(runbook.clone());
    }
    for error in &library.errors {
        app.talk(&error.to_string());
    }
    let near = hint(id, library.runbooks.iter().map(|r| r.id.as_str()));
    Err(Failure::Usage(format!(
        "there is no runbook {id}{near}; auditty runbook list names them"
    )))
}
