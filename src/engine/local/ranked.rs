//! The values of a facet counted by ordinal, segment by segment, and which of them come first over all segments. A log
//! may hold millions of values: only those that may be among the first are ever named, however many there are.

mod side_by_side;

use std::collections::HashMap;
use std::sync::Arc;

use super::Hash;
use super::values::{Values, shown};
use crate::engine::page::Counts;
use crate::engine::{Cancel, EngineError, FacetOrder, FacetRequest};

/// Values named for each that is wanted of a facet, and at least: what is first in one segment need not be so in all.
const NAMED_FOR_EACH: usize = 4;
const LEAST_NAMED: usize = 64;
/// Values named at most; where it is not the most frequent that are wanted: all, if there are no more.
const MOST_NAMED: usize = 4096;
/// Values looked up in other segments before all of them are gone through side by side instead.
const MOST_LOOKUPS: usize = 4096;
/// Values gone through between two looks whether somebody still waits.
const LOOK: usize = 4096;

/// Counts by the ordinals of values.
pub(crate) enum ByOrdinal {
    /// Of every one.
    All(Vec<u32>),
    /// Of those that were found, ascending.
    Few(Vec<(u32, u32)>),
}

impl ByOrdinal {
    /// Counts ordinals as they were found.
    pub(crate) fn of_found(mut found: Vec<u32>) -> Self {
        found.sort_unstable();
        let runs = found.chunk_by(|a, b| a == b);
        Self::Few(runs.map(|run| (run[0], run.len() as u32)).collect())
    }

    fn get(&self, ordinal: usize) -> u32 {
        match self {
            Self::All(counts) => counts[ordinal],
            Self::Few(counts) => {
                let at = counts.binary_search_by_key(&ordinal, |(ord, _)| *ord as usize);
                at.map_or(0, |at| counts[at].1)
            }
        }
    }

    /// Ordinals that were found, ascending, with their counts.
    fn found(&self) -> Vec<(u32, u32)> {
        match self {
            Self::All(counts) => {
                let all = (0..).zip(counts.iter().copied());
                all.filter(|(_, count)| *count > 0).collect()
            }
            Self::Few(counts) => counts.clone(),
        }
    }

    fn sum(&self) -> u64 {
        match self {
            Self::All(counts) => counts.iter().map(|count| u64::from(*count)).sum(),
            Self::Few(counts) => counts.iter().map(|(_, count)| u64::from(*count)).sum(),
        }
    }
}

/// What a segment counted for a facet.
pub(crate) struct Ranked {
    values: Values,
    counts: ByOrdinal,
    missing: u64,
    /// The most frequent values.
    named: Vec<(String, u32)>,
    /// No other value has more than this.
    rest: u32,
}

/// Whether it is the most frequent of all values that are wanted.
fn is_frequent(facet: &FacetRequest) -> bool {
    facet.order == FacetOrder::Frequent && facet.holding.is_empty()
}

/// How many of its most frequent values a segment is to name for a facet.
pub(crate) fn named_for(facet: &FacetRequest) -> usize {
    if !is_frequent(facet) {
        return MOST_NAMED;
    }
    let named = facet.limit.saturating_mul(NAMED_FOR_EACH);
    named.clamp(LEAST_NAMED, MOST_NAMED)
}

impl Ranked {
    /// The `most` frequent values are named, or all where there are no more.
    pub(crate) fn new(
        values: Values,
        counts: ByOrdinal,
        missing: u64,
        most: usize,
    ) -> Result<Self, EngineError> {
        let mut best = counts.found();
        let mut rest = 0;
        if best.len() > most {
            let (_, next, _) = best.select_nth_unstable_by_key(most, |b| std::cmp::Reverse(b.1));
            rest = next.1;
            best.truncate(most);
            best.sort_unstable_by_key(|b| b.0);
        }
        let ordinals: Vec<u64> = best.iter().map(|b| b.0.into()).collect();
        let mut named = Vec::with_capacity(best.len());
        let mut next = best.iter();
        let each = |name: &[u8]| {
            let count = next.next().map_or(0, |b| b.1);
            named.push((shown(name).into_owned(), count));
        };
        values.names(&ordinals, each)?;
        Ok(Self {
            values,
            counts,
            missing,
            named,
            rest,
        })
    }

    /// About what it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let named = self.named.iter().map(|(name, _)| name.len() + 32);
        let counts = match &self.counts {
            ByOrdinal::All(counts) => size_of_val(&counts[..]),
            ByOrdinal::Few(counts) => size_of_val(&counts[..]),
        };
        counts + named.sum::<usize>()
    }

    /// Whether it names enough for a facet that names so many.
    pub(crate) fn names(&self, most: usize) -> bool {
        self.rest == 0 || self.named.len() >= most
    }

    fn count_of(&self, value: &str) -> Result<u64, EngineError> {
        let ordinal = self.values.ordinal(value)?;
        Ok(ordinal.map_or(0, |ordinal| self.counts.get(ordinal).into()))
    }
}

