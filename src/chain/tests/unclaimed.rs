//! Nothing is said of records that was not found out: what stands before a chain, after too many breaks, beside the hashes.

use std::sync::Arc;

use super::writer::{Kind, chain, chain_from, link, record, sha, text, zeros};
use super::{found, push_file, verify};
use crate::chain::{ChainReport, Verifier};
use crate::event::Verdict;

fn files(files: &[String]) -> ChainReport {
    let mut verifier = Verifier::new(Arc::from("set"));
    for (generation, file) in files.iter().enumerate() {
        push_file(&mut verifier, generation as i32, file.as_bytes());
    }
    verifier.finish()
}

/// A chain in which the record on this line was changed.
fn changed(line: usize) -> String {
    let mut lines = chain(Kind::Sorted, 200);
    lines[line - 1] = lines[line - 1].replace("user", "eve");
    text(&lines)
}

#[test]
fn what_stands_before_a_chain_does_not_hide_it() {
    let unchained: String = (0..64)
        .map(|n| format!("{{\"note\":\"boot {n}\"}}\n"))
        .collect();
    for (before, kind) in [
        ("# log started\n".to_owned(), "malformed"),
        (unchained.clone(), "unlinked"),
        (unchained.repeat(3), "unlinked"),
    ] {
        let report = verify(&(before.clone() + &changed(101)));
        let lines = before.lines().count() as u64;
        let told = [
            (kind, 1, lines),
            ("content-modified", 101 + lines, 101 + lines),
        ];
        assert_eq!(found(&report), told);
    }
    let report = files(&["plain text\nmore text\n".to_owned(), changed(11)]);
    assert_eq!(
        found(&report),
        [("malformed", 1, 2), ("content-modified", 11, 11)]
    );
}

#[test]
fn a_file_without_a_chain_is_passed_over_and_the_next_is_looked_at() {
    let plain = "plain text\n".repeat(5000);
    let mut verifier = Verifier::new(Arc::from("set"));
    push_file(&mut verifier, 0, plain.as_bytes());
    assert!(verifier.is_unchained());
    push_file(&mut verifier, 1, changed(11).as_bytes());
    assert!(!verifier.is_unchained());
    let report = verifier.finish();
    assert_eq!(found(&report), [("content-modified", 11, 11)]);
    assert_eq!((report.records, report.verified), (1224, 199));
    assert_eq!(
        report.coverage,
        "199 of 200 records verified; no chain found in the first 1,024 records of the file before"
    );
    assert!(matches!(report.verdicts.at(0, 0), Verdict::Unverifiable(_)));
    assert!(matches!(
        report.verdicts.at(0, 54_989),
        Verdict::Unverifiable(_)
    ));
    assert_eq!(report.verdicts.at(1, 0), Verdict::Verified);
}

#[test]
fn records_after_too_many_breaks_are_not_verified() {
    let mut lines = chain(Kind::Insertion, 80);
    let foreign = (0..66_000).map(|n| record(Kind::Insertion, None, "f", &sha(&n.to_string())));
    lines.extend(foreign);
    let at = text(&lines).len() as u64;
    let mut tail = chain_from(
        Kind::Insertion,
        "user",
        &link(Kind::Insertion, &lines[79]),
        80,
        9,
    );
    tail[5] = tail[5].replace("user", "eve");
    lines.extend(tail);
    let report = files(&[text(&lines)]);
    let last = report.verdicts.at(0, at);
    assert_eq!(last, Verdict::Unverifiable("it was not looked at"));
    assert_eq!(report.verdicts.at(0, 0), Verdict::Verified);
}

#[test]
fn many_foreign_records_in_a_row_are_one_finding() {
    let mut lines = chain(Kind::Insertion, 80);
    let tip = link(Kind::Insertion, &lines[79]);
    let foreign = (0..60_000).map(|n| record(Kind::Insertion, None, "f", &sha(&n.to_string())));
    lines.extend(foreign);
    lines.extend(chain_from(Kind::Insertion, "user", &tip, 80, 9));
    let report = files(&[text(&lines)]);
    assert_eq!(found(&report), [("inserted", 81, 60_080)]);
}

#[test]
fn segments_that_are_not_linked_are_counted() {
    let lines = chain(Kind::Sorted, 30);
    let fresh = chain_from(Kind::Sorted, "fresh", &zeros(), 0, 30);
    let report = files(&[text(&lines[..20]), text(&fresh)]);
    assert_eq!(found(&report), []);
    assert_eq!(
        report.coverage,
        "records 1-50 verified; 2 segments, not linked to each other"
    );
    let report = files(&[text(&lines[..20]), text(&lines[20..])]);
    assert_eq!(report.coverage, "records 1-30 verified");
}

/// Records with a field that their hash leaves out, beside others.
fn with_signature(others: &str) -> String {
    let mut prev = zeros();
    (0..40)
        .map(|seq| {
            let content = format!(r#""actor":"alice",{others}"prev_hash":"{prev}","seq":{seq}"#);
            prev = sha(&format!("{{{content}}}"));
            let sig = sha(&seq.to_string());
            format!("{{{content},\"sig\":\"{sig}\",\"hash\":\"{prev}\"}}\n")
        })
        .collect()
}

#[test]
fn fields_that_no_hash_covers_are_named() {
    for others in ["", r#""assignee":"bob","mac":"00:11",""#] {
        let others = others.trim_end_matches('"');
        let report = verify(&with_signature(others));
        assert_eq!(
            report.coverage, "records 1-40 verified; no hash covers sig",
            "{others}"
        );
    }
}
