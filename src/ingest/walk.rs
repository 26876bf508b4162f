//! The walk along the records of one source, from the oldest generation on: its chain, or its numbers.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ring::digest::{Context, SHA256};

use super::crew::Crew;
use super::sealed::about_all;
use super::vouched::is_digest;
use super::{IngestError, numbers};
use crate::chain::{
    ChainReport, ChainRule, Examined, Examiner, Finding, Hints, Numbering, Record, Sequence,
    Stages, Verifier,
};
use crate::event::{BreakKind, Timestamp};
use crate::format::{Format, Frame, Framer};
use crate::source::{Compression, FileId, GenFile, ReadEnd, open_at, open_stream};
use crate::text;

const PIECE: usize = 1 << 18;
/// Bytes in which a JSON line must begin.
const HEAD: u64 = 64 << 10;
/// What some writers begin a file with; it is no part of the first record.
const BOM: &[u8] = b"\xef\xbb\xbf";
/// Bytes to read for which threads are started.
const WORTH_THREADS: u64 = 4 << 20;
/// Time between two reports of a long walk.
const REPORT: Duration = Duration::from_secs(1);
/// What was read is read and hashed again when the file changed, since something in it may have been changed as well as
/// something appended. The pause before is so many times as long as that took: a tenth of one processor where it is
/// quick, a hundredth where it is not.
const SMALL: u64 = 10 << 20;
const PAUSES: u32 = 10;
const PAUSES_OF_LARGE: u32 = 100;
const SHORTEST_PAUSE: Duration = Duration::from_millis(200);

/// A generation to walk.
#[derive(Clone)]
pub(super) struct ChainFile {
    pub(super) rank: i32,
    pub(super) file: GenFile,
    pub(super) format: Arc<dyn Format>,
    /// It will not grow.
    pub(super) closed: bool,
}

/// What the records of a source are given to.
pub(super) enum Check {
    Chain(Box<Verifier>),
    Numbers(Box<Sequence>),
    Stages(Box<Stages>),
}

impl Check {
    /// Nothing is found in this source, or in the newest file of it.
    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Chain(verifier) => verifier.is_unchained(),
            Self::Numbers(sequence) => sequence.is_over(),
            Self::Stages(stages) => stages.is_over(),
        }
    }

    /// Nothing can be found in any further file.
    fn is_over_for_good(&self) -> bool {
        !matches!(self, Self::Chain(_)) && self.is_over()
    }

    pub(super) fn feed(&mut self, generation: i32, frame: &Frame, examined: Examined) {
        let record = Record {
            generation,
            offset: frame.offset,
            line: frame.line + 1,
            bytes: &frame.bytes,
            torn: frame.open,
        };
        match self {
            Self::Chain(verifier) => verifier.push_examined(&record, examined),
            Self::Numbers(sequence) => numbers::feed(sequence, &record),
            Self::Stages(stages) => stages.push(&record),
        }
    }

    /// What takes care of records ahead, where that can be done.
    fn examiner(&self) -> Option<Examiner> {
        match self {
            Self::Chain(verifier) => verifier.examiner(),
            Self::Numbers(_) | Self::Stages(_) => None,
        }
    }

    /// The report as it stands; `None` where there is neither chain nor number.
    pub(super) fn report(&self) -> Option<ChainReport> {
        match self {
            Self::Chain(verifier) => Some(verifier.snapshot()),
            Self::Numbers(sequence) => sequence.report(),
            Self::Stages(stages) => stages.report(),
        }
    }

    /// How many records are missing at the end of a chain, if it is what `before` saw but for them.
    fn cut_from(&self, before: &Self) -> Option<u64> {
        match (self, before) {
            (Self::Chain(now), Self::Chain(before)) => now.cut_from(before),
            _ => None,
        }
    }
}

/// How far the walk of a source has come.
pub(super) struct Walk {
    pub(super) check: Check,
    /// Generations begun, in order.
    begun: Vec<(i32, FileId)>,
    framer: Option<Box<dyn Framer>>,
    /// Complete, but records that begin before them are not.
    early: Vec<Frame>,
    offset: u64,
    /// Lines of the newest generation.
    lines: u64,
    pub(super) reported: Option<Reported>,
    /// SHA-256 of what was read of the newest generation, if that may grow.
    seen: Context,
    /// Threads that help: none where others have more need of the processors.
    threads: usize,
    /// When all was read from the first byte on, how much of a processor that took, and how the files were then.
    pub(super) began: Instant,
    pub(super) began_cpu: Duration,
    pub(super) at: Timestamp,
    pub(super) took: Option<Duration>,
    files: Vec<GenFile>,
    /// Records that were at the end when it was read before.
    cut: Option<Finding>,
    /// What of the files could not be read to its end, each with its name.
    unread: Vec<String>,
}

