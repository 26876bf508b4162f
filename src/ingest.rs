//! The pipeline: source -> frame -> format -> sink, with progress and back-pressure; chain checking beside it.
//!
//! One coordinator thread decides: it looks at the files, keeps track of every generation, follows live ends itself
//! (so that an appended line is seen at once) and queues everything older for a few workers, newest first. A chain
//! thread walks chained sources in file order. All of them end when the [`Ingest`] is dropped.

mod backlog;
mod chains;
mod choices;
mod compared;
mod content;
mod coordinator;
mod crew;
pub mod digests;
mod generations;
mod identify;
pub mod journals;
mod numbers;
mod packed;
mod pipes;
mod progress;
mod queue;
mod reading;
mod remembered;
pub mod scan;
pub mod sealed;
pub mod sealing;
mod sidecars;
mod sink;
mod sums;
mod tailer;
pub mod verify;
mod vouched;
mod walk;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

pub use self::choices::Chooser;
use self::coordinator::{Coordinator, Ends};
use self::digests::DigestKeys;
use self::sealed::Seals;
use crate::chain::ChainRule;
use crate::engine::sink::EventSink;
use crate::engine::{Covers, EngineError};
use crate::event::Zone;
use crate::format::Registry;
use crate::source::command::Command;
use crate::source::watch::Waker;
use crate::source::{Discoverer, Discovery, SourceError};

/// Why a source could not be read on.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    #[error("{0}")]
    Source(#[from] SourceError),
    #[error("{0}")]
    Engine(#[from] EngineError),
    #[error("reading failed: {0}")]
    Read(#[source] std::io::Error),
    #[error("no thread could be started: {0}")]
    Thread(#[source] std::io::Error),
}

/// How to read.
#[derive(Clone, Debug)]
pub struct Options {
    /// Go on following after everything is read.
    pub follow: bool,
    /// Check chains, numbers, seals and digests.
    pub verdicts: bool,
    /// Zone of times that name none.
    pub zone: Zone,
    /// Threads for older records.
    pub workers: usize,
    /// Where what comes by a pipe is kept while it is read.
    pub spool: PathBuf,
    /// What the paths `command:NAME` stand for.
    pub commands: Vec<Command>,
    /// Program and first arguments of what becomes one of them, and dies with this process; none = started as they are.
    pub launcher: Vec<OsString>,
    /// What is known of the chains of logs beforehand.
    pub chains: Arc<[ChainRule]>,
    /// What logs without a chain are compared with.
    pub seals: Option<Seals>,
    /// What CloudTrail's digests are checked with.
    pub digest_keys: DigestKeys,
}

/// A running pipeline; dropping it stops it.
pub struct Ingest {
    waker: Waker,
    chooser: Chooser,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    complete: Receiver<Covers>,
}

impl Ingest {
    /// Starts reading what `discovery` found into `sinks`, one a root and in the same order.
    pub fn start(
        discoverer: Discoverer,
        discovery: Discovery,
        sinks: Vec<Arc<dyn EventSink>>,
        registry: Arc<Registry>,
        options: Options,
    ) -> Result<Self, IngestError> {
        let stop = Arc::new(AtomicBool::new(false));
        let (covers, complete) = crossbeam_channel::unbounded();
        let (choices, chosen) = crossbeam_channel::unbounded();
        let ends = Ends {
            stop: stop.clone(),
            covers,
            choices: chosen,
        };
        let (coordinator, waker, mut threads) =
            Coordinator::start(discoverer, discovery, sinks, registry, options, ends)?;
        let thread = std::thread::Builder::new()
            .name("ingest".into())
            .spawn(move || coordinator.run())
            .map_err(IngestError::Thread)?;
        threads.push(thread);
        Ok(Self {
            chooser: Chooser::new(choices, waker.clone()),
            waker,
            stop,
            threads,
            complete,
        })
    }

    /// A way to say in which format a source is read.
    pub fn chooser(&self) -> Chooser {
        self.chooser.clone()
    }

    /// Waits until everything that was there at the start is read and committed. `progress` is called now and then;
    /// it returns `false` to give up waiting.
    pub fn wait_complete(&self, progress: &mut dyn FnMut(&Covers) -> bool) -> bool {
        loop {
            match self.complete.recv_timeout(Duration::from_millis(100)) {
                Ok(covers) if covers.complete => return true,
                Ok(covers) => {
                    if !progress(&covers) {
                        return false;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }
}

impl Drop for Ingest {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.waker.wake();
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so; what is committed stays.
            let _ = thread.join();
        }
    }
}
