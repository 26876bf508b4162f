//! Checking a log against its seals: is it still what was sealed, and if not, which lines are not?

mod words;

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::IngestError;
use super::sealing::SealError;
use crate::chain::{ChainReport, Copied, Finding, Verdicts};
use crate::event::{BreakKind, Level, Verdict};
use crate::seal::{
    Change, Checkpoint, Difference, Hash, LeafCutter, Ledger, LedgerError, PublicKey, Sealed,
    compare, root_of,
};
use crate::source::{Compression, GenFile, LogSet, open_at, open_stream};

const PIECE: usize = 1 << 20;

/// Gives everything from a decompressed offset on to `each`.
pub(super) fn read_from(
    file: &GenFile,
    offset: u64,
    each: &mut dyn FnMut(&[u8]) -> Result<(), SealError>,
) -> Result<(), SealError> {
    let failed = |error| SealError::Read(IngestError::Read(error));
    let mut piece = vec![0; PIECE];
    if file.compression == Compression::None {
        let reader = open_at(file, 0).map_err(IngestError::from)?;
        let mut at = offset;
        loop {
            match reader.read_at(&mut piece, at).map_err(failed)? {
                0 => return Ok(()),
                got => {
                    each(&piece[..got])?;
                    at += got as u64;
                }
            }
        }
    }
    let mut stream = open_stream(file).map_err(IngestError::from)?;
    stream.skip_to(offset).map_err(failed)?;
    loop {
        match stream.read(&mut piece).map_err(failed)? {
            0 => return Ok(()),
            got => each(&piece[..got])?,
        }
    }
}

/// The leaves of a file's whole lines: 32 bytes of memory a line.
pub(super) fn leaves_of(file: &GenFile) -> Result<Vec<Hash>, SealError> {
    let (mut cutter, mut leaves) = (LeafCutter::default(), Vec::new());
    read_from(file, 0, &mut |piece| {
        cutter.push(piece, |leaf, _| leaves.push(leaf));
        Ok(())
    })?;
    Ok(leaves)
}

/// The leaf of a file's first line.
pub(super) fn first_leaf(file: &GenFile) -> Result<Option<Hash>, SealError> {
    let mut stream = open_stream(file).map_err(IngestError::from)?;
    let (mut cutter, mut first) = (LeafCutter::default(), None);
    let mut piece = [0; 4096];
    while first.is_none() {
        let got = stream
            .read(&mut piece)
            .map_err(|error| SealError::Read(IngestError::Read(error)))?;
        if got == 0 {
            break;
        }
        cutter.push(&piece[..got], |leaf, _| {
            first.get_or_insert(leaf);
        });
    }
    Ok(first)
}

/// What checks a log against its seals.
#[derive(Clone, Debug)]
pub struct Seals {
    /// Where the ledgers are.
    pub dir: PathBuf,
    pub key: Option<PublicKey>,
    /// Checkpoints that were copied elsewhere, with where they come from.
    pub copies: Vec<Checkpoint>,
    pub copies_from: String,
}

/// A file of a log, as far as it matters here.
struct Present<'a> {
    rank: i32,
    file: &'a GenFile,
    leaves: Vec<Hash>,
}

