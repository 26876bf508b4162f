//! One pass over the matching documents of a segment: candidates for the page, counts, histogram.

use std::collections::BTreeMap;
use std::sync::Arc;

use tantivy::columnar::StrColumn;
use tantivy::{DocId, SegmentReader};

use super::docset::Docs;
use super::failed;
use super::fetch::{Fetcher, Positions};
use super::lower::GenerationFacts;
use super::numbers::{Numbers, SegmentCounts};
use crate::engine::page::{Counts, beyond, bucket, facet_values};
use crate::engine::{Cancel, EngineError, FacetField, Histogram, SearchRequest, Sort};
use crate::event::field::Field;
use crate::event::{Outcome, SortKey};
use crate::format;

/// Documents looked at together, and between two looks at the cancel flag.
const BLOCK: usize = 1024;
/// Candidates kept before the worst are thrown out.
const CANDIDATES: usize = 4096;
/// Distinct values up to which counts are resolved to text at once.
const FEW_VALUES: usize = 512;

/// A document that may be on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) key: SortKey,
    pub(crate) doc: DocId,
}

/// What a segment has to say.
pub(crate) struct Collected {
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) total: u64,
    pub(crate) facets: Vec<SegmentCounts>,
    pub(crate) histogram: Option<Histogram>,
}

/// Counts by ordinal of one string column.
struct Ordinals {
    column: StrColumn,
    counts: Vec<u32>,
    missing: u64,
    multi: bool,
}

enum FacetCounter {
    Column(Ordinals),
    /// By generation ordinal.
    Source(Vec<u64>),
    Chain(BTreeMap<&'static str, u64>),
    /// Counted on the originals, see `Pass::count_originals`.
    Original(FacetField, Counts),
    /// The segment has no such column: everything is missing.
    Absent(u64),
}

/// The outcome column as a flag: is it a failure.
struct Failures {
    column: StrColumn,
    ord: Option<u64>,
}

pub(crate) struct Collector<'a> {
    pub(crate) request: &'a SearchRequest,
    pub(crate) fetcher: &'a Fetcher<'a>,
    pub(crate) cancel: &'a Cancel,
    /// By facet; `None` where values are not a column.
    pub(crate) numbers: &'a [Option<Arc<Numbers>>],
}

/// What a pass over a segment has come to.
struct Pass<'a> {
    collector: &'a Collector<'a>,
    positions: &'a Positions,
    facets: Vec<FacetCounter>,
    page: Page<'a>,
    histogram: Option<Histogram>,
    failures: Option<Failures>,
    total: u64,
}

