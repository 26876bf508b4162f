//! Terms that most events have: the low values, and the paths of id-like ones. Each has a number, which is all that an
//! event carries of it: there are few of them, and they make up most of what is indexed.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use indexmap::IndexSet;

/// Distinct values a path may have before further ones count as high.
const LOW_VALUES: usize = 256;
/// Paths whose values are tracked; beyond, every value is high.
const TRACKED_PATHS: usize = 4096;

/// Seeded anew in every process, since log content is chosen by others.
pub(crate) type Hash = foldhash::fast::RandomState;

/// Shared by all threads that take in events of one index, so that a term is low for all or for none. Only ever grows,
/// to `TRACKED_PATHS * (LOW_VALUES + 1)` terms at most.
#[derive(Default)]
pub(crate) struct Numbered {
    terms: RwLock<Terms>,
    /// Of terms that have no number: whoever indexes them need not hash them again.
    pub(crate) hash: Hash,
}

#[derive(Default)]
struct Terms {
    /// Each at its number.
    all: IndexSet<Arc<[u8]>, Hash>,
    /// How many low values each path has.
    values: HashMap<Box<str>, usize, Hash>,
    /// Of how many paths id-like values were seen.
    opaque: usize,
}

impl Terms {
    fn has_room(&self, path: &str) -> bool {
        match self.values.get(path) {
            Some(values) => *values < LOW_VALUES,
            None => self.values.len() < TRACKED_PATHS,
        }
    }

    fn add(&mut self, term: &[u8]) -> u32 {
        let (number, _) = self.all.insert_full(term.into());
        number as u32
    }
}

impl Numbered {
    /// A view that looks terms up without a lock for each.
    pub(crate) fn view(&self) -> View<'_> {
        View {
            numbered: self,
            terms: Some(self.read()),
        }
    }

    /// The terms, each at its number.
    pub(crate) fn all(&self) -> Vec<Arc<[u8]>> {
        self.read().all.iter().cloned().collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Terms> {
        self.terms.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Not to be kept for long: no thread learns a term meanwhile.
pub(crate) struct View<'a> {
    numbered: &'a Numbered,
    /// `None` only while a term is learned.
    terms: Option<RwLockReadGuard<'a, Terms>>,
}

impl View<'_> {
    /// The number of the term of a value if it is one of the few that its path has; learns it if there is room.
    pub(crate) fn low(&mut self, term: &[u8], path: &str) -> Option<u32> {
        self.find(
            term,
            |terms| terms.has_room(path),
            |terms| match terms.values.get_mut(path) {
                Some(values) => *values += 1,
                None => drop(terms.values.insert(path.into(), 1)),
            },
        )
    }

    /// The number of the term of a path that has id-like values; learns it if there is room.
    pub(crate) fn opaque(&mut self, term: &[u8]) -> Option<u32> {
        self.find(
            term,
            |terms| terms.opaque < TRACKED_PATHS,
            |terms| terms.opaque += 1,
        )
    }

    fn find(
        &mut self,
        term: &[u8],
        has_room: impl Fn(&Terms) -> bool,
        learn: impl FnOnce(&mut Terms),
    ) -> Option<u32> {
        let terms = self.terms.get_or_insert_with(|| self.numbered.read());
        if let Some(number) = terms.all.get_index_of(term) {
            return Some(number as u32);
        }
        if !has_room(terms) {
            return None;
        }
        // Whoever waits to learn one lets no other look.
        self.terms = None;
        let lock = &self.numbered.terms;
        let mut terms = lock.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = terms.all.get_index_of(term) {
            return Some(number as u32);
        }
        // Another thread may have taken the room meanwhile.
        has_room(&terms).then(|| {
            learn(&mut terms);
            terms.add(term)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_has_room_for_some_values() {
        let numbered = Numbered::default();
        let mut view = numbered.view();
        let term = |i: usize| format!("La\0{i}").into_bytes();
        for i in 0..LOW_VALUES {
            assert_eq!(view.low(&term(i), "a"), Some(i as u32));
        }
        assert_eq!(view.low(&term(LOW_VALUES), "a"), None);
        assert_eq!(view.low(&term(7), "a"), Some(7));
        assert_eq!(view.low(b"Lb\0x", "b"), Some(LOW_VALUES as u32));
        assert_eq!(view.opaque(b"Ia"), Some(LOW_VALUES as u32 + 1));
        // One that another thread learned.
        assert_eq!(numbered.view().low(&term(255), "a"), Some(255));
        assert_eq!(&*numbered.all()[3], term(3));
    }

    #[test]
    fn keys_that_never_come_again_take_no_memory_in_the_end() {
        let numbered = Numbered::default();
        let mut view = numbered.view();
        for i in 0..TRACKED_PATHS + 10 {
            let (path, term) = (format!("p{i}"), format!("Lp{i}\0v"));
            assert_eq!(
                view.low(term.as_bytes(), &path).is_some(),
                i < TRACKED_PATHS
            );
            let opaque = view.opaque(format!("Ip{i}").as_bytes());
            assert_eq!(opaque.is_some(), i < TRACKED_PATHS);
        }
        assert_eq!(numbered.all().len(), 2 * TRACKED_PATHS);
    }
}
