//! What stands outside of a log for its lines, seals or a sidecar, beside what the chain of the log says.

use std::ops::Range;

use super::{Found, words};
use crate::chain::{ChainReport, Copied, Finding, Verdicts};
use crate::event::{BreakKind, Level, Timestamp, Verdict};
use crate::seal::Checkpoint;
use crate::text::count::counted;

/// Whose word it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::ingest) enum By {
    #[default]
    Seals,
    Sidecar {
        /// The sidecar's.
        name: String,
        /// What it lists.
        lists: String,
    },
}

/// What the seals, or a sidecar, say of a log.
#[derive(Clone, Debug, Default)]
pub(in crate::ingest) struct Said {
    pub(in crate::ingest) by: By,
    /// What is wrong, with its lines.
    pub(in crate::ingest) places: Vec<Found>,
    /// What is wrong with the log as a whole.
    pub(in crate::ingest) about_all: Vec<Finding>,
    /// Nothing could be compared.
    pub(in crate::ingest) is_unchecked: bool,
    /// Lines there are.
    pub(in crate::ingest) lines: u64,
    /// Lines that are as they were sealed, or listed.
    pub(in crate::ingest) held: u64,
    pub(in crate::ingest) sealed: u64,
    /// When the newest checkpoint was signed that was compared.
    pub(in crate::ingest) newest: Option<Timestamp>,
    /// Offsets, by rank, of what was sealed.
    pub(in crate::ingest) covered: Vec<(i32, Range<u64>)>,
    /// Sealed files that rotation dropped.
    pub(in crate::ingest) dropped: u64,
    /// What else is to be said.
    pub(in crate::ingest) also: Vec<String>,
    pub(in crate::ingest) copied: Copied,
    /// Lines that are listed and not there yet: a writer is at work.
    pub(in crate::ingest) ahead: u64,
    /// Lines from before a sidecar begins.
    pub(in crate::ingest) older: u64,
}

impl Said {
    pub(in crate::ingest) fn unchecked(finding: Finding, copied: Copied) -> Self {
        Self {
            about_all: vec![finding],
            is_unchecked: true,
            copied,
            ..Self::default()
        }
    }

    /// The name of the sidecar whose word it is, as far as that could be checked.
    pub(in crate::ingest) fn sidecar(&self) -> Option<&str> {
        match &self.by {
            By::Sidecar { name, .. } if !self.is_unchecked => Some(name),
            _ => None,
        }
    }

    /// The report of a log with all of these added to it: what says what holds before what could not be checked, which would
    /// stand in its place.
    pub(in crate::ingest) fn add_all(mut all: Vec<Self>, report: ChainReport) -> ChainReport {
        all.sort_by_key(|said| said.is_unchecked);
        all.iter().fold(report, |report, said| said.add_to(report))
    }

    /// What two say of different files of one log.
    pub(in crate::ingest) fn and(mut self, other: Self) -> Self {
        self.places.extend(other.places);
        self.about_all.extend(other.about_all);
        self.covered.extend(other.covered);
        self.also.extend(other.also);
        self.lines += other.lines;
        self.held += other.held;
        self.sealed += other.sealed;
        self.ahead += other.ahead;
        self.older += other.older;
        if let (By::Sidecar { name, .. }, By::Sidecar { name: more, .. }) = (&mut self.by, other.by)
        {
            *name = format!("{name}, {more}");
        }
        self
    }

    /// Counts a sealed file: its lines, and those that are as they were.
    pub(super) fn seal(&mut self, size: u64, held: u64, checkpoint: &Checkpoint) {
        self.sealed += size;
        self.held += held;
        self.newest = self.newest.max(Some(checkpoint.sealed));
    }

