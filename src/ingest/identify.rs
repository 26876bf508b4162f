//! Which format a file is in, and which generation it is: the hash of its first frame.

use std::io::Read;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::format::Registry;
use crate::format::{Format, Frame};
use crate::source::{GenFile, ReadEnd, SourceError, open_stream};

/// Bytes looked at to find the format.
const SAMPLE: usize = 64 << 10;
/// Bytes looked at to find the end of the first frame; a longer one is known by these.
const FIRST_FRAME: usize = 1 << 20;

/// What a file turned out to be.
#[derive(Clone)]
pub(super) struct Identity {
    pub(super) format: Arc<dyn Format>,
    /// What its records cannot be read without.
    pub(super) header: Option<Arc<str>>,
    /// Hash of the first frame, hex.
    pub(super) key: String,
    /// The first record is not complete: more of it gives another key.
    pub(super) provisional: bool,
    /// The first bytes, by which a file that was emptied and written again is told from one that grew.
    pub(super) head: Vec<u8>,
}

/// Bytes of the head that are kept.
const HEAD: usize = 256;

/// Reads the head of a file. `None` while its first record is not complete, unless `settled`: then what is there is
/// the record. `chosen` = id of the format that a person wants it to be read as.
pub(super) fn identify(
    file: &GenFile,
    registry: &Registry,
    settled: bool,
    chosen: Option<&str>,
) -> Result<Option<Identity>, SourceError> {
    let failed = |source| SourceError::Io {
        action: "read",
        path: file.path.clone(),
        source,
    };
    let mut stream = open_stream(file)?;
    let mut head = Vec::with_capacity(SAMPLE);
    (&mut stream)
        .take(SAMPLE as u64)
        .read_to_end(&mut head)
        .map_err(failed)?;
    if head.is_empty() {
        return match stream.end() {
            Some(ReadEnd::Truncated(why) | ReadEnd::Damaged(why)) => Err(failed(
                std::io::Error::other(format!("nothing can be unpacked: {why}")),
            )),
            _ => Ok(None),
        };
    }
    let named = chosen.and_then(|id| registry.get_for(id, &head));
    let format = named.unwrap_or_else(|| registry.detect(&head).format);
    let sample = head.len();
    let mut framer = format.framer(0);
    let mut frames: Vec<Frame> = Vec::new();
    framer.push(&head, &mut frames);
    if frames.is_empty() && sample == SAMPLE {
        (&mut stream)
            .take((FIRST_FRAME - SAMPLE) as u64)
            .read_to_end(&mut head)
            .map_err(failed)?;
        framer.push(&head[sample..], &mut frames);
    }
    // Where records are lines (or made of lines, which may still arrive) the first line stands for the first frame.
    let first = match frames.iter().min_by_key(|f| f.offset) {
        _ if format.splittable() => first_line(&head).map(<[u8]>::to_vec).unwrap_or_default(),
        Some(frame) => frame.bytes.to_vec(),
        None => Vec::new(),
    };
    let provisional = first.is_empty() && head.len() < FIRST_FRAME;
    let first = if first.is_empty() && (settled || head.len() >= FIRST_FRAME) {
        head.clone()
    } else {
        first
    };
    if first.is_empty() {
        return Ok(None);
    }
    let key = Sha256::digest(&first)
        .iter()
        .take(16)
        .map(|b| format!("{b:02x}"))
        .collect();
    let header = format.header(&head).map(Into::into);
    head.truncate(HEAD);
    Ok(Some(Identity {
        format,
        header,
        key,
        provisional,
        head,
    }))
}

/// The first line that is not blank, if it is complete.
fn first_line(head: &[u8]) -> Option<&[u8]> {
    let start = head.iter().position(|b| !b.is_ascii_whitespace())?;
    let end = head[start..].iter().position(|b| *b == b'\n')?;
    Some(&head[start..start + end])
}

/// Whether a file still begins as it did.
pub(super) fn still_begins_with(file: &GenFile, head: &[u8]) -> Result<bool, SourceError> {
    let mut now = vec![0; head.len()];
    let reader = crate::source::open_at(file, 0)?;
    let got = reader
        .read_at(&mut now, 0)
        .map_err(|source| SourceError::Io {
            action: "read",
            path: file.path.clone(),
            source,
        })?;
    Ok(got == head.len() && now == head)
}
