//! Names of fields that chained records have, as tallied over logs in the field.

pub(in crate::chain) const SEQ_KEYS: [&str; 18] = [
    "seq",
    "sequence",
    "sequence_num",
    "sequence_number",
    "sequenceNumber",
    "seq_no",
    "seqNo",
    "seq_num",
    "seqno",
    "index",
    "idx",
    "id",
    "entry_id",
    "event_id",
    "height",
    "number",
    "no",
    "n",
];

pub(super) const TIME_KEYS: [&str; 14] = [
    "ts",
    "timestamp",
    "time",
    "@timestamp",
    "at",
    "created_at",
    "createdAt",
    "occurred_at",
    "recorded_at",
    "event_time",
    "eventTime",
    "datetime",
    "date",
    "logged_at",
];

/// Names that say "hash of what came before"; they break ties, and stand in for proof where there is none.
pub(super) fn is_link_name(key: &[u8]) -> bool {
    let name = String::from_utf8_lossy(key).to_ascii_lowercase();
    let hash = ["hash", "sha", "digest", "hmac", "checksum", "signature"];
    name.contains("prev")
        || (["parent", "last", "chain"].iter().any(|w| name.contains(w))
            && hash.iter().any(|w| name.contains(w)))
}

/// Names that say "a hash of this record".
pub(super) fn is_hash_name(key: &[u8]) -> bool {
    let name = String::from_utf8_lossy(key).to_ascii_lowercase();
    let words = ["hash", "sha", "digest", "hmac", "checksum", "chain", "mac"];
    words.iter().any(|w| name.contains(w))
}

/// Names that say "a signature over the rest".
pub(super) fn is_signature_name(key: &[u8]) -> bool {
    let name = String::from_utf8_lossy(key).to_ascii_lowercase();
    ["sig", "hmac", "mac\""].iter().any(|w| name.contains(w))
}
