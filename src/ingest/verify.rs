//! Checking chains without an index: walks every source once, from its first byte to its last.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::IngestError;
use super::digests::{self, DigestKeys};
use super::identify::identify;
use super::journals::{self, Journals};
use super::sealed::{self, Said, Seals, about_all, examine};
use super::walk::{ChainFile, chain_walk, hints_for, number_walk, with_expected};
use super::{sidecars, sums};
use crate::chain::{ChainReport, ChainRule, Finding};
use crate::event::BreakKind;
use crate::format::Registry;
use crate::source::{Discovery, GenFile, LogSet, discover};
use crate::text;

/// What the check of one source gave.
#[derive(Clone)]
pub struct VerifyFile {
    /// Path of the set, as found.
    pub path: String,
    pub report: Arc<ChainReport>,
    /// Why it could not be read, or not to its end, with the way out.
    pub error: Option<String>,
    /// There is nothing in it, so there was nothing to check.
    pub is_empty: bool,
    /// What was examined; a finding's generation is a place in it.
    pub files: Vec<GenFile>,
}

impl VerifyFile {
    /// What could not be read, with the reason and the way out.
    pub(super) fn unread(path: String, error: String, files: Vec<GenFile>) -> Self {
        let source = path.as_str().into();
        Self {
            path,
            report: Arc::new(ChainReport {
                source,
                ..ChainReport::default()
            }),
            error: Some(error),
            is_empty: false,
            files,
        }
    }

    /// A file with nothing in it.
    fn empty(path: String) -> Self {
        let source = path.as_str().into();
        Self {
            path,
            report: Arc::new(ChainReport {
                source,
                coverage: "it is empty, skipped".into(),
                ..ChainReport::default()
            }),
            error: None,
            is_empty: true,
            files: Vec::new(),
        }
    }
}

/// Checks everything that `paths` lead to: what CloudTrail's digests and OSSEC's `.sum` files speak of against them,
/// journals by journalctl, all else by its chains and seals.
/// What can't be read is listed with the reason.
pub fn verify(
    paths: &[PathBuf],
    registry: &Registry,
    rules: &[ChainRule],
    seals: Option<&Seals>,
    keys: &DigestKeys,
    journals: &Journals,
) -> Vec<VerifyFile> {
    let mut discovery = discover(paths);
    let mut files = digests::take(&mut discovery, keys);
    files.extend(sums::take(&mut discovery));
    files.extend(journals::take(&mut discovery, journals));
    add_sidecars(&mut discovery, rules);
    for set in discovery.roots.iter().flat_map(|r| &r.sets) {
        let source: Arc<str> = text::path(&set.name).into();
        let (report, mut error) = match check(set, &source, registry, rules) {
            Ok(checked) => checked,
            Err(error) => (
                ChainReport {
                    source: source.clone(),
                    ..ChainReport::default()
                },
                Some(error.to_string()),
            ),
        };
        // What one of them says holds also where another cannot be read.
        let ranks: Vec<i32> = (0..).take(set.generations.len()).collect();
        let by_seals = seals.map_or(Ok(None), |seals| examine(set, &ranks, seals));
        let by_seals = by_seals.map(|said| said.into_iter().collect());
        let mut said = Vec::new();
        for asked in [sidecars::examine(set, &ranks, rules), by_seals] {
            match asked {
                Ok(more) => said.extend(more),
                Err(why) => error = error.or(Some(why.to_string())),
            }
        }
        let report = Said::add_all(said, report);
        let path = set
            .generations
            .first()
            .filter(|_| set.generations.len() == 1)
            .map_or_else(
                || source.to_string(),
                |only| text::path(&only.path).into_owned(),
            );
        files.push(VerifyFile {
            path,
            report: Arc::new(report),
            error,
            is_empty: false,
            files: set.generations.clone(),
        });
    }
    files.extend(lost_logs(&discovery, rules));
    let sets = discovery.roots.iter().flat_map(|r| &r.sets);
    let found: HashSet<&Path> = sets.map(|set| set.name.as_path()).collect();
    let lost = seals.map_or_else(Vec::new, |seals| sealed::lost(paths, &found, seals));
    let lost_paths: HashSet<String> = lost.iter().map(|file| file.path.clone()).collect();
    files.extend(lost);
    for skipped in discovery.skipped {
        use crate::source::SkipReason::{Empty, Hidden, SameFile};
        let path = text::path(&skipped.path).into_owned();
        match skipped.why {
            Empty if lost_paths.contains(&path) => {}
            Empty if is_told(&files, &path) => {}
            // What is left of its log tells of it.
            Empty if found.contains(LogSet::name_of(&skipped.path).as_path()) => {
                files.push(VerifyFile::empty(path));
            }
            Empty => files.push(emptied(&skipped.path, rules)),
            SameFile | Hidden => {}
            _ => files.push(VerifyFile::unread(path, skipped.detail, Vec::new())),
        }
    }
    files.extend(seals.and_then(sealed::wrong_copies));
    files
}

/// Paths with the sidecars of the logs that they lead to, where those are not among them already.
pub fn with_sidecars(paths: &[PathBuf], rules: &[ChainRule]) -> Vec<PathBuf> {
    let mut discovery = discover(paths);
    let named = discovery.roots.len();
    add_sidecars(&mut discovery, rules);
    let more = discovery
        .roots
        .iter()
        .skip(named)
        .flat_map(|root| &root.sets);
    let more = more.flat_map(|set| &set.generations).map(|file| &file.path);
    paths.iter().chain(more).cloned().collect()
}

