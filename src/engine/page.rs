//! Making a `SearchPage` out of events in memory: page, total, facets, histogram in one pass. Serves the memory
//! engine and the live part of others, and merges partial answers.

use std::collections::HashMap;
use std::sync::Arc;

use super::{
    Cursor, Facet, FacetField, FacetOrder, FacetRequest, Histogram, Hit, SearchRequest, Sort,
};
use crate::event::field::Field;
use crate::event::{Event, Outcome, SortKey, Timestamp, Verdict};
use crate::query::token::fold;

/// A partial answer that can be merged with others and finished into a page's parts.
#[derive(Default)]
pub struct Partial {
    /// Candidates for the page, unsorted.
    pub hits: Vec<Hit>,
    pub total: u64,
    pub facets: Vec<Counts>,
    pub histogram: Option<Histogram>,
}

/// Counts of one field's values.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    pub values: HashMap<String, u64>,
    /// Events without the field.
    pub missing: u64,
    /// Sum over all counted values, those left out of `values` included.
    pub sum: u64,
}

impl FacetOrder {
    /// Which of two counts comes first.
    pub fn compare(self, a: u64, b: u64) -> std::cmp::Ordering {
        match self {
            Self::Frequent => b.cmp(&a),
            Self::Rare => a.cmp(&b),
        }
    }
}

impl FacetRequest {
    /// Whether a value is one of those that are wanted.
    pub fn holds(&self) -> impl Fn(&str) -> bool + use<> {
        let wanted = fold(&self.holding).into_owned();
        move |value| wanted.is_empty() || fold(value).contains(&wanted)
    }
}

impl Counts {
    pub fn add(&mut self, value: &str, n: u64) {
        self.sum += n;
        match self.values.get_mut(value) {
            Some(count) => *count += n,
            None => {
                self.values.insert(value.to_owned(), n);
            }
        }
    }

    pub fn merge(&mut self, other: Self) {
        self.missing += other.missing;
        self.sum += other.sum;
        for (value, n) in other.values {
            *self.values.entry(value).or_default() += n;
        }
    }

    /// The first `limit` values in the order asked for, equal counts by value.
    pub fn top(self, request: &FacetRequest) -> Facet {
        let holds = request.holds();
        let values = self.values.into_iter().filter(|(value, _)| holds(value));
        let mut values: Vec<(String, u64)> = values.collect();
        values.sort_unstable_by(|a, b| {
            let by_count = request.order.compare(a.1, b.1);
            by_count.then_with(|| a.0.cmp(&b.0))
        });
        values.truncate(request.limit);
        let listed: u64 = values.iter().map(|v| v.1).sum();
        Facet {
            field: request.field.clone(),
            other: self.sum.saturating_sub(listed),
            values,
            missing: self.missing,
        }
    }
}

/// The values a facet counts for one event: each value once.
pub fn facet_values(
    field: &FacetField,
    event: &Event,
    verdict: Verdict,
    mut each: impl FnMut(&str),
) {
    let mut one = |value: Option<&str>| {
        if let Some(value) = value {
            each(value);
        }
    };
    match field {
        FacetField::Normal(field) => match field {
            Field::Actor => one(event.actor.as_deref()),
            Field::Action => one(event.action.as_deref()),
            Field::Target => one(event.target.as_deref()),
            Field::Outcome => one(Some(event.outcome.as_str())),
            Field::Reason => one(event.reason.as_deref()),
            Field::Host => one(event.host.as_deref()),
            Field::Session => one(event.session.as_deref()),
            Field::Severity => one(event.severity.map(|s| s.as_str())),
            Field::Message => one(event.message.as_deref()),
            Field::Format => one(Some(&event.format)),
            Field::Source => one(Some(&event.source)),
            Field::Chain => one(Some(verdict.as_str())),
            Field::Id => one(Some(&event.id.to_string())),
            Field::Ts => one(event.ts.map(Timestamp::rfc3339).as_deref()),
            Field::Line => one(event.line.map(|l| l.to_string()).as_deref()),
            Field::Ip => {
                let mut seen: Vec<String> = event.ip.iter().map(ToString::to_string).collect();
                seen.sort_unstable();
                seen.dedup();
                seen.iter().for_each(|ip| one(Some(ip)));
            }
        },
        FacetField::Attribute(path) => {
            let mut seen: Vec<&str> = event.attributes.all(path).map(|v| v.text).collect();
            seen.sort_unstable();
            seen.dedup();
            seen.into_iter().for_each(|v| one(Some(v)));
        }
    }
}

/// Whether an event at `key` lies beyond the cursor in the direction of `sort`.
pub fn beyond(key: &SortKey, cursor: Option<&Cursor>, sort: Sort) -> bool {
    let Some(cursor) = cursor else { return true };
    match (key.cmp(&cursor.key), sort) {
        (std::cmp::Ordering::Equal, _) => cursor.inclusive,
        (order, Sort::Asc) => order.is_gt(),
        (order, Sort::Desc) => order.is_lt(),
    }
}

