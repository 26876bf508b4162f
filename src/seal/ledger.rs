//! What is kept of a sealed log, in a folder of its own: `checkpoints.jsonl`, one signed note a line, and for each file of
//! the log `GENERATION.leaves`, 32 bytes a line. Leaves are on the disk before the checkpoint over them is: after a crash,
//! leaves that no checkpoint covers are left out, and sealed again from the log.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::copies::Copies;
use super::merkle::{Frontier, Hash};
use super::note::{Checkpoint, NoteError, PublicKey, SealKey, note_hash};
use crate::event::Timestamp;

pub(super) const CHECKPOINTS: &str = "checkpoints.jsonl";
const LEAF: u64 = size_of::<Hash>() as u64;

#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("cannot {action} {path}: {source}")]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{path}, line {line}: {source}")]
    Note {
        path: PathBuf,
        line: usize,
        #[source]
        source: NoteError,
    },
    #[error("{path}, line {line}: {why}")]
    Broken {
        path: PathBuf,
        line: usize,
        why: &'static str,
    },
    /// The file that lists the sealed lines is not there.
    #[error("{path} is gone, which lists the sealed lines")]
    Gone { path: PathBuf },
    #[error("another auditty is sealing this log")]
    Busy,
}

fn failed<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> LedgerError + 'a {
    move |source| LedgerError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

/// A line of `checkpoints.jsonl`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Row {
    generation: String,
    /// What the file was called then.
    file: String,
    pub(super) note: String,
}

/// One file of a log as far as it is sealed: its newest checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Names its leaves.
    pub generation: String,
    /// What the file was called when it was last sealed.
    pub file: String,
    pub checkpoint: Checkpoint,
    /// The signed note.
    pub note: String,
}

impl Sealed {
    /// Whether this may be its first leaf, which it is named after.
    pub fn may_begin_with(&self, first: &Hash) -> bool {
        self.generation.starts_with(&stem(first))
    }
}

/// What files are named after that begin with this leaf.
fn stem(first: &Hash) -> String {
    first[..8].iter().map(|b| format!("{b:02x}")).collect()
}

/// The seals of one log.
pub struct Ledger {
    dir: PathBuf,
    key: PublicKey,
    /// The newest checkpoint of each file, in the order in which they were first sealed.
    files: Vec<Sealed>,
    last_note: Option<Hash>,
    /// Bytes of the checkpoints.
    size: u64,
    copies: Copies,
    /// Held by the one who writes.
    writer: Option<File>,
}

/// Checkpoints that a place has not got yet.
#[derive(Debug)]
pub struct Uncopied {
    /// Whole lines.
    pub lines: Vec<u8>,
    /// Where they end in `checkpoints.jsonl`.
    until: u64,
}

impl Ledger {
    /// The folder of a log's ledger below that of all; `log` is the canonical path of the live file.
    fn dir_of(ledgers: &Path, log: &Path) -> PathBuf {
        let digest = Sha256::digest(log.as_os_str().as_bytes());
        let name: String = digest.iter().take(12).map(|b| format!("{b:02x}")).collect();
        ledgers.join(name)
    }

    /// Whether anything was sealed of a log.
    pub fn is_there(ledgers: &Path, log: &Path) -> bool {
        Self::dir_of(ledgers, log).join(CHECKPOINTS).is_file()
    }

    /// Reads the ledger of a log; one that is not there yet is empty. Every note's signature and its link to the note before are
    /// checked. A last line that a crash cut short is passed over.
    ///
    /// # Errors
    /// It cannot be read, or is not as it was written with `key`.
    pub fn open(ledgers: &Path, log: &Path, key: PublicKey) -> Result<Self, LedgerError> {
        Self::read_in(Self::dir_of(ledgers, log), key, None)
    }