    /// The report of a log with this added to it.
    fn add_to(&self, mut report: ChainReport) -> ChainReport {
        if self.by == By::Seals {
            report.copied = self.copied;
        }
        let is_chained = report.is_chained();
        let own = match &self.by {
            By::Seals => "seal ed25519".to_owned(),
            By::Sidecar { lists, .. } => format!("sidecar {lists}").trim_end().to_owned(),
        };
        if self.is_unchecked {
            if !is_chained {
                report.scheme = Some(own);
                report.numbered = false;
            }
            let what = match &self.by {
                By::Seals => "its seals were",
                By::Sidecar { .. } => "its sidecar was",
            };
            report.coverage = format!("{}; {what} not checked", report.coverage);
            report.findings.extend(self.about_all.iter().cloned());
            return report;
        }
        let said = self.coverage();
        let new: Vec<Found> = self
            .places
            .iter()
            .filter_map(|found| beside_chain(found, &report.findings, is_chained))
            .collect();
        let broken = new
            .iter()
            .filter(|found| found.finding.level == Level::Alarm)
            .map(|found| {
                let verdict = Verdict::Broken(found.finding.kind);
                (found.finding.generation, found.range.clone(), verdict)
            });
        match &report.scheme {
            Some(scheme) if is_chained => {
                report.scheme = Some(format!("{scheme} + {own}"));
                report.coverage = format!("{}; {said}", report.coverage);
                report.verdicts = std::mem::take(&mut report.verdicts).with(broken);
            }
            _ => {
                // What numbers show beside that is in the findings.
                report.numbered = false;
                report.scheme = Some(own);
                report.records = self.lines;
                report.verified = self.held;
                report.coverage = said;
                let covered = self.covered.iter().cloned();
                let covered = covered.map(|(rank, range)| (rank, range, Verdict::Verified));
                let odd = report.findings.iter().filter(|f| f.line > 0);
                let odd = odd.map(|f| {
                    let place = f.offset..f.offset + 1;
                    (f.generation, place, Verdict::Broken(f.kind))
                });
                report.verdicts = Verdicts::sealed(covered.chain(odd).chain(broken));
            }
        }
        report
            .findings
            .extend(new.into_iter().map(|found| found.finding));
        report.findings.extend(self.about_all.iter().cloned());
        report.findings.sort_by_key(|f| (f.generation, f.line));
        report
    }

    fn coverage(&self) -> String {
        let when = self
            .newest
            .map_or_else(|| "an unknown time".to_owned(), words::time);
        let (how, open_is) = match &self.by {
            By::Seals => (
                format!("as they were sealed, last at {when}"),
                "since are not sealed",
            ),
            By::Sidecar { name, .. } => (format!("as {name} has them"), "more not listed"),
        };
        let held = match self.held == self.sealed {
            true => self.sealed.to_string(),
            false => format!("{} of {}", self.held, self.sealed),
        };
        let are = if self.sealed == 1 {
            "line is"
        } else {
            "lines are"
        };
        let mut said = format!("{held} {are} {how}");
        let open = self
            .lines
            .saturating_sub(self.sealed + self.ahead + self.older);
        if open > 0 {
            said += &format!("; {open} {open_is}");
        }
        if self.ahead > 0 {
            let lines = counted(self.ahead, "listed line", "listed lines");
            said += &format!("; {lines} not there yet, the sidecar being written to just now");
        }
        match self.dropped {
            0 => {}
            1 => said += "; an older file that was sealed is not here any more",
            n => said += &format!("; {n} older files that were sealed are not here any more"),
        }
        for also in &self.also {
            said += "; ";
            said += also;
        }
        said
    }
}

/// What the seals found, beside what the chain of the log itself tells: nothing twice, and what the chain does not
/// see was hashed anew.
fn beside_chain(found: &Found, told: &[Finding], is_chained: bool) -> Option<Found> {
    let Found { finding, range } = found;
    let covers = |f: &Finding| {
        f.level == Level::Alarm
            && f.generation == finding.generation
            && f.line <= finding.line
            && finding.line_end <= f.line_end
    };
    if told.iter().any(covers) {
        return None;
    }
    let mut finding = finding.clone();
    if is_chained && finding.kind == BreakKind::ContentModified && finding.count > Some(1) {
        finding.kind = BreakKind::RewrittenSinceSeal;
        finding.explanation += "; the chain holds with what stands there now, so it was hashed anew by somebody who knows the recipe";
    }
    let range = range.clone();
    Some(Found { finding, range })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(line: u64, line_end: u64) -> Finding {
        let mut finding = words::about_all(BreakKind::ContentModified, String::new());
        (finding.line, finding.line_end) = (line, line_end);
        finding
    }

    #[test]
    fn what_a_chain_tells_only_in_part_is_told() {
        let kept = |told: (u64, u64)| {
            let found = Found {
                finding: finding(10, 20),
                range: 0..1,
            };
            beside_chain(&found, &[finding(told.0, told.1)], true).is_some()
        };
        assert!(kept((10, 10)));
        assert!(kept((15, 30)));
        assert!(kept((21, 30)));
        assert!(!kept((10, 20)));
        assert!(!kept((1, 30)));
    }
}
