//! Giving room back: events whose files are gone are dropped, the oldest first, and that is said.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use super::failed;
use super::fetch::Positions;
use super::hub::Hub;
use super::store::Store;
use crate::engine::EngineError;
use crate::event::Timestamp;

/// A generation whose file is gone.
struct Gone {
    store: usize,
    id: u32,
    source: Arc<str>,
    events: u64,
    newest: Option<Timestamp>,
    /// About what the index needs for it.
    bytes: u64,
}

/// Drops generations until about `wanted` bytes are given back; `false` if nothing could be dropped. `used` = bytes of
/// all indexes.
pub(super) fn make_room(stores: &[Arc<Store>], used: u64, wanted: u64, hub: &Hub) -> bool {
    let mut gone: Vec<Gone> = Vec::new();
    for (number, store) in stores.iter().enumerate().filter(|(_, s)| s.is_writer()) {
        gone.extend(store.gone(number, used));
    }
    gone.sort_by(|a, b| (a.newest, &a.source, a.id).cmp(&(b.newest, &b.source, b.id)));
    let mut given = 0;
    let mut chosen: BTreeMap<usize, Vec<Gone>> = BTreeMap::new();
    for one in gone {
        if given >= wanted {
            break;
        }
        given += one.bytes;
        chosen.entry(one.store).or_default().push(one);
    }
    let mut any = false;
    for (store, chosen) in chosen {
        let ids: Vec<u32> = chosen.iter().map(|g| g.id).collect();
        match stores[store].evict(&ids) {
            Ok(()) => any = true,
            Err(error) => {
                hub.lock().say(format!("no room could be made: {error}"));
                continue;
            }
        }
        let mut lost: BTreeMap<Arc<str>, u64> = BTreeMap::new();
        for one in chosen {
            *lost.entry(one.source).or_default() += one.events;
        }
        for (source, events) in lost {
            hub.lock().say(format!(
                "the index reached its bound: {events} events of {source}, whose files are gone, were dropped from it, the oldest first"
            ));
        }
    }
    any
}

impl Store {
    /// Generations whose files are gone and of which there are events.
    fn gone(&self, number: usize, used: u64) -> Vec<Gone> {
        let inner = self.inner();
        let all: u64 = inner.catalog.held.iter().map(|h| h.events).sum();
        let mut found = Vec::new();
        for (id, known) in (0..).zip(&inner.known) {
            let held = known.ordinal.and_then(|o| inner.catalog.held.get(o));
            let Some(held) = held.filter(|h| known.generation.gone && h.events > 0) else {
                continue;
            };
            let bytes = u128::from(used) * u128::from(held.events) / u128::from(all.max(1));
            found.push(Gone {
                store: number,
                id,
                source: known.generation.source.clone(),
                events: held.events,
                newest: held.newest,
                bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
            });
        }
        found
    }

    /// Drops generations and gives the room back that their documents and originals took.
    fn evict(&self, ids: &[u32]) -> Result<(), EngineError> {
        self.commit_at_bound()?;
        let blocks = self.blocks_of(ids)?;
        for id in ids {
            crate::engine::sink::EventSink::forget(self, crate::engine::sink::GenerationId(*id))?;
        }
        self.commit_at_bound()?;
        // From here on nothing refers to them; a reader of another process that still does finds zeros, and says so.
        self.originals.give_back(&blocks).map_err(failed)?;
        self.rewrite_segments()
    }

    /// Where the originals of generations lie.
    fn blocks_of(&self, ids: &[u32]) -> Result<BTreeSet<u64>, EngineError> {
        let (searcher, ordinals) = {
            let inner = self.inner();
            let ordinal = |id: &u32| inner.known[*id as usize].ordinal;
            let ordinals: BTreeSet<u64> =
                ids.iter().filter_map(ordinal).map(|o| o as u64).collect();
            (inner.searcher.clone(), ordinals)
        };
        let mut blocks = BTreeSet::new();
        for segment in searcher.segment_readers() {
            let positions = Positions::open(segment)?;
            for doc in segment.doc_ids_alive() {
                if ordinals.contains(&positions.generation.get_val(doc)) {
                    blocks.insert(positions.block(doc));
                }
            }
        }
        Ok(blocks)
    }

    /// Writes segments that hold deleted documents again, without them.
    fn rewrite_segments(&self) -> Result<(), EngineError> {
        let metas = self.index.load_metas().map_err(failed)?.segments;
        // Nothing may hold on to a segment whose files are to go.
        let holed: Vec<_> = metas
            .iter()
            .filter(|m| m.has_deletes())
            .map(|m| m.id())
            .collect();
        drop(metas);
        for id in holed {
            let merge = {
                let mut slot = self.writer.write().unwrap_or_else(PoisonError::into_inner);
                let Some(writer) = slot.as_mut() else {
                    return Ok(());
                };
                writer.merge(&[id])
            };
            // One that is being merged anyway is refused here, and done there.
            drop(merge.wait());
        }
        self.reload()?;
        self.collect_garbage();
        Ok(())
    }

    /// Removes files that nothing uses any more.
    pub(super) fn collect_garbage(&self) {
        let slot = self.writer.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(writer) = slot.as_ref() {
            // What cannot be removed now can be at the next look.
            drop(writer.garbage_collect_files().wait());
        }
    }
}
