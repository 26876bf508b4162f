//! What a store knows of each generation, and the live records in memory, of one moment.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use tantivy::Searcher;

use super::catalog::Catalog;
use crate::engine::sink::Generation;
use crate::event::Event;
use crate::format::Frame;

/// A generation as this process knows it; in the catalogue it may not be yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) generation: Generation,
    /// Place in the catalogue, once the writer gave it one.
    pub(crate) ordinal: Option<usize>,
    /// Live records that start in this range are complete.
    pub(crate) durable: Range<u64>,
    /// Line ends before its end.
    pub(crate) durable_lines: u64,
    /// Its end is followed: what is not older than `durable` came as live records.
    pub(crate) followed: bool,
    /// Live records that start in this range were let go of.
    pub(crate) dropped: Range<u64>,
}

impl Known {
    /// A live record is handed over once more. From there on all of them will be.
    pub(crate) fn came_again(&mut self, offset: u64) {
        if self.dropped.contains(&offset) {
            self.dropped.end = offset;
        }
    }

    /// Whether every record of it is in the index or in memory, as far as the file was read.
    fn is_covered(&self) -> bool {
        let generation = &self.generation;
        let from_start = generation.done_from_start();
        if self.followed {
            return self.dropped.is_empty() && from_start >= self.durable.start;
        }
        let is_read = !generation.compressed && !generation.torn && from_start >= generation.len;
        generation.is_complete() || is_read
    }
}

/// The parts of `durable` whose records are complete and were not let go of.
pub(crate) fn durable_parts(known: &Known) -> [Range<u64>; 2] {
    let (all, hole) = (&known.durable, &known.dropped);
    if hole.is_empty() {
        return [all.clone(), 0..0];
    }
    let within = |at: u64| at.clamp(all.start, all.end.max(all.start));
    [all.start..within(hole.start), within(hole.end)..all.end]
}

/// Live records in memory, by generation and offset.
pub(crate) type Live = BTreeMap<(u32, u64), LiveFrame>;

/// A record and its events.
#[derive(Clone)]
pub(crate) struct LiveFrame {
    pub(crate) frame: Frame,
    pub(crate) events: Vec<Arc<Event>>,
}

/// What changes under the lock.
pub(crate) struct Inner {
    pub(crate) searcher: Searcher,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) known: Vec<Known>,
    /// Places in `known` by source.
    pub(crate) by_source: HashMap<Arc<str>, Vec<u32>>,
    pub(crate) live: Live,
    /// Attribute paths of every live record so far.
    pub(crate) live_paths: Arc<BTreeSet<String>>,
    /// Ordinals whose documents the searcher still has, though they are forgotten.
    pub(crate) dying: Arc<BTreeSet<u64>>,
}

/// How a commit is taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Adopt {
    /// As made here: what is known beside it is newer.
    Own,
    /// As another process made it.
    Whole,
}

impl Inner {
    /// Publishes a commit: from here on its events come from the index and no longer from memory.
    pub(crate) fn adopt(&mut self, catalog: Catalog, searcher: Searcher, adopt: Adopt) {
        for (ordinal, generation) in catalog
            .generations
            .iter()
            .enumerate()
            .filter(|(_, g)| !g.key.is_empty())
        {
            match self.find(&generation.source, &generation.key) {
                Some(id) => {
                    let known = &mut self.known[id as usize];
                    known.ordinal = Some(ordinal);
                    known.generation.done.clone_from(&generation.done);
                    known.generation.lines = generation.lines;
                    known.generation.rank = generation.rank;
                    if adopt == Adopt::Whole {
                        known.generation.closed = generation.closed;
                        known.generation.torn = generation.torn;
                        // A person may have chosen there how it is read.
                        known.generation.format.clone_from(&generation.format);
                        known.generation.version = generation.version;
                        known.generation.header.clone_from(&generation.header);
                        known.generation.chosen = generation.chosen;
                    }
                }
                None => {
                    self.add(Known {
                        generation: generation.clone(),
                        ordinal: Some(ordinal),
                        ..Known::default()
                    });
                }
            }
        }
        let known = &self.known;
        self.live
            .retain(|(id, offset), _| !known[*id as usize].generation.has(*offset));
        for known in self.known.iter_mut().filter(|k| !k.dropped.is_empty()) {
            let holds =
                |r: &Range<u64>| r.start <= known.dropped.start && r.end >= known.dropped.end;
            if known.generation.done.iter().any(holds) {
                known.dropped = 0..0;
            }
        }
        self.catalog = Arc::new(catalog);
        self.searcher = searcher;
        self.dying = Arc::default();
    }

    /// Generations that hold records which are neither in the index nor in memory.
    pub(crate) fn unread(&self) -> Vec<Generation> {
        let open = |k: &&Known| !k.generation.gone && !k.is_covered();
        let open = self.known.iter().filter(open);
        open.map(|k| k.generation.clone()).collect()
    }

    /// Lets go of the oldest live records beyond so many.
    pub(crate) fn let_go(&mut self, limit: usize) {
        while self.live.len() > limit {
            let Some(((id, offset), _)) = self.live.pop_first() else {
                return;
            };
            let dropped = &mut self.known[id as usize].dropped;
            *dropped = match dropped.is_empty() {
                true => offset..offset + 1,
                false => dropped.start.min(offset)..dropped.end.max(offset + 1),
            };
        }
    }

    /// Takes a generation for unread; returns the ordinal that it had. Read again it gets a new one.
    pub(crate) fn forget(&mut self, id: u32) -> Option<usize> {
        let known = &mut self.known[id as usize];
        known.generation.done.clear();
        known.generation.lines = None;
        known.durable = 0..0;
        known.dropped = 0..0;
        known.followed = false;
        let ordinal = known.ordinal.take();
        self.live.retain(|(of, _), _| *of != id);
        if let Some(ordinal) = ordinal {
            Arc::make_mut(&mut self.catalog).forget(ordinal);
            Arc::make_mut(&mut self.dying).insert(ordinal as u64);
        }
        ordinal
    }

    pub(crate) fn find(&self, source: &str, key: &str) -> Option<u32> {
        let ids = self.by_source.get(source)?;
        ids.iter()
            .copied()
            .find(|id| self.known[*id as usize].generation.key == key)
    }

    pub(crate) fn add(&mut self, known: Known) -> u32 {
        let id = self.known.len() as u32;
        self.by_source
            .entry(known.generation.source.clone())
            .or_default()
            .push(id);
        self.known.push(known);
        id
    }
}
