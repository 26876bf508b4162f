//! What is said of each file.

use std::sync::Arc;

use super::Found;
use super::logs::Logs;
use crate::chain::cloudtrail::{Checked, DigestFile, SCHEME, Standing, added_bytes};
use crate::chain::{ChainReport, Finding, Verdicts};
use crate::event::{Level, Verdict};
use crate::ingest::IngestError;
use crate::ingest::verify::VerifyFile;
use crate::source::ReadEnd;
use crate::text;

pub(super) fn failed(found: &Found, error: &IngestError) -> VerifyFile {
    let path = text::path(&found.file.path).into_owned();
    VerifyFile::unread(path, error.to_string(), vec![found.file.clone()])
}

/// A whole file counts as one record: that is what digests vouch for.
pub(super) fn file(
    found: &Found,
    holds: bool,
    coverage: String,
    findings: Vec<Finding>,
) -> VerifyFile {
    let path = text::path(&found.file.path).into_owned();
    let alarm = findings.iter().find(|f| f.level == Level::Alarm);
    let verdict = match alarm {
        Some(alarm) => Verdict::Broken(alarm.kind),
        None if holds => Verdict::Verified,
        None => Verdict::Unverifiable("no digest that can be relied upon vouches for it"),
    };
    VerifyFile {
        report: Arc::new(ChainReport {
            source: path.as_str().into(),
            scheme: Some(SCHEME.into()),
            numbered: false,
            records: 1,
            verified: u64::from(holds && alarm.is_none()),
            findings,
            coverage,
            verdicts: Verdicts::sealed([(0, 0..u64::MAX, verdict)]),
            ..ChainReport::default()
        }),
        path,
        error: None,
        is_empty: false,
        files: vec![found.file.clone()],
    }
}

pub(super) fn digest(
    found: &Found,
    read: &DigestFile,
    end: &ReadEnd,
    checked: &Checked,
    logs: &Logs<'_>,
    n: usize,
) -> VerifyFile {
    let mut findings = checked.findings.clone();
    let Ok(digest) = &read.digest else {
        return file(
            found,
            false,
            "a digest that cannot be read".into(),
            findings,
        );
    };
    if let ReadEnd::TrailingGarbage { bytes } = end {
        findings.push(added_bytes(*bytes, digest.end, &read.hash));
    }
    let kind = match digest.chain() {
        (.., true) => "backfill digest",
        _ => "digest",
    };
    let hour = format!("{} to {}", digest.start.brief(), digest.end.brief());
    let (standing, signed) = match &checked.standing {
        Standing::Signed(how) => (how.as_str(), true),
        Standing::Unsigned(why) => (why.as_str(), false),
        Standing::Broken => ("not as CloudTrail wrote it", false),
    };
    let (held, named) = (logs.held(n), digest.logs.len());
    let of_logs = match (&checked.standing, named) {
        (_, 0) => "no log files were delivered then".into(),
        (Standing::Broken, _) => format!("what it says of {named} log files is not relied upon"),
        (_, 1) => format!("{held} of 1 log file that it names is as it says"),
        _ => format!("{held} of {named} log files that it names are as it says"),
    };
    if checked.standing != Standing::Broken {
        findings.extend(logs.missing(n));
    }
    let coverage = format!("{kind} of {hour}: {standing}; {of_logs}");
    file(found, signed, coverage, findings)
}
