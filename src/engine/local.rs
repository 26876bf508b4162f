//! The local engine: one tantivy index a source root, what is live in memory, and the union of both as the answer.

mod accept;
mod bounds;
mod by_terms;
mod candidates;
mod catalog;
mod coded;
mod collect;
mod commit;
mod cutter;
mod dictionary;
mod docset;
mod document;
mod evict;
mod fetch;
mod hub;
mod known;
mod lower;
mod memo;
mod numbered;
mod originals;
mod paths;
mod postings;
mod ranked;
mod replaced;
mod rest;
mod schema;
mod search;
mod sink;
mod spelling;
mod store;
mod term_table;
mod terms;
mod values;
mod whole;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, select};

use self::commit::Stop;
use self::hub::{Bell, Hub};
use self::lower::GenerationFacts;
use self::paths::{Paths, PathsOrTyped, PathsWhenAsked};
use self::search::{Found, Task, View};
use self::store::Store;
use super::page::Partial;
use super::sink::{EventSink, Scanner};
use super::{
    Cancel, Capabilities, Covers, Engine, EngineError, Hit, Info, SearchPage, SearchRequest, Sort,
    SourceInfo, Tail, TailRequest, Watermark,
};
use crate::chain::ChainReport;
use crate::event::{Event, EventId, Timestamp, Zone};
use crate::format::Registry;
use crate::query::{BindContext, Matcher};

/// Seeded anew in every process, since log content is chosen by others.
type Hash = foldhash::fast::RandomState;

/// What the index said when something failed.
fn failed(error: impl std::fmt::Display) -> EngineError {
    EngineError::Index(error.to_string())
}

/// How often stores look whether a commit is due while something waits for one.
const TICK: Duration = Duration::from_millis(200);
/// How often an answer is tried again when events were dropped from under it.
const TRIES: usize = 3;
/// How often they look at the disk.
const LOOK: Duration = Duration::from_secs(2);

/// Settings of a local engine.
#[derive(Clone, Debug)]
pub struct LocalOptions {
    /// Zone of times that name none.
    pub zone: Zone,
    /// Answers must be complete at once: what another process has yet to index is read from the files.
    pub complete: bool,
    /// The folder that all indexes lie in, those that are not open as well.
    pub root: Option<PathBuf>,
    /// Bytes that all indexes together may take.
    pub max_bytes: u64,
    /// Share of the free space that they may take, in percent.
    pub max_share: u8,
    /// Bytes that stay free on the disk.
    pub min_free: u64,
}

impl Default for LocalOptions {
    fn default() -> Self {
        Self {
            zone: Zone::Utc,
            complete: false,
            root: None,
            max_bytes: 10_000_000_000,
            max_share: 20,
            min_free: 1 << 30,
        }
    }
}

/// Tantivy indexes on this machine, one a source root.
pub struct LocalEngine {
    stores: Vec<Arc<Store>>,
    hub: Arc<Hub>,
    registry: Arc<Registry>,
    options: LocalOptions,
    scanner: Option<Arc<dyn Scanner>>,
    /// Dropping it ends the committing thread.
    stop: Option<Sender<()>>,
    committer: Option<std::thread::JoinHandle<()>>,
}

/// All that a search sees, of one moment.
struct Snapshot {
    views: Vec<View>,
    live: Vec<Arc<Event>>,
    watermark: Watermark,
    verdicts: Vec<crate::event::Verdict>,
    covers: Covers,
}

/// Waits until stores may have something to do: a moment, or until something comes where nothing waits. `false` = they are
/// to stop.
fn goes_on(stopped: &Receiver<()>, bell: &Bell, stores: &[Arc<Store>]) -> bool {
    if !stores.iter().all(|store| store.is_idle()) {
        return stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout);
    }
    select! {
        recv(stopped) -> _ => false,
        recv(bell.heard) -> _ => true,
        default(LOOK) => true,
    }
}

impl LocalEngine {
    /// Opens one index in each of `dirs`, creating or rebuilding where needed.
    pub fn open(
        dirs: &[PathBuf],
        registry: Arc<Registry>,
        options: LocalOptions,
    ) -> Result<Self, EngineError> {
        let hub = Arc::new(Hub::default());
        hub.lock().stores = dirs.len();
        let mut stores = Vec::with_capacity(dirs.len());
        for (number, dir) in dirs.iter().enumerate() {
            let (store, message) = Store::open(dir, number, hub.clone(), &registry, options.zone)?;
            if let Some(message) = message {
                hub.lock().say(message);
            }
            stores.push(Arc::new(store));
        }
        let (stop, stopped) = crossbeam_channel::bounded(0);
        let (ticking, told) = (stores.clone(), hub.clone());
        let bounds = options.clone();
        let committer = std::thread::Builder::new()
            .name("commit".into())
            .spawn(move || {
                let mut looked: Option<Instant> = None;
                while goes_on(&stopped, &told.bell, &ticking) {
                    if looked.is_none_or(|at| at.elapsed() >= LOOK) {
                        bounds.enforce(&ticking, &told);
                        looked = Some(Instant::now());
                    }
                    for store in &ticking {
                        if let Err(error) = store.tick() {
                            store.stop_writing(Stop {
                                reason: error.to_string(),
                                until_room: false,
                            });
                        }
                    }
                }
            })
            .map_err(|e| EngineError::Index(format!("no thread to commit with: {e}")))?;
        Ok(Self {
            stores,
            hub,
            registry,
            options,
            scanner: None,
            stop: Some(stop),
            committer: Some(committer),
        })
    }

