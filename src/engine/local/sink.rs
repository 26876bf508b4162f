//! Writing: accepting events, building documents, committing them together with their positions.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use tantivy::indexer::UserOperation;

use super::document::IndexDocument;
use super::originals::{Address, Packer};
use super::schema::{Columns, HAS_TIME, STR_COLUMNS, UNPARSED};
use super::store::{Known, LiveFrame, Store};
use super::terms::Cutter;
use crate::chain::ChainReport;
use crate::engine::sink::{EventSink, Generation, GenerationId, Parsed};
use crate::engine::{Covers, EngineError};
use crate::event::field::Field;
use crate::event::{Event, Kind};

/// A commit is due after this many events, or this long after the first uncommitted one.
const COMMIT_EVENTS: u64 = 200_000;
const COMMIT_LIVE_EVENTS: usize = 4_000;
const COMMIT_AFTER: Duration = Duration::from_secs(3);
/// … the first commits sooner, so that something can be seen.
const FIRST_COMMIT_AFTER: Duration = Duration::from_millis(200);
/// Documents handed to the indexing threads at once: fewer wake-ups. The queue between holds 10,000 groups, so it bounds
/// memory only as long as they are small.
const GROUP: usize = 4;
/// Live events in memory beyond which the writer of a source waits for a commit.
const LIVE_LIMIT: usize = 20_000;

/// What was handed to the index's writer since the last commit.
#[derive(Default)]
pub(crate) struct Pending {
    events: u64,
    since: Option<Instant>,
    /// Ranges complete with the next commit: generation, range, events, unparsed.
    done: Vec<(u32, Range<u64>, u64, u64)>,
    forgotten: Vec<u32>,
    /// Commits made by this process.
    commits: u32,
    /// Generations changed otherwise.
    touched: bool,
    cutters: Vec<Cutter>,
    /// Why writing stopped for good.
    pub(crate) stopped: Option<String>,
}

impl Pending {
    /// How long events may wait for their commit.
    fn patience(&self) -> Duration {
        FIRST_COMMIT_AFTER
            .saturating_mul(1 << self.commits.min(10))
            .min(COMMIT_AFTER)
    }
}

fn failed(error: impl std::fmt::Display) -> EngineError {
    EngineError::Index(error.to_string())
}

/// Live records with their generation.
type Records = Vec<(u32, Arc<Parsed>)>;
/// Generation, the range that is complete, line ends before its end.
type DurableRanges = Vec<(u32, Range<u64>, u64)>;

impl Store {
    fn pending(&self) -> std::sync::MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Packs originals and adds documents; the caller holds the writer's lock for reading.
    fn add(
        &self,
        writer: &tantivy::IndexWriter<IndexDocument>,
        ordinal: u64,
        batch: &[&Parsed],
    ) -> Result<(u64, u64), EngineError> {
        let mut packer = Packer::default();
        for parsed in batch {
            packer
                .add(&parsed.frame.bytes, parsed.frame.cut)
                .map_err(failed)?;
        }
        let addresses = self.originals.append(packer).map_err(failed)?;
        let mut cutter = self.pending().cutters.pop().unwrap_or_default();
        let (mut events, mut unparsed) = (0, 0);
        let mut group = Vec::with_capacity(GROUP);
        for (parsed, address) in batch.iter().zip(addresses) {
            for event in &parsed.events {
                events += 1;
                unparsed += u64::from(is_unparsed(event));
                let document = document(&self.columns, &mut cutter, event, ordinal, address);
                group.push(UserOperation::Add(document));
                if group.len() == GROUP {
                    writer.run(group.drain(..)).map_err(failed)?;
                }
            }
        }
        writer.run(group).map_err(failed)?;
        self.pending().cutters.push(cutter);
        Ok((events, unparsed))
    }

    /// The generation's place in the catalogue, giving it one if it has none.
    fn ordinal(&self, id: u32) -> u64 {
        let mut inner = self.inner();
        let given = inner
            .known
            .iter()
            .filter_map(|k| k.ordinal)
            .max()
            .map_or(0, |o| o + 1);
        // Never one that was given before: documents of a forgotten generation go by their ordinal.
        let next = given.max(inner.catalog.generations.len());
        let known = &mut inner.known[id as usize];
        *known.ordinal.get_or_insert(next) as u64
    }

    /// Commits if enough has come together, or enough time has passed; called every moment or so.
    pub(crate) fn tick(&self) -> Result<(), EngineError> {
        if !self.is_writer() {
            self.reload()?;
            return self.try_become_writer().map(|_| ());
        }
        let live = self.durable_live().0.len();
        let due = {
            let mut pending = self.pending();
            if live > 0 && pending.since.is_none() {
                pending.since = Some(Instant::now());
            }
            let waited = pending
                .since
                .is_some_and(|since| since.elapsed() >= pending.patience());
            pending.events >= COMMIT_EVENTS || live >= COMMIT_LIVE_EVENTS || waited
        };
        if due { self.commit() } else { Ok(()) }
    }

