//! The postings of a segment that is being built, by term, in memory.
//!
//! Most of an event's terms are somewhere in memory where no other event's were for a while: what takes time is waiting
//! for that. So an event's terms are looked up together, a step of all before the next step of any, and the processor
//! waits for many at once.

use tantivy_stacker::{Addr, ExpUnrolledLinkedList, MemoryArena};

use super::coded::Coded;
use super::document::DocumentTerms;

/// Slots of an empty table; a power of two.
const SLOTS: usize = 1 << 12;

/// The documents that have a term, ascending.
#[derive(Clone, Copy)]
struct Posting {
    /// `None` = none yet. Most terms have no other than the first.
    first: u32,
    last: u32,
    /// The others as distances from the one before (LEB128).
    rest: ExpUnrolledLinkedList,
}

/// No document has this number.
const NONE: u32 = u32::MAX;

impl Posting {
    fn none() -> Self {
        Self {
            first: NONE,
            last: NONE,
            rest: ExpUnrolledLinkedList::default(),
        }
    }

    fn add(&mut self, doc: u32, arena: &mut MemoryArena) {
        if self.first == NONE {
            self.first = doc;
        } else {
            let mut left = doc - self.last;
            let (mut bytes, mut length) = ([0; 5], 0);
            loop {
                bytes[length] = left as u8 & 0x7f | if left > 0x7f { 0x80 } else { 0 };
                length += 1;
                left >>= 7;
                if left == 0 {
                    break;
                }
            }
            self.rest.writer(arena).extend_from_slice(&bytes[..length]);
        }
        self.last = doc;
    }

    /// Gives `each` the documents; `buffer` is for this alone.
    fn for_each(&self, arena: &MemoryArena, buffer: &mut Vec<u8>, mut each: impl FnMut(u32)) {
        buffer.clear();
        self.rest.read_to_end(arena, buffer);
        let mut doc = self.first;
        each(doc);
        let (mut distance, mut shift) = (0, 0);
        for byte in buffer {
            distance |= u32::from(*byte & 0x7f) << shift;
            shift += 7;
            if *byte & 0x80 == 0 {
                doc += distance;
                each(doc);
                (distance, shift) = (0, 0);
            }
        }
    }
}

/// Where a term is kept: its hash, and the place of its posting, its length (16 bits) and its bytes.
#[derive(Clone, Copy)]
struct Slot {
    hash: u32,
    /// Null where the slot is free.
    at: Addr,
}

impl Slot {
    fn free() -> Self {
        Self {
            hash: 0,
            at: Addr::null_pointer(),
        }
    }
}

const POSTING_BYTES: u32 = size_of::<Posting>() as u32;
const HEAD_BYTES: u32 = POSTING_BYTES + size_of::<u16>() as u32;

/// Where the term of an event is likely to be.
#[derive(Clone, Copy)]
struct Likely {
    slot: usize,
    at: Addr,
}

pub(super) struct TermTable {
    arena: MemoryArena,
    /// Of terms with a number, each at its number.
    numbered: Vec<Posting>,
    /// Of terms with a code, each at its code.
    coded: Vec<Posting>,
    /// Of the others, by hash; at most half are taken. Their number is a power of two.
    slots: Vec<Slot>,
    taken: usize,
    /// How many documents were added to postings.
    pub(super) total: u64,
    likely: Vec<Likely>,
}

