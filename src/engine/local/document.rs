//! A document on its way into the index: its columns and its terms in two buffers, where tantivy's own document type
//! allocates and copies for each value.

use std::ops::Range;

use tantivy::schema::Field as Column;
use tantivy::schema::document::{Document, ReferenceValue, ReferenceValueLeaf, Value};

/// Bytes of most events' column texts and terms.
const USUAL_TEXT: usize = 256;
const USUAL_TERMS: usize = 2 << 10;

#[derive(Debug)]
enum Leaf {
    U64(u64),
    I64(i64),
    Text(Range<usize>),
}

#[derive(Debug)]
pub(crate) struct IndexDocument {
    columns: Vec<(Column, Leaf)>,
    text: String,
    terms_field: Column,
    /// Each with its length (16 bits) before it; terms are far shorter than that.
    terms: Vec<u8>,
}

impl IndexDocument {
    pub(crate) fn new(terms_field: Column) -> Self {
        Self {
            columns: Vec::with_capacity(20),
            text: String::with_capacity(USUAL_TEXT),
            terms_field,
            terms: Vec::with_capacity(USUAL_TERMS),
        }
    }

    /// About what it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let columns = self.columns.capacity() * size_of::<(Column, Leaf)>();
        size_of::<Self>() + columns + self.text.capacity() + self.terms.capacity()
    }

    pub(crate) fn add_u64(&mut self, column: Column, value: u64) {
        self.columns.push((column, Leaf::U64(value)));
    }

    /// Gives a column that was added its value: the indexer wants columns in the schema's order, else it sorts them.
    pub(crate) fn set_u64(&mut self, column: Column, value: u64) {
        let mut columns = self.columns.iter_mut();
        if let Some((_, leaf)) = columns.find(|(of, _)| *of == column) {
            *leaf = Leaf::U64(value);
        }
    }

    pub(crate) fn add_i64(&mut self, column: Column, value: i64) {
        self.columns.push((column, Leaf::I64(value)));
    }

    pub(crate) fn add_text(&mut self, column: Column, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        let range = start..self.text.len();
        self.columns.push((column, Leaf::Text(range)));
    }

    pub(crate) fn add_term(&mut self, term: &[u8]) {
        debug_assert!(term.len() <= usize::from(u16::MAX));
        self.terms
            .extend_from_slice(&(term.len() as u16).to_le_bytes());
        self.terms.extend_from_slice(term);
    }
}

/// A value as the indexer reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DocumentValue<'a> {
    U64(u64),
    I64(i64),
    Text(&'a str),
    Term(&'a [u8]),
}

impl<'a> Value<'a> for DocumentValue<'a> {
    type ArrayIter = std::iter::Empty<Self>;
    type ObjectIter = std::iter::Empty<(&'a str, Self)>;

    fn as_value(&self) -> ReferenceValue<'a, Self> {
        ReferenceValue::Leaf(match *self {
            Self::U64(value) => ReferenceValueLeaf::U64(value),
            Self::I64(value) => ReferenceValueLeaf::I64(value),
            Self::Text(text) => ReferenceValueLeaf::Str(text),
            Self::Term(term) => ReferenceValueLeaf::Bytes(term),
        })
    }
}

/// Columns, then terms.
pub(crate) struct Values<'a> {
    columns: std::slice::Iter<'a, (Column, Leaf)>,
    text: &'a str,
    terms_field: Column,
    terms: &'a [u8],
}

impl<'a> Iterator for Values<'a> {
    type Item = (Column, DocumentValue<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if let Some((column, leaf)) = self.columns.next() {
            let value = match leaf {
                Leaf::U64(value) => DocumentValue::U64(*value),
                Leaf::I64(value) => DocumentValue::I64(*value),
                Leaf::Text(range) => DocumentValue::Text(&self.text[range.clone()]),
            };
            return Some((*column, value));
        }
        let (length, rest) = self.terms.split_first_chunk()?;
        let (term, rest) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
        self.terms = rest;
        Some((self.terms_field, DocumentValue::Term(term)))
    }
}

impl Document for IndexDocument {
    type Value<'a> = DocumentValue<'a>;
    type FieldsValuesIter<'a> = Values<'a>;

    fn iter_fields_and_values(&self) -> Values<'_> {
        Values {
            columns: self.columns.iter(),
            text: &self.text,
            terms_field: self.terms_field,
            terms: &self.terms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_in_order() {
        let column = Column::from_field_id;
        let mut document = IndexDocument::new(column(9));
        document.add_i64(column(0), -1);
        document.add_text(column(1), "é");
        document.add_u64(column(2), 0);
        document.add_text(column(3), "");
        document.set_u64(column(2), 7);
        for term in [&b"Wone"[..], b"", &[0xff; 300]] {
            document.add_term(term);
        }
        let values: Vec<String> = document
            .iter_fields_and_values()
            .map(|(column, value)| format!("{} {value:?}", column.field_id()))
            .collect();
        assert_eq!(
            values[..4],
            ["0 I64(-1)", "1 Text(\"é\")", "2 U64(7)", "3 Text(\"\")"]
        );
        assert_eq!(values[4], "9 Term([87, 111, 110, 101])");
        assert_eq!((values[5].as_str(), values.len()), ("9 Term([])", 7));
    }
}
