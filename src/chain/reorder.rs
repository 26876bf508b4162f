//! Stretches of the file whose records stand in another order than they are linked in.

use super::classify::Break;
use super::strand::{Origin, Place, Segment, Strands};
use crate::event::BreakKind;

/// One break for each stretch between a strand and the later record it continues; overlapping ones are one.
/// `misplaced`: per strand, that record's index. `beside`: strands that are no part of the chain.
pub(super) fn windows(
    strands: &Strands,
    misplaced: &[Option<u64>],
    beside: impl Fn(usize) -> bool,
) -> Vec<Break> {
    let mut spans: Vec<(u64, u64)> = strands
        .all
        .iter()
        .zip(misplaced)
        .filter_map(|(s, parent)| Some((s.first.place.index, (*parent)?)))
        .collect();
    if spans.is_empty() {
        return Vec::new();
    }
    spans.sort_unstable();
    let mut merged: Vec<(u64, u64)> = Vec::new();
    for (from, to) in spans {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    let rank = chain_order(strands, misplaced);
    merged
        .into_iter()
        .filter_map(|(from, to)| {
            let start = strands.segments.partition_point(|s| s.last.index < from);
            let end = strands.segments.partition_point(|s| s.first.index <= to);
            let pieces: Vec<Segment> = strands.segments[start..end.max(start)]
                .iter()
                .filter(|s| !beside(s.strand as usize))
                .copied()
                .collect();
            displaced(strands, &pieces, &rank)
        })
        .collect()
}

/// Per strand, its rank when strands are laid end to end in the order of the links.
fn chain_order(strands: &Strands, misplaced: &[Option<u64>]) -> Vec<usize> {
    let n = strands.all.len();
    let mut next: Vec<Option<usize>> = vec![None; n];
    let mut has_parent = vec![false; n];
    for (id, strand) in strands.all.iter().enumerate() {
        let parent = match (strand.origin, misplaced[id]) {
            (Origin::Follows(of), _) => Some(of as usize),
            (_, Some(at)) => strands
                .segment_of(at)
                .map(|s| s.strand as usize)
                .filter(|p| strands.all[*p].last.place.index == at),
            _ => None,
        };
        if let Some(parent) = parent
            && parent != id
            && next[parent].is_none()
        {
            next[parent] = Some(id);
            has_parent[id] = true;
        }
    }
    let mut rank = vec![usize::MAX; n];
    let mut count = 0;
    // Those with a parent come last, for links that run in a circle.
    let roots = (0..n).filter(|id| !has_parent[*id]);
    for root in roots.chain((0..n).filter(|id| has_parent[*id])) {
        let mut at = Some(root);
        while let Some(id) = at.filter(|id| rank[*id] == usize::MAX) {
            rank[id] = count;
            count += 1;
            at = next[id];
        }
    }
    rank
}

/// The pieces that are not at the place the links give them.
fn displaced(strands: &Strands, pieces: &[Segment], rank: &[usize]) -> Option<Break> {
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.sort_by_key(|i| (rank[pieces[*i].strand as usize], pieces[*i].first.index));
    let mut target = vec![0; pieces.len()];
    let mut at = 0;
    for i in order {
        target[i] = at;
        at += pieces[i].count();
    }
    let mut marks: Vec<(Place, Place)> = Vec::new();
    let (mut at, mut count) = (0, 0);
    for (piece, target) in pieces.iter().zip(target) {
        if at != target {
            marks.push((piece.first, piece.last));
            count += piece.count();
        }
        at += piece.count();
    }
    let count = (!marks.is_empty()).then_some(count);
    if marks.is_empty() {
        // Shuffled among branches: which one is out of place cannot be said, so the stretch is named.
        marks = pieces.iter().map(|p| (p.first, p.last)).collect();
    }
    let (first, last) = (marks.first()?.0, marks.last()?.1);
    let mut found = Break::new(BreakKind::Reordered, first, last);
    found.count = count;
    found.marks = marks;
    // Strands stand in the order of their first records.
    let at = strands
        .all
        .partition_point(|s| s.first.place.index < first.index);
    if let Some(strand) = strands.all.get(at).filter(|s| s.first.place == first) {
        found.time = strand.first.time;
        found.node = Some(strand.first);
    }
    Some(found)
}
