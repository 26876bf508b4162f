//! Which generation a file is, and what of it is still to be read: appeared, grew, emptied, copied, removed.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use super::IngestError;
use super::content::{frame_hash, frames_held, is_copy, same_content, was_copied_and_emptied};
use super::coordinator::{Coordinator, SetState, Track};
use super::identify::{Identity, identify, still_begins_with};
use super::queue::{Job, Work};
use super::reading::Reading;
use super::tailer::{TailStart, Tailer};
use crate::engine::sink::{Generation, GenerationId};
use crate::event::Timestamp;
use crate::source::follow::What;
use crate::source::newlines::{count_newlines, line_start_at_or_after, line_start_at_or_before};
use crate::source::{Compression, GenFile, open_at};
use crate::text::count::counted;

/// Bytes at the end of a live file that are read before anything else.
const FIRST_LOOK: u64 = 256 << 10;
/// A live file that grew by at most this since the last run is read on directly.
const READ_ON: u64 = 4 << 20;

impl Coordinator {
    /// A file not seen before by this process.
    pub(super) fn appeared(
        &mut self,
        set: &mut SetState,
        file: &GenFile,
        live: bool,
        first: bool,
    ) -> Result<(), IngestError> {
        if set.tracks.contains_key(&file.id) {
            return Ok(());
        }
        // A pipe just opened may have brought half a line.
        let settled = match self.piped(set.store) {
            Some(done) => done,
            None => !self.options.follow || !live || old(file.mtime),
        };
        let sink = self.sinks[set.store].clone();
        let known = sink.of_source(&set.name);
        let chosen = self.chosen_format(&set.name, &known);
        let chosen = chosen.as_deref();
        let Some(identity) = identify(file, &self.registry, settled, chosen)? else {
            set.unidentified.insert(file.id);
            return Ok(());
        };
        set.unidentified.remove(&file.id);
        // Another file of the set that begins alike: a copy while it is made, or the original after.
        let alike = |t: &&Track| t.identity.key == identity.key && t.copy_of.is_none();
        if let Some(track) = set.tracks.values().find(alike)
            && (same_content(file, &track.file)? || was_copied_and_emptied(track, file)?)
        {
            let (id, copy_of) = (track.id, Some(track.file.id));
            let track = Track {
                file: file.clone(),
                identity,
                id,
                tailer: None,
                cancelled: Arc::default(),
                copy_of,
            };
            set.tracks.insert(file.id, track);
            return Ok(());
        }
        let taken: HashSet<GenerationId> = set.tracks.values().map(|t| t.id).collect();
        let is_file = |g: &Generation, f: &GenFile| (g.dev, g.ino) == (f.id.dev, f.id.ino);
        // A generation whose own file is here under whatever name is that file's.
        // (An inode number may have been given to a new file: it has to begin like the generation, too.)
        let begins = |g: &Generation, f: &GenFile| {
            let identity = identify(f, &self.registry, true, chosen).ok().flatten();
            identity.is_some_and(|i| g.begins_with(&i.key))
        };
        let owned = |g: &Generation| {
            set.now
                .iter()
                .any(|f| f.id != file.id && is_file(g, f) && begins(g, f))
        };
        let candidates = known
            .iter()
            .filter(|(id, g)| g.begins_with(&identity.key) && !taken.contains(id) && !owned(g));
        let fit = |g: &Generation| {
            (
                is_file(g, file),
                g.path == file.path,
                !g.gone,
                std::cmp::Reverse(g.rank),
            )
        };
        let existing = candidates.max_by_key(|(_, g)| fit(g)).cloned();
        let rank = existing
            .as_ref()
            .map_or_else(|| next_rank(set, file, &known), |(_, g)| g.rank);
        let mut generation = describe(set, file, &identity, rank);
        generation.chosen = chosen.is_some();
        match &existing {
            None => generation.key = unused_key(&identity.key, &known),
            Some((id, old)) => {
                generation.key.clone_from(&old.key);
                if may_be_rewritten(old, file) {
                    self.changed_in_place(set, file, &identity, *id)?;
                } else if old.format != identity.format.key()
                    || old.version != identity.format.version()
                {
                    sink.forget(*id)?;
                } else {
                    let compressed = file.compression != Compression::None;
                    let as_long = old.len == file.len;
                    let same = match (old.compressed, compressed) {
                        (false, true) => true,
                        (true, true) => as_long && old.mtime == mtime(file),
                        (_, false) => as_long,
                    };
                    if old.torn && !same {
                        // Half a record is in the index; the whole one takes its place.
                        sink.forget(*id)?;
                    } else {
                        generation.done.clone_from(&old.done);
                        generation.lines = old.lines;
                        generation.closed = old.is_complete() && same;
                        generation.torn = old.torn;
                        generation.cut.clone_from(&old.cut);
                        generation.reference = old.reference;
                    }
                }
            }
        }
        let id = sink.declare(generation.clone());
        let mut track = Track {
            file: file.clone(),
            identity,
            id,
            tailer: None,
            cancelled: Arc::default(),
            copy_of: None,
        };
        self.plan(set, &mut track, &generation, live, first)?;
        set.tracks.insert(file.id, track);
        Ok(())
    }

