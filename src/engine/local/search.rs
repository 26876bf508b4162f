//! A search of one store: lower, decide what is unsure on the originals, collect; segments side by side.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use tantivy::SegmentReader;

use super::candidates::rank;
use super::collect::{Collected, Collector};
use super::docset::{Bits, Bounds, Docs};
use super::failed;
use super::fetch::{Fetcher, Positions};
use super::lower::{GenerationFacts, Lowering};
use super::ranked::Ranked;
use super::store::Store;
use crate::engine::page::{Partial, histogram_frame};
use crate::engine::sink::Generation;
use crate::engine::{Cancel, EngineError, SearchRequest, Sort};
use crate::event::{EventId, SortKey};
use crate::format::Registry;
use crate::query::{Bound, Matcher};

/// Threads that look at segments.
const THREADS: usize = 2;

/// What a search sees of a store, of one moment.
pub(crate) struct View {
    pub(crate) store: Arc<Store>,
    pub(crate) searcher: tantivy::Searcher,
    pub(crate) catalog: Arc<super::catalog::Catalog>,
    pub(crate) facts: Vec<GenerationFacts>,
    /// Attribute paths of live records.
    pub(crate) live_paths: Arc<BTreeSet<String>>,
    /// Generations (ordinals) whose documents are to go.
    pub(crate) dying: Arc<BTreeSet<u64>>,
    /// Generations that hold records which are neither in the index nor in memory.
    pub(crate) unread: Vec<Generation>,
    /// Live records were let go of.
    pub(crate) has_dropped: bool,
}

/// A page candidate of a store: its key, and where to fetch it.
pub(crate) struct Found {
    pub(crate) key: SortKey,
    positions: Arc<Positions>,
    doc: u32,
}

/// What is searched for, in every store alike.
pub(crate) struct Task<'a> {
    pub(crate) bound: &'a Bound,
    pub(crate) request: &'a SearchRequest,
    /// First and last time of everything, for the histogram.
    pub(crate) extent: Option<(i64, i64)>,
    pub(crate) registry: &'a Registry,
    pub(crate) cancel: &'a Cancel,
    /// Rank of the last event of a page that some segment fills.
    pub(crate) least: AtomicI64,
}

/// What a store has to say: candidates are left to fetch until the best of all stores are known, and what segments
/// counted by ordinal, facet by facet, is left to add until all of it is there.
pub(crate) struct Answer {
    pub(crate) counted: Partial,
    pub(crate) ranked: Vec<Vec<Arc<Ranked>>>,
    pub(crate) found: Vec<Found>,
}

/// What one segment gave, and the columns to fetch its candidates by.
type PerSegment = (Arc<Positions>, Collected);

impl View {
    fn fetcher<'a>(&'a self, registry: &'a Registry) -> Fetcher<'a> {
        Fetcher {
            originals: &self.store.originals,
            registry,
            generations: &self.catalog.generations,
            facts: &self.facts,
            zone: self.store.zone,
        }
    }

    /// First and last time in the store.
    pub(crate) fn extent(&self, cancel: &Cancel) -> Result<Option<(i64, i64)>, EngineError> {
        let mut extent: Option<(i64, i64)> = None;
        for segment in self.searcher.segment_readers() {
            let ts = segment
                .fast_fields()
                .column_first_or_default::<i64>("ts")
                .map_err(failed)?;
            let mut include = |from: i64, to: i64| {
                let (first, last) = extent.unwrap_or((from, to));
                extent = Some((first.min(from), last.max(to)));
            };
            if ts.min_value() > 0 {
                include(ts.min_value(), ts.max_value());
                continue;
            }
            // An event without a time, and without a dated one before it, stands at 0.
            let positions = Positions::open(segment)?;
            for doc in 0..segment.max_doc() {
                if doc.is_multiple_of(4096) && cancel.is_cancelled() {
                    return Err(EngineError::Cancelled);
                }
                if positions.has_time(doc) {
                    include(ts.get_val(doc), ts.get_val(doc));
                }
            }
        }
        Ok(extent)
    }

