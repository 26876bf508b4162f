//! What files beside logs say of logs that are open: CloudTrail's digests, OSSEC's `.sum` files. They speak of whole files,
//! and of each other, so all are looked at together, in a thread of their own; what is said of a file is then said of the
//! source that it belongs to.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use super::chains::ChainJob;
use super::digests::{self, DigestKeys};
use super::sums;
use super::verify::VerifyFile;
use super::walk::{ChainFile, cpu_time, pause_after};
use crate::chain::ossec::is_sum_name;
use crate::chain::{ChainReport, Finding, Verdicts};
use crate::event::Verdict;
use crate::format::Format;
use crate::source::Discovery;

/// The format of files that vouch for others.
const DIGESTS: &str = "cloudtrail-digest";

/// What is said of a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Vouched {
    scheme: String,
    coverage: String,
    /// Of everything in it.
    verdict: Verdict,
    findings: Vec<Finding>,
}

/// What is said of each file that something is said of, by its path.
pub(super) type ByPath = HashMap<PathBuf, Vouched>;

/// What the thread is told.
pub(super) enum Ask {
    /// These files are there.
    Look(Box<Discovery>),
    /// These were written to.
    Touched(BTreeSet<PathBuf>),
}

/// Whether files of this format link to each other, which is checked here and by nobody else.
pub(super) fn is_digest(format: &dyn Format) -> bool {
    format.id() == DIGESTS
}

/// Whether files are such as vouch for others; what cannot be one costs nothing.
pub(super) fn may_vouch(format: &dyn Format, path: &Path) -> bool {
    is_digest(format) || is_sum_name(&path.to_string_lossy())
}

/// The thread that looks.
pub(super) struct Vouching {
    asked: Receiver<Ask>,
    told: Sender<ChainJob>,
    keys: DigestKeys,
    files: Option<Box<Discovery>>,
    /// Files that something was said of.
    known: HashSet<PathBuf>,
    /// Asks not dealt with, and when they may be.
    open: usize,
    due: Instant,
}

impl Vouching {
    pub(super) fn new(asked: Receiver<Ask>, told: Sender<ChainJob>, keys: DigestKeys) -> Self {
        Self {
            asked,
            told,
            keys,
            files: None,
            known: HashSet::new(),
            open: 0,
            due: Instant::now(),
        }
    }

