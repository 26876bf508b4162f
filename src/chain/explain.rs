//! Findings in plain words: what happened, between which records, the usual causes. Only numbers, times and hashes
//! of the records are shown, never text of theirs, so that a record cannot speak through its finding.

use super::check::{Alteration, TimeText};
use super::classify::{Break, Family};
use super::strand::{Node, Place, Strands};
use crate::event::BreakKind;

/// `12,004`
pub(super) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 record`, `12 records`
pub(super) fn records(n: u64) -> String {
    format!("{} record{}", grouped(n), if n == 1 { "" } else { "s" })
}

fn time(text: &TimeText) -> Option<String> {
    let utc = text.read()?.to_utc();
    Some(utc.format("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// `record 812 (line 812, #811, 2026-01-02 10:02:11 UTC)`
fn node(n: &Node) -> String {
    let number = n.seq.map(|s| format!(", #{s}")).unwrap_or_default();
    let time = time(&n.time).map(|t| format!(", {t}")).unwrap_or_default();
    format!(
        "record {} (line {}{number}{time})",
        grouped(n.place.index + 1),
        grouped(n.place.line)
    )
}

fn place(p: &Place) -> String {
    format!("record {} (line {})", grouped(p.index + 1), grouped(p.line))
}

/// A record known only by its index.
fn indexed(strands: &Strands, index: u64) -> String {
    let number = grouped(index + 1);
    let line = strands.segment_of(index).and_then(|s| {
        let dense = s.last.line.checked_sub(s.first.line) == Some(s.last.index - s.first.index);
        let ends = [s.first, s.last]
            .iter()
            .find(|p| p.index == index)
            .map(|p| p.line);
        ends.or(dense.then(|| s.first.line + (index - s.first.index)))
    });
    match line {
        Some(line) => format!("record {number} (line {})", grouped(line)),
        None => format!("record {number}"),
    }
}

/// The record or range a break points to, as the subject of a sentence.
fn subject(b: &Break) -> String {
    if b.first.index != b.last.index {
        return format!(
            "Records {} to {} (lines {} to {})",
            grouped(b.first.index + 1),
            grouped(b.last.index + 1),
            grouped(b.first.line),
            grouped(b.last.line)
        );
    }
    let text = b.node.as_ref().map_or_else(|| place(&b.first), node);
    format!("R{}", text.strip_prefix('r').unwrap_or(&text))
}

/// `was`/`were` for the subject.
fn was(b: &Break) -> &'static str {
    if b.first.index == b.last.index {
        "was"
    } else {
        "were"
    }
}

