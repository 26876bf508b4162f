//! The queue of older records to be read: newest first, with how far it has come.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::IngestError;
use crate::engine::sink::{EventSink, Generation, GenerationId};
use crate::event::Timestamp;
use crate::format::Format;
use crate::source::{GenFile, Reader, open_at};

/// What is to be done with a file.
#[derive(Clone)]
pub(super) enum Work {
    /// Count line ends up to `end` and cut what is missing into chunks.
    Plan { end: u64, closed: bool },
    /// Read the records that start in `range`; `lines` = line ends before it. `last` = the range reaches the end of a
    /// file that will not grow.
    Chunk {
        range: Range<u64>,
        lines: u64,
        last: bool,
    },
    /// Read the file from its first byte (compressed, or records that are not lines), leaving out what is indexed.
    Whole,
}

/// A piece of work on one generation.
#[derive(Clone)]
pub(super) struct Job {
    pub(super) id: GenerationId,
    pub(super) generation: Generation,
    pub(super) file: GenFile,
    pub(super) format: Arc<dyn Format>,
    pub(super) sink: Arc<dyn EventSink>,
    pub(super) store: usize,
    pub(super) work: Work,
    /// Set when the file turned out to be another one: what is read of it no longer counts.
    pub(super) cancelled: Arc<AtomicBool>,
    /// The open file of a generation that may be renamed or emptied meanwhile.
    pub(super) reader: Option<Arc<Reader>>,
    /// Larger = sooner: about when the newest record in it was written.
    pub(super) newest: i64,
    /// Bytes of the file that it is about, for progress.
    pub(super) weight: u64,
    /// Given when it is queued: of two that are equally new the lower one goes first.
    pub(super) ticket: u64,
}

impl Job {
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn turn(&self) -> Turn {
        (self.newest, Reverse(self.ticket))
    }

    /// The file, open: as it was when the job was made if that matters, else as it is at its path.
    pub(super) fn open(&self) -> Result<Arc<Reader>, IngestError> {
        match &self.reader {
            Some(reader) => Ok(reader.clone()),
            None => Ok(Arc::new(open_at(&self.file, 0)?)),
        }
    }
}

/// When a job's turn comes: the larger, the sooner.
type Turn = (i64, Reverse<u64>);

struct Queued(Job);

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Queued {}
impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Queued {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.turn().cmp(&other.0.turn())
    }
}

/// What a worker tells the coordinator.
pub(super) enum Outcome {
    /// Line ends before a position of a generation were counted.
    Lines {
        id: GenerationId,
        store: usize,
        at: u64,
        lines: u64,
    },
    /// A file could not be read.
    Failed { source: Arc<str>, error: String },
    /// A piece is done, or given up.
    Done,
    /// The file was not at its path any more.
    Moved(Box<Job>),
    /// A file that will not grow was read to its end.
    WholeDone {
        id: GenerationId,
        store: usize,
        /// It ended inside a record, or inside its compressed data.
        torn: bool,
        /// Why it could not be read to its end.
        cut: Option<String>,
    },
}

#[derive(Default)]
struct State {
    heap: BinaryHeap<Queued>,
    running: usize,
    tickets: u64,
    /// By store and source.
    sources: BTreeMap<(usize, Arc<str>), SourceProgress>,
}

#[derive(Default)]
struct SourceProgress {
    done: u64,
    total: u64,
    /// Jobs waiting or running.
    open: BTreeSet<Turn>,
    /// Oldest time in what was read, by job. Those behind an open one do not count yet: what is newer is missing.
    read: BTreeMap<Turn, i64>,
    /// Oldest time before which nothing is missing.
    horizon: Option<i64>,
}

impl SourceProgress {
    /// Counts what was read as far as nothing newer is missing.
    fn advance(&mut self) {
        while let Some((turn, oldest)) = self.read.last_key_value().map(|(t, o)| (*t, *o)) {
            if self.open.last().is_some_and(|open| *open > turn) {
                return;
            }
            self.read.remove(&turn);
            self.horizon = self.horizon.into_iter().chain([oldest]).min();
        }
    }
}

