//! The verifier: records in, report out. It looks for a chain in the first records of each file, then checks every record
//! once, as it comes.
//!
//! A record is read once and hashed once, here or ahead on another thread (see `ahead`). With SHA instructions and two
//! cores, a release build takes nested records of 590 bytes under `own-sorted` about as long as `sha256sum` does (270
//! MB/s), under `raw-line` two thirds of that; the processor time is 1.7 and 1.2 times that of `sha256sum`. Memory: 8
//! bytes a record while the chain holds, about 40 from the first break on, and some hundred bytes for each break or turn
//! between branches.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::ahead::{Examined, Examiner};
use super::check::{Checker, Entry, Line, Link, Read};
use super::classify::Family;
use super::detect::detect;
use super::digest::Digest;
use super::history::History;
use super::report;
use super::rule::Hints;
use super::scheme::Scheme;
use super::search::{Gathered, Owned, Passed};
use super::strand::{Node, Place, Remark, Strands};
use super::unseen::Unseen;
use super::{ChainReport, Record};
use crate::event::BreakKind;

/// Chains in one source that are walked; records of more are counted as not looked at.
const MAX_STREAMS: usize = 1 << 16;
/// Own hashes kept of a rolling chain: what was slipped in or moved within so many records is told apart.
const MAX_BEFORE: usize = 16;
/// Records of a rolling chain that follow none before them and are held against those after them, and the longest
/// such record kept.
const MAX_UNPLACED: usize = 4;
const LONGEST_UNPLACED: usize = 1 << 16;

/// Checks the chain of one source, record by record. Reports depend only on the records given, not on when they
/// are asked for.
pub struct Verifier {
    source: Arc<str>,
    hints: Hints,
    state: State,
    /// Files in which no chain was found.
    passed: Passed,
    /// A last line without LF: it may still grow, so it is taken in only when something follows.
    torn: Option<Owned>,
}

enum State {
    /// Not enough records yet to say there is no chain.
    Gathering(Gathered),
    /// There is none in the newest file.
    Unchained,
    Chained(Box<Walk>),
}

/// Offsets of the first and last record seen of a generation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub(super) generation: i32,
    pub(super) first: u64,
    pub(super) last: u64,
}

/// One of the chains in a source, walked so far: everything but the history.
#[derive(Clone, Default)]
pub(super) struct Stream {
    pub(super) strands: Strands,
    /// The newest generation with records of it.
    newest: Option<i32>,
    pub(super) records: u64,
    /// Records up to and with the one where looking closer was given up.
    pub(super) looked_at: Option<u64>,
    /// Index of its last record.
    pub(super) last: u64,
    /// In a rolling chain the texts of the own hashes before, the nearest first.
    before: VecDeque<Vec<u8>>,
    /// Records of a rolling chain that follow none before them.
    unplaced: VecDeque<Unplaced>,
}

/// A record of a rolling chain that may follow one that comes later.
#[derive(Clone)]
struct Unplaced {
    line: Vec<u8>,
    index: u64,
    strand: usize,
}

/// A walk along the chains of a source, so far.
#[derive(Clone)]
pub(super) struct Path {
    pub(super) checker: Checker,
    /// The first takes what belongs to no other.
    pub(super) streams: Vec<Stream>,
    by_value: HashMap<Vec<u8>, usize>,
    pub(super) extents: Vec<Extent>,
    pub(super) records: u64,
    /// Records of more streams than are walked.
    pub(super) passed_over: u64,
    /// Where the records stand that were not looked at.
    pub(super) unseen: Unseen,
    /// Files before the chain in which none was found.
    pub(super) passed: Passed,
}

struct Walk {
    path: Path,
    /// For each stream.
    histories: Vec<History>,
}

/// A line, as far as it was looked at.
enum Look<'a> {
    /// Read and hashed ahead.
    Done(Entry),
    Read(Read<'a>),
    /// No JSON object.
    Unreadable,
}

