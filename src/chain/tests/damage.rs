//! What the table of cases does not hold: several files, several writers, notes, verdicts.

use std::sync::Arc;

use super::writer::{KINDS, Kind, chain, chain_from, link, record, sha, text, zeros};
use super::{found, push_file, verify};
use crate::chain::{ChainReport, Record, Verifier};
use crate::event::{BreakKind, Level, Verdict};

fn check(lines: &[String], expected: &[(&str, u64, u64)]) -> ChainReport {
    let report = verify(&text(lines));
    assert_eq!(found(&report), expected, "{:#?}", report.findings);
    report
}

/// Verdicts of all records, one a line.
fn verdicts(report: &ChainReport, lines: &[String]) -> Vec<&'static str> {
    let mut offset = 0;
    lines
        .iter()
        .map(|l| {
            let verdict = report.verdicts.at(0, offset);
            offset += l.len() as u64 + 1;
            verdict.as_str()
        })
        .collect()
}

fn files(files: &[&[String]]) -> ChainReport {
    let mut verifier = Verifier::new(Arc::from("set"));
    for (generation, lines) in files.iter().enumerate() {
        push_file(&mut verifier, generation as i32, text(lines).as_bytes());
    }
    verifier.finish()
}

#[test]
fn every_record_has_a_verdict() {
    let mut lines = chain(Kind::Sorted, 10);
    lines[4] = lines[4].replace("user4", "eve");
    lines.remove(7);
    let report = check(&lines, &[("content-modified", 5, 5), ("deleted", 8, 8)]);
    let v = "verified";
    let want = [v, v, v, v, "content-modified", v, v, "deleted", v];
    assert_eq!(verdicts(&report, &lines), want);
    assert_eq!((report.records, report.verified), (9, 7));
    assert_eq!(report.coverage, "7 of 9 records verified");
    assert_eq!(report.verdicts.matching("broken").len(), 2);
    assert_eq!(report.verdicts.elsewhere(), Verdict::Pending);
    let deleted = &report.findings[1];
    assert_eq!((deleted.count, deleted.level), (Some(1), Level::Alarm));
    assert_eq!(
        deleted.expected.as_deref(),
        Some(link(Kind::Sorted, &lines[6]).as_str())
    );
    assert!(
        deleted
            .explanation
            .starts_with("1 record missing between record 7 (line 7, #6) and record 8"),
        "{}",
        deleted.explanation
    );
}

#[test]
fn a_raw_line_chain_leaves_its_ends_unprotected() {
    let mut lines = chain(Kind::RawLine, 8);
    lines.remove(4);
    let report = check(&lines, &[("deleted", 5, 5)]);
    let v = "verified";
    assert_eq!(
        verdicts(&report, &lines),
        [v, v, v, "unverifiable", "deleted", v, "pending"]
    );
}

#[test]
fn rotation_is_no_break_and_a_gap_there_is_a_warning() {
    for kind in KINDS {
        let lines = chain(kind, 30);
        let whole = files(&[&lines[..10], &lines[10..20], &lines[20..]]);
        assert_eq!(found(&whole), [], "{kind:?}");
        let gap = files(&[&lines[..10], &lines[13..20], &lines[20..]]);
        assert_eq!(found(&gap), [("rotation-gap", 1, 1)], "{kind:?}");
        assert_eq!(
            (gap.findings[0].generation, gap.findings[0].count),
            (1, Some(3))
        );
        // Each file a chain of its own.
        let own = files(&[&lines[..10], &chain_from(kind, "x", &zeros(), 0, 10)]);
        assert_eq!(found(&own), [], "{kind:?}");
        // Older files in the wrong order.
        let shuffled = files(&[&lines[10..20], &lines[..10], &lines[20..]]);
        let kinds: Vec<_> = found(&shuffled).into_iter().map(|f| f.0).collect();
        assert_eq!(kinds, ["reordered"], "{kind:?}");
    }
}

