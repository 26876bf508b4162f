//! Walks chained sources in file order, from the oldest generation on, and goes on with what is appended.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::IngestError;
use super::numbers;
use super::sealed::{Seals, add_seals};
use super::sealing::SealError;
use crate::chain::{ChainReport, ChainRule, Hints, Numbering, Record, Sequence, Verifier};
use crate::engine::sink::EventSink;
use crate::format::{Format, Frame, Framer};
use crate::source::watch::Waker;
use crate::source::{Compression, FileId, GenFile, LogSet, open_at, open_stream};

const PIECE: usize = 1 << 20;
/// Time between two reports of a long walk.
const REPORT: Duration = Duration::from_secs(1);

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
pub(super) struct ChainWork {
    pub(super) source: Arc<str>,
    /// Canonical path of the live file.
    pub(super) log: PathBuf,
    pub(super) sink: Arc<dyn EventSink>,
    pub(super) files: Vec<ChainFile>,
}

/// What the records of a source are given to.
pub(super) enum Check {
    Chain(Box<Verifier>),
    Numbers(Box<Sequence>),
}

impl Check {
    /// Nothing is found in this source.
    fn is_over(&self) -> bool {
        match self {
            Self::Chain(verifier) => verifier.is_unchained(),
            Self::Numbers(sequence) => sequence.is_over(),
        }
    }

    fn feed(&mut self, generation: i32, frame: &Frame) {
        let record = Record {
            generation,
            offset: frame.offset,
            line: frame.line + 1,
            bytes: &frame.bytes,
            torn: frame.open,
        };
        match self {
            Self::Chain(verifier) => verifier.push(&record),
            Self::Numbers(sequence) => numbers::feed(sequence, &record),
        }
    }

    /// The report as it stands; `None` where there is neither chain nor number.
    pub(super) fn report(&self) -> Option<ChainReport> {
        match self {
            Self::Chain(verifier) => Some(verifier.snapshot()),
            Self::Numbers(sequence) => sequence.report(),
        }
    }
}

/// How far the walk of a source has come.
pub(super) struct Walk {
    check: Check,
    /// Generations begun, in order.
    begun: Vec<(i32, FileId)>,
    framer: Option<Box<dyn Framer>>,
    /// Complete, but records that begin before them are not.
    early: Vec<Frame>,
    offset: u64,
    reported: Option<(u64, bool)>,
}

impl Walk {
    pub(super) fn new(check: Check) -> Self {
        Self {
            check,
            begun: Vec::new(),
            framer: None,
            early: Vec::new(),
            offset: 0,
            reported: None,
        }
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
        report: &mut dyn FnMut(&Check) -> bool,
    ) -> Result<(), IngestError> {
        let first = self.begun.len().saturating_sub(1);
        for (index, file) in files.iter().enumerate().skip(first) {
            if self.check.is_over() {
                return Ok(());
            }
            if index >= self.begun.len() {
                self.begun.push((file.rank, file.file.id));
                self.framer = Some(file.format.framer(0));
                self.offset = 0;
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
        report: &mut dyn FnMut(&Check) -> bool,
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
        let frames = &mut self.early;
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
            framer.push(&piece[..got], frames);
            feed(&mut self.check, file.rank, frames, framer.resume_offset());
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
        if closed {
            framer.finish(frames);
            feed(&mut self.check, file.rank, frames, u64::MAX);
        }
        Ok(true)
    }

    /// The report once nothing more will come.
    pub(super) fn finish(self) -> Option<ChainReport> {
        match self.check {
            Check::Chain(verifier) => Some(verifier.finish()),
            Check::Numbers(sequence) => sequence.report(),
        }
    }
}

/// Gives the check what is complete, in file order: everything before `until`. Only auditd's frames are complete in
/// another order than they begin in.
fn feed(check: &mut Check, generation: i32, frames: &mut Vec<Frame>, until: u64) {
    frames.sort_by_key(|frame| frame.offset);
    let ready = frames.partition_point(|frame| frame.offset < until);
    for frame in frames.drain(..ready) {
        check.feed(generation, &frame);
    }
}

/// The walk along the chain of a source, if it can hold one.
pub(super) fn chain_walk(
    source: &Arc<str>,
    oldest: &ChainFile,
    hints: impl FnOnce() -> Hints,
) -> Result<Option<Walk>, IngestError> {
    Ok(is_json_lines(oldest)?.then(|| {
        let verifier = Verifier::with(source.clone(), hints());
        Walk::new(Check::Chain(Box::new(verifier)))
    }))
}

/// The walk along the numbers of a source without a chain, if it can be numbered.
pub(super) fn number_walk(
    source: &Arc<str>,
    oldest: &ChainFile,
) -> Result<Option<Walk>, IngestError> {
    let numbering = if oldest.format.key() == "auditd" {
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

/// Whether records are JSON lines: no others can hold a chain.
fn is_json_lines(file: &ChainFile) -> Result<bool, IngestError> {
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
            let first = match self.work.recv_timeout(Duration::from_millis(500)) {
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
        let kept = self.walks.remove(&work.source);
        let mut next = match kept.filter(|walk| walk.fits(&work.files)) {
            Some(walk) => Some(walk),
            None => {
                let hints = || hints_for(&work.log, &self.rules);
                match chain_walk(&work.source, oldest, hints)? {
                    None => self.number_walk(work, oldest)?,
                    walk => walk,
                }
            }
        };
        let stop = self.stop.clone();
        while let Some(mut walk) = next {
            walk.advance(&work.files, &mut |check| {
                if let Some(report) = check.report() {
                    work.sink.chain(Arc::new(report));
                }
                !stop.load(Ordering::Relaxed)
            })?;
            if walk.check.is_over() {
                next = match walk.check {
                    Check::Chain(_) => self.number_walk(work, oldest)?,
                    Check::Numbers(_) => None,
                };
                continue;
            }
            let report = walk.check.report();
            let report = report.unwrap_or_else(|| ChainReport::unchained(work.source.clone()));
            let state = (report.records, report.findings.is_empty());
            if walk.reported != Some(state) {
                walk.reported = Some(state);
                work.sink.chain(Arc::new(report));
            }
            self.walks.insert(work.source.clone(), walk);
            return Ok(());
        }
        self.say_unchained(work, oldest)
    }

    /// Of a sealed source the seals tell more than its numbers.
    fn number_walk(
        &self,
        work: &ChainWork,
        oldest: &ChainFile,
    ) -> Result<Option<Walk>, IngestError> {
        let is_sealed = |seals: &Seals| seals.know(&work.log);
        if self.seals.as_ref().is_some_and(is_sealed) {
            return Ok(None);
        }
        number_walk(&work.source, oldest)
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
