//! One pass over the matching documents of a segment: candidates for the page, counts, histogram.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use tantivy::columnar::StrColumn;
use tantivy::{DocId, SegmentReader};

use super::by_terms;
use super::candidates::{Candidate, Page};
use super::docset::Docs;
use super::failed;
use super::fetch::{Fetcher, Positions};
use super::ranked::{ByOrdinal, Ranked, named_for};
use super::values::Values;
use super::whole::Whole;
use crate::engine::page::{Counts, bucket, facet_values};
use crate::engine::{Cancel, EngineError, FacetField, FacetRequest, Histogram, SearchRequest};
use crate::event::Outcome;
use crate::event::field::Field;
use crate::format;

/// Documents looked at together, and between two looks at the cancel flag.
const BLOCK: usize = 1024;
/// Values of a column that are gone through in the time of a document found.
const VALUES_A_DOCUMENT: usize = 16;

/// What a segment has to say.
pub(crate) struct Collected {
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) total: u64,
    pub(crate) facets: Vec<SegmentCounts>,
    pub(crate) histogram: Option<Histogram>,
}

/// What a segment counted for a facet.
pub(crate) struct SegmentCounts {
    pub(crate) named: Counts,
    pub(crate) ranked: Vec<Arc<Ranked>>,
}

/// Ordinals of values that were found.
enum Tally {
    /// How often each was.
    All(Vec<u32>),
    /// Each time one was: where few documents are, and many values.
    Few(Vec<u32>),
}

impl Tally {
    fn counts(self) -> ByOrdinal {
        match self {
            Self::All(counts) => ByOrdinal::All(counts),
            Self::Few(found) => ByOrdinal::of_found(found),
        }
    }

    fn add(&mut self, ordinal: u64) {
        match self {
            Self::All(counts) => counts[ordinal as usize] += 1,
            Self::Few(found) => found.push(ordinal as u32),
        }
    }
}

/// Counts by ordinal of one string column.
struct Ordinals {
    column: StrColumn,
    tally: Tally,
    missing: u64,
    multi: bool,
}

/// A facet for which originals are read.
struct Originals {
    field: FacetField,
    /// Of which documents.
    docs: Docs,
    /// What is known of the others.
    ranked: Vec<Arc<Ranked>>,
    counts: Counts,
}