/// What was said of a source last, as far as it makes a difference.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reported {
    records: u64,
    coverage: String,
    findings: Vec<(BreakKind, i32, u64, u64)>,
}

impl Reported {
    pub(super) fn of(report: &ChainReport) -> Self {
        let findings = report.findings.iter();
        Self {
            records: report.records,
            coverage: report.coverage.clone(),
            findings: findings
                .map(|f| (f.kind, f.generation, f.line, f.line_end))
                .collect(),
        }
    }
}

impl Walk {
    fn new(check: Check) -> Self {
        Self {
            check,
            begun: Vec::new(),
            framer: None,
            early: Vec::new(),
            offset: 0,
            lines: 0,
            reported: None,
            seen: Context::new(&SHA256),
            threads: 0,
            began: Instant::now(),
            began_cpu: cpu_time(),
            at: Timestamp::now(),
            took: None,
            files: Vec::new(),
            cut: None,
            unread: Vec::new(),
        }
    }

    /// With other threads that read and hash records ahead.
    pub(super) fn on_threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Notes that all that there is has been read from the first byte on.
    pub(super) fn came_to_end(&mut self, files: &[ChainFile]) {
        if self.took.is_none() {
            self.took = Some(cpu_time().saturating_sub(self.began_cpu));
            self.files = files.iter().map(|f| f.file.clone()).collect();
        }
    }

    /// When all should be read again, if the files are not as they were.
    pub(super) fn due(&self, files: &[ChainFile]) -> Option<Instant> {
        let took = self.took?;
        let same = |(a, b): (&GenFile, &ChainFile)| a.len == b.file.len && a.mtime == b.file.mtime;
        if self.files.len() == files.len() && self.files.iter().zip(files).all(same) {
            return None;
        }
        let bytes = files.iter().map(|f| f.file.len).sum();
        Some(self.began + took + pause_after(bytes, took))
    }

    /// Whether all that was read is still there, byte for byte: the older files by their times, the newest by its hash.
    pub(super) fn still_there(&self, files: &[ChainFile]) -> Result<bool, IngestError> {
        let same = |(a, b): (&GenFile, &ChainFile)| a.len == b.file.len && a.mtime == b.file.mtime;
        let older = self.files.len().saturating_sub(1);
        let unchanged = self.files.iter().zip(files).take(older).all(same);
        let newest = files.last().filter(|f| {
            let plain = f.file.compression == Compression::None && f.file.len >= self.offset;
            plain && unchanged && files.len() == self.files.len() && self.fits(files)
        });
        let Some(newest) = newest else {
            return Ok(false);
        };
        let reader = open_at(&newest.file, 0)?;
        let (mut now, mut at) = (Context::new(&SHA256), 0);
        let mut piece = vec![0; PIECE];
        while at < self.offset {
            let left = usize::try_from(self.offset - at).unwrap_or(PIECE);
            let wanted = piece.len().min(left);
            let got = reader
                .read_at(&mut piece[..wanted], at)
                .map_err(IngestError::Read)?;
            if got == 0 {
                return Ok(false);
            }
            now.update(&piece[..got]);
            at += got as u64;
        }
        Ok(now.finish().as_ref() == self.seen.clone().finish().as_ref())
    }

    /// Says so if the files are what an earlier walk saw of them, without the end.
    pub(super) fn compare(&mut self, before: &Self, files: &[ChainFile]) {
        self.cut = before.cut.clone();
        let live = files
            .last()
            .filter(|f| before.begun.last() == Some(&(f.rank, f.file.id)));
        let lost = live.and_then(|_| self.check.cut_from(&before.check));
        let (Some(live), Some(lost)) = (live, lost) else {
            return;
        };
        let line = self.lines + 1;
        self.cut = Some(Finding {
            kind: BreakKind::TailTruncated,
            level: BreakKind::TailTruncated.level(),
            generation: live.rank,
            line,
            line_end: line,
            offset: live.file.len,
            count: Some(lost),
            ts: None,
            expected: None,
            found: None,
            explanation: format!(
                "The last {lost} records that were here at {} are gone: the file was cut while it was watched. What rotates a log empties it, or begins another file. Usual cause: tampering.",
                before.at.brief()
            ),
        });
    }

    /// Lines of the newest file.
    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    /// Whether it can go on with these files, or has to begin anew.
    pub(super) fn fits(&self, files: &[ChainFile]) -> bool {
        self.begun.len() <= files.len()
            && self
                .begun
                .iter()
                .zip(files)
                .all(|((rank, id), f)| *rank == f.rank && *id == f.file.id)
            && self.begun.last().is_none_or(|_| {
                let current = &files[self.begun.len() - 1].file;
                current.compression != Compression::None || current.len >= self.offset
            })
    }

