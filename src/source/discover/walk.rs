//! From a directory or a file to all files that belong to it.

use std::collections::HashMap;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::super::dirs::{Entry, Names, is_hidden, list};
use super::super::file::GenFile;
use super::super::rotation::{Age, classify_path};
use super::{MAX_ENTRIES, Scan, SkipReason};

impl Scan {
    /// A live file with what it was rotated into; a rotated file alone.
    pub(super) fn file_and_siblings(&mut self, path: &Path) -> Vec<GenFile> {
        let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
            return Vec::new();
        };
        self.watch(dir, Names::one(name));
        let mut entries = match classify_path(path) {
            (live, Age::Live) => self.take_siblings(dir, &live),
            _ => Vec::new(),
        };
        // Where the directory may be entered but not listed, the file alone is what can be had.
        if !entries.iter().any(|entry| entry.path == path) {
            let meta = std::fs::metadata(path);
            entries.push(Entry {
                path: path.to_path_buf(),
                is_link: false,
                meta,
            });
        }
        let mut files = Vec::new();
        for Entry {
            path: sibling,
            is_link,
            meta,
        } in entries
        {
            let real = if is_link {
                std::fs::canonicalize(&sibling).unwrap_or(sibling)
            } else {
                sibling
            };
            if real == path || meta.as_ref().is_ok_and(|meta| meta.is_file()) {
                files.extend(self.accept(&real, meta));
            }
        }
        files
    }

    /// The entries of a directory that belong to the set of `live`. Each directory is listed once per scan, however
    /// many files of it are named.
    fn take_siblings(&mut self, dir: &Path, live: &Path) -> Vec<Entry> {
        let listing = self.listings.entry(dir.to_path_buf()).or_insert_with(|| {
            let mut by_set: HashMap<PathBuf, Vec<Entry>> = HashMap::new();
            for entry in list(dir, MAX_ENTRIES)
                .map(|(entries, _)| entries)
                .unwrap_or_default()
            {
                by_set
                    .entry(classify_path(&entry.path).0)
                    .or_default()
                    .push(entry);
            }
            by_set
        });
        listing.remove(live).unwrap_or_default()
    }

    /// All files below a directory.
    pub(super) fn walk(&mut self, root: &Path) -> Vec<GenFile> {
        let mut files = Vec::new();
        let mut linked = Vec::new();
        let mut waiting = vec![root.to_path_buf()];
        while let Some(dir) = waiting.pop() {
            let Some(entries) = self.enter(&dir) else {
                continue;
            };
            let mut below = Vec::new();
            for Entry {
                path,
                is_link,
                meta,
            } in entries
            {
                if path.file_name().is_some_and(is_hidden) {
                    self.skip(&path, SkipReason::Hidden, "hidden: name it to open it");
                    continue;
                }
                let real = match (is_link, &meta) {
                    (true, Ok(_)) => std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone()),
                    (true, Err(e)) if e.kind() == io::ErrorKind::NotFound => {
                        self.skip(
                            &path,
                            SkipReason::Missing,
                            "a link to something that does not exist",
                        );
                        continue;
                    }
                    _ => path.clone(),
                };
                match meta {
                    Ok(meta) if meta.is_dir() => {
                        if is_link && dir.starts_with(&real) {
                            self.skip(
                                &path,
                                SkipReason::Loop,
                                format!("a link back to {}", real.display()),
                            );
                        } else {
                            below.push(real);
                        }
                    }
                    Ok(_) if is_link && real.parent() != Some(&dir) => linked.push(real),
                    // Gone since it was listed.
                    Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                    meta => files.extend(self.accept(&real, meta)),
                }
            }
            waiting.extend(below.into_iter().rev());
        }
        // A link leads to a log whose rotated files lie beside it, in a directory that is not walked.
        for real in linked {
            let walked = real
                .parent()
                .and_then(|dir| self.dirs.get(dir))
                .is_some_and(|dir| dir.names == Names::All);
            if walked {
                files.extend(self.accept(&real, std::fs::metadata(&real)));
            } else {
                files.extend(self.file_and_siblings(&real));
            }
        }
        files
    }

    /// Lists a directory that was not listed before.
    fn enter(&mut self, dir: &Path) -> Option<Vec<Entry>> {
        let listed = std::fs::metadata(dir).and_then(|meta| {
            let seen = self
                .directories
                .insert((meta.dev(), meta.ino()), dir.to_path_buf());
            if let Some(seen) = seen {
                if seen != dir {
                    self.skip(
                        dir,
                        SkipReason::SameFile,
                        format!("the same directory as {}", seen.display()),
                    );
                }
                return Ok(None);
            }
            self.watch(dir, Names::All);
            list(dir, MAX_ENTRIES.saturating_sub(self.entries)).map(Some)
        });
        match listed {
            Ok(Some((entries, more))) => {
                self.entries += entries.len();
                if more {
                    self.stop(dir);
                }
                Some(entries)
            }
            Ok(None) => None,
            Err(e) => {
                self.skip_error(dir, &e);
                None
            }
        }
    }
}
