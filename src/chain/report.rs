//! The report: findings in words, a verdict for every record, and what was covered.

use std::sync::Arc;

use super::classify::{Break, Classified, Family, classify};
use super::explain::{grouped, words};
use super::history::History;
use super::strand::Place;
use super::verdicts::Stretch;
use super::verify::Path;
use super::{ChainReport, Finding, Verdicts};
use crate::event::{BreakKind, Verdict};

/// Findings listed; more are counted in the coverage.
const MAX_FINDINGS: usize = 10_000;

/// Why a record of a raw-line chain can't be checked though more records follow.
const UNPROTECTED: &str = "no record links to it, so nothing protects its content";

pub(super) fn unchained(source: Arc<str>, looked_at: u64) -> ChainReport {
    ChainReport {
        source,
        records: looked_at,
        coverage: match looked_at {
            0 => "no records".to_owned(),
            1 => "no chain to be seen in one record".to_owned(),
            n => format!("no chain found in the first {} records", grouped(n)),
        },
        ..ChainReport::default()
    }
}

pub(super) fn report(source: Arc<str>, path: &Path, history: &History) -> ChainReport {
    let family = path.family();
    let Classified {
        breaks,
        unprotected,
    } = classify(&path.strands, history, family);
    let good = match family {
        Family::LinksOnly => Verdict::LinksOnly,
        _ => Verdict::Verified,
    };
    let looked_at = path.beyond_use.map_or(path.records, |p| p.index + 1);
    let mut layers: Vec<Stretch> = path
        .extents
        .iter()
        .map(|e| Stretch {
            generation: e.generation,
            first: e.first,
            last: e.last,
            verdict: good,
        })
        .collect();
    let mut doubtful: Vec<(u64, u64)> = Vec::new();
    for place in &unprotected {
        let verdict = if place.index + 1 == path.records {
            Verdict::Pending
        } else {
            Verdict::Unverifiable(UNPROTECTED)
        };
        layers.push(stretch(place, place, verdict));
        doubtful.push((place.index, place.index));
    }
    // Alarms lie over warnings.
    let mut marked: Vec<&Break> = breaks.iter().collect();
    marked.sort_by_key(|b| b.kind.level());
    for b in marked {
        for (first, last) in &b.marks {
            layers.push(stretch(first, last, Verdict::Broken(b.kind)));
            doubtful.push((first.index, last.index));
        }
    }
    // A torn line that cannot be read waits for its rest.
    for b in breaks.iter().filter(|b| b.kind == BreakKind::TornTail) {
        let in_chain = path.strands.segment_of(b.first.index).is_some();
        if !in_chain {
            layers.push(stretch(&b.first, &b.last, Verdict::Pending));
            doubtful.push((b.first.index, b.last.index));
        }
    }
    let holding = looked_at - covered_by(doubtful);
    let findings: Vec<Finding> = breaks
        .iter()
        .take(MAX_FINDINGS)
        .map(|b| finding(b, family, path))
        .collect();
    let mut coverage = coverage(family, holding, looked_at);
    if unprotected.iter().any(|p| p.index + 1 == path.records) {
        coverage.push_str("; the last record is protected only by the one to come");
    }
    if looked_at < path.records {
        coverage.push_str(&format!(
            "; records {}-{} not looked at: too many breaks before them",
            grouped(looked_at + 1),
            grouped(path.records)
        ));
    }
    if breaks.len() > findings.len() {
        coverage.push_str(&format!(
            "; {} more findings not listed",
            grouped((breaks.len() - findings.len()) as u64)
        ));
    }
    ChainReport {
        source,
        scheme: Some(path.checker.scheme.name()),
        records: path.records,
        verified: if family == Family::LinksOnly {
            0
        } else {
            holding
        },
        findings,
        coverage,
        verdicts: Verdicts::paint(layers, Verdict::Pending),
    }
}

fn stretch(first: &Place, last: &Place, verdict: Verdict) -> Stretch {
    Stretch {
        generation: first.generation,
        first: first.offset,
        last: last.offset,
        verdict,
    }
}

/// How many records lie in any of the ranges.
fn covered_by(mut ranges: Vec<(u64, u64)>) -> u64 {
    ranges.sort_unstable();
    let (mut count, mut next) = (0, 0);
    for (first, last) in ranges {
        let from = first.max(next);
        if from <= last {
            count += last - from + 1;
            next = last + 1;
        }
    }
    count
}

fn coverage(family: Family, holding: u64, looked_at: u64) -> String {
    let all = holding == looked_at;
    let of = if all {
        format!("records 1-{}", grouped(looked_at))
    } else {
        format!("{} of {} records", grouped(holding), grouped(looked_at))
    };
    match family {
        Family::LinksOnly => format!(
            "links of {of} hold; their contents cannot be checked (keyed or unknown recipe)"
        ),
        _ => format!("{of} verified"),
    }
}

fn finding(b: &Break, family: Family, path: &Path) -> Finding {
    Finding {
        kind: b.kind,
        level: b.kind.level(),
        generation: b.first.generation,
        line: b.first.line,
        // A range that ends in another file has no last line in this one.
        line_end: if b.last.generation == b.first.generation {
            b.last.line
        } else {
            b.first.line
        },
        offset: b.first.offset,
        count: b.count,
        ts: b.time.read(),
        expected: b.expected.map(|d| d.hex()),
        found: b.found.map(|d| d.hex()),
        explanation: words(b, family, &path.strands),
    }
}