impl Seals {
    /// Whether a log was ever sealed.
    pub(super) fn know(&self, log: &Path) -> bool {
        Ledger::is_there(&self.dir, log)
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

/// Adds what the seals say of a log to what its chain says. Nothing, if it was never sealed. `ranks` = the rank of each file
/// of the set.
pub(super) fn add_seals(
    set: &LogSet,
    ranks: &[i32],
    seals: &Seals,
    mut report: ChainReport,
) -> Result<ChainReport, SealError> {
    if !seals.know(&set.name) {
        return Ok(report);
    }
    report.copied = seals.copied(&set.name);
    let Some(key) = &seals.key else {
        return Ok(with(report, words::key_unknown()));
    };
    let ledger = match Ledger::open(&seals.dir, &set.name, key.clone()) {
        Ok(ledger) => ledger,
        Err(error @ LedgerError::Io { .. }) => return Err(error.into()),
        Err(error) => return Ok(with(report, words::signature_bad(&error))),
    };
    let mut present = Vec::new();
    for (rank, file) in ranks.iter().zip(&set.generations) {
        present.push(Present {
            rank: *rank,
            file,
            leaves: leaves_of(file)?,
        });
    }
    let mut check = Check {
        findings: Vec::new(),
        held: 0,
        sealed: 0,
        newest: None,
        covered: Vec::new(),
    };
    let mut free: Vec<usize> = (0..present.len()).collect();
    let mut left: Vec<(&Sealed, Vec<Hash>)> = Vec::new();
    for sealed in ledger.files() {
        let leaves = match ledger.leaves(sealed) {
            Ok(leaves) => leaves,
            Err(error @ LedgerError::Io { .. }) => return Err(error.into()),
            Err(error) => {
                check.findings.push(words::signature_bad(&error));
                continue;
            }
        };
        left.push((sealed, leaves));
    }
    // Files that begin as they were sealed, the longest likeness first; then what has only the name left.
    let alike = |leaves: &[Hash], p: &Present<'_>| {
        leaves
            .iter()
            .zip(&p.leaves)
            .take_while(|(a, b)| a == b)
            .count()
    };
    loop {
        let pairs = left.iter().enumerate().flat_map(|(l, (_, leaves))| {
            let of = free.iter().map(move |f| (l, *f));
            of.map(|(l, f)| (alike(leaves, &present[f]), l, f))
                .collect::<Vec<_>>()
        });
        let Some((_, l, f)) = pairs.filter(|(alike, ..)| *alike > 0).max() else {
            break;
        };
        let (sealed, leaves) = left.remove(l);
        free.retain(|other| *other != f);
        check.file(sealed, &leaves, &present[f])?;
    }
    for (sealed, leaves) in left.into_iter().rev() {
        let same_name = |f: &&usize| {
            present[**f]
                .file
                .path
                .file_name()
                .is_some_and(|n| n.to_string_lossy() == sealed.file)
        };
        match free.iter().find(same_name).copied() {
            Some(f) => {
                free.retain(|other| *other != f);
                check.file(sealed, &leaves, &present[f])?;
            }
            None => check.findings.push(words::missing(sealed)),
        }
    }
    check.copies(seals, set, &ledger, &present);
    let lines: u64 = present.iter().map(|p| p.leaves.len() as u64).sum();
    Ok(check.into_report(report, lines))
}

struct Check {
    findings: Vec<Finding>,
    /// Lines that are as they were sealed.
    held: u64,
    sealed: u64,
    newest: Option<Checkpoint>,
    /// Offsets, by rank, of what was sealed.
    covered: Vec<(i32, Range<u64>)>,
}

impl Check {
    fn file(
        &mut self,
        sealed: &Sealed,
        leaves: &[Hash],
        present: &Present<'_>,
    ) -> Result<(), SealError> {
        let differences = compare(leaves, &present.leaves);
        let size = leaves.len() as u64;
        let lost: u64 = differences
            .iter()
            .filter(|d| {
                !matches!(
                    d.change,
                    Change::Inserted | Change::Duplicated | Change::Moved
                )
            })
            .map(|d| d.count)
            .sum();
        self.sealed += size;
        self.held += size.saturating_sub(lost);
        let at = &sealed.checkpoint;
        if self.newest.as_ref().is_none_or(|n| n.sealed < at.sealed) {
            self.newest = Some(at.clone());
        }
        if differences.is_empty() {
            self.covered.push((present.rank, 0..at.bytes));
            return Ok(());
        }
        let more = |d: &&Difference| {
            matches!(
                d.change,
                Change::Inserted | Change::Duplicated | Change::Moved
            )
        };
        let added: u64 = differences.iter().filter(more).map(|d| d.count).sum();
        let gone = |d: &&Difference| matches!(d.change, Change::Deleted | Change::Cut);
        let removed: u64 = differences.iter().filter(gone).map(|d| d.count).sum();
        let mut lines: Vec<u64> = differences.iter().map(|d| d.line).collect();
        // Behind the last line that was sealed.
        lines.push((size + added).saturating_sub(removed) + 1);
        let mut offsets = offsets_of(present.file, &lines)?;
        self.covered
            .push((present.rank, 0..offsets.pop().unwrap_or(0)));
        for (difference, offset) in differences.iter().zip(offsets) {
            self.findings.push(words::told(
                difference,
                offset,
                sealed,
                present.rank,
                present.file,
            ));
        }
        Ok(())
    }

    /// What was copied elsewhere cannot be changed by who changes things here.
    fn copies(&mut self, seals: &Seals, set: &LogSet, ledger: &Ledger, present: &[Present<'_>]) {
        let path = crate::seal::plain(set.name.as_os_str().as_bytes());
        let mut newest: BTreeMap<&str, &Checkpoint> = BTreeMap::new();
        for copy in &seals.copies {
            let Some((place, generation)) = copy.origin.rsplit_once('#') else {
                continue;
            };
            if place.ends_with(&path) {
                let known = newest.entry(generation).or_insert(copy);
                if copy.size > known.size {
                    *known = copy;
                }
            }
        }
        for (generation, copy) in newest {
            let size = usize::try_from(copy.size).unwrap_or(usize::MAX);
            let holds = |p: &Present<'_>| {
                p.leaves
                    .get(..size)
                    .is_some_and(|l| root_of(l) == copy.root)
            };
            let is_known = ledger
                .file(generation)
                .is_some_and(|f| f.checkpoint.size >= copy.size);
            if present.iter().any(holds) || (is_known && !self.findings.is_empty()) {
                continue;
            }
            let (kind, what) = if is_known {
                (
                    BreakKind::RewrittenSinceSeal,
                    "no file here holds these lines any more",
                )
            } else {
                (
                    BreakKind::RewrittenSinceSeal,
                    "the seals kept on this host are older or gone, and no file here holds these lines",
                )
            };
            self.findings.push(words::finding(
                kind,
                1,
                format!(
                    "a checkpoint in {} says that {} lines were sealed at {}: {what}",
                    seals.copies_from,
                    copy.size,
                    words::moment(copy)
                ),
            ));
        }
    }