    /// Decides what of a generation is followed and what is queued.
    pub(super) fn plan(
        &self,
        set: &SetState,
        track: &mut Track,
        generation: &Generation,
        live: bool,
        first: bool,
    ) -> Result<(), IngestError> {
        let sink = &self.sinks[set.store];
        let file = &track.file;
        let format = &track.identity.format;
        if generation.closed {
            return Ok(());
        }
        let job = |work: Work, weight: u64| Job {
            id: track.id,
            generation: generation.clone(),
            file: file.clone(),
            format: format.clone(),
            sink: sink.clone(),
            store: set.store,
            work,
            cancelled: track.cancelled.clone(),
            reader: None,
            newest: mtime(file),
            weight,
            ticket: 0,
        };
        if file.compression != Compression::None || !format.splittable() {
            if sink.writes() {
                self.queue.push(job(Work::Whole, file.len));
            }
            return Ok(());
        }
        let done = generation.done_from_start();
        // The end may be indexed while older parts are not, if the last run was killed.
        let done_at_end = generation.done.last().map_or(0, |r| r.end).min(file.len);
        if !live {
            if sink.writes() {
                self.queue.push(job(
                    Work::Plan {
                        end: file.len,
                        closed: true,
                    },
                    file.len,
                ));
            }
            return Ok(());
        }
        let reader = open_at(file, 0)?;
        let failed = IngestError::Read;
        let start =
            if file.len - done.min(file.len) <= READ_ON && (done > 0 || file.len <= FIRST_LOOK) {
                done.min(file.len)
            } else {
                let look = if first { FIRST_LOOK } else { 0 };
                let wanted = file.len.saturating_sub(look).max(done);
                line_start_at_or_after(&reader, wanted)
                    .map_err(failed)?
                    .unwrap_or(wanted)
                    .max(done)
            };
        let start = start.max(done_at_end);
        let framer =
            line_start_at_or_before(&reader, start.saturating_sub(format.lookback().max(4096)))
                .map_err(failed)?;
        // What a record before `start` was complete with is known to end there; older ones are only looked at.
        let lines = if start == 0 {
            Some(0)
        } else if start == done {
            Some(match generation.lines {
                Some(lines) => {
                    let between = count_newlines(&reader, framer..start).map_err(failed)?;
                    lines.saturating_sub(between)
                }
                None => count_newlines(&reader, 0..framer).map_err(failed)?,
            })
        } else {
            None
        };
        let reading = Reading::new(&self.registry, format, generation, self.options.zone);
        let at = TailStart {
            framer,
            start,
            lines,
        };
        let mut tailer = Tailer::new(track.id, sink.clone(), file, format, reading, at)?;
        tailer.read_on()?;
        if !self.options.follow {
            tailer.settle(true)?;
        }
        track.tailer = Some(tailer);
        if start > done {
            // The lines are counted even where another process writes: they number what is shown.
            let work = Work::Plan {
                end: start,
                closed: false,
            };
            self.queue.push(Job {
                reader: Some(Arc::new(open_at(file, 0)?)),
                ..job(work, start - done)
            });
        }
        Ok(())
    }

