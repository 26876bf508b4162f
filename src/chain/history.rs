//! Which record had which hash: what tells a removed record from a moved, copied or forked one.
//!
//! A record costs 8 bytes while the chain holds, and about 30 more once it is broken and an index is needed. Only
//! 64 keyed bits of each hash are kept: the key is random and secret, so nobody can make two records meet, and
//! links from one record to the next are compared in full elsewhere.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::digest::Digest;

/// Hash to record index.
#[derive(Debug)]
pub(super) struct History {
    key: RandomState,
    seen: Seen,
    /// Records with the hash of an earlier one: (earlier, later).
    twins: Vec<(u64, u64)>,
}

#[derive(Debug)]
enum Seen {
    /// In order, with their record indices where they do not just count up.
    List(Vec<u64>, Vec<(usize, u64)>),
    Index(HashMap<u64, u32>),
}

impl History {
    pub(super) fn new() -> Self {
        Self {
            key: RandomState::new(),
            seen: Seen::List(Vec::new(), Vec::new()),
            twins: Vec::new(),
        }
    }

    fn short(&self, hash: &Digest) -> u64 {
        self.key.hash_one(hash)
    }

    /// Notes that record `index` has `hash`; indices grow.
    pub(super) fn push(&mut self, hash: &Digest, index: u64) {
        let short = self.short(hash);
        match &mut self.seen {
            Seen::List(list, starts) => {
                let counted_on = starts
                    .last()
                    .is_some_and(|&(at, first)| first + (list.len() - at) as u64 == index);
                if !counted_on {
                    starts.push((list.len(), index));
                }
                list.push(short);
            }
            Seen::Index(map) => insert(map, &mut self.twins, short, index),
        }
    }

    /// The first record that had `hash`.
    pub(super) fn find(&self, hash: &Digest) -> Option<u64> {
        let short = self.short(hash);
        match &self.seen {
            Seen::List(list, starts) => {
                let at = list.iter().position(|s| *s == short)?;
                let start = starts[..starts.partition_point(|s| s.0 <= at)].last()?;
                Some(start.1 + (at - start.0) as u64)
            }
            Seen::Index(map) => map.get(&short).map(|i| u64::from(*i)),
        }
    }

    /// Makes `find` quick and twins known, from the first break on.
    pub(super) fn build_index(&mut self) {
        let Seen::List(list, starts) = &self.seen else {
            return;
        };
        let mut map = HashMap::with_capacity(list.len());
        let ends = starts.iter().skip(1).map(|s| s.0).chain([list.len()]);
        for (&(from, first), to) in starts.iter().zip(ends) {
            for (index, short) in (first..).zip(&list[from..to]) {
                insert(&mut map, &mut self.twins, *short, index);
            }
        }
        self.seen = Seen::Index(map);
    }

    /// Records whose hash an earlier record had before them: (earlier, later).
    pub(super) fn twins(&self) -> &[(u64, u64)] {
        &self.twins
    }
}

fn insert(map: &mut HashMap<u64, u32>, twins: &mut Vec<(u64, u64)>, short: u64, index: u64) {
    let small = u32::try_from(index).unwrap_or(u32::MAX);
    match map.entry(short) {
        std::collections::hash_map::Entry::Occupied(first) => {
            twins.push((u64::from(*first.get()), index));
        }
        std::collections::hash_map::Entry::Vacant(slot) => {
            slot.insert(small);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_found_before_and_after_the_index_is_built() {
        let mut history = History::new();
        for (hash, index) in [(1, 0), (2, 1), (3, 5), (1, 6)] {
            history.push(&Digest::of(&[hash; 32]), index);
        }
        for _ in 0..2 {
            for (hash, index) in [(1, Some(0)), (2, Some(1)), (3, Some(5)), (4, None)] {
                assert_eq!(history.find(&Digest::of(&[hash; 32])), index);
            }
            history.build_index();
            assert_eq!(history.twins(), [(0, 6)]);
        }
        history.push(&Digest::of(&[4; 32]), 7);
        assert_eq!(history.find(&Digest::of(&[4; 32])), Some(7));
    }
}
