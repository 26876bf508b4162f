//! What is wrong, from how the strands begin and end. A pure function of the strands, so that the result does not
//! depend on when it is asked for.

use std::collections::{HashMap, HashSet};

use super::check::{Alteration, Content, Link, TimeText};
use super::digest::Digest;
use super::history::History;
use super::reorder;
use super::strand::{Node, Origin, Place, Remark, Segment, Strand, Strands};
use crate::event::BreakKind;

/// One break of the chain, before it is put into words.
#[derive(Clone, Debug)]
pub(super) struct Break {
    pub(super) kind: BreakKind,
    pub(super) first: Place,
    pub(super) last: Place,
    pub(super) count: Option<u64>,
    pub(super) time: TimeText,
    pub(super) expected: Option<Digest>,
    pub(super) found: Option<Digest>,
    /// The record it should follow.
    pub(super) before: Option<Node>,
    /// The first record itself, where it is readable.
    pub(super) node: Option<Node>,
    /// Index of the other record concerned: the first copy, the other branch.
    pub(super) other: Option<u64>,
    /// `sequence-gap`: the number there and the one expected.
    pub(super) seq: Option<(i64, i64)>,
    /// The only thing changed, if that is proved.
    pub(super) altered: Option<Alteration>,
    /// Stretches of records whose verdict it is.
    pub(super) marks: Vec<(Place, Place)>,
}

impl Break {
    pub(super) fn new(kind: BreakKind, first: Place, last: Place) -> Self {
        Self {
            kind,
            first,
            last,
            count: None,
            time: TimeText::default(),
            expected: None,
            found: None,
            before: None,
            node: None,
            other: None,
            seq: None,
            altered: None,
            marks: vec![(first, last)],
        }
    }

    fn at(kind: BreakKind, node: &Node) -> Self {
        Self {
            time: node.time,
            node: Some(*node),
            ..Self::new(kind, node.place, node.place)
        }
    }

    fn of_remark(remark: &Remark) -> Self {
        let mut out = Self::new(remark.kind, remark.first, remark.last);
        out.time = remark.time;
        out.seq = remark.seq;
        out.count = Some(remark.last.index - remark.first.index + 1);
        if matches!(remark.kind, BreakKind::Spelling | BreakKind::TornTail) {
            out.marks.clear();
        }
        out
    }
}

/// What kind of chain it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    OwnHash,
    RawLine,
    /// The own hash before is the link, and is not logged again.
    Rolling,
    LinksOnly,
}

/// The breaks, and the records that no later record vouches for though one should (raw-line).
pub(super) struct Classified {
    pub(super) breaks: Vec<Break>,
    pub(super) unprotected: Vec<Place>,
}

struct Classifier<'a> {
    strands: &'a Strands,
    family: Family,
    /// Per segment, the next of its strand.
    next_segment: Vec<Option<usize>>,
    /// Per strand: its segments in file order.
    segments: Vec<Vec<Segment>>,
    /// Per strand: the strand that continues it though changed where it is not, or the reverse.
    follower: Vec<Option<u32>>,
    /// Per strand: an older one goes on after its end.
    nested: Vec<bool>,
    /// Per strand: the record it names, if that stands later in the file.
    misplaced: Vec<Option<u64>>,
    /// Per strand: the later record of which its first is a copy.
    twin: Vec<Option<u64>>,
    inserted: Vec<bool>,
    /// Per strand that begins unknown: the strand it should continue, and that one's last record before it.
    predecessor: Vec<Option<(u32, Node)>>,
    /// Per strand judged: the record before it that is part of the chain.
    before: Vec<Option<(u32, Node)>>,
    breaks: Vec<Break>,
    /// Remarks (by index) that a break explains.
    explained: HashSet<usize>,
}

