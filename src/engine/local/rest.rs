//! What is in no index and not in memory: which generations that is about, and reading it from the files for an answer.

use std::collections::HashSet;

use super::hub::Hub;
use super::search::View;
use super::{LocalEngine, Snapshot};
use crate::engine::page::Partial;
use crate::engine::{Cancel, Covers, EngineError, SearchRequest};
use crate::event::EventId;
use crate::query::Matcher;

/// What all views cover. A process that does not write goes by what is missing in them, not by its own reading.
pub(super) fn cover(covers: &mut Covers, views: &[View]) {
    let others = views.iter().filter(|v| !v.store.is_writer());
    let unread: Vec<_> = others.flat_map(|v| &v.unread).collect();
    if unread.is_empty() {
        return;
    }
    covers.complete = false;
    covers.since = None;
    let read = |g: &crate::engine::sink::Generation| -> u64 {
        let bytes: u64 = g.done.iter().map(|r| r.end - r.start).sum();
        bytes.min(g.len)
    };
    covers.done += unread.iter().map(|g| read(g)).sum::<u64>();
    covers.total = covers.total.max(covers.done);
    covers.total += unread.iter().map(|g| g.len - read(g)).sum::<u64>();
}

impl LocalEngine {
    /// Adds what is missing to an answer, where it has to be complete or no index takes it. What could not be read is
    /// said, and the answer is not complete.
    pub(super) fn scan_rest(
        &self,
        snapshot: &mut Snapshot,
        request: &SearchRequest,
        matcher: &Matcher,
        partial: &mut Partial,
        cancel: &Cancel,
    ) -> Result<(), EngineError> {
        let Some(scanner) = &self.scanner else {
            return Ok(());
        };
        let live: HashSet<EventId> = snapshot.live.iter().map(|e| e.id).collect();
        let mut is_whole = true;
        for view in &snapshot.views {
            let lets_go = view.store.stopped().is_some() || view.has_dropped;
            if !self.options.complete && !lets_go {
                is_whole &= view.unread.is_empty();
                continue;
            }
            for generation in &view.unread {
                snapshot.covers.scanned = true;
                let found = scanner.scan(generation, cancel, &mut |parsed| {
                    let unknown = parsed.events.into_iter().filter(|e| !live.contains(&e.id));
                    for event in unknown.map(std::sync::Arc::new) {
                        let verdict = Hub::verdict(&self.hub.lock(), &event);
                        if matcher.matches(&event, verdict) {
                            partial.add(request, &event, verdict);
                        }
                    }
                });
                match found {
                    Ok(true) => {}
                    Ok(false) => is_whole = false,
                    Err(EngineError::Cancelled) => return Err(EngineError::Cancelled),
                    Err(error) => {
                        is_whole = false;
                        self.hub.lock().fail(&generation.source, error.to_string());
                    }
                }
            }
        }
        if is_whole && snapshot.covers.scanned {
            snapshot.covers.complete = true;
            snapshot.covers.since = None;
            snapshot.covers.done = snapshot.covers.total;
        } else if !is_whole {
            snapshot.covers.complete = false;
        }
        Ok(())
    }
}
