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

/// Names that say "a signature over the rest": one of their words does, so `assignee` is none.
pub(super) fn is_signature_name(key: &[u8]) -> bool {
    let name = String::from_utf8_lossy(key);
    words(&name).iter().any(|word| {
        matches!(word.as_str(), "sig" | "sigs" | "mac" | "signatures")
            || word.ends_with("signature")
            || word.starts_with("hmac")
            || word.ends_with("hmac")
    })
}

/// The words of a name, in small letters: `recordSig` and `record_sig` are two.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for letter in name.chars() {
        let begins = before.is_lowercase() && letter.is_uppercase();
        before = letter;
        if !letter.is_alphanumeric() {
            words.push(String::new());
            continue;
        }
        if begins {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_told_by_a_word_of_its_name() {
        for name in [
            "sig",
            "signature",
            "record_sig",
            "recordSig",
            "x-signature",
            "entrySignature",
            "rowsignature",
            "hmac",
            "hmacSha256",
            "HMAC",
            "mac",
        ] {
            assert!(
                is_signature_name(format!("\"{name}\"").as_bytes()),
                "{name}"
            );
        }
        for name in [
            "assignee", "signal", "design", "sigma", "machine", "macro", "hash",
        ] {
            assert!(
                !is_signature_name(format!("\"{name}\"").as_bytes()),
                "{name}"
            );
        }
    }
}
