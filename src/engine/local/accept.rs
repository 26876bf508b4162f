//! Taking in what was parsed: records become documents at once, and wait in memory while a commit is under way.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use tantivy::IndexWriter;
use tantivy::indexer::UserOperation;

use super::catalog::Held;
use super::cutter::Cutter;
use super::document::IndexDocument;
use super::failed;
use super::known::LiveFrame;
use super::numbered::Numbered;
use super::originals::{Address, Packer};
use super::schema::{Columns, HAS_TIME, LEAVES, STR_COLUMNS, UNPARSED};
use super::store::Store;
use crate::engine::EngineError;
use crate::engine::sink::{EventSink, GenerationId, Parsed};
use crate::event::Event;
use crate::event::field::Field;
use crate::format::{self, Frame};

/// Documents handed to the indexing threads at once: fewer wake-ups. The queue between holds 10,000 groups, so it bounds
/// memory only as long as they are small.
const GROUP: usize = 4;
/// Bytes of documents that may wait for a commit to end; who brings more waits himself.
const WAITING_BYTES: usize = 48 << 20;

fn is_unparsed(event: &Event) -> bool {
    &*event.format == "text" && event.note.is_some()
}

/// Its document; which generation it is of is set later.
fn document(
    columns: &Columns,
    cutter: &mut Cutter,
    event: &Event,
    original: Address,
) -> Box<IndexDocument> {
    let mut doc = Box::new(IndexDocument::new());
    doc.add_i64(columns.ts, event.order.ts);
    let time = if event.ts.is_some() { HAS_TIME } else { 0 };
    let unparsed = if is_unparsed(event) { UNPARSED } else { 0 };
    let leaves = match event.attributes.is_all_of(format::trimmed(&event.raw)) {
        true => LEAVES,
        false => 0,
    };
    doc.add_u64(columns.flags, time | unparsed | leaves);
    doc.add_u64(columns.generation, 0);
    doc.add_u64(columns.offset, event.order.offset);
    doc.add_u64(columns.sub, u64::from(event.order.sub));
    doc.add_u64(columns.line, event.line.unwrap_or(0));
    doc.add_u64(columns.id, event.id.0 as u64);
    doc.add_u64(columns.original, original.0);
    for (field, column) in STR_COLUMNS.into_iter().zip(columns.strings) {
        match field {
            Field::Actor => event.actor.iter().for_each(|v| doc.add_text(column, v)),
            Field::Action => event.action.iter().for_each(|v| doc.add_text(column, v)),
            Field::Target => event.target.iter().for_each(|v| doc.add_text(column, v)),
            Field::Outcome => doc.add_text(column, event.outcome.as_str()),
            Field::Reason => event.reason.iter().for_each(|v| doc.add_text(column, v)),
            Field::Ip => event
                .ip
                .iter()
                .for_each(|ip| doc.add_text(column, &ip.to_string())),
            Field::Host => event.host.iter().for_each(|v| doc.add_text(column, v)),
            Field::Severity => event
                .severity
                .iter()
                .for_each(|s| doc.add_text(column, s.as_str())),
            Field::Format => doc.add_text(column, &event.format),
            _ => {}
        }
    }
    cutter.cut(event, &mut doc.terms);
    doc
}

/// A record, whoever holds it.
pub(super) trait Record {
    fn frame(&self) -> &Frame;
    fn events(&self) -> impl ExactSizeIterator<Item = &Event>;
}

impl Record for Parsed {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn events(&self) -> impl ExactSizeIterator<Item = &Event> {
        self.events.iter()
    }
}

impl Record for LiveFrame {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn events(&self) -> impl ExactSizeIterator<Item = &Event> {
        self.events.iter().map(|event| &**event)
    }
}

/// A record's event, ready for the index.
struct Ready {
    /// Where its record begins.
    offset: u64,
    held: Held,
    document: Box<IndexDocument>,
}

