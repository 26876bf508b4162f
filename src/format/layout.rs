//! How a sample's JSON lies in its source: one object a line, or a document to be cut by its brackets.

use std::borrow::Cow;

use super::Frame;
use super::framer::{DocumentFramer, LineFramer, opens_wrapper};
use super::sample::Sample;
use super::{Framer, Score};
use crate::json::{Reader, Token, is_object, unescape};

/// Every JSON format is registered once for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// One object a line: framing may start at any line.
    Lines,
    /// Wrapped lists, arrays, pretty-printed or concatenated objects: read from the start.
    Document,
}

/// How many records of a sample are looked at.
const RECORDS: usize = 32;

/// How many of its lines.
const LINES: usize = 64;

impl Layout {
    /// How the JSON of a sample lies, `None` if it does not begin as JSON objects do.
    pub(super) fn of(sample: &[u8]) -> Option<Self> {
        let sample = sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample);
        let head = sample.trim_ascii_start();
        let lines = head.split(|b| *b == b'\n');
        let first = lines.clone().next().unwrap_or_default().trim_ascii_end();
        if head.starts_with(b"[") {
            let inner = head[1..].trim_ascii_start();
            return inner.starts_with(b"{").then_some(Self::Document);
        }
        if head.starts_with(b"{") && opens_wrapper(head) {
            return Some(Self::Document);
        }
        // A broken line among whole ones is a broken record, no document; whole ones among the many lines of
        // pretty-printed objects are no lines layout.
        let mut count = (0, 0);
        for line in lines.filter(|l| !l.trim_ascii().is_empty()).take(LINES) {
            count.0 += usize::from(line.starts_with(b"{") && is_object(line));
            count.1 += 1;
        }
        if count.0 * 2 >= count.1 && count.0 > 0 {
            return Some(Self::Lines);
        }
        let inner = head.strip_prefix(b"{")?.trim_ascii_start();
        if !inner.starts_with(b"\"") && !inner.starts_with(b"}") {
            return None;
        }
        // One line alone, longer than the sample: no telling, and lines are the rule.
        let one_line = first.len() == head.trim_ascii_end().len();
        Some(if one_line && !has_second_object(first) {
            Self::Lines
        } else {
            Self::Document
        })
    }

    pub(super) fn framer(self, offset: u64) -> Box<dyn Framer> {
        match self {
            Self::Lines => Box::new(LineFramer::new(offset)),
            Self::Document => Box::new(DocumentFramer::new(offset)),
        }
    }

    /// What share of the sample's first records passes `test`, as a score between 50 and `best`; 0 if the layout
    /// is another or fewer than half pass. `test` sees a record's bytes, those of the last maybe cut.
    pub(super) fn score(
        self,
        sample: &Sample<'_>,
        best: Score,
        test: impl Fn(&[u8]) -> bool,
    ) -> Score {
        if sample.layout() != Some(self) {
            return 0;
        }
        score_share(&self.records(sample.bytes()), best, |frame| {
            test(&frame.bytes)
        })
    }

    pub(super) fn records(self, sample: &[u8]) -> Vec<Frame> {
        first_records(self.framer(0), sample)
    }
}

/// The first records of a sample; the last, cut one only if there are few whole ones.
pub(super) fn first_records(mut framer: Box<dyn Framer>, sample: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    framer.push(sample, &mut frames);
    if frames.len() < 2 {
        framer.finish(&mut frames);
    }
    frames.truncate(RECORDS);
    frames
}

/// 50 to `best` by how many records pass, 0 below half of them.
pub(super) fn score_share<T>(records: &[T], best: Score, test: impl Fn(&T) -> bool) -> Score {
    let passed = records.iter().filter(|r| test(r)).count();
    if passed == 0 || passed * 2 < records.len() {
        return 0;
    }
    let span = usize::from(best.saturating_sub(50));
    best.min(50) + (span * passed / records.len()) as Score
}

fn has_second_object(line: &[u8]) -> bool {
    let mut reader = Reader::new(line);
    while let Ok(Some(_)) = reader.next_token() {}
    line[reader.offset()..].trim_ascii_start().starts_with(b"{")
}

/// The outermost keys of a record, as far as it can be read.
pub(super) fn top_keys(record: &[u8]) -> Vec<Cow<'_, str>> {
    let mut reader = Reader::new(super::record::trimmed(record));
    let mut keys = Vec::new();
    while let Ok(Some(token)) = reader.next_token() {
        if let Token::Key(raw) = token
            && reader.depth() == 1
        {
            keys.push(unescape(raw));
        }
    }
    keys
}
