//! The chain as it was walked: strands, each a run of records that link one to the next, and how each strand
//! begins. An intact file is one strand; every break starts another, so memory grows with what is wrong.
//!
//! ```text
//! file order   1 2 3 | F | 4 5 | 8 9        F: inserted,  6-7: deleted
//! strand 0     1-2-3 ----- 4-5              goes on past F: any live end may be continued
//! strand 1             F                    begins unknown
//! strand 2                       8-9        begins unknown
//! ```

use std::collections::HashMap;

use super::check::{Alteration, Content, Entry, Link, TimeText};
use super::digest::Digest;
use super::history::History;
use crate::event::BreakKind;

/// Strands after which a source is given up: it is broken beyond use, and memory must not follow it.
pub(super) const MAX_STRANDS: usize = 1 << 16;
/// Remarks (spelling, sequence) kept.
const MAX_REMARKS: usize = 1 << 14;

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// 0-based among all records of the source.
    pub(super) index: u64,
    pub(super) generation: i32,
    pub(super) line: u64,
    pub(super) offset: u64,
}

/// What is kept of a record at the end of a strand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) link: Link,
    pub(super) own: Option<Digest>,
    pub(super) also: Option<(Digest, Alteration)>,
    pub(super) content: Content,
    pub(super) seq: Option<i64>,
    /// The number it should have, counting on from the record before.
    pub(super) due: Option<i64>,
    pub(super) time: TimeText,
}

impl Node {
    pub(super) fn new(place: Place, record: &Entry) -> Self {
        Self {
            place,
            link: record.link,
            own: record.own,
            also: record.also,
            content: record.content,
            seq: record.seq,
            due: record.seq,
            time: record.time,
        }
    }

    pub(super) fn is_changed(&self) -> bool {
        matches!(self.content, Content::Changed(_))
    }

    /// Whether `next` is the number after this one.
    pub(super) fn counts_to(&self, next: i64) -> bool {
        [self.seq, self.due]
            .into_iter()
            .flatten()
            .any(|n| n.checked_add(1) == Some(next))
    }
}

/// How a strand begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The source's first record, not at the genesis.
    Head,
    /// "Nothing before this".
    Genesis,
    /// It continues another strand, whose end differs from it in being changed or not.
    Follows(u32),
    /// It names a record that another one follows already.
    Branch(u64),
    /// A copy of an earlier record.
    Copy(u64),
    /// It names a record not seen before it.
    Unknown,
}

#[derive(Clone, Debug)]
pub(super) struct Strand {
    pub(super) origin: Origin,
    pub(super) first: Node,
    pub(super) last: Node,
    pub(super) count: u64,
    /// All its records have changed contents.
    pub(super) changed: bool,
    /// What the record after it proved to be altered in `last`.
    pub(super) last_altered: Option<Alteration>,
    /// The strand that the record before it in the file ends, and that record.
    pub(super) before: Option<(u32, Node)>,
    /// It begins with the first record of its generation.
    pub(super) opens_file: bool,
}

/// Records of one strand that stand next to each other in one file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub(super) strand: u32,
    pub(super) first: Place,
    pub(super) last: Place,
}

impl Segment {
    pub(super) fn count(&self) -> u64 {
        self.last.index - self.first.index + 1
    }
}

/// Something seen at a record that does not end its strand, or at a line outside the chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remark {
    pub(super) kind: BreakKind,
    pub(super) first: Place,
    pub(super) last: Place,
    pub(super) time: TimeText,
    /// `sequence-gap`: the number there and the one expected.
    pub(super) seq: Option<(i64, i64)>,
}

/// All strands of a source.
#[derive(Clone, Debug, Default)]
pub(super) struct Strands {
    pub(super) all: Vec<Strand>,
    /// In file order.
    pub(super) segments: Vec<Segment>,
    pub(super) remarks: Vec<Remark>,
    /// Records from which contents were taken out.
    pub(super) redacted: Vec<Place>,
    /// Hashes that a next record may name, of all strands but the current one.
    ends: HashMap<Digest, u32>,
    /// The strand of the last record that was no copy.
    current: Option<u32>,
    /// A line outside the chain that can still be linked to (raw-line), and the strand before it.
    stray: Option<Digest>,
}

