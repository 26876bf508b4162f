//! Committing: what was accepted since the last commit becomes durable together with its positions, or not at all.

use std::ops::Range;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::catalog::{Catalog, Held};
use super::failed;
use super::hub::Bell;
use super::known::{LiveFrame, durable_parts};
use super::store::Store;
use crate::engine::EngineError;
use crate::engine::sink::{Generation, GenerationId};

/// A commit is due after this many events, or this long after the first uncommitted one.
const COMMIT_EVENTS: u64 = 200_000;
const COMMIT_LIVE_EVENTS: usize = 4_000;
const COMMIT_AFTER: Duration = Duration::from_secs(3);
/// … the first commits sooner, so that something can be seen.
const FIRST_COMMIT_AFTER: Duration = Duration::from_millis(200);
/// Live records that are made documents at once: those take twice the memory, and the indexer begins with the first.
const LIVE_AT_ONCE: usize = 500;

/// What was handed to the index's writer since the last commit.
#[derive(Default)]
pub(crate) struct Pending {
    events: u64,
    since: Option<Instant>,
    /// Wakes who commits.
    bell: Bell,
    /// Ranges complete with the next commit: generation, range, what came of it.
    done: Vec<(u32, Range<u64>, Held)>,
    /// Ordinals whose documents go with the next commit.
    forgotten: Vec<u32>,
    /// Commits made by this process.
    commits: u32,
    /// Generations changed otherwise.
    touched: bool,
    /// Why nothing is written, if so.
    pub(crate) stopped: Option<Stop>,
    /// How often writing began.
    pub(crate) turn: u64,
    /// Events that came after their time was shown as complete.
    pub(crate) late: u64,
}

/// Why nothing is written.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    pub(crate) reason: String,
    /// A bound was reached: writing goes on once there is room again. Otherwise it failed.
    pub(crate) until_room: bool,
}

impl Pending {
    pub(super) fn new(bell: Bell) -> Self {
        Self {
            bell,
            ..Self::default()
        }
    }

    /// From now on something waits for a commit.
    fn begin(&mut self) {
        if self.since.is_none() {
            self.since = Some(Instant::now());
            self.bell.ring();
        }
    }

    /// Notes a range that the next commit makes durable.
    pub(super) fn complete(&mut self, id: u32, range: Range<u64>, held: Held) {
        self.events += held.events;
        self.begin();
        self.done.push((id, range, held));
    }

    /// Those ranges of a generation that were handed over since the last commit and are wanted.
    pub(super) fn taken(&self, id: u32, wanted: impl Fn(&Range<u64>) -> bool) -> Vec<Range<u64>> {
        let of_id = self.done.iter().filter(|(of, ..)| *of == id);
        let ranges = of_id.map(|(_, range, _)| range);
        ranges.filter(|range| wanted(range)).cloned().collect()
    }

    /// Every range that was handed over since the last commit.
    fn handed(&self) -> Vec<(u32, Range<u64>)> {
        let done = self.done.iter();
        done.map(|(id, range, _)| (*id, range.clone())).collect()
    }

    /// Something but events has to be committed.
    pub(super) fn touch(&mut self) {
        self.touched = true;
        self.begin();
    }

    /// The documents of a generation are to go, those not committed yet as well.
    pub(super) fn forget(&mut self, id: u32, ordinal: u32) {
        self.done.retain(|(of, ..)| *of != id);
        self.forgotten.push(ordinal);
        self.begin();
    }

    /// Ordinals whose documents are still to go.
    pub(super) fn forgotten(&self) -> std::collections::BTreeSet<u64> {
        self.forgotten.iter().map(|o| u64::from(*o)).collect()
    }

    /// How long events may wait for their commit.
    fn patience(&self) -> Duration {
        FIRST_COMMIT_AFTER
            .saturating_mul(1 << self.commits.min(10))
            .min(COMMIT_AFTER)
    }
}

/// Live records with their generation.
type Records = Vec<(u32, LiveFrame)>;
/// Generation, the range that is complete, line ends before its end.
type DurableRanges = Vec<(u32, Range<u64>, u64)>;

