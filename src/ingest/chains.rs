//! Walks chained sources in file order, from the oldest generation on, and goes on with what is appended.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::IngestError;
use super::compared::Compared;
use super::sealed::Seals;
use super::sealing::SealError;
use super::walk::{
    ChainFile, Check, Walk, chain_walk, cpu_time, hints_for, number_walk, with_expected,
};
use crate::chain::{ChainReport, ChainRule};
use crate::engine::sink::EventSink;
use crate::event::Timestamp;
use crate::source::FileId;
use crate::source::watch::Waker;

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
    /// Walks along the numbers of sources in which no chain shows so far.
    numbers: HashMap<Arc<str>, Walk>,
    /// Sources without a chain: the files that were looked at, and what was found.
    unchained: HashMap<Arc<str>, (Vec<FileId>, ChainReport)>,
    rules: Arc<[ChainRule]>,
    compared: Compared,
    /// What is to be read again from its start, and when.
    due: HashMap<Arc<str>, (Instant, ChainWork)>,
    /// What was last said of sealed sources.
    said: HashMap<Arc<str>, (ChainWork, Arc<ChainReport>)>,
}

fn ids(files: &[ChainFile]) -> Vec<FileId> {
    files.iter().map(|f| f.file.id).collect()
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
            compared: Compared::new(seals),
            said: HashMap::new(),
            due: HashMap::new(),
            work,
            left,
            stop,
            done,
            walks: HashMap::new(),
            numbers: HashMap::new(),
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
        if work.files.is_empty() {
            return Ok(());
        }
        if let Some((looked_at, report)) = self.unchained.get(&work.source)
            && *looked_at == ids(&work.files)
        {
            let report = report.clone();
            return self.say_unchained(work, report);
        }
        match self.walks.remove(&work.source) {
            Some(walk) if walk.fits(&work.files) => self.go_on(work, walk, None),
            before => self.begin(work, before),
        }
    }

    /// Walks from the first byte on. `before` = an earlier walk over the same.
    fn begin(&mut self, work: &ChainWork, before: Option<Walk>) -> Result<(), IngestError> {
        self.numbers.remove(&work.source);
        let hints = || hints_for(&work.log, &self.rules);
        let walk = match chain_walk(&work.source, &work.files, hints) {
            None => self.number_walk(work)?,
            walk => walk,
        };
        match walk {
            Some(walk) => self.go_on(work, walk, before),
            None => self.say_unchained(work, ChainReport::unchained(work.source.clone())),
        }
    }

    /// Of a sealed source the seals tell more than its numbers.
    fn number_walk(&self, work: &ChainWork) -> Result<Option<Walk>, IngestError> {
        match work.files.first() {
            Some(oldest) if !self.compared.is_sealed(&work.log) => {
                number_walk(&work.source, oldest)
            }
            _ => Ok(None),
        }
    }

    /// Brings a walk to the end of the files, and reports it. `before` = an earlier one over the same.
    fn go_on(
        &mut self,
        work: &ChainWork,
        mut walk: Walk,
        before: Option<Walk>,
    ) -> Result<(), IngestError> {
        let stop = self.stop.clone();
        let unchained = || ChainReport::unchained(work.source.clone());
        let mut without_chain = None;
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
                Check::Chain(_) => {
                    without_chain = walk.check.report();
                    self.number_walk(work)?
                }
                Check::Numbers(_) => None,
            };
            match next {
                Some(next) => walk = next,
                None => {
                    let report = without_chain.unwrap_or_else(unchained);
                    return self.say_unchained(work, report);
                }
            }
        }
        walk.came_to_end(&work.files);
        if let Some(before) = before {
            walk.compare(&before, &work.files);
            walk.reported = before.reported;
        }
        let mut report = walk.report().or(without_chain).unwrap_or_else(unchained);
        if report.scheme.is_none() && matches!(walk.check, Check::Chain(_)) {
            report = self.numbers_so_far(work)?.unwrap_or(report);
        }
        let report = with_expected(report, &work.log, &self.rules);
        let (report, due) = self.with_seals(work, report)?;
        let state = (report.records, report.findings.len());
        if walk.reported != Some(state) {
            walk.reported = Some(state);
            work.sink.chain(Arc::new(report));
        }
        let due = walk.due(&work.files).into_iter().chain(due).min();
        self.look_again_at(work, due);
        self.walks.insert(work.source.clone(), walk);
        Ok(())
    }

    /// What the numbers show while no chain does; that one shows later is still possible.
    fn numbers_so_far(&mut self, work: &ChainWork) -> Result<Option<ChainReport>, IngestError> {
        let known = self.numbers.remove(&work.source);
        let known = known.filter(|walk| walk.fits(&work.files));
        let walk = match known {
            None => self.number_walk(work)?,
            known => known,
        };
        let Some(mut walk) = walk else {
            return Ok(None);
        };
        let stop = self.stop.clone();
        walk.advance(&work.files, &mut |_| !stop.load(Ordering::Relaxed))?;
        let report = walk.report();
        self.numbers.insert(work.source.clone(), walk);
        Ok(report)
    }

    /// Notes when the files should be read again from their start.
    fn look_again_at(&mut self, work: &ChainWork, due: Option<Instant>) {
        match due {
            Some(when) => {
                self.due.insert(work.source.clone(), (when, work.clone()));
            }
            None => drop(self.due.remove(&work.source)),
        }
    }

    /// A report with what the seals say, and when that should be looked at again.
    fn with_seals(
        &mut self,
        work: &ChainWork,
        report: ChainReport,
    ) -> Result<(ChainReport, Option<Instant>), IngestError> {
        match self.compared.with(work) {
            Ok(Some((said, due))) => {
                let report = said.add_to(report);
                let told = (work.clone(), Arc::new(report.clone()));
                self.said.insert(work.source.clone(), told);
                Ok((report, due))
            }
            Ok(None) => Ok((report, None)),
            Err(SealError::Read(error)) => Err(error),
            Err(error) => {
                let why = format!("its seals: {error}");
                work.sink.source_error(&work.source, Some(why));
                Ok((report, None))
            }
        }
    }

    /// Goes on if all that was read is still there, and else begins anew.
    fn look_again(&mut self, work: &ChainWork) -> Result<(), IngestError> {
        let Some(mut walk) = self.walks.remove(&work.source) else {
            // Of a source without a chain the seals are looked at again.
            return match self.unchained.get(&work.source) {
                Some((_, report)) => self.say_unchained(work, report.clone()),
                None => Ok(()),
            };
        };
        let (began, began_cpu, at) = (Instant::now(), cpu_time(), Timestamp::now());
        if walk.still_there(&work.files)? {
            (walk.began, walk.began_cpu, walk.at, walk.took) = (began, began_cpu, at, None);
            return self.go_on(work, walk, None);
        }
        self.begin(work, Some(walk))
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
        let Some(seals) = &self.compared.seals else {
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

    /// A source without a chain may be sealed. `report` = what was found when it was looked for.
    fn say_unchained(&mut self, work: &ChainWork, report: ChainReport) -> Result<(), IngestError> {
        let looked_at = (ids(&work.files), report.clone());
        let before = self.unchained.insert(work.source.clone(), looked_at);
        let is_new = before.is_none_or(|(files, _)| files != ids(&work.files));
        let before = self.said.get(&work.source).map(|(_, said)| said.clone());
        let report = with_expected(report, &work.log, &self.rules);
        let (report, due) = self.with_seals(work, report)?;
        if is_new || before.is_some_and(|before| *before != report) {
            work.sink.chain(Arc::new(report));
        }
        self.look_again_at(work, due);
        Ok(())
    }
}