/// Records of a generation, ready for the index, and the range that they complete.
pub(super) struct Batch {
    id: GenerationId,
    done: Range<u64>,
    events: Vec<Ready>,
}

impl Batch {
    fn bytes(&self) -> usize {
        self.events.iter().map(|e| e.document.bytes()).sum()
    }
}

/// Batches that came while a commit was under way.
#[derive(Default)]
pub(crate) struct Waiting {
    batches: VecDeque<Batch>,
    bytes: usize,
}

impl Waiting {
    fn push(&mut self, batch: Batch) {
        self.bytes += batch.bytes();
        self.batches.push_back(batch);
    }

    fn take(&mut self) -> VecDeque<Batch> {
        self.bytes = 0;
        std::mem::take(&mut self.batches)
    }

    /// Whether something of a generation waits.
    pub(super) fn holds(&self, id: u32) -> bool {
        self.batches.iter().any(|batch| batch.id.0 == id)
    }

    /// The generation goes, and so does what waits of it.
    pub(super) fn drop_of(&mut self, id: GenerationId) {
        let batches = self.take();
        batches
            .into_iter()
            .filter(|b| b.id != id)
            .for_each(|b| self.push(b));
    }
}

/// What a thread needs to get records ready; kept for the next batch.
struct Bench {
    cutter: Cutter,
    packer: Packer,
}

/// Those that no thread uses at the moment.
pub(crate) struct Benches {
    idle: Mutex<Vec<Bench>>,
    numbered: Arc<Numbered>,
}

impl Benches {
    pub(super) fn new(numbered: Arc<Numbered>) -> Self {
        Self {
            idle: Mutex::default(),
            numbered,
        }
    }

    fn take(&self) -> Bench {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        idle.unwrap_or_else(|| Bench {
            cutter: Cutter::new(self.numbered.clone()),
            packer: Packer::default(),
        })
    }

    fn put_back(&self, bench: Bench) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(bench);
    }
}

impl Store {
    pub(super) fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds records to what the next commit makes durable. While a commit is under way they wait for its end.
    pub(super) fn accept(
        &self,
        id: GenerationId,
        records: &[Parsed],
        done: Range<u64>,
    ) -> Result<(), EngineError> {
        if let Some(reason) = self.stopped() {
            return Err(EngineError::Stopped(reason));
        }
        // Without the writer's lock another process indexes these.
        if !self.is_writer() {
            return Ok(());
        }
        let batch = self.ready(id, records.iter(), done)?;
        {
            // Held while looking, so that whoever holds the writer finds what waits when he is done with it.
            let mut waiting = self.waiting();
            match self.writer.try_read() {
                Err(TryLockError::WouldBlock) if waiting.bytes < WAITING_BYTES => {
                    waiting.push(batch);
                    // Should nobody add it sooner, the next commit does.
                    self.pending().touch();
                    return Ok(());
                }
                _ => {}
            }
        }
        let slot = self.writer.read().unwrap_or_else(PoisonError::into_inner);
        let Some(writer) = slot.as_ref() else {
            return Ok(());
        };
        self.add_waiting(writer)?;
        self.add_batch(writer, batch)
    }

    /// Adds what waited for a commit to end, once the writer is free.
    pub(super) fn add_waiting_when_free(&self) -> Result<(), EngineError> {
        let slot = self.writer.read().unwrap_or_else(PoisonError::into_inner);
        match slot.as_ref() {
            Some(writer) => self.add_waiting(writer),
            None => Ok(()),
        }
    }

    /// Adds what waited for a commit to end; the caller holds the writer's lock.
    pub(super) fn add_waiting(
        &self,
        writer: &IndexWriter<Box<IndexDocument>>,
    ) -> Result<(), EngineError> {
        let batches = self.waiting().take();
        if self.stopped().is_some() {
            // Read again when writing goes on.
            return Ok(());
        }
        batches
            .into_iter()
            .try_for_each(|batch| self.add_batch(writer, batch))
    }