pub(super) fn classify(strands: &Strands, history: &History, family: Family) -> Classified {
    let mut c = Classifier::new(strands, history, family);
    for (id, strand) in strands.all.iter().enumerate() {
        c.strand(id, strand);
    }
    let ordered = reorder::windows(strands, &c.misplaced, |id| c.is_beside(id));
    c.breaks.retain(|b| {
        // A beginning inside a stretch that was shuffled is explained by it.
        let at = b.first.index;
        let after = ordered.partition_point(|w| w.first.index <= at);
        let shuffled = ordered[..after].last().is_some_and(|w| at <= w.last.index);
        !(shuffled && matches!(b.kind, BreakKind::Restart | BreakKind::HeadTruncated))
    });
    c.breaks.extend(ordered);
    let remarks = strands.remarks.iter().enumerate();
    let left = remarks.filter(|(i, _)| !c.explained.contains(i));
    c.breaks.extend(left.map(|(_, r)| Break::of_remark(r)));
    let unprotected = c.unprotected();
    Classified {
        breaks: merge(c.breaks),
        unprotected,
    }
}

impl<'a> Classifier<'a> {
    fn new(strands: &'a Strands, history: &History, family: Family) -> Self {
        let n = strands.all.len();
        let mut next_segment = vec![None; strands.segments.len()];
        let mut latest: Vec<Option<usize>> = vec![None; n];
        let mut segments = vec![Vec::new(); n];
        for (i, segment) in strands.segments.iter().enumerate() {
            let id = segment.strand as usize;
            if let Some(last) = latest[id].replace(i) {
                next_segment[last] = Some(i);
            }
            segments[id].push(*segment);
        }
        let mut follower = vec![None; n];
        for (id, strand) in strands.all.iter().enumerate() {
            if let Origin::Follows(of) = strand.origin {
                follower[of as usize] = Some(id as u32);
            }
        }
        let twins: HashMap<u64, u64> = history.twins().iter().rev().copied().collect();
        let mut misplaced = vec![None; n];
        let mut twin = vec![None; n];
        let mut nested = vec![false; n];
        let mut furthest = None;
        for (id, s) in strands.all.iter().enumerate() {
            if matches!(s.origin, Origin::Copy(_)) {
                continue;
            }
            nested[id] = furthest > Some(s.last.place.index);
            furthest = furthest.max(Some(s.last.place.index));
            if let (Origin::Unknown | Origin::Head, Link::To(prev)) = (s.origin, s.first.link) {
                twin[id] = twins
                    .get(&s.first.place.index)
                    .copied()
                    .filter(|_| nested[id]);
                misplaced[id] = history
                    .find(&prev)
                    .filter(|at| *at > s.first.place.index && twin[id].is_none());
            }
        }
        let mut out = Self {
            strands,
            family,
            next_segment,
            segments,
            follower,
            nested,
            misplaced,
            twin,
            inserted: vec![false; n],
            predecessor: vec![None; n],
            before: Vec::with_capacity(n),
            breaks: Vec::new(),
            explained: HashSet::new(),
        };
        out.judge_beginnings();
        out
    }

    /// Finds, in file order, what is inserted and which strand each unknown one should continue.
    fn judge_beginnings(&mut self) {
        let parents: HashSet<u64> = self.misplaced.iter().flatten().copied().collect();
        // Strands that nothing continues, by the number due after them.
        let mut dead_ends: HashMap<i64, u32> = HashMap::new();
        for (id, s) in self.strands.all.iter().enumerate() {
            let is_dead = |end: u32, this: &Self| {
                let last = this.strands.all[end as usize].last.place.index;
                this.follower[end as usize].is_none()
                    && !parents.contains(&last)
                    && last < s.first.place.index
            };
            let before = self.before(s);
            self.before.push(before);
            let after_dead_end = before.filter(|b| is_dead(b.0, self)).or_else(|| {
                let &end = dead_ends.get(&s.first.seq?)?;
                let last = self.strands.all[end as usize].last;
                is_dead(end, self).then_some((end, last))
            });
            self.predecessor[id] = after_dead_end.or(before);
            self.inserted[id] = self.is_inserted(id, s, after_dead_end.is_some());
            let end = &s.last;
            if !self.is_beside(id) {
                let due = [end.seq, end.due].into_iter().flatten();
                dead_ends.extend(due.filter_map(|n| Some((n.checked_add(1)?, id as u32))));
            }
        }
    }