impl Collector<'_> {
    pub(crate) fn collect(
        &self,
        segment: &SegmentReader,
        positions: &Positions,
        docs: &Docs,
        histogram: Option<Histogram>,
    ) -> Result<Collected, EngineError> {
        let facets = &self.request.facets;
        let facets: Result<_, EngineError> = facets
            .iter()
            .map(|f| self.counter(segment, &f.field))
            .collect();
        let failures = match &histogram {
            Some(_) => failures(segment)?,
            None => None,
        };
        let mut pass = Pass {
            collector: self,
            positions,
            facets: facets?,
            page: Page::new(self.request),
            histogram,
            failures,
            total: 0,
        };
        let mut result = Ok(());
        let mut block: Vec<DocId> = Vec::with_capacity(BLOCK);
        docs.for_each(segment.max_doc(), |doc| {
            if result.is_err() {
                return;
            }
            block.push(doc);
            if block.len() == BLOCK {
                result = pass.add(&block);
                block.clear();
            }
        });
        result?;
        pass.add(&block)?;
        let facets = pass.facets.into_iter().zip(self.numbers);
        let facets: Result<_, EngineError> = facets
            .map(|(facet, numbers)| self.resolve(facet, segment, numbers.as_deref()))
            .collect();
        Ok(Collected {
            candidates: pass.page.finish(positions, self.fetcher.facts),
            total: pass.total,
            facets: facets?,
            histogram: pass.histogram,
        })
    }

    fn counter(
        &self,
        segment: &SegmentReader,
        field: &FacetField,
    ) -> Result<FacetCounter, EngineError> {
        Ok(match field {
            FacetField::Normal(Field::Source) => {
                FacetCounter::Source(vec![0; self.fetcher.facts.len()])
            }
            FacetField::Normal(Field::Chain) => FacetCounter::Chain(BTreeMap::new()),
            FacetField::Normal(field) if super::schema::STR_COLUMNS.contains(field) => {
                match segment.fast_fields().str(field.name()).map_err(failed)? {
                    Some(column) => FacetCounter::Column(Ordinals {
                        counts: vec![0; column.num_terms()],
                        missing: 0,
                        multi: column.ords().get_cardinality().is_multivalue(),
                        column,
                    }),
                    None => FacetCounter::Absent(0),
                }
            }
            other => FacetCounter::Original(other.clone(), Counts::default()),
        })
    }

    fn count(&self, facet: &mut FacetCounter, docs: &[DocId], positions: &Positions) {
        match facet {
            FacetCounter::Column(ordinals) => ordinals.count(docs),
            FacetCounter::Source(counts) => {
                for doc in docs {
                    if let Some(count) = counts.get_mut(positions.generation.get_val(*doc) as usize)
                    {
                        *count += 1;
                    }
                }
            }
            FacetCounter::Chain(counts) => {
                for doc in docs {
                    *counts
                        .entry(self.fetcher.verdict(positions, *doc).as_str())
                        .or_default() += 1;
                }
            }
            FacetCounter::Original(..) => {}
            FacetCounter::Absent(missing) => *missing += docs.len() as u64,
        }
    }

    fn resolve(
        &self,
        facet: FacetCounter,
        segment: &SegmentReader,
        numbers: Option<&Numbers>,
    ) -> Result<SegmentCounts, EngineError> {
        let mut counts = Counts::default();
        match facet {
            FacetCounter::Column(ordinals) => {
                return ordinals.resolve(segment, numbers, self.cancel);
            }
            FacetCounter::Source(by_generation) => {
                for (facts, n) in self
                    .fetcher
                    .facts
                    .iter()
                    .zip(by_generation)
                    .filter(|(_, n)| *n > 0)
                {
                    counts.add(&facts.source, n);
                }
            }
            FacetCounter::Chain(by_word) => by_word
                .into_iter()
                .for_each(|(word, n)| counts.add(word, n)),
            FacetCounter::Original(_, found) => counts = found,
            FacetCounter::Absent(missing) => counts.missing = missing,
        }
        Ok(SegmentCounts::Values(counts))
    }
}

impl Ordinals {
    fn count(&mut self, docs: &[DocId]) {
        let ords = self.column.ords();
        if self.multi {
            let mut seen: Vec<u64> = Vec::new();
            for doc in docs {
                seen.clear();
                seen.extend(ords.values_for_doc(*doc));
                seen.sort_unstable();
                seen.dedup();
                seen.iter().for_each(|ord| self.counts[*ord as usize] += 1);
                self.missing += u64::from(seen.is_empty());
            }
            return;
        }
        let mut values = [None; BLOCK];
        let values = &mut values[..docs.len()];
        ords.first_vals(docs, values);
        for value in values {
            match value {
                Some(ord) => self.counts[*ord as usize] += 1,
                None => self.missing += 1,
            }
        }
    }