#[test]
fn a_new_beginning_inside_a_file_is_a_restart() {
    for kind in KINDS {
        let mut lines = chain(kind, 10);
        lines.extend(chain_from(kind, "new", &zeros(), 0, 10));
        let report = check(&lines, &[("restart", 11, 11)]);
        assert_eq!(report.findings[0].level, Level::Warning);
    }
}

#[test]
fn two_writers_at_once_fork_and_do_not_cascade() {
    for kind in KINDS {
        let trunk = chain(kind, 10);
        let end = link(kind, &trunk[9]);
        let a = chain_from(kind, "a", &end, 10, 40);
        let b = chain_from(kind, "b", &end, 10, 40);
        let mut lines = trunk.clone();
        for (a, b) in a.iter().zip(&b) {
            lines.extend([a.clone(), b.clone()]);
        }
        check(&lines, &[("fork", 12, 12)]);
        // Uneven turns, and a third writer from further on.
        let c = chain_from(kind, "c", &link(kind, &a[4]), 15, 5);
        let mut lines = [&trunk[..], &a[..7], &b[..1], &c[..], &a[7..], &b[1..]].concat();
        check(&lines, &[("fork", 18, 18), ("fork", 19, 19)]);
        // A change in one branch is one finding more.
        lines[30] = lines[30].replace("\"a2", "\"e2");
        check(
            &lines,
            &[
                ("fork", 18, 18),
                ("fork", 19, 19),
                ("content-modified", 31, 31),
            ],
        );
    }
}

#[test]
fn racing_writers_fork_again_and_again_without_alarm() {
    // Each round both write after what they read; the file's last line is what the next round reads.
    let mut lines = chain(Kind::Sorted, 2);
    for round in 2..30 {
        let prev = link(Kind::Sorted, lines.last().unwrap());
        lines.push(record(
            Kind::Sorted,
            Some(round),
            &format!("a{round}"),
            &prev,
        ));
        lines.push(record(
            Kind::Sorted,
            Some(round),
            &format!("b{round}"),
            &prev,
        ));
    }
    let report = verify(&text(&lines));
    assert!(report.findings.iter().all(|f| f.kind == BreakKind::Fork));
    assert_eq!(report.findings.len(), 28);
}

#[test]
fn several_damages_are_several_findings() {
    for kind in KINDS {
        let mut lines = chain(kind, 100);
        lines.insert(90, chain_from(kind, "f", &sha("x"), 90, 1).remove(0));
        lines.insert(80, lines[20].clone());
        lines.swap(60, 61);
        lines.drain(40..43);
        lines[10] = lines[10].replace("user10", "eve");
        check(
            &lines,
            &[
                ("content-modified", 11, 11),
                ("deleted", 41, 41),
                ("reordered", 58, 59),
                ("duplicated", 78, 78),
                ("inserted", 89, 89),
            ],
        );
    }
}

#[test]
fn blocks_are_one_finding() {
    for kind in KINDS {
        let lines = chain(kind, 60);
        let copied = [&lines[..50], &lines[20..30], &lines[50..]].concat();
        let report = check(&copied, &[("duplicated", 51, 60)]);
        assert_eq!(report.findings[0].count, Some(10));
        let foreign = chain_from(kind, "f", &sha("x"), 500, 10);
        let mixed = [&lines[..50], &foreign[..], &lines[50..]].concat();
        let report = check(&mixed, &[("inserted", 51, 60)]);
        assert_eq!(report.findings[0].count, Some(10));
        let moved = [&lines[..10], &lines[20..30], &lines[10..20], &lines[30..]].concat();
        let report = check(&moved, &[("reordered", 11, 30)]);
        assert_eq!(report.findings[0].count, Some(20));
        let joined_wrongly = [&lines[30..], &lines[..30]].concat();
        check(&joined_wrongly, &[("reordered", 1, 60)]);
    }
}

#[test]
fn a_forged_child_beside_a_changed_record_is_seen() {
    let mut lines = chain(Kind::Sorted, 20);
    let forged = record(
        Kind::Sorted,
        Some(10),
        "mallory",
        &link(Kind::Sorted, &lines[9]),
    );
    lines[10] = lines[10].replace("user10", "eve");
    lines.insert(15, forged);
    check(&lines, &[("content-modified", 11, 11), ("fork", 16, 16)]);
}

