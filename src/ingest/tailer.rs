//! Follows the live end of a plain file: every byte appended, in order, until the file is left.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::IngestError;
use super::reading::{InOrder, Reading, too_long};
use crate::engine::sink::{EventSink, GenerationId};
use crate::format::{Format, Frame, Framer};
use crate::source::newlines::count_newlines;
use crate::source::{GenFile, Reader, open_at};

/// Bytes read at once.
const PIECE: usize = 1 << 20;
/// After this long without a new byte, what is still open counts as complete.
const QUIET: Duration = Duration::from_secs(2);

pub(super) struct Tailer {
    pub(super) id: GenerationId,
    path: PathBuf,
    sink: Arc<dyn EventSink>,
    reader: Reader,
    framer: Box<dyn Framer>,
    framer_start: u64,
    reading: Reading,
    order: InOrder,
    /// Offset of the next byte to read.
    pub(super) offset: u64,
    /// Records before this offset come as backlog.
    start: u64,
    /// Line ends before the framer's start; `None` until they are counted.
    lines: Option<u64>,
    /// Line ends read since the framer's start.
    lines_read: u64,
    /// Frames handed over without line numbers, to be handed over again.
    unnumbered: Vec<Frame>,
    last_byte: Instant,
    /// The open frames were shown as complete.
    settled: bool,
    /// The last byte read ends a line.
    at_line_end: bool,
}

pub(super) struct TailStart {
    /// Where the framer starts: a line start at or before `start`.
    pub(super) framer: u64,
    pub(super) start: u64,
    /// Line ends before `framer`.
    pub(super) lines: Option<u64>,
}

impl Tailer {
    pub(super) fn new(
        id: GenerationId,
        sink: Arc<dyn EventSink>,
        file: &GenFile,
        format: &Arc<dyn Format>,
        reading: Reading,
        at: TailStart,
    ) -> Result<Self, IngestError> {
        Ok(Self {
            id,
            path: file.path.clone(),
            sink,
            reader: open_at(file, at.framer)?,
            framer: format.framer(at.framer),
            framer_start: at.framer,
            reading,
            order: InOrder::default(),
            offset: at.framer,
            start: at.start,
            lines: at.lines,
            lines_read: 0,
            unnumbered: Vec::new(),
            last_byte: Instant::now(),
            settled: false,
            at_line_end: true,
        })
    }

    /// Reads on to the end of the file as it is now; returns how many bytes were new.
    pub(super) fn read_on(&mut self) -> Result<u64, IngestError> {
        let from = self.offset;
        let mut piece = vec![0; PIECE];
        let mut frames = Vec::new();
        loop {
            let got = self
                .reader
                .read_at(&mut piece, self.offset)
                .map_err(IngestError::Read)?;
            if got == 0 {
                break;
            }
            self.offset += got as u64;
            self.at_line_end = piece[got - 1] == b'\n';
            self.lines_read += memchr::memchr_iter(b'\n', &piece[..got]).count() as u64;
            self.framer.push(&piece[..got], &mut frames);
            self.take(&mut frames)?;
        }
        if self.offset > from {
            self.last_byte = Instant::now();
            self.settled = false;
            self.show_open(true)?;
        }
        Ok(self.offset - from)
    }

    /// Hands over what is complete.
    fn take(&mut self, frames: &mut Vec<Frame>) -> Result<(), IngestError> {
        self.order.extend(frames);
        let resume = self.framer.resume_offset();
        let ready = self.order.ready(resume);
        let mut batch = Vec::with_capacity(ready.len());
        for frame in ready {
            if frame.offset < self.start {
                self.reading.look_back(&frame);
                continue;
            }
            if let Some(said) = too_long(&self.path, &frame, self.lines) {
                self.sink.message(said);
            }
            if self.lines.is_none() {
                self.unnumbered.push(frame.clone());
            }
            batch.push(self.reading.parse(frame, self.lines.map(|n| n + 1)));
        }
        self.hand_over(batch, resume)
    }