    /// A file known to this process is longer, shorter, changed, or just somewhere else.
    pub(super) fn grew(
        &mut self,
        set: &mut SetState,
        file: &GenFile,
        what: &What,
        live: bool,
    ) -> Result<(), IngestError> {
        let Some(mut track) = set.tracks.remove(&file.id) else {
            return self.appeared(set, file, live, false);
        };
        if let Some(original) = track.copy_of {
            let same = match set.tracks.get(&original) {
                Some(original) => is_copy(file, original)?,
                None => true,
            };
            if !same {
                // It only began like the other one.
                return self.appeared(set, file, live, false);
            }
            track.file = file.clone();
            set.tracks.insert(file.id, track);
            return Ok(());
        }
        let moved = track.file.path != file.path;
        let begins_anew = match what {
            What::Truncated => true,
            What::Appended { .. } | What::ChangedInPlace => {
                file.compression == Compression::None
                    && !still_begins_with(file, &track.identity.head)?
            }
            _ => false,
        };
        if track.identity.provisional && *what != What::Unchanged {
            // Known by half a line so far: with more of it, it is another generation.
            track.cancelled.store(true, Ordering::Relaxed);
            self.sinks[set.store].forget(track.id)?;
            return self.appeared(set, file, live, false);
        }
        if begins_anew {
            track.cancelled.store(true, Ordering::Relaxed);
            self.emptied(set, track)?;
            return self.appeared(set, file, live, false);
        }
        track.file = file.clone();
        if moved {
            let mut generation = self.generation(set, &track);
            generation.path.clone_from(&file.path);
            self.sinks[set.store].declare(generation);
        }
        match (what, &mut track.tailer) {
            (What::Unchanged, _) => {}
            (What::ChangedInPlace, _) => {
                // Nothing was appended, so something was overwritten (or only touched, which reads the same).
                track.cancelled.store(true, Ordering::Relaxed);
                self.changed_in_place(set, file, &track.identity, track.id)?;
                return self.appeared(set, file, live, false);
            }
            (_, Some(tailer)) => {
                tailer.read_on()?;
            }
            (_, None) => {
                let mut generation = self.generation(set, &track);
                generation.closed = false;
                if generation.torn {
                    self.sinks[set.store].forget(track.id)?;
                    (generation.done, generation.lines, generation.torn) =
                        (Vec::new(), None, false);
                    generation.cut = None;
                }
                let mut track_again = track;
                self.plan(set, &mut track_again, &generation, live, false)?;
                set.tracks.insert(file.id, track_again);
                return Ok(());
            }
        }
        set.tracks.insert(file.id, track);
        Ok(())
    }

    fn generation(&self, set: &SetState, track: &Track) -> Generation {
        let known = self.sinks[set.store].generation(track.id);
        known.unwrap_or_else(|| describe(set, &track.file, &track.identity, 0))
    }

    /// Notes how every followed file stands now, so that the next run sees whether it was changed meanwhile.
    pub(super) fn note_lengths(&mut self) {
        for set in self.sets.values() {
            for track in set.tracks.values().filter(|t| t.tailer.is_some()) {
                let mut generation = self.generation(set, track);
                generation.len = track.file.len;
                generation.mtime = mtime(&track.file);
                self.sinks[set.store].declare(generation);
            }
        }
    }

    /// A file was written over: it is read again in full, and what it no longer holds is kept.
    fn changed_in_place(
        &self,
        set: &SetState,
        file: &GenFile,
        identity: &Identity,
        id: GenerationId,
    ) -> Result<(), IngestError> {
        let sink = &self.sinks[set.store];
        let held = frames_held(file, identity)?;
        let kept = sink.replaced(id, &|bytes| held.contains(&frame_hash(bytes)))?;
        let path = file.path.display();
        sink.message(if kept == 0 {
            format!("{path} was written to without growing: it was read again")
        } else {
            let kept = counted(kept, "record", "records");
            format!("{path} was changed in place: it was read again; what it lost stays in the index: {kept}")
        });
        Ok(())
    }

    /// A file was emptied under us: what it held is in a copy, or lost beyond what was read.
    pub(super) fn emptied(
        &mut self,
        set: &mut SetState,
        mut track: Track,
    ) -> Result<(), IngestError> {
        let copy = set.now.iter().find(|f| {
            f.compression == Compression::None
                && f.id != track.file.id
                && still_begins_with(f, &track.identity.head).unwrap_or(false)
                && set
                    .tracks
                    .get(&f.id)
                    .is_none_or(|t| t.copy_of == Some(track.file.id))
        });
        let Some(copy) = copy.cloned() else {
            if let Some(mut tailer) = track.tailer.take() {
                tailer.finish()?;
            }
            let mut generation = self.generation(set, &track);
            generation.gone = true;
            self.sinks[set.store].declare(generation);
            self.sinks[set.store].message(format!(
                "{} was emptied or written anew: what it held before is only in the index now",
                track.file.path.display()
            ));
            return Ok(());
        };
        if let Some(tailer) = &mut track.tailer {
            tailer.move_to(&copy)?;
            tailer.read_on()?;
        }
        let mut generation = self.generation(set, &track);
        generation.path.clone_from(&copy.path);
        (generation.dev, generation.ino) = (copy.id.dev, copy.id.ino);
        self.sinks[set.store].declare(generation);
        track.file = copy.clone();
        // What was still queued of the emptied file is read from the copy.
        track.cancelled = Arc::default();
        let end = track.tailer.as_ref().map_or(0, |t| t.start());
        let generation = self.generation(set, &track);
        if end > generation.done_from_start() && self.sinks[set.store].writes() {
            let weight = end - generation.done_from_start();
            self.queue.push(Job {
                id: track.id,
                generation,
                file: copy.clone(),
                format: track.identity.format.clone(),
                sink: self.sinks[set.store].clone(),
                store: set.store,
                work: Work::Plan { end, closed: false },
                cancelled: track.cancelled.clone(),
                reader: Some(Arc::new(open_at(&copy, 0)?)),
                newest: mtime(&copy),
                weight,
                ticket: 0,
            });
        }
        set.tracks.insert(copy.id, track);
        Ok(())
    }

