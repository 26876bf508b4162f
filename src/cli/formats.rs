//! `auditty formats`: what can be read, and how.

mod check;
mod detect;
mod filled;
mod new;

use std::sync::Arc;

use super::app::App;
use super::args::{FormatsArgs, FormatsCommand};
use super::exit::{Exit, Failure};
use super::open;
use crate::format::{Format, Registry};

pub(super) fn run(args: &FormatsArgs, app: &mut App) -> Result<Exit, Failure> {
    match &args.command {
        None | Some(FormatsCommand::List) => list(&open::formats(&app.settings), app),
        Some(FormatsCommand::Show { id }) => show(id, app),
        Some(FormatsCommand::Detect { file }) => detect::run(file, app),
        Some(FormatsCommand::Check {
            file,
            format,
            max_unparsed,
        }) => check::run(file, format.as_deref(), *max_unparsed, app),
        Some(FormatsCommand::New { file, id }) => new::run(file, id.as_deref(), app),
    }
}

fn list(formats: &[Arc<dyn Format>], app: &mut App) -> Result<Exit, Failure> {
    let width = formats.iter().map(|f| f.id().len()).max().unwrap_or(0);
    for format in formats {
        writeln!(app.out, "{:width$}  {}", format.id(), format.title())?;
    }
    Ok(Exit::Ok)
}

fn show(id: &str, app: &mut App) -> Result<Exit, Failure> {
    let Some(format) = Registry::with(&app.settings.formats).get(id) else {
        return Err(Failure::Usage(format!(
            "there is no format {id}; auditty formats list names them"
        )));
    };
    writeln!(
        app.out,
        "{}: {}, version {}",
        format.id(),
        format.title(),
        format.version()
    )?;
    let width = format
        .mapping()
        .iter()
        .map(|(field, _)| field.len())
        .max()
        .unwrap_or(0);
    for (field, path) in format.mapping() {
        writeln!(app.out, "  {field:width$}  {path}")?;
    }
    Ok(Exit::Ok)
}
