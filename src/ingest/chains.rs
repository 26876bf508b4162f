//! Walks chained sources in file order, from the oldest generation on, and goes on with what is appended.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use ring::digest::{Context, SHA256};

use super::IngestError;
use super::sealed::{Seals, add_seals};
use super::sealing::SealError;
use crate::chain::{ChainReport, ChainRule, Finding, Hints, Record, Verifier};
use crate::engine::sink::EventSink;
use crate::event::{BreakKind, Timestamp};
use crate::format::{Format, Frame, Framer};
use crate::source::watch::Waker;
use crate::source::{Compression, FileId, GenFile, LogSet, open_at, open_stream};

const PIECE: usize = 1 << 20;
/// Time between two reports of a long walk.
const REPORT: Duration = Duration::from_secs(1);
/// What was read is read and hashed again when the file changed, since something in it may have been changed as well as
/// something appended. The pause before is so many times as long as that took: a tenth of one processor where it is
/// quick, a hundredth where it is not.
const SMALL: u64 = 10 << 20;
const PAUSES: u32 = 10;
const PAUSES_OF_LARGE: u32 = 100;
const SHORTEST_PAUSE: Duration = Duration::from_millis(200);

/// Time between looks when nothing happens.
const IDLE: Duration = Duration::from_millis(500);

/// A generation to walk.
#[derive(Clone)]
pub(super) struct ChainFile {
    pub(super) rank: i32,
    pub(super) file: GenFile,
    pub(super) format: Arc<dyn Format>,
    /// It will not grow.
    pub(super) closed: bool,
}

/// The picture of a source: all its generations, oldest first.
#[derive(Clone)]
pub(super) struct ChainWork {
    pub(super) source: Arc<str>,
    /// Canonical path of the live file.
    pub(super) log: PathBuf,
    pub(super) sink: Arc<dyn EventSink>,
    pub(super) files: Vec<ChainFile>,
}

/// How far the walk of a source has come.
pub(super) struct Walk {
    verifier: Verifier,
    /// Generations begun, in order.
    begun: Vec<(i32, FileId)>,
    framer: Option<Box<dyn Framer>>,
    offset: u64,
    /// Lines of the newest generation.
    lines: u64,
    reported: Option<(u64, usize)>,
    /// SHA-256 of what was read of the newest generation.
    seen: Context,
    /// When all was read from the first byte on, how much of a processor that took, and how the files were then.
    began: Instant,
    began_cpu: Duration,
    at: Timestamp,
    took: Option<Duration>,
    files: Vec<GenFile>,
    /// Records that were at the end when it was read before.
    cut: Option<Finding>,
}

impl Walk {
    pub(super) fn new(source: &Arc<str>, hints: Hints) -> Self {
        Self {
            verifier: Verifier::with(source.clone(), hints),
            begun: Vec::new(),
            framer: None,
            offset: 0,
            lines: 0,
            reported: None,
            seen: Context::new(&SHA256),
            began: Instant::now(),
            began_cpu: cpu_time(),
            at: Timestamp::now(),
            took: None,
            files: Vec::new(),
            cut: None,
        }
    }

    /// Notes that all that there is has been read from the first byte on.
    fn came_to_end(&mut self, files: &[ChainFile]) {
        if self.took.is_none() {
            self.took = Some(cpu_time().saturating_sub(self.began_cpu));
            self.files = files.iter().map(|f| f.file.clone()).collect();
        }
    }

    /// When all should be read again, if the files are not as they were.
    fn due(&self, files: &[ChainFile]) -> Option<Instant> {
        let took = self.took?;
        let same = |(a, b): (&GenFile, &ChainFile)| a.len == b.file.len && a.mtime == b.file.mtime;
        if self.files.len() == files.len() && self.files.iter().zip(files).all(same) {
            return None;
        }
        let bytes: u64 = files.iter().map(|f| f.file.len).sum();
        let pauses = if bytes <= SMALL {
            PAUSES
        } else {
            PAUSES_OF_LARGE
        };
        Some(self.began + took + SHORTEST_PAUSE.max(took * pauses))
    }

