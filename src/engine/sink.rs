//! What feeds an engine: events with the positions they were read at, stored together or not at all.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Cancel, Covers, EngineError};
use crate::chain::ChainReport;
use crate::event::{Event, IdHasher, Timestamp};
use crate::format::Frame;

/// Handle of a generation inside one sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GenerationId(pub u32);

/// One file of a rotated set between creation and end, and how far it was read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Generation {
    /// Canonical path of the rotated set.
    #[serde(with = "shared_text")]
    pub source: Arc<str>,
    /// SHA-256 of the first frame, hex: the identity that survives rename, compression and copy.
    pub key: String,
    /// The key its ids are made of, where that is not `key`: records that a changed file no longer holds are kept as
    /// a generation of their own, under their old ids.
    #[serde(default)]
    pub origin: Option<String>,
    /// Place among the generations of its set; older is smaller.
    pub rank: i32,
    /// Where its bytes were last seen.
    #[serde(serialize_with = "any_path")]
    pub path: PathBuf,
    pub dev: u64,
    pub ino: u64,
    /// Length on disk and modification time (nanoseconds since the epoch) when last read.
    pub len: u64,
    pub mtime: i64,
    pub compressed: bool,
    /// Nothing will be appended any more; its last record is read.
    pub closed: bool,
    /// It ended inside a record: if it grows after all, it has to be read again.
    #[serde(default)]
    pub torn: bool,
    /// Why its compressed bytes could not be read to their end; what came before was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
    /// Its bytes are no longer there.
    pub gone: bool,
    /// Format id and parser version it was read with.
    pub format: String,
    pub version: u32,
    /// A person chose the format.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub chosen: bool,
    /// Decompressed byte ranges whose records are in the index: sorted, disjoint.
    pub done: Vec<Range<u64>>,
    /// Line ends before the end of the first range, if that range starts at 0; `None` = not counted.
    pub lines: Option<u64>,
    /// What stands at its head that its records cannot be read without.
    #[serde(
        default,
        with = "optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub header: Option<Arc<str>>,
    /// Times without a year lie before this moment.
    pub reference: Timestamp,
}

/// Also paths that are not UTF-8, which JSON cannot hold; such a file is found again by its inode and its beginning.
fn any_path<S: serde::Serializer>(
    path: &std::path::Path,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&crate::text::path(path))
}

mod optional_text {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        text: &Option<Arc<str>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        text.as_deref().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Arc<str>>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map(Into::into))
    }
}

mod shared_text {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        text: &Arc<str>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<str>, D::Error> {
        String::deserialize(deserializer).map(Into::into)
    }
}

impl Generation {
    /// End of the range that starts at 0: everything before it is indexed.
    pub fn done_from_start(&self) -> u64 {
        self.done
            .first()
            .filter(|r| r.start == 0)
            .map_or(0, |r| r.end)
    }

    /// Whether everything in it is indexed and nothing will come any more.
    pub fn is_complete(&self) -> bool {
        self.closed && self.done.len() == 1 && self.done[0].start == 0
    }

    /// Adds a range, joining those that touch. Where that moves the end of the first, its lines have to be counted.
    pub fn add_done(&mut self, range: Range<u64>) {
        if range.start >= range.end {
            return;
        }
        let from_start = self.done_from_start();
        self.done.push(range);
        self.done.sort_by_key(|r| r.start);
        let mut joined: Vec<Range<u64>> = Vec::with_capacity(self.done.len());
        for range in self.done.drain(..) {
            match joined.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => joined.push(range),
            }
        }
        self.done = joined;
        if self.done_from_start() != from_start {
            self.lines = None;
        }
    }

    /// Derives the ids of its events.
    pub fn id_hasher(&self) -> IdHasher {
        match &self.origin {
            None => IdHasher::new(&self.source, &self.key),
            // What replaced a record may stand at the same place and begin alike.
            Some(origin) => IdHasher::new(&self.source, origin).of_whole_frames(),
        }
    }

    /// Whether its first frame has this hash. Where several generations of a set begin alike, all but the first have
    /// a number behind it (`hash+1`); records kept of a changed file have a time (`hash~…`) and are not meant.
    pub fn begins_with(&self, hash: &str) -> bool {
        match self.key.strip_prefix(hash) {
            Some(rest) => rest.is_empty() || rest.starts_with('+') && !rest.contains('~'),
            None => false,
        }
    }

    /// Whether a record that starts at `offset` is in the index.
    pub fn has(&self, offset: u64) -> bool {
        self.done.iter().any(|r| r.contains(&offset))
    }
}

