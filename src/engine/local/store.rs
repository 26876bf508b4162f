//! One index on disk: opening, rebuilding, the writer's lock, and what a search sees of it.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tantivy::indexer::IndexWriterOptions;
use tantivy::merge_policy::LogMergePolicy;
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, TantivyError};

use super::accept::{Benches, Waiting};
use super::catalog::Catalog;
use super::commit::{Pending, Stop};
use super::document::IndexDocument;
use super::failed;
use super::hub::Hub;
use super::known::{Adopt, Inner, Known, Live};
use super::lower::GenerationFacts;
use super::numbered::Numbered;
use super::originals::Originals;
use super::paths::SegmentPaths;
use super::postings::Postings;
use super::schema::{self, Columns};
use super::whole::Whole;
use crate::engine::sink::Generation;
use crate::engine::{EngineError, SourceInfo};
use crate::event::Zone;
use crate::format::Registry;

/// Memory of the index's writer; more gains nothing (measured), less costs speed.
const WRITER_BYTES: usize = 100 << 20;
/// One table of terms: two would push each other out of the processor's cache, and cost more than they share.
const WRITER_THREADS: usize = 1;
/// One goes on with the small segments while another is at large ones. They are started, and take memory, by every
/// process that may write.
const MERGE_THREADS: usize = 2;
/// Segments of a size are merged when there are so many: a few more to search, each event copied less often.
const MERGED_AT_ONCE: usize = 8;

/// Looks at an index that seems damaged before it is taken for damaged.
const TRIES: u32 = 3;

/// Why an index could not be opened.
enum Unusable {
    /// What is in the directory is no index of this version: it has to be built again.
    Damaged(String),
    /// Something else is in the way (rights, space, file handles): the index stays as it is.
    Trouble(EngineError),
}

impl From<EngineError> for Unusable {
    fn from(error: EngineError) -> Self {
        Self::Trouble(error)
    }
}

impl From<TantivyError> for Unusable {
    fn from(error: TantivyError) -> Self {
        use tantivy::directory::error::OpenReadError;
        match error {
            TantivyError::IoError(_)
            | TantivyError::LockFailure(..)
            | TantivyError::OpenReadError(OpenReadError::IoError { .. }) => {
                Self::Trouble(failed(error))
            }
            other => Self::Damaged(other.to_string()),
        }
    }
}

/// What people should be told about opening.
pub(crate) type Message = Option<String>;

pub(crate) struct Store {
    pub(crate) number: usize,
    pub(crate) dir: PathBuf,
    pub(crate) index: Index,
    pub(crate) columns: Columns,
    pub(crate) originals: Arc<Originals>,
    reader: IndexReader,
    /// `None` while another process writes.
    pub(crate) writer: RwLock<Option<Box<IndexWriter<Box<IndexDocument>>>>>,
    /// Whether there is a writer, asked without waiting for a commit.
    writes: AtomicBool,
    inner: Mutex<Inner>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) registry: Arc<Registry>,
    /// Zone of times that name none.
    pub(crate) zone: Zone,
    pub(crate) pending: Mutex<Pending>,
    pub(crate) waiting: Mutex<Waiting>,
    pub(crate) benches: Benches,
    pub(crate) paths: Mutex<SegmentPaths>,
    pub(crate) whole: Whole,
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> EngineError {
    let path = path.to_owned();
    move |source| EngineError::Io {
        action,
        path,
        source,
    }
}

impl Store {
    /// Opens or creates the index in `dir`, rebuilding it if it is damaged or of another version.
    pub(crate) fn open(
        dir: &Path,
        number: usize,
        hub: Arc<Hub>,
        registry: &Arc<Registry>,
        zone: Zone,
    ) -> Result<(Self, Message), EngineError> {
        create_private(dir).map_err(io_error("create", dir))?;
        let mut tries = 0;
        loop {
            let reason = match Self::try_open(dir, number, hub.clone(), registry, zone) {
                Ok(store) => return Ok((store, None)),
                Err(Unusable::Trouble(error)) => return Err(error),
                Err(Unusable::Damaged(reason)) => reason,
            };
            // Another process may be creating it, or committing, this very moment: then the next look finds it well.
            tries += 1;
            if tries < TRIES {
                std::thread::yield_now();
                continue;
            }
            let lock = lock_for_rebuilding(dir).map_err(io_error("rebuild the index in", dir))?;
            empty(dir).map_err(io_error("rebuild the index in", dir))?;
            drop(lock);
            let message = format!("the index in {} is built again: {reason}", dir.display());
            return match Self::try_open(dir, number, hub, registry, zone) {
                Ok(store) => Ok((store, Some(message))),
                Err(Unusable::Trouble(error)) => Err(error),
                Err(Unusable::Damaged(reason)) => Err(EngineError::Index(reason)),
            };
        }
    }

