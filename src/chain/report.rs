//! The report: findings in words, a verdict for every record, and what was covered.

use std::sync::Arc;

use super::classify::{Break, Classified, Family, classify};
use super::explain::{grouped, words};
use super::history::History;
use super::strand::{Origin, Place, Strands};
use super::verdicts::Stretch;
use super::verify::{Extent, Path, Stream};
use super::{ChainReport, Finding, Verdicts};
use crate::event::{BreakKind, Verdict};

/// Findings listed; more are counted in the coverage.
const MAX_FINDINGS: usize = 10_000;

/// Why a record of a raw-line chain can't be checked though more records follow.
const UNPROTECTED: &str = "no record links to it, so nothing protects its content";

/// Why a record that says it is redacted can't be checked.
const REDACTED: &str = "contents were taken out of it, as it says itself";

/// Why a record can't be checked that was passed over.
const NOT_LOOKED_AT: &str = "it was not looked at";

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

pub(super) fn report(source: Arc<str>, path: &Path, histories: &[History]) -> ChainReport {
    let family = path.family();
    let good = match family {
        Family::LinksOnly => Verdict::LinksOnly,
        _ => Verdict::Verified,
    };
    let layer = |verdict| {
        move |e: &Extent| Stretch {
            generation: e.generation,
            first: e.first,
            last: e.last,
            verdict,
        }
    };
    let mut layers: Vec<Stretch> = path.extents.iter().map(layer(good)).collect();
    let unseen = path.passed.files.iter().chain(&path.unseen.runs);
    layers.extend(unseen.map(layer(Verdict::Unverifiable(NOT_LOOKED_AT))));
    let mut sums = Sums::default();
    let mut breaks: Vec<(usize, Break)> = Vec::new();
    for (id, (stream, history)) in path.streams.iter().zip(histories).enumerate() {
        let classified = classify(&stream.strands, history, family);
        sums.add(stream, &classified, &mut layers);
        breaks.extend(classified.breaks.into_iter().map(|b| (id, b)));
    }
    breaks.sort_by_key(|(_, b)| (b.first.index, b.last.index, b.kind));
    let findings: Vec<Finding> = breaks
        .iter()
        .take(MAX_FINDINGS)
        .map(|(id, b)| finding(b, family, &path.streams[*id].strands))
        .collect();
    ChainReport {
        source,
        scheme: Some(path.checker.scheme.name()),
        numbered: false,
        records: path.passed.looked_at + path.records,
        verified: if family == Family::LinksOnly {
            0
        } else {
            sums.holding
        },
        coverage: coverage(family, path, &sums, breaks.len() - findings.len()),
        findings,
        verdicts: Verdicts::paint(layers, Verdict::Pending),
        ..ChainReport::default()
    }
}

/// What is counted over the chains of a source.
#[derive(Default)]
struct Sums {
    chains: u64,
    looked_at: u64,
    holding: u64,
    /// Chains whose last record waits for the one to come.
    waiting: u64,
    redacted: u64,
    /// Stretches that link to nothing before them.
    segments: u64,
}

impl Sums {
    /// Counts a chain, and paints what is to be said of its records.
    fn add(&mut self, stream: &Stream, classified: &Classified, layers: &mut Vec<Stretch>) {
        let mut doubtful: Vec<(u64, u64)> = Vec::new();
        let mut put = |first: &Place, last: &Place, verdict: Verdict| {
            layers.push(stretch(first, last, verdict));
            doubtful.push((first.index, last.index));
        };
        for place in &classified.unprotected {
            let is_last = place.index == stream.last;
            self.waiting += u64::from(is_last);
            let verdict = match is_last {
                true => Verdict::Pending,
                false => Verdict::Unverifiable(UNPROTECTED),
            };
            put(place, place, verdict);
        }
        for place in &stream.strands.redacted {
            put(place, place, Verdict::Unverifiable(REDACTED));
        }
        // Alarms lie over warnings.
        let mut marked: Vec<&Break> = classified.breaks.iter().collect();
        marked.sort_by_key(|b| b.kind.level());
        for b in marked {
            for (first, last) in &b.marks {
                put(first, last, Verdict::Broken(b.kind));
            }
        }
        // A torn line that cannot be read waits for its rest.
        for b in classified
            .breaks
            .iter()
            .filter(|b| b.kind == BreakKind::TornTail)
        {
            if stream.strands.segment_of(b.first.index).is_none() {
                put(&b.first, &b.last, Verdict::Pending);
            }
        }
        let looked_at = stream.looked_at.unwrap_or(stream.records);
        self.chains += u64::from(!stream.strands.all.is_empty());
        self.looked_at += looked_at;
        self.holding += looked_at.saturating_sub(covered_by(doubtful));
        self.redacted += stream.strands.redacted.len() as u64;
        let begins = |origin| matches!(origin, Origin::Genesis | Origin::Head);
        let strands = stream.strands.all.iter();
        self.segments += strands.filter(|s| begins(s.origin)).count() as u64;
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

/// What was covered, in words; `unlisted` = findings left out.
fn coverage(family: Family, path: &Path, sums: &Sums, unlisted: usize) -> String {
    let scheme = &path.checker.scheme;
    let of = if sums.holding == sums.looked_at {
        format!("records 1-{}", grouped(sums.looked_at))
    } else {
        format!(
            "{} of {} records",
            grouped(sums.holding),
            grouped(sums.looked_at)
        )
    };
    let mut out = match family {
        Family::LinksOnly => format!(
            "links of {of} hold; their contents cannot be checked (keyed or unknown recipe)"
        ),
        _ => format!("{of} verified"),
    };
    let mut also = |text: String| {
        out.push_str("; ");
        out.push_str(&text);
    };
    if !scheme.stream.is_empty() {
        let chains = grouped(sums.chains);
        also(format!(
            "{chains} chains, one for each {}",
            scheme.stream_name()
        ));
    }
    if sums.segments > sums.chains {
        also(format!(
            "{} segments, not linked to each other",
            grouped(sums.segments)
        ));
    }
    if let Some(fields) = scheme.covered_only() {
        also(format!("of each record only {fields} is covered"));
    }
    if let Some(fields) = scheme.uncovered() {
        also(format!("no hash covers {fields}"));
    }
    match sums.waiting {
        0 => {}
        1 => also("the last record is protected only by the one to come".into()),
        n => also(format!(
            "the last records of {} chains are protected only by those to come",
            grouped(n)
        )),
    }
    if sums.redacted > 0 {
        also(format!(
            "{} redacted, not verifiable",
            grouped(sums.redacted)
        ));
    }
    if let Some(weak) = scheme.weak() {
        also(format!(
            "{weak} is weak: who can write the log can find two records with one hash"
        ));
    }
    for why in &scheme.missing {
        also(why.clone());
    }
    let rest = path.records - sums.looked_at;
    if rest > path.passed_over {
        also(format!(
            "{} records not looked at: too many breaks before them",
            grouped(rest - path.passed_over)
        ));
    }
    if path.passed_over > 0 {
        also(format!(
            "{} records not looked at: too many chains",
            grouped(path.passed_over)
        ));
    }
    match path.passed.files.len() {
        0 => {}
        files => also(format!(
            "no chain found in the first {} records of {} before",
            grouped(path.passed.looked_at),
            match files {
                1 => "the file".to_owned(),
                n => format!("{n} files"),
            }
        )),
    }
    if unlisted > 0 {
        also(format!(
            "{} more findings not listed",
            grouped(unlisted as u64)
        ));
    }
    out
}

fn finding(b: &Break, family: Family, strands: &Strands) -> Finding {
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
        explanation: words(b, family, strands),
    }
}