/// An empty histogram over `[from, to]` with at most `buckets` buckets of a round width.
pub fn histogram_frame(from: i64, to: i64, buckets: usize) -> Histogram {
    const STEPS: [i64; 22] = [
        1_000_000,
        10_000_000,
        100_000_000,
        1_000_000_000,
        2_000_000_000,
        5_000_000_000,
        10_000_000_000,
        15_000_000_000,
        30_000_000_000,
        60_000_000_000,
        120_000_000_000,
        300_000_000_000,
        600_000_000_000,
        900_000_000_000,
        1_800_000_000_000,
        3_600_000_000_000,
        7_200_000_000_000,
        21_600_000_000_000,
        43_200_000_000_000,
        86_400_000_000_000,
        604_800_000_000_000,
        2_592_000_000_000_000,
    ];
    let buckets = buckets.clamp(1, 4096) as i128;
    let span = i128::from(to) - i128::from(from) + 1;
    let fits = |step: i64| {
        let start = from.div_euclid(step);
        i128::from(to.div_euclid(step)) - i128::from(start) < buckets
    };
    let step = STEPS.into_iter().find(|s| fits(*s)).unwrap_or_else(|| {
        let months = span / buckets / i128::from(STEPS[21]) + 2;
        i64::try_from(months)
            .unwrap_or(i64::MAX / STEPS[21])
            .saturating_mul(STEPS[21])
    });
    let start = from.div_euclid(step) * step;
    let count =
        ((i128::from(to) - i128::from(start)) / i128::from(step) + 1).clamp(1, buckets) as usize;
    Histogram {
        start: Timestamp(start),
        step,
        total: vec![0; count],
        failures: vec![0; count],
    }
}

/// The bucket of a time, if it lies inside.
pub fn bucket(histogram: &Histogram, ts: i64) -> Option<usize> {
    let index = usize::try_from(
        ts.checked_sub(histogram.start.0)?
            .div_euclid(histogram.step),
    )
    .ok()?;
    (index < histogram.total.len()).then_some(index)
}

impl Partial {
    /// An empty answer shaped for the request; `extent` = first and last time for the histogram.
    pub fn new(request: &SearchRequest, extent: Option<(i64, i64)>) -> Self {
        let histogram = match (request.histogram, extent) {
            (Some(buckets), Some((from, to))) => Some(histogram_frame(from, to, buckets)),
            _ => None,
        };
        Self {
            facets: vec![Counts::default(); request.facets.len()],
            histogram,
            ..Self::default()
        }
    }

    /// Counts one matching event, and keeps it as a candidate if it lies beyond the cursor.
    pub fn add(&mut self, request: &SearchRequest, event: &Arc<Event>, verdict: Verdict) {
        self.total += 1;
        for (request, counts) in request.facets.iter().zip(&mut self.facets) {
            let before = counts.sum;
            facet_values(&request.field, event, verdict, |value| counts.add(value, 1));
            if counts.sum == before {
                counts.missing += 1;
            }
        }
        if let Some(histogram) = &mut self.histogram
            && let Some(index) = event.ts.and_then(|ts| bucket(histogram, ts.0))
        {
            histogram.total[index] += 1;
            histogram.failures[index] += u64::from(event.outcome == Outcome::Failure);
        }
        if request.limit > 0 && beyond(&event.sort_key(), request.cursor.as_ref(), request.sort) {
            self.hits.push(Hit {
                event: event.clone(),
                verdict,
            });
            if self.hits.len() >= request.limit.saturating_mul(4).max(4096) {
                self.trim(request);
            }
        }
    }

    /// Keeps the best `limit + 1` candidates, sorted.
    pub fn trim(&mut self, request: &SearchRequest) {
        match request.sort {
            Sort::Asc => self.hits.sort_by_cached_key(|h| h.event.sort_key()),
            Sort::Desc => self
                .hits
                .sort_by_cached_key(|h| std::cmp::Reverse(h.event.sort_key())),
        }
        self.hits.truncate(request.limit.saturating_add(1));
    }

    pub fn merge(&mut self, other: Self) {
        self.total += other.total;
        self.hits.extend(other.hits);
        for (mine, theirs) in self.facets.iter_mut().zip(other.facets) {
            mine.merge(theirs);
        }
        if let (Some(mine), Some(theirs)) = (&mut self.histogram, &other.histogram) {
            for (i, (total, failures)) in theirs.total.iter().zip(&theirs.failures).enumerate() {
                let ts = theirs
                    .start
                    .0
                    .saturating_add(theirs.step.saturating_mul(i as i64));
                if let Some(index) = bucket(mine, ts) {
                    mine.total[index] += total;
                    mine.failures[index] += failures;
                }
            }
        }
    }

    /// The finished hits, whether there are more beyond them, and the facets.
    pub fn finish(
        mut self,
        request: &SearchRequest,
    ) -> (Vec<Hit>, bool, u64, Vec<Facet>, Option<Histogram>) {
        self.trim(request);
        let more = self.hits.len() > request.limit;
        self.hits.truncate(request.limit);
        let facets = request
            .facets
            .iter()
            .zip(self.facets)
            .map(|(r, c)| c.top(r))
            .collect();
        (self.hits, more, self.total, facets, self.histogram)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histogram_has_round_steps_and_covers_both_ends() {
        for (from, to, buckets) in [
            (0, 0, 10),
            (5, 3_600_000_000_000, 60),
            (i64::MIN / 4, i64::MAX / 4, 80),
            (1, 7, 1),
        ] {
            let h = histogram_frame(from, to, buckets);
            assert!(h.total.len() <= buckets, "{h:?}");
            assert_eq!(bucket(&h, from), Some(0));
            assert!(bucket(&h, to).is_some());
        }
    }

    #[test]
    fn top_breaks_ties_by_value_and_counts_the_rest() {
        let mut counts = Counts::default();
        for v in ["b", "a", "c", "c"] {
            counts.add(v, 1);
        }
        let mut request = FacetRequest::new(FacetField::Normal(Field::Actor), 2);
        let facet = counts.clone().top(&request);
        assert_eq!(facet.values, [("c".to_owned(), 2), ("a".to_owned(), 1)]);
        assert_eq!(facet.other, 1);
        request.order = FacetOrder::Rare;
        let facet = counts.top(&request);
        assert_eq!(facet.values, [("a".to_owned(), 1), ("b".to_owned(), 1)]);
        assert_eq!(facet.other, 2);
    }
}
