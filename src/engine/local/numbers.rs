//! Values of a column, numbered alike in all segments, so that the counts of segments are added as numbers. Adding
//! them as text takes longer than counting. (Search servers call this global ordinals.)

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tantivy::columnar::StrColumn;
use tantivy::index::SegmentId;

use super::schema::STR_COLUMNS;
use super::terms::Hash;
use crate::engine::page::Counts;
use crate::engine::{Cancel, EngineError, FacetField, FacetRequest};
use crate::event::field::Field;

/// Most bytes of text that are numbered for a column, and most values of a segment: beyond, counts are added as text.
const MOST_BYTES: usize = 32 << 20;
const MOST_VALUES: usize = 500_000;
/// Values numbered between two looks whether somebody still waits.
const AT_ONCE: usize = 4096;
/// Segments remembered; most of them were merged away by then.
const MOST_SEGMENTS: usize = 256;

/// What a segment counted for a facet.
pub(crate) enum SegmentCounts {
    Values(Counts),
    /// By ordinal of the segment; `numbers` says which value that is.
    Numbered {
        numbers: Arc<[u32]>,
        counts: Vec<u32>,
        missing: u64,
    },
}

/// Counts by number.
#[derive(Default)]
pub(crate) struct Tally {
    counts: Vec<u64>,
    missing: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, numbers: &[u32], counts: &[u32], missing: u64) {
        self.missing += missing;
        for (number, count) in numbers.iter().zip(counts).filter(|(_, count)| **count > 0) {
            let number = *number as usize;
            if self.counts.len() <= number {
                self.counts.resize(number + 1, 0);
            }
            self.counts[number] += u64::from(*count);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.missing += other.missing;
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
    }
}

/// The numbering of one column's values; a number never changes its value.
#[derive(Default)]
pub(crate) struct Numbers(Mutex<State>);

#[derive(Default)]
struct State {
    number: HashMap<Arc<str>, u32, Hash>,
    values: Vec<Arc<str>>,
    bytes: usize,
    segments: HashMap<SegmentId, Arc<[u32]>>,
}

impl Numbers {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of each ordinal of a segment; `None` where there are too many values.
    pub(crate) fn of(
        &self,
        segment: SegmentId,
        column: &StrColumn,
        cancel: &Cancel,
    ) -> Result<Option<Arc<[u32]>>, EngineError> {
        let mut state = self.lock();
        if let Some(numbers) = state.segments.get(&segment) {
            return Ok(Some(numbers.clone()));
        }
        if state.bytes > MOST_BYTES || column.num_terms() > MOST_VALUES {
            return Ok(None);
        }
        let ordinals: Vec<u64> = (0..column.num_terms() as u64).collect();
        let mut numbers = Vec::with_capacity(ordinals.len());
        for ordinals in ordinals.chunks(AT_ONCE) {
            // What was numbered so far keeps its numbers.
            if cancel.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            column
                .dictionary()
                .sorted_ords_to_term_cb(ordinals, |bytes| {
                    numbers.push(state.number_of(&String::from_utf8_lossy(bytes)));
                })
                .map_err(|error| EngineError::Index(error.to_string()))?;
        }
        let numbers: Arc<[u32]> = numbers.into();
        state.segments.insert(segment, numbers.clone());
        Ok(Some(numbers))
    }

    /// Adds a tally to counts that name their values: the first `limit` of those in the tally alone, and all that
    /// the counts name already. What the first `limit` of the sum are is then known, whatever the order.
    pub(crate) fn resolve(&self, tally: &Tally, facet: &FacetRequest, counts: &mut Counts) {
        let state = self.lock();
        counts.sum += tally.counts.iter().sum::<u64>();
        counts.missing += tally.missing;
        let mut named = vec![false; tally.counts.len()];
        for (value, count) in &mut counts.values {
            let number = state.number.get(value.as_str()).map(|n| *n as usize);
            if let Some(number) = number.filter(|n| *n < named.len()) {
                *count += tally.counts[number];
                named[number] = true;
            }
        }
        let mut best: Vec<(u64, u32)> = (0..)
            .zip(tally.counts.iter().zip(&named))
            .filter(|(_, (count, named))| **count > 0 && !**named)
            .map(|(number, (count, _))| (*count, number))
            .collect();
        let value = |number: u32| &state.values[number as usize];
        if !facet.holding.is_empty() {
            let holds = facet.holds();
            best.retain(|(_, number)| holds(value(*number)));
        }
        if best.len() > facet.limit {
            best.select_nth_unstable_by(facet.limit, |a, b| {
                let by_count = facet.order.compare(a.0, b.0);
                by_count.then_with(|| value(a.1).cmp(value(b.1)))
            });
            best.truncate(facet.limit);
        }
        for (count, number) in best {
            counts
                .values
                .entry(value(number).to_string())
                .or_insert(count);
        }
    }
}

