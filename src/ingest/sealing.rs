//! Sealing: every complete line of a log becomes a leaf, and checkpoints are signed over what there is.
//!
//! Before a file is sealed further, what was sealed of it is compared with what is there: a seal over a log that was changed
//! would hide the change.

mod follow;

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

pub use self::follow::{Sealing, follow, problems};
pub use super::sink::SealSink;
use super::{IngestError, sealed};
use crate::event::Timestamp;
use crate::seal::{
    Checkpoint, Frontier, Hash, LeafCutter, Ledger, LedgerError, SealKey, Sealed, plain,
};
use crate::source::{Compression, Discovery, FileId, GenFile, LogSet};

/// How a log is sealed.
#[derive(Clone, Debug)]
pub struct SealOptions {
    /// Where the ledgers are.
    pub dir: PathBuf,
    pub host: String,
    /// A checkpoint is signed after so many lines at the latest,
    pub every: u64,
    /// or after this time.
    pub after: Duration,
    /// Where each checkpoint is copied to.
    pub sinks: Vec<SealSink>,
    /// Logs that are no longer as they were sealed are sealed as they are now, as a new beginning.
    pub anew: bool,
}

/// Why a log was not sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("{0}")]
    Ledger(#[from] LedgerError),
    #[error("{0}")]
    Read(#[from] IngestError),
    #[error("its sidecar {path} cannot be read: {source}", path = .path.display())]
    Sidecar {
        path: PathBuf,
        #[source]
        source: IngestError,
    },
    #[error("cannot write the leaves: {0}")]
    Write(#[source] io::Error),
    #[error("{0} is not as it was sealed: auditty verify says what was changed")]
    Changed(PathBuf),
}

/// What a look at the logs did.
#[derive(Debug, Default)]
pub struct Sealings {
    /// Lines that are covered now and were not before.
    pub lines: u64,
    pub checkpoints: u64,
    pub problems: Vec<(PathBuf, SealError)>,
    /// Why checkpoints could not be copied.
    pub sink_problem: Option<String>,
}

/// Seals logs, again and again.
pub struct Sealer {
    key: SealKey,
    options: SealOptions,
    logs: BTreeMap<PathBuf, Log>,
}

struct Log {
    ledger: Ledger,
    tracks: HashMap<FileId, Track>,
}

/// A file that is being sealed.
struct Track {
    generation: String,
    frontier: Frontier,
    cutter: LeafCutter,
    /// Where to read on.
    offset: u64,
    /// Length and time of the file when it was last read to its end.
    seen: (u64, SystemTime),
    /// Bytes of the lines in the tree.
    bytes: u64,
    leaves: BufWriter<File>,
    /// Lines that no checkpoint covers, and since when.
    open: u64,
    since: Instant,
}

impl Sealer {
    pub fn new(key: SealKey, options: SealOptions) -> Self {
        Self {
            key,
            options,
            logs: BTreeMap::new(),
        }
    }

    /// Seals what is new. `to_the_end` = a checkpoint covers everything afterwards; else one is due only after the lines and
    /// the time of the options.
    pub fn look(&mut self, discovery: &Discovery, to_the_end: bool) -> Sealings {
        let mut done = Sealings::default();
        for set in discovery.roots.iter().flat_map(|root| &root.sets) {
            if let Err(error) = self.log(set, to_the_end, &mut done) {
                done.problems.push((set.name.clone(), error));
            }
        }
        done.sink_problem = self.copy().err();
        done
    }

    fn log(
        &mut self,
        set: &LogSet,
        to_the_end: bool,
        done: &mut Sealings,
    ) -> Result<(), SealError> {
        let mut log = match self.logs.remove(&set.name) {
            Some(log) => log,
            None => Log {
                ledger: Ledger::open_to_write(&self.options.dir, &set.name, self.key.public())?,
                tracks: HashMap::new(),
            },
        };
        log.tracks
            .retain(|id, _| set.generations.iter().any(|file| file.id == *id));
        let mut result = Ok(());
        for file in &set.generations {
            let is_live = file.path == set.name;
            if let Err(error) = self.file(&mut log, set, file, to_the_end || !is_live, done) {
                log.tracks.remove(&file.id);
                result = Err(error);
            }
        }
        self.logs.insert(set.name.clone(), log);
        result
    }

    fn file(
        &mut self,
        log: &mut Log,
        set: &LogSet,
        file: &GenFile,
        to_the_end: bool,
        done: &mut Sealings,
    ) -> Result<(), SealError> {
        let shrunk = |t: &Track| file.compression == Compression::None && file.len < t.offset;
        if log.tracks.get(&file.id).is_some_and(shrunk) {
            log.tracks.remove(&file.id);
        }
        if !log.tracks.contains_key(&file.id) {
            let Some(track) = self.begin(log, set, file)? else {
                return Ok(());
            };
            log.tracks.insert(file.id, track);
        }
        let Some(mut track) = log.tracks.remove(&file.id) else {
            return Ok(());
        };
        let every = self.options.every.max(1);
        let from = track.offset;
        let is_read = track.seen == (file.len, file.mtime);
        track.seen = (file.len, file.mtime);
        if !is_read {
            sealed::read_from(file, from, &mut |piece| {
                track.take(piece)?;
                if track.open >= every {
                    self.checkpoint(log, set, file, &mut track, done)?;
                }
                Ok(())
            })?;
        }
        let due = to_the_end || track.since.elapsed() >= self.options.after;
        if track.open > 0 && due {
            self.checkpoint(log, set, file, &mut track, done)?;
        }
        log.tracks.insert(file.id, track);
        Ok(())
    }

    /// A file that is not being sealed yet: known from before, or new. `None` = it holds no line.
    fn begin(&self, log: &Log, set: &LogSet, file: &GenFile) -> Result<Option<Track>, SealError> {
        let leaves = sealed::leaves_of(file)?;
        let Some(first) = leaves.first() else {
            return Ok(None);
        };
        let is_taken = |f: &Sealed| log.tracks.values().any(|t| t.generation == f.generation);
        // Of several that begin alike, the one it follows longest.
        let mut known: Option<(usize, &Sealed, Vec<Hash>)> = None;
        let may_be = |f: &&Sealed| f.may_begin_with(first) && !is_taken(f);
        for sealed in log.ledger.files().iter().filter(may_be) {
            let before = log.ledger.leaves(sealed)?;
            let alike = before
                .iter()
                .zip(&leaves)
                .take_while(|(a, b)| a == b)
                .count();
            if alike > 0 && known.as_ref().is_none_or(|(best, ..)| alike > *best) {
                known = Some((alike, sealed, before));
            }
        }
        let generation = match known {
            Some((_, sealed, before)) if leaves.starts_with(&before) => sealed.generation.clone(),
            // A copy that is still being made has only its first lines.
            Some((.., before)) if before.starts_with(&leaves) && file.path != set.name => {
                return Ok(None);
            }
            Some(_) if !self.options.anew => return Err(SealError::Changed(file.path.clone())),
            None if self.was_here(log, set, file)? && !self.options.anew => {
                return Err(SealError::Changed(file.path.clone()));
            }
            _ => log.ledger.name_for(first),
        };
        let size = log
            .ledger
            .file(&generation)
            .map_or(0, |f| f.checkpoint.size);
        let mut frontier = Frontier::default();
        let before = leaves
            .iter()
            .take(usize::try_from(size).unwrap_or(usize::MAX));
        before.for_each(|leaf| frontier.push(*leaf));
        let bytes = log
            .ledger
            .file(&generation)
            .map_or(0, |f| f.checkpoint.bytes);
        let out = log.ledger.leaf_writer(&generation)?;
        Ok(Some(Track {
            generation,
            frontier,
            cutter: LeafCutter::default(),
            offset: bytes,
            seen: (0, SystemTime::UNIX_EPOCH),
            bytes,
            leaves: BufWriter::new(out),
            open: 0,
            since: Instant::now(),
        }))
    }

    /// Whether what was last sealed under this name is nowhere any more: then this file is what became of it.
    fn was_here(&self, log: &Log, set: &LogSet, file: &GenFile) -> Result<bool, SealError> {
        let name = file_name(file);
        let newest = log.ledger.files().iter().rev().find(|f| f.file == name);
        let Some(newest) = newest else {
            return Ok(false);
        };
        let before = log.ledger.leaves(newest)?;
        for other in set.generations.iter().filter(|other| other.id != file.id) {
            if sealed::first_leaf(other)?.as_ref() == before.first() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn checkpoint(
        &mut self,
        log: &mut Log,
        set: &LogSet,
        file: &GenFile,
        track: &mut Track,
        done: &mut Sealings,
    ) -> Result<(), SealError> {
        track.leaves.flush().map_err(SealError::Write)?;
        track
            .leaves
            .get_ref()
            .sync_data()
            .map_err(SealError::Write)?;
        let checkpoint = Checkpoint {
            origin: format!(
                "auditty/{}{}#{}",
                plain(self.options.host.as_bytes()),
                plain(set.name.as_os_str().as_bytes()),
                track.generation
            ),
            size: track.frontier.size(),
            root: track.frontier.root(),
            bytes: track.bytes,
            sealed: Timestamp::now(),
            after: None,
        };
        log.ledger
            .append(&self.key, &track.generation, &file_name(file), checkpoint)?;
        done.lines += std::mem::take(&mut track.open);
        done.checkpoints += 1;
        Ok(())
    }

    /// Copies checkpoints to where they should be; what cannot be copied is tried again at the next look.
    fn copy(&mut self) -> Result<(), String> {
        for sink in &self.options.sinks {
            let place = sink.to_string();
            let failed = |error: &dyn std::fmt::Display| {
                format!("checkpoints cannot be copied to {place}: {error}")
            };
            // As it is before anything is written: a sink that is gone is given everything again.
            let length = sink.length();
            for log in self.logs.values_mut() {
                let what = log.ledger.uncopied(&place, length);
                let Some(what) = what.map_err(|e| failed(&e))? else {
                    continue;
                };
                sink.write(&what.lines).map_err(|e| failed(&e))?;
                let length = sink.length();
                let noted = log.ledger.copied(&place, &what, length);
                noted.map_err(|e| failed(&e))?;
            }
        }
        Ok(())
    }
}

fn file_name(file: &GenFile) -> String {
    let name = file.path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

impl Track {
    /// Takes what was read on.
    fn take(&mut self, piece: &[u8]) -> Result<(), SealError> {
        let mut written = Ok(());
        let (frontier, leaves, bytes) = (&mut self.frontier, &mut self.leaves, &mut self.bytes);
        let before = frontier.size();
        self.cutter.push(piece, |leaf, length| {
            frontier.push(leaf);
            *bytes += length;
            if written.is_ok() {
                written = leaves.write_all(&leaf);
            }
        });
        written.map_err(SealError::Write)?;
        let lines = frontier.size() - before;
        if self.open == 0 && lines > 0 {
            self.since = Instant::now();
        }
        self.open += lines;
        self.offset += piece.len() as u64;
        Ok(())
    }
}
