//! A log and the files it was rotated into.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::file::GenFile;
use super::rotation::{Age, classify_path, uncompressed};

/// A live file and its rotated ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSet {
    /// Canonical path of the live file, whether it exists or not; `-` for stdin. Names the set for good.
    pub name: PathBuf,
    /// Oldest first.
    pub generations: Vec<GenFile>,
}

impl LogSet {
    /// The name of the set that a file belongs to, by its own.
    pub fn name_of(file: &Path) -> PathBuf {
        classify_path(file).0
    }

    /// The set of a live file by its name, from one listing of its directory: files with nothing in them are none of it, and
    /// one that is there packed and plain is there once. No generation = nothing there.
    pub fn at(live: &Path) -> Self {
        let name = live.file_name().unwrap_or_default().to_string_lossy();
        // What rotation puts into a name stands behind its first part.
        let begin = name.split('.').next().unwrap_or_default();
        let dir = live.parent().map(std::fs::read_dir);
        let entries = dir.into_iter().flatten().flatten().flatten();
        let named = entries.filter(|e| e.file_name().to_string_lossy().starts_with(begin));
        let mut files: Vec<(Age, GenFile)> = named
            .filter_map(|entry| {
                let (of, age) = classify_path(&entry.path());
                let file = (of == live).then(|| GenFile::look(&entry.path()))??;
                let age = if age == Age::Packed { Age::Live } else { age };
                // Called as it is here, wherever a link leads.
                let path = entry.path();
                file.has_content()
                    .then_some((age, GenFile { path, ..file }))
            })
            .collect();
        files.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.path.cmp(&y.path)));
        let plain = |file: &GenFile| uncompressed(&file.path.to_string_lossy()).to_owned();
        files.dedup_by(|(a, x), (b, y)| a == b && plain(x) == plain(y));
        Self {
            name: live.to_owned(),
            generations: files.into_iter().map(|(_, file)| file).collect(),
        }
    }

    /// The file that is written to, if it exists.
    pub fn live(&self) -> Option<&GenFile> {
        self.generations
            .last()
            .filter(|file| file.path == self.name)
    }

    /// Bytes in all files, not decompressed.
    pub fn bytes(&self) -> u64 {
        self.generations
            .iter()
            .map(|file| file.len)
            .fold(0, u64::saturating_add)
    }

    /// The same files with lengths and times of now; `None` if one is not at its path any more: scan again.
    pub fn restat(&self) -> Option<Self> {
        let generations = self
            .generations
            .iter()
            .map(GenFile::restat)
            .collect::<Option<_>>()?;
        Some(Self {
            name: self.name.clone(),
            generations,
        })
    }
}

/// Sorts files into sets by their names; sets by name, generations by age.
pub(super) fn group(files: Vec<GenFile>) -> Vec<LogSet> {
    let mut sets: BTreeMap<PathBuf, Vec<(Age, GenFile)>> = BTreeMap::new();
    for file in files {
        let (name, age) = classify_path(&file.path);
        sets.entry(name).or_default().push((age, file));
    }
    sets.into_iter()
        .map(|(name, mut files)| {
            files.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.path.cmp(&y.path)));
            LogSet {
                name,
                generations: files.into_iter().map(|(_, file)| file).collect(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::super::content::Compression;
    use super::super::file::FileId;
    use super::*;

    fn sets(paths: &[&str]) -> Vec<(String, Vec<String>)> {
        let file = |(ino, path): (usize, &&str)| GenFile {
            path: PathBuf::from(path),
            compression: Compression::None,
            id: FileId {
                dev: 1,
                ino: ino as u64,
                born: None,
            },
            len: 1,
            mtime: SystemTime::UNIX_EPOCH,
            ctime: (0, 0),
        };
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        group(paths.iter().enumerate().map(file).collect())
            .into_iter()
            .map(|set| {
                (
                    text(set.name),
                    set.generations
                        .into_iter()
                        .map(|file| text(file.path))
                        .collect(),
                )
            })
            .collect()
    }

    #[test]
    fn files_of_one_log_come_together_oldest_first() {
        let found = sets(&[
            "/l/audit.log",
            "/l/audit.log.1",
            "/l/audit.log.10.gz",
            "/l/audit.log.2.gz",
            "/l/audit-2026.log",
        ]);
        assert_eq!(
            found,
            [
                ("/l/audit-2026.log".into(), vec!["/l/audit-2026.log".into()]),
                (
                    "/l/audit.log".into(),
                    [
                        "/l/audit.log.10.gz",
                        "/l/audit.log.2.gz",
                        "/l/audit.log.1",
                        "/l/audit.log"
                    ]
                    .map(String::from)
                    .to_vec()
                ),
            ]
        );
    }

    #[test]
    fn directories_and_names_keep_sets_apart() {
        let names: Vec<String> = sets(&[
            "/a/x.log",
            "/a/x.log.1",
            "/b/x.log.1",
            "/a/access.log",
            "/a/error.log",
            "/a/x.json",
        ])
        .into_iter()
        .map(|(name, _)| name)
        .collect();
        assert_eq!(
            names,
            [
                "/a/access.log",
                "/a/error.log",
                "/a/x.json",
                "/a/x.log",
                "/b/x.log"
            ]
        );
    }

    #[test]
    fn each_cloudtrail_file_is_its_own_set() {
        let found = sets(&[
            "/c/1_CloudTrail_us-east-1_20230710T1145Z_aaaaaaaaaaaaaaaa.json.gz",
            "/c/1_CloudTrail_us-east-1_20230710T1150Z_bbbbbbbbbbbbbbbb.json.gz",
        ]);
        assert_eq!(found.len(), 2);
    }
}
