//! `auditty prove` and `auditty check-proof`: one line of a sealed log, shown to somebody who has only the public key.

use std::path::Path;

use super::app::App;
use super::args::{CheckProofArgs, ProveArgs};
use super::exit::{Exit, Failure};
use super::{files, seal};
use crate::ingest::sealed::find_line;
use crate::seal::{Proof, inclusion_path, leaf_hash};

/// The longest proof that is read: a line of 4 MiB, and its hashes.
const LONGEST: u64 = 8 << 20;

pub(super) fn prove(args: &ProveArgs, app: &mut App) -> Result<Exit, Failure> {
    let usage = || Failure::Usage(format!("{}: a line is named FILE:LINE", args.line));
    let (file, line) = args.line.rsplit_once(':').ok_or_else(usage)?;
    let line: u64 = line
        .parse()
        .ok()
        .filter(|line| *line > 0)
        .ok_or_else(usage)?;
    let file = Path::new(file);
    let bytes = files::line_of(file, line)?;
    let bytes = bytes
        .ok_or_else(|| Failure::Failed(format!("{} has no whole line {line}", file.display())))?;
    let log = files::log_of(file)?;
    let key = seal::public_key(None, app)?;
    let never = || Failure::Failed(format!("{} was never sealed on this host", file.display()));
    let key = key.ok_or_else(never)?;
    let found = find_line(&seal::folder(app)?, &log, &key, leaf_hash(&bytes), line)
        .map_err(|error| Failure::Failed(error.to_string()))?;
    let Some((sealed, leaves, index)) = found else {
        return Err(Failure::Failed(format!(
            "line {line} of {} is not sealed, or not as it is now: auditty verify {} tells which",
            file.display(),
            file.display()
        )));
    };
    let proof = Proof {
        line: bytes,
        index: index as u64,
        path: inclusion_path(&leaves, index).unwrap_or_default(),
        note: sealed.note,
    };
    write!(app.out, "{proof}")?;
    Ok(Exit::Ok)
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
