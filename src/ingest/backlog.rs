//! Older records: files cut into chunks, read newest first by a few workers.

use std::ops::Range;
use std::sync::Arc;

use super::IngestError;
use super::queue::{Job, Outcome, Queue, Work};
use super::reading::{InOrder, Reading, too_long};
use crate::engine::EngineError;
use crate::event::Zone;
use crate::format::{Frame, Registry};
use crate::source::newlines::{count_newlines, line_start_at_or_after, line_start_at_or_before};
use crate::source::{ReadEnd, open_stream};

/// Bytes of a chunk: small enough that newest-first means something, large enough that its edges do not count.
pub(super) const CHUNK: u64 = 16 << 20;
const PIECE: usize = 1 << 20;
/// Frames, and bytes of frames, handed over at once.
const BATCH_FRAMES: usize = 256;
const BATCH_BYTES: usize = 512 << 10;
/// How far before a chunk an undated record looks for the time of its predecessor.
const LOOK_BACK: u64 = 64 << 10;
/// Frames before a chunk that are parsed for that.
const LOOK_BACK_FRAMES: usize = 20;

/// What a worker works with.
pub(super) struct Worker {
    pub(super) queue: Arc<Queue>,
    pub(super) registry: Arc<Registry>,
    pub(super) zone: Zone,
    pub(super) report: Box<dyn Fn(Outcome) + Send>,
}

impl Worker {
    /// Works until the queue is stopped.
    pub(super) fn run(&self) {
        // Indexing yields to everything else on the machine; on Linux this is the thread's own niceness.
        let _ = rustix::process::nice(10);
        while let Some(job) = self.queue.take() {
            match self.work(&job) {
                // Said once by the index itself; searches read the file.
                Ok(()) | Err(IngestError::Engine(EngineError::Stopped(_))) => {}
                Err(_) if job.is_cancelled() => {}
                Err(IngestError::Source(error)) if error.is_moved() => {
                    (self.report)(Outcome::Moved(Box::new(job.clone())))
                }
                Err(error) => (self.report)(Outcome::Failed {
                    source: job.generation.source.clone(),
                    error: error.to_string(),
                }),
            }
            self.queue.finished(&job);
            (self.report)(Outcome::Done);
        }
    }

    fn work(&self, job: &Job) -> Result<(), IngestError> {
        match &job.work {
            Work::Plan { end, closed } => self.plan(job, *end, *closed),
            Work::Chunk { range, lines, last } => self.chunk(job, range, *lines, *last),
            Work::Whole => self.whole(job),
        }
    }

    /// Counts lines and cuts what is not indexed yet into chunks that begin at line starts.
    fn plan(&self, job: &Job, end: u64, closed: bool) -> Result<(), IngestError> {
        let reader = job.open()?;
        let done = job.generation.done_from_start();
        // A run that was killed leaves a beginning whose lines nobody has counted.
        let (mut at, mut lines) = job.generation.lines.map_or((0, 0), |lines| (done, lines));
        let mut chunks = Vec::new();
        while at < end {
            let wanted = (at + CHUNK).min(end);
            let next = if wanted >= end {
                end
            } else {
                line_start_at_or_after(&reader, wanted)
                    .map_err(IngestError::Read)?
                    .unwrap_or(end)
                    .min(end)
            };
            chunks.push((at..next, lines));
            lines += count_newlines(&reader, at..next).map_err(IngestError::Read)?;
            at = next;
        }
        (self.report)(Outcome::Lines {
            id: job.id,
            store: job.store,
            at: end,
            lines,
        });
        if !job.sink.writes() {
            // Another process indexes; here the lines were all that was needed.
            return Ok(());
        }
        let mut left_out = end;
        for (range, lines) in chunks.into_iter().rev() {
            // A chunk may be half done if the last run was killed; chunks then differ from that run's.
            for missing in missing(&range, &job.generation.done) {
                let lines = lines
                    + count_newlines(&reader, range.start..missing.start)
                        .map_err(IngestError::Read)?;
                left_out -= missing.end - missing.start;
                let age = (end - missing.end) as i64;
                self.queue.push(Job {
                    work: Work::Chunk {
                        last: closed && missing.end == end,
                        range: missing.clone(),
                        lines,
                    },
                    newest: job.newest.saturating_sub(age.saturating_mul(1000)),
                    weight: missing.end - missing.start,
                    ..job.clone()
                });
            }
        }
        self.queue.advanced(job, left_out.min(job.weight));
        if closed && job.generation.done_from_start() == end {
            (self.report)(Outcome::WholeDone {
                id: job.id,
                store: job.store,
                torn: job.generation.torn,
                cut: job.generation.cut.clone(),
            });
        }
        Ok(())
    }