    /// The same, to add checkpoints: nobody else does until it is dropped. It is read once nobody else can write to it.
    ///
    /// # Errors
    /// Another process writes, the folder cannot be written to, or it is not as it was written with `key`.
    pub fn open_to_write(ledgers: &Path, log: &Path, key: PublicKey) -> Result<Self, LedgerError> {
        let dir = Self::dir_of(ledgers, log);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&dir)
            .map_err(failed("create", &dir))?;
        let path = dir.join(CHECKPOINTS);
        let file = private(&path).map_err(failed("open", &path))?;
        rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| LedgerError::Busy)?;
        // What a crash left behind the last whole line would run into the next.
        let text = fs::read(&path).map_err(failed("read", &path))?;
        let whole = text
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
        file.set_len(whole as u64).map_err(failed("write", &path))?;
        Self::read_in(dir, key, Some(file))
    }

    fn read_in(dir: PathBuf, key: PublicKey, writer: Option<File>) -> Result<Self, LedgerError> {
        let path = dir.join(CHECKPOINTS);
        let mut ledger = Self {
            copies: Copies::read(&dir),
            dir,
            key,
            files: Vec::new(),
            last_note: None,
            size: 0,
            writer,
        };
        match fs::read_to_string(&path) {
            Ok(text) => ledger.read(&path, &text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed("read", &path)(error)),
        }
        Ok(ledger)
    }

    fn read(&mut self, path: &Path, text: &str) -> Result<(), LedgerError> {
        for (number, line) in text.split_inclusive('\n').enumerate() {
            let broken = |why| LedgerError::Broken {
                path: path.to_owned(),
                line: number + 1,
                why,
            };
            let Some(line) = line.strip_suffix('\n') else {
                break;
            };
            let row: Row = serde_json::from_str(line).map_err(|_| broken("no checkpoint"))?;
            let checkpoint = self
                .key
                .open(&row.note)
                .map_err(|source| LedgerError::Note {
                    path: path.to_owned(),
                    line: number + 1,
                    source,
                })?;
            if checkpoint.after != self.last_note {
                return Err(broken("a checkpoint before this one is missing"));
            }
            self.last_note = Some(note_hash(&row.note));
            self.size += line.len() as u64 + 1;
            self.put(row, checkpoint);
        }
        Ok(())
    }

    fn put(&mut self, row: Row, checkpoint: Checkpoint) {
        let sealed = Sealed {
            generation: row.generation,
            file: row.file,
            checkpoint,
            note: row.note,
        };
        let same = |f: &&mut Sealed| f.generation == sealed.generation;
        match self.files.iter_mut().find(same) {
            Some(known) => *known = sealed,
            None => self.files.push(sealed),
        }
    }

    /// The files of the log that were sealed, each with its newest checkpoint.
    pub fn files(&self) -> &[Sealed] {
        &self.files
    }

    /// The file whose checkpoints are over this generation.
    pub fn file(&self, generation: &str) -> Option<&Sealed> {
        self.files.iter().find(|f| f.generation == generation)
    }

    fn leaves_path(&self, generation: &str) -> PathBuf {
        self.dir.join(format!("{generation}.leaves"))
    }

    /// The sealed leaves of a file. They are as they were sealed: their root is the signed one.
    ///
    /// # Errors
    /// They cannot be read, or are not those that were signed.
    pub fn leaves(&self, sealed: &Sealed) -> Result<Vec<Hash>, LedgerError> {
        let path = self.leaves_path(&sealed.generation);
        let mut bytes = Vec::new();
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(LedgerError::Gone { path });
            }
            opened => opened.map_err(failed("read", &path))?,
        };
        file.take(sealed.checkpoint.size.saturating_mul(LEAF))
            .read_to_end(&mut bytes)
            .map_err(failed("read", &path))?;
        let mut frontier = Frontier::default();
        let leaves: Vec<Hash> = bytes
            .chunks_exact(size_of::<Hash>())
            .filter_map(|chunk| chunk.try_into().ok())
            .inspect(|leaf| frontier.push(*leaf))
            .collect();
        if frontier.size() != sealed.checkpoint.size || frontier.root() != sealed.checkpoint.root {
            return Err(LedgerError::Broken {
                path,
                line: leaves.len(),
                why: "the list of sealed lines is not the one that was signed",
            });
        }
        Ok(leaves)
    }

    /// A name for a file that is sealed for the first time, from its first leaf.
    pub fn name_for(&self, first: &Hash) -> String {
        let stem = stem(first);
        let names = std::iter::once(stem.clone()).chain((2..).map(|n| format!("{stem}-{n}")));
        // Among as many names as there are files and one more, one is free.
        let free = names
            .take(self.files.len() + 1)
            .find(|name| self.file(name).is_none());
        free.unwrap_or(stem)
    }

    /// Where further leaves of a file go: behind those that its newest checkpoint covers.
    ///
    /// # Errors
    /// The file of leaves cannot be written.
    pub fn leaf_writer(&self, generation: &str) -> Result<File, LedgerError> {
        let path = self.leaves_path(generation);
        let covered = self.file(generation).map_or(0, |f| f.checkpoint.size) * LEAF;
        let mut file = private(&path).map_err(failed("open", &path))?;
        file.set_len(covered)
            .and_then(|()| file.seek(SeekFrom::Start(covered)))
            .map_err(failed("write", &path))?;
        Ok(file)
    }

    /// When the newest checkpoint of a log that was copied elsewhere was signed; `None` = none was.
    pub fn newest_copy(ledgers: &Path, log: &Path) -> Option<Timestamp> {
        Copies::read(&Self::dir_of(ledgers, log)).newest()
    }

    /// What `place` has not got yet; `None` = it has all. `length` = bytes that are there now, where that is known: a place that
    /// lost some of what it got is given everything again.
    ///
    /// # Errors
    /// The checkpoints cannot be read.
    pub fn uncopied(
        &self,
        place: &str,
        length: Option<u64>,
    ) -> Result<Option<Uncopied>, LedgerError> {
        // Fewer than were copied: the ledger is another one.
        let is_so = |bytes: &u64| *bytes <= self.size && !self.copies.is_lost(place, length);
        let copied = Some(self.copies.bytes(place)).filter(is_so);
        let from = copied.unwrap_or(0);
        if from == self.size {
            return Ok(None);
        }
        let path = self.dir.join(CHECKPOINTS);
        let read = || {
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(from))?;
            let mut lines = Vec::new();
            file.take(self.size - from).read_to_end(&mut lines)?;
            Ok(lines)
        };
        Ok(Some(Uncopied {
            lines: read().map_err(failed("read", &path))?,
            until: self.size,
        }))
    }

    /// Notes that `place` has got what it had not, and how long it is with it, where that is known.
    ///
    /// # Errors
    /// That cannot be written down: it will be copied once more.
    pub fn copied(
        &mut self,
        place: &str,
        what: &Uncopied,
        length: Option<u64>,
    ) -> Result<(), LedgerError> {
        let sealed = self.files.iter().map(|f| f.checkpoint.sealed).max();
        let sealed = sealed.unwrap_or_default();
        let noted = self
            .copies
            .note(&self.dir, place, what.until, sealed, length);
        noted.map_err(failed("write", &self.dir))
    }

    /// Signs and keeps a checkpoint; its leaves must be on the disk.
    ///
    /// # Errors
    /// It was not opened to write, or cannot be written.
    pub fn append(
        &mut self,
        key: &SealKey,
        generation: &str,
        file: &str,
        mut checkpoint: Checkpoint,
    ) -> Result<(), LedgerError> {
        checkpoint.after = self.last_note;
        let row = Row {
            generation: generation.to_owned(),
            file: file.to_owned(),
            note: key.sign(&checkpoint),
        };
        let path = self.dir.join(CHECKPOINTS);
        let mut line = serde_json::to_string(&row)
            .map_err(io::Error::from)
            .map_err(failed("write", &path))?;
        line.push('\n');
        let out = self.writer.as_mut().ok_or(LedgerError::Busy)?;
        out.seek(SeekFrom::End(0))
            .and_then(|_| out.write_all(line.as_bytes()))
            .and_then(|()| out.sync_data())
            .map_err(failed("write", &path))?;
        self.last_note = Some(note_hash(&row.note));
        self.size += line.len() as u64;
        self.put(row, checkpoint);
        Ok(())
    }
}

fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests;