    /// Whether all that was read is still there, byte for byte: the older files by their times, the newest by its hash.
    fn still_there(&self, files: &[ChainFile]) -> Result<bool, IngestError> {
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
    fn compare(&mut self, before: &Self, files: &[ChainFile]) {
        self.cut = before.cut.clone();
        let live = files
            .last()
            .filter(|f| before.begun.last() == Some(&(f.rank, f.file.id)));
        let lost = live.and_then(|_| self.verifier.cut_from(&before.verifier));
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

    /// Whether it can go on with these files, or has to begin anew.
    fn fits(&self, files: &[ChainFile]) -> bool {
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
        report: &mut dyn FnMut(&Verifier) -> bool,
    ) -> Result<(), IngestError> {
        let first = self.begun.len().saturating_sub(1);
        for (index, file) in files.iter().enumerate().skip(first) {
            if self.verifier.is_unchained() {
                return Ok(());
            }
            if index >= self.begun.len() {
                self.begun.push((file.rank, file.file.id));
                self.framer = Some(file.format.framer(0));
                (self.offset, self.lines) = (0, 0);
                self.seen = Context::new(&SHA256);
            }
            // All but the newest generation are at their end.
            let closed = file.closed || index + 1 < files.len();
            if !self.file(file, closed, report)? {
                return Ok(());
            }
        }
        Ok(())
    }

    fn file(
        &mut self,
        file: &ChainFile,
        closed: bool,
        report: &mut dyn FnMut(&Verifier) -> bool,
    ) -> Result<bool, IngestError> {
        let Some(framer) = self.framer.as_mut() else {
            return Ok(true);
        };
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
        let mut frames = Vec::new();
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
            self.seen.update(&piece[..got]);
            framer.push(&piece[..got], &mut frames);
            self.lines += feed(&mut self.verifier, file.rank, &mut frames);
            if self.verifier.is_unchained() {
                return Ok(false);
            }
            if last.elapsed() >= REPORT {
                last = Instant::now();
                if !report(&self.verifier) {
                    return Ok(false);
                }
            }
        }
        if closed {
            framer.finish(&mut frames);
            self.lines += feed(&mut self.verifier, file.rank, &mut frames);
        }
        Ok(true)
    }

    /// The report as it stands.
    pub(super) fn report(&self) -> ChainReport {
        let mut report = self.verifier.snapshot();
        report.findings.extend(self.cut.clone());
        let bytes: u64 = self.files.iter().map(|f| f.len).sum();
        if self.took.is_some() && bytes > SMALL {
            let at = self.at.brief();
            report
                .coverage
                .push_str(&format!("; last read from the start at {at} UTC"));
        }
        report
    }

    /// The report once nothing more will come.
    pub(super) fn finish(self) -> ChainReport {
        self.verifier.finish()
    }
}

/// How many records it were.
fn feed(verifier: &mut Verifier, generation: i32, frames: &mut Vec<Frame>) -> u64 {
    let count = frames.len() as u64;
    for frame in frames.drain(..) {
        verifier.push(&Record {
            generation,
            offset: frame.offset,
            line: frame.line + 1,
            bytes: &frame.bytes,
            torn: frame.open,
        });
    }
    count
}

/// What this thread used of a processor, so that a busy machine does not make the pauses longer.
fn cpu_time() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(used).unwrap_or_default()
}

/// What is known of a log's chain beforehand, with the keys read.
pub(super) fn hints_for(log: &Path, rules: &[ChainRule]) -> Hints {
    let rule = rules.iter().find(|rule| rule.fits(log));
    rule.map_or_else(Hints::default, ChainRule::load)
}

