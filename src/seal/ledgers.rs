//! All ledgers of this host: which logs were ever sealed.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::ledger::{CHECKPOINTS, Row};
use super::note::{Checkpoint, PublicKey};

/// Bytes at the end of a ledger in which its newest checkpoint stands: a note is shorter.
const LAST: u64 = 64 << 10;

/// The newest checkpoint of each ledger that `key` signed. What cannot be read is told when its log is checked.
pub fn newest_of_each(ledgers: &Path, key: &PublicKey) -> Vec<Checkpoint> {
    let Ok(folders) = fs::read_dir(ledgers) else {
        return Vec::new();
    };
    let folders = folders.filter_map(Result::ok);
    folders
        .filter_map(|folder| newest(&folder.path().join(CHECKPOINTS), key))
        .collect()
}

fn newest(path: &Path, key: &PublicKey) -> Option<Checkpoint> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LAST)))
        .ok()?;
    let mut end = Vec::new();
    file.take(LAST).read_to_end(&mut end).ok()?;
    let whole = &end[..end.iter().rposition(|b| *b == b'\n')?];
    let line = whole.rsplit(|b| *b == b'\n').next()?;
    let row: Row = serde_json::from_slice(line).ok()?;
    key.open(&row.note).ok()
}
