//! Walks chained sources in file order, from the oldest generation on, and goes on with what is appended.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::IngestError;
use super::compared::Compared;
use super::remembered::{Now, Remembered};
use super::sealed::about_all;
use super::sealed::{Said, Seals};
use super::sealing::SealError;
use super::vouched::{self, ByPath};
use super::walk::{
    ChainFile, Check, Reported, Walk, chain_walk, cpu_time, hints_for, number_walk, with_expected,
};
use crate::chain::{ChainReport, ChainRule, Copied};
use crate::engine::sink::EventSink;
use crate::event::{BreakKind, Timestamp};
use crate::source::FileId;
use crate::source::watch::Waker;

/// Time between looks when nothing happens.
const IDLE: Duration = Duration::from_secs(2);

/// What the chain thread is given.
pub(super) enum ChainJob {
    Walk(ChainWork),
    /// What files beside logs say of them, if that is new, in answer to so many asks.
    Vouched {
        said: Option<ByPath>,
        asks: usize,
    },
}

/// The picture of a source: all its generations, oldest first.
#[derive(Clone)]
pub(super) struct ChainWork {
    pub(super) source: Arc<str>,
    /// Canonical path of the live file.
    pub(super) log: PathBuf,
    pub(super) sink: Arc<dyn EventSink>,
    pub(super) files: Vec<ChainFile>,
    /// What the index has of the newest that it does not hold any more.
    pub(super) remembered: Option<Remembered>,
}

/// The chain thread.
pub(super) struct Chains {
    work: Receiver<ChainJob>,
    /// Jobs handed over that were not walked to their end yet.
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
    /// What was last found of each source, without what else vouches for it.
    found: HashMap<Arc<str>, (ChainWork, Arc<ChainReport>)>,
    vouched: ByPath,
}

fn ids(files: &[ChainFile]) -> Vec<FileId> {
    files.iter().map(|f| f.file.id).collect()
}

impl Chains {
    /// `left` goes down with every job dealt with; `done` is woken when none is left.
    pub(super) fn new(
        work: Receiver<ChainJob>,
        left: Arc<AtomicUsize>,
        stop: Arc<AtomicBool>,
        done: Waker,
        rules: Arc<[ChainRule]>,
        seals: Option<Seals>,
    ) -> Self {
        Self {
            compared: Compared::new(seals, rules.clone()),
            rules,
            found: HashMap::new(),
            vouched: ByPath::new(),
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
                Ok(job) => job,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            // Only the newest picture of each source counts.
            let mut latest: HashMap<Arc<str>, ChainWork> = HashMap::new();
            let mut taken = 0;
            let jobs: Vec<ChainJob> = std::iter::once(first).chain(self.work.try_iter()).collect();
            for job in jobs {
                match job {
                    ChainJob::Walk(work) => {
                        latest.insert(work.source.clone(), work);
                        taken += 1;
                    }
                    ChainJob::Vouched { said, asks } => {
                        self.vouch(said);
                        taken += asks;
                    }
                }
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
            self.is_gone(work);
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

    /// Of a source that seals or a sidecar stand for these tell more than its numbers.
    fn number_walk(&self, work: &ChainWork) -> Result<Option<Walk>, IngestError> {
        match work.files.first() {
            Some(oldest) if !self.compared.is_vouched_for(work) => {
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
                Check::Numbers(_) | Check::Stages(_) => None,
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
        let report = match (work.remembered, work.files.last()) {
            (Some(remembered), Some(newest)) => {
                let now = Now {
                    rank: newest.rank,
                    len: newest.file.len,
                    lines: walk.lines(),
                };
                remembered.add_to(report, &now)
            }
            _ => report,
        };
        let (report, due) = self.with_seals(work, report)?;
        let state = Some(Reported::of(&report));
        if walk.reported != state {
            walk.reported = state;
            self.tell(work, report);
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

    /// A report with what seals and a sidecar say, and when that should be looked at again.
    fn with_seals(
        &mut self,
        work: &ChainWork,
        report: ChainReport,
    ) -> Result<(ChainReport, Option<Instant>), IngestError> {
        match self.compared.with(work) {
            Ok((said, due)) => {
                let said = said.to_vec();
                Ok((Said::add_all(said, report), due))
            }
            Err(SealError::Read(error)) => Err(error),
            Err(error @ SealError::Sidecar { .. }) => {
                work.sink
                    .source_error(&work.source, Some(error.to_string()));
                Ok((report, None))
            }
            Err(error) => {
                let why = format!("its seals: {error}");
                work.sink.source_error(&work.source, Some(why));
                Ok((report, None))
            }
        }
    }

    /// Tells what was found of a source, with what else vouches for it.
    fn tell(&mut self, work: &ChainWork, report: ChainReport) {
        let told = vouched::add(report.clone(), &work.files, &self.vouched);
        let found = (work.clone(), Arc::new(report));
        self.found.insert(work.source.clone(), found);
        work.sink.chain(Arc::new(told));
    }

    /// Says so when a log that something stands for is not there any more. One that is rotated comes back.
    fn is_gone(&mut self, work: &ChainWork) {
        self.walks.remove(&work.source);
        self.unchained.remove(&work.source);
        self.due.remove(&work.source);
        let Some((before, report)) = self.found.remove(&work.source) else {
            return;
        };
        let mut told = vouched::add((*report).clone(), &before.files, &self.vouched);
        if told.is_chained() {
            let what = "It was here, and is not any more: removed, emptied or moved elsewhere while it was watched. What was read of it is in the index.";
            told.findings
                .push(about_all(BreakKind::FileMissing, what.into()));
            work.sink.chain(Arc::new(told));
        }
    }

    /// Takes in what files beside the logs say of them.
    fn vouch(&mut self, said: Option<ByPath>) {
        let Some(now) = said else {
            return;
        };
        let before = std::mem::replace(&mut self.vouched, now);
        for (work, report) in self.found.values() {
            let paths = || work.files.iter().map(|f| &f.file.path);
            if paths().any(|path| before.get(path) != self.vouched.get(path)) {
                let told = vouched::add((**report).clone(), &work.files, &self.vouched);
                work.sink.chain(Arc::new(told));
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
        for (work, report) in self.found.values_mut() {
            if report.copied == Copied::Unsealed {
                continue;
            }
            let copied = seals.copied(&work.log);
            if copied != report.copied {
                Arc::make_mut(report).copied = copied;
                let told = vouched::add((**report).clone(), &work.files, &self.vouched);
                work.sink.chain(Arc::new(told));
            }
        }
    }

    /// A source without a chain may be sealed. `report` = what was found when it was looked for.
    fn say_unchained(&mut self, work: &ChainWork, report: ChainReport) -> Result<(), IngestError> {
        let looked_at = (ids(&work.files), report.clone());
        let before = self.unchained.insert(work.source.clone(), looked_at);
        let is_new = before.is_none_or(|(files, _)| files != ids(&work.files));
        let before = self.found.get(&work.source).map(|(_, found)| found.clone());
        let report = with_expected(report, &work.log, &self.rules);
        let (report, due) = self.with_seals(work, report)?;
        if is_new || before.is_some_and(|before| *before != report) {
            self.tell(work, report);
        }
        self.look_again_at(work, due);
        Ok(())
    }
}
