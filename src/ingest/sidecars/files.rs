//! Where sidecars are, and their records.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::super::IngestError;
use super::super::packed::{packed_or_not, unpacked};
use super::super::sealing::SealError;
use crate::chain::{ChainRule, Sidecar};
use crate::source::{GenFile, LogSet, open_stream};
use crate::text::{self, Charset};

/// Bytes of a record of a sidecar at most.
const LONGEST: usize = 1 << 20;

/// A sidecar, its rotated files first.
pub(in crate::ingest) struct Beside {
    /// For people, on one line.
    pub(in crate::ingest) name: String,
    pub(in crate::ingest) files: Vec<GenFile>,
    /// The configuration names it.
    pub(super) is_configured: bool,
    /// It is of this file alone, not of the whole log.
    only: Option<PathBuf>,
}

impl Beside {
    /// Whether it lists lines of this file of the log.
    pub(super) fn is_of(&self, file: &GenFile) -> bool {
        self.only.as_ref().is_none_or(|only| *only == file.path)
    }

    /// Whether it lists the lines of the whole log.
    pub(super) fn is_of_all(&self) -> bool {
        self.only.is_none()
    }

    /// Whether the log it lists is here as far as it goes: lines that are listed last are not in a file elsewhere.
    pub(super) fn is_whole(&self, set: &LogSet) -> bool {
        self.only.is_some() || set.live().is_some() || there(&set.name).is_none()
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
    let rule = rules.iter().find(|rule| rule.fits(log))?;
    // What is called as sidecars are is none of the logs that have one.
    (!rule.names_as_sidecar(log)).then(|| rule.sidecar_of(log))?
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
}

impl Around {
    /// There is none, and none is expected.
    pub(in crate::ingest) fn is_empty(&self) -> bool {
        self.sidecars.is_empty() && self.missing.is_empty()
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
    let of_all = configured(&set.name, rules);
    for name in names(of_all.as_ref(), &set.name) {
        let files = files_of_all(&name, set);
        if !files.is_empty() && files.iter().all(|file| !is_of(&file.path, set)) {
            around.sidecars.push(Beside {
                name: name_of(&name),
                files,
                is_configured: of_all.is_some(),
                only: None,
            });
        }
    }
    let is_all_listed = !around.sidecars.is_empty();
    for file in set.generations.iter().filter(|file| file.path != set.name) {
        let log = unpacked(&file.path);
        let own = configured(&log, rules);
        let mut is_there = is_all_listed;
        for found in names(own.as_ref(), &log)
            .iter()
            .filter_map(|name| there(name))
        {
            is_there = true;
            if is_of(&found.path, set) || around.has(&found.path) {
                continue;
            }
            around.sidecars.push(Beside {
                name: name_of(&found.path),
                files: vec![found],
                is_configured: own.is_some(),
                only: Some(file.path.clone()),
            });
        }
        around.missing.extend(own.filter(|_| !is_there));
    }
    if around.is_empty() {
        around.missing.extend(of_all);
    }
    around.lost = lost_around(&around, set, rules);
    around
}

fn names(configured: Option<&PathBuf>, log: &Path) -> Vec<PathBuf> {
    configured.map_or_else(|| Sidecar::usual_names(log), |path| vec![path.clone()])
}

/// The files of a sidecar of a whole log, also those whose part of the log is gone; without those whose part is not open.
fn files_of_all(name: &Path, set: &LogSet) -> Vec<GenFile> {
    let rests = set
        .generations
        .iter()
        .filter_map(|file| rest_of(&file.path, &set.name));
    let mut rotated = rests.map(|rest| with_rest(name, &rest));
    let live = there(name);
    if live.is_none() && !rotated.any(|name| there(&name).is_some()) {
        return Vec::new();
    }
    let is_listing = |file: &GenFile| match rest_of(&file.path, name) {
        Some(rest) => there(&with_rest(&set.name, &rest)).is_none_or(|log| is_of(&log.path, set)),
        None => live.as_ref().is_some_and(|live| live.path == file.path),
    };
    let files = LogSet::at(name).generations.into_iter();
    files.filter(is_listing).collect()
}

/// Sidecars called as those of a log's files are, whose file is not there.
fn lost_around(around: &Around, set: &LogSet, rules: &[ChainRule]) -> Vec<GenFile> {
    let known = around
        .sidecars
        .iter()
        .filter(|sidecar| !sidecar.is_of_all());
    let mut sets: Vec<PathBuf> = known
        .flat_map(|sidecar| &sidecar.files)
        .map(|file| LogSet::name_of(&file.path))
        .collect();
    sets.sort();
    sets.dedup();
    let files = sets.iter().flat_map(|name| LogSet::at(name).generations);
    let is_lost = |file: &GenFile| {
        let logs = logs_of(&file.path, rules);
        let is_here = |log: &PathBuf| LogSet::name_of(log) == set.name;
        !around.has(&file.path)
            && logs.iter().any(is_here)
            && !logs.iter().any(|log| there(log).is_some())
    };
    files.filter(is_lost).collect()
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
    packed_or_not(path).find_map(|path| GenFile::look(&path).filter(|file| file.len > 0))
}

/// Gives the bytes of a file to `each`, until that says `false`.
pub(super) fn each_piece(
    file: &GenFile,
    each: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<(), SealError> {
    let mut stream = open_stream(file).map_err(IngestError::from)?;
    let mut piece = vec![0; LONGEST];
    loop {
        let read = stream.read(&mut piece);
        match read.map_err(|error| SealError::Read(IngestError::Read(error)))? {
            0 => return Ok(()),
            got if !each(&piece[..got]) => return Ok(()),
            _ => {}
        }
    }
}

/// Gives each record to `each`, without its end and cut where it is too long, until that says `false`. What was not
/// written to its end at the end of the file is none yet, unless it can be read.
pub(super) fn each_line(
    file: &GenFile,
    each: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<(), SealError> {
    const BOM: &[u8] = b"\xef\xbb\xbf";
    let in_file = |source| SealError::Sidecar {
        path: file.path.clone(),
        source,
    };
    let failed = |error| in_file(IngestError::Read(error));
    let stream = open_stream(file).map_err(|error| in_file(error.into()))?;
    let mut reader = BufReader::new(stream);
    let (mut line, mut rest) = (Vec::new(), Vec::new());
    let mut is_first = true;
    loop {
        line.clear();
        let limit = LONGEST as u64;
        let read = (&mut reader).take(limit).read_until(b'\n', &mut line);
        if read.map_err(failed)? == 0 {
            return Ok(());
        }
        let mut is_ended = line.ends_with(b"\n");
        let is_long = line.len() == LONGEST;
        while is_long && !is_ended {
            rest.clear();
            let read = (&mut reader).take(limit).read_until(b'\n', &mut rest);
            if read.map_err(failed)? == 0 {
                break;
            }
            is_ended = rest.ends_with(b"\n");
        }
        let record = line.trim_ascii_end();
        let record = match std::mem::take(&mut is_first) {
            true => record.strip_prefix(BOM).unwrap_or(record),
            false => record,
        };
        let is_torn = !is_ended && !record.ends_with(b"}");
        if !record.is_empty() && !is_torn && !each(record) {
            return Ok(());
        }
    }
}