    fn resolve(
        self,
        segment: &SegmentReader,
        numbers: Option<&Numbers>,
        cancel: &Cancel,
    ) -> Result<SegmentCounts, EngineError> {
        let used: Vec<u64> = (0..self.counts.len() as u64)
            .filter(|ord| self.counts[*ord as usize] > 0)
            .collect();
        if used.len() > FEW_VALUES
            && let Some(numbers) = numbers
            && let Some(numbers) = numbers.of(segment.segment_id(), &self.column, cancel)?
        {
            return Ok(SegmentCounts::Numbered {
                numbers,
                counts: self.counts,
                missing: self.missing,
            });
        }
        let mut counts = Counts {
            missing: self.missing,
            ..Counts::default()
        };
        for used in used.chunks(FEW_VALUES) {
            if cancel.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            let mut next = used.iter();
            let each = |bytes: &[u8]| {
                if let Some(ord) = next.next() {
                    let count = u64::from(self.counts[*ord as usize]);
                    counts.add(&String::from_utf8_lossy(bytes), count);
                }
            };
            let dictionary = self.column.dictionary();
            dictionary
                .sorted_ords_to_term_cb(used, each)
                .map_err(failed)?;
        }
        Ok(SegmentCounts::Values(counts))
    }
}

fn failures(segment: &SegmentReader) -> Result<Option<Failures>, EngineError> {
    let Some(column) = segment.fast_fields().str("outcome").map_err(failed)? else {
        return Ok(None);
    };
    let ord = column
        .dictionary()
        .term_ord(Outcome::Failure.as_str())
        .map_err(failed)?;
    Ok(Some(Failures { column, ord }))
}

impl Pass<'_> {
    fn add(&mut self, docs: &[DocId]) -> Result<(), EngineError> {
        if self.collector.cancel.is_cancelled() {
            return Err(EngineError::Cancelled);
        }
        self.total += docs.len() as u64;
        let mut ts = [0; BLOCK];
        let ts = &mut ts[..docs.len()];
        self.positions.ts.get_vals(docs, ts);
        let facts = self.collector.fetcher.facts;
        self.page.offer(docs, ts, self.positions, facts);
        self.add_to_histogram(docs, ts);
        for facet in &mut self.facets {
            self.collector.count(facet, docs, self.positions);
        }
        self.count_originals(docs)
    }

    /// Facets that are no column: each original is read once for all of them, in the order in which they are stored.
    fn count_originals(&mut self, docs: &[DocId]) -> Result<(), EngineError> {
        let originals = || {
            let fields = self.facets.iter();
            fields.filter_map(|f| match f {
                FacetCounter::Original(field, _) => Some(field),
                _ => None,
            })
        };
        if originals().next().is_none() {
            return Ok(());
        }
        let is_attributes = originals().all(|f| matches!(f, FacetField::Attribute(_)));
        let mut docs = docs.to_vec();
        docs.sort_by_cached_key(|doc| self.positions.original.get_val(*doc));
        for doc in docs {
            if self.collector.cancel.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            if is_attributes && self.count_attributes(doc)? {
                continue;
            }
            let hit = self.collector.fetcher.hit(self.positions, doc)?;
            for facet in &mut self.facets {
                let FacetCounter::Original(field, counts) = facet else {
                    continue;
                };
                let before = counts.sum;
                facet_values(field, &hit.event, hit.verdict, |v| counts.add(v, 1));
                counts.missing += u64::from(counts.sum == before);
            }
        }
        Ok(())
    }

    /// Counts the attributes of one event that its record shows by itself; `false` = it has to be read as a whole, and nothing
    /// was counted.
    fn count_attributes(&mut self, doc: DocId) -> Result<bool, EngineError> {
        let Some(record) = self.collector.fetcher.leaves(self.positions, doc)? else {
            return Ok(false);
        };
        let record = format::trimmed(&record);
        let mut found: Vec<Vec<String>> = Vec::new();
        for facet in &self.facets {
            let FacetCounter::Original(FacetField::Attribute(path), _) = facet else {
                continue;
            };
            let mut values = Vec::new();
            let mut each = |value: &str| values.push(value.to_owned());
            if format::leaves_at(record, path, &mut each).is_none() {
                return Ok(false);
            }
            values.sort_unstable();
            values.dedup();
            found.push(values);
        }
        let counters = self.facets.iter_mut().filter_map(|facet| match facet {
            FacetCounter::Original(FacetField::Attribute(_), counts) => Some(counts),
            _ => None,
        });
        for (counts, values) in counters.zip(found) {
            counts.missing += u64::from(values.is_empty());
            values.iter().for_each(|value| counts.add(value, 1));
        }
        Ok(true)
    }

    fn add_to_histogram(&mut self, docs: &[DocId], ts: &[i64]) {
        let Some(histogram) = &mut self.histogram else {
            return;
        };
        let mut outcomes = [None; BLOCK];
        let outcomes = &mut outcomes[..docs.len()];
        let mut failure = None;
        if let Some(failures) = &self.failures {
            failures.column.ords().first_vals(docs, outcomes);
            failure = failures.ord;
        }
        for ((doc, ts), outcome) in docs.iter().zip(ts).zip(outcomes) {
            if self.positions.has_time(*doc)
                && let Some(index) = bucket(histogram, *ts)
            {
                histogram.total[index] += 1;
                histogram.failures[index] += u64::from(failure.is_some() && *outcome == failure);
            }
        }
    }
}