enum FacetCounter {
    Column(Ordinals),
    Known(Vec<Arc<Ranked>>),
    /// By generation ordinal.
    Source(Vec<u64>),
    Chain(BTreeMap<&'static str, u64>),
    /// Counted on the originals, see `Pass::count_originals`.
    Original(Originals),
    /// The segment has no such column: everything is missing.
    Absent(u64),
}

impl FacetCounter {
    fn original(&self) -> Option<&Originals> {
        match self {
            Self::Original(originals) => Some(originals),
            _ => None,
        }
    }
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
    /// The column of terms.
    pub(crate) terms: tantivy::schema::Field,
    pub(crate) whole: &'a Whole,
    /// Rank of the last event of a page that some segment fills: what is worse is not on the page.
    pub(crate) least: &'a AtomicI64,
}

/// What a pass over a segment has come to.
struct Pass<'a> {
    collector: &'a Collector<'a>,
    positions: &'a Positions,
    facets: Vec<FacetCounter>,
    page: Page<'a>,
    /// To be counted; `None` = none is wanted, or it is known.
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
        let id = segment.segment_id();
        let is_whole = matches!(docs, Docs::All);
        let known_facet = |facet: &FacetRequest| match is_whole {
            true => self.whole.facet(id, &facet.field, named_for(facet)),
            false => None,
        };
        let facets = self.request.facets.iter();
        let facets: Result<_, EngineError> = facets
            .map(|facet| match known_facet(facet) {
                Some(known) => Ok(FacetCounter::Known(known)),
                None => self.counter(segment, facet, docs),
            })
            .collect();
        let known = histogram.as_ref().filter(|_| is_whole);
        let known = known.and_then(|frame| self.whole.histogram(id, frame));
        let histogram = histogram.filter(|_| known.is_none());
        let failures = match &histogram {
            Some(_) => failures(segment)?,
            None => None,
        };
        let mut pass = Pass {
            collector: self,
            positions,
            facets: facets?,
            page: Page::new(self.request, &*positions.ts, self.least),
            histogram,
            failures,
            total: 0,
        };
        if is_whole && pass.is_known() {
            pass.total = segment.max_doc().into();
        } else {
            self.pass(&mut pass, segment, docs)?;
        }
        if let Some(histogram) = pass.histogram.as_ref().filter(|_| is_whole) {
            self.whole.learn_histogram(id, histogram);
        }
        let facets = pass.facets.into_iter().zip(&self.request.facets);
        let facets: Result<_, EngineError> = facets
            .map(|(counter, facet)| {
                let counts = self.resolve(counter, named_for(facet))?;
                let is_ranked = (counts.named.sum, counts.named.missing) == (0, 0);
                if is_whole && is_ranked && !counts.ranked.is_empty() {
                    self.whole.learn_facet(id, &facet.field, &counts.ranked);
                }
                Ok(counts)
            })
            .collect();
        Ok(Collected {
            candidates: pass.page.finish(positions, self.fetcher.facts),
            total: pass.total,
            facets: facets?,
            histogram: pass.histogram.or(known),
        })
    }

    /// Goes through the documents.
    fn pass(
        &self,
        pass: &mut Pass<'_>,
        segment: &SegmentReader,
        docs: &Docs,
    ) -> Result<(), EngineError> {
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
        pass.add(&block)
    }

    fn counter(
        &self,
        segment: &SegmentReader,
        facet: &FacetRequest,
        docs: &Docs,
    ) -> Result<FacetCounter, EngineError> {
        Ok(match &facet.field {
            FacetField::Normal(Field::Source) => {
                FacetCounter::Source(vec![0; self.fetcher.facts.len()])
            }
            FacetField::Normal(Field::Chain) => FacetCounter::Chain(BTreeMap::new()),
            FacetField::Normal(field) if super::schema::STR_COLUMNS.contains(field) => {
                match segment.fast_fields().str(field.name()).map_err(failed)? {
                    Some(column) => FacetCounter::Column(Ordinals {
                        tally: match column.num_terms() / VALUES_A_DOCUMENT {
                            many if many > docs.count(segment.max_doc()) => Tally::Few(Vec::new()),
                            _ => Tally::All(vec![0; column.num_terms()]),
                        },
                        missing: 0,
                        multi: column.ords().get_cardinality().is_multivalue(),
                        column,
                    }),
                    None => FacetCounter::Absent(0),
                }
            }
            field => {
                let named = named_for(facet);
                match by_terms::count(segment, self.terms, field, docs, named, self.cancel)? {
                    Some(counted) if matches!(counted.unread, Docs::None) => {
                        FacetCounter::Known(counted.ranked)
                    }
                    counted => {
                        let (ranked, docs) = match counted {
                            Some(counted) => (counted.ranked, counted.unread),
                            None => (Vec::new(), Docs::All),
                        };
                        FacetCounter::Original(Originals {
                            field: field.clone(),
                            docs,
                            ranked,
                            counts: Counts::default(),
                        })
                    }
                }
            }
        })
    }

    fn count(&self, facet: &mut FacetCounter, docs: &[DocId], positions: &Positions) {
        match facet {
            FacetCounter::Column(ordinals) => ordinals.count(docs),
            FacetCounter::Known(_) | FacetCounter::Original(_) => {}
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
            FacetCounter::Absent(missing) => *missing += docs.len() as u64,
        }
    }

    /// What came of a facet of which `named` values are to be named.
    fn resolve(&self, facet: FacetCounter, named: usize) -> Result<SegmentCounts, EngineError> {
        let mut counts = Counts::default();
        let mut ranked = Vec::new();
        match facet {
            FacetCounter::Known(known) => ranked = known,
            FacetCounter::Column(ordinals) => ranked.push(Arc::new(Ranked::new(
                Values::Column(ordinals.column),
                ordinals.tally.counts(),
                ordinals.missing,
                named,
            )?)),
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
            FacetCounter::Original(originals) => {
                (counts, ranked) = (originals.counts, originals.ranked);
            }
            FacetCounter::Absent(missing) => counts.missing = missing,
        }
        Ok(SegmentCounts {
            named: counts,
            ranked,
        })
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
                seen.iter().for_each(|ord| self.tally.add(*ord));
                self.missing += u64::from(seen.is_empty());
            }
            return;
        }
        let mut values = [None; BLOCK];
        let values = &mut values[..docs.len()];
        ords.first_vals(docs, values);
        for value in values {
            match value {
                Some(ord) => self.tally.add(*ord),
                None => self.missing += 1,
            }
        }
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
    /// Whether nothing is left to look for in the documents of a whole segment.
    fn is_known(&self) -> bool {
        let is_known = |facet: &FacetCounter| matches!(facet, FacetCounter::Known(_));
        self.page.is_ruled_out() && self.histogram.is_none() && self.facets.iter().all(is_known)
    }

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

    /// Facets that the index does not tell: each original is read once for all of them, in the order in which they are
    /// stored.
    fn count_originals(&mut self, docs: &[DocId]) -> Result<(), EngineError> {
        let of_originals = || self.facets.iter().filter_map(FacetCounter::original);
        if of_originals().next().is_none() {
            return Ok(());
        }
        let is_attributes = of_originals().all(|o| matches!(o.field, FacetField::Attribute(_)));
        let wanted = |doc: &&DocId| of_originals().any(|o| o.docs.contains(**doc));
        let mut docs: Vec<DocId> = docs.iter().filter(wanted).copied().collect();
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
                let FacetCounter::Original(originals) = facet else {
                    continue;
                };
                if !originals.docs.contains(doc) {
                    continue;
                }
                let counts = &mut originals.counts;
                let before = counts.sum;
                facet_values(&originals.field, &hit.event, hit.verdict, |v| {
                    counts.add(v, 1);
                });
                counts.missing += u64::from(counts.sum == before);
            }
        }
        Ok(())
    }

    /// Counts the attributes of one event that its record shows by itself; `false` = it has to be read as a whole, and
    /// nothing was counted.
    fn count_attributes(&mut self, doc: DocId) -> Result<bool, EngineError> {
        let Some(record) = self.collector.fetcher.leaves(self.positions, doc)? else {
            return Ok(false);
        };
        let record = format::trimmed(&record);
        let mut found: Vec<Option<Vec<String>>> = Vec::new();
        for originals in self.facets.iter().filter_map(FacetCounter::original) {
            let FacetField::Attribute(path) = &originals.field else {
                continue;
            };
            if !originals.docs.contains(doc) {
                found.push(None);
                continue;
            }
            let mut values = Vec::new();
            let mut each = |value: &str| values.push(value.to_owned());
            if format::leaves_at(record, path, &mut each).is_none() {
                return Ok(false);
            }
            values.sort_unstable();
            values.dedup();
            found.push(Some(values));
        }
        let counters = self.facets.iter_mut().filter_map(|facet| match facet {
            FacetCounter::Original(originals) => Some(&mut originals.counts),
            _ => None,
        });
        for (counts, values) in counters.zip(found) {
            let Some(values) = values else { continue };
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