    pub(crate) fn search(&self, task: &Task<'_>) -> Result<Answer, EngineError> {
        let ids = self.searcher.segment_readers().iter();
        self.store
            .whole
            .keep(&ids.map(SegmentReader::segment_id).collect());
        let segments = self.first_of_page_first(task.request.sort)?;
        let next = AtomicUsize::new(0);
        let work = || -> Result<Vec<(Arc<Positions>, Collected)>, EngineError> {
            let matcher = Matcher::new(task.bound)?;
            let fetcher = self.fetcher(task.registry);
            let mut out = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(segment) = segments.get(index) else {
                    return Ok(out);
                };
                out.push(self.segment(segment, task, &matcher, &fetcher)?);
            }
        };
        let results: Vec<Result<Vec<PerSegment>, EngineError>> = if segments.len() < 2 {
            vec![work()]
        } else {
            std::thread::scope(|scope| {
                let handles: Vec<_> = (1..THREADS).map(|_| scope.spawn(work)).collect();
                let mine = work();
                let panicked = || Err(EngineError::Index("a search thread failed".into()));
                let theirs = handles
                    .into_iter()
                    .map(|h| h.join().unwrap_or_else(|_| panicked()));
                std::iter::once(mine).chain(theirs).collect()
            })
        };
        let mut answer = Answer {
            counted: Partial::new(task.request, task.extent),
            ranked: vec![Vec::new(); task.request.facets.len()],
            found: Vec::new(),
        };
        for result in results {
            for (positions, collected) in result? {
                answer.add(&positions, collected);
            }
        }
        Ok(answer)
    }

    /// The segments; those whose events come first on a page go first, for they rule others out.
    fn first_of_page_first(&self, sort: Sort) -> Result<Vec<&SegmentReader>, EngineError> {
        let mut segments = Vec::new();
        for segment in self.searcher.segment_readers() {
            let ts = segment
                .fast_fields()
                .column_first_or_default::<i64>("ts")
                .map_err(failed)?;
            let ranks = [ts.min_value(), ts.max_value()].map(|ts| rank(sort, ts));
            segments.push((ranks[0].max(ranks[1]), segment));
        }
        segments.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
        Ok(segments.into_iter().map(|(_, segment)| segment).collect())
    }

    fn segment(
        &self,
        segment: &SegmentReader,
        task: &Task<'_>,
        matcher: &Matcher,
        fetcher: &Fetcher<'_>,
    ) -> Result<(Arc<Positions>, Collected), EngineError> {
        let cancel = task.cancel;
        let lowering = Lowering::new(segment, self.store.columns.terms, &self.facts, cancel)?;
        let bounds = lowering.lower(&task.bound.ast)?;
        let positions = Arc::new(Positions::open(segment)?);
        let docs = decide(
            segment,
            &self.alive(segment, &positions, bounds),
            matcher,
            &positions,
            fetcher,
            cancel,
        )?;
        let histogram = match (task.request.histogram, task.extent) {
            (Some(buckets), Some((from, to))) => Some(histogram_frame(from, to, buckets)),
            _ => None,
        };
        let collected = Collector {
            request: task.request,
            fetcher,
            cancel,
            terms: self.store.columns.terms,
            whole: &self.store.whole,
            least: &task.least,
        }
        .collect(segment, &positions, &docs, histogram)?;
        Ok((positions, collected))
    }

    /// Leaves deleted documents out, and those that are to be.
    fn alive(&self, segment: &SegmentReader, positions: &Positions, bounds: Bounds) -> Bounds {
        if segment.alive_bitset().is_none() && self.dying.is_empty() {
            return bounds;
        }
        let mut bits = Bits::new(segment.max_doc());
        let stays = |doc: &u32| !self.dying.contains(&positions.generation.get_val(*doc));
        let alive = segment.doc_ids_alive();
        alive.filter(stays).for_each(|doc| bits.insert(doc));
        let alive = Docs::from_bits(bits);
        Bounds {
            may: bounds.may.and(&alive),
            must: bounds.must.and(&alive),
        }
    }

    /// Fetches a candidate.
    pub(crate) fn fetch(
        &self,
        found: &Found,
        registry: &Registry,
    ) -> Result<crate::engine::Hit, EngineError> {
        self.fetcher(registry).hit(&found.positions, found.doc)
    }

    /// The event with this id.
    pub(crate) fn event(
        &self,
        id: EventId,
        registry: &Registry,
    ) -> Result<Option<crate::engine::Hit>, EngineError> {
        let fetcher = self.fetcher(registry);
        for segment in self.searcher.segment_readers() {
            let ids = segment
                .fast_fields()
                .column_first_or_default::<u64>("id")
                .map_err(failed)?;
            for doc in (0..segment.max_doc()).filter(|doc| ids.get_val(*doc) == id.0 as u64) {
                let positions = Positions::open(segment)?;
                let dies = self.dying.contains(&positions.generation.get_val(doc));
                if segment.is_deleted(doc) || dies {
                    continue;
                }
                let hit = fetcher.hit(&positions, doc)?;
                if hit.event.id == id {
                    return Ok(Some(hit));
                }
            }
        }
        Ok(None)
    }
}

impl Answer {
    fn add(&mut self, positions: &Arc<Positions>, collected: Collected) {
        let candidates = collected.candidates.into_iter();
        self.found.extend(candidates.map(|c| Found {
            key: c.key,
            positions: positions.clone(),
            doc: c.doc,
        }));
        let named = collected.facets.into_iter().zip(&mut self.ranked);
        let named = named.map(|(counts, ranked)| {
            ranked.extend(counts.ranked);
            counts.named
        });
        self.counted.merge(Partial {
            hits: Vec::new(),
            total: collected.total,
            facets: named.collect(),
            histogram: collected.histogram,
        });
    }
}

/// Settles what the index alone can't, by the matcher on the originals, read in the order they are stored.
fn decide(
    segment: &SegmentReader,
    bounds: &Bounds,
    matcher: &Matcher,
    positions: &Positions,
    fetcher: &Fetcher<'_>,
    cancel: &Cancel,
) -> Result<Docs, EngineError> {
    let max_doc = segment.max_doc();
    let mut undecided = Vec::new();
    bounds.undecided(max_doc).for_each(max_doc, |doc| {
        undecided.push((positions.original.get_val(doc), doc))
    });
    if undecided.is_empty() {
        return Ok(bounds.must.clone());
    }
    undecided.sort_unstable();
    let mut confirmed = Bits::new(max_doc);
    for (_, doc) in &undecided {
        if cancel.is_cancelled() {
            return Err(EngineError::Cancelled);
        }
        let event = fetcher.event(positions, *doc)?;
        if matcher.matches(&event, fetcher.verdict(positions, *doc)) {
            confirmed.insert(*doc);
        }
    }
    Ok(bounds.must.or(&Docs::from_bits(confirmed)))
}