    /// Whether the chain goes on past the strand as if it were not there, and nothing leads to it.
    fn is_inserted(&self, id: usize, s: &Strand, after_dead_end: bool) -> bool {
        let alone = self.follower[id].is_none();
        match s.origin {
            Origin::Unknown => {
                self.nested[id]
                    && !after_dead_end
                    && self.misplaced[id].is_none()
                    && self.twin[id].is_none()
                    && s.last_altered.is_none()
            }
            Origin::Follows(of) if self.inserted[of as usize] => true,
            Origin::Follows(of) => {
                let parent = self.strands.all[of as usize].last.place.index;
                s.changed && alone && parent > s.first.place.index
            }
            Origin::Branch(_) => s.changed && alone && self.nested[id],
            _ => false,
        }
    }

    /// Stands beside the chain, not in it.
    fn is_beside(&self, id: usize) -> bool {
        self.inserted[id]
            || self.twin[id].is_some()
            || matches!(self.strands.all[id].origin, Origin::Copy(_))
    }

    fn whole(&self, kind: BreakKind, id: usize) -> Break {
        let s = &self.strands.all[id];
        let mut out = Break::at(kind, &s.first);
        out.last = s.last.place;
        out.count = Some(s.count);
        out.marks = self.segments[id]
            .iter()
            .map(|s| (s.first, s.last))
            .collect();
        out
    }

    fn strand(&mut self, id: usize, s: &Strand) {
        if self.inserted[id] {
            let mut found = self.whole(BreakKind::Inserted, id);
            found.before = s.before.map(|b| b.1);
            self.breaks.push(found);
            return;
        }
        let copied = match s.origin {
            Origin::Copy(of) => Some(of),
            _ => self.twin[id],
        };
        if copied.is_some() {
            let mut found = self.whole(BreakKind::Duplicated, id);
            found.other = copied;
            self.breaks.push(found);
            return;
        }
        if self.family == Family::RawLine && s.last_altered == Some(Alteration::Link) {
            let mut found = Break::at(BreakKind::ContentModified, &s.last);
            found.altered = s.last_altered;
            found.expected = s.last.also.map(|a| a.0);
            found.found = s.last.own;
            found.count = Some(1);
            self.breaks.push(found);
            if s.count == 1 {
                return;
            }
        }
        if s.changed {
            self.changed(id, s);
        } else {
            self.beginning(id, s);
        }
    }

    fn changed(&mut self, id: usize, s: &Strand) {
        let mut found = self.whole(BreakKind::ContentModified, id);
        found.before = s.before.map(|b| b.1);
        if s.count == 1 {
            found.expected = s.first.own;
            if let Content::Changed(now) = s.first.content {
                found.found = Some(now);
            }
            found.altered = match s.first.also {
                Some((_, Alteration::Link)) => Some(Alteration::Link),
                _ => s.last_altered,
            };
        }
        self.breaks.push(found);
        // Its own number proves nothing, but that of the record after it does.
        if s.origin == Origin::Unknown
            && self.misplaced[id].is_none()
            && let Some(next) = self.follower[id]
            && let Some(before) = self.predecessor[id]
            && let (Some(due), Some(seq)) =
                (before.1.due, self.strands.all[next as usize].first.seq)
        {
            let missing = i128::from(seq) - i128::from(due) - 1 - i128::from(s.count);
            if missing > 0 {
                self.deleted(s, &before.1, missing);
            }
        }
        if let Origin::Follows(of) = s.origin {
            self.passed_by(of, s);
        }
    }