    /// Runs until the coordinator is gone.
    pub(super) fn run(mut self) {
        let _ = rustix::process::nice(10);
        let mut is_changed = false;
        loop {
            let ask = match is_changed {
                true => self.asked.recv_deadline(self.due),
                // Nothing to do until somebody asks: it sleeps, and does not look at the time.
                false => self
                    .asked
                    .recv()
                    .map_err(|_| RecvTimeoutError::Disconnected),
            };
            match ask {
                Ok(ask) => {
                    let asks: Vec<Ask> =
                        std::iter::once(ask).chain(self.asked.try_iter()).collect();
                    for ask in asks {
                        is_changed |= self.hear(ask);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if is_changed && self.due <= Instant::now() {
                is_changed = false;
                self.look();
            }
            if !is_changed && self.open > 0 {
                self.tell(None);
            }
        }
    }

    /// Takes in what it is told; whether that makes a difference.
    fn hear(&mut self, ask: Ask) -> bool {
        self.open += 1;
        match ask {
            Ask::Look(files) => {
                self.files = Some(files);
                true
            }
            Ask::Touched(paths) => {
                let is_known = paths.iter().any(|path| self.known.contains(path));
                for file in self.files.iter_mut().flat_map(|d| &mut d.roots) {
                    let files = file.sets.iter_mut().flat_map(|set| &mut set.generations);
                    for file in files.filter(|file| paths.contains(&file.path)) {
                        // One that is gone is told of by the next look.
                        *file = file.restat().unwrap_or_else(|| file.clone());
                    }
                }
                is_known
            }
        }
    }

    fn look(&mut self) {
        let Some(mut files) = self.files.clone() else {
            return;
        };
        let began = cpu_time();
        let said = vouched(&mut files, &self.keys);
        let took = cpu_time().saturating_sub(began);
        // How much there is to read shows in how long it takes.
        self.due = Instant::now() + pause_after(u64::MAX, took);
        self.known = said.keys().cloned().collect();
        self.tell(Some(said));
    }

    fn tell(&mut self, said: Option<ByPath>) {
        let asks = std::mem::take(&mut self.open);
        // The chain thread ends with this one.
        let _ = self.told.send(ChainJob::Vouched { said, asks });
    }
}

/// Looks at everything that vouches for something.
fn vouched(files: &mut Discovery, keys: &DigestKeys) -> ByPath {
    let mut reports = digests::take(files, keys);
    reports.extend(sums::take(files));
    reports.into_iter().flat_map(of_each_file).collect()
}

/// What a report says of each of its files. One that could not be read is told of by whoever reads it as a log.
fn of_each_file(report: VerifyFile) -> Vec<(PathBuf, Vouched)> {
    let VerifyFile { report, files, .. } = report;
    let Some(scheme) = &report.scheme else {
        return Vec::new();
    };
    let mut of_files: Vec<(PathBuf, Vouched)> = Vec::new();
    for (place, file) in (0..).zip(files) {
        let findings = report.findings.iter().filter(|f| f.generation == place);
        let findings = findings.cloned();
        match of_files.last_mut() {
            // One that was emptied is no source: it is told of by its log, which stands before it.
            Some((_, log)) if file.len == 0 => log.findings.extend(findings),
            _ => {
                let vouched = Vouched {
                    scheme: scheme.clone(),
                    coverage: report.coverage.clone(),
                    verdict: report.verdicts.at(place, 0),
                    findings: findings.collect(),
                };
                of_files.push((file.path, vouched));
            }
        }
    }
    of_files
}

/// A report with what is said of the files of its source.
pub(super) fn add(mut report: ChainReport, files: &[ChainFile], said: &ByPath) -> ChainReport {
    let of_files = files
        .iter()
        .filter_map(|file| Some((file, said.get(&file.file.path)?)));
    let of_files: Vec<(&ChainFile, &Vouched)> = of_files.collect();
    let holds = |(_, vouched): &&(&ChainFile, &Vouched)| vouched.verdict == Verdict::Verified;
    let Some((_, newest)) = of_files.last() else {
        return report;
    };
    let held = of_files.iter().filter(holds).count();
    let coverage = match of_files.len() {
        1 => newest.coverage.clone(),
        all => format!(
            "{held} of {all} files verified; the newest: {}",
            newest.coverage
        ),
    };
    let alarms =
        |(_, vouched): &&(&ChainFile, &Vouched)| matches!(vouched.verdict, Verdict::Broken(_));
    let marks =
        |(file, vouched): &(&ChainFile, &Vouched)| (file.rank, 0..u64::MAX, vouched.verdict);
    let is_chained = report.is_chained();
    match report.scheme.take().filter(|_| is_chained) {
        Some(scheme) => {
            report.scheme = Some(format!("{scheme} + {}", newest.scheme));
            report.coverage = format!("{}; {coverage}", report.coverage);
            let broken = of_files.iter().filter(alarms).map(marks);
            report.verdicts = std::mem::take(&mut report.verdicts).with(broken);
        }
        None => {
            // A whole file counts as one record: that is what is vouched for.
            report.numbered = false;
            report.scheme = Some(newest.scheme.clone());
            report.records = of_files.len() as u64;
            report.verified = held as u64;
            report.coverage = coverage;
            report.verdicts = Verdicts::sealed(of_files.iter().map(marks));
        }
    }
    for (file, vouched) in of_files {
        report
            .findings
            .extend(vouched.findings.iter().map(|finding| Finding {
                generation: file.rank,
                ..finding.clone()
            }));
    }
    report.findings.sort_by_key(|f| (f.generation, f.line));
    report
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::BreakKind;
    use crate::format::Registry;
    use crate::source::GenFile;

    fn vouched(verdict: Verdict) -> Vouched {
        Vouched {
            scheme: "ossec-sum sha256".into(),
            coverage: "1 of 1 day verified".into(),
            verdict,
            findings: Vec::new(),
        }
    }

    #[test]
    fn a_chain_keeps_its_own_verdicts_beside_what_is_said_of_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        std::fs::write(&path, "x\n").unwrap();
        let files = [ChainFile {
            rank: 3,
            file: GenFile::at(&path).unwrap(),
            format: Registry::builtin().detect(b"x\n").format,
            closed: true,
        }];
        let chained = || ChainReport {
            scheme: Some("own-sorted".into()),
            records: 8,
            verified: 7,
            coverage: "records 1-7 verified".into(),
            verdicts: Verdicts::sealed([(3, 0..70, Verdict::Verified)]),
            ..ChainReport::default()
        };
        let said = |verdict| ByPath::from([(files[0].file.path.clone(), vouched(verdict))]);
        let both = add(chained(), &files, &said(Verdict::Verified));
        assert_eq!(
            both.scheme.as_deref(),
            Some("own-sorted + ossec-sum sha256")
        );
        assert_eq!((both.records, both.verified), (8, 7));
        assert_eq!(both.coverage, "records 1-7 verified; 1 of 1 day verified");
        assert_eq!(both.verdicts.at(3, 69), Verdict::Verified);
        assert_eq!(both.verdicts.at(3, 70), Verdict::Unchained);
        let broken = Verdict::Broken(BreakKind::ContentModified);
        assert_eq!(
            add(chained(), &files, &said(broken)).verdicts.at(3, 70),
            broken
        );
        // Of a log without a chain it is all there is to say.
        let alone = add(ChainReport::default(), &files, &said(Verdict::Verified));
        assert_eq!((alone.records, alone.verified), (1, 1));
        assert_eq!(alone.verdicts.at(3, 70), Verdict::Verified);
        assert_eq!(add(chained(), &files, &ByPath::new()), chained());
    }
}
