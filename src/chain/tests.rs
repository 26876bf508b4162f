//! Chains end to end: logs are written, damaged, and read back.

mod acceptance;
mod damage;
mod properties;
pub(super) mod vectors;
mod writer;

use std::sync::Arc;

use super::{ChainReport, Record, Verifier};

/// Verifies a file's text: lines with LF, but perhaps the last.
fn verify(text: &str) -> ChainReport {
    verify_as("test", text)
}

fn verify_as(source: &str, file: impl AsRef<[u8]>) -> ChainReport {
    let mut verifier = Verifier::new(Arc::from(source));
    push_file(&mut verifier, 0, file.as_ref());
    verifier.finish()
}

fn push_file(verifier: &mut Verifier, generation: i32, bytes: &[u8]) {
    let mut offset = 0;
    for (i, line) in bytes.split_inclusive(|b| *b == b'\n').enumerate() {
        verifier.push(&Record {
            generation,
            offset,
            line: i as u64 + 1,
            bytes: line.strip_suffix(b"\n").unwrap_or(line),
            torn: !line.ends_with(b"\n"),
        });
        offset += line.len() as u64;
    }
}

/// Kind, first and last line of every finding.
fn found(report: &ChainReport) -> Vec<(&'static str, u64, u64)> {
    let findings = report.findings.iter();
    findings
        .map(|f| (f.kind.as_str(), f.line, f.line_end))
        .collect()
}