impl TermTable {
    pub(super) fn new() -> Self {
        Self {
            arena: MemoryArena::default(),
            numbered: Vec::new(),
            coded: Vec::new(),
            slots: vec![Slot::free(); SLOTS],
            taken: 0,
            total: 0,
            likely: Vec::new(),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let direct = (self.numbered.capacity() + self.coded.capacity()) * size_of::<Posting>();
        self.arena.mem_usage() + direct + self.slots.len() * size_of::<Slot>()
    }

    /// Adds a document, which is later than all before it.
    pub(super) fn add(&mut self, doc: u32, terms: &DocumentTerms) {
        for (direct, postings) in [
            (terms.numbered(), &mut self.numbered),
            (terms.coded(), &mut self.coded),
        ] {
            for at in direct {
                let at = *at as usize;
                if postings.len() <= at {
                    postings.resize(at + 1, Posting::none());
                }
                if postings[at].last != doc {
                    postings[at].add(doc, &mut self.arena);
                    self.total += 1;
                }
            }
        }
        let mut likely = std::mem::take(&mut self.likely);
        likely.clear();
        likely.extend(terms.others().map(|(hash, _)| self.likely(hash)));
        for (found, (_, term)) in likely.iter_mut().zip(terms.others()) {
            if !found.at.is_null() && !self.is_at(found.at, term) {
                // Another term of the same hash.
                found.at = Addr::null_pointer();
            }
        }
        for (found, (hash, term)) in likely.iter().zip(terms.others()) {
            let at = match found.at.is_null() {
                true => self.find_or_add(hash, term),
                false => found.at,
            };
            let mut posting: Posting = self.arena.read(at);
            if posting.last != doc {
                posting.add(doc, &mut self.arena);
                self.arena.write_at(at, posting);
                self.total += 1;
            }
        }
        self.likely = likely;
    }

    /// The first term of this hash, or the free slot before it.
    fn likely(&self, hash: u32) -> Likely {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let Slot { hash: of, at } = self.slots[slot];
            if of == hash || at.is_null() {
                return Likely { slot, at };
            }
            slot = (slot + 1) & mask;
        }
    }

    fn length_at(&self, at: Addr) -> usize {
        usize::from(self.arena.read::<u16>(at.offset(POSTING_BYTES)))
    }

    fn term_at(&self, at: Addr) -> &[u8] {
        self.arena.slice(at.offset(HEAD_BYTES), self.length_at(at))
    }

    fn is_at(&self, at: Addr, term: &[u8]) -> bool {
        self.length_at(at) == term.len() && self.term_at(at) == term
    }

    fn find_or_add(&mut self, hash: u32, term: &[u8]) -> Addr {
        let mask = self.slots.len() - 1;
        let mut slot = self.likely(hash).slot;
        loop {
            let Slot { hash: of, at } = self.slots[slot];
            if at.is_null() {
                break;
            }
            if of == hash && self.is_at(at, term) {
                return at;
            }
            slot = (slot + 1) & mask;
        }
        let at = self.arena.allocate_space(HEAD_BYTES as usize + term.len());
        self.arena.write_at(at, Posting::none());
        self.arena
            .write_at(at.offset(POSTING_BYTES), term.len() as u16);
        let bytes = at.offset(HEAD_BYTES);
        self.arena
            .slice_mut(bytes, term.len())
            .copy_from_slice(term);
        self.slots[slot] = Slot { hash, at };
        self.taken += 1;
        if self.taken * 2 > self.slots.len() {
            self.grow();
        }
        at
    }

    fn grow(&mut self) {
        let twice = vec![Slot::free(); self.slots.len() * 2];
        let mask = twice.len() - 1;
        for old in std::mem::replace(&mut self.slots, twice) {
            if old.at.is_null() {
                continue;
            }
            let mut slot = old.hash as usize & mask;
            while !self.slots[slot].at.is_null() {
                slot = (slot + 1) & mask;
            }
            self.slots[slot] = old;
        }
    }

    /// Every term that a document has, in order of their bytes; `numbered` are those that have numbers, each at its own.
    pub(super) fn sorted<'a>(&'a self, numbered: &'a [impl AsRef<[u8]>]) -> Vec<Term<'a>> {
        debug_assert!(
            numbered.len() >= self.numbered.len(),
            "a number without a term"
        );
        let is_there = |posting: &Posting| posting.first != NONE;
        let of_numbers = numbered.iter().zip(&self.numbered);
        let of_numbers = of_numbers
            .filter(|(_, posting)| is_there(posting))
            .map(|(term, posting)| Term::new(Bytes::Kept(term.as_ref()), Place::Direct(posting)));
        let of_codes = (0..).zip(&self.coded);
        let of_codes = of_codes
            .filter(|(_, posting)| is_there(posting))
            .map(|(code, posting)| {
                Term::new(Bytes::Coded(Coded::of(code)), Place::Direct(posting))
            });
        let taken = self.slots.iter().filter(|slot| !slot.at.is_null());
        let others =
            taken.map(|slot| Term::new(Bytes::Kept(self.term_at(slot.at)), Place::At(slot.at)));
        let mut all: Vec<Term<'_>> =
            Vec::with_capacity(self.taken + self.numbered.len() + self.coded.len());
        all.extend(of_numbers.chain(of_codes).chain(others));
        all.sort_unstable_by(|a, b| (a.start, a.bytes()).cmp(&(b.start, b.bytes())));
        all
    }

