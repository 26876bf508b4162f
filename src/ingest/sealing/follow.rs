//! Sealing that goes on with the logs, in this thread or in one of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};

use super::{SealSink, Sealer, Sealings};
use crate::seal::LedgerError;
use crate::source::watch::{Waker, Watcher};
use crate::source::{Discoverer, Discovery};

/// Time between two looks where nothing is heard of.
const IDLE: Duration = Duration::from_secs(1);
/// How long the end of a thread is waited for: a place to copy to may hang, and gets the rest the next time.
const LAST: Duration = Duration::from_secs(2);

/// Why logs were not sealed, or checkpoints not copied, in words.
pub fn problems(done: &Sealings) -> Vec<String> {
    let problems = done.problems.iter();
    let problems = problems.map(|(log, error)| format!("{}: {error}", log.display()));
    problems.chain(done.sink_problem.clone()).collect()
}

/// Seals until `stop`. What goes on being wrong is told once.
pub fn follow(
    sealer: &mut Sealer,
    discoverer: &mut Discoverer,
    mut discovery: Discovery,
    watcher: &mut Watcher,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(&str),
) {
    let mut known: Vec<String> = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let problems = problems(&sealer.look(&discovery, false));
        for problem in problems.iter().filter(|p| !known.contains(p)) {
            tell(problem);
        }
        known = problems;
        if watcher.recv(IDLE).is_some() {
            discovery = discoverer.scan();
            watcher.update(&discovery);
        }
    }
}

/// A thread that seals until it is dropped; then a checkpoint covers everything, if that is soon done.
pub struct Sealing {
    stop: Arc<AtomicBool>,
    waker: Waker,
    /// Closed when the thread has ended.
    ended: Receiver<()>,
}

impl Sealing {
    /// `tell` is called with what a person should know. That another process seals a log is well.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(
        mut sealer: Sealer,
        mut discoverer: Discoverer,
        tell: impl Fn(&str) + Send + 'static,
    ) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = stop.clone();
        let busy = LedgerError::Busy.to_string();
        let discovery = discoverer.scan();
        let mut watcher = Watcher::new(&discovery);
        let waker = watcher.waker();
        let (running, ended) = bounded(0);
        let body = move || {
            let _running = running;
            let mut tell = |problem: &str| {
                if !problem.ends_with(&busy) {
                    tell(problem);
                }
            };
            follow(
                &mut sealer,
                &mut discoverer,
                discovery,
                &mut watcher,
                &asked,
                &mut tell,
            );
            // What was read and is not covered yet; nobody waits for a command any more, it gets the rest the next time.
            let sinks = &mut sealer.options.sinks;
            sinks.retain(|sink| matches!(sink, SealSink::File(_)));
            let last = sealer.look(&discoverer.scan(), true);
            problems(&last).iter().for_each(|problem| tell(problem));
        };
        std::thread::Builder::new()
            .name("seal".into())
            .spawn(body)?;
        Ok(Self { stop, waker, ended })
    }
}

impl Drop for Sealing {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.waker.wake();
        let _ = self.ended.recv_timeout(LAST);
    }
}
