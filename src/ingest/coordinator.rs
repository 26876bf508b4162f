//! Decides what is read when: which generation a file is, what is new in it, what is left over from before.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use crossbeam_channel::{Receiver, Sender, TrySendError, unbounded};

use super::backlog::{Job, Outcome, Queue, Work, Worker};
use super::chains::{ChainFile, ChainWork, Chains};
use super::identify::{Identity, identify, still_begins_with};
use super::reading::Reading;
use super::tailer::{TailStart, Tailer};
use super::{IngestError, Options};
use crate::engine::Covers;
use crate::engine::sink::{EventSink, Generation, GenerationId};
use crate::event::Timestamp;
use crate::format::Registry;
use crate::source::follow::{What, compare};
use crate::source::newlines::line_start_at_or_after;
use crate::source::newlines::line_start_at_or_before;
use crate::source::stdin::Spool;
use crate::source::watch::{Waker, Watcher};
use crate::source::{
    Compression, Discoverer, Discovery, FileId, GenFile, LogSet, RootKind, open_at,
};

/// Bytes at the end of a live file that are read before anything else.
const FIRST_LOOK: u64 = 256 << 10;
/// Live files beyond this many are not read ahead of their turn.
const FIRST_LOOK_FILES: usize = 64;
/// A live file that grew by at most this since the last run is read on directly.
const READ_ON: u64 = 4 << 20;
/// Time between looks when nothing happens.
const IDLE: Duration = Duration::from_millis(500);

/// One file of a set.
struct Track {
    file: GenFile,
    identity: Identity,
    id: GenerationId,
    tailer: Option<Tailer>,
    /// A copy of another file's bytes, which is read there.
    copy_of: Option<FileId>,
}

struct SetState {
    name: Arc<str>,
    store: usize,
    seen: Vec<GenFile>,
    tracks: HashMap<FileId, Track>,
    /// Files whose first record is not complete yet.
    unidentified: HashSet<FileId>,
}

pub(super) struct Coordinator {
    discoverer: Discoverer,
    watcher: Watcher,
    registry: Arc<Registry>,
    options: Options,
    sinks: Vec<Arc<dyn EventSink>>,
    /// Path of each root, to find its sink again.
    roots: Vec<PathBuf>,
    sets: BTreeMap<(usize, PathBuf), SetState>,
    queue: Arc<Queue>,
    outcomes: Receiver<Outcome>,
    chains: Sender<ChainWork>,
    stop: Arc<AtomicBool>,
    covers: Sender<Covers>,
    spool: Option<(usize, Spool)>,
    wrote: Vec<bool>,
    completed: bool,
    told: Option<(u64, bool)>,
}

impl Coordinator {
    /// Starts the workers and prepares the coordinator, which the caller runs in its own thread.
    pub(super) fn start(
        discoverer: Discoverer,
        discovery: Discovery,
        sinks: Vec<Arc<dyn EventSink>>,
        registry: Arc<Registry>,
        options: Options,
        stop: Arc<AtomicBool>,
        covers: Sender<Covers>,
    ) -> Result<(Self, Waker, Vec<JoinHandle<()>>), IngestError> {
        let watcher = Watcher::new(&discovery);
        let waker = watcher.waker();
        let queue = Arc::new(Queue::default());
        let (report, outcomes) = unbounded();
        let mut threads = Vec::new();
        for number in 0..options.workers.max(1) {
            let (report, waker) = (report.clone(), watcher.waker());
            let worker = Worker {
                queue: queue.clone(),
                registry: registry.clone(),
                zone_offset: options.zone_offset,
                report: Box::new(move |outcome| {
                    // The coordinator outlives the workers; if it is gone there is nobody to tell.
                    let _ = report.send(outcome);
                    waker.wake();
                }),
            };
            threads.push(spawn(&format!("index-{number}"), move || worker.run())?);
        }
        let (chains, work) = unbounded();
        let checker = Chains::new(work, stop.clone());
        threads.push(spawn("chains", move || checker.run())?);
        let roots: Vec<PathBuf> = discovery.roots.iter().map(|r| r.path.clone()).collect();
        let wrote = sinks.iter().map(|s| s.writes()).collect();
        let mut coordinator = Self {
            discoverer,
            watcher,
            registry,
            options,
            sinks,
            roots,
            sets: BTreeMap::new(),
            queue,
            outcomes,
            chains,
            stop,
            covers,
            spool: None,
            wrote,
            completed: false,
            told: None,
        };
        coordinator.open_stdin(&discovery)?;
        coordinator.look(&discovery, true);
        Ok((coordinator, waker, threads))
    }

