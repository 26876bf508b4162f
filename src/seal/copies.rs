//! What of a log's checkpoints was copied elsewhere: `copied.json` beside them, one entry for each place. After a crash the
//! rest is copied, some of it perhaps once more; nothing is left out.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::event::Timestamp;

const FILE: &str = "copied.json";

/// For each place: how far it has the checkpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Copies(BTreeMap<String, Copied>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Copied {
    /// Bytes of `checkpoints.jsonl`.
    bytes: u64,
    /// When the newest of them was signed: nanoseconds since 1970.
    sealed: i64,
    /// How long the place was then, if it is a file: with what else is in it.
    #[serde(default)]
    length: Option<u64>,
}

impl Copies {
    /// What is not there or not readable counts as nothing copied.
    pub(super) fn read(dir: &Path) -> Self {
        let text = fs::read(dir.join(FILE)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Bytes of `checkpoints.jsonl` that `place` has.
    pub(super) fn bytes(&self, place: &str) -> u64 {
        self.0.get(place).map_or(0, |copied| copied.bytes)
    }

    /// Whether `place`, now of this length, lost what it had.
    pub(super) fn is_lost(&self, place: &str, length: Option<u64>) -> bool {
        let before = self.0.get(place).and_then(|copied| copied.length);
        length.is_some_and(|now| Some(now) < before)
    }

    /// When the newest checkpoint that left was signed.
    pub(super) fn newest(&self) -> Option<Timestamp> {
        let times = self.0.values().map(|copied| Timestamp(copied.sealed));
        times.max()
    }

    /// Notes that `place` has the checkpoints as far as `bytes`, the newest signed at `sealed`, and how long it is.
    pub(super) fn note(
        &mut self,
        dir: &Path,
        place: &str,
        bytes: u64,
        sealed: Timestamp,
        length: Option<u64>,
    ) -> std::io::Result<()> {
        let sealed = sealed.0;
        let copied = Copied {
            bytes,
            sealed,
            length,
        };
        self.0.insert(place.to_owned(), copied);
        let text = serde_json::to_vec(self).map_err(std::io::Error::from)?;
        // Whole or not at all: it is read while it is written.
        let fresh = dir.join(format!("{FILE}.new"));
        fs::write(&fresh, text)?;
        fs::rename(fresh, dir.join(FILE))
    }
}