    /// Live records that are complete, and the ranges and line counts that they complete, of one moment.
    fn durable_live(&self) -> (Records, DurableRanges) {
        let inner = self.inner();
        let durable = |id: u32, offset: u64| inner.known[id as usize].durable.contains(&offset);
        let complete = inner.live.iter().filter(|((id, at), _)| durable(*id, *at));
        let records = complete
            .map(|((id, _), f)| (*id, f.parsed.clone()))
            .collect();
        let ranges = inner
            .known
            .iter()
            .enumerate()
            .map(|(i, k)| (i as u32, k.durable.clone(), k.durable_lines));
        (records, ranges.collect())
    }

    /// Makes everything accepted and complete durable: documents, originals and positions in one step. If that fails
    /// nothing of it counts, writing ends, and searches read the rest from the files.
    pub(crate) fn commit(&self) -> Result<(), EngineError> {
        self.try_commit().inspect_err(|error| {
            self.stop_writing(error.to_string());
            let mut slot = self.writer.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(writer) = slot.as_mut() {
                // The last commit stays what it is, whether or not this cleans up behind the failed one.
                let _ = writer.rollback();
            }
        })
    }

    fn try_commit(&self) -> Result<(), EngineError> {
        // Taking the lock for writing waits until every batch under way is added whole.
        let mut slot = self.writer.write().unwrap_or_else(PoisonError::into_inner);
        let Some(writer) = slot.as_mut() else {
            return Ok(());
        };
        if self.pending().stopped.is_some() {
            return Ok(());
        }
        let (live, durable) = self.durable_live();
        let mut added = Vec::new();
        for run in live.chunk_by(|a, b| a.0 == b.0) {
            let id = run[0].0;
            let batch: Vec<&Parsed> = run.iter().map(|(_, parsed)| &**parsed).collect();
            let (events, unparsed) = self.add(writer, self.ordinal(id), &batch)?;
            added.push((id, events, unparsed));
        }
        let (done, forgotten) = {
            let mut pending = self.pending();
            if pending.done.is_empty()
                && live.is_empty()
                && pending.forgotten.is_empty()
                && !pending.touched
            {
                pending.since = None;
                return Ok(());
            }
            pending.events = 0;
            pending.since = None;
            pending.touched = false;
            pending.commits += 1;
            (
                std::mem::take(&mut pending.done),
                std::mem::take(&mut pending.forgotten),
            )
        };
        for ordinal in forgotten {
            writer.delete_term(tantivy::Term::from_field_u64(
                self.columns.generation,
                u64::from(ordinal),
            ));
        }
        let mut catalog = (*self.inner().catalog).clone();
        self.describe(&mut catalog, &durable, &done, &added);
        self.originals.sync().map_err(failed)?;
        catalog.originals = self.originals.len();
        let mut prepared = writer.prepare_commit().map_err(failed)?;
        prepared.set_payload(&catalog.write());
        prepared.commit().map_err(failed)?;
        // Still under the writer's lock: another commit must not see these live records again.
        self.reload()?;
        drop(slot);
        self.hub.lock().changed();
        Ok(())
    }

    /// Brings the catalogue up to what the commit holds.
    fn describe(
        &self,
        catalog: &mut super::catalog::Catalog,
        durable: &[(u32, Range<u64>, u64)],
        done: &[(u32, Range<u64>, u64, u64)],
        added: &[(u32, u64, u64)],
    ) {
        let inner = self.inner();
        for known in &inner.known {
            let Some(ordinal) = known.ordinal else {
                continue;
            };
            if catalog.generations.len() <= ordinal {
                catalog
                    .generations
                    .resize(ordinal + 1, Generation::default());
                catalog.counts.resize(ordinal + 1, (0, 0));
            }
            let before = std::mem::take(&mut catalog.generations[ordinal]);
            let fresh = before.key != known.generation.key;
            catalog.generations[ordinal] = Generation {
                done: if fresh { Vec::new() } else { before.done },
                lines: before.lines.filter(|_| !fresh),
                ..known.generation.clone()
            };
        }
        let ordinal = |id: u32| inner.known[id as usize].ordinal;
        for (id, range, events, unparsed) in done {
            let Some(ordinal) = ordinal(*id) else {
                continue;
            };
            catalog.generations[ordinal].add_done(range.clone());
            catalog.counts[ordinal].0 += events;
            catalog.counts[ordinal].1 += unparsed;
        }
        for (id, events, unparsed) in added {
            let Some(ordinal) = ordinal(*id) else {
                continue;
            };
            catalog.counts[ordinal].0 += events;
            catalog.counts[ordinal].1 += unparsed;
        }
        for (id, durable, lines) in durable {
            let Some(ordinal) = ordinal(*id) else {
                continue;
            };
            let generation = &mut catalog.generations[ordinal];
            generation.add_done(durable.clone());
            if durable.end > 0 && generation.done_from_start() == durable.end {
                generation.lines = Some(*lines);
            }
        }
    }
}

