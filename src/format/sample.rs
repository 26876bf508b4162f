//! The head of a source that formats are asked about; what they all look at is read once.

use std::cell::OnceCell;

use super::Score;
use super::flatten::flatten;
use super::layout::{Layout, score_share};
use super::record::trimmed;
use crate::event::Attributes;

/// Up to 64 KiB from a record's start; the last record may be cut.
pub struct Sample<'a> {
    bytes: &'a [u8],
    layout: OnceCell<Option<Layout>>,
    objects: OnceCell<Vec<Attributes>>,
}

impl<'a> Sample<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            layout: OnceCell::new(),
            objects: OnceCell::new(),
        }
    }

    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// How its JSON lies; `None` if it is no JSON.
    pub(super) fn layout(&self) -> Option<Layout> {
        *self.layout.get_or_init(|| Layout::of(self.bytes))
    }

    /// The leaves of its first JSON records, of a cut one as far as they go.
    pub(super) fn objects(&self) -> &[Attributes] {
        self.objects.get_or_init(|| {
            let Some(layout) = self.layout() else {
                return Vec::new();
            };
            let read = |record: &[u8]| {
                let mut leaves = Attributes::default();
                // What is broken or cut has the leaves before the break.
                let _ = flatten(trimmed(record), &mut leaves);
                leaves
            };
            let records = layout.records(self.bytes);
            records.iter().map(|frame| read(&frame.bytes)).collect()
        })
    }

    /// What share of the first JSON records passes `test`, as [`score_share`] has it; 0 if the layout is another.
    pub(super) fn score_objects(
        &self,
        layout: Layout,
        best: Score,
        test: impl Fn(&Attributes) -> bool,
    ) -> Score {
        if self.layout() != Some(layout) {
            return 0;
        }
        score_share(self.objects(), best, test)
    }
}
