//! Reading the dictionary of terms and their postings.

use tantivy::postings::{BlockSegmentPostings, TermInfo};
use tantivy::schema::IndexRecordOption;
use tantivy::{InvertedIndexReader, TERMINATED};

use super::failed;
use crate::engine::EngineError;

/// Gives `each` the documents of a posting list.
pub(crate) fn each_doc(
    terms: &InvertedIndexReader,
    info: &TermInfo,
    mut each: impl FnMut(u32),
) -> Result<(), EngineError> {
    let mut postings: BlockSegmentPostings = terms
        .read_block_postings_from_terminfo(info, IndexRecordOption::Basic)
        .map_err(failed)?;
    while postings.block_len() > 0 {
        let docs = postings.docs().iter();
        docs.filter(|doc| **doc != TERMINATED)
            .for_each(|doc| each(*doc));
        postings.advance();
    }
    Ok(())
}

/// The smallest byte string above everything that starts with `prefix`.
pub(crate) fn upper_bound(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xff {
            end.push(last + 1);
            break;
        }
    }
    end
}
