//! Where sidecars are.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::super::packed::{packed_or_not, unpacked};
use crate::chain::{ChainRule, Sidecar};
use crate::source::{GenFile, LogSet};
use crate::text::{self, Charset};

/// A sidecar, its rotated files first.
pub(in crate::ingest) struct Beside {
    /// For people, on one line.
    pub(in crate::ingest) name: String,
    pub(in crate::ingest) files: Vec<GenFile>,
    /// The configuration names it.
    pub(super) is_configured: bool,
    /// It is of these files alone, not of the whole log.
    only: Option<Vec<PathBuf>>,
}

impl Beside {
    /// Whether it lists lines of this file of the log.
    pub(super) fn is_of(&self, file: &GenFile) -> bool {
        self.only
            .as_ref()
            .is_none_or(|only| only.contains(&file.path))
    }

    /// Whether it lists the lines of the whole log.
    pub(super) fn is_of_all(&self) -> bool {
        self.only.is_none()
    }

    /// Whether the log it lists is here as far as it goes: lines that are listed last are not in a file elsewhere.
    pub(super) fn is_whole(&self, set: &LogSet) -> bool {
        let is_open = self.only.is_some() || set.live().is_some();
        is_open || !is_elsewhere(&set.name, set) && self.is_begun(set)
    }

    /// Whether it is here from its first file on.
    pub(super) fn is_begun(&self, set: &LogSet) -> bool {
        let older = || LogSet::at(&set.name).generations;
        let is_missing = |file: &GenFile| file.path != set.name && is_another(&file.path, set);
        self.only.is_some() || set.live().is_some() || !older().iter().any(is_missing)
    }

    /// When it was written to last.
    pub(super) fn written(&self) -> Option<SystemTime> {
        self.files.iter().map(|file| file.mtime).max()
    }
}

/// The name of a file, safe and on one line.
pub(super) fn name_of(path: &Path) -> String {
    let name = text::path(path.file_name().unwrap_or_default().as_ref());
    Charset::Unicode.line(&name, usize::MAX)
}

/// Where the configuration says that the sidecar of a log is.
fn configured(log: &Path, rules: &[ChainRule]) -> Option<PathBuf> {
    // What is called as sidecars are is none of the logs that have one.
    let is_log = |rule: &&ChainRule| rule.fits(log) && !rule.names_as_sidecar(log);
    rules
        .iter()
        .filter(is_log)
        .find_map(|rule| rule.sidecar_of(log))
}

/// What lists the lines of a log.
#[derive(Default)]
pub(in crate::ingest) struct Around {
    /// Those that are there: of the whole log, and of single files of it.
    pub(in crate::ingest) sidecars: Vec<Beside>,
    /// Those that are not, though the configuration says that they are.
    pub(super) missing: Vec<PathBuf>,
    /// Those of single files that are not there, or are empty.
    pub(super) lost: Vec<GenFile>,
    /// A file called as a sidecar that is empty, beside a log that is not and has no other.
    pub(super) emptied: Option<PathBuf>,
}

impl Around {
    /// There is none, and none is expected.
    pub(in crate::ingest) fn is_empty(&self) -> bool {
        self.sidecars.is_empty() && self.missing.is_empty() && self.emptied.is_none()
    }

    /// There is none, not even one that is empty.
    pub(in crate::ingest) fn is_gone(&self) -> bool {
        self.sidecars.is_empty() && self.emptied.is_none()
    }

    /// Every file that is there.
    pub(in crate::ingest) fn files(&self) -> impl Iterator<Item = &GenFile> {
        let listing = self.sidecars.iter().flat_map(|sidecar| &sidecar.files);
        listing.chain(&self.lost)
    }

    fn has(&self, path: &Path) -> bool {
        self.files().any(|file| file.path == path)
    }
}

