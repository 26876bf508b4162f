//! Walks chained sources in file order, from the oldest generation on, and goes on with what is appended.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::IngestError;
use super::sealed::{Seals, add_seals};
use super::sealing::SealError;
use super::walk::{ChainFile, Check, Walk, chain_walk, cpu_time, hints_for, number_walk};
use crate::chain::{ChainReport, ChainRule};
use crate::engine::sink::EventSink;
use crate::event::Timestamp;
use crate::source::watch::Waker;
use crate::source::{FileId, GenFile, LogSet};

/// Time between looks when nothing happens.
const IDLE: Duration = Duration::from_millis(500);

/// The picture of a source: all its generations, oldest first.
#[derive(Clone)]
pub(super) struct ChainWork {
    pub(super) source: Arc<str>,
    /// Canonical path of the live file.
    pub(super) log: PathBuf,
    pub(super) sink: Arc<dyn EventSink>,
    pub(super) files: Vec<ChainFile>,
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
    /// What was last said of sealed sources.
    said: HashMap<Arc<str>, (ChainWork, Arc<ChainReport>)>,
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
            said: HashMap::new(),
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
            self.look_for_copies();
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
        match self.walks.remove(&work.source) {
            Some(walk) if walk.fits(&work.files) => self.go_on(work, oldest, walk, None),
            before => self.begin(work, oldest, before),
        }
    }

    /// Walks from the first byte on. `before` = an earlier walk over the same.
    fn begin(
        &mut self,
        work: &ChainWork,
        oldest: &ChainFile,
        before: Option<Walk>,
    ) -> Result<(), IngestError> {
        let hints = || hints_for(&work.log, &self.rules);
        let walk = match chain_walk(&work.source, oldest, hints)? {
            None => self.number_walk(work, oldest)?,
            walk => walk,
        };
        match walk {
            Some(walk) => self.go_on(work, oldest, walk, before),
            None => self.say_unchained(work, oldest),
        }
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

    /// Brings a walk to the end of the files, and reports it. `before` = an earlier one over the same.
    fn go_on(
        &mut self,
        work: &ChainWork,
        oldest: &ChainFile,
        mut walk: Walk,
        before: Option<Walk>,
    ) -> Result<(), IngestError> {
        let stop = self.stop.clone();
        loop {
            walk.advance(&work.files, &mut |check| {
                if let (Some(report), None) = (check.report(), &before) {
                    work.sink.chain(Arc::new(report));
                }
                !stop.load(Ordering::Relaxed)
            })?;
            if !walk.check.is_over() {
                break;
            }
            // No chain: perhaps numbers.
            let next = match walk.check {
                Check::Chain(_) => self.number_walk(work, oldest)?,
                Check::Numbers(_) => None,
            };
            match next {
                Some(next) => walk = next,
                None => return self.say_unchained(work, oldest),
            }
        }
        walk.came_to_end(&work.files);
        if let Some(before) = before {
            walk.compare(&before, &work.files);
            walk.reported = before.reported;
        }
        let report = walk.report();
        let report = report.unwrap_or_else(|| ChainReport::unchained(work.source.clone()));
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
        self.begin(work, oldest, Some(walk))
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

    /// Says so when checkpoints over what is open left this host.
    fn look_for_copies(&mut self) {
        let Some(seals) = &self.seals else {
            return;
        };
        for (work, report) in self.said.values_mut() {
            let copied = seals.copied(&work.log);
            if copied != report.copied {
                Arc::make_mut(report).copied = copied;
                work.sink.chain(report.clone());
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
            Ok(report) => {
                let report = Arc::new(report);
                let said = (work.clone(), report.clone());
                self.said.insert(work.source.clone(), said);
                work.sink.chain(report);
            }
            Err(SealError::Read(error)) => return Err(error),
            Err(error) => work
                .sink
                .source_error(&work.source, Some(format!("its seals: {error}"))),
        }
        self.compared.insert(work.source.clone(), set.generations);
        Ok(())
    }
}
