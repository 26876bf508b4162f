//! What became of sealed lines: the leaves that were sealed beside those there are now.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

use super::merkle::Hash;

/// How long two lists are laid side by side; after it the answer is coarser.
const PATIENCE: Duration = Duration::from_secs(10);
/// Runs of lines, alike or not, that are told one by one; what differs after so many is told as one.
const MOST: usize = 2_000;

/// What was done to lines since they were sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Modified,
    Deleted,
    Inserted,
    /// There before, now elsewhere.
    Moved,
    /// Inserted, and the same as a sealed line that is still there.
    Duplicated,
    /// Taken away from the end.
    Cut,
    /// Hardly anything is as it was sealed.
    Rewritten,
}

/// Lines that are not as they were sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    pub change: Change,
    /// First line as it is now, from 1 on; the one after the gap, where lines are gone.
    pub line: u64,
    pub line_end: u64,
    /// First line as it was sealed, from 1 on.
    pub sealed_line: u64,
    /// Lines concerned.
    pub count: u64,
}

/// The differences between sealed leaves and those of now, in the order of the log. Lines that were appended since are none.
/// Memory: both lists, and an index of the part in which they differ.
pub fn compare(sealed: &[Hash], now: &[Hash]) -> Vec<Difference> {
    let common = sealed.iter().zip(now).take_while(|(a, b)| a == b).count();
    if common == sealed.len() {
        return Vec::new();
    }
    let (old, new) = (&sealed[common..], &now[common..]);
    let deadline = Instant::now() + PATIENCE;
    let ops = capture_diff_slices_deadline(Algorithm::Patience, old, new, Some(deadline));
    let kept: usize = common + ops.iter().map(equal).sum::<usize>();
    // A log of which next to nothing is left was written anew.
    let is_new = kept * 10 < sealed.len() && sealed.len() > 10 && new.len() >= old.len();
    let (told, rest) = match is_new {
        true => ops.split_at(0),
        false => ops.split_at(ops.len().min(MOST)),
    };
    let mut found = Vec::new();
    for op in told {
        let (_, old_range, new_range) = op.as_tag_tuple();
        if equal(op) > 0 {
            continue;
        }
        let at_the_end = old_range.end == old.len();
        let changed = old_range.len().min(new_range.len());
        let mut add = |change, from_old: usize, from_new: usize, count: usize| {
            let line = (common + from_new) as u64 + 1;
            let gone = matches!(change, Change::Deleted | Change::Cut);
            found.push(Difference {
                change,
                line,
                line_end: if gone { line } else { line + count as u64 - 1 },
                sealed_line: (common + from_old) as u64 + 1,
                count: count as u64,
            });
        };
        if changed > 0 {
            add(Change::Modified, old_range.start, new_range.start, changed);
        }
        let (gone, more) = (old_range.len() - changed, new_range.len() - changed);
        let (after_old, after_new) = (old_range.start + changed, new_range.start + changed);
        if gone > 0 {
            let cut = at_the_end && new_range.end == new.len();
            let change = if cut { Change::Cut } else { Change::Deleted };
            add(change, after_old, after_new, gone);
        }
        if more > 0 && !at_the_end {
            add(Change::Inserted, after_old, after_new, more);
        }
    }
    moved(&mut found, sealed, now);
    // What was appended is no difference.
    let is_appended = |op: &DiffOp| {
        let (_, gone, _) = op.as_tag_tuple();
        gone.is_empty() && gone.start == old.len()
    };
    let differs = |op: &&DiffOp| equal(op) == 0 && !is_appended(op);
    if let Some(op) = rest.iter().find(differs) {
        let (_, old_range, new_range) = op.as_tag_tuple();
        let kept: usize = rest.iter().map(equal).sum();
        found.push(Difference {
            change: Change::Rewritten,
            line: (common + new_range.start) as u64 + 1,
            line_end: now.len().max(common + new_range.start + 1) as u64,
            sealed_line: (common + old_range.start) as u64 + 1,
            count: (old.len() - old_range.start).saturating_sub(kept).max(1) as u64,
        });
    }
    found
}

fn equal(op: &DiffOp) -> usize {
    match op {
        DiffOp::Equal { len, .. } => *len,
        _ => 0,
    }
}

