//! What happened to the files of a set between two looks at them. Decides from names, identities, lengths and times
//! alone; what only the content can tell is left to the reader, and named where the question arises:
//!
//! - [`What::Appended`]: the file may have been truncated and grown past its old length since, or rewritten. Check that
//!   its first frame is still the one known.
//! - [`What::New`] with `perhaps`: the content may be that of a generation read before, compressed or copied. If its
//!   first frame is the one known, go on at the position reached there.
//! - [`What::ChangedInPlace`]: the file may only have been touched.
//!
//! Positions belong to the reader, kept by [`FileId`]. When a file was moved before it could be opened
//! ([`super::SourceError::Replaced`]), scan again and compare with the earlier look, into which [`Change::apply_to`] has
//! taken what was read meanwhile.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::content::Compression;
use super::file::{FileId, GenFile};
use super::rotation::{Age, classify_path, uncompressed};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Unchanged,
    /// Longer than before; `from` is the old length in the file's own bytes.
    Appended {
        from: u64,
    },
    /// Shorter than before: emptied by copytruncate, or cut. Read again from its start.
    Truncated,
    /// As long as before with another time of modification.
    ChangedInPlace,
    /// Not seen before. `perhaps` was the path of a generation whose content it may be.
    New {
        perhaps: Option<PathBuf>,
    },
    /// Not there any more.
    Removed,
}

/// What happened to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// As it is now; for a removed file, as it was.
    pub file: GenFile,
    /// The path it had before, if it was renamed (and perhaps changed as well).
    pub renamed_from: Option<PathBuf>,
    pub what: What,
}

impl Change {
    /// Takes the change, once its file was read, into the look it was found against. A removed file stays in it, as
    /// what the content of a new file may have come from, until the whole look is replaced by the later one.
    pub fn apply_to(&self, look: &mut Vec<GenFile>) {
        match look.iter_mut().find(|file| file.id == self.file.id) {
            Some(file) => *file = self.file.clone(),
            None => look.push(self.file.clone()),
        }
    }
}

/// Compares two looks at one set: removed files first, then every file that is there, oldest first. Reading on in this
/// order reads a file that was rotated away to its end before the one that took its place.
pub fn compare(before: &[GenFile], after: &[GenFile]) -> Vec<Change> {
    let was: HashMap<FileId, &GenFile> = before.iter().map(|file| (file.id, file)).collect();
    let is: HashMap<FileId, &GenFile> = after.iter().map(|file| (file.id, file)).collect();
    let mut spoken_for = HashSet::new();
    let removed = before
        .iter()
        .filter(|file| !is.contains_key(&file.id))
        .map(|file| Change {
            file: file.clone(),
            renamed_from: None,
            what: What::Removed,
        });
    let mut changes: Vec<Change> = removed.collect();
    // Newest first: the copy of a live file that was just made is the newest of the new ones.
    let kept = after.iter().rev().map(|file| match was.get(&file.id) {
        Some(old) => Change {
            file: file.clone(),
            renamed_from: (old.path != file.path).then(|| old.path.clone()),
            what: growth(old, file),
        },
        None => {
            let origin = origin(file, before, &is).filter(|old| spoken_for.insert(old.id));
            let perhaps = origin.map(|old| old.path.clone());
            Change {
                file: file.clone(),
                renamed_from: None,
                what: What::New { perhaps },
            }
        }
    });
    let mut kept: Vec<Change> = kept.collect();
    kept.reverse();
    changes.append(&mut kept);
    changes
}

fn growth(old: &GenFile, new: &GenFile) -> What {
    match new.len.cmp(&old.len) {
        std::cmp::Ordering::Greater => What::Appended { from: old.len },
        std::cmp::Ordering::Less => What::Truncated,
        std::cmp::Ordering::Equal if new.mtime == old.mtime => What::Unchanged,
        std::cmp::Ordering::Equal => What::ChangedInPlace,
    }
}

/// The generation whose content a new file may be.
fn origin<'a>(
    new: &GenFile,
    before: &'a [GenFile],
    is: &HashMap<FileId, &GenFile>,
) -> Option<&'a GenFile> {
    let (live, age) = classify_path(&new.path);
    if age == Age::Live {
        return None;
    }
    if new.compression != Compression::None {
        // Compressors give the file they write the time and, but for the suffix, the name of the one they remove.
        let plain = before
            .iter()
            .filter(|old| old.compression == Compression::None);
        let gone: Vec<&GenFile> = plain
            .clone()
            .filter(|old| !is.contains_key(&old.id))
            .collect();
        let same_time = gone
            .iter()
            .copied()
            .find(|old| same_second(old.mtime, new.mtime));
        let same_name = || {
            plain
                .clone()
                .find(|old| old.path.to_str() == new.path.to_str().map(uncompressed))
        };
        let only_one = || {
            if let [old] = gone[..] {
                Some(old)
            } else {
                None
            }
        };
        return same_time.or_else(same_name).or_else(only_one);
    }
    // Copytruncate: the live file stays, and its content of before is in the new file.
    let copied = before.iter().find(|old| old.path == live)?;
    let now = is.get(&copied.id)?;
    (now.path == copied.path && new.len >= copied.len && growth(copied, now) != What::Unchanged)
        .then_some(copied)
}

fn same_second(a: SystemTime, b: SystemTime) -> bool {
    let apart = a
        .duration_since(b)
        .or_else(|_| b.duration_since(a))
        .unwrap_or(Duration::MAX);
    apart < Duration::from_secs(1)
}

#[cfg(test)]
mod tests;