impl Strands {
    /// Puts a record in its place. `relink` gives the hash it would have, had it linked to another record.
    pub(super) fn place(
        &mut self,
        mut node: Node,
        opens_file: bool,
        history: &History,
        relink: impl FnOnce(&Digest) -> Option<Digest>,
    ) {
        let stray = self.stray.take();
        let Some(current) = self.current else {
            let origin = match node.link {
                Link::Genesis => Origin::Genesis,
                _ if stray.is_some_and(|s| node.link == Link::To(s)) => Origin::Genesis,
                _ => Origin::Head,
            };
            self.begin(origin, node, opens_file);
            return;
        };
        if let Some((strand, altered)) = self.named_by(&node, current, stray) {
            self.count_on(strand, current, &mut node, opens_file);
            let end = &mut self.all[strand as usize];
            if end.changed == node.is_changed() && altered.is_none() {
                self.extend(strand, node);
            } else {
                end.last_altered = altered;
                self.begin(Origin::Follows(strand), node, opens_file);
            }
            return;
        }
        self.place_apart(node, current, opens_file, history, relink);
    }

    /// A record that no live end leads to.
    fn place_apart(
        &mut self,
        mut node: Node,
        current: u32,
        opens_file: bool,
        history: &History,
        relink: impl FnOnce(&Digest) -> Option<Digest>,
    ) {
        if !node.is_changed()
            && let Some(of) = node.own.and_then(|own| history.find(&own))
        {
            self.copy(of, node, opens_file);
            return;
        }
        let end = self.all[current as usize].last;
        if node.content != Content::Holds
            && let Some(relinked) = end.own.and_then(|own| relink(&own))
        {
            if node.is_changed() && node.own == Some(relinked) {
                // All but its link is as it was written.
                node.also = Some((relinked, Alteration::Link));
                node.due = end.due.and_then(|n| n.checked_add(1));
                let end = &mut self.all[current as usize];
                if end.changed {
                    self.extend(current, node);
                } else {
                    self.begin(Origin::Follows(current), node, opens_file);
                }
                return;
            }
            if node.content == Content::Unknown {
                node.also = Some((relinked, Alteration::Link));
            }
        }
        let origin = match node.link {
            Link::Genesis if !node.is_changed() => Origin::Genesis,
            Link::To(prev) => history.find(&prev).map_or(Origin::Unknown, Origin::Branch),
            _ => Origin::Unknown,
        };
        self.begin(origin, node, opens_file);
    }

    /// The strand whose end `node` names, and what it proves to be altered there.
    fn named_by(
        &self,
        node: &Node,
        current: u32,
        stray: Option<Digest>,
    ) -> Option<(u32, Option<Alteration>)> {
        let Link::To(prev) = node.link else {
            return None;
        };
        let end = |strand: u32| -> Option<Option<Alteration>> {
            let last = &self.all[strand as usize].last;
            if last.own == Some(prev) {
                return Some(None);
            }
            let (also, altered) = last.also?;
            (also == prev).then_some(Some(altered))
        };
        if let Some(altered) = end(current) {
            return Some((current, altered));
        }
        if stray == Some(prev) {
            return Some((current, None));
        }
        let &strand = self.ends.get(&prev)?;
        Some((strand, end(strand)?))
    }

    /// Sets the number due at `node` after the end of `strand`, and remarks if it has another.
    fn count_on(&mut self, strand: u32, current: u32, node: &mut Node, opens_file: bool) {
        let end = &self.all[strand as usize].last;
        let due = end.due.and_then(|n| n.checked_add(1));
        let Some(seq) = node.seq else {
            node.due = due;
            return;
        };
        // A branch may count together with its neighbours, and a new file from its start.
        let before = &self.all[current as usize].last;
        if end.counts_to(seq) || before.counts_to(seq) || due.is_none() || opens_file {
            node.due = Some(seq);
            return;
        }
        node.due = due;
        if !node.is_changed()
            && let Some(due) = due
        {
            self.remark(Remark {
                kind: BreakKind::SequenceGap,
                first: node.place,
                last: node.place,
                time: node.time,
                seq: Some((seq, due)),
            });
        }
    }

