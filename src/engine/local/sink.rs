//! Writing, as the reading side sees it.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, PoisonError};

use super::known::{Known, LiveFrame};
use super::store::Store;
use crate::chain::ChainReport;
use crate::engine::sink::{EventSink, Generation, GenerationId, Parsed};
use crate::engine::{Covers, EngineError};
use crate::event::{Event, Kind};

/// Live events in memory beyond which the writer of a source waits for a commit.
const LIVE_LIMIT: usize = 20_000;
/// … and beyond which a process that does not write lets go of the oldest, which a search then reads from the file.
const WAITING_LIMIT: usize = 100_000;

impl EventSink for Store {
    fn of_source(&self, source: &str) -> Vec<(GenerationId, Generation)> {
        let inner = self.inner();
        let ids = inner.by_source.get(source).map_or(&[][..], Vec::as_slice);
        ids.iter()
            .map(|id| {
                (
                    GenerationId(*id),
                    inner.known[*id as usize].generation.clone(),
                )
            })
            .collect()
    }

    fn generation(&self, id: GenerationId) -> Option<Generation> {
        self.inner()
            .known
            .get(id.0 as usize)
            .map(|k| k.generation.clone())
    }

    fn declare(&self, generation: Generation) -> GenerationId {
        let mut inner = self.inner();
        let id = match inner.find(&generation.source, &generation.key) {
            Some(id) => {
                let known = &mut inner.known[id as usize];
                let (done, lines) = (
                    std::mem::take(&mut known.generation.done),
                    known.generation.lines,
                );
                known.generation = Generation {
                    done,
                    lines,
                    ..generation
                };
                id
            }
            None => inner.add(Known {
                generation,
                ..Known::default()
            }),
        };
        drop(inner);
        self.pending().touch();
        GenerationId(id)
    }

    fn live(
        &self,
        id: GenerationId,
        batch: Vec<Parsed>,
        durable: Range<u64>,
        lines: u64,
    ) -> Result<(), EngineError> {
        let mut hub = self.hub.lock();
        let mut inner = self.inner();
        let mut fresh = Vec::new();
        let mut new_paths = BTreeSet::new();
        for parsed in batch {
            let offset = parsed.frame.offset;
            // A run that was killed, or the process that writes, may have committed the tail before what precedes it.
            if inner.known[id.0 as usize].generation.has(offset) {
                continue;
            }
            inner.known[id.0 as usize].came_again(offset);
            // A copy takes no more room than it needs, where one that was just read has grown by doubling.
            let events: Vec<Arc<Event>> = parsed.events.iter().cloned().map(Arc::new).collect();
            for (path, value) in events.iter().flat_map(|e| e.attributes.iter()) {
                // As in the index: a path that only ever held null was not seen.
                let seen = value.kind != Kind::Empty;
                if seen && !inner.live_paths.contains(path) && !new_paths.contains(path) {
                    new_paths.insert(path.to_owned());
                }
            }
            fresh.extend(events.iter().cloned());
            let frame = parsed.frame;
            inner
                .live
                .insert((id.0, offset), LiveFrame { frame, events });
        }
        if !new_paths.is_empty() {
            Arc::make_mut(&mut inner.live_paths).append(&mut new_paths);
        }
        let known = &mut inner.known[id.0 as usize];
        known.followed = true;
        let is_complete = known.durable != durable;
        known.durable = durable;
        known.durable_lines = lines;
        let crowded = inner.live.len() > LIVE_LIMIT;
        // Nothing is lost: a search reads what is not indexed from the file.
        if self.stopped().is_some() {
            inner.let_go(LIVE_LIMIT);
        } else if !self.is_writer() {
            inner.let_go(WAITING_LIMIT);
        }
        drop(inner);
        if !fresh.is_empty() {
            hub.publish(fresh);
        }
        drop(hub);
        if is_complete {
            self.hub.bell.ring();
        }
        if crowded { self.commit() } else { Ok(()) }
    }

    fn backlog(
        &self,
        id: GenerationId,
        batch: Vec<Parsed>,
        done: Range<u64>,
    ) -> Result<(), EngineError> {
        let late = self.hub.lock().late(&batch);
        self.accept(id, &batch, done)?;
        self.pending().late += late;
        Ok(())
    }

    fn forget(&self, id: GenerationId) -> Result<(), EngineError> {
        // Waits until every batch under way is added whole: it goes, too.
        let slot = self.writer.write().unwrap_or_else(PoisonError::into_inner);
        self.waiting().drop_of(id);
        let ordinal = self.inner().forget(id.0);
        // Where another process writes, it forgets for itself.
        if let (Some(ordinal), true) = (ordinal, slot.is_some()) {
            self.pending().forget(id.0, ordinal as u32);
        }
        Ok(())
    }

    fn replaced(
        &self,
        id: GenerationId,
        holds: &dyn Fn(&[u8]) -> bool,
    ) -> Result<u64, EngineError> {
        self.commit()?;
        let mut lost = self.lost(id, holds)?;
        let kept = lost.len() as u64;
        if let (Some(mut generation), false) = (self.generation(id), lost.is_empty()) {
            generation
                .origin
                .get_or_insert_with(|| generation.key.clone());
            // Every change makes a generation of its own.
            generation.key = format!("{}~{}", generation.key, generation.mtime);
            generation.done.clear();
            generation.gone = true;
            generation.closed = true;
            // A place of its own: what replaced a record stands at the same time and offset.
            let ranks = self.of_source(&generation.source);
            generation.rank = ranks.iter().map(|(_, g)| g.rank).min().unwrap_or(0) - 1;
            let of_lost = self.declare(generation.clone());
            // Where a later line of a record was changed, both begin alike at the same place.
            let hasher = generation.id_hasher();
            for parsed in &mut lost {
                for event in &mut parsed.events {
                    event.id = hasher.id(event.order.offset, event.order.sub, &event.raw);
                }
            }
            self.accept(of_lost, &lost, 0..0)?;
        }
        self.forget(id)?;
        Ok(kept)
    }

    fn progress(&self, covers: Covers) {
        let mut hub = self.hub.lock();
        hub.covers.insert(self.number, covers);
        if self.is_writer() {
            hub.note_shown();
        }
        hub.changed();
    }

    fn chain(&self, report: Arc<ChainReport>) {
        let mut hub = self.hub.lock();
        hub.chains.insert(report.source.clone(), report);
        hub.changed();
    }

    fn source_error(&self, source: &str, error: Option<String>) {
        let mut hub = self.hub.lock();
        match error {
            Some(error) => hub.errors.insert(source.to_owned(), error),
            None => hub.errors.remove(source),
        };
        hub.changed();
    }

    fn message(&self, text: String) {
        self.hub.lock().say(text);
    }

    fn end(&self) {
        self.hub.lock().end();
    }

    fn writing(&self) -> Option<u64> {
        let pending = self.pending();
        (self.is_writer() && pending.stopped.is_none()).then_some(pending.turn)
    }

    fn flush(&self) -> Result<(), EngineError> {
        self.commit()
    }
}