/// Adds what segments counted to `counts`, which names its values. Of theirs those are named that are among the first
/// `limit` of the sum; what else `counts` named may be left out.
pub(crate) fn add(
    counts: &mut Counts,
    segments: &[Arc<Ranked>],
    facet: &FacetRequest,
    cancel: &Cancel,
) -> Result<(), EngineError> {
    for segment in segments {
        counts.missing += segment.missing;
        counts.sum += segment.counts.sum();
    }
    let is_named = segments.iter().all(|segment| segment.rest == 0);
    if (is_frequent(facet) || is_named)
        && let Some(first) = first(&counts.values, segments, facet)?
    {
        counts.values = first;
        return Ok(());
    }
    side_by_side::walk(counts, segments, facet, cancel)
}

/// What is known of a value.
struct Known {
    count: u64,
    /// By segment: whether its count is in.
    seen: Vec<bool>,
}

/// Every value that may be among the first, with its count; `None` = what the segments name does not tell.
///
/// (The threshold algorithm of Fagin, Lotem and Naor, "Optimal aggregation algorithms for middleware", 2001.)
fn first(
    values: &HashMap<String, u64>,
    segments: &[Arc<Ranked>],
    facet: &FacetRequest,
) -> Result<Option<HashMap<String, u64>>, EngineError> {
    // What no segment names has at most this many.
    let rest: u64 = segments.iter().map(|s| u64::from(s.rest)).sum();
    if rest > 0 && values.len() > MOST_LOOKUPS {
        return Ok(None);
    }
    let mut known: HashMap<&str, Known, Hash> = HashMap::default();
    let unseen = |count| Known {
        count,
        seen: vec![false; segments.len()],
    };
    for (value, count) in values {
        known.insert(value, unseen(*count));
    }
    for (index, segment) in segments.iter().enumerate() {
        for (value, count) in &segment.named {
            let known = known.entry(value).or_insert_with(|| unseen(0));
            known.count += u64::from(*count);
            known.seen[index] = true;
        }
    }
    let mut least: Vec<u64> = known.values().map(|k| k.count).collect();
    let least = match is_frequent(facet) {
        true => nth_largest(&mut least, facet.limit),
        false => 0,
    };
    let mut lookups = 0;
    let mut found = HashMap::new();
    for (value, known) in known {
        let open = || {
            let unseen = segments.iter().zip(&known.seen);
            unseen.filter_map(|(segment, seen)| (!seen && segment.rest > 0).then_some(segment))
        };
        let most = known.count + open().map(|s| u64::from(s.rest)).sum::<u64>();
        if most < least {
            continue;
        }
        let mut count = known.count;
        for segment in open() {
            lookups += 1;
            if lookups > MOST_LOOKUPS {
                return Ok(None);
            }
            count += segment.count_of(value)?;
        }
        found.insert(value.to_owned(), count);
    }
    let mut counts: Vec<u64> = found.values().copied().collect();
    // One that was not named may have as many as the last, and come before it by its name.
    let is_sure = rest == 0 || nth_largest(&mut counts, facet.limit) > rest;
    Ok(is_sure.then_some(found))
}

