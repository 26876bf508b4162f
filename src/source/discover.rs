//! From path arguments to the logs behind them.

mod arguments;
mod walk;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use self::arguments::Argument;
use super::SourceError;
use super::access::explain_denied;
use super::command::name_in;
use super::content::{Compression, Content, HEAD, judge};
use super::dirs::{DirStamp, Entry, Names, WatchedDir};
use super::file::{FileId, GenFile, open_regular};
use super::near::near_match;
use super::set::{LogSet, group};

/// Directory entries looked at in one scan; beyond them it stops and says so.
const MAX_ENTRIES: usize = 200_000;

/// What is behind the path arguments.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    /// In the order of the arguments. Arguments that lie within another one have no root of their own.
    pub roots: Vec<Root>,
    pub skipped: Vec<Skipped>,
    /// Empty files that are listed as skipped and become logs as soon as something is written to them.
    pub empty: Vec<GenFile>,
    /// Where logs may appear.
    pub dirs: Vec<WatchedDir>,
}

/// A path argument. For the argument `audit.log` the set holds the files it was rotated into as well; for the argument
/// `audit.log.1` it holds that file alone, under the name of the live file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Canonical; `-` for stdin, `command:NAME` for a command.
    pub path: PathBuf,
    pub kind: RootKind,
    /// By name. None for what comes by a pipe: its set comes from a [`super::spool::Spool`].
    pub sets: Vec<LogSet>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RootKind {
    File,
    Directory,
    Stdin,
    Command,
}

impl RootKind {
    /// Whether it is read once, as it comes.
    pub fn is_pipe(self) -> bool {
        matches!(self, Self::Stdin | Self::Command)
    }
}

impl Root {
    fn pipe(path: PathBuf, kind: RootKind) -> Self {
        let sets = Vec::new();
        Self { path, kind, sets }
    }
}

/// A path that was not opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub path: PathBuf,
    pub why: SkipReason,
    /// In words, with the way out where there is one.
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SkipReason {
    Missing,
    Unreadable,
    Empty,
    Binary,
    /// Compressed in a way that is not read.
    Compression,
    /// A pipe, socket or device.
    NotAFile,
    /// A command that is not configured, or may not be started.
    NoCommand,
    /// The same file or directory (device, inode) is open under another path.
    SameFile,
    /// A link to a directory that it lies in.
    Loop,
    Hidden,
    /// The scan stopped here.
    TooMany,
    /// The file system failed.
    Failed,
}

/// Scans once. To scan again later, keep a [`Discoverer`].
pub fn discover(paths: &[PathBuf]) -> Discovery {
    Discoverer::new(paths.to_vec()).scan()
}

/// Scans path arguments, again and again; what files are is remembered, so that only new ones are opened.
#[derive(Debug)]
pub struct Discoverer {
    paths: Vec<PathBuf>,
    /// Names of the commands that may be read; none where none may be started.
    commands: Option<Vec<String>>,
    judged: HashMap<FileId, Judged>,
}

#[derive(Clone, Copy, Debug)]
struct Judged {
    content: Content,
    len: u64,
    mtime: SystemTime,
}

impl Judged {
    /// Whether the file can only still be what it was: its first bytes are as they were.
    fn holds(&self, now: &GenFile) -> bool {
        (now.len == self.len && now.mtime == self.mtime)
            || (self.len >= HEAD as u64 && now.len >= self.len)
    }
}

impl Discoverer {
    pub fn new(paths: Vec<PathBuf>) -> Self {
        Self {
            paths,
            commands: Some(Vec::new()),
            judged: HashMap::new(),
        }
    }

    /// The names that may stand in a path `command:NAME`; `None` = none, because no command may be started.
    pub fn with_commands(self, names: Option<Vec<String>>) -> Self {
        Self {
            commands: names,
            ..self
        }
    }