    /// Runs until stopped.
    pub(super) fn run(mut self) {
        while !self.stop.load(Ordering::Relaxed) {
            self.hear();
            self.take_over();
            self.settle();
            self.tell();
            let Some(wake) = self.watcher.recv(IDLE) else {
                continue;
            };
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            if wake.rescan && self.options.follow {
                let discovery = self.discoverer.scan();
                self.watcher.update(&discovery);
                self.look(&discovery, false);
            } else if !wake.files.is_empty() && self.options.follow {
                self.read_changed(&wake.files);
            }
            self.read_stdin();
        }
        self.queue.stop();
        for set in self.sets.values_mut() {
            set.tracks.clear();
        }
    }

    fn open_stdin(&mut self, discovery: &Discovery) -> Result<(), IngestError> {
        if let Some(store) = discovery
            .roots
            .iter()
            .position(|r| r.kind == RootKind::Stdin)
        {
            let waker = self.watcher.waker();
            let spool = Spool::start(std::io::stdin(), &self.options.spool, move || waker.wake())?;
            self.spool = Some((store, spool));
        }
        Ok(())
    }

    /// What standard input brought since the last look.
    fn read_stdin(&mut self) {
        let Some((store, spool)) = &self.spool else {
            return;
        };
        if let Ok(set) = spool.log_set() {
            let store = *store;
            self.look_at_set(store, &set, false);
        }
    }

    /// Compares every set with what was there before.
    fn look(&mut self, discovery: &Discovery, first: bool) {
        for skipped in discovery.skipped.iter().filter(|_| first) {
            if let Some(sink) = self.sinks.first() {
                sink.message(format!("{}: {}", skipped.path.display(), skipped.detail));
            }
        }
        let mut sets: Vec<(usize, &LogSet)> = Vec::new();
        for root in &discovery.roots {
            if let Some(store) = self.roots.iter().position(|p| *p == root.path) {
                sets.extend(root.sets.iter().map(|s| (store, s)));
            }
        }
        // Those written to last come first, so that they are on screen first.
        let newest = |set: &LogSet| set.generations.iter().map(|f| f.mtime).max();
        sets.sort_by_key(|(_, set)| std::cmp::Reverse(newest(set)));
        for (number, (store, set)) in sets.iter().enumerate() {
            self.look_at_set(*store, set, first && number < FIRST_LOOK_FILES);
        }
        let gone: Vec<(usize, PathBuf)> = self
            .sets
            .keys()
            .filter(|(store, name)| !sets.iter().any(|(s, set)| s == store && set.name == *name))
            .filter(|(_, name)| name.as_os_str() != "-")
            .cloned()
            .collect();
        for (store, name) in gone {
            self.look_at_set(
                store,
                &LogSet {
                    name,
                    generations: Vec::new(),
                },
                false,
            );
        }
    }