/// Whether a source can hold a chain at all: records that are JSON lines.
pub(super) fn may_be_chained(file: &ChainFile) -> Result<bool, IngestError> {
    if !file.format.splittable() {
        return Ok(false);
    }
    let mut head = [0; 512];
    let got = open_stream(&file.file)?
        .read(&mut head)
        .map_err(IngestError::Read)?;
    let text = head[..got]
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(&head[..got]);
    Ok(text.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{'))
}

/// The chain thread.
pub(super) struct Chains {
    work: Receiver<ChainWork>,
    /// Pictures handed over that were not walked to their end yet.
    left: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    done: Waker,
    walks: HashMap<Arc<str>, Walk>,
    /// Sources without a chain, with what was looked at.
    unchained: HashMap<Arc<str>, FileId>,
    rules: Arc<[ChainRule]>,
    seals: Option<Seals>,
    /// What is to be read again from its start, and when.
    due: HashMap<Arc<str>, (Instant, ChainWork)>,
    /// Sealed sources, with the files as they were when they were last compared with their seals.
    compared: HashMap<Arc<str>, Vec<GenFile>>,
}

/// Whether files only grew: what was sealed of them is as it was.
fn only_grew(before: &[GenFile], now: &[ChainFile]) -> bool {
    let grew = |(a, b): (&GenFile, &ChainFile)| {
        let same = a.len == b.file.len && a.mtime == b.file.mtime;
        a.id == b.file.id && a.path == b.file.path && (same || b.file.len > a.len)
    };
    before.len() == now.len() && before.iter().zip(now).all(grew)
}

impl Chains {
    /// `left` goes down with every picture dealt with; `done` is woken when none is left.
    pub(super) fn new(
        work: Receiver<ChainWork>,
        left: Arc<AtomicUsize>,
        stop: Arc<AtomicBool>,
        done: Waker,
        rules: Arc<[ChainRule]>,
        seals: Option<Seals>,
    ) -> Self {
        Self {
            rules,
            seals,
            compared: HashMap::new(),
            due: HashMap::new(),
            work,
            left,
            stop,
            done,
            walks: HashMap::new(),
            unchained: HashMap::new(),
        }
    }

    /// Runs until the coordinator is gone.
    pub(super) fn run(mut self) {
        let _ = rustix::process::nice(10);
        while !self.stop.load(Ordering::Relaxed) {
            self.read_again();
            let first = match self.work.recv_timeout(self.patience()) {
                Ok(work) => work,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            // Only the newest picture of each source counts.
            let mut latest: HashMap<Arc<str>, ChainWork> = HashMap::new();
            let mut taken = 0;
            for work in std::iter::once(first).chain(self.work.try_iter()) {
                latest.insert(work.source.clone(), work);
                taken += 1;
            }
            for work in latest.into_values() {
                if let Err(error) = self.walk(&work) {
                    work.sink.source_error(
                        &work.source,
                        Some(format!("the chain check stopped: {error}")),
                    );
                }
            }
            if self.left.fetch_sub(taken, Ordering::AcqRel) == taken {
                self.done.wake();
            }
        }
    }

    fn walk(&mut self, work: &ChainWork) -> Result<(), IngestError> {
        let Some(oldest) = work.files.first() else {
            return Ok(());
        };
        if self.unchained.get(&work.source) == Some(&oldest.file.id) {
            return self.say_unchained(work, oldest);
        }
        if !may_be_chained(oldest)? {
            return self.say_unchained(work, oldest);
        }
        match self.walks.remove(&work.source) {
            Some(walk) if walk.fits(&work.files) => self.go_on(work, oldest, walk, None),
            before => {
                let walk = Walk::new(&work.source, hints_for(&work.log, &self.rules));
                self.go_on(work, oldest, walk, before)
            }
        }
    }

    /// Brings a walk to the end of the files, and reports it. `before` = an earlier one over the same.
    fn go_on(
        &mut self,
        work: &ChainWork,
        oldest: &ChainFile,
        mut walk: Walk,
        before: Option<Walk>,
    ) -> Result<(), IngestError> {
        let stop = self.stop.clone();
        walk.advance(&work.files, &mut |verifier| {
            if before.is_none() {
                work.sink.chain(Arc::new(verifier.snapshot()));
            }
            !stop.load(Ordering::Relaxed)
        })?;
        if walk.verifier.is_unchained() {
            return self.say_unchained(work, oldest);
        }
        walk.came_to_end(&work.files);
        if let Some(before) = before {
            walk.compare(&before, &work.files);
            walk.reported = before.reported;
        }
        let report = walk.report();
        let state = (report.records, report.findings.len());
        if walk.reported != Some(state) {
            walk.reported = Some(state);
            work.sink.chain(Arc::new(report));
        }
        match walk.due(&work.files) {
            Some(when) => {
                self.due.insert(work.source.clone(), (when, work.clone()));
            }
            None => drop(self.due.remove(&work.source)),
        }
        self.walks.insert(work.source.clone(), walk);
        Ok(())
    }

    /// Goes on if all that was read is still there, and else begins anew.
    fn look_again(&mut self, work: &ChainWork) -> Result<(), IngestError> {
        let (Some(oldest), Some(mut walk)) = (work.files.first(), self.walks.remove(&work.source))
        else {
            return Ok(());
        };
        let (began, began_cpu, at) = (Instant::now(), cpu_time(), Timestamp::now());
        if walk.still_there(&work.files)? {
            (walk.began, walk.began_cpu, walk.at, walk.took) = (began, began_cpu, at, None);
            return self.go_on(work, oldest, walk, None);
        }
        let anew = Walk::new(&work.source, hints_for(&work.log, &self.rules));
        self.go_on(work, oldest, anew, Some(walk))
    }

    /// How long to wait for new pictures.
    fn patience(&self) -> Duration {
        let next = self.due.values().map(|(when, _)| *when).min();
        let next = next.map(|when| when.saturating_duration_since(Instant::now()));
        next.map_or(IDLE, |next| next.min(IDLE))
    }

    /// Reads what changed from its start again, once it is time: bytes in the midst may have been changed.
    fn read_again(&mut self) {
        let now = Instant::now();
        let ready: Vec<Arc<str>> = self
            .due
            .iter()
            .filter(|(_, (when, _))| *when <= now)
            .map(|(source, _)| source.clone())
            .collect();
        for source in ready {
            let Some((_, mut work)) = self.due.remove(&source) else {
                continue;
            };
            for file in &mut work.files {
                if let Some(now) = file.file.restat() {
                    file.file = now;
                }
            }
            if let Err(error) = self.look_again(&work) {
                let why = format!("the chain check stopped: {error}");
                work.sink.source_error(&source, Some(why));
            }
        }
    }

    /// A source without a chain may be sealed.
    fn say_unchained(&mut self, work: &ChainWork, oldest: &ChainFile) -> Result<(), IngestError> {
        let before = self.unchained.insert(work.source.clone(), oldest.file.id);
        let seals = self.seals.as_ref().filter(|seals| seals.know(&work.log));
        let report = ChainReport::unchained(work.source.clone());
        let Some(seals) = seals else {
            if before != Some(oldest.file.id) {
                work.sink.chain(Arc::new(report));
            }
            return Ok(());
        };
        let compared = self.compared.get(&work.source);
        if compared.is_some_and(|before| only_grew(before, &work.files)) {
            return Ok(());
        }
        let set = LogSet {
            name: work.log.clone(),
            generations: work.files.iter().map(|f| f.file.clone()).collect(),
        };
        let ranks: Vec<i32> = work.files.iter().map(|f| f.rank).collect();
        match add_seals(&set, &ranks, seals, report) {
            Ok(report) => work.sink.chain(Arc::new(report)),
            Err(SealError::Read(error)) => return Err(error),
            Err(error) => work
                .sink
                .source_error(&work.source, Some(format!("its seals: {error}"))),
        }
        self.compared.insert(work.source.clone(), set.generations);
        Ok(())
    }
}
