//! The Merkle tree of RFC 6962 (section 2.1): leaves and nodes are hashed apart, so that neither can pass for the other.

use std::collections::{BTreeSet, HashMap};

use sha2::{Digest, Sha256};

pub type Hash = [u8; 32];

/// The leaf of a line, its LF not included.
pub fn leaf_hash(line: &[u8]) -> Hash {
    let mut hash = Sha256::new();
    hash.update([0]);
    hash.update(line);
    hash.finalize().into()
}

fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hash = Sha256::new();
    hash.update([1]);
    hash.update(left);
    hash.update(right);
    hash.finalize().into()
}

/// A tree that grows leaf by leaf: the roots of its full subtrees, the largest first. Memory: one hash for each bit of the
/// number of leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // Every trailing one of the size is a subtree as large as the one that has just become full.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree; of no leaves, the hash of nothing.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else {
            return Sha256::digest([]).into();
        };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }
}

/// The roots of the trees over the first leaves, for as many of them as are asked for, in one pass.
pub fn roots_at(leaves: &[Hash], sizes: &BTreeSet<u64>) -> HashMap<u64, Hash> {
    let mut frontier = Frontier::default();
    let mut roots = HashMap::new();
    for leaf in leaves {
        frontier.push(*leaf);
        let size = frontier.size();
        if sizes.contains(&size) {
            roots.insert(size, frontier.root());
        }
    }
    roots
}

/// The root over leaves in a row.
pub fn root_of(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier.root()
}

/// The hashes beside the way from a leaf to the root, from the leaf up (2.1.1). `None` = there is no such leaf.
pub fn inclusion_path(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    if index >= leaves.len() {
        return None;
    }
    let mut path = Vec::new();
    let (mut rest, mut index) = (leaves, index);
    while rest.len() > 1 {
        let (left, right) = rest.split_at(rest.len().next_power_of_two() / 2);
        if index < left.len() {
            path.push(root_of(right));
            rest = left;
        } else {
            path.push(root_of(left));
            index -= left.len();
            rest = right;
        }
    }
    path.reverse();
    Some(path)
}

/// The root that a leaf and the hashes beside its way lead to (RFC 9162, 2.1.3.2). `None` = the path does not fit a tree of
/// that size.
pub(super) fn root_by_path(leaf: Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    let mut at = index;
    let mut last = size.checked_sub(1).filter(|last| index <= *last)?;
    let mut hash = leaf;
    for beside in path {
        if last == 0 {
            return None;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(beside, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, beside);
        }
        at >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition of RFC 6962, word by word.
    fn mth(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => *leaf,
            _ => {
                let mut k = 1;
                while k * 2 < leaves.len() {
                    k *= 2;
                }
                node_hash(&mth(&leaves[..k]), &mth(&leaves[k..]))
            }
        }
    }

    fn hex(hash: Hash) -> String {
        hash.iter().map(|b| format!("{b:02x}")).collect()
    }

    /// The vectors of certificate transparency's reference implementation.
    #[test]
    fn roots_are_those_of_the_reference() {
        let entries: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let leaves: Vec<Hash> = entries.iter().map(|e| leaf_hash(e)).collect();
        for (size, want) in [
            (
                0,
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            (
                1,
                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            ),
            (
                2,
                "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            ),
            (
                8,
                "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
            ),
        ] {
            assert_eq!(hex(root_of(&leaves[..size])), want, "{size}");
        }
    }

    proptest! {
        #[test]
        fn every_leaf_leads_to_the_root_and_no_other_does(size in 1..70_usize, index in 0..70_usize) {
            let leaves: Vec<Hash> = (0..size as u32).map(|n| leaf_hash(&n.to_be_bytes())).collect();
            prop_assert_eq!(root_of(&leaves), mth(&leaves));
            let Some(path) = inclusion_path(&leaves, index) else {
                prop_assert!(index >= size);
                return Ok(());
            };
            let root = |leaf, index: usize, path: &[Hash]| root_by_path(leaf, index as u64, size as u64, path);
            prop_assert_eq!(root(leaves[index], index, &path), Some(mth(&leaves)));
            let other = leaf_hash(b"other");
            prop_assert_ne!(root(other, index, &path), Some(mth(&leaves)));
            let mut longer = path.clone();
            longer.push(other);
            prop_assert_eq!(root(leaves[index], index, &longer), None);
            if size > 1 {
                prop_assert_ne!(root(leaves[index], (index + 1) % size, &path), Some(mth(&leaves)));
                prop_assert_eq!(root(leaves[index], index, &path[1..]), None);
            }
        }
    }
}
