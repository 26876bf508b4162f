//! Decides what is read when: which generation a file is, what is new in it, what is left over from before.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::backlog::Worker;
use super::chains::{ChainJob, ChainWork, Chains};
use super::choices::Choice;
use super::identify::{Identity, still_begins_with};
use super::pipes::Pipe;
use super::queue::{Outcome, Queue};
use super::remembered;
use super::tailer::Tailer;
use super::vouched::{Ask, Vouching, may_vouch};
use super::walk::ChainFile;
use super::{IngestError, Options};
use crate::chain::ossec::is_sum_name;
use crate::engine::Covers;
use crate::engine::sink::{EventSink, Generation, GenerationId};
use crate::format::Registry;
use crate::source::follow::{Change, What, compare};
use crate::source::watch::{Waker, Watcher};
use crate::source::{Discoverer, Discovery, FileId, GenFile, LogSet, SkipReason, SourceError};
use crate::text;

/// Live files beyond this many are not read ahead of their turn.
const FIRST_LOOK_FILES: usize = 64;
/// Time between looks when nothing happens.
const IDLE: Duration = Duration::from_secs(1);

/// One file of a set.
pub(super) struct Track {
    pub(super) file: GenFile,
    pub(super) identity: Identity,
    pub(super) id: GenerationId,
    pub(super) tailer: Option<Tailer>,
    /// Set to end what the workers still do for it.
    pub(super) cancelled: Arc<AtomicBool>,
    /// A copy of another file's bytes, which is read there.
    pub(super) copy_of: Option<FileId>,
}

pub(super) struct SetState {
    pub(super) name: Arc<str>,
    pub(super) store: usize,
    /// The files as they are now.
    pub(super) now: Vec<GenFile>,
    /// The files as far as what happened to them was dealt with.
    pub(super) seen: Vec<GenFile>,
    pub(super) tracks: HashMap<FileId, Track>,
    /// Files whose first record is not complete yet.
    pub(super) unidentified: HashSet<FileId>,
}

pub(super) struct Coordinator {
    pub(super) discoverer: Discoverer,
    pub(super) watcher: Watcher,
    pub(super) registry: Arc<Registry>,
    pub(super) options: Options,
    pub(super) sinks: Vec<Arc<dyn EventSink>>,
    /// Path of each root, to find its sink again.
    pub(super) roots: Vec<PathBuf>,
    pub(super) sets: BTreeMap<(usize, PathBuf), SetState>,
    pub(super) queue: Arc<Queue>,
    pub(super) outcomes: Receiver<Outcome>,
    pub(super) chains: Sender<ChainJob>,
    /// To the thread that looks at what vouches for logs.
    vouching: Sender<Ask>,
    /// It has something to look at.
    vouches: bool,
    /// What the two threads have still to deal with.
    pub(super) chains_left: Arc<AtomicUsize>,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) covers: Sender<Covers>,
    pub(super) pipes: Vec<Pipe>,
    /// Sinks were told that nothing more comes.
    pub(super) told_end: bool,
    /// By sink: the turn of writing that it is at.
    pub(super) turns: Vec<Option<u64>>,
    pub(super) completed: bool,
    pub(super) told: Option<(u64, bool, bool)>,
    /// Something moved while it was looked at: look again.
    pub(super) look_again: bool,
    /// What a person wants to have read otherwise.
    pub(super) choices: Receiver<Choice>,
    /// By set: the format a person chose in this run; `None` = by its content.
    pub(super) chosen: HashMap<Arc<str>, Option<String>>,
}

/// Its ends of what joins it with whoever started it.
pub(super) struct Ends {
    pub(super) stop: Arc<AtomicBool>,
    pub(super) covers: Sender<Covers>,
    pub(super) choices: Receiver<Choice>,
}