    fn look_at_set(&mut self, store: usize, now: &LogSet, first: bool) {
        let key = (store, now.name.clone());
        let mut set = self.sets.remove(&key).unwrap_or_else(|| SetState {
            name: now.name.to_string_lossy().into(),
            store,
            seen: Vec::new(),
            tracks: HashMap::new(),
            unidentified: HashSet::new(),
        });
        let changes = compare(&set.seen, &now.generations);
        set.seen.clone_from(&now.generations);
        for change in &changes {
            let live = change.file.path == now.name || now.name.as_os_str() == "-";
            if let Err(error) = self.change(&mut set, &change.file, &change.what, live, first) {
                self.sinks[store].source_error(&set.name, Some(error.to_string()));
            }
        }
        self.settle_copies(&mut set);
        self.check_chain(&set);
        self.sets.insert(key, set);
    }

    fn change(
        &mut self,
        set: &mut SetState,
        file: &GenFile,
        what: &What,
        live: bool,
        first: bool,
    ) -> Result<(), IngestError> {
        match what {
            What::Removed => {
                self.removed(set, file);
                Ok(())
            }
            What::New { .. } => self.appeared(set, file, live, first),
            What::Unchanged if set.unidentified.contains(&file.id) => {
                self.appeared(set, file, live, first)
            }
            What::Unchanged | What::Appended { .. } | What::Truncated | What::ChangedInPlace => {
                self.grew(set, file, what, live)
            }
        }
    }

    /// Reads on in files that changed without coming, going or being renamed.
    fn read_changed(&mut self, files: &std::collections::BTreeSet<PathBuf>) {
        let touched: Vec<(usize, PathBuf)> = self
            .sets
            .iter()
            .filter(|(_, set)| set.seen.iter().any(|f| files.contains(&f.path)))
            .map(|(key, _)| key.clone())
            .collect();
        let mut rescan = false;
        for (store, name) in touched {
            let Some(set) = self.sets.get(&(store, name.clone())) else {
                continue;
            };
            match (LogSet {
                name,
                generations: set.seen.clone(),
            })
            .restat()
            {
                Some(now) => self.look_at_set(store, &now, false),
                None => rescan = true,
            }
        }
        if rescan {
            let discovery = self.discoverer.scan();
            self.watcher.update(&discovery);
            self.look(&discovery, false);
        }
    }

    /// A file not seen before by this process.
    fn appeared(
        &mut self,
        set: &mut SetState,
        file: &GenFile,
        live: bool,
        first: bool,
    ) -> Result<(), IngestError> {
        let settled = !self.options.follow || !live || old(file.mtime);
        let Some(identity) = identify(file, &self.registry, settled)? else {
            set.unidentified.insert(file.id);
            return Ok(());
        };
        set.unidentified.remove(&file.id);
        let sink = self.sinks[set.store].clone();
        let known = sink.generations();
        let existing = known
            .iter()
            .find(|(_, g)| g.source == set.name && g.key == identity.key)
            .cloned();
        // Another file of the set with the same first record: a copy while it is made, or the original after.
        let twin = set
            .tracks
            .iter()
            .find(|(_, t)| t.identity.key == identity.key && t.copy_of.is_none());
        if let Some((original, track)) = twin {
            let (original, id) = (*original, track.id);
            set.tracks.insert(
                file.id,
                Track {
                    file: file.clone(),
                    identity,
                    id,
                    tailer: None,
                    copy_of: Some(original),
                },
            );
            return Ok(());
        }
        let rank = existing
            .as_ref()
            .map_or_else(|| next_rank(set, file, &known), |(_, g)| g.rank);
        let stale = existing.as_ref().is_some_and(|(_, g)| {
            g.format != identity.format.id() || g.version != identity.format.version()
        });
        let mut generation = describe(set, file, &identity, rank);
        if let Some((id, old)) = &existing {
            let shrunk =
                !old.compressed && file.compression == Compression::None && file.len < old.len;
            let rewritten = !old.compressed
                && file.compression == Compression::None
                && file.len == old.len
                && mtime(file) != old.mtime
                && old.ino == file.id.ino;
            if stale || shrunk || rewritten {
                if rewritten || shrunk {
                    sink.message(format!(
                        "{} was changed in place: it is read again",
                        file.path.display()
                    ));
                }
                sink.forget(*id)?;
            } else {
                generation.done.clone_from(&old.done);
                generation.lines = old.lines;
                generation.closed =
                    old.closed && (old.len == file.len || file.compression != Compression::None);
                generation.reference = old.reference;
            }
        }
        let id = sink.declare(generation.clone());
        let mut track = Track {
            file: file.clone(),
            identity,
            id,
            tailer: None,
            copy_of: None,
        };
        self.plan(set, &mut track, &generation, live, first)?;
        set.tracks.insert(file.id, track);
        Ok(())
    }

