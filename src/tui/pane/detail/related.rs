//! The events that belong to the one in the detail: its session, and its neighbours in the file. What is not known
//! yet is a question to the engine; the answers are kept until another event is looked at.

use crate::engine::{Histogram, Hit, SearchPage};
use crate::event::{Event, EventId};
use crate::tui::effect::Question;

/// Rows of a session shown around the event.
pub const SESSION_ROWS: usize = 20;
/// Parts that the time of a whole session is divided into.
pub const SESSION_BUCKETS: usize = 32;

#[derive(Clone, Debug, Default)]
pub struct Related {
    of: Option<EventId>,
    session: Session,
    record: Records,
    /// Why a question was not answered; nothing more is asked then.
    error: Option<String>,
}

/// Events that share the session, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Session {
    pub before: Option<Vec<Hit>>,
    pub after: Option<Vec<Hit>>,
    /// Still earlier ones were left out.
    pub more_before: bool,
    /// Events of the whole session.
    pub total: u64,
    /// The same over time.
    pub over_time: Option<Histogram>,
    /// More has arrived since it was asked.
    stale: bool,
}

/// The records before and after this one in its file; the outer `None` = not looked for yet.
#[derive(Clone, Debug, Default)]
pub struct Records {
    beside_asked: bool,
    pub before: Option<Option<Hit>>,
    pub after: Option<Option<Hit>>,
}

impl Related {
    /// What is known of `event`.
    pub fn of(&self, event: &Event) -> Option<(&Session, &Records)> {
        (self.of == Some(event.id)).then_some((&self.session, &self.record))
    }

    pub fn error(&self, event: &Event) -> Option<&str> {
        self.of(event).and(self.error.as_deref())
    }

    /// The next thing to ask about `event`; `chained`: its source has a hash chain.
    pub fn question(&mut self, event: &Event, chained: bool) -> Option<Question> {
        if self.of != Some(event.id) {
            *self = Self {
                of: Some(event.id),
                ..Self::default()
            };
        }
        if self.error.is_some() {
            return None;
        }
        if event.session.is_some() {
            if self.session.before.is_none() {
                return Some(Question::SessionBefore);
            }
            if let (None, Some(before)) = (&self.session.after, &self.session.before) {
                let rows = SESSION_ROWS.saturating_sub(before.len());
                return Some(Question::SessionAfter { rows });
            }
        }
        if !chained {
            return None;
        }
        let record = &self.record;
        if event.line.is_some() && !record.beside_asked {
            Some(Question::RecordsBeside)
        } else if record.before.is_none() {
            Some(Question::RecordBefore)
        } else if record.after.is_none() {
            Some(Question::RecordAfter)
        } else {
            None
        }
    }

    /// Takes an answer for `event`.
    pub fn answer(&mut self, event: &Event, question: Question, page: SearchPage) {
        if self.of != Some(event.id) {
            return;
        }
        let mut hits = page.hits;
        match question {
            Question::SessionBefore => {
                hits.reverse();
                self.session.total = page.total;
                self.session.over_time = page.histogram;
                self.session.more_before = page.more;
                self.session.before = Some(hits);
            }
            Question::SessionAfter { .. } => self.session.after = Some(hits),
            Question::RecordsBeside => {
                self.record.beside_asked = true;
                hits.retain(|h| is_beside(&h.event, event));
                let (before, after) = neighbours(hits, event);
                // What is not in the same file may be in another of the set: that is asked separately.
                self.record.before = before.map(Some);
                self.record.after = after.map(Some);
            }
            Question::RecordBefore => self.record.before = Some(neighbours(hits, event).0),
            Question::RecordAfter => self.record.after = Some(neighbours(hits, event).1),
        }
    }

    /// A question could not be answered, or was stopped by a person.
    pub fn fail(&mut self, error: String) {
        self.error = Some(error);
    }

