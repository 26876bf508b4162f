//! CloudTrail's digest files among the files that paths lead to, and the log files that they speak of.
//!
//! Every file is read once, in pieces; what is kept of it is its hash and its name.

mod logs;
mod report;

use std::collections::{BTreeMap, HashSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::IngestError;
use super::verify::VerifyFile;
use crate::chain::cloudtrail::{
    Digest, DigestFile, Hash, Metadata, Place, PublicKeys, looks_like_digest, walk,
};
use crate::source::{Discovery, GenFile, ReadEnd, RootKind, open_stream};

/// Bytes of a digest at most, uncompressed: CloudTrail names some 150,000 log files in as many.
const MAX_DIGEST: u64 = 64 << 20;
/// Bytes of a saved object's metadata at most.
const MAX_METADATA: u64 = 64 << 10;
/// Bytes looked at to tell what a file is.
const HEAD: u64 = 4 << 10;
const PIECE: usize = 256 << 10;

/// What digests are checked with.
#[derive(Clone, Debug, Default)]
pub struct DigestKeys {
    pub keys: PublicKeys,
    /// Where they were read from: no log, wherever it lies.
    pub files: Vec<PathBuf>,
}

/// A file that paths lead to.
struct Found {
    place: Place,
    file: GenFile,
    /// It begins like a log file of CloudTrail.
    is_log: bool,
}

/// The content of a file, as far as it is kept.
struct Hashed {
    hash: Hash,
    end: ReadEnd,
}

/// Takes the digest files, and everything that they speak of, out of what was found, and checks them. Nothing, where there is no
/// digest file.
pub(super) fn take(discovery: &mut Discovery, keys: &DigestKeys) -> Vec<VerifyFile> {
    let mut all: Vec<Found> = Vec::new();
    let mut candidates: Vec<usize> = Vec::new();
    for root in &discovery.roots {
        for file in root.sets.iter().flat_map(|set| &set.generations) {
            let Ok(head) = head(file) else { continue };
            if looks_like_digest(&head) {
                candidates.push(all.len());
            }
            all.push(Found {
                place: place(&root.path, root.kind, &file.path),
                file: file.clone(),
                is_log: begins_like_log(&head),
            });
        }
    }
    if candidates.is_empty() {
        return Vec::new();
    }
    let mut taken: HashSet<PathBuf> = canonical(&keys.files).collect();
    let mut done: BTreeMap<usize, VerifyFile> = BTreeMap::new();
    let (mut files, mut origins) = (Vec::new(), Vec::new());
    for i in candidates {
        let found = &all[i];
        match read_digest(found, &mut taken) {
            Ok(read) => {
                files.push(read.0);
                origins.push((i, read.1));
            }
            Err(error) => {
                done.insert(i, report::failed(found, &error));
            }
        }
        taken.insert(found.file.path.clone());
    }
    let walked = walk(&files, &keys.keys);
    let mut logs = logs::Logs::new(&files, &walked);
    logs.look(&all, &taken);
    for (n, (i, end)) in origins.iter().enumerate() {
        done.insert(
            *i,
            report::digest(&all[*i], &files[n], end, &walked.files[n], &logs, n),
        );
    }
    done.extend(logs.reports(&all, &walked.holes));
    taken.extend(done.keys().map(|i| all[*i].file.path.clone()));
    for root in &mut discovery.roots {
        for set in &mut root.sets {
            set.generations.retain(|file| !taken.contains(&file.path));
        }
        root.sets.retain(|set| !set.generations.is_empty());
    }
    done.into_values().collect()
}

fn canonical(paths: &[PathBuf]) -> impl Iterator<Item = PathBuf> {
    paths.iter().filter_map(|path| path.canonicalize().ok())
}

fn place(root: &Path, kind: RootKind, path: &Path) -> Place {
    let below = match kind {
        RootKind::Directory => path.strip_prefix(root).ok(),
        _ => path.file_name().map(Path::new),
    };
    Place {
        path: path.to_string_lossy().into_owned(),
        below: below.unwrap_or(path).to_string_lossy().into_owned(),
    }
}

fn head(file: &GenFile) -> Result<Vec<u8>, IngestError> {
    let mut head = Vec::new();
    let stream = open_stream(file)?;
    stream
        .take(HEAD)
        .read_to_end(&mut head)
        .map_err(IngestError::Read)?;
    Ok(head)
}

/// `{"Records":[`, perhaps with blanks.
fn begins_like_log(head: &[u8]) -> bool {
    let mut text = head.iter().filter(|b| !b.is_ascii_whitespace());
    b"{\"Records\":[".iter().all(|b| text.next() == Some(b))
}

/// Reads a file to its end; `each` is given what is in it, uncompressed.
fn hashed(file: &GenFile, mut each: impl FnMut(&[u8])) -> Result<Hashed, IngestError> {
    let mut stream = open_stream(file)?;
    let mut hasher = Sha256::new();
    let mut piece = vec![0; PIECE];
    loop {
        match stream.read(&mut piece).map_err(IngestError::Read)? {
            0 => break,
            got => {
                hasher.update(&piece[..got]);
                each(&piece[..got]);
            }
        }
    }
    Ok(Hashed {
        hash: hasher.finalize().into(),
        end: stream.end().cloned().unwrap_or(ReadEnd::Complete),
    })
}

fn read_digest(
    found: &Found,
    taken: &mut HashSet<PathBuf>,
) -> Result<(DigestFile, ReadEnd), IngestError> {
    let (mut bytes, mut is_small) = (Vec::new(), true);
    let Hashed { hash, end } = hashed(&found.file, |piece| {
        is_small &= (bytes.len() + piece.len()) as u64 <= MAX_DIGEST;
        if is_small {
            bytes.extend_from_slice(piece);
        }
    })?;
    let digest = match &end {
        _ if !is_small => Err(format!("it is larger than {MAX_DIGEST} bytes")),
        ReadEnd::Complete | ReadEnd::TrailingGarbage { .. } => Digest::parse(&bytes),
        broken => Err(broken.trouble().unwrap_or_default()),
    };
    let file = DigestFile {
        place: found.place.clone(),
        digest,
        hash,
        metadata: metadata(&found.file.path, taken),
    };
    Ok((file, end))
}

/// Reads `FILE.metadata.json`, if it is there; for an unpacked `FILE` that of `FILE.gz` as well.
fn metadata(path: &Path, taken: &mut HashSet<PathBuf>) -> Option<Metadata> {
    [".metadata.json", ".gz.metadata.json"]
        .iter()
        .find_map(|suffix| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            let path = PathBuf::from(name);
            // A named pipe would be waited for.
            if !std::fs::metadata(&path).ok()?.is_file() {
                return None;
            }
            let mut bytes = Vec::new();
            let file = std::fs::File::open(&path).ok()?;
            file.take(MAX_METADATA).read_to_end(&mut bytes).ok()?;
            let metadata = Metadata::parse(&bytes)?;
            taken.extend(path.canonicalize().ok());
            Some(metadata)
        })
}
