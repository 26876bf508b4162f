//! What is found, in words.

use crate::chain::Finding;
use crate::event::{BreakKind, Timestamp};
use crate::seal::{Change, Checkpoint, Difference, LedgerError, Sealed};
use crate::source::GenFile;

/// When a checkpoint was signed, to the second.
pub(super) fn moment(checkpoint: &Checkpoint) -> String {
    time(checkpoint.sealed)
}

pub(super) fn time(at: Timestamp) -> String {
    at.to_the_second()
}

/// A finding about a log as a whole, on no line of it.
pub(in crate::ingest) fn about_all(kind: BreakKind, explanation: String) -> Finding {
    Finding {
        kind,
        level: kind.level(),
        generation: 0,
        line: 0,
        line_end: 0,
        offset: 0,
        count: None,
        ts: None,
        expected: None,
        found: None,
        explanation,
    }
}

pub(super) fn key_unknown() -> Finding {
    about_all(
        BreakKind::KeyUnknown,
        "it was sealed, but the key is not here: name it with --key".into(),
    )
}

pub(super) fn signature_bad(error: &LedgerError) -> Finding {
    about_all(
        BreakKind::SignatureBad,
        format!("the seals themselves are not as they were written: {error}"),
    )
}

/// The list of sealed lines is bad; `holds` = all of them are as they were signed, by their root.
pub(super) fn leaves_bad(error: &LedgerError, at: &Checkpoint, holds: bool) -> Finding {
    let lines = match holds {
        true => format!(
            "the {} lines that were sealed are still as they were signed",
            at.size
        ),
        false => format!(
            "the {} lines that were sealed are not as they were signed either, and without the list it cannot be told which",
            at.size
        ),
    };
    about_all(
        BreakKind::SignatureBad,
        format!("the seals themselves are not as they were written: {error}; {lines}"),
    )
}

pub(super) fn missing(sealed: &Sealed) -> Finding {
    about_all(
        BreakKind::FileMissing,
        format!(
            "a file of {} lines that was last sealed as {} at {} is not here any more: rotated away, or removed",
            sealed.checkpoint.size,
            sealed.file,
            moment(&sealed.checkpoint)
        ),
    )
}

/// How lines were noted that are compared with those of now.
pub(in crate::ingest) struct Was {
    /// `sealed`, `listed`
    pub(in crate::ingest) how: &'static str,
    /// Lines.
    pub(in crate::ingest) size: u64,
    /// ` since audit.log was last sealed, …`, after what is told.
    pub(in crate::ingest) since: String,
}

impl Was {
    pub(super) fn sealed(sealed: &Sealed, file: &GenFile) -> Self {
        let name = file.path.file_name().unwrap_or_default();
        let when = moment(&sealed.checkpoint);
        Self {
            how: "sealed",
            size: sealed.checkpoint.size,
            since: format!(" since {} was last sealed, {when}", name.to_string_lossy()),
        }
    }
}

pub(in crate::ingest) fn told(d: &Difference, offset: u64, was: &Was, rank: i32) -> Finding {
    let how = was.how;
    let (s, were) = if d.count == 1 {
        ("", "was")
    } else {
        ("s", "were")
    };
    let lines = match d.count {
        1 => format!("line {}", d.sealed_line),
        n => format!("lines {} to {}", d.sealed_line, d.sealed_line + n - 1),
    };
    let (kind, what) = match d.change {
        Change::Modified => (
            BreakKind::ContentModified,
            format!("{lines} {were} changed"),
        ),
        Change::Deleted => (
            BreakKind::Deleted,
            format!("{} line{s}, {how} as {lines}, {were} taken out", d.count),
        ),
        Change::Inserted => (
            BreakKind::Inserted,
            format!("{} line{s} {were} slipped in", d.count),
        ),
        Change::Duplicated => (
            BreakKind::Duplicated,
            format!(
                "{} line{s} that stand{} elsewhere {were} slipped in",
                d.count,
                if d.count == 1 { "s" } else { "" }
            ),
        ),
        Change::Moved => (
            BreakKind::Reordered,
            format!("{} line{s} {were} moved here", d.count),
        ),
        Change::Cut => (
            BreakKind::TailTruncated,
            format!("the last {} line{s} {were} cut off", d.count),
        ),
        Change::Rewritten => (
            BreakKind::RewrittenSinceSeal,
            format!(
                "{} of {} lines are not as they were {how}: it was written anew",
                d.count, was.size
            ),
        ),
    };
    Finding {
        kind,
        level: kind.level(),
        generation: rank,
        line: d.line,
        line_end: d.line_end,
        offset,
        count: Some(d.count),
        ts: None,
        expected: None,
        found: None,
        explanation: format!("{what}{}", was.since),
    }
}

/// What was copied elsewhere does not fit; `why` = what became of the seals here.
pub(super) fn contradicted(copy: &Checkpoint, from: &str, why: &str) -> Finding {
    about_all(
        BreakKind::RewrittenSinceSeal,
        format!(
            "a checkpoint in {from} says that {} lines were sealed at {}: {why}",
            copy.size,
            moment(copy)
        ),
    )
}
