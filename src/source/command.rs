//! Sources that are the output of a configured command: `journalctl -f`, `kubectl logs -f …`.
//!
//! A command is a program with fixed arguments. It is started without a shell and without input, in a process group of its
//! own, and started again when it ends, after a pause that grows while it goes on ending at once. What it prints a second
//! time then is left out.

mod reader;
mod replay;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;

pub use reader::{CommandReader, Running};

/// What stands before a command's name where a path is expected.
pub const PREFIX: &str = "command:";

/// A command as it is configured.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    pub name: String,
    /// Program and arguments, of what goes on printing.
    pub run: Vec<String>,
    /// Program and arguments of what prints the same once, and ends: for answers that have to be complete. Empty = `run`.
    #[serde(default)]
    pub once: Vec<String>,
}

impl Command {
    /// The journal of this host: the last week, then what comes.
    pub fn journal() -> Self {
        let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
        Self {
            name: "journal".into(),
            run: words(&[
                "journalctl",
                "--follow",
                "--no-tail",
                "--since=-7d",
                "--all",
                "--output=json",
            ]),
            once: words(&["journalctl", "--since=-7d", "--all", "--output=json"]),
        }
    }

    /// What is wrong with it, in words.
    ///
    /// # Errors
    /// It has no name that can stand behind [`PREFIX`], or nothing to run.
    pub fn check(&self) -> Result<(), String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if self.name.is_empty() || !self.name.chars().all(is_plain) {
            return Err("a name is letters, digits, - _ and .".into());
        }
        match self.run.first() {
            Some(program) if !program.is_empty() => Ok(()),
            _ => {
                Err("run names a program and its arguments, as in [\"journalctl\", \"-f\"]".into())
            }
        }
    }

    /// Where it stands in a list of paths.
    pub fn path(&self) -> PathBuf {
        format!("{PREFIX}{}", self.name).into()
    }

    /// Program and arguments, `once` or for as long as it is wanted.
    pub fn words(&self, once: bool) -> &[String] {
        if once && !self.once.is_empty() {
            &self.once
        } else {
            &self.run
        }
    }
}

/// The name of the command that a path stands for.
pub fn name_in(path: &Path) -> Option<&str> {
    path.to_str()?.strip_prefix(PREFIX)
}

/// How long it is waited before a command is started again: doubled each time, until it has run for `most`.
#[derive(Clone, Copy, Debug)]
pub struct Pause {
    pub first: Duration,
    pub most: Duration,
}

impl Default for Pause {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            most: Duration::from_secs(60),
        }
    }
}

/// What the one who reads and the one who wants it to end share.
#[derive(Debug, Default)]
pub struct Control {
    stop: AtomicBool,
    /// Wakes whoever waits for the next start.
    stopped: Condvar,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The process group that runs now.
    group: Option<Pid>,
    trouble: Option<String>,
    /// The last line on its standard error.
    said: String,
}

impl Control {
    /// Why nothing comes at the moment, in words; `None` = the command runs.
    pub fn trouble(&self) -> Option<String> {
        self.state().trouble.clone()
    }

    /// Asks the command to end; it is not started again.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        let state = self.state();
        if let Some(group) = state.group {
            // It may have ended by itself.
            let _ = kill_process_group(group, Signal::TERM);
        }
        drop(state);
        self.stopped.notify_all();
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits, but not for longer than until it is to stop.
    fn pause(&self, time: Duration) {
        let state = self.state();
        let waiting = self
            .stopped
            .wait_timeout_while(state, time, |_| !self.is_stopped());
        drop(waiting);
    }
}

#[cfg(test)]
mod tests;