    /// Decides what of a generation is followed and what is queued.
    fn plan(
        &self,
        set: &SetState,
        track: &mut Track,
        generation: &Generation,
        live: bool,
        first: bool,
    ) -> Result<(), IngestError> {
        let sink = &self.sinks[set.store];
        let file = &track.file;
        let format = &track.identity.format;
        if generation.closed {
            return Ok(());
        }
        let job = |work: Work, weight: u64| Job {
            id: track.id,
            generation: generation.clone(),
            file: file.clone(),
            format: format.clone(),
            sink: sink.clone(),
            store: set.store,
            work,
            newest: mtime(file),
            weight,
        };
        if file.compression != Compression::None || !format.splittable() {
            if sink.writes() {
                self.queue.push(job(Work::Whole, file.len));
            }
            return Ok(());
        }
        let done = generation.done_from_start();
        if !live {
            if sink.writes() {
                self.queue.push(job(
                    Work::Plan {
                        end: file.len,
                        closed: true,
                    },
                    file.len,
                ));
            }
            return Ok(());
        }
        let reader = open_at(file, 0)?;
        let failed = IngestError::Read;
        let start =
            if file.len - done.min(file.len) <= READ_ON && (done > 0 || file.len <= FIRST_LOOK) {
                done.min(file.len)
            } else {
                let look = if first { FIRST_LOOK } else { 0 };
                let wanted = file.len.saturating_sub(look).max(done);
                line_start_at_or_after(&reader, wanted)
                    .map_err(failed)?
                    .unwrap_or(wanted)
                    .max(done)
            };
        let framer =
            line_start_at_or_before(&reader, start.saturating_sub(format.lookback().max(4096)))
                .map_err(failed)?;
        // What a record before `start` was complete with is known to end there; older ones are only looked at.
        let lines = if start == 0 {
            Some(0)
        } else if start == done {
            let between =
                crate::source::newlines::count_newlines(&reader, framer..start).map_err(failed)?;
            Some(generation.lines.saturating_sub(between))
        } else {
            None
        };
        let reading = Reading::new(&self.registry, format, generation, self.options.zone_offset);
        let at = TailStart {
            framer,
            start,
            lines,
        };
        let mut tailer = Tailer::new(track.id, sink.clone(), file, format, reading, at)?;
        tailer.read_on()?;
        if !self.options.follow {
            tailer.settle(true)?;
        }
        track.tailer = Some(tailer);
        if start > done {
            // The lines are counted even where another process writes: they number what is shown.
            self.queue.push(job(
                Work::Plan {
                    end: start,
                    closed: false,
                },
                start - done,
            ));
        }
        Ok(())
    }

