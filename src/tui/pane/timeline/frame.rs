//! The buckets of the timeline and the columns they are drawn in.

use crate::engine::Histogram;
use crate::event::Timestamp;
use crate::event::time::{DAY, MINUTE};
use crate::tui::widget::zone::Zone;

/// Counts, and the slots they are drawn in.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    histogram: Histogram,
    /// At least as many as there are buckets.
    slots: usize,
}

/// Counts of some buckets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) total: u64,
    pub(super) failures: u64,
}

impl Frame {
    /// Keeps the slots of the frame before if the buckets still fit: what is on the screen must not move with every
    /// event. With `live` room is left free for what will come: the more, the sooner it does.
    pub(super) fn new(histogram: Histogram, live: bool, before: Option<&Self>) -> Self {
        let buckets = histogram.total.len();
        let kept = before.filter(|b| {
            let same = b.histogram.start == histogram.start && b.histogram.step == histogram.step;
            same && live && (buckets..=buckets * 2).contains(&b.slots)
        });
        let room = match (live, histogram.step < MINUTE) {
            (true, true) => (buckets / 8).max(1),
            (true, false) => 1,
            (false, _) => 0,
        };
        let slots = kept.map_or(buckets + room, |b| b.slots).max(1);
        Self { histogram, slots }
    }

    #[cfg(test)]
    pub(super) fn histogram(&self) -> &Histogram {
        &self.histogram
    }

    pub(super) fn slots(&self) -> usize {
        self.slots
    }

    /// The last bucket that has counts.
    pub(super) fn last(&self) -> usize {
        self.histogram.total.len().saturating_sub(1)
    }

    pub(super) fn last_start(&self) -> i64 {
        self.start_of(self.last())
    }

    pub(super) fn start_of(&self, index: usize) -> i64 {
        let index = i64::try_from(index).unwrap_or(i64::MAX);
        let Histogram { start, step, .. } = self.histogram;
        start.0.saturating_add(step.saturating_mul(index))
    }

    pub(super) fn end_of(&self, index: usize) -> i64 {
        self.start_of(index.saturating_add(1))
    }

    /// The bucket of a time, if it is shown.
    pub(super) fn inside(&self, ts: i64) -> Option<usize> {
        let Histogram { start, step, .. } = self.histogram;
        let index = ts.checked_sub(start.0)?.checked_div_euclid(step)?;
        usize::try_from(index).ok().filter(|i| *i < self.slots)
    }

    /// The bucket with counts that is nearest to a time.
    pub(super) fn index(&self, ts: i64) -> usize {
        if ts < self.histogram.start.0 {
            return 0;
        }
        self.inside(ts).unwrap_or(usize::MAX).min(self.last())
    }

    /// The counts of buckets `from..to`.
    pub(super) fn sum(&self, from: usize, to: usize) -> Sum {
        let Histogram {
            total, failures, ..
        } = &self.histogram;
        let of = |counts: &[u64]| counts.iter().take(to).skip(from).sum();
        Sum {
            total: of(total),
            failures: of(failures),
        }
    }

    /// What each column stands for: first bucket, the one after the last, and their counts.
    pub(super) fn columns(&self, columns: usize) -> Vec<(usize, usize, Sum)> {
        let at = |column: usize| column * self.slots / columns.max(1);
        (0..columns)
            .map(|c| {
                let from = at(c);
                let to = at(c + 1).max(from + 1);
                (from, to, self.sum(from, to))
            })
            .collect()
    }

    /// Begin and end, as exact as the buckets need.
    pub(super) fn labels(&self, zone: &Zone) -> (String, String) {
        let (from, to) = (
            Timestamp(self.histogram.start.0),
            Timestamp(self.end_of(self.slots - 1)),
        );
        let label = |ts: Timestamp| {
            if self.histogram.step >= DAY {
                zone.date(ts)
            } else if zone.date(from) != zone.date(to) {
                zone.short(ts).chars().take(11).collect()
            } else if self.histogram.step >= MINUTE {
                zone.minute(ts)
            } else {
                zone.clock(ts).chars().take(8).collect()
            }
        };
        (label(from), label(to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::time::SECOND;
    use proptest::prelude::*;

    fn histogram(buckets: usize) -> Histogram {
        Histogram {
            start: Timestamp(0),
            step: SECOND,
            total: (0..buckets as u64).map(|n| n % 5).collect(),
            failures: vec![0; buckets],
        }
    }

    #[test]
    fn while_live_new_buckets_take_free_slots_before_anything_moves() {
        let first = Frame::new(histogram(40), true, None);
        assert_eq!(first.slots(), 45);
        let next = Frame::new(histogram(45), true, Some(&first));
        assert_eq!(next.slots(), 45);
        assert_eq!(Frame::new(histogram(46), true, Some(&next)).slots(), 51);
        assert_eq!(Frame::new(histogram(40), false, None).slots(), 40);
    }

    proptest! {
        #[test]
        fn every_bucket_is_drawn_and_none_twice_side_by_side(buckets in 1usize..200, columns in 1usize..200) {
            let frame = Frame::new(histogram(buckets), false, None);
            let drawn = frame.columns(columns);
            prop_assert_eq!(drawn.len(), columns);
            prop_assert_eq!(drawn[0].0, 0);
            prop_assert_eq!(drawn[columns - 1].1, buckets);
            for pair in drawn.windows(2) {
                prop_assert!(pair[1].0 == pair[0].1 || (pair[1].0, pair[1].1) == (pair[0].0, pair[0].1));
            }
            for index in 0..buckets {
                prop_assert_eq!(frame.inside(frame.start_of(index)), Some(index));
                prop_assert_eq!(frame.inside(frame.end_of(index) - 1), Some(index));
            }
        }
    }
}
