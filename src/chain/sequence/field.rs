//! The field that counts in JSON lines.

use std::hash::{DefaultHasher, Hasher};

use super::FEW;
use crate::chain::Record;
use crate::chain::detect::names::SEQ_KEYS;
use crate::json::{Reader, Token};

/// Records, and bytes of them, in which counting must show.
const RECORDS: usize = 64;
const BYTES: usize = 8 << 20;

/// The first records of a source.
#[derive(Clone, Debug, Default)]
pub(super) struct Sample {
    /// Generation, offset, line, bytes, torn.
    records: Vec<(i32, u64, u64, Vec<u8>, bool)>,
    bytes: usize,
}

impl Sample {
    pub(super) fn push(&mut self, r: &Record<'_>) {
        self.bytes += r.bytes.len();
        let record = (r.generation, r.offset, r.line, r.bytes.to_vec(), r.torn);
        self.records.push(record);
    }

    pub(super) fn is_full(&self) -> bool {
        self.records.len() >= RECORDS || self.bytes >= BYTES
    }

    pub(super) fn each(&self, mut each: impl FnMut(&Record<'_>)) {
        for (generation, offset, line, bytes, torn) in &self.records {
            each(&Record {
                generation: *generation,
                offset: *offset,
                line: *line,
                bytes,
                torn: *torn,
            });
        }
    }

    /// The first of the usual names whose number is one more than in the record before, nine times of ten.
    pub(super) fn counting(&self) -> Option<&'static str> {
        SEQ_KEYS.into_iter().find(|key| {
            let numbers = self.records.iter().map(|r| number(&r.3, key));
            let numbers: Vec<Option<u64>> = numbers.collect();
            let steps = numbers.windows(2);
            let by_one =
                steps.filter(|w| matches!(w, [Some(a), Some(b)] if a.checked_add(1) == Some(*b)));
            let by_one = by_one.count();
            numbers.len() as u64 >= FEW && by_one * 10 >= (numbers.len() - 1) * 9
        })
    }
}

/// The whole number, perhaps in quotes, that a record has under `key` on its first level.
pub(super) fn number(line: &[u8], key: &str) -> Option<u64> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let mut reader = Reader::new(line);
    let mut is_next = false;
    while let Some(token) = reader.next_token().ok()? {
        match token {
            Token::Key(name) => {
                is_next = reader.depth() == 1 && unquoted(name) == key.as_bytes();
            }
            Token::Num(text) if is_next => return whole(text),
            Token::Str(text) if is_next => return whole(unquoted(text)),
            _ if is_next => return None,
            _ => {}
        }
    }
    None
}

fn unquoted(text: &[u8]) -> &[u8] {
    let text = text.strip_prefix(b"\"").unwrap_or(text);
    text.strip_suffix(b"\"").unwrap_or(text)
}

fn whole(text: &[u8]) -> Option<u64> {
    let is_plain = text.iter().all(u8::is_ascii_digit);
    let number = std::str::from_utf8(text).ok().filter(|_| is_plain)?;
    number.parse().ok()
}

/// Tells lines apart; not against somebody who makes two alike.
pub(super) fn hash(line: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(line);
    hasher.finish()
}