    /// A file known to this process is longer, shorter, changed, or just somewhere else.
    fn grew(
        &mut self,
        set: &mut SetState,
        file: &GenFile,
        what: &What,
        live: bool,
    ) -> Result<(), IngestError> {
        let Some(mut track) = set.tracks.remove(&file.id) else {
            return self.appeared(set, file, live, false);
        };
        if track.copy_of.is_some() {
            track.file = file.clone();
            set.tracks.insert(file.id, track);
            return Ok(());
        }
        let moved = track.file.path != file.path;
        let begins_anew = match what {
            What::Truncated => true,
            What::Appended { .. } | What::ChangedInPlace => {
                file.compression == Compression::None
                    && !still_begins_with(file, &track.identity.head)?
            }
            _ => false,
        };
        if begins_anew {
            self.emptied(set, track)?;
            return self.appeared(set, file, live, false);
        }
        track.file = file.clone();
        if moved {
            let mut generation = self.generation(set, &track);
            generation.path.clone_from(&file.path);
            self.sinks[set.store].declare(generation);
        }
        match (what, &mut track.tailer) {
            (What::Unchanged, _) => {}
            (What::ChangedInPlace, _) => {
                // Nothing was appended, so something was overwritten (or only touched, which reads the same).
                let sink = self.sinks[set.store].clone();
                sink.message(format!(
                    "{} was changed in place: it is read again",
                    file.path.display()
                ));
                sink.forget(track.id)?;
                return self.appeared(set, file, live, false);
            }
            (_, Some(tailer)) => {
                tailer.read_on()?;
            }
            (_, None) => {
                let generation = Generation {
                    closed: false,
                    ..self.generation(set, &track)
                };
                let mut track_again = track;
                self.plan(set, &mut track_again, &generation, live, false)?;
                set.tracks.insert(file.id, track_again);
                return Ok(());
            }
        }
        set.tracks.insert(file.id, track);
        Ok(())
    }

    fn generation(&self, set: &SetState, track: &Track) -> Generation {
        let known = self.sinks[set.store].generations();
        let found = known.into_iter().find(|(id, _)| *id == track.id);
        found.map_or_else(
            || describe(set, &track.file, &track.identity, 0),
            |(_, g)| g,
        )
    }

    /// A file was emptied under us: what it held is in a copy, or lost beyond what was read.
    fn emptied(&mut self, set: &mut SetState, mut track: Track) -> Result<(), IngestError> {
        let copy = set.seen.iter().find(|f| {
            f.compression == Compression::None
                && f.id != track.file.id
                && still_begins_with(f, &track.identity.head).unwrap_or(false)
                && set
                    .tracks
                    .get(&f.id)
                    .is_none_or(|t| t.copy_of == Some(track.file.id))
        });
        let Some(copy) = copy.cloned() else {
            if let Some(mut tailer) = track.tailer.take() {
                tailer.finish()?;
            }
            let mut generation = self.generation(set, &track);
            generation.gone = true;
            generation.closed = true;
            self.sinks[set.store].declare(generation);
            return Ok(());
        };
        if let Some(tailer) = &mut track.tailer {
            tailer.move_to(&copy)?;
            tailer.read_on()?;
        }
        let mut generation = self.generation(set, &track);
        generation.path.clone_from(&copy.path);
        (generation.dev, generation.ino) = (copy.id.dev, copy.id.ino);
        self.sinks[set.store].declare(generation);
        track.file = copy.clone();
        set.tracks.insert(copy.id, track);
        Ok(())
    }

    fn removed(&mut self, set: &mut SetState, file: &GenFile) {
        set.unidentified.remove(&file.id);
        let Some(mut track) = set.tracks.remove(&file.id) else {
            return;
        };
        if track.copy_of.is_some() {
            return;
        }
        if let Some(tailer) = &mut track.tailer {
            // The open file can still be read to its end after it was deleted.
            let read = tailer.read_on().and_then(|_| tailer.finish());
            if let Err(error) = read {
                self.sinks[set.store].source_error(&set.name, Some(error.to_string()));
            }
        }
        let mut generation = self.generation(set, &track);
        generation.gone = true;
        generation.closed = true;
        self.sinks[set.store].declare(generation);
    }

    /// Copies whose original is no longer there become the generation themselves.
    fn settle_copies(&mut self, set: &mut SetState) {
        let orphans: Vec<GenFile> = set
            .tracks
            .values()
            .filter(|t| {
                t.copy_of
                    .is_some_and(|original| !set.tracks.contains_key(&original))
            })
            .map(|t| t.file.clone())
            .collect();
        for file in orphans {
            set.tracks.remove(&file.id);
            if let Err(error) = self.appeared(set, &file, false, false) {
                self.sinks[set.store].source_error(&set.name, Some(error.to_string()));
            }
        }
    }

