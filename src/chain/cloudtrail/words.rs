//! Findings about digests and log files, in words: what happened, what usually causes it, what to do next.
//!
//! Names from files stand in no command line that somebody might paste: whoever wrote the file chose them.

use super::{Digest, Hash, LogFile, Previous, hex};
use crate::chain::Finding;
use crate::event::{BreakKind, Timestamp};

/// A finding about a whole file; `ts` = end of the digest's hour.
pub fn finding(kind: BreakKind, ts: Option<Timestamp>, explanation: String) -> Finding {
    Finding {
        kind,
        level: kind.level(),
        generation: 0,
        line: 1,
        line_end: 1,
        offset: 0,
        count: None,
        ts,
        expected: None,
        found: None,
        explanation,
    }
}

fn with_hashes(finding: Finding, expected: &Hash, found: &Hash) -> Finding {
    Finding {
        expected: Some(hex(expected)),
        found: Some(hex(found)),
        ..finding
    }
}

pub(super) fn not_signed(digest: &Digest, hash: &Hash, other: Option<&Digest>) -> Finding {
    let also = other.map_or(String::new(), |other| {
        format!(
            ", nor does it have the hash that the next digest ({}) holds of it",
            other.name()
        )
    });
    let said = format!(
        "this digest is not what CloudTrail signed: its signature does not hold{also}. It was changed, unpacked by something \
         that writes JSON anew, or the public key is another one under the same fingerprint. What it says of log files is not \
         relied upon. Next: fetch it from the bucket again, and older versions of it if the bucket keeps them"
    );
    let finding = finding(BreakKind::SignatureBad, Some(digest.end), said);
    match other.and_then(|o| o.previous.as_ref()) {
        Some(previous) => with_hashes(finding, &previous.hash, hash),
        None => finding,
    }
}

pub(super) fn other_hash(digest: &Digest, hash: &Hash, other: &Digest) -> Finding {
    let said = format!(
        "the next digest ({}) holds another hash of this one: this one was changed after it was written, or the next one was, \
         which only signatures can tell apart (--public-keys). What it says of log files is not relied upon. Next: fetch both \
         from the bucket again",
        other.name()
    );
    let finding = finding(BreakKind::LinkMismatch, Some(digest.end), said);
    match &other.previous {
        Some(previous) => with_hashes(finding, &previous.hash, hash),
        None => finding,
    }
}

pub(super) fn wrong_link(later: &Digest, before: &Digest, hash: &Hash) -> Finding {
    let said = format!(
        "this digest holds another hash of the one before ({}) than that has, though that one is signed: this one was changed. \
         What it says of log files is not relied upon. Next: fetch it from the bucket again",
        before.name()
    );
    let finding = finding(BreakKind::LinkMismatch, Some(later.end), said);
    match &later.previous {
        Some(previous) => with_hashes(finding, hash, &previous.hash),
        None => finding,
    }
}

pub(super) fn replaced(hash: &Hash, later: &Digest, previous: &Previous) -> Finding {
    let said = format!(
        "{} names the digest before it by this name, but this file holds another digest: it was put in its place, or changed. \
         Next: fetch it from the bucket again",
        later.name()
    );
    let finding = finding(BreakKind::LinkMismatch, None, said);
    with_hashes(finding, &previous.hash, hash)
}

pub(super) fn key_unknown(digest: &Digest, count: usize) -> Finding {
    let said = format!(
        "signed with the key {}, which is not among the public keys given: signatures made with it are not checked. Keys differ \
         by region and change over time. Next: aws cloudtrail list-public-keys with the region of the trail and a time range \
         that holds {}",
        digest.fingerprint,
        digest.end.brief()
    );
    Finding {
        count: Some(count as u64),
        ..finding(BreakKind::KeyUnknown, Some(digest.end), said)
    }
}

pub(super) fn unread(why: &str) -> Finding {
    let said = format!(
        "begins like a digest file but is none as CloudTrail writes them: {why}. Usual causes: a download that stopped, digests \
         joined into one file. Next: fetch it from the bucket again"
    );
    finding(BreakKind::Malformed, None, said)
}

pub(super) fn unread_and_other_hash(why: &str, hash: &Hash, by: &Digest) -> Finding {
    let said = format!(
        "this digest was changed: {} holds another hash of it, and it cannot be read any more ({why}). Usual causes: an edit, a \
         download that stopped. Next: fetch it from the bucket again",
        by.name()
    );
    let finding = finding(BreakKind::LinkMismatch, None, said);
    match &by.previous {
        Some(previous) => with_hashes(finding, &previous.hash, hash),
        None => finding,
    }
}

fn expecting(finding: Finding, previous: &Previous) -> Finding {
    Finding {
        expected: Some(hex(&previous.hash)),
        ..finding
    }
}

pub(super) fn head_missing(digest: &Digest, previous: &Previous) -> Finding {
    let said = format!(
        "the chain goes on before this digest: {} is not here, nor is any older one. Usual causes: not downloaded, expired by a \
         lifecycle rule. Next: fetch the digests before, if an earlier time matters",
        previous.object
    );
    expecting(
        finding(BreakKind::HeadTruncated, Some(digest.end), said),
        previous,
    )
}

