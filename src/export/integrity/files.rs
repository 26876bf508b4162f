//! The files that were examined: which they are, and the hash that tells each from any other.

use std::collections::HashMap;
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use crate::engine::{Cancel, EngineError};
use crate::source::{GenFile, discover, open_at};
use crate::text;

const PIECE: usize = 1 << 20;

/// A file as it was when it was hashed: its own bytes, not decompressed, as `sha256sum` reads them.
pub(super) struct Hashed {
    pub(super) bytes: u64,
    pub(super) sha256: String,
    /// It was another one when it was found.
    pub(super) changed: bool,
}

/// The files of every source that paths lead to, by the source's name.
pub fn files_of(paths: &[PathBuf]) -> HashMap<String, Vec<GenFile>> {
    let sets = discover(paths).roots.into_iter().flat_map(|root| root.sets);
    sets.map(|set| (text::path(&set.name).into_owned(), set.generations))
        .collect()
}

/// Reads a file to its end; inside, why it cannot be read.
pub(super) fn hash(file: &GenFile, cancel: &Cancel) -> Result<Result<Hashed, String>, EngineError> {
    let reader = match open_at(file, 0) {
        Ok(reader) => reader,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let (mut hasher, mut bytes) = (Sha256::new(), 0);
    let mut piece = vec![0; PIECE];
    loop {
        if cancel.is_cancelled() {
            return Err(EngineError::Cancelled);
        }
        match reader.read_at(&mut piece, bytes) {
            Ok(0) => break,
            Ok(got) => {
                hasher.update(&piece[..got]);
                bytes += got as u64;
            }
            Err(error) => return Ok(Err(error.to_string())),
        }
    }
    let sum = hasher.finalize();
    let now = file.restat();
    Ok(Ok(Hashed {
        bytes,
        sha256: sum.iter().map(|b| format!("{b:02x}")).collect(),
        changed: bytes != file.len || now.is_none_or(|now| now.mtime != file.mtime),
    }))
}