#[test]
fn lines_outside_the_chain_are_warnings_while_it_holds() {
    for kind in KINDS {
        let mut lines = chain(kind, 20);
        lines.insert(15, r#"{"hello":"world"}"#.to_owned());
        lines.insert(5, "half a reco".to_owned());
        lines.insert(5, String::new());
        check(&lines, &[("malformed", 7, 7), ("unlinked", 18, 18)]);
        // Chain fields taken off a record: the chain has one there.
        let mut lines = chain(kind, 20);
        lines[9] = r#"{"seq":9,"actor":"eve"}"#.to_owned();
        check(&lines, &[("content-modified", 10, 10)]);
    }
    // An older version wrote without a chain.
    let mut lines: Vec<String> = (0..20)
        .map(|n| format!(r#"{{"seq":{n},"actor":"old"}}"#))
        .collect();
    lines.extend(chain(Kind::Sorted, 20));
    check(&lines, &[("unlinked", 1, 20)]);
}

#[test]
fn a_skipped_number_is_a_sequence_gap() {
    let mut lines = chain(Kind::Sorted, 10);
    lines.extend(chain_from(
        Kind::Sorted,
        "u",
        &link(Kind::Sorted, &lines[9]),
        15,
        10,
    ));
    check(&lines, &[("sequence-gap", 11, 11)]);
}

#[test]
fn another_recipe_is_named_once() {
    let mut lines = chain(Kind::Sorted, 80);
    lines.extend(chain_from(
        Kind::Insertion,
        "u",
        &link(Kind::Sorted, &lines[79]),
        80,
        20,
    ));
    let report = check(&lines, &[("recipe-changed", 81, 81)]);
    assert_eq!(report.verified, 99);
}

#[test]
fn other_spellings_are_notes() {
    let upper = |line: &str, hash: &str| line.replace(hash, &hash.to_uppercase());
    for kind in KINDS {
        let clean = chain(kind, 20);
        let prev = link(kind, &clean[8]);
        let mut lines = clean.clone();
        lines[9] = upper(&lines[9], &prev);
        let report = check(&lines, &[("spelling", 10, 10)]);
        assert_eq!(report.findings[0].level, Level::Note);
        assert_eq!(
            report.verdicts.at(0, text(&lines[..9]).len() as u64),
            Verdict::Verified
        );
        if kind != Kind::RawLine {
            let mut lines = clean.clone();
            lines[9] = upper(&lines[9], &link(kind, &lines[9])).replace("\":", "\": ");
            lines[10] = lines[10].replace(",\"", ", \"");
            check(&lines, &[("spelling", 10, 11)]);
        }
    }
}

#[test]
fn chain_fields_must_not_stand_twice() {
    for kind in [Kind::Sorted, Kind::Joined] {
        let mut lines = chain(kind, 20);
        let hash = link(kind, &lines[9]);
        lines[9] = lines[9].replace(",\"hash\":", &format!(",\"hash\":\"{hash}\",\"hash\":"));
        check(&lines, &[("content-modified", 10, 10)]);
    }
}

#[test]
fn a_changed_first_record_is_found() {
    for kind in KINDS {
        let mut lines = chain(kind, 20);
        lines[0] = lines[0].replace("user0", "eve");
        check(&lines, &[("content-modified", 1, 1)]);
    }
}

#[test]
fn links_only_chains_show_what_links_can_show() {
    // Hashes nobody can reproduce, as with a secret key.
    let keyed = |n: i64| sha(&format!("secret {n}"));
    let clean: Vec<String> = (0..40)
        .map(|n| {
            format!(
                r#"{{"seq":{n},"prev_hmac":"{}","hmac":"{}"}}"#,
                keyed(n - 1),
                keyed(n)
            )
        })
        .collect();
    let report = check(&clean, &[("head-truncated", 1, 1)]);
    assert_eq!(report.scheme.as_deref(), Some("links-only prev_hmac/hmac"));
    assert_eq!(report.verified, 0);
    assert_eq!(verdicts(&report, &clean)[5], "links-only");
    let mut lines = clean[1..].to_vec();
    lines.remove(10);
    check(&lines, &[("head-truncated", 1, 1), ("deleted", 11, 11)]);
    let mut lines = clean.clone();
    lines[10] = lines[10].replace(&keyed(10), &keyed(999));
    check(
        &lines,
        &[("head-truncated", 1, 1), ("link-mismatch", 12, 12)],
    );
}

#[test]
fn sources_without_a_chain_are_known_early() {
    let mut verifier = Verifier::new(Arc::from("plain"));
    let lines: Vec<String> = (0..1024).map(|n| format!(r#"{{"n":{n}}}"#)).collect();
    push_file(&mut verifier, 0, text(&lines[..1023]).as_bytes());
    assert!(!verifier.is_unchained());
    assert_eq!(verifier.snapshot().scheme, None);
    push_file(&mut verifier, 1, text(&lines[1023..]).as_bytes());
    assert!(verifier.is_unchained());
    let report = verifier.finish();
    assert_eq!(report.coverage, "no chain found in the first 1,024 records");
    assert_eq!(report.verdicts.at(0, 0), Verdict::Unchained);
    assert_eq!(verify("").coverage, "no records");
}

#[test]
fn a_torn_tail_is_a_note_and_may_be_completed() {
    for kind in KINDS {
        let lines = chain(kind, 80);
        let mut verifier = Verifier::new(Arc::from("growing"));
        let file = text(&lines);
        push_file(&mut verifier, 0, &file.as_bytes()[..file.len() - 20]);
        let torn = verifier.snapshot();
        assert_eq!(found(&torn), [("torn-tail", 80, 80)]);
        assert_eq!(torn.findings[0].level, Level::Note);
        let offset = text(&lines[..79]).len() as u64;
        assert_eq!(torn.verdicts.at(0, offset), Verdict::Pending);
        // All of it but its line end, then that too.
        for (torn, expected) in [(true, 1), (false, 0)] {
            verifier.push(&Record {
                generation: 0,
                offset,
                line: 80,
                bytes: lines[79].as_bytes(),
                torn,
            });
            assert_eq!(verifier.snapshot().findings.len(), expected);
        }
        assert_eq!(verifier.finish(), super::verify_as("growing", &file));
    }
}

#[test]
fn an_insertion_is_revised_when_the_chain_goes_on() {
    let lines = chain(Kind::Sorted, 90);
    let foreign = chain_from(Kind::Sorted, "f", &sha("x"), 80, 1);
    let mut verifier = Verifier::new(Arc::from("live"));
    push_file(
        &mut verifier,
        0,
        text(&[&lines[..80], &foreign[..]].concat()).as_bytes(),
    );
    // So far it could be that the record before was replaced.
    assert_eq!(found(&verifier.snapshot()), [("rewritten", 80, 80)]);
    let mut offset = 1_000_000;
    for (line, number) in lines[80..].iter().zip(82..) {
        verifier.push(&Record {
            generation: 0,
            offset,
            line: number,
            bytes: line.as_bytes(),
            torn: false,
        });
        offset += 1000;
    }
    assert_eq!(found(&verifier.finish()), [("inserted", 81, 81)]);
}

#[test]
fn a_source_broken_beyond_use_is_given_up() {
    let mut lines = chain(Kind::Sorted, 64);
    let foreign = (0..70_000).map(|n| {
        format!(
            r#"{{"prev_hash":"{}","hash":"{}","seq":{n}}}"#,
            sha(&format!("p{n}")),
            sha(&format!("o{n}"))
        )
    });
    lines.extend(foreign);
    let report = verify(&text(&lines));
    assert!(
        report.coverage.contains("not looked at"),
        "{}",
        report.coverage
    );
    assert_eq!(report.records, 70_064);
    assert!(report.findings.len() <= 10_000);
}