    fn chunk(
        &self,
        job: &Job,
        range: &Range<u64>,
        lines: u64,
        last: bool,
    ) -> Result<(), IngestError> {
        let reader = job.open()?;
        let before = range
            .start
            .saturating_sub(LOOK_BACK.max(job.format.lookback()));
        let from = line_start_at_or_before(&reader, before).map_err(IngestError::Read)?;
        let skipped_lines =
            count_newlines(&reader, from..range.start).map_err(IngestError::Read)?;
        let mut framer = job.format.framer(from);
        let mut output = Output::new(self, job, range.clone(), lines - skipped_lines.min(lines));
        let mut piece = vec![0; PIECE];
        let mut at = from;
        let mut torn = false;
        let mut frames = Vec::new();
        loop {
            if self.queue.is_stopped() || job.is_cancelled() {
                return Ok(());
            }
            let got = reader.read_at(&mut piece, at).map_err(IngestError::Read)?;
            if got == 0 {
                if !last {
                    // Shorter than it was: what is missing is not claimed.
                    return output.flush(false);
                }
                framer.finish(&mut frames);
                torn = frames.iter().any(|f| f.open);
                output.take(&mut frames, u64::MAX)?;
                break;
            }
            at += got as u64;
            framer.push(&piece[..got], &mut frames);
            output.take(&mut frames, framer.resume_offset())?;
            if framer.resume_offset() >= range.end {
                break;
            }
        }
        output.flush(true)?;
        if job.is_cancelled() {
            return Ok(());
        }
        self.queue.reached(job, output.reading.span.map(|s| s.0));
        if last {
            (self.report)(Outcome::WholeDone {
                id: job.id,
                store: job.store,
                torn,
                cut: None,
            });
        }
        Ok(())
    }

    fn whole(&self, job: &Job) -> Result<(), IngestError> {
        use std::io::Read;
        let mut stream = open_stream(&job.file)?;
        let mut framer = job.format.framer(0);
        let mut output = Output::new(self, job, 0..u64::MAX, 0);
        let mut piece = vec![0; PIECE];
        let mut frames = Vec::new();
        let mut consumed = 0;
        loop {
            if self.queue.is_stopped() || job.is_cancelled() {
                return Ok(());
            }
            let got = stream.read(&mut piece).map_err(IngestError::Read)?;
            let now = stream.consumed().min(job.weight);
            self.queue.advanced(job, now.saturating_sub(consumed));
            consumed = consumed.max(now);
            if got == 0 {
                break;
            }
            framer.push(&piece[..got], &mut frames);
            output.take(&mut frames, framer.resume_offset())?;
        }
        framer.finish(&mut frames);
        let torn = frames.iter().any(|f| f.open)
            || stream.end().is_some_and(|end| *end != ReadEnd::Complete);
        output.take(&mut frames, u64::MAX)?;
        let len = stream.offset();
        output.range.end = len;
        output.flush(true)?;
        if job.is_cancelled() {
            return Ok(());
        }
        self.queue
            .advanced(job, job.weight.saturating_sub(consumed));
        self.queue.reached(job, output.reading.span.map(|s| s.0));
        let trouble = stream.end().and_then(ReadEnd::trouble);
        if let Some(trouble) = &trouble {
            job.sink
                .message(format!("{}: {trouble}", job.file.path.display()));
        }
        (self.report)(Outcome::WholeDone {
            id: job.id,
            store: job.store,
            torn,
            cut: trouble,
        });
        Ok(())
    }
}