impl Store {
    pub(super) fn pending(&self) -> std::sync::MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The generation's place in the catalogue, giving it one if it has none.
    pub(super) fn ordinal(&self, id: u32) -> u64 {
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

    /// Nothing waits for a commit, nor for another process that writes.
    pub(crate) fn is_idle(&self) -> bool {
        let is_waiting = self.pending().since.is_some() || !self.durable_live().0.is_empty();
        self.is_writer() && !is_waiting
    }

    /// Commits if enough has come together, or enough time has passed; called every moment or so.
    pub(crate) fn tick(&self) -> Result<(), EngineError> {
        if !self.is_writer() {
            if self.reload()? {
                self.hub.lock().changed();
            }
            if self.try_become_writer()? {
                let ended = "the process that indexed has ended; this one goes on";
                self.hub.lock().say(ended.into());
            }
            return Ok(());
        }
        let live = self.durable_live().0.len();
        let due = {
            let mut pending = self.pending();
            if live > 0 {
                pending.begin();
            }
            let waited = pending
                .since
                .is_some_and(|since| since.elapsed() >= pending.patience());
            pending.events >= COMMIT_EVENTS || live >= COMMIT_LIVE_EVENTS || waited
        };
        if due { self.commit() } else { Ok(()) }
    }

    /// Live records that are complete, and the ranges and line counts that they complete, of one moment. Those that were
    /// handed over as backlog as well (of a file that a look missed while it was renamed) are in the next commit already.
    fn durable_live(&self) -> (Records, DurableRanges) {
        let mut handed = self.pending().handed();
        let inner = self.inner();
        handed.retain(|(id, range)| {
            let durable = &inner.known[*id as usize].durable;
            range.start < durable.end && durable.start < range.end
        });
        let is_handed =
            |id: u32, at: u64| handed.iter().any(|(of, r)| *of == id && r.contains(&at));
        let durable =
            |id: u32, at: u64| inner.known[id as usize].durable.contains(&at) && !is_handed(id, at);
        let complete = inner.live.iter().filter(|((id, at), _)| durable(*id, *at));
        let records = complete
            .map(|((id, _), record)| (*id, record.clone()))
            .collect();
        let ranges = (0..).zip(&inner.known).flat_map(|(id, known)| {
            durable_parts(known).map(|part| (id, part, known.durable_lines))
        });
        (records, ranges.collect())
    }

    /// Makes everything accepted and complete durable: documents, originals and positions in one step. If that fails
    /// nothing of it counts, writing ends, and searches read the rest from the files.
    pub(crate) fn commit(&self) -> Result<(), EngineError> {
        self.commit_unless(|stop| stop.is_some())
    }

    /// As [`Self::commit`], even where a bound was reached: what makes room has to be written, too.
    pub(crate) fn commit_at_bound(&self) -> Result<(), EngineError> {
        self.commit_unless(|stop| stop.is_some_and(|s| !s.until_room))
    }

    fn commit_unless(&self, stopped: impl Fn(Option<&Stop>) -> bool) -> Result<(), EngineError> {
        self.try_commit(stopped).inspect_err(|error| {
            self.stop_writing(Stop {
                reason: error.to_string(),
                until_room: false,
            });
            let mut slot = self.writer.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(writer) = slot.as_mut() {
                // The last commit stays what it is, whether or not this cleans up behind the failed one.
                let _ = writer.rollback();
            }
        })
    }

    fn try_commit(&self, stopped: impl Fn(Option<&Stop>) -> bool) -> Result<(), EngineError> {
        // Taking the lock for writing waits until every batch under way is added whole.
        let mut slot = self.writer.write().unwrap_or_else(PoisonError::into_inner);
        let Some(writer) = slot.as_mut() else {
            return Ok(());
        };
        if stopped(self.pending().stopped.as_ref()) {
            return Ok(());
        }
        self.add_waiting(writer)?;
        let (live, durable) = self.durable_live();
        let mut added = Vec::new();
        for run in live.chunk_by(|a, b| a.0 == b.0) {
            let id = run[0].0;
            let mut held = Held::default();
            for piece in run.chunks(LIVE_AT_ONCE) {
                let records = piece.iter().map(|(_, record)| record);
                let batch = self.ready(GenerationId(id), records, 0..0)?;
                held.add(self.add(writer, batch)?);
            }
            added.push((id, held));
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
            (
                std::mem::take(&mut pending.done),
                std::mem::take(&mut pending.forgotten),
            )
        };
        let has_documents = !added.is_empty()
            || !forgotten.is_empty()
            || done.iter().any(|(.., held)| held.events > 0);
        for ordinal in forgotten {
            writer.delete_term(tantivy::Term::from_field_u64(
                self.columns.generation,
                u64::from(ordinal),
            ));
        }
        let before = self.inner().catalog.clone();
        let mut catalog = (*before).clone();
        self.describe(&mut catalog, &durable, &done, &added);
        // Others may be appending, for the next commit: only what is synced is counted.
        catalog.originals = self.originals.len();
        // A start that finds all as it was writes nothing.
        if !has_documents && catalog == *before {
            drop(slot);
            return self.add_waiting_when_free();
        }
        self.pending().commits += 1;
        self.originals.sync().map_err(failed)?;
        let mut prepared = writer.prepare_commit().map_err(failed)?;
        prepared.set_payload(&catalog.write());
        prepared.commit().map_err(failed)?;
        // Still under the writer's lock: another commit must not see these live records again.
        self.reload()?;
        drop(slot);
        self.hub.lock().changed();
        self.add_waiting_when_free()
    }

    /// Brings the catalogue up to what the commit holds.
    pub(super) fn describe(
        &self,
        catalog: &mut Catalog,
        durable: &[(u32, Range<u64>, u64)],
        done: &[(u32, Range<u64>, Held)],
        added: &[(u32, Held)],
    ) {
        let inner = self.inner();
        // Whoever says that a generation is read to its end has handed everything over before.
        let waiting = self.waiting();
        for (id, known) in (0..).zip(&inner.known) {
            let Some(ordinal) = known.ordinal else {
                continue;
            };
            if catalog.generations.len() <= ordinal {
                catalog
                    .generations
                    .resize(ordinal + 1, Generation::default());
                catalog.held.resize(ordinal + 1, Held::default());
            }
            let before = std::mem::take(&mut catalog.generations[ordinal]);
            let fresh = before.key != known.generation.key;
            catalog.generations[ordinal] = Generation {
                done: if fresh { Vec::new() } else { before.done },
                lines: before.lines.filter(|_| !fresh),
                // What came during this commit is in the next: until then the end is one to be read again.
                closed: known.generation.closed && !waiting.holds(id),
                ..known.generation.clone()
            };
        }
        drop(waiting);
        let ordinal = |id: u32| inner.known[id as usize].ordinal;
        for (id, range, held) in done {
            let Some(ordinal) = ordinal(*id) else {
                continue;
            };
            catalog.generations[ordinal].add_done(range.clone());
            catalog.held[ordinal].add(*held);
        }
        for (id, held) in added {
            let Some(ordinal) = ordinal(*id) else {
                continue;
            };
            catalog.held[ordinal].add(*held);
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
