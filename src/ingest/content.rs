//! Whether two files hold the same: copies, emptied originals, records that are still there.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hasher};
use std::io::Read;

use super::IngestError;
use super::coordinator::Track;
use super::identify::{Identity, still_begins_with};
use crate::source::{Compression, GenFile, open_at, open_stream};

/// Bytes compared at the start and at the end of two files.
const COMPARED: usize = 64 << 10;

/// Whether a file that begins like another is its copy. An original that was emptied since cannot be compared with; then
/// its content of before can only be in the copy.
pub(super) fn is_copy(file: &GenFile, original: &Track) -> Result<bool, IngestError> {
    let is_emptied = original.file.compression == Compression::None
        && !still_begins_with(&original.file, &original.identity.head)?;
    Ok(is_emptied || same_content(file, &original.file)?)
}

/// Whether the shorter of two files is the beginning of the other, as far as a look at both ends can tell.
pub(super) fn same_content(a: &GenFile, b: &GenFile) -> Result<bool, IngestError> {
    let read = |file: &GenFile| -> Result<Vec<u8>, IngestError> {
        let mut head = Vec::new();
        open_stream(file)?
            .take(COMPARED as u64)
            .read_to_end(&mut head)
            .map_err(IngestError::Read)?;
        Ok(head)
    };
    let (head_a, head_b) = (read(a)?, read(b)?);
    let shared = head_a.len().min(head_b.len());
    if head_a[..shared] != head_b[..shared] {
        return Ok(false);
    }
    if a.compression != Compression::None || b.compression != Compression::None {
        return Ok(true);
    }
    let from = a.len.min(b.len).saturating_sub(COMPARED as u64);
    let tail = |file: &GenFile| -> Result<Vec<u8>, IngestError> {
        let mut tail = vec![0; COMPARED.min(a.len.min(b.len) as usize)];
        let got = open_at(file, 0)?
            .read_at(&mut tail, from)
            .map_err(IngestError::Read)?;
        tail.truncate(got);
        Ok(tail)
    };
    Ok(tail(a)? == tail(b)?)
}

/// Whether a followed file no longer holds what was read of it, while one that begins alike holds as much: copied and
/// emptied between two looks.
pub(super) fn was_copied_and_emptied(track: &Track, copy: &GenFile) -> Result<bool, IngestError> {
    let as_long = copy.compression != Compression::None || copy.len >= track.file.len;
    if track.file.compression != Compression::None || !as_long {
        return Ok(false);
    }
    let shrunk = std::fs::metadata(&track.file.path).is_ok_and(|m| m.len() < track.file.len);
    Ok(shrunk || !still_begins_with(&track.file, &track.identity.head)?)
}

/// Hashes of every frame that a file holds, by which changed ones are found.
pub(super) fn frames_held(
    file: &GenFile,
    identity: &Identity,
) -> Result<HashSet<u64>, IngestError> {
    let mut stream = open_stream(file)?;
    let mut framer = identity.format.framer(0);
    let mut piece = vec![0; 1 << 20];
    let mut frames = Vec::new();
    let mut held = HashSet::new();
    loop {
        let got = stream.read(&mut piece).map_err(IngestError::Read)?;
        if got == 0 {
            framer.finish(&mut frames);
        } else {
            framer.push(&piece[..got], &mut frames);
        }
        held.extend(frames.drain(..).map(|f| frame_hash(&f.bytes)));
        if got == 0 {
            return Ok(held);
        }
    }
}

pub(super) fn frame_hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
