//! Where sidecars are, and their records.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::super::IngestError;
use super::super::packed::{packed_or_not, unpacked};
use super::super::sealing::SealError;
use crate::chain::{ChainRule, Sidecar};
use crate::source::{Compression, GenFile, LogSet, discover, open_stream};
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
        self.only.is_some() || set.live().is_some()
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
pub(super) fn configured(log: &Path, rules: &[ChainRule]) -> Option<PathBuf> {
    let rule = rules.iter().find(|rule| rule.fits(log))?;
    // What is called as sidecars are is none of the logs that have one.
    (!rule.names_as_sidecar(log)).then(|| rule.sidecar_of(log))?
}

/// Whether the configuration says that a log has a sidecar.
pub(in crate::ingest) fn is_configured(set: &LogSet, rules: &[ChainRule]) -> bool {
    configured(&set.name, rules).is_some()
}

/// The sidecars of a log: where the configuration says, else where they usually are; and those of each of its files.
pub(in crate::ingest) fn beside(set: &LogSet, rules: &[ChainRule]) -> Vec<Beside> {
    let mut all = Vec::new();
    let of_set = configured(&set.name, rules);
    let is_configured = of_set.is_some();
    let names = of_set.map_or_else(|| Sidecar::usual_names(&set.name), |path| vec![path]);
    for name in names {
        let rotated = set.generations.iter().filter_map(|file| rest_of(file, set));
        let rotated = rotated.filter_map(|rest| {
            let mut path = name.as_os_str().to_owned();
            path.push(rest);
            there(Path::new(&path))
        });
        let files: Vec<GenFile> = rotated.chain(there(&name)).collect();
        if !files.is_empty() && files.iter().all(|file| !is_of(file, set)) {
            all.push(Beside {
                name: name_of(&name),
                files,
                is_configured,
                only: None,
            });
        }
    }
    for file in set.generations.iter().filter(|file| file.path != set.name) {
        let path = unpacked(&file.path);
        let own = configured(&path, rules);
        let is_configured = own.is_some();
        let names = own.map_or_else(|| Sidecar::usual_names(&path), |path| vec![path]);
        for name in names {
            let Some(found) = there(&name) else {
                continue;
            };
            let known = all.iter().flat_map(|beside: &Beside| &beside.files);
            if is_of(&found, set) || known.into_iter().any(|other| other.path == found.path) {
                continue;
            }
            all.push(Beside {
                name: name_of(&name),
                files: vec![found],
                is_configured,
                only: Some(file.path.clone()),
            });
        }
    }
    all
}

fn is_of(file: &GenFile, set: &LogSet) -> bool {
    set.generations
        .iter()
        .any(|of_log| of_log.path == file.path)
}

/// `.1` of `events.jsonl.1.gz`, where the log is `events.jsonl`.
fn rest_of(file: &GenFile, set: &LogSet) -> Option<String> {
    let path = unpacked(&file.path);
    let rest = path.to_str()?.strip_prefix(set.name.to_str()?)?;
    (!rest.is_empty()).then(|| rest.to_owned())
}

/// What is at a path, packed or not. A file that cannot be read is there all the same.
fn there(path: &Path) -> Option<GenFile> {
    packed_or_not(path).find_map(|path| {
        let plain = GenFile::at(&path).filter(|file| file.len > 0)?;
        let real = std::fs::canonicalize(&path).unwrap_or(path);
        let discovery = discover(std::slice::from_ref(&real));
        let sets = discovery.roots.iter().flat_map(|root| &root.sets);
        let mut files = sets.flat_map(|set| &set.generations);
        let found = files.find(|file| file.path == real).cloned();
        Some(found.unwrap_or(GenFile {
            path: real,
            compression: Compression::None,
            ..plain
        }))
    })
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
