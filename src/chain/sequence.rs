//! Logs that are numbered but not chained: which numbers are left out, used twice or begun anew.
//!
//! auditd's records carry the kernel's serial (`msg=audit(seconds.milliseconds:serial)`; `audit_serial` in
//! <https://github.com/torvalds/linux/blob/master/kernel/auditsc.c> adds one for each event), JSON logs a field such as
//! `seq`. Numbers show that something is missing, never that something was changed: whoever can write the log can number
//! it anew. A writer with several threads stores events a little out of order, so a number counts as missing only until
//! it comes.
//!
//! Memory: some hundred bytes a finding, of which at most [`MAX_FINDINGS`] are kept a counter, and [`RECENT`] numbers.

mod counter;
mod field;
#[cfg(test)]
mod tests;
mod words;

use std::collections::HashMap;
use std::sync::Arc;

use super::silence::Silence;
use super::{ChainReport, Finding, Record, Verdicts};
use crate::event::{BreakKind, Timestamp, Verdict};
use counter::{Counter, Seen};
use field::Sample;

/// Findings kept of one counter, and listed of a source; more are counted.
const MAX_FINDINGS: usize = 1000;
/// Counters of one source (hosts of a central log); records of more are counted as not looked at.
const MAX_COUNTERS: usize = 64;
/// Fewer records than this say nothing of how they are numbered.
const FEW: u64 = 20;
/// Irregular steps, one of so many, that are listed one by one; with more it is a selection of a log.
const REGULAR: u64 = 10;

/// Who counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    /// The Linux kernel, for auditd.
    Serial,
    /// The writer of JSON lines, in a field to be found.
    Field,
}

/// One numbered record of auditd.
#[derive(Clone, Copy, Debug)]
pub struct Serial<'a> {
    /// The host that counts; empty where records name none.
    pub node: &'a [u8],
    /// The record's type. `DAEMON_…` records are auditd's own and have numbers of their own
    /// (<https://github.com/linux-audit/audit-userspace/blob/master/src/auditd.c>).
    pub kind: &'a [u8],
    pub number: u64,
    pub ts: Option<Timestamp>,
}

/// Follows the numbers of one source, record by record in file order.
#[derive(Clone)]
pub struct Sequence {
    source: Arc<str>,
    numbering: Numbering,
    /// The first records, until the field that counts is found.
    sample: Option<Sample>,
    field: Option<&'static str>,
    counters: HashMap<Box<[u8]>, Counter>,
    records: u64,
    /// Records without a number, or of more counters than are followed.
    passed_over: u64,
    silence: Silence,
}

impl Sequence {
    pub fn new(source: Arc<str>, numbering: Numbering) -> Self {
        Self {
            source,
            numbering,
            sample: (numbering == Numbering::Field).then(Sample::default),
            field: None,
            counters: HashMap::new(),
            records: 0,
            passed_over: 0,
            silence: Silence::default(),
        }
    }

    pub fn is_of_serials(&self) -> bool {
        self.numbering == Numbering::Serial
    }

    /// Nothing that counts was found in the first records.
    pub fn is_over(&self) -> bool {
        self.numbering == Numbering::Field && self.sample.is_none() && self.field.is_none()
    }

    /// Takes the next record of auditd; `None` = a line without a serial.
    pub fn serial(&mut self, record: &Record<'_>, serial: Option<Serial<'_>>) {
        self.records += 1;
        let Some(serial) = serial else {
            self.passed_over += 1;
            return;
        };
        if let Some(ts) = serial.ts {
            self.silence.push(ts);
        }
        let Some(counter) = self.counter(serial.node) else {
            return;
        };
        match serial.kind {
            b"DAEMON_START" => counter.started(),
            kind if kind.starts_with(b"DAEMON_") => {}
            kind => {
                counter.push(Seen::new(record, serial.number, serial.ts), None);
                if kind == b"SYSTEM_BOOT" {
                    counter.booted();
                }
            }
        }
    }

    /// Takes the next JSON line.
    pub fn line(&mut self, record: &Record<'_>) {
        if let Some(sample) = &mut self.sample {
            sample.push(record);
            if sample.is_full() {
                self.settle();
            }
            return;
        }
        if let Some(field) = self.field {
            self.records += 1;
            match field::number(record.bytes, field) {
                // A torn line may still become another.
                Some(number) if !record.torn => self.count(record, number),
                _ => self.passed_over += 1,
            }
        }
    }

    /// Looks for the field that counts in what was gathered.
    fn settle(&mut self) {
        let Some(sample) = self.sample.take() else {
            return;
        };
        self.field = sample.counting();
        sample.each(|record| self.line(record));
    }

    fn count(&mut self, record: &Record<'_>, number: u64) {
        if let Some(counter) = self.counter(b"") {
            counter.push(
                Seen::new(record, number, None),
                Some(field::hash(record.bytes)),
            );
        }
    }

    fn counter(&mut self, node: &[u8]) -> Option<&mut Counter> {
        if !self.counters.contains_key(node) {
            if self.counters.len() == MAX_COUNTERS {
                self.passed_over += 1;
                return None;
            }
            self.counters.insert(node.into(), Counter::default());
        }
        self.counters.get_mut(node)
    }

    /// What can be said so far; nothing, where the records are not numbered.
    pub fn report(&self) -> Option<ChainReport> {
        if self.sample.is_some() {
            let mut settled = self.clone();
            settled.settle();
            return settled.report();
        }
        let counters = || self.counters.values();
        let steps: u64 = counters().map(Counter::steps).sum();
        if self.is_over() || steps + 1 < FEW {
            return None;
        }
        let missing = counters().map(Counter::missing);
        let missing = missing.fold(0, u64::saturating_add);
        let gaps: u64 = counters().map(Counter::gaps).sum();
        let turns: u64 = counters().map(Counter::turns).sum();
        let name = self.field.unwrap_or("auditd serial");
        if turns * REGULAR > steps {
            let mut report = ChainReport::unchained(self.source.clone());
            report.coverage += "; the numbers of its records are in no order";
            return Some(report);
        }
        let mut findings: Vec<Finding> = counters()
            .flat_map(|c| c.findings(self.numbering))
            .collect();
        findings.sort_by_key(|f| (f.generation, f.line, f.kind));
        if gaps * REGULAR > steps {
            let first = findings.iter().position(|f| is_gap(f.kind));
            let first = first.map(|n| words::selection(findings[n].clone(), missing, gaps, steps));
            findings.retain(|f| !is_gap(f.kind));
            findings.extend(first);
            findings.sort_by_key(|f| (f.generation, f.line, f.kind));
        }
        let unlisted = counters().map(Counter::unlisted).sum::<u64>()
            + findings.len().saturating_sub(MAX_FINDINGS) as u64;
        findings.truncate(MAX_FINDINGS);
        let marks = findings.iter().map(|f| {
            let place = f.offset..f.offset + 1;
            (f.generation, place, Verdict::Broken(f.kind))
        });
        Some(ChainReport {
            source: self.source.clone(),
            scheme: Some(format!("numbered ({name})")),
            numbered: true,
            records: self.records,
            verified: 0,
            coverage: words::coverage(&words::Sums {
                records: self.records,
                missing,
                gaps,
                counters: self.counters.len() as u64,
                passed_over: self.passed_over,
                unlisted,
                silence: self.silence.said(),
            }),
            verdicts: Verdicts::sealed(marks),
            findings,
            ..ChainReport::default()
        })
    }
}

fn is_gap(kind: BreakKind) -> bool {
    kind == BreakKind::SequenceGap
}