    fn hand_over(
        &mut self,
        batch: Vec<crate::engine::sink::Parsed>,
        resume: u64,
    ) -> Result<(), IngestError> {
        // Without line numbers nothing may become durable.
        let end = if self.lines.is_some() {
            resume.max(self.start)
        } else {
            self.start
        };
        let lines = self.lines.unwrap_or(0) + self.lines_before(resume);
        Ok(self.sink.live(self.id, batch, self.start..end, lines)?)
    }

    /// Line ends between the framer's start and the first record that is still open.
    fn lines_before(&self, resume: u64) -> u64 {
        let open = self.framer.open();
        open.iter()
            .find(|f| f.offset == resume)
            .map_or(self.lines_read, |f| f.line)
    }

    /// Shows records that are not complete yet, as provisional or, once nothing more came, as they are.
    fn show_open(&mut self, provisional: bool) -> Result<(), IngestError> {
        let mut shown: Vec<Frame> = self.order.early().cloned().collect();
        shown.extend(self.framer.open());
        let mut batch = Vec::new();
        for mut frame in shown.into_iter().filter(|f| f.offset >= self.start) {
            // Half a line is no record yet: writers that buffer would make it flicker. Once nothing more came it is
            // shown, but stays provisional.
            let torn = !self.at_line_end && frame.end == self.offset;
            if torn && provisional {
                continue;
            }
            frame.open = torn || provisional && frame.open;
            batch.push(self.reading.parse(frame, self.lines.map(|n| n + 1)));
        }
        if batch.is_empty() {
            return Ok(());
        }
        self.hand_over(batch, self.framer.resume_offset())
    }

    /// Called now and then: what has been open for long enough is shown as complete. It stays in memory until its end
    /// is seen, since more may follow.
    pub(super) fn settle(&mut self, now: bool) -> Result<(), IngestError> {
        if !self.settled && (now || self.last_byte.elapsed() >= QUIET) {
            self.settled = true;
            self.show_open(false)?;
        }
        Ok(())
    }

    /// `lines` line ends lie before offset `at`, so the records shown without line numbers can have theirs.
    pub(super) fn number_from(
        &mut self,
        reader: &Reader,
        at: u64,
        lines: u64,
    ) -> Result<(), IngestError> {
        let between = count_newlines(reader, self.framer_start..at.max(self.framer_start))
            .map_err(IngestError::Read)?;
        let lines = lines.saturating_sub(between);
        self.lines = Some(lines);
        let frames = std::mem::take(&mut self.unnumbered);
        let batch = frames
            .into_iter()
            .map(|f| self.reading.parse(f, Some(lines + 1)))
            .collect();
        self.hand_over(batch, self.framer.resume_offset())?;
        self.show_open(!self.settled)
    }

    /// Where live reading began.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// Whether line numbers are still missing.
    pub(super) fn is_unnumbered(&self) -> bool {
        self.lines.is_none()
    }

    /// The file will not grow any more: everything still open is closed.
    pub(super) fn finish(&mut self) -> Result<u64, IngestError> {
        let mut frames = Vec::new();
        self.framer.finish(&mut frames);
        self.order.extend(&mut frames);
        let ready = self.order.ready(u64::MAX);
        let mut batch = Vec::new();
        for mut frame in ready.into_iter().filter(|f| f.offset >= self.start) {
            frame.open = false;
            if let Some(said) = too_long(&self.path, &frame, self.lines) {
                self.sink.message(said);
            }
            if self.lines.is_none() {
                self.unnumbered.push(frame.clone());
            }
            batch.push(self.reading.parse(frame, self.lines.map(|n| n + 1)));
        }
        let end = if self.lines.is_some() {
            self.offset.max(self.start)
        } else {
            self.start
        };
        self.sink.live(
            self.id,
            batch,
            self.start..end,
            self.lines.unwrap_or(0) + self.lines_read,
        )?;
        Ok(self.offset)
    }

    /// Goes on in another file that holds the same bytes (a copy made before the original was emptied).
    pub(super) fn move_to(&mut self, file: &GenFile) -> Result<(), IngestError> {
        self.reader = open_at(file, self.offset)?;
        Ok(())
    }
}
