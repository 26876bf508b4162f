//! Logs of Kubernetes' API server: requests that were received and never answered, answers to requests that nobody
//! received.
//!
//! A request is recorded in stages that share its `auditID`: `RequestReceived`, for long-running ones
//! `ResponseStarted`, and at its end `ResponseComplete` or `Panic`
//! (<https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/>). A policy may leave stages out, as a whole or rule by
//! rule: only where nearly all requests come in pairs does one without the other say something. It says that a record is
//! missing, never that one was changed.
//!
//! Memory: some hundred bytes for each request that is open, of which at most [`MAX_OPEN`] are followed.

mod read;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::explain::{grouped, records};
use super::silence::Silence;
use super::{ChainReport, Finding, Record, Verdicts};
use crate::event::{BreakKind, Timestamp, Verdict};
use read::{Request, Stage};

/// Nanoseconds after which a request that does not run long must have been answered: the API server gives up on one after a
/// minute, and events that are sent in batches come late.
const PATIENCE: i64 = 10 * 60 * 1_000_000_000;
/// Requests followed at once; of more the oldest are given up.
const MAX_OPEN: usize = 1 << 16;
/// Findings listed; more are counted.
const MAX_FINDINGS: usize = 1000;
/// Requests in pairs that must have been seen before one alone says something, and how many of them for each alone.
const FEW: u64 = 20;
const REGULAR: u64 = 10;
/// Records among which one in the first stage must be.
const SAMPLE: u64 = 512;

/// Where a stage is recorded.
#[derive(Clone, Debug)]
struct Seen {
    generation: i32,
    line: u64,
    offset: u64,
    ts: Timestamp,
    id: Box<str>,
    /// What was asked for, and by whom.
    what: Box<str>,
    /// Which record of the source it is.
    index: u64,
}

/// A stage without its other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alone {
    Request,
    Response,
}

/// Follows the requests of one source, record by record in file order.
#[derive(Clone)]
pub struct Stages {
    source: Arc<str>,
    records: u64,
    received: u64,
    pairs: u64,
    oldest: Option<Timestamp>,
    newest: Option<Timestamp>,
    /// Stages that wait for their other, in the order of their times.
    open: HashMap<Box<str>, (Alone, Seen)>,
    order: BTreeMap<(Timestamp, u64), Box<str>>,
    alone: Vec<(Alone, Seen)>,
    /// Stages alone, with those not kept: requests, responses.
    counts: [u64; 2],
    given_up: u64,
    silence: Silence,
}

impl Stages {
    pub fn new(source: Arc<str>) -> Self {
        Self {
            source,
            records: 0,
            received: 0,
            pairs: 0,
            oldest: None,
            newest: None,
            open: HashMap::new(),
            order: BTreeMap::new(),
            alone: Vec::new(),
            counts: [0; 2],
            given_up: 0,
            silence: Silence::default(),
        }
    }

    /// The first stage is not recorded here, so there are no pairs.
    pub fn is_over(&self) -> bool {
        self.records >= SAMPLE && self.received == 0
    }

    /// Takes the next record.
    pub fn push(&mut self, record: &Record<'_>) {
        self.records += 1;
        let Some(request) = Request::read(record.bytes).filter(|_| !record.torn) else {
            return;
        };
        self.silence.push(request.ts);
        self.oldest = Some(self.oldest.map_or(request.ts, |t| t.min(request.ts)));
        self.newest = self.newest.max(Some(request.ts));
        match request.stage {
            Stage::Received => {
                self.received += 1;
                self.meet(Alone::Request, record, request);
            }
            // It goes on for as long as somebody watches.
            Stage::Started => self.forget(&request.id),
            Stage::Ended => self.meet(Alone::Response, record, request),
        }
        self.settle();
    }

    /// Pairs a stage with its other, or lets it wait.
    fn meet(&mut self, stage: Alone, record: &Record<'_>, request: Request) {
        if self
            .open
            .get(&request.id)
            .is_some_and(|(other, _)| *other != stage)
        {
            self.forget(&request.id);
            self.pairs += 1;
            return;
        }
        if request.runs_long {
            return;
        }
        // What was asked for before the log begins is recorded before it.
        let begins = self.oldest.unwrap_or(request.received);
        if stage == Alone::Response && request.received.0 < begins.0.saturating_add(PATIENCE) {
            return;
        }
        let seen = Seen {
            generation: record.generation,
            line: record.line,
            offset: record.offset,
            ts: request.ts,
            id: request.id.clone(),
            what: request.what.into(),
            index: self.records,
        };
        self.forget(&request.id);
        self.order.insert((seen.ts, seen.index), request.id.clone());
        self.open.insert(request.id, (stage, seen));
        if self.open.len() > MAX_OPEN
            && let Some((_, id)) = self.order.pop_first()
            && self.open.remove(&id).is_some()
        {
            self.given_up += 1;
        }
    }