    /// What the workers found out.
    fn hear(&mut self) {
        while let Ok(outcome) = self.outcomes.try_recv() {
            match outcome {
                Outcome::Lines {
                    id,
                    store,
                    at,
                    lines,
                } => self.number(store, id, at, lines),
                Outcome::Failed { source, error } => {
                    let store = self
                        .sets
                        .values()
                        .find(|s| s.name == source)
                        .map_or(0, |s| s.store);
                    self.sinks[store].source_error(&source, Some(error));
                }
                Outcome::WholeDone { id, store } => self.close(store, id),
                Outcome::Done => {}
            }
        }
    }

    fn number(&mut self, store: usize, id: GenerationId, at: u64, lines: u64) {
        let sets = self.sets.values_mut().filter(|s| s.store == store);
        let tracks = sets
            .flat_map(|s| s.tracks.values_mut())
            .filter(|t| t.id == id);
        for track in tracks {
            let Some(tailer) = track.tailer.as_mut().filter(|t| t.is_unnumbered()) else {
                continue;
            };
            let file = track.file.clone();
            let before = open_at(&file, 0)
                .map_err(IngestError::from)
                .and_then(|r| tailer.number_from(&r, at, lines));
            if let Err(error) = before {
                self.sinks[store].message(format!("{}: {error}", file.path.display()));
            }
        }
    }

    /// A generation that will not grow is read to its end.
    fn close(&mut self, store: usize, id: GenerationId) {
        let known = self.sinks[store].generations();
        let Some((_, mut generation)) = known.into_iter().find(|(i, _)| *i == id) else {
            return;
        };
        let track = self
            .sets
            .values()
            .flat_map(|s| s.tracks.values())
            .find(|t| t.id == id);
        if let Some(track) = track {
            generation.len = track.file.len;
            generation.mtime = mtime(&track.file);
            generation.compressed = track.file.compression != Compression::None;
        }
        generation.closed = true;
        self.sinks[store].declare(generation);
    }

    /// Where the writing process has died, this one goes on with its work.
    fn take_over(&mut self) {
        for store in 0..self.sinks.len() {
            if self.wrote[store] || !self.sinks[store].writes() {
                continue;
            }
            self.wrote[store] = true;
            self.sinks[store]
                .message("the process that indexed has ended; this one goes on".into());
            let keys: Vec<(usize, PathBuf)> = self
                .sets
                .keys()
                .filter(|(s, _)| *s == store)
                .cloned()
                .collect();
            for key in keys {
                if let Some(set) = self.sets.remove(&key) {
                    let now = LogSet {
                        name: key.1.clone(),
                        generations: set.seen,
                    };
                    self.look_at_set(store, &now, false);
                }
            }
        }
    }

    fn settle(&mut self) {
        for set in self.sets.values_mut() {
            for track in set.tracks.values_mut() {
                let Some(tailer) = &mut track.tailer else {
                    continue;
                };
                if let Err(error) = tailer.settle(false) {
                    self.sinks[set.store].source_error(&set.name, Some(error.to_string()));
                }
            }
        }
    }

    /// Hands the picture of a set to the chain thread.
    fn check_chain(&self, set: &SetState) {
        let known = self.sinks[set.store].generations();
        let mut files: Vec<ChainFile> = set
            .tracks
            .values()
            .filter(|t| t.copy_of.is_none())
            .filter_map(|t| {
                let (_, generation) = known.iter().find(|(id, _)| *id == t.id)?;
                let live = t.tailer.is_some();
                Some(ChainFile {
                    rank: generation.rank,
                    file: t.file.clone(),
                    format: t.identity.format.clone(),
                    closed: !live || !self.options.follow,
                })
            })
            .collect();
        files.sort_by_key(|f| f.rank);
        let work = ChainWork {
            source: set.name.clone(),
            sink: self.sinks[set.store].clone(),
            files,
        };
        // The chain thread ends with this one.
        let _ = self.chains.send(work);
    }

