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

pub(super) fn told(
    d: &Difference,
    offset: u64,
    sealed: &Sealed,
    rank: i32,
    file: &GenFile,
) -> Finding {
    let name = file.path.file_name().unwrap_or_default();
    let name = name.to_string_lossy();
    let when = moment(&sealed.checkpoint);
    let (s, was) = if d.count == 1 {
        ("", "was")
    } else {
        ("s", "were")
    };
    let lines = match d.count {
        1 => format!("line {}", d.sealed_line),
        n => format!("lines {} to {}", d.sealed_line, d.sealed_line + n - 1),
    };
    let (kind, what) = match d.change {
        Change::Modified => (BreakKind::ContentModified, format!("{lines} {was} changed")),
        Change::Deleted => (
            BreakKind::Deleted,
            format!("{} line{s}, sealed as {lines}, {was} taken out", d.count),
        ),
        Change::Inserted => (
            BreakKind::Inserted,
            format!("{} line{s} {was} slipped in", d.count),
        ),
        Change::Duplicated => (
            BreakKind::Duplicated,
            format!(
                "{} line{s} that stand{} elsewhere {was} slipped in",
                d.count,
                if d.count == 1 { "s" } else { "" }
            ),
        ),
        Change::Moved => (
            BreakKind::Reordered,
            format!("{} line{s} {was} moved here", d.count),
        ),
        Change::Cut => (
            BreakKind::TailTruncated,
            format!("the last {} line{s} {was} cut off", d.count),
        ),
        Change::Rewritten => (
            BreakKind::RewrittenSinceSeal,
            format!(
                "{} of {} lines are not as they were sealed: it was written anew",
                d.count, sealed.checkpoint.size
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
        explanation: format!("{what} since {name} was last sealed, {when}"),
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