    /// Looks at everything the arguments lead to, as it is now. Never fails: what cannot be opened is listed.
    pub fn scan(&mut self) -> Discovery {
        let mut scan = Scan {
            known: std::mem::take(&mut self.judged),
            ..Scan::default()
        };
        let mut arguments = Vec::new();
        for path in &self.paths {
            match name_in(path).filter(|_| !path.exists()) {
                Some(name) => arguments.extend(scan.command(path, name, self.commands.as_deref())),
                None => scan.resolve(path, &mut arguments),
            }
        }
        // Rotated files last: named beside their live file (as by a shell's `audit.log*`) they are part of its set.
        let mut order: Vec<usize> = (0..arguments.len()).collect();
        order.sort_by_cached_key(|i| arguments[*i].is_rotated());
        let mut roots: Vec<(usize, Root)> = Vec::new();
        for i in order {
            roots.extend(scan.open(&arguments[i]).map(|root| (i, root)));
        }
        roots.sort_by_key(|(i, _)| *i);
        self.judged = scan.judged;
        Discovery {
            roots: roots.into_iter().map(|(_, root)| root).collect(),
            skipped: scan.skipped,
            empty: scan.empty,
            dirs: scan.dirs.into_values().collect(),
        }
    }
}

/// The state of one scan.
#[derive(Default)]
struct Scan {
    known: HashMap<FileId, Judged>,
    judged: HashMap<FileId, Judged>,
    files: HashMap<(u64, u64), PathBuf>,
    directories: HashMap<(u64, u64), PathBuf>,
    commands: BTreeSet<PathBuf>,
    dirs: BTreeMap<PathBuf, WatchedDir>,
    skipped: Vec<Skipped>,
    empty: Vec<GenFile>,
    /// Directories of files that were named, by set.
    listings: HashMap<PathBuf, HashMap<PathBuf, Vec<Entry>>>,
    entries: usize,
}

impl Scan {
    fn skip(&mut self, path: &Path, why: SkipReason, detail: impl Into<String>) {
        self.skipped.push(Skipped {
            path: path.to_path_buf(),
            why,
            detail: detail.into(),
        });
    }

    fn skip_error(&mut self, path: &Path, error: &io::Error) {
        match error.kind() {
            io::ErrorKind::PermissionDenied => {
                self.skip(path, SkipReason::Unreadable, explain_denied(path))
            }
            io::ErrorKind::NotFound => self.skip(path, SkipReason::Missing, missing(path)),
            _ => self.skip(path, SkipReason::Failed, error.to_string()),
        }
    }

    fn watch(&mut self, dir: &Path, names: Names) {
        if let Some(known) = self.dirs.get_mut(dir) {
            known.names.add(names);
        } else if let Ok(meta) = std::fs::metadata(dir) {
            let path = dir.to_path_buf();
            self.dirs.insert(
                path.clone(),
                WatchedDir {
                    path,
                    names,
                    stamp: DirStamp::of(&meta),
                },
            );
        }
    }

    fn open(&mut self, argument: &Argument) -> Option<Root> {
        let (path, kind, files) = match argument {
            Argument::Stdin => return Some(Root::pipe(PathBuf::from("-"), RootKind::Stdin)),
            Argument::Command(path) => return Some(Root::pipe(path.clone(), RootKind::Command)),
            Argument::Directory(path) => {
                if let Ok(meta) = std::fs::metadata(path)
                    && self.directories.contains_key(&(meta.dev(), meta.ino()))
                {
                    return None;
                }
                (path, RootKind::Directory, self.walk(path))
            }
            Argument::File(path) => (path, RootKind::File, self.file_and_siblings(path)),
        };
        let sets = self.without_empty(group(files), kind);
        (kind != RootKind::File || !sets.is_empty()).then(|| Root {
            path: path.clone(),
            kind,
            sets,
        })
    }

    /// An empty file counts if it is the live file of a set that is not empty, or was named as an argument.
    fn without_empty(&mut self, sets: Vec<LogSet>, kind: RootKind) -> Vec<LogSet> {
        let mut kept = Vec::new();
        for mut set in sets {
            let name = set.name.clone();
            let all_empty = set.generations.iter().all(|file| file.len == 0);
            let counts = |file: &GenFile| {
                file.len > 0
                    || (if all_empty {
                        kind == RootKind::File
                    } else {
                        file.path == name
                    })
            };
            let (files, empty): (Vec<_>, Vec<_>) = set.generations.drain(..).partition(counts);
            let said = "empty: watched, and opened when something is written to it";
            // One that was asked for is opened all the same.
            if let Some(file) = files.first().filter(|_| all_empty) {
                self.skip(&file.path, SkipReason::Empty, said);
            }
            for file in empty {
                self.skip(&file.path, SkipReason::Empty, said);
                self.empty.push(file);
            }
            if !files.is_empty() {
                kept.push(LogSet {
                    name,
                    generations: files,
                });
            }
        }
        kept
    }

