//! Unusual silence: the longest time in which a log holds nothing, where it is far longer than others.

use crate::event::Timestamp;

/// Nanoseconds of silence that are worth a word, and how many times the usual they must be.
const LONG: i64 = 10 * 60 * 1_000_000_000;
const UNUSUAL: i64 = 100;
/// Fewer times than this say nothing of what is usual.
const FEW: u64 = 50;

/// The times of a log's records, so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Silence {
    first: Option<Timestamp>,
    newest: Option<Timestamp>,
    times: u64,
    longest: Option<(Timestamp, Timestamp)>,
}

impl Silence {
    pub(super) fn push(&mut self, ts: Timestamp) {
        self.times += 1;
        let Some(newest) = self.newest else {
            (self.first, self.newest) = (Some(ts), Some(ts));
            return;
        };
        if ts <= newest {
            return;
        }
        let before = self.longest.map_or(0, |(from, to)| to.0 - from.0);
        if ts.0.saturating_sub(newest.0) > before {
            self.longest = Some((newest, ts));
        }
        self.newest = Some(ts);
    }

    /// From when to when, if that is unusual here.
    fn unusual(&self) -> Option<(Timestamp, Timestamp)> {
        let (from, to) = self.longest?;
        let lasted = to.0.saturating_sub(from.0);
        let all = self.newest?.0.saturating_sub(self.first?.0);
        let steps = i64::try_from(self.times)
            .unwrap_or(i64::MAX)
            .saturating_sub(2);
        let usual = all.saturating_sub(lasted) / steps.max(1);
        let is_unusual = lasted >= LONG && lasted / UNUSUAL >= usual && self.times >= FEW;
        is_unusual.then_some((from, to))
    }

    /// An end for what is said of the log's coverage; empty where there is nothing to say.
    pub(super) fn said(&self) -> String {
        self.unusual().map_or_else(String::new, |(from, to)| {
            format!("; unusually silent from {} to {}", from.brief(), to.brief())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(seconds: impl IntoIterator<Item = i64>) -> String {
        let mut silence = Silence::default();
        for second in seconds {
            silence.push(Timestamp(second * 1_000_000_000));
        }
        silence.said()
    }

    #[test]
    fn only_what_is_far_from_usual_is_said() {
        assert_eq!(said(0..100), "");
        assert_eq!(said((0..100).chain(690..800)), "", "not long");
        let long = said((0..100).chain(4000..4100));
        assert_eq!(
            long,
            "; unusually silent from 1970-01-01T00:01:39Z to 1970-01-01T01:06:40Z"
        );
        assert_eq!(said((0..100).map(|n| n * 900)), "", "usual here");
        assert_eq!(said((0..10).chain(4000..4010)), "", "too few");
        assert_eq!(said((0..100).rev()), "", "backwards");
    }
}
