//! What a command that is started again prints a second time: `kubectl logs` begins at the first line, `journalctl -n 100`
//! repeats a hundred.
//!
//! After a restart lines are held back as long as they are, in their order, lines that came before. Where that run reaches
//! the last line that came, they are the same lines, and left out; where it ends before, they are new ones that look alike.

use std::collections::VecDeque;

use foldhash::quality::FixedState;
use std::hash::BuildHasher;

/// Lines that are remembered (8 bytes each).
const WINDOW: usize = 1 << 20;
/// Bytes held back at most: so many that are alike in a row are no coincidence.
const HELD: usize = 64 << 20;
/// A line is told by so many of its bytes.
const LINE: usize = 1 << 20;

#[derive(Default)]
pub(super) struct Replay {
    hasher: FixedState,
    /// The lines given out, oldest first.
    seen: VecDeque<u64>,
    /// The line that has not ended yet.
    line: Vec<u8>,
    /// Where in `seen` the next line may be, while lines are held back.
    places: Option<Vec<usize>>,
    /// Whether the first line since the restart is still to come.
    fresh: bool,
    held: Vec<u8>,
    held_lines: Vec<u64>,
}

impl Replay {
    /// The command begins anew. A line that it had not ended is ended in `out`, and remembered by nothing: it may come
    /// again, whole.
    pub(super) fn restarted(&mut self, out: &mut Vec<u8>) {
        self.flush(out);
        if !self.line.is_empty() {
            self.line.clear();
            out.push(b'\n');
        }
        self.places = (!self.seen.is_empty()).then(Vec::new);
        self.fresh = true;
    }

    /// Whether something is held back that would have to be given out if nothing more comes.
    pub(super) fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// Takes bytes as they come; what is not held back is added to `out` at once.
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest);
            let part = &rest[..end.map_or(rest.len(), |at| at + 1)];
            rest = &rest[part.len()..];
            let room = LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            if self.places.is_some() {
                self.held.extend_from_slice(part);
            } else {
                out.extend_from_slice(part);
            }
            if end.is_some() {
                let hash = self.hasher.hash_one(&self.line);
                self.line.clear();
                self.ended(hash, out);
            }
        }
    }

    /// A line has ended.
    fn ended(&mut self, hash: u64, out: &mut Vec<u8>) {
        let Some(places) = &mut self.places else {
            return self.remember(hash);
        };
        self.held_lines.push(hash);
        if std::mem::take(&mut self.fresh) {
            let seen = self.seen.iter().enumerate();
            places.extend(seen.filter(|(_, s)| **s == hash).map(|(at, _)| at + 1));
        } else {
            places.retain_mut(|at| {
                let same = self.seen.get(*at) == Some(&hash);
                *at += 1;
                same
            });
        }
        let reached_the_end = places.contains(&self.seen.len());
        places.retain(|at| *at < self.seen.len());
        let over = places.is_empty();
        if reached_the_end || self.held.len() > HELD {
            self.held.clear();
            self.held_lines.clear();
        }
        if over {
            self.flush(out);
        }
    }

    /// What is held back is new after all. The last line of it may not have ended.
    pub(super) fn flush(&mut self, out: &mut Vec<u8>) {
        self.places = None;
        self.fresh = false;
        out.append(&mut self.held);
        for hash in std::mem::take(&mut self.held_lines) {
            self.remember(hash);
        }
    }

    fn remember(&mut self, hash: u64) {
        if self.seen.len() == WINDOW {
            self.seen.pop_front();
        }
        self.seen.push_back(hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What comes out of runs of a command, quiet after each.
    fn through(runs: &[&str]) -> String {
        let (mut replay, mut out) = (Replay::default(), Vec::new());
        for (number, run) in runs.iter().enumerate() {
            if number > 0 {
                replay.restarted(&mut out);
            }
            replay.push(run.as_bytes(), &mut out);
            replay.flush(&mut out);
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_is_printed_again_is_left_out() {
        for (runs, want) in [
            // All of it again, or its end, then what is new.
            (&["a\nb\n", "a\nb\nc\n"][..], "a\nb\nc\n"),
            (&["a\nb\n", "b\nc\n"], "a\nb\nc\n"),
            (&["a\nb\n", "a\nb\n", "a\nb\nc\n"], "a\nb\nc\n"),
            // Nothing again.
            (&["a\nb\n", "c\nd\n"], "a\nb\nc\nd\n"),
            // Lines that look like others, but do not lead to the last one.
            (&["a\nb\nc\n", "a\nb\nx\n"], "a\nb\nc\na\nb\nx\n"),
            (&["a\nb\nc\n", "a\n"], "a\nb\nc\na\n"),
            // The same line several times: the longest run that is a repetition.
            (&["a\nb\na\n", "a\nb\na\nc\n"], "a\nb\na\nc\n"),
            // A line cut off when the command died comes again, whole.
            (&["a\nb\nhal", "a\nb\nhalf\nc\n"], "a\nb\nhal\nhalf\nc\n"),
            (&["hal", "half\n"], "hal\nhalf\n"),
            (&["a\n", "b"], "a\nb"),
        ] {
            assert_eq!(through(runs), want, "{runs:?}");
        }
    }

    proptest! {
        /// Whatever is cut off and begun again, and in whatever pieces it comes: each line is there once.
        #[test]
        fn nothing_is_lost_or_doubled(
            lines in 1..40_usize,
            died in prop::collection::vec(0.0..1.0_f64, 1..4),
            piece in 1..9_usize,
        ) {
            let line = |n: usize| format!("line {n}\n");
            let (mut replay, mut out) = (Replay::default(), Vec::new());
            let mut known = 0;
            for share in died.iter().chain(&[1.0]) {
                // It always begins at the first line, and knows more each time.
                known = known.max((share * lines as f64) as usize);
                let run: String = (0..known).map(line).collect();
                for bytes in run.as_bytes().chunks(piece) {
                    replay.push(bytes, &mut out);
                }
                replay.flush(&mut out);
                replay.restarted(&mut out);
            }
            let want: String = (0..known).map(line).collect();
            prop_assert_eq!(String::from_utf8(out).unwrap(), want);
        }
    }
}