    fn forget(&mut self, id: &str) {
        if let Some((_, seen)) = self.open.remove(id) {
            self.order.remove(&(seen.ts, seen.index));
        }
    }

    /// Gives up on those that should have met their other by now.
    fn settle(&mut self) {
        let Some(newest) = self.newest else {
            return;
        };
        while let Some(first) = self.order.first_entry()
            && first.key().0.0.saturating_add(PATIENCE) < newest.0
        {
            let id = first.remove();
            if let Some((stage, seen)) = self.open.remove(&id) {
                self.counts[stage as usize] += 1;
                if self.alone.len() < MAX_FINDINGS {
                    self.alone.push((stage, seen));
                }
            }
        }
    }

    /// Whether nearly all come in pairs, so that one alone of this stage says something.
    fn is_regular(&self, stage: Alone) -> bool {
        self.pairs >= FEW && self.counts[stage as usize] * REGULAR <= self.pairs
    }

    /// What can be said so far; nothing, where requests do not come in pairs.
    pub fn report(&self) -> Option<ChainReport> {
        if self.is_over() || self.pairs < FEW {
            return None;
        }
        let regular = |(stage, _): &&(Alone, Seen)| self.is_regular(*stage);
        let mut findings: Vec<Finding> = self.alone.iter().filter(regular).map(finding).collect();
        findings.sort_by_key(|f| (f.generation, f.line));
        let marks = findings.iter().map(|f| {
            let place = f.offset..f.offset + 1;
            (f.generation, place, Verdict::Broken(f.kind))
        });
        Some(ChainReport {
            source: self.source.clone(),
            scheme: Some("numbered (request stages)".into()),
            numbered: true,
            records: self.records,
            verified: 0,
            coverage: self.coverage(findings.len() as u64),
            verdicts: Verdicts::sealed(marks),
            findings,
            ..ChainReport::default()
        })
    }

    fn coverage(&self, listed: u64) -> String {
        let [requests, responses] = self.counts;
        let mut out = format!(
            "{}, {} requests with their responses",
            records(self.records),
            grouped(self.pairs)
        );
        for (stage, count, what) in [
            (Alone::Request, requests, "without a response"),
            (Alone::Response, responses, "responses without a request"),
        ] {
            if count > 0 {
                out += &format!(", {} {what}", grouped(count));
                if !self.is_regular(stage) {
                    out += " (too many to say anything: the audit policy leaves stages out)";
                }
            }
        }
        out += "; nothing protects their contents";
        out += &self.silence.said();
        let told = [Alone::Request, Alone::Response].into_iter();
        let told = told
            .filter(|stage| self.is_regular(*stage))
            .map(|stage| self.counts[stage as usize]);
        let unlisted = told.sum::<u64>().saturating_sub(listed);
        if unlisted > 0 {
            out += &format!("; {} more findings not listed", grouped(unlisted));
        }
        if self.given_up > 0 {
            out += &format!(
                "; {} were not followed to their end",
                grouped(self.given_up)
            );
        }
        out
    }
}

fn finding((stage, seen): &(Alone, Seen)) -> Finding {
    let kind = BreakKind::SequenceGap;
    let (what, id, when) = (&seen.what, &seen.id, seen.ts.brief());
    let explanation = match stage {
        Alone::Request => format!(
            "{what} was received at {when} (auditID {id}), and no answer to it is recorded; usual causes: lines removed or filtered on the way, the API server ended before it had answered"
        ),
        Alone::Response => format!(
            "{what} was answered at {when} (auditID {id}), and that it was received is not recorded; usual causes: lines removed or filtered on the way, an audit policy that leaves the stage out for some requests"
        ),
    };
    Finding {
        kind,
        level: kind.level(),
        generation: seen.generation,
        line: seen.line,
        line_end: seen.line,
        offset: seen.offset,
        count: Some(1),
        ts: Some(seen.ts),
        expected: None,
        found: None,
        explanation,
    }
}