    /// Lets searches read what the indexes could not take.
    #[must_use]
    pub fn with_scanner(mut self, scanner: Arc<dyn Scanner>) -> Self {
        self.scanner = Some(scanner);
        self
    }

    /// The sinks that feed the engine, in the order of `dirs`.
    pub fn sinks(&self) -> Vec<Arc<dyn EventSink>> {
        self.stores
            .iter()
            .map(|s| s.clone() as Arc<dyn EventSink>)
            .collect()
    }

    /// The index directories.
    pub fn dirs(&self) -> Vec<&Path> {
        self.stores.iter().map(|s| s.dir.as_path()).collect()
    }

    fn snapshot(&self) -> Snapshot {
        let hub = self.hub.lock();
        let mut snapshot = Snapshot {
            views: Vec::with_capacity(self.stores.len()),
            live: Vec::new(),
            watermark: hub.watermark(),
            verdicts: Vec::new(),
            covers: hub.covers(),
        };
        for store in &self.stores {
            let inner = store.inner();
            snapshot
                .live
                .extend(inner.live.values().flat_map(|f| f.events.iter().cloned()));
            let facts = |g: &super::sink::Generation| GenerationFacts {
                source: g.source.clone(),
                rank: g.rank,
                chain: hub.chains.get(&g.source).cloned(),
            };
            snapshot.views.push(View {
                store: store.clone(),
                searcher: inner.searcher.clone(),
                facts: inner.catalog.generations.iter().map(facts).collect(),
                catalog: inner.catalog.clone(),
                live_paths: inner.live_paths.clone(),
                dying: inner.dying.clone(),
                unread: inner.unread(),
                has_dropped: inner.known.iter().any(|k| !k.dropped.is_empty()),
            });
        }
        snapshot.covers.stopped = self.stores.iter().find_map(|s| s.stopped());
        snapshot.covers.late = self.stores.iter().map(|s| s.late()).sum();
        rest::cover(&mut snapshot.covers, &snapshot.views);
        snapshot.verdicts = snapshot
            .live
            .iter()
            .map(|e| Hub::verdict(&hub, e))
            .collect();
        snapshot
    }
}

impl LocalEngine {
    /// Tries again, on what is there by then, where events were dropped from under an answer.
    fn steadily<T>(&self, answer: impl Fn() -> Result<T, EngineError>) -> Result<T, EngineError> {
        for _ in 0..TRIES {
            match answer() {
                Err(EngineError::Dropped) => {
                    for store in self.stores.iter().filter(|s| !s.is_writer()) {
                        store.reload()?;
                    }
                }
                other => return other,
            }
        }
        answer()
    }