    /// Tells sinks and waiters how far things are.
    fn tell(&mut self) {
        let stdin_open = self
            .spool
            .as_ref()
            .is_some_and(|(_, spool)| spool.end().is_none());
        for (store, sink) in self.sinks.iter().enumerate() {
            let progress = self.queue.progress(store);
            let covers = Covers {
                complete: progress.idle,
                since: if progress.idle {
                    None
                } else {
                    progress.horizon
                },
                done: progress.done,
                total: progress.total,
                ..Covers::default()
            };
            if store == 0 {
                let state = (progress.done, progress.idle);
                if self.told == Some(state) {
                    break;
                }
                self.told = Some(state);
            }
            sink.progress(Covers {
                complete: covers.complete && !stdin_open,
                ..covers
            });
        }
        let progress = self.queue.progress(0);
        let idle = progress.idle && self.outcomes.is_empty();
        if idle && !self.completed && !stdin_open {
            let mut failed = None;
            for sink in &self.sinks {
                failed = failed.or(sink.flush().err());
            }
            if let Some(error) = failed {
                self.sinks[0].message(error.to_string());
            }
            self.completed = true;
            self.finish_waiters(Covers {
                complete: true,
                done: progress.done,
                total: progress.total,
                ..Covers::default()
            });
        } else if !self.completed {
            self.finish_waiters(Covers {
                done: progress.done,
                total: progress.total,
                ..Covers::default()
            });
        }
    }

    fn finish_waiters(&self, covers: Covers) {
        if covers.complete {
            // Nobody may be waiting; a full queue holds an older state, which is taken out first.
            while let Err(TrySendError::Full(_)) = self.covers.try_send(covers.clone()) {
                if self.stop.load(Ordering::Relaxed) {
                    return;
                }
                std::thread::yield_now();
            }
        } else {
            let _ = self.covers.try_send(covers);
        }
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, IngestError> {
    std::thread::Builder::new()
        .name(name.into())
        .spawn(body)
        .map_err(IngestError::Thread)
}

fn mtime(file: &GenFile) -> i64 {
    let since = file
        .mtime
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Whether a file has been left alone for a while.
fn old(mtime: SystemTime) -> bool {
    mtime
        .elapsed()
        .is_ok_and(|age| age > Duration::from_secs(2))
}

fn describe(set: &SetState, file: &GenFile, identity: &Identity, rank: i32) -> Generation {
    Generation {
        source: set.name.clone(),
        key: identity.key.clone(),
        rank,
        path: file.path.clone(),
        dev: file.id.dev,
        ino: file.id.ino,
        len: file.len,
        mtime: mtime(file),
        compressed: file.compression != Compression::None,
        format: identity.format.id().to_owned(),
        version: identity.format.version(),
        reference: Timestamp(mtime(file)),
        ..Generation::default()
    }
}

/// The rank of a file that the index does not know: by its place among the files of its set.
fn next_rank(set: &SetState, file: &GenFile, known: &[(GenerationId, Generation)]) -> i32 {
    let ranks = || {
        known
            .iter()
            .filter(|(_, g)| g.source == set.name)
            .map(|(_, g)| g.rank)
    };
    let place = set.seen.iter().position(|f| f.id == file.id).unwrap_or(0);
    let older = set.seen[..place]
        .iter()
        .any(|f| set.tracks.contains_key(&f.id));
    let newer = set.seen[(place + 1).min(set.seen.len())..]
        .iter()
        .any(|f| set.tracks.contains_key(&f.id));
    match (ranks().min(), ranks().max()) {
        (Some(min), Some(_)) if newer && !older => min - 1,
        (Some(_), Some(max)) => max + 1,
        _ => 0,
    }
}
