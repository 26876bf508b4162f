//! Framers: lines, CSV records, JSON documents, and auditd's interleaved records.

mod auditd;
mod csv;
mod document;
mod join;
mod journal;
mod multiline;
mod otlp;
#[cfg(test)]
mod tests;
mod wrapper;

pub(crate) use auditd::event_key;
pub(super) use auditd::{AUDITD_SPAN, AuditdFramer, EventKey};
pub(super) use csv::{CsvFramer, fields};
pub(super) use document::DocumentFramer;
pub(super) use join::JoinFramer;
pub(super) use journal::{JournalFramer, journal_fields};
pub(super) use multiline::{LineKind, MULTILINE_SPAN, MultilineFramer};
pub(super) use otlp::{OtlpFramer, split};
pub use wrapper::is_around_records;
pub(super) use wrapper::opens_wrapper;

use std::ops::Range;

use bytes::Bytes;

use super::{FRAME_LIMIT, Frame, Framer};

/// Lines copied into one allocation. Frames of one block share it, so a single event kept alive keeps at most
/// this much (or its own line, if longer) of its neighbours.
const BLOCK: usize = 4 << 10;

/// A record's bytes as they arrive over several pushes, cut at a limit, which is [`FRAME_LIMIT`] but for what is cut into
/// records afterwards.
#[derive(Clone)]
struct Pending {
    bytes: Vec<u8>,
    cut: u64,
    limit: usize,
}

impl Default for Pending {
    fn default() -> Self {
        Self::up_to(FRAME_LIMIT)
    }
}

impl Pending {
    fn up_to(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            cut: 0,
            limit,
        }
    }

    /// What is there; none is left.
    fn take(&mut self) -> Self {
        let empty = Self::up_to(self.limit);
        std::mem::replace(self, empty)
    }

    fn extend(&mut self, bytes: &[u8]) {
        let kept = bytes.len().min(self.limit - self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..kept]);
        self.cut += (bytes.len() - kept) as u64;
    }

    fn push(&mut self, byte: u8) {
        if self.bytes.len() < self.limit {
            self.bytes.push(byte);
        } else {
            self.cut += 1;
        }
    }

    fn len(&self) -> u64 {
        self.bytes.len() as u64 + self.cut
    }

    fn is_blank(&self) -> bool {
        self.cut == 0 && is_blank(&self.bytes)
    }
}

fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_whitespace)
}

/// One line of the stream, its LF not included.
struct Line<'a> {
    /// At most as many bytes as the limit says.
    bytes: &'a [u8],
    range: Range<u64>,
    /// Bytes of the line beyond the limit.
    cut: u64,
    number: u64,
    /// Where the line lies in the pushed chunk, if it lies there whole.
    chunk: Option<Range<usize>>,
}

/// Cuts a stream into lines whatever the chunks it arrives in.
struct LineCutter {
    /// Offset of the current line's first byte.
    start: u64,
    number: u64,
    pending: Pending,
}

impl LineCutter {
    fn new(offset: u64) -> Self {
        Self {
            start: offset,
            number: 0,
            pending: Pending::default(),
        }
    }

    fn push(&mut self, chunk: &[u8], mut each: impl FnMut(Line<'_>)) {
        let mut from = 0;
        for lf in memchr::memchr_iter(b'\n', chunk) {
            let part = &chunk[from..lf];
            if self.pending.len() == 0 && part.len() <= self.pending.limit {
                each(Line {
                    bytes: part,
                    range: self.start..self.start + part.len() as u64,
                    cut: 0,
                    number: self.number,
                    chunk: Some(from..lf),
                });
                self.start += part.len() as u64 + 1;
            } else {
                self.pending.extend(part);
                self.flush(&mut each);
            }
            self.number += 1;
            from = lf + 1;
        }
        self.pending.extend(&chunk[from..]);
    }

    /// The line that has not ended yet.
    fn rest(&self) -> Option<Line<'_>> {
        (!self.pending.is_blank()).then(|| Line {
            bytes: &self.pending.bytes,
            range: self.start..self.start + self.pending.len(),
            cut: self.pending.cut,
            number: self.number,
            chunk: None,
        })
    }