/// The sidecars of logs are checked with them, also where only the log was named.
fn add_sidecars(discovery: &mut Discovery, rules: &[ChainRule]) {
    let sets = || discovery.roots.iter().flat_map(|root| &root.sets);
    let files = sets().flat_map(|set| &set.generations);
    let skipped = discovery.skipped.iter().map(|skipped| &skipped.path);
    let known: HashSet<&PathBuf> = files.map(|file| &file.path).chain(skipped).collect();
    let around: Vec<_> = sets().map(|set| sidecars::around(set, rules)).collect();
    let files = around.iter().flat_map(|around| around.files());
    let files = files.map(|file| file.path.clone());
    let more: Vec<PathBuf> = files.filter(|path| !known.contains(path)).collect();
    discovery.roots.extend(discover(&more).roots);
}

/// Logs that are not there, though there is a sidecar that lists their lines.
fn lost_logs(discovery: &Discovery, rules: &[ChainRule]) -> Vec<VerifyFile> {
    let sets = || discovery.roots.iter().flat_map(|root| &root.sets);
    let names: HashSet<&Path> = sets().map(|set| set.name.as_path()).collect();
    let lost = sets().filter_map(|set| {
        let sidecar = text::path(&set.name);
        match sidecars::lost_log(set, rules, |log| names.contains(log)) {
            Ok(log) => {
                let what = format!(
                    "{sidecar} lists its lines, and it is not here: removed, or moved elsewhere"
                );
                Some(of_nothing(&log?, about_all(BreakKind::FileMissing, what)))
            }
            Err(error) => Some(VerifyFile::unread(
                sidecar.into_owned(),
                error.to_string(),
                Vec::new(),
            )),
        }
    });
    lost.collect()
}

/// A log with nothing in it, and that a sidecar lists what it held.
fn emptied(log: &Path, rules: &[ChainRule]) -> VerifyFile {
    let path = text::path(log).into_owned();
    match sidecars::emptied(log, rules) {
        Ok(Some(finding)) => of_nothing(log, finding),
        Ok(None) => VerifyFile::empty(path),
        Err(error) => VerifyFile::unread(path, error.to_string(), Vec::new()),
    }
}

/// What sidecars list of logs of which nothing is there, so that nothing is to be watched.
pub fn lost(paths: &[PathBuf], rules: &[ChainRule]) -> Vec<VerifyFile> {
    let mut discovery = discover(paths);
    add_sidecars(&mut discovery, rules);
    let sets = discovery.roots.iter().flat_map(|r| &r.sets);
    let found: HashSet<PathBuf> = sets.map(|set| set.name.clone()).collect();
    let skipped = discovery.skipped.iter();
    let empty = skipped.filter(|skipped| skipped.why == crate::source::SkipReason::Empty);
    let empty = empty.filter(|skipped| !found.contains(&LogSet::name_of(&skipped.path)));
    let empty = empty.map(|skipped| emptied(&skipped.path, rules));
    let told = empty.filter(|file| !file.report.findings.is_empty());
    lost_logs(&discovery, rules)
        .into_iter()
        .chain(told)
        .collect()
}

/// Whether something was found of a log.
fn is_told(files: &[VerifyFile], path: &str) -> bool {
    let mut of_log = files.iter().filter(|file| file.path == path);
    of_log.any(|file| !file.report.findings.is_empty())
}

/// A log of which there is nothing, and what is to be said of that.
fn of_nothing(log: &Path, finding: Finding) -> VerifyFile {
    let path = text::path(log).into_owned();
    VerifyFile {
        report: Arc::new(ChainReport {
            source: path.as_str().into(),
            scheme: Some("sidecar".into()),
            coverage: "there is nothing of it".into(),
            findings: vec![finding],
            ..ChainReport::default()
        }),
        path,
        error: None,
        is_empty: false,
        files: Vec::new(),
    }
}

/// The report of a log, and what of it could not be read to its end.
fn check(
    set: &LogSet,
    source: &Arc<str>,
    registry: &Registry,
    rules: &[ChainRule],
) -> Result<(ChainReport, Option<String>), IngestError> {
    let mut files = Vec::new();
    for (rank, file) in set.generations.iter().enumerate() {
        let Some(identity) = identify(file, registry, true, None)? else {
            continue;
        };
        files.push(ChainFile {
            rank: rank as i32,
            file: file.clone(),
            format: identity.format,
            closed: true,
        });
    }
    let Some(oldest) = files.first() else {
        return Ok((ChainReport::unchained(source.clone()), None));
    };
    let hints = || hints_for(&set.name, rules);
    let mut report = ChainReport::unchained(source.clone());
    let mut unread = None;
    let walks = [
        chain_walk(source, &files, hints),
        number_walk(source, oldest)?,
    ];
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    for walk in walks.into_iter().flatten() {
        let mut walk = walk.on_threads(threads);
        if !report.is_chained() {
            walk.advance(&files, &mut |_| true)?;
            unread = walk.unread();
            report = walk.finish().unwrap_or(report);
        }
    }
    Ok((with_expected(report, &set.name, rules), unread))
}
