//! The values of a field in one segment, each with its ordinal: those of a column, or the terms of a path.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use tantivy::InvertedIndexReader;
use tantivy::columnar::{StrColumn, Streamer};
use tantivy::termdict::TermStreamer;

use super::dictionary::upper_bound;
use super::failed;
use super::{spelling, terms};
use crate::engine::EngineError;

/// Terms that are gone through in the time in which one is looked up.
const TERMS_A_LOOKUP: usize = 50;

pub(crate) enum Values {
    Column(StrColumn),
    Terms(PathTerms),
}

/// The terms of one kind that the values of a path have.
pub(crate) struct PathTerms {
    terms: Arc<InvertedIndexReader>,
    /// See [`terms::prefix`].
    prefix: Vec<u8>,
    /// Of the dictionary; a value is known by its distance from the first.
    ordinals: Range<u64>,
}

impl PathTerms {
    pub(crate) fn open(
        terms: &Arc<InvertedIndexReader>,
        kind: u8,
        path: &str,
    ) -> Result<Self, EngineError> {
        let prefix = terms::prefix(kind, path);
        let first = |from: &[u8]| -> Result<Option<u64>, EngineError> {
            let dictionary = terms.terms();
            let range = dictionary.range().ge(from).limit(1);
            let mut stream = range.into_stream().map_err(failed)?;
            Ok(stream.advance().then(|| stream.term_ord()))
        };
        let all = terms.terms().num_terms() as u64;
        let start = first(&prefix)?.unwrap_or(all);
        let end = first(&upper_bound(&prefix))?.unwrap_or(all);
        Ok(Self {
            terms: terms.clone(),
            prefix,
            ordinals: start..end,
        })
    }

    pub(crate) fn len(&self) -> usize {
        (self.ordinals.end - self.ordinals.start) as usize
    }

    pub(crate) fn stream(&self) -> Result<TermStreamer<'_>, EngineError> {
        let range = self.terms.terms().range();
        let range = range.ge(&self.prefix).lt(upper_bound(&self.prefix));
        range.into_stream().map_err(failed)
    }

    /// What follows the prefix in a term; nothing where a damaged dictionary gives another.
    pub(crate) fn name<'a>(&self, term: &'a [u8]) -> &'a [u8] {
        term.get(self.prefix.len()..).unwrap_or_default()
    }
}

/// A value as people see it. Nothing is counted of values whose terms were cut.
pub(crate) fn shown(name: &[u8]) -> Cow<'_, str> {
    match spelling::spelled(name) {
        Cow::Borrowed(name) => String::from_utf8_lossy(name),
        Cow::Owned(name) => String::from_utf8_lossy(&name).into_owned().into(),
    }
}

impl Values {
    /// Gives `each` the names of values, whose ordinals ascend.
    pub(crate) fn names(
        &self,
        ordinals: &[u64],
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), EngineError> {
        match self {
            Self::Column(column) => {
                let dictionary = column.dictionary();
                let all = dictionary.sorted_ords_to_term_cb(ordinals, each);
                all.map_err(failed)?;
            }
            // Each of a few is looked up; many are met by going through all.
            Self::Terms(of_path) if ordinals.len() > of_path.len() / TERMS_A_LOOKUP => {
                let mut stream = of_path.stream()?;
                for ordinal in ordinals {
                    let ordinal = of_path.ordinals.start + ordinal;
                    while stream.advance() && stream.term_ord() < ordinal {}
                    each(of_path.name(stream.key()));
                }
            }
            Self::Terms(of_path) => {
                let dictionary = of_path.terms.terms();
                let mut term = Vec::new();
                for ordinal in ordinals {
                    term.clear();
                    let ordinal = of_path.ordinals.start + ordinal;
                    dictionary.ord_to_term(ordinal, &mut term).map_err(failed)?;
                    each(of_path.name(&term));
                }
            }
        }
        Ok(())
    }

    /// The ordinal of a value as people see it.
    pub(crate) fn ordinal(&self, value: &str) -> Result<Option<usize>, EngineError> {
        let ordinal = match self {
            Self::Column(column) => column.dictionary().term_ord(value).map_err(failed)?,
            Self::Terms(of_path) => {
                let Some(name) = terms::spelled_name(value) else {
                    return Ok(None);
                };
                let term = [&of_path.prefix[..], &name].concat();
                let ordinal = of_path.terms.terms().term_ord(term).map_err(failed)?;
                ordinal.map(|ord| ord - of_path.ordinals.start)
            }
        };
        Ok(ordinal.map(|ord| ord as usize))
    }

    /// Goes through all values in the order of their names.
    pub(crate) fn walk(&self) -> Result<Walk<'_>, EngineError> {
        Ok(match self {
            Self::Column(column) => Walk::Column(column.dictionary().stream().map_err(failed)?),
            Self::Terms(of_path) => Walk::Terms(of_path, of_path.stream()?),
        })
    }
}

pub(crate) enum Walk<'a> {
    Column(Streamer<'a>),
    Terms(&'a PathTerms, TermStreamer<'a>),
}

impl Walk<'_> {
    /// Goes on to the next value; `false` = there is none.
    pub(crate) fn advance(&mut self) -> bool {
        match self {
            Self::Column(stream) => stream.advance(),
            Self::Terms(_, stream) => stream.advance(),
        }
    }

    pub(crate) fn name(&self) -> &[u8] {
        match self {
            Self::Column(stream) => stream.key(),
            Self::Terms(of_path, stream) => of_path.name(stream.key()),
        }
    }

    pub(crate) fn ordinal(&self) -> usize {
        match self {
            Self::Column(stream) => stream.term_ord() as usize,
            Self::Terms(of_path, stream) => (stream.term_ord() - of_path.ordinals.start) as usize,
        }
    }
}
