//! Where a chain is looked for: in the first records of a file, window by window, since what stands before the chain
//! (a line of another program, records from a time without one) must not hide it. What it costs is bounded; after that
//! the file is passed over, and the next one is looked at.

use super::Record;
use super::canonical::Object;
use super::detect::{hash_fields, samples};
use super::verify::Extent;

/// Records in which a chain must show.
const WINDOW: usize = 64;
/// Records, and bytes of them that are kept, after which a file is passed over.
const MOST_RECORDS: usize = 16 * WINDOW;
const MOST_BYTES: usize = 8 << 20;

/// A record with bytes of its own.
pub(super) struct Owned {
    pub(super) generation: i32,
    pub(super) offset: u64,
    line: u64,
    pub(super) bytes: Vec<u8>,
    torn: bool,
}

impl Owned {
    pub(super) fn new(record: &Record<'_>) -> Self {
        Self {
            generation: record.generation,
            offset: record.offset,
            line: record.line,
            bytes: record.bytes.to_vec(),
            torn: record.torn,
        }
    }

    pub(super) fn record(&self) -> Record<'_> {
        Record {
            generation: self.generation,
            offset: self.offset,
            line: self.line,
            bytes: &self.bytes,
            torn: self.torn,
        }
    }
}

/// The records so far among which no chain was found.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) records: Vec<Owned>,
    bytes: usize,
    /// Records in whose windows no chain shows.
    tried: usize,
}

impl Gathered {
    /// Takes the next record.
    pub(super) fn push(&mut self, record: &Record<'_>) {
        self.bytes += record.bytes.len();
        self.records.push(Owned::new(record));
    }

    /// The window in which to look for a chain now, if it is time to.
    pub(super) fn due(&self) -> Option<&[Owned]> {
        let is_due = self.records.len() - self.tried >= WINDOW || self.is_full();
        is_due.then(|| self.last(WINDOW))
    }

    /// No chain shows in the window. Of records without anything like a hash only what they are is kept: many logs are open at
    /// once.
    pub(super) fn pass_window(&mut self) {
        let window = &mut self.records[self.tried..];
        self.tried += window.len();
        let lines: Vec<&[u8]> = window.iter().map(|r| r.bytes.as_slice()).collect();
        let samples = samples(&lines);
        if !hash_fields(&samples).is_empty() {
            return;
        }
        for record in window {
            let is_object = Object::read(&record.bytes).is_ok();
            let stub: &[u8] = if is_object { b"{}" } else { b"-" };
            self.bytes -= record.bytes.len();
            record.bytes = stub.to_vec();
        }
    }

    /// What was not looked at yet, with as many records before it as belong to a window.
    pub(super) fn rest(&self) -> &[Owned] {
        self.last(WINDOW)
    }

    fn last(&self, count: usize) -> &[Owned] {
        &self.records[self.records.len().saturating_sub(count)..]
    }

    /// Enough was looked at to pass over the file.
    pub(super) fn is_full(&self) -> bool {
        let n = self.records.len();
        n >= MOST_RECORDS || (self.bytes >= MOST_BYTES && n > 1)
    }
}

/// Files in which no chain was found.
#[derive(Clone, Default)]
pub(super) struct Passed {
    /// Their records that were looked at.
    pub(super) looked_at: u64,
    pub(super) files: Vec<Extent>,
}

impl Passed {
    /// Passes over the files of these records, whatever else is in the last of them.
    pub(super) fn add(&mut self, gathered: &Gathered) {
        self.looked_at += gathered.records.len() as u64;
        for record in &gathered.records {
            if self.newest() != Some(record.generation) {
                self.files.push(Extent {
                    generation: record.generation,
                    first: record.offset,
                    last: u64::MAX,
                });
            }
        }
    }

    /// The newest of the files.
    pub(super) fn newest(&self) -> Option<i32> {
        self.files.last().map(|file| file.generation)
    }
}