impl State {
    fn of(&mut self, job: &Job) -> &mut SourceProgress {
        self.sources
            .entry((job.store, job.generation.source.clone()))
            .or_default()
    }
}

/// The queue that workers take from.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    stop: AtomicBool,
}

/// How far the backlog has come.
pub(super) struct Progress {
    pub(super) done: u64,
    pub(super) total: u64,
    pub(super) idle: bool,
    /// From here on nothing is missing.
    pub(super) horizon: Option<Timestamp>,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, mut job: Job) {
        let mut state = self.lock();
        state.tickets += 1;
        job.ticket = state.tickets;
        let progress = state.of(&job);
        progress.open.insert(job.turn());
        if !matches!(job.work, Work::Chunk { .. }) {
            progress.total += job.weight;
        }
        state.heap.push(Queued(job));
        self.changed.notify_one();
    }

    pub(super) fn take(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return None;
            }
            if let Some(queued) = state.heap.pop() {
                state.running += 1;
                return Some(queued.0);
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes out what no longer counts.
    pub(super) fn drop_cancelled(&self) {
        let mut state = self.lock();
        let queued = std::mem::take(&mut state.heap).into_vec();
        let (off, kept): (Vec<Queued>, _) = queued.into_iter().partition(|q| q.0.is_cancelled());
        state.heap = kept.into();
        for Queued(job) in off {
            let progress = state.of(&job);
            progress.open.remove(&job.turn());
            progress.advance();
        }
    }

    pub(super) fn finished(&self, job: &Job) {
        let mut state = self.lock();
        state.running -= 1;
        let progress = state.of(job);
        progress.open.remove(&job.turn());
        progress.advance();
    }

    pub(super) fn advanced(&self, job: &Job, bytes: u64) {
        self.lock().of(job).done += bytes;
    }

    pub(super) fn reached(&self, job: &Job, oldest: Option<i64>) {
        let mut state = self.lock();
        state.of(job).read.extend(oldest.map(|o| (job.turn(), o)));
    }

    /// Ends the workers after the batch they are at.
    pub(super) fn stop(&self) {
        let _state = self.lock();
        self.stop.store(true, Ordering::Relaxed);
        self.changed.notify_all();
    }

    /// How far one store, or everything, has come.
    pub(super) fn progress(&self, store: Option<usize>) -> Progress {
        let state = self.lock();
        let wanted = |key: &(usize, Arc<str>)| store.is_none_or(|s| s == key.0);
        let (mut done, mut total) = (0, 0);
        // Of the sources still being read, the least advanced one says how far back everything is there.
        let mut horizon = Some(i64::MIN);
        for (_, progress) in state.sources.iter().filter(|(key, _)| wanted(key)) {
            done += progress.done;
            total += progress.total;
            if !progress.open.is_empty() {
                horizon = horizon.zip(progress.horizon).map(|(a, b)| a.max(b));
            }
        }
        let idle = state.heap.is_empty() && state.running == 0;
        Progress {
            done,
            total: total.max(done),
            idle,
            horizon: horizon.map(Timestamp),
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_horizon_does_not_pass_what_is_still_missing() {
        let turn = |newest: i64| (newest, Reverse(1));
        let mut progress = SourceProgress::default();
        progress.open.extend([turn(30), turn(20), turn(10)]);
        let mut done = |newest: i64, oldest: i64| {
            progress.read.insert(turn(newest), oldest);
            progress.open.remove(&turn(newest));
            progress.advance();
            progress.horizon
        };
        assert_eq!(done(20, 200), None, "what is newer is still being read");
        assert_eq!(done(30, 300), Some(200));
        // Older records with newer times take nothing back.
        assert_eq!(done(10, 250), Some(200));
    }
}
