//! Records read and hashed ahead of the walk that links them: what a record says of itself does not depend on where it
//! stands, so other threads can find that out. Only the walk learns; what was examined before it learned something is
//! examined again.

use super::check::{Checker, Entry, Line};

/// Examines records for the verifier it was taken from.
#[derive(Clone)]
pub struct Examiner {
    checker: Checker,
    /// As it was given out: what one record teaches must not colour what is said of the next.
    given: Checker,
}

/// What was found out of one record; nothing, if the walk has to look itself.
#[derive(Default)]
pub struct Examined(Option<Done>);

struct Done {
    entry: Entry,
    stream: Vec<u8>,
    /// What the checker had learned.
    learned: u64,
}

impl Examiner {
    pub(super) fn new(checker: Checker) -> Self {
        Self {
            given: checker.clone(),
            checker,
        }
    }

    /// Reads and hashes a complete line (without LF).
    pub fn examine(&mut self, line: &[u8]) -> Examined {
        Examined(self.entry(line))
    }

    fn entry(&mut self, line: &[u8]) -> Option<Done> {
        let mut read = self.checker.read(line)?;
        if !read.has_links() {
            return None;
        }
        let stream = std::mem::take(&mut read.stream);
        let learned = self.given.learned();
        let checked = self.checker.check(read, false, &[]);
        if self.checker.learned() != learned {
            self.checker = self.given.clone();
            return None;
        }
        match checked {
            Line::Record(checked) => Some(Done {
                entry: checked.entry,
                stream,
                learned,
            }),
            Line::Unlinked(_) => None,
        }
    }
}

impl Examined {
    /// What was found out, with the stream, if `checker` would find the same.
    pub(super) fn by(self, checker: &Checker) -> Option<(Entry, Vec<u8>)> {
        let done = self.0.filter(|done| done.learned == checker.learned())?;
        Some((done.entry, done.stream))
    }
}