/// The best `limit + 1` documents beyond the cursor.
struct Page<'a> {
    request: &'a SearchRequest,
    room: usize,
    /// Rank of the time (larger = earlier on the page), and document.
    kept: Vec<(i64, DocId)>,
    /// Rank that a candidate must have at least.
    least: i64,
    /// Length of `kept` at which the worst are thrown out.
    full: usize,
}

impl<'a> Page<'a> {
    fn new(request: &'a SearchRequest) -> Self {
        let room = match request.limit {
            0 => 0,
            limit => limit.saturating_add(1),
        };
        Self {
            request,
            room,
            kept: Vec::new(),
            least: i64::MIN,
            full: room.saturating_mul(2).max(CANDIDATES),
        }
    }

    fn rank(&self, ts: i64) -> i64 {
        match self.request.sort {
            Sort::Desc => ts,
            Sort::Asc => !ts,
        }
    }

    /// The time alone rules most documents out; whole keys are made of the few that are left.
    fn offer(
        &mut self,
        docs: &[DocId],
        ts: &[i64],
        positions: &Positions,
        facts: &[GenerationFacts],
    ) {
        if self.room == 0 {
            return;
        }
        let cursor = self.request.cursor.as_ref();
        let most = cursor.map_or(i64::MAX, |c| self.rank(c.key.order.ts));
        for (doc, ts) in docs.iter().zip(ts) {
            let rank = self.rank(*ts);
            if rank < self.least || rank > most {
                continue;
            }
            if rank == most && cursor.is_some() {
                let key = positions.key(*doc, facts);
                if !key.is_some_and(|key| beyond(&key, cursor, self.request.sort)) {
                    continue;
                }
            }
            self.kept.push((rank, *doc));
            if self.kept.len() >= self.full {
                self.trim();
            }
        }
    }

    /// Throws out what is certainly not among the best; those of one time stay together.
    fn trim(&mut self) {
        if self.kept.len() > self.room && self.room > 0 {
            let by_rank = |a: &(i64, DocId), b: &(i64, DocId)| b.0.cmp(&a.0);
            let (_, last, _) = self.kept.select_nth_unstable_by(self.room - 1, by_rank);
            self.least = last.0;
            let least = self.least;
            self.kept.retain(|(rank, _)| *rank >= least);
        }
        self.full = self.full.max(self.kept.len().saturating_mul(2));
    }

    fn finish(mut self, positions: &Positions, facts: &[GenerationFacts]) -> Vec<Candidate> {
        self.trim();
        let keys = self.kept.iter().filter_map(|(_, doc)| {
            let key = positions.key(*doc, facts)?;
            Some(Candidate { key, doc: *doc })
        });
        let mut best: Vec<Candidate> = keys.collect();
        match self.request.sort {
            Sort::Asc => best.sort_unstable_by(|a, b| a.key.cmp(&b.key)),
            Sort::Desc => best.sort_unstable_by(|a, b| b.key.cmp(&a.key)),
        }
        best.truncate(self.room);
        best
    }
}
