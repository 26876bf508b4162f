//! From a document back to its event: the original is read and parsed again.

use std::sync::Arc;

use bytes::Bytes;
use tantivy::columnar::ColumnValues;
use tantivy::{DocId, SegmentReader};

use super::failed;
use super::lower::GenerationFacts;
use super::originals::{Address, Originals};
use super::schema::{HAS_TIME, LEAVES};
use crate::engine::sink::Generation;
use crate::engine::{EngineError, Hit};
use crate::event::{Event, Order, SortKey, Timestamp, Verdict, Zone};
use crate::format::{Context, Frame, Registry};

/// The columns that say where a document stands.
pub(crate) struct Positions {
    pub(crate) ts: Arc<dyn ColumnValues<i64>>,
    pub(crate) generation: Arc<dyn ColumnValues<u64>>,
    pub(crate) offset: Arc<dyn ColumnValues<u64>>,
    pub(crate) sub: Arc<dyn ColumnValues<u64>>,
    flags: Arc<dyn ColumnValues<u64>>,
    line: Arc<dyn ColumnValues<u64>>,
    pub(crate) original: Arc<dyn ColumnValues<u64>>,
}

impl Positions {
    pub(crate) fn open(segment: &SegmentReader) -> Result<Self, EngineError> {
        let fast = segment.fast_fields();
        let number = |name: &str| fast.column_first_or_default::<u64>(name).map_err(failed);
        Ok(Self {
            ts: fast.column_first_or_default::<i64>("ts").map_err(failed)?,
            generation: number("generation")?,
            offset: number("offset")?,
            sub: number("sub")?,
            flags: number("flags")?,
            line: number("line")?,
            original: number("original")?,
        })
    }

    /// The document's place in the total order.
    pub(crate) fn key(&self, doc: DocId, generations: &[GenerationFacts]) -> Option<SortKey> {
        let facts = generations.get(self.generation.get_val(doc) as usize)?;
        let order = Order {
            ts: self.ts.get_val(doc),
            generation: facts.rank,
            offset: self.offset.get_val(doc),
            sub: self.sub.get_val(doc) as u32,
        };
        Some(SortKey {
            source: facts.source.clone(),
            order,
        })
    }

    /// The block of originals that the document's record lies in.
    pub(crate) fn block(&self, doc: DocId) -> u64 {
        Address(self.original.get_val(doc)).block()
    }

    pub(crate) fn has_time(&self, doc: DocId) -> bool {
        self.flags.get_val(doc) & HAS_TIME != 0
    }
}

/// Reads events back.
pub(crate) struct Fetcher<'a> {
    pub(crate) originals: &'a Originals,
    pub(crate) registry: &'a Registry,
    /// By ordinal.
    pub(crate) generations: &'a [Generation],
    pub(crate) facts: &'a [GenerationFacts],
    pub(crate) zone: Zone,
}

impl Fetcher<'_> {
    /// The record of a document whose attributes are its leaves; `None` = it has to be read as a whole.
    pub(crate) fn leaves(
        &self,
        positions: &Positions,
        doc: DocId,
    ) -> Result<Option<Bytes>, EngineError> {
        if positions.flags.get_val(doc) & LEAVES == 0 {
            return Ok(None);
        }
        Ok(Some(self.original(positions, doc)?.0))
    }

    /// The bytes of a document's record, and how many of it were cut.
    fn original(&self, positions: &Positions, doc: DocId) -> Result<(Bytes, u64), EngineError> {
        let address = Address(positions.original.get_val(doc));
        self.originals
            .get(address)
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => EngineError::Dropped,
                _ => failed(error),
            })
    }

    /// The event of a document, as it was when it was read.
    pub(crate) fn event(&self, positions: &Positions, doc: DocId) -> Result<Event, EngineError> {
        let ordinal = positions.generation.get_val(doc) as usize;
        let generation = self
            .generations
            .get(ordinal)
            .ok_or_else(|| failed("a document of an unknown generation"))?;
        let key = positions
            .key(doc, self.facts)
            .ok_or_else(|| failed("a document of an unknown generation"))?;
        let (bytes, cut) = self.original(positions, doc)?;
        let frame = Frame {
            offset: key.order.offset,
            end: key.order.offset + bytes.len() as u64,
            bytes,
            cut,
            ..Frame::default()
        };
        let context = Context {
            reference: generation.reference,
            zone: self.zone,
            header: generation.header.clone(),
        };
        let format = self
            .registry
            .get(&generation.format)
            .ok_or_else(|| failed("a record of an unknown format"))?;
        let events = self.registry.parse(&format, &frame, &context);
        let mut event = events
            .into_iter()
            .nth(key.order.sub as usize)
            .unwrap_or_default();
        event.id = generation
            .id_hasher()
            .id(key.order.offset, key.order.sub, &frame.bytes);
        // Times that depend on when the file was read stay what they were.
        event.ts = positions.has_time(doc).then_some(Timestamp(key.order.ts));
        let line = positions.line.get_val(doc);
        event.line = (line != 0).then_some(line);
        event.source = key.source;
        event.order = key.order;
        event.raw = frame.bytes;
        event.gone = generation.gone;
        Ok(event)
    }

    /// The event with its verdict.
    pub(crate) fn hit(&self, positions: &Positions, doc: DocId) -> Result<Hit, EngineError> {
        let event = self.event(positions, doc)?;
        let verdict = self.verdict(positions, doc);
        Ok(Hit {
            event: Arc::new(event),
            verdict,
        })
    }

    pub(crate) fn verdict(&self, positions: &Positions, doc: DocId) -> Verdict {
        let ordinal = positions.generation.get_val(doc) as usize;
        self.facts.get(ordinal).map_or(Verdict::Pending, |f| {
            f.verdict(positions.offset.get_val(doc))
        })
    }
}
