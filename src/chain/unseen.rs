//! Records that were not looked at: nothing can be said of them, so they must not count as good.

use super::strand::Place;
use super::verify::Extent;

/// Runs of such records that are kept apart; after it the last one takes in all that follows of its file.
const MAX_RUNS: usize = 1 << 14;

/// Where the records stand that were not looked at.
#[derive(Clone, Default)]
pub(super) struct Unseen {
    pub(super) runs: Vec<Extent>,
    /// Index of the last of them.
    last: u64,
}

impl Unseen {
    /// Notes a record; they come in file order.
    pub(super) fn add(&mut self, place: Place) {
        let is_full = self.runs.len() >= MAX_RUNS;
        match self.runs.last_mut() {
            Some(run)
                if run.generation == place.generation
                    && (is_full || self.last + 1 == place.index) =>
            {
                run.last = place.offset;
            }
            _ => self.runs.push(Extent {
                generation: place.generation,
                first: place.offset,
                last: place.offset,
            }),
        }
        self.last = place.index;
    }
}
