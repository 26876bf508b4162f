//! Everything a query matches, page by page into an exporter: memory does not grow with the result.

use std::io::{self, Write};

use super::Exporter;
use crate::engine::{Cancel, Covers, Cursor, Engine, EngineError, SearchPage, SearchRequest};

/// Events asked for at a time.
pub const PAGE: usize = 1000;
/// … where each page means reading files to their end.
const PAGE_OF_SCAN: usize = 64_000;

/// What was written.
#[derive(Debug, Default)]
pub struct Streamed {
    pub events: u64,
    /// The first page without its hits: what it says of the whole.
    pub first: SearchPage,
    /// What all pages together speak for.
    pub covers: Covers,
    /// There was more than the limit let through.
    pub more: bool,
}

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Write(#[from] io::Error),
}

/// Writes at most `limit` events, in the order the request asks for. `progress` hears how many were written after
/// every page.
pub fn stream(
    engine: &dyn Engine,
    mut request: SearchRequest,
    limit: usize,
    exporter: &mut dyn Exporter,
    out: &mut dyn Write,
    cancel: &Cancel,
    progress: &mut dyn FnMut(u64),
) -> Result<Streamed, StreamError> {
    let mut left = limit;
    let mut done = Streamed::default();
    done.covers.complete = true;
    let mut at_once = PAGE;
    let mut is_first = true;
    loop {
        request.limit = left.min(at_once);
        let mut page = engine.search(&request, cancel)?;
        let hits = std::mem::take(&mut page.hits);
        for hit in &hits {
            if cancel.is_cancelled() {
                return Err(EngineError::Cancelled.into());
            }
            exporter.write(out, hit)?;
        }
        done.events += hits.len() as u64;
        left -= hits.len().min(left);
        done.more = page.more;
        done.covers = Covers {
            complete: done.covers.complete && page.covers.complete,
            scanned: done.covers.scanned || page.covers.scanned,
            ..page.covers.clone()
        };
        if done.covers.scanned {
            at_once = (at_once * 2).min(PAGE_OF_SCAN);
        }
        if std::mem::take(&mut is_first) {
            done.first = page;
        }
        progress(done.events);
        // An engine that promises more but gives nothing must not keep us here.
        let Some(last) = hits.last().filter(|_| done.more && left > 0) else {
            break;
        };
        request.cursor = Some(Cursor {
            key: last.event.sort_key(),
            inclusive: false,
        });
        request.want_total = false;
    }
    exporter.finish(out)?;
    Ok(done)
}
