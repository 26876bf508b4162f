//! Checking a log against its seals: is it still what was sealed, and if not, which lines are not?

mod copies;
mod leaves;
mod lost;
mod report;
mod words;

use std::collections::HashSet;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use self::leaves::lines_of;
pub(super) use self::leaves::{first_leaf, leaves_of, offsets_of, read_from};
pub(super) use self::lost::{lost, wrong_copies};
pub(super) use self::report::{By, Said};
pub(super) use self::words::{Was, about_all, told};
use super::sealing::SealError;
use crate::chain::{Copied, Finding};
use crate::seal::{
    Change, Collected, Difference, Hash, Ledger, LedgerError, Outside, PublicKey, Sealed, compare,
    plain, root_of,
};
use crate::source::{GenFile, LogSet};

/// What checks a log against its seals.
#[derive(Clone, Debug)]
pub struct Seals {
    /// Where the ledgers are.
    pub dir: PathBuf,
    pub key: Option<PublicKey>,
    /// Checkpoints that were copied elsewhere, and the file that they come from.
    pub copies: Collected,
    pub copies_from: Option<PathBuf>,
}

/// A file of a log, as far as it matters here.
struct Present<'a> {
    rank: i32,
    file: &'a GenFile,
    leaves: Vec<Hash>,
    /// A line without its LF stands behind them.
    is_open: bool,
}

impl Seals {
    /// Whether a log has a ledger here.
    pub(super) fn know(&self, log: &Path) -> bool {
        Ledger::is_there(&self.dir, log)
    }

    /// The checkpoints over a log that were copied elsewhere, whatever the host was called.
    fn copies_of(&self, log: &Path) -> Vec<&Outside> {
        let path = plain(log.as_os_str().as_bytes());
        let is_of = |copy: &&Outside| copy.checkpoint.place().is_some_and(|(p, _)| p == path);
        self.copies.checkpoints.iter().filter(is_of).collect()
    }

    /// How far its checkpoints left this host.
    pub(super) fn copied(&self, log: &Path) -> Copied {
        match Ledger::newest_copy(&self.dir, log) {
            Some(at) => Copied::At(at),
            None if self.know(log) => Copied::Never,
            None => Copied::Unsealed,
        }
    }
}

/// What the seals say of a log; `None` if neither a ledger nor a copied checkpoint speaks of it. `ranks` = the rank of each
/// file of the set.
pub(super) fn examine(
    set: &LogSet,
    ranks: &[i32],
    seals: &Seals,
) -> Result<Option<Said>, SealError> {
    let copies = seals.copies_of(&set.name);
    let is_known = seals.know(&set.name);
    if !is_known && copies.is_empty() {
        return Ok(None);
    }
    let copied = seals.copied(&set.name);
    let Some(key) = &seals.key else {
        return Ok(Some(Said::unchecked(words::key_unknown(), copied)));
    };
    let ledger = match Ledger::open(&seals.dir, &set.name, key.clone()) {
        Ok(ledger) => ledger,
        Err(error @ LedgerError::Io { .. }) => return Err(error.into()),
        Err(error) => return Ok(Some(Said::unchecked(words::signature_bad(&error), copied))),
    };
    let mut present = Vec::new();
    for (rank, file) in ranks.iter().zip(&set.generations) {
        let (leaves, is_open) = lines_of(file)?;
        present.push(Present {
            rank: *rank,
            file,
            leaves,
            is_open,
        });
    }
    let lines = present
        .iter()
        .map(|p| p.leaves.len() + usize::from(p.is_open));
    let mut said = Said::default();
    (said.lines, said.copied) = (lines.sum::<usize>() as u64, copied);
    let mut check = Check {
        said,
        alarmed: HashSet::new(),
        dropped: HashSet::new(),
    };
    check.ledger(&ledger, set, &present)?;
    if let Some(from) = &seals.copies_from {
        let ledger = is_known.then_some(&ledger);
        copies::check(&mut check, &copies, from, ledger, &present);
    }
    Ok(Some(check.said))
}

