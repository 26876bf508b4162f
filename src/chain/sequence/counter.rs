//! One counter: the numbers it gave, in the order in which they were written.

use std::collections::VecDeque;

use super::{MAX_FINDINGS, Numbering, words};
use crate::chain::{Finding, Record};
use crate::event::{BreakKind, Timestamp};

/// The kernel queues events of several processors: a serial that is this little behind is no new beginning.
const BEHIND: u64 = 1024;
/// Numbered records between a record that says why counting begins anew and the one that does.
const NEAR: u64 = 64;
/// Numbers kept with the hash of their record, to tell a record written twice from a number used twice.
const RECENT: usize = 1024;

/// Where a number stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) number: u64,
    pub(super) generation: i32,
    pub(super) line: u64,
    pub(super) offset: u64,
    pub(super) ts: Option<Timestamp>,
}

impl Seen {
    pub(super) fn new(record: &Record<'_>, number: u64, ts: Option<Timestamp>) -> Self {
        Self {
            // The highest has none after it.
            number: number.min(u64::MAX - 1),
            generation: record.generation,
            line: record.line,
            offset: record.offset,
            ts,
        }
    }
}

/// What is irregular in a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// These numbers did not come.
    Gap {
        from: u64,
        to: u64,
        /// auditd was started just before.
        started: bool,
    },
    /// Counting begins anew.
    Anew,
    /// So many records stand here a second time.
    Again { records: u64, last_line: u64 },
    /// A number that was used before, in another record.
    UsedTwice,
}

/// Something irregular, at the record `at`, which follows `before`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Oddity {
    pub(super) what: What,
    pub(super) before: Seen,
    pub(super) at: Seen,
    /// Numbered records before it.
    index: u64,
}