    /// Packs originals and builds documents.
    pub(super) fn ready<'a, R: Record + 'a>(
        &self,
        id: GenerationId,
        records: impl Iterator<Item = &'a R> + Clone,
        done: Range<u64>,
    ) -> Result<Batch, EngineError> {
        let mut bench = self.benches.take();
        for frame in records.clone().map(R::frame) {
            bench.packer.add(&frame.bytes, frame.cut).map_err(failed)?;
        }
        let addresses = self.originals.append(&mut bench.packer).map_err(failed)?;
        let count = records.clone().map(|record| record.events().len()).sum();
        let mut events = Vec::with_capacity(count);
        for (record, address) in records.zip(addresses) {
            for event in record.events() {
                events.push(Ready {
                    offset: record.frame().offset,
                    held: Held {
                        events: 1,
                        unparsed: u64::from(is_unparsed(event)),
                        oldest: event.ts,
                        newest: event.ts,
                    },
                    document: document(&self.columns, &mut bench.cutter, event, address),
                });
            }
        }
        self.benches.put_back(bench);
        Ok(Batch { id, done, events })
    }

    /// Adds the events of a batch that the index does not hold; the caller holds the writer's lock.
    fn add_batch(
        &self,
        writer: &IndexWriter<Box<IndexDocument>>,
        mut batch: Batch,
    ) -> Result<(), EngineError> {
        if let Some(reason) = self.stopped() {
            return Err(EngineError::Stopped(reason));
        }
        // Two ways of reading a file may overlap: one that was called off, and what goes on in its place.
        let known = self
            .generation(batch.id)
            .map(|g| g.done)
            .unwrap_or_default();
        let offsets = || batch.events.iter().map(|e| e.offset);
        let span = offsets().min().unwrap_or(0)..offsets().max().map_or(0, |last| last + 1);
        let overlaps = |r: &Range<u64>| r.start < span.end && span.start < r.end;
        let taken = self.pending().taken(batch.id.0, overlaps);
        let taken: Vec<Range<u64>> = known.into_iter().filter(overlaps).chain(taken).collect();
        batch
            .events
            .retain(|e| !taken.iter().any(|r| r.contains(&e.offset)));
        let (id, done) = (batch.id.0, batch.done.clone());
        let held = self.add(writer, batch)?;
        self.pending().complete(id, done, held);
        Ok(())
    }

