//! The inverted index of a segment that is being built: ours in place of tantivy's, in the same files and the same format.
//!
//! Tantivy's own writer looks every term of every document up by itself. Ours is given most terms by number and the
//! others with their hash, and looks those of a document up together (see [`super::term_table`]). Reading and merging
//! stay tantivy's.

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;

use tantivy::directory::Directory;
use tantivy::index::SegmentComponent;
use tantivy::indexer::DocIdMapping;
use tantivy::postings::InvertedIndexSerializer;
use tantivy::schema::document::ErasedDocument;
use tantivy::schema::{Field as Column, Schema};
use tantivy::{
    DocId, PluginMergeContext, PluginWriter, PluginWriterContext, Segment, SegmentPlugin,
    TantivyError, Term,
};

use super::document::IndexDocument;
use super::numbered::Numbered;
use super::term_table::TermTable;

/// Part of every index that is written to.
pub(crate) struct Postings {
    /// The columns that have an inverted index.
    pub(crate) terms: Column,
    pub(crate) generation: Column,
    pub(crate) numbered: Arc<Numbered>,
}

impl SegmentPlugin for Postings {
    /// No files but tantivy's own.
    fn extensions(&self) -> &[&str] {
        &[]
    }

    fn create_writer(
        &self,
        _context: &PluginWriterContext<'_>,
    ) -> tantivy::Result<Box<dyn PluginWriter>> {
        Ok(Box::new(Writer {
            terms: self.terms,
            generation: self.generation,
            numbered: self.numbered.clone(),
            table: TermTable::new(),
            generations: Vec::new(),
        }))
    }

    /// Tantivy has merged its own files.
    fn merge(&self, _context: PluginMergeContext<'_>) -> tantivy::Result<()> {
        Ok(())
    }
}

/// Of one segment.
struct Writer {
    terms: Column,
    generation: Column,
    numbered: Arc<Numbered>,
    table: TermTable,
    /// Generations and their runs of documents, as they came.
    generations: Vec<(u64, Range<DocId>)>,
}

impl Writer {
    fn add_generation(&mut self, doc: DocId, generation: u64) {
        match self.generations.last_mut() {
            Some((last, docs)) if *last == generation && docs.end == doc => docs.end += 1,
            _ => self.generations.push((generation, doc..doc + 1)),
        }
    }
}

impl PluginWriter for Writer {
    fn add_document(
        &mut self,
        doc: DocId,
        document: &dyn ErasedDocument,
        _schema: &Schema,
    ) -> tantivy::Result<()> {
        let Some(document) = document.as_any().downcast_ref::<Box<IndexDocument>>() else {
            let what = "a document that was not made for this index";
            return Err(TantivyError::InvalidArgument(what.into()));
        };
        if let Some(generation) = document.u64_of(self.generation) {
            self.add_generation(doc, generation);
        }
        self.table.add(doc, &document.terms);
        Ok(())
    }

    /// Writes the files anew that tantivy wrote without terms.
    fn serialize(
        mut self: Box<Self>,
        segment: &Segment,
        mapping: Option<&DocIdMapping>,
    ) -> tantivy::Result<()> {
        if mapping.is_some() {
            let what = "documents in another order than they came";
            return Err(TantivyError::InvalidArgument(what.into()));
        }
        use SegmentComponent::{Positions, Postings, Terms};
        for written in [Terms, Postings, Positions] {
            let path = segment.relative_path(written);
            let deleted = segment.index().directory().delete(&path);
            deleted.map_err(|error| TantivyError::InternalError(error.to_string()))?;
        }
        let mut serializer = InvertedIndexSerializer::open(segment)?;
        self.generations
            .sort_unstable_by_key(|(of, docs)| (*of, docs.start));
        let total = self.generations.iter().map(|(_, docs)| docs.len() as u64);
        let mut field = serializer.new_field(self.generation, total.sum(), None)?;
        for of_one in self.generations.chunk_by(|a, b| a.0 == b.0) {
            let term = Term::from_field_u64(self.generation, of_one[0].0);
            field.new_term_without_freq(term.serialized_value_bytes())?;
            for doc in of_one.iter().flat_map(|(_, docs)| docs.clone()) {
                field.write_doc(doc, 0, &[]);
            }
            field.close_term()?;
        }
        field.close()?;
        let mut field = serializer.new_field(self.terms, self.table.total, None)?;
        let numbered = self.numbered.all();
        let mut buffer = Vec::new();
        for term in self.table.sorted(&numbered) {
            field.new_term_without_freq(term.bytes())?;
            self.table
                .docs(&term, &mut buffer, |doc| field.write_doc(doc, 0, &[]));
            field.close_term()?;
        }
        field.close()?;
        serializer.close()?;
        Ok(())
    }

    fn mem_usage(&self) -> usize {
        self.table.bytes()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}
