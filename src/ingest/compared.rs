//! Sources beside their seals and sidecars: compared when they are first seen, and again whenever their files changed, since bytes
//! in the midst may have been changed as well as some appended. As with chains there is a pause in between.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::chains::ChainWork;
use super::sealed::{Said, Seals, examine};
use super::sealing::SealError;
use super::sidecars;
use super::walk::{cpu_time, pause_after};
use crate::chain::ChainRule;
use crate::source::{GenFile, LogSet};

/// What seals and sidecars say of the sources of a session.
pub(super) struct Compared {
    pub(super) seals: Option<Seals>,
    rules: Arc<[ChainRule]>,
    of: HashMap<Arc<str>, Last>,
}

/// The last time that a source was compared.
struct Last {
    files: Vec<GenFile>,
    began: Instant,
    took: Duration,
    said: Vec<Said>,
}

impl Compared {
    pub(super) fn new(seals: Option<Seals>, rules: Arc<[ChainRule]>) -> Self {
        Self {
            seals,
            rules,
            of: HashMap::new(),
        }
    }

    /// Whether something outside of a log stands for its lines.
    pub(super) fn is_vouched_for(&self, log: &Path) -> bool {
        let is_sealed = self.seals.as_ref().is_some_and(|seals| seals.know(log));
        is_sealed || sidecars::is_expected(log, &self.rules)
    }

    /// What seals and a sidecar say of a source, empty if there are none; and when it should be compared again.
    pub(super) fn with(
        &mut self,
        work: &ChainWork,
    ) -> Result<(&[Said], Option<Instant>), SealError> {
        if !self.is_vouched_for(&work.log) {
            return Ok((&[], None));
        }
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
                // Only where a writer was at work on the sidecar something is still to come.
                let is_open = last.said.iter().any(|said| said.ahead > 0);
                let due = last.began + last.took + sidecars::SETTLING;
                if !is_open || due > Instant::now() {
                    return Ok((self.said_of(work), is_open.then_some(due)));
                }
                None
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
            let by_seals = match &self.seals {
                Some(seals) if seals.know(&work.log) => examine(&set, &ranks, seals)?,
                _ => None,
            };
            let by_sidecar = sidecars::examine(&set, &ranks, &self.rules)?;
            let said: Vec<Said> = by_sidecar.into_iter().chain(by_seals).collect();
            let is_open = said.iter().any(|said| said.ahead > 0);
            let last = Last {
                files: set.generations,
                began,
                took: cpu_time().saturating_sub(began_cpu),
                said,
            };
            self.of.insert(work.source.clone(), last);
            let due = is_open.then(|| Instant::now() + sidecars::SETTLING);
            return Ok((self.said_of(work), due));
        }
        Ok((self.said_of(work), due))
    }

    fn said_of(&self, work: &ChainWork) -> &[Said] {
        self.of.get(&work.source).map_or(&[], |last| &last.said)
    }
}

fn same<'a>(
    before: &[GenFile],
    now: impl ExactSizeIterator<Item = &'a GenFile>,
    is_same: impl Fn(&GenFile, &GenFile) -> bool,
) -> bool {
    before.len() == now.len() && before.iter().zip(now).all(|(a, b)| is_same(a, b))
}