impl Oddity {
    fn gap(&self) -> Option<(u64, u64)> {
        match self.what {
            What::Gap { from, to, .. } => Some((from, to)),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Counter {
    /// The record with the highest number since counting began.
    high: Option<Seen>,
    records: u64,
    odd: Vec<Oddity>,
    /// Where in `odd` the present count begins; its gaps are in the order of their numbers.
    epoch: usize,
    /// A record that goes back, or several that stand here again, until what follows tells which.
    back: Option<Oddity>,
    last: Option<Seen>,
    /// Records counted when auditd was last started, or the machine.
    begun: Option<u64>,
    /// No numbered record has come since auditd was started.
    is_fresh: bool,
    recent: VecDeque<(u64, u64)>,
    /// Of what is not kept in `odd`.
    unlisted: u64,
    unlisted_missing: u64,
}

impl Counter {
    /// Takes the next number; `hash` = that of its record, where a number stands for one record only.
    pub(super) fn push(&mut self, seen: Seen, hash: Option<u64>) {
        let before = self.last.replace(seen);
        let index = self.records;
        self.records += 1;
        let started = std::mem::take(&mut self.is_fresh);
        let (Some(high), Some(before)) = (self.high, before) else {
            self.remember(seen, hash);
            self.high = Some(seen);
            return;
        };
        let number = seen.number;
        if started && number <= high.number / 2 {
            self.begin(seen);
        } else if number > high.number {
            self.settle();
            if number > high.number + 1 {
                let what = What::Gap {
                    from: high.number + 1,
                    to: number - 1,
                    started,
                };
                self.add(Oddity {
                    what,
                    before: high,
                    at: seen,
                    index,
                });
            }
            self.high = Some(seen);
        } else if !self.fill(number) {
            let odd = |what| Oddity {
                what,
                before,
                at: seen,
                index,
            };
            let again = What::Again {
                records: 1,
                last_line: seen.line,
            };
            let is_again = hash.is_some_and(|hash| self.recent.contains(&(number, hash)));
            let is_near = hash.is_none() && high.number - number < BEHIND;
            match self.back.take() {
                // The serial of an event that goes on, or of one that was queued late.
                None if is_near => {}
                None => self.back = Some(odd(if is_again { again } else { What::UsedTwice })),
                Some(back) => self.behind(back, seen, is_again, is_near, hash.is_some()),
            }
            if is_again {
                return;
            }
        }
        self.remember(seen, hash);
    }

    /// One more record that is behind, after `back` was.
    fn behind(&mut self, mut back: Oddity, seen: Seen, again: bool, near: bool, strict: bool) {
        if let What::Again { records, last_line } = &mut back.what
            && again
        {
            *records += 1;
            // A range that ends in another file has no last line in this one.
            if seen.generation == back.at.generation {
                *last_line = seen.line;
            }
            self.back = Some(back);
            return;
        }
        let from = back.at.number;
        let goes_on = match back.what {
            What::Again { records, .. } => seen.number == from.saturating_add(records),
            _ if strict => seen.number == from + 1,
            _ => seen.number >= from && seen.number - from < BEHIND,
        };
        if !goes_on {
            self.back = Some(back);
            self.settle();
            if near {
                return;
            }
            let what = match again {
                true => What::Again {
                    records: 1,
                    last_line: seen.line,
                },
                false => What::UsedTwice,
            };
            self.back = Some(Oddity {
                what,
                before: back.at,
                at: seen,
                index: self.records - 1,
            });
            return;
        }
        let is_told = strict || !self.is_begun_near(back.index);
        self.begin(seen);
        if is_told {
            self.add(Oddity {
                what: What::Anew,
                ..back
            });
        }
    }

    fn begin(&mut self, seen: Seen) {
        self.back = None;
        self.recent.clear();
        self.high = Some(seen);
        self.epoch = self.odd.len();
    }

    /// What went back is over, and counting goes on where it was.
    fn settle(&mut self) {
        if let Some(back) = self.back.take() {
            // A lone serial that is far behind was queued for long; of serials nothing is kept in `recent`.
            if !self.recent.is_empty() {
                self.add(back);
            }
        }
    }

    fn add(&mut self, odd: Oddity) {
        if self.odd.len() < MAX_FINDINGS {
            self.odd.push(odd);
            if odd.what == What::Anew {
                self.epoch = self.odd.len();
            }
            return;
        }
        self.unlisted += 1;
        let missing = odd.gap().map_or(0, |(from, to)| to - from + 1);
        self.unlisted_missing = self.unlisted_missing.saturating_add(missing);
    }

    /// Takes a number out of the gap it was missing from.
    fn fill(&mut self, number: u64) -> bool {
        let gaps = &self.odd[self.epoch..];
        // What is no gap stands between gaps below and above it: looked at from the newest on.
        let Some(n) = gaps.iter().rposition(|odd| {
            odd.gap()
                .is_some_and(|(from, to)| (from..=to).contains(&number))
        }) else {
            return false;
        };
        let n = n + self.epoch;
        let odd = self.odd.remove(n);
        let What::Gap { from, to, started } = odd.what else {
            return false;
        };
        for (from, to) in [(number + 1, to), (from, number - 1)] {
            if from <= to {
                let what = What::Gap { from, to, started };
                self.odd.insert(n, Oddity { what, ..odd });
            }
        }
        true
    }

    fn remember(&mut self, seen: Seen, hash: Option<u64>) {
        if let Some(hash) = hash {
            if self.recent.len() == RECENT {
                self.recent.pop_front();
            }
            self.recent.push_back((seen.number, hash));
        }
    }

    fn is_begun_near(&self, index: u64) -> bool {
        self.begun.is_some_and(|begun| begun + NEAR >= index)
    }

    /// auditd was started: the next serial may be anything.
    pub(super) fn started(&mut self) {
        self.is_fresh = true;
        self.excuse(|odd| odd.what == What::Anew);
    }

    /// The machine was started: what came before auditd was is in the kernel's log alone.
    pub(super) fn booted(&mut self) {
        self.excuse(|odd| matches!(odd.what, What::Anew | What::Gap { started: true, .. }));
    }

    /// Drops what is explained by a record that comes soon after it.
    fn excuse(&mut self, is_explained: impl Fn(&Oddity) -> bool) {
        let oldest = self.records.saturating_sub(NEAR);
        self.begun = Some(self.records);
        let mut n = 0;
        let epoch = self.epoch;
        self.odd.retain(|odd| {
            let keep = odd.index < oldest || !is_explained(odd);
            self.epoch -= usize::from(!keep && n < epoch);
            n += 1;
            keep
        });
    }

    /// Steps from one number to the next.
    pub(super) fn steps(&self) -> u64 {
        self.records.saturating_sub(1)
    }

    pub(super) fn missing(&self) -> u64 {
        let listed = self.odd.iter().filter_map(Oddity::gap);
        let listed = listed.map(|(from, to)| to - from + 1);
        listed.fold(self.unlisted_missing, u64::saturating_add)
    }

    pub(super) fn gaps(&self) -> u64 {
        let gaps = self.odd.iter().filter(|odd| odd.gap().is_some());
        gaps.count() as u64 + self.unlisted
    }

    /// How often counting began anew.
    pub(super) fn turns(&self) -> u64 {
        let turns = self.odd.iter().filter(|odd| odd.what == What::Anew);
        turns.count() as u64
    }

    pub(super) fn unlisted(&self) -> u64 {
        self.unlisted
    }

    pub(super) fn findings(&self, numbering: Numbering) -> impl Iterator<Item = Finding> {
        let pending = self
            .back
            .filter(|back| numbering == Numbering::Field || back.what == What::Anew);
        self.odd.iter().copied().chain(pending).map(move |odd| {
            let kind = match odd.what {
                What::Gap { .. } | What::UsedTwice => BreakKind::SequenceGap,
                What::Anew => BreakKind::Restart,
                What::Again { .. } => BreakKind::Duplicated,
            };
            let (count, line_end) = match odd.what {
                What::Gap { from, to, .. } => (Some(to - from + 1), odd.at.line),
                What::Again { records, last_line } => (Some(records), last_line),
                _ => (None, odd.at.line),
            };
            Finding {
                kind,
                level: kind.level(),
                generation: odd.at.generation,
                line: odd.at.line,
                line_end,
                offset: odd.at.offset,
                count,
                ts: odd.at.ts,
                expected: None,
                found: None,
                explanation: words::explain(&odd, numbering),
            }
        })
    }
}