    /// The changed record is part of the chain, and yet another one continues what it follows.
    fn passed_by(&mut self, of: u32, s: &Strand) {
        let Some((_, parent)) = s.before.filter(|b| b.0 == of) else {
            return;
        };
        if self.strands.all[of as usize].last.place.index > s.first.place.index
            && let Some(other) = self.successor(parent.place.index)
            && let Some(segment) = self.strands.segment_of(other)
        {
            let mut found = Break::new(BreakKind::Fork, segment.first, segment.first);
            found.other = Some(s.first.place.index);
            found.before = Some(parent);
            found.expected = s.first.own;
            found.found = parent.own;
            self.breaks.push(found);
        }
    }

    /// How an unchanged strand begins.
    fn beginning(&mut self, id: usize, s: &Strand) {
        let node = &s.first;
        match s.origin {
            _ if self.misplaced[id].is_some() => {}
            Origin::Head => {
                let mut found = Break::at(BreakKind::HeadTruncated, node);
                found.found = linked_to(node);
                self.breaks.push(found);
            }
            Origin::Genesis if !s.opens_file => {
                let mut found = Break::at(BreakKind::Restart, node);
                found.before = s.before.map(|b| b.1);
                found.expected = found.before.and_then(|b| b.own);
                self.breaks.push(found);
            }
            Origin::Branch(from) => {
                let mut found = Break::at(BreakKind::Fork, node);
                found.other = self.successor(from);
                found.before = s.before.map(|b| b.1);
                found.expected = found.before.and_then(|b| b.own);
                found.found = linked_to(node);
                self.breaks.push(found);
            }
            Origin::Unknown => self.gap(id, s),
            _ => {}
        }
    }

    /// The record before the strand that is part of the chain.
    fn before(&self, s: &Strand) -> Option<(u32, Node)> {
        let before = s.before?;
        let of = before.0 as usize;
        // That strand began earlier, so it is judged already.
        match self.inserted[of] {
            true => *self.before.get(of)?,
            false => Some(before),
        }
    }

    fn deleted(&mut self, s: &Strand, before: &Node, missing: i128) {
        let mut found = Break::at(BreakKind::Deleted, &s.first);
        found.count = u64::try_from(missing).ok();
        found.before = Some(*before);
        found.expected = before.own;
        found.found = linked_to(&s.first);
        self.breaks.push(found);
    }

    /// The strand names a record that is nowhere.
    fn gap(&mut self, id: usize, s: &Strand) {
        let Some((before_id, before)) = self.predecessor[id] else {
            return;
        };
        let node = &s.first;
        let missing = match (node.seq, before.due) {
            (Some(seq), _) if before.counts_to(seq) => Some(0),
            (Some(seq), Some(due)) => Some(i128::from(seq) - i128::from(due) - 1),
            _ => None,
        };
        let mut found = Break::at(BreakKind::LinkMismatch, node);
        found.before = Some(before);
        found.expected = before.own;
        found.found = linked_to(node);
        if s.opens_file {
            found.kind = BreakKind::RotationGap;
            found.count = missing
                .and_then(|n| u64::try_from(n).ok())
                .filter(|n| *n > 0);
            self.breaks.push(found);
            return;
        }
        let strays = self.strays_between(&before, node);
        let unreadable: i128 = strays.iter().map(|i| self.stray_count(*i)).sum();
        match missing {
            _ if unreadable > 0 && missing.is_none_or(|n| 0 < n && n <= unreadable) => {
                self.records_behind(&strays, node);
            }
            Some(0) if self.strands.all[before_id as usize].changed => {}
            Some(0) if self.family == Family::Rolling => {
                found.kind = BreakKind::ContentModified;
                self.breaks.push(found);
            }
            Some(0) if self.family != Family::LinksOnly => self.record_before(&before, node),
            Some(n) if n > 0 => self.deleted(s, &before, n - unreadable.min(n - 1)),
            None if self.strands.all[before_id as usize].changed => {}
            _ => self.breaks.push(found),
        }
    }