/// What was found so far.
struct Check {
    said: Said,
    /// Generations of which an alarm tells what became of them.
    alarmed: HashSet<String>,
    /// Generations older than every file that is here: rotation drops those.
    dropped: HashSet<String>,
}

impl Check {
    /// What is here beside what was sealed on this host.
    fn ledger(
        &mut self,
        ledger: &Ledger,
        set: &LogSet,
        present: &[Present<'_>],
    ) -> Result<(), SealError> {
        let mut free: Vec<usize> = (0..present.len()).collect();
        let mut left: Vec<usize> = (0..ledger.files().len()).collect();
        let mut found: Vec<(usize, usize)> = Vec::new();
        // Files that begin as they were sealed, the longest likeness first; then what has only the name left.
        let mut alike = self.likenesses(ledger, present)?;
        alike.sort_unstable();
        while let Some((_, sealed, file)) = alike.pop() {
            if left.contains(&sealed) && free.contains(&file) {
                left.retain(|other| *other != sealed);
                free.retain(|other| *other != file);
                found.push((sealed, file));
            }
        }
        left.retain(|sealed| {
            !ledger
                .files()
                .get(*sealed)
                .is_some_and(|s| self.alarmed.contains(&s.generation))
        });
        for sealed in left.clone().into_iter().rev() {
            let name = &ledger.files()[sealed].file;
            let same_name = |f: &&usize| {
                let path = &present[**f].file.path;
                path.file_name()
                    .is_some_and(|n| n.to_string_lossy() == *name)
            };
            if let Some(file) = free.iter().find(same_name).copied() {
                left.retain(|other| *other != sealed);
                free.retain(|other| *other != file);
                found.push((sealed, file));
            }
        }
        for &(sealed, file) in &found {
            let sealed = &ledger.files()[sealed];
            match ledger.leaves(sealed) {
                Ok(leaves) => self.file(sealed, &leaves, &present[file])?,
                Err(error @ LedgerError::Io { .. }) => return Err(error.into()),
                Err(error) => self.bad_leaves(sealed, &error, present),
            }
        }
        let oldest = found.iter().min();
        for sealed in left {
            // Rotation drops the oldest file, and a file that came from nowhere is none that it left.
            let is_older = oldest.is_some_and(|(other, file)| {
                sealed < *other && free.iter().all(|free| free > file)
            });
            let sealed = &ledger.files()[sealed];
            if is_older && !became_live(sealed, &found, set, present) {
                self.dropped.insert(sealed.generation.clone());
            } else {
                self.said.about_all.push(words::missing(sealed));
            }
        }
        self.said.dropped = self.dropped.len() as u64;
        Ok(())
    }

    /// How many lines at the beginning of each file are those of each sealed one, where the first is: likeness, sealed file, file.
    /// Leaves are read only where the name of the sealed file, which is made of its first leaf, says that it may be so.
    fn likenesses(
        &mut self,
        ledger: &Ledger,
        present: &[Present<'_>],
    ) -> Result<Vec<(usize, usize, usize)>, SealError> {
        let mut alike = Vec::new();
        for (s, sealed) in ledger.files().iter().enumerate() {
            let may_be = |p: &Present<'_>| {
                let first = p.leaves.first();
                first.is_some_and(|first| sealed.may_begin_with(first))
            };
            if !present.iter().any(may_be) {
                continue;
            }
            let leaves = match ledger.leaves(sealed) {
                Ok(leaves) => leaves,
                Err(error @ LedgerError::Io { .. }) => return Err(error.into()),
                Err(error) => {
                    self.bad_leaves(sealed, &error, present);
                    continue;
                }
            };
            for (f, file) in present.iter().enumerate() {
                let pairs = leaves.iter().zip(&file.leaves);
                let same = pairs.take_while(|(a, b)| a == b).count();
                if same > 0 {
                    alike.push((same, s, f));
                }
            }
        }
        Ok(alike)
    }

    /// The list of sealed lines is not there or not as it was. What was signed still tells whether all of them are.
    fn bad_leaves(&mut self, sealed: &Sealed, error: &LedgerError, present: &[Present<'_>]) {
        self.alarmed.insert(sealed.generation.clone());
        let at = &sealed.checkpoint;
        let holds = |file: &Present<'_>| {
            let size = usize::try_from(at.size).unwrap_or(usize::MAX);
            let lines = file.leaves.get(..size);
            lines.is_some_and(|lines| root_of(lines) == at.root)
        };
        let holds = present.iter().any(holds);
        self.said.seal(at.size, if holds { at.size } else { 0 }, at);
        self.said
            .about_all
            .push(words::leaves_bad(error, at, holds));
    }

    fn file(
        &mut self,
        sealed: &Sealed,
        leaves: &[Hash],
        present: &Present<'_>,
    ) -> Result<(), SealError> {
        let differences = compare(leaves, &present.leaves);
        let size = leaves.len() as u64;
        let is_more = |d: &Difference| {
            matches!(
                d.change,
                Change::Inserted | Change::Duplicated | Change::Moved
            )
        };
        let is_gone = |d: &Difference| matches!(d.change, Change::Deleted | Change::Cut);
        let lines = |wanted: &dyn Fn(&Difference) -> bool| -> u64 {
            let of = differences.iter().filter(|d| wanted(d));
            of.map(|d| d.count).sum()
        };
        let (added, removed) = (lines(&is_more), lines(&is_gone));
        let at = &sealed.checkpoint;
        self.said
            .seal(size, size.saturating_sub(lines(&|d| !is_more(d))), at);
        if differences.is_empty() {
            self.said.covered.push((present.rank, 0..at.bytes));
            return Ok(());
        }
        self.alarmed.insert(sealed.generation.clone());
        // Where each begins, where the line after each begins, and where the lines end that were sealed.
        let mut wanted: Vec<u64> = differences.iter().map(|d| d.line).collect();
        wanted.extend(differences.iter().map(|d| d.line_end + 1));
        // A line that was moved is one that was there before.
        let moved = lines(&|d| d.change == Change::Moved);
        wanted.push((size + added).saturating_sub(removed + moved) + 1);
        let mut offsets = offsets_of(present.file, &wanted)?;
        let end = offsets.pop().unwrap_or(0);
        self.said.covered.push((present.rank, 0..end));
        let ends = offsets.split_off(differences.len());
        let was = Was::sealed(sealed, present.file);
        for (difference, (from, to)) in differences.iter().zip(offsets.into_iter().zip(ends)) {
            let told = words::told(difference, from, &was, present.rank);
            // Lines that are gone leave the one behind them as their place.
            self.said.places.push(Found {
                range: from..to.max(from + 1),
                finding: told,
            });
        }
        Ok(())
    }
}

/// A finding with all the bytes it is about.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) finding: Finding,
    pub(super) range: Range<u64>,
}

