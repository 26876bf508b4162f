//! `auditty verify`: was anything changed, cut or slipped in?

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::app::App;
use super::args::{ReportFormat, VerifyArgs};
use super::exit::{Exit, Failure};
use super::open::{self, Journals, Mode, VerifyFile};
use super::{digest_keys, launch, progress, seal};
use crate::chain::ChainReport;
use crate::engine::{Engine, EngineError, Tail, TailRequest};
use crate::export::file::Target;
use crate::query::Query;

mod evidence;
mod report;

use report::{State, Summary};

/// Bytes of a file with a verification key at most.
const MAX_KEY: u64 = 4 << 10;
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) fn run(args: &VerifyArgs, app: &mut App) -> Result<Exit, Failure> {
    let paths = app.sources(&args.paths);
    if !args.watch {
        // What cannot become a report is said before everything is read for it.
        let target = args.report.as_deref().map(Target::create).transpose()?;
        let seals = seal::seals(args.key.as_deref(), args.checkpoints.as_deref(), app)?;
        let keys = digest_keys::read(match args.public_keys.as_slice() {
            [] => &app.settings.cloudtrail_keys,
            named => named,
        })?;
        let journals = Journals {
            allowed: app.settings.exec,
            launcher: launch::launcher(),
            key: args.journal_key.as_deref().map(journal_key).transpose()?,
        };
        let files = open::verify(&paths, &app.settings, seals.as_ref(), &keys, &journals)?;
        if let Some(target) = target {
            evidence::write(&files, evidence::again(args, &paths), target, &paths, app)?;
        }
        let exit = print(&files, args.format, app)?;
        // For a person who looks, not for what a script keeps.
        if args.format == ReportFormat::Text && app.err_is_terminal {
            app.talk(report::advice(&files).unwrap_or_default());
        }
        return Ok(exit);
    }
    let paths = open::with_sidecars(&paths, &app.settings);
    let opened = open::open(&paths, &app.settings, Mode::Watch)?;
    progress::wait(&opened, app);
    let from = opened.engine.status().watermark;
    let mut tail = opened
        .engine
        .tail(&TailRequest::new(Query::default(), from))?;
    let lost = open::lost(&paths, &app.settings);
    watch(&*opened.engine, &mut *tail, &lost, args.format, app)
}

/// The verification key of sealed journals, from a file: it is secret, and a command line is not.
fn journal_key(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let file = std::fs::File::open(path);
    file.and_then(|file| file.take(MAX_KEY).read_to_string(&mut text))
        .map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))?;
    let key = text.trim();
    let is_part = |c: char| c.is_ascii_hexdigit() || matches!(c, '-' | '/');
    if key.is_empty() || !key.chars().all(is_part) {
        return Err(Failure::Usage(format!(
            "{}: holds no verification key; `journalctl --setup-keys` prints one, as 58dd3f-…/6b08fc12-f4240",
            path.display()
        )));
    }
    Ok(key.to_owned())
}

/// Prints the reports and says how they end the program.
fn print(files: &[VerifyFile], format: ReportFormat, app: &mut App) -> Result<Exit, Failure> {
    let text = match format {
        ReportFormat::Json => report::json(files) + "\n",
        ReportFormat::Text => report::text(files, app.style),
    };
    app.out.write_all(text.as_bytes())?;
    app.out.flush()?;
    Ok(exit_of(files))
}

/// Prints the whole report again whenever it says something new, until the engine ends.
fn watch(
    engine: &dyn Engine,
    tail: &mut dyn Tail,
    lost: &[VerifyFile],
    format: ReportFormat,
    app: &mut App,
) -> Result<Exit, Failure> {
    let mut shown: Option<Vec<Summary>> = None;
    loop {
        let files = reports(engine, lost)?;
        let summary: Vec<Summary> = files.iter().map(report::summary).collect();
        if shown.as_ref() != Some(&summary) {
            print(&files, format, app)?;
            shown = Some(summary);
        }
        match tail.recv(PATIENCE) {
            Ok(_) => {}
            Err(EngineError::Cancelled | EngineError::Ended) => {
                return Ok(exit_of(&reports(engine, lost)?));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// What is there now; and what was not when this began, until it comes.
fn reports(engine: &dyn Engine, lost: &[VerifyFile]) -> Result<Vec<VerifyFile>, Failure> {
    let file = |report: Arc<ChainReport>| VerifyFile {
        path: report.source.to_string(),
        report,
        error: None,
        is_empty: false,
        files: Vec::new(),
    };
    let mut files: Vec<VerifyFile> = engine.verify()?.into_iter().map(file).collect();
    let lost = lost
        .iter()
        .filter(|lost| files.iter().all(|file| file.path != lost.path));
    let lost: Vec<VerifyFile> = lost.cloned().collect();
    files.extend(lost);
    Ok(files)
}

/// An alarm outweighs what could not be read, and that what is not verified.
fn exit_of(files: &[VerifyFile]) -> Exit {
    match report::overall(files) {
        State::Fail => Exit::Alarm,
        State::Error => Exit::Failed,
        State::Pass => Exit::Ok,
        State::Warn | State::None => Exit::NoMatch,
    }
}

#[cfg(test)]
mod tests;
