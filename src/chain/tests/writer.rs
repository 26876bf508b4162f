//! Small chained logs, serialised by hand so that nothing of the code under test writes what it reads.

use sha2::{Digest, Sha256};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Own hash over sorted keys.
    Sorted,
    /// Own hash over keys as written.
    Insertion,
    /// Previous hash joined to sorted keys.
    Joined,
    /// Hash of the line before.
    RawLine,
}

pub(super) const KINDS: [Kind; 4] = [Kind::Sorted, Kind::Insertion, Kind::Joined, Kind::RawLine];

pub(super) fn sha(text: &str) -> String {
    Sha256::digest(text)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

pub(super) fn zeros() -> String {
    "0".repeat(64)
}

/// One record; `seq` may be missing. The keys stand out of order on purpose.
pub(super) fn record(kind: Kind, seq: Option<i64>, actor: &str, prev: &str) -> String {
    let seq = seq.map(|n| format!("\"seq\":{n},")).unwrap_or_default();
    // Of the keys z, actor, n only `seq` and `prev_hash` move.
    match kind {
        Kind::Sorted => {
            let hash = sha(&format!(
                r#"{{"actor":"{actor}","n":1.50,"prev_hash":"{prev}",{seq}"z":{{"a":1,"b":"\u00e9"}}}}"#
            ));
            format!(
                r#"{{"z":{{"b":"\u00e9","a":1}},{seq}"actor":"{actor}","n":1.50,"prev_hash":"{prev}","hash":"{hash}"}}"#
            )
        }
        Kind::Insertion => {
            let open = format!(
                r#"{{"z":{{"b":"\u00e9","a":1}},{seq}"actor":"{actor}","n":1.50,"prev_hash":"{prev}""#
            );
            let hash = sha(&format!("{open}}}"));
            format!(r#"{open},"hash":"{hash}"}}"#)
        }
        Kind::Joined => {
            let hash = sha(&format!(
                r#"{prev}{{"actor":"{actor}","n":1.50,{seq}"z":{{"a":1,"b":"\u00e9"}}}}"#
            ));
            format!(
                r#"{{"z":{{"b":"\u00e9","a":1}},{seq}"actor":"{actor}","n":1.50,"prev_hash":"{prev}","hash":"{hash}"}}"#
            )
        }
        Kind::RawLine => {
            format!(
                r#"{{"z":{{"b":"\u00e9","a":1}},{seq}"actor":"{actor}","n":1.50,"prev_hash":"{prev}"}}"#
            )
        }
    }
}

/// What the record after this one names.
pub(super) fn link(kind: Kind, line: &str) -> String {
    if kind == Kind::RawLine {
        return sha(line);
    }
    line.rsplit('"').nth(1).unwrap().to_owned()
}

/// A chain that goes on after `prev`, numbered from `first`.
pub(super) fn chain_from(
    kind: Kind,
    actor: &str,
    prev: &str,
    first: i64,
    count: i64,
) -> Vec<String> {
    let mut prev = prev.to_owned();
    (first..first + count)
        .map(|seq| {
            let line = record(kind, Some(seq), &format!("{actor}{seq}"), &prev);
            prev = link(kind, &line);
            line
        })
        .collect()
}

pub(super) fn chain(kind: Kind, count: i64) -> Vec<String> {
    chain_from(kind, "user", &zeros(), 0, count)
}

pub(super) fn text(lines: &[String]) -> String {
    lines.iter().map(|l| format!("{l}\n")).collect()
}