/// What the history has to know of a record: its stream, its hash, its index.
type Seen = (usize, Digest, u64);

impl Verifier {
    /// Nothing is known beforehand of the source's chain.
    pub fn new(source: Arc<str>) -> Self {
        Self::with(source, Hints::default())
    }

    /// Something is known of it.
    pub fn with(source: Arc<str>, hints: Hints) -> Self {
        Self {
            source,
            hints,
            state: State::Gathering(Gathered::default()),
            passed: Passed::default(),
            torn: None,
        }
    }

    /// Takes the next record, in file order. A torn record may come again, complete, at the same offset.
    pub fn push(&mut self, record: &Record<'_>) {
        self.push_examined(record, Examined::default());
    }

    /// Takes the next record, of which an examiner of this verifier may have taken care already.
    pub fn push_examined(&mut self, record: &Record<'_>, examined: Examined) {
        if let Some(torn) = self.torn.take()
            && (torn.generation, torn.offset) != (record.generation, record.offset)
        {
            self.take(&torn.record(), Examined::default());
        }
        if record.torn {
            self.torn = Some(Owned::new(record));
        } else {
            self.take(record, examined);
        }
    }

    /// What takes care of records ahead, on other threads; `None` while no chain is known, and where each record needs
    /// the one before.
    pub fn examiner(&self) -> Option<Examiner> {
        let State::Chained(walk) = &self.state else {
            return None;
        };
        let checker = &walk.path.checker;
        (!checker.scheme.is_rolling()).then(|| Examiner::new(checker.clone()))
    }

    fn take(&mut self, record: &Record<'_>, examined: Examined) {
        if record.bytes.trim_ascii().is_empty() {
            return;
        }
        if self.is_unchained() && self.passed.newest() < Some(record.generation) {
            self.state = State::Gathering(Gathered::default());
        }
        match &mut self.state {
            State::Unchained => {}
            State::Chained(walk) => walk.step(record, examined),
            State::Gathering(gathered) => {
                gathered.push(record);
                let Some(window) = gathered.due() else {
                    return;
                };
                if let Some(scheme) = scheme(window.iter(), &self.hints) {
                    let walk = Walk::new(scheme, &self.passed, gathered.records.iter());
                    self.state = State::Chained(Box::new(walk));
                } else if gathered.is_full() {
                    self.passed.add(gathered);
                    self.state = State::Unchained;
                } else {
                    gathered.pass_window();
                }
            }
        }
    }

    /// No chain was found in enough records of the newest file to say so: further records of it need not be pushed.
    pub fn is_unchained(&self) -> bool {
        matches!(self.state, State::Unchained)
    }

    /// What is known so far. A later one may revise it: that a record was slipped in shows only when the chain
    /// goes on past it.
    pub fn snapshot(&self) -> ChainReport {
        let source = Arc::clone(&self.source);
        match &self.state {
            State::Unchained => report::unchained(source, self.passed.looked_at),
            State::Gathering(gathered) => match self.gathered_walk(gathered) {
                Some(walk) => report::report(source, &walk.path, &walk.histories),
                None => {
                    let here = gathered.records.len() + usize::from(self.torn.is_some());
                    report::unchained(source, self.passed.looked_at + here as u64)
                }
            },
            State::Chained(walk) => match &self.torn {
                None => report::report(source, &walk.path, &walk.histories),
                Some(torn) => {
                    let mut path = walk.path.clone();
                    path.advance(&torn.record(), Examined::default(), &walk.histories);
                    report::report(source, &path, &walk.histories)
                }
            },
        }
    }

    /// How many records are missing at the end, if the source is what `before` saw of it but for its last records: it
    /// was cut.
    pub fn cut_from(&self, before: &Self) -> Option<u64> {
        self.with_walk(|now| {
            let newest = now.path.streams.iter().max_by_key(|stream| stream.last)?;
            let tip = newest.strands.tip()?;
            before.with_walk(|then| {
                let mut histories = then.histories.iter();
                let seen = histories.any(|history| history.find(&tip) == Some(newest.last));
                let lost = then.path.records.checked_sub(now.path.records)?;
                (seen && lost > 0).then_some(lost)
            })
        })
    }

