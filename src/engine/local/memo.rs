//! Values that came lately and the numbers of their terms. Most values of most events are among them: the term of such a
//! one need not be built to be looked up.

use std::hash::{BuildHasher, Hasher};

use super::Hash;

/// A power of two; so many fit a processor's cache.
const SLOTS: usize = 1 << 12;
/// Longest path and value together that are remembered, in bytes.
const LONGEST: usize = 256;

pub(super) struct Memo {
    hash: Hash,
    /// By hash; the last of those that share a slot is remembered.
    slots: Vec<Remembered>,
}

#[derive(Clone, Default)]
struct Remembered {
    hash: u64,
    /// Path, then value.
    text: Vec<u8>,
    path: usize,
    number: Option<u32>,
}

/// Where a value is remembered if it is.
#[derive(Clone, Copy)]
pub(super) struct Place(u64);

impl Memo {
    pub(super) fn new(hash: Hash) -> Self {
        Self {
            hash,
            slots: vec![Remembered::default(); SLOTS],
        }
    }

    pub(super) fn place(&self, path: &str, value: &str) -> Place {
        let mut hasher = self.hash.build_hasher();
        hasher.write(path.as_bytes());
        hasher.write(value.as_bytes());
        Place(hasher.finish())
    }

    /// The number of the term that the value at this path has, if that is remembered.
    pub(super) fn number(&self, Place(hash): Place, path: &str, value: &str) -> Option<u32> {
        let slot = &self.slots[hash as usize % SLOTS];
        if slot.hash != hash || slot.path != path.len() {
            return None;
        }
        let (of_path, of_value) = slot.text.split_at_checked(slot.path)?;
        let is_it = of_path == path.as_bytes() && of_value == value.as_bytes();
        slot.number.filter(|_| is_it)
    }

    pub(super) fn remember(&mut self, Place(hash): Place, path: &str, value: &str, number: u32) {
        if path.len() + value.len() > LONGEST {
            return;
        }
        let slot = &mut self.slots[hash as usize % SLOTS];
        slot.hash = hash;
        slot.text.clear();
        slot.text.extend_from_slice(path.as_bytes());
        slot.text.extend_from_slice(value.as_bytes());
        slot.path = path.len();
        slot.number = Some(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_value_of_the_same_path_is_known() {
        let mut memo = Memo::new(Hash::default());
        let place = memo.place("a", "bc");
        assert_eq!(memo.number(place, "a", "bc"), None);
        memo.remember(place, "a", "bc", 7);
        assert_eq!(memo.number(place, "a", "bc"), Some(7));
        // Of the same hash, or not: none of them is that value.
        for (path, value) in [
            ("ab", "c"),
            ("a", "bd"),
            ("", "abc"),
            ("a", "b"),
            ("abc", ""),
        ] {
            assert_eq!(memo.number(place, path, value), None, "{path} {value}");
        }
        // The empty value of the empty path is what an empty slot holds.
        let empty = memo.place("", "");
        assert_eq!(memo.number(empty, "", ""), None);
        // What pushes another out takes its place.
        memo.remember(place, "x", "y", 8);
        assert_eq!(memo.number(place, "a", "bc"), None);
        assert_eq!(memo.number(place, "x", "y"), Some(8));
        let long = "v".repeat(LONGEST);
        memo.remember(place, "p", &long, 9);
        assert_eq!(memo.number(place, "p", &long), None);
    }
}
