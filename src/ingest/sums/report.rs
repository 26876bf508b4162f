//! What is said of the days of a log.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Found, Other};
use crate::chain::ossec::{At, Chain};
use crate::chain::{ChainReport, Finding, Verdicts};
use crate::event::{Level, Verdict};
use crate::ingest::IngestError;
use crate::ingest::verify::VerifyFile;
use crate::source::GenFile;
use crate::text;

pub(super) fn failed(file: GenFile, error: &IngestError) -> VerifyFile {
    let path = text::path(&file.path).into_owned();
    VerifyFile::unread(path, error.to_string(), vec![file])
}

/// A day counts as one record: that is what a `.sum` file vouches for.
pub(super) fn chain(
    chain: &Chain,
    found: &[Found],
    others: &mut [Other],
    taken: &mut HashSet<PathBuf>,
) -> VerifyFile {
    let (mut files, mut verdicts, mut findings) = (Vec::new(), Vec::new(), Vec::new());
    for (at, holds) in &chain.days {
        let mut of_day: Vec<&Finding> = Vec::new();
        let of = |wanted: At| chain.findings.iter().filter(move |(at, _)| *at == wanted);
        let first = files.len();
        match *at {
            At::Sum(i) | At::Log(i) => {
                files.extend(found[i].log.files.iter().cloned());
                let place = |at| match at {
                    At::Sum(_) => files.len(),
                    _ => first,
                };
                for wanted in [At::Sum(i), At::Log(i)] {
                    for (at, finding) in of(wanted) {
                        of_day.push(finding);
                        findings.push(placed(finding, place(*at)));
                    }
                }
                files.push(found[i].sum.clone());
            }
            At::Other(i) => {
                taken.insert(others[i].file.path.clone());
                files.push(others[i].file.clone());
                for (_, finding) in of(*at) {
                    of_day.push(finding);
                    findings.push(placed(finding, first));
                }
            }
        }
        let alarm = of_day.iter().find(|f| f.level == Level::Alarm);
        let verdict = match alarm {
            Some(alarm) => Verdict::Broken(alarm.kind),
            None if *holds => Verdict::Verified,
            None => Verdict::Unverifiable("no .sum that can be relied upon vouches for it"),
        };
        let places = first..files.len();
        verdicts.extend(places.map(|place| (generation(place), 0..u64::MAX, verdict)));
    }
    let path = chain.name.clone();
    VerifyFile {
        report: Arc::new(ChainReport {
            source: path.as_str().into(),
            scheme: Some(chain.scheme.clone()),
            numbered: false,
            records: chain.days.len() as u64,
            verified: chain.days.iter().filter(|(_, holds)| *holds).count() as u64,
            findings,
            coverage: chain.coverage.clone(),
            verdicts: Verdicts::sealed(verdicts),
            ..ChainReport::default()
        }),
        path,
        error: None,
        is_empty: false,
        files,
    }
}

fn placed(finding: &Finding, place: usize) -> Finding {
    Finding {
        generation: generation(place),
        ..finding.clone()
    }
}

fn generation(place: usize) -> i32 {
    i32::try_from(place).unwrap_or(i32::MAX)
}
