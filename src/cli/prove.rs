//! `auditty prove` and `auditty check-proof`: one line of a sealed log, shown to somebody who has only the public key.

use std::path::{Path, PathBuf};

use super::app::App;
use super::args::{CheckProofArgs, ProveArgs};
use super::exit::{Exit, Failure};
use super::open::{self, Mode};
use super::{files, progress, seal};
use crate::event::EventId;
use crate::ingest::sealed::find_line;
use crate::seal::{Proof, inclusion_path, leaf_hash};

/// The longest proof that is read: a line of 4 MiB, and its hashes.
const LONGEST: u64 = 8 << 20;

/// A line to be proved, and what it is called.
struct Wanted {
    log: PathBuf,
    line: u64,
    /// What may be the line: as the event has it, as the file has it.
    bytes: Vec<Vec<u8>>,
    name: String,
}

pub(super) fn prove(args: &ProveArgs, app: &mut App) -> Result<Exit, Failure> {
    let wanted = match args.what.rsplit_once(':') {
        Some((file, line)) if args.paths.is_empty() => of_file(args, file, line)?,
        _ => of_event(args, app)?,
    };
    let Wanted {
        log,
        line,
        bytes,
        name,
    } = wanted;
    let key = seal::public_key(None, app)?;
    let never = || Failure::Failed(format!("{} was never sealed on this host", log.display()));
    let key = key.ok_or_else(never)?;
    for bytes in bytes {
        let found = find_line(&seal::folder(app)?, &log, &key, leaf_hash(&bytes), line)
            .map_err(|error| Failure::Failed(error.to_string()))?;
        if let Some((sealed, leaves, index)) = found {
            let proof = Proof {
                line: bytes,
                index: index as u64,
                path: inclusion_path(&leaves, index).unwrap_or_default(),
                note: sealed.note,
            };
            write!(app.out, "{proof}")?;
            return Ok(Exit::Ok);
        }
    }
    Err(Failure::Failed(format!(
        "{name} is not sealed, or not as it is now: auditty verify {} tells which",
        log.display()
    )))
}

/// A line by its place.
fn of_file(args: &ProveArgs, file: &str, line: &str) -> Result<Wanted, Failure> {
    let number: Option<u64> = line.parse().ok();
    let line = number.filter(|line| *line > 0).ok_or_else(|| usage(args))?;
    let file = Path::new(file);
    let bytes = files::line_of(file, line)?;
    let bytes = bytes
        .ok_or_else(|| Failure::Failed(format!("{} has no whole line {line}", file.display())))?;
    Ok(Wanted {
        log: files::log_of(file)?,
        line,
        bytes: vec![bytes],
        name: format!("line {line} of {}", file.display()),
    })
}

/// The first line of an event. Where a line holds several events, or an event is not its lines, the line is read again.
fn of_event(args: &ProveArgs, app: &mut App) -> Result<Wanted, Failure> {
    let id: EventId = args.what.parse().map_err(|_| usage(args))?;
    let opened = open::open(
        &app.sources(&args.paths),
        &app.settings,
        Mode::WithoutVerdicts,
    )?;
    progress::wait(&opened, app);
    let hit = opened.engine.event(id).map_err(open::OpenError::from)?;
    let hit = hit.ok_or_else(|| {
        Failure::Failed(format!(
            "no event {id} is in what was opened: name the log it is from"
        ))
    })?;
    let event = hit.event;
    let source = Path::new(&*event.source);
    let lines = event.raw.split(|byte| *byte == b'\n');
    let lines = lines.filter(|line| !line.is_empty()).count();
    if lines > 1 {
        app.talk(&format!(
            "the event has {lines} lines: this proves the first of them"
        ));
    }
    let first = event.raw.split(|byte| *byte == b'\n').next();
    let first = first.unwrap_or_default();
    let line = event.line.unwrap_or(1);
    // The same place in another file of the log is another line.
    let holds = |line: &Vec<u8>| memchr::memmem::find(line, first).is_some();
    let mut bytes = vec![first.to_vec()];
    bytes.extend(files::lines_at(source, line).into_iter().filter(holds));
    Ok(Wanted {
        log: files::log_of(source).unwrap_or_else(|_| source.to_owned()),
        line,
        bytes,
        name: format!("event {id}, line {line} of {}", source.display()),
    })
}

fn usage(args: &ProveArgs) -> Failure {
    Failure::Usage(format!(
        "{}: name a line as FILE:LINE, or an event by its id",
        args.what
    ))
}

pub(super) fn check(args: &CheckProofArgs, app: &mut App) -> Result<Exit, Failure> {
    let place = args.proof.display();
    let failed = |error: std::io::Error| Failure::Failed(format!("cannot read {place}: {error}"));
    let meta = std::fs::metadata(&args.proof).map_err(failed)?;
    if meta.len() > LONGEST {
        return Err(Failure::Failed(format!("{place} is too long for a proof")));
    }
    let text = std::fs::read_to_string(&args.proof).map_err(failed)?;
    let key = seal::public_key(args.key.as_deref(), app)?;
    let key = key.ok_or_else(|| Failure::Usage("name the public key with --key".into()))?;
    let checked = text.parse::<Proof>().and_then(|proof| {
        let checkpoint = proof.check(&key)?;
        Ok((proof, checkpoint))
    });
    let (proof, checkpoint) = match checked {
        Ok(checked) => checked,
        Err(error) => {
            app.talk(&format!("{place}: {error}"));
            return Ok(Exit::Alarm);
        }
    };
    let line = app
        .style
        .charset
        .line(&String::from_utf8_lossy(&proof.line), usize::MAX);
    writeln!(
        app.out,
        "proved: line {} of {}",
        proof.index + 1,
        checkpoint.origin
    )?;
    writeln!(
        app.out,
        "sealed: {} with {} lines",
        checkpoint.sealed.rfc3339(),
        checkpoint.size
    )?;
    writeln!(app.out, "{line}")?;
    Ok(Exit::Ok)
}