    /// Gives out the line that has not ended. `start` stays at it, so that reading may resume there.
    fn finish(&mut self, each: impl FnOnce(Line<'_>)) {
        if let Some(line) = self.rest() {
            each(line);
        }
        self.pending.take();
    }

    fn flush(&mut self, each: &mut impl FnMut(Line<'_>)) {
        let pending = self.pending.take();
        let end = self.start + pending.len();
        each(Line {
            bytes: &pending.bytes,
            range: self.start..end,
            cut: pending.cut,
            number: self.number,
            chunk: None,
        });
        self.start = end + 1;
        // The buffer is kept for the next line unless a giant one blew it up.
        if pending.bytes.capacity() <= 64 << 10 {
            self.pending.bytes = pending.bytes;
            self.pending.bytes.clear();
        }
    }
}

impl Line<'_> {
    fn is_blank(&self) -> bool {
        self.cut == 0 && is_blank(self.bytes)
    }

    fn frame(&self, bytes: Bytes, open: bool) -> Frame {
        Frame {
            offset: self.range.start,
            end: self.range.end,
            more: Vec::new(),
            line: self.number,
            bytes,
            cut: self.cut,
            open,
        }
    }
}

/// One frame a line; blank lines are none. CR stays in the bytes.
pub(super) struct LineFramer {
    lines: LineCutter,
}

impl LineFramer {
    pub(super) fn new(offset: u64) -> Self {
        Self {
            lines: LineCutter::new(offset),
        }
    }

    /// Cuts no line before so many bytes.
    pub(super) fn up_to(limit: usize, offset: u64) -> Self {
        let mut framer = Self::new(offset);
        framer.lines.pending = Pending::up_to(limit);
        framer
    }
}

impl Framer for LineFramer {
    fn push(&mut self, chunk: &[u8], out: &mut Vec<Frame>) {
        // The part of the chunk that goes into the next block, and the frames waiting for it.
        let mut block = 0..0;
        let mut first = out.len();
        let mut waiting: Vec<Range<usize>> = Vec::new();
        let fill = |out: &mut Vec<Frame>,
                    first: usize,
                    block: &Range<usize>,
                    waiting: &mut Vec<Range<usize>>| {
            if waiting.is_empty() {
                return;
            }
            let shared = Bytes::copy_from_slice(&chunk[block.clone()]);
            for (frame, part) in out[first..].iter_mut().zip(waiting.drain(..)) {
                frame.bytes = shared.slice(part.start - block.start..part.end - block.start);
            }
        };
        self.lines.push(chunk, |line| {
            if line.is_blank() {
                return;
            }
            let Some(part) = line.chunk.clone() else {
                out.push(line.frame(Bytes::copy_from_slice(line.bytes), false));
                first = out.len();
                return;
            };
            if waiting.is_empty() || part.end - block.start > BLOCK {
                fill(out, first, &block, &mut waiting);
                first = out.len();
                block.start = part.start;
            }
            block.end = part.end;
            out.push(line.frame(Bytes::new(), false));
            waiting.push(part);
        });
        fill(out, first, &block, &mut waiting);
    }

    fn open(&self) -> Vec<Frame> {
        let rest = self.lines.rest();
        rest.map(|line| line.frame(Bytes::copy_from_slice(line.bytes), true))
            .into_iter()
            .collect()
    }

    fn finish(&mut self, out: &mut Vec<Frame>) {
        self.lines
            .finish(|line| out.push(line.frame(Bytes::copy_from_slice(line.bytes), true)));
    }

    fn resume_offset(&self) -> u64 {
        self.lines.start
    }
}
