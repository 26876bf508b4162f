//! Sources beside their seals and sidecars: compared when they are first seen, and again whenever their files changed, since bytes
//! in the midst may have been changed as well as some appended. As with chains there is a pause in between.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::chains::ChainWork;
use super::sealed::{Said, Seals, examine};
use super::sealing::SealError;
use super::sidecars;
use super::walk::{cpu_time, pause_after};
use crate::chain::ChainRule;
use crate::source::{GenFile, LogSet};

/// How often it is looked whether a sidecar is as it was.
const LOOK: Duration = Duration::from_secs(2);

/// What seals and sidecars say of the sources of a session.
pub(super) struct Compared {
    pub(super) seals: Option<Seals>,
    rules: Arc<[ChainRule]>,
    of: HashMap<Arc<str>, Last>,
}

/// The last time that a source was compared.
struct Last {
    files: Vec<GenFile>,
    /// What its sidecar is called, or was.
    sidecar: Option<String>,
    beside: Vec<GenFile>,
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
    pub(super) fn is_vouched_for(&self, work: &ChainWork) -> bool {
        let set = set_of(work);
        self.is_sealed(work) || !sidecars::around(&set, &self.rules).is_empty()
    }

    fn is_sealed(&self, work: &ChainWork) -> bool {
        let seals = self.seals.as_ref();
        seals.is_some_and(|seals| seals.know(&work.log))
    }

    /// What seals and a sidecar say of a source, empty if there are none; and when it should be compared again.
    pub(super) fn with(
        &mut self,
        work: &ChainWork,
    ) -> Result<(&[Said], Option<Instant>), SealError> {
        let had = self
            .of
            .get(&work.source)
            .and_then(|last| last.sidecar.clone());
        let set = set_of(work);
        let around = sidecars::around(&set, &self.rules);
        if had.is_none() && around.is_empty() && !self.is_sealed(work) {
            return Ok((&[], None));
        }
        let beside: Vec<GenFile> = around.files().cloned().collect();
        let is_same = |a: &GenFile, b: &GenFile| {
            (a.id, a.len, a.mtime, a.ctime) == (b.id, b.len, b.mtime, b.ctime)
        };
        let files = || work.files.iter().map(|f| &f.file);
        // A sidecar may be changed while its log is not.
        let is_watched = !beside.is_empty() || had.is_some();
        let look_again = || is_watched.then(|| Instant::now() + LOOK);
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
                if same(&last.files, files(), is_same)
                    && same(&last.beside, beside.iter(), is_same) =>
            {
                // Where a writer was at work on the sidecar something is still to come.
                let is_open = last.said.iter().any(|said| said.ahead > 0);
                let due = last.began + last.took + sidecars::SETTLING;
                if !is_open || due > Instant::now() {
                    return Ok((self.said_of(work), look_again()));
                }
                None
            }
            Some(last) => {
                let bytes = files().map(|file| file.len).sum();
                Some(last.began + last.took + pause_after(bytes, last.took))
            }
            None => None,
        };
        if due.is_some_and(|due| due > Instant::now()) {
            return Ok((self.said_of(work), due));
        }
        let (began, began_cpu) = (Instant::now(), cpu_time());
        let ranks: Vec<i32> = work.files.iter().map(|f| f.rank).collect();
        let by_seals = match &self.seals {
            Some(seals) if seals.know(&work.log) => examine(&set, &ranks, seals)?,
            _ => None,
        };
        let mut said = sidecars::examine(&set, &ranks, &self.rules)?;
        if let (true, Some(name)) = (around.is_gone(), &had) {
            said.push(sidecars::gone(name));
        }
        // A file that only has the name has listed nothing.
        let sidecar = said.iter().find_map(Said::sidecar);
        let sidecar = sidecar.map(str::to_owned).or(had);
        said.extend(by_seals);
        let due = look_again();
        let last = Last {
            files: set.generations,
            sidecar,
            beside,
            began,
            took: cpu_time().saturating_sub(began_cpu),
            said,
        };
        self.of.insert(work.source.clone(), last);
        Ok((self.said_of(work), due))
    }

    fn said_of(&self, work: &ChainWork) -> &[Said] {
        self.of.get(&work.source).map_or(&[], |last| &last.said)
    }
}

fn set_of(work: &ChainWork) -> LogSet {
    LogSet {
        name: work.log.clone(),
        generations: work.files.iter().map(|f| f.file.clone()).collect(),
    }
}

fn same<'a>(
    before: &[GenFile],
    now: impl ExactSizeIterator<Item = &'a GenFile>,
    is_same: impl Fn(&GenFile, &GenFile) -> bool,
) -> bool {
    before.len() == now.len() && before.iter().zip(now).all(|(a, b)| is_same(a, b))
}