    /// Looks at the walk so far, also at that of a sample that is still gathered.
    fn with_walk<T>(&self, look: impl FnOnce(&Walk) -> Option<T>) -> Option<T> {
        match &self.state {
            State::Unchained => None,
            State::Gathering(gathered) => look(&self.gathered_walk(gathered)?),
            State::Chained(walk) => look(walk),
        }
    }

    /// The walk along what is gathered so far, if a chain shows at its end.
    fn gathered_walk(&self, gathered: &Gathered) -> Option<Walk> {
        let window = gathered.rest().iter().chain(&self.torn);
        let scheme = scheme(window, &self.hints)?;
        let records = gathered.records.iter().chain(&self.torn);
        Some(Walk::new(scheme, &self.passed, records))
    }

    /// The last report.
    pub fn finish(self) -> ChainReport {
        self.snapshot()
    }
}

/// The chain that shows in these records.
fn scheme<'a>(records: impl Iterator<Item = &'a Owned>, hints: &Hints) -> Option<Scheme> {
    let lines: Vec<&[u8]> = records.map(|r| r.bytes.as_slice()).collect();
    detect(&lines, hints)
}

impl Walk {
    /// Walks the first records. `passed` = files before them.
    fn new<'a>(scheme: Scheme, passed: &Passed, records: impl Iterator<Item = &'a Owned>) -> Self {
        let mut walk = Self {
            path: Path {
                checker: Checker::new(scheme),
                streams: vec![Stream::default()],
                by_value: HashMap::new(),
                extents: Vec::new(),
                records: 0,
                passed_over: 0,
                unseen: Unseen::default(),
                passed: passed.clone(),
            },
            histories: Vec::new(),
        };
        for record in records {
            walk.step(&record.record(), Examined::default());
        }
        walk
    }

    fn step(&mut self, record: &Record<'_>, examined: Examined) {
        let seen = self.path.advance(record, examined, &self.histories);
        self.histories
            .resize_with(self.path.streams.len(), History::new);
        let Some((stream, hash, index)) = seen else {
            return;
        };
        self.histories[stream].push(&hash, index);
        if self.path.streams[stream].strands.all.len() > 1 {
            self.histories[stream].build_index();
        }
    }
}

impl Path {
    /// Takes a record in; returns what the history has to know of it, if it has a hash.
    fn advance(
        &mut self,
        record: &Record<'_>,
        examined: Examined,
        histories: &[History],
    ) -> Option<Seen> {
        let place = Place {
            index: self.records,
            generation: record.generation,
            line: record.line,
            offset: record.offset,
        };
        self.records += 1;
        self.extend_to(place);
        let (look, value) = match examined.by(&self.checker) {
            Some((entry, stream)) => (Look::Done(entry), stream),
            None => match self.checker.read(record.bytes) {
                Some(mut read) => {
                    let stream = std::mem::take(&mut read.stream);
                    (Look::Read(read), stream)
                }
                None => (Look::Unreadable, Vec::new()),
            },
        };
        let Some(id) = self.stream_of(value) else {
            self.passed_over += 1;
            self.unseen.add(place);
            return None;
        };
        let stream = &mut self.streams[id];
        stream.records += 1;
        stream.last = place.index;
        if stream.looked_at.is_some() {
            self.unseen.add(place);
            return None;
        }
        let own = match histories.get(id) {
            Some(history) => stream.advance(&mut self.checker, look, record, place, history),
            None => stream.advance(&mut self.checker, look, record, place, &History::new()),
        };
        own.map(|own| (id, own, place.index))
    }

