//! Sets of documents of one segment, and the pair of bounds that a query is lowered to.

use std::rc::Rc;

/// Documents of one segment.
#[derive(Clone, Debug)]
pub(crate) enum Docs {
    None,
    All,
    Some(Rc<Bits>),
}

/// One bit a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    pub(crate) fn new(max_doc: u32) -> Self {
        Self {
            words: vec![0; (max_doc as usize).div_ceil(64)],
        }
    }

    pub(crate) fn insert(&mut self, doc: u32) {
        self.words[(doc / 64) as usize] |= 1 << (doc % 64);
    }

    fn contains(&self, doc: u32) -> bool {
        self.words[(doc / 64) as usize] >> (doc % 64) & 1 == 1
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.words.iter().map(|w| w.count_ones() as usize).sum()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().enumerate().flat_map(|(i, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                Some(i as u32 * 64 + bit)
            })
        })
    }

    fn combine(&self, other: &Self, op: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            words: self
                .words
                .iter()
                .zip(&other.words)
                .map(|(a, b)| op(*a, *b))
                .collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.words.iter().all(|w| *w == 0)
    }
}

impl Docs {
    pub(crate) fn from_bits(bits: Bits) -> Self {
        if bits.is_empty() {
            Self::None
        } else {
            Self::Some(Rc::new(bits))
        }
    }

    pub(crate) fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::None, _) | (_, Self::None) => Self::None,
            (Self::All, x) | (x, Self::All) => x.clone(),
            (Self::Some(a), Self::Some(b)) => Self::from_bits(a.combine(b, |x, y| x & y)),
        }
    }

    pub(crate) fn or(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::None, x) | (x, Self::None) => x.clone(),
            (Self::Some(a), Self::Some(b)) => Self::Some(Rc::new(a.combine(b, |x, y| x | y))),
        }
    }

    pub(crate) fn not(&self, max_doc: u32) -> Self {
        match self {
            Self::None => Self::All,
            Self::All => Self::None,
            Self::Some(bits) => {
                let mut flipped = Bits {
                    words: bits.words.iter().map(|w| !w).collect(),
                };
                if let Some(last) = flipped.words.last_mut()
                    && !max_doc.is_multiple_of(64)
                {
                    *last &= (1 << (max_doc % 64)) - 1;
                }
                Self::from_bits(flipped)
            }
        }
    }

    pub(crate) fn contains(&self, doc: u32) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Some(bits) => bits.contains(doc),
        }
    }

    /// How many there are.
    pub(crate) fn count(&self, max_doc: u32) -> usize {
        match self {
            Self::None => 0,
            Self::All => max_doc as usize,
            Self::Some(bits) => bits.count(),
        }
    }

    /// The documents in order.
    pub(crate) fn for_each(&self, max_doc: u32, mut each: impl FnMut(u32)) {
        match self {
            Self::None => {}
            Self::All => (0..max_doc).for_each(each),
            Self::Some(bits) => bits.iter().for_each(&mut each),
        }
    }
}

/// What a query matches in a segment, from both sides: `must` ⊆ matching ⊆ `may`. Documents in between are decided
/// by the `Matcher` on the original.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    pub(crate) may: Docs,
    pub(crate) must: Docs,
}

impl Bounds {
    pub(crate) fn exact(docs: Docs) -> Self {
        Self {
            may: docs.clone(),
            must: docs,
        }
    }

    /// All of `may` has to be looked at.
    pub(crate) fn unsure(may: Docs) -> Self {
        Self {
            may,
            must: Docs::None,
        }
    }

    pub(crate) fn and(&self, other: &Self) -> Self {
        Self {
            may: self.may.and(&other.may),
            must: self.must.and(&other.must),
        }
    }

    pub(crate) fn or(&self, other: &Self) -> Self {
        Self {
            may: self.may.or(&other.may),
            must: self.must.or(&other.must),
        }
    }

    pub(crate) fn not(&self, max_doc: u32) -> Self {
        Self {
            may: self.must.not(max_doc),
            must: self.may.not(max_doc),
        }
    }

    /// Documents that only the original can decide.
    pub(crate) fn undecided(&self, max_doc: u32) -> Docs {
        self.may.and(&self.must.not(max_doc))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(docs: &[u32], max: u32) -> Docs {
        let mut bits = Bits::new(max);
        docs.iter().for_each(|d| bits.insert(*d));
        Docs::from_bits(bits)
    }

    fn list(docs: &Docs, max: u32) -> Vec<u32> {
        let mut out = Vec::new();
        docs.for_each(max, |d| out.push(d));
        out
    }

    #[test]
    fn sets_behave_at_word_edges() {
        for max in [1, 63, 64, 65, 130] {
            let a = set(&[0, max - 1], max);
            let not = a.not(max);
            assert_eq!(list(&not.or(&a), max), (0..max).collect::<Vec<_>>());
            assert!(list(&not.and(&a), max).is_empty());
            assert_eq!(list(&not.not(max), max), list(&a, max));
        }
    }

    #[test]
    fn negation_swaps_the_bounds() {
        let bounds = Bounds {
            may: set(&[1, 2], 4),
            must: set(&[1], 4),
        };
        let not = bounds.not(4);
        assert_eq!(list(&not.may, 4), [0, 2, 3]);
        assert_eq!(list(&not.must, 4), [0, 3]);
        assert_eq!(list(&not.undecided(4), 4), [2]);
    }
}