    fn try_open(
        dir: &Path,
        number: usize,
        hub: Arc<Hub>,
        registry: &Arc<Registry>,
        zone: Zone,
    ) -> Result<Self, Unusable> {
        let (schema, columns) = schema::build();
        let fresh = !dir.join("meta.json").exists();
        let path = dir.join("originals");
        if fresh && std::fs::metadata(&path).is_ok_and(|m| m.len() > 0) {
            return Err(Unusable::Damaged("its meta.json is missing".into()));
        }
        let mut index = if fresh {
            Index::create_in_dir(dir, schema.clone()).map_err(Unusable::from)?
        } else {
            Index::open_in_dir(dir).map_err(Unusable::from)?
        };
        if index.schema() != schema {
            return Err(Unusable::Damaged(
                "it was written by another version".into(),
            ));
        }
        let numbered = Arc::new(Numbered::default());
        index.register_plugin(Arc::new(Postings {
            terms: columns.terms,
            generation: columns.generation,
            numbered: numbered.clone(),
        }));
        let originals = Arc::new(Originals::open(&path).map_err(io_error("open", &path))?);
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()
            .map_err(Unusable::from)?;
        let payload = index.load_metas().map_err(Unusable::from)?.payload;
        let catalog = match (payload.as_deref(), fresh) {
            (None, _) => Catalog::new(),
            (Some(text), _) => Catalog::read(Some(text))
                .ok_or_else(|| Unusable::Damaged("it was written by another version".into()))?,
        };
        let searcher = reader.searcher();
        // Looked at after the catalogue was read: a writer appends before it commits.
        if originals.on_disk().map_err(io_error("read", &path))? < catalog.originals {
            return Err(Unusable::Damaged("its originals are cut short".into()));
        }
        let mut inner = Inner {
            searcher: searcher.clone(),
            catalog: Arc::new(Catalog::new()),
            known: Vec::new(),
            by_source: HashMap::new(),
            live: Live::new(),
            live_paths: Arc::default(),
            dying: Arc::default(),
        };
        inner.adopt(catalog, searcher, Adopt::Whole);
        let bell = hub.bell.clone();
        let store = Self {
            number,
            dir: dir.to_owned(),
            index,
            columns,
            originals,
            reader,
            writer: RwLock::new(None),
            writes: AtomicBool::new(false),
            inner: Mutex::new(inner),
            hub,
            registry: registry.clone(),
            zone,
            pending: Mutex::new(Pending::new(bell)),
            waiting: Mutex::default(),
            benches: Benches::new(numbered),
            paths: Mutex::default(),
            whole: Whole::default(),
        };
        store.try_become_writer()?;
        Ok(store)
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_writer(&self) -> bool {
        self.writes.load(Ordering::Acquire)
    }

    /// Takes over writing if no process does; `false` if one does.
    pub(crate) fn try_become_writer(&self) -> Result<bool, EngineError> {
        let mut slot = self.writer.write().unwrap_or_else(PoisonError::into_inner);
        if slot.is_some() {
            return Ok(false);
        }
        let options = IndexWriterOptions::builder()
            .num_worker_threads(WRITER_THREADS)
            .memory_budget_per_thread(WRITER_BYTES)
            .num_merge_threads(MERGE_THREADS)
            .build();
        let writer: IndexWriter<Box<IndexDocument>> = match self.index.writer_with_options(options)
        {
            Ok(writer) => writer,
            Err(TantivyError::LockFailure(..)) => return Ok(false),
            Err(error) => return Err(failed(error)),
        };
        let mut policy = LogMergePolicy::default();
        policy.set_min_num_segments(MERGED_AT_ONCE);
        writer.set_merge_policy(Box::new(policy));
        // What the last writer committed counts, not what this process saw when it opened the index.
        self.reload()?;
        let committed = self.inner().catalog.originals;
        self.originals
            .truncate(committed)
            .map_err(io_error("open", &self.dir.join("originals")))?;
        drop(writer.garbage_collect_files());
        *slot = Some(Box::new(writer));
        self.pending().turn += 1;
        self.writes.store(true, Ordering::Release);
        Ok(true)
    }

    /// Where generations stand, for reading records back when nobody asks for verdicts.
    pub(crate) fn facts_without_chains(catalog: &Catalog) -> Vec<GenerationFacts> {
        let facts = |g: &Generation| GenerationFacts {
            source: g.source.clone(),
            rank: g.rank,
            chain: None,
        };
        catalog.generations.iter().map(facts).collect()
    }

    /// Stops writing, and says why.
    pub(crate) fn stop_writing(&self, stop: Stop) {
        let reason = stop.reason.clone();
        let mut pending = self.pending();
        let is_news = pending.stopped.is_none();
        if pending.stopped.as_ref().is_none_or(|s| s.until_room) {
            pending.stopped = Some(stop);
        }
        drop(pending);
        if is_news {
            self.hub.lock().say(format!("indexing stopped: {reason}"));
        }
    }

    /// There is room again: writing goes on, if it stopped for want of that.
    pub(crate) fn resume_writing(&self) {
        let mut pending = self.pending();
        if pending.stopped.as_ref().is_some_and(|s| s.until_room) {
            pending.stopped = None;
            pending.turn += 1;
            drop(pending);
            let room = "there is room again: indexing goes on";
            self.hub.lock().say(room.into());
        }
    }

    /// Why writing stopped, if it did.
    pub(crate) fn stopped(&self) -> Option<String> {
        self.pending().stopped.as_ref().map(|s| s.reason.clone())
    }

    /// Events that came after their time was shown as complete.
    pub(crate) fn late(&self) -> u64 {
        self.pending().late
    }

    /// Adds what is known of each source to `sources`.
    pub(crate) fn describe_sources(&self, sources: &mut BTreeMap<Arc<str>, SourceInfo>) {
        let inner = self.inner();
        // The newest file that is there says how the source is read.
        let mut oldest_first: Vec<&Known> = inner.known.iter().collect();
        oldest_first.sort_by_key(|k| (!k.generation.gone, k.generation.rank));
        for known in oldest_first {
            let generation = &known.generation;
            let info = sources.entry(generation.source.clone()).or_default();
            info.name = generation.source.clone();
            info.format = crate::format::id_of(&generation.format).into();
            info.format_chosen = generation.chosen;
            if let Some(cut) = generation.cut.as_ref().filter(|_| !generation.gone) {
                info.cut
                    .push(format!("{}: {cut}", generation.path.display()));
            }
            let held = known.ordinal.and_then(|o| inner.catalog.held.get(o));
            let held = held.copied().unwrap_or_default();
            info.events += held.events;
            info.unparsed += held.unparsed;
            info.widen(held.oldest, held.newest);
        }
        for frame in inner.live.values() {
            for event in &frame.events {
                let info = sources.entry(event.source.clone()).or_default();
                info.add(event.ts);
            }
        }
    }

    /// Takes over what is committed: the searcher, the catalogue, and live records that are in the index now; `false` if
    /// that is what was there before.
    pub(crate) fn reload(&self) -> Result<bool, EngineError> {
        let metas = loop {
            let before = self.index.load_metas().map_err(failed)?;
            self.reader.reload().map_err(failed)?;
            // Another process may have committed in between: catalogue and searcher must be of one commit.
            if self.index.load_metas().map_err(failed)?.opstamp == before.opstamp {
                break before;
            }
        };
        let Some(catalog) = Catalog::read(metas.payload.as_deref()) else {
            return Ok(false);
        };
        let mut inner = self.inner();
        let before = inner.searcher.generation().clone();
        let adopt = match self.is_writer() {
            true => Adopt::Own,
            false => Adopt::Whole,
        };
        inner.adopt(catalog, self.reader.searcher(), adopt);
        if adopt == Adopt::Own {
            inner.dying = Arc::new(self.pending().forgotten());
        }
        Ok(inner.searcher.generation() != &before)
    }
}

/// Takes the lock that tantivy's writer takes: while another process writes, its index is not rebuilt.
fn lock_for_rebuilding(dir: &Path) -> std::io::Result<std::fs::File> {
    let path = dir.join(".tantivy-writer.lock");
    let file = std::fs::File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive)?;
    Ok(file)
}

/// Removes the files of an index, which has no subdirectories, but for its locks.
fn empty(dir: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entry.path().extension().is_none_or(|e| e != "lock") {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Creates a directory that only its owner may enter; refuses one that belongs to somebody else.
fn create_private(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)?;
    let owner = std::fs::metadata(dir)?.uid();
    if owner != rustix::process::geteuid().as_raw() {
        let message =
            format!("it belongs to uid {owner}: set AUDITTY_HOME to a directory of your own");
        return Err(std::io::Error::new(
            std::io::ErrorKind::PermissionDenied,
            message,
        ));
    }
    Ok(())
}
