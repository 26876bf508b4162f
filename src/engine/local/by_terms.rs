//! Counts of a field's values out of the terms of its path, so that the originals of a whole log need not be read.

use std::borrow::Cow;
use std::sync::Arc;

use tantivy::schema::Field as Column;
use tantivy::{InvertedIndexReader, SegmentReader};

use super::dictionary::each_doc;
use super::docset::{Bits, Docs};
use super::failed;
use super::ranked::{ByOrdinal, Ranked};
use super::terms::{self, HIGH, LOW};
use super::values::{PathTerms, Values};
use crate::engine::{Cancel, EngineError, FacetField};
use crate::event::field::Field;

/// Terms gone through in about the time that an original takes to be read.
const TERMS_AN_ORIGINAL: usize = 20;
/// Documents of the segment, likewise: their places in posting lists are gone through, too.
const PLACES_AN_ORIGINAL: usize = 2000;
/// Terms between two looks whether somebody still waits.
const LOOK: usize = 1024;

/// What the terms of a path tell of the documents found.
pub(crate) struct ByTerms {
    pub(crate) ranked: Vec<Arc<Ranked>>,
    /// Documents of which nothing is counted: an id-like or a long value is only in the original.
    pub(crate) unread: Docs,
}

/// The path under which a field has its values as terms.
fn path_of(field: &FacetField) -> Option<Cow<'_, str>> {
    match field {
        FacetField::Attribute(path) => Some(terms::attribute_path(path)),
        FacetField::Normal(field @ (Field::Session | Field::Message)) => {
            Some(terms::normal_path(*field).into())
        }
        FacetField::Normal(_) => None,
    }
}

/// Counts the values of `field` in `docs` by its terms, and names so many of them; `None` = it has none, or to read the
/// originals is less work.
pub(crate) fn count(
    segment: &SegmentReader,
    column: Column,
    field: &FacetField,
    docs: &Docs,
    named: usize,
    cancel: &Cancel,
) -> Result<Option<ByTerms>, EngineError> {
    let Some(path) = path_of(field) else {
        return Ok(None);
    };
    let max_doc = segment.max_doc();
    let terms = segment.inverted_index(column).map_err(failed)?;
    let low = PathTerms::open(&terms, LOW, &path)?;
    let high = PathTerms::open(&terms, HIGH, &path)?;
    let of_terms = (low.len() + high.len()) / TERMS_AN_ORIGINAL;
    if of_terms + max_doc as usize / PLACES_AN_ORIGINAL > docs.count(max_doc) {
        return Ok(None);
    }
    let counting = Counting {
        terms: &terms,
        max_doc,
        cancel,
    };
    let mut opaque = Bits::new(max_doc);
    if let Some(info) = terms
        .terms()
        .get(terms::opaque_term(&path))
        .map_err(failed)?
    {
        each_doc(&terms, &info, |doc| opaque.insert(doc))?;
    }
    let opaque = Docs::from_bits(opaque);
    let mut counted = docs.and(&opaque.not(max_doc));
    let paths = [&low, &high];
    let (mut found, cut) = counting.count(paths, &counted)?;
    if !matches!(cut, Docs::None) {
        counted = counted.and(&cut.not(max_doc));
        (found, _) = counting.count(paths, &counted)?;
    }
    let Found { counts, with_value } = found;
    let missing = (counted.count(max_doc) - with_value.count()) as u64;
    let [of_low, of_high] = counts.map(ByOrdinal::All);
    let ranked = [
        Ranked::new(Values::Terms(low), of_low, missing, named)?,
        Ranked::new(Values::Terms(high), of_high, 0, named)?,
    ];
    Ok(Some(ByTerms {
        ranked: ranked.map(Arc::new).into(),
        unread: docs.and(&opaque.or(&cut)),
    }))
}

/// Counts of the terms of two kinds, and the documents that have one of them.
struct Found {
    counts: [Vec<u32>; 2],
    with_value: Bits,
}

struct Counting<'a> {
    terms: &'a InvertedIndexReader,
    max_doc: u32,
    cancel: &'a Cancel,
}

impl Counting<'_> {
    /// What was found among `docs`, and those documents that have a cut term, wherever they are.
    fn count(&self, paths: [&PathTerms; 2], docs: &Docs) -> Result<(Found, Docs), EngineError> {
        let mut with_value = Bits::new(self.max_doc);
        let mut cut = Bits::new(self.max_doc);
        let mut counts = [Vec::new(), Vec::new()];
        for (path, counts) in paths.into_iter().zip(&mut counts) {
            counts.reserve_exact(path.len());
            let mut stream = path.stream()?;
            while stream.advance() {
                if counts.len().is_multiple_of(LOOK) && self.cancel.is_cancelled() {
                    return Err(EngineError::Cancelled);
                }
                let mut count = 0;
                if terms::is_cut(path.name(stream.key())) {
                    each_doc(self.terms, stream.value(), |doc| cut.insert(doc))?;
                } else {
                    each_doc(self.terms, stream.value(), |doc| {
                        if docs.contains(doc) {
                            count += 1;
                            with_value.insert(doc);
                        }
                    })?;
                }
                counts.push(count);
            }
        }
        Ok((Found { counts, with_value }, Docs::from_bits(cut)))
    }
}