/// Whether the live file is what became of a sealed one: of the same name and the same first line, and sealed anew.
fn became_live(
    sealed: &Sealed,
    found: &[(usize, usize)],
    set: &LogSet,
    present: &[Present<'_>],
) -> bool {
    let name = set.name.file_name().map(|name| name.to_string_lossy());
    let live = found
        .iter()
        .find(|(_, f)| present[*f].file.path == set.name);
    let first = live.and_then(|(_, f)| present[*f].leaves.first());
    name.is_some_and(|name| name == sealed.file)
        && first.is_some_and(|first| sealed.may_begin_with(first))
}

/// The file whose sealed lines hold this one, with the line's index; the one at `line` if it is there twice.
pub fn find_line(
    dir: &Path,
    log: &Path,
    key: &PublicKey,
    leaf: Hash,
    line: u64,
) -> Result<Option<(Sealed, Vec<Hash>, usize)>, LedgerError> {
    let ledger = Ledger::open(dir, log, key.clone())?;
    let mut found = None;
    for sealed in ledger.files() {
        let leaves = ledger.leaves(sealed)?;
        let here = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        if leaves.get(here) == Some(&leaf) {
            return Ok(Some((sealed.clone(), leaves, here)));
        }
        if let Some(at) = leaves.iter().position(|l| *l == leaf) {
            found.get_or_insert((sealed.clone(), leaves, at));
        }
    }
    Ok(found)
}
