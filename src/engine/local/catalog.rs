//! What an index holds, stored with each commit so that positions and events are always of one moment.

use serde::{Deserialize, Serialize};

use super::schema::VERSION;
use crate::engine::sink::Generation;
use crate::event::Timestamp;
use crate::event::time::earlier;

/// The payload of a commit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Catalog {
    pub(crate) version: u32,
    /// Bytes of the originals that count.
    pub(crate) originals: u64,
    /// By ordinal (the `generation` column). Forgotten generations leave an empty entry behind.
    pub(crate) generations: Vec<Generation>,
    /// What is held of each generation, by its ordinal.
    pub(crate) held: Vec<Held>,
}

/// What the index holds of a generation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Held {
    pub(crate) events: u64,
    pub(crate) unparsed: u64,
    /// Times of the oldest and the newest event that has one.
    pub(crate) oldest: Option<Timestamp>,
    pub(crate) newest: Option<Timestamp>,
}

impl Held {
    pub(crate) fn add(&mut self, other: Self) {
        self.events += other.events;
        self.unparsed += other.unparsed;
        self.oldest = earlier(self.oldest, other.oldest);
        self.newest = self.newest.max(other.newest);
    }
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

    /// Leaves an empty entry where a generation was. Its documents go by its ordinal, which is never given again.
    pub(crate) fn forget(&mut self, ordinal: usize) {
        if let Some(generation) = self.generations.get_mut(ordinal) {
            *generation = Generation::default();
        }
        if let Some(held) = self.held.get_mut(ordinal) {
            *held = Held::default();
        }
    }

    pub(crate) fn write(&self) -> String {
        // Plain data with string keys: serialising it cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}