pub(super) fn gap(digest: &Digest, previous: &Previous, older: Timestamp) -> Finding {
    let said = format!(
        "the digest before this one is not here: {}. No digest here covers {} to {}, so nothing vouches for the log files of \
         that time. Usual causes: not downloaded, expired by a lifecycle rule, removed. Next: look for it in the bucket, older \
         versions and delete markers included",
        previous.object,
        older.brief(),
        digest.start.brief()
    );
    expecting(
        finding(BreakKind::RotationGap, Some(digest.end), said),
        previous,
    )
}

pub(super) fn time_gap(digest: &Digest, end: Timestamp) -> Finding {
    let said = format!(
        "this digest begins at {}, the one before it ended at {}: no digest covers the time between, although the chain goes on. \
         Next: ask whether logging was stopped then (StopLogging, UpdateTrail)",
        digest.start.brief(),
        end.brief()
    );
    finding(BreakKind::SequenceGap, Some(digest.end), said)
}

pub(super) fn restart(digest: &Digest, older: Timestamp) -> Finding {
    let said = format!(
        "a new chain of digests begins here, while older ones end at {}: what was delivered between has no digest. Usual causes: \
         logging or log file validation was switched off and on again. Next: look for StopLogging, UpdateTrail, DeleteTrail \
         and StartLogging around that time",
        older.brief()
    );
    finding(BreakKind::Restart, Some(digest.end), said)
}

/// A file whose content is as it should be, in another place.
pub fn moved(bucket: &str, object: &str, hash: &Hash) -> Finding {
    let said = format!(
        "{object} of the bucket {bucket} is not at its place; this file holds it, unchanged, under another name or in another \
         folder. Usual causes: moved or renamed after the download, or in the bucket. Next: see whether the object is still at \
         its place in the bucket"
    );
    let hash = Some(hex(hash));
    Finding {
        expected: hash.clone(),
        found: hash,
        ..finding(BreakKind::FileMissing, None, said)
    }
}

/// A log file that is not what its digest says; `trouble` = what is wrong with the packed file, `cut` = it stops early.
pub fn altered_log(
    named: &LogFile,
    hash: &Hash,
    by: &Digest,
    trouble: Option<&str>,
    cut: bool,
) -> Finding {
    let (kind, what, causes) = if cut {
        (
            BreakKind::TailTruncated,
            "is cut short",
            "a download that stopped, or a cut",
        )
    } else {
        (
            BreakKind::ContentModified,
            "was changed after CloudTrail delivered it",
            "an edit, a file written anew by a tool",
        )
    };
    let trouble = trouble.map_or(String::new(), |trouble| format!(" ({trouble})"));
    let said = format!(
        "this log file {what}: it does not have the hash that the digest {} holds of it{trouble}. Usual causes: {causes}. Next: \
         fetch it from the bucket again, and older versions of it if the bucket keeps them",
        by.name()
    );
    with_hashes(finding(kind, Some(by.end), said), &named.hash, hash)
}

/// Bytes behind the end of the compressed data of a file that is sound in itself.
pub fn added_bytes(bytes: u64, ts: Timestamp, hash: &Hash) -> Finding {
    let said = format!(
        "{bytes} bytes were added behind the end of the compressed data; what is before them is unchanged. CloudTrail writes \
         nothing there, and tools that unpack the file do not show it. Next: look at the end of the file, and fetch it from \
         the bucket again"
    );
    with_hashes(
        finding(BreakKind::ContentModified, Some(ts), said),
        hash,
        hash,
    )
}

/// Log files that a digest names and that are not here.
///
/// A warning, never `deleted`: what lies before us is a copy of a bucket, and a copy that lacks a file looks the same whether
/// the file was removed from the bucket, expired there, or was never copied. Only the bucket can tell.
pub fn missing_logs(digest: &Digest, missing: &[&LogFile]) -> Vec<Finding> {
    let report = |said: String, count: usize| Finding {
        count: Some(count as u64),
        ..finding(BreakKind::FileMissing, Some(digest.end), said)
    };
    let causes = "Usual causes: not downloaded, expired by a lifecycle rule, removed. Next: look in the bucket, older versions and \
                  delete markers included";
    if missing.len() > 1 && missing.len() == digest.logs.len() {
        let said = format!(
            "none of the {} log files that this digest names is here. {causes}",
            missing.len()
        );
        return vec![report(said, missing.len())];
    }
    let one = |log: &&LogFile| Finding {
        expected: Some(hex(&log.hash)),
        ..report(
            format!(
                "a log file that this digest names is not here: {}. {causes}",
                log.object
            ),
            1,
        )
    };
    missing.iter().map(one).collect()
}

/// A log file of a time that the digests cover, while none names it.
pub fn unnamed(name: &str, time: Timestamp) -> Finding {
    let said = format!(
        "no digest here names {name}, though the digests cover its time. Usual causes: another trail without validation, a \
         backfill digest that was not downloaded, a file that CloudTrail did not write. Next: look for a digest whose name ends \
         in _backfill, and for the file in the bucket"
    );
    finding(BreakKind::Unlinked, Some(time), said)
}
