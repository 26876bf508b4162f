//! Keeps the demo alive: a thread that appends events to the incident's files.

use std::io;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};

use super::demo_incident::Incident;
use crate::event::Timestamp;

/// Time between two events.
const PACE: Duration = Duration::from_millis(400);

/// Dropping it ends the writing and removes the incident's files.
pub(super) struct DemoWriter {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl DemoWriter {
    pub(super) fn start(mut incident: Incident) -> io::Result<Self> {
        let (stop, stopped) = bounded::<()>(0);
        let thread = std::thread::Builder::new()
            .name("demo".into())
            .spawn(move || {
                while stopped.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) {
                    // A full disk ends the demo's life signs and nothing else.
                    if incident.live_event(Timestamp::now()).is_err() {
                        break;
                    }
                }
            })?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for DemoWriter {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The files are removed when the incident is dropped in that thread.
            let _ = thread.join();
        }
    }
}
