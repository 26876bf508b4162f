//! The systemd journal as `journalctl -o export` writes it: the fields of its JSON, values of any bytes.
//!
//! Source: <https://systemd.io/JOURNAL_EXPORT_FORMATS/>.

use super::framer::{JournalFramer, journal_fields};
use super::journald::JOURNALD;
use super::layout::{Layout, first_records, score_share};
use super::mapped::Mapped;
use super::record::{event_of, lossy, trimmed};
use super::sample::Sample;
use super::{Context, Format, Frame, Framer, Score};
use crate::event::{Attributes, Event};

pub(super) struct JournaldExport {
    mapped: Mapped,
}

impl JournaldExport {
    pub(super) fn new() -> Self {
        Self {
            mapped: Mapped::new(&JOURNALD, Layout::Lines),
        }
    }
}

/// Whether the first line is the name of a field, or one and its value.
fn begins_with_field(bytes: &[u8]) -> bool {
    let head = bytes.trim_ascii_start();
    let line = head.split(|b| *b == b'\n').next().unwrap_or_default();
    let mut name = line.iter().take_while(|b| **b != b'=');
    name.all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_')
}

impl Format for JournaldExport {
    fn id(&self) -> &str {
        self.mapped.id()
    }

    fn title(&self) -> &str {
        self.mapped.title()
    }

    fn version(&self) -> u32 {
        self.mapped.version()
    }

    fn sniff(&self, sample: &Sample<'_>) -> Score {
        // The beginning tells, before anything is read as lengths.
        if !begins_with_field(sample.bytes()) {
            return 0;
        }
        let records = first_records(self.framer(0), sample.bytes());
        score_share(&records, 97, |record| {
            let fields = journal_fields(&record.bytes);
            let has = |name: &[u8]| fields.iter().any(|(n, _)| *n == name);
            has(b"__REALTIME_TIMESTAMP") || has(b"__CURSOR") && fields.len() > 1
        })
    }

    fn framer(&self, offset: u64) -> Box<dyn Framer> {
        Box::new(JournalFramer::new(offset))
    }

    fn splittable(&self) -> bool {
        // A line may lie within a value.
        false
    }

    fn parse(&self, frame: &Frame, context: &Context) -> Result<Vec<Event>, String> {
        if trimmed(&frame.bytes).starts_with(b"{") {
            return self.mapped.parse(frame, context);
        }
        if !begins_with_field(&frame.bytes) {
            return Err("does not begin with a field of the journal".into());
        }
        let fields = journal_fields(&frame.bytes);
        let mut leaves = Attributes::with_capacity(frame.bytes.len(), fields.len());
        for (name, value) in fields {
            leaves.push_str(&lossy(name), &lossy(value));
        }
        if !JOURNALD.knows(&leaves) {
            return Err("not a record of the journal".into());
        }
        let mut event = event_of(frame);
        // The lengths before values hold NUL by their nature.
        event.note = None;
        Ok(vec![self.mapped.filled(event, leaves)])
    }

    fn mapping(&self) -> Vec<(&'static str, String)> {
        self.mapped.mapping()
    }
}
