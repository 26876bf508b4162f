//! Terms that most events have: the low values, and the paths of id-like ones. Each has a number, which is all that an
//! event carries of it: there are few of them, and they make up most of what is indexed.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use indexmap::IndexSet;

use super::Hash;

/// Distinct values a path may have before further ones count as high.
const LOW_VALUES: usize = 256;
/// Paths whose values are tracked; beyond, every value is high.
const TRACKED_PATHS: usize = 4096;
/// All terms that have a number, in bytes; hostile paths are long.
const MOST_BYTES: usize = 16 << 20;

/// Shared by all threads that take in events of one index, so that a term has a number for all or for none. Only ever
/// grows, and where there was no room once there never is again: a term that was indexed by its bytes gets no number.
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
    bytes: usize,
    is_full: bool,
}

impl Terms {
    fn has_room(&self, path: &str) -> bool {
        match self.values.get(path) {
            Some(values) => *values < LOW_VALUES,
            None => self.values.len() < TRACKED_PATHS,
        }
    }

    /// The number of a term that had none; `None` once there are too many bytes.
    fn add(&mut self, term: &[u8]) -> Option<u32> {
        self.is_full |= self.bytes + term.len() > MOST_BYTES;
        if self.is_full {
            return None;
        }
        self.bytes += term.len();
        let (number, _) = self.all.insert_full(term.into());
        Some(number as u32)
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

/// Not to be kept for long: no thread learns a term meanwhile, and all wait for one that wants to.
pub(crate) struct View<'a> {
    numbered: &'a Numbered,
    /// `None` until the next look.
    terms: Option<RwLockReadGuard<'a, Terms>>,
}

impl View<'_> {
    /// Lets others learn.
    pub(crate) fn let_go(&mut self) {
        self.terms = None;
    }

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
        if terms.is_full || !has_room(terms) {
            return None;
        }
        self.let_go();
        let lock = &self.numbered.terms;
        let mut terms = lock.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = terms.all.get_index_of(term) {
            return Some(number as u32);
        }
        // Another thread may have taken the room meanwhile.
        if !has_room(&terms) {
            return None;
        }
        let number = terms.add(term)?;
        learn(&mut terms);
        Some(number)
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

    #[test]
    fn long_paths_take_no_more_memory_than_there_is_for_them() {
        let numbered = Numbered::default();
        let mut view = numbered.view();
        let path = |i: usize| format!("{i}{}", "k".repeat(1 << 20));
        let given: Vec<bool> = (0..20)
            .map(|i| view.opaque(path(i).as_bytes()).is_some())
            .collect();
        assert_eq!(given.iter().filter(|given| **given).count(), 15);
        // Not even a short one, lest a term has a number for some events and none for others.
        assert_eq!(view.opaque(b"Ia"), None);
        assert_eq!(view.low(b"La\0x", "a"), None);
        assert_eq!(view.opaque(path(3).as_bytes()), Some(3));
    }

    #[test]
    fn a_term_has_one_number_for_all_threads() {
        let numbered = Numbered::default();
        let learn = |from: usize| {
            let numbers = (0..2 * LOW_VALUES).map(|i| {
                let i = (i + from) % (2 * LOW_VALUES);
                let term = format!("La\0{i}");
                // A view each, as for each event.
                (term.clone(), numbered.view().low(term.as_bytes(), "a"))
            });
            numbers.collect::<HashMap<_, _>>()
        };
        let learned = std::thread::scope(|scope| {
            let threads = [0, 100, 200, 300].map(|from| scope.spawn(move || learn(from)));
            threads.map(|thread| thread.join().unwrap())
        });
        assert_eq!(numbered.all().len(), LOW_VALUES);
        for (term, number) in learned.iter().flatten() {
            if let Some(number) = number {
                assert_eq!(&*numbered.all()[*number as usize], term.as_bytes());
            }
        }
    }
}