    /// The stream with this value, begun if it is new; `None` if there are too many.
    fn stream_of(&mut self, value: Vec<u8>) -> Option<usize> {
        if value.is_empty() {
            return Some(0);
        }
        if let Some(known) = self.by_value.get(&value) {
            return Some(*known);
        }
        if self.streams.len() >= MAX_STREAMS {
            return None;
        }
        let id = self.streams.len();
        self.by_value.insert(value, id);
        self.streams.push(Stream::default());
        Some(id)
    }

    /// Grows the extent of the record's generation.
    fn extend_to(&mut self, place: Place) {
        match self.extents.last_mut() {
            Some(extent) if extent.generation == place.generation => {
                extent.last = extent.last.max(place.offset);
            }
            _ => self.extents.push(Extent {
                generation: place.generation,
                first: place.offset,
                last: place.offset,
            }),
        }
    }

    pub(super) fn family(&self) -> Family {
        let scheme = &self.checker.scheme;
        if scheme.is_raw_line() {
            Family::RawLine
        } else if scheme.is_links_only() {
            Family::LinksOnly
        } else if scheme.is_rolling() {
            Family::Rolling
        } else {
            Family::OwnHash
        }
    }
}

impl Stream {
    /// Takes a record in; its hash, if it has one.
    fn advance(
        &mut self,
        checker: &mut Checker,
        look: Look<'_>,
        record: &Record<'_>,
        place: Place,
        history: &History,
    ) -> Option<Digest> {
        let opens_file = self.newest != Some(place.generation);
        let entry = match look {
            Look::Done(entry) => entry,
            Look::Unreadable => {
                let kind = match record.torn {
                    true => BreakKind::TornTail,
                    false => BreakKind::Malformed,
                };
                self.strands
                    .stray(kind, place, checker.line_hash(record.bytes));
                return None;
            }
            Look::Read(read) => {
                let before = self.before.make_contiguous();
                match checker.check(read, opens_file, before) {
                    Line::Record(checked) => {
                        if let Some(own) = checked.entry.own.filter(|_| checker.scheme.is_rolling())
                        {
                            self.follow_up(checker, checked.own_text, own, place.index);
                        }
                        checked.entry
                    }
                    Line::Unlinked(own) => {
                        self.strands.stray(BreakKind::Unlinked, place, own);
                        return None;
                    }
                }
            }
        };
        self.newest = Some(place.generation);
        let node = Node::new(place, &entry);
        let torn = record.torn.then_some(BreakKind::TornTail);
        for kind in entry.remarks.into_iter().chain(torn) {
            self.strands.remark(Remark {
                kind,
                first: place,
                last: place,
                time: node.time,
                seq: None,
            });
        }
        if entry.redacted {
            self.strands.redacted.push(place);
        }
        self.strands.place(node, opens_file, history, |prev| {
            checker.hash_linked_to(record.bytes, prev)
        });
        if checker.scheme.is_rolling()
            && node.link == Link::Unreadable
            && record.bytes.len() <= LONGEST_UNPLACED
        {
            self.unplaced.push_front(Unplaced {
                line: record.bytes.to_vec(),
                index: place.index,
                strand: self.strands.all.len() - 1,
            });
            self.unplaced.truncate(MAX_UNPLACED);
        }
        if self.strands.is_beyond_use() {
            self.looked_at = Some(self.records);
        }
        node.own
    }

    /// A new record of a rolling chain: those that follow it, and stand before it, are given their link.
    fn follow_up(&mut self, checker: &Checker, text: &[u8], own: Digest, index: u64) {
        let strands = &mut self.strands;
        self.unplaced.retain(|unplaced| {
            let follows = checker.follows(&unplaced.line, text);
            if follows && let Some(strand) = strands.all.get_mut(unplaced.strand) {
                strand.first.link = Link::To(own);
            }
            !follows && index - unplaced.index < MAX_BEFORE as u64
        });
        self.before.push_front(text.to_vec());
        self.before.truncate(MAX_BEFORE);
    }
}
