//! One file of a log: which format it is in, what it holds.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::open::{OpenError, is_pipe, nothing_readable};
use crate::config::Settings;
use crate::format::{Detection, Registry};
use crate::source::{GenFile, Stream, open_stream};

/// The format a file would be read as (decompressed first); `None` = binary or empty.
pub(super) fn detect(file: &Path, settings: &Settings) -> Result<Option<Detection>, OpenError> {
    match found(file)? {
        Some(found) => detect_in(&found, settings),
        None => Ok(None),
    }
}

/// What is in a file, decompressed.
pub(super) fn stream(file: &Path) -> Result<Stream<File>, OpenError> {
    let found = found(file)?.ok_or_else(|| {
        OpenError::Failed(format!("there is nothing to read in {}", file.display()))
    })?;
    open_stream(&found)
        .map_err(|e| OpenError::Failed(format!("cannot read {}: {e}", file.display())))
}

/// The live file of the log that a file is one of.
pub(super) fn log_of(file: &Path) -> Result<PathBuf, OpenError> {
    let discovery = crate::source::discover(&[file.to_owned()]);
    let set = discovery.roots.iter().flat_map(|r| &r.sets).next();
    let set = set.ok_or_else(|| OpenError::Failed(nothing_readable(&discovery)))?;
    Ok(set.name.clone())
}

/// A whole line of a file, decompressed, without its LF; lines count from 1 on.
pub(super) fn line_of(file: &Path, line: u64) -> Result<Option<Vec<u8>>, OpenError> {
    use std::io::BufRead;
    let mut stream = std::io::BufReader::new(stream(file)?);
    let failed = |e| OpenError::Failed(format!("cannot read {}: {e}", file.display()));
    let mut bytes = Vec::new();
    for _ in 0..line {
        bytes.clear();
        stream.read_until(b'\n', &mut bytes).map_err(failed)?;
        if bytes.last() != Some(&b'\n') {
            return Ok(None);
        }
    }
    bytes.pop();
    Ok(Some(bytes))
}

/// The line of this number in each file of a log that has it and can be read.
pub(super) fn lines_at(log: &Path, line: u64) -> Vec<Vec<u8>> {
    let discovery = crate::source::discover(&[log.to_owned()]);
    let sets = discovery.roots.iter().flat_map(|r| &r.sets);
    let files = sets.flat_map(|s| &s.generations);
    files
        .filter_map(|file| line_of(&file.path, line).ok().flatten())
        .collect()
}

/// A file as one of a log; `None` = binary or empty.
fn found(file: &Path) -> Result<Option<GenFile>, OpenError> {
    let is_pipe = is_pipe(file);
    if is_pipe || file.is_dir() {
        let what = if is_pipe {
            "what comes by a pipe"
        } else {
            "a directory"
        };
        return Err(OpenError::Failed(format!(
            "{} is {what}: name one file",
            file.display()
        )));
    }
    let discovery = crate::source::discover(&[file.to_owned()]);
    let files = discovery.roots.iter().flat_map(|r| &r.sets);
    let canonical = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let mut generations = files.flat_map(|s| &s.generations);
    if let Some(found) = generations.find(|g| g.path == canonical) {
        return Ok(Some(found.clone()));
    }
    match discovery.skipped.first().map(|s| s.why) {
        Some(crate::source::SkipReason::Empty | crate::source::SkipReason::Binary) => Ok(None),
        _ => Err(OpenError::Failed(nothing_readable(&discovery))),
    }
}

/// The format of one file of a log; `None` = there is nothing in it.
pub(super) fn detect_in(
    file: &GenFile,
    settings: &Settings,
) -> Result<Option<Detection>, OpenError> {
    use std::io::Read;
    let failed = |e: &dyn std::fmt::Display| {
        OpenError::Failed(format!("cannot read {}: {e}", file.path.display()))
    };
    let mut sample = Vec::new();
    let stream = open_stream(file).map_err(|e| failed(&e))?;
    stream
        .take(64 << 10)
        .read_to_end(&mut sample)
        .map_err(|e| failed(&e))?;
    Ok((!sample.is_empty()).then(|| Registry::with(&settings.formats).detect(&sample)))
}