    fn extend(&mut self, strand: u32, node: Node) {
        if self.current != Some(strand) {
            self.make_current(strand);
        }
        let place = node.place;
        let grown = &mut self.all[strand as usize];
        grown.last = node;
        grown.count += 1;
        match self.segments.last_mut() {
            Some(s)
                if s.strand == strand
                    && s.last.index + 1 == place.index
                    && s.last.generation == place.generation =>
            {
                s.last = place;
            }
            _ => self.segments.push(Segment {
                strand,
                first: place,
                last: place,
            }),
        }
    }

    fn make_current(&mut self, strand: u32) {
        if let Some(left) = self.current {
            let last = &self.all[left as usize].last;
            let also = last.also.map(|a| a.0);
            self.ends
                .extend(last.own.into_iter().chain(also).map(|d| (d, left)));
        }
        if let Some(next) = self.all.get(strand as usize) {
            let also = next.last.also.map(|a| a.0);
            for hash in next.last.own.into_iter().chain(also) {
                self.ends.remove(&hash);
            }
        }
        self.current = Some(strand);
    }

    fn begin(&mut self, origin: Origin, node: Node, opens_file: bool) {
        let id = self.add(origin, node, opens_file);
        self.make_current(id);
    }

    fn add(&mut self, origin: Origin, node: Node, opens_file: bool) -> u32 {
        let id = self.all.len() as u32;
        self.all.push(Strand {
            origin,
            first: node,
            last: node,
            count: 1,
            changed: node.is_changed(),
            last_altered: None,
            before: self.current.map(|c| (c, self.all[c as usize].last)),
            opens_file,
        });
        self.segments.push(Segment {
            strand: id,
            first: node.place,
            last: node.place,
        });
        id
    }

    /// Copies stand beside the chain and are never continued; copies of neighbours make one strand.
    fn copy(&mut self, of: u64, node: Node, opens_file: bool) {
        if let Some(&segment) = self.segments.last()
            && segment.last.index + 1 == node.place.index
            && segment.last.generation == node.place.generation
            && let Some(strand) = self.all.get_mut(segment.strand as usize)
            && let Origin::Copy(first) = strand.origin
            && first + strand.count == of
        {
            strand.last = node;
            strand.count += 1;
            if let Some(segment) = self.segments.last_mut() {
                segment.last = node.place;
            }
            return;
        }
        self.add(Origin::Copy(of), node, opens_file);
    }

    /// A line outside the chain; `own` if the next record may link to it all the same.
    pub(super) fn stray(&mut self, kind: BreakKind, place: Place, own: Option<Digest>) {
        self.stray = own;
        self.remark(Remark {
            kind,
            first: place,
            last: place,
            time: TimeText::default(),
            seq: None,
        });
    }

    /// Notes something; neighbours of one kind make one remark.
    pub(super) fn remark(&mut self, remark: Remark) {
        if remark.seq.is_none()
            && let Some(last) = self
                .remarks
                .iter_mut()
                .rev()
                .take(4)
                .find(|r| r.kind == remark.kind)
            && last.last.index + 1 == remark.first.index
            && last.last.generation == remark.first.generation
        {
            last.last = remark.last;
            return;
        }
        if self.remarks.len() < MAX_REMARKS {
            self.remarks.push(remark);
        }
    }

    /// The hash of the newest record that was no copy.
    pub(super) fn tip(&self) -> Option<Digest> {
        self.all.get(self.current? as usize)?.last.own
    }

    pub(super) fn is_beyond_use(&self) -> bool {
        self.all.len() >= MAX_STRANDS
    }

    /// The segment that holds record `index`.
    pub(super) fn segment_of(&self, index: u64) -> Option<&Segment> {
        let at = self.segments.partition_point(|s| s.first.index <= index);
        self.segments[..at].last().filter(|s| index <= s.last.index)
    }
}
