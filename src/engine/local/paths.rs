//! Attribute paths: those of each segment, found once, and names as typed against all of them.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError};

use tantivy::index::SegmentId;
use tantivy::{InvertedIndexReader, SegmentReader};

use super::failed;
use super::search::View;
use super::store::Store;
use super::terms::{self, HIGH, LOW, OPAQUE};
use crate::engine::{Cancel, EngineError};
use crate::query::PathTable;

/// Segments whose paths are remembered; most of them were merged away by then.
const MOST_SEGMENTS: usize = 256;

/// Paths found in each segment.
pub(crate) type SegmentPaths = HashMap<SegmentId, Arc<BTreeSet<String>>>;

/// The paths of every segment, and of what is in memory.
pub(crate) struct Paths(Vec<Arc<BTreeSet<String>>>);

/// The same, looked for once a name is asked for: most queries name no attribute.
pub(crate) struct PathsWhenAsked<'a> {
    views: &'a [View],
    cancel: &'a Cancel,
    found: OnceCell<Result<Paths, EngineError>>,
}

impl<'a> PathsWhenAsked<'a> {
    pub(crate) fn new(views: &'a [View], cancel: &'a Cancel) -> Self {
        Self {
            views,
            cancel,
            found: OnceCell::new(),
        }
    }

    /// Why they could not be read, if somebody asked.
    pub(crate) fn failed(self) -> Result<(), EngineError> {
        self.found
            .into_inner()
            .map_or(Ok(()), |found| found.map(drop))
    }
}

impl PathTable for PathsWhenAsked<'_> {
    fn resolve(&self, path: &str) -> Option<String> {
        let found = self
            .found
            .get_or_init(|| Paths::of(self.views, self.cancel));
        found.as_ref().ok()?.resolve(path)
    }
}

impl Paths {
    pub(crate) fn of(views: &[View], cancel: &Cancel) -> Result<Self, EngineError> {
        let mut paths = Vec::new();
        for view in views {
            for segment in view.searcher.segment_readers() {
                paths.push(view.store.segment_paths(segment, cancel)?);
            }
            paths.push(view.live_paths.clone());
        }
        Ok(Self(paths))
    }

    /// Each path once.
    pub(crate) fn all(&self) -> BTreeSet<&str> {
        self.0
            .iter()
            .flat_map(|p| p.iter())
            .map(String::as_str)
            .collect()
    }
}

impl PathTable for Paths {
    fn resolve(&self, path: &str) -> Option<String> {
        if self.0.iter().any(|p| p.contains(path)) {
            return Some(path.to_owned());
        }
        crate::engine::resolve_path(self.all().iter().copied(), path)
    }
}

/// A live filter may name a field that no event had so far.
pub(crate) struct PathsOrTyped(pub(crate) Paths);

impl PathTable for PathsOrTyped {
    fn resolve(&self, path: &str) -> Option<String> {
        self.0.resolve(path).or_else(|| Some(path.to_owned()))
    }
}

impl Store {
    /// The attribute paths of a segment; segments never change, so they are found once.
    fn segment_paths(
        &self,
        segment: &SegmentReader,
        cancel: &Cancel,
    ) -> Result<Arc<BTreeSet<String>>, EngineError> {
        let id = segment.segment_id();
        let lock = || self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(paths) = lock().get(&id) {
            return Ok(paths.clone());
        }
        let terms = segment.inverted_index(self.columns.terms).map_err(failed)?;
        let paths = Arc::new(paths(&terms, cancel)?);
        let mut cache = lock();
        if cache.len() > MOST_SEGMENTS {
            cache.clear();
        }
        cache.insert(id, paths.clone());
        Ok(paths)
    }
}

/// Attribute paths in a segment, by skipping from path to path through the dictionary. A record may have a hundred
/// thousand of them.
fn paths(terms: &InvertedIndexReader, cancel: &Cancel) -> Result<BTreeSet<String>, EngineError> {
    let mut found = BTreeSet::new();
    for kind in [LOW, HIGH, OPAQUE] {
        let end = vec![kind + 1];
        let mut from = vec![kind];
        loop {
            if cancel.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            let mut stream = terms
                .terms()
                .range()
                .ge(&from)
                .lt(&end)
                .limit(1)
                .into_stream()
                .map_err(failed)?;
            if !stream.advance() {
                break;
            }
            let key = &stream.key()[1..];
            let path = key.split(|b| *b == 0).next().unwrap_or_default().to_vec();
            from = vec![kind];
            from.extend_from_slice(&path);
            // Just above `path \0 …`, or above the path itself where nothing follows it.
            from.push(if kind == OPAQUE { 0 } else { 1 });
            if let Ok(path) = String::from_utf8(path) {
                found.extend(terms::attribute_of(&path));
            }
        }
    }
    Ok(found)
}
