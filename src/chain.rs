//! Hash chains: recipes found by trying, verification, verdicts, findings, coverage; CloudTrail's digests; OSSEC's sums; sealed
//! journals; bare numbers.

mod ahead;
mod algorithm;
mod canonical;
mod check;
mod classify;
pub mod cloudtrail;
mod detect;
mod digest;
mod explain;
mod history;
mod inquiry;
pub mod journal;
pub mod ossec;
mod recipe;
mod reorder;
mod report;
mod rule;
mod scheme;
mod search;
mod sequence;
mod sidecar;
mod signature;
mod silence;
mod stages;
mod strand;
mod template;
mod unseen;
mod verdicts;
mod verify;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::event::{BreakKind, Level, Timestamp};

pub use ahead::{Examined, Examiner};
pub use inquiry::{Example, Inquiry, inquire};
pub use rule::{ChainRule, Few, Hints, KeyRule};
pub use sequence::{Numbering, Sequence, Serial};
pub use sidecar::{Head, LineHasher, LineId, Listing, Sidecar};
pub use stages::Stages;
pub use verdicts::Verdicts;
pub use verify::Verifier;

/// One record handed to the verifier, in file order.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Rank of the generation (file of a rotated set) it stands in; never decreases.
    pub generation: i32,
    /// Decompressed byte offset in its generation.
    pub offset: u64,
    /// 1-based line in its generation.
    pub line: u64,
    /// The line's bytes without LF (CR kept).
    pub bytes: &'a [u8],
    /// The line had no LF (only the last of a file).
    pub torn: bool,
}

/// One thing found wrong with a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub kind: BreakKind,
    pub level: Level,
    pub generation: i32,
    /// The record itself, or the first one after a gap; 1-based. 0 = it is about the log as a whole.
    pub line: u64,
    /// Last line of a range (`reordered`, `inserted`); equals `line` for one record.
    pub line_end: u64,
    pub offset: u64,
    /// Records concerned (missing, inserted, displaced), if known.
    pub count: Option<u64>,
    pub ts: Option<Timestamp>,
    /// Hash that should stand here, and the one that does.
    pub expected: Option<String>,
    pub found: Option<String>,
    /// Plain words for a person: what happened, between which records, usual causes.
    pub explanation: String,
}

impl Finding {
    /// Its first and last line; `None` if it is about the log as a whole.
    pub fn lines(&self) -> Option<(u64, u64)> {
        (self.line > 0).then_some((self.line, self.line_end.max(self.line)))
    }
}

/// The state of one source's chain: verdicts, findings, coverage. A snapshot; the next one may revise it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChainReport {
    pub source: Arc<str>,
    /// Recipe found (`own-sorted sha256 prev_hash/hash`), or `None` = no chain.
    pub scheme: Option<String>,
    /// The scheme is mere counting: it shows what is missing and protects nothing.
    pub numbered: bool,
    /// Records looked at.
    pub records: u64,
    /// Records that hold.
    pub verified: u64,
    pub findings: Vec<Finding>,
    /// In words: "records 1-8,412 verified; last 37 not looked at".
    pub coverage: String,
    pub verdicts: Verdicts,
    pub copied: Copied,
}

/// Whether checkpoints over a source were copied to where those who can change it cannot change them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Copied {
    /// There are none.
    #[default]
    Unsealed,
    Never,
    /// When the newest that was copied was signed.
    At(Timestamp),
}

impl ChainReport {
    /// Something stands for the contents of its records: hashes, signatures, seals.
    pub fn is_chained(&self) -> bool {
        self.scheme.is_some() && !self.numbered
    }

    /// The report of a source that holds no chain.
    pub fn unchained(source: Arc<str>) -> Self {
        Self {
            source,
            coverage: "no chain found".into(),
            ..Self::default()
        }
    }

    /// The coverage, with how far the checkpoints left this host.
    pub fn covered(&self) -> String {
        let coverage = &self.coverage;
        match self.copied {
            Copied::Unsealed => coverage.clone(),
            Copied::Never => format!("{coverage}; no checkpoint left this host"),
            Copied::At(newest) => format!(
                "{coverage}; checkpoints copied elsewhere up to {}",
                newest.to_the_second()
            ),
        }
    }

    /// How many findings there are of a level.
    pub fn count(&self, level: Level) -> u64 {
        self.findings.iter().filter(|f| f.level == level).count() as u64
    }

    /// Alarms, then warnings, then notes; those of a level as they stand in the log.
    pub fn worst_first(&self) -> impl Iterator<Item = &Finding> {
        let levels = [Level::Alarm, Level::Warning, Level::Note];
        let of = |level| self.findings.iter().filter(move |f| f.level == level);
        levels.into_iter().flat_map(of)
    }
}