/// What lists the lines of a log: where the configuration says, else what is called as sidecars usually are. A log without
/// any costs a look at a few names for each of its files, and lists no directory.
pub(in crate::ingest) fn around(set: &LogSet, rules: &[ChainRule]) -> Around {
    let mut around = Around::default();
    // Files with a name of their own may have a sidecar of their own: a day's.
    for file in set.generations.iter().filter(|file| is_apart(file, set)) {
        around.add_own(file, set, rules);
    }
    let apart: HashSet<PathBuf> = around
        .sidecars
        .iter()
        .flat_map(|s| s.only.clone())
        .flatten()
        .collect();
    let others = set
        .generations
        .iter()
        .map(|file| &file.path)
        .chain([&set.name]);
    let others = others.filter(|path| !apart.contains(*path)).cloned();
    let only = (!apart.is_empty()).then(|| others.collect::<Vec<_>>());
    let of_log = configured(&set.name, rules);
    // Where each open file has its own, the live one's is no concern of theirs.
    let is_own_each = only.as_ref().is_some_and(|only| only.len() == 1);
    let is_not_open = is_own_each && set.live().is_none() && is_elsewhere(&set.name, set);
    let names_of_log = if is_not_open {
        Vec::new()
    } else {
        names(of_log.as_ref(), &set.name)
    };
    for name in names_of_log {
        let files = files_of_all(&name, set);
        let is_new = |file: &GenFile| !is_of(&file.path, set) && !around.has(&file.path);
        if !files.is_empty() && files.iter().all(is_new) {
            around.sidecars.push(Beside {
                name: name_of(&name),
                files,
                is_configured: of_log.is_some(),
                only: only.clone(),
            });
        }
    }
    for file in set
        .generations
        .iter()
        .filter(|file| file.path != set.name && !is_apart(file, set))
    {
        around.add_own(file, set, rules);
    }
    let is_listed = |file: &GenFile| around.sidecars.iter().any(|sidecar| sidecar.is_of(file));
    let unlisted = set
        .generations
        .iter()
        .filter(|file| file.path != set.name && !is_listed(file));
    let missing = unlisted.filter_map(|file| configured(&unpacked(&file.path), rules));
    around.missing = missing.collect();
    if around.is_empty() {
        around.missing.extend(of_log);
    }
    around.lost = lost_around(&around, set, rules);
    if around.is_empty() && !set.generations.is_empty() {
        let mut names = names(None, &set.name).into_iter();
        around.emptied = names.find(|name| GenFile::look(name).is_some_and(|f| !f.has_content()));
    }
    around
}

impl Around {
    /// Adds the sidecars of one file of a log.
    fn add_own(&mut self, file: &GenFile, set: &LogSet, rules: &[ChainRule]) {
        let log = unpacked(&file.path);
        let own = configured(&log, rules);
        for found in names(own.as_ref(), &log)
            .iter()
            .filter_map(|name| there(name))
        {
            if !is_of(&found.path, set) && !self.has(&found.path) {
                self.sidecars.push(Beside {
                    name: name_of(&found.path),
                    files: vec![found],
                    is_configured: own.is_some(),
                    only: Some(vec![file.path.clone()]),
                });
            }
        }
    }
}

/// Whether a rotated file has a name of its own, not that of the live one with something behind it.
fn is_apart(file: &GenFile, set: &LogSet) -> bool {
    file.path != set.name && rest_of(&file.path, &set.name).is_none()
}

/// What the sidecar of a log may be called. What is called as one of several logs is that of the first of them.
fn names(configured: Option<&PathBuf>, log: &Path) -> Vec<PathBuf> {
    if let Some(path) = configured
        && there(path).is_some()
    {
        return vec![path.clone()];
    }
    let is_first = |name: &PathBuf| {
        let mut logs = Sidecar::logs_of(name).into_iter();
        logs.find(|of| of == log || there(of).is_some())
            .is_some_and(|of| of == log)
    };
    let mut names = Sidecar::usual_names(log);
    names.retain(is_first);
    names
}

