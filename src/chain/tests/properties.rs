//! What must hold for any log.

use std::sync::Arc;

use proptest::prelude::*;

use super::writer::{KINDS, Kind, chain, sha, text};
use super::{push_file, verify, verify_as};
use crate::chain::{ChainReport, Record, Verifier};
use crate::event::{Level, Verdict};

fn kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(KINDS.to_vec())
}

/// Lines that look like records of some chain or other, from a small world so that they collide.
fn odd_line() -> impl Strategy<Value = Vec<u8>> {
    let hash = (0u8..6).prop_map(|n| sha(&n.to_string()));
    let field = prop_oneof![
        hash.clone().prop_map(|h| format!("\"{h}\"")),
        hash.prop_map(|h| format!("\"{}\"", h.to_uppercase())),
        Just("\"GENESIS\"".to_owned()),
        Just("null".to_owned()),
        Just("\"\"".to_owned()),
        Just("[{\"a\":7}]".to_owned()),
    ];
    prop_oneof![
        3 => (field.clone(), field, any::<Option<i8>>()).prop_map(|(prev, own, seq)| {
            let seq = seq.map(|s| format!(",\"seq\":{s}")).unwrap_or_default();
            format!(r#"{{"prev_hash":{prev},"hash":{own}{seq}}}"#).into_bytes()
        }),
        1 => prop::collection::vec(any::<u8>().prop_filter("LF", |b| *b != b'\n'), 0..40),
        1 => "\\PC{0,30}".prop_map(String::into_bytes),
    ]
}

/// A log with some of its lines deleted, copied, moved, changed or foreign.
fn damaged_log() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let edits = prop::collection::vec(
        (
            0usize..6,
            any::<prop::sample::Index>(),
            any::<prop::sample::Index>(),
            odd_line(),
        ),
        0..6,
    );
    (kind(), 1i64..90, edits).prop_map(|(kind, count, edits)| {
        let mut lines: Vec<Vec<u8>> = chain(kind, count)
            .into_iter()
            .map(String::into_bytes)
            .collect();
        for (what, a, b, odd) in edits {
            if lines.is_empty() {
                break;
            }
            let (a, b) = (a.index(lines.len()), b.index(lines.len()));
            match what {
                0 => drop(lines.remove(a)),
                1 => lines.insert(b, lines[a].clone()),
                2 => lines.swap(a, b),
                3 => lines.insert(a, odd),
                4 => lines[a] = odd,
                _ => {
                    let at = b % lines[a].len().max(1);
                    if let Some(byte) = lines[a].get_mut(at) {
                        *byte = byte.wrapping_add(1).max(b' ');
                    }
                }
            }
        }
        lines
    })
}

fn consistent(report: &ChainReport, lines: usize) -> Result<(), TestCaseError> {
    prop_assert!(report.verified <= report.records);
    prop_assert!(report.records <= lines as u64);
    for f in &report.findings {
        prop_assert!(
            1 <= f.line && f.line <= f.line_end && f.line_end <= lines as u64,
            "{f:?}"
        );
        let broken = matches!(
            report.verdicts.at(f.generation, f.offset),
            Verdict::Broken(_)
        );
        prop_assert!(broken || f.level == Level::Note, "{f:?}");
        prop_assert!(!f.explanation.is_empty());
    }
    Ok(())
}

proptest! {
    // No file of failures: the seed is printed, and the top level holds no such directory.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_changed_byte_of_a_protected_record_is_found(
        kind in kind(), at in any::<prop::sample::Index>(), line in 0usize..9, to in 0x20u8..0x7f,
    ) {
        let mut lines = chain(kind, 10);
        let mut bytes = lines[line].clone().into_bytes();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != to);
        bytes[at] = to;
        lines[line] = String::from_utf8(bytes).unwrap();
        let report = verify(&text(&lines));
        prop_assert!(!report.findings.is_empty(), "{}", lines[line]);
        // It never spreads: the records far from it hold.
        prop_assert!(report.verified + 4 >= report.records, "{:#?}", report.findings);
    }

    #[test]
    fn a_report_depends_on_the_records_and_not_on_when_it_is_asked_for(
        lines in damaged_log(), asked in prop::collection::vec(prop::bool::weighted(0.2), 100), torn_at in prop::collection::vec(any::<Option<u8>>(), 100),
    ) {
        let mut verifier = Verifier::new(Arc::from("live"));
        let mut file = Vec::new();
        for (i, line) in lines.iter().enumerate() {
            let record = Record { generation: 0, offset: file.len() as u64, line: i as u64 + 1, bytes: line, torn: false };
            if let Some(cut) = torn_at[i % 100] {
                // First a part of the line, as a reader sees it while it is written.
                verifier.push(&Record { bytes: &line[..usize::from(cut).min(line.len())], torn: true, ..record });
                if asked[i % 100] {
                    verifier.snapshot();
                }
            }
            verifier.push(&record);
            file.extend_from_slice(line);
            file.push(b'\n');
            if asked[i % 100] {
                let so_far = verifier.snapshot();
                prop_assert_eq!(&so_far, &verify_as("live", &file));
                consistent(&so_far, i + 1)?;
            }
        }
        prop_assert_eq!(verifier.finish(), verify_as("live", &file));
    }

    #[test]
    fn nothing_panics_whatever_the_log_holds(lines in prop::collection::vec(odd_line(), 0..80), generations in 1i32..4) {
        let mut verifier = Verifier::new(Arc::from("odd"));
        let per_file = lines.len() / generations as usize + 1;
        let mut longest = 0;
        for (generation, lines) in lines.chunks(per_file).enumerate() {
            longest = longest.max(lines.len());
            push_file(&mut verifier, generation as i32, &lines.join(&b'\n'));
        }
        let report = verifier.finish();
        prop_assert!(report.verified <= report.records);
        prop_assert!(report.findings.iter().all(|f| f.line_end <= longest as u64));
    }
}