fn is_unparsed(event: &Event) -> bool {
    &*event.format == "text" && event.note.is_some()
}

fn document(
    columns: &Columns,
    cutter: &mut Cutter,
    event: &Event,
    generation: u64,
    original: Address,
) -> IndexDocument {
    let mut doc = IndexDocument::new(columns.terms);
    doc.add_i64(columns.ts, event.order.ts);
    let time = if event.ts.is_some() { HAS_TIME } else { 0 };
    let unparsed = if is_unparsed(event) { UNPARSED } else { 0 };
    doc.add_u64(columns.flags, time | unparsed);
    doc.add_u64(columns.generation, generation);
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
            Field::Format => doc.add_text(column, &*event.format),
            _ => {}
        }
    }
    cutter.cut(event, |term| doc.add_term(term));
    doc
}

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
        let mut pending = self.pending();
        pending.touched = true;
        pending.since.get_or_insert_with(Instant::now);
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
            let events: Vec<Arc<Event>> = parsed.events.iter().cloned().map(Arc::new).collect();
            for (path, value) in events.iter().flat_map(|e| e.attributes.iter()) {
                // As in the index: a path that only ever held null was not seen.
                let seen = value.kind != Kind::Empty;
                if seen && !inner.live_paths.contains(path) && !new_paths.contains(path) {
                    new_paths.insert(path.to_owned());
                }
            }
            fresh.extend(events.iter().cloned());
            inner.live.insert(
                (id.0, offset),
                LiveFrame {
                    parsed: Arc::new(parsed),
                    events,
                },
            );
        }
        if !new_paths.is_empty() {
            Arc::make_mut(&mut inner.live_paths).append(&mut new_paths);
        }
        let known = &mut inner.known[id.0 as usize];
        known.durable = durable;
        known.durable_lines = lines;
        let crowded = inner.live.len() > LIVE_LIMIT;
        if crowded && self.stopped().is_some() {
            // Nothing is lost: a search reads what is not indexed from the file.
            while inner.live.len() > LIVE_LIMIT {
                inner.live.pop_first();
            }
        }
        drop(inner);
        if !fresh.is_empty() {
            hub.publish(fresh);
        }
        drop(hub);
        if crowded { self.commit() } else { Ok(()) }
    }

    fn backlog(
        &self,
        id: GenerationId,
        batch: Vec<Parsed>,
        done: Range<u64>,
    ) -> Result<(), EngineError> {
        let slot = self.writer.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(reason) = &self.pending().stopped {
            return Err(EngineError::Stopped(reason.clone()));
        }
        // Without the writer's lock another process indexes these.
        let Some(writer) = slot.as_ref() else {
            return Ok(());
        };
        let ordinal = self.ordinal(id.0);
        let refs: Vec<&Parsed> = batch.iter().collect();
        let (events, unparsed) = self.add(writer, ordinal, &refs)?;
        let mut pending = self.pending();
        pending.events += events;
        pending.since.get_or_insert_with(Instant::now);
        pending.done.push((id.0, done, events, unparsed));
        Ok(())
    }

    fn forget(&self, id: GenerationId) -> Result<(), EngineError> {
        let ordinal = {
            let mut inner = self.inner();
            let known = &mut inner.known[id.0 as usize];
            known.generation.done.clear();
            known.generation.lines = None;
            known.durable = 0..0;
            inner.live.retain(|(of, _), _| *of != id.0);
            let known = &mut inner.known[id.0 as usize];
            let ordinal = known.ordinal.take();
            // Its documents go with the old ordinal; read again it gets a new one.
            if let Some(ordinal) = ordinal {
                let mut catalog = (*inner.catalog).clone();
                catalog.generations[ordinal] = Generation::default();
                catalog.counts[ordinal] = (0, 0);
                inner.catalog = Arc::new(catalog);
            }
            ordinal
        };
        if let Some(ordinal) = ordinal {
            self.pending().forgotten.push(ordinal as u32);
        }
        Ok(())
    }

    fn replaced(
        &self,
        id: GenerationId,
        holds: &dyn Fn(&[u8]) -> bool,
    ) -> Result<u64, EngineError> {
        self.commit()?;
        let lost = self.lost(id, holds)?;
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
            let of_lost = self.declare(generation);
            self.backlog(of_lost, lost, 0..0)?;
        }
        self.forget(id)?;
        Ok(kept)
    }

    fn progress(&self, covers: Covers) {
        let mut hub = self.hub.lock();
        hub.covers.insert(self.number, covers);
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

    fn writes(&self) -> bool {
        self.is_writer()
    }

    fn flush(&self) -> Result<(), EngineError> {
        self.commit()
    }
}
