//! What segments count for a search that finds all of their documents. Segments never change, so each counts once.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tantivy::index::SegmentId;

use super::ranked::Ranked;
use crate::engine::{FacetField, Histogram};

/// Bytes of counts beyond which all are forgotten: what people look at is soon counted again.
const MOST_BYTES: usize = 64 << 20;

/// Of one segment.
#[derive(Default)]
struct OfSegment {
    facets: HashMap<FacetField, Vec<Arc<Ranked>>>,
    /// The last one that was asked for.
    histogram: Option<Histogram>,
}

impl OfSegment {
    fn bytes(&self) -> usize {
        let ranked = self.facets.values().flatten();
        ranked.map(|ranked| ranked.bytes()).sum()
    }
}

#[derive(Default)]
pub(crate) struct Whole(Mutex<HashMap<SegmentId, OfSegment>>);

impl Whole {
    fn lock(&self) -> MutexGuard<'_, HashMap<SegmentId, OfSegment>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets segments that are no more, and with them their files; all of them where they take too much.
    pub(crate) fn keep(&self, segments: &HashSet<SegmentId>) {
        let mut of_all = self.lock();
        of_all.retain(|id, _| segments.contains(id));
        if of_all.values().map(OfSegment::bytes).sum::<usize>() > MOST_BYTES {
            of_all.clear();
        }
    }

    /// The counts of a facet, if they name so many values.
    pub(crate) fn facet(
        &self,
        id: SegmentId,
        field: &FacetField,
        named: usize,
    ) -> Option<Vec<Arc<Ranked>>> {
        let of_all = self.lock();
        let facet = of_all.get(&id)?.facets.get(field)?;
        let is_enough = facet.iter().all(|ranked| ranked.names(named));
        is_enough.then(|| facet.clone())
    }

    pub(crate) fn learn_facet(&self, id: SegmentId, field: &FacetField, facet: &[Arc<Ranked>]) {
        let mut of_all = self.lock();
        let facets = &mut of_all.entry(id).or_default().facets;
        facets.insert(field.clone(), facet.to_vec());
    }

    /// The histogram with the buckets of `frame`, if that was the last one.
    pub(crate) fn histogram(&self, id: SegmentId, frame: &Histogram) -> Option<Histogram> {
        let of_all = self.lock();
        let known = of_all.get(&id)?.histogram.as_ref()?;
        let alike = |h: &Histogram| (h.start, h.step, h.total.len());
        (alike(known) == alike(frame)).then(|| known.clone())
    }

    pub(crate) fn learn_histogram(&self, id: SegmentId, histogram: &Histogram) {
        let mut of_all = self.lock();
        of_all.entry(id).or_default().histogram = Some(histogram.clone());
    }
}