    /// The numbers go on, so it is the record before that is not the one linked to.
    fn record_before(&mut self, before: &Node, node: &Node) {
        let kind = match self.family {
            Family::RawLine => BreakKind::ContentModified,
            _ => BreakKind::Rewritten,
        };
        let mut found = Break::at(kind, before);
        found.count = Some(1);
        found.expected = linked_to(node);
        found.found = before.own;
        self.breaks.push(found);
        if before.seq != before.due {
            // Its odd number was part of the change.
            let remarks = &self.strands.remarks;
            let index = before.place.index;
            let from = remarks.partition_point(|r| r.first.index < index);
            let to = remarks.partition_point(|r| r.first.index <= index);
            self.explained
                .extend((from..to).filter(|i| remarks[*i].seq.is_some()));
        }
    }

    /// Lines outside the chain that stand where the chain has records.
    fn records_behind(&mut self, strays: &[usize], node: &Node) {
        for &i in strays {
            let mut found = Break::of_remark(&self.strands.remarks[i]);
            found.kind = BreakKind::ContentModified;
            found.expected = linked_to(node);
            self.breaks.push(found);
        }
        self.explained.extend(strays);
    }

    fn strays_between(&self, before: &Node, node: &Node) -> Vec<usize> {
        let remarks = &self.strands.remarks;
        let from = remarks.partition_point(|r| r.first.index <= before.place.index);
        (from..remarks.len())
            .take_while(|i| remarks[*i].first.index < node.place.index)
            .filter(|i| matches!(remarks[*i].kind, BreakKind::Malformed | BreakKind::Unlinked))
            .collect()
    }

    fn stray_count(&self, remark: usize) -> i128 {
        let r = &self.strands.remarks[remark];
        i128::from(r.last.index - r.first.index) + 1
    }

    /// The record of the same strand after `index`.
    fn successor(&self, index: u64) -> Option<u64> {
        let segments = &self.strands.segments;
        let at = segments
            .partition_point(|s| s.first.index <= index)
            .checked_sub(1)?;
        if index < segments[at].last.index {
            return Some(index + 1);
        }
        let strand = segments[at].strand as usize;
        match self.next_segment[at] {
            Some(next) => Some(segments[next].first.index),
            None => self.follower[strand].map(|f| self.strands.all[f as usize].first.place.index),
        }
    }

    /// Ends of strands that nothing follows, except the last record of all: in a raw-line chain nothing vouches
    /// for them.
    fn unprotected(&self) -> Vec<Place> {
        if self.family != Family::RawLine {
            return Vec::new();
        }
        let parents: HashSet<u64> = self.misplaced.iter().flatten().copied().collect();
        (0..self.strands.all.len())
            .filter(|&id| !self.is_beside(id) && self.follower[id].is_none())
            .map(|id| self.strands.all[id].last.place)
            .filter(|place| !parents.contains(&place.index))
            .collect()
    }
}

fn linked_to(node: &Node) -> Option<Digest> {
    match node.link {
        Link::To(hash) => Some(hash),
        _ => None,
    }
}

/// In file order; changed or foreign neighbours are one finding.
fn merge(mut breaks: Vec<Break>) -> Vec<Break> {
    breaks.sort_by_key(|b| (b.first.index, b.last.index, b.kind));
    let mut out: Vec<Break> = Vec::with_capacity(breaks.len());
    for b in breaks {
        if let Some(last) = out.last_mut()
            && last.kind == b.kind
            && matches!(b.kind, BreakKind::ContentModified | BreakKind::Inserted)
            && last.last.index + 1 == b.first.index
            && last.last.generation == b.first.generation
        {
            last.last = b.last;
            last.count = last.count.zip(b.count).map(|(x, y)| x + y);
            (last.expected, last.found, last.altered) = (None, None, None);
            last.marks.extend(b.marks);
            continue;
        }
        out.push(b);
    }
    out
}
