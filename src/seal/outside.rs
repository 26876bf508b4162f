//! Checkpoints that were copied to where those who can change a log cannot change them.

use super::ledger::Row;
use super::merkle::Hash;
use super::note::{Checkpoint, PublicKey, note_hash};

/// A checkpoint that was copied elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    pub checkpoint: Checkpoint,
    /// Hash of its note, by which the next one names it.
    pub note: Hash,
}

/// What a copy of `checkpoints.jsonl` holds, or of several one after another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    pub checkpoints: Vec<Outside>,
    /// Lines that hold none, with what is wrong: a write that was cut short must not make the others worthless.
    pub wrong: Vec<(u64, String)>,
}

/// Reads checkpoints that `key` signed.
pub fn read_copies(text: &[u8], key: &PublicKey) -> Collected {
    let mut copies = Collected::default();
    for (number, line) in (1..).zip(text.split(|b| *b == b'\n')) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let row: Result<Row, String> =
            serde_json::from_slice(line).map_err(|_| "no checkpoint".to_owned());
        let opened = row.and_then(|row| {
            let checkpoint = key.open(&row.note).map_err(|error| error.to_string())?;
            let note = note_hash(&row.note);
            Ok(Outside { checkpoint, note })
        });
        match opened {
            Ok(outside) => copies.checkpoints.push(outside),
            Err(why) => copies.wrong.push((number, why)),
        }
    }
    copies
}