    /// Feeds everything new; `report` is called now and then and may stop the walk by returning `false`.
    pub(super) fn advance(
        &mut self,
        files: &[ChainFile],
        report: &mut dyn FnMut(&Check) -> bool,
    ) -> Result<(), IngestError> {
        let first = self.begun.len().saturating_sub(1);
        for (index, file) in files.iter().enumerate().skip(first) {
            let is_new = index >= self.begun.len();
            if self.check.is_over_for_good() || (self.check.is_over() && !is_new) {
                continue;
            }
            if is_new {
                self.begun.push((file.rank, file.file.id));
                self.framer = Some(file.format.framer(0));
                (self.offset, self.lines) = (0, 0);
                self.seen = Context::new(&SHA256);
            }
            // All but the newest generation are at their end.
            let closed = file.closed || index + 1 < files.len();
            let goes_on = self.file(file, closed, report)?;
            // Where one file shows no chain, the next may.
            if !goes_on && !self.check.is_over() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn file(
        &mut self,
        file: &ChainFile,
        closed: bool,
        report: &mut dyn FnMut(&Check) -> bool,
    ) -> Result<bool, IngestError> {
        let left = file.file.len.saturating_sub(self.offset);
        let threads = if left > WORTH_THREADS {
            self.threads
        } else {
            0
        };
        std::thread::scope(|scope| {
            let mut crew = (threads > 0).then(|| Crew::new(scope, threads));
            self.read(file, closed, crew.as_mut(), report)
        })
    }

    /// Feeds what there is of a generation; `false` if there is no use in going on.
    fn read(
        &mut self,
        file: &ChainFile,
        closed: bool,
        mut crew: Option<&mut Crew>,
        report: &mut dyn FnMut(&Check) -> bool,
    ) -> Result<bool, IngestError> {
        let plain = file.file.compression == Compression::None;
        let reader = if plain {
            Some(open_at(&file.file, self.offset)?)
        } else {
            None
        };
        let mut stream = match &reader {
            None if self.offset == 0 => Some(open_stream(&file.file)?),
            _ => None,
        };
        let mut piece = vec![0; PIECE];
        let mut last = Instant::now();
        loop {
            let got = match (&reader, &mut stream) {
                (Some(reader), _) => reader
                    .read_at(&mut piece, self.offset)
                    .map_err(IngestError::Read)?,
                (None, Some(stream)) => stream.read(&mut piece).map_err(IngestError::Read)?,
                (None, None) => 0,
            };
            if got == 0 {
                break;
            }
            self.offset += got as u64;
            if !closed {
                self.seen.update(&piece[..got]);
            }
            let Some(framer) = self.framer.as_mut() else {
                return Ok(true);
            };
            framer.push(&piece[..got], &mut self.early);
            let until = framer.resume_offset();
            self.feed(file.rank, until, crew.as_deref_mut());
            if self.check.is_over() {
                return Ok(false);
            }
            if last.elapsed() >= REPORT {
                last = Instant::now();
                if !report(&self.check) {
                    return Ok(false);
                }
            }
        }
        if let Some(trouble) = stream.and_then(|s| s.end().and_then(ReadEnd::trouble)) {
            let name = file.file.path.file_name().unwrap_or_default();
            let name = text::path(name.as_ref());
            self.unread.push(format!("{name}: {trouble}"));
        }
        if let (true, Some(framer)) = (closed, self.framer.as_mut()) {
            framer.finish(&mut self.early);
            self.feed(file.rank, u64::MAX, crew.as_deref_mut());
        }
        while let Some(batch) = crew.as_mut().and_then(|crew| crew.next()) {
            batch.feed(&mut self.check, file.rank);
        }
        Ok(true)
    }

    /// Gives the check what is complete, in file order: everything before `until`. Only auditd's frames are complete in
    /// another order than they begin in.
    fn feed(&mut self, generation: i32, until: u64, crew: Option<&mut Crew>) {
        self.early.sort_by_key(|frame| frame.offset);
        let ready = self.early.partition_point(|frame| frame.offset < until);
        self.lines += ready as u64;
        if let Some(first) = self.early.first_mut().filter(|frame| frame.offset == 0)
            && first.bytes.starts_with(BOM)
        {
            first.bytes = first.bytes.slice(BOM.len()..);
        }
        let frames = self.early.drain(..ready);
        // Once there is an examiner there always is one, so nothing overtakes what a crew has in hand.
        if let Some((crew, examiner)) = crew.zip(self.check.examiner()) {
            crew.hand_out(examiner, frames.collect());
            while let Some(batch) = crew.next_if_full() {
                batch.feed(&mut self.check, generation);
            }
        } else {
            for frame in frames {
                self.check.feed(generation, &frame, Examined::default());
            }
        }
    }

    /// The report as it stands; `None` where there is neither chain nor number.
    pub(super) fn report(&self) -> Option<ChainReport> {
        let mut report = self.check.report()?;
        report.findings.extend(self.cut.clone());
        let bytes: u64 = self.files.iter().map(|f| f.len).sum();
        if self.took.is_some() && bytes > SMALL {
            let at = self.at.brief();
            report
                .coverage
                .push_str(&format!("; last read from the start at {at} UTC"));
        }
        Some(report)
    }

    /// What of the files could not be read to its end, with why; `None` if all was.
    pub(super) fn unread(&self) -> Option<String> {
        (!self.unread.is_empty()).then(|| self.unread.join("; "))
    }

    /// The report once nothing more will come.
    pub(super) fn finish(self) -> Option<ChainReport> {
        match self.check {
            Check::Chain(verifier) => Some(verifier.finish()),
            Check::Numbers(sequence) => sequence.report(),
            Check::Stages(stages) => stages.report(),
        }
    }
}

/// How long to wait before so many bytes are read again, of which the last time `took` so long.
pub(super) fn pause_after(bytes: u64, took: Duration) -> Duration {
    let pauses = if bytes <= SMALL {
        PAUSES
    } else {
        PAUSES_OF_LARGE
    };
    SHORTEST_PAUSE.max(took * pauses)
}

/// What this thread used of a processor, so that a busy machine does not make the pauses longer.
pub(super) fn cpu_time() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(used).unwrap_or_default()
}

/// The walk along the chain of a source, if it can hold one: records are lines in some file of it.
pub(super) fn chain_walk(
    source: &Arc<str>,
    files: &[ChainFile],
    hints: impl FnOnce() -> Hints,
) -> Option<Walk> {
    let may_hold_one = files
        .iter()
        .any(|file| file.format.splittable() && !is_digest(&*file.format));
    may_hold_one.then(|| {
        let verifier = Verifier::with(source.clone(), hints());
        Walk::new(Check::Chain(Box::new(verifier)))
    })
}

/// The walk along the numbers of a source without a chain, if it can be numbered.
pub(super) fn number_walk(
    source: &Arc<str>,
    oldest: &ChainFile,
) -> Result<Option<Walk>, IngestError> {
    let key = oldest.format.key();
    let numbering = if key == "k8s-audit" {
        let stages = Stages::new(source.clone());
        return Ok(Some(Walk::new(Check::Stages(Box::new(stages)))));
    } else if key == "auditd" {
        Numbering::Serial
    } else if is_json_lines(oldest)? {
        Numbering::Field
    } else {
        return Ok(None);
    };
    let sequence = Sequence::new(source.clone(), numbering);
    Ok(Some(Walk::new(Check::Numbers(Box::new(sequence)))))
}

/// What is known of a log's chain beforehand, with the keys read.
pub(super) fn hints_for(log: &Path, rules: &[ChainRule]) -> Hints {
    let rule = rules.iter().find(|rule| rule.fits(log));
    rule.map_or_else(Hints::default, ChainRule::load)
}

/// Says so where the configuration knows of a chain and none shows.
pub(super) fn with_expected(
    mut report: ChainReport,
    log: &Path,
    rules: &[ChainRule],
) -> ChainReport {
    // What a sidecar stands for needs no chain of its own.
    let mut rules = rules.iter().filter(|rule| rule.sidecar.is_none());
    let is_missing = !report.is_chained() && rules.any(|rule| rule.fits(log));
    let kind = BreakKind::Unlinked;
    if is_missing && !report.findings.iter().any(|f| f.kind == kind) {
        report.findings.push(about_all(kind, "A [[chain]] of the configuration says that these records are chained, and no chain shows in them: it was taken out or rewritten, or what the configuration says of it is not so.".into()));
    }
    report
}

/// Whether records are JSON lines: no others are numbered by a field. A line of something else may stand before them.
fn is_json_lines(file: &ChainFile) -> Result<bool, IngestError> {
    if !file.format.splittable() {
        return Ok(false);
    }
    let mut head = Vec::new();
    open_stream(&file.file)?
        .take(HEAD)
        .read_to_end(&mut head)
        .map_err(IngestError::Read)?;
    let text = head.strip_prefix(BOM).unwrap_or(&head);
    let mut lines = text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
    Ok(lines.any(|line| line.starts_with(b"{")))
}
