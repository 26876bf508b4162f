//! Which file is the log file that a digest names, and is it still the same?

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use super::{Found, Hashed, hashed, report};
use crate::chain::Finding;
use crate::chain::cloudtrail::{
    Digest, DigestFile, Hash, Hole, LogFile, LogName, Standing, Walked, added_bytes, altered_log,
    missing_logs, moved, stem, unnamed,
};
use crate::event::Timestamp;
use crate::ingest::IngestError;
use crate::ingest::verify::VerifyFile;
use crate::source::ReadEnd;

/// How far the time in a log file's name may be from the hour of its digest, in nanoseconds: a quarter of an hour.
const MARGIN: i64 = 15 * 60 * 1_000_000_000;

/// A log file that digests name.
struct Named<'a> {
    log: &'a LogFile,
    /// The digest that is to be relied upon most among those that name it.
    by: usize,
    /// A file of this name is here.
    is_here: bool,
    /// A file here is as the digest says.
    holds: bool,
    /// One that is lies at its place.
    at_home: bool,
}

/// The digests of one account and region.
struct Span<'a> {
    start: Timestamp,
    end: Timestamp,
    oldest: &'a Digest,
    newest: &'a Digest,
}

pub(super) struct Logs<'a> {
    digests: Vec<(Option<&'a Digest>, &'a Standing)>,
    named: Vec<Named<'a>>,
    by_object: HashMap<(&'a str, &'a str), usize>,
    by_stem: HashMap<&'a str, Vec<usize>>,
    spans: HashMap<(&'a str, &'a str), Span<'a>>,
    /// Files that are named, by index, with the index of what names them.
    looked_at: Vec<(usize, usize, Result<Hashed, IngestError>)>,
    /// Files that no digest names, though their names are those of log files.
    unnamed: Vec<(usize, LogName)>,
}

fn trust(standing: &Standing) -> u8 {
    match standing {
        Standing::Signed(_) => 2,
        Standing::Unsigned(_) => 1,
        Standing::Broken => 0,
    }
}

impl<'a> Logs<'a> {
    pub(super) fn new(files: &'a [DigestFile], walked: &'a Walked) -> Self {
        let digests = files.iter().zip(&walked.files);
        let digests = digests.map(|(f, c)| (f.digest.as_ref().ok(), &c.standing));
        let mut logs = Self {
            digests: digests.collect(),
            named: Vec::new(),
            by_object: HashMap::new(),
            by_stem: HashMap::new(),
            spans: HashMap::new(),
            looked_at: Vec::new(),
            unnamed: Vec::new(),
        };
        for n in 0..files.len() {
            if let (Some(digest), standing) = logs.digests[n] {
                logs.name(n, digest, standing);
                logs.span(digest);
            }
        }
        logs
    }

    fn name(&mut self, by: usize, digest: &'a Digest, standing: &Standing) {
        for log in &digest.logs {
            let next = self.named.len();
            let at = *self
                .by_object
                .entry((&log.bucket, &log.object))
                .or_insert(next);
            if at == next {
                self.by_stem.entry(stem(&log.object)).or_default().push(at);
                self.named.push(Named {
                    log,
                    by,
                    is_here: false,
                    holds: false,
                    at_home: false,
                });
            } else if trust(standing) > trust(self.digests[self.named[at].by].1) {
                (self.named[at].log, self.named[at].by) = (log, by);
            }
        }
    }

    fn span(&mut self, digest: &'a Digest) {
        let key = (&*digest.account, digest.region());
        let span = self.spans.entry(key).or_insert(Span {
            start: digest.start,
            end: digest.end,
            oldest: digest,
            newest: digest,
        });
        if digest.start < span.start {
            (span.start, span.oldest) = (digest.start, digest);
        }
        if digest.end > span.end {
            (span.end, span.newest) = (digest.end, digest);
        }
    }

    /// Hashes what digests name; where something is missing, what else looks like a log file as well: it may be under
    /// another name.
    pub(super) fn look(&mut self, all: &[Found], taken: &HashSet<PathBuf>) {
        let mut others = Vec::new();
        for (i, found) in all.iter().enumerate() {
            if taken.contains(&found.file.path) {
                continue;
            }
            let candidates = self.by_stem.get(stem(&found.place.path)).cloned();
            match candidates {
                Some(candidates) => {
                    let read = hashed(&found.file, |_| {});
                    self.found(i, found, &candidates, read);
                }
                None => others.push(i),
            }
        }
        let mut missing: HashMap<Hash, usize> = HashMap::new();
        for (n, named) in self.named.iter().enumerate() {
            // A digest that was changed may name what never was.
            if !named.is_here && *self.digests[named.by].1 != Standing::Broken {
                missing.insert(named.log.hash, n);
            }
        }
        for i in others {
            let found = &all[i];
            if !missing.is_empty()
                && found.is_log
                && let Ok(read) = hashed(&found.file, |_| {})
                && let Some(n) = missing.get(&read.hash)
            {
                self.found(i, found, &[*n], Ok(read));
                continue;
            }
            let path = &found.place.path;
            let name = path.rsplit('/').next().and_then(LogName::parse);
            if let Some(name) = name.filter(|n| self.spans.contains_key(&(&*n.account, &*n.region)))
            {
                self.unnamed.push((i, name));
            }
        }
    }

