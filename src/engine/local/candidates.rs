//! The documents of a segment that may be on the page.

use std::sync::atomic::{AtomicI64, Ordering};

use tantivy::DocId;
use tantivy::columnar::ColumnValues;

use super::fetch::Positions;
use super::lower::GenerationFacts;
use crate::engine::page::beyond;
use crate::engine::{SearchRequest, Sort};
use crate::event::SortKey;

/// Candidates kept before the worst are thrown out.
const CANDIDATES: usize = 4096;

/// A document that may be on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) key: SortKey,
    pub(crate) doc: DocId,
}

/// The best `limit + 1` documents beyond the cursor.
pub(crate) struct Page<'a> {
    request: &'a SearchRequest,
    /// Rank of the last event of a page that some segment fills.
    least_of_all: &'a AtomicI64,
    /// 0 where no document of the segment can be on the page, or nothing is wanted on it.
    room: usize,
    /// Rank of the time (larger = earlier on the page), and document.
    kept: Vec<(i64, DocId)>,
    /// Rank that a candidate must have at least.
    least: i64,
    /// Length of `kept` at which the worst are thrown out.
    full: usize,
}

impl<'a> Page<'a> {
    pub(crate) fn new(
        request: &'a SearchRequest,
        ts: &dyn ColumnValues<i64>,
        least_of_all: &'a AtomicI64,
    ) -> Self {
        let ranks = [ts.min_value(), ts.max_value()].map(|ts| rank(request.sort, ts));
        let least = least_of_all.load(Ordering::Relaxed);
        let cursor = request.cursor.as_ref();
        let most = cursor.map_or(i64::MAX, |c| rank(request.sort, c.key.order.ts));
        let may_hold = ranks.iter().any(|r| *r >= least) && ranks.iter().any(|r| *r <= most);
        let room = match request.limit {
            limit if limit > 0 && may_hold => limit.saturating_add(1),
            _ => 0,
        };
        Self {
            request,
            least_of_all,
            room,
            kept: Vec::new(),
            least,
            full: room.saturating_mul(2).max(CANDIDATES),
        }
    }

    fn rank(&self, ts: i64) -> i64 {
        rank(self.request.sort, ts)
    }

    /// Whether no document of the segment can be on the page, or nothing is wanted on it.
    pub(crate) fn is_ruled_out(&self) -> bool {
        self.room == 0
    }

    /// The time alone rules most documents out; whole keys are made of the few that are left.
    pub(crate) fn offer(
        &mut self,
        docs: &[DocId],
        ts: &[i64],
        positions: &Positions,
        facts: &[GenerationFacts],
    ) {
        if self.room == 0 {
            return;
        }
        let cursor = self.request.cursor.as_ref();
        let most = cursor.map_or(i64::MAX, |c| self.rank(c.key.order.ts));
        for (doc, ts) in docs.iter().zip(ts) {
            let rank = self.rank(*ts);
            if rank < self.least || rank > most {
                continue;
            }
            if rank == most && cursor.is_some() {
                let key = positions.key(*doc, facts);
                if !key.is_some_and(|key| beyond(&key, cursor, self.request.sort)) {
                    continue;
                }
            }
            self.kept.push((rank, *doc));
            if self.kept.len() >= self.full {
                self.trim();
            }
        }
    }

    /// Throws out what is certainly not among the best; those of one time stay together.
    fn trim(&mut self) {
        if self.kept.len() > self.room && self.room > 0 {
            let by_rank = |a: &(i64, DocId), b: &(i64, DocId)| b.0.cmp(&a.0);
            let (_, last, _) = self.kept.select_nth_unstable_by(self.room - 1, by_rank);
            self.least = last.0;
            let least = self.least;
            self.kept.retain(|(rank, _)| *rank >= least);
        }
        self.full = self.full.max(self.kept.len().saturating_mul(2));
    }

    pub(crate) fn finish(
        mut self,
        positions: &Positions,
        facts: &[GenerationFacts],
    ) -> Vec<Candidate> {
        self.trim();
        let keys = self.kept.iter().filter_map(|(_, doc)| {
            let key = positions.key(*doc, facts)?;
            Some(Candidate { key, doc: *doc })
        });
        let mut best: Vec<Candidate> = keys.collect();
        match self.request.sort {
            Sort::Asc => best.sort_unstable_by(|a, b| a.key.cmp(&b.key)),
            Sort::Desc => best.sort_unstable_by(|a, b| b.key.cmp(&a.key)),
        }
        best.truncate(self.room);
        if let Some(last) = best.last().filter(|_| best.len() == self.room) {
            let last = self.rank(last.key.order.ts);
            self.least_of_all.fetch_max(last, Ordering::Relaxed);
        }
        best
    }
}

/// Of a time; what is larger is earlier on the page.
pub(crate) fn rank(sort: Sort, ts: i64) -> i64 {
    match sort {
        Sort::Desc => ts,
        Sort::Asc => !ts,
    }
}
