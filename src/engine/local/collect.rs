//! One pass over the matching documents of a segment: candidates for the page, counts, histogram.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use tantivy::columnar::StrColumn;
use tantivy::{DocId, SegmentReader};

use super::docset::Docs;
use super::fetch::{Fetcher, Positions};
use crate::engine::page::{Counts, beyond, bucket};
use crate::engine::{Cancel, EngineError, FacetField, Histogram, SearchRequest, Sort};
use crate::event::field::Field;
use crate::event::{Outcome, SortKey};

/// Documents between two looks at the clock and the cancel flag.
const CHECK: u32 = 16_384;

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
    pub(crate) facets: Vec<Counts>,
    pub(crate) histogram: Option<Histogram>,
}

fn failed(error: impl std::fmt::Display) -> EngineError {
    EngineError::Index(error.to_string())
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
    /// Decided on the originals.
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
}

impl Collector<'_> {
    pub(crate) fn collect(
        &self,
        segment: &SegmentReader,
        positions: &Positions,
        docs: &Docs,
        mut histogram: Option<Histogram>,
    ) -> Result<Collected, EngineError> {
        let mut facets: Vec<FacetCounter> = self
            .request
            .facets
            .iter()
            .map(|f| self.counter(segment, &f.field))
            .collect::<Result<_, _>>()?;
        let failures = match &histogram {
            Some(_) => failures(segment)?,
            None => None,
        };
        let mut page = Page::new(self.request);
        let mut total = 0u64;
        let mut error = None;
        let mut block: Vec<DocId> = Vec::with_capacity(1024);
        let mut seen = 0u32;
        let flush =
            |block: &mut Vec<DocId>, facets: &mut Vec<FacetCounter>| -> Result<(), EngineError> {
                for facet in facets.iter_mut() {
                    self.count(facet, block, positions)?;
                }
                block.clear();
                Ok(())
            };
        docs.for_each(segment.max_doc(), |doc| {
            if error.is_some() {
                return;
            }
            seen += 1;
            if seen.is_multiple_of(CHECK) && self.cancel.is_cancelled() {
                error = Some(EngineError::Cancelled);
                return;
            }
            total += 1;
            page.offer(doc, positions, self);
            if let Some(histogram) = &mut histogram
                && positions.has_time(doc)
                && let Some(index) = bucket(histogram, positions.ts.get_val(doc))
            {
                histogram.total[index] += 1;
                histogram.failures[index] +=
                    u64::from(failures.as_ref().is_some_and(|f| f.is_failure(doc)));
            }
            block.push(doc);
            if block.len() == 1024
                && let Err(e) = flush(&mut block, &mut facets)
            {
                error = Some(e);
            }
        });
        flush(&mut block, &mut facets)?;
        if let Some(error) = error {
            return Err(error);
        }
        let facets = facets
            .into_iter()
            .map(|f| self.resolve(f))
            .collect::<Result<_, _>>()?;
        Ok(Collected {
            candidates: page.finish(),
            total,
            facets,
            histogram,
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

    fn count(
        &self,
        facet: &mut FacetCounter,
        docs: &[DocId],
        positions: &Positions,
    ) -> Result<(), EngineError> {
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
            FacetCounter::Original(field, counts) => {
                for doc in docs {
                    if self.cancel.is_cancelled() {
                        return Err(EngineError::Cancelled);
                    }
                    let hit = self.fetcher.hit(positions, *doc)?;
                    let before = counts.sum;
                    crate::engine::page::facet_values(field, &hit.event, hit.verdict, |v| {
                        counts.add(v, 1)
                    });
                    counts.missing += u64::from(counts.sum == before);
                }
            }
            FacetCounter::Absent(missing) => *missing += docs.len() as u64,
        }
        Ok(())
    }

    fn resolve(&self, facet: FacetCounter) -> Result<Counts, EngineError> {
        let mut counts = Counts::default();
        match facet {
            FacetCounter::Column(ordinals) => return ordinals.resolve(),
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
        Ok(counts)
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
        let mut values = [None; 1024];
        let values = &mut values[..docs.len()];
        ords.first_vals(docs, values);
        for value in values {
            match value {
                Some(ord) => self.counts[*ord as usize] += 1,
                None => self.missing += 1,
            }
        }
    }

    fn resolve(self) -> Result<Counts, EngineError> {
        let mut counts = Counts {
            missing: self.missing,
            ..Counts::default()
        };
        let used: Vec<u64> = (0..self.counts.len() as u64)
            .filter(|ord| self.counts[*ord as usize] > 0)
            .collect();
        let mut next = used.iter();
        self.column
            .dictionary()
            .sorted_ords_to_term_cb(&used, |bytes| {
                if let Some(ord) = next.next() {
                    counts.add(
                        &String::from_utf8_lossy(bytes),
                        u64::from(self.counts[*ord as usize]),
                    );
                }
            })
            .map_err(failed)?;
        Ok(counts)
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

impl Failures {
    fn is_failure(&self, doc: DocId) -> bool {
        self.ord.is_some() && self.column.ords().first(doc) == self.ord
    }
}

/// The best `limit + 1` documents beyond the cursor.
struct Page<'a> {
    request: &'a SearchRequest,
    /// Newest first: the worst of the best is the smallest key; oldest first: the largest.
    newest: BinaryHeap<Reverse<(SortKey, DocId)>>,
    oldest: BinaryHeap<(SortKey, DocId)>,
    room: usize,
}

impl<'a> Page<'a> {
    fn new(request: &'a SearchRequest) -> Self {
        let room = if request.limit == 0 {
            0
        } else {
            request.limit + 1
        };
        Self {
            request,
            newest: BinaryHeap::new(),
            oldest: BinaryHeap::new(),
            room,
        }
    }

    fn offer(&mut self, doc: DocId, positions: &Positions, collector: &Collector<'_>) {
        if self.room == 0 {
            return;
        }
        // The time alone rules most documents out before the whole key is made.
        let ts = positions.ts.get_val(doc);
        let hopeless = match self.request.sort {
            Sort::Desc => {
                self.newest.len() == self.room
                    && self
                        .newest
                        .peek()
                        .is_some_and(|Reverse((k, _))| ts < k.order.ts)
                    || self
                        .request
                        .cursor
                        .as_ref()
                        .is_some_and(|c| ts > c.key.order.ts)
            }
            Sort::Asc => {
                self.oldest.len() == self.room
                    && self.oldest.peek().is_some_and(|(k, _)| ts > k.order.ts)
                    || self
                        .request
                        .cursor
                        .as_ref()
                        .is_some_and(|c| ts < c.key.order.ts)
            }
        };
        if hopeless {
            return;
        }
        let Some(key) = positions.key(doc, collector.fetcher.facts) else {
            return;
        };
        if !beyond(&key, self.request.cursor.as_ref(), self.request.sort) {
            return;
        }
        match self.request.sort {
            Sort::Desc => {
                self.newest.push(Reverse((key, doc)));
                if self.newest.len() > self.room {
                    self.newest.pop();
                }
            }
            Sort::Asc => {
                self.oldest.push((key, doc));
                if self.oldest.len() > self.room {
                    self.oldest.pop();
                }
            }
        }
    }

    fn finish(self) -> Vec<Candidate> {
        let newest = self
            .newest
            .into_iter()
            .map(|Reverse((key, doc))| Candidate { key, doc });
        newest
            .chain(
                self.oldest
                    .into_iter()
                    .map(|(key, doc)| Candidate { key, doc }),
            )
            .collect()
    }
}
