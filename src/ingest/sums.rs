//! OSSEC's `.sum` files among the files that paths lead to, and the logs that they stand beside.
//!
//! Every file is read once, in pieces; what is kept of it is its hashes and its name.

mod logs;
mod report;

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use self::logs::DayLog;
use super::IngestError;
use super::packed::unpacked;
use super::verify::VerifyFile;
use crate::chain::ossec::{
    Hasher, Log, MAX_SUM, Place, Sum, SumFile, Sums, Trouble, begins_like_sum, is_sum_name, walk,
};
use crate::source::{Discovery, GenFile, ReadEnd, RootKind, open_at, open_stream};

const PIECE: usize = 256 << 10;

/// A `.sum` file and the log beside it, with where they are.
struct Found {
    sum: GenFile,
    log: DayLog,
}

/// A log without a `.sum` file.
struct Other {
    file: GenFile,
    place: Place,
}

/// Takes `.sum` files, and the logs beside them, out of what was found, and checks them.
pub(super) fn take(discovery: &mut Discovery) -> Vec<VerifyFile> {
    let (mut files, mut found, mut unread) = (Vec::new(), Vec::new(), Vec::new());
    let mut taken: HashSet<PathBuf> = HashSet::new();
    for (path, in_folder) in candidates(discovery) {
        if !taken.insert(path.clone()) {
            continue;
        }
        let Some(sum) = GenFile::at(&path) else {
            continue;
        };
        let (bytes, own) = match read_sum(&sum) {
            Ok(read) => read,
            Err(error) => {
                unread.push((sum, error));
                continue;
            }
        };
        let content = match bytes {
            Some(bytes) => Sum::parse(&bytes),
            None => Err(Trouble {
                line: 1,
                expected: format!("a file of at most {MAX_SUM} bytes"),
            }),
        };
        let log = DayLog::beside(&path);
        let read = match content.as_ref().map(|sum| log.read(&sum.current)) {
            // Nothing to compare it with.
            Err(_) => Log::Unread,
            Ok(Ok(None)) => Log::Missing,
            Ok(Ok(Some(read))) => Log::Read(read),
            Ok(Err((place, error))) => {
                unread.push((log.files[place].clone(), error));
                Log::Unread
            }
        };
        taken.extend(log.files.iter().map(|file| file.path.clone()));
        files.push(SumFile {
            place: Place::of(&path.to_string_lossy()),
            content,
            own,
            log: read,
            in_folder,
        });
        found.push(Found { sum, log });
    }
    if files.is_empty() && unread.is_empty() {
        return Vec::new();
    }
    let mut others = others(discovery, &taken);
    let places: Vec<Place> = others.iter().map(|other| other.place.clone()).collect();
    let chains = walk(&files, &places);
    let mut reports: Vec<VerifyFile> = chains
        .iter()
        .map(|chain| report::chain(chain, &found, &mut others, &mut taken))
        .collect();
    // What could not be read is listed with the reason, once: the scan knows the better words.
    let known: HashSet<&Path> = discovery.skipped.iter().map(|s| s.path.as_path()).collect();
    for (file, error) in unread {
        if known.contains(file.path.as_path()) {
            taken.remove(&file.path);
        } else {
            reports.push(report::failed(file, &error));
        }
    }
    discovery.skipped.retain(|s| !taken.contains(&s.path));
    for root in &mut discovery.roots {
        for set in &mut root.sets {
            set.generations.retain(|file| !taken.contains(&file.path));
        }
        root.sets.retain(|set| !set.generations.is_empty());
    }
    reports
}

/// Paths of what may be `.sum` files, and whether a folder was asked for. One that was emptied or filled with something
/// else is known by its name; for a log that was named, its own is looked for.
fn candidates(discovery: &Discovery) -> Vec<(PathBuf, bool)> {
    let mut paths = Vec::new();
    for root in &discovery.roots {
        let in_folder = root.kind == RootKind::Directory;
        for file in root.sets.iter().flat_map(|set| &set.generations) {
            let path = &file.path;
            let name = path.to_string_lossy();
            if is_sum_name(&name) || (name.ends_with(".sum") && begins(file)) {
                paths.push((path.clone(), in_folder));
            } else if !in_folder && Place::of(&name).has_day() {
                let beside = PathBuf::from(format!("{}.sum", unpacked(path).to_string_lossy()));
                let is_there = GenFile::at(&beside).is_some();
                paths.extend(is_there.then_some((beside, false)));
            }
        }
    }
    let in_folder = |path: &Path| {
        let mut roots = discovery.roots.iter();
        roots.any(|r| r.kind == RootKind::Directory && path.starts_with(&r.path))
    };
    let skipped = discovery.skipped.iter().map(|skipped| &skipped.path);
    let named = skipped.filter(|path| is_sum_name(&path.to_string_lossy()));
    paths.extend(named.map(|path| (path.clone(), in_folder(path))));
    paths
}

fn begins(file: &GenFile) -> bool {
    let mut head = Vec::new();
    let read = open_stream(file).map(|stream| stream.take(64).read_to_end(&mut head));
    matches!(read, Ok(Ok(_))) && begins_like_sum(&head)
}

/// Logs of the kind that has `.sum` files, without one.
fn others(discovery: &Discovery, taken: &HashSet<PathBuf>) -> Vec<Other> {
    let roots = discovery.roots.iter();
    let roots = roots.filter(|root| root.kind == RootKind::Directory);
    let sets = roots.flat_map(|root| &root.sets);
    let files = sets.flat_map(|set| &set.generations);
    files
        .filter(|file| !taken.contains(&file.path))
        .map(|file| Other {
            place: Place::of(&file.path.to_string_lossy()),
            file: file.clone(),
        })
        .filter(|other| other.place.has_day())
        .collect()
}

/// Reads a file to its end: by its name as it is, or unpacked. Bytes count, whatever they look like.
fn read(file: &GenFile, mut each: impl FnMut(&[u8])) -> Result<ReadEnd, IngestError> {
    let mut piece = vec![0; PIECE];
    let mut pump = |input: &mut dyn Read| {
        loop {
            match input.read(&mut piece).map_err(IngestError::Read)? {
                0 => return Ok::<(), IngestError>(()),
                got => each(&piece[..got]),
            }
        }
    };
    if unpacked(&file.path) == file.path {
        pump(&mut open_at(file, 0)?)?;
        return Ok(ReadEnd::Complete);
    }
    let mut stream = open_stream(file)?;
    pump(&mut stream)?;
    Ok(stream.end().cloned().unwrap_or(ReadEnd::Complete))
}

/// The content of a `.sum` file, unless it is too large, and its hashes.
fn read_sum(file: &GenFile) -> Result<(Option<Vec<u8>>, Sums), IngestError> {
    let (mut bytes, mut hasher, mut is_small) = (Vec::new(), Hasher::default(), true);
    read(file, |piece| {
        hasher.update(piece);
        is_small &= bytes.len() + piece.len() <= MAX_SUM;
        if is_small {
            bytes.extend_from_slice(piece);
        }
    })?;
    Ok((is_small.then_some(bytes), hasher.sums()))
}