    fn into_report(self, mut report: ChainReport, lines: u64) -> ChainReport {
        let when = self.newest.as_ref().map(words::moment);
        let when = when.as_deref().unwrap_or("an unknown time");
        let open = lines.saturating_sub(self.sealed);
        let mut said = if self.held == self.sealed {
            format!(
                "{} lines are as they were sealed, last at {when}",
                self.sealed
            )
        } else {
            format!(
                "{} of {} lines are as they were sealed, last at {when}",
                self.held, self.sealed
            )
        };
        if open > 0 {
            said += &format!("; {open} since are not sealed");
        }
        let is_chained = report.is_chained();
        match &report.scheme {
            Some(scheme) if is_chained => {
                report.scheme = Some(format!("{scheme} + seal ed25519"));
                report.coverage = format!("{}; {said}", report.coverage);
            }
            _ => {
                // What numbers show beside that is in the findings.
                report.numbered = false;
                report.scheme = Some("seal ed25519".into());
                report.records = lines;
                report.verified = self.held;
                report.coverage = said;
                let covered = self.covered.into_iter();
                let covered = covered.map(|(rank, range)| (rank, range, Verdict::Verified));
                let broken = self.findings.iter().filter(|f| f.level == Level::Alarm);
                let broken = broken.map(|f| {
                    let place = f.offset..f.offset + 1;
                    (f.generation, place, Verdict::Broken(f.kind))
                });
                let odd = report.findings.iter();
                let odd = odd.map(|f| {
                    (
                        f.generation,
                        f.offset..f.offset + 1,
                        Verdict::Broken(f.kind),
                    )
                });
                report.verdicts = Verdicts::sealed(covered.chain(odd).chain(broken));
            }
        }
        let told = std::mem::take(&mut report.findings);
        let new = self
            .findings
            .into_iter()
            .filter_map(|f| beside_chain(f, &told, is_chained));
        report.findings.extend(new);
        report.findings.extend(told);
        report.findings.sort_by_key(|f| (f.generation, f.line));
        report
    }
}

/// What the seals found, beside what the chain of the log itself tells: nothing twice, and what the chain does not
/// see was hashed anew.
fn beside_chain(mut finding: Finding, told: &[Finding], is_chained: bool) -> Option<Finding> {
    let same_place = |f: &&Finding| {
        f.level == Level::Alarm
            && f.generation == finding.generation
            && f.line <= finding.line_end
            && finding.line <= f.line_end
    };
    if told.iter().any(|f| same_place(&f)) {
        return None;
    }
    if is_chained && finding.kind == BreakKind::ContentModified && finding.count > Some(1) {
        finding.kind = BreakKind::RewrittenSinceSeal;
        finding.explanation += "; the chain holds with what stands there now, so it was hashed anew by somebody who knows the recipe";
    }
    Some(finding)
}

fn with(mut report: ChainReport, finding: Finding) -> ChainReport {
    if !report.is_chained() {
        report.scheme = Some("seal ed25519".into());
        report.numbered = false;
    }
    report.coverage = format!("{}; its seals were not checked", report.coverage);
    report.findings.push(finding);
    report
}

/// Where lines (from 1 on) begin; the end of the file, for those that are not there.
fn offsets_of(file: &GenFile, lines: &[u64]) -> Result<Vec<u64>, SealError> {
    let mut wanted: Vec<(u64, usize)> = lines.iter().copied().zip(0..).collect();
    wanted.sort_unstable();
    let (mut cutter, mut line, mut at) = (LeafCutter::default(), 1, 0);
    let mut offsets = vec![0; lines.len()];
    let mut next = 0;
    read_from(file, 0, &mut |piece| {
        cutter.push(piece, |_, bytes| {
            while let Some((_, n)) = wanted.get(next).filter(|(wanted, _)| *wanted == line) {
                offsets[*n] = at;
                next += 1;
            }
            line += 1;
            at += bytes;
        });
        Ok(())
    })?;
    for (_, n) in &wanted[next..] {
        offsets[*n] = at;
    }
    Ok(offsets)
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
