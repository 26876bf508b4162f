//! The values of all segments side by side, in the order of their names: for facets whose first values no few names tell.

use std::collections::BinaryHeap;
use std::sync::Arc;

use super::{ByOrdinal, LOOK, Ranked};
use crate::engine::local::values::{Walk, shown};
use crate::engine::page::Counts;
use crate::engine::{Cancel, EngineError, FacetRequest};

/// Values kept beside those wanted before the worst are thrown out.
const SPARE: usize = 1024;

/// Goes through the values of all segments side by side, in their order, and adds to `counts` those that are among the
/// first.
pub(super) fn walk(
    counts: &mut Counts,
    segments: &[Arc<Ranked>],
    facet: &FacetRequest,
    cancel: &Cancel,
) -> Result<(), EngineError> {
    let mut counted = Vec::with_capacity(segments.len());
    for segment in segments {
        counted.push(Counted {
            walk: segment.values.walk()?,
            counts: &segment.counts,
            at: 0,
            looked: 0,
            cancel,
        });
    }
    let mut heap = BinaryHeap::with_capacity(segments.len());
    for (index, values) in counted.iter_mut().enumerate() {
        let mut name = Vec::new();
        if let Some(count) = values.next(&mut name)? {
            heap.push(Next { name, index, count });
        }
    }
    let mut first = First::new(facet);
    let mut name = Vec::new();
    while let Some(next) = heap.peek() {
        name.clear();
        name.extend_from_slice(&next.name);
        let mut count = 0;
        while let Some(mut next) = heap.peek_mut()
            && next.name == name
        {
            count += u64::from(next.count);
            let index = next.index;
            match counted[index].next(&mut next.name)? {
                Some(count) => next.count = count,
                None => drop(std::collections::binary_heap::PeekMut::pop(next)),
            }
        }
        let value = shown(&name);
        match counts.values.get_mut(&*value) {
            Some(before) => *before += count,
            None => first.offer(&value, count),
        }
    }
    first.trim();
    counts.values.extend(first.kept);
    Ok(())
}

/// The values of a segment that were counted, in the order of their names.
struct Counted<'a> {
    walk: Walk<'a>,
    counts: &'a ByOrdinal,
    /// Place in the counts of the few that were found.
    at: usize,
    looked: usize,
    cancel: &'a Cancel,
}

impl Counted<'_> {
    /// Takes the name of the next one; its count.
    fn next(&mut self, name: &mut Vec<u8>) -> Result<Option<u32>, EngineError> {
        while self.walk.advance() {
            if self.looked.is_multiple_of(LOOK) && self.cancel.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            self.looked += 1;
            let ordinal = self.walk.ordinal();
            let count = match self.counts {
                ByOrdinal::All(counts) => counts[ordinal],
                ByOrdinal::Few(counts) => match counts.get(self.at) {
                    None => return Ok(None),
                    Some((next, count)) if *next as usize == ordinal => {
                        self.at += 1;
                        *count
                    }
                    Some(_) => 0,
                },
            };
            if count > 0 {
                name.clear();
                name.extend_from_slice(self.walk.name());
                return Ok(Some(count));
            }
        }
        Ok(None)
    }
}

/// A value of a segment that is to be counted next; the greatest of a heap is the first by name.
#[derive(PartialEq, Eq)]
struct Next {
    name: Vec<u8>,
    index: usize,
    count: u32,
}

impl Ord for Next {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.name.cmp(&self.name)
    }
}

impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The first values of those offered so far.
struct First<'a> {
    facet: &'a FacetRequest,
    holds: Box<dyn Fn(&str) -> bool>,
    kept: Vec<(String, u64)>,
    /// Once there are enough: what comes behind this is not among them.
    last: Option<(String, u64)>,
}

impl<'a> First<'a> {
    fn new(facet: &'a FacetRequest) -> Self {
        Self {
            facet,
            holds: Box::new(facet.holds()),
            kept: Vec::new(),
            last: None,
        }
    }

    fn compare(&self, a: (&str, u64), b: (&str, u64)) -> std::cmp::Ordering {
        let by_count = self.facet.order.compare(a.1, b.1);
        by_count.then_with(|| a.0.cmp(b.0))
    }

    fn offer(&mut self, value: &str, count: u64) {
        if let Some((last, of_last)) = &self.last
            && self.compare((value, count), (last, *of_last)).is_gt()
        {
            return;
        }
        if self.facet.limit > 0 && (self.holds)(value) {
            self.kept.push((value.to_owned(), count));
            if self.kept.len() >= self.facet.limit.saturating_add(SPARE) {
                self.trim();
            }
        }
    }

    fn trim(&mut self) {
        if self.kept.len() <= self.facet.limit {
            return;
        }
        let mut kept = std::mem::take(&mut self.kept);
        kept.select_nth_unstable_by(self.facet.limit, |a, b| {
            self.compare((&a.0, a.1), (&b.0, b.1))
        });
        kept.truncate(self.facet.limit);
        let last = kept
            .iter()
            .max_by(|a, b| self.compare((&a.0, a.1), (&b.0, b.1)));
        self.last = last.cloned();
        self.kept = kept;
    }
}
