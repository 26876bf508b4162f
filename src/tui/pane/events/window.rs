//! The part of the list that is loaded: a bounded run of hits in the one total order, without gaps or doubles.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use crate::engine::Hit;
use crate::event::{EventId, SortKey};

/// Hits kept at most; what is dropped at an edge is fetched again when that edge comes near.
pub const CAPACITY: usize = 3_000;

/// Where hits come from, which says which edges are certain afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The page before the first hit; whether still more lie before it.
    Older { more: bool },
    /// The page after the last hit; whether still more lie after it.
    Newer { more: bool },
    /// As they happen.
    Live,
    /// The same stretch again.
    Refresh,
}

/// Oldest first.
#[derive(Clone, Debug, Default)]
pub struct Window {
    hits: Vec<Hit>,
    pub more_older: bool,
    pub more_newer: bool,
    /// What it held when it was asked again.
    asked: HashSet<EventId>,
}

fn compare(a: &Hit, b: &Hit) -> Ordering {
    let key = |h: &Hit| {
        let order = h.event.order;
        (order.ts, order.generation, order.offset, order.sub)
    };
    let ((at, ag, ao, asub), (bt, bg, bo, bsub)) = (key(a), key(b));
    at.cmp(&bt)
        .then_with(|| a.event.source.cmp(&b.event.source))
        .then_with(|| (ag, ao, asub).cmp(&(bg, bo, bsub)))
}

impl Window {
    /// A new list from a page, oldest first.
    pub fn new(hits: Vec<Hit>, more_older: bool, more_newer: bool) -> Self {
        let mut window = Self {
            hits,
            more_older,
            more_newer,
            asked: HashSet::new(),
        };
        window.hits.sort_by(compare);
        window
    }

    pub fn len(&self) -> usize {
        self.hits.len()
    }

    pub fn is_empty(&self) -> bool {
        self.hits.is_empty()
    }

    pub fn get(&self, index: usize) -> Option<&Hit> {
        self.hits.get(index)
    }

    pub fn position(&self, id: EventId) -> Option<usize> {
        self.hits.iter().rposition(|h| h.event.id == id)
    }

    pub fn first_key(&self) -> Option<SortKey> {
        self.hits.first().map(|h| h.event.sort_key())
    }

    pub fn last_key(&self) -> Option<SortKey> {
        self.hits.last().map(|h| h.event.sort_key())
    }

    /// The hit of this key, else the first one after it, else the last one.
    pub fn nearest(&self, key: &SortKey) -> usize {
        let after = self.hits.partition_point(|h| h.event.sort_key() < *key);
        after.min(self.hits.len().saturating_sub(1))
    }

    /// Remembers what it holds: an answer to what is asked now says of these, and of no others, whether they are
    /// still there.
    pub fn ask_again(&mut self) {
        self.asked = self.hits.iter().map(|h| h.event.id).collect();
    }

    /// Takes the answer in, the same stretch from its first hit on: what was there when it was asked and is not in it
    /// is gone, such as records that stand elsewhere since their file was changed. `more` = it was cut at its end.
    pub fn refresh(&mut self, hits: Vec<Hit>, more: bool) {
        let asked = std::mem::take(&mut self.asked);
        let found: HashSet<EventId> = hits.iter().map(|h| h.event.id).collect();
        let end = hits.last().filter(|_| more).cloned();
        self.hits.retain(|hit| {
            let beyond = end
                .as_ref()
                .is_some_and(|end| compare(hit, end) == Ordering::Greater);
            beyond || !asked.contains(&hit.event.id) || found.contains(&hit.event.id)
        });
        self.merge(hits, Arrival::Refresh);
    }

    /// Takes hits in: one with a known id replaces it, others go where they belong. Live ones beyond an edge that
    /// is not the end of the list are left for a later page. Returns how many were new, those included.
    pub fn merge(&mut self, hits: Vec<Hit>, arrival: Arrival) -> u64 {
        // An empty page is the end, whatever the engine says: asking again would never stop.
        let some = !hits.is_empty();
        match arrival {
            Arrival::Older { more } => self.more_older = more && some,
            Arrival::Newer { more } => self.more_newer = more && some,
            Arrival::Live | Arrival::Refresh => {}
        }
        let mut known: HashMap<EventId, usize> = self
            .hits
            .iter()
            .enumerate()
            .map(|(i, h)| (h.event.id, i))
            .collect();
        let bounds = self.hits.first().cloned().zip(self.hits.last().cloned());
        let mut left_out = HashSet::new();
        let before = self.hits.len();
        for hit in hits {
            if let Some(index) = known.get(&hit.event.id) {
                // A live copy of an event comes before its chain check: it must not undo a verdict.
                let verdict = match arrival {
                    Arrival::Live => self.hits[*index].verdict,
                    _ => hit.verdict,
                };
                self.hits[*index] = Hit { verdict, ..hit };
                continue;
            }
            if arrival == Arrival::Live {
                let beyond = match &bounds {
                    Some((first, last)) => {
                        (self.more_older && compare(&hit, first) == Ordering::Less)
                            || (self.more_newer && compare(&hit, last) == Ordering::Greater)
                    }
                    None => false,
                };
                if beyond {
                    left_out.insert(hit.event.id);
                    continue;
                }
            }
            known.insert(hit.event.id, self.hits.len());
            self.hits.push(hit);
        }
        let new = self.hits.len() - before + left_out.len();
        self.hits.sort_by(compare);
        new as u64
    }

