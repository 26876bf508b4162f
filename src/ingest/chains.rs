//! Walks chained sources in file order, from the oldest generation on, and goes on with what is appended.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::IngestError;
use super::sealed::{Seals, add_seals};
use super::sealing::SealError;
use crate::chain::{ChainReport, ChainRule, Hints, Record, Verifier};
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

/// How far the walk of a source has come.
pub(super) struct Walk {
    verifier: Verifier,
    /// Generations begun, in order.
    begun: Vec<(i32, FileId)>,
    framer: Option<Box<dyn Framer>>,
    offset: u64,
    reported: Option<(u64, bool)>,
}

impl Walk {
    pub(super) fn new(source: &Arc<str>, hints: Hints) -> Self {
        Self {
            verifier: Verifier::with(source.clone(), hints),
            begun: Vec::new(),
            framer: None,
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
            framer.push(&piece[..got], &mut frames);
            feed(&mut self.verifier, file.rank, &mut frames);
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
            feed(&mut self.verifier, file.rank, &mut frames);
        }
        Ok(true)
    }

    /// The report as it stands.
    pub(super) fn report(&self) -> ChainReport {
        self.verifier.snapshot()
    }

    /// The report once nothing more will come.
    pub(super) fn finish(self) -> ChainReport {
        self.verifier.finish()
    }
}

fn feed(verifier: &mut Verifier, generation: i32, frames: &mut Vec<Frame>) {
    for frame in frames.drain(..) {
        verifier.push(&Record {
            generation,
            offset: frame.offset,
            line: frame.line + 1,
            bytes: &frame.bytes,
            torn: frame.open,
        });
    }
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
        if !may_be_chained(oldest)? {
            return self.say_unchained(work, oldest);
        }
        let mut walk = match self.walks.remove(&work.source) {
            Some(walk) if walk.fits(&work.files) => walk,
            _ => Walk::new(&work.source, hints_for(&work.log, &self.rules)),
        };
        let stop = self.stop.clone();
        walk.advance(&work.files, &mut |verifier| {
            work.sink.chain(Arc::new(verifier.snapshot()));
            !stop.load(Ordering::Relaxed)
        })?;
        if walk.verifier.is_unchained() {
            return self.say_unchained(work, oldest);
        }
        let report = walk.report();
        let state = (report.records, report.findings.is_empty());
        if walk.reported != Some(state) {
            walk.reported = Some(state);
            work.sink.chain(Arc::new(report));
        }
        self.walks.insert(work.source.clone(), walk);
        Ok(())
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
