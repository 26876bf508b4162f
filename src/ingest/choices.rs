//! Formats that a person chose for a source, in the place of what its content shows. The choice is kept with the
//! generations that were read by it, so it holds for the files that come after, and in the next run.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use super::coordinator::Coordinator;
use super::identify::identify;
use crate::engine::sink::{EventSink, Generation, GenerationId};
use crate::source::LogSet;
use crate::source::watch::Waker;

/// How long work under way in the old format is waited for, and the time between two looks.
const PATIENCE: Duration = Duration::from_secs(10);
const SOON: Duration = Duration::from_millis(20);

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
    /// The format that a person chose for a set of which `known` is in the index: in this run, or before, as the newest
    /// of what is known was read.
    pub(super) fn chosen_format(
        &self,
        set: &str,
        known: &[(GenerationId, Generation)],
    ) -> Option<String> {
        if let Some(choice) = self.chosen.get(set) {
            return choice.clone();
        }
        let newest = known.iter().map(|(_, g)| g).max_by_key(|g| g.rank)?;
        newest.chosen.then(|| newest.format.clone())
    }

    /// Reads again what a person wants to have read otherwise.
    pub(super) fn take_choices(&mut self) {
        while let Ok(choice) = self.choices.try_recv() {
            let of_it = self.sets.iter().filter(|(_, s)| s.name == choice.source);
            let keys: Vec<_> = of_it.map(|(key, _)| key.clone()).collect();
            for key in keys {
                let (store, name) = (key.0, choice.source.clone());
                if let Err(why) = self.read_again(key, &choice) {
                    self.sinks[store].message(format!("{name} is read as before: {why}"));
                }
            }
        }
    }

    /// Reads a set again; `Err` = why not, and everything is as it was.
    fn read_again(&mut self, key: (usize, PathBuf), choice: &Choice) -> Result<(), String> {
        let sink = self.sinks[key.0].clone();
        if !sink.writes() {
            return Err("another process indexes it; choose there".into());
        }
        let format = choice.format.as_deref();
        // Nothing is forgotten before it is known that it can be read.
        let mut again = Vec::new();
        for track in self
            .sets
            .get(&key)
            .into_iter()
            .flat_map(|s| s.tracks.values())
        {
            let identity = identify(&track.file, &self.registry, true, format);
            let identity = identity.map_err(|error| error.to_string())?;
            let identity = identity.ok_or("there is nothing in it")?;
            again.push((track.id, identity.key));
        }
        let waited = self.wait_for_workers(&key);
        let Some(mut set) = self.sets.remove(&key) else {
            return Ok(());
        };
        set.tracks.clear();
        if waited.is_ok() {
            self.forget(&sink, &set.name, again, format)?;
            self.chosen.insert(set.name, choice.format.clone());
        }
        let (store, name) = key;
        let generations = set.now;
        self.look_at_set(store, &LogSet { name, generations }, true);
        self.finish_pipe(store);
        waited
    }

    /// Forgets generations, each with the key that it has in the new format.
    fn forget(
        &self,
        sink: &Arc<dyn EventSink>,
        source: &str,
        generations: Vec<(GenerationId, String)>,
        format: Option<&str>,
    ) -> Result<(), String> {
        for (id, new) in generations {
            sink.forget(id).map_err(|error| error.to_string())?;
            // Where records are cut otherwise the file has another first one, and is another generation.
            if let Some(old) = sink.generation(id).filter(|g| !g.begins_with(&new)) {
                sink.declare(Generation { gone: true, ..old });
            }
        }
        for (_, generation) in sink.of_source(source) {
            if generation.chosen && format.is_none() {
                sink.declare(Generation {
                    chosen: false,
                    ..generation
                });
            }
        }
        Ok(())
    }

    /// Until nothing that was begun in the old format can arrive any more.
    fn wait_for_workers(&mut self, key: &(usize, PathBuf)) -> Result<(), String> {
        for track in self
            .sets
            .get(key)
            .into_iter()
            .flat_map(|s| s.tracks.values())
        {
            track.cancelled.store(true, Ordering::Relaxed);
        }
        self.queue.drop_cancelled();
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.hear();
            let tracks = self
                .sets
                .get(key)
                .into_iter()
                .flat_map(|s| s.tracks.values());
            // Every job holds on to the flag by which it is called off.
            if tracks
                .into_iter()
                .all(|t| Arc::strong_count(&t.cancelled) == 1)
            {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err("a part of it is still being read; try again".into());
            }
            let wake = self.watcher.recv(SOON).unwrap_or_default();
            self.look_again |= wake.rescan || !wake.files.is_empty();
        }
    }
}