    pub(super) fn removed(&mut self, set: &mut SetState, file: &GenFile) {
        set.unidentified.remove(&file.id);
        let Some(mut track) = set.tracks.remove(&file.id) else {
            return;
        };
        if track.copy_of.is_some() {
            return;
        }
        if let Some(tailer) = &mut track.tailer {
            // The open file can still be read to its end after it was deleted.
            let read = tailer.read_on().and_then(|_| tailer.finish());
            if let Err(error) = read {
                self.sinks[set.store].source_error(&set.name, Some(error.to_string()));
            }
        }
        let mut generation = self.generation(set, &track);
        generation.gone = true;
        self.sinks[set.store].declare(generation);
        self.sinks[set.store].message(format!(
            "{} was removed: what it held is only in the index now",
            file.path.display()
        ));
    }

    /// Copies whose original is no longer there become the generation themselves.
    pub(super) fn settle_copies(&mut self, set: &mut SetState) {
        let orphans: Vec<GenFile> = set
            .tracks
            .values()
            .filter(|t| {
                t.copy_of
                    .is_some_and(|original| !set.tracks.contains_key(&original))
            })
            .map(|t| t.file.clone())
            .collect();
        for file in orphans {
            set.tracks.remove(&file.id);
            if let Err(error) = self.appeared(set, &file, false, false) {
                self.sinks[set.store].source_error(&set.name, Some(error.to_string()));
            }
        }
    }
}

/// Whether a file may not be the continuation of what was read of a generation.
fn may_be_rewritten(old: &Generation, file: &GenFile) -> bool {
    if old.compressed || file.compression != Compression::None || old.done.is_empty() {
        return false;
    }
    let another = old.path == file.path && (old.dev, old.ino) != (file.id.dev, file.id.ino);
    let shorter = file.len < old.len.max(old.done_from_start());
    let touched = file.len == old.len && mtime(file) != old.mtime;
    let same_place = old.path == file.path || old.ino == file.id.ino;
    another || shorter || (touched && same_place)
}

/// A key for a generation that begins like others of its set and yet is none of them.
fn unused_key(base: &str, known: &[(GenerationId, Generation)]) -> String {
    let is_used = |key: &str| known.iter().any(|(_, g)| g.key == key);
    let numbered = (1..).map(|n| format!("{base}+{n}"));
    std::iter::once(base.to_owned())
        .chain(numbered)
        .find(|k| !is_used(k))
        .unwrap_or_default()
}

pub(super) fn mtime(file: &GenFile) -> i64 {
    let since = file
        .mtime
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Whether a file has been left alone for a while.
fn old(mtime: SystemTime) -> bool {
    mtime
        .elapsed()
        .is_ok_and(|age| age > Duration::from_secs(2))
}

fn describe(set: &SetState, file: &GenFile, identity: &Identity, rank: i32) -> Generation {
    Generation {
        source: set.name.clone(),
        key: identity.key.clone(),
        rank,
        path: file.path.clone(),
        dev: file.id.dev,
        ino: file.id.ino,
        len: file.len,
        mtime: mtime(file),
        compressed: file.compression != Compression::None,
        format: identity.format.key(),
        version: identity.format.version(),
        header: identity.header.clone(),
        reference: Timestamp(mtime(file)),
        ..Generation::default()
    }
}

/// The rank of a file that the index does not know: by its place among the files of its set.
fn next_rank(set: &SetState, file: &GenFile, known: &[(GenerationId, Generation)]) -> i32 {
    let ranks = || known.iter().map(|(_, g)| g.rank);
    let place = set.now.iter().position(|f| f.id == file.id).unwrap_or(0);
    let older = set.now[..place]
        .iter()
        .any(|f| set.tracks.contains_key(&f.id));
    let newer = set.now[(place + 1).min(set.now.len())..]
        .iter()
        .any(|f| set.tracks.contains_key(&f.id));
    match (ranks().min(), ranks().max()) {
        (Some(min), Some(_)) if newer && !older => min - 1,
        (Some(_), Some(max)) => max + 1,
        _ => 0,
    }
}