impl State {
    fn number_of(&mut self, value: &str) -> u32 {
        if let Some(number) = self.number.get(value) {
            return *number;
        }
        let number = self.values.len() as u32;
        let value: Arc<str> = value.into();
        self.bytes += value.len();
        self.values.push(value.clone());
        self.number.insert(value, number);
        number
    }
}

/// The numberings of all columns.
#[derive(Default)]
pub(crate) struct Numbering(Mutex<HashMap<Field, Arc<Numbers>>>);

impl Numbering {
    /// The numbering for each facet that is a column. A search keeps those that it began with.
    pub(crate) fn of(&self, facets: &[FacetRequest]) -> Vec<Option<Arc<Numbers>>> {
        let mut columns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        columns.retain(|_, numbers| numbers.lock().segments.len() <= MOST_SEGMENTS);
        let facets = facets.iter().map(|facet| match &facet.field {
            FacetField::Normal(field) if STR_COLUMNS.contains(field) => {
                Some(columns.entry(*field).or_default().clone())
            }
            _ => None,
        });
        facets.collect()
    }
}

#[cfg(test)]
mod tests {
    use tantivy::schema::{Schema, TextOptions};
    use tantivy::{Index, doc};

    use super::*;
    use crate::engine::FacetOrder;

    #[test]
    fn counts_of_segments_add_up_as_if_they_were_text() {
        let mut schema = Schema::builder();
        let field = schema.add_text_field("v", TextOptions::default().set_fast("raw"));
        let index = Index::create_in_ram(schema.build());
        let mut writer = index.writer_with_num_threads(1, 20 << 20).unwrap();
        // Every segment has values of its own, and orders those it shares otherwise.
        for segment in 0..4u64 {
            for i in 0..300u64 {
                let value = format!("{:03}", i * (segment + 3) % 400);
                writer.add_document(doc!(field => value)).unwrap();
            }
            writer.commit().unwrap();
        }
        let searcher = index.reader().unwrap().searcher();
        let numbers = Numbers::default();
        let mut tally = Tally::default();
        let mut expected = Counts::default();
        for segment in searcher.segment_readers() {
            let column = segment.fast_fields().str("v").unwrap().unwrap();
            let mut counts = vec![0; column.num_terms()];
            for doc in 0..segment.max_doc() {
                let ord = column.ords().first(doc).unwrap();
                counts[ord as usize] += 1;
                let mut text = String::new();
                column.ord_to_str(ord, &mut text).unwrap();
                expected.add(&text, 1);
            }
            let of_segment = numbers.of(segment.segment_id(), &column, &Cancel::default());
            let of_segment = of_segment.unwrap().unwrap();
            tally.add(&of_segment, &counts, 1);
        }
        // What is in memory besides may lift a value that is nowhere near the best.
        let mut counts = Counts::default();
        for value in ["399", "new", "000"] {
            counts.add(value, 1000);
            expected.add(value, 1000);
        }
        expected.missing = 4;
        for order in [FacetOrder::Frequent, FacetOrder::Rare] {
            for limit in [0, 1, 10, 100, 1000] {
                let request = FacetRequest {
                    order,
                    ..FacetRequest::new(FacetField::Normal(Field::Target), limit)
                };
                let mut counts = counts.clone();
                numbers.resolve(&tally, &request, &mut counts);
                assert_eq!(counts.top(&request), expected.clone().top(&request));
            }
        }
    }
}
