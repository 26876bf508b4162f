//! Formats that a person chose for a source, in the place of what its content shows. The choice is kept with the
//! generations that were read by it, so it holds for the files that come after, and in the next run.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crossbeam_channel::Sender;

use super::coordinator::Coordinator;
use crate::engine::sink::{Generation, GenerationId};
use crate::source::LogSet;
use crate::source::watch::Waker;

/// How a source is to be read from now on.
pub(super) struct Choice {
    source: Arc<str>,
    /// A format's id; `None` = by its content again.
    format: Option<String>,
}

/// Says in which format a source is read.
#[derive(Clone)]
pub struct Chooser {
    choices: Sender<Choice>,
    waker: Waker,
}

impl Chooser {
    pub(super) fn new(choices: Sender<Choice>, waker: Waker) -> Self {
        Self { choices, waker }
    }

    /// Reads `source` again as `format` (an id of the registry), or by its content. Once nothing is read any more, that
    /// does nothing.
    pub fn read_as(&self, source: &str, format: Option<&str>) {
        let choice = Choice {
            source: source.into(),
            format: format.map(str::to_owned),
        };
        let _ = self.choices.send(choice);
        self.waker.wake();
    }
}

impl Coordinator {
    /// The format that a person chose for a set of which `known` is in the index.
    pub(super) fn chosen_format(
        &self,
        set: &str,
        known: &[(GenerationId, Generation)],
    ) -> Option<String> {
        if let Some(choice) = self.chosen.get(set) {
            return choice.clone();
        }
        let chosen = known.iter().map(|(_, g)| g).filter(|g| g.chosen && !g.gone);
        chosen.max_by_key(|g| g.rank).map(|g| g.format.clone())
    }

    /// Reads again what a person wants to have read otherwise.
    pub(super) fn take_choices(&mut self) {
        while let Ok(choice) = self.choices.try_recv() {
            let of_it = self.sets.iter().filter(|(_, s)| s.name == choice.source);
            let keys: Vec<_> = of_it.map(|(key, _)| key.clone()).collect();
            self.chosen.insert(choice.source, choice.format);
            for key in keys {
                let Some(mut set) = self.sets.remove(&key) else {
                    continue;
                };
                for (_, track) in set.tracks.drain() {
                    track.cancelled.store(true, Ordering::Relaxed);
                    if let Err(error) = self.sinks[set.store].forget(track.id) {
                        self.sinks[set.store].source_error(&set.name, Some(error.to_string()));
                    }
                }
                set.seen.clear();
                set.unidentified.clear();
                let (store, name) = key.clone();
                let generations = set.now.clone();
                self.sets.insert(key, set);
                self.look_at_set(store, &LogSet { name, generations }, true);
            }
        }
    }
}