    /// Adds every event of a batch; the caller holds the writer's lock.
    pub(super) fn add(
        &self,
        writer: &IndexWriter<Box<IndexDocument>>,
        batch: Batch,
    ) -> Result<Held, EngineError> {
        // Only now: the generation may have been forgotten, and named again, while the batch waited.
        let ordinal = self.ordinal(batch.id.0);
        let mut sum = Held::default();
        let mut group = Vec::with_capacity(GROUP);
        for Ready {
            held, mut document, ..
        } in batch.events
        {
            sum.add(held);
            document.set_u64(self.columns.generation, ordinal);
            group.push(UserOperation::Add(document));
            if group.len() == GROUP {
                writer.run(group.drain(..)).map_err(failed)?;
            }
        }
        writer.run(group).map_err(failed)?;
        Ok(sum)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::local::hub::Hub;
    use crate::engine::sink::Generation;
    use crate::event::Zone;
    use crate::format::Registry;

    fn store(dir: &std::path::Path) -> Store {
        let registry = Arc::new(Registry::builtin());
        let hub = Arc::new(Hub::default());
        let (store, message) = Store::open(dir, 0, hub, &registry, Zone::Utc).unwrap();
        assert_eq!(message, None);
        store
    }

    fn declare(store: &Store, key: &str) -> GenerationId {
        store.declare(Generation {
            source: "a.log".into(),
            key: key.into(),
            format: "json".into(),
            ..Generation::default()
        })
    }

    fn records(offsets: Range<u64>) -> Vec<Parsed> {
        let record = |offset: u64| {
            let frame = Frame {
                offset,
                end: offset + 1,
                bytes: bytes::Bytes::from_static(b"{}"),
                ..Frame::default()
            };
            let mut event = Event::default();
            event.order.offset = offset;
            Parsed {
                frame,
                events: vec![event],
            }
        };
        offsets.map(record).collect()
    }

    /// Events that the index holds of all generations.
    fn held(store: &Store) -> u64 {
        store.inner().searcher.num_docs()
    }

    /// Events that wait for a commit to end.
    fn waiting(store: &Store) -> usize {
        let waiting = store.waiting();
        waiting.batches.iter().map(|b| b.events.len()).sum()
    }

    #[test]
    fn what_comes_during_a_commit_waits_and_is_there_once() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir.path().join("index"));
        let (kept, forgotten) = (declare(&store, "kept"), declare(&store, "forgotten"));
        let commit = store.writer.write().unwrap();
        // Two that overlap, as a way of reading that was called off and what goes on in its place.
        store.backlog(kept, records(0..10), 0..10).unwrap();
        store.backlog(kept, records(5..20), 5..20).unwrap();
        store.backlog(forgotten, records(0..10), 0..10).unwrap();
        assert_eq!(waiting(&store), 35);
        assert!(store.waiting().bytes > 35 * size_of::<IndexDocument>());
        drop(commit);
        store.forget(forgotten).unwrap();
        assert_eq!(waiting(&store), 25);
        // The next batch takes along what waits, in its order.
        store.backlog(kept, records(20..30), 20..30).unwrap();
        assert_eq!((waiting(&store), store.waiting().bytes), (0, 0));
        store.commit().unwrap();
        assert_eq!(held(&store), 30);
        assert_eq!(
            store.generation(kept).unwrap().done,
            std::slice::from_ref(&(0..30))
        );
        assert_eq!(store.generation(forgotten).unwrap().done, []);
    }

    /// Killed right after such a commit, the next run has to read the end again.
    #[test]
    fn a_commit_does_not_say_that_a_file_is_read_whose_end_came_during_it() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir.path().join("index"));
        let id = declare(&store, "a");
        store.backlog(id, records(0..10), 0..10).unwrap();
        store.commit().unwrap();
        let commit = store.writer.write().unwrap();
        store.backlog(id, records(10..20), 10..20).unwrap();
        let closed = Generation {
            closed: true,
            ..store.generation(id).unwrap()
        };
        store.declare(closed);
        let mut catalog = (*store.inner().catalog).clone();
        store.describe(&mut catalog, &[], &[], &[]);
        assert!(!catalog.generations[0].is_complete());
        drop(commit);
        store.commit().unwrap();
        assert!(store.inner().catalog.generations[0].is_complete());
    }

    #[test]
    fn a_commit_takes_along_what_waits_and_a_stop_refuses_it() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir.path().join("index"));
        let id = declare(&store, "a");
        let busy = store.writer.write().unwrap();
        store.backlog(id, records(0..10), 0..10).unwrap();
        drop(busy);
        store.commit().unwrap();
        assert_eq!((held(&store), waiting(&store)), (10, 0));
        let busy = store.writer.write().unwrap();
        store.backlog(id, records(10..20), 10..20).unwrap();
        drop(busy);
        store.stop_writing(crate::engine::local::Stop {
            reason: "the disk is full".into(),
            until_room: true,
        });
        let refused = store.backlog(id, records(20..30), 20..30);
        assert!(
            matches!(refused, Err(EngineError::Stopped(_))),
            "{refused:?}"
        );
        store.commit_at_bound().unwrap();
        assert_eq!(
            store.generation(id).unwrap().done,
            std::slice::from_ref(&(0..10))
        );
        store.resume_writing();
        store.backlog(id, records(10..30), 10..30).unwrap();
        store.commit().unwrap();
        assert_eq!((held(&store), store.stopped()), (30, None));
    }
}
