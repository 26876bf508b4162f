//! What the workers report, and what sinks and waiters are told.

use std::sync::atomic::Ordering;

use super::IngestError;
use super::coordinator::Coordinator;
use super::generations::mtime;
use super::queue::{Job, Outcome};
use crate::engine::Covers;
use crate::engine::sink::GenerationId;
use crate::source::{Compression, open_at};

impl Coordinator {
    /// What the workers found out.
    pub(super) fn hear(&mut self) {
        while let Ok(outcome) = self.outcomes.try_recv() {
            match outcome {
                Outcome::Lines {
                    id,
                    store,
                    at,
                    lines,
                } => self.number(store, id, at, lines),
                Outcome::Failed { source, error } => {
                    let store = self
                        .sets
                        .values()
                        .find(|s| s.name == source)
                        .map_or(0, |s| s.store);
                    self.sinks[store].source_error(&source, Some(error));
                }
                Outcome::WholeDone {
                    id,
                    store,
                    torn,
                    cut,
                } => self.close(store, id, torn, cut),
                Outcome::Moved(job) => self.follow_file(*job),
                Outcome::Done => {}
            }
        }
    }

    fn number(&mut self, store: usize, id: GenerationId, at: u64, lines: u64) {
        let sets = self.sets.values_mut().filter(|s| s.store == store);
        let tracks = sets
            .flat_map(|s| s.tracks.values_mut())
            .filter(|t| t.id == id);
        for track in tracks {
            let Some(tailer) = track.tailer.as_mut().filter(|t| t.is_unnumbered()) else {
                continue;
            };
            let file = track.file.clone();
            let before = open_at(&file, 0)
                .map_err(IngestError::from)
                .and_then(|r| tailer.number_from(&r, at, lines));
            if let Err(error) = before {
                self.sinks[store].message(format!("{}: {error}", file.path.display()));
            }
        }
    }

    /// A generation that will not grow is read to its end.
    fn close(&mut self, store: usize, id: GenerationId, torn: bool, cut: Option<String>) {
        let Some(mut generation) = self.sinks[store].generation(id) else {
            return;
        };
        let track = self
            .sets
            .values()
            .filter(|s| s.store == store)
            .flat_map(|s| s.tracks.values())
            .find(|t| t.id == id);
        if let Some(track) = track {
            generation.len = track.file.len;
            generation.mtime = mtime(&track.file);
            generation.compressed = track.file.compression != Compression::None;
        }
        generation.closed = true;
        (generation.torn, generation.cut) = (torn, cut);
        self.sinks[store].declare(generation);
    }

    /// A file was renamed before its turn came: it is read where it is now. One that is gone has said so.
    fn follow_file(&mut self, job: Job) {
        let tracks = self
            .sets
            .values()
            .filter(|s| s.store == job.store)
            .flat_map(|s| s.tracks.values());
        let file = tracks
            .filter(|t| t.id == job.id)
            .map(|t| t.file.clone())
            .next();
        if let Some(file) = file.filter(|f| f.path != job.file.path) {
            self.queue.push(Job {
                file,
                reader: None,
                weight: 0,
                ..job
            });
        } else {
            self.look_again = true;
        }
    }

    /// Tells sinks and waiters how far things are, when that has changed.
    pub(super) fn tell(&mut self, pipes_ended: bool) {
        let all = self.queue.progress(None);
        // One who follows has all there is so far; an answer that is given once waits for the rest.
        let pipes_ended = pipes_ended || self.options.follow;
        // A person reading on need not wait for verdicts; an answer that is given once must have them all.
        let chained = self.options.follow || self.chains_left.load(Ordering::Acquire) == 0;
        let complete = all.idle && self.outcomes.is_empty() && pipes_ended && chained;
        let state = (all.done, all.idle, complete);
        if self.told == Some(state) {
            return;
        }
        self.told = Some(state);
        if complete && !self.completed {
            self.completed = true;
            for sink in &self.sinks {
                if let Err(error) = sink.flush() {
                    sink.message(error.to_string());
                }
            }
        }
        for (store, sink) in self.sinks.iter().enumerate() {
            let progress = self.queue.progress(Some(store));
            sink.progress(Covers {
                complete,
                since: progress.horizon.filter(|_| !complete),
                done: progress.done,
                total: progress.total,
                ..Covers::default()
            });
        }
        // Nobody may be waiting any more.
        let _ = self.covers.send(Covers {
            complete,
            done: all.done,
            total: all.total,
            ..Covers::default()
        });
    }
}
