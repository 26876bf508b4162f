//! Sealed sources beside their seals: compared when they are first seen, and again whenever their files changed, since bytes in
//! the midst may have been changed as well as some appended. As with chains there is a pause in between.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::chains::ChainWork;
use super::sealed::{Said, Seals, examine};
use super::sealing::SealError;
use super::walk::{cpu_time, pause_after};
use crate::source::{GenFile, LogSet};

/// What the seals say of the sources of a session.
pub(super) struct Compared {
    pub(super) seals: Option<Seals>,
    of: HashMap<Arc<str>, Last>,
}

/// The last time that a source was compared with its seals.
struct Last {
    files: Vec<GenFile>,
    began: Instant,
    took: Duration,
    said: Said,
}

impl Compared {
    pub(super) fn new(seals: Option<Seals>) -> Self {
        Self {
            seals,
            of: HashMap::new(),
        }
    }

    /// Whether a log is sealed.
    pub(super) fn is_sealed(&self, log: &Path) -> bool {
        self.seals.as_ref().is_some_and(|seals| seals.know(log))
    }

    /// What the seals say of a source, `None` if it is not sealed; and when it should be compared again.
    pub(super) fn with(
        &mut self,
        work: &ChainWork,
    ) -> Result<Option<(&Said, Option<Instant>)>, SealError> {
        let Some(seals) = self.seals.as_ref().filter(|seals| seals.know(&work.log)) else {
            return Ok(None);
        };
        let files = || work.files.iter().map(|f| &f.file);
        let due = match self.of.get(&work.source) {
            // Other files than before.
            Some(last)
                if !same(&last.files, files(), |a, b| {
                    a.id == b.id && a.path == b.path
                }) =>
            {
                None
            }
            Some(last)
                if same(&last.files, files(), |a, b| {
                    (a.len, a.mtime) == (b.len, b.mtime)
                }) =>
            {
                return Ok(self.of.get(&work.source).map(|last| (&last.said, None)));
            }
            Some(last) => {
                let bytes = files().map(|file| file.len).sum();
                Some(last.began + last.took + pause_after(bytes, last.took))
            }
            None => None,
        };
        if due.is_none_or(|due| due <= Instant::now()) {
            let (began, began_cpu) = (Instant::now(), cpu_time());
            let set = LogSet {
                name: work.log.clone(),
                generations: files().cloned().collect(),
            };
            let ranks: Vec<i32> = work.files.iter().map(|f| f.rank).collect();
            let Some(said) = examine(&set, &ranks, seals)? else {
                return Ok(None);
            };
            let last = Last {
                files: set.generations,
                began,
                took: cpu_time().saturating_sub(began_cpu),
                said,
            };
            self.of.insert(work.source.clone(), last);
            return Ok(self.of.get(&work.source).map(|last| (&last.said, None)));
        }
        Ok(self.of.get(&work.source).map(|last| (&last.said, due)))
    }
}

fn same<'a>(
    before: &[GenFile],
    now: impl ExactSizeIterator<Item = &'a GenFile>,
    is_same: impl Fn(&GenFile, &GenFile) -> bool,
) -> bool {
    before.len() == now.len() && before.iter().zip(now).all(|(a, b)| is_same(a, b))
}
