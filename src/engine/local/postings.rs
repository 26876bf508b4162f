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
        context: &PluginWriterContext<'_>,
    ) -> tantivy::Result<Box<dyn PluginWriter>> {
        let schema = context.segment.schema();
        let indexed = schema.fields().filter(|(_, entry)| entry.is_indexed());
        debug_assert_eq!(
            indexed.map(|(column, _)| column).collect::<Vec<_>>(),
            [self.generation, self.terms],
            "all that is indexed is written here, in the order of columns"
        );
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
        for written in [
            SegmentComponent::Terms,
            SegmentComponent::Postings,
            SegmentComponent::Positions,
        ] {
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

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher;

    use tantivy::schema::IndexRecordOption;
    use tantivy::{DocSet, Index, IndexWriter, TERMINATED, TantivyDocument};

    use super::*;
    use crate::engine::local::coded;
    use crate::engine::local::document::DocumentTerms;
    use crate::engine::local::schema::{self, Columns};

    /// Terms of every kind, as events have them: some in all, some in one, some in runs.
    fn terms(nth: u64) -> Vec<String> {
        let mut terms = vec!["Lverb\0get".to_owned(), format!("Lverb\0{}", nth % 5)];
        terms.extend((0..4).map(|i| format!("W{:x}", nth * i % 4096)));
        terms.push(format!("Huser\0user {}", nth / 3));
        terms.push(format!("Wword{}", nth % 700));
        terms
    }

    fn generation(nth: u64) -> u64 {
        nth / 7 % 3
    }

    fn ours(nth: u64, columns: &Columns, numbered: &Numbered) -> Box<IndexDocument> {
        let mut document = Box::new(IndexDocument::new());
        document.add_u64(columns.generation, generation(nth));
        document.add_u64(columns.line, nth);
        let out: &mut DocumentTerms = &mut document.terms;
        for term in terms(nth) {
            let bytes = term.as_bytes();
            match (bytes[0], coded::code(&bytes[1..], false)) {
                (b'L', _) => out.add_numbered(numbered.view().low(bytes, "verb").unwrap()),
                (b'W', Some(code)) => out.add_coded(code),
                _ => out.add(bytes, numbered.hash.hash_one(bytes)),
            }
        }
        document
    }

    fn theirs(nth: u64, columns: &Columns) -> TantivyDocument {
        let mut document = TantivyDocument::new();
        document.add_u64(columns.generation, generation(nth));
        document.add_u64(columns.line, nth);
        for term in terms(nth) {
            document.add_bytes(columns.terms, term.as_bytes());
        }
        document
    }

    /// Documents of several commits, some deleted in the commit that they came with, merged in the end.
    fn fill<D: tantivy::Document>(index: &Index, columns: &Columns, document: impl Fn(u64) -> D) {
        let mut writer: IndexWriter<D> = index.writer_with_num_threads(1, 50 << 20).unwrap();
        writer.set_merge_policy(Box::new(tantivy::merge_policy::NoMergePolicy));
        for commit in 0..3 {
            for nth in commit * 2000..(commit + 1) * 2000 {
                writer.add_document(document(nth)).unwrap();
                if nth == 3_333 {
                    writer.delete_term(Term::from_field_u64(columns.generation, 1));
                }
            }
            writer.commit().unwrap();
        }
        let segments = index.searchable_segment_ids().unwrap();
        assert_eq!(segments.len(), 3);
        writer.merge(&segments).wait().unwrap();
        writer.wait_merging_threads().unwrap();
    }

    /// Each term of each indexed column with its documents' lines: segments are merged in any order.
    fn postings(index: &Index, columns: &Columns) -> Vec<(u32, Vec<u8>, Vec<u64>)> {
        let searcher = index.reader().unwrap().searcher();
        let [segment] = searcher.segment_readers() else {
            panic!("not merged");
        };
        let lines = segment.fast_fields().u64("line").unwrap();
        let mut all = Vec::new();
        for column in [columns.generation, columns.terms] {
            let inverted = segment.inverted_index(column).unwrap();
            let mut stream = inverted.terms().stream().unwrap();
            while stream.advance() {
                let read = IndexRecordOption::Basic;
                let info = stream.value();
                let mut postings = inverted.read_postings_from_terminfo(info, read).unwrap();
                let mut docs = Vec::new();
                while postings.doc() != TERMINATED {
                    docs.extend(lines.first(postings.doc()));
                    postings.advance();
                }
                docs.sort_unstable();
                assert_eq!(info.doc_freq as usize, docs.len());
                all.push((column.field_id(), stream.key().to_vec(), docs));
            }
        }
        all
    }

    #[test]
    fn an_index_is_what_tantivys_own_writer_makes_of_it() {
        let (schema, columns) = schema::build();
        let numbered = Arc::new(Numbered::default());
        let mut index = Index::create_in_ram(schema.clone());
        index.register_plugin(Arc::new(Postings {
            terms: columns.terms,
            generation: columns.generation,
            numbered: numbered.clone(),
        }));
        fill(&index, &columns, |nth| ours(nth, &columns, &numbered));
        let peer = Index::create_in_ram(schema);
        fill(&peer, &columns, |nth| theirs(nth, &columns));
        let (ours, theirs) = (postings(&index, &columns), postings(&peer, &columns));
        assert!(ours.len() > 3_000);
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert!(ours == theirs, "{}", ours.1.escape_ascii());
        }
        assert_eq!(ours.len(), theirs.len());
    }
}
