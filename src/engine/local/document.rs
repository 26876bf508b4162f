//! A document on its way into the index: its columns and its terms in a few buffers, where tantivy's own document type
//! allocates and copies for each value. Its columns are what tantivy sees; its terms are for [`super::postings`].

use std::ops::Range;

use tantivy::schema::Field as Column;
use tantivy::schema::document::{Document, ReferenceValue, ReferenceValueLeaf, Value};

/// Bytes of most events' column texts and terms.
const USUAL_TEXT: usize = 256;
const USUAL_TERMS: usize = 512;
const USUAL_NUMBERED: usize = 64;
const USUAL_CODED: usize = 32;

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
    pub(crate) terms: DocumentTerms,
}

/// The terms of a document.
#[derive(Debug, Default)]
pub(crate) struct DocumentTerms {
    /// Those that have a number (see [`super::numbered`]).
    numbered: Vec<u32>,
    /// Codes of those that have one (see [`super::coded`]).
    coded: Vec<u32>,
    /// The others, each with its hash (32 bits) and its length (16 bits) before it. Paths and values are cut, so that no
    /// term comes near to that.
    others: Vec<u8>,
}

impl DocumentTerms {
    fn bytes(&self) -> usize {
        let few = self.numbered.capacity() + self.coded.capacity();
        few * size_of::<u32>() + self.others.capacity()
    }

    pub(crate) fn add_numbered(&mut self, number: u32) {
        self.numbered.push(number);
    }

    pub(crate) fn add_coded(&mut self, code: u32) {
        self.coded.push(code);
    }

    /// A term without number or code, and its hash (see [`super::numbered::Numbered::hash`]).
    pub(crate) fn add(&mut self, term: &[u8], hash: u64) {
        let Ok(length) = u16::try_from(term.len()) else {
            debug_assert!(false, "a term of {} bytes", term.len());
            return;
        };
        // The high half: the low one has said already which terms of the document are alike.
        let hash = (hash >> 32) as u32;
        self.others.extend_from_slice(&hash.to_le_bytes());
        self.others.extend_from_slice(&length.to_le_bytes());
        self.others.extend_from_slice(term);
    }

    pub(crate) fn numbered(&self) -> &[u32] {
        &self.numbered
    }

    pub(crate) fn coded(&self) -> &[u32] {
        &self.coded
    }

    /// The others with their hashes.
    pub(crate) fn others(&self) -> impl Iterator<Item = (u32, &[u8])> {
        let mut rest = &*self.others;
        std::iter::from_fn(move || {
            let (hash, after) = rest.split_first_chunk()?;
            let (length, after) = after.split_first_chunk()?;
            let (term, after) = after.split_at_checked(u16::from_le_bytes(*length).into())?;
            rest = after;
            Some((u32::from_le_bytes(*hash), term))
        })
    }
}

impl IndexDocument {
    pub(crate) fn new() -> Self {
        Self {
            columns: Vec::with_capacity(20),
            text: String::with_capacity(USUAL_TEXT),
            terms: DocumentTerms {
                numbered: Vec::with_capacity(USUAL_NUMBERED),
                coded: Vec::with_capacity(USUAL_CODED),
                others: Vec::with_capacity(USUAL_TERMS),
            },
        }
    }

    /// About what it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let columns = self.columns.capacity() * size_of::<(Column, Leaf)>();
        let terms = self.terms.bytes();
        size_of::<Self>() + columns + self.text.capacity() + terms
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

    /// What a column of numbers was given.
    pub(crate) fn u64_of(&self, column: Column) -> Option<u64> {
        self.columns.iter().find_map(|(of, leaf)| match leaf {
            Leaf::U64(value) if *of == column => Some(*value),
            _ => None,
        })
    }
}

/// A value as the indexer reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DocumentValue<'a> {
    U64(u64),
    I64(i64),
    Text(&'a str),
}

impl<'a> Value<'a> for DocumentValue<'a> {
    type ArrayIter = std::iter::Empty<Self>;
    type ObjectIter = std::iter::Empty<(&'a str, Self)>;

    fn as_value(&self) -> ReferenceValue<'a, Self> {
        ReferenceValue::Leaf(match *self {
            Self::U64(value) => ReferenceValueLeaf::U64(value),
            Self::I64(value) => ReferenceValueLeaf::I64(value),
            Self::Text(text) => ReferenceValueLeaf::Str(text),
        })
    }
}

/// The columns.
pub(crate) struct Values<'a> {
    columns: std::slice::Iter<'a, (Column, Leaf)>,
    text: &'a str,
}

impl<'a> Iterator for Values<'a> {
    type Item = (Column, DocumentValue<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (column, leaf) = self.columns.next()?;
        let value = match leaf {
            Leaf::U64(value) => DocumentValue::U64(*value),
            Leaf::I64(value) => DocumentValue::I64(*value),
            Leaf::Text(range) => DocumentValue::Text(&self.text[range.clone()]),
        };
        Some((*column, value))
    }
}

/// Boxed, since the indexer's queue has room for 40,000 from the start.
impl Document for Box<IndexDocument> {
    type Value<'a> = DocumentValue<'a>;
    type FieldsValuesIter<'a> = Values<'a>;

    fn iter_fields_and_values(&self) -> Values<'_> {
        Values {
            columns: self.columns.iter(),
            text: &self.text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_in_order() {
        let column = Column::from_field_id;
        let mut document = Box::new(IndexDocument::new());
        document.add_i64(column(0), -1);
        document.add_text(column(1), "é");
        document.add_u64(column(2), 0);
        document.add_text(column(3), "");
        document.set_u64(column(2), 7);
        let values: Vec<String> = document
            .iter_fields_and_values()
            .map(|(column, value)| format!("{} {value:?}", column.field_id()))
            .collect();
        assert_eq!(
            values,
            ["0 I64(-1)", "1 Text(\"é\")", "2 U64(7)", "3 Text(\"\")"]
        );
        assert_eq!(document.u64_of(column(2)), Some(7));
        assert_eq!(document.u64_of(column(0)), None);
        let terms: [&[u8]; 3] = [b"Wone", b"", &[0xff; 300]];
        for (term, hash) in terms.into_iter().zip(1..) {
            document.terms.add(term, hash << 32);
        }
        document.terms.add_numbered(9);
        document.terms.add_coded(8);
        let others: Vec<(u32, &[u8])> = document.terms.others().collect();
        assert_eq!(others, [(1, terms[0]), (2, terms[1]), (3, terms[2])]);
        assert_eq!(document.terms.numbered(), [9]);
        assert_eq!(document.terms.coded(), [8]);
    }
}