    fn try_search(
        &self,
        request: &SearchRequest,
        cancel: &Cancel,
    ) -> Result<SearchPage, EngineError> {
        let mut snapshot = self.snapshot();
        let paths = PathsWhenAsked::new(&snapshot.views, cancel);
        let context = BindContext {
            now: request.now,
            zone: request.zone,
            paths: Some(&paths),
        };
        let bound = request.query.bind(&context);
        paths.failed()?;
        let mut bound = bound?;
        let matcher = Matcher::new(&bound)?;
        let live_times = || snapshot.live.iter().filter_map(|e| e.ts).map(|ts| ts.0);
        let mut extents: Vec<(i64, i64)> = Vec::new();
        for view in &snapshot.views {
            extents.extend(view.extent(cancel)?);
        }
        extents.extend(live_times().min().zip(live_times().max()));
        let extent = extents
            .iter()
            .map(|e| e.0)
            .min()
            .zip(extents.iter().map(|e| e.1).max())
            .map(|e| super::clip_extent(&bound, e));
        let mut partial = Partial::new(request, extent);
        for (event, verdict) in snapshot.live.iter().zip(&snapshot.verdicts) {
            if cancel.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            if matcher.matches(event, *verdict) {
                partial.add(request, event, *verdict);
            }
        }
        let mut found: Vec<(usize, Found)> = Vec::new();
        let mut ranked = vec![Vec::new(); request.facets.len()];
        let task = Task {
            bound: &bound,
            request,
            extent,
            registry: &self.registry,
            cancel,
            least: AtomicI64::new(i64::MIN),
        };
        for (index, view) in snapshot.views.iter().enumerate() {
            let answer = view.search(&task)?;
            partial.merge(answer.counted);
            for (of_facet, more) in ranked.iter_mut().zip(answer.ranked) {
                of_facet.extend(more);
            }
            found.extend(answer.found.into_iter().map(|f| (index, f)));
        }
        // Only the best over all stores are read back.
        match request.sort {
            Sort::Asc => found.sort_by(|a, b| a.1.key.cmp(&b.1.key)),
            Sort::Desc => found.sort_by(|a, b| b.1.key.cmp(&a.1.key)),
        }
        let beyond_page = found.len() > request.limit;
        found.truncate(request.limit);
        for (index, candidate) in &found {
            if cancel.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            partial
                .hits
                .push(snapshot.views[*index].fetch(candidate, &self.registry)?);
        }
        self.scan_rest(&mut snapshot, request, &matcher, &mut partial, cancel)?;
        let counted = partial.facets.iter_mut().zip(&request.facets);
        for ((counts, facet), ranked) in counted.zip(&ranked) {
            ranked::add(counts, ranked, facet, cancel)?;
        }
        let newest = extents.iter().map(|e| e.1).max().map(Timestamp);
        super::notice_if_all_older(&mut bound, partial.total, newest);
        let (hits, more, total, facets, histogram) = partial.finish(request);
        Ok(SearchPage {
            hits,
            total,
            facets,
            histogram,
            more: more || beyond_page,
            covers: snapshot.covers,
            watermark: snapshot.watermark,
            notices: bound.notices,
        })
    }

    fn try_event(&self, id: EventId) -> Result<Option<Hit>, EngineError> {
        let snapshot = self.snapshot();
        for (event, verdict) in snapshot.live.iter().zip(&snapshot.verdicts) {
            if event.id == id {
                return Ok(Some(Hit {
                    event: event.clone(),
                    verdict: *verdict,
                }));
            }
        }
        for view in &snapshot.views {
            if let Some(hit) = view.event(id, &self.registry)? {
                return Ok(Some(hit));
            }
        }
        Ok(None)
    }
}

impl Engine for LocalEngine {
    fn search(&self, request: &SearchRequest, cancel: &Cancel) -> Result<SearchPage, EngineError> {
        self.steadily(|| self.try_search(request, cancel))
    }

    fn event(&self, id: EventId) -> Result<Option<Hit>, EngineError> {
        self.steadily(|| self.try_event(id))
    }

    fn tail(&self, request: &TailRequest) -> Result<Box<dyn Tail>, EngineError> {
        let paths = Paths::of(&self.snapshot().views, &Cancel::default())?;
        let known = PathsOrTyped(paths);
        let context = BindContext {
            now: request.now,
            zone: request.zone,
            paths: Some(&known),
        };
        let matcher = Matcher::new(&request.query.bind(&context)?)?;
        Ok(Box::new(self.hub.tail(matcher, request.from)))
    }

    fn verify(&self) -> Result<Vec<Arc<ChainReport>>, EngineError> {
        Ok(self.hub.lock().chains.values().cloned().collect())
    }

    fn info(&self) -> Info {
        let snapshot = self.snapshot();
        let paths = Paths::of(&snapshot.views, &Cancel::default());
        let paths = paths.as_ref().map(Paths::all).unwrap_or_default();
        Info {
            paths: paths.into_iter().map(|p| (p.to_owned(), 0)).collect(),
            ..self.status_of(&snapshot)
        }
    }

    fn status(&self) -> Info {
        self.status_of(&self.snapshot())
    }
}

impl LocalEngine {
    /// All but the paths, which take a look into every segment.
    fn status_of(&self, snapshot: &Snapshot) -> Info {
        let hub = self.hub.lock();
        let mut sources: BTreeMap<Arc<str>, SourceInfo> = BTreeMap::new();
        for store in &self.stores {
            store.describe_sources(&mut sources);
        }
        for (name, error) in &hub.errors {
            let info = sources.entry(name.as_str().into()).or_default();
            info.name = name.as_str().into();
            info.error = Some(error.clone());
        }
        for info in sources.values_mut() {
            info.chain = hub.chains.get(&info.name).cloned();
        }
        Info {
            sources: sources.into_values().collect(),
            paths: BTreeMap::new(),
            covers: snapshot.covers.clone(),
            messages: hub.messages.iter().cloned().collect(),
            capabilities: Capabilities::default(),
            watermark: snapshot.watermark,
        }
    }
}

impl Drop for LocalEngine {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(committer) = self.committer.take() {
            // A committer that panicked left the last commit in place, which is all that counts.
            let _ = committer.join();
        }
        for store in &self.stores {
            // What is not committed now is read again at the next start.
            let _ = store.commit();
        }
    }
}
