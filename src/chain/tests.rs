//! Chains end to end: logs are written, damaged, and read back.

mod acceptance;
mod damage;
mod properties;
mod two_levels;
mod unclaimed;
pub(super) mod vectors;
mod writer;

use std::sync::Arc;

use super::{ChainReport, Examined, Record, Verifier};

/// Records that are examined before the first of them is pushed.
const AHEAD: usize = 7;

/// Verifies a file's text: lines with LF, but perhaps the last.
fn verify(text: &str) -> ChainReport {
    verify_as("test", text)
}

/// As well ahead as record by record.
fn verify_as(source: &str, file: impl AsRef<[u8]>) -> ChainReport {
    let mut verifier = Verifier::new(Arc::from(source));
    push_file(&mut verifier, 0, file.as_ref());
    let report = verifier.finish();
    let mut ahead = Verifier::new(Arc::from(source));
    push_ahead(&mut ahead, file.as_ref());
    assert_eq!(ahead.finish(), report);
    report
}

/// Pushes a file of which every few records were examined together, before any of them was pushed.
fn push_ahead(verifier: &mut Verifier, bytes: &[u8]) {
    for records in records(0, bytes).chunks(AHEAD) {
        let mut examiner = verifier.examiner();
        let examined: Vec<Examined> = records
            .iter()
            .map(|record| match &mut examiner {
                Some(examiner) if !record.torn => examiner.examine(record.bytes),
                _ => Examined::default(),
            })
            .collect();
        for (record, examined) in records.iter().zip(examined) {
            verifier.push_examined(record, examined);
        }
    }
}

fn push_file(verifier: &mut Verifier, generation: i32, bytes: &[u8]) {
    for record in records(generation, bytes) {
        verifier.push(&record);
    }
}

fn records(generation: i32, bytes: &[u8]) -> Vec<Record<'_>> {
    let mut offset = 0;
    let lines = bytes.split_inclusive(|b| *b == b'\n').enumerate();
    lines
        .map(|(i, line)| {
            let at = offset;
            offset += line.len() as u64;
            Record {
                generation,
                offset: at,
                line: i as u64 + 1,
                bytes: line.strip_suffix(b"\n").unwrap_or(line),
                torn: !line.ends_with(b"\n"),
            }
        })
        .collect()
}

/// Kind, first and last line of every finding.
fn found(report: &ChainReport) -> Vec<(&'static str, u64, u64)> {
    let findings = report.findings.iter();
    findings
        .map(|f| (f.kind.as_str(), f.line, f.line_end))
        .collect()
}