/// The files of a sidecar of a whole log, also those whose part of the log is gone; without those whose part is not open.
fn files_of_all(name: &Path, set: &LogSet) -> Vec<GenFile> {
    let live = there(name);
    if LogSet::name_of(name) != name {
        return live.into_iter().collect();
    }
    let rests = set
        .generations
        .iter()
        .filter_map(|file| rest_of(&file.path, &set.name));
    let rotated = rests.map(|rest| with_rest(name, &rest));
    let mut rotated = rotated.chain([with_rest(name, ".1")]);
    let is_known = live.is_some() || rotated.any(|name| there(&name).is_some());
    if !is_known && !set.generations.is_empty() {
        return Vec::new();
    }
    let stem = name.file_stem().unwrap_or_default().to_string_lossy();
    let is_listing = |file: &GenFile| match rest_of(&file.path, name) {
        Some(rest) => !is_elsewhere(&with_rest(&set.name, &rest), set),
        None => {
            let called = file.path.file_name().unwrap_or_default().to_string_lossy();
            live.as_ref().is_some_and(|live| live.path == file.path) || called.starts_with(&*stem)
        }
    };
    let files = LogSet::at(name).generations.into_iter();
    files.filter(is_listing).collect()
}

/// Whether a file of a log is there and not open: one of its own, not a link to another.
pub(super) fn is_elsewhere(log: &Path, set: &LogSet) -> bool {
    let is_there = |path: &PathBuf| GenFile::look(path).is_some_and(|file| file.has_content());
    let named = packed_or_not(log).find(is_there);
    named.is_some_and(|path| is_another(&path, set))
}

/// Whether a path is that of a file which is none of these, under whatever name.
pub(super) fn is_another(path: &Path, set: &LogSet) -> bool {
    let is_link = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink());
    let is_known = |file: &GenFile| set.generations.iter().any(|known| known.id == file.id);
    !is_link && GenFile::at(path).is_some_and(|file| !is_known(&file))
}

/// Sidecars called as those of a log's files are, whose file is not there.
fn lost_around(around: &Around, set: &LogSet, rules: &[ChainRule]) -> Vec<GenFile> {
    let known = around.sidecars.iter().flat_map(|sidecar| &sidecar.files);
    let mut sets: Vec<PathBuf> = known.map(|file| LogSet::name_of(&file.path)).collect();
    sets.sort();
    sets.dedup();
    let files = sets.iter().flat_map(|name| LogSet::at(name).generations);
    let is_lost = |file: &GenFile| {
        // Of a file with a name of its own; what is missing of the others shows in the lines.
        let logs = logs_of(&file.path, rules);
        let of_set = |log: &&PathBuf| LogSet::name_of(log) == set.name && **log != set.name;
        let mut apart = logs
            .iter()
            .filter(of_set)
            .filter(|log| rest_of(log, &set.name).is_none());
        !around.has(&file.path)
            && apart.next().is_some()
            && !logs
                .iter()
                .any(|log| is_elsewhere(log, set) || is_open(log, set))
    };
    files.filter(is_lost).collect()
}

/// Whether a file of a log is open, packed or not.
fn is_open(log: &Path, set: &LogSet) -> bool {
    packed_or_not(log).any(|path| is_of(&path, set))
}

/// What the logs may be called whose lines a file lists, by its name and the configuration.
pub(super) fn logs_of(sidecar: &Path, rules: &[ChainRule]) -> Vec<PathBuf> {
    let sidecar = unpacked(sidecar);
    let configured: Vec<PathBuf> = rules
        .iter()
        .flat_map(|rule| rule.logs_of(&sidecar))
        .collect();
    match configured.is_empty() {
        true => Sidecar::logs_of(&sidecar),
        false => configured,
    }
}

fn is_of(path: &Path, set: &LogSet) -> bool {
    set.generations.iter().any(|file| file.path == path)
}

/// `.1` of `events.jsonl.1.gz`, where the live file is `events.jsonl`; `None` of the live file, and of others.
fn rest_of(path: &Path, live: &Path) -> Option<String> {
    let path = unpacked(path);
    let rest = path.to_str()?.strip_prefix(live.to_str()?)?;
    (!rest.is_empty()).then(|| rest.to_owned())
}

fn with_rest(live: &Path, rest: &str) -> PathBuf {
    let mut path = live.as_os_str().to_owned();
    path.push(rest);
    path.into()
}

/// What is at a path, packed or not, with something in it. A file that cannot be read is there all the same.
fn there(path: &Path) -> Option<GenFile> {
    packed_or_not(path).find_map(|path| GenFile::look(&path).filter(GenFile::has_content))
}
