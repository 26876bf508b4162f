//! Marks and notes that a person puts on events. They stay with the event's id, whatever the list shows.

use std::collections::{HashMap, HashSet};

use crate::event::{EventId, SortKey};

/// What a person said of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where the event stands among all, so that marks can be walked through in order.
    pub key: SortKey,
    pub marked: bool,
    pub note: Option<String>,
}

/// Everything a person marked or wrote a note on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    entries: HashMap<EventId, Entry>,
    /// Events kept as evidence of the run that is open.
    pinned: HashSet<EventId>,
}

/// The mark that was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub id: EventId,
    /// There was none in this direction: it is the first from the other end.
    pub wrapped: bool,
}

impl Marks {
    pub fn get(&self, id: EventId) -> Option<&Entry> {
        self.entries.get(&id)
    }

    pub fn note(&self, id: EventId) -> Option<&str> {
        self.get(id)?.note.as_deref()
    }

    /// Whether it is kept as evidence of the run that is open.
    pub fn is_pinned(&self, id: EventId) -> bool {
        self.pinned.contains(&id)
    }

    /// These are kept as evidence, and no others.
    pub fn set_pinned(&mut self, pins: impl Iterator<Item = EventId> + Clone) {
        let is_same = pins.clone().count() == self.pinned.len()
            && pins.clone().all(|id| self.pinned.contains(&id));
        if !is_same {
            self.pinned = pins.collect();
        }
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All of them, in the order of their events.
    pub fn iter(&self) -> impl Iterator<Item = (EventId, &Entry)> {
        let mut all: Vec<_> = self.entries.iter().map(|(id, e)| (*id, e)).collect();
        all.sort_by(|(a_id, a), (b_id, b)| (&a.key, a_id).cmp(&(&b.key, b_id)));
        all.into_iter()
    }

    /// Puts an entry back as it was; one that says nothing is left out.
    pub fn insert(&mut self, id: EventId, entry: Entry) {
        if entry.marked || entry.note.is_some() {
            self.entries.insert(id, entry);
        } else {
            self.entries.remove(&id);
        }
    }

    fn change(&mut self, id: EventId, key: SortKey, change: impl FnOnce(&mut Entry)) {
        let mut entry = self.entries.remove(&id).unwrap_or(Entry {
            key: key.clone(),
            marked: false,
            note: None,
        });
        entry.key = key;
        change(&mut entry);
        self.insert(id, entry);
    }

    /// Marks an event or takes its mark away; a note stays. Returns whether it is marked now.
    pub fn toggle(&mut self, id: EventId, key: SortKey) -> bool {
        self.change(id, key, |entry| entry.marked = !entry.marked);
        self.get(id).is_some_and(|e| e.marked)
    }

    /// Writes a note; an empty one deletes it.
    pub fn annotate(&mut self, id: EventId, key: SortKey, text: &str) {
        let text = text.trim();
        self.change(id, key, |entry| {
            entry.note = (!text.is_empty()).then(|| text.to_owned());
        });
    }

    /// The `count`th marked or annotated event after or before `from`, or the last in that direction; else the first from
    /// the other end.
    pub fn next(
        &self,
        from: Option<(&SortKey, EventId)>,
        forward: bool,
        count: usize,
    ) -> Option<Found> {
        let all: Vec<_> = self.iter().map(|(id, e)| (&e.key, id)).collect();
        let beyond = |at: &&(&SortKey, EventId)| match from {
            Some(from) if forward => **at > from,
            Some(from) => **at < from,
            None => true,
        };
        let count = count.max(1);
        let (near, far) = if forward {
            let near = all.iter().filter(beyond).take(count).last();
            (near, all.first())
        } else {
            let near = all.iter().rev().filter(beyond).take(count).last();
            (near, all.last())
        };
        let found = |at: &(&SortKey, EventId), wrapped| Found { id: at.1, wrapped };
        near.map(|at| found(at, false))
            .or_else(|| far.map(|at| found(at, true)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Order;

    fn key(ts: i64) -> SortKey {
        let order = Order {
            ts,
            ..Order::default()
        };
        SortKey {
            source: "a".into(),
            order,
        }
    }

    #[test]
    fn a_note_outlives_its_mark_and_an_empty_one_is_deleted() {
        let mut marks = Marks::default();
        let id = EventId(1);
        assert!(marks.toggle(id, key(1)));
        marks.annotate(id, key(1), "  odd ");
        assert!(!marks.toggle(id, key(1)));
        assert_eq!(marks.note(id), Some("odd"));
        marks.annotate(id, key(1), " ");
        assert!(marks.is_empty());
    }

    #[test]
    fn marks_are_walked_through_in_order_and_round() {
        let mut marks = Marks::default();
        for n in [3, 1, 2] {
            marks.toggle(EventId(n as u128), key(n));
        }
        let next = |at: i64, forward| {
            let found = marks.next(Some((&key(at), EventId(at as u128))), forward, 1);
            found.map(|f| (f.id.0, f.wrapped))
        };
        assert_eq!(next(1, true), Some((2, false)));
        assert_eq!(next(3, true), Some((1, true)));
        assert_eq!(next(2, false), Some((1, false)));
        assert_eq!(next(1, false), Some((3, true)));
        assert_eq!(Marks::default().next(None, true, 1), None);
    }
}
