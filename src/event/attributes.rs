//! The leaves of a record, flat, in one buffer: two allocations an event whatever the record's width.

use std::ops::Range;

/// What kind of leaf a value was in the original record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Str,
    /// A number; its token is kept verbatim.
    Num,
    Bool,
    /// `null`, `[]` or `{}`: present in the record, absent for queries.
    Empty,
}

/// A leaf's value: unescaped text for strings, the verbatim token for everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a> {
    pub kind: Kind,
    pub text: &'a str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Leaf {
    path: Range<u32>,
    value: Range<u32>,
    kind: Kind,
}

/// Every leaf of a record by its own path: keys joined by dots, array indices left out, so a path may occur
/// several times (a multi-valued field). Order is the record's own.
#[derive(Clone, Debug, Default)]
pub struct Attributes {
    buf: String,
    leaves: Vec<Leaf>,
    is_full: bool,
    /// Bytes of the JSON text of which these are exactly the leaves, as it reads; 0 = there is none.
    text: usize,
}

impl PartialEq for Attributes {
    fn eq(&self, other: &Self) -> bool {
        (&self.buf, &self.leaves, self.is_full) == (&other.buf, &other.leaves, other.is_full)
    }
}

impl Eq for Attributes {}

/// Bytes of one record's paths and values that are kept: many times what a record has, since each leaf of a hostile
/// one may repeat a long path.
const MOST: usize = 32 << 20;
/// Bytes of a path that are kept: an index repeats it with each value.
pub const LONGEST_PATH: usize = 4096;

/// The characters that fit in so many bytes.
fn beginning(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

impl Attributes {
    pub fn with_capacity(bytes: usize, leaves: usize) -> Self {
        Self {
            buf: String::with_capacity(bytes),
            leaves: Vec::with_capacity(leaves),
            is_full: false,
            text: 0,
        }
    }

    /// Notes that these are exactly the leaves of a JSON text of so many bytes; forgotten once one more comes.
    pub fn are_all_of(&mut self, bytes: usize) {
        self.text = if self.is_full { 0 } else { bytes };
    }

    /// Whether these are exactly the leaves of this JSON text, from which they were read.
    pub fn is_all_of(&self, text: &[u8]) -> bool {
        self.text > 0 && self.text == text.len()
    }

    /// Adds a leaf, if there is room left. A path equal to the previous leaf's is stored once.
    pub fn push(&mut self, path: &str, kind: Kind, text: &str) {
        self.text = 0;
        let path = beginning(path, LONGEST_PATH);
        if self.buf.len() + path.len() + text.len() > MOST {
            self.is_full = true;
            return;
        }
        let path = match self.leaves.last() {
            Some(last) if self.slice(&last.path) == path => last.path.clone(),
            _ => self.append(path),
        };
        let value = self.append(text);
        self.leaves.push(Leaf { path, value, kind });
    }

    pub fn push_str(&mut self, path: &str, text: &str) {
        self.push(path, Kind::Str, text);
    }

    fn append(&mut self, text: &str) -> Range<u32> {
        let start = self.buf.len();
        self.buf.push_str(text);
        // `MOST` is far below 4 GiB, so offsets fit.
        start as u32..self.buf.len() as u32
    }

    fn slice(&self, range: &Range<u32>) -> &str {
        &self.buf[range.start as usize..range.end as usize]
    }

    /// Whether leaves were left out because there was no room.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    pub fn len(&self) -> usize {
        self.leaves.len()
    }

    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// All leaves in record order, empty ones included.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Value<'_>)> {
        self.leaves.iter().map(|leaf| {
            (
                self.slice(&leaf.path),
                Value {
                    kind: leaf.kind,
                    text: self.slice(&leaf.value),
                },
            )
        })
    }

    /// Every non-empty value at exactly this path.
    pub fn all<'a>(&'a self, path: &'a str) -> impl Iterator<Item = Value<'a>> {
        self.iter()
            .filter(move |(p, v)| v.kind != Kind::Empty && *p == path)
            .map(|(_, v)| v)
    }

    /// The first non-empty value at this path that is not the empty string.
    pub fn get<'a>(&'a self, path: &'a str) -> Option<&'a str> {
        self.all(path).map(|v| v.text).find(|t| !t.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_is_cut_between_characters() {
        let mut a = Attributes::default();
        a.push_str(&"k".repeat(LONGEST_PATH), "whole");
        a.push_str(&("é".repeat(LONGEST_PATH / 2 - 1) + "kéy"), "cut");
        let lengths: Vec<usize> = a.iter().map(|(path, _)| path.len()).collect();
        assert_eq!(lengths, [LONGEST_PATH, LONGEST_PATH - 1]);
    }

    #[test]
    fn values_keep_order_kind_and_repetition() {
        let mut a = Attributes::default();
        a.push("a.b", Kind::Num, "1.0");
        a.push("a.b", Kind::Str, "x");
        a.push("c", Kind::Empty, "null");
        a.push("d", Kind::Str, "");
        assert_eq!(
            a.all("a.b").map(|v| v.text).collect::<Vec<_>>(),
            ["1.0", "x"]
        );
        assert_eq!(a.get("c"), None);
        assert_eq!(a.get("d"), None);
        assert_eq!(a.all("d").count(), 1);
        assert_eq!(a.len(), 4);
    }

    #[test]
    fn leaves_that_repeat_a_long_path_end_where_the_room_does() {
        let mut a = Attributes::default();
        let paths = ["a", "b"].map(|last| "k".repeat(LONGEST_PATH - 1) + last);
        for i in 0..10_000 {
            a.push(&paths[i % 2], Kind::Num, "1");
        }
        assert!(a.is_full() && a.buf.len() <= MOST);
        assert_eq!(a.len(), MOST / (paths[0].len() + 1));
    }
}
