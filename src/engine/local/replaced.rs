//! Records that a changed file no longer holds.

use super::failed;
use super::fetch::{Fetcher, Positions};
use super::store::Store;
use crate::engine::EngineError;
use crate::engine::sink::{GenerationId, Parsed};
use crate::format::Frame;

impl Store {
    /// The indexed records of a generation that `holds` denies, read back from the originals in the order they stand
    /// there. Everything of the generation has to be committed.
    pub(super) fn lost(
        &self,
        id: GenerationId,
        holds: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<Parsed>, EngineError> {
        let (searcher, catalog, ordinal) = {
            let inner = self.inner();
            let ordinal = inner.known.get(id.0 as usize).and_then(|k| k.ordinal);
            (inner.searcher.clone(), inner.catalog.clone(), ordinal)
        };
        let Some(ordinal) = ordinal else {
            return Ok(Vec::new());
        };
        let facts = Self::facts_without_chains(&catalog);
        let fetcher = Fetcher {
            originals: &self.originals,
            registry: &self.registry,
            generations: &catalog.generations,
            facts: &facts,
            zone: self.zone,
        };
        let mut lost: Vec<Parsed> = Vec::new();
        for segment in searcher.segment_readers() {
            let positions = Positions::open(segment).map_err(failed)?;
            let mut docs: Vec<(u64, u32)> = segment
                .doc_ids_alive()
                .filter(|doc| positions.generation.get_val(*doc) == ordinal as u64)
                .map(|doc| (positions.original.get_val(doc), doc))
                .collect();
            docs.sort_unstable();
            for (_, doc) in docs {
                let event = fetcher.event(&positions, doc)?;
                if holds(&event.raw) {
                    continue;
                }
                let offset = event.order.offset;
                match lost.last_mut() {
                    Some(last) if last.frame.offset == offset => last.events.push(event),
                    _ => {
                        let bytes = event.raw.clone();
                        let end = offset + bytes.len() as u64;
                        let frame = Frame {
                            offset,
                            end,
                            bytes,
                            ..Frame::default()
                        };
                        lost.push(Parsed {
                            frame,
                            events: vec![event],
                        });
                    }
                }
            }
        }
        Ok(lost)
    }
}
