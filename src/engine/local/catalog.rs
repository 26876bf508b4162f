//! What an index holds, stored with each commit so that positions and events are always of one moment.

use serde::{Deserialize, Serialize};

use super::schema::VERSION;
use crate::engine::sink::Generation;

/// The payload of a commit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Catalog {
    pub(crate) version: u32,
    /// Bytes of the originals that count.
    pub(crate) originals: u64,
    /// By ordinal (the `generation` column). Forgotten generations leave an empty entry behind.
    pub(crate) generations: Vec<Generation>,
    /// Events and unparsed events by generation ordinal.
    pub(crate) counts: Vec<(u64, u64)>,
}

impl Catalog {
    pub(crate) fn new() -> Self {
        Self {
            version: VERSION,
            ..Self::default()
        }
    }

    /// Reads a payload; `None` if it is of another version or no catalogue at all.
    pub(crate) fn read(payload: Option<&str>) -> Option<Self> {
        let catalog: Self = serde_json::from_str(payload?).ok()?;
        (catalog.version == VERSION).then_some(catalog)
    }

    pub(crate) fn write(&self) -> String {
        // Plain data with string keys: serialising it cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}