    fn found(
        &mut self,
        i: usize,
        found: &Found,
        candidates: &[usize],
        read: Result<Hashed, IngestError>,
    ) {
        let hash = read.as_ref().ok().map(|read| read.hash);
        let likeness = |n: &&usize| {
            let log = self.named[**n].log;
            (Some(log.hash) == hash, found.place.shared(&log.object))
        };
        let Some(n) = candidates.iter().max_by_key(likeness).copied() else {
            return;
        };
        let named = &mut self.named[n];
        named.is_here = true;
        if Some(named.log.hash) == hash {
            named.holds = true;
            named.at_home |= found.place.fits(&named.log.object);
        }
        self.looked_at.push((i, n, read));
    }

    fn of_digest(&self, n: usize) -> impl Iterator<Item = (&'a LogFile, &Named<'a>)> {
        let logs = self.digests[n].0.into_iter().flat_map(|d| &d.logs);
        logs.map(|log| {
            let at = self.by_object[&(&*log.bucket, &*log.object)];
            (log, &self.named[at])
        })
    }

    /// How many log files are as a digest says.
    pub(super) fn held(&self, n: usize) -> usize {
        let holds =
            |(log, named): &(&LogFile, &Named<'_>)| named.holds && named.log.hash == log.hash;
        self.of_digest(n).filter(holds).count()
    }

    /// What is missing of what a digest names.
    pub(super) fn missing(&self, n: usize) -> Vec<Finding> {
        let Some(digest) = self.digests[n].0 else {
            return Vec::new();
        };
        let missing = self
            .of_digest(n)
            .filter(|(_, named)| !named.is_here && named.by == n);
        let missing: Vec<&LogFile> = missing.map(|(log, _)| log).collect();
        missing_logs(digest, &missing)
    }

    /// What is said of each log file.
    pub(super) fn reports(
        self,
        all: &[Found],
        holes: &[Hole],
    ) -> impl Iterator<Item = (usize, VerifyFile)> {
        let named = self.looked_at.iter().map(|(i, n, read)| {
            let file = match read {
                Ok(read) => self.of_named(&all[*i], &self.named[*n], read),
                Err(error) => report::failed(&all[*i], error),
            };
            (*i, file)
        });
        let unnamed = self.unnamed.iter();
        let unnamed = unnamed.map(|(i, name)| (*i, self.of_unnamed(&all[*i], name, holes)));
        named.chain(unnamed).collect::<Vec<_>>().into_iter()
    }

    fn of_named(&self, found: &Found, named: &Named<'_>, read: &Hashed) -> VerifyFile {
        let (Some(digest), standing) = self.digests[named.by] else {
            return report::file(found, false, String::new(), Vec::new());
        };
        let (name, mut findings) = (digest.name(), Vec::new());
        let (holds, same) = (*standing != Standing::Broken, read.hash == named.log.hash);
        if let (ReadEnd::TrailingGarbage { bytes }, true) = (&read.end, same) {
            findings.push(added_bytes(*bytes, digest.end, &read.hash));
        }
        if holds && same && !named.at_home {
            let log = named.log;
            findings.push(moved(&log.bucket, &log.object, &read.hash));
        }
        let coverage = match (same, standing) {
            (true, Standing::Signed(_)) => format!("vouched for by the signed digest {name}"),
            (true, Standing::Unsigned(_)) => {
                format!("vouched for by the digest {name}, whose signature was not checked")
            }
            (true, Standing::Broken) => {
                format!("named only by the digest {name}, which is not as CloudTrail wrote it")
            }
            (false, Standing::Broken) => format!(
                "not what the digest {name} says, which is itself not as CloudTrail wrote it: nothing else vouches for this file"
            ),
            (false, _) => {
                let cut = matches!(read.end, ReadEnd::Truncated(_));
                let trouble = read.end.trouble();
                findings.push(altered_log(
                    named.log,
                    &read.hash,
                    digest,
                    trouble.as_deref(),
                    cut,
                ));
                format!("not what the digest {name} says")
            }
        };
        report::file(found, holds && same, coverage, findings)
    }

    fn of_unnamed(&self, found: &Found, name: &LogName, holes: &[Hole]) -> VerifyFile {
        let span = &self.spans[&(&*name.account, &*name.region)];
        let in_hole = |hole: &&Hole| {
            let of_this = hole.account == name.account && hole.region == name.region;
            let (from, until) = (
                hole.from.saturating_add(-MARGIN),
                hole.until.saturating_add(MARGIN),
            );
            of_this && (from..until).contains(&name.time)
        };
        let mut findings = Vec::new();
        let coverage = if name.time >= span.end.saturating_add(-MARGIN) {
            let newest = span.newest.name();
            format!("not vouched for: newer than the newest digest here, {newest}")
        } else if name.time < span.start.saturating_add(MARGIN) {
            let oldest = span.oldest.name();
            format!("not vouched for: older than the oldest digest here, {oldest}")
        } else if let Some(hole) = holes.iter().find(in_hole) {
            format!(
                "not vouched for: its digest is missing or spoilt, {}",
                hole.object
            )
        } else {
            let path = &found.place.path;
            let file = path.rsplit('/').next().unwrap_or(path);
            findings.push(unnamed(file, name.time));
            "not vouched for: no digest names it".into()
        };
        report::file(found, false, coverage, findings)
    }
}