/// The sentence or two for a finding.
pub(super) fn words(b: &Break, family: Family, strands: &Strands) -> String {
    let it = subject(b);
    let was = was(b);
    let before = b.before.as_ref().map(node);
    let here = b.node.as_ref().map_or_else(|| place(&b.first), node);
    let count = b.count.unwrap_or(1);
    let unknown = "the record before it".to_owned();
    match b.kind {
        BreakKind::ContentModified if b.node.is_none() => format!(
            "{it} cannot be read as part of the chain, and the chain has {} there: changed or cut after it was written. Usual causes: tampering, a write cut off by a crash or a full disk.",
            records(count)
        ),
        BreakKind::ContentModified => {
            let what = match (b.altered, family) {
                (Some(Alteration::Link), _) => {
                    "its link to the record before; the rest of it is as written"
                }
                (Some(Alteration::OwnHash), _) => {
                    "its stored hash; the record after it still links to what its content hashes to"
                }
                (_, Family::RawLine) => "the record after it links to another content",
                (_, Family::LinksOnly) => "its stored hash is missing or stands twice",
                (_, Family::Rolling) => {
                    "its hash does not follow from its content and the record before; that one may be what was changed, and hashed anew"
                }
                (_, Family::OwnHash) if b.first.index == b.last.index => {
                    "its content does not hash to its stored hash"
                }
                (_, Family::OwnHash) => "their contents do not hash to their stored hashes",
            };
            format!(
                "{it} {was} changed after being written (or written by another recipe): {what}. Usual causes: tampering, an editor or a script that re-wrote the line, masking of personal data after the fact."
            )
        }
        BreakKind::Rewritten => format!(
            "{it} was replaced and hashed anew: it is sound in itself, but the record after it links to the hash of what stood here before. Usual cause: tampering by somebody who knows the recipe."
        ),
        BreakKind::Deleted => format!(
            "{} missing between {} and {here}. Usual causes: removed lines, a log cut and continued, records lost before they reached the disk.",
            records(count),
            before.unwrap_or(unknown),
        ),
        BreakKind::Inserted => format!(
            "{it} {} not belong to the chain: nothing in it leads here, and it goes on past {} from {}. Usual causes: lines slipped in, two logs mixed into one file.",
            if count == 1 { "does" } else { "do" },
            if count == 1 { "it" } else { "them" },
            before.unwrap_or(unknown),
        ),
        BreakKind::Reordered => format!(
            "{it} stand in another order than they were written in{}; none is missing. Usual causes: lines moved or sorted, files joined in the wrong order.",
            b.count
                .map(|n| format!(" ({} displaced)", records(n)))
                .unwrap_or_default(),
        ),
        BreakKind::Duplicated => format!(
            "{it} {was} seen already: copied from {}. Usual causes: a line pasted or shipped twice, an attempt to repeat an event.",
            b.other
                .map_or_else(|| "another record".to_owned(), |i| indexed(strands, i)),
        ),
        BreakKind::LinkMismatch if family == Family::Rolling => format!(
            "The hash of {here} does not follow from {}: one of the two was changed, or records between them were removed. In a chain whose links are not logged, without numbers that count on, these cannot be told apart.",
            before.unwrap_or(unknown),
        ),
        BreakKind::LinkMismatch => format!(
            "{it} links to a record that is nowhere; before it stands {}. Records were removed here or the one before was replaced: without numbers that count on, these cannot be told apart.",
            before.unwrap_or(unknown),
        ),
        BreakKind::Fork => format!(
            "{it} and {} both continue the same record. Usual cause: two writers at once; or one of the two was slipped in.",
            b.other
                .map_or_else(|| "another".to_owned(), |i| indexed(strands, i)),
        ),
        BreakKind::Restart => format!(
            "A new chain starts at {here}; what is before it is not linked to it. Usual causes: the writer lost its state or was installed anew; or the link to the past was cut."
        ),
        BreakKind::HeadTruncated => format!(
            "The chain does not start here: {here} links to a record before it that is not in these files. Usual causes: rotated away, expired, or removed."
        ),
        BreakKind::RotationGap => {
            let missing = b
                .count
                .map(|n| format!("; {} missing", records(n)))
                .unwrap_or_default();
            format!(
                "This file does not continue the one before it, which ends with {}{missing}. Usual causes: a rotated file is missing, or lines were lost while rotating; or records were removed.",
                before.unwrap_or(unknown)
            )
        }
        BreakKind::Malformed => format!(
            "{it} {was} not readable as JSON; the chain holds around it. Usual causes: a write cut off by a crash, output of another program."
        ),
        BreakKind::Unlinked => format!(
            "{it} {} no chain fields in a source that is chained; nothing protects {}. Usual causes: a second writer, an older version, a line added by hand.",
            if b.first.index == b.last.index {
                "has"
            } else {
                "have"
            },
            if b.first.index == b.last.index {
                "it"
            } else {
                "them"
            },
        ),
        BreakKind::RecipeChanged => format!(
            "From {here} on the hashes are made in another way. Usual cause: a new version of the writer; or the chain was made anew with other tools."
        ),
        BreakKind::SequenceGap => {
            let (found, due) = b.seq.unwrap_or_default();
            format!(
                "{it} has number {found} where {due} is due, though its link holds. Usual causes: the writer skipped or reset its counter, records dropped before they were chained."
            )
        }
        BreakKind::TornTail => format!(
            "The last line ({}) has no line end: cut off by a crash, or still being written.",
            grouped(b.first.line)
        ),
        BreakKind::Spelling => format!(
            "{it} {was} spelled unlike the rest (blanks, case or prefix of a hash); the content holds. Usual cause: a tool that re-wrote the line."
        ),
        other => format!("{it}: {other}."),
    }
}