/// A frame with the events that came of it; `source`, `id`, `order`, `line` and `raw` of the events are set.
#[derive(Clone, Debug)]
pub struct Parsed {
    pub frame: Frame,
    pub events: Vec<Event>,
}

/// Where the ingest pipeline puts events. Calls may block: that is the back-pressure.
pub trait EventSink: Send + Sync {
    /// Every generation known of a source, as far as committed or accepted.
    fn of_source(&self, source: &str) -> Vec<(GenerationId, Generation)>;

    /// What is known of one generation.
    fn generation(&self, id: GenerationId) -> Option<Generation>;

    /// Adds a generation, or updates everything but `done` and `lines` of the one with its source and key.
    fn declare(&self, generation: Generation) -> GenerationId;

    /// Events just written to a source: searchable and broadcast at once. Every record that starts in `durable` has
    /// been handed over complete; those are indexed, the rest stays in memory. `lines` = line ends before its end.
    /// A record at an offset seen before replaces the earlier one.
    fn live(
        &self,
        id: GenerationId,
        batch: Vec<Parsed>,
        durable: Range<u64>,
        lines: u64,
    ) -> Result<(), EngineError>;

    /// Older events: searchable once committed. `done` = the range whose records are now complete with this batch.
    fn backlog(
        &self,
        id: GenerationId,
        batch: Vec<Parsed>,
        done: Range<u64>,
    ) -> Result<(), EngineError>;

    /// Drops every event of a generation, to be read again.
    fn forget(&self, id: GenerationId) -> Result<(), EngineError>;

    /// A file was changed without growing and will be read again. Records that it no longer `holds` anywhere
    /// are kept and flagged as gone, the others are dropped; returns how many were kept.
    fn replaced(&self, id: GenerationId, holds: &dyn Fn(&[u8]) -> bool)
    -> Result<u64, EngineError>;

    /// How far indexing has come.
    fn progress(&self, covers: Covers);

    /// A chain check moved on.
    fn chain(&self, report: Arc<ChainReport>);

    /// What is wrong with a source, or `None` when it is well again.
    fn source_error(&self, source: &str, error: Option<String>);

    /// Something a person should be told.
    fn message(&self, text: String);

    /// Nothing more will ever come.
    fn end(&self);

    /// Which turn of writing the index this process is at; `None` while another process writes, or nobody can. What was
    /// handed over as backlog meanwhile is not taken: when a turn begins, what is missing has to be read again.
    fn writing(&self) -> Option<u64>;

    /// Whether this process writes the index.
    fn writes(&self) -> bool {
        self.writing().is_some()
    }

    /// Makes everything accepted so far durable.
    fn flush(&self) -> Result<(), EngineError>;
}

/// Reads what an index could not take (its disk is full) straight from the source.
pub trait Scanner: Send + Sync {
    /// Hands every record of a generation that is not indexed to `each`; `false` = its file could not be found.
    fn scan(
        &self,
        generation: &Generation,
        cancel: &Cancel,
        each: &mut dyn FnMut(Parsed),
    ) -> Result<bool, EngineError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_join_when_they_touch() {
        let mut g = Generation::default();
        g.add_done(10..20);
        g.add_done(30..40);
        assert_eq!(g.done_from_start(), 0);
        g.add_done(0..10);
        assert_eq!(g.done, [0..20, 30..40]);
        assert_eq!(g.done_from_start(), 20);
        g.add_done(15..35);
        assert_eq!((g.done.len(), g.done[0].clone()), (1, 0..40));
        assert!(g.has(39) && !g.has(40));
    }
}