    /// Events of a session arrived.
    pub fn arrived(&mut self, hits: &[Hit], shown: &Event) {
        let same = |h: &Hit| h.event.session == shown.session && h.event.id != shown.id;
        let is_new = shown.session.is_some() && hits.iter().any(same);
        self.session.stale |= is_new && self.of == Some(shown.id);
    }

    /// From time to time, what has arrived is asked for again; what is shown stays until then.
    pub fn tick(&mut self) {
        if std::mem::take(&mut self.session.stale) {
            self.session.after = None;
        }
    }
}

/// Where a record stands in its source.
fn place(event: &Event) -> (i32, u64) {
    (event.order.generation, event.order.offset)
}

/// In the same file, on the line before or after.
fn is_beside(other: &Event, event: &Event) -> bool {
    let lines = other.line.zip(event.line);
    other.order.generation == event.order.generation
        && lines.is_some_and(|(a, b)| a.abs_diff(b) == 1)
}

/// The nearest records before and after `event`; other events of its own record are passed over.
fn neighbours(hits: Vec<Hit>, event: &Event) -> (Option<Hit>, Option<Hit>) {
    let here = place(event);
    let of_source = |h: &&Hit| h.event.source == event.source;
    let before = hits
        .iter()
        .filter(of_source)
        .filter(|h| place(&h.event) < here)
        .max_by_key(|h| place(&h.event));
    let after = hits
        .iter()
        .filter(of_source)
        .filter(|h| place(&h.event) > here)
        .min_by_key(|h| place(&h.event));
    (before.cloned(), after.cloned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Order, Verdict};

    fn event(generation: i32, line: u64) -> Event {
        Event {
            id: EventId((generation as u128) << 32 | u128::from(line)),
            source: "a".into(),
            line: Some(line),
            order: Order {
                generation,
                offset: line * 100,
                ..Order::default()
            },
            ..Event::default()
        }
    }

    fn page(events: &[Event]) -> SearchPage {
        let hit = |e: &Event| Hit {
            event: e.clone().into(),
            verdict: Verdict::Verified,
        };
        SearchPage {
            hits: events.iter().map(hit).collect(),
            ..SearchPage::default()
        }
    }

    #[test]
    fn lines_of_another_file_of_the_set_are_no_neighbours() {
        let here = event(1, 1);
        let mut related = Related::default();
        assert_eq!(related.question(&here, true), Some(Question::RecordsBeside));
        let found = page(&[event(0, 2), event(1, 2), event(2, 2), here.clone()]);
        related.answer(&here, Question::RecordsBeside, found);
        assert_eq!(related.question(&here, true), Some(Question::RecordBefore));
        let older = page(&[event(0, 7), event(0, 8)]);
        related.answer(&here, Question::RecordBefore, older);
        assert_eq!(related.question(&here, true), None);
        let (_, records) = related.of(&here).unwrap();
        let line = |hit: &Option<Option<Hit>>| {
            let hit = hit.clone().flatten().unwrap();
            (hit.event.order.generation, hit.event.line)
        };
        assert_eq!(line(&records.before), (0, Some(8)));
        assert_eq!(line(&records.after), (1, Some(2)));
    }

    #[test]
    fn only_what_the_event_has_is_asked_and_nothing_after_an_error() {
        let mut here = event(0, 5);
        let mut related = Related::default();
        assert_eq!(related.question(&here, false), None);
        here.session = Some("s".into());
        assert_eq!(
            related.question(&here, false),
            Some(Question::SessionBefore)
        );
        related.answer(&here, Question::SessionBefore, page(&[event(0, 4)]));
        let after = Some(Question::SessionAfter { rows: 19 });
        assert_eq!(related.question(&here, false), after);
        related.fail("no".into());
        assert_eq!(related.question(&here, true), None);
        // Another event begins anew.
        assert_eq!(
            related.question(&event(0, 6), true),
            Some(Question::RecordsBeside)
        );
    }
}