    fn stop(&mut self, path: &Path) {
        if !self.skipped.iter().any(|s| s.why == SkipReason::TooMany) {
            self.skip(
                path,
                SkipReason::TooMany,
                format!("more than {MAX_ENTRIES} entries: name a part of them"),
            );
        }
    }

    /// A file that is a log, or empty; anything else is listed as skipped.
    fn accept(&mut self, path: &Path, meta: io::Result<Metadata>) -> Option<GenFile> {
        let meta = match meta {
            Ok(meta) if meta.is_file() => meta,
            Ok(_) => {
                self.skip(path, SkipReason::NotAFile, not_a_file(path));
                return None;
            }
            Err(e) => {
                self.skip_error(path, &e);
                return None;
            }
        };
        if let Some(seen) = self.files.get(&(meta.dev(), meta.ino())) {
            if seen != path {
                let detail = format!("the same file as {}", seen.display());
                self.skip(path, SkipReason::SameFile, detail);
            }
            return None;
        }
        self.files
            .insert((meta.dev(), meta.ino()), path.to_path_buf());
        let (mut file, content) = match self.judge(path, &meta) {
            Ok(judged) => judged,
            Err(SourceError::Io { source, .. }) => {
                self.skip_error(path, &source);
                return None;
            }
            Err(e) => {
                self.skip(path, SkipReason::NotAFile, e.to_string());
                return None;
            }
        };
        match content {
            Content::Log(compression) => file.compression = compression,
            Content::Empty if file.len == 0 => {}
            Content::Empty => {
                self.skip(path, SkipReason::Empty, "decompresses to nothing");
                self.empty.push(file);
                return None;
            }
            Content::Binary(what) => {
                self.skip(path, SkipReason::Binary, what);
                return None;
            }
            Content::OtherCompression(what) => {
                self.skip(path, SkipReason::Compression, what);
                return None;
            }
        }
        Some(file)
    }

    fn judge(&mut self, path: &Path, meta: &Metadata) -> Result<(GenFile, Content), SourceError> {
        let mut now = GenFile::of(path.to_path_buf(), Compression::None, meta);
        let content = if now.len == 0 {
            Content::Empty
        } else if let Some(judged) = self
            .known
            .get(&now.id)
            .copied()
            .filter(|judged| judged.holds(&now))
        {
            self.judged.insert(now.id, judged);
            return Ok((now, judged.content));
        } else {
            let file = open_regular(path)?;
            // Another file may have come to this path since it was listed.
            let meta = file.metadata().map_err(SourceError::io("read", path))?;
            now = GenFile::of(path.to_path_buf(), Compression::None, &meta);
            judge(&file).map_err(SourceError::io("read", path))?
        };
        self.judged.insert(
            now.id,
            Judged {
                content,
                len: now.len,
                mtime: now.mtime,
            },
        );
        Ok((now, content))
    }
}

fn missing(path: &Path) -> String {
    if path.is_symlink() {
        return "a link to something that does not exist".to_owned();
    }
    match near_match(path) {
        Some(near) => format!("does not exist; did you mean {}?", near.display()),
        None => "does not exist".into(),
    }
}

fn not_a_file(path: &Path) -> String {
    let kind = std::fs::metadata(path).ok().map(|meta| meta.file_type());
    match kind {
        Some(kind) if kind.is_fifo() => {
            "a pipe, which is read as standard input only: `COMMAND | auditty search … -`"
                .to_owned()
        }
        Some(kind) if kind.is_socket() => "a socket".into(),
        Some(kind) if kind.is_block_device() || kind.is_char_device() => "a device".into(),
        _ => "not a regular file".into(),
    }
}

#[cfg(test)]
mod tests;
