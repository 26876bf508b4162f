//! Records of several lines that are known by how their first line begins (database logs).

use bytes::Bytes;

use super::{Line, LineCutter};
use crate::format::{Frame, Framer};

/// How far from its first byte a record takes in further lines. Whoever reads from the middle starts this much earlier.
pub(in crate::format) const MULTILINE_SPAN: u64 = 256 << 10;

/// What a line is to the record before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::format) enum LineKind {
    /// The first line of a record.
    Begins,
    /// A further line of the record before, if that began near enough; else a frame of its own.
    Continues,
    /// No line of such a record; a frame of its own.
    Alone,
}

/// Tells what a line is.
type Kind = dyn Fn(&[u8]) -> LineKind + Send;

/// Joins lines to records. What a line belongs to depends on the [`MULTILINE_SPAN`] bytes before it alone, so that a
/// reading from any line, with that much looked back, gives the same frames.
pub(in crate::format) struct MultilineFramer {
    lines: LineCutter,
    kind: Box<Kind>,
    open: Option<Open>,
    /// Where reading resumes.
    start: u64,
}

#[derive(Clone)]
struct Open {
    frame: Frame,
    bytes: Vec<u8>,
    /// Blank lines after the last one taken in, kept in case the record goes on.
    gap: Vec<u8>,
}

impl Open {
    fn new(line: &Line<'_>) -> Self {
        Self {
            frame: line.frame(Bytes::new(), false),
            bytes: line.bytes.to_vec(),
            gap: Vec::new(),
        }
    }

    fn has_room(&self, line: &Line<'_>) -> bool {
        line.cut == 0 && line.range.end <= self.frame.offset + MULTILINE_SPAN
    }

    fn add_blank(&mut self, line: &Line<'_>) {
        if self.has_room(line) {
            self.gap.push(b'\n');
            self.gap.extend_from_slice(line.bytes);
        }
    }

    fn add(&mut self, line: &Line<'_>) {
        self.bytes.append(&mut self.gap);
        self.bytes.push(b'\n');
        self.bytes.extend_from_slice(line.bytes);
        self.frame.end = line.range.end;
    }

    fn close(self, open: bool) -> Frame {
        Frame {
            bytes: self.bytes.into(),
            open,
            ..self.frame
        }
    }
}

impl MultilineFramer {
    pub(in crate::format) fn new(
        offset: u64,
        kind: impl Fn(&[u8]) -> LineKind + Send + 'static,
    ) -> Self {
        Self {
            lines: LineCutter::new(offset),
            kind: Box::new(kind),
            open: None,
            start: offset,
        }
    }
}

/// Takes a line; gives out what it completes.
fn take(open: &mut Option<Open>, kind: &Kind, line: &Line<'_>, out: &mut Vec<Frame>) {
    if line.is_blank() {
        if let Some(record) = open.as_mut() {
            record.add_blank(line);
        }
        return;
    }
    let kind = kind(line.bytes);
    if kind == LineKind::Continues
        && let Some(record) = open.as_mut()
        && record.has_room(line)
    {
        record.add(line);
        return;
    }
    out.extend(open.take().map(|record| record.close(false)));
    let record = Open::new(line);
    if kind == LineKind::Begins {
        *open = Some(record);
    } else {
        out.push(record.close(false));
    }
}

impl Framer for MultilineFramer {
    fn push(&mut self, chunk: &[u8], out: &mut Vec<Frame>) {
        let (open, kind) = (&mut self.open, &*self.kind);
        self.lines.push(chunk, |line| take(open, kind, &line, out));
        self.start = match &self.open {
            Some(record) => record.frame.offset,
            None => self.lines.start,
        };
    }

    fn open(&self) -> Vec<Frame> {
        let mut open = self.open.clone();
        let mut frames = Vec::new();
        if let Some(line) = self.lines.rest() {
            take(&mut open, &*self.kind, &line, &mut frames);
        }
        frames.extend(open.map(|record| record.close(true)));
        frames.iter_mut().for_each(|frame| frame.open = true);
        frames
    }

    fn finish(&mut self, out: &mut Vec<Frame>) {
        let mut last = self.open();
        let rest = self
            .lines
            .rest()
            .map_or(self.lines.start, |l| l.range.start);
        // What the last line did not touch is complete if that line begins another record.
        let newer = last.len() > 1;
        for frame in &mut last {
            frame.open = !newer || frame.end >= rest;
        }
        out.append(&mut last);
        self.open = None;
        self.lines.finish(|_| {});
    }

    fn resume_offset(&self) -> u64 {
        self.start
    }
}