/// The parts of `range` that lie in none of `done`.
fn missing(range: &Range<u64>, done: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut missing = Vec::new();
    let mut at = range.start;
    for d in done
        .iter()
        .filter(|d| d.end > range.start && d.start < range.end)
    {
        if d.start > at {
            missing.push(at..d.start);
        }
        at = at.max(d.end);
    }
    if at < range.end {
        missing.push(at..range.end);
    }
    missing
}

/// Collects parsed frames of a range and hands them over with what they complete.
struct Output<'a> {
    worker: &'a Worker,
    job: &'a Job,
    range: Range<u64>,
    /// Line ends before the framer's start.
    lines: u64,
    reading: Reading,
    order: InOrder,
    before: Vec<Frame>,
    batch: Vec<crate::engine::sink::Parsed>,
    bytes: usize,
    /// Everything before this is handed over.
    handed: u64,
    resume: u64,
}

impl<'a> Output<'a> {
    fn new(worker: &'a Worker, job: &'a Job, range: Range<u64>, lines: u64) -> Self {
        let reading = Reading::new(&worker.registry, &job.format, &job.generation, worker.zone);
        let (handed, resume) = (range.start, range.start);
        let order = InOrder::default();
        Self {
            worker,
            job,
            range,
            lines,
            reading,
            order,
            before: Vec::new(),
            batch: Vec::new(),
            bytes: 0,
            handed,
            resume,
        }
    }

    fn take(&mut self, frames: &mut Vec<Frame>, resume: u64) -> Result<(), IngestError> {
        self.order.extend(frames);
        for mut frame in self.order.ready(resume) {
            if frame.offset < self.range.start {
                self.before.push(frame);
                if self.before.len() > 2 * LOOK_BACK_FRAMES {
                    self.before.drain(..LOOK_BACK_FRAMES);
                }
                continue;
            }
            if frame.offset >= self.range.end {
                break;
            }
            for earlier in std::mem::take(&mut self.before) {
                self.reading.look_back(&earlier);
            }
            // Records may be interleaved: only what starts up to here is known to be complete.
            self.resume = frame.offset + 1;
            // What a file that ends holds is complete.
            frame.open = false;
            let indexed = self.job.generation.has(frame.offset);
            if indexed {
                self.reading.look_back(&frame);
            } else {
                self.bytes += frame.bytes.len();
                if let Some(said) = too_long(&self.job.file.path, &frame, Some(self.lines)) {
                    self.job.sink.message(said);
                }
                self.batch
                    .push(self.reading.parse(frame, Some(self.lines + 1)));
            }
            if self.batch.len() >= BATCH_FRAMES || self.bytes >= BATCH_BYTES {
                self.flush(false)?;
            }
        }
        Ok(())
    }

    /// Hands over; at the end the range counts as complete up to its own end, blank lines and all.
    fn flush(&mut self, end: bool) -> Result<(), IngestError> {
        let to = if end {
            self.range.end
        } else {
            self.resume.min(self.range.end)
        };
        let batch = std::mem::take(&mut self.batch);
        self.bytes = 0;
        if to <= self.handed && batch.is_empty() {
            return Ok(());
        }
        if self.job.is_cancelled() {
            return Ok(());
        }
        let result = self.job.sink.backlog(self.job.id, batch, self.handed..to);
        if matches!(self.job.work, Work::Chunk { .. }) {
            self.worker.queue.advanced(self.job, to - self.handed);
        }
        self.handed = to;
        match result {
            Ok(()) => Ok(()),
            Err(EngineError::Cancelled) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_of_a_range() {
        assert_eq!(missing(&(0..10), &[]).first(), Some(&(0..10)));
        let all = std::slice::from_ref(&(0..10));
        assert!(missing(&(0..10), all).is_empty());
        assert_eq!(missing(&(5..20), &[0..7, 9..10, 18..30]), [7..9, 10..18]);
    }
}
