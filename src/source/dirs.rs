//! Listing directories, and what is remembered of them for watching.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::file::FileId;
use super::rotation::classify;

/// A directory changed this recently may change again without a new time: file systems keep times only to some
/// milliseconds, some network ones to seconds of a clock of their own.
const UNSETTLED: Duration = Duration::from_millis(100);

/// How long a directory that changes while it is listed is listed again.
const PATIENCE: Duration = Duration::from_millis(200);

/// A directory in which files of interest may appear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedDir {
    /// Canonical.
    pub path: PathBuf,
    pub names: Names,
    pub(super) stamp: DirStamp,
}

/// Which names in a directory are of interest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Names {
    /// All that are not hidden.
    All,
    /// The live files of these names, and what they are rotated into.
    Logs(BTreeSet<String>),
}

impl Names {
    pub(super) fn one(name: &OsStr) -> Self {
        Self::Logs(
            name.to_str()
                .map(|name| classify(name).live)
                .into_iter()
                .collect(),
        )
    }

    pub(super) fn add(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::All, _) => {}
            (Self::Logs(_), Self::All) => *self = Self::All,
            (Self::Logs(names), Self::Logs(more)) => names.extend(more),
        }
    }

    pub(super) fn includes(&self, name: &OsStr) -> bool {
        match self {
            Self::All => !is_hidden(name),
            Self::Logs(names) => name
                .to_str()
                .is_some_and(|name| names.contains(&classify(name).live)),
        }
    }
}

pub(super) fn is_hidden(name: &OsStr) -> bool {
    name.as_bytes().starts_with(b".")
}

/// By what a later look can tell that a directory's entries changed. Without `mtime` it counts as changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DirStamp {
    pub(super) id: FileId,
    pub(super) mtime: Option<SystemTime>,
}

impl DirStamp {
    pub(super) fn of(meta: &Metadata) -> Self {
        let mtime = meta.modified().ok();
        let settled = |t: &SystemTime| t.elapsed().map_or(true, |age| age > UNSETTLED);
        Self {
            id: FileId::of(meta),
            mtime: mtime.filter(settled),
        }
    }
}

/// One entry of a directory, links followed.
pub(super) struct Entry {
    pub(super) path: PathBuf,
    pub(super) is_link: bool,
    pub(super) meta: io::Result<Metadata>,
}

impl Entry {
    fn identity(&self) -> (&Path, Option<FileId>) {
        (&self.path, self.meta.as_ref().ok().map(FileId::of))
    }
}

/// The entries of a directory by name, at most `limit`, and whether there are more. Listed again while names change,
/// so that a file renamed from one name to the next is not missed: a time of modification that stays the same proves
/// that only once it has settled; until then two listings must agree.
pub(super) fn list(dir: &Path, limit: usize) -> io::Result<(Vec<Entry>, bool)> {
    let mut last: Option<Vec<Entry>> = None;
    let began = Instant::now();
    loop {
        let before = DirStamp::of(&std::fs::metadata(dir)?);
        let (entries, more) = list_once(dir, limit)?;
        let settled = before.mtime.is_some() && DirStamp::of(&std::fs::metadata(dir)?) == before;
        let agrees = |last: Vec<Entry>| {
            last.iter()
                .map(Entry::identity)
                .eq(entries.iter().map(Entry::identity))
        };
        if settled || last.take().is_some_and(agrees) || began.elapsed() > PATIENCE {
            return Ok((entries, more));
        }
        last = Some(entries);
    }
}

fn list_once(dir: &Path, limit: usize) -> io::Result<(Vec<Entry>, bool)> {
    let mut entries = Vec::new();
    let mut more = false;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entries.len() >= limit {
            more = true;
            break;
        }
        let path = entry.path();
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        let meta = std::fs::metadata(&path);
        entries.push(Entry {
            path,
            is_link,
            meta,
        });
    }
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok((entries, more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_log_include_its_rotated_files() {
        let mut names = Names::one(OsStr::new("audit.log"));
        names.add(Names::one(OsStr::new("b.json")));
        for (name, included) in [
            ("audit.log", true),
            ("audit.log.1", true),
            ("audit-2026-03-01T10-00-00.000.log.gz", true),
            ("b.json-20260301", true),
            ("other.log", false),
        ] {
            assert_eq!(names.includes(OsStr::new(name)), included, "{name}");
        }
        names.add(Names::All);
        assert!(
            names.includes(OsStr::new("other.log"))
                && !names.includes(OsStr::new(".audit.log.swp"))
        );
    }

    #[test]
    fn lists_in_order_up_to_the_limit() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b", "a", "c"] {
            std::fs::write(dir.path().join(name), "x").unwrap();
        }
        std::os::unix::fs::symlink("nowhere", dir.path().join("d")).unwrap();
        let (entries, more) = list(dir.path(), 10).unwrap();
        let names: Vec<_> = entries
            .iter()
            .map(|e| {
                (
                    e.path.file_name().unwrap().to_str().unwrap(),
                    e.is_link,
                    e.meta.is_ok(),
                )
            })
            .collect();
        assert_eq!(
            names,
            [
                ("a", false, true),
                ("b", false, true),
                ("c", false, true),
                ("d", true, false)
            ]
        );
        assert!(!more);
        let (entries, more) = list(dir.path(), 2).unwrap();
        assert_eq!((entries.len(), more), (2, true));
    }

    #[test]
    fn a_fresh_directory_is_not_settled_an_old_one_is() {
        let dir = tempfile::tempdir().unwrap();
        let handle = std::fs::File::open(dir.path()).unwrap();
        handle.set_modified(SystemTime::now()).unwrap();
        assert_eq!(
            DirStamp::of(&std::fs::metadata(dir.path()).unwrap()).mtime,
            None
        );
        handle.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(
            DirStamp::of(&std::fs::metadata(dir.path()).unwrap()).mtime,
            Some(SystemTime::UNIX_EPOCH)
        );
    }
}