    /// Gives `each` the documents that have a term, ascending; `buffer` is for this alone.
    pub(super) fn docs(&self, term: &Term<'_>, buffer: &mut Vec<u8>, each: impl FnMut(u32)) {
        let posting = match term.place {
            Place::Direct(posting) => *posting,
            Place::At(at) => self.arena.read(at),
        };
        posting.for_each(&self.arena, buffer, each);
    }
}

pub(super) struct Term<'a> {
    bytes: Bytes<'a>,
    /// Its first bytes, which decide most comparisons without a look at the others.
    start: u64,
    place: Place<'a>,
}

enum Bytes<'a> {
    Kept(&'a [u8]),
    Coded(Coded),
}

/// Where its posting is.
enum Place<'a> {
    Direct(&'a Posting),
    At(Addr),
}

impl<'a> Term<'a> {
    fn new(bytes: Bytes<'a>, place: Place<'a>) -> Self {
        let mut term = Self {
            bytes,
            start: 0,
            place,
        };
        let mut start = [0; 8];
        let length = term.bytes().len().min(8);
        start[..length].copy_from_slice(&term.bytes()[..length]);
        term.start = u64::from_be_bytes(start);
        term
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Kept(bytes) => bytes,
            Bytes::Coded(coded) => coded.bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;
    use crate::engine::local::document::IndexDocument;

    proptest! {
        /// As a map of sets would have it, even where hashes are alike.
        #[test]
        fn a_term_has_the_documents_that_had_it(
            docs in prop::collection::vec(
                (prop_oneof![1u32..200, 1u32..60_000_000], prop::collection::vec((0u32..20, 0u64..6, "[a-c]{0,12}"), 0..30)),
                0..60,
            ),
            hashes in 1u64..40,
        ) {
            let numbered: Vec<String> = (0..20).map(|n| format!("L{n}")).collect();
            let mut table = TermTable::new();
            let mut want: BTreeMap<Vec<u8>, BTreeSet<u32>> = BTreeMap::new();
            let mut doc = 0;
            for (distance, terms) in docs {
                doc += distance;
                let mut document = IndexDocument::new();
                for (number, kind, text) in terms {
                    let term = if kind == 0 {
                        document.terms.add_numbered(number);
                        numbered[number as usize].clone().into_bytes()
                    } else if kind == 5 {
                        document.terms.add_coded(number * 700);
                        Coded::of(number * 700).bytes().to_vec()
                    } else {
                        let hash = (text.len() as u64 * 7 + kind) % hashes;
                        let term = format!("V{kind}{text}").into_bytes();
                        document.terms.add(&term, hash << 32);
                        term
                    };
                    want.entry(term).or_default().insert(doc);
                }
                table.add(doc, &document.terms);
            }
            let total: usize = want.values().map(BTreeSet::len).sum();
            prop_assert_eq!(table.total, total as u64);
            let mut buffer = Vec::new();
            let got: Vec<(Vec<u8>, BTreeSet<u32>)> = table
                .sorted(&numbered)
                .iter()
                .map(|term| {
                    let mut of_term = BTreeSet::new();
                    table.docs(term, &mut buffer, |doc| assert!(of_term.insert(doc)));
                    (term.bytes().to_vec(), of_term)
                })
                .collect();
            prop_assert_eq!(got, want.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn many_terms_and_many_documents() {
        let mut table = TermTable::new();
        let word = |i: u32| format!("W{i}").into_bytes();
        for doc in 0..3_000 {
            let mut document = IndexDocument::new();
            for i in (0..40).map(|i| doc * 10 + i) {
                let hash = u64::from(i).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                document.terms.add(&word(i), hash);
            }
            table.add(doc, &document.terms);
        }
        let terms = table.sorted(&[[0u8; 0]; 0]);
        assert_eq!(terms.len(), 30_030);
        assert!(terms.is_sorted_by(|a, b| a.bytes() < b.bytes()));
        let (mut buffer, mut docs) = (Vec::new(), Vec::new());
        let of = terms.iter().find(|t| t.bytes() == word(10_000)).unwrap();
        table.docs(of, &mut buffer, |doc| docs.push(doc));
        assert_eq!(docs, [997, 998, 999, 1000]);
    }
}
