//! Chains of two levels: the own hash covers another hash, and that covers the content.

use super::writer::{sha, text, zeros};
use super::{found, verify};

/// `chain_hash` covers the `chain_hash` before and `event_hash`, and that covers the rest. `genesis` = what the first record
/// names as the one before it, and what is hashed for it.
fn records(genesis: (Option<&str>, &str)) -> Vec<String> {
    let (mut logged, mut hashed) = (genesis.0.map(str::to_owned), genesis.1.to_owned());
    (0..20)
        .map(|seq| {
            let content = format!(r#""action":"read","actor":"alice","seq":{seq}"#);
            let event = sha(&format!("{{{content}}}"));
            let own = sha(&format!("{hashed}\n{event}"));
            let prev = logged
                .as_ref()
                .map_or("null".into(), |p| format!("\"{p}\""));
            let line = format!(
                r#"{{{content},"event_hash":"{event}","prev_hash":{prev},"chain_hash":"{own}"}}"#
            );
            (logged, hashed) = (Some(own.clone()), own);
            line
        })
        .collect()
}

#[test]
fn the_lower_level_is_checked_however_the_upper_one_was_found_to_hold() {
    let zeros = zeros();
    for genesis in [(Some(zeros.as_str()), zeros.as_str()), (None, "GENESIS")] {
        let clean = records(genesis);
        assert_eq!(found(&verify(&text(&clean))), []);
        for changed in [0, 10] {
            let mut lines = clean.clone();
            lines[changed] = lines[changed].replace("alice", "mallory");
            let line = changed as u64 + 1;
            let report = verify(&text(&lines));
            assert_eq!(found(&report), [("content-modified", line, line)]);
        }
    }
    // The link in other letters: by itself no change of the content.
    let clean = records((Some(&zeros), &zeros));
    let (before, rest) = clean[10].split_once("\"prev_hash\":\"").unwrap();
    let (prev, after) = rest.split_at(64);
    let respelled = format!(
        "{before}\"prev_hash\":\"{}{after}",
        prev.to_ascii_uppercase()
    );
    let mut lines = clean;
    lines[10].clone_from(&respelled);
    assert_eq!(found(&verify(&text(&lines))), [("spelling", 11, 11)]);
    lines[10] = respelled.replace("alice", "mallory");
    let report = verify(&text(&lines));
    assert_eq!(found(&report), [("content-modified", 11, 11)]);
}