/// Tells lines that only stand elsewhere, and copies, from new ones.
fn moved(found: &mut Vec<Difference>, sealed: &[Hash], now: &[Hash]) {
    let span = |from: u64, count: u64| from as usize - 1..(from + count) as usize - 1;
    let mut gone: HashMap<Hash, usize> = HashMap::new();
    let taken = found
        .iter()
        .filter(|d| matches!(d.change, Change::Deleted | Change::Cut));
    for leaf in taken.flat_map(|d| &sealed[span(d.sealed_line, d.count)]) {
        *gone.entry(*leaf).or_default() += 1;
    }
    let mut back: HashMap<Hash, usize> = HashMap::new();
    let known: HashSet<&Hash> = sealed.iter().collect();
    for difference in found.iter_mut().filter(|d| d.change == Change::Inserted) {
        let lines = &now[span(difference.line, difference.count)];
        if take_all(&mut gone, lines) {
            difference.change = Change::Moved;
            lines
                .iter()
                .for_each(|leaf| *back.entry(*leaf).or_default() += 1);
        } else if lines.iter().all(|leaf| known.contains(leaf)) {
            difference.change = Change::Duplicated;
        }
    }
    // What stands elsewhere now is not gone.
    found.retain(|difference| {
        let is_gone = matches!(difference.change, Change::Deleted | Change::Cut);
        !(is_gone
            && take_all(
                &mut back,
                &sealed[span(difference.sealed_line, difference.count)],
            ))
    });
}

/// Takes every one of these leaves, if all are there.
fn take_all(counts: &mut HashMap<Hash, usize>, leaves: &[Hash]) -> bool {
    let mut wanted: HashMap<Hash, usize> = HashMap::new();
    leaves
        .iter()
        .for_each(|leaf| *wanted.entry(*leaf).or_default() += 1);
    let are_there = wanted
        .iter()
        .all(|(leaf, n)| counts.get(leaf).is_some_and(|c| c >= n));
    if are_there {
        for (leaf, n) in wanted {
            if let Some(count) = counts.get_mut(&leaf) {
                *count -= n;
            }
        }
    }
    are_there
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::leaf_hash;
    use proptest::prelude::*;

    fn leaves(lines: &[u32]) -> Vec<Hash> {
        lines.iter().map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    fn told(now: &[u32]) -> Vec<(Change, u64, u64, u64, u64)> {
        let sealed: Vec<u32> = (1..=30).collect();
        let found = compare(&leaves(&sealed), &leaves(now));
        let each = found.iter();
        each.map(|d| (d.change, d.line, d.line_end, d.sealed_line, d.count))
            .collect()
    }

    fn edited(edit: impl FnOnce(&mut Vec<u32>)) -> Vec<(Change, u64, u64, u64, u64)> {
        let mut now: Vec<u32> = (1..=30).collect();
        edit(&mut now);
        told(&now)
    }

    #[test]
    fn each_edit_is_named_with_its_line() {
        assert_eq!(edited(|_| {}), []);
        assert_eq!(edited(|l| l.extend([31, 32])), []);
        assert_eq!(edited(|l| l[9] = 99), [(Change::Modified, 10, 10, 10, 1)]);
        assert_eq!(
            edited(|l| drop(l.drain(9..10))),
            [(Change::Deleted, 10, 10, 10, 1)]
        );
        assert_eq!(
            edited(|l| drop(l.drain(9..14))),
            [(Change::Deleted, 10, 10, 10, 5)]
        );
        assert_eq!(
            edited(|l| l.insert(9, 99)),
            [(Change::Inserted, 10, 10, 10, 1)]
        );
        assert_eq!(
            edited(|l| l.insert(9, 3)),
            [(Change::Duplicated, 10, 10, 10, 1)]
        );
        assert_eq!(edited(|l| l.truncate(27)), [(Change::Cut, 28, 28, 28, 3)]);
        assert_eq!(
            edited(|l| drop(l.drain(..1))),
            [(Change::Deleted, 1, 1, 1, 1)]
        );
        assert_eq!(
            edited(|l| {
                let line = l.remove(4);
                l.insert(20, line);
            }),
            [(Change::Moved, 21, 21, 22, 1)]
        );
        // Changed and appended to; two edits far apart.
        let both = edited(|l| {
            l[29] = 99;
            l.push(31);
        });
        assert_eq!(both, [(Change::Modified, 30, 30, 30, 1)]);
        let both = edited(|l| {
            l[4] = 99;
            l.remove(20);
        });
        assert_eq!(
            both,
            [
                (Change::Modified, 5, 5, 5, 1),
                (Change::Deleted, 21, 21, 21, 1)
            ]
        );
        let other: Vec<u32> = (100..140).collect();
        assert_eq!(told(&other), [(Change::Rewritten, 1, 40, 1, 30)]);
        assert_eq!(told(&[]), [(Change::Cut, 1, 1, 1, 30)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn anything_that_is_not_appended_is_found(
            sealed in prop::collection::vec(0..9_u32, 0..40),
            now in prop::collection::vec(0..9_u32, 0..40),
        ) {
            let (sealed, now) = (leaves(&sealed), leaves(&now));
            let found = compare(&sealed, &now);
            prop_assert_eq!(found.is_empty(), now.starts_with(&sealed));
            prop_assert!(found.iter().all(|d| d.count > 0 && d.line <= d.line_end));
        }
    }
}
