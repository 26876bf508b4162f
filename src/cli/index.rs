//! `auditty index`: building it to the end, looking at it, deleting it.

use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::app::{App, grouped, size};
use super::args::{IndexArgs, IndexCommand};
use super::exit::{Exit, Failure};
use super::open::{self, Mode};
use super::{problem, progress};
use crate::engine::{Engine, EngineError, TailRequest};
use crate::query::Query;

/// How long another process may make no progress before it is no longer waited for, and the time between two looks.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(200);

pub(super) fn run(args: &IndexArgs, app: &mut App) -> Result<Exit, Failure> {
    match args.command {
        None => build(&args.paths, app),
        Some(IndexCommand::Status) => status(app),
        Some(IndexCommand::Clear { yes }) => clear(yes, app),
    }
}

fn build(paths: &[PathBuf], app: &mut App) -> Result<Exit, Failure> {
    // Verdicts are not kept in an index.
    let opened = open::open(&app.sources(paths), &app.settings, Mode::WithoutVerdicts)?;
    if let Some(why) = opened.not_kept {
        return Err(Failure::Failed(why));
    }
    progress::wait(&opened, app);
    wait_for_others(&*opened.engine)?;
    let info = opened.engine.status();
    let mut events = 0;
    for source in &info.sources {
        let name = app.style.charset.line(&source.name, usize::MAX);
        let format = app.style.charset.line(&source.format, 20);
        writeln!(
            app.out,
            "{:>14} events  {format:20}  {name}",
            grouped(source.events)
        )?;
        events += source.events;
    }
    writeln!(
        app.out,
        "{:>14} events in {} sources",
        grouped(events),
        info.sources.len()
    )?;
    app.out.flush()?;
    Ok(
        if problem::tell_unread(&*opened.engine, &info.covers, app) {
            Exit::Failed
        } else {
            Exit::Ok
        },
    )
}

/// Where another process indexes, its work is waited for as long as it goes on.
fn wait_for_others(engine: &dyn Engine) -> Result<(), Failure> {
    let mut tail = engine.tail(&TailRequest::new(
        Query::default(),
        engine.status().watermark,
    ))?;
    let mut last = (0, Instant::now());
    loop {
        let covers = engine.status().covers;
        if covers.complete || covers.stopped.is_some() {
            return Ok(());
        }
        if covers.done != last.0 {
            last = (covers.done, Instant::now());
        } else if last.1.elapsed() > PATIENCE {
            return Ok(());
        }
        match tail.recv(LOOK) {
            Ok(_) => {}
            // Standard input has ended; what is read is read.
            Err(EngineError::Ended) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

fn status(app: &mut App) -> Result<Exit, Failure> {
    let dir = index_dir(app)?;
    let limits = app.settings.index;
    let shown = app.style.charset.line(&dir.to_string_lossy(), usize::MAX);
    writeln!(app.out, "index    {shown}")?;
    writeln!(app.out, "size     {}", size(disk_usage(&dir)?))?;
    writeln!(
        app.out,
        "bounds   at most {} and {} % of the free space; {} stay free",
        size(limits.max_bytes),
        limits.max_share,
        size(limits.min_free)
    )?;
    Ok(Exit::Ok)
}

fn clear(yes: bool, app: &mut App) -> Result<Exit, Failure> {
    let dir = index_dir(app)?;
    let bytes = disk_usage(&dir)?;
    if !yes && !confirmed(&dir, bytes, app)? {
        return Err(Failure::Usage("the index was not deleted".into()));
    }
    match fs::remove_dir_all(&dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(failed("delete", &dir, &error))
        }
        _ => {
            writeln!(app.out, "deleted {}", size(bytes))?;
            Ok(Exit::Ok)
        }
    }
}

fn confirmed(dir: &Path, bytes: u64, app: &mut App) -> Result<bool, Failure> {
    let warning = "events whose files are gone will be lost with it";
    if !io::stdin().is_terminal() {
        return Err(Failure::Usage(format!(
            "{warning}; add --yes to delete the index"
        )));
    }
    let question = format!(
        "delete {} ({})? {warning} [y/N] ",
        dir.display(),
        size(bytes)
    );
    write!(
        app.err,
        "auditty: {}",
        app.err_charset.line(&question, usize::MAX)
    )?;
    app.err.flush()?;
    let mut reply = String::new();
    io::stdin().lock().read_line(&mut reply)?;
    Ok(matches!(reply.trim(), "y" | "Y" | "yes"))
}

fn index_dir(app: &App) -> Result<PathBuf, Failure> {
    let paths = app.paths.as_ref();
    paths
        .map(|p| p.index_dir())
        .ok_or_else(|| Failure::Failed("there is no place for an index; set AUDITTY_HOME".into()))
}

/// Bytes of all files below `dir`, links not followed; 0 if it does not exist.
fn disk_usage(dir: &Path) -> Result<u64, Failure> {
    let mut total = 0;
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            // A writer beside us deletes what it has merged.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed("read", &folder, &error)),
        };
        for entry in entries.flatten() {
            match entry.metadata() {
                Ok(meta) if meta.is_dir() => folders.push(entry.path()),
                Ok(meta) => total += meta.len(),
                Err(_) => {}
            }
        }
    }
    Ok(total)
}

fn failed(action: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::Failed(format!("cannot {action} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_counts_files_below_and_no_links() {
        let base = tempfile::tempdir().unwrap();
        fs::create_dir_all(base.path().join("a/b")).unwrap();
        fs::write(base.path().join("a/b/f"), [0; 100]).unwrap();
        fs::write(base.path().join("g"), [0; 11]).unwrap();
        std::os::unix::fs::symlink("/", base.path().join("root")).unwrap();
        let link = fs::symlink_metadata(base.path().join("root"))
            .unwrap()
            .len();
        assert_eq!(disk_usage(base.path()).unwrap(), 111 + link);
        assert_eq!(disk_usage(&base.path().join("none")).unwrap(), 0);
    }
}