/// The `n`th largest, counted from 1; 0 where there are fewer.
fn nth_largest(counts: &mut [u64], n: usize) -> u64 {
    match n.checked_sub(1) {
        Some(n) if n < counts.len() => {
            *counts
                .select_nth_unstable_by_key(n, |count| std::cmp::Reverse(*count))
                .1
        }
        Some(_) => 0,
        None => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tantivy::schema::{Schema, TextOptions};
    use tantivy::{Index, doc};

    use super::*;
    use crate::engine::FacetField;
    use crate::event::field::Field;

    /// What each segment counted, and all that it counted by name.
    fn segments(counts: &[Vec<(String, u32)>], most: usize) -> (Vec<Arc<Ranked>>, Counts) {
        let mut schema = Schema::builder();
        let field = schema.add_text_field("v", TextOptions::default().set_fast("raw"));
        let index = Index::create_in_ram(schema.build());
        let mut writer = index.writer_with_num_threads(1, 20 << 20).unwrap();
        let mut expected = Counts::default();
        for segment in counts {
            for (value, _) in segment {
                writer.add_document(doc!(field => value.as_str())).unwrap();
            }
            writer.commit().unwrap();
        }
        let searcher = index.reader().unwrap().searcher();
        let readers = searcher.segment_readers();
        let ranked = readers.iter().map(|segment| {
            let column = segment.fast_fields().str("v").unwrap().unwrap();
            let mut name = String::new();
            let by_ordinal: Vec<u32> = (0..column.num_terms())
                .map(|ord| {
                    name.clear();
                    column.ord_to_str(ord as u64, &mut name).unwrap();
                    let of = |s: &&Vec<(String, u32)>| {
                        s.len() as u32 == segment.max_doc() && s.iter().any(|v| v.0 == name)
                    };
                    let segment = counts.iter().find(of).unwrap();
                    let count = segment.iter().find(|v| v.0 == name).unwrap().1;
                    expected.add(&name, u64::from(count));
                    count
                })
                .collect();
            expected.missing += 1;
            let counts = match column.num_terms() % 4 {
                0 => {
                    let found = (0..).zip(&by_ordinal);
                    let found = found.flat_map(|(ord, count)| vec![ord; *count as usize]);
                    ByOrdinal::of_found(found.collect())
                }
                _ => ByOrdinal::All(by_ordinal),
            };
            Arc::new(Ranked::new(Values::Column(column), counts, 1, most).unwrap())
        });
        (ranked.collect(), expected)
    }

    fn facet(order: FacetOrder, limit: usize, holding: &str) -> FacetRequest {
        FacetRequest {
            order,
            holding: holding.into(),
            ..FacetRequest::new(FacetField::Normal(Field::Target), limit)
        }
    }

    /// Segments of different lengths, so that the test can tell them apart; every one has values of its own.
    fn values(lengths: &[usize], count: impl Fn(usize, usize) -> u32) -> Vec<Vec<(String, u32)>> {
        let of = |(segment, length): (usize, &usize)| {
            let value = |i: usize| {
                (
                    format!("{:04}", i * (segment + 3) % 5003),
                    count(segment, i),
                )
            };
            (0..*length).map(value).collect()
        };
        lengths.iter().enumerate().map(of).collect()
    }

    #[test]
    fn the_first_of_all_segments_are_those_of_their_sum() {
        let lengths = [700, 1200, 90, 2000];
        type Count = fn(usize, usize) -> u32;
        let shapes: [Count; 4] = [
            // A few are frequent: what segments name tells.
            |_, i| 100_000 / (i as u32 * i as u32 + 1) + 1,
            // All alike: only the names decide.
            |_, _| 1,
            // Each is frequent in one segment alone.
            |s, i| {
                if i % 4 == s {
                    1000 - (i as u32 % 900)
                } else {
                    1
                }
            },
            |s, i| (i * 7919 + s * 104_729) as u32 % 50 + 1,
        ];
        for (shape, count) in shapes.into_iter().enumerate() {
            let (segments, expected) = segments(&values(&lengths, count), 64);
            for limit in [0, 1, 10, 64, 5000] {
                for (order, holding) in [
                    (FacetOrder::Frequent, ""),
                    (FacetOrder::Rare, ""),
                    (FacetOrder::Frequent, "12"),
                ] {
                    let request = facet(order, limit, holding);
                    // What is in memory besides may lift a value that is nowhere near the first.
                    for live in [&[][..], &[("0399", 90_000), ("new", 3), ("0000", 1)]] {
                        let (mut counts, mut expected) = (Counts::default(), expected.clone());
                        for (value, count) in live {
                            counts.add(value, *count);
                            expected.add(value, *count);
                        }
                        add(&mut counts, &segments, &request, &Cancel::default()).unwrap();
                        let what = format!("shape {shape}, {limit}, {order:?}, {holding:?}");
                        assert_eq!(counts.top(&request), expected.top(&request), "{what}");
                    }
                }
            }
        }
    }

    #[test]
    fn few_are_named_where_a_few_are_frequent() {
        let frequent = |_, i: usize| if i < 20 { 1000 } else { 1 };
        let (segments, _) = segments(&values(&[700, 1200], frequent), 64);
        let mut counts = Counts::default();
        let request = facet(FacetOrder::Frequent, 10, "");
        add(&mut counts, &segments, &request, &Cancel::default()).unwrap();
        assert!(counts.values.len() <= 40, "{}", counts.values.len());
        let mut counts = Counts::default();
        let request = facet(FacetOrder::Rare, 10, "");
        add(&mut counts, &segments, &request, &Cancel::default()).unwrap();
        assert_eq!(counts.values.len(), 10);
    }

    #[test]
    fn who_stops_waiting_gets_no_answer() {
        let (segments, _) = segments(&values(&[700], |_, _| 1), 64);
        let cancel = Cancel::default();
        cancel.cancel();
        let request = facet(FacetOrder::Rare, 10, "");
        let answer = add(&mut Counts::default(), &segments, &request, &cancel);
        assert!(matches!(answer, Err(EngineError::Cancelled)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn any_counts_of_any_segments_add_up(
            counts in prop::collection::vec(1_u32..6, 1..40),
            lengths in prop::sample::subsequence(vec![1_usize, 5, 30, 60, 90], 1..5),
            limit in 0_usize..12,
        ) {
            let count = |s: usize, i: usize| counts[(s * 7 + i) % counts.len()];
            let (segments, expected) = segments(&values(&lengths, count), 3);
            for order in [FacetOrder::Frequent, FacetOrder::Rare] {
                let request = facet(order, limit, "");
                let mut added = Counts::default();
                add(&mut added, &segments, &request, &Cancel::default()).unwrap();
                prop_assert_eq!(added.top(&request), expected.clone().top(&request));
            }
        }
    }
}