impl Coordinator {
    /// Starts the workers and prepares the coordinator, which the caller runs in its own thread.
    pub(super) fn start(
        discoverer: Discoverer,
        discovery: Discovery,
        sinks: Vec<Arc<dyn EventSink>>,
        registry: Arc<Registry>,
        options: Options,
        Ends {
            stop,
            covers,
            choices,
        }: Ends,
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
                zone: options.zone,
                report: Box::new(move |outcome| {
                    // The coordinator outlives the workers; if it is gone there is nobody to tell.
                    let _ = report.send(outcome);
                    waker.wake();
                }),
            };
            threads.push(spawn(&format!("index-{number}"), move || worker.run())?);
        }
        let (chains, work) = unbounded();
        let chains_left = Arc::new(AtomicUsize::new(0));
        let checker = Chains::new(
            work,
            chains_left.clone(),
            stop.clone(),
            watcher.waker(),
            options.chains.clone(),
            options.seals.clone(),
        );
        threads.push(spawn("chains", move || checker.run())?);
        let (vouching, asked) = unbounded();
        let keys = options.digest_keys.clone();
        let looker = Vouching::new(asked, chains.clone(), keys);
        threads.push(spawn("vouching", move || looker.run())?);
        let roots: Vec<PathBuf> = discovery.roots.iter().map(|r| r.path.clone()).collect();
        let turns = sinks.iter().map(|s| s.writing()).collect();
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
            chains_left,
            vouching,
            vouches: false,
            stop,
            covers,
            pipes: Vec::new(),
            told_end: false,
            turns,
            completed: false,
            told: None,
            look_again: false,
            choices,
            chosen: HashMap::new(),
        };
        coordinator.open_pipes(&discovery)?;
        coordinator.look(&discovery, true);
        Ok((coordinator, waker, threads))
    }

    /// Runs until stopped.
    pub(super) fn run(mut self) {
        while !self.stop.load(Ordering::Relaxed) {
            let pipes_ended = self.read_pipes();
            self.hear();
            self.take_choices();
            self.take_turns();
            self.settle(false);
            self.tell(pipes_ended);
            let wake = self.watcher.recv(IDLE).unwrap_or_default();
            if !self.options.follow || self.stop.load(Ordering::Relaxed) {
                continue;
            }
            if wake.rescan || std::mem::take(&mut self.look_again) {
                self.rescan();
            } else if !wake.files.is_empty() {
                self.read_changed(&wake.files);
            }
        }
        self.queue.stop();
        self.note_lengths();
        for set in self.sets.values_mut() {
            set.tracks.clear();
        }
    }

    fn rescan(&mut self) {
        let discovery = self.discoverer.scan();
        self.watcher.update(&discovery);
        self.look(&discovery, false);
    }

    /// Compares every set with what was there before.
    fn look(&mut self, discovery: &Discovery, first: bool) {
        for skipped in discovery.skipped.iter().filter(|_| first) {
            if let Some(sink) = self.sinks.first() {
                // A path that was asked for and is not there; inside a folder it is only a dangling link.
                let is_asked_for = skipped.why == SkipReason::Missing
                    && !self.roots.iter().any(|r| skipped.path.starts_with(r));
                if is_asked_for
                    || matches!(skipped.why, SkipReason::Unreadable | SkipReason::Failed)
                {
                    sink.source_error(&text::path(&skipped.path), Some(skipped.detail.clone()));
                    continue;
                }
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
            .filter(|(store, _)| self.piped(*store).is_none())
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
        self.vouch(discovery);
    }

    /// Has a look taken at what vouches for logs, if anything does.
    fn vouch(&mut self, discovery: &Discovery) {
        if !self.options.verdicts {
            return;
        }
        let mut tracks = self.sets.values().flat_map(|set| set.tracks.values());
        // One that was emptied is known by its name.
        let mut skipped = discovery.skipped.iter();
        self.vouches |= tracks.any(|t| may_vouch(&*t.identity.format, &t.file.path))
            || skipped.any(|s| is_sum_name(&s.path.to_string_lossy()));
        if self.vouches {
            self.ask(Ask::Look(Box::new(discovery.clone())));
        }
    }

    fn ask(&self, ask: Ask) {
        self.chains_left.fetch_add(1, Ordering::AcqRel);
        // It ends with this thread.
        let _ = self.vouching.send(ask);
    }

    pub(super) fn look_at_set(&mut self, store: usize, now: &LogSet, first: bool) {
        let key = (store, now.name.clone());
        let mut set = self.sets.remove(&key).unwrap_or_else(|| SetState {
            name: text::path(&now.name).into(),
            store,
            now: Vec::new(),
            seen: Vec::new(),
            tracks: HashMap::new(),
            unidentified: HashSet::new(),
        });
        set.now.clone_from(&now.generations);
        let mut changes = compare(&set.seen, &now.generations);
        // Files that were emptied come first: a copy of what they held is a new file, and theirs.
        changes.sort_by_key(|c| !(matches!(c.what, What::Removed) || begins_anew(&set, c)));
        for change in changes {
            let live = change.file.path == now.name || self.piped(store).is_some();
            match self.change(&mut set, &change.file, &change.what, live, first) {
                Ok(()) => change.apply_to(&mut set.seen),
                // It was renamed between the look and the reading: the next look knows where it is.
                Err(IngestError::Source(SourceError::Replaced { .. })) => self.look_again = true,
                Err(error) => {
                    change.apply_to(&mut set.seen);
                    self.sinks[store].source_error(&set.name, Some(error.to_string()));
                }
            }
        }
        self.settle_copies(&mut set);
        self.check_chain(&key.1, &set);
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
    fn read_changed(&mut self, files: &BTreeSet<PathBuf>) {
        let touched: Vec<(usize, PathBuf)> = self
            .sets
            .iter()
            .filter(|(_, set)| set.now.iter().any(|f| files.contains(&f.path)))
            .map(|(key, _)| key.clone())
            .collect();
        if self.vouches {
            self.ask(Ask::Touched(files.clone()));
        }
        let mut rescan = false;
        for (store, name) in touched {
            let Some(set) = self.sets.get(&(store, name.clone())) else {
                continue;
            };
            match (LogSet {
                name,
                generations: set.now.clone(),
            })
            .restat()
            {
                Some(now) => self.look_at_set(store, &now, false),
                None => rescan = true,
            }
        }
        if rescan {
            self.rescan();
        }
    }

    /// Where a turn of writing begins (the process that wrote has died, or there is room again), what is missing is
    /// read; where one has ended, nothing more is.
    fn take_turns(&mut self) {
        for store in 0..self.sinks.len() {
            let turn = self.sinks[store].writing();
            if turn == self.turns[store] {
                continue;
            }
            self.turns[store] = turn;
            let sets = self.sets.values().filter(|s| s.store == store);
            for track in sets.flat_map(|s| s.tracks.values()) {
                track.cancelled.store(true, Ordering::Relaxed);
            }
            if turn.is_none() {
                continue;
            }
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
                        generations: set.now,
                    };
                    self.look_at_set(store, &now, false);
                }
            }
        }
    }

    /// Shows what has been open for a while as complete.
    pub(super) fn settle(&mut self, now: bool) {
        for set in self.sets.values_mut() {
            for tailer in set.tracks.values_mut().filter_map(|t| t.tailer.as_mut()) {
                if let Err(error) = tailer.settle(now) {
                    self.sinks[set.store].source_error(&set.name, Some(error.to_string()));
                }
            }
        }
    }

    /// Hands the picture of a set to the chain thread.
    fn check_chain(&self, log: &Path, set: &SetState) {
        if !self.options.verdicts {
            return;
        }
        let known = self.sinks[set.store].of_source(&set.name);
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
        let newest = files.last().and_then(|newest| {
            let of_newest = |(_, g): &&(_, Generation)| !g.gone && g.rank == newest.rank;
            known.iter().find(of_newest)
        });
        let remembered = newest.and_then(|(_, newest)| remembered::of(newest, &known));
        let work = ChainWork {
            source: set.name.clone(),
            log: log.to_owned(),
            sink: self.sinks[set.store].clone(),
            files,
            remembered,
        };
        self.chains_left.fetch_add(1, Ordering::AcqRel);
        // The chain thread ends with this one.
        let _ = self.chains.send(ChainJob::Walk(work));
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, IngestError> {
    std::thread::Builder::new()
        .name(name.into())
        .spawn(body)
        .map_err(IngestError::Thread)
}

/// Whether a known file no longer begins as it did.
fn begins_anew(set: &SetState, change: &Change) -> bool {
    let Some(track) = set.tracks.get(&change.file.id) else {
        return false;
    };
    match change.what {
        What::Truncated => true,
        What::Appended { .. } | What::ChangedInPlace => {
            still_begins_with(&change.file, &track.identity.head).is_ok_and(|same| !same)
        }
        _ => false,
    }
}
