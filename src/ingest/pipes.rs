//! Sources that come by a pipe: standard input, and what configured commands print.

use std::path::PathBuf;
use std::sync::Arc;

use super::IngestError;
use super::coordinator::Coordinator;
use crate::source::command::{CommandReader, Control, Running, name_in};
use crate::source::spool::{Spool, SpoolEnd};
use crate::source::{Discovery, RootKind};
use crate::text;

/// A pipe being read; it ends when this is dropped.
pub(super) struct Pipe {
    store: usize,
    name: PathBuf,
    spool: Spool,
    /// Of a command.
    control: Option<Arc<Control>>,
    /// Everything that came was looked at, and nothing more will come.
    done: bool,
    /// What people were told is wrong with it.
    told: Option<String>,
}

impl Pipe {
    /// What is wrong with it now.
    fn trouble(&self) -> Option<String> {
        let command = self.control.as_ref().and_then(|control| control.trouble());
        let end = self.spool.end().and_then(|end| match end {
            SpoolEnd::Closed(end) => end.trouble(),
            SpoolEnd::DiskFull(why) => Some(format!("no longer read: {why}")),
            SpoolEnd::Failed(why) => Some(format!("reading it failed: {why}")),
        });
        command.or(end)
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        if let Some(control) = &self.control {
            control.stop();
        }
    }
}

impl Coordinator {
    /// Begins to read everything that comes by a pipe.
    pub(super) fn open_pipes(&mut self, discovery: &Discovery) -> Result<(), IngestError> {
        for (store, root) in discovery.roots.iter().enumerate() {
            let waker = self.watcher.waker();
            let wake = move || waker.wake();
            let (name, dir) = (root.path.clone(), self.options.spool.as_path());
            let (spool, control) = match root.kind {
                RootKind::Stdin => (Spool::start(std::io::stdin(), name, dir, wake)?, None),
                RootKind::Command => {
                    let mut known = self.options.commands.iter();
                    let Some(command) = known.find(|c| name_in(&root.path) == Some(&c.name)) else {
                        continue;
                    };
                    let control = Arc::<Control>::default();
                    let how = Running {
                        once: !self.options.follow,
                        launcher: self.options.launcher.clone(),
                        ..Running::default()
                    };
                    let reader = CommandReader::new(command.clone(), how, control.clone());
                    (Spool::start(reader, name, dir, wake)?, Some(control))
                }
                RootKind::File | RootKind::Directory => continue,
            };
            self.pipes.push(Pipe {
                store,
                name: root.path.clone(),
                spool,
                control,
                done: false,
                told: None,
            });
        }
        Ok(())
    }

    /// Whether what a sink takes comes by a pipe; if so, whether all of it is there.
    pub(super) fn piped(&self, store: usize) -> Option<bool> {
        let pipe = self.pipes.iter().find(|pipe| pipe.store == store)?;
        Some(pipe.done)
    }

    /// What the pipes brought since the last look; at its end everything of one that is still open is complete. Says
    /// whether all have ended.
    pub(super) fn read_pipes(&mut self) -> bool {
        for at in 0..self.pipes.len() {
            let pipe = &mut self.pipes[at];
            if pipe.done {
                continue;
            }
            let store = pipe.store;
            // Asked before the look, so that the look finds everything that came before the end.
            pipe.done = pipe.spool.end().is_some();
            let trouble = pipe.trouble();
            if pipe.told != trouble {
                pipe.told.clone_from(&trouble);
                self.sinks[store].source_error(&text::path(&pipe.name), trouble);
            }
            if let Ok(set) = pipe.spool.log_set() {
                self.look_at_set(store, &set, false);
            }
            self.finish_pipe(store);
        }
        let all_done = self.pipes.iter().all(|pipe| pipe.done);
        // Where there is nothing else to follow, that is the end.
        if all_done && self.pipes.len() == self.sinks.len() && !self.told_end {
            self.told_end = true;
            self.sinks.iter().for_each(|sink| sink.end());
        }
        all_done
    }

    /// Once a pipe has ended, everything of it that is still open is complete.
    pub(super) fn finish_pipe(&mut self, store: usize) {
        if self.piped(store) != Some(true) {
            return;
        }
        let sets = self.sets.values_mut().filter(|set| set.store == store);
        for set in sets {
            let tailers = set.tracks.values_mut().filter_map(|t| t.tailer.as_mut());
            for tailer in tailers {
                if let Err(error) = tailer.finish() {
                    self.sinks[store].source_error(&set.name, Some(error.to_string()));
                }
            }
        }
    }
}