    /// Drops what is beyond the capacity, from the end that is farther from `keep`. Returns how many hits went from
    /// the front.
    pub fn trim(&mut self, keep: usize) -> usize {
        let Some(excess) = self.hits.len().checked_sub(CAPACITY).filter(|n| *n > 0) else {
            return 0;
        };
        let front = if keep >= self.hits.len() / 2 {
            excess.min(keep)
        } else {
            0
        };
        self.hits.drain(..front);
        self.more_older |= front > 0;
        if self.hits.len() > CAPACITY {
            self.hits.truncate(CAPACITY);
            self.more_newer = true;
        }
        front
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Order, Verdict};
    use proptest::prelude::*;
    use std::sync::Arc;

    fn hit(ts: i64) -> Hit {
        let event = Event {
            id: EventId(ts as u128),
            order: Order {
                ts,
                ..Order::default()
            },
            ..Event::default()
        };
        Hit {
            event: Arc::new(event),
            verdict: Verdict::Pending,
        }
    }

    fn times(window: &Window) -> Vec<i64> {
        window.hits.iter().map(|h| h.event.order.ts).collect()
    }

    #[test]
    fn live_events_beyond_an_open_edge_wait_for_their_page() {
        let mut w = Window::new(vec![hit(10), hit(20)], true, false);
        assert_eq!(w.merge(vec![hit(5), hit(15), hit(30)], Arrival::Live), 3);
        assert_eq!(times(&w), [10, 15, 20, 30]);
        assert_eq!(w.merge(vec![hit(5)], Arrival::Older { more: false }), 1);
        assert_eq!(times(&w), [5, 10, 15, 20, 30]);
    }

    #[test]
    fn what_is_no_longer_there_goes_with_the_next_look() {
        let mut w = Window::new((1..=6).map(hit).collect(), false, false);
        w.ask_again();
        // Came in meanwhile: the answer does not know of it.
        w.merge(vec![hit(9)], Arrival::Live);
        w.refresh(vec![hit(1), hit(3), hit(7)], false);
        assert_eq!(times(&w), [1, 3, 7, 9]);
        // An answer that was cut says nothing of what lies beyond.
        w.ask_again();
        w.refresh(vec![hit(3)], true);
        assert_eq!(times(&w), [3, 7, 9]);
        assert_eq!(w.nearest(&hit(4).event.sort_key()), 1);
        assert_eq!(w.nearest(&hit(99).event.sort_key()), 2);
        // What nobody asked for takes nothing away.
        w.refresh(vec![], false);
        assert_eq!(times(&w), [3, 7, 9]);
    }

    #[test]
    fn a_live_copy_does_not_undo_a_verdict() {
        let mut w = Window::new(
            vec![Hit {
                verdict: Verdict::Verified,
                ..hit(1)
            }],
            false,
            false,
        );
        assert_eq!(w.merge(vec![hit(1)], Arrival::Live), 0);
        assert_eq!(w.hits[0].verdict, Verdict::Verified);
        w.merge(vec![hit(1)], Arrival::Refresh);
        assert_eq!(w.hits[0].verdict, Verdict::Pending);
    }

    proptest! {
        #[test]
        fn bounded_sorted_and_without_doubles(batches in prop::collection::vec((prop::collection::vec(1i64..9_000, 0..900), 0usize..4000), 1..12)) {
            let mut w = Window::default();
            for (batch, keep) in batches {
                w.merge(batch.into_iter().map(hit).collect(), Arrival::Live);
                let keep = keep.min(w.len().saturating_sub(1));
                let kept = w.get(keep).map(|h| h.event.id);
                w.trim(keep);
                prop_assert!(w.len() <= CAPACITY);
                prop_assert!(times(&w).windows(2).all(|p| p[0] < p[1]));
                if let Some(id) = kept {
                    prop_assert!(w.position(id).is_some());
                }
            }
        }
    }
}
