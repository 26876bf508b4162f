//! What no log that is here speaks of: sealed logs of which nothing is left, and copies that are none.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Seals, words};
use crate::chain::ChainReport;
use crate::event::BreakKind;
use crate::ingest::verify::VerifyFile;
use crate::seal::{Checkpoint, newest_of_each, unplain};
use crate::text;

/// Wrong lines that are listed; all are counted.
const MOST_WRONG: usize = 20;

/// Logs below `paths` that were sealed, and are empty or gone now. `found` = the logs that are there.
pub(in crate::ingest) fn lost(
    paths: &[PathBuf],
    found: &HashSet<&Path>,
    seals: &Seals,
) -> Vec<VerifyFile> {
    let Some(key) = &seals.key else {
        return Vec::new();
    };
    let mut newest: BTreeMap<PathBuf, Checkpoint> = BTreeMap::new();
    let here = newest_of_each(&seals.dir, key);
    let copies = seals.copies.checkpoints.iter().map(|c| &c.checkpoint);
    for checkpoint in here.iter().chain(copies) {
        let Some((path, _)) = checkpoint.place() else {
            continue;
        };
        let log = PathBuf::from(OsString::from_vec(unplain(path)));
        let known = newest.entry(log).or_insert_with(|| checkpoint.clone());
        if checkpoint.sealed > known.sealed {
            known.clone_from(checkpoint);
        }
    }
    let roots: Vec<PathBuf> = paths.iter().filter_map(|path| whole(path)).collect();
    newest
        .into_iter()
        .filter(|(log, _)| roots.iter().any(|root| log.starts_with(root)))
        .filter(|(log, _)| !found.contains(log.as_path()))
        .filter_map(|(log, checkpoint)| told(&log, &checkpoint, seals))
        .collect()
}

/// What became of a log that is nowhere among those found; `None` if there is something, which is told elsewhere.
fn told(log: &Path, checkpoint: &Checkpoint, seals: &Seals) -> Option<VerifyFile> {
    let (lines, when) = (checkpoint.size, words::moment(checkpoint));
    let (kind, coverage, what) = match fs::metadata(log) {
        Ok(file) if file.is_file() && file.len() == 0 => (
            BreakKind::TailTruncated,
            "it is empty",
            format!("{lines} lines of it were sealed at {when}, and it is empty"),
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound => (
            BreakKind::FileMissing,
            "it is not here",
            format!(
                "{lines} lines of it were sealed at {when}, and it is not here any more: removed, or moved elsewhere"
            ),
        ),
        _ => return None,
    };
    let path = text::path(log).into_owned();
    let report = ChainReport {
        source: path.as_str().into(),
        scheme: Some("seal ed25519".into()),
        coverage: coverage.into(),
        findings: vec![words::about_all(kind, what)],
        copied: seals.copied(log),
        ..ChainReport::default()
    };
    Some(VerifyFile {
        path,
        report: Arc::new(report),
        error: None,
        is_empty: false,
        files: Vec::new(),
    })
}

/// What is wrong with the copied checkpoints themselves: lines that hold none, or no checkpoint at all.
pub(in crate::ingest) fn wrong_copies(seals: &Seals) -> Option<VerifyFile> {
    let copies = &seals.copies;
    let from = seals.copies_from.as_deref()?;
    if copies.wrong.is_empty() && !copies.checkpoints.is_empty() {
        return None;
    }
    let path = text::path(from).into_owned();
    let good = copies.checkpoints.len() as u64;
    let all = good + copies.wrong.len() as u64;
    let findings = copies.wrong.iter().take(MOST_WRONG).map(|(line, why)| {
        let mut finding = words::about_all(BreakKind::Malformed, format!("passed over: {why}"));
        (finding.line, finding.line_end) = (*line, *line);
        finding
    });
    let none = (good == 0).then(|| {
        let what =
            "no checkpoint is in it: nothing here is compared with what was copied elsewhere";
        words::about_all(BreakKind::FileMissing, what.into())
    });
    let report = ChainReport {
        source: path.as_str().into(),
        scheme: Some("copied checkpoints".into()),
        records: all,
        verified: good,
        coverage: format!("{good} of {all} lines are checkpoints that the key signed"),
        findings: none.into_iter().chain(findings).collect(),
        ..ChainReport::default()
    };
    Some(VerifyFile {
        path,
        report: Arc::new(report),
        error: None,
        is_empty: false,
        files: Vec::new(),
    })
}

/// The canonical path, also of what is not there.
fn whole(path: &Path) -> Option<PathBuf> {
    if let Ok(path) = fs::canonicalize(path) {
        return Some(path);
    }
    let path = std::path::absolute(path).ok()?;
    let folder = path
        .parent()
        .and_then(|folder| fs::canonicalize(folder).ok());
    Some(match (folder, path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => path,
    })
}
